"""The sheet for paper: one upright page per row, the important fields first, every value that the row has."""

from __future__ import annotations

from typing import Any

from tests.reports.tokensheets import PAYMENTS, head, issuers, points, read_xlsx, shown
from tests.seizure.tokenworld import EVM, Contract, World

from cryptotrace.reports.issuersheet import issuer_sheet, issuer_xlsx
from cryptotrace.reports.printsheet import PRINTED
from cryptotrace.reports.sheetfile import DRAFT
from cryptotrace.reports.sheets import Sheet
from cryptotrace.reports.touchpointsheet import touch_point_sheet, touch_point_xlsx
from cryptotrace.seizure.deposits import DepositParameters

USUAL = DepositParameters()


def blocks(page: Any, name: str) -> list[list[tuple[str, str]]]:
    """Label and value of each block."""
    found: list[list[tuple[str, str]]] = []
    for label, value in page.iter_rows(values_only=True):
        if label.startswith(f"{name} ") and " / " in label:
            found.append([])
        found[-1].append((label, value or ""))
    return found


def check(page: Any, wide: Sheet, first: str) -> None:
    told = blocks(page, wide.name)
    assert len(told) == len(wide.rows)
    for number, (block, row) in enumerate(zip(told, wide.rows, strict=True), start=1):
        assert block[0] == (f"{wide.name} {number} / {len(wide.rows)}", row[0])
        assert block[1][0] == first
        cells = {label: text for label, text in zip(wide.head[1:], row[1:], strict=True) if text}
        printed: dict[str, str] = {}
        for label, text in block[1:]:
            label = label.removesuffix(" (continued)")  # noqa: PLW2901
            printed[label] = printed.get(label, "") + text
        assert printed == cells
    assert page.page_setup.orientation == "portrait"
    assert page.page_setup.paperSize == 9
    assert not page.sheet_properties.pageSetUpPr.fitToPage, "fitting would switch the breaks off"
    ends = [sum(map(len, told[:n])) for n in range(1, len(told))]
    assert [each.id for each in page.row_breaks.brk] == ends
    assert DRAFT in page.oddHeader.right.text
    scale = page.page_setup.scale / 100
    heights = [page.row_dimensions[n].height for n in range(1, page.max_row + 1)]
    for start, block in zip([0, *ends], told, strict=True):
        assert sum(heights[start : start + len(block)]) * scale <= 710, "one page per row"


def test_both_workbooks_can_be_read_on_paper() -> None:
    world = World(PAYMENTS)
    found = points(world)
    book = read_xlsx(touch_point_xlsx(found.rows, shown(EVM), head(), USUAL))
    check(book[PRINTED], touch_point_sheet(found.rows, shown(EVM), head(), USUAL), "Service")
    rows = issuers(world, Contract()).rows
    book = read_xlsx(issuer_xlsx(rows, shown(EVM), head()))
    check(book[PRINTED], issuer_sheet(rows, shown(EVM), head()), "WARNING")


def test_a_very_long_value_goes_on_and_is_not_cut_off() -> None:
    long = "memo " * 900
    found = points(World(PAYMENTS, memos={1: long})).rows
    page = read_xlsx(touch_point_xlsx(found, shown(EVM), head(), USUAL))[PRINTED]
    told = [value for label, value in blocks(page, "Touch points")[0] if label.startswith("Memo")]
    assert len(told) > 1
    assert "".join(told).split() == long.split()
