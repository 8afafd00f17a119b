"""The numbered findings: facts of the ledger first, then what was claimed, then shares, then what others say."""

from __future__ import annotations

from cryptotrace.model.identity import Account, Asset
from cryptotrace.model.transaction import PostingKind
from cryptotrace.model.verdict import LinkClass, Standing
from cryptotrace.reports.accountfindings import rests_sentence, write_conversions, write_movements
from cryptotrace.reports.accountpoints import write_points
from cryptotrace.reports.draft import Draft, Pen
from cryptotrace.reports.schedules import GONE, EndRow, PostingRow, TransactionRow
from cryptotrace.reports.wording import reason_sentence, reason_word
from cryptotrace.tracing.fragments import Units

#: So many outputs of one transaction are named one by one in the text; the schedule holds all.
_NAMED_OUTPUTS = 6


def write_findings(pen: Pen) -> None:
    """Fill the section of findings."""
    pen.head("findings.facts")
    for row in pen.draft.rows.transactions:
        (write_movements if pen.draft.dossier.is_on_accounts else _write_transaction)(pen, row)
    write_conversions(pen)
    pen.head("findings.claims")
    _write_claims(pen)
    pen.head("findings.shares" if pen.draft.rule.conserves else "findings.reach", rule=pen.draft.rule_name)
    pen.warn()
    _write_shares(pen)
    write_points(pen)
    pen.head("findings.others")
    _write_attributions(pen)


def _write_transaction(pen: Pen, row: TransactionRow) -> None:
    """One transaction as a fact: no share, no claim."""
    draft, say = pen.draft, pen.draft.words.say
    block = row.transaction.block
    place = say("unconfirmed")
    if block is not None:
        place = say("finding.place", height=block.height, index=draft.words.place(row.transaction.index))
    on_trace = [p for p in row.postings if p.side == "out" and p.place is not None and p.claimed]
    named = "; ".join(_output(draft, p) for p in on_trace[:_NAMED_OUTPUTS])
    rest = on_trace[_NAMED_OUTPUTS:]
    if rest:
        total = draft.amount(sum(p.units for p in rest), rest[0].asset)
        named += "; " + say("finding.further", count=len(rest), total=total)
    cites = [row.id, *(_id(draft, p.account) for p in on_trace[:_NAMED_OUTPUTS])]
    text = say("finding.transaction", transaction=row.id, place=place, sums=_sums(draft, row))
    is_reported = any(p.standing is Standing.REPORTED for p in row.postings)
    if is_reported:
        text += " " + say("finding.reported")
    if named:
        text += " " + say("finding.outputs", outputs=named)
    pen.write(text, LinkClass.L5 if is_reported else LinkClass.L1, cites)


def _sums(draft: Draft, row: TransactionRow) -> str:
    return "; ".join(_sum(draft, row, asset) for asset in dict.fromkeys(p.asset for p in row.postings))


def _sum(draft: Draft, row: TransactionRow, asset: Asset) -> str:
    """What one asset does in a transaction; new units are no output that is spent."""
    mine = [p for p in row.postings if p.asset == asset]
    into = [p for p in mine if p.side == "in" and p.place is not None]
    out = [p for p in mine if p.side == "out" and p.place is not None]
    issued = sum(p.units for p in mine if p.kind is PostingKind.ISSUANCE)
    text = draft.words.say(
        "finding.sums",
        n_in=len(into),
        total_in=draft.amount(sum(p.units for p in into), asset),
        n_out=len(out),
        total_out=draft.amount(sum(p.units for p in out), asset),
        fee=draft.amount(sum(p.units for p in mine if p.kind is PostingKind.FEE), asset),
    )
    return text + (draft.words.say("finding.issued", amount=draft.amount(issued, asset)) if issued else "")


def _output(draft: Draft, posting: PostingRow) -> str:
    spent = draft.words.say("finding.spent_in", transaction=posting.other) if posting.other else ""
    return draft.words.say(
        "finding.output",
        flow=draft.flow_name(posting.flow),
        amount=draft.amount(posting.units, posting.asset),
        address=_id(draft, posting.account) or "—",
        spent=spent,
    )


def _write_claims(pen: Pen) -> None:
    draft, say = pen.draft, pen.draft.words.say
    for claim in draft.dossier.trace.claims:
        basis = say("claim.basis", basis=claim.basis) if claim.basis else say("claim.no_basis")
        author = say("claim.author", author=claim.author) if claim.author else ""
        pen.say(
            "finding.claim",
            LinkClass.L5,
            [draft.rows.transaction_of(claim.flow)],
            claimant=claim.claimant,
            amount=draft.amount(claim.units, claim.asset),
            flow=draft.flow_name(claim.flow),
            basis=f"{basis}{' ' if author else ''}{author}",
        )
    for collision in draft.dossier.trace.collisions:
        asset = draft.rows.traced[collision.flow].flow.asset
        pen.say(
            "finding.collision",
            LinkClass.L3,
            [draft.rows.transaction_of(collision.flow)],
            claimant=collision.claimant,
            amount=draft.amount(collision.units, asset),
            flow=draft.flow_name(collision.flow),
        )


def _write_shares(pen: Pen) -> None:
    draft = pen.draft
    if not draft.rule.conserves:
        pen.say("finding.poison", LinkClass.L3)
    for row in draft.rows.ends:
        if row.end.reason not in GONE:
            _write_end(pen, row)
    if draft.rule.conserves:
        _write_gone(pen)


def _write_end(pen: Pen, row: EndRow) -> None:
    draft, end = pen.draft, row.end
    kind = "held" if end.flow is None and draft.dossier.is_on_accounts else "end"
    key = f"finding.{kind}" if draft.rule.conserves else f"finding.{kind}_poison"
    pen.say(
        key,
        LinkClass.L3,
        [row.id, row.transaction, row.address],
        end=row.id,
        rule=draft.rule_name,
        shares=_shares(draft, end.claimed, end.asset),
        place=draft.flow_name(end.flow.id) if end.flow is not None else reason_word(draft, end.reason),
        units=draft.amount(row.units, end.asset),
        address=row.address or "—",
        reason=reason_sentence(draft, row) + rests_sentence(draft, row),
    )


def _write_gone(pen: Pen) -> None:
    """Fees and burns: one paragraph per reason and asset, with every row."""
    draft = pen.draft
    groups: dict[tuple[str, Asset], list[EndRow]] = {}
    for row in draft.rows.ends:
        if row.end.reason in GONE:
            groups.setdefault((row.end.reason.value, row.end.asset), []).append(row)
    for (reason, asset), rows in groups.items():
        sums: dict[str, Units] = {}
        for row in rows:
            for claimant, units in row.end.claimed.items():
                sums[claimant] = sums.get(claimant, 0) + units
        said = draft.words.say(
            f"finding.gone.{reason}",
            rule=draft.rule_name,
            shares=_shares(draft, {c: sums[c] for c in draft.claimants if c in sums}, asset),
        )
        checks = sorted({check for row in rows for check in row.rests_on})
        said += " " + draft.words.say("rests_on", checks=draft.ids(checks)) if checks else ""
        pen.write(said, LinkClass.L3, [row.id for row in rows])


def _write_attributions(pen: Pen) -> None:
    draft = pen.draft
    tagged = [row for row in draft.rows.addresses if row.tags]
    for row in tagged:
        for tag in row.tags:
            pen.write(
                draft.words.say("finding.attribution", address=row.id) + " " + draft.attribution(tag),
                LinkClass.L5,
                [row.id],
            )
        if len({tag.label for tag in row.tags}) > 1:
            pen.say("finding.conflict", LinkClass.L5, [row.id], address=row.id)
    loaded = draft.words.number(draft.dossier.tags_loaded)
    untagged = len(draft.rows.addresses) - len(tagged)
    pen.say("finding.coverage", None, (), untagged=untagged, count=loaded)


def _shares(draft: Draft, shares: dict[str, Units], asset: Asset) -> str:
    return "; ".join(_share(draft, claimant, units, asset) for claimant, units in shares.items())


def _share(draft: Draft, claimant: str, units: Units, asset: Asset) -> str:
    if not draft.rule.conserves:
        return draft.words.quoted(claimant)
    return draft.words.say("finding.share", claimant=claimant, amount=draft.amount(units, asset))


def _id(draft: Draft, account: Account | None) -> str:
    return "" if account is None else draft.rows.id_of.get(account, "")
