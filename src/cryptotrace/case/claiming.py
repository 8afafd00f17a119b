"""A claim as it is entered: units of an output that is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptotrace.case.file import ClaimEntry
from cryptotrace.case.text import decimal_text
from cryptotrace.chains.family import Network
from cryptotrace.errors import CaseError
from cryptotrace.model.amount import parse_units
from cryptotrace.model.claim import Claim
from cryptotrace.model.transaction import Outpoint

if TYPE_CHECKING:
    from cryptotrace.case.case import Case


def enter_claim(
    case: Case,
    claimant: str,
    net: Network,
    outpoint: str,
    amount: str | int | None,
    offset: int,
    basis: str,
    author: str,
) -> ClaimEntry:
    """See ``Case.claim``."""
    flow = case.graph(net.chain).flow(str(Outpoint.parse(outpoint)))
    units = parse_units(amount, net.decimals) if isinstance(amount, str) else amount
    if units is None:
        units = flow.units - offset
    claim = Claim(claimant, flow.id, flow.asset, units, offset, basis, author or case.settings.author)
    if units == 0 or offset + units > flow.units:
        raise CaseError(
            f"the claim takes base units {offset} to {offset + units} of {flow.id}, which has {flow.units} "
            f"({decimal_text(flow.units, flow.asset)})"
        )
    return ClaimEntry(claimant, net.chain, flow.id, flow.asset, str(units), str(offset), basis, claim.author)
