from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.chains.evm_trees import ALICE, BOB, CAROL, ETHEREUM, EVIDENCE, TOKEN, block, header, receipt, transaction
from tests.chains.evm_trees import transfer as token_transfer

from cryptotrace.chains.evm.adjustment import ADJUSTED, adjustment, net_units
from cryptotrace.chains.evm.movements import account_transaction
from cryptotrace.errors import ModelError
from cryptotrace.model.accountsource import PotBalance
from cryptotrace.model.flow import FlowKind
from cryptotrace.model.movement import AccountTransaction

_ASSET = ETHEREUM.token("erc20", TOKEN)
_MOST = 2**256 - 1


def _balance(units: int, height: int, holder: str = ALICE) -> PotBalance:
    return PotBalance(ETHEREUM.account(holder), _ASSET, units, block(height=height), EVIDENCE)


def _sent(payer: str, payee: str, units: int) -> AccountTransaction:
    given: dict[str, Any] = {"header": header(), "block": block(), "index": 0, "evidence": EVIDENCE}
    return account_transaction(
        transaction(), receipt(token_transfer(payer, payee, units)), None, network=ETHEREUM, **given
    )


def test_balances_that_follow_from_the_movements_need_no_adjustment() -> None:
    moved = [_sent(BOB, ALICE, 10), _sent(ALICE, CAROL, 3), _sent(ALICE, ALICE, 99), _sent(BOB, CAROL, 50)]
    assert adjustment(_balance(5, 1), _balance(12, 2), moved, index=3) is None


def test_a_tax_on_a_transfer_is_a_burn_and_flagged() -> None:
    found = adjustment(_balance(0, 1), _balance(98, 2), [_sent(BOB, ALICE, 100)], index=3)
    assert found is not None
    (movement,) = found.movements
    assert (movement.place, movement.kind, movement.units) == ("adjustment", FlowKind.BURN, 2)
    assert (movement.payer, movement.payee) == (f"eip155:1:{ALICE}", None)
    assert found.notices[0] == ADJUSTED == "token-adjusts-balances"
    assert (found.block, found.index) == (block(height=2), 3)
    found.transaction()


@pytest.mark.parametrize("after", [101, _MOST])
def test_a_rebase_is_an_issuance(after: int) -> None:
    found = adjustment(_balance(100, 1), _balance(after, 2), [], index=0)
    assert found is not None
    assert (found.movements[0].kind, found.movements[0].units) == (FlowKind.ISSUANCE, after - 100)


@given(st.integers(0, _MOST), st.integers(0, _MOST), st.lists(st.tuples(st.booleans(), st.integers(0, _MOST))))
def test_with_the_adjustment_the_balances_always_agree(before: int, after: int, moves: list[tuple[bool, int]]) -> None:
    moved = [_sent(*((ALICE, BOB) if out else (BOB, ALICE)), units) for out, units in moves]
    found = adjustment(_balance(before, 1), _balance(after, 2), moved, index=0)
    all_moved = moved if found is None else [*moved, found]
    assert before + net_units(ETHEREUM.account(ALICE), _ASSET, all_moved) == after


def test_adjustments_of_two_holdings_have_two_names_and_the_same_has_one() -> None:
    one = adjustment(_balance(0, 1), _balance(9, 2), [], index=0)
    same = adjustment(_balance(0, 1), _balance(9, 2), [], index=0)
    other = adjustment(_balance(0, 1, BOB), _balance(9, 2, BOB), [], index=0)
    assert one is not None
    assert other is not None
    assert one == same
    assert one.txid != other.txid


def test_balances_of_two_holdings_or_in_the_wrong_order_are_refused() -> None:
    native = replace(_balance(1, 2), asset=ETHEREUM.asset)
    for first, second in ((_balance(1, 1), _balance(1, 2, BOB)), (_balance(1, 1), native), (_balance(1, 3), native)):
        with pytest.raises(ModelError, match="no two balances of one holding"):
            adjustment(first, second, [], index=0)
    with pytest.raises(ModelError):
        adjustment(_balance(1, 3), _balance(1, 2), [], index=0)
