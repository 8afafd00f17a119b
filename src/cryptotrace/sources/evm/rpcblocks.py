"""Blocks of an EVM node: their headers with the hash recomputed, and whole ones with both roots recomputed.

Source: Ethereum JSON-RPC specification (execution-apis), ``eth_getBlockByNumber``, ``eth_getBlockReceipts``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from cryptotrace.chains.evm import header as headers
from cryptotrace.chains.evm import receipt as receipts
from cryptotrace.chains.evm import transaction as transactions
from cryptotrace.chains.evm.fees import BlockFacts
from cryptotrace.chains.evm.header import Header
from cryptotrace.chains.evm.network import EvmNetwork
from cryptotrace.chains.evm.receipt import Receipt
from cryptotrace.chains.evm.told import Told
from cryptotrace.chains.evm.transaction import WireTransaction
from cryptotrace.errors import DataNotFound, SourceLied, UnsupportedChain
from cryptotrace.model.block import BlockRef, Tip
from cryptotrace.sources.evm.rpcread import Node, fields_of, hash_of, is_no_method, listed, tag
from cryptotrace.sources.foreignjson import Field
from cryptotrace.sources.jsonrpc import Reply


@dataclass(frozen=True, slots=True)
class Head:
    """A block without the content of its transactions."""

    ref: BlockRef
    """Height, hash and time."""
    header: Header
    """Its header."""
    txids: tuple[str, ...]
    """Its transactions in order."""
    withdrawals: tuple[tuple[str, int], ...] | None
    """Staking withdrawals in order: address and gwei; None where the node tells none at all."""
    ommers: tuple[str, ...]
    """Hashes of its ommers."""
    evidence: str
    """Digest of the answer."""

    @property
    def facts(self) -> BlockFacts:
        """What decides who gets what."""
        return BlockFacts.of(self.header)

    @property
    def notices(self) -> tuple[str, ...]:
        """What every transaction of the block must say of it."""
        why = self.header.not_recomputed
        return (f"not-recomputed header of block {self.ref.height}: {why}",) if why else ()


@dataclass(frozen=True, slots=True)
class Entry:
    """A transaction of a block with its receipt."""

    transaction: WireTransaction
    """The transaction; its hash is recomputed where its layout is known."""
    receipt: Receipt
    """What it did."""
    told: dict[str, object]
    """The receipt as the node told it."""
    evidence: str
    """Digest of the answer that holds the receipt."""


@dataclass(frozen=True, slots=True)
class WholeBlock:
    """A block with its transactions and receipts."""

    head: Head
    """The block."""
    entries: tuple[Entry, ...]
    """Its transactions in order."""
    unchecked: tuple[str, ...]
    """Which roots could not be recomputed, and why; empty if both were."""


class BlockReader:
    """Reads blocks of a node; each header once in a run.

    Args:
        node: who is asked.
        network: the chain.
        notice: takes a line about what cannot be checked.
    """

    def __init__(self, node: Node, network: EvmNetwork, notice: Callable[[str], None]) -> None:
        self.tip: Tip | None = None
        self._node = node
        self._network = network
        self._notice = notice
        self._heads: dict[int, Head] = {}
        self._told: set[str] = set()

    # --- headers ------------------------------------------------------------------------------------------------------

    def heads(self, heights: Sequence[int]) -> list[Head]:
        """The blocks at these heights, in their order.

        Raises:
            DataNotFound: one is above the tip, or the node does not have it.
            MalformedBytes, ProofRefused: an answer that cannot be used.
        """
        for height in heights:
            if height < 0 or (self.tip is not None and height > self.tip.height):
                top = "" if self.tip is None else f"; the tip of this run is {self.tip.height}"
                raise DataNotFound(f"{self._node.name} has no block at height {height}{top}")
        wanted = [height for height in dict.fromkeys(heights) if height not in self._heads]
        replies = self._node.many("eth_getBlockByNumber", [(tag(height), False) for height in wanted])
        for height, reply in zip(wanted, replies, strict=True):
            self._heads[height] = self.head(self._node.found(reply, f"block {height}"), reply, height)
        return [self._heads[height] for height in heights]

    def head(self, block: Field, reply: Reply, height: int | None = None) -> Head:
        """A block as told; its hash is recomputed where the layout of its header is known.

        Raises:
            MalformedBytes, ProofRefused: an answer that cannot be used.
            SourceLied: it is at another height than the one asked for.
        """
        header = headers.from_rpc(fields_of(block), self._network)
        if height not in (None, header.number):
            raise SourceLied(f"{self._node.name} gives block {header.number} when asked for block {height}")
        if not header.is_recomputed:
            self._say(header.not_recomputed)
        ref = BlockRef(self._network.chain, header.number, header.hash, header.timestamp)
        rows = listed(block["transactions"])
        txids = tuple(hash_of(row["hash"] if row.is_object else row) for row in rows)
        ommers = tuple(each.hex() for each in Told(fields_of(block), "block").texts("uncles", 32))
        head = Head(ref, header, txids, None, ommers, reply.evidence)
        return head if block["withdrawals"].is_null else self._with_withdrawals(head, block["withdrawals"])

    def _with_withdrawals(self, head: Head, told: Field) -> Head:
        from cryptotrace.chains.evm.trie import withdrawal_from_rpc, withdrawals_root

        paid = [withdrawal_from_rpc(fields_of(row)) for row in listed(told)]
        self._same(head, "withdrawals root", withdrawals_root(paid), head.header.withdrawals_root)
        return replace(head, withdrawals=tuple((each.address, each.gwei) for each in paid))

    def ommers(self, head: Head) -> tuple[tuple[str, int], ...]:
        """Who produced the ommers of a block, and their heights.

        Raises:
            DataNotFound: the node does not have one.
            SourceLied: it gives another one.
        """
        rows = [(f"0x{head.ref.hash}", hex(number)) for number in range(len(head.ommers))]
        found = []
        for expected, reply in zip(head.ommers, self._node.many("eth_getUncleByBlockHashAndIndex", rows), strict=True):
            told = Told(fields_of(self._node.found(reply, f"ommer {expected}")), "ommer")
            if told.hash("hash") != expected:
                raise SourceLied(f"{self._node.name} gives ommer {told.hash('hash')} when asked for {expected}")
            found.append((told.address("miner"), told.quantity("number", 63)))
        return tuple(found)

    # --- whole blocks -------------------------------------------------------------------------------------------------

    def whole(self, height: int) -> WholeBlock:
        """A block with all its transactions and receipts; both roots are recomputed and must be the header's.

        Raises:
            DataNotFound: it is above the tip, or the node does not have it or one of its receipts.
            SourceLied: a row is missing, or an answer contradicts another one.
            MalformedBytes, ProofRefused: an answer that cannot be used.
        """
        (head,) = self.heads([height])
        reply = self._node.one("eth_getBlockByNumber", tag(height), True)
        block = self._node.found(reply, f"block {height}")
        if self.head(block, reply, height).ref != head.ref:
            raise SourceLied(f"{self._node.name} gives two blocks at height {height}: {head.ref.hash} and another one")
        rows = [fields_of(row) for row in listed(block["transactions"])]
        told = self._receipts(head)
        if len(told) != len(rows):
            raise SourceLied(
                f"{self._node.name} gives {len(told)} receipts for the {len(rows)} transactions of {height}"
            )
        entries = []
        for index, (row, (fields, evidence)) in enumerate(zip(rows, told, strict=True)):
            tx, receipt = transactions.from_rpc(row, self._network), receipts.from_rpc(fields)
            self.check_place(tx, receipt, head, index)
            entries.append(Entry(tx, receipt, fields, evidence))
        return WholeBlock(head, tuple(entries), self._check_roots(head, entries))

    def _receipts(self, head: Head) -> list[tuple[dict[str, object], str]]:
        """Receipts of a block as told, in order, each with the digest of its answer."""
        reply = self._node.one("eth_getBlockReceipts", tag(head.ref.height))
        if not is_no_method(reply):
            rows = listed(self._node.found(reply, f"receipts of block {head.ref.height}"))
            return [(fields_of(row), reply.evidence) for row in rows]
        replies = self._node.many("eth_getTransactionReceipt", [(f"0x{txid}",) for txid in head.txids])
        return [(fields_of(self._node.found(r, "a receipt")), r.evidence) for r in replies]

    def check_place(self, tx: WireTransaction, receipt: Receipt, head: Head, index: int) -> None:
        """See that transaction and receipt belong together and stand where they should.

        Raises:
            SourceLied: they do not.
        """
        expected = head.txids[index] if index < len(head.txids) else "no transaction"
        for field, said, found in (
            ("its place in the block", tx.hash, expected),
            ("receipt.transactionHash", receipt.transaction or tx.hash, tx.hash),
            ("receipt.blockHash", receipt.block or head.ref.hash, head.ref.hash),
            ("receipt.blockNumber", receipt.number or head.ref.height, head.ref.height),
            ("receipt.transactionIndex", index if receipt.index is None else receipt.index, index),
            ("receipt.type", receipt.type, tx.type),
            ("receipt.from", receipt.sender or tx.sender, tx.sender),
            ("receipt.to", receipt.to or tx.to, tx.to),
        ):
            if said != found:
                raise SourceLied(
                    f"{self._node.name} contradicts itself about transaction {tx.hash}: {field} is {said} in one "
                    f"answer and {found} in another one; do not use this source, ask another one"
                )

    def _check_roots(self, head: Head, entries: Sequence[Entry]) -> tuple[str, ...]:
        from cryptotrace.chains.evm.trie import receipts_root, transactions_root

        header, unchecked = head.header, []
        roots: dict[str, tuple[str | None, Callable[[], str]]] = {
            "transactions root": (
                header.transactions_root,
                lambda: transactions_root([e.transaction for e in entries]),
            ),
            "receipts root": (header.receipts_root, lambda: receipts_root([e.receipt for e in entries])),
        }
        for what, (said, root) in roots.items():
            try:
                self._same(head, what, root(), said)
            except UnsupportedChain as error:
                unchecked.append(f"{what}: {error}")
        for last, each in pairwise([0, *(entry.receipt.cumulative_gas for entry in entries)]):
            if each < last:
                raise SourceLied(f"{self._node.name}: the gas used in block {head.ref.height} sinks within the block")
        return tuple(unchecked)

    def _same(self, head: Head, what: str, found: str, said: str | None) -> None:
        if said is not None and said != found:
            raise SourceLied(
                f"{self._node.name}: the {what} of block {head.ref.height} is {said} by its header and {found} by what "
                "the node says is in it; do not use this source, ask another one"
            )

    def _say(self, what: str) -> None:
        if what not in self._told:
            self._told.add(what)
            self._notice(f"{self._node.name}: hashes of headers are taken as told and not recomputed: {what}")
