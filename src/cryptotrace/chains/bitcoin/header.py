"""Proof of work: what a header shows by itself.

Source: Bitcoin Core (``CheckProofOfWork``, ``GetBlockProof``).
"""

from __future__ import annotations

from collections.abc import Iterable

from cryptotrace.chains.bitcoin.hashes import target_of_bits
from cryptotrace.chains.bitcoin.wire import Header
from cryptotrace.errors import ProofRefused


def check_work(header: Header, max_target: int) -> None:
    """Check that the header's hash meets its own target, and that the network allows one so easy.

    The target itself is what the header claims; ``check_headers`` and an anchor say whether the chain asked for it.

    Args:
        header: a header as read by ``decode_header``, whose hash is that of its bytes.
        max_target: the network's easiest target (``Network.max_target``). Without it a header takes no work to make.

    Raises:
        ProofRefused: the hash is above the target, or the target above the network's easiest; see ``target_of_bits``.

    Source: Bitcoin Core, ``CheckProofOfWork``.
    """
    target = target_of_bits(header.bits)
    if target > max_target:
        raise ProofRefused(f"header {header.hash}: its target is easier than this network allows")
    if int(header.hash, 16) > target:
        raise ProofRefused(
            f"header {header.hash} does not meet its bits {header.bits:#010x}: it was altered, "
            "or it is of a chain with another kind of work"
        )


def block_work(bits: int) -> int:
    """How many hashes a block of those bits took on average.

    Raises:
        ProofRefused: see ``target_of_bits``.

    Source: Bitcoin Core, ``GetBlockProof``.
    """
    return (1 << 256) // (target_of_bits(bits) + 1)


def check_headers(headers: Iterable[Header], max_target: int) -> int:
    """Check that each header meets its work and names the one before it; give the work of them all.

    Whether each target is the one that the retargeting rule asks for is not checked.

    Args:
        headers: in the order of the chain.
        max_target: the network's easiest target, see ``check_work``.

    Raises:
        ProofRefused: a header does not meet its work, or does not build on the one before.
    """
    work, previous = 0, None
    for at, header in enumerate(headers):
        if previous is not None and header.previous != previous:
            raise ProofRefused(f"header {at} ({header.hash}) builds on {header.previous}, not on {previous}")
        check_work(header, max_target)
        work += block_work(header.bits)
        previous = header.hash
    return work
