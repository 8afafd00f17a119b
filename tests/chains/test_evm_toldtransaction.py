"""Transactions as nodes tell them: recomputed, refused, or kept as told."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account import Account

from cryptotrace.chains.evm.toldtransaction import from_rpc, why_not_recomputed
from cryptotrace.chains.evm.transaction import decode_transaction
from cryptotrace.errors import MalformedBytes, ProofRefused
from cryptotrace.model.verdict import Standing

_KEY = "0x" + "46" * 32


def _told(**changes: Any) -> dict[str, Any]:
    fields = {
        "chainId": 1,
        "nonce": 3,
        "gas": 21000,
        "to": "0x" + "35" * 20,
        "value": 17,
        "data": "0x",
        "maxFeePerGas": 100,
        "maxPriorityFeePerGas": 2,
        "type": 2,
    }
    read = decode_transaction(bytes(Account.sign_transaction(fields, _KEY).raw_transaction))
    return {
        "type": "0x2",
        "hash": "0x" + read.hash,
        "from": str(read.sender).lower(),
        "to": fields["to"],
        "value": "0x11",
        "nonce": "0x3",
        "gas": "0x5208",
        "gasPrice": "0x33",
        "maxFeePerGas": "0x64",
        "maxPriorityFeePerGas": "0x2",
        "input": "0x",
        "chainId": "0x1",
        "accessList": [],
        "v": hex(read.v or 0),
        "yParity": hex(read.v or 0),
        "r": hex(read.r or 0),
        "s": hex(read.s or 0),
        "blockHash": None,
    } | changes


def test_a_told_transaction_is_recomputed() -> None:
    read = from_rpc(_told(somethingNew="0x1"))
    assert read.standing is Standing.RECOMPUTED
    assert read.raw is not None
    assert decode_transaction(read.raw).sender == read.sender
    assert read.gas_price is None  # what a node tells here is the price that was paid
    assert read.extra == ("somethingNew",)


@pytest.mark.parametrize("name", ["value", "nonce", "gas", "maxFeePerGas", "maxPriorityFeePerGas", "chainId"])
def test_an_altered_number_is_refused(name: str) -> None:
    with pytest.raises(ProofRefused, match="hash to"):
        from_rpc(_told(**{name: "0x12"}))


@pytest.mark.parametrize(
    "changes", [{"to": "0x" + "36" * 20}, {"to": None}, {"input": "0x00"}, {"hash": "0x" + "11" * 32}]
)
def test_other_alterations_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ProofRefused, match="hash to"):
        from_rpc(_told(**changes))


def test_another_sender_is_refused() -> None:
    with pytest.raises(ProofRefused, match="was signed by"):
        from_rpc(_told(**{"from": "0x" + "11" * 20}))
    assert from_rpc(_told(**{"from": None})).sender == Account.from_key(_KEY).address


def test_fields_that_contradict_each_other_are_refused() -> None:
    told = _told()
    with pytest.raises(MalformedBytes, match="yParity"):
        from_rpc(told | {"yParity": "0x1" if told["v"] == "0x0" else "0x0"})
    with pytest.raises(MalformedBytes, match="input and data differ"):
        from_rpc(told | {"data": "0x01"})
    with pytest.raises(MalformedBytes, match="call data expected"):
        from_rpc(told | {"input": None})
    with pytest.raises(MalformedBytes, match=r"transaction\.value"):
        from_rpc(told | {"value": None})


#: Types of other chains, as (type, fields of their own).
_SYSTEM: dict[str, tuple[str, dict[str, Any]]] = {
    "optimism-deposit": ("0x7e", {"sourceHash": "0x" + "22" * 32, "mint": "0xde0b6b3a7640000", "isSystemTx": False}),
    "arbitrum-deposit": ("0x64", {"requestId": "0x" + "33" * 32}),
    "arbitrum-unsigned": ("0x65", {}),
    "arbitrum-contract": ("0x66", {"requestId": "0x" + "33" * 32}),
    "arbitrum-retry": ("0x68", {"ticketId": "0x" + "44" * 32, "maxRefund": "0x5"}),
    "arbitrum-submit-retryable": ("0x69", {"requestId": "0x" + "33" * 32}),
    "arbitrum-internal": ("0x6a", {}),
    "arbitrum-classic": ("0x78", {}),
    "polygon-state-sync": ("0x7f", {}),
    "celo": ("0x7b", {"feeCurrency": "0x" + "55" * 20}),
    "unknown": ("0x1f", {}),
}


@pytest.mark.parametrize("name", list(_SYSTEM))
def test_a_type_of_another_chain_is_kept_as_told(name: str) -> None:
    kind, own = _SYSTEM[name]
    read = from_rpc(_told(type=kind, **own))
    assert read.standing is Standing.REPORTED
    assert read.raw is None
    assert read.type == int(kind, 16)
    assert read.value == 17
    assert read.sender == Account.from_key(_KEY).address
    assert set(read.extra) == {key for key, value in own.items() if key != "mint" and value is not None}
    assert kind in why_not_recomputed(_told(type=kind, **own))
    if name == "optimism-deposit":
        assert read.mint == 10**18


def test_what_nobody_signed_is_kept_as_told() -> None:
    """Polygon told its state syncs so before type 0x7f; the hash is not one of their fields."""
    nobody = {"type": "0x0", "v": "0x0", "r": "0x0", "s": "0x0", "yParity": None, "from": "0x" + "00" * 20}
    read = from_rpc(_told(**nobody))
    assert read.standing is Standing.REPORTED
    assert read.hash == _told()["hash"][2:]
    assert "no signature" in why_not_recomputed(_told(**nobody))
    assert from_rpc(_told(v=None, r=None, s=None, yParity=None)).standing is Standing.REPORTED


def test_a_known_type_with_fields_of_another_chain_is_kept_as_told() -> None:
    read = from_rpc(_told(type="0x0", feeCurrency="0x" + "55" * 20))
    assert read.standing is Standing.REPORTED
    assert read.extra == ("feeCurrency",)
    assert "feeCurrency" in why_not_recomputed(_told(feeCurrency="0x" + "55" * 20))
    assert why_not_recomputed(_told()) == ""
