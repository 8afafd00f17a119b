"""Reported edges: what can be shown in the order of time, and that no share is ever computed from them."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise, permutations

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.shared_data import read_data

from cryptotrace.errors import TracingError
from cryptotrace.evidence.recorder import MemoryRecorder
from cryptotrace.model.claim import Claim
from cryptotrace.model.identity import Account, Asset, Chain
from cryptotrace.model.reported import Estimate, ReportedEdge
from cryptotrace.model.verdict import Standing
from cryptotrace.sources.edges import read_addresses, read_edges
from cryptotrace.tracing.engine import trace
from cryptotrace.tracing.reachability import EdgesWithoutAmounts, Reachability, Within, reachability
from cryptotrace.tracing.rules import RULES

ETHEREUM = Chain("eip155:1")


def who(name: str) -> Account:
    return Account.of(ETHEREUM, name)


def edge(height: int, payer: str, payee: str, tx: int | None = None, row: int = 0) -> ReportedEdge:
    txid = f"{height * 1000 + row if tx is None else tx:064x}"
    return ReportedEdge(
        ETHEREUM, txid, height, height * 12, who(payer), who(payee), Estimate(Decimal("1.5"), "USD", "t"), row=row
    )


# --- small cases ------------------------------------------------------------------------------------------------------


def test_a_path_goes_forward_in_time_only() -> None:
    edges = [edge(10, "A", "B"), edge(20, "B", "C"), edge(5, "C", "D")]
    found = reachability(edges, [who("A")], [who("C"), who("D"), who("E"), who("A")])

    (to_c, to_a) = found.reached
    assert [(e.payer.address, e.payee.address) for e in to_c.path] == [("A", "B"), ("B", "C")]
    assert (to_c.height, to_a.path, to_a.height) == (20, (), None)
    missed = {each.account.address: each.reason for each in found.not_reached}
    assert "too late" in missed["D"]
    assert "C in block 20" in missed["D"]
    assert missed["E"] == "no edge of the file pays this account"


def test_an_account_behind_payers_that_nobody_reaches_is_told_apart() -> None:
    edges = [edge(10, "X", "Y"), edge(30, "A", "B"), edge(20, "B", "C"), edge(40, "C", "D")]
    found = reachability(edges, [who("A")], [who("Y"), who("D")])

    reasons = [each.reason for each in found.not_reached]
    assert "none of their payers is reached" in reasons[0]
    assert "against the order of time" in reasons[1]


def test_the_earliest_path_is_given_and_of_two_the_shorter() -> None:
    edges = [edge(9, "A", "Z"), edge(1, "A", "B"), edge(2, "B", "Z", tx=7), edge(2, "A", "Z", tx=8)]
    (to_z,) = reachability(edges, [who("A")], [who("Z")]).reached

    assert [e.txid for e in to_z.path] == [f"{8:064x}"]


def test_what_is_assumed_inside_a_block_is_listed() -> None:
    one_transaction = [edge(1, "B", "C", tx=1, row=1), edge(1, "A", "B", tx=1, row=2)]
    two_transactions = [edge(1, "B", "C", tx=1, row=1), edge(1, "A", "B", tx=2, row=2)]

    def reached(edges: list[ReportedEdge], within: Within) -> int:
        return len(reachability(edges, [who("A")], [who("C")], within).reached)

    assert [reached(one_transaction, within) for within in Within] == [0, 1, 1]
    assert [reached(two_transactions, within) for within in Within] == [0, 0, 1]
    (to_c,) = reachability(two_transactions, [who("A")], [who("C")], Within.SAME_BLOCK).reached
    assert [(a.payee, b.payer) for a, b in to_c.assumed] == [(who("B"), who("B"))]


# --- an estimate is no amount -----------------------------------------------------------------------------------------


def test_a_rule_over_reported_edges_is_refused_with_the_reason() -> None:
    edges = [edge(1, "A", "B"), edge(2, "B", "C")]
    graph = EdgesWithoutAmounts(edges, "edges:case.csv")
    asset = Asset("eip155:1/slip44:60")
    claim = Claim("V", f"{edges[0].txid}#row.1", asset, 100)

    for rule in RULES.values():
        with pytest.raises(TracingError, match=r"edges:case\.csv cannot tell .*2 edges .*without an asset") as refused:
            trace(graph, [claim], rule)
        assert "reachability()" in str(refused.value)


# --- against independent oracles --------------------------------------------------------------------------------------


def expanded(edges: list[ReportedEdge], within: Within) -> nx.DiGraph:
    """The time-expanded network: an account waits from block to block, and an edge leads from before to after."""
    graph = nx.DiGraph()
    heights = sorted({e.height for e in edges})
    accounts = {a for e in edges for a in (e.payer, e.payee)}
    for account in accounts:
        nx.add_path(graph, [(account, "before", height) for height in [*heights, "end"]])
    after = dict(zip(heights, [*heights[1:], "end"], strict=True))
    for number, e in enumerate(edges):
        inside = {
            Within.LATER_BLOCK: number,
            Within.SAME_TRANSACTION: (e.height, e.txid),
            Within.SAME_BLOCK: e.height,
        }[within]
        graph.add_edge((e.payer, "before", e.height), (e.payer, "in", inside))
        landed = (e.payee, "landed", inside) if within is Within.LATER_BLOCK else (e.payee, "in", inside)
        graph.add_edge((e.payer, "in", inside), landed)
        graph.add_edge(landed, (e.payee, "before", after[e.height]))
    return graph


def by_time_expansion(edges: list[ReportedEdge], sources: list[Account], within: Within) -> set[Account]:
    graph = expanded(edges, within)
    first = min(e.height for e in edges)
    reached = set(sources)
    for source in sources:
        start = (source, "before", first)
        if start in graph:
            reached |= {account for account, _, when in nx.descendants(graph, start) if when == "end"}
    return reached


def by_trying_all_paths(edges: list[ReportedEdge], source: Account, within: Within) -> set[Account]:
    """Every sequence of different edges, for graphs of a few edges."""

    def follows(a: ReportedEdge, b: ReportedEdge) -> bool:
        same = {"later block": False, "same transaction": a.txid == b.txid, "same block": a.height == b.height}
        return a.payee == b.payer and (b.height > a.height or same[within.value])

    reached = {source}
    for length in range(1, len(edges) + 1):
        for path in permutations(edges, length):
            if path[0].payer == source and all(follows(a, b) for a, b in pairwise(path)):
                reached.add(path[-1].payee)
    return reached


SMALL = st.lists(
    st.tuples(st.integers(1, 4), st.sampled_from("ABCDE"), st.sampled_from("ABCDE"), st.integers(0, 1)),
    min_size=1,
    max_size=6,
)


@given(SMALL, st.sampled_from(list(Within)))
def test_small_graphs_agree_with_trying_every_path(
    given_edges: list[tuple[int, str, str, int]], within: Within
) -> None:
    edges = [edge(h, a, b, tx=h * 10 + t, row=n) for n, (h, a, b, t) in enumerate(given_edges)]
    everyone = [who(name) for name in "ABCDE"]
    found = reachability(edges, [who("A")], everyone, within)

    expected = by_trying_all_paths(edges, who("A"), within)
    assert {each.account for each in found.reached} == expected
    assert by_time_expansion(edges, [who("A")], within) & set(everyone) == expected
    check_paths(found)


def check_paths(found: Reachability) -> None:
    """Every path is one: it starts at a source, its edges join, and none goes back in time."""
    for each in found.reached:
        if not each.path:
            assert each.account in found.sources
            continue
        assert each.path[0].payer in found.sources
        assert each.path[-1].payee == each.account
        for a, b in pairwise(each.path):
            assert a.payee == b.payer
            assert a.height <= b.height
            assert a.height < b.height or found.within is not Within.LATER_BLOCK
            assert a.height < b.height or found.within is Within.SAME_BLOCK or a.txid == b.txid
        assert len(each.assumed) == sum(a.height == b.height for a, b in pairwise(each.path))


# --- three cases of researchers ---------------------------------------------------------------------------------------

_FOLDER = "cases-eth-mftracer/Ground-Truth__"
#: Case -> prefix of its lists, edges, accounts, terminals, and how many of them are reached under each assumption.
CASES = {
    "LIFI": ("LIFI__", 135, 93, 33, (31, 33, 33)),
    "54m": ("", 292, 151, 13, (12, 13, 13)),
    "Atomic": ("Atomic__", 1080, 389, 101, (101, 101, 101)),
}


def load(case: str) -> tuple[list[ReportedEdge], list[Account], list[Account]]:
    recorder = MemoryRecorder()
    prefix = CASES[case][0]
    edges = read_edges(read_data(f"{_FOLDER}{case}.csv"), ETHEREUM, f"{case}.csv", recorder)
    lists = [
        read_addresses(read_data(f"{_FOLDER}{prefix}{kind} addresses.csv"), ETHEREUM, f"{case} {kind}", recorder)
        for kind in ("source", "terminal")
    ]
    return list(edges), list(lists[0]), list(lists[1])


@pytest.mark.shared
@pytest.mark.parametrize("case", CASES)
def test_terminals_of_the_researchers_cases_that_are_reached(case: str) -> None:
    _, count, accounts, terminals, expected = CASES[case]
    edges, sources, ends = load(case)
    assert len(edges) == count
    assert len({a for e in edges for a in (e.payer, e.payee)}) == accounts
    assert len(ends) == terminals
    assert all(e.standing is Standing.REPORTED and e.estimate is not None for e in edges)

    figures = []
    for within in Within:
        found = reachability(edges, sources, ends, within)
        check_paths(found)
        assert {each.account for each in found.reached} == by_time_expansion(edges, sources, within) & set(ends)
        assert len(found.reached) + len(found.not_reached) == terminals
        figures.append(len(found.reached))
    assert tuple(figures) == expected


@pytest.mark.shared
def test_why_a_terminal_needs_an_assumption_is_told() -> None:
    edges, sources, ends = load("LIFI")
    strict = reachability(edges, sources, ends, Within.LATER_BLOCK)
    reasons = {each.account.address: each.reason for each in strict.not_reached}
    assert set(reasons) == {"0xF5e10380213880111522dd0efD3dbb45b9f62Bcc", "0xb8f275fBf7A959F4BCE59999A2EF122A099e81A8"}
    assert (
        "the last of 1 edges that pay it is in block 20437258" in reasons["0xF5e10380213880111522dd0efD3dbb45b9f62Bcc"]
    )
    assert (
        "0x5a7ec7cc9be7A9F9966D37934a9488D9D7d4A072 in block 20437258"
        in (reasons["0xF5e10380213880111522dd0efD3dbb45b9f62Bcc"])
    )

    found = reachability(edges, sources, ends)
    assumed = {each.account.address for each in found.reached if each.assumed}
    assert assumed == set(reasons)
    assert max(len(each.path) for each in found.reached) == 20


@pytest.mark.shared
@pytest.mark.parametrize("case", CASES)
def test_no_share_is_computed_from_the_researchers_cases(case: str) -> None:
    edges, _, _ = load(case)
    claim = Claim("victims", f"{edges[0].txid}#row.1", Asset("eip155:1/slip44:60"), 10**18)
    with pytest.raises(TracingError, match=f"its {len(edges)} edges are reports without an asset"):
        trace(EdgesWithoutAmounts(edges, f"{case}.csv"), [claim], RULES["fifo"])
