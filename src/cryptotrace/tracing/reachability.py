"""What reported edges can show: to whom value *may* have got, in the order of time. Not how much of it.

An edge says that value went from one account to another in a transaction. It says neither of which asset nor how many
base units, and not what else the payer held. So a path shows that value could have come that way; a share under a rule
cannot be computed, and ``EdgesWithoutAmounts`` refuses it whatever rule is asked for.

A path respects time: each of its edges comes after the one before. Where the file tells only the block, two edges of
one block have no known order; ``Within`` says what is then taken for granted, and every path lists where it was.

Source: time-respecting paths after Kempe, Kleinberg, Kumar, "Connectivity and Inference Problems for Temporal
Networks"; earliest-arrival (foremost) paths after Wu et al., "Path Problems in Temporal Graphs".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby, pairwise
from typing import NoReturn

from cryptotrace.errors import TracingError
from cryptotrace.model.block import Position
from cryptotrace.model.flow import Flow, Pot
from cryptotrace.model.identity import Account
from cryptotrace.model.reported import ReportedEdge

#: Payers that a reason names at most.
_NAMED = 5


class Within(StrEnum):
    """What may follow an edge in its own block, where the order is not told."""

    LATER_BLOCK = "later block"
    """Nothing: the next edge must be in a later block. No order is assumed."""
    SAME_TRANSACTION = "same transaction"
    """Edges of the same transaction, in an order that leads on (assumed)."""
    SAME_BLOCK = "same block"
    """Every edge of the same block, in an order that leads on (assumed)."""


@dataclass(frozen=True, slots=True)
class Reached:
    """An account to which value may have got."""

    account: Account
    """Who."""
    path: tuple[ReportedEdge, ...]
    """A path from a source that arrives earliest and whose every part does; of those, one with the fewest edges. Empty
    for a source itself."""

    @property
    def height(self) -> int | None:
        """Height at which it arrives; None for a source, which holds it from the start."""
        return self.path[-1].height if self.path else None

    @property
    def assumed(self) -> tuple[tuple[ReportedEdge, ReportedEdge], ...]:
        """Pairs of neighbouring edges in one block: that the second one came after the first one is assumed."""
        return tuple((a, b) for a, b in pairwise(self.path) if a.height == b.height)


@dataclass(frozen=True, slots=True)
class NotReached:
    """An account to which no path leads, and why."""

    account: Account
    """Who."""
    reason: str
    """Why: no edge pays it, nobody who pays it is reached, or those who are were reached too late."""


@dataclass(frozen=True, slots=True)
class Reachability:
    """To whom value may have got from the sources, and to whom not."""

    sources: tuple[Account, ...]
    """Where it starts."""
    within: Within
    """What was taken for granted about the order in one block."""
    reached: tuple[Reached, ...]
    """Of the accounts that were asked about: those reached, in the order of the question."""
    not_reached: tuple[NotReached, ...]
    """Those that are not, in the order of the question."""


def reachability(
    edges: Iterable[ReportedEdge],
    sources: Sequence[Account],
    ends: Sequence[Account],
    within: Within = Within.SAME_TRANSACTION,
) -> Reachability:
    """Which of ``ends`` value may have reached from ``sources`` along edges in the order of time.

    The sources hold it from before the first edge. Estimates of worth play no part.
    """
    listed = sorted(edges, key=lambda edge: (edge.height, edge.row))
    paths = _earliest_paths(listed, sources, within)
    ever = _reached_without_time(listed, sources)
    reached = tuple(Reached(end, paths[end]) for end in ends if end in paths)
    missed = tuple(NotReached(end, _why(end, listed, paths, ever, within)) for end in ends if end not in paths)
    return Reachability(tuple(sources), within, reached, missed)


_Path = tuple[ReportedEdge, ...]


def _earliest_paths(listed: Sequence[ReportedEdge], sources: Iterable[Account], within: Within) -> dict[Account, _Path]:
    """A path to every account that is reached: earliest arrival first, then fewest edges."""
    paths: dict[Account, _Path] = dict.fromkeys(sources, ())
    for _, in_block in groupby(listed, key=lambda edge: edge.height):
        arrivals: dict[Account, _Path] = {}
        for unit in _units(list(in_block), within):
            for account, path in _spread(unit, paths, within).items():
                if account not in arrivals or len(path) < len(arrivals[account]):
                    arrivals[account] = path
        paths.update(arrivals)
    return paths


def _units(in_block: list[ReportedEdge], within: Within) -> Iterator[list[ReportedEdge]]:
    """Groups of edges of one block that may follow each other."""
    if within is Within.SAME_BLOCK:
        yield in_block
    elif within is Within.LATER_BLOCK:
        yield from ([edge] for edge in in_block)
    else:
        of_transaction: dict[str, list[ReportedEdge]] = {}
        for edge in in_block:
            of_transaction.setdefault(edge.txid, []).append(edge)
        yield from of_transaction.values()


def _spread(unit: Sequence[ReportedEdge], paths: dict[Account, _Path], within: Within) -> dict[Account, _Path]:
    """New accounts that the edges of a unit reach, from those that were reached in earlier blocks."""
    new: dict[Account, _Path] = {}
    known = paths
    improved = True
    while improved:
        improved = False
        for edge in unit:
            if edge.payee in paths or edge.payer not in known:
                continue
            path = (*known[edge.payer], edge)
            if edge.payee not in new or len(path) < len(new[edge.payee]):
                new[edge.payee] = path
                improved = within is not Within.LATER_BLOCK
        known = {**paths, **new} if improved else known
    return new


def _reached_without_time(listed: Sequence[ReportedEdge], sources: Iterable[Account]) -> set[Account]:
    paid_by: dict[Account, set[Account]] = {}
    for edge in listed:
        paid_by.setdefault(edge.payer, set()).add(edge.payee)
    ever, waiting = set(sources), list(sources)
    while waiting:
        for payee in paid_by.get(waiting.pop(), ()):
            if payee not in ever:
                ever.add(payee)
                waiting.append(payee)
    return ever


def _why(
    end: Account, listed: Sequence[ReportedEdge], paths: dict[Account, _Path], ever: Collection[Account], within: Within
) -> str:
    paying = [edge for edge in listed if edge.payee == end]
    if not paying:
        return "no edge of the file pays this account"
    if end not in ever:
        return f"{len(paying)} edges pay it, and none of their payers is reached from the sources at any time"
    payers = {edge.payer for edge in paying}
    late = sorted(payer for payer in payers if payer in paths)
    if not late:
        return f"{len(paying)} edges pay it; their payers could only be reached against the order of time"
    return (
        f"the last of {len(paying)} edges that pay it is in block {paying[-1].height}, and its payers are reached too "
        f"late for them (rule: {within.value}): "
        + ", ".join(f"{payer.address} in block {_height(paths[payer])}" for payer in late[:_NAMED])
        + (f" and {len(late) - _NAMED} more" if len(late) > _NAMED else "")
    )


def _height(path: _Path) -> int | None:
    return path[-1].height if path else None


class EdgesWithoutAmounts:
    """Reported edges in the place of a graph: it refuses every question of the tracing engine and says why.

    So a rule that is asked for over such edges ends in an error, and no share is ever made of an estimate.
    """

    def __init__(self, edges: Sequence[ReportedEdge], name: str) -> None:
        self.edges = tuple(edges)
        self.name = name

    def flow(self, flow_id: str) -> Flow:
        """Never answers.

        Raises:
            TracingError: always.
        """
        self._refuse(f"flow {flow_id}")

    def arrival(self, flow: Flow) -> NoReturn:
        """Never answers.

        Raises:
            TracingError: always.
        """
        self._refuse(f"the arrival of {flow.id}")

    def instants(self, pot: Pot, since: Position) -> NoReturn:
        """Never answers.

        Raises:
            TracingError: always.
        """
        self._refuse(f"what happened to {pot}")

    def opening(self, pot: Pot, before: Position) -> int:
        """Never answers.

        Raises:
            TracingError: always.
        """
        self._refuse(f"the balance of {pot}")

    def _refuse(self, what: str) -> NoReturn:
        worth = sum(edge.estimate is not None for edge in self.edges)
        raise TracingError(
            f"{self.name} cannot tell {what}: its {len(self.edges)} edges are reports without an asset and without "
            f"base units ({worth} have an estimate of their worth in money), and they do not tell what else an account "
            "held; so no share can be computed under any rule. Use reachability() for who may have been reached, or "
            "fetch the transactions from a source of the chain and trace those"
        )
