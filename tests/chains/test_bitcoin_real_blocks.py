"""Proof on real data: every Bitcoin block of the recorded data, to the byte and to the satoshi."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.chains.real_blocks import BLOCKS, FOREIGN_BLOCKS, RUNS, SPENT, block_bytes, framed
from tests.shared_data import manifest_paths, read_data, read_json

from cryptotrace.chains import bitcoin_network
from cryptotrace.chains.bitcoin import assemble, proof, wire
from cryptotrace.chains.bitcoin.notices import notices
from cryptotrace.errors import MalformedBytes, ProofRefused, UnsupportedChain
from cryptotrace.model.block import BlockRef
from cryptotrace.model.source import RawTransaction, SpentOutput
from cryptotrace.model.transaction import Outpoint

pytestmark = pytest.mark.shared
MAIN = bitcoin_network("bitcoin")


def test_no_recorded_block_is_left_out() -> None:
    beside = ("-undo.raw", "spent_utxos.zst", "utxostore.bz2", "signet_headers.zst")
    recorded = {
        path
        for path in manifest_paths("btc-blocks/")
        if not path.endswith(beside) and not path.startswith("btc-blocks/bcoin__tx")
    }
    assert recorded == {*BLOCKS, *RUNS, *FOREIGN_BLOCKS}


@pytest.mark.parametrize("path", BLOCKS)
def test_work_root_witnesses_and_bytes_of_each_block_hold(path: str) -> None:
    raw = block_bytes(path)
    block = wire.decode_block(raw)
    proof.check_block(block, bitcoin_network(BLOCKS[path][0]))
    assert wire.encode_block(block) == raw


@pytest.mark.parametrize("path", BLOCKS)
def test_python_bitcoinlib_reads_the_same_ids(path: str) -> None:
    from bitcoin.core import CBlock, b2lx

    raw = block_bytes(path)
    block, second = wire.decode_block(raw), CBlock.deserialize(raw)
    assert block.header.hash == b2lx(second.GetHash())
    assert [(each.txid, each.wtxid) for each in block.transactions] == [
        (b2lx(each.GetTxid()), b2lx(each.GetHash())) for each in second.vtx
    ]


@pytest.mark.parametrize("path", [path for path in BLOCKS if path.endswith(".json")])
def test_txids_are_those_that_a_node_listed(path: str) -> None:
    listed = json.loads(read_data(path))
    block = wire.decode_block(block_bytes(path))
    assert [each.txid for each in block.transactions] == listed["tx"]
    assert (block.header.hash, block.header.merkle_root) == (listed["hash"], listed["merkleroot"])
    assert (block.header.previous, block.header.time) == (listed["previousblockhash"], listed["time"])
    assert BLOCKS[path][1] == listed["height"]


def test_a_branch_proves_every_transaction_of_a_real_block() -> None:
    block = wire.decode_block(block_bytes("btc-blocks/bitcoinj__block227836.dat"))
    txids = [each.txid for each in block.transactions]
    for index, each in enumerate(block.transactions):
        branch = proof.merkle_branch(txids, index)
        assert proof.verify_inclusion(wire.encode(each), index, branch, block.header, MAIN, len(txids)) == each.txid


@pytest.mark.parametrize("path", RUNS)
def test_the_runs_chain_with_their_work_and_roots(path: str) -> None:
    first, count = RUNS[path]
    blocks = [wire.decode_block(raw) for raw in framed(read_data(path))]
    assert len(blocks) == count
    for block in blocks:
        proof.check_block(block, bitcoin_network("bitcoin"))
    assert proof.check_headers((each.header for each in blocks), MAIN) == count * proof.block_work(0x1D00FFFF)
    genesis = bitcoin_network("bitcoin").genesis_hash
    assert (blocks[0].header.hash if first == 0 else blocks[0].header.previous) == genesis


def test_two_consecutive_blocks_chain() -> None:
    lower, upper = (wire.decode_block(block_bytes(f"btc-blocks/bitcoinj__block{h}.dat")) for h in (227835, 227836))
    proof.check_headers([lower.header, upper.header], MAIN)


def test_the_signet_headers_chain_from_its_genesis() -> None:
    data = read_data("btc-blocks/Floresta__signet_headers.zst")
    headers = [wire.decode_header(data[at : at + 80]) for at in range(0, len(data), 80)]
    assert len(headers) == 2016
    assert headers[0].hash == bitcoin_network("bitcoin-signet").genesis_hash
    proof.check_headers(headers, bitcoin_network("bitcoin-signet"))


@pytest.mark.parametrize("path", SPENT)
def test_fees_and_subsidy_are_the_coinbase_to_the_satoshi(path: str) -> None:
    name, height = BLOCKS[path]
    assert height is not None
    where = bitcoin_network(name)
    raw_spent = read_json(SPENT[path])
    spent = {
        Outpoint.parse(text): SpentOutput(units, bytes.fromhex(script)) for text, (units, script) in raw_spent.items()
    }
    block = wire.decode_block(block_bytes(path))
    # some of the recorded outputs are created in the block itself: those are also checked against it
    ref = BlockRef(where.chain, height, block.header.hash, block.header.time)
    fees = 0
    used = set()
    for index, each in enumerate(block.transactions):
        raw = RawTransaction(where.chain, each.txid, wire.encode(each), ref, index, "")
        made = assemble.transaction(raw, spent)
        fees += made.fee
        used |= {p.outpoint for p in made.inputs}
        for posting in made.outputs:
            if posting.outpoint in spent:
                assert spent[posting.outpoint] == SpentOutput(posting.units, posting.script)
    issued = sum(each.units for each in block.transactions[0].outputs)
    assert issued == (50 * 10**8 >> height // 210_000) + fees, "the subsidy halves every 210,000 blocks"
    assert used == set(spent)
    record = next(row for row in read_json("derived/btc_prevouts.json") if row["hash"] == block.header.hash)
    assert (record["fees"], record["coinbase"], record["height"]) == (fees, issued, height)


@pytest.mark.parametrize(("path", "name"), FOREIGN_BLOCKS.items())
def test_blocks_of_other_chains_are_read_and_proved_as_their_own(path: str, name: str) -> None:
    """Work (scrypt, of the parent where merge-mined), Merkle root over the listed txids, witnesses; and every byte."""
    where, raw, listed = bitcoin_network(name.lower()), block_bytes(path), read_json(path)
    block = wire.decode_block(raw, where)
    proof.check_block(block, where)
    assert (block.header.hash, block.header.merkle_root) == (listed["hash"], listed["merkleroot"])
    assert [each.txid for each in block.transactions] == listed["tx"]
    assert wire.encode_block(block) == raw
    for cut in range(0, len(raw) - 6000, 97):  # the extension block of one of them is not read
        with pytest.raises(MalformedBytes):
            wire.decode_block(raw[:cut], where)


def test_the_merge_mined_block_rests_on_its_parents_work() -> None:
    raw, where = block_bytes("btc-blocks/electrumx__dogecoin_mainnet_371337.json"), bitcoin_network("dogecoin")
    header = wire.decode_block(raw, where).header
    assert header.auxpow is not None
    assert len(header.auxpow.chain_branch) == 3
    with pytest.raises(ProofRefused, match="its work cannot be checked from 80 bytes"):
        proof.check_work(wire.decode_header(raw[:80], where), where)
    with pytest.raises(ProofRefused, match="does not name this block"):
        proof.check_work(replace(header, hash="ab" * 32), where)
    harder = replace(header, bits=0x1A364184)  # the hash is left as it was: only the parent's work is too little
    with pytest.raises(ProofRefused, match="does not meet its bits"):
        proof.check_work(harder, where)


def test_the_block_with_mweb_keeps_its_extension_and_says_where_value_leaves_sight() -> None:
    raw, where = block_bytes("btc-blocks/electrumx__litecoin_mainnet_2265985.json"), bitcoin_network("litecoin")
    block = wire.decode_block(raw, where)
    assert raw.endswith(block.extension)
    assert block.extension[:1] == b"\x01"
    assert [each.is_hogex for each in block.transactions].index(True) == len(block.transactions) - 1
    said = [notices(each, where) for each in block.transactions]
    pegged = sum(o.units for t in block.transactions[:-1] for o in t.outputs if o.script[:2] == b"\x59\x20")
    assert pegged == 6_064_917_570 + 2_996_898_140 + 4_217_283
    assert sum("mweb" in each for each in said) == 4, "three payments in, and the HogEx"
    hogex = block.transactions[-1]
    assert wire.decode_transaction(wire.encode(hogex), where) == hogex
    assert (hogex.size, hogex.stripped_size) == (len(wire.encode(hogex)), len(wire.encode(hogex, witness=False)))


@pytest.mark.parametrize(("path", "name"), FOREIGN_BLOCKS.items())
def test_blocks_of_other_chains_are_refused_by_name(path: str, name: str) -> None:
    with pytest.raises(UnsupportedChain, match=name):
        wire.decode_block(block_bytes(path))


def test_a_litecoin_transaction_of_the_mweb_form_is_refused_by_name() -> None:
    raw = block_bytes("btc-blocks/electrumx__litecoin_mainnet_2265985.json")
    at = raw.rindex(b"\x02\x00\x00\x00\x00\x08")
    with pytest.raises(UnsupportedChain, match="MWEB"):
        wire.decode_transaction(raw[at:])


@pytest.mark.parametrize("path", ["btc-blocks/bcoin__block482683.raw", "btc-blocks/bitcoinj__block169482.dat"])
def test_a_real_block_cut_anywhere_is_refused_with_its_offset(path: str) -> None:
    raw = block_bytes(path)
    for cut in range(0, len(raw), 97):
        with pytest.raises(MalformedBytes) as caught:
            wire.decode_block(raw[:cut])
        assert caught.value.offset <= cut
