"""The archive keeps every byte, notices every change, and survives a killed process."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptotrace.errors import EvidenceError
from cryptotrace.evidence.archive import Archive
from cryptotrace.evidence.canonical import check_depth
from cryptotrace.model.block import Tip
from cryptotrace.model.identity import Chain

TIP = Tip(Chain("bip122:0f9188f13cb7b2c71f2a335e3a4fc328"), 7, "ab" * 32)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def filled(folder: Path) -> Archive:
    archive = Archive(folder, clock=lambda: NOON)
    archive.add(b"one", source="esplora:https://x", request="GET /tx/1", tip=TIP, latency_ms=12)
    archive.add(b"two", source="esplora:https://x", request="GET /tx/2", status="http 429")
    return archive


def test_an_answer_is_read_back_under_its_sha256(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    digest = archive.add(b"answer", source="s", request="r")
    assert digest == hashlib.sha256(b"answer").hexdigest()
    assert archive.read(digest) == b"answer"
    assert (tmp_path / digest[:2] / digest).read_bytes() == b"answer"


def test_a_record_holds_what_was_asked_when_and_at_which_tip(tmp_path: Path) -> None:
    filled(tmp_path)
    first, second = Archive(tmp_path).records()
    assert (first.number, first.size, first.source, first.request) == (1, 3, "esplora:https://x", "GET /tx/1")
    assert (first.received, first.status, first.latency_ms, first.tip) == ("2026-11-24T12:00:00.000000Z", "ok", 12, TIP)
    assert (second.number, second.status, second.tip, second.latency_ms) == (2, "http 429", None, None)


def test_bytes_seen_twice_are_stored_once_and_recorded_twice(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    assert archive.add(b"same", source="s", request="a") == archive.add(b"same", source="s", request="b")
    assert [r.request for r in archive.records()] == ["a", "b"]
    assert sum(1 for p in tmp_path.rglob("*") if p.is_file()) == 2


def test_an_altered_file_is_named_with_its_record(tmp_path: Path) -> None:
    archive = filled(tmp_path)
    digest = hashlib.sha256(b"two").hexdigest()
    (tmp_path / digest[:2] / digest).write_bytes(b"tvo")
    with pytest.raises(EvidenceError, match=rf"{digest}.*record 2.*altered"):
        archive.read(digest)
    assert len(archive.verify()) == 1


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    archive = filled(tmp_path)
    digest = hashlib.sha256(b"one").hexdigest()
    (tmp_path / digest[:2] / digest).unlink()
    with pytest.raises(EvidenceError, match="record 1"):
        archive.read(digest)
    assert digest in str(archive.verify()[0])


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: raw.replace(b"GET /tx/1", b"GET /tx/9"),
        lambda raw: b"".join(reversed(raw.splitlines(keepends=True))),
        lambda raw: raw.split(b"\n", 1)[1],
        lambda raw: b"\xff\n" + raw,
        lambda raw: b"[]\n" + raw,
    ],
)
def test_an_altered_index_does_not_open(tmp_path: Path, damage: object) -> None:
    filled(tmp_path)
    index = tmp_path / "index.jsonl"
    index.write_bytes(damage(index.read_bytes()))  # type: ignore[operator]
    with pytest.raises(EvidenceError, match=r"index\.jsonl, line"):
        Archive(tmp_path)
    assert Archive(tmp_path, check=False).verify()


def test_a_half_written_index_line_is_set_aside_and_the_rest_kept(tmp_path: Path) -> None:
    filled(tmp_path)
    with (tmp_path / "index.jsonl").open("ab") as file:
        file.write(b'{"answer":"ab')
    archive = Archive(tmp_path)
    assert [r.number for r in archive.records()] == [1, 2]
    (aside,) = archive.set_aside
    assert aside.read_bytes() == b'{"answer":"ab'
    archive.add(b"three", source="s", request="r")
    assert [r.number for r in Archive(tmp_path).records()] == [1, 2, 3]
    assert Archive(tmp_path).set_aside == ()


def test_bytes_written_without_a_record_are_set_aside(tmp_path: Path) -> None:
    filled(tmp_path)
    digest = hashlib.sha256(b"three").hexdigest()
    (tmp_path / "incoming" / f"{digest}.part").write_bytes(b"thr")
    archive = Archive(tmp_path)
    assert [p.read_bytes() for p in archive.set_aside] == [b"thr"]
    assert archive.add(b"three", source="s", request="r") == digest
    assert archive.read(digest) == b"three"


def test_a_record_whose_bytes_were_not_yet_in_place_is_finished_on_opening(tmp_path: Path) -> None:
    filled(tmp_path)
    digest = hashlib.sha256(b"two").hexdigest()
    (tmp_path / digest[:2] / digest).rename(tmp_path / "incoming" / f"{digest}.part")
    archive = Archive(tmp_path)
    assert archive.read(digest) == b"two"
    assert archive.set_aside == ()


def test_a_process_killed_while_it_writes_loses_nothing_recorded(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from cryptotrace.evidence.archive import Archive\n"
        "a = Archive(Path(sys.argv[1]))\n"
        "for n in range(10**6):\n"
        "    a.add(b'%d' % n * 50, source='s', request=str(n)); print(n, flush=True)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    seen = -1
    while seen < 20:
        seen = int(process.stdout.readline())
    process.kill()
    seen = max([seen, *map(int, process.stdout.read().split())])
    process.stdout.close()
    process.wait()
    archive = Archive(tmp_path)
    numbers = [int(r.request) for r in archive.records()]
    assert numbers[: seen + 1] == list(range(seen + 1))
    assert archive.verify() == []


def test_secrets_and_url_credentials_never_reach_the_disk(tmp_path: Path) -> None:
    archive = Archive(tmp_path, secrets=["hunter2", "hunter22"])
    archive.add(b"x", source="rpc:http://alice:pw@node:8332", request="GET /?key=hunter22")
    text = (tmp_path / "index.jsonl").read_text(encoding="utf-8")
    assert "hunter" not in text
    assert "pw@" not in text
    assert "alice" not in text


@given(st.lists(st.binary(max_size=40), max_size=8))
def test_whatever_is_added_comes_back_in_order(tmp_path_factory: pytest.TempPathFactory, answers: list[bytes]) -> None:
    folder = tmp_path_factory.mktemp("archive")
    archive = Archive(folder)
    for raw in answers:
        archive.add(raw, source="s", request="r")
    again = Archive(folder)
    assert [again.read(r.digest) for r in again.records()] == answers


def test_the_index_is_plain_json_lines(tmp_path: Path) -> None:
    filled(tmp_path)
    lines = (tmp_path / "index.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["number"] for line in lines] == [1, 2]


@pytest.mark.parametrize("digest", ["", "../x", "AB" * 32, "0" * 63])
def test_what_is_no_digest_is_refused(tmp_path: Path, digest: str) -> None:
    with pytest.raises(EvidenceError, match="not a SHA-256"):
        Archive(tmp_path).read(digest)


def test_a_folder_that_cannot_be_made_is_a_typed_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(EvidenceError, match="cannot be opened"):
        Archive(tmp_path / "file" / "evidence")
    assert os.listdir(tmp_path) == ["file"]  # noqa: PTH208


def test_an_index_that_is_gone_while_answers_are_there_does_not_open(tmp_path: Path) -> None:
    filled(tmp_path)
    (tmp_path / "index.jsonl").unlink()
    with pytest.raises(EvidenceError, match=r"index\.jsonl is missing or empty"):
        Archive(tmp_path)


def test_lines_removed_from_the_end_are_found_by_the_answers_that_they_named(tmp_path: Path) -> None:
    filled(tmp_path)
    index = tmp_path / "index.jsonl"
    index.write_bytes(index.read_bytes().splitlines(keepends=True)[0])
    (problem,) = Archive(tmp_path).verify()
    assert problem.path.name == hashlib.sha256(b"two").hexdigest()


def test_a_size_that_is_not_that_of_the_bytes_is_found(tmp_path: Path) -> None:
    filled(tmp_path)
    index = tmp_path / "index.jsonl"
    first, last = index.read_bytes().splitlines(keepends=True)
    index.write_bytes(first + last.replace(b'"size":3', b'"size":4'))
    (problem,) = Archive(tmp_path).verify()
    assert (problem.path, problem.line) == (index, 2)


def test_an_index_line_with_a_path_for_a_digest_does_not_open(tmp_path: Path) -> None:
    filled(tmp_path)
    index = tmp_path / "index.jsonl"
    index.write_bytes(index.read_bytes().replace(hashlib.sha256(b"two").hexdigest().encode(), b"../../etc"))
    with pytest.raises(EvidenceError, match="line 2: not a record"):
        Archive(tmp_path)


@pytest.mark.parametrize("raw", [b"[" * 200_000, b'{"a":' * 200_000, b'[["' + b"[" * 500 + b'"]' + b"[" * 200])
def test_deep_nesting_is_refused_before_a_parser_sees_it(raw: bytes) -> None:
    """web3 raises the limit of recursion to 100,000: a parser that recurses would end the process."""
    with pytest.raises(ValueError, match="deeper than 100 levels"):
        check_depth(raw)
    check_depth(b'["\\"[[[' + b"[" * 500 + b'"]')
