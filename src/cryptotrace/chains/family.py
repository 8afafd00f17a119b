"""What chains of every family have in common; each family adds its own parameters in ``chains/<family>/network.py``."""

from __future__ import annotations

from dataclasses import dataclass

from cryptotrace.model.identity import Asset, Chain


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """One chain, as far as nothing depends on its family.

    Source: CAIP-2 for the chain, CAIP-19 and SLIP-44 for its native asset.
    """

    name: str
    """The friendly name, e.g. ``bitcoin-testnet4`` or ``tron``."""
    symbol: str
    """What amounts are labelled with. Coins of a training network carry a ``t`` in front: they are worth nothing."""
    coin_type: int
    """SLIP-44 coin type of the native asset: 0 for bitcoin, 60 for ether, 195 for TRX, 1 for every test network."""
    is_training: bool
    """True for everything but a main network: what moves there is not money."""
    decimals: int
    """Digits after the point of the native asset: one coin is ``10 ** decimals`` base units."""

    @property
    def chain(self) -> Chain:
        """The CAIP-2 identifier."""
        raise NotImplementedError

    @property
    def asset(self) -> Asset:
        """The native asset, CAIP-19."""
        return Asset(f"{self.chain}/slip44:{self.coin_type}")

    @property
    def is_account_chain(self) -> bool:
        """True where value lies in accounts; False where it lies in unspent outputs."""
        return True

    @property
    def token_namespace(self) -> str:
        """CAIP-19 namespace of the chain's fungible tokens."""
        return "erc20"

    def shown(self, txid: str) -> str:
        """A txid as the explorers of this chain print it."""
        return txid
