"""Random chains and ledgers by the thousand against the oracle; every failing case is printed and can be repeated.

``python -m tests.tracing.long_run --cases 20000 --seed 7`` from the root of the repository.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from tests.strategies import seeded
from tests.tracing import checks


@dataclass
class Tally:
    """What a run saw."""

    chains: int = 0
    ledgers: int = 0
    largest_distance: Fraction = Fraction(0)
    failures: list[tuple[int, str, str, Any]] = field(default_factory=list)


def run(cases: int, seed: int, *, first: int = 0) -> Tally:
    """So many chains and so many ledgers of a seed, from the ``first``; see ``checks.holds`` for what must hold."""
    tally = Tally()
    for n in range(first, first + cases):
        for case in seeded(seed, n):
            if case["kind"] == "utxo":
                tally.chains += 1
            else:
                tally.ledgers += 1
            try:
                tally.largest_distance = max(tally.largest_distance, checks.holds(case))
            except Exception as error:
                tally.failures.append((n, type(error).__name__, str(error)[:300], case))
    return tally


def main(arguments: list[str] | None = None) -> int:
    """0 if everything held, 1 if not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000, help="so many chains and so many ledgers")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--first", type=int, default=0, help="number of the first case, to repeat one")
    asked = parser.parse_args(arguments)
    print(f"seed {asked.seed}, cases {asked.first} to {asked.first + asked.cases - 1}", flush=True)
    begun = time.perf_counter()
    tally = run(asked.cases, asked.seed, first=asked.first)
    for n, kind, text, case in tally.failures:
        print(f"case {n}: {kind}: {text}\n{json.dumps(case)}")
    print(
        f"{tally.chains} chains and {tally.ledgers} ledgers, {len(tally.failures)} failures, largest distance by rounding "
        f"{tally.largest_distance} ({float(tally.largest_distance):.3f}) units, {time.perf_counter() - begun:.0f} s"
    )
    return 1 if tally.failures else 0


if __name__ == "__main__":
    sys.exit(main())
