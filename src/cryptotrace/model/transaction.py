"""A transaction as balanced postings: what leaves and what arrives, per asset, to the base unit."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Self

from cryptotrace.errors import InvalidIdentifier, UnbalancedTransaction
from cryptotrace.model.amount import base_units
from cryptotrace.model.block import BlockRef
from cryptotrace.model.identity import Account, Asset, Chain
from cryptotrace.model.verdict import Standing

_TXID_FORM = re.compile(r"[0-9a-f]{64}", re.ASCII)


def txid_text(text: str) -> str:
    """``text`` if it is a txid: 64 lower-case hex digits as explorers print it.

    Raises:
        InvalidIdentifier: anything else.
    """
    if not _TXID_FORM.fullmatch(text):
        raise InvalidIdentifier(f"{text!r} is not a txid; expected 64 lower-case hex digits as explorers print them")
    return text


class Outpoint(NamedTuple):
    """An output of a transaction: which transaction, which output. Written ``txid:vout``."""

    txid: str
    """The transaction that creates the output."""
    vout: int
    """Index of the output in it, from 0."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``txid:vout``.

        Raises:
            InvalidIdentifier: the text has another form.
        """
        txid, colon, vout = text.rpartition(":")
        if not colon or not (vout.isascii() and vout.isdigit()) or len(vout) > 10 or int(vout) > 0xFFFF_FFFF:
            raise InvalidIdentifier(f"{text!r} is not an outpoint; expected txid:vout, e.g. {'0' * 60}abcd:0")
        return cls(txid_text(txid), int(vout))

    def __str__(self) -> str:
        return f"{self.txid}:{self.vout}"


class PostingKind(StrEnum):
    """Why value leaves or arrives."""

    INPUT = "input"
    """An output of an earlier transaction is spent."""
    OUTPUT = "output"
    """An output is created."""
    TRANSFER = "transfer"
    """An account pays another one."""
    FEE = "fee"
    """What the network takes."""
    ISSUANCE = "issuance"
    """Coinbase or mint: new value; a coinbase's issuance includes the fees it collects."""
    BURN = "burn"
    """Value that is destroyed."""


@dataclass(frozen=True, slots=True)
class Posting:
    """One side of a movement. Value that leaves is negative, value that arrives is positive."""

    kind: PostingKind
    """Why."""
    asset: Asset
    """Of what."""
    units: int
    """Base units: negative for what leaves, positive for what arrives."""
    account: Account | None = None
    """Whose; None for the side of a fee, an issuance or a burn that has no account."""
    outpoint: Outpoint | None = None
    """On a UTXO chain the output that is spent or created."""
    script: bytes = b""
    """On a UTXO chain the output's script (scriptPubKey), as on the chain."""
    standing: Standing = Standing.RECOMPUTED
    """Whether ``units`` were read from bytes that match their txid, or only reported (the value of a spent output
    whose own transaction is not held)."""
    flow: str = ""
    """On an account chain the movement that this is a side of, ``txid#place``."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """A transaction whose postings sum to zero for every asset.

    Raises:
        UnbalancedTransaction: they do not; the message names the asset and the difference.
        InvalidIdentifier: the txid has another form.
        InvalidAmount: a posting is not in whole base units.
    """

    chain: Chain
    """The chain it is on."""
    txid: str
    """Its identifier, lower-case hex as explorers print it."""
    block: BlockRef | None
    """The block that confirms it; None while unconfirmed."""
    index: int
    """Place in that block, from 0; -1 while unconfirmed."""
    postings: tuple[Posting, ...]
    """Inputs in order, outputs in order, then the fee or issuance."""
    evidence: str = ""
    """Digest of the raw answer it was read from (see ``cryptotrace.evidence``)."""
    notices: tuple[str, ...] = ()
    """What lives on top of it and is not followed: ``omni``, ``runes``, ``inscription``, ``unknown-op-return``."""

    def __post_init__(self) -> None:
        txid_text(self.txid)
        sums: dict[Asset, int] = defaultdict(int)
        for posting in self.postings:
            base_units(posting.units, f"posting of {self.txid}", signed=True)
            sums[posting.asset] += posting.units
        for asset, difference in sums.items():
            if difference != 0:
                raise UnbalancedTransaction(
                    f"transaction {self.txid} does not balance: {asset} differs by {difference} base units; "
                    "an input or output is missing or was misread, fetch it again from another source"
                )

    def of_kind(self, kind: PostingKind) -> tuple[Posting, ...]:
        """The postings of one kind, in order."""
        return tuple(p for p in self.postings if p.kind is kind)

    @property
    def inputs(self) -> tuple[Posting, ...]:
        """What it spends, in order (negative units)."""
        return self.of_kind(PostingKind.INPUT)

    @property
    def outputs(self) -> tuple[Posting, ...]:
        """What it creates, in order (positive units)."""
        return self.of_kind(PostingKind.OUTPUT)

    @property
    def fee(self) -> int:
        """The network's fee in base units of the native asset; 0 for a coinbase."""
        return sum(p.units for p in self.of_kind(PostingKind.FEE) if p.units > 0)

    @property
    def is_coinbase(self) -> bool:
        """True if it creates new value and spends no output."""
        return not self.inputs and bool(self.of_kind(PostingKind.ISSUANCE))
