"""Record the bitcoin leg of the built-in training case from a real Bitcoin node in regtest.

    python tools/record_training_case.py PATH/TO/bitcoind

Writes ``src/cryptotrace/training/blk00000.dat`` (every block of the chain, as a node stores them, without obfuscation)
and ``story.json`` beside it (which outputs are claimed, which transaction is the CoinJoin, which address is the
training exchange's). Keys are made by the node's wallets and thrown away, so a new recording has other addresses.

The token legs of the case are recorded by ``record_token_legs.py``.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import requests

TARGET = Path(__file__).parent.parent / "src" / "cryptotrace" / "training"
MAGIC = bytes.fromhex("fabfb5da")
START = 1_772_355_600  # 2026-03-01 09:00 UTC: the chain's own clock starts here
SPACING = 600
FEE = Decimal("0.0001")


class Node:
    """A regtest node with its own clock: one block every ten minutes."""

    def __init__(self, program: str, folder: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.clock = START
        self.process = subprocess.Popen(
            [
                program,
                "-regtest",
                f"-datadir={folder}",
                "-rpcuser=record",
                "-rpcpassword=record",
                f"-rpcport={self.port}",
                "-listen=0",
                "-fallbackfee=0.0001",
                "-txindex=1",
                f"-mocktime={START}",
            ],
            stdout=subprocess.DEVNULL,
        )
        for _ in range(100):
            try:
                self("getblockcount")
                return
            except (requests.ConnectionError, RuntimeError):
                time.sleep(0.1)
        raise RuntimeError("the node did not start")

    def __call__(self, method: str, *params: Any, wallet: str = "") -> Any:
        answer = requests.post(
            f"http://127.0.0.1:{self.port}/" + (f"wallet/{wallet}" if wallet else ""),
            data=json.dumps({"method": method, "params": params}, default=str),
            auth=("record", "record"),
            timeout=30,
        )
        body = json.loads(answer.text, parse_float=Decimal)
        if body["error"]:
            raise RuntimeError(f"{method}: {body['error']}")
        return body["result"]

    def mine(self, count: int = 1, address: str = "") -> None:
        for _ in range(count):
            self.clock += SPACING
            self("setmocktime", self.clock)
            self("generatetoaddress", 1, address) if address else self("generatetodescriptor", 1, "raw(51)")

    def address(self, wallet: str, kind: str = "bech32") -> str:
        return str(self("getnewaddress", "", kind, wallet=wallet))

    def send(self, inputs: list[tuple[str, int]], outputs: list[tuple[str, str]], wallets: list[str]) -> str:
        """A transaction with exactly these inputs and outputs, in this order, signed by each wallet in turn."""
        raw = self(
            "createrawtransaction",
            [{"txid": txid, "vout": vout} for txid, vout in inputs],
            [{address: amount} for address, amount in outputs],
        )
        for wallet in wallets:
            raw = self("signrawtransactionwithwallet", raw, wallet=wallet)["hex"]
        txid = str(self("sendrawtransaction", raw))
        self.mine()
        return txid

    def pay(self, payer: str, address: str, amount: str) -> tuple[str, int]:
        """An ordinary payment by a wallet; where the paid output is."""
        txid = str(self("sendtoaddress", address, amount, wallet=payer))
        self.mine()
        outputs = self("getrawtransaction", txid, 1)["vout"]
        return txid, next(o["n"] for o in outputs if o["scriptPubKey"].get("address") == address)


def record(node: Node) -> dict[str, Any]:
    """Play the story; returns what the training case needs to know of it."""
    people = ("claimant-1", "claimant-2", "taker", "exchange", "stranger-1", "stranger-2", "stranger-3")
    for person in people:
        node("createwallet", person)
    for person in people:
        node.mine(1, node.address(person))
    node.mine(100)

    # 1-2: two people pay what they later claim; 3: the taker has money of their own.
    first = node.pay("claimant-1", node.address("taker"), "12.5")
    second = node.pay("claimant-2", node.address("taker", "legacy"), "3.75")
    own = node.pay("stranger-1", node.address("taker"), "2")

    # 4: all three are put together; nothing on the chain says which unit went where.
    merged = node.send([own, first, second], [(node.address("taker", "bech32m"), "18.2499")], ["taker"])

    # 5-8: a peel chain; what is peeled off goes to the exchange, to a stranger and to a wallet nobody names.
    deposit = node.address("exchange")
    peel1 = node.send([(merged, 0)], [(deposit, "4"), (node.address("taker"), "14.2498")], ["taker"])
    peel2 = node.send(
        [(peel1, 1)], [(node.address("stranger-2"), "0.5"), (node.address("taker"), "13.7497")], ["taker"]
    )
    peel3 = node.send([(peel2, 1)], [(node.address("taker"), "5.0001"), (node.address("taker"), "8.7495")], ["taker"])

    # 9: five equal outputs by three owners: a CoinJoin.
    others = [node.pay(who, node.address(who), "3.0001") for who in ("stranger-2", "stranger-3")]
    mixed = [(node.address(who), "1") for who in ("taker", "stranger-2", "taker", "stranger-3", "taker")]
    change = [(node.address("stranger-2"), "2"), (node.address("stranger-3"), "2"), (node.address("taker"), "2")]
    coinjoin = node.send([others[0], (peel3, 0), others[1]], mixed + change, ["taker", "stranger-2", "stranger-3"])

    # 10: a second deposit at the exchange, a little dust, and the rest stays where it is.
    rest = node.send(
        [(peel3, 1)],
        [(deposit, "1.25"), (node.address("stranger-1"), "0.00002"), (node.address("taker", "bech32m"), "7.49938")],
        ["taker"],
    )
    # 11: the exchange sweeps its customer's deposits: not followed, what happens inside is not on the chain.
    node.send([(peel1, 0), (rest, 0)], [(node.address("exchange"), "5.2499")], ["exchange"])
    node.mine(6)
    return {
        "claims": [
            {
                "claimant": "Claimant 1",
                "outpoint": "{}:{}".format(*first),
                "basis": "complaint of 2 March 2026, sheet 3 (training)",
            },
            {"claimant": "Claimant 2", "outpoint": "{}:{}".format(*second), "basis": "bank record, sheet 7 (training)"},
        ],
        "coinjoin": {"txid": coinjoin, "basis": "five equal outputs of 1 BTC, inputs of three owners (training)"},
        "deposit": deposit,
    }


def main() -> None:
    """Start the node, play the story, write the files."""
    with tempfile.TemporaryDirectory() as folder:
        node = Node(sys.argv[1], folder)
        try:
            story = record(node)
            blocks = [node("getblock", node("getblockhash", height), 0) for height in range(node("getblockcount") + 1)]
            story["node"] = node("getnetworkinfo")["subversion"]
        finally:
            node("stop")
            node.process.wait(30)
    TARGET.mkdir(parents=True, exist_ok=True)
    with (TARGET / "blk00000.dat").open("wb") as out:
        for block in map(bytes.fromhex, blocks):
            out.write(MAGIC + len(block).to_bytes(4, "little") + block)
    (TARGET / "story.json").write_text(json.dumps(story, indent=1) + "\n", encoding="utf-8", newline="\n")
    print(json.dumps(story, indent=1))


if __name__ == "__main__":
    main()
