"""How sure: verdicts, link classes and the standing of a fact. Never a bare bool, never a made-up probability."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """The outcome of a check (after ETSI EN 319 102-1): a check that could not be made does not read as a pass.

    Nothing in this version gives a verdict yet: it is the word in which the verification of a bundle will answer.
    """

    PASSED = "PASSED"
    """It was checked and holds."""
    INDETERMINATE = "INDETERMINATE"
    """It could not be checked, or not to the end."""
    FAILED = "FAILED"
    """It was checked and does not hold."""

    def __bool__(self) -> bool:
        raise TypeError("a Verdict has no truth value; compare it with Verdict.PASSED")


class LinkClass(StrEnum):
    """What kind of statement joins two things. A chain of links is as good as its weakest (L5 is listed apart)."""

    L1 = "L1"
    """Ledger fact: anyone can check it from the txid."""
    L2 = "L2"
    """Proved by protocol: an identifier on both chains, or one asset given and one received by one owner."""
    L3 = "L3"
    """Convention: a share of mixed value under a named rule."""
    L4 = "L4"
    """Heuristic: co-spend, change, deposit reuse, matching by amount and time."""
    L5 = "L5"
    """Off-chain record: an exchange's answer, a statement, a device."""


class Standing(StrEnum):
    """How far a fact has been checked against bytes.

    This version gives ``RECOMPUTED`` and ``REPORTED`` only. ``VERIFIED`` and ``AGREED`` are there for the proofs and
    the comparison of sources that come later; no fact carries them yet.
    """

    VERIFIED = "verified against the chain"
    """Proved to be in a block of the chain, under a named anchor."""
    RECOMPUTED = "recomputed"
    """Read from bytes that hash to their txid."""
    AGREED = "agreed"
    """Several sources say the same; no bytes were recomputed."""
    REPORTED = "as reported"
    """One source says so."""
