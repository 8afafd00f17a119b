"""The archive of raw answers: content-addressed files that are only ever added, and an index of when each was seen.

``evidence/<aa>/<digest>`` holds the bytes (``aa``: the first two digits of the digest), ``evidence/index.jsonl`` one
hash-linked line per answer. Bytes that are held already are not stored again; that they were seen again is.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptotrace.errors import EvidenceError
from cryptotrace.evidence.canonical import redact, timestamp, utc_now
from cryptotrace.evidence.linked import ORIGIN, LinkedLines, Problem
from cryptotrace.model.block import Tip
from cryptotrace.model.identity import Chain


@dataclass(frozen=True, slots=True)
class Record:
    """One raw answer: what was asked, when, and which bytes came."""

    number: int
    """Place in the index, from 1."""
    digest: str
    """SHA-256 of the bytes, hex."""
    size: int
    """Number of bytes."""
    source: str
    """The source's specification, without secrets."""
    request: str
    """What was asked, without secrets: ``GET /tx/...``, ``POST / [...]``, a file name and an offset."""
    received: str
    """When the answer had arrived: UTC, ISO 8601."""
    status: str
    """``ok``, or how the answer failed: ``http 429``, ``truncated`` ..."""
    latency_ms: int | None
    """From request to answer, milliseconds; None for a file."""
    tip: Tip | None
    """The tip that the run belongs to; None for answers from before it was known."""


class Archive:
    """Raw answers in a folder, append-only and safe against a killed process.

    The bytes are first written beside their place, then the index line, and then they are moved into place. Whatever a
    killed process left is finished on opening if its index line exists, and set aside otherwise (``set_aside``).

    Raises:
        EvidenceError: the index is damaged or was altered (``check=False`` opens it all the same, to look).
    """

    def __init__(
        self,
        folder: Path,
        *,
        secrets: Iterable[str] = (),
        clock: Callable[[], datetime] = utc_now,
        check: bool = True,
    ) -> None:
        self.folder = Path(folder)
        self._secrets = tuple(secrets)
        self._clock = clock
        self._lock = threading.Lock()
        self._incoming = self.folder / "incoming"
        try:
            self._incoming.mkdir(parents=True, exist_ok=True)
            self._index = LinkedLines(self.folder / "index.jsonl")
            self.set_aside: tuple[Path, ...] = self._index.set_aside
            """Files with what a killed process left unfinished; kept for inspection, part of no record."""
            if check:
                for _ in self.records():
                    pass
                if len(self) == 0 and (found := self._unrecorded(set())):
                    raise EvidenceError(
                        f"{self._index.path} is missing or empty, but the archive holds {found[0]}: restore the index "
                        "from a copy"
                    )
            self._finish_or_set_aside()
        except OSError as error:
            raise EvidenceError(f"the archive {self.folder} cannot be opened: {error}") from error

    @property
    def head(self) -> str:
        """Digest of the newest index line; compare it with one kept elsewhere to see lines removed from the end."""
        return self._index.head

    def head_at(self, number: int) -> str:
        """Digest of the index line of that number; 64 zeros for 0.

        Raises:
            EvidenceError: the index is damaged, or has no such line.
        """
        if number in (0, len(self)):
            return self.head if number else ORIGIN
        for entry in self._index.entries():
            if entry["number"] == number:
                return str(entry["digest"])
        raise EvidenceError(f"{self._index.path} has no line {number}: lines were removed; restore it from a copy")

    def __len__(self) -> int:
        return len(self._index)

    def add(
        self,
        raw: bytes,
        *,
        source: str,
        request: str,
        tip: Tip | None = None,
        latency_ms: int | None = None,
        status: str = "ok",
    ) -> str:
        """Keep ``raw`` and that it was seen now; gives its SHA-256 in hex.

        Raises:
            EvidenceError: the folder cannot be written.
        """
        digest = hashlib.sha256(raw).hexdigest()
        line: dict[str, Any] = {
            "answer": digest,
            "size": len(raw),
            "source": redact(source, self._secrets),
            "request": redact(request, self._secrets),
            "received": timestamp(self._clock),
            "status": status,
            "latency_ms": latency_ms,
            "tip": None if tip is None else {"chain": str(tip.chain), "height": tip.height, "hash": tip.hash},
        }
        with self._lock:
            held = self._path(digest).exists()
            try:
                if not held:
                    self._write_incoming(digest, raw)
                self._index.append(line)
                if not held:
                    self._move_into_place(digest)
            except OSError as error:
                raise EvidenceError(f"the archive {self.folder} cannot be written: {error}; free space") from error
        return digest

    def read(self, digest: str) -> bytes:
        """The bytes of that digest, checked.

        Raises:
            EvidenceError: they are not held, or the file does not have that digest any more.
        """
        path = self._path(digest)
        try:
            raw = path.read_bytes()
        except OSError as error:
            raise EvidenceError(f"{path} (record {self._record_of(digest)}) cannot be read: {error}") from error
        if (found := hashlib.sha256(raw).hexdigest()) != digest:
            raise EvidenceError(
                f"{path} (record {self._record_of(digest)}) was damaged or altered: its bytes have the digest {found}; "
                "restore it from a copy"
            )
        return raw

    def records(self) -> Iterator[Record]:
        """What was seen, in the order in which it arrived.

        Raises:
            EvidenceError: the index is damaged or was altered.
        """
        for entry in self._index.entries():
            try:
                yield _record(entry)
            except (KeyError, TypeError, ValueError) as error:
                raise EvidenceError(f"{self._index.path}, line {entry['number']}: not a record ({error})") from error

    def verify(self) -> list[Problem]:
        """Everything that is wrong with the index and the files; empty if nothing is."""
        problems = self._index.verify()
        if problems:
            return problems
        checked: set[str] = set()
        for record in self.records():
            if record.digest in checked:
                continue
            checked.add(record.digest)
            try:
                size = len(self.read(record.digest))
            except EvidenceError as error:
                problems.append(Problem(self._path(record.digest), 0, str(error)))
                continue
            if size != record.size:
                problems.append(
                    Problem(self._index.path, record.number, f"says {record.size} bytes, the answer has {size}")
                )
        gone = "is in no record: lines were removed from the end of the index, or it was put there by hand"
        return problems + [Problem(path, 0, gone) for path in self._unrecorded(checked)]

    def _unrecorded(self, recorded: set[str]) -> list[Path]:
        """Files in the places of answers that no record names. A killed process leaves none: its line comes first."""
        held = sorted(self.folder.glob("[0-9a-f][0-9a-f]/*"))
        return [path for path in held if _is_digest(path.name) and path.name not in recorded]

    def _path(self, digest: str) -> Path:
        if not _is_digest(digest):
            raise EvidenceError(f"{digest!r} is not a SHA-256 digest in hex")
        return self.folder / digest[:2] / digest

    def _record_of(self, digest: str) -> int | str:
        return next((r.number for r in self.records() if r.digest == digest), "unknown")

    def _write_incoming(self, digest: str, raw: bytes) -> None:
        with (self._incoming / f"{digest}.part").open("wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())

    def _move_into_place(self, digest: str) -> None:
        path = self._path(digest)
        path.parent.mkdir(exist_ok=True)
        (self._incoming / f"{digest}.part").replace(path)

    def _finish_or_set_aside(self) -> None:
        parts = sorted(self._incoming.glob("*.part"))
        if not parts:
            return
        recorded = {record.digest for record in self.records()}
        for part in parts:
            if part.stem in recorded and hashlib.sha256(part.read_bytes()).hexdigest() == part.stem:
                self._move_into_place(part.stem)
                continue
            number = 1
            while (aside := self.folder / "unfinished" / f"{part.stem}-{number}").exists():
                number += 1
            aside.parent.mkdir(exist_ok=True)
            part.replace(aside)
            self.set_aside += (aside,)


def _is_digest(text: str) -> bool:
    return len(text) == 64 and set(text) <= set("0123456789abcdef")


def _record(entry: dict[str, Any]) -> Record:
    tip = entry["tip"]
    if not _is_digest(entry["answer"]):
        raise ValueError(f"{entry['answer']!r} is no SHA-256 digest in hex")
    return Record(
        number=entry["number"],
        digest=entry["answer"],
        size=entry["size"],
        source=entry["source"],
        request=entry["request"],
        received=entry["received"],
        status=entry["status"],
        latency_ms=entry["latency_ms"],
        tip=None if tip is None else Tip(Chain(tip["chain"]), tip["height"], tip["hash"]),
    )
