"""Transactions as bytes: types 0 to 4, hash and sender."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from eth_account import Account
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.shared_data import read_json

from cryptotrace.chains.evm import rlpcode, transaction
from cryptotrace.chains.evm.hashes import keccak256
from cryptotrace.chains.evm.signature import ORDER, signer
from cryptotrace.chains.evm.transaction import (
    AccessEntry,
    WireTransaction,
    decode_transaction,
    encode,
    parity_and_chain,
    sealed,
    signing_digest,
    strip_sidecar,
)
from cryptotrace.errors import ChainError, MalformedBytes, ProofRefused, UnsupportedChain
from cryptotrace.model.verdict import Standing

_KEY = "0x" + "46" * 32
_WHO = Account.from_key(_KEY).address
_TO = "0x3535353535353535353535353535353535353535"
_COMMON: dict[str, Any] = {"chainId": 1, "nonce": 9, "gas": 21000, "to": _TO, "value": 2**256 - 1, "data": "0xabcd"}
_FEES: dict[str, Any] = {"maxFeePerGas": 10**10, "maxPriorityFeePerGas": 10**9}
_LIST: dict[str, Any] = {"accessList": [{"address": _TO, "storageKeys": ["0x" + "01" * 32, "0x" + "02" * 32]}]}


def _signed(fields: dict[str, Any]) -> bytes:
    return bytes(Account.sign_transaction(fields, _KEY).raw_transaction)


def _authorized() -> dict[str, Any]:
    lent = Account.sign_authorization({"chainId": 0, "address": "0x" + "aa" * 20, "nonce": 7}, _KEY)
    return _COMMON | _FEES | _LIST | {"type": 4, "authorizationList": [lent]}


_EACH_TYPE: dict[str, dict[str, Any]] = {
    "legacy": {key: value for key, value in _COMMON.items() if key != "chainId"} | {"gasPrice": 5},
    "eip155": _COMMON | {"gasPrice": 5},
    "2930": _COMMON | _LIST | {"gasPrice": 5, "type": 1},
    "1559": _COMMON | _FEES | _LIST | {"type": 2},
    "7702": _authorized(),
}


@pytest.mark.parametrize("name", list(_EACH_TYPE))
def test_what_another_library_signs_is_read(name: str) -> None:
    fields = _EACH_TYPE[name]
    raw = _signed(fields)
    read = decode_transaction(raw)
    assert read.sender == _WHO
    assert read.hash == keccak256(raw).hex()
    assert read.raw == encode(read) == raw
    assert (read.value, read.nonce, read.gas_limit, read.data) == (2**256 - 1, 9, 21000, b"\xab\xcd")
    assert read.to is not None
    assert read.to.lower() == _TO
    assert read.chain_id == (None if name == "legacy" else 1)
    assert read.standing is Standing.RECOMPUTED
    if "accessList" in fields:
        assert read.access_list == (AccessEntry(read.to, (b"\x01" * 32, b"\x02" * 32)),)


def test_who_lends_an_account_code_is_recovered() -> None:
    read = decode_transaction(_signed(_authorized()))
    (lent,) = read.authorizations
    assert (lent.authority, lent.nonce, lent.chain_id) == (_WHO, 7, 0)
    assert replace(lent, y_parity=5).authority is None
    assert replace(lent, s=ORDER - lent.s).authority is None
    assert replace(lent, r=0).authority is None
    assert replace(lent, nonce=8).authority not in (None, _WHO)


def _blob() -> WireTransaction:
    draft = WireTransaction(
        type=3,
        hash="",
        sender=None,
        to=decode_transaction(_signed(_EACH_TYPE["1559"])).to,
        value=0,
        nonce=1,
        gas_limit=21000,
        max_fee_per_gas=9,
        max_priority_fee_per_gas=1,
        chain_id=1,
        blob_hashes=("01" + "ab" * 31,),
        max_fee_per_blob_gas=3,
    )
    signed = Account.from_key(_KEY).unsafe_sign_hash(signing_digest(draft))
    return sealed(replace(draft, v=signed.v - 27, r=signed.r, s=signed.s))


def test_a_blob_transaction_is_read_and_its_network_form_is_not_taken_for_it() -> None:
    made = _blob()
    assert made.raw is not None
    assert decode_transaction(made.raw) == made
    assert made.sender == _WHO
    body = [made.raw[1:]]
    for around in ([[b"b"], [b"c"], [b"p"]], [1, [b"b"], [b"c"], [b"p"]]):  # EIP-4844, EIP-7594
        parts = b"".join(body + [rlpcode.encode(each) for each in around])  # type: ignore[arg-type]
        network = b"\x03" + b"\xf8" + bytes([len(parts)]) + parts
        with pytest.raises(MalformedBytes, match="strip_sidecar"):
            decode_transaction(network)
        assert strip_sidecar(network) == made.raw
    with pytest.raises(MalformedBytes, match="not a transaction of type 3"):
        strip_sidecar(made.raw)


@pytest.mark.shared
def test_the_vectors_of_ethers_are_read_to_their_key() -> None:
    """896 transactions in four forms each, signed with known keys.

    Where the chain id is 0, their EIP-155 form was signed over a number with a leading zero byte, which is no RLP: the
    key is not found again, and eth-account finds the same other address as we do.
    """
    read, odd = 0, 0
    for each in read_json("vectors/ethers.js__transaction.json.gz"):
        who = Account.from_key(each["privateKey"]).address
        for form in ("signedLegacy", "signedEip155", "signedBerlin", "signedLondon"):
            raw = bytes.fromhex(each[form][2:])
            found = decode_transaction(raw)
            assert encode(found) == raw
            unsigned = bytes.fromhex(each["unsigned" + form.removeprefix("signed")][2:])
            if form == "signedEip155" and found.chain_id == 0:
                assert unsigned.endswith(b"\x00\x80\x80")
                assert found.sender == Account.recover_transaction(each[form])
                odd += 1
                continue
            assert found.sender == who
            assert signing_digest(found) == keccak256(unsigned)
            with pytest.raises(ChainError):
                decode_transaction(unsigned)
            read += 1
    assert (read, odd) == (4 * 896 - 401, 401)


def test_a_high_s_is_legacy_before_homestead_only() -> None:
    old = decode_transaction(_signed(_EACH_TYPE["legacy"]))
    assert old.s is not None
    assert old.v is not None
    other = sealed(replace(old, s=ORDER - old.s, v=55 - old.v))
    assert other.sender == _WHO
    assert other.hash != old.hash
    for name in ("eip155", "1559"):
        new = decode_transaction(_signed(_EACH_TYPE[name]))
        assert new.s is not None
        assert new.v is not None
        with pytest.raises(ProofRefused, match="EIP-2"):
            sealed(replace(new, s=ORDER - new.s))


@pytest.mark.parametrize(
    ("v", "r", "s", "reason"),
    [
        (0, 0, 1, "between 1 and the order"),
        (0, 1, 0, "between 1 and the order"),
        (0, ORDER, 1, "between 1 and the order"),
        (2, 1, 1, "recovery id"),
        (0, 5, 1, "no point"),
    ],
)
def test_what_is_no_signature_is_refused_with_its_reason(v: int, r: int, s: int, reason: str) -> None:
    with pytest.raises(ProofRefused, match=reason):
        signer(bytes(32), v, r, s)


def test_v_tells_the_chain() -> None:
    assert parity_and_chain(27) == (0, None)
    assert parity_and_chain(28) == (1, None)
    assert parity_and_chain(37) == (0, 1)
    assert parity_and_chain(2 * (2**64) + 36) == (1, 2**64)
    for bad in (0, 1, 26, 29, 34):
        with pytest.raises(MalformedBytes, match="27, 28, or 35"):
            parity_and_chain(bad)


@pytest.mark.parametrize(
    ("raw", "error", "reason"),
    [
        ("", MalformedBytes, "truncated"),
        ("00c0", MalformedBytes, "begins with a type"),
        ("80", MalformedBytes, "begins with a type"),
        ("7ec0", UnsupportedChain, "0x7e"),
        ("05c0", UnsupportedChain, "0x5"),
        ("02", MalformedBytes, "nothing there"),
        ("c0", MalformedBytes, "9 items expected, 0 found"),
        ("02c0", MalformedBytes, "12 items expected, 0 found"),
    ],
)
def test_what_is_no_transaction_is_refused(raw: str, error: type[ChainError], reason: str) -> None:
    with pytest.raises(error, match=reason):
        decode_transaction(bytes.fromhex(raw))


def test_fields_of_the_wrong_size_are_named() -> None:
    made = decode_transaction(_signed(_EACH_TYPE["1559"]))
    with pytest.raises(MalformedBytes, match=r"transaction\.nonce"):
        decode_transaction(encode(replace(made, nonce=2**64 - 1)))
    with pytest.raises(MalformedBytes, match=r"transaction\.gas_limit"):
        decode_transaction(encode(replace(made, gas_limit=2**64)))
    with pytest.raises(MalformedBytes, match=r"transaction\.blob_hashes.*|at least one blob"):
        decode_transaction(encode(replace(_blob(), blob_hashes=())))
    with pytest.raises(MalformedBytes, match="at least one authorization"):
        decode_transaction(encode(replace(decode_transaction(_signed(_authorized())), authorizations=())))
    with pytest.raises(MalformedBytes, match="without max_fee_per_gas"):
        encode(replace(made, max_fee_per_gas=None))
    with pytest.raises(MalformedBytes, match=r"transaction\.to"):
        decode_transaction(encode(replace(_blob(), to=None)))


def test_a_contract_is_created_without_to() -> None:
    fields = {key: value for key, value in _EACH_TYPE["1559"].items() if key != "to"}
    assert decode_transaction(_signed(fields)).to is None


@settings(max_examples=300)
@given(st.data())
def test_a_changed_byte_is_refused_or_another_transaction(data: st.DataObject) -> None:
    raw = bytearray(_signed(_EACH_TYPE[data.draw(st.sampled_from(list(_EACH_TYPE)))]))
    at = data.draw(st.integers(0, len(raw) - 1))
    honest = decode_transaction(bytes(raw))
    raw[at] ^= data.draw(st.integers(1, 255))
    try:
        read = decode_transaction(bytes(raw))
    except ChainError:
        return
    assert read.hash != honest.hash
    assert encode(read) == bytes(raw)


def test_from_rpc_is_the_one_of_the_told() -> None:
    with pytest.raises(MalformedBytes, match=r"transaction\.hash"):
        transaction.from_rpc({})
