"""Wrapping and unwrapping TRX: which movement of TRX belongs to which event, and where the two stand.

A node tells internal transactions and events in two lists, each in the order in which it ran; how they lie between each
other it does not tell. Only conversions tie them: tokens are destroyed before their TRX is paid out, although the
contract writes ``Withdrawal`` behind the payment, and TRX is paid in before its tokens are made. TRX, TRC-10 and stake
move in the first list only and tokens in the second one only, so any order that keeps both lists and the conversions
gives the same shares, and such a one is made here.

An event is joined with a payment of TRX of the same parties and units; of several, the first event with the first
payment. The order is assumed where that is a guess, because there are not as many payments as events, and where a
conversion does not fit between the two lists. An event without its payment is named ``unjoined-conversion``: its tokens
were not destroyed, nor made out of nothing; what became of them, or was paid for them, is not told.

Source: published source of WTRX, ``deposit`` and ``withdraw``; java-tron, ``Program.addInternalTx`` and
``ProgramResult.merge`` (what a call did is added to both lists when it is done, behind what was there before it).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cryptotrace.model.flow import FlowKind
from cryptotrace.model.movement import Movement, Order, Wrap

if TYPE_CHECKING:
    from cryptotrace.chains.tron.draft import Draft

#: How it is called in ``missing`` that a node does not tell internal transactions.
INTERNALS = "internal transactions"
_Payment = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Wrapping:
    """A ``Deposit`` or ``Withdrawal`` of a known contract of wrapped TRX."""

    place: str
    """Which movement of tokens it made."""
    payer: str
    """Who paid the TRX, base58check: the account, or the contract where it is unwrapped."""
    payee: str
    """Who got the TRX, base58check."""
    units: int
    """How much, sun."""
    is_deposit: bool
    """True: TRX became tokens; False: tokens became TRX."""
    basis: str
    """What it rests on, in words."""


def join_wraps(draft: Draft, first_token: int) -> None:
    """Join what was wrapped and unwrapped with its TRX, and put all movements in one order.

    Args:
        draft: all movements of the transaction, those of the events last.
        first_token: how many stand before those of the events.
    """
    coins, tokens = draft.movements[:first_token], draft.movements[first_token:]
    wraps = _joined(draft, coins)
    order = _merged(coins, tokens, wraps)
    at = {each.place: number for number, each in enumerate(order)}
    fitting = {token: wrap for token, wrap in wraps.items() if at[wrap.outflow] < at[wrap.inflow]}
    if len(fitting) < len(wraps):
        draft.order = Order.ASSUMED
    draft.movements[:] = [replace(each, part=part) for part, each in enumerate(order)]
    draft.wraps += fitting.values()
    for each in draft.wrappings:
        if each.units and each.place not in fitting:
            draft.note(f"unjoined-conversion {each.place}")
            if INTERNALS not in draft.missing:
                side = "paid for" if each.is_deposit else "paid out for"
                draft.lack(f"{INTERNALS}: none has the {each.units} sun that were {side} {each.place}")


def _joined(draft: Draft, coins: Sequence[Movement]) -> dict[str, Wrap]:
    """The wraps by the place of their tokens; says where it is a guess which payment belongs to which event."""
    wanted: dict[_Payment, list[Wrapping]] = {}
    for each in draft.wrappings:
        if each.units:
            wanted.setdefault((each.payer, each.payee, each.units), []).append(each)
    paid: dict[_Payment, list[str]] = {payment: [] for payment in wanted}
    for coin in coins:
        if coin.asset == draft.network.asset and coin.kind is FlowKind.TRANSFER and coin.payer and coin.payee:
            paid.get((coin.payer.address, coin.payee.address, coin.units), []).append(coin.place)
    wraps = {}
    for payment, events in wanted.items():
        places = paid[payment]
        if places and len(places) != len(events):
            draft.order = Order.ASSUMED
            draft.note(
                f"conversion-assumed {events[0].place}: {len(events)} events and {len(places)} payments of "
                f"{payment[2]} sun from {payment[0]} to {payment[1]}; they are joined in their order"
            )
        for event, place in zip(events, places, strict=False):
            legs = (place, event.place) if event.is_deposit else (event.place, place)
            wraps[event.place] = Wrap(*legs, event.basis)
    return {each.place: wraps[each.place] for each in draft.wrappings if each.place in wraps}


def _merged(coins: Sequence[Movement], tokens: Sequence[Movement], wraps: Mapping[str, Wrap]) -> list[Movement]:
    """Both in one order that keeps the order of each, destroys tokens before their TRX, and makes them after it."""
    number = {each.place: n for n, each in enumerate(tokens, 1)}
    burns = {wrap.inflow: number[token] for token, wrap in wraps.items() if wrap.outflow == token}
    mints = {wrap.outflow: number[token] for token, wrap in wraps.items() if wrap.inflow == token}
    order: list[Movement] = []
    at = 0
    for coin in coins:
        before = max(at, burns.get(coin.place, 0))
        behind = max(before, mints.get(coin.place, 0))
        order += [*tokens[at:before], coin, *tokens[before:behind]]
        at = behind
    return [*order, *tokens[at:]]
