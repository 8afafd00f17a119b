"""Fields of a foreign object: read as what they must be, refused with their place in plain words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptotrace.errors import LedgerFileError
from cryptotrace.ledger.fields import Fields, OtherNumber, shown, whole_or_other

READERS: dict[str, Callable[[Fields], Any]] = {
    "whole": lambda fields: fields.whole("k"),
    "whole or 7": lambda fields: fields.whole("k", 7),
    "signed": lambda fields: fields.whole("k", signed=True),
    "wholes": lambda fields: fields.wholes("k"),
    "text": lambda fields: fields.text("k"),
    "text or null": lambda fields: fields.text_or_null("k"),
    "texts": lambda fields: fields.texts("k"),
    "flag": lambda fields: fields.flag("k"),
    "inner": lambda fields: fields.inner("k").found,
    "objects": lambda fields: [each.found for each in fields.objects("k")],
}
REFUSED = object()
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=60) | st.builds(OtherNumber, st.sampled_from(["1.5"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.parametrize("reader", READERS)
@given(value=values)
def test_a_field_is_given_back_unchanged_or_refused_with_its_place_on_a_short_line(reader: str, value: Any) -> None:
    try:
        found = READERS[reader](Fields({"k": value}))
    except LedgerFileError:
        found = REFUSED
    if found is not REFUSED:
        assert found == value
        return
    with pytest.raises(LedgerFileError) as refused:
        READERS[reader](Fields({"k": value}, "here[3]"))
    said = str(refused.value)
    assert re.match(r"here\[3\]: the field 'k(\[[0-9]+\])?' must ", said)
    assert len(said) < 300
    assert "\n" not in said


@pytest.mark.parametrize(
    ("reader", "right", "wrong"),
    [
        ("whole", 0, [-1, True, "0", None, OtherNumber("0.0"), [0]]),
        ("whole or 7", 5, [None, False]),
        ("signed", -5, [True, "-5"]),
        ("wholes", [0, 5], [[0, -1], [True], "05", {}]),
        ("text", "", [None, 0, ["x"], False]),
        ("text or null", None, [0, False, []]),
        ("texts", ["a", ""], ["ab", [None], [1], {}]),
        ("flag", True, [1, 0, None, "true"]),
        ("inner", {}, [[], None, "{}"]),
        ("objects", [{}], [{}, [[]], [None]]),
    ],
)
def test_each_reader_takes_its_own_type_only(reader: str, right: Any, wrong: list[Any]) -> None:
    assert READERS[reader](Fields({"k": right})) == right
    for value in wrong:
        with pytest.raises(LedgerFileError, match=r"^the field 'k"):
            READERS[reader](Fields({"k": value}))


def test_a_field_that_is_not_there_is_missing_unless_it_need_not_be() -> None:
    empty = Fields({}, "txs[0]")
    for reader in ("whole", "wholes", "text", "text or null"):
        with pytest.raises(LedgerFileError, match=r"^txs\[0\]: the field 'k' is missing$"):
            READERS[reader](empty)
    for needed in (empty.texts, empty.objects):
        with pytest.raises(LedgerFileError, match="is missing"):
            needed("k", needed=True)
    assert [READERS[r](empty) for r in ("whole or 7", "texts", "flag", "inner", "objects")] == [7, [], False, {}, []]
    assert "k" not in empty
    assert "k" in Fields({"k": None})


def test_the_place_of_an_inner_object_is_named_from_outside_in() -> None:
    (inner,) = Fields({"a": [{"b": {"c": "x"}}]}).objects("a")
    with pytest.raises(LedgerFileError, match=r"^a\[0\]\.b: the field 'c' must be a whole number, not the text 'x'$"):
        inner.inner("b").whole("c")


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, "null"), (True, "true"), ([1], "a list"), ({}, "an object"), (5, "5"), ("5", "the text '5'")],
)
def test_a_wrong_value_is_named_in_the_words_of_json(value: Any, words: str) -> None:
    assert shown(value) == words


def test_long_values_are_cut_and_long_numbers_are_not_read() -> None:
    assert len(shown("x" * 10**6)) < 70
    assert len(shown(10**3000)) < 70
    assert whole_or_other("9" * 4000) == 10**4000 - 1
    kept = json.loads("9" * 4001, parse_int=whole_or_other)
    assert isinstance(kept, OtherNumber)
    assert shown(kept) == "9" * 40 + "..."
