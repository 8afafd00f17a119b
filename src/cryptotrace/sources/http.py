"""The one HTTP client: time limits, retries, rate limit, size limit; every answer is recorded before it is read."""

from __future__ import annotations

import random
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from cryptotrace.errors import SourceUnavailable
from cryptotrace.evidence.canonical import REDACTED, redact
from cryptotrace.evidence.recorder import Recorder
from cryptotrace.model.block import Tip
from cryptotrace.sources.spec import Spec
from cryptotrace.sources.transport import Answer, Request

if TYPE_CHECKING:
    import requests

_RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})
_CHUNK = 1 << 16
#: A shorter text cannot be told from data: taking it out of a request would only spoil the record.
_SHORTEST_KEY = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSettings:
    """How patient and how polite the client is."""

    timeout_s: int = 30
    """Seconds to connect, and between two arriving pieces."""
    deadline_s: int = 600
    """Seconds that one answer may take as a whole: a server that drips bytes for ever is cut off."""
    retries: int = 5
    """How often a failed question is asked again."""
    first_wait_s: float = 0.5
    """Wait before the first repetition; doubled each time, with jitter."""
    longest_wait_s: float = 60.0
    """Longest wait between two attempts, whatever ``Retry-After`` asks for."""
    per_minute: int = 0
    """Most requests a minute; 0 for no limit."""
    max_answer_bytes: int = 64 * 1024 * 1024
    """A longer answer is cut off and refused."""
    proxy: str | None = None
    """URL of a proxy, e.g. ``socks5h://127.0.0.1:9050``; the environment's proxies are not used."""
    retried: frozenset[int] = _RETRIED
    """HTTP statuses after which the question is asked again."""


@dataclass(slots=True)
class _Attempt:
    """What one attempt brought."""

    failure: str
    """Why it is to be repeated; empty if it is final."""
    answer: Answer | None = None
    """The answer, if one came whole."""
    wait_s: float | None = None
    """What the server asked to wait."""
    received: bytearray = field(default_factory=bytearray)
    """Bytes that arrived."""


class HttpTransport:
    """Asks one server over HTTP.

    Args:
        spec: where; its name stands in the evidence.
        recorder: takes every answer, those that are errors or cut off too, and every attempt that got none.
        settings: patience and politeness.
        headers: sent with each request; may hold keys, which are kept out of every text.
        auth: user and password.
        keys: further keys that requests carry, e.g. in their target; they are kept out of every text too.
        sleep, jitter, clock: replaced in tests.
    """

    def __init__(
        self,
        spec: Spec,
        recorder: Recorder,
        settings: HttpSettings | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        keys: Sequence[str] = (),
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.tip: Tip | None = None
        self.name = spec.name
        self._base = spec.location.rstrip("/")
        self._recorder = recorder
        self._settings = HttpSettings() if settings is None else settings
        secrets = [*(headers or {}).values(), *(auth or ())[1:], *keys]
        secrets += [value.removeprefix("Bearer ") for value in secrets]
        self._secrets = tuple(key for key in secrets if len(key) >= _SHORTEST_KEY)
        self._headers = dict(headers or {})
        self._auth = auth
        self._sleep = sleep
        self._jitter = jitter
        self._clock = clock
        self._session: requests.Session | None = None
        self._next_at = 0.0

    def ask(self, request: Request) -> Answer:
        """The answer of the server, whatever its status, once it is final.

        Raises:
            SourceUnavailable: none came after every retry; the message says why and how often it was tried.
        """
        attempt = _Attempt("not tried")
        for number in range(self._settings.retries + 1):
            if number:
                self._sleep(self._wait(number, attempt.wait_s))
            attempt = self._attempt(request)
            if attempt.answer is not None and not attempt.failure:
                return attempt.answer
        raise SourceUnavailable(
            redact(
                f"{self.name} did not answer {request.text[:200]}: {attempt.failure} "
                f"(tried {self._settings.retries + 1} times). What was fetched is kept: try again later "
                "and the run goes on from there",
                self._secrets,
            )
        )

    def close(self) -> None:
        """Close the connection."""
        if self._session is not None:
            self._session.close()

    def _open(self) -> requests.Session:
        import requests

        if self._session is None:
            session = requests.Session()
            session.trust_env = False  # neither proxies nor .netrc of the machine
            session.auth = self._auth
            session.headers.update({"User-Agent": "cryptotrace", "Accept-Encoding": "identity", **self._headers})
            if self._settings.proxy is not None:
                session.proxies = {"http": self._settings.proxy, "https": self._settings.proxy}
            self._session = session
        return self._session

    def _attempt(self, request: Request) -> _Attempt:
        import requests
        import urllib3

        session = self._open()
        self._keep_rate()
        attempt = _Attempt("")
        started = self._clock()
        status = 0
        try:
            arguments: dict[str, Any] = {"stream": True, "timeout": self._settings.timeout_s, "allow_redirects": False}
            if request.body:
                arguments |= {"data": request.body, "headers": {"Content-Type": "application/json"}}
            with session.request(request.verb, self._base + request.target, **arguments) as response:
                status = response.status_code
                attempt.wait_s = _retry_after(response.headers.get("Retry-After"))
                attempt.failure = self._receive(response, attempt.received, started)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            attempt.failure = _plain(error)
        return self._finish(request, attempt, status, started)

    def _receive(self, response: requests.Response, received: bytearray, started: float) -> str:
        """Read the body into ``received``; gives why it is not whole, or nothing."""
        expected = response.headers.get("Content-Length", "")
        response.raw.enforce_content_length = False  # it would drop what came before the cut; looked at below
        while chunk := response.raw.read1(_CHUNK, decode_content=False):  # what has arrived, be it one byte
            received += chunk
            if len(received) > self._settings.max_answer_bytes:
                return f"the answer is longer than {self._settings.max_answer_bytes} bytes"
            if self._clock() - started > self._settings.deadline_s:
                return f"the answer took longer than {self._settings.deadline_s} seconds"
        if expected.isascii() and expected.isdigit() and str(len(received)) != expected.lstrip("0").rjust(1, "0"):
            return f"the answer was cut off: {len(received)} of {expected[:20]} bytes"
        return self._unpack(response.headers.get("Content-Encoding", "identity").strip().lower(), received)

    def _unpack(self, encoding: str, received: bytearray) -> str:
        """Unpack a body in place that was packed though that was not asked for; gives why not, or nothing."""
        if encoding in ("", "identity") or not received:
            return ""
        if encoding not in ("gzip", "x-gzip"):
            return f"the answer is packed as {encoding[:20]!r}, which was not asked for"
        unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        try:
            plain = unpacker.decompress(bytes(received), self._settings.max_answer_bytes + 1)
        except zlib.error as error:
            return f"the answer is not the gzip that it says: {error}"
        if len(plain) > self._settings.max_answer_bytes:
            return f"the answer is longer than {self._settings.max_answer_bytes} bytes"
        if not unpacker.eof or unpacker.unused_data:
            return "the packed answer was cut off"
        received[:] = plain
        return ""

    def _finish(self, request: Request, attempt: _Attempt, status: int, started: float) -> _Attempt:
        label = "ok" if status == 200 else f"http {status}"
        label = f"cut off after {status}" if attempt.failure else label
        body = self._without_keys(bytes(attempt.received))
        evidence = self._recorder.record(
            body,
            source=self.name,
            request=redact(request.text, self._secrets),
            tip=self.tip,
            latency_ms=int((self._clock() - started) * 1000),
            status=label if status else "no answer",
        )
        if not status:
            return attempt
        if not attempt.failure and status in self._settings.retried:
            attempt.failure = f"it answers HTTP {status}"
        attempt.answer = Answer(status, body, evidence)
        return attempt

    def _without_keys(self, body: bytes) -> bytes:
        """The answer; a server that repeats our key must not bring it into the case."""
        for key in sorted(self._secrets, key=len, reverse=True):
            body = body.replace(key.encode("utf-8"), REDACTED.encode("ascii"))
        return body

    def _wait(self, number: int, asked: float | None) -> float:
        wait = self._settings.first_wait_s * 2 ** (number - 1) * (0.5 + self._jitter())
        return float(min(max(wait, asked or 0.0), self._settings.longest_wait_s))

    def _keep_rate(self) -> None:
        if not self._settings.per_minute:
            return
        now = self._clock()
        if now < self._next_at:
            self._sleep(self._next_at - now)
        self._next_at = max(now, self._next_at) + 60.0 / self._settings.per_minute


def settings_of(spec: Spec, **changes: Any) -> HttpSettings:
    """The settings that a specification's options ask for.

    Raises:
        ConfigurationError: an option is not a whole number.
    """
    defaults = HttpSettings(**changes)
    return HttpSettings(
        **{
            **changes,
            "timeout_s": spec.number("timeout", defaults.timeout_s, 1),
            "retries": spec.number("retries", defaults.retries),
            "per_minute": spec.number("rate", defaults.per_minute),
            "proxy": spec.option("proxy"),
        }
    )


def _plain(error: BaseException) -> str:
    """What lies under the layers of two libraries: the system's own word, e.g. ``Connection refused``."""
    while (inner := getattr(error, "reason", None) or next(iter(error.args), None)) and isinstance(
        inner, BaseException
    ):
        error = inner
    text = str(error).rpartition("): ")[2] or type(error).__name__
    return text if isinstance(error, OSError) or ":" in text else f"{type(error).__name__}: {text}"


def _retry_after(text: str | None) -> float | None:
    """Seconds that ``Retry-After`` asks for, as a number or as a date."""
    if text is None:
        return None
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None
