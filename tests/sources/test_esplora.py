"""The Esplora adapter over a server that tells the training chain: what it answers, and each lie it catches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.sources.chain import REGTEST, Chain, Explorer, as_json
from tests.sources.opened import esplora
from tests.sources.servers import HttpServer, Reply, http_server
from tests.training_chain import story

from cryptotrace.chains.bitcoin.merkle import branch_root
from cryptotrace.chains.bitcoin.wire import encode
from cryptotrace.chains.networks import account, bitcoin_network
from cryptotrace.errors import (
    ChainReorganised,
    DataNotFound,
    ProofRefused,
    SourceLied,
    SourceUnavailable,
)
from cryptotrace.evidence.recorder import MemoryRecorder
from cryptotrace.model.source import Spend, SpendUnknown, SpentOutput, Unspent
from cryptotrace.model.transaction import Outpoint
from cryptotrace.sources.esplora import EsploraSource

CHAIN = Chain()
CLAIMED = Outpoint.parse(story()["claims"][0]["outpoint"])
SPENDER, VIN = CHAIN.spenders[CLAIMED]
DEPOSIT = story()["deposit"]
HEIGHT = CHAIN.places[SPENDER][0]
UNSPENT = next(Outpoint(t, 0) for t in CHAIN.txs if Outpoint(t, 0) not in CHAIN.spenders)


@pytest.fixture
def explorer() -> Explorer:
    return Explorer(CHAIN)


@pytest.fixture
def server(explorer: Explorer) -> Iterator[HttpServer]:
    with http_server(explorer) as running:
        yield running


# --- what it answers --------------------------------------------------------------------------------------------------


def test_the_tip_is_fixed_when_the_source_is_opened(server: HttpServer) -> None:
    with esplora(server) as source:
        assert (source.tip().height, source.tip().hash) == (125, CHAIN.tip)


def test_a_transaction_comes_as_bytes_with_its_place_and_what_it_spends(server: HttpServer) -> None:
    recorder = MemoryRecorder()
    with esplora(server, recorder) as source:
        (found,) = source.transactions([SPENDER])

    assert found.raw == encode(CHAIN.txs[SPENDER])
    assert (found.block.height if found.block else None, found.index) == CHAIN.places[SPENDER]
    expected = {i.outpoint: CHAIN.output(i.outpoint) for i in CHAIN.txs[SPENDER].inputs}
    assert found.spent == {o: SpentOutput(output.units, output.script) for o, output in expected.items()}
    assert SPENDER.encode() in recorder.read(found.evidence)


def test_every_transaction_of_the_chain_is_read_back_to_its_bytes(server: HttpServer) -> None:
    with esplora(server) as source:
        found = list(source.transactions(list(CHAIN.txs)))

    assert [each.raw for each in found] == [encode(tx) for tx in CHAIN.txs.values()]
    assert [(each.block.height if each.block else None, each.index) for each in found] == list(CHAIN.places.values())


def test_spends_are_told_with_the_spending_input(server: HttpServer) -> None:
    missing = Outpoint(CLAIMED.txid, 99)
    with esplora(server) as source:
        spent, unspent, unknown = source.spends([CLAIMED, UNSPENT, missing])

    assert isinstance(spent, Spend)
    assert (spent.txid, spent.vin) == (SPENDER, VIN)
    assert spent.block is not None
    assert spent.block.height == HEIGHT
    assert isinstance(unspent, Unspent)
    assert unspent.as_of.height == 125
    assert isinstance(unknown, SpendUnknown)
    assert unknown.outpoint == missing


def test_history_balance_block_and_branch_are_those_of_the_chain(server: HttpServer) -> None:
    deposit = account(DEPOSIT, "bitcoin-regtest")
    script = next(s for s in CHAIN.by_script if CHAIN.address(s) == DEPOSIT)
    with esplora(server) as source:
        assert list(source.history(deposit)) == CHAIN.by_script[script]
        assert source.balance(deposit) == (CHAIN.unspent(script), source.tip())
        assert source.block(HEIGHT).raw == CHAIN.raw[HEIGHT]
        assert source.block_by_hash(CHAIN.tip).ref.height == 125
        assert source.merkle_branch(SPENDER)[1:] == CHAIN.branch(SPENDER)


def test_what_the_server_does_not_have_is_not_found(server: HttpServer) -> None:
    with esplora(server) as source:
        for question in (
            lambda: source.transactions(["ab" * 32]),
            lambda: source.block(126),
            lambda: source.block_by_hash("ab" * 32),
            lambda: source.merkle_branch("ab" * 32),
        ):
            with pytest.raises(DataNotFound, match=r"esplora:http://127\.0\.0\.1"):
                question()
        (answer,) = source.spends([Outpoint("ab" * 32, 0)])

    assert isinstance(answer, SpendUnknown)
    assert "does not know" in answer.reason


def test_a_tip_that_left_the_chain_ends_the_run(server: HttpServer, explorer: Explorer) -> None:
    with esplora(server) as source:
        explorer.instead["/block-height/125"] = "ab" * 32
        with pytest.raises(ChainReorganised, match=r"at height 125 .*open the source again"):
            source.transactions([SPENDER])


def test_what_is_above_the_tip_of_the_run_is_unconfirmed_in_it(explorer: Explorer) -> None:
    explorer.chain = Chain(height=HEIGHT - 1)
    with http_server(explorer) as server, esplora(server) as source:
        explorer.chain = CHAIN
        (found,) = source.transactions([SPENDER])
        (spend,) = source.spends([CLAIMED])

    assert (found.block, found.index) == (None, -1)
    assert isinstance(spend, Spend)
    assert spend.block is None


# --- lies -------------------------------------------------------------------------------------------------------------


def altered(explorer: Explorer, *path: Any, to: Any) -> None:
    """Make the explorer tell the spending transaction with one figure altered."""
    told = explorer.transaction(SPENDER)
    place = told
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = to
    explorer.instead[f"/tx/{SPENDER}"] = as_json(told)


LIES: dict[str, tuple[tuple[Any, ...], Any, str]] = {
    "an output's value": (("vout", 0, "value"), 1, r"vout\[0\]\.value is 1 in its answer and \d+ by"),
    "an output's script": (("vout", 0, "scriptpubkey"), "51", r"vout\[0\]\.scriptpubkey"),
    "an output's address": (("vout", 0, "scriptpubkey_address"), DEPOSIT, "scriptpubkey_address"),
    "the spent outpoint": (("vin", 0, "vout"), 77, r"vin\[0\] outpoint"),
    "the sequence": (("vin", 0, "sequence"), 7, r"vin\[0\]\.sequence"),
    "an input's script": (("vin", 0, "scriptsig"), "51", r"vin\[0\]\.scriptsig"),
    "the lock time": (("locktime",), 9, "locktime"),
    "the version": (("version",), 9, "version"),
    "an output added": (("vout",), [{"value": 1, "scriptpubkey": "51"}] * 2, "number of outputs"),
    "the fee": (("fee",), 1, "fee is 1 in its answer"),
    "the spent value": (("vin", 0, "prevout", "value"), 5, "fee is"),
    "the spent output's address": (("vin", 0, "prevout", "scriptpubkey_address"), DEPOSIT, r"vin\[0\]\.prevout"),
    "the size": (("size",), 1, "size"),
    "the weight": (("weight",), 1, "weight"),
    "the txid": (("txid",), "ab" * 32, "txid"),
    "the height": (("status", "block_height"), HEIGHT - 1, "block_height"),
    "the block time": (("status", "block_time"), 1, "status.block_time"),
    "the block": (("status", "block_hash"), CHAIN.blocks[3].header.hash, "its Merkle branch leads"),
}


@pytest.mark.parametrize("what", LIES)
def test_a_figure_that_contradicts_the_bytes_is_caught_and_named(
    server: HttpServer, explorer: Explorer, what: str
) -> None:
    path, value, named = LIES[what]
    if what == "the block":
        explorer.instead[f"/tx/{SPENDER}/merkle-proof"] = as_json(
            {"block_height": HEIGHT, "pos": 1, "merkle": ["ab" * 32]}
        )
        header = CHAIN.blocks[3].header
        altered(explorer, "status", to=explorer.status(SPENDER) | {"block_hash": value, "block_time": header.time})
    else:
        altered(explorer, *path, to=value)

    with esplora(server) as source, pytest.raises(SourceLied, match=named) as caught:
        source.transactions([SPENDER])
    assert "esplora:http://127.0.0.1" in str(caught.value)
    assert "another" in str(caught.value)


def test_bytes_that_do_not_hash_to_their_txid_are_caught(server: HttpServer, explorer: Explorer) -> None:
    altered(explorer, "vout", 0, "value", to=1)
    explorer.instead[f"/tx/{SPENDER}/hex"] = encode(CHAIN.txs[CLAIMED.txid]).hex()

    with (
        esplora(server) as source,
        pytest.raises(SourceLied, match=f"txid is {SPENDER} in its answer and {CLAIMED.txid}"),
    ):
        source.transactions([SPENDER])


@pytest.mark.parametrize(
    "entry",
    [
        {"spent": True, "txid": CLAIMED.txid, "vin": 0},
        {"spent": True, "txid": SPENDER, "vin": VIN + 50},
        {"spent": True, "txid": SPENDER, "vin": 0 if VIN else 1},
    ],
)
def test_a_spender_that_does_not_spend_is_caught(server: HttpServer, explorer: Explorer, entry: dict[str, Any]) -> None:
    entries = [entry | {"status": {"confirmed": False}}] * (CLAIMED.vout + 1)
    explorer.instead[f"/tx/{CLAIMED.txid}/outspends"] = as_json(entries)

    with esplora(server) as source, pytest.raises(SourceLied, match=r"vin\[\d+\] is "):
        source.spends([CLAIMED])


def test_a_spend_in_another_block_than_the_transaction_is_caught(server: HttpServer, explorer: Explorer) -> None:
    wrong = {"confirmed": True, "block_height": 3, "block_hash": CHAIN.blocks[3].header.hash, "block_time": 1}
    told = {"spent": True, "txid": SPENDER, "vin": VIN, "status": wrong}
    explorer.instead[f"/tx/{CLAIMED.txid}/outspends"] = as_json([told] * (CLAIMED.vout + 1))

    with esplora(server) as source, pytest.raises(SourceLied, match=r"status\.block_hash"):
        source.spends([CLAIMED])


def test_a_server_of_another_chain_is_refused_when_it_is_opened(server: HttpServer, explorer: Explorer) -> None:
    explorer.instead["/block-height/0"] = bitcoin_network("bitcoin").genesis_hash

    with pytest.raises(SourceLied, match="is not a server of bitcoin-regtest"), esplora(server):
        pass


def test_a_block_with_an_altered_transaction_is_refused(server: HttpServer, explorer: Explorer) -> None:
    raw = bytearray(CHAIN.raw[HEIGHT])
    raw[-5] ^= 1
    explorer.instead[f"/block/{CHAIN.blocks[HEIGHT].header.hash}/raw"] = bytes(raw)

    with esplora(server) as source, pytest.raises(SourceLied, match="cannot be used"):
        source.block(HEIGHT)


def test_another_block_than_the_one_that_was_asked_for_is_refused(server: HttpServer, explorer: Explorer) -> None:
    explorer.instead[f"/block/{CHAIN.blocks[HEIGHT].header.hash}/raw"] = CHAIN.raw[3]

    with esplora(server) as source, pytest.raises(SourceLied, match="when asked for"):
        source.block(HEIGHT)


def test_a_header_without_work_proves_nothing(server: HttpServer, explorer: Explorer) -> None:
    from dataclasses import replace

    from cryptotrace.chains.bitcoin.wire import decode_header, encode_header

    real = CHAIN.blocks[HEIGHT].header
    idle = next(
        raw
        for nonce in range(1000)
        if int(decode_header(raw := encode_header(replace(real, nonce=nonce))).hash, 16) >> 255
    )
    fake = decode_header(idle).hash
    altered(explorer, "status", "block_hash", to=fake)
    explorer.instead[f"/block/{fake}/header"] = idle.hex()

    with esplora(server) as source, pytest.raises(SourceLied, match="does not meet its bits"):
        source.transactions([SPENDER])


@pytest.mark.parametrize("place", [3, 2**20 + 1, 1 + 2])
def test_a_place_that_the_branch_cannot_have_is_refused(server: HttpServer, explorer: Explorer, place: int) -> None:
    _, branch = CHAIN.branch(SPENDER)
    told = {"block_height": HEIGHT, "pos": place, "merkle": list(branch)}
    explorer.instead[f"/tx/{SPENDER}/merkle-proof"] = as_json(told)

    with esplora(server) as source, pytest.raises(SourceLied, match=f"does not reach place {place}"):
        source.transactions([SPENDER])


def test_the_last_of_an_odd_row_cannot_be_given_the_place_beside_it() -> None:
    txid = "ab" * 32

    assert branch_root(txid, 0, [txid])
    with pytest.raises(ProofRefused, match="the place is not proved"):
        branch_root(txid, 1, [txid])


# --- answers that are none --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body", [b"<html>Checking your browser</html>", b"", b"[]", b'{"txid": 5}', b"null", b"[" * 9999]
)
def test_an_answer_that_is_no_transaction_is_blamed_on_the_source(
    server: HttpServer, explorer: Explorer, body: bytes
) -> None:
    explorer.instead[f"/tx/{SPENDER}"] = body
    recorder = MemoryRecorder()

    with (
        esplora(server, recorder) as source,
        pytest.raises(SourceLied, match=r"cannot be used: .*ask again or ask another"),
    ):
        source.transactions([SPENDER])
    kept = [recorder.read(r.digest) for r in recorder.records() if r.request == f"GET /tx/{SPENDER}"]
    assert kept == [body], "it is kept before it is read"


@pytest.mark.parametrize("status", [301, 401, 403, 418])
def test_a_status_that_is_no_answer_is_unavailable_and_names_the_path(
    server: HttpServer, explorer: Explorer, status: int
) -> None:
    explorer.instead[f"/tx/{SPENDER}"] = Reply(b"go away", status)

    with esplora(server) as source, pytest.raises(SourceUnavailable, match=f"HTTP {status} to /tx/{SPENDER}: go away"):
        source.transactions([SPENDER])


def test_a_page_of_html_instead_of_a_hash_is_refused(server: HttpServer, explorer: Explorer) -> None:
    explorer.instead["/blocks/tip/hash"] = b"<html>"

    with pytest.raises(SourceLied, match=r"gives no hash when asked for /blocks/tip/hash: b'<html>'"), esplora(server):
        pass


def test_the_tip_is_not_looked_at_again_before_its_time(server: HttpServer) -> None:
    from cryptotrace.sources.http import HttpTransport
    from cryptotrace.sources.spec import parse_spec

    now = [0.0]
    transport = HttpTransport(parse_spec(f"esplora:{server.url}"), MemoryRecorder())
    source = EsploraSource(REGTEST, transport, "esplora:x", check_every_s=5, clock=lambda: now[0])
    list(source.transactions([SPENDER]))
    before = server.paths().count("/block-height/125")
    now[0] = 6.0
    list(source.transactions([SPENDER]))
    source.close()

    assert (before, server.paths().count("/block-height/125")) == (0, 1)
    assert server.paths().count(f"/tx/{SPENDER}") == 1, "a confirmed transaction is not asked for twice"
