"""From a case and a trace to a dossier, and from there to files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from cryptotrace import __version__
from cryptotrace.case.custody import entry_of_trace
from cryptotrace.case.tracing import digest_of
from cryptotrace.chains.networks import network
from cryptotrace.errors import EvidenceError, ReportError
from cryptotrace.model.identity import Account, Chain
from cryptotrace.model.tag import Tag
from cryptotrace.model.transaction import Transaction
from cryptotrace.reports.dossier import Answer, AssetFacts, Dossier, SourceFacts
from cryptotrace.tracing.result import Trace

if TYPE_CHECKING:
    from cryptotrace.case.case import Case
    from cryptotrace.evidence.archive import Record

KINDS = ("tracing-report",)


def write_report(
    case: Case,
    trace: Trace,
    kind: str,
    languages: Sequence[str],
    path: Path,
    formats: Sequence[str],
    progress: Callable[[int, int], None] | None,
) -> tuple[Path, ...]:
    """Render the report into the folder ``path``, or into a file whose suffix names the only format.

    A file that is named for several languages becomes one per language: ``report.en.pdf``, ``report.ru.pdf``.

    Raises:
        ReportError: no such kind, format or language.
    """
    from cryptotrace.reports.render import render

    if kind not in KINDS:
        raise ReportError(f"no report {kind!r}; there is: {', '.join(KINDS)}")
    made = dossier(case, trace)
    if not path.suffix:
        return render(made, path, formats=formats, languages=languages, progress=progress)
    written = render(made, path.parent, formats=(path.suffix[1:],), languages=languages, progress=progress)
    if len(written) == 1:
        return (written[0].replace(path),)
    return tuple(one.replace(path.with_suffix("".join(one.suffixes[-2:]))) for one in written)


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
    used = {t.evidence for t in transactions.values()}
    used |= {case.store.evidence(chain, traced.flow.id) for traced in trace.flows}
    answers = _answers(case, records, used)
    return Dossier(
        case_id=case.settings.id,
        title=case.settings.title,
        question=case.settings.question,
        author=case.settings.author,
        trace=trace,
        assets={net.asset: AssetFacts(net.asset, net.name, net.symbol, net.decimals, net.is_training)},
        transactions=transactions,
        tags=_tags(case, transactions),
        tags_loaded=len(case.tags),
        sources=_sources(case, trace, chain, records),
        answers=answers,
        settings={
            "rule": trace.rule,
            "reason for the rule": made.parameters["reason"] or "none",
            "dust limit, base units": str(trace.stops.dust),
            "hop limit": "none" if trace.stops.max_hops is None else str(trace.stops.max_hops),
            "block time limit, s since 1970 UTC": "none" if trace.stops.until is None else str(trace.stops.until),
            "arithmetic": "fractions" if trace.exact else "whole base units",
            "own nodes only": "yes" if case.settings.own_nodes_only else "no",
        },
        software=f"cryptotrace {__version__}",
        cut_off=max((record.received for record in records), default=""),
        custody_head=made.digest,
        outputs_only=tuple(t for t in dict.fromkeys(f.flow.txid for f in trace.flows) if t not in transactions),
    )


def _transactions(case: Case, chain: Chain, trace: Trace) -> dict[str, Transaction]:
    txids = dict.fromkeys(t.flow.txid for t in trace.flows)
    txids.update(dict.fromkeys(t.arrival.txid for t in trace.flows if t.arrival is not None))
    found = (case.store.transaction(chain, txid) for txid in txids)
    return {t.txid: t for t in found if t is not None}


def _answers(case: Case, records: Sequence[Record], used: set[str]) -> tuple[Answer, ...]:
    rows: dict[str, Answer] = {}
    for record in records:
        if record.digest in used and record.digest not in rows:
            case.archive.read(record.digest)  # a figure may not rest on bytes that are gone or altered
            rows[record.digest] = Answer(record.digest, record.source, record.request, record.received, record.size)
    if missing := sorted(used - set(rows)):
        raise EvidenceError(f"no record of the answer {missing[0]}, which the trace rests on; trace again")
    return tuple(rows.values())


def _tags(case: Case, transactions: dict[str, Transaction]) -> dict[Account, tuple[Tag, ...]]:
    accounts = {p.account for t in transactions.values() for p in t.postings if p.account is not None}
    return {account: tags for account in sorted(accounts) if (tags := case.tags.of(account))}


def _sources(case: Case, trace: Trace, chain: Chain, records: Sequence[Record]) -> tuple[SourceFacts, ...]:
    count = Counter(record.source for record in records)
    tips = {tip.chain: tip for tip in trace.tips}
    rows = []
    for name in count:
        times = [record.received for record in records if record.source == name]
        if name != "file" and chain in tips:
            rows.append(SourceFacts(name, tips[chain], count[name], min(times), max(times)))
    return tuple(rows)
