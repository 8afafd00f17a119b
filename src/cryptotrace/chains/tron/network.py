"""The TRON chains that this version reads, and their parameters."""

from __future__ import annotations

from dataclasses import dataclass

from cryptotrace.chains.family import Network
from cryptotrace.model.identity import Chain


@dataclass(frozen=True, slots=True, kw_only=True)
class TronNetwork(Network):
    """The parameters of one TRON chain.

    Source: the CAIP-2 reference is the chain id of TRON's eth-style interface: the last four bytes of the genesis
    block's id; SLIP-44 coin type 195; the contract of wrapped TRX as TRONSCAN lists it.
    """

    chain_id: str
    """``0x`` and eight lower-case hex digits."""
    decimals: int = 6
    """Digits after the point of TRX (sun)."""
    wrapped: tuple[str, ...] = ()
    """Contracts of wrapped TRX (base58check): who pays TRX into them gets as many tokens, without a Transfer event."""

    @property
    def chain(self) -> Chain:
        """The CAIP-2 identifier."""
        return Chain(f"tron:{self.chain_id}")

    @property
    def token_namespace(self) -> str:
        """CAIP-19 namespace of the chain's fungible tokens."""
        return "trc20"


#: Main network first. ``tron-local`` is a private chain for training and tests.
TRON_NETWORKS = (
    TronNetwork(
        name="tron",
        symbol="TRX",
        coin_type=195,
        is_training=False,
        chain_id="0x2b6653dc",
        wrapped=("TNUC9Qb1rRpS5CbWLmNMxXBjyFoydXjWFR",),
    ),
    TronNetwork(name="tron-shasta", symbol="tTRX", coin_type=1, is_training=True, chain_id="0x94a9059e"),
    TronNetwork(name="tron-nile", symbol="tTRX", coin_type=1, is_training=True, chain_id="0xcd8690dc"),
    TronNetwork(name="tron-local", symbol="tTRX", coin_type=1, is_training=True, chain_id="0x00000000"),
)
