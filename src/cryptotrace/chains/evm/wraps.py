"""Movements of the native coin and of tokens in one order, and the wraps that join them.

A wrap is two movements: the native coin goes to the wrapper and its tokens are made, or tokens are destroyed and the
coin comes back. They are joined where the amounts are equal and the accounts fit; of several that fit, the first.
The tokens of an unwrap are destroyed before the coin is paid, although WETH9 writes its event after it.

Without the tracer's positions calls and events have each their own order; between them only wraps tie them, and two
movements of one asset are always of one kind. So the order that is made here changes no share.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cryptotrace.chains.evm.ether import EtherMove
from cryptotrace.chains.evm.tokens import TokenMove

Move = EtherMove | TokenMove


@dataclass(frozen=True, slots=True)
class Join:
    """A wrap or an unwrap."""

    ether: EtherMove
    """The movement of the native coin."""
    token: TokenMove
    """The mint or burn of the wrapper's token."""

    @property
    def is_unwrap(self) -> bool:
        """True if tokens were given for the coin."""
        return self.token.payee is None


def _fits(ether: EtherMove, token: TokenMove, *, strict: bool) -> bool:
    """True if both sides are of one wrap; ``strict``: by the same account on both sides."""
    if ether.units != token.units:
        return False
    wrapper, other = (ether.payee, ether.payer) if token.payer is None else (ether.payer, ether.payee)
    holder = token.payee if token.payer is None else token.payer
    return wrapper == token.contract and (other == holder or not strict)


def find_joins(ether: Sequence[EtherMove], tokens: Iterable[TokenMove], wrappers: frozenset[str]) -> list[Join]:
    """The wraps and unwraps of a transaction; a movement is of one of them at most.

    Args:
        ether: movements of the native coin, in order.
        tokens: movements of tokens, in order.
        wrappers: contracts that wrap the native coin.
    """
    left = list(ether)
    joins: list[Join] = []
    wanted = [
        each
        for each in tokens
        if each.contract in wrappers and each.standard == "erc20" and None in (each.payer, each.payee) and each.units
    ]
    for strict in (True, False):
        for token in list(wanted):
            found = next((each for each in left if _fits(each, token, strict=strict)), None)
            if found is not None:
                joins.append(Join(found, token))
                left.remove(found)
                wanted.remove(token)
    return sorted(joins, key=lambda join: join.token.log)


def merged(ether: Sequence[EtherMove], tokens: Sequence[TokenMove], joins: Sequence[Join]) -> list[Move]:
    """Both in one order that keeps the order of each and destroys tokens before the coin comes back."""
    burns = {join.ether: join.token for join in joins if join.is_unwrap}
    mints = {join.ether: join.token for join in joins if not join.is_unwrap}
    found: list[Move] = []
    waiting = list(tokens)
    for each in ether:
        _release(found, waiting, burns.get(each))
        found.append(each)
        _release(found, waiting, mints.get(each))
    return found + waiting


def _release(found: list[Move], waiting: list[TokenMove], last: TokenMove | None) -> None:
    """Move what is waiting over, up to and with ``last``."""
    if last in waiting:
        end = waiting.index(last) + 1
        found += waiting[:end]
        del waiting[:end]


def burns_first(found: list[Move], joins: Iterable[Join]) -> list[Move]:
    """The same order with the burn of each unwrap right before its coin, if it stood after it."""
    for join in joins:
        if join.is_unwrap and found.index(join.ether) < found.index(join.token):
            found.remove(join.token)
            found.insert(found.index(join.ether), join.token)
    return found
