"""A real Bitcoin node in regtest, in a folder of its own that is gone afterwards."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import secrets
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.nodes.parts import bitcoind_program, fast_folder
from tests.nodes.process import Server, free_port

#: Blocks that pay to nobody in particular: a script that anyone can spend.
FILLER = "raw(51)"


class RpcError(Exception):
    """The node refused a call."""


class Bitcoind:
    """A running node. Call it like a function: ``node("getblock", block_hash, 2)``."""

    def __init__(self, program: str, folder: Path, options: Sequence[str]) -> None:
        self.folder = folder
        self.port = free_port()
        self._auth = f"tests:{secrets.token_hex(16)}"
        user, _, password = self._auth.partition(":")
        salt = secrets.token_hex(8)
        digest = hmac.new(salt.encode(), password.encode(), hashlib.sha256).hexdigest()
        fixed = [
            "-regtest",
            f"-datadir={folder}",
            f"-rpcport={self.port}",
            f"-rpcauth={user}:{salt}${digest}",  # beside the cookie that the node makes itself
            "-listen=0",
            "-dnsseed=0",
            "-fallbackfee=0.0001",
            "-keypool=10",
            "-rpcworkqueue=200",
            "-rpcthreads=8",
        ]
        self._server = Server([program, *fixed, *options], folder / "output.txt")
        self._server.wait_for(self._answers, "bitcoind")

    @property
    def cookie(self) -> Path:
        """The file in which the node keeps a user and a password for programs on its machine."""
        return self.folder / "regtest" / ".cookie"

    @property
    def spec(self) -> str:
        """How the node is named to the library."""
        return f"rpc:http://127.0.0.1:{self.port}?cookie={self.cookie}&retries=1"

    @property
    def url(self) -> str:
        """Address with user and password, for an Electrum server beside it."""
        return f"http://{self._auth}@127.0.0.1:{self.port}/"

    @property
    def blocks(self) -> Path:
        """The folder with blk*.dat."""
        return self.folder / "regtest" / "blocks"

    def __call__(self, method: str, *params: Any, wallet: str = "") -> Any:
        """The result of one call; numbers with a point are ``Decimal``."""
        (answer,) = self._post([{"id": 0, "method": method, "params": params}], wallet)
        if answer["error"]:
            raise RpcError(f"{method}{params!r:.300}: {answer['error']}")
        return answer["result"]

    def many(self, method: str, rows: Iterable[Sequence[Any]]) -> list[Any]:
        """One result for each row of parameters; a refused one is None."""
        questions = [{"id": n, "method": method, "params": row} for n, row in enumerate(rows)]
        answers = self._post(questions, "") if questions else []
        return [each["result"] for each in sorted(answers, key=lambda each: int(each["id"]))]

    def mine(self, count: int = 1, descriptor: str = FILLER) -> list[str]:
        """Mine blocks whose reward goes to a descriptor or an address; gives their hashes."""
        method = "generatetodescriptor" if "(" in descriptor else "generatetoaddress"
        hashes: list[str] = self(method, count, descriptor)
        return hashes

    def address(self, wallet: str, kind: str = "bech32") -> str:
        """A new address of a wallet."""
        return str(self("getnewaddress", "", kind, wallet=wallet))

    def send(
        self,
        wallet: str,
        inputs: Sequence[tuple[str, int]],
        outputs: Sequence[tuple[str, str]],
        sequence: int = 2**32 - 3,
    ) -> str:
        """Send a transaction with exactly these inputs and outputs (``data`` with hex digits is an OP_RETURN)."""
        spent = [{"txid": txid, "vout": vout, "sequence": sequence} for txid, vout in inputs]
        raw = self("createrawtransaction", spent, [{to: amount} for to, amount in outputs])
        signed = self("signrawtransactionwithwallet", raw, wallet=wallet)
        return str(self("sendrawtransaction", signed["hex"], 0))

    def pay(self, wallet: str, address: str, amount: str) -> tuple[str, int]:
        """An ordinary payment by a wallet; where the paid output is."""
        txid = str(self("sendtoaddress", address, amount, wallet=wallet))
        outputs = self("getrawtransaction", txid, 2)["vout"]
        return txid, next(o["n"] for o in outputs if o["scriptPubKey"].get("address") == address)

    def stop(self) -> None:
        """End the node and wait until it has ended."""
        with suppress(OSError, http.client.HTTPException, RpcError):
            self("stop")
        self._server.stop()

    def _answers(self) -> bool:
        try:
            self("getblockcount")
        except (OSError, RpcError, http.client.HTTPException):
            return False
        return self.cookie.is_file()

    def _post(self, questions: list[dict[str, Any]], wallet: str) -> list[Any]:
        body = json.dumps(questions, default=str).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            headers = {"Authorization": "Basic " + b64encode(self._auth.encode()).decode()}
            connection.request("POST", f"/wallet/{wallet}" if wallet else "/", body, headers)
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        if not text.startswith("["):
            raise RpcError(f"HTTP {response.status}: {text[:300]}")
        answers: list[Any] = json.loads(text, parse_float=Decimal)
        return answers


@contextmanager
def bitcoind(*options: str) -> Iterator[Bitcoind]:
    """A new node, with more options such as ``-txindex=1``."""
    program = bitcoind_program()
    with fast_folder() as folder:
        node = Bitcoind(program, Path(folder), options)
        try:
            yield node
        finally:
            node.stop()


def copy_chain(source: Bitcoind, target: Bitcoind) -> None:
    """Give another node every block and every unconfirmed transaction of the first."""
    heights = range(int(target("getblockcount")) + 1, int(source("getblockcount")) + 1)
    hashes = source.many("getblockhash", [(height,) for height in heights])
    refused = [said for said in target.many("submitblock", [(raw,) for raw in raw_blocks(source, hashes)]) if said]
    assert not refused, f"a block was refused: {refused[:3]}"
    pool = source("getrawmempool", True)
    order = sorted(pool, key=lambda txid: int(pool[txid]["ancestorcount"]))
    target.many("sendrawtransaction", [(raw, 0) for raw in source.many("getrawtransaction", [(t,) for t in order])])
    assert set(target("getrawmempool")) == set(pool)


def raw_blocks(node: Bitcoind, hashes: Sequence[str]) -> list[str]:
    """The bytes of blocks in hex."""
    return node.many("getblock", [(block_hash, 0) for block_hash in hashes])
