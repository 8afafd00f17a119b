"""Conversions in the case's store: outflows of one asset joined to inflows of another."""

from __future__ import annotations

from collections.abc import Iterator

from cryptotrace.ledger.store import Store
from cryptotrace.model.flow import Conversion
from cryptotrace.model.identity import Chain
from cryptotrace.model.verdict import LinkClass


def add(store: Store, chain: Chain, conversion: Conversion) -> None:
    """Store a conversion under the chain of what was given; one of that name is replaced."""
    row = (chain, conversion.id, conversion.link_class.value, conversion.basis)
    store.insert("conversions", [row], "id")
    store.db.execute("DELETE FROM conversion_legs WHERE chain = ? AND conversion = ?", [chain, conversion.id])
    legs = (("out", conversion.outflows), ("in", conversion.inflows))
    rows = [(chain, conversion.id, flow, side, place) for side, flows in legs for place, flow in enumerate(flows)]
    store.insert("conversion_legs", rows)


def of_chain(store: Store, chain: Chain) -> Iterator[Conversion]:
    """Every stored conversion of what was given on a chain, by name."""
    rows = store.db.execute(
        "SELECT c.id, c.link_class, c.basis, l.flow, l.side FROM conversions c "
        "JOIN conversion_legs l ON l.chain = c.chain AND l.conversion = c.id "
        "WHERE c.chain = ? ORDER BY c.id, l.side, l.place",
        [chain],
    ).fetchall()
    legs: dict[tuple[str, str, str], dict[str, list[str]]] = {}
    for key, link_class, basis, flow, side in rows:
        legs.setdefault((key, link_class, basis), {"out": [], "in": []})[side].append(flow)
    for (key, link_class, basis), sides in legs.items():
        yield Conversion(key, tuple(sides["out"]), tuple(sides["in"]), LinkClass(link_class), basis)
