"""The built-in training case, step by step, with every tracing rule beside the other.

    python examples/training_case.py [OUT]

It needs no network. ``cryptotrace demo`` does the same in one command; here each step can be changed.
"""

from __future__ import annotations

import json
import shutil
import sys
from importlib import resources
from pathlib import Path

import cryptotrace as ct

CHAIN = "bitcoin-regtest"


def main(out: Path) -> None:
    """Enter the case, trace it under every rule, write the report under one."""
    with ct.Case.create(out, title="Training case", author="example", own_nodes_only=True) as case:
        # 1. What is there: recorded blocks, a file of tags, and who claims what.
        material = out / "training"
        shutil.copytree(
            str(resources.files("cryptotrace.training")), material, ignore=shutil.ignore_patterns("*.py*", "__*")
        )
        story = json.loads((material / "story.json").read_text(encoding="utf-8"))
        case.connect(CHAIN, f"blocks:{material / 'blk00000.dat'}")
        case.tag(material / "exchange.yaml")
        for claim in story["claims"]:
            case.claim(claim["claimant"], CHAIN, outpoint=claim["outpoint"], basis=claim["basis"])
        case.name_coinjoin(story["coinjoin"]["txid"], story["coinjoin"]["basis"])

        # 2. The same facts under each rule. Poison is a set and has no shares, so it is not in this table.
        for name, rule in sorted(ct.RULES.items()):
            if not rule.conserves:
                continue
            view = case.trace(rule=name, reason="to compare", dust=5000)
            at_service = sum(h.claimed_total for h in view.holdings() if h.reason is ct.EndReason.SERVICE)
            print(f"{name:<12} {rule.purpose.value:<16} at a service: {ct.format_units(int(at_service), 8):>12} BTC")
            assert all(row.difference == 0 for row in view.reconcile())

        # 3. The report, under the rule of the case.
        view = case.trace(rule="fifo", reason="the training case's rule", dust=5000)
        print(view)
        for path in case.report(view):
            print(f"written: {path}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "training-case"))
