"""Makers of call trees and of transactions for the tests of what an EVM chain moves."""

from __future__ import annotations

from typing import Any

from cryptotrace.chains.evm.address import address_of
from cryptotrace.chains.evm.fees import BlockFacts
from cryptotrace.chains.evm.network import EVM_NETWORKS, EvmNetwork
from cryptotrace.chains.evm.receipt import Log, Receipt, bloom_of
from cryptotrace.chains.evm.topics import topic_of
from cryptotrace.chains.evm.transaction import WireTransaction
from cryptotrace.model.block import BlockRef

ETHEREUM = EVM_NETWORKS[0]
BY_NAME = {each.name: each for each in EVM_NETWORKS}
EVIDENCE = "e" * 64
ZERO = "0x" + "0" * 40
WETH = ETHEREUM.wrappers[0].contract


def who(number: int) -> str:
    """An account by number; from 0xa0000...1 on, so that none is a precompiled contract."""
    return address_of((0xA0 << 152 | number).to_bytes(20, "big"))


ALICE, BOB, CAROL, MINER, TOKEN = (who(n) for n in (1, 2, 3, 4, 5))


def word(value: int | str) -> bytes:
    """A number or an address as a word."""
    return (int(value, 16) if isinstance(value, str) else value).to_bytes(32, "big")


def log(contract: str, signature: str, *topics: int | str, data: tuple[int | str, ...] = ()) -> Log:
    """An event."""
    return Log(contract, (topic_of(signature), *map(word, topics)), b"".join(map(word, data)))


def transfer(payer: str, payee: str, units: int, contract: str = TOKEN) -> Log:
    """A Transfer of an ERC-20."""
    return log(contract, "Transfer(address,address,uint256)", payer, payee, data=(units,))


def transaction(**fields: Any) -> WireTransaction:
    """A transaction from Alice to Bob; fields replace those of it."""
    given: dict[str, Any] = {
        "type": 2,
        "hash": "11" * 32,
        "sender": ALICE,
        "to": BOB,
        "value": 0,
        "nonce": 7,
        "gas_limit": 100_000,
        "max_fee_per_gas": 50,
        "max_priority_fee_per_gas": 3,
        "data": b"\x01",
    }
    return WireTransaction(**{**given, **fields})


def receipt(*logs: Log, **fields: Any) -> Receipt:
    """A receipt with these events; fields replace those of it."""
    given: dict[str, Any] = {
        "type": 2,
        "succeeded": True,
        "cumulative_gas": 50_000,
        "gas_used": 50_000,
        "effective_gas_price": 13,
        "bloom": bloom_of(logs),
        "logs": logs,
    }
    return Receipt(**{**given, **fields})


def header(**fields: Any) -> BlockFacts:
    """What a header says; fields replace those of it."""
    given: dict[str, Any] = {"height": 20_000_000, "time": 1_720_000_000, "beneficiary": MINER, "base_fee": 10}
    return BlockFacts(**{**given, **fields})


def block(network: EvmNetwork = ETHEREUM, height: int = 20_000_000, time: int = 1_720_000_000) -> BlockRef:
    """A block."""
    return BlockRef(network.chain, height, "bb" * 32, time)


def told_log(each: Log, position: int) -> dict[str, object]:
    """An event as geth's call tracer tells it."""
    return {
        "address": each.address.lower(),
        "topics": [f"0x{topic.hex()}" for topic in each.topics],
        "data": f"0x{each.data.hex()}",
        "position": hex(position),
    }


def frame(
    kind: str,
    caller: str,
    callee: str,
    value: int = 0,
    *calls: dict[str, Any],
    error: str = "",
    logs: tuple[tuple[Log, int], ...] = (),
) -> dict[str, Any]:
    """A call as geth's call tracer tells it."""
    told: dict[str, Any] = {"type": kind, "from": caller.lower(), "to": callee.lower(), "value": hex(value)}
    if calls:
        told["calls"] = list(calls)
    if error:
        told["error"] = error
    if logs:
        told["logs"] = [told_log(each, position) for each, position in logs]
    return told


def as_parity(told: dict[str, Any], address: tuple[int, ...] = ()) -> list[dict[str, Any]]:
    """The rows of the trace module that say the same as a tree of geth's call tracer."""
    calls = told.get("calls", [])
    kind, end = told["type"], {"subtraces": len(calls), "traceAddress": list(address)}
    row: dict[str, Any] = {**end, "type": "call", "result": {}}
    if kind == "SELFDESTRUCT":
        row["type"] = "suicide"
        row["action"] = {"address": told["from"], "refundAddress": told["to"], "balance": told["value"]}
    elif kind.startswith("CREATE"):
        row["type"] = "create"
        row["action"] = {"from": told["from"], "value": told["value"], "init": "0x"}
        row["result"] = {"address": told["to"]}
    else:
        row["action"] = {"callType": kind.lower(), "from": told["from"], "to": told["to"], "value": told["value"]}
    if "error" in told:
        row["error"] = told["error"]
    return [row, *(each for n, call in enumerate(calls) for each in as_parity(call, (*address, n)))]
