"""What an issuer could freeze: one row per account and token, with the whole balance and the claimed share apart.

The balance is what the contract says the account holds now, of everybody. The claimed share is what this case claims of
it under its rule, as of the trace. Neither ever stands in for the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cryptotrace.attribution.tagpack import SERVICES
from cryptotrace.chains.tokens import FUNGIBLE, IssuerRule, TokenFacts
from cryptotrace.errors import ChainReorganised, SourceError
from cryptotrace.model.accountsource import ContractCalls, Logs, PotBalance, PotBalances
from cryptotrace.model.identity import Account, Asset
from cryptotrace.model.pot import PotCheck
from cryptotrace.model.source import Source
from cryptotrace.model.tag import Grade, Tag
from cryptotrace.seizure.freeze import FreezeStatus, freeze_status
from cryptotrace.seizure.freezehistory import FreezeHistory, Frozen, read_freeze_history
from cryptotrace.seizure.holdings import Holding
from cryptotrace.seizure.touchpoints import Carried, TouchPoints, claims_of
from cryptotrace.tracing.fragments import Units, as_text
from cryptotrace.tracing.result import EndReason

#: Tags of these grades are too weak to rest a measure on.
_WEAK = frozenset({Grade.D, Grade.E})
_ASK = "ask the service, see the touch-point sheet"


@dataclass(frozen=True, slots=True)
class IssuerRow:
    """One account's holding of a token that has an issuer."""

    id: str
    """``I-0001`` and so on, in the order of the rows."""
    facts: TokenFacts
    """The token as listed."""
    account: Account
    """Whose holding."""
    balance: PotBalance | None
    """The whole balance, of everybody, as read now; None if it was not."""
    balance_problem: str
    """Why it was not read; empty if it was."""
    claimed: Mapping[str, Units]
    """Claimed base units per claimant under the trace's rule. Under poison this is reach."""
    is_share: bool
    """False under poison."""
    holdings: tuple[str, ...]
    """The rows of holdings that it puts together, ``H-0001`` and so on."""
    freeze: FreezeStatus
    """Whether it is frozen."""
    tags: tuple[Tag, ...]
    """What sources say about the account."""
    warnings: tuple[str, ...]
    """What speaks against a freeze of this address, or must be looked at first."""
    rule: IssuerRule | None
    """What the issuer says about freezing; None if not known."""
    unchecked: tuple[PotCheck, ...] = ()
    """Holdings on the way whose history is not shown to be complete: the share rests on them."""
    service: str = ""
    """The service to ask before the issuer: a tagged account of it, or a deposit address; else empty."""
    arrivals: tuple[Carried, ...] | None = None
    """The transfers by which claimed value came into the account, in chain order; None if not looked at."""
    claims: tuple[Carried, ...] | None = None
    """The claimed transfers of the claimants in ``claimed``; None if not looked at."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A holding that is not on the sheet, and why."""

    holding: str
    """Its row, ``H-0001`` and so on."""
    reason: str
    """Why."""


@dataclass(frozen=True, slots=True)
class IssuerRows:
    """All holdings of a trace that an issuer could freeze, and those that none can as far as is known."""

    rows: tuple[IssuerRow, ...]
    """In the order of the trace's ends; last those of which a service is to be asked before the issuer."""
    left_out: tuple[LeftOut, ...]
    """Everything else that the trace holds."""

    def issuers(self) -> dict[str, tuple[IssuerRow, ...]]:
        """The rows per issuer, by name in alphabetical order."""
        names = sorted({row.facts.issuer for row in self.rows})
        return {name: tuple(row for row in self.rows if row.facts.issuer == name) for name in names}


def issuer_rows(
    holdings: Iterable[Holding],
    tokens: Mapping[Asset, TokenFacts],
    points: TouchPoints | None = None,
    *,
    balances: PotBalances | None = None,
    calls: ContractCalls | None = None,
    logs: Logs | None = None,
    rules: Mapping[str, IssuerRule] | None = None,
) -> IssuerRows:
    """The holdings that an issuer could freeze, with balance and freeze status as of the sources' tip.

    All holdings of one account and token are one row. The sources are those of one chain each; call once per chain, or
    hand in sources that answer for all.

    Args:
        holdings: where the trace's value is.
        tokens: known tokens, see ``known_tokens``.
        points: touch points, for the warning that an address is a customer's deposit address of a service, and for
            the transfers by which claimed value came in.
        balances: who tells what an account holds; None: not read.
        calls: who asks contracts; None: not determined.
        logs: who lists events; None: no history.
        rules: what issuers say; by default the table's.

    Raises:
        ChainReorganised: a source's tip has left the active chain.
    """
    grouped: dict[tuple[Account, Asset], list[Holding]] = {}
    left_out = []
    for holding in holdings:
        facts = tokens.get(holding.asset)
        reason = _why_not(holding, facts)
        if reason or holding.account is None:
            left_out.append(LeftOut(holding.id, reason))
        else:
            grouped.setdefault((holding.account, holding.asset), []).append(holding)
    if rules is None:
        from cryptotrace.chains.tokentable import ISSUER_RULES

        rules = ISSUER_RULES
    maker = _Maker(tokens, points, balances, calls, logs, rules)
    ordered = sorted(grouped.items(), key=lambda each: bool(maker.service(each[0][0], each[1])))
    rows = (maker.row(number, *key, held) for number, (key, held) in enumerate(ordered, start=1))
    return IssuerRows(tuple(rows), tuple(left_out))


def _why_not(holding: Holding, facts: TokenFacts | None) -> str:
    if holding.asset.namespace not in FUNGIBLE:
        return f"{holding.asset} has no issuer that could freeze it"
    if facts is None:
        return (
            f"{holding.asset} is not a known token: whether somebody can freeze it is not known; "
            "describe it if you know (case.describe_token, cryptotrace token)"
        )
    if not facts.issuer:
        return f"{facts.symbol} ({facts.asset.reference}): {facts.note or 'no issuer is known'}"
    return "no account is known" if holding.account is None else ""


class _Maker:
    """Makes rows; reads the freeze events of each contract once."""

    def __init__(
        self,
        tokens: Mapping[Asset, TokenFacts],
        points: TouchPoints | None,
        balances: PotBalances | None,
        calls: ContractCalls | None,
        logs: Logs | None,
        rules: Mapping[str, IssuerRule],
    ) -> None:
        self.tokens = tokens
        self.points = points
        self.balances = balances
        self.calls = calls
        self.logs = logs
        self.rules = rules
        self.histories: dict[Asset, FreezeHistory | None] = {}

    def row(self, number: int, account: Account, token: Asset, held: Sequence[Holding]) -> IssuerRow:
        facts = self.tokens[token]
        balance, problem = self._balance(account, token)
        status = freeze_status(self.calls, self.logs, token, account, tokens=self.tokens, history=self._history(facts))
        claimed: dict[str, Units] = {}
        for holding in held:
            for claimant, units in holding.claimed.items():
                claimed[claimant] = claimed.get(claimant, 0) + units
        is_share = all(holding.is_share for holding in held)
        tags = held[0].tags
        unchecked = tuple({check.pot: check for holding in held for check in holding.unchecked}.values())
        warnings = [*self._about_services(account, held), *_about_status(status)]
        warnings += [*_about_amounts(balance, problem, claimed, is_share=is_share), *_about_history(unchecked)]
        points = self.points
        return IssuerRow(
            *(f"I-{number:04d}", facts, account, balance, problem, claimed, is_share),
            *(tuple(holding.id for holding in held), status, tags, tuple(warnings), self.rules.get(facts.issuer)),
            unchecked,
            self.service(account, held),
            None if points is None else points.into.get((account, token), ()),
            None if points is None else claims_of(points.claims, claimed),
        )

    def service(self, account: Account, held: Sequence[Holding]) -> str:
        """The service that is to be asked before the issuer: of a deposit address or of a tagged account; or none."""
        customers = None if self.points is None else self.points.deposit_of(account)
        tagged = next((tag.label for tag in held[0].tags if tag.category in SERVICES), "")
        is_stop = any(holding.reason is EndReason.SERVICE for holding in held)
        return customers or tagged or ("a service" if is_stop else "")

    def _balance(self, account: Account, token: Asset) -> tuple[PotBalance | None, str]:
        if self.balances is None:
            return None, "not read: no source that can"
        try:
            return self.balances.pot_balance(account, token), ""
        except ChainReorganised:
            raise
        except SourceError as error:
            return None, f"not read: {error}"

    def _history(self, facts: TokenFacts) -> FreezeHistory | None:
        """The contract's events up to their source's tip; None where that is not told: then each row reads them."""
        if facts.asset not in self.histories:
            tip, read = _tip(self.logs), None
            if self.logs is not None and tip is not None and facts.freeze is not None:
                read = read_freeze_history(self.logs, facts, 0, tip)
            self.histories[facts.asset] = read
        return self.histories[facts.asset]

    def _about_services(self, account: Account, held: Sequence[Holding]) -> list[str]:
        said = []
        service = None if self.points is None else self.points.deposit_of(account)
        if service is not None:
            said.append(f"DEPOSIT ADDRESS of a customer of {service} (L4): {_ASK}")
        for tag in held[0].tags:
            what = f"{tag.label} ({tag.category or 'no category'}, grade {tag.grade.value}, {tag.source})"
            others = f": an address of a service holds other people's money; {_ASK}"
            said.append(f"TAGGED as {what}{others if tag.category in SERVICES else ''}")
            if tag.grade in _WEAK:
                said.append(f"the tag {tag.label} is below grade C: no measure rests on it alone")
        if not said and self.service(account, held):
            said.append(f"ADDRESS OF A SERVICE, as the case names it: {_ASK}")
        return said


def _tip(source: object) -> int | None:
    return source.tip().height if isinstance(source, Source) else None


def _about_amounts(
    balance: PotBalance | None, problem: str, claimed: Mapping[str, Units], *, is_share: bool
) -> list[str]:
    """Where the whole balance is not the claimed share, and where it is not known."""
    if balance is None:
        return [f"the whole balance was {problem}: how much the address holds now is not known"]
    total: Units = sum(claimed.values())
    if not is_share or total == balance.units:
        return []
    if total > balance.units:
        less = f"the balance is {as_text(total - balance.units)} base units less than the claimed share"
        return [f"{less}: it moved on, was destroyed, or the history that the share rests on is not whole"]
    return [
        f"{as_text(balance.units - total)} base units more than the claimed share belong to others or are not traced"
    ]


def _about_status(status: FreezeStatus) -> list[str]:
    said = []
    if status.state is Frozen.FROZEN:
        said.append("ALREADY FROZEN")
    elif status.state is Frozen.UNDETERMINED:
        said.append("whether it is frozen could not be determined")
    if status.destroyed:
        said.append(f"{status.destroyed} base units were destroyed at this address")
    if status.contradiction:
        said.append(status.contradiction)
    return said


def _about_history(unchecked: Sequence[PotCheck]) -> list[str]:
    whose = ", ".join(dict.fromkeys(check.account.address for check in unchecked))
    return [f"the claimed share rests on a history that is not shown to be complete: {whose}"] if unchecked else []
