"""Bech32 and Bech32m: text with a checksum for witness programs.

Own code, because the published packages either stop at BIP 173 or bring a wallet along, and none says at which
character a text goes wrong.

Source: BIP 173, BIP 350.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum

from cryptotrace.errors import InvalidAddress

_ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_VALUE_OF = {letter: value for value, letter in enumerate(_ALPHABET)}
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_MAX_LENGTH = 90


class Encoding(IntEnum):
    """Which of the two checksums; the value is the constant that the checksum must come to."""

    BECH32 = 1
    BECH32M = 0x2BC830A3


def _polymod(values: Iterable[int]) -> int:
    checksum = 1
    for value in values:
        top = checksum >> 25
        checksum = (checksum & 0x1FFFFFF) << 5 ^ value
        for bit in range(5):
            if top >> bit & 1:
                checksum ^= _GENERATOR[bit]
    return checksum


def _expand(prefix: str) -> list[int]:
    return [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]


def encode(prefix: str, values: Sequence[int], encoding: Encoding) -> str:
    """The text of 5-bit ``values`` under a lower-case ``prefix``.

    Source: BIP 173, BIP 350.
    """
    checksum = _polymod([*_expand(prefix), *values, 0, 0, 0, 0, 0, 0]) ^ encoding
    tail = [checksum >> 5 * (5 - i) & 31 for i in range(6)]
    return prefix + "1" + "".join(_ALPHABET[v] for v in [*values, *tail])


def decode(text: str) -> tuple[str, list[int], Encoding]:
    """Prefix (lower-case), 5-bit values without the checksum, and which checksum it was.

    Raises:
        InvalidAddress: not Bech32 and not Bech32m; the message says what is wrong at which character (from 1).

    Source: BIP 173, BIP 350.
    """
    for at, letter in enumerate(text, 1):
        if not 33 <= ord(letter) <= 126:
            raise InvalidAddress(f"{text!r} is not Bech32: character {at} is {letter!r}, outside of printable ASCII")
    if len(text) > _MAX_LENGTH:
        raise InvalidAddress(f"text of {len(text)} characters is not Bech32: the longest has {_MAX_LENGTH}")
    if text.lower() != text != text.upper():
        raise InvalidAddress(f"{text!r} mixes upper and lower case; a Bech32 address has one case throughout")
    text = text.lower()
    prefix, separator, data = text.rpartition("1")
    if not separator or not prefix or len(data) < 6:
        raise InvalidAddress(f"{text!r} is not Bech32: expected a prefix, the digit 1, and at least six characters")
    values = []
    for at, letter in enumerate(data, len(prefix) + 2):
        if letter not in _VALUE_OF:
            raise InvalidAddress(f"{text!r} is not Bech32: character {at} is {letter!r}, which it never uses")
        values.append(_VALUE_OF[letter])
    checksum = _polymod([*_expand(prefix), *values])
    if checksum not in (Encoding.BECH32, Encoding.BECH32M):
        raise InvalidAddress(f"{text!r} has a wrong checksum: a character is mistyped or missing; copy it again")
    return prefix, values[:-6], Encoding(checksum)


def to_bytes(values: Sequence[int]) -> bytes:
    """Bytes of 5-bit ``values``.

    Raises:
        InvalidAddress: the bits left over are a whole character, or are not zero.
    """
    number, rest = 0, len(values) * 5 % 8
    for value in values:
        number = number << 5 | value
    if rest >= 5 or number & ((1 << rest) - 1):
        raise InvalidAddress(f"the last {rest} bits of the address must be padding of at most four zero bits")
    return (number >> rest).to_bytes(len(values) * 5 // 8, "big")


def to_values(data: bytes) -> list[int]:
    """5-bit values of ``data``, padded with zero bits."""
    count = (len(data) * 8 + 4) // 5
    number = int.from_bytes(data, "big") << (count * 5 - len(data) * 8)
    return [number >> 5 * (count - 1 - i) & 31 for i in range(count)]
