"""Addresses of the Bitcoin family: text to script and back, checksum verified.

Source: BIP 13 and BIP 16 (base58check), BIP 141, BIP 173, BIP 350 (witness programs); the CashAddr specification
(Bitcoin Cash); LIP-4 (MWEB addresses, which are refused by name).
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import base58

from cryptotrace.chains.bitcoin import bech32, cashaddr
from cryptotrace.chains.bitcoin.cashtokens import locking_script
from cryptotrace.errors import InvalidAddress

if TYPE_CHECKING:
    from cryptotrace.chains.bitcoin.network import BitcoinNetwork

_BASE58 = frozenset("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz")
_OP_1, _OP_16 = 0x51, 0x60
_MWEB_PREFIXES = ("ltcmweb1", "tmweb1")
_KEY, _SCRIPT = 0, 1


def _check_letters(text: str) -> None:
    """Refuse what is not plain ASCII by name: a Cyrillic or Greek letter looks right and is another address."""
    if not isinstance(text, str):
        raise InvalidAddress(f"an address is text, got {type(text).__name__}")
    if not text:
        raise InvalidAddress("the address is empty")
    for at, letter in enumerate(text, 1):
        if not 33 <= ord(letter) <= 126:
            name = unicodedata.name(letter, "a character without a name")
            raise InvalidAddress(
                f"character {at} of the address {text[:100]!a} is U+{ord(letter):04X} {name}, "
                "which no address contains; copy the address again from its source"
            )
    if len(text) > 90:
        raise InvalidAddress(f"text of {len(text)} characters is not an address: the longest has 90")


def is_p2pkh(script: bytes) -> bool:
    """True if the script pays to the hash of a public key."""
    return len(script) == 25 and script[:3] == b"\x76\xa9\x14" and script[23:] == b"\x88\xac"


def is_p2sh(script: bytes) -> bool:
    """True if the script pays to the hash of a script (BIP 16)."""
    return len(script) == 23 and script[:2] == b"\xa9\x14" and script[22] == 0x87


def is_p2sh32(script: bytes) -> bool:
    """True if the script pays to the double SHA-256 of a script (Bitcoin Cash, CHIP-2022-05)."""
    return len(script) == 35 and script[:2] == b"\xaa\x20" and script[34] == 0x87


def witness_program(script: bytes) -> tuple[int, bytes] | None:
    """Version and program if ``script`` is a witness program of any version (BIP 141), else None."""
    if not 4 <= len(script) <= 42 or script[1] != len(script) - 2:
        return None
    if script[0] == 0:
        return 0, script[2:]
    if _OP_1 <= script[0] <= _OP_16:
        return script[0] - _OP_1 + 1, script[2:]
    return None


def address_of_script(script: bytes, network: BitcoinNetwork) -> str | None:
    """The address that the script is, in canonical spelling; None if there is none.

    A P2PK output has no address: the address of its key's hash is another script, and another account. On Bitcoin Cash
    it is the address of the locking script behind a token.

    Source: BIP 13, BIP 173, BIP 350; the CashAddr specification.
    """
    if network.cashaddr_prefix:
        return _cash_address(locking_script(script, network), network)
    if is_p2pkh(script):
        return base58.b58encode_check(bytes([network.p2pkh_version]) + script[3:23]).decode("ascii")
    if is_p2sh(script):
        return base58.b58encode_check(bytes([network.p2sh_version]) + script[2:22]).decode("ascii")
    witness = witness_program(script) if network.has_witness else None
    if witness is None:
        return None
    version, program = witness
    if version == 0 and len(program) not in (20, 32):
        return None
    encoding = bech32.Encoding.BECH32 if version == 0 else bech32.Encoding.BECH32M
    return bech32.encode(network.bech32_prefix, [version, *bech32.to_values(program)], encoding)


def _cash_address(script: bytes, network: BitcoinNetwork) -> str | None:
    if is_p2pkh(script):
        return cashaddr.encode(network.cashaddr_prefix, _KEY, script[3:23])
    if is_p2sh(script):
        return cashaddr.encode(network.cashaddr_prefix, _SCRIPT, script[2:22])
    return cashaddr.encode(network.cashaddr_prefix, _SCRIPT, script[2:34]) if is_p2sh32(script) else None


def script_of_address(text: str, network: BitcoinNetwork) -> bytes:
    """The script that the address stands for.

    On Bitcoin Cash a CashAddr is read with its prefix or without, a token-aware one as the plain one of the same
    script, and bitcoin's own spelling too. On Litecoin the old spelling of P2SH, which is bitcoin's, is read.

    Raises:
        InvalidAddress: wrong checksum, another network's address, a form that is none, or look-alike letters.

    Source: BIP 13, BIP 173, BIP 350; the CashAddr specification.
    """
    if network.has_mweb and str(text).lower().startswith(_MWEB_PREFIXES):
        raise InvalidAddress(
            f"{text[:100]!r} is an address inside of Litecoin's extension block (MWEB): what is paid to it cannot be "
            "seen by anybody but its owner, and this version does not follow it"
        )
    _check_letters(text)
    if network.has_witness and text.lower().startswith(network.bech32_prefix + "1"):
        return _script_of_witness_address(text, network)
    if network.cashaddr_prefix and text[0] not in "13":  # which is how every address of bitcoin's spelling begins
        return _script_of_cash_address(text, network)
    return _script_of_base58_address(text, network)


def _script_of_base58_address(text: str, network: BitcoinNetwork) -> bytes:
    for at, letter in enumerate(text, 1):
        if letter not in _BASE58:
            begins = f"it does not begin with {network.bech32_prefix}1, and " if network.has_witness else ""
            raise InvalidAddress(
                f"{text!r} is not an address of {network.name}: {begins}"
                f"its character {at} is {letter!r}, which base58 never uses"
            )
    try:
        payload = base58.b58decode_check(text)
    except ValueError:
        raise InvalidAddress(
            f"{text!r} has a wrong base58check checksum: a character is mistyped or missing; copy it again"
        ) from None
    if len(payload) == 21 and payload[0] == network.p2pkh_version:
        return b"\x76\xa9\x14" + payload[1:] + b"\x88\xac"
    if len(payload) == 21 and payload[0] in (network.p2sh_version, network.p2sh_old_version):
        return b"\xa9\x14" + payload[1:] + b"\x87"
    raise InvalidAddress(
        f"{text!r} has a valid base58check checksum but is not an address of {network.name}: "
        f"version byte {payload[0] if payload else None}, {len(payload)} bytes"
    )


def _script_of_cash_address(text: str, network: BitcoinNetwork) -> bytes:
    kind, digest = cashaddr.decode(text, network.cashaddr_prefix)
    plain = kind & 1  # a token-aware address (2, 3) locks with the same script as the plain one (0, 1)
    if kind > 3 or len(digest) not in ((20,), (20, 32))[plain]:
        raise InvalidAddress(f"{text!r} has a valid checksum and is of a type ({kind}) that no script has")
    if plain == _KEY:
        return b"\x76\xa9\x14" + digest + b"\x88\xac"
    return b"\xa9\x14" + digest + b"\x87" if len(digest) == 20 else b"\xaa\x20" + digest + b"\x87"


def _script_of_witness_address(text: str, network: BitcoinNetwork) -> bytes:
    prefix, values, encoding = bech32.decode(text)
    if prefix != network.bech32_prefix or not values:
        raise InvalidAddress(f"{text!r} is not a witness address of {network.name} ({network.bech32_prefix}1...)")
    version = values[0]
    if version > 16:
        raise InvalidAddress(f"{text!r} names witness version {version}; the highest there can be is 16")
    wanted = bech32.Encoding.BECH32 if version == 0 else bech32.Encoding.BECH32M
    if encoding is not wanted:
        raise InvalidAddress(f"{text!r} has the checksum {encoding.name}; witness version {version} uses {wanted.name}")
    program = bech32.to_bytes(values[1:])
    if not 2 <= len(program) <= 40 or (version == 0 and len(program) not in (20, 32)):
        raise InvalidAddress(f"{text!r} holds a program of {len(program)} bytes, which version {version} cannot have")
    return bytes([version and _OP_1 + version - 1, len(program)]) + program


def canonical_address(text: str, network: BitcoinNetwork) -> str:
    """The one spelling of an address.

    Base58 is written as it is, a witness address in lower case, a CashAddr in lower case and without its prefix,
    which the chain says.

    Raises:
        InvalidAddress: the text is not an address of that network.
    """
    canonical = address_of_script(script_of_address(text, network), network)
    if canonical is None:
        raise InvalidAddress(f"{text!r} is not an address of {network.name}")
    return canonical
