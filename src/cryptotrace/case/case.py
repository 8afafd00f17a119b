"""A case: one investigation in one folder. Ties the rooms together.

The folder holds ``case.toml`` (who, what, which sources and settings), ``ledger.duckdb`` (the graph), ``evidence/``
(every raw answer, append-only), ``custody.jsonl`` (who did what, when, with which result) and ``reports/``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptotrace.attribution.book import TagBook
from cryptotrace.attribution.tagpack import TagPack, read_tagpack
from cryptotrace.case import file as casefile
from cryptotrace.case.connections import Connections, forget_reorganised
from cryptotrace.case.fetching import fetch as fetch_into
from cryptotrace.case.tracing import digest_of, run
from cryptotrace.case.view import TraceView
from cryptotrace.chains.networks import Network, network
from cryptotrace.errors import CaseError
from cryptotrace.evidence.archive import Archive
from cryptotrace.evidence.custody import CustodyLog
from cryptotrace.evidence.recorder import ArchiveRecorder
from cryptotrace.ledger.graph import LedgerGraph
from cryptotrace.ledger.store import Store
from cryptotrace.model.amount import parse_units
from cryptotrace.model.claim import Claim
from cryptotrace.model.identity import Chain
from cryptotrace.model.source import Source
from cryptotrace.model.transaction import Outpoint, txid_text
from cryptotrace.sources.policy import Policy
from cryptotrace.tracing.result import Trace
from cryptotrace.tracing.rules import rule as find_rule

Progress = Callable[[int, int], None]


class Case:
    """One investigation. Make one with ``Case.create`` or ``Case.open``; close it when done, or use ``with``.

    Only one process can have a case open at a time.
    """

    def __init__(
        self, folder: Path, settings: casefile.CaseFile, *, clock: Callable[[], datetime], notice: Callable[[str], None]
    ) -> None:
        self.folder = folder
        self.settings = settings
        self._clock = clock
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
        self.custody.check()
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
        folder = Path(folder)
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise CaseError(
                f"{folder} exists and is not an empty folder; choose another name, or open it if it is a case"
            )
        casefile.check_folder_name(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CaseError(f"{folder} cannot be made: {error.strerror}; choose another place") from error
        settings = casefile.CaseFile(folder.resolve().name, title, question, author, own_nodes_only, tuple(own_hosts))
        casefile.write(folder / "case.toml", settings)
        case = cls(folder, settings, clock=clock or _now, notice=notice or _to_stderr)
        case.log("create", {"title": title, "own_nodes_only": own_nodes_only})
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

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    # --- what is entered ----------------------------------------------------------------------------------------------

    def connect(self, chain: str, spec: str) -> Source:
        """Add a source for a chain and open it.

        Args:
            chain: name (``bitcoin``, ``bitcoin-regtest`` ...) or CAIP-2 identifier.
            spec: ``blocks:PATH``, ``rpc:URL``, ``esplora:URL``, ``electrum:HOST:PORT``, ``json:PATH``, ``csv:PATH`` or
                ``recorded:FOLDER``; keys as ``env:NAME``.

        Raises:
            ConfigurationError: the specification cannot be used.
            PublicSourceRefused: the case is set to own nodes only.
            SourceUnavailable: the source does not answer.
        """
        net = network(chain)
        entry = casefile.SourceEntry(net.chain, self._connections.portable(spec))
        source = self._connections.open(net, entry.spec)
        self.sources(net).append(source)
        self._change(sources=(*self.settings.sources, entry))
        self.log("connect", {"chain": net.chain, "source": source.name, "tip": source.tip().height})
        return source

    def tag(self, path: str | Path) -> TagPack:
        """Load a TagPack. Its bytes become evidence; tags that cannot be used are in ``.refused`` with the reason."""
        path = Path(path)
        try:
            raw = path.read_bytes()
        except OSError as error:
            raise CaseError(f"TagPack {path} cannot be read: {error.strerror}") from error
        pack = read_tagpack(raw, evidence=hashlib.sha256(raw).hexdigest())
        digest = self.archive.add(raw, source="file", request=f"TagPack {path.name}", tip=None)
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
            InvalidAmount: a float, digits below one base unit, or more than the output has.
        """
        net = network(chain)
        flow = self.graph(net.chain).flow(str(Outpoint.parse(outpoint)))
        units = parse_units(amount, net.decimals) if isinstance(amount, str) else amount
        if units is None:
            units = flow.units - offset
        claim = Claim(claimant, flow.id, flow.asset, units, offset, basis, author or self.settings.author)
        if offset + units > flow.units:
            raise CaseError(
                f"the claim takes base units {offset} to {offset + units} of {flow.id}, which has {flow.units}"
            )
        entry = casefile.ClaimEntry(
            claimant, net.chain, flow.id, flow.asset, str(units), str(offset), basis, claim.author
        )
        self._change(claims=(*self.settings.claims, entry))
        self.log("claim", {"claimant": claimant, "flow": flow.id, "units": str(units), "basis": basis})
        return claim

    def name_coinjoin(self, txid: str, basis: str) -> None:
        """Name a transaction a CoinJoin, with the reason: traces stop before it."""
        if not basis.strip():
            raise CaseError("say on what basis the transaction is named a CoinJoin; the report prints it")
        entry = casefile.CoinJoinEntry(txid_text(txid), basis)
        self._change(coinjoins=(*self.settings.coinjoins, entry))
        self.log("name-coinjoin", {"txid": txid, "basis": basis})

    @property
    def claims(self) -> tuple[Claim, ...]:
        """The claims, in order of precedence."""
        return tuple(entry.claim() for entry in self.settings.claims)

    # --- work ---------------------------------------------------------------------------------------------------------

    def sources(self, net: Network) -> list[Source]:
        """The connected sources of a chain, in the order in which they are asked."""
        return self._connections.of(net, self.settings.sources)

    def graph(self, chain: Chain, *, held_only: bool = False) -> LedgerGraph:
        """The flow graph of a chain; with ``held_only`` no source is asked."""
        if held_only:
            return LedgerGraph(self.store, chain)
        net = network(chain)
        sources = self.sources(net)
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
        """
        wanted = self.claims if claims is None else (claims,) if isinstance(claims, Claim) else tuple(claims)
        if until is not None and until.tzinfo is None:
            raise CaseError("until needs a time zone, e.g. datetime(2026, 1, 1, tzinfo=UTC)")
        entry = casefile.TraceEntry(
            find_rule(rule).name,
            reason,
            exact,
            tuple(self._place(claim) for claim in wanted),
            str(dust),
            -1 if max_hops is None else max_hops,
            -1 if until is None else int(until.timestamp()),
        )
        self.log("rule", {"rule": rule, "reason": reason, "claims": [str(place) for place in entry.claims]})
        result = run(self, entry, held_only=False, progress=progress)
        digest = digest_of(result)
        self._change(trace=replace(entry, digest=digest))
        self.log("trace", {"rule": rule, "flows": len(result.flows), "ends": len(result.ends)}, digest)
        return TraceView(self, result)

    def last_trace(self) -> TraceView:
        """The newest trace again, from what is held; no source is asked.

        Raises:
            CaseError: there is none yet, or what is held has changed since.
        """
        entry = self.settings.trace
        if entry is None:
            raise CaseError("nothing was traced in this case yet; run: cryptotrace trace")
        result = run(self, entry, held_only=True)
        if digest_of(result) != entry.digest:
            raise CaseError("what the case holds has changed since its newest trace; trace again: cryptotrace trace")
        return TraceView(self, result)

    def _place(self, claim: Claim) -> int:
        try:
            return self.claims.index(claim)
        except ValueError:
            raise CaseError(f"the claim on {claim.flow} is not one of this case; enter it with case.claim") from None

    def report(
        self,
        trace: TraceView | Trace | None = None,
        kind: str = "tracing-report",
        *,
        language: str | Sequence[str] = ("en", "ru"),
        path: str | Path | None = None,
        formats: Sequence[str] = ("pdf", "docx", "xlsx", "json"),
    ) -> tuple[Path, ...]:
        """Write a report.

        Args:
            trace: what is reported; the newest trace if None.
            kind: ``tracing-report`` is the one there is.
            language: ``en``, ``ru`` or several; one document each.
            path: a folder, or a file whose suffix names the only format (with several languages ``report.pdf`` becomes
                ``report.en.pdf`` and ``report.ru.pdf``); ``reports/`` in the case if None.
            formats: any of ``pdf``, ``docx``, ``xlsx``, ``json``.

        Returns:
            The files that were written.

        Raises:
            ReportError: no such kind, format or language.
        """
        from cryptotrace.case.reporting import write_report

        result = self.last_trace().trace if trace is None else trace if isinstance(trace, Trace) else trace.trace
        languages = (language,) if isinstance(language, str) else tuple(language)
        paths = write_report(
            self, result, kind, languages, self.folder / "reports" if path is None else Path(path), formats
        )
        for written in paths:
            self.log("report", {"file": written.name, "kind": kind}, hashlib.sha256(written.read_bytes()).hexdigest())
        return paths

    # --- inside -------------------------------------------------------------------------------------------------------

    def _change(self, **changes: object) -> None:
        settings = replace(self.settings, **changes)  # type: ignore[arg-type]
        casefile.write(self.folder / "case.toml", settings)
        self.settings = settings

    def log(self, action: str, parameters: dict[str, object], result: str = "") -> None:
        """Write an action into the custody log."""
        self.custody.append(action, parameters, result)


def _now() -> datetime:
    return datetime.now(UTC)


def _to_stderr(text: str) -> None:
    import sys

    print(text, file=sys.stderr)
