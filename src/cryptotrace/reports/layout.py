"""Where everything in one sheet of the flow figure stands. Lengths are points; nothing here knows a language.

Columns from left to right: a box, then the zone in which its bands run straight under their labels, then a channel in
which they bend to the next column. Labels stand only in the zone, bends only in the channel: they cannot overlap.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptotrace.model.identity import Asset
from cryptotrace.reports.flowgraph import Band, Box, FlowGraph

BOX, LABELS, CHANNEL = 74.0, 96.0, 40.0
PITCH = BOX + LABELS + CHANNEL
LEFT = 78.0
LINE = 8.6
ARROW = 12.0
SYMBOL = 11.0
_THICKEST, THINNEST = 30.0, 3.0
_GAP, _SLOT_GAP, _BOX_TEXT = 9.0, 5.0, 22.0
_END_HEIGHT = 27.0


@dataclass(slots=True)
class Node:
    """A box, an end, a mark for another sheet, or a place where a long band passes."""

    key: str
    """Names it."""
    kind: str
    """``box``, ``end``, ``fold``, ``back``, ``to``, ``from`` or ``pass``."""
    column: int
    """Column, -1 for marks of bands from an earlier sheet."""
    height: float
    """Height."""
    box: Box | None = None
    """The transaction, if it is one."""
    band: Band | None = None
    """The band that leads here, if it is no box."""
    y: float = 0.0
    """Top."""


@dataclass(slots=True)
class Piece:
    """A band from one node to the next one on its way."""

    band: Band
    """What it is part of."""
    source: str
    """Key of the node it leaves."""
    target: str
    """Key of the node it reaches; empty for a stub."""
    thickness: float
    """Width of the band."""
    y_from: float = 0.0
    """Top at its start."""
    y_to: float = 0.0
    """Top at its end."""
    is_labelled: bool = True
    """False where it only passes."""


@dataclass(slots=True)
class Sheet:
    """One sheet, laid out."""

    number: int
    """From 1."""
    first: int
    """Its first column in the whole figure."""
    nodes: dict[str, Node] = field(default_factory=dict)
    """Key -> node."""
    pieces: list[Piece] = field(default_factory=list)
    """Bands, in the order of drawing."""
    left: float = 0.0
    """Width taken by marks of earlier sheets."""
    width: float = 0.0
    """Whole width without legend."""
    height: float = 0.0
    """Whole height without legend."""

    def x_of(self, node: Node) -> float:
        """Left edge of a node."""
        return 0.0 if node.column < 0 else self.left + node.column * PITCH


def thickness_of(band: Band, largest: Mapping[Asset, int]) -> float:
    """Width of a band: in proportion to its amount, but never so thin that it cannot be seen."""
    whole = largest.get(band.asset, 0)
    return THINNEST if whole == 0 else max(THINNEST, _THICKEST * (band.units * 10_000 // whole) / 10_000)


def is_minimum(band: Band, largest: Mapping[Asset, int]) -> bool:
    """True if the band is drawn thicker than the scale would have it."""
    whole = largest.get(band.asset, 0)
    return whole == 0 or _THICKEST * band.units < THINNEST * whole


def largest_units(graph: FlowGraph) -> dict[Asset, int]:
    """The largest amount of a band, per asset: it sets the scale."""
    largest: dict[Asset, int] = defaultdict(int)
    for box in graph.boxes:
        for band in box.bands:
            largest[band.asset] = max(largest[band.asset], band.units)
    return dict(largest)


def sheets(graph: FlowGraph, columns: int) -> list[Sheet]:
    """The figure cut into sheets of at most ``columns`` columns, each laid out."""
    largest = largest_units(graph)
    count = max(1, -(-graph.columns // columns))
    per = -(-graph.columns // count)
    sheet_of = {box.id: box.column // per for box in graph.boxes}
    column_of = {box.id: box.column for box in graph.boxes}
    made = []
    for number in range(count):
        sheet = Sheet(number + 1, number * per)
        for box in graph.boxes:
            if sheet_of[box.id] == number:
                _add_box(sheet, box, sheet_of, largest)
        _add_bands(sheet, column_of, largest)
        _place(sheet)
        made.append(sheet)
    return made


def _add_box(sheet: Sheet, box: Box, sheet_of: Mapping[str, int], largest: Mapping[Asset, int]) -> None:
    right = sum(slot_height(band, thickness_of(band, largest)) for band in box.bands)
    left = sum(thickness_of(band, largest) + _SLOT_GAP for band in box.arrives)
    text = _BOX_TEXT + (2 * LINE if box.others else 0)
    height = max(right + _SLOT_GAP, left + _SLOT_GAP, text + 8)
    sheet.nodes[box.id] = Node(box.id, "box", box.column - sheet.first, height, box=box)
    for band in box.arrives:
        if sheet_of[band.source] != sheet.number - 1:
            key = f"from {band.source}:{band.place}"
            sheet.nodes[key] = Node(key, "from", -1, _END_HEIGHT, band=band)
            sheet.pieces.append(Piece(band, key, box.id, thickness_of(band, largest), is_labelled=False))


def slot_height(band: Band, thickness: float) -> float:
    """Height that a band takes at the right edge of its box: its labels, itself, a gap."""
    return label_lines(band) * LINE + thickness + _SLOT_GAP + 2


def label_lines(band: Band) -> int:
    """Lines of text above a band: amount, and share; a stub says how many outputs it stands for."""
    return (2 if band.shares or band.kind == "stub" else 1) + (1 if band.title else 0)


def _add_bands(sheet: Sheet, column_of: Mapping[str, int], largest: Mapping[Asset, int]) -> None:
    for node in [n for n in sheet.nodes.values() if n.box is not None]:
        for band in node.box.bands if node.box is not None else ():
            _add_band(sheet, node, band, column_of, thickness_of(band, largest))
    for piece in [p for p in sheet.pieces if p.source.startswith("from ")]:
        sheet.pieces.remove(piece)
        _chain(sheet, piece.band, piece.source, -1, piece.target, piece.thickness)


def _add_band(sheet: Sheet, node: Node, band: Band, column_of: Mapping[str, int], thickness: float) -> None:
    if band.kind in {"stub", "fee"}:
        sheet.pieces.append(Piece(band, node.key, "", thickness))
        return
    target = band.target
    if band.kind == "flow" and target not in sheet.nodes:
        target = f"to {band.source}:{band.place}"
        sheet.nodes[target] = Node(target, "to", node.column + 1, _END_HEIGHT, band=band)
    elif band.kind != "flow":
        sheet.nodes[target] = Node(target, band.kind, node.column + 1, _END_HEIGHT, band=band)
    _chain(sheet, band, node.key, node.column, target, thickness)


def _chain(sheet: Sheet, band: Band, source: str, column: int, target: str, thickness: float) -> None:
    """A band over several columns passes through a place of its own in each column between."""
    is_labelled = column >= 0
    for between in range(column + 1, sheet.nodes[target].column):
        key = f"pass {band.source}:{band.place}@{between}"
        sheet.nodes[key] = Node(key, "pass", between, thickness + 4, band=band)
        sheet.pieces.append(Piece(band, source, key, thickness, is_labelled=is_labelled))
        source, is_labelled = key, False
    sheet.pieces.append(Piece(band, source, target, thickness, is_labelled=is_labelled))


def _place(sheet: Sheet) -> None:
    """Columns from left to right, each node as near as possible to where its bands come from."""
    leaving: dict[str, list[Piece]] = defaultdict(list)
    arriving: dict[str, list[Piece]] = defaultdict(list)
    for piece in sheet.pieces:
        leaving[piece.source].append(piece)
        arriving[piece.target].append(piece)
    sheet.left = _left(sheet)
    columns = sorted({node.column for node in sheet.nodes.values()})
    for column in columns:
        nodes = [node for node in sheet.nodes.values() if node.column == column]
        wanted = {node.key: _wanted(node, arriving[node.key]) for node in nodes}
        nodes.sort(key=lambda node: (wanted[node.key] + node.height / 2, node.key))
        _spread(nodes, wanted)
        for node in nodes:
            _start_bands(node, leaving[node.key])
    top = min((node.y for node in sheet.nodes.values()), default=0.0)
    for node in sheet.nodes.values():
        node.y -= top
        _start_bands(node, leaving[node.key])
    for node in sheet.nodes.values():
        _end_bands(node, arriving[node.key])
    sheet.height = max((node.y + node.height for node in sheet.nodes.values()), default=0.0)
    last = max(columns, default=0)
    is_box = any(n.column == last and n.kind == "box" for n in sheet.nodes.values())
    sheet.width = sheet.left + last * PITCH + BOX + LABELS + (14 if is_box else -20)


def _left(sheet: Sheet) -> float:
    """Room left of the first boxes: for marks of an earlier sheet, or for the arrows of other inputs."""
    if any(node.column < 0 for node in sheet.nodes.values()):
        return LEFT + CHANNEL
    first = [node.box for node in sheet.nodes.values() if node.column == 0 and node.box is not None]
    return ARROW if any(box.others for box in first) else 0.0


def _wanted(node: Node, arriving: list[Piece]) -> float:
    if not arriving:
        return 0.0
    middle = sum(p.y_from + p.thickness / 2 for p in arriving) / len(arriving)
    return middle - node.height / 2


def _spread(nodes: list[Node], wanted: Mapping[str, float]) -> None:
    """Stack the nodes without overlap, nearest to where they are wanted (pool adjacent violators)."""
    pools: list[tuple[float, int]] = []
    offset = 0.0
    offsets = []
    for node in nodes:
        offsets.append(offset)
        pools.append((wanted[node.key] - offset, 1))
        offset += node.height + _GAP
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (mean_b, n_b), (mean_a, n_a) = pools.pop(), pools.pop()
            pools.append(((mean_a * n_a + mean_b * n_b) / (n_a + n_b), n_a + n_b))
    means = [mean for mean, n in pools for _ in range(n)]
    for node, mean, before in zip(nodes, means, offsets, strict=True):
        node.y = mean + before


def _start_bands(node: Node, leaving: list[Piece]) -> None:
    """Where bands leave a node."""
    if node.box is None:
        for piece in leaving:
            piece.y_from = node.y + (node.height - piece.thickness) / 2
        return
    slots = sum(slot_height(p.band, p.thickness) for p in leaving)
    y = node.y + (node.height - slots) / 2 + _SLOT_GAP / 2
    for piece in leaving:
        piece.y_from = y + label_lines(piece.band) * LINE + 2
        y += slot_height(piece.band, piece.thickness)


def _end_bands(node: Node, arriving: list[Piece]) -> None:
    """Where bands reach a node: stacked in the order in which they come from above."""
    ordered = sorted(arriving, key=lambda p: (p.y_from, p.source))
    whole = sum(p.thickness for p in ordered) + _SLOT_GAP * max(0, len(ordered) - 1)
    y = node.y + (node.height - whole) / 2
    for piece in ordered:
        piece.y_to = y
        y += piece.thickness + _SLOT_GAP
