from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from coincurve import PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from tests.chains.evm_trees import (
    ALICE,
    BOB,
    BY_NAME,
    CAROL,
    ETHEREUM,
    EVIDENCE,
    MINER,
    TOKEN,
    WETH,
    ZERO,
    as_parity,
    block,
    frame,
    header,
    log,
    receipt,
    transaction,
    transfer,
)
from tests.shared_data import read_json

from cryptotrace.chains.evm import header as headers
from cryptotrace.chains.evm import receipt as receipts
from cryptotrace.chains.evm import rlpcode, toldtransaction
from cryptotrace.chains.evm.address import address_of, bytes_of
from cryptotrace.chains.evm.calltree import CallFrame
from cryptotrace.chains.evm.hashes import keccak256
from cryptotrace.chains.evm.header import Header
from cryptotrace.chains.evm.movements import BlockFacts, TokenFacts, account_transaction
from cryptotrace.chains.evm.network import EvmNetwork
from cryptotrace.chains.evm.receipt import Log, Receipt
from cryptotrace.chains.evm.tracers import read_call_tracer, read_parity_trace
from cryptotrace.chains.evm.transaction import Authorization, WireTransaction
from cryptotrace.model.block import BlockRef
from cryptotrace.model.flow import FlowKind
from cryptotrace.model.movement import AccountTransaction, Order, Wrap
from cryptotrace.model.verdict import Standing

_NATIVE = "eip155:1/slip44:60"
_WETH_ASSET = f"eip155:1/erc20:{WETH.lower()}"
_MOST = 2**256 - 1


def _moved(
    tx: WireTransaction | None = None,
    told: Receipt | None = None,
    calls: CallFrame | None = None,
    network: EvmNetwork = ETHEREUM,
    **more: Any,
) -> AccountTransaction:
    given: dict[str, Any] = {"header": header(), "block": block(network), "index": 4, "evidence": EVIDENCE}
    return account_transaction(tx or transaction(), told, calls, network=network, **{**given, **more})


def _places(found: AccountTransaction) -> list[str]:
    return [each.place for each in found.movements]


def _deposit(units: int, holder: str = ALICE) -> Log:
    return log(WETH, "Deposit(address,uint256)", holder, data=(units,))


def _withdrawal(units: int, holder: str = ALICE) -> Log:
    return log(WETH, "Withdrawal(address,uint256)", holder, data=(units,))


# --- what is listed ---------------------------------------------------------------------------------------------------


def test_fee_value_calls_and_tokens_in_the_order_in_which_they_ran() -> None:
    first, second = transfer(BOB, CAROL, 1), transfer(BOB, CAROL, _MOST)
    told = frame(
        "CALL",
        ALICE,
        BOB,
        9,
        frame("CALL", BOB, CAROL, 4),
        frame("CALL", BOB, MINER, 2),
        logs=((first, 1), (second, 2)),
    )
    found = _moved(transaction(value=9), receipt(first, second), read_call_tracer(told))
    assert _places(found) == ["fee.burnt", "fee.paid", "value", "call.0", "log.0", "call.1", "log.1"]
    assert [each.part for each in found.movements] == list(range(7))
    assert [each.units for each in found.movements] == [500_000, 150_000, 9, 4, 1, 2, _MOST]
    assert [each.asset for each in found.movements[-2:]] == [_NATIVE, f"eip155:1/erc20:{TOKEN.lower()}"]
    assert (found.order, found.missing, found.notices, found.succeeded) == (Order.EXACT, (), (), True)
    assert (found.sender, found.nonce, found.index) == (f"eip155:1:{ALICE}", 7, 4)
    assert found.movements[1].payee == found.movements[5].payee == f"eip155:1:{MINER}"
    found.transaction()  # balanced


def test_a_failed_transaction_has_its_fee_only() -> None:
    told = frame("CALL", ALICE, BOB, 9, frame("CALL", BOB, CAROL, 4), error="execution reverted")
    for calls in (None, read_call_tracer(told)):
        found = _moved(transaction(value=9), receipt(succeeded=False), calls)
        assert _places(found) == ["fee.burnt", "fee.paid"]
        assert (found.succeeded, found.missing) == (False, ())


def test_mints_burns_and_numbered_tokens() -> None:
    logs = (
        transfer(ZERO, BOB, 5),
        transfer(BOB, ZERO, 4),
        log(TOKEN, "Transfer(address,address,uint256)", ALICE, BOB, _MOST),
    )
    found = _moved(None, receipt(*logs), read_call_tracer(frame("CALL", ALICE, BOB)))
    mint, burn, collectible = found.movements[-3:]
    assert (mint.kind, mint.payer, mint.payee) == (FlowKind.ISSUANCE, None, f"eip155:1:{BOB}")
    assert (burn.kind, burn.payer, burn.payee) == (FlowKind.BURN, f"eip155:1:{BOB}", None)
    assert (collectible.asset, collectible.units) == (f"eip155:1/erc721:{TOKEN.lower()}/{_MOST}", 1)


def test_the_value_is_recomputed_only_where_the_bytes_are() -> None:
    calls = read_call_tracer(frame("CALL", ALICE, BOB, 9, frame("CALL", BOB, CAROL, 4)))
    for standing in (Standing.RECOMPUTED, Standing.REPORTED):
        found = _moved(transaction(value=9, standing=standing), receipt(), calls)
        assert [each.standing for each in found.movements[-2:]] == [standing, Standing.REPORTED]


def test_a_created_contract_gets_the_value() -> None:
    tx = transaction(to=None, value=9)
    found = _moved(tx, receipt(contract_address=CAROL))
    assert (found.movements[-1].place, found.movements[-1].payee) == ("value", f"eip155:1:{CAROL}")
    assert _moved(tx, receipt()).missing == ("internal calls", "amount or receiver of value")
    assert _moved(tx, receipt(), read_call_tracer(frame("CREATE", ALICE, CAROL, 9))).movements == found.movements


# --- what is missing --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tx", "gas", "is_missing"),
    [
        ({"data": b""}, 21_000, False),
        ({"data": b""}, 21_001, True),
        ({"data": b"\x01"}, 21_000, True),
        ({"data": b"", "to": None}, 21_000, True),
        ({"data": b""}, None, True),
    ],
)
def test_internal_calls_are_missing_unless_nothing_can_have_run(tx: Any, gas: Any, is_missing: bool) -> None:
    found = _moved(transaction(**tx), receipt(gas_used=gas))
    assert ("internal calls" in found.missing) == is_missing


def test_without_a_receipt_all_that_it_would_tell_is_missing() -> None:
    found = _moved(transaction(value=9), None)
    assert found.missing == ("fee", "status", "logs", "internal calls")
    assert _places(found) == ["value"]


def test_events_of_a_tree_stand_in_for_a_receipt() -> None:
    told = frame("CALL", ALICE, BOB, 9, logs=((transfer(BOB, CAROL, 1), 0),))
    found = _moved(transaction(value=9), None, read_call_tracer(told))
    assert (_places(found), found.missing) == (["value", "log.0"], ("fee",))


@pytest.mark.parametrize(
    ("told", "is_missing"),
    [
        ({"gas_used": 100_000}, True),
        ({"gas_used": 99_999}, False),
        ({"gas_used": None}, True),
    ],
)
def test_before_byzantium_gas_that_was_left_over_shows_success(told: Any, is_missing: bool) -> None:
    found = _moved(transaction(value=9), receipt(succeeded=None, **told))
    assert found.succeeded
    assert ("status" in found.missing) == is_missing


def test_before_byzantium_events_and_trees_show_the_status() -> None:
    full = {"succeeded": None, "gas_used": 100_000}
    assert "status" not in _moved(None, receipt(transfer(BOB, CAROL, 1), **full)).missing
    failed = read_call_tracer(frame("CALL", ALICE, BOB, 9, error="out of gas"))
    found = _moved(transaction(value=9), receipt(**full), failed)
    assert (found.succeeded, _places(found)) == (False, ["fee.burnt", "fee.paid"])


def test_an_old_self_destruct_is_missing_by_its_place() -> None:
    calls = read_call_tracer(frame("CALL", ALICE, BOB, 0, {"type": "SELFDESTRUCT"}))
    assert _moved(None, receipt(), calls).missing == ("amount or receiver of call.0",)


def test_a_sender_that_is_not_told_is_missing_and_nothing_is_invented() -> None:
    found = _moved(transaction(sender=None, value=9), receipt())
    assert found.movements == ()
    assert {"sender", "fee.burnt", "fee.paid", "amount or receiver of value"} <= set(found.missing)


# --- contradictions ---------------------------------------------------------------------------------------------------


def test_a_tree_that_says_another_outcome_is_not_used() -> None:
    failed = read_call_tracer(frame("CALL", ALICE, BOB, 9, error="out of gas"))
    found = _moved(transaction(value=9), receipt(), failed)
    assert _places(found)[-1] == "value"
    assert found.notices == ("call-tree-contradicts-receipt",)
    assert "internal calls" in found.missing


def test_other_events_in_the_tree_make_the_order_assumed() -> None:
    told = frame("CALL", ALICE, BOB, 0, frame("CALL", BOB, CAROL, 4), logs=((transfer(BOB, CAROL, 1), 0),))
    found = _moved(None, receipt(transfer(BOB, CAROL, 2)), read_call_tracer(told))
    assert (found.order, found.missing) == (Order.ASSUMED, ())
    assert found.notices[0].startswith("call-tree-logs-differ")
    assert [each.units for each in found.movements[2:]] == [4, 2]


def test_another_value_in_the_tree_is_named() -> None:
    found = _moved(transaction(value=9), receipt(), read_call_tracer(frame("CALL", ALICE, BOB, 8)))
    assert found.notices == ("call-tree-value 8 is not that of the transaction",)


# --- self-destruct rule -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("network", "facts", "where", "payee"),
    [
        ("ethereum", {"time": 1_710_338_134}, {}, None),
        ("ethereum", {"time": 1_710_338_135}, {}, BOB),
        ("polygon", {"height": 54_875_999}, {}, None),
        ("polygon", {"height": 54_876_000}, {}, BOB),
        ("ethereum", None, {"time": 1_710_338_134}, None),
        ("evm-local", {"has_blob_fields": True}, {}, BOB),
    ],
)
def test_the_chains_own_start_of_eip_6780_decides(network: str, facts: Any, where: Any, payee: str | None) -> None:
    chain = BY_NAME[network]
    calls = read_call_tracer(frame("CALL", ALICE, BOB, 0, frame("SELFDESTRUCT", BOB, BOB, 9)))
    given_header = None if facts is None else header(**facts)
    found = _moved(None, receipt(), calls, chain, header=given_header, block=block(chain, **where))
    assert found.movements[-1].payee == (payee and f"{chain.chain}:{payee}")
    assert found.notices == ()


def test_where_the_rule_is_not_known_it_is_said_to_be_assumed() -> None:
    calls = read_call_tracer(frame("CALL", ALICE, BOB, 0, frame("SELFDESTRUCT", BOB, BOB, 9)))
    found = _moved(None, receipt(), calls, BY_NAME["evm-local"])
    assert found.notices == ("self-destruct-rule-assumed EIP-6780",)


# --- wraps ------------------------------------------------------------------------------------------------------------


def test_ether_into_its_wrapper_is_a_wrap() -> None:
    found = _moved(transaction(to=WETH, value=9), receipt(_deposit(9)), None)
    assert found.wraps == (Wrap("value", "log.0", f"Deposit of {WETH}, log.0"),)
    mint = found.movements[-1]
    assert (mint.kind, mint.asset, mint.payee) == (FlowKind.ISSUANCE, _WETH_ASSET, f"eip155:1:{ALICE}")


def test_tokens_of_an_unwrap_are_gone_before_the_ether_comes() -> None:
    calls = frame("CALL", ALICE, WETH, 0, frame("CALL", WETH, ALICE, 9), logs=((_withdrawal(9), 1),))
    tx, told = transaction(to=WETH), receipt(_withdrawal(9))
    for tree in (read_call_tracer(calls), read_parity_trace(as_parity(calls))):
        found = _moved(tx, told, tree)
        assert _places(found) == ["fee.burnt", "fee.paid", "log.0", "call.0"]
        assert found.wraps == (Wrap("log.0", "call.0", f"Withdrawal of {WETH}, log.0"),)
        assert found.order is Order.EXACT


def test_a_router_that_wraps_is_joined_by_its_call() -> None:
    calls = frame(
        "CALL", ALICE, BOB, 9, frame("CALL", BOB, CAROL, 1), frame("CALL", BOB, WETH, 8, logs=((_deposit(8, BOB), 0),))
    )
    found = _moved(transaction(value=9), receipt(_deposit(8, BOB)), read_call_tracer(calls))
    assert [(each.outflow, each.inflow) for each in found.wraps] == [("call.1", "log.0")]


def test_a_deposit_without_its_ether_is_named() -> None:
    found = _moved(transaction(), receipt(_deposit(8, BOB)))
    assert (found.wraps, found.notices) == ((), ("unjoined-conversion log.0",))
    assert "internal calls" in found.missing


def test_an_unwrap_without_its_ether_is_named_and_no_end() -> None:
    """Without a call tree the tokens are seen to go, and the coin that came for them is not."""
    told = receipt(_withdrawal(9), transfer(BOB, CAROL, 1), _withdrawal(4), _deposit(0))
    found = _moved(transaction(to=WETH), told)
    assert [each.kind for each in found.movements if each.place == "log.0"] == [FlowKind.BURN]
    assert (found.wraps, found.notices) == ((), ("unjoined-conversion log.0", "unjoined-conversion log.2"))
    assert "internal calls" in found.missing


def test_an_unwrap_whose_ether_the_call_tree_does_not_have_is_named() -> None:
    calls = frame(
        "CALL", ALICE, WETH, 0, frame("CALL", WETH, ALICE, 9), logs=((_withdrawal(9), 1), (_withdrawal(8), 1))
    )
    found = _moved(transaction(to=WETH), receipt(_withdrawal(9), _withdrawal(8)), read_call_tracer(calls))
    assert ([each.outflow for each in found.wraps], found.notices) == (["log.0"], ("unjoined-conversion log.1",))
    assert found.missing == ()


def test_weth_that_is_sent_to_the_zero_address_is_destroyed_and_that_of_arbitrum_unwrapped() -> None:
    found = _moved(transaction(to=WETH), receipt(transfer(ALICE, ZERO, 3, WETH)))
    assert (found.movements[-1].kind, found.notices) == (FlowKind.BURN, ())
    arbitrum = BY_NAME["arbitrum"]
    weth = arbitrum.wrappers[0].contract
    for parties in ((ALICE, ZERO), (ZERO, ALICE)):
        found = _moved(transaction(to=weth), receipt(transfer(*parties, 3, weth)), None, arbitrum)
        assert found.notices == ("unjoined-conversion log.0",)


def test_sides_that_stand_in_the_wrong_order_are_no_wrap_and_named() -> None:
    calls = frame(
        "CALL", BOB, ALICE, 0, frame("CALL", ALICE, WETH, 0, logs=((_deposit(5), 0),)), frame("CALL", ALICE, WETH, 5)
    )
    found = _moved(transaction(to=ALICE), receipt(_deposit(5)), read_call_tracer(calls))
    assert (found.wraps, found.notices) == ((), ("wrap-not-in-order log.0", "unjoined-conversion log.0"))
    assert _places(found)[2:] == ["log.0", "call.1"]


def test_of_two_equal_wraps_each_has_its_own_ether() -> None:
    calls = frame("CALL", ALICE, BOB, 6, *(frame("CALL", BOB, WETH, 3, logs=((_deposit(3, BOB), 0),)) for _ in "ab"))
    told = receipt(_deposit(3, BOB), _deposit(3, BOB))
    found = _moved(transaction(value=6), told, read_call_tracer(calls))
    assert [(each.outflow, each.inflow) for each in found.wraps] == [("call.0", "log.0"), ("call.1", "log.1")]


def test_a_wrapper_of_the_callers_and_one_that_writes_transfers() -> None:
    tx, told = transaction(to=TOKEN, value=9), receipt(log(TOKEN, "Deposit(address,uint256)", ALICE, data=(9,)))
    found = _moved(tx, told, tokens=TokenFacts(wrappers=frozenset({TOKEN})))
    assert len(found.wraps) == 1
    arbitrum = BY_NAME["arbitrum"]
    weth = arbitrum.wrappers[0].contract
    calls = frame("CALL", ALICE, weth, 0, frame("CALL", weth, CAROL, 9), logs=((transfer(ALICE, ZERO, 9, weth), 0),))
    found = _moved(transaction(to=weth), receipt(transfer(ALICE, ZERO, 9, weth)), read_call_tracer(calls), arbitrum)
    assert [(each.outflow, each.inflow) for each in found.wraps] == [("log.0", "call.0")]


_acts = st.lists(
    st.tuples(st.sampled_from(["wrap", "unwrap", "pay", "token", "weth"]), st.integers(1, 3), st.booleans()), max_size=8
)


@given(_acts)
def test_with_and_without_positions_each_asset_has_one_order_and_wraps_are_the_same(acts: list[Any]) -> None:
    calls: list[dict[str, Any]] = []
    own: list[tuple[Log, int]] = []
    order: list[Log] = []
    for kind, units, _ in acts:
        if kind == "wrap":
            order.append(_deposit(units, BOB))
            calls.append(frame("CALL", BOB, WETH, units, logs=((order[-1], 0),)))
        elif kind == "unwrap":
            order.append(_withdrawal(units, BOB))
            calls.append(frame("CALL", BOB, WETH, 0, frame("CALL", WETH, BOB, units), logs=((order[-1], 1),)))
        elif kind == "pay":
            calls.append(frame("CALL", BOB, CAROL, units))
        else:
            order.append(transfer(BOB, CAROL, units, WETH if kind == "weth" else TOKEN))
            own.append((order[-1], len(calls)))
    told = frame("CALL", ALICE, BOB, 9, *calls, logs=tuple(own))
    tx, done = transaction(value=9), receipt(*order)
    exact = _moved(tx, done, read_call_tracer(told, with_log=True))
    other = _moved(tx, done, read_parity_trace(as_parity(told)))
    assert exact.wraps == other.wraps
    assert len(exact.wraps) == sum(kind in {"wrap", "unwrap"} for kind, _, _ in acts)
    for asset in {each.asset for each in exact.movements}:
        assert _of(exact, asset) == _of(other, asset)
    for found in (exact, other):
        at = {place: n for n, place in enumerate(_places(found))}
        assert all(at[each.outflow] < at[each.inflow] for each in found.wraps)
        assert found.order is Order.EXACT
        assert not found.notices


def _of(found: AccountTransaction, asset: str) -> list[Any]:
    return [(e.place, e.units, e.payer, e.payee) for e in found.movements if e.asset == asset]


_who = st.sampled_from([ALICE, BOB, CAROL, WETH, TOKEN])
_any_log = st.one_of(
    st.builds(transfer, _who, _who, st.integers(0, _MOST), _who),
    st.builds(_deposit, st.integers(0, 2), _who),
    st.builds(_withdrawal, st.integers(0, 2), _who),
)
_any_frame = st.recursive(
    st.builds(
        frame,
        st.sampled_from(["CALL", "CREATE", "SELFDESTRUCT", "DELEGATECALL", "STATICCALL"]),
        _who,
        _who,
        st.integers(0, 2),
        error=st.sampled_from(["", "", "out of gas"]),
    ),
    lambda inner: st.builds(
        lambda payer, payee, units, calls, logs: frame("CALL", payer, payee, units, *calls, logs=logs),
        _who,
        _who,
        st.integers(0, 2),
        st.lists(inner, max_size=3),
        st.lists(_any_log, max_size=2).map(lambda logs: tuple((each, 0) for each in logs)),
    ),
    max_leaves=8,
)


@given(
    network=st.sampled_from(sorted(BY_NAME)),
    kind=st.sampled_from([0, 2, 3, 4, 0x55, 0x64, 0x69, 0x6A, 0x7E, 0x7F]),
    told=st.one_of(st.none(), _any_frame),
    logs=st.lists(_any_log, max_size=4),
    has=st.tuples(st.booleans(), st.booleans(), st.sampled_from([True, False, None])),
    to=st.one_of(st.none(), _who),
)
def test_whatever_is_told_gives_balanced_movements_with_names_of_their_own(
    network: str, kind: int, told: Any, logs: list[Log], has: tuple[bool, bool, bool | None], to: str | None
) -> None:
    has_receipt, has_header, succeeded = has
    found = _moved(
        transaction(type=kind, to=to, value=2, mint=1),
        receipt(*logs, succeeded=succeeded) if has_receipt else None,
        read_call_tracer(told) if told else None,
        BY_NAME[network],
        header=header() if has_header else None,
    )
    found.transaction()
    assert len(set(_places(found))) == len(found.movements)
    assert [each.part for each in found.movements] == list(range(len(found.movements)))
    assert all(each.units for each in found.movements if not each.place.startswith("log."))
    places = set(_places(found))
    assert all({each.outflow, each.inflow} <= places for each in found.wraps)


# --- other chains and types -------------------------------------------------------------------------------------------


def test_a_deposit_of_the_op_stack_creates_what_it_says_even_if_it_fails() -> None:
    base = BY_NAME["base"]
    tx = transaction(type=0x7E, value=9, mint=12, data=b"")
    done = _moved(tx, receipt(gas_used=21_000), None, base)
    assert [(each.place, each.kind, each.units) for each in done.movements] == [
        ("mint", FlowKind.ISSUANCE, 12),
        ("value", FlowKind.TRANSFER, 9),
    ]
    assert _places(_moved(tx, receipt(succeeded=False), None, base)) == ["mint"]
    assert (done.missing, done.notices, done.nonce) == ((), ("unknown-type 0x7e deposit",), None)


def test_a_deposit_of_arbitrum_creates_its_value() -> None:
    arbitrum = BY_NAME["arbitrum"]
    done = _moved(transaction(type=0x64, value=9, data=b""), receipt(gas_used=21_000), None, arbitrum)
    assert [(each.place, each.units) for each in done.movements] == [("mint", 9), ("value", 9)]


def test_a_retryable_ticket_says_what_cannot_be_told() -> None:
    found = _moved(transaction(type=0x69, value=9), receipt(), None, BY_NAME["arbitrum"])
    assert found.movements == ()
    assert "deposit and fees of a retryable ticket" in found.missing


def test_why_a_hash_was_not_recomputed_is_a_notice() -> None:
    found = _moved(transaction(type=0x7E, value=9, not_recomputed="of its own"), receipt(), None, BY_NAME["base"])
    assert found.notices == ("unknown-type 0x7e deposit", "not-recomputed of its own")


def test_a_type_that_nobody_knows_is_kept_and_its_value_is_not_guessed() -> None:
    found = _moved(transaction(type=0x55, value=9), receipt(transfer(BOB, CAROL, 1)))
    assert _places(found) == ["fee.burnt", "fee.paid", "log.0"]
    assert found.notices == ("unknown-type 0x55",)
    assert "meaning of type 0x55" in found.missing


def test_who_signs_to_run_the_code_of_a_contract_is_a_notice() -> None:
    digest = keccak256(b"\x05" + rlpcode.encode([1, bytes_of(CAROL), 0]))
    key = PrivateKey(b"\x01" * 32)
    signed = key.sign_recoverable(digest, hasher=None)
    numbers = signed[64], int.from_bytes(signed[:32], "big"), int.from_bytes(signed[32:64], "big")
    lent, void = Authorization(1, CAROL, 0, *numbers), Authorization(1, CAROL, 0, 0, 0, 0)
    authority = address_of(keccak256(key.public_key.format(compressed=False)[1:])[12:])
    for succeeded in (True, False):
        found = _moved(transaction(type=4, authorizations=(lent, void)), receipt(succeeded=succeeded))
        assert found.notices == (f"authorization of {authority} to run the code of {CAROL} (EIP-7702)",)


def test_a_bundler_pays_the_fee_of_the_operations_it_carries() -> None:
    signature = "UserOperationEvent(bytes32,address,address,uint256,bool,uint256,uint256)"
    told = receipt(log(TOKEN, signature, 1, BOB, CAROL, data=(0, 1, 500, 20)))
    calls = frame("CALL", ALICE, TOKEN, 0, frame("CALL", TOKEN, ALICE, 500))
    found = _moved(transaction(to=TOKEN), told, read_call_tracer(calls))
    assert [(each.place, each.payer) for each in found.movements][:2] == [
        ("fee.burnt", f"eip155:1:{ALICE}"),
        ("fee.paid", f"eip155:1:{ALICE}"),
    ]
    assert _places(found)[2:] == ["call.0"]
    assert found.notices == (f"user-operation of {BOB} cost 500 charged to {CAROL} by {TOKEN} log.0",)


# --- a recorded block -------------------------------------------------------------------------------------------------


def _block(path: str) -> tuple[dict[str, Any], Header]:
    told = read_json(path)
    told = told.get("result", told)
    return told, headers.from_rpc(told)


@pytest.mark.shared
def test_a_whole_recorded_block_pays_the_fees_that_its_header_implies() -> None:
    told, head = _block("eth-blocks/trin__block_19433902_value.json")
    done = read_json("eth-blocks/trin__receipts-19433902.json")
    done = [receipts.from_rpc(each) for each in (done.get("result", done) if isinstance(done, dict) else done)]
    where = BlockRef(ETHEREUM.chain, head.number, head.hash, head.timestamp)
    facts = BlockFacts.of(head)
    found = [
        account_transaction(
            toldtransaction.from_rpc(each),
            told_receipt,
            None,
            network=ETHEREUM,
            header=facts,
            block=where,
            index=index,
            evidence=EVIDENCE,
        )
        for index, (each, told_receipt) in enumerate(zip(told["transactions"], done, strict=True))
    ]
    units: Counter[str] = Counter()
    for transaction_ in found:
        for each in transaction_.movements:
            units[each.place.split(".")[0] + "." + each.place.split(".")[-1]] += each.units
        transaction_.transaction()
    assert head.gas_used is not None
    assert head.base_fee is not None
    assert units["fee.burnt"] == head.gas_used * head.base_fee
    prices = {each.transaction: (each.effective_gas_price or 0) * (each.gas_used or 0) for each in done}
    assert units["fee.burnt"] + units["fee.paid"] == sum(prices.values())
    assert not any("fee" in each.missing for each in found)
    plain = [each for each in found if each.succeeded and "internal calls" not in each.missing]
    assert len(plain) > 20
    assert all(_places(each)[2:] in (["value"], []) for each in plain)
