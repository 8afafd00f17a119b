"""A trace of a case: its claims, its stops and its graph go to the engine, and what the result belongs to is added."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from cryptotrace.case.custody import digest
from cryptotrace.case.file import TraceEntry
from cryptotrace.case.signs import sentence, signs_of
from cryptotrace.errors import CaseError, InsufficientBalance
from cryptotrace.ledger.accountgraph import AccountGraph
from cryptotrace.model.amount import base_units
from cryptotrace.model.claim import Claim
from cryptotrace.model.flow import FlowGraph
from cryptotrace.model.identity import Chain
from cryptotrace.tracing.engine import trace
from cryptotrace.tracing.result import Stops, Trace
from cryptotrace.tracing.rules import rule

if TYPE_CHECKING:
    from cryptotrace.case.case import Case


def settings_of(
    known: Sequence[Claim],
    wanted: Sequence[Claim],
    rule_name: str,
    reason: str,
    *,
    exact: bool,
    dust: int,
    max_hops: int | None,
    until: datetime | None,
    most_transfers: int,
) -> TraceEntry:
    """The settings of a trace as the case keeps them; see ``Case.trace``."""
    for claim in wanted:
        if claim not in known:
            raise CaseError(f"{claim!r} is not a claim of this case; enter it with case.claim")
    if until is not None and until.tzinfo is None:
        raise CaseError("the limit of time needs a time zone, e.g. 2026-01-01T00:00:00+00:00")
    return TraceEntry(
        rule(rule_name).name,
        reason,
        exact,
        tuple(known.index(claim) for claim in wanted),
        str(base_units(dust, "dust limit")),
        -1 if max_hops is None else base_units(max_hops, "limit of hops"),
        -1 if until is None else int(until.timestamp()),
        base_units(most_transfers, "limit of transfers"),
    )


def run(case: Case, entry: TraceEntry, *, held_only: bool, progress: Callable[[int, int], None] | None = None) -> Trace:
    """Trace as the entry says; with ``held_only`` no source is asked.

    Raises:
        CaseError: there is no claim, or the claims are on several chains.
    """
    claims = tuple(case.claims[place] for place in entry.claims)
    chains = sorted({claim.asset.chain for claim in claims})
    if len(chains) != 1:
        raise CaseError(
            "there is no claim to trace; name what was taken with case.claim or: cryptotrace claim"
            if not chains
            else f"the claims are on several chains ({', '.join(chains)}); trace those of one chain at a time "
            "(case.claims_on, or --chain)"
        )
    stops = Stops(
        {account: service for account, service in case.tags.services().items() if account.chain == chains[0]},
        {named.txid: named.basis for named in case.settings.coinjoins},
        int(entry.dust),
        None if entry.max_hops < 0 else entry.max_hops,
        None if entry.until < 0 else entry.until,
    )
    graph = case.graph(chains[0], held_only=held_only, progress=progress)

    def traced(graph: FlowGraph) -> Trace:
        return trace(graph, claims, rule(entry.rule), exact=entry.exact, stops=stops, progress=progress)

    if isinstance(graph, AccountGraph):
        result = _on_accounts(case, _limited(graph, entry.most_transfers, stops.until), traced)
    else:
        result = traced(graph)
    tip = case.store.tip(chains[0])
    tips = () if tip is None else (tip,)
    return replace(result, tips=tips, notices=_notices(case, chains[0], result))


def _limited(graph: AccountGraph, most: int, until: int | None, *, other_order: bool = False) -> AccountGraph:
    """The same graph under limits of transfers and time, or with what has no known order turned round."""
    return AccountGraph(
        graph.store,
        graph.chain,
        graph.sources,
        most,
        adjusting=graph.adjusting,
        until=until,
        other_order=other_order,
    )


def _on_accounts(case: Case, graph: AccountGraph, traced: Callable[[FlowGraph], Trace]) -> Trace:
    """A trace on an account chain, with what is said about its histories, its order and what no source could tell.

    It looks one sweep past every untagged end, so that the deposit address of a service is recognised as such.
    """
    result = traced(graph)
    for end in result.ends:
        if end.account is not None and end.flow is not None and not case.tags.of(end.account):
            graph.look_past(end.account, end.asset, end.flow.departs.height)
    for asset in dict.fromkeys(t.flow.asset for t in result.flows):
        case.assets.read(asset, graph.sources)
    txids = dict.fromkeys(t.flow.txid for t in result.flows)
    missing = tuple((txid, what) for txid in txids for what in graph.ensure(txid).missing)
    checks = graph.checks()
    found = signs_of(case, dict.fromkeys(check.account for check in checks))
    signs = tuple(dict.fromkeys((sign.transactions[0], sentence(sign)) for sign in found))
    assumed = graph.has_assumed_order
    result = replace(result, pots=checks, missing=missing, signs=signs, has_assumed_order=assumed)
    if not assumed:
        return result
    try:
        other = traced(_limited(graph, graph.most_transfers, graph.until, other_order=True))
    except InsufficientBalance:
        return replace(result, order_sensitive=None)
    shares = {t.flow.id: t.claimed for t in other.flows}
    differ = [t.flow.id for t in result.flows if t.claimed != shares.pop(t.flow.id, {})]
    differ += [flow_id for flow_id, claimed in shares.items() if claimed]
    return replace(result, order_sensitive=tuple(differ))


def _notices(case: Case, chain: Chain, result: Trace) -> tuple[tuple[str, str], ...]:
    carried = case.store.notices(chain)
    met = dict.fromkeys(traced.flow.txid for traced in result.flows)
    return tuple((txid, notice) for txid in met for notice in carried.get(txid, ()))


def digest_of(result: Trace) -> str:
    """SHA-256 of a trace as canonical JSON."""
    return digest(result.to_dict())
