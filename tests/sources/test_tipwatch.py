"""The tip of a run is looked at again: when, and what follows."""

from __future__ import annotations

import math

import pytest

from cryptotrace.chains.networks import bitcoin_network
from cryptotrace.errors import ChainReorganised, DataNotFound, SourceLied
from cryptotrace.model.block import Tip
from cryptotrace.sources.tipwatch import NOTHING, TipWatch

TIP = Tip(bitcoin_network("bitcoin").chain, 20, "ab" * 32)


class Active:
    def __init__(self) -> None:
        self.hash, self.time, self.asked = TIP.hash, 100.0, 0

    def watch(self, every_s: float) -> TipWatch:
        return TipWatch("node", TIP, self.hash_now, every_s, lambda: self.time)

    def hash_now(self, height: int) -> str:
        assert height == TIP.height
        self.asked += 1
        return self.hash


@pytest.mark.parametrize(("every_s", "asked"), [(0.0, 4), (5.0, 1), (math.inf, 0)])
def test_the_tip_is_looked_at_as_often_as_is_said(every_s: float, asked: int) -> None:
    chain = Active()
    watch = chain.watch(every_s)
    for _ in range(4):
        chain.time += 1.5
        with watch.answering():
            pass
    assert chain.asked == asked


def test_a_recording_is_not_asked_even_behind_a_wrong_answer() -> None:
    chain = Active()
    with pytest.raises(SourceLied), chain.watch(math.inf).answering():
        raise SourceLied("node: what it said before is not so")
    assert chain.asked == 0


@pytest.mark.parametrize("now", ["cd" * 32, NOTHING])
def test_a_tip_that_is_gone_ends_the_run_whatever_the_answer_was(now: str) -> None:
    chain = Active()
    watch = chain.watch(0.0)
    chain.hash = now
    with pytest.raises(ChainReorganised, match=f"now has {now}, not the tip {TIP.hash}"), watch.answering():
        pass
    patient = chain.watch(60.0)
    with patient.answering():
        pass
    with pytest.raises(ChainReorganised, match=now), patient.answering():
        raise SourceLied("node: what it said before is not so")


@pytest.mark.parametrize(("height", "is_there"), [(-1, False), (0, True), (20, True), (21, False)])
def test_a_height_of_the_run_is_up_to_its_tip(height: int, is_there: bool) -> None:
    watch = Active().watch(0.0)
    if is_there:
        watch.require(height)
        return
    with pytest.raises(DataNotFound, match=f"no block at height {height}; the tip of this run is 20"):
        watch.require(height)
