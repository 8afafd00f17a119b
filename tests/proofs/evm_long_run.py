"""Long lives of a real EVM node, and the proof over them: ``python -m tests.proofs.evm_long_run --transactions 9000``.

A node keeps the states of its last thousand blocks at hand, so each life has a node of its own, and the next seed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from tests.nodes.anvil import anvil
from tests.nodes.evmworld import World
from tests.proofs.evmledger import Proof, Tally, source_over

_LIFE, _AT_ONCE = 1_600, 400


def live(transactions: int, seed: int) -> Tally:
    """One life and its proof."""
    with anvil() as node:
        world = World(node, seed)
        proof = Proof(world)
        for done in range(0, transactions, _AT_ONCE):
            world.live(min(_AT_ONCE, transactions - done))
            with source_over(world) as source:
                proof.follow(source)
    return proof.tally


def main(arguments: list[str] | None = None) -> int:
    """0 if everything held; what did not is raised with block and account."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--transactions", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=None, help="drawn and printed if not given")
    asked = parser.parse_args(arguments)
    seed = int(time.time()) if asked.seed is None else asked.seed
    begun = time.perf_counter()
    moved: Counter[str] = Counter()
    said: Counter[str] = Counter()
    sums = Counter[str]()
    for number, done in enumerate(range(0, asked.transactions, _LIFE)):
        print(f"seed {seed + number}, {min(_LIFE, asked.transactions - done)} transactions", flush=True)
        tally = live(min(_LIFE, asked.transactions - done), seed + number)
        moved += tally.movements
        said += tally.missing + tally.notices
        sums += Counter({name: getattr(tally, name) for name in ("blocks", "transactions", "failed", "compared")})
    print(f"{sums['blocks']} blocks, {sums['transactions']} transactions ({sums['failed']} failed), movements:")
    for name, count in sorted(moved.items()):
        print(f"  {count:7} {name}")
    print(f"missing and notices: {dict(said)}")
    print(f"{sums['compared']} holdings compared with the node's, all equal; {time.perf_counter() - begun:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
