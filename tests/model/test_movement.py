"""A transaction of an account chain as movements."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.account_world import COIN, NET, TOKEN, World, block, digest, who

from cryptotrace.errors import InvalidAmount, InvalidIdentifier, ModelError
from cryptotrace.model.flow import FlowKind
from cryptotrace.model.movement import AccountTransaction, Movement, Order
from cryptotrace.model.transaction import PostingKind

A, B = who("A"), who("B")


def _movement(**changes: object) -> Movement:
    values: dict[str, object] = {
        "place": "log.0",
        "kind": FlowKind.TRANSFER,
        "asset": TOKEN,
        "units": 5,
        "payer": A,
        "payee": B,
        "part": 0,
    }
    return Movement(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "payer", "payee"),
    [
        (FlowKind.TRANSFER, A, None),
        (FlowKind.TRANSFER, None, B),
        (FlowKind.FEE, None, B),
        (FlowKind.BURN, A, B),
        (FlowKind.BURN, None, None),
        (FlowKind.ISSUANCE, A, B),
        (FlowKind.ISSUANCE, None, None),
        (FlowKind.OUTPUT, A, B),
    ],
)
def test_payer_and_payee_must_fit_the_kind(kind: FlowKind, payer: object, payee: object) -> None:
    with pytest.raises(ModelError, match=r"log\.0"):
        _movement(kind=kind, payer=payer, payee=payee)


@pytest.mark.parametrize("units", [-1, 1.0, True, "5"])
def test_units_are_whole_and_not_negative(units: object) -> None:
    with pytest.raises(InvalidAmount):
        _movement(units=units)


def test_amounts_of_256_bits_are_held() -> None:
    assert _movement(units=2**256 - 1).units == 2**256 - 1


def _transaction(*movements: Movement) -> AccountTransaction:
    return AccountTransaction(NET.chain, digest("t"), block(1), 0, A, 0, True, movements)


def test_a_place_stands_for_one_movement_and_the_order_is_that_of_the_parts() -> None:
    with pytest.raises(ModelError, match="same place"):
        _transaction(_movement(), _movement(part=1))
    with pytest.raises(ModelError, match="not in their order"):
        _transaction(_movement(part=1), _movement(place="log.1", part=0))
    with pytest.raises(InvalidIdentifier):
        replace(_transaction(_movement()), txid="0x" + digest("t"))


def test_as_postings_every_asset_balances_and_both_sides_name_the_movement() -> None:
    fee = _movement(place="fee.burnt", kind=FlowKind.FEE, asset=COIN, units=3, payee=None)
    mint = _movement(place="log.1", kind=FlowKind.ISSUANCE, payer=None, part=2)
    found = _transaction(fee, _movement(part=1), mint).transaction()
    assert [(p.kind, p.units, p.account, p.flow.partition("#")[2]) for p in found.postings] == [
        (PostingKind.FEE, -3, A, "fee.burnt"),
        (PostingKind.FEE, 3, None, "fee.burnt"),
        (PostingKind.TRANSFER, -5, A, "log.0"),
        (PostingKind.TRANSFER, 5, B, "log.0"),
        (PostingKind.ISSUANCE, -5, None, "log.1"),
        (PostingKind.ISSUANCE, 5, B, "log.1"),
    ]
    assert found.fee == 3


def test_an_order_is_exact_or_assumed() -> None:
    world = World()
    world.tx("t", 1, (None, "A", 5, TOKEN), order=Order.ASSUMED)
    assert world.transactions[0].order is Order.ASSUMED
    assert world.transactions[0].flow_id(world.transactions[0].movements[0]) == f"{digest('t')}#log.0"
