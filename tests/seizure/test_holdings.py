"""Where it rests: one row per place, the same ids as the report, every claimed unit that somebody may still hold."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests import notation
from tests.reports.dossiers import dossier, owner, tag, txid
from tests.strategies import Case, chains

from cryptotrace.attribution.book import TagBook
from cryptotrace.errors import TracingError
from cryptotrace.ledger.ledgerfile import ASSET
from cryptotrace.model.flow import Pot
from cryptotrace.model.identity import Account
from cryptotrace.model.tag import Grade
from cryptotrace.reports.schedules import GONE, schedules
from cryptotrace.seizure.holdings import Holding, holdings
from cryptotrace.tracing.result import End, EndReason, Stops
from cryptotrace.tracing.rules import RULES

SPLIT = notation.chain(
    """
    t1: A 50, B 50 -> C 60, D 30, fee 10
    t2: C 60 -> E 0, F 55, fee 5
    Anna claims A
    Boris claims B 20
    """
).case


def _rows(case: Case, rule: str = "fifo", **settings: object) -> tuple[Holding, ...]:
    return holdings(dossier(case, rule, **settings).trace, TagBook())  # type: ignore[arg-type]


def test_a_place_says_whose_it_is_how_much_is_claimed_by_whom_and_why_it_ends_there() -> None:
    found, second = _rows(SPLIT)
    assert (found.flow, found.account) == (f"{txid('t1')}:1", owner(f"{txid('t1')}:1"))
    assert (found.units, found.claimed, found.claimed_total) == (30, {"Boris": 10}, 10)
    assert (found.reason, found.detail, found.tags) == (EndReason.UNSPENT, "as reported at height 3", ())
    assert second.claimed == {"Anna": 50, "Boris": 5}


@settings(deadline=None, max_examples=60)
@given(chains(), st.sampled_from(sorted(RULES)), st.booleans())
def test_every_end_is_a_holding_unless_the_value_is_gone_and_ids_are_those_of_the_report(
    case: Case, rule: str, exact: bool
) -> None:
    made = dossier(case, rule, exact=exact)
    rows = {row.id: row for row in holdings(made.trace, TagBook())}
    listed = {row.id: row for row in schedules(made).ends}
    assert set(rows) == {name for name, row in listed.items() if row.end.reason not in GONE}
    for name, row in rows.items():
        assert (row.claimed, row.units, row.account) == (
            listed[name].end.claimed,
            listed[name].units,
            listed[name].end.account,
        )
        assert type(row.units) is int


@settings(deadline=None, max_examples=60)
@given(chains(), st.sampled_from(sorted(name for name, rule in RULES.items() if rule.conserves)), st.booleans())
def test_holdings_and_what_is_gone_are_the_whole_claim(case: Case, rule: str, exact: bool) -> None:
    made = dossier(case, rule, exact=exact)
    held = sum(row.claimed_total for row in holdings(made.trace, TagBook()))
    gone = sum(sum(end.claimed.values()) for end in made.trace.ends if end.reason in GONE)
    assert held + gone == sum(row.claimed for row in made.trace.reconcile())


def test_a_fee_is_no_holding() -> None:
    spent = notation.chain("t1: A 10 -> fee 10\nAnna claims A").case
    assert _rows(spent) == ()


def test_a_service_keeps_its_tags_best_first_and_two_that_differ_both() -> None:
    account = owner(f"{txid('t1')}:0")
    book = TagBook([tag(account, "Second", grade=Grade.D), tag(account, "First"), tag(Account("a-b:c:other"), "No")])
    made = dossier(SPLIT, stops=Stops(services=book.services()))
    found = next(row for row in holdings(made.trace, book) if row.reason is EndReason.SERVICE)
    assert found.account == account
    assert [each.label for each in found.tags] == ["First", "Second"]
    assert (found.units, found.claimed) == (60, {"Anna": 50, "Boris": 10})


def test_what_is_left_in_an_account_has_no_flow_and_counts_what_is_not_claimed_too() -> None:
    account = Account("eip155:1:0xa")
    left = End(EndReason.UNSPENT, None, Pot("p"), account, ASSET, (("Anna", 3), (None, 4)), "held at the end")
    made = replace(dossier(SPLIT).trace, ends=(left,))
    (found,) = holdings(made, TagBook())
    assert (found.id, found.flow, found.account, found.units, found.claimed) == ("H-0001", "", account, 7, {"Anna": 3})


def test_reach_under_poison_is_never_summed() -> None:
    found = _rows(SPLIT, "poison")
    assert found
    for row in found:
        assert set(row.claimed) <= {"Anna", "Boris"}
        with pytest.raises(TracingError, match="never summed"):
            _ = row.claimed_total
