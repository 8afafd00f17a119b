"""Traces through real mainnet blocks, end to end, with the sums done by hand in the comments."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from tests.shared_data import read_data, read_json, shared_folder

from cryptotrace.case import Case
from cryptotrace.chains.bitcoin.wire import decode_block, encode
from cryptotrace.chains.networks import bitcoin_network
from cryptotrace.ledger.graph import LedgerGraph
from cryptotrace.ledger.store import Store
from cryptotrace.model.block import BlockRef
from cryptotrace.model.claim import Claim
from cryptotrace.model.source import RawTransaction, SpentOutput
from cryptotrace.model.transaction import Outpoint
from cryptotrace.sources.memory import MemorySource
from cryptotrace.tracing.engine import trace
from cryptotrace.tracing.rules import RULES

BITCOIN = bitcoin_network("bitcoin")
pytestmark = pytest.mark.shared


def _created(graph: LedgerGraph, outpoint: str, rule: str, *, exact: bool = False) -> dict[str, Any]:
    """The claimed share of every output and fee of the two transactions that the hand calculation is about."""
    flow = graph.flow(outpoint)
    result = trace(graph, [Claim("X", flow.id, flow.asset, flow.units)], RULES[rule], exact=exact)
    assert result.reconcile()[0].difference == 0
    names = {t.flow.id[:6] + t.flow.id[64:]: t.claimed["X"] for t in result.flows if t.claimed}
    return {name: share for name, share in names.items() if name[:6] in {"5f92ef", "30eaeb"}}


def _shares(graph: LedgerGraph, outpoint: str, rule: str, *, exact: bool = False) -> dict[str, Any]:
    flow = graph.flow(outpoint)
    result = trace(graph, [Claim("X", flow.id, flow.asset, flow.units)], RULES[rule], exact=exact)
    (row,) = result.reconcile()
    assert row.difference == 0
    return {end.flow.id[:6] + end.flow.id[64:]: end.claimed["X"] for end in result.ends if end.flow is not None}


def test_the_first_payment_between_people_and_what_became_of_it(tmp_path: Path) -> None:
    """Blocks 0 to 438 as a file; the claim is the coinbase of block 9, spent first in block 170. No fees were paid.

    170  f4184f  50 -> 10 (rests), 40
    181  a16f3c  40 -> 10 (rests), 30
    182  591e91  30 -> 1, 29        221  298ca2  1 -> 1 (rests)
    183  12b563  29 -> 1, 28        187  4385fc  1 -> 1 (rests)
    248  828ef3  28 -> 10 (rests), 18 (rests)
    """
    file = shared_folder() / "data" / "btc-blocks" / "bitcoinj__first-100k-blocks.dat"
    coinbase_9 = "0437cd7f8525ceed2324359c2d0ba26006d92d856a9c20fa0241106ee5a597c9:0"
    with Case.create(tmp_path / "case", title="The first payment") as case:
        case.connect("bitcoin", f"blocks:{file}")
        view = case.trace(case.claim("X", "bitcoin", outpoint=coinbase_9), rule="fifo")

        assert {end.flow.id[:6] + end.flow.id[64:]: end.claimed["X"] // 10**8 for end in view.trace.ends if end.flow} == {
            "f4184f:0": 10, "a16f3c:0": 10, "298ca2:0": 1, "4385fc:0": 1, "828ef3:0": 10, "828ef3:1": 18,
        }  # fmt: skip
        assert {end.reason.value for end in view.trace.ends} == {"unspent"}
        assert view.reconcile()[0].difference == 0
        # Every one of those transactions leads to a block whose bytes are in the archive.
        for txid in {traced.flow.txid for traced in view.trace.flows}:
            transaction = case.store.transaction(BITCOIN.chain, txid)
            assert transaction is not None
            assert transaction.block is not None
            raw = case.archive.read(transaction.evidence)
            assert decode_block(raw).header.hash == transaction.block.hash


def test_a_chain_of_payments_over_two_consecutive_blocks(tmp_path: Path) -> None:
    """From output 1 of fd3657 in block 227835 through three transactions of block 227836; each pays 0.0005 BTC of fee.

    6b3a02  36589030 -> 35539030, 1000000 (rests), fee 50000
    f8ff11  35539030 -> 34489030, 1000000 (rests), fee 50000
    07092e  34489030 -> 33439030 (rests), 1000000 (rests), fee 50000
    33439030 + 3 * 1000000 + 3 * 50000 = 36589030
    """
    blocks = [read_data(f"btc-blocks/bitcoinj__block{height}.dat") for height in (227835, 227836)]
    source = MemorySource.from_raw(BITCOIN, blocks, first_height=227835)
    with Store(tmp_path / "ledger.duckdb") as store:
        shares = _shares(
            LedgerGraph(store, BITCOIN.chain, [source]),
            "fd365700a31fb836398e66fe86ccc0591acfbf3006f50ef7194e79563939ff22:1",
            "fifo",
        )

    assert shares == {
        "6b3a02:1": 1_000_000, "6b3a02:fee": 50_000,
        "f8ff11:1": 1_000_000, "f8ff11:fee": 50_000,
        "07092e:0": 33_439_030, "07092e:1": 1_000_000, "07092e:fee": 50_000,
    }  # fmt: skip


@pytest.fixture
def block_277647(tmp_path: Path):  # type: ignore[no-untyped-def]
    """Block 277647 with all the outputs it spends, laid out lazily."""
    block = decode_block(read_data("btc-blocks/btcd__277647.dat.bz2")[8:])
    spent = read_json("derived/btc-prevouts/prevouts_main_277647.json.gz")
    ref = BlockRef(BITCOIN.chain, 277647, block.header.hash, block.header.time)
    source = MemorySource(
        BITCOIN,
        transactions=[
            RawTransaction(
                BITCOIN.chain,
                each.txid,
                encode(each),
                ref,
                index,
                "",
                {}
                if each.is_coinbase
                else {
                    i.outpoint: SpentOutput(spent[str(i.outpoint)][0], bytes.fromhex(spent[str(i.outpoint)][1]))
                    for i in each.inputs
                },
            )
            for index, each in enumerate(block.transactions)
        ],
        complete_since=277647,
    )
    with Store(tmp_path / "ledger.duckdb") as store:
        yield LedgerGraph(store, BITCOIN.chain, [source])


def _full(graph: LedgerGraph, start: str) -> str:
    """The outpoint that begins so, among what is created in the block."""
    txid, _, vout = start.partition(":")
    (found,) = (t for t in graph.sources[0]._held if t.startswith(txid))  # type: ignore[attr-defined]
    return str(Outpoint(found, int(vout)))


def test_claimed_and_unclaimed_inputs_meet_in_a_real_block_under_fifo_and_lifo(block_277647: LedgerGraph) -> None:
    """The claim is 3955e4:0, 200000. Two transactions of the same block:

    5f92ef  in 3955e4:0 200000 (claimed), 8f43ee:1 220000; out 390000, 20000; fee 10000
    30eaeb  in 5f92ef:0 390000, 3955e4:1 1000000; out 200000, 1180000; fee 10000

    FIFO  5f92ef:0 = 200000 claimed + 190000;  30eaeb:0 = the first 200000 = all of the claim.
    LIFO  5f92ef:0 = the last 390000 = 170000 claimed + 220000; 5f92ef:1 = 20000 claimed; its fee = 10000 claimed.
          30eaeb:0 = the last 200000, not claimed; 30eaeb:1 = the 1180000 before = 160000 claimed + 1020000;
          its fee = what is left in front = 10000 claimed.
    """
    claimed = _full(block_277647, "3955e4:0")

    assert _created(block_277647, claimed, "fifo") == {"5f92ef:0": 200_000, "30eaeb:0": 200_000}
    assert _created(block_277647, claimed, "lifo") == {
        "5f92ef:0": 170_000, "5f92ef:1": 20_000, "5f92ef:fee": 10_000, "30eaeb:1": 160_000, "30eaeb:fee": 10_000,
    }  # fmt: skip


def test_the_same_in_proportion_exact_and_in_whole_satoshi(block_277647: LedgerGraph) -> None:
    """Exact: 5f92ef carries 200000/420000 = 10/21. Of its outputs 390000 * 10/21 = 1300000/7, 20000 * 10/21 = 200000/21,
    fee 10000 * 10/21 = 100000/21. 30eaeb carries (1300000/7)/1390000 = 130/973: 200000 * 130/973 = 26000000/973,
    1180000 * 130/973 = 153400000/973, fee 10000 * 130/973 = 1300000/973.

    Whole satoshi, fee first: 10000 of (200000, 220000) = (4761.9, 5238.1) -> (4762, 5238).
    Then 390000 of (195238, 214762): 390000/410000 = 39/41 -> (185714.2, 204285.8) -> (185714, 204286).
    Then 20000: the rest (9524, 10476). Next transaction, fee 10000 of (185714, 1204286): 1336.07 -> 1336.
    200000 of (184378, 1195622), which is 1380000: 26721.4 -> 26721. The rest: 184378 - 26721 = 157657.
    """
    claimed = _full(block_277647, "3955e4:0")

    assert _created(block_277647, claimed, "haircut", exact=True) == {
        "5f92ef:0": Fraction(1_300_000, 7),
        "5f92ef:1": Fraction(200_000, 21),
        "5f92ef:fee": Fraction(100_000, 21),
        "30eaeb:0": Fraction(26_000_000, 973),
        "30eaeb:1": Fraction(153_400_000, 973),
        "30eaeb:fee": Fraction(1_300_000, 973),
    }
    assert _created(block_277647, claimed, "haircut") == {
        "5f92ef:0": 185_714, "5f92ef:1": 9_524, "5f92ef:fee": 4_762, "30eaeb:0": 26_721, "30eaeb:1": 157_657, "30eaeb:fee": 1_336,
    }  # fmt: skip
