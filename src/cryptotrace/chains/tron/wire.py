"""Transactions of TRON as bytes: what stands in them, by the names of TRON's protocol.

Nothing vanishes: unknown contract types and fields are kept with their bytes and named in ``notices``. The txid is
that of the bytes as they were given.

Source: TRON protocol, ``core/Tron.proto``; java-tron, ``TransactionCapsule`` (the id is SHA-256 over ``raw_data``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptotrace.chains.tron.contracts import CONTRACTS, RAW_DATA, RESULT, RESULTS
from cryptotrace.chains.tron.fields import Fields, read_fields
from cryptotrace.chains.tron.protowire import BYTES, Reader, varint, write_bytes, write_number
from cryptotrace.errors import MalformedBytes


@dataclass(frozen=True, slots=True)
class WireContract:
    """The contract of a transaction: what its owner asks for. Every transaction that a node accepts has exactly one."""

    number: int
    """The contract type's number in the protocol, e.g. 1."""
    name: str
    """Its name, e.g. ``TransferContract``; empty where the number is not known here."""
    owner: str | None
    """Whose transaction it is, base58check; None where the type is unknown."""
    parameters: Fields
    """What is asked for, by the protocol's names (those of the HTTP interface, too), e.g. ``to_address``."""
    raw: bytes
    """The parameter's bytes, as they stand in the transaction."""
    type_url: str
    """How the transaction itself names the parameter's type."""
    permission_id: int
    """Which permission of the owner signs it: 0 owner, 1 witness, 2 and above an active one (multi-sign)."""


@dataclass(frozen=True, slots=True)
class WireResult:
    """What the block says of a transaction's result (``ret``)."""

    contract_result: str
    """``SUCCESS``, ``REVERT`` ...; ``DEFAULT`` where it is not told, or the number of an unknown one."""
    is_failed: bool = False
    """True: marked ``FAILED``."""
    fee: int = 0
    """Sun; nodes leave it out of what they put into blocks, so 0 does not mean that it was free."""
    fields: Fields = field(default_factory=Fields)
    """All that stands there, by the protocol's names."""


@dataclass(frozen=True, slots=True)
class WireTransaction:
    """A transaction as it stands in the bytes."""

    txid: str
    """SHA-256 of ``raw_data``, lower-case hex."""
    raw_data: bytes
    """The signed part."""
    raw: bytes
    """The whole serialised transaction; its SHA-256 is the leaf of the block's Merkle tree. Empty where only the
    signed part was given."""
    signatures: tuple[bytes, ...]
    """65 bytes each."""
    contracts: tuple[WireContract, ...]
    """What is asked for; one in every transaction that a node accepts."""
    timestamp: int
    """When it was made, as its maker says, milliseconds since 1970 UTC; 0 if not told."""
    expiration: int
    """Until when it may be confirmed, milliseconds since 1970 UTC."""
    ref_block_bytes: bytes
    """Bytes 6 and 7 of the number of a recent block that it refers to."""
    ref_block_hash: bytes
    """Bytes 8 to 15 of that block's id."""
    fee_limit: int
    """Sun that may be burnt for energy at most."""
    memo: bytes
    """Free text (``raw_data.data``)."""
    results: tuple[WireResult, ...]
    """Results, if the bytes have them: one for each contract."""
    notices: tuple[str, ...]
    """What an investigator must see: ``unknown-contract-type 99``, ``unknown-field TransferContract.9``,
    ``duplicated-field TransferContract.amount``, ``parameter-type-differs ...``."""

    @property
    def contract(self) -> WireContract:
        """The one contract.

        Raises:
            MalformedBytes: there is none, or more than one: no node accepts that.
        """
        if len(self.contracts) != 1:
            raise MalformedBytes(
                f"transaction {self.txid} has {len(self.contracts)} contracts; every TRON node wants exactly one",
                offset=0,
                field="raw_data.contract",
            )
        return self.contracts[0]


def decode_transaction(raw: bytes) -> WireTransaction:
    """Read a serialised ``Transaction``: signed part, signatures, results.

    Raises:
        MalformedBytes: no protobuf; no signed part, or two of them (what is hashed would not be what is read); text
            that is no UTF-8, an address that is none.

    Source: TRON protocol, ``core/Tron.proto``, message ``Transaction``.
    """
    raw = bytes(raw)
    signed: list[tuple[int, int]] = []
    signatures: list[bytes] = []
    results: list[WireResult] = []
    notices: list[str] = []
    for each in Reader(raw, "transaction").fields():
        if each.wire != BYTES or each.number not in (1, 2, 5):
            notices.append(f"unknown-field transaction.{each.number}")
        elif each.number == 1:
            signed.append((each.start, each.stop))
        elif each.number == 2:
            signatures.append(raw[each.start : each.stop])
        else:
            fields = read_fields(RESULT, raw, start=each.start, stop=each.stop, path="ret", notices=notices)
            results.append(wire_result(fields))
    if len(signed) != 1:
        raise MalformedBytes(
            f"{len(signed)} signed parts (raw_data); a transaction has one", offset=0, field="transaction.raw_data"
        )
    return _read(raw, *signed[0], signatures=tuple(signatures), results=tuple(results), notices=notices, whole=raw)


def transaction_of_raw_data(
    raw_data: bytes, signatures: Sequence[bytes] = (), results: Sequence[WireResult] = ()
) -> WireTransaction:
    """Read the signed part alone, as the HTTP interface gives it (``raw_data_hex``).

    Args:
        raw_data: the bytes that the txid is the hash of.
        signatures: the signatures that were given with it.
        results: the results that were given with it.

    Raises:
        MalformedBytes: see ``decode_transaction``.
    """
    raw_data = bytes(raw_data)
    return _read(
        raw_data, 0, len(raw_data), signatures=tuple(signatures), results=tuple(results), notices=[], whole=b""
    )


def encode_transaction(raw_data: bytes, signatures: Sequence[bytes], contract_results: Sequence[str]) -> bytes:
    """The whole serialised transaction, as it is hashed into its block, from the parts that the HTTP interface tells.

    Args:
        raw_data: ``raw_data_hex``.
        signatures: ``signature``, in order.
        contract_results: ``contractRet`` of each ``ret``, in order; of a block, one for each transaction.

    Raises:
        MalformedBytes: a result that has no number here.

    Source: TRON protocol, ``core/Tron.proto``; in a block, ``ret`` holds nothing but ``contractRet``.
    """
    out = write_bytes(1, raw_data) + b"".join(write_bytes(2, each) for each in signatures)
    for name in contract_results:
        if name not in RESULTS:
            raise MalformedBytes(f"{name[:80]!r} is no result of a contract", offset=0, field="ret.contractRet")
        content = write_number(3, RESULTS.index(name))
        out += varint(5 << 3 | BYTES) + varint(len(content)) + content
    return out


def wire_result(fields: Fields) -> WireResult:
    """The result that stands in the fields of a ``ret``."""
    return WireResult(fields.text("contractRet"), fields.text("ret") == "FAILED", fields.number("fee"), fields)


def _read(
    raw: bytes,
    start: int,
    stop: int,
    *,
    signatures: tuple[bytes, ...],
    results: tuple[WireResult, ...],
    notices: list[str],
    whole: bytes,
) -> WireTransaction:
    fields = read_fields(RAW_DATA, raw, start=start, stop=stop, path="raw_data", notices=notices)
    contracts = tuple(_contract(each, notices) for each in fields.messages("contract"))
    raw_data = raw[start:stop]
    return WireTransaction(
        txid=hashlib.sha256(raw_data).hexdigest(),
        raw_data=raw_data,
        raw=whole,
        signatures=signatures,
        contracts=contracts,
        timestamp=fields.number("timestamp"),
        expiration=fields.number("expiration"),
        ref_block_bytes=fields.data("ref_block_bytes"),
        ref_block_hash=fields.data("ref_block_hash"),
        fee_limit=fields.number("fee_limit"),
        memo=fields.data("data"),
        results=results,
        notices=tuple(dict.fromkeys(notices)),
    )


def _contract(fields: Fields, notices: list[str]) -> WireContract:
    number, parameter = fields.number("type"), fields.message("parameter") or Fields()
    raw, type_url = parameter.data("value"), parameter.text("type_url")
    schema = CONTRACTS.get(number)
    if schema is None:
        notices.append(f"unknown-contract-type {number}")
        return WireContract(number, "", None, Fields(), raw, type_url, fields.number("Permission_id"))
    if type_url.rpartition("/")[2] != f"protocol.{schema.name}":
        notices.append(f"parameter-type-differs {schema.name}: {type_url[:80]!r}")
    read = _parameter(schema.name, number, raw, notices)
    owner = read.address("owner_address") or read.address("transparent_from_address")
    return WireContract(number, schema.name, owner, read, raw, type_url, fields.number("Permission_id"))


def _parameter(name: str, number: int, raw: bytes, notices: list[str]) -> Fields:
    try:
        return read_fields(CONTRACTS[number], raw, notices=notices)
    except MalformedBytes as problem:
        where = f"raw_data.contract.parameter.value: {problem.field}, counted from where the value begins"
        raise MalformedBytes(str(problem).partition(" (field ")[0], offset=problem.offset, field=where) from None
