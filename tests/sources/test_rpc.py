"""The adapter of a node's JSON-RPC, with and without indexes, over a node that tells the training chain - or does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.sources.chain import Chain, Coins, RpcRefusal, rpc_script
from tests.sources.node import Node
from tests.sources.opened import rpc
from tests.sources.servers import Asked, Reply, http_server
from tests.training_chain import story

from cryptotrace.chains.bitcoin.wire import encode, encode_header
from cryptotrace.chains.networks import account
from cryptotrace.errors import (
    ChainReorganised,
    DataNotFound,
    NotSupported,
    SourceLied,
    SourceUnavailable,
)
from cryptotrace.model.identity import SCRIPT_DIGEST_PREFIX, Account
from cryptotrace.model.source import Spend, SpendUnknown, SpentOutput, Unspent
from cryptotrace.model.transaction import Outpoint

CHAIN = Chain()
CLAIMED = Outpoint.parse(story()["claims"][0]["outpoint"])
SPENDER, VIN = CHAIN.spenders[CLAIMED]
HEIGHT = CHAIN.places[SPENDER][0]
UNSPENT = next(Outpoint(t, 0) for t in CHAIN.txs if Outpoint(t, 0) not in CHAIN.spenders)
DEPOSIT = account(story()["deposit"], "bitcoin-regtest")
KINDS = [(True, True), (True, False), (False, True), (False, False)]


@pytest.mark.parametrize(("txindex", "filters"), KINDS)
def test_the_answers_are_the_same_with_and_without_indexes(txindex: bool, filters: bool) -> None:
    node = Node(CHAIN, txindex=txindex, filters=filters)
    with http_server(rpc_script(node)) as server, rpc(server) as source:
        transactions = list(source.transactions([SPENDER, CLAIMED.txid, UNSPENT.txid]))
        spent, unspent, no_output = source.spends([CLAIMED, UNSPENT, Outpoint(CLAIMED.txid, 99)])
        branch = source.merkle_branch(SPENDER)

    assert [each.raw for each in transactions] == [encode(CHAIN.txs[t]) for t in (SPENDER, CLAIMED.txid, UNSPENT.txid)]
    assert [(e.block.height if e.block else None, e.index) for e in transactions] == [
        CHAIN.places[t] for t in (SPENDER, CLAIMED.txid, UNSPENT.txid)
    ]
    expected = {i.outpoint: CHAIN.output(i.outpoint) for i in CHAIN.txs[SPENDER].inputs}
    assert transactions[0].spent == {o: SpentOutput(out.units, out.script) for o, out in expected.items()}
    assert isinstance(spent, Spend)
    assert (spent.txid, spent.vin, spent.block.height if spent.block else None) == (SPENDER, VIN, HEIGHT)
    assert isinstance(unspent, Unspent)
    assert isinstance(no_output, SpendUnknown)
    assert branch[1:] == CHAIN.branch(SPENDER)


@pytest.mark.parametrize(("txindex", "filters"), KINDS)
def test_what_the_node_does_not_have_is_not_found(txindex: bool, filters: bool) -> None:
    node = Node(CHAIN, txindex=txindex, filters=filters)
    with http_server(rpc_script(node)) as server, rpc(server) as source:
        with pytest.raises(DataNotFound, match="ab" * 32):
            source.transactions(["ab" * 32])
        (answer,) = source.spends([Outpoint("ab" * 32, 0)])
        with pytest.raises(DataNotFound, match="tip of this run is 125"):
            source.block(126)
        with pytest.raises(DataNotFound, match="ab" * 32):
            source.block_by_hash("ab" * 32)

    assert isinstance(answer, SpendUnknown)


def test_reading_block_by_block_is_announced_once_and_each_block_is_read_once() -> None:
    notices: list[str] = []
    node = Node(CHAIN, txindex=False, filters=False)
    with http_server(rpc_script(node)) as server, rpc(server, notices=notices) as source:
        for _ in range(2):
            with pytest.raises(DataNotFound):
                source.transactions(["ab" * 32])
        read = sum(each.body.count(b'"method":"getblock"') for each in server.asked)

    assert read == len(CHAIN.blocks)
    assert len(notices) == 1
    assert "-txindex=1 makes it fast" in notices[0]


def test_history_needs_the_filters_and_says_so() -> None:
    with (
        http_server(rpc_script(Node(CHAIN, filters=False))) as server,
        rpc(server) as source,
        pytest.raises(NotSupported, match=r"-blockfilterindex=1 .* electrum:, esplora: or blocks:"),
    ):
        source.history(DEPOSIT)


def test_history_balance_and_block_are_those_of_the_chain() -> None:
    script = next(s for s in CHAIN.by_script if CHAIN.address(s) == DEPOSIT.address)
    with http_server(rpc_script(Node(CHAIN))) as server, rpc(server) as source:
        assert list(source.history(DEPOSIT)) == CHAIN.by_script[script]
        assert source.balance(DEPOSIT) == (CHAIN.unspent(script), source.tip())
        assert source.block(HEIGHT).raw == CHAIN.raw[HEIGHT]
        assert source.block_by_hash(CHAIN.tip).ref.height == 125
        with pytest.raises(NotSupported, match="by its digest; electrum: and esplora: can"):
            source.history(Account.of(DEPOSIT.chain, SCRIPT_DIGEST_PREFIX + "ab" * 32))


def test_a_tip_that_left_the_chain_ends_the_run() -> None:
    node = Node(CHAIN)
    with http_server(rpc_script(node)) as server, rpc(server) as source:
        node.instead["getblockhash"] = lambda p: "ab" * 32
        with pytest.raises(ChainReorganised, match=r"at height 125 .*open the source again"):
            source.transactions([SPENDER])


# --- a node that cannot answer yet, or not so -------------------------------------------------------------------------


def refuse(code: int, message: str) -> Callable[[list[Any]], Any]:
    def instead(_: list[Any]) -> Any:
        raise RpcRefusal(code, message)

    return instead


def test_a_node_that_is_starting_says_to_wait() -> None:
    node = Node(CHAIN)
    node.instead["getblockhash"] = refuse(-28, "Loading block index…")
    with (
        http_server(rpc_script(node)) as server,
        pytest.raises(SourceUnavailable, match=r"is starting: Loading block index.*try again in a few minutes"),
        rpc(server),
    ):
        pass


def test_a_scan_that_is_running_already_is_no_missing_balance() -> None:
    node = Node(CHAIN)
    node.instead["scantxoutset"] = refuse(-8, "Scan already in progress, use action abort or status")
    with (
        http_server(rpc_script(node)) as server,
        rpc(server) as source,
        pytest.raises(SourceUnavailable, match="busy with another scan"),
    ):
        source.balance(DEPOSIT)


def test_a_node_too_old_for_a_question_is_named_so() -> None:
    node = Node(CHAIN)
    node.instead["scanblocks"] = refuse(-32601, "Method not found")
    with http_server(rpc_script(node)) as server, rpc(server) as source, pytest.raises(NotSupported, match="too old"):
        source.history(DEPOSIT)


def test_a_pruned_block_is_not_found_with_the_nodes_reason() -> None:
    node = Node(CHAIN)
    node.instead["getblock"] = refuse(-1, "Block not available (pruned data)")
    with (
        http_server(rpc_script(node)) as server,
        rpc(server) as source,
        pytest.raises(DataNotFound, match="pruned data"),
    ):
        source.block(HEIGHT)


@pytest.mark.parametrize(("status", "advice"), [(401, "auth or cookie"), (404, "address of a node")])
def test_wrong_credentials_and_wrong_addresses_are_told_apart(status: int, advice: str) -> None:
    with (
        http_server(lambda _: Reply(b"", status)) as server,
        pytest.raises(SourceUnavailable, match=advice),
        rpc(server),
    ):
        pass


# --- lies -------------------------------------------------------------------------------------------------------------


def altered(**changes: Any) -> Callable[[list[Any]], Any]:
    return lambda p: Node(CHAIN).getrawtransaction(*p) | changes


def _vin(units: int) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = Node(CHAIN).getrawtransaction(SPENDER, 2)["vin"]
    told[0]["prevout"]["value"] = Coins(units)
    return told


LIES: dict[str, tuple[str, Callable[[list[Any]], Any], str]] = {
    "bytes of another transaction": (
        "getrawtransaction",
        altered(hex=encode(CHAIN.txs[CLAIMED.txid]).hex()),
        f"txid is {SPENDER} in its answer and {CLAIMED.txid}",
    ),
    "half the bytes": ("getrawtransaction", altered(hex=encode(CHAIN.txs[SPENDER]).hex()[:60]), "cannot be used"),
    "no bytes": ("getrawtransaction", lambda p: {}, "expected text"),
    "the spent value": ("getrawtransaction", altered(vin=_vin(5)), "fee is"),
    "the fee": ("getrawtransaction", altered(fee=Coins(1)), r"fee is 1E-8 in its answer|fee is 0\.00000001"),
    "a fee as text": ("getrawtransaction", altered(fee="0.1"), "a number of coins"),
    "a proof of another block": (
        "gettxoutproof",
        lambda p: Node(CHAIN).gettxoutproof([CHAIN.blocks[3].transactions[0].txid], CHAIN.blocks[3].header.hash),
        "a proof that is not of",
    ),
    "a proof that is damaged": (
        "gettxoutproof",
        lambda p: Node(CHAIN).gettxoutproof(*p)[:170] + "ff" * 5,
        "cannot be used|does not verify",
    ),
    "a header that is none": ("getblockheader", lambda p: {"height": "1"}, "whole number"),
}


@pytest.mark.parametrize("what", LIES)
def test_a_lie_about_a_transaction_is_caught_and_the_node_named(what: str) -> None:
    method, instead, named = LIES[what]
    node = Node(CHAIN)
    with http_server(rpc_script(node)) as server, rpc(server) as source:
        node.instead[method] = instead
        with pytest.raises(SourceLied, match=named) as caught:
            source.transactions([SPENDER])

    assert "rpc:http://127.0.0.1" in str(caught.value)


def test_a_node_of_another_chain_is_refused_when_it_is_opened() -> None:
    node = Node(CHAIN)
    node.instead["getblockhash"] = lambda _: CHAIN.blocks[1].header.hash
    with (
        http_server(rpc_script(node)) as server,
        pytest.raises(SourceLied, match="another chain than bitcoin-regtest"),
        rpc(server),
    ):
        pass


@pytest.mark.parametrize("answer", [[], [{}, {}], {}, None, [{"spendingtxid": 5}], ["x"]])
def test_an_odd_answer_about_the_mempool_is_refused(answer: Any) -> None:
    node = Node(CHAIN)
    node.instead["gettxspendingprevout"] = lambda _: answer
    with http_server(rpc_script(node)) as server, rpc(server) as source, pytest.raises(SourceLied, match="expected"):
        source.spends([CLAIMED])


def test_a_spender_in_the_mempool_that_does_not_spend_is_caught() -> None:
    node = Node(CHAIN)
    node.instead["gettxspendingprevout"] = lambda _: [{"spendingtxid": CLAIMED.txid}]
    with (
        http_server(rpc_script(node)) as server,
        rpc(server) as source,
        pytest.raises(SourceLied, match="not among its inputs"),
    ):
        source.spends([CLAIMED])


@pytest.mark.parametrize("filters", [True, False])
def test_a_block_with_an_altered_transaction_is_refused_wherever_it_is_read(filters: bool) -> None:
    raw = bytearray(CHAIN.raw[HEIGHT])
    raw[-5] ^= 1
    node = Node(CHAIN, filters=filters)
    node.instead["getblock"] = lambda p: (
        bytes(raw).hex() if p[0] == CHAIN.blocks[HEIGHT].header.hash else Node(CHAIN).getblock(*p)
    )
    with http_server(rpc_script(node)) as server, rpc(server) as source:
        with pytest.raises(SourceLied, match="cannot be used"):
            source.block(HEIGHT)
        with pytest.raises(SourceLied, match="cannot be used"):
            source.spends([CLAIMED])


@pytest.mark.parametrize("txids", [[], [SPENDER], [SPENDER, SPENDER], ["ab" * 32, SPENDER], [5]])
def test_a_block_whose_txids_do_not_lead_to_its_header_proves_nothing(txids: list[Any]) -> None:
    node = Node(CHAIN)
    with http_server(rpc_script(node)) as server, rpc(server) as source:
        node.instead["getblock"] = lambda p: {"tx": txids, "merkleroot": SPENDER}
        with pytest.raises(SourceLied):
            source.merkle_branch(SPENDER)


def test_a_header_of_another_block_proves_nothing() -> None:
    node = Node(CHAIN)
    with http_server(rpc_script(node)) as server, rpc(server) as source:
        node.instead["getblockheader"] = lambda p: (
            encode_header(CHAIN.blocks[3].header).hex() if p[1:] == [False] else Node(CHAIN).getblockheader(*p)
        )
        with pytest.raises(SourceLied, match="do not lead to its Merkle root"):
            source.merkle_branch(SPENDER)


def test_html_instead_of_json_is_refused() -> None:
    node = rpc_script(Node(CHAIN))
    turns = iter([node, node, node, node])

    def page(asked: Asked) -> Reply:
        return next(turns, lambda _: Reply(b"<html>sign in</html>"))(asked)

    with (
        http_server(page) as server,
        rpc(server) as source,
        pytest.raises(SourceLied, match="does not answer in JSON-RPC"),
    ):
        source.transactions([SPENDER])
