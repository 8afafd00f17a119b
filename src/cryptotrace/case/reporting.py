"""From a case and a trace to a dossier, and from there to files."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from cryptotrace import __version__
from cryptotrace.attribution.book import TagBook
from cryptotrace.case.custody import entry_of_trace
from cryptotrace.case.seizing import HeldFacts
from cryptotrace.case.sheets import FORMATS, SHEETS, file_name
from cryptotrace.case.tracing import digest_of
from cryptotrace.chains.family import Network
from cryptotrace.chains.networks import network
from cryptotrace.errors import EvidenceError, ReportError
from cryptotrace.ledger import accounts
from cryptotrace.model.block import Tip
from cryptotrace.model.identity import Account, Asset, Chain
from cryptotrace.model.movement import AccountTransaction
from cryptotrace.model.tag import Tag
from cryptotrace.model.transaction import Transaction
from cryptotrace.reports.dossier import Answer, AssetFacts, Dossier, SourceFacts
from cryptotrace.reports.draft import iso_time
from cryptotrace.reports.sheetasset import NOT_KNOWN
from cryptotrace.seizure.touchpoints import TouchPoints, touch_points
from cryptotrace.tracing.result import Trace

if TYPE_CHECKING:
    from cryptotrace.case.case import Case
    from cryptotrace.evidence.archive import Record

KINDS = ("tracing-report", *SHEETS)
#: What an answer that was of use has as its status in the index of the evidence.
_ANSWERED = frozenset({"ok", "derived"})


def write_report(
    case: Case,
    trace: Trace,
    kind: str,
    languages: Sequence[str],
    path: Path,
    formats: Sequence[str] | None,
    progress: Callable[[int, int], None] | None,
    *,
    replace: bool,
) -> tuple[Path, ...]:
    """Render the report into the folder ``path``, or into a file whose suffix names the only format.

    A file that is named for several languages becomes one per language: ``report.en.pdf``, ``report.ru.pdf``. All files
    are made before the first is written, and a file that is there already with other bytes is left as it is.

    Raises:
        ReportError: no such kind, format or language, the place cannot be written, or another file is in the way.
    """
    from cryptotrace.reports.render import RENDERERS, render

    if kind not in KINDS:
        raise ReportError(f"no report {kind!r}; there is: {', '.join(KINDS)}")
    if kind in SHEETS:
        return _write_sheets(case, trace, kind, path, formats, replace=replace)
    is_folder = not path.suffix or path.is_dir()
    wanted = tuple(formats or RENDERERS) if is_folder else (path.suffix[1:],)
    if not is_folder and formats and tuple(formats) != wanted:
        raise ReportError(f"{path.name} names a format, but {', '.join(formats)} is asked for; name a folder")
    several = len(dict.fromkeys(languages)) > 1

    def place(language: str, each: str) -> Path:
        if is_folder:
            return path / f"{kind}.{language}.{each}"
        return path.with_suffix(f".{language}.{each}") if several else path

    rendered = render(dossier(case, trace), formats=wanted, languages=languages, progress=progress)
    files = {place(*key): data for key, data in rendered.items()}
    written = _write(files, replace=replace)
    said = {"kind": kind, "languages": list(languages), "trace": digest_of(trace)}
    for file, data in files.items():
        case.log("report", {"file": file.name, **said}, hashlib.sha256(data).hexdigest())
    return written


def _write_sheets(
    case: Case, trace: Trace, kind: str, path: Path, formats: Sequence[str] | None, *, replace: bool
) -> tuple[Path, ...]:
    """One file per addressee and format into the folder ``path``."""
    wanted = tuple(formats or FORMATS)
    if unknown := [each for each in wanted if each not in FORMATS]:
        raise ReportError(f"a sheet cannot be written as {', '.join(unknown)}; there is: {', '.join(FORMATS)}")
    if path.suffix and not path.is_dir():
        raise ReportError(f"{path.name} names a file, but there is one sheet per addressee; name a folder")
    made = SHEETS[kind](case, trace, wanted)
    taken: set[str] = set()
    names = {addressee: file_name(kind, addressee, taken) for addressee in dict.fromkeys(a for a, _ in made)}
    files = {path / f"{names[addressee]}.{each}": data for (addressee, each), data in made.items()}
    written = _write(files, replace=replace)
    for file, data in files.items():
        said = {"kind": kind, "trace": digest_of(trace)}
        case.log("report", {"file": file.name, **said}, hashlib.sha256(data).hexdigest())
    return written


def _write(files: Mapping[Path, bytes], *, replace: bool) -> tuple[Path, ...]:
    try:
        for path, data in files.items():
            if path.exists() and (path.is_dir() or (not replace and path.read_bytes() != data)):
                raise ReportError(
                    f"{path} is there already and is another document; name another place, or allow it to be replaced "
                    "(--replace)"
                )
        for path, data in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            whole = path.with_name(f"{path.name}.new")
            whole.write_bytes(data)
            whole.replace(path)
    except OSError as error:
        raise ReportError(f"the report cannot be written: {error}; choose another place") from error
    return tuple(files)


def dossier(case: Case, trace: Trace) -> Dossier:
    """Everything the report says about a trace, frozen; read from the store and the archive, no source is asked.

    It is as of the trace: what was recorded or logged after it changes nothing, so a report can be written again.

    Raises:
        CaseError: the trace was not made in this case.
        EvidenceError: an answer that a figure rests on is missing or was altered.
    """
    chain = trace.claims[0].asset.chain
    net = network(chain)
    made = entry_of_trace(case.custody, digest_of(trace))
    transactions = _transactions(case, chain, trace)
    records = tuple(islice(case.archive.records(), made.parameters["evidence"]["answers"]))
    held = {record.digest for record in records}
    tags = TagBook(tag for tag in case.tags if tag.evidence in held)
    points = touch_points(trace, tags, HeldFacts(case.store, chain)) if net.is_account_chain else None
    used = _used(case, chain, trace, transactions) | (_swept(case, chain, points) & held)
    answers = _answers(case, records, used)
    return Dossier(
        case_id=case.settings.id,
        title=case.settings.title,
        question=case.settings.question,
        author=case.settings.author,
        trace=trace,
        assets={asset: _asset_facts(case, net, asset) for asset in _assets(net, trace, transactions)},
        transactions=transactions,
        tags=_tags(tags, transactions),
        tags_loaded=len(tags),
        sources=_sources(chain, records, trace.tips, used),
        answers=answers,
        settings={
            "rule": trace.rule,
            "reason for the rule": made.parameters["reason"] or "none",
            "dust limit, base units": str(trace.stops.dust),
            "hop limit": "none" if trace.stops.max_hops is None else str(trace.stops.max_hops),
            "block time limit": "none" if trace.stops.until is None else iso_time(trace.stops.until),
            "arithmetic": "fractions" if trace.exact else "whole base units",
            **({"limit of transfers of an account": str(made.parameters["most_transfers"])} if trace.pots else {}),
            "own nodes only": "yes" if case.settings.own_nodes_only else "no",
        },
        software=f"cryptotrace {__version__}",
        cut_off=max((record.received for record in records if record.status in _ANSWERED), default=""),
        custody_head=made.digest,
        account_transactions=_account_transactions(case, chain, transactions) if net.is_account_chain else {},
        touch_points=points,
        outputs_only=tuple(t for t in dict.fromkeys(f.flow.txid for f in trace.flows) if t not in transactions),
    )


def _used(case: Case, chain: Chain, trace: Trace, transactions: Mapping[str, Transaction]) -> set[str]:
    """Digests of the answers that the trace rests on: of its transactions, its flows, and the balances it checks."""
    used = {t.evidence for t in transactions.values()}
    used |= {case.store.evidence(chain, traced.flow.id) for traced in trace.flows}
    return used | {digest for check in trace.pots for digest in check.evidence}


def _swept(case: Case, chain: Chain, points: TouchPoints | None) -> set[str]:
    """Digests of the answers with the sweeps that a deposit address is recognised by; they may lie past the trace."""
    sweeps = () if points is None else (point.sweep for point in points.rows if point.sweep is not None)
    return {case.store.evidence(chain, sweep.flow.id) for sweep in sweeps}


def _transactions(case: Case, chain: Chain, trace: Trace) -> dict[str, Transaction]:
    txids = dict.fromkeys(t.flow.txid for t in trace.flows)
    txids.update(dict.fromkeys(t.arrival.txid for t in trace.flows if t.arrival is not None))
    found = (case.store.transaction(chain, txid) for txid in txids)
    return {t.txid: t for t in found if t is not None}


def _account_transactions(case: Case, chain: Chain, txids: Iterable[str]) -> dict[str, AccountTransaction]:
    found = (accounts.transaction(case.store, chain, txid) for txid in txids)
    return {each.txid: each for each in found if each is not None}


def _assets(net: Network, trace: Trace, transactions: Mapping[str, Transaction]) -> dict[Asset, None]:
    """Every asset of the trace and of the transactions that it passes, the chain's own coin first."""
    moved = (posting.asset for transaction in transactions.values() for posting in transaction.postings)
    return dict.fromkeys((net.asset, *(claim.asset for claim in trace.claims), *moved, *(p.asset for p in trace.pots)))


def _asset_facts(case: Case, net: Network, asset: Asset) -> AssetFacts:
    shown = case.assets.shown(asset)
    symbol = "" if shown.symbol == NOT_KNOWN else case.assets.symbol(asset)
    return AssetFacts(asset, net.name, symbol, shown.decimals, net.is_training, shown.basis)


def _answers(case: Case, records: Sequence[Record], used: set[str]) -> tuple[Answer, ...]:
    rows: dict[str, Answer] = {}
    for record in records:
        if record.digest in used and record.digest not in rows:
            case.archive.read(record.digest)  # a figure may not rest on bytes that are gone or altered
            rows[record.digest] = Answer(record.digest, record.source, record.request, record.received, record.size)
    if missing := sorted(used - set(rows)):
        raise EvidenceError(f"no record of the answer {missing[0]}, which the trace rests on; trace again")
    return tuple(rows.values())


def _tags(book: TagBook, transactions: dict[str, Transaction]) -> dict[Account, tuple[Tag, ...]]:
    accounts = {p.account for t in transactions.values() for p in t.postings if p.account is not None}
    return {account: tags for account in sorted(accounts) if (tags := book.of(account))}


def _sources(
    chain: Chain, records: Sequence[Record], tips_of_trace: Sequence[Tip], used: set[str]
) -> tuple[SourceFacts, ...]:
    """Each source that answered about the chain, at the newest block that it named; a file at that of the trace."""
    answered: dict[str, list[Record]] = {}
    for record in records:
        if record.status in _ANSWERED and (record.tip is None or record.tip.chain == chain):
            answered.setdefault(record.source, []).append(record)
    rows = []
    for name, mine in answered.items():
        tips = [record.tip for record in mine if record.tip is not None] or [
            tip for tip in tips_of_trace if any(record.digest in used for record in mine)
        ]
        if tips:
            times = [record.received for record in mine]
            rows.append(SourceFacts(name, tips[-1], len(mine), min(times), max(times)))
    return tuple(rows)
