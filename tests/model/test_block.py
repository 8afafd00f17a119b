"""Where in a chain: order never asks the clock."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptotrace.errors import ModelError
from cryptotrace.model.block import BlockRef, Position, Tip
from cryptotrace.model.identity import Chain

CHAIN = Chain("bip122:000000000019d6689c085ae165831e93")
numbers = st.integers(min_value=0, max_value=10**9)


@given(st.lists(st.tuples(numbers, numbers, numbers), max_size=8))
def test_positions_are_ordered_by_height_then_place_then_part(places: list[tuple[int, int, int]]) -> None:
    assert sorted(Position(*place) for place in places) == [Position(*place) for place in sorted(places)]


def test_a_transaction_is_one_instant_unless_a_part_is_named() -> None:
    assert Position(5, 0) == Position(5, 0, 0) < Position(5, 0, 1) < Position(5, 1) < Position(6, 0)


def test_genesis_has_height_0_and_an_ordinary_time() -> None:
    genesis = BlockRef(CHAIN, 0, "0" * 64, 1231006505)
    assert genesis.when == datetime(2009, 1, 3, 18, 15, 5, tzinfo=UTC)
    assert BlockRef(CHAIN, 0, "0" * 64, 0).when == datetime(1970, 1, 1, tzinfo=UTC)


def test_there_is_no_block_below_genesis() -> None:
    with pytest.raises(ModelError, match="must not be negative, got -1"):
        BlockRef(CHAIN, -1, "0" * 64, 0)


@pytest.mark.parametrize("value", [BlockRef(CHAIN, 1, "0" * 64, 0), Tip(CHAIN, 1, "0" * 64)])
def test_a_block_that_was_seen_cannot_be_changed(value: Any) -> None:
    with pytest.raises(FrozenInstanceError):
        value.height = 2
