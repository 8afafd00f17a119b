"""One suite for every kind of source of an account chain: each is asked everything, and must say what is so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from tests.conformance.account_gaps import GAPS
from tests.conformance.account_kinds import FAMILIES, Worlds, ask_or_gap, opened
from tests.conformance.account_questions import QUESTIONS, Asked
from tests.conformance.account_world import AccountWorld, sums

from cryptotrace.errors import ConfigurationError, CryptotraceError
from cryptotrace.model.flow import FlowKind
from cryptotrace.model.identity import Account, Asset
from cryptotrace.sources import KINDS
from cryptotrace.sources.recorded import open_recorded


def _pairs() -> list[Any]:
    """Each question to each kind of source; the EVM's are over a real node."""
    return [
        pytest.param(
            kind,
            question,
            id=f"{kind}-{question}".replace(" ", "-"),
            marks=[pytest.mark.node] if "evm" in kind else [],
        )
        for kind in GAPS
        for question in QUESTIONS
    ]


class Kept:
    """The source that was opened last: all questions to one kind go to one source."""

    def __init__(self) -> None:
        self.worlds = Worlds()
        self._kind = ""
        self._asked: Asked | None = None
        self._stack = ExitStack()

    def get(self, kind: str) -> Asked:
        """The source of that kind."""
        if self._asked is None or kind != self._kind:
            self.let_go()
            self._asked, self._kind = self._stack.enter_context(opened(kind, self.worlds)), kind
        return self._asked

    def note(self, question: str) -> None:
        """Remember that the live source was asked that: its recording has it."""
        if not self._kind.startswith("recorded "):
            self.worlds.run(self._kind).asked.add(question)

    def let_go(self) -> None:
        """Close the source, not the worlds."""
        self._asked = None
        self._stack.close()


@pytest.fixture(scope="module")
def kept() -> Iterator[Kept]:
    """Holds one open source at a time, and the worlds for all of them."""
    holder = Kept()
    with holder.worlds.stack:
        yield holder
        holder.let_go()


@pytest.fixture
def asked(kept: Kept, request: pytest.FixtureRequest) -> Asked:
    """A source of the kind that the test is about."""
    return kept.get(request.param)


@pytest.mark.parametrize(("asked", "question"), _pairs(), indirect=["asked"])
def test_a_source_of_an_account_chain_says_what_is_so(kept: Kept, asked: Asked, question: str) -> None:
    kept.note(question)
    gap = GAPS[asked.kind].get(question)
    if gap is None or gap.error is None:
        ask_or_gap(asked, question)
        return
    try:
        ask_or_gap(asked, question)
    except gap.error:
        return
    pytest.fail(f"{asked.kind} has learned to answer {question} ({gap.reason}): take its mark out of GAPS")


# --- the suite itself -------------------------------------------------------------------------------------------------


def test_every_kind_of_source_takes_part() -> None:
    """And ``memory``, which is made in code, and ``web3``, a provider that somebody has."""
    tried: dict[str, set[str]] = {"evm": set(), "tron": set()}
    for kind in GAPS:
        family, name, *_ = kind.removeprefix("recorded ").split(" ")
        tried[family] |= {name} | ({"recorded"} if kind.startswith("recorded ") else set())
    made_in_code = {"evm": {"memory", "web3"}, "tron": {"memory"}}
    for family, namespace in FAMILIES.items():
        assert tried[family] - made_in_code[family] == set(KINDS[namespace])


def test_every_kind_is_asked_again_from_its_recording_but_what_is_made_in_code() -> None:
    alive = {kind for kind in GAPS if not kind.startswith("recorded ")}
    recorded = {kind.removeprefix("recorded ") for kind in GAPS} - {"evm memory", "tron memory"}
    assert alive - recorded == {"evm memory", "tron memory"}


def test_what_was_made_in_code_is_no_recording(kept: Kept) -> None:
    is_none = pytest.raises(ConfigurationError, match="no answers of a source")
    with opened("tron memory", kept.worlds) as asked, is_none:
        open_recorded(asked.recording, asked.world.network)


def test_every_gap_is_a_question_and_has_a_reason() -> None:
    for gaps in GAPS.values():
        assert gaps.keys() <= QUESTIONS.keys()
        assert all(gap.reason for gap in gaps.values())


def test_every_gap_is_a_typed_error_or_an_answer_that_is_checked() -> None:
    for gap in (gap for gaps in GAPS.values() for gap in gaps.values()):
        assert (gap.error is None) is (gap.instead is not None), gap
        assert gap.error is None or issubclass(gap.error, CryptotraceError), gap
    assert all(ask.__doc__ for ask in QUESTIONS.values())


def test_no_question_is_beyond_everybody() -> None:
    for question in QUESTIONS:
        assert any(question not in gaps for kind, gaps in GAPS.items() if "memory" not in kind), question


# --- the truth itself -------------------------------------------------------------------------------------------------


def _adds_up(world: AccountWorld, unlike: str = "") -> int:
    """Opening and movements give every holding; gives how many were compared."""
    compared = 0
    for pot, units in sums(world.transactions, world.opening).items():
        account, _, asset = pot.partition("|")
        if (unlike and unlike in asset) or "staked" in asset:
            continue
        assert units == world.balance(Account(account), Asset(asset)), pot
        compared += 1
    return compared


@pytest.mark.node
def test_what_is_held_to_be_so_of_the_node_is_what_the_node_holds(kept: Kept) -> None:
    """For every account and asset that a movement names; but for the token that says what is not so."""
    world = kept.worlds.evm
    assert _adds_up(world, unlike=world.story.fake_token.lower()) > 40
    kinds = {(m.kind, m.place.partition(".")[0]) for t in world.transactions.values() for m in t.movements}
    assert {(FlowKind.TRANSFER, "call"), (FlowKind.BURN, "log"), (FlowKind.ISSUANCE, "log")} <= kinds


def test_what_is_held_to_be_so_of_tron_is_what_its_story_gives(kept: Kept) -> None:
    assert _adds_up(kept.worlds.tron) > 40
