"""Rules over a ledger of one's own: what ``cryptotrace trace --ledger FILE`` prints.

The structure and the names are those of ``expected`` in files of the schema ``cryptotrace-taint-vectors/1``; amounts
are text, ``"25"`` or an exact fraction ``"75/4"``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from cryptotrace.errors import CryptotraceError, InsufficientBalance, UnknownRule
from cryptotrace.ledger.ledgerfile import LedgerCase, Refused
from cryptotrace.model.flow import Flow, FlowKind, Pot
from cryptotrace.tracing.engine import trace
from cryptotrace.tracing.fragments import Fragment, Units, as_text, as_texts
from cryptotrace.tracing.result import Trace
from cryptotrace.tracing.rules import LEDGER_RULES, UTXO_RULES, rule, split_whole

Result = dict[str, Any]
_CLEAN = "~clean"
_RULES = {"utxo": UTXO_RULES, "ledger": LEDGER_RULES}


def solve(cases: Iterable[LedgerCase | Refused], which: str = "all", *, exact: bool = False) -> Result:
    """Every asked rule over every case: ``{"cases": [{"name": ..., "result": {RULE: ...}}]}``.

    A case that is refused, or whose kind does not have the rule, has ``{"error": ..., "detail": ...}`` as its result;
    the others still run.

    Raises:
        UnknownRule: ``which`` is neither ``all`` nor a rule for the kind of any of the cases.
    """
    every = list(cases)
    if which != "all":
        kinds = {case.kind for case in every if case.kind} or set(_RULES)
        rule(which, tuple(dict.fromkeys(name for kind in _RULES if kind in kinds for name in _RULES[kind])))
    return {"cases": [{"name": case.name, "result": _result(case, which, exact=exact)} for case in every]}


def _result(case: LedgerCase | Refused, which: str, *, exact: bool) -> Result:
    if isinstance(case, Refused):
        return _refusal(case.error)
    rules = _RULES[case.kind]
    if which not in ("all", *rules):
        choice = ", ".join(rules)
        return _refusal(UnknownRule(f"rule {which} is not one for {case.kind} cases; choose one of: {choice}"))
    try:
        return _solved(case, rules if which == "all" else (which,), is_all=which == "all", exact=exact)
    except CryptotraceError as error:
        return _refusal(error)


def _solved(case: LedgerCase, names: Sequence[str], *, is_all: bool, exact: bool) -> Result:
    show = _utxo_result if case.kind == "utxo" else _ledger_result
    result: Result = {}
    if is_all and case.kind == "ledger":
        result["balances"] = {account: as_text(units) for account, units in case.balances().items()}
    for name in names:
        result[name] = show(trace(case, case.claims, rule(name), exact=exact), case)
    if is_all:
        result |= _conserved(case, result, names) | _closed_forms(case, exact=exact)
    return result


def _refusal(error: CryptotraceError) -> Result:
    code = "insufficient_balance" if isinstance(error, InsufficientBalance) else "invalid_case"
    return {"error": code, "detail": str(error)}


def _conserved(case: LedgerCase, result: Mapping[str, Any], chosen: Sequence[str]) -> Result:
    """The totals that all rules agree on, as the schema has it: stated for ledgers, a note where they differ."""
    totals = [result[name]["totals"] for name in chosen if "totals" in result[name]]
    if any(each != totals[0] for each in totals):
        return {"note_totals_differ": "expected only where a second mark meets existing taint"}
    return {"conserved": totals[0]} if case.kind == "ledger" else {}


# --- UTXO -------------------------------------------------------------------------------------------------------------


def _utxo_result(run: Trace, case: LedgerCase) -> Result:
    outputs = [t for t in run.flows if t.flow.kind is FlowKind.OUTPUT and t.claimed]
    fees = [t for t in run.flows if t.flow.kind in {FlowKind.FEE, FlowKind.BURN} and t.claimed]
    result: Result = {
        "txos": {t.flow.id: as_texts(t.claimed) for t in sorted(outputs, key=_chain_order(case))},
        "fees": {str(t.flow.source): as_texts(t.claimed) for t in sorted(fees, key=_chain_order(case))},
    }
    if run.rule in {"fifo", "lifo"}:
        result["fragments"] = {t.flow.id: _fragments(t.fragments) for t in sorted(outputs, key=_chain_order(case))}
    if run.conserves:
        result["totals"] = as_texts(_sum(end.claimed for end in run.ends))
    return result


def _chain_order(case: LedgerCase) -> Callable[[Any], int]:
    place = {flow_id: n for n, flow_id in enumerate(case.flows)}
    return lambda traced: place[traced.flow.id]


# --- account ledger ---------------------------------------------------------------------------------------------------


def _ledger_result(run: Trace, case: LedgerCase) -> Result:
    held = {str(end.pot): end for end in run.ends if end.flow is None}
    of = {kind: [t for t in run.flows if t.flow.kind is kind and t.claimed] for kind in FlowKind}
    result: Result = {
        "accounts": {account: as_texts(held[account].claimed) for account in sorted(held)},
        "transfers": {t.flow.id[1:]: as_texts(t.claimed) for t in sorted(of[FlowKind.TRANSFER], key=_entry_number)},
        "fees": {
            t.flow.id[1:].removesuffix(":fee"): as_texts(t.claimed) for t in sorted(of[FlowKind.FEE], key=_entry_number)
        },
    }
    if run.rule in {"fifo", "lifo"}:
        result["lots"] = {account: _fragments(held[account].fragments) for account in sorted(held)}
    if run.conserves:
        result["totals"] = as_texts(_sum(end.claimed for end in run.ends))
    else:
        result["reached"] = _reached(run, case)
    return result


def _entry_number(traced: Any) -> int:
    return int(traced.flow.id[1:].removesuffix(":fee"))


def _reached(run: Trace, case: LedgerCase) -> dict[str, list[str]]:
    reached: dict[str, set[str]] = defaultdict(set)
    for traced in run.flows:
        if traced.arrival is not None:
            for claimant in traced.claimed:
                reached[claimant].add(str(traced.arrival.pot))
    return {
        claimant: sorted(reached[claimant]) for claimant in sorted({c.claimant for c in case.claims} & set(reached))
    }


def _closed_forms(case: LedgerCase, *, exact: bool) -> Result:
    if case.kind != "ledger":
        return {}
    out: Result = {}
    for account in case.raw.get("libr_closed_form", []):
        out.setdefault("libr_closed_form", {})[account] = as_text(lowest_intermediate_balance(case, Pot(account)))
    for account in case.raw.get("pari_passu_accounts", []):
        out.setdefault("pari_passu", {})[account] = pari_passu(case, Pot(account), exact=exact)
    return out


def lowest_intermediate_balance(case: LedgerCase, pot: Pot) -> int:
    """The closed form for one claim on one account: the claim, or the lowest balance since it arrived if that is less.

    Source: Roscoe v Winder [1915] 1 Ch 62, as usually stated; valid while the claim does not return to the account.
    """
    claims = {claim.flow: claim.units for claim in case.claims}
    balance, claim, lowest = 0, 0, None
    for instant in case.timeline.get(pot, ()):
        balance += sum(f.units for f in instant.arrivals) - sum(f.units for f in instant.departures)
        for flow in instant.arrivals:
            if flow.id in claims:
                claim, lowest = claims[flow.id], balance
        if lowest is not None:
            lowest = min(lowest, balance)
    return 0 if lowest is None else min(claim, lowest)


def pari_passu(case: LedgerCase, pot: Pot, *, exact: bool) -> dict[str, dict[str, str]]:
    """The final balance of one account shared in proportion to all contributions, ignoring their order.

    ``~clean`` stands for what nobody claims. The result is a distribution of one balance, not a tracing of payments.
    Without ``exact`` the shares are whole base units that sum to the balance: floors first, missing units by largest
    remainder, ties in the order of the claims and ``~clean`` last.

    Source: Barlow Clowes International v Vaughan [1992] 4 All ER 22, as usually stated.
    """
    given: dict[str, int] = dict.fromkeys([*(claim.claimant for claim in case.claims), _CLEAN], 0)
    balance = 0
    for instant in case.timeline.get(pot, ()):
        balance += sum(f.units for f in instant.arrivals) - sum(f.units for f in instant.departures)
        for flow in instant.arrivals:
            left = flow.units
            for claimant, units in _claims_on(case, flow):
                part = min(units, left)
                given[claimant] += part
                left -= part
            given[_CLEAN] += left
    given = {name: units for name, units in given.items() if units}
    shares: Sequence[Units] = []
    if given:
        whole = sum(given.values())
        shares = [Fraction(units * balance, whole) for units in given.values()]
        if not exact:
            shares, _ = split_whole(balance, list(given.values()))
    of = dict(zip(given, shares, strict=True))
    return {"contributions": as_texts(given), "shares": {name: as_text(of[name]) for name in sorted(of)}}


def _claims_on(case: LedgerCase, flow: Flow) -> list[tuple[str, int]]:
    return [(claim.claimant, claim.units) for claim in case.claims if claim.flow == flow.id]


# --- text -------------------------------------------------------------------------------------------------------------


def _sum(many: Iterable[Mapping[str, Units]]) -> dict[str, Units]:
    sums: dict[str, Units] = {}
    for shares in many:
        for claimant, units in shares.items():
            sums[claimant] = sums.get(claimant, 0) + units
    return sums


def _fragments(fragments: Sequence[Fragment]) -> list[list[str | None]]:
    return [[label, as_text(units)] for label, units in fragments]
