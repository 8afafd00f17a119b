"""What must hold of every chain and ledger, one property each; numbered as in the project's list of invariants."""

from __future__ import annotations

from copy import deepcopy
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests import notation
from tests.strategies import chains, ledgers
from tests.tracing import checks

from cryptotrace.tracing.rules import RULES

Case = dict[str, Any]
UTXO_AMOUNTS = ("haircut", "tiho", "seniority", "libr", "taint_first")
either = st.one_of(chains(), ledgers())

settings.register_profile("tracing", deadline=None, max_examples=60)
settings.load_profile("tracing")


def _exact(case: Case, rule: str) -> dict[str, dict[str, Fraction]]:
    return checks.shares(checks.run(case, rule, exact=True))


@given(either)
def test_1_every_claimed_unit_is_at_exactly_one_end(case: Case) -> None:
    for rule in checks.CONSERVING:
        for exact in (True, False):
            for row in checks.run(case, rule, exact=exact).reconcile():
                assert sum(row.ends.values()) == row.claimed


@given(either)
def test_2_claims_on_a_flow_are_never_negative_nor_more_than_its_value(case: Case) -> None:
    for rule in RULES:
        for exact in (True, False):
            for traced in checks.run(case, rule, exact=exact).flows:
                assert all(0 < units <= traced.flow.units for units in traced.claimed.values())
                assert rule == "poison" or sum(traced.claimed.values()) <= traced.flow.units


@given(either)
def test_3_no_rule_reaches_what_poison_does_not(case: Case) -> None:
    poisoned = {(flow, claim) for flow, shares in _exact(case, "poison").items() for claim in shares}
    for rule in checks.CONSERVING:
        assert {(flow, claim) for flow, shares in _exact(case, rule).items() for claim in shares} <= poisoned


@given(either)
def test_4_fifo_and_lifo_give_whole_units_that_sum_to_the_flow_without_equal_neighbours(case: Case) -> None:
    for rule in ("fifo", "lifo"):
        exact, whole = checks.run(case, rule, exact=True), checks.run(case, rule)
        assert [t.fragments for t in exact.flows] == [t.fragments for t in whole.flows]
        for traced in exact.flows:
            assert all(type(units) is int for _, units in traced.fragments)
            assert sum(units for _, units in traced.fragments) == traced.flow.units
            labels = [label for label, _ in traced.fragments]
            assert all(a != b for a, b in pairwise(labels))


@given(chains(), st.randoms(use_true_random=False))
def test_5_the_order_of_inputs_matters_to_fifo_and_lifo_only(case: Case, random: Any) -> None:
    other = deepcopy(case)
    for tx in other["txs"]:
        random.shuffle(tx["inputs"])
    for rule in (*UTXO_AMOUNTS, "poison"):
        assert _exact(other, rule) == _exact(case, rule)


def test_5_and_to_them_it_does_matter() -> None:
    ahead = notation.chain("t1: A 2, B 2 -> C 2, D 2\nV claims A").case
    behind = deepcopy(ahead)
    behind["txs"][1]["inputs"].reverse()
    for rule in ("fifo", "lifo"):
        assert _exact(ahead, rule) != _exact(behind, rule)


def _scaled(value: Any, k: int, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _scaled(each, k, name if key != "opening" else key) for name, each in value.items()}
    if isinstance(value, list):
        return [_scaled(each, k, key) for each in value]
    amounts = {"outputs", "fee", "subsidy", "value", "amount", "offset", "opening"}
    return value * k if key in amounts else value


@given(either, st.integers(2, 10**12))
def test_6_k_times_the_values_give_k_times_the_shares(case: Case, k: int) -> None:
    large = _scaled(case, k)
    for rule in RULES:
        times_k = {flow: {c: units * k for c, units in shares.items()} for flow, shares in _exact(case, rule).items()}
        assert _exact(large, rule) == times_k


@given(chains(), st.data())
def test_7_a_coin_may_come_in_two_pieces_of_one_label_without_changing_anything(case: Case, data: Any) -> None:
    spends = [tx for tx in case["txs"] if any(each.startswith("fund:") for each in tx["inputs"])]
    assume(spends)
    tx = data.draw(st.sampled_from(spends))
    coin = next(each for each in tx["inputs"] if each.startswith("fund:"))
    case["sources"] = [s for s in case["sources"] if s["outpoint"] != coin or not s.keys() & {"amount", "offset"}]
    split = deepcopy(case)
    funding = split["txs"][0]["outputs"]
    n, piece = int(coin.removeprefix("fund:")), f"fund:{len(funding)}"
    first = data.draw(st.integers(0, funding[n]))
    funding.append(funding[n] - first)
    funding[n] = first
    for each in split["txs"]:
        each["inputs"] = [part for name in each["inputs"] for part in ((name, piece) if name == coin else (name,))]
    again = [{**s, "outpoint": piece} for s in split["sources"] if s["outpoint"] == coin]
    split["sources"] = [*split["sources"], *again]
    for rule in RULES:
        whole, pieces = (
            {t.flow.id: t.fragments for t in checks.run(each, rule, exact=True).flows if t.claimed}
            for each in (case, split)
        )
        for found in (whole, pieces):
            found.pop(coin, None)
            found.pop(piece, None)
        assert {f: sorted(parts, key=str) for f, parts in whole.items()} == {
            f: sorted(parts, key=str) for f, parts in pieces.items()
        }
        if RULES[rule].is_ordered:
            assert whole == pieces


@st.composite
def one_account(draw: st.DrawFn) -> Case:
    """One account: own money, one claim, then payments in and out; nothing of the claim comes back."""
    balance = draw(st.integers(0, 30))
    claim = draw(st.integers(1, 30))
    case: Case = {"kind": "ledger", "name": "one", "opening": {"M": balance}, "libr_closed_form": ["M"]}
    case["entries"] = [{"t": 0, "from": None, "to": "M", "value": claim, "fee": 0}]
    case["sources"] = [{"entry": 0, "claim": "V"}]
    balance += claim
    for t in range(1, draw(st.integers(1, 9))):
        if draw(st.booleans()):
            value, fee = draw(st.integers(0, 30)), 0
            sides: tuple[str | None, str | None] = (None, "M")
        else:
            value = draw(st.integers(0, balance))
            fee = draw(st.integers(0, min(3, balance - value)))
            sides = ("M", draw(st.sampled_from([None, "X"])))
        balance += value if sides[1] == "M" else -value - fee
        case["entries"].append({"t": t, "from": sides[0], "to": sides[1], "value": value, "fee": fee})
    return case


def _held(case: Case, rule: str) -> Fraction:
    accounts = checks.engine_result(case)[rule]["accounts"]
    return Fraction(accounts.get("M", {}).get("V", "0"))


@given(one_account())
def test_8_the_holder_keeps_most_under_libr_and_least_under_taint_first(case: Case) -> None:
    for between in ("fifo", "lifo", "haircut"):
        assert _held(case, "libr") >= _held(case, between) >= _held(case, "taint_first")


@given(one_account())
def test_9_haircut_is_the_rolling_charge(case: Case) -> None:
    """Each payment of x out of a balance of B leaves the claim with (B - x)/B of what it was."""
    balance, claim = Fraction(case["opening"]["M"]), Fraction(0)
    for n, entry in enumerate(case["entries"]):
        if entry["to"] == "M":
            balance += entry["value"]
            claim += entry["value"] if n == 0 else 0
            continue
        for x in (entry["value"], entry["fee"]):
            claim *= (balance - x) / balance if balance else 1
            balance -= x
    assert _held(case, "haircut") == claim


@given(one_account())
def test_10_libr_is_the_claim_or_the_lowest_balance_since(case: Case) -> None:
    balance = case["opening"]["M"] + case["entries"][0]["value"]
    lowest = balance
    for entry in case["entries"][1:]:
        balance += entry["value"] if entry["to"] == "M" else -entry["value"] - entry["fee"]
        lowest = min(lowest, balance)
    wanted = min(case["entries"][0]["value"], lowest)
    assert _held(case, "libr") == wanted
    assert checks.engine_result(case)["libr_closed_form"] == {"M": str(wanted)}


@given(st.one_of(chains(remark=False), ledgers(remark=False)))
def test_12_haircut_of_claims_apart_adds_up_to_haircut_of_all(case: Case) -> None:
    sums: dict[str, dict[str, Fraction]] = {}
    kinds = [key for key in ("sources", "opening_sources") if case.get(key)]
    for key in kinds:
        for source in case[key]:
            alone = case | {"sources": [], "opening_sources": []} | {key: [source]}
            for flow, shares in _exact(alone, "haircut").items():
                for claim, units in shares.items():
                    of = sums.setdefault(flow, {})
                    of[claim] = of.get(claim, Fraction(0)) + units
    assert _exact(case, "haircut") == sums


@given(chains(), st.data())
def test_13_one_input_to_one_output_without_a_fee_changes_nothing(case: Case, data: Any) -> None:
    value = {f"{tx['id']}:{n}": units for tx in case["txs"] for n, units in enumerate(tx["outputs"])}
    unspent = sorted(value.keys() - {each for tx in case["txs"] for each in tx["inputs"]})
    assume(unspent)
    coin = data.draw(st.sampled_from(unspent))
    case["txs"].append({"id": "pass", "inputs": [coin], "outputs": [value[coin]], "fee": 0})
    for rule in RULES:
        for exact in (True, False):
            made = {t.flow.id: t for t in checks.run(case, rule, exact=exact).flows if t.claimed}
            assert ("pass:0" in made) == (coin in made)
            if coin in made:
                assert made["pass:0"].claimed == made[coin].claimed
                assert not RULES[rule].is_ordered or made["pass:0"].fragments == made[coin].fragments


@given(ledgers(), st.data())
def test_14_paying_more_than_there_is_is_an_error_for_every_rule(case: Case, data: Any) -> None:
    account = data.draw(st.sampled_from(["A", "B", "C", "D", "E"]))
    held = int(checks.engine_result(case)["balances"].get(account, "0"))
    entry = {"t": 99, "from": account, "to": "Z", "value": held + 1, "fee": 0}
    case["entries"].append(entry)
    result = checks.engine_result(case)
    assert result["error"] == "insufficient_balance"
    assert result["detail"].endswith(f"{account} has {held}, needs {held + 1}")


@pytest.mark.parametrize("rule", RULES)
def test_0_nothing_claimed_nothing_found(rule: str) -> None:
    case = notation.ledger("opening M 5\n1: M -> X 5")
    assert not checks.run(case, rule).flows
    assert not checks.run(case, rule).ends
