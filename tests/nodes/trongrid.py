"""A small TronGrid for tests: the v1 interface, the HTTP interface of a node, and its eth-style one, over ``tronworld``.

It has the shapes and limits of the documents and knows nothing of the library. It can lie, be busy, cut answers and
forget rows, as ``Manners`` says.

Source: TronGrid API document; java-tron's HTTP and JSON-RPC API documents.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import base58
from Crypto.Hash import keccak
from tests.nodes.tronworld import TronWorld

Json = dict[str, Any]
#: Most rows of a page, and most blocks of a question about logs.
PAGE, BLOCK_RANGE = 200, 5000
_PARTIES = ("owner_address", "to_address", "contract_address", "receiver_address", "account_address")
_EVENTS = {
    "Transfer": ("address indexed from", "address indexed to", "uint256 value"),
    "Issue": ("uint256 amount",),
    "AddedBlackList": ("address indexed _user",),
    "RemovedBlackList": ("address indexed _user",),
    "DestroyedBlackFunds": ("address indexed _blackListedUser", "uint256 _balance"),
}


class Refused(Exception):
    """The server answers with an error of its own."""

    def __init__(self, status: int, body: Json) -> None:
        super().__init__(str(body))
        self.status = status
        self.body = body


@dataclass(slots=True)
class Manners:
    """How the server behaves."""

    page: int = PAGE
    """Most rows that it gives at once."""
    window: int = 10**9
    """How many rows can be reached by fingerprints before it refuses."""
    has_index: bool = True
    """False: a plain node without the v1 interface."""
    tip: int | None = None
    """Height of the newest solidified block; None for the newest one."""
    moves: int = 0
    """By how many blocks the tip moves each time that it is asked for."""
    busy: int = 0
    """So many of the next questions are answered with 429."""
    refuse: int = 0
    """The HTTP status with which everything is refused; 0 for nothing."""
    loop: bool = False
    """True: the fingerprint of every page leads to the same page."""
    forgetful: bool = False
    """True: no page names the next one."""
    omit: set[str] = field(default_factory=set)
    """Txids that listings leave out."""
    block_range: int = BLOCK_RANGE
    """Most blocks that one question about logs may span."""
    change: Callable[[str, bytes], bytes] | None = None
    """Takes path and answer, gives the answer that is sent."""


def _topic(text: str) -> str:
    return str(keccak.new(digest_bits=256, data=text.encode()).hexdigest())


def _signature(name: str) -> str:
    return f"{name}({','.join(part.split()[0] for part in _EVENTS[name])})"


_TOPICS = {_topic(_signature(name)): name for name in _EVENTS}


def _hex21(address: str) -> str:
    """An address in base58 or hex as 21 bytes in hex."""
    if address.startswith("T"):
        return str(base58.b58decode_check(address).hex())
    return address if address.startswith("41") else "41" + address.removeprefix("0x")


def _base58(hexed: str) -> str:
    return str(base58.b58encode_check(bytes.fromhex(hexed)).decode())


class Answers:
    """Answers questions about the world."""

    def __init__(self, world: TronWorld, manners: Manners) -> None:
        self.world = world
        self.manners = manners
        self._names = {_hex21(address): name for name, address in world.addresses.items()}

    @property
    def tip(self) -> int:
        """Height of the newest solidified block."""
        return self.world.height if self.manners.tip is None else min(self.manners.tip, self.world.height)

    # --- the node's HTTP interface --------------------------------------------------------------------------------

    def node(self, method: str, ask: Json) -> Any:
        """``/wallet/...`` and ``/walletsolidity/...``."""
        give: dict[str, Callable[[Json], Any]] = {
            "getnowblock": self._now,
            "getblock": self._header,
            "getblockbynum": lambda ask: self._block(int(ask.get("num", 0))),
            "getblockbylimitnext": self._range,
            "gettransactionbyid": lambda ask: self._known(ask, lambda found: found[0]),
            "gettransactioninfobyid": lambda ask: self._known(ask, lambda found: self.world.infos[found[0]["txID"]]),
            "gettransactioninfobyblocknum": lambda ask: self._infos(int(ask["num"])),
            "getaccount": self._account,
            "triggerconstantcontract": self._constant,
        }
        if method not in give:
            raise Refused(404, {"Error": "no such method"})
        return give[method](ask)

    def _now(self, ask: Json) -> Json:
        block = self._block(self.tip)
        if self.manners.moves and self.manners.tip is not None:
            self.manners.tip += self.manners.moves
        return block

    def _block(self, number: int) -> Json:
        return self.world.blocks[number] if 0 <= number <= self.world.height else {}

    def _header(self, ask: Json) -> Json:
        block = self._block(int(ask["id_or_num"])) if ask.get("id_or_num") else self._now(ask)
        is_whole = ask.get("detail") in (True, "true")
        return block if is_whole else {key: value for key, value in block.items() if key != "transactions"}

    def _range(self, ask: Json) -> Json:
        first, end = int(ask["startNum"]), int(ask["endNum"])
        if not 0 < end - first <= 100:
            raise Refused(200, {"Error": "class java.lang.Exception : invalid range"})
        return {"block": self.world.blocks[first:end]}

    def _known(self, ask: Json, give: Callable[[tuple[Json, int, int]], Json]) -> Json:
        if not re.fullmatch(r"(?:[0-9a-fA-F]{2})*", ask["value"]):
            problem = "class org.tron.core.services.http.JsonFormat$ParseException : 1:10: INVALID hex String"
            raise Refused(200, {"Error": problem})
        found = self.world.transactions.get(ask["value"])
        return {} if found is None else give(found)

    def _infos(self, number: int) -> list[Json]:
        return [self.world.infos[each["txID"]] for each in self._block(number).get("transactions", [])]

    def _account(self, ask: Json) -> Json:
        hexed = _hex21(ask["address"])
        name = self._names.get(hexed, "")
        if not name or (name == "lookalike"):
            return {}
        shown: Json = {"address": hexed} | (
            {"balance": sun} if (sun := self.world.balance(name, "trx", self.tip)) else {}
        )
        held = self.world.balance(name, "1000001", self.tip)
        return shown | ({"assetV2": [{"key": "1000001", "value": held}]} if held else {})

    def call(self, contract: str, data: bytes) -> bytes | None:
        """What a contract answers; None for a revert.

        Raises:
            KeyError: there is no such contract.
        """
        name = self._names[_hex21(contract)]
        if name not in ("usdt", "fake", "splitter"):
            raise KeyError(name)
        selector, words = data[:4].hex(), [data[at : at + 32] for at in range(4, len(data), 32)]
        asked = {_topic(text)[:8]: text for text in _METHODS}.get(selector)
        if asked is None or name == "splitter":
            return None
        who = self._names.get("41" + words[0][-20:].hex(), "") if words else ""
        return _METHODS[asked](self, name, who)

    def _constant(self, ask: Json) -> Json:
        data = bytes.fromhex(ask.get("data") or _topic(ask["function_selector"])[:8] + ask.get("parameter", ""))
        try:
            returned = self.call(ask["contract_address"], data)
        except KeyError:
            return {"result": {"code": "CONTRACT_VALIDATE_ERROR", "message": b"Smart contract is not exist.".hex()}}
        if returned is None:
            failed = {"ret": [{"ret": "FAILED"}]}
            return {
                "result": {"result": True, "message": b"REVERT opcode executed".hex()},
                "energy_used": 300,
                "constant_result": [""],
                "transaction": failed,
            }
        return {
            "result": {"result": True},
            "energy_used": 935,
            "constant_result": [returned.hex()],
            "transaction": {"ret": [{}]},
        }

    # --- the v1 interface -----------------------------------------------------------------------------------------

    def index(self, path: str, query: dict[str, str]) -> Json:
        """``/v1/...``."""
        if not self.manners.has_index:
            raise Refused(404, {"Error": "no such path"})
        match = re.fullmatch(r"/v1/(accounts|contracts)/([^/]+)/(.+)", path)
        if match is None:
            raise Refused(404, {"success": False, "error": "not found", "statusCode": 404})
        try:
            hexed = _hex21(match[2])
        except ValueError:
            raise Refused(
                400, {"success": False, "error": "A valid account address is required.", "statusCode": 400}
            ) from None
        give = {
            "accounts/transactions": self._transactions,
            "accounts/transactions/trc20": self._trc20,
            "accounts/internal-transactions": self._internal,
            "contracts/events": self._events,
        }[f"{match[1]}/{match[3]}"]
        return self._page(path, query, list(give(hexed, query)))

    def _page(self, path: str, query: dict[str, str], rows: list[Json]) -> Json:
        low = int(query.get("min_timestamp", query.get("min_block_timestamp", 0)))
        high = int(query.get("max_timestamp", query.get("max_block_timestamp", 10**15)))
        rows = [row for row in rows if low <= row["block_timestamp"] <= high]
        rows = [
            row
            for row in rows
            if (row.get("txID") or row.get("transaction_id") or row["tx_id"]) not in self.manners.omit
        ]
        if query.get("order_by") != "block_timestamp,asc":
            rows.reverse()
        most = min(int(query.get("limit", 20)), self.manners.page, PAGE)
        start = int(base58.b58decode(query["fingerprint"]).decode().partition("|")[0]) if "fingerprint" in query else 0
        if start >= self.manners.window:
            raise Refused(
                400, {"success": False, "error": "the fingerprint is beyond the result window", "statusCode": 400}
            )
        page, following = rows[start : start + most], start + most
        meta: Json = {"at": 1_772_400_000_000, "page_size": len(page)}
        if following < len(rows) and not self.manners.forgetful:
            if self.manners.loop:
                following = start or most
            mark = base58.b58encode(f"{following}|{path}".encode()).decode()
            meta |= {"fingerprint": mark, "links": {"next": f"http://trongrid.example{path}?fingerprint={mark}"}}
        return {"data": page, "success": True, "meta": meta}

    def _each(self) -> Iterator[tuple[Json, Json]]:
        for height in range(self.tip + 1):
            for transaction in self.world.blocks[height].get("transactions", []):
                yield transaction, self.world.infos[transaction["txID"]]

    def _transactions(self, hexed: str, query: dict[str, str]) -> Iterator[Json]:
        for transaction, info in self._each():
            value = transaction["raw_data"]["contract"][0]["parameter"]["value"]
            if hexed in {value.get(party) for party in _PARTIES}:
                receipt = info["receipt"]
                figures = {
                    name: receipt.get(name, 0)
                    for name in ("net_usage", "net_fee", "energy_usage", "energy_fee", "energy_usage_total")
                }
                ret = [{**transaction["ret"][0], "fee": info.get("fee", 0)}]
                yield (
                    transaction
                    | figures
                    | {
                        "ret": ret,
                        "blockNumber": info["blockNumber"],
                        "block_timestamp": info["blockTimeStamp"],
                        "internal_transactions": [],
                    }
                )
            if query.get("search_internal") != "false":
                yield from self._inner(hexed, info)

    def _inner(self, hexed: str, info: Json) -> Iterator[Json]:
        for inner in info.get("internal_transactions", []):
            if hexed in (inner["caller_address"], inner["transferTo_address"]):
                (value,) = inner["callValueInfo"]
                data = {
                    "note": inner["note"],
                    "rejected": inner.get("rejected", False),
                    "call_value": {value.get("tokenId", "_"): value["callValue"]},
                }
                yield {
                    "internal_tx_id": inner["hash"],
                    "data": data,
                    "block_timestamp": info["blockTimeStamp"],
                    "tx_id": info["id"],
                    "from_address": inner["caller_address"],
                    "to_address": inner["transferTo_address"],
                }

    def _internal(self, hexed: str, query: dict[str, str]) -> Iterator[Json]:
        for _, info in self._each():
            yield from self._inner(hexed, info)

    def _logs(self) -> Iterator[tuple[Json, Json, int, str]]:
        for _, info in self._each():
            for place, log in enumerate(info.get("log", [])):
                yield info, log, place, _TOPICS[log["topics"][0]]

    def _trc20(self, hexed: str, query: dict[str, str]) -> Iterator[Json]:
        for info, log, _, event in self._logs():
            contract = "41" + log["address"]
            wanted = query.get("contract_address", "")
            if event != "Transfer" or (wanted and _hex21(wanted) != contract):
                continue
            payer, payee = ("41" + word[-40:] for word in log["topics"][1:])
            if hexed in (payer, payee):
                token = {"symbol": "USDT", "address": _base58(contract), "decimals": 6, "name": "Tether USD"}
                yield {
                    "transaction_id": info["id"],
                    "token_info": token,
                    "block_timestamp": info["blockTimeStamp"],
                    "from": _base58(payer),
                    "to": _base58(payee),
                    "type": "Transfer",
                    "value": str(int(log["data"], 16)),
                }

    def _events(self, hexed: str, query: dict[str, str]) -> Iterator[Json]:
        for info, log, place, event in self._logs():
            wrong_name = query.get("event_name", event) != event
            wrong_block = "block_number" in query and int(query["block_number"]) != info["blockNumber"]
            if "41" + log["address"] != hexed or wrong_name or wrong_block:
                continue
            words, data = iter(log["topics"][1:]), log.get("data", "")
            values = [next(words) if "indexed" in part else data[:64] for part in _EVENTS[event]]
            shown = [
                "0x" + word[-40:] if part.startswith("address") else str(int(word, 16))
                for part, word in zip(_EVENTS[event], values, strict=True)
            ]
            result = {str(number): value for number, value in enumerate(shown)}
            result |= {part.split()[-1]: value for part, value in zip(_EVENTS[event], shown, strict=True)}
            contract = _base58(hexed)
            yield {
                "block_number": info["blockNumber"],
                "block_timestamp": info["blockTimeStamp"],
                "caller_contract_address": contract,
                "contract_address": contract,
                "event_index": place,
                "event_name": event,
                "result": result,
                "result_type": {part.split()[-1]: part.split()[0] for part in _EVENTS[event]},
                "event": f"{event}({', '.join(_EVENTS[event])})",
                "transaction_id": info["id"],
            }

    # --- the eth-style interface ------------------------------------------------------------------------------------

    def eth(self, ask: Json) -> Json:
        """One call."""
        give: dict[str, Callable[..., Any]] = {
            "eth_chainId": lambda: "0x" + self.world.blocks[0]["blockID"][-8:],
            "eth_blockNumber": lambda: hex(self.world.height),
            "eth_getBlockByNumber": self._eth_block,
            "eth_getTransactionByHash": self._eth_transaction,
            "eth_getTransactionReceipt": self._eth_receipt,
            "eth_getLogs": self._eth_logs,
            "eth_call": self._eth_call,
            "eth_getBalance": self._eth_balance,
        }
        shown = {"jsonrpc": "2.0", "id": ask["id"]}
        if ask["method"] not in give:
            return shown | {"error": {"code": -32601, "message": "method not found", "data": "{}"}}
        try:
            return shown | {"result": give[ask["method"]](*ask["params"])}
        except Refused as refused:
            return shown | {"error": refused.body}

    def _eth_block(self, tag: str, whole: bool) -> Json | None:
        known = {"latest": self.world.height, "finalized": self.tip, "earliest": 0}
        number = known[tag] if tag in known else int(tag, 16)
        block = self._block(number)
        if tag == "finalized" and self.manners.moves and self.manners.tip is not None:
            self.manners.tip += self.manners.moves
        if not block:
            return None
        raw = block["block_header"]["raw_data"]
        hashes = ["0x" + each["txID"] for each in block.get("transactions", [])]
        return {
            "number": hex(number),
            "hash": "0x" + block["blockID"],
            "parentHash": "0x" + raw["parentHash"],
            "timestamp": hex(raw["timestamp"] // 1000),
            "transactions": hashes,
        }

    def _place(self, txid: str) -> tuple[Json, Json, int]:
        transaction, height, index = self.world.transactions[txid]
        place = {
            "blockHash": "0x" + self.world.blocks[height]["blockID"],
            "blockNumber": hex(height),
            "transactionIndex": hex(index),
        }
        value = transaction["raw_data"]["contract"][0]["parameter"]["value"]
        to = value.get("to_address") or value.get("contract_address") or value.get("receiver_address")
        amount = value.get("amount", value.get("call_value", value.get("balance", value.get("frozen_balance", 0))))
        return (
            place | {"from": "0x" + value["owner_address"][2:], "to": "0x" + to[2:] if to else None},
            transaction,
            amount,
        )

    def _eth_transaction(self, txid: str) -> Json | None:
        if txid.removeprefix("0x") not in self.world.transactions:
            return None
        place, transaction, amount = self._place(txid.removeprefix("0x"))
        memo = transaction["raw_data"].get("data", "")
        return place | {
            "hash": "0x" + transaction["txID"],
            "gas": "0x0",
            "gasPrice": "0xd2",
            "input": "0x" + memo,
            "nonce": None,
            "type": "0x0",
            "value": hex(amount),
        }

    def _eth_receipt(self, txid: str) -> Json | None:
        if txid.removeprefix("0x") not in self.world.transactions:
            return None
        place, transaction, _ = self._place(txid.removeprefix("0x"))
        info = self.world.infos[transaction["txID"]]
        logs = [shown for shown in self._eth_all_logs() if shown["transactionHash"] == "0x" + transaction["txID"]]
        energy = info["receipt"].get("energy_usage_total", 0)
        return place | {
            "transactionHash": "0x" + transaction["txID"],
            "status": "0x0" if info.get("result") == "FAILED" else "0x1",
            "logs": logs,
            "gasUsed": hex(energy),
            "effectiveGasPrice": "0xd2",
            "contractAddress": None,
        }

    def _eth_all_logs(self) -> Iterator[Json]:
        number, height = 0, -1
        for _, info in self._each():
            number, height = (number if info["blockNumber"] == height else 0), info["blockNumber"]
            for log in info.get("log", []):
                place, _, _ = self._place(info["id"])
                shared = {name: place[name] for name in ("blockHash", "blockNumber", "transactionIndex")}
                topics = ["0x" + word for word in log["topics"]]
                yield shared | {
                    "address": "0x" + log["address"],
                    "topics": topics,
                    "data": "0x" + log.get("data", ""),
                    "transactionHash": "0x" + info["id"],
                    "logIndex": hex(number),
                    "removed": False,
                }
                number += 1

    def _eth_logs(self, ask: Json) -> list[Json]:
        first, last = int(ask["fromBlock"], 16), int(ask["toBlock"], 16)
        if last - first > self.manners.block_range:
            raise Refused(
                200, {"code": -32602, "message": f"exceed max block range: {self.manners.block_range}", "data": "{}"}
            )
        wanted = ask.get("topics", [])
        return [
            log
            for log in self._eth_all_logs()
            if first <= int(log["blockNumber"], 16) <= last
            and log["address"] == ask["address"].lower()
            and log["transactionHash"][2:] not in self.manners.omit
            and len(log["topics"]) >= len(wanted)
            and all(asked is None or asked == given for asked, given in zip(wanted, log["topics"], strict=False))
        ]

    def _latest(self, tag: str) -> None:
        if tag != "latest":
            raise Refused(
                200, {"code": -32602, "message": "QUANTITY not supported, just support TAG as latest", "data": "{}"}
            )

    def _eth_call(self, ask: Json, tag: str) -> str:
        self._latest(tag)
        try:
            returned = self.call(ask["to"], bytes.fromhex(ask["data"][2:]))
        except KeyError:
            return "0x"
        if returned is None:
            raise Refused(200, {"code": -32000, "message": "REVERT opcode executed", "data": "0x"})
        return "0x" + returned.hex()

    def _eth_balance(self, address: str, tag: str) -> str:
        self._latest(tag)
        name = self._names.get(_hex21(address), "")
        return hex(self.world.balance(name, "trx", self.tip))


def _number(units: int) -> bytes:
    return units.to_bytes(32, "big")


def _text(text: str) -> bytes:
    return _number(32) + _number(len(text)) + text.encode().ljust(32, b"\0")


_METHODS: dict[str, Callable[[Answers, str, str], bytes | None]] = {
    "balanceOf(address)": lambda a, token, who: _number(a.world.balance(who, token, a.tip)),
    "isBlackListed(address)": lambda a, token, who: _number(a.world.is_frozen(who, a.tip)) if token == "usdt" else None,
    "decimals()": lambda a, token, who: _number(6),
    "symbol()": lambda a, token, who: _text("USDT"),
    "name()": lambda a, token, who: _text("Tether USD"),
    "owner()": lambda a, token, who: bytes(12) + bytes.fromhex(_hex21(a.world.addresses["issuer"])[2:]),
}


class TronGrid:
    """A running server; ``asked`` holds every request that arrived, as ``GET /path?query`` or ``POST /path body``."""

    def __init__(self, world: TronWorld, manners: Manners) -> None:
        self.world = world
        self.manners = manners
        self.answers = Answers(world, manners)
        self.asked: list[str] = []
        self.url = ""

    @property
    def spec(self) -> str:
        """How it is named to the library."""
        return f"{'trongrid' if self.manners.has_index else 'fullnode'}:{self.url}?retries=1"

    def reply(self, verb: str, target: str, body: bytes) -> tuple[int, bytes, dict[str, str]]:
        """Status, body and headers of an answer."""
        self.asked.append(f"{verb} {target} {body.decode()}".strip())
        if self.manners.busy:
            self.manners.busy -= 1
            refused = {
                "Success": False,
                "Error": "The key exceeds the frequency limit(15), and the query server is suspended for 1s",
            }
            return 429, json.dumps(refused).encode(), {"Retry-After": "1"}
        if self.manners.refuse:
            return self.manners.refuse, b'{"Error": "refused"}', {}
        parts = urlsplit(target)
        query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        try:
            given, status = self._given(parts.path, query, body), 200
        except Refused as refused:
            given, status = refused.body, refused.status
        raw = json.dumps(given).encode()
        return status, raw if self.manners.change is None else self.manners.change(target, raw), {}

    def _given(self, path: str, query: dict[str, str], body: bytes) -> Any:
        if path == "/jsonrpc":
            return self.answers.eth(json.loads(body))
        if path.startswith("/v1/"):
            return self.answers.index(path, query)
        match = re.fullmatch(r"/wallet(?:solidity)?/(\w+)", path)
        if match is None:
            raise Refused(404, {"Error": "no such path"})
        return self.answers.node(match[1], json.loads(body) if body else dict(query))


@contextmanager
def trongrid(world: TronWorld, manners: Manners | None = None) -> Iterator[TronGrid]:
    """Run the server for as long as the block lasts."""
    state = TronGrid(world, Manners() if manners is None else manners)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # head and body are two writes: the second one would wait for the first

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, raw, headers = state.reply(self.command, self.path, body)
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", "Content-Length": str(len(raw)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw)

        do_GET = _answer  # noqa: N815 - the names that http.server looks for
        do_POST = _answer  # noqa: N815

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
