"""What was claimed and where it is, to the base unit: the summary and the reconciliation."""

from __future__ import annotations

from collections.abc import Iterable

from cryptotrace.model.identity import Asset
from cryptotrace.model.verdict import LinkClass
from cryptotrace.reports.draft import Draft, text_cell
from cryptotrace.reports.model import Column, Row, RowRole, Style, Table
from cryptotrace.reports.schedules import EndRow
from cryptotrace.reports.wording import reason_word
from cryptotrace.tracing.fragments import Units
from cryptotrace.tracing.result import EndReason, Reconciliation

L3 = LinkClass.L3
#: More row ids than this in one cell are given as the first, the last and how many.
_MOST_IDS = 12


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
            cells = [
                text_cell(reason_word(draft, reason)),
                text_cell(draft.words.number(len(ends))),
                text_cell(_ids(draft, ends)),
            ]
            if conserves:
                cells.append(draft.money(_sum(ends), asset))
            rows.append(Row("", tuple(cells)))
        if conserves:
            ends = [row for row in draft.rows.ends if row.end.asset == asset]
            total = (
                text_cell(say("total")),
                text_cell(draft.words.number(len(ends))),
                text_cell(),
                draft.money(_sum(ends), asset),
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
    yield Row("", (text_cell(line.claimant, style=Style.STRONG),), RowRole.GROUP)
    yield Row("", (text_cell(say("reconcile.entered")), text_cell(), draft.money(entered, asset)), RowRole.SUB)
    if entered != line.claimed:
        cut = draft.money(line.claimed - entered, asset)
        yield Row("", (text_cell(say("reconcile.collision")), text_cell(), cut), RowRole.SUB)
    for reason in EndReason:
        if reason not in line.ends:
            continue
        ends = [row for row in _ends(draft, reason, asset) if line.claimant in row.end.claimed]
        cells = (
            text_cell(reason_word(draft, reason)),
            text_cell(_ids(draft, ends)),
            draft.money(line.ends[reason], asset),
        )
        yield Row("", cells, RowRole.SUB)
    total = draft.money(sum(line.ends.values(), 0), asset)
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
    if len(ends) <= _MOST_IDS:
        return ", ".join(row.id for row in ends)
    return draft.words.say("ids.many", first=ends[0].id, last=ends[-1].id, count=len(ends))
