"""From a TRON transaction's bytes and a node's report of its execution to movements of value.

=================================  =================================================================================
what                               how it is counted
=================================  =================================================================================
fee                                ``fee``: all the sun that its owner was charged (energy, bandwidth, activation,
                                   memo, second signature, issue ...). Energy and bandwidth out of a stake, the
                                   deployer's too, cost no TRX and are no movement
TRX, TRC-10                        ``value``; TRC-10 sent along with a call ``value.trc10``; internal ones ``call.N``,
                                   their TRC-10 ``call.N.<token>``
tokens                             ``log.N``, see ``tokenlogs``; how they lie between the calls, see ``wraps``
staking                            TRX becomes the asset ``staked:195`` of the same account, one for one, and back: a
                                   burn and an issuance that ``wraps`` joins as ``value`` and ``value.staked``. So the
                                   spendable balance closes, what is staked stays in sight as the account's own, and
                                   a trace goes through it. Stake that waits for its release is still staked
rewards                            ``reward``: newly issued when they are withdrawn
delegation, votes, permissions     never value; delegations and permissions are notices
built-in exchanges and markets     no accounts: what goes in leaves the books, what the node does not tell is missing
a failed transaction               its fee only
=================================  =================================================================================

Source: TRON protocol, ``core/Tron.proto``, messages ``Transaction``, ``TransactionInfo`` and ``ResourceReceipt``;
java-tron, ``Manager`` (what a transaction is charged); TRON documentation, "Resource Model"; TIP-387 (memo fee),
TIP-467 (Stake 2.0), TIP-541 (cancelled unstaking).
"""

from __future__ import annotations

from cryptotrace.chains.tron.assets import staked_asset, trc10_asset, trc20_asset, trc721_asset, trc1155_asset
from cryptotrace.chains.tron.contractmoves import RUNS_CODE, add_contract, created_address
from cryptotrace.chains.tron.draft import ZERO_ADDRESS, Draft
from cryptotrace.chains.tron.execution import Execution
from cryptotrace.chains.tron.internals import add_internals
from cryptotrace.chains.tron.network import TronNetwork
from cryptotrace.chains.tron.signature import signers
from cryptotrace.chains.tron.tokenlogs import add_logs, topic_of
from cryptotrace.chains.tron.wire import WireTransaction
from cryptotrace.chains.tron.wraps import INTERNALS, join_wraps
from cryptotrace.errors import ModelError, ProofRefused, SourceLied
from cryptotrace.model.block import BlockRef
from cryptotrace.model.flow import FlowKind
from cryptotrace.model.movement import AccountTransaction, Order

__all__ = [
    "ZERO_ADDRESS",
    "account_transaction",
    "created_address",
    "staked_asset",
    "topic_of",
    "trc10_asset",
    "trc20_asset",
    "trc721_asset",
    "trc1155_asset",
]

_GOOD_RESULTS = frozenset({"", "DEFAULT", "SUCCESS"})


def account_transaction(
    wire: WireTransaction | None,
    execution: Execution | None,
    *,
    network: TronNetwork,
    block: BlockRef | None,
    index: int,
    evidence: str,
) -> AccountTransaction:
    """What a transaction moved; see the table of this module.

    Values that stand in the bytes are recomputed, all that is known from the report only is reported. What cannot be
    told without the part that is None, or was not told in it, stands in ``missing``.

    Args:
        wire: its bytes; None where the source has only the report.
        execution: what a node reports of its execution; None where the source has only the bytes.
        network: on which chain.
        block: which block confirms it; None while unconfirmed.
        index: place in that block; -1 where it is not told.
        evidence: digest of the raw answer.

    Raises:
        ModelError: neither bytes nor report.
        SourceLied: bytes, report and block are not of one transaction, or contradict each other.
        MalformedBytes: what no node accepts: not exactly one contract, an owner or receiver that is missing, a
            negative amount.
    """
    txid = _txid(wire, execution, block)
    draft = Draft(network)
    succeeded = _succeeded(draft, wire, execution)
    _add_fee(draft, wire, execution)
    if wire is not None:
        _say_signers(draft, wire)
    if succeeded:
        _add_values(draft, wire, execution)
    sender = None if wire is None or wire.contract.owner is None else draft.account(wire.contract.owner)
    runs_code = wire is None or wire.contract.name in RUNS_CODE
    return AccountTransaction(
        chain=network.chain,
        txid=txid,
        block=block,
        index=index,
        sender=sender,
        nonce=None,
        succeeded=succeeded,
        movements=tuple(draft.movements),
        order=Order.ASSUMED if execution is None and runs_code else draft.order,
        missing=tuple(draft.missing),
        wraps=tuple(draft.wraps),
        memo=None if wire is None else wire.memo.decode("utf-8", errors="backslashreplace"),
        notices=(*(() if wire is None else wire.notices), *draft.notices),
        evidence=evidence,
    )


def _txid(wire: WireTransaction | None, execution: Execution | None, block: BlockRef | None) -> str:
    if wire is None and execution is None:
        raise ModelError("a transaction needs its bytes, a report of its execution, or both")
    if wire is not None and execution is not None and wire.txid != execution.txid:
        raise SourceLied(
            f"the bytes are of transaction {wire.txid}, the report is of {execution.txid}; ask another source"
        )
    if execution is not None and block is not None and execution.height != block.height:
        raise SourceLied(
            f"transaction {execution.txid} is reported in block {execution.height}, and is said to be in "
            f"block {block.height}; ask another source"
        )
    return wire.txid if wire is not None else execution.txid if execution is not None else ""


def _succeeded(draft: Draft, wire: WireTransaction | None, execution: Execution | None) -> bool:
    told: dict[str, bool] = {}
    for each in () if wire is None else wire.results:
        if each.is_failed or each.contract_result != "DEFAULT":
            told[f"the block ({each.contract_result})"] = each.contract_result in _GOOD_RESULTS and not each.is_failed
    if execution is not None:
        name = execution.result or ("FAILED" if execution.is_failed else "no result of a contract")
        told[f"the report ({name})"] = execution.result in _GOOD_RESULTS and not execution.is_failed
    if len(set(told.values())) > 1:
        txid = wire.txid if wire is not None else ""
        raise SourceLied(f"whether transaction {txid} succeeded is told differently by {' and '.join(told)}")
    if not told:
        draft.lack("result")
        return True
    succeeded = next(iter(told.values()))
    if not succeeded:
        reason = "" if execution is None or not execution.message else f": {execution.message[:200]!r}"
        draft.note(f"failed, says {' and '.join(told)}{reason}")
    return succeeded


def _add_fee(draft: Draft, wire: WireTransaction | None, execution: Execution | None) -> None:
    if wire is None:
        draft.lack("sender")
    if execution is None:
        draft.lack("fee")
        return
    if execution.origin_energy_usage:
        draft.note(f"energy-of-deployer {execution.origin_energy_usage}: out of the deployer's stake, it costs no TRX")
    if execution.fee == 0:
        return
    owner = None if wire is None else wire.contract.owner
    if owner is None:
        draft.lack(f"who paid the fee of {execution.fee} sun")
    else:
        draft.move("fee", draft.network.asset, execution.fee, owner, None, kind=FlowKind.FEE)


def _say_signers(draft: Draft, wire: WireTransaction) -> None:
    """Say who signed where it is not the owner alone: that is how a permission that was given away is used."""
    contract = wire.contract
    if not wire.signatures or contract.owner is None:
        return
    try:
        found = signers(wire)
    except ProofRefused as problem:
        draft.note(f"unread-signature: {problem}")
        return
    if found != (contract.owner,):
        draft.note(f"signed-by {', '.join(found)} for {contract.owner}, permission {contract.permission_id}")


def _add_values(draft: Draft, wire: WireTransaction | None, execution: Execution | None) -> None:
    if wire is None:
        draft.lack("value")
    else:
        add_contract(draft, wire, execution)
    if wire is not None and wire.contract.name not in RUNS_CODE:
        return
    if execution is None:
        draft.lack("logs")
        draft.lack(INTERNALS)
        return
    if not execution.has_internals:
        draft.lack(INTERNALS)
    add_internals(draft, execution.internals)
    first_token = len(draft.movements)
    add_logs(draft, execution.logs, None if wire is None else wire.contract)
    join_wraps(draft, first_token)
