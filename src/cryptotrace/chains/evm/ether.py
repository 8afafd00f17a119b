"""The native coin inside a transaction: which calls of a tree moved how much, from whom to whom.

==============================  ======================================================================================
call                            what moves
==============================  ======================================================================================
call, creation                  its value, from caller to callee, if neither it nor a call around it failed
callcode, delegatecall          nothing: the value stays with the caller, or is only that of the call around it
staticcall                      nothing
self-destruct for another one   the whole balance, to that account
self-destruct for itself        before EIP-6780, or of a contract created in the same transaction: burnt; since then
                                nothing changes, and it is listed as a transfer to itself
paid to a destroyed contract    what is left of it at the end of the transaction is burnt with the contract
==============================  ======================================================================================

Source: Ethereum Yellow Paper §8 and appendix H; EIP-7 (delegatecall), EIP-6780 (self-destruct since Cancun).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from cryptotrace.chains.evm.calltree import CallFrame, CallKind, Step, steps


@dataclass(frozen=True, slots=True, eq=False)
class EtherMove:
    """One movement of the native coin."""

    place: str
    """``value``, ``call.0.2``; ``call.0.2.burnt`` for what was left in a contract that was destroyed there."""
    units: int
    """Wei, above 0."""
    payer: str
    """Who pays."""
    payee: str | None
    """Who is paid; None: it is burnt."""
    frame: CallFrame | None = None
    """The call that moves it; None where no tree is known."""


@dataclass(slots=True)
class EtherReading:
    """What a tree says."""

    moves: list[EtherMove] = field(default_factory=list)
    """The movements in order."""
    untold: list[str] = field(default_factory=list)
    """Places whose amount or receiver the tracer does not tell."""
    rests_on_rule: bool = False
    """True if it depends on whether EIP-6780 is in force."""
    _created: set[str] = field(default_factory=set)
    _destroyed: dict[str, list[str | int]] = field(default_factory=dict)

    def take(self, frame: CallFrame, *, keeps: bool) -> EtherMove | None:
        """The movement of a call that was not undone, or None; to be given in the order in which they begin.

        Args:
            frame: the call.
            keeps: True if EIP-6780 is in force: only contracts created in the same transaction are destroyed.
        """
        if frame.kind is CallKind.CREATE and frame.callee is not None:
            self._created.add(frame.callee)
        if not frame.kind.carries_value:
            return None
        if frame.value is None or (frame.callee is None and frame.value):
            self.untold.append(frame.place)
            return None
        move = self._move(frame, frame.value, keeps)
        if move is not None:
            self._follow(move)
            self.moves.append(move)
        return move

    def _move(self, frame: CallFrame, value: int, keeps: bool) -> EtherMove | None:
        payee = frame.callee
        if frame.kind is CallKind.SELFDESTRUCT:
            is_new = frame.caller in self._created
            self.rests_on_rule = self.rests_on_rule or not is_new
            if is_new or not keeps:
                self._destroyed.setdefault(frame.caller, [frame.place, 0])
                payee = None if payee == frame.caller else payee
        return EtherMove(frame.place, value, frame.caller, payee, frame) if value else None

    def _follow(self, move: EtherMove) -> None:
        """Keep count of what is in contracts that will be gone."""
        is_end = move.frame is not None and move.frame.kind is CallKind.SELFDESTRUCT
        for account, sign in ((move.payer, -1), (move.payee, 1)):
            kept = self._destroyed.get(account) if account is not None else None
            if kept is not None and not (is_end and sign < 0):
                kept[1] = int(kept[1]) + sign * move.units
            elif kept is not None:
                kept[1] = 0

    def end(self) -> list[EtherMove]:
        """What is burnt at the end of the transaction, with the contracts that held it; they join ``moves``."""
        burnt = [
            EtherMove(f"{place}.burnt", int(units), account, None)
            for account, (place, units) in self._destroyed.items()
            if int(units) > 0
        ]
        self.moves += burnt
        return burnt


def read_ether(root: CallFrame, *, keeps: bool) -> EtherReading:
    """All movements of a tree, the value of the transaction itself first."""
    reading = EtherReading()
    for step in only_calls(steps(root)):
        reading.take(step.frame, keeps=keeps)
    reading.end()
    return reading


def only_calls(found: Iterable[Step]) -> Iterable[Step]:
    """The steps in which a call begins."""
    return (step for step in found if step.log is None)
