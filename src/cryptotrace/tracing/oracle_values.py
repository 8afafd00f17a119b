"""What both halves of the oracle count with: marks, coins one by one, and exact shares per claim.

Source: that a mark takes only what nobody has claimed before is TaintChain's convention (README of RustyTaintChain);
FIFO cuts at the front, after Clayton's case (1816).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from typing import Any

from cryptotrace.errors import TracingError

#: More units than this, summed over every movement of a case, are not laid out coin by coin.
UNIT_LIMIT = 2_000_000

Case = Mapping[str, Any]
Shares = dict[str, Fraction]
#: A coin's label: who claims it, or None.
Coin = str | None


@dataclass(frozen=True, slots=True)
class Mark:
    """A claim on units of one movement."""

    claim: str
    offset: int
    units: int


def marked(coins: list[Coin], marks: Iterable[Mark]) -> list[Coin]:
    """A mark colours the coins in its range that nobody has claimed before."""
    for mark in marks:
        for place in range(mark.offset, mark.offset + mark.units):
            coins[place] = coins[place] or mark.claim
    return coins


def cut(coins: list[Coin], units: int, rule: str) -> tuple[list[Coin], list[Coin]]:
    """The coins that are served, in their own order, and those that stay."""
    if rule == "fifo":
        return coins[:units], coins[units:]
    return coins[len(coins) - units :], coins[: len(coins) - units]


def refuse_many(units: int) -> None:
    """Stop before the memory of the machine does.

    Raises:
        TracingError: more than ``UNIT_LIMIT`` units.
    """
    if units > UNIT_LIMIT:
        raise TracingError(
            f"the case moves {units} units; coin by coin at most {UNIT_LIMIT}: ask the engine, or scale the case down"
        )


def runs(coins: Iterable[Coin]) -> list[list[str | None]]:
    """Neighbours of one label as ``[label, how many]``."""
    return [[label, str(sum(1 for _ in run))] for label, run in groupby(coins)]


def counted(coins: Iterable[Coin]) -> Shares:
    """How many coins each claim has."""
    counts: Shares = defaultdict(Fraction)
    for label in coins:
        if label is not None:
            counts[label] += 1
    return counts


def marked_shares(shares: Shares, value: int, marks: Iterable[Mark]) -> Shares:
    """A mark takes of the value that nobody has claimed before, as far as there is any."""
    for mark in marks:
        free = value - sum(shares.values(), Fraction(0))
        shares[mark.claim] = shares.get(mark.claim, Fraction(0)) + min(free, Fraction(mark.units))
    return shares


def added(many: Iterable[Shares]) -> Shares:
    """The sum, claim by claim."""
    sums: Shares = {}
    for shares in many:
        for claim, units in shares.items():
            sums[claim] = sums.get(claim, Fraction(0)) + units
    return sums


def as_text(shares: Shares) -> dict[str, str]:
    """The shares that are not zero, by claim in alphabetical order, ``"25"`` or ``"75/4"``."""
    return {claim: str(shares[claim]) for claim in sorted(shares) if shares[claim] != 0}
