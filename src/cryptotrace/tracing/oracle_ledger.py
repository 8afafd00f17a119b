"""The oracle's half for account ledgers; see ``cryptotrace.tracing.oracle``.

Source: Clayton's case (1816) (FIFO); the North American rolling charge (haircut); Roscoe v Winder [1915] (libr, lowest
intermediate balance); Re Oatway (1903) (taint_first); Barlow Clowes v Vaughan [1992] (pari passu), each as usually
stated. Not legal advice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from cryptotrace.tracing.oracle_values import (
    Case,
    Coin,
    Mark,
    Shares,
    added,
    as_text,
    counted,
    cut,
    marked,
    marked_shares,
    refuse_many,
    runs,
)


@dataclass(frozen=True, slots=True)
class Movement:
    """A movement on a ledger: ``#3`` is the value of entry 3, ``#3:fee`` its fee, ``opening:M`` an opening balance."""

    name: str
    payer: str | None
    payee: str | None
    units: int
    marks: list[Mark]


class Overdrawn(Exception):
    """An account pays out more than it holds; ``solve`` turns it into the schema's refusal."""


def movements(case: Case) -> list[Movement]:
    """Everything that moves, in order; a payment that its account cannot make is refused.

    Raises:
        Overdrawn: an account pays out more than it holds at that entry.
    """
    held: dict[str, int] = defaultdict(int)
    moves = []
    for account, units in case.get("opening", {}).items():
        claims = [s for s in case.get("opening_sources", []) if s["account"] == account]
        moves.append(Movement(f"opening:{account}", None, account, units, _first_units(claims, units)))
        held[account] += units
    entries = case["entries"]
    for i in sorted(range(len(entries)), key=lambda n: (entries[n]["t"], entries[n].get("seq", 0), n)):
        for move in _parts(i, entries[i], [s for s in case.get("sources", []) if s["entry"] == i]):
            if move.payer is not None:
                if held[move.payer] < move.units:
                    raise Overdrawn(f"entry {i}: {move.payer} has {held[move.payer]}, needs {move.units}")
                held[move.payer] -= move.units
            if move.payee is not None:
                held[move.payee] += move.units
            moves.append(move)
    return moves


def _parts(i: int, entry: Case, claims: Sequence[Case]) -> list[Movement]:
    value, fee = entry["value"], entry.get("fee", 0)
    parts = []
    if value > 0 and entry["from"] != entry["to"]:
        parts.append(Movement(f"#{i}", entry["from"], entry["to"], value, _first_units(claims, value)))
    if fee > 0:
        parts.append(Movement(f"#{i}:fee", entry.get("fee_payer", entry["from"]), "@fees", fee, []))
    return parts


def _first_units(claims: Iterable[Case], whole: int) -> list[Mark]:
    return [Mark(source["claim"], 0, source.get("amount", whole)) for source in claims]


def solve_ledger(case: Case, moves: Sequence[Movement], rules: Sequence[str]) -> dict[str, Any]:
    """Final balances, every asked rule, and the closed forms that the case asks for."""
    balance: dict[str, int] = defaultdict(int)
    for move in moves:
        if move.payer is not None:
            balance[move.payer] -= move.units
        if move.payee is not None:
            balance[move.payee] += move.units
    out: dict[str, Any] = {"balances": {account: str(balance[account]) for account in sorted(balance)}}
    for rule in rules:
        if rule == "poison":
            out[rule] = _ledger_poison(moves)
        elif rule in {"fifo", "lifo"}:
            out[rule] = _ledger_coins(moves, rule)
        else:
            out[rule] = _ledger_view(moves, *_ledger_shares(moves, _FORMULAS[rule]))
    for account in case.get("libr_closed_form", []):
        out.setdefault("libr_closed_form", {})[account] = str(_lowest_since(moves, account))
    for account in case.get("pari_passu_accounts", []):
        out.setdefault("pari_passu", {})[account] = _pari_passu(moves, account, balance[account])
    return out


def _ledger_view(moves: Sequence[Movement], held: Mapping[str, Shares], moved: Mapping[str, Shares]) -> dict[str, Any]:
    gone = (moved[move.name] for move in moves if move.payee is None)
    shown = {name: as_text(shares) for name, shares in moved.items() if name.startswith("#") and any(shares.values())}
    return {
        "accounts": {account: as_text(held[account]) for account in sorted(held) if any(held[account].values())},
        "transfers": {name[1:]: text for name, text in shown.items() if not name.endswith(":fee")},
        "fees": {name[1:].removesuffix(":fee"): text for name, text in shown.items() if name.endswith(":fee")},
        "totals": as_text(added([*held.values(), *gone])),
    }


def _ledger_coins(moves: Sequence[Movement], rule: str) -> dict[str, Any]:
    refuse_many(sum(move.units for move in moves))
    purse: dict[str, list[Coin]] = defaultdict(list)
    moved: dict[str, list[Coin]] = {}
    for move in moves:
        coins: list[Coin] = [None] * move.units
        if move.payer is not None:
            coins, purse[move.payer] = cut(purse[move.payer], move.units, rule)
        moved[move.name] = marked(coins, move.marks)
        if move.payee is not None:
            purse[move.payee] = purse[move.payee] + coins
    held = {account: counted(coins) for account, coins in purse.items()}
    view = _ledger_view(moves, held, {name: counted(coins) for name, coins in moved.items()})
    return view | {"lots": {account: runs(purse[account]) for account in view["accounts"]}}


#: How much of a payment of x is claimed value, where an account holds B of which T is claimed.
_FORMULAS: dict[str, Callable[[int, int, Fraction], Fraction]] = {
    "haircut": lambda x, B, T: T * x / B,  # noqa: N803 - the letters of the definition
    "libr": lambda x, B, T: max(Fraction(0), x - (B - T)),  # noqa: N803
    "taint_first": lambda x, B, T: min(Fraction(x), T),  # noqa: N803
}


def _ledger_shares(
    moves: Sequence[Movement], formula: Callable[[int, int, Fraction], Fraction]
) -> tuple[dict[str, Shares], dict[str, Shares]]:
    """What every account holds at the end and what every movement carried."""
    balance: dict[str, int] = defaultdict(int)
    held: dict[str, Shares] = defaultdict(dict)
    moved: dict[str, Shares] = {}
    for move in moves:
        carries: Shares = {}
        if move.payer is not None:
            mine = held[move.payer]
            claimed = sum(mine.values(), Fraction(0))
            if claimed:
                out = formula(move.units, balance[move.payer], claimed)
                carries = {claim: part * out / claimed for claim, part in mine.items()}
            held[move.payer] = {claim: part - carries.get(claim, 0) for claim, part in mine.items()}
            balance[move.payer] -= move.units
        moved[move.name] = marked_shares(carries, move.units, move.marks)
        if move.payee is not None:
            held[move.payee] = added([held[move.payee], moved[move.name]])
            balance[move.payee] += move.units
    return held, moved


def _ledger_poison(moves: Sequence[Movement]) -> dict[str, Any]:
    balance: dict[str, int] = defaultdict(int)
    poisoned: dict[str, set[str]] = defaultdict(set)
    moved: dict[str, Shares] = {}
    reached: dict[str, set[str]] = defaultdict(set)
    for move in moves:
        touched = {mark.claim for mark in move.marks if mark.units > 0}
        if move.payer is not None:
            touched |= poisoned[move.payer]
            balance[move.payer] -= move.units
            if balance[move.payer] == 0:
                poisoned[move.payer] = set()
        moved[move.name] = dict.fromkeys(touched, Fraction(move.units))
        if move.payee is not None:
            poisoned[move.payee] |= touched
            balance[move.payee] += move.units
            for claim in touched:
                reached[claim].add(move.payee)
    held = {account: dict.fromkeys(poisoned[account], Fraction(balance[account])) for account in balance}
    view = _ledger_view(moves, held, moved)
    del view["totals"]
    return view | {"reached": {claim: sorted(reached[claim]) for claim in sorted(reached)}}


def _lowest_since(moves: Sequence[Movement], account: str) -> int:
    """The claim, or the account's lowest balance since it arrived; for one claim that does not come back."""
    balance, claim, balances_since = 0, 0, [0]
    for move in moves:
        balance += (move.payee == account) * move.units - (move.payer == account) * move.units
        if move.payee == account and move.marks:
            claim, balances_since = move.marks[0].units, []
        balances_since.append(balance)
    return min(claim, *balances_since)


def _pari_passu(moves: Sequence[Movement], account: str, balance: int) -> dict[str, dict[str, str]]:
    """Every contributor's share of the final balance, in proportion to what they ever put in."""
    given: Shares = defaultdict(Fraction)
    for move in moves:
        if move.payee == account:
            claims = marked_shares({}, move.units, move.marks)
            for claim, units in claims.items():
                given[claim] += units
            given["~clean"] += move.units - sum(claims.values())
    whole = sum(given.values())
    return {
        "contributions": as_text(given),
        "shares": {name: str(units * balance / whole) for name, units in given.items() if units},
    }
