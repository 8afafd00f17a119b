"""Small servers on this machine that answer what a test scripts: over HTTP, and in lines."""

from __future__ import annotations

import json
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server sends back."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    """Send exactly these bytes instead, and close."""
    drip_s: float = 0.0
    """Send them one by one, with such a pause between two."""
    wait_s: float = 0.0
    """Wait so long before the first byte."""


HttpScript = Callable[[Asked], Reply]


class HttpServer:
    """An HTTP server; ``asked`` holds every request that arrived, ``connections`` how many there were."""

    def __init__(self, script: HttpScript) -> None:
        self.asked: list[Asked] = []
        self.connections = 0
        self.url = ""
        self.script = script

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def paths(self) -> list[str]:
        return [each.path for each in self.asked]


@contextmanager
def http_server(script: HttpScript) -> Iterator[HttpServer]:
    """Run an HTTP server for as long as the block lasts."""
    state = HttpServer(script)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            state.connections += 1

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked = Asked(self.command, self.path, dict(self.headers), body)
            state.asked.append(asked)
            reply = state.script(asked)
            time.sleep(reply.wait_s)
            self.close_connection = True
            if reply.raw is not None:
                _write_raw(self.wfile.write, reply.raw, reply.drip_s)
                return
            self.send_response(reply.status)
            for name, value in {"Content-Length": str(len(reply.body)), "Connection": "close", **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

        do_GET = _answer  # noqa: N815 - the name that the standard library looks for
        do_POST = _answer  # noqa: N815

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = _only_broken_pipes  # type: ignore[method-assign,assignment]
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    with _running(server):
        yield state


def _write_raw(write: Callable[[bytes], Any], raw: bytes, drip_s: float) -> None:
    size = 1 if drip_s else max(len(raw), 1)
    for at in range(0, len(raw), size):
        write(raw[at : at + size])
        time.sleep(drip_s)


#: Gives the lines that follow on a request; None closes the connection.
LineScript = Callable[[dict[str, Any]], list[bytes] | None]


class LineServer:
    """A server of lines; ``asked`` holds every request that arrived, ``connections`` how many there were."""

    def __init__(self, script: LineScript) -> None:
        self.asked: list[dict[str, Any]] = []
        self.connections = 0
        self.script = script
        self.address = ("127.0.0.1", 0)

    def methods(self) -> list[str]:
        return [each["method"] for each in self.asked]


@contextmanager
def line_server(script: LineScript) -> Iterator[LineServer]:
    """Run a server of lines for as long as the block lasts."""
    state = LineServer(script)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            state.connections += 1
            for line in self.rfile:
                try:
                    asked = json.loads(line)
                except ValueError:  # no question at all, the first bytes of TLS for one
                    asked = {"method": "", "line": line}
                state.asked.append(asked)
                pieces = state.script(asked)
                if pieces is None:
                    return
                for piece in pieces:
                    self.wfile.write(piece)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True
        request_queue_size = 32

    server = Server(("127.0.0.1", 0), Handler)
    server.handle_error = _only_broken_pipes  # type: ignore[method-assign,assignment]
    state.address = ("127.0.0.1", int(server.server_address[1]))
    with _running(server):
        yield state


def _only_broken_pipes(request: Any, address: Any) -> None:
    """A client may leave early; any other error is one of the test's own."""
    import sys

    if not isinstance(sys.exception(), ConnectionError):
        raise  # noqa: PLE0704 - called while the error is handled


@contextmanager
def _running(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def closed_port() -> int:
    """A port of this machine at which nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


@contextmanager
def listening() -> Iterator[tuple[int, list[bytes]]]:
    """A port that only notes what is sent to it: proof that nothing was sent is that the list stays empty."""
    seen: list[bytes] = []

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            seen.append(b"connected")
            self.request.settimeout(1)
            with suppress(OSError):
                seen.append(self.request.recv(4096))

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    server = Server(("127.0.0.1", 0), Handler)
    with _running(server):
        yield int(server.server_address[1]), seen


def turns(*replies: Reply) -> HttpScript:
    """The replies one after the other, whatever is asked; the last one again and again."""
    left = list(replies)

    def script(asked: Asked) -> Reply:
        return left.pop(0) if len(left) > 1 else left[0]

    return script
