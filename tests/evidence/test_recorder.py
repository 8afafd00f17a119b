"""Both recorders keep and give back the same."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cryptotrace.errors import EvidenceError
from cryptotrace.evidence.archive import Archive
from cryptotrace.evidence.recorder import ArchiveRecorder, MemoryRecorder


def noon() -> datetime:
    return datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_the_archive_and_the_memory_recorder_keep_equal_records(tmp_path: Path) -> None:
    archive = Archive(tmp_path, clock=noon)
    memory = MemoryRecorder(clock=noon)
    for recorder in (ArchiveRecorder(archive), memory):
        recorder.record(b"a", source="rpc:http://u:p@h", request="POST /", latency_ms=1, status="http 500")
        recorder.record(b"a", source="s", request="GET /")
    assert list(archive.records()) == list(memory.records())
    assert [memory.read(r.digest) for r in archive.records()] == [b"a", b"a"]


def test_memory_says_when_it_does_not_hold_an_answer() -> None:
    with pytest.raises(EvidenceError, match="no answer"):
        MemoryRecorder().read("0" * 64)
