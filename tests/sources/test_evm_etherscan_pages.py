"""Listings beyond what one question gives: nothing is cut at 10,000 rows, and what cannot be had is named."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.nodes.etherscanserver import WINDOW, Json
from tests.nodes.explorerworld import FIRST, USDT, Small, small_world, who
from tests.sources.test_evm_etherscan import ETHER, TETHER, acc, opened

from cryptotrace.errors import NotSupported, SourceLied
from cryptotrace.sources.evm.etherscanlist import Listed, Lister
from cryptotrace.sources.evm.etherscanread import Said
from cryptotrace.sources.foreignjson import Field

BUSY = "0x" + "b0" * 20
ALL = (0, 10**8, 10**6)


def row(number: int, height: int) -> Json:
    """A row of a list of transactions."""
    return {
        "blockNumber": str(height),
        "hash": f"0x{number:064x}",
        "transactionIndex": "0",
        "from": BUSY,
        "to": who("a"),
        "contractAddress": "",
        "value": "1",
        "confirmations": "1",
    }


@pytest.fixture(scope="module")
def small() -> Small:
    return small_world()


@contextmanager
def with_rows(small: Small, action: str, rows: list[Json]) -> Iterator[None]:
    small.world.extra[action] = rows
    try:
        yield
    finally:
        small.world.extra.clear()


def spread(count: int, each_block: int, first: int = 1) -> list[Json]:
    """So many rows, ``each_block`` of them in each block."""
    return [row(n, first + n // each_block) for n in range(count)]


# --- over the server --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "each_block"), [(WINDOW + 1, 1), (WINDOW, 7), (25_003, 900), (30_000, 9_999)])
def test_nothing_is_cut_at_ten_thousand_rows(small: Small, count: int, each_block: int) -> None:
    with with_rows(small, "txlist", spread(count, each_block)), opened(small) as (found, _):
        history = found.pot_history(acc(BUSY), ETHER, *ALL)
    assert len(history.txids) == count
    assert history.problem == ""
    assert history.txids == tuple(f"{n:064x}" for n in range(count))


def test_a_block_with_more_rows_than_can_be_had_is_named_and_the_rest_is_listed(small: Small) -> None:
    rows = [*spread(5, 1), *spread(WINDOW + 2, WINDOW + 2, 100), row(77_777, 101)]
    rows = [each | {"hash": f"0x{n:064x}"} for n, each in enumerate(rows)]
    with with_rows(small, "txlist", rows), opened(small) as (found, _):
        history = found.pot_history(acc(BUSY), ETHER, *ALL)
    assert f"block 100 has more rows of txlist than the {WINDOW}" in history.problem
    assert not history.is_crowded
    assert f"{len(rows) - 1:064x}" in history.txids
    assert len(history.txids) == len(rows) - 2


@pytest.mark.parametrize("cap", [1, 7, 100, 999])
def test_a_server_that_gives_shorter_pages_than_it_is_asked_for_is_read_to_the_end(small: Small, cap: int) -> None:
    count = 3 * cap + 2
    with with_rows(small, "txlist", spread(count, 1)), opened(small, page=max(cap, 2)) as (found, _):
        history = found.pot_history(acc(BUSY), ETHER, *ALL)
    assert (len(history.txids), history.problem) == (count, "")


def test_a_full_page_of_one_block_on_a_server_with_short_pages_is_not_taken_for_all(small: Small) -> None:
    rows = spread(11, 10, 5)
    with with_rows(small, "txlist", rows), opened(small, page=4) as (found, _):
        history = found.pot_history(acc(BUSY), ETHER, *ALL)
    assert (len(history.txids), history.problem) == (11, "")


def test_the_listing_stops_where_an_account_is_crowded(small: Small) -> None:
    with with_rows(small, "txlist", spread(50_000, 1)), opened(small) as (found, server):
        history = found.pot_history(acc(BUSY), ETHER, 0, 10**8, 2_500)
        pages = [path for path in server.received if "action=txlist&" in path]
    assert history.is_crowded
    assert (len(history.txids), len(pages)) == (2_500, 3)


def test_tokens_are_read_in_the_same_way(small: Small) -> None:
    rows = [each | {"contractAddress": USDT} for each in spread(WINDOW + 500, 3)]
    with with_rows(small, "tokentx", rows), opened(small) as (found, _):
        history = found.pot_history(acc(BUSY), TETHER, *ALL)
    assert (len(history.txids), history.problem) == (WINDOW + 500, "")


def log_row(number: int, height: int) -> Json:
    """A row of a list of events."""
    return {
        "address": USDT,
        "topics": ["0x" + "12" * 32],
        "data": "0x",
        "blockNumber": hex(height),
        "blockHash": f"0x{height:064x}",
        "timeStamp": "0x1",
        "logIndex": hex(number),
        "transactionHash": f"0x{number:064x}",
        "transactionIndex": "0x",
    }


@pytest.mark.parametrize("flavour", ["etherscan", "blockscout"])
def test_events_are_read_to_the_end_a_thousand_at_a_time(small: Small, flavour: str) -> None:
    rows = [log_row(n, FIRST - 9_000 + n // 3) for n in range(12_000)]
    with with_rows(small, "getLogs", rows), opened(small, flavour) as (found, _):
        events = found.logs(acc(USDT), [bytes.fromhex("12" * 32)], 0, FIRST - 1).entries
    assert [e.txid for e in events] == [f"{n:064x}" for n in range(12_000)]


def test_a_block_with_more_events_than_can_be_had_is_refused(small: Small) -> None:
    rows = [log_row(n, 7) for n in range(1_001)]
    with (
        with_rows(small, "getLogs", rows),
        opened(small, "blockscout") as (found, _),
        pytest.raises(NotSupported, match="block 7 has more events than the 1000"),
    ):
        found.logs(acc(USDT), [bytes.fromhex("12" * 32)], 0, 100)


# --- the lister by itself ---------------------------------------------------------------------------------------------


class Rows:
    """A server that gives at most ``cap`` rows of a page, and no row beyond its window."""

    def __init__(self, heights: list[int], cap: int, window: int) -> None:
        self.rows = [{"n": n, "blockNumber": h, "confirmations": 1} for n, h in enumerate(sorted(heights))]
        self.cap, self.window, self.asked = cap, window, 0

    def ask(self, start: int, page: int, size: int) -> Said:
        self.asked += 1
        assert page * size <= self.window
        there = [row | {"confirmations": self.asked} for row in self.rows if row["blockNumber"] >= start]
        return Said(Field(there[(page - 1) * size : page * size][: self.cap], "rows", ""), str(self.asked))

    def read(self, page: int) -> Listed:
        height: Any = lambda row: row.value["blockNumber"]  # noqa: E731
        return Lister("server", "rows", self.ask, height, page=page, window=self.window).read(0, 10**6)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 20), max_size=120), st.integers(1, 30), st.integers(1, 20), st.integers(2, 6))
def test_a_listing_is_whole_or_names_each_block_that_is_not(
    heights: list[int], cap: int, page: int, pages: int
) -> None:
    found = Rows(heights, cap, page * pages).read(page)
    numbers = [each.value["n"] for each in found.rows]
    assert len(set(numbers)) == len(numbers)
    assert sorted(numbers) == numbers
    lacking = {h for n, h in enumerate(sorted(heights)) if n not in numbers}
    named = {int(problem.split()[1]) for problem in found.problems}
    assert lacking <= named
    assert all(heights.count(height) >= page * pages - max(page, cap) for height in named)


def test_rows_that_vanish_are_reordered_or_never_end_are_a_lie() -> None:
    calls: list[int] = []

    def rows(*numbered: tuple[int, int]) -> Said:
        return Said(Field([{"n": n, "blockNumber": height} for n, height in numbered], "rows", ""), "")

    def vanishing(start: int, page: int, size: int) -> Said:
        return rows((1, 4), (2, 5)) if start == 0 else rows((3, 6))

    def reordered(start: int, page: int, size: int) -> Said:
        return rows((1, 5), (2, 4))

    def endless(start: int, page: int, size: int) -> Said:
        calls.append(start)
        return rows(*((len(calls) * size + n, max(start, 5)) for n in range(size)))

    def lister(ask: Any) -> Lister:
        return Lister("server", "rows", ask, lambda row: int(row.value["blockNumber"]), page=2, window=2)

    with pytest.raises(SourceLied, match="leaves them out now"):
        lister(vanishing).read(0, 10)
    with pytest.raises(SourceLied, match="reordered or invented"):
        lister(reordered).read(0, 10)
    with pytest.raises(SourceLied, match="leaves them out now"):
        lister(endless).read(0, 10)
    found = lister(endless).read(5, 10**6)
    assert "the listing was stopped" in found.problems[-1]
