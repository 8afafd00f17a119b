"""The schedules as tables in one language."""

from __future__ import annotations

from collections.abc import Iterable

from cryptotrace.model.identity import Asset
from cryptotrace.model.transaction import PostingKind
from cryptotrace.model.verdict import LinkClass, Standing
from cryptotrace.reports.accountpoints import taken_for
from cryptotrace.reports.draft import Draft, hash_cell, iso_time, line, text_cell
from cryptotrace.reports.model import Cell, CellKind, Column, Line, Row, RowRole, Run, Style, Table
from cryptotrace.reports.schedules import GONE, AddressRow, EndRow, PostingRow, TransactionRow
from cryptotrace.reports.wording import reason_sentence, reason_word
from cryptotrace.tracing.fragments import Units

L1, L3, L5 = LinkClass.L1, LinkClass.L3, LinkClass.L5


def transaction_table(draft: Draft) -> Table:
    """The transaction schedule: each transaction, then its inputs, its outputs and its fee."""
    say = draft.words.say
    columns = (
        Column(say("column.side"), 13 if draft.dossier.is_on_accounts else 9),
        Column(say("column.address_output"), 43 if draft.dossier.is_on_accounts else 47),
        Column(say("column.amount"), 21, L1, is_right=True),
        Column(draft.shares_title, 23, L3, is_right=True),
    )
    rows: list[Row] = []
    for row in draft.rows.transactions:
        rows.append(Row(row.id, (_transaction_head(draft, row),), RowRole.GROUP))
        cells = _movement_cells if draft.dossier.is_on_accounts else _posting_cells
        rows += [Row("", cells(draft, posting), RowRole.SUB) for posting in row.postings]
        if not draft.dossier.is_on_accounts:  # a movement takes from one holding what it puts into another one
            rows.append(Row("", (text_cell(), *_check_cells(draft, row)), RowRole.TOTAL))
    return Table("transactions", say("table.transactions"), L1, columns, tuple(rows))


def _transaction_head(draft: Draft, row: TransactionRow) -> Cell:
    say, transaction = draft.words.say, row.transaction
    block = transaction.block
    lines: list[Line] = [
        (Run(row.id, Style.STRONG), Run(f"  {say('txid')} "), Run(draft.txid(transaction.txid), Style.MONO)),
    ]
    if block is None:
        lines.append(line(say("unconfirmed")))
    else:
        lines.append((Run(say("block_head", height=block.height) + " "), Run(draft.txid(block.hash), Style.MONO)))
        place = say("block_place", index=draft.words.place(transaction.index), time=draft.words.time(block.time))
        lines.append(line(place, Style.SMALL))
    source = row.evidence or say("evidence.none")
    lines.append(line(say("evidence.of_row", evidence=source, chain=transaction.chain), Style.SMALL))
    if row.account is not None:
        lines.append(line(say(f"outcome.{'succeeded' if row.account.succeeded else 'failed'}"), Style.SMALL))
    return Cell(CellKind.HASH, tuple(lines), draft.txid(transaction.txid))


def _movement_cells(draft: Draft, posting: PostingRow) -> tuple[Cell, ...]:
    say = draft.words.say
    lines: list[Line] = []
    for key, account in (("from", posting.payer), ("to", posting.account)):
        if account is not None:
            lines.append((Run(say(key) + " ", Style.SMALL), *draft.account(account)))
            lines.append(line(draft.rows.id_of[account], Style.SMALL))
        elif key == "to" or posting.kind is not PostingKind.ISSUANCE:
            lines.append(line(f"{say(key)} {say('nobody')}", Style.SMALL))
    if posting.end:
        lines.append(line(say("ends_here", end=posting.end), Style.SMALL))
    if posting.standing is Standing.REPORTED:
        lines.append(line(say("standing.reported"), Style.SMALL))
    side = text_cell(say(f"kind.{posting.kind.value}"), draft.words.movement(posting.name))
    where = Cell(CellKind.TEXT, tuple(lines), "" if posting.account is None else posting.account)
    shares = draft.shares(posting.claimed.items(), posting.asset, posting.rests_on)
    return side, where, draft.money(posting.units, posting.asset), shares


def _posting_cells(draft: Draft, posting: PostingRow) -> tuple[Cell, ...]:
    say = draft.words.say
    kind = say(f"kind.{posting.kind.value}") if posting.place is None else say(f"kind.{posting.side}")
    side = kind if posting.place is None else f"{kind}\u00a0{posting.place}"
    lines: list[Line] = [] if posting.account is None else [draft.account(posting.account)]
    notes: list[Line] = []
    if posting.account is not None:
        notes.append(line(draft.rows.id_of[posting.account], Style.SMALL))
    notes += _whence_whither(draft, posting)
    if posting.standing is Standing.REPORTED:
        notes.append(line(say("standing.reported"), Style.SMALL))
    where = Cell(CellKind.TEXT, (*lines, *notes) or (line("—"),), "" if posting.account is None else posting.account)
    shares = draft.shares(posting.claimed.items(), posting.asset)
    return text_cell(side), where, draft.money(posting.units, posting.asset), shares


def _whence_whither(draft: Draft, posting: PostingRow) -> list[Line]:
    say = draft.words.say
    if posting.kind is PostingKind.INPUT and posting.flow:
        if posting.other:
            return [line(say("spends", flow=draft.flow_name(posting.flow)), Style.SMALL)]
        txid, _, vout = posting.flow.rpartition(":")
        return [(Run(say("spends_unlisted", vout=vout) + " ", Style.SMALL), Run(txid, Style.MONO))]
    if posting.end:
        return [line(say("ends_here", end=posting.end), Style.SMALL)]
    return [line(say("spent_in", transaction=posting.other), Style.SMALL)] if posting.other else []


def _check_cells(draft: Draft, row: TransactionRow) -> tuple[Cell, ...]:
    """Inputs = outputs + fee, and the claimed units that come in and go out."""
    say = draft.words.say
    assets = dict.fromkeys(p.asset for p in row.postings)
    sums = {
        asset: tuple(
            sum(p.units for p in row.postings if p.side == side and p.asset == asset) for side in ("in", "out")
        )
        for asset in assets
    }
    lines = [
        line(say("check.sum", into=draft.amount(into, asset), out=draft.amount(out, asset)))
        for asset, (into, out) in sums.items()
    ]
    check = Cell(CellKind.TEXT, tuple(lines), "; ".join(f"{i}={o}" for i, o in sums.values()))
    shares = text_cell("—")
    if draft.rule.conserves:
        texts = [
            say(f"check.claimed_{side}", amount=draft.amount(_claimed_sum(row, side, asset), asset))
            for asset in sums
            for side in ("in", "out")
        ]
        shares = text_cell(*texts, style=Style.SMALL)
    first, (_, out) = next(iter(sums.items()))
    return check, draft.money(out, first), shares


def _claimed_sum(row: TransactionRow, side: str, asset: Asset) -> Units:
    mine = (p for p in row.postings if p.side == side and p.asset == asset)
    return sum((units for posting in mine for units in posting.claimed.values()), 0)


def address_table(draft: Draft) -> Table:
    """The address schedule."""
    say = draft.words.say
    columns = (
        Column(say("column.row"), 8),
        Column(say("column.address"), 40),
        Column(say("column.received_spent"), 24, L1, is_right=True),
        Column(say("column.attribution"), 30, L5),
    )
    rows = tuple(Row(row.id, _address_cells(draft, row)) for row in draft.rows.addresses)
    return Table("addresses", say("table.addresses"), L1, columns, rows)


def _address_cells(draft: Draft, row: AddressRow) -> tuple[Cell, ...]:
    say = draft.words.say
    named = line(say("named_in", rows=", ".join(row.transactions)), Style.SMALL) if row.transactions else line("")
    address = Cell(CellKind.HASH, (draft.account(row.account), named), row.account)
    lines: list[Line] = []
    for asset in dict.fromkeys((*row.received, *row.spent)):
        for key, sums in (("received", row.received), ("spent", row.spent)):
            if asset in sums:
                lines.append((Run(say(key) + " ", Style.SMALL), *draft.money(sums[asset], asset).lines[0]))
                lines.append(draft.money(sums[asset], asset).lines[1])
    value = "; ".join(
        f"+{row.received.get(a, 0)}-{row.spent.get(a, 0)}" for a in dict.fromkeys((*row.received, *row.spent))
    )
    totals = Cell(CellKind.AMOUNT, tuple(lines) or (line("—"),), value)
    told = tuple(draft.attribution(tag) for tag in row.tags)
    none = say("tag.none", count=draft.words.number(draft.dossier.tags_loaded))
    tags = text_cell(*taken_for(draft, row.account), *(told or (none,)), style=Style.SMALL)
    return text_cell(row.id, style=Style.STRONG), address, totals, tags


def ends_table(draft: Draft, *, is_gone: bool) -> Table:
    """Where it rests or is not followed; with ``is_gone`` the fees, burns and what left the ledger."""
    say = draft.words.say
    key = "gone" if is_gone else "holdings"
    columns = (
        Column(say("column.row"), 8),
        Column(say("column.place"), 41),
        Column(say("column.full_amount"), 21, L1, is_right=True),
        Column(draft.shares_title, 22, L3, is_right=True),
        Column(say("column.roundings"), 12, L3, is_right=True),
    )
    rows = [Row(r.id, _end_cells(draft, r)) for r in draft.rows.ends if (r.end.reason in GONE) is is_gone]
    if draft.rule.conserves and rows:
        ends = [r for r in draft.rows.ends if (r.end.reason in GONE) is is_gone]
        rows += [
            Row("", (text_cell(), text_cell(say("total")), text_cell("—"), shares, text_cell()), RowRole.TOTAL)
            for shares in _totals(draft, ends)
        ]
    return Table(key, say(f"table.{key}"), L3, columns, tuple(rows))


def _totals(draft: Draft, ends: list[EndRow]) -> Iterable[Cell]:
    sums: dict[Asset, dict[str, Units]] = {}
    for row in ends:
        of_asset = sums.setdefault(row.end.asset, {})
        for claimant, units in row.end.claimed.items():
            of_asset[claimant] = of_asset.get(claimant, 0) + units
    resting = {a: sorted({c for row in ends if row.end.asset == a for c in row.rests_on}) for a in sums}
    return [draft.shares(((c, s[c]) for c in draft.claimants if c in s), a, resting[a]) for a, s in sums.items()]


def _end_cells(draft: Draft, row: EndRow) -> tuple[Cell, ...]:
    end = row.end
    flow = "" if end.flow is None else draft.flow_name(end.flow.id)
    lines: list[Line] = [(Run(reason_word(draft, end.reason), Style.STRONG), Run(f" · {flow}" if flow else ""))]
    if end.account is not None:
        lines += [draft.account(end.account), line(row.address, Style.SMALL)]
    lines.append((Run(reason_sentence(draft, row), Style.SMALL),))
    where = Cell(CellKind.TEXT, tuple(lines), end.reason.value)
    roundings = text_cell("—" if not draft.rule.conserves else draft.words.number(row.roundings))
    shares = draft.shares(end.claimed.items(), end.asset, row.rests_on)
    return text_cell(row.id, style=Style.STRONG), where, draft.money(row.units, end.asset), shares, roundings


def evidence_table(draft: Draft) -> Table:
    """The recorded answers with their digests."""
    say, words = draft.words.say, draft.words
    columns = (
        Column(say("column.row"), 8),
        Column(say("column.sha256"), 34),
        Column(say("column.request"), 40),
        Column(say("column.received_at"), 18),
    )
    rows = []
    for row in draft.rows.evidence:
        answer = row.answer
        asked = text_cell(answer.source, answer.request, style=Style.SMALL)
        time = Cell(
            CellKind.TIME,
            (line(words.moment(answer.received)), line(say("bytes", size=words.number(answer.size)), Style.SMALL)),
            answer.received,
        )
        rows.append(Row(row.id, (text_cell(row.id, style=Style.STRONG), hash_cell(answer.digest), asked, time)))
    return Table("evidence", say("table.evidence"), L5, columns, tuple(rows))


def claims_table(draft: Draft) -> Table:
    """What was claimed, as it was entered."""
    say = draft.words.say
    columns = (
        Column(say("column.claimant"), 20),
        Column(say("column.claimed_output"), 44),
        Column(say("column.claimed_amount"), 22, is_right=True),
        Column(say("column.units_from_to"), 16, is_right=True),
    )
    rows = []
    for claim in draft.dossier.trace.claims:
        stated = say("claim.basis", basis=claim.basis) if claim.basis else say("claim.no_basis")
        output = Cell(
            CellKind.HASH,
            (
                line(draft.flow_name(claim.flow), Style.STRONG),
                (Run(draft.flow_id(claim.flow), Style.MONO),),
                line(stated, Style.SMALL),
            ),
            draft.flow_id(claim.flow),
        )
        last = claim.offset + claim.units
        span = text_cell(draft.words.number(claim.offset), draft.words.number(last), style=Style.SMALL)
        rows.append(Row("", (text_cell(claim.claimant), output, draft.money(claim.units, claim.asset), span)))
    return Table("claims", say("table.claims"), L5, columns, tuple(rows))


def block_time(row: TransactionRow) -> str:
    """The block's time in ISO 8601, as its producer states it; empty while unconfirmed."""
    return "" if row.transaction.block is None else iso_time(row.transaction.block.time)
