"""A small sample of the long run, and proof that the runner reports what it finds."""

from __future__ import annotations

from random import Random

import pytest
from tests.fuzz.run import Target, run
from tests.fuzz.targets import TARGETS


@pytest.mark.parametrize(("name", "target"), TARGETS, ids=[name for name, _ in TARGETS])
def test_a_sample_of_the_long_run_finds_nothing(name: str, target: Target) -> None:
    assert run([(name, target)], seed=1, rounds=150, report=lambda _: None) is None


def test_a_finding_is_reported_with_the_seed_that_makes_it_again() -> None:
    def breaks_sometimes(random: Random) -> None:
        if random.random() > 0.9:
            raise KeyError("untyped")

    finding = run([("breaks", breaks_sometimes)], seed=3, rounds=1000, report=lambda _: None)
    assert finding is not None
    seed = finding.split("Random('")[1].split("'")[0]
    with pytest.raises(KeyError):
        breaks_sometimes(Random(seed))
