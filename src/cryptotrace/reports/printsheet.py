"""The rows of a wide sheet once more for paper: one upright page per row, label and value, the important ones first.

A wide sheet is for machines; on paper it falls into strips. What a cell leaves empty is left out here, nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from cryptotrace.reports.office import legal
from cryptotrace.reports.sheets import Sheet, Value

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

#: Name of the sheet.
PRINTED = "To print"
#: Characters of the columns of labels and of values: together as wide as an upright A4 page between its margins.
_LABEL, _VALUE = 30, 56
#: A line of the cells' face, and what stands above and below it, in points.
_LINE, _PAD, _HIGHEST = 11.0, 3.0, 409.0
#: Points between the upper and the lower margin of the page.
_PAGE = 700.0
#: A page is made smaller down to this many percent so that a row fits on it; a longer row goes on on the next page.
_SMALLEST = 55
#: So many characters of the cells' face stand on the width of one of the workbook's own face: of labels, of values.
_BOLD, _PLAIN = 1.15, 1.3
#: A longer value is cut into several lines of the sheet: no row of a spreadsheet is higher than a page.
_MOST_IN_A_CELL = 1500


def write_printed(book: Workbook, sheet: Sheet, first: Sequence[str], name: str) -> Worksheet:
    """Add the sheet for paper to a workbook.

    Args:
        book: the workbook.
        sheet: the wide sheet.
        first: heads of the columns that come first, in this order; a head that is not there is passed over. All others
            follow in the order of the sheet.
        name: name of the sheet.
    """
    page = book.add_worksheet(name)
    cell: dict[str, object] = {"num_format": "@", "text_wrap": True, "font_name": "Arial", "font_size": 8.5}
    cell |= {"valign": "top", "bottom": 7, "quote_prefix": True}
    bold = book.add_format({**cell, "bold": True})
    title = book.add_format({**cell, "bold": True, "bg_color": "#E4E4E4", "bottom": 2})
    plain = book.add_format(cell)
    place, breaks, highest = 0, list[int](), 0.0
    for number, row in enumerate(sheet.rows, start=1):
        height = 0.0
        for label, value in [(f"{sheet.name} {number} / {len(sheet.rows)}", str(row[0])), *_pairs(sheet, row, first)]:
            is_title = height == 0.0
            page.write_string(place, 0, legal(label), title if is_title else bold)
            page.write_string(place, 1, legal(value), title if is_title else plain)
            page.set_row(place, _height(label, value))
            height += _height(label, value)
            place += 1
        breaks.append(place)
        highest = max(highest, height)
    _set_page(page, breaks[:-1], highest)
    return page


def _pairs(sheet: Sheet, row: tuple[Value, ...], first: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Label and value of each cell that holds something; a very long value in parts under one label."""
    cells = {head: "" if value is None else str(value) for head, value in zip(sheet.head, row, strict=True)}
    order = dict.fromkeys((*(head for head in first if head in cells), *sheet.head[1:]))
    for head in order:
        text = cells[head]
        for start in range(0, len(text), _MOST_IN_A_CELL):
            yield head if start == 0 else f"{head} (continued)", text[start : start + _MOST_IN_A_CELL]


def _height(label: str, value: str) -> float:
    lines = max(
        sum(1 + int(len(line) / width) for line in text.split("\n"))
        for text, width in ((label, _LABEL * _BOLD), (value, _VALUE * _PLAIN))
    )
    return min(_HIGHEST, _PAD + lines * _LINE)


def _set_page(page: Worksheet, breaks: list[int], highest: float) -> None:
    """Upright pages, a new one for each row. Fitting to a width would switch the breaks off, so the scale is set."""
    page.set_column(0, 0, _LABEL)
    page.set_column(1, 1, _VALUE)
    page.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
    page.set_portrait()
    page.set_paper(9)  # A4
    page.set_margins(left=0.4, right=0.4, top=0.8, bottom=0.7)
    page.set_print_scale(max(_SMALLEST, min(100, int(100 * _PAGE / highest))) if highest else 100)
    page.set_h_pagebreaks(breaks)
