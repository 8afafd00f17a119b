"""What a transaction of an EVM chain moved: fee, value, calls and tokens, from whatever a source can tell of it.

Order: the parts of the fee first (who pays them is the sender, also where a paymaster makes up for it by a call), then
what ran, in the order in which it ran. A transaction that failed has its fee only.

Rules where the source does not tell:

* *Internal calls* are missing if no call tree is given, unless nothing can have run: the transaction failed, or it has
  no data and used exactly 21 000 gas, so that not one instruction was paid for. That the receiver has no code is not
  knowable from the transaction; only its gas tells.
* *Status*: receipts before Byzantium have none. A call tree tells it; so do logs (only success writes them) and gas
  that was left over (failure used up all of it before REVERT existed). Else it is taken for a success and ``missing``
  names the status.
* *Order* is exact in each asset. It is assumed only where the events of the call tree are not those of the receipt.

Source: EIP-1559, EIP-658, EIP-140 (REVERT), EIP-7702, ERC-4337; Ethereum Yellow Paper §6.2; OP Stack specification,
deposits (what a deposit creates stays if it fails).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptotrace.chains.evm.blockmoves import block_transaction
from cryptotrace.chains.evm.calltree import CallFrame, has_logs, steps
from cryptotrace.chains.evm.ether import EtherMove, EtherReading, read_ether
from cryptotrace.chains.evm.fees import BlockFacts, FeePart, RollupFacts, read_fee
from cryptotrace.chains.evm.memo import memo_of
from cryptotrace.chains.evm.network import EvmNetwork
from cryptotrace.chains.evm.ownforms import SystemType
from cryptotrace.chains.evm.receipt import Log, Receipt
from cryptotrace.chains.evm.tokens import TokenFacts, TokenMove, TokenReading, read_tokens, wrapper_contracts
from cryptotrace.chains.evm.transaction import LAYOUTS, WireTransaction
from cryptotrace.chains.evm.wraps import Join, Move, burns_first, find_joins, merged, unjoined
from cryptotrace.model.block import BlockRef
from cryptotrace.model.flow import FlowKind
from cryptotrace.model.identity import Account, Asset
from cryptotrace.model.movement import AccountTransaction, Movement, Order, Wrap
from cryptotrace.model.verdict import Standing

__all__ = ["BlockFacts", "RollupFacts", "TokenFacts", "account_transaction", "block_transaction"]

_NO_INSTRUCTION = 21_000
_ORDINARY = SystemType("ordinary", pays_fee=True, moves_value=True)


@dataclass(slots=True)
class _Facts:
    """What is gathered of a transaction on the way."""

    tx: WireTransaction
    receipt: Receipt | None
    calls: CallFrame | None
    network: EvmNetwork
    header: BlockFacts | None
    block: BlockRef | None
    system: SystemType
    missing: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    order: Order = Order.EXACT

    @property
    def has_new_rule(self) -> bool | None:
        """True if EIP-6780 is in force; None if that is not known."""
        network, where = self.network, self.header or self.block
        if self.header is not None and self.header.has_blob_fields:
            return True
        if where is not None and network.cancun_height is not None:
            return where.height >= network.cancun_height
        if where is not None and network.cancun_time is not None:
            return where.time >= network.cancun_time
        return None


def _system_type(tx: WireTransaction, network: EvmNetwork) -> SystemType | None:
    """What the chain says of the type; None if this version does not know it."""
    known = network.system_types.get(tx.type)
    return known or (_ORDINARY if tx.type in LAYOUTS else None)


def _succeeded(facts: _Facts) -> bool:
    """Whether the transaction did what it says; a guess is named in ``missing``."""
    receipt, calls, tx = facts.receipt, facts.calls, facts.tx
    if receipt is not None and receipt.succeeded is not None:
        if calls is not None and calls.failed is receipt.succeeded:
            facts.notices.append("call-tree-contradicts-receipt")
            facts.calls = None
        return receipt.succeeded
    if calls is not None:
        return not calls.failed
    is_shown = receipt is not None and (
        bool(receipt.logs) or (receipt.gas_used is not None and receipt.gas_used < tx.gas_limit)
    )
    if not is_shown:
        facts.missing.append("status")
    return True


def _only_value(facts: _Facts) -> EtherReading:
    """The value of the transaction itself, where no tree is known."""
    tx, reading = facts.tx, EtherReading()
    created = facts.receipt.contract_address if facts.receipt else None
    payee = created if tx.to is None else tx.to
    if not tx.value or not facts.system.moves_value:
        return reading
    if tx.sender is None or payee is None:
        reading.untold.append("value")
        return reading
    reading.moves.append(EtherMove("value", tx.value, tx.sender, payee))
    return reading


def _is_plain(facts: _Facts) -> bool:
    """True if not one instruction was run."""
    gas = facts.receipt.gas_used if facts.receipt else None
    return facts.tx.to is not None and not facts.tx.data and gas == _NO_INSTRUCTION


def _ether(facts: _Facts) -> EtherReading:
    if facts.calls is None:
        if not _is_plain(facts) and facts.system.name != "internal":
            facts.missing.append("internal calls")
        reading = _only_value(facts)
    else:
        keeps = facts.has_new_rule
        reading = read_ether(facts.calls, keeps=keeps is not False)
        if reading.rests_on_rule and keeps is None:
            facts.notices.append("self-destruct-rule-assumed EIP-6780")
        if facts.calls.value not in (None, facts.tx.value):
            facts.notices.append(f"call-tree-value {facts.calls.value} is not that of the transaction")
    if reading.untold:
        facts.missing.append(f"amount or receiver of {' '.join(reading.untold)}")
    return reading


def _tree_logs(calls: CallFrame | None) -> tuple[Log, ...] | None:
    """The events of the tree in order; None if the tracer did not tell them."""
    if calls is None or not has_logs(calls):
        return None
    return tuple(step.log for step in steps(calls) if step.log is not None)


def _logs(facts: _Facts) -> tuple[tuple[Log, ...], bool]:
    """The events, and whether their places among the calls are known."""
    inside = _tree_logs(facts.calls)
    if facts.receipt is None:
        if inside is None:
            facts.missing.append("logs")
        return inside or (), inside is not None
    if inside is not None and inside != facts.receipt.logs:
        facts.notices.append("call-tree-logs-differ: the receipt's are used")
        facts.order = Order.ASSUMED
        return facts.receipt.logs, False
    return facts.receipt.logs, inside is not None


def _as_run(calls: CallFrame, ether: Sequence[EtherMove], tokens: Sequence[TokenMove]) -> list[Move]:
    """Movements in the order of a tree that tells its events."""
    by_frame = {id(each.frame): each for each in ether if not each.place.endswith(".burnt")}
    by_log: dict[int, list[TokenMove]] = {}
    for token in tokens:
        by_log.setdefault(token.log, []).append(token)
    found: list[Move] = []
    at = 0
    for step in steps(calls):
        if step.log is not None:
            found += by_log.get(at, [])
            at += 1
        elif id(step.frame) in by_frame:
            found.append(by_frame[id(step.frame)])
    return found + [each for each in ether if each.place.endswith(".burnt")]


def _movement(facts: _Facts, move: Move, part: int) -> Movement:
    network = facts.network
    payer, payee = _account(network, move.payer), _account(network, move.payee)
    kind = FlowKind.TRANSFER if payer and payee else FlowKind.BURN if payer else FlowKind.ISSUANCE
    if isinstance(move, EtherMove):
        is_read = move.place == "value" and facts.tx.standing is Standing.RECOMPUTED
        standing = Standing.RECOMPUTED if is_read else Standing.REPORTED
        return Movement(move.place, kind, network.asset, move.units, payer, payee, part, standing)
    asset: Asset = network.token(move.standard, move.contract, move.token_id)
    return Movement(move.place, kind, asset, move.units, payer, payee, part)


def _account(network: EvmNetwork, address: str | None) -> Account | None:
    return None if address is None else network.account(address)


def _fee_movements(facts: _Facts, parts: Sequence[FeePart]) -> list[Movement]:
    network, sender = facts.network, _account(facts.network, facts.tx.sender)
    if sender is None:
        facts.missing += ["sender", *(each.place for each in parts)]
        return []
    return [
        Movement(each.place, FlowKind.FEE, network.asset, each.units, sender, _account(network, each.payee), part)
        for part, each in enumerate(parts)
    ]


def _minted(facts: _Facts, part: int) -> list[Movement]:
    """What a deposit creates for its sender."""
    tx, system = facts.tx, facts.system
    units = tx.value if system.mints_value else (tx.mint or 0) if system.mints_told else 0
    sender = _account(facts.network, tx.sender)
    if not units or sender is None:
        return []
    return [Movement("mint", FlowKind.ISSUANCE, facts.network.asset, units, None, sender, part)]


def _joined(facts: _Facts, joins: Sequence[Join], run: Sequence[Move], tokens: TokenReading) -> tuple[Wrap, ...]:
    """The wraps whose sides stand in the right order; the others are named."""
    at = {each.place: number for number, each in enumerate(run)}
    wraps = []
    for join in joins:
        given, received = (join.token, join.ether) if join.is_unwrap else (join.ether, join.token)
        if at[given.place] < at[received.place]:
            basis = f"{join.token.event} of {join.token.contract}, {join.token.place}"
            wraps.append(Wrap(given.place, received.place, basis))
        else:
            tokens.note("wrap-not-in-order", join.token.place)
    return tuple(wraps)


def _what_ran(facts: _Facts, known: TokenFacts, first: int) -> tuple[list[Movement], tuple[Wrap, ...]]:
    """Value, calls and tokens of a transaction that succeeded."""
    logs, is_placed = _logs(facts)
    ether = _ether(facts)
    tokens = read_tokens(logs, facts.network, known)
    wrappers = wrapper_contracts(facts.network, known)
    loose = frozenset(each.contract for each in facts.network.wrappers if each.writes_transfers)
    joins = find_joins(ether.moves, tokens.moves, wrappers, loose)
    if facts.calls is not None and is_placed:
        run = burns_first(_as_run(facts.calls, ether.moves, tokens.moves), joins)
    else:
        run = merged(ether.moves, tokens.moves, joins)
    wraps = _joined(facts, joins, run, tokens)
    facts.notices += [*tokens.notices, *unjoined(tokens.moves, wraps, wrappers, loose)]
    facts.missing += tokens.missing
    return [_movement(facts, each, first + number) for number, each in enumerate(run)], wraps


def _other_notices(facts: _Facts) -> None:
    tx = facts.tx
    if tx.type not in LAYOUTS:
        facts.notices.append(f"unknown-type {tx.type:#x}" + (f" {facts.system.name}" if facts.system.name else ""))
    if tx.not_recomputed:
        facts.notices.append(f"not-recomputed {tx.not_recomputed}")
    if facts.system.gap:
        facts.missing.append(facts.system.gap)
    for each in tx.authorizations:
        if each.authority is not None:
            facts.notices.append(f"authorization of {each.authority} to run the code of {each.address} (EIP-7702)")


def _gathered(facts: _Facts, rollup: RollupFacts, known: TokenFacts) -> tuple[bool, list[Movement], tuple[Wrap, ...]]:
    """Whether it succeeded, and all that moved, in order."""
    fee = read_fee(facts.tx, facts.receipt, facts.header, facts.network, rollup)
    facts.missing += fee.missing
    facts.notices += fee.notices
    movements = _fee_movements(facts, fee.parts)
    movements += _minted(facts, len(movements))
    succeeded = _succeeded(facts)
    wraps: tuple[Wrap, ...] = ()
    if succeeded:
        ran, wraps = _what_ran(facts, known, len(movements))
        movements += ran
    _other_notices(facts)
    return succeeded, movements, wraps


def account_transaction(
    tx: WireTransaction,
    receipt: Receipt | None,
    calls: CallFrame | None,
    *,
    network: EvmNetwork,
    header: BlockFacts | None,
    block: BlockRef | None,
    index: int,
    evidence: str,
    tokens: TokenFacts | None = None,
    rollup: RollupFacts | None = None,
) -> AccountTransaction:
    """What a transaction moved, as far as a source can tell it; what it cannot is named in ``missing``.

    Args:
        tx: the transaction.
        receipt: what it did; None where the source does not tell.
        calls: what ran inside; None where the source does not tell.
        network: on which chain.
        header: what its block's header says of fees; None where the source does not tell.
        block: the block that confirms it; None while unconfirmed.
        index: its place in the block, from 0; -1 where that is not told or while unconfirmed.
        evidence: digest of the raw answer.
        tokens: what the caller knows of token contracts beside the tables of the network.
        rollup: what a rollup's receipt tells beside the fields of Ethereum.
    """
    known = _system_type(tx, network)
    system = known or SystemType("", pays_fee=True, moves_value=False, gap=f"meaning of type {tx.type:#x}")
    facts = _Facts(tx, receipt, calls, network, header, block, system)
    succeeded, movements, wraps = _gathered(facts, rollup or RollupFacts(), tokens or TokenFacts())
    return AccountTransaction(
        chain=network.chain,
        txid=tx.hash,
        block=block,
        index=index,
        sender=_account(network, tx.sender),
        nonce=None if not system.pays_fee else tx.nonce,
        succeeded=succeeded,
        movements=tuple(movements),
        order=facts.order,
        missing=tuple(dict.fromkeys(facts.missing)),
        wraps=wraps,
        memo=memo_of(tx, receipt),
        notices=tuple(facts.notices),
        evidence=evidence,
    )
