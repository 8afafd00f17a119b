"""The commands of the command line and their arguments."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptotrace import __version__
from cryptotrace.cli import commands as run

_EPILOG = """exit codes: 0 done, 1 the answer is no, 2 wrong use or unreadable input,
3 a source failed, 70 a bug of ours.
Start with: cryptotrace demo --out DIR"""


def make_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
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

    def command(name: str, runs: Callable[[argparse.Namespace], int | None], text: str, *, case: bool = True) -> Any:
        sub = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        sub.set_defaults(run=runs)
        if case:
            sub.add_argument("--case", type=Path, default=Path(), metavar="DIR", help="the case (default: this folder)")
        sub.add_argument("--json", action="store_true", help="print the result as JSON, nothing else")
        return sub

    _add_entering(command)
    _add_working(command)
    _add_stopping(command)
    demo = command("demo", run.demo, "run the built-in training case, offline, and leave its report", case=False)
    demo.add_argument("--out", type=Path, required=True, metavar="DIR", help="a new folder for the case and its report")
    return parser


def _add_entering(command: Callable[..., Any]) -> None:
    new = command("new", run.new, "make a case in a new folder", case=False)
    new.add_argument("dir", type=Path, metavar="DIR")
    new.add_argument("--title", required=True, help="title, printed on every document")
    new.add_argument("--question", default="", help="the question that the report answers")
    new.add_argument("--author", default="", help="who works on the case")
    new.add_argument("--own-nodes-only", action="store_true", help="refuse public sources before the first query")
    new.add_argument("--own-host", action="append", default=[], metavar="HOST", help="a host that counts as one's own")
    connect = command("connect", run.connect, "add a source, e.g. rpc: esplora: trongrid: etherscan: csv: recorded:")
    connect.add_argument("chain", help="bitcoin, tron, ethereum, bnb ... or CAIP-2")
    connect.add_argument("source", help="e.g. blocks:/data/blocks, esplora:https://explorer.example/api")
    disconnect = command("disconnect", run.disconnect, "take a source out of the case, e.g. one that is gone")
    disconnect.add_argument("chain", help="name or CAIP-2 identifier")
    disconnect.add_argument("source", help="as it was connected")
    fetch = command("fetch", run.fetch, "fetch a transaction or the history of an address into the case")
    fetch.add_argument("chain", help="name or CAIP-2 identifier")
    which = fetch.add_mutually_exclusive_group(required=True)
    which.add_argument("--txid", help="64 hex digits, as explorers print them")
    which.add_argument("--address", help="fetch everything that touched it")
    tag = command("tag", run.tag, "load a TagPack file")
    tag.add_argument("file", type=Path, help="YAML file of the TagPack format")
    claim = command("claim", run.claim, "name what was taken: units of an output or of a transfer")
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
    trace = command(
        "trace", run.trace, "follow the claims of a case, or a ledger file of one's own, under a named rule"
    )
    trace.add_argument(
        "--rule",
        help="fifo (default), haircut, libr, lifo, taint_first, seniority, tiho, poison; "
        "with --ledger also all (default there)",
    )
    trace.add_argument("--chain", help="only the claims on this chain, where the case has claims on several")
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
    command("holdings", run.holdings, "where the claimed value of the newest trace is")
    report = command("report", run.report, "write the report of the newest trace, or a sheet for services or issuers")
    report.add_argument(
        "--kind", default="tracing-report", choices=("tracing-report", "touch-point-sheet", "issuer-sheet")
    )
    report.add_argument("--language", default="en,ru", help="en, ru, or both separated by a comma")
    report.add_argument("--format", help="any of pdf,docx,xlsx,json; of a sheet csv,xlsx (default: all, or as --out)")
    report.add_argument("--replace", action="store_true", help="write over another document that is there")
    report.add_argument("--out", type=Path, metavar="PATH", help="a folder, or a file (default: reports/ in the case)")


def _add_stopping(command: Callable[..., Any]) -> None:
    command("touch-points", run.touch_points, "where claimed value came into a service's hands: deposit addresses")
    command("issuers", run.issuers, "which holdings an issuer could freeze, their balance and status; asks the sources")
    status = command("freeze-status", run.freeze_status, "ask a token's contract whether an account is frozen")
    status.add_argument("chain", help="name or CAIP-2 identifier")
    status.add_argument("address", help="whose holding")
    status.add_argument("--token", required=True, help="CAIP-19, or the address of the token's contract")
    status.add_argument("--height", type=int, metavar="N", help="as of this block (default: the sources' newest)")
    token = command("token", run.token, "describe a token that the built-in table does not have")
    token.add_argument("chain", help="name or CAIP-2 identifier")
    token.add_argument("contract", help="CAIP-19, or the contract's address")
    token.add_argument("--symbol", required=True, help="its symbol")
    token.add_argument("--decimals", type=int, required=True, metavar="N", help="digits after the point")
    token.add_argument("--basis", required=True, help="on what this description rests; printed")
    token.add_argument("--name", default="", help="its name")
    token.add_argument("--issuer", default="", help="who issues it")
    token.add_argument("--adjusts", action="store_true", help="it changes balances beside its transfers (tax, rebase)")
    ways = ("tether", "tether-blocked", "circle", "paxos")
    token.add_argument("--freeze", default="", choices=("", *ways), metavar="WAY", help=f"{', '.join(ways)}")
