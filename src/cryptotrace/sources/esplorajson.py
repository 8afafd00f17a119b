"""Transactions in the JSON shape of Esplora: the bytes are rebuilt from it, and every figure is held against them.

Source: the HTTP API document of Blockstream's Esplora.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptotrace.chains.bitcoin.address import canonical_address
from cryptotrace.chains.bitcoin.network import BitcoinNetwork
from cryptotrace.chains.bitcoin.notices import is_hogex
from cryptotrace.chains.bitcoin.script import account_of_script
from cryptotrace.chains.bitcoin.wire import WireInput, WireOutput, WireTransaction, encode
from cryptotrace.errors import InvalidAddress, MalformedBytes, SourceLied
from cryptotrace.model.block import BlockRef
from cryptotrace.model.identity import SCRIPT_DIGEST_PREFIX, Account
from cryptotrace.model.source import SpentOutput
from cryptotrace.model.transaction import Outpoint
from cryptotrace.sources.foreignjson import Field

_NO_VOUT = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class ExplorerTransaction:
    """What an explorer says about a transaction, with the bytes rebuilt from it."""

    txid: str
    """The txid that the explorer gives."""
    wire: WireTransaction
    """The transaction rebuilt; its ``txid`` is computed."""
    raw: bytes
    """Its bytes, with the witness that the explorer gives."""
    block: BlockRef | None
    """The block that the explorer names; None if it says unconfirmed."""
    spent: dict[Outpoint, SpentOutput]
    """What the explorer says about the outputs that are spent."""
    json: Field
    """The object it was read from."""


def route(account: Account) -> str:
    """The path under which an Esplora server tells about an account."""
    if account.is_script_digest:
        return f"/scripthash/{account.address.removeprefix(SCRIPT_DIGEST_PREFIX)}"
    return f"/address/{account.address}"


def read_explorer_transaction(tx: Field, network: BitcoinNetwork) -> ExplorerTransaction:
    """Rebuild a transaction from its JSON object. The txid is not compared here.

    Raises:
        MalformedBytes: a field is missing or of the wrong kind, or the parts do not make a transaction.
    """
    txid = tx["txid"].hash()
    inputs, spent, most = [], {}, network.max_units
    for vin in tx["vin"].items():
        read = _read_input(vin)
        inputs.append(read)
        if not vin["prevout"].is_null:
            prevout = vin["prevout"]
            spent[read.outpoint] = SpentOutput(prevout["value"].units(most), prevout["scriptpubkey"].raw_hex())
    outputs = [WireOutput(vout["value"].units(most), vout["scriptpubkey"].raw_hex()) for vout in tx["vout"].items()]
    version = tx["version"].integer(-(2**31), 2**32 - 1) % 2**32
    locktime = tx["locktime"].integer(0, 2**32 - 1)
    try:
        wire = WireTransaction.build(inputs, outputs, version=version, locktime=locktime, network=network)
    except MalformedBytes as error:
        raise MalformedBytes(
            f"{tx.what}: the JSON of {txid} does not make a transaction: {error}",
            offset=error.offset,
            field=f"{tx.path}.{error.field}" if tx.path else error.field,
        ) from error
    return ExplorerTransaction(txid, wire, encode(wire), read_status(tx["status"], network), spent, tx)


def _read_input(vin: Field) -> WireInput:
    is_coinbase = not vin["is_coinbase"].is_null and vin["is_coinbase"].truth()
    vout = _NO_VOUT if is_coinbase and vin["vout"].is_null else vin["vout"].integer(0, 2**32 - 1)
    txid = "0" * 64 if is_coinbase and vin["txid"].is_null else vin["txid"].hash()
    witness = () if vin["witness"].is_null else tuple(item.raw_hex() for item in vin["witness"].items())
    script = b"" if vin["scriptsig"].is_null else vin["scriptsig"].raw_hex()
    return WireInput(Outpoint(txid, vout), script, vin["sequence"].integer(0, 2**32 - 1), witness)


def read_status(status: Field, network: BitcoinNetwork) -> BlockRef | None:
    """The block that a ``status`` object names; None if it says unconfirmed or nothing.

    Raises:
        MalformedBytes: a field is missing or of the wrong kind.
    """
    if status.is_null or not status["confirmed"].truth():
        return None
    height = status["block_height"].integer(0, 2**31)
    return BlockRef(network.chain, height, status["block_hash"].hash(), status["block_time"].integer(0, 2**32 - 1))


def lied(source: str, txid: str, field: str, said: object, found: object) -> SourceLied:
    """The error for a figure that the bytes contradict."""
    return SourceLied(
        f"{source} contradicts itself about transaction {txid}: {field} is {said!s} in its answer and {found!s} by the "
        "transaction's bytes; do not use this source, ask another one"
    )


def check_explorer_figures(
    said: ExplorerTransaction, wire: WireTransaction, network: BitcoinNetwork, source: str
) -> None:
    """Hold every figure of the JSON against the transaction's bytes.

    Raises:
        SourceLied: one differs; the message names source, txid, field and both values.
        MalformedBytes: a figure is not a number.
    """
    if said.wire.txid != wire.txid:
        _name_difference(said, wire, source)
    tx = said.json
    sizes = () if is_hogex(wire, network) else (("size", wire.size), ("weight", wire.weight))
    for field, found in sizes:  # of a HogEx nobody says whether its flag is counted
        if not tx[field].is_null and (figure := tx[field].integer()) != found:
            raise lied(source, said.txid, field, figure, found)
    complete = all(each.outpoint in said.spent for each in wire.inputs)
    if complete and not wire.is_coinbase and not tx["fee"].is_null:
        fee = sum(s.units for s in said.spent.values()) - sum(o.units for o in wire.outputs)
        if tx["fee"].integer(-(2**62)) != fee:
            raise lied(source, said.txid, "fee", tx["fee"].value, fee)
    for number, vout in enumerate(tx["vout"].items()):
        _check_address(said, vout, f"vout[{number}]", wire.outputs[number].script, network, source)
    for number, vin in enumerate(tx["vin"].items()):
        outpoint = wire.inputs[number].outpoint
        if outpoint in said.spent:
            where = f"vin[{number}].prevout"
            _check_address(said, vin["prevout"], where, said.spent[outpoint].script, network, source)


def _check_address(
    said: ExplorerTransaction, output: Field, where: str, script: bytes, network: BitcoinNetwork, source: str
) -> None:
    if output["scriptpubkey_address"].is_null:
        return
    found, address = account_of_script(script, network), output["scriptpubkey_address"].text()
    if not found.is_script_digest and _canonical(address, network) != found.address:
        raise lied(source, said.txid, f"{where}.scriptpubkey_address", address, found.address)


def _canonical(address: str, network: BitcoinNetwork) -> str:
    """The one spelling of an address that a server prints; as it is, if it is none."""
    try:
        return canonical_address(address, network)
    except InvalidAddress:
        return address


def _name_difference(said: ExplorerTransaction, wire: WireTransaction, source: str) -> None:
    mine = said.wire
    pairs: list[tuple[str, object, object]] = [
        ("version", mine.version, wire.version),
        ("locktime", mine.locktime, wire.locktime),
        ("number of inputs", len(mine.inputs), len(wire.inputs)),
        ("number of outputs", len(mine.outputs), len(wire.outputs)),
    ]
    for n, (a, b) in enumerate(zip(mine.outputs, wire.outputs, strict=False)):
        pairs += [(f"vout[{n}].value", a.units, b.units), (f"vout[{n}].scriptpubkey", a.script.hex(), b.script.hex())]
    for n, (c, d) in enumerate(zip(mine.inputs, wire.inputs, strict=False)):
        pairs += [
            (f"vin[{n}] outpoint", c.outpoint, d.outpoint),
            (f"vin[{n}].scriptsig", c.script_sig.hex(), d.script_sig.hex()),
            (f"vin[{n}].sequence", c.sequence, d.sequence),
        ]
    for field, a_said, found in pairs:
        if a_said != found:
            raise lied(source, said.txid, field, a_said, found)
    raise lied(source, said.txid, "txid", mine.txid, wire.txid)
