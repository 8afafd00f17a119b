"""Blocks of a node read one after the other, each once, for what the node has no index for.

Memory: about 300 bytes for each transaction and each input that was read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from cryptotrace.chains.bitcoin.cashtokens import locking_script
from cryptotrace.chains.bitcoin.network import BitcoinNetwork
from cryptotrace.chains.bitcoin.proof import check_block
from cryptotrace.chains.bitcoin.wire import HEADER_SIZE, WireTransaction, decode_block, decode_header
from cryptotrace.model.block import BlockRef
from cryptotrace.model.identity import Chain
from cryptotrace.model.source import RawBlock
from cryptotrace.model.transaction import Outpoint

_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class SpendPlace:
    """Where an output is spent."""

    txid: str
    """By which transaction."""
    vin: int
    """At which of its inputs, from 0."""
    block: BlockRef
    """In which block."""
    evidence: str
    """Digest of the block's recorded bytes."""


class BlockScan:
    """What was learned from the blocks that were read in this run.

    Args:
        fetch: gives the blocks of the active chain at some heights.
        network: the chain.
    """

    def __init__(self, fetch: Callable[[Sequence[int]], list[RawBlock]], network: BitcoinNetwork) -> None:
        self.read: set[int] = set()
        """Heights of the blocks that were read."""
        self._fetch = fetch
        self._network = network
        self._places: dict[str, tuple[BlockRef, int]] = {}
        self._spenders: dict[Outpoint, SpendPlace] = {}
        self._owners: dict[bytes, list[Outpoint]] = {}

    @staticmethod
    def ref(raw: bytes, height: int, chain: Chain) -> BlockRef:
        """Which block these bytes are, at that height.

        Raises:
            MalformedBytes: they are too few for a header.
        """
        header = decode_header(raw[:HEADER_SIZE])
        return BlockRef(chain, height, header.hash, header.time)

    def place(self, txid: str) -> tuple[BlockRef, int] | None:
        """Block and index of a transaction, if its block was read."""
        return self._places.get(txid)

    def spender(self, outpoint: Outpoint) -> SpendPlace | None:
        """Where an output is spent, if that block was read."""
        return self._spenders.get(outpoint)

    def learn(self, blocks: Iterable[RawBlock]) -> None:
        """Take in blocks, each checked by itself.

        Raises:
            MalformedBytes: the bytes are not a block.
            ProofRefused: work, Merkle root or witnesses do not verify, see ``check_block``.
        """
        for block in blocks:
            if block.ref.height in self.read:
                continue
            decoded = decode_block(block.raw, self._network)
            check_block(decoded, self._network)
            for index, wire in enumerate(decoded.transactions):
                self._learn(wire, block, index)
            self.read.add(block.ref.height)

    def find_transaction(self, txid: str, newest: int) -> BlockRef | None:
        """The block of a transaction; blocks are read from ``newest`` down until it is found.

        Raises:
            MalformedBytes: see ``learn``.
            ProofRefused: see ``learn``.
        """
        for high in range(newest, -1, -_AT_ONCE):
            if txid in self._places:
                break
            self._read(range(high, max(-1, high - _AT_ONCE), -1))
        found = self._places.get(txid)
        return None if found is None else found[0]

    def find_spender(self, outpoint: Outpoint, since: int, newest: int) -> SpendPlace | None:
        """Where an output is spent; blocks are read from ``since`` up to ``newest`` until it is found.

        Raises:
            MalformedBytes: see ``learn``.
            ProofRefused: see ``learn``.
        """
        for low in range(since, newest + 1, _AT_ONCE):
            if outpoint in self._spenders:
                break
            self._read(range(low, min(newest + 1, low + _AT_ONCE)))
        return self._spenders.get(outpoint)

    def touching(self, script: bytes) -> tuple[list[str], set[Outpoint]]:
        """Txids in the blocks that were read that pay to a script or spend from it, oldest first; its outpoints."""
        owned = self._owners.get(script, [])
        txids = {outpoint.txid for outpoint in owned}
        txids |= {self._spenders[outpoint].txid for outpoint in owned if outpoint in self._spenders}
        order = {txid: (self._places[txid][0].height, self._places[txid][1]) for txid in txids}
        return sorted(txids, key=order.__getitem__), set(owned)

    def _read(self, heights: Iterable[int]) -> None:
        missing = [height for height in heights if height not in self.read]
        if missing:
            self.learn(self._fetch(missing))

    def _learn(self, wire: WireTransaction, block: RawBlock, index: int) -> None:
        self._places[wire.txid] = (block.ref, index)
        for vout, output in enumerate(wire.outputs):
            self._owners.setdefault(locking_script(output.script, self._network), []).append(Outpoint(wire.txid, vout))
        if not wire.is_coinbase:
            for vin, each in enumerate(wire.inputs):
                self._spenders[each.outpoint] = SpendPlace(wire.txid, vin, block.ref, block.evidence)
