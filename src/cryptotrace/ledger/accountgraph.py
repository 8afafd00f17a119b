"""An account chain of a case as a flow graph, filled from the case's sources when the engine asks for more.

A holding's pot needs its whole history from the claim's arrival on, and its balance before. Both are asked for when
claimed value arrives, in one listing and few batches. An account with more transfers than the limit stops the branch.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import accumulate, groupby, islice

from cryptotrace.errors import DataNotFound, InsufficientBalance, NotSupported
from cryptotrace.ledger import accounts
from cryptotrace.ledger.accounts import History
from cryptotrace.ledger.pothistory import HistoryKeeper
from cryptotrace.ledger.store import Store
from cryptotrace.model.accountsource import AccountTransactions
from cryptotrace.model.block import Position
from cryptotrace.model.flow import (
    Arrival,
    Conversion,
    Crowded,
    Ended,
    Flow,
    FlowKind,
    Instant,
    Pot,
    Resting,
    Unknown,
    conversion_pot,
    holding_pot,
)
from cryptotrace.model.identity import Account, Asset, Chain
from cryptotrace.model.movement import AccountTransaction, Order
from cryptotrace.model.pot import PotCheck
from cryptotrace.model.source import Source

#: An account with more transfers of an asset since the claim arrived stops the branch: it is no one person's pocket.
MOST_TRANSFERS = 10_000

#: Transactions that are stored in one step; a run that is stopped loses no more.
_AT_ONCE = 200


def _batches(found: Iterator[AccountTransaction], size: int) -> Iterator[list[AccountTransaction]]:
    while some := list(islice(found, size)):
        yield some


class AccountGraph:
    """An account chain of a case as a flow graph (satisfies ``cryptotrace.model.flow.FlowGraph``).

    Args:
        store: the case's store.
        chain: which chain.
        sources: where to fetch what is not stored; asked in order, each for what it can answer. May be empty.
        most_transfers: an account with more transfers of the asset is crowded.
        adjusting: tokens that change balances beside their transfers.
        until: what happens in later blocks (block time) is left out: where value was at that time.
        other_order: serve what has no known order the other way round, to see whether a share depends on it.
    """

    def __init__(
        self,
        store: Store,
        chain: Chain,
        sources: Sequence[Source] = (),
        most_transfers: int = MOST_TRANSFERS,
        *,
        adjusting: frozenset[Asset] = frozenset(),
        until: int | None = None,
        other_order: bool = False,
    ) -> None:
        self.store = store
        self.chain = chain
        self.sources = tuple(sources)
        self.most_transfers = most_transfers
        self.other_order = other_order
        self.has_assumed_order = False
        self.adjusting = adjusting
        self.until = until
        self._keeper = HistoryKeeper(store, chain, self.sources, most_transfers, self.fetch, adjusting)
        self._opened: dict[Pot, None] = {}
        self._legs: dict[str, Conversion] | None = None
        tip = self.sources[0].tip() if self.sources else store.tip(chain)
        self._tip = sys.maxsize if tip is None else tip.height
        self._moves: dict[Pot, list[Flow]] = {}
        self._times: dict[str, int] = {}
        self._refusals: dict[Pot, str] = {}

    # --- FlowGraph ----------------------------------------------------------------------------------------------------

    def flow(self, flow_id: str) -> Flow:
        """The movement of that name, ``txid#place``.

        Raises:
            DataNotFound: its transaction is not held and no source has it, or it has no such movement.
        """
        txid, _, place = flow_id.partition("#")
        held = self.ensure(txid)
        found = self.store.flow(self.chain, flow_id)
        if found is None:
            known = ", ".join(f"#{m.place}" for m in held.movements) or "none"
            raise DataNotFound(f"transaction {txid} has no movement {place!r}; it has: {known}")
        return self._placed(found, held.order)

    def arrival(self, flow: Flow) -> Arrival | Resting | Unknown | Crowded | Ended:
        """The holding that a movement enters, once its history is held; or why it is not followed."""
        if (conversion := self._legs_by_flow().get(flow.id)) is not None and flow.id in conversion.outflows:
            time = self._time(flow)
            return Arrival(conversion_pot(self.chain, conversion.id), flow.departs, time, flow.txid)
        if flow.owner is None or flow.kind in {FlowKind.FEE, FlowKind.BURN}:
            if self._is_unjoined(flow):
                return Unknown("its wrapper gave the coin for it, and no source tells where the coin went")
            return Ended(flow.kind.value)
        pot = holding_pot(flow.owner, flow.asset)
        if flow.departs.height < 0:
            return Unknown("the transaction is not confirmed")
        if flow.source == pot:
            return Unknown("the account pays itself: name the transfer by which it received the units")
        held = self.history(flow.owner, flow.asset, flow.departs.height)
        if isinstance(held, Unknown | Crowded):
            return held
        if reason := self._refusal(flow.owner, flow.asset, held):
            return Unknown(reason)
        return Arrival(pot, flow.departs, self._time(flow), flow.txid)

    def instants(self, pot: Pot, since: Position) -> tuple[Instant, ...]:
        """What happens to a holding at and after ``since``; of a conversion the one instant."""
        conversion = next((c for c in self._legs_by_flow().values() if conversion_pot(self.chain, c.id) == pot), None)
        if conversion is not None:
            given, received = (self._flows(legs) for legs in (conversion.outflows, conversion.inflows))
            at = max(flow.departs for flow in given)
            out = tuple(replace(flow, source=pot) for flow in received)
            return (Instant(at, pot, given, out, given[0].txid),)
        self._opened.setdefault(pot)
        flows = [flow for flow in self._moved(pot, since.height) if flow.departs >= since]
        return tuple(self._instants(pot, flows))

    def opening(self, pot: Pot, before: Position) -> int:
        """Base units in a holding just before ``before``: what its history opens with, and what moved since."""
        held = accounts.history(self.store, self.chain, pot)
        if held is None:
            return 0  # a conversion: nothing is in it before it happens
        units = held.opening
        for flow in self._moved(pot, held.first):
            if flow.departs < before:
                units += -flow.units if flow.source == pot else flow.units
        return units

    # --- filling ------------------------------------------------------------------------------------------------------

    def ensure(self, txid: str) -> AccountTransaction:
        """The transaction, fetched if it is not stored yet.

        Raises:
            DataNotFound: no source has it.
        """
        held = accounts.transaction(self.store, self.chain, txid)
        if held is None or held.block is None:
            self.fetch([txid])
            held = accounts.transaction(self.store, self.chain, txid)
        if held is None:
            raise DataNotFound(f"transaction {txid} is not held in the case, and no connected source has it")
        return held

    def fetch(self, txids: Iterable[str]) -> None:
        """Store the transactions that are not stored yet.

        Raises:
            DataNotFound: one of them is not to be had.
        """
        asked = list(dict.fromkeys(txids))
        held = self.store.among(self.chain, asked, confirmed=True)
        wanted = [txid for txid in asked if txid not in held]
        if not wanted:
            return
        problem: DataNotFound | NotSupported | None = None
        for source in self.sources:
            if isinstance(source, AccountTransactions):
                try:
                    for some in _batches(source.account_transactions(wanted), _AT_ONCE):
                        accounts.add(self.store, *some)
                    self._legs = None
                    self._moves.clear()
                    self._refusals.clear()
                    return
                except (DataNotFound, NotSupported) as error:
                    problem = error
        raise problem or DataNotFound(
            f"transaction {wanted[0]} is not held in the case and no connected source gives transactions; connect one "
            "with case.connect"
        )

    def history(self, account: Account, asset: Asset, height: int) -> History | Unknown | Crowded:
        """The history of a holding from a height on, fetched if it is not held; or why it cannot be had."""
        return self._keeper.ensure(account, asset, height)

    def look_past(self, account: Account, asset: Asset, height: int) -> bool:
        """Fetch what an account did with an asset from a height on, so that a sweep is seen; False if it cannot be."""
        return isinstance(self.history(account, asset, height), History)

    def outflows(self, account: Account, asset: Asset, since: Position) -> tuple[Flow, ...]:
        """What left a holding at and after ``since``, as far as it is held, in chain order."""
        pot = holding_pot(account, asset)
        return tuple(f for f in self._moved(pot, since.height) if f.source == pot and f.departs >= since)

    def checks(self) -> tuple[PotCheck, ...]:
        """How complete the history of each holding is that was opened, in the order of opening."""
        found = (self._keeper.check(pot) for pot in self._opened)
        return tuple(check for check in found if check is not None)

    # --- inside -------------------------------------------------------------------------------------------------------

    def _legs_by_flow(self) -> dict[str, Conversion]:
        if self._legs is None:
            self._legs = accounts.conversions_by_leg(self.store, self.chain)
        return self._legs

    def _is_unjoined(self, flow: Flow) -> bool:
        """True for tokens that a wrapper took back while nobody tells of the coin that it paid for them."""
        placed = self.store.placed(self.chain, flow.txid)
        named = f"unjoined-conversion {flow.id.partition('#')[2]}"
        return placed is not None and any(notice.split(":")[0] == named for notice in placed.notices)

    def _flows(self, ids: Sequence[str]) -> tuple[Flow, ...]:
        found = [self.store.flow(self.chain, each) for each in ids]
        return tuple(flow for flow in found if flow is not None)

    def _time(self, flow: Flow) -> int:
        if flow.txid not in self._times:
            placed = self.store.placed(self.chain, flow.txid)
            self._times[flow.txid] = 0 if placed is None or placed.block is None else placed.block.time
        return self._times[flow.txid]

    def _moved(self, pot: Pot, first: int) -> list[Flow]:
        """Movements of a holding, without those that pass through a conversion's pot, in the order of this run."""
        if pot not in self._moves:
            held = accounts.moved(self.store, self.chain, pot)
            self._times |= {flow.txid: time for flow, _, time in held}
            legs = self._legs_by_flow()
            flows = [
                self._placed(flow, order)
                for flow, order, time in held
                if not self._passes(flow, legs, pot)
                and flow.departs.height <= self._tip
                and (self.until is None or time <= self.until)
            ]
            self._moves[pot] = sorted(flows, key=lambda flow: flow.departs)
        return [flow for flow in self._moves[pot] if flow.departs.height >= first]

    @staticmethod
    def _passes(flow: Flow, legs: dict[str, Conversion], pot: Pot) -> bool:
        """True on the wrapper's own side of a wrap: what is given arrives in the conversion, not with the contract."""
        conversion = legs.get(flow.id)
        return conversion is not None and (flow.source != pot) == (flow.id in conversion.outflows)

    def _placed(self, flow: Flow, order: Order) -> Flow:
        """The flow where this run serves it: as it is, or with the unknown order turned round."""
        at = flow.departs
        if order is Order.EXACT and at.index >= 0:
            return flow
        self.has_assumed_order = True
        if not self.other_order:
            return flow
        return replace(flow, departs=Position(at.height, at.index, -at.part))

    def _instants(self, pot: Pot, flows: Sequence[Flow]) -> Iterable[Instant]:
        """One instant a position of flows in order: arrivals, then departures; turned round where that is tried."""
        for at, group in groupby(flows, key=lambda flow: flow.departs):
            here = list(group)
            coming = tuple(flow for flow in here if flow.source != pot)
            going = tuple(flow for flow in here if flow.source == pot)
            if self.other_order and at.index < 0 and coming and going:
                yield Instant(at, pot, (), going, going[0].txid)
                yield Instant(at, pot, coming, (), coming[0].txid)
            else:
                yield Instant(at, pot, coming, going, here[0].txid)

    def _refusal(self, account: Account, asset: Asset, held: History) -> str:
        """Why a holding cannot be followed though its history is held; empty if it can. Looked at once.

        Raises:
            InsufficientBalance: in the other order it pays out what it has not.
        """
        if held.pot not in self._refusals:
            self._refusals[held.pot] = self._look(account, asset, held)
        return self._refusals[held.pot]

    def _look(self, account: Account, asset: Asset, held: History) -> str:
        balances = self._balances(held)
        if (at := _overdrawn(balances)) is not None:
            if self.other_order:
                raise InsufficientBalance(f"in the other order {account.address} pays at block {at} what it has not")
            return (
                f"the history of {account.address} does not add up: at block {at} it pays out more than it is known to "
                f"hold ({held.problem or 'no reason is known'}); connect a source with the whole history"
            )
        most = max((held.opening, *(units for _, units in balances)))
        if asset.token_id is not None and most > 1:
            return (
                f"{account.address} holds {most} units of one token id, which cannot be told apart: they are listed "
                "and not followed"
            )
        return ""

    def _balances(self, held: History) -> list[tuple[Position, int]]:
        """What is in the holding after each of its movements."""
        flows = self._moved(held.pot, held.first)
        changes = (-flow.units if flow.source == held.pot else flow.units for flow in flows)
        after = islice(accumulate(changes, initial=held.opening), 1, None)
        return [(flow.departs, units) for flow, units in zip(flows, after, strict=True)]


def _overdrawn(balances: Sequence[tuple[Position, int]]) -> int | None:
    """The height at which a holding pays out more than it is known to hold, or None.

    Where the place in the block is not known, that is judged at the end of the block.
    """
    for place, (at, units) in enumerate(balances):
        more = place + 1 < len(balances) and balances[place + 1][0].height == at.height and at.index < 0
        if units < 0 and not more:
            return at.height
    return None
