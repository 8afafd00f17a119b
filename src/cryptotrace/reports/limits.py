"""The method with its assumptions, and what was not followed or is not known."""

from __future__ import annotations

from cryptotrace.chains.bitcoin.network import BitcoinNetwork
from cryptotrace.chains.networks import NETWORKS
from cryptotrace.model.verdict import LinkClass
from cryptotrace.reports.accountfindings import write_untold
from cryptotrace.reports.accountnotices import notice_words, sign_words
from cryptotrace.reports.accountpoints import uses_inference, write_examined
from cryptotrace.reports.draft import Draft, Pen, text_cell
from cryptotrace.reports.model import Column, Row, Style, Table
from cryptotrace.reports.schedules import GONE
from cryptotrace.reports.wording import reason_word
from cryptotrace.tracing.fragments import Units
from cryptotrace.tracing.result import EndReason

L3 = LinkClass.L3
#: Ends at which the value may have moved on, or cannot be seen to rest.
_NOT_FOLLOWED = (
    EndReason.SERVICE,
    EndReason.COINJOIN,
    EndReason.UNCONFIRMED,
    EndReason.DUST,
    EndReason.HOPS,
    EndReason.TIME,
    EndReason.CROWDED,
    EndReason.UNKNOWN,
    EndReason.OUTSIDE,
)


def write_method(pen: Pen) -> None:
    """Classes of statement, the rule with its purpose and assumptions, rounding, stops, how things are written."""
    draft, say = pen.draft, pen.draft.words.say
    trace = draft.dossier.trace
    pen.say("method.classes")
    pen.blocks.append(_classes_table(pen))
    pen.head("method.rule")
    pen.warn()
    pen.say("method.rule_text", L3, (), rule=draft.rule_name, text=say(f"rule.{draft.rule.name}.text"))
    pen.say(f"method.purpose.{draft.rule.purpose.name.lower()}", L3, (), rule=draft.rule_name)
    pen.say("method.mechanical", L3)
    pen.say("method.no_join", LinkClass.L1)
    if draft.dossier.is_on_accounts:
        pen.say("method.fees", LinkClass.L1)
    pen.head("method.assumptions")
    pen.say("method.order", L3)
    if draft.dossier.is_on_accounts:
        if trace.has_assumed_order:
            pen.say("method.order_assumed", L3)
        pen.say("method.opening", L3)
    pen.say("method.given", LinkClass.L5)
    _write_arithmetic(pen)
    pen.say("method.accounts")
    pen.head("method.stops")
    pen.say("method.stops_text", L3, (), services=draft.words.number(len(trace.stops.services)))
    pen.blocks.append(_settings_table(pen))
    pen.head("method.writing")
    pen.say("method.numbers")
    pen.say("method.times")
    pen.say("method.foreign")


def _write_arithmetic(pen: Pen) -> None:
    draft = pen.draft
    if not draft.rule.conserves:
        pen.say("method.poison", L3)
        return
    if draft.dossier.trace.exact:
        pen.say("method.exact", L3)
        return
    pen.say("method.integer", L3)
    most = max((row.roundings for row in draft.rows.ends), default=0)
    pen.say("method.roundings", L3, (), most=draft.words.number(most))


def _classes_table(pen: Pen) -> Table:
    say = pen.draft.words.say
    used = {LinkClass.L4.value} if uses_inference(pen.draft) else set()
    rows = tuple(
        Row(
            "",
            (
                text_cell(c.value, style=Style.STRONG),
                text_cell(say(f"class.{c.value}")),
                text_cell(say("class.L4.used" if c.value in used else f"class.{c.value}.use")),
            ),
        )
        for c in LinkClass
    )
    columns = (Column(say("column.class"), 8), Column(say("column.meaning"), 46), Column(say("column.use"), 46))
    return Table("classes", say("table.classes"), None, columns, rows)


def _settings_table(pen: Pen) -> Table:
    say = pen.draft.words.say
    rows = []
    for name, value in pen.draft.dossier.settings.items():
        known = f"setting.{name}"
        shown = say(known) if pen.draft.words.has(known) else name
        meant = f"value.{value}"
        known = say(meant) if pen.draft.words.has(meant) else value
        said = pen.draft.words.moment(known) if pen.draft.dossier.is_on_accounts else known
        rows.append(Row("", (text_cell(shown), text_cell(said))))
    columns = (Column(say("column.setting"), 50), Column(say("column.value"), 50))
    return Table("settings", say("table.settings"), None, columns, tuple(rows))


def write_limits(pen: Pen) -> None:
    """What was not followed, with its amounts, and what is not known."""
    draft = pen.draft
    pen.head("limits.stopped")
    pen.warn()
    _write_stopped(pen)
    pen.head("limits.notices")
    _write_notices(pen)
    write_untold(pen)
    write_examined(pen)
    pen.head("limits.unknown")
    for key in ("services", "completeness", "unspent", "order", "persons", "alternatives"):
        pen.say(f"limits.{key}")
    if draft.dossier.is_on_accounts:
        pen.say("limits.issuer")
    pen.say("limits.coverage", None, (), count=draft.words.number(draft.dossier.tags_loaded))
    if draft.dossier.outputs_only:
        pen.head("limits.problems")
        for txid in draft.dossier.outputs_only:
            pen.say("limits.outputs_only", None, (), transaction=txid)


def _write_stopped(pen: Pen) -> None:
    draft = pen.draft
    groups = {r: [row for row in draft.rows.ends if row.end.reason is r] for r in _NOT_FOLLOWED}
    for reason, rows in groups.items():
        for asset in dict.fromkeys(row.end.asset for row in rows):
            mine = [row for row in rows if row.end.asset == asset]
            said: dict[str, object] = {
                "reason": reason_word(draft, reason),
                "count": draft.words.number(len(mine)),
                "why": draft.words.say(f"limits.why.{reason.value}"),
            }
            if draft.rule.conserves:
                total: Units = sum((u for row in mine for u in row.end.claimed.values()), 0)
                said["amount"] = draft.amount(total, asset)
            key = "limits.stopped_text" if draft.rule.conserves else "limits.stopped_reach"
            pen.say(key, L3, [row.id for row in mine], **said)
    if not any(groups.values()):
        pen.say("limits.none_stopped", L3)
    if any(row.end.reason in GONE for row in draft.rows.ends):
        pen.say("limits.gone")


def _write_notices(pen: Pen) -> None:
    draft = pen.draft
    for txid, notice in draft.dossier.trace.notices:
        row = draft.rows.id_of.get(txid, "")
        name = row or draft.txid(txid)
        if notice == "mweb":
            pen.say("limits.mweb", LinkClass.L1, [row], transaction=name)
        else:
            pen.say("limits.notice", LinkClass.L1, [row], transaction=name, what=_noticed(draft, notice))
    for txid, sign in draft.dossier.trace.signs:
        row = draft.rows.id_of.get(txid, "")
        pen.say("limits.sign", LinkClass.L4, [row], transaction=row or draft.txid(txid), what=sign_words(draft, sign))
    if not draft.dossier.trace.notices:
        pen.say("limits.no_notice" if _looks_for_overlays(draft) else "limits.no_notice_other")


def _noticed(draft: Draft, notice: str) -> str:
    """A notice in words: its first word says what kind it is, the rest is as it was recorded."""
    words = draft.words
    if words.has(f"notice.{notice}"):
        return words.say(f"notice.{notice}")
    if draft.dossier.is_on_accounts and (said := notice_words(draft, notice)):
        return said
    kind = notice.partition(" ")[0]
    if words.has(f"notice.{kind}") and words.has("notice.detail"):
        return words.say("notice.detail", word=words.say(f"notice.{kind}"), detail=notice)
    return draft.recorded(notice) if draft.dossier.is_on_accounts else words.quoted(notice)


def _looks_for_overlays(draft: Draft) -> bool:
    """False on a chain of the Bitcoin family on which Omni, Runes and inscriptions are not looked for."""
    network = NETWORKS.get(draft.dossier.chain) if draft.dossier.chain is not None else None
    return not isinstance(network, BitcoinNetwork) or network.carries_overlays
