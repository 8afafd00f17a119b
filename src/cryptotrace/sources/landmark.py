"""Telling bitcoin from Bitcoin Cash, which has the same genesis block: by the first block after the fork."""

from __future__ import annotations

from collections.abc import Callable

from cryptotrace.chains.bitcoin.network import BitcoinNetwork
from cryptotrace.errors import DataNotFound, SourceLied


def check_landmark(network: BitcoinNetwork, tip_height: int, hash_at: Callable[[int], str], name: str) -> None:
    """Check that a source has the block by which its chain is told from its sibling.

    Bitcoin's source may lack it (a young chain, a recording that was made before this was asked); one of a fork must
    have it, for below the fork there is nothing of its own.

    Args:
        network: the chain that was asked for.
        tip_height: height of the source's tip.
        hash_at: gives the hash of the block at a height.
        name: the source, for the message.

    Raises:
        SourceLied: it has another block there.
        DataNotFound: a fork's source does not have it.
    """
    if network.landmark is None:
        return
    height, expected = network.landmark
    found = ""
    if tip_height >= height:
        try:
            found = hash_at(height)
        except DataNotFound:
            found = ""
    if not found and network.fork is not None:
        raise DataNotFound(
            f"{name} has no block at height {height}, with which {network.name} begins: it cannot be told from the "
            "chain that it left; connect a source that has that block"
        )
    if found and found != expected:
        raise SourceLied(
            f"{name} is not a source of {network.name}: they share a genesis block, and at height {height} it has "
            f"{found} where {network.name} has {expected}"
        )
