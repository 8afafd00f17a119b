"""The figure as it is drawn: facts apart from shares, nothing joined across a transaction, nothing on top of a label."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, pairwise
from typing import NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests import notation
from tests.reports.dossiers import dossier, draft
from tests.strategies import Case, chains

from cryptotrace.reports.content import content
from cryptotrace.reports.draft import Draft
from cryptotrace.reports.figure import flow_figure, flow_svg
from cryptotrace.reports.flowgraph import COLUMNS, FlowGraph, flow_graph
from cryptotrace.reports.layout import (
    BOX,
    CHANNEL,
    LABELS,
    THINNEST,
    Sheet,
    is_minimum,
    largest_units,
    sheets,
    slot_height,
    thickness_of,
)
from cryptotrace.reports.model import Figure
from cryptotrace.reports.svg import LABEL_SIZE, Drawing
from cryptotrace.reports.svgpaths import text_width
from cryptotrace.tracing.rules import RULES

SVG = "{http://www.w3.org/2000/svg}"
rules = st.sampled_from(sorted(RULES))
many = settings(deadline=None, max_examples=60)
NUMBER = r"-?\d+\.?\d*"


def _long_chain(transactions: int = 34) -> Case:
    """A peel chain with a merge at every third step; a person can follow it."""
    lines, left = [f"t0: A {10**10}, X 500000 -> c0 {10**10}, p0 400000, fee 100000"], 10**10
    for n in range(1, transactions):
        peel = 10**10 // (transactions + 1) - n
        spent = f"c{n - 1} {left}" + (f", p{n - 1} {10**10 // (transactions + 1) - n + 1}" if n % 3 == 0 else "")
        into = left + (10**10 // (transactions + 1) - n + 1 if n % 3 == 0 else 0)
        left = into - peel - 1000
        lines.append(f"t{n}: {spent} -> c{n} {left}, p{n} {peel}, fee 1000")
    return notation.chain("\n".join([*lines, "Anna claims A", "Boris claims p0"])).case


LONG = _long_chain()


class Drawn(NamedTuple):
    """One sheet with what it was made from."""

    draft: Draft
    graph: FlowGraph
    sheet: Sheet
    root: ET.Element


def _sheets(made: Draft, most: int = 12) -> Iterator[Drawn]:
    graph = flow_graph(made.rows, most)
    laid_out = sheets(graph, COLUMNS)
    homes = {box.id: sheet.number for sheet in laid_out for box in graph.boxes if box.id in sheet.nodes}
    for sheet in laid_out:
        text = Drawing(made, sheet, len(laid_out), largest_units(graph), homes).svg()
        yield Drawn(made, graph, sheet, ET.fromstring(text))


class Path(NamedTuple):
    """A band as it is drawn: where it starts and stops, and how thick it is at both ends."""

    start: float
    stop: float
    y_from: float
    y_to: float
    thickness: float
    fill: str


def _bands(root: ET.Element) -> list[Path]:
    found = []
    for path in root.iter(f"{SVG}path"):
        numbers = [float(n) for n in re.findall(NUMBER, path.attrib["d"])]
        fill = path.attrib.get("fill", "")
        if re.match(rf"M{NUMBER},{NUMBER} H{NUMBER} V", path.attrib["d"]):  # straight
            x, y, stop, bottom = numbers[:4]
            found.append(Path(x, stop, y, y, bottom - y, fill))
        elif " C" in path.attrib["d"]:
            x, y = numbers[:2]
            stop, y_to = numbers[7:9]
            bottom = float(re.findall(rf",({NUMBER}) H{NUMBER}(?: V{NUMBER})?$", path.attrib["d"])[0])
            found.append(Path(x, stop, y, y_to, bottom - y, fill))
    return found


# --- layout -----------------------------------------------------------------------------------------------------------


@many
@given(chains(), rules, st.integers(min_value=1, max_value=14))
@example(LONG, "fifo", 14)
def test_nothing_in_a_column_stands_on_anything_else(case: Case, rule: str, most: int) -> None:
    graph = flow_graph(draft(dossier(case, rule)).rows, most)
    for sheet in sheets(graph, COLUMNS):
        for column in {node.column for node in sheet.nodes.values()}:
            nodes = sorted((n for n in sheet.nodes.values() if n.column == column), key=lambda n: n.y)
            for above, below in pairwise(nodes):
                assert above.y + above.height <= below.y + 1e-6
        assert all(n.y >= -1e-6 and n.y + n.height <= sheet.height + 1e-6 for n in sheet.nodes.values())
        assert all(n.column < COLUMNS + 1 for n in sheet.nodes.values())


@many
@given(chains(), rules, st.integers(min_value=1, max_value=14))
@example(LONG, "haircut", 14)
def test_bands_leave_and_reach_a_box_one_below_the_other_within_it(case: Case, rule: str, most: int) -> None:
    graph = flow_graph(draft(dossier(case, rule)).rows, most)
    for sheet in sheets(graph, COLUMNS):
        for node in sheet.nodes.values():
            sides = (
                [(p.y_from, p.thickness) for p in sheet.pieces if p.source == node.key],
                [(p.y_to, p.thickness) for p in sheet.pieces if p.target == node.key],
            )
            for side in sides if node.kind == "box" else ():
                side.sort()
                assert all(y >= node.y - 1e-6 and y + t <= node.y + node.height + 1e-6 for y, t in side)
                assert all(y + t <= after for (y, t), (after, _) in pairwise(side))


@many
@given(chains(), rules, st.integers(min_value=0, max_value=14))
@example(LONG, "haircut", 14)
def test_every_band_is_on_a_sheet_and_what_goes_on_is_marked_on_both(case: Case, rule: str, most: int) -> None:
    graph = flow_graph(draft(dossier(case, rule)).rows, most)
    laid_out = sheets(graph, COLUMNS)
    keys = [key for sheet in laid_out for key, node in sheet.nodes.items() if node.kind == "box"]
    assert sorted(keys) == sorted(box.id for box in graph.boxes)
    started = [id(piece.band) for sheet in laid_out for piece in sheet.pieces if piece.source in graph_ids(graph)]
    assert sorted(started) == sorted(id(band) for box in graph.boxes for band in box.bands)
    to, back = ({k for s in laid_out for k, n in s.nodes.items() if n.kind == kind} for kind in ("to", "from"))
    assert {key.removeprefix("to ") for key in to} == {key.removeprefix("from ") for key in back}


def graph_ids(graph: FlowGraph) -> set[str]:
    return {box.id for box in graph.boxes}


@many
@given(chains(), rules)
def test_a_band_is_as_wide_as_its_amount_or_says_that_it_is_not(case: Case, rule: str) -> None:
    graph = flow_graph(draft(dossier(case, rule)).rows, 12)
    largest = largest_units(graph)
    bands = [band for box in graph.boxes for band in box.bands]
    for band in bands:
        assert thickness_of(band, largest) >= THINNEST
        assert is_minimum(band, largest) is False or thickness_of(band, largest) == THINNEST
    for one, other in combinations([b for b in bands if not is_minimum(b, largest)], 2):
        expected = thickness_of(one, largest) * other.units
        assert thickness_of(other, largest) * one.units == pytest.approx(expected, rel=2e-3)
    assert all(slot_height(band, 5.0) > 5.0 for band in bands)


# --- what is drawn ----------------------------------------------------------------------------------------------------


@many
@given(chains(), rules, st.booleans())
@example(case=LONG, rule="haircut", exact=False)
def test_no_line_crosses_a_transaction_from_its_inputs_to_its_outputs(case: Case, rule: str, exact: bool) -> None:
    for drawn in _sheets(draft(dossier(case, rule, exact=exact))):
        boxes = [(drawn.sheet.x_of(n), n.y, n.height) for n in drawn.sheet.nodes.values() if n.kind == "box"]
        bands = _bands(drawn.root)
        assert bands or not boxes
        for x, y, height in boxes:
            for band in bands:
                is_beside = band.y_from + band.thickness <= y + 0.01 or band.y_from >= y + height - 0.01
                assert band.stop <= x + 0.01 or band.start >= x + BOX - 0.01 or is_beside, (band, x, y, height)


@many
@given(chains(), rules)
@example(LONG, "fifo")
def test_it_reads_in_black_and_white(case: Case, rule: str) -> None:
    for drawn in _sheets(draft(dossier(case, rule))):
        for element in drawn.root.iter():
            for name in ("fill", "stroke", "color", "stop-color", "style"):
                colour = element.attrib.get(name, "none")
                gray = re.fullmatch(r"#([0-9a-f]{1,2})\1\1", colour)
                assert gray or re.fullmatch(r"none|url\(#(hatch|dots|lines)\)", colour), colour


def _filled(case: Case, rule: str, *, exact: bool) -> Iterator[tuple[float, float, float]]:
    """(filled, outline, claimed part) of each band that is drawn with shares."""
    for drawn in _sheets(draft(dossier(case, rule, exact=exact))):
        paths = _bands(drawn.root)
        pieces = iter(drawn.sheet.pieces)
        filled = 0.0
        for path in paths:
            if path.fill != "none":
                filled += path.thickness
                continue
            band = next(pieces).band
            part = float(sum(band.shares.values()) / band.units) if band.units else 0.0
            yield filled, path.thickness, part
            filled = 0.0


@many
@given(chains(), st.sampled_from(sorted(n for n, r in RULES.items() if r.conserves)), st.booleans())
@example(case=LONG, rule="haircut", exact=True)
def test_the_filled_part_of_a_band_is_the_claimed_share(case: Case, rule: str, exact: bool) -> None:
    for filled, whole, part in _filled(case, rule, exact=exact):
        assert filled == pytest.approx(whole * part, abs=0.06)


@many
@given(chains())
@example(LONG)
def test_under_poison_a_reached_band_is_filled_whole(case: Case) -> None:
    for filled, whole, part in _filled(case, "poison", exact=False):
        assert filled == pytest.approx(whole if part else 0.0, abs=0.06)


@many
@given(chains(), rules)
@example(LONG, "haircut")
def test_labels_stay_above_their_bands_and_inside_their_zone(case: Case, rule: str) -> None:
    for language in ("en", "ru"):
        made = draft(dossier(_scaled(case), rule), language)
        for drawn in _sheets(made):
            lines = [p for p in _bands(drawn.root) if p.fill == "none"]
            checked = 0
            for text in drawn.root.iter(f"{SVG}text"):
                x, y, size = (float(text.attrib[name]) for name in ("x", "y", "font-size"))
                mine = [band for band in lines if abs(band.start - (x - 3)) < 0.1]
                if size == LABEL_SIZE and "text-anchor" not in text.attrib and mine:
                    checked += 1
                    assert text_width(text.text or "", size) <= LABELS + CHANNEL / 2, text.text
                    for band in mine:
                        assert y <= band.y_from or y - size * 0.7 >= band.y_from + band.thickness, text.text
            assert checked >= len([piece for piece in drawn.sheet.pieces if piece.is_labelled])


def _scaled(case: Case) -> Case:
    """The same case with a hundred thousand coins in its largest transaction, so that amounts are as long as they come."""
    most = max([1, *(sum(tx["outputs"]) + tx["fee"] for tx in case["txs"])])
    by = max(1, 100_000 * 10**8 // most)

    def scaled(part: Case) -> Case:
        grown: Case = {name: part[name] * by for name in ("fee", "subsidy", "amount", "offset") if name in part}
        if "outputs" in part:
            grown["outputs"] = [units * by for units in part["outputs"]]
        return {**part, **grown}

    return {**case, "txs": [scaled(tx) for tx in case["txs"]], "sources": [scaled(s) for s in case["sources"]]}


# --- the whole figure -------------------------------------------------------------------------------------------------


@many
@given(chains(), rules)
def test_each_sheet_is_well_formed_and_says_its_size(case: Case, rule: str) -> None:
    figure = flow_figure(draft(dossier(case, rule)))
    assert figure.sheets
    for sheet in figure.sheets:
        root = ET.fromstring(sheet)
        assert root.tag == f"{SVG}svg"
        assert int(root.attrib["width"]) > 0
        assert int(root.attrib["height"]) > 0


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_long_trace_fits_on_pages_and_says_what_it_folded(language: str) -> None:
    made = draft(dossier(LONG), language)
    assert len(made.rows.transactions) > 30
    figure = flow_figure(made)
    assert all(int(ET.fromstring(sheet).attrib["height"]) < 600 for sheet in figure.sheets)
    graph = flow_graph(made.rows, 5)
    assert graph.folded_transactions > 0
    shown = sum(len(re.findall(r">T-\d{4}<", sheet)) for sheet in figure.sheets)
    folded = len(made.rows.transactions) - shown
    assert folded == 0 or f" {folded}, " in figure.caption.replace(": ", " ")


def test_the_caption_names_the_rule_and_keeps_fact_and_convention_apart() -> None:
    caption = flow_figure(draft(dossier(LONG, "haircut"))).caption
    for words in ("pro rata", "(fact, L1)", "(convention, L3)", "does not record which input pays which output"):
        assert words in caption


def test_what_is_folded_stands_in_the_caption_with_its_amount() -> None:
    fan = "t1: A 900 -> " + ", ".join(f"o{n} 100" for n in range(9)) + "\nAnna claims A"
    caption = flow_figure(draft(dossier(notation.chain(fan).case))).caption
    assert "Not drawn one by one: transactions: 0, ends: 4, with a claimed share of 0.00000400" in caption
    poison = flow_figure(draft(dossier(notation.chain(fan).case, "poison"))).caption
    assert "transactions: 0, ends: 4. All of them stand in the schedules." in poison
    assert "0.00000400" not in poison


def test_more_claimants_than_fills_share_the_last_one_and_the_legend_says_so() -> None:
    names = "ABCDEFG"
    text = f"t1: {', '.join(f'{n} 10' for n in names)} -> Z {10 * len(names)}\n"
    case = notation.chain(text + "\n".join(f"Claimant {n} claims {n}" for n in names)).case
    (sheet,) = flow_figure(draft(dossier(case))).sheets
    assert "other claimants" in sheet
    assert "Claimant D" in sheet
    assert "Claimant G" not in sheet


def test_one_svg_for_the_screen_holds_every_sheet_and_what_must_be_read_beside_it() -> None:
    document = content(dossier(LONG, "lifo"), "en")
    figure = next(b for s in document.sections for b in s.blocks if isinstance(b, Figure))
    root = ET.fromstring(flow_svg(document))
    words = " ".join(text.text or "" for text in root.iter(f"{SVG}text"))
    assert len(figure.sheets) > 1
    for number in range(1, len(figure.sheets) + 1):
        assert f"sheet {number} of {len(figure.sheets)}" in words
    for text in (document.mark, figure.title, figure.caption):
        assert text in words
    assert figure.caption.startswith(document.warning)
    assert len(list(root.iter(f"{SVG}pattern"))) == len({p.attrib["id"] for p in root.iter(f"{SVG}pattern")}) == 3
    for sheet in figure.sheets:
        assert sheet.partition("</defs>")[2].removesuffix("</svg>") in flow_svg(document)


def test_lines_of_the_caption_stay_within_the_picture() -> None:
    root = ET.fromstring(flow_svg(content(dossier(LONG, "lifo"), "ru")))
    for text in root.iter(f"{SVG}text"):
        if text.attrib["font-size"] == "9.0" and "text-anchor" not in text.attrib:
            assert text_width(text.text or "", 9.0) <= float(root.attrib["width"])


def test_claimants_of_any_name_cannot_break_the_picture() -> None:
    case = LONG
    hostile = '</text><script>"&\u202e'
    case = {**case, "sources": [{**source, "claim": hostile} for source in case["sources"]]}
    made = dossier(case)
    made = replace(made, assets={a: replace(f, symbol=hostile) for a, f in made.assets.items()})
    svg = flow_svg(content(made, "en"))
    assert not list(ET.fromstring(svg).iter(f"{SVG}script"))
    assert "⟨U+202E⟩" in svg
