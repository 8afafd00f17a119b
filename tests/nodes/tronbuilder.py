"""Writes ``tronworld.json``: the transactions of ``tronsteps``, signed offline by tronweb, in blocks that hold together.

It knows nothing of the library: transactions come from tronweb, blocks are serialised, hashed and signed here, and what
the steps move is worked out from the steps, not from the bytes. To write the file anew::

    npm install tronweb@6.5.1
    NODE_PATH=node_modules python -m tests.nodes.tronbuilder

Source: TRON protocol, ``core/Tron.proto`` and ``core/TronInventoryItems.proto``; java-tron, ``MerkleTree``.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import base58
from coincurve import PrivateKey
from Crypto.Hash import keccak
from tests.nodes import tronsteps
from tests.nodes.tronsteps import Step

FOLDER = Path(__file__).parent
#: 2026-03-01 10:00 UTC.
FIRST_TIME = 1_772_359_200_000
#: A multiple of TRON's three seconds: a few slots lie between two blocks.
BETWEEN_MS = 600_000
SIGNATURES = {
    "transfer": "transfer(address,uint256)",
    "transferFrom": "transferFrom(address,address,uint256)",
    "issue": "issue(uint256)",
    "addBlackList": "addBlackList(address)",
    "removeBlackList": "removeBlackList(address)",
    "destroyBlackFunds": "destroyBlackFunds(address)",
    "split": "split()",
}


def sha(raw: bytes) -> bytes:
    """SHA-256."""
    return hashlib.sha256(raw).digest()


def topic(signature: str) -> str:
    """The first topic of an event."""
    return str(keccak.new(digest_bits=256, data=signature.encode()).hexdigest())


def key_of(role: str) -> bytes:
    """The private key of a role: worth nothing, and the same every time."""
    return sha(f"cryptotrace tests, TRON, {role}".encode())


def address_of(twenty: bytes) -> str:
    """base58check."""
    return str(base58.b58encode_check(b"\x41" + twenty).decode())


def twenty_of(address: str) -> bytes:
    """The 20 bytes of an address."""
    return bytes(base58.b58decode_check(address)[1:])


def address_of_key(secret: bytes) -> str:
    """The address of a private key."""
    public = PrivateKey(secret).public_key.format(compressed=False)[1:]
    return address_of(keccak.new(digest_bits=256, data=public).digest()[-20:])


def lookalike(address: str) -> str:
    """Another address with the same first four and last three characters."""
    start = twenty_of(address)[:3]
    for number in range(1 << 24):
        found = address_of(start + sha(number.to_bytes(4, "big"))[:17])
        if found[-3:] == address[-3:] and found[:4] == address[:4]:
            return found
    raise AssertionError("no such address")


def directory() -> dict[str, str]:
    """Every name and its address."""
    people = {role: address_of_key(key_of(role)) for role in tronsteps.ROLES}
    contracts = {name: address_of(sha(f"contract {name}".encode())[:20]) for name in tronsteps.CONTRACTS}
    return people | contracts | {"usdt": tronsteps.USDT, "lookalike": lookalike(people["deposit"])}


# --- protobuf, as far as a block needs it -----------------------------------------------------------------------------


def varint(number: int) -> bytes:
    """A number in seven-bit groups."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out) + bytes([number])


def of_number(field: int, number: int) -> bytes:
    """A number field; nothing if it is zero, as proto3 has it."""
    return varint(field << 3) + varint(number) if number else b""


def of_bytes(field: int, raw: bytes) -> bytes:
    """A bytes field."""
    return varint(field << 3 | 2) + varint(len(raw)) + raw


RESULTS = {"SUCCESS": 1, "REVERT": 2, "OUT_OF_ENERGY": 10}


def serialised(transaction: dict[str, Any]) -> bytes:
    """A whole ``Transaction``: raw data, signatures, results."""
    raw = of_bytes(1, bytes.fromhex(transaction["raw_data_hex"]))
    raw += b"".join(of_bytes(2, bytes.fromhex(each)) for each in transaction["signature"])
    return raw + b"".join(of_bytes(5, of_number(3, RESULTS[each["contractRet"]])) for each in transaction["ret"])


def root_of(leaves: list[bytes]) -> bytes:
    """The root of TRON's tree: an odd node is carried up as it is."""
    if not leaves:
        return bytes(32)
    while len(leaves) > 1:
        pairs = [leaves[at : at + 2] for at in range(0, len(leaves), 2)]
        leaves = [sha(pair[0] + pair[1]) if len(pair) == 2 else pair[0] for pair in pairs]
    return leaves[0]


def make_block(number: int, parent: str, time: int, transactions: list[dict[str, Any]]) -> dict[str, Any]:
    """A block as the HTTP interface shows it."""
    producer = f"producer_{number % 3 + 1}"
    witness = b"\x41" + twenty_of(address_of_key(key_of(producer)))
    root = root_of([sha(serialised(each)) for each in transactions])
    raw = of_number(1, time) + of_bytes(2, root) + of_bytes(3, bytes.fromhex(parent))
    raw += of_number(7, number) + of_bytes(9, witness) + of_number(10, 32)
    signature = PrivateKey(key_of(producer)).sign_recoverable(sha(raw), hasher=None)
    raw_data = {
        "number": number,
        "txTrieRoot": root.hex(),
        "witness_address": witness.hex(),
        "parentHash": parent,
        "version": 32,
        "timestamp": time,
    }
    block_id = (number.to_bytes(8, "big") + sha(raw)[8:]).hex()
    shown = {"blockID": block_id, "block_header": {"raw_data": raw_data, "witness_signature": signature.hex()}}
    return shown | ({"transactions": transactions} if transactions else {})


# --- transactions -----------------------------------------------------------------------------------------------------


class Builder:
    """Steps in, world out."""

    def __init__(self) -> None:
        self.addresses = directory()
        self.genesis = make_block(0, "00" * 32, FIRST_TIME, [])

    def asked(self, step: Step, height: int, place: int) -> dict[str, Any]:
        """What tronweb is asked for."""
        made = FIRST_TIME + height * BETWEEN_MS - 6_000 + place
        header = {
            "ref_block_bytes": "0000",
            "ref_block_hash": self.genesis["blockID"][16:32],
            "expiration": made + 60_000,
            "timestamp": made,
        }
        return {
            "kind": step.kind,
            "key": key_of(step.by).hex(),
            "arguments": self.arguments(step),
            "header": header,
            "memo": step.memo,
        }

    def arguments(self, step: Step) -> dict[str, Any]:
        """The arguments of one step, names replaced by addresses."""
        args = dict(step.args)
        if step.kind == "call":
            values = [self.addresses.get(value, str(value)) for value in args["values"]]
            kinds = SIGNATURES[args["method"]].partition("(")[2].rstrip(")").split(",")
            parameters = [{"type": kind, "value": value} for kind, value in zip(kinds, values, strict=False) if kind]
            contract = self.addresses[args["contract"]]
            return {
                "contract": contract,
                "signature": SIGNATURES[args["method"]],
                "parameters": parameters,
                "sun": args["sun"],
            }
        if step.kind == "permission":
            keys = [{"address": self.addresses[args["owner"]], "weight": 1}]
            active = {"type": 2, "permission_name": "active", "threshold": 1, "keys": keys}
            active["operations"] = "7fff1fc0033e0300000000000000000000000000000000000000000000000000"
            return {"owner": {"type": 0, "permission_name": "owner", "threshold": 1, "keys": keys}, "active": active}
        if step.kind == "vote":
            return {"votes": {self.addresses[who]: count for who, count in args["votes"].items()}}
        named = {"to" if name == "from" else name: value for name, value in args.items()}
        return {name: self.addresses.get(value, value) for name, value in named.items()}

    def signed(self, blocks: list[list[Step]]) -> list[list[dict[str, Any]]]:
        """The transactions of every block."""
        asked = [
            self.asked(step, height, place)
            for height, steps in enumerate(blocks, 1)
            for place, step in enumerate(steps)
        ]
        run = subprocess.run(
            ["node", str(FOLDER / "tronbuilder.cjs")],
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            check=False,
        )
        if run.returncode:
            raise RuntimeError(run.stderr)
        made = iter(json.loads(run.stdout))
        return [[self.shown(next(made), step) for step in steps] for steps in blocks]

    def shown(self, transaction: dict[str, Any], step: Step) -> dict[str, Any]:
        """A transaction as a node shows it once it is executed."""
        transaction.pop("visible", None)
        transaction["signature"] = [each.lower() for each in transaction["signature"]]
        return {"ret": [{"contractRet": step.result}]} | transaction

    def info(self, step: Step, transaction: dict[str, Any], block: dict[str, Any], state: State) -> dict[str, Any]:
        """What a node reports of the execution."""
        header = block["block_header"]["raw_data"]
        fee = step.energy_fee + step.net_fee + step.other_fee
        receipt: dict[str, Any] = {"energy_fee": step.energy_fee} if step.energy_fee else {}
        receipt |= {"net_fee": step.net_fee} if step.net_fee else {"net_usage": 345}
        found: dict[str, Any] = {"id": transaction["txID"]} | ({"fee": fee} if fee else {})
        found |= {"blockNumber": header["number"], "blockTimeStamp": header["timestamp"], "contractResult": [""]}
        if step.kind == "call":
            contract = self.addresses[step.args["contract"]]
            receipt |= {"energy_usage_total": 64_285, "result": step.result}
            receipt |= {} if step.energy_fee else {"energy_usage": 64_285}
            found |= {"contract_address": "41" + twenty_of(contract).hex()}
        if step.result != "SUCCESS":
            found |= {"result": "FAILED", "resMessage": b"REVERT opcode executed".hex()}
        logs, internals, amounts = state.execute(step, transaction["txID"])
        found |= amounts | ({"log": logs} if logs else {}) | ({"internal_transactions": internals} if internals else {})
        return found | {"receipt": receipt}

    def world(self) -> dict[str, Any]:
        """Everything that the file holds."""
        steps = tronsteps.blocks()
        state = State(self.addresses)
        blocks, infos, balances, names = [self.genesis], {}, [state.copy()], {}
        for number, (planned, signed) in enumerate(zip(steps, self.signed(steps), strict=True), 1):
            time = FIRST_TIME + number * BETWEEN_MS
            block = make_block(number, blocks[-1]["blockID"], time, signed)
            blocks.append(block)
            for step, transaction in zip(planned, signed, strict=True):
                infos[transaction["txID"]] = self.info(step, transaction, block, state)
                names[step.name] = transaction["txID"]
            balances.append(state.copy())
        changes = [
            {key: units for key, units in after.items() if before.get(key) != units}
            for before, after in zip([{}, *balances], balances, strict=False)
        ]
        return {
            "addresses": self.addresses,
            "names": names,
            "blocks": blocks,
            "infos": infos,
            "balances": changes,
            "frozen": state.frozen_at,
        }


class State:
    """Who holds what, from the steps: ``name asset`` to base units. Assets are trx, usdt, fake and TRC-10 ids."""

    def __init__(self, addresses: dict[str, str]) -> None:
        self._addresses = addresses
        self._held: dict[str, int] = {"faucet trx": 10**9 * tronsteps.TRX, f"faucet {tronsteps.TRC10}": 10**6}
        self._blacklist: set[str] = set()
        self.frozen_at: list[dict[str, Any]] = []

    def copy(self) -> dict[str, str]:
        """What is held now, as text, so that no reader makes a float of it."""
        return {key: str(units) for key, units in sorted(self._held.items())}

    def _move(self, asset: str, payer: str | None, payee: str | None, units: int) -> None:
        for who, change in ((payer, -units), (payee, units)):
            if who is not None:
                key = f"{who} {asset}"
                self._held[key] = self._held.get(key, 0) + change
                assert self._held[key] >= 0 or asset == "fake", f"{key} below nothing"

    def execute(self, step: Step, txid: str) -> tuple[list[Any], list[Any], dict[str, Any]]:
        """Move what the step moves; gives logs, internal transactions and further figures."""
        self._move("trx", step.by, None, step.energy_fee + step.net_fee + step.other_fee)
        if step.result != "SUCCESS":
            return [], [], {}
        args = step.args
        if step.kind == "trx":
            self._move("trx", step.by, args["to"], args["sun"])
        elif step.kind == "trc10":
            self._move(args["token"], step.by, args["to"], args["units"])
        elif step.kind == "freeze":
            self._move("trx", step.by, None, args["sun"])
        elif step.kind == "unfreeze":
            return [], [], {"unfreeze_amount": args["sun"]}
        elif step.kind == "call":
            return self._call(step, txid)
        return [], [], {}

    def _call(self, step: Step, txid: str) -> tuple[list[Any], list[Any], dict[str, Any]]:
        args = step.args
        if args["sun"]:
            self._move("trx", step.by, args["contract"], args["sun"])
        internals = []
        for number, inner in enumerate(step.inner):
            if not inner.rejected:
                self._move(inner.token or "trx", args["contract"], inner.to, inner.units)
            value = {"callValue": inner.units} | ({"tokenId": inner.token} if inner.token else {})
            shown = {
                "hash": sha(f"{txid} {number}".encode()).hex(),
                "caller_address": "41" + twenty_of(self._addresses[args["contract"]]).hex(),
                "transferTo_address": "41" + twenty_of(self._addresses[inner.to]).hex(),
                "callValueInfo": [value],
                "note": inner.note.encode().hex(),
            }
            internals.append(shown | ({"rejected": True} if inner.rejected else {}))
        return self._log(step), internals, {}

    def _log(self, step: Step) -> list[Any]:
        method, values, asset = step.args["method"], list(step.args["values"]), step.args["contract"]
        indexed: list[str] = []
        data: list[int] = []
        if method in ("transfer", "transferFrom"):
            payer, payee, units = (step.by, *values) if method == "transfer" else values
            self._move(asset, payer, payee, units)
            event, indexed, data = "Transfer(address,address,uint256)", [payer, payee], [units]
        elif method == "issue":
            self._move(asset, None, step.by, values[0])
            event, data = "Issue(uint256)", values
        elif method == "destroyBlackFunds":
            (who,) = values
            data = [self._held.get(f"{who} {asset}", 0)]
            self._move(asset, who, None, data[0])
            event, indexed = "DestroyedBlackFunds(address,uint256)", [who]
        elif method in ("addBlackList", "removeBlackList"):
            (who,) = values
            is_added = method == "addBlackList"
            (self._blacklist.add if is_added else self._blacklist.discard)(who)
            event, indexed = ("AddedBlackList(address)" if is_added else "RemovedBlackList(address)"), [who]
        else:
            return []
        self.frozen_at.append({"step": step.name, "frozen": sorted(self._blacklist)})
        words = [topic(event), *(twenty_of(self._addresses[who]).hex().rjust(64, "0") for who in indexed)]
        entry = {"address": twenty_of(self._addresses[asset]).hex(), "topics": words}
        return [entry | ({"data": "".join(f"{number:064x}" for number in data)} if data else {})]


if __name__ == "__main__":
    text = json.dumps(Builder().world(), indent=1, sort_keys=True)
    (FOLDER / "tronworld.json").write_text(text + "\n", encoding="utf-8")
