"""Exports keep amounts exact."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.training_chain import REGTEST, source, story

from cryptotrace.ledger.export import flows_to_graphml, flows_to_networkx, flows_to_pandas, flows_to_parquet
from cryptotrace.ledger.graph import LedgerGraph
from cryptotrace.ledger.store import Store
from cryptotrace.ledger.tables import LARGEST
from cryptotrace.model.block import Position
from cryptotrace.model.flow import Flow, FlowKind, Pot


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

    table = pyarrow.parquet.read_table(path)
    units = [int(value) for value in table["base_units"].to_pylist()]
    assert dict(zip(table["id"].to_pylist(), units, strict=True)) == _expected(store)
