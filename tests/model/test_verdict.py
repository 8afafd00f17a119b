"""How sure: no verdict reads as a pass by accident."""

from __future__ import annotations

import pytest

from cryptotrace.model.verdict import LinkClass, Standing, Verdict


@pytest.mark.parametrize("verdict", Verdict)
def test_a_verdict_has_no_truth_value(verdict: Verdict) -> None:
    with pytest.raises(TypeError, match=r"compare it with Verdict\.PASSED"):
        bool(verdict)
    with pytest.raises(TypeError):
        assert not verdict
    with pytest.raises(TypeError):
        verdict and verdict  # noqa: B018


def test_what_could_not_be_checked_is_no_pass() -> None:
    assert Verdict("INDETERMINATE") != Verdict.PASSED
    assert [verdict.value for verdict in Verdict] == ["PASSED", "INDETERMINATE", "FAILED"]


def test_there_are_five_classes_of_links_in_order() -> None:
    assert sorted(LinkClass) == list(LinkClass) == ["L1", "L2", "L3", "L4", "L5"]


def test_a_standing_is_said_in_words() -> None:
    assert [standing.value for standing in Standing] == [
        "verified against the chain",
        "recomputed",
        "agreed",
        "as reported",
    ]
