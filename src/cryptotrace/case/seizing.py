"""Who can stop it: freeze status, touch points and issuers of a case's trace, and the sheets that are made of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING

from cryptotrace import __version__
from cryptotrace.case.asking import abilities
from cryptotrace.case.custody import digest, entry_of_trace
from cryptotrace.case.tracing import digest_of
from cryptotrace.chains.networks import network
from cryptotrace.errors import CaseError
from cryptotrace.ledger import accounts
from cryptotrace.ledger.accountgraph import AccountGraph
from cryptotrace.ledger.store import Store
from cryptotrace.model.block import BlockRef, Position
from cryptotrace.model.flow import Flow, holding_pot
from cryptotrace.model.identity import Account, Asset, Chain
from cryptotrace.reports.sheetfile import SheetHead
from cryptotrace.seizure.deposits import DepositParameters
from cryptotrace.seizure.freeze import FreezeStatus, freeze_status
from cryptotrace.seizure.holdings import holdings
from cryptotrace.seizure.issuers import IssuerRows, issuer_rows
from cryptotrace.seizure.touchpoints import TouchPoints, touch_points
from cryptotrace.tracing.result import Trace

if TYPE_CHECKING:
    from cryptotrace.case.case import Case


class HeldFacts:
    """What the case holds about accounts (satisfies ``cryptotrace.seizure.deposits.AccountFacts``); asks no source."""

    def __init__(self, store: Store, chain: Chain) -> None:
        self._store = store
        self._chain = chain
        self._graph = AccountGraph(store, chain)

    def outflows(self, account: Account, asset: Asset, since: Position) -> Sequence[Flow]:
        """What is known to have left the account's holding at and after ``since``, in chain order."""
        return self._graph.outflows(account, asset, since)

    def held_after(self, account: Account, asset: Asset, at: Position) -> int | None:
        """Base units left in the holding right after ``at``; None if its history is not held."""
        pot = holding_pot(account, asset)
        held = accounts.history(self._store, self._chain, pot)
        if held is None or held.refused or held.crowded or held.first > at.height:
            return None
        return self._graph.opening(pot, Position(at.height, at.index, at.part + 1))

    def block_of(self, chain: Chain, txid: str) -> BlockRef | None:
        """The block of a transaction; None if not known."""
        placed = self._store.placed(chain, txid)
        return None if placed is None else placed.block

    def memo_of(self, chain: Chain, txid: str) -> str | None:
        """What the payer wrote with a transaction; empty if nothing, None if not known."""
        if not network(chain).is_account_chain:
            return None
        found = accounts.transaction(self._store, chain, txid)
        return None if found is None else found.memo


def points_of(case: Case, trace: Trace, parameters: DepositParameters | None = None) -> TouchPoints:
    """Where the claimed value of a trace touches services, from what is held."""
    facts = HeldFacts(case.store, trace.claims[0].asset.chain)
    return touch_points(trace, case.tags, facts, parameters)


def issuers_of(case: Case, trace: Trace) -> IssuerRows:
    """The holdings that an issuer could freeze; balances and freeze status are read from the case's sources now."""
    chain = trace.claims[0].asset.chain
    calls, logs, balances = abilities(case.ready_sources(chain))
    rows = issuer_rows(
        holdings(trace, case.tags),
        case.assets.tokens,
        points_of(case, trace),
        balances=balances,
        calls=calls,
        logs=logs,
    )
    said = [(row.account, row.freeze.state.value, row.balance and str(row.balance.units)) for row in rows.rows]
    case.log("issuers", {"chain": chain, "trace": digest_of(trace), "rows": len(rows.rows)}, digest(said))
    return rows


def freeze_of(case: Case, account: Account, token: Asset, height: int | None) -> FreezeStatus:
    """See ``Case.freeze_status``."""
    sources = case.ready_sources(account.chain)
    tip = min((source.tip().height for source in sources), default=None)
    if height is not None and (height < 0 or (tip is not None and height > tip)):
        known = f"; the newest block that the sources know is {tip}" if tip is not None else ""
        raise CaseError(f"there is no block {height} to ask about{known}")
    if height == tip:
        height = None  # that is what a source is asked anyway, and some answer for nothing else
    calls, logs, _ = abilities(sources)
    status = freeze_status(calls, logs, token, account, height, tokens=case.assets.tokens)
    asked = {"account": account, "token": token, "height": -1 if height is None else height}
    case.log("freeze-status", {**asked, "state": status.state.value}, digest(list(status.evidence)))
    return status


def head_of(case: Case, trace: Trace, *, now: bool = False) -> SheetHead:
    """What holds for every row of the sheets of a trace: as of the trace, or ``now`` where sources were asked again.

    Raises:
        CaseError: the trace was not made in this case.
    """
    chain = trace.claims[0].asset.chain
    made = entry_of_trace(case.custody, digest_of(trace))
    records = islice(case.archive.records(), None if now else made.parameters["evidence"]["answers"])
    answered = [record.received for record in records if record.status in {"ok", "derived"}]
    return SheetHead(
        case_id=case.settings.id,
        title=case.settings.title,
        rule=trace.rule,
        exact=trace.exact,
        claimants=tuple(dict.fromkeys(claim.claimant for claim in trace.claims)),
        trace=digest_of(trace),
        software=f"cryptotrace {__version__}",
        cut_off=max(answered, default=""),
        is_training=network(chain).is_training,
        are_pots_checked=bool(trace.pots),
        tips=trace.tips,
        author=case.settings.author,
    )
