"""The parts of the explorer's adapter by themselves: words of servers, internal calls, rows, and answers gone wrong."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.nodes.etherscanserver import Json
from tests.nodes.explorerworld import USDT, Small, small_world, who
from tests.sources.test_evm_etherscan import ETHER, TETHER, WHOLE, acc, opened

from cryptotrace.chains.evm.address import canonical_address
from cryptotrace.chains.evm.calltree import CallFrame, CallKind, steps
from cryptotrace.errors import CryptotraceError, MalformedBytes, NotSupported, SourceLied, SourceUnavailable
from cryptotrace.evidence.recorder import MemoryRecorder
from cryptotrace.model.block import Tip
from cryptotrace.sources.evm import KINDS
from cryptotrace.sources.evm.etherscancalls import ListedCall, arranged, call_tree, read_call
from cryptotrace.sources.evm.etherscanpots import height_of_log, topics_of
from cryptotrace.sources.evm.etherscanread import Explorer, Flavour, hex_number, number
from cryptotrace.sources.evm.etherscanstate import newest
from cryptotrace.sources.evm.rpcread import Node
from cryptotrace.sources.foreignjson import Field
from cryptotrace.sources.jsonrpc import Call
from cryptotrace.sources.transport import Answer, Request

A, B, C = (canonical_address("0x" + digit * 40) for digit in "123")


class Says:
    """Answers everything with what it is given, one after the other, and the last one for ever."""

    def __init__(self, *answers: Any, status: int = 200) -> None:
        self.tip: Tip | None = None
        self.asked: list[Request] = []
        self._answers = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in answers]
        self._status = status

    def ask(self, request: Request) -> Answer:
        self.asked.append(request)
        body = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return Answer(self._status, body, "digest")

    def close(self) -> None:
        """Nothing."""


def explorer(says: Says, flavour: Flavour = Flavour.ETHERSCAN) -> tuple[Explorer, list[float]]:
    waits: list[float] = []
    return Explorer(says, "etherscan:http://x", 1, flavour, patience=3, sleep=waits.append), waits


def no(text: Any, message: str = "NOTOK") -> Json:
    return {"status": "0", "message": message, "result": text}


# --- words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        no([], "No transactions found"),
        no([], "No records found"),
        no(None, "No internal transactions found"),
        no([], "No token transfers found"),
        no("", "No logs found"),
        {"status": "1", "message": "OK", "result": []},
        {"status": "1", "message": "OK-Missing/Invalid API Key, rate limit of 1/5sec applied", "result": []},
    ],
)
def test_nothing_found_is_an_empty_answer(answer: Json) -> None:
    asked, waits = explorer(Says(answer))
    assert asked.ask("account", "txlist").rows() == []
    assert waits == []


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        (
            no("Sorry, it looks like you are trying to access an API Pro endpoint."),
            NotSupported,
            "does not offer txlist",
        ),
        (no("Free API access is not supported for this chain. Please upgrade your api plan"), NotSupported, "offer"),
        (no("Error! Missing Or invalid Action name"), NotSupported, "offer"),
        (no("Invalid API Key"), SourceUnavailable, "refuses the key"),
        (no("Missing/Invalid API Key"), SourceUnavailable, "write key=env:NAME"),
        (no("Query Timeout occured."), SourceUnavailable, "refuses txlist: NOTOK: Query Timeout"),
        (
            no("Result window is too large, PageNo x Offset size must be less than or equal to 10000"),
            SourceUnavailable,
            "window",
        ),
        (no([], "Something else"), SourceUnavailable, "Something else"),
        (no([{"a": 1}], "No transactions found"), SourceLied, "with rows and with the error"),
        (no({}), SourceUnavailable, "NOTOK"),
        ({"status": "1"}, SourceUnavailable, "without a word"),
        ({"status": 1, "result": []}, SourceUnavailable, "without a word"),
        ([], SourceLied, "does not answer in JSON"),
        (b"<html>", SourceLied, "does not answer in JSON"),
    ],
)
def test_every_refusal_is_told_by_its_words(answer: Any, error: type[Exception], says: str) -> None:
    asked, _ = explorer(Says(answer))
    with pytest.raises(error, match=says):
        asked.ask("account", "txlist")


@pytest.mark.parametrize(
    "busy",
    [
        no("Max rate limit reached, please use API Key for higher rate limit"),
        no("Max calls per sec rate limit reached (3/sec)"),
        no("Too many invalid api key attempts, please try again later"),
        {"jsonrpc": "2.0", "id": 1, "error": {"code": -32005, "message": "daily request count exceeded: rate limit"}},
    ],
)
def test_a_server_that_has_no_time_is_waited_for_longer_and_longer(busy: Json) -> None:
    asked, waits = explorer(Says(busy, busy, {"status": "1", "message": "OK", "result": []}))
    assert asked.ask("account", "txlist").rows() == []
    assert waits == [1.0, 2.0]

    asked, waits = explorer(Says(busy))
    with pytest.raises(SourceUnavailable, match="also after 3 waits"):
        asked.call([Call("eth_blockNumber")])
    assert waits == [1.0, 2.0, 4.0]


def test_an_http_error_is_told_with_its_status() -> None:
    asked, _ = explorer(Says(b"forbidden", status=403))
    with pytest.raises(SourceUnavailable, match="HTTP 403"):
        asked.ask("account", "txlist")


def test_questions_carry_the_chain_and_methods_their_named_parameters() -> None:
    says = Says({"jsonrpc": "2.0", "id": 1, "result": "0x10"})
    asked, _ = explorer(says)
    assert newest(Node(asked)) == 16
    asked.call([Call("eth_getBlockByNumber", ("0x5", False)), Call("eth_call", ({"to": A, "data": "0x01"}, "latest"))])
    assert [each.target for each in says.asked] == [
        "?chainid=1&module=proxy&action=eth_blockNumber",
        "?chainid=1&module=proxy&action=eth_getBlockByNumber&tag=0x5&boolean=false",
        f"?chainid=1&module=proxy&action=eth_call&to={A}&data=0x01&tag=latest",
    ]
    with pytest.raises(NotSupported, match="has no eth_getProof"):
        asked.call([Call("eth_getProof", (A,))])

    says = Says({"jsonrpc": "2.0", "id": 1, "result": "0x10"})
    asked, _ = explorer(says, Flavour.BLOCKSCOUT)
    asked.call([Call("eth_getBlockByNumber", ("0x5", False))])
    assert (says.asked[0].verb, says.asked[0].target) == ("POST", "/eth-rpc")
    assert json.loads(says.asked[0].body)["params"] == ["0x5", False]


@pytest.mark.parametrize("value", ["", "x", "-1", "1.5", "٣", 1.5, None, True, [], "1" * 79, str(2**256)])
def test_numbers_are_decimal_text_of_at_most_256_bits(value: Any) -> None:
    assert number(Field(str(2**256 - 1), "x", "f")) == 2**256 - 1
    assert number(Field(7, "x", "f")) == 7
    assert hex_number(Field("0x", "x", "f")) == 0
    with pytest.raises(MalformedBytes):
        number(Field(value, "x", "f"))
    with pytest.raises(MalformedBytes):
        hex_number(Field(value, "x", "f"))


# --- internal calls ---------------------------------------------------------------------------------------------------


def row(**changes: Any) -> Field:
    cells = {"type": "call", "from": A, "to": B, "value": "5", "isError": "0", "contractAddress": "", "traceId": "0_2"}
    return Field({**cells, **changes}, "row", "")


def test_a_row_is_read_with_its_place_its_kind_and_its_failure() -> None:
    call = read_call(row())
    assert call == ListedCall(CallKind.CALL, A, B, 5, False, (0, 2), None)
    made = read_call(row(type="create2", to="", contractAddress=C))
    assert made is not None
    assert (made.kind, made.callee) == (CallKind.CREATE, C)
    ended = read_call(row(type="suicide", isError="1", traceId=""))
    assert ended is not None
    assert (ended.kind, ended.failed, ended.trace) == (CallKind.SELFDESTRUCT, True, None)
    lent = read_call(row(type="call", callType="delegatecall"))
    assert lent is not None
    assert (lent.kind, lent.moves) == (CallKind.DELEGATECALL, False)
    assert read_call(row(index="0")) is None


@pytest.mark.parametrize(
    "changes",
    [{"traceId": "x"}, {"traceId": 5}, {"value": "-1"}, {"from": ""}, {"to": "nobody"}, {"type": None}, {"index": "x"}],
)
def test_a_row_that_cannot_be_read_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(MalformedBytes):
        read_call(row(**changes))


def listed(
    trace: tuple[int, ...] | None, value: int = 1, *, failed: bool = False, index: int | None = None
) -> ListedCall:
    return ListedCall(CallKind.CALL, A, B, value, failed, trace, index)


def test_what_is_under_a_failed_call_is_undone() -> None:
    calls = [listed((0,), failed=True), listed((0, 1)), listed((0, 1, 4)), listed((1,)), listed((10,)), listed((2,))]
    found = arranged([listed(None, c.value, failed=c.failed) for c in calls], calls)
    assert [call.trace for call in found.calls] == [(1,), (2,), (10,)]
    assert (found.is_placed, found.missing) == (True, ())


def test_places_are_used_only_if_they_are_those_of_all_that_moved() -> None:
    bare = [listed(None, 1), listed(None, 2)]
    some = arranged(bare, [listed((0,), 1)])
    other = arranged(bare, [listed((0,), 1), listed((1,), 3)])
    assert (some.is_placed, other.is_placed) == (False, False)
    assert [call.value for call in some.calls] == [1, 2]
    assert arranged((), ()).is_placed


def test_an_order_by_index_is_an_order_without_places() -> None:
    found = arranged([listed(None, 1, index=9), listed(None, 2, index=3)], ())
    assert [call.value for call in found.calls] == [2, 1]
    assert (found.is_ordered, found.is_placed) == (True, False)


@given(st.lists(st.tuples(st.lists(st.integers(0, 3), min_size=1, max_size=4), st.booleans(), st.integers(0, 3))))
def test_what_stands_in_the_tree_is_what_no_failed_call_holds(rows: list[tuple[list[int], bool, int]]) -> None:
    by_trace = {tuple(way): (failed, value) for way, failed, value in rows}
    calls = [listed(way, value, failed=failed) for way, (failed, value) in by_trace.items()]
    found = arranged([listed(None, c.value, failed=c.failed) for c in calls], calls)
    top = CallFrame(CallKind.CALL, A, B, 0, False, (), None)
    moved = [step.frame for step in steps(call_tree(found, top)) if step.frame.value and step.frame.trace_address]

    def undone(way: tuple[int, ...]) -> bool:
        return any(by_trace.get(way[:n], (False, 0))[0] for n in range(1, len(way) + 1))

    expected = sorted(way for way, (_, value) in by_trace.items() if value and not undone(way))
    assert [frame.trace_address for frame in moved] == expected


# --- rows of events ---------------------------------------------------------------------------------------------------


def test_topics_that_are_filled_up_with_null_are_not_topics() -> None:
    given_row = Field({"topics": ["0x" + "ab" * 32, None, None, None], "blockNumber": "0x10"}, "row", "")
    assert topics_of(given_row) == (bytes.fromhex("ab" * 32),)
    assert height_of_log(given_row) == 16
    with pytest.raises(MalformedBytes):
        topics_of(Field({"topics": ["0x12"]}, "row", ""))


# --- answers gone wrong -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small() -> Small:
    return small_world()


ODD: tuple[Any, ...] = (None, "", "0x", "x", -1, 2**300, [], {}, True, "0x" + "f" * 65, ["a"], {"result": 1}, 10**30)


def spoilt(answer: Any, rng: random.Random) -> Any:
    """The answer with one of its leaves replaced by something odd."""
    copy = json.loads(json.dumps(answer))
    at, key = [copy], 0
    node: Any = copy
    holder: Any = at
    while isinstance(node, dict | list) and node and rng.random() < 0.85:
        holder, key = node, rng.choice(list(node) if isinstance(node, dict) else range(len(node)))
        node = holder[key]
    holder[key] = rng.choice(ODD)
    return at[0]


@pytest.mark.parametrize("flavour", ["etherscan", "blockscout"])
@pytest.mark.parametrize("seed", range(12))
def test_no_answer_raises_anything_but_errors_of_the_library(small: Small, flavour: str, seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(25):
        target = rng.randrange(1, 12)
        count = 0

        def change(action: str, told: Json) -> Json:
            nonlocal count
            count += 1
            return spoilt(told, rng) if count == target else told  # noqa: B023 - used before the next round

        try:
            with opened(small, flavour, MemoryRecorder(), change=change) as (found, _):
                found.pot_history(acc("d"), TETHER, *WHOLE)
                found.pot_history(acc("a"), ETHER, *WHOLE)
                list(found.account_transactions([small.txid("inside"), small.txid("tokens")]))
                found.pot_balance(acc("a"), ETHER)
                found.logs(acc(USDT), [], 0, 10**8)
        except CryptotraceError:
            continue


def test_the_kinds_are_named() -> None:
    assert {"etherscan", "blockscout", "csv", "etl"} <= KINDS.keys()
    assert who("a") == who("a").lower()
