"""The eth-style interface of a TRON node: transfers, events and calls, and what it does not tell is said."""

from __future__ import annotations

from typing import Any

import pytest
from tests.nodes.trongrid import Manners
from tests.nodes.tronsteps import TOKEN
from tests.nodes.tronworld import tron_world
from tests.sources.tronopened import TOP, TRX, USDT, WORLD, changed, grid, net, rpc

from cryptotrace.chains.evm.hashes import keccak256
from cryptotrace.chains.tron.address import bytes_of
from cryptotrace.errors import (
    ChainReorganised,
    DataNotFound,
    MalformedBytes,
    NotSupported,
    SourceLied,
    SourceUnavailable,
)
from cryptotrace.model.accountsource import AccountTransactions, ContractCalls, Logs, PotBalances, PotHistories
from cryptotrace.model.source import Headers, Source
from cryptotrace.model.verdict import Standing
from cryptotrace.sources.foreignjson import Field
from cryptotrace.sources.jsonrpc import Call
from cryptotrace.sources.tron import rpcjson

HOT = WORLD.account("hot")
ADDED = keccak256(b"AddedBlackList(address)")
TRANSFER = keccak256(b"Transfer(address,address,uint256)")


def test_it_has_what_it_can() -> None:
    with rpc() as (source, _):
        for ability in (Source, Headers, AccountTransactions, PotHistories, PotBalances, ContractCalls, Logs):
            assert isinstance(source, ability), ability


def test_the_tip_is_the_finalized_block() -> None:
    with rpc(Manners(tip=20)) as (source, _):
        assert (source.tip().height, source.tip().hash) == (20, WORLD.blocks[20]["blockID"])
        assert source.block_ref(7) == WORLD.ref(7)
        with pytest.raises(DataNotFound, match="the tip of this run is 20"):
            source.block_ref(21)


def test_a_node_of_another_chain_is_refused() -> None:
    world = tron_world("tron-nile")
    world.network = tron_world("tron").network
    with pytest.raises(SourceLied, match="tron-nile"), rpc(world=world):
        pass


def test_a_tip_that_left_the_chain_stops_the_run() -> None:
    manners = Manners()
    with rpc(manners) as (source, _):
        manners.change = changed("/jsonrpc", lambda said: said | {"result": None})
        with pytest.raises(ChainReorganised, match="open the source again"):
            source.pot_history(HOT, USDT, 0, 3, 5)


def test_its_token_histories_are_those_of_trongrid() -> None:
    with rpc() as (source, _), grid() as (other, _):
        for name in ("hot", "mule_a", "mule_b", "frozen", "deposit", "victim"):
            account = WORLD.account(name)
            history = source.pot_history(account, USDT, 0, TOP, 1000)
            assert history.txids == other.pot_history(account, USDT, 0, TOP, 1000).txids
            assert history.problem == ""
            found = list(source.account_transactions(history.txids))
            assert net(found, account, USDT) == WORLD.balance(name, "usdt") == source.pot_balance(account, USDT).units
            assert source.pot_balance(account, TRX).units == WORLD.balance(name, "trx")


def test_transfers_stand_under_the_same_names_as_elsewhere() -> None:
    with rpc() as (source, _), grid() as (other, _):
        for name in ("theft", "peel_1", "sweep", "destroy", "fake_transfer", "poison"):
            (found,) = source.account_transactions([WORLD.txids[name]])
            (whole,) = other.account_transactions([WORLD.txids[name]])
            moved = {
                each.place: (each.units, each.payer, each.payee) for each in whole.movements if each.place != "fee"
            }
            assert {each.place: (each.units, each.payer, each.payee) for each in found.movements} == moved
            assert (found.block, found.index, found.sender) == (whole.block, whole.index, whole.sender)
            assert {each.standing for each in found.movements} == {Standing.REPORTED}
            assert {"fee", "internal transactions", "TRC-10 value"} <= set(found.missing)


def test_a_value_is_trx_only_where_a_contract_ran() -> None:
    with rpc() as (source, _):
        (split,) = source.account_transactions([WORLD.txids["split"]])
        assert [(each.place, each.units, each.asset) for each in split.movements] == [("value", 100 * 10**6, TRX)]
        for name in ("gas_for_sweep", "trc10_to_victim", "rent_energy", "stake", "vote"):
            (found,) = source.account_transactions([WORLD.txids[name]])
            assert found.movements == ()
            assert any("does not tell which" in each for each in found.missing), name
        (failed,) = source.account_transactions([WORLD.txids["out_of_energy"]])
        assert (failed.succeeded, failed.movements) == (False, ())


def test_what_lies_above_the_tip_is_not_confirmed() -> None:
    with rpc(Manners(tip=10)) as (source, _):
        (found,) = source.account_transactions([WORLD.txids["theft"]])
        assert (found.block, found.index) == (WORLD.ref(10), 0)
        with pytest.raises(DataNotFound, match="does not know transaction"):
            source.account_transactions(["ab" * 32])


def test_trx_and_trc10_histories_are_refused_with_the_reason() -> None:
    with rpc() as (source, _):
        for asset in ("trx", "1000001"):
            with pytest.raises(NotSupported, match="trongrid: can"):
                source.pot_history(HOT, WORLD.asset(asset), 0, TOP, 5)
        with pytest.raises(NotSupported, match="trongrid: tells TRC-10"):
            source.pot_balance(HOT, WORLD.asset("1000001"))
        with pytest.raises(NotSupported, match="newest block only"):
            source.pot_balance(HOT, USDT, 4)


def test_a_crowded_history_stops() -> None:
    with rpc() as (source, _):
        history = source.pot_history(HOT, USDT, 0, TOP, 5)
        assert (len(history.txids), history.is_crowded) == (5, True)
        assert "more than 5 transactions" in history.problem


@pytest.mark.parametrize("block_range", [1, 2, 9, 5000])
def test_events_are_asked_for_in_ranges_that_the_node_takes(block_range: int) -> None:
    with rpc(Manners(block_range=block_range)) as (source, _):
        found = source.logs(WORLD.account("usdt"), [ADDED], 0, TOP).entries
        assert [each.txid for each in found] == [WORLD.txids["freeze"], WORLD.txids["freeze_bystander"]]
        assert [(each.block, each.index, each.place) for each in found] == [
            (WORLD.ref(WORLD.height_of("freeze")), 0, -1),
            (WORLD.ref(WORLD.height_of("freeze")), 1, -1),
        ]
        word = bytes(12) + bytes_of(WORLD.addresses["deposit"])
        (peel,) = source.logs(WORLD.account("usdt"), [TRANSFER, None, word], 0, TOP).entries
        assert int.from_bytes(peel.data, "big") == 25_000 * TOKEN
        with pytest.raises(DataNotFound, match="up to its tip"):
            source.logs(WORLD.account("usdt"), [ADDED], 0, TOP + 1)


def test_a_node_that_refuses_one_block_is_said() -> None:
    with rpc(Manners(block_range=-1)) as (source, _), pytest.raises(NotSupported, match="refuses to tell the events"):
        source.logs(WORLD.account("usdt"), [ADDED], 0, TOP)


def test_a_contract_is_asked() -> None:
    listed = keccak256(b"isBlackListed(address)")[:4]
    word = bytes(12) + bytes_of(WORLD.addresses["frozen"])
    with rpc() as (source, _):
        answer = source.contract_call(WORLD.account("usdt"), listed + word)
        assert (answer.returned, answer.at) == ((1).to_bytes(32, "big"), WORLD.ref(TOP))
        assert source.contract_call(WORLD.account("fake"), listed + word).returned is None
        assert source.contract_call(WORLD.account("victim"), listed + word).returned == b""
        with pytest.raises(DataNotFound, match="does not answer balanceOf"):
            source.pot_balance(HOT, WORLD.asset("splitter"))


@pytest.mark.parametrize(
    ("method", "change", "said"),
    [
        ("eth_getTransactionByHash", {"hash": "0x" + "ab" * 32}, "another transaction"),
        ("eth_getTransactionByHash", {"blockHash": "0x" + "ab" * 32}, "the transaction of"),
        ("eth_getTransactionReceipt", {"blockHash": "0x" + "ab" * 32}, "the receipt of"),
        ("eth_getTransactionReceipt", {"gasUsed": 5}, "a number as 0x"),
        ("eth_getTransactionReceipt", {"gasUsed": "0x" + "1" * 65}, "a number as 0x"),
        ("eth_getTransactionReceipt", {"logs": [{"address": "0x11"}]}, "40 hex digits"),
        ("eth_getTransactionReceipt", {"logs": [{"address": None}]}, "40 hex digits"),
        ("eth_getTransactionByHash", {"value": "100"}, "a number as 0x"),
    ],
)
def test_contradictions_and_wrong_kinds_are_refused(method: str, change: dict[str, Any], said: str) -> None:
    def lie(answer: Any) -> Any:
        result = answer.get("result")
        is_it = isinstance(result, dict) and ("value" if method == "eth_getTransactionByHash" else "logs") in result
        return answer | {"result": result | change} if is_it else answer

    with rpc(Manners(change=changed("/jsonrpc", lie))) as (source, _), pytest.raises(SourceLied, match=said):
        source.account_transactions([WORLD.txids["theft"]])


@pytest.mark.parametrize(
    "change",
    [{"address": "0x" + "11" * 20}, {"blockHash": "0x" + "ab" * 32}, {"topics": []}, {"transactionHash": "0x11"}],
)
def test_an_event_that_was_not_asked_for_is_refused(change: dict[str, Any]) -> None:
    def lie(answer: Any) -> Any:
        result = answer.get("result")
        return answer | {"result": [each | change for each in result]} if isinstance(result, list) else answer

    with rpc(Manners(change=changed("/jsonrpc", lie))) as (source, _), pytest.raises(SourceLied):
        source.logs(WORLD.account("usdt"), [ADDED], 0, TOP)


def test_a_tip_that_never_rests_gives_no_balance() -> None:
    heights = iter(range(1, 1000))

    def lie(answer: Any) -> Any:
        block = answer.get("result")
        if isinstance(block, dict) and "parentHash" in block:
            height = next(heights)
            return answer | {"result": block | {"number": hex(height), "hash": "0x" + WORLD.blocks[height]["blockID"]}}
        return answer

    manners = Manners()
    with rpc(manners) as (source, _):
        manners.change = changed("/jsonrpc", lie)
        with pytest.raises(SourceUnavailable, match="moved on"):
            source.pot_balance(HOT, TRX)


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (b"<html>404</html>", SourceLied, "not JSON"),
        (b'{"jsonrpc": "2.0", "id": 1, "error": {"code": -32601, "message": "no"}}', SourceUnavailable, "eth_chainId"),
        (b'{"jsonrpc": "2.0", "id": 7, "result": "0x0"}', SourceLied, "question 7"),
        (b'{"jsonrpc": "2.0", "id": 1}', SourceLied, "not JSON-RPC"),
        (b'{"jsonrpc": "2.0", "id": 1, "result": 0}', SourceLied, "a number as 0x"),
    ],
)
def test_what_is_no_answer_is_none(answer: bytes, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said), rpc(Manners(change=lambda target, raw: answer)):
        pass


def test_questions_about_different_things_are_different_requests() -> None:
    """So that a recording keeps the block of each balance."""
    with rpc() as (source, server):
        source.pot_balance(HOT, TRX)
        source.pot_balance(WORLD.account("victim"), TRX)
        latest = [each for each in server.asked if '"latest",false' in each]
        assert (len(latest), len(set(latest))) == (4, 2)


def test_words_of_the_interface() -> None:
    assert rpcjson.quantity(Field("0x" + "f" * 64, "it", "x")) == 2**256 - 1
    assert rpcjson.address(Field("0x41" + "00" * 20, "it", "x")) == rpcjson.address(Field("0x" + "00" * 20, "it", "x"))
    for wrong in ("", "0x", "1", None, 5, "0xg"):
        with pytest.raises(MalformedBytes):
            rpcjson.quantity(Field(wrong, "it", "x"))
    for wrong in ("0x1", "zz", None, 5):
        with pytest.raises(MalformedBytes):
            rpcjson.data(Field(wrong, "it", "x"))


def test_an_http_error_says_what_an_address_looks_like() -> None:
    with rpc() as (source, server):
        server.manners.busy = 99
        with pytest.raises(SourceUnavailable, match="429"):
            source.pot_balance(HOT, TRX)
        assert Call("eth_chainId").text.startswith("CALL")
