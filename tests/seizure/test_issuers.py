"""What an issuer could freeze: whole balance and claimed share apart, status, warnings; nothing left out in silence."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.seizure.tokenworld import EVM, Contract, World, block, facts_of, who
from tests.seizure.traced import book, tag, traced

from cryptotrace.attribution.book import TagBook
from cryptotrace.errors import ChainReorganised, NotSupported, SourceUnavailable
from cryptotrace.model.accountsource import PotBalance
from cryptotrace.model.flow import holding_pot
from cryptotrace.model.identity import Account, Asset
from cryptotrace.model.pot import OpeningBasis, PotCheck
from cryptotrace.model.tag import Grade
from cryptotrace.seizure.freezehistory import Frozen
from cryptotrace.seizure.holdings import Holding, holdings
from cryptotrace.seizure.issuers import IssuerRows, issuer_rows
from cryptotrace.seizure.touchpoints import touch_points
from cryptotrace.tracing.result import EndReason

PAYMENTS = [
    (10, "victim", "thief", 1000),
    (20, "thief", "deposit", 300),
    (30, "deposit", "hot", 300),
    (40, "thief", "pocket", 500),
    (50, "other", "pocket", 77),
]


ASK = "ask the service, see the touch-point sheet"


def rows(world: World, tags: TagBook, contract: Contract | None = None, **more: object) -> IssuerRows:
    made = traced(world, tags)
    points = touch_points(made, tags, world)
    tokens = {world.token: facts_of(world.token)}
    settings = {"balances": world, "calls": contract, "logs": contract} | more
    return issuer_rows(holdings(made, tags), tokens, points, **settings)  # type: ignore[arg-type]


def test_balance_and_share_stand_apart_with_status_and_rule() -> None:
    world, contract = World(PAYMENTS), Contract()
    contract.freeze(60, "pocket")
    contract.destroy(70, "pocket", 5)
    found = rows(world, book(world, ("hot", "Exchange A")), contract)
    by_account = {row.account: row for row in found.rows}
    assert [row.id for row in found.rows] == ["I-0001", "I-0002", "I-0003"]
    pocket = by_account[world.who("pocket")]
    assert pocket.balance is not None
    assert (pocket.balance.units, pocket.balance.at) == (577, block(100_000))
    assert (pocket.claimed, pocket.balance_problem, pocket.is_share) == ({"Victim 1": 500}, "", True)
    assert (pocket.freeze.state, pocket.freeze.destroyed) == (Frozen.FROZEN, 5)
    assert pocket.warnings == (
        "ALREADY FROZEN",
        "5 base units were destroyed at this address",
        "77 base units more than the claimed share belong to others or are not traced",
    )
    assert pocket.rule is not None
    assert pocket.rule.issuer == "Tether"
    thief = by_account[world.who("thief")]
    assert (thief.claimed, thief.freeze.state, thief.warnings) == ({"Victim 1": 200}, Frozen.NOT_FROZEN, ())
    assert list(found.issuers()) == ["Tether"]


def test_the_events_of_a_contract_are_read_once_for_all_rows() -> None:
    world, contract = World(PAYMENTS), Contract()
    assert len(rows(world, book(world, ("hot", "Exchange A")), contract).rows) == 3
    assert contract.listed == [(0, 100)] * 3  # one listing per event, not per row


def test_an_address_of_a_service_is_warned_of() -> None:
    world = World(PAYMENTS[:4])
    tags = book(world, ("hot", "Exchange A"), grade=Grade.D)
    hot = next(row for row in rows(world, tags).rows if row.account == world.who("hot"))
    assert hot.warnings[0].startswith("TAGGED as Exchange A (exchange, grade D")
    assert hot.warnings[1] == "the tag Exchange A is below grade C: no measure rests on it alone"


def test_a_deposit_address_is_warned_of() -> None:
    unswept = World([(1, "other", "deposit", 7), (2, "deposit", "hot", 7), *PAYMENTS[:2]])
    tags = book(unswept, ("hot", "Exchange A"))
    made = traced(unswept, tags, claims=((2, 0),))
    points = touch_points(made, tags, unswept)
    found = issuer_rows(holdings(made, tags), {EVM: facts_of(EVM)}, points)
    deposit = next(row for row in found.rows if row.account == unswept.who("deposit"))
    assert deposit.warnings[0] == f"DEPOSIT ADDRESS of a customer of Exchange A (L4): {ASK}"


def test_a_balance_that_is_not_read_is_not_zero_and_says_why() -> None:
    class Silent:
        def pot_balance(self, account: Account, asset: Asset, height: int | None = None) -> PotBalance:
            raise SourceUnavailable("503 after every retry")

    world = World(PAYMENTS)
    tags = book(world, ("hot", "Exchange A"))
    for balances, why in ((None, "not read: no source that can"), (Silent(), "not read: 503 after every retry")):
        for row in rows(world, tags, balances=balances).rows:
            assert (row.balance, row.balance_problem) == (None, why)
            assert row.freeze.state is Frozen.UNDETERMINED
            assert "whether it is frozen could not be determined" in row.warnings
            assert f"the whole balance was {why}: how much the address holds now is not known" in row.warnings


def test_a_chain_that_was_reorganised_stops_the_run() -> None:
    class Gone:
        def pot_balance(self, account: Account, asset: Asset, height: int | None = None) -> PotBalance:
            raise ChainReorganised("the tip is gone")

    world = World(PAYMENTS)
    with pytest.raises(ChainReorganised):
        rows(world, book(world, ("hot", "Exchange A")), balances=Gone())


def test_a_balance_below_the_share_is_warned_of() -> None:
    class Less:
        def pot_balance(self, account: Account, asset: Asset, height: int | None = None) -> PotBalance:
            return PotBalance(account, asset, 150, block(9), "e" * 64)

    world = World(PAYMENTS)
    found = rows(world, TagBook(), balances=Less())
    thief = next(row for row in found.rows if row.account == world.who("thief"))
    assert thief.warnings[1].startswith("the balance is 50 base units less than the claimed share")


def test_addresses_of_services_come_last_and_name_the_service_to_ask() -> None:
    world = World([*PAYMENTS[:3], (31, "thief", "deposit", 50), *PAYMENTS[3:]])
    found = rows(world, book(world, ("hot", "Exchange A"))).rows
    assert [row.id for row in found] == [f"I-{n:04d}" for n in range(1, len(found) + 1)]
    assert {row.account for row in found[:2]} == {world.who("thief"), world.who("pocket")}
    assert {row.account for row in found[2:]} == {world.who("hot"), world.who("deposit")}
    assert [bool(row.service) for row in found] == [False, False, True, True]
    for row in found[2:]:
        assert row.service == "Exchange A"
        assert row.warnings[0].endswith(ASK)


def test_a_tag_of_another_kind_makes_nobody_a_service() -> None:
    world = World(PAYMENTS)
    tags = TagBook([tag(world.who("pocket"), "A victim", category="perpetrator")])
    pocket = next(row for row in rows(world, tags).rows if row.account == world.who("pocket"))
    assert pocket.service == ""
    assert pocket.warnings[0] == "TAGGED as A victim (perpetrator, grade B, https://tags.example)"


def test_a_row_names_what_was_claimed_and_by_which_transfers_it_came_in() -> None:
    world = World(PAYMENTS)
    found = {row.account: row for row in rows(world, book(world, ("hot", "Exchange A"))).rows}
    pocket, thief = found[world.who("pocket")], found[world.who("thief")]
    assert pocket.arrivals is not None
    assert pocket.claims is not None
    assert [(each.flow.id, each.at, each.claimed) for each in pocket.arrivals] == [
        (world.number(3).id, block(40), {"Victim 1": 500})
    ]
    assert [each.flow.id for each in thief.arrivals or ()] == [world.number(0).id]
    for row in found.values():
        assert [(each.flow.id, each.at, each.claimed) for each in row.claims or ()] == [
            (world.number(0).id, block(10), {"Victim 1": 1000})
        ]
    bare = issuer_rows([held(1, who("a"), EVM, 5)], {EVM: facts_of(EVM)}).rows[0]
    assert (bare.arrivals, bare.claims) == (None, None)


def test_a_share_on_a_history_that_is_not_shown_to_be_complete_is_warned_of() -> None:
    pot = holding_pot(who("mule"), EVM)
    check = PotCheck(pot, who("mule"), EVM, 1, 9, 0, OpeningBasis.BACKWARDS, 5, 5, 0)
    place = replace(held(1, who("a"), EVM, 5), unchecked=(check,))
    (row,) = issuer_rows([place], {EVM: facts_of(EVM)}).rows
    said = f"the claimed share rests on a history that is not shown to be complete: {who('mule').address}"
    assert said in row.warnings


def held(number: int, account: Account | None, asset: Asset, units: int) -> Holding:
    return Holding(f"H-{number:04d}", account, "", asset, units, {"Anna": units}, EndReason.UNSPENT, "", ())


def test_holdings_of_one_account_are_one_row_and_what_no_issuer_holds_is_named() -> None:
    coin, unknown = Asset("eip155:1/slip44:60"), Asset("eip155:1/erc20:0x" + "11" * 20)
    bridged = Asset("eip155:1/erc20:0x" + "22" * 20)
    places = [
        held(1, who("a"), EVM, 5),
        held(2, who("b"), coin, 6),
        held(3, who("a"), EVM, 2**256 - 1),
        held(4, who("c"), unknown, 7),
        held(5, who("d"), bridged, 8),
        held(6, None, EVM, 9),
    ]
    other = replace(facts_of(bridged, None), issuer="", note="a token of the chain's bridge")
    found = issuer_rows(places, {EVM: facts_of(EVM), bridged: other})
    (row,) = found.rows
    assert (row.account, row.holdings, row.claimed) == (who("a"), ("H-0001", "H-0003"), {"Anna": 2**256 + 4})
    assert {left.holding: left.reason.split(":")[-1] for left in found.left_out} == {
        "H-0002": "60 has no issuer that could freeze it",
        "H-0004": " whether somebody can freeze it is not known; "
        "describe it if you know (case.describe_token, cryptotrace token)",
        "H-0005": " a token of the chain's bridge",
        "H-0006": "no account is known",
    }


def test_under_poison_nothing_is_compared_with_a_balance() -> None:
    world = World([*PAYMENTS[:1], (20, "other", "thief", 5), (30, "thief", "pocket", 1005)])
    made = traced(world, TagBook(), rule="poison")
    found = issuer_rows(holdings(made, TagBook()), {EVM: facts_of(EVM)}, balances=world)
    assert found.rows
    for row in found.rows:
        assert not row.is_share
        assert row.warnings == ("whether it is frozen could not be determined",)


def test_a_source_that_lists_no_events_leaves_the_status_to_the_contract() -> None:
    class NoLogs(Contract):
        def logs(self, *asked: object) -> object:  # type: ignore[override]
            raise NotSupported("no logs here")

    world, contract = World(PAYMENTS), NoLogs()
    contract.freeze(5, "pocket")
    pocket = next(r for r in rows(world, TagBook(), contract).rows if r.account == world.who("pocket"))
    assert pocket.freeze.state is Frozen.FROZEN
    assert any("no logs here" in reason for reason in pocket.freeze.reasons)
    assert pocket.freeze.destroyed is None


def test_events_that_contradict_the_contract_are_a_warning() -> None:
    world, contract = World(PAYMENTS), Contract(answers={"isBlackListed(address)": (1).to_bytes(32, "big")})
    found = rows(world, TagBook(), contract, rules={}).rows
    assert all(any("its events lead to not frozen" in said for said in row.warnings) for row in found)
    assert {row.rule for row in found} == {None}
