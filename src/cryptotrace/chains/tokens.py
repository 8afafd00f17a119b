"""What is said about a token (issuer, decimals, who can freeze it and how), and what its contract says itself.

A list says what a token *is said* to be, by whom and when. ``TokenReading`` is what the contract answered as of a
block, which is the fact. The table of known tokens is ``cryptotrace.chains.tokentable``; a case can add its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from cryptotrace.chains.evm.calls import DECIMALS, SYMBOL, read_decimals, selector
from cryptotrace.chains.evm.topics import topic_of
from cryptotrace.chains.networks import account
from cryptotrace.chains.networks import asset as canonical_asset
from cryptotrace.errors import MalformedBytes, ModelError
from cryptotrace.model.accountsource import CallAnswer, ContractCalls
from cryptotrace.model.block import BlockRef
from cryptotrace.model.identity import Account, Asset

#: Namespaces (CAIP-19) of tokens whose amounts add up.
FUNGIBLE = frozenset({"erc20", "trc20"})
_WORD = 32
_MOST_DECIMALS = 255
#: Characters of a symbol that are kept. The longest of a real token has about a dozen.
_LONGEST_SYMBOL = 64


class FreezeAct(StrEnum):
    """What an issuer did to an account's holding."""

    FREEZE = "freeze"
    """Its tokens cannot be moved any more."""
    UNFREEZE = "unfreeze"
    """They can be moved again."""
    DESTROY = "destroy"
    """They were taken out of existence; the freeze stays."""


@dataclass(frozen=True, slots=True)
class FreezeEvent:
    """An event by which a contract tells of such an act. Its first argument is the account, a second one the amount."""

    signature: str
    """As it is hashed, e.g. ``AddedBlackList(address)``. Whether the account is indexed does not change the hash."""
    act: FreezeAct
    """What it tells."""

    @property
    def topic(self) -> bytes:
        """The first topic of its logs, 32 bytes."""
        return topic_of(self.signature)

    @property
    def has_units(self) -> bool:
        """True if the event names the amount."""
        return self.signature.endswith(",uint256)")


@dataclass(frozen=True, slots=True)
class FreezeInterface:
    """How a contract is asked whether an account is frozen, and how it tells of it."""

    functions: tuple[str, ...]
    """Signatures of functions that take the account and return a bool, asked in this order until one answers."""
    events: tuple[FreezeEvent, ...]
    """The events of freezing, unfreezing and destroying."""
    destroys: str
    """Signature of the function that destroys frozen tokens; empty if none is known."""
    source: str
    """Where this stands."""
    as_of: str
    """When it was read there, ISO date."""


@dataclass(frozen=True, slots=True)
class IssuerRule:
    """What an issuer says about whom it freezes at whose request. To be checked again before anything rests on it."""

    issuer: str
    """The issuer, as in ``TokenFacts.issuer``."""
    text: str
    """The rule in one or two sentences."""
    source: str
    """Where it stands."""
    as_of: str
    """Its date, or when it was read, ISO date."""
    needs_check: bool = True
    """True until a person has compared it with the issuer's present text."""


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """A token as a list shows it. Nothing here was read from the contract.

    Raises:
        ModelError: ``decimals`` is not 0 ... 255.
    """

    asset: Asset
    """Which contract on which chain, in its one spelling."""
    symbol: str
    """As listed."""
    name: str
    """As listed."""
    decimals: int
    """As listed: one token is ``10 ** decimals`` base units."""
    issuer: str
    """Who can issue it, and freeze it where ``freeze`` is known; empty if there is no such party."""
    freeze: FreezeInterface | None
    """How it is frozen; None if that is not known or not possible, see ``note``."""
    note: str
    """What must be known about it, e.g. that it is another party's bridge token; empty if nothing."""
    source: str
    """The list."""
    as_of: str
    """When it was read there, ISO date."""
    adjusts: bool = False
    """True: it changes balances beside its transfers (a tax, a rebase, interest)."""

    def __post_init__(self) -> None:
        if isinstance(self.decimals, bool) or not isinstance(self.decimals, int):
            raise ModelError(f"decimals of {self.asset} must be an int, got {self.decimals!r}")
        if not 0 <= self.decimals <= _MOST_DECIMALS:
            raise ModelError(f"decimals of {self.asset} must be 0 to {_MOST_DECIMALS}, got {self.decimals}")

    @property
    def contract(self) -> Account:
        """The contract as an account."""
        return contract_of(self.asset)


@dataclass(frozen=True, slots=True)
class TokenReading:
    """What a token's contract says of itself as of a block: the fact, where a list is hearsay.

    A symbol proves nothing: anybody can give any symbol to a contract. Only the contract's address names a token.
    """

    asset: Asset
    """Which token."""
    symbol: str | None
    """At most 64 characters, what cannot be seen shown by its code point; None if the contract gave none."""
    decimals: int | None
    """Digits after the point, 0 to 255; None if the contract gave none, and then no decimal amount can be written."""
    at: BlockRef | None
    """The state at the end of this block; None if neither question was answered as of one."""
    evidence: tuple[str, ...]
    """Digests of the answers."""
    problems: tuple[str, ...] = ()
    """What was wrong with them."""


def contract_of(token: Asset) -> Account:
    """The contract of a token as an account.

    Raises:
        ModelError: not a token with a contract.
        InvalidAddress: the reference is no address of its chain.
        UnsupportedChain: the chain is not known.
    """
    if token.namespace not in FUNGIBLE:
        raise ModelError(f"{token} is no fungible token with a contract; expected one of {', '.join(sorted(FUNGIBLE))}")
    return account(token.reference, token.chain)


def known_tokens(own: Iterable[TokenFacts] = ()) -> dict[Asset, TokenFacts]:
    """The table of known tokens with a case's own ones, by canonical asset; one's own replaces the table's.

    Raises:
        ModelError: one's own token has an asset in another spelling than its one.
    """
    from cryptotrace.chains.tokentable import TOKENS

    tokens = {facts.asset: facts for facts in TOKENS}
    for facts in own:
        if canonical_asset(facts.asset) != facts.asset:
            raise ModelError(f"{facts.asset} is not in its one spelling; write {canonical_asset(facts.asset)}")
        tokens[facts.asset] = facts
    return tokens


def read_token(calls: ContractCalls, token: Asset, height: int | None = None) -> TokenReading:
    """Ask the contract for ``symbol()`` and ``decimals()`` at the end of the block at ``height``, or at the tip.

    What a hostile contract answers does no harm: too long, not text, out of range or nothing is named in ``problems``.

    Raises:
        ModelError: not a token with a contract.
        SourceError: the source cannot ask, or not as of that height.

    Source: EIP-20 (``symbol`` and ``decimals`` are optional); Solidity ABI specification (string, bytes32, uint8).
    """
    contract = contract_of(token)
    answers = [calls.contract_call(contract, selector(text), height) for text in (SYMBOL, DECIMALS)]
    symbol, about_symbol = _symbol(answers[0])
    decimals, about_decimals = _decimals(answers[1])
    blocks = [answer.at for answer in answers]
    problems = [f"symbol(): {text}" for text in about_symbol] + [f"decimals(): {text}" for text in about_decimals]
    if blocks[0] != blocks[1]:
        problems.append(f"the two answers are as of two blocks, {blocks[0].height} and {blocks[1].height}")
    evidence = tuple(dict.fromkeys(answer.evidence for answer in answers if answer.evidence))
    return TokenReading(token, symbol, decimals, blocks[1], evidence, tuple(problems))


def _symbol(answer: CallAnswer) -> tuple[str | None, list[str]]:
    if answer.returned is None:
        return None, ["reverted, or there is no such function"]
    raw, problem = _text_bytes(answer.returned)
    if raw is None:
        return None, [problem]
    problems = [] if raw else ["empty"]
    if len(raw) > 4 * _LONGEST_SYMBOL:  # so many bytes have more characters than are kept
        problems.append(f"{len(raw)} bytes long; cut to {_LONGEST_SYMBOL} characters")
        raw = raw[: 4 * _LONGEST_SYMBOL]
    text = raw.decode("utf-8", errors="surrogateescape")
    if len(text) > _LONGEST_SYMBOL:
        problems = problems or [f"{len(text)} characters long; cut to {_LONGEST_SYMBOL}"]
        text = text[:_LONGEST_SYMBOL]
    shown = "".join(map(_seen, text))
    if shown != text:
        problems.append("holds characters that cannot be seen or bytes that are not UTF-8, shown by their numbers")
    return shown, problems


def _text_bytes(returned: bytes) -> tuple[bytes | None, str]:
    """The bytes of a string, or of a ``bytes32`` as old tokens return it; else None and what is wrong."""
    if len(returned) == _WORD:
        return returned.rstrip(b"\0"), ""
    if len(returned) < 2 * _WORD:
        return None, f"{len(returned)} bytes are neither a string nor a bytes32"
    offset, length = _number(returned, 0), 0
    if offset + _WORD <= len(returned):
        length = _number(returned, offset)
    start = offset + _WORD
    if start + length > len(returned):
        return None, f"a string that says it has {length} bytes at {start}, in an answer of {len(returned)}"
    return returned[start : start + length], ""


def _decimals(answer: CallAnswer) -> tuple[int | None, list[str]]:
    if answer.returned is None:
        return None, ["reverted, or there is no such function"]
    try:
        return read_decimals(answer.returned), []
    except MalformedBytes as error:
        return None, [str(error)]


def _number(data: bytes, start: int) -> int:
    return int.from_bytes(data[start : start + _WORD], "big")


def _seen(char: str) -> str:
    """The character, or its number where it cannot be seen: ``⟨U+202E⟩``, and ``⟨0xFF⟩`` for a byte that is no text."""
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # where Python keeps a byte that is not UTF-8
        return f"⟨0x{code - 0xDC00:02X}⟩"
    return char if char.isprintable() else f"⟨U+{code:04X}⟩"
