"""Call trees from nodes, and ends of contracts that some of them tell wrongly."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.sources.evmchain import ALICE, BOB, SPLITTER, Node, Wire, chain, local, source

from cryptotrace.chains.evm.address import canonical_address
from cryptotrace.chains.evm.calltree import CallFrame, CallKind
from cryptotrace.errors import SourceLied
from cryptotrace.sources.evm.rpcblocks import BlockReader
from cryptotrace.sources.evm.rpcread import Node as Asked
from cryptotrace.sources.evm.selfdestruct import without_false_ends
from cryptotrace.sources.evm.tracing import Executed, TreeReader, tree_without_trace
from cryptotrace.sources.jsonrpc import BatchChannel


def reader(node: Node, notices: list[str] | None = None) -> tuple[TreeReader, BlockReader]:
    asked = Asked(BatchChannel(Wire(node), "rpc:x", version="2.0", target=""))
    say = (notices if notices is not None else []).append
    return TreeReader(asked, say), BlockReader(asked, local(), say)


def executed(height: int, index: int = 0) -> Executed:
    block = chain().blocks[height]
    return Executed(block.transactions[index], block.receipts[index])


def test_a_transaction_in_which_nothing_can_have_run_needs_no_trace() -> None:
    node = Node()
    (tree,) = reader(node)[0].trees([executed(1)])

    assert tree is not None
    assert (tree.caller, tree.callee, tree.value, tree.children) == (ALICE.address, BOB.address, 5, ())
    assert not node.asked
    assert tree_without_trace(executed(2)) is None
    spent_more = executed(1)
    spent_more = replace(spent_more, receipt=replace(spent_more.receipt, gas_used=21_001))
    assert tree_without_trace(spent_more) is None


def parity(height: int, index: int) -> list[dict[str, Any]]:
    """The trace module's words for a tree of one level."""
    told = chain().blocks[height].trees[index]
    rows = []
    for at, each in [([], told), *(([n], child) for n, child in enumerate(told.get("calls", ())))]:
        action = {"callType": "call", "gas": "0x1", "input": "0x", **{k: each[k] for k in ("from", "to", "value")}}
        rows.append({"type": "call", "action": action, "traceAddress": at, "subtraces": len(each.get("calls", ())) if not at else 0,
                     "result": {"gasUsed": "0x1", "output": "0x"}, "transactionHash": f"0x{chain().txid(height, index)}",
                     "transactionPosition": index, "blockNumber": height})  # fmt: skip
    return rows


def test_the_trace_module_where_there_is_no_debug_module() -> None:
    node = Node(lacks={"debug_"}, instead={"trace_transaction": lambda _: parity(2, 1)})
    trees, _ = reader(node)
    (found,) = trees.trees([executed(2, 1)])
    (expected,) = reader(Node())[0].trees([executed(2, 1)])

    assert found is not None
    assert expected is not None
    assert [(c.caller, c.callee, c.value, c.place) for c in found.children] == [
        (c.caller, c.callee, c.value, c.place) for c in expected.children
    ]
    assert trees.lacks == ["debug_traceTransaction"]
    assert trees.has_trees


def test_whole_blocks_by_either_module() -> None:
    blocks = Node(lacks={"debug_"}, instead={"trace_block": lambda _: [*parity(2, 0), *parity(2, 1)]})
    for node in (Node(), blocks, Node(lacks={"debug_traceBlock"})):
        trees, reads = reader(node)
        found = trees.trees_of_block(reads.whole(2))
        assert [None if tree is None else len(tree.children) for tree in found] == [0, 2]
    trees, reads = reader(node := Node())
    assert len(trees.trees_of_block(reads.whole(1))) == 1
    assert not [method for method, _ in node.asked if method.startswith("debug")]


def test_what_a_node_lacks_is_said_once_and_not_asked_again() -> None:
    notices: list[str] = []
    node = Node(lacks={"debug_", "trace_"})
    trees, reads = reader(node, notices)
    for _ in range(3):
        assert trees.trees([executed(2), executed(2, 1)]) == [None, None]
        assert trees.trees_of_block(reads.whole(2)) == [None, None]

    assert len(notices) == 1
    assert "internal transactions" in notices[0]
    assert not trees.has_trees
    assert len([1 for method, _ in node.asked if "trace" in method]) == 6


def test_a_tree_that_one_transaction_has_not_is_missing_for_that_one() -> None:
    def some(txid: str, _: Any) -> Any:
        return None if txid == f"0x{chain().txid(2)}" else chain().blocks[2].trees[1]

    trees, _ = reader(Node(lacks={"trace_"}, instead={"debug_traceTransaction": some}))

    assert [tree is None for tree in trees.trees([executed(2), executed(2, 1)])] == [True, False]


@pytest.mark.parametrize(
    "change", [{"from": BOB.address.lower()}, {"value": "0x1"}, {"error": "execution reverted"}, {"to": SPLITTER}]
)
def test_a_tree_that_does_not_fit_its_transaction_is_refused(change: dict[str, str]) -> None:
    node = Node(instead={"debug_traceTransaction": lambda *_: chain().blocks[2].trees[0] | change})

    with pytest.raises(SourceLied, match="call tree"):
        reader(node)[0].trees([executed(2)])


def test_a_block_with_trees_of_others_or_too_few_is_refused() -> None:
    rows = Node().debug_traceBlockByNumber("0x2", None)
    for told in (rows[:1], rows[::-1], [*rows, rows[0]]):
        trees, reads = reader(Node(instead={"debug_traceBlockByNumber": lambda *_, told=told: told}))
        with pytest.raises(SourceLied, match="call trees for a block"):
            trees.trees_of_block(reads.whole(2))


# --- ends of contracts ------------------------------------------------------------------------------------------------

A, B, C = (canonical_address("0x" + each * 20) for each in ("01", "02", "03"))


def frame(
    kind: CallKind, caller: str, callee: str, value: int, at: tuple[int, ...] = (), *children: CallFrame
) -> CallFrame:
    return CallFrame(kind, caller, callee, value, False, at, None, children)


def end(caller: str, callee: str, value: int, *at: int) -> CallFrame:
    return frame(CallKind.SELFDESTRUCT, caller, callee, value, at)


def test_a_true_end_stays() -> None:
    root = frame(CallKind.CALL, A, B, 7, (), end(B, C, 7, 0))

    assert without_false_ends(root) == (root, ())


def test_an_end_that_repeats_the_call_before_it_is_left_out_and_named() -> None:
    """What anvil tells of a contract that ends itself in its own favour: payer, payee and value of the call."""
    inner = frame(CallKind.CALL, B, C, 3, (0,), end(B, C, 3, 0, 0))
    root = frame(CallKind.CALL, A, B, 7, (), inner, end(A, B, 7, 1))
    found, notices = without_false_ends(root)

    assert [len(found.children), len(found.children[0].children)] == [1, 0]
    assert found.children[0].value == 3
    assert set(notices) == {f"self-destruct-of-another-account call.{at}: not counted" for at in ("0.0", "1")}


def test_code_that_is_lent_ends_the_account_that_runs_it() -> None:
    lent = frame(CallKind.DELEGATECALL, B, C, 0, (0,), end(B, A, 7, 0, 0))
    root = frame(CallKind.CALL, A, B, 7, (), lent)

    assert without_false_ends(root) == (root, ())
    wrong = frame(CallKind.CALL, A, B, 7, (), replace(lent, children=(end(C, A, 7, 0, 0),)))
    assert without_false_ends(wrong)[1]


def test_an_end_that_may_be_true_stays_with_a_notice() -> None:
    root = frame(CallKind.CALL, A, B, 0, (), frame(CallKind.CALL, B, C, 3, (0,)), end(B, C, 3, 1))
    found, notices = without_false_ends(root)

    assert found == root
    assert notices == ("self-destruct-repeats-a-payment call.1: check the balance",)


def test_a_deep_tree_is_no_problem() -> None:
    deep = end(A, A, 1, *[0] * 1_025)
    for depth in range(1_024, -1, -1):
        deep = frame(CallKind.CALL, B, B, 0, (0,) * depth, deep)
    found, notices = without_false_ends(deep)

    assert len(notices) == 1
    levels = 0
    while found.children:
        (found,) = found.children
        levels += 1
    assert levels == 1_024


def test_the_notice_reaches_the_transaction() -> None:
    tree = chain().blocks[2].trees[1]
    false = {"type": "SELFDESTRUCT", "from": BOB.address.lower(), "to": SPLITTER, "value": "0xa", "input": "0x"}
    told = tree | {"calls": [*tree["calls"], false]}
    with source(Node(instead={"debug_traceTransaction": lambda *_: told})) as opened:
        (tx,) = opened.account_transactions([chain().txid(2, 1)])

    assert [m.units for m in tx.movements if not m.place.startswith("fee")] == [10, 4, 6]
    assert tx.notices == ("self-destruct-of-another-account call.2: not counted",)
