"""Traces over small worlds of token payments, with tags: shared by the tests of touch points, issuers and sheets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tests.seizure.tokenworld import World

from cryptotrace.attribution.book import TagBook
from cryptotrace.model.claim import Claim
from cryptotrace.model.identity import Account
from cryptotrace.model.tag import Grade, Tag
from cryptotrace.tracing.engine import trace
from cryptotrace.tracing.result import Stops, Trace
from cryptotrace.tracing.rules import RULES


def tag(account: Account, label: str = "Exchange A", grade: Grade = Grade.B, category: str = "exchange") -> Tag:
    return Tag(account, label, category, "service_api", grade, "https://tags.example", "A maker", "2026-01-02")


def book(world: World, *named: tuple[str, str], grade: Grade = Grade.B) -> TagBook:
    return TagBook(tag(world.who(name), label, grade) for name, label in named)


def traced(
    world: World, tags: TagBook, claims: Sequence[tuple[int, int]] = ((0, 0),), rule: str = "fifo", **stops: object
) -> Trace:
    """The trace of claims (number of the payment, units; 0 for all of it)."""
    made = [
        Claim(f"Victim {n}", world.number(number).id, world.token, units or world.number(number).units)
        for n, (number, units) in enumerate(claims, start=1)
    ]
    found = trace(world, made, RULES[rule], stops=Stops(services=tags.services(Grade.E), **stops))  # type: ignore[arg-type]
    return replace(found)
