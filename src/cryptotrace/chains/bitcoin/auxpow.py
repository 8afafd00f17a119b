"""Merged mining: the proof behind a header whose work was done for a block of another chain.

The miner put the block's hash (or the root of a small tree in which it stands) into the coinbase of a parent block, and
the parent's header has the work. The proof leads from the block to the parent: up the small tree into the coinbase, and
from the coinbase up the parent's Merkle tree to the parent's root.

Source: the merged mining specification (Vince Durham); Dogecoin Core, ``CAuxPow::check`` and ``getExpectedIndex``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cryptotrace.chains.bitcoin.cursor import Cursor
from cryptotrace.chains.bitcoin.hashes import double_sha256, hash_bytes
from cryptotrace.chains.bitcoin.network import LITECOIN, BitcoinNetwork
from cryptotrace.chains.bitcoin.txwire import WireTransaction, read_transaction
from cryptotrace.errors import ProofRefused

_AUXPOW_BIT = 0x100
_MARK = b"\xfa\xbemm"
_LONGEST_CHAIN_BRANCH = 30
#: Without the mark the root must stand this early in the coinbase's text.
_EARLY = 20
_PARENT_HEADER_SIZE = 80
#: The parent is any chain with scrypt work; its coinbase has Bitcoin's form, its amounts are not ours to judge.
_PARENT = replace(LITECOIN, max_units=(1 << 63) - 1)


@dataclass(frozen=True, slots=True)
class AuxPow:
    """The proof behind a merge-mined header."""

    coinbase: WireTransaction
    """The parent's coinbase, whose text names this block."""
    branch: tuple[bytes, ...]
    """Siblings from the coinbase to the parent's Merkle root, in the order in which they are computed."""
    index: int
    """Place of the coinbase in the parent; must be 0."""
    chain_branch: tuple[bytes, ...]
    """Siblings from this block's hash to the root that the coinbase names."""
    chain_index: int
    """Place of this chain in that tree."""
    parent: bytes
    """The 80 bytes of the parent's header."""
    raw: bytes
    """All bytes of the proof, as they stand behind the header."""


def is_merge_mined(version: int, network: BitcoinNetwork) -> bool:
    """True if a header of that version carries a proof behind it, on a chain that has such."""
    return network.merge_mining_id is not None and bool(version & _AUXPOW_BIT)


def _read_branch(cursor: Cursor, field: str) -> tuple[bytes, ...]:
    return tuple(cursor.take(32, field) for _ in range(cursor.count(32, f"{field} count")))


def read_auxpow(cursor: Cursor) -> AuxPow:
    """The proof that begins at the cursor. Nothing of it is checked here, see ``check_auxpow``.

    Raises:
        MalformedBytes: truncated, or the coinbase cannot be read.
    """
    start = cursor.at
    coinbase = read_transaction(cursor, _PARENT)
    cursor.take(32, "auxpow.parent hash")
    branch = _read_branch(cursor, "auxpow.branch")
    index = cursor.u32("auxpow.index")
    chain_branch = _read_branch(cursor, "auxpow.chain branch")
    chain_index = cursor.u32("auxpow.chain index")
    parent = cursor.take(_PARENT_HEADER_SIZE, "auxpow.parent")
    return AuxPow(coinbase, branch, index, chain_branch, chain_index, parent, cursor.raw[start : cursor.at])


def _climb(node: bytes, branch: Sequence[bytes], index: int) -> bytes:
    for sibling in branch:
        node = double_sha256(sibling + node) if index & 1 else double_sha256(node + sibling)
        index >>= 1
    return node


def _expected_index(nonce: int, chain_id: int, height: int) -> int:
    """The one place that a chain may have in a tree of that height, so that one work is not shown twice."""
    number = (nonce * 1103515245 + 12345 + chain_id) & 0xFFFFFFFF
    return (number * 1103515245 + 12345 & 0xFFFFFFFF) % (1 << height)


def check_auxpow(auxpow: AuxPow, block_hash: str, version: int, network: BitcoinNetwork) -> bytes:
    """Check that the proof leads from the block to the parent's header; give the 80 bytes that must have the work.

    Args:
        auxpow: the proof.
        block_hash: hash of the block whose header it stands behind, as explorers print it.
        version: that header's version.
        network: the chain, with its number in merged mining.

    Raises:
        ProofRefused: the version names another chain, the coinbase is not the first transaction of the parent, the
            parent is of the same chain, a branch does not lead to its root, or the coinbase does not name that root
            once, in the form and at the place that the rules ask for.

    Source: Dogecoin Core, ``CAuxPow::check``.
    """
    where = f"header {block_hash}: its proof by merged mining"
    chain_id = network.merge_mining_id or 0
    if version >> 16 != chain_id:
        raise ProofRefused(f"{where} is for chain {version >> 16}, {network.name} is chain {chain_id}")
    if auxpow.index != 0:
        raise ProofRefused(f"{where} rests on transaction {auxpow.index} of the parent, not on its coinbase")
    if int.from_bytes(auxpow.parent[:4], "little", signed=True) >> 16 == chain_id:
        raise ProofRefused(f"{where} names a parent of {network.name} itself")
    if len(auxpow.chain_branch) > _LONGEST_CHAIN_BRANCH:
        raise ProofRefused(f"{where} has a branch of {len(auxpow.chain_branch)} chains, the longest has 30")
    if _climb(hash_bytes(auxpow.coinbase.txid), auxpow.branch, 0) != auxpow.parent[36:68]:
        raise ProofRefused(f"{where}: the coinbase does not lead to the parent's Merkle root")
    root = _climb(hash_bytes(block_hash), auxpow.chain_branch, auxpow.chain_index)[::-1]
    _check_text(auxpow, root, chain_id, where)
    return auxpow.parent


def _check_text(auxpow: AuxPow, root: bytes, chain_id: int, where: str) -> None:
    """Check that the coinbase's text names the root once, and this chain's place under it."""
    text = auxpow.coinbase.inputs[0].script_sig
    at, mark = text.find(root), text.find(_MARK)
    if at < 0:
        raise ProofRefused(f"{where}: the parent's coinbase does not name this block")
    if mark >= 0 and (text.find(_MARK, mark + 1) >= 0 or mark + len(_MARK) != at):
        raise ProofRefused(f"{where}: the mark of merged mining must stand once, right before the root")
    if mark < 0 and at > _EARLY:
        raise ProofRefused(f"{where}: without a mark the root must begin in the first {_EARLY} bytes of the coinbase")
    rest = text[at + len(root) :]
    if len(rest) < 8:
        raise ProofRefused(f"{where}: the parent's coinbase does not say the tree's size and nonce")
    height = len(auxpow.chain_branch)
    size, nonce = int.from_bytes(rest[:4], "little"), int.from_bytes(rest[4:8], "little")
    if size != 1 << height:
        raise ProofRefused(f"{where}: a branch of {height} chains, and a tree of {size}")
    if (expected := _expected_index(nonce, chain_id, height)) != auxpow.chain_index:
        raise ProofRefused(f"{where}: the chain stands at place {auxpow.chain_index}, not at {expected}")
