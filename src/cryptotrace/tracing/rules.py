"""Tracing rules: a rule is a way to serve from a pot, and nothing else in the engine knows which one runs.

===============  ======================================================  =================
name             serves                                                  purpose
===============  ======================================================  =================
``fifo``         the oldest units first                                  for findings
``haircut``      every payment in proportion to what is left (on an      for findings
                 account: the rolling charge)
``libr``         unclaimed units first (lowest intermediate balance)     for findings
``lifo``         the newest units first                                  comparison only
``taint_first``  claimed units first                                     comparison only
``seniority``    claimed units first, outputs in index order             research
``tiho``         claimed units first, the highest output first           research
``poison``       a set, not a share: everything touched; not conserved   research
===============  ======================================================  =================

Choices that the rules leave open, fixed here as in the vectors: outputs in index order, then the fee; slices keep their
inner order; under LIFO output 0 takes the last units; TIHO ties go to the lower index; several claims inside
``taint_first``, ``tiho``, ``seniority`` and ``libr`` are served pro rata; zero value carries nothing.

Source: Anderson, Shumailov, Ahmed, "Making Bitcoin Legal" (FIFO after Clayton's case, 1816); Möser, Böhme, Breuker,
"Towards Risk Scoring of Bitcoin Transactions" (poison, haircut); the North American rolling charge (haircut on an
account); Roscoe v Winder [1915] (LIBR); Re Oatway (1903) (taint-first); Tironsakkul et al. (TIHO). Rounding by largest
remainder is the house's choice, since shares in fractions grow with every transaction. Not legal advice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Protocol

from cryptotrace.errors import InsufficientBalance, UnknownRule
from cryptotrace.model.flow import Flow, FlowKind
from cryptotrace.tracing.fragments import Fragment, Units, claimed, merged, split_at, total


class Purpose(StrEnum):
    """What a rule may be used for in a document."""

    FINDINGS = "for findings"
    COMPARISON = "comparison only"
    RESEARCH = "research"


class PotState(Protocol):
    """What is in one pot at one instant, in the terms of one rule."""

    def put(self, units: int, fragments: Sequence[Fragment]) -> None:
        """Fill in a flow of ``units``, made of ``fragments``."""
        ...

    def take(self, units: int) -> tuple[tuple[Fragment, ...], bool]:
        """Serve ``units``: their fragments, and whether a share had to be rounded.

        Raises:
            InsufficientBalance: the pot holds less.
        """
        ...

    def contents(self) -> tuple[Fragment, ...]:
        """What is left."""
        ...


class _Queue:
    """FIFO and LIFO: an ordered list of fragments, served from one end."""

    def __init__(self, *, newest_first: bool) -> None:
        self._newest_first = newest_first
        self._fragments: tuple[Fragment, ...] = ()

    def put(self, units: int, fragments: Sequence[Fragment]) -> None:
        self._fragments = merged((*self._fragments, *fragments))

    def take(self, units: int) -> tuple[tuple[Fragment, ...], bool]:
        held = total(self._fragments)
        _check(held, units)
        if self._newest_first:
            self._fragments, served = split_at(self._fragments, held - units)
        else:
            served, self._fragments = split_at(self._fragments, units)
        return merged(served), False

    def contents(self) -> tuple[Fragment, ...]:
        return self._fragments


#: How much of a payment of ``units`` is claimed value, in a pot that holds ``pool`` claimed units of ``held``.
_Serve = Callable[[int, Units, Units], Units]


class _Mix:
    """Haircut, taint-first, clean-first: amounts per claimant and the clean rest, without order."""

    def __init__(self, serve: _Serve | None, rank: Mapping[str, int], *, exact: bool) -> None:
        self._serve = serve
        self._rank = rank
        self._exact = exact
        self._claims: dict[str, Units] = {}
        self._clean: Units = 0

    def put(self, units: int, fragments: Sequence[Fragment]) -> None:
        mine = claimed(fragments)
        for label, part in mine.items():
            self._claims[label] = self._claims.get(label, 0) + part
        self._clean += units - sum(mine.values())

    def take(self, units: int) -> tuple[tuple[Fragment, ...], bool]:
        pool = sum(self._claims.values())
        _check(pool + self._clean, units)
        labels = sorted(self._claims, key=self._rank.__getitem__)
        holdings = [self._claims[label] for label in labels]
        if self._serve is None:  # one proportion over all claims and the clean rest
            parts, rounded = self._split(units, [*holdings, self._clean])
            clean = parts.pop()
        else:
            from_pool = self._serve(units, pool, pool + self._clean)
            parts, rounded = self._split(from_pool, holdings)
            clean = units - from_pool
        self._clean -= clean
        for label, part in zip(labels, parts, strict=True):
            self._claims[label] -= part
            if self._claims[label] == 0:
                del self._claims[label]
        return merged([*zip(labels, parts, strict=True), (None, clean)]), rounded

    def contents(self) -> tuple[Fragment, ...]:
        labels = sorted(self._claims, key=self._rank.__getitem__)
        return merged([*((label, self._claims[label]) for label in labels), (None, self._clean)])

    def _split(self, units: Units, holdings: list[Units]) -> tuple[list[Units], bool]:
        whole = sum(holdings)
        if whole == 0:
            return [0] * len(holdings), False
        if self._exact:
            return [Fraction(units) * held / whole for held in holdings], False
        return split_whole(int(units), [int(held) for held in holdings])


class _Poison:
    """A set of claimants whose value has touched the pot; cleared when the pot is empty."""

    def __init__(self) -> None:
        self._labels: dict[str, None] = {}
        self._held = 0

    def put(self, units: int, fragments: Sequence[Fragment]) -> None:
        self._held += units
        if units:
            self._labels.update(dict.fromkeys(claimed(fragments)))

    def take(self, units: int) -> tuple[tuple[Fragment, ...], bool]:
        _check(self._held, units)
        self._held -= units
        served = merged((label, units) for label in self._labels)
        if self._held == 0:
            self._labels.clear()
        return served, False

    def contents(self) -> tuple[Fragment, ...]:
        return merged((label, self._held) for label in self._labels)


def split_whole(units: int, holdings: Sequence[int]) -> tuple[list[Units], bool]:
    """``units`` over ``holdings`` in proportion: floors first, missing units by largest remainder, ties to the first.

    No part exceeds its holding as long as ``units`` does not exceed their sum.

    Returns:
        The parts, which sum to ``units``, and whether any share was not a whole number.
    """
    whole = sum(holdings)
    quotients = [divmod(units * held, whole) for held in holdings]
    parts: list[Units] = [floor for floor, _ in quotients]
    missing = units - int(sum(parts))
    by_remainder = sorted(range(len(holdings)), key=lambda i: (-quotients[i][1], i))
    for i in by_remainder[:missing]:
        parts[i] += 1
    return parts, missing > 0


def _check(held: Units, units: int) -> None:
    if units > held:
        raise InsufficientBalance(f"a pot pays out {units} base units and holds {held}")


def _as_listed(departures: Sequence[Flow]) -> Sequence[Flow]:
    return departures


def _boundary_first(departures: Sequence[Flow]) -> Sequence[Flow]:
    return sorted(departures, key=_is_payment)


def _highest_first(departures: Sequence[Flow]) -> Sequence[Flow]:
    return sorted(departures, key=lambda flow: (not _is_payment(flow), -flow.units if _is_payment(flow) else 0))


def _is_payment(flow: Flow) -> bool:
    return flow.kind not in {FlowKind.FEE, FlowKind.BURN}


@dataclass(frozen=True, slots=True)
class Rule:
    """A named tracing rule."""

    name: str
    """Its name in the vectors, the command line and every document."""
    purpose: Purpose
    """What it may be used for."""
    conserves: bool
    """False only for poison: its amounts are reach, and are never summed."""
    order: Callable[[Sequence[Flow]], Sequence[Flow]]
    """Who is served first at one instant."""
    serve: _Serve | None = None
    """For the mixing rules: how much of a payment is claimed value; None means in proportion."""

    def pot(self, rank: Mapping[str, int], *, exact: bool) -> PotState:
        """An empty pot. ``rank`` is the order of the claimants; ``exact`` computes in fractions."""
        if self.name in {"fifo", "lifo"}:
            return _Queue(newest_first=self.name == "lifo")
        if self.name == "poison":
            return _Poison()
        return _Mix(self.serve, rank, exact=exact)

    @property
    def is_ordered(self) -> bool:
        """True if the order of units matters (FIFO, LIFO)."""
        return self.name in {"fifo", "lifo"}


def _claimed_first(units: int, pool: Units, held: Units) -> Units:
    return min(units, pool)


def _clean_first(units: int, pool: Units, held: Units) -> Units:
    return max(0, units - (held - pool))


RULES: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        Rule("fifo", Purpose.FINDINGS, True, _as_listed),
        Rule("haircut", Purpose.FINDINGS, True, _boundary_first),
        Rule("libr", Purpose.FINDINGS, True, _as_listed, _clean_first),
        Rule("lifo", Purpose.COMPARISON, True, _as_listed),
        Rule("taint_first", Purpose.COMPARISON, True, _as_listed, _claimed_first),
        Rule("seniority", Purpose.RESEARCH, True, _as_listed, _claimed_first),
        Rule("tiho", Purpose.RESEARCH, True, _highest_first, _claimed_first),
        Rule("poison", Purpose.RESEARCH, False, _as_listed),
    )
}
#: The rules of each kind of ledger file, in the order in which they are printed.
UTXO_RULES = ("poison", "haircut", "fifo", "lifo", "tiho", "seniority")
LEDGER_RULES = ("poison", "haircut", "fifo", "lifo", "libr", "taint_first")


def rule(name: str, among: Sequence[str] | None = None) -> Rule:
    """The rule of that name.

    Raises:
        UnknownRule: there is none, or it is not ``among`` those that apply.
    """
    known = tuple(RULES) if among is None else tuple(among)
    if name not in known:
        raise UnknownRule(f"no tracing rule {name!r} here; choose one of: {', '.join(known)}")
    return RULES[name]
