"""What the figure draws, and that whatever it does not draw is counted."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from tests import notation
from tests.reports.dossiers import dossier, txid
from tests.strategies import Case, chains

from cryptotrace.reports.flowgraph import SHAPES, FlowGraph, flow_graph, on_trace
from cryptotrace.reports.schedules import Schedules, schedules
from cryptotrace.tracing.result import EndReason
from cryptotrace.tracing.rules import RULES

many = settings(deadline=None, max_examples=80)
rules = st.sampled_from(sorted(RULES))
sizes = st.integers(min_value=0, max_value=12)


def _drawn_ends(graph: FlowGraph) -> list[str]:
    return [b.target for box in graph.boxes for b in box.bands if b.kind in {"end", "fee"} and b.target]


@many
@given(chains(), rules, sizes, st.booleans())
def test_every_end_is_drawn_or_counted_as_folded_and_never_both(case: Case, rule: str, most: int, exact: bool) -> None:
    rows = schedules(dossier(case, rule, exact=exact))
    graph = flow_graph(rows, most)
    assert sorted([*_drawn_ends(graph), *(row.id for row in graph.folded_ends)]) == [row.id for row in rows.ends]
    assert len(graph.boxes) + graph.folded_transactions == len(on_trace(rows))
    assert len(graph.boxes) == min(most, len(on_trace(rows)))


@many
@given(chains(), rules, sizes)
def test_the_bands_of_a_box_are_everything_that_leaves_its_transaction(case: Case, rule: str, most: int) -> None:
    rows = schedules(dossier(case, rule))
    by_id = {row.id: row for row in rows.transactions}
    for box in flow_graph(rows, most).boxes:
        out = [p for p in by_id[box.id].postings if p.side == "out"]
        assert sum(band.units for band in box.bands) == sum(p.units for p in out)
        shares: dict[str, object] = defaultdict(int)
        for posting in out:
            for claimant, units in posting.claimed.items():
                shares[claimant] += units  # type: ignore[operator]
        drawn: dict[str, object] = defaultdict(int)
        for band in box.bands:
            for claimant, units in band.shares.items():
                drawn[claimant] += units  # type: ignore[operator]
        assert drawn == shares
        assert sum(band.count for band in box.bands) == len([p for p in out if p.place is not None or p.units])


@many
@given(chains(), rules, sizes)
def test_what_arrives_and_the_other_inputs_are_all_inputs(case: Case, rule: str, most: int) -> None:
    rows = schedules(dossier(case, rule))
    by_id = {row.id: row for row in rows.transactions}
    graph = flow_graph(rows, most)
    for box in graph.boxes:
        into = [p for p in by_id[box.id].postings if p.side == "in"]
        assert len(box.arrives) + box.others == len(into)
        units = sum(band.units for band in box.arrives) + sum(box.others_units.values())
        assert units == sum(p.units for p in into)


@many
@given(chains(), rules, sizes)
def test_money_moves_to_the_right(case: Case, rule: str, most: int) -> None:
    graph = flow_graph(schedules(dossier(case, rule)), most)
    column = {box.id: box.column for box in graph.boxes}
    for box in graph.boxes:
        for band in box.bands:
            assert band.kind != "flow" or column[band.target] > box.column


def _fan(outputs: int) -> Schedules:
    text = f"t1: A {outputs * 10} -> " + ", ".join(f"o{n} 10" for n in range(outputs)) + "\nAnna claims A"
    return schedules(dossier(notation.chain(text).case))


def test_of_many_ends_beside_one_transaction_the_rest_is_folded_with_its_sum() -> None:
    graph = flow_graph(_fan(9), 5)
    box = next(box for box in graph.boxes if len(box.bands) > 1)
    fold = next(band for band in box.bands if band.kind == "fold")
    assert [band.kind for band in box.bands].count("end") == 5
    assert (fold.count, fold.units, fold.shares) == (4, 40, {"Anna": 40})
    assert len(graph.folded_ends) == 4


def test_transactions_with_the_largest_claimed_amounts_are_kept() -> None:
    text = "t1: A 100 -> B 90, C 10\nt2: B 90 -> D 90\nt3: C 10 -> E 10\nAnna claims A"
    rows = schedules(dossier(notation.chain(text).case))
    graph = flow_graph(rows, 3)
    assert [box.id for box in graph.boxes] == ["T-0001", "T-0002", "T-0003"]
    assert (graph.folded_transactions, len(graph.folded_ends)) == (1, 1)


def test_an_end_whose_transaction_is_not_among_the_rows_is_folded_and_not_dropped() -> None:
    made = dossier(notation.chain("t1: A 100 -> B 90, C 10\nAnna claims A").case)
    kept = {name: tx for name, tx in made.transactions.items() if name != txid("t1")}
    graph = flow_graph(schedules(replace(made, transactions=kept)), 9)
    assert [row.id for row in graph.folded_ends] == ["H-0001", "H-0002"]


def test_no_claim_leaves_an_empty_figure() -> None:
    graph = flow_graph(schedules(dossier(notation.chain("t1: A 1 -> B 1").case)), 9)
    assert (graph.boxes, graph.folded_transactions, graph.folded_ends, graph.columns) == ((), 0, (), 0)


def test_each_kind_of_end_has_a_shape() -> None:
    assert set(SHAPES) == set(EndReason)
