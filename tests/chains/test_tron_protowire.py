"""The reader beside the protobuf library: the same bytes mean the same, or both refuse them."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message, message_factory
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.chains.trontransactions import rows, wire
from tests.fuzz.mutate import mutate_bytes

from cryptotrace.chains.tron.address import address_of
from cryptotrace.chains.tron.contracts import CONTRACTS
from cryptotrace.chains.tron.fields import Field, Fields, Kind, Schema, read_fields
from cryptotrace.chains.tron.protowire import Reader, write_bytes, write_number
from cryptotrace.errors import InvalidAddress, MalformedBytes

_TYPES = {
    Kind.INT64: descriptor_pb2.FieldDescriptorProto.TYPE_INT64,
    Kind.INT32: descriptor_pb2.FieldDescriptorProto.TYPE_INT32,
    Kind.NAME: descriptor_pb2.FieldDescriptorProto.TYPE_INT32,
    Kind.BOOL: descriptor_pb2.FieldDescriptorProto.TYPE_BOOL,
    Kind.DATA: descriptor_pb2.FieldDescriptorProto.TYPE_BYTES,
    Kind.ADDRESS: descriptor_pb2.FieldDescriptorProto.TYPE_BYTES,
    Kind.TEXT: descriptor_pb2.FieldDescriptorProto.TYPE_STRING,
    Kind.MESSAGE: descriptor_pb2.FieldDescriptorProto.TYPE_MESSAGE,
}


def _describe(schema: Schema, into: Any, path: str) -> None:
    into.name = schema.name
    for number, each in schema.fields.items():
        label = "LABEL_REPEATED" if each.is_repeated else "LABEL_OPTIONAL"
        made = into.field.add(name=each.name, number=number, type=_TYPES[each.kind])
        made.label = getattr(descriptor_pb2.FieldDescriptorProto, label)
        if each.schema is not None:
            made.type_name = f"{path}.{schema.name}.{each.schema.name}"
            if all(nested.name != each.schema.name for nested in into.nested_type):
                _describe(each.schema, into.nested_type.add(), f"{path}.{schema.name}")


@cache
def _library(number: int) -> Any:
    """The protobuf library's class for the parameter of a contract type."""
    schema = CONTRACTS[number]
    file = descriptor_pb2.FileDescriptorProto(name=f"{schema.name}.proto", package="p", syntax="proto3")
    _describe(schema, file.message_type.add(), ".p")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"p.{schema.name}"))


def _plain(each: Field, value: Any) -> Any:
    """A value of this library as the other one has it."""
    if isinstance(value, tuple):
        return [_plain(each, one) for one in value]
    if isinstance(value, Fields):
        assert each.schema is not None
        return _ours(each.schema, value)
    if each.kind is Kind.NAME:
        return each.names.index(value) if value in each.names else int(value)
    return value


def _ours(schema: Schema, fields: Fields) -> dict[str, Any]:
    return {
        each.name: plain
        for each in schema.fields.values()
        if each.name in fields.values
        and ((plain := _plain(each, fields.values[each.name])) or isinstance(fields.values[each.name], Fields))
    }


def _theirs(schema: Schema, read: Any) -> dict[str, Any]:
    by_name = {each.name: each for each in schema.fields.values()}
    told: dict[str, Any] = {}
    for descriptor, value in read.ListFields():
        each = by_name[descriptor.name]
        if each.schema is not None:
            told[each.name] = (
                [_theirs(each.schema, one) for one in value] if each.is_repeated else _theirs(each.schema, value)
            )
        elif each.kind is Kind.ADDRESS:
            told[each.name] = address_of(value)
        else:
            told[each.name] = list(value) if each.is_repeated else value
    return told


def _agree(number: int, raw: bytes) -> str:
    """Read with both; what came of it."""
    schema, theirs = CONTRACTS[number], _library(number)()
    try:
        theirs.ParseFromString(raw)
    except message.DecodeError:
        with pytest.raises(MalformedBytes):
            read_fields(schema, raw)
        return "refused"
    try:
        told = _theirs(schema, theirs)
    except InvalidAddress:  # to the library an address is any bytes
        with pytest.raises(MalformedBytes):
            read_fields(schema, raw)
        return "no address"
    try:
        read = read_fields(schema, raw)
    except MalformedBytes as problem:
        return f"refused by us alone: {problem}"
    assert _ours(schema, read) == told
    return "read"


@pytest.mark.parametrize("name", [each["name"] for each in rows()])
def test_every_made_parameter_is_read_alike(name: str) -> None:
    contract = wire(name).contract
    assert _agree(contract.number, contract.raw) == "read"


@settings(max_examples=300)
@given(st.sampled_from([each["name"] for each in rows()]), st.integers(0, 2**32))
def test_damaged_parameters_are_read_alike_or_refused_alike(name: str, seed: int) -> None:
    contract = wire(name).contract
    said = _agree(contract.number, mutate_bytes(contract.raw, Random(seed)))
    # ours also validates what the last of several occurrences hides, and 20-byte addresses
    assert not said.startswith("refused by us alone") or "address" in said, said


@given(st.sampled_from(sorted(CONTRACTS)), st.binary(max_size=60))
def test_any_bytes_are_read_alike_or_refused_alike(number: int, raw: bytes) -> None:
    assert not _agree(number, raw).startswith("refused by us alone")


@given(st.integers(-(2**63), 2**63 - 1), st.binary(max_size=300))
def test_what_is_written_is_what_the_library_writes(amount: int, text: bytes) -> None:
    theirs = _library(42)(exchange_id=amount, token_id=text)
    assert write_number(2, amount) + write_bytes(3, text) == theirs.SerializeToString(deterministic=True)


def test_offsets_and_contents_are_those_of_the_given_bytes() -> None:
    raw = b"xx" + write_number(3, 300) + write_bytes(4, b"abc") + b"\x2d\x01\x02\x03\x04" + b"\x31" + bytes(8)
    found = list(Reader(raw, "m", 2).fields())
    assert [(each.number, each.wire, raw[each.start : each.stop]) for each in found] == [
        (3, 0, b"\xac\x02"),
        (4, 2, b"abc"),
        (5, 5, b"\x01\x02\x03\x04"),
        (6, 1, bytes(8)),
    ]
    assert found[0].value == 300
