"""Pages of an address that come twice, late, mixed, without end or not at all: never a history that is silently short."""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest
from tests.sources.chain import REGTEST, Chain, Explorer, as_json
from tests.sources.opened import esplora
from tests.sources.servers import Asked, Reply, http_server

from cryptotrace.chains.bitcoin.script import account_of_script
from cryptotrace.errors import SourceLied
from cryptotrace.evidence.recorder import MemoryRecorder
from cryptotrace.sources import esplora as adapter

CHAIN = Chain()
#: The script of most coinbases of the chain, without an address: more than four pages.
SCRIPT = max((s for s in CHAIN.by_script if s[:1] != b"\x6a"), key=lambda script: len(CHAIN.by_script[script]))
ACCOUNT = account_of_script(SCRIPT, REGTEST)
BASE = f"/scripthash/{sha256(SCRIPT).hexdigest()}"
TRUE = CHAIN.by_script[SCRIPT]
Change = Callable[[int, list[dict[str, Any]]], list[dict[str, Any]]]


class Pages(Explorer):
    """An explorer whose pages of the script are changed by ``change(number of the page, page)``."""

    def __init__(self, change: Change, *, count: int = len(TRUE)) -> None:
        super().__init__(CHAIN)
        self.change = change
        self.count = count

    def __call__(self, asked: Asked) -> Reply:
        found = super().__call__(asked)
        match = re.fullmatch(rf"{BASE}/txs/chain(?:/(\w+))?", asked.path)
        if match is not None and found.status == 200:
            start = 0 if match[1] is None else TRUE[::-1].index(match[1]) + 1
            return Reply(as_json(self.change(start // self.page, self.tell(asked.path.strip("/").split("/")))))
        if asked.path == BASE:
            stats = {"tx_count": self.count, "funded_txo_sum": 0, "spent_txo_sum": 0}
            return Reply(as_json({"chain_stats": stats, "mempool_stats": {"tx_count": 0}}))
        return found


def history(script: Callable[[Asked], Reply]) -> list[str]:
    with http_server(script) as server, esplora(server, MemoryRecorder()) as source:
        return list(source.history(ACCOUNT))


def test_a_history_of_many_pages_is_whole_and_in_order() -> None:
    assert len(TRUE) > 4 * adapter.PAGE
    assert history(Pages(lambda number, page: page)) == TRUE


def test_a_page_that_is_wrong_once_is_asked_for_again() -> None:
    asked: list[int] = []

    def once(number: int, page: list[dict[str, Any]]) -> list[dict[str, Any]]:
        asked.append(number)
        return page[::-1] if number == 1 and asked.count(1) == 1 else page

    assert history(Pages(once)) == TRUE
    assert asked.count(1) == 2


WRONG: dict[str, tuple[Change, str]] = {
    "the first page again and again": (
        lambda number, page: Explorer(CHAIN).about_script(SCRIPT, ["txs", "chain"]),
        "repeats a transaction",
    ),
    "a row twice in one page": (lambda number, page: [*page[:-1], page[0]], "repeats a transaction"),
    "pages that overlap": (
        lambda number, page: page if number == 0 else [Explorer(CHAIN).transaction(TRUE[-20]), *page[:-1]],
        "repeats a transaction",
    ),
    "rows in the other order": (lambda number, page: page[::-1], "is not in order"),
    "a page left out": (lambda number, page: page if number != 1 else page_after(page), r"counts \d+ .* give \d+"),
    "a short page in the middle": (lambda number, page: page if number != 1 else page[:10], r"counts \d+ .* give 35"),
    "a row left out": (lambda number, page: page if number != 4 else page[1:], r"counts \d+ .* give \d+"),
    "an empty page": (lambda number, page: page if number != 2 else [], r"counts \d+ .* give 50"),
    "no page at all": (lambda number, page: [], "give 0"),
    "a row that is not confirmed": (
        lambda number, page: [page[0] | {"status": {"confirmed": False}}],
        "status.confirmed is false",
    ),
    "a row without a txid": (lambda number, page: [{}], "cannot be used"),
}


def page_after(page: list[dict[str, Any]]) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = Explorer(CHAIN).about_script(SCRIPT, ["txs", "chain", page[-1]["txid"]])
    return told


@pytest.mark.parametrize("how", WRONG)
def test_pages_that_stay_wrong_are_refused_and_never_a_short_history(how: str) -> None:
    change, reason = WRONG[how]

    with pytest.raises(SourceLied, match=reason) as refused:
        history(Pages(change))
    assert "esplora:http://127.0.0.1" in str(refused.value)
    assert "ask another" in str(refused.value) or "ask again" in str(refused.value)


def test_pages_without_end_stop_at_what_the_server_counts() -> None:
    asked: list[str] = []

    def endless(number: int, page: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return page

    explorer = Pages(endless, count=40)

    def script(request: Asked) -> Reply:
        asked.append(request.path)
        if "/txs/chain" in request.path:
            rows = [{"txid": f"{len(asked):032x}{n:032x}", "status": explorer.status(TRUE[0])} for n in range(25)]
            return Reply(as_json(rows))
        return explorer(request)

    with pytest.raises(SourceLied, match=r"counts 40 transactions of .* and its pages give 50 and more"):
        history(script)
    assert len(asked) < 30


def test_a_block_that_comes_while_pages_are_read_is_no_lie() -> None:
    explorer = Pages(lambda number, page: page)
    counts = iter([len(TRUE) - 1])

    def script(asked: Asked) -> Reply:
        explorer.count = len(TRUE)
        if asked.path == BASE:
            explorer.count = next(counts, len(TRUE))
        return explorer(asked)

    assert history(script) == TRUE


def test_a_server_that_counts_too_much_is_refused() -> None:
    with pytest.raises(SourceLied, match="a page is missing or invented"):
        history(Pages(lambda number, page: page, count=len(TRUE) + 1))


def test_unconfirmed_transactions_stand_last_and_a_full_list_of_them_is_announced() -> None:
    from cryptotrace.sources.http import HttpTransport
    from cryptotrace.sources.spec import parse_spec

    explorer = Pages(lambda number, page: page)
    pool = [f"{n:064x}" for n in range(50)]
    explorer.instead[f"{BASE}/txs/mempool"] = as_json([{"txid": txid} for txid in pool])
    said: list[str] = []
    with http_server(explorer) as server:
        spec = parse_spec(f"esplora:{server.url}")
        source = adapter.EsploraSource(REGTEST, HttpTransport(spec, MemoryRecorder()), spec.name, notice=said.append)
        found = list(source.history(ACCOUNT))
        source.close()

    assert found == TRUE + pool
    assert len(said) == 1
    assert "lists 50 unconfirmed transactions" in said[0]
