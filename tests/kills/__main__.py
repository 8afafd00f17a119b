"""The long run: ``python -m tests.kills --kills 120 --seed 7`` from the root of the repository."""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
from pathlib import Path

from tests.kills.run import run


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.kills", description="Kill a writer, look for what is lost.")
    parser.add_argument("--kills", type=int, default=120)
    parser.add_argument("--seed", type=int, default=None, help="a number that was printed by an earlier run")
    arguments = parser.parse_args()
    seed = secrets.randbelow(1 << 32) if arguments.seed is None else arguments.seed
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        run(Path(folder), kills=arguments.kills, seed=seed, report=print)
    return 0


if __name__ == "__main__":
    sys.exit(main())
