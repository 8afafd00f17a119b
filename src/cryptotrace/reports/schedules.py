"""The rows that everything else cites, with their ids: transactions, addresses, ends, evidence. Without language.

Transactions stand in chain order (height, place in the block), never in the order of block times; addresses in the
order in which those transactions name them; ends in the order of the trace; evidence in the order of receipt.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from cryptotrace.errors import ReportError
from cryptotrace.model.identity import Account, Asset
from cryptotrace.model.movement import AccountTransaction
from cryptotrace.model.tag import Tag
from cryptotrace.model.transaction import Posting, PostingKind, Transaction
from cryptotrace.model.verdict import Standing
from cryptotrace.reports.accountrows import CheckRow, check_rows, place_name, rests_on
from cryptotrace.reports.dossier import Answer, AssetFacts, Dossier
from cryptotrace.tracing.fragments import Units
from cryptotrace.tracing.result import End, EndReason, TracedFlow

#: Ends at which nobody holds the value any more.
GONE = frozenset({EndReason.FEE, EndReason.BURN, EndReason.OUTSIDE})


@dataclass(frozen=True, slots=True)
class PostingRow:
    """One input, output, transfer or fee of a transaction."""

    side: str
    """``in`` or ``out``."""
    kind: PostingKind
    """Why value leaves or arrives."""
    place: int | None
    """Index among the inputs, or among the outputs; None for fee, issuance and burn."""
    flow: str
    """Outpoint that is spent or created; ``txid:fee`` for a fee or burn; empty if it has no id."""
    account: Account | None
    """Whose, if anybody's."""
    asset: Asset
    """Of what."""
    units: int
    """Base units, positive."""
    claimed: Mapping[str, Units]
    """Claimed base units per claimant, under the rule; empty if no share."""
    standing: Standing
    """Whether the amount was read from bytes that match their txid."""
    other: str
    """Id of the transaction that created the spent output, or that spends the created one; empty if not in the rows."""
    end: str
    """Id of the end, if the trace ends here."""
    payer: Account | None = None
    """On an account chain, whose holding it leaves; ``account`` is then whose it enters."""
    name: str = ""
    """On an account chain, which movement of the transaction it is, e.g. ``log 3``."""
    rests_on: tuple[str, ...] = ()
    """Ids of the histories that the share rests on and that are not shown to be complete."""


@dataclass(frozen=True, slots=True)
class TransactionRow:
    """A transaction."""

    id: str
    """``T-0001`` and so on, in chain order; unconfirmed ones last."""
    transaction: Transaction
    """The transaction."""
    evidence: str
    """Id of the recorded answer it was read from; empty if that answer is not in the dossier."""
    postings: tuple[PostingRow, ...]
    """What leaves, what arrives, the fee; on an account chain one row per movement."""
    account: AccountTransaction | None = None
    """On an account chain, what else is known of it."""


@dataclass(frozen=True, slots=True)
class AddressRow:
    """An address, or a script without one."""

    id: str
    """``A-0001`` and so on."""
    account: Account
    """The account."""
    received: Mapping[Asset, int]
    """Base units received in the transactions of the report, not in the address's whole history."""
    spent: Mapping[Asset, int]
    """Base units spent in them."""
    transactions: tuple[str, ...]
    """Ids of the transactions that name it."""
    tags: tuple[Tag, ...]
    """What sources say about it."""


@dataclass(frozen=True, slots=True)
class EndRow:
    """A place where the trace ends."""

    id: str
    """``H-0001`` and so on, by its place among the ends of the trace."""
    end: End
    """The end."""
    transaction: str
    """Id of the transaction that creates the flow; empty if it is not in the rows."""
    next: str
    """Txid of the transaction that moves it on or would, if the end names one."""
    address: str
    """Id of the address; empty if there is none."""
    units: int
    """Base units of the whole flow or holding."""
    roundings: int
    """How many shares were rounded upstream: the share differs from the exact one by at most so many base units."""
    tags: tuple[Tag, ...]
    """What sources say about the account."""
    rests_on: tuple[str, ...] = ()
    """Ids of the histories that the share rests on and that are not shown to be complete."""


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """A recorded answer."""

    id: str
    """``E-0001`` and so on."""
    answer: Answer
    """The answer."""


@dataclass(frozen=True, slots=True)
class Schedules:
    """All rows."""

    transactions: tuple[TransactionRow, ...]
    """In chain order."""
    addresses: tuple[AddressRow, ...]
    """In the order in which the transactions name them."""
    ends: tuple[EndRow, ...]
    """In the order of the trace."""
    evidence: tuple[EvidenceRow, ...]
    """In the order of receipt."""
    id_of: Mapping[str, str]
    """Txid or account -> row id."""
    traced: Mapping[str, TracedFlow]
    """Flow id -> what the trace says about it."""
    checks: tuple[CheckRow, ...] = ()
    """Histories of holdings, in the order of the trace; account chains only."""

    def flow_name(self, flow: str) -> str:
        """A flow by its transaction's row id: ``T-0003:1``, ``T-0003 log 1``; its own id if there is no such row."""
        row, place = self.transaction_of(flow), flow.rpartition("#" if "#" in flow else ":")[2]
        if not row:
            return flow
        return f"{row} {place_name(place)}" if "#" in flow else f"{row}:{place}"

    def transaction_of(self, flow: str) -> str:
        """Row id of the transaction that makes a flow; empty if it has no row."""
        return self.id_of.get(flow.rpartition("#" if "#" in flow else ":")[0], "")


def asset_facts(dossier: Dossier, asset: Asset) -> AssetFacts:
    """How ``asset`` is written.

    Raises:
        ReportError: the dossier does not say.
    """
    facts = dossier.assets.get(asset)
    if facts is None:
        raise ReportError(f"the dossier does not say how {asset} is written; add it to Dossier.assets")
    return facts


def schedules(dossier: Dossier) -> Schedules:
    """The rows of a dossier.

    Raises:
        ReportError: a transaction is filed under another txid than its own.
    """
    for txid, transaction in dossier.transactions.items():
        if txid != transaction.txid:
            raise ReportError(f"transaction {transaction.txid} is filed under {txid}; file it under its own txid")
    served = {txid: n for n, txid in enumerate(dict.fromkeys(t.flow.txid for t in dossier.trace.flows))}
    ordered = sorted(dossier.transactions.values(), key=lambda t: _place(t, served))
    id_of: dict[str, str] = {t.txid: f"T-{n:04d}" for n, t in enumerate(ordered, start=1)}
    evidence = tuple(EvidenceRow(f"E-{n:04d}", answer) for n, answer in enumerate(dossier.answers, start=1))
    evidence_of = {row.answer.digest: row.id for row in reversed(evidence)}
    traced = {t.flow.id: t for t in dossier.trace.flows}
    end_of = {e.flow.id: f"H-{n:04d}" for n, e in enumerate(dossier.trace.ends, start=1) if e.flow is not None}
    checks = check_rows(dossier)
    resting = rests_on(dossier.trace, checks)
    spender = {str(p.outpoint): id_of[t.txid] for t in ordered for p in t.inputs if p.outpoint is not None}
    rows = tuple(
        TransactionRow(
            id_of[t.txid],
            t,
            evidence_of.get(t.evidence, ""),
            tuple(
                _movement_rows(t, traced, end_of, resting)
                if any(p.flow for p in t.postings)
                else _posting_rows(t, traced, end_of, id_of, spender)
            ),
            dossier.account_transactions.get(t.txid),
        )
        for t in ordered
    )
    addresses = _addresses(dossier, rows)
    id_of.update({row.account: row.id for row in addresses})
    ends = tuple(_end_row(dossier, n, end, id_of, resting) for n, end in enumerate(dossier.trace.ends, start=1))
    return Schedules(rows, addresses, ends, evidence, id_of, traced, checks)


def _place(transaction: Transaction, served: Mapping[str, int]) -> tuple[bool, int, int, int, str]:
    """Chain position; where a source does not tell the place in the block, the order in which the trace went."""
    block = transaction.block
    height = 0 if block is None else block.height
    return (block is None, height, transaction.index, served.get(transaction.txid, len(served)), transaction.txid)


def _posting_rows(
    transaction: Transaction,
    traced: Mapping[str, TracedFlow],
    end_of: Mapping[str, str],
    id_of: Mapping[str, str],
    spender: Mapping[str, str],
) -> list[PostingRow]:
    places = {"in": 0, "out": 0}
    rows = []
    for posting in transaction.postings:
        side = _side(posting)
        place = None
        if posting.kind not in {PostingKind.FEE, PostingKind.ISSUANCE, PostingKind.BURN}:
            place, places[side] = places[side], places[side] + 1
        flow = _flow_id(transaction, posting)
        here = traced.get(flow)
        if side == "in":
            arrives = here is not None and here.arrival is not None and here.arrival.txid == transaction.txid
            here = here if arrives else None
            other = "" if posting.outpoint is None else id_of.get(posting.outpoint.txid, "")
        else:
            other = spender.get(flow, "")
        rows.append(
            PostingRow(
                side,
                posting.kind,
                place,
                flow,
                posting.account,
                posting.asset,
                abs(posting.units),
                {} if here is None else here.claimed,
                posting.standing,
                other,
                end_of.get(flow, "") if side == "out" else "",
            )
        )
    return rows


def _movement_rows(
    transaction: Transaction,
    traced: Mapping[str, TracedFlow],
    end_of: Mapping[str, str],
    resting: Mapping[str, tuple[str, ...]],
) -> list[PostingRow]:
    """One row per movement of an account transaction: who paid, who was paid, how much of what."""
    rows: list[PostingRow] = []
    for out in transaction.postings:
        if out.units > 0 or not out.flow:
            continue
        into = next(p for p in transaction.postings if p.flow == out.flow and p is not out)
        here = traced.get(out.flow)
        place = sum(row.kind is PostingKind.TRANSFER for row in rows) if out.kind is PostingKind.TRANSFER else None
        rows.append(
            PostingRow(
                "out",
                out.kind,
                place,
                out.flow,
                into.account,
                out.asset,
                into.units,
                {} if here is None else here.claimed,
                out.standing,
                "",
                end_of.get(out.flow, ""),
                out.account,
                place_name(out.flow.partition("#")[2]),
                resting.get(out.flow, ()),
            )
        )
    return rows


def _side(posting: Posting) -> str:
    return "in" if posting.units < 0 or posting.kind in {PostingKind.INPUT, PostingKind.ISSUANCE} else "out"


def _flow_id(transaction: Transaction, posting: Posting) -> str:
    if posting.outpoint is not None:
        return str(posting.outpoint)
    return f"{transaction.txid}:fee" if posting.kind in {PostingKind.FEE, PostingKind.BURN} else ""


def _addresses(dossier: Dossier, rows: tuple[TransactionRow, ...]) -> tuple[AddressRow, ...]:
    sums: dict[Account, tuple[dict[Asset, int], dict[Asset, int], dict[str, None]]] = {}
    for row in rows:
        for posting in row.postings:
            for account, is_paid in ((posting.payer, False), (posting.account, posting.side == "out")):
                if account is not None:
                    received, spent, named = sums.setdefault(account, (defaultdict(int), defaultdict(int), {}))
                    (received if is_paid else spent)[posting.asset] += posting.units
                    named[row.id] = None
    accounts = (*(end.account for end in dossier.trace.ends), *(check.account for check in dossier.trace.pots))
    for account in accounts:
        if account is not None:
            sums.setdefault(account, ({}, {}, {}))
    return tuple(
        AddressRow(f"A-{n:04d}", account, dict(received), dict(spent), tuple(named), dossier.tags.get(account, ()))
        for n, (account, (received, spent, named)) in enumerate(sums.items(), start=1)
    )


def _end_row(
    dossier: Dossier, number: int, end: End, id_of: Mapping[str, str], resting: Mapping[str, tuple[str, ...]]
) -> EndRow:
    flow = end.flow
    account = "" if end.account is None else end.account
    units = flow.units if flow is not None else int(sum(units for _, units in end.fragments))
    exact = dossier.trace.exact or flow is None
    return EndRow(
        f"H-{number:04d}",
        end,
        "" if flow is None else id_of.get(flow.txid, ""),
        _named_txid(end),
        id_of.get(account, ""),
        units,
        0 if exact or flow is None else dossier.trace.roundings_upstream(flow.id),
        () if end.account is None else dossier.tags.get(end.account, ()),
        resting.get(flow.id if flow is not None else str(end.pot), ()),
    )


def _named_txid(end: End) -> str:
    """The txid in the engine's own words: ``transaction <txid>``."""
    if end.reason not in {EndReason.UNCONFIRMED, EndReason.HOPS, EndReason.TIME, EndReason.COINJOIN, EndReason.UNKNOWN}:
        return ""
    _, _, rest = end.detail.partition("transaction ")
    txid = rest[:64]
    return txid if len(txid) == 64 and all(c in "0123456789abcdef" for c in txid) else ""
