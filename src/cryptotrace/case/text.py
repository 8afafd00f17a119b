"""Amounts as people read them."""

from __future__ import annotations

from cryptotrace.chains.networks import network
from cryptotrace.model.amount import format_units
from cryptotrace.model.identity import Asset
from cryptotrace.seizure.holdings import Holding
from cryptotrace.tracing.fragments import Units, as_text


def decimal_text(units: Units, asset: Asset) -> str:
    """Units as decimal text with the asset's symbol; a fraction of a base unit stays a fraction of base units."""
    net = network(asset.chain)
    if not isinstance(units, int):
        if units.denominator != 1:
            return f"{as_text(units)} base units"
        units = units.numerator
    return f"{format_units(units, net.decimals)} {net.symbol}"


def claimed_text(holding: Holding) -> str:
    """The claimed share at a place; under poison only that it was reached, since reach is never summed."""
    return decimal_text(holding.claimed_total, holding.asset) if holding.is_share else "reached"
