"""The training chain as a node would tell it over JSON-RPC."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.sources.chain import Chain, Coins, RpcRefusal

from cryptotrace.chains.bitcoin.cashtokens import locking_script
from cryptotrace.chains.bitcoin.hashes import hash_bytes
from cryptotrace.chains.bitcoin.merkle import pair
from cryptotrace.chains.bitcoin.wire import encode
from cryptotrace.model.transaction import Outpoint


class Node:
    """Answers Bitcoin Core's JSON-RPC. ``instead`` holds answers by method."""

    def __init__(self, chain: Chain | None = None, *, txindex: bool = True, filters: bool = True) -> None:
        self.chain = Chain() if chain is None else chain
        self.indexes = {"txindex": txindex, "basic block filter index": filters}
        self.instead: dict[str, Callable[[list[Any]], Any]] = {}

    def __call__(self, method: str, parameters: list[Any]) -> Any:
        if method in self.instead:
            return self.instead[method](parameters)
        try:
            told = getattr(self, method)
        except AttributeError:
            raise RpcRefusal(-32601, "Method not found") from None
        return told(*parameters)

    def getindexinfo(self) -> Any:
        return {name: {"synced": True} for name, there in self.indexes.items() if there}

    def getblockhash(self, height: int) -> Any:
        if height >= len(self.chain.blocks):
            raise RpcRefusal(-8, "Block height out of range")
        return self.chain.blocks[height].header.hash

    def getbestblockhash(self) -> Any:
        return self.chain.tip

    def _height(self, block_hash: str) -> int:
        if block_hash not in self.chain.heights:
            raise RpcRefusal(-5, "Block not found")
        return self.chain.heights[block_hash]

    def getblockheader(self, block_hash: str, verbose: bool = True) -> Any:
        height = self._height(block_hash)
        header = self.chain.blocks[height].header
        if not verbose:
            return self.chain.header(height, proof=True)
        return {"height": height, "time": header.time, "confirmations": len(self.chain.blocks) - height}

    def getblock(self, block_hash: str, verbosity: int) -> Any:
        height = self._height(block_hash)
        txids = [tx.txid for tx in self.chain.blocks[height].transactions]
        return {"tx": txids} if verbosity else self.chain.raw[height].hex()

    def getrawtransaction(self, txid: str, verbosity: int, block_hash: str = "") -> Any:
        if txid not in self.chain.txs or not (block_hash or self.indexes["txindex"]):
            raise RpcRefusal(-5, "No such mempool or blockchain transaction")
        tx, (height, _) = self.chain.txs[txid], self.chain.places[txid]
        told: dict[str, Any] = {"hex": encode(tx).hex(), "vin": [{}], "blockhash": self.getblockhash(height)}
        if not tx.is_coinbase:
            spent = [self.chain.output(each.outpoint) for each in tx.inputs]
            told["vin"] = [
                {"prevout": {"value": Coins(o.units), "scriptPubKey": {"hex": o.script.hex()}}} for o in spent
            ]
            told["fee"] = Coins(sum(o.units for o in spent) - sum(o.units for o in tx.outputs))
        return told

    def gettxoutproof(self, txids: list[str], block_hash: str) -> Any:
        height = self._height(block_hash)
        tree = partial_tree([tx.txid for tx in self.chain.blocks[height].transactions], txids[0])
        return self.chain.header(height, proof=True) + tree.hex()

    def gettxout(self, txid: str, vout: int, pool: bool) -> Any:
        outpoint = Outpoint(txid, vout)
        if txid not in self.chain.txs or vout >= len(self.chain.txs[txid].outputs) or outpoint in self.chain.spenders:
            return None
        height = self.chain.places[txid][0]
        return {"bestblock": self.chain.tip, "confirmations": len(self.chain.blocks) - height}

    def gettxspendingprevout(self, outpoints: list[dict[str, Any]]) -> Any:
        return [dict(each) for each in outpoints]

    def getrawmempool(self) -> Any:
        return []

    def scanblocks(self, action: str, wanted: list[str], since: int, until: int) -> Any:
        script = locking_script(bytes.fromhex(wanted[0].removeprefix("raw(").removesuffix(")")), self.chain.network)
        heights = {self.chain.places[txid][0] for txid in self.chain.by_script[script]}
        return {"relevant_blocks": [self.getblockhash(h) for h in sorted(heights) if since <= h <= until]}

    def scantxoutset(self, action: str, wanted: list[str]) -> Any:
        script = locking_script(bytes.fromhex(wanted[0].removeprefix("raw(").removesuffix(")")), self.chain.network)
        units = self.chain.unspent(script)
        return {"height": len(self.chain.blocks) - 1, "bestblock": self.chain.tip, "total_amount": Coins(units)}


def partial_tree(txids: list[str], wanted: str) -> bytes:
    """What follows the header in ``gettxoutproof``: the tree cut down to one transaction (BIP 37)."""
    levels = [[hash_bytes(txid) for txid in txids]]
    while len(levels[-1]) > 1:
        row = levels[-1]
        levels.append([pair(row[n], row[min(n + 1, len(row) - 1)]) for n in range(0, len(row), 2)])
    bits: list[int] = []
    hashes: list[bytes] = []

    def walk(height: int, place: int) -> None:
        matches = place == txids.index(wanted) >> height
        bits.append(int(matches))
        if height == 0 or not matches:
            hashes.append(levels[height][place])
            return
        walk(height - 1, 2 * place)
        if 2 * place + 1 < len(levels[height - 1]):
            walk(height - 1, 2 * place + 1)

    walk(len(levels) - 1, 0)
    flags = sum(bit << n for n, bit in enumerate(bits)).to_bytes((len(bits) + 7) // 8, "little")
    head = len(txids).to_bytes(4, "little") + bytes([len(hashes)])
    return head + b"".join(hashes) + bytes([len(flags)]) + flags
