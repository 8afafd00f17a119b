"""Bitcoin and Bitcoin Cash have one genesis block: a source of the wrong one is told by the first block after the fork."""

from __future__ import annotations

import pytest

from cryptotrace.chains import bitcoin_network
from cryptotrace.errors import DataNotFound, SourceLied
from cryptotrace.sources.landmark import check_landmark

BITCOIN, CASH = bitcoin_network("bitcoin"), bitcoin_network("bitcoin-cash")
OF_BITCOIN = "00000000000000000019f112ec0a9982926f1258cdcc558dd7c3b7e5dc7fa148"
OF_CASH = "000000000000000000651ef99cb9fcbe0dadde1d424bd9f15ff20136191a5eec"


def _absent(height: int) -> str:
    raise DataNotFound(f"no block {height}")


def test_each_chain_is_told_from_the_other_one() -> None:
    check_landmark(BITCOIN, 900_000, {478_559: OF_BITCOIN}.__getitem__, "a server")
    check_landmark(CASH, 478_559, {478_559: OF_CASH}.__getitem__, "a server")
    with pytest.raises(SourceLied, match="a server is not a source of bitcoin: they share a genesis block"):
        check_landmark(BITCOIN, 900_000, {478_559: OF_CASH}.__getitem__, "a server")
    with pytest.raises(SourceLied, match="not a source of bitcoin-cash"):
        check_landmark(CASH, 900_000, {478_559: OF_BITCOIN}.__getitem__, "a server")


def test_a_source_without_that_block_may_be_bitcoins_and_is_not_the_forks() -> None:
    check_landmark(BITCOIN, 100, _absent, "a young node")
    check_landmark(BITCOIN, 900_000, _absent, "an old recording")
    for height in (100, 900_000):
        with pytest.raises(DataNotFound, match="cannot be told from the chain that it left"):
            check_landmark(CASH, height, _absent, "a node")


def test_a_chain_with_a_genesis_block_of_its_own_is_not_asked() -> None:
    check_landmark(bitcoin_network("litecoin"), 900_000, _absent, "a node")
