"""The built-in training case, from recorded blocks to the report, offline."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from importlib import resources
from pathlib import Path

from cryptotrace.case.case import Case
from cryptotrace.case.view import TraceView

CHAIN = "bitcoin-regtest"


def enter(case: Case, material: Path) -> None:
    """Enter what the recorder noted: the source, the tags, the claims and the CoinJoin."""
    story = json.loads((material / "story.json").read_text(encoding="utf-8"))
    case.connect(CHAIN, f"blocks:{material / 'blk00000.dat'}")
    case.tag(material / "exchange.yaml")
    for claim in story["claims"]:
        case.claim(claim["claimant"], CHAIN, outpoint=claim["outpoint"], basis=claim["basis"])
    case.name_coinjoin(story["coinjoin"]["txid"], story["coinjoin"]["basis"])


def run(out: Path, progress: Callable[[int, int], None] | None = None) -> tuple[Case, TraceView, tuple[Path, ...]]:
    """Make the case in ``out``, trace it and write its report.

    Returns:
        The open case, the trace, and the files of the report.

    Raises:
        CaseError: ``out`` is not empty.
    """
    case = Case.create(
        out,
        title="Training case: two payments, one peel chain",
        question="Where did the bitcoin that the two claimants paid on 2 March 2026 go, and where does it rest?",
        author="cryptotrace demo",
        own_nodes_only=True,
    )
    try:
        material = out / "training"
        shutil.copytree(
            str(resources.files("cryptotrace.training")), material, ignore=shutil.ignore_patterns("*.py*", "__*")
        )
        enter(case, material)
        view = case.trace(rule="fifo", reason="the training case's rule", dust=5000, progress=progress)
        return case, view, case.report(view)
    except BaseException:
        case.close()
        raise
