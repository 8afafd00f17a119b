"""Transactions and blocks as bytes: strict reading and writing.

Reading is strict: what is read is written back to the same bytes. Nothing here trusts a count or a length before
the bytes for it are there, and every refusal names the field and the offset.

Source: BIP 144 (serialisation with witness), Bitcoin Core; Dogecoin Core (AuxPoW behind the header), Litecoin Core
and LIP-3 (extension block behind a HogEx).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from cryptotrace.chains.bitcoin.auxpow import AuxPow, is_merge_mined, read_auxpow
from cryptotrace.chains.bitcoin.cursor import Cursor
from cryptotrace.chains.bitcoin.foreign import refuse_foreign_header
from cryptotrace.chains.bitcoin.hashes import double_sha256, hash_bytes, hash_text
from cryptotrace.chains.bitcoin.network import BITCOIN, BitcoinNetwork
from cryptotrace.chains.bitcoin.txwire import (
    LEAST_TRANSACTION,
    MAX_UNITS,
    WireInput,
    WireOutput,
    WireTransaction,
    compact_size,
    decode_transaction,
    encode,
    read_transaction,
)
from cryptotrace.errors import MalformedBytes

__all__ = [
    "HEADER_SIZE",
    "MAX_UNITS",
    "Header",
    "WireBlock",
    "WireInput",
    "WireOutput",
    "WireTransaction",
    "decode_block",
    "decode_header",
    "decode_transaction",
    "encode",
    "encode_block",
    "encode_header",
    "read_header",
]

HEADER_SIZE = 80
_HEADER = struct.Struct("<i32s32sIII")


@dataclass(frozen=True, slots=True)
class Header:
    """A block header."""

    version: int
    """Version, 32 bits signed."""
    previous: str
    """Hash of the block below, as explorers print it."""
    merkle_root: str
    """Merkle root of the txids, as explorers print it."""
    time: int
    """The producer's statement of the time, seconds since 1970-01-01 UTC."""
    bits: int
    """The target in compact form."""
    nonce: int
    """The number that was searched for."""
    hash: str
    """Hash of the header, as explorers print it."""
    auxpow: AuxPow | None = None
    """The proof behind a merge-mined header; None if there is none, or if only the 80 bytes were at hand."""


@dataclass(frozen=True, slots=True)
class WireBlock:
    """A block as it stands in the bytes."""

    header: Header
    """The header."""
    transactions: tuple[WireTransaction, ...]
    """The transactions in order, coinbase first."""
    extension: bytes = b""
    """Litecoin's extension block (MWEB) behind the transactions, as it stands there; it is not read."""


def read_header(cursor: Cursor, network: BitcoinNetwork) -> Header:
    """The header that begins at the cursor, with the proof behind it if it is merge-mined.

    Raises:
        MalformedBytes: too few bytes, or a proof that cannot be read.
    """
    raw = cursor.take(HEADER_SIZE, "header")
    version, previous, root, time, bits, nonce = _HEADER.unpack(raw)
    auxpow = read_auxpow(cursor) if is_merge_mined(version, network) else None
    digest = hash_text(double_sha256(raw))
    return Header(version, hash_text(previous), hash_text(root), time, bits, nonce, digest, auxpow)


def decode_header(raw: bytes, network: BitcoinNetwork = BITCOIN) -> Header:
    """Read a block header: 80 bytes, and behind a merge-mined one its proof, if that is there.

    Raises:
        MalformedBytes: not 80 bytes, and not a merge-mined header with its proof.

    Source: Bitcoin Core, ``CBlockHeader``; Dogecoin Core, ``CAuxPow``.
    """
    raw = bytes(raw)
    if len(raw) > HEADER_SIZE and is_merge_mined(int.from_bytes(raw[:4], "little", signed=True), network):
        cursor = Cursor(raw)
        header = read_header(cursor, network)
        cursor.finish("header")
        return header
    if len(raw) != HEADER_SIZE:
        raise MalformedBytes(
            f"a block header has {HEADER_SIZE} bytes, got {len(raw)}", offset=min(len(raw), HEADER_SIZE), field="header"
        )
    version, previous, root, time, bits, nonce = _HEADER.unpack(raw)
    return Header(version, hash_text(previous), hash_text(root), time, bits, nonce, hash_text(double_sha256(raw)))


def decode_block(raw: bytes, network: BitcoinNetwork = BITCOIN) -> WireBlock:
    """Read a block, with or without witnesses. Work and Merkle root are checked in ``proof``.

    Behind a HogEx stands Litecoin's extension block: its bytes are kept and not read, so that nothing in it is
    checked. Behind a merge-mined header stands its proof.

    Args:
        raw: the bytes.
        network: the chain, whose form is read.

    Raises:
        MalformedBytes: the bytes are not a block, see ``decode_transaction``.
        UnsupportedChain: the network is of Bitcoin's work, and the header is merge-mined (Dogecoin) or its work is
            scrypt (Litecoin), or a transaction is of Litecoin's MWEB form. Only a header that fails Bitcoin's work is
            looked at for that.

    Source: BIP 144; Bitcoin Core, ``CBlock``; Dogecoin Core and Litecoin Core, ``CBlock``.
    """
    cursor = Cursor(bytes(raw))
    header = read_header(cursor, network)
    refuse_foreign_header(cursor.raw[:HEADER_SIZE], network)
    transactions = []
    start = cursor.at
    for i in range(cursor.count(LEAST_TRANSACTION, "transaction count")):
        cursor.transaction = i
        transactions.append(read_transaction(cursor, network))
    cursor.transaction = -1
    if not transactions:
        raise cursor.refusal("a block has at least one transaction", "transaction count", start)
    extension = _read_extension(cursor) if len(transactions) > 1 and transactions[-1].is_hogex else b""
    cursor.finish("block")
    return WireBlock(header, tuple(transactions), extension)


def _read_extension(cursor: Cursor) -> bytes:
    """The extension block with the byte that announces it; it is the last thing in a block.

    Source: Litecoin Core, ``CBlock`` (an optional: 0, or 1 and the extension block).
    """
    start = cursor.at
    mark = cursor.take(1, "extension block")
    if mark not in (b"\0", b"\1"):
        raise cursor.refusal(f"expected 0 or 1 before the extension block, got {mark.hex()}", "extension block", start)
    if mark == b"\1":
        cursor.at = cursor.end
    return cursor.raw[start : cursor.at]


def encode_header(header: Header) -> bytes:
    """The 80 bytes of a header; the proof of a merge-mined one is not among them."""
    previous, root = hash_bytes(header.previous), hash_bytes(header.merkle_root)
    return _HEADER.pack(header.version, previous, root, header.time, header.bits, header.nonce)


def encode_block(block: WireBlock) -> bytes:
    """The bytes of a block."""
    proof = block.header.auxpow.raw if block.header.auxpow is not None else b""
    body = b"".join(map(encode, block.transactions))
    return encode_header(block.header) + proof + compact_size(len(block.transactions)) + body + block.extension
