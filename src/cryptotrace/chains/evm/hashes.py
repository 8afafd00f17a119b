"""Keccak-256, the hash of Ethereum's family and of TRON's contracts."""

from __future__ import annotations


def keccak256(data: bytes) -> bytes:
    """Keccak-256 (the original padding, not SHA-3) of ``data``; 32 bytes.

    Source: Ethereum Yellow Paper, appendix; computed by pycryptodome.
    """
    from Crypto.Hash import keccak

    return keccak.new(data=data, digest_bits=256).digest()
