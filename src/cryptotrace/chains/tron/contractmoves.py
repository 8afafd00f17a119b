"""What a successful transaction's own contract moved, by its type.

Source: java-tron, the actuators of each contract type.
"""

from __future__ import annotations

from collections.abc import Callable

from cryptotrace.chains.evm.hashes import keccak256
from cryptotrace.chains.tron.address import address_of, bytes_of
from cryptotrace.chains.tron.assets import named_asset, trc10_asset
from cryptotrace.chains.tron.draft import Draft
from cryptotrace.chains.tron.execution import Execution
from cryptotrace.chains.tron.fields import Fields
from cryptotrace.chains.tron.wire import WireContract, WireTransaction
from cryptotrace.errors import MalformedBytes, SourceLied
from cryptotrace.model.verdict import Standing

#: Contract types that run code: only they have logs and internal transactions.
RUNS_CODE = frozenset({"CreateSmartContract", "TriggerSmartContract", ""})
_BYTES = Standing.RECOMPUTED


def created_address(txid: str, owner: str) -> str:
    """The address of the contract that a transaction creates: Keccak-256 over the txid and the owner's 21 bytes.

    Source: java-tron, ``WalletUtil.generateContractAddress``.
    """
    return address_of(keccak256(bytes.fromhex(txid) + b"\x41" + bytes_of(owner))[12:])


def add_contract(draft: Draft, wire: WireTransaction, execution: Execution | None) -> None:
    """Add what the contract of a successful transaction moved or changed, calls and events left aside.

    Raises:
        MalformedBytes: no owner, no receiver, or a negative amount: no node accepts that.
        SourceLied: the reported address of a created contract is not the one that follows from the bytes.
    """
    contract = wire.contract
    if not contract.name:
        draft.lack(f"what a contract of type {contract.number} moves")
        return
    adder = _ADDERS.get(contract.name)
    if adder is not None:
        adder(draft, wire, contract, execution)


def owner_of(contract: WireContract) -> str:
    """The contract's owner.

    Raises:
        MalformedBytes: there is none.
    """
    if contract.owner is None:
        raise MalformedBytes("there is no owner", offset=0, field=f"{contract.name}.owner_address")
    return contract.owner


def _party(contract: WireContract, name: str) -> str:
    address = contract.parameters.address(name)
    if address is None:
        raise MalformedBytes("there is no address", offset=0, field=f"{contract.name}.{name}")
    return address


def _transfer(draft: Draft, wire: WireTransaction, contract: WireContract, execution: Execution | None) -> None:
    payer, payee = owner_of(contract), _party(contract, "to_address")
    draft.move("value", draft.network.asset, contract.parameters.number("amount"), payer, payee, standing=_BYTES)
    _activation(draft, wire, payer, payee, execution)


def _transfer_asset(draft: Draft, wire: WireTransaction, contract: WireContract, execution: Execution | None) -> None:
    payer, payee, asked = owner_of(contract), _party(contract, "to_address"), contract.parameters
    asset = named_asset(draft.network, asked.data("asset_name"))
    draft.move("value", asset, asked.number("amount"), payer, payee, standing=_BYTES)
    _activation(draft, wire, payer, payee, execution)


def _activation(draft: Draft, wire: WireTransaction, payer: str, payee: str, execution: Execution | None) -> None:
    """Say it where a fixed fee has no other cause than that the receiver's account was new."""
    if execution is None or execution.other_fee <= 0:
        return
    if wire.memo or len(wire.signatures) > 1:
        draft.note(
            f"fixed-fee {execution.other_fee} sun: for the memo, a second signature or the activation of {payee}; "
            "the node does not tell them apart"
        )
    else:
        draft.note(f"account-activated {payee} by {payer}: the fixed fee of {execution.other_fee} has no other cause")


def _create_account(draft: Draft, _wire: WireTransaction, contract: WireContract, _: Execution | None) -> None:
    draft.note(f"account-activated {_party(contract, 'account_address')} by {owner_of(contract)}")


def _participate(draft: Draft, _wire: WireTransaction, contract: WireContract, _: Execution | None) -> None:
    asked = contract.parameters
    payer, payee = owner_of(contract), _party(contract, "to_address")
    draft.move("value", draft.network.asset, asked.number("amount"), payer, payee, standing=_BYTES)
    token = named_asset(draft.network, asked.data("asset_name"))
    draft.lack(f"how many of {token} were bought: the price stands in the token's issue")


def _issue_asset(draft: Draft, _wire: WireTransaction, contract: WireContract, execution: Execution | None) -> None:
    asked = contract.parameters
    frozen = sum(each.number("frozen_amount") for each in asked.messages("frozen_supply"))
    if execution is None or not execution.asset_issue_id:
        draft.lack("the number of the token that was issued")
        return
    asset = trc10_asset(draft.network, execution.asset_issue_id)
    draft.move("value", asset, asked.number("total_supply") - frozen, None, owner_of(contract), standing=_BYTES)
    if frozen:
        draft.note(f"frozen-supply {frozen} of {asset}: the issuer gets it later")


def _unfreeze_asset(draft: Draft, _wire: WireTransaction, _contract: WireContract, _: Execution | None) -> None:
    draft.lack("how much of the issuer's frozen supply was released")


def _create_contract(draft: Draft, wire: WireTransaction, contract: WireContract, execution: Execution | None) -> None:
    owner = owner_of(contract)
    created = created_address(wire.txid, owner)
    told = None if execution is None else execution.contract_address
    if told is not None and told != created:
        raise SourceLied(
            f"transaction {wire.txid} creates the contract {created}, and the source reports {told}; ask another source"
        )
    draft.note(f"contract-created {created} by {owner}")
    new = contract.parameters.message("new_contract") or Fields()
    _call_values(draft, owner, created, new.number("call_value"), contract.parameters)


def _trigger(draft: Draft, _wire: WireTransaction, contract: WireContract, execution: Execution | None) -> None:
    owner, called = owner_of(contract), _party(contract, "contract_address")
    told = None if execution is None else execution.contract_address
    if told is not None and told != called:
        raise SourceLied(f"the bytes call the contract {called}, and the source reports {told}; ask another source")
    _call_values(draft, owner, called, contract.parameters.number("call_value"), contract.parameters)


def _call_values(draft: Draft, payer: str, payee: str, sun: int, asked: Fields) -> None:
    if sun:
        draft.move("value", draft.network.asset, sun, payer, payee, standing=_BYTES)
    if tokens := asked.number("call_token_value"):
        asset = trc10_asset(draft.network, str(asked.number("token_id")))
        draft.move("value.trc10", asset, tokens, payer, payee, standing=_BYTES)


def _freeze(draft: Draft, _wire: WireTransaction, contract: WireContract, _: Execution | None) -> None:
    asked = contract.parameters
    owner, receiver = owner_of(contract), asked.address("receiver_address")
    draft.stake("value", owner, asked.number("frozen_balance"), contract.name, _BYTES)
    if receiver is not None:
        draft.note(f"delegation {asked.text('resource')} of {owner} to {receiver}: no value moves")


def _unfreeze_v1(draft: Draft, _wire: WireTransaction, contract: WireContract, execution: Execution | None) -> None:
    if execution is None:
        draft.lack("how much was unstaked")
    else:
        draft.release("value", owner_of(contract), execution.unfreeze_amount, contract.name)


def _unfreeze_v2(draft: Draft, _wire: WireTransaction, contract: WireContract, execution: Execution | None) -> None:
    owner, asked = owner_of(contract), contract.parameters
    draft.note(
        f"unstaking {asked.number('unfreeze_balance')} sun of {owner}: they wait for their release and stay staked TRX"
    )
    _release_expired(draft, contract, execution)


def _release_expired(draft: Draft, contract: WireContract, execution: Execution | None) -> None:
    if execution is None:
        draft.lack("how much was released after waiting")
    else:
        draft.release("value", owner_of(contract), execution.withdraw_expire_amount, contract.name)


def _withdraw_expired(
    draft: Draft, _wire: WireTransaction, contract: WireContract, execution: Execution | None
) -> None:
    _release_expired(draft, contract, execution)


def _cancel_unfreeze(draft: Draft, _wire: WireTransaction, contract: WireContract, execution: Execution | None) -> None:
    for resource, sun in () if execution is None else execution.cancel_unfreeze:
        if sun:
            draft.note(f"restaked {sun} sun for {resource} of {owner_of(contract)}")
    _release_expired(draft, contract, execution)


def _withdraw_reward(draft: Draft, _wire: WireTransaction, contract: WireContract, execution: Execution | None) -> None:
    if execution is None:
        draft.lack("how much reward was withdrawn")
    elif execution.withdraw_amount:
        draft.move("reward", draft.network.asset, execution.withdraw_amount, None, owner_of(contract))


def _delegation(draft: Draft, _wire: WireTransaction, contract: WireContract, _: Execution | None) -> None:
    asked, verb = contract.parameters, "delegation" if contract.number == 57 else "delegation-ended"
    draft.note(
        f"{verb} {asked.text('resource')} of {asked.number('balance')} sun staked by {owner_of(contract)} "
        f"to {_party(contract, 'receiver_address')}: no value moves"
    )


def _permission(draft: Draft, _wire: WireTransaction, contract: WireContract, _: Execution | None) -> None:
    asked = contract.parameters
    parts = [_keys(name, each) for name in ("owner", "witness") if (each := asked.message(name)) is not None]
    parts += [_keys(f"active {each.number('id')}", each) for each in asked.messages("actives")]
    draft.note(f"permission-change of {owner_of(contract)}: {'; '.join(parts) or 'nothing told'}")


def _keys(name: str, permission: Fields) -> str:
    keys = [f"{each.address('address')} (weight {each.number('weight')})" for each in permission.messages("keys")]
    return f"{name} needs {permission.number('threshold')} of {', '.join(keys) or 'nobody'}"


def _exchange(draft: Draft, _wire: WireTransaction, contract: WireContract, execution: Execution | None) -> None:
    """A built-in exchange is no account: what goes in is taken out of the books, what comes out is put into them."""
    asked, owner = contract.parameters, owner_of(contract)
    given = named_asset(draft.network, asked.data("token_id"))
    quantity, number = asked.number("quant"), asked.number("exchange_id")
    if contract.name == "ExchangeWithdrawContract":
        draft.move("value", given, quantity, None, owner, standing=_BYTES)
        draft.lack(f"how much of the other token came out of built-in exchange {number}, and which token it is")
    else:
        draft.move("value", given, quantity, owner, None, standing=_BYTES)
        verb = "came out of" if contract.name == "ExchangeTransactionContract" else "went into"
        draft.lack(f"which token {verb} built-in exchange {number} in return or beside it")
    told = "" if execution is None else f"; the node tells {_other_amount(contract, execution)} of the other token"
    draft.note(f"built-in-exchange {number}: {contract.name} of {quantity} {given}{told}")


def _other_amount(contract: WireContract, execution: Execution) -> int:
    return {
        "ExchangeInjectContract": execution.exchange_inject_another_amount,
        "ExchangeWithdrawContract": execution.exchange_withdraw_another_amount,
    }.get(contract.name, execution.exchange_received_amount)


def _create_exchange(draft: Draft, _wire: WireTransaction, contract: WireContract, execution: Execution | None) -> None:
    asked, owner = contract.parameters, owner_of(contract)
    for place, which in (("value", "first"), ("value.second", "second")):
        asset = named_asset(draft.network, asked.data(f"{which}_token_id"))
        draft.move(place, asset, asked.number(f"{which}_token_balance"), owner, None, standing=_BYTES)
    number = "of unknown number" if execution is None else execution.exchange_id
    draft.note(f"built-in-exchange {number}: created by {owner} with both tokens")


def _market(draft: Draft, _wire: WireTransaction, contract: WireContract, _: Execution | None) -> None:
    draft.note(f"built-in-market {contract.name} of {owner_of(contract)}")
    draft.lack("what the built-in market took and gave, to this account and to those whose orders were met")


def _shielded(draft: Draft, _wire: WireTransaction, contract: WireContract, _: Execution | None) -> None:
    draft.note(f"shielded-transfer {contract.owner or 'from a shielded address'}")
    draft.lack("what the shielded transfer moved")


_Adder = Callable[[Draft, WireTransaction, WireContract, Execution | None], None]
#: Types that are not here move nothing but their fee.
_ADDERS: dict[str, _Adder] = {
    "AccountCreateContract": _create_account,
    "TransferContract": _transfer,
    "TransferAssetContract": _transfer_asset,
    "AssetIssueContract": _issue_asset,
    "ParticipateAssetIssueContract": _participate,
    "FreezeBalanceContract": _freeze,
    "UnfreezeBalanceContract": _unfreeze_v1,
    "WithdrawBalanceContract": _withdraw_reward,
    "UnfreezeAssetContract": _unfreeze_asset,
    "CreateSmartContract": _create_contract,
    "TriggerSmartContract": _trigger,
    "ExchangeCreateContract": _create_exchange,
    "ExchangeInjectContract": _exchange,
    "ExchangeWithdrawContract": _exchange,
    "ExchangeTransactionContract": _exchange,
    "AccountPermissionUpdateContract": _permission,
    "ShieldedTransferContract": _shielded,
    "MarketSellAssetContract": _market,
    "MarketCancelOrderContract": _market,
    "FreezeBalanceV2Contract": _freeze,
    "UnfreezeBalanceV2Contract": _unfreeze_v2,
    "WithdrawExpireUnfreezeContract": _withdraw_expired,
    "DelegateResourceContract": _delegation,
    "UnDelegateResourceContract": _delegation,
    "CancelAllUnfreezeV2Contract": _cancel_unfreeze,
}
