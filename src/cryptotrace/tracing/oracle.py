"""The slow obvious version of every rule: what the engine is tested against.

It works directly on one case object of the schema ``cryptotrace-taint-vectors/1`` and shares no code with the engine,
the rules, the fragments or the file reader. Each rule is written from its definition, by a method unlike the engine's:

===========================  ===========================================================================================
rule                         how
===========================  ===========================================================================================
fifo, lifo                   coin by coin: a coin is one list cell with a label, a payment is a slice of the list
haircut, tiho, seniority     backward: the share of an output is asked from the transaction that made it, which asks its
                             inputs, down to the claims; what an output gets is a closed formula of the values
poison                       reachability: a search from the claimed outputs (UTXO), marks on accounts (ledger)
libr, taint_first, haircut   on a ledger: the formula of each rule, payment by payment, in exact fractions
===========================  ===========================================================================================

It is meant for small cases: lists of coins are refused above ``UNIT_LIMIT``, and the recursion is as deep as the
longest chain of transactions. The case is taken to be well formed; only an overdrawn account is refused, as the schema
says.

Source: Anderson, Shumailov, Ahmed, "Making Bitcoin Legal" (FIFO); Möser, Böhme, Breuker, "Towards Risk Scoring of
Bitcoin Transactions" (poison, haircut); Tironsakkul et al. (TIHO); Roscoe v Winder [1915] (lowest
intermediate balance).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from cryptotrace.tracing.oracle_ledger import Overdrawn, movements, solve_ledger
from cryptotrace.tracing.oracle_values import (
    UNIT_LIMIT,
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

__all__ = ["UNIT_LIMIT", "solve"]


@dataclass(frozen=True, slots=True)
class _Mix:
    """A transaction: what goes in (None for clean value from outside) and what comes out, the fee last."""

    txid: str
    going_in: list[tuple[str | None, int]]
    coming_out: list[tuple[str, int]]


def solve(case: Case, rules: Sequence[str] | None = None) -> dict[str, Any]:
    """The expected results of one case, in exact fractions, with the structure of ``expected`` in the vectors.

    Args:
        case: one case object; ``txs`` make it a UTXO case, ``entries`` an account ledger.
        rules: which rules; None for all of the case's kind.

    Returns:
        Rule -> result, with ``balances``, ``conserved``, ``libr_closed_form`` and ``pari_passu`` as the schema has
        them; amounts are text. A ledger that pays out more than it holds gives ``{"error": ..., "detail": ...}``.

    Raises:
        TracingError: FIFO or LIFO on a case with more than ``UNIT_LIMIT`` units.
    """
    if "txs" in case:
        return _with_conserved(_solve_utxo(case, rules or ("poison", "haircut", "fifo", "lifo", "tiho", "seniority")))
    try:
        moves = movements(case)
    except Overdrawn as overdrawn:
        return {"error": "insufficient_balance", "detail": str(overdrawn)}
    return _with_conserved(
        solve_ledger(case, moves, rules or ("poison", "haircut", "fifo", "lifo", "libr", "taint_first"))
    )


def _with_conserved(result: dict[str, Any]) -> dict[str, Any]:
    totals = [each["totals"] for each in result.values() if isinstance(each, dict) and "totals" in each]
    if not all(each == totals[0] for each in totals):
        return result | {"note_totals_differ": "expected only where a second mark meets existing taint"}
    return result | ({"conserved": totals[0]} if "balances" in result else {})


@dataclass(slots=True)
class _Chain:
    """A UTXO case as transactions that mix, with the claims on each output."""

    mixes: list[_Mix]
    marks: dict[str, list[Mark]]
    value: dict[str, int] = field(default_factory=dict)
    maker: dict[str, _Mix] = field(default_factory=dict)
    taker: dict[str, _Mix] = field(default_factory=dict)


def _chain(case: Case) -> _Chain:
    chain = _Chain([], defaultdict(list))
    follow = bool(case.get("options", {}).get("follow_fees"))
    for tx in case["txs"]:
        outputs = [(f"{tx['id']}:{n}", units) for n, units in enumerate(tx["outputs"])]
        going_in: list[tuple[str | None, int]]
        if tx.get("coinbase"):
            fees = [f"{txid}:fee" for txid in tx.get("collects", [])]
            going_in = [(None, tx["subsidy"]), *((fee if follow else None, chain.value[fee]) for fee in fees)]
        elif tx["inputs"]:
            going_in = [(outpoint, chain.value[outpoint]) for outpoint in tx["inputs"]]
        else:
            going_in = [(None, sum(tx["outputs"]))]
        fee = sum(units for _, units in going_in) - sum(tx["outputs"])
        mix = _Mix(tx["id"], going_in, [*outputs, (f"{tx['id']}:fee", fee)])
        chain.mixes.append(mix)
        chain.value |= dict(mix.coming_out)
        chain.maker |= {name: mix for name, _ in mix.coming_out}
        chain.taker |= {name: mix for name, _ in going_in if name is not None}
    for source in case.get("sources", []):
        name, offset = source["outpoint"], source.get("offset", 0)
        units = source.get("amount", chain.value[name] - offset)
        chain.marks[name].append(Mark(source["claim"], offset, units))
    return chain


def _solve_utxo(case: Case, rules: Sequence[str]) -> dict[str, Any]:
    chain = _chain(case)
    out: dict[str, Any] = {}
    for rule in rules:
        if rule == "poison":
            out[rule] = _utxo_view(chain, _utxo_poison(chain))
        elif rule in {"fifo", "lifo"}:
            coins = _utxo_coins(chain, rule)
            out[rule] = _utxo_view(chain, {name: counted(cells) for name, cells in coins.items()})
            out[rule]["fragments"] = {name: runs(coins[name]) for name in out[rule]["txos"]}
        else:
            out[rule] = _utxo_view(chain, _utxo_shares(chain, rule))
        if rule == "poison":
            del out[rule]["totals"]
    return out


def _utxo_view(chain: _Chain, shares: Mapping[str, Shares]) -> dict[str, Any]:
    """The outputs and fees that hold claimed value; the totals are over what is not spent or collected."""
    shown = {name: as_text(shares[name]) for name in chain.value if any(shares.get(name, {}).values())}
    return {
        "txos": {name: text for name, text in shown.items() if not name.endswith(":fee")},
        "fees": {name.removesuffix(":fee"): text for name, text in shown.items() if name.endswith(":fee")},
        "totals": as_text(added(shares[name] for name in chain.value if name in shares and name not in chain.taker)),
    }


def _utxo_coins(chain: _Chain, rule: str) -> dict[str, list[Coin]]:
    refuse_many(sum(chain.value.values()))
    coins: dict[str, list[Coin]] = {}
    for mix in chain.mixes:
        queue: list[Coin] = []
        for name, units in mix.going_in:
            queue += [None] * units if name is None else coins[name]
        for name, units in mix.coming_out:
            served, queue = cut(queue, units, rule)
            coins[name] = marked(served, chain.marks.get(name, ()))
    return coins


def _utxo_shares(chain: _Chain, rule: str) -> dict[str, Shares]:
    """Each output asks the transaction that made it, backward; an answer once given is kept."""
    known: dict[str, Shares] = {}

    def of(name: str | None) -> Shares:
        if name is None:
            return {}
        if name not in known:
            mix = chain.maker[name]
            came = added(of(source) for source, _ in mix.going_in)
            gets = _portion(mix, name, sum(came.values(), Fraction(0)), rule)
            known[name] = marked_shares(
                {claim: part * gets for claim, part in came.items()}, chain.value[name], chain.marks.get(name, ())
            )
        return known[name]

    return {name: of(name) for name in chain.value}


def _portion(mix: _Mix, name: str, claimed: Fraction, rule: str) -> Fraction:
    """Which part, 0 to 1, of the ``claimed`` value that entered the transaction this output or fee gets."""
    if claimed == 0:
        return Fraction(0)
    value = dict(mix.coming_out)[name]
    if rule == "haircut":
        return Fraction(value, sum(units for _, units in mix.coming_out))
    queue = mix.coming_out
    if rule == "tiho":  # a stable sort: among equals the lower index stays first
        queue = [*sorted(queue[:-1], key=lambda each: each[1], reverse=True), queue[-1]]
    before = sum(units for _, units in queue[: [each for each, _ in queue].index(name)])
    return min(Fraction(value), max(Fraction(0), claimed - before)) / claimed


def _utxo_poison(chain: _Chain) -> dict[str, Shares]:
    reached: dict[str, Shares] = defaultdict(dict)
    work = [(name, mark.claim) for name, marks in chain.marks.items() for mark in marks if mark.units > 0]
    while work:
        name, claim = work.pop()
        if chain.value[name] == 0 or claim in reached[name]:
            continue
        reached[name][claim] = Fraction(chain.value[name])
        if name in chain.taker:
            work += [(out, claim) for out, _ in chain.taker[name].coming_out]
    return reached
