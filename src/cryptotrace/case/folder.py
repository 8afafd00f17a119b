"""The folder of a case: made, opened and closed; its settings, its store, its evidence and its log.

``case.toml`` holds who, what, which sources and settings; ``ledger.duckdb`` the graph; ``evidence/`` every raw answer,
append-only; ``custody.jsonl`` who did what, when, with which result; ``reports/`` the documents.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptotrace.attribution.book import TagBook
from cryptotrace.attribution.tagpack import read_tagpack
from cryptotrace.case import custody
from cryptotrace.case import file as casefile
from cryptotrace.case.assets import AssetBook
from cryptotrace.case.connections import Connections
from cryptotrace.evidence.archive import Archive
from cryptotrace.evidence.custody import CustodyLog
from cryptotrace.evidence.recorder import ArchiveRecorder
from cryptotrace.ledger.store import Store
from cryptotrace.sources.policy import Policy


class CaseFolder:
    """What every case has, before anybody asks anything of it; see ``cryptotrace.case.case.Case``."""

    def __init__(
        self, folder: Path, settings: casefile.CaseFile, *, clock: Callable[[], datetime], notice: Callable[[str], None]
    ) -> None:
        self.folder = folder
        self.settings = settings
        self._clock, self._notice = clock, notice
        self.store = Store(folder / "ledger.duckdb")
        try:
            self._open_evidence(notice)
        except BaseException:
            self.store.close()
            raise

    def _open_evidence(self, notice: Callable[[str], None]) -> None:
        folder, settings, clock = self.folder, self.settings, self._clock
        self.archive = Archive(folder / "evidence", clock=clock)
        self.custody = CustodyLog(folder / "custody.jsonl", actor=settings.author or "not stated", clock=clock)
        custody.check(self.custody, self.archive, settings)
        policy = Policy(own_nodes_only=settings.own_nodes_only, own_hosts=settings.own_hosts, notice=notice)
        self.recorder = ArchiveRecorder(self.archive)
        self._connections = Connections(folder, self.recorder, policy)
        self.assets = AssetBook(self.store, (entry.facts() for entry in settings.tokens))
        self.tags = TagBook(
            tag
            for entry in settings.tags
            for tag in read_tagpack(self.archive.read(entry.digest), evidence=entry.digest).tags
        )

    # --- opening and closing ------------------------------------------------------------------------------------------

    @classmethod
    def create(
        cls,
        folder: str | Path,
        *,
        title: str,
        question: str = "",
        author: str = "",
        own_nodes_only: bool = False,
        own_hosts: Sequence[str] = (),
        clock: Callable[[], datetime] | None = None,
        notice: Callable[[str], None] | None = None,
    ) -> Self:
        """Make a case in a new or empty folder.

        Args:
            folder: where; it is made if it does not exist.
            title: title of the case, printed on every document.
            question: the question that the report answers; a standard one if empty.
            author: who works on it; written into the custody log with every action.
            own_nodes_only: refuse public sources, which learn what is asked, before the first query.
            own_hosts: names of hosts that are one's own, beside local and private addresses.
            clock: the present time, for tests.
            notice: gets warnings for the user, one line each; printed to stderr by default.

        Raises:
            CaseError: the folder is not empty.
        """
        folder = casefile.make_folder(Path(folder))
        settings = casefile.CaseFile(folder.resolve().name, title, question, author, own_nodes_only, tuple(own_hosts))
        casefile.write(folder / "case.toml", settings)
        case = cls(folder, settings, clock=clock or _now, notice=notice or _to_stderr)
        entered = {"title": title, "question": question, "author": author, "own_hosts": list(own_hosts)}
        case.log("create", {**entered, "own_nodes_only": own_nodes_only}, custody.digest(asdict(settings)))
        return case

    @classmethod
    def open(
        cls,
        folder: str | Path,
        *,
        clock: Callable[[], datetime] | None = None,
        notice: Callable[[str], None] | None = None,
    ) -> Self:
        """Open a case.

        Raises:
            CaseError: the folder is not a case.
            StoreLocked: another process has it open.
            EvidenceError: the archive or the custody log is damaged or was altered.
        """
        folder = Path(folder)
        return cls(folder, casefile.read(folder / "case.toml"), clock=clock or _now, notice=notice or _to_stderr)

    def close(self) -> None:
        """Close the store and the sources."""
        self._connections.close()
        self.store.close()

    def __repr__(self) -> str:
        return f"<case {self.settings.id}: {self.settings.title}; claims: {len(self.settings.claims)}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    # --- inside -------------------------------------------------------------------------------------------------------

    def _change(self, **changes: object) -> None:
        settings = replace(self.settings, **changes)  # type: ignore[arg-type]
        casefile.write(self.folder / "case.toml", settings)
        self.settings = settings

    def log(self, action: str, parameters: Mapping[str, object], result: str = "") -> None:
        """Write an action into the custody log."""
        custody.write(self.custody, self.archive, action, parameters, result)


def _now() -> datetime:
    return datetime.now(UTC)


def _to_stderr(text: str) -> None:
    import sys

    print(text, file=sys.stderr)
