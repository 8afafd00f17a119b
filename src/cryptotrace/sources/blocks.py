"""``blocks:`` - blocks in files, as a node writes them. Needs no running node and asks nobody.

Opening reads the headers. The first question about a transaction or a spend reads every block once and keeps where each
transaction and each spend is: about 250 bytes of memory for each transaction and each input, so this is for parts of a
chain and for test networks, not for the whole of mainnet. A history reads the blocks once more.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from cryptotrace.chains.bitcoin.hashes import hash_bytes
from cryptotrace.chains.bitcoin.network import BitcoinNetwork
from cryptotrace.chains.bitcoin.proof import check_block, merkle_branch
from cryptotrace.chains.bitcoin.script import account_of_script
from cryptotrace.chains.bitcoin.wire import WireBlock, decode_block, encode
from cryptotrace.errors import ChainError, DataNotFound, MalformedBytes, ProofRefused
from cryptotrace.evidence.recorder import Recorder
from cryptotrace.model.block import BlockRef, Tip
from cryptotrace.model.identity import Account
from cryptotrace.model.source import RawBlock, RawTransaction, Spend, SpendUnknown, Unspent
from cryptotrace.model.transaction import Outpoint
from cryptotrace.sources.blockchain import link
from cryptotrace.sources.blockfiles import BlockFiles, BlockPlace
from cryptotrace.sources.used import Used

_KEPT_BLOCKS = 16
_INDEX_BITS = 24


class BlocksSource:
    """Blocks in files. Satisfies ``Blocks``, ``Transactions``, ``Spends``, ``Histories`` and ``Proofs``.

    An output is unspent if no block from the one that created it to the tip spends it, and all of these are there.

    Args:
        network: the chain.
        path: a folder with ``blk*.dat`` (or its parent), or one file.
        recorder: takes the bytes of each block that is used.
        name: how the source is called in evidence.
        first_height: height of the first block, where it does not follow from the blocks.

    Raises:
        ConfigurationError: no blocks of that network there, or a height that cannot be told.
        UnsupportedChain: the blocks are of a chain that is known and not read, by name.
        MalformedBytes: one file that holds no block.
        DataNotFound: a file cannot be read.
    """

    def __init__(
        self,
        network: BitcoinNetwork,
        path: Path,
        recorder: Recorder,
        name: str,
        first_height: int | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self.chain = network.chain
        self.name = name
        self._network = network
        self._files = BlockFiles(path, network)
        self._linked = link(self._files.places(progress), network, self._files.read, first_height)
        height, (top, *_) = max(self._linked.active.items())
        self._tip = Tip(self.chain, height, top.header.hash)
        self._used = Used(recorder, name, self._tip)
        self._kept: OrderedDict[int, tuple[BlockPlace, bytes, WireBlock]] = OrderedDict()
        self._places: dict[bytes, int] | None = None
        self._spenders: dict[bytes, tuple[int, int]] = {}

    @property
    def problems(self) -> tuple[str, ...]:
        """What in the files is not a block, or is none of this chain, with file and offset."""
        return (*self._files.problems, *self._linked.refused)

    @property
    def stale(self) -> tuple[str, ...]:
        """Hashes of blocks in the files on branches with less work; they answer nothing."""
        return self._linked.stale

    # --- Source -------------------------------------------------------------------------------------------------------

    def tip(self) -> Tip:
        """The highest block of the active chain in the files."""
        return self._tip

    def close(self) -> None:
        """Let go of what was read."""
        self._kept.clear()

    # --- Blocks -------------------------------------------------------------------------------------------------------

    def block(self, height: int) -> RawBlock:
        """The block at that height.

        Raises:
            DataNotFound: it is not in the files.
        """
        if height not in self._linked.active:
            raise DataNotFound(f"{self.name} has no block at height {height}; its tip is {self._tip.height}")
        place, raw, _ = self._read(height)
        return RawBlock(self._ref(height), raw, self._evidence(height, place, raw))

    def block_by_hash(self, block_hash: str) -> RawBlock:
        """The block of that hash.

        Raises:
            DataNotFound: it is not in the files, or on a branch with less work.
        """
        for height, (place, *_) in self._linked.active.items():
            if place.header.hash == block_hash:
                return self.block(height)
        where = "is on a branch with less work" if block_hash in self._linked.stale else "is not in the files"
        raise DataNotFound(f"{self.name}: block {block_hash} {where}")

    # --- Transactions -------------------------------------------------------------------------------------------------

    def transactions(self, txids: Sequence[str]) -> Iterator[RawTransaction]:
        """The transactions of those txids, in their order.

        Raises:
            DataNotFound: one of them is not in the active chain in the files.
        """
        for txid in txids:
            height, index = self._place(txid)
            place, raw, block = self._read(height)
            evidence = self._evidence(height, place, raw)
            bytes_of_it = encode(block.transactions[index])
            yield RawTransaction(self.chain, txid, bytes_of_it, self._ref(height), index, evidence)

    # --- Spends -------------------------------------------------------------------------------------------------------

    def spends(self, outpoints: Sequence[Outpoint]) -> Iterator[Spend | Unspent | SpendUnknown]:
        """For each outpoint who spends it.

        Raises:
            MalformedBytes: a block is damaged; the message names file and offset.
            DataNotFound: a file cannot be read any more.
        """
        for outpoint in outpoints:
            yield self._spend(outpoint)

    def _spend(self, outpoint: Outpoint) -> Spend | Unspent | SpendUnknown:
        self._build_index()
        if (found := self._spenders.get(_key(outpoint))) is not None:
            (height, index), vin = _unpack(found[0]), found[1]
            place, raw, block = self._read(height)
            txid = block.transactions[index].txid
            return Spend(outpoint, txid, vin, self._ref(height), self._evidence(height, place, raw))
        try:
            height, index = self._place(outpoint.txid)
        except DataNotFound as error:
            return SpendUnknown(outpoint, str(error))
        _, _, block = self._read(height)
        if outpoint.vout >= len(block.transactions[index].outputs):
            return SpendUnknown(outpoint, f"transaction {outpoint.txid} has no output {outpoint.vout}")
        if height < self._linked.first_of_run:
            return SpendUnknown(
                outpoint,
                f"{self.name} has no block that spends it, and not every block from {height} to {self._tip.height}",
            )
        return Unspent(outpoint, self._tip, self._used.statement(f"spend {outpoint}", None))

    # --- Histories ----------------------------------------------------------------------------------------------------

    def history(self, account: Account) -> Iterator[str]:
        """Txids in the files that touch the account, oldest first. Reads every block.

        Raises:
            MalformedBytes: a block is damaged; the message names file and offset.
            DataNotFound: a file cannot be read any more.
        """
        owned: set[Outpoint] = set()
        found = []
        mine: dict[bytes, bool] = {}
        for height in self._linked.active:
            for wire in self._read(height)[2].transactions:
                touched = any(each.outpoint in owned for each in wire.inputs)
                for vout, output in enumerate(wire.outputs):
                    if output.script not in mine:
                        mine[output.script] = account_of_script(output.script, self._network) == account
                    if mine[output.script]:
                        owned.add(Outpoint(wire.txid, vout))
                        touched = True
                if touched:
                    found.append(wire.txid)
        self._used.statement(f"history {account}", found)
        return iter(found)

    # --- Proofs -------------------------------------------------------------------------------------------------------

    def merkle_branch(self, txid: str) -> tuple[BlockRef, int, tuple[str, ...]]:
        """Block, place and sibling hashes from the leaf up.

        Raises:
            DataNotFound: the transaction is not in the active chain in the files.
        """
        height, index = self._place(txid)
        place, raw, block = self._read(height)
        self._evidence(height, place, raw)
        return self._ref(height), index, merkle_branch([each.txid for each in block.transactions], index)

    # --- reading ------------------------------------------------------------------------------------------------------

    def _ref(self, height: int) -> BlockRef:
        header = self._linked.active[height][0].header
        return BlockRef(self.chain, height, header.hash, header.time)

    def _evidence(self, height: int, place: BlockPlace, raw: bytes) -> str:
        return self._used.block(self._ref(height), raw, f" in {place.file.name} at {place.offset}")

    def _read(self, height: int) -> tuple[BlockPlace, bytes, WireBlock]:
        """The block at a height, checked; a damaged copy is passed over if there is a good one."""
        if height in self._kept:
            return self._kept[height]
        refusal: ChainError | None = None
        for place in self._linked.active[height]:
            raw = self._files.read(place)
            try:
                block = decode_block(raw, self._network)
                check_block(block, self._network)
            except (MalformedBytes, ProofRefused) as error:
                refusal = error
                continue
            self._kept[height] = (place, raw, block)
            if len(self._kept) > _KEPT_BLOCKS:
                self._kept.popitem(last=False)
            return place, raw, block
        place = self._linked.active[height][0]
        raise MalformedBytes(
            f"{place.file}: the block {place.header.hash} at height {height} is damaged: {refusal}; "
            "copy the file again from the node",
            offset=place.offset,
            field="block",
        ) from refusal

    def _build_index(self) -> dict[bytes, int]:
        if self._places is not None:
            return self._places
        places: dict[bytes, int] = {}
        for height in self._linked.active:
            for index, wire in enumerate(self._read(height)[2].transactions):
                packed = height << _INDEX_BITS | index
                places[hash_bytes(wire.txid)] = packed
                if not wire.is_coinbase:
                    for vin, each in enumerate(wire.inputs):
                        self._spenders[_key(each.outpoint)] = (packed, vin)
        self._places = places
        return places

    def _place(self, txid: str) -> tuple[int, int]:
        found = self._build_index().get(hash_bytes(txid))
        if found is None:
            raise DataNotFound(
                f"{self.name} does not have transaction {txid} in its blocks; connect a source that has it"
            )
        return _unpack(found)


def _key(outpoint: Outpoint) -> bytes:
    return hash_bytes(outpoint.txid) + outpoint.vout.to_bytes(4, "little")


def _unpack(packed: int) -> tuple[int, int]:
    return packed >> _INDEX_BITS, packed & ((1 << _INDEX_BITS) - 1)
