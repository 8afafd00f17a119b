"""What a source of an account chain can answer, as small protocols; ``Source`` and ``Headers`` are those of all chains.

Heights are inclusive on both ends. Every answer names the digest of the recorded bytes it was read from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from cryptotrace.model.block import BlockRef
from cryptotrace.model.identity import Account, Asset
from cryptotrace.model.movement import AccountTransaction


@dataclass(frozen=True, slots=True)
class PotHistory:
    """Which transactions touched one account's holding of one asset, as a source says."""

    account: Account
    """Whose holding."""
    asset: Asset
    """Of what."""
    first: int
    """Height from which it is covered."""
    last: int
    """Height to which it is covered."""
    txids: tuple[str, ...]
    """The transactions, each once, oldest first where the source tells the order."""
    problem: str = ""
    """Why it is not all of them (more than were asked for, a page that failed, no index of internal calls); empty if
    the source says that it is."""
    is_crowded: bool = False
    """True: there are more than were asked for, and the listing was stopped."""
    evidence: tuple[str, ...] = ()
    """Digests of the answers."""


@dataclass(frozen=True, slots=True)
class PotBalance:
    """Base units that an account holds of one asset, as a source says."""

    account: Account
    """Whose."""
    asset: Asset
    """Of what."""
    units: int
    """Base units."""
    at: BlockRef
    """At the end of this block."""
    evidence: str
    """Digest of the answer."""


@dataclass(frozen=True, slots=True)
class CallAnswer:
    """What a contract answered to a call that changes nothing."""

    returned: bytes | None
    """The returned bytes; None if the call was reverted or there is no such function."""
    at: BlockRef
    """On the state at the end of this block."""
    evidence: str
    """Digest of the answer."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """An event of a contract."""

    contract: Account
    """Who says so."""
    topics: tuple[bytes, ...]
    """32 bytes each; the first is the hash of the event's signature."""
    data: bytes
    """The rest of its arguments."""
    txid: str
    """In which transaction."""
    block: BlockRef
    """In which block."""
    index: int
    """Place of the transaction in the block; -1 where the source does not tell it."""
    place: int
    """Place of the log in the transaction's receipt, from 0; -1 where the source does not tell it."""
    evidence: str
    """Digest of the answer."""


@dataclass(frozen=True, slots=True)
class LogListing:
    """The events of a contract that a source lists, with the answers that say so."""

    entries: tuple[LogEntry, ...]
    """The events, in chain order."""
    evidence: tuple[str, ...]
    """Digests of all answers of the listing, each once: those without an event too, since they show that there is
    none."""


@runtime_checkable
class AccountTransactions(Protocol):
    """Gives transactions of an account chain by txid, with what they moved."""

    def account_transactions(self, txids: Sequence[str]) -> Iterator[AccountTransaction]:
        """The transactions of those txids, in any order; asked for in batches.

        Raises:
            DataNotFound: one of them is not to be had from this source.
            SourceLied: the source contradicts the bytes or itself.
        """
        ...


@runtime_checkable
class PotHistories(Protocol):
    """Tells which transactions touched a holding."""

    def pot_history(self, account: Account, asset: Asset, first: int, last: int, most: int) -> PotHistory:
        """The transactions that touched the holding between two heights; at most ``most``, else ``is_crowded``.

        Raises:
            NotSupported: this source cannot list what touched an account's holding of that asset, and why.
        """
        ...


@runtime_checkable
class PotBalances(Protocol):
    """Tells what an account holds."""

    def pot_balance(self, account: Account, asset: Asset, height: int | None = None) -> PotBalance:
        """Base units at the end of the block at ``height``, or at the source's tip if None.

        Raises:
            NotSupported: the source answers only for its newest block, or not for that asset.
        """
        ...


@runtime_checkable
class ContractCalls(Protocol):
    """Asks a contract without changing anything (``eth_call``, ``triggerconstantcontract``)."""

    def contract_call(self, contract: Account, data: bytes, height: int | None = None) -> CallAnswer:
        """What the contract answers to ``data`` at the end of the block at ``height``, or at the tip if None.

        Raises:
            NotSupported: the source answers only for its newest block.
        """
        ...


@runtime_checkable
class Logs(Protocol):
    """Lists events of a contract."""

    def logs(self, contract: Account, topics: Sequence[bytes | None], first: int, last: int) -> LogListing:
        """The contract's events between two heights whose topics match (None matches any), in chain order; all of them.

        Raises:
            NotSupported: this source cannot list events, or not all of them.
        """
        ...


@runtime_checkable
class Nonces(Protocol):
    """Tells how many transactions an account has sent (EVM)."""

    def nonce(self, account: Account, height: int | None = None) -> tuple[int, BlockRef, str]:
        """Transactions sent up to the end of the block, which block that is, and the digest of the answer.

        Raises:
            NotSupported: the source answers only for its newest block, or the chain has no nonces.
        """
        ...
