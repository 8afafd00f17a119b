"""The custody log shows every edit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptotrace.errors import EvidenceError
from cryptotrace.evidence.custody import CustodyLog

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def filled(path: Path) -> CustodyLog:
    log = CustodyLog(path, actor="Инспектор", clock=lambda: NOON)
    log.append("connect", {"source": "esplora:https://x"})
    log.append("claim", {"amount": "12.5", "units": 1_250_000_000})
    log.append("trace", {"rule": "fifo", "hops": [1, 2]}, "ab" * 32)
    return log


def test_an_entry_says_who_did_what_when_with_what(tmp_path: Path) -> None:
    log = filled(tmp_path / "custody.jsonl")
    entry = list(log.entries())[2]
    assert (entry.number, entry.actor, entry.action, entry.result) == (3, "Инспектор", "trace", "ab" * 32)
    assert entry.time == "2026-11-24T12:00:00.000000Z"
    assert entry.software.startswith("cryptotrace ")
    assert entry.parameters == {"rule": "fifo", "hops": [1, 2]}
    assert entry.digest == log.head


def test_each_entry_links_to_the_one_before_across_reopening(tmp_path: Path) -> None:
    path = tmp_path / "custody.jsonl"
    head = filled(path).head
    log = CustodyLog(path)
    assert log.head == head
    log.append("report")
    entries = list(log.entries())
    assert [e.previous for e in entries] == ["0" * 64, *(e.digest for e in entries[:-1])]
    assert log.verify() == []


DAMAGE: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "altered": lambda lines: [lines[0], lines[1].replace(b"12.5", b"12.4"), lines[2]],
    "removed": lambda lines: [lines[0], lines[2]],
    "reordered": lambda lines: [lines[1], lines[0], lines[2]],
    "doubled": lambda lines: [lines[0], lines[0], *lines[1:]],
    "headless": lambda lines: lines[1:],
    "not json": lambda lines: [lines[0], b"?\n", lines[2]],
    "not utf-8": lambda lines: [lines[0], b'{"a":"\xff"}\n', lines[2]],
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_an_edit_is_found(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "custody.jsonl"
    filled(path)
    path.write_bytes(b"".join(DAMAGE[kind](path.read_bytes().splitlines(keepends=True))))
    log = CustodyLog(path)
    assert log.verify()
    with pytest.raises(EvidenceError, match=r"custody\.jsonl, line \d"):
        log.check()
    with pytest.raises(EvidenceError):
        list(log.entries())


def test_truncation_at_the_end_shows_in_the_head(tmp_path: Path) -> None:
    path = tmp_path / "custody.jsonl"
    head = filled(path).head
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    assert CustodyLog(path).head != head


def test_a_half_written_entry_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "custody.jsonl"
    filled(path)
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:37])
    log = CustodyLog(path)
    assert [p.read_bytes() for p in log.set_aside] == [whole[:37]]
    assert path.read_bytes() == whole
    log.append("report")
    assert log.verify() == []


@pytest.mark.parametrize("value", [12.5, {"a": [0.1]}, {"b": {1: "x"}}, b"bytes", {"s": "\ud800"}])
def test_a_float_or_something_json_does_not_have_is_refused_and_nothing_is_written(
    tmp_path: Path, value: object
) -> None:
    log = CustodyLog(tmp_path / "custody.jsonl")
    with pytest.raises(EvidenceError):
        log.append("claim", {"amount": value})
    assert len(log) == 0
    assert not log.path.exists()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), json_values, max_size=4), st.data())
def test_any_single_changed_byte_is_found(
    tmp_path_factory: pytest.TempPathFactory, parameters: dict[str, object], data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("custody") / "custody.jsonl"
    log = CustodyLog(path, clock=lambda: NOON)
    try:
        log.append("one", parameters)
    except EvidenceError:
        return  # a lone surrogate cannot be written
    log.append("two")
    head, raw = log.head, bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(raw)
    again = CustodyLog(path)
    assert again.set_aside or again.verify() or again.head != head
