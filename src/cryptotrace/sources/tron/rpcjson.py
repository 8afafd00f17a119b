"""What a TRON node's eth-style JSON-RPC tells, read strictly, and what it leaves out, said.

Source: TRON documentation, "JSON-RPC API"; java-tron, ``TransactionResult``, ``TransactionReceipt`` and
``LogFilterElement``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from cryptotrace.chains.tron.address import address_of
from cryptotrace.chains.tron.execution import Execution, Log
from cryptotrace.chains.tron.network import TronNetwork
from cryptotrace.errors import SourceLied
from cryptotrace.model.accountsource import LogEntry
from cryptotrace.model.block import BlockRef
from cryptotrace.model.flow import FlowKind
from cryptotrace.model.identity import Account
from cryptotrace.model.movement import AccountTransaction, Movement
from cryptotrace.sources.foreignjson import Field

_QUANTITY = re.compile(r"0x[0-9a-fA-F]{1,64}", re.ASCII)
_DATA = re.compile(r"0x(?:[0-9a-fA-F]{2})*", re.ASCII)


def quantity(value: Field) -> int:
    """A number as ``0x`` and hex digits.

    Raises:
        MalformedBytes: it is none; the error names the field.
    """
    if not isinstance(value.value, str) or not _QUANTITY.fullmatch(value.value):
        raise value.refuse("a number as 0x and up to 64 hex digits")
    return int(value.value, 16)


def data(value: Field) -> bytes:
    """Bytes as ``0x`` and hex digits.

    Raises:
        MalformedBytes: they are none; the error names the field.
    """
    if not isinstance(value.value, str) or not _DATA.fullmatch(value.value):
        raise value.refuse("0x and an even number of hex digits")
    return bytes.fromhex(value.value[2:])


def hash_text(value: Field) -> str:
    """A hash as 64 lower-case hex digits without ``0x``.

    Raises:
        MalformedBytes: it is none; the error names the field.
    """
    raw = data(value)
    if len(raw) != 32:
        raise value.refuse("0x and 64 hex digits")
    return raw.hex()


def address(value: Field) -> str | None:
    """An address of 20 bytes as base58check; None for null.

    Raises:
        MalformedBytes: it is none; the error names the field.
    """
    if value.is_null:
        return None
    raw = data(value)
    if len(raw) not in (20, 21):
        raise value.refuse("an address: 0x and 40 hex digits")
    return address_of(raw)


def _log(log: Field) -> Log:
    contract = address(log["address"])
    if contract is None:
        raise log["address"].refuse("an address: 0x and 40 hex digits")
    return Log(contract, tuple(data(each) for each in log["topics"].items()), data(log["data"]))


def execution_of(receipt: Field, at: BlockRef, txid: str) -> Execution:
    """What a receipt tells of an execution. It tells neither fee nor internal transactions.

    Raises:
        MalformedBytes: a field is missing or of the wrong kind.
    """
    is_failed = quantity(receipt["status"]) == 0
    return Execution(
        txid=txid,
        height=at.height,
        timestamp=at.time * 1000,
        energy_usage_total=quantity(receipt["gasUsed"]),
        result="FAILED" if is_failed else "SUCCESS",
        is_failed=is_failed,
        logs=tuple(_log(each) for each in receipt["logs"].items()),
        has_internals=False,
        contract_address=address(receipt["contractAddress"]),
    )


def with_missing(found: AccountTransaction, told: Field, receipt: Field, network: TronNetwork) -> AccountTransaction:
    """The transaction with what the interface adds to its receipt: the sender, and the value where it is TRX for sure.

    The field ``value`` holds TRX, TRC-10 or staked amounts alike. Where energy was used a contract ran, and it is the
    TRX that was sent along; else nobody is told of what it is, and it stands in ``missing``.

    Raises:
        MalformedBytes: a field is missing or of the wrong kind.
    """
    sender, value = address(told["from"]), quantity(told["value"])
    missing = ["fee", *(each for each in found.missing if each not in ("fee", "sender", "value"))]
    movements = list(found.movements)
    if sender is None:
        missing.append("sender")
    if quantity(receipt["gasUsed"]) == 0:
        missing.append(
            f"value: {value} base units of TRX, of a TRC-10 token or staked, the interface does not tell which"
        )
    else:
        missing.append("TRC-10 value")
        payee = address(told["to"]) or address(receipt["contractAddress"])
        if value and found.succeeded and sender is not None and payee is not None:
            payer, to = Account.of(network.chain, sender), Account.of(network.chain, payee)
            movements.insert(0, Movement("value", FlowKind.TRANSFER, network.asset, value, payer, to, 0))
    return replace(
        found,
        sender=None if sender is None else Account.of(network.chain, sender),
        movements=tuple(replace(each, part=part) for part, each in enumerate(movements)),
        missing=tuple(missing),
    )


def read_entry(
    log: Field, contract: Account, block_at: Callable[[int], BlockRef], evidence: str, name: str
) -> LogEntry:
    """An event of ``eth_getLogs``. Its place in the receipt is not told, only that in the block.

    Raises:
        MalformedBytes: a field is missing or of the wrong kind.
        SourceLied: another contract's, or of a block that the chain does not have at that height.
    """
    told = _log(log)
    at = block_at(quantity(log["blockNumber"]))
    if told.contract != contract.address or hash_text(log["blockHash"]) != at.hash:
        raise SourceLied(
            f"{name} gives an event of {told.contract} in block {log['blockHash'].value}, when asked for "
            f"{contract.address}; the block at height {at.height} is {at.hash}"
        )
    txid = hash_text(log["transactionHash"])
    return LogEntry(contract, told.topics, told.data, txid, at, quantity(log["transactionIndex"]), -1, evidence)
