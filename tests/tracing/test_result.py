from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from tests import notation, strategies
from tests.account_world import TOKEN, block, digest, pot, who
from tests.tracing import checks

from cryptotrace.errors import InvalidAmount, ModelError, TracingError
from cryptotrace.model.block import Position
from cryptotrace.model.claim import Claim
from cryptotrace.model.flow import Arrival, Flow, FlowKind
from cryptotrace.model.pot import OpeningBasis, PotCheck
from cryptotrace.model.verdict import LinkClass
from cryptotrace.tracing.result import End, EndReason, Stops, Trace, TracedFlow


def test_the_reconciliation_has_a_row_per_claimant_and_the_amount_at_each_kind_of_end() -> None:
    case = notation.chain("t1: A 6, B 4 -> C 5, D 3, fee 2\nV claims A\nW claims B\nV claims D 0").case
    rows = {row.claimant: (row.claimed, row.ends) for row in checks.run(case, "fifo").reconcile()}
    # the queue is V6 W4: C V5, D V1 W2, the fee W2
    assert rows == {
        "V": (6, {EndReason.UNSPENT: 6}),
        "W": (4, {EndReason.UNSPENT: 2, EndReason.FEE: 2}),
    }


def test_poison_is_never_reconciled() -> None:
    with pytest.raises(TracingError, match="poison"):
        checks.run(notation.chain("t1: A 6 -> C 6\nV claims A").case, "poison").reconcile()


def test_a_claimed_flow_is_a_fact_and_a_share_of_a_mix_a_convention() -> None:
    found = checks.run(notation.chain("t1: A 6, B 1 -> C 7\nV claims A").case, "haircut")
    assert {t.flow.id: t.link_class for t in found.flows} == {
        "fund:0": LinkClass.L1,
        "t1:0": LinkClass.L3,
        "t1:fee": LinkClass.L3,
    }


def test_only_roundings_before_a_flow_count_against_it() -> None:
    # t1 splits V1 clean2 over C 1, D 2: the first split is rounded, D then has what is left, whole numbers.
    text = """
        t1: A 1, B 2 -> C 1, D 2
        t2: K 8 -> L 4, M 4
        t3: D 2, M 4 -> N 6
        V claims A
        W claims K
    """
    written = notation.chain(text)
    found = checks.run(written.case, "haircut")
    bound = {name: found.roundings_upstream(written.at[name]) for name in ("A", "C", "D", "K", "L")}
    # C: a third is 0 by largest remainder (clean 2/3), so D has V1 whole: one rounding, made at C, moved both
    assert checks.shares(found)[written.at["D"]] == {"V": 1}
    assert bound == {"A": 0, "C": 1, "D": 1, "K": 0, "L": 0}


def test_a_share_that_was_rounded_to_nothing_still_counts_where_it_may_come_back() -> None:
    # t1: A is V1 clean3, C 2 and D 2 hold half a unit each: in whole units C has 1 and D nothing, so D is not followed.
    # t2 mixes D with W's coin: exactly E holds half a unit of V, in whole units none, and no rounding is made in t2.
    written = notation.chain("t1: A 4 -> C 2, D 2\nt2: D 2, K 2 -> E 4\nV claims A 1\nW claims K")
    whole, exact = checks.run(written.case, "haircut"), checks.run(written.case, "haircut", exact=True)
    flow = written.at["E"]
    assert checks.shares(whole)[flow] == {"W": 2}
    assert checks.shares(exact)[flow].keys() == {"V", "W"}
    assert not next(t for t in whole.flows if t.flow.id == flow).rounded
    assert whole.roundings_upstream(flow) == 1
    checks.rounds_within_bound(whole, exact)


def test_a_flow_that_the_trace_did_not_reach_has_a_bound_too() -> None:
    written = notation.chain("t1: A 4 -> C 2, D 2\nt2: D 2 -> E 2\nV claims A 1")
    found = checks.run(written.case, "haircut")
    assert written.at["E"] not in checks.shares(found)
    assert found.roundings_upstream(written.at["E"]) == 1
    ordered = checks.run(written.case, "fifo")
    assert ordered.roundings_upstream(written.at["E"]) == 0


def test_the_first_units_taken_by_a_later_claim_round_nothing() -> None:
    """A claim on a flow that already holds another's share fills what is free: no unit is made or rounded by it."""
    written = notation.chain("t1: A 2, B 2 -> C 2, D 2\nV claims A\nW claims C")
    found = checks.run(written.case, "haircut")
    assert checks.shares(found)[written.at["C"]] == {"V": 1, "W": 1}
    assert found.roundings_upstream(written.at["C"]) == 0


@pytest.mark.parametrize(
    ("setting", "value", "error", "words"),
    [
        ("dust", -5, InvalidAmount, "dust must not be negative, got -5"),
        ("dust", 0.5, InvalidAmount, "dust must be an int of base units"),
        ("dust", True, InvalidAmount, "dust must be an int of base units"),
        ("dust", None, InvalidAmount, "dust must be an int of base units"),
        ("max_hops", -3, ModelError, "max_hops must be 0, 1, 2 ... or None for no limit, got -3"),
        ("max_hops", 1.5, ModelError, "max_hops must be .* got 1.5"),
        ("max_hops", False, ModelError, "max_hops must be .* got False"),
        ("max_hops", "2", ModelError, "max_hops must be .* got '2'"),
        ("until", 1.5, ModelError, "until must be whole seconds .* got 1.5"),
        ("until", "2024-01-01", ModelError, "until must be whole seconds"),
    ],
)
def test_a_stop_that_could_not_mean_what_it_says_is_refused(
    setting: str, value: Any, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        Stops(**{setting: value})


def test_nought_is_an_ordinary_limit_and_none_is_no_limit() -> None:
    stops = Stops(dust=0, max_hops=0, until=0)
    assert (stops.dust, stops.max_hops, stops.until) == (0, 0, 0)
    assert (Stops().max_hops, Stops().until) == (None, None)


@settings(max_examples=150, deadline=None)
@given(strategies.chains(), strategies.ledgers())
def test_no_flow_is_further_from_its_exact_share_than_roundings_were_made_before_it(chain: Any, ledger: Any) -> None:
    for case in (chain, ledger):
        for rule in checks.CONSERVING:
            checks.rounds_within_bound(checks.run(case, rule), checks.run(case, rule, exact=True))


def test_a_share_rests_on_every_unchecked_history_that_it_came_through() -> None:
    """Victim -> A (unchecked) -> B (complete) -> C; somebody else's flow into B came through no unchecked history."""

    def flow(name: str, by: str, to: str, height: int) -> Flow:
        return Flow(name, FlowKind.TRANSFER, TOKEN, 5, pot(by), Position(height, 0), who(to), digest(name))

    def traced(number: int, what: Flow, hop: int, to: str | None) -> TracedFlow:
        arrival = None if to is None else Arrival(pot(to), what.departs, block(1).time, what.txid)
        return TracedFlow(what, (("victim", 5),), hop, number, False, arrival, None)

    flows = (
        traced(0, flow("theft", "victim", "A", 1), 0, "A"),
        traced(1, flow("direct", "victim", "B", 2), 0, "B"),
        traced(2, flow("early", "B", "D", 3), 1, None),
        traced(3, flow("a-b", "A", "B", 4), 1, "B"),
        traced(4, flow("b-c", "B", "C", 5), 2, None),
    )
    ends = (End(EndReason.UNSPENT, None, pot("B"), who("B"), TOKEN, (("victim", 5),)),)
    checks = (
        PotCheck(pot("A"), who("A"), TOKEN, 1, 9, 0, OpeningBasis.BACKWARDS, 5, 5, 0),
        PotCheck(pot("B"), who("B"), TOKEN, 1, 9, 0, OpeningBasis.HISTORY, 10, 10, 0),
    )
    claim = Claim("victim", "theft", TOKEN, 5)
    trace = Trace((claim,), "fifo", False, Stops(), flows, ends, (), pots=checks)
    found = {name: [check.account for check in upstream] for name, upstream in trace.unchecked().items()}
    assert found == {"a-b": [who("A")], "b-c": [who("A")], pot("B"): [who("A")]}
    assert trace.to_dict()["pots"] == [check.to_dict() for check in checks]
