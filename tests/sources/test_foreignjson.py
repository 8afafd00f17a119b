"""JSON of others: strict and exact, and every refusal names the field."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptotrace.chains.bitcoin.wire import MAX_UNITS
from cryptotrace.errors import CryptotraceError, MalformedBytes
from cryptotrace.sources.foreignjson import Field, parse_json


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"<html><body>Bad gateway</body></html>", "not JSON"),
        (b"", "not JSON"),
        (b'{"a": 1', "not JSON"),
        (b'{"a": NaN}', "NaN is not a JSON number"),
        (b"[Infinity]", "Infinity is not a JSON number"),
        (b"[-Infinity]", "-Infinity is not a JSON number"),
        (b"[" + b"9" * 5000 + b"]", "can be read"),
        (b'{"value": 1, "value": 2}', "twice"),
        (b'[{"a": {"b": 1, "b": 1}}]', "twice"),
        (b"[" * 801 + b"]" * 801, "deeper than 800"),
        (b"[" * 100_000, "not JSON"),
        (b'{"a":' * 100_000, "not JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b'["\\ud800"]', "surrogates"),
        (b'{"\\udfff": 1}', "surrogates"),
        (b"[1e" + b"9" * 30 + b"]", "not JSON"),
    ],
)
def test_what_readers_could_disagree_about_is_refused(raw: bytes, reason: str) -> None:
    with pytest.raises(MalformedBytes, match=reason) as refused:
        parse_json(raw, "the answer of a server")

    assert "the answer of a server" in str(refused.value)


def test_depth_is_refused_before_the_parser_sees_it_whatever_the_interpreters_limit_of_recursion(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("it was parsed")

    monkeypatch.setattr("cryptotrace.sources.foreignjson.json.loads", never)
    for raw in (b"[" * 801, b'{"a":' * 801, b'["\\"[", ' * 801, b'["]", ' * 801, b'["\\\\", ' * 801):
        with pytest.raises(MalformedBytes, match="deeper than 800"):
            parse_json(raw, "an answer")


def test_brackets_in_text_and_side_by_side_are_no_depth() -> None:
    text = "[" * 2000 + '\\"' + "{" * 2000
    many: list[object] = [[text]] * 900 + [{"a": []}] * 900
    assert parse_json(json.dumps(many).encode(), "x").value == many


def test_nesting_up_to_the_limit_and_a_byte_order_mark_are_read() -> None:
    field = parse_json(b"\xef\xbb\xbf" + b"[" * 800 + b"]" * 800, "a file")

    assert field.is_list


def test_numbers_stay_exact_and_nothing_is_a_float() -> None:
    field = parse_json(b'{"value": 0.1, "many": 12345678901234567890}', "a file")

    assert field["value"].value == Decimal("0.1")
    assert field["many"].integer(0, 2**64) == 12345678901234567890


def test_a_refusal_names_the_field_and_what_stands_there() -> None:
    field = parse_json(b'{"vin": [{"txid": "XYZ"}]}', "tx.json")

    with pytest.raises(MalformedBytes, match=r"tx\.json: expected 64 lower-case hex digits, got 'XYZ'.*vin\[0\]\.txid"):
        next(field["vin"].items())["txid"].hash()


@pytest.mark.parametrize("value", [1.0, Decimal(1), True, "1", None, -1, MAX_UNITS + 1, [1]])
def test_satoshi_are_a_whole_number_in_range_and_nothing_else(value: object) -> None:
    with pytest.raises(MalformedBytes, match="whole number"):
        Field(value, "x", "value").units()


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("0.1", 10_000_000),
        ("0", 0),
        ("21000000", 2_100_000_000_000_000),
        ("1e-8", 1),
        ("0.100000000", 10_000_000),
        ("2.1E+7", 2_100_000_000_000_000),
    ],
)
def test_coins_become_satoshi_exactly(text: str, units: int) -> None:
    assert parse_json(text.encode(), "x").coins_as_units() == units


@pytest.mark.parametrize(
    "text",
    ["0.000000001", "-1", "1e400", "1e-400", "true", '"1"', "null", "21000000.00000001e1", "1e999999", "1e-999999"],
)
def test_coins_that_bitcoin_cannot_have_are_refused(text: str) -> None:
    with pytest.raises(MalformedBytes, match="number of coins"):
        parse_json(text.encode(), "x").coins_as_units()


@given(st.integers(0, MAX_UNITS))
def test_every_amount_of_satoshi_comes_back_from_its_coins(units: int) -> None:
    text = f"{units // 10**8}.{units % 10**8:08d}"

    assert parse_json(text.encode(), "x").coins_as_units() == units


@pytest.mark.parametrize("value", ["abc", "zz", "a b c", "aa\n", "ａａ", 5, None])
def test_hex_is_an_even_number_of_plain_digits(value: object) -> None:
    with pytest.raises(MalformedBytes, match=r"hex|text"):
        Field(value, "x", "raw").raw_hex()


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["a", "txid", "vin"]), inner, max_size=3)
    ),
    max_leaves=20,
)


@given(st.one_of(st.binary(), _json.map(lambda value: json.dumps(value).encode())))
def test_any_bytes_are_read_or_refused_by_name(raw: bytes) -> None:
    readers = ("integer", "units", "coins_as_units", "truth", "text", "raw_hex", "hash")
    try:
        field = parse_json(raw, "x")
    except MalformedBytes:
        return
    for reader in readers:
        try:
            getattr(field, reader)()
            getattr(field["a"], reader)()
            list(field.items())
        except CryptotraceError:
            continue
