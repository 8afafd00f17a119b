"""Writes answers, log entries and flows without end, and prints each one after it was acknowledged; see ``run.py``."""

from __future__ import annotations

import sys
from itertools import count
from pathlib import Path

from cryptotrace.evidence.archive import Archive
from cryptotrace.evidence.custody import CustodyLog
from cryptotrace.ledger.store import Store
from cryptotrace.model.block import Position
from cryptotrace.model.flow import Flow, FlowKind, transaction_pot
from cryptotrace.model.identity import Asset, Chain

CHAIN = Chain("bip122:000000000019d6689c085ae165831e93")
ASSET = Asset(f"{CHAIN}/slip44:0")


def say(kind: str, what: str) -> None:
    sys.stdout.write(f"{kind} {what}\n")
    sys.stdout.flush()


def main(folder: Path, run: str) -> None:
    """Write until somebody kills the process."""
    archive = Archive(folder / "evidence")
    log = CustodyLog(folder / "custody.jsonl", actor="writer")
    with Store(folder / "ledger.duckdb") as store:
        say("ready", run)
        for n in count():
            say("answer", archive.add(f"{run}/{n}".encode() * (1 + n % 50), source="memory:", request=f"{run}/{n}"))
            say("entry", log.append("fetch", {"run": run, "n": n}))
            flow = f"{run}:{n}"
            pot = transaction_pot(CHAIN, run)
            store.add_flow(CHAIN, Flow(flow, FlowKind.OUTPUT, ASSET, 2**63 + n, pot, Position(n, 0), None, run))
            say("flow", flow)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
