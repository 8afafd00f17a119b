"""Numbers, amounts and times in each language: exact, and independent of the machine."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptotrace.errors import ReportError
from cryptotrace.ledger.ledgerfile import ASSET
from cryptotrace.reports.dossier import AssetFacts
from cryptotrace.reports.words import CATALOGUES, Words, words

EN, RU = words("en"), words("ru")
both = st.sampled_from([EN, RU])
units = st.integers(min_value=0, max_value=10**30)


@given(both, units, st.integers(min_value=0, max_value=18))
def test_a_decimal_is_the_whole_amount_to_the_last_digit(shown: Words, number: int, decimals: int) -> None:
    text = shown.decimal(number, decimals)
    plain = text.replace(shown.group, "").replace(shown.point, ".")
    assert Fraction(plain) == Fraction(number, 10**decimals)
    assert len(plain.partition(".")[2]) == decimals


@given(both, units)
def test_a_number_stands_in_groups_of_three(shown: Words, number: int) -> None:
    groups = shown.number(number).split(shown.group)
    assert int("".join(groups)) == number
    assert all(len(group) == 3 for group in groups[1:])
    assert 1 <= len(groups[0]) <= 3


@given(both, units, st.integers(min_value=2, max_value=999))
def test_a_fraction_is_given_in_full_and_its_decimal_says_that_it_is_cut(shown: Words, top: int, bottom: int) -> None:
    share = Fraction(top, bottom)
    number, decimal = shown.number(share).replace(shown.group, ""), shown.decimal(share, 8)
    assert Fraction(number) == share
    assert decimal.startswith("≈") is (share.denominator != 1)
    assert decimal.removeprefix("≈") == shown.decimal(top // bottom, 8)


def test_each_language_has_its_marks() -> None:
    facts = AssetFacts(ASSET, "ledger", "TST", 8, is_training=True)
    assert EN.amount(123456789012, facts) == "1,234.56789012\u00a0TST (123,456,789,012)"
    assert RU.amount(123456789012, facts) == "1\u202f234,56789012\u00a0TST (123\u202f456\u202f789\u202f012)"
    assert (EN.decimal(-5, 2), EN.decimal(0, 2), EN.decimal(7, 0)) == ("−0.05", "0.00", "7")


def test_times_are_utc_and_what_is_no_time_stays_as_it_stands() -> None:
    assert EN.time(0) == "1970-01-01 00:00:00 UTC"
    assert RU.time(1772409600) == "02.03.2026 00:00:00 UTC"
    assert EN.moment("2026-03-02T01:02:03.999Z") == "2026-03-02 01:02:03 UTC"
    assert RU.moment("2026-03-02T01:02:03+00:00") == "02.03.2026 01:02:03 UTC"
    for text in ("", "2026-03-02", "2026-03-02T01:02:03+01:00", "yesterday"):
        assert EN.moment(text) == text
    assert EN.moment("\u202enow") == "⟨U+202E⟩now"


def test_foreign_text_in_a_message_is_visible() -> None:
    assert EN.quoted("a\u202e{b}") == "“a⟨U+202E⟩{b}”"
    assert RU.quoted("x") == "«x»"


def test_ids_are_cited_once_and_in_order() -> None:
    assert EN.cite(["T-0002", "", "T-0001", "T-0002"]) == "[T-0002, T-0001]"


def test_a_language_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(ReportError, match="no report language 'de'; there are: en, ru"):
        words("de")
    assert all(words(language).messages is CATALOGUES[language] for language in CATALOGUES)
