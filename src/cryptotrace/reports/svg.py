"""Draws one laid-out sheet of the flow figure as SVG: black, white, gray and hatches only, so that a copy reads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import escape

from cryptotrace.errors import ReportError
from cryptotrace.model.identity import Asset
from cryptotrace.reports.dossier import AssetFacts
from cryptotrace.reports.draft import Draft
from cryptotrace.reports.flowgraph import SHAPES, Band
from cryptotrace.reports.foreign import visible
from cryptotrace.reports.layout import (
    ARROW,
    BOX,
    LABELS,
    LINE,
    SYMBOL,
    Node,
    Piece,
    Sheet,
    is_minimum,
    label_lines,
)
from cryptotrace.reports.schedules import EndRow, asset_facts
from cryptotrace.reports.svgpaths import band_path, text_width
from cryptotrace.reports.wording import reason_word
from cryptotrace.tracing.fragments import Units
from cryptotrace.tracing.result import EndReason

#: The font that Typst carries; a browser without it takes its own serif.
FONT = "Libertinus Serif, serif"
#: Fill of the share of the first, second ... claimant; all further ones share the last.
_FILLS = ("#6e6e6e", "url(#hatch)", "url(#dots)", "url(#lines)", "#d2d2d2")
PATTERNS = (
    '<defs><pattern id="hatch" width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="4" height="4" fill="#fff"/><rect width="1.5" height="4" fill="#000"/></pattern>'
    '<pattern id="dots" width="4" height="4" patternUnits="userSpaceOnUse"><rect width="4" height="4" fill="#fff"/>'
    '<circle cx="1.5" cy="1.5" r="1" fill="#000"/></pattern>'
    '<pattern id="lines" width="3" height="3" patternUnits="userSpaceOnUse"><rect width="3" height="3" fill="#fff"/>'
    '<rect width="3" height="1" fill="#000"/></pattern></defs>'
)
_MARGIN = 6.0
LABEL_SIZE = 7.2
_CAPTION = 9.0
_SIZE = re.compile(r'<svg [^>]*?width="(?P<width>[0-9]+)" height="(?P<height>[0-9]+)"', re.ASCII)
_LEGEND_LINE = 15.0
_LONGEST_NAME = 44
#: Where a band from an earlier sheet begins, and how wide the words before it may be.
_FROM, _BEFORE_BAND = 66.0, 63.0
#: Digits before and after the point of an amount over a band of an account chain.
_MOST_DIGITS, _MOST_DECIMALS = 12, 6


class Drawing:
    """One sheet in the making."""

    def __init__(
        self, draft: Draft, sheet: Sheet, sheets: int, largest: Mapping[Asset, int], homes: Mapping[str, int]
    ) -> None:
        self.draft = draft
        self.sheet = sheet
        self.sheets = sheets
        self.largest = largest
        self.homes = homes
        self.ends = {row.id: row for row in draft.rows.ends}
        self.fill_of = {c: _FILLS[min(n, len(_FILLS) - 1)] for n, c in enumerate(draft.claimants)}
        self.used: set[EndReason] = set()
        self.is_on_accounts = draft.dossier.is_on_accounts
        self.parts: list[str] = []

    def svg(self) -> str:
        """The whole sheet."""
        for piece in self.sheet.pieces:
            self._piece(piece)
        for node in self.sheet.nodes.values():
            self._node(node)
        width = max(self.sheet.width, 420.0)
        height = self._legend(width) + 2 * _MARGIN
        width += 2 * _MARGIN
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
            f'viewBox="{-_MARGIN:.0f} {-_MARGIN:.0f} {width:.0f} {height:.0f}" font-family="{FONT}">'
            f"{PATTERNS}{''.join(self.parts)}</svg>"
        )

    # --- bands --------------------------------------------------------------------------------------------------------

    def _piece(self, piece: Piece) -> None:
        """A band: its filled shares, then its outline, then its labels."""
        source = self.sheet.nodes[piece.source]
        start = self.sheet.x_of(source) + (BOX if source.kind == "box" else 0.0)
        if source.kind == "from":
            start, bend = _FROM, 70.0
        else:
            bend = self.sheet.x_of(source) + BOX + LABELS
        if not piece.target:
            stop = start + (LABELS - 16 if piece.band.shares else 22.0)
            self._band(piece, start, stop, stop, piece.y_from)
            if piece.band.kind == "fee" and piece.band.target:
                self._end_mark(self.ends[piece.band.target], stop + 2, piece.y_from + piece.thickness / 2)
        else:
            target = self.sheet.nodes[piece.target]
            self._band(piece, start, bend, self.sheet.x_of(target), piece.y_to)
        if piece.is_labelled:
            self._labels(piece, start)

    def _band(self, piece: Piece, start: float, bend: float, stop: float, y_to: float) -> None:
        band, at = piece.band, 0.0
        for claimant, units in self._ordered(band.shares):
            part = piece.thickness * self._part(units, band)
            self.parts.append(
                f'<path d="{band_path(start, bend, stop, piece.y_from + at, y_to + at, part)}" '
                f'fill="{self.fill_of[claimant]}" stroke="none"/>'
            )
            at += part
        dotted = ' stroke-dasharray="1.5 1.5"' if is_minimum(band, self.largest) else ""
        passes = (piece.source.startswith("pass "), piece.target.startswith("pass "))
        outline = band_path(start, bend, stop, piece.y_from, y_to, piece.thickness, is_open=passes)
        self.parts.append(f'<path d="{outline}" fill="none" stroke="#000" stroke-width="0.7"{dotted}/>')

    def _part(self, units: Units, band: Band) -> float:
        """Which part of a band is filled for a claimant; what is only reached is divided equally."""
        if not self.draft.rule.conserves:
            return 1 / len(band.shares)
        return int(units * 100_000 // band.units) / 100_000 if band.units else 0.0

    def _ordered(self, shares: Mapping[str, Units]) -> Iterable[tuple[str, Units]]:
        return [(claimant, shares[claimant]) for claimant in self.draft.claimants if claimant in shares]

    def _labels(self, piece: Piece, start: float) -> None:
        band = piece.band
        y = piece.y_from - 2.6 - (label_lines(band) - 1) * LINE
        first, second = self._label(band)
        if band.title:
            self._text(start + 3, y, band.title, LABEL_SIZE)
            y += LINE
        self._text(start + 3, y, first, LABEL_SIZE)
        if second:
            self._text(start + 3, y + LINE, second, LABEL_SIZE, "italic" if band.shares else "")

    def _label(self, band: Band) -> tuple[str, str]:
        """What stands over a band: its amount, then the share; a band without share says for how many outputs."""
        say, facts = self.draft.words.say, asset_facts(self.draft.dossier, band.asset)
        amount = f"{self._amount(band.units, facts)}{'' if self.is_on_accounts else f' {facts.label}'}"
        if band.kind == "stub":
            key = "figure.other_outputs" if self.draft.rule.conserves else "figure.not_reached"
            return say(key, count=band.count), amount
        gone = say("reason.burn").lower() if band.label == "burn" else say("figure.fee")
        head = {"fee": f"{gone} ", "fold": ""}.get(band.kind, f"{band.place}: ")
        if band.title or band.label == "held":
            head = "" if band.title else f"{say('figure.held')} "
        if not band.shares:
            return head + amount, ""
        share = say("figure.reached")
        if self.draft.rule.conserves:
            share = f"{say('figure.share')} {self._amount(sum(band.shares.values()), facts)}"
        share += " †" if band.is_marked else ""
        return head + amount, f"{share} · {band.target}" if band.kind == "fee" and band.target else share

    def _amount(self, units: Units, facts: AssetFacts) -> str:
        """An amount as it fits over a band: on an account chain what is too long for that is cut and marked."""
        full = self.draft.words.decimal(units, facts.decimals)
        if not self.is_on_accounts:
            return full
        whole, point, rest = full.removeprefix("≈").partition(self.draft.words.point)
        digits = "".join(filter(str.isdigit, whole))
        if len(digits) > _MOST_DIGITS:
            return f"≈{digits[0]}{self.draft.words.point}{digits[1:4]}·10^{len(digits) - 1}"
        cut = rest[_MOST_DECIMALS:].strip("0")
        return f"{'≈' if cut or full.startswith('≈') else ''}{whole}{point}{rest[:_MOST_DECIMALS]}"

    # --- nodes --------------------------------------------------------------------------------------------------------

    def _node(self, node: Node) -> None:
        x = self.sheet.x_of(node)
        if node.box is not None:
            self._box(node, x)
        elif node.kind == "end":
            row = self.ends[node.key]
            self._end_mark(row, x, node.y + node.height / 2)
            self._end_text(row, x + SYMBOL + 5, node)
        elif node.kind == "fold" and node.band is not None:
            middle = node.y + node.height / 2
            for shift in (0.0, 3.0, 6.0):
                self.parts.append(
                    f'<rect x="{x + shift:.2f}" y="{middle - 6 + shift / 2:.2f}" width="6" height="9" '
                    'fill="#fff" stroke="#000" stroke-width="0.7"/>'
                )
            self._text(x + 17, middle + 2.5, self.draft.words.say("figure.fold", count=node.band.count), 7.6, "bold")
        elif node.kind in {"to", "from", "back"} and node.band is not None:
            self._mark(node, x)

    def _box(self, node: Node, x: float) -> None:
        box, say = node.box, self.draft.words.say
        if box is None:
            return
        self.parts.append(
            f'<rect x="{x:.2f}" y="{node.y:.2f}" width="{BOX:.2f}" height="{node.height:.2f}" '
            'fill="#fff" stroke="#000" stroke-width="1.3"/>'
        )
        middle = x + BOX / 2
        title = box.id.partition(" ")[0] if box.note else box.id
        self._text(middle, node.y + 12, title, 9.5, "bold middle")
        below = say("unconfirmed") if box.height is None else say("figure.block", height=box.height)
        if box.note:
            below = say("figure.conversion") if box.note == "conversion" else box.note
        self._text(middle, node.y + 21, below, 7.2, "middle")
        if box.others:
            y = node.y + node.height - 4
            self._text(middle, y - LINE, say("figure.other_inputs", count=box.others), 6.8, "middle")
            asset, units = next(iter(box.others_units.items()))
            facts = asset_facts(self.draft.dossier, asset)
            self._text(middle, y, self._amount(units, facts), 6.8, "middle")
            arrow = f"M{x - ARROW:.2f},{y - 6:.2f} h9 m-3,-2.5 l3,2.5 l-3,2.5"
            self.parts.append(f'<path d="{arrow}" fill="none" stroke="#000" stroke-width="0.9"/>')

    def _mark(self, node: Node, x: float) -> None:
        """Where a band leaves for another sheet, or comes from one."""
        band, say = node.band, self.draft.words.say
        if band is None:
            return
        middle = node.y + node.height / 2
        if node.kind == "back":
            self.parts.append(
                f'<path d="M{x + 9:.2f},{middle - 6:.2f} l-9,6 l9,6 z" fill="#fff" stroke="#000" stroke-width="0.9"/>'
            )
            self._text(x + 13, middle + 2.5, say("figure.back", holding=band.label), 7.8, "bold")
            return
        other = band.target if node.kind == "to" else band.source
        sheet = say("figure.on_sheet", sheet=self.homes[other])
        if node.kind == "to":
            self.parts.append(
                f'<path d="M{x:.2f},{middle - 6:.2f} l9,6 l-9,6 z" fill="#fff" stroke="#000" stroke-width="0.9"/>'
            )
            self._text(x + 13, middle - 1, say("figure.to", transaction=other), 7.8, "bold")
            self._text(x + 13, middle + 8, sheet, 7.2)
        else:
            self._from(middle, other, band.place, sheet)

    def _from(self, middle: float, other: str, place: str, sheet: str) -> None:
        """The words at the left edge: never wider than the room before the band, over which they would lie."""
        say = self.draft.words.say
        if not self.is_on_accounts:
            self._text(0, middle - 1, say("figure.from", flow=f"{other}:{place}"), 7.8, "bold")
            self._text(0, middle + 8, sheet, 7.2)
            return
        texts = ((say("figure.from", flow=other.partition(" ")[0]), 7.8, "bold"), (place, 7.2, ""), (sheet, 7.2, ""))
        for number, (text, size, how) in enumerate(texts):
            fitting = min(size, size * _BEFORE_BAND / text_width(text, size))
            self._text(0, middle + (number - 1) * LINE + 2, text, fitting, how)

    def _end_text(self, row: EndRow, x: float, node: Node) -> None:
        y = node.y + 8
        self._text(x, y, row.id, 8.2, "bold")
        self._text(x, y + LINE, reason_word(self.draft, row.end.reason), 7.2)
        if row.address:
            self._text(x, y + 2 * LINE, row.address, 7.2)

    def _end_mark(self, row: EndRow, x: float, y: float) -> None:
        self.used.add(row.end.reason)
        self.parts.append(shape(SHAPES[row.end.reason], x, y))

    # --- legend -------------------------------------------------------------------------------------------------------

    def _legend(self, width: float) -> float:
        """Draw the legend under the figure; the bottom of it."""
        x, y = 0.0, self.sheet.height + 20
        self.parts.append(f'<path d="M0,{y - 12:.2f} h{width:.2f}" stroke="#000" stroke-width="0.4"/>')
        for mark, text in self._legend_entries():
            wide = 26 + text_width(text, 7.4) + 12
            if x and x + wide > width:
                x, y = 0.0, y + _LEGEND_LINE
            self.parts.append(f'<g transform="translate({x:.2f},{y:.2f})">{mark}</g>')
            self._text(x + 26, y + 2.6, text, 7.4)
            x += wide
        return y + _LEGEND_LINE / 2

    def _legend_entries(self) -> list[tuple[str, str]]:
        say, claimants = self.draft.words.say, self.draft.claimants
        entries = [(_swatch("none", ""), say("figure.legend.transfer"))]
        key = "figure.legend.share" if self.draft.rule.conserves else "figure.legend.reached"
        for claimant in claimants[: len(_FILLS) - 1]:
            name = visible(claimant)
            name = name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"
            entries.append((_swatch(self.fill_of[claimant], ""), say(key, claimant=name)))
        if len(claimants) >= len(_FILLS):
            entries.append((_swatch(_FILLS[-1], ""), say("figure.legend.others")))
        entries.append((_swatch("none", ' stroke-dasharray="1.5 1.5"'), say("figure.legend.minimum")))
        shapes: dict[str, list[str]] = {}
        for reason in EndReason:
            if reason in self.used:
                shapes.setdefault(SHAPES[reason], []).append(reason_word(self.draft, reason))
        entries += [(shape(name, 5, 0), ", ".join(reasons)) for name, reasons in shapes.items()]
        if self.sheets > 1:
            entries.append(("", say("figure.sheet", sheet=self.sheet.number, sheets=self.sheets)))
        return entries

    def _text(self, x: float, y: float, text: str, size: float, how: str = "") -> None:
        weight = ' font-weight="bold"' if "bold" in how else ""
        italic = ' font-style="italic"' if "italic" in how else ""
        anchor = ' text-anchor="middle"' if "middle" in how else ""
        self.parts.append(
            f'<text x="{x:.2f}" y="{y:.2f}" font-size="{size}"{weight}{italic}{anchor}>{escape(visible(text))}</text>'
        )


def _swatch(fill: str, dash: str) -> str:
    return f'<rect x="0" y="-4" width="20" height="8" fill="{fill}" stroke="#000" stroke-width="0.7"{dash}/>'


def shape(name: str, x: float, y: float) -> str:
    """The sign of an end, its left edge at ``x`` and its middle at ``y``."""
    white = 'fill="#fff" stroke="#000" stroke-width="1"'
    black = 'fill="#000" stroke="#000" stroke-width="1"'
    size, half = SYMBOL, SYMBOL / 2
    square = f'<rect x="{x:.2f}" y="{y - half:.2f}" width="{size}" height="{size}" {white}'
    circle = f'<circle cx="{x + half:.2f}" cy="{y:.2f}"'
    return {
        "square": f"{square}/>",
        "dashed-square": f'{square} stroke-dasharray="2 1.5"/>',
        "house": f'<path d="M{x:.2f},{y + half:.2f} v-6.5 l{half},-4.5 l{half},4.5 v6.5 z" {black}/>',
        "crossed-circle": f'{circle} r="{half}" {white}/>'
        f'<path d="M{x + 1.6:.2f},{y - 3.9:.2f} l7.8,7.8 m0,-7.8 l-7.8,7.8" stroke="#000" stroke-width="1"/>',
        "dot": f'{circle} r="2.4" {black}/>',
        "bars": f'<path d="M{x + 2:.2f},{y - half:.2f} v{size} m4,-{size} v{size}" stroke="#000" stroke-width="1.8"/>',
        "many": f'{circle} r="{half}" {white}/>{circle} r="3.4" {white}/>{circle} r="1.2" {black}/>',
        "diamond": f'<path d="M{x:.2f},{y:.2f} l{half},-{half} l{half},{half} l-{half},{half} z" {white}/>'
        f'<text x="{x + half:.2f}" y="{y + 2.6:.2f}" font-size="7.5" font-weight="bold" text-anchor="middle">?</text>',
        "triangle": f'<path d="M{x:.2f},{y - 3.6:.2f} l7,3.6 l-7,3.6 z" {black}/>',
        "cross": f'<path d="M{x + 1:.2f},{y - 4:.2f} l8,8 m0,-8 l-8,8" stroke="#000" stroke-width="1.8"/>',
        "arrow": f'<path d="M{x:.2f},{y:.2f} h10 m-4,-4 l4,4 l-4,4" fill="none" stroke="#000" stroke-width="1.4"/>',
    }[name]


def stacked(sheets: Iterable[str], above: Iterable[str], below: Iterable[str]) -> str:
    """Sheets below each other as one SVG, with text over and under them, broken into lines of their width."""
    drawn = [(sheet, *size_of(sheet)) for sheet in sheets]
    width = max(wide for _, wide, _ in drawn)
    parts, y = [PATTERNS], 4.0
    for text in above:
        y = _paragraph(parts, text, y, width)
    for sheet, _, height in drawn:
        drawing = sheet[sheet.index(">") + 1 : -len("</svg>")].replace(PATTERNS, "")
        parts.append(f'<g transform="translate({_MARGIN},{y + _MARGIN:.0f})">{drawing}</g>')
        y += height
    for text in below:
        y = _paragraph(parts, text, y, width)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{y + 8:.0f}" '
        f'viewBox="0 0 {width} {y + 8:.0f}" font-family="{FONT}"><rect width="100%" height="100%" fill="#fff"/>'
        f"{''.join(parts)}</svg>"
    )


def size_of(sheet: str) -> tuple[int, int]:
    """Width and height of a sheet in points, as it says itself.

    Raises:
        ReportError: it does not say.
    """
    size = _SIZE.match(sheet)
    if size is None:
        raise ReportError("a sheet of the figure does not say its size; report this")
    return int(size["width"]), int(size["height"])


def _paragraph(parts: list[str], text: str, y: float, width: float) -> float:
    """Add a text in as many lines as it needs; the bottom of it."""
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if lines[-1] and text_width(longer, _CAPTION) > width - 4 * _MARGIN:
            lines.append(word)
        else:
            lines[-1] = longer
    for line in filter(None, lines):
        y += _CAPTION + 3
        parts.append(f'<text x="{_MARGIN}" y="{y:.2f}" font-size="{_CAPTION}">{escape(line)}</text>')
    return y + 3
