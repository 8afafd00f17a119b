"""Call trees from a node: ``debug_trace*`` with the call tracer, else ``trace_*``, else an honest "not to be had".

Source: go-ethereum documentation, "debug namespace" and "Built-in tracers"; OpenEthereum documentation, "JSONRPC trace
module" (Erigon, Nethermind, Reth).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cryptotrace.chains.evm.calltree import CallFrame, CallKind
from cryptotrace.chains.evm.receipt import Receipt
from cryptotrace.chains.evm.tracers import read_call_tracer, read_parity_block, read_parity_trace
from cryptotrace.chains.evm.transaction import WireTransaction
from cryptotrace.errors import SourceLied
from cryptotrace.sources.evm.rpcblocks import WholeBlock
from cryptotrace.sources.evm.rpcread import Node, fields_of, hash_of, is_no_method, listed, tag
from cryptotrace.sources.evm.selfdestruct import without_false_ends
from cryptotrace.sources.foreignjson import Field
from cryptotrace.sources.jsonrpc import Parameter, Reply

#: Gas of a transaction that carries no data and in which no instruction was run.
_NO_INSTRUCTION = 21_000
_TRACER: dict[str, Parameter] = {"tracer": "callTracer", "tracerConfig": {"withLog": True}}
#: How the tree of one transaction is asked for.
_OF_ONE = ("debug_traceTransaction", "trace_transaction")
#: Trees of so many transactions are asked for in one request: they are long.
_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Executed:
    """A transaction whose inside is asked for."""

    transaction: WireTransaction
    """The transaction."""
    receipt: Receipt
    """What it did."""


def tree_without_trace(executed: Executed) -> CallFrame | None:
    """The tree of a transaction in which nothing can have run; None if something may have.

    Source: Ethereum Yellow Paper §6.2 (21 000 gas before the first instruction), and every call costs more.
    """
    tx = executed.transaction
    if tx.to is None or tx.data or executed.receipt.gas_used != _NO_INSTRUCTION or tx.sender is None:
        return None
    return CallFrame(CallKind.CALL, tx.sender, tx.to, tx.value, executed.receipt.succeeded is False, (), ())


class TreeReader:
    """Reads call trees of a node and remembers what it cannot do.

    Args:
        node: who is asked.
        notice: takes a line about what the node lacks.
    """

    def __init__(self, node: Node, notice: Callable[[str], None]) -> None:
        self.lacks: list[str] = []
        """Methods that the node says it does not have."""
        self.notices: dict[str, tuple[str, ...]] = {}
        """What is to be said of a transaction's tree, by txid."""
        self._node = node
        self._notice = notice

    @property
    def has_trees(self) -> bool:
        """False once the node has said that it has no call tree of a transaction."""
        return not set(_OF_ONE) <= set(self.lacks)

    def trees(self, wanted: Sequence[Executed]) -> list[CallFrame | None]:
        """The call tree of each transaction, in order; None where it is not to be had.

        Raises:
            SourceLied: a tree that is not of its transaction.
            MalformedBytes: an answer that cannot be read.
        """
        found = [tree_without_trace(each) for each in wanted]
        asked = [n for n, each in enumerate(found) if each is None]
        for start in range(0, len(asked), _AT_ONCE):
            places = asked[start : start + _AT_ONCE]
            for place, tree in zip(places, self._asked([wanted[n] for n in places]), strict=True):
                found[place] = tree
        return found

    def _asked(self, wanted: Sequence[Executed]) -> list[CallFrame | None]:
        trees: list[CallFrame | None] = [None] * len(wanted)
        for method, more, read in (
            (_OF_ONE[0], [_TRACER], _read_geth),
            (_OF_ONE[1], [], _read_parity),
        ):
            places = [n for n, tree in enumerate(trees) if tree is None]
            if not places or method in self.lacks:
                continue
            rows: list[list[Parameter]] = [[f"0x{wanted[n].transaction.hash}", *more] for n in places]
            for n, reply in zip(places, self._node.many(method, rows), strict=True):
                if self._is_answer(method, reply):
                    trees[n] = self._checked(read(reply.result), wanted[n])
        return trees

    def trees_of_block(self, block: WholeBlock) -> list[CallFrame | None]:
        """The call tree of each transaction of a block, in order; None where it is not to be had.

        Raises:
            SourceLied: a tree that is not of its transaction, or another number of them.
            MalformedBytes: an answer that cannot be read.
        """
        wanted = [Executed(each.transaction, each.receipt) for each in block.entries]
        if all(tree_without_trace(each) for each in wanted):
            return [tree_without_trace(each) for each in wanted]
        height = tag(block.head.ref.height)
        for method, more, read in (
            ("debug_traceBlockByNumber", [_TRACER], self._geth_block),
            ("trace_block", [], self._parity_block),
        ):
            if method in self.lacks:
                continue
            reply = self._node.one(method, height, *more)
            if self._is_answer(method, reply):
                return [
                    self._checked(tree, each) for tree, each in zip(read(reply.result, wanted), wanted, strict=True)
                ]
        return self.trees(wanted)

    def _geth_block(self, result: Field, wanted: Sequence[Executed]) -> list[CallFrame]:
        rows = listed(result)
        txids = [
            hash_of(row["txHash"]) if "txHash" in row else wanted[n].transaction.hash
            for n, row in enumerate(rows[: len(wanted)])
        ]
        self._same_transactions(txids, len(rows), wanted)
        return [_read_geth(row if row["result"].is_null else row["result"]) for row in rows]

    def _parity_block(self, result: Field, wanted: Sequence[Executed]) -> list[CallFrame]:
        trees, _ = read_parity_block([each.value for each in listed(result)])
        self._same_transactions(list(trees), len(trees), wanted)
        return list(trees.values())

    def _same_transactions(self, txids: Sequence[str], count: int, wanted: Sequence[Executed]) -> None:
        expected = [each.transaction.hash for each in wanted]
        if count != len(expected) or list(txids) != expected:
            raise SourceLied(
                f"{self._node.name} gives {count} call trees for a block of {len(expected)} transactions, or not "
                "theirs; ask another source"
            )

    def _is_answer(self, method: str, reply: Reply) -> bool:
        """True for a tree; what the node lacks is remembered and said once."""
        if is_no_method(reply) and method not in self.lacks:
            self.lacks.append(method)
            if method in _OF_ONE and not self.has_trees:
                self._notice(
                    f"{self._node.name} has neither {' nor '.join(_OF_ONE)}: payments inside contracts are not known "
                    "from it, and each transaction says so. A node with the debug or trace module, or an explorer with "
                    "internal transactions, has them"
                )
        return not reply.code and not reply.result.is_null

    def _checked(self, tree: CallFrame, executed: Executed) -> CallFrame:
        """The tree, which must be of that transaction."""
        tx, receipt = executed.transaction, executed.receipt
        payee = receipt.contract_address if tx.to is None else tx.to
        for field, told, is_so in (
            ("sender", tree.caller, tx.sender or tree.caller),
            ("receiver", tree.callee or payee, payee or tree.callee),
            ("value", tx.value if tree.value is None else tree.value, tx.value),
            ("outcome", tree.failed, not (receipt.succeeded if receipt.succeeded is not None else not tree.failed)),
        ):
            if told != is_so:
                raise SourceLied(
                    f"{self._node.name} gives a call tree for transaction {tx.hash} whose {field} is {told}, not "
                    f"{is_so}; do not use this source, ask another one"
                )
        tree, notices = without_false_ends(tree)
        if notices:
            self.notices[tx.hash] = notices
        return tree


def _read_geth(result: Field) -> CallFrame:
    return read_call_tracer(fields_of(result), with_log=True)


def _read_parity(result: Field) -> CallFrame:
    return read_parity_trace([each.value for each in listed(result)])
