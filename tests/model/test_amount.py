"""Money: whole base units, in and out of decimal text without loss."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptotrace.errors import InvalidAmount
from cryptotrace.model.amount import Amount, base_units, format_units, parse_units
from cryptotrace.model.identity import Asset

BTC = Asset("bip122:000000000019d6689c085ae165831e93/slip44:0")
ETH = Asset("eip155:1/slip44:60")
units = st.integers(min_value=0, max_value=2**256)
decimals = st.integers(min_value=0, max_value=30)


@given(units, decimals)
def test_what_is_written_is_read_back_to_the_unit(number: int, places: int) -> None:
    text = format_units(number, places)
    assert parse_units(text, places) == number
    assert Fraction(text) == Fraction(number, 10**places)
    assert len(text.partition(".")[2]) == places


@given(units, decimals)
def test_a_negative_difference_is_written_with_its_sign_and_never_read_as_an_amount(number: int, places: int) -> None:
    text = format_units(-number, places)
    assert text == ("-" if number else "") + format_units(number, places)
    if number:
        with pytest.raises(InvalidAmount):
            parse_units(text, places)


@given(units, decimals, st.integers(min_value=1, max_value=5), st.sampled_from("0123456789"))
def test_a_digit_below_one_base_unit_is_refused_even_a_zero(number: int, places: int, more: int, digit: str) -> None:
    whole, _, part = format_units(number, places).partition(".")
    with pytest.raises(InvalidAmount, match="digits below one base unit"):
        parse_units(f"{whole}.{part}{digit * more}", places)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", ".", ".5", "5.", "+1", "-1", "1e3", "1E3", "0x10", "1,000", "1 000", "1_000", " 1", "1\n", "1.2.3"),
        *("nan", "inf", "\u0661", "\uff11", "1\u00a0000", "\u22121", "\u00bd", "\u00b2", "1.\u0665"),
    ],
)
def test_what_is_no_plain_decimal_number_is_refused(text: str) -> None:
    with pytest.raises(InvalidAmount, match="is not a plain decimal number"):
        parse_units(text, 8)


@pytest.mark.parametrize("value", [1, 1.5, Decimal(1), None, True, b"1", Fraction(1, 2)])
def test_only_text_is_parsed(value: Any) -> None:
    with pytest.raises(InvalidAmount, match="write it as a string"):
        parse_units(value, 8)


@given(st.text(max_size=12), decimals)
def test_any_text_gives_an_amount_or_the_error_of_amounts(text: str, places: int) -> None:
    try:
        parsed = parse_units(text, places)
    except InvalidAmount:
        return
    assert parsed >= 0
    assert text.isascii()


@pytest.mark.parametrize("value", [1.0, 0.0, float("nan"), True, False, "1", None, Decimal(1), Fraction(1)])
def test_base_units_are_an_int_and_nothing_that_looks_like_one(value: Any) -> None:
    for signed in (False, True):
        with pytest.raises(InvalidAmount, match="must be an int of base units"):
            base_units(value, signed=signed)
    with pytest.raises(InvalidAmount):
        Amount(value, BTC)


@pytest.mark.parametrize("value", [1.5, 0.0, float("nan"), True, "1", None, Decimal(1), Fraction(3, 2)])
def test_only_whole_base_units_are_written_as_decimal_text(value: Any) -> None:
    with pytest.raises(InvalidAmount, match="must be an int of base units"):
        format_units(value, 8)


@pytest.mark.parametrize("places", [-1, 8.0, "8", None, True])
def test_the_digits_after_the_point_are_counted_by_a_whole_number(places: Any) -> None:
    for use in (
        lambda: format_units(1, places),
        lambda: parse_units("1", places),
        lambda: Amount(1, BTC).format(places),
    ):
        with pytest.raises(InvalidAmount, match=r"decimals must be 0, 1, 2 \.\.\. digits after the point, got"):
            use()


def test_a_number_of_thousands_of_digits_is_refused_as_an_amount() -> None:
    for text in ("9" * 5000, "0." + "1" * 5000):
        with pytest.raises(InvalidAmount, match="is no amount; at most 1000 are read"):
            parse_units(text, 6000)
    assert parse_units("9" * 1000, 0) == 10**1000 - 1


def test_only_a_direction_may_be_negative() -> None:
    assert base_units(-1, signed=True) == -1
    with pytest.raises(InvalidAmount, match="fee must not be negative, got -1"):
        base_units(-1, "fee")


@given(units, units)
def test_amounts_of_one_asset_add_subtract_and_compare_as_their_units(a: int, b: int) -> None:
    low, high = sorted((a, b))
    assert Amount(a, BTC) + Amount(b, BTC) == Amount(a + b, BTC)
    assert Amount(high, BTC) - Amount(low, BTC) == Amount(high - low, BTC)
    assert (Amount(a, BTC) < Amount(b, BTC), Amount(a, BTC) <= Amount(b, BTC)) == (a < b, a <= b)
    assert max(Amount(a, BTC), Amount(b, BTC)) == Amount(high, BTC)


def test_two_assets_in_one_sum_are_an_error() -> None:
    for operation in ("__add__", "__sub__", "__lt__", "__le__"):
        with pytest.raises(InvalidAmount, match="two assets in one sum"):
            getattr(Amount(1, BTC), operation)(Amount(1, ETH))
    with pytest.raises(InvalidAmount, match="can only be combined with an Amount, not int"):
        Amount(1, BTC) + 1  # type: ignore[operator]
    assert Amount(1, BTC) != Amount(1, ETH)


def test_more_than_there_is_cannot_be_taken_away() -> None:
    with pytest.raises(InvalidAmount, match="must not be negative"):
        Amount(1, BTC) - Amount(2, BTC)


def test_an_amount_has_no_truth_value() -> None:
    for number in (0, 1):
        with pytest.raises(InvalidAmount, match=r"compare \.base_units with 0"):
            bool(Amount(number, BTC))


def test_nothing_is_an_ordinary_amount() -> None:
    nothing = Amount.parse("0.00000000", BTC, 8)
    assert nothing == Amount(0, BTC)
    assert nothing + nothing == nothing - nothing == nothing
    assert nothing.format(8) == "0.00000000"
    assert Amount.parse("12.5", BTC, 8).base_units == 1_250_000_000
