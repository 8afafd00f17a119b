"""A case: one investigation in one folder. Ties the rooms together.

The folder holds ``case.toml`` (who, what, which sources and settings), ``ledger.duckdb`` (the graph), ``evidence/``
(every raw answer, append-only), ``custody.jsonl`` (who did what, when, with which result) and ``reports/``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path

from cryptotrace.attribution.book import TagBook
from cryptotrace.attribution.tagpack import TagPack, read_tagpack
from cryptotrace.case import custody
from cryptotrace.case import file as casefile
from cryptotrace.case.assets import AssetBook
from cryptotrace.case.claiming import Taken, describe_token, enter_claim, token_of
from cryptotrace.case.connections import Progress, forget_reorganised
from cryptotrace.case.fetching import fetch as fetch_into
from cryptotrace.case.folder import CaseFolder
from cryptotrace.case.seizing import freeze_of
from cryptotrace.case.tracing import digest_of, run, settings_of
from cryptotrace.case.view import FlowsView, TraceView
from cryptotrace.chains.family import Network
from cryptotrace.chains.networks import account, network
from cryptotrace.errors import CaseError
from cryptotrace.ledger.accountgraph import MOST_TRANSFERS, AccountGraph
from cryptotrace.ledger.graph import LedgerGraph
from cryptotrace.model.claim import Claim
from cryptotrace.model.identity import Account, Asset, Chain
from cryptotrace.model.source import Source
from cryptotrace.model.transaction import txid_text
from cryptotrace.seizure.freeze import FreezeStatus
from cryptotrace.sources import parse_spec
from cryptotrace.tracing.result import Trace


class Case(CaseFolder):
    """One investigation. Make one with ``Case.create`` or ``Case.open``; close it when done, or use ``with``.

    Only one process can have a case open at a time.
    """

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

    def use(self, source: Source) -> None:
        """Ask a source that was made in code, e.g. over a web3 provider of one's own, until the case is closed.

        Give it ``case.recorder`` when it is made, so that what it answers becomes evidence of the case. Another session
        does not know it; what was read from it stays.

        Raises:
            UnsupportedChain: it is of a chain that this version does not know.
        """
        net = network(source.chain)
        self._connections.use(source)
        tip = {"height": source.tip().height, "hash": source.tip().hash}
        self.log("use", {"chain": net.chain, "source": source.name, "tip": tip})

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
        outpoint: str = "",
        transfer: str = "",
        asset: str | None = None,
        amount: str | int | None = None,
        offset: int = 0,
        basis: str = "",
        author: str = "",
    ) -> Claim:
        """Name what was taken: units of an output, or of a transfer.

        Args:
            claimant: who claims; several claims of one claimant add up.
            chain: name or CAIP-2 identifier.
            outpoint: on a UTXO chain ``txid:vout`` of the output that is claimed.
            transfer: on an account chain the txid, or ``txid#place`` (``...#log.3``) where it has several transfers.
            asset: with a txid alone: of which asset, CAIP-19 or a contract's address.
            amount: decimal text in the asset (``"12.5"``) or an int of base units; all of it if None.
            offset: the claimed units start after so many base units.
            basis: on what the claim rests (complaint, bank record ...); every document says if none was stated.
            author: who enters it.

        Raises:
            DataNotFound: no source has that output or transfer.
            InvalidAmount: a float, digits below one base unit, or a negative amount.
            CaseError: nothing is claimed, or more than there is; the txid names no transfer or several; decimal text
                where the asset's decimals are not known.
        """
        what = Taken(outpoint, transfer, asset, amount, offset)
        entry = enter_claim(self, claimant, network(chain), what, basis, author)
        if fake := self.assets.imitated(Asset(entry.asset)):
            self._notice(f"{entry.asset} calls itself {fake}, and is not the known {fake} of this chain: another token")
        for other in self.settings.claims:
            if entry.repeats(other):
                raise CaseError(f"{entry.flow} is entered for {claimant} already, with the same units")
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

    def claims_on(self, chain: str) -> tuple[Claim, ...]:
        """The claims on one chain, in order of precedence."""
        where = network(chain).chain
        return tuple(claim for claim in self.claims if claim.asset.chain == where)

    # --- work ---------------------------------------------------------------------------------------------------------

    def sources(self, net: Network, progress: Progress | None = None) -> list[Source]:
        """The connected sources of a chain, in the order in which they are asked."""
        return self._connections.of(net, self.settings.sources, progress)

    def graph(
        self, chain: Chain, *, held_only: bool = False, progress: Progress | None = None
    ) -> LedgerGraph | AccountGraph:
        """The flow graph of a chain; with ``held_only`` no source is asked."""
        sources = () if held_only else self.ready_sources(chain, progress)
        if network(chain).is_account_chain:
            return AccountGraph(self.store, chain, sources, adjusting=self.assets.adjusting)
        return LedgerGraph(self.store, chain, sources)

    def ready_sources(self, chain: Chain, progress: Progress | None = None) -> list[Source]:
        """The sources of a chain, once what a reorganisation removed is forgotten and their tip is remembered."""
        net = network(chain)
        sources = self.sources(net, progress)
        for height, txids in forget_reorganised(self.store, chain, sources):
            self.log("reorganisation", {"chain": chain, "height": height, "removed": list(txids)})
        if sources:
            self.store.set_tip(sources[0].tip())
        return sources

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
        most_transfers: int = MOST_TRANSFERS,
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
            most_transfers: on an account chain an account with more transfers of the asset is not followed.
            progress: called with (pots served, pots waiting).

        Raises:
            CaseError: there is no claim, or the claims are on several chains.
            InvalidAmount: ``dust`` or ``max_hops`` is no int, or negative.
        """
        wanted = self.claims if claims is None else (claims,) if isinstance(claims, Claim) else tuple(claims)
        entry = settings_of(
            self.claims,
            wanted,
            rule,
            reason,
            exact=exact,
            dust=dust,
            max_hops=max_hops,
            until=until,
            most_transfers=most_transfers,
        )
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

    def freeze_status(self, chain: str, address: str, token: str, *, height: int | None = None) -> FreezeStatus:
        """Whether an account's holding of a token is frozen: asked of the contract, compared with its events.

        Args:
            chain: name or CAIP-2 identifier.
            address: whose holding.
            token: CAIP-19, or the address of the token's contract.
            height: as of which block; the sources' newest if None.

        Raises:
            CaseError: there is no such block, as far as the sources know.

        Returns:
            Frozen, not frozen, or could not be determined, with block, evidence and reasons; never a default.
        """
        net = network(chain)
        return freeze_of(self, Account(account(address, net.chain)), token_of(net, token), height)

    def describe_token(
        self,
        chain: str,
        contract: str,
        *,
        symbol: str,
        decimals: int,
        basis: str,
        name: str = "",
        issuer: str = "",
        freeze: str = "",
        adjusts: bool = False,
    ) -> None:
        """Describe a token that the table of known tokens does not have; what its contract says still comes first.

        Args:
            chain: name or CAIP-2 identifier.
            contract: CAIP-19, or the contract's address.
            symbol: its symbol.
            decimals: digits after the point.
            basis: on what the description rests; printed.
            name: its name.
            issuer: who issues it; empty if nobody can freeze it.
            freeze: how it is frozen: ``tether``, ``tether-blocked``, ``circle`` or ``paxos``; empty if not known.
            adjusts: it changes balances beside its transfers (a tax, a rebase). Only then a difference between balances
                and transfers becomes an adjustment, flagged; else it stays a difference: a transfer may be missing.

        Raises:
            CaseError: no basis is given, or no such way to freeze.
        """
        texts = (symbol, name, issuer, freeze, basis)
        entry = describe_token(network(chain), contract, texts, decimals, self._clock(), adjusts=adjusts)
        others = tuple(each for each in self.settings.tokens if each.asset != entry.asset)
        self._change(tokens=(*others, entry))
        self.assets = AssetBook(self.store, (each.facts() for each in self.settings.tokens))
        self.log("describe-token", asdict(entry), custody.digest(asdict(entry)))

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
            kind: ``tracing-report``; ``touch-point-sheet`` (for each service that was touched) or ``issuer-sheet`` (for
                each issuer that could freeze), which are in English, CSV and XLSX. The issuer sheet asks the sources.
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
