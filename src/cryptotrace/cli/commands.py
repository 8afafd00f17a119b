"""The commands: each calls what a script would call, and prints its result."""

from __future__ import annotations

import argparse
import shlex
import sys
from typing import TYPE_CHECKING, Any

from cryptotrace.cli.output import moment, opened, print_json, progress_bar, show_trace, words

if TYPE_CHECKING:
    from cryptotrace.case.sheetview import SheetView


def new(parsed: argparse.Namespace) -> None:
    """Make a case."""
    from cryptotrace.case import Case

    with Case.create(
        parsed.dir,
        title=parsed.title,
        question=parsed.question,
        author=parsed.author,
        own_nodes_only=parsed.own_nodes_only,
        own_hosts=parsed.own_host,
    ) as case:
        if parsed.json:
            print_json({"case": case.settings.id, "folder": str(parsed.dir), "custody_head": case.custody.head})
            return
        print(f"case {case.settings.id} made in {parsed.dir}")
        print(f"next: cryptotrace connect --case {shlex.quote(str(parsed.dir))} CHAIN SOURCE")


def connect(parsed: argparse.Namespace) -> None:
    """Add a source."""
    from cryptotrace.chains.networks import network

    with opened(parsed) as case, progress_bar("reading") as progress:
        source = case.connect(parsed.chain, parsed.source, progress=progress)
        tip = source.tip()
        tip_hash = network(source.chain).shown(tip.hash)
    if parsed.json:
        print_json({"source": source.name, "chain": source.chain, "tip": {"height": tip.height, "hash": tip.hash}})
    else:
        print(f"connected {source.name}, its tip is block {tip.height} {tip_hash}")


def disconnect(parsed: argparse.Namespace) -> None:
    """Take a source out."""
    with opened(parsed) as case:
        case.disconnect(parsed.chain, parsed.source)
        left = [entry.spec for entry in case.settings.sources]
    if parsed.json:
        print_json({"sources": left})
    else:
        print(f"sources left: {', '.join(left) or 'none'}")


def fetch(parsed: argparse.Namespace) -> None:
    """Fetch a transaction or a history."""
    with opened(parsed) as case, progress_bar("fetching") as progress:
        new = case.fetch(parsed.chain, txid=parsed.txid, account=parsed.address, progress=progress)
    if parsed.json:
        print_json({"new": new})
    else:
        print(f"new transactions in the case: {new}")


def tag(parsed: argparse.Namespace) -> int:
    """Load a TagPack."""
    with opened(parsed) as case:
        pack = case.tag(parsed.file)
    if parsed.json:
        print_json({"file": parsed.file.name, "tags": len(pack.tags), "refused": list(pack.refused)})
        return 0 if pack.tags else 1
    print(f"tags loaded from {parsed.file.name}: {len(pack.tags)}; refused: {len(pack.refused)}")
    for reason in pack.refused:
        print(f"  {reason}", file=sys.stderr)
    return 0 if pack.tags else 1


def claim(parsed: argparse.Namespace) -> None:
    """Name what was taken."""
    with opened(parsed) as case:
        claim = case.claim(
            parsed.claimant,
            parsed.chain,
            outpoint=parsed.outpoint or "",
            transfer=parsed.transfer or "",
            asset=parsed.asset,
            amount=parsed.amount,
            offset=parsed.offset,
            basis=parsed.basis,
        )
        amount = case.assets.decimal(claim.units, claim.asset)
    if parsed.json:
        print_json(claim.to_dict())
    else:
        print(f"claimed for {claim.claimant}: {amount} of {claim.flow}")


def trace(parsed: argparse.Namespace) -> None:
    """Follow the claims."""
    if parsed.ledger is not None:
        _trace_ledger(parsed)
        return
    with opened(parsed) as case:
        for text in parsed.coinjoin:
            txid, _, basis = text.partition("=")
            case.name_coinjoin(txid, basis)
        with progress_bar("tracing") as progress:
            view = case.trace(
                None if parsed.chain is None else case.claims_on(parsed.chain),
                rule=(parsed.rule or "fifo").lower(),
                reason=parsed.reason,
                exact=parsed.exact,
                dust=parsed.dust,
                max_hops=parsed.max_hops,
                until=moment(parsed.until),
                most_transfers=parsed.max_transfers,
                progress=progress,
            )
        show_trace(view, as_json=parsed.json)


def _trace_ledger(parsed: argparse.Namespace) -> None:
    from cryptotrace.ledger.ledgerfile import read
    from cryptotrace.tracing.ledgerfile import solve

    print_json(solve(read(parsed.ledger), "all" if parsed.rule is None else parsed.rule, exact=parsed.exact))


def holdings(parsed: argparse.Namespace) -> None:
    """Where the claimed value is."""
    with opened(parsed) as case:
        view = case.last_trace()
        if parsed.json:
            print_json(view.holdings().to_dict())
        else:
            print(repr(view.holdings()))


def report(parsed: argparse.Namespace) -> None:
    """Write a document."""
    with opened(parsed) as case, progress_bar("writing") as progress:
        written = case.report(
            kind=parsed.kind,
            language=words(parsed.language),
            formats=None if parsed.format is None else words(parsed.format),
            replace_files=parsed.replace,
            path=parsed.out,
            progress=progress,
        )
    if parsed.json:
        print_json({"files": [str(path) for path in written]})
    else:
        for path in written:
            print(path)


def demo(parsed: argparse.Namespace) -> None:
    """Run the training case."""
    from cryptotrace.case.demo import play

    with progress_bar("training case") as progress:
        case, legs = play(parsed.out, progress=progress)
    with case:
        if parsed.json:
            print_json({"legs": [leg.to_dict() for leg in legs]})
            return
        for leg in legs:
            print(f"{leg.chain}: {leg.recorded}\n")
            show_trace(leg.view, as_json=False)
            print("\nwritten:", *leg.files, sep="\n  ", end="\n\n")


def token(parsed: argparse.Namespace) -> None:
    """Describe a token."""
    with opened(parsed) as case:
        case.describe_token(
            parsed.chain,
            parsed.contract,
            symbol=parsed.symbol,
            decimals=parsed.decimals,
            basis=parsed.basis,
            name=parsed.name,
            issuer=parsed.issuer,
            freeze=parsed.freeze,
            adjusts=parsed.adjusts,
        )
        entry = case.settings.tokens[-1]
    if parsed.json:
        print_json({"asset": entry.asset, "symbol": entry.symbol, "decimals": entry.decimals})
    else:
        print(f"described {entry.symbol}, {entry.decimals} decimals: {entry.asset}")


def freeze_status(parsed: argparse.Namespace) -> int:
    """Whether a holding is frozen; 1 if that could not be determined."""
    from cryptotrace.seizure.freezehistory import Frozen

    with opened(parsed) as case:
        status = case.freeze_status(parsed.chain, parsed.address, parsed.token, height=parsed.height)
    if parsed.json:
        print_json(status.to_dict())
    else:
        print(status.sentence())
    return 1 if status.state is Frozen.UNDETERMINED else 0


def touch_points(parsed: argparse.Namespace) -> int:
    """Where claimed value came into a service's hands; 1 if nowhere."""
    with opened(parsed) as case:
        found = case.last_trace().touch_points()
    return _show_sheet(found, as_json=parsed.json)


def issuers(parsed: argparse.Namespace) -> int:
    """What an issuer could freeze; 1 if nothing."""
    with opened(parsed) as case:
        found = case.last_trace().issuers()
    return _show_sheet(found, as_json=parsed.json)


def _show_sheet(found: SheetView[Any], *, as_json: bool) -> int:
    if as_json:
        print_json(found.to_dict())
    else:
        print(repr(found))
    return 0 if len(found) else 1
