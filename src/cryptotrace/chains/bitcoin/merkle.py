"""Merkle trees of a block: root, branch, and the traps that have been used against both.

Source: Bitcoin Core; CVE-2012-2459 (duplicated transactions under one root).
"""

from __future__ import annotations

from collections.abc import Sequence

from cryptotrace.chains.bitcoin.hashes import double_sha256, hash_bytes, hash_text
from cryptotrace.errors import ProofRefused


def _node(text: str) -> bytes:
    try:
        node = hash_bytes(text)
    except (ValueError, TypeError):
        node = b""
    if len(node) != 32:
        raise ProofRefused(f"{text!r} is not a hash of 32 bytes in hex")
    return node


def pair(left: bytes, right: bytes) -> bytes:
    """The node above two nodes.

    Source: Bitcoin Core, ``ComputeMerkleRoot``.
    """
    return double_sha256(left + right)


def _levels(txids: Sequence[str]) -> list[list[bytes]]:
    """All levels of the tree, leaves first. Refuses what CVE-2012-2459 allows: two equal neighbours that are real."""
    if not txids:
        raise ProofRefused("a Merkle tree has at least one leaf, got none")
    levels = [[hash_bytes(txid) for txid in txids]]
    while len(levels[-1]) > 1:
        level = levels[-1]
        for at in range(0, len(level) - 1, 2):
            if level[at] == level[at + 1]:
                raise ProofRefused(
                    f"Merkle level {len(levels) - 1}: nodes {at} and {at + 1} are equal ({hash_text(level[at])}); "
                    "transactions were duplicated under an unchanged root (CVE-2012-2459)"
                )
        even = level if len(level) % 2 == 0 else [*level, level[-1]]
        levels.append([pair(even[i], even[i + 1]) for i in range(0, len(even), 2)])
    return levels


def merkle_root(txids: Sequence[str]) -> str:
    """Merkle root of the txids of a block, as explorers print it.

    Raises:
        ProofRefused: no txids, or a list that was lengthened under an unchanged root.

    Source: Bitcoin Core, ``BlockMerkleRoot``; CVE-2012-2459.
    """
    return hash_text(_levels(txids)[-1][0])


def merkle_branch(txids: Sequence[str], index: int) -> tuple[str, ...]:
    """The siblings from the leaf at ``index`` up to the root, as explorers print them.

    Raises:
        ProofRefused: no such leaf; see ``merkle_root``.

    Source: Bitcoin Core, ``TransactionMerklePath``; the Electrum protocol's ``get_merkle`` gives the same.
    """
    if not 0 <= index < len(txids):
        raise ProofRefused(f"no transaction at place {index} of {len(txids)}")
    branch = []
    for level in _levels(txids)[:-1]:
        sibling = index ^ 1
        branch.append(hash_text(level[sibling] if sibling < len(level) else level[index]))
        index >>= 1
    return tuple(branch)


def branch_root(txid: str, index: int, branch: Sequence[str]) -> str:
    """The Merkle root that a branch leads to from the transaction at that place.

    How deep the tree is, the prover says: a proof that stands alone is checked by ``proof.verify_inclusion``.

    Raises:
        ProofRefused: the branch leads to the root from other places, too, so it does not prove this one.
    """
    if index >> len(branch):
        raise ProofRefused(f"{txid}: a branch of {len(branch)} siblings does not reach place {index}")
    node = _node(txid)
    for sibling in branch:
        if index & 1 and _node(sibling) == node:
            raise ProofRefused(f"{txid}: the branch repeats a hash on the left, so the place is not proved")
        node = pair(_node(sibling), node) if index & 1 else pair(node, _node(sibling))
        index >>= 1
    return hash_text(node)


def verify_branch(txid: str, index: int, branch: Sequence[str], root: str, n_transactions: int) -> None:
    """Check that ``txid`` is the leaf at ``index`` of a tree of ``n_transactions`` leaves with that root.

    ``n_transactions`` must be known from the full block, or be bound by the coinbase's branch of the same depth:
    without it the depth is the prover's to choose. Give the transaction's bytes to ``verify_inclusion`` rather than
    its txid to this function wherever they are at hand.

    Raises:
        ProofRefused: wrong depth, a place that is not in the tree, a sibling equal to the running hash where the
            level is not odd (CVE-2012-2459) or unequal where it is, or another root.

    Source: CVE-2012-2459.
    """
    if not 0 <= index < n_transactions:
        raise ProofRefused(f"{txid}: no place {index} in a tree of {n_transactions} transactions")
    depth = (n_transactions - 1).bit_length()
    if len(branch) != depth:
        raise ProofRefused(f"{txid}: {len(branch)} siblings; a tree of {n_transactions} transactions takes {depth}")
    node, place, width = _node(txid), index, n_transactions
    for level, sibling_text in enumerate(branch):
        sibling = _node(sibling_text)
        is_odd_end = place == width - 1 and width % 2 == 1
        if is_odd_end != (sibling == node):
            raise ProofRefused(
                f"{txid}: sibling {level} is {'not ' if is_odd_end else ''}equal to the running hash, "
                f"at place {place} of {width} (CVE-2012-2459)"
            )
        node = pair(sibling, node) if place & 1 else pair(node, sibling)
        place, width = place >> 1, (width + 1) // 2
    if place != 0 or node != _node(root):
        raise ProofRefused(f"{txid}: the branch leads to {hash_text(node)}, the header says {root}")
