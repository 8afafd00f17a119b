"""The chains of Ethereum's family that this version reads, as data; where they differ, the difference has a name.

Who gets which part of a fee, what wraps the native coin, which types of transactions only that chain has: one table,
each entry with its source. What a header or a log means is the same on all of them unless the table says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from cryptotrace.chains.evm.feeshare import BURNT, TO_PRODUCER, UNTOLD, FeeShare, fixed
from cryptotrace.chains.evm.ownforms import SystemType, UnsignedForm, UnsignedHash
from cryptotrace.chains.family import Network
from cryptotrace.model.identity import Account, Asset, Chain

#: The sender of system calls (EIP-4788); BNB gathers fees there.
_SYSTEM_ADDRESS = "0xffffFFFfFFffffffffffffffFfFFFfffFFFfFFfE"


@dataclass(frozen=True, slots=True)
class Wrapper:
    """A contract that gives tokens for the native coin, unit for unit, and takes them back."""

    contract: str
    """The contract, with the checksum of EIP-55."""
    writes_transfers: bool
    """True: it writes a Transfer from or to the zero address for each (an ERC-20 of its own). False: as WETH9, only
    Deposit and Withdrawal."""
    source: str
    """Where this is known from."""


class L1Fee(StrEnum):
    """How a rollup takes what it pays for publishing on the chain below."""

    NONE = "none"
    """It does not, or it is no rollup."""
    BESIDE = "beside"
    """Beside the gas: a sum of its own in the receipt (OP Stack)."""
    WITHIN = "within"
    """Within the gas: a part of the gas used (Arbitrum)."""


@dataclass(frozen=True, slots=True)
class FeeRule:
    """Who gets which part of a fee."""

    source: str
    """Where this is known from."""
    base: FeeShare = BURNT
    """The base fee times gas."""
    priority: FeeShare = TO_PRODUCER
    """What was paid above the base fee; all of it before there was one."""
    blob: FeeShare = BURNT
    """The blob fee."""
    l1: FeeShare = UNTOLD
    """What a rollup takes for publishing on the chain below."""
    operator: FeeShare = UNTOLD
    """The operator fee of the OP Stack."""
    l1_fee: L1Fee = L1Fee.NONE
    """How a rollup takes what it pays for publishing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvmNetwork(Network):
    """The parameters of one chain of Ethereum's family.

    Source: EIP-155 chain ids as registered in ethereum-lists/chains; CAIP-2 profile eip155; SLIP-44 coin types.
    """

    chain_id: int
    """EIP-155 chain id."""
    decimals: int = 18
    """Digits after the point of the native coin: always 18 in this family (wei)."""
    wrappers: tuple[Wrapper, ...] = ()
    """Contracts that wrap the native coin."""
    fees: FeeRule
    """Who gets which part of a fee."""
    mirrors: frozenset[str] = frozenset({_SYSTEM_ADDRESS})
    """Contracts whose Transfer events repeat movements of the native coin: they are no token of their own. Everywhere
    the address under which EIP-7708 writes them."""
    system_types: dict[int, SystemType] = field(default_factory=dict, hash=False)
    """Types of transactions that only this chain has."""
    unsigned: UnsignedForm | None = None
    """Transactions of type 0 that nobody signed; None where every one is signed."""
    header_fields: tuple[str, ...] = ()
    """Fields that its nodes tell of a block beside those of Ethereum. That a header holds one says nothing of its hash;
    only ``extDataHash`` stands for another layout (Avalanche)."""
    headers_since: int = 0
    """From which height on the hash of a block is that of its header's bytes; below it is taken as told."""
    block_rewards: tuple[tuple[int, int], ...] = ()
    """From which height on the producer of a proof-of-work block gets how many new wei; empty if there were none."""
    cancun_height: int | None = None
    """Height from which EIP-6780 is in force, where that is fixed by height."""
    cancun_time: int | None = None
    """Time from which EIP-6780 is in force, where that is fixed by time."""
    jovian_time: int | None = None
    """Time from which the OP Stack reckons the operator fee by another formula."""
    owner_issued: frozenset[str] = frozenset()
    """Tokens that are issued to and redeemed from their owner by Issue and Redeem without a Transfer (USDT)."""
    unindexed_nfts: frozenset[str] = frozenset()
    """ERC-721 contracts from before the standard, whose Transfer has no topics for its arguments."""
    irregular: dict[int, str] = field(default_factory=dict, hash=False)
    """Heights at which balances changed without a transaction, and what that was."""
    peculiarities: tuple[str, ...] = ()
    """What a reader of its nodes' answers must know."""

    @property
    def chain(self) -> Chain:
        """The CAIP-2 identifier."""
        return Chain(f"eip155:{self.chain_id}")

    def account(self, address: str) -> Account:
        """The account of an address in canonical writing."""
        return Account.of(self.chain, address)

    def token(self, namespace: str, contract: str, token_id: int | None = None) -> Asset:
        """The asset of a token: ``erc20``, ``erc721`` or ``erc1155``, its contract, and its id where it has one."""
        suffix = "" if token_id is None else f"/{token_id}"
        return Asset(f"{self.chain}/{namespace}:{contract.lower()}{suffix}")

    def shown(self, txid: str) -> str:
        """A txid as the explorers of this chain print it, with ``0x``."""
        return f"0x{txid}"


_ETHER = 10**18
_WETH9 = "WETH9 verified source on the chain's explorer: Deposit and Withdrawal without Transfer"
_ETHEREUM_FEES = FeeRule(
    source="EIP-1559: the base fee is burnt, the priority fee goes to the header's beneficiary; EIP-4844: burnt"
)
_OP_STACK = "OP Stack specification, predeploys and exec-engine"
_SEQUENCER_VAULT = "0x4200000000000000000000000000000000000011"
_BASE_FEE_VAULT = "0x4200000000000000000000000000000000000019"
_L1_FEE_VAULT = "0x420000000000000000000000000000000000001A"
_OPERATOR_VAULT = "0x420000000000000000000000000000000000001b"
_OP_WETH = Wrapper("0x4200000000000000000000000000000000000006", False, f"{_OP_STACK}: WETH9")
_OP_TYPES = {0x7E: SystemType("deposit", pays_fee=False, moves_value=True, mints_told=True)}
_OP_NOTES = (
    "a deposit (0x7e) creates its mint even if it fails",
    "the first transaction of a block is a deposit that sets the attributes of the chain below",
)
#: superchain-registry, configs/mainnet/superchain.toml: ecotone_time (Cancun) and jovian_time.
_ECOTONE, _JOVIAN = 1_710_374_401, 1_764_691_201
#: Optimism's first block of Bedrock (superchain-registry), and Arbitrum's first of Nitro (Arbitrum documentation).
_BEDROCK, _NITRO = 105_235_063, 22_207_817

#: Main networks first. ``evm-local`` is the development chain of anvil and hardhat.
EVM_NETWORKS = (
    EvmNetwork(
        name="ethereum",
        symbol="ETH",
        coin_type=60,
        is_training=False,
        chain_id=1,
        wrappers=(Wrapper("0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2", False, _WETH9),),
        fees=_ETHEREUM_FEES,
        cancun_time=1_710_338_135,
        # Yellow Paper §11.3; EIP-649 and EIP-1234 lowered it; none since the Merge (EIP-3675)
        block_rewards=((1, 5 * _ETHER), (4_370_000, 3 * _ETHER), (7_280_000, 2 * _ETHER)),
        owner_issued=frozenset({"0xdAC17F958D2ee523a2206206994597C13D831ec7"}),
        unindexed_nfts=frozenset({"0x06012c8cf97BEaD5deAe237070F9587f8E7A266d"}),
        irregular={0: "genesis allocation", 1_920_000: "irregular state change of the DAO fork (EIP-779)"},
    ),
    EvmNetwork(
        name="bnb",
        symbol="BNB",
        coin_type=9006,  # SLIP-44: 714 is that of the Beacon Chain
        is_training=False,
        chain_id=56,
        wrappers=(Wrapper("0xbb4CdB9CBd36B01bD1cBaEBF2De08d9173bc095c", False, _WETH9),),
        fees=FeeRule(
            source="bnb-chain/bsc core/state_transition.go: fees and blob fees go to the system address (consensus "
            "engine Parlia); at the end of the block it is emptied to the validator; the base fee is 0 (BEP-226)",
            priority=fixed(_SYSTEM_ADDRESS),
            blob=fixed(_SYSTEM_ADDRESS),
        ),
        cancun_time=1_718_863_500,  # bnb-chain/bsc params/config.go, CancunTime
        irregular={0: "genesis allocation"},
        peculiarities=(
            "system transactions are of type 0 with gas price 0, from the block's producer to a system contract",
            "the balance of the system address goes to the block's producer outside of any transaction",
            "eth_getLogs of public nodes is limited to few blocks",
        ),
    ),
    EvmNetwork(
        name="polygon",
        symbol="POL",
        coin_type=966,  # SLIP-44: registered as MATIC, now POL
        is_training=False,
        chain_id=137,
        wrappers=(Wrapper("0x0d500B1d8E8eF31E21C99d1Db9A6444d3ADf1270", False, _WETH9),),
        fees=FeeRule(
            source="0xPolygon/bor params/config.go (burntContract, coinbase by height), consensus/bor: before Rio "
            "fees go to the signer of the block, whom the header names only by its seal; PIP-65 after it",
            base=FeeShare(
                accounts=(
                    (23_850_000, "0x70bcA57F4579f58670aB2d18Ef16e02C17553C38"),
                    (50_523_000, "0x7A8ed27F4C30512326878652d20fC85727401854"),
                    (83_756_500, "0x3EF57dEf668054dD750BD260526105C4EEEf104F"),
                )
            ),
            priority=FeeShare(accounts=((77_414_656, "0x7Ee41D8A25641000661B1EF5E6AE8A00400466B0"),)),
        ),
        mirrors=frozenset({_SYSTEM_ADDRESS, "0x0000000000000000000000000000000000001010"}),
        system_types={0x7F: SystemType("state-sync", pays_fee=False, moves_value=False)},
        unsigned=UnsignedForm(
            "state-sync",
            "0xPolygon/bor core/types/bor_receipt.go: NewBorTransaction, GetDerivedBorTxHash",
            UnsignedHash.OF_BLOCK,
            is_empty=True,
        ),
        cancun_height=54_876_000,  # bor params/config.go, CancunBlock
        irregular={0: "genesis allocation"},
        peculiarities=(
            "contract 0x...1010 is the native coin: its events repeat what value, calls and fees say",
            "the header's miner is the zero address before Rio, and gets nothing",
            "before type 0x7f a state sync is told as type 0 from and to the zero address; its hash is not of bytes",
        ),
    ),
    EvmNetwork(
        name="arbitrum",
        symbol="ETH",
        coin_type=60,
        is_training=False,
        chain_id=42161,
        wrappers=(
            Wrapper(
                "0x82aF49447D8a07e3bd95BD0d56f35241523fBab1",
                True,
                "OffchainLabs/token-bridge-contracts aeWETH.sol: an ERC-20 that mints and burns",
            ),
        ),
        fees=FeeRule(
            source="OffchainLabs/nitro arbos/tx_processor.go EndTxHook: network fee account and infrastructure fee "
            "account (both kept in the chain's state, ArbOwnerPublic tells them), poster fee to the L1 pricer pool",
            base=UNTOLD,
            priority=UNTOLD,
            l1=fixed("0xa4B00000000000000000000000000000000000F6"),
            l1_fee=L1Fee.WITHIN,
        ),
        system_types={
            0x64: SystemType("deposit", pays_fee=False, moves_value=True, mints_value=True),
            0x65: SystemType("unsigned", pays_fee=True, moves_value=True),
            0x66: SystemType("contract", pays_fee=True, moves_value=True),
            0x68: SystemType("retry", pays_fee=False, moves_value=True, gap="escrow and refunds of a retryable ticket"),
            0x69: SystemType(
                "submit-retryable", pays_fee=False, moves_value=False, gap="deposit and fees of a retryable ticket"
            ),
            0x6A: SystemType("internal", pays_fee=False, moves_value=False),
            0x78: SystemType("legacy", pays_fee=True, moves_value=True),
        },
        header_fields=("l1BlockNumber", "sendCount", "sendRoot"),
        headers_since=_NITRO,
        cancun_time=1_710_424_089,  # ArbOS 20, Arbitrum One
        irregular={0: "genesis allocation"},
        peculiarities=(
            "blocks before 22,207,817 are of the classic chain: traces by arbtrace_*, no header to recompute",
            "gasUsedForL1 in a receipt is the part of gasUsed that pays for the chain below",
        ),
    ),
    EvmNetwork(
        name="optimism",
        symbol="ETH",
        coin_type=60,
        is_training=False,
        chain_id=10,
        wrappers=(_OP_WETH,),
        fees=FeeRule(
            source=f"{_OP_STACK}; before Bedrock all fees went to the sequencer's vault",
            base=fixed(_BASE_FEE_VAULT),
            priority=fixed(_SEQUENCER_VAULT),
            l1=FeeShare(accounts=((0, _SEQUENCER_VAULT), (_BEDROCK, _L1_FEE_VAULT))),
            operator=fixed(_OPERATOR_VAULT),
            l1_fee=L1Fee.BESIDE,
        ),
        mirrors=frozenset({_SYSTEM_ADDRESS, "0xDeadDeAddeAddEAddeadDEaDDEAdDeaDDeAD0000"}),
        system_types=_OP_TYPES,
        unsigned=UnsignedForm(
            "l1-queue",
            "OP Stack documentation, differences before Bedrock: deposits stood in blocks without a signature",
            UnsignedHash.UNTOLD,
            below=_BEDROCK,
        ),
        cancun_time=_ECOTONE,
        jovian_time=_JOVIAN,
        irregular={0: "genesis allocation", _BEDROCK: "state of the chain before Bedrock taken over"},
        peculiarities=(
            *_OP_NOTES,
            "before Bedrock ether was a token whose Transfer events repeat its movements",
        ),
    ),
    EvmNetwork(
        name="base",
        symbol="ETH",
        coin_type=60,
        is_training=False,
        chain_id=8453,
        wrappers=(_OP_WETH,),
        fees=FeeRule(
            source=_OP_STACK,
            base=fixed(_BASE_FEE_VAULT),
            priority=fixed(_SEQUENCER_VAULT),
            l1=fixed(_L1_FEE_VAULT),
            operator=fixed(_OPERATOR_VAULT),
            l1_fee=L1Fee.BESIDE,
        ),
        system_types=_OP_TYPES,
        cancun_time=_ECOTONE,
        jovian_time=_JOVIAN,
        irregular={0: "genesis allocation"},
        peculiarities=_OP_NOTES,
    ),
    EvmNetwork(
        name="avalanche",
        symbol="AVAX",
        coin_type=9005,  # SLIP-44: 9000 is that of the X-Chain
        is_training=False,
        chain_id=43114,
        wrappers=(Wrapper("0xB31f66AA3C1e785363F0875A1B74E27b85FD66c7", False, _WETH9),),
        fees=FeeRule(
            source="Avalanche documentation, transaction fees: all are burnt; ava-labs/coreth: the coinbase of every "
            "block is 0x0100000000000000000000000000000000000000, which nobody can spend from",
            priority=BURNT,
        ),
        cancun_time=1_734_368_400,  # Etna (ACP-131)
        header_fields=("extDataHash", "extDataGasUsed", "blockGasCost", "timestampMilliseconds", "minDelayExcess"),
        irregular={0: "genesis allocation"},
        peculiarities=(
            "coins come from and go to the X- and P-Chain by atomic transactions: not among those of JSON-RPC",
        ),
    ),
    EvmNetwork(
        name="ethereum-sepolia",
        symbol="tETH",
        coin_type=1,
        is_training=True,
        chain_id=11155111,
        wrappers=(Wrapper("0xfFf9976782d46CC05630D1f6eBAb18b2324d6B14", False, _WETH9),),
        fees=_ETHEREUM_FEES,
        cancun_time=1_706_655_072,
        block_rewards=((1, 2 * _ETHER),),
        irregular={0: "genesis allocation"},
    ),
    EvmNetwork(
        name="evm-local",
        symbol="tETH",
        coin_type=1,
        is_training=True,
        chain_id=31337,
        fees=_ETHEREUM_FEES,
        irregular={0: "genesis allocation"},
    ),
)

#: Types that one of these chains has for itself -> the names of those chains.
SYSTEM_TYPES: dict[int, tuple[str, ...]] = {
    kind: tuple(each.name for each in EVM_NETWORKS if kind in each.system_types)
    for kind in sorted({kind for each in EVM_NETWORKS for kind in each.system_types})
}
