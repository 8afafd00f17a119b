"""Internal calls as explorers list them, made into a tree of calls.

Etherscan lists the internal calls of a transaction without their places, and those of an account with ``traceId``, the
trace address with ``_`` between its numbers (``0_2_0`` is call 0.2.0). So the calls of a transaction are asked for once
by its hash, and for their places once by each payer, in the transaction's block. Blockscout lists them with ``index``,
their order, and without trace addresses. Where no place is told, a movement is called by its row.

Source: Etherscan API documentation, "Get Internal Transactions by Transaction Hash / by Address"; the reading of
``traceId`` follows from the documented samples, which agree with the trace addresses of OpenEthereum's trace module;
Blockscout API documentation, account module, ``txlistinternal``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from cryptotrace.chains.evm.address import canonical_address
from cryptotrace.chains.evm.calltree import KIND_BY_NAME, CallFrame, CallKind
from cryptotrace.errors import InvalidAddress
from cryptotrace.model.movement import AccountTransaction, Order, Wrap
from cryptotrace.sources.evm.etherscanread import number
from cryptotrace.sources.foreignjson import Field

_TRACE = re.compile(r"[0-9]{1,6}(_[0-9]{1,6}){0,1100}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ListedCall:
    """One row of a list of internal calls."""

    kind: CallKind | None
    """What kind of call; None where the server names one that this version does not know."""
    caller: str
    """Who calls, with the checksum of EIP-55."""
    callee: str | None
    """Who is called, created or paid; None where it is not told."""
    value: int
    """Wei."""
    failed: bool
    """True: it was undone."""
    trace: tuple[int, ...] | None
    """Its trace address; None where it is not told."""
    index: int | None
    """Its order in the transaction; None where it is not told."""

    @property
    def moves(self) -> bool:
        """True if it carries value from one account to another one, or if nobody can tell that it does not."""
        return self.value > 0 and not self.failed and (self.kind is None or self.kind.carries_value)

    @property
    def likeness(self) -> tuple[object, ...]:
        """What two rows about the same call have in common."""
        return self.kind, self.caller, self.callee, self.value, self.failed


@dataclass(frozen=True, slots=True)
class CallsOf:
    """What is known of a transaction's internal calls."""

    calls: tuple[ListedCall, ...]
    """The calls, in the order that is known or as they were listed."""
    is_placed: bool
    """True: each that moves value has its trace address."""
    is_ordered: bool
    """True: their order is known."""
    missing: tuple[str, ...] = ()
    """What could not be told."""


def read_call(row: Field) -> ListedCall | None:
    """The call in a row; None for the row of the transaction itself, which Blockscout lists as the first.

    Raises:
        MalformedBytes: a field is absent or has another form.
    """
    index = None if row["index"].is_null else number(row["index"], 31)
    if index == 0:
        return None
    called = row["callType"].value or row["type"].value
    kind = KIND_BY_NAME.get(row["type"].text().lower())
    if kind is CallKind.CALL and isinstance(called, str):
        kind = KIND_BY_NAME.get(called.lower())
    to = "contractAddress" if kind is CallKind.CREATE else "to"
    trace = row["traceId"].value
    if trace not in (None, "") and not (isinstance(trace, str) and _TRACE.fullmatch(trace)):
        raise row["traceId"].refuse("numbers with _ between them")
    return ListedCall(
        kind=kind,
        caller=_address(row["from"]),
        callee=_address(row[to]) if row[to].value not in (None, "") else None,
        value=number(row["value"]),
        failed=row["isError"].value not in ("0", 0, None, ""),
        trace=tuple(map(int, trace.split("_"))) if trace else None,
        index=index,
    )


def _address(field: Field) -> str:
    try:
        return canonical_address(field.text())
    except InvalidAddress:
        raise field.refuse("an address") from None


def arranged(calls: Sequence[ListedCall], placed: Iterable[ListedCall]) -> CallsOf:
    """The calls with their places, as far as these are known.

    Args:
        calls: all calls of the transaction, as listed by its hash.
        placed: the calls of the same transaction out of other lists, which tell trace addresses.
    """
    missing = [f"internal calls of an unknown kind with {c.value} wei" for c in calls if c.kind is None and c.moves]
    moving = [call for call in calls if call.moves]
    by_trace: dict[tuple[int, ...] | None, ListedCall] = {call.trace: call for call in placed if call.trace is not None}
    found = [call for call in by_trace.values() if call.moves]
    if moving and Counter(c.likeness for c in moving) == Counter(c.likeness for c in found):
        whole = sorted(by_trace.values(), key=lambda call: call.trace or ())
        return CallsOf(tuple(call for call in whole if not _is_undone(call, by_trace)), True, True, tuple(missing))
    if any(call.failed for call in calls) and moving:
        missing.append("which internal calls were undone with a failed one that called them")
    is_ordered = all(call.index is not None for call in moving)
    rows = sorted(moving, key=lambda call: call.index or 0) if is_ordered else moving
    return CallsOf(tuple(rows), not moving, is_ordered, tuple(missing))


def _is_undone(call: ListedCall, by_trace: dict[tuple[int, ...] | None, ListedCall]) -> bool:
    """True if the call or one above it failed."""
    way = call.trace or ()
    above = [by_trace.get(way[:depth]) for depth in range(1, len(way) + 1)]
    return any(each is not None and each.failed for each in above)


def call_tree(calls: CallsOf, top: CallFrame) -> CallFrame:
    """``top``, the transaction itself, with its internal calls below it. Those without a place are numbered by row."""
    frames = tuple(
        CallFrame(
            kind=call.kind or CallKind.CALL,
            caller=call.caller,
            callee=call.callee,
            value=call.value,
            failed=call.failed,
            trace_address=call.trace if calls.is_placed and call.trace is not None else (row,),
            logs=None,
        )
        for row, call in enumerate(calls.calls, 1)
        if call.kind is not None
    )
    return replace(top, children=frames)


def renamed(transaction: AccountTransaction, calls: CallsOf) -> AccountTransaction:
    """The transaction as ``call_tree`` made it, with what is not known about its calls said.

    Movements whose place is not told are called by their row, and their order is assumed unless it is told.
    """
    if calls.is_placed:
        return replace(transaction, missing=(*transaction.missing, *calls.missing))
    names = {
        m.place: f"row{m.place.removeprefix('call')}" for m in transaction.movements if m.place.startswith("call.")
    }
    wraps = tuple(
        Wrap(names.get(w.outflow, w.outflow), names.get(w.inflow, w.inflow), w.basis) for w in transaction.wraps
    )
    movements = tuple(replace(m, place=names.get(m.place, m.place)) for m in transaction.movements)
    several = sum(m.place.startswith("row.") for m in movements) > 1
    return replace(
        transaction,
        movements=movements,
        wraps=wraps,
        order=Order.ASSUMED if several and not calls.is_ordered else transaction.order,
        missing=(*transaction.missing, *calls.missing, "trace addresses of internal calls"),
    )
