from __future__ import annotations

from collections.abc import Sequence

import pytest
from tests.chains.trontransactions import TRON, TRX, address, moved, short, sums, who

from cryptotrace.chains.tron.assets import staked_asset, trc10_asset
from cryptotrace.chains.tron.execution import InternalTransaction
from cryptotrace.model.movement import AccountTransaction, Order, Wrap

OWNER, FRIEND, THIRD, TOKEN = (address(each) for each in ("owner", "friend", "third", "token"))


def _internal(
    note: str,
    *values: tuple[int, str | None],
    to: str | None = FRIEND,
    caller: str = TOKEN,
    rejected: bool = False,
) -> InternalTransaction:
    return InternalTransaction("", caller, to, values, rejected, note)


def _told(internals: Sequence[InternalTransaction]) -> AccountTransaction:
    return moved("trc20-transfer", result="SUCCESS", internals=tuple(internals))


def test_calls_and_creations_pay_in_the_order_of_the_list() -> None:
    told = _told(
        [
            _internal("call", (0, None)),
            _internal("call", (5, None)),
            _internal("create", (6, None), to=THIRD),
            _internal("call", (7, "1002000")),
        ]
    )
    assert short(told) == [
        ("call.1", "transfer", 5, TOKEN, FRIEND),
        ("call.2", "transfer", 6, TOKEN, THIRD),
        ("call.3.1002000", "trc10:1002000 transfer", 7, TOKEN, FRIEND),
    ]
    assert told.order is Order.EXACT
    assert told.missing == ()


def test_the_value_of_the_call_itself_comes_first() -> None:
    told = moved("call-with-trx", result="SUCCESS", fee=1, internals=(_internal("call", (9000000, None)),))
    assert [m.place for m in told.movements] == ["fee", "value", "call.0"]
    assert sums(told)[who("token"), TRX] == 0


def test_what_was_rejected_moved_nothing() -> None:
    assert (
        _told([_internal("call", (5, None), rejected=True), _internal("suicide", (5, None), rejected=True)]).movements
        == ()
    )


def test_foreign_code_on_the_callers_own_account_moves_nothing() -> None:
    assert _told([_internal("call", (5, None), to=TOKEN)]).movements == ()


def test_a_self_destruct_leaves_everything_to_its_heir() -> None:
    told = _told([_internal("suicide", (5, None), (3, "1002000"), (0, "1002001"))])
    assert short(told) == [
        ("call.0", "transfer", 5, TOKEN, FRIEND),
        ("call.0.1002000", "trc10:1002000 transfer", 3, TOKEN, FRIEND),
    ]
    assert told.notices[0].startswith(f"self-destruct {TOKEN}, heir {FRIEND}")


@pytest.mark.parametrize("heir", [TOKEN, None])
def test_a_self_destruct_without_another_heir_burns(heir: str | None) -> None:
    assert short(_told([_internal("suicide", (5, None), to=heir)])) == [("call.0", "burn", 5, TOKEN, None)]


def test_stake_that_a_self_destruct_released_is_counted_once() -> None:
    told = _told(
        [
            _internal("suicide", (25, None)),
            _internal("withdrawExpireUnfreezeWhileSuiciding", (20, None)),
            _internal("call", (1, None), caller=THIRD),
        ]
    )
    assert [m.place for m in told.movements] == ["call.1.staked", "call.1", "call.0", "call.2"]
    assert sums(told)[who("token"), TRX] == -5
    assert sums(told)[who("token"), staked_asset(TRON)] == -20
    assert sums(told)[who("friend"), TRX] == 26


@pytest.mark.parametrize("note", ["freezeForEnergy", "freezeBalanceV2ForBandwidth"])
def test_a_contract_stakes_its_own(note: str) -> None:
    told = _told([_internal(note, (5, None))])
    assert sums(told) == {(who("token"), TRX): -5, (who("token"), staked_asset(TRON)): 5}
    assert told.wraps == (Wrap("call.0", "call.0.staked", f"internal {note}, call.0"),)


@pytest.mark.parametrize(
    "note",
    [
        "unfreezeForEnergy",
        "withdrawExpireUnfreeze",
        "withdrawExpireUnfreezeWhileUnfreezing",
        "withdrawExpireUnfreezeWhileCanceling",
    ],
)
def test_a_contract_gets_its_stake_back(note: str) -> None:
    told = _told([_internal(note, (5, None), to=TOKEN)])
    assert sums(told) == {(who("token"), TRX): 5, (who("token"), staked_asset(TRON)): -5}


def test_a_contracts_reward_is_new() -> None:
    told = _told([_internal("withdrawReward", (0, None), to=TOKEN), _internal("withdrawReward", (8, None), to=TOKEN)])
    assert short(told) == [("call.1", "issuance", 8, None, TOKEN)]


@pytest.mark.parametrize(
    "note",
    ["unfreezeBalanceV2ForEnergy", "delegateResourceOfEnergy", "unDelegateResourceOfBandwidth", "cancelAllUnfreezeV2"],
)
def test_operations_that_move_no_value_are_notices(note: str) -> None:
    told = _told([_internal(note, (5, None))])
    assert (told.movements, told.missing) == ((), ())
    assert told.notices == (f"internal {note} 5 by {TOKEN} for {FRIEND}: no value moves",)


def test_a_vote_has_nobody_at_its_other_end() -> None:
    assert _told([_internal("voteWitness", to=None)]).notices == (f"internal voteWitness 0 by {TOKEN}: no value moves",)


def test_what_is_unknown_is_named_and_missing_only_if_it_has_an_amount() -> None:
    told = _told([_internal("teleport", (5, None)), _internal("look", (0, None))])
    assert told.movements == ()
    assert told.missing == ("what the internal transaction call.0 moved",)
    assert told.notices == ("unknown-internal 'teleport' at call.0", "unknown-internal 'look' at call.1")


def test_a_payment_to_nobody_is_missing() -> None:
    told = _told([_internal("call", (5, None), to=None), _internal("call", to=None)])
    assert told.missing == ("whom the internal transaction call.0 paid",)


def test_amounts_of_one_asset_are_summed() -> None:
    told = _told([_internal("call", (5, None), (6, None), (2, "1002000"), (3, "1002000"))])
    assert [(m.place, m.asset, m.units) for m in told.movements] == [
        ("call.0", TRX, 11),
        ("call.0.1002000", trc10_asset(TRON, "1002000"), 5),
    ]
