"""Blocks in files as a source: what they answer, and what damage does to the answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.chains.real_blocks import FOREIGN_BLOCKS, block_bytes
from tests.sources.blockfolder import block_at, entry, payment, write
from tests.sources.chain import REGTEST, Chain
from tests.training_chain import blocks, story

from cryptotrace.chains.bitcoin.hashes import double_sha256
from cryptotrace.chains.bitcoin.script import account_of_script
from cryptotrace.chains.bitcoin.wire import encode, encode_block
from cryptotrace.chains.networks import bitcoin_network
from cryptotrace.errors import ConfigurationError, DataNotFound, MalformedBytes, UnsupportedChain
from cryptotrace.evidence.recorder import MemoryRecorder
from cryptotrace.model.source import Spend, SpendUnknown, Unspent
from cryptotrace.model.transaction import Outpoint
from cryptotrace.sources import open_source
from cryptotrace.sources.blocks import BlocksSource
from cryptotrace.sources.policy import Policy

CHAIN = Chain()
TRAINING = blocks()
CLAIMED = Outpoint.parse(story()["claims"][0]["outpoint"])
SPENDER, VIN = CHAIN.spenders[CLAIMED]
HEIGHT, INDEX = CHAIN.places[SPENDER]


def source(
    folder: Path, *files: list[bytes], recorder: MemoryRecorder | None = None, height: int | None = None
) -> BlocksSource:
    path = write(folder, *(b"".join(map(entry, raws)) for raws in files))
    return BlocksSource(REGTEST, path, recorder or MemoryRecorder(), "blocks:x", height)


def test_the_whole_chain_answers_everything(tmp_path: Path) -> None:
    recorder = MemoryRecorder()
    held = source(tmp_path, TRAINING[60:], TRAINING[:60], recorder=recorder)
    script = CHAIN.output(CLAIMED).script

    (found,) = held.transactions([SPENDER])
    spent, unspent = held.spends([CLAIMED, Outpoint(CHAIN.blocks[-1].transactions[0].txid, 0)])

    assert (found.raw, found.index, found.block) == (encode(CHAIN.txs[SPENDER]), INDEX, held.block(HEIGHT).ref)
    assert recorder.read(found.evidence) == TRAINING[HEIGHT]
    assert isinstance(spent, Spend)
    assert (spent.txid, spent.vin) == (SPENDER, VIN)
    assert isinstance(unspent, Unspent)
    assert list(held.history(account_of_script(script, REGTEST))) == CHAIN.by_script[script]
    assert held.merkle_branch(SPENDER)[1:] == CHAIN.branch(SPENDER)
    assert held.block_by_hash(CHAIN.tip).raw == TRAINING[-1]


def test_a_block_is_recorded_once_with_file_and_offset(tmp_path: Path) -> None:
    recorder = MemoryRecorder()
    held = source(tmp_path, TRAINING, recorder=recorder)
    for _ in range(2):
        held.block(0)

    assert [r.request for r in recorder.records()] == [f"block {REGTEST.genesis_hash} height 0 in blk00000.dat at 8"]


def test_what_is_not_in_the_files_is_not_found_or_unknown(tmp_path: Path) -> None:
    held = source(tmp_path, TRAINING)

    for question in (
        lambda: list(held.transactions(["ab" * 32])),
        lambda: held.block(126),
        lambda: held.block_by_hash("ab" * 32),
        lambda: held.merkle_branch("ab" * 32),
    ):
        with pytest.raises(DataNotFound, match="blocks:x"):
            question()
    answers = held.spends([Outpoint("ab" * 32, 0), Outpoint(SPENDER, 99)])
    assert [type(each) for each in answers] == [SpendUnknown] * 2


def test_an_output_from_before_a_gap_is_unknown_and_never_unspent(tmp_path: Path) -> None:
    """Block 112 is not there: what it spends of earlier outputs cannot be told, what later blocks spend can."""
    held = source(tmp_path, TRAINING[:112], TRAINING[113:])
    missing = {tx.txid for tx in CHAIN.blocks[112].transactions}

    for outpoint in (Outpoint(t, 0) for t, (height, _) in CHAIN.places.items() if height < 112):
        (answer,) = held.spends([outpoint])
        spender = CHAIN.spenders.get(outpoint, ("", 0))[0]
        if spender and spender not in missing:
            assert isinstance(answer, Spend)
        else:
            assert isinstance(answer, SpendUnknown)
            assert "not every block from" in answer.reason


def test_a_stale_branch_answers_nothing_and_is_named(tmp_path: Path) -> None:
    paid = Outpoint(CHAIN.blocks[1].transactions[0].txid, 0)
    theft = payment(paid, 1, 2)
    stale = block_at(125, CHAIN.blocks[124].header.hash, theft)
    held = source(tmp_path, TRAINING, [encode_block(stale)])

    assert held.stale == (stale.header.hash,)
    with pytest.raises(DataNotFound):
        list(held.transactions([theft.txid]))
    with pytest.raises(DataNotFound, match="is on a branch with less work"):
        held.block_by_hash(stale.header.hash)


def test_a_longer_branch_takes_the_place_of_what_was_the_chain(tmp_path: Path) -> None:
    other = block_at(125, CHAIN.blocks[124].header.hash, tag=b"other")
    top = block_at(126, other.header.hash)
    held = source(tmp_path, TRAINING, [encode_block(other), encode_block(top)])

    assert (held.tip().height, held.tip().hash) == (126, top.header.hash)
    assert held.stale == (CHAIN.tip,)


def test_a_half_written_tail_is_announced_and_the_rest_answers(tmp_path: Path) -> None:
    data = b"".join(map(entry, TRAINING[:125])) + entry(TRAINING[125])[:100]
    folder = write(tmp_path, data)
    said: list[str] = []
    held = open_source(f"blocks:{folder}", REGTEST, MemoryRecorder(), Policy(notice=said.append))

    assert held.tip().height == 124
    assert len(said) == 1
    assert f"offset {len(data) - 100}: half-written, 92 of {len(TRAINING[125])} bytes are there" in said[0]


def test_a_block_whose_merkle_root_is_wrong_is_refused_with_file_and_place(tmp_path: Path) -> None:
    raw = bytearray(TRAINING[HEIGHT])
    raw[-5] ^= 1
    held = source(tmp_path, [*TRAINING[:HEIGHT], bytes(raw), *TRAINING[HEIGHT + 1 :]])

    with pytest.raises(
        MalformedBytes, match=rf"blk00000\.dat: the block .* at height {HEIGHT} is damaged.*copy the file"
    ) as e:
        held.block(HEIGHT)
    assert e.value.offset == sum(len(entry(each)) for each in TRAINING[:HEIGHT]) + 8
    assert held.block(HEIGHT - 1).raw == TRAINING[HEIGHT - 1], "what is whole is still read"


def test_a_damaged_copy_is_passed_over_if_there_is_a_good_one(tmp_path: Path) -> None:
    raw = bytearray(TRAINING[HEIGHT])
    raw[-5] ^= 1
    held = source(tmp_path, [*TRAINING[:HEIGHT], bytes(raw), *TRAINING[HEIGHT:]])

    assert held.block(HEIGHT).raw == TRAINING[HEIGHT]
    assert isinstance(next(iter(held.spends([CLAIMED]))), Spend)


def test_a_run_above_genesis_takes_the_height_that_is_given(tmp_path: Path) -> None:
    first = block_at(0, "ab" * 32, told=False)
    folder = write(tmp_path, entry(encode_block(first)))

    held = open_source(f"blocks:{folder}?height=170", REGTEST, MemoryRecorder())
    assert held.tip().height == 170
    with pytest.raises(ConfigurationError, match=r"\?height=N"):
        open_source(f"blocks:{folder}", REGTEST, MemoryRecorder())
    with pytest.raises(ConfigurationError, match="whole number"):
        open_source(f"blocks:{folder}?height=low", REGTEST, MemoryRecorder())


@pytest.mark.shared
@pytest.mark.parametrize("before", ["", "f9beb4d9", "c0c0c0c0", "fbc0b6db"])
@pytest.mark.parametrize(("path", "name"), FOREIGN_BLOCKS.items())
def test_blocks_of_other_chains_are_refused_by_name(tmp_path: Path, path: str, name: str, before: str) -> None:
    """Raw, and behind bitcoin's own magic, what the block is says the name; behind another's magic the magic does."""
    raw = block_bytes(path)
    magic = bytes.fromhex(before)
    file = tmp_path / "blk00000.dat"
    file.write_bytes(entry(raw, magic) if magic else raw)
    named = {"c0c0c0c0": "holds blocks of dogecoin", "fbc0b6db": "holds blocks of litecoin"}.get(before, name)

    for place in (file, tmp_path):
        with pytest.raises((UnsupportedChain, ConfigurationError), match=named):
            open_source(f"blocks:{place}", bitcoin_network("bitcoin"), MemoryRecorder())


def test_blocks_that_are_nobodys_are_said_not_to_verify(tmp_path: Path) -> None:
    folder = write(tmp_path, entry(TRAINING[1], bitcoin_network("bitcoin").magic))

    with pytest.raises(
        ConfigurationError, match=r"no block of bitcoin in .*blk00000\.dat, offset 8; are they of another"
    ):
        open_source(f"blocks:{folder}", bitcoin_network("bitcoin"), MemoryRecorder())


def test_an_empty_file_and_an_empty_folder_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "empty-file", b"")
    (tmp_path / "empty-folder").mkdir()

    for name, reason in (("empty-file", "no block of bitcoin-regtest"), ("empty-folder", r"no blk\*\.dat")):
        with pytest.raises(ConfigurationError, match=reason):
            open_source(f"blocks:{tmp_path / name}", REGTEST, MemoryRecorder())


def test_a_block_whose_work_does_not_verify_is_left_out_and_said(tmp_path: Path) -> None:
    raw = bytearray(TRAINING[HEIGHT])
    while int.from_bytes(double_sha256(bytes(raw[:80])), "little") < REGTEST.max_target:
        raw[76] = (raw[76] + 1) % 256
    folder = write(tmp_path, b"".join(map(entry, [*TRAINING, bytes(raw)])))
    said: list[str] = []

    held = open_source(f"blocks:{folder}", REGTEST, MemoryRecorder(), Policy(notice=said.append))

    assert held.tip().height == 125
    assert len(said) == 1
    assert f"blk00000.dat: block at byte {sum(len(entry(each)) for each in TRAINING) + 8} left out" in said[0]
