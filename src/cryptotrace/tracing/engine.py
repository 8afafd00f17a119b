"""One engine for every rule and every chain: pots are served in chain order, and claims are followed through them.

At an instant of a pot, what is on its way arrives, then the pot pays out in the rule's order. The engine opens only the
pots that claimed value reaches; everything else that enters them is unclaimed. It asks the graph for the rest, so a
trace over a node, over files or over a ledger of one's own is the same code.

Source: the common model of pots and the orders of serving are the house's own; the rules and their sources stand in
``cryptotrace.tracing.rules``. That the first claim on a unit stands and a later one is recorded as a collision is
TaintChain's convention (README of RustyTaintChain: the first taint is saved, subsequent ones are ignored).
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from cryptotrace.errors import TracingError
from cryptotrace.model.block import Position
from cryptotrace.model.claim import Claim
from cryptotrace.model.flow import Arrival, Crowded, Ended, Flow, FlowGraph, FlowKind, Instant, Pot, Resting, Unknown
from cryptotrace.model.identity import Account, Asset
from cryptotrace.tracing.fragments import Fragment, Units, claimed, merged, split_at
from cryptotrace.tracing.result import Collision, End, EndReason, Stops, Trace, TracedFlow
from cryptotrace.tracing.rules import PotState, Rule

# At one position pots are opened first, then a pot that pays out is served, then come claimed flows out of pots that
# were not reached, then pots that only receive.
_OPENS, _PAYS, _MARKED, _RECEIVES = range(4)


class _Late(Exception):
    """Claimed value arrives in a pot that was served already, in a block whose order the source does not tell."""

    def __init__(self, pot: Pot) -> None:
        self.pot = pot


@dataclass(frozen=True, slots=True)
class _Reached:
    """Claimed value arrives in a pot: open it when its instant comes, not before, so that nothing is missed."""

    arrival: Arrival
    flow: Flow
    hop: int


@dataclass(slots=True)
class _OpenPot:
    """A pot that claimed value has reached."""

    state: PotState
    hop: int
    instants: Iterator[Instant]
    asset: Asset
    owner: Account | None
    unfollowed: Position | None


@dataclass(slots=True)
class _Run:
    """The state of one trace."""

    graph: FlowGraph
    rule: Rule
    exact: bool
    stops: Stops
    claims_of: dict[str, list[Claim]]
    rank: dict[str, int]
    progress: Callable[[int, int], None] | None
    delays: dict[Pot, int]
    pots: dict[Pot, _OpenPot] = field(default_factory=dict)
    served: dict[Pot, Position] = field(default_factory=dict)
    queue: list[tuple[Position, int, int, int, Instant | Flow | _Reached]] = field(default_factory=list)
    in_transit: dict[str, tuple[Fragment, ...]] = field(default_factory=dict)
    traced: dict[str, TracedFlow] = field(default_factory=dict)
    ends: list[End] = field(default_factory=list)
    collisions: list[Collision] = field(default_factory=list)
    pushed: int = 0

    def push(self, at: Position, phase: int, what: Instant | Flow | _Reached) -> None:
        self.pushed += 1
        pot = what.source if isinstance(what, Flow) else what.pot if isinstance(what, Instant) else None
        delay = 0 if pot is None else self.delays.get(pot, 0)
        heapq.heappush(self.queue, (at, delay, phase, self.pushed, what))

    def step(self) -> None:
        *_, what = heapq.heappop(self.queue)
        if isinstance(what, Flow):
            if what.id not in self.traced:  # else its pot was reached and has paid it already
                self.depart(what, ((None, what.units),), hop=0, rounded=False, unfollowed=what.departs)
            return
        if isinstance(what, _Reached):
            self.open(what)
            return
        self.serve(what)
        self.schedule_next(what.pot)

    def serve(self, instant: Instant) -> None:
        """One instant of one pot: arrivals, then departures in the rule's order."""
        pot = self.pots[instant.pot]
        self.served[instant.pot] = instant.at
        for flow in instant.arrivals:
            if flow.id not in self.in_transit and flow.kind is not FlowKind.ISSUANCE:
                pot.unfollowed = instant.at
            pot.state.put(flow.units, self.in_transit.pop(flow.id, ((None, flow.units),)))
        for flow in self.rule.order(instant.departures):
            fragments, rounded = pot.state.take(flow.units)
            self.depart(flow, fragments, hop=pot.hop + 1, rounded=rounded, unfollowed=pot.unfollowed)

    def depart(
        self, flow: Flow, fragments: tuple[Fragment, ...], *, hop: int, rounded: bool, unfollowed: Position | None
    ) -> None:
        """A flow leaves a pot: apply the claims on it, record it, follow it or end it."""
        if flow.id in self.traced:
            raise _Late(flow.source)
        marks = self.claims_of.get(flow.id, ())
        if marks and not claimed(fragments):
            hop = 0  # what came out of the pot before is no part of the claims: they start here
        for claim in marks:
            fragments = self.mark(flow, fragments, claim)
        traced = TracedFlow(flow, fragments, hop, len(self.traced), rounded, None, None, unfollowed)
        self.traced[flow.id] = traced
        if not claimed(fragments):
            return
        where = self.where(flow, claimed(fragments), hop)
        if isinstance(where, Arrival):
            self.traced[flow.id] = replace(traced, arrival=where)
            self.in_transit[flow.id] = fragments
            self.push(where.at, _OPENS, _Reached(where, flow, hop))
            return
        reason, detail = where
        self.traced[flow.id] = replace(traced, end=reason)
        self.ends.append(End(reason, flow, None, flow.owner, flow.asset, fragments, detail, hop))

    def mark(self, flow: Flow, fragments: tuple[Fragment, ...], claim: Claim) -> tuple[Fragment, ...]:
        """The fragments with the claim applied to units that nobody claims yet; what it does not get is a collision."""
        if claim.asset != flow.asset:
            raise TracingError(f"the claim of {claim.claimant} is in {claim.asset}, flow {flow.id} is in {flow.asset}")
        if claim.offset + claim.units > flow.units:
            raise TracingError(
                f"the claim of {claim.claimant} takes units {claim.offset} to {claim.offset + claim.units} "
                f"of flow {flow.id}, which has only {flow.units}"
            )
        if not self.rule.conserves:
            touched = claim.units == 0 or claim.claimant in claimed(fragments)
            return fragments if touched else (*(f for f in fragments if f[0]), (claim.claimant, flow.units))
        if self.rule.is_ordered:
            before, rest = split_at(fragments, claim.offset)
            inside, after = split_at(rest, claim.units)
            missed = sum(claimed(inside).values())
            fragments = merged([*before, *((label or claim.claimant, units) for label, units in inside), *after])
        else:
            room = flow.units - sum(claimed(fragments).values())
            gets: Units = min(claim.units, room)
            missed = claim.units - gets
            fragments = merged([*(f for f in fragments if f[0]), (claim.claimant, gets), (None, room - gets)])
        if missed:
            self.collisions.append(Collision(flow.id, claim.claimant, missed))
        return fragments

    def where(self, flow: Flow, shares: dict[str, Units], hop: int) -> Arrival | tuple[EndReason, str]:
        """Where the flow goes on, or why it ends here. Cheap reasons come before those that need the graph."""
        stops = self.stops
        if flow.owner is not None and flow.owner in stops.services:
            return EndReason.SERVICE, stops.services[flow.owner]
        dust = EndReason.DUST, f"below {stops.dust} base units"
        is_dust = sum(shares.values()) < stops.dust
        if is_dust and flow.kind not in {FlowKind.FEE, FlowKind.BURN}:  # what the network took is no dust of anybody
            return dust
        arrival = self.graph.arrival(flow)
        if isinstance(arrival, Ended):
            return EndReason(arrival.reason), ""
        if is_dust:
            return dust
        if isinstance(arrival, Resting):
            if arrival.unconfirmed_spend is not None:
                return EndReason.UNCONFIRMED, f"transaction {arrival.unconfirmed_spend} would spend it"
            return EndReason.UNSPENT, f"as reported at height {arrival.as_of_height}"
        if isinstance(arrival, Unknown):
            return EndReason.UNKNOWN, arrival.reason
        if isinstance(arrival, Crowded):
            return EndReason.CROWDED, arrival.reason
        return self.limit(arrival, hop) or arrival

    def limit(self, arrival: Arrival, hop: int) -> tuple[EndReason, str] | None:
        """Why a flow that moved on is not followed there, if the stops say so."""
        stops = self.stops
        if stops.max_hops is not None and hop >= stops.max_hops:
            return EndReason.HOPS, f"moved on in transaction {arrival.txid}, beyond {stops.max_hops} hops"
        if stops.until is not None and arrival.time > stops.until:
            return EndReason.TIME, f"moved on in transaction {arrival.txid}, after the period"
        if arrival.txid in stops.coinjoins:
            return EndReason.COINJOIN, f"transaction {arrival.txid}: {stops.coinjoins[arrival.txid]}"
        return None

    def open(self, reached: _Reached) -> None:
        """Open the pot in which a claimed flow arrives, with what was in it before as unclaimed value."""
        name, at = reached.arrival.pot, reached.arrival.at
        pot = self.pots.get(name)
        if pot is not None:
            if at.index < 0 and self.served.get(name) == at:
                raise _Late(name)
            pot.hop = min(pot.hop, reached.hop)
            return
        state = self.rule.pot(self.rank, exact=self.exact)
        opening = self.graph.opening(name, at)
        state.put(opening, merged([(None, opening)]))
        instants = iter(self.graph.instants(name, at))
        self.pots[name] = _OpenPot(
            state, reached.hop, instants, reached.flow.asset, reached.flow.owner, at if opening else None
        )
        self.schedule_next(name)

    def schedule_next(self, pot: Pot) -> None:
        instant = next(self.pots[pot].instants, None)
        if instant is not None:
            self.push(instant.at, _PAYS if instant.departures else _RECEIVES, instant)

    def all(self) -> None:
        """Serve pots in chain order until no claimed value is on its way."""
        for flow_id in self.claims_of:
            flow = self.graph.flow(flow_id)
            self.push(flow.departs, _MARKED, flow)
        served = 0
        while self.queue:
            self.step()
            served += 1
            if self.progress is not None:
                self.progress(served, len(self.queue))
        self.rest()

    def rest(self) -> None:
        """What is left in the pots when nothing more happens is held there."""
        if self.in_transit:  # only a graph that contradicts itself; nothing may vanish silently
            raise TracingError(
                f"flow {next(iter(self.in_transit))} never arrived where the graph says: the events of that pot do not "
                "list it, or are not in chain order"
            )
        for name, pot in self.pots.items():
            left = pot.state.contents()
            if claimed(left):
                held = End(EndReason.UNSPENT, None, name, pot.owner, pot.asset, left, "held at the end", pot.hop)
                self.ends.append(held)


def trace(
    graph: FlowGraph,
    claims: Sequence[Claim],
    rule: Rule,
    *,
    exact: bool = False,
    stops: Stops | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Trace:
    """Follow the claims forward under one rule.

    Args:
        graph: where flows go; see ``cryptotrace.model.flow.FlowGraph``.
        claims: what is claimed, in order of precedence: where two meet on the same units, the first stands.
        rule: one of ``cryptotrace.tracing.rules.RULES``.
        exact: compute in fractions; otherwise in whole base units, where every flow still sums to its value and
            each claim is conserved.
        stops: where not to go on.
        progress: called with (pots served, pots waiting) after each.

    Returns:
        The trace: every claimed unit is at exactly one end, except under poison, which does not conserve.

    Raises:
        InsufficientBalance: an account pays out more than it is known to hold.
        TracingError: a claim does not fit its flow.
        DataNotFound: a claimed flow does not exist.
    """
    claims_of: dict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        claims_of[claim.flow].append(claim)
    rank = {claimant: n for n, claimant in enumerate(dict.fromkeys(claim.claimant for claim in claims))}
    run = _finished(lambda delays: _Run(graph, rule, exact, stops or Stops(), dict(claims_of), rank, progress, delays))
    return Trace(
        tuple(claims),
        rule.name,
        exact,
        run.stops,
        tuple(sorted(run.traced.values(), key=lambda t: (t.flow.departs, t.sequence))),
        tuple(sorted(run.ends, key=_end_order)),
        tuple(run.collisions),
        rule.conserves,
    )


def _finished(start: Callable[[dict[Pot, int]], _Run]) -> _Run:
    """A run to its end. Where a source does not tell the place in the block, a payer comes before whom it pays.

    Each start moves one pot behind; a chain without circles needs fewer moves than it has pots.
    """
    delays: dict[Pot, int] = defaultdict(int)
    while True:
        run = start(delays)
        try:
            run.all()
        except _Late as late:
            delays[late.pot] += 1
            if delays[late.pot] > len(run.pots):
                raise TracingError(
                    f"value arrives in {late.pot} after it was paid out: the graph is not in chain order; fetch these "
                    "transactions again from a source that tells their place in the block"
                ) from None
        else:
            return run


def _end_order(end: End) -> tuple[bool, Position, str]:
    """Flows in chain order, then what is left in holdings, by their names."""
    return (end.flow is None, Position(0, 0) if end.flow is None else end.flow.departs, str(end.pot))
