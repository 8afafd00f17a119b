"""What a source can answer, as small protocols. Ability is a type: ask only those that have it.

The ledger, the engine and the reports know these protocols and never the sources themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from cryptotrace.model.block import BlockRef, Tip
from cryptotrace.model.identity import Account, Chain
from cryptotrace.model.transaction import Outpoint


@dataclass(frozen=True, slots=True)
class RawBlock:
    """A block as its bytes."""

    ref: BlockRef
    """Height, hash and time."""
    raw: bytes
    """The block, header first."""
    evidence: str
    """Digest of the recorded answer."""


@dataclass(frozen=True, slots=True)
class SpentOutput:
    """What a source says an input spends. A report until the transaction that created it has been read."""

    units: int
    """Base units."""
    script: bytes
    """The spent output's script."""


@dataclass(frozen=True, slots=True)
class RawTransaction:
    """A transaction as its bytes, with its place in the chain."""

    chain: Chain
    """The chain."""
    txid: str
    """The txid that was asked for and that the bytes hash to."""
    raw: bytes
    """The transaction with witness, as serialised for the network."""
    block: BlockRef | None
    """The block that confirms it; None while unconfirmed."""
    index: int
    """Place in the block, from 0; -1 while unconfirmed."""
    evidence: str
    """Digest of the recorded answer."""
    spent: dict[Outpoint, SpentOutput] = field(default_factory=dict)
    """What the source says about the outputs it spends; empty if it says nothing."""


@dataclass(frozen=True, slots=True)
class Spend:
    """The transaction that spends an outpoint."""

    outpoint: Outpoint
    """The output that is spent."""
    txid: str
    """By which transaction."""
    vin: int
    """At which of its inputs, from 0."""
    block: BlockRef | None
    """In which block; None while unconfirmed."""
    evidence: str
    """Digest of the recorded answer."""


@dataclass(frozen=True, slots=True)
class Unspent:
    """As the source reports it: not spent at its tip. This can never be verified from bytes alone."""

    outpoint: Outpoint
    """The output."""
    as_of: Tip
    """The tip at which the source said so."""
    evidence: str
    """Digest of the recorded answer; empty if the answer is the absence of a spend in blocks that were read."""


@dataclass(frozen=True, slots=True)
class SpendUnknown:
    """The source cannot tell whether the outpoint is spent."""

    outpoint: Outpoint
    """The output."""
    reason: str
    """Why, and what would tell."""


@runtime_checkable
class Source(Protocol):
    """What every source has. Its tip is fixed when it is opened, so one run belongs to one height."""

    chain: Chain
    """The chain it answers for."""
    name: str
    """Its specification without secrets, e.g. ``esplora:https://explorer.example/api``."""

    def tip(self) -> Tip:
        """The newest block the source knew when it was opened."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...


@runtime_checkable
class Blocks(Protocol):
    """Gives whole blocks of the active chain."""

    def block(self, height: int) -> RawBlock:
        """The block at that height.

        Raises:
            DataNotFound: the source has no block at that height.
        """
        ...

    def block_by_hash(self, block_hash: str) -> RawBlock:
        """The block of that hash.

        Raises:
            DataNotFound: the source has no such block in the active chain.
        """
        ...


@runtime_checkable
class Headers(Protocol):
    """Tells which block is at a height, without the block."""

    def block_ref(self, height: int) -> BlockRef:
        """The block of the active chain at that height.

        Raises:
            DataNotFound: the source has no block at that height.
        """
        ...


@runtime_checkable
class Transactions(Protocol):
    """Gives transactions by txid."""

    def transactions(self, txids: Sequence[str]) -> Iterator[RawTransaction]:
        """The transactions of those txids, in any order.

        Raises:
            DataNotFound: one of them is not to be had from this source.
            SourceLied: the bytes do not hash to the txid, or the source contradicts them.
        """
        ...


@runtime_checkable
class Spends(Protocol):
    """Tells who spent an output."""

    def spends(self, outpoints: Sequence[Outpoint]) -> Iterator[Spend | Unspent | SpendUnknown]:
        """For each outpoint who spends it, in any order."""
        ...


@runtime_checkable
class Histories(Protocol):
    """Tells what touched an account."""

    def history(self, account: Account) -> Iterator[str]:
        """Txids of the transactions that touch the account, oldest first, unconfirmed last."""
        ...


@runtime_checkable
class Balances(Protocol):
    """Tells the balance of an account."""

    def balance(self, account: Account) -> tuple[int, Tip]:
        """Base units of the native asset, confirmed, and the tip at which they were read."""
        ...


@runtime_checkable
class Proofs(Protocol):
    """Gives the Merkle branch of a transaction."""

    def merkle_branch(self, txid: str) -> tuple[BlockRef, int, tuple[str, ...]]:
        """Block, place in it, and the sibling hashes from the leaf up, hex as explorers print them."""
        ...
