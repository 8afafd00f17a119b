"""A trace of a case: its claims, its stops and its graph go to the engine, and what the result belongs to is added."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from cryptotrace.case.file import TraceEntry
from cryptotrace.errors import CaseError
from cryptotrace.ledger.store import Store
from cryptotrace.model.identity import Chain
from cryptotrace.tracing.engine import trace
from cryptotrace.tracing.result import Stops, Trace
from cryptotrace.tracing.rules import rule

if TYPE_CHECKING:
    from cryptotrace.case.case import Case


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
            else f"the claims are on several chains ({', '.join(chains)}); trace those of one chain at a time"
        )
    stops = Stops(
        case.tags.services(),
        {named.txid: named.basis for named in case.settings.coinjoins},
        int(entry.dust),
        None if entry.max_hops < 0 else entry.max_hops,
        None if entry.until < 0 else entry.until,
    )
    graph = case.graph(chains[0], held_only=held_only)
    result = trace(graph, claims, rule(entry.rule), exact=entry.exact, stops=stops, progress=progress)
    tip = case.store.tip(chains[0])
    tips = () if tip is None else (tip,)
    return replace(result, tips=tips, notices=_notices(case.store, chains[0], result))


def _notices(store: Store, chain: Chain, result: Trace) -> tuple[tuple[str, str], ...]:
    found: dict[tuple[str, str], None] = {}
    for txid in dict.fromkeys(traced.flow.txid for traced in result.flows):
        transaction = store.transaction(chain, txid)
        if transaction is not None:
            found.update(dict.fromkeys((txid, notice) for notice in transaction.notices))
    return tuple(found)


def digest_of(result: Trace) -> str:
    """SHA-256 of a trace as canonical JSON."""
    text = json.dumps(result.to_dict(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
