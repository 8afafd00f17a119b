"""A real Electrum server (ElectrumX) beside a node, on a plain port and, where openssl is there, on an encrypted one."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.nodes.bitcoind import Bitcoind
from tests.nodes.parts import electrumx_program, fast_folder, openssl_program
from tests.nodes.process import Server, free_port, wait_until


class ElectrumX:
    """A running server."""

    def __init__(self, node: Bitcoind, folder: Path, certificate: tuple[Path, Path] | None) -> None:
        self.node = node
        self.port, self.tls_port = free_port(), free_port()
        self.certificate = None if certificate is None else certificate[0]
        services = f"tcp://127.0.0.1:{self.port}"
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "COIN": "Bitcoin",
            "NET": "regtest",
            "DAEMON_URL": node.url,
            "DB_DIRECTORY": str(folder),
            "DB_ENGINE": "leveldb",
            "ALLOW_ROOT": "1",
            "PEER_DISCOVERY": "off",
            "PEER_ANNOUNCE": "",
            "COST_SOFT_LIMIT": "0",
            "COST_HARD_LIMIT": "0",
            "DAEMON_POLL_INTERVAL_BLOCKS": "50",
            "DAEMON_POLL_INTERVAL_MEMPOOL": "50",
        }
        if certificate is not None:
            services += f",ssl://127.0.0.1:{self.tls_port}"
            environment |= {"SSL_CERTFILE": str(certificate[0]), "SSL_KEYFILE": str(certificate[1])}
        program = electrumx_program()
        python = Path(program).with_name("python")  # the environment's own, wherever the script was written for
        command = [str(python), program] if python.exists() else [program]
        self._server = Server(command, folder / "output.txt", environment | {"SERVICES": services})
        self._server.wait_for(self._answers, "electrumx_server")

    @property
    def spec(self) -> str:
        """How the server is named to the library."""
        return f"electrum:127.0.0.1:{self.port}?retries=1"

    @property
    def tls_spec(self) -> str:
        """How its encrypted port is named."""
        return f"electrum+tls:127.0.0.1:{self.tls_port}?ca={self.certificate}&retries=1"

    def ask(self, method: str, *params: Any) -> Any:
        """The result of one call on a connection of its own."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            stream = connection.makefile("rwb")
            with stream:
                for n, (name, given) in enumerate([("server.version", ("tests", "1.4")), (method, params)]):
                    stream.write(
                        json.dumps({"jsonrpc": "2.0", "id": n, "method": name, "params": given}).encode() + b"\n"
                    )
                    stream.flush()
                    answer = json.loads(stream.readline() or b"{}")
        return answer.get("result")

    def catch_up(self) -> None:
        """Wait until it has the node's newest block and every transaction of its mempool."""
        wait_until(self._answers, "electrumx_server being level with its node")

    def stop(self) -> None:
        """End the server and wait until it has ended."""
        self._server.stop()

    def _answers(self) -> bool:
        try:
            return self._is_level()
        except (OSError, ValueError):
            return False

    def _is_level(self) -> bool:
        newest = self.ask("blockchain.headers.subscribe") or {"hex": ""}
        best = self.node("getbestblockhash")
        if newest["hex"] != self.node("getblockheader", best, False):
            return False
        return all(self._lists(txid) for txid in self.node("getrawmempool"))

    def _lists(self, txid: str) -> bool:
        """True if the history of a script of that transaction names it."""
        scripts = [
            bytes.fromhex(each["scriptPubKey"]["hex"]) for each in self.node("getrawtransaction", txid, 1)["vout"]
        ]
        indexed = next(script for script in scripts if script[:1] != b"\x6a")  # what cannot be spent is not listed
        history = self.ask("blockchain.scripthash.get_history", sha256(indexed).digest()[::-1].hex())
        return any(entry["tx_hash"] == txid for entry in history or ())


@contextmanager
def electrumx(node: Bitcoind, *, encrypted: bool = False) -> Iterator[ElectrumX]:
    """A server beside a node that has all of its chain; with ``encrypted`` it has an encrypted port too."""
    electrumx_program()
    with fast_folder() as folder:
        certificate = _self_signed(Path(folder)) if encrypted else None
        server = ElectrumX(node, Path(folder), certificate)
        try:
            yield server
        finally:
            server.stop()


def _self_signed(folder: Path) -> tuple[Path, Path]:
    """Certificate and key for 127.0.0.1, made by openssl; skips the test where that is absent."""
    certificate, key = folder / "server.crt", folder / "server.key"
    command = [openssl_program(), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    names = ["-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(
        [*command, "-keyout", str(key), "-out", str(certificate), *names], check=True, capture_output=True, timeout=60
    )
    return certificate, key
