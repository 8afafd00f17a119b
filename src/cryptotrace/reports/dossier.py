"""What a report is made from: frozen and complete, so that rendering needs no source, no store and no clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptotrace.model.block import Tip
from cryptotrace.model.identity import Account, Asset
from cryptotrace.model.tag import Tag
from cryptotrace.model.transaction import Transaction
from cryptotrace.tracing.result import Trace


@dataclass(frozen=True, slots=True)
class AssetFacts:
    """How an asset is written."""

    asset: Asset
    """Which asset."""
    chain_name: str
    """Name of its chain for readers, e.g. ``Bitcoin (regtest)``."""
    symbol: str
    """Its symbol, e.g. ``BTC``."""
    decimals: int
    """Digits after the point in decimal writing."""
    is_training: bool
    """True on regtest, testnets and signet: no value, training only. Said on every page."""


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
    outputs_only: tuple[str, ...] = field(default=())
    """Txids of transactions that are known by their outputs only: the values of their inputs could not be had."""
