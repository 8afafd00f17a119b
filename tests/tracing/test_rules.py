"""Cases that a person can check with a pencil; every expected number is worked out in the comment above it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import notation
from tests.tracing import checks

from cryptotrace.errors import InsufficientBalance, UnknownRule
from cryptotrace.tracing.rules import LEDGER_RULES, RULES, UTXO_RULES, Purpose, rule, split_whole

MIX = """
    t1: A 6, B 4 -> C 3, D 5, fee 2
    V claims A
"""


def _named(written: notation.Chain, name: str, *, exact: bool = True) -> dict[str, dict[str, str]]:
    """Output name, or "fee", -> claimant -> units, for the outputs of the last transaction."""
    found = checks.shares(checks.run(written.case, name, exact=exact))
    last = written.case["txs"][-1]["id"]
    names = {outpoint: label for label, outpoint in written.at.items()} | {f"{last}:fee": "fee"}
    return {
        names[flow]: {claim: str(units) for claim, units in shares.items()}
        for flow, shares in found.items()
        if flow.startswith(f"{last}:")
    }


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # the queue is V6 clean4: C takes V3, D the next V3 and clean 2, the fee what is left, clean 2
        ("fifo", {"C": {"V": "3"}, "D": {"V": "3"}}),
        # from the end: C takes clean 3, D takes V4 clean1, the fee the front, V2
        ("lifo", {"D": {"V": "4"}, "fee": {"V": "2"}}),
        # 6 of 10 are V's: 3 * 6/10, 5 * 6/10, 2 * 6/10
        ("haircut", {"C": {"V": "9/5"}, "D": {"V": "3"}, "fee": {"V": "6/5"}}),
        # the highest output first: D 5, then C gets the last 1
        ("tiho", {"D": {"V": "5"}, "C": {"V": "1"}}),
        # in order: C 3, then D gets the last 3
        ("seniority", {"C": {"V": "3"}, "D": {"V": "3"}}),
        ("taint_first", {"C": {"V": "3"}, "D": {"V": "3"}}),
        # clean money goes first: 3 to C, 1 to D; so D has 4 of V, and the fee 2
        ("libr", {"D": {"V": "4"}, "fee": {"V": "2"}}),
        # everything that V's money entered
        ("poison", {"C": {"V": "3"}, "D": {"V": "5"}, "fee": {"V": "2"}}),
    ],
)
def test_one_mix_under_every_rule(name: str, expected: dict[str, Any]) -> None:
    assert _named(notation.chain(MIX), name) == expected


TWO = """
    t1: A 6, B 2, X 4 -> C 6, D 3, fee 3
    V claims A
    W claims B
"""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # the queue is V6 W2 clean4
        ("fifo", {"C": {"V": "6"}, "D": {"W": "2"}}),
        # C the last six: W2 clean4; D the three before: V3; the fee V3
        ("lifo", {"C": {"W": "2"}, "D": {"V": "3"}, "fee": {"V": "3"}}),
        # V 6/12, W 2/12 of each
        ("haircut", {"C": {"V": "3", "W": "1"}, "D": {"V": "3/2", "W": "1/2"}, "fee": {"V": "3/2", "W": "1/2"}}),
        # 8 claimed, three to one: C 6 = 9/2 + 3/2, D the last 2 = 3/2 + 1/2
        ("tiho", {"C": {"V": "9/2", "W": "3/2"}, "D": {"V": "3/2", "W": "1/2"}}),
        # clean 4 first, all to C; then C 2 = 3/2 + 1/2, D 3 = 9/4 + 3/4, the fee the same
        ("libr", {"C": {"V": "3/2", "W": "1/2"}, "D": {"V": "9/4", "W": "3/4"}, "fee": {"V": "9/4", "W": "3/4"}}),
    ],
)
def test_two_claims_on_one_mix(name: str, expected: dict[str, Any]) -> None:
    assert _named(notation.chain(TWO), name) == expected


def test_equal_highest_outputs_go_by_index_and_the_fee_is_last_even_if_it_is_highest() -> None:
    # 9 claimed: D (4, lower index) first, E (4) next, then C has the last 1; the fee of 9 has none
    text = "t1: A 9, B 9 -> C 1, D 4, E 4, fee 9\nV claims A"
    assert _named(notation.chain(text), "tiho") == {"D": {"V": "4"}, "E": {"V": "4"}, "C": {"V": "1"}}
    # 6 claimed: the fee waits although 9 > 4
    text = "t1: A 6, B 12 -> C 1, D 4, E 4, fee 9\nV claims A"
    assert _named(notation.chain(text), "tiho") == {"D": {"V": "4"}, "E": {"V": "2"}}


def test_a_claim_on_part_of_an_output_starts_where_it_says() -> None:
    # A is clean2 V3 clean1; FIFO: C takes clean2 V1, D takes V2 clean1
    text = "t1: A 6 -> C 3, D 3\nV claims A 3 from 2"
    assert _named(notation.chain(text), "fifo") == {"C": {"V": "1"}, "D": {"V": "2"}}
    # LIFO: C takes the last three, V2 clean1
    assert _named(notation.chain(text), "lifo") == {"C": {"V": "2"}, "D": {"V": "1"}}


def test_fees_in_a_coinbase_follow_the_subsidy_in_the_order_collected() -> None:
    text = """
        t1: A 5 -> B 3, fee 2
        t2: X 4 -> Y 1, fee 3
        cb: subsidy 10, fees t1 t2 -> M 11, N 3, fee 1
        V claims A
    """
    # the queue is clean10 V2 clean3: M takes clean10 V1, N takes V1 clean2, clean 1 is burnt
    assert _named(notation.chain(text, follow_fees=True), "fifo") == {"M": {"V": "1"}, "N": {"V": "1"}}
    # 2 of 15: M 22/15, N 6/15, burnt 2/15
    assert _named(notation.chain(text, follow_fees=True), "haircut") == {
        "M": {"V": "22/15"},
        "N": {"V": "2/5"},
        "fee": {"V": "2/15"},
    }
    assert _named(notation.chain(text, follow_fees=False), "haircut") == {}


LEDGER = """
    opening M 20
    1: outside -> M 30
    2: M -> X 25 fee 5
    3: X -> outside 10
    V claims #0
"""


@pytest.mark.parametrize(
    ("name", "accounts", "transfers", "fee"),
    [
        # M is clean20 V30: X gets clean20 V5, the fee V5, V20 stay; X pays clean10
        ("fifo", {"M": "20", "X": "5", "@fees": "5"}, {"0": "30", "1": "5"}, "5"),
        # X gets the last 25, V25; the fee V5; X pays V10
        ("lifo", {"X": "15", "@fees": "5"}, {"0": "30", "1": "25", "2": "10"}, "5"),
        # 30 of 50: X 15, the fee 3, M keeps 12; X pays 10 * 15/25
        ("haircut", {"M": "12", "X": "9", "@fees": "3"}, {"0": "30", "1": "15", "2": "6"}, "3"),
        # the clean 20 go first: X has 5 of V, the fee 5, M keeps 20; X has 20 clean and pays with them
        ("libr", {"M": "20", "X": "5", "@fees": "5"}, {"0": "30", "1": "5"}, "5"),
        # V's money goes first: 25 to X, 5 to the fee; X pays 10 of it
        ("taint_first", {"X": "15", "@fees": "5"}, {"0": "30", "1": "25", "2": "10"}, "5"),
        ("poison", {"M": "20", "X": "15", "@fees": "5"}, {"0": "30", "1": "25", "2": "10"}, "5"),
    ],
)
def test_one_ledger_under_every_rule(name: str, accounts: dict[str, str], transfers: dict[str, str], fee: str) -> None:
    result = checks.engine_result(notation.ledger(LEDGER))[name]
    assert result["accounts"] == {account: {"V": units} for account, units in accounts.items()}
    assert result["transfers"] == {entry: {"V": units} for entry, units in transfers.items()}
    assert result["fees"] == {"1": {"V": fee}}


def test_poison_leaves_an_account_that_was_empty() -> None:
    # M pays out all it has; what comes in afterwards is clean, and so is what it pays then
    text = "1: outside -> M 5\n2: M -> X 5\n3: outside -> M 7\n4: M -> Y 7\nV claims #0"
    result = checks.engine_result(notation.ledger(text))["poison"]
    assert result["accounts"] == {"X": {"V": "5"}}
    assert result["reached"] == {"V": ["M", "X"]}


def test_a_claim_does_not_grow_back_with_later_deposits_under_libr() -> None:
    # 30 claimed; the balance falls to 10; 50 come in: 10 stay claimed
    text = "1: outside -> M 30\n2: M -> X 20\n3: outside -> M 50\n4: M -> Y 45\nV claims #0"
    result = checks.engine_result(notation.ledger(text, libr_closed_form=["M"]))
    assert result["libr"]["accounts"]["M"] == {"V": "10"}
    assert result["libr_closed_form"] == {"M": "10"}


# --- whole base units -------------------------------------------------------------------------------------------------


def test_whole_units_serve_the_fee_first_then_outputs_in_order() -> None:
    # V 5, clean 3. The fee, 2: 10/8 and 6/8, floors 1 and 0, the missing unit to the larger remainder, clean: V1.
    # Left V4 clean2. C, 2: 8/6 and 4/6, floors 1 and 0, remainders 2/6 and 4/6: V1. Left V3 clean1: D, 4: V3.
    text = "t1: A 5, B 3 -> C 2, D 4, fee 2\nV claims A"
    whole = _named(notation.chain(text), "haircut", exact=False)
    assert whole == {"fee": {"V": "1"}, "C": {"V": "1"}, "D": {"V": "3"}}
    served = checks.run(notation.chain(text).case, "haircut").flows
    assert [t.flow.id for t in served if t.hop == 1 or t.sequence > 0] == ["t1:fee", "t1:0", "t1:1"]


def test_ties_of_remainders_go_by_the_order_of_the_claims_with_clean_last() -> None:
    # 1, 1 and 1 clean: every remainder is 1/3. The fee's unit is the first claim's, C's is the next one's, clean is last.
    text = "t1: A 1, B 1, X 1 -> C 1, D 1, fee 1"
    first = _named(notation.chain(f"{text}\nV claims A\nW claims B"), "haircut", exact=False)
    assert first == {"fee": {"V": "1"}, "C": {"W": "1"}}
    other = _named(notation.chain(f"{text}\nW claims B\nV claims A"), "haircut", exact=False)
    assert other == {"fee": {"W": "1"}, "C": {"V": "1"}}


def test_the_order_of_claims_is_that_of_their_first_claim() -> None:
    text = "t1: A 1, B 1, X 1 -> C 1, D 2\nW claims A 0\nV claims B\nW claims A"
    assert _named(notation.chain(text), "haircut", exact=False)["C"] == {"W": "1"}


@given(st.lists(st.integers(0, 10**20), min_size=1, max_size=6).filter(any), st.data())
def test_a_whole_split_is_complete_never_more_than_is_held_and_off_by_less_than_one(
    holdings: list[int], data: st.DataObject
) -> None:
    units = data.draw(st.integers(0, sum(holdings)))
    parts, rounded = split_whole(units, holdings)
    assert sum(parts) == units
    exact = [Fraction(units * held, sum(holdings)) for held in holdings]
    assert all(0 <= part <= held for part, held in zip(parts, holdings, strict=True))
    assert all(abs(part - share) < 1 for part, share in zip(parts, exact, strict=True))
    assert rounded == any(share.denominator != 1 for share in exact)


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("exact", [True, False])
def test_no_pot_pays_out_more_than_it_holds(name: str, exact: bool) -> None:
    state = RULES[name].pot({"V": 0}, exact=exact)
    state.put(5, [("V", 2), (None, 3)])
    with pytest.raises(InsufficientBalance, match="6 base units and holds 5"):
        state.take(6)


def test_a_rule_is_found_by_name_and_an_unknown_one_names_the_choice() -> None:
    assert rule("fifo").name == "fifo"
    with pytest.raises(UnknownRule, match="choose one of: fifo"):
        rule("fefo")
    with pytest.raises(UnknownRule, match="tiho"):
        rule("tiho", LEDGER_RULES)


def test_research_rules_are_marked_as_such_and_only_poison_does_not_conserve() -> None:
    assert {n for n, r in RULES.items() if r.purpose is Purpose.RESEARCH} == {"poison", "seniority", "tiho"}
    assert {n for n, r in RULES.items() if not r.conserves} == {"poison"}
    assert {*UTXO_RULES, *LEDGER_RULES} == set(RULES)
