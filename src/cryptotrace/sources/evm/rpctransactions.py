"""Transactions of an EVM node with what they moved: transaction, receipt, block and call tree, asked for in batches.

The transaction's hash is recomputed from its fields and the header's from its own; the receipt must be of that
transaction and that block. That the receipt itself is right shows only in the receipts root, for which the whole block
is read: ``proof=block`` asks for that with each transaction.

Source: Ethereum JSON-RPC specification (execution-apis).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cryptotrace.chains.evm import calls, topics
from cryptotrace.chains.evm import receipt as receipts
from cryptotrace.chains.evm import transaction as transactions
from cryptotrace.chains.evm.blockmoves import block_transaction
from cryptotrace.chains.evm.calltree import CallFrame
from cryptotrace.chains.evm.fees import RollupFacts
from cryptotrace.chains.evm.movements import account_transaction
from cryptotrace.chains.evm.network import EvmNetwork
from cryptotrace.chains.evm.receipt import Receipt
from cryptotrace.chains.evm.tokens import TokenFacts
from cryptotrace.chains.evm.told import Told
from cryptotrace.chains.evm.transaction import WireTransaction
from cryptotrace.errors import DataNotFound, SourceLied
from cryptotrace.model.movement import AccountTransaction
from cryptotrace.sources.evm.rpcblocks import BlockReader, Head
from cryptotrace.sources.evm.rpclogs import LogRow, address_in
from cryptotrace.sources.evm.rpcread import Node, data, fields_of, tag
from cryptotrace.sources.evm.tracing import Executed, TreeReader
from cryptotrace.sources.jsonrpc import Call, Parameter, Reply

#: Transactions that are read at a time.
AT_ONCE = 20
#: Blocks whose proved receipts are kept.
_BLOCKS_KEPT = 32
#: Events of a token that issues to its owner and takes back from him without naming him.
_ISSUES = (topics.ISSUE, topics.REDEEM)
_OWNER = (calls.OWNER, calls.GET_OWNER)


@dataclass(frozen=True, slots=True)
class Read:
    """A transaction as the node tells it."""

    transaction: WireTransaction
    """The transaction."""
    receipt: Receipt | None
    """What it did; None while it is not in a block up to the tip."""
    head: Head | None
    """Its block; None while it is not in a block up to the tip."""
    index: int
    """Its place there; -1 while it is not in one."""
    rollup: RollupFacts
    """What a rollup's receipt tells beside."""
    evidence: str
    """Digest of the answer."""


class TransactionReader:
    """Reads transactions of a node.

    Args:
        node: who is asked.
        network: the chain.
        blocks: reads its blocks.
        trees: reads its call trees.
        proves_receipts: True to read the whole block of each transaction and recompute its roots.
        wrappers: contracts that wrap the native coin as WETH9 does, beside those that the network names.
        owner_issued: contracts that issue to their owner as USDT does, beside those that the network names.
    """

    def __init__(
        self,
        node: Node,
        network: EvmNetwork,
        blocks: BlockReader,
        trees: TreeReader,
        *,
        proves_receipts: bool = False,
        wrappers: frozenset[str] = frozenset(),
        owner_issued: frozenset[str] = frozenset(),
    ) -> None:
        self._node = node
        self._network = network
        self._blocks = blocks
        self._trees = trees
        self._proves_receipts = proves_receipts
        self.tokens = TokenFacts(wrappers=wrappers)
        """What is known of tokens beside the tables of the network."""
        self._owner_issued = owner_issued | network.owner_issued
        self._proved: dict[int, tuple[Receipt, ...]] = {}
        self._listed: dict[str, set[LogRow]] = {}
        self._owners: dict[tuple[str, int], str | None] = {}

    def expect(self, row: LogRow) -> None:
        """Remember that the node listed this event: the receipt must hold it, whenever it is read."""
        self._listed.setdefault(row.txid, set()).add(row)

    # --- transactions -------------------------------------------------------------------------------------------------

    def account_transactions(self, txids: Sequence[str]) -> list[AccountTransaction]:
        """The transactions of those txids with what they moved, in their order.

        A block's hash stands for what the block does by itself.

        Raises:
            DataNotFound: the node does not know one of them, or has no receipt of it.
            SourceLied: an answer contradicts another one.
            MalformedBytes, ProofRefused: an answer that cannot be used.
        """
        read = self.read(txids)
        loose = [
            Executed(r.transaction, r.receipt)
            for r in read.values()
            if r.receipt is not None and r.receipt.succeeded is not False
        ]
        trees = {each.transaction.hash: tree for each, tree in zip(loose, self._trees.trees(loose), strict=True)}
        found = []
        for txid in txids:
            each = read.get(txid)
            found.append(self._of_block(txid) if each is None else self.assembled(each, trees.get(txid)))
        return found

    def read(self, txids: Sequence[str]) -> dict[str, Read]:
        """Transactions, receipts and blocks by txid; without those that the node does not know.

        Raises:
            DataNotFound: a transaction is in a block and the node has no receipt of it.
            SourceLied: an answer contradicts another one.
            MalformedBytes, ProofRefused: an answer that cannot be used.
        """
        wanted = list(dict.fromkeys(txids))
        asked = [Call(f"eth_getTransaction{what}", (f"0x{t}",)) for t in wanted for what in ("ByHash", "Receipt")]
        replies = self._node.calls(asked)
        pairs = {
            txid: (replies[2 * n], replies[2 * n + 1])
            for n, txid in enumerate(wanted)
            if not self._node.result(replies[2 * n], f"transaction {txid}").is_null
        }
        heights = {txid: self._height(told) for txid, (told, _) in pairs.items()}
        confirmed = sorted({height for height in heights.values() if height is not None})
        heads = dict(zip(confirmed, self._blocks.heads(confirmed), strict=True))
        return {
            txid: self._read(txid, *pair, None if heights[txid] is None else heads[heights[txid]])  # type: ignore[index]
            for txid, pair in pairs.items()
        }

    def _height(self, told: Reply) -> int | None:
        """Height of the block that the transaction is said to be in; None if there is none up to the tip."""
        fields = Told(fields_of(told.result), "transaction")
        height = fields.quantity_or_none("blockNumber", 63)
        top = self._blocks.tip
        if height is None or "blockHash" not in fields or (top is not None and height > top.height):
            return None
        return height

    def _read(self, txid: str, told: Reply, effect: Reply, head: Head | None) -> Read:
        fields = fields_of(told.result)
        tx = transactions.from_rpc(fields, self._network)
        if tx.hash != txid:
            raise SourceLied(f"{self._node.name} gives transaction {tx.hash} when asked for {txid}")
        if head is None:
            return Read(tx, None, None, -1, RollupFacts(), told.evidence)
        said = Told(fields, "transaction")
        if said.hash("blockHash") != head.ref.hash:
            raise SourceLied(
                f"{self._node.name} says that transaction {txid} is in block {said.hash('blockHash')} at "
                f"{head.ref.height}, where it gives {head.ref.hash}"
            )
        row = fields_of(
            self._node.found(
                effect, f"the receipt of transaction {txid}, without which nothing is known of what it moved"
            )
        )
        receipt, index = receipts.from_rpc(row), said.quantity("transactionIndex", 31)
        self._blocks.check_place(tx, receipt, head, index)
        self._check_listed(txid, receipt)
        if self._proves_receipts:
            self._prove(head, index, receipt)
        return Read(tx, receipt, head, index, RollupFacts.from_rpc(row), effect.evidence)

    def _check_listed(self, txid: str, receipt: Receipt) -> None:
        """Every event that the node listed of a transaction stands in its receipt."""
        for row in self._listed.get(txid, ()):
            place = row.log_index - (receipt.first_log or 0)
            if not 0 <= place < len(receipt.logs) or receipt.logs[place] != row.log:
                raise SourceLied(
                    f"{self._node.name} lists an event of {row.log.address} at place {row.log_index} of block "
                    f"{row.height} that is not in the receipt of {txid}; do not use this source, ask another one"
                )

    def _prove(self, head: Head, index: int, receipt: Receipt) -> None:
        """The receipt is the one that the header's receipts root commits to."""
        height = head.ref.height
        if height not in self._proved:
            if len(self._proved) >= _BLOCKS_KEPT:
                self._proved.clear()
            self._proved[height] = tuple(each.receipt for each in self._blocks.whole(height).entries)
        if self._proved[height][index] != receipt:
            raise SourceLied(f"{self._node.name} gives two receipts of transaction {receipt.transaction}")

    # --- what it moved ------------------------------------------------------------------------------------------------

    def assembled(self, read: Read, tree: CallFrame | None) -> AccountTransaction:
        """What a transaction moved.

        Raises:
            MalformedBytes, ProofRefused: transaction, receipt and call tree do not fit together.
        """
        head = read.head
        made = account_transaction(
            read.transaction,
            read.receipt,
            tree,
            network=self._network,
            header=None if head is None else head.facts,
            block=None if head is None else head.ref,
            index=read.index,
            evidence=read.evidence,
            tokens=replace(self.tokens, owners=self._owners_of(read)),
            rollup=read.rollup,
        )
        more = (*(() if head is None else head.notices), *self._trees.notices.get(read.transaction.hash, ()))
        return replace(made, notices=(*made.notices, *more)) if more else made

    def _owners_of(self, read: Read) -> dict[str, str]:
        """Owners of the contracts that issued to their owner or took back from him, at the end of the block."""
        if read.receipt is None or read.head is None:
            return {}
        named = {
            log.address for log in read.receipt.logs if log.topics and topics.signature_of(log.topics[0]) in _ISSUES
        }
        found = {contract: self.owner(contract, read.head.ref.height) for contract in sorted(named)}
        return {contract: owner for contract, owner in found.items() if owner is not None}

    def owner(self, contract: str, height: int) -> str | None:
        """Who owned a token that issues to its owner, at the end of a block, by ``owner()`` or ``getOwner()``.

        None if it is not known to be such a token, or does not say.
        """
        if contract not in self._owner_issued:
            return None
        if (contract, height) not in self._owners:
            asked = [f"0x{calls.call_data(each).hex()}" for each in _OWNER]
            rows: list[tuple[Parameter, ...]] = [({"to": contract, "data": each}, tag(height)) for each in asked]
            replies = [each for each in self._node.many("eth_call", rows) if not each.code]
            words = [address_in(data(each.result)) for each in replies]
            self._owners[contract, height] = next((each for each in words if each is not None), None)
        return self._owners[contract, height]

    # --- blocks -------------------------------------------------------------------------------------------------------

    def of_whole_block(self, height: int) -> list[AccountTransaction]:
        """Everything that moved in a block: its transactions, then what it does by itself; roots recomputed.

        Raises:
            DataNotFound: it is above the tip, or the node does not have it.
            SourceLied: an answer contradicts another one.
            MalformedBytes, ProofRefused: an answer that cannot be used.
        """
        block = self._blocks.whole(height)
        found = []
        trees = self._trees.trees_of_block(block)
        for index, (each, tree) in enumerate(zip(block.entries, trees, strict=True)):
            rollup = RollupFacts.from_rpc(each.told)
            read = Read(each.transaction, each.receipt, block.head, index, rollup, each.evidence)
            made = self.assembled(read, tree)
            found.append(replace(made, notices=(*made.notices, *block.unchecked)) if block.unchecked else made)
        own = self.by_block(block.head)
        return found if own is None else [*found, own]

    def by_block(self, head: Head) -> AccountTransaction | None:
        """What a block does by itself: withdrawals and rewards; None if it moves nothing.

        Raises:
            DataNotFound, SourceLied: an ommer is not to be had, or is another one.
        """
        own = block_transaction(
            network=self._network,
            header=head.facts,
            block=head.ref,
            index=len(head.txids),
            evidence=head.evidence,
            withdrawals=head.withdrawals,
            uncles=self._blocks.ommers(head) if head.ommers else (),
            has_difficulty=bool(head.header.difficulty),
        )
        return own if own is None or not head.notices else replace(own, notices=(*own.notices, *head.notices))

    def _of_block(self, block_hash: str) -> AccountTransaction:
        reply = self._node.one("eth_getBlockByHash", f"0x{block_hash}", False)
        told = self._node.result(reply, f"block {block_hash}")
        if told.is_null:
            raise DataNotFound(
                f"{self._node.name} does not know transaction {block_hash}: it is not in its blocks and does not wait"
            )
        found = self._blocks.head(told, reply)
        (head,) = self._blocks.heads([found.ref.height])
        own = self.by_block(head) if head.ref.hash == block_hash else None
        if own is None:
            raise DataNotFound(
                f"{self._node.name}: block {block_hash} is not in the active chain, or moves nothing itself"
            )
        return own
