"""What a trace found: frozen and complete, so that it can be printed, hashed and repeated."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from enum import StrEnum

from cryptotrace.errors import ModelError, TracingError
from cryptotrace.model.amount import base_units
from cryptotrace.model.block import Position, Tip
from cryptotrace.model.claim import Claim
from cryptotrace.model.flow import Arrival, Flow, Pot, holding_pot, is_conversion_pot
from cryptotrace.model.identity import Account, Asset
from cryptotrace.model.pot import Completeness, PotCheck
from cryptotrace.model.verdict import LinkClass
from cryptotrace.tracing.fragments import Fragment, Units, as_text, as_texts, claimed


class EndReason(StrEnum):
    """Why a branch is not followed further. Each end has its amount; together they are the whole claim."""

    UNSPENT = "unspent"
    """It rests there, as the source reported at its tip."""
    UNCONFIRMED = "unconfirmed"
    """It rests there in the confirmed chain; an unconfirmed transaction would spend it."""
    SERVICE = "service"
    """The account is tagged as a service: what happens inside is not on the chain."""
    COINJOIN = "coinjoin"
    """The next transaction is named a CoinJoin by the case."""
    DUST = "dust"
    """The claimed share is below the case's limit."""
    HOPS = "hops"
    """The limit of hops is reached."""
    TIME = "time"
    """It moved on after the end of the period that was asked for."""
    CROWDED = "crowded"
    """The account has more transfers than the case's limit: what happens there is not one person's doing."""
    UNKNOWN = "unknown"
    """Where it went cannot be told from what is held."""
    FEE = "fee"
    """The network took it."""
    BURN = "burn"
    """It was destroyed, or left unclaimed by a block's producer."""
    OUTSIDE = "outside"
    """It left the ledger that was given."""


@dataclass(frozen=True, slots=True)
class End:
    """A branch ends here."""

    reason: EndReason
    """Why."""
    flow: Flow | None
    """The flow that is not followed further; None for what is left in an account's holding."""
    pot: Pot | None
    """The holding in which it is left; None where ``flow`` says it."""
    account: Account | None
    """Whose, where there is an account."""
    asset: Asset
    """Of what."""
    fragments: tuple[Fragment, ...]
    """What is there, in the rule's order, claimed and unclaimed."""
    detail: str = ""
    """What the reason rests on: the tag, the txid, the limit, what is missing."""
    hop: int = 0
    """Transactions between the claimed flow and here."""

    @property
    def claimed(self) -> dict[str, Units]:
        """Claimed base units per claimant."""
        return claimed(self.fragments)


@dataclass(frozen=True, slots=True)
class TracedFlow:
    """A flow out of a pot that claimed value has reached, or a claimed flow itself."""

    flow: Flow
    """The flow: a fact (L1)."""
    fragments: tuple[Fragment, ...]
    """What it is made of under the rule: a convention (L3)."""
    hop: int
    """0 for a claimed flow, then one more with each pot; where claims meet in a pot, the nearest one counts.

    A claimed flow that came out of a pot with another claim's share in it keeps the count of that pot.
    """
    sequence: int
    """In which order it was served in this run."""
    rounded: bool
    """True if its share had to be rounded to whole base units."""
    arrival: Arrival | None
    """Where it was followed to; None if it ends here."""
    end: EndReason | None
    """Why it ends here; None if it was followed, or if nothing of it is claimed."""
    unfollowed: Position | None = None
    """When value that this trace does not follow had last entered the pot it left; None if none had."""

    @property
    def claimed(self) -> dict[str, Units]:
        """Claimed base units per claimant."""
        return claimed(self.fragments)

    @property
    def link_class(self) -> LinkClass:
        """L1 for a claimed flow; L3 where a share came through a pot: that is a convention, whatever the rule."""
        return LinkClass.L3 if self.hop else LinkClass.L1


@dataclass(frozen=True, slots=True)
class Collision:
    """Units claimed twice: the first claim stands, the later one is cut and this is the record of it."""

    flow: str
    """Id of the flow."""
    claimant: str
    """Who claimed later."""
    units: Units
    """How many of the units the later claim does not get."""


@dataclass(frozen=True, slots=True)
class Stops:
    """Where a trace stops: given as data, so that tracing needs to know nothing of names or CoinJoins.

    Raises:
        InvalidAmount: ``dust`` is not a non-negative int of base units.
        ModelError: ``max_hops`` is neither None nor a non-negative int, or ``until`` neither None nor an int.
    """

    services: dict[Account, str] = field(default_factory=dict)
    """Account -> what it is tagged as, by whom."""
    coinjoins: dict[str, str] = field(default_factory=dict)
    """Txid -> on what basis the case names it a CoinJoin."""
    dust: int = 0
    """A claimed share below so many base units is not followed."""
    max_hops: int | None = None
    """Not more transactions than this after the claimed flow; see ``TracedFlow.hop`` for claims that meet."""
    until: int | None = None
    """Not beyond this block time, seconds since 1970 UTC."""

    def __post_init__(self) -> None:
        base_units(self.dust, "dust")
        if self.max_hops is not None and (not _is_whole(self.max_hops) or self.max_hops < 0):
            raise ModelError(f"max_hops must be 0, 1, 2 ... or None for no limit, got {self.max_hops!r}")
        if self.until is not None and not _is_whole(self.until):
            raise ModelError(f"until must be whole seconds since 1970 UTC or None for no limit, got {self.until!r}")


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What came in and where it went, for one claimant and asset, to the base unit."""

    claimant: str
    """Who claims."""
    asset: Asset
    """Of what."""
    claimed: Units
    """Base units that the trace started with, after collisions."""
    ends: dict[EndReason, Units]
    """Base units at each kind of end."""
    converted_in: Units = 0
    """Base units received for another asset that was followed (a wrap)."""
    converted_out: Units = 0
    """Base units given for another asset, which is followed instead."""

    @property
    def difference(self) -> Units:
        """What came in minus everything that ended somewhere; 0 if the reconciliation closes."""
        return self.claimed + self.converted_in - self.converted_out - sum(self.ends.values())

    def to_dict(self) -> dict[str, object]:
        """Everything as text; base units or exact fractions."""
        return {
            "claimant": self.claimant,
            "asset": self.asset,
            "claimed": as_text(self.claimed),
            **({"converted_in": as_text(self.converted_in)} if self.converted_in else {}),
            **({"converted_out": as_text(self.converted_out)} if self.converted_out else {}),
            "ends": {reason.value: as_text(units) for reason, units in sorted(self.ends.items())},
            "difference": as_text(self.difference),
        }


@dataclass(frozen=True, slots=True)
class Trace:
    """Where claimed value went under one named rule."""

    claims: tuple[Claim, ...]
    """What was claimed, in order of precedence."""
    rule: str
    """The rule."""
    exact: bool
    """True if computed in fractions; otherwise in whole base units."""
    stops: Stops
    """Where it was told to stop."""
    flows: tuple[TracedFlow, ...]
    """Everything that left a pot with claimed value in it, in chain order."""
    ends: tuple[End, ...]
    """Where it rests or is not followed, in chain order."""
    collisions: tuple[Collision, ...]
    """Units claimed twice."""
    conserves: bool = True
    """False for poison."""
    tips: tuple[Tip, ...] = ()
    """The tips that the answers belong to."""
    notices: tuple[tuple[str, str], ...] = ()
    """(txid, what lives on top of it and is not followed), in chain order."""
    missing: tuple[tuple[str, str], ...] = ()
    """(txid, what no source could tell of it, e.g. ``internal calls``), in chain order; account chains only."""
    signs: tuple[tuple[str, str], ...] = ()
    """Pairs of a txid and a sign of spam in the histories that the trace opened (L4); account chains only."""
    pots: tuple[PotCheck, ...] = ()
    """How complete the history of each holding is that claimed value reached; account chains only."""
    has_assumed_order: bool = False
    """True if the order of some movements is assumed, because no source tells it."""
    order_sensitive: tuple[str, ...] | None = ()
    """Flows whose share would be another one if the assumed order were turned round; None if that order is impossible
    (an account would pay out what it does not hold)."""

    def to_dict(self) -> dict[str, object]:
        """Everything as text, lists and dicts: amounts are text, base units or exact fractions."""
        return {
            "rule": self.rule,
            "exact": self.exact,
            "claims": [claim.to_dict() for claim in self.claims],
            "stops": {
                "services": {str(account): self.stops.services[account] for account in sorted(self._met_services())},
                "coinjoins": dict(sorted(self.stops.coinjoins.items())),
                "dust": str(self.stops.dust),
                "max_hops": self.stops.max_hops,
                "until": self.stops.until,
            },
            "flows": [_flow_dict(traced) for traced in self.flows],
            "ends": [_end_dict(end) for end in self.ends],
            "collisions": [
                {"flow": c.flow, "claimant": c.claimant, "units": as_text(c.units)} for c in self.collisions
            ],
            "reconciliation": [row.to_dict() for row in self.reconcile()] if self.conserves else None,
            "tips": [{"chain": tip.chain, "height": tip.height, "hash": tip.hash} for tip in self.tips],
            "notices": [{"txid": txid, "notice": notice} for txid, notice in self.notices],
            **self._account_dict(),
        }

    def _account_dict(self) -> dict[str, object]:
        """What only a trace on an account chain has."""
        said: dict[str, object] = {}
        if self.pots:
            said["pots"] = [check.to_dict() for check in self.pots]
            unchecked = self.unchecked().items()
            said["rests_on_unchecked"] = {name: [check.pot for check in checks] for name, checks in unchecked}
        if self.signs:
            said["signs"] = [{"txid": txid, "sign": text} for txid, text in self.signs]
        if self.missing:
            said["missing"] = [{"txid": txid, "missing": what} for txid, what in self.missing]
        if self.has_assumed_order:
            sensitive = self.order_sensitive
            said["assumed_order"] = {"other_is_possible": sensitive is not None, "sensitive": list(sensitive or ())}
        return said

    def _met_services(self) -> set[Account]:
        return {end.account for end in self.ends if end.reason is EndReason.SERVICE and end.account is not None}

    def reconcile(self) -> tuple[Reconciliation, ...]:
        """In = out + stopped, per claimant and asset.

        Raises:
            TracingError: the rule is poison, which is a set: nothing of it may be summed.
        """
        if not self.conserves:
            raise TracingError("poison is a set, not a share: its amounts are reach and are never summed")
        started: dict[tuple[str, Asset], Units] = {}
        ended: dict[tuple[str, Asset], dict[EndReason, Units]] = defaultdict(lambda: defaultdict(int))
        cut: dict[tuple[str, str], Units] = defaultdict(int)
        for collision in self.collisions:
            cut[collision.claimant, collision.flow] += collision.units
        for claim in self.claims:
            key = (claim.claimant, claim.asset)
            started[key] = started.get(key, 0) + claim.units - cut.pop((claim.claimant, claim.flow), 0)
        for end in self.ends:
            for claimant, units in end.claimed.items():
                ended[claimant, end.asset][end.reason] += units
        came, went = self._converted()
        keys = dict.fromkeys((*started, *came))
        return tuple(
            Reconciliation(*key, started.get(key, 0), dict(ended[key]), came.get(key, 0), went.get(key, 0))
            for key in keys
        )

    def _converted(self) -> tuple[dict[tuple[str, Asset], Units], dict[tuple[str, Asset], Units]]:
        """Claimed base units that came out of conversions and that went into them, per claimant and asset."""
        came: dict[tuple[str, Asset], Units] = defaultdict(int)
        went: dict[tuple[str, Asset], Units] = defaultdict(int)
        for traced in self.flows:
            for claimant, units in traced.claimed.items():
                if is_conversion_pot(traced.flow.source):
                    came[claimant, traced.flow.asset] += units
                if traced.arrival is not None and is_conversion_pot(traced.arrival.pot):
                    went[claimant, traced.flow.asset] += units
        return came, went

    def unchecked(self) -> dict[str, tuple[PotCheck, ...]]:
        """Flow id or pot -> the holdings on the way there whose history is not complete: its share rests on them.

        One omitted transfer changes every share after it, so a share is as good as the worst of these.
        """
        bad = {check.pot: check for check in self.pots if check.completeness is not Completeness.COMPLETE}
        if not bad:
            return {}
        behind: dict[Pot, dict[Pot, None]] = defaultdict(dict)
        found: dict[str, dict[Pot, None]] = {}
        for traced in sorted(self.flows, key=lambda t: t.sequence):
            pot = traced.flow.source
            mine = dict.fromkeys((*behind[pot], *((pot,) if pot in bad else ()))) if traced.hop else {}
            found[traced.flow.id] = mine
            where = _goes_to(traced)  # also where it carries no share: with one transfer more it might
            if where is not None:
                behind[where] |= mine
        for end in self.ends:
            if end.flow is None and end.pot is not None:
                found[end.pot] = dict.fromkeys((*behind[end.pot], *((end.pot,) if end.pot in bad else ())))
        return {name: tuple(bad[pot] for pot in pots) for name, pots in found.items() if pots}

    def roundings_upstream(self, flow_id: str) -> int:
        """How many shares were rounded on the way to this flow; its distance from the exact share is at most that.

        Under ``haircut`` a share can be rounded to nothing, and then it is not followed. The exact trace would follow
        it and might meet it again wherever unfollowed value enters later, so the roundings before such a flow count
        there too, and for flows that this trace did not reach. The bound compares traces that stop at the same flows:
        a dust or hop limit may stop one of them earlier.
        """
        by_sequence = sorted(self.flows, key=lambda t: t.sequence, reverse=True)
        asked = next((t for t in by_sequence if t.flow.id == flow_id), None)
        served_until: dict[Pot, Position] = {}  # the last departure that counts, per pot: all earlier ones count too
        entered = None if asked is not None else max((t.flow.departs for t in self.flows), default=None)
        count = 0
        for traced in by_sequence:
            flow, arrival = traced.flow, traced.arrival
            is_lost = self.rule == "haircut" and flow.units > 0 and not traced.claimed
            may_return = is_lost and entered is not None and flow.departs <= entered
            counts = traced is asked or may_return or flow.source in served_until
            if not counts and arrival is not None and arrival.pot in served_until:
                counts = arrival.at <= served_until[arrival.pot]
            if counts:
                served_until.setdefault(flow.source, flow.departs)
                count += traced.rounded
                entered = max((p for p in (entered, traced.unfollowed) if p is not None), default=None)
        return count


def _goes_to(traced: TracedFlow) -> Pot | None:
    """The pot that a flow enters, whether it was followed there or not."""
    if traced.arrival is not None:
        return traced.arrival.pot
    flow = traced.flow
    return None if flow.owner is None or traced.end is not None else holding_pot(flow.owner, flow.asset)


def _is_whole(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool)


def _flow_dict(traced: TracedFlow) -> dict[str, object]:
    return {
        "id": traced.flow.id,
        "kind": traced.flow.kind.value,
        "asset": traced.flow.asset,
        "units": str(traced.flow.units),
        "owner": traced.flow.owner,
        "position": list(traced.flow.departs),
        "hop": traced.hop,
        "claimed": as_texts(traced.claimed),
        "arrives_in": None if traced.arrival is None else traced.arrival.txid,
        "end": None if traced.end is None else traced.end.value,
        "link_class": traced.link_class.value,
    }


def _end_dict(end: End) -> dict[str, object]:
    return {
        "reason": end.reason.value,
        "flow": None if end.flow is None else end.flow.id,
        "pot": end.pot,
        "account": end.account,
        "asset": end.asset,
        "claimed": as_texts(end.claimed),
        "detail": end.detail,
        "hop": end.hop,
    }
