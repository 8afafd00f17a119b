"""Ends of contracts that a tracer tells wrongly.

Since EIP-6780 a contract that ends itself in its own favour keeps what it holds, and nothing moves. Nodes that trace
with revm (Reth, anvil) then take the last payment before it for the end's: the entry repeats payer, payee and value of
that payment. Of a true entry the payer is always the account that ran.

Source: EIP-6780; observed on anvil 1.7 and found by holding balances against movements.
"""

from __future__ import annotations

from dataclasses import replace

from cryptotrace.chains.evm.calltree import CallFrame, CallKind


def without_false_ends(root: CallFrame) -> tuple[CallFrame, tuple[str, ...]]:
    """The tree without the ends that name another payer than the account that ran; and a notice of each.

    An end that repeats the payment just before it stays, since it may be true, and gets a notice too.
    """
    order, false, notices = _looked_at(root)
    if not false:
        return root, notices
    made: dict[int, CallFrame] = {}
    for frame in reversed(order):  # children before their parents
        children = tuple(made[id(each)] for each in frame.children if id(each) not in false)
        made[id(frame)] = replace(frame, children=children) if frame.children else frame
    return made[id(root)], notices


def _looked_at(root: CallFrame) -> tuple[list[CallFrame], set[int], tuple[str, ...]]:
    """Every frame, parents first; which ends are false; and what is to be said."""
    order: list[CallFrame] = []
    false: set[int] = set()
    notices = []
    stack: list[tuple[CallFrame, str | None]] = [(root, root.callee)]
    while stack:
        frame, runs = stack.pop()
        order.append(frame)
        before: CallFrame | None = None
        for child in frame.children:
            if child.kind is CallKind.SELFDESTRUCT:
                if runs is not None and child.caller != runs:
                    false.add(id(child))
                    notices.append(f"self-destruct-of-another-account {child.place}: not counted")
                elif before is not None and child.value and _payment(before) == _payment(child):
                    notices.append(f"self-destruct-repeats-a-payment {child.place}: check the balance")
            before = child
            # delegated code runs as the account that delegates
            lends = child.kind in (CallKind.DELEGATECALL, CallKind.CALLCODE)
            stack.append((child, runs if lends else child.callee))
    return order, false, tuple(notices)


def _payment(frame: CallFrame) -> tuple[str, str | None, int | None]:
    return frame.caller, frame.callee, frame.value
