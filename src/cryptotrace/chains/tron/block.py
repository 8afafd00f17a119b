"""Blocks of TRON: header, id, who signed it, and the Merkle tree over its transactions.

A header commits to transactions only: there is no state root that balances or results could be proved by.

Source: java-tron, ``BlockCapsule`` (id, signature, root), ``MerkleTree`` (an odd node is carried up unchanged).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from cryptotrace.chains.tron.address import bytes_of, canonical_address
from cryptotrace.chains.tron.contracts import HEADER_RAW
from cryptotrace.chains.tron.fields import read_fields
from cryptotrace.chains.tron.protowire import BYTES, Reader, write_bytes, write_number
from cryptotrace.chains.tron.signature import recover_address
from cryptotrace.errors import MalformedBytes, ProofRefused

_HASH = 32
_MOST_NUMBER = (1 << 63) - 1
#: The root of a block without transactions.
EMPTY_ROOT = bytes(_HASH)


@dataclass(frozen=True, slots=True)
class Header:
    """A block header as it stands in the bytes."""

    id: str
    """Block id: the number in 8 bytes, then the last 24 bytes of SHA-256 over ``raw_data``; lower-case hex."""
    raw_data: bytes
    """The signed part."""
    number: int
    """Height."""
    parent: str
    """Id of the block below."""
    merkle_root: bytes
    """``txTrieRoot``, 32 bytes."""
    timestamp: int
    """The producer's statement of the time, milliseconds since 1970 UTC."""
    witness: str | None
    """The producer's account, base58check; None in the first block, where other text stands."""
    version: int
    """Version of the block format."""
    signature: bytes
    """65 bytes; empty in the first block."""
    notices: tuple[str, ...] = ()
    """Unknown or duplicated fields, by name."""


def decode_header(raw: bytes) -> Header:
    """Read a serialised ``BlockHeader``: signed part and signature.

    Raises:
        MalformedBytes: no protobuf, no signed part or two of them, or fields that no header has.

    Source: TRON protocol, ``core/Tron.proto``, message ``BlockHeader``.
    """
    raw = bytes(raw)
    signed: list[bytes] = []
    signature = b""
    notices: list[str] = []
    for each in Reader(raw, "block_header").fields():
        if each.wire != BYTES or each.number not in (1, 2):
            notices.append(f"unknown-field block_header.{each.number}")
        elif each.number == 1:
            signed.append(raw[each.start : each.stop])
        else:
            signature = raw[each.start : each.stop]
    if len(signed) != 1:
        raise MalformedBytes(
            f"{len(signed)} signed parts (raw_data); a header has one", offset=0, field="block_header.raw_data"
        )
    return header_of_raw_data(signed[0], signature, tuple(dict.fromkeys(notices)))


def header_of_raw_data(raw_data: bytes, signature: bytes = b"", notices: Sequence[str] = ()) -> Header:
    """Read the signed part of a header.

    Raises:
        MalformedBytes: no protobuf, or fields that no header has.
    """
    notes = list(notices)
    fields = read_fields(HEADER_RAW, raw_data, path="block_header.raw_data", notices=notes)
    number, parent, root = fields.number("number"), fields.data("parentHash"), fields.data("txTrieRoot")
    if number < 0:
        raise MalformedBytes(f"{number} is no height", offset=0, field="block_header.raw_data.number")
    for name, value in (("parentHash", parent), ("txTrieRoot", root)):
        if len(value) != _HASH:
            raise MalformedBytes(f"{len(value)} bytes, not {_HASH}", offset=0, field=f"block_header.raw_data.{name}")
    return Header(
        id=(number.to_bytes(8, "big") + hashlib.sha256(raw_data).digest()[8:]).hex(),
        raw_data=bytes(raw_data),
        number=number,
        parent=parent.hex(),
        merkle_root=root,
        timestamp=fields.number("timestamp"),
        witness=_witness(fields.data("witness_address")),
        version=fields.number("version"),
        signature=signature,
        notices=tuple(notes),
    )


def _witness(raw: bytes) -> str | None:
    # the first block has a sentence there instead of an address
    return canonical_address(raw.hex()) if len(raw) == 21 and raw[:1] == b"\x41" else None


def header_of_parts(
    *,
    number: int,
    parent: str,
    merkle_root: bytes,
    timestamp: int,
    witness: str,
    version: int,
    signature: bytes = b"",
    account_state_root: bytes = b"",
) -> Header:
    """The header made of the fields that the HTTP interface tells, with its id computed from them.

    Args:
        number: height.
        parent: id of the block below, 64 hex digits.
        merkle_root: ``txTrieRoot``.
        timestamp: milliseconds since 1970 UTC.
        witness: the producer's address, in any writing.
        version: version of the block format.
        signature: ``witness_signature``.
        account_state_root: ``accountStateRoot``, which most headers leave out.

    Raises:
        MalformedBytes: a field that cannot stand in a header.
        InvalidAddress: the witness is no address.
    """
    for name, value in (("number", number), ("timestamp", timestamp), ("version", version)):
        if not 0 <= value <= _MOST_NUMBER:
            raise MalformedBytes(f"{value} cannot stand in a header", offset=0, field=name)
    try:
        parent_hash = bytes.fromhex(parent)
    except ValueError:
        raise MalformedBytes(f"{parent[:80]!r} is not hexadecimal", offset=0, field="parentHash") from None
    raw_data = b"".join(
        (
            write_number(1, timestamp),
            write_bytes(2, merkle_root),
            write_bytes(3, parent_hash),
            write_number(7, number),
            write_bytes(9, b"\x41" + bytes_of(canonical_address(witness))),
            write_number(10, version),
            write_bytes(11, account_state_root),
        )
    )
    return header_of_raw_data(raw_data, signature)


def signer(header: Header) -> str:
    """Who signed the header: the address recovered from the signature, base58check.

    It is the producer's own account, or the key that the account has appointed for producing (its witness
    permission); which of them, only the account's permissions at that height tell.

    Raises:
        ProofRefused: no such signature.
    """
    return recover_address(hashlib.sha256(header.raw_data).digest(), header.signature)


def merkle_leaf(raw: bytes) -> bytes:
    """The leaf of a transaction: SHA-256 over the whole serialised transaction, signatures and results included.

    It is another hash than the txid, which covers the signed part only: prove both from the same bytes.
    """
    return hashlib.sha256(raw).digest()


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """The root over the leaves; 32 zero bytes for a block without transactions.

    Raises:
        ProofRefused: a leaf that is not 32 bytes.
    """
    if not leaves:
        return EMPTY_ROOT
    return _levels(leaves)[-1][0]


def merkle_branch(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The siblings from the leaf at ``index`` up to the root; a level at which it has none gives nothing.

    Raises:
        ProofRefused: no such leaf, or a leaf that is not 32 bytes.
    """
    if not 0 <= index < len(leaves):
        raise ProofRefused(f"no transaction at place {index} of {len(leaves)}")
    branch = []
    for level in _levels(leaves)[:-1]:
        sibling = index ^ 1
        if sibling < len(level):
            branch.append(level[sibling])
        index >>= 1
    return tuple(branch)


def verify_branch(leaf: bytes, index: int, branch: Sequence[bytes], root: bytes, n_transactions: int) -> None:
    """Check that ``leaf`` stands at ``index`` of a tree of ``n_transactions`` leaves with that root.

    The number of transactions must be known: at the right edge the depth depends on it.

    Raises:
        ProofRefused: a place outside the tree, siblings too many or too few, or another root.
    """
    if not 0 <= index < n_transactions:
        raise ProofRefused(f"no place {index} in a tree of {n_transactions} transactions")
    node, place, width = _node(leaf), index, n_transactions
    siblings = iter(branch)
    used = 0
    while width > 1:
        if place ^ 1 < width:
            sibling = next(siblings, None)
            if sibling is None:
                raise ProofRefused(f"{used} siblings are too few for place {index} of {n_transactions} transactions")
            used += 1
            node = _pair(_node(sibling), node) if place & 1 else _pair(node, _node(sibling))
        place, width = place >> 1, (width + 1) // 2
    if len(branch) != used:
        raise ProofRefused(f"{len(branch)} siblings; place {index} of {n_transactions} transactions takes {used}")
    if node != root:
        raise ProofRefused(f"the branch leads to {node.hex()}, the header says {root.hex()}")


def _levels(leaves: Sequence[bytes]) -> list[list[bytes]]:
    levels = [[_node(leaf) for leaf in leaves]]
    while len(levels[-1]) > 1:
        level = levels[-1]
        above = [_pair(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        levels.append(above + level[len(above) * 2 :])
    return levels


def _pair(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(left + right).digest()


def _node(value: bytes) -> bytes:
    if len(value) != _HASH:
        raise ProofRefused(f"a node of the Merkle tree has {_HASH} bytes, not {len(value)}")
    return value
