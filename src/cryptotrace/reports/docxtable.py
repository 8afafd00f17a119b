"""A table of the model in Word: head on every page, rows that stay whole, roles that read in black and white."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cryptotrace.reports.docxparts import bookmark, element, label_run, model_runs, paragraph, text_run, value
from cryptotrace.reports.model import Cell, Column, Row, RowRole, Run, Style, Table

if TYPE_CHECKING:
    from docx.oxml.xmlchemy import BaseOxmlElement as Element

_SHADES = {RowRole.GROUP: "E4E4E4", RowRole.TOTAL: "F4F4F4"}
#: Lines above and below a row of that role: size in eighths of a point.
_RULES = {RowRole.GROUP: (12, 4), RowRole.TOTAL: (8, 8)}
_THIN, _HEAD = 2, 8


def table_element(table: Table, width: int, bookmarks: Mapping[str, int]) -> Element:
    """The table, ``width`` twentieths of a point wide.

    ``bookmarks`` numbers the rows that others cite: each gets its bookmark.
    """
    widths = column_widths(table.columns, width)
    grid = element("w:tblGrid", None, *(element("w:gridCol", {"w:w": str(w)}) for w in widths))
    rows = [_row(row, table.columns, widths, bookmarks) for row in table.rows]
    return element("w:tbl", None, _properties(width, table.title), grid, _head(table.columns, widths), *rows)


def form_element(lines: tuple[str, ...], width: int) -> Element:
    """What people complete by hand: what stands before each line, and the line."""
    widths = [width * 2 // 5, width - width * 2 // 5]
    grid = element("w:tblGrid", None, *(element("w:gridCol", {"w:w": str(w)}) for w in widths))
    rows = [_form_row(line, widths) for line in lines]
    return element("w:tbl", None, _properties(width, ""), grid, *rows)


def pairs_element(pairs: tuple[tuple[str, tuple[Run, ...]], ...], width: int) -> Element:
    """Names and values of the title area."""
    widths = [width * 3 // 10, width - width * 3 // 10]
    grid = element("w:tblGrid", None, *(element("w:gridCol", {"w:w": str(w)}) for w in widths))
    rows = []
    for name, shown in pairs:
        cells = [
            _cell(widths[0], [paragraph("FormText", [text_run(name, "Strong")])], (_THIN, _THIN)),
            _cell(widths[1], [paragraph("FormText", model_runs(shown))], (_THIN, _THIN)),
        ]
        rows.append(element("w:tr", None, element("w:trPr", None, element("w:cantSplit")), *cells))
    return element("w:tbl", None, _properties(width, ""), grid, *rows)


def column_widths(columns: tuple[Column, ...], width: int) -> list[int]:
    """Widths that add up to ``width``, in the columns' proportions."""
    whole = sum(column.width for column in columns)
    widths = [int(width * column.width / whole) for column in columns]
    widths[-1] += width - sum(widths)
    return widths


def _properties(width: int, title: str) -> Element:
    sides = {"top": "20", "left": "60", "bottom": "20", "right": "60"}
    margins = [element(f"w:{side}", {"w:w": size, "w:type": "dxa"}) for side, size in sides.items()]
    parts = [
        element("w:tblW", {"w:w": str(width), "w:type": "dxa"}),
        element("w:tblLayout", {"w:type": "fixed"}),
        element("w:tblCellMar", None, *margins),
    ]
    if title:
        parts.append(value("w:tblCaption", title))  # read aloud by screen readers, not printed
    return element("w:tblPr", None, *parts)


def _head(columns: tuple[Column, ...], widths: list[int]) -> Element:
    cells = []
    for column, width in zip(columns, widths, strict=True):
        label = [text_run(" "), label_run(column.label)] if column.label else []
        text = paragraph("TableText", [text_run(column.title, "Strong"), *label], *_side(column))
        cells.append(_cell(width, [text], (_HEAD, _HEAD), bottom=True))
    properties = element("w:trPr", None, element("w:cantSplit"), element("w:tblHeader"))
    return element("w:tr", None, properties, *cells)


def _row(row: Row, columns: tuple[Column, ...], widths: list[int], bookmarks: Mapping[str, int]) -> Element:
    rules, shade = _RULES.get(row.role, (_THIN, _THIN)), _SHADES.get(row.role, "")
    if row.role is RowRole.GROUP:
        lines = [paragraph("TableText", model_runs(line), element("w:keepNext")) for line in row.cells[0].lines]
        cells = [_cell(sum(widths), lines, rules, shade=shade, span=len(widths))]
    else:
        is_total = row.role is RowRole.TOTAL
        cells = [
            _cell(width, _lines(cell, column, is_total=is_total), rules, shade=shade)
            for cell, column, width in zip(row.cells, columns, widths, strict=True)
        ]
    if row.id in bookmarks:
        _surround(cells[0], row.id, bookmarks[row.id])
    return element("w:tr", None, element("w:trPr", None, element("w:cantSplit")), *cells)


def _lines(cell: Cell, column: Column, *, is_total: bool) -> list[Element]:
    lines = cell.lines
    if is_total:
        lines = tuple(tuple(_strong(run) for run in line) for line in lines)
    return [paragraph("TableText", model_runs(line), *_side(column)) for line in lines]


def _strong(run: Run) -> Run:
    return Run(run.text, Style.STRONG) if run.style is Style.PLAIN else run


def _side(column: Column) -> list[Element]:
    return [value("w:jc", "right")] if column.is_right else []


def _surround(cell: Element, row_id: str, number: int) -> None:
    """Put the row's bookmark into the first paragraph of its first cell."""
    from docx.oxml.ns import qn

    first = next(child for child in cell if child.tag == qn("w:p"))
    begin, end = bookmark(row_id, number)
    first.insert(1, begin)  # after the paragraph's properties
    first.append(end)


def _form_row(line: str, widths: list[int]) -> Element:
    """A row of a form, which stays on one page as a whole."""
    cells = [
        _cell(widths[0], [paragraph("FormText", [text_run(line)], element("w:keepNext"))], (0, 0), bottom=True),
        _cell(widths[1], [paragraph("FormText", [], element("w:keepNext"))], (0, 4), bottom=True),
    ]
    height = element("w:trHeight", {"w:val": "620", "w:hRule": "atLeast"})
    return element("w:tr", None, element("w:trPr", None, element("w:cantSplit"), height), *cells)


def _cell(
    width: int, content: list[Element], rules: tuple[int, int], *, shade: str = "", span: int = 1, bottom: bool = False
) -> Element:
    parts = [element("w:tcW", {"w:w": str(width), "w:type": "dxa"})]
    if span > 1:
        parts.append(value("w:gridSpan", str(span)))
    lines = [_rule(side, size) for side, size in zip(("top", "bottom"), rules, strict=True) if size]
    parts.append(element("w:tcBorders", None, *lines))
    if shade:
        parts.append(element("w:shd", {"w:val": "clear", "w:color": "auto", "w:fill": shade}))
    if bottom:
        parts.append(value("w:vAlign", "bottom"))
    return element("w:tc", None, element("w:tcPr", None, *parts), *content)


def _rule(side: str, size: int) -> Element:
    color = "7F7F7F" if size == _THIN else "000000"
    return element(f"w:{side}", {"w:val": "single", "w:sz": str(size), "w:space": "0", "w:color": color})
