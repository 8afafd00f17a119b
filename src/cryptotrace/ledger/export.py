"""The graph for other tools: pandas, networkx, GraphML and Parquet. Amounts stay exact in each.

Columns of a flow: ``id``, ``kind``, ``asset``, ``base_units``, ``source`` (pot), ``height``, ``idx``, ``part`` (chain
position), ``owner``, ``txid``, ``target`` (pot it arrives in, or null), ``state`` (``arrived``, ``resting``, ``ended``,
``unknown`` or null if nobody asked).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptotrace.ledger.store import Store
from cryptotrace.model.identity import Chain

if TYPE_CHECKING:
    import networkx
    import pandas

_COLUMNS = (
    "id",
    "kind",
    "asset",
    "base_units",
    "source",
    "height",
    "idx",
    "part",
    "owner",
    "txid",
    "target",
    "state",
)
_QUERY = """
SELECT f.id, f.kind, f.asset, {units}, f.source, f.height, f.idx, f.part, f.owner, f.txid,
       a.pot AS target, a.state
FROM flows f LEFT JOIN arrivals a ON a.chain = f.chain AND a.flow = f.id
WHERE f.chain = $chain ORDER BY f.height, f.idx, f.part, f.id
"""


def flows_to_pandas(store: Store, chain: Chain) -> pandas.DataFrame:
    """One row per flow in chain order; ``base_units`` are Python ints in an object column."""
    import pandas

    rows = _rows(store, chain)
    frame = pandas.DataFrame([row.values() for row in rows], columns=list(_COLUMNS))
    frame["base_units"] = pandas.Series([row["base_units"] for row in rows], dtype=object)
    return frame


def flows_to_networkx(store: Store, chain: Chain) -> networkx.MultiDiGraph:
    """Pots as nodes, flows as edges with ``id``, ``kind``, ``asset``, ``base_units`` (Python int) and ``owner``.

    A flow that has not moved on, or of which nobody knows where it went, ends in a node of its own, ``rest:<flow id>``.
    """
    import networkx

    graph = networkx.MultiDiGraph(chain=str(chain))
    for row in _rows(store, chain):
        target = row["target"] or f"rest:{row['id']}"
        attributes = {key: row[key] for key in ("id", "kind", "asset", "base_units", "height", "idx", "txid")}
        graph.add_edge(
            row["source"], target, key=row["id"], owner=row["owner"] or "", state=row["state"] or "", **attributes
        )
    return graph


def flows_to_graphml(store: Store, chain: Chain, path: str | Path) -> Path:
    """Write the graph as GraphML; ``base_units`` are text, because GraphML has no integers beyond 64 bits."""
    import networkx

    graph = flows_to_networkx(store, chain)
    for _, _, attributes in graph.edges(data=True):
        attributes["base_units"] = str(attributes["base_units"])
    path = Path(path)
    networkx.write_graphml(graph, path, encoding="utf-8")
    return path


def flows_to_parquet(store: Store, chain: Chain, path: str | Path) -> Path:
    """Write the flows as Parquet: ``base_units`` as DECIMAL(38, 0), and always as text in ``base_units_text``.

    Parquet has no larger whole numbers, and DuckDB would write one as a double. An amount of more than 38 digits (a
    token can have 78) is null in ``base_units``: the text has it.
    """
    path = Path(path)
    text = "CAST(f.units AS VARCHAR)"
    number = f"TRY_CAST({text} AS DECIMAL(38, 0)) AS base_units, {text} AS base_units_text"
    relation = store.db.query(_QUERY.format(units=number), params={"chain": str(chain)})
    relation.write_parquet(str(path), compression="zstd")
    return path


def _rows(store: Store, chain: Chain) -> list[dict[str, Any]]:
    found = store.db.execute(_QUERY.format(units="f.units AS base_units"), {"chain": str(chain)}).fetchall()
    rows = [dict(zip(_COLUMNS, row, strict=True)) for row in found]
    for row in rows:
        row["base_units"] = int(row["base_units"])
    return rows
