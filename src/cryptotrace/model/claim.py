"""What somebody lost: claims."""

from __future__ import annotations

from dataclasses import dataclass

from cryptotrace.errors import ModelError
from cryptotrace.model.amount import base_units
from cryptotrace.model.identity import Asset


@dataclass(frozen=True, slots=True)
class Claim:
    """Units of one flow that a claimant says are theirs. That they are is given, not examined.

    Raises:
        ModelError: no name, or an offset or amount that is not a non-negative int.
    """

    claimant: str
    """Who claims; several claims of one claimant add up."""
    flow: str
    """Id of the flow: ``txid:vout`` on a UTXO chain, ``txid#place`` on an account chain."""
    asset: Asset
    """Of what."""
    units: int
    """How many base units of the flow are claimed."""
    offset: int = 0
    """The claimed units start after so many units of the flow (only FIFO and LIFO tell the difference)."""
    basis: str = ""
    """On what it rests: complaint, bank record, device, exchange answer; empty if nothing was stated."""
    author: str = ""
    """Who entered it."""

    def to_dict(self) -> dict[str, str]:
        """Every field as text."""
        return {
            "claimant": self.claimant,
            "flow": self.flow,
            "asset": str(self.asset),
            "units": str(self.units),
            "offset": str(self.offset),
            "basis": self.basis,
            "author": self.author,
        }

    def __post_init__(self) -> None:
        if not _is_name(self.claimant):
            raise ModelError(f"a claim needs the claimant's name as text, got {self.claimant!r}")
        base_units(self.units, f"claim of {self.claimant}")
        base_units(self.offset, f"offset of the claim of {self.claimant}")


def _is_name(text: object) -> bool:
    return isinstance(text, str) and bool(text.strip())
