"""A claim on USDT in a case's first hour: follow it, see who can stop it, and write the two sheets.

    python examples/first_hour_usdt.py [OUT]

It runs offline over the recorded TRON leg of the built-in case. On the main network connect a source of your own
instead, e.g. ``case.connect("tron", "trongrid:https://api.trongrid.io?header=TRON-PRO-API-KEY:env:KEY")``.
"""

from __future__ import annotations

import json
import sys
import tempfile
from importlib import resources
from pathlib import Path

import cryptotrace as ct

LEG = Path(str(resources.files("cryptotrace.training"))) / "tron"


def main(out: Path) -> None:
    """From the victim's transfer to the sheets."""
    story = json.loads((LEG / "story.json").read_text(encoding="utf-8"))
    with ct.Case.create(out, title="USDT in the first hour", author="example", own_nodes_only=True) as case:
        case.connect("tron-local", f"recorded:{LEG}")
        case.describe_token("tron-local", **story["token"])
        case.tag(LEG / "exchange.yaml")
        case.claim("Claimant", "tron-local", transfer=story["claims"][0]["transfer"], basis="complaint")

        view = case.trace(rule="fifo", reason="example")
        print(view)
        print(view.reconcile())

        for check in view.trace.pots:
            print(f"{check.account.address}: {check.sentence()}")

        for point in view.touch_points().rows:
            where = "a tagged account" if point.direct else "a customer's deposit address (L4)"
            print(f"touch point: {point.transfer.txid}, into {where} of {point.service}: {point.account.address}")

        for row in view.issuers().rows:
            print(f"{row.account.address}: {row.freeze.state.value}; {'; '.join(row.warnings) or 'no warning'}")

        for kind in ("touch-point-sheet", "issuer-sheet"):
            for path in case.report(view, kind):
                print(f"written: {path.name}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp()) / "first-hour")
