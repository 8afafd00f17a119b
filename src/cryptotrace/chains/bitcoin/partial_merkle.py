"""Partial Merkle trees: a header with the proof that some transactions are under it.

Source: BIP 37; Bitcoin Core's reading of it (unused hashes and bits are refused).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cryptotrace.chains.bitcoin.cursor import Cursor
from cryptotrace.chains.bitcoin.hashes import hash_text
from cryptotrace.chains.bitcoin.header import check_work
from cryptotrace.chains.bitcoin.merkle import pair
from cryptotrace.chains.bitcoin.network import BitcoinNetwork
from cryptotrace.chains.bitcoin.wire import Header, read_header
from cryptotrace.errors import ProofRefused

#: Weight, or bytes, of the smallest transaction: more than the largest block over this do not fit into a block.
_LEAST_WEIGHT = 240


@dataclass(frozen=True, slots=True)
class MerkleBlock:
    """A header with the proof that some transactions are under it, as ``gettxoutproof`` gives it."""

    header: Header
    """The header; its work is checked."""
    n_transactions: int
    """How many transactions the prover says the block has. Bound to the root only together with the depth."""
    matched: tuple[tuple[int, str], ...]
    """Place and txid of each transaction that is proved, in order."""


class _PartialTree:
    """The walk through a partial Merkle tree; knows how many bits and hashes it has used."""

    def __init__(self, n_transactions: int, hashes: Sequence[bytes], flags: bytes) -> None:
        self.n_transactions = n_transactions
        self.hashes = hashes
        self.flags = flags
        self.used_hashes = 0
        self.used_bits = 0
        self.matched: list[tuple[int, str]] = []

    def _bit(self) -> bool:
        at = self.used_bits
        if at >= len(self.flags) * 8:
            raise ProofRefused("partial Merkle tree: it needs more flag bits than it has")
        self.used_bits += 1
        return bool(self.flags[at // 8] >> at % 8 & 1)

    def _hash(self) -> bytes:
        if self.used_hashes >= len(self.hashes):
            raise ProofRefused("partial Merkle tree: it needs more hashes than it has")
        self.used_hashes += 1
        return self.hashes[self.used_hashes - 1]

    def width(self, height: int) -> int:
        return (self.n_transactions + (1 << height) - 1) >> height

    def walk(self, height: int, place: int) -> bytes:
        holds_match = self._bit()
        if height == 0 or not holds_match:
            node = self._hash()
            if height == 0 and holds_match:
                self.matched.append((place, hash_text(node)))
            return node
        left = right = self.walk(height - 1, place * 2)
        if place * 2 + 1 < self.width(height - 1):
            right = self.walk(height - 1, place * 2 + 1)
            if right == left:
                raise ProofRefused(f"partial Merkle tree: two equal neighbours at height {height - 1} (CVE-2012-2459)")
        return pair(left, right)

    def root(self) -> bytes:
        root = self.walk((self.n_transactions - 1).bit_length(), 0)
        if self.used_hashes != len(self.hashes):
            raise ProofRefused(f"partial Merkle tree: {len(self.hashes) - self.used_hashes} hashes are not used")
        if (self.used_bits + 7) // 8 != len(self.flags) or self.flags[-1] >> ((self.used_bits - 1) % 8 + 1):
            raise ProofRefused("partial Merkle tree: flag bits are left over")
        return root


def parse_merkle_block(raw: bytes, network: BitcoinNetwork) -> MerkleBlock:
    """Read and check a partial Merkle tree with its header (``gettxoutproof``, the message ``merkleblock``).

    A matched txid of a transaction of 64 bytes could still be an inner node: the caller holds the transaction's
    bytes and asks ``proof.is_node_sized``.

    Args:
        raw: header and tree.
        network: the chain, whose kind of work and easiest target the header must meet.

    Raises:
        MalformedBytes: truncated or trailing bytes.
        ProofRefused: the header does not meet its work or is easier than the network allows, the tree does not lead
            to its Merkle root, equal neighbours, or hashes or flag bits that are not used.

    Source: BIP 37.
    """
    raw = bytes(raw)
    reader = Cursor(raw)
    header = read_header(reader, network)
    n_transactions = int.from_bytes(reader.take(4, "transaction count"), "little")
    if not 0 < n_transactions <= network.max_block_size // _LEAST_WEIGHT:
        raise ProofRefused(f"partial Merkle tree: {n_transactions} transactions cannot be in one block")
    n_hashes = reader.compact("hash count")
    if n_hashes > n_transactions:
        raise ProofRefused(f"partial Merkle tree: {n_hashes} hashes for {n_transactions} transactions")
    hashes = [reader.take(32, f"hashes[{i}]") for i in range(n_hashes)]
    flags = reader.take(reader.compact("flag bytes"), "flags")
    reader.finish("proof")
    check_work(header, network)
    tree = _PartialTree(n_transactions, hashes, flags)
    root = hash_text(tree.root())
    if root != header.merkle_root:
        raise ProofRefused(f"partial Merkle tree: it leads to {root}, header {header.hash} says {header.merkle_root}")
    return MerkleBlock(header, n_transactions, tuple(tree.matched))
