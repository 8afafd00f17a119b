"""A file of JSON lines in which every line holds the digest of the line before it.

Altering, removing, inserting or reordering a line breaks the links after it. What has no link after it cannot be seen
in the file alone: an altered *last* line, and lines removed from the *end*. Keep the ``head`` elsewhere (the custody
log, a signed report) and compare.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptotrace.errors import EvidenceError
from cryptotrace.evidence.canonical import canonical_json, check_depth

#: What the first line links to.
ORIGIN = "0" * 64


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong in a file of evidence, as a value."""

    path: Path
    """The file."""
    line: int
    """Number of the line in it, from 1; 0 if the file as a whole is meant."""
    detail: str
    """What is wrong."""

    def __str__(self) -> str:
        return f"{self.path}, line {self.line}: {self.detail}" if self.line else f"{self.path}: {self.detail}"


class LinkedLines:
    """Hash-linked JSON lines in a file that only grows.

    A process that is killed while it writes leaves at most one unfinished last line. It is found when the file is
    opened, moved into a file beside it (``set_aside``), and never deleted.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.set_aside: tuple[Path, ...] = ()
        self._lock = threading.Lock()
        self._head = ORIGIN
        self._count = 0
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            self._set_unfinished_line_aside()
            self._find_end()

    @property
    def head(self) -> str:
        """Digest of the last line: SHA-256, hex. ``ORIGIN`` while there is none."""
        return self._head

    def __len__(self) -> int:
        return self._count

    def append(self, fields: Mapping[str, Any]) -> str:
        """Write one line with a number and the link to the line before; gives its digest.

        Raises:
            EvidenceError: ``fields`` holds a float or something JSON does not have, or the file cannot be written.
        """
        with self._lock:
            line = canonical_json({**fields, "number": self._count + 1, "previous": self._head})
            try:
                with self.path.open("ab") as file:
                    file.write(line + b"\n")
                    file.flush()
                    os.fsync(file.fileno())
            except OSError as error:
                raise EvidenceError(
                    f"{self.path} cannot be written: {error}; free space or fix its permissions"
                ) from error
            self._head = hashlib.sha256(line).hexdigest()
            self._count += 1
            return self._head

    def entries(self) -> Iterator[dict[str, Any]]:
        """The lines in order, as they were given to ``append``, with ``number``, ``previous`` and their own ``digest``.

        Raises:
            EvidenceError: a line does not link to the one before it.
        """
        for entry in self._read():
            if isinstance(entry, Problem):
                raise EvidenceError(f"{entry}; the file was damaged or altered, restore it from a copy")
            yield entry

    def verify(self) -> list[Problem]:
        """Everything that is wrong with the links, in the order of the file; empty if nothing is."""
        return [entry for entry in self._read() if isinstance(entry, Problem)]

    def _read(self) -> Iterator[dict[str, Any] | Problem]:
        if not self.path.exists():
            return
        previous = ORIGIN
        with self.path.open("rb") as file:
            for number, raw in enumerate(file, 1):
                line = raw.removesuffix(b"\n")
                entry = self._parse(line, number, previous)
                previous = hashlib.sha256(line).hexdigest()
                if isinstance(entry, dict):
                    entry["digest"] = previous
                yield entry

    def _parse(self, line: bytes, number: int, previous: str) -> dict[str, Any] | Problem:
        try:
            check_depth(line)
            entry = json.loads(line)
        except (ValueError, RecursionError):
            return Problem(self.path, number, "is not JSON")
        if not isinstance(entry, dict):
            return Problem(self.path, number, "is not a JSON object")
        if entry.get("number") != number:
            return Problem(self.path, number, f"carries the number {entry.get('number')!r}: lines are missing or moved")
        if entry.get("previous") != previous:
            return Problem(self.path, number, f"does not link to the line before it, whose digest is {previous}")
        return entry

    def _find_end(self) -> None:
        last = b""
        with self.path.open("rb") as file:
            for self._count, last in enumerate(file, 1):  # noqa: B007 - the last pair is what is wanted
                pass
        if self._count:
            self._head = hashlib.sha256(last.removesuffix(b"\n")).hexdigest()

    def _set_unfinished_line_aside(self) -> None:
        with self.path.open("rb+") as file:
            raw = file.read()
            end = raw.rfind(b"\n") + 1
            if end == len(raw):
                return
            number = 1
            while (aside := self.path.with_name(f"{self.path.name}.unfinished-{number}")).exists():
                number += 1
            aside.write_bytes(raw[end:])
            file.truncate(end)
        self.set_aside = (aside,)
