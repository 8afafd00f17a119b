"""A chain held in memory: what follows from what is held, and that nothing else is said."""

from __future__ import annotations

import pytest
from tests import training_chain
from tests.sources.blockfolder import block_at, payment
from tests.sources.chain import REGTEST, Chain
from tests.training_chain import story

from cryptotrace.chains.bitcoin.script import account_of_script
from cryptotrace.chains.bitcoin.wire import decode_transaction, encode, encode_block
from cryptotrace.chains.networks import bitcoin_network
from cryptotrace.errors import DataNotFound, MalformedBytes, NotSupported, SourceLied
from cryptotrace.evidence.recorder import MemoryRecorder
from cryptotrace.model.block import BlockRef, Tip
from cryptotrace.model.source import RawBlock, RawTransaction, Spend, SpendUnknown, SpentOutput, Unspent
from cryptotrace.model.transaction import Outpoint
from cryptotrace.sources.memory import MemorySource

CHAIN = Chain()
RAW = training_chain.blocks()
CLAIMED = Outpoint.parse(story()["claims"][0]["outpoint"])
SPENDER, VIN = CHAIN.spenders[CLAIMED]
HEIGHT, INDEX = CHAIN.places[SPENDER]
PAYMENT = decode_transaction(encode(CHAIN.txs[SPENDER]))


def loose(txid: str, /, *, height: int | None = None, **changes: object) -> RawTransaction:
    block = None
    if height is not None:
        header = CHAIN.blocks[height].header
        block = BlockRef(REGTEST.chain, height, header.hash, header.time)
    values = {"txid": txid, "raw": encode(CHAIN.txs[txid]), "block": block, "index": -1} | changes
    return RawTransaction(REGTEST.chain, evidence="", **values)  # type: ignore[arg-type]


def test_every_answer_over_the_whole_chain_is_that_of_the_blocks() -> None:
    source = MemorySource.from_raw(REGTEST, RAW)

    for txid, tx in CHAIN.txs.items():
        (found,) = source.transactions([txid])
        height, index = CHAIN.places[txid]
        assert (found.raw, found.index) == (encode(tx), index)
        assert found.block == source.block(height).ref
        assert source.merkle_branch(txid)[1:] == CHAIN.branch(txid)
        outpoints = [Outpoint(txid, n) for n in range(len(tx.outputs))]
        for outpoint, answer in zip(outpoints, source.spends(outpoints), strict=True):
            if outpoint in CHAIN.spenders:
                assert isinstance(answer, Spend)
                assert (answer.txid, answer.vin) == CHAIN.spenders[outpoint]
            else:
                assert isinstance(answer, Unspent)
    for script, txids in CHAIN.by_script.items():
        owner = account_of_script(script, REGTEST)
        assert list(source.history(owner)) == txids
        assert source.balance(owner) == (CHAIN.unspent(script), source.tip())


def test_what_is_not_held_is_not_found_or_unknown() -> None:
    source = MemorySource.from_raw(REGTEST, RAW[110:], first_height=110)

    for question in (
        lambda: source.block(109),
        lambda: source.block(126),
        lambda: source.block_by_hash(CHAIN.blocks[5].header.hash),
        lambda: list(source.transactions(["ab" * 32])),
        lambda: source.merkle_branch("ab" * 32),
    ):
        with pytest.raises(DataNotFound, match="memory:"):
            question()
    answers = source.spends([Outpoint("ab" * 32, 0), Outpoint(SPENDER, 99)])
    assert [type(each) for each in answers] == [SpendUnknown] * 2
    with pytest.raises(NotSupported, match="every block from genesis"):
        source.balance(account_of_script(CHAIN.output(CLAIMED).script, REGTEST))


def test_a_transaction_alone_says_nothing_about_who_spends_it() -> None:
    source = MemorySource(REGTEST, transactions=[loose(CLAIMED.txid, height=CHAIN.places[CLAIMED.txid][0])])
    (answer,) = source.spends([CLAIMED])

    assert isinstance(answer, SpendUnknown)
    assert "a node, an Electrum server or an explorer would tell" in answer.reason


def test_blocks_above_the_tip_are_unconfirmed_as_of_it() -> None:
    whole = MemorySource.from_raw(REGTEST, RAW)
    held = [whole.block(height) for height in range(126)]
    tip = Tip(REGTEST.chain, HEIGHT - 1, CHAIN.blocks[HEIGHT - 1].header.hash)
    source = MemorySource(REGTEST, blocks=held, tip=tip)

    (found,) = source.transactions([SPENDER])
    (spend,) = source.spends([CLAIMED])
    assert (found.block, found.index) == (None, -1)
    assert isinstance(spend, Spend)
    assert spend.block is None
    with pytest.raises(DataNotFound):
        source.block(HEIGHT)


def test_an_unconfirmed_conflict_with_the_chain_counts_for_nothing_and_a_replacement_counts() -> None:
    theft = payment(CLAIMED, 1)
    source = MemorySource.from_raw(REGTEST, RAW, unconfirmed=[encode(theft)])
    (spend,) = source.spends([CLAIMED])
    assert isinstance(spend, Spend)
    assert spend.txid == SPENDER

    first, second = payment(CLAIMED, 1), payment(CLAIMED, 2)
    source = MemorySource.from_raw(REGTEST, RAW[:HEIGHT], unconfirmed=[encode(first), encode(second)])
    (spend,) = source.spends([CLAIMED])
    assert isinstance(spend, Spend)
    assert (spend.txid, spend.block) == (second.txid, None)


def test_what_a_source_reported_of_spent_outputs_is_passed_on_and_otherwise_looked_up() -> None:
    reported = {CLAIMED: SpentOutput(5, b"\x51")}
    (told,) = MemorySource(REGTEST, transactions=[loose(SPENDER, spent=reported)]).transactions([SPENDER])
    (found,) = MemorySource.from_raw(REGTEST, RAW).transactions([SPENDER])

    assert told.spent == reported
    assert found.spent[CLAIMED] == SpentOutput(CHAIN.output(CLAIMED).units, CHAIN.output(CLAIMED).script)


def test_bytes_are_recorded_when_they_are_first_used_and_not_before() -> None:
    recorder = MemoryRecorder()
    source = MemorySource.from_raw(REGTEST, RAW, recorder=recorder)
    assert list(recorder.records()) == []

    (found,) = source.transactions([SPENDER])
    list(source.transactions([SPENDER]))
    (record,) = recorder.records()
    assert (record.digest, recorder.read(record.digest)) == (found.evidence, RAW[HEIGHT])


# --- what is refused --------------------------------------------------------------------------------------------------


def test_a_txid_that_does_not_match_its_bytes_is_caught() -> None:
    with pytest.raises(SourceLied, match=f"gives the txid {'ab' * 32} to bytes that hash to {SPENDER}"):
        MemorySource(REGTEST, transactions=[loose(SPENDER, txid="ab" * 32)])


def test_blocks_that_do_not_build_on_each_other_are_refused() -> None:
    with pytest.raises(SourceLied, match="hand the blocks in in the order of the chain"):
        MemorySource.from_raw(REGTEST, [RAW[0], RAW[2]])
    with pytest.raises(SourceLied, match="easier than this network allows"):
        MemorySource.from_raw(bitcoin_network("bitcoin"), RAW[:2])
    with pytest.raises(MalformedBytes):
        MemorySource.from_raw(REGTEST, [RAW[0][:-1]])


def test_a_transaction_in_two_blocks_or_two_blocks_at_one_height_are_refused() -> None:
    fork = block_at(HEIGHT, CHAIN.blocks[HEIGHT - 1].header.hash)
    ref = BlockRef(REGTEST.chain, HEIGHT, fork.header.hash, fork.header.time)
    held = RawBlock(ref, encode_block(fork), "")

    with pytest.raises(SourceLied, match="only one can be in the chain"):
        MemorySource(REGTEST, blocks=[held], transactions=[loose(SPENDER, height=HEIGHT)])
    with pytest.raises(SourceLied, match="only one can be in the chain"):
        MemorySource(REGTEST, transactions=[loose(SPENDER, height=HEIGHT), loose(SPENDER, height=3)])
