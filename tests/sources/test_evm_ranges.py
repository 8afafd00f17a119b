"""Rows over ranges of blocks from nodes that limit them: all rows, each once, or an error."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sources.evmchain import Node as Told
from tests.sources.evmchain import Refusal, Wire

from cryptotrace.errors import NotSupported, SourceLied, SourceUnavailable
from cryptotrace.sources.evm.ranges import RangeReader
from cryptotrace.sources.evm.rpclogs import LogReader, address_in, padded
from cryptotrace.sources.evm.rpcread import Node, tag
from cryptotrace.sources.jsonrpc import BatchChannel, Call


class Limited:
    """A node with rows in its blocks, and limits."""

    def __init__(self, rows: dict[int, int], *, widest: int = 10**9, most: int = 10**9, cut: int = 10**9) -> None:
        self.rows, self.widest, self.most, self.cut = rows, widest, most, cut
        self.asked: list[tuple[int, int]] = []

    def __call__(self, first: str, last: str) -> Any:
        since, until = int(first, 16), int(last, 16)
        self.asked.append((since, until))
        if until - since + 1 > self.widest:
            raise Refusal(-32600, f"block range is too wide, at most {self.widest}")
        found = [[h, n] for h in range(since, until + 1) if h in self.rows for n in range(self.rows[h])]
        if len(found) > self.most:
            raise Refusal(-32005, f"query returned more than {self.most} results")
        return found[: self.cut]

    def reader(self) -> RangeReader:
        node = Node(BatchChannel(Wire(Told(instead={"rows": self})), "rpc:x", version="2.0", target=""))
        return RangeReader(node, "rows", lambda a, b: Call("rows", (tag(a), tag(b))), "an explorer")

    def expected(self) -> list[list[int]]:
        return [[height, n] for height in sorted(self.rows) for n in range(self.rows[height])]


ROWS = st.dictionaries(st.integers(0, 30_000), st.integers(0, 9), max_size=40)


@settings(max_examples=60, deadline=None)
@given(ROWS, st.integers(1, 40_000), st.integers(9, 60))
def test_nothing_is_left_out_and_nothing_comes_twice(rows: dict[int, int], widest: int, most: int) -> None:
    limited = Limited(rows, widest=max(widest, 500), most=most)

    assert [each.value for each in limited.reader().rows(0, 30_000)] == limited.expected()


def test_a_node_that_stops_at_a_round_number_without_a_word_is_seen_through() -> None:
    limited = Limited(dict.fromkeys(range(0, 4000, 3), 7), cut=1_000)

    assert [each.value for each in limited.reader().rows(0, 9_999)] == limited.expected()


def test_ranges_grow_over_quiet_blocks() -> None:
    limited = Limited({19_999_999: 1})

    assert len(list(limited.reader().rows(0, 20_000_000))) == 1
    assert len(limited.asked) < 10


def test_a_limit_is_learned_once() -> None:
    limited = Limited({}, widest=1_000)
    list(limited.reader().rows(0, 49_999))

    assert len([1 for a, b in limited.asked if b - a + 1 > 1_000]) < 5


def test_a_block_with_too_many_rows_is_an_error_and_not_a_gap() -> None:
    limited = Limited({7: 50}, most=20)

    with pytest.raises(SourceUnavailable, match="single block"):
        list(limited.reader().rows(0, 100))


def test_the_evidence_names_every_answer_that_was_used() -> None:
    reader = Limited({1: 1, 8_000: 1}).reader()
    list(reader.rows(0, 9_999))

    assert len(reader.evidence) == 2


def test_a_node_without_the_method_is_not_supported() -> None:
    node = Node(BatchChannel(Wire(Told()), "rpc:x", version="2.0", target=""))
    reader = RangeReader(node, "rows", lambda a, b: Call("eth_nothing", (tag(a), tag(b))), "an explorer")

    with pytest.raises(NotSupported, match="an explorer can"):
        list(reader.rows(0, 5))


# --- events -----------------------------------------------------------------------------------------------------------

CONTRACT = "0x" + "a1" * 20
TOPICS = [b"\1" * 32, b"\2" * 32]


def row(height: int = 1, place: int = 0, **more: Any) -> dict[str, Any]:
    told: dict[str, Any] = {
        "address": CONTRACT,
        "topics": ["0x" + each.hex() for each in TOPICS],
        "data": "0x",
        "transactionHash": "0x" + "cd" * 32,
        "blockHash": "0x" + "ef" * 32,
        "blockNumber": hex(height),
        "transactionIndex": "0x0",
        "logIndex": hex(place),
        "removed": False,
    }
    return told | more


def listing(*rows: dict[str, Any]) -> list[Any]:
    told = Told(instead={"eth_getLogs": lambda _: list(rows)})
    reader = LogReader(Node(BatchChannel(Wire(told), "rpc:x", version="2.0", target="")))
    return list(reader.rows(CONTRACT, [TOPICS[0], None, None][: len(TOPICS)], 0, 9))


def test_events_in_order_are_taken() -> None:
    assert [(e.height, e.log_index) for e in listing(row(1, 0), row(1, 3), row(2, 0))] == [(1, 0), (1, 3), (2, 0)]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([row(address="0x" + "a2" * 20)], "not asked for"),
        ([row(10)], "not asked for"),
        ([row(topics=["0x" + "03" * 32])], "not asked for"),
        ([row(topics=[])], "not asked for"),
        ([row(1, 3), row(1, 0)], "out of order"),
        ([row(1, 3), row(1, 3)], "out of order or twice"),
        ([row(removed=True)], "removed"),
    ],
)
def test_events_that_do_not_answer_the_question_are_refused(rows: list[dict[str, Any]], words: str) -> None:
    with pytest.raises(SourceLied, match=words):
        listing(*rows)


def test_an_address_in_a_word() -> None:
    address = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"

    assert address_in(padded(address)) == address
    assert address_in(b"\1" * 32) is None
    assert address_in(b"") is None
