"""What a block does by itself: withdrawals of stake, and rewards of the time of proof of work.

Source: EIP-4895 (withdrawals, in gwei); Ethereum Yellow Paper §11.3 (rewards: the producer gets 1/32 more for each
uncle it names, and an uncle's producer (8 - depth)/8); EIP-3675 (none since the Merge).
"""

from __future__ import annotations

from collections.abc import Sequence

from cryptotrace.chains.evm.fees import BlockFacts
from cryptotrace.chains.evm.network import EvmNetwork
from cryptotrace.chains.evm.tracers import RewardRow
from cryptotrace.model.block import BlockRef
from cryptotrace.model.flow import FlowKind
from cryptotrace.model.movement import AccountTransaction, Movement

_WEI_PER_GWEI = 10**9
_DEEPEST_UNCLE = 6


def block_rewards(
    network: EvmNetwork, height: int, beneficiary: str, uncles: Sequence[tuple[str, int]]
) -> tuple[RewardRow, ...] | None:
    """The rewards of a block of proof of work by the chain's rule: of the block, then of each uncle.

    Args:
        network: on which chain.
        height: of the block.
        beneficiary: who the header says is paid.
        uncles: beneficiary and height of each uncle that the block names, in its order.

    Returns:
        Empty where the chain has none at that height; None if an uncle lies where the chain allows none.
    """
    reward = next((units for since, units in reversed(network.block_rewards) if height >= since), 0)
    if not reward:
        return ()
    rows = [RewardRow(False, beneficiary, reward + len(uncles) * (reward // 32))]
    for account, number in uncles:
        if not 1 <= height - number <= _DEEPEST_UNCLE:
            return None
        rows.append(RewardRow(True, account, reward * (8 - (height - number)) // 8))
    return tuple(rows)


def block_transaction(
    *,
    network: EvmNetwork,
    header: BlockFacts,
    block: BlockRef,
    index: int,
    evidence: str,
    withdrawals: Sequence[tuple[str, int]] | None,
    uncles: Sequence[tuple[str, int]] | None = (),
    has_difficulty: bool = False,
    rewards: Sequence[RewardRow] | None = None,
) -> AccountTransaction | None:
    """What a block does by itself; None if it does nothing. Its txid is the block's hash.

    Args:
        network: on which chain.
        header: what the block's header says.
        block: which block.
        index: its place after the last transaction of the block: their number.
        evidence: digest of the raw answer.
        withdrawals: address and gwei of each withdrawal of stake, in the order of the block; None if it is not
            told, or there are none (before Shanghai).
        uncles: beneficiary and height of each uncle that the block names; None if it is not told.
        has_difficulty: True for a block of proof of work: its header's difficulty is not 0.
        rewards: the rewards as a node tells them; None to reckon them by the chain's rule.
    """
    missing = []
    if withdrawals is None and header.has_withdrawals:
        missing.append("withdrawals")
    if rewards is None and has_difficulty and network.block_rewards:
        if header.beneficiary is not None and uncles is not None:
            rewards = block_rewards(network, block.height, header.beneficiary, uncles)
        if rewards is None:
            missing.append("rewards")
    if block.height in network.irregular:
        missing.append(network.irregular[block.height])
    movements = _withdrawn(withdrawals or ()) + _rewarded(rewards or ())
    if not movements and not missing:
        return None
    return AccountTransaction(
        chain=network.chain,
        txid=block.hash,
        block=block,
        index=index,
        sender=None,
        nonce=None,
        succeeded=True,
        movements=tuple(
            Movement(place, FlowKind.ISSUANCE, network.asset, units, None, network.account(payee), part)
            for part, (place, units, payee) in enumerate(movements)
        ),
        missing=tuple(missing),
        evidence=evidence,
    )


def _withdrawn(withdrawals: Sequence[tuple[str, int]]) -> list[tuple[str, int, str]]:
    return [
        (f"withdrawal.{number}", gwei * _WEI_PER_GWEI, address)
        for number, (address, gwei) in enumerate(withdrawals)
        if gwei
    ]


def _rewarded(rewards: Sequence[RewardRow]) -> list[tuple[str, int, str]]:
    found, uncles = [], 0
    for each in rewards:
        found.append((f"reward.uncle.{uncles}" if each.is_uncle else "reward", each.units, each.account))
        uncles += each.is_uncle
    return [each for each in found if each[1]]  # some nodes list rewards of nothing since the Merge
