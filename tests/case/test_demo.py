"""The built-in case in one call: offline, whole, and the same on every run."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from cryptotrace.case import Case
from cryptotrace.case.demo import run
from cryptotrace.case.tracing import digest_of
from cryptotrace.errors import CaseError
from cryptotrace.tracing.result import EndReason


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: Any, **more: Any) -> None:
        raise AssertionError("the demonstration opens a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.mark.usefixtures("no_network")
def test_it_leaves_a_whole_case_with_its_report_and_asks_no_network(tmp_path: Path) -> None:
    case, view, written = run(tmp_path / "demo")
    with case:
        assert len(written) == 8
        assert all(path.is_file() and path.stat().st_size > 1000 for path in written)
        assert {claim.claimant for claim in case.claims} == {"Claimant 1", "Claimant 2"}
        reasons = {holding.reason for holding in view.holdings()}
        assert reasons == {EndReason.SERVICE, EndReason.COINJOIN, EndReason.UNSPENT, EndReason.DUST}
        assert all(row.difference == 0 for row in view.reconcile())

    with Case.open(tmp_path / "demo") as again:
        assert digest_of(again.last_trace().trace) == digest_of(view.trace)


def test_two_runs_give_the_same_trace_to_the_byte(tmp_path: Path) -> None:
    digests = set()
    for name in ("one", "two"):
        case, view, _ = run(tmp_path / name)
        case.close()
        digests.add(digest_of(view.trace))

    assert len(digests) == 1


def test_a_folder_in_use_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")

    with pytest.raises(CaseError, match="not an empty folder"):
        run(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_moved_case_still_finds_its_blocks(tmp_path: Path) -> None:
    case, view, _ = run(tmp_path / "demo")
    case.close()
    (tmp_path / "demo").rename(tmp_path / "moved")

    with Case.open(tmp_path / "moved") as moved:
        again = moved.trace(rule="fifo", reason="moved", dust=5000)
        assert digest_of(again.trace) == digest_of(view.trace)
