"""Small transactions and blocks made for the tests, and hypothesis strategies for any that can be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import strategies as st

from cryptotrace.chains.bitcoin.auxpow import AuxPow, is_merge_mined, read_auxpow
from cryptotrace.chains.bitcoin.cursor import Cursor
from cryptotrace.chains.bitcoin.hashes import double_sha256, hash_bytes, scrypt_work, target_of_bits
from cryptotrace.chains.bitcoin.header import check_work
from cryptotrace.chains.bitcoin.merkle import merkle_root
from cryptotrace.chains.bitcoin.network import BitcoinNetwork
from cryptotrace.chains.bitcoin.wire import (
    Header,
    WireBlock,
    WireInput,
    WireOutput,
    WireTransaction,
    decode_header,
    encode,
    encode_header,
)
from cryptotrace.errors import ProofRefused
from cryptotrace.model.transaction import Outpoint

P2PKH = bytes.fromhex("76a914751e76e8199196d454941c45d1b3a323f1433bd688ac")
NULL = Outpoint("0" * 64, 0xFFFFFFFF)
#: The first transaction there ever was; its hash is the Merkle root of every early network's genesis block.
GENESIS_TRANSACTION = bytes.fromhex(
    "01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff4d04ffff001d0104455468652054"
    "696d65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66207365636f6e64206261696c6f757420"
    "666f722062616e6b73ffffffff0100f2052a01000000434104678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61"
    "deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac00000000"
)


def spend(*outpoints: Outpoint, pays: Sequence[int] = (1000,), witness: Sequence[bytes] = ()) -> WireTransaction:
    """A transaction that spends the outpoints and pays the amounts to one script."""
    inputs = [WireInput(each, b"", 0xFFFFFFFF, tuple(witness)) for each in outpoints]
    return WireTransaction.build(inputs, [WireOutput(units, P2PKH) for units in pays])


def coinbase(units: int, tag: bytes = b"\x01\x01", *, outputs: Sequence[WireOutput] = ()) -> WireTransaction:
    """A coinbase; with ``outputs`` it carries the reserved value that a witness commitment needs."""
    witness = (bytes(32),) if outputs else ()
    return WireTransaction.build([WireInput(NULL, tag, 0xFFFFFFFF, witness)], [WireOutput(units, P2PKH), *outputs])


def commitment(others: Sequence[WireTransaction]) -> WireOutput:
    """The coinbase output that commits to the witnesses of the other transactions."""
    root = merkle_root(["0" * 64, *(each.wtxid for each in others)])
    return WireOutput(0, bytes.fromhex("6a24aa21a9ed") + double_sha256(hash_bytes(root) + bytes(32)))


def mine(transactions: Sequence[WireTransaction], previous: str = "0" * 64, bits: int = 0x207FFFFF) -> WireBlock:
    """A block of regtest's difficulty over the transactions."""
    root = merkle_root([each.txid for each in transactions])
    draft = Header(1, previous, root, 1_600_000_000, bits, 0, "")
    for nonce in range(10_000):
        header = decode_header(encode_header(replace(draft, nonce=nonce)))
        if int(header.hash, 16) <= target_of_bits(bits):
            return WireBlock(header, tuple(transactions))
    raise AssertionError("no nonce found")


def mine_on(
    network: BitcoinNetwork,
    transactions: Sequence[WireTransaction],
    previous: str = "0" * 64,
    *,
    version: int = 1,
    extension: bytes = b"",
) -> WireBlock:
    """A block of the easiest work of a regtest-like network, merge-mined if its version says so."""
    root = merkle_root([each.txid for each in transactions])
    draft = Header(version, previous, root, 1_600_000_000, 0x207FFFFF, 0, "")
    if is_merge_mined(version, network):
        header = decode_header(encode_header(draft), network)
        return WireBlock(replace(header, auxpow=merge_mined(header.hash)), tuple(transactions), extension)
    for nonce in range(10_000):
        header = decode_header(encode_header(replace(draft, nonce=nonce)), network)
        try:
            check_work(header, network)
        except ProofRefused:
            continue
        return WireBlock(header, tuple(transactions), extension)
    raise AssertionError("no nonce found")


def merge_mined(
    block_hash: str,
    *,
    text: bytes | None = None,
    chain_branch: Sequence[bytes] = (),
    chain_index: int = 0,
    nonce: int = 0,
    parent_version: int = 0x20000000,
    bits: int = 0x207FFFFF,
) -> AuxPow:
    """The proof of a parent block made for it; ``text`` takes the place of the coinbase's text."""
    node = hash_bytes(block_hash)
    for place, sibling in enumerate(chain_branch):
        is_right = chain_index >> place & 1
        node = double_sha256(sibling + node if is_right else node + sibling)
    if text is None:
        text = b"\x03abc\xfa\xbemm" + node[::-1] + (1 << len(chain_branch)).to_bytes(4, "little")
        text += nonce.to_bytes(4, "little")
    first, other = coinbase(5_000, text), spend(Outpoint("77" * 32, 0))
    draft = Header(parent_version, "55" * 32, merkle_root([first.txid, other.txid]), 1_600_000_000, bits, 0, "")
    tries = (encode_header(replace(draft, nonce=tried)) for tried in range(10_000))
    parent = next(raw for raw in tries if (scrypt_work(raw) or 0) <= target_of_bits(bits))
    raw = encode(first) + bytes(32) + b"\x01" + hash_bytes(other.txid) + bytes(4)
    raw += bytes([len(chain_branch)]) + b"".join(chain_branch) + chain_index.to_bytes(4, "little") + parent
    cursor = Cursor(raw)
    made = read_auxpow(cursor)
    cursor.finish("proof")
    return made


outpoints = st.builds(Outpoint, st.binary(min_size=32, max_size=32).map(bytes.hex), st.integers(0, 0xFFFFFFFE))
_words = st.integers(0, 0xFFFFFFFF)
_inputs = st.lists(
    st.builds(
        WireInput,
        outpoints,
        st.binary(max_size=300),
        _words,
        st.lists(st.binary(max_size=300), max_size=3).map(tuple),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda each: each.outpoint,
)
_outputs = st.lists(st.builds(WireOutput, st.integers(0, 5 * 10**14), st.binary(max_size=300)), min_size=1, max_size=4)
#: Any transaction that can be read.
transactions = st.builds(
    lambda inputs, outputs, version, locktime: WireTransaction.build(
        inputs, outputs, version=version, locktime=locktime
    ),
    _inputs,
    _outputs,
    _words,
    _words,
)
