"""Listings read to the end, by the page: what goes on, what is asked again, what is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptotrace.errors import MalformedBytes, SourceLied
from cryptotrace.sources.transport import Answer, Request
from cryptotrace.sources.tron.pages import PAGE, Listing

Query = dict[str, str]


def _listing(script: Callable[[Query], tuple[int, Any]], times: tuple[int, int] = (0, 1000)) -> Listing:
    def ask(request: Request) -> Answer:
        query = {name: values[-1] for name, values in parse_qs(urlsplit(request.target).query).items()}
        status, said = script(query)
        return Answer(status, json.dumps(said).encode(), "digest")

    return Listing(ask, "trongrid:x", "/v1/accounts/T/transactions", times, {"search_internal": "false"})


def _server(times: list[int], page: int, window: int = 10**9, loop: bool = False) -> Callable[[Query], tuple[int, Any]]:
    """A server with one row for each time; fingerprints are row numbers, as far as the window goes."""
    rows = [{"block_timestamp": time, "number": number} for number, time in enumerate(sorted(times))]

    def answer(query: Query) -> tuple[int, Any]:
        low, high, start = int(query["min_timestamp"]), int(query["max_timestamp"]), int(query.get("fingerprint", 0))
        there = [row for row in rows if low <= row["block_timestamp"] <= high]
        if start >= window:
            return 400, {"success": False, "error": "window"}
        more = start + page < len(there)
        meta = {"fingerprint": str(start if loop and start else start + page)} if more else {}
        return 200, {"success": True, "data": there[start : start + page], "meta": meta}

    return answer


def _read(listing: Listing) -> list[int]:
    return [row.json["number"].integer() for row in listing]


@given(
    st.lists(st.integers(0, 30), max_size=40),
    st.integers(1, 7),
    st.integers(1, 20),
    st.booleans(),
)
def test_every_row_once_or_it_says_so(times: list[int], page: int, window: int, loop: bool) -> None:
    listing = _listing(_server(times, page, window, loop))
    found = _read(listing)
    assert len(set(found)) == len(found)
    assert found == sorted(found)
    if listing.problem:
        assert len(found) < len(times)
    else:
        assert found == list(range(len(times)))


def test_only_the_times_that_were_asked_for() -> None:
    assert _read(_listing(_server([1, 5, 9], 2), (2, 8))) == [1]
    with pytest.raises(SourceLied, match="when asked for 5 to 8"):
        _read(_listing(lambda _: (200, {"success": True, "data": [{"block_timestamp": 4}], "meta": {}}), (5, 8)))


def test_the_same_rows_of_one_block_are_kept() -> None:
    """Two equal transfers in one block are two rows; asked for again, they are not four."""
    rows = [
        {"block_timestamp": 3, "number": 7},
        {"block_timestamp": 3, "number": 7},
        {"block_timestamp": 4, "number": 8},
    ]

    def answer(query: Query) -> tuple[int, Any]:
        there = [row for row in rows if row["block_timestamp"] >= int(query["min_timestamp"])]
        if "fingerprint" in query:
            return 400, {"success": False, "error": "window"}
        return 200, {"success": True, "data": there[:2], "meta": {"fingerprint": "x"} if len(there) > 2 else {}}

    listing = _listing(answer)
    assert _read(listing) == [7, 7]
    assert "window" in listing.problem  # the rest of the listing cannot be reached behind two rows a page


def _forgetful(times: list[int]) -> Callable[[Query], tuple[int, Any]]:
    """A server that gives ``PAGE`` rows at once and never says that there are more."""
    whole = _server(times, PAGE)

    def answer(query: Query) -> tuple[int, Any]:
        status, said = whole(query)
        return status, {**said, "meta": {}}

    return answer


@pytest.mark.parametrize("count", [PAGE - 1, PAGE, PAGE + 1, 3 * PAGE])
def test_a_full_page_without_a_fingerprint_is_asked_again_from_its_last_time(count: int) -> None:
    listing = _listing(_forgetful(list(range(count))))
    assert _read(listing) == list(range(count))
    assert listing.problem == ""


@pytest.mark.parametrize(("count", "until"), [(PAGE, 1000), (PAGE + 50, 1000), (PAGE, 7)])
def test_a_full_page_of_one_time_without_a_fingerprint_is_named_and_gone_on_behind(count: int, until: int) -> None:
    listing = _listing(_forgetful([1, 2, *[7] * count, 8, 9]), (0, until))
    found = _read(listing)
    assert found[: PAGE + 2] == list(range(PAGE + 2))
    assert found[PAGE + 2 :] == ([count + 2, count + 3] if until > 7 else [])
    assert f"gives {PAGE} rows" in listing.problem
    assert "at 7 ms" in listing.problem


@given(st.lists(st.integers(0, 9), max_size=4), st.integers(0, 450))
def test_a_forgetful_server_hides_nothing_unnamed(crowded: list[int], spread: int) -> None:
    times = [*(each for each in crowded for _ in range(90)), *range(10, 10 + spread)]
    listing = _listing(_forgetful(times))
    found = _read(listing)
    assert found == sorted(set(found))
    assert listing.problem or found == list(range(len(times)))


def test_rows_that_are_gone_when_asked_for_again_are_named() -> None:
    rows = [{"block_timestamp": time, "number": time} for time in range(PAGE)]

    def answer(query: Query) -> tuple[int, Any]:
        return 200, {"success": True, "data": [] if int(query["min_timestamp"]) else rows, "meta": {}}

    listing = _listing(answer)
    assert _read(listing) == list(range(PAGE))
    assert "leaves out rows" in listing.problem


def test_a_page_out_of_order_is_not_believed() -> None:
    pages = [[{"block_timestamp": 5, "number": 0}], [{"block_timestamp": 4, "number": 1}]]

    def answer(query: Query) -> tuple[int, Any]:
        low = int(query["min_timestamp"])
        page = [row for row in pages["fingerprint" in query] if row["block_timestamp"] >= low]
        return 200, {
            "success": True,
            "data": page,
            "meta": {"fingerprint": "x"} if not query.get("fingerprint") else {},
        }

    listing = _listing(answer)
    assert _read(listing) == [0]
    assert listing.problem


@pytest.mark.parametrize("said", [7, [], {"success": True}, {"success": True, "data": 5}])
def test_what_is_no_listing_is_refused(said: Any) -> None:
    with pytest.raises(MalformedBytes):
        _read(_listing(lambda _: (200, said)))
