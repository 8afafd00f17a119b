"""Whether the history of a holding adds up."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.account_world import TOKEN, pot, who

from cryptotrace.model.pot import Completeness, OpeningBasis, PotCheck

CHECK = PotCheck(pot("A"), who("A"), TOKEN, 5, 90, 40, OpeningBasis.BALANCE, 100, 60, 80)


def test_opening_and_received_less_paid_must_be_what_was_read() -> None:
    assert (CHECK.expected, CHECK.difference, CHECK.completeness) == (80, 0, Completeness.COMPLETE)
    short = replace(CHECK, read=70)
    assert (short.difference, short.completeness) == (-10, Completeness.DIFFERENCE)
    assert short.sentence() == "difference of -10 base units between blocks 5 and 90"


@pytest.mark.parametrize("changes", [{"read": None}, {"basis": OpeningBasis.BACKWARDS}])
def test_what_checks_nothing_is_not_called_complete(changes: dict[str, object]) -> None:
    check = replace(CHECK, **changes)  # type: ignore[arg-type]
    assert check.completeness is Completeness.NOT_CHECKED
    assert check.sentence() == "not checked between blocks 5 and 90"


def test_a_difference_counts_even_where_the_opening_was_computed_backwards() -> None:
    assert replace(CHECK, basis=OpeningBasis.BACKWARDS, read=1).completeness is Completeness.DIFFERENCE


def test_a_grade_has_no_truth_value() -> None:
    with pytest.raises(TypeError, match=r"Completeness\.COMPLETE"):
        bool(CHECK.completeness)


def test_everything_is_told_as_text() -> None:
    told = CHECK.to_dict()
    assert (told["opening"], told["difference"], told["completeness"]) == ("40", "0", "complete")
    assert replace(CHECK, read=None).to_dict()["difference"] is None
