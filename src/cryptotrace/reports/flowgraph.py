"""What the flow figure draws: boxes (transactions), bands (outputs), ends, and what is folded by a stated rule.

Folding: the transactions with the largest claimed amounts are drawn, and of each at most a few ends, the largest first.
The rest is counted and summed; nothing is dropped silently.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cryptotrace.model.identity import Asset
from cryptotrace.reports.schedules import EndRow, PostingRow, Schedules, TransactionRow
from cryptotrace.tracing.fragments import Units
from cryptotrace.tracing.result import EndReason

#: Not more ends than this are drawn beside one transaction.
MOST_ENDS = 5
#: Columns of transactions on one sheet.
COLUMNS = 4


@dataclass(frozen=True, slots=True)
class Band:
    """An output, or several that are drawn as one."""

    source: str
    """Row id of the transaction it leaves."""
    place: str
    """Number of the output; empty for a band that stands for several."""
    kind: str
    """``flow`` goes to a transaction, ``end`` to an end, ``fold`` to what is folded, ``stub`` nowhere, ``fee``."""
    target: str
    """Row id of the transaction or end; empty for a stub."""
    asset: Asset
    """Of what."""
    units: int
    """Full amount, base units."""
    shares: Mapping[str, Units]
    """Claimed units per claimant."""
    count: int = 1
    """How many outputs it stands for."""
    label: str = ""
    """On an account chain, what it goes back to, ``held`` for what is left in a balance, ``burn`` for what is burnt."""
    title: str = ""
    """On an account chain, which transfer it is: a line of its own over the amount."""
    is_marked: bool = False
    """True if its share rests on a history that is not shown to be complete."""
    members: tuple[str, ...] = ()
    """On an account chain, the name of each transfer in it, if there are several."""


@dataclass(frozen=True, slots=True)
class Box:
    """A transaction that is drawn."""

    id: str
    """Row id."""
    height: int | None
    """Block height; None while unconfirmed."""
    column: int
    """0 for the leftmost: one more than the rightmost transaction whose output it spends."""
    bands: tuple[Band, ...]
    """What leaves it, from top to bottom."""
    arrives: tuple[Band, ...]
    """Bands of drawn transactions that arrive here, in the order of the inputs."""
    others: int
    """How many further inputs it has."""
    others_units: Mapping[Asset, int]
    """Their sum."""
    note: str = ""
    """On an account chain what stands below its name: the asset, or ``conversion``."""


@dataclass(frozen=True, slots=True)
class FlowGraph:
    """The whole figure before layout."""

    boxes: tuple[Box, ...]
    """In chain order."""
    folded_transactions: int
    """Transactions of the trace that are not drawn."""
    folded_ends: tuple[EndRow, ...]
    """Ends that are not drawn one by one."""

    @property
    def columns(self) -> int:
        """How many columns of boxes."""
        return 1 + max((box.column for box in self.boxes), default=-1)


@dataclass(slots=True)
class _Choice:
    """Which transactions and ends are drawn."""

    kept: set[str]
    drawn_ends: set[str] = field(default_factory=set)


def on_trace(rows: Schedules) -> list[TransactionRow]:
    """The transactions that claimed units leave or reach."""
    return [row for row in rows.transactions if any(p.claimed for p in row.postings)]


def flow_graph(rows: Schedules, most_boxes: int) -> FlowGraph:
    """The figure's graph with at most ``most_boxes`` transactions."""
    reached = on_trace(rows)
    by_weight = sorted(reached, key=lambda row: -_weight(row))
    choice = _Choice({row.id for row in by_weight[:most_boxes]})
    kept = [row for row in reached if row.id in choice.kept]
    arriving: dict[str, list[Band]] = defaultdict(list)
    column: dict[str, int] = {}
    boxes = []
    for row in kept:
        arrives = tuple(arriving[row.id])
        column[row.id] = 1 + max((column[band.source] for band in arrives), default=-1)
        bands = tuple(_bands(row, rows, choice))
        for band in bands:
            if band.kind == "flow":
                arriving[band.target].append(band)
        boxes.append(_box(row, column[row.id], bands, arrives))
    folded = tuple(r for r in rows.ends if r.id not in choice.drawn_ends)
    return FlowGraph(tuple(boxes), len(reached) - len(kept), folded)


def _weight(row: TransactionRow) -> Units:
    sums = [sum((u for p in row.postings if p.side == side for u in p.claimed.values()), 0) for side in ("in", "out")]
    return max(sums)


def _box(row: TransactionRow, column: int, bands: tuple[Band, ...], arrives: tuple[Band, ...]) -> Box:
    seen = {f"{band.source}:{band.place}" for band in arrives}
    others = [p for p in row.postings if p.side == "in" and f"{p.other}:{p.flow.rpartition(':')[2]}" not in seen]
    units: dict[Asset, int] = defaultdict(int)
    for posting in others:
        units[posting.asset] += posting.units
    block = row.transaction.block
    return Box(row.id, None if block is None else block.height, column, bands, arrives, len(others), dict(units))


def _bands(row: TransactionRow, rows: Schedules, choice: _Choice) -> Iterable[Band]:
    out = [p for p in row.postings if p.side == "out"]
    payments = [p for p in out if p.place is not None]
    ends = sorted((p for p in payments if p.end), key=lambda p: -sum(p.claimed.values()))
    shown = {p.end for p in ends[:MOST_ENDS]}
    choice.drawn_ends |= shown
    folded, stubs = [], []
    for posting in payments:
        if not posting.claimed:
            stubs.append(posting)
        elif posting.end in shown:
            yield _band(row, posting, "end", posting.end)
        elif not posting.end and posting.other in choice.kept:
            yield _band(row, posting, "flow", posting.other)
        else:
            folded.append(posting)
    yield from _together(row, folded, "fold", f"{row.id}/fold")
    yield from _together(row, stubs, "stub", "")
    for posting in out:
        if posting.place is None and posting.units:
            choice.drawn_ends |= {posting.end} if posting.end else set()
            yield _band(row, posting, "fee", posting.end)


def _band(row: TransactionRow, posting: PostingRow, kind: str, target: str) -> Band:
    place = "" if posting.place is None else str(posting.place)
    return Band(row.id, place, kind, target, posting.asset, posting.units, posting.claimed)


def _together(row: TransactionRow, postings: list[PostingRow], kind: str, target: str) -> Iterable[Band]:
    for asset in dict.fromkeys(p.asset for p in postings):
        mine = [p for p in postings if p.asset == asset]
        shares: dict[str, Units] = defaultdict(int)
        for posting in mine:
            for claimant, units in posting.claimed.items():
                shares[claimant] += units
        yield Band(row.id, "", kind, target, asset, sum(p.units for p in mine), dict(shares), len(mine))


#: What each kind of end looks like; the shapes are drawn by ``svg``.
SHAPES: Mapping[EndReason, str] = {
    EndReason.UNSPENT: "square",
    EndReason.UNCONFIRMED: "dashed-square",
    EndReason.SERVICE: "house",
    EndReason.COINJOIN: "crossed-circle",
    EndReason.DUST: "dot",
    EndReason.HOPS: "bars",
    EndReason.TIME: "bars",
    EndReason.CROWDED: "many",
    EndReason.UNKNOWN: "diamond",
    EndReason.FEE: "triangle",
    EndReason.BURN: "cross",
    EndReason.OUTSIDE: "arrow",
}
