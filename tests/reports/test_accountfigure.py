"""The figure of an account chain: which transfers a band stands for, and words that lie over nothing."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from tests.reports.accountdossiers import (
    USDT,
    Book,
    account_dossier,
    account_draft,
    claims,
    move,
    story,
    transaction,
)

from cryptotrace.reports.figure import flow_figure
from cryptotrace.reports.svgpaths import text_width
from cryptotrace.tracing.engine import trace
from cryptotrace.tracing.result import Stops
from cryptotrace.tracing.rules import RULES

LANGUAGES = ("en", "ru")


def test_several_transfers_in_one_band_are_each_named_in_the_caption() -> None:
    told = list(story())
    again = transaction("again", 70_000_005, move("log.0", USDT, 10**6, "thief", "mule"), index=9)
    made_dossier = account_dossier()
    told.insert(5, again)
    book = Book(told, {("thief", USDT): 2 * 10**8}, ("crowd",))
    result = replace(trace(book, claims(), RULES["haircut"], stops=Stops()), pots=made_dossier.trace.pots)
    found = replace(
        made_dossier,
        trace=result,
        transactions={t.txid: t.transaction() for t in told},
        account_transactions={t.txid: t for t in told},
    )
    figure = flow_figure(account_draft(found))
    band = next(text for text in re.findall(r"T-\d+ log 0 \+1", "".join(figure.sheets)))
    first = band.removesuffix(" +1")
    named = re.search(rf"{re.escape(band)} = {first}, (T-\d+ log 0)", figure.caption)
    assert named is not None
    assert named[1] != first
    assert "Transfers in one band" not in flow_figure(account_draft(account_dossier())).caption


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_before_a_band_of_an_earlier_sheet_end_before_it_begins(language: str) -> None:
    told = [story()[0]]
    names = ["thief", *(f"hop {n}" for n in range(9))]
    for n, (payer, payee) in enumerate(pairwise(names)):
        told.append(transaction(f"step {n}", 70_000_010 + n, move(f"call.{n}.12.3", USDT, 10**9, payer, payee)))
    result = trace(Book(told, {}), claims()[:1], RULES["fifo"], stops=Stops())
    found = replace(
        account_dossier(),
        trace=result,
        transactions={t.txid: t.transaction() for t in told},
        account_transactions={t.txid: t for t in told},
    )
    figure = flow_figure(account_draft(found, language))
    assert len(figure.sheets) > 1
    left = re.findall(r'<text x="0.00" y="[^"]*" font-size="([^"]+)"[^>]*>([^<]+)</text>', "".join(figure.sheets))
    assert len(left) >= 3
    for size, text in left:
        assert text_width(text, float(size)) < 66, text
        assert ":" not in text
