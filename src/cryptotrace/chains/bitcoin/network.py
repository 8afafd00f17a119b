"""The chains of the Bitcoin family that this version reads, and their parameters."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cryptotrace.chains.family import Network
from cryptotrace.model.identity import Chain

_COIN = 100_000_000


class Work(StrEnum):
    """Which hash of a header must meet its target. A block is named by its double SHA-256 all the same."""

    DOUBLE_SHA256 = "double SHA-256"
    """Bitcoin and Bitcoin Cash."""
    SCRYPT = "scrypt"
    """scrypt with N=1024, r=1, p=1, the header as password and as salt: Litecoin and Dogecoin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BitcoinNetwork(Network):
    """The parameters of one chain of the Bitcoin family.

    Source: the chain parameters of Bitcoin Core, Litecoin Core, Dogecoin Core and Bitcoin Cash Node; CAIP-2 profile
    bip122; SLIP-44 coin types.
    """

    genesis_hash: str
    """Hash of block 0, hex as explorers print it; its first 32 digits are the CAIP-2 reference unless ``fork`` is."""
    magic: bytes
    """The four bytes before each block in block files."""
    p2pkh_version: int
    """First byte of a base58check address that pays to a key's hash."""
    p2sh_version: int
    """First byte of a base58check address that pays to a script's hash, in the one spelling that is printed."""
    max_target: int
    """The easiest proof of work allowed: a block's target is never above it."""
    p2sh_old_version: int | None = None
    """Another first byte that is read for the same; Litecoin shared it with bitcoin before it had its own."""
    bech32_prefix: str = ""
    """Human-readable part of a witness address, lower-case; empty where the chain has no witnesses."""
    cashaddr_prefix: str = ""
    """Prefix of a CashAddr; where it is set, that is the one spelling and base58check is read only."""
    decimals: int = 8
    """Digits after the point of the native asset."""
    max_units: int = 21_000_000 * _COIN
    """No output and no sum of a transaction's outputs is above it."""
    max_supply: int = 21_000_000 * _COIN
    """No account holds more."""
    max_block_size: int = 4_000_000
    """Bytes that a block can have at most, as far as it tells a block from rubbish in a file."""
    work: Work = Work.DOUBLE_SHA256
    """What the proof of work is."""
    merge_mining_id: int | None = None
    """The chain's number in merged mining (AuxPoW); None where a block is proved by its own header only."""
    has_mweb: bool = False
    """True where blocks may carry a MimbleWimble extension block (Litecoin)."""
    carries_overlays: bool = False
    """True where Omni, Runes and Ordinals are looked for."""
    fork: tuple[int, str] | None = None
    """Height and hash of the first block of its own, where the genesis block is another chain's too."""
    sibling: tuple[int, str] | None = None
    """Height and hash by which a chain with the same genesis block is told from this one."""

    @property
    def chain(self) -> Chain:
        """The CAIP-2 identifier.

        Source: BIP 122 (the genesis block's hash; of a fork the first block after it), CAIP-2 profile bip122.
        """
        return Chain(f"bip122:{(self.fork[1] if self.fork else self.genesis_hash)[:32]}")

    @property
    def is_account_chain(self) -> bool:
        """False: value lies in unspent outputs."""
        return False

    @property
    def has_witness(self) -> bool:
        """True where a transaction may carry witnesses (BIP 141)."""
        return bool(self.bech32_prefix)

    @property
    def landmark(self) -> tuple[int, str] | None:
        """Height and hash that a source of this chain must have, beside the genesis block; None where that suffices."""
        return self.fork or self.sibling


BITCOIN = BitcoinNetwork(
    name="bitcoin",
    symbol="BTC",
    genesis_hash="000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f",
    coin_type=0,
    is_training=False,
    magic=bytes.fromhex("f9beb4d9"),
    p2pkh_version=0,
    p2sh_version=5,
    bech32_prefix="bc",
    max_target=(1 << 224) - 1,
    carries_overlays=True,
    sibling=(478_559, "00000000000000000019f112ec0a9982926f1258cdcc558dd7c3b7e5dc7fa148"),
)

LITECOIN = BitcoinNetwork(
    name="litecoin",
    symbol="LTC",
    genesis_hash="12a765e31ffd4059bada1e25190f6e98c99d9714d334efa41a195a7e7e04bfe2",
    coin_type=2,
    is_training=False,
    magic=bytes.fromhex("fbc0b6db"),
    p2pkh_version=48,
    p2sh_version=50,
    p2sh_old_version=5,
    bech32_prefix="ltc",
    max_target=(1 << 236) - 1,
    max_units=84_000_000 * _COIN,
    max_supply=84_000_000 * _COIN,
    max_block_size=32_000_000,
    work=Work.SCRYPT,
    has_mweb=True,
)

# What one transaction may pay is limited; the total grows for ever.
DOGECOIN = BitcoinNetwork(
    name="dogecoin",
    symbol="DOGE",
    genesis_hash="1a91e3dace36e2be3bf030a65679fe821aa1d6ef92e7c9902eb318182c355691",
    coin_type=3,
    is_training=False,
    magic=bytes.fromhex("c0c0c0c0"),
    p2pkh_version=30,
    p2sh_version=22,
    max_target=(1 << 236) - 1,
    max_units=10_000_000_000 * _COIN,
    max_supply=(1 << 64) - 1,
    work=Work.SCRYPT,
    merge_mining_id=98,
)

# Nodes write its blocks behind bitcoin's magic; another one (e3e1f3e8) is for messages between nodes only.
BITCOIN_CASH = BitcoinNetwork(
    name="bitcoin-cash",
    symbol="BCH",
    genesis_hash=BITCOIN.genesis_hash,
    coin_type=145,
    is_training=False,
    magic=bytes.fromhex("f9beb4d9"),
    p2pkh_version=0,
    p2sh_version=5,
    cashaddr_prefix="bitcoincash",
    max_target=(1 << 224) - 1,
    max_block_size=2_000_000_000,
    fork=(478_559, "000000000000000000651ef99cb9fcbe0dadde1d424bd9f15ff20136191a5eec"),
)


def _bitcoin_test(name: str, genesis_hash: str, magic: str, bech32_prefix: str, max_target: int) -> BitcoinNetwork:
    return BitcoinNetwork(
        name=name,
        symbol="tBTC",
        genesis_hash=genesis_hash,
        coin_type=1,
        is_training=True,
        magic=bytes.fromhex(magic),
        p2pkh_version=111,
        p2sh_version=196,
        bech32_prefix=bech32_prefix,
        max_target=max_target,
        carries_overlays=True,
    )


def _litecoin_test(name: str, genesis_hash: str, magic: str, bech32_prefix: str, max_target: int) -> BitcoinNetwork:
    return BitcoinNetwork(
        name=name,
        symbol="tLTC",
        genesis_hash=genesis_hash,
        coin_type=1,
        is_training=True,
        magic=bytes.fromhex(magic),
        p2pkh_version=111,
        p2sh_version=58,
        p2sh_old_version=196,
        bech32_prefix=bech32_prefix,
        max_target=max_target,
        max_units=LITECOIN.max_units,
        max_supply=LITECOIN.max_supply,
        max_block_size=LITECOIN.max_block_size,
        work=Work.SCRYPT,
        has_mweb=True,
    )


def _dogecoin_test(name: str, genesis_hash: str, magic: str, p2pkh_version: int, max_target: int) -> BitcoinNetwork:
    return BitcoinNetwork(
        name=name,
        symbol="tDOGE",
        genesis_hash=genesis_hash,
        coin_type=1,
        is_training=True,
        magic=bytes.fromhex(magic),
        p2pkh_version=p2pkh_version,
        p2sh_version=196,
        max_target=max_target,
        max_units=DOGECOIN.max_units,
        max_supply=DOGECOIN.max_supply,
        work=Work.SCRYPT,
        merge_mining_id=98,
    )


#: Main networks first. Bitcoin Cash's test networks share their genesis blocks with each other or with bitcoin's and
#: are not read.
BITCOIN_NETWORKS = (
    BITCOIN,
    LITECOIN,
    DOGECOIN,
    BITCOIN_CASH,
    _bitcoin_test(
        "bitcoin-testnet3",
        "000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943",
        "0b110907",
        "tb",
        (1 << 224) - 1,
    ),
    _bitcoin_test(
        "bitcoin-testnet4",
        "00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043",
        "1c163f28",
        "tb",
        (1 << 224) - 1,
    ),
    _bitcoin_test(
        "bitcoin-signet",
        "00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6",
        "0a03cf40",
        "tb",
        0x0377AE << 216,
    ),
    _bitcoin_test(
        "bitcoin-regtest",
        "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206",
        "fabfb5da",
        "bcrt",
        (1 << 255) - 1,
    ),
    _litecoin_test(
        "litecoin-testnet",
        "4966625a4b2851d9fdee139e56211a0d88575f59ed816ff5e6a63deb4e3e29a0",
        "fdd2c8f1",
        "tltc",
        (1 << 236) - 1,
    ),
    _litecoin_test(
        "litecoin-regtest",
        "530827f38f93b43ed12af0b3ad25a288dc02ed74d6d7857862df51fc56c416f9",
        "fabfb5da",
        "rltc",
        (1 << 255) - 1,
    ),
    _dogecoin_test(
        "dogecoin-testnet",
        "bb0a78264637406b6360aad926284d544d7049f45189db5664f3c4d07350559e",
        "fcc1b7dc",
        113,
        (1 << 236) - 1,
    ),
    _dogecoin_test(
        "dogecoin-regtest",
        "3d2160a3b5dc4a9d62e7e66a295f70313ac808440ef7400d6c0772171ce973a5",
        "fabfb5da",
        111,
        (1 << 255) - 1,
    ),
)
