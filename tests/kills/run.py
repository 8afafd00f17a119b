"""Kills a writing process again and again: what was acknowledged must still be there, unaltered."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from random import Random

from tests.kills.writer import CHAIN

from cryptotrace.evidence.archive import Archive
from cryptotrace.evidence.custody import CustodyLog
from cryptotrace.ledger.store import Store

ROOT = Path(__file__).resolve().parents[2]


def run(folder: Path, *, kills: int, seed: int, report: Callable[[str], None]) -> int:
    """Kill the writer so many times over one folder; how many things were acknowledged in all.

    Raises:
        AssertionError: something acknowledged is gone or altered, or more than the last record was set aside.
    """
    random = Random(seed)
    known: dict[str, set[str]] = {"answer": set(), "entry": set(), "flow": set()}
    for n in range(kills):
        for kind, what in _written_until_killed(folder, f"{seed}-{n}", random.uniform(0.0, 0.15)):
            known[kind].add(what)
        _check(folder, known)
    total = sum(map(len, known.values()))
    report(
        f"{kills} kills, {total} acknowledged writes, all there: {', '.join(f'{len(v)} {k}' for k, v in known.items())}"
    )
    return total


def _written_until_killed(folder: Path, name: str, after_s: float) -> list[tuple[str, str]]:
    """What the writer acknowledged before it was killed, so long after it had begun."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(ROOT), *sys.path))}
    writer = subprocess.Popen(
        [sys.executable, "-m", "tests.kills.writer", str(folder), name],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == f"ready {name}\n", "the writer did not begin"
    threading.Timer(after_s, writer.kill).start()  # SIGKILL, and TerminateProcess on Windows
    lines = writer.stdout.read().splitlines(keepends=True)
    writer.stdout.close()
    writer.wait()
    pairs = (line.rstrip("\n").split(" ", 1) for line in lines if line.endswith("\n"))
    return [(kind, what) for kind, what in pairs]


def _check(folder: Path, known: dict[str, set[str]]) -> None:
    archive, log = Archive(folder / "evidence"), CustodyLog(folder / "custody.jsonl")
    assert archive.verify() == []
    assert log.verify() == []
    assert known["answer"] <= {record.digest for record in archive.records()}
    assert known["entry"] <= {entry.digest for entry in log.entries()}
    assert len(archive.set_aside) + len(log.set_aside) <= 2, "more than the last record was set aside"
    with Store(folder / "ledger.duckdb") as store:
        held = {flow.id: flow.units for flow in store.flows(CHAIN)}
    assert all(held[flow] == 2**63 + int(flow.rpartition(":")[2]) for flow in known["flow"])
