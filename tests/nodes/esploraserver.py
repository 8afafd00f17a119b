"""A small Esplora server for tests: every answer is made from what a real node says at that moment.

It has the paths that the library asks for, in the shapes of Esplora's API document. Like the real one it looks at the
node by itself and knows nothing of the library.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.nodes.bitcoind import Bitcoind
from tests.nodes.truth import NodeReader, SeenOutput, SeenTransaction, Truth

from cryptotrace.model.identity import Account
from cryptotrace.model.transaction import Outpoint

#: Confirmed transactions on one page of an address, as Esplora has it.
PAGE = 25


class NotHere(Exception):
    """What was asked for does not exist."""


class Answers:
    """Answers questions about a node's chain."""

    def __init__(self, node: Bitcoind) -> None:
        self._node = node
        self._reader = NodeReader(node)
        self._key: object = None
        self._lock = threading.Lock()
        self._truth: Truth | None = None
        self.asked: list[str] = []
        """Every path that was asked for."""

    def truth(self) -> Truth:
        """The chain now; read anew only if the node has moved on."""
        with self._lock:
            key = (self._node("getbestblockhash"), sorted(self._node("getrawmempool")))
            if self._truth is None or key != self._key:
                self._truth, self._key = self._reader.read(), key
            return self._truth

    def answer(self, path: str) -> bytes:
        """The body of the answer.

        Raises:
            NotHere: there is no such thing.
        """
        self.asked.append(path)
        for form, give in _ROUTES:
            match = re.fullmatch(form, path)
            if match is not None:
                return give(self, *match.groups())
        raise NotHere(f"no such path: {path}")

    # --- blocks -------------------------------------------------------------------------------------------------------

    def hash_at(self, height: str) -> bytes:
        truth = self.truth()
        if int(height) > truth.tip.height:
            raise NotHere("Block not found")
        return truth.blocks[int(height)][0].hash.encode()

    def tip_hash(self) -> bytes:
        return self.truth().tip.hash.encode()

    def block(self, block_hash: str) -> bytes:
        (said,) = self._node.many(
            "getblockheader", [(block_hash,)]
        )  # knows blocks of stale branches too, as Esplora does
        if said is None:
            raise NotHere("Block not found")
        figures = {"id": block_hash, "height": said["height"], "timestamp": said["time"], "tx_count": said["nTx"]}
        return json.dumps(figures | {"merkle_root": said["merkleroot"]}).encode()

    def raw_block(self, block_hash: str) -> bytes:
        (raw,) = self._node.many("getblock", [(block_hash, 0)])
        if raw is None:
            raise NotHere("Block not found")
        return bytes.fromhex(raw)

    def header(self, block_hash: str) -> bytes:
        return self.raw_block(block_hash)[:80].hex().encode()

    # --- transactions -------------------------------------------------------------------------------------------------

    def _seen(self, txid: str) -> tuple[Truth, SeenTransaction]:
        truth = self.truth()
        if txid not in truth.transactions:
            raise NotHere("Transaction not found")
        return truth, truth.transactions[txid]

    def transaction(self, txid: str) -> bytes:
        truth, seen = self._seen(txid)
        return json.dumps(explorer_json(seen, truth)).encode()

    def raw_transaction(self, txid: str) -> bytes:
        return self._seen(txid)[1].raw.hex().encode()

    def outspends(self, txid: str) -> bytes:
        truth, seen = self._seen(txid)
        return json.dumps(outspends_json(seen, truth)).encode()

    def merkle_proof(self, txid: str) -> bytes:
        truth, seen = self._seen(txid)
        if seen.block is None:
            raise NotHere("Transaction not found or is unconfirmed")
        proof = {"block_height": seen.block.height, "merkle": truth.branch(txid), "pos": seen.index}
        return json.dumps(proof).encode()

    # --- addresses ----------------------------------------------------------------------------------------------------

    def _touching(self, kind: str, name: str) -> tuple[Truth, Account | None, list[str]]:
        truth = self.truth()
        for account, txids in truth.histories.items():
            script_hash = hashlib.sha256(_script_of(truth, account)).hexdigest() if kind == "scripthash" else ""
            if name in (account.address, script_hash):
                return truth, account, txids
        return truth, None, []

    def address(self, kind: str, name: str) -> bytes:
        truth, account, _ = self._touching(kind, name)
        stats = {"chain_stats": _stats(truth, account, confirmed=True), "address": name}
        return json.dumps(stats | {"mempool_stats": _stats(truth, account, confirmed=False)}).encode()

    def pool_of(self, kind: str, name: str) -> bytes:
        truth, _, txids = self._touching(kind, name)
        pool = [truth.transactions[t] for t in txids if truth.transactions[t].block is None]
        return json.dumps([explorer_json(tx, truth) for tx in pool[:50]]).encode()

    def page_of(self, kind: str, name: str, last: str | None) -> bytes:
        truth, _, txids = self._touching(kind, name)
        confirmed = [t for t in reversed(txids) if truth.transactions[t].block is not None]
        start = 0 if last is None else confirmed.index(last) + 1
        page = confirmed[start : start + PAGE]
        return json.dumps([explorer_json(truth.transactions[t], truth) for t in page]).encode()


_HASH = "([0-9a-f]{64})"
_WHOSE = r"(address|scripthash)/([A-Za-z0-9.-]+)"
_ROUTES: tuple[tuple[str, Callable[..., bytes]], ...] = (
    (r"/block-height/(\d+)", Answers.hash_at),
    ("/blocks/tip/hash", Answers.tip_hash),
    (f"/block/{_HASH}", Answers.block),
    (f"/block/{_HASH}/raw", Answers.raw_block),
    (f"/block/{_HASH}/header", Answers.header),
    (f"/tx/{_HASH}", Answers.transaction),
    (f"/tx/{_HASH}/hex", Answers.raw_transaction),
    (f"/tx/{_HASH}/outspends", Answers.outspends),
    (f"/tx/{_HASH}/merkle-proof", Answers.merkle_proof),
    (f"/{_WHOSE}", Answers.address),
    (f"/{_WHOSE}/txs/mempool", Answers.pool_of),
    (f"/{_WHOSE}/txs/chain(?:/{_HASH})?", Answers.page_of),
)


# --- the shapes -------------------------------------------------------------------------------------------------------


def explorer_json(seen: SeenTransaction, truth: Truth) -> dict[str, Any]:
    """A transaction as Esplora shows it."""
    spent = [] if seen.is_coinbase else [truth.spent_output(each.outpoint) for each in seen.inputs]
    inputs = [
        {
            "txid": each.outpoint.txid,
            "vout": each.outpoint.vout,
            "prevout": None if seen.is_coinbase else _output_json(spent[n]),
            "scriptsig": each.script.hex(),
            "is_coinbase": seen.is_coinbase,
            "sequence": each.sequence,
        }
        | ({"witness": [item.hex() for item in each.witness]} if each.witness else {})
        for n, each in enumerate(seen.inputs)
    ]
    fee = 0 if seen.is_coinbase else sum(o.units for o in spent) - sum(o.units for o in seen.outputs)
    return {
        "txid": seen.txid,
        "version": seen.version,
        "locktime": seen.locktime,
        "vin": inputs,
        "vout": [_output_json(output) for output in seen.outputs],
        "size": len(seen.raw),
        "weight": seen.weight,
        "fee": fee,
        "status": _status_json(seen),
    }


def outspends_json(seen: SeenTransaction, truth: Truth) -> list[dict[str, Any]]:
    """Who spends each of its outputs, as Esplora shows it."""
    rows: list[dict[str, Any]] = []
    for vout in range(len(seen.outputs)):
        spend = truth.spenders.get(Outpoint(seen.txid, vout))
        if spend is None:
            rows.append({"spent": False})
        else:
            status = _status_json(truth.transactions[spend.txid])
            rows.append({"spent": True, "txid": spend.txid, "vin": spend.vin, "status": status})
    return rows


def _output_json(output: SeenOutput) -> dict[str, Any]:
    shown: dict[str, Any] = {"scriptpubkey": output.script.hex(), "value": output.units}
    if not output.account.is_script_digest:
        shown["scriptpubkey_address"] = output.account.address
    return shown


def _status_json(seen: SeenTransaction) -> dict[str, Any]:
    block = seen.block
    if block is None:
        return {"confirmed": False}
    return {"confirmed": True, "block_height": block.height, "block_hash": block.hash, "block_time": block.time}


def _script_of(truth: Truth, account: Account) -> bytes:
    tx = truth.transactions[truth.histories[account][0]]
    return next(output.script for output in tx.outputs if output.account == account)


def _stats(truth: Truth, account: Account | None, *, confirmed: bool) -> dict[str, int]:
    names = ("tx_count", "funded_txo_count", "funded_txo_sum", "spent_txo_count", "spent_txo_sum")
    stats = dict.fromkeys(names, 0)
    for txid in truth.histories.get(account, ()) if account is not None else ():
        tx = truth.transactions[txid]
        if (tx.block is not None) is not confirmed:
            continue
        stats["tx_count"] += 1
        spent = [] if tx.is_coinbase else [truth.spent_output(each.outpoint) for each in tx.inputs]
        for kind, outputs in (("funded", tx.outputs), ("spent", spent)):
            mine = [output.units for output in outputs if output.account == account]
            stats[f"{kind}_txo_count"] += len(mine)
            stats[f"{kind}_txo_sum"] += sum(mine)
    return stats


# --- the server -------------------------------------------------------------------------------------------------------


class EsploraServer:
    """A running server."""

    def __init__(self, node: Bitcoind) -> None:
        answers = self.answers = Answers(node)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one piece: two small ones would wait for each other

            def do_GET(self) -> None:
                try:
                    status, body = 200, answers.answer(self.path)
                except NotHere as error:
                    status, body = 404, str(error).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that is overridden
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    @property
    def spec(self) -> str:
        """How the server is named to the library."""
        return f"esplora:http://127.0.0.1:{self._server.server_address[1]}?retries=1"

    def stop(self) -> None:
        """End it."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@contextmanager
def esplora_server(node: Bitcoind) -> Iterator[EsploraServer]:
    """A server that answers from a node."""
    server = EsploraServer(node)
    try:
        yield server
    finally:
        server.stop()
