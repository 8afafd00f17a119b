"""The report on an account chain: transfers instead of outputs, holdings, histories, and what shares rest on."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from functools import cache
from typing import Any

import openpyxl
import pytest
from tests.reports.accountdossiers import (
    MOST,
    ODD,
    TRX,
    USDT,
    WTRX,
    account,
    account_dossier,
    account_draft,
    address,
    move,
    story,
    transaction,
    txid,
)
from tests.reports.dossiers import dossier as output_dossier
from tests.reports.test_wording import CASE

from cryptotrace.chains import network
from cryptotrace.model.claim import Claim
from cryptotrace.model.identity import Account, Asset
from cryptotrace.model.movement import Movement
from cryptotrace.model.verdict import LinkClass
from cryptotrace.reports.accountfindings import rests_sentence
from cryptotrace.reports.accountrows import place_name
from cryptotrace.reports.accountsheets import AccountSheets
from cryptotrace.reports.accounttables import histories_table
from cryptotrace.reports.content import content
from cryptotrace.reports.docxfile import docx_bytes
from cryptotrace.reports.dossier import AssetFacts, Dossier
from cryptotrace.reports.figure import flow_figure
from cryptotrace.reports.holdinggraph import holding_graph
from cryptotrace.reports.jsonfile import json_bytes
from cryptotrace.reports.layout import sheets as figure_sheets
from cryptotrace.reports.model import Document, Paragraph, Table
from cryptotrace.reports.pdffile import pdf_bytes
from cryptotrace.reports.schedules import schedules
from cryptotrace.reports.sheets import sheets
from cryptotrace.reports.svgpaths import text_width
from cryptotrace.reports.xlsxfile import xlsx_bytes
from cryptotrace.tracing.result import EndReason
from cryptotrace.tracing.rules import RULES

LANGUAGES = ("en", "ru")


@cache
def made(rule: str = "fifo", language: str = "en") -> Document:
    """The document on the story."""
    return content(account_dossier(rule), language)


def paragraphs(document: Document) -> list[Paragraph]:
    """Every numbered paragraph."""
    return list(document.paragraphs())


def saying(document: Document, *words: str) -> Paragraph:
    """The one paragraph that holds all the words."""
    found = [p for p in paragraphs(document) if all(word in p.text for word in words)]
    assert len(found) == 1, [p.text for p in found]
    return found[0]


def table(document: Document, key: str) -> Table:
    """The table of that key."""
    return next(each for each in document.tables() if each.key == key)


def cells(given: Table) -> list[str]:
    """Each row's text."""
    return [
        "|".join("\n".join("".join(t for t, _ in line) for line in c.lines) for c in row.cells) for row in given.rows
    ]


# --- findings ---------------------------------------------------------------------------------------------------------


def test_a_transaction_is_a_fact_about_who_paid_whom_how_much_of_which_asset() -> None:
    found = saying(made(), "Transaction T-0001")
    assert found.label is LinkClass.L1
    assert "network fee 13.844850\u00a0TRX (13,844,850), paid by A-0001 (fee burnt)" in found.text
    assert "A-0001 pays A-0002 1,000.000000\u00a0USDT (1,000,000,000) (log 0)" in found.text
    assert "; succeeded)" in found.text
    assert "Signed by A-0001" in found.text
    assert set(found.cites) == {"T-0001", "A-0001", "A-0002"}


def test_who_pays_the_fee_may_be_another_one_than_the_sender() -> None:
    assert "0.345000\u00a0TRX (345,000), paid by A-0004" in saying(made(), "Transaction T-0003").text
    assert "Signed by A-0002" in saying(made(), "Transaction T-0003").text


def test_a_failed_transaction_says_so_and_has_its_fee_only() -> None:
    found = saying(made(), "Transaction T-0005", "; failed)")
    assert "pays" not in found.text
    assert "network fee" in found.text


def test_what_no_source_could_tell_and_an_assumed_order_stand_with_their_transaction() -> None:
    assert "could not tell: “internal calls”" in saying(made(), "Transaction T-0003").text
    assert "order of its movements is assumed" in saying(made(), "Transaction T-0006 (block").text


def test_a_wrap_is_a_link_by_protocol_and_the_trace_goes_on_in_the_other_asset() -> None:
    found = saying(made(), "exchanged for another unit for unit")
    assert (found.label, found.cites) == (LinkClass.L2, ("T-0007",))


def test_nothing_is_said_of_inputs_and_outputs() -> None:
    for rule in ("fifo", "haircut", "poison"):
        for p in paragraphs(made(rule)):
            assert not re.search(r"\boutputs?\b|\binputs?\b|\bunspent\b", p.text, re.IGNORECASE), p.text
        for each in made(rule).tables():
            for text in cells(each):
                assert not re.search(r"\boutputs?\b|\binputs?\b|\bunspent\b", text, re.IGNORECASE), (each.key, text)
    for rule in ("fifo", "haircut", "poison"):
        for p in paragraphs(made(rule, "ru")):
            assert not re.search(r"\bвыход|\bвход(?!я|и)|израсходова", p.text, re.IGNORECASE), p.text
        for each in made(rule, "ru").tables():
            for text in cells(each):
                assert not re.search(r"\bвыход|\bвход(?!я|и)|израсходова", text, re.IGNORECASE), (each.key, text)


def test_of_many_movements_the_claimed_ones_and_the_fee_are_named_and_the_rest_is_counted() -> None:
    told = list(story())
    many = tuple(move(f"log.{n}", USDT, 1, "somebody", "nobody") for n in range(1, 30))
    told[0] = replace(told[0], movements=tuple(replace(m, part=n) for n, m in enumerate((*told[0].movements, *many))))
    base = account_dossier()
    changed = replace(
        base,
        transactions={**base.transactions, told[0].txid: told[0].transaction()},
        account_transactions={**base.account_transactions, told[0].txid: told[0]},
    )
    found = saying(content(changed, "en"), "Transaction T-0001")
    assert "and further movements: 29" in found.text
    assert "A-0001 pays A-0002 1,000.000000" in found.text


# --- ends -------------------------------------------------------------------------------------------------------------


def test_what_rests_in_a_balance_is_said_as_that() -> None:
    found = saying(made(), "H-0004: under the rule")
    assert "the balance of address A-0002 (59.000000\u00a0TRX (59,000,000)) holds the claimed share Ben" in found.text
    assert any(text.startswith("H-0004|In the balance") for text in cells(table(made(), "holdings")))


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_account_of_very_many_transfers_is_an_end_with_its_words_its_sign_and_its_limit(language: str) -> None:
    document = made("fifo", language)
    end = next(p for p in paragraphs(document) if p.text.startswith("H-0001"))
    assert "12,345 transfers were met" in end.text
    word = {"en": "Account of very many transfers", "ru": "Счёт с очень большим числом переводов"}[language]
    assert any(word in text for text in cells(table(document, "holdings")))
    assert any(p.text.startswith(word) for p in paragraphs(document))
    assert word in flow_figure(account_draft(account_dossier(), language)).sheets[0]


def test_flows_are_named_by_their_row_and_their_place() -> None:
    rows = schedules(account_dossier())
    assert rows.flow_name(f"{txid('cashing out')}#log.1") == "T-0006 log 1"
    assert rows.flow_name(f"{txid('theft')}#fee.burnt") == "T-0001 fee burnt"
    assert rows.flow_name(f"{'ab' * 32}#value") == f"{'ab' * 32}#value"
    assert [place_name(p) for p in ("value", "call.0.2", "log.3.1")] == ["value", "call 0.2", "log 3.1"]


# --- amounts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_token_without_decimals_stands_in_base_units_and_says_so(language: str) -> None:
    document = made("fifo", language)
    words = {"en": "decimals not known", "ru": "число десятичных знаков неизвестно"}[language]
    claim = saying(document, words, "Ben", "H-0005")
    digits = re.sub(r"\D", "", claim.text.split("(")[2])
    assert str(MOST - MOST // 3) in digits


def test_two_assets_are_never_summed() -> None:
    shown = cells(table(made(), "summary"))
    totals = [text for text in shown if text.startswith("Total")]
    assert len(totals) == 4
    assert [unit for unit in ("USDT", "TRX", "WTRX") if any(f"\u00a0{unit}" in total for total in totals)]
    assert any(f"{MOST:,}" in total for total in totals)


def test_a_token_of_many_is_named_by_its_number() -> None:
    one = Asset(f"{network('ethereum').chain}/erc721:0x{'ab' * 20}/77")
    facts = AssetFacts(one, "ethereum", "APES", 0, is_training=False)
    assert facts.label == "APES no. 77"
    assert AssetFacts(ODD, "tron", "", None, is_training=False).label == f"{ODD.reference[:6]}…{ODD.reference[-6:]}"


def test_the_table_of_assets_has_each_contract_in_full_and_where_its_decimals_are_from() -> None:
    shown = cells(table(made(), "assets"))
    assert len(shown) == 4
    odd = next(text for text in shown if ODD.reference in text)
    assert "not known" in odd
    assert any(USDT.reference in text and "read from the contract at block 70000001" in text for text in shown)


# --- histories, and what rests on them --------------------------------------------------------------------------------


def test_every_history_stands_with_its_arithmetic_and_its_grade() -> None:
    shown = cells(histories_table(account_draft(account_dossier())))
    assert len(shown) == 6
    assert "complete between blocks 70000001 and 70000100" in shown[0]
    assert "200.000000\u00a0USDT" in shown[0]
    assert "difference of -1,000 base units" in shown[1].replace("−", "-")
    assert "“one page failed”" in shown[1]
    assert "no balance read" in shown[2]
    assert "not checked" in shown[2]
    assert "computed backwards" in shown[3]
    assert "not checked" in shown[3]


def _resting(document: Document) -> dict[str, list[str]]:
    ends: list[dict[str, Any]] = json.loads(json_bytes(document))["report"]["ends"]
    return {end["id"]: end.get("rests_on", []) for end in ends}


def test_the_shares_behind_an_unchecked_history_are_those_that_the_trace_names() -> None:
    trace = account_dossier().trace
    bad = trace.unchecked()
    by_id = _resting(made())
    for number, end in enumerate(trace.ends, start=1):
        named = bad.get(end.flow.id if end.flow is not None else str(end.pot), ())
        assert len(by_id[f"H-{number:04d}"]) == len(named)
    assert by_id["H-0001"] == []
    assert by_id["H-0003"] == ["C-0004"]
    assert by_id["H-0007"] == ["C-0002"], "through the wrap"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("rule", ["fifo", "haircut"])
def test_a_share_that_rests_on_an_unchecked_history_says_so_wherever_it_is_printed(rule: str, language: str) -> None:
    document = made(rule, language)
    told = {"en": "rests on", "ru": "опирается на"}[language]
    for end, checks in _resting(document).items():
        texts = [p.text for p in paragraphs(document) if p.text.startswith(f"{end}:")]
        rows = [
            text for key in ("holdings", "gone") for text in cells(table(document, key)) if text.startswith(f"{end}|")
        ]
        assert rows
        for text in (*texts, *rows):
            assert all(check in text for check in checks), (end, text)
            assert bool(checks) == ("C-0" in text), (end, text)
    postings = json.loads(json_bytes(document))["report"]["transactions"]
    marked = [p for t in postings for p in t["postings"] if p["rests_on"]]
    assert marked
    printed = "\n".join(cells(table(document, "transactions")))
    assert printed.count(told) == len(marked)
    for key in ("summary", "reconciliation"):
        assert told in "\n".join(cells(table(document, key))), key


def test_the_sentence_about_what_a_share_rests_on_names_the_rows() -> None:
    draft = account_draft(account_dossier())
    by_id = {row.id: rests_sentence(draft, row) for row in draft.rows.ends}
    assert by_id["H-0001"] == ""
    assert by_id["H-0003"] == (" This share rests on holdings whose history is not shown to be complete: C-0004.")


def test_the_summary_says_that_all_is_checked_only_if_it_is() -> None:
    base = account_dossier()
    good = tuple(
        replace(check, read=check.expected, basis=type(check.basis).HISTORY, opening=check.opening)
        for check in base.trace.pots
    )
    checked = content(replace(base, trace=replace(base.trace, pots=good)), "en")
    saying(checked, "Every share in this report rests on holdings whose history is complete")
    assert not any("not shown to be complete" in p.text for p in paragraphs(checked))
    saying(made(), "Shares in these rows rest on", "C-0002, C-0003, C-0004")
    unknown = content(replace(base, trace=replace(base.trace, pots=())), "en")
    saying(unknown, "The dossier states nothing about the completeness")


# --- reconciliation, limits -------------------------------------------------------------------------------------------


def test_a_conversion_has_lines_of_its_own_and_the_reconciliation_closes() -> None:
    shown = cells(table(made(), "reconciliation"))
    given = next(text for text in shown if text.startswith("Given for another asset"))
    received = next(text for text in shown if text.startswith("Received for another asset"))
    assert "40.000000\u00a0TRX" in given
    assert "40.000000\u00a0WTRX" in received
    groups = [text for text in shown if text.startswith(("Ann ·", "Ben ·"))]
    assert groups[:2] == ["Ann · USDT", "Ben · TRX"]
    saying(made(), "Every difference is 0.")


def test_notices_missing_parts_and_the_order_stand_in_the_limits() -> None:
    assert "the rights over an account were changed" in saying(made(), "T-0006", "stated and not followed").text
    saying(made(), "Of transaction T-0003 the sources could not tell: “internal calls”")
    saying(made(), "these transfers carry other shares: T-0006 log 1.")
    base = account_dossier()
    for sensitive, words in (((), "every share in this report is the same"), (None, "cannot be the right one")):
        trace = replace(base.trace, order_sensitive=sensitive)
        saying(content(replace(base, trace=trace), "en"), words)
    exact = content(replace(base, trace=replace(base.trace, has_assumed_order=False)), "en")
    assert not any("turned round" in p.text for p in paragraphs(exact))


# --- the figure -------------------------------------------------------------------------------------------------------


def test_boxes_are_holdings_and_what_runs_backwards_ends_in_a_mark() -> None:
    made_dossier = account_dossier()
    rows = schedules(made_dossier)
    labels = {asset: facts.label for asset, facts in made_dossier.assets.items()}
    graph = holding_graph(rows, labels, 32)
    assert [box.id for box in graph.boxes][:3] == ["A-0001 USDT", "A-0002 USDT", "A-0003 TRX"]
    back = [band for box in graph.boxes for band in box.bands if band.kind == "back"]
    assert [(band.source, band.label, band.units) for band in back] == [("A-0005 USDT", "A-0002 USDT", 5 * 10**7)]
    assert "back to A-0002 USDT" in flow_figure(account_draft(made_dossier)).sheets[0]
    for box in graph.boxes:
        for band in box.arrives:
            assert next(b for b in graph.boxes if b.id == band.source).column < box.column


@pytest.mark.parametrize("rule", sorted(RULES))
@pytest.mark.parametrize("most", [1, 2, 4, 32])
def test_no_end_of_the_trace_is_lost_in_the_figure(rule: str, most: int) -> None:
    made_dossier = account_dossier(rule)
    rows = schedules(made_dossier)
    graph = holding_graph(rows, {}, most)
    drawn = {band.target for box in graph.boxes for band in box.bands if band.kind in {"end", "fee"} and band.target}
    folded = {row.id for row in graph.folded_ends}
    assert drawn | folded == {row.id for row in rows.ends}
    assert drawn.isdisjoint(folded)
    assert len(graph.boxes) + graph.folded_transactions == len(holding_graph(rows, {}, 99).boxes)
    figure_sheets(graph, 4)  # it can be laid out


def test_marks_and_long_amounts_in_the_figure() -> None:
    figure = flow_figure(account_draft(account_dossier()))
    drawn = "".join(figure.sheets)
    assert "† The share rests on" in figure.caption
    assert "share 200.000000 †" in drawn
    assert "share 300.000000<" in drawn
    assert "≈1.157·10^77" in drawn
    assert str(MOST)[:9] not in drawn.replace(",", "")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("rule", ["fifo", "haircut", "poison"])
def test_no_word_in_the_head_of_a_table_is_wider_than_its_column(rule: str, language: str) -> None:
    for each in made(rule, language).tables():
        whole = sum(column.width for column in each.columns)
        for column in each.columns:
            room = 493 * column.width / whole - 6  # points of an upright page, less the space at both sides
            for word in column.title.split():
                assert text_width(word, 8.2) <= room, (each.key, word)


# --- hashes as the chain prints them ----------------------------------------------------------------------------------


def _on_ethereum() -> Dossier:
    chain = network("ethereum")
    ann, thief = (Account.of(chain.chain, f"0x{n:040x}") for n in (10, 11))
    paid = Movement("value", move("value", TRX, 1, "x", "y").kind, chain.asset, 7 * 10**18, ann, thief, 0)
    one = transaction("eth", 20_000_000, paid, chain=chain.chain, index=0)
    base = account_dossier()
    claim = Claim("Ann", f"{one.txid}#value", chain.asset, 7 * 10**18)
    return replace(
        base,
        trace=replace(base.trace, claims=(claim,), flows=(), ends=(), collisions=(), pots=(), missing=(), notices=()),
        assets={chain.asset: AssetFacts(chain.asset, "ethereum", "ETH", 18, is_training=False)},
        transactions={one.txid: one.transaction()},
        account_transactions={one.txid: one},
        tags={},
    )


def test_hashes_have_0x_in_front_on_ethereum_and_not_on_tron() -> None:
    document = content(_on_ethereum(), "en")
    shown = "\n".join(cells(table(document, "transactions")))
    assert f"hash 0x{txid('eth')}" in shown
    assert f"0x{txid('eth')}#value" in "\n".join(cells(table(document, "claims")))
    row = json.loads(json_bytes(document))["report"]["transactions"][0]
    assert (row["txid"], row["shown"]) == (txid("eth"), f"0x{txid('eth')}")
    assert f"hash {txid('theft')}" in "\n".join(cells(table(made(), "transactions")))


# --- formats ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_workbook_has_movements_and_histories_with_a_value_in_each_cell(language: str) -> None:
    found = {sheet.name: sheet for sheet in sheets(made("fifo", language))}
    assert AccountSheets(made("fifo", language)).chain == "tron:0x2b6653dc"
    moves = found[{"en": "Movements", "ru": "Перемещения"}[language]]
    values = list(moves.rows[1])
    assert len(values) == len(moves.head) == len(set(moves.head))
    for sheet in found.values():
        for head in (sheet.name, *sheet.head):
            assert not re.search(r"\boutput|\binput|\bвыход|\bвход", head, re.IGNORECASE), (sheet.name, head)
    assert values[:1] == ["T-0001"]
    assert address("Ann") in values
    assert address("thief") in values
    assert "1000000000" in values
    assert "1000.000000" in values
    assert f"{txid('theft')}#log.0" in values
    histories = found[{"en": "Histories", "ru": "История остатков"}[language]]
    assert [row[0] for row in histories.rows] == [f"C-{n:04d}" for n in range(1, 7)]
    assert "-1000" in histories.rows[1]
    odd = next(row for row in moves.rows if str(MOST) in row)
    assert {"en": "decimals not known", "ru": "число десятичных знаков неизвестно"}[language] in odd
    ends = found[{"en": "Holdings", "ru": "Конечное местонахождение"}[language]]
    column = ends.head.index(
        {
            "en": "Share rests on histories not shown to be complete",
            "ru": "Доля опирается на историю, полнота которой не показана",
        }[language]
    )
    assert {row[0]: row[column] for row in ends.rows}["H-0003"] == "C-0004"


@pytest.mark.parametrize(("language", "names"), [("en", ("Addresses", "Address")), ("ru", ("Адреса", "Адрес"))])
def test_the_sheet_of_addresses_calls_an_address_an_address(language: str, names: tuple[str, str]) -> None:
    found = {sheet.name: sheet for sheet in sheets(made("fifo", language))}
    assert found[names[0]].head[1] == names[1]
    assert found[names[0]].rows[0][1] == address("Ann")


def test_the_json_says_all_that_an_account_chain_has() -> None:
    told = json.loads(json_bytes(made()))["report"]
    assert told["ledger"] == "accounts"
    assert [row["completeness"] for row in told["histories"]][:3] == ["complete", "difference", "not checked"]
    assert told["missing"] == [{"txid": txid("onward"), "missing": "internal calls"}]
    assert told["assumed_order"]["sensitive"] == [f"{txid('cashing out')}#log.1"]
    failed = next(row for row in told["transactions"] if row["txid"] == txid("failed"))
    assert failed["succeeded"] is False
    wrapped = next(row for row in told["transactions"] if row["txid"] == txid("wrapping"))
    assert wrapped["wraps"][0]["inflow"] == "log.0"
    assert wrapped["postings"][0]["payer"] == account("thief")
    assert {asset["asset"]: asset["decimals"] for asset in told["assets"]}[ODD] is None
    assert {row["asset"] for row in told["reconciliation"]} == {USDT, TRX, ODD, WTRX}


def test_a_report_on_outputs_says_nothing_of_accounts() -> None:
    document = content(output_dossier(CASE), "en")
    told = json.loads(json_bytes(document))["report"]
    assert "ledger" not in told
    assert "histories" not in told
    assert [each.key for each in document.tables() if each.key in {"assets", "histories"}] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("rule", ["fifo", "haircut", "poison"])
def test_every_format_is_made_and_the_same_each_time(rule: str, language: str) -> None:
    document = content(account_dossier(rule, exact=rule == "haircut"), language)
    assert pdf_bytes(document)[:5] == b"%PDF-"
    assert docx_bytes(document) == docx_bytes(document)
    book = openpyxl.load_workbook(io.BytesIO(xlsx_bytes(document)))
    assert len(book.sheetnames) >= 12
    assert json_bytes(document) == json_bytes(content(account_dossier(rule, exact=rule == "haircut"), language))


def test_each_reason_to_end_has_its_words_on_accounts_too() -> None:
    for language in LANGUAGES:
        words = account_draft(account_dossier(), language).words
        for reason in EndReason:
            assert words.say(f"reason.{reason.value}")
