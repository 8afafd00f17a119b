"""Question and raw answer: what lies between an adapter and a server. A recording can take the server's place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Protocol

from cryptotrace.errors import DataNotFound, MalformedBytes, ProofRefused, SourceLied, UnsupportedChain
from cryptotrace.evidence.canonical import redact
from cryptotrace.evidence.recorder import Recording
from cryptotrace.model.block import Tip


@dataclass(frozen=True, slots=True)
class Request:
    """One question, without anything secret."""

    verb: str
    """``GET``, ``POST``, or ``CALL`` for a line of JSON-RPC."""
    target: str
    """Path below the source's address, or the method."""
    body: bytes = b""
    """What is sent with it."""

    @property
    def text(self) -> str:
        """How it stands in the evidence."""
        body = self.body.decode("utf-8", errors="replace")
        return f"{self.verb} {self.target} {body}" if body else f"{self.verb} {self.target}"


@dataclass(frozen=True, slots=True)
class Answer:
    """One raw answer."""

    status: int
    """HTTP status; 200 for a line."""
    body: bytes
    """The bytes as they came."""
    evidence: str
    """Digest of the recorded bytes."""


class Transport(Protocol):
    """Asks and records."""

    tip: Tip | None
    """The tip that the run belongs to, for the evidence; None until it is known."""

    def ask(self, request: Request) -> Answer:
        """The answer; recorded before it is returned.

        Raises:
            SourceUnavailable: none came, after every retry.
        """
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...


class ReplayTransport:
    """Gives back what was recorded for a source. Nothing is sent anywhere.

    If a request was answered more than once, the newest answer counts, so that all answers belong to the newest run.
    """

    def __init__(self, recording: Recording, source: str) -> None:
        self.tip: Tip | None = None
        self.source = source
        self._recording = recording
        self._answers = {r.request: r for r in recording.records() if r.source == source and _is_final(r.status)}

    def ask(self, request: Request) -> Answer:
        """The recorded answer.

        Raises:
            DataNotFound: the request was not recorded.
            EvidenceError: the recorded bytes were altered.
        """
        record = self._answers.get(redact(request.text))
        if record is None:
            raise DataNotFound(
                f"{self.source}: {request.text[:200]} was not recorded, so it cannot be answered offline; "
                "connect the source itself"
            )
        status = 200 if record.status == "ok" else int(record.status.removeprefix("http "))
        return Answer(status, self._recording.read(record.digest), record.digest)

    def close(self) -> None:
        """Nothing to let go of."""


def _is_final(status: str) -> bool:
    """True for an answer that is not retried."""
    return status in ("ok", "http 400", "http 404")


@contextmanager
def blame(name: str) -> Iterator[None]:
    """Within it, an answer that cannot be read is the fault of the source ``name``.

    Raises:
        SourceLied: instead of ``MalformedBytes``, ``ProofRefused`` and ``UnsupportedChain``.
    """
    try:
        yield
    except (MalformedBytes, ProofRefused, UnsupportedChain) as error:
        raise SourceLied(
            f"{name} gave an answer that cannot be used: {error}; ask again or ask another source"
        ) from error


@contextmanager
def at_tip(name: str, check: Callable[[], None], check_now: Callable[[], None] | None = None) -> Iterator[None]:
    """Within it, a source answers for the tip of its run: behind the answer it is looked whether that still stands.

    A reorganisation makes a source contradict what it said before. So behind an answer that is missing or wrong it is
    looked too (``check_now``, if that is another check), before the source is blamed.

    Raises:
        ChainReorganised: by ``check``.
        SourceLied: see ``blame``.
    """
    with blame(name):
        try:
            yield
        except (DataNotFound, SourceLied, MalformedBytes, ProofRefused, UnsupportedChain):
            with suppress(DataNotFound):  # a recording may not hold the answer to this
                (check if check_now is None else check_now)()
            raise
        check()
