"""How the assets of a case are written: symbol and decimals, and how those are known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cryptotrace.chains.networks import network
from cryptotrace.chains.tokens import FUNGIBLE, TokenFacts, known_tokens, read_token
from cryptotrace.errors import DataNotFound, NotSupported
from cryptotrace.ledger import accounts
from cryptotrace.ledger.store import Store
from cryptotrace.model.accountsource import ContractCalls
from cryptotrace.model.amount import format_units
from cryptotrace.model.identity import Asset
from cryptotrace.model.source import Source
from cryptotrace.seizure.holdings import Holding
from cryptotrace.tracing.fragments import Units, as_text


class Known(StrEnum):
    """How symbol and decimals of an asset are known."""

    CHAIN = "the chain's own coin"
    """It is the chain's native asset."""
    CONTRACT = "read from the contract"
    """The contract said so, as of a block."""
    LISTED = "as listed"
    """A list says so; the contract was not asked."""
    UNKNOWN = "not known"
    """Nobody says: amounts are written in base units."""


@dataclass(frozen=True, slots=True)
class Writing:
    """How an asset is written."""

    asset: Asset
    """Which."""
    symbol: str
    """Its symbol; the contract's address where it has none."""
    decimals: int | None
    """Digits after the point; None if they are not known."""
    known: Known
    """How that is known."""
    basis: str
    """The block at which the contract was read, or the list."""


class AssetBook:
    """The assets of a case.

    Args:
        store: the case's store, which keeps what contracts said.
        own: tokens that the case itself describes.
    """

    def __init__(self, store: Store, own: Iterable[TokenFacts] = ()) -> None:
        self._store = store
        self.tokens = known_tokens(own)

    def writing(self, asset: Asset) -> Writing:
        """How an asset is written: as the contract says; else as listed; else in base units."""
        net = network(asset.chain)
        if asset == net.asset:
            return Writing(asset, net.symbol, net.decimals, Known.CHAIN, net.name)
        said = accounts.token(self._store, asset)
        if said is not None and said.decimals is not None and said.at is not None:
            symbol = said.symbol or asset.reference
            return Writing(asset, symbol, said.decimals, Known.CONTRACT, f"block {said.at.height}")
        if (listed := self.tokens.get(asset)) is not None:
            return Writing(asset, listed.symbol, listed.decimals, Known.LISTED, f"{listed.source}, {listed.as_of}")
        symbol = asset.reference if asset.token_id is None else f"{asset.reference} no. {asset.token_id}"
        decimals = 0 if asset.namespace in {"erc721", "trc721"} else None
        return Writing(asset, symbol, decimals, Known.UNKNOWN, "")

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

    def decimal(self, units: Units, asset: Asset) -> str:
        """Units as decimal text with the symbol; in base units if decimals are unknown or there is a fraction."""
        writing = self.writing(asset)
        if units.denominator != 1 or writing.decimals is None:
            return f"{as_text(units)} base units of {writing.symbol}"
        return f"{format_units(units.numerator, writing.decimals)} {writing.symbol}"

    def claimed(self, holding: Holding) -> str:
        """The claimed share at a place; under poison only that it was reached, since reach is never summed."""
        return self.decimal(holding.claimed_total, holding.asset) if holding.is_share else "reached"
