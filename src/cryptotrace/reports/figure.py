"""The flow figure: what is a fact and what is a convention, drawn apart.

The outline of a band is the transfer, its width the full amount; the filled part is the claimed share under the named
rule. Boxes have bands on both sides and nothing inside them: no line joins an input to an output.
"""

from __future__ import annotations

from cryptotrace.reports.draft import Draft
from cryptotrace.reports.flowgraph import COLUMNS, FlowGraph, flow_graph
from cryptotrace.reports.holdinggraph import holding_graph
from cryptotrace.reports.layout import Sheet, largest_units, sheets
from cryptotrace.reports.model import Document, Figure
from cryptotrace.reports.svg import Drawing, stacked

#: How many transactions are drawn: the first of these with which every sheet can be printed on one A4 page.
_MOST_BOXES = (32, 24, 16, 12, 8, 5, 3)
#: Height of a sheet, in points, that can still be read when it is scaled to a landscape A4 page.
_HIGHEST = 500.0


def flow_figure(draft: Draft) -> Figure:
    """The figure of a trace, on as many sheets as it needs."""
    say = draft.words.say
    graph, laid_out = _fitting(draft)
    homes = {box.id: sheet.number for sheet in laid_out for box in graph.boxes if box.id in sheet.nodes}
    largest = largest_units(graph)
    drawn = tuple(Drawing(draft, sheet, len(laid_out), largest, homes).svg() for sheet in laid_out)
    key = "figure.caption" if draft.rule.conserves else "figure.caption_poison"
    caption = say(key, rule=draft.rule_name)
    if graph.folded_transactions or graph.folded_ends:
        caption += " " + _folded(draft, graph)
    together = [band for box in graph.boxes for band in box.bands if band.members]
    if together:
        bands = "; ".join(f"{band.place} = {draft.ids(band.members)}" for band in together)
        caption += " " + say("figure.together", bands=bands)
    if any(band.is_marked for box in graph.boxes for band in box.bands):
        caption += " " + say("figure.caption_unchecked")
    if draft.warning:
        caption = f"{draft.warning} {caption}"
    return Figure(say("figure.title"), drawn, caption)


def flow_svg(document: Document) -> str:
    """The document's figure as one SVG for a screen: every sheet, with what must be read beside it."""
    figure = next(b for section in document.sections for b in section.blocks if isinstance(b, Figure))
    return stacked(figure.sheets, filter(None, (document.mark, figure.title)), (figure.caption,))


def _fitting(draft: Draft) -> tuple[FlowGraph, list[Sheet]]:
    graph, laid_out = _graph(draft, 0), list[Sheet]()
    for most in _MOST_BOXES:
        graph = _graph(draft, most)
        laid_out = sheets(graph, COLUMNS)
        if all(sheet.height <= _HIGHEST for sheet in laid_out):
            break
    return graph, laid_out


def _graph(draft: Draft, most_boxes: int) -> FlowGraph:
    """Transactions and outputs, or on an account chain holdings and transfers."""
    if not draft.dossier.is_on_accounts:
        return flow_graph(draft.rows, most_boxes)
    labels = {asset: facts.label for asset, facts in draft.dossier.assets.items()}
    return holding_graph(draft.rows, labels, most_boxes, draft.flow_name)


def _folded(draft: Draft, graph: FlowGraph) -> str:
    values = {"transactions": graph.folded_transactions, "ends": len(graph.folded_ends)}
    if not draft.rule.conserves:
        return draft.words.say("figure.folded_poison", **values)
    sums = []
    for asset in dict.fromkeys(row.end.asset for row in graph.folded_ends):
        units = sum((u for r in graph.folded_ends if r.end.asset == asset for u in r.end.claimed.values()), 0)
        sums.append(draft.amount(units, asset))
    return draft.words.say("figure.folded", amount="; ".join(sums) or "0", **values)
