"""Transactions as a node tells them: the bytes are rebuilt and must hash to what it says.

What cannot be rebuilt is kept as told and says so (``not_recomputed``), but only where the chain has such: a type of
its own (Optimism's deposits 0x7e, Arbitrum's 0x64 to 0x6a and 0x78, Polygon's state sync 0x7f), or a transaction of the
system that nobody signed, as far as ``EvmNetwork`` names them. On any other chain the same is refused, for under such a
name a source could tell any value of any transaction. A type that none of these chains has may be a newer one: it is
kept, and its meaning is among what is missing. Further fields change nothing, whatever they are called: if the fields
that are known do not hash right, one of them was altered.

Source: Ethereum JSON-RPC specification (execution-apis); EIP-2718 (types to 0x7f); OP Stack specification, deposits;
Arbitrum documentation, transaction types; Polygon PIP-74; 0xPolygon/bor core/types/bor_receipt.go (hash of the state
syncs before type 0x7f).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cryptotrace.chains.evm.hashes import keccak256
from cryptotrace.chains.evm.network import SYSTEM_TYPES, EvmNetwork
from cryptotrace.chains.evm.ownforms import UnsignedForm, UnsignedHash
from cryptotrace.chains.evm.told import Told
from cryptotrace.chains.evm.transaction import LAYOUTS, AccessEntry, Authorization, WireTransaction, sealed
from cryptotrace.errors import MalformedBytes, ProofRefused

_MOST_TYPE = 0x7F
_NOBODY = "0x" + "0" * 40
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


def _own_type(kind: int, network: EvmNetwork | None) -> str:
    """Why a transaction of a type without a known layout is kept as told.

    Raises:
        ProofRefused: the type is none, or only other chains have it.
    """
    if kind > _MOST_TYPE:
        raise ProofRefused(f"there is no type {kind:#x}: types go to {_MOST_TYPE:#x} (EIP-2718)")
    if network is not None and kind in network.system_types:
        return f"type {kind:#x} ({network.system_types[kind].name}) has a layout of {network.name} alone"
    if kind in SYSTEM_TYPES:
        where = "this chain" if network is None else network.name
        raise ProofRefused(f"{where} has no type {kind:#x}, only {', '.join(SYSTEM_TYPES[kind])}")
    return f"type {kind:#x} is not known to this version"


def _misses(kept: WireTransaction, told: Told, form: UnsignedForm) -> str:
    """Why a transaction without a signature is not of that form; empty if it is."""
    height, block = told.quantity_or_none("blockNumber", 63), told.hash_or_none("blockHash")
    if kept.type != 0:
        return f"it is of type {kept.type}"
    if form.below is not None and (height is None or height >= form.below):
        return f"there is none from block {form.below} on"
    content = (kept.sender, kept.to, kept.value, kept.nonce, kept.data)
    if form.is_empty and content != (_NOBODY, _NOBODY, 0, 0, b""):
        return "it goes from and to the zero address, with neither value nor data"
    if form.hash is UnsignedHash.OF_BLOCK:
        if height is None or block is None:
            return "it is told with its block"
        named = keccak256(b"matic-bor-receipt-" + height.to_bytes(8, "big") + bytes.fromhex(block)).hex()
        return "" if named == kept.hash else f"that of its block is {named}"
    return ""


def _unsigned(kept: WireTransaction, told: Told, network: EvmNetwork | None) -> str:
    """Why a transaction without a signature is kept as told.

    Raises:
        ProofRefused: its chain has none such.
    """
    form, where = (None, "this chain") if network is None else (network.unsigned, network.name)
    start = f"transaction {kept.hash} has no signature, so its hash does not follow from its fields"
    if form is None:
        raise ProofRefused(f"{start}; {where} has no such transactions: a field was altered, ask another source")
    if problem := _misses(kept, told, form):
        raise ProofRefused(f"{start}, and it is no {form.name} of {where}: {problem}")
    return f"nobody signed it ({form.name} of {where})"


def _why_kept(kept: WireTransaction, told: Told, network: EvmNetwork | None, *, may_lack_signature: bool) -> str:
    """Why it is kept as told; empty if its bytes can be rebuilt.

    Raises:
        ProofRefused: they cannot, and its chain has no such transaction.
    """
    if kept.type not in LAYOUTS:
        try:
            return _own_type(kept.type, network)
        except ProofRefused as error:
            raise ProofRefused(f"transaction {kept.hash}: its hash does not follow from its fields: {error}") from error
    if may_lack_signature and kept.r is None and kept.s is None:
        return "its signature is not told"
    return "" if kept.r or kept.s else _unsigned(kept, told, network)


def from_rpc(
    fields: Mapping[str, object], network: EvmNetwork | None = None, *, may_lack_signature: bool = False
) -> WireTransaction:
    """The transaction in a JSON object of a node.

    Its bytes are rebuilt; hash, sender and chain id must be those that are told. Where they cannot be rebuilt and the
    chain has such transactions it is kept as told: ``standing`` is REPORTED, ``raw`` is None, and ``not_recomputed``
    says why.

    Args:
        fields: the object.
        network: on which chain; None for one that has no forms of its own, as Ethereum.
        may_lack_signature: True for a table that has no signatures: what has none is then kept as told.

    Raises:
        MalformedBytes: a field is absent or has another form.
        ProofRefused: its bytes hash to something else, somebody else signed it, or its chain has no such transaction.
    """
    told = Told(fields, "transaction")
    kept = _as_told(told)
    if why := _why_kept(kept, told, network, may_lack_signature=may_lack_signature):
        return replace(kept, not_recomputed=why)
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
