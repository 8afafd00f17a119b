"""The custody log: who did what, when, with which parameters and which result, each entry linked to the one before.

The links show that the log was not edited in place. They do not show who held it: sign the ``head``, or hand it over
on paper, if that is to be proved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptotrace import __version__
from cryptotrace.errors import EvidenceError
from cryptotrace.evidence.canonical import timestamp, utc_now
from cryptotrace.evidence.linked import LinkedLines, Problem

_FIELDS = {"time": str, "actor": str, "software": str, "action": str, "parameters": dict, "result": str}


@dataclass(frozen=True, slots=True)
class Entry:
    """One action in the log."""

    number: int
    """Place in the log, from 1."""
    time: str
    """When: UTC, ISO 8601, by the clock of the machine."""
    actor: str
    """Who: the name that the case gave."""
    software: str
    """Name and version of the software that did it."""
    action: str
    """What: ``connect``, ``fetch``, ``trace`` ..."""
    parameters: Mapping[str, Any]
    """With which settings. Amounts are text or int."""
    result: str
    """Digest of the result, or empty if the action has none."""
    previous: str
    """Digest of the entry before."""
    digest: str
    """Digest of this entry: SHA-256 of its line, hex."""


class CustodyLog:
    """A hash-linked log of actions in one file of JSON lines."""

    def __init__(self, path: Path, *, actor: str = "", clock: Callable[[], datetime] = utc_now) -> None:
        self._lines = LinkedLines(Path(path))
        self._actor = actor
        self._clock = clock

    @property
    def path(self) -> Path:
        """The file."""
        return self._lines.path

    @property
    def head(self) -> str:
        """Digest of the newest entry; 64 zeros while there is none."""
        return self._lines.head

    @property
    def set_aside(self) -> tuple[Path, ...]:
        """Files with an entry that a killed process left unfinished."""
        return self._lines.set_aside

    def __len__(self) -> int:
        return len(self._lines)

    def append(self, action: str, parameters: Mapping[str, Any] | None = None, result: str = "") -> str:
        """Log one action; gives the digest of its entry.

        Raises:
            EvidenceError: a parameter is a float or something JSON does not have, or the file cannot be written.
        """
        return self._lines.append(
            {
                "time": timestamp(self._clock),
                "actor": self._actor,
                "software": f"cryptotrace {__version__}",
                "action": action,
                "parameters": dict(parameters or {}),
                "result": result,
            }
        )

    def entries(self) -> Iterator[Entry]:
        """The entries in order.

        Raises:
            EvidenceError: the log is damaged or was altered.
        """
        for line in self._lines.entries():
            if (problem := self._field_problem(line)) is not None:
                raise EvidenceError(f"{problem}; the log was altered")
            yield Entry(**{name: line[name] for name in Entry.__slots__})

    def verify(self) -> list[Problem]:
        """Everything that is wrong with the log, as values; empty if nothing is."""
        problems = self._lines.verify()
        if problems:
            return problems
        found = (self._field_problem(line) for line in self._lines.entries())
        return [problem for problem in found if problem is not None]

    def check(self) -> None:
        """Verify, and raise at the first problem.

        Raises:
            EvidenceError: the log is damaged or was altered; the message names file and line.
        """
        for problem in self.verify():
            raise EvidenceError(f"{problem}; the log was damaged or altered, restore it from a copy")

    def _field_problem(self, line: Mapping[str, Any]) -> Problem | None:
        for name, kind in _FIELDS.items():
            if not isinstance(line.get(name), kind):
                return Problem(self.path, line["number"], f"has no {name}")
        return None
