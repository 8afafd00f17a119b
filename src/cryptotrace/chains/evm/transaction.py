"""Transactions as bytes: types 0 to 4, their hash and who signed them.

Reading is strict: what is read is written back to the same bytes.

Source: Ethereum Yellow Paper §4.2; EIP-155 (chain id in v), EIP-2718 (type in front), EIP-2930 (1), EIP-1559 (2),
EIP-4844 (3), EIP-7702 (4), EIP-2681 (nonce below 2**64 - 1), EIP-7594 (cells in the sidecar of type 3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cryptotrace.chains.evm import rlpcode
from cryptotrace.chains.evm.address import bytes_of
from cryptotrace.chains.evm.hashes import keccak256
from cryptotrace.chains.evm.rlpcode import Item, Writable
from cryptotrace.chains.evm.signature import signer
from cryptotrace.errors import MalformedBytes, ProofRefused, UnsupportedChain
from cryptotrace.model.verdict import Standing

if TYPE_CHECKING:
    from cryptotrace.chains.evm.network import EvmNetwork

_U64 = 2**64 - 1
_U256 = 2**256 - 1
_COMMON = ("gas_limit", "to", "value", "data")
_FEES = ("max_priority_fee_per_gas", "max_fee_per_gas")
_SIGNATURE = ("v", "r", "s")
#: The fields of each type in the order of the bytes.
LAYOUTS: dict[int, tuple[str, ...]] = {
    0: ("nonce", "gas_price", *_COMMON, *_SIGNATURE),
    1: ("chain_id", "nonce", "gas_price", *_COMMON, "access_list", *_SIGNATURE),
    2: ("chain_id", "nonce", *_FEES, *_COMMON, "access_list", *_SIGNATURE),
    3: ("chain_id", "nonce", *_FEES, *_COMMON, "access_list", "max_fee_per_blob_gas", "blob_hashes", *_SIGNATURE),
    4: ("chain_id", "nonce", *_FEES, *_COMMON, "access_list", "authorizations", *_SIGNATURE),
}
#: The largest value of each number.
_MOST = {"nonce": _U64 - 1, "gas_limit": _U64}
_NETWORK_FORM_ITEMS = (4, 5)


@dataclass(frozen=True, slots=True)
class AccessEntry:
    """A contract and the slots of it that a transaction says it will touch (EIP-2930)."""

    address: str
    """The contract, with the checksum of EIP-55."""
    keys: tuple[bytes, ...]
    """The slots, 32 bytes each."""


@dataclass(frozen=True, slots=True)
class Authorization:
    """An account's signed word that it lends itself the code of a contract (EIP-7702)."""

    chain_id: int
    """The chain it is for; 0 for every chain."""
    address: str
    """The contract whose code is lent, with the checksum of EIP-55."""
    nonce: int
    """The account's nonce that it is good for."""
    y_parity: int
    """Recovery id as signed, up to 8 bits; one above 1 makes it void, not the transaction."""
    r: int
    """First half of the signature."""
    s: int
    """Second half of the signature."""

    @property
    def authority(self) -> str | None:
        """The account that signed it; None where the signature is void, so that the chain ignores it.

        Source: EIP-7702, the digest keccak256(0x05 || rlp([chain_id, address, nonce])).
        """
        digest = keccak256(b"\x05" + rlpcode.encode([self.chain_id, bytes_of(self.address), self.nonce]))
        try:
            return signer(digest, self.y_parity, self.r, self.s)
        except ProofRefused:
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class WireTransaction:
    """A transaction of an EVM chain, from its bytes or from what a node tells of it."""

    type: int
    """Type of EIP-2718; 0 for legacy."""
    hash: str
    """Its hash, 64 lower-case hex digits without ``0x``."""
    sender: str | None
    """Who signed it, recovered from the signature; as told where ``standing`` is REPORTED; None if not told."""
    to: str | None
    """Whom it calls; None where it creates a contract."""
    value: int
    """Wei sent with it."""
    nonce: int
    """The sender's count of earlier transactions."""
    gas_limit: int
    """Most units of gas it may use."""
    gas_price: int | None = None
    """Wei per unit of gas (types 0 and 1); the price that was paid stands in the receipt."""
    max_fee_per_gas: int | None = None
    """Most wei per unit of gas (types 2 to 4)."""
    max_priority_fee_per_gas: int | None = None
    """Most wei per unit of gas for the block's producer (types 2 to 4)."""
    data: bytes = b""
    """Call data, or the code that creates a contract."""
    chain_id: int | None = None
    """EIP-155 chain id; None in legacy transactions without one."""
    access_list: tuple[AccessEntry, ...] = ()
    """What it says it will touch (types 1 to 4)."""
    blob_hashes: tuple[str, ...] = ()
    """Versioned hashes of its blobs, 64 hex digits each (type 3)."""
    max_fee_per_blob_gas: int | None = None
    """Most wei per unit of blob gas (type 3)."""
    authorizations: tuple[Authorization, ...] = ()
    """Accounts that lend themselves code (type 4)."""
    v: int | None = None
    """The signature's v as it stands in the bytes: 0 or 1, in legacy 27, 28 or 35 and more."""
    r: int | None = None
    """First half of the signature."""
    s: int | None = None
    """Second half of the signature."""
    mint: int | None = None
    """Wei that a rollup creates for the sender of a deposit, as told (Optimism, type 0x7e)."""
    raw: bytes | None = None
    """Its bytes as they stand in the transactions trie; None where they could not be rebuilt."""
    standing: Standing = Standing.REPORTED
    """RECOMPUTED: hash and sender come from the bytes. REPORTED: as a node tells it."""
    not_recomputed: str = ""
    """Why its hash was not recomputed from what a source told; empty where it was."""
    extra: tuple[str, ...] = ()
    """Names of fields that the node told and this version does not read."""


def _written(transaction: WireTransaction, name: str) -> Writable:
    """The value of a field as it is written."""
    value = getattr(transaction, name)
    if name == "to":
        return b"" if value is None else bytes_of(value)
    if name == "access_list":
        return [[bytes_of(each.address), list(each.keys)] for each in value]
    if name == "blob_hashes":
        return [bytes.fromhex(each) for each in value]
    if name == "authorizations":
        return [[a.chain_id, bytes_of(a.address), a.nonce, a.y_parity, a.r, a.s] for a in value]
    if value is None:
        raise MalformedBytes(
            f"a transaction of type {transaction.type} without {name}", offset=0, field=f"transaction.{name}"
        )
    return value  # type: ignore[no-any-return]


def _layout(kind: int) -> tuple[str, ...]:
    if kind not in LAYOUTS:
        raise UnsupportedChain(
            f"a transaction of type {kind:#x}: this version reads the types 0 to 4; keep the node's answer as evidence"
        )
    return LAYOUTS[kind]


def encode(transaction: WireTransaction) -> bytes:
    """The bytes of a signed transaction as they stand in the transactions trie.

    Raises:
        MalformedBytes: a field of its type is absent.
        UnsupportedChain: a type other than 0 to 4.
    """
    body = rlpcode.encode([_written(transaction, name) for name in _layout(transaction.type)])
    return body if transaction.type == 0 else bytes([transaction.type]) + body


def signing_digest(transaction: WireTransaction) -> bytes:
    """The 32 bytes that its sender signs.

    Raises:
        MalformedBytes: a field of its type is absent.
        UnsupportedChain: a type other than 0 to 4.

    Source: EIP-155 for legacy transactions with a chain id; the EIP of each type.
    """
    parts = [_written(transaction, name) for name in _layout(transaction.type)[:-3]]
    if transaction.type == 0:
        if transaction.chain_id is not None:
            parts += [transaction.chain_id, 0, 0]
        return keccak256(rlpcode.encode(parts))
    return keccak256(bytes([transaction.type]) + rlpcode.encode(parts))


def parity_and_chain(v: int) -> tuple[int, int | None]:
    """What v of a legacy transaction says: the recovery id, and the chain id or None.

    Raises:
        MalformedBytes: neither 27, 28 nor 35 and more.

    Source: EIP-155.
    """
    if v in (27, 28):
        return v - 27, None
    if v >= 35:
        return (v - 35) % 2, (v - 35) // 2
    raise MalformedBytes(f"v of a legacy signature is 27, 28, or 35 and more, not {v}", offset=0, field="transaction.v")


def sealed(transaction: WireTransaction) -> WireTransaction:
    """The same with bytes, hash and sender computed from its fields.

    Raises:
        MalformedBytes: a field of its type is absent, or v is none.
        ProofRefused: the signature is none.
        UnsupportedChain: a type other than 0 to 4.
    """
    raw = encode(transaction)
    v, r, s = transaction.v or 0, transaction.r or 0, transaction.s or 0
    parity, chain_id = parity_and_chain(v) if transaction.type == 0 else (v, transaction.chain_id)
    unsigned = replace(transaction, chain_id=chain_id)
    # before Homestead a high s was valid, and only transactions without a chain id are that old
    sender = signer(signing_digest(unsigned), parity, r, s, may_be_high=chain_id is None)
    return replace(unsigned, hash=keccak256(raw).hex(), sender=sender, raw=raw, standing=Standing.RECOMPUTED)


def _access_list(item: Item) -> tuple[AccessEntry, ...]:
    entries = []
    for each in item.items():
        named = each.named(("address", "keys"))
        entries.append(AccessEntry(named["address"].address(), tuple(key.data(32) for key in named["keys"].items())))
    return tuple(entries)


def _authorizations(item: Item) -> tuple[Authorization, ...]:
    found = []
    for each in item.items():
        named = each.named(("chain_id", "address", "nonce", "y_parity", "r", "s"))
        found.append(
            Authorization(
                named["chain_id"].integer(),
                named["address"].address(),
                named["nonce"].integer(_U64),
                named["y_parity"].integer(0xFF),
                named["r"].integer(),
                named["s"].integer(),
            )
        )
    if not found:
        raise item.refusal("a transaction of type 4 has at least one authorization (EIP-7702)")
    return tuple(found)


def _blob_hashes(item: Item) -> tuple[str, ...]:
    found = tuple(each.hash() for each in item.items())
    if not found:
        raise item.refusal("a transaction of type 3 has at least one blob (EIP-4844)")
    return found


def _value(name: str, item: Item, kind: int) -> object:
    if name == "to":
        return item.address() if kind in (3, 4) else item.address_or_none()
    if name == "data":
        return item.data()
    if name == "access_list":
        return _access_list(item)
    if name == "blob_hashes":
        return _blob_hashes(item)
    if name == "authorizations":
        return _authorizations(item)
    return item.integer(_MOST.get(name, _U256))


def _is_network_form(kind: int, item: Item) -> bool:
    """True for a transaction of type 3 with its blobs beside it, as nodes pass it on and no block holds it."""
    parts = item.items()
    return kind == 3 and len(parts) in _NETWORK_FORM_ITEMS and parts[0].is_list


def _start(raw: bytes) -> int:
    """The type in front of the bytes; 0 for legacy."""
    if not raw:
        raise MalformedBytes("truncated: nothing there", offset=0, field="transaction")
    if raw[0] >= 0xC0:
        return 0
    if raw[0] == 0 or raw[0] >= 0x80:
        raise MalformedBytes(
            f"a transaction begins with a type from 1 to 127 or with a list, not with {raw[0]:#04x}",
            offset=0,
            field="transaction.type",
        )
    return raw[0]


def strip_sidecar(raw: bytes) -> bytes:
    """The transaction of type 3 as a block holds it, from the form with blobs in which nodes pass it on.

    The blobs are dropped unread: whether they fit the transaction's hashes is not checked.

    Raises:
        MalformedBytes: not that form.

    Source: EIP-4844 and EIP-7594, networking.
    """
    item = rlpcode.decode(raw, "transaction", start=1)
    if not _is_network_form(_start(raw), item):
        raise MalformedBytes("not a transaction of type 3 with its blobs", offset=0, field="transaction")
    body, after = item.items()[0], item.items()[1]
    return raw[:1] + raw[body.offset : after.offset]


def decode_transaction(raw: bytes) -> WireTransaction:
    """The transaction in ``raw``: its hash recomputed, its sender recovered.

    A legacy transaction without a chain id may have a high s, as they could before Homestead.

    Raises:
        MalformedBytes: not a transaction; among others the form of type 3 with blobs beside it (``strip_sidecar``).
        ProofRefused: the signature is none.
        UnsupportedChain: a type other than 0 to 4.
    """
    kind = _start(raw)
    names = _layout(kind)
    item = rlpcode.decode(raw, "transaction", start=int(kind > 0))
    if _is_network_form(kind, item):
        raise item.refusal(
            "this is the form of type 3 with blobs beside the transaction, which stands in no block; "
            "strip_sidecar gives the transaction"
        )
    named = item.named(names)
    values = {name: _value(name, each, kind) for name, each in named.items()}
    return sealed(WireTransaction(type=kind, hash="", sender=None, **values))  # type: ignore[arg-type]


def from_rpc(
    fields: Mapping[str, object], network: EvmNetwork | None = None, *, may_lack_signature: bool = False
) -> WireTransaction:
    """The transaction in a JSON object of a node; see ``toldtransaction.from_rpc``, which does it.

    Raises:
        MalformedBytes: a field is absent or has another form.
        ProofRefused: its bytes hash to something else, somebody else signed it, or its chain has no such transaction.
    """
    from cryptotrace.chains.evm import toldtransaction

    return toldtransaction.from_rpc(fields, network, may_lack_signature=may_lack_signature)
