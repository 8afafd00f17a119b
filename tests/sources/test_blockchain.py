"""Which of some blocks are the chain: linked whatever their order, and the branch with the most work wins."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sources.blockfolder import run
from tests.sources.chain import REGTEST
from tests.training_chain import blocks

from cryptotrace.chains.bitcoin.wire import decode_block
from cryptotrace.errors import ConfigurationError
from cryptotrace.sources.blockchain import LinkedBlocks, link
from cryptotrace.sources.blockfiles import BlockPlace

TRAINING = blocks()
HASHES = [decode_block(raw).header.hash for raw in TRAINING]


def linked(raws: Sequence[bytes], first_height: int | None = None) -> LinkedBlocks:
    places = [BlockPlace(Path("blk"), n, len(raw), decode_block(raw).header) for n, raw in enumerate(raws)]
    return link(places, REGTEST, lambda place: raws[place.offset], first_height)


def hashes(found: LinkedBlocks) -> dict[int, str]:
    return {height: place.header.hash for height, (place, *_) in found.active.items()}


@given(st.permutations(range(12)))
def test_blocks_are_linked_whatever_their_order(order: list[int]) -> None:
    found = linked([TRAINING[n] for n in order])

    assert hashes(found) == dict(enumerate(HASHES[:12]))
    assert (found.stale, found.first_of_run) == ((), 0)


def test_of_two_branches_the_one_with_more_work_wins_though_it_came_later() -> None:
    short = run(previous=HASHES[3], heights=[4, 5], tag=b"short")
    long = run(previous=HASHES[3], heights=[4, 5, 6], tag=b"long")

    for order in permutations([TRAINING[:4], short, long]):
        found = linked([raw for part in order for raw in part])
        assert [hashes(found)[h] for h in (4, 5, 6)] == [decode_block(raw).header.hash for raw in long]
        assert found.stale == tuple(sorted(decode_block(raw).header.hash for raw in short))


def test_of_two_branches_with_equal_work_the_one_that_was_written_first_wins() -> None:
    one, other = (run(previous=HASHES[3], heights=[4], tag=tag)[0] for tag in (b"one", b"other"))

    for first, second in ((one, other), (other, one)):
        found = linked([*TRAINING[:4], first, second])
        assert hashes(found)[4] == decode_block(first).header.hash
        assert found.stale == (decode_block(second).header.hash,)


def test_a_block_that_was_written_twice_is_one_block_with_two_places() -> None:
    found = linked([*TRAINING[:3], TRAINING[1]])

    assert [len(places) for places in found.active.values()] == [1, 2, 1]


def test_a_run_that_does_not_start_at_genesis_takes_its_height_from_a_coinbase() -> None:
    found = linked(TRAINING[110:113])

    assert hashes(found) == {h: HASHES[h] for h in (110, 111, 112)}
    assert found.first_of_run == 110


def test_a_height_that_is_given_is_taken_where_no_coinbase_says_one() -> None:
    raws = run(previous="ab" * 32, heights=[0, 0], told=False)

    assert list(linked(raws, 7000).active) == [7000, 7001]
    with pytest.raises(ConfigurationError, match=rf"builds on {'ab' * 32}, which is not there.*\?height=N"):
        linked(raws)


def test_a_height_that_is_given_is_not_put_upon_a_part_that_says_its_own() -> None:
    told = run(previous="cd" * 32, heights=[500, 501])
    untold = run(previous="ab" * 32, heights=[0, 0, 0], told=False)

    assert list(linked([*told, *untold], 100).active) == [100, 101, 102, 500, 501]


def test_one_given_height_is_not_used_for_two_parts_of_the_chain() -> None:
    """The part with less work would pass for a stale branch, and its blocks would be lost silently."""
    raws = [*run(previous="ab" * 32, heights=[0], told=False), *run(previous="cd" * 32, heights=[0, 0], told=False)]

    with pytest.raises(ConfigurationError, match="one PATH for each part"):
        linked(raws, 100)


def test_parts_with_a_gap_between_them_are_both_kept_and_the_run_begins_behind_the_gap() -> None:
    found = linked([*TRAINING[:5], *TRAINING[110:]])

    assert list(found.active) == [*range(5), *range(110, 126)]
    assert found.first_of_run == 110


def test_a_stale_block_whose_parent_is_not_there_does_not_displace_the_chain() -> None:
    stray = run(previous="ab" * 32, heights=[3])
    found = linked([*TRAINING[:6], *stray])

    assert hashes(found) == dict(enumerate(HASHES[:6]))
    assert found.stale == (decode_block(stray[0]).header.hash,)


def test_no_block_of_the_network_is_refused_by_name() -> None:
    with pytest.raises(ConfigurationError, match="no block of bitcoin-regtest"):
        linked([])
