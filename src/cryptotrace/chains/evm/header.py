"""Block headers: their bytes through the newest fork, and their hash recomputed.

A header whose hash is right is the one that the hash names; that the hash is of the chain is shown by something else
(an anchor), and nothing here says so.

Further fields beside those that hash right change nothing. Where they do not hash right, a field was altered, unless a
newer fork has appended something: then they hash right with what was told beside put behind them, and that is tried.
Such a header is kept and not recomputed; every other one is refused, also if a field is missing.

Source: Ethereum Yellow Paper §4.4; EIP-1559, EIP-4895, EIP-4844, EIP-4788, EIP-7685, EIP-7928, EIP-7843 (fields that
were appended, in this order); Avalanche, coreth release notes and ``plugin/evm/customtypes`` (its own fields).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations

from cryptotrace.chains.evm import rlpcode
from cryptotrace.chains.evm.address import bytes_of
from cryptotrace.chains.evm.hashes import keccak256
from cryptotrace.chains.evm.network import EvmNetwork
from cryptotrace.chains.evm.rlpcode import Item, Writable
from cryptotrace.chains.evm.told import Told
from cryptotrace.errors import MalformedBytes, ProofRefused

_U64 = 2**64 - 1
_BLOOM_SIZE, _NONCE_SIZE = 256, 8
#: Field -> its name in JSON-RPC, in the order of the bytes. The first fifteen are in every header.
_BASE = {
    "parent": "parentHash",
    "ommers_hash": "sha3Uncles",
    "beneficiary": "miner",
    "state_root": "stateRoot",
    "transactions_root": "transactionsRoot",
    "receipts_root": "receiptsRoot",
    "bloom": "logsBloom",
    "difficulty": "difficulty",
    "number": "number",
    "gas_limit": "gasLimit",
    "gas_used": "gasUsed",
    "timestamp": "timestamp",
    "extra_data": "extraData",
    "mix_hash": "mixHash",
    "nonce": "nonce",
}
#: Appended one fork after another: London, Shanghai, Cancun (three), Prague, Amsterdam (two).
_APPENDED = {
    "base_fee": "baseFeePerGas",
    "withdrawals_root": "withdrawalsRoot",
    "blob_gas_used": "blobGasUsed",
    "excess_blob_gas": "excessBlobGas",
    "parent_beacon_root": "parentBeaconBlockRoot",
    "requests_hash": "requestsHash",
    "block_access_list_hash": "blockAccessListHash",
    "slot_number": "slotNumber",
}
#: Numbers of fields that a header of Ethereum can have; Cancun's three came together.
_COUNTS = (15, 16, 17, 20, 21, 22, 23)
#: Avalanche's C-Chain puts a field of its own after the first fifteen, and others between those of Ethereum.
_AVALANCHE_MARK = "extDataHash"
_AVALANCHE_APPENDED = {
    "base_fee": "baseFeePerGas",
    "ext_data_gas_used": "extDataGasUsed",
    "block_gas_cost": "blockGasCost",
    "blob_gas_used": "blobGasUsed",
    "excess_blob_gas": "excessBlobGas",
    "parent_beacon_root": "parentBeaconBlockRoot",
    "timestamp_milliseconds": "timestampMilliseconds",
    "min_delay_excess": "minDelayExcess",
}
_AVALANCHE = {"ext_data_hash": _AVALANCHE_MARK, **_AVALANCHE_APPENDED}
_HASHES = {
    "parent",
    "ommers_hash",
    "state_root",
    "transactions_root",
    "receipts_root",
    "mix_hash",
    "withdrawals_root",
    "parent_beacon_root",
    "requests_hash",
    "block_access_list_hash",
    "ext_data_hash",
}
_SIZES = {"bloom": _BLOOM_SIZE, "nonce": _NONCE_SIZE}
_SMALL = {"number", "gas_limit", "gas_used", "timestamp", "blob_gas_used", "excess_blob_gas", "slot_number"}
#: A fork has appended at most so many fields; and among so many unknown ones those are looked for.
_MOST_NEW, _MOST_TRIED = 3, 8
#: From so many hex digits on a told text is bytes and no number: an address is the shortest.
_SHORTEST_DATA = 40
#: Fields of an answer about a block that are not of its header.
_BESIDE = {"hash", "size", "totalDifficulty", "transactions", "uncles", "withdrawals"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A block header. Hashes and roots are 64 lower-case hex digits; what fork or node does not have is None."""

    hash: str
    """Its hash; recomputed if ``is_recomputed``."""
    parent: str
    """Hash of the block below."""
    number: int
    """Height."""
    timestamp: int
    """The producer's statement of the time, seconds since 1970-01-01 UTC."""
    ommers_hash: str | None = None
    """Hash of the list of ommers' headers."""
    beneficiary: str | None = None
    """Who gets the priority fees, with the checksum of EIP-55."""
    state_root: str | None = None
    """Root of the state trie after the block."""
    transactions_root: str | None = None
    """Root of the transactions trie."""
    receipts_root: str | None = None
    """Root of the receipts trie."""
    bloom: bytes | None = None
    """Bloom filter of all logs, 256 bytes."""
    difficulty: int | None = None
    """Difficulty; 0 since the Merge."""
    gas_limit: int | None = None
    """Most gas of the block."""
    gas_used: int | None = None
    """Gas used in the block."""
    extra_data: bytes | None = None
    """The producer's free bytes."""
    mix_hash: str | None = None
    """Proof-of-work mix; since the Merge the randomness (prevRandao)."""
    nonce: bytes | None = None
    """Proof-of-work nonce, 8 bytes."""
    base_fee: int | None = None
    """Wei per unit of gas that is burnt (London)."""
    withdrawals_root: str | None = None
    """Root of the withdrawals trie (Shanghai)."""
    blob_gas_used: int | None = None
    """Blob gas of the block (Cancun)."""
    excess_blob_gas: int | None = None
    """Running excess of blob gas (Cancun)."""
    parent_beacon_root: str | None = None
    """Root of the parent beacon block (Cancun)."""
    requests_hash: str | None = None
    """Hash of the requests to the consensus layer (Prague)."""
    block_access_list_hash: str | None = None
    """Hash of the block's access list (Amsterdam)."""
    slot_number: int | None = None
    """Slot of the beacon chain (Amsterdam)."""
    others: tuple[tuple[str, str | int | None], ...] = ()
    """Fields of another chain that stand in its bytes, by name: those of Avalanche; hashes as hex digits."""
    is_recomputed: bool = False
    """True: its bytes were rebuilt and hash to ``hash``. False: as a node tells it."""
    not_recomputed: str = ""
    """Why its bytes were not rebuilt; empty where they were."""
    unknown: tuple[str, ...] = ()
    """Names of fields that the node told and this version does not read."""
    absent: tuple[str, ...] = ()
    """Names of fields that every header of Ethereum has and the node did not tell."""


def _tail(header: Header) -> tuple[list[str], dict[str, object]]:
    """Names of the appended fields of its layout, and the values of its own chain."""
    foreign: dict[str, object] = dict(header.others)
    if "ext_data_hash" in foreign:
        return list(_AVALANCHE), foreign
    return list(_APPENDED), {}


def _written(name: str, value: object) -> Writable:
    if value is None:
        return b""
    if isinstance(value, str):
        return bytes_of(value) if name == "beneficiary" else bytes.fromhex(value)
    return value  # type: ignore[return-value]


def encode_header(header: Header) -> bytes:
    """The bytes of a header, with the fields up to the last one that is there.

    A field that is missing before that one is written as nothing, as go-ethereum writes it.

    Raises:
        MalformedBytes: one of the first fifteen fields is missing.
    """
    tail, foreign = _tail(header)
    values = [(name, getattr(header, name)) for name in _BASE]
    for name, value in values:
        if value is None:
            raise MalformedBytes("a header without it has no bytes", offset=0, field=f"header.{name}")
    appended = [(name, foreign[name] if name in foreign else getattr(header, name, None)) for name in tail]
    while appended and appended[-1][1] is None:
        appended.pop()
    return rlpcode.encode([_written(name, value) for name, value in (*values, *appended)])


def _value(name: str, item: Item) -> str | int | bytes:
    if name in _HASHES:
        return item.hash()
    if name == "beneficiary":
        return item.address()
    if name in _SIZES:
        return item.data(_SIZES[name])
    if name == "extra_data":
        return item.data()
    return item.integer(_U64) if name in _SMALL else item.integer()


def decode_header(raw: bytes) -> Header:
    """The header of Ethereum in ``raw``, through Amsterdam; its hash is that of the bytes.

    Raises:
        MalformedBytes: not such a header.
    """
    item = rlpcode.decode(raw, "header")
    count = len(item.items())
    if count not in _COUNTS:
        raise item.refusal(f"a header has {', '.join(map(str, _COUNTS))} fields, not {count}")
    named = item.named([*_BASE, *_APPENDED][:count])
    values = {name: _value(name, each) for name, each in named.items()}
    return Header(hash=keccak256(raw).hex(), is_recomputed=True, **values)  # type: ignore[arg-type]


def _told_value(told: Told, name: str, called: str) -> str | int | bytes | None:
    if called not in told:
        return None
    if name in _HASHES:
        return told.hash(called)
    if name == "beneficiary":
        return told.address(called)
    if name in _SIZES or name == "extra_data":
        return told.data(called, _SIZES.get(name))
    return told.quantity(called, 64 if name in _SMALL else 256)


def _kept(told: Told, network: EvmNetwork | None) -> Header:
    """The header as it is told."""
    has_own = network is not None and _AVALANCHE_MARK in network.header_fields
    layout = {**_BASE, **(_AVALANCHE if has_own and _AVALANCHE_MARK in told else _APPENDED)}
    values = {name: _told_value(told, name, called) for name, called in layout.items()}
    for name in ("parent", "number", "timestamp"):
        if values[name] is None:
            raise told.refusal("expected; without it this is no block in a chain", layout[name])
    others = tuple((name, values.pop(name)) for name in layout if name in _AVALANCHE and name not in _APPENDED)
    return Header(
        hash=told.hash("hash"),
        others=others,  # type: ignore[arg-type]
        unknown=told.unread({*layout.values(), *_BESIDE}),
        absent=tuple(_BASE[name] for name in _BASE if values[name] is None),
        **values,  # type: ignore[arg-type]
    )


def _appendable(told: Told, names: Sequence[str]) -> dict[str, Writable]:
    """What could stand in the bytes, of the fields that are not known: numbers, and bytes from 20 on."""
    found: dict[str, Writable] = {}
    for name in names:
        text = str(told.fields[name])
        try:
            found[name] = told.data(name) if len(text) >= 2 + _SHORTEST_DATA else told.quantity(name)
        except MalformedBytes:
            continue
    return found


def _tries(told: Told, header: Header) -> Iterator[tuple[str, ...]]:
    """Which unknown fields a newer fork may have appended, and in which order."""
    names = list(_appendable(told, header.unknown))[:_MOST_TRIED]
    for count in range(1, _MOST_NEW + 1):
        yield from permutations(names, count)


def _newer(told: Told, header: Header) -> tuple[str, ...]:
    """The unknown fields with which, appended in this order, the header hashes right; none if there are none such."""
    values, raw = _appendable(told, header.unknown), encode_header(header)
    parts: list[Writable] = [each.data() for each in rlpcode.decode(raw, "header").items()]
    for names in _tries(told, header):
        if keccak256(rlpcode.encode([*parts, *(values[name] for name in names)])).hex() == header.hash:
            return names
    return ()


def from_rpc(fields: Mapping[str, object], network: EvmNetwork | None = None) -> Header:
    """The header in a JSON object of a node about a block.

    Its bytes are rebuilt. If they hash to what is told, ``is_recomputed`` is True. It is kept as told, with
    ``is_recomputed`` False and the reason in ``not_recomputed``, in two cases only: the fields hash right with others
    behind them that this version does not know (``unknown``), as a newer fork appends them; or it is from before the
    height from which the chain's hashes are those of the bytes (``EvmNetwork.headers_since``).

    Args:
        fields: the object.
        network: on which chain; None for one whose headers are those of Ethereum.

    Raises:
        MalformedBytes: a field has another form, or hash, parent, number or time is absent.
        ProofRefused: the fields hash to something else, or one that every header has is absent (``absent``).
    """
    told = Told(fields, "block")
    kept = _kept(told, network)
    digest = "" if kept.absent else keccak256(encode_header(kept)).hex()
    if digest == kept.hash:
        return replace(kept, is_recomputed=True)
    if network is not None and kept.number < network.headers_since:
        return replace(kept, not_recomputed=f"before block {network.headers_since} the hash is not of these fields")
    if kept.absent:
        raise ProofRefused(
            f"the header of block {kept.number} is told without {', '.join(kept.absent)}, so that its hash {kept.hash} "
            "cannot be recomputed; ask another source"
        )
    if newer := _newer(told, kept):
        return replace(kept, not_recomputed=f"its bytes hold {', '.join(newer)}, which this version does not read")
    raise ProofRefused(
        f"the header of block {kept.number} hashes to {digest}, not to {kept.hash} as told: a field was altered, "
        "or the chain writes headers in another way; ask another source"
    )


def ommers_hash(ommers: Sequence[Header]) -> str:
    """Hash of the list of ommers' headers, as it stands in a header.

    Raises:
        MalformedBytes: one of the first fifteen fields of a header is missing.
    """
    parts = b"".join(encode_header(each) for each in ommers)
    return keccak256(_list_head(len(parts)) + parts).hex()


def _list_head(size: int) -> bytes:
    if size < 56:
        return bytes([0xC0 + size])
    width = (size.bit_length() + 7) // 8
    return bytes([0xF7 + width]) + size.to_bytes(width, "big")


def requests_hash(requests: Sequence[bytes]) -> str:
    """Hash of the requests to the consensus layer, as it stands in a header since Prague.

    Args:
        requests: each a byte of a type and its data, in ascending order of types; those without data do not count.

    Raises:
        MalformedBytes: a request without a type, or types that do not ascend.

    Source: EIP-7685.
    """
    kinds = [each[:1] for each in requests]
    if b"" in kinds or kinds != sorted(set(kinds)):
        raise MalformedBytes(
            "requests begin with their type, each type once, ascending", offset=0, field="block.requests"
        )
    parts = (hashlib.sha256(each).digest() for each in requests if len(each) > 1)
    return hashlib.sha256(b"".join(parts)).hexdigest()
