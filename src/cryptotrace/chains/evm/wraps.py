"""Movements of the native coin and of tokens in one order, and the wraps that join them.

A wrap is two movements: the native coin goes to the wrapper and its tokens are made, or tokens are destroyed and the
coin comes back. They are joined where wrapper, amount and account fit; of several that fit, the first.
The tokens of an unwrap are destroyed before the coin is paid, although WETH9 writes its event after it.

Without the tracer's positions calls and events have each their own order; between them only wraps tie them, and two
movements of one asset are always of one kind. So the order that is made here changes no share.

A side that could not be joined is no end of the value: the coin moved, and the source does not tell it. Each such
movement has a notice ``unjoined-conversion <place>``.

Source: WETH9, verified source on the explorer of Ethereum: ``withdraw`` lowers the balance, pays, and then writes its
event; ``deposit`` and ``withdraw`` serve their caller only. OffchainLabs/token-bridge-contracts, aeWETH.sol
(``depositTo``, ``withdrawTo``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from cryptotrace.chains.evm.ether import EtherMove
from cryptotrace.chains.evm.network import EvmNetwork
from cryptotrace.chains.evm.tokens import TokenMove
from cryptotrace.model.flow import FlowKind
from cryptotrace.model.movement import Movement, Wrap

Move = EtherMove | TokenMove
#: Kind of the notice of a side of a wrap whose other side was not found.
UNJOINED = "unjoined-conversion"


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


def _sides(token: TokenMove) -> tuple[bool, str | None]:
    """Whether tokens are made, and whose they are."""
    return token.payer is None, token.payee if token.payer is None else token.payer


class _Coins:
    """Movements of the native coin by wrapper and amount, each given away once."""

    def __init__(self, ether: Sequence[EtherMove]) -> None:
        self._by_side: dict[tuple[bool, str | None, int], list[EtherMove]] = {}
        self._taken: set[EtherMove] = set()
        for each in ether:
            self._by_side.setdefault((True, each.payee, each.units), []).append(each)
            self._by_side.setdefault((False, each.payer, each.units), []).append(each)

    def take(self, token: TokenMove, *, strict: bool) -> EtherMove | None:
        """The first movement that is the other side of a mint or burn; ``strict``: of the same account."""
        is_mint, holder = _sides(token)
        for each in self._by_side.get((is_mint, token.contract, token.units), ()):
            other = each.payer if is_mint else each.payee
            if each not in self._taken and (other == holder or not strict):
                self._taken.add(each)
                return each
        return None


def find_joins(
    ether: Sequence[EtherMove], tokens: Iterable[TokenMove], wrappers: frozenset[str], loose: frozenset[str]
) -> list[Join]:
    """The wraps and unwraps of a transaction; a movement is of one of them at most.

    Args:
        ether: movements of the native coin, in order.
        tokens: movements of tokens, in order.
        wrappers: contracts that wrap the native coin.
        loose: those of them that may pay the coin to another account than the one whose tokens are destroyed, or
            make tokens for another one than paid; WETH9 does not.
    """
    coins = _Coins(ether)
    wanted = [
        each
        for each in tokens
        if each.contract in wrappers and each.standard == "erc20" and None in (each.payer, each.payee) and each.units
    ]
    joins: dict[str, Join] = {}
    for strict in (True, False):
        for token in wanted:
            if token.place in joins or not (strict or token.contract in loose):
                continue
            found = coins.take(token, strict=strict)
            if found is not None:
                joins[token.place] = Join(found, token)
    return sorted(joins.values(), key=lambda join: join.token.log)


def unjoined(
    tokens: Iterable[TokenMove], wraps: Iterable[Wrap], wrappers: Collection[str], loose: Collection[str]
) -> tuple[str, ...]:
    """A notice for each mint and burn of a wrapper whose coin was not found.

    Of a wrapper as WETH9 these are Deposit and Withdrawal only: a Transfer to the zero address destroys its tokens.

    Args:
        tokens: movements of tokens.
        wraps: the wraps and unwraps that were found.
        wrappers: contracts that wrap the native coin.
        loose: those of them that write a Transfer for each.
    """
    joined = {place for each in wraps for place in (each.outflow, each.inflow)}
    return tuple(
        f"{UNJOINED} {each.place}"
        for each in tokens
        if each.contract in wrappers
        and each.standard == "erc20"
        and (each.event in {"Deposit", "Withdrawal"} or (each.contract in loose and None in (each.payer, each.payee)))
        and each.units
        and each.place not in joined
    )


def unjoined_rows(movements: Iterable[Movement], network: EvmNetwork) -> tuple[str, ...]:
    """The same for movements out of tables, which tell no events and join no sides."""
    wrapped = {network.token("erc20", each.contract) for each in network.wrappers}
    return tuple(
        f"{UNJOINED} {each.place}"
        for each in movements
        if each.asset in wrapped and each.units and each.kind in {FlowKind.BURN, FlowKind.ISSUANCE}
    )


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
    if last is not None and last in waiting:
        end = waiting.index(last) + 1
        found += waiting[:end]
        del waiting[:end]


def burns_first(found: Sequence[Move], joins: Iterable[Join]) -> list[Move]:
    """The same order with the burn of each unwrap right before its coin, if it stood after it."""
    burns = {join.ether: join.token for join in joins if join.is_unwrap}
    made: list[Move] = []
    early: set[str] = set()
    for each in found:
        burn = burns.get(each) if isinstance(each, EtherMove) else None
        if burn is not None and burn.place not in early:
            early.add(burn.place)
            made.append(burn)
        if isinstance(each, EtherMove) or each.place not in early:
            early.add(each.place)
            made.append(each)
    return made
