"""Where a trace touches a custodial service: the transfer into the customer's deposit address, never the sweep.

A service gives each customer an address and empties it into its own accounts from time to time. What a service can act
on is the transfer into that address. The address carries no tag; it is recognised by where its money goes (L4), under
parameters that are stated with every row. The sweep and the account that it goes to are shown as what the finding rests
on, and are never called the customer's.

Where an end is a transfer straight to a tagged account of the service, that is a touch point of its own kind: the
transfer is a fact (L1), that the account is the service's is its tag (L5).

Source: the forwarding address as in Victor, "Address Clustering Heuristics for Ethereum" (2020), who matches amount and
time of receipt and forwarding; here the whole history of payments out counts instead, with parameters of the house's
own. A service that has untagged accounts, or pays out from deposit addresses, escapes; a person who sent everything to
one service from a wallet of their own looks the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from cryptotrace.attribution.book import TagBook
from cryptotrace.model.block import BlockRef
from cryptotrace.model.flow import Flow, Pot
from cryptotrace.model.identity import Account, Asset, Chain
from cryptotrace.model.pot import PotCheck
from cryptotrace.model.tag import Grade, Tag
from cryptotrace.model.verdict import LinkClass
from cryptotrace.seizure.deposits import (
    AccountFacts,
    Deposit,
    DepositParameters,
    Services,
    Sweep,
    judge_deposit,
    problem_of_transfer,
)
from cryptotrace.tracing.fragments import Units
from cryptotrace.tracing.result import EndReason, Trace, TracedFlow

#: Ends at which an untagged account is looked at. A crowded one is no customer's, and what is gone has no account.
_LOOKED_AT = frozenset(
    {
        EndReason.UNSPENT,
        EndReason.UNCONFIRMED,
        EndReason.DUST,
        EndReason.HOPS,
        EndReason.TIME,
        EndReason.UNKNOWN,
    }
)


@dataclass(frozen=True, slots=True)
class Carried:
    """A transfer that carries claimed value, with its block: what was claimed, or what came into an account."""

    flow: Flow
    """The transfer: a fact."""
    at: BlockRef | None
    """In which block; None if not known."""
    claimed: Mapping[str, Units]
    """Claimed base units of it per claimant; under the trace's rule where it is not the claimed transfer itself."""


@dataclass(frozen=True, slots=True)
class TouchPoint:
    """One transfer by which claimed value came into a service's hands."""

    id: str
    """``P-0001`` and so on, in chain order."""
    service: str
    """The service's name, as its tag says or as the case has named it."""
    direct: bool
    """True: a transfer to a tagged account of the service. False: to a customer's deposit address."""
    account: Account
    """The deposit address; if direct, the tagged account."""
    tags: tuple[Tag, ...]
    """The tags that name the service: of the account itself if direct, else of the accounts it is emptied into."""
    transfer: Flow
    """The transfer that touches: a fact."""
    sender: Account | None
    """Who paid it; None on a chain without accounts."""
    at: BlockRef | None
    """In which block; None if not known."""
    memo: str | None
    """What the payer wrote with it; empty if nothing, None if not known."""
    claimed: Mapping[str, Units]
    """Claimed base units of the transfer per claimant, under the trace's rule. Under poison this is reach."""
    share_class: LinkClass
    """L1 where the claimed flow itself touches, L3 where its share is a convention."""
    link_class: LinkClass
    """L4 for a deposit address, L1 for a direct transfer."""
    hop: int
    """Pots between the claimed flow and this transfer."""
    deposit: Deposit | None
    """What the finding rests on; None if direct."""
    sweep: Sweep | None
    """The first time the address was emptied after this transfer; None if direct, or not yet."""
    is_share: bool = True
    """False under poison: ``claimed`` is then reach, and is never summed."""
    unchecked: tuple[PotCheck, ...] = ()
    """Holdings on the way whose history is not shown to be complete: the share rests on them."""
    is_order_sensitive: bool | None = False
    """True if the share would be another one under the other order of movements whose order no source tells; None if
    that order is impossible."""
    claims: tuple[Carried, ...] = ()
    """The claimed transfers of the claimants in ``claimed``: where it begins."""

    @property
    def attribution_class(self) -> LinkClass:
        """That the tagged account is the service's is a record of somebody (L5)."""
        return LinkClass.L5


@dataclass(frozen=True, slots=True)
class Examined:
    """An untagged account that was looked at, and is no deposit address under the parameters."""

    account: Account
    """Which account."""
    asset: Asset
    """Of what."""
    reason: str
    """Why not."""


@dataclass(frozen=True, slots=True)
class TouchPoints:
    """The touch points of a trace, and what was looked at in vain."""

    rows: tuple[TouchPoint, ...]
    """In chain order."""
    examined: tuple[Examined, ...]
    """Accounts that are no deposit address as far as is known, in the order of the trace's ends."""
    parameters: DepositParameters
    """Under which the deposit addresses were recognised."""
    claims: tuple[Carried, ...] = ()
    """Every claimed transfer, in the order of the claims."""
    into: Mapping[tuple[Account, Asset], tuple[Carried, ...]] = field(default_factory=dict)
    """Account and asset -> the transfers by which claimed value came in, in chain order."""

    def services(self) -> dict[str, tuple[TouchPoint, ...]]:
        """The rows per service, by name in alphabetical order."""
        found: dict[str, list[TouchPoint]] = defaultdict(list)
        for row in self.rows:
            found[row.service].append(row)
        return {name: tuple(found[name]) for name in sorted(found)}

    def deposit_of(self, account: Account) -> str | None:
        """The service whose deposit address the account is under the parameters, or None."""
        return next((row.service for row in self.rows if row.account == account and not row.direct), None)


def touch_points(
    trace: Trace,
    tags: TagBook,
    facts: AccountFacts,
    parameters: DepositParameters | None = None,
    names: Mapping[str, str] | None = None,
) -> TouchPoints:
    """Where the claimed value of a trace touches services.

    Args:
        trace: should look one sweep past every untagged end, so that the sweep is held.
        tags: who is said to be behind which account.
        facts: what is known of payments out, blocks and memos.
        parameters: when an address counts as a deposit address; the defaults are stated in their class.
        names: label of a tag -> name of the service, where several labels mean one; else the label is the name.
    """
    wanted = parameters or DepositParameters()
    services = Services(tags, wanted.least, names or {})
    finder = _Finder(trace, services, facts, wanted)
    for end in trace.ends:
        if end.reason is EndReason.SERVICE and end.flow is not None and end.account is not None and end.claimed:
            finder.at_service(end.flow, end.account)
        elif end.reason in _LOOKED_AT and end.account is not None and end.claimed:
            finder.try_deposit(end.account, end.asset)
    into = {key: tuple(map(finder.carried, flows)) for key, flows in finder.into.items()}
    return TouchPoints(finder.rows(), tuple(finder.examined.values()), wanted, finder.claims, into)


def claims_of(claims: Sequence[Carried], claimants: Mapping[str, Units]) -> tuple[Carried, ...]:
    """The claimed transfers of these claimants."""
    return tuple(each for each in claims if each.claimed.keys() & claimants.keys())


@dataclass(slots=True)
class _Found:
    """A touch point before it has its number."""

    service: str
    tags: tuple[Tag, ...]
    account: Account
    deposit: Deposit | None
    sweep: Sweep | None


class _Finder:
    """Looks at the ends of one trace, each account once."""

    def __init__(self, trace: Trace, services: Services, facts: AccountFacts, parameters: DepositParameters) -> None:
        self.services = services
        self.stops = trace.stops.services
        self.trace = trace
        self.unchecked = trace.unchecked()
        self.facts = facts
        self.parameters = parameters
        self.traced: dict[str, TracedFlow] = {traced.flow.id: traced for traced in trace.flows}
        self.into: dict[tuple[Account, Asset], list[Flow]] = defaultdict(list)
        for traced in trace.flows:
            if traced.claimed and traced.flow.owner is not None:
                self.into[traced.flow.owner, traced.flow.asset].append(traced.flow)
        for flows in self.into.values():
            flows.sort(key=lambda flow: flow.departs)
        self.claims = tuple(
            replace(self.carried(self.traced[claim.flow].flow), claimed={claim.claimant: claim.units})
            for claim in trace.claims
            if claim.flow in self.traced
        )
        self.examined: dict[tuple[Account, Asset], Examined] = {}
        self.known: dict[tuple[Account, Asset], str | None] = {}
        self.found: dict[str, _Found] = {}

    def at_service(self, flow: Flow, account: Account) -> None:
        """A transfer to a tagged account: the sweep of a deposit address, or else a touch point itself."""
        stopped = self.services.name(account) or self.services.name(account, Grade.E)
        service, tags = stopped or (self.stops.get(account, "not known"), ())
        payer = holder(flow.source)
        if payer is None or self.try_deposit(payer, flow.asset) != service:
            self.found.setdefault(flow.id, _Found(service, tags, account, None, None))

    def try_deposit(self, account: Account, asset: Asset) -> str | None:
        """Whose deposit address it is, or None; the claimed transfers into it are then touch points."""
        key = (account, asset)
        if key not in self.known:
            self.known[key] = self._service_of(account, asset)
        return self.known[key]

    def _service_of(self, account: Account, asset: Asset) -> str | None:
        if self.services.name(account) is not None or not self.into[account, asset]:
            return None
        judged = judge_deposit(account, asset, self.services, self.facts, self.parameters)
        if isinstance(judged, str):
            self.examined[account, asset] = Examined(account, asset, judged)
            return None
        problems = []
        for flow in self.into[account, asset]:
            sweep = judged.after(flow.departs)
            problem = problem_of_transfer(flow, sweep, judged, self.facts, self.parameters)
            if problem:
                problems.append(f"{flow.id}: {problem}")
            else:
                self.found.setdefault(flow.id, _Found(judged.service, judged.tags, account, judged, sweep))
        if problems:
            self.examined[account, asset] = Examined(account, asset, "; ".join(problems))
        return judged.service if len(problems) < len(self.into[account, asset]) else None

    def carried(self, flow: Flow) -> Carried:
        """A traced transfer with its block and what is claimed of it."""
        at = self.facts.block_of(flow.asset.chain, flow.txid)
        return Carried(flow, at, self.traced[flow.id].claimed)

    def rows(self) -> tuple[TouchPoint, ...]:
        """The touch points in chain order, numbered."""
        flows = [self.traced[flow_id].flow for flow_id in self.found]
        ordered = sorted(flows, key=lambda flow: (flow.asset.chain, flow.departs, flow.id))
        return tuple(self._row(number, flow.id) for number, flow in enumerate(ordered, start=1))

    def _row(self, number: int, flow_id: str) -> TouchPoint:
        traced, found = self.traced[flow_id], self.found[flow_id]
        chain: Chain = traced.flow.asset.chain
        sensitive = self.trace.order_sensitive
        return TouchPoint(
            id=f"P-{number:04d}",
            service=found.service,
            direct=found.deposit is None,
            account=found.account,
            tags=found.tags,
            transfer=traced.flow,
            sender=holder(traced.flow.source),
            at=self.facts.block_of(chain, traced.flow.txid),
            memo=self.facts.memo_of(chain, traced.flow.txid),
            claimed=traced.claimed,
            share_class=traced.link_class,
            link_class=LinkClass.L1 if found.deposit is None else LinkClass.L4,
            hop=traced.hop,
            deposit=found.deposit,
            sweep=found.sweep,
            is_share=self.trace.conserves,
            unchecked=self.unchecked.get(flow_id, ()),
            is_order_sensitive=None if sensitive is None else flow_id in sensitive,
            claims=claims_of(self.claims, traced.claimed),
        )


def holder(pot: Pot) -> Account | None:
    """Whose holding a pot is; None if it is none (a transaction, a fee, a conversion)."""
    name, bar, _ = pot.partition("|")
    return Account(name) if bar else None
