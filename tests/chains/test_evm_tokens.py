from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.chains.evm_trees import ALICE, BOB, BY_NAME, CAROL, ETHEREUM, TOKEN, WETH, ZERO, log, transfer, who, word
from tests.shared_data import read_data

from cryptotrace.chains.evm.receipt import Log, log_from_rpc
from cryptotrace.chains.evm.tokens import TokenFacts, TokenMove, read_tokens
from cryptotrace.chains.evm.topics import READ, topic_of

_MOST = 2**256 - 1
_USDT = "0xdAC17F958D2ee523a2206206994597C13D831ec7"
_KITTIES = "0x06012c8cf97BEaD5deAe237070F9587f8E7A266d"
_SINGLE = "TransferSingle(address,address,address,uint256,uint256)"
_BATCH = "TransferBatch(address,address,address,uint256[],uint256[])"


def _read(*logs: Log, **facts: Any) -> list[tuple[str, str, int | None, int, str | None, str | None]]:
    moves = read_tokens(logs, ETHEREUM, TokenFacts(**facts)).moves
    return [(each.place, each.standard, each.token_id, each.units, each.payer, each.payee) for each in moves]


def _notices(*logs: Log, **facts: Any) -> tuple[str, ...]:
    return read_tokens(logs, ETHEREUM, TokenFacts(**facts)).notices


# --- recorded events --------------------------------------------------------------------------------------------------


def _lines(path: str) -> list[dict[str, Any]]:
    text = read_data(path).decode()
    if path.endswith(".csv"):
        return list(csv.DictReader(io.StringIO(text)))
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def _topics(told: Any) -> list[str]:
    return told.split(",") if isinstance(told, str) else list(told)


def _as_told(move: TokenMove, row: dict[str, Any]) -> tuple[str, str, str, int, str, int]:
    value = move.units if move.token_id is None else move.token_id
    payer, payee = (each.lower() if each else ZERO for each in (move.payer, move.payee))
    return move.contract.lower(), payer, payee, value, row["transaction_hash"], int(row["log_index"])


@pytest.mark.shared
@pytest.mark.parametrize(
    ("logs", "transfers", "count"),
    [
        ("logs.csv", "logs__expected_token_transfers.csv", 2),
        ("expected_logs.csv", "expected_token_transfers.csv", 2),
        ("blocks_17173049_17173050__expected_logs.json", "expected_token_transfers.json", 291),
    ],
)
def test_recorded_events_give_the_transfers_that_another_project_lists(logs: str, transfers: str, count: int) -> None:
    prefix = "eth-etl/ethereum-etl__"
    by_txid: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in _lines(prefix + logs):
        by_txid[row["transaction_hash"]].append(row)
    found = set()
    for rows in by_txid.values():
        rows.sort(key=lambda each: int(each["log_index"]))
        read = [log_from_rpc({**row, "topics": _topics(row["topics"])}) for row in rows]
        moves = read_tokens(read, ETHEREUM).moves
        found |= {_as_told(each, rows[each.log]) for each in moves if each.event == "Transfer"}
    keys = ("token_address", "from_address", "to_address")
    expected = {
        (*(row[key] for key in keys), int(row["value"]), row["transaction_hash"], int(row["log_index"]))
        for row in _lines(prefix + transfers)
    }
    assert found == expected
    assert len(found) == count


# --- made events ------------------------------------------------------------------------------------------------------


def test_a_transfer_a_mint_and_a_burn() -> None:
    logs = (transfer(ALICE, BOB, 5), transfer(ZERO, BOB, _MOST), transfer(BOB, ZERO, 1))
    assert _read(*logs) == [
        ("log.0", "erc20", None, 5, ALICE, BOB),
        ("log.1", "erc20", None, _MOST, None, BOB),
        ("log.2", "erc20", None, 1, BOB, None),
    ]


def test_transfers_of_nothing_and_to_oneself_are_kept() -> None:
    logs = (transfer(ALICE, ALICE, 5), transfer(ALICE, BOB, 0))
    assert [(each[3], each[4], each[5]) for each in _read(*logs)] == [(5, ALICE, ALICE), (0, ALICE, BOB)]


def test_a_collectible_is_one_unit_of_its_id() -> None:
    told = log(TOKEN, "Transfer(address,address,uint256)", ALICE, BOB, _MOST)
    assert _read(told) == [("log.0", "erc721", _MOST, 1, ALICE, BOB)]


def test_an_old_collectible_has_no_topics_and_of_others_it_is_not_clear() -> None:
    old = log(_KITTIES, "Transfer(address,address,uint256)", data=(ALICE, BOB, 77))
    assert _read(old) == [("log.0", "erc721", 77, 1, ALICE, BOB)]
    other = log(TOKEN, "Transfer(address,address,uint256)", data=(ALICE, BOB, 77))
    assert (_read(other), _notices(other)) == ([], ("unclear-transfer log.0",))


def test_erc1155_single_and_batch() -> None:
    single = log(TOKEN, _SINGLE, CAROL, ALICE, BOB, data=(4, 9))
    batch = log(TOKEN, _BATCH, CAROL, ZERO, BOB, data=(64, 160, 2, 7, 8, 2, 1, _MOST))
    assert _read(single, batch) == [
        ("log.0", "erc1155", 4, 9, ALICE, BOB),
        ("log.1.0", "erc1155", 7, 1, None, BOB),
        ("log.1.1", "erc1155", 8, _MOST, None, BOB),
    ]


def test_a_batch_of_one_is_a_batch() -> None:
    batch = log(TOKEN, _BATCH, CAROL, ALICE, BOB, data=(64, 128, 1, 7, 1, 3))
    assert _read(batch) == [("log.0.0", "erc1155", 7, 3, ALICE, BOB)]


def test_deposits_and_withdrawals_count_of_known_wrappers_only() -> None:
    deposit = log(WETH, "Deposit(address,uint256)", ALICE, data=(5,))
    withdrawal = log(WETH, "Withdrawal(address,uint256)", ALICE, data=(4,))
    assert _read(deposit, withdrawal) == [
        ("log.0", "erc20", None, 5, None, ALICE),
        ("log.1", "erc20", None, 4, ALICE, None),
    ]
    bank = log(TOKEN, "Deposit(address,uint256)", ALICE, data=(5,))
    assert (_read(bank), _notices(bank)) == ([], ())
    assert _read(bank, wrappers=frozenset({TOKEN})) == [("log.0", "erc20", None, 5, None, ALICE)]


def test_a_wrapper_that_writes_transfers_is_not_counted_twice() -> None:
    arbitrum = BY_NAME["arbitrum"]
    weth = arbitrum.wrappers[0].contract
    logs = (transfer(ZERO, ALICE, 5, weth), log(weth, "Deposit(address,uint256)", ALICE, data=(5,)))
    assert [each.place for each in read_tokens(logs, arbitrum).moves] == ["log.0"]


def test_events_that_repeat_the_native_coin_are_no_token() -> None:
    system, polygon = "0xffffFFFfFFffffffffffffffFfFFFfffFFFfFFfE", "0x0000000000000000000000000000000000001010"
    for name, contract in (("ethereum", system), ("polygon", system), ("polygon", polygon)):
        reading = read_tokens((transfer(ALICE, BOB, 5, contract),), BY_NAME[name])
        assert (reading.moves, reading.notices) == ([], ("native-coin-event log.0",))
    assert len(read_tokens((transfer(ALICE, BOB, 5, polygon),), ETHEREUM).moves) == 1


@pytest.mark.parametrize("topics", [(), (ALICE,)])
def test_destroyed_funds_are_burnt_without_a_transfer(topics: tuple[str, ...]) -> None:
    data = (7,) if topics else (ALICE, 7)
    destroyed = log(_USDT, "DestroyedBlackFunds(address,uint256)", *topics, data=data)
    assert _read(destroyed) == [("log.0", "erc20", None, 7, ALICE, None)]


def test_destroyed_funds_are_burnt_once_where_a_transfer_says_it_too() -> None:
    destroyed = log(TOKEN, "DestroyedBlockedFunds(address,uint256)", ALICE, data=(7,))
    assert [each[0] for each in _read(transfer(ALICE, ZERO, 7), destroyed)] == ["log.0"]
    assert [each[0] for each in _read(transfer(ALICE, ZERO, 6), destroyed)] == ["log.0", "log.1"]
    assert [each[0] for each in _read(transfer(ALICE, BOB, 7), destroyed)] == ["log.0", "log.1"]
    far = (transfer(ALICE, ZERO, 7), transfer(BOB, CAROL, 1), destroyed)
    assert [each[0] for each in _read(*far)] == ["log.0", "log.1", "log.2"]


def test_issue_and_redeem_are_the_owners_and_without_him_a_notice() -> None:
    issue, redeem = log(_USDT, "Issue(uint256)", data=(9,)), log(_USDT, "Redeem(uint256)", data=(8,))
    assert _read(issue, redeem, owners={_USDT: CAROL}) == [
        ("log.0", "erc20", None, 9, None, CAROL),
        ("log.1", "erc20", None, 8, CAROL, None),
    ]
    reading = read_tokens((issue, redeem), ETHEREUM)
    assert (reading.moves, reading.missing) == ([], [f"owner of {_USDT}"] * 2)
    assert reading.notices == ("issued-of-unknown-owner log.0", "redeemed-of-unknown-owner log.1")


def test_an_issue_of_a_contract_that_is_not_known_says_nothing() -> None:
    told = log(TOKEN, "Issue(uint256)", data=(9,))
    assert (_read(told), _notices(told)) == ([], ())


def test_a_user_operation_is_a_notice_of_who_is_charged() -> None:
    signature = "UserOperationEvent(bytes32,address,address,uint256,bool,uint256,uint256)"
    paid = log(TOKEN, signature, 1, ALICE, BOB, data=(0, 1, 500, 20))
    own = log(TOKEN, signature, 1, ALICE, ZERO, data=(0, 0, 500, 20))
    assert (_read(paid, own)) == []
    assert _notices(paid, own) == (
        f"user-operation of {ALICE} cost 500 charged to {BOB} by {TOKEN} log.0",
        f"user-operation failed of {ALICE} cost 500 charged to {ALICE} by {TOKEN} log.1",
    )


def test_from_nobody_to_nobody_is_no_movement_but_is_named() -> None:
    told = transfer(ZERO, ZERO, 5)
    assert (_read(told), _notices(told)) == ([], ("zero-to-zero log.0",))


@pytest.mark.parametrize(
    "told",
    [
        Log(TOKEN, (topic_of("Transfer(address,address,uint256)"),), b""),
        Log(TOKEN, (topic_of("Transfer(address,address,uint256)"), word(1), word(2)), b"\x01" * 31),
        Log(TOKEN, (topic_of("Transfer(address,address,uint256)"), b"\xff" * 32, word(2)), word(1)),
        log(TOKEN, _SINGLE, CAROL, ALICE, BOB, data=(4,)),
        log(TOKEN, _BATCH, CAROL, ALICE, BOB, data=(64, 160, 2, 7, 8, 1, 1)),
        log(TOKEN, _BATCH, CAROL, ALICE, BOB, data=(_MOST, 160, 2, 7, 8, 1, 1)),
        log(TOKEN, _BATCH, CAROL, ALICE, BOB, data=(64, 64, _MOST)),
        log(WETH, "Deposit(address,uint256)", ALICE),
        log(_USDT, "Issue(uint256)", data=(1, 2)),
    ],
)
def test_what_cannot_be_read_is_named_and_the_rest_is_read(told: Log) -> None:
    after = transfer(ALICE, BOB, 3)
    assert _read(told, after) == [("log.1", "erc20", None, 3, ALICE, BOB)]
    assert _notices(told, after) == ("unreadable-token-event log.0",)


_topics_of = st.one_of(st.binary(min_size=32, max_size=32), st.integers(0, 2**160 - 1).map(word))
_logs = st.builds(
    Log,
    st.sampled_from([TOKEN, WETH, _USDT, _KITTIES, who(77)]),
    st.tuples(st.sampled_from([topic_of(each) for each in READ])).flatmap(
        lambda first: st.lists(_topics_of, max_size=3).map(lambda rest: (*first, *rest))
    ),
    st.one_of(st.binary(max_size=200), st.lists(st.integers(0, 300).map(word), max_size=8).map(b"".join)),
)


@given(st.lists(_logs, max_size=6))
def test_no_event_raises_and_every_place_is_named_once(logs: list[Log]) -> None:
    reading = read_tokens(logs, ETHEREUM)
    places = [each.place for each in reading.moves]
    assert len(places) == len(set(places))
    for each in reading.moves:
        assert 0 <= each.units <= _MOST
        assert each.payer or each.payee
        assert each.contract == logs[each.log].address
