"""Forms of transactions that only some chains have: types of their own, and such as nobody signed.

What a chain does not have is refused there: else a source could pass anything under a true txid by calling it so.

Source: EIP-2718 (types); OP Stack specification, deposits; Arbitrum documentation, transaction types; Polygon PIP-74.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class SystemType:
    """A type of transaction that only this chain has."""

    name: str
    """What the chain calls it."""
    pays_fee: bool
    """True if its sender pays a fee."""
    moves_value: bool
    """True if its value goes from its sender to whom it calls."""
    mints_value: bool = False
    """True if its value is created for the sender first (Arbitrum's deposit)."""
    mints_told: bool = False
    """True if a field ``mint`` says what is created for the sender first (Optimism's deposit)."""
    gap: str = ""
    """What it moves beside that and cannot be told from transaction, receipt and calls."""


class UnsignedHash(StrEnum):
    """What the hash of a transaction that nobody signed is made of."""

    OF_BLOCK = "of its block"
    """keccak256 of ``matic-bor-receipt-``, the height in 8 bytes and the block's hash (Polygon)."""
    UNTOLD = "untold"
    """Not known for sure: it is taken as told."""


@dataclass(frozen=True, slots=True)
class UnsignedForm:
    """Transactions of type 0 that nobody signed, as only this chain has them."""

    name: str
    """What the chain calls it."""
    source: str
    """Where this is known from."""
    hash: UnsignedHash
    """What its hash is made of."""
    below: int | None = None
    """Below this height only; None for every height."""
    is_empty: bool = False
    """True: it goes from and to the zero address, with neither value nor data."""
