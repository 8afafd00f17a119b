"""The findings of a report on an account chain: what each transaction moved, and what no source could tell of it."""

from __future__ import annotations

from cryptotrace.model.flow import is_conversion_pot
from cryptotrace.model.identity import Account
from cryptotrace.model.movement import Order
from cryptotrace.model.transaction import PostingKind
from cryptotrace.model.verdict import LinkClass, Standing
from cryptotrace.reports.draft import Draft, Pen
from cryptotrace.reports.schedules import EndRow, PostingRow, TransactionRow

#: So many movements of one transaction are named one by one in the text; the schedule holds all.
_NAMED = 8


def write_movements(pen: Pen, row: TransactionRow) -> None:
    """One transaction as a fact: who paid whom how much of what, the fee and who paid it, success."""
    draft, say = pen.draft, pen.draft.words.say
    block, account = row.transaction.block, row.account
    place = say("unconfirmed")
    if block is not None:
        place = say("finding.place", height=block.height, index=draft.words.place(row.transaction.index))
    named = _named(row)
    moves = [_move(draft, posting) for posting in named]
    if len(named) < len(row.postings):
        moves.append(say("finding.further_moves", count=len(row.postings) - len(named)))
    key = "finding.moves" if moves else "finding.moves_none"
    said = {"transaction": row.id, "place": place, "outcome": say(f"outcome.{_outcome(row)}")}
    text = [say(key, **said, **({"moves": "; ".join(moves)} if moves else {}))]
    cites = [row.id, *(_id(draft, each) for posting in named for each in (posting.payer, posting.account))]
    if account is not None and account.sender is not None:
        text.append(say("finding.sender", sender=_id(draft, account.sender) or account.sender.address))
    if any(posting.standing is Standing.REPORTED for posting in row.postings):
        text.append(say("finding.reported"))
    if account is not None and account.missing:
        text.append(say("finding.untold", what=draft.words.quoted("; ".join(account.missing))))
    if account is not None and account.order is Order.ASSUMED:
        text.append(say("finding.assumed"))
    pen.write(" ".join(text), LinkClass.L1, cites)


def _outcome(row: TransactionRow) -> str:
    if row.account is None:
        return "unknown"
    return "succeeded" if row.account.succeeded else "failed"


def _named(row: TransactionRow) -> list[PostingRow]:
    """The movements that are named: all of a few; else those of claimed units and the fees, in their order."""
    if len(row.postings) <= _NAMED:
        return list(row.postings)
    weighty = [p for p in row.postings if p.claimed or p.kind is PostingKind.FEE]
    return weighty[:_NAMED]


def _move(draft: Draft, posting: PostingRow) -> str:
    say = draft.words.say
    said = {"amount": draft.amount(posting.units, posting.asset), "name": draft.words.movement(posting.name)}
    payer, payee = _id(draft, posting.payer) or "—", _id(draft, posting.account) or "—"
    if posting.kind is PostingKind.FEE:
        if posting.account is None:
            return say("finding.move.fee", payer=payer, **said)
        return say("finding.move.fee_to", payer=payer, payee=payee, **said)
    if posting.kind is PostingKind.ISSUANCE:
        return say("finding.move.issuance", payee=payee, **said)
    if posting.kind is PostingKind.BURN:
        return say("finding.move.burn", payer=payer, **said)
    traced = say("finding.on_trace") if posting.claimed else ""
    return say("finding.move.transfer", payer=payer, payee=payee, spent=traced, **said)


def write_conversions(pen: Pen) -> None:
    """Where the trace goes on in another asset: wraps, which are joined by protocol."""
    draft = pen.draft
    for row in draft.rows.transactions:
        if row.account is None or not row.account.wraps:
            continue
        ids = {row.account.txid + "#" + wrap.outflow for wrap in row.account.wraps}
        met = [draft.rows.traced[each] for each in ids if each in draft.rows.traced]
        if any(traced.arrival is not None and is_conversion_pot(traced.arrival.pot) for traced in met):
            basis = draft.words.quoted("; ".join(wrap.basis for wrap in row.account.wraps))
            pen.say("finding.conversion", LinkClass.L2, [row.id], transaction=row.id, basis=basis)


def rests_sentence(draft: Draft, row: EndRow) -> str:
    """That the share of an end rests on histories that are not shown to be complete; empty if it does not."""
    return " " + draft.words.say("rests_on", checks=draft.ids(row.rests_on)) if row.rests_on else ""


def write_grade(pen: Pen) -> None:
    """In the summary: which shares rest on a history that is not shown to be complete, or that none does."""
    draft = pen.draft
    if not draft.dossier.trace.pots:
        return
    resting = [row for row in draft.rows.ends if row.rests_on]
    if not resting:
        pen.say("summary.checked", LinkClass.L5)
        return
    checks = sorted({check for row in resting for check in row.rests_on})
    pen.say("summary.unchecked", LinkClass.L5, [row.id for row in resting], checks=draft.ids(checks))


def write_untold(pen: Pen) -> None:
    """In the limits: what no source could tell, and what an assumed order changes."""
    draft, trace = pen.draft, pen.draft.dossier.trace
    if trace.missing:
        pen.head("limits.missing")
        for txid, what in trace.missing:
            row = draft.rows.id_of.get(txid, "")
            name = row or draft.txid(txid)
            pen.say("limits.missing_text", LinkClass.L5, [row], transaction=name, what=draft.words.quoted(what))
    if not trace.has_assumed_order:
        return
    pen.head("limits.assumed")
    if trace.order_sensitive is None:
        pen.say("limits.assumed_impossible", LinkClass.L3)
    elif not trace.order_sensitive:
        pen.say("limits.assumed_same", LinkClass.L3)
    else:
        flows = [draft.flow_name(flow) for flow in trace.order_sensitive]
        cites = [draft.rows.transaction_of(flow) for flow in trace.order_sensitive]
        pen.say("limits.assumed_other", LinkClass.L3, cites, flows=draft.ids(flows))


def _id(draft: Draft, account: Account | None) -> str:
    return "" if account is None else draft.rows.id_of.get(account, account.address)
