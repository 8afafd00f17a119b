"""Receipts: what a transaction did, as bytes and as a node tells it.

Source: Ethereum Yellow Paper §4.3.1; EIP-658 (status instead of a state root, Byzantium); EIP-2718 (type in front);
Ethereum JSON-RPC specification (execution-apis), ``eth_getTransactionReceipt``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cryptotrace.chains.evm import rlpcode
from cryptotrace.chains.evm.address import bytes_of
from cryptotrace.chains.evm.hashes import keccak256
from cryptotrace.chains.evm.rlpcode import Item, Writable
from cryptotrace.chains.evm.told import Told
from cryptotrace.errors import MalformedBytes, UnsupportedChain

#: Types of transactions whose receipts have the layout that is read here.
READ_TYPES = range(5)
_BLOOM_SIZE = 256
_MOST_64 = 2**64 - 1
_READ = {
    "type",
    "status",
    "root",
    "cumulativeGasUsed",
    "gasUsed",
    "effectiveGasPrice",
    "logsBloom",
    "logs",
    "contractAddress",
    "blobGasUsed",
    "blobGasPrice",
    "l1Fee",
    "transactionHash",
    "transactionIndex",
    "blockHash",
    "blockNumber",
    "from",
    "to",
}


@dataclass(frozen=True, slots=True)
class Log:
    """An event that a contract wrote."""

    address: str
    """The contract, with the checksum of EIP-55."""
    topics: tuple[bytes, ...]
    """Up to four topics of 32 bytes; the first is mostly the hash of the event's signature."""
    data: bytes
    """The arguments that are not in topics."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A receipt. What stands in the bytes is always there; what only a node tells is None where it is not told."""

    type: int
    """Type of its transaction; 0 for legacy."""
    succeeded: bool | None
    """False: reverted. None before Byzantium: the bytes hold a state root instead."""
    state_root: str | None = None
    """Root of the state after the transaction, 64 hex digits; before Byzantium only."""
    cumulative_gas: int
    """Gas used in the block up to and with this transaction."""
    gas_used: int | None = None
    """Gas used by it; not in the bytes (the difference of two cumulative ones)."""
    effective_gas_price: int | None = None
    """Wei per unit of gas that was paid; not in the bytes."""
    bloom: bytes
    """The bloom filter of its logs, 256 bytes."""
    logs: tuple[Log, ...]
    """Its events in order."""
    contract_address: str | None = None
    """The contract that it created; not in the bytes."""
    blob_gas_used: int | None = None
    """Blob gas of a transaction of type 3; not in the bytes."""
    blob_gas_price: int | None = None
    """Wei per unit of blob gas; not in the bytes."""
    l1_fee: int | None = None
    """Wei that a rollup took for publishing it on the chain below, as told."""
    transaction: str | None = None
    """Hash of its transaction, 64 hex digits, as told."""
    index: int | None = None
    """Place of its transaction in the block, from 0, as told."""
    block: str | None = None
    """Hash of the block, 64 hex digits, as told."""
    number: int | None = None
    """Height of the block, as told."""
    sender: str | None = None
    """Who sent the transaction, as told."""
    to: str | None = None
    """Whom it was sent to, as told; None where a contract is created or it is not told."""
    first_log: int | None = None
    """Place in the block of its first log, from 0, as told; the others follow without a gap."""
    extra: tuple[str, ...] = ()
    """Names of fields that the node told and this version does not read."""


def bloom_of(logs: Sequence[Log]) -> bytes:
    """The bloom filter of logs, 256 bytes.

    Source: Ethereum Yellow Paper §4.3.1, the function M.
    """
    bits = 0
    for each in {entry for log in logs for entry in (bytes_of(log.address), *log.topics)}:
        digest = keccak256(each)
        for at in (0, 2, 4):
            bits |= 1 << (int.from_bytes(digest[at : at + 2], "big") & 0x7FF)
    return bits.to_bytes(_BLOOM_SIZE, "big")


def encode_receipt(receipt: Receipt) -> bytes:
    """The bytes of a receipt as they stand in the receipts trie, its type in front.

    Raises:
        UnsupportedChain: a type whose layout this version does not know.
    """
    if receipt.type not in READ_TYPES:
        raise UnsupportedChain(
            f"a receipt of type {receipt.type:#x} has a layout of its own chain, which this version does not write; "
            "keep the node's answer as evidence"
        )
    if receipt.succeeded is None:
        outcome: Writable = bytes.fromhex(receipt.state_root or "")
    else:
        outcome = int(receipt.succeeded)
    logs: list[Writable] = [[bytes_of(log.address), list(log.topics), log.data] for log in receipt.logs]
    body = rlpcode.encode([outcome, receipt.cumulative_gas, receipt.bloom, logs])
    return body if receipt.type == 0 else bytes([receipt.type]) + body


def _log_of(item: Item) -> Log:
    named = item.named(("address", "topics", "data"))
    topics = named["topics"].items()
    if len(topics) > 4:
        raise named["topics"].refusal(f"a log has at most 4 topics, not {len(topics)}")
    return Log(named["address"].address(), tuple(each.data(32) for each in topics), named["data"].data())


def decode_receipt(raw: bytes) -> Receipt:
    """The receipt in ``raw``; its bloom filter is recomputed.

    Raises:
        MalformedBytes: not a receipt, or its bloom filter is not that of its logs.
        UnsupportedChain: a type whose layout this version does not know.
    """
    kind = raw[0] if raw and raw[0] < 0x80 else 0
    if kind not in READ_TYPES:
        raise UnsupportedChain(f"a receipt of type {kind:#x}: this version reads the types 0 to 4")
    if raw[:1] == b"\0":
        raise MalformedBytes("a legacy receipt has no byte of a type in front", offset=0, field="receipt.type")
    named = rlpcode.decode(raw, "receipt", start=int(kind > 0)).named(("outcome", "cumulative_gas", "bloom", "logs"))
    outcome = named["outcome"].data(0, 1, 32)
    if len(outcome) == 32 and kind:
        raise named["outcome"].refusal("a state root stands in legacy receipts only")
    if outcome not in (b"", b"\x01") and len(outcome) != 32:
        raise named["outcome"].refusal("a status of 0 or 1, or a state root expected")
    logs = tuple(_log_of(each) for each in named["logs"].items())
    bloom = named["bloom"].data(_BLOOM_SIZE)
    if bloom != bloom_of(logs):
        raise named["bloom"].refusal("the bloom filter is not that of the logs")
    is_root = len(outcome) == 32
    return Receipt(
        type=kind,
        succeeded=None if is_root else outcome == b"\x01",
        state_root=outcome.hex() if is_root else None,
        cumulative_gas=named["cumulative_gas"].integer(_MOST_64),
        bloom=bloom,
        logs=logs,
    )


def log_from_rpc(fields: Mapping[str, object], what: str = "log") -> Log:
    """The log in a JSON object of a node; ``what`` names it in errors.

    Raises:
        MalformedBytes: a field is absent or has another form.
    """
    told = Told(fields, what)
    topics = told.texts("topics", 32)
    if len(topics) > 4:
        raise told.refusal(f"a log has at most 4 topics, not {len(topics)}", "topics")
    return Log(told.address("address"), tuple(topics), told.data("data"))


def _outcome(told: Told) -> tuple[bool | None, str | None]:
    """Status and state root."""
    status = told.quantity_or_none("status")
    if status is None:
        return None, told.hash_or_none("root")
    if status > 1:
        raise told.refusal(f"a status of 0 or 1 expected, got {status}", "status")
    return status == 1, None


def _first_log(told: Told) -> int | None:
    """Place of the first log in the block; the places of the others must follow it."""
    places = [each.quantity_or_none("logIndex", 64) for each in told.objects("logs")]
    if not places or None in places:
        return None
    first = places[0] or 0
    if places != list(range(first, first + len(places))):
        raise told.refusal("the logs do not stand in the order of their logIndex without a gap", "logs")
    return first


def from_rpc(fields: Mapping[str, object]) -> Receipt:
    """The receipt in a JSON object of a node; its bloom filter is recomputed where the node tells one.

    Some chains tell an empty filter beside logs: then the filter is computed, and ``extra`` names ``logsBloom``.

    Raises:
        MalformedBytes: a field is absent or has another form, or the bloom filter is not that of the logs.
    """
    told = Told(fields, "receipt")
    succeeded, state_root = _outcome(told)
    if "logs" not in told:
        raise told.refusal("a list of logs expected; without it nothing can be said of events", "logs")
    logs = tuple(log_from_rpc(each.fields, each.what) for each in told.objects("logs"))
    bloom = bloom_of(logs)
    told_bloom = told.data_or_none("logsBloom", _BLOOM_SIZE)
    is_empty = told_bloom == bytes(_BLOOM_SIZE) != bloom
    if told_bloom not in (None, bloom) and not is_empty:
        raise told.refusal("the bloom filter is not that of the logs", "logsBloom")
    return Receipt(
        type=told.quantity_or_none("type", 8) or 0,
        succeeded=succeeded,
        state_root=state_root,
        cumulative_gas=told.quantity("cumulativeGasUsed", 64),
        gas_used=told.quantity_or_none("gasUsed", 64),
        effective_gas_price=told.quantity_or_none("effectiveGasPrice"),
        bloom=bloom,
        logs=logs,
        contract_address=told.address_or_none("contractAddress"),
        blob_gas_used=told.quantity_or_none("blobGasUsed", 64),
        blob_gas_price=told.quantity_or_none("blobGasPrice"),
        l1_fee=told.quantity_or_none("l1Fee"),
        transaction=told.hash_or_none("transactionHash"),
        index=told.quantity_or_none("transactionIndex", 64),
        block=told.hash_or_none("blockHash"),
        number=told.quantity_or_none("blockNumber", 64),
        sender=told.address_or_none("from"),
        to=told.address_or_none("to"),
        first_log=_first_log(told),
        extra=tuple(sorted({*told.unread(_READ), *(["logsBloom"] if is_empty else [])})),
    )
