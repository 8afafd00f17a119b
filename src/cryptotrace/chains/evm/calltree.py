"""What ran inside a transaction: the tree of its calls, as the tracers of nodes tell it.

A trace address is the way from the top: ``(0, 2)`` is the third call of the first call. Tracers do not agree on what
they list, so two kinds of entries are left out of the tree and of the count: calls of no value to a precompiled
contract (Parity and geth's flat tracer hide them, geth's call tracer shows them), and calls that never began because
the caller had not the balance or the stack was too deep. Neither moves anything, and so every tracer gives a call the
same address.

Source: go-ethereum documentation, "Built-in tracers" (``callTracer``, ``flatCallTracer``); OpenEthereum documentation,
"JSONRPC trace module"; EIP-7 (delegatecall), EIP-214 (staticcall), EIP-1014 (create2), EIP-6780 (selfdestruct).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from cryptotrace.chains.evm.receipt import Log


class CallKind(StrEnum):
    """What kind of call it is."""

    CALL = "call"
    """A call of an account; its value goes to it."""
    CALLCODE = "callcode"
    """Foreign code, run as the caller; its value stays where it is."""
    DELEGATECALL = "delegatecall"
    """Foreign code, run as the caller for the caller's caller; the value that is told of it is that of its parent."""
    STATICCALL = "staticcall"
    """A call that may change nothing."""
    CREATE = "create"
    """A contract is created (CREATE, CREATE2 or by a transaction); its value goes to it."""
    SELFDESTRUCT = "selfdestruct"
    """A contract gives all that it holds to another account."""

    @property
    def carries_value(self) -> bool:
        """True if the value goes from one account to another one."""
        return self in {CallKind.CALL, CallKind.CREATE, CallKind.SELFDESTRUCT}


#: As tracers and explorers call them, in lower case.
KIND_BY_NAME = {kind.value: kind for kind in CallKind} | {
    "create2": CallKind.CREATE,
    "suicide": CallKind.SELFDESTRUCT,
}


@dataclass(frozen=True, slots=True)
class PlacedLog:
    """An event with its place among the calls of the frame that wrote it."""

    position: int
    """How many of the frame's calls began before it."""
    log: Log
    """The event."""


@dataclass(frozen=True, slots=True)
class CallFrame:
    """One call, with those inside it."""

    kind: CallKind
    """What kind of call."""
    caller: str
    """Who calls, with the checksum of EIP-55."""
    callee: str | None
    """Who is called, created, or gets what a destroyed contract held; None where a creation failed or it is not
    told."""
    value: int | None
    """Wei that it was called with; None where the tracer does not tell it."""
    failed: bool
    """True: it was reverted or ran out of gas, and with it all that is inside."""
    trace_address: tuple[int, ...]
    """The way from the top; empty for the transaction itself."""
    logs: tuple[PlacedLog, ...] | None
    """Its own events in order; None where the tracer was not asked for them."""
    children: tuple[CallFrame, ...] = ()
    """The calls inside it, in order."""

    @property
    def place(self) -> str:
        """What names its movement of value: ``value`` for the transaction itself, else ``call.0.2``."""
        return ".".join(["call", *map(str, self.trace_address)]) if self.trace_address else "value"


@dataclass(frozen=True, slots=True)
class Step:
    """A call that begins, or an event that is written."""

    frame: CallFrame
    """Which call, or the call that wrote the event."""
    log: Log | None
    """The event; None where the call begins."""


def steps(root: CallFrame) -> Iterator[Step]:
    """What was not undone, in the order in which it happened: calls as they begin, and events between them.

    Nothing of a failed call is given, nor of what is inside it. Without positions of events there are only calls.
    """
    stack: list[CallFrame | Step] = [root]
    while stack:
        each = stack.pop()
        if isinstance(each, Step):
            yield each
        elif not each.failed:
            yield Step(each, None)
            stack += reversed(_inside(each))


def _inside(frame: CallFrame) -> list[CallFrame | Step]:
    """The calls and events of a frame in their order."""
    found: list[CallFrame | Step] = []
    logs = list(frame.logs or ())
    at = 0
    for number, child in enumerate(frame.children):
        while at < len(logs) and logs[at].position <= number:
            found.append(Step(frame, logs[at].log))
            at += 1
        found.append(child)
    return found + [Step(frame, each.log) for each in logs[at:]]


def has_logs(root: CallFrame) -> bool:
    """True if the tracer told the events and their positions."""
    return root.logs is not None
