"""Exports keep amounts exact."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.training_chain import REGTEST, source, story

from cryptotrace.ledger.export import flows_to_graphml, flows_to_networkx, flows_to_pandas, flows_to_parquet
from cryptotrace.ledger.graph import LedgerGraph
from cryptotrace.ledger.store import Store
from cryptotrace.model.block import Position
from cryptotrace.model.flow import Flow, FlowKind, Pot

#: More than the 38 digits of the largest whole number in Parquet.
LARGEST = 2**256 - 1


@pytest.fixture
def store(tmp_path: Path):  # type: ignore[no-untyped-def]
    with Store(tmp_path / "ledger.duckdb") as opened:
        graph = LedgerGraph(opened, REGTEST.chain, [source()])
        for claim in story()["claims"]:
            graph.arrival(graph.flow(claim["outpoint"]))
        opened.add_flow(
            REGTEST.chain,
            Flow("big", FlowKind.TRANSFER, REGTEST.asset, LARGEST, Pot("a"), Position(10**6, 0), None, "t"),
        )
        yield opened


def _expected(store: Store) -> dict[str, int]:
    return {flow.id: flow.units for flow in store.flows(REGTEST.chain)}


def test_pandas_holds_python_ints(store: Store) -> None:
    frame = flows_to_pandas(store, REGTEST.chain)

    assert dict(zip(frame["id"], frame["base_units"], strict=True)) == _expected(store)
    assert {type(units) for units in frame["base_units"]} == {int}


def test_networkx_has_an_edge_for_every_flow_and_claimed_outputs_meet_in_one_pot(store: Store) -> None:
    graph = flows_to_networkx(store, REGTEST.chain)

    assert {key: data["base_units"] for _, _, key, data in graph.edges(keys=True, data=True)} == _expected(store)
    outpoints = {claim["outpoint"] for claim in story()["claims"]}
    assert len({target for _, target, key in graph.edges(keys=True) if key in outpoints}) == 1


def test_graphml_reads_back_with_the_same_amounts(store: Store, tmp_path: Path) -> None:
    import networkx

    path = flows_to_graphml(store, REGTEST.chain, tmp_path / "flows.graphml")

    read = networkx.read_graphml(path, force_multigraph=True)
    assert {data["id"]: int(data["base_units"]) for _, _, data in read.edges(data=True)} == _expected(store)


def test_parquet_reads_back_with_the_same_amounts(store: Store, tmp_path: Path) -> None:
    import pyarrow.parquet

    path = flows_to_parquet(store, REGTEST.chain, tmp_path / "flows.parquet")

    rows = pyarrow.parquet.read_table(path).to_pylist()
    assert {row["id"]: int(row["base_units_text"]) for row in rows} == _expected(store)
    numbers = {row["id"]: row["base_units"] for row in rows}
    assert numbers.pop("big") is None, "38 digits are the most that a DECIMAL holds: it is in the text, not rounded"
    assert {name: int(units) for name, units in numbers.items()} == {
        name: units for name, units in _expected(store).items() if name != "big"
    }
