"""Which chain a server is of, and how its answers are asked for."""

from __future__ import annotations

import pytest
from tests.nodes.trongrid import Manners
from tests.nodes.tronworld import GENESIS
from tests.sources.tronopened import TOP, WORLD, grid, node

from cryptotrace.chains.tron.network import TRON_NETWORKS
from cryptotrace.errors import SourceLied
from cryptotrace.sources.tron.nodebase import check_chain_id, post


@pytest.mark.parametrize("network", TRON_NETWORKS, ids=lambda each: each.name)
def test_a_chain_id_is_that_of_one_chain(network: object) -> None:
    for other in TRON_NETWORKS:
        if other is network:
            check_chain_id(other.chain_id, other, "x")
            continue
        with pytest.raises(SourceLied, match="is not a server of"):
            check_chain_id(network.chain_id if network.chain_id != "0x00000000" else "0x12345678", other, "x")  # type: ignore[attr-defined]


def test_a_private_chain_may_have_any_id_but_that_of_a_public_one() -> None:
    private = TRON_NETWORKS[-1]
    check_chain_id("0x12345678", private, "x")
    for genesis in GENESIS.values():
        with pytest.raises(SourceLied):
            check_chain_id(f"0x{genesis[-8:]}", private, "x")


def test_a_question_with_a_body_is_the_same_text_every_time() -> None:
    assert post("/wallet/getblock", num=5, detail=False).body == b'{"detail":false,"num":5}'


def test_headers_are_asked_for_without_the_transactions_and_once() -> None:
    with grid() as (source, server):
        for _ in range(3):
            assert source.block_ref(9) == WORLD.ref(9)
        assert sum('"id_or_num":"9"' in each for each in server.asked) == 1
        assert not any("getblockbynum" in each for each in server.asked)


def test_a_tip_of_the_newest_block_is_asked_for_at_the_solidified_state() -> None:
    with node(Manners(has_index=False, tip=TOP - 3)) as source:
        assert source.tip().height == TOP - 3
