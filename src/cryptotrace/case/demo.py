"""The built-in training case, from recorded answers to the reports, offline: bitcoin, and tokens on two account chains.

What was recorded lies in ``cryptotrace.training``; a ``story.json`` says what, and from what. The tokens are traced
first, so that the newest trace of the case is that of the bitcoin.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any

from cryptotrace.case.case import Case
from cryptotrace.case.view import TraceView

CHAIN = "bitcoin-regtest"
#: The folders of the token legs, in the order in which they are entered.
TOKEN_LEGS = ("evm", "tron")
_SOURCE = "blocks of a Bitcoin node in regtest"
#: What is written of a token leg: the report to read, and the sheets for who can act.
_DOCUMENTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("tracing-report", ("pdf",)),
    ("touch-point-sheet", ("csv", "xlsx")),
    ("issuer-sheet", ("csv", "xlsx")),
)


@dataclass(frozen=True, slots=True)
class Leg:
    """What the training case holds on one chain."""

    chain: str
    """Name of the network."""
    recorded: str
    """What was recorded, and from what."""
    view: TraceView
    """The trace of the claims on this chain."""
    files: tuple[Path, ...]
    """The documents that were written of it."""

    def to_dict(self) -> dict[str, object]:
        """Chain, origin, trace and reconciliation as text, lists and dicts, and the paths of the documents."""
        return {
            "chain": self.chain,
            "recorded": self.recorded,
            "trace": self.view.to_dict(),
            **self.view.reconcile().to_dict(),
            "files": [str(path) for path in self.files],
        }


def enter(case: Case, material: Path) -> None:
    """Enter what the recorder noted of the bitcoin leg: the source, the tags, the claims and the CoinJoin."""
    story = _story(material)
    case.connect(CHAIN, f"blocks:{material / 'blk00000.dat'}")
    case.tag(material / "exchange.yaml")
    for claim in story["claims"]:
        case.claim(claim["claimant"], CHAIN, outpoint=claim["outpoint"], basis=claim["basis"])
    case.name_coinjoin(story["coinjoin"]["txid"], story["coinjoin"]["basis"])


def enter_tokens(case: Case, material: Path, source: str = "") -> str:
    """Enter what the recorder noted of a token leg: the source, the token, the tags and the claims.

    Args:
        case: takes it.
        material: the folder of the leg.
        source: what is asked; the recorded answers in ``material`` if empty.

    Returns:
        The name of the leg's network.
    """
    story = _story(material)
    chain = str(story["chain"])
    case.connect(chain, source or f"recorded:{material}")
    case.describe_token(chain, **story["token"])
    case.tag(material / "exchange.yaml")
    for claim in story["claims"]:
        case.claim(claim["claimant"], chain, transfer=claim["transfer"], basis=claim["basis"])
    return chain


def play(
    out: Path, progress: Callable[[int, int], None] | None = None, clock: Callable[[], datetime] | None = None
) -> tuple[Case, tuple[Leg, ...]]:
    """Make the case in ``out``, trace what is claimed on each chain and write the documents.

    Args:
        out: a new or empty folder.
        progress: called with (pots served, pots waiting).
        clock: the present time, for tests.

    Returns:
        The open case, and its legs: the tokens, then the bitcoin.

    Raises:
        CaseError: ``out`` is not empty.
    """
    case = Case.create(
        out,
        title="Training case: two payments in bitcoin, two in tokens",
        question="Where did the value go that the claimants paid in March 2026, and where does it rest?",
        author="cryptotrace demo",
        own_nodes_only=True,
        clock=clock,
    )
    try:
        material = out / "training"
        shutil.copytree(
            str(resources.files("cryptotrace.training")), material, ignore=shutil.ignore_patterns("*.py*", "__*")
        )
        chains = [enter_tokens(case, material / name) for name in TOKEN_LEGS]
        enter(case, material)
        legs = [_tokens(case, chain, material / name, progress) for chain, name in zip(chains, TOKEN_LEGS, strict=True)]
        return case, (*legs, _bitcoin(case, progress))
    except BaseException:
        case.close()
        raise


def run(
    out: Path, progress: Callable[[int, int], None] | None = None, clock: Callable[[], datetime] | None = None
) -> tuple[Case, TraceView, tuple[Path, ...]]:
    """``play``, for who wants the case and its newest trace.

    Returns:
        The open case, the trace of the bitcoin, and the documents of all legs.

    Raises:
        CaseError: ``out`` is not empty.
    """
    case, legs = play(out, progress, clock)
    return case, legs[-1].view, tuple(path for leg in legs for path in leg.files)


def _story(material: Path) -> dict[str, Any]:
    return dict(json.loads((material / "story.json").read_text(encoding="utf-8")))


def _tokens(case: Case, chain: str, material: Path, progress: Callable[[int, int], None] | None) -> Leg:
    view = case.trace(case.claims_on(chain), rule="fifo", reason="the training case's rule", progress=progress)
    place = case.folder / "reports" / f"tokens-{material.name}"
    written = [case.report(view, kind, path=place, formats=formats) for kind, formats in _DOCUMENTS]
    return Leg(chain, str(_story(material)["recorded"]), view, tuple(path for paths in written for path in paths))


def _bitcoin(case: Case, progress: Callable[[int, int], None] | None) -> Leg:
    claims = case.claims_on(CHAIN)
    view = case.trace(claims, rule="fifo", reason="the training case's rule", dust=5000, progress=progress)
    return Leg(CHAIN, _SOURCE, view, case.report(view))
