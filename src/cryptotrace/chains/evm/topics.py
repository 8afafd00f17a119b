"""The first topic of events: the hash of their signature, computed from it.

Source: Solidity documentation, contract ABI specification, events. Signatures: ERC-20, ERC-1155, ERC-4337, WETH9, the
published contracts of Tether, Circle and Paxos, and of the exchanges, bridges and mixers that are named.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from cryptotrace.chains.evm.hashes import keccak256

TRANSFER = "Transfer(address,address,uint256)"
TRANSFER_SINGLE = "TransferSingle(address,address,address,uint256,uint256)"
TRANSFER_BATCH = "TransferBatch(address,address,address,uint256[],uint256[])"
APPROVAL = "Approval(address,address,uint256)"
#: WETH9: ether into the token, and back.
DEPOSIT = "Deposit(address,uint256)"
WITHDRAWAL = "Withdrawal(address,uint256)"
#: USDT on Ethereum: the supply grows or shrinks in the owner's account, without a Transfer.
ISSUE = "Issue(uint256)"
REDEEM = "Redeem(uint256)"
USER_OPERATION = "UserOperationEvent(bytes32,address,address,uint256,bool,uint256,uint256)"
#: An issuer froze an account: Tether, Circle, Paxos (old and new), Tether's newer contracts.
FROZEN = (
    "AddedBlackList(address)",
    "Blacklisted(address)",
    "AddressFrozen(address)",
    "FreezeAddress(address)",
    "BlockPlaced(address)",
)
#: The same account, set free.
UNFROZEN = (
    "RemovedBlackList(address)",
    "UnBlacklisted(address)",
    "AddressUnfrozen(address)",
    "UnfreezeAddress(address)",
    "BlockReleased(address)",
)
#: An issuer destroyed what a frozen account holds; Paxos' event tells no amount.
DESTROYED = (
    "DestroyedBlackFunds(address,uint256)",
    "DestroyedBlockedFunds(address,uint256)",
    "FrozenAddressWiped(address)",
)
#: Events that ``abi.read_log`` reads.
READ = (
    TRANSFER,
    TRANSFER_SINGLE,
    TRANSFER_BATCH,
    APPROVAL,
    DEPOSIT,
    WITHDRAWAL,
    ISSUE,
    REDEEM,
    USER_OPERATION,
    *FROZEN,
    *UNFROZEN,
    *DESTROYED,
)
#: Swaps of Uniswap 2, 3 and 4, Curve, Balancer 2 and CoW: known by name, not read.
SWAPS = (
    "Swap(address,uint256,uint256,uint256,uint256,address)",
    "Swap(address,address,int256,int256,uint160,uint128,int24)",
    "Swap(bytes32,address,int128,int128,uint160,uint128,int24,uint24)",
    "TokenExchange(address,int128,uint256,int128,uint256)",
    "TokenExchangeUnderlying(address,int128,uint256,int128,uint256)",
    "Swap(bytes32,address,address,uint256,uint256)",
    "Trade(address,address,address,uint256,uint256,uint256,bytes)",
)
#: Tornado Cash: known by name, not read.
MIXERS = (
    "Deposit(bytes32,uint32,uint256)",
    "Withdrawal(address,bytes32,address,uint256)",
)
#: Wormhole, Stargate, LayerZero, Across, Hop, Multichain, Celer, Polygon, OP Stack, Arbitrum, CCTP, THORChain:
#: known by name, not read.
BRIDGES = (
    "LogMessagePublished(address,uint64,uint32,bytes,uint8)",
    "TransferRedeemed(uint16,bytes32,uint64)",
    "Swap(uint16,uint256,address,uint256,uint256,uint256,uint256,uint256)",
    "SwapRemote(address,uint256,uint256,uint256)",
    "OFTSent(bytes32,uint32,address,uint256,uint256)",
    "OFTReceived(bytes32,uint32,address,uint256)",
    "PacketSent(bytes,bytes,address)",
    "PacketDelivered((uint32,bytes32,uint64),address)",
    (
        "V3FundsDeposited(address,address,uint256,uint256,uint256,uint32,uint32,uint32,uint32,address,address"
        ",address,bytes)"
    ),
    (
        "FilledV3Relay(address,address,uint256,uint256,uint256,uint256,uint32,uint32,uint32,address,address,a"
        "ddress,address,bytes,(address,bytes,uint256,uint8))"
    ),
    (
        "FundsDeposited(bytes32,bytes32,uint256,uint256,uint256,uint256,uint32,uint32,uint32,bytes32,bytes32,"
        "bytes32,bytes)"
    ),
    (
        "FilledRelay(bytes32,bytes32,uint256,uint256,uint256,uint256,uint256,uint32,uint32,bytes32,bytes32,by"
        "tes32,bytes32,bytes32,(bytes32,bytes32,uint256,uint8))"
    ),
    "TransferSent(bytes32,uint256,address,uint256,bytes32,uint256,uint256,uint256,uint256)",
    "TransferSentToL2(uint256,address,uint256,uint256,uint256,address,uint256)",
    "TransferFromL1Completed(address,uint256,uint256,uint256,address,uint256)",
    "WithdrawalBonded(bytes32,uint256)",
    "LogAnySwapOut(address,address,address,uint256,uint256,uint256)",
    "LogAnySwapIn(bytes32,address,address,uint256,uint256,uint256)",
    "Send(bytes32,address,address,address,uint256,uint64,uint64,uint32)",
    "Relay(bytes32,address,address,address,uint256,uint64,bytes32)",
    "LockedEther(address,address,uint256)",
    "LockedERC20(address,address,address,uint256)",
    "StateSynced(uint256,address,bytes)",
    "ETHDepositInitiated(address,address,uint256,bytes)",
    "ERC20DepositInitiated(address,address,address,address,uint256,bytes)",
    "ETHBridgeInitiated(address,address,uint256,bytes)",
    "ETHBridgeFinalized(address,address,uint256,bytes)",
    "ERC20BridgeInitiated(address,address,address,address,uint256,bytes)",
    "ERC20BridgeFinalized(address,address,address,address,uint256,bytes)",
    "SentMessage(address,address,bytes,uint256,uint256)",
    "RelayedMessage(bytes32)",
    "TransactionDeposited(address,address,uint256,bytes)",
    "MessagePassed(uint256,address,address,uint256,uint256,bytes,bytes32)",
    "WithdrawalFinalized(bytes32,bool)",
    "MessageDelivered(uint256,bytes32,address,uint8,address,bytes32,uint256,uint64)",
    "InboxMessageDelivered(uint256,bytes)",
    "DepositInitiated(address,address,address,uint256,uint256)",
    "DepositFinalized(address,address,address,uint256)",
    "DepositForBurn(uint64,address,uint256,address,bytes32,uint32,bytes32,bytes32)",
    "MintAndWithdraw(address,uint256,address)",
    "MessageSent(bytes)",
    "MessageReceived(address,uint32,uint64,bytes32,bytes)",
    "Deposit(address,address,uint256,string)",
    "TransferOut(address,address,address,uint256,string)",
)


def topic_of(signature: str) -> bytes:
    """The first topic of an event, 32 bytes, e.g. of ``Transfer(address,address,uint256)``."""
    return keccak256(signature.encode("ascii"))


@cache
def topics() -> Mapping[bytes, str]:
    """First topic -> signature, of every event that is known by name."""
    return {topic_of(each): each for each in (*READ, *SWAPS, *MIXERS, *BRIDGES)}


def signature_of(topic: bytes) -> str | None:
    """The signature whose hash a first topic is; None if it is not known."""
    return topics().get(topic)
