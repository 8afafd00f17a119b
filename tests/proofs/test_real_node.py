"""A case over a real node, a real Electrum server and an Esplora server beside it: all say the same, live changes too."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import LiveServers, PlantedNode
from tests.nodes.bitcoind import Bitcoind
from tests.nodes.electrumx import ElectrumX
from tests.nodes.esploraserver import EsploraServer
from tests.nodes.truth import REGTEST, NodeReader

from cryptotrace.case import Case
from cryptotrace.chains.bitcoin.script import ScriptType, script_type
from cryptotrace.chains.networks import bitcoin_network
from cryptotrace.errors import ChainReorganised, DataNotFound, SourceLied
from cryptotrace.evidence.recorder import MemoryRecorder
from cryptotrace.model.identity import Account
from cryptotrace.model.source import Histories, Source, Spend, Spends, Transactions, Unspent
from cryptotrace.model.transaction import Outpoint
from cryptotrace.sources import Policy, open_source, parse_spec
from cryptotrace.sources.blocks import BlocksSource
from cryptotrace.sources.esplora import EsploraSource
from cryptotrace.sources.http import HttpTransport
from cryptotrace.tracing.result import EndReason

pytestmark = pytest.mark.node
SERVERS = ("rpc", "electrum", "esplora")


def opened(spec: str) -> Source:
    """A source that looks at the tip with every answer."""
    if spec.startswith("esplora:"):
        parsed = parse_spec(spec)
        return EsploraSource(REGTEST, HttpTransport(parsed, MemoryRecorder()), parsed.name, check_every_s=0)
    return open_source(spec, REGTEST, MemoryRecorder(), Policy(own_nodes_only=True))


@pytest.fixture
def opened_live(live: LiveServers, request: pytest.FixtureRequest) -> Callable[[str], Any]:
    """Opens a source over the live servers; it is closed after the test."""

    def open_one(kind: str) -> Source:
        if kind == "electrum":
            live.electrumx.catch_up()
        source = opened(live.specs[kind])
        request.addfinalizer(source.close)
        return source

    return open_one


def spend_of(source: Spends, outpoint: tuple[str, int]) -> Any:
    (answer,) = source.spends([Outpoint(*outpoint)])
    return answer


# --- what the planted chain holds -------------------------------------------------------------------------------------


def test_the_planted_chain_has_every_kind_of_output_and_full_pages(planted: PlantedNode) -> None:
    truth, where = planted.truth, planted.planted
    kinds = {script_type(o.script) for tx in truth.transactions.values() for o in tx.outputs}
    spent = {script_type(truth.spent_output(o).script) for o in truth.spenders}
    names = ScriptType
    ordinary = {names.P2PK, names.BARE_MULTISIG, names.P2PKH, names.P2SH, names.P2WPKH, names.P2WSH, names.P2TR}

    assert ordinary | {names.OP_RETURN} <= kinds
    assert ordinary <= spent
    assert len(truth.confirmed_history(Account.of(REGTEST.chain, where.page))) == 25
    assert len(truth.confirmed_history(Account.of(REGTEST.chain, where.busy))) > 2 * 25
    assert len(truth.transactions[where.wide].outputs) > 200
    assert {truth.transactions[txid].block for txid in where.pool} == {None}


def test_a_full_page_of_an_explorer_is_followed_by_a_question_for_the_next(
    planted: PlantedNode, planted_esplora: EsploraServer
) -> None:
    source = open_source(planted_esplora.spec, REGTEST, MemoryRecorder())
    assert isinstance(source, Histories)
    for address, pages in ((planted.planted.page, 2), (planted.planted.busy, 3)):
        account = Account.of(REGTEST.chain, address)
        asked_before = len(planted_esplora.answers.asked)
        assert list(source.history(account)) == planted.truth.histories[account]
        asked = [p for p in planted_esplora.answers.asked[asked_before:] if "/txs/chain" in p]
        assert len(asked) == pages
    source.close()


def test_the_nodes_files_hide_the_blocks_under_a_key_and_hold_a_branch_that_was_left_behind(
    planted: PlantedNode,
) -> None:
    key = planted.node.blocks / "xor.dat"
    if not key.is_file() or not any(key.read_bytes()):
        pytest.skip("THIS NODE HIDES NO BLOCKS: reading files under a key was NOT tried")
    assert REGTEST.magic not in (planted.node.blocks / "blk00000.dat").read_bytes()[:8]

    source = BlocksSource(REGTEST, planted.node.blocks, MemoryRecorder(), "blocks:node")
    left = planted.node("getblockheader", planted.planted.stale)

    assert set(source.stale) == {planted.planted.stale, left["previousblockhash"]}
    assert source.block(left["height"]).ref.hash != planted.planted.stale
    with pytest.raises(DataNotFound, match="on a branch with less work"):
        source.block_by_hash(planted.planted.stale)
    source.close()


# --- while a source is open -------------------------------------------------------------------------------------------


def reorganise(live: LiveServers, blocks: int) -> None:
    """Replace the newest block by empty ones."""
    live.node("invalidateblock", live.node("getbestblockhash"))
    for _ in range(blocks):
        live.node("generateblock", "raw(5151)", [])
    if blocks > 1:
        live.electrumx.catch_up()  # it does not look at a chain that has not become longer


@pytest.mark.parametrize(
    ("kind", "blocks"), [(kind, n) for kind in SERVERS for n in (0, 1, 2) if kind != "electrum" or n > 1]
)
def test_a_reorganisation_ends_the_run_of_a_source(
    kind: str, blocks: int, live: LiveServers, opened_live: Callable[[str], Any]
) -> None:
    paid = live.node.pay("payer", live.node.address("payer"), "1.25")
    live.node.mine()
    source = opened_live(kind)
    (before,) = source.transactions([paid[0]])
    assert before.block is not None
    assert before.block.hash == source.tip().hash

    reorganise(live, blocks)

    with pytest.raises(ChainReorganised, match="open the source again"):
        list(source.transactions([paid[0]]))
    with pytest.raises(ChainReorganised, match="open the source again"):
        spend_of(source, paid)
    again = opened(live.specs[kind])
    assert isinstance(again, Transactions)
    (after,) = again.transactions([paid[0]])
    again.close()
    assert (after.raw, after.block) == (before.raw, None), "its block is gone, it waits in the mempool"


@pytest.mark.parametrize("kind", SERVERS)
def test_a_spend_that_is_replaced_while_a_source_is_open_is_replaced_in_its_answer(
    kind: str, live: LiveServers, opened_live: Callable[[str], Any]
) -> None:
    node = live.node
    coin = node.pay("payer", node.address("payer"), "3")
    node.mine()
    source = opened_live(kind)
    assert isinstance(spend_of(source, coin), Unspent)

    for fee in ("0.0001", "0.001"):
        txid = node.send("payer", [coin], [(node.address("payer"), str(3 - Decimal(fee)))])
        live.electrumx.catch_up()
        answer = spend_of(source, coin)
        assert isinstance(answer, Spend)
        assert (answer.txid, answer.vin, answer.block) == (txid, 0, None)


@pytest.mark.parametrize("kind", SERVERS)
def test_what_is_mined_after_a_source_was_opened_is_unconfirmed_as_of_its_tip(
    kind: str, live: LiveServers, opened_live: Callable[[str], Any]
) -> None:
    node = live.node
    coin = node.pay("payer", node.address("payer"), "3")
    node.mine()
    source = opened_live(kind)
    txid = node.send("payer", [coin], [(node.address("payer"), "2.999")])
    node.mine(2)
    live.electrumx.catch_up()

    (raw,) = source.transactions([txid])
    answer = spend_of(source, coin)

    assert (raw.block, raw.index) == (None, -1)
    assert isinstance(answer, Unspent) or (answer.txid, answer.block) == (txid, None)
    with pytest.raises(DataNotFound):
        source.merkle_branch(txid)


# --- a case -----------------------------------------------------------------------------------------------------------


def claimed(case: Case, spec: str, outpoint: tuple[str, int]) -> None:
    case.connect("bitcoin-regtest", spec)
    case.claim("A", "bitcoin-regtest", outpoint="{}:{}".format(*outpoint))


@pytest.mark.parametrize("kind", SERVERS)
def test_a_reopened_case_forgets_blocks_that_were_removed_and_logs_it(
    kind: str, live: LiveServers, tmp_path: Path
) -> None:
    node = live.node
    coin = node.pay("payer", node.address("payer"), "3")
    node.mine()
    txid = node.send("payer", [coin], [(node.address("payer"), "2.999")])
    node.mine()
    live.electrumx.catch_up()
    with Case.create(tmp_path / "case", title="A", own_nodes_only=True) as case:
        claimed(case, live.specs[kind], coin)
        before = case.trace().trace
    assert {end.reason for end in before.ends} == {EndReason.UNSPENT, EndReason.FEE}

    reorganise(live, 2)

    with Case.open(tmp_path / "case") as case:
        after = case.trace().trace
        logged = [entry for entry in case.custody.entries() if entry.action == "reorganisation"]
        assert case.archive.verify() == []
    (end,) = after.ends
    assert end.reason is EndReason.UNCONFIRMED
    assert txid in end.detail
    assert len(logged) == 1
    assert txid in str(logged[0].parameters)


def test_every_source_gives_the_same_trace_and_what_was_recorded_gives_it_again(
    planted: PlantedNode,
    planted_electrumx: ElectrumX,
    planted_esplora: EsploraServer,
    planted_without_indexes: Bitcoind,
    tmp_path: Path,
) -> None:
    specs = {
        "rpc": planted.node.spec,
        "plain": planted_without_indexes.spec,
        "electrum": planted_electrumx.spec,
        "esplora": planted_esplora.spec,
    }
    for kind in list(specs):
        specs[f"again-{kind}"] = f"recorded:{tmp_path / kind / 'evidence'}"
    digests: dict[str, str] = {}
    holdings: dict[str, Any] = {}
    for kind, spec in specs.items():
        with Case.create(tmp_path / kind, title="A peel chain", own_nodes_only=True) as case:
            claimed(case, spec, planted.planted.peel[0])
            view = case.trace(rule="haircut")
            assert view.reconcile()[0].difference == 0
            assert case.settings.trace is not None
            assert {record.source for record in case.archive.records()} == {
                specs[kind.removeprefix("again-")].partition("?")[0]
            }
            digests[kind], holdings[kind] = case.settings.trace.digest, view.holdings().to_dict()["holdings"]
            check_evidence(case, planted)
    assert len(set(digests.values())) == 1, digests
    assert all(rows == holdings["rpc"] for rows in holdings.values())
    assert len(holdings["rpc"]) > 6


def check_evidence(case: Case, planted: PlantedNode) -> None:
    """Every recorded answer has its digest, and every traced output leads to one of them."""
    assert case.archive.verify() == []
    known = {record.digest for record in case.archive.records()}
    for record in case.archive.records():
        assert hashlib.sha256(case.archive.read(record.digest)).hexdigest() == record.digest
    for txid, vout in planted.planted.peel:
        stored = case.store.flow(REGTEST.chain, f"{txid}:{vout}")
        assert stored is not None
        assert stored.units == planted.truth.spent_output(Outpoint(txid, vout)).units
        assert case.store.evidence(REGTEST.chain, stored.id) in known


@pytest.mark.parametrize("kind", SERVERS)
def test_a_trace_stops_before_an_unconfirmed_spend_and_names_the_one_that_counts(
    kind: str,
    planted: PlantedNode,
    planted_electrumx: ElectrumX,
    planted_esplora: EsploraServer,
    tmp_path: Path,
) -> None:
    specs = {"rpc": planted.node.spec, "electrum": planted_electrumx.spec, "esplora": planted_esplora.spec}
    with Case.create(tmp_path / "case", title="A", own_nodes_only=True) as case:
        claimed(case, specs[kind], planted.planted.contested)
        (end,) = case.trace().trace.ends

    assert end.reason is EndReason.UNCONFIRMED
    assert planted.planted.replacing in end.detail
    assert planted.planted.replaced not in end.detail


def test_the_key_of_a_node_is_in_no_file_of_a_case(planted: PlantedNode, tmp_path: Path) -> None:
    with Case.create(tmp_path / "case", title="A", own_nodes_only=True) as case:
        claimed(case, planted.node.spec, planted.planted.peel[0])
        case.trace(max_hops=2)
    password = planted.node.cookie.read_text(encoding="utf-8").partition(":")[2].encode()

    files = [file for file in (tmp_path / "case").rglob("*") if file.is_file()]
    assert len(files) > 5
    assert not [file for file in files if password in file.read_bytes()]


def test_the_reader_that_the_other_tests_trust_sees_what_the_node_counts(planted: PlantedNode) -> None:
    node, truth = planted.node, NodeReader(planted.node).read()
    told = node("gettxoutsetinfo")
    unspent = [
        output.units
        for tx in truth.transactions.values()
        if tx.block is not None and tx.block.height > 0
        for vout, output in enumerate(tx.outputs)
        if not output.is_data
        and ((spend := truth.spenders.get(Outpoint(tx.txid, vout))) is None or spend.block is None)
    ]
    assert (len(unspent), sum(unspent)) == (told["txouts"], int(told["total_amount"] * 10**8))


def test_a_node_of_another_chain_is_refused_by_name(planted: PlantedNode, planted_electrumx: ElectrumX) -> None:
    for spec in (planted.node.spec, planted_electrumx.spec):
        with pytest.raises(SourceLied, match="another chain than bitcoin"):
            open_source(spec, bitcoin_network("bitcoin"), MemoryRecorder())


def test_a_transaction_of_hundreds_of_outputs_is_told_whole(planted: PlantedNode) -> None:
    source = open_source(planted.node.spec, REGTEST, MemoryRecorder())
    assert isinstance(source, Transactions)
    (raw,) = source.transactions([planted.planted.wide])
    source.close()
    assert raw.raw == planted.truth.transactions[planted.planted.wide].raw
