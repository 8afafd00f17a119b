"""The rows that everything cites: in chain order, with sums that add up under every rule."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests import notation
from tests.reports.dossiers import dossier, draft, owner, txid
from tests.strategies import Case, chains

from cryptotrace.errors import ReportError
from cryptotrace.evidence.canonical import canonical_json
from cryptotrace.ledger.ledgerfile import ASSET
from cryptotrace.model.transaction import PostingKind
from cryptotrace.reports.data import machine_data
from cryptotrace.reports.dossier import Dossier
from cryptotrace.reports.schedules import Schedules, asset_facts, schedules
from cryptotrace.tracing.rules import RULES

rules = st.sampled_from(sorted(RULES))
conserving = st.sampled_from(sorted(name for name, rule in RULES.items() if rule.conserves))
many = settings(deadline=None, max_examples=80)

BACKWARDS = notation.chain(
    """
    t1: A 50, B 50 -> C 60, D 30, fee 10
    t2: C 60 -> E 55, fee 5
    t3: E 55 -> F 55
    Anna claims A
    """
).case


@many
@given(chains(), rules, st.booleans())
def test_inputs_are_outputs_and_fee_in_every_transaction(case: Case, rule: str, exact: bool) -> None:
    for row in schedules(dossier(case, rule, exact=exact)).transactions:
        sums = Counter({"in": 0, "out": 0})
        for posting in row.postings:
            sums[posting.side] += posting.units
        assert sums["in"] == sums["out"]


@many
@given(chains(remark=False), conserving, st.booleans())
def test_claimed_units_that_enter_a_transaction_leave_it(case: Case, rule: str, exact: bool) -> None:
    made = dossier({**case, "options": {"follow_fees": False}}, rule, exact=exact)
    for row in schedules(made).transactions:
        starts = sum(c.units for c in made.trace.claims if c.flow.startswith(row.transaction.txid))
        cut = sum(c.units for c in made.trace.collisions if c.flow.startswith(row.transaction.txid))
        into, out = (
            sum(u for p in row.postings if p.side == side for u in p.claimed.values()) for side in ("in", "out")
        )
        assert into + starts - cut == out


@many
@given(chains(), conserving, st.booleans())
def test_the_ends_of_each_claimant_are_what_was_claimed_less_what_was_claimed_before(
    case: Case, rule: str, exact: bool
) -> None:
    made = dossier(case, rule, exact=exact)
    ended: Counter[str] = Counter()
    for row in schedules(made).ends:
        ended.update(row.end.claimed)
    claimed: Counter[str] = Counter()
    for claim in made.trace.claims:
        claimed[claim.claimant] += claim.units
    for collision in made.trace.collisions:
        claimed[collision.claimant] -= collision.units  # type: ignore[assignment]
    assert +ended == +claimed


@many
@given(chains(), rules)
def test_a_share_never_exceeds_the_output_that_carries_it_and_ends_where_it_says(case: Case, rule: str) -> None:
    rows = schedules(dossier(case, rule))
    ends = {row.id: row for row in rows.ends}
    for row in rows.transactions:
        for posting in row.postings:
            assert RULES[rule].conserves is False or sum(posting.claimed.values()) <= posting.units
            if posting.end:
                assert ends[posting.end].end.claimed == posting.claimed
                assert ends[posting.end].transaction == row.id


@many
@given(chains(), rules)
def test_what_an_input_carries_is_what_the_output_carried_that_it_spends(case: Case, rule: str) -> None:
    rows = schedules(dossier(case, rule))
    created = {p.flow: p for row in rows.transactions for p in row.postings if p.side == "out" and p.flow}
    for row in rows.transactions:
        for posting in row.postings:
            if posting.kind is PostingKind.INPUT:
                assert posting.units == created[posting.flow].units
                assert posting.claimed == created[posting.flow].claimed
                assert created[posting.flow].other == row.id


@many
@given(chains())
def test_addresses_count_what_these_transactions_pay_them_and_nothing_twice(case: Case) -> None:
    rows = schedules(dossier(case))
    postings = [p for row in rows.transactions for p in row.postings if p.account is not None]
    assert sum(a.received.get(ASSET, 0) for a in rows.addresses) == sum(p.units for p in postings if p.side == "out")
    assert sum(a.spent.get(ASSET, 0) for a in rows.addresses) == sum(p.units for p in postings if p.side == "in")
    assert {a.account for a in rows.addresses} == {p.account for p in postings}


def _ids(rows: Schedules) -> list[str]:
    groups = (rows.transactions, rows.addresses, rows.ends, rows.evidence)
    return [row.id for group in groups for row in group]


@many
@given(chains(), rules)
def test_ids_are_numbered_without_gaps_and_unique(case: Case, rule: str) -> None:
    rows = schedules(dossier(case, rule))
    ids = _ids(rows)
    assert len(set(ids)) == len(ids)
    for letter in "TAHE":
        mine = [each for each in ids if each.startswith(letter)]
        assert mine == [f"{letter}-{n:04d}" for n in range(1, len(mine) + 1)]


def test_rows_stand_in_chain_order_even_when_block_times_go_backwards() -> None:
    times = {"fund": 4000, "t1": 3000, "t2": 2000, "t3": 1000}
    made = dossier(BACKWARDS, times=times)
    shuffled = replace(made, transactions=dict(sorted(made.transactions.items())))
    for each in (made, shuffled):
        rows = schedules(each).transactions
        assert [row.transaction.txid for row in rows] == [txid(name) for name in ("fund", "t1", "t2", "t3")]
        stated = [row.transaction.block.time for row in rows if row.transaction.block is not None]
        assert stated == [4000, 3000, 2000, 1000]


def test_unconfirmed_transactions_stand_last() -> None:
    made = dossier(BACKWARDS)
    last = replace(made.transactions[txid("t1")], block=None, index=-1)
    rows = schedules(replace(made, transactions={**made.transactions, last.txid: last}))
    assert [row.transaction.txid for row in rows.transactions][-1] == txid("t1")


def test_a_transaction_under_another_txid_than_its_own_is_refused() -> None:
    made = dossier(BACKWARDS)
    wrong = {txid("t1"): made.transactions[txid("t2")]}
    with pytest.raises(ReportError, match="is filed under"):
        schedules(replace(made, transactions=wrong))


def test_an_asset_that_nobody_can_write_is_refused() -> None:
    with pytest.raises(ReportError, match=r"add it to Dossier\.assets"):
        asset_facts(replace(dossier(BACKWARDS), assets={}), ASSET)


def test_a_flow_is_named_by_its_row_and_by_its_own_id_where_it_has_none() -> None:
    rows = schedules(dossier(BACKWARDS))
    assert rows.flow_name(f"{txid('t2')}:0") == "T-0003:0"
    assert rows.transaction_of(f"{txid('t2')}:0") == "T-0003"
    assert rows.flow_name("elsewhere:1") == "elsewhere:1"
    assert rows.transaction_of("elsewhere#1") == ""


def test_an_output_without_an_address_stands_under_the_digest_of_its_script() -> None:
    names = [f"x{n}" for n in range(60)]
    text = "t1: A 60 -> " + ", ".join(f"{name} 1" for name in names) + "\nAnna claims A"
    rows = schedules(dossier(notation.chain(text).case))
    scripts = [row for row in rows.addresses if row.account.is_script_digest]
    assert len(scripts) >= 2
    shown = draft(dossier(BACKWARDS)).account(scripts[0].account)
    assert shown[0].text.startswith("no address: script digest")
    assert shown[1].text in scripts[0].account


def _data(made: Dossier) -> dict[str, object]:
    return machine_data(made, schedules(made), RULES[made.trace.rule])


def _no_floats(value: object) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and _no_floats(part) for key, part in value.items())
    return all(map(_no_floats, value)) if isinstance(value, list) else not isinstance(value, float)


@many
@given(chains(), rules, st.booleans())
def test_data_for_machines_holds_no_float_and_is_the_same_bytes_each_time(case: Case, rule: str, exact: bool) -> None:
    data = _data(dossier(case, rule, exact=exact))
    assert _no_floats(data)
    assert canonical_json(data) == canonical_json(_data(dossier(case, rule, exact=exact)))


def test_data_for_machines_gives_amounts_as_text_and_every_row() -> None:
    made = dossier(BACKWARDS)
    data, rows = _data(made), schedules(made)
    listed = [part for key in ("transactions", "addresses", "ends", "evidence") for part in data[key]]  # type: ignore[attr-defined]
    assert [part["id"] for part in listed] == _ids(rows)
    (end,) = [part for part in data["ends"] if part["reason"] == "unspent"]  # type: ignore[attr-defined]
    assert (end["units"], end["claimed"], end["transaction"]) == ("55", {"Anna": "50"}, "T-0004")
    assert end["account"] == owner(f"{txid('t3')}:0")
