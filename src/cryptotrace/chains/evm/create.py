"""Addresses of contracts before they are there: CREATE and CREATE2.

Source: Ethereum Yellow Paper §7 (CREATE); EIP-1014 (CREATE2); EIP-2681 (nonces have 64 bits).
"""

from __future__ import annotations

from cryptotrace.chains.evm import rlpcode
from cryptotrace.chains.evm.address import address_of, bytes_of, canonical_address
from cryptotrace.chains.evm.hashes import keccak256
from cryptotrace.errors import MalformedBytes

_U64 = 2**64 - 1


def created_address(creator: str, nonce: int) -> str:
    """The contract that ``creator`` makes with its transaction (or CREATE) of that nonce.

    Args:
        creator: an address, in any writing that ``canonical_address`` takes.
        nonce: the creator's nonce before it; contracts count from 1.

    Raises:
        InvalidAddress: ``creator`` is no address.
        MalformedBytes: the nonce is negative or above 64 bits.
    """
    if not 0 <= nonce <= _U64:
        raise MalformedBytes(f"a nonce has at most 64 bits, not {nonce}", offset=0, field="nonce")
    return address_of(keccak256(rlpcode.encode([bytes_of(canonical_address(creator)), nonce]))[12:])


def create2_address(creator: str, salt: bytes, code_hash: bytes) -> str:
    """The contract that ``creator`` makes by CREATE2.

    Args:
        creator: the contract that makes it.
        salt: 32 bytes.
        code_hash: Keccak-256 of the code that creates it, 32 bytes.

    Raises:
        InvalidAddress: ``creator`` is no address.
        MalformedBytes: salt or hash has another size.
    """
    for name, value in (("salt", salt), ("code_hash", code_hash)):
        if len(value) != 32:
            raise MalformedBytes(f"32 bytes expected, {len(value)} found", offset=0, field=name)
    return address_of(keccak256(b"\xff" + bytes_of(canonical_address(creator)) + salt + code_hash)[12:])
