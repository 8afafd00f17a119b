"""The content of a tracing report: one model, from which every format in every language is rendered."""

from __future__ import annotations

import hashlib

from cryptotrace.evidence.canonical import canonical_json
from cryptotrace.model.verdict import LinkClass, Standing
from cryptotrace.reports.accountfindings import write_grade
from cryptotrace.reports.accountpoints import uses_inference, write_points_summary
from cryptotrace.reports.accounttables import assets_table, histories_table
from cryptotrace.reports.data import machine_data
from cryptotrace.reports.dossier import Dossier
from cryptotrace.reports.draft import Draft, Pen, text_cell
from cryptotrace.reports.figure import flow_figure
from cryptotrace.reports.findings import write_findings
from cryptotrace.reports.foreign import one_line, visible
from cryptotrace.reports.limits import write_limits, write_method
from cryptotrace.reports.model import Blanks, Cell, Column, Document, Row, Section, Table
from cryptotrace.reports.reconciliation import reconciliation_table, summary_table
from cryptotrace.reports.schedules import schedules
from cryptotrace.reports.tables import address_table, claims_table, ends_table, evidence_table, transaction_table
from cryptotrace.reports.words import words
from cryptotrace.tracing.result import EndReason
from cryptotrace.tracing.rules import rule

#: Sections in their order; the number of each is its place here.
SECTIONS = (
    "question",
    "summary",
    "sources",
    "method",
    "findings",
    "transactions",
    "addresses",
    "holdings",
    "reconciliation",
    "limits",
    "evidence",
    "declaration",
)


def content(dossier: Dossier, language: str) -> Document:
    """The tracing report on a dossier in one language.

    Row ids, paragraph numbers and figures are the same in every language.

    Raises:
        ReportError: there is no such language, or the dossier lacks how an asset is written.
        UnknownRule: the trace names a rule that does not exist.
    """
    draft = Draft(
        dossier, schedules(dossier), words(language, accounts=dossier.is_on_accounts), rule(dossier.trace.rule)
    )
    data = machine_data(dossier, draft.rows, draft.rule)
    report_id = "R-" + hashlib.sha256(canonical_json(data)).hexdigest()[:16]
    say = draft.words.say
    return Document(
        language=language,
        case_id=visible(dossier.case_id),
        report_id=report_id,
        kind=say("document.kind"),
        title=one_line(dossier.title) or visible(dossier.case_id),
        mark=_mark(draft),
        warning=draft.warning,
        page_of=draft.words.messages["page_of"],
        running=say("running", case=dossier.case_id, report=report_id),
        front=_front(draft, report_id),
        sections=tuple(_section(draft, number, key) for number, key in enumerate(SECTIONS, start=1)),
        date=dossier.cut_off,
        author=one_line(dossier.author),
        data=data,
    )


def _mark(draft: Draft) -> str:
    chains = [visible(a.chain_name) for a in draft.dossier.assets.values() if a.is_training]
    return draft.words.say("mark.training", chain=", ".join(dict.fromkeys(chains))) if chains else ""


def _front(draft: Draft, report_id: str) -> tuple[tuple[str, str], ...]:
    say, dossier = draft.words.say, draft.dossier
    chains = ", ".join(dict.fromkeys(visible(a.chain_name) for a in dossier.assets.values()))
    return (
        (say("front.case"), visible(dossier.case_id)),
        (say("front.report"), report_id),
        *_newest(draft),
        (say("front.cut_off"), draft.words.moment(dossier.cut_off) if dossier.cut_off else say("not_stated")),
        (say("front.author"), one_line(dossier.author) or say("to_complete")),
        (say("front.network"), chains),
        (say("front.rule"), f"{draft.rule_name} — {draft.purpose_short}"),
        (say("front.software"), visible(dossier.software)),
        (say("front.custody"), visible(dossier.custody_head) or say("not_stated")),
    )


def _newest(draft: Draft) -> tuple[tuple[str, str], ...]:
    """The state of the chain that the report speaks of; it is as old as this block, whenever the answer came."""
    say = draft.words.say
    return tuple(
        (say("front.newest"), f"{say('tip', height=t.height)}, {draft.txid(t.hash)}") for t in draft.dossier.trace.tips
    )


def _section(draft: Draft, number: int, key: str) -> Section:
    pen = Pen(draft, number, key)
    {
        "question": _write_question,
        "summary": _write_summary,
        "sources": _write_sources,
        "method": write_method,
        "findings": _write_findings_and_figure,
        "transactions": _write_transactions,
        "addresses": _write_addresses,
        "holdings": _write_holdings,
        "reconciliation": _write_reconciliation,
        "limits": write_limits,
        "evidence": _write_evidence,
        "declaration": _write_declaration,
    }[key](pen)
    return pen.section()


def _write_question(pen: Pen) -> None:
    question = one_line(pen.draft.dossier.question)
    pen.write(question or pen.draft.words.say("question.standard"))
    pen.blocks.append(claims_table(pen.draft))
    pen.say("question.given", LinkClass.L5)


def _write_summary(pen: Pen) -> None:
    draft, trace = pen.draft, pen.draft.dossier.trace
    say = draft.words.say
    pen.warn()
    for asset in dict.fromkeys(claim.asset for claim in trace.claims):
        mine = [claim for claim in trace.claims if claim.asset == asset]
        starts = [draft.rows.transaction_of(c.flow) for c in mine]
        names = "; ".join(say("finding.share", claimant=c.claimant, amount=draft.amount(c.units, asset)) for c in mine)
        pen.say("summary.claims", LinkClass.L5, starts, claims=names)
        met = sum((c.units for c in trace.collisions if draft.rows.traced[c.flow].flow.asset == asset), 0)
        if met:
            pen.say("summary.collisions", LinkClass.L3, starts, amount=draft.amount(met, asset))
    count = len(draft.rows.transactions)
    pen.say("summary.facts", LinkClass.L1, (), transactions=count, addresses=len(draft.rows.addresses))
    key = "summary.rule" if draft.rule.conserves else "summary.reach"
    pen.say(key, LinkClass.L3, (), rule=draft.rule_name, text=say(f"rule.{draft.rule.name}.text"))
    pen.blocks.append(summary_table(draft))
    write_grade(pen)
    _write_addressees(pen)
    write_points_summary(pen)
    pen.say("summary.classes_inferred" if uses_inference(draft) else "summary.classes")
    pen.say("summary.open")


def _write_addressees(pen: Pen) -> None:
    """Who might know more: the parties to whom sources attribute the addresses of service ends."""
    draft = pen.draft
    seen: dict[str, list[str]] = {}
    for row in draft.rows.ends:
        if row.end.reason is EndReason.SERVICE:
            for tag in row.tags:
                creator = tag.creator or draft.words.say("not_stated")
                text = draft.words.say("summary.addressee", label=tag.label, creator=creator, source=tag.source)
                seen.setdefault(text, []).append(row.id)
    for text, ids in seen.items():
        pen.write(text, LinkClass.L5, ids)
    unhosted = [r.id for r in draft.rows.ends if r.end.reason is EndReason.UNSPENT and not r.tags]
    if unhosted:
        heights = [str(tip.height) for tip in draft.dossier.trace.tips]
        known = ", ".join(heights) or draft.words.say("not_stated")
        pen.say("summary.unhosted", LinkClass.L5, unhosted, height=known)  # no bytes show that nothing spends an output


def _write_sources(pen: Pen) -> None:
    draft, say, shown = pen.draft, pen.draft.words.say, pen.draft.words
    columns = (
        Column(say("column.source"), 30),
        Column(say("column.tip"), 40),
        Column(say("column.answers"), 10, is_right=True),
        Column(say("column.period"), 22),
    )
    rows = []
    for source in draft.dossier.sources:
        tip = say("tip", height=source.tip.height)
        period = text_cell(shown.moment(source.first), shown.moment(source.last))
        tip_cell = text_cell(tip, draft.txid(source.tip.hash))
        rows.append(
            Row("", (text_cell(source.name), _mono_second(tip_cell), text_cell(shown.number(source.answers)), period))
        )
    pen.say("sources.text")
    pen.blocks.append(Table("sources", say("table.sources"), LinkClass.L5, columns, tuple(rows)))
    if draft.dossier.is_on_accounts:
        pen.say("sources.assets", LinkClass.L5)
        pen.blocks.append(assets_table(draft))
    pen.say("sources.verified", None, (), software=draft.dossier.software)
    reported = [r.id for r in draft.rows.transactions if any(p.standing is Standing.REPORTED for p in r.postings)]
    if reported:
        pen.say("sources.reported", LinkClass.L5, reported, source=", ".join(s.name for s in draft.dossier.sources))
    else:
        pen.say("sources.no_reported")


def _mono_second(cell: Cell) -> Cell:
    from cryptotrace.reports.model import Run, Style

    first, second = cell.lines
    return Cell(cell.kind, (first, (Run(second[0].text, Style.MONO),)), cell.value)


def _write_findings_and_figure(pen: Pen) -> None:
    write_findings(pen)
    pen.blocks.append(flow_figure(pen.draft))


def _write_transactions(pen: Pen) -> None:
    pen.say("transactions.text", LinkClass.L1)
    key = "transactions.shares" if pen.draft.rule.conserves else "transactions.reach"
    pen.say(key, LinkClass.L3, (), rule=pen.draft.rule_name)
    pen.warn()
    pen.blocks.append(transaction_table(pen.draft))


def _write_addresses(pen: Pen) -> None:
    pen.say("addresses.text")
    pen.blocks.append(address_table(pen.draft))


def _write_holdings(pen: Pen) -> None:
    draft = pen.draft
    pen.say("holdings.text" if draft.rule.conserves else "holdings.reach", None, (), rule=draft.rule_name)
    pen.warn()
    pen.blocks.append(ends_table(draft, is_gone=False))
    gone = ends_table(draft, is_gone=True)
    if gone.rows:
        pen.blocks.append(gone)


def _write_reconciliation(pen: Pen) -> None:
    draft = pen.draft
    pen.warn()
    if not draft.rule.conserves:
        pen.say("reconciliation.poison", LinkClass.L3)
    else:
        pen.say("reconciliation.text", LinkClass.L3)
        pen.blocks.append(reconciliation_table(draft))
        differs = any(row.difference != 0 for row in draft.dossier.trace.reconcile())
        pen.say("reconciliation.open" if differs else "reconciliation.closed", LinkClass.L3)
    if draft.dossier.is_on_accounts:
        _write_histories(pen)


def _write_histories(pen: Pen) -> None:
    pen.head("histories.head")
    if not pen.draft.rows.checks:
        pen.say("histories.none", LinkClass.L5)
        return
    pen.say("histories.text", LinkClass.L5)
    pen.blocks.append(histories_table(pen.draft))


def _write_evidence(pen: Pen) -> None:
    draft = pen.draft
    pen.say("evidence.text", None, (), head=draft.dossier.custody_head or draft.words.say("not_stated"))
    if draft.rows.evidence:
        pen.blocks.append(evidence_table(draft))
    else:
        pen.say("evidence.empty")


def _write_declaration(pen: Pen) -> None:
    pen.say("declaration.software", None, (), software=pen.draft.dossier.software)
    pen.say("declaration.complete")
    pen.say("declaration.duty")
    lines = tuple(
        pen.draft.words.say(f"blank.{key}") for key in ("name", "office", "education", "warned", "signature", "date")
    )
    pen.blocks.append(Blanks(lines))
