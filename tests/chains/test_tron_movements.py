from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.chains.trontransactions import BLOCK, TRON, TRX, address, moved, report, row, rows, short, sums, who, wire

from cryptotrace.chains.tron.address import bytes_of
from cryptotrace.chains.tron.assets import named_asset, staked_asset, trc10_asset, trc20_asset
from cryptotrace.chains.tron.contractmoves import created_address
from cryptotrace.chains.tron.contracts import CONTRACTS
from cryptotrace.chains.tron.draft import Draft
from cryptotrace.chains.tron.execution import Execution, InternalTransaction, Log
from cryptotrace.chains.tron.movements import account_transaction, topic_of
from cryptotrace.chains.tron.network import TRON_NETWORKS
from cryptotrace.chains.tron.protowire import write_bytes, write_number
from cryptotrace.chains.tron.wire import WireResult, transaction_of_raw_data
from cryptotrace.errors import MalformedBytes, ModelError, SourceLied
from cryptotrace.model.movement import AccountTransaction, Order, Wrap
from cryptotrace.model.verdict import Standing

OWNER, FRIEND, THIRD, TOKEN = (address(each) for each in ("owner", "friend", "third", "token"))
STAKED = str(staked_asset(TRON)).partition("/")[2]


def _without_report(name: str) -> AccountTransaction:
    return account_transaction(wire(name), None, network=TRON, block=None, index=-1, evidence="")


# --- what moves -------------------------------------------------------------------------------------------------------


def test_a_payment_and_its_fee() -> None:
    paid = moved("trx", fee=268000, net_fee=268000)
    assert short(paid) == [
        ("fee", "fee", 268000, OWNER, None),
        ("value", "transfer", 1234567, OWNER, FRIEND),
    ]
    assert [m.standing for m in paid.movements] == [Standing.REPORTED, Standing.RECOMPUTED]
    assert [m.part for m in paid.movements] == [0, 1]
    assert (paid.sender, paid.succeeded, paid.order) == (who("owner"), True, Order.EXACT)
    assert (paid.missing, paid.notices, paid.wraps, paid.nonce) == ((), (), (), None)
    assert (paid.txid, paid.block, paid.index, paid.evidence) == (row("trx")["txID"], BLOCK, 3, "ev")
    assert paid.flow_id(paid.movements[1]) == f"{paid.txid}#value"
    balance: dict[Any, int] = {}
    for posting in paid.transaction().postings:
        balance[posting.flow] = balance.get(posting.flow, 0) + posting.units
    assert set(balance.values()) == {0}


def test_a_payment_that_cost_nothing_has_no_fee_movement() -> None:
    assert [m.place for m in moved("trx", net_usage=268).movements] == ["value"]


def test_without_a_report_what_it_tells_is_missing() -> None:
    alone = _without_report("trx")
    assert short(alone) == [("value", "transfer", 1234567, OWNER, FRIEND)]
    assert (alone.missing, alone.order, alone.block, alone.index) == (("fee",), Order.EXACT, None, -1)
    call = _without_report("trc20-transfer")
    assert call.movements == ()
    assert (call.missing, call.order) == (("fee", "logs", "internal transactions"), Order.ASSUMED)


def test_without_bytes_what_they_tell_is_missing() -> None:
    log = Log(TOKEN, (topic_of("Transfer(address,address,uint256)"), _word(OWNER), _word(FRIEND)), (5).to_bytes(32))
    alone = account_transaction(
        None, report("trc20-transfer", fee=9, logs=(log,)), network=TRON, block=BLOCK, index=0, evidence=""
    )
    assert [m.place for m in alone.movements] == ["log.0"]
    assert alone.missing == ("sender", "who paid the fee of 9 sun", "value")
    assert alone.sender is None


def test_a_node_without_internal_transactions_is_said() -> None:
    assert moved("trc20-transfer", has_internals=False).missing == ("internal transactions",)
    assert moved("trx", has_internals=False).missing == ()


def test_neither_bytes_nor_report_is_no_transaction() -> None:
    with pytest.raises(ModelError, match="its bytes"):
        account_transaction(None, None, network=TRON, block=None, index=-1, evidence="")


def test_trc10_moves_under_its_number() -> None:
    sent = moved("trc10")
    assert short(sent) == [("value", "trc10:1002000 transfer", 42, OWNER, FRIEND)]


def test_trx_and_trc10_that_go_with_a_call_have_two_places() -> None:
    sent = moved("call-with-trc10")
    assert short(sent) == [
        ("value", "transfer", 3, OWNER, TOKEN),
        ("value.trc10", "trc10:1002000 transfer", 8, OWNER, TOKEN),
    ]
    assert sent.order is Order.EXACT


def test_a_created_contract_gets_its_value_at_the_address_that_follows_from_the_bytes() -> None:
    made = row("create-contract")
    created = created_address(made["txID"], OWNER)
    assert "41" + bytes_of(created).hex() == made["contract_address"]
    assert short(moved("create-contract", contract_address=created)) == [("value", "transfer", 7000000, OWNER, created)]
    with pytest.raises(SourceLied, match=created):
        moved("create-contract", contract_address=TOKEN)


def test_a_purchase_of_trc10_pays_its_issuer_and_says_what_is_missing() -> None:
    bought = moved("trc10-purchase")
    assert short(bought) == [("value", "transfer", 1000000, OWNER, FRIEND)]
    assert "how many of tron:0x2b6653dc/trc10:1002000 were bought" in bought.missing[0]


def test_an_issue_of_trc10_is_an_issuance_once_its_number_is_known() -> None:
    issued = moved("trc10-issue", asset_issue_id="1009999", fee=1024000000)
    assert short(issued)[1] == ("value", "trc10:1009999 issuance", 999900, None, OWNER)
    assert any("frozen-supply 100" in each for each in issued.notices)
    assert "number of the token" in moved("trc10-issue").missing[0]


# --- staking ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "units"), [("freeze-v1", 10000000), ("freeze-v2", 20000000)])
def test_staked_trx_stays_the_accounts_own_under_another_name(name: str, units: int) -> None:
    staked = moved(name)
    assert short(staked) == [
        ("value", "burn", units, OWNER, None),
        ("value.staked", f"{STAKED} issuance", units, None, OWNER),
    ]
    assert staked.wraps == (Wrap("value", "value.staked", wire(name).contract.name),)
    assert sums(staked) == {(who("owner"), TRX): -units, (who("owner"), staked_asset(TRON)): units}


def test_staking_for_another_account_is_a_delegation() -> None:
    assert f"delegation ENERGY of {OWNER} to {FRIEND}: no value moves" in moved("freeze-v1").notices


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("unfreeze-v1", {"unfreeze_amount": 500}),
        ("unfreeze-v2", {"withdraw_expire_amount": 500}),
        ("withdraw-expired", {"withdraw_expire_amount": 500}),
        ("cancel-unfreeze", {"withdraw_expire_amount": 500, "cancel_unfreeze": (("ENERGY", 9), ("BANDWIDTH", 0))}),
    ],
)
def test_what_is_paid_out_of_a_stake_comes_back_unit_for_unit(name: str, told: dict[str, Any]) -> None:
    released = moved(name, **told)
    assert sums(released) == {(who("owner"), TRX): 500, (who("owner"), staked_asset(TRON)): -500}
    assert released.wraps == (Wrap("value.staked", "value", wire(name).contract.name),)
    assert released.missing == ()
    assert released.order is Order.EXACT
    missing = _without_report(name)
    assert missing.movements == ()
    assert len(missing.missing) == 2


def test_stake_that_begins_to_wait_moves_nothing() -> None:
    waiting = moved("unfreeze-v2", unfreeze_amount=5000000)
    assert waiting.movements == ()
    assert waiting.notices[0].startswith(f"unstaking 5000000 sun of {OWNER}")


def test_stake_whose_release_is_cancelled_is_said() -> None:
    told = moved("cancel-unfreeze", cancel_unfreeze=(("ENERGY", 9), ("BANDWIDTH", 0)))
    assert told.notices == (f"restaked 9 sun for ENERGY of {OWNER}",)


def test_a_reward_is_new_when_it_is_withdrawn() -> None:
    assert short(moved("withdraw-reward", withdraw_amount=77)) == [("reward", "issuance", 77, None, OWNER)]
    assert moved("withdraw-reward").movements == ()
    assert "how much reward" in _without_report("withdraw-reward").missing[1]


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 10**15)), max_size=12))
def test_staking_and_releasing_keeps_the_sum_of_both_holdings(steps: list[tuple[bool, int]]) -> None:
    draft = Draft(TRON)
    for n, (is_stake, units) in enumerate(steps):
        (draft.stake if is_stake else draft.release)(f"call.{n}", OWNER, units, "test")
    net = {TRX: 0, staked_asset(TRON): 0}
    for m in draft.movements:
        net[m.asset] += m.units if m.payee is not None else -m.units
    assert sum(net.values()) == 0
    assert len(draft.wraps) == len(steps)


# --- what moves nothing -----------------------------------------------------------------------------------------------


def test_delegation_is_never_value() -> None:
    given_, ended = moved("delegate", fee=1), moved("undelegate")
    assert [m.place for m in given_.movements] == ["fee"]
    assert given_.notices == (f"delegation ENERGY of 6000000 sun staked by {OWNER} to {FRIEND}: no value moves",)
    assert ended.movements == ()
    assert ended.notices == (
        f"delegation-ended BANDWIDTH of 6000000 sun staked by {OWNER} to {FRIEND}: no value moves",
    )


def test_a_change_of_permissions_says_who_holds_the_keys_afterwards() -> None:
    (notice,) = moved("permission-update").notices
    assert notice == (
        f"permission-change of {OWNER}: owner needs 2 of {FRIEND} (weight 1), {THIRD} (weight 1); "
        f"active 0 needs 1 of {THIRD} (weight 1)"
    )


def test_other_signers_than_the_owner_are_named() -> None:
    signed = moved("trx-by-two-keys", fee=1000000)
    assert f"signed-by {FRIEND}, {THIRD} for {OWNER}, permission 2" in signed.notices
    assert any(each.startswith("fixed-fee 1000000 sun") for each in signed.notices)
    broken = replace(wire("trx"), signatures=(b"short",))
    read = account_transaction(broken, report("trx"), network=TRON, block=BLOCK, index=0, evidence="")
    assert read.notices[0].startswith("unread-signature")


def test_an_account_that_was_activated_is_named_with_who_paid_for_it() -> None:
    assert moved("create-account", fee=1100000).notices == (f"account-activated {FRIEND} by {OWNER}",)
    (notice,) = moved("trx", fee=1100000, net_fee=100000).notices
    assert notice.startswith(f"account-activated {FRIEND} by {OWNER}: the fixed fee of 1000000")
    (memo,) = moved("trx-with-memo", fee=1000000).notices
    assert memo.startswith("fixed-fee 1000000 sun: for the memo")


def test_energy_of_the_deployer_costs_no_trx() -> None:
    called = moved("trc20-transfer", origin_energy_usage=321, energy_usage_total=400, result="SUCCESS")
    assert called.movements == ()
    assert called.notices == ("energy-of-deployer 321: out of the deployer's stake, it costs no TRX",)


QUIET = (
    "vote",
    "candidate",
    "candidate-update",
    "proposal-create",
    "proposal-approve",
    "proposal-delete",
    "update-account",
    "set-account-id",
    "update-setting",
    "update-energy-limit",
    "clear-abi",
    "update-brokerage",
    "trc10-update",
)


@pytest.mark.parametrize("name", QUIET)
def test_contracts_that_move_nothing_cost_their_fee(name: str) -> None:
    told = moved(name, fee=9999)
    assert short(told) == [("fee", "fee", 9999, OWNER, None)]
    assert (told.missing, told.notices) == ((), ())


# --- built-in exchanges and others that are no accounts ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind", "units"),
    [("exchange-inject", "burn", 50), ("exchange-withdraw", "issuance", 40), ("exchange-trade", "burn", 30)],
)
def test_a_built_in_exchange_is_no_account(name: str, kind: str, units: int) -> None:
    told = moved(name, exchange_received_amount=5)
    (movement,) = told.movements
    assert (movement.place, movement.kind.value, movement.units) == ("value", kind, units)
    assert movement.asset == trc10_asset(TRON, "1002000")
    assert "built-in exchange 12" in told.missing[0]
    assert told.notices[0].startswith("built-in-exchange 12: Exchange")


def test_a_built_in_exchange_takes_trx_too() -> None:
    made = moved("exchange-create-trx", exchange_id=13)
    assert [(m.place, m.asset, m.units) for m in made.movements] == [
        ("value", trc10_asset(TRON, "1002000"), 500),
        ("value.second", TRX, 700),
    ]
    assert made.missing == ()


@pytest.mark.parametrize(
    ("number", "missing"),
    [
        (14, "frozen supply"),
        (51, "shielded transfer"),
        (52, "built-in market"),
        (53, "built-in market"),
        (99, "a contract of type 99"),
    ],
)
def test_what_cannot_be_told_is_missing_and_never_refused(number: int, missing: str) -> None:
    name = CONTRACTS[number].name if number in CONTRACTS else "X"
    any_ = write_bytes(1, f"type.googleapis.com/protocol.{name}".encode()) + write_bytes(
        2, write_bytes(1, b"\x41" + bytes(20))
    )
    raw = transaction_of_raw_data(write_bytes(11, write_number(1, number) + write_bytes(2, any_)))
    told = account_transaction(raw, Execution(raw.txid, 7, 0, fee=5), network=TRON, block=BLOCK, index=0, evidence="")
    assert any(missing in each for each in told.missing)
    if number == 99:
        assert told.notices == ("unknown-contract-type 99",)
        assert "who paid the fee of 5 sun" in told.missing
        assert told.movements == ()


def test_a_token_called_by_its_name_is_kept_apart_from_numbers() -> None:
    assert named_asset(TRON, b"1002000") == trc10_asset(TRON, "1002000")
    assert named_asset(TRON, b"_") == TRX
    assert named_asset(TRON, b"Seed") == "tron:0x2b6653dc/trc10:name.53656564"
    for wrong in (b"", bytes(33)):
        with pytest.raises(MalformedBytes, match="1 to 32 bytes"):
            named_asset(TRON, wrong)


# --- success and failure ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("result", ["REVERT", "OUT_OF_ENERGY", "UNKNOWN", "TRANSFER_FAILED", "200"])
def test_a_failed_transaction_moves_its_fee_only(result: str) -> None:
    raw = replace(wire("call-with-trx"), results=(WireResult(result),))
    internal = InternalTransaction("", TOKEN, FRIEND, ((5, None),), False, "call")
    told = report("call-with-trx", fee=700, result=result, is_failed=True, message="no", internals=(internal,))
    failed = account_transaction(raw, told, network=TRON, block=BLOCK, index=0, evidence="")
    assert not failed.succeeded
    assert short(failed) == [("fee", "fee", 700, OWNER, None)]
    assert failed.missing == ()
    assert failed.notices == (f"failed, says the block ({result}) and the report ({result}): 'no'",)


def test_a_failure_that_only_the_block_tells_counts() -> None:
    raw = replace(wire("trc20-transfer"), results=(WireResult("REVERT"),))
    failed = account_transaction(raw, None, network=TRON, block=BLOCK, index=0, evidence="")
    assert (failed.succeeded, failed.missing) == (False, ("fee",))


def test_a_result_that_nobody_tells_is_missing() -> None:
    raw = replace(wire("trx"), results=())
    assert account_transaction(raw, None, network=TRON, block=None, index=-1, evidence="").missing == ("result", "fee")


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"result": "REVERT"}, "told differently"),
        ({"is_failed": True}, "told differently"),
        ({"contract_address": "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"}, "the source reports"),
        ({"txid": "00" * 32}, "the report is of"),
        ({"height": 8}, "in block 8"),
    ],
)
def test_bytes_and_report_that_contradict_each_other_are_a_lie(told: dict[str, Any], message: str) -> None:
    wrong = replace(report("trc20-transfer"), **told)
    with pytest.raises(SourceLied, match=message):
        account_transaction(wire("trc20-transfer"), wrong, network=TRON, block=BLOCK, index=0, evidence="")


def _made(number: int, parameter: bytes) -> AccountTransaction:
    any_ = write_bytes(2, parameter)
    raw = transaction_of_raw_data(write_bytes(11, write_number(1, number) + write_bytes(2, any_)))
    return account_transaction(raw, None, network=TRON, block=None, index=-1, evidence="")


@pytest.mark.parametrize(
    "parameter",
    [
        b"",
        write_bytes(1, b"\x41" + bytes(20)),
        write_bytes(1, b"\x41" + bytes(20)) + write_bytes(2, b"\x41" + bytes(20)) + write_number(3, -7),
    ],
)
def test_what_no_node_accepts_is_refused(parameter: bytes) -> None:
    with pytest.raises(MalformedBytes):
        _made(1, parameter)


def test_amounts_of_the_largest_size_pass() -> None:
    largest = _made(
        1, write_bytes(1, b"\x41" + bytes(20)) + write_bytes(2, b"\x41" + bytes(20)) + write_number(3, 2**63 - 1)
    )
    assert largest.movements[0].units == 2**63 - 1
    assert moved("trx-largest").movements[0].units == 2**53 - 1


@pytest.mark.parametrize("network", TRON_NETWORKS, ids=[each.name for each in TRON_NETWORKS])
def test_every_made_transaction_is_told_on_every_network(network: Any) -> None:
    for each in rows():
        told = account_transaction(
            wire(each["name"]),
            report(each["name"], fee=5),
            network=network,
            block=None,
            index=-1,
            evidence="",
        )
        assert {m.asset.chain for m in told.movements} == {network.chain}
        assert told.movements[0].place == "fee"


def _word(address_: str) -> bytes:
    return bytes(12) + bytes_of(address_)


def test_a_token_transfer_beside_its_fee() -> None:
    log = Log(
        TOKEN, (topic_of("Transfer(address,address,uint256)"), _word(OWNER), _word(FRIEND)), (2500000).to_bytes(32)
    )
    sent = moved("trc20-transfer", fee=345000, net_fee=345000, energy_usage=14650, result="SUCCESS", logs=(log,))
    assert short(sent) == [
        ("fee", "fee", 345000, OWNER, None),
        ("log.0", f"trc20:{TOKEN} transfer", 2500000, OWNER, FRIEND),
    ]
    assert sent.movements[1].asset == trc20_asset(TRON, TOKEN)
    assert sent.missing == ()
