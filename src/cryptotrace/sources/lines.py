"""JSON-RPC over lines of text: how Electrum servers talk, over TCP or TLS. Each line is recorded before it is read."""

from __future__ import annotations

import random
import socket
import ssl
import time
from collections.abc import Callable, Sequence

from cryptotrace.errors import MalformedBytes, SourceLied, SourceUnavailable
from cryptotrace.evidence.canonical import canonical_json
from cryptotrace.evidence.recorder import Recorder
from cryptotrace.model.block import Tip
from cryptotrace.sources.foreignjson import parse_json
from cryptotrace.sources.jsonrpc import Call, Reply, read_reply

_LONGEST_LINE = 64 * 1024 * 1024
_DEADLINE_S = 600.0
_AT_ONCE = 50
_PATIENCE_S = 0.25
_PATIENCE_WHEN_KNOWN_S = 0.02
_MOST_NUDGES = 5


class LineChannel:
    """A connection to an Electrum server; opened when first used, and again when it breaks.

    Args:
        address: host and port.
        name: how the source is called in evidence.
        recorder: takes each line.
        tls: the context of an encrypted connection; None for a plain one.
        timeout_s: seconds to connect and between two pieces of an answer.
        deadline_s: seconds that the answers to one round of questions may take: a server that drips is cut off.
        longest_line: most bytes of one line.
        retries: how often a broken connection is opened again.
        greeting: asked first on every connection.
        nudge: a question with an answer of more than a kilobyte. Servers that hide who asks for what (ElectrumX from
            1.20 on) keep short answers back for up to a second, unless a long one takes them along; it is asked of
            a server that is silent for a quarter of a second, and from then on with every question.
        sleep, jitter: replaced in tests.
    """

    def __init__(
        self,
        address: tuple[str, int],
        name: str,
        recorder: Recorder,
        *,
        tls: ssl.SSLContext | None = None,
        timeout_s: float = 30,
        deadline_s: float = _DEADLINE_S,
        longest_line: int = _LONGEST_LINE,
        retries: int = 4,
        greeting: Call | None = None,
        nudge: Call | None = None,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.name = name
        self.tip: Tip | None = None
        self._address = address
        self._recorder = recorder
        self._tls = tls
        self._timeout_s = timeout_s
        self._deadline_s = deadline_s
        self._longest_line = longest_line
        self._retries = retries
        self._greeting = greeting
        self._nudge = nudge
        self._keeps_back = False
        self._nudges: set[int] = set()
        self._sleep = sleep
        self._jitter = jitter
        self._socket: socket.socket | None = None
        self._buffer = bytearray()
        self._next_id = 0

    def call(self, calls: Sequence[Call]) -> list[Reply]:
        """One reply for each call, in order; several are on their way at once.

        Raises:
            SourceUnavailable: no connection, or no answer, after every retry.
            SourceLied: a line that is not JSON-RPC or answers nothing that was asked.
        """
        replies: list[Reply] = []
        for start in range(0, len(calls), _AT_ONCE):
            replies += self._retried(calls[start : start + _AT_ONCE])
        return replies

    def close(self) -> None:
        """Close the connection."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None
        self._buffer.clear()
        self._nudges.clear()

    def _retried(self, calls: Sequence[Call]) -> list[Reply]:
        failure = ""
        for number in range(self._retries + 1):
            if number:
                self._sleep(min(0.5 * 2 ** (number - 1) * (0.5 + self._jitter()), 30.0))
            try:
                self._connect()
                return self._exchange(calls)
            except (OSError, UnicodeError) as error:  # includes time-outs, TLS errors, names that cannot be
                failure = f"{type(error).__name__}: {error}"
                self._record(bytes(self._buffer), calls[0].text, None, "cut off" if self._buffer else "no answer")
                self.close()
            except BaseException:
                self.close()  # what else is on its way answers nothing that will be asked
                raise
        raise SourceUnavailable(
            f"{self.name} did not answer {calls[0].method}: {failure} (tried {self._retries + 1} times). What was "
            "fetched is kept: try again later and the run goes on from there"
        )

    def _connect(self) -> None:
        if self._socket is not None:
            return
        plain = socket.create_connection(self._address, timeout=self._timeout_s)
        try:
            plain.setsockopt(
                socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
            )  # two short questions need not wait for each other
            self._socket = (
                plain if self._tls is None else self._tls.wrap_socket(plain, server_hostname=self._address[0])
            )
        except OSError:
            plain.close()
            raise
        self._buffer.clear()
        if self._greeting is not None:
            (reply,) = self._exchange([self._greeting])
            if reply.code:
                raise SourceLied(f"{self.name} does not speak a protocol version that is known here: {reply.error}")

    def _exchange(self, calls: Sequence[Call]) -> list[Reply]:
        first = self._next_id
        waiting = dict(enumerate(calls, first))
        started = time.monotonic()
        self._ask(calls)
        if self._keeps_back:
            self._ask_nudge()
        replies: dict[int, Reply] = {}
        while waiting:
            line = self._line(started + self._deadline_s)
            number = self._number(line)
            if number is None:
                continue  # a notification: the tip of this run stays what it is
            if number in self._nudges and self._nudge is not None:
                self._nudges.discard(number)
                self._keeps_back = True
                self._read(line, self._nudge, started)
                continue
            if number not in waiting:
                raise SourceLied(f"{self.name} answers a question {number} that was not asked")
            replies[number] = self._read(line, waiting.pop(number), started)
        return [replies[number] for number in range(first, first + len(calls))]

    def _ask(self, calls: Sequence[Call]) -> None:
        first = self._next_id
        self._next_id += len(calls)
        lines = [
            canonical_json({"jsonrpc": "2.0", "id": n, "method": c.method, "params": list(c.parameters)})
            for n, c in enumerate(calls, first)
        ]
        self._open().sendall(b"\n".join(lines) + b"\n")

    def _ask_nudge(self) -> None:
        if self._nudge is not None:
            self._nudges.add(self._next_id)
            self._ask([self._nudge])

    def _open(self) -> socket.socket:
        if self._socket is None:
            raise ConnectionError("not connected")
        return self._socket

    def _number(self, line: bytes) -> int | None:
        try:
            item = parse_json(line, f"a line of {self.name}")
            if "method" in item:
                return None
            return item["id"].integer()
        except MalformedBytes as error:
            self._record(line, "a line that cannot be read", None, "unreadable")
            raise SourceLied(f"{self.name} does not answer in JSON-RPC: {error}") from error

    def _read(self, line: bytes, call: Call, started: float) -> Reply:
        digest = self._record(line, call.text, int((time.monotonic() - started) * 1000), "ok")
        return read_reply(parse_json(line, f"{self.name} {call.method}"), self.name, digest)

    def _record(self, line: bytes, request: str, latency_ms: int | None, status: str) -> str:
        return self._recorder.record(
            line, source=self.name, request=request, tip=self.tip, latency_ms=latency_ms, status=status
        )

    def _line(self, deadline: float) -> bytes:
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            if searched > self._longest_line:
                self._record(bytes(self._buffer), "a line that is too long", None, "cut off")
                raise SourceLied(f"{self.name} sends a line longer than {self._longest_line} bytes; ask another source")
            if time.monotonic() > deadline:
                raise TimeoutError(f"no whole answer in {self._deadline_s} seconds")
            piece = self._receive()
            if not piece:
                raise ConnectionError("the server closed the connection")
            self._buffer += piece
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line

    def _receive(self) -> bytes:
        """What arrives next; a server that is silent is nudged a few times, and then waited for."""
        connection = self._open()
        patience = _PATIENCE_WHEN_KNOWN_S if self._keeps_back else _PATIENCE_S
        try:
            for _ in range(_MOST_NUDGES if self._nudge is not None else 0):
                if patience >= self._timeout_s:
                    break
                connection.settimeout(patience)
                try:
                    return connection.recv(1 << 16)
                except TimeoutError:
                    self._ask_nudge()
                    patience *= 2
            connection.settimeout(self._timeout_s)
            return connection.recv(1 << 16)
        finally:
            connection.settimeout(self._timeout_s)
