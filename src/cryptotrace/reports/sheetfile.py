"""Sheets that somebody else's software reads: one table as CSV, and the same rows as XLSX with what they are about.

In the CSV the first line is the head and every other line is a row, so that it loads as it is; what holds for all rows
(case, draft, training) is repeated in each. Every cell is text. Text that a spreadsheet would take for a formula gets
an apostrophe in front in the CSV; in the XLSX every cell is written as text, so nothing in it acts.

Source: OWASP, CSV Injection; RFC 4180.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cryptotrace.errors import ReportError
from cryptotrace.model.block import BlockRef, Tip
from cryptotrace.model.verdict import LinkClass
from cryptotrace.reports.draft import iso_time
from cryptotrace.reports.foreign import one_line, visible
from cryptotrace.reports.office import legal, without_times
from cryptotrace.reports.printsheet import PRINTED, write_printed
from cryptotrace.reports.sheetasset import NOT_KNOWN, AssetShown, chain_shown
from cryptotrace.reports.sheets import Sheet
from cryptotrace.reports.words import words
from cryptotrace.reports.xlsxfile import column_widths, page_text, row_height, sheet_name, split_row
from cryptotrace.tracing.fragments import Units, as_text
from cryptotrace.tracing.rules import RULES, Purpose

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

#: Stands on every row and page until a person has signed something of their own.
DRAFT = "DRAFT - not reviewed, not signed, not a request by itself"
TRAINING = "TRAINING MATERIAL - no value"
_ACTS = frozenset("=+-@|%")
_NO_DATE = datetime(1980, 1, 1, tzinfo=UTC)
_MOST_ROWS = 1_000_000
#: A sheet with more columns is printed on several pages side by side.
_MOST_ON_A_PAGE = 8
#: Characters of a column of a wide sheet; what is longer stands on several lines.
_WIDEST = 37
#: What a class of statement means, for somebody who has read nothing else.
CLASS_WORDS: Mapping[LinkClass, str] = {
    LinkClass.L1: "ledger fact: anybody can check it with the transaction hash",
    LinkClass.L2: "link by protocol: two movements joined by the chain's own rules",
    LinkClass.L3: "computed share: it holds under the named rule, another rule gives another share",
    LinkClass.L4: "inference from behaviour under stated parameters: to be confirmed from your own records",
    LinkClass.L5: "statement of somebody outside the chain, e.g. a tag: reproduced, not examined",
}
_WEAKEST = "A chain of links is as good as its weakest one."
#: Heads of the columns that are the same in every row.
CONSTANTS = (
    *("Data as of (newest answer used, UTC)", "Newest block used", "Trace (SHA-256 of the computation)"),
    *("Case", "Draft", "Training"),
)
_AMOUNTS = (
    "Base units are exact. A decimal amount needs the number of decimals; where that is not known, none is written. A "
    "share under a rule is a convention about mixed value, not a fact of the ledger."
)


@dataclass(frozen=True, slots=True)
class SheetHead:
    """What holds for every row of a sheet."""

    case_id: str
    """The case."""
    title: str
    """Its title, as the user wrote it."""
    rule: str
    """Name of the tracing rule."""
    exact: bool
    """True if shares are fractions, False if whole base units."""
    claimants: tuple[str, ...]
    """In order of precedence; each has columns of its own."""
    trace: str
    """Digest of the trace."""
    software: str
    """Name and version of this software."""
    cut_off: str
    """Newest time of receipt among the answers, ISO 8601 UTC: the sheet's date. No wall clock is read."""
    is_training: bool
    """True if any chain in it is a training network: no value."""
    are_pots_checked: bool
    """True if the completeness of the holdings on the way was looked at; else it is *not known* in every row."""
    tips: tuple[Tip, ...] = ()
    """Newest blocks that the sources knew."""
    author: str = ""
    """Who made it; empty: not stated."""
    authority: str = ""
    """Legal authority of a measure, as the user wrote it; empty: not stated."""
    expiry: str = ""
    """Date of review or expiry of a measure, as the user wrote it; empty: not stated."""

    @property
    def rule_name(self) -> str:
        """The rule in words, with a warning where it is not for findings."""
        say, rule = words("en").say, RULES[self.rule]
        name = say(f"rule.{self.rule}.name")
        if rule.purpose is Purpose.FINDINGS:
            return name
        return f"{name} - {say(f'purpose.{rule.purpose.name.lower()}')}"

    @property
    def is_share(self) -> bool:
        """False under poison, whose amounts are reach."""
        return RULES[self.rule].conserves

    @property
    def mark(self) -> str:
        """The marks that stand on every page."""
        return f"{DRAFT}; {TRAINING}" if self.is_training else DRAFT

    def constants(self) -> dict[str, str]:
        """Columns that are the same in every row, for a reader who has this row and no other sheet."""
        newest = "; ".join(f"{chain_shown(tip.chain)} block {tip.height}" for tip in self.tips)
        training = TRAINING if self.is_training else "no"
        cells = (self.cut_off or NOT_KNOWN, newest or NOT_KNOWN, self.trace, self.case_id, DRAFT, training)
        return dict(zip(CONSTANTS, cells, strict=True))

    def share_heads(self) -> tuple[str, ...]:
        """Heads of the columns of shares, one or two per claimant: each names the rule."""
        if not self.is_share:
            return tuple(f"Reached from {visible(c)} (rule {self.rule_name}: reach, no share)" for c in self.claimants)
        names = (f"Claimed share of {visible(c)} (rule {self.rule_name})" for c in self.claimants)
        return tuple(f"{name}, {unit}" for name in names for unit in ("base units", "decimal"))

    def shares(self, claimed: Mapping[str, Units], asset: AssetShown) -> dict[str, str]:
        """The cells under ``share_heads``."""
        cells: list[str] = []
        for claimant in self.claimants:
            units = claimed.get(claimant, 0)
            if self.is_share:
                cells += [as_text(units), asset.decimal(units)]
            else:
                cells.append("reached" if claimant in claimed else "")
        return dict(zip(self.share_heads(), cells, strict=True))

    def about(self, kind: str, *more: tuple[str, str]) -> Sheet:
        """The sheet that says what the rows are and what they rest on."""
        pairs = [
            ("Document", kind),
            ("Mark", self.mark),
            ("Case", f"{self.case_id}: {self.title}"),
            ("Author", self.author or "not stated"),
            ("Legal authority", self.authority or "not stated: to be filled in before it is sent"),
            (
                "Formal request",
                "a formal request for legal assistance follows where the law asks for one: to be confirmed",
            ),
            ("Review or expiry date", self.expiry or "not stated: to be filled in before it is sent"),
            ("Tracing rule", self.rule_name),
            ("Arithmetic", "exact fractions" if self.exact else "whole base units"),
            ("Date (newest answer used)", self.cut_off or NOT_KNOWN),
            *((f"Newest block of {chain_shown(tip.chain)}", f"{tip.height} {tip.hash}") for tip in self.tips),
            ("Trace (SHA-256)", self.trace),
            ("Software", self.software),
            *((f"Class {each.value}", text) for each, text in CLASS_WORDS.items()),
            ("Classes", _WEAKEST),
            ("Amounts", _AMOUNTS),
            *more,
        ]
        return Sheet("About", ("Item", "Value"), tuple((item, one_line(value)) for item, value in pairs))


def class_shown(link_class: LinkClass) -> str:
    """A class of statement with its meaning in words."""
    return f"{link_class.value} - {CLASS_WORDS[link_class]}"


def time_shown(at: BlockRef | None) -> tuple[str, str]:
    """Height and time in UTC of a block, or that they are not known."""
    return (NOT_KNOWN, NOT_KNOWN) if at is None else (str(at.height), iso_time(at.time))


def table(name: str, rows: Sequence[dict[str, str]], heads: Sequence[str]) -> Sheet:
    """Rows by the names of their columns as a sheet; without rows the heads stand alone."""
    return Sheet(name, tuple(heads), tuple(tuple(visible(row[head]) for head in heads) for row in rows))


def csv_bytes(sheet: Sheet) -> bytes:
    """The sheet as CSV: UTF-8, commas, CRLF; the same sheet gives the same bytes."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator="\r\n")
    for row in (sheet.head, *sheet.rows):
        writer.writerow([harmless(legal(str("" if value is None else value))) for value in row])
    return written.getvalue().encode("utf-8")


def harmless(text: str) -> str:
    """``text``, with an apostrophe in front if a spreadsheet would take it for a formula.

    Signs are looked for behind spaces and in their full-width forms too.
    """
    first = unicodedata.normalize("NFKC", text.lstrip(" \u00a0\u202f\u3000")[:1])
    return f"'{text}" if first[:1] in _ACTS and first else text


def workbook_bytes(sheets: Sequence[Sheet], head: SheetHead, title: str, first: Sequence[str] = ()) -> bytes:
    """The sheets as XLSX, every cell as text; the same sheets give the same bytes.

    Args:
        sheets: the sheets; the first one is the wide one for machines, and is set once more for paper.
        head: what holds for all rows.
        title: title of the workbook.
        first: heads of the columns that come first on paper; without them there is no sheet for paper.

    Raises:
        ReportError: a sheet has more rows than a spreadsheet holds.
    """
    from xlsxwriter import Workbook

    written = io.BytesIO()
    never = dict.fromkeys(("strings_to_formulas", "strings_to_urls", "strings_to_numbers"), False)
    with Workbook(written, {"in_memory": True, **never}) as book:
        book.set_properties(
            {"title": legal(visible(title)), "author": legal(visible(head.author)), "created": _date(head)}
        )
        names: set[str] = set()
        for place, sheet in enumerate(sheets):
            _write(book, sheet, head, sheet_name(sheet.name, names))
            if first and place == 0:
                printed = write_printed(book, sheet, first, sheet_name(PRINTED, names))
                set_marks(printed, head)
    return without_times(written.getvalue())


def _write(book: Workbook, sheet: Sheet, head: SheetHead, name: str) -> None:
    page = book.add_worksheet(name)
    cell: dict[str, object] = {"num_format": "@", "text_wrap": True, "font_name": "Arial", "font_size": 9}
    cell |= {"valign": "top", "bottom": 7, "quote_prefix": True}
    bold = book.add_format({**cell, "bold": True, "bg_color": "#E4E4E4", "bottom": 2, "valign": "bottom"})
    plain = book.add_format(cell)
    rows = [part for row in sheet.rows for part in split_row(row)]
    if len(rows) > _MOST_ROWS:
        raise ReportError(f"sheet {sheet.name!r} needs {len(rows)} rows, a spreadsheet holds {_MOST_ROWS}; use CSV")
    is_wide = len(sheet.head) > _MOST_ON_A_PAGE
    widths = [
        max(min(width, _WIDEST), min(len(text) // 3, _WIDEST)) if is_wide else width
        for width, text in zip(column_widths(sheet), sheet.head, strict=True)
    ]
    for place, row in enumerate([sheet.head, *rows]):
        page.set_row(place, row_height(row, widths))
        for column, value in enumerate(row):
            page.write_string(place, column, legal(str(value or "")), plain if place else bold)
    for column, width in enumerate(widths):
        page.set_column(column, column, width)
    page.freeze_panes(1, 1)
    page.autofilter(0, 0, len(rows), len(sheet.head) - 1)
    page.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
    page.set_landscape()
    page.set_paper(9)  # A4
    page.set_margins(left=0.4, right=0.4, top=0.8, bottom=0.7)
    if is_wide:  # on several pages side by side, each with the row's number
        page.set_print_scale(70)
        page.print_across()
        page.repeat_columns(0)
    else:
        page.fit_to_pages(1, 0)
    page.repeat_rows(0)
    set_marks(page, head)


def set_marks(page: Worksheet, head: SheetHead) -> None:
    """Case, marks and number of the page, on each page."""
    page.set_header(f"&L{page_text(visible(head.case_id))}&R{page_text(head.mark)}")
    page.set_footer("&R&A · &P / &N")


def _date(head: SheetHead) -> datetime:
    if not head.cut_off:
        return _NO_DATE
    when = datetime.fromisoformat(head.cut_off)
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
