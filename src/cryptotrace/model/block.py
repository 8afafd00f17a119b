"""Where in a chain: blocks and the order of what is in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from cryptotrace.errors import ModelError
from cryptotrace.model.identity import Chain


class Position(NamedTuple):
    """An instant in chain order. Compares as a tuple; block time is never used for order."""

    height: int
    """Height of the block, genesis is 0. On a ledger of one's own: its time."""
    index: int  # type: ignore[assignment] # the tuple's method of that name is of no use here
    """Place of the transaction in the block, from 0; -1 where the source does not tell it."""
    part: int = 0
    """Place of the movement in the transaction (call or log position); 0 for a UTXO transaction."""


@dataclass(frozen=True, slots=True)
class BlockRef:
    """Which block, as far as it is needed to find and order things."""

    chain: Chain
    """The chain the block is on."""
    height: int
    """Number of blocks below it; genesis is 0."""
    hash: str
    """Block hash, lower-case hex as explorers print it (reversed bytes)."""
    time: int
    """The producer's statement of the time, in seconds since 1970-01-01 UTC. Not used for order."""

    def __post_init__(self) -> None:
        if self.height < 0:
            raise ModelError(f"block height must not be negative, got {self.height}")

    @property
    def when(self) -> datetime:
        """The producer's statement of the time as an aware UTC datetime."""
        return datetime.fromtimestamp(self.time, UTC)


@dataclass(frozen=True, slots=True)
class Tip:
    """The newest block that a source knew when it was asked."""

    chain: Chain
    """The chain."""
    height: int
    """Height of the tip."""
    hash: str
    """Hash of the tip, lower-case hex as explorers print it."""
