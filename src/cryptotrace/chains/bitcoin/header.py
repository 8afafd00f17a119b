"""Proof of work: what a header shows by itself.

Source: Bitcoin Core (``CheckProofOfWork``, ``GetBlockProof``); Dogecoin Core (``CheckAuxPowProofOfWork``).
"""

from __future__ import annotations

from collections.abc import Iterable

from cryptotrace.chains.bitcoin.auxpow import check_auxpow, is_merge_mined
from cryptotrace.chains.bitcoin.hashes import scrypt_work, target_of_bits
from cryptotrace.chains.bitcoin.network import BitcoinNetwork, Work
from cryptotrace.chains.bitcoin.wire import Header, encode_header
from cryptotrace.errors import ProofRefused


def check_work(header: Header, network: BitcoinNetwork) -> None:
    """Check that the header's work meets its own target, and that the network allows one so easy.

    The work is the header's own hash on bitcoin, its scrypt hash on Litecoin, and on Dogecoin that of the parent block
    where the header is merge-mined. The target itself is what the header claims; ``check_headers`` and an anchor say
    whether the chain asked for it.

    Args:
        header: a header as read by ``decode_header``, whose hash is that of its bytes.
        network: the chain: its kind of work and its easiest target. Without a limit a header takes no work to make.

    Raises:
        ProofRefused: the work is above the target, or the target above the network's easiest; see ``target_of_bits``
            and ``check_auxpow``. Also where the work cannot be checked: a merge-mined header without its proof, or a
            Python without scrypt.

    Source: Bitcoin Core, ``CheckProofOfWork``; Dogecoin Core, ``CheckAuxPowProofOfWork``.
    """
    target = target_of_bits(header.bits)
    if target > network.max_target:
        raise ProofRefused(f"header {header.hash}: its target is easier than this network allows")
    if _work(header, network) > target:
        raise ProofRefused(
            f"header {header.hash} does not meet its bits {header.bits:#010x}: it was altered, "
            "or it is of a chain with another kind of work"
        )


def _work(header: Header, network: BitcoinNetwork) -> int:
    """The number that must not be above the target."""
    if network.work is Work.DOUBLE_SHA256:
        return int(header.hash, 16)
    proved = encode_header(header)
    if is_merge_mined(header.version, network):
        if header.auxpow is None:
            raise ProofRefused(
                f"header {header.hash} is merge-mined and its proof is not at hand: its work cannot be checked from 80 "
                "bytes; read the whole block"
            )
        proved = check_auxpow(header.auxpow, header.hash, header.version, network)
    work = scrypt_work(proved)
    if work is None:
        raise ProofRefused(
            f"header {header.hash}: this Python was built without scrypt, so {network.name}'s work cannot be checked; "
            "use one whose hashlib has scrypt"
        )
    return work


def block_work(bits: int) -> int:
    """How many hashes a block of those bits took on average.

    Raises:
        ProofRefused: see ``target_of_bits``.

    Source: Bitcoin Core, ``GetBlockProof``.
    """
    return (1 << 256) // (target_of_bits(bits) + 1)


def check_headers(headers: Iterable[Header], network: BitcoinNetwork) -> int:
    """Check that each header meets its work and names the one before it; give the work of them all.

    Whether each target is the one that the retargeting rule asks for is not checked.

    Args:
        headers: in the order of the chain.
        network: the chain, see ``check_work``.

    Raises:
        ProofRefused: a header does not meet its work, or does not build on the one before.
    """
    work, previous = 0, None
    for at, header in enumerate(headers):
        if previous is not None and header.previous != previous:
            raise ProofRefused(f"header {at} ({header.hash}) builds on {header.previous}, not on {previous}")
        check_work(header, network)
        work += block_work(header.bits)
        previous = header.hash
    return work
