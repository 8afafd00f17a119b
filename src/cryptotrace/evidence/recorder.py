"""What a source needs to keep its raw answers, and what a replay needs to give them back."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Protocol

from cryptotrace.errors import EvidenceError
from cryptotrace.evidence.archive import Archive, Record
from cryptotrace.evidence.canonical import redact, timestamp, utc_now
from cryptotrace.model.block import Tip


class Recorder(Protocol):
    """Takes a raw answer before anything reads it."""

    def record(
        self,
        raw: bytes,
        *,
        source: str,
        request: str,
        tip: Tip | None = None,
        latency_ms: int | None = None,
        status: str = "ok",
    ) -> str:
        """Keep ``raw``; gives its SHA-256 in hex."""
        ...


class Recording(Protocol):
    """Gives recorded answers back."""

    def records(self) -> Iterator[Record]:
        """What was seen, in the order in which it arrived."""
        ...

    def read(self, digest: str) -> bytes:
        """The bytes of that digest."""
        ...


class ArchiveRecorder:
    """Keeps answers in an archive on disk."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive

    def record(
        self,
        raw: bytes,
        *,
        source: str,
        request: str,
        tip: Tip | None = None,
        latency_ms: int | None = None,
        status: str = "ok",
    ) -> str:
        """Keep ``raw`` in the archive; gives its SHA-256 in hex."""
        return self.archive.add(raw, source=source, request=request, tip=tip, latency_ms=latency_ms, status=status)


class MemoryRecorder:
    """Keeps answers in memory, for one run. Satisfies ``Recorder`` and ``Recording``."""

    def __init__(self, clock: Callable[[], datetime] = utc_now) -> None:
        self._clock = clock
        self._records: list[Record] = []
        self._held: dict[str, bytes] = {}

    def record(
        self,
        raw: bytes,
        *,
        source: str,
        request: str,
        tip: Tip | None = None,
        latency_ms: int | None = None,
        status: str = "ok",
    ) -> str:
        """Keep ``raw`` in memory; gives its SHA-256 in hex."""
        digest = hashlib.sha256(raw).hexdigest()
        self._held[digest] = raw
        self._records.append(
            Record(
                number=len(self._records) + 1,
                digest=digest,
                size=len(raw),
                source=redact(source),
                request=redact(request),
                received=timestamp(self._clock),
                status=status,
                latency_ms=latency_ms,
                tip=tip,
            )
        )
        return digest

    def records(self) -> Iterator[Record]:
        """What was seen, in the order in which it arrived."""
        return iter(tuple(self._records))

    def read(self, digest: str) -> bytes:
        """The bytes of that digest.

        Raises:
            EvidenceError: they are not held.
        """
        try:
            return self._held[digest]
        except KeyError:
            raise EvidenceError(f"no answer with the digest {digest} was recorded in this run") from None
