"""What must hold of every case and every rule; used by the property tests and by the long run."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from cryptotrace.ledger import ledgerfile as files
from cryptotrace.ledger.ledgerfile import LedgerCase
from cryptotrace.tracing import ledgerfile, oracle
from cryptotrace.tracing.engine import trace
from cryptotrace.tracing.fragments import total
from cryptotrace.tracing.result import Stops, Trace
from cryptotrace.tracing.rules import RULES

Case = dict[str, Any]
CONSERVING = tuple(name for name, rule in RULES.items() if rule.conserves)


def graph(case: Case) -> LedgerCase:
    """The case as a flow graph."""
    made = files._attempt(case, case["kind"])
    assert isinstance(made, LedgerCase), made
    return made


def run(case: Case, rule: str, *, exact: bool = False, stops: Stops | None = None) -> Trace:
    """One rule over one case."""
    made = graph(case)
    return trace(made, made.claims, RULES[rule], exact=exact, stops=stops)


def engine_result(case: Case) -> Any:
    """What the engine prints for a case, every rule, in fractions."""
    return ledgerfile.solve([files._attempt(case, case["kind"])], exact=True)["cases"][0]["result"]


def shares(found: Trace) -> dict[str, dict[str, Fraction]]:
    """Flow -> claimant -> units, only where something is claimed."""
    return {t.flow.id: {c: Fraction(u) for c, u in t.claimed.items()} for t in found.flows if t.claimed}


def agrees_with_oracle(case: Case) -> None:
    """Engine in fractions == oracle, every rule, all of the printed structure."""
    assert engine_result(case) == oracle.solve(case)


def conserves(found: Trace) -> None:
    """Invariants 1, 2 and 4: nothing is lost, nothing exceeds its flow, every flow is the sum of its fragments."""
    for reconciliation in found.reconcile():
        assert reconciliation.difference == 0, reconciliation
    for traced in found.flows:
        assert total(traced.fragments) == traced.flow.units
        assert sum(traced.claimed.values()) <= traced.flow.units
        assert all(units > 0 for _, units in traced.fragments)
        assert all(a[0] != b[0] for a, b in zip(traced.fragments, traced.fragments[1:], strict=False))
        if not found.exact:
            assert all(type(units) is int for _, units in traced.fragments)
    for end in found.ends:
        assert end.claimed, end


def distances(whole: Trace, exact: Trace) -> Iterable[tuple[str, Fraction]]:
    """How far each flow's shares in base units are from the exact ones, the largest over the claimants."""
    mine, truth = shares(whole), shares(exact)
    for flow in mine.keys() | truth.keys():
        claimants = mine.get(flow, {}).keys() | truth.get(flow, {}).keys()
        gaps = (
            abs(mine.get(flow, {}).get(c, Fraction(0)) - truth.get(flow, {}).get(c, Fraction(0))) for c in claimants
        )
        yield flow, max(gaps)


def rounds_within_bound(whole: Trace, exact: Trace) -> Fraction:
    """No flow is further from its exact share than roundings were made upstream of it; the largest distance."""
    largest = Fraction(0)
    for flow, distance in distances(whole, exact):
        assert distance <= whole.roundings_upstream(flow), (whole.rule, flow, distance)
        largest = max(largest, distance)
    return largest


def holds(case: Case) -> Fraction:
    """Everything above for one case; the largest distance that rounding made."""
    agrees_with_oracle(case)
    largest = Fraction(0)
    for rule in CONSERVING:
        exact, whole = run(case, rule, exact=True), run(case, rule)
        conserves(exact)
        conserves(whole)
        if RULES[rule].is_ordered:
            assert [t.fragments for t in exact.flows] == [t.fragments for t in whole.flows]
        largest = max(largest, rounds_within_bound(whole, exact))
    return largest
