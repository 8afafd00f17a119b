"""The training chain as an explorer and an Electrum server would tell it, in their own shapes.

The figures come from the blocks' bytes. A test takes the place of single answers to make a server that lies.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cached_property
from hashlib import sha256
from typing import Any

from tests import training_chain
from tests.sources.servers import Asked, HttpScript, LineScript, Reply

from cryptotrace.chains.bitcoin.cashtokens import locking_script
from cryptotrace.chains.bitcoin.merkle import merkle_branch
from cryptotrace.chains.bitcoin.network import BitcoinNetwork
from cryptotrace.chains.bitcoin.script import account_of_script
from cryptotrace.chains.bitcoin.wire import (
    WireTransaction,
    decode_block,
    encode,
    encode_header,
)
from cryptotrace.model.transaction import Outpoint

REGTEST = training_chain.REGTEST
_COIN = 100_000_000


class Chain:
    """What can be asked about the training chain, and ``more`` blocks on top of it, looked up by hand."""

    def __init__(
        self,
        height: int | None = None,
        more: Sequence[bytes] = (),
        *,
        network: BitcoinNetwork = REGTEST,
        raw: Sequence[bytes] | None = None,
    ) -> None:
        self.network = network
        held = training_chain.blocks()[: None if height is None else height + 1] if raw is None else raw
        self.raw = [*held, *more]
        self.blocks = [decode_block(raw, network) for raw in self.raw]
        self.heights = {block.header.hash: height for height, block in enumerate(self.blocks)}
        self.places: dict[str, tuple[int, int]] = {}
        self.txs: dict[str, WireTransaction] = {}
        self.spenders: dict[Outpoint, tuple[str, int]] = {}
        for height, block in enumerate(self.blocks):
            for index, tx in enumerate(block.transactions):
                self.places[tx.txid] = (height, index)
                self.txs[tx.txid] = tx
                if not tx.is_coinbase:
                    self.spenders |= {each.outpoint: (tx.txid, vin) for vin, each in enumerate(tx.inputs)}

    @property
    def tip(self) -> str:
        return self.blocks[-1].header.hash

    def address(self, script: bytes) -> str:
        return account_of_script(script, self.network).address

    def header(self, height: int, *, proof: bool = False) -> str:
        """The header in hex; with ``proof`` also what stands behind a merge-mined one."""
        header = self.blocks[height].header
        behind = header.auxpow.raw if proof and header.auxpow is not None else b""
        return (encode_header(header) + behind).hex()

    def scripts_of(self, txid: str) -> set[bytes]:
        tx = self.txs[txid]
        spent = set() if tx.is_coinbase else {self.output(each.outpoint).script for each in tx.inputs}
        return {locking_script(each, self.network) for each in spent | {output.script for output in tx.outputs}}

    def output(self, outpoint: Outpoint) -> Any:
        return self.txs[outpoint.txid].outputs[outpoint.vout]

    @cached_property
    def by_script(self) -> dict[bytes, list[str]]:
        """Txids that touch each script, oldest first."""
        found: dict[bytes, list[str]] = {}
        for txid in sorted(self.txs, key=self.places.__getitem__):
            for script in self.scripts_of(txid):
                found.setdefault(script, []).append(txid)
        return found

    def branch(self, txid: str) -> tuple[int, tuple[str, ...]]:
        height, index = self.places[txid]
        return index, merkle_branch([tx.txid for tx in self.blocks[height].transactions], index)

    def unspent(self, script: bytes) -> int:
        created = [
            (Outpoint(txid, n), o)
            for txid, tx in self.txs.items()
            for n, o in enumerate(tx.outputs)
            if locking_script(o.script, self.network) == script
        ]
        return sum(output.units for outpoint, output in created if outpoint not in self.spenders)


# --- Esplora ----------------------------------------------------------------------------------------------------------


class Explorer:
    """Answers Esplora's paths. ``instead`` holds answers that take the place of the true ones."""

    page = 25

    def __init__(self, chain: Chain | None = None) -> None:
        self.chain = Chain() if chain is None else chain
        self.instead: dict[str, Any] = {}

    def __call__(self, asked: Asked) -> Reply:
        if asked.path in self.instead:
            told = self.instead[asked.path]
            if isinstance(told, Reply):
                return told
            return Reply(told.encode() if isinstance(told, str) else told)
        try:
            told = self.tell(asked.path.strip("/").split("/"))
        except (LookupError, ValueError, StopIteration):
            return Reply(b"not found", 404)
        return Reply(told.encode() if isinstance(told, str) else told if isinstance(told, bytes) else as_json(told))

    def tell(self, parts: list[str]) -> Any:
        chain = self.chain
        match parts:
            case ["block-height", height]:
                return chain.blocks[int(height)].header.hash
            case ["blocks", "tip", "hash"]:
                return chain.tip
            case ["block", block_hash]:
                return {"id": block_hash, "height": chain.heights[block_hash]}
            case ["block", block_hash, "raw"]:
                return chain.raw[chain.heights[block_hash]]
            case ["block", block_hash, "header"]:
                return chain.header(chain.heights[block_hash])
            case ["tx", txid]:
                return self.transaction(txid)
            case ["tx", txid, "hex"]:
                return encode(chain.txs[txid]).hex()
            case ["tx", txid, "outspends"]:
                return [self.outspend(Outpoint(txid, n)) for n in range(len(chain.txs[txid].outputs))]
            case ["tx", txid, "merkle-proof"]:
                index, branch = chain.branch(txid)
                return {"block_height": chain.places[txid][0], "pos": index, "merkle": list(branch)}
            case ["address", address, *rest]:
                script = next(s for s in chain.by_script if chain.address(s) == address)
                return self.about_script(script, rest)
            case ["scripthash", digest, *rest]:
                script = next(s for s in chain.by_script if sha256(s).hexdigest() == digest)
                return self.about_script(script, rest)
        raise LookupError(parts)

    def transaction(self, txid: str) -> dict[str, Any]:
        tx = self.chain.txs[txid]
        spent = {} if tx.is_coinbase else {each.outpoint: self.chain.output(each.outpoint) for each in tx.inputs}
        fee = sum(o.units for o in spent.values()) - sum(o.units for o in tx.outputs)
        return {
            "txid": txid,
            "version": tx.version,
            "locktime": tx.locktime,
            "vin": [
                {
                    "txid": each.outpoint.txid,
                    "vout": each.outpoint.vout,
                    "prevout": None if tx.is_coinbase else self.shown(spent[each.outpoint]),
                    "scriptsig": each.script_sig.hex(),
                    "witness": [item.hex() for item in each.witness],
                    "is_coinbase": tx.is_coinbase,
                    "sequence": each.sequence,
                }
                for each in tx.inputs
            ],
            "vout": [self.shown(output) for output in tx.outputs],
            "size": tx.size,
            "weight": tx.weight,
            "fee": 0 if tx.is_coinbase else fee,
            "status": self.status(txid),
        }

    def shown(self, output: Any) -> dict[str, Any]:
        account = account_of_script(output.script, self.chain.network)
        told: dict[str, Any] = {"scriptpubkey": output.script.hex(), "value": output.units}
        if not account.is_script_digest:
            told["scriptpubkey_address"] = account.address
        return told

    def status(self, txid: str) -> dict[str, Any]:
        height, _ = self.chain.places[txid]
        header = self.chain.blocks[height].header
        return {"confirmed": True, "block_height": height, "block_hash": header.hash, "block_time": header.time}

    def outspend(self, outpoint: Outpoint) -> dict[str, Any]:
        if outpoint not in self.chain.spenders:
            return {"spent": False}
        txid, vin = self.chain.spenders[outpoint]
        return {"spent": True, "txid": txid, "vin": vin, "status": self.status(txid)}

    def about_script(self, script: bytes, rest: list[str]) -> Any:
        txids = self.chain.by_script[script][::-1]
        match rest:
            case []:
                units = self.chain.unspent(script)
                stats = {"tx_count": len(txids), "funded_txo_sum": units, "spent_txo_sum": 0}
                return {"chain_stats": stats, "mempool_stats": {"tx_count": 0}}
            case ["txs", "mempool"]:
                return []
            case ["txs", "chain", *last]:
                start = txids.index(last[0]) + 1 if last else 0
                return [self.transaction(txid) for txid in txids[start : start + self.page]]
        raise LookupError(rest)


# --- JSON-RPC ---------------------------------------------------------------------------------------------------------


class RpcRefusal(Exception):
    """An error object of JSON-RPC."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def rpc_script(tell: Callable[[str, list[Any]], Any]) -> HttpScript:
    """A node that answers batches by asking ``tell`` for each question."""

    def one(question: dict[str, Any]) -> dict[str, Any]:
        try:
            return {"result": tell(question["method"], question["params"]), "error": None, "id": question["id"]}
        except RpcRefusal as error:
            told = {"code": error.code, "message": str(error)}
            return {"result": None, "error": told, "id": question["id"]}

    def script(asked: Asked) -> Reply:
        if asked.method != "POST":
            return Reply(b"JSONRPC server handles only POST requests", 405)
        return Reply(as_json([one(question) for question in json.loads(asked.body)]))

    return script


def line_script(tell: Callable[[str, list[Any]], Any]) -> LineScript:
    """A server of lines that answers each line by asking ``tell``."""

    def script(asked: dict[str, Any]) -> list[bytes]:
        try:
            answer = {"jsonrpc": "2.0", "id": asked["id"], "result": tell(asked["method"], asked["params"])}
        except RpcRefusal as error:
            answer = {"jsonrpc": "2.0", "id": asked["id"], "error": {"code": error.code, "message": str(error)}}
        return [as_json(answer) + b"\n"]

    return script


class Electrum:
    """Answers the Electrum protocol. ``instead`` holds answers by method."""

    def __init__(self, chain: Chain | None = None) -> None:
        self.chain = Chain() if chain is None else chain
        self.instead: dict[str, Callable[[list[Any]], Any]] = {}

    def __call__(self, method: str, parameters: list[Any]) -> Any:
        if method in self.instead:
            return self.instead[method](parameters)
        chain = self.chain
        match method, parameters:
            case "server.version", _:
                return ["a test", "1.4"]
            case "blockchain.headers.subscribe", _:
                return {"height": len(chain.blocks) - 1, "hex": chain.header(len(chain.blocks) - 1, proof=True)}
            case "blockchain.block.header", [height] if height < len(chain.blocks):
                return chain.header(height, proof=True)
            case "blockchain.transaction.get", [txid, False] if txid in chain.txs:
                return encode(chain.txs[txid]).hex()
            case "blockchain.transaction.get_merkle", [txid, height]:
                index, branch = chain.branch(txid)
                return {"block_height": height, "pos": index, "merkle": list(branch)}
            case "blockchain.scripthash.get_history", [key]:
                return [{"tx_hash": t, "height": chain.places[t][0]} for t in chain.by_script[self.script(key)]]
            case "blockchain.scripthash.get_balance", [key]:
                return {"confirmed": chain.unspent(self.script(key)), "unconfirmed": 0}
        raise RpcRefusal(1, f"no answer to {method}")

    def script(self, key: str) -> bytes:
        return next(script for script in self.chain.by_script if sha256(script).digest()[::-1].hex() == key)


class Coins:
    """An amount that is written into JSON as a node writes it: whole coins with eight digits after the point."""

    def __init__(self, units: int) -> None:
        self.text = f"{units // _COIN}.{units % _COIN:08d}"


def as_json(value: Any) -> bytes:
    """JSON as a server writes it; ``Coins`` are numbers with a point, exactly."""
    marks: dict[str, str] = {}

    def mark(each: Any) -> str:
        key = f"@coins-{len(marks)}@"
        marks[f'"{key}"'] = each.text
        return key

    text = json.dumps(value, default=mark)
    for key, number in marks.items():
        text = text.replace(key, number)
    return text.encode()
