"""Who gets one part of a transaction's fee.

Source: EIP-1559 (the base fee is burnt, the priority fee goes to the header's beneficiary), EIP-4844 (the blob fee is
burnt); OP Stack specification, predeploys (vaults, which are fixed accounts). Which chain does what is cited with each
chain in ``cryptotrace.chains.evm.network``.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FeeShare:
    """Who gets one part of a fee: nobody, the header's beneficiary, or fixed accounts by height."""

    is_burnt: bool = False
    """True: nobody gets it."""
    to_producer: bool = False
    """True: the header's beneficiary gets it."""
    accounts: tuple[tuple[int, str], ...] = ()
    """From which height on which account gets it, ascending; before the first height it is not told."""

    def payee(self, height: int | None, beneficiary: str | None) -> str | None:
        """Who gets it in a block; None where nobody does or it is not told.

        Args:
            height: of the block; None if it is not known.
            beneficiary: as the block's header says; None if it is not known.
        """
        if self.is_burnt:
            return None
        if self.to_producer:
            return beneficiary
        if height is None:
            return self.accounts[0][1] if len(self.accounts) == 1 and self.accounts[0][0] == 0 else None
        return next((account for since, account in reversed(self.accounts) if height >= since), None)


#: Nobody gets it.
BURNT = FeeShare(is_burnt=True)
#: The header's beneficiary gets it.
TO_PRODUCER = FeeShare(to_producer=True)
#: Somebody gets it, and neither header nor table tells who.
UNTOLD = FeeShare()


def fixed(account: str) -> FeeShare:
    """One account gets it at all heights."""
    return FeeShare(accounts=((0, account),))
