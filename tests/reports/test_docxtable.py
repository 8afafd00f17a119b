"""A Word table: its columns add up to the page, a form is as wide as the text."""

from __future__ import annotations

from docx.oxml.ns import qn
from hypothesis import given
from hypothesis import strategies as st

from cryptotrace.reports.docxtable import column_widths, form_element, table_element
from cryptotrace.reports.model import Cell, CellKind, Column, Row, RowRole, Run, Style, Table


@given(st.lists(st.floats(1, 100), min_size=1, max_size=9), st.integers(1000, 20000))
def test_columns_add_up_to_the_width_in_their_proportions(shares: list[float], width: int) -> None:
    widths = column_widths(tuple(Column("c", share) for share in shares), width)
    assert sum(widths) == width
    for share, got in zip(shares, widths, strict=True):
        assert abs(got - width * share / sum(shares)) <= len(shares)


def test_a_group_spans_all_columns_and_a_total_is_strong() -> None:
    cell = Cell(CellKind.TEXT, ((Run("plain"), Run("small", Style.SMALL)),), "plain")
    rows = (Row("G-1", (cell,), RowRole.GROUP), Row("", (cell, cell), RowRole.TOTAL), Row("", (cell, cell)))
    made = table_element(Table("k", "t", None, (Column("a", 1), Column("b", 3)), rows), 4000, {"G-1": 7})
    group, total, plain = list(made.iter(qn("w:tr")))[1:]

    assert [e.get(qn("w:val")) for e in group.iter(qn("w:gridSpan"))] == ["2"]
    assert [e.get(qn("w:w")) for e in group.iter(qn("w:tcW"))] == ["4000"]
    assert [e.get(qn("w:name")) for e in made.iter(qn("w:bookmarkStart"))] == ["row_G_1"]
    assert list(group.iter(qn("w:keepNext")))
    styles = [[e.get(qn("w:val")) for e in row.iter(qn("w:rStyle"))] for row in (total, plain)]
    assert styles == [["Strong", "Note"] * 2, ["Note"] * 2]


def test_a_form_is_as_wide_as_the_text() -> None:
    made = form_element(("Name", "Date"), 9999)
    assert sum(int(e.get(qn("w:w"), "")) for e in made.iter(qn("w:gridCol"))) == 9999
    assert len(list(made.iter(qn("w:tr")))) == 2
