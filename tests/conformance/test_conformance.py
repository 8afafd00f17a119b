"""One suite for every kind of source: each is asked everything, and what it says must be what is so on the chain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.conformance.kinds import GAPS, OFFLINE, ONLY_PLANTED, opened
from tests.conformance.questions import QUESTIONS, Asked

from cryptotrace.sources import KINDS


def _pairs() -> list[Any]:
    """Each question to each kind of source over each world in which both can be had."""
    places = [(kind, "training") for kind in OFFLINE] + [(kind, "node") for kind in GAPS]
    return [
        pytest.param(
            place,  # the same object for all questions: so the source is opened once
            question,
            id=f"{place[1]}-{place[0]}-{question}".replace(" ", "-"),
            marks=[pytest.mark.node] if place[1] == "node" else [],
        )
        for place in places
        for question in QUESTIONS
        if place[1] == "node" or question not in ONLY_PLANTED
    ]


@pytest.fixture(scope="module")
def asked(request: pytest.FixtureRequest) -> Iterator[Asked]:
    """A source of each kind, opened once for all questions."""
    kind, world = request.param
    with opened(kind, world, request) as ready:
        yield ready


@pytest.mark.parametrize(("asked", "question"), _pairs(), indirect=["asked"])
def test_a_source_says_what_is_so(asked: Asked, question: str) -> None:
    gap = GAPS[asked.kind].get(question)
    if gap is None:
        QUESTIONS[question](asked)
        return
    try:
        QUESTIONS[question](asked)
    except gap.error:
        return
    pytest.fail(f"{asked.kind} has learned to answer {question} ({gap.reason}): take its mark out of GAPS")


def test_every_kind_of_source_takes_part() -> None:
    tried = {kind.partition(" ")[0] for kind in GAPS}
    assert tried == set(KINDS)


def test_every_gap_is_a_question_and_has_a_reason() -> None:
    for gaps in GAPS.values():
        assert gaps.keys() <= QUESTIONS.keys()
        assert all(gap.reason for gap in gaps.values())
