"""The chains of the Bitcoin family that this version reads, and their parameters."""

from __future__ import annotations

from dataclasses import dataclass

from cryptotrace.chains.family import Network
from cryptotrace.model.identity import Chain


@dataclass(frozen=True, slots=True, kw_only=True)
class BitcoinNetwork(Network):
    """The parameters of one chain of the Bitcoin family.

    Source: Bitcoin Core's chain parameters; CAIP-2 profile bip122; SLIP-44 coin types.
    """

    genesis_hash: str
    """Hash of block 0, hex as explorers print it; its first 32 digits are the CAIP-2 reference."""
    magic: bytes
    """The four bytes before each block in block files and before each message between nodes."""
    p2pkh_version: int
    """First byte of a base58check address that pays to a key's hash."""
    p2sh_version: int
    """First byte of a base58check address that pays to a script's hash."""
    bech32_prefix: str
    """Human-readable part of a witness address, lower-case."""
    max_target: int
    """The easiest proof of work allowed: a block's target is never above it."""

    @property
    def chain(self) -> Chain:
        """The CAIP-2 identifier."""
        return Chain(f"bip122:{self.genesis_hash[:32]}")

    @property
    def is_account_chain(self) -> bool:
        """False: value lies in unspent outputs."""
        return False


#: Main networks first.
BITCOIN_NETWORKS = (
    BitcoinNetwork(
        name="bitcoin",
        symbol="BTC",
        genesis_hash="000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f",
        coin_type=0,
        is_training=False,
        magic=bytes.fromhex("f9beb4d9"),
        p2pkh_version=0,
        p2sh_version=5,
        decimals=8,
        bech32_prefix="bc",
        max_target=(1 << 224) - 1,
    ),
    BitcoinNetwork(
        name="bitcoin-testnet3",
        symbol="tBTC",
        genesis_hash="000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943",
        coin_type=1,
        is_training=True,
        magic=bytes.fromhex("0b110907"),
        p2pkh_version=111,
        p2sh_version=196,
        decimals=8,
        bech32_prefix="tb",
        max_target=(1 << 224) - 1,
    ),
    BitcoinNetwork(
        name="bitcoin-testnet4",
        symbol="tBTC",
        genesis_hash="00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043",
        coin_type=1,
        is_training=True,
        magic=bytes.fromhex("1c163f28"),
        p2pkh_version=111,
        p2sh_version=196,
        decimals=8,
        bech32_prefix="tb",
        max_target=(1 << 224) - 1,
    ),
    BitcoinNetwork(
        name="bitcoin-signet",
        symbol="tBTC",
        genesis_hash="00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6",
        coin_type=1,
        is_training=True,
        magic=bytes.fromhex("0a03cf40"),
        p2pkh_version=111,
        p2sh_version=196,
        decimals=8,
        bech32_prefix="tb",
        max_target=0x0377AE << 216,
    ),
    BitcoinNetwork(
        name="bitcoin-regtest",
        symbol="tBTC",
        genesis_hash="0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206",
        coin_type=1,
        is_training=True,
        magic=bytes.fromhex("fabfb5da"),
        p2pkh_version=111,
        p2sh_version=196,
        decimals=8,
        bech32_prefix="bcrt",
        max_target=(1 << 255) - 1,
    ),
)
