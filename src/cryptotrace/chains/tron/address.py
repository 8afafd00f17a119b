"""TRON addresses: 0x41 and 20 bytes, written in base58check (``T...``); hex and EVM writing are read too.

Source: TRON documentation, "Account", "Address Format" (prefix 0x41, base58 with four bytes of a double SHA-256);
java-tron, ``DecodeUtil.addressPreFixByte``; TRON documentation, "JSON-RPC API" (20 bytes after ``0x``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cryptotrace.errors import InvalidAddress

if TYPE_CHECKING:
    from cryptotrace.chains.tron.network import TronNetwork

_PREFIX = b"\x41"
_HEX_FORM = re.compile(r"(?:41|0x41|0x)(?P<body>[0-9a-fA-F]{40})", re.ASCII)


def address_of(raw: bytes) -> str:
    """The base58check address of 20 bytes, or of 21 with TRON's prefix 0x41.

    Raises:
        InvalidAddress: another length or prefix.
    """
    import base58

    whole = _PREFIX + raw if len(raw) == 20 else raw
    if len(whole) != 21 or whole[:1] != _PREFIX:
        raise InvalidAddress(
            f"a TRON address has 20 bytes, or 21 that start with 41; not {len(raw)} bytes {raw[:24].hex()}"
        )
    return base58.b58encode_check(whole).decode("ascii")


def bytes_of(address: str) -> bytes:
    """The 20 bytes of an address, as contracts see it.

    Raises:
        InvalidAddress: not base58check, or another prefix than 0x41.
    """
    import base58

    try:
        raw = bytes(base58.b58decode_check(address))
    except ValueError:
        raise InvalidAddress(f"{address!r} is not a TRON address in base58check") from None
    if len(raw) != 21 or raw[:1] != _PREFIX:
        raise InvalidAddress(f"{address!r} is base58check of {len(raw)} bytes, not of 21 that start with 41")
    return raw[1:]


def canonical_address(text: str, network: TronNetwork | None = None) -> str:
    """The one spelling of an address: base58check. ``41...`` (hex) and ``0x...`` (contracts, JSON-RPC) are read too.

    Raises:
        InvalidAddress: another form, a wrong checksum, or another prefix than 0x41.
    """
    import base58

    if (match := _HEX_FORM.fullmatch(text)) is not None:
        return address_of(bytes.fromhex(match["body"]))
    if not text.startswith("T") or len(text) != 34 or not text.isascii():
        raise InvalidAddress(
            f"{text!r} is not a TRON address; expected T and 33 letters and digits, or 41 and 40 hex digits"
        )
    try:
        raw = base58.b58decode_check(text)
    except ValueError:
        raise InvalidAddress(f"{text!r} has a wrong checksum: a letter was changed; copy the address again") from None
    return address_of(raw)
