"""Two worlds for the explorer of the tests: a small one made of signed transactions, and one read from a real node.

The small one is built with libraries that the project does not use for reading (eth-account, rlp), and its balances come
from a ledger of its own.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import rlp
from eth_account import Account
from eth_utils.crypto import keccak
from tests.nodes.anvil import Anvil
from tests.nodes.etherscanserver import TRANSFER, ExplorerWorld, Internal, Json
from trie.hexary import HexaryTrie

FIRST = 20_000_000
WETH = "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2"
USDT = "0xdac17f958d2ee523a2206206994597c13d831ec7"
NFT = "0x00000000000000000000000000000000000000f7"
PRODUCER = "0x" + "4b" * 20
BASE_FEE, TIP_FEE = 10**9, 2 * 10**9
EMPTY_BLOOM = "0x" + "00" * 256
_ZERO = "0x" + "00" * 32
_HEADER = [
    "parentHash",
    "sha3Uncles",
    "miner",
    "stateRoot",
    "transactionsRoot",
    "receiptsRoot",
    "logsBloom",
    "difficulty",
    "number",
    "gasLimit",
    "gasUsed",
    "timestamp",
    "extraData",
    "mixHash",
    "nonce",
    "baseFeePerGas",
    "withdrawalsRoot",
]
_NUMBERS = {"difficulty", "number", "gasLimit", "gasUsed", "timestamp", "baseFeePerGas"}


def key(name: str) -> Any:
    """An account of that name, with its key."""
    return Account.from_key(keccak(f"explorer world: {name}".encode()))


def who(name: str) -> str:
    """Its address in lower-case letters."""
    return str(key(name).address).lower()


def topic(signature: str) -> str:
    """The first topic of an event."""
    return "0x" + keccak(signature.encode()).hex()


def padded(value: str | int) -> str:
    """An address or a number as a word."""
    digits = f"{value:064x}" if isinstance(value, int) else value[2:].lower().rjust(64, "0")
    return f"0x{digits}"


def transfer(token: str, payer: str, payee: str, units: int) -> Json:
    """A Transfer event."""
    return {"address": token, "topics": [TRANSFER, padded(payer), padded(payee)], "data": padded(units)}


@dataclass
class Builder:
    """Builds blocks one by one."""

    world: ExplorerWorld = field(default_factory=lambda: ExplorerWorld(1))
    nonces: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    moved: list[tuple[int, str, str, str, int]] = field(default_factory=list)
    """Height, asset, payer, payee, units."""
    parent: str = _ZERO

    def sign(self, name: str, to: str | None, value: int, *, legacy: bool, data: str) -> tuple[Json, Json]:
        """Fields of a signed transaction as a node tells them, and the fields that were signed."""
        fields: Json = {"chainId": 1, "nonce": self.nonces[name], "gas": 200_000, "value": value, "data": data}
        fields |= {"gasPrice": BASE_FEE + TIP_FEE} if legacy else {}
        if not legacy:
            fields |= {"maxFeePerGas": 5 * BASE_FEE, "maxPriorityFeePerGas": TIP_FEE, "type": 2}
        if to is not None:
            fields["to"] = _checksummed(to)
        self.nonces[name] += 1
        signed = key(name).sign_transaction(fields)
        told = {
            "type": "0x0" if legacy else "0x2",
            "chainId": "0x1",
            "hash": "0x" + signed.hash.hex().removeprefix("0x"),
            "nonce": hex(fields["nonce"]),
            "from": who(name),
            "to": to,
            "value": hex(value),
            "gas": hex(200_000),
            "gasPrice": hex(BASE_FEE + TIP_FEE),
            "input": data,
            "v": hex(signed.v),
            "r": hex(signed.r),
            "s": hex(signed.s),
        }
        if not legacy:
            told |= {"maxFeePerGas": hex(5 * BASE_FEE), "maxPriorityFeePerGas": hex(TIP_FEE), "accessList": []}
        return told, fields

    def block(self, *steps: Json, withdrawals: list[tuple[str, int]] | None = None) -> int:
        """A block of transactions; gives its height."""
        height = FIRST + len(self.world.blocks)
        rows: list[Json] = []
        logs = gas = 0
        for index, step in enumerate(steps):
            told, _ = self.sign(
                step["by"],
                step["to"],
                step.get("value", 0),
                legacy=step.get("legacy", False),
                data=step.get("data", "0x"),
            )
            rows.append(told)
            used = step.get("gas", 21_000)
            gas += used
            succeeded = step.get("succeeds", True)
            events = []
            for log in step.get("logs", []):
                events.append(log | {"logIndex": hex(logs), "transactionHash": told["hash"]})
                logs += 1
            self.world.receipts[told["hash"]] = {
                "transactionHash": told["hash"],
                "transactionIndex": hex(index),
                "blockNumber": hex(height),
                "from": told["from"],
                "to": step["to"],
                "type": told["type"],
                "status": hex(int(succeeded)),
                "cumulativeGasUsed": hex(gas),
                "gasUsed": hex(used),
                "effectiveGasPrice": hex(BASE_FEE + TIP_FEE),
                "contractAddress": step.get("creates"),
                "logs": events,
            }
            self._account_for(height, told, step, used, succeeded)
        self._seal(height, rows, withdrawals or [])
        return height

    def _account_for(self, height: int, told: Json, step: Json, used: int, succeeded: bool) -> None:
        payer = told["from"]
        self.moved.append((height, "wei", payer, PRODUCER, used * TIP_FEE))
        self.moved.append((height, "wei", payer, "burnt", used * BASE_FEE))
        if not succeeded:
            return
        self.moved.append((height, "wei", payer, step["to"] or step["creates"], step.get("value", 0)))
        for each in step.get("inside", []):
            call = Internal(told["hash"], height, *each)
            self.world.internals.append(call)
            undone = call.failed or any(call.trace[: len(o[4])] == o[4] and o[5:] == (True,) for o in step["inside"])
            if not undone and call.kind in ("call", "create", "suicide"):
                self.moved.append((height, "wei", call.caller, call.callee, call.value))
        for token, payer_, payee, units in step.get("tokens", []):
            self.moved.append((height, token, payer_, payee, units))

    def _seal(self, height: int, rows: list[Json], paid: list[tuple[str, int]]) -> None:
        told = [
            {"index": hex(n), "validatorIndex": "0x7", "address": a, "amount": hex(g)} for n, (a, g) in enumerate(paid)
        ]
        trie = HexaryTrie({})
        for n, (address, gwei) in enumerate(paid):
            trie[rlp.encode(n)] = rlp.encode([n, 7, bytes.fromhex(address[2:]), gwei])
            self.moved.append((height, "wei", "stake", address, gwei * 10**9))
        fields: Json = dict.fromkeys(("sha3Uncles", "stateRoot", "transactionsRoot", "receiptsRoot", "mixHash"), _ZERO)
        fields |= {"parentHash": self.parent, "miner": PRODUCER, "logsBloom": EMPTY_BLOOM, "extraData": "0x"}
        fields |= {"difficulty": "0x0", "number": hex(height), "gasLimit": hex(30_000_000), "gasUsed": hex(21_000)}
        fields |= {"timestamp": hex(1_700_000_000 + 12 * (height - FIRST)), "nonce": "0x" + "00" * 8}
        fields |= {"baseFeePerGas": hex(BASE_FEE), "withdrawalsRoot": "0x" + trie.root_hash.hex()}
        parts = [int(fields[n], 16) if n in _NUMBERS else bytes.fromhex(fields[n][2:]) for n in _HEADER]
        self.parent = "0x" + keccak(rlp.encode(parts)).hex()
        place = {"blockHash": self.parent, "blockNumber": hex(height)}
        for index, row in enumerate(rows):
            row.update(place | {"transactionIndex": hex(index)})
            self.world.receipts[row["hash"]] |= place
        self.world.blocks[height] = fields | {
            "hash": self.parent,
            "transactions": rows,
            "withdrawals": told,
            "uncles": [],
            "size": "0x1",
        }

    def held(self, asset: str, account: str, height: int) -> int:
        """What an account gained since the first block, at the end of a block."""
        gained = sum(u for h, a, _, payee, u in self.moved if h <= height and a == asset and payee == account)
        return gained - sum(u for h, a, payer, _, u in self.moved if h <= height and a == asset and payer == account)


def _checksummed(address: str) -> str:
    from eth_utils.address import to_checksum_address

    return str(to_checksum_address(address))


#: What everybody of the small world has before it.
RICH = 1_000 * 10**18


@dataclass
class Small:
    """The small world."""

    builder: Builder
    heights: dict[str, int] = field(default_factory=dict)

    @property
    def world(self) -> ExplorerWorld:
        return self.builder.world

    def txid(self, step: str, index: int = 0) -> str:
        """The txid of a step, 64 hex digits."""
        return str(self.world.blocks[self.heights[step]]["transactions"][index]["hash"][2:])


def small_world() -> Small:
    """Every kind of movement that an explorer lists, once."""
    builder = Builder()
    a, b, c, d, e, f = (who(name) for name in "abcdef")
    ether = 10**18
    steps = {
        "plain": builder.block(
            {"by": "a", "to": b, "value": ether},
            {"by": "b", "to": d, "value": 2, "legacy": True},
        ),
        "inside": builder.block(
            {
                "by": "a",
                "to": c,
                "value": 3 * ether,
                "gas": 90_000,
                "data": "0x01",
                "inside": [
                    (c, d, ether, "call", (0,)),
                    (c, e, 0, "call", (1,)),
                    (c, c, 7, "delegatecall", (1, 1)),
                    (e, f, 5, "call", (1, 0)),
                    (c, f, 9, "call", (2,), True),
                    (f, d, 4, "call", (2, 0)),
                    (c, "0x" + "77" * 20, ether // 2, "create", (3,)),
                    (c, d, ether, "call", (11,)),
                ],
            }
        ),
        "tokens": builder.block(
            {
                "by": "a",
                "to": USDT,
                "gas": 60_000,
                "data": "0xa9059cbb",
                "logs": [transfer(USDT, a, b, 2**256 - 1), transfer(USDT, b, d, 5)],
                "tokens": [(USDT, a, b, 2**256 - 1), (USDT, b, d, 5)],
            },
            {
                "by": "b",
                "to": NFT,
                "gas": 60_000,
                "data": "0x02",
                "logs": [
                    {"address": NFT, "topics": [TRANSFER, padded(b), padded(a), padded(n)], "data": "0x"}
                    for n in (7, 8)
                ],
            },
        ),
        "failed": builder.block({"by": "a", "to": c, "value": 8, "gas": 50_000, "data": "0x03", "succeeds": False}),
        "wrapped": builder.block(
            {
                "by": "a",
                "to": WETH,
                "value": 6,
                "gas": 45_000,
                "data": "0xd0e30db0",
                "logs": [
                    {"address": WETH, "topics": [topic("Deposit(address,uint256)"), padded(a)], "data": padded(6)}
                ],
                "tokens": [(WETH, "mint", a, 6)],
            }
        ),
        "created": builder.block(
            {"by": "b", "to": None, "creates": "0x" + "99" * 20, "value": 11, "gas": 100_000, "data": "0x600055"}
        ),
        "withdrawn": builder.block(withdrawals=[(a, 32_000_000_000), (e, 5)]),
        "destroyed": builder.block(
            {
                "by": "d",
                "to": USDT,
                "gas": 50_000,
                "data": "0x04",
                "logs": [
                    {
                        "address": USDT,
                        "topics": [topic("DestroyedBlackFunds(address,uint256)")],
                        "data": padded(d) + padded(5)[2:],
                    }
                ],
                "tokens": [(USDT, d, "burnt", 5)],
            }
        ),
        "last": builder.block({"by": "e", "to": f, "value": 1}),
    }
    world = builder.world
    world.balance = lambda address, height: RICH + builder.held("wei", address, height)
    world.token_balance = builder.held
    return Small(builder, steps)


# --- a real node ------------------------------------------------------------------------------------------------------

_KINDS = {"create": "create", "suicide": "suicide"}


def world_of(node: Anvil) -> ExplorerWorld:
    """What an explorer would have indexed of a real node's chain."""
    top = node.height()
    blocks = node.many([("eth_getBlockByNumber", [hex(h), True]) for h in range(top + 1)])
    world = ExplorerWorld(int(node("eth_chainId"), 16), dict(enumerate(blocks)))
    for block in blocks:
        hashes = [tx["hash"] for tx in block["transactions"]]
        world.receipts |= dict(
            zip(hashes, node.many([("eth_getTransactionReceipt", [h]) for h in hashes]), strict=True)
        )
    for height in range(1, top + 1):
        world.internals += [
            _internal(row, height) for row in node("trace_block", hex(height)) if row.get("traceAddress")
        ]
    world.balance = lambda address, height: int(str(node("eth_getBalance", address, hex(height))), 16)

    def call(to: str, data: str, tag: str) -> str | None:
        from tests.nodes.anvil import AnvilError

        try:
            return str(node("eth_call", {"to": to, "data": data}, tag))
        except AnvilError:
            return None

    world.call = call
    world.token_balance = lambda contract, address, height: int(
        str(call(contract, "0x70a08231" + padded(address)[2:], hex(height))), 16
    )
    return world


def _internal(row: Json, height: int) -> Internal:
    action, kind = row["action"], row["type"]
    if kind == "suicide":
        parties = action["address"], action["refundAddress"], action["balance"]
    elif kind == "create":
        made = (row.get("result") or {}).get("address") or "0x" + "00" * 20
        parties = action["from"], made, action["value"]
    else:
        parties = action["from"], action["to"], action["value"]
    payer, payee, value = parties
    return Internal(
        row["transactionHash"],
        height,
        payer.lower(),
        payee.lower(),
        int(value, 16),
        _KINDS.get(kind, action.get("callType", "call")),
        tuple(row["traceAddress"]),
        bool(row.get("error")),
    )
