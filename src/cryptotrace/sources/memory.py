"""A chain held in memory: from raw blocks or from model objects. It can answer everything a source can be asked.

Product code, not only for tests: files of transactions and recorded runs are answered by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cryptotrace.chains.bitcoin.network import BitcoinNetwork
from cryptotrace.chains.bitcoin.proof import check_headers, merkle_branch
from cryptotrace.chains.bitcoin.script import account_of_script
from cryptotrace.chains.bitcoin.wire import WireTransaction, decode_block, decode_transaction, encode
from cryptotrace.errors import DataNotFound, NotSupported, ProofRefused, SourceLied
from cryptotrace.evidence.recorder import MemoryRecorder, Recorder
from cryptotrace.model.block import BlockRef, Tip
from cryptotrace.model.identity import Account
from cryptotrace.model.source import RawBlock, RawTransaction, Spend, SpendUnknown, SpentOutput, Unspent
from cryptotrace.model.transaction import Outpoint
from cryptotrace.sources.used import Used


class MemorySource:
    """Blocks and transactions handed in, answered for one fixed tip.

    An output counts as unspent only where that follows from the blocks that are held: every block from the one that
    created it up to the tip. Otherwise the answer is ``SpendUnknown``. Blocks above ``tip`` do not count, and their
    transactions are unconfirmed as of the tip.

    Args:
        network: the chain.
        blocks: whole blocks of the active chain.
        transactions: single transactions, confirmed or not; of two unconfirmed ones that spend the same output the
            later in the list counts (it replaced the other).
        tip: the tip that answers belong to; by default the highest block that is named.
        complete_since: from this height up to the tip nothing is missing; by default what the held blocks show.
        recorder: takes the bytes when they are first used.
        name: how the source is called in evidence.

    Raises:
        MalformedBytes: a block or a transaction cannot be read.
        SourceLied: a txid that is not that of its bytes, or two blocks for one height or one transaction.
    """

    def __init__(
        self,
        network: BitcoinNetwork,
        *,
        blocks: Iterable[RawBlock] = (),
        transactions: Iterable[RawTransaction] = (),
        tip: Tip | None = None,
        complete_since: int | None = None,
        recorder: Recorder | None = None,
        name: str = "memory:",
    ) -> None:
        self.chain = network.chain
        self.name = name
        self._network = network
        self._blocks = {block.ref.height: block for block in blocks}
        self._given = list(transactions)
        refs = [*(b.ref for b in self._blocks.values()), *(t.block for t in self._given if t.block is not None)]
        self._tip = tip or _highest(network, refs)
        self._used = Used(MemoryRecorder() if recorder is None else recorder, name, self._tip)
        self._held: dict[str, RawTransaction] = {}
        self._wires: dict[str, WireTransaction] = {}
        self._spenders: dict[Outpoint, tuple[str, int]] = {}
        self._confirmed_spends: set[Outpoint] = set()
        self._load()
        self._complete_since = self._first_of_run() if complete_since is None else complete_since

    @classmethod
    def from_raw(
        cls,
        network: BitcoinNetwork,
        blocks: Sequence[bytes],
        *,
        first_height: int = 0,
        unconfirmed: Sequence[bytes] = (),
        recorder: Recorder | None = None,
    ) -> MemorySource:
        """A chain of raw blocks in order, the first of which has ``first_height``.

        Raises:
            MalformedBytes: a block or a transaction cannot be read.
            SourceLied: a block does not meet its work, or does not build on the one before it.
        """
        headers = [decode_block(raw, network).header for raw in blocks]
        try:
            check_headers(headers, network)
        except ProofRefused as error:
            raise SourceLied(
                f"memory: the blocks from height {first_height} are not a chain: {error}; hand the blocks in in the "
                "order of the chain"
            ) from error
        refs = [
            BlockRef(network.chain, height, each.hash, each.time) for height, each in enumerate(headers, first_height)
        ]
        held = [RawBlock(ref, raw, "") for ref, raw in zip(refs, blocks, strict=True)]
        loose = [
            RawTransaction(network.chain, decode_transaction(raw, network).txid, raw, None, -1, "")
            for raw in unconfirmed
        ]
        return cls(network, blocks=held, transactions=loose, recorder=recorder)

    # --- Source -------------------------------------------------------------------------------------------------------

    def tip(self) -> Tip:
        """The tip that answers belong to."""
        return self._tip

    def close(self) -> None:
        """Nothing to let go of."""

    # --- Blocks -------------------------------------------------------------------------------------------------------

    def block(self, height: int) -> RawBlock:
        """The block at that height.

        Raises:
            DataNotFound: it is not held, or it is above the tip.
        """
        if height not in self._blocks or height > self._tip.height:
            raise DataNotFound(f"{self.name} holds no block at height {height}; its tip is {self._tip.height}")
        held = self._blocks[height]
        return RawBlock(held.ref, held.raw, self._block_evidence(held))

    def block_by_hash(self, block_hash: str) -> RawBlock:
        """The block of that hash.

        Raises:
            DataNotFound: it is not held, or it is above the tip.
        """
        for held in self._blocks.values():
            if held.ref.hash == block_hash:
                return self.block(held.ref.height)
        raise DataNotFound(f"{self.name} holds no block {block_hash}")

    # --- Transactions -------------------------------------------------------------------------------------------------

    def transactions(self, txids: Sequence[str]) -> Iterator[RawTransaction]:
        """The transactions of those txids, in their order.

        Raises:
            DataNotFound: one of them is not held.
        """
        for txid in txids:
            if txid not in self._held:
                raise DataNotFound(f"{self.name} does not hold transaction {txid}; connect a source that has it")
            held = self._held[txid]
            yield RawTransaction(
                held.chain, txid, held.raw, held.block, held.index, self._evidence(held), self._spent(held)
            )

    # --- Spends -------------------------------------------------------------------------------------------------------

    def spends(self, outpoints: Sequence[Outpoint]) -> Iterator[Spend | Unspent | SpendUnknown]:
        """For each outpoint who spends it."""
        for outpoint in outpoints:
            yield self._spend(outpoint)

    def _spend(self, outpoint: Outpoint) -> Spend | Unspent | SpendUnknown:
        if outpoint in self._spenders:
            txid, vin = self._spenders[outpoint]
            held = self._held[txid]
            return Spend(outpoint, txid, vin, held.block, self._evidence(held))
        creating = self._held.get(outpoint.txid)
        if creating is None:
            return SpendUnknown(outpoint, f"{self.name} does not hold transaction {outpoint.txid} that created it")
        if outpoint.vout >= len(self._wires[outpoint.txid].outputs):
            return SpendUnknown(outpoint, f"transaction {outpoint.txid} has no output {outpoint.vout}")
        since = self._tip.height if creating.block is None else creating.block.height
        if self._complete_since is None or since < self._complete_since:
            return SpendUnknown(
                outpoint,
                f"{self.name} holds no transaction that spends it, and not every block from height {since} to its tip "
                f"{self._tip.height}; a node, an Electrum server or an explorer would tell",
            )
        return Unspent(outpoint, self._tip, self._used.statement(f"spend {outpoint}", None))

    # --- Histories, Balances ------------------------------------------------------------------------------------------

    def history(self, account: Account) -> Iterator[str]:
        """Txids that touch the account among what is held, oldest first, unconfirmed last."""
        touching = [txid for txid in self._held if account in self._accounts(txid)]
        far = self._tip.height + 1
        places = {t: self._held[t] for t in touching}
        order = {txid: n for n, txid in enumerate(self._held)}
        touching.sort(
            key=lambda t: (far, order[t]) if (ref := places[t].block) is None else (ref.height, places[t].index)
        )
        self._used.statement(f"history {account}", touching)
        return iter(touching)

    def balance(self, account: Account) -> tuple[int, Tip]:
        """Satoshi in confirmed outputs of the account that no confirmed transaction spends.

        Raises:
            NotSupported: not every block from genesis to the tip is held.
        """
        if self._complete_since != 0:
            raise NotSupported(
                f"{self.name} does not hold every block from genesis, so it cannot tell a balance; "
                "rpc:, electrum: and esplora: can"
            )
        total = 0
        for txid, wire in self._wires.items():
            if self._held[txid].block is None:
                continue
            for vout, output in enumerate(wire.outputs):
                owned = account_of_script(output.script, self._network) == account
                if owned and Outpoint(txid, vout) not in self._confirmed_spends:
                    total += output.units
        self._used.statement(f"balance {account}", total)
        return total, self._tip

    # --- Proofs -------------------------------------------------------------------------------------------------------

    def merkle_branch(self, txid: str) -> tuple[BlockRef, int, tuple[str, ...]]:
        """Block, place and sibling hashes from the leaf up.

        Raises:
            DataNotFound: the transaction is not in a block that is held whole.
        """
        held = self._held.get(txid)
        if held is None or held.block is None or held.block.height not in self._blocks:
            raise DataNotFound(f"{self.name} does not hold the whole block that confirms {txid}")
        block = self._blocks[held.block.height]
        self._block_evidence(block)
        txids = [each.txid for each in decode_block(block.raw, self._network).transactions]
        return held.block, held.index, tuple(merkle_branch(txids, held.index))

    # --- evidence -----------------------------------------------------------------------------------------------------

    def _block_evidence(self, block: RawBlock) -> str:
        return block.evidence or self._used.block(block.ref, block.raw)

    def _evidence(self, held: RawTransaction) -> str:
        if held.evidence:
            return held.evidence
        if held.block is not None and held.block.height in self._blocks:
            return self._block_evidence(self._blocks[held.block.height])
        return self._used.transaction(held.txid, held.raw)

    # --- loading ------------------------------------------------------------------------------------------------------

    def _load(self) -> None:
        for height in sorted(self._blocks):
            block = self._blocks[height]
            confirmed = height <= self._tip.height
            for index, wire in enumerate(decode_block(block.raw, self._network).transactions):
                ref, place = (block.ref, index) if confirmed else (None, -1)
                self._hold(RawTransaction(self.chain, wire.txid, encode(wire), ref, place, ""), wire)
        self._check_blocks()
        for given in self._given:
            wire = decode_transaction(given.raw, self._network)
            if wire.txid != given.txid:
                raise SourceLied(f"{self.name} gives the txid {given.txid} to bytes that hash to {wire.txid}")
            if given.block is not None and given.block.height > self._tip.height:
                given = RawTransaction(given.chain, given.txid, given.raw, None, -1, given.evidence, given.spent)  # noqa: PLW2901
            if given.txid not in self._held or self._held[given.txid].block is None:
                self._hold(given, wire)

    def _check_blocks(self) -> None:
        """See that nothing that was handed in names two blocks for one height or for one transaction."""
        hashes = {self._tip.height: self._tip.hash}
        hashes |= {height: block.ref.hash for height, block in self._blocks.items()}
        confirmed: dict[str, str] = {}
        for given in self._given:
            if given.block is None:
                continue
            at_height = hashes.setdefault(given.block.height, given.block.hash)
            of_txid = confirmed.setdefault(given.txid, given.block.hash)
            if {at_height, of_txid} != {given.block.hash}:
                other = at_height if at_height != given.block.hash else of_txid
                raise SourceLied(
                    f"{self.name} puts transaction {given.txid} into block {given.block.hash} at height "
                    f"{given.block.height}, and names block {other} for the same; only one can be in the chain"
                )

    def _hold(self, held: RawTransaction, wire: WireTransaction) -> None:
        self._held[held.txid] = held
        self._wires[held.txid] = wire
        if wire.is_coinbase:
            return
        for vin, spent in enumerate(wire.inputs):
            if held.block is not None:
                self._confirmed_spends.add(spent.outpoint)
            elif spent.outpoint in self._confirmed_spends:
                continue  # it conflicts with a confirmed transaction and can never be mined
            self._spenders[spent.outpoint] = (held.txid, vin)

    def _first_of_run(self) -> int | None:
        height = self._tip.height
        while height in self._blocks:
            height -= 1
        return None if height == self._tip.height else height + 1

    def _spent(self, held: RawTransaction) -> dict[Outpoint, SpentOutput]:
        if held.spent or self._wires[held.txid].is_coinbase:
            return dict(held.spent)
        spent = {}
        for each in self._wires[held.txid].inputs:
            creating = self._wires.get(each.outpoint.txid)
            if creating is not None and each.outpoint.vout < len(creating.outputs):
                output = creating.outputs[each.outpoint.vout]
                spent[each.outpoint] = SpentOutput(output.units, output.script)
        return spent

    def _accounts(self, txid: str) -> set[Account]:
        scripts = {output.script for output in self._wires[txid].outputs}
        scripts |= {output.script for output in self._spent(self._held[txid]).values()}
        return {account_of_script(script, self._network) for script in scripts}


class HeldTransactions:
    """What files without whole blocks can answer: transactions, spends and histories, out of what was read of them.

    Args:
        held: what was read.
    """

    def __init__(self, held: MemorySource) -> None:
        self.chain = held.chain
        self.name = held.name
        self._held = held

    def tip(self) -> Tip:
        """The tip that the files state, or the highest block that they name."""
        return self._held.tip()

    def close(self) -> None:
        """Nothing to let go of."""

    def transactions(self, txids: Sequence[str]) -> Iterator[RawTransaction]:
        """The transactions of those txids, in their order.

        Raises:
            DataNotFound: one of them is not in the files.
        """
        return self._held.transactions(txids)

    def spends(self, outpoints: Sequence[Outpoint]) -> Iterator[Spend | Unspent | SpendUnknown]:
        """For each outpoint who spends it, as far as the files say."""
        return self._held.spends(outpoints)

    def history(self, account: Account) -> Iterator[str]:
        """Txids in the files that touch the account, oldest first. There may be others that the files do not hold."""
        return self._held.history(account)


def _highest(network: BitcoinNetwork, refs: Iterable[BlockRef]) -> Tip:
    best = max(refs, key=lambda ref: ref.height, default=None)
    if best is None:
        return Tip(network.chain, 0, network.genesis_hash)
    return Tip(network.chain, best.height, best.hash)
