"""The built-in case in one call: offline, whole, and the same on every run."""

from __future__ import annotations

import csv
import hashlib
import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cryptotrace.case import Case, demo
from cryptotrace.case.demo import CHAIN, Leg, play, run
from cryptotrace.case.tracing import digest_of
from cryptotrace.cli import main
from cryptotrace.errors import CaseError
from cryptotrace.tracing.result import EndReason

BITCOIN = [
    f"tracing-report.{language}.{suffix}" for language in ("en", "ru") for suffix in ("pdf", "docx", "xlsx", "json")
]


def _token_files(leg: str, exchange: str) -> list[str]:
    names = [f"tracing-report.{language}.pdf" for language in ("en", "ru")]
    names += [f"touch-point-sheet.training-exchange-{exchange}.{suffix}" for suffix in ("csv", "xlsx")]
    names += [f"issuer-sheet.training-issuer.{suffix}" for suffix in ("csv", "xlsx")]
    return [f"tokens-{leg}/{name}" for name in names]


class Clock:
    """A second passes at each look."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 9, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def _made(folder: Path) -> tuple[Case, tuple[Leg, ...]]:
    """The demonstration with no network at all and a clock of its own."""

    def refuse(*arguments: Any, **more: Any) -> None:
        raise AssertionError("the demonstration opens a connection")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        return play(folder, clock=Clock())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Case, tuple[Leg, ...]]]:
    """The demonstration, made once."""
    case, legs = _made(tmp_path_factory.mktemp("made") / "demo")
    with case:
        yield case, legs


def test_it_enters_and_traces_three_chains_the_bitcoin_last(made: tuple[Case, tuple[Leg, ...]]) -> None:
    case, legs = made
    assert [leg.chain for leg in legs] == ["evm-local", "tron-local", CHAIN]
    assert [claim.claimant for claim in case.claims] == ["Claimant 3", "Claimant 4", "Claimant 1", "Claimant 2"]
    reasons = [{holding.reason for holding in leg.view.holdings()} for leg in legs]
    tokens = {EndReason.SERVICE, EndReason.UNSPENT}
    assert reasons == [tokens, tokens, {*tokens, EndReason.COINJOIN, EndReason.DUST}]
    for leg in legs:
        assert all(row.difference == 0 for row in leg.view.reconcile())
    assert digest_of(case.last_trace().trace) == digest_of(legs[-1].view.trace)


def test_it_says_of_each_leg_what_was_recorded(made: tuple[Case, tuple[Leg, ...]]) -> None:
    evm, tron, bitcoin = (leg.recorded for leg in made[1])
    assert "an EVM node" in evm
    assert "not of a TRON node" in tron
    assert "Bitcoin node in regtest" in bitcoin


def test_it_leaves_a_report_of_each_leg_and_the_sheets_of_the_tokens(made: tuple[Case, tuple[Leg, ...]]) -> None:
    case, legs = made
    reports = case.folder / "reports"
    named = [[path.relative_to(reports).as_posix() for path in leg.files] for leg in legs]
    assert named == [_token_files("evm", "e"), _token_files("tron", "t"), BITCOIN]
    for path in (path for leg in legs for path in leg.files):
        assert path.stat().st_size > 1000
        if path.suffix == ".pdf":
            assert path.read_bytes().startswith(b"%PDF-")


@pytest.mark.parametrize(("place", "claimant", "claimed"), [(0, "Claimant 3", "60000"), (1, "Claimant 4", "20800")])
def test_the_sheets_ask_for_the_share_that_came_in_and_name_who_is_frozen(
    made: tuple[Case, tuple[Leg, ...]], place: int, claimant: str, claimed: str
) -> None:
    leg = made[1][place]
    sheets = {path.name.partition(".")[0]: path for path in leg.files if path.suffix == ".csv"}
    (touched,) = csv.DictReader(sheets["touch-point-sheet"].read_text(encoding="utf-8").splitlines())
    (share,) = (value for head, value in touched.items() if claimant in head and head.endswith("decimal"))
    assert share == f"{claimed}.000000"
    rows = list(csv.DictReader(sheets["issuer-sheet"].read_text(encoding="utf-8").splitlines()))
    assert sorted(row["Freeze status"] for row in rows) == ["frozen", *["not frozen"] * 4]
    assert all(row["Training"] != "no" for row in (touched, *rows))


def test_two_runs_write_the_same_bytes(made: tuple[Case, tuple[Leg, ...]], tmp_path: Path) -> None:
    case, legs = _made(tmp_path / "demo")
    case.close()
    for first, second in zip(made[1], legs, strict=True):
        assert digest_of(first.view.trace) == digest_of(second.view.trace)
        digests = [
            {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in leg.files} for leg in (first, second)
        ]
        assert digests[0] == digests[1]


def test_the_short_form_gives_the_bitcoin_and_the_files_of_all(
    made: tuple[Case, tuple[Leg, ...]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(demo, "play", lambda *arguments: made)
    case, view, written = run(tmp_path)
    assert (case, view) == (made[0], made[1][-1].view)
    assert written == tuple(path for leg in made[1] for path in leg.files)


def test_the_command_prints_each_leg_with_its_files(
    made: tuple[Case, tuple[Leg, ...]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "play", lambda *arguments, **more: made)
    monkeypatch.setattr(Case, "close", lambda case: None)
    assert main(["demo", "--out", "any"]) == 0
    said = capsys.readouterr().out
    for leg in made[1]:
        assert f"{leg.chain}: {leg.recorded}\n" in said
        assert repr(leg.view.holdings()) in said
        assert repr(leg.view.reconcile()) in said
        assert "".join(f"\n  {path}" for path in leg.files) in said

    assert main(["demo", "--json", "--out", "any"]) == 0
    told = json.loads(capsys.readouterr().out)["legs"]
    assert [leg["chain"] for leg in told] == [leg.chain for leg in made[1]]
    assert [leg["files"] for leg in told] == [[str(path) for path in leg.files] for leg in made[1]]
    assert [[row["difference"] for row in leg["reconciliation"]] for leg in told] == [["0"], ["0"], ["0", "0"]]


def test_a_folder_in_use_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")

    with pytest.raises(CaseError, match="not an empty folder"):
        run(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_moved_case_still_finds_its_blocks_and_its_answers(tmp_path: Path) -> None:
    case, legs = _made(tmp_path / "demo")
    case.close()
    (tmp_path / "demo").rename(tmp_path / "moved")

    with Case.open(tmp_path / "moved") as moved:
        for leg in legs:
            dust = leg.view.trace.stops.dust
            again = moved.trace(moved.claims_on(leg.chain), rule="fifo", reason="moved", dust=dust)
            assert digest_of(again.trace) == digest_of(leg.view.trace)
