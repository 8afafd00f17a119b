"""The chains of Ethereum's family that this version reads, as data; where they differ, the difference has a name."""

from __future__ import annotations

from dataclasses import dataclass

from cryptotrace.chains.family import Network
from cryptotrace.model.identity import Chain


@dataclass(frozen=True, slots=True, kw_only=True)
class EvmNetwork(Network):
    """The parameters of one chain of Ethereum's family.

    Source: EIP-155 chain ids as registered in ethereum-lists/chains; CAIP-2 profile eip155; SLIP-44 coin types.
    """

    chain_id: int
    """EIP-155 chain id."""
    decimals: int = 18
    """Digits after the point of the native coin: always 18 in this family (wei)."""

    @property
    def chain(self) -> Chain:
        """The CAIP-2 identifier."""
        return Chain(f"eip155:{self.chain_id}")

    def shown(self, txid: str) -> str:
        """A txid as the explorers of this chain print it, with ``0x``."""
        return f"0x{txid}"


#: Main networks first. ``evm-local`` is the development chain of anvil and hardhat.
EVM_NETWORKS = (
    EvmNetwork(name="ethereum", symbol="ETH", coin_type=60, is_training=False, chain_id=1),
    EvmNetwork(name="ethereum-sepolia", symbol="tETH", coin_type=1, is_training=True, chain_id=11155111),
    EvmNetwork(name="evm-local", symbol="tETH", coin_type=1, is_training=True, chain_id=31337),
)
