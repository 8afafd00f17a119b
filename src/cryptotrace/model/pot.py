"""How far the history of an account's holding is known, and whether its arithmetic closes.

One omitted transfer changes every share after it. So the completeness of a holding's history is graded apart from its
transfers, by balances that the same or another source gives at stated blocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cryptotrace.model.flow import Pot
from cryptotrace.model.identity import Account, Asset


class OpeningBasis(StrEnum):
    """How the balance before the claim is known: it is the first, unclaimed fragment of the holding."""

    HISTORY = "full history"
    """The history is listed from the chain's beginning, so it opens with nothing."""
    BALANCE = "balance read at that block"
    """A source gave the balance at the end of the block before."""
    BACKWARDS = "balance now minus what moved since"
    """Computed backwards from the newest balance; this cannot check itself."""


class Completeness(StrEnum):
    """Whether opening + received - paid is the balance that was read."""

    COMPLETE = "complete"
    """It is, to the base unit, between the stated blocks."""
    DIFFERENCE = "difference"
    """It is not; the difference is stated."""
    NOT_CHECKED = "not checked"
    """No balance was to be had that does not already follow from the history."""

    def __bool__(self) -> bool:
        raise TypeError("a Completeness has no truth value; compare it with Completeness.COMPLETE")


@dataclass(frozen=True, slots=True)
class PotCheck:
    """The history of one holding between two blocks, and its check."""

    pot: Pot
    """The holding."""
    account: Account
    """Whose."""
    asset: Asset
    """Of what."""
    first: int
    """Height of the first block that is covered."""
    last: int
    """Height of the last block that is covered."""
    opening: int
    """Base units before the first block."""
    basis: OpeningBasis
    """How that is known."""
    received: int
    """Base units that came in, adjustments among them."""
    paid: int
    """Base units that went out."""
    read: int | None
    """Balance at the end of the last block as a source says; None if none was to be had."""
    problem: str = ""
    """What the source says is missing from the history, or why no balance was read; empty if nothing."""
    adjusted: int = 0
    """Base units that the token itself added or took beside its transfers (tax, rebase); may be negative."""
    nonces: str = ""
    """On EVM, for the native coin: whether the count of sent transactions has a gap; empty if not looked at."""
    has_nonce_gap: bool = False
    """True: the account has sent transactions that are not held. They may be authorisations (EIP-7702) or contracts
    that it created; else what moved by them is missing, and a balance that agrees does not show it."""
    evidence: tuple[str, ...] = ()
    """Digests of the recorded answers that the balance, and so the grade, rests on; empty if none was read."""

    @property
    def expected(self) -> int:
        """Opening + received - paid."""
        return self.opening + self.received - self.paid

    @property
    def difference(self) -> int | None:
        """Balance read minus expected; None if none was read."""
        return None if self.read is None else self.read - self.expected

    @property
    def completeness(self) -> Completeness:
        """The grade. A balance computed backwards agrees with itself and checks nothing."""
        if self.difference is not None and self.difference != 0:
            return Completeness.DIFFERENCE
        if self.difference is None or self.basis is OpeningBasis.BACKWARDS or self.has_nonce_gap:
            return Completeness.NOT_CHECKED
        return Completeness.COMPLETE

    def sentence(self) -> str:
        """The grade as it is said: ``complete between blocks A and B``, ``difference of n units``, ``not checked``."""
        if self.completeness is Completeness.COMPLETE:
            adjusted = f", with {self.adjusted} base units that the token itself changed" if self.adjusted else ""
            return f"complete between blocks {self.first} and {self.last}{adjusted}"
        if self.completeness is Completeness.DIFFERENCE:
            return f"difference of {self.difference} base units between blocks {self.first} and {self.last}"
        gap = f": {self.nonces}" if self.has_nonce_gap else ""
        return f"not checked between blocks {self.first} and {self.last}{gap}"

    def to_dict(self) -> dict[str, object]:
        """Every field as text, int or None, with the grade."""
        return {
            "pot": self.pot,
            "account": self.account,
            "asset": self.asset,
            "first": self.first,
            "last": self.last,
            "opening": str(self.opening),
            "basis": self.basis.value,
            "received": str(self.received),
            "paid": str(self.paid),
            "read": None if self.read is None else str(self.read),
            "difference": None if self.difference is None else str(self.difference),
            "adjusted": str(self.adjusted),
            "completeness": self.completeness.value,
            "problem": self.problem,
            "nonces": self.nonces,
        }
