"""Words of 32 bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptotrace.chains.evm.words import Words
from cryptotrace.errors import MalformedBytes


@given(st.lists(st.integers(0, 2**256 - 1), max_size=20))
def test_words_are_numbers_to_256_bits(numbers: list[int]) -> None:
    words = Words(b"".join(each.to_bytes(32, "big") for each in numbers), "it")
    words.exactly(len(numbers))
    assert [words.integer(n) for n in range(len(numbers))] == numbers
    with pytest.raises(MalformedBytes, match="bytes left"):
        words.integer(len(numbers))
    with pytest.raises(MalformedBytes, match="bytes expected"):
        words.exactly(len(numbers) + 1)


def test_a_refusal_names_the_word_and_its_offset() -> None:
    with pytest.raises(MalformedBytes, match=r"it\.word\[1\], byte offset 32") as caught:
        Words(bytes(32) + b"\xff" * 32, "it").address(1)
    assert caught.value.offset == 32


def test_lists_whose_length_lies_are_refused() -> None:
    head = (32).to_bytes(32, "big")
    for count in (2, 2**63, 2**255, 2**256 - 1):
        with pytest.raises(MalformedBytes, match="elements cannot stand"):
            Words(head + count.to_bytes(32, "big") + bytes(32), "it").integers(0)
    assert Words(head + (1).to_bytes(32, "big") + (7).to_bytes(32, "big"), "it").integers(0) == [7]
    assert Words(head + bytes(32), "it").integers(0) == []
