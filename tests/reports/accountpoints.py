"""Touch points of the story on an account chain, written by hand: one into a deposit address, one direct."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

from tests.reports.accountdossiers import USDT, account, account_dossier, txid

from cryptotrace.model.block import BlockRef
from cryptotrace.model.flow import holding_pot
from cryptotrace.model.verdict import LinkClass
from cryptotrace.reports.dossier import Answer, Dossier
from cryptotrace.seizure.deposits import Deposit, DepositParameters, Sweep
from cryptotrace.seizure.touchpoints import Examined, TouchPoint, TouchPoints

#: The sweep that the mule's address is recognised by.
SWEPT = f"{txid('cashing out')}#log.0"


def block_of(dossier: Dossier, flow: str) -> BlockRef:
    """The block of a flow's transaction."""
    block = dossier.transactions[flow.partition("#")[0]].block
    assert block is not None
    return block


def with_points(rule: str = "fifo", **changes: Any) -> Dossier:
    """The story with the mule's address taken for a deposit address of the exchange."""
    made = account_dossier(rule)
    traced = {each.flow.id: each for each in made.trace.flows}
    into, swept = traced[f"{txid('onward')}#log.0"], traced[SWEPT]
    (tags,) = made.tags.values()
    mule, hot = account("mule"), account("deposit address")
    sweep = Sweep(swept.flow, block_of(made, SWEPT), hot)
    deposit = Deposit(mule, USDT, "An exchange", tags, (sweep,), Fraction(8, 9), 1, ("something",))
    pot = holding_pot(mule, USDT)
    unchecked = tuple(check for check in made.trace.pots if check.pot == pot)
    conserves = rule != "poison"
    first = TouchPoint(
        *("P-0001", "An exchange", False, mule, tags, into.flow, account("thief"), block_of(made, into.flow.id), ""),
        *(into.claimed, LinkClass.L3, LinkClass.L4, 1, deposit, sweep, conserves),
    )
    direct = TouchPoint(
        *("P-0002", "An exchange", True, hot, tags, swept.flow, mule, block_of(made, SWEPT), ""),
        *(swept.claimed, LinkClass.L3, LinkClass.L1, 2, None, None, conserves, unchecked),
    )
    examined = (Examined(account("crowd"), USDT, "no payment out of it is known"),)
    points = TouchPoints((first, direct), examined, DepositParameters())
    balance = Answer("b" * 64, "trongrid:https://api.example", "POST /balance", "2026-03-01T00:00:05Z", 90)
    pots = tuple(replace(check, evidence=("b" * 64,)) for check in made.trace.pots[:1]) + made.trace.pots[1:]
    trace = replace(made.trace, pots=pots)
    settings: dict[str, Any] = {"touch_points": points, "answers": (*made.answers, balance), "trace": trace}
    return replace(made, **(settings | changes))
