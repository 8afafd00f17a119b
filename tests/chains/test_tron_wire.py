from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.chains.trontransactions import address, row, rows, wire
from tests.shared_data import read_json

from cryptotrace.chains.tron.address import bytes_of, canonical_address
from cryptotrace.chains.tron.contracts import CONTRACTS, RESULTS
from cryptotrace.chains.tron.fields import Fields, Kind, Schema, read_fields
from cryptotrace.chains.tron.protowire import Reader, signed, varint, write_bytes, write_number
from cryptotrace.chains.tron.signature import recover_address, signers
from cryptotrace.chains.tron.wire import (
    decode_transaction,
    encode_transaction,
    transaction_of_raw_data,
)
from cryptotrace.errors import MalformedBytes, ProofRefused

NAMES = [each["name"] for each in rows()]
OWNER = b"\x41" + bytes(19) + b"\x01"


def _contract(number: int, parameter: bytes, type_url: str = "", *, more: bytes = b"") -> bytes:
    name = CONTRACTS[number].name if number in CONTRACTS else "Unheard"
    url = type_url or f"type.googleapis.com/protocol.{name}"
    any_ = write_bytes(1, url.encode()) + write_bytes(2, parameter)
    return write_number(1, number) + write_bytes(2, any_) + more


def _raw_data(number: int, parameter: bytes, **more: Any) -> bytes:
    return write_bytes(1, b"\x5d\x1e") + write_bytes(11, _contract(number, parameter, **more)) + write_number(14, 5)


def _transfer(amount: int = 9) -> bytes:
    return write_bytes(1, OWNER) + write_bytes(2, b"\x41" + bytes(20)) + write_number(3, amount)


# --- made by another library ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_txid_and_the_signers_are_those_of_the_maker(name: str) -> None:
    made, read = row(name), wire(name)
    assert read.txid == made["txID"]
    assert list(signers(read)) == made["signers"]
    assert read.contract.name == made["type"]
    assert read.contract.permission_id == made["permission_id"]
    assert read.contract.owner == address("owner")
    assert [each.contract_result for each in read.results] == ["SUCCESS"]
    assert read.notices == ()
    assert (read.timestamp, read.expiration) == (1750000000000, 1750000060000)
    assert (read.ref_block_bytes.hex(), read.ref_block_hash.hex()) == ("5d1e", "0a0b0c0d0e0f1011")


def _json(kind: Any, value: Any) -> Any:
    """A field as the HTTP interface writes it."""
    if isinstance(value, tuple):
        return [_json(kind, each) for each in value]
    if isinstance(value, Fields):
        return _told(kind.schema, value)
    if kind.kind is Kind.ADDRESS:
        return "41" + bytes_of(value).hex()
    return value.hex() if isinstance(value, bytes) else value


def _told(schema: Schema, fields: Fields) -> dict[str, Any]:
    return {
        each.name: _json(each, fields.values[each.name])
        for each in schema.fields.values()
        if fields.values.get(each.name) not in (None, (), 0, "")
        and not (each.kind is Kind.NAME and fields.values[each.name] == each.names[0])
    }


@pytest.mark.parametrize("name", [each for each in NAMES if each != "create-contract"])
def test_every_parameter_is_what_the_maker_put_in(name: str) -> None:
    made, read = row(name), wire(name).contract
    assert _told(CONTRACTS[read.number], read.parameters) == made["value"]


def test_a_contract_that_is_created_is_read_with_its_code() -> None:
    new = wire("create-contract").contract.parameters.message("new_contract")
    assert new is not None
    made = row("create-contract")["value"]["new_contract"]
    assert new.text("name") == made["name"] == "Vault"
    assert new.data("bytecode").hex() == made["bytecode"]
    assert new.number("call_value") == made["call_value"]
    assert new.number("origin_energy_limit") == made["origin_energy_limit"]
    assert new.address("origin_address") == canonical_address(made["origin_address"])


@pytest.mark.parametrize("name", NAMES)
def test_the_whole_transaction_is_written_back_to_its_bytes(name: str) -> None:
    read = wire(name)
    results = [each.contract_result for each in read.results]
    assert encode_transaction(read.raw_data, read.signatures, results) == read.raw == bytes.fromhex(row(name)["raw"])


def test_the_signed_part_alone_is_read_alike() -> None:
    whole = wire("trx-with-memo")
    part = transaction_of_raw_data(whole.raw_data, whole.signatures, whole.results)
    assert part.raw == b""
    assert (part.txid, part.contracts, part.memo) == (whole.txid, whole.contracts, b"deposit 4711")
    assert (part.signatures, part.results) == (whole.signatures, whole.results)


@pytest.mark.shared
def test_every_recorded_pair_of_raw_data_and_txid_is_recomputed() -> None:
    pairs = read_json("derived/tron/tron_vectors.json")["transactions"]
    assert len(pairs) == 10
    for each in pairs:
        read = transaction_of_raw_data(bytes.fromhex(each["raw_data_hex"]))
        assert read.txid == each["txID"]
        assert read.notices == ()
        assert read.contract.owner is not None


# --- nothing vanishes -------------------------------------------------------------------------------------------------


def test_an_unknown_contract_type_is_kept_with_its_bytes() -> None:
    read = transaction_of_raw_data(_raw_data(99, b"\x0a\x03abc"))
    assert read.notices == ("unknown-contract-type 99",)
    assert (read.contract.number, read.contract.name, read.contract.owner) == (99, "", None)
    assert read.contract.raw == b"\x0a\x03abc"


def test_an_unknown_field_and_one_that_stands_twice_are_kept_and_named() -> None:
    parameter = _transfer(9) + write_number(3, 10) + write_bytes(77, b"more")
    read = transaction_of_raw_data(_raw_data(1, parameter))
    assert read.contract.parameters.number("amount") == 10  # as every protobuf reader has it
    assert read.contract.parameters.unknown == ((77, b"more"),)
    assert set(read.notices) == {"duplicated-field TransferContract.amount", "unknown-field TransferContract.77"}


def test_a_field_of_another_wire_type_counts_as_unknown() -> None:
    read = transaction_of_raw_data(_raw_data(1, _transfer(9) + write_bytes(3, b"\x0b")))
    assert read.contract.parameters.number("amount") == 9
    assert read.notices == ("unknown-field TransferContract.3",)


def test_a_message_that_stands_twice_is_merged_as_protobuf_does() -> None:
    first, second = write_number(5, 7) + write_bytes(4, b"\x60"), write_number(5, 8)
    parameter = write_bytes(1, OWNER) + write_bytes(2, first) + write_bytes(2, second)
    read = transaction_of_raw_data(_raw_data(30, parameter))
    new = read.contract.parameters.message("new_contract")
    assert new is not None
    assert (new.number("call_value"), new.data("bytecode")) == (8, b"\x60")
    assert "duplicated-field CreateSmartContract.new_contract" in read.notices


def test_a_parameter_that_is_named_as_another_type_is_said() -> None:
    read = transaction_of_raw_data(_raw_data(1, _transfer(), type_url="type.googleapis.com/protocol.Other"))
    assert read.notices == ("parameter-type-differs TransferContract: 'type.googleapis.com/protocol.Other'",)


def test_unknown_parts_of_the_transaction_itself_are_named() -> None:
    read = decode_transaction(write_bytes(1, _raw_data(1, _transfer())) + write_bytes(9, b"x") + write_number(2, 1))
    assert read.notices == ("unknown-field transaction.9", "unknown-field transaction.2")


def test_an_unknown_result_is_its_number() -> None:
    raw = write_bytes(1, _raw_data(1, _transfer())) + write_bytes(5, write_number(3, 200) + write_number(2, 1))
    (result,) = decode_transaction(raw).results
    assert (result.contract_result, result.is_failed) == ("200", True)


def test_a_group_is_passed_over() -> None:
    group = b"\xb3\x06" + write_number(1, 5) + b"\xb4\x06"
    read = transaction_of_raw_data(_raw_data(1, _transfer() + group))
    assert read.contract.parameters.unknown == ((102, write_number(1, 5) + b"\xb4\x06"),)


# --- hostile bytes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "0 signed parts"),
        (write_bytes(1, b"\x08\x01") * 2, "2 signed parts"),
        (b"\x0a\x05ab", "truncated: field 1 wants 5 bytes, 2 left"),
        (b"\x0a", "truncated: a number wanted"),
        (b"\x80" * 11, "longer than ten bytes"),
        (b"\x00\x01", "no field number"),
        (b"\x0f\x01", "wire type 7"),
        (b"\x0c", "wire type 4"),
        (b"\x0b\x08\x01", "has no end"),
        (b"\x0b\x14", "is ended as group 2"),
        (b"\x0b" * 100, "more than 32 deep"),
    ],
)
def test_bytes_that_are_no_transaction_are_refused(raw: bytes, message: str) -> None:
    with pytest.raises(MalformedBytes, match=message):
        decode_transaction(raw)


@pytest.mark.parametrize("owner", [b"\x42" + bytes(20), bytes(20), b"\x41", bytes(200)])
def test_an_address_that_is_none_is_refused_by_name(owner: bytes) -> None:
    raw = _raw_data(1, write_bytes(1, owner))
    with pytest.raises(MalformedBytes, match=r"TransferContract\.owner_address") as caught:
        transaction_of_raw_data(raw)
    assert caught.value.offset == (2 if len(owner) < 128 else 3)


def test_text_that_is_no_text_is_refused() -> None:
    with pytest.raises(MalformedBytes, match="type_url"):
        transaction_of_raw_data(write_bytes(11, write_bytes(2, write_bytes(1, b"\xff"))))


@pytest.mark.parametrize("count", [0, 2])
def test_a_transaction_without_exactly_one_contract_has_no_contract_to_speak_of(count: int) -> None:
    read = transaction_of_raw_data(write_number(14, 5) + write_bytes(11, _contract(1, _transfer())) * count)
    assert len(read.contracts) == count
    with pytest.raises(MalformedBytes, match=f"has {count} contracts"):
        _ = read.contract


@given(st.sampled_from(NAMES), st.data())
def test_damaged_bytes_are_refused_by_name_or_hash_to_what_they_are(name: str, data: st.DataObject) -> None:
    raw = bytearray(bytes.fromhex(row(name)["raw"]))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(raw)))
    for damaged in (bytes(raw), bytes(raw[:cut])):
        try:
            read = decode_transaction(damaged)
        except MalformedBytes:
            continue
        assert read.raw == damaged
        assert read.txid == hashlib.sha256(read.raw_data).hexdigest()
        assert read.raw_data in damaged


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    offset = 0
    try:
        decode_transaction(raw)
    except MalformedBytes as problem:
        offset = problem.offset
    assert 0 <= offset <= len(raw)


@given(st.integers(0, 2**64 - 1))
def test_a_number_is_written_and_read_back(value: int) -> None:
    (field,) = Reader(b"\x08" + varint(value), "x").fields()
    assert field.value == value
    assert signed(value) % 2**64 == value
    assert -(2**63) <= signed(value) < 2**63


def test_negative_and_short_numbers_are_read_as_protobuf_does() -> None:
    read = transaction_of_raw_data(_raw_data(1, _transfer(-5), more=write_number(5, (1 << 40) + 2)))
    assert read.contract.parameters.number("amount") == -5
    assert read.contract.permission_id == 2


def test_absent_fields_have_protobufs_defaults() -> None:
    none = read_fields(CONTRACTS[58], b"")
    assert none.text("resource") == "BANDWIDTH"
    assert (none.number("balance"), none.address("receiver_address")) == (0, None)
    assert (none.data("x"), none.message("x"), none.messages("x"), none.all_data("x")) == (b"", None, (), ())


def test_a_result_that_has_no_number_is_not_written() -> None:
    assert RESULTS[1] == "SUCCESS"
    with pytest.raises(MalformedBytes, match="no result"):
        encode_transaction(b"", (), ["GREAT"])


# --- signatures -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "signature", [b"", bytes(64), bytes(65), b"\xff" * 64 + b"\x00", bytes(64) + b"\x09", b"\x01" * 64 + b"\xff"]
)
def test_a_signature_that_nobody_can_have_made_is_refused(signature: bytes) -> None:
    with pytest.raises(ProofRefused):
        recover_address(bytes(32), signature)


def test_both_writings_of_the_recovery_byte_are_read() -> None:
    read = wire("trx")
    (signature,) = read.signatures
    digest = bytes.fromhex(read.txid)
    assert signature[64] >= 27
    assert recover_address(digest, signature[:64] + bytes([signature[64] - 27])) == address("owner")
    with pytest.raises(ProofRefused):
        recover_address(digest[:31], signature)
