"""The command line over ``Case``. No logic: each command calls what a script would call.

Exit codes: 0 done, 1 the answer is no, 2 wrong use or input that cannot be read, 3 a source failed, 70 a bug of ours.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import json
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptotrace import __version__

if TYPE_CHECKING:
    from cryptotrace.case import Case, TraceView

_EPILOG = """exit codes: 0 done, 1 the answer is no, 2 wrong use or unreadable input,
3 a source failed, 70 a bug of ours.
Start with: cryptotrace demo --out DIR"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: without the program's name; those of the process if None.

    Returns:
        The exit code.
    """
    for stream in (sys.stdout, sys.stderr):  # a console with another code page must not lose a Cyrillic letter
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    parsed = _parser().parse_args(arguments)
    from cryptotrace.errors import CryptotraceError, SourceError

    try:
        answer: int | None = parsed.run(parsed)
    except SourceError as error:
        return _fail(parsed, error, 3)
    except CryptotraceError as error:
        return _fail(parsed, error, 2)
    except KeyboardInterrupt:
        return _stopped()
    except BrokenPipeError:
        return 0
    except Exception as error:
        return _unforeseen(parsed, error)
    return answer or 0


def _unforeseen(parsed: argparse.Namespace, error: Exception) -> int:
    if "Query interrupted" in str(error):  # what the store makes of Ctrl-C
        return _stopped()
    if parsed.debug:
        raise error
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        print(f"cryptotrace: the output cannot be written: {error.strerror}; free space", file=sys.stderr)
        return 2
    print(f"cryptotrace: a bug of ours: {type(error).__name__}: {error}", file=sys.stderr)
    print("Run again with --debug before the command and send what it prints.", file=sys.stderr)
    return 70


def _stopped() -> int:
    print("stopped; what was fetched is kept, run the same command again to go on", file=sys.stderr)
    return 130


def _fail(parsed: argparse.Namespace, error: Exception, code: int) -> int:
    if parsed.debug:
        raise error
    print(f"cryptotrace: {error}", file=sys.stderr)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cryptotrace",
        description="Follow claimed cryptocurrency through real blocks, to a report in which every figure leads back "
        "to a txid and a block.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"cryptotrace {__version__}")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(name: str, run: Callable[[argparse.Namespace], int | None], text: str, *, case: bool = True) -> Any:
        sub = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        sub.set_defaults(run=run)
        if case:
            sub.add_argument("--case", type=Path, default=Path(), metavar="DIR", help="the case (default: this folder)")
        sub.add_argument("--json", action="store_true", help="print the result as JSON, nothing else")
        return sub

    _add_entering(command)
    _add_working(command)
    demo = command("demo", _demo, "run the built-in training case, offline, and leave its report", case=False)
    demo.add_argument("--out", type=Path, required=True, metavar="DIR", help="a new folder for the case and its report")
    return parser


def _add_entering(command: Callable[..., Any]) -> None:
    new = command("new", _new, "make a case in a new folder", case=False)
    new.add_argument("dir", type=Path, metavar="DIR")
    new.add_argument("--title", required=True, help="title, printed on every document")
    new.add_argument("--question", default="", help="the question that the report answers")
    new.add_argument("--author", default="", help="who works on the case")
    new.add_argument("--own-nodes-only", action="store_true", help="refuse public sources before the first query")
    new.add_argument("--own-host", action="append", default=[], metavar="HOST", help="a host that counts as one's own")
    connect = command("connect", _connect, "add a source: blocks: rpc: esplora: electrum: json: csv: recorded:")
    connect.add_argument("chain", help="bitcoin, bitcoin-testnet4, bitcoin-signet, bitcoin-regtest ... or CAIP-2")
    connect.add_argument("source", help="e.g. blocks:/data/blocks, esplora:https://explorer.example/api")
    disconnect = command("disconnect", _disconnect, "take a source out of the case, e.g. one that is gone")
    disconnect.add_argument("chain", help="name or CAIP-2 identifier")
    disconnect.add_argument("source", help="as it was connected")
    fetch = command("fetch", _fetch, "fetch a transaction or the history of an address into the case")
    fetch.add_argument("chain", help="name or CAIP-2 identifier")
    which = fetch.add_mutually_exclusive_group(required=True)
    which.add_argument("--txid", help="64 hex digits, as explorers print them")
    which.add_argument("--address", help="fetch everything that touched it")
    tag = command("tag", _tag, "load a TagPack file")
    tag.add_argument("file", type=Path, help="YAML file of the TagPack format")
    claim = command("claim", _claim, "name what was taken: units of an output or of a transfer")
    claim.add_argument("claimant", help="who claims")
    claim.add_argument("chain", help="name or CAIP-2 identifier")
    taken = claim.add_mutually_exclusive_group(required=True)
    taken.add_argument("--outpoint", metavar="TXID:VOUT", help="the output that was taken (bitcoin and its family)")
    taken.add_argument("--transfer", metavar="TXID[#PLACE]", help="the transfer that was taken (account chains)")
    claim.add_argument("--asset", help="with --transfer TXID: of which asset, CAIP-19 or a contract's address")
    claim.add_argument("--amount", metavar="DECIMAL", help="part of it, e.g. 12.5 (default: all of it)")
    claim.add_argument("--offset", type=int, default=0, metavar="UNITS", help="base units before the claimed ones")
    claim.add_argument("--basis", default="", help="complaint, bank record ...: on what the claim rests")


def _add_working(command: Callable[..., Any]) -> None:
    trace = command("trace", _trace, "follow the claims of a case, or a ledger file of one's own, under a named rule")
    trace.add_argument(
        "--rule",
        help="fifo (default), haircut, libr, lifo, taint_first, seniority, tiho, poison; "
        "with --ledger also all (default there)",
    )
    trace.add_argument("--reason", default="", help="why this rule; logged before results are shown")
    trace.add_argument("--exact", action="store_true", help="fractions instead of whole base units")
    trace.add_argument(
        "--max-hops", type=int, metavar="N", help="not more transactions than this after the claimed one"
    )
    trace.add_argument("--dust", type=int, default=0, metavar="UNITS", help="do not follow shares below this")
    trace.add_argument("--until", metavar="DATE", help="do not follow beyond this time, ISO 8601 with time zone")
    trace.add_argument(
        "--max-transfers", type=int, default=10_000, metavar="N", help="do not follow accounts with more transfers"
    )
    trace.add_argument("--coinjoin", action="append", default=[], metavar="TXID=BASIS", help="name a CoinJoin")
    trace.add_argument("--ledger", type=Path, metavar="FILE", help="trace a file of schema cryptotrace-taint-vectors/1")
    command("holdings", _holdings, "where the claimed value of the newest trace is")
    report = command("report", _report, "write the report of the newest trace")
    report.add_argument("--kind", default="tracing-report", choices=("tracing-report",))
    report.add_argument("--language", default="en,ru", help="en, ru, or both separated by a comma")
    report.add_argument("--format", help="any of pdf,docx,xlsx,json (default: all, or that of the file named by --out)")
    report.add_argument("--replace", action="store_true", help="write over another document that is there")
    report.add_argument("--out", type=Path, metavar="PATH", help="a folder, or a file (default: reports/ in the case)")


# --- commands ---------------------------------------------------------------------------------------------------------


def _new(parsed: argparse.Namespace) -> None:
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
            _print_json({"case": case.settings.id, "folder": str(parsed.dir), "custody_head": case.custody.head})
            return
        print(f"case {case.settings.id} made in {parsed.dir}")
        print(f"next: cryptotrace connect --case {shlex.quote(str(parsed.dir))} bitcoin SOURCE")


def _connect(parsed: argparse.Namespace) -> None:
    with _open(parsed) as case, _progress("reading") as progress:
        source = case.connect(parsed.chain, parsed.source, progress=progress)
        tip = source.tip()
    if parsed.json:
        _print_json({"source": source.name, "chain": source.chain, "tip": {"height": tip.height, "hash": tip.hash}})
    else:
        print(f"connected {source.name}, its tip is block {tip.height} {tip.hash}")


def _disconnect(parsed: argparse.Namespace) -> None:
    with _open(parsed) as case:
        case.disconnect(parsed.chain, parsed.source)
        left = [entry.spec for entry in case.settings.sources]
    if parsed.json:
        _print_json({"sources": left})
    else:
        print(f"sources left: {', '.join(left) or 'none'}")


def _fetch(parsed: argparse.Namespace) -> None:
    with _open(parsed) as case, _progress("fetching") as progress:
        new = case.fetch(parsed.chain, txid=parsed.txid, account=parsed.address, progress=progress)
    if parsed.json:
        _print_json({"new": new})
    else:
        print(f"new transactions in the case: {new}")


def _tag(parsed: argparse.Namespace) -> int:
    with _open(parsed) as case:
        pack = case.tag(parsed.file)
    if parsed.json:
        _print_json({"file": parsed.file.name, "tags": len(pack.tags), "refused": list(pack.refused)})
        return 0 if pack.tags else 1
    print(f"tags loaded from {parsed.file.name}: {len(pack.tags)}; refused: {len(pack.refused)}")
    for reason in pack.refused:
        print(f"  {reason}", file=sys.stderr)
    return 0 if pack.tags else 1


def _claim(parsed: argparse.Namespace) -> None:
    with _open(parsed) as case:
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
        _print_json(claim.to_dict())
    else:
        print(f"claimed for {claim.claimant}: {amount} of {claim.flow}")


def _trace(parsed: argparse.Namespace) -> None:
    if parsed.ledger is not None:
        _trace_ledger(parsed)
        return
    with _open(parsed) as case:
        for text in parsed.coinjoin:
            txid, _, basis = text.partition("=")
            case.name_coinjoin(txid, basis)
        with _progress("tracing") as progress:
            view = case.trace(
                rule=(parsed.rule or "fifo").lower(),
                reason=parsed.reason,
                exact=parsed.exact,
                dust=parsed.dust,
                max_hops=parsed.max_hops,
                until=_time(parsed.until),
                most_transfers=parsed.max_transfers,
                progress=progress,
            )
        _show_trace(view, as_json=parsed.json)


def _trace_ledger(parsed: argparse.Namespace) -> None:
    from cryptotrace.ledger.ledgerfile import read
    from cryptotrace.tracing.ledgerfile import solve

    _print_json(solve(read(parsed.ledger), "all" if parsed.rule is None else parsed.rule, exact=parsed.exact))


def _holdings(parsed: argparse.Namespace) -> None:
    with _open(parsed) as case:
        view = case.last_trace()
        if parsed.json:
            _print_json(view.holdings().to_dict())
        else:
            print(repr(view.holdings()))


def _report(parsed: argparse.Namespace) -> None:
    with _open(parsed) as case, _progress("writing") as progress:
        written = case.report(
            kind=parsed.kind,
            language=_words(parsed.language),
            formats=None if parsed.format is None else _words(parsed.format),
            replace_files=parsed.replace,
            path=parsed.out,
            progress=progress,
        )
    if parsed.json:
        _print_json({"files": [str(path) for path in written]})
    else:
        for path in written:
            print(path)


def _demo(parsed: argparse.Namespace) -> None:
    from cryptotrace.case.demo import run

    with _progress("training case") as progress:
        case, view, written = run(parsed.out, progress=progress)
    with case:
        if parsed.json:
            _print_json({"trace": view.to_dict(), "files": [str(path) for path in written]})
            return
        _show_trace(view, as_json=False)
    print("\nwritten:")
    for path in written:
        print(f"  {path}")


# --- in and out -------------------------------------------------------------------------------------------------------


def _open(parsed: argparse.Namespace) -> Case:
    from cryptotrace.case import Case

    return Case.open(parsed.case)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip().lower() for word in text.split(","))


def _time(text: str | None) -> Any:
    from datetime import datetime

    from cryptotrace.errors import CaseError

    if text is None:
        return None
    try:
        when = datetime.fromisoformat(text)
    except ValueError as error:
        raise CaseError(f"--until {text}: not ISO 8601, e.g. 2026-03-01T00:00:00+00:00") from error
    if when.tzinfo is None:
        raise CaseError(f"--until {text}: name the time zone, e.g. {when.isoformat()}+00:00 for UTC")
    return when


def _show_trace(view: TraceView, *, as_json: bool) -> None:
    if as_json:
        _print_json(view.to_dict())
        return
    print(f"{view!r}\n")
    print(repr(view.reconcile()) if view.trace.conserves else "poison is a set of what was touched; nothing is summed")


def _print_json(document: object) -> None:
    json.dump(document, sys.stdout, ensure_ascii=False, indent=1)
    print()


@contextlib.contextmanager
def _progress(text: str) -> Iterator[Callable[[int, int], None] | None]:
    """A progress bar on stderr when it is a terminal, else nothing."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(text, total=None)
        yield lambda done, waiting: bar.update(task, completed=done, total=done + waiting)
