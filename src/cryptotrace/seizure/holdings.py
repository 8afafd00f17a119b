"""Where claimed value rests or leaves sight: one row per place."""

from __future__ import annotations

from dataclasses import dataclass

from cryptotrace.attribution.book import TagBook
from cryptotrace.errors import TracingError
from cryptotrace.model.identity import Account, Asset
from cryptotrace.model.pot import PotCheck
from cryptotrace.model.tag import Tag
from cryptotrace.tracing.fragments import Units
from cryptotrace.tracing.result import EndReason, Trace

#: Ends at which value can still be reached by somebody; fees, burns and what left the ledger are not holdings.
_GONE = frozenset({EndReason.FEE, EndReason.BURN, EndReason.OUTSIDE})


@dataclass(frozen=True, slots=True)
class Holding:
    """Claimed value at one place."""

    id: str
    """Row id within the trace, ``H-0001`` and so on, in chain order; the same in every document."""
    account: Account | None
    """The account it rests at."""
    flow: str
    """Outpoint or transfer; empty for what is left in an account's holding."""
    asset: Asset
    """Of what."""
    units: int
    """Whole base units at this place, claimed or not; for an output its full value."""
    claimed: dict[str, Units]
    """Claimed base units per claimant, under the trace's rule. Under poison this is reach, not a share."""
    reason: EndReason
    """Why it is not followed further."""
    detail: str
    """What that rests on."""
    tags: tuple[Tag, ...]
    """What sources say about the account; empty if none of the loaded tags names it."""
    is_share: bool = True
    """False under poison: ``claimed`` is then a set of what was reached, and is never summed."""
    unchecked: tuple[PotCheck, ...] = ()
    """Holdings on the way whose history is not shown to be complete: the share rests on them; account chains only."""

    @property
    def claimed_total(self) -> Units:
        """Claimed base units of all claimants.

        Raises:
            TracingError: under poison, whose reach of several claimants may be the same units.
        """
        if not self.is_share:
            raise TracingError("poison is a set, not a share: its amounts are reach and are never summed")
        return sum(self.claimed.values())


def holdings(trace: Trace, tags: TagBook) -> tuple[Holding, ...]:
    """Where the claimed value of a trace is, in the order of the trace's ends."""
    rows = []
    unchecked = trace.unchecked()
    for number, end in enumerate(trace.ends, start=1):
        if end.reason in _GONE:
            continue
        rows.append(
            Holding(
                id=f"H-{number:04d}",
                account=end.account,
                flow="" if end.flow is None else end.flow.id,
                asset=end.asset,
                units=int(sum(u for _, u in end.fragments)) if end.flow is None else end.flow.units,
                claimed=end.claimed,
                reason=end.reason,
                detail=end.detail,
                tags=() if end.account is None else tags.of(end.account),
                is_share=trace.conserves,
                unchecked=unchecked.get((end.pot or "") if end.flow is None else end.flow.id, ()),
            )
        )
    return tuple(rows)
