"""Transactions as a node tells them: the bytes are rebuilt and must hash to what it says.

What cannot be rebuilt is kept as told and marked so: a type of its own chain (Optimism's deposits 0x7e, Arbitrum's
0x64 to 0x6a and 0x78, Polygon's state sync 0x7f, Celo's 0x7b ...), a transaction of the system that nobody signed, or
fields that are written into the bytes of that chain only.

Source: Ethereum JSON-RPC specification (execution-apis); OP Stack specification, deposits; Arbitrum documentation,
transaction types; Celo documentation, transaction types; Polygon PIP-74.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cryptotrace.chains.evm.told import Told
from cryptotrace.chains.evm.transaction import LAYOUTS, AccessEntry, Authorization, WireTransaction, sealed
from cryptotrace.errors import MalformedBytes, ProofRefused

#: Fields that say the bytes have another layout, whatever the type says.
_FOREIGN = (
    "feeCurrency",
    "gatewayFee",
    "gatewayFeeRecipient",
    "queueOrigin",
    "sourceHash",
    "requestId",
    "ticketId",
)
_READ = {
    "type",
    "hash",
    "from",
    "to",
    "value",
    "nonce",
    "gas",
    "gasPrice",
    "maxFeePerGas",
    "maxPriorityFeePerGas",
    "input",
    "data",
    "chainId",
    "accessList",
    "blobVersionedHashes",
    "maxFeePerBlobGas",
    "authorizationList",
    "v",
    "yParity",
    "r",
    "s",
    "mint",
    "blockHash",
    "blockNumber",
    "blockTimestamp",
    "transactionIndex",
}


def _access_list(told: Told) -> tuple[AccessEntry, ...]:
    entries = told.objects("accessList")
    return tuple(AccessEntry(each.address("address"), tuple(each.texts("storageKeys", 32))) for each in entries)


def _authorizations(told: Told) -> tuple[Authorization, ...]:
    return tuple(
        Authorization(
            each.quantity("chainId"),
            each.address("address"),
            each.quantity("nonce", 64),
            each.quantity("yParity" if "yParity" in each else "v", 8),
            each.quantity("r"),
            each.quantity("s"),
        )
        for each in told.objects("authorizationList")
    )


def _v(told: Told, kind: int) -> int | None:
    v, parity = told.quantity_or_none("v"), told.quantity_or_none("yParity")
    if kind == 0:
        return v
    if None not in (v, parity) and v != parity:
        raise told.refusal(f"v is {v} and yParity is {parity}; in this type they are the same", "yParity")
    return parity if v is None else v


def _data(told: Told) -> bytes:
    called, named = told.data_or_none("input"), told.data_or_none("data")
    if None not in (called, named) and called != named:
        raise told.refusal("input and data differ", "data")
    found = named if called is None else called
    if found is None:
        raise told.refusal("call data expected (0x for none); it is not told", "input")
    return found


def _as_told(told: Told) -> WireTransaction:
    kind = told.quantity_or_none("type", 64) or 0
    has_price = kind in (0, 1) or kind not in LAYOUTS
    return WireTransaction(
        type=kind,
        hash=told.hash("hash"),
        sender=told.address_or_none("from"),
        to=told.address_or_none("to"),
        value=told.quantity("value"),
        nonce=told.quantity("nonce", 64),
        gas_limit=told.quantity("gas", 64),
        gas_price=told.quantity_or_none("gasPrice") if has_price else None,
        max_fee_per_gas=told.quantity_or_none("maxFeePerGas"),
        max_priority_fee_per_gas=told.quantity_or_none("maxPriorityFeePerGas"),
        data=_data(told),
        chain_id=told.quantity_or_none("chainId"),
        access_list=_access_list(told),
        blob_hashes=tuple(each.hex() for each in told.texts("blobVersionedHashes", 32)),
        max_fee_per_blob_gas=told.quantity_or_none("maxFeePerBlobGas"),
        authorizations=_authorizations(told),
        v=_v(told, kind),
        r=told.quantity_or_none("r"),
        s=told.quantity_or_none("s"),
        mint=told.quantity_or_none("mint"),
        extra=told.unread(_READ),
    )


def why_not_recomputed(fields: Mapping[str, object]) -> str:
    """Why the bytes of this transaction cannot be rebuilt; empty if they can.

    Raises:
        MalformedBytes: a field that tells it has another form.
    """
    told = Told(fields, "transaction")
    kind = told.quantity_or_none("type", 64) or 0
    if kind not in LAYOUTS:
        return f"type {kind:#x} has a layout of its own chain"
    foreign = [name for name in _FOREIGN if name in told]
    if foreign:
        return f"{', '.join(foreign)}: a layout of its own chain"
    if not told.quantity_or_none("r") and not told.quantity_or_none("s"):
        return "it has no signature"
    return ""


def from_rpc(fields: Mapping[str, object]) -> WireTransaction:
    """The transaction in a JSON object of a node.

    Its bytes are rebuilt; hash, sender and chain id must be those that are told. Where they cannot be rebuilt
    (``why_not_recomputed``) it is kept as told: ``standing`` is REPORTED and ``raw`` is None.

    Raises:
        MalformedBytes: a field is absent or has another form.
        ProofRefused: its bytes hash to something else, or somebody else signed it.
    """
    told = Told(fields, "transaction")
    kept = _as_told(told)
    if why_not_recomputed(fields):
        return kept
    try:
        read = sealed(kept)
    except MalformedBytes as error:
        raise MalformedBytes(f"transaction {kept.hash}: {error}", offset=0, field=error.field) from error
    except ProofRefused as error:
        raise ProofRefused(f"transaction {kept.hash}: {error}") from error
    if read.hash != kept.hash:
        raise ProofRefused(
            f"the fields of transaction {kept.hash} hash to {read.hash}: a field was altered, "
            "or the chain writes transactions in another way; ask another source"
        )
    if kept.sender not in (None, read.sender):
        raise ProofRefused(f"transaction {kept.hash} was signed by {read.sender}, not by {kept.sender} as told")
    if kept.chain_id not in (None, read.chain_id) and read.chain_id is not None:
        raise ProofRefused(f"transaction {kept.hash} is for chain {read.chain_id}, not {kept.chain_id} as told")
    return replace(read, extra=kept.extra)
