"""What was claimed and where it is, to the base unit: the summary and the reconciliation."""

from __future__ import annotations

from collections.abc import Iterable

from cryptotrace.model.identity import Asset
from cryptotrace.model.verdict import LinkClass
from cryptotrace.reports.draft import Draft, text_cell
from cryptotrace.reports.model import Cell, Column, Row, RowRole, Style, Table
from cryptotrace.reports.schedules import EndRow
from cryptotrace.reports.wording import reason_word
from cryptotrace.tracing.fragments import Units
from cryptotrace.tracing.result import EndReason, Reconciliation

L3 = LinkClass.L3


def summary_table(draft: Draft) -> Table:
    """One row per reason: how many places, how much, which rows. Under poison no amounts."""
    say, conserves = draft.words.say, draft.rule.conserves
    columns = [
        Column(say("column.where"), 40),
        Column(say("column.places"), 9, is_right=True),
        Column(say("column.rows"), 27),
    ]
    if conserves:
        columns.append(Column(draft.shares_title, 24, L3, is_right=True))
    rows = []
    for asset in _assets(draft):
        for reason in EndReason:
            ends = _ends(draft, reason, asset)
            if not ends:
                continue
            named = "" if conserves or not draft.dossier.is_on_accounts else f" · {draft.label(asset)}"
            cells = [
                text_cell(reason_word(draft, reason) + named),
                text_cell(draft.words.number(len(ends))),
                text_cell(_ids(draft, ends)),
            ]
            if conserves:
                cells.append(_money(draft, _sum(ends), asset, ends))
            rows.append(Row("", tuple(cells)))
        if conserves:
            ends = [row for row in draft.rows.ends if row.end.asset == asset]
            total = (
                text_cell(say("total")),
                text_cell(draft.words.number(len(ends))),
                text_cell(),
                _money(draft, _sum(ends), asset, ends),
            )
            rows.append(Row("", total, RowRole.TOTAL))
    return Table("summary", say("table.summary"), L3, tuple(columns), tuple(rows))


def reconciliation_table(draft: Draft) -> Table:
    """Per claimant: claimed, less what an earlier claim has, each kind of end, the sum, the difference."""
    say = draft.words.say
    columns = (
        Column(say("column.line"), 46),
        Column(say("column.rows"), 30),
        Column(draft.shares_title, 24, L3, is_right=True),
    )
    rows: list[Row] = []
    for line in draft.dossier.trace.reconcile():
        rows += _claimant_rows(draft, line)
    return Table("reconciliation", say("table.reconciliation"), L3, columns, tuple(rows))


def _claimant_rows(draft: Draft, line: Reconciliation) -> Iterable[Row]:
    say, asset = draft.words.say, line.asset
    entered = sum(c.units for c in draft.dossier.trace.claims if (c.claimant, c.asset) == (line.claimant, asset))
    of = f" · {draft.label(asset)}" if draft.dossier.is_on_accounts else ""
    yield Row("", (text_cell(f"{line.claimant}{of}", style=Style.STRONG),), RowRole.GROUP)
    yield Row("", (text_cell(say("reconcile.entered")), text_cell(), draft.money(entered, asset)), RowRole.SUB)
    if entered != line.claimed:
        cut = draft.money(line.claimed - entered, asset)
        yield Row("", (text_cell(say("reconcile.collision")), text_cell(), cut), RowRole.SUB)
    for key, units in (("in", line.converted_in), ("out", line.converted_out)):
        if units:
            converted = draft.money(units, asset)
            yield Row("", (text_cell(say(f"reconcile.converted_{key}")), text_cell(), converted), RowRole.SUB)
    for reason in EndReason:
        if reason not in line.ends:
            continue
        ends = [row for row in _ends(draft, reason, asset) if line.claimant in row.end.claimed]
        cells = (
            text_cell(reason_word(draft, reason)),
            text_cell(_ids(draft, ends)),
            _money(draft, line.ends[reason], asset, ends),
        )
        yield Row("", cells, RowRole.SUB)
    mine = [row for row in draft.rows.ends if row.end.asset == asset and line.claimant in row.end.claimed]
    total = _money(draft, sum(line.ends.values(), 0), asset, mine)
    yield Row("", (text_cell(say("reconcile.sum")), text_cell(), total), RowRole.TOTAL)
    yield Row(
        "", (text_cell(say("reconcile.difference")), text_cell(), draft.money(line.difference, asset)), RowRole.TOTAL
    )


def _assets(draft: Draft) -> tuple[Asset, ...]:
    return tuple(dict.fromkeys(row.end.asset for row in draft.rows.ends))


def _ends(draft: Draft, reason: EndReason, asset: Asset) -> list[EndRow]:
    return [row for row in draft.rows.ends if row.end.reason is reason and row.end.asset == asset]


def _sum(ends: Iterable[EndRow]) -> Units:
    return sum((units for row in ends for units in row.end.claimed.values()), 0)


def _ids(draft: Draft, ends: list[EndRow]) -> str:
    return draft.ids([row.id for row in ends])


def _money(draft: Draft, units: Units, asset: Asset, ends: Iterable[EndRow] = ()) -> Cell:
    """An amount, and under it the histories that it rests on and that are not shown to be complete."""
    cell = draft.money(units, asset)
    checks = sorted({check for row in ends for check in row.rests_on})
    return Cell(cell.kind, (*cell.lines, *draft.rests(checks)), cell.value)
