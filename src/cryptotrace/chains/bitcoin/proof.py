"""What can be checked without trusting anybody: a whole block, or one transaction under a header.

What this does not show: that an output is unspent, that the chain is the one with the most work, and on signet the
block's signature. Of Litecoin's extension block (MWEB) nothing is checked.

Source: Bitcoin Core; BIP 141 (witness commitment); CVE-2017-12842 (64-byte transactions read as inner nodes).
"""

from __future__ import annotations

from collections.abc import Sequence

from cryptotrace.chains.bitcoin.hashes import double_sha256, hash_bytes, hash_text, target_of_bits
from cryptotrace.chains.bitcoin.header import block_work, check_headers, check_work
from cryptotrace.chains.bitcoin.merkle import branch_root, merkle_branch, merkle_root, verify_branch
from cryptotrace.chains.bitcoin.network import BITCOIN, BitcoinNetwork
from cryptotrace.chains.bitcoin.partial_merkle import MerkleBlock, parse_merkle_block
from cryptotrace.chains.bitcoin.wire import Header, WireBlock, decode_transaction
from cryptotrace.errors import ProofRefused

__all__ = [
    "MerkleBlock",
    "block_work",
    "branch_root",
    "check_block",
    "check_headers",
    "check_work",
    "is_node_sized",
    "merkle_branch",
    "merkle_root",
    "parse_merkle_block",
    "target_of_bits",
    "verify_branch",
    "verify_inclusion",
    "verify_witness_commitment",
]

_COMMITMENT_MARK = bytes.fromhex("6a24aa21a9ed")


def is_node_sized(raw: bytes, network: BitcoinNetwork = BITCOIN) -> bool:
    """True if the transaction of these bytes could as well be an inner node of a Merkle tree: 64 without witness.

    Such a one is proved by the whole block only. There are very few.

    Raises:
        MalformedBytes: the bytes are not a transaction.

    Source: CVE-2017-12842.
    """
    return len(raw) == 64 or decode_transaction(raw, network).stripped_size == 64


def verify_inclusion(
    raw: bytes,
    index: int,
    branch: Sequence[str],
    header: Header,
    network: BitcoinNetwork,
    n_transactions: int | None = None,
) -> str:
    """Check that the transaction of these bytes is in the block of that header; give its txid.

    Args:
        raw: the transaction's bytes, with or without witness.
        index: its place in the block, from 0.
        branch: sibling hashes from the leaf up.
        header: the block's header.
        network: the chain, whose kind of work and easiest target the header must meet.
        n_transactions: how many transactions the block has, if that is known from elsewhere than the prover. Without
            it the depth of the tree is the prover's word; that no inner node passes for a transaction is what the
            bytes are for.

    Raises:
        ProofRefused: the transaction has 64 bytes without witness, so that it could be an inner node
            (CVE-2017-12842); the header does not meet its work or is easier than the network allows; the branch
            does not lead to its Merkle root; see ``verify_branch`` and ``branch_root``.
        MalformedBytes: the bytes are not a transaction.

    Source: the Merkle branch of simplified payment verification (Bitcoin paper, section 8); CVE-2012-2459;
    CVE-2017-12842.
    """
    if is_node_sized(raw, network):
        raise ProofRefused(
            f"{hash_text(double_sha256(raw))}: 64 bytes without witness can be an inner node of the tree "
            "(CVE-2017-12842); prove it with the whole block"
        )
    check_work(header, network)
    txid = decode_transaction(raw, network).txid
    if n_transactions is not None:
        verify_branch(txid, index, branch, header.merkle_root, n_transactions)
    elif (root := branch_root(txid, index, branch)) != header.merkle_root:
        raise ProofRefused(
            f"{txid}: its Merkle branch leads from place {index} to {root}, header {header.hash} says "
            f"{header.merkle_root}"
        )
    return txid


def check_block(block: WireBlock, network: BitcoinNetwork) -> None:
    """Check all that a block shows by itself: work, coinbase in its place, Merkle root, witness commitment.

    Args:
        block: as read by ``decode_block``.
        network: the chain, whose kind of work and easiest target it must meet.

    Raises:
        ProofRefused: one of them fails.
    """
    check_work(block.header, network)
    for at, each in enumerate(block.transactions):
        if each.is_coinbase != (at == 0):
            raise ProofRefused(f"block {block.header.hash}: a coinbase stands first and nowhere else, see place {at}")
    root = merkle_root([each.txid for each in block.transactions])
    if root != block.header.merkle_root:
        raise ProofRefused(
            f"block {block.header.hash}: its transactions have the Merkle root {root}, "
            f"the header says {block.header.merkle_root}"
        )
    verify_witness_commitment(block)


def verify_witness_commitment(block: WireBlock) -> str | None:
    """Check the coinbase's commitment to all witnesses; give it, or None where a block without witnesses has none.

    The last output of the form counts. Needed only to prove a witness: a txid does not depend on it.

    Raises:
        ProofRefused: the commitment is not that of the witnesses, its reserved value is missing, or there are
            witnesses without a commitment.

    Source: BIP 141, commitment structure.
    """
    where = f"block {block.header.hash}"
    coinbase = block.transactions[0]
    marked = [each.script for each in coinbase.outputs if each.script[:6] == _COMMITMENT_MARK]
    marked = [script for script in marked if len(script) >= 38]
    if not marked:
        if any(each.has_witness for each in block.transactions):
            raise ProofRefused(f"{where}: it has witnesses, and its coinbase does not commit to them")
        return None
    reserved = coinbase.inputs[0].witness
    if not any(each.has_witness for each in block.transactions):
        return None  # before activation an output of that form means nothing, and there is nothing to commit to
    if len(reserved) != 1 or len(reserved[0]) != 32:
        raise ProofRefused(f"{where}: the coinbase's witness must be one value of 32 bytes")
    root = merkle_root(["0" * 64, *(each.wtxid for each in block.transactions[1:])])
    expected = double_sha256(hash_bytes(root) + reserved[0])
    if marked[-1][6:38] != expected:
        raise ProofRefused(f"{where}: its witnesses give {expected.hex()}, the coinbase says {marked[-1][6:38].hex()}")
    return expected.hex()
