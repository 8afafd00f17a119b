"""The built-in case is what its story says: real blocks of a regtest node, small, and every turn of the plot in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from importlib import resources
from itertools import pairwise

import pytest
from tests.training_chain import REGTEST, blocks, source, story

from cryptotrace.attribution.book import TagBook
from cryptotrace.attribution.tagpack import TagPack, read_tagpack
from cryptotrace.chains.bitcoin.header import check_headers
from cryptotrace.chains.bitcoin.merkle import merkle_root
from cryptotrace.chains.bitcoin.wire import decode_block
from cryptotrace.chains.networks import account
from cryptotrace.errors import ProofRefused
from cryptotrace.ledger.graph import LedgerGraph
from cryptotrace.ledger.store import Store
from cryptotrace.model.claim import Claim
from cryptotrace.model.flow import Arrival
from cryptotrace.model.transaction import Outpoint
from cryptotrace.tracing.engine import trace
from cryptotrace.tracing.result import EndReason, Stops, Trace
from cryptotrace.tracing.rules import RULES, rule

FOLDER = resources.files("cryptotrace.training")
COIN = 100_000_000
DEPOSIT = account(story()["deposit"], REGTEST.chain)


def _pack() -> TagPack:
    return read_tagpack((FOLDER / "exchange.yaml").read_bytes(), evidence="")


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LedgerGraph]:
    store = Store(tmp_path_factory.mktemp("case") / "ledger.duckdb")
    yield LedgerGraph(store, REGTEST.chain, [source()])
    store.close()


def _claims(graph: LedgerGraph) -> list[Claim]:
    flows = [(each, graph.flow(each["outpoint"])) for each in story()["claims"]]
    return [Claim(each["claimant"], flow.id, flow.asset, flow.units, 0, each["basis"]) for each, flow in flows]


def _trace(graph: LedgerGraph, name: str = "fifo", *, dust: int = 5000) -> Trace:
    coinjoin = story()["coinjoin"]
    stops = Stops(TagBook(_pack().tags).services(), {coinjoin["txid"]: coinjoin["basis"]}, dust)
    return trace(graph, _claims(graph), rule(name), stops=stops)


def _block_of(graph: LedgerGraph, flow: str) -> int:
    block = graph.ensure(Outpoint.parse(flow).txid).block
    assert block is not None
    return block.height


def _arrival(graph: LedgerGraph, flow: str) -> Arrival:
    found = graph.arrival(graph.flow(flow))
    assert isinstance(found, Arrival)
    return found


def test_it_is_small_enough_to_ship_and_holds_nothing_else() -> None:
    files = {each.name: len(each.read_bytes()) for each in FOLDER.iterdir() if each.is_file()}
    files.pop("__init__.py")
    assert set(files) == {"blk00000.dat", "exchange.yaml", "story.json"}
    assert sum(files.values()) < 100_000


def test_it_is_regtest_from_genesis_and_every_block_has_its_work_and_its_merkle_root() -> None:
    raw = blocks()
    assert len(raw) > 100
    decoded = [decode_block(each) for each in raw]
    assert decoded[0].header.hash == REGTEST.genesis_hash
    assert check_headers([block.header for block in decoded], REGTEST) > 0
    for block in decoded:
        assert merkle_root([tx.txid for tx in block.transactions]) == block.header.merkle_root


def test_a_changed_byte_of_a_block_is_noticed() -> None:
    raw = bytearray(blocks()[-1])
    raw[4] ^= 1
    with pytest.raises(ProofRefused, match=r"builds on|does not meet"):
        check_headers([decode_block(blocks()[-2]).header, decode_block(bytes(raw)).header], REGTEST)


def test_blocks_are_those_of_a_node_and_carry_coins_of_no_value() -> None:
    assert story()["node"].startswith("/Satoshi:")
    assert REGTEST.is_training
    assert REGTEST.symbol != "BTC"
    for each in (*story()["claims"], story()["coinjoin"]):
        assert each["basis"].endswith("(training)")


def test_two_claimants_claim_whole_outputs_of_two_blocks(graph: LedgerGraph) -> None:
    first, second = _claims(graph)
    assert first.claimant != second.claimant
    assert (first.units, second.units) == (1_250_000_000, 375_000_000)
    heights = [_block_of(graph, claim.flow) for claim in (first, second)]
    assert heights[0] < heights[1]


def test_their_units_meet_with_others_in_one_transaction(graph: LedgerGraph) -> None:
    claims = _claims(graph)
    (arrives,) = {_arrival(graph, claim.flow).txid for claim in claims}
    met = graph.ensure(arrives)
    assert len(met.inputs) > len(claims)
    assert -sum(p.units for p in met.inputs) > sum(claim.units for claim in claims)


def test_from_there_a_chain_peels_a_small_payment_off_at_every_step(graph: LedgerGraph) -> None:
    found = _trace(graph)
    followed = [graph.ensure(t.arrival.txid) for t in found.flows if t.arrival is not None]
    chain = list({tx.txid: tx for tx in followed}.values())
    peels = [tx for tx in chain if len(tx.inputs) == 1]
    assert len(peels) >= 3
    for before, after in pairwise(peels):
        assert after.inputs[0].outpoint is not None
        assert after.inputs[0].outpoint.txid == before.txid
        carried = -after.inputs[0].units
        assert carried == max(p.units for p in before.outputs)
        assert all(p.units < carried for p in before.outputs if p.outpoint != after.inputs[0].outpoint)


def test_a_branch_ends_at_a_coinjoin_of_five_equal_outputs_and_three_owners(graph: LedgerGraph) -> None:
    told = story()["coinjoin"]
    (end,) = [end for end in _trace(graph).ends if end.reason is EndReason.COINJOIN]
    assert told["txid"] in end.detail
    joined = graph.ensure(told["txid"])
    assert end.flow is not None
    assert Outpoint.parse(end.flow.id) in {p.outpoint for p in joined.inputs}
    assert len({p.account for p in joined.inputs}) == 3
    assert Counter(p.units for p in joined.outputs).most_common(1) == [(COIN, 5)]


def test_deposits_end_at_the_address_that_a_training_tag_names(graph: LedgerGraph) -> None:
    pack = _pack()
    assert pack.refused == ()
    (tag,) = pack.tags
    assert (tag.account, tag.category) == (DEPOSIT, "exchange")
    assert "raining" in tag.label
    assert "example" in tag.source
    paid = [end for end in _trace(graph).ends if end.reason is EndReason.SERVICE]
    assert len(paid) >= 2
    assert {end.account for end in paid} == {DEPOSIT}


def test_the_remainder_rests_unspent_where_no_tag_speaks(graph: LedgerGraph) -> None:
    tagged = {tag.account for tag in _pack().tags}
    resting = [end for end in _trace(graph).ends if end.reason is EndReason.UNSPENT]
    assert resting
    assert not {end.account for end in resting} & tagged
    assert sum(sum(end.claimed.values()) for end in resting) > COIN


def test_a_small_share_falls_below_the_limit_of_the_case_and_not_without_one(graph: LedgerGraph) -> None:
    assert [end.reason for end in _trace(graph).ends].count(EndReason.DUST) == 1
    assert EndReason.DUST not in {end.reason for end in _trace(graph, dust=0).ends}


@pytest.mark.parametrize("name", [name for name, each in RULES.items() if each.conserves])
def test_nothing_of_it_is_lost_or_unknown_under_any_rule(graph: LedgerGraph, name: str) -> None:
    found = _trace(graph, name)
    assert [row.difference for row in found.reconcile()] == [0, 0]
    assert EndReason.UNKNOWN not in {end.reason for end in found.ends}
