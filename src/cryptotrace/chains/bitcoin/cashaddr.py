"""CashAddr: the spelling of Bitcoin Cash addresses, text with a checksum of 40 bits.

Source: the CashAddr specification (bitcoincash.org, spec/cashaddr); CHIP-2022-02 CashTokens (token-aware types).
"""

from __future__ import annotations

from collections.abc import Iterable

from cryptotrace.chains.bitcoin import bech32
from cryptotrace.errors import InvalidAddress

_ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_VALUE_OF = {letter: value for value, letter in enumerate(_ALPHABET)}
_GENERATOR = (0x98F2BC8E61, 0x79B76D99E2, 0xF33E5FB3C4, 0xAE2EABE2A8, 0x1E4F43E470)
_CHECKSUM_LETTERS = 8
#: Bytes of the hash by the lowest three bits of the version byte.
_HASH_SIZES = (20, 24, 28, 32, 40, 48, 56, 64)


def _polymod(values: Iterable[int]) -> int:
    checksum = 1
    for value in values:
        top = checksum >> 35
        checksum = (checksum & 0x07FFFFFFFF) << 5 ^ value
        for bit in range(5):
            if top >> bit & 1:
                checksum ^= _GENERATOR[bit]
    return checksum ^ 1


def _expand(prefix: str) -> list[int]:
    return [ord(letter) & 31 for letter in prefix] + [0]


def encode(prefix: str, kind: int, digest: bytes) -> str:
    """The text of a hash under a lower-case ``prefix``, without the prefix and its colon.

    Args:
        prefix: e.g. ``bitcoincash``; it is part of the checksum.
        kind: the type bits: 0 for a key's hash, 1 for a script's, 2 and 3 for the same two with tokens.
        digest: the hash, of one of the eight sizes that there are.

    Raises:
        ValueError: the type or the size has no place in a version byte.
    """
    version = kind << 3 | _HASH_SIZES.index(len(digest))
    if not 0 <= version < 0x80:
        raise ValueError(f"type {kind} does not fit into the version byte of a CashAddr")
    payload = bech32.to_values(bytes([version]) + digest)
    checksum = _polymod([*_expand(prefix), *payload, *[0] * _CHECKSUM_LETTERS])
    tail = [checksum >> 5 * (_CHECKSUM_LETTERS - 1 - i) & 31 for i in range(_CHECKSUM_LETTERS)]
    return "".join(_ALPHABET[value] for value in [*payload, *tail])


def decode(text: str, prefix: str) -> tuple[int, bytes]:
    """Type bits and hash of a CashAddr, written with its prefix or without.

    Args:
        text: the address, in one case throughout.
        prefix: the lower-case prefix that it has, or that is meant where it has none.

    Raises:
        InvalidAddress: another prefix, both cases, a letter that is never used, a wrong checksum, padding that is not
            zero, or a hash of another size than the version byte says.
    """
    if text.lower() != text != text.upper():
        raise InvalidAddress(f"{text!r} mixes upper and lower case; a CashAddr has one case throughout")
    written, colon, payload = text.lower().rpartition(":")
    if colon and written != prefix:
        raise InvalidAddress(f"{text!r} has the prefix {written!r}, not {prefix!r}")
    values = []
    for at, letter in enumerate(payload, len(written) + len(colon) + 1):
        if letter not in _VALUE_OF:
            raise InvalidAddress(f"{text!r} is not a CashAddr: character {at} is {letter!r}, which it never uses")
        values.append(_VALUE_OF[letter])
    if len(values) <= _CHECKSUM_LETTERS or _polymod([*_expand(prefix), *values]) != 0:
        raise InvalidAddress(f"{text!r} has a wrong checksum: a character is mistyped or missing; copy it again")
    raw = bech32.to_bytes(values[:-_CHECKSUM_LETTERS])
    if not raw or raw[0] & 0x80 or len(raw) - 1 != _HASH_SIZES[raw[0] & 7]:
        raise InvalidAddress(f"{text!r} has a valid checksum and no hash of the size that it announces")
    return raw[0] >> 3, raw[1:]
