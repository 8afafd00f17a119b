"""Transactions and blocks as bytes: strict reading and writing.

Reading is strict: what is read is written back to the same bytes. Nothing here trusts a count or a length before
the bytes for it are there, and every refusal names the field and the offset.

Own code, because a refusal must name its offset, which python-bitcoinlib does not know; the tests use that library
as a second opinion.

Source: BIP 144 (serialisation with witness), BIP 141 (weight), Bitcoin Core's context-free transaction checks.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from cryptotrace.chains.bitcoin.cursor import Cursor
from cryptotrace.chains.bitcoin.foreign import refuse_foreign_header, refuse_foreign_transaction_flag
from cryptotrace.chains.bitcoin.hashes import double_sha256, hash_bytes, hash_text
from cryptotrace.errors import MalformedBytes
from cryptotrace.model.transaction import Outpoint

#: All the satoshi there can ever be; no single output and no sum of outputs is above it.
MAX_UNITS = 21_000_000 * 100_000_000
HEADER_SIZE = 80
_LEAST_INPUT, _LEAST_OUTPUT, _LEAST_TRANSACTION = 41, 9, 60
_NULL_OUTPOINT = Outpoint("0" * 64, 0xFFFFFFFF)
_HEADER = struct.Struct("<i32s32sIII")
_U16, _U32, _U64 = struct.Struct("<H"), struct.Struct("<I"), struct.Struct("<Q")


@dataclass(frozen=True, slots=True)
class WireInput:
    """An input as it stands in the bytes."""

    outpoint: Outpoint
    """The output that is spent; all zeros and 0xffffffff in a coinbase."""
    script_sig: bytes
    """The unlocking script; a coinbase's free text."""
    sequence: int
    """Sequence number, 32 bits."""
    witness: tuple[bytes, ...] = ()
    """The witness stack, bottom first."""


@dataclass(frozen=True, slots=True)
class WireOutput:
    """An output as it stands in the bytes."""

    units: int
    """Satoshi."""
    script: bytes
    """The locking script (scriptPubKey)."""


@dataclass(frozen=True, slots=True)
class WireTransaction:
    """A transaction as it stands in the bytes. ``build`` makes one from its parts."""

    version: int
    """Version, 32 bits unsigned."""
    inputs: tuple[WireInput, ...]
    """Inputs in order; at least one."""
    outputs: tuple[WireOutput, ...]
    """Outputs in order; at least one."""
    locktime: int
    """Lock time, 32 bits."""
    txid: str
    """Double SHA-256 of the bytes without witness, as explorers print it."""
    wtxid: str
    """Double SHA-256 of the bytes with witness, as explorers print it."""
    size: int
    """Bytes with witness."""
    stripped_size: int
    """Bytes without witness."""

    @classmethod
    def build(
        cls, inputs: Sequence[WireInput], outputs: Sequence[WireOutput], *, version: int = 2, locktime: int = 0
    ) -> WireTransaction:
        """A transaction from its parts, checked as if it had been read.

        Raises:
            MalformedBytes: the parts do not make a transaction.
        """
        draft = cls(version, tuple(inputs), tuple(outputs), locktime, "", "", 0, 0)
        return decode_transaction(encode(draft))

    @property
    def is_coinbase(self) -> bool:
        """True if it creates new coins."""
        return len(self.inputs) == 1 and self.inputs[0].outpoint == _NULL_OUTPOINT

    @property
    def has_witness(self) -> bool:
        """True if any input has a witness."""
        return any(each.witness for each in self.inputs)

    @property
    def weight(self) -> int:
        """Weight units: three times the stripped size plus the size.

        Source: BIP 141.
        """
        return 3 * self.stripped_size + self.size


@dataclass(frozen=True, slots=True)
class Header:
    """A block header."""

    version: int
    """Version, 32 bits signed."""
    previous: str
    """Hash of the block below, as explorers print it."""
    merkle_root: str
    """Merkle root of the txids, as explorers print it."""
    time: int
    """The producer's statement of the time, seconds since 1970-01-01 UTC."""
    bits: int
    """The target in compact form."""
    nonce: int
    """The number that was searched for."""
    hash: str
    """Hash of the header, as explorers print it."""


@dataclass(frozen=True, slots=True)
class WireBlock:
    """A block as it stands in the bytes."""

    header: Header
    """The header."""
    transactions: tuple[WireTransaction, ...]
    """The transactions in order, coinbase first."""


def _read_inputs(cursor: Cursor) -> list[WireInput]:
    inputs = []
    count = cursor.count(_LEAST_INPUT, "input count")
    for i in range(count):
        cursor.item = ("inputs", i)
        txid = cursor.take(32, "outpoint.txid")[::-1].hex()
        outpoint = Outpoint(txid, cursor.u32("outpoint.vout"))
        inputs.append(WireInput(outpoint, cursor.text("script_sig"), cursor.u32("sequence")))
    cursor.item = None
    return inputs


def _read_outputs(cursor: Cursor) -> list[WireOutput]:
    outputs = []
    total = 0
    for i in range(cursor.count(_LEAST_OUTPUT, "output count")):
        cursor.item = ("outputs", i)
        units = int.from_bytes(cursor.take(8, "value"), "little")
        total += units
        if total > MAX_UNITS:
            raise cursor.refusal(f"{total} satoshi are more than the {MAX_UNITS} there can be", "value", cursor.at - 8)
        outputs.append(WireOutput(units, cursor.text("script")))
    cursor.item = None
    return outputs


def _read_witnesses(cursor: Cursor, inputs: list[WireInput]) -> None:
    """Read one stack per input and put it into place."""
    start = cursor.at
    for i, each in enumerate(inputs):
        cursor.item = ("inputs", i)
        items = cursor.count(1, "witness count")
        if items:
            witness = tuple(cursor.text("witness") for _ in range(items))
            inputs[i] = WireInput(each.outpoint, each.script_sig, each.sequence, witness)
    cursor.item = None
    if not any(each.witness for each in inputs):
        raise cursor.refusal("superfluous witness: it is announced, and every stack is empty", "witness", start)


def _check_inputs(cursor: Cursor, inputs: list[WireInput], start: int) -> None:
    if not inputs:
        raise cursor.refusal("a transaction has at least one input", "input count", start)
    if len(inputs) == 1:
        return
    outpoints = {each.outpoint for each in inputs}
    if len(outpoints) != len(inputs):
        raise cursor.refusal("an output is spent twice by one transaction", "inputs", start)
    if _NULL_OUTPOINT in outpoints:
        raise cursor.refusal("a coinbase input stands among other inputs", "inputs", start)


def _read_transaction(cursor: Cursor) -> WireTransaction:
    raw, start = cursor.raw, cursor.at
    version = cursor.u32("version")
    body = cursor.at
    flag = raw[body + 1] if raw[body : body + 1] == b"\0" and body + 1 < cursor.end else 0
    if flag:
        refuse_foreign_transaction_flag(flag, body + 1)
        if flag != 1:
            raise cursor.refusal(f"unknown transaction flag {flag}", "flag", body + 1)
        body = cursor.at = body + 2
    inputs = _read_inputs(cursor)
    _check_inputs(cursor, inputs, body)
    after_inputs = cursor.at
    outputs = _read_outputs(cursor)
    if not outputs:
        raise cursor.refusal("a transaction has at least one output", "output count", after_inputs)
    tail = cursor.at
    if flag:
        _read_witnesses(cursor, inputs)
    locktime = cursor.u32("locktime")
    whole = raw[start : cursor.at]
    wtxid = txid = hash_text(double_sha256(whole))
    size = stripped_size = len(whole)
    if flag:
        stripped = raw[start : start + 4] + raw[body:tail] + whole[-4:]
        txid, stripped_size = hash_text(double_sha256(stripped)), len(stripped)
    return WireTransaction(version, tuple(inputs), tuple(outputs), locktime, txid, wtxid, size, stripped_size)


def decode_transaction(raw: bytes) -> WireTransaction:
    """Read a transaction, with or without witness.

    Raises:
        MalformedBytes: truncated, trailing or impossible bytes; a count without the bytes for it; a compact size
            not in its shortest form; an announced witness that is empty; values above 21 million coins; no input,
            no output, or one outpoint spent twice.
        UnsupportedChain: the bytes are Litecoin's (MWEB).

    Source: BIP 144; Bitcoin Core, ``CheckTransaction``.
    """
    cursor = Cursor(bytes(raw))
    transaction = _read_transaction(cursor)
    cursor.finish("transaction")
    return transaction


def decode_header(raw: bytes) -> Header:
    """Read the 80 bytes of a block header.

    Raises:
        MalformedBytes: not 80 bytes.

    Source: Bitcoin Core, ``CBlockHeader``.
    """
    if len(raw) != HEADER_SIZE:
        raise MalformedBytes(
            f"a block header has {HEADER_SIZE} bytes, got {len(raw)}", offset=min(len(raw), HEADER_SIZE), field="header"
        )
    version, previous, root, time, bits, nonce = _HEADER.unpack(raw)
    return Header(version, hash_text(previous), hash_text(root), time, bits, nonce, hash_text(double_sha256(raw)))


def decode_block(raw: bytes) -> WireBlock:
    """Read a block, with or without witnesses. Work and Merkle root are checked in ``proof``.

    Raises:
        MalformedBytes: the bytes are not a block, see ``decode_transaction``.
        UnsupportedChain: the header is merge-mined (Dogecoin), its work is scrypt (Litecoin), or a transaction is of
            Litecoin's MWEB form. Only a header that fails Bitcoin's work is looked at for that.

    Source: BIP 144; Bitcoin Core, ``CBlock``.
    """
    cursor = Cursor(bytes(raw))
    head = cursor.take(HEADER_SIZE, "header")
    header = decode_header(head)
    refuse_foreign_header(head)
    transactions = []
    for i in range(cursor.count(_LEAST_TRANSACTION, "transaction count")):
        cursor.transaction = i
        transactions.append(_read_transaction(cursor))
    cursor.transaction = -1
    if not transactions:
        raise cursor.refusal("a block has at least one transaction", "transaction count", HEADER_SIZE)
    cursor.finish("block")
    return WireBlock(header, tuple(transactions))


def _compact(value: int) -> bytes:
    if value < 0xFD:
        return bytes([value])
    if value < 0x10000:
        return b"\xfd" + _U16.pack(value)
    if value < 0x100000000:
        return b"\xfe" + _U32.pack(value)
    return b"\xff" + _U64.pack(value)


def _text(data: bytes) -> bytes:
    return _compact(len(data)) + data


def encode(transaction: WireTransaction, *, witness: bool = True) -> bytes:
    """The bytes of a transaction; without its witness if asked (those the txid is made of).

    Source: BIP 144.
    """
    witness = witness and transaction.has_witness
    parts = [_U32.pack(transaction.version), b"\0\1" if witness else b"", _compact(len(transaction.inputs))]
    for spent in transaction.inputs:
        parts += [hash_bytes(spent.outpoint.txid), _U32.pack(spent.outpoint.vout)]
        parts += [_text(spent.script_sig), _U32.pack(spent.sequence)]
    parts.append(_compact(len(transaction.outputs)))
    for created in transaction.outputs:
        parts += [_U64.pack(created.units), _text(created.script)]
    if witness:
        for spent in transaction.inputs:
            parts.append(_compact(len(spent.witness)))
            parts += map(_text, spent.witness)
    parts.append(_U32.pack(transaction.locktime))
    return b"".join(parts)


def encode_header(header: Header) -> bytes:
    """The 80 bytes of a header."""
    previous, root = hash_bytes(header.previous), hash_bytes(header.merkle_root)
    return _HEADER.pack(header.version, previous, root, header.time, header.bits, header.nonce)


def encode_block(block: WireBlock) -> bytes:
    """The bytes of a block."""
    body = b"".join(map(encode, block.transactions))
    return encode_header(block.header) + _compact(len(block.transactions)) + body
