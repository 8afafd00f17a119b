"""The Electrum adapter over a server that tells the training chain, and over ones that do not tell the truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.sources.chain import Chain, Electrum, RpcRefusal, line_script
from tests.sources.opened import electrum
from tests.sources.servers import LineServer, line_server
from tests.training_chain import story

from cryptotrace.chains.bitcoin.wire import encode, encode_header
from cryptotrace.chains.networks import account, bitcoin_network
from cryptotrace.errors import ChainReorganised, DataNotFound, SourceLied, SourceUnavailable
from cryptotrace.evidence.recorder import MemoryRecorder
from cryptotrace.model.identity import SCRIPT_DIGEST_PREFIX, Account
from cryptotrace.model.source import Spend, SpendUnknown, Unspent
from cryptotrace.model.transaction import Outpoint
from cryptotrace.sources.electrum import ElectrumSource, script_key
from cryptotrace.sources.lines import LineChannel

CHAIN = Chain()
CLAIMED = Outpoint.parse(story()["claims"][0]["outpoint"])
SPENDER, VIN = CHAIN.spenders[CLAIMED]
HEIGHT = CHAIN.places[SPENDER][0]
UNSPENT = next(Outpoint(t, 0) for t in CHAIN.txs if Outpoint(t, 0) not in CHAIN.spenders)
DEPOSIT = story()["deposit"]
Instead = Callable[[list[Any]], Any]


@pytest.fixture
def told() -> Electrum:
    return Electrum(CHAIN)


@pytest.fixture
def server(told: Electrum) -> Iterator[LineServer]:
    with line_server(line_script(told)) as running:
        yield running


def test_a_transaction_comes_as_bytes_with_a_place_that_is_proved(server: LineServer) -> None:
    payments = [txid for txid, tx in CHAIN.txs.items() if not tx.is_coinbase]
    with electrum(server) as source:
        found = list(source.transactions(payments))
        assert source.tip().height == 125

    assert [each.raw for each in found] == [encode(CHAIN.txs[txid]) for txid in payments]
    assert [(e.block.height if e.block else None, e.index) for e in found] == [CHAIN.places[t] for t in payments]


def test_spends_are_found_by_the_history_of_the_outputs_script(server: LineServer) -> None:
    with electrum(server) as source:
        spent, unspent, no_output, no_transaction = source.spends(
            [CLAIMED, UNSPENT, Outpoint(CLAIMED.txid, 99), Outpoint("ab" * 32, 0)]
        )

    assert isinstance(spent, Spend)
    assert (spent.txid, spent.vin) == (SPENDER, VIN)
    assert isinstance(unspent, Unspent)
    assert isinstance(no_output, SpendUnknown)
    assert isinstance(no_transaction, SpendUnknown)


def test_history_balance_and_branch_are_those_of_the_chain(server: LineServer) -> None:
    script = next(s for s in CHAIN.by_script if CHAIN.address(s) == DEPOSIT)
    deposit = account(DEPOSIT, "bitcoin-regtest")
    by_digest = Account.of(deposit.chain, SCRIPT_DIGEST_PREFIX + script_key(script).hex())
    with electrum(server) as source:
        assert list(source.history(deposit)) == CHAIN.by_script[script]
        assert list(source.history(by_digest)) == CHAIN.by_script[script]
        assert source.balance(deposit) == (CHAIN.unspent(script), source.tip())
        assert source.merkle_branch(SPENDER)[1:] == CHAIN.branch(SPENDER)


def test_what_the_server_does_not_have_is_not_found(server: LineServer) -> None:
    with electrum(server) as source:
        for question in (lambda: source.transactions(["ab" * 32]), lambda: source.merkle_branch("ab" * 32)):
            with pytest.raises(DataNotFound, match=f"has no transaction {'ab' * 32}: no answer"):
                question()


def test_a_tip_that_left_the_chain_ends_the_run(server: LineServer, told: Electrum) -> None:
    with electrum(server) as source:
        told.instead["blockchain.block.header"] = lambda p: encode_header(
            CHAIN.blocks[p[0] - (p[0] == 125)].header
        ).hex()
        with pytest.raises(ChainReorganised, match=r"at height 125 .*open the source again"):
            source.transactions([SPENDER])


def test_a_server_of_another_chain_is_refused_when_it_is_opened(server: LineServer, told: Electrum) -> None:
    told.instead["blockchain.block.header"] = lambda _: encode_header(CHAIN.blocks[1].header).hex()

    with pytest.raises(SourceLied, match="serves another chain than bitcoin-regtest"), electrum(server):
        pass
    assert bitcoin_network("bitcoin-regtest").genesis_hash == CHAIN.blocks[0].header.hash


def test_a_server_of_a_training_chain_is_refused_by_name_where_the_main_chain_is_wanted(server: LineServer) -> None:
    """Its work is too easy for the main chain; that it is another chain says more."""
    channel = LineChannel(server.address, "electrum:x:1", MemoryRecorder(), timeout_s=5)
    with pytest.raises(SourceLied, match=r"serves another chain than bitcoin: its genesis is 0f9188f1"):
        ElectrumSource(bitcoin_network("bitcoin"), channel)
    channel.close()


def _branch(**changes: Any) -> Instead:
    index, branch = CHAIN.branch(SPENDER)
    return lambda _: {"block_height": HEIGHT, "pos": index, "merkle": list(branch)} | changes


def _history(*entries: dict[str, Any]) -> Instead:
    return lambda _: list(entries)


ENTRY = {"tx_hash": SPENDER, "height": HEIGHT}
LIES: dict[str, tuple[str, Instead, str]] = {
    "bytes of another transaction": (
        "blockchain.transaction.get",
        lambda _: encode(CHAIN.txs[CLAIMED.txid]).hex(),
        f"txid is {SPENDER} in its answer and {CLAIMED.txid}",
    ),
    "bytes that are none": ("blockchain.transaction.get", lambda _: "zz", "even number of hex digits"),
    "half the bytes": ("blockchain.transaction.get", lambda _: encode(CHAIN.txs[SPENDER])[:50].hex(), "cannot be used"),
    "a branch to another root": (
        "blockchain.transaction.get_merkle",
        _branch(merkle=["ab" * 32]),
        "its Merkle branch leads",
    ),
    "another place": ("blockchain.transaction.get_merkle", _branch(pos=0), "its Merkle branch leads"),
    "a place beyond the branch": ("blockchain.transaction.get_merkle", _branch(pos=3), "does not reach place 3"),
    "a place that is none": ("blockchain.transaction.get_merkle", _branch(pos=-1), "whole number"),
    "a history with a row twice": ("blockchain.scripthash.get_history", _history(ENTRY, ENTRY), "twice in one history"),
    "a history out of order": (
        "blockchain.scripthash.get_history",
        _history(ENTRY, {"tx_hash": "ab" * 32, "height": 3}),
        "out of order",
    ),
    "a history without it": ("blockchain.scripthash.get_history", _history(), "does not list it under any"),
    "another height": (
        "blockchain.scripthash.get_history",
        _history({"tx_hash": SPENDER, "height": HEIGHT - 1}),
        "its Merkle branch leads",
    ),
    "a history that is none": ("blockchain.scripthash.get_history", lambda _: {"rows": []}, "expected a list"),
    "no number": ("blockchain.scripthash.get_history", _history({"tx_hash": SPENDER, "height": "1"}), "whole number"),
}


@pytest.mark.parametrize("what", LIES)
def test_a_lie_is_caught_and_the_server_named(server: LineServer, told: Electrum, what: str) -> None:
    method, instead, named = LIES[what]
    with electrum(server) as source:
        told.instead[method] = instead
        with pytest.raises(SourceLied, match=named) as caught:
            source.transactions([SPENDER])

    assert "electrum:127.0.0.1" in str(caught.value)


def test_a_header_without_work_proves_nothing(server: LineServer, told: Electrum) -> None:
    from dataclasses import replace

    from cryptotrace.chains.bitcoin.wire import decode_header

    real = CHAIN.blocks[HEIGHT].header
    drafts = (encode_header(replace(real, nonce=nonce)) for nonce in range(1000))
    idle = next(raw for raw in drafts if int(decode_header(raw).hash, 16) >> 255)
    with electrum(server) as source:
        told.instead["blockchain.block.header"] = lambda p: (
            idle if p == [HEIGHT] else encode_header(CHAIN.blocks[p[0]].header)
        ).hex()
        with pytest.raises(SourceLied, match="does not meet its bits"):
            source.transactions([SPENDER])


def test_a_history_that_is_refused_leaves_the_spend_unknown_with_the_reason(server: LineServer, told: Electrum) -> None:
    def refuse(_: list[Any]) -> Any:
        raise RpcRefusal(1, "history too large")

    with electrum(server) as source:
        told.instead["blockchain.scripthash.get_history"] = refuse
        (answer,) = source.spends([CLAIMED])

    assert isinstance(answer, SpendUnknown)
    assert "history too large; ask a node or another server" in answer.reason


def test_a_connection_that_breaks_for_good_is_no_unknown_spend(told: Electrum) -> None:
    """An answer that did not come says nothing about the output."""
    answer = line_script(told)
    with (
        line_server(lambda q: None if q["method"].endswith("get_history") else answer(q)) as server,
        electrum(server) as source,
        pytest.raises(SourceUnavailable, match=r"get_history.*tried 3 times"),
    ):
        source.spends([CLAIMED])


def test_a_connection_that_breaks_for_good_is_not_blamed_as_a_lie(told: Electrum) -> None:
    answer = line_script(told)
    coinbase = CHAIN.blocks[5].transactions[0].txid
    with (
        line_server(lambda q: None if q["method"].endswith("get_history") else answer(q)) as server,
        electrum(server) as source,
        pytest.raises(SourceUnavailable),
    ):
        source.transactions([coinbase])


def test_a_history_that_is_too_long_for_one_output_is_looked_for_under_another(
    server: LineServer, told: Electrum
) -> None:
    first = CHAIN.txs[SPENDER].outputs[0].script

    def refuse(parameters: list[Any]) -> Any:
        if parameters[0] == script_key(first)[::-1].hex():
            raise RpcRefusal(1, "history too large")
        del told.instead["blockchain.scripthash.get_history"]
        try:
            return told("blockchain.scripthash.get_history", parameters)
        finally:
            told.instead["blockchain.scripthash.get_history"] = refuse

    with electrum(server) as source:
        told.instead["blockchain.scripthash.get_history"] = refuse
        (found,) = source.transactions([SPENDER])

    assert found.block is not None
    assert (found.block.height, found.index) == CHAIN.places[SPENDER]
