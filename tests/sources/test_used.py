"""What is recorded of a chain that is held: each thing once, statements as what they are."""

from __future__ import annotations

import hashlib
import json

from tests.sources.chain import REGTEST

from cryptotrace.evidence.recorder import MemoryRecorder
from cryptotrace.model.block import BlockRef, Tip
from cryptotrace.sources.used import Used

TIP = Tip(REGTEST.chain, 9, "ab" * 32)
REF = BlockRef(REGTEST.chain, 7, "cd" * 32, 1)


def test_bytes_are_recorded_once_when_they_are_first_used() -> None:
    recorder = MemoryRecorder()
    used = Used(recorder, "blocks:x", TIP)

    digests = [used.block(REF, b"block", " in blk00000.dat at 8") for _ in range(3)]
    digests.append(used.transaction("ef" * 32, b"transaction"))

    assert digests == [hashlib.sha256(b"block").hexdigest()] * 3 + [hashlib.sha256(b"transaction").hexdigest()]
    assert [(r.request, r.status, r.tip) for r in recorder.records()] == [
        (f"block {'cd' * 32} height 7 in blk00000.dat at 8", "ok", TIP),
        (f"transaction {'ef' * 32}", "ok", TIP),
    ]


def test_a_statement_is_marked_as_derived_and_holds_question_answer_and_tip() -> None:
    recorder = MemoryRecorder()
    used = Used(recorder, "blocks:x", TIP)

    assert used.statement("spend a:0", None) == used.statement("spend a:0", None)

    (record,) = recorder.records()
    assert record.status == "derived"
    assert json.loads(recorder.read(record.digest)) == {
        "request": "spend a:0",
        "answer": None,
        "tip": {"height": 9, "hash": "ab" * 32},
    }
