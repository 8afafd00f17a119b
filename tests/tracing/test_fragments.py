from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptotrace.errors import TracingError
from cryptotrace.tracing.fragments import as_text, as_texts, claimed, merged, split_at, total

fragments = st.lists(st.tuples(st.sampled_from([None, "V1", "V2"]), st.integers(0, 9)))


@given(fragments)
def test_merging_keeps_every_coin_in_its_place(parts: list[tuple[str | None, int]]) -> None:
    def coins(many: object) -> list[str | None]:
        return [label for label, units in many for _ in range(units)]  # type: ignore[attr-defined]

    assert coins(merged(parts)) == coins(parts)
    assert all(a[0] != b[0] for a, b in zip(merged(parts), merged(parts)[1:], strict=False))


@given(fragments, st.integers(0, 100))
def test_a_cut_and_what_stays_are_the_whole_and_more_than_the_whole_is_refused(
    parts: list[tuple[str | None, int]], units: int
) -> None:
    if units > total(parts):
        with pytest.raises(TracingError, match="cannot cut"):
            split_at(parts, units)
        return
    front, back = split_at(parts, units)
    assert total(front) == units
    assert merged([*front, *back]) == merged(parts)


def test_units_per_claimant_leave_out_the_clean_rest_and_zeros() -> None:
    assert claimed([("V1", 2), (None, 5), ("V2", 0), ("V1", 1)]) == {"V1": 3}


def test_texts_per_claimant_are_in_alphabetical_order_without_those_who_have_nothing() -> None:
    written = as_texts({"W": 2, "V": Fraction(75, 4), "A": 0})
    assert list(written.items()) == [("V", "75/4"), ("W", "2")]


@given(st.integers(-(10**9), 10**9), st.integers(1, 10**9))
def test_amounts_are_written_as_str_writes_them(whole: int, part: int) -> None:
    assert as_text(whole) == str(whole)
    assert as_text(Fraction(whole, part)) == str(Fraction(whole, part))


@pytest.mark.parametrize("digits", [3999, 4000, 4001, 4300, 4301, 8000, 8001, 20_000])
def test_amounts_longer_than_str_allows_are_written_in_full(digits: int) -> None:
    assert as_text(10**digits) == "1" + "0" * digits
    assert as_text(-(10**digits) + 1) == "-" + "9" * digits
    assert as_text(Fraction(1, 10**digits)) == "1/1" + "0" * digits
