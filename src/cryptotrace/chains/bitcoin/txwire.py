"""Transactions as bytes: strict reading and writing. ``wire`` is where others find all of it.

Own code, because a refusal must name its offset, which python-bitcoinlib does not know; the tests use that library
as a second opinion.

Source: BIP 144 (serialisation with witness), BIP 141 (weight), Bitcoin Core's context-free transaction checks; LIP-2
and Litecoin Core (the flag of a HogEx).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from cryptotrace.chains.bitcoin.cursor import Cursor
from cryptotrace.chains.bitcoin.foreign import refuse_foreign_transaction_flag
from cryptotrace.chains.bitcoin.hashes import double_sha256, hash_bytes, hash_text
from cryptotrace.chains.bitcoin.network import BITCOIN, BitcoinNetwork
from cryptotrace.errors import UnsupportedChain
from cryptotrace.model.transaction import Outpoint

#: All the satoshi there can ever be; no single output and no sum of outputs of bitcoin is above it.
MAX_UNITS = BITCOIN.max_units
LEAST_TRANSACTION = 60
_LEAST_INPUT, _LEAST_OUTPUT = 41, 9
_NULL_OUTPOINT = Outpoint("0" * 64, 0xFFFFFFFF)
_WITNESS_FLAG, _MWEB_FLAG = 1, 8
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
    is_hogex: bool = False
    """True if the bytes say that it is Litecoin's integrating transaction, which stands for the extension block."""

    @classmethod
    def build(
        cls,
        inputs: Sequence[WireInput],
        outputs: Sequence[WireOutput],
        *,
        version: int = 2,
        locktime: int = 0,
        network: BitcoinNetwork = BITCOIN,
    ) -> WireTransaction:
        """A transaction from its parts, checked as if it had been read.

        Raises:
            MalformedBytes: the parts do not make a transaction of that network.
        """
        draft = cls(version, tuple(inputs), tuple(outputs), locktime, "", "", 0, 0)
        return decode_transaction(encode(draft), network)

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


def _read_outputs(cursor: Cursor, most: int) -> list[WireOutput]:
    outputs = []
    total = 0
    for i in range(cursor.count(_LEAST_OUTPUT, "output count")):
        cursor.item = ("outputs", i)
        units = int.from_bytes(cursor.take(8, "value"), "little")
        total += units
        if total > most:
            raise cursor.refusal(f"{total} satoshi are more than the {most} there can be", "value", cursor.at - 8)
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


def _flag(cursor: Cursor, network: BitcoinNetwork) -> int:
    """The flag behind the marker of a transaction that carries more than its txid is made of; 0 if there is none."""
    at = cursor.at
    if not network.has_witness or cursor.raw[at : at + 1] != b"\0" or at + 1 >= cursor.end:
        return 0
    flag = cursor.raw[at + 1]
    if not flag:
        return 0
    refuse_foreign_transaction_flag(flag, at + 1, network)
    if flag & ~(_WITNESS_FLAG | _MWEB_FLAG):
        raise cursor.refusal(f"unknown transaction flag {flag}", "flag", at + 1)
    cursor.at = at + 2
    return flag


def _read_mweb(cursor: Cursor) -> None:
    """Read the byte that says that a transaction is a HogEx; refuse one that carries a part of the extension block."""
    start = cursor.at
    if cursor.take(1, "mweb") != b"\0":
        raise UnsupportedChain(
            f"the transaction carries a MimbleWimble part at byte offset {start}, as it does before it is mined; this "
            "version does not read it: ask for the transaction as it stands in its block"
        )


def read_transaction(cursor: Cursor, network: BitcoinNetwork) -> WireTransaction:
    """The transaction that begins at the cursor; see ``decode_transaction``.

    Raises:
        MalformedBytes: it is none of that network.
        UnsupportedChain: it carries what this version does not read, by name.
    """
    raw, start = cursor.raw, cursor.at
    version = cursor.u32("version")
    flag = _flag(cursor, network)
    body = cursor.at
    inputs = _read_inputs(cursor)
    _check_inputs(cursor, inputs, body)
    after_inputs = cursor.at
    outputs = _read_outputs(cursor, network.max_units)
    if not outputs:
        raise cursor.refusal("a transaction has at least one output", "output count", after_inputs)
    tail = cursor.at
    if flag & _WITNESS_FLAG:
        _read_witnesses(cursor, inputs)
    witness_end = cursor.at
    if flag & _MWEB_FLAG:
        _read_mweb(cursor)
    locktime = cursor.u32("locktime")
    whole = raw[start : cursor.at]
    wtxid = txid = hash_text(double_sha256(whole))
    size = stripped_size = len(whole)
    if flag:
        stripped = raw[start : start + 4] + raw[body:tail] + whole[-4:]
        wtxid = txid = hash_text(double_sha256(stripped))
        stripped_size = len(stripped)
    if flag & _WITNESS_FLAG:
        wtxid = hash_text(double_sha256(raw[start : start + 4] + b"\0\1" + raw[body:witness_end] + whole[-4:]))
    return WireTransaction(
        version,
        tuple(inputs),
        tuple(outputs),
        locktime,
        txid,
        wtxid,
        size,
        stripped_size,
        bool(flag & _MWEB_FLAG),
    )


def decode_transaction(raw: bytes, network: BitcoinNetwork = BITCOIN) -> WireTransaction:
    """Read a transaction, with or without witness.

    Args:
        raw: the bytes.
        network: the chain, whose form and whose largest amount are held against them.

    Raises:
        MalformedBytes: truncated, trailing or impossible bytes; a count without the bytes for it; a compact size
            not in its shortest form; an announced witness that is empty; values above all the coins there can be; no
            input, no output, or one outpoint spent twice; witnesses on a chain without them.
        UnsupportedChain: the bytes are Litecoin's (MWEB) and the network is not, or they carry a part of the
            extension block.

    Source: BIP 144; Bitcoin Core, ``CheckTransaction``; Litecoin Core, ``UnserializeTransaction``.
    """
    cursor = Cursor(bytes(raw))
    transaction = read_transaction(cursor, network)
    cursor.finish("transaction")
    return transaction


def compact_size(value: int) -> bytes:
    """A number as Bitcoin's serialisation writes counts and lengths, in its shortest form."""
    if value < 0xFD:
        return bytes([value])
    if value < 0x10000:
        return b"\xfd" + _U16.pack(value)
    if value < 0x100000000:
        return b"\xfe" + _U32.pack(value)
    return b"\xff" + _U64.pack(value)


def _text(data: bytes) -> bytes:
    return compact_size(len(data)) + data


def encode(transaction: WireTransaction, *, witness: bool = True) -> bytes:
    """The bytes of a transaction; without its witness if asked (those the txid is made of).

    Source: BIP 144; Litecoin Core, ``SerializeTransaction``.
    """
    flag = (_WITNESS_FLAG * transaction.has_witness | _MWEB_FLAG * transaction.is_hogex) * witness
    parts = [_U32.pack(transaction.version), bytes([0, flag]) if flag else b"", compact_size(len(transaction.inputs))]
    for spent in transaction.inputs:
        parts += [hash_bytes(spent.outpoint.txid), _U32.pack(spent.outpoint.vout)]
        parts += [_text(spent.script_sig), _U32.pack(spent.sequence)]
    parts.append(compact_size(len(transaction.outputs)))
    for created in transaction.outputs:
        parts += [_U64.pack(created.units), _text(created.script)]
    if flag & _WITNESS_FLAG:
        for spent in transaction.inputs:
            parts.append(compact_size(len(spent.witness)))
            parts += map(_text, spent.witness)
    if flag & _MWEB_FLAG:
        parts.append(b"\0")
    parts.append(_U32.pack(transaction.locktime))
    return b"".join(parts)
