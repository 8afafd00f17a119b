"""What contracts say and are asked: events that matter, read from logs; calls and their results.

A log proves that a contract wrote it, not that what it says is so: anybody can deploy a contract that writes
``Transfer`` with any names in it.

Source: ERC-20, ERC-721, ERC-1155, ERC-4337; WETH9; the published contracts of Tether, Circle and Paxos.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from cryptotrace.chains.evm import topics
from cryptotrace.chains.evm.calls import (
    Call,
    call_data,
    decode_call,
    read_address,
    read_decimals,
    read_integer,
    read_text,
    read_truth,
    selector,
)
from cryptotrace.chains.evm.receipt import Log
from cryptotrace.chains.evm.topics import signature_of, topic_of
from cryptotrace.chains.evm.words import Words
from cryptotrace.errors import MalformedBytes

__all__ = [
    "Approval",
    "Call",
    "Change",
    "Event",
    "Freeze",
    "Standard",
    "Supply",
    "TokenTransfer",
    "UserOperation",
    "Wrapping",
    "call_data",
    "decode_call",
    "read_address",
    "read_decimals",
    "read_integer",
    "read_log",
    "read_text",
    "read_truth",
    "selector",
    "signature_of",
    "topic_of",
]


class Standard(StrEnum):
    """What kind of token an event tells of, by its form alone."""

    ERC20 = "erc20"
    """An amount of a divisible token."""
    ERC721 = "erc721"
    """One token of a collection."""
    ERC1155 = "erc1155"
    """An amount of one token of a collection."""
    UNCLEAR = "unclear"
    """An old form in which a number may be an amount or the id of a collectible (CryptoKitties writes so)."""


class Change(StrEnum):
    """What an issuer did."""

    FROZEN = "frozen"
    """An account can no longer pay."""
    UNFROZEN = "unfrozen"
    """It can again."""
    DESTROYED = "destroyed"
    """What it held was taken out of the world."""
    ISSUED = "issued"
    """The supply grew."""
    REDEEMED = "redeemed"
    """The supply shrank."""


@dataclass(frozen=True, slots=True)
class TokenTransfer:
    """A transfer of tokens as a contract tells it; the zero address stands for minting and burning."""

    contract: str
    """The token's contract."""
    standard: Standard
    """What kind of token."""
    payer: str
    """Whose it was."""
    payee: str
    """Whose it is."""
    units: int
    """Base units; 1 for ERC-721; with UNCLEAR an amount or an id."""
    token_id: int | None = None
    """Which token of a collection; None where there is no such thing or it is not clear."""
    operator: str | None = None
    """Who made the transfer, where told (ERC-1155)."""
    assumed: str = ""
    """What of it is assumed because the form of the log does not tell it; empty if nothing is."""


@dataclass(frozen=True, slots=True)
class Approval:
    """An account lets another one spend its tokens."""

    contract: str
    """The token's contract."""
    owner: str
    """Whose tokens."""
    spender: str
    """Who may spend them."""
    units: int
    """Up to how many base units; of a collection, the id of the token."""
    standard: Standard
    """ERC20, ERC721, or UNCLEAR."""


@dataclass(frozen=True, slots=True)
class Wrapping:
    """Coins put into a token, or taken out of it, as WETH9 tells it."""

    contract: str
    """The token's contract."""
    account: str
    """Who holds the tokens before or after."""
    units: int
    """Wei."""
    is_deposit: bool
    """True: coins went in and tokens came out."""


@dataclass(frozen=True, slots=True)
class Freeze:
    """An issuer froze an account, set it free, or destroyed what it held."""

    contract: str
    """The token's contract."""
    account: str
    """Whose account."""
    change: Change
    """FROZEN, UNFROZEN or DESTROYED."""
    units: int | None = None
    """How many base units were destroyed, where told."""


@dataclass(frozen=True, slots=True)
class Supply:
    """An issuer changed the supply; the event tells no account (of USDT it is the owner's)."""

    contract: str
    """The token's contract."""
    units: int
    """Base units."""
    change: Change
    """ISSUED or REDEEMED."""


@dataclass(frozen=True, slots=True)
class UserOperation:
    """A user operation that an entry point carried out (ERC-4337)."""

    contract: str
    """The entry point."""
    operation: bytes
    """Its hash, 32 bytes."""
    sender: str
    """The account that acts."""
    paymaster: str | None
    """Who pays the gas; None if the account itself does."""
    nonce: int
    """The account's nonce at the entry point."""
    succeeded: bool
    """False: its call was reverted, and the gas was paid."""
    cost: int
    """Wei that were paid for it."""
    gas: int
    """Units of gas that were used."""


Event = TokenTransfer | Approval | Wrapping | Freeze | Supply | UserOperation


def _arguments(log: Log, name: str, most_indexed: int, count: int) -> Words:
    """All arguments as words, those in topics first: events declare their indexed arguments first."""
    indexed = log.topics[1:]
    if len(indexed) > most_indexed:
        raise MalformedBytes(f"at most {most_indexed} indexed arguments, found {len(indexed)}", offset=0, field=name)
    words = Words(b"".join(indexed) + log.data, name)
    words.exactly(count)
    return words


def _transfer(log: Log) -> tuple[Event, ...]:
    words = _arguments(log, "Transfer", 3, 3)
    payer, payee, number = words.address(0), words.address(1), words.integer(2)
    indexed = len(log.topics) - 1
    if indexed == 3:
        return (TokenTransfer(log.address, Standard.ERC721, payer, payee, 1, number),)
    if indexed == 2:
        return (TokenTransfer(log.address, Standard.ERC20, payer, payee, number),)
    assumed = "the number may be an amount or the id of a collectible"
    if indexed == 1:
        assumed += "; the indexed account may be the payee instead of the payer"
    return (TokenTransfer(log.address, Standard.UNCLEAR, payer, payee, number, assumed=assumed),)


def _approval(log: Log) -> tuple[Event, ...]:
    words = _arguments(log, "Approval", 3, 3)
    standard = {2: Standard.ERC20, 3: Standard.ERC721}.get(len(log.topics) - 1, Standard.UNCLEAR)
    return (Approval(log.address, words.address(0), words.address(1), words.integer(2), standard),)


def _transfer_single(log: Log) -> tuple[Event, ...]:
    words = _arguments(log, "TransferSingle", 3, 5)
    operator, payer, payee = (words.address(n) for n in range(3))
    token, units = words.integer(3), words.integer(4)
    return (TokenTransfer(log.address, Standard.ERC1155, payer, payee, units, token, operator),)


def _transfer_batch(log: Log) -> tuple[Event, ...]:
    if len(log.topics) != 4:
        message = f"3 indexed arguments expected, found {len(log.topics) - 1}"
        raise MalformedBytes(message, offset=0, field="TransferBatch")
    operator, payer, payee = (Words(topic, "TransferBatch").address(0) for topic in log.topics[1:])
    words = Words(log.data, "TransferBatch")
    tokens, units = words.integers(0), words.integers(1)
    if len(tokens) != len(units):
        raise words.refusal(f"{len(tokens)} ids and {len(units)} amounts", 1)
    pairs = zip(tokens, units, strict=True)
    return tuple(TokenTransfer(log.address, Standard.ERC1155, payer, payee, n, i, operator) for i, n in pairs)


def _wrapping(log: Log, is_deposit: bool) -> tuple[Event, ...]:
    words = _arguments(log, "Deposit" if is_deposit else "Withdrawal", 2, 2)
    return (Wrapping(log.address, words.address(0), words.integer(1), is_deposit),)


def _supply(log: Log, change: Change) -> tuple[Event, ...]:
    return (Supply(log.address, _arguments(log, change.value, 1, 1).integer(0), change),)


def _freeze(log: Log, change: Change, has_units: bool) -> tuple[Event, ...]:
    words = _arguments(log, change.value, 2, 2 if has_units else 1)
    return (Freeze(log.address, words.address(0), change, words.integer(1) if has_units else None),)


def _user_operation(log: Log) -> tuple[Event, ...]:
    words = _arguments(log, "UserOperationEvent", 3, 7)
    if len(log.topics) != 4:
        raise words.refusal(f"3 indexed arguments expected, found {len(log.topics) - 1}", 0)
    paymaster = words.address(2)
    return (
        UserOperation(
            contract=log.address,
            operation=words.word(0),
            sender=words.address(1),
            paymaster=paymaster if int(paymaster, 16) else None,
            nonce=words.integer(3),
            succeeded=words.truth(4),
            cost=words.integer(5),
            gas=words.integer(6),
        ),
    )


_Reader = Callable[[Log], tuple[Event, ...]]


def _freezer(signature: str) -> _Reader:
    if signature in topics.FROZEN:
        change = Change.FROZEN
    else:
        change = Change.UNFROZEN if signature in topics.UNFROZEN else Change.DESTROYED
    has_units = signature.endswith("(address,uint256)")
    return lambda log: _freeze(log, change, has_units)


@cache
def _readers() -> dict[bytes, _Reader]:
    named: dict[str, _Reader] = {
        topics.TRANSFER: _transfer,
        topics.TRANSFER_SINGLE: _transfer_single,
        topics.TRANSFER_BATCH: _transfer_batch,
        topics.APPROVAL: _approval,
        topics.DEPOSIT: lambda log: _wrapping(log, is_deposit=True),
        topics.WITHDRAWAL: lambda log: _wrapping(log, is_deposit=False),
        topics.ISSUE: lambda log: _supply(log, Change.ISSUED),
        topics.REDEEM: lambda log: _supply(log, Change.REDEEMED),
        topics.USER_OPERATION: _user_operation,
    }
    named |= {each: _freezer(each) for each in (*topics.FROZEN, *topics.UNFROZEN, *topics.DESTROYED)}
    return {topic_of(signature): reader for signature, reader in named.items()}


def read_log(log: Log) -> tuple[Event, ...]:
    """What a log says; a batch says several things, an event that is not read says none.

    Raises:
        MalformedBytes: the first topic is that of an event that is read, and the rest does not fit it.
    """
    reader = _readers().get(log.topics[0]) if log.topics else None
    return reader(log) if reader else ()
