"""One suite for every kind of source: each is asked everything, and what it says must be what is so on the chain."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from tests.conformance.kinds import GAPS, OFFLINE, ONLY_PLANTED, ask_or_gap, opened
from tests.conformance.questions import QUESTIONS, Asked

from cryptotrace.errors import CryptotraceError
from cryptotrace.sources import KINDS


def _pairs() -> list[Any]:
    """Each question to each kind of source over each world in which both can be had."""
    places = [(kind, "training") for kind in OFFLINE] + [(kind, "node") for kind in GAPS]
    return [
        pytest.param(
            place,
            question,
            id=f"{place[1]}-{place[0]}-{question}".replace(" ", "-"),
            marks=[pytest.mark.node] if place[1] == "node" else [],
        )
        for place in places
        for question in QUESTIONS
        if place[1] == "node" or question not in ONLY_PLANTED
    ]


class Kept:
    """The source that was opened last: all questions to one kind go to one source."""

    def __init__(self) -> None:
        self._place: tuple[str, str] | None = None
        self._asked: Asked | None = None
        self._stack = ExitStack()

    def get(self, place: tuple[str, str], request: pytest.FixtureRequest) -> Asked:
        """The source of that kind over that world."""
        if self._asked is None or place != self._place:
            self.close()
            self._asked, self._place = self._stack.enter_context(opened(*place, request)), place
        return self._asked

    def close(self) -> None:
        """Let go of it."""
        self._asked = None
        self._stack.close()


@pytest.fixture(scope="module")
def kept() -> Iterator[Kept]:
    """Holds one open source at a time."""
    holder = Kept()
    yield holder
    holder.close()


@pytest.fixture
def asked(kept: Kept, request: pytest.FixtureRequest) -> Asked:
    """A source of the kind that the test is about."""
    return kept.get(request.param, request)


@pytest.mark.parametrize(("asked", "question"), _pairs(), indirect=["asked"])
def test_a_source_says_what_is_so(asked: Asked, question: str) -> None:
    gap = GAPS[asked.kind].get(question)
    if gap is None or gap.error is None:
        ask_or_gap(asked, question)
        return
    try:
        ask_or_gap(asked, question)
    except gap.error:
        return
    pytest.fail(f"{asked.kind} has learned to answer {question} ({gap.reason}): take its mark out of GAPS")


def test_every_kind_of_source_takes_part() -> None:
    tried = {kind.partition(" ")[0] for kind in GAPS}
    assert tried == set(KINDS["bip122"])


def test_every_gap_is_a_question_and_has_a_reason() -> None:
    for gaps in GAPS.values():
        assert gaps.keys() <= QUESTIONS.keys()
        assert all(gap.reason for gap in gaps.values())


def test_every_gap_is_a_typed_error_or_an_answer_that_is_checked() -> None:
    for gap in (gap for gaps in GAPS.values() for gap in gaps.values()):
        assert (gap.error is None) is (gap.instead is not None), gap
        assert gap.error is None or issubclass(gap.error, CryptotraceError), gap
