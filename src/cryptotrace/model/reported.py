"""What somebody reports about a case: who paid whom when, worth so many dollars. Not an amount of any asset."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from cryptotrace.errors import ModelError
from cryptotrace.model.block import BlockRef
from cryptotrace.model.identity import Account, Chain
from cryptotrace.model.transaction import txid_text
from cryptotrace.model.verdict import Standing


@dataclass(frozen=True, slots=True)
class Estimate:
    """What somebody reckoned a transfer to be worth in money. It is no ``Amount``: it has no asset and no base units.

    Raises:
        ModelError: not a finite, non-negative decimal number.
    """

    value: Decimal
    """The figure as it was written, every digit of it."""
    currency: str
    """Of what currency, e.g. ``USD``."""
    by: str
    """Who reckoned it: the file or the source that says so. Neither the price nor its time is told."""

    def __post_init__(self) -> None:
        given: object = self.value
        if not isinstance(given, Decimal) or not given.is_finite() or given < 0:
            raise ModelError(f"an estimate is a finite decimal number from 0, not {self.value!r}")

    def __str__(self) -> str:
        return f"about {self.value:f} {self.currency} (estimate of {self.by})"


@dataclass(frozen=True, slots=True)
class ReportedEdge:
    """That value went from one account to another in a transaction, as somebody reports. Of what asset is not said.

    Raises:
        InvalidIdentifier: the txid has another form.
    """

    chain: Chain
    """The chain of both accounts."""
    txid: str
    """The transaction, 64 lower-case hex digits without ``0x``."""
    height: int
    """Height of its block."""
    time: int
    """The block's time as reported, seconds since 1970 UTC. Not used for order."""
    payer: Account
    """From whom."""
    payee: Account
    """To whom."""
    estimate: Estimate | None
    """What it is said to be worth; None if nothing is said."""
    payer_label: str = ""
    """What the reporter calls the payer. Foreign text: a claim, not a finding."""
    payee_label: str = ""
    """What the reporter calls the payee."""
    row: int = 0
    """Which row of the file, from 1."""
    block: BlockRef | None = None
    """The block with its hash, where the reporter names it."""
    evidence: str = ""
    """Digest of the file it was read from."""
    standing: Standing = Standing.REPORTED
    """Always as reported: nothing of it was read from bytes of the chain."""

    def __post_init__(self) -> None:
        txid_text(self.txid)
        if self.height < 0:
            raise ModelError(f"row {self.row}: a block height is not negative, got {self.height}")
        if self.standing is not Standing.REPORTED:
            raise ModelError(f"row {self.row}: a reported edge cannot be {self.standing.value}")
