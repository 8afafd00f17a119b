"""Touch points in the report: each a finding with its class, in the summary, in the schedules, in every format."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import openpyxl
import pytest
from tests.reports.accountdossiers import account, account_dossier, txid
from tests.reports.accountpoints import with_points
from tests.reports.test_accounts import cells, paragraphs, saying, table

from cryptotrace.model.verdict import LinkClass
from cryptotrace.reports.content import content
from cryptotrace.reports.docxfile import docx_bytes
from cryptotrace.reports.dossier import Dossier
from cryptotrace.reports.jsonfile import json_bytes
from cryptotrace.reports.model import Document, Section
from cryptotrace.reports.sheets import sheets
from cryptotrace.reports.xlsxfile import xlsx_bytes

LANGUAGES = ("en", "ru")


def section(document: Document, key: str) -> Section:
    return next(each for each in document.sections if each.key == key)


def row_of(document: Document, name: str) -> str:
    rows: list[dict[str, Any]] = json.loads(json_bytes(document))["report"]["addresses"]
    return str(next(row["id"] for row in rows if row["account"] == account(name)))


def without(dossier: Dossier, **changes: Any) -> Dossier:
    assert dossier.touch_points is not None
    return replace(dossier, touch_points=replace(dossier.touch_points, **changes))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_deposit_address_is_a_finding_with_what_it_rests_on(language: str) -> None:
    document = content(with_points(), language)
    found = next(p for p in paragraphs(document) if p.text.startswith("P-0001:"))
    mule, hot = row_of(document, "mule"), row_of(document, "deposit address")
    assert found.label is LinkClass.L4
    assert set(found.cites) == {"P-0001", "T-0003", mule, hot}
    for said in (account("mule").address, "8/9", txid("cashing out"), "An exchange", hot, "something"):
        assert said in found.text, said
    parameters = next(p for p in paragraphs(document) if p.cites == ("P-0001",))
    assert parameters.label is LinkClass.L4
    for said in ("9/10", "1/100", {"en": "604,800 s (7 days)", "ru": "604\u202f800 с (7 сут.)"}[language]):
        assert said in parameters.text, said


def test_the_address_and_not_the_sweep_is_what_the_service_is_asked_about() -> None:
    document = content(with_points(), "en")
    mule, hot = row_of(document, "mule"), row_of(document, "deposit address")
    found = saying(document, "P-0001: transfer T-0003 log 0")
    assert f"should be asked about this transfer and about {account('mule').address}" in found.text
    assert "the accounts that the address is emptied into are not the customer’s" in found.text
    assert f"{hot}). " in found.text
    told = next(p for p in section(document, "summary").blocks if "P-0001" in getattr(p, "cites", ()))
    assert "T-0003 log 0, into " + mule in getattr(told, "text", "")
    assert "not about the account that they are emptied into" in getattr(told, "text", "")
    saying(document, "touch-point sheet", "issuer sheet")


def test_a_direct_transfer_is_a_statement_and_says_on_what_its_share_rests() -> None:
    found = saying(content(with_points(), "en"), "P-0002: transfer T-0006 log 0")
    assert found.label is LinkClass.L5
    assert f"asked about transaction {txid('cashing out')}" in found.text
    assert "rests on holdings whose history is not shown to be complete: C-0004" in found.text


@pytest.mark.parametrize(("language", "words"), [("en", "taken for a deposit address"), ("ru", "принят за адрес")])
def test_the_address_schedule_says_for_whose_address_it_is_taken(language: str, words: str) -> None:
    document = content(with_points(), language)
    said = [text for text in cells(table(document, "addresses")) if words in text]
    assert [text.partition("|")[0] for text in said] == [row_of(document, "mule")]
    assert "(L4)" in said[0]
    plain = content(account_dossier(), language)
    assert not any(words in text for text in cells(table(plain, "addresses")))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_classes_in_use_are_those_that_stand_in_the_report(language: str) -> None:
    none = {"en": "None is used", "ru": "не применяется"}[language]
    base = account_dossier()
    signed = replace(base, trace=replace(base.trace, signs=((txid("theft"), "zero-value transfer (L4), seen"),)))
    points = with_points().touch_points
    assert points is not None
    only_direct = without(with_points(), rows=points.rows[1:], examined=())
    for dossier, is_used in ((base, False), (with_points(), True), (signed, True), (only_direct, False)):
        document = content(dossier, language)
        (l4,) = [text for text in cells(table(document, "classes")) if text.startswith("L4|")]
        assert (none in l4) is not is_used
        assert any(p.label is LinkClass.L4 for p in paragraphs(document)) is is_used
        told = [p.text for p in paragraphs(document) if p.number.startswith("2.") and "L3" in p.text]
        assert any("L4" in text for text in told) is is_used


def test_what_was_looked_at_in_vain_stands_in_the_limits_only() -> None:
    document = content(with_points(), "en")
    found = saying(document, "Looked at as possible deposit addresses")
    assert found.number.startswith("10.")
    assert row_of(document, "crowd") in found.text
    nothing = content(without(with_points(), rows=()), "en")
    assert saying(nothing, "No touch point with a service was found").number.startswith("10.")
    assert not any("P-0001" in p.text for p in paragraphs(nothing))
    assert not any("touch point" in p.text.lower() for p in paragraphs(content(account_dossier(), "en")) if p.cites)


def test_every_format_has_the_touch_points() -> None:
    document = content(with_points(), "en")
    told = json.loads(json_bytes(document))["report"]["touch_points"]
    assert [(row["id"], row["link_class"], row["direct"]) for row in told["rows"]] == [
        ("P-0001", "L4", False),
        ("P-0002", "L1", True),
    ]
    assert told["rows"][0]["sweeps"][0]["flow"] == f"{txid('cashing out')}#log.0"
    assert told["examined"][0]["reason"] == "no payment out of it is known"
    assert "604800 s (7 days)" in told["parameters"]
    assert json.loads(json_bytes(content(account_dossier(), "en")))["report"]["touch_points"] is None
    page = openpyxl.load_workbook(io.BytesIO(xlsx_bytes(document)))["Touch points"]
    rows = list(page.iter_rows(values_only=True))
    assert [row[0] for row in rows[1:]] == ["P-0001", "P-0002"]
    assert any(account("mule") in str(value) for value in rows[1])
    assert docx_bytes(document)[:2] == b"PK"
    assert len(cells(table(document, "points"))) == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_under_poison_no_share_is_stated(language: str) -> None:
    document = content(with_points("poison"), language)
    found = next(p for p in paragraphs(document) if p.text.startswith("P-0001:"))
    assert {"en": "“Ann”", "ru": "«Ann»"}[language] in found.text


def test_the_balances_that_a_history_is_held_against_are_evidence_with_rows_of_their_own() -> None:
    document = content(with_points(), "en")
    rows = cells(table(document, "histories"))
    assert "balance read: E-0002" in rows[0]
    assert not any("balance read: E-" in text for text in rows[1:])
    assert any("b" * 64 in text for text in cells(table(document, "evidence")))
    histories = next(sheet for sheet in sheets(document) if sheet.name == "Histories")
    assert "E-0002" in histories.rows[0]
    assert json.loads(json_bytes(document))["report"]["histories"][0]["evidence"] == ["E-0002"]
    saying(document, "the balances that section 9 sets the histories against")
