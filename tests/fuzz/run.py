"""Runs fuzz targets for a time or for a number of inputs each."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Sequence
from random import Random

#: Takes the source of all its randomness and tries one input. Raises for a finding.
Target = Callable[[Random], None]


def run(
    targets: Sequence[tuple[str, Target]],
    *,
    seed: int,
    seconds: float | None = None,
    rounds: int | None = None,
    report: Callable[[str], None],
) -> str | None:
    """Run each target for its share of ``seconds``, or ``rounds`` times; the first finding, or None.

    Each input has a seed of its own, so that a finding is made again with that input alone.
    """
    for name, target in targets:
        start, n = time.monotonic(), 0
        while (n < rounds) if rounds is not None else (time.monotonic() - start < (seconds or 0) / len(targets)):
            one = f"{seed}/{name}/{n}"
            try:
                target(Random(one))
            except Exception:  # whatever it is: it is what we look for
                return f"FOUND by target {name} with Random({one!r}):\n{traceback.format_exc()}"
            n += 1
        report(f"{name}: {n} inputs, nothing but results and errors of the library")
    return None
