"""A real EVM node (anvil) in a process of its own, with accounts that it signs for."""

from __future__ import annotations

import http.client
import itertools
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.nodes.parts import anvil_program, fast_folder
from tests.nodes.process import Server, free_port
from tests.nodes.solidity import Contract

from cryptotrace.chains.evm.address import canonical_address

#: What each of the node's own accounts holds in the genesis block.
GENESIS_UNITS = 10_000 * 10**18
#: The phrase that the keys of the node's own accounts come from: the one that development chains use, worth nothing.
PHRASE = "test test test test test test test test test test test junk"
#: When its genesis block says that it was made: 2024-01-01 UTC.
GENESIS_TIME = 1_704_067_200


class AnvilError(Exception):
    """The node refused a call."""


class Anvil:
    """A running node. Call it like a function: ``node("eth_getBlockByNumber", "latest", False)``.

    A block is made when ``mine`` is called, and by ``do`` for its transaction; each is twelve seconds later than the last.
    """

    def __init__(self, program: str, folder: Path, options: Sequence[str]) -> None:
        self.port = free_port()
        self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        self._ids = itertools.count()
        fixed = ["--port", str(self.port), "--no-mining", "--order", "fifo", "--quiet", "--accounts", "12"]
        self.socket = folder / "node.ipc"
        fixed += ["--mnemonic", PHRASE, "--timestamp", str(GENESIS_TIME), "--ipc", str(self.socket)]
        environment = {"HOME": str(folder), "PATH": "/usr/bin:/bin", "NO_COLOR": "1"}
        self._server = Server([program, *fixed, *options], folder / "output.txt", environment)
        self._server.wait_for(self._answers, "anvil")
        self("anvil_setBlockTimestampInterval", 12)
        self.accounts = [canonical_address(str(each)) for each in self("eth_accounts")]

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def spec(self) -> str:
        """How the node is named to the library."""
        return f"rpc:{self.url}?retries=1&tip=latest"

    def __call__(self, method: str, *params: Any) -> Any:
        """The result of one call."""
        (answer,) = self.many([(method, list(params))])
        return answer

    def many(self, questions: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """The results of many calls in one request, in order."""
        rows = [{"jsonrpc": "2.0", "id": next(self._ids), "method": m, "params": list(p)} for m, p in questions]
        if not rows:
            return []
        body = json.dumps(rows).encode()
        try:
            self._connection.request("POST", "/", body, {"Content-Type": "application/json"})
            answers = json.loads(self._connection.getresponse().read())
        except BaseException:
            self._connection.close()
            raise
        by_id = {each["id"]: each for each in answers}
        for row in rows:
            if "error" in by_id[row["id"]]:
                raise AnvilError(f"{row['method']}{row['params']!r:.300}: {by_id[row['id']]['error']}")
        return [by_id[row["id"]]["result"] for row in rows]

    # --- blocks -------------------------------------------------------------------------------------------------------

    def height(self) -> int:
        """Height of the newest block."""
        return int(self("eth_blockNumber"), 16)

    def mine(self, count: int = 1) -> None:
        """Make blocks, of what waits."""
        for _ in range(count):
            self("evm_mine")

    def reorganise(self, depth: int) -> None:
        """Take so many blocks back and put as many empty ones in their place."""
        self("anvil_reorg", depth, [])

    # --- transactions -------------------------------------------------------------------------------------------------

    def submit(self, sender: str, to: str | None, data: bytes = b"", value: int = 0, **more: Any) -> str:
        """Hand in a transaction of an account that the node signs for; gives its hash. It waits for a block."""
        row: dict[str, Any] = {"from": sender, "value": hex(value), "gas": hex(3_000_000)}
        if "gasPrice" not in more:
            row |= {"maxFeePerGas": hex(20 * 10**9), "maxPriorityFeePerGas": hex(10**9)}
        if to is not None:
            row["to"] = to
        if data:
            row["data"] = "0x" + data.hex()
        return str(self("eth_sendTransaction", row | more))

    def do(self, sender: str, to: str | None, data: bytes = b"", value: int = 0, **more: Any) -> dict[str, Any]:
        """``submit``, a block, and the receipt."""
        txid = self.submit(sender, to, data, value, **more)
        self.mine()
        receipt: dict[str, Any] = self("eth_getTransactionReceipt", txid)
        assert receipt is not None, f"{txid} is in no block"
        return receipt

    def deploy(self, sender: str, contract: Contract, *arguments: Any, value: int = 0) -> str:
        """Put a contract on the chain; gives its address."""
        receipt = self.do(sender, None, contract.creation(*arguments), value)
        assert receipt["status"] == "0x1", f"{contract.name} was not created"
        return canonical_address(str(receipt["contractAddress"]))

    def read(self, at: str, data: bytes, height: int | str = "latest") -> bytes:
        """What a contract answers, on the state at the end of a block."""
        tag = height if isinstance(height, str) else hex(height)
        return bytes.fromhex(str(self("eth_call", {"to": at, "data": "0x" + data.hex()}, tag))[2:])

    def stop(self) -> None:
        """End the node and wait until it has ended."""
        self._connection.close()
        self._server.stop()

    def _answers(self) -> bool:
        try:
            return int(self("eth_chainId"), 16) > 0
        except (OSError, http.client.HTTPException, ValueError):
            return False


@contextmanager
def anvil(*options: str) -> Iterator[Anvil]:
    """A new node, with more options such as ``--hardfork shanghai``."""
    program = anvil_program()
    with fast_folder() as folder:
        node = Anvil(program, Path(folder), options)
        try:
            yield node
        finally:
            node.stop()
