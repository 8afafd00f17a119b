"""How an asset is written on a sheet: its symbol and decimals with where they are from, and never a guess."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from cryptotrace.chains.networks import NETWORKS
from cryptotrace.chains.tokens import FUNGIBLE, TokenFacts, TokenReading, contract_of
from cryptotrace.errors import InvalidAddress, UnsupportedChain
from cryptotrace.model.amount import format_units
from cryptotrace.model.identity import Asset, Chain
from cryptotrace.tracing.fragments import Units

#: What stands where something is not known. An empty cell says that there is nothing.
NOT_KNOWN = "not known"


@dataclass(frozen=True, slots=True)
class AssetShown:
    """An asset as a sheet shows it."""

    asset: Asset
    """Which asset."""
    symbol: str
    """Its symbol, or *not known*. Foreign text."""
    decimals: int | None
    """Digits after the point; None: no decimal amount can be written."""
    basis: str
    """Where both are from: read from the contract at a block, or as listed by whom and when."""

    @property
    def contract(self) -> str:
        """The contract of a token as its chain writes addresses (EIP-55); for a chain's own coin that it is one."""
        return contract_shown(self.asset) if self.asset.namespace in FUNGIBLE else f"none ({self.asset.namespace})"

    def decimal(self, units: Units) -> str:
        """Decimal text; a fraction of a base unit is cut off and marked with ≈. *Not known* without decimals."""
        if self.decimals is None:
            return NOT_KNOWN
        exact = Fraction(units)
        whole = int(exact)
        return ("" if whole == exact else "≈") + format_units(whole, self.decimals)


def contract_shown(asset: Asset) -> str:
    """What names an asset on its chain: a contract as the chain writes addresses, else its reference as it stands."""
    if asset.namespace not in FUNGIBLE:
        return asset.reference
    try:
        return contract_of(asset).address
    except (InvalidAddress, UnsupportedChain):
        return asset.reference


def asset_shown(asset: Asset, tokens: Mapping[Asset, TokenFacts], reading: TokenReading | None = None) -> AssetShown:
    """How the asset is written: what its contract answered comes before what a list says."""
    network = NETWORKS.get(asset.chain)
    if network is not None and asset == network.asset:
        return AssetShown(asset, network.symbol, network.decimals, "the chain's own coin")
    if reading is not None and reading.decimals is not None:
        at = NOT_KNOWN if reading.at is None else str(reading.at.height)
        return AssetShown(asset, reading.symbol or NOT_KNOWN, reading.decimals, f"read from the contract at block {at}")
    facts = tokens.get(asset)
    if facts is not None:
        listed = f"as listed by {facts.source}, read {facts.as_of}; not read from the contract"
        return AssetShown(asset, facts.symbol, facts.decimals, listed)
    symbol = NOT_KNOWN if reading is None or not reading.symbol else reading.symbol
    return AssetShown(asset, symbol, None, "decimals not known: not read from the contract, and no known token")


def assets_shown(
    assets: Iterable[Asset], tokens: Mapping[Asset, TokenFacts], readings: Iterable[TokenReading] = ()
) -> dict[Asset, AssetShown]:
    """``asset_shown`` for each asset."""
    read = {reading.asset: reading for reading in readings}
    return {asset: asset_shown(asset, tokens, read.get(asset)) for asset in assets}


def chain_shown(chain: Chain) -> str:
    """The chain's name, or its identifier where it is not known."""
    network = NETWORKS.get(chain)
    return str(chain) if network is None else network.name


def txid_shown(chain: Chain, txid: str) -> str:
    """A transaction hash in full as the explorers of its chain print it."""
    network = NETWORKS.get(chain)
    if network is None:
        return f"0x{txid}" if chain.namespace == "eip155" else txid
    return network.shown(txid)
