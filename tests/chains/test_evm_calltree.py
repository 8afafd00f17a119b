from __future__ import annotations

import contextlib
import csv
import io
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.chains.evm_trees import ALICE, BOB, CAROL, TOKEN, as_parity, frame, transfer, who
from tests.shared_data import manifest_paths, read_data, read_json

from cryptotrace.chains.evm.address import canonical_address
from cryptotrace.chains.evm.calltree import CallFrame, CallKind, has_logs, steps
from cryptotrace.chains.evm.ether import read_ether
from cryptotrace.chains.evm.tracers import RewardRow, read_call_tracer, read_parity_block, read_parity_trace
from cryptotrace.errors import MalformedBytes

Told = dict[str, Any]
#: Block, transactions, rows of calls that moved value inside of transactions, their wei.
_BLOCKS = {
    11935012: (103, 41, 450_336_238_986_737_508_520),
    12674514: (15, 5, 110_932_264_964_359_918),
    13244807: (35, 7, 2_105_132_127_676_904_844),
    13323642: (38, 33, 22_692_719_523_747_438_406),
    13404932: (77, 24, 5_038_194_274_672_505_451),
    13666184: (185, 23, 246_641_237_226_039_232_870),
}


def _units(text: Any) -> int:
    return int(text or "0x0", 16)


def _walked(told: Told) -> list[tuple[str, str, int]]:
    """Payer, payee and wei of what a tree of the call tracer moved, read straight from its JSON."""
    if told.get("error"):
        return []
    value = _units(told.get("value"))
    own = told["type"] in {"CALL", "CREATE", "CREATE2", "SELFDESTRUCT"} and value > 0
    found = [(told["from"], told["to"], value)] if own else []
    return found + [each for call in told.get("calls", []) for each in _walked(call)]


def _row(row: Told) -> tuple[str, str, int]:
    action, kind = row["action"], row["type"]
    if kind == "suicide":
        return action["address"], action["refundAddress"], _units(action["balance"])
    payee = (row.get("result") or {}).get("address") if kind == "create" else action["to"]
    return action["from"], payee or "", _units(action.get("value"))


def _address(row: Told) -> tuple[int, ...]:
    return tuple(row["trace_address"] if "trace_address" in row else row["traceAddress"])


def _filtered(rows: list[Told]) -> list[tuple[str, str, int]]:
    """The same of rows of the trace module, by what stands in front of their addresses."""
    failed = {_address(row) for row in rows if row.get("error")}
    alive = [row for row in rows if not any(_address(row)[:n] in failed for n in range(len(_address(row)) + 1))]
    moving = [row for row in alive if row["type"] != "call" or row["action"].get("callType", "call") == "call"]
    return [each for each in map(_row, moving) if each[2]]


def _moved(root: CallFrame) -> list[tuple[str, str, int]]:
    moves = read_ether(root, keeps=True).moves
    return [(each.payer.lower(), (each.payee or "").lower(), each.units) for each in moves]


def _trace_files() -> list[str]:
    return [each for each in manifest_paths("eth-traces/") if each.endswith(".json")]


# --- recorded traces --------------------------------------------------------------------------------------------------


@pytest.mark.shared
def test_the_value_calls_of_whole_blocks_are_told_apart() -> None:
    kinds: Counter[str] = Counter()
    transactions = 0
    for height, (count, moving, wei) in _BLOCKS.items():
        rows = read_json(f"eth-mevblocks/mev-inspect-py__{height}.json")["traces"]
        trees, rewards = read_parity_block(rows)
        inside = {
            (txid, each.frame.trace_address): each.units
            for txid, tree in trees.items()
            for each in read_ether(tree, keeps=False).moves
            if each.frame is not None and each.frame.trace_address
        }
        assert (len(trees), len(inside), sum(inside.values())) == (count, moving, wei)
        assert [each.units for each in rewards] == [2 * 10**18]
        transactions += len(trees)
        valued = [row for row in rows if row["type"] != "reward" and row["trace_address"] and _row_value(row)]
        for row in valued:
            is_moved = (row["transaction_hash"][2:], _address(row)) in inside
            kinds["moves" if is_moved else row["action"]["callType"]] += 1
        by_txid = {txid: [r for r in rows if r["transaction_hash"] == f"0x{txid}"] for txid in trees}
        for txid, tree in trees.items():
            assert _moved(tree) == _filtered(by_txid[txid])
    assert transactions == 453
    # of the 145 rows with a value of their own call or of the one around it: 2 stand under a call that was reverted
    assert kinds == {"moves": 133, "delegatecall": 10, "call": 2}


def _row_value(row: Told) -> int:
    return _units(row["action"].get("value"))


@pytest.mark.shared
def test_every_recorded_tree_moves_what_its_json_says() -> None:
    files = _trace_files()
    assert len(files) == 57
    moving = 0
    for name in files:
        told = read_json(name)["result"]
        if isinstance(told, list):
            tree, expected = read_parity_trace(told), _filtered(told)
        else:
            tree, expected = read_call_tracer(told), _walked(told)
        assert _moved(tree) == expected, name
        moving += bool(expected)
    assert moving > 10


@pytest.mark.shared
def test_no_account_of_a_recorded_tree_pays_more_than_its_state_before_allows() -> None:
    checked = 0
    for name in _trace_files():
        told = read_json(name)
        before = {account: int(each["balance"], 16) for account, each in told["genesis"]["alloc"].items()}
        result = told["result"]
        tree = read_parity_trace(result) if isinstance(result, list) else read_call_tracer(result)
        held = {account.lower(): units for account, units in before.items()}
        for payer, payee, units in _moved(tree):
            held[payer] = held.get(payer, 0) - units
            held[payee] = held.get(payee, 0) + units
            assert held[payer] >= 0, (name, payer)
            checked += 1
    assert checked == 14


@pytest.mark.shared
@pytest.mark.parametrize("name", ["selfdestruct", "call_tracer_flat__selfdestruct", "suicide"])
def test_a_recorded_self_destruct_moves_the_whole_balance_of_the_state_before(name: str) -> None:
    told = read_json(f"eth-traces/go-ethereum__{name}.json")
    result = told["result"]
    tree = read_parity_trace(result) if isinstance(result, list) else read_call_tracer(result)
    (end,) = [step.frame for step in steps(tree) if step.frame.kind is CallKind.SELFDESTRUCT]
    before = {
        canonical_address(account): int(each["balance"], 16) for account, each in told["genesis"]["alloc"].items()
    }
    assert end.value == before.get(end.caller, 0)


@pytest.mark.shared
def test_trees_with_events_give_them_in_their_order() -> None:
    named = {name: read_json(name) for name in _trace_files()}
    with_log = {n: each for n, each in named.items() if (each.get("tracerConfig") or {}).get("withLog")}
    total = 0
    for told in with_log.values():
        tree = read_call_tracer(told["result"], with_log=True)
        assert has_logs(tree)
        found = [step.log for step in steps(tree) if step.log is not None]
        assert [f"0x{each.data.hex()}" for each in found] == _told_data(told["result"])
        total += len(found)
    assert total > 50


def _told_data(told: Told) -> list[str]:
    """Data of the events of a tree in order, by ``position``, straight from its JSON."""
    if told.get("error"):
        return []
    found: list[str] = []
    logs = told.get("logs", [])
    for number, call in enumerate(told.get("calls", [])):
        found += [each["data"] for each in logs if int(each["position"], 16) == number] + _told_data(call)
    return found + [each["data"] for each in logs if int(each["position"], 16) >= len(told.get("calls", []))]


@pytest.mark.shared
def test_trees_of_the_call_tracer_are_those_of_the_trace_module() -> None:
    """Four blocks that one project recorded from both; old call tracers say nothing of a self-destruct."""
    for height in ("0xf4240", "0xf44f2", "0xf45bf", "0xf7105"):
        stem = "eth-etl/ethereum-etl__web3_response"
        geth = read_json(f"{stem}.debug_traceBlockByNumber_{height}_tracer_calltracer.json")["result"]
        trees, _ = read_parity_block(read_json(f"{stem}.trace_block_{height}.json")["result"])
        for told, parity in zip(geth, trees.values(), strict=True):
            own = read_call_tracer(told["result"])
            if height == "0xf7105":
                assert read_ether(own, keeps=False).untold == ["call.0"]
                assert [each.place for each in read_ether(parity, keeps=False).moves] == ["call.0"]
            else:
                assert _moved(own) == _moved(parity)


def _listed(row: dict[str, str]) -> tuple[str, str, int] | None:
    """What a row of another project's list moves, by its own words for kind and error."""
    is_moving = row["trace_type"] in {"create", "suicide"} or row["call_type"] == "call"
    if not is_moving or row["error"] or not int(row["value"] or 0):
        return None
    return row["from_address"], row["to_address"], int(row["value"])


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "height"),
    [
        ("block_with_error", "0xf45bf"),
        ("block_with_subtraces", "0xf4240"),
        ("block_with_suicide", "0xf7105"),
        ("block_without_transactions", "0x203aea"),
        ("expected_traces", "0xf44f2"),
    ],
)
def test_recorded_rows_move_what_another_project_lists(name: str, height: str) -> None:
    stem = "eth-etl/ethereum-etl__"
    listed = read_data(f"{stem}{name}{'' if name == 'expected_traces' else '__expected_traces'}.csv").decode()
    trees, rewards = read_parity_block(read_json(f"{stem}web3_response.trace_block_{height}.json")["result"])
    rows = list(csv.DictReader(io.StringIO(listed)))
    assert [each for tree in trees.values() for each in _moved(tree)] == [each for each in map(_listed, rows) if each]
    if rows:
        paid = [int(row["value"]) for row in rows if row["trace_type"] == "reward"]
        assert [each.units for each in rewards] == paid


@pytest.mark.shared
@pytest.mark.parametrize("name", ["block_with_error", "block_with_subtraces", "block_with_suicide"])
def test_trees_of_a_geth_export_move_what_another_project_lists(name: str) -> None:
    stem = "eth-etl/ethereum-etl__"
    told = read_json(f"{stem}{name}__geth_traces.json")["transaction_traces"]
    listed = read_data(f"{stem}test_extract_geth_traces_job__{name}__expected_traces.csv").decode()
    expected = [each for each in map(_listed, csv.DictReader(io.StringIO(listed))) if each]
    assert [each for tree in told for each in _moved(read_call_tracer(tree))] == expected


@pytest.mark.shared
def test_rewards_of_a_recorded_block_include_the_uncles() -> None:
    rows = read_json("eth-etl/ethereum-etl__web3_response.trace_block_0x7c0ce.json")["result"]
    _, rewards = read_parity_block(rows)
    miner = "0x2a65Aca4D5fC5B5C859090a6c34d164135398226"
    assert rewards == (RewardRow(False, miner, 5156250000000000000), RewardRow(True, miner, 3750000000000000000))


# --- made trees -------------------------------------------------------------------------------------------------------


def test_what_is_under_a_failed_call_is_undone() -> None:
    inner = frame("CALL", BOB, CAROL, 5)
    told = frame("CALL", ALICE, BOB, 9, frame("CALL", BOB, BOB, 4, inner, error="execution reverted"), inner)
    for tree in (read_call_tracer(told), read_parity_trace(as_parity(told))):
        assert [each.place for each in read_ether(tree, keeps=True).moves] == ["value", "call.1"]


def test_positions_of_events_say_what_came_first() -> None:
    first, second, third = (transfer(ALICE, BOB, n) for n in (1, 2, 3))
    told = frame(
        "CALL",
        ALICE,
        BOB,
        0,
        frame("CALL", BOB, CAROL, 1, logs=((second, 0),)),
        logs=((first, 0), (third, 1)),
    )
    tree = read_call_tracer(told)
    assert [step.log or step.frame.place for step in steps(tree)] == ["value", first, "call.0", second, third]


def test_calls_that_tracers_do_not_agree_on_are_not_counted() -> None:
    hidden = [
        frame("STATICCALL", BOB, "0x" + "0" * 39 + "1"),
        frame("CALL", BOB, "0x" + "0" * 37 + "100"),
        frame("CREATE", BOB, CAROL, 7, error="insufficient balance for transfer"),
        frame("CALL", BOB, CAROL, 7, error="max call depth exceeded"),
    ]
    before, after = transfer(ALICE, BOB, 1), transfer(ALICE, BOB, 2)
    kept = frame("CALL", BOB, CAROL, 5)
    told = frame("CALL", ALICE, BOB, 0, *hidden, kept, *hidden, logs=((before, 4), (after, 9)))
    tree = read_call_tracer(told)
    assert [each.trace_address for each in tree.children] == [(0,)]
    assert [step.log or step.frame.place for step in steps(tree)] == ["value", before, "call.0", after]
    assert read_parity_trace(as_parity(told)).children == tuple(
        read_call_tracer(frame("CALL", ALICE, BOB, 0, kept)).children
    )


def test_a_call_with_value_to_a_precompiled_contract_counts() -> None:
    told = frame("CALL", ALICE, BOB, 0, frame("CALL", BOB, "0x" + "0" * 39 + "4", 3))
    assert [each.units for each in read_ether(read_call_tracer(told), keeps=True).moves] == [3]


def test_an_old_self_destruct_is_of_the_contract_whose_code_it_was_and_its_amount_is_not_told() -> None:
    delegated = frame("DELEGATECALL", BOB, TOKEN, 0, {"type": "SELFDESTRUCT"})
    tree = read_call_tracer(frame("CALL", ALICE, BOB, 0, delegated))
    (end,) = tree.children[0].children
    assert (end.caller, end.callee, end.value) == (BOB, None, None)


def test_without_positions_there_are_no_events() -> None:
    told = frame("CALL", ALICE, BOB, 0, logs=((transfer(ALICE, BOB, 1), 0),))
    assert has_logs(read_call_tracer(told))
    del told["logs"][0]["position"]
    assert read_call_tracer(told).logs is None
    assert read_call_tracer(frame("CALL", ALICE, BOB)).logs is None
    assert read_call_tracer(frame("CALL", ALICE, BOB), with_log=True).logs == ()


def test_a_tree_as_deep_as_the_stack_allows_and_deeper_is_read() -> None:
    told = frame("CALL", ALICE, BOB, 1)
    rows = [as_parity(told)[0]]
    for depth in range(1, 3000):
        rows[-1]["subtraces"] = 1
        rows.append({**as_parity(frame("CALL", BOB, BOB, depth))[0], "traceAddress": [0] * depth})
        told = frame("CALL", BOB, BOB, depth, told)
    assert len(read_ether(read_call_tracer(told), keeps=True).moves) == 3000
    assert len(read_ether(read_parity_trace(rows), keeps=True).moves) == 3000


def test_amounts_as_large_as_a_word_are_exact() -> None:
    told = frame("CALL", ALICE, BOB, 2**256 - 1)
    assert read_call_tracer(told).value == read_parity_trace(as_parity(told)).value == 2**256 - 1


_ROW = as_parity(frame("CALL", ALICE, BOB, 1))[0]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "no row is the transaction itself"),
        ([_ROW, _ROW], "two rows of one transaction"),
        ([{**_ROW, "subtraces": 1}], "rows are missing"),
        ([_ROW, {**_ROW, "traceAddress": [0, 0]}], r"no row is the call around \[0, 0\]"),
        ([{**_ROW, "subtraces": 1}, {**_ROW, "traceAddress": [1]}], "rows are missing"),
        ([{**_ROW, "traceAddress": ["0"]}], "a list of numbers"),
        ([{**_ROW, "type": "genesis"}], "a kind of call expected"),
        ([{**_ROW, "action": None}], "an object expected"),
        ([{**_ROW, "action": {**_ROW["action"], "value": "1"}}], "hex text"),
        (["row"], "an object expected"),
    ],
)
def test_rows_that_are_not_all_of_a_transaction_are_refused(rows: list[Any], words: str) -> None:
    with pytest.raises(MalformedBytes, match=words):
        read_parity_trace(rows)


_FRAME = frame("CALL", ALICE, BOB, 1)


@pytest.mark.parametrize(
    "told",
    [
        {},
        {**_FRAME, "type": "JUMP"},
        {**_FRAME, "type": 5},
        {**_FRAME, "from": "0x12"},
        {**_FRAME, "to": None},
        {**_FRAME, "value": -1},
        {**_FRAME, "value": hex(2**256)},
        {**_FRAME, "calls": [7]},
        {**_FRAME, "calls": {"a": 1}},
        {**_FRAME, "logs": [{"address": who(1), "topics": ["0x12"], "data": "0x", "position": "0x0"}]},
        frame("CALL", ALICE, BOB, logs=((transfer(ALICE, BOB, 1), 1), (transfer(ALICE, BOB, 1), 0))),
    ],
)
def test_answers_that_are_no_tree_are_refused(told: Any) -> None:
    with pytest.raises(MalformedBytes):
        read_call_tracer(told)


_leaves = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 2**70), st.sampled_from(["0x", "0x1", "CALL", "call", "suicide", ALICE])
)
_names = ["type", "from", "to", "value", "calls", "logs", "error", "action", "result", "traceAddress", "subtraces"]
_names += ["callType", "address", "refundAddress", "balance", "topics", "data", "position", "transactionHash"]
_json = st.recursive(
    _leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(_names), inner, min_size=1, max_size=8)
    ),
    max_leaves=30,
)


@given(told=_json, name=st.sampled_from(["", *_names]))
def test_no_answer_raises_anything_but_a_refusal(told: Any, name: str) -> None:
    changed = {**_FRAME, name: told} if name else told
    row = {**_ROW, name: told, "transactionHash": "0x" + "11" * 32} if name else told
    for read in (
        lambda: read_call_tracer(changed),
        lambda: read_parity_trace([row]),
        lambda: read_parity_trace(told if isinstance(told, list) else [_ROW, told]),
        lambda: read_parity_block([row]),
    ):
        with contextlib.suppress(MalformedBytes):
            read()


def test_rewards_of_another_kind_are_refused() -> None:
    row = {"type": "reward", "action": {"rewardType": "emptyStep", "author": who(1), "value": "0x1"}}
    with pytest.raises(MalformedBytes, match="a reward of a block or an uncle"):
        read_parity_block([row])
