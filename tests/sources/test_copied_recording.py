"""What a case uses of a recording becomes its own evidence, once, and can be replayed from there."""

from __future__ import annotations

from pathlib import Path

from tests.training_chain import REGTEST, blocks, story

from cryptotrace.evidence.archive import Archive
from cryptotrace.evidence.recorder import ArchiveRecorder, MemoryRecorder
from cryptotrace.model.source import Source, Spend, Spends, SpendUnknown, Transactions, Unspent
from cryptotrace.model.transaction import Outpoint
from cryptotrace.sources import open_source
from cryptotrace.sources.memory import MemorySource
from cryptotrace.sources.recorded import CopiedRecording

CLAIMED = Outpoint.parse(story()["claims"][0]["outpoint"])


def _ask(source: Source) -> list[Spend | Unspent | SpendUnknown]:
    assert isinstance(source, Transactions)
    assert isinstance(source, Spends)
    (raw,) = source.transactions([CLAIMED.txid])
    assert raw.txid == CLAIMED.txid
    answers = list(source.spends([Outpoint(CLAIMED.txid, 0), Outpoint(CLAIMED.txid, 1)]))
    source.close()
    return answers


def _replay(recorded: Path, case: Path) -> list[Spend | Unspent | SpendUnknown]:
    return _ask(open_source(f"recorded:{recorded}", REGTEST, ArchiveRecorder(Archive(case))))


def test_what_is_used_of_a_recording_is_evidence_of_the_case_and_can_be_replayed_from_it(tmp_path: Path) -> None:
    first, second, third = (tmp_path / name for name in ("first", "second", "third"))
    live = _ask(MemorySource.from_raw(REGTEST, blocks(), recorder=ArchiveRecorder(Archive(first))))

    assert _replay(first, second) == live
    assert _replay(second, third) == live

    originals = {(r.source, r.request, r.digest, r.status, r.tip) for r in Archive(first).records()}
    for folder in (second, third):
        archive = Archive(folder)
        assert {(r.source, r.request, r.digest, r.status, r.tip) for r in archive.records()} == originals
        assert archive.verify() == []


def test_a_replay_that_is_opened_again_copies_nothing_twice(tmp_path: Path) -> None:
    recorded, case = tmp_path / "recorded", tmp_path / "case"
    _ask(MemorySource.from_raw(REGTEST, blocks(), recorder=ArchiveRecorder(Archive(recorded))))
    _replay(recorded, case)
    size = len(Archive(case))

    _replay(recorded, case)

    assert len(Archive(case)) == size > 0


def test_only_what_is_read_is_copied() -> None:
    there, case = MemoryRecorder(), MemoryRecorder()
    digests = [there.record(text.encode(), source="esplora:x", request=f"GET /{text}") for text in ("a", "b")]

    assert CopiedRecording(there, case).read(digests[1]) == b"b"

    assert [(r.request, r.digest) for r in case.records()] == [("GET /b", digests[1])]
