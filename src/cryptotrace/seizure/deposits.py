"""When an untagged account counts as a customer's deposit address of a service: the parameters and the test (L4)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from cryptotrace.attribution.book import TagBook
from cryptotrace.attribution.tagpack import SERVICES
from cryptotrace.errors import ModelError
from cryptotrace.model.block import BlockRef, Position
from cryptotrace.model.flow import Flow, FlowKind
from cryptotrace.model.identity import Account, Asset, Chain
from cryptotrace.model.tag import Grade, Tag

#: Before everything on a chain.
BEGINNING = Position(0, -1)
_GRADES = tuple(Grade)


class AccountFacts(Protocol):
    """What the test asks; the ledger of the case answers from what is held."""

    def outflows(self, account: Account, asset: Asset, since: Position) -> Sequence[Flow]:
        """What is known to have left the account's holding at and after ``since``, in chain order."""
        ...

    def held_after(self, account: Account, asset: Asset, at: Position) -> int | None:
        """Base units left in the holding right after ``at``; None if not known."""
        ...

    def block_of(self, chain: Chain, txid: str) -> BlockRef | None:
        """The block of a transaction; None if not known."""
        ...

    def memo_of(self, chain: Chain, txid: str) -> str | None:
        """What the payer wrote with a transaction; empty if nothing, None if not known."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositParameters:
    """When an untagged account counts as a deposit address of a service.

    Raises:
        ModelError: a share outside 0 to 1, or a count below its least.
    """

    share: Fraction = Fraction(9, 10)
    """At least this part of the units that left goes to one service. An address of a service sends all there; a tenth
    is left for accounts of the service that nobody has tagged."""
    sweeps: int = 1
    """At least so many payments to the service. In a case's first hours there is often one; rows say how many."""
    others: int = 1
    """At most so many other accounts are paid. A person's own wallet pays many."""
    window: int = 7 * 24 * 3600
    """A transfer in is followed by a payment to the service within so many seconds of block time. Victor's 3,200 blocks
    are about half a day; tokens are collected more rarely, when the amount is worth the fee."""
    residual: Fraction = Fraction(1, 100)
    """After most sweeps at most this part of what they carried is left: the address is emptied, not drawn on."""
    least: Grade = Grade.D
    """Tags of this grade or better name a service, as for the stops of a trace. A measure needs C or better."""

    def __post_init__(self) -> None:
        parts: dict[str, object] = {"share": self.share, "residual": self.residual}
        for name, part in parts.items():
            if not isinstance(part, Fraction) or not 0 <= part <= 1:
                raise ModelError(f"{name} must be a Fraction from 0 to 1, got {part!r}")
        counts: dict[str, tuple[object, int]] = {
            "sweeps": (self.sweeps, 1),
            "others": (self.others, 0),
            "window": (self.window, 0),
        }
        for name, (number, least) in counts.items():
            if isinstance(number, bool) or not isinstance(number, int) or number < least:
                raise ModelError(f"{name} must be an int of at least {least}, got {number!r}")

    def sentence(self) -> str:
        """The parameters as they are printed with a finding."""
        return (
            f"share to one service >= {self.share}, sweeps >= {self.sweeps}, other accounts paid <= {self.others}, "
            f"sweep within {self.window} s ({span(self.window)}), left after most sweeps <= {self.residual} of them, "
            f"tags of grade {self.least.value} or better"
        )


def span(seconds: int) -> str:
    """So many seconds in days, or below one day in minutes; cut off to a tenth and then marked with ≈."""
    unit, word = (24 * 3600, "days") if seconds >= 24 * 3600 else (60, "minutes")
    tenths, rest = divmod(10 * seconds, unit)
    return f"{'≈' if rest else ''}{tenths // 10}{f'.{tenths % 10}' if tenths % 10 else ''} {word}"


@dataclass(frozen=True, slots=True)
class Sweep:
    """A payment from the address to a tagged account of the service."""

    flow: Flow
    """The payment: a fact."""
    at: BlockRef | None
    """In which block; None if not known."""
    to: Account
    """The tagged account."""


@dataclass(frozen=True, slots=True)
class Deposit:
    """Why an account counts as a deposit address: an inference (L4) with what it rests on."""

    account: Account
    """The address."""
    asset: Asset
    """Of which asset its payments were looked at."""
    service: str
    """Whose."""
    tags: tuple[Tag, ...]
    """The tags of the accounts it is emptied into."""
    sweeps: tuple[Sweep, ...]
    """Every payment to the service, in chain order."""
    share: Fraction
    """The part of all units that left, that went there."""
    others: int
    """How many other accounts it has paid."""
    unchecked: tuple[str, ...]
    """Parameters that could not be tested, and why."""

    def after(self, at: Position) -> Sweep | None:
        """The first sweep at or after ``at``."""
        return next((sweep for sweep in self.sweeps if sweep.flow.departs >= at), None)


class Services:
    """The tagged services of a case by name."""

    def __init__(self, tags: TagBook, least: Grade, names: Mapping[str, str]) -> None:
        self._tags = tags
        self._least = _GRADES.index(least)
        self._names = {label.casefold().strip(): name for label, name in names.items()}

    def name(self, account: Account, least: Grade | None = None) -> tuple[str, tuple[Tag, ...]] | None:
        """The service behind a tagged account, by its best tag, and the tags that say so; None if it is none's."""
        limit = self._least if least is None else _GRADES.index(least)
        mine = self._tags.of(account)
        fit = [tag for tag in mine if tag.category in SERVICES and _GRADES.index(tag.grade) <= limit]
        if not fit:
            return None
        name = self._name(fit[0])
        return name, tuple(tag for tag in fit if self._name(tag) == name)

    def _name(self, tag: Tag) -> str:
        return self._names.get(tag.label.casefold().strip(), tag.label.strip())


def judge_deposit(
    account: Account, asset: Asset, services: Services, facts: AccountFacts, parameters: DepositParameters
) -> Deposit | str:
    """The account as a deposit address, or why it is none as far as is known.

    Fees and payments to itself are no payments, and transfers of nothing are not counted: anybody can write them into
    any account's history.
    """
    out = facts.outflows(account, asset, BEGINNING)
    paid = [f for f in out if f.kind is not FlowKind.FEE and f.units > 0 and f.owner != account]
    if not paid:
        return "no payment out of it is known"
    to: dict[str, list[Sweep]] = defaultdict(list)
    tags: dict[str, dict[Tag, None]] = defaultdict(dict)
    others: set[Account | None] = set()
    for flow in paid:
        named = None if flow.owner is None else services.name(flow.owner)
        if named is None or flow.owner is None:
            others.add(flow.owner)
            continue
        to[named[0]].append(Sweep(flow, facts.block_of(asset.chain, flow.txid), flow.owner))
        tags[named[0]].update(dict.fromkeys(named[1]))
    if not to:
        return f"none of the {len(paid)} payments out of it that are known goes to a tagged service"
    service = max(sorted(to), key=lambda name: sum(sweep.flow.units for sweep in to[name]))
    others |= {sweep.to for name in to if name != service for sweep in to[name]}
    sweeps = tuple(to[service])
    share = Fraction(sum(sweep.flow.units for sweep in sweeps), sum(flow.units for flow in paid))
    if share < parameters.share:
        return f"{share} of what left it went to {service}; a deposit address sends at least {parameters.share}"
    if len(sweeps) < parameters.sweeps:
        return f"{len(sweeps)} payments to {service} are known; at least {parameters.sweeps} are asked for"
    if len(others) > parameters.others:
        return f"it has paid {len(others)} other accounts; at most {parameters.others} are allowed"
    unchecked, problem = _left(account, asset, sweeps, facts, parameters)
    if problem:
        return problem
    return Deposit(account, asset, service, tuple(tags[service]), sweeps, share, len(others), unchecked)


def _left(
    account: Account, asset: Asset, sweeps: Sequence[Sweep], facts: AccountFacts, parameters: DepositParameters
) -> tuple[tuple[str, ...], str]:
    """Whether most sweeps emptied the address; which parameters could not be tested, and what fails."""
    known, full = 0, 0
    for sweep in sweeps:
        left = facts.held_after(account, asset, sweep.flow.departs)
        if left is not None:
            known += 1
            full += left > sweep.flow.units * parameters.residual
    if known == 0:
        return ("what was left after a sweep is not known",), ""
    if 2 * full > known:
        return (), f"after {full} of {known} payments to the service more than {parameters.residual} of them was left"
    return (), ""


def problem_of_transfer(
    flow: Flow, sweep: Sweep | None, deposit: Deposit, facts: AccountFacts, parameters: DepositParameters
) -> str:
    """Why one transfer into a deposit address is no touch point, or nothing.

    One that is not swept yet counts: earlier sweeps have shown whose the address is.
    """
    if sweep is None:
        return ""
    received = facts.block_of(flow.asset.chain, flow.txid)
    if received is None or sweep.at is None:
        return ""  # said in the row: the delay is not known
    delay = sweep.at.time - received.time
    if delay <= parameters.window:
        return ""
    return f"the next payment to {deposit.service} came {delay} s later; at most {parameters.window} s are allowed"
