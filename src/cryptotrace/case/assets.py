"""How the assets of a case are written: symbol and decimals, and how those are known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cryptotrace.attribution.writing import looks_same
from cryptotrace.chains.networks import network
from cryptotrace.chains.tokens import FUNGIBLE, TokenFacts, known_tokens, read_token
from cryptotrace.errors import DataNotFound, NotSupported
from cryptotrace.ledger import accounts
from cryptotrace.ledger.store import Store
from cryptotrace.model.accountsource import ContractCalls
from cryptotrace.model.amount import format_units
from cryptotrace.model.identity import Asset
from cryptotrace.model.source import Source
from cryptotrace.reports.sheetasset import AssetShown, asset_shown
from cryptotrace.seizure.holdings import Holding
from cryptotrace.tracing.fragments import Units, as_text


class AssetBook:
    """The assets of a case.

    Args:
        store: the case's store, which keeps what contracts said.
        own: tokens that the case itself describes.
    """

    def __init__(self, store: Store, own: Iterable[TokenFacts] = ()) -> None:
        self._store = store
        self.tokens = known_tokens(own)

    @property
    def adjusting(self) -> frozenset[Asset]:
        """The tokens that are known to change balances beside their transfers."""
        return frozenset(asset for asset, facts in self.tokens.items() if facts.adjusts)

    def shown(self, asset: Asset) -> AssetShown:
        """How an asset is written: as its contract says; else as listed; else in base units."""
        said = accounts.token(self._store, asset) if asset.namespace in FUNGIBLE else None
        return asset_shown(asset, self.tokens, said)

    def read(self, asset: Asset, sources: Sequence[Source]) -> None:
        """Ask the contract of a token for symbol and decimals, unless that was done; no answer leaves it unknown."""
        if asset.namespace not in FUNGIBLE or accounts.token(self._store, asset) is not None:
            return
        for source in sources:
            if isinstance(source, ContractCalls):
                try:
                    accounts.set_token(self._store, read_token(source, asset))
                except (NotSupported, DataNotFound):
                    continue
                return

    def imitated(self, asset: Asset) -> str:
        """The symbol of a known token that this one bears though its contract is another one; empty if it does not."""
        symbol = self.shown(asset).symbol
        if asset in self.tokens or asset == network(asset.chain).asset or asset.namespace not in FUNGIBLE:
            return ""
        known = (facts.symbol for other, facts in self.tokens.items() if other.chain == asset.chain)
        return next((each for each in known if looks_same(each, symbol)), "")

    def symbol(self, asset: Asset) -> str:
        """The symbol as it is written beside an amount: with the contract where a known token has the same one."""
        symbol = self.shown(asset).symbol
        return (
            f"{symbol} (NOT the known {fake}: contract {asset.reference})" if (fake := self.imitated(asset)) else symbol
        )

    def decimal(self, units: Units, asset: Asset) -> str:
        """Units as decimal text with the symbol; in base units if decimals are unknown or there is a fraction."""
        shown = self.shown(asset)
        if shown.decimals is None:
            number = "" if asset.token_id is None else f" no. {asset.token_id}"
            return f"{as_text(units)} base units of {asset.reference}{number}"
        if units.denominator != 1:
            return f"{as_text(units)} base units of {self.symbol(asset)}"
        return f"{format_units(units.numerator, shown.decimals)} {self.symbol(asset)}"

    def claimed(self, holding: Holding) -> str:
        """The claimed share at a place; under poison only that it was reached, since reach is never summed."""
        return self.decimal(holding.claimed_total, holding.asset) if holding.is_share else "reached"


def unchecked_text(holding: Holding) -> str:
    """The accounts whose history is not shown to be complete, on which a share rests; empty if there is none."""
    return ", ".join(dict.fromkeys(check.account.address for check in holding.unchecked))
