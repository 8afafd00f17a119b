"""Addresses of Ethereum's family: 20 bytes, written with the checksum of EIP-55."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cryptotrace.chains.evm.hashes import keccak256
from cryptotrace.errors import InvalidAddress

if TYPE_CHECKING:
    from cryptotrace.chains.evm.network import EvmNetwork

_FORM = re.compile(r"0[xX][0-9a-fA-F]{40}", re.ASCII)


def address_of(raw: bytes) -> str:
    """The address of 20 bytes, with the checksum of EIP-55.

    Raises:
        InvalidAddress: not 20 bytes.
    """
    if len(raw) != 20:
        raise InvalidAddress(f"an address has 20 bytes, not {len(raw)}")
    digits = raw.hex()
    marks = keccak256(digits.encode("ascii")).hex()
    return "0x" + "".join(d.upper() if int(m, 16) >= 8 else d for d, m in zip(digits, marks, strict=False))


def bytes_of(address: str) -> bytes:
    """The 20 bytes of an address in canonical writing."""
    return bytes.fromhex(address[2:])


def canonical_address(text: str, network: EvmNetwork | None = None) -> str:
    """The one spelling of an address: checksummed. All lower-case or all capital letters carry no checksum.

    Raises:
        InvalidAddress: another form, or capital letters that do not fit the checksum.

    Source: EIP-55.
    """
    if not _FORM.fullmatch(text):
        raise InvalidAddress(f"{text!r} is not an address of an EVM chain; expected 0x and 40 hex digits")
    digits = text[2:]
    canonical = address_of(bytes.fromhex(digits))
    if digits not in {digits.lower(), digits.upper(), canonical[2:]}:
        raise InvalidAddress(
            f"{text!r} has a wrong checksum (EIP-55): a digit or a letter was changed; copy the address again"
        )
    return canonical
