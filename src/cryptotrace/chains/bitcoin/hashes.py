"""Hashes as the chain computes them and as explorers print them, and the target that a hash is held against.

Source: Bitcoin Core (double SHA-256, compact form of the target); Litecoin Core (scrypt).
"""

from __future__ import annotations

import hashlib
from hashlib import sha256

from cryptotrace.errors import InvalidIdentifier, ProofRefused
from cryptotrace.model.transaction import txid_text


def double_sha256(data: bytes) -> bytes:
    """SHA-256 of the SHA-256, in the order in which it is computed (explorers print it reversed)."""
    return sha256(sha256(data).digest()).digest()


def scrypt_work(header: bytes) -> int | None:
    """The number that a header's scrypt hash is, to be held against its target; None if this Python has no scrypt.

    Source: Litecoin Core, ``scrypt_1024_1_1_256``.
    """
    scrypt = getattr(hashlib, "scrypt", None)  # missing where OpenSSL was built without it
    if scrypt is None:
        return None
    return int.from_bytes(scrypt(header, salt=header, n=1024, r=1, p=1, dklen=32), "little")


def hash_text(digest: bytes) -> str:
    """A 32-byte hash as explorers print it: reversed, lower-case hex."""
    return digest[::-1].hex()


def hash_bytes(text: str) -> bytes:
    """The 32 bytes of a hash that is written as explorers print it."""
    return bytes.fromhex(text)[::-1]


def is_hash_text(text: str) -> bool:
    """True for a txid or a block hash as explorers print it: 64 lower-case hex digits."""
    try:
        txid_text(text)
    except InvalidIdentifier:
        return False
    return True


def target_of_bits(bits: int) -> int:
    """The number that a block's hash must not exceed, from its compact form.

    Raises:
        ProofRefused: the compact form is negative, zero or above 256 bits.

    Source: Bitcoin Core, ``arith_uint256::SetCompact``.
    """
    exponent, mantissa = bits >> 24, bits & 0x7FFFFF
    target = mantissa << 8 * (exponent - 3) if exponent >= 3 else mantissa >> 8 * (3 - exponent)
    if bits & 0x800000 and mantissa:
        raise ProofRefused(f"bits {bits:#010x} are a negative target")
    if target == 0 or target >= 1 << 256:
        raise ProofRefused(f"bits {bits:#010x} are no target: zero, or above 256 bits")
    return target
