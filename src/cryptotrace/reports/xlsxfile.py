"""The report as XLSX: what an exchange or an analyst filters.

Every text is written as text: nothing in it can become a formula, a link or a number. Amounts are text, because a
number of a spreadsheet holds 15 digits.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from cryptotrace.errors import ReportError
from cryptotrace.reports.model import Document
from cryptotrace.reports.office import legal, made_at, without_times
from cryptotrace.reports.sheets import Sheet, Value, sheets

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")
_LONGEST_NAME = 31
_MOST_ROWS = 1_048_576
#: Characters in one cell. Excel takes 32 767 UTF-16 units; a character has at most two.
_LONGEST_CELL = 16_000
#: Digits of a number that a spreadsheet keeps.
_MOST_DIGITS = 15
#: Excel takes 255 characters in the head and in the foot of a page, its own codes included.
_LONGEST_SIDE = 115
_NARROWEST, _WIDEST, _HASH_WIDTH, _LONG_TEXT = 7, 50, 37, 180
#: A line of the cells' face, and the highest row that Excel takes, in points.
_LINE_HEIGHT, _HIGHEST_ROW = 12.0, 409.0
#: So many characters of the cells' face stand on the width of one of the workbook's own face.
_SMALLER = 1.1
_UNBROKEN = re.compile(r"\S{40,}")
_AMOUNT = re.compile(r"≈?-?[0-9]+([./][0-9]+)?", re.ASCII)
_MONO = re.compile(r"[0-9a-f]{64}(:\w+)?", re.ASCII)


def xlsx_bytes(document: Document) -> bytes:
    """The document as XLSX: the same document gives the same bytes.

    Raises:
        ReportError: a table has more rows than a sheet can hold.
    """
    from xlsxwriter import Workbook

    written = io.BytesIO()
    never = dict.fromkeys(("strings_to_formulas", "strings_to_urls", "strings_to_numbers"), False)
    with Workbook(written, {"in_memory": True, **never}) as book:
        _set_properties(book, document)
        writer = _Writer(book, document)
        for sheet in sheets(document):
            writer.write(sheet)
    return without_times(written.getvalue())


def _set_properties(book: Workbook, document: Document) -> None:
    texts = {
        "title": document.title,
        "subject": document.kind,
        "author": document.author,
        "keywords": document.report_id,
    }
    book.set_properties({name: legal(text) for name, text in texts.items()} | {"created": made_at(document)})


class _Writer:
    """Writes the sheets of one workbook."""

    def __init__(self, book: Workbook, document: Document) -> None:
        self.book = book
        self.document = document
        self.names: set[str] = set()
        cell: dict[str, object] = {"num_format": "@", "text_wrap": True, "font_name": "Arial", "font_size": 9}
        cell |= {"valign": "top", "bottom": 7}  # a hair line
        mono = {**cell, "font_name": "Courier New"}
        self.head = book.add_format({**cell, "bold": True, "bg_color": "#E4E4E4", "bottom": 2, "valign": "bottom"})
        self.plain, self.mono = book.add_format(cell), book.add_format(mono)
        self.total = book.add_format({**cell, "bold": True, "top": 1, "bg_color": "#F4F4F4"})
        self.number = book.add_format({**cell, "num_format": "0", "align": "left"})
        self.amount = book.add_format({**cell, "align": "right", "indent": 1})

    def write(self, sheet: Sheet) -> None:
        """One sheet: its head, its rows, how it is filtered and printed."""
        page = self.book.add_worksheet(sheet_name(sheet.name, self.names))
        rows = [(n in sheet.totals, part) for n, row in enumerate(sheet.rows) for part in split_row(row)]
        if len(rows) >= _MOST_ROWS:
            raise ReportError(
                f"sheet {sheet.name!r} needs {len(rows)} rows, a spreadsheet holds {_MOST_ROWS}; write json instead"
            )
        for column, text in enumerate(sheet.head):
            page.write_string(0, column, legal(text), self.head)
        widths = column_widths(sheet)
        page.set_row(0, row_height(sheet.head, widths))
        for place, (is_total, row) in enumerate(rows, start=1):
            page.set_row(place, row_height(row, widths))
            for column, value in enumerate(row):
                self._write_cell(page, place, column, value, is_total=is_total)
        for column, width in enumerate(widths):
            page.set_column(column, column, width)
        self._set_page(page, len(rows), len(sheet.head) - 1)

    def _write_cell(self, page: Worksheet, row: int, column: int, value: Value, *, is_total: bool) -> None:
        if value is None or value == "":
            page.write_blank(row, column, None, self.total if is_total else self.plain)
        elif isinstance(value, int) and len(str(abs(value))) <= _MOST_DIGITS:
            page.write_number(row, column, value, self.number)
        else:
            text = legal(str(value), has_lines=True)
            page.write_string(row, column, text, self._format(text, column, is_total=is_total))

    def _format(self, text: str, column: int, *, is_total: bool) -> Format:
        if is_total:
            return self.total
        if column and _AMOUNT.fullmatch(text):
            return self.amount
        return self.mono if _MONO.fullmatch(text) else self.plain

    def _set_page(self, page: Worksheet, last_row: int, last_column: int) -> None:
        document = self.document
        page.freeze_panes(1, 1)
        page.autofilter(0, 0, last_row, last_column)
        page.ignore_errors({"number_stored_as_text": f"A1:{_column_name(last_column)}{last_row + 1}"})
        page.set_landscape()
        page.set_paper(9)  # A4
        page.set_margins(left=0.5, right=0.5, top=0.8, bottom=0.8)
        page.fit_to_pages(1, 0)
        page.repeat_rows(0)
        page.set_header(f"&L{page_text(document.running)}&R{page_text(document.mark)}")
        counted = document.page_of.format(page="&P", pages="&N")
        page.set_footer(f"&L{page_text(document.warning)}&R&A · {counted}")


def split_row(row: tuple[Value, ...]) -> Iterator[tuple[Value, ...]]:
    """The row, or as many as its longest cell needs: each part repeats the first cell, nothing is cut off."""
    longest = max((len(v) for v in row if isinstance(v, str)), default=0)
    yield tuple(v[:_LONGEST_CELL] if isinstance(v, str) else v for v in row)
    for start in range(_LONGEST_CELL, longest, _LONGEST_CELL):
        rest = (v[start : start + _LONGEST_CELL] if isinstance(v, str) else None for v in row[1:])
        yield (row[0], *rest)


def sheet_name(wanted: str, taken: set[str]) -> str:
    """A name that a spreadsheet accepts, unlike those in ``taken``, to which it is added."""
    plain = _FORBIDDEN.sub(" ", legal(wanted)).strip(" '")[:_LONGEST_NAME].strip(" '") or "-"
    name, count = plain, 1
    while name.casefold() in taken or name.casefold() == "history":  # which Excel keeps for itself
        count += 1
        name = f"{plain[: _LONGEST_NAME - len(str(count)) - 1]} {count}"
    taken.add(name.casefold())
    return name


def page_text(text: str) -> str:
    """Text for the head or foot of a printed page: no code in it, and what does not fit ends in an ellipsis."""
    out = ""
    for char in legal(text):
        piece = "&&" if char == "&" else char
        if len(out) + len(piece) >= _LONGEST_SIDE:
            return out + "…"
        out += piece
    return out


def column_widths(sheet: Sheet) -> list[int]:
    """Widths in characters: a hash stands on two lines, long text is wrapped."""
    widths = []
    for place, head in enumerate(sheet.head):
        texts = [str(row[place]) for row in sheet.rows if row[place] is not None]
        longest = max((len(line) for text in texts for line in text.split("\n")), default=0)
        words = max((len(word) for word in head.split()), default=0)
        width = max(longest + 1, words + 3, _NARROWEST)
        most = _WIDEST if longest <= _LONG_TEXT else _LONG_TEXT // 2
        if longest <= 80 and any(_UNBROKEN.search(text) for text in texts):
            most = _HASH_WIDTH
        widths.append(min(width, most))
    return widths


def row_height(row: Sequence[Value], widths: list[int]) -> float:
    """Points that show every line of the row: not every program fits the height of a row to wrapped text."""
    lines = max(
        (
            sum(1 + int(len(line) / (width * _SMALLER)) for line in str(value).split("\n"))
            for value, width in zip(row, widths, strict=True)
        ),
        default=1,
    )
    return min(_HIGHEST_ROW, 3 + lines * _LINE_HEIGHT)


def _column_name(place: int) -> str:
    from xlsxwriter.utility import xl_col_to_name

    return str(xl_col_to_name(place))
