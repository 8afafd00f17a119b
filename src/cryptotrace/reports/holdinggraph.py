"""What the flow figure draws on an account chain: boxes are holdings, bands are transfers between them.

A holding is reached once and pays out many times, so the boxes stand in the order in which claimed units reached them.
A transfer to a holding that was reached earlier would run backwards: it ends in a mark that names that holding.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from cryptotrace.model.flow import FlowKind, Pot, is_conversion_pot
from cryptotrace.model.identity import Asset
from cryptotrace.reports.flowgraph import MOST_ENDS, Band, Box, FlowGraph
from cryptotrace.reports.foreign import visible
from cryptotrace.reports.schedules import EndRow, Schedules
from cryptotrace.tracing.fragments import Units
from cryptotrace.tracing.result import TracedFlow

_LONGEST_LABEL = 13


@dataclass(slots=True)
class _Graph:
    """The holdings and what is between them, before it is chosen what is drawn."""

    rows: Schedules
    labels: Mapping[Asset, str]
    called: Callable[[str], str]
    names: dict[Pot, str] = field(default_factory=dict)
    notes: dict[Pot, str] = field(default_factory=dict)
    leaving: dict[Pot, list[TracedFlow]] = field(default_factory=dict)
    ends: dict[str, EndRow] = field(default_factory=dict)
    held: dict[Pot, EndRow] = field(default_factory=dict)
    rests_on: dict[str, bool] = field(default_factory=dict)
    drawn_ends: set[str] = field(default_factory=set)

    def see(self, pot: Pot, txid: str, asset: Asset) -> None:
        """Take in a holding or a conversion, in the order in which it is met."""
        if pot in self.names:
            return
        account = pot.rpartition("|")[0]
        row = self.rows.id_of.get(account) or self.rows.id_of.get(txid, txid[:8])
        label = self.labels.get(asset, asset.reference)[:_LONGEST_LABEL]
        name = f"{row} {label}"
        while name in self.names.values():
            name += "′"
        self.names[pot] = name
        self.notes[pot] = "conversion" if is_conversion_pot(pot) else label
        self.leaving[pot] = []


def holding_graph(
    rows: Schedules, labels: Mapping[Asset, str], most_boxes: int, called: Callable[[str], str] | None = None
) -> FlowGraph:
    """The figure's graph with at most ``most_boxes`` holdings; ``labels`` and ``called`` name assets and flows."""
    graph = _read(rows, labels, called or rows.flow_name)
    by_weight = sorted(graph.names, key=lambda pot: -_weight(graph, pot))
    kept = set(by_weight[:most_boxes])
    order = {pot: n for n, pot in enumerate(graph.names)}
    arriving: dict[Pot, list[Band]] = defaultdict(list)
    column: dict[Pot, int] = {}
    pot_of = {name: pot for pot, name in graph.names.items()}
    boxes = []
    for pot in (p for p in graph.names if p in kept):
        arrives = tuple(arriving[pot])
        column[pot] = 1 + max((column[pot_of[band.source]] for band in arrives), default=-1)
        bands = tuple(_bands(graph, pot, kept, order))
        for band in bands:
            if band.kind == "flow":
                arriving[pot_of[band.target]].append(band)
        boxes.append(_box(graph, pot, column[pot], bands, arrives))
    folded = tuple(row for row in rows.ends if row.id not in graph.drawn_ends)
    return FlowGraph(tuple(boxes), len(graph.names) - len(boxes), folded)


def _read(rows: Schedules, labels: Mapping[Asset, str], called: Callable[[str], str]) -> _Graph:
    graph = _Graph(rows, labels, called)
    for row in rows.ends:
        if row.end.flow is not None:
            graph.ends[row.end.flow.id] = row
        elif row.end.pot is not None:
            graph.held[row.end.pot] = row
    graph.rests_on = {p.flow: bool(p.rests_on) for row in rows.transactions for p in row.postings}
    for traced in sorted(rows.traced.values(), key=lambda t: t.sequence):
        source, asset = traced.flow.source, traced.flow.asset
        if traced.claimed or source in graph.names:
            graph.see(source, traced.flow.txid, asset)
            graph.leaving[source].append(traced)
        if traced.claimed and traced.arrival is not None:
            graph.see(traced.arrival.pot, traced.flow.txid, asset)
    return graph


def _weight(graph: _Graph, pot: Pot) -> Units:
    out = sum((u for traced in graph.leaving[pot] for u in traced.claimed.values()), 0)
    held = graph.held.get(pot)
    return out + (0 if held is None else sum(held.end.claimed.values()))


def _bands(graph: _Graph, pot: Pot, kept: set[Pot], order: Mapping[Pot, int]) -> Iterable[Band]:
    """What leaves a holding: transfers by where they go, ends, what is left, what carries no share, fees."""
    name = graph.names[pot]
    followed = [t for t in graph.leaving[pot] if t.claimed and t.arrival is not None]
    ends = [t for t in graph.leaving[pot] if t.claimed and t.arrival is None]
    stubs = [t for t in graph.leaving[pot] if not t.claimed]
    for target in dict.fromkeys(t.arrival.pot for t in followed if t.arrival is not None):
        flows = [t for t in followed if t.arrival is not None and t.arrival.pot == target]
        there = graph.names[target]
        if target in kept and order[target] > order[pot]:
            yield _band(graph, pot, flows, "flow", there)
        elif target in kept:
            yield _band(graph, pot, flows, "back", f"{name}/back {there}", there)
    fees = [t for t in ends if t.flow.kind in {FlowKind.FEE, FlowKind.BURN}]
    others = sorted((t for t in ends if t not in fees), key=lambda t: -sum(t.claimed.values()))
    for traced in others[:MOST_ENDS]:
        yield _end_band(graph, pot, traced, "end")
    folded = [t for t in followed if t.arrival is not None and t.arrival.pot not in kept] + others[MOST_ENDS:]
    if folded:
        yield _band(graph, pot, folded, "fold", f"{name}/fold")
    yield from _held(graph, pot)
    if stubs:
        yield _band(graph, pot, stubs, "stub", "")
    for traced in fees:
        yield _end_band(graph, pot, traced, "fee")


def _band(graph: _Graph, pot: Pot, flows: list[TracedFlow], kind: str, target: str, label: str = "") -> Band:
    """One band for flows of one asset: its name is that of the first, with how many more there are."""
    shares: dict[str, Units] = defaultdict(int)
    for traced in flows:
        for claimant, units in traced.claimed.items():
            shares[claimant] += units
    more = f" +{len(flows) - 1}" if len(flows) > 1 else ""
    members = tuple(graph.called(traced.flow.id) for traced in flows)
    name = members[0] + more
    return Band(
        graph.names[pot],
        name,
        kind,
        target,
        flows[0].flow.asset,
        sum(traced.flow.units for traced in flows),
        dict(shares),
        len(flows),
        label,
        name if kind in {"flow", "back", "end"} else "",
        any(graph.rests_on.get(traced.flow.id, False) for traced in flows if traced.claimed),
        members if len(members) > 1 and kind in {"flow", "back"} else (),
    )


def _end_band(graph: _Graph, pot: Pot, traced: TracedFlow, kind: str) -> Band:
    row = graph.ends.get(traced.flow.id)
    if row is not None:
        graph.drawn_ends.add(row.id)
    label = "burn" if traced.flow.kind is FlowKind.BURN else ""
    return _band(graph, pot, [traced], kind, "" if row is None else row.id, label)


def _held(graph: _Graph, pot: Pot) -> Iterable[Band]:
    row = graph.held.get(pot)
    if row is not None:
        graph.drawn_ends.add(row.id)
        shares = row.end.claimed
        yield Band(
            graph.names[pot], "held", "end", row.id, row.end.asset, row.units, shares, 1, "held", "", bool(row.rests_on)
        )


def _box(graph: _Graph, pot: Pot, column: int, bands: tuple[Band, ...], arrives: tuple[Band, ...]) -> Box:
    """A holding; beside what is drawn it held what its history opened with and what else came in."""
    check = next((row.check for row in graph.rows.checks if row.check.pot == pot), None)
    others = 0 if check is None else check.opening + check.received - sum(band.units for band in arrives)
    units = {} if check is None or others <= 0 else {check.asset: others}
    return Box(graph.names[pot], None, column, bands, arrives, len(units), units, visible(graph.notes[pot]))
