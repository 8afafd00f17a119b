"""The Colonial Pipeline ransom of May 2021, from recorded explorer answers.

    python examples/colonial_pipeline.py FOLDER [OUT]

FOLDER holds the answers of an Esplora explorer as JSON files (``*_txs.json``): the address that got the ransom, the
wallet named in the affidavit, and the address of the seizure. The hops between the first two are not in these files.
The point of the example: what the data holds comes out to the satoshi, and what it lacks comes out as *unknown*, with
its amount.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cryptotrace as ct

#: The ransom payment; the wallet of the affidavit, which got part of it; the address to which that part was seized.
RANSOM = "6a798026d44af27dbacd28ea21462808df8deca51794cec80c1b59e07ef924a2:3"
WALLET = "bc1qq2euq8pw950klpjcawuy4uj39ym43hs6cfsegq"
SEIZURE = "bc1qpx7vyv5tp7dm0g475ev527krg764t73dh77gls"


def outputs_to(case: ct.Case, address: str) -> dict[str, int]:
    """Outpoint -> base units of every output to the address among the transactions of the case."""
    chain = ct.network("bitcoin").chain
    wanted = ct.account(address, chain)
    return {
        str(posting.outpoint): posting.units
        for transaction in case.store.transactions(chain)
        for posting in transaction.outputs
        if posting.account == wanted
    }


def show(view: ct.TraceView) -> None:
    """Print where it ends and that the reconciliation closes."""
    print(view)
    for row in view.reconcile():
        print(f"  {row.claimant}: claimed {ct.format_units(row.claimed, 8)} BTC, difference {row.difference}")
    for holding in view.holdings():
        if holding.reason is ct.EndReason.UNKNOWN:
            print(f"  gap of {ct.format_units(holding.claimed_total, 8)} BTC: {holding.detail}")


def main(folder: Path, out: Path) -> None:
    """Follow the ransom until the data ends, then the wallet's receipt to the seizure address."""
    with ct.Case.create(out, title="Colonial Pipeline", author="example", own_nodes_only=True) as case:
        case.connect("bitcoin", f"json:{folder}")

        ransom = case.claim("Colonial Pipeline", "bitcoin", outpoint=RANSOM, basis="affidavit of 7 June 2021")
        print(f"ransom: {ct.format_units(ransom.units, 8)} BTC")
        show(case.trace(ransom, rule="fifo", reason="example"))

        for address in (WALLET, SEIZURE):
            case.fetch("bitcoin", account=address)
        (received,) = (point for point, units in outputs_to(case, WALLET).items() if units == 6_960_422_177)
        print(f"\nreceived by the wallet of the affidavit: {ct.format_units(6_960_422_177, 8)} BTC in {received}")
        wallet = case.claim("Wallet of the affidavit", "bitcoin", outpoint=received, basis="affidavit of 7 June 2021")
        view = case.trace(wallet, rule="fifo", reason="example")
        show(view)
        for point, units in outputs_to(case, SEIZURE).items():
            print(f"  to the seizure address: {ct.format_units(units, 8)} BTC in {point}")
        for path in case.report(view, language="en"):
            print(f"written: {path}")


if __name__ == "__main__":
    if len(sys.argv) not in {2, 3}:
        sys.exit(str(__doc__))
    main(Path(sys.argv[1]), Path(sys.argv[2] if len(sys.argv) > 2 else "colonial-pipeline"))
