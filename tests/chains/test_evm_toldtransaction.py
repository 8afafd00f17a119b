"""Transactions as nodes tell them: recomputed, refused, or kept as told."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account import Account

from cryptotrace.chains.evm.hashes import keccak256
from cryptotrace.chains.evm.network import EVM_NETWORKS, SYSTEM_TYPES, EvmNetwork
from cryptotrace.chains.evm.toldtransaction import from_rpc
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


#: Types of other chains, as (chain, type, fields of their own).
_SYSTEM: dict[str, tuple[str, str, dict[str, Any]]] = {
    "optimism-deposit": (
        "base",
        "0x7e",
        {"sourceHash": "0x" + "22" * 32, "mint": "0xde0b6b3a7640000", "isSystemTx": False},
    ),
    "arbitrum-deposit": ("arbitrum", "0x64", {"requestId": "0x" + "33" * 32}),
    "arbitrum-unsigned": ("arbitrum", "0x65", {}),
    "arbitrum-contract": ("arbitrum", "0x66", {"requestId": "0x" + "33" * 32}),
    "arbitrum-retry": ("arbitrum", "0x68", {"ticketId": "0x" + "44" * 32, "maxRefund": "0x5"}),
    "arbitrum-submit-retryable": ("arbitrum", "0x69", {"requestId": "0x" + "33" * 32}),
    "arbitrum-internal": ("arbitrum", "0x6a", {}),
    "arbitrum-classic": ("arbitrum", "0x78", {}),
    "polygon-state-sync": ("polygon", "0x7f", {}),
}
_BY_NAME = {each.name: each for each in EVM_NETWORKS}
_NOBODY = {"type": "0x0", "v": "0x0", "r": "0x0", "s": "0x0", "yParity": None}


@pytest.mark.parametrize("name", list(_SYSTEM))
def test_a_type_of_its_own_chain_is_kept_as_told_and_says_so(name: str) -> None:
    chain, kind, own = _SYSTEM[name]
    read = from_rpc(_told(type=kind, **own), _BY_NAME[chain])
    assert read.standing is Standing.REPORTED
    assert read.raw is None
    assert read.type == int(kind, 16)
    assert read.value == 17
    assert read.sender == Account.from_key(_KEY).address
    assert set(read.extra) == {key for key, value in own.items() if key != "mint" and value is not None}
    assert kind in read.not_recomputed
    assert chain in read.not_recomputed
    if name == "optimism-deposit":
        assert read.mint == 10**18


@pytest.mark.parametrize("network", EVM_NETWORKS, ids=lambda each: each.name)
def test_a_type_of_other_chains_is_refused(network: EvmNetwork) -> None:
    foreign = set(SYSTEM_TYPES) - set(network.system_types)
    assert len(foreign) >= 2
    for kind in foreign:
        with pytest.raises(ProofRefused, match="does not follow from its fields"):
            from_rpc(_told(type=hex(kind)), network)
    with pytest.raises(ProofRefused, match="has no type 0x7e, only optimism, base"):
        from_rpc(_told(type="0x7e"))


def test_a_type_that_no_chain_has_may_be_a_newer_one_and_is_kept() -> None:
    read = from_rpc(_told(type="0x1f"), _BY_NAME["ethereum"])
    assert (read.standing, read.raw, read.type) == (Standing.REPORTED, None, 0x1F)
    assert read.not_recomputed == "type 0x1f is not known to this version"
    with pytest.raises(ProofRefused, match="there is no type 0x80"):
        from_rpc(_told(type="0x80"), _BY_NAME["ethereum"])


_ALTERED: dict[str, dict[str, Any]] = {
    "no-signature": {"value": "0x7", "r": "0x0", "s": "0x0"},
    "signature-left-out": {"value": "0x7", "v": None, "r": None, "s": None, "yParity": None},
    "unsigned-legacy": {"value": "0x7"} | _NOBODY,
    **{
        name: {"value": "0x7", name: "0x" + "55" * 20}
        for name in ("queueOrigin", "sourceHash", "requestId", "ticketId", "feeCurrency", "gatewayFee", "brandNew")
    },
}


@pytest.mark.parametrize("name", list(_ALTERED))
@pytest.mark.parametrize("network", [None, *EVM_NETWORKS], ids=lambda each: each.name if each else "none")
def test_an_altered_value_passes_under_no_pretext(network: EvmNetwork | None, name: str) -> None:
    """No chain has these today; what Optimism had before Bedrock is only there before it."""
    with pytest.raises(ProofRefused, match="hash"):
        from_rpc(_told(**_ALTERED[name], blockNumber=hex(200_000_000), blockHash="0x" + "11" * 32), network)


def test_a_field_of_another_chain_beside_fields_that_hash_right_is_fine() -> None:
    read = from_rpc(_told(queueOrigin="sequencer", feeCurrency="0x" + "55" * 20))
    assert (read.standing, read.not_recomputed) == (Standing.RECOMPUTED, "")
    assert read.extra == ("feeCurrency", "queueOrigin")


def _state_sync(**changes: Any) -> dict[str, Any]:
    """As Polygon tells its state syncs before type 0x7f."""
    height, block = 50_000_000, "ab" * 32
    named = keccak256(b"matic-bor-receipt-" + height.to_bytes(8, "big") + bytes.fromhex(block)).hex()
    zero = "0x" + "00" * 20
    fields = {"hash": f"0x{named}", "from": zero, "to": zero, "value": "0x0", "nonce": "0x0", "gas": "0x0"}
    return _told(**_NOBODY | fields | {"blockNumber": hex(height), "blockHash": f"0x{block}"} | changes)


def test_a_state_sync_of_polygon_is_named_by_its_block() -> None:
    read = from_rpc(_state_sync(), _BY_NAME["polygon"])
    assert read.standing is Standing.REPORTED
    assert read.not_recomputed == "nobody signed it (state-sync of polygon)"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"value": "0x1"}, "neither value nor data"),
        ({"input": "0x00"}, "neither value nor data"),
        ({"from": "0x" + "11" * 20}, "neither value nor data"),
        ({"hash": "0x" + "12" * 32}, "that of its block is"),
        ({"blockNumber": "0x5"}, "that of its block is"),
        ({"blockHash": None}, "told with its block"),
        ({"type": "0x1"}, "of type 1"),
    ],
)
def test_what_is_no_state_sync_is_refused(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(ProofRefused, match=f"no state-sync of polygon: .*{problem}"):
        from_rpc(_state_sync(**changes), _BY_NAME["polygon"])
    with pytest.raises(ProofRefused, match="has no such transactions"):
        from_rpc(_state_sync(), _BY_NAME["base"])


def test_optimism_had_deposits_without_a_signature_before_bedrock_only() -> None:
    optimism = _BY_NAME["optimism"]
    read = from_rpc(_told(**_NOBODY, queueOrigin="l1", blockNumber=hex(105_235_062)), optimism)
    assert (read.standing, read.not_recomputed) == (Standing.REPORTED, "nobody signed it (l1-queue of optimism)")
    for height in (hex(105_235_063), None):
        with pytest.raises(ProofRefused, match="none from block 105235063 on"):
            from_rpc(_told(**_NOBODY, queueOrigin="l1", blockNumber=height), optimism)


def test_a_table_without_signatures_is_kept_as_told_and_one_with_empty_ones_is_not() -> None:
    nothing: dict[str, Any] = {"v": None, "r": None, "s": None, "yParity": None}
    read = from_rpc(_told(**nothing), may_lack_signature=True)
    assert (read.standing, read.not_recomputed) == (Standing.REPORTED, "its signature is not told")
    with pytest.raises(ProofRefused, match="no signature"):
        from_rpc(_told(**nothing | {"r": "0x0"}), may_lack_signature=True)
