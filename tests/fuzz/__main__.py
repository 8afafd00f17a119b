"""The long run: ``python -m tests.fuzz --seconds 120 --seed 7`` from the root of the repository.

It prints its seed first, so that a finding can be made again, and ends with exit code 1 at the first input that is
answered by anything but a result or an error of the library.
"""

from __future__ import annotations

import argparse
import secrets
import sys

from tests.fuzz.run import run
from tests.fuzz.targets import TARGETS


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Mutate inputs, look for untyped errors.")
    parser.add_argument("--seconds", type=float, default=120.0, help="how long to run, shared by all targets")
    parser.add_argument("--seed", type=int, default=None, help="a number that was printed by an earlier run")
    parser.add_argument("--target", action="append", choices=[name for name, _ in TARGETS], help="only this one")
    arguments = parser.parse_args()
    seed = secrets.randbelow(1 << 32) if arguments.seed is None else arguments.seed
    print(f"seed {seed}", flush=True)
    targets = [each for each in TARGETS if not arguments.target or each[0] in arguments.target]
    finding = run(targets, seed=seed, seconds=arguments.seconds, report=print)
    if finding is not None:
        print(finding, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
