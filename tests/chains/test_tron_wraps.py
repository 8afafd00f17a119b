"""Wrapped TRX inside one transaction: what belongs together, and in which order it stands."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.chains.trontransactions import BLOCK, TRON, TRX, address, report, sums, who, wire

from cryptotrace.chains.tron.address import bytes_of
from cryptotrace.chains.tron.assets import trc20_asset
from cryptotrace.chains.tron.execution import InternalTransaction, Log
from cryptotrace.chains.tron.movements import account_transaction, topic_of
from cryptotrace.chains.tron.wraps import INTERNALS, Wrapping
from cryptotrace.evidence.recorder import MemoryRecorder
from cryptotrace.ledger import accounts
from cryptotrace.ledger.accountgraph import AccountGraph
from cryptotrace.ledger.store import Store
from cryptotrace.model.block import BlockRef
from cryptotrace.model.claim import Claim
from cryptotrace.model.flow import holding_pot
from cryptotrace.model.identity import Account
from cryptotrace.model.movement import AccountTransaction, Order, Wrap
from cryptotrace.sources.accountmemory import AccountMemorySource
from cryptotrace.tracing.engine import trace
from cryptotrace.tracing.rules import rule

WTRX = TRON.wrapped[0]
OWNER, FRIEND, PAIR, ROUTER = (address(each) for each in ("owner", "friend", "third", "token"))
WRAPPED = trc20_asset(TRON, WTRX)
_DEPOSIT, _WITHDRAWAL = "Deposit(address,uint256)", "Withdrawal(address,uint256)"


def _log(event: str, *words: str | int) -> Log:
    """An event of the wrapper; addresses are topics, the number is the data."""
    topics = [bytes(12) + bytes_of(each) for each in words if isinstance(each, str)]
    (units,) = (each for each in words if isinstance(each, int))
    return Log(WTRX, (topic_of(event), *topics), units.to_bytes(32, "big"))


def _sent(payer: str, payee: str, units: int) -> Log:
    return _log("Transfer(address,address,uint256)", payer, payee, units)


def _call(caller: str, to: str, units: int = 0) -> InternalTransaction:
    return InternalTransaction("", caller, to, ((units, None),), False, "call")


def _told(
    logs: Sequence[Log],
    internals: Sequence[InternalTransaction] = (),
    *,
    name: str = "call-with-trx",
    has_internals: bool = True,
) -> AccountTransaction:
    told = report(
        name, fee=5, result="SUCCESS", logs=tuple(logs), internals=tuple(internals), has_internals=has_internals
    )
    return account_transaction(wire(name), told, network=TRON, block=BLOCK, index=3, evidence="ev")


def _places(transaction: AccountTransaction) -> list[str]:
    return [each.place for each in transaction.movements]


def _router() -> AccountTransaction:
    """A router is paid tokens by a pair, unwraps them and pays its user."""
    return _told(
        [_sent(PAIR, ROUTER, 1000), _log(_WITHDRAWAL, ROUTER, 1000)],
        [_call(ROUTER, PAIR), _call(ROUTER, WTRX), _call(WTRX, ROUTER, 1000), _call(ROUTER, OWNER, 1000)],
    )


# --- the order --------------------------------------------------------------------------------------------------------


def test_tokens_come_before_they_are_unwrapped_and_the_trx_behind_it() -> None:
    told = _router()
    assert _places(told) == ["fee", "value", "log.0", "log.1", "call.2", "call.3"]
    assert [each.part for each in told.movements] == list(range(6))
    assert told.wraps == (Wrap("log.1", "call.2", f"{_WITHDRAWAL} of {WTRX}, log.1"),)
    assert (told.order, told.missing, told.notices) == (Order.EXACT, (), ())
    assert accounts.in_order(told) == told.movements


@pytest.mark.parametrize(("held", "name"), [(0, "lifo"), (1000, "lifo"), (0, "fifo")])
def test_a_trace_goes_through_a_router_that_unwraps(held: int, name: str, tmp_path: Path) -> None:
    told = _router()
    opening = {
        holding_pot(Account.of(TRON.chain, PAIR), WRAPPED): 1000,
        holding_pot(Account.of(TRON.chain, ROUTER), WRAPPED): held,
        holding_pot(Account.of(TRON.chain, OWNER), TRX): 10**8,
        holding_pot(Account.of(TRON.chain, WTRX), TRX): 10**9,
    }
    tip = BlockRef(TRON.chain, 9, "00" * 32, BLOCK.time + 100)
    source = AccountMemorySource(TRON, [told], MemoryRecorder(), opening=opening, tip=tip)
    with Store(tmp_path / "ledger.duckdb") as store:
        graph = AccountGraph(store, TRON.chain, [source])
        result = trace(graph, [Claim("V", f"{told.txid}#log.0", WRAPPED, 1000)], rule(name))
    assert [(each.asset, each.claimed) for each in result.ends] == [(TRX, {"V": 1000})]
    holder = ROUTER if name == "fifo" else OWNER  # first in first out, it still holds TRX that came before
    assert [each.account for each in result.ends] == [Account.of(TRON.chain, holder)]


def test_trx_is_paid_in_before_it_is_wrapped_and_the_tokens_go_on() -> None:
    told = _told(
        [_log(_DEPOSIT, ROUTER, 9000000), _sent(ROUTER, PAIR, 9000000)],
        [_call(ROUTER, WTRX, 9000000), _call(ROUTER, OWNER, 7)],
    )
    assert _places(told) == ["fee", "value", "call.0", "log.0", "call.1", "log.1"]
    assert told.wraps == (Wrap("call.0", "log.0", f"{_DEPOSIT} of {WTRX}, log.0"),)
    assert accounts.in_order(told) == told.movements


def test_wrapping_and_unwrapping_the_same_amount_again_and_again() -> None:
    told = _told(
        [_log(_WITHDRAWAL, ROUTER, 4), _log(_DEPOSIT, ROUTER, 4), _log(_WITHDRAWAL, ROUTER, 4)],
        [_call(WTRX, ROUTER, 4), _call(ROUTER, WTRX, 4), _call(WTRX, ROUTER, 4)],
    )
    assert _places(told)[2:] == ["log.0", "call.0", "call.1", "log.1", "log.2", "call.2"]
    assert [(each.outflow, each.inflow) for each in told.wraps] == [
        ("log.0", "call.0"),
        ("call.1", "log.1"),
        ("log.2", "call.2"),
    ]
    assert (told.order, told.notices) == (Order.EXACT, ())


def test_without_conversions_events_stand_behind_the_calls() -> None:
    told = _told([_sent(PAIR, ROUTER, 1)], [_call(ROUTER, OWNER, 2)])
    assert _places(told) == ["fee", "value", "call.0", "log.0"]
    assert told.order is Order.EXACT


def test_stake_in_between_keeps_its_order() -> None:
    staked = InternalTransaction("", ROUTER, None, ((4, None),), False, "freezeBalanceV2ForEnergy")
    told = _told([_log(_WITHDRAWAL, ROUTER, 4)], [_call(WTRX, ROUTER, 4), staked])
    assert _places(told)[2:] == ["log.0", "call.0", "call.1", "call.1.staked"]
    assert accounts.in_order(told) == told.movements
    assert len(told.wraps) == 2


_PARTIES = (OWNER, PAIR, ROUTER)
_STEPS = st.lists(
    st.tuples(st.sampled_from(["wrap", "unwrap", "token", "coin"]), st.sampled_from(_PARTIES), st.integers(1, 3)),
    max_size=12,
)


@given(_STEPS)
def test_what_really_ran_is_told_as_it_ran(steps: list[tuple[str, str, int]]) -> None:
    """Lists as a node makes them: every conversion is joined, both lists keep their order, nothing is moved later."""
    logs: list[Log] = []
    internals: list[InternalTransaction] = []
    legs = []
    for kind, party, units in steps:
        if kind == "token":
            logs.append(_sent(party, PAIR, units))
        elif kind == "coin":
            internals.append(_call(party, FRIEND, units))
        else:
            is_wrap = kind == "wrap"
            internals.append(_call(party, WTRX, units) if is_wrap else _call(WTRX, party, units))
            logs.append(_log(_DEPOSIT if is_wrap else _WITHDRAWAL, party, units))
            pair = (f"call.{len(internals) - 1}", f"log.{len(logs) - 1}")
            legs.append(pair if is_wrap else pair[::-1])
    told = _told(logs, internals)
    places = _places(told)
    assert [each for each in places if each.startswith("log")] == [f"log.{n}" for n in range(len(logs))]
    assert [each for each in places if each.startswith("call")] == [f"call.{n}" for n in range(len(internals))]
    assert [(each.outflow, each.inflow) for each in told.wraps] == legs
    assert (told.order, told.missing, told.notices) == (Order.EXACT, (), ())
    assert accounts.in_order(told) == told.movements


@given(
    st.lists(st.tuples(st.booleans(), st.sampled_from(_PARTIES), st.integers(0, 2)), max_size=8),
    st.lists(st.tuples(st.booleans(), st.sampled_from(_PARTIES), st.integers(0, 2)), max_size=8),
)
def test_lists_that_do_not_fit_are_never_told_as_destroyed(
    events: list[tuple[bool, str, int]], paid: list[tuple[bool, str, int]]
) -> None:
    logs = [_log(_DEPOSIT if is_in else _WITHDRAWAL, party, units) for is_in, party, units in events]
    internals = [_call(party, WTRX, units) if is_in else _call(WTRX, party, units) for is_in, party, units in paid]
    told = _told(logs, internals)
    assert accounts.in_order(told) == told.movements
    joined = {leg for wrap in told.wraps for leg in (wrap.outflow, wrap.inflow)}
    assert len(joined) == 2 * len(told.wraps)
    alone = {f"log.{n}" for n, (_, _, units) in enumerate(events) if units} - joined
    named = [each.split()[1] for each in told.notices if each.startswith("unjoined-conversion")]
    assert sorted(named) == sorted(alone)
    assert bool(alone) == any(each.startswith(INTERNALS) for each in told.missing)


# --- what cannot be joined --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("event", [_WITHDRAWAL, _DEPOSIT])
def test_where_internal_transactions_are_not_told_it_says_so(event: str) -> None:
    told = _told([_sent(PAIR, ROUTER, 8), _log(event, ROUTER, 8), _log(event, OWNER, 3)], has_internals=False)
    assert told.notices == ("unjoined-conversion log.1", "unjoined-conversion log.2")
    assert told.missing == ("internal transactions",)
    assert (told.wraps, told.order) == ((), Order.EXACT)


def test_where_they_are_told_and_none_fits_it_says_which_is_missing() -> None:
    told = _told([_log(_WITHDRAWAL, ROUTER, 8)], [_call(WTRX, ROUTER, 7), _call(WTRX, OWNER, 8)])
    assert told.notices == ("unjoined-conversion log.0",)
    assert told.missing == ("internal transactions: none has the 8 sun that were paid out for log.0",)
    assert told.wraps == ()


def test_a_payment_that_was_undone_is_none() -> None:
    undone = InternalTransaction("", WTRX, ROUTER, ((8, None),), True, "call")
    assert _told([_log(_WITHDRAWAL, ROUTER, 8)], [undone]).notices == ("unjoined-conversion log.0",)


def test_nothing_that_is_unwrapped_needs_no_trx() -> None:
    told = _told([_log(_WITHDRAWAL, ROUTER, 0)])
    assert (told.notices, told.missing, told.wraps) == ((), (), ())


def test_one_payment_joins_one_conversion_and_which_is_assumed() -> None:
    log = _log(_WITHDRAWAL, ROUTER, 8)
    told = _told([log, log], [_call(WTRX, ROUTER, 8)])
    assert [(each.outflow, each.inflow) for each in told.wraps] == [("log.0", "call.0")]
    assert told.notices[0].startswith("conversion-assumed log.0: 2 events and 1 payments of 8 sun")
    assert told.notices[1:] == ("unjoined-conversion log.1",)
    assert told.order is Order.ASSUMED


def test_of_more_payments_than_events_the_first_one_is_assumed() -> None:
    told = _told([_log(_WITHDRAWAL, ROUTER, 8)], [_call(WTRX, ROUTER, 8), _call(WTRX, ROUTER, 8)])
    assert [(each.outflow, each.inflow) for each in told.wraps] == [("log.0", "call.0")]
    assert (told.order, told.missing) == (Order.ASSUMED, ())
    assert told.notices[0].startswith("conversion-assumed")


def test_conversions_that_no_order_has_are_not_joined() -> None:
    """Tokens that are made before those that are destroyed, with TRX the other way round: one list is not true."""
    told = _told(
        [_log(_DEPOSIT, ROUTER, 4), _log(_WITHDRAWAL, ROUTER, 5)], [_call(WTRX, ROUTER, 5), _call(ROUTER, WTRX, 4)]
    )
    assert [(each.outflow, each.inflow) for each in told.wraps] == [("log.1", "call.0")]
    assert told.notices == ("unjoined-conversion log.0",)
    assert told.order is Order.ASSUMED
    assert accounts.in_order(told) == told.movements


def test_amounts_of_any_size_pass() -> None:
    largest = 2**256 - 1
    told = _told([_log(_WITHDRAWAL, ROUTER, largest)], [_call(WTRX, ROUTER, largest)])
    assert len(told.wraps) == 1
    assert sums(told)[who("token"), TRX] == largest + 9000000


def test_what_was_wrapped_is_kept_with_its_parties() -> None:
    each = Wrapping("log.1", WTRX, ROUTER, 4, False, "test")
    assert (each.payer, each.payee, each.is_deposit) == (WTRX, ROUTER, False)
