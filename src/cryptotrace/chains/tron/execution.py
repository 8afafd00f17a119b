"""What a TRON node reports of a transaction's execution: fee, resources, logs, internal transactions.

None of this can be recomputed: TRON's blocks commit to transactions, not to results, so it stands as reported.

Source: TRON protocol, ``core/Tron.proto``, messages ``TransactionInfo``, ``ResourceReceipt``, ``InternalTransaction``.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Log:
    """An event of a contract."""

    contract: str
    """Who says so, base58check."""
    topics: tuple[bytes, ...]
    """32 bytes each; the first is the hash of the event's signature."""
    data: bytes
    """The rest of its arguments."""


@dataclass(frozen=True, slots=True)
class InternalTransaction:
    """A call, a creation or a staking operation that a contract made while it ran."""

    hash: str
    """64 lower-case hex digits: the node's own name of it."""
    caller: str
    """The contract that made it, base58check."""
    to: str | None
    """Whom it calls or pays, base58check; None where there is nobody (a self-destruct that burns, some staking)."""
    values: tuple[tuple[int, str | None], ...]
    """Amounts that go with it: (base units, TRC-10 token id), the id None for sun."""
    rejected: bool
    """True: it was undone, and nothing moved."""
    note: str
    """What kind it is, as the node says: ``call``, ``create``, ``suicide``, ``freezeBalanceV2ForEnergy`` ..."""


@dataclass(frozen=True, slots=True)
class Execution:
    """What a node reports of one executed transaction. Amounts are sun, counts are units of energy or bandwidth."""

    txid: str
    """Of which transaction."""
    height: int
    """Height of its block."""
    timestamp: int
    """The block's time, milliseconds since 1970 UTC."""
    fee: int = 0
    """All the sun that it cost: energy, bandwidth, and fixed fees (activation, memo, multi-sign, issuing ...)."""
    energy_fee: int = 0
    """Sun burnt for energy, part of ``fee``."""
    energy_usage: int = 0
    """Energy out of the caller's stake: costs nobody TRX."""
    origin_energy_usage: int = 0
    """Energy out of the stake of the contract's deployer: costs nobody TRX."""
    energy_usage_total: int = 0
    """All the energy it took."""
    energy_penalty_total: int = 0
    """Energy added because the contract is much used (dynamic energy model), part of the total."""
    net_fee: int = 0
    """Sun burnt for bandwidth, part of ``fee``."""
    net_usage: int = 0
    """Bandwidth out of a stake or the daily allowance: costs nobody TRX."""
    result: str = ""
    """The virtual machine's result: ``SUCCESS``, ``REVERT``, ``OUT_OF_ENERGY`` ...; empty or ``DEFAULT`` where no
    contract ran."""
    is_failed: bool = False
    """True: the node marks it ``FAILED``."""
    message: str = ""
    """Why it failed, in the node's words."""
    logs: tuple[Log, ...] = ()
    """Events in the order in which they were emitted."""
    internals: tuple[InternalTransaction, ...] = ()
    """Internal transactions in the order of the node's list."""
    has_internals: bool = True
    """False: this node or interface does not tell internal transactions, so ``internals`` being empty means nothing."""
    contract_address: str | None = None
    """The contract that was called or created, base58check."""
    withdraw_amount: int = 0
    """Voting and producing rewards paid out into the balance."""
    unfreeze_amount: int = 0
    """Sun whose stake was ended: paid out at once (first staking model) or after the waiting time (Stake 2.0)."""
    withdraw_expire_amount: int = 0
    """Sun whose waiting time was over, paid out into the balance (Stake 2.0)."""
    cancel_unfreeze: tuple[tuple[str, int], ...] = ()
    """Sun that was waiting and is staked again: (resource, sun)."""
    asset_issue_id: str = ""
    """The id of the TRC-10 token that was issued."""
    exchange_id: int = 0
    """The number of the built-in exchange that was created."""
    exchange_received_amount: int = 0
    """Base units received from a built-in exchange."""
    exchange_inject_another_amount: int = 0
    """Base units of the other token put into a built-in exchange."""
    exchange_withdraw_another_amount: int = 0
    """Base units of the other token taken out of a built-in exchange."""
    shielded_transaction_fee: int = 0
    """Units of the shielded token taken as fee."""

    @property
    def other_fee(self) -> int:
        """Sun of ``fee`` that is neither for energy nor for bandwidth; the node does not say what for.

        It may be the activation of an account, a memo, a second signature, the issue of a token, a candidacy ...
        """
        return self.fee - self.energy_fee - self.net_fee
