"""Stops, claims that meet, and graphs that are fetched as they are needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from tests import notation
from tests.strategies import chains
from tests.tracing import checks
from tests.tracing.account_graph import COIN, AccountGraph, Answers, Movement, OnePlace, account, pot

from cryptotrace.errors import InsufficientBalance, TracingError
from cryptotrace.model.block import Position
from cryptotrace.model.claim import Claim
from cryptotrace.model.flow import Resting, Unknown
from cryptotrace.model.verdict import LinkClass
from cryptotrace.tracing.engine import trace
from cryptotrace.tracing.result import EndReason, Stops, Trace
from cryptotrace.tracing.rules import RULES

# Transactions are at heights 1, 2, 3 (0 is the funding). FIFO: B and C and the fee are V's; so are D, E and F.
TREE = notation.chain("""
    t1: A 100 -> B 60, C 39, fee 1
    t2: B 60 -> D 50, E 10
    t3: C 39, X 7 -> F 46
    V claims A
""")


def _ends(found: Trace) -> dict[tuple[str, str], int | Fraction]:
    """(where, why) -> claimed units; a holding has its account's name."""
    names = {outpoint: name for name, outpoint in TREE.at.items()}
    return {
        (
            str(end.pot).partition("|")[0].rpartition(":")[2]
            if end.flow is None
            else names.get(end.flow.id, end.flow.id),
            end.reason.value,
        ): sum(end.claimed.values())
        for end in found.ends
    }


def _tree(stops: Stops, rule: str = "fifo", **answers: Any) -> Trace:
    inner = checks.graph(TREE.case)
    found = trace(Answers(inner, **answers), inner.claims, RULES[rule], stops=stops)
    if RULES[rule].conserves:
        checks.conserves(found)
    return found


def test_without_stops_everything_ends_unspent_or_as_a_fee() -> None:
    assert _ends(_tree(Stops())) == {
        ("t1:fee", "fee"): 1,
        ("D", "unspent"): 50,
        ("E", "unspent"): 10,
        ("F", "unspent"): 39,
    }


def test_a_service_ends_the_branch_with_its_tag_and_amount() -> None:
    owner = account("exchange")
    found = _tree(Stops(services={owner: "tagged by the case"}), owners={TREE.at["B"]: owner})
    assert _ends(found) == {("t1:fee", "fee"): 1, ("B", "service"): 60, ("F", "unspent"): 39}
    (end,) = (end for end in found.ends if end.reason is EndReason.SERVICE)
    assert (end.account, end.detail) == (owner, "tagged by the case")


def test_a_coinjoin_ends_the_branch_before_it_with_its_basis() -> None:
    found = _tree(Stops(coinjoins={"t2": "named by the case"}))
    assert _ends(found) == {("t1:fee", "fee"): 1, ("B", "coinjoin"): 60, ("F", "unspent"): 39}
    assert any("named by the case" in end.detail for end in found.ends)


def test_dust_is_a_share_below_the_limit_and_a_fee_stays_a_fee() -> None:
    assert _ends(_tree(Stops(dust=11))) == {
        ("t1:fee", "fee"): 1,
        ("D", "unspent"): 50,
        ("E", "dust"): 10,
        ("F", "unspent"): 39,
    }
    assert _ends(_tree(Stops(dust=10)))[("E", "unspent")] == 10  # the limit itself is not below it
    assert _ends(_tree(Stops(dust=101))) == {("A", "dust"): 100}


def test_hops_count_transactions_after_the_claimed_output() -> None:
    assert _ends(_tree(Stops(max_hops=0))) == {("A", "hops"): 100}
    assert _ends(_tree(Stops(max_hops=1))) == {("t1:fee", "fee"): 1, ("B", "hops"): 60, ("C", "hops"): 39}
    assert _ends(_tree(Stops(max_hops=2))) == _ends(_tree(Stops()))


def test_the_period_ends_with_its_last_second_included() -> None:
    assert _ends(_tree(Stops(until=2))) == {
        ("t1:fee", "fee"): 1,
        ("D", "unspent"): 50,
        ("E", "unspent"): 10,
        ("C", "time"): 39,
    }
    assert _ends(_tree(Stops(until=0))) == {("A", "time"): 100}


def test_what_the_source_cannot_tell_is_an_end_with_its_reason() -> None:
    found = _tree(Stops(), instead={TREE.at["B"]: Unknown("no index of spends")})
    assert _ends(found)[("B", "unknown")] == 60
    assert [end.detail for end in found.ends if end.reason is EndReason.UNKNOWN] == ["no index of spends"]


def test_an_unconfirmed_spend_leaves_it_where_it_rests_and_says_so() -> None:
    found = _tree(Stops(), instead={TREE.at["C"]: Resting(9, unconfirmed_spend="t9")})
    assert _ends(found)[("C", "unconfirmed")] == 39
    assert any("t9" in end.detail for end in found.ends)


@pytest.mark.parametrize("rule", checks.CONSERVING)
@pytest.mark.parametrize(
    "stops",
    [
        Stops(),
        Stops(dust=20),
        Stops(max_hops=1),
        Stops(until=2),
        Stops(coinjoins={"t3": "named"}),
        Stops(services={account("exchange"): "tagged"}),
        Stops(dust=5, max_hops=2, until=2, coinjoins={"t2": "named"}),
    ],
)
def test_the_reconciliation_closes_under_every_rule_and_stop(rule: str, stops: Stops) -> None:
    instead = {TREE.at["E"]: Unknown("x"), TREE.at["F"]: Resting(9, unconfirmed_spend="t9")}
    found = _tree(stops, rule, owners={TREE.at["D"]: account("exchange")}, instead=instead)
    (row,) = found.reconcile()
    assert row.claimed == 100
    assert sum(row.ends.values()) == 100
    assert row.difference == 0


def test_poison_stops_too_and_refuses_to_be_summed() -> None:
    found = _tree(Stops(coinjoins={"t2": "named"}), "poison")
    assert _ends(found) == {("t1:fee", "fee"): 1, ("B", "coinjoin"): 60, ("F", "unspent"): 46}
    with pytest.raises(TracingError, match="never summed"):
        found.reconcile()


# --- claims that meet -------------------------------------------------------------------------------------------------


def _collisions(found: Trace) -> list[tuple[str, str, int | Fraction]]:
    return [(each.flow, each.claimant, each.units) for each in found.collisions]


def test_the_first_claim_on_the_same_units_stands_and_the_later_one_is_cut() -> None:
    # A is 10: V has the first 6; W claims units 4 to 8 and gets those after the sixth, 2 of its 4
    case = notation.chain("t1: A 10 -> B 10\nV claims A 6\nW claims A 4 from 4").case
    found = checks.run(case, "fifo")
    assert found.flows[0].fragments == (("V", 6), ("W", 2), (None, 2))
    assert _collisions(found) == [("fund:0", "W", 2)]
    # without order of units there is room for all of W's 4
    found = checks.run(case, "haircut")
    assert found.flows[0].claimed == {"V": 6, "W": 4}
    assert _collisions(found) == []


def test_an_output_claimed_twice_in_full_belongs_to_the_first() -> None:
    case = notation.chain("t1: A 10 -> B 10\nV claims A\nW claims A").case
    for rule in checks.CONSERVING:
        found = checks.run(case, rule)
        checks.conserves(found)
        assert _collisions(found) == [("fund:0", "W", 10)]
        assert {row.claimant: row.claimed for row in found.reconcile()} == {"V": 10, "W": 0}


def test_money_stolen_again_stays_with_the_first_victim() -> None:
    # C is V6 clean4 under FIFO; W claims all of C and gets the 4 that V does not claim
    case = notation.chain("t1: A 6, B 6 -> C 10, D 2\nV claims A\nW claims C").case
    found = checks.run(case, "fifo")
    assert _collisions(found) == [("t1:0", "W", 6)]
    assert {row.claimant: row.claimed for row in found.reconcile()} == {"V": 6, "W": 4}
    # haircut: C is V5 clean5
    found = checks.run(case, "haircut", exact=True)
    assert _collisions(found) == [("t1:0", "W", 5)]


def test_a_claim_on_what_nobody_claimed_before_starts_at_hop_nought_in_a_pot_that_was_reached_too() -> None:
    # FIFO: B is V's 6, C is clean; W's claim on C starts there, though t1 was reached by V
    written = notation.chain("t1: A 6, K 4 -> B 6, C 4\nt2: C 4 -> D 4\nV claims A\nW claims C")
    found = {t.flow.id: (t.hop, t.link_class.value) for t in checks.run(written.case, "fifo").flows if t.flow.units}
    assert found == {
        written.at["A"]: (0, "L1"),
        written.at["B"]: (1, "L3"),
        written.at["C"]: (0, "L1"),
        written.at["D"]: (1, "L3"),
    }


#: C is stolen again after it took in V's 30: V30 W30 under FIFO. D is V's 25, E is V5 W29, the last fee is W's.
STOLEN_AGAIN = notation.chain("""
    t1: A 30, B 70 -> C 60, F 38, fee 2
    t2: C 60 -> D 25, E 34, fee 1
    V claims A
    W claims C
""")


@pytest.mark.parametrize("rule", RULES)
def test_a_share_that_came_through_a_pot_keeps_its_hop_and_class_where_a_second_claim_meets_it(rule: str) -> None:
    found = {t.flow.id: t for t in checks.run(STOLEN_AGAIN.case, rule).flows}
    at = STOLEN_AGAIN.at
    if "V" in found[at["C"]].claimed:  # under LIFO and LIBR nothing of V is in C, so W's claim on it is all there is
        assert {name: (found[at[name]].hop, found[at[name]].link_class.value) for name in "ACDE"} == {
            "A": (0, "L1"),
            "C": (1, "L3"),
            "D": (2, "L3"),
            "E": (2, "L3"),
        }
    else:
        assert (found[at["C"]].hop, found[at["C"]].link_class.value) == (0, "L1")
        assert found[at["C"]].claimed == {"W": 60}


def test_a_second_claim_does_not_carry_the_first_one_beyond_the_limit_of_hops() -> None:
    found = checks.run(STOLEN_AGAIN.case, "fifo", stops=Stops(max_hops=1))
    checks.conserves(found)
    assert {t.flow.id for t in found.flows if "V" in t.claimed} == {STOLEN_AGAIN.at[name] for name in "AC"}
    (end,) = found.ends
    assert (end.flow and end.flow.id, end.reason, end.hop) == (STOLEN_AGAIN.at["C"], EndReason.HOPS, 1)
    assert end.claimed == {"V": 30, "W": 30}


@pytest.mark.parametrize("rule", RULES)
@given(case=chains())
def test_a_flow_is_a_fact_only_if_every_claimed_unit_in_it_was_claimed_on_it(case: checks.Case, rule: str) -> None:
    made = checks.graph(case)
    claimed_on: dict[str, set[str]] = {}
    for claim in made.claims:
        claimed_on.setdefault(claim.flow, set()).add(claim.claimant)
    for traced in trace(made, made.claims, RULES[rule]).flows:
        if traced.claimed.keys() - claimed_on.get(traced.flow.id, set()):
            assert traced.link_class is LinkClass.L3
            assert traced.hop > 0


def test_a_claim_larger_than_its_flow_and_one_in_another_asset_are_refused() -> None:
    graph = AccountGraph([(Position(1, 0), "V", "M", 5)])
    with pytest.raises(TracingError, match="units 3 to 6 of flow #0, which has only 5"):
        trace(graph, [Claim("V", "#0", COIN, 3, offset=3)], RULES["fifo"])
    other = type(COIN)("eip155:1337/slip44:1")
    with pytest.raises(TracingError, match="slip44:1"):
        trace(graph, [Claim("V", "#0", other, 3)], RULES["fifo"])


# --- graphs fetched as needed: holdings that live on ------------------------------------------------------------------


def _accounts(
    movements: Sequence[Movement],
    claims: Mapping[str, str],
    rule: str,
    *,
    held: Mapping[str, int] | None = None,
    stops: Stops | None = None,
) -> tuple[Trace, AccountGraph]:
    graph = AccountGraph(movements, held or {})
    wanted = [Claim(name, flow, COIN, graph.flows[flow].units) for flow, name in claims.items()]
    found = trace(graph, wanted, RULES[rule], exact=True, stops=stops)
    if RULES[rule].conserves:
        checks.conserves(found)
    return found, graph


@pytest.mark.parametrize(
    ("rule", "carried"),
    # M holds 40 before the claimed 60: the payment of 50 is 50*60/100, clean40 + V10, V50, clean40 + V10, V50
    [("haircut", 30), ("fifo", 10), ("lifo", 50), ("libr", 10), ("taint_first", 50)],
)
def test_what_a_holding_had_before_is_asked_once_and_counts_as_clean_and_oldest(rule: str, carried: int) -> None:
    movements = [(Position(5, 0), "V", "M", 60), (Position(6, 0), "M", "X", 50)]
    found, graph = _accounts(movements, {"#0": "V"}, rule, held={"M": 40})
    assert checks.shares(found)["#1"] == {"V": carried}
    assert graph.openings_asked == [(pot("M"), Position(5, 0)), (pot("X"), Position(6, 0))]


def test_what_happened_before_the_claim_came_is_in_the_opening_balance() -> None:
    # M: 40, then 30 to X before the claim: 10 are left when V's 60 come; LIBR pays 10 of them first
    movements = [(Position(1, 0), "M", "X", 30), (Position(5, 0), "V", "M", 60), (Position(6, 0), "M", "Y", 50)]
    found, _ = _accounts(movements, {"#1": "V"}, "libr", held={"M": 40})
    assert checks.shares(found)["#2"] == {"V": 40}


def test_two_chains_of_events_at_equal_positions_do_not_disturb_each_other() -> None:
    one = [(Position(1, 0), "V", "A", 60), (Position(2, 0), "A", "B", 50), (Position(3, 0), "B", "C", 30)]
    two = [(Position(1, 0), "W", "K", 70), (Position(2, 0), "K", "L", 20), (Position(3, 0), "L", "N", 10)]
    held = {"A": 10, "B": 5, "K": 30, "L": 5}
    together = [movement for pair in zip(one, two, strict=True) for movement in pair]
    for rule in RULES:
        both, _ = _accounts(together, {"#0": "V", "#1": "W"}, rule, held=held)
        first, _ = _accounts(one, {"#0": "V"}, rule, held=held)
        second, _ = _accounts(two, {"#0": "W"}, rule, held=held)
        found = checks.shares(both)
        assert {f"#{2 * n}": each for n in range(3) if (each := checks.shares(first).get(f"#{n}"))} == {
            flow: each for flow, each in found.items() if int(flow[1:]) % 2 == 0
        }
        assert {f"#{2 * n + 1}": each for n in range(3) if (each := checks.shares(second).get(f"#{n}"))} == {
            flow: each for flow, each in found.items() if int(flow[1:]) % 2 == 1
        }


def test_chains_of_events_at_equal_positions_may_meet_later() -> None:
    # 60 of V and 40 of W meet in Z: 100 with 100 clean; the payment of 50 is 15 of V and 10 of W
    movements = [
        (Position(1, 0), "V", "A", 60),
        (Position(1, 0), "W", "K", 40),
        (Position(2, 0), "A", "Z", 60),
        (Position(2, 0), "K", "Z", 40),
        (Position(3, 0), "Z", "Q", 50),
    ]
    found, graph = _accounts(movements, {"#0": "V", "#1": "W"}, "haircut", held={"Z": 100})
    assert checks.shares(found)["#4"] == {"V": 15, "W": 10}
    assert [asked for asked, _ in graph.openings_asked].count(pot("Z")) == 1


def test_a_holding_reached_a_second_time_is_neither_opened_nor_filled_twice() -> None:
    # M 10 + V 30; pays 20 (V15) to X; X pays the 20 back (V15); M 20 (V15) + 20 (V15) = 40 (V30); W adds 40:
    # M 80 (V30, W40) pays 40: V15, W20
    movements = [
        (Position(1, 0), "V", "M", 30),
        (Position(2, 0), "M", "X", 20),
        (Position(3, 0), "X", "M", 20),
        (Position(4, 0), "W", "M", 40),
        (Position(5, 0), "M", "Y", 40),
    ]
    found, graph = _accounts(movements, {"#0": "V", "#3": "W"}, "haircut", held={"M": 10})
    assert checks.shares(found)["#4"] == {"V": 15, "W": 20}
    assert [asked for asked, _ in graph.openings_asked].count(pot("M")) == 1


@pytest.mark.parametrize("order", [(97, 3), (3, 97)])
@pytest.mark.parametrize("rule", checks.CONSERVING)
def test_dust_that_arrives_in_a_reached_holding_is_an_end_and_clean_there(order: tuple[int, int], rule: str) -> None:
    movements = [
        (Position(1, 0), "V", "A", 100),
        (Position(2, 0), "A", "B", order[0]),
        (Position(3, 0), "A", "B", order[1]),
        (Position(4, 0), "B", "C", 100),
    ]
    found, _ = _accounts(movements, {"#0": "V"}, rule, stops=Stops(dust=5))
    ends = _ends(found)
    assert ends[("#1" if order[0] == 3 else "#2", "dust")] == 3
    assert ends[("C", "unspent")] == 97
    assert checks.shares(found)["#3"] == {"V": 97}


def test_a_holding_passes_on_what_it_receives_at_the_same_instant() -> None:
    at = Position(1, 0)
    found, _ = _accounts([(at, "V", "A", 9), (at, "A", "B", 9), (at, "B", "C", 9)], {"#0": "V"}, "fifo")
    assert checks.shares(found)["#2"] == {"V": 9}


def test_a_graph_that_is_not_in_chain_order_is_refused_not_summed_wrongly() -> None:
    """B is served before A at one and the same position, so what A sends would be lost: that is an error."""
    at = Position(5, 0)
    movements = [
        (Position(1, 0), "W", "B", 5),
        (Position(2, 0), "V", "A", 9),
        (at, "A", "B", 9),
        (at, "B", "C", 5),
    ]
    with pytest.raises(TracingError, match="#2 never arrived"):
        _accounts(movements, {"#0": "W", "#1": "V"}, "fifo")


def test_a_holding_that_pays_more_than_it_is_known_to_hold_is_refused() -> None:
    movements = [(Position(1, 0), "V", "M", 5), (Position(2, 0), "M", "X", 6)]
    for rule in RULES:
        with pytest.raises(InsufficientBalance):
            _accounts(movements, {"#0": "V"}, rule)


def test_progress_is_told_after_every_step() -> None:
    told: list[tuple[int, int]] = []
    graph = checks.graph(TREE.case)
    trace(graph, graph.claims, RULES["fifo"], progress=lambda done, waiting: told.append((done, waiting)))
    assert [done for done, _ in told] == list(range(1, len(told) + 1))
    assert told[-1][1] == 0


# --- a source that does not tell the place in the block ---------------------------------------------------------------


def test_a_payer_comes_before_whom_it_pays_where_the_place_in_the_block_is_unknown() -> None:
    """t3 is reached directly and through t1 and t2; served before t2 it would miss what comes that way."""
    written = notation.chain("""
        t1: A 10 -> B 10
        t2: B 10 -> C 10
        t3: D 5, C 10 -> E 15
        V claims A
        W claims D
    """)
    inner = checks.graph(written.case)

    found = trace(OnePlace(inner), inner.claims, RULES["fifo"])

    assert [(end.reason, end.claimed) for end in found.ends] == [(EndReason.UNSPENT, {"W": 5, "V": 10})]
    checks.conserves(found)


@pytest.mark.parametrize("rule", checks.CONSERVING)
@given(case=chains())
def test_without_places_in_the_block_every_share_is_the_same(case: checks.Case, rule: str) -> None:
    inner = checks.graph(case)
    known = trace(inner, inner.claims, RULES[rule])
    unknown = trace(OnePlace(inner), inner.claims, RULES[rule])

    assert checks.shares(unknown) == checks.shares(known)
    assert len(unknown.ends) == len(known.ends)


def test_a_graph_that_runs_in_a_circle_is_refused_and_does_not_run_for_ever() -> None:
    inner = checks.graph(notation.chain("t1: A 10 -> B 10\nt2: B 10 -> C 10\nV claims A").case)

    class Circle(OnePlace):
        def arrival(self, flow: Any) -> Any:
            return super().arrival(self.inner.flow("fund:0")) if flow.id == "t2:0" else super().arrival(flow)

    with pytest.raises(TracingError, match="not in chain order"):
        trace(Circle(inner), inner.claims, RULES["fifo"])
