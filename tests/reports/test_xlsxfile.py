"""The XLSX: every value of the document is in it in full as text, nothing in it acts, the same bytes each time."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet
from tests.reports.made import training_document, training_dossier
from tests.reports.packages import HOSTILE, digest, digests_elsewhere, hostile_document

from cryptotrace.errors import ReportError
from cryptotrace.reports import xlsxfile
from cryptotrace.reports.content import content
from cryptotrace.reports.model import CellKind, Document, RowRole
from cryptotrace.reports.office import legal
from cryptotrace.reports.sheets import Sheet, sheets
from cryptotrace.reports.sheetwords import SHEET_WORDS
from cryptotrace.reports.xlsxfile import page_text, sheet_name, split_row, xlsx_bytes

LANGUAGES = pytest.mark.parametrize("language", ["en", "ru"])
RULES = pytest.mark.parametrize("rule", ["fifo", "haircut", "poison", "tiho"])


def opened(document: Document) -> Any:
    return openpyxl.load_workbook(io.BytesIO(xlsx_bytes(document)))


def cells(book: Any) -> Iterator[Any]:
    return (cell for page in book for row in page.iter_rows() for cell in row if cell.value is not None)


def records(document: Document, key: str) -> list[dict[str, Any]]:
    """The rows of a sheet as the file gives them back, by the keys of its columns' heads where they have one."""
    say = SHEET_WORDS[document.language]
    page: Worksheet = opened(document)[say[f"sheet.{key}"]]
    keys = {text: name for name, text in say.items() if "." not in name}
    head, *rows = page.iter_rows(values_only=True)
    names = [keys.get(str(title), str(title)) for title in head]
    return [dict(zip(names, row, strict=True)) for row in rows]


@LANGUAGES
@RULES
def test_the_file_gives_back_every_sheet_as_it_was_made(rule: str, language: str) -> None:
    document = training_document(rule, language)
    book = opened(document)
    made = sheets(document)

    assert book.sheetnames == [sheet.name for sheet in made]
    for sheet in made:
        rows = list(book[sheet.name].iter_rows(values_only=True))
        assert rows == [sheet.head, *(tuple(v if v != "" else None for v in row) for row in sheet.rows)]


@LANGUAGES
@RULES
def test_every_row_id_full_hash_and_amount_of_the_document_stands_in_a_cell_of_its_own(
    rule: str, language: str
) -> None:
    document = training_document(rule, language)
    held = {str(cell.value) for cell in cells(opened(document))}

    for table in document.tables():
        for row in table.rows:
            assert not row.id or row.id in held
            if row.role is RowRole.TOTAL and table.key in {"transactions", "holdings", "gone"}:
                continue  # sums of the rows above; in a list to be filtered they would be counted twice
            for cell in row.cells:
                if cell.kind is CellKind.HASH or (cell.kind is CellKind.AMOUNT and cell.value.isdecimal()):
                    assert cell.value in held or cell.value.split(":", 2)[-1] in held


def test_each_input_and_output_repeats_the_id_and_the_hash_of_its_transaction() -> None:
    document = training_document()
    found = records(document, "postings")
    meant = [
        (t["id"], t["txid"], p["units"], p["flow"], p["end"] or None)
        for t in document.data["transactions"]  # type: ignore[attr-defined]
        for p in t["postings"]
    ]
    assert [(r["transaction"], r["txid"], r["units"], r["flow"], r["end"]) for r in found] == meant
    assert len(found) == sum(
        row.role is RowRole.SUB for t in document.tables() for row in t.rows if t.key == "transactions"
    )


@LANGUAGES
def test_inputs_equal_outputs_and_fee_when_the_text_of_the_cells_is_added_up(language: str) -> None:
    document = training_document("haircut", language)
    sums: dict[str, int] = {}
    for row in records(document, "postings"):
        sign = 1 if row["side"] in {"input", "вход"} else -1
        sums[row["transaction"]] = sums.get(row["transaction"], 0) + sign * int(row["units"])
    assert len(sums) == 7
    assert set(sums.values()) == {0}


def test_the_shares_of_each_claimant_at_the_ends_add_up_to_the_claim() -> None:
    document = training_document("fifo")
    rows = records(document, "holdings") + records(document, "gone")
    for claimant, claimed in (("Claimant 1", 1_250_000_000), ("Claimant 2", 375_000_000)):
        heads = [head for head in rows[0] if head.endswith(f"(L3): {claimant}")]
        assert len(heads) == 2
        assert sum(int(row[heads[0]] or 0) for row in rows) == claimed
        assert all(row[heads[1]] is None or int(row[heads[1]].replace(".", "")) == int(row[heads[0]]) for row in rows)


def test_a_transaction_without_a_block_says_so_where_its_height_would_stand() -> None:
    document = training_document()
    data: dict[str, Any] = dict(document.data)
    data["transactions"] = [{**row, "block": None} for row in data["transactions"]]
    for key in ("transactions", "postings"):
        found = records(replace(document, data=data), key)
        assert {(row["height"], row["block_time"]) for row in found} == {("not confirmed by a block", None)}


def test_a_share_that_is_a_fraction_stays_one_and_its_decimal_says_that_it_is_cut() -> None:
    document = content(training_dossier("haircut", exact=True), "en")
    shares = {
        (row[head], row[head.replace(head.partition(" (L3)")[0], "Decimal")])
        for row in records(document, "postings")
        for head in row
        if head.startswith("Claimed share") and row[head]
    }
    cut = {(units, decimal) for units, decimal in shares if "/" in units}
    assert cut
    assert all(decimal.startswith("≈") for _, decimal in cut)
    assert not any(decimal.startswith("≈") for units, decimal in shares if "/" not in units)


def test_under_poison_no_share_has_an_amount() -> None:
    document = training_document("poison")
    for key in ("postings", "holdings"):
        told = [{head: v for head, v in row.items() if head.startswith("Reached")} for row in records(document, key)]
        assert {v for row in told for v in row.values()} - {None} == {"reached"}
        assert any(None in row.values() for row in told) == (key == "postings")
        assert not any(head.startswith("Decimal (L3)") for head in records(document, key)[0])


@LANGUAGES
def test_no_cell_is_a_formula_or_a_link_and_a_number_is_only_what_counts(language: str) -> None:
    for document in (training_document("fifo", language), hostile_document()):
        book = opened(document)
        assert {cell.data_type for cell in cells(book)} <= {"s", "n"}
        assert all(cell.hyperlink is None for cell in cells(book))
        assert all(type(cell.value) is int and abs(cell.value) < 10**7 for cell in cells(book) if cell.data_type == "n")


def test_hostile_text_is_shown_and_does_nothing() -> None:
    document = hostile_document()
    book = opened(document)
    names = book.sheetnames

    told = [row[2] for row in book[names[1]].iter_rows(min_row=2, values_only=True)]
    assert told == [legal(text, has_lines=True) for text in HOSTILE]
    assert [row[-1] for row in book["Settings"].iter_rows(min_row=2, values_only=True)] == told
    assert len({name.casefold() for name in names}) == len(names)
    assert all(len(name) <= 31 and not set(name) & set("[]:*?/\\") for name in names)


def test_text_that_looks_like_an_escape_of_the_format_is_escaped_once_more() -> None:
    with zipfile.ZipFile(io.BytesIO(xlsx_bytes(hostile_document()))) as package:
        strings = package.read("xl/sharedStrings.xml").decode()
    assert "_x005F_x0041_" in strings


def test_no_part_leads_outside_the_file() -> None:
    for document in (training_document(), hostile_document()):
        with zipfile.ZipFile(io.BytesIO(xlsx_bytes(document))) as package:
            assert not any(
                b'TargetMode="External"' in package.read(n) for n in package.namelist() if n.endswith(".rels")
            )


def test_every_sheet_is_filtered_frozen_and_printed_across_with_its_head_and_mark() -> None:
    document = training_document("lifo", "ru")
    assert document.mark
    for page in opened(document):
        assert page.freeze_panes == "B2"
        assert page.auto_filter.ref == page.dimensions
        assert (page.page_setup.orientation, page.page_setup.paperSize) == ("landscape", 9)
        assert (page.page_setup.fitToWidth or 1, page.page_setup.fitToHeight) == (1, 0)
        assert page.print_title_rows == "$1:$1"
        assert page.oddHeader.left.text == document.running
        assert page.oddHeader.right.text == document.mark
        assert page.oddFooter.left.text in {document.warning, page_text(document.warning)}
        assert page.oddFooter.left.text[:60] == document.warning[:60]


@pytest.mark.parametrize("rule", ["lifo", "poison", "tiho"])
def test_a_rule_that_is_not_for_findings_is_named_so_on_the_first_sheet_and_over_the_shares(rule: str) -> None:
    document = training_document(rule)
    first = dict(opened(document)["Report"].iter_rows(values_only=True))
    purpose = "COMPARISON ONLY" if rule == "lifo" else "RESEARCH RULE"

    assert first["Warning"] == document.warning != ""
    assert first["Mark"] == document.mark
    assert {name: first[name] for name, _ in document.front} == dict(document.front)
    heads = [h for h in records(document, "postings")[0] if h.endswith("Claimant 1") and not h.startswith("Decimal")]
    assert [purpose in head for head in heads] == [True]


@LANGUAGES
def test_every_numbered_paragraph_is_a_row_with_its_class_and_what_it_rests_on(language: str) -> None:
    document = training_document("fifo", language)
    found = [(r["number"], r["class"] or "", r["text"], r["cites"] or "") for r in records(document, "paragraphs")]
    assert found == [(p.number, p.label or "", p.text, ", ".join(p.cites)) for p in document.paragraphs()]


def test_a_text_too_long_for_a_cell_goes_on_below_and_nothing_is_lost() -> None:
    document = training_document()
    text = "".join(f"{n:06d}\U0001f600" for n in range(9000))
    section = document.sections[0]
    long = replace(section, blocks=(replace(document.paragraphs()[0], text=text),))
    found = records(replace(document, sections=(long,)), "paragraphs")

    assert len(found) == 4
    assert {row["number"] for row in found} == {"1.1"}
    assert "".join(row["text"] for row in found) == text
    assert all(len(row["text"].encode("utf-16-le")) // 2 <= 32_767 for row in found)
    assert list(split_row(("a", "b", 3))) == [("a", "b", 3)]


def test_more_rows_than_a_sheet_holds_are_refused_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsxfile, "_MOST_ROWS", 20)
    with pytest.raises(ReportError, match="a spreadsheet holds 20"):
        xlsx_bytes(training_document())


def test_names_of_sheets_fit_the_rules_and_differ() -> None:
    taken: set[str] = set()
    names = [sheet_name(text, taken) for text in ("a/b", "A B", "History", "", "x" * 40, "X" * 40, "'q'")]
    assert names == ["a b", "A B 2", "History 2", "-", "x" * 31, "X" * 29 + " 2", "q"]


def test_a_number_too_long_for_a_spreadsheet_is_text() -> None:
    sheet = Sheet("s", ("n",), ((10**15 - 1,), (10**15,), (-5,)))
    written = io.BytesIO()
    with xlsxfile_book(written) as book:
        xlsxfile._Writer(book, training_document()).write(sheet)
    page = openpyxl.load_workbook(written)["s"]
    assert [page.cell(n, 1).value for n in (2, 3, 4)] == [10**15 - 1, "1000000000000000", -5]


def xlsxfile_book(written: io.BytesIO) -> Any:
    from xlsxwriter import Workbook

    return Workbook(written, {"in_memory": True})


def test_the_head_of_a_page_holds_no_code_and_never_more_than_the_format_takes() -> None:
    assert page_text("a & b") == "a && b"
    shown = page_text("&" * 500)
    assert shown.endswith("…")
    assert set(shown[:-1].split("&&")) == {""}
    assert len("&L&R&A · ") + 2 * len(shown) + 30 <= 280
    for page in opened(hostile_document()):
        assert page.oddHeader.left.text is not None


@LANGUAGES
def test_the_words_of_the_workbook_are_the_same_in_every_language_and_its_names_fit(language: str) -> None:
    say = SHEET_WORDS[language]
    assert say.keys() == SHEET_WORDS["en"].keys()
    names = [text for key, text in say.items() if key.startswith("sheet.")]
    assert [sheet_name(name, set()) for name in names] == names
    assert len(set(names)) == len(names)


def test_properties_come_from_the_document_and_from_no_clock() -> None:
    document = training_document()
    properties = opened(document).properties
    assert (properties.title, properties.creator) == (document.title, document.author)
    assert properties.created == properties.modified == datetime.fromisoformat(document.date).replace(tzinfo=None)


@LANGUAGES
def test_the_same_document_gives_the_same_bytes_in_every_process(language: str, tmp_path: Path) -> None:
    document = training_document("fifo", language)
    assert digests_elsewhere(document, tmp_path, "xlsx_bytes") == {digest(xlsx_bytes(document))}
