from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.chains.trontransactions import BLOCK, TRON, address, moved, report, short, wire
from tests.shared_data import read_vectors

from cryptotrace.chains.tron.address import address_of, bytes_of
from cryptotrace.chains.tron.assets import trc721_asset, trc1155_asset
from cryptotrace.chains.tron.draft import ZERO_ADDRESS
from cryptotrace.chains.tron.execution import InternalTransaction, Log
from cryptotrace.chains.tron.movements import account_transaction
from cryptotrace.chains.tron.tokenlogs import topic_of
from cryptotrace.model.movement import AccountTransaction, Order, Wrap

OWNER, FRIEND, THIRD, TOKEN = (address(each) for each in ("owner", "friend", "third", "token"))
TRC20 = f"trc20:{TOKEN}"
_TRANSFER = "Transfer(address,address,uint256)"
_SINGLE = "TransferSingle(address,address,address,uint256,uint256)"
_BATCH = "TransferBatch(address,address,address,uint256[],uint256[])"


def _word(value: int | str) -> bytes:
    return value.to_bytes(32, "big") if isinstance(value, int) else bytes(12) + bytes_of(value)


def _log(event: str, topics: Sequence[int | str], data: Sequence[int | str] = (), contract: str = TOKEN) -> Log:
    return Log(contract, (topic_of(event), *map(_word, topics)), b"".join(map(_word, data)))


def _transfer(payer: str, payee: str, units: int, contract: str = TOKEN) -> Log:
    return _log(_TRANSFER, (payer, payee), (units,), contract)


def _told(*logs: Log, name: str = "trc20-transfer") -> AccountTransaction:
    return moved(name, result="SUCCESS", logs=logs)


@pytest.mark.shared
def test_the_topics_are_the_published_ones() -> None:
    known = {name: topic.removeprefix("0x") for name, topic in read_vectors("proofs.json")["keccak_topics"].items()}
    for event in (_TRANSFER, "AddedBlackList(address)", "DestroyedBlackFunds(address,uint256)", "Blacklisted(address)"):
        assert topic_of(event).hex() == known[event]


def test_the_zero_address_is_that_of_twenty_zero_bytes() -> None:
    assert address_of(bytes(20)) == ZERO_ADDRESS


def test_transfers_mints_and_burns() -> None:
    told = _told(_transfer(OWNER, FRIEND, 5), _transfer(ZERO_ADDRESS, OWNER, 6), _transfer(OWNER, ZERO_ADDRESS, 7))
    assert short(told) == [
        ("log.0", f"{TRC20} transfer", 5, OWNER, FRIEND),
        ("log.1", f"{TRC20} issuance", 6, None, OWNER),
        ("log.2", f"{TRC20} burn", 7, OWNER, None),
    ]
    assert (told.order, told.missing, told.notices) == (Order.EXACT, (), ())


def test_other_events_keep_their_places_free() -> None:
    approval = _log("Approval(address,address,uint256)", (OWNER, FRIEND), (9,))
    told = _told(approval, Log(TOKEN, (), b""), _transfer(OWNER, FRIEND, 5))
    assert [m.place for m in told.movements] == ["log.2"]


def test_a_transfer_of_nothing_is_shown() -> None:
    assert short(_told(_transfer(OWNER, FRIEND, 0))) == [("log.0", f"{TRC20} transfer", 0, OWNER, FRIEND)]


@given(st.integers(0, 2**256 - 1))
def test_amounts_of_any_size_pass(units: int) -> None:
    assert [m.units for m in _told(_transfer(OWNER, FRIEND, units)).movements] == [units]


def test_from_nobody_to_nobody_moves_nothing_and_is_said() -> None:
    told = _told(_transfer(ZERO_ADDRESS, ZERO_ADDRESS, 5))
    assert told.movements == ()
    assert told.notices[0].startswith("nothing-moved log.0")


def test_an_address_word_may_carry_trons_prefix() -> None:
    log = _transfer(OWNER, FRIEND, 5)
    prefixed = replace(log, topics=(log.topics[0], *(each[:11] + b"\x41" + each[12:] for each in log.topics[1:])))
    assert short(_told(prefixed)) == short(_told(log))


def test_a_numbered_token_is_an_asset_of_its_own() -> None:
    told = _told(_log(_TRANSFER, (OWNER, FRIEND, 2**256 - 1)))
    assert [(m.asset, m.units) for m in told.movements] == [(trc721_asset(TRON, TOKEN, 2**256 - 1), 1)]
    assert told.movements[0].asset.token_id == str(2**256 - 1)


def test_tokens_of_a_multi_token_contract() -> None:
    single = _log(_SINGLE, (THIRD, OWNER, FRIEND), (7, 20))
    batch = _log(_BATCH, (THIRD, ZERO_ADDRESS, FRIEND), (64, 160, 2, 8, 9, 2, 1, 3))
    told = _told(single, batch)
    assert [(m.place, m.asset, m.units, m.payer is None) for m in told.movements] == [
        ("log.0", trc1155_asset(TRON, TOKEN, 7), 20, False),
        ("log.1.0", trc1155_asset(TRON, TOKEN, 8), 1, True),
        ("log.1.1", trc1155_asset(TRON, TOKEN, 9), 3, True),
    ]


@pytest.mark.parametrize(
    "log",
    [
        _log(_TRANSFER, (), (OWNER, FRIEND, 5)),
        _log(_TRANSFER, (OWNER, FRIEND)),
        _log(_TRANSFER, (OWNER, FRIEND), (5, 6)),
        _log(_TRANSFER, (2**255, FRIEND), (5,)),
        replace(_log(_TRANSFER, (OWNER, FRIEND), (5,)), data=b"\x05"),
        _log(_SINGLE, (OWNER, FRIEND), (7, 20)),
        _log(_SINGLE, (2**200, OWNER, 2**200), (7, 20)),
        _log(_BATCH, (THIRD, OWNER, FRIEND), (64, 160, 3, 8, 9, 2, 1, 3)),
        _log(_BATCH, (THIRD, OWNER, FRIEND), (64, 2**255, 2, 8, 9, 2, 1, 3)),
        _log(_BATCH, (THIRD, OWNER, FRIEND), (64, 65, 2, 8, 9, 2, 1, 3)),
        _log(_BATCH, (THIRD, OWNER, FRIEND), (64, 160, 2, 8, 9, 2**255, 1, 3)),
        _log("DestroyedBlackFunds(address,uint256)", (), (OWNER,)),
        _log("Issue(uint256)", (), (5, 6)),
    ],
)
def test_an_event_of_another_shape_is_named_and_missing(log: Log) -> None:
    told = _told(log)
    assert told.movements == ()
    assert told.notices[0].startswith("unread-event log.0")
    assert len(told.missing) == 1


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=5), st.binary(max_size=300), st.integers(0, 12))
def test_hostile_events_never_break_anything(topics: list[bytes], data: bytes, which: int) -> None:
    names = [
        *(_TRANSFER, _SINGLE, _BATCH, "DestroyedBlackFunds(address,uint256)", "Issue(uint256)", "Redeem(uint256)"),
        *("AddedBlackList(address)", "Deposit(address,uint256)", "Withdrawal(address,uint256)"),
    ]
    log = Log(TRON.wrapped[0], (topic_of(names[which % len(names)]), *topics), data)
    told = _told(log, log)
    assert told.succeeded


# --- issuers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_indexed", [True, False])
def test_destroyed_frozen_tokens_are_a_burn_without_a_transfer(is_indexed: bool) -> None:
    event = "DestroyedBlackFunds(address,uint256)"
    log = _log(event, (FRIEND,), (9,)) if is_indexed else _log(event, (), (FRIEND, 9))
    told = _told(log)
    assert short(told) == [("log.0", f"{TRC20} burn", 9, FRIEND, None)]
    assert told.notices == (f"destroyed 9 of {FRIEND} by {TOKEN}, log.0",)


def test_a_destruction_that_has_its_transfer_is_counted_once() -> None:
    destroyed = _log("DestroyedBlackFunds(address,uint256)", (FRIEND,), (9,))
    for logs in ((destroyed, _transfer(FRIEND, ZERO_ADDRESS, 9)), (_transfer(FRIEND, ZERO_ADDRESS, 9), destroyed)):
        assert [(m.kind.value, m.units) for m in _told(*logs).movements] == [("burn", 9)]
    other = _told(destroyed, _transfer(FRIEND, ZERO_ADDRESS, 8))
    assert sum(m.units for m in other.movements) == 17


def test_an_issue_that_the_owner_asks_for_itself_goes_to_the_owner() -> None:
    told = _told(_log("Issue(uint256)", (), (1000,)), name="trc20-issue")
    assert short(told) == [("log.0", f"{TRC20} issuance", 1000, None, OWNER)]
    assert told.missing == ()


def test_an_issue_whose_receiver_is_not_told_is_a_notice() -> None:
    told = _told(_log("Issue(uint256)", (), (1000,)), _log("Redeem(uint256)", (), (4,)))
    assert told.movements == ()
    assert [each.partition(":")[0] for each in told.notices] == ["supply-changed log.0", "supply-changed log.1"]
    assert len(told.missing) == 2


def test_an_issue_that_has_its_transfer_is_counted_once() -> None:
    told = _told(
        _log("Issue(uint256)", (), (1000,)),
        _transfer(ZERO_ADDRESS, THIRD, 1000),
        _log("Redeem(uint256)", (), (3,)),
        _transfer(THIRD, ZERO_ADDRESS, 3),
        name="trc20-issue",
    )
    assert [(m.place, m.kind.value, m.units) for m in told.movements] == [
        ("log.1", "issuance", 1000),
        ("log.3", "burn", 3),
    ]
    assert (told.notices, told.missing) == ((), ())


def test_the_caller_is_unknown_without_the_bytes() -> None:
    log = _log("Issue(uint256)", (), (1000,))
    told = account_transaction(
        None, report("trc20-issue", logs=(log,)), network=TRON, block=BLOCK, index=0, evidence=""
    )
    assert told.movements == ()
    assert any(each.startswith("whose balance Issue") for each in told.missing)


@pytest.mark.parametrize(
    ("event", "what"),
    [
        ("AddedBlackList(address)", "frozen"),
        ("RemovedBlackList(address)", "unfrozen"),
        ("Blacklisted(address)", "frozen"),
        ("UnBlacklisted(address)", "unfrozen"),
    ],
)
def test_freezing_is_a_notice(event: str, what: str) -> None:
    for log in (_log(event, (FRIEND,)), _log(event, (), (FRIEND,))):
        told = _told(log)
        assert (told.movements, told.missing) == ((), ())
        assert told.notices == (f"{what} {FRIEND} by {TOKEN}, log.0",)
    assert "cannot be read" in _told(_log(event, (2**255,))).notices[0]


# --- wrapped TRX ------------------------------------------------------------------------------------------------------

WTRX = TRON.wrapped[0]
LOCAL = replace(TRON, wrapped=(TOKEN,))


def _wrapping(name: str, logs: tuple[Log, ...], internals: tuple[InternalTransaction, ...] = ()) -> AccountTransaction:
    told = report(name, result="SUCCESS", logs=logs, internals=internals)
    return account_transaction(wire(name), told, network=LOCAL, block=BLOCK, index=0, evidence="")


def test_wrapping_is_a_conversion() -> None:
    told = _wrapping("call-with-trx", (_log("Deposit(address,uint256)", (OWNER,), (9000000,)),))
    assert short(told) == [
        ("value", "transfer", 9000000, OWNER, TOKEN),
        ("log.0", f"{TRC20} issuance", 9000000, None, OWNER),
    ]
    assert told.wraps == (Wrap("value", "log.0", f"Deposit(address,uint256) of {TOKEN}, log.0"),)


def test_unwrapping_is_a_conversion() -> None:
    internal = InternalTransaction("", TOKEN, OWNER, ((4, None),), False, "call")
    logs = (_log("Withdrawal(address,uint256)", (OWNER,), (4,)),)
    told = _wrapping("trc20-transfer", logs, (internal,))
    assert told.wraps == (Wrap("log.0", "call.0", f"Withdrawal(address,uint256) of {TOKEN}, log.0"),)


def test_events_of_that_name_of_other_contracts_are_no_tokens() -> None:
    assert _told(_log("Deposit(address,uint256)", (OWNER,), (5,))).movements == ()
    assert [m.place for m in _told(_log("Deposit(address,uint256)", (OWNER,), (5,), WTRX)).movements] == ["log.0"]
    assert _told(_log("Deposit(address,uint256)", (), (OWNER,), WTRX)).notices[0].startswith("unread-event")
