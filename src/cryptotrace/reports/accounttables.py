"""Tables that only a report on an account chain has: its assets, and the histories of the holdings."""

from __future__ import annotations

from cryptotrace.chains.networks import NETWORKS
from cryptotrace.model.pot import Completeness, PotCheck
from cryptotrace.model.verdict import LinkClass
from cryptotrace.reports.accountnotices import basis_words
from cryptotrace.reports.accountrows import CheckRow
from cryptotrace.reports.dossier import AssetFacts
from cryptotrace.reports.draft import Draft, line, text_cell
from cryptotrace.reports.foreign import visible
from cryptotrace.reports.model import Cell, CellKind, Column, Line, Row, Run, Style, Table
from cryptotrace.reports.sheetasset import contract_shown

L5 = LinkClass.L5


def assets_table(draft: Draft) -> Table:
    """Each asset with its contract, symbol, decimals, and where these are from."""
    say = draft.words.say
    columns = (
        Column(say("column.asset"), 44),
        Column(say("column.symbol"), 14),
        Column(say("column.decimals"), 12, is_right=True),
        Column(say("column.basis"), 30),
    )
    rows = tuple(Row("", _asset_cells(draft, facts)) for _, facts in sorted(draft.dossier.assets.items()))
    return Table("assets", say("table.assets"), L5, columns, rows)


def _asset_cells(draft: Draft, facts: AssetFacts) -> tuple[Cell, ...]:
    say, asset = draft.words.say, facts.asset
    network = NETWORKS.get(asset.chain)
    is_coin = network is not None and asset == network.asset
    basis = basis_words(draft, facts.basis) if facts.basis else say("not_stated")
    contract = Run(
        visible(contract_shown(asset) if asset.token_id is None else f"{asset.reference}/{asset.token_id}"), Style.MONO
    )
    named = Cell(CellKind.HASH, ((contract,), line(f"{asset.namespace} · {facts.chain_name}", Style.SMALL)), asset)
    decimals = say("asset.no_decimals") if facts.decimals is None else str(facts.decimals)
    return (
        named,
        text_cell(facts.symbol or say("not_stated")),
        text_cell(decimals),
        text_cell(say("asset.coin") if is_coin else basis, style=Style.SMALL),
    )


def histories_table(draft: Draft) -> Table:
    """Opening + received - paid against the balance that was read, for each holding that claimed units entered."""
    say = draft.words.say
    columns = (
        Column(say("column.row"), 9),
        Column(say("column.holding"), 34),
        Column(say("column.opening"), 17, is_right=True),
        Column(say("column.moved"), 17, is_right=True),
        Column(say("column.balance"), 17, is_right=True),
        Column(say("column.grade"), 17),
    )
    rows = tuple(Row(row.id, _history_cells(draft, row)) for row in draft.rows.checks)
    return Table("histories", say("table.histories"), L5, columns, rows)


def _history_cells(draft: Draft, row: CheckRow) -> tuple[Cell, ...]:
    say, check = draft.words.say, row.check
    holding: list[Line] = [
        draft.account(check.account),
        line(f"{draft.rows.id_of[check.account]} · {draft.label(check.asset)}", Style.SMALL),
    ]
    opening = draft.money(check.opening, check.asset)
    known = line(
        f"{say('histories.before', height=check.first)}; {say(f'basis.{check.basis.value}')}",
        Style.SMALL,
    )
    moved = [*_named(draft, "received", check.received, check), *_named(draft, "paid", check.paid, check)]
    if check.adjusted:
        units = draft.words.number(check.adjusted)
        moved.append(line(say("histories.adjusted", units=units), Style.SMALL))
    balance = [*_named(draft, "expected", check.expected, check)]
    if check.read is None:
        balance.append(line(say("histories.not_read"), Style.SMALL))
    else:
        balance += (
            line(say("histories.read", height=check.last), Style.SMALL),
            *draft.money(check.read, check.asset).lines,
        )
    return (
        text_cell(row.id, style=Style.STRONG),
        Cell(CellKind.HASH, tuple(holding), check.account),
        Cell(CellKind.AMOUNT, (*opening.lines, known), opening.value),
        Cell(CellKind.AMOUNT, tuple(moved), f"+{check.received}-{check.paid}"),
        Cell(CellKind.AMOUNT, tuple(balance), "" if check.read is None else str(check.read)),
        _grade(draft, row),
    )


def _named(draft: Draft, key: str, units: int, check: PotCheck) -> tuple[Line, ...]:
    return line(draft.words.say(f"histories.{key}"), Style.SMALL), *draft.money(units, check.asset).lines


def _grade(draft: Draft, row: CheckRow) -> Cell:
    say, check = draft.words.say, row.check
    said: dict[str, object] = {"first": check.first, "last": check.last}
    if check.completeness is Completeness.DIFFERENCE:
        said["units"] = draft.words.number(check.difference or 0)
    lines = [line(say(f"grade.{check.completeness.value}", **said))]
    lines += [
        line(say("histories.problem", detail=detail), Style.SMALL) for detail in (check.problem, check.nonces) if detail
    ]
    if row.evidence:
        lines.append(line(say("histories.evidence", rows=draft.ids(row.evidence)), Style.SMALL))
    return Cell(CellKind.TEXT, tuple(lines), check.completeness.value)
