"""Calls to contracts: what is asked, and what comes back; foreign bytes give a typed result or an error.

Source: Solidity documentation, contract ABI specification; ERC-20, ERC-721, ERC-1155; the published source of USDT's
(``isBlackListed``, ``getBlackListStatus``), USDC's (``isBlacklisted``), Paxos' (``isFrozen``) and Tether's newer
(``isBlocked``) contracts. Arguments are written by the library ``eth-abi``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from cryptotrace.chains.evm.hashes import keccak256
from cryptotrace.chains.evm.words import Words
from cryptotrace.errors import MalformedBytes

DECIMALS = "decimals()"
SYMBOL = "symbol()"
NAME = "name()"
TOTAL_SUPPLY = "totalSupply()"
BALANCE_OF = "balanceOf(address)"
OWNER = "owner()"
GET_OWNER = "getOwner()"
#: Does this contract know an interface (ERC-165)?
SUPPORTS_INTERFACE = "supportsInterface(bytes4)"
OWNER_OF = "ownerOf(uint256)"
BALANCE_OF_TOKEN = "balanceOf(address,uint256)"  # noqa: S105 - a function of ERC-1155
#: How issuers are asked whether an account is frozen; each answers with a bool.
FREEZE_QUESTIONS = (
    "isBlackListed(address)",
    "getBlackListStatus(address)",
    "isBlacklisted(address)",
    "isFrozen(address)",
    "isBlocked(address)",
)
#: Calls that are read from call data: all their arguments are single words.
_READ_CALLS = (
    "transfer(address,uint256)",
    "transferFrom(address,address,uint256)",
    "approve(address,uint256)",
    "deposit()",
    "withdraw(uint256)",
    "issue(uint256)",
    "redeem(uint256)",
    "mint(address,uint256)",
    "burn(uint256)",
    "addBlackList(address)",
    "removeBlackList(address)",
    "destroyBlackFunds(address)",
    "blacklist(address)",
    "unBlacklist(address)",
    "freeze(address)",
    "unfreeze(address)",
    "wipeFrozenAddress(address)",
    "addToBlockedList(address)",
    "removeFromBlockedList(address)",
    "destroyBlockedFunds(address)",
)
_LONGEST_TEXT = 4096


@dataclass(frozen=True, slots=True)
class Call:
    """A call that was read from call data."""

    signature: str
    """The function, e.g. ``transfer(address,uint256)``."""
    arguments: tuple[str | int, ...]
    """Its arguments: addresses with their checksum, numbers."""


def selector(signature: str) -> bytes:
    """The four bytes by which a function is called."""
    return keccak256(signature.encode("ascii"))[:4]


def _types(signature: str) -> list[str]:
    inner = signature.partition("(")[2].removesuffix(")")
    return inner.split(",") if inner else []


def call_data(signature: str, *arguments: str | int | bytes | bool) -> bytes:
    """The call data of a function whose arguments are simple types.

    Args:
        signature: e.g. ``balanceOf(address)``; without tuples.
        arguments: one for each type; an address as text.

    Raises:
        MalformedBytes: an argument is not of its type.
    """
    from eth_abi.abi import encode
    from eth_abi.exceptions import EncodingError

    types = _types(signature)
    try:
        if len(types) != len(arguments):
            raise ValueError(f"{len(types)} arguments expected, {len(arguments)} given")
        return selector(signature) + bytes(encode(types, arguments))
    except (EncodingError, ValueError, TypeError) as error:
        raise MalformedBytes(f"cannot call {signature}: {error}", offset=0, field="call") from error


@cache
def _read_selectors() -> Mapping[bytes, str]:
    return {selector(signature): signature for signature in _READ_CALLS}


def decode_call(data: bytes) -> Call | None:
    """The call in call data; None for a function that is not read.

    Some contracts are called with more bytes than the arguments need; those are not looked at.

    Raises:
        MalformedBytes: a known function with arguments that are none.
    """
    signature = _read_selectors().get(data[:4])
    if signature is None:
        return None
    words = Words(data[4:], signature)
    types = enumerate(_types(signature))
    return Call(signature, tuple(words.address(n) if kind == "address" else words.integer(n) for n, kind in types))


def _result(raw: bytes, what: str) -> Words:
    if not raw:
        raise MalformedBytes(
            "the call returned nothing: there is no contract, or it has no such function", offset=0, field=what
        )
    return Words(raw, what)


def read_integer(raw: bytes, what: str = "result", bits: int = 256) -> int:
    """A whole number that a call returned, of at most so many bits.

    Raises:
        MalformedBytes: nothing, less than a word, or a larger number.
    """
    value = _result(raw, what).integer(0)
    if value.bit_length() > bits:
        raise MalformedBytes(f"a number of at most {bits} bits expected, got {value:#x}", offset=0, field=what)
    return value


def read_decimals(raw: bytes) -> int:
    """Digits after the point of a token: 0 to 255.

    Raises:
        MalformedBytes: nothing, less than a word, or a larger number.
    """
    return read_integer(raw, "decimals", 8)


def read_address(raw: bytes, what: str = "result") -> str:
    """An address that a call returned.

    Raises:
        MalformedBytes: nothing, less than a word, or no address.
    """
    return _result(raw, what).address(0)


def read_truth(raw: bytes, what: str = "result") -> bool:
    """True or false as a call returned it. Nothing else is either of them.

    Raises:
        MalformedBytes: nothing, another size than one word, or neither 0 nor 1.
    """
    words = _result(raw, what)
    words.exactly(1)
    return words.truth(0)


def read_text(raw: bytes, what: str = "result") -> str:
    """Text that a call returned: a ``string``, or a ``bytes32`` as contracts before it gave.

    Raises:
        MalformedBytes: nothing, neither of these, longer than 4096 bytes, or not UTF-8.
    """
    words = _result(raw, what)
    text = words.word(0).rstrip(b"\0") if len(raw) == 32 else words.data(0)
    if len(text) > _LONGEST_TEXT:
        raise MalformedBytes(f"a text of {len(text)} bytes is not read; at most {_LONGEST_TEXT}", offset=0, field=what)
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedBytes(f"{text[:40].hex()} is not UTF-8", offset=error.start, field=what) from error
