"""A small explorer for tests with Etherscan's and Blockscout's interfaces, over a world of blocks as a node tells them.

It has the shapes and limits of the documents - numbers as text, ``NOTOK``, at most 10,000 rows of one question - and
knows nothing of the library. It can be busy, want a key, cap its pages and lie, as ``Manners`` says.

Source: Etherscan API documentation, V2; Blockscout API documentation, RPC and ETH RPC.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Json = dict[str, Any]
WINDOW = 10_000
TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"


@dataclass
class Internal:
    """An internal call."""

    txid: str
    height: int
    caller: str
    callee: str
    value: int
    kind: str
    trace: tuple[int, ...]
    failed: bool = False


@dataclass
class ExplorerWorld:
    """Blocks with their transactions, and what an explorer's index adds. Everything as a node tells it."""

    chain_id: int
    blocks: dict[int, Json] = field(default_factory=dict)
    """By height, with whole transactions."""
    receipts: dict[str, Json] = field(default_factory=dict)
    """By txid with 0x."""
    internals: list[Internal] = field(default_factory=list)
    """In chain order."""
    extra: dict[str, list[Json]] = field(default_factory=dict)
    """Rows of a list that are told as they are: action -> rows in chain order."""
    call: Callable[[str, str, str], str | None] = lambda to, data, tag: "0x"
    """Answers eth_call; None for a revert."""
    balance: Callable[[str, int], int] = lambda address, height: 0
    """Wei of an account at the end of a block."""
    token_balance: Callable[[str, str, int], int] = lambda contract, address, height: 0
    """Base units of a token."""

    @property
    def top(self) -> int:
        return max(self.blocks)

    def transactions(self) -> Iterator[tuple[Json, Json, Json]]:
        """Block, transaction and receipt of each, in chain order."""
        for height in sorted(self.blocks):
            for tx in self.blocks[height]["transactions"]:
                yield self.blocks[height], tx, self.receipts[tx["hash"]]


@dataclass
class Manners:
    """How the server behaves."""

    page: int = WINDOW
    """Most rows that it gives at once, whatever is asked for."""
    log_page: int = 1000
    """The same for events."""
    window: int = WINDOW
    """Rows of one question that can be reached."""
    busy: int = 0
    """So many of the next questions are refused for their rate."""
    key: str = ""
    """The key that it wants; empty for none."""
    tip: int | None = None
    """Height of the newest block; None for the newest there is."""
    grows: int = 0
    """By how many blocks the tip grows each time it is asked for."""
    no_actions: frozenset[str] = frozenset()
    """Actions that cost money."""
    still_indexing: bool = False
    """Blockscout: internal calls are not indexed to the end."""
    change: Callable[[str, Json], Json] | None = None
    """Takes the action (or method) and the answer, gives the answer that is sent."""


class Refused(Exception):
    """The server says no in its own words."""


class Answers:
    """Answers questions about a world."""

    def __init__(self, world: ExplorerWorld, flavour: str, manners: Manners | None = None) -> None:
        self.world = world
        self.flavour = flavour
        self.manners = manners or Manners()
        self.asked: list[dict[str, str]] = []

    def get(self, query: str) -> Json:
        asked = {name: values[-1] for name, values in parse_qs(query, keep_blank_values=True).items()}
        self.asked.append(asked)
        action = asked.get("action", "")
        answer = self._answer(asked, action)
        return answer if self.manners.change is None else self.manners.change(action, answer)

    def _answer(self, asked: dict[str, str], action: str) -> Json:
        manners = self.manners
        if manners.busy:
            manners.busy -= 1
            return _no("Max calls per sec rate limit reached (3/sec)")
        if manners.key and asked.get("apikey") != manners.key:
            return _no(f"Invalid API Key (#err2)|{asked.get('apikey', '')}")
        if self.flavour == "etherscan" and asked.get("chainid") != str(self.world.chain_id):
            return _no("Missing or unsupported chainid parameter (required for v2 api)")
        if action in manners.no_actions:
            return _no(f"Sorry, it looks like you are trying to access an API Pro endpoint ({action})")
        give = getattr(self, f"_{asked.get('module', '')}", None)
        if give is None or (self.flavour == "blockscout" and asked["module"] == "proxy"):
            return _no("Error! Missing Or invalid Module name" if self.flavour == "etherscan" else "Unknown module")
        try:
            answer: Json = give(asked, action)
        except Refused as error:
            return _no(str(error))
        return answer

    @property
    def top(self) -> int:
        return self.world.top if self.manners.tip is None else self.manners.tip

    # --- account ------------------------------------------------------------------------------------------------------

    def _account(self, asked: dict[str, str], action: str) -> Json:
        if action in ("balance", "balancehistory"):
            return _yes(str(self.world.balance(asked["address"].lower(), int(asked.get("blockno", self.top)))))
        if action in ("tokenbalance", "tokenbalancehistory"):
            height = int(asked.get("blockno", self.top))
            held = self.world.token_balance(asked["contractaddress"].lower(), asked["address"].lower(), height)
            return _yes(str(held))
        lists: dict[str, Callable[[dict[str, str]], list[Json]]] = {
            "txlist": self._txlist,
            "txlistinternal": self._internals,
            "tokentx": lambda a: self._transfers(a, 3),
            "tokennfttx": lambda a: self._transfers(a, 4),
            "token1155tx": lambda a: [],
            "txsBeaconWithdrawal": self._withdrawals,
            "getminedblocks": self._mined,
        }
        if action not in lists or (self.flavour == "blockscout" and action == "txsBeaconWithdrawal"):
            raise Refused("Error! Missing Or invalid Action name" if self.flavour == "etherscan" else "Unknown action")
        rows = lists[action](asked) + [
            row
            for row in self.world.extra.get(action, [])
            if asked.get("address", "").lower() in (row.get("from"), row.get("to"), row.get("address"))
        ]
        rows.sort(key=lambda row: int(row["blockNumber"]))
        return self._page(rows, asked, action)

    def _page(self, rows: list[Json], asked: dict[str, str], action: str) -> Json:
        first, last = int(asked.get("startblock", 0)), int(asked.get("endblock", 10**9))
        rows = [row for row in rows if first <= int(row["blockNumber"]) <= min(last, self.top)]
        page, offset = int(asked.get("page", 1)), int(asked.get("offset", WINDOW))
        if page * offset > self.manners.window:
            raise Refused("Result window is too large, PageNo x Offset size must be less than or equal to 10000")
        rows = rows[(page - 1) * offset : page * offset][: self.manners.page]
        if rows:
            partial = self.flavour == "blockscout" and self.manners.still_indexing and action == "txlistinternal"
            said = "Some internal transactions within this block range have not yet been processed"
            return {"status": "2", "message": said, "result": rows} if partial else _yes(rows)
        what = {"txlistinternal": "internal transactions", "tokentx": "token transfers"}.get(action, "transactions")
        return _none("No transactions found" if self.flavour == "etherscan" else f"No {what} found")

    def _txlist(self, asked: dict[str, str]) -> list[Json]:
        address, rows = asked["address"].lower(), []
        for block, tx, receipt in self.world.transactions():
            created = receipt.get("contractAddress") or ""
            if address in (tx["from"].lower(), (tx["to"] or "").lower(), created.lower()):
                rows.append(
                    {
                        "blockNumber": str(int(block["number"], 16)),
                        "blockHash": block["hash"],
                        "timeStamp": str(int(block["timestamp"], 16)),
                        "hash": tx["hash"],
                        "nonce": str(int(tx["nonce"], 16)),
                        "transactionIndex": str(int(tx["transactionIndex"], 16)),
                        "from": tx["from"].lower(),
                        "to": (tx["to"] or "").lower(),
                        "value": str(int(tx["value"], 16)),
                        "gas": str(int(tx["gas"], 16)),
                        "gasPrice": str(int(tx.get("gasPrice", "0x0"), 16)),
                        "input": tx["input"],
                        "isError": str(1 - int(receipt["status"], 16)),
                        "txreceipt_status": str(int(receipt["status"], 16)),
                        "contractAddress": created.lower(),
                        "gasUsed": str(int(receipt["gasUsed"], 16)),
                        "cumulativeGasUsed": str(int(receipt["cumulativeGasUsed"], 16)),
                        "confirmations": str(self.top - int(block["number"], 16) + 1 + len(self.asked)),
                    }
                )
        return rows

    def _internals(self, asked: dict[str, str]) -> list[Json]:
        by_hash, address = asked.get("txhash", "").lower(), asked.get("address", "").lower()
        rows = []
        for number, each in enumerate(self.world.internals, 1):
            if by_hash not in ("", each.txid) or (address and address not in (each.caller, each.callee)):
                continue
            created = each.kind.startswith("create")
            row = {
                "blockNumber": str(each.height),
                "timeStamp": str(int(self.world.blocks[each.height]["timestamp"], 16)),
                "from": each.caller,
                "to": "" if created else each.callee,
                "contractAddress": each.callee if created else "",
                "value": str(each.value),
                "input": "",
                "type": each.kind,
                "gas": "2300",
                "gasUsed": "0",
                "isError": str(int(each.failed)),
                "errCode": "Reverted" if each.failed else "",
            }
            if self.flavour == "blockscout":
                row |= {"transactionHash": each.txid, "index": str(number)}
                is_call = each.kind in ("call", "delegatecall", "callcode", "staticcall")
                row |= {"type": "call", "callType": each.kind} if is_call else {"callType": ""}
            elif not by_hash:
                row |= {"hash": each.txid, "traceId": "_".join(map(str, each.trace))}
            rows.append(row)
        return rows

    def _transfers(self, asked: dict[str, str], topics: int) -> list[Json]:
        address, contract, rows = asked["address"].lower(), asked.get("contractaddress", "").lower(), []
        for block, tx, receipt in self.world.transactions():
            for log in receipt["logs"]:
                if log["topics"][:1] != [TRANSFER] or len(log["topics"]) != topics:
                    continue
                payer, payee = (f"0x{topic[-40:]}".lower() for topic in log["topics"][1:3])
                if contract not in ("", log["address"].lower()) or address not in (payer, payee):
                    continue
                rows.append(
                    {
                        "blockNumber": str(int(block["number"], 16)),
                        "timeStamp": str(int(block["timestamp"], 16)),
                        "hash": tx["hash"],
                        "transactionIndex": str(int(tx["transactionIndex"], 16)),
                        "from": payer,
                        "to": payee,
                        "contractAddress": log["address"].lower(),
                        "tokenSymbol": "T",
                        "tokenDecimal": "6",
                        "confirmations": str(self.top + len(self.asked)),
                    }
                    | (
                        {"value": str(int(log["data"], 16))}
                        if topics == 3
                        else {"tokenID": str(int(log["topics"][3], 16))}
                    )
                )
        return rows

    def _withdrawals(self, asked: dict[str, str]) -> list[Json]:
        return [
            {
                "withdrawalIndex": str(int(row["index"], 16)),
                "validatorIndex": str(int(row["validatorIndex"], 16)),
                "address": row["address"].lower(),
                "amount": str(int(row["amount"], 16)),
                "blockNumber": str(height),
                "timestamp": str(int(block["timestamp"], 16)),
            }
            for height, block in sorted(self.world.blocks.items())
            for row in block.get("withdrawals") or ()
            if row["address"].lower() == asked["address"].lower()
        ]

    def _mined(self, asked: dict[str, str]) -> list[Json]:
        return [
            {"blockNumber": str(height), "timeStamp": str(int(block["timestamp"], 16)), "blockReward": "1"}
            for height, block in sorted(self.world.blocks.items())
            if block["miner"].lower() == asked["address"].lower()
        ]

    # --- logs, block, proxy -------------------------------------------------------------------------------------------

    def _logs(self, asked: dict[str, str], action: str) -> Json:
        first, last = int(asked["fromBlock"]), int(asked["toBlock"])
        rows: list[Json] = []
        for block, tx, receipt in self.world.transactions():
            if not first <= int(block["number"], 16) <= min(last, self.top):
                continue
            for log in receipt["logs"]:
                wanted = {n: asked[f"topic{n}"] for n in range(4) if f"topic{n}" in asked}
                if log["address"].lower() != asked["address"].lower():
                    continue
                if any(n >= len(log["topics"]) or log["topics"][n] != topic for n, topic in wanted.items()):
                    continue
                rows.append(self._log_row(block, tx, log))
        rows += [r for r in self.world.extra.get("getLogs", []) if first <= int(r["blockNumber"], 16) <= last]
        rows.sort(key=lambda row: int(row["blockNumber"], 16))
        if self.flavour == "etherscan":
            page, offset = int(asked.get("page", 1)), min(int(asked.get("offset", 1000)), 1000)
            if page * offset > self.manners.window:
                raise Refused("Result window is too large, PageNo x Offset size must be less than or equal to 10000")
            rows = rows[(page - 1) * offset : page * offset]
        rows = rows[: self.manners.log_page]
        return _yes(rows) if rows else _none("No records found" if self.flavour == "etherscan" else "No logs found")

    def _log_row(self, block: Json, tx: Json, log: Json) -> Json:
        def plain(text: str) -> str:
            return "0x" if int(text, 16) == 0 else hex(int(text, 16))

        topics = list(log["topics"])
        row = {
            "address": log["address"].lower(),
            "topics": topics,
            "data": log["data"],
            "blockNumber": plain(block["number"]),
            "timeStamp": plain(block["timestamp"]),
            "gasPrice": "0x1",
            "gasUsed": "0x1",
            "logIndex": plain(log["logIndex"]),
            "transactionHash": tx["hash"],
            "transactionIndex": plain(tx["transactionIndex"]),
        }
        if self.flavour == "blockscout":
            return row | {"topics": [*topics, *[None] * (4 - len(topics))]}
        return row | {"blockHash": block["hash"]}

    def _block(self, asked: dict[str, str], action: str) -> Json:
        before = [h for h, b in self.world.blocks.items() if int(b["timestamp"], 16) <= int(asked["timestamp"])]
        if not before:
            raise Refused("Error! No closest block found")
        return _yes(str(max(before)) if self.flavour == "etherscan" else {"blockNumber": str(max(before))})

    def _proxy(self, asked: dict[str, str], action: str) -> Json:
        if action == "eth_call":
            return self.rpc(action, [{"to": asked["to"], "data": asked["data"]}, asked["tag"]])
        if action == "eth_getBlockByNumber":
            return self.rpc(action, [asked["tag"], asked["boolean"] == "true"])
        names = {"eth_getTransactionCount": ("address", "tag"), "eth_blockNumber": ()}.get(action, ("txhash",))
        if action not in ("eth_getTransactionCount", "eth_blockNumber") and "txhash" not in asked:
            raise Refused("Error! Missing Or invalid Action name")
        return self.rpc(action, [asked[name] for name in names])

    def rpc(self, method: str, params: list[Any]) -> Json:
        """The answer of JSON-RPC."""
        if method == "eth_call":
            found = self.world.call(params[0]["to"].lower(), params[0]["data"], params[1])
            if found is None:
                error = {"code": 3, "message": "execution reverted", "data": "0x"}
                return {"jsonrpc": "2.0", "id": 1, "error": error}
            return {"jsonrpc": "2.0", "id": 1, "result": found}
        return {"jsonrpc": "2.0", "id": 1, "result": self._result(method, params)}

    def _result(self, method: str, params: list[Any]) -> Any:
        if method == "eth_blockNumber":
            top = self.top
            if self.manners.grows:
                self.manners.tip = top + self.manners.grows
            return hex(top)
        if method == "eth_chainId":
            return hex(self.world.chain_id)
        if method == "eth_getBlockByNumber":
            block = self.world.blocks.get(int(params[0], 16))
            if block is None or int(params[0], 16) > self.top or params[1]:
                return block
            return block | {"transactions": [tx["hash"] for tx in block["transactions"]]}
        if method == "eth_getTransactionReceipt":
            return self.world.receipts.get(params[0])
        if method == "eth_getTransactionByHash":
            return next((tx for _, tx, _ in self.world.transactions() if tx["hash"] == params[0]), None)
        sent = [tx for _, tx, _ in self.world.transactions() if tx["from"].lower() == params[0].lower()]
        if method == "eth_getTransactionCount":
            return hex(int(sent[-1]["nonce"], 16) + 1 if sent else 0)
        assert method == "eth_getBalance", method
        return hex(self.world.balance(params[0].lower(), int(params[1], 16)))


def _yes(result: Any) -> Json:
    return {"status": "1", "message": "OK", "result": result}


def _no(text: str) -> Json:
    return {"status": "0", "message": "NOTOK", "result": text}


def _none(text: str) -> Json:
    return {"status": "0", "message": text, "result": []}


class EtherscanServer:
    """A running server."""

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        self.received: list[str] = []
        """Every request line as it arrived, keys and all."""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1

            def do_GET(self) -> None:
                outer.received.append(self.path)
                parts = urlsplit(self.path)
                self._send(answers.get(parts.query) if parts.path == "/api" else _no("not here"))

            def do_POST(self) -> None:
                outer.received.append(self.path)
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                answer = answers.rpc(asked["method"], asked["params"])
                if answers.manners.change is not None:
                    answer = answers.manners.change(asked["method"], answer)
                self._send(answer)

            def _send(self, answer: Json) -> None:
                body = json.dumps(answer).encode()
                self.send_response(200)
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
        port = self._server.server_address[1]
        return f"{self.answers.flavour}:http://127.0.0.1:{port}/api?retries=1&rate=0"

    def stop(self) -> None:
        """End it."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@contextmanager
def etherscan_server(
    world: ExplorerWorld, flavour: str = "etherscan", manners: Manners | None = None
) -> Iterator[EtherscanServer]:
    """A server over a world."""
    server = EtherscanServer(Answers(world, flavour, manners))
    try:
        yield server
    finally:
        server.stop()
