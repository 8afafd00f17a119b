"""Random programs are run by a small machine that keeps balances; what its trace moved must be what it kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.chains.evm_trees import ALICE, BOB, CAROL, as_parity, frame, transfer, who

from cryptotrace.chains.evm.calltree import steps
from cryptotrace.chains.evm.ether import EtherReading, read_ether
from cryptotrace.chains.evm.receipt import Log
from cryptotrace.chains.evm.tracers import read_call_tracer, read_parity_trace

Told = dict[str, Any]
_ACCOUNTS = [who(n) for n in range(10, 15)]
_PRECOMPILE = "0x" + "0" * 39 + "2"
_MOST = 2**256 - 1


@dataclass(frozen=True)
class Op:
    """An instruction of the machine."""

    kind: str
    target: int = 0
    units: int = 0
    fails: bool = False
    inside: tuple[Op, ...] = ()


@dataclass
class Machine:
    """Runs programs, keeps balances, and tells what a call tracer would tell."""

    keeps: bool
    held: dict[str, int]
    created: set[str] = field(default_factory=set)
    destroyed: set[str] = field(default_factory=set)
    logs: list[Log] = field(default_factory=list)
    written: int = 0
    made: int = 0

    def call(self, kind: str, caller: str, target: str, units: int, op: Op) -> Told:
        """A call or creation and all inside it; undone if it fails."""
        kept = (dict(self.held), set(self.created), set(self.destroyed), list(self.logs))
        moves = kind in {"CALL", "CREATE"}
        told = frame(kind, caller, target, units if kind != "STATICCALL" else 0)
        if moves and self.held.get(caller, 0) < units:
            return {**told, "error": "insufficient balance for transfer"}
        if moves:
            self._pay(caller, target, units)
        if kind == "CREATE":
            self.created.add(target)
        self_run = caller if kind in {"CALLCODE", "DELEGATECALL"} else target
        calls, logs = self._run(self_run, units, op.inside)
        if op.fails:
            self.held, self.created, self.destroyed, self.logs = kept
            told, logs = {**told, "error": "execution reverted"}, []
        told = {**told, "calls": calls, "logs": logs}
        return {name: each for name, each in told.items() if each or name not in {"calls", "logs"}}

    def _pay(self, payer: str, payee: str, units: int) -> None:
        self.held[payer] = self.held.get(payer, 0) - units
        self.held[payee] = self.held.get(payee, 0) + units

    def _run(self, account: str, around: int, ops: tuple[Op, ...]) -> tuple[list[Told], list[Told]]:
        calls: list[Told] = []
        logs: list[Told] = []
        for op in ops:
            target = _ACCOUNTS[op.target]
            if op.kind == "LOG":
                self.written += 1
                self.logs.append(transfer(ALICE, BOB, self.written))
                shown = frame("CALL", ALICE, BOB, 0, logs=((self.logs[-1], len(calls)),))
                logs += shown["logs"]
            elif op.kind == "SELFDESTRUCT":
                calls.append(self._destroy(account, target))
                break
            elif op.kind == "PRECOMPILE":
                calls.append(frame("STATICCALL", account, _PRECOMPILE))
            elif op.kind == "CREATE":
                self.made += 1
                calls.append(self.call("CREATE", account, who(1000 + self.made), op.units, op))
            else:
                units = around if op.kind == "DELEGATECALL" else op.units
                calls.append(self.call(op.kind, account, target, units, op))
        return calls, logs

    def _destroy(self, account: str, target: str) -> Told:
        units = self.held.get(account, 0)
        is_gone = not self.keeps or account in self.created
        if target != account:
            self._pay(account, target, units)
        elif is_gone:
            self.held[account] = 0
        if is_gone:
            self.destroyed.add(account)
        return frame("SELFDESTRUCT", account, target, units)

    def end(self) -> None:
        """The transaction ends: contracts that were destroyed go with what they hold."""
        for account in self.destroyed:
            self.held[account] = 0


_units = st.one_of(st.integers(0, 40), st.integers(0, _MOST))
_flat = st.builds(
    Op,
    kind=st.sampled_from(["LOG", "SELFDESTRUCT", "PRECOMPILE", "CALL"]),
    target=st.integers(0, 4),
    units=_units,
    fails=st.booleans(),
)


def _around(inner: st.SearchStrategy[Op]) -> st.SearchStrategy[Op]:
    return st.builds(
        Op,
        kind=st.sampled_from(["CALL", "CALL", "CREATE", "DELEGATECALL", "CALLCODE", "STATICCALL"]),
        target=st.integers(0, 4),
        units=_units,
        fails=st.sampled_from([False, False, True]),
        inside=st.lists(inner, max_size=5).map(tuple),
    )


_programs = _around(st.recursive(_flat, _around, max_leaves=25))
_balances = st.lists(st.one_of(st.integers(0, 100), st.integers(0, 2**250)), min_size=6, max_size=6)


def _changes(reading: EtherReading) -> dict[str, int]:
    changed: dict[str, int] = defaultdict(int)
    for each in reading.moves:
        changed[each.payer] -= each.units
        if each.payee is not None:
            changed[each.payee] += each.units
    return {account: units for account, units in changed.items() if units}


def _without(told: Told) -> Told:
    """The tree as the trace module tells it: without calls of nothing to precompiled contracts."""
    calls = [_without(each) for each in told.get("calls", []) if each["to"] != _PRECOMPILE]
    return {**told, "calls": calls} if calls else {n: each for n, each in told.items() if n != "calls"}


@given(program=_programs, balances=_balances, keeps=st.booleans())
@example(  # paid again after it was destroyed
    Op("CALL", 0, 5, inside=(Op("CALL", 1, 5, inside=(Op("SELFDESTRUCT", 0),)), Op("CALL", 1, 3))), [9] * 6, False
)
def test_what_a_tree_moved_is_what_the_balances_say(program: Op, balances: list[int], keeps: bool) -> None:
    before = dict(zip([ALICE, *_ACCOUNTS], balances, strict=True))
    machine = Machine(keeps, dict(before))
    told = machine.call("CALL", ALICE, _ACCOUNTS[program.target], min(program.units, before[ALICE]), program)
    machine.end()
    after = {account: units - before.get(account, 0) for account, units in machine.held.items()}
    expected = {account: units for account, units in after.items() if units}

    tree = read_call_tracer(told, with_log=True)
    assert _changes(read_ether(tree, keeps=keeps)) == expected
    assert [step.log for step in steps(tree) if step.log is not None] == machine.logs
    rows = read_parity_trace(as_parity(_without(told)))
    places = [each.place for each in read_ether(rows, keeps=keeps).moves]
    assert places == [each.place for each in read_ether(tree, keeps=keeps).moves]
    assert _changes(read_ether(rows, keeps=keeps)) == expected


def _moves(told: Told, *, keeps: bool) -> Iterator[tuple[str, int, str, str | None]]:
    return ((each.place, each.units, each.payer, each.payee) for each in read_ether(_tree(told), keeps=keeps).moves)


def _tree(told: Told) -> Any:
    return read_call_tracer(told)


@pytest.mark.parametrize("keeps", [True, False])
def test_a_self_destruct_for_itself_burns_only_before_eip_6780(keeps: bool) -> None:
    told = frame("CALL", ALICE, BOB, 0, frame("SELFDESTRUCT", BOB, BOB, 9))
    assert list(_moves(told, keeps=keeps)) == [("call.0", 9, BOB, BOB if keeps else None)]


def test_a_contract_created_in_the_same_transaction_is_destroyed_under_either_rule() -> None:
    end = frame("SELFDESTRUCT", CAROL, CAROL, 9)
    told = frame("CALL", ALICE, BOB, 9, frame("CREATE2", BOB, CAROL, 9, end))
    for keeps in (True, False):
        assert list(_moves(told, keeps=keeps)) == [
            ("value", 9, ALICE, BOB),
            ("call.0", 9, BOB, CAROL),
            ("call.0.0", 9, CAROL, None),
        ]
        assert not read_ether(_tree(told), keeps=keeps).rests_on_rule


def test_what_comes_to_a_destroyed_contract_is_burnt_at_the_end() -> None:
    told = frame(
        "CALL",
        ALICE,
        BOB,
        0,
        frame("CALL", BOB, CAROL, 0, frame("SELFDESTRUCT", CAROL, BOB, 4)),
        frame("CALL", BOB, CAROL, 3),
    )
    assert list(_moves(told, keeps=False)) == [
        ("call.0.0", 4, CAROL, BOB),
        ("call.1", 3, BOB, CAROL),
        ("call.0.0.burnt", 3, CAROL, None),
    ]
    assert [each[0] for each in _moves(told, keeps=True)] == ["call.0.0", "call.1"]
    assert read_ether(_tree(told), keeps=True).rests_on_rule


def test_a_creation_that_failed_moves_nothing() -> None:
    told = frame("CALL", ALICE, BOB, 1, frame("CREATE", BOB, CAROL, 1, error="out of gas"))
    assert [each[0] for each in _moves(told, keeps=True)] == ["value"]


def test_value_is_never_that_of_borrowed_code() -> None:
    borrowed = [frame(kind, BOB, CAROL, 8) for kind in ("CALLCODE", "DELEGATECALL", "STATICCALL")]
    assert list(_moves(frame("CALL", ALICE, BOB, 8, *borrowed), keeps=True)) == [("value", 8, ALICE, BOB)]
