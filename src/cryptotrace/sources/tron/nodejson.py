"""What a TRON node tells in JSON, read strictly: blocks, executions, and a transaction held against its own bytes.

Source: TRON documentation, "HTTP API" (``/wallet/getblock``, ``gettransactioninfobyid`` ...); TRON protocol,
``core/Tron.proto`` and ``core/TronInventoryItems.proto``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cryptotrace.chains.tron.address import address_of, canonical_address
from cryptotrace.chains.tron.block import Header, header_of_parts, merkle_leaf, merkle_root
from cryptotrace.chains.tron.contracts import RESULTS
from cryptotrace.chains.tron.execution import Execution, InternalTransaction, Log
from cryptotrace.chains.tron.fields import Fields
from cryptotrace.chains.tron.wire import WireTransaction, decode_transaction
from cryptotrace.errors import InvalidAddress, SourceLied
from cryptotrace.sources.foreignjson import Field

_MOST = 2**63 - 1
#: The last millisecond of the year 9999: a later time is none.
_LATEST_MS = 253_402_300_799_999
_HEADER_KEYS = frozenset(
    {"number", "txTrieRoot", "witness_address", "parentHash", "version", "timestamp", "accountStateRoot"}
)
#: Numbers of a receipt, and of an execution, that are left out where they are zero.
_COUNTS = (
    "energy_fee",
    "energy_usage",
    "origin_energy_usage",
    "energy_usage_total",
    "energy_penalty_total",
    "net_fee",
    "net_usage",
)
_AMOUNTS = (
    "fee",
    "withdraw_amount",
    "unfreeze_amount",
    "withdraw_expire_amount",
    "exchange_id",
    "exchange_received_amount",
    "exchange_inject_another_amount",
    "exchange_withdraw_another_amount",
    "shielded_transaction_fee",
)
#: Parts of a contract that are a JSON of their own, with names that the bytes do not have.
_NOT_COMPARED = frozenset({"abi"})


@dataclass(frozen=True, slots=True)
class ToldBlock:
    """A block's header as a node tells it."""

    height: int
    """Its number."""
    id: str
    """Its id; computed from the header's fields where those are all known here."""
    time_ms: int
    """The producer's statement of the time, milliseconds since 1970 UTC."""
    root: bytes
    """Merkle root over its transactions."""


@dataclass(frozen=True, slots=True)
class ListedTransaction:
    """A transaction of a block's list."""

    wire: WireTransaction
    """Read from its bytes."""
    index: int
    """Its place in the list, from 0."""


def read_address(value: Field) -> str:
    """An address in any of its spellings, as base58check.

    Raises:
        MalformedBytes: it is none; the error names the field.
    """
    text = value.text()
    try:
        return address_of(bytes.fromhex(text)) if len(text) == 40 else canonical_address(text)
    except (InvalidAddress, ValueError):
        raise value.refuse("a TRON address") from None


def optional_address(value: Field) -> str | None:
    """An address, or None where there is none."""
    return None if value.is_null or value.value == "" else read_address(value)


def number(value: Field) -> int:
    """A number that is left out where it is zero.

    Raises:
        MalformedBytes: it is none, or negative; the error names the field.
    """
    return 0 if value.is_null else value.integer(0, _MOST)


def hexed(value: Field) -> bytes:
    """Bytes in hex that are left out where there are none.

    Raises:
        MalformedBytes: no hex digits; the error names the field.
    """
    return b"" if value.is_null else value.raw_hex()


def _items(value: Field) -> list[Field]:
    return [] if value.is_null else list(value.items())


# --- blocks -----------------------------------------------------------------------------------------------------------


def read_block(block: Field, name: str) -> ToldBlock:
    """The header of a block; its id is computed from it.

    Raises:
        MalformedBytes: a field is missing or of the wrong kind.
        SourceLied: the header's fields do not give the id.
    """
    raw = block["block_header"]["raw_data"]
    time_ms = 0 if raw["timestamp"].is_null else raw["timestamp"].integer(0, _LATEST_MS)
    told = ToldBlock(number(raw["number"]), block["blockID"].hash(), time_ms, hexed(raw["txTrieRoot"]))
    if told.id[:16] != f"{told.height:016x}":
        raise SourceLied(f"{name}: the id {told.id} is not one of a block at height {told.height}")
    if told.height == 0 or not set(raw.value) <= _HEADER_KEYS:
        return told  # the first block is known by its id; a header with fields of a later version cannot be rebuilt
    computed = _header(raw, hexed(block["block_header"]["witness_signature"]), told).id
    if computed != told.id:
        raise SourceLied(
            f"{name}: the header that it tells of block {told.height} gives the id {computed}, and it says {told.id}; "
            "ask another source"
        )
    return told


def _header(raw: Field, signature: bytes, told: ToldBlock) -> Header:
    return header_of_parts(
        number=told.height,
        parent=raw["parentHash"].hash(),
        merkle_root=told.root,
        timestamp=told.time_ms,
        witness=read_address(raw["witness_address"]),
        version=number(raw["version"]),
        signature=signature,
        account_state_root=hexed(raw["accountStateRoot"]),
    )


def root_is_rebuilt(block: Field, told: ToldBlock) -> bool:
    """Whether the listed transactions, serialised again, give the header's Merkle root.

    They may not although the node is honest: its JSON leaves out what it has no name for. If they do, list and order
    are what the header's signer signed.

    Raises:
        MalformedBytes: a field is missing or of the wrong kind.
    """
    leaves = [merkle_leaf(_serialised(each)) for each in _items(block["transactions"])]
    return merkle_root(leaves) == told.root


def _serialised(transaction: Field) -> bytes:
    raw = _bytes_field(1, transaction["raw_data_hex"].raw_hex())
    raw += b"".join(_bytes_field(2, each.raw_hex()) for each in _items(transaction["signature"]))
    return raw + b"".join(_bytes_field(5, _result(each)) for each in _items(transaction["ret"]))


def _result(ret: Field) -> bytes:
    raw = _number_field(1, number(ret["fee"])) + _number_field(2, int(ret["ret"].value == "FAILED"))
    told = ret["contractRet"]
    return raw if told.is_null or told.text() not in RESULTS else raw + _number_field(3, RESULTS.index(told.text()))


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _number_field(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value) if value else b""


def _bytes_field(field: int, raw: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(raw)) + raw


# --- transactions -----------------------------------------------------------------------------------------------------


def read_transaction(told: Field, name: str) -> WireTransaction:
    """The transaction that the JSON's bytes are, after every figure of the JSON was held against them.

    Raises:
        MalformedBytes: the bytes are no transaction.
        SourceLied: txid or a figure of the JSON differs from the bytes.
    """
    wire = decode_transaction(_serialised(told))
    if (said := told["txID"].hash()) != wire.txid:
        raise _lied(name, said, "txID", said, wire.txid)
    raw = told["raw_data"]
    if raw.is_null:
        return wire
    for key, found in (("timestamp", wire.timestamp), ("expiration", wire.expiration), ("fee_limit", wire.fee_limit)):
        if number(raw[key]) != found:
            raise _lied(name, wire.txid, raw[key].path, raw[key].value, found)
    if hexed(raw["data"]) != wire.memo:
        raise _lied(name, wire.txid, raw["data"].path, raw["data"].value, wire.memo.hex())
    _check_contracts(raw["contract"], wire, name)
    return wire


def _check_contracts(told: Field, wire: WireTransaction, name: str) -> None:
    contracts = _items(told)
    if len(contracts) != len(wire.contracts):
        raise _lied(name, wire.txid, told.path, f"of {len(contracts)} contracts", len(wire.contracts))
    for said, found in zip(contracts, wire.contracts, strict=True):
        if not found.name:
            continue  # a type that is not known here has no names to compare by
        if said["type"].text() != found.name:
            raise _lied(name, wire.txid, said["type"].path, said["type"].value, found.name)
        if number(said["Permission_id"]) != found.permission_id:
            raise _lied(name, wire.txid, said["Permission_id"].path, said["Permission_id"].value, found.permission_id)
        _check_fields(said["parameter"]["value"], found.parameters, wire.txid, name)


def _check_fields(told: Field, found: Fields, txid: str, name: str) -> None:
    if not told.is_object:
        raise told.refuse("an object")
    unnamed = told.value.keys() - found.values.keys() if found.unknown else set()  # fields of a later protocol
    for key in told.value.keys() - _NOT_COMPARED - unnamed:
        _check_value(told[key], found.values.get(key), txid, name)
    for key in found.values.keys() - told.value.keys() - _NOT_COMPARED:
        value = found.values[key]
        is_default = not value or (
            isinstance(value, str) and not _is_address(value)
        )  # names have a default of their own
        if not is_default:
            raise _lied(name, txid, told[key].path, "nothing", value.hex() if isinstance(value, bytes) else value)


def _is_address(text: str) -> bool:
    return text.startswith("T") and len(text) == 34


def _check_value(told: Field, found: object, txid: str, name: str) -> None:
    if isinstance(found, Fields):
        _check_fields(told, found, txid, name)
    elif isinstance(found, tuple):
        items = _items(told)
        if len(items) != len(found):
            raise _lied(name, txid, told.path, f"a list of {len(items)}", len(found))
        for each, value in zip(items, found, strict=True):
            _check_value(each, value, txid, name)
    elif not _is_same(told, found):
        shown = found.hex() if isinstance(found, bytes) else found
        raise _lied(name, txid, told.path, told.value, "nothing" if shown is None else shown)


def _is_same(told: Field, found: object) -> bool:
    if found is None:
        return told.value in (None, 0, "", False)
    if isinstance(found, bytes):
        return bytes.fromhex(said) == found if _is_hex(said := told.value) else False
    if isinstance(found, str) and isinstance(told.value, str) and told.value != found:
        if _is_address(found):
            return read_address(told) == found
        return _is_hex(told.value) and bytes.fromhex(told.value) == found.encode("utf-8")
    return bool(told.value == found)


def _is_hex(value: object) -> bool:
    digits = "0123456789abcdefABCDEF"
    return isinstance(value, str) and len(value) % 2 == 0 and all(each in digits for each in value)


def _lied(name: str, txid: str, field: str, said: object, found: object) -> SourceLied:
    return SourceLied(
        f"{name}: of transaction {txid} it says {field} is {said!s:.100}; its bytes say {found!s:.100}; "
        "ask another source"
    )


# --- executions -------------------------------------------------------------------------------------------------------


def read_execution(info: Field, *, has_internals: bool) -> Execution:
    """What the node reports of an execution.

    Args:
        info: the object of ``gettransactioninfobyid``.
        has_internals: whether the node keeps internal transactions; one that names some does.

    Raises:
        MalformedBytes: a field is missing or of the wrong kind.
    """
    receipt = info["receipt"] if not info["receipt"].is_null else Field({}, info.what, "receipt")
    internals = tuple(_internal(each) for each in _items(info["internal_transactions"]))
    counts = {key: number(receipt[key]) for key in _COUNTS}
    amounts = {key: number(info[key]) for key in _AMOUNTS}
    return Execution(
        txid=info["id"].hash(),
        height=info["blockNumber"].integer(),
        timestamp=number(info["blockTimeStamp"]),
        result="" if receipt["result"].is_null else receipt["result"].text(),
        is_failed=info["result"].value == "FAILED",
        message=hexed(info["resMessage"]).decode("utf-8", errors="replace"),
        logs=tuple(read_log(each) for each in _items(info["log"])),
        internals=internals,
        has_internals=has_internals or bool(internals),
        contract_address=optional_address(info["contract_address"]),
        cancel_unfreeze=_pairs(info["cancel_unfreezeV2_amount"]),
        asset_issue_id="" if info["assetIssueID"].is_null else info["assetIssueID"].text(),
        **counts,
        **amounts,
    )


def read_log(log: Field) -> Log:
    """An event as it stands in an execution.

    Raises:
        MalformedBytes: a field is missing or of the wrong kind.
    """
    topics = tuple(each.raw_hex() for each in _items(log["topics"]))
    return Log(read_address(log["address"]), topics, hexed(log["data"]))


def _internal(told: Field) -> InternalTransaction:
    values = tuple(_call_value(each) for each in _items(told["callValueInfo"]))
    return InternalTransaction(
        hash=told["hash"].hash(),
        caller=read_address(told["caller_address"]),
        to=optional_address(told["transferTo_address"]),
        values=tuple(each for each in values if each[0]),
        rejected=False if told["rejected"].is_null else told["rejected"].truth(),
        note=hexed(told["note"]).decode("utf-8", errors="replace"),
    )


def _call_value(told: Field) -> tuple[int, str | None]:
    token = told["tokenId"]
    return number(told["callValue"]), None if token.is_null or token.value in ("", 0) else str(token.value)


def _pairs(told: Field) -> tuple[tuple[str, int], ...]:
    """A map, which java-tron writes as a list of keys and values."""
    if told.is_null:
        return ()
    if told.is_object:
        return tuple((key, told[key].integer(0, _MOST)) for key in told.value)
    return tuple((each["key"].text(), number(each["value"])) for each in told.items())


def asset_balance(told: Field, token: str) -> int:
    """What an account of ``getaccount`` holds of a TRC-10 token.

    Raises:
        MalformedBytes: a field is missing or of the wrong kind.
    """
    return sum(units for key, units in _pairs(told["assetV2"]) if key == token)


def listed(block: Field, name: str, wanted: Sequence[str]) -> dict[str, ListedTransaction]:
    """Those of a block's transactions that are wanted, with their places.

    Raises:
        MalformedBytes: a field is missing or of the wrong kind.
        SourceLied: JSON and bytes of one differ.
    """
    found = {}
    for index, each in enumerate(_items(block["transactions"])):
        if each["txID"].hash() in wanted:
            wire = read_transaction(each, name)
            found[wire.txid] = ListedTransaction(wire, index)
    return found
