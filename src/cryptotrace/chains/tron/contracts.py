"""What may stand in a TRON transaction, as data: the contract types and their fields.

Source: TRON protocol definitions, ``core/Tron.proto`` and ``core/contract/*.proto`` (java-tron); the numbers and names
of fields are theirs.
"""

from __future__ import annotations

from cryptotrace.chains.tron.fields import Field, Kind, Schema

RESOURCES = ("BANDWIDTH", "ENERGY", "TRON_POWER")
#: ``Transaction.Result.contractResult`` by number.
RESULTS = (
    "DEFAULT",
    "SUCCESS",
    "REVERT",
    "BAD_JUMP_DESTINATION",
    "OUT_OF_MEMORY",
    "PRECOMPILED_CONTRACT",
    "STACK_TOO_SMALL",
    "STACK_TOO_LARGE",
    "ILLEGAL_OPERATION",
    "STACK_OVERFLOW",
    "OUT_OF_ENERGY",
    "OUT_OF_TIME",
    "JVM_STACK_OVER_FLOW",
    "UNKNOWN",
    "TRANSFER_FAILED",
    "INVALID_CODE",
)


def _int(name: str) -> Field:
    return Field(name, Kind.INT64)


def _int32(name: str) -> Field:
    return Field(name, Kind.INT32)


def _bool(name: str) -> Field:
    return Field(name, Kind.BOOL)


def _data(name: str, *, repeated: bool = False) -> Field:
    return Field(name, Kind.DATA, is_repeated=repeated)


def _text(name: str) -> Field:
    return Field(name, Kind.TEXT)


def _address(name: str) -> Field:
    return Field(name, Kind.ADDRESS)


def _name(name: str, *names: str) -> Field:
    return Field(name, Kind.NAME, names=names)


def _message(name: str, schema: Schema, *, repeated: bool = False) -> Field:
    return Field(name, Kind.MESSAGE, schema=schema, is_repeated=repeated)


_OWNER = _address("owner_address")
_RESOURCE = _name("resource", *RESOURCES)

_KEY = Schema("Key", {1: _address("address"), 2: _int("weight")})
_PERMISSION = Schema(
    "Permission",
    {
        1: _name("type", "Owner", "Witness", "Active"),
        2: _int32("id"),
        3: _text("permission_name"),
        4: _int("threshold"),
        5: _int32("parent_id"),
        6: _data("operations"),
        7: _message("keys", _KEY, repeated=True),
    },
)
_VOTE = Schema("Vote", {1: _address("vote_address"), 2: _int("vote_count")})
_FROZEN_SUPPLY = Schema("FrozenSupply", {1: _int("frozen_amount"), 2: _int("frozen_days")})
_PARAMETER = Schema("ParametersEntry", {1: _int("key"), 2: _int("value")})
_SMART_CONTRACT = Schema(
    "SmartContract",
    {
        1: _address("origin_address"),
        2: _data("contract_address"),
        3: _data("abi"),
        4: _data("bytecode"),
        5: _int("call_value"),
        6: _int("consume_user_resource_percent"),
        7: _text("name"),
        8: _int("origin_energy_limit"),
        9: _data("code_hash"),
        10: _data("trx_hash"),
        11: _int32("version"),
    },
)
_ASSET_ISSUE = {
    1: _OWNER,
    2: _data("name"),
    3: _data("abbr"),
    4: _int("total_supply"),
    5: _message("frozen_supply", _FROZEN_SUPPLY, repeated=True),
    6: _int32("trx_num"),
    7: _int32("precision"),
    8: _int32("num"),
    9: _int("start_time"),
    10: _int("end_time"),
    11: _int("order"),
    16: _int32("vote_score"),
    20: _data("description"),
    21: _data("url"),
    22: _int("free_asset_net_limit"),
    23: _int("public_free_asset_net_limit"),
    24: _int("public_free_asset_net_usage"),
    25: _int("public_latest_free_net_time"),
    41: _text("id"),
}
_SHIELDED = {
    1: _address("transparent_from_address"),
    2: _int("from_amount"),
    3: _data("spend_description", repeated=True),
    4: _data("receive_description", repeated=True),
    5: _data("binding_signature"),
    6: _address("transparent_to_address"),
    7: _int("to_amount"),
}
_DELEGATION = {1: _OWNER, 2: _RESOURCE, 3: _int("balance"), 4: _address("receiver_address")}
_EXCHANGE = {1: _OWNER, 2: _int("exchange_id"), 3: _data("token_id"), 4: _int("quant")}

#: Every contract type: number in ``ContractType``, then the fields of its parameter.
CONTRACTS: dict[int, Schema] = {
    0: Schema(
        "AccountCreateContract",
        {1: _OWNER, 2: _address("account_address"), 3: _name("type", "Normal", "AssetIssue", "Contract")},
    ),
    1: Schema("TransferContract", {1: _OWNER, 2: _address("to_address"), 3: _int("amount")}),
    2: Schema(
        "TransferAssetContract", {1: _data("asset_name"), 2: _OWNER, 3: _address("to_address"), 4: _int("amount")}
    ),
    3: Schema(
        "VoteAssetContract",
        {1: _OWNER, 2: _data("vote_address", repeated=True), 3: _bool("support"), 5: _int32("count")},
    ),
    4: Schema("VoteWitnessContract", {1: _OWNER, 2: _message("votes", _VOTE, repeated=True), 3: _bool("support")}),
    5: Schema("WitnessCreateContract", {1: _OWNER, 2: _data("url")}),
    6: Schema("AssetIssueContract", _ASSET_ISSUE),
    8: Schema("WitnessUpdateContract", {1: _OWNER, 12: _data("update_url")}),
    9: Schema(
        "ParticipateAssetIssueContract",
        {1: _OWNER, 2: _address("to_address"), 3: _data("asset_name"), 4: _int("amount")},
    ),
    10: Schema("AccountUpdateContract", {1: _data("account_name"), 2: _OWNER}),
    11: Schema(
        "FreezeBalanceContract",
        {
            1: _OWNER,
            2: _int("frozen_balance"),
            3: _int("frozen_duration"),
            10: _RESOURCE,
            15: _address("receiver_address"),
        },
    ),
    12: Schema("UnfreezeBalanceContract", {1: _OWNER, 10: _RESOURCE, 15: _address("receiver_address")}),
    13: Schema("WithdrawBalanceContract", {1: _OWNER}),
    14: Schema("UnfreezeAssetContract", {1: _OWNER}),
    15: Schema(
        "UpdateAssetContract",
        {1: _OWNER, 2: _data("description"), 3: _data("url"), 4: _int("new_limit"), 5: _int("new_public_limit")},
    ),
    16: Schema("ProposalCreateContract", {1: _OWNER, 2: _message("parameters", _PARAMETER, repeated=True)}),
    17: Schema("ProposalApproveContract", {1: _OWNER, 2: _int("proposal_id"), 3: _bool("is_add_approval")}),
    18: Schema("ProposalDeleteContract", {1: _OWNER, 2: _int("proposal_id")}),
    19: Schema("SetAccountIdContract", {1: _data("account_id"), 2: _OWNER}),
    30: Schema(
        "CreateSmartContract",
        {1: _OWNER, 2: _message("new_contract", _SMART_CONTRACT), 3: _int("call_token_value"), 4: _int("token_id")},
    ),
    31: Schema(
        "TriggerSmartContract",
        {
            1: _OWNER,
            2: _address("contract_address"),
            3: _int("call_value"),
            4: _data("data"),
            5: _int("call_token_value"),
            6: _int("token_id"),
        },
    ),
    33: Schema(
        "UpdateSettingContract", {1: _OWNER, 2: _address("contract_address"), 3: _int("consume_user_resource_percent")}
    ),
    41: Schema(
        "ExchangeCreateContract",
        {
            1: _OWNER,
            2: _data("first_token_id"),
            3: _int("first_token_balance"),
            4: _data("second_token_id"),
            5: _int("second_token_balance"),
        },
    ),
    42: Schema("ExchangeInjectContract", _EXCHANGE),
    43: Schema("ExchangeWithdrawContract", _EXCHANGE),
    44: Schema("ExchangeTransactionContract", {**_EXCHANGE, 5: _int("expected")}),
    45: Schema(
        "UpdateEnergyLimitContract", {1: _OWNER, 2: _address("contract_address"), 3: _int("origin_energy_limit")}
    ),
    46: Schema(
        "AccountPermissionUpdateContract",
        {
            1: _OWNER,
            2: _message("owner", _PERMISSION),
            3: _message("witness", _PERMISSION),
            4: _message("actives", _PERMISSION, repeated=True),
        },
    ),
    48: Schema("ClearABIContract", {1: _OWNER, 2: _address("contract_address")}),
    49: Schema("UpdateBrokerageContract", {1: _OWNER, 2: _int32("brokerage")}),
    51: Schema("ShieldedTransferContract", _SHIELDED),
    52: Schema(
        "MarketSellAssetContract",
        {
            1: _OWNER,
            2: _data("sell_token_id"),
            3: _int("sell_token_quantity"),
            4: _data("buy_token_id"),
            5: _int("buy_token_quantity"),
        },
    ),
    53: Schema("MarketCancelOrderContract", {1: _OWNER, 2: _data("order_id")}),
    54: Schema("FreezeBalanceV2Contract", {1: _OWNER, 2: _int("frozen_balance"), 3: _RESOURCE}),
    55: Schema("UnfreezeBalanceV2Contract", {1: _OWNER, 2: _int("unfreeze_balance"), 3: _RESOURCE}),
    56: Schema("WithdrawExpireUnfreezeContract", {1: _OWNER}),
    57: Schema("DelegateResourceContract", {**_DELEGATION, 5: _bool("lock"), 6: _int("lock_period")}),
    58: Schema("UnDelegateResourceContract", _DELEGATION),
    59: Schema("CancelAllUnfreezeV2Contract", {1: _OWNER}),
}

_ANY = Schema("Any", {1: _text("type_url"), 2: _data("value")})
CONTRACT = Schema(
    "Contract",
    {
        1: _int32("type"),
        2: _message("parameter", _ANY),
        3: _data("provider"),
        4: _data("ContractName"),
        5: _int32("Permission_id"),
    },
)
RAW_DATA = Schema(
    "raw_data",
    {
        1: _data("ref_block_bytes"),
        3: _int("ref_block_num"),
        4: _data("ref_block_hash"),
        8: _int("expiration"),
        9: _data("auths", repeated=True),
        10: _data("data"),
        11: Field("contract", Kind.MESSAGE, schema=CONTRACT, is_repeated=True),
        12: _data("scripts"),
        14: _int("timestamp"),
        18: _int("fee_limit"),
    },
)
RESULT = Schema(
    "ret",
    {
        1: _int("fee"),
        2: _name("ret", "SUCESS", "FAILED"),
        3: _name("contractRet", *RESULTS),
        14: _text("assetIssueID"),
        15: _int("withdraw_amount"),
        16: _int("unfreeze_amount"),
        18: _int("exchange_received_amount"),
        19: _int("exchange_inject_another_amount"),
        20: _int("exchange_withdraw_another_amount"),
        21: _int("exchange_id"),
        22: _int("shielded_transaction_fee"),
        25: _data("orderId"),
        26: _data("orderDetails", repeated=True),
        27: _int("withdraw_expire_amount"),
        28: _data("cancel_unfreezeV2_amount", repeated=True),
    },
)
HEADER_RAW = Schema(
    "raw_data",
    {
        1: _int("timestamp"),
        2: _data("txTrieRoot"),
        3: _data("parentHash"),
        7: _int("number"),
        8: _int("witness_id"),
        9: _data("witness_address"),
        10: _int32("version"),
        11: _data("accountStateRoot"),
    },
)
