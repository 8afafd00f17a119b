"""The touch point is the transfer into the customer's deposit address; neither sweep nor hot wallet is the customer's."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from tests import notation
from tests.reports import dossiers
from tests.seizure.tokenworld import EVM, TRON, World, block, digest
from tests.seizure.traced import book, tag, traced

from cryptotrace.attribution.book import TagBook
from cryptotrace.errors import ModelError
from cryptotrace.model.block import BlockRef, Position
from cryptotrace.model.flow import Flow, FlowKind
from cryptotrace.model.identity import Account, Asset, Chain
from cryptotrace.model.tag import Grade
from cryptotrace.model.verdict import LinkClass
from cryptotrace.seizure.deposits import DepositParameters, Services
from cryptotrace.seizure.touchpoints import TouchPoints, touch_points
from cryptotrace.tracing.result import Stops

#: A victim pays a thief, who pays 900 into a deposit address, which is emptied into the exchange's hot wallet.
PLAIN = [(10, "victim", "thief", 1000), (20, "thief", "deposit", 900), (30, "deposit", "hot", 900)]
DAY = 7200  # blocks of 12 seconds


def points(world: World, *named: tuple[str, str], **more: object) -> TouchPoints:
    tags = book(world, *(named or (("hot", "Exchange A"),)))
    claims = more.pop("claims", ((0, 0),))
    rule = more.pop("rule", "fifo")
    return touch_points(traced(world, tags, claims, rule), tags, world, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("token", [EVM, TRON])
def test_the_transfer_into_the_deposit_address_is_the_touch_point(token: Asset) -> None:
    world = World(PLAIN, token, memos={1: "invoice 7"})
    found = points(world)
    (row,) = found.rows
    assert (row.id, row.service, row.direct, row.account) == ("P-0001", "Exchange A", False, world.who("deposit"))
    assert (row.transfer, row.sender, row.memo) == (world.number(1), world.who("thief"), "invoice 7")
    assert (row.claimed, row.at) == ({"Victim 1": 900}, block(20, token.chain))
    assert (row.link_class, row.share_class, row.attribution_class) == (LinkClass.L4, LinkClass.L3, LinkClass.L5)
    assert row.deposit is not None
    assert (row.deposit.share, row.deposit.others, row.deposit.unchecked) == (Fraction(1), 0, ())
    assert [(sweep.flow, sweep.to, sweep.at) for sweep in row.deposit.sweeps] == [
        (world.number(2), world.who("hot"), block(30, token.chain))
    ]
    assert row.sweep == row.deposit.sweeps[0]
    assert [each.label for each in row.tags] == ["Exchange A"]


def test_what_was_claimed_and_what_came_in_stand_with_their_blocks() -> None:
    world = World([*PLAIN, (41, "Anna", "thief", 50), (42, "thief", "deposit", 60), (43, "deposit", "hot", 60)])
    found = points(world, claims=((0, 0), (3, 0)))
    claimed = [(each.flow, each.at, each.claimed) for each in found.claims]
    assert claimed == [
        (world.number(0), block(10), {"Victim 1": 1000}),
        (world.number(3), block(41), {"Victim 2": 50}),
    ]
    came = found.into[world.who("deposit"), EVM]
    assert [(each.flow, each.at, each.claimed) for each in came] == [
        (world.number(1), block(20), {"Victim 1": 900}),
        (world.number(4), block(42), {"Victim 1": 60}),
    ]
    assert [row.claims for row in found.rows] == [found.claims[:1]] * 2, "only of those who have a share in it"


def test_neither_the_sweep_nor_the_hot_wallet_is_named_as_the_customers() -> None:
    world = World(PLAIN)
    for row in points(world).rows:
        assert row.account != world.who("hot")
        assert row.transfer.id != world.number(2).id
    assert points(world).deposit_of(world.who("deposit")) == "Exchange A"
    assert points(world).deposit_of(world.who("hot")) is None


def test_a_victim_who_paid_straight_into_a_deposit_address_touches_with_the_claim_itself() -> None:
    world = World([(10, "victim", "deposit", 500), (20, "deposit", "hot", 500)])
    (row,) = points(world).rows
    assert (row.transfer, row.hop, row.share_class) == (world.number(0), 0, LinkClass.L1)
    assert (row.sender, row.claimed) == (world.who("victim"), {"Victim 1": 500})


def test_what_is_not_swept_yet_touches_where_earlier_sweeps_show_whose_the_address_is() -> None:
    world = World(
        [
            (1, "other", "deposit", 70),
            (2, "deposit", "hot", 70),
            (10, "victim", "thief", 1000),
            (20, "thief", "deposit", 900),
        ]
    )
    (row,) = points(world, claims=((2, 0),)).rows
    assert (row.transfer, row.sweep) == (world.number(3), None)
    assert row.deposit is not None
    assert len(row.deposit.sweeps) == 1


def test_an_address_that_pays_nobody_or_no_service_is_not_one_and_the_reason_is_kept() -> None:
    world = World([(10, "victim", "thief", 1000), (20, "thief", "pocket", 900), (21, "thief", "shop", 100)])
    found = points(world)
    assert not found.rows
    assert [(each.account, each.reason) for each in found.examined] == [
        (world.who("pocket"), "no payment out of it is known"),
        (world.who("shop"), "no payment out of it is known"),
    ]
    passed_on = World([*PLAIN[:2], (30, "deposit", "cold", 900)])
    tags = book(passed_on, ("hot", "Exchange A"))
    stopped = traced(passed_on, tags, max_hops=1)
    looked = {each.account: each for each in touch_points(stopped, tags, passed_on).examined}[passed_on.who("deposit")]
    assert "none of the 1 payments out of it that are known goes to a tagged service" in looked.reason


def test_a_transfer_straight_to_a_tagged_account_is_a_touch_point_of_its_own_kind() -> None:
    world = World([(10, "victim", "hot", 1000)])
    (row,) = points(world).rows
    assert (row.direct, row.account, row.deposit, row.sweep) == (True, world.who("hot"), None, None)
    assert (row.link_class, row.attribution_class) == (LinkClass.L1, LinkClass.L5)
    spread = World(
        [(10, "victim", "thief", 1000), (20, "thief", "hot", 400), (21, "thief", "x", 300), (22, "thief", "y", 300)]
    )
    found = points(spread)
    (row,) = found.rows
    assert (row.direct, row.transfer, row.sender) == (True, spread.number(1), spread.who("thief"))
    assert found.examined[0].reason.startswith("2/5 of what left it went to Exchange A")


# --- parameters -------------------------------------------------------------------------------------------------------

SHARED = [
    (10, "victim", "deposit", 1000),
    (20, "deposit", "hot", 880),
    (21, "deposit", "stranger", 120),
]


@pytest.mark.parametrize(
    ("world", "parameters", "is_one"),
    [
        (World(SHARED), DepositParameters(), False),
        (World(SHARED), DepositParameters(share=Fraction(88, 100), residual=Fraction(1)), True),
        (World(SHARED), DepositParameters(share=Fraction(881, 1000), residual=Fraction(1)), False),
        (World(SHARED), DepositParameters(share=Fraction(1, 2), residual=Fraction(120, 880)), True),
        (World(SHARED), DepositParameters(share=Fraction(1, 2), residual=Fraction(119, 880)), False),
        (World(SHARED), DepositParameters(share=Fraction(1, 2), residual=Fraction(1), others=0), False),
        (World(PLAIN), DepositParameters(sweeps=2), False),
        (World([*PLAIN, (40, "other", "deposit", 5), (50, "deposit", "hot", 5)]), DepositParameters(sweeps=2), True),
        (World(PLAIN), DepositParameters(window=120), True),
        (World(PLAIN), DepositParameters(window=119), False),
        (World([*PLAIN[:2], (20 + 7 * DAY, "deposit", "hot", 900)]), DepositParameters(), True),
        (World([*PLAIN[:2], (21 + 7 * DAY, "deposit", "hot", 900)]), DepositParameters(), False),
        (World(PLAIN), DepositParameters(least=Grade.B), True),
        (World(PLAIN), DepositParameters(least=Grade.A), False),
    ],
)
def test_each_parameter_decides_at_its_limit(world: World, parameters: DepositParameters, is_one: bool) -> None:
    found = points(world, parameters=parameters)
    assert [row.direct for row in found.rows] == [not is_one]
    assert found.parameters is parameters


@pytest.mark.parametrize(
    "wrong",
    [
        {"share": 0.9},
        {"share": Fraction(11, 10)},
        {"share": 1},
        {"residual": Fraction(-1)},
        {"sweeps": 0},
        {"sweeps": True},
        {"others": -1},
        {"window": 1.5},
    ],
)
def test_parameters_that_mean_nothing_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ModelError, match=next(iter(wrong))):
        DepositParameters(**wrong)  # type: ignore[arg-type]


def test_the_sentence_names_every_parameter() -> None:
    assert DepositParameters().sentence() == (
        "share to one service >= 9/10, sweeps >= 1, other accounts paid <= 1, sweep within 604800 s (7 days), left after "
        "most sweeps <= 1/100 of them, tags of grade D or better"
    )


def test_what_could_not_be_tested_is_said() -> None:
    (row,) = points(World(PLAIN, are_holdings_known=False)).rows
    assert row.deposit is not None
    assert row.deposit.unchecked == ("what was left after a sweep is not known",)
    (row,) = points(World(PLAIN, unplaced=frozenset({1, 2}), memos={1: None})).rows
    assert (row.at, row.memo) == (None, None)
    assert row.sweep is not None
    assert row.sweep.at is None


def test_transfers_of_nothing_fees_and_payments_to_itself_are_no_payments() -> None:
    class Noisy(World):
        def outflows(self, account: Account, asset: Asset, since: Position) -> list[Flow]:
            real = list(super().outflows(account, asset, since))
            nothing = [replace(flow, id=f"{flow.id}0", units=0, owner=self.who("bait")) for flow in real]
            fees = [replace(flow, id=f"{flow.id}f", kind=FlowKind.FEE, owner=None) for flow in real]
            itself = [replace(flow, id=f"{flow.id}s", owner=account) for flow in real]
            return [*nothing, *fees, *itself, *real]

    (row,) = points(Noisy(PLAIN), parameters=DepositParameters(share=Fraction(1), others=0)).rows
    assert not row.direct


# --- services ---------------------------------------------------------------------------------------------------------


def test_two_hot_wallets_of_one_service_count_together_where_the_case_says_that_they_are_one() -> None:
    world = World([(10, "victim", "deposit", 1000), (20, "deposit", "hot", 500), (30, "deposit", "warm", 500)])
    named = (("hot", "Exchange A 1"), ("warm", "exchange a 2 "))
    parameters = DepositParameters(residual=Fraction(1))
    apart = points(world, *named, parameters=parameters)
    assert [(row.direct, row.service) for row in apart.rows] == [(True, "Exchange A 1"), (True, "exchange a 2")]
    names = {"Exchange A 1": "Exchange A", "Exchange A 2": "Exchange A"}
    (row,) = points(world, *named, parameters=parameters, names=names).rows
    assert (row.direct, row.service, len(row.tags)) == (False, "Exchange A", 2)


def test_a_payment_to_another_service_out_of_a_deposit_address_is_shown_too() -> None:
    world = World([(10, "victim", "deposit", 1000), (20, "deposit", "hot", 950), (30, "deposit", "bank", 50)])
    found = points(world, ("hot", "Exchange A"), ("bank", "Bank B"), parameters=DepositParameters(residual=Fraction(1)))
    assert [(row.service, row.direct, row.transfer.units) for row in found.rows] == [
        ("Exchange A", False, 1000),
        ("Bank B", True, 50),
    ]
    assert {name: len(rows) for name, rows in found.services().items()} == {"Bank B": 1, "Exchange A": 1}


def test_every_claimed_transfer_into_the_address_is_a_row_in_chain_order() -> None:
    world = World(
        [
            (10, "victim", "thief", 1000),
            (20, "thief", "deposit", 300),
            (21, "deposit", "hot", 300),
            (30, "other", "deposit", 11),
            (40, "thief", "deposit", 700),
            (41, "deposit", "hot", 711),
        ]
    )
    rows = points(world).rows
    assert [(row.id, row.transfer.units, row.claimed) for row in rows] == [
        ("P-0001", 300, {"Victim 1": 300}),
        ("P-0002", 700, {"Victim 1": 700}),
    ]
    assert [row.sweep and row.sweep.flow for row in rows] == [world.number(2), world.number(5)]


def test_a_stop_without_a_tag_of_its_own_is_named_as_the_case_named_it() -> None:
    world = World([(10, "victim", "hot", 1000)])
    tags = TagBook()
    made = traced(world, tags)
    stopped = replace(made, stops=Stops(services={world.who("hot"): "OTC desk, named by the case"}))
    from cryptotrace.tracing.result import End, EndReason

    end = End(EndReason.SERVICE, world.number(0), None, world.who("hot"), EVM, (("Victim 1", 1000),))
    (row,) = touch_points(replace(stopped, ends=(end,)), tags, world).rows
    assert (row.service, row.tags, row.direct) == ("OTC desk, named by the case", (), True)


def test_a_service_is_named_by_its_best_tag_and_by_no_other_category() -> None:
    world = World(PLAIN)
    hot = world.who("hot")
    tags = TagBook(
        [tag(hot, "Weak", Grade.E), tag(hot, "Strong", Grade.A), tag(hot, "A person", Grade.A, category="organization")]
    )
    named = Services(tags, Grade.D, {}).name(hot)
    assert named is not None
    assert (named[0], [each.label for each in named[1]]) == ("Strong", ["Strong"])
    assert Services(TagBook([tag(hot, grade=Grade.E)]), Grade.D, {}).name(hot) is None


# --- reach, claims, other chains --------------------------------------------------------------------------------------


def test_under_poison_it_is_reach() -> None:
    (row,) = points(World(PLAIN), rule="poison").rows
    assert not row.is_share
    assert set(row.claimed) == {"Victim 1"}


def test_two_claimants_are_told_apart() -> None:
    world = World([(9, "other", "thief", 100), *PLAIN])
    rows = points(world, claims=((0, 0), (1, 0))).rows
    assert [row.claimed for row in rows] == [{"Victim 1": 100, "Victim 2": 800}]


def test_a_share_says_whether_it_rests_on_unchecked_holdings_or_an_assumed_order() -> None:
    from cryptotrace.model.flow import holding_pot
    from cryptotrace.model.pot import OpeningBasis, PotCheck

    world = World(PLAIN)
    tags = book(world, ("hot", "Exchange A"))
    thief = world.who("thief")
    check = PotCheck(holding_pot(thief, EVM), thief, EVM, 0, 100, 0, OpeningBasis.HISTORY, 1000, 900, 90)
    made = replace(traced(world, tags), pots=(check,), order_sensitive=(world.number(1).id,))
    (row,) = touch_points(made, tags, world).rows
    assert (row.unchecked, row.is_order_sensitive) == ((check,), True)
    (row,) = touch_points(replace(made, order_sensitive=None), tags, world).rows
    assert row.is_order_sensitive is None


def test_on_a_chain_of_outputs_a_transfer_to_a_tagged_account_is_direct() -> None:
    class Nothing:
        def outflows(self, account: Account, asset: Asset, since: Position) -> list[Flow]:
            raise AssertionError("there is nothing to ask on a chain without accounts")

        def held_after(self, account: Account, asset: Asset, at: Position) -> int | None:
            raise AssertionError("there is nothing to ask on a chain without accounts")

        def block_of(self, chain: Chain, txid: str) -> BlockRef | None:
            return BlockRef(chain, 1, digest("b"), 5)

        def memo_of(self, chain: Chain, txid: str) -> str | None:
            return ""

    case = notation.chain("t1: A 50, B 50 -> C 60, D 30, fee 10\nAnna claims A").case
    service = dossiers.owner(f"{dossiers.txid('t1')}:0")
    tags = TagBook([dossiers.tag(service, category="exchange")])
    made = dossiers.dossier(case, stops=Stops(services=tags.services()))
    (row,) = touch_points(made.trace, tags, Nothing()).rows
    assert (row.direct, row.account, row.sender) == (True, service, None)
    assert (row.claimed, row.link_class) == ({"Anna": 50}, LinkClass.L1)
