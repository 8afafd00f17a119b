"""What a report is made from: frozen and complete, so that rendering needs no source, no store and no clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptotrace.model.block import Tip
from cryptotrace.model.identity import Account, Asset, Chain
from cryptotrace.model.movement import AccountTransaction
from cryptotrace.model.tag import Tag
from cryptotrace.model.transaction import Transaction
from cryptotrace.seizure.touchpoints import TouchPoints
from cryptotrace.tracing.result import Trace

#: So many letters of a contract's beginning and of its end stand behind an amount where it has no symbol.
_ENDS = 6


@dataclass(frozen=True, slots=True)
class AssetFacts:
    """How an asset is written."""

    asset: Asset
    """Which asset."""
    chain_name: str
    """Name of its chain for readers, e.g. ``Bitcoin (regtest)``."""
    symbol: str
    """Its symbol, e.g. ``BTC``; empty if it is not known. Foreign text: any contract can call itself anything."""
    decimals: int | None
    """Digits after the point in decimal writing; None if they are not known: amounts stand in base units then."""
    is_training: bool
    """True on regtest, testnets and signet: no value, training only. Said on every page."""
    basis: str = ""
    """Where symbol and decimals are from: read from the contract at a block, or as listed by whom and when."""

    @property
    def label(self) -> str:
        """What stands behind an amount: the symbol, or both ends of the contract where there is none, and which token.

        The contract stands in full in the table of the assets.
        """
        contract = self.asset.reference
        short = contract if len(contract) <= 2 * _ENDS + 1 else f"{contract[:_ENDS]}…{contract[-_ENDS:]}"
        name = self.symbol or short
        return name if self.asset.token_id is None else f"{name} no. {self.asset.token_id}"


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """A source that was asked."""

    name: str
    """Its specification without secrets."""
    tip: Tip
    """The newest block it knew when it was opened; nothing later is used."""
    answers: int
    """How many of its answers are recorded."""
    first: str
    """When the first was received, ISO 8601 UTC; empty if none."""
    last: str
    """When the last was received, ISO 8601 UTC; empty if none."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A recorded raw answer that the report rests on."""

    digest: str
    """SHA-256 of its bytes, hex."""
    source: str
    """Who gave it."""
    request: str
    """What was asked, without secrets."""
    received: str
    """When, ISO 8601 UTC."""
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True)
class Dossier:
    """Everything a report says, before it is put into words."""

    case_id: str
    """Name of the case folder."""
    title: str
    """Title of the case, as the user wrote it."""
    question: str
    """The question put, as the user wrote it; empty for the standard question."""
    author: str
    """Who made the report, as the user wrote it; empty if not stated."""
    trace: Trace
    """The result that is reported."""
    assets: Mapping[Asset, AssetFacts]
    """How each asset in the trace is written."""
    transactions: Mapping[str, Transaction]
    """Every transaction that the trace passes or starts from, by txid."""
    tags: Mapping[Account, tuple[Tag, ...]]
    """What sources say about accounts that occur in those transactions."""
    tags_loaded: int
    """How many tags were loaded in all: the coverage behind "no tag found"."""
    sources: tuple[SourceFacts, ...]
    """What was asked."""
    answers: tuple[Answer, ...]
    """The recorded answers that the transactions were read from, in order of receipt."""
    settings: Mapping[str, str]
    """Every setting that shaped the result, as text."""
    software: str
    """Name and version of this software."""
    cut_off: str
    """Newest time of receipt among the answers, ISO 8601 UTC: the report's date. No wall clock is read."""
    custody_head: str
    """Digest of the custody log's entry of the trace: the head of the log up to there."""
    account_transactions: Mapping[str, AccountTransaction] = field(default_factory=dict)
    """On an account chain, what is known of the transactions beside their postings: success, sender, order."""
    outputs_only: tuple[str, ...] = field(default=())
    """Txids of transactions that are known by their outputs only: the values of their inputs could not be had."""
    touch_points: TouchPoints | None = None
    """On an account chain, where the trace touches services; None if that was not looked for."""

    @property
    def is_on_accounts(self) -> bool:
        """True if value lies in accounts; False if it lies in unspent outputs."""
        moves = (posting.flow for transaction in self.transactions.values() for posting in transaction.postings)
        return bool(self.account_transactions) or any(moves)

    @property
    def chain(self) -> Chain | None:
        """The chain of the claims; None if nothing was claimed."""
        return self.trace.claims[0].asset.chain if self.trace.claims else None
