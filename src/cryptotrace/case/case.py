"""A case: one investigation in one folder. Ties the rooms together.

The folder holds ``case.toml`` (who, what, which sources and settings), ``ledger.duckdb`` (the graph), ``evidence/``
(every raw answer, append-only), ``custody.jsonl`` (who did what, when, with which result) and ``reports/``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptotrace.attribution.book import TagBook
from cryptotrace.attribution.tagpack import TagPack, read_tagpack
from cryptotrace.case import custody
from cryptotrace.case import file as casefile
from cryptotrace.case.claiming import enter_claim
from cryptotrace.case.connections import Connections, Progress, forget_reorganised
from cryptotrace.case.fetching import fetch as fetch_into
from cryptotrace.case.tracing import digest_of, run, settings_of
from cryptotrace.case.view import FlowsView, TraceView
from cryptotrace.chains.family import Network
from cryptotrace.chains.networks import network
from cryptotrace.errors import CaseError
from cryptotrace.evidence.archive import Archive
from cryptotrace.evidence.custody import CustodyLog
from cryptotrace.evidence.recorder import ArchiveRecorder
from cryptotrace.ledger.graph import LedgerGraph
from cryptotrace.ledger.store import Store
from cryptotrace.model.claim import Claim
from cryptotrace.model.identity import Chain
from cryptotrace.model.source import Source
from cryptotrace.model.transaction import txid_text
from cryptotrace.sources import parse_spec
from cryptotrace.sources.policy import Policy
from cryptotrace.tracing.result import Trace


class Case:
    """One investigation. Make one with ``Case.create`` or ``Case.open``; close it when done, or use ``with``.

    Only one process can have a case open at a time.
    """

    def __init__(
        self, folder: Path, settings: casefile.CaseFile, *, clock: Callable[[], datetime], notice: Callable[[str], None]
    ) -> None:
        self.folder = folder
        self.settings = settings
        self._clock, self._notice = clock, notice
        self.store = Store(folder / "ledger.duckdb")
        try:
            self._open_evidence(notice)
        except BaseException:
            self.store.close()
            raise

    def _open_evidence(self, notice: Callable[[str], None]) -> None:
        folder, settings, clock = self.folder, self.settings, self._clock
        self.archive = Archive(folder / "evidence", clock=clock)
        self.custody = CustodyLog(folder / "custody.jsonl", actor=settings.author or "not stated", clock=clock)
        custody.check(self.custody, self.archive, settings)
        policy = Policy(own_nodes_only=settings.own_nodes_only, own_hosts=settings.own_hosts, notice=notice)
        self._connections = Connections(folder, ArchiveRecorder(self.archive), policy)
        self.tags = TagBook(
            tag
            for entry in settings.tags
            for tag in read_tagpack(self.archive.read(entry.digest), evidence=entry.digest).tags
        )

    # --- opening and closing ------------------------------------------------------------------------------------------

    @classmethod
    def create(
        cls,
        folder: str | Path,
        *,
        title: str,
        question: str = "",
        author: str = "",
        own_nodes_only: bool = False,
        own_hosts: Sequence[str] = (),
        clock: Callable[[], datetime] | None = None,
        notice: Callable[[str], None] | None = None,
    ) -> Self:
        """Make a case in a new or empty folder.

        Args:
            folder: where; it is made if it does not exist.
            title: title of the case, printed on every document.
            question: the question that the report answers; a standard one if empty.
            author: who works on it; written into the custody log with every action.
            own_nodes_only: refuse public sources, which learn what is asked, before the first query.
            own_hosts: names of hosts that are one's own, beside local and private addresses.
            clock: the present time, for tests.
            notice: gets warnings for the user, one line each; printed to stderr by default.

        Raises:
            CaseError: the folder is not empty.
        """
        folder = casefile.make_folder(Path(folder))
        settings = casefile.CaseFile(folder.resolve().name, title, question, author, own_nodes_only, tuple(own_hosts))
        casefile.write(folder / "case.toml", settings)
        case = cls(folder, settings, clock=clock or _now, notice=notice or _to_stderr)
        entered = {"title": title, "question": question, "author": author, "own_hosts": list(own_hosts)}
        case.log("create", {**entered, "own_nodes_only": own_nodes_only}, custody.digest(asdict(settings)))
        return case

    @classmethod
    def open(
        cls,
        folder: str | Path,
        *,
        clock: Callable[[], datetime] | None = None,
        notice: Callable[[str], None] | None = None,
    ) -> Self:
        """Open a case.

        Raises:
            CaseError: the folder is not a case.
            StoreLocked: another process has it open.
            EvidenceError: the archive or the custody log is damaged or was altered.
        """
        folder = Path(folder)
        return cls(folder, casefile.read(folder / "case.toml"), clock=clock or _now, notice=notice or _to_stderr)

    def close(self) -> None:
        """Close the store and the sources."""
        self._connections.close()
        self.store.close()

    def __repr__(self) -> str:
        return f"<case {self.settings.id}: {self.settings.title}; claims: {len(self.settings.claims)}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    # --- what is entered ----------------------------------------------------------------------------------------------

    def connect(self, chain: str, spec: str, *, progress: Progress | None = None) -> Source:
        """Add a source for a chain and open it.

        Args:
            chain: name (``bitcoin``, ``bitcoin-regtest`` ...) or CAIP-2 identifier.
            spec: ``blocks:PATH``, ``rpc:URL``, ``esplora:URL``, ``electrum:HOST:PORT``, ``json:PATH``, ``csv:PATH`` or
                ``recorded:FOLDER``; keys as ``env:NAME``.
            progress: called with (files read, files to read).

        Raises:
            ConfigurationError: the specification cannot be used.
            PublicSourceRefused: the case is set to own nodes only.
            SourceUnavailable: the source does not answer.
        """
        net = network(chain)
        entry = casefile.SourceEntry(net.chain, self._connections.portable(spec))
        source = self._connections.open(net, entry.spec, progress)
        if entry not in self.settings.sources:
            self._change(sources=(*self.settings.sources, entry))
        self.log("connect", {"chain": net.chain, **custody.of_source(source, entry.spec)})
        return source

    def disconnect(self, chain: str, spec: str) -> None:
        """Take a source out of the case, e.g. one that is gone; what was read from it stays.

        Raises:
            CaseError: the case has no such source.
        """
        entry = casefile.SourceEntry(network(chain).chain, self._connections.portable(spec))
        if entry not in self.settings.sources:
            known = ", ".join(e.spec for e in self.settings.sources if e.chain == entry.chain) or "none"
            raise CaseError(f"the case has no source {spec} for {chain}; it has: {known}")
        self._change(sources=tuple(e for e in self.settings.sources if e != entry))
        self._connections.forget(entry)
        self.log("disconnect", {"chain": entry.chain, "source": parse_spec(spec).name})

    def tag(self, path: str | Path) -> TagPack:
        """Load a TagPack. Its bytes become evidence; tags that cannot be used are in ``.refused`` with the reason.

        Raises:
            CaseError: the file cannot be read.
            AttributionError: it is no TagPack.
        """
        path = Path(path)
        try:
            raw = path.read_bytes()
        except OSError as error:
            raise CaseError(f"TagPack {path} cannot be read: {error.strerror}") from error
        pack = read_tagpack(raw, evidence=hashlib.sha256(raw).hexdigest())
        digest = self.archive.add(raw, source="file", request=f"TagPack {path.name}", tip=None)
        if digest not in {entry.digest for entry in self.settings.tags}:
            self._change(tags=(*self.settings.tags, casefile.TagEntry(digest, path.name)))
        self.tags = TagBook([*self.tags, *pack.tags])
        self.log("tag", {"file": path.name, "tags": len(pack.tags), "refused": len(pack.refused)}, digest)
        return pack

    def claim(
        self,
        claimant: str,
        chain: str,
        *,
        outpoint: str,
        amount: str | int | None = None,
        offset: int = 0,
        basis: str = "",
        author: str = "",
    ) -> Claim:
        """Name what was taken: units of an output.

        Args:
            claimant: who claims; several claims of one claimant add up.
            chain: name or CAIP-2 identifier.
            outpoint: ``txid:vout`` of the output that is claimed.
            amount: decimal text in the asset (``"12.5"``) or an int of base units; all of the output if None.
            offset: the claimed units start after so many base units of the output.
            basis: on what the claim rests (complaint, bank record ...); every document says if none was stated.
            author: who enters it.

        Raises:
            DataNotFound: no source has that output.
            InvalidAmount: a float, digits below one base unit, or a negative amount.
            CaseError: nothing is claimed, or more than the output has.
        """
        entry = enter_claim(self, claimant, network(chain), outpoint, amount, offset, basis, author)
        for other in self.settings.claims:
            if entry.meets(other):
                self._notice(f"{entry.flow} is claimed for {other.claimant} too: the earlier claim stands")
        self._change(claims=(*self.settings.claims, entry))
        self.log("claim", asdict(entry), custody.digest(asdict(entry)))
        return entry.claim()

    def name_coinjoin(self, txid: str, basis: str) -> None:
        """Name a transaction a CoinJoin, with the reason: traces stop before it.

        Raises:
            CaseError: no reason is given.
            InvalidIdentifier: not a txid.
        """
        if not basis.strip():
            raise CaseError("say on what basis the transaction is named a CoinJoin; the report prints it")
        entry = casefile.CoinJoinEntry(txid_text(txid), basis)
        self._change(coinjoins=(*self.settings.coinjoins, entry))
        self.log("name-coinjoin", asdict(entry), custody.digest(asdict(entry)))

    @property
    def claims(self) -> tuple[Claim, ...]:
        """The claims, in order of precedence."""
        return tuple(entry.claim() for entry in self.settings.claims)

    # --- work ---------------------------------------------------------------------------------------------------------

    def sources(self, net: Network, progress: Progress | None = None) -> list[Source]:
        """The connected sources of a chain, in the order in which they are asked."""
        return self._connections.of(net, self.settings.sources, progress)

    def graph(self, chain: Chain, *, held_only: bool = False, progress: Progress | None = None) -> LedgerGraph:
        """The flow graph of a chain; with ``held_only`` no source is asked."""
        if held_only:
            return LedgerGraph(self.store, chain)
        net = network(chain)
        sources = self.sources(net, progress)
        for height, txids in forget_reorganised(self.store, chain, sources):
            self.log("reorganisation", {"chain": chain, "height": height, "removed": list(txids)})
        if sources:
            self.store.set_tip(sources[0].tip())
        return LedgerGraph(self.store, chain, sources)

    def fetch(
        self, chain: str, *, txid: str | None = None, account: str | None = None, progress: Progress | None = None
    ) -> int:
        """Fetch a transaction, or everything that touched an account, into the case.

        A run that is stopped continues where it was: what is held is not asked for again.

        Returns:
            How many transactions were new.

        Raises:
            NotSupported: no connected source keeps the history of accounts.
        """
        return fetch_into(self, network(chain), txid, account, progress)

    def trace(
        self,
        claims: Claim | Iterable[Claim] | None = None,
        *,
        rule: str = "fifo",
        reason: str = "",
        exact: bool = False,
        dust: int = 0,
        max_hops: int | None = None,
        until: datetime | None = None,
        progress: Progress | None = None,
    ) -> TraceView:
        """Follow claims forward under one rule.

        Args:
            claims: one claim, several in order of precedence, or None for all of the case.
            rule: the tracing rule, see ``cryptotrace.tracing.rules``; logged before anything is shown.
            reason: why this rule.
            exact: compute in fractions instead of whole base units.
            dust: a claimed share below so many base units is not followed.
            max_hops: not more transactions than this after the claimed output.
            until: not beyond this time (aware); the block producers' statement decides.
            progress: called with (pots served, pots waiting).

        Raises:
            CaseError: there is no claim, or the claims are on several chains.
            InvalidAmount: ``dust`` or ``max_hops`` is no int, or negative.
        """
        wanted = self.claims if claims is None else (claims,) if isinstance(claims, Claim) else tuple(claims)
        entry = settings_of(self.claims, wanted, rule, reason, exact=exact, dust=dust, max_hops=max_hops, until=until)
        asked = asdict(entry) | {"claims": [self.claims[place].flow for place in entry.claims]}
        self.log("rule", asked)
        result = run(self, entry, held_only=False, progress=progress)
        digest = digest_of(result)
        self._change(trace=replace(entry, digest=digest))
        self.log("trace", {**asked, "flows": len(result.flows), "ends": len(result.ends)}, digest)
        return TraceView(self, result)

    def last_trace(self) -> TraceView:
        """The newest trace again, from what is held; no source is asked.

        Raises:
            CaseError: there is none yet, or what is held has changed since.
        """
        if (entry := self.settings.trace) is None:
            raise CaseError("nothing was traced in this case yet; run: cryptotrace trace")
        result = run(self, entry, held_only=True)
        if digest_of(result) != entry.digest:
            raise CaseError("what the case holds has changed since its newest trace; trace again: cryptotrace trace")
        return TraceView(self, result)

    def flows(self, chain: str) -> FlowsView:
        """Everything the case holds of a chain, as a table, a graph or a file."""
        return FlowsView(self.store, network(chain).chain)

    def report(
        self,
        trace: TraceView | Trace | None = None,
        kind: str = "tracing-report",
        *,
        language: str | Sequence[str] = ("en", "ru"),
        path: str | Path | None = None,
        formats: Sequence[str] | None = None,
        replace_files: bool = False,
        progress: Progress | None = None,
    ) -> tuple[Path, ...]:
        """Write a report.

        Args:
            trace: what is reported; the newest trace if None.
            kind: ``tracing-report`` is the one there is.
            language: ``en``, ``ru`` or several; one document each.
            path: a folder, or a file whose suffix names the only format (with several languages ``report.pdf`` becomes
                ``report.en.pdf`` and ``report.ru.pdf``); ``reports/`` in the case if None.
            formats: any of ``pdf``, ``docx``, ``xlsx``, ``json``; all of them, or that of ``path``, if None.
            replace_files: write over another document that is there.
            progress: called with (files made, files to make).

        Returns:
            The files that were written.

        Raises:
            ReportError: no such kind, format or language, or another document is in the way.
            CaseError: the trace is not one of this case.
            EvidenceError: an answer that a figure rests on is missing or was altered.
        """
        from cryptotrace.case.reporting import write_report

        result = self.last_trace().trace if trace is None else trace if isinstance(trace, Trace) else trace.trace
        place = self.folder / "reports" if path is None else Path(path)
        languages = (language,) if isinstance(language, str) else tuple(language)
        return write_report(self, result, kind, languages, place, formats, progress, replace=replace_files)

    # --- inside -------------------------------------------------------------------------------------------------------

    def _change(self, **changes: object) -> None:
        settings = replace(self.settings, **changes)  # type: ignore[arg-type]
        casefile.write(self.folder / "case.toml", settings)
        self.settings = settings

    def log(self, action: str, parameters: Mapping[str, object], result: str = "") -> None:
        """Write an action into the custody log."""
        custody.write(self.custody, self.archive, action, parameters, result)


def _now() -> datetime:
    return datetime.now(UTC)


def _to_stderr(text: str) -> None:
    import sys

    print(text, file=sys.stderr)
