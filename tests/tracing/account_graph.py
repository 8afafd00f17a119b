"""Small graphs for the engine's tests: account holdings that live on, and answers that a source may give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from cryptotrace.ledger.ledgerfile import LedgerCase
from cryptotrace.model.block import Position
from cryptotrace.model.flow import Arrival, Ended, Flow, FlowKind, Instant, Pot, Resting, Unknown, holding_pot
from cryptotrace.model.identity import Account, Asset, Chain

CHAIN = Chain("eip155:1337")
COIN = Asset("eip155:1337/slip44:60")
Movement = tuple[Position, str, str, int]
#: A block, and no place in it.
SOMEWHERE = Position(1, -1)


def account(name: str) -> Account:
    return Account.of(CHAIN, name)


def pot(name: str) -> Pot:
    return holding_pot(account(name), COIN)


@dataclass
class AccountGraph:
    """Movements (when, from, to, units) between holdings; ``#n`` is the n-th. Balances before them are ``held``."""

    movements: Sequence[Movement]
    held: Mapping[str, int] = field(default_factory=dict)
    openings_asked: list[tuple[Pot, Position]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.flows = {
            f"#{n}": Flow(f"#{n}", FlowKind.TRANSFER, COIN, units, pot(sender), at, account(recipient), f"tx{n}")
            for n, (at, sender, recipient, units) in enumerate(self.movements)
        }

    def flow(self, flow_id: str) -> Flow:
        return self.flows[flow_id]

    def arrival(self, flow: Flow) -> Arrival | Resting | Unknown | Ended:
        assert flow.owner is not None
        return Arrival(holding_pot(flow.owner, COIN), flow.departs, flow.departs.height, flow.txid)

    def instants(self, pot: Pot, since: Position) -> tuple[Instant, ...]:
        coming = [f for f in self.flows.values() if f.owner is not None and holding_pot(f.owner, COIN) == pot]
        going = [f for f in self.flows.values() if f.source == pot]
        times = sorted({f.departs for f in [*coming, *going] if f.departs >= since})
        return tuple(
            Instant(
                at,
                pot,
                tuple(f for f in coming if f.departs == at),
                tuple(f for f in going if f.departs == at),
                str(at),
            )
            for at in times
        )

    def opening(self, pot: Pot, before: Position) -> int:
        self.openings_asked.append((pot, before))
        units = {holding_pot(account(name), COIN): units for name, units in self.held.items()}.get(pot, 0)
        for flow in self.flows.values():
            if flow.departs < before:
                units += (flow.owner is not None and holding_pot(flow.owner, COIN) == pot) * flow.units
                units -= (flow.source == pot) * flow.units
        return units


@dataclass
class Answers:
    """A case as a source would tell it: with owners, and with outputs whose spend is unknown or unconfirmed."""

    inner: LedgerCase
    owners: Mapping[str, Account] = field(default_factory=dict)
    instead: Mapping[str, Resting | Unknown] = field(default_factory=dict)

    def _owned(self, flow: Flow) -> Flow:
        return replace(flow, owner=self.owners.get(flow.id))

    def flow(self, flow_id: str) -> Flow:
        return self._owned(self.inner.flow(flow_id))

    def arrival(self, flow: Flow) -> Arrival | Resting | Unknown | Ended:
        return self.instead.get(flow.id) or self.inner.arrival(flow)

    def instants(self, pot: Pot, since: Position) -> tuple[Instant, ...]:
        return tuple(
            replace(
                instant,
                arrivals=tuple(map(self._owned, instant.arrivals)),
                departures=tuple(map(self._owned, instant.departures)),
            )
            for instant in self.inner.instants(pot, since)
        )

    def opening(self, pot: Pot, before: Position) -> int:
        return self.inner.opening(pot, before)


@dataclass
class OnePlace:
    """A case from a source that does not tell the place in the block: all of it happens at one position."""

    inner: LedgerCase

    def _placed(self, flow: Flow) -> Flow:
        return replace(flow, departs=SOMEWHERE)

    def flow(self, flow_id: str) -> Flow:
        return self._placed(self.inner.flow(flow_id))

    def arrival(self, flow: Flow) -> Arrival | Resting | Unknown | Ended:
        found = self.inner.arrival(flow)
        return replace(found, at=SOMEWHERE) if isinstance(found, Arrival) else found

    def instants(self, pot: Pot, since: Position) -> tuple[Instant, ...]:
        return tuple(
            Instant(
                SOMEWHERE,
                pot,
                tuple(map(self._placed, instant.arrivals)),
                tuple(map(self._placed, instant.departures)),
                instant.txid,
            )
            for instant in self.inner.instants(pot, Position(-1, 0))
        )

    def opening(self, pot: Pot, before: Position) -> int:
        return 0
