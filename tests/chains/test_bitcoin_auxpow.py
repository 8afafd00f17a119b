"""Merged mining: what a proof must lead to, and each way in which one that does not is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.chains.blockmaker import coinbase, merge_mined, mine_on

from cryptotrace.chains import bitcoin_network
from cryptotrace.chains.bitcoin import wire
from cryptotrace.chains.bitcoin.auxpow import AuxPow, check_auxpow
from cryptotrace.chains.bitcoin.hashes import hash_bytes
from cryptotrace.chains.bitcoin.proof import check_block, check_headers, check_work
from cryptotrace.errors import MalformedBytes, ProofRefused

WHERE = bitcoin_network("dogecoin-regtest")
VERSION = 0x00620104
BLOCK = mine_on(WHERE, [coinbase(5_000)], version=VERSION)
HASH = BLOCK.header.hash
MARK = b"\xfa\xbemm"
ROOT = hash_bytes(HASH)[::-1]
ONE = (1).to_bytes(4, "little") + bytes(4)


def test_a_merge_mined_block_is_read_back_to_its_bytes_and_has_its_parents_work() -> None:
    raw = wire.encode_block(BLOCK)
    read = wire.decode_block(raw, WHERE)
    assert read == BLOCK
    assert wire.encode_block(read) == raw
    check_block(read, WHERE)
    assert read.header.auxpow is not None
    assert check_auxpow(read.header.auxpow, HASH, VERSION, WHERE) == read.header.auxpow.parent
    assert wire.decode_header(raw[:80] + read.header.auxpow.raw, WHERE) == read.header


def test_headers_with_and_without_proof_make_a_chain() -> None:
    first = mine_on(WHERE, [coinbase(1)])
    second = mine_on(WHERE, [coinbase(2)], first.header.hash, version=VERSION)
    assert check_headers([first.header, second.header], WHERE) == 4


# by hand for a tree of eight: 1103515245 is 5 modulo 8, 12345 is 1, and 98 is 2, so it is (5 (5 nonce + 3) + 1) mod 8
@pytest.mark.parametrize(("nonce", "place"), [(0, 0), (1, 1), (2, 2), (0xFFFFFFFF, 7)])
def test_a_chain_may_stand_under_a_tree_of_several_at_its_one_place(nonce: int, place: int) -> None:
    siblings = [bytes([n]) * 32 for n in (1, 2, 3)]
    good = [n for n in range(8) if _passes(merge_mined(HASH, chain_branch=siblings, chain_index=n, nonce=nonce))]
    assert good == [place]


def _passes(made: AuxPow) -> bool:
    try:
        check_auxpow(made, HASH, VERSION, WHERE)
    except ProofRefused:
        return False
    return True


def test_without_the_mark_the_root_must_stand_early() -> None:
    assert _passes(merge_mined(HASH, text=bytes(20) + ROOT + ONE))
    with pytest.raises(ProofRefused, match="first 20 bytes"):
        check_auxpow(merge_mined(HASH, text=bytes(21) + ROOT + ONE), HASH, VERSION, WHERE)


GOOD = merge_mined(HASH)


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (replace(GOOD, index=1), "not on its coinbase"),
        (merge_mined(HASH, parent_version=0x00620004), "a parent of dogecoin-regtest itself"),
        (replace(GOOD, chain_branch=(bytes(32),) * 31), "a branch of 31 chains"),
        (replace(GOOD, branch=(bytes(32),)), "does not lead to the parent's Merkle root"),
        (merge_mined("ab" * 32), "does not name this block"),
        (merge_mined(HASH, text=MARK + b"x" + ROOT + ONE), "right before the root"),
        (merge_mined(HASH, text=MARK + ROOT + ONE + MARK), "must stand once"),
        (merge_mined(HASH, text=ROOT[::-1] + ONE), "does not name this block"),
        (merge_mined(HASH, text=MARK + ROOT + ONE[:7]), "size and nonce"),
        (merge_mined(HASH, text=MARK + ROOT + (2).to_bytes(4, "little") + bytes(4)), "a tree of 2"),
        (replace(GOOD, chain_index=1), "stands at place 1, not at 0"),
    ],
)
def test_a_proof_that_does_not_hold_is_refused_with_the_reason(made: AuxPow, reason: str) -> None:
    with pytest.raises(ProofRefused, match=reason):
        check_auxpow(made, HASH, VERSION, WHERE)


def test_the_version_must_name_the_chain() -> None:
    with pytest.raises(ProofRefused, match="is for chain 1, dogecoin-regtest is chain 98"):
        check_auxpow(GOOD, HASH, 0x00010104, WHERE)


def test_a_proof_whose_parent_has_too_little_work_is_refused() -> None:
    hard = replace(BLOCK.header, bits=0x1E0FFFFF)
    with pytest.raises(ProofRefused, match="does not meet its bits"):
        check_work(hard, WHERE)


def test_a_header_without_its_proof_is_not_said_to_have_work() -> None:
    bare = wire.decode_header(wire.encode_header(BLOCK.header), WHERE)
    assert bare.auxpow is None
    with pytest.raises(ProofRefused, match="read the whole block"):
        check_work(bare, WHERE)


def test_a_python_without_scrypt_does_not_claim_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("hashlib.scrypt")
    with pytest.raises(ProofRefused, match="built without scrypt"):
        check_work(BLOCK.header, WHERE)


def test_a_cut_proof_is_malformed_and_names_its_field() -> None:
    raw = wire.encode_block(BLOCK)
    assert BLOCK.header.auxpow is not None
    for cut in range(80, 80 + len(BLOCK.header.auxpow.raw), 7):
        with pytest.raises(MalformedBytes):
            wire.decode_block(raw[:cut], WHERE)
    with pytest.raises(MalformedBytes, match=r"auxpow\.parent"):
        wire.decode_block(raw[: 80 + len(BLOCK.header.auxpow.raw) - 1], WHERE)
    with pytest.raises(MalformedBytes, match="end of header"):
        wire.decode_header(raw[:80] + BLOCK.header.auxpow.raw + b"\0", WHERE)
