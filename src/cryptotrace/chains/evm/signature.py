"""Who signed: recovery of an address from a secp256k1 signature, with the rules of the chain.

Source: Ethereum Yellow Paper, appendix F; EIP-2 (low s since Homestead); EIP-7702 (an authorization's digest).
Recovery itself is libsecp256k1's, through coincurve.
"""

from __future__ import annotations

from cryptotrace.chains.evm.address import address_of
from cryptotrace.chains.evm.hashes import keccak256
from cryptotrace.errors import ProofRefused

#: The order of the group of secp256k1 (SEC 2, §2.4.1).
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_HALF = ORDER // 2


def signer(digest: bytes, parity: int, r: int, s: int, *, may_be_high: bool = False) -> str:
    """The address whose key signed ``digest``.

    Args:
        digest: the 32 bytes that were signed.
        parity: 0 or 1, which of two points r stands for.
        r: first half of the signature.
        s: second half of the signature.
        may_be_high: True for the time before EIP-2, when s above half of the order was still valid.

    Raises:
        ProofRefused: no signature, and why.
    """
    from coincurve import PublicKey

    if parity not in (0, 1):
        raise ProofRefused(f"the recovery id of a signature is 0 or 1, not {parity}")
    if not 0 < r < ORDER or not 0 < s < ORDER:
        raise ProofRefused("r and s of a signature lie between 1 and the order of secp256k1; one of them does not")
    if s > _HALF and not may_be_high:
        raise ProofRefused("s of the signature is above half of the order of secp256k1 (EIP-2)")
    raw = r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([parity])
    try:
        key = PublicKey.from_signature_and_message(raw, digest, hasher=None)
    except Exception as error:  # coincurve raises plain Exception for a point that is not on the curve
        raise ProofRefused("r of the signature belongs to no point of secp256k1") from error
    return address_of(keccak256(key.format(compressed=False)[1:])[12:])
