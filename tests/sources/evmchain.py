"""A small EVM chain that a test makes itself, with right hashes and roots, and a node that tells it over JSON-RPC."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from tests.nodes.evmkeys import Key

from cryptotrace.chains.evm import topics, trie
from cryptotrace.chains.evm.calls import BALANCE_OF, OWNER, call_data
from cryptotrace.chains.evm.hashes import keccak256
from cryptotrace.chains.evm.header import Header, encode_header
from cryptotrace.chains.evm.network import EvmNetwork
from cryptotrace.chains.evm.receipt import Log, Receipt, bloom_of
from cryptotrace.chains.evm.transaction import WireTransaction, decode_transaction
from cryptotrace.chains.networks import network
from cryptotrace.evidence.recorder import MemoryRecorder
from cryptotrace.model.block import Tip
from cryptotrace.sources.evm.rpc import EvmRpcSource
from cryptotrace.sources.jsonrpc import BatchChannel
from cryptotrace.sources.transport import Answer, Request

ALICE, BOB, CAROL = Key("alice"), Key("bob"), Key("carol")
TOKEN, SPLITTER, PRODUCER = "0x" + "a1" * 20, "0x" + "b2" * 20, "0x" + "c3" * 20
_TIME, _BASE_FEE = 1_700_000_000, 7
NAME = "rpc:http://node.test"


def local() -> EvmNetwork:
    """The chain that it says it is."""
    found = network("evm-local")
    assert isinstance(found, EvmNetwork)
    return found


class Refusal(Exception):
    """The node refuses: code and message."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Block:
    """A block of the chain."""

    header: Header
    transactions: tuple[WireTransaction, ...]
    receipts: tuple[Receipt, ...]
    trees: tuple[dict[str, Any], ...]
    withdrawals: tuple[trie.Withdrawal, ...]


def signed(key: Key, nonce: int, to: str, value: int = 0, data: bytes = b"", **more: Any) -> WireTransaction:
    """A transaction that somebody signed."""
    fields = {"chainId": 31337, "nonce": nonce, "gas": 100_000, "value": value, "data": "0x" + data.hex(), "to": to}
    price: dict[str, Any] = more or {"maxFeePerGas": 100, "maxPriorityFeePerGas": 3}
    return decode_transaction(bytes(key.account.sign_transaction({**fields, **price}).raw_transaction))


def transfer_log(payer: str, payee: str, units: int) -> Log:
    """An event of the token."""
    names = [bytes.fromhex(each[2:]).rjust(32, b"\0") for each in (payer, payee)]
    return Log(_checked(TOKEN), (topics.topic_of(topics.TRANSFER), *names), units.to_bytes(32, "big"))


def _checked(address: str) -> str:
    from cryptotrace.chains.evm.address import canonical_address

    return canonical_address(address)


def _call(
    payer: str, payee: str, value: int, *calls: dict[str, Any], logs: tuple[Log, ...] = (), **more: Any
) -> dict[str, Any]:
    told: dict[str, Any] = {"type": "CALL", "from": payer.lower(), "to": payee.lower(), "value": hex(value)}
    told |= {"gas": "0xffff", "gasUsed": "0x10", "input": "0x"}
    if calls:
        told["calls"] = list(calls)
    if logs:
        told["logs"] = [{**_log_json(each), "position": "0x0"} for each in logs]
    return told | more


class Chain:
    """Blocks 0 to 4; ``instead`` of the third and fourth another branch has them when ``other`` is given."""

    def __init__(self, other: int = 0) -> None:
        self.blocks: list[Block] = []
        a, b, c = ALICE.address, BOB.address, CAROL.address
        self._add([])
        self._add([(signed(ALICE, 0, b, 5), 21_000, True, (), _call(a, b, 5))])
        moved = transfer_log(a, b, 2**200)
        paid = call_data("transfer(address,uint256)", b, 2**200)
        self._add(
            [
                (
                    signed(ALICE, 1, _checked(TOKEN), data=paid, gasPrice=50),
                    50_000,
                    True,
                    (moved,),
                    _call(a, TOKEN, 0, logs=(moved,)),
                ),
                (
                    signed(BOB, 0, _checked(SPLITTER), 10, b"\1"),
                    60_000,
                    True,
                    (),
                    _call(b, SPLITTER, 10, _call(SPLITTER, c, 4), _call(SPLITTER, a, 6)),
                ),
            ]
        )
        tx = signed(ALICE, 2, _checked(TOKEN), 1 + other, b"\2")
        failed = _call(a, TOKEN, 1 + other, error="execution reverted")
        self._add([(tx, 30_000, False, (), failed)], (trie.Withdrawal(7, 9, _checked(c), 3),))
        self._add([], extra=bytes([other]))

    def _add(self, rows: list[tuple[Any, ...]], paid: tuple[trie.Withdrawal, ...] = (), extra: bytes = b"") -> None:
        receipts, gas = [], 0
        for tx, used, succeeded, logs, _ in rows:
            gas += used
            price = tx.gas_price or min(tx.max_fee_per_gas, _BASE_FEE + tx.max_priority_fee_per_gas)
            receipts.append(
                Receipt(
                    type=tx.type,
                    succeeded=succeeded,
                    cumulative_gas=gas,
                    gas_used=used,
                    effective_gas_price=price,
                    bloom=bloom_of(logs),
                    logs=logs,
                )
            )
        height = len(self.blocks)
        header = Header(
            hash="",
            parent=self.blocks[-1].header.hash if height else "00" * 32,
            number=height,
            timestamp=_TIME + 12 * height,
            ommers_hash=keccak256(b"\xc0").hex(),
            beneficiary=_checked(PRODUCER),
            state_root=trie.EMPTY_ROOT,
            transactions_root=trie.transactions_root([row[0] for row in rows]),
            receipts_root=trie.receipts_root(receipts),
            bloom=bloom_of([log for each in receipts for log in each.logs]),
            difficulty=0,
            gas_limit=30_000_000,
            gas_used=gas,
            extra_data=extra,
            mix_hash="11" * 32,
            nonce=bytes(8),
            base_fee=_BASE_FEE,
            withdrawals_root=trie.withdrawals_root(paid),
            blob_gas_used=0,
            excess_blob_gas=0,
            parent_beacon_root="00" * 32,
        )
        header = replace(header, hash=keccak256(encode_header(header)).hex())
        trees = tuple(row[4] for row in rows)
        self.blocks.append(Block(header, tuple(row[0] for row in rows), tuple(receipts), trees, paid))

    def txid(self, height: int, index: int = 0) -> str:
        """A transaction by its place."""
        return self.blocks[height].transactions[index].hash


@cache
def chain(other: int = 0) -> Chain:
    """A chain, made once."""
    return Chain(other)


def _log_json(log: Log) -> dict[str, Any]:
    return {
        "address": log.address.lower(),
        "topics": ["0x" + each.hex() for each in log.topics],
        "data": "0x" + log.data.hex(),
    }


_HEADER = {
    "hash": "hash",
    "parentHash": "parent",
    "sha3Uncles": "ommers_hash",
    "stateRoot": "state_root",
    "transactionsRoot": "transactions_root",
    "receiptsRoot": "receipts_root",
    "mixHash": "mix_hash",
    "withdrawalsRoot": "withdrawals_root",
    "parentBeaconBlockRoot": "parent_beacon_root",
    "miner": "beneficiary",
    "logsBloom": "bloom",
    "extraData": "extra_data",
    "nonce": "nonce",
    "difficulty": "difficulty",
    "number": "number",
    "gasLimit": "gas_limit",
    "gasUsed": "gas_used",
    "timestamp": "timestamp",
    "baseFeePerGas": "base_fee",
    "blobGasUsed": "blob_gas_used",
    "excessBlobGas": "excess_blob_gas",
}


def _shown(value: Any) -> str:
    if isinstance(value, int):
        return hex(value)
    if isinstance(value, bytes):
        return "0x" + value.hex()
    return str(value) if str(value).startswith("0x") else f"0x{value}"


@dataclass
class Node:
    """Answers for a chain. ``instead`` holds answers by method; ``lacks`` names methods that it does not have."""

    chain: Chain = field(default_factory=chain)
    instead: dict[str, Callable[..., Any]] = field(default_factory=dict)
    lacks: set[str] = field(default_factory=set)
    asked: list[tuple[str, list[Any]]] = field(default_factory=list)
    held: dict[tuple[str, str], int] = field(default_factory=dict)
    """What is told of balances: account and ``ether`` or a contract."""

    def __call__(self, method: str, parameters: list[Any]) -> Any:
        self.asked.append((method, parameters))
        if any(method.startswith(each) for each in self.lacks):
            raise Refusal(-32601, f"the method {method} does not exist/is not available")
        told = getattr(self, method, None)
        if method in self.instead:
            return self.instead[method](*parameters)
        if told is None:
            raise Refusal(-32601, f"the method {method} does not exist/is not available")
        return told(*parameters)

    # --- blocks -------------------------------------------------------------------------------------------------------

    def eth_chainId(self) -> str:
        return "0x7a69"

    def _at(self, tag: str) -> Block | None:
        top = len(self.chain.blocks) - 1
        height = {"finalized": top, "safe": top, "latest": top}.get(tag, -1)
        height = int(tag, 16) if tag.startswith("0x") else height
        return self.chain.blocks[height] if 0 <= height <= top else None

    def eth_getBlockByNumber(self, tag: str, full: bool) -> Any:
        block = self._at(tag)
        return None if block is None else self._block(block, full)

    def eth_getBlockByHash(self, block_hash: str, full: bool) -> Any:
        found = [each for each in self.chain.blocks if f"0x{each.header.hash}" == block_hash]
        return self._block(found[0], full) if found else None

    def _block(self, block: Block, full: bool) -> dict[str, Any]:
        told: dict[str, Any] = {name: _shown(getattr(block.header, mine)) for name, mine in _HEADER.items()}
        rows = [self._transaction(block, n) if full else f"0x{tx.hash}" for n, tx in enumerate(block.transactions)]
        paid = [
            {"index": hex(w.index), "validatorIndex": hex(w.validator), "address": w.address, "amount": hex(w.gwei)}
            for w in block.withdrawals
        ]
        return told | {"transactions": rows, "uncles": [], "size": "0x1", "withdrawals": paid}

    # --- transactions -------------------------------------------------------------------------------------------------

    def _find(self, txid: str) -> tuple[Block, int] | None:
        for block in self.chain.blocks:
            for index, tx in enumerate(block.transactions):
                if f"0x{tx.hash}" == txid:
                    return block, index
        return None

    def _transaction(self, block: Block, index: int) -> dict[str, Any]:
        tx = block.transactions[index]
        told: dict[str, Any] = {
            "type": hex(tx.type),
            "hash": f"0x{tx.hash}",
            "from": (tx.sender or "").lower(),
            "to": (tx.to or "").lower(),
            "value": hex(tx.value),
            "nonce": hex(tx.nonce),
            "gas": hex(tx.gas_limit),
            "input": "0x" + tx.data.hex(),
            "v": hex(tx.v or 0),
            "r": hex(tx.r or 0),
            "s": hex(tx.s or 0),
            "chainId": "0x7a69",
            "blockHash": f"0x{block.header.hash}",
            "blockNumber": hex(block.header.number),
            "transactionIndex": hex(index),
        }
        if tx.type == 0:
            return told | {"gasPrice": hex(tx.gas_price or 0)}
        fees = {
            "maxFeePerGas": hex(tx.max_fee_per_gas or 0),
            "maxPriorityFeePerGas": hex(tx.max_priority_fee_per_gas or 0),
        }
        return told | fees | {"accessList": []}

    def eth_getTransactionByHash(self, txid: str) -> Any:
        found = self._find(txid)
        return None if found is None else self._transaction(*found)

    def _receipt(self, block: Block, index: int) -> dict[str, Any]:
        tx, receipt = block.transactions[index], block.receipts[index]
        before = sum(len(each.logs) for each in block.receipts[:index])
        where = {
            "transactionHash": f"0x{tx.hash}",
            "transactionIndex": hex(index),
            "blockHash": f"0x{block.header.hash}",
            "blockNumber": hex(block.header.number),
        }
        logs = [
            {**_log_json(log), **where, "logIndex": hex(before + n), "removed": False}
            for n, log in enumerate(receipt.logs)
        ]
        return {
            **where,
            "type": hex(tx.type),
            "status": hex(int(bool(receipt.succeeded))),
            "cumulativeGasUsed": hex(receipt.cumulative_gas),
            "gasUsed": hex(receipt.gas_used or 0),
            "effectiveGasPrice": hex(receipt.effective_gas_price or 0),
            "logsBloom": "0x" + receipt.bloom.hex(),
            "logs": logs,
            "from": (tx.sender or "").lower(),
            "to": (tx.to or "").lower(),
            "contractAddress": None,
        }

    def eth_getTransactionReceipt(self, txid: str) -> Any:
        found = self._find(txid)
        return None if found is None else self._receipt(*found)

    def eth_getBlockReceipts(self, tag: str) -> Any:
        block = self._at(tag)
        return None if block is None else [self._receipt(block, n) for n in range(len(block.transactions))]

    def debug_traceTransaction(self, txid: str, _: Any) -> Any:
        found = self._find(txid)
        if found is None:
            raise Refusal(-32000, "transaction not found")
        return found[0].trees[found[1]]

    def debug_traceBlockByNumber(self, tag: str, _: Any) -> Any:
        block = self._at(tag)
        assert block is not None
        return [
            {"txHash": f"0x{tx.hash}", "result": tree} for tx, tree in zip(block.transactions, block.trees, strict=True)
        ]

    # --- events and state ---------------------------------------------------------------------------------------------

    def eth_getLogs(self, asked: dict[str, Any]) -> Any:
        found = []
        for block in self.chain.blocks[int(asked["fromBlock"], 16) : int(asked["toBlock"], 16) + 1]:
            for index in range(len(block.transactions)):
                found += [log for log in self._receipt(block, index)["logs"] if matches(log, asked)]
        return found

    def eth_getBalance(self, account: str, _: str) -> str:
        return hex(self.held.get((account, "ether"), 0))

    def eth_getTransactionCount(self, account: str, _: str) -> str:
        return hex(sum(tx.sender == account for block in self.chain.blocks for tx in block.transactions))

    def eth_call(self, asked: dict[str, Any], _: str) -> str:
        for (account, contract), units in self.held.items():
            if asked["data"] == "0x" + call_data(BALANCE_OF, account).hex() and contract == asked["to"].lower():
                return f"0x{units:064x}"
        if asked["data"] == "0x" + call_data(OWNER).hex():
            return "0x" + ALICE.address[2:].lower().rjust(64, "0")
        raise Refusal(3, "execution reverted")


def matches(log: dict[str, Any], asked: dict[str, Any]) -> bool:
    if log["address"] != asked["address"]:
        return False
    for place, wanted in enumerate(asked["topics"]):
        allowed = [wanted] if isinstance(wanted, str) else wanted
        if allowed is not None and (place >= len(log["topics"]) or log["topics"][place] not in allowed):
            return False
    return True


class Wire:
    """A transport to the node; ``alter`` may change the bytes of any answer."""

    def __init__(self, node: Node, recorder: MemoryRecorder | None = None) -> None:
        self.tip: Tip | None = None
        self.node = node
        self.recorder = recorder or MemoryRecorder()
        self.alter: Callable[[bytes], bytes] = bytes

    def ask(self, request: Request) -> Answer:
        answers = []
        for each in json.loads(request.body):
            try:
                answers.append(
                    {"jsonrpc": "2.0", "id": each["id"], "result": self.node(each["method"], each["params"])}
                )
            except Refusal as refusal:
                error = {"code": refusal.code, "message": str(refusal)}
                answers.append({"jsonrpc": "2.0", "id": each["id"], "error": error})
        body = self.alter(json.dumps(answers).encode())
        return Answer(200, body, self.recorder.record(body, source=NAME, request=request.text, tip=self.tip))

    def close(self) -> None:
        """Nothing to let go of."""


@contextmanager
def source(
    node: Node | None = None, wire: Wire | None = None, notices: list[str] | None = None, **more: Any
) -> Iterator[EvmRpcSource]:
    """The source over a node."""
    wire = wire or Wire(node or Node())
    channel = BatchChannel(wire, NAME, 50, version="2.0", target="")
    yield EvmRpcSource(local(), channel, (notices if notices is not None else []).append, **more)
