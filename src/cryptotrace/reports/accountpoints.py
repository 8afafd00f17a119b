"""Touch points in a report on an account chain: where claimed value came into the hands of a service.

The transfer into the customer's deposit address is what a service can be asked about. That the address is one is an
inference (L4); the sweep and the account that it goes to are what it rests on and are never called the customer's.
"""

from __future__ import annotations

from cryptotrace.model.identity import Account
from cryptotrace.model.verdict import LinkClass
from cryptotrace.reports.draft import Draft, Pen, line, text_cell
from cryptotrace.reports.model import Cell, CellKind, Column, Line, Row, Run, Style, Table
from cryptotrace.reports.schedules import Schedules
from cryptotrace.seizure.deposits import DepositParameters, Sweep
from cryptotrace.seizure.touchpoints import TouchPoint, TouchPoints
from cryptotrace.tracing.fragments import as_texts

_DAY = 24 * 3600


def uses_inference(draft: Draft) -> bool:
    """True if the report states an inference from behaviour: a deposit address, or a sign of spam or poisoning."""
    return bool(draft.dossier.trace.signs) or any(not point.direct for point in _points(draft))


def _points(draft: Draft) -> tuple[TouchPoint, ...]:
    found = draft.dossier.touch_points
    return () if found is None else found.rows


def write_points(pen: Pen) -> None:
    """Findings: each touch point with what it rests on, then the parameters, then all of them as a table."""
    draft, found = pen.draft, pen.draft.dossier.touch_points
    if found is None or not found.rows:
        return
    pen.head("findings.points")
    pen.warn()
    for point in found.rows:
        _write_point(pen, point)
    if any(not point.direct for point in found.rows):
        ids = [point.id for point in found.rows if not point.direct]
        pen.say("finding.point_parameters", LinkClass.L4, ids, **_parameters(draft, found.parameters))
    pen.say("finding.point_sheets")
    pen.blocks.append(_points_table(draft, found))


def _write_point(pen: Pen, point: TouchPoint) -> None:
    draft, say, flow = pen.draft, pen.draft.words.say, point.transfer
    address = _name(draft, point.account)
    said = {
        "point": point.id,
        "flow": draft.flow_name(flow.id),
        "amount": draft.amount(flow.units, flow.asset),
        "shares": _shares(draft, point),
        "address": address,
        "full": point.account.address,
        "service": point.service,
    }
    tags = " ".join(draft.attribution(tag) for tag in point.tags) or say("finding.point_no_tag")
    cites = [point.id, draft.rows.transaction_of(flow.id), _row_of(draft, point.account)]
    rests = _rests(draft, point)
    if point.deposit is None:
        shown = {**said, "hash": draft.txid(flow.txid), "tags": tags, "rests": rests}
        pen.say("finding.point_direct", LinkClass.L5, cites, **shown)
        return
    deposit = point.deposit
    to = dict.fromkeys(_name(draft, sweep.to) for sweep in deposit.sweeps)
    untested = draft.recorded("; ".join(deposit.unchecked)) if deposit.unchecked else say("value.none")
    pen.say(
        "finding.point",
        LinkClass.L4,
        [*cites, *(_row_of(draft, sweep.to) for sweep in deposit.sweeps)],
        **said,
        part=str(deposit.share),
        count=draft.words.number(len(deposit.sweeps)),
        others=draft.words.number(deposit.others),
        sweep=_sweep(draft, point, point.sweep),
        accounts=draft.ids(tuple(to)),
        untested=untested,
        tags=tags,
        rests=rests,
    )


def _sweep(draft: Draft, point: TouchPoint, sweep: Sweep | None) -> str:
    """The first payment to the service after the transfer, in full: its transaction may be in no row."""
    say, words = draft.words.say, draft.words
    if sweep is None:
        return say("finding.point_unswept")
    flow, at = sweep.flow, sweep.at
    place, delay = say("not_stated"), say("not_stated")
    if at is not None:
        place = f"{say('tip', height=at.height)}, {words.time(at.time)}"
    if at is not None and point.at is not None:
        delay = _duration(draft, at.time - point.at.time)
    return say(
        "finding.point_sweep",
        hash=draft.txid(flow.txid),
        place=place,
        delay=delay,
        amount=draft.amount(flow.units, flow.asset),
        account=_name(draft, sweep.to),
    )


def _duration(draft: Draft, seconds: int) -> str:
    unit, word = (_DAY, "days") if seconds >= _DAY else (60, "minutes")
    tenths, rest = divmod(10 * seconds, unit)
    count = f"{tenths // 10}{draft.words.point}{tenths % 10}" if tenths % 10 else str(tenths // 10)
    count = ("≈" if rest else "") + count
    return draft.words.say(f"duration.{word}", seconds=draft.words.number(seconds), count=count)


def _parameters(draft: Draft, parameters: DepositParameters) -> dict[str, object]:
    return {
        "share": parameters.share,
        "sweeps": parameters.sweeps,
        "others": parameters.others,
        "window": _duration(draft, parameters.window),
        "residual": parameters.residual,
        "grade": parameters.least.value,
    }


def _shares(draft: Draft, point: TouchPoint) -> str:
    if not point.is_share:
        return "; ".join(draft.words.quoted(claimant) for claimant in point.claimed)
    say, asset = draft.words.say, point.transfer.asset
    return "; ".join(say("finding.share", claimant=c, amount=draft.amount(u, asset)) for c, u in point.claimed.items())


def _rests(draft: Draft, point: TouchPoint) -> str:
    ids = {row.check.pot: row.id for row in draft.rows.checks}
    checks = [ids[check.pot] for check in point.unchecked if check.pot in ids]
    return " " + draft.words.say("rests_on", checks=draft.ids(checks)) if checks and point.hop else ""


def _row_of(draft: Draft, account: Account) -> str:
    return draft.rows.id_of.get(account, "")


def _name(draft: Draft, account: Account) -> str:
    return _row_of(draft, account) or account.address


def _points_table(draft: Draft, found: TouchPoints) -> Table:
    say = draft.words.say
    columns = (
        Column(say("column.row"), 8),
        Column(say("column.point"), 42),
        Column(say("column.full_amount"), 21, LinkClass.L1, is_right=True),
        Column(draft.shares_title, 22, LinkClass.L3, is_right=True),
        Column(say("column.point_class"), 9),
    )
    return Table("points", say("table.points"), None, columns, tuple(_point_row(draft, p) for p in found.rows))


def _point_row(draft: Draft, point: TouchPoint) -> Row:
    flow, say = point.transfer, draft.words.say
    key = "taken_for" if point.deposit is not None else "points.direct"
    lines: list[Line] = [
        (Run(draft.flow_name(flow.id), Style.STRONG),),
        (Run(draft.txid(flow.txid), Style.MONO),),
        (Run(say("to") + " ", Style.SMALL), *draft.account(point.account)),
        line(f"{_row_of(draft, point.account)} · {say(key, service=point.service)}", Style.SMALL),
    ]
    if point.at is not None:
        lines.append(line(f"{say('tip', height=point.at.height)}, {draft.words.time(point.at.time)}", Style.SMALL))
    ids = {row.check.pot: row.id for row in draft.rows.checks}
    rests = [ids[check.pot] for check in point.unchecked if check.pot in ids] if point.hop else []
    cells = (
        text_cell(point.id, style=Style.STRONG),
        Cell(CellKind.HASH, tuple(lines), point.account),
        draft.money(flow.units, flow.asset),
        draft.shares(point.claimed.items(), flow.asset, rests),
        text_cell(point.link_class.value if point.deposit is not None else "L1, L5"),
    )
    return Row(point.id, cells)


def write_points_summary(pen: Pen) -> None:
    """In the summary: per service which transfers into which addresses it should be asked about."""
    draft, found = pen.draft, pen.draft.dossier.touch_points
    for service, points in ({} if found is None else found.services()).items():
        customers = [point for point in points if not point.direct]
        direct = [point for point in points if point.direct]
        for key, mine, label in (("", customers, LinkClass.L4), ("_direct", direct, LinkClass.L5)):
            if mine:
                told = {
                    "service": service,
                    "flows": draft.ids([draft.flow_name(point.transfer.id) for point in mine]),
                    "addresses": draft.ids(tuple(dict.fromkeys(_name(draft, point.account) for point in mine))),
                }
                cites = [*(point.id for point in mine), *(_row_of(draft, point.account) for point in mine)]
                pen.say(f"summary.point{key}", label, cites, **told)


def taken_for(draft: Draft, account: Account) -> tuple[str, ...]:
    """In the address schedule: for whose deposit address the account is taken."""
    service = None if draft.dossier.touch_points is None else draft.dossier.touch_points.deposit_of(account)
    return () if service is None else (draft.words.say("taken_for", service=service),)


def write_examined(pen: Pen) -> None:
    """In the limits: the untagged ends that were looked at in vain; nothing where none was found nor looked at."""
    draft, found = pen.draft, pen.draft.dossier.touch_points
    if found is None or (found.rows and not found.examined):
        return
    pen.head("findings.points")
    if not found.rows:
        pen.say("limits.no_points", LinkClass.L4, (), **_parameters(draft, found.parameters))
    if found.examined:
        names = tuple(dict.fromkeys(_name(draft, each.account) for each in found.examined))
        cites = [_row_of(draft, each.account) for each in found.examined]
        pen.say("limits.examined", LinkClass.L4, cites, addresses=draft.ids(names))


def points_data(rows: Schedules, found: TouchPoints) -> dict[str, object]:
    """The touch points for a machine."""
    return {
        "parameters": found.parameters.sentence(),
        "rows": [_point_data(rows, point) for point in found.rows],
        "examined": [{"account": e.account, "asset": str(e.asset), "reason": e.reason} for e in found.examined],
    }


def _point_data(rows: Schedules, point: TouchPoint) -> dict[str, object]:
    deposit = point.deposit
    made: dict[str, object] = {
        "id": point.id,
        "service": point.service,
        "direct": point.direct,
        "account": point.account,
        "address": rows.id_of.get(point.account, ""),
        "flow": point.transfer.id,
        "transaction": rows.transaction_of(point.transfer.id),
        "units": str(point.transfer.units),
        "claimed": as_texts(point.claimed),
        "link_class": point.link_class.value,
        "share_class": point.share_class.value,
        "attribution_class": point.attribution_class.value,
    }
    if deposit is not None:
        sweeps = [{"flow": s.flow.id, "units": str(s.flow.units), "to": s.to} for s in deposit.sweeps]
        made |= {"sweeps": sweeps, "share_of_outflows": str(deposit.share), "others": deposit.others}
        made |= {"untested": list(deposit.unchecked), "sweep": None if point.sweep is None else point.sweep.flow.id}
    return made
