"""Dossiers from written or random chains: real transactions in real rows, and a trace of them by the real engine."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tests.strategies import Case

from cryptotrace.ledger import ledgerfile
from cryptotrace.ledger.ledgerfile import ASSET, LedgerCase
from cryptotrace.model.block import BlockRef, Tip
from cryptotrace.model.flow import Flow, FlowKind
from cryptotrace.model.identity import SCRIPT_DIGEST_PREFIX, Account, Chain
from cryptotrace.model.tag import Grade, Tag
from cryptotrace.model.transaction import Outpoint, Posting, PostingKind, Transaction
from cryptotrace.reports.dossier import Answer, AssetFacts, Dossier, SourceFacts
from cryptotrace.reports.draft import Draft
from cryptotrace.reports.schedules import schedules
from cryptotrace.reports.words import words
from cryptotrace.tracing.engine import trace
from cryptotrace.tracing.result import Stops
from cryptotrace.tracing.rules import RULES

CHAIN = Chain("ledger:file")
TIP = Tip(CHAIN, 99, "f" * 64)


def txid(name: str) -> str:
    """The txid under which a transaction of a written chain stands."""
    return hashlib.sha256(name.encode()).hexdigest()


def owner(flow: str) -> Account:
    """Whose an output is; a few outputs share an address, and every seventh has none."""
    digest = hashlib.sha256(flow.encode()).hexdigest()
    kind = int(digest[:4], 16)
    return Account.of(CHAIN, SCRIPT_DIGEST_PREFIX + digest if kind % 7 == 0 else f"addr{kind % 40}")


def tag(account: Account, label: str = "A service", **changes: Any) -> Tag:
    """A tag on an account."""
    made = Tag(account, label, "exchange", "service_data", Grade.C, "https://tags.example", "somebody")
    return replace(made, **changes)


def dossier(
    case: Case,
    rule: str = "fifo",
    *,
    exact: bool = False,
    stops: Stops | None = None,
    times: Mapping[str, int] | None = None,
    **changes: Any,
) -> Dossier:
    """Everything a report says about one rule over a UTXO case.

    Args:
        case: as ``tests.notation.chain`` and ``tests.strategies.chains`` write it.
        rule: name of the rule.
        exact: in fractions.
        stops: where to stop.
        times: transaction's name -> block time.
        changes: other fields of the dossier.
    """
    raw = _with_txids(case)
    graph = _owned(raw)
    transactions = [_transaction(graph, tx, n, times or {}) for n, tx in enumerate(raw["txs"])]
    made = Dossier(
        case_id="case-1",
        title="A case",
        question="",
        author="An analyst",
        trace=trace(graph, graph.claims, RULES[rule], exact=exact, stops=stops),
        assets={ASSET: AssetFacts(ASSET, "ledger", "TST", 8, is_training=True)},
        transactions={t.txid: t for t in transactions},
        tags={},
        tags_loaded=3,
        sources=(SourceFacts("memory:", TIP, 2, "2026-03-01T00:00:00Z", "2026-03-01T00:00:05Z"),),
        answers=(Answer("e" * 64, "memory:", "the chain", "2026-03-01T00:00:05Z", 0),),
        settings={"rule": rule, "hop limit": "none", "arithmetic": "fractions" if exact else "whole base units"},
        software="cryptotrace test",
        cut_off="2026-03-01T00:00:05Z",
        custody_head="c" * 64,
    )
    return replace(made, **changes)


def draft(made: Dossier, language: str = "en") -> Draft:
    """The draft of a dossier's report."""
    return Draft(made, schedules(made), words(language), RULES[made.trace.rule])


def _with_txids(case: Case) -> Case:
    """The same chain under real txids."""

    def outpoint(text: str) -> str:
        name, _, vout = text.rpartition(":")
        return f"{txid(name)}:{vout}"

    made = {**case, "txs": [], "sources": [{**s, "outpoint": outpoint(s["outpoint"])} for s in case["sources"]]}
    for tx in case["txs"]:
        collects = {"collects": [txid(name) for name in tx["collects"]]} if "collects" in tx else {}
        inputs = [outpoint(text) for text in tx["inputs"]]
        made["txs"].append({**tx, **collects, "name": tx["id"], "id": txid(tx["id"]), "inputs": inputs})
    return made


def _owned(raw: Case) -> LedgerCase:
    """The case as a graph whose outputs have owners."""
    graph = ledgerfile._attempt(raw, "utxo")
    assert isinstance(graph, LedgerCase), graph

    def own(flow: Flow) -> Flow:
        txid = flow.id.rpartition(":")[0]
        is_output = flow.kind is FlowKind.OUTPUT
        return replace(flow, owner=owner(flow.id) if is_output else None, txid=txid)

    graph.flows = {name: own(flow) for name, flow in graph.flows.items()}
    for pot, instants in graph.timeline.items():
        graph.timeline[pot] = [
            replace(i, arrivals=tuple(map(own, i.arrivals)), departures=tuple(map(own, i.departures))) for i in instants
        ]
    return graph


def _transaction(graph: LedgerCase, tx: Case, height: int, times: Mapping[str, int]) -> Transaction:
    flows = graph.flows
    block = BlockRef(CHAIN, height, txid(f"block {height}"), times.get(tx["name"], 1_700_000_000 + height * 600))
    postings = [
        Posting(PostingKind.INPUT, ASSET, -flows[name].units, owner(name), Outpoint.parse(name))
        for name in tx["inputs"]
    ]
    made = [f"{tx['id']}:{n}" for n in range(len(tx["outputs"]))]
    outputs = [Posting(PostingKind.OUTPUT, ASSET, flows[n].units, owner(n), Outpoint.parse(n)) for n in made]
    rest = flows[f"{tx['id']}:fee"]
    issued = sum(p.units for p in (*postings, *outputs)) + rest.units
    if not tx["inputs"]:
        postings.append(Posting(PostingKind.ISSUANCE, ASSET, -issued))
    postings += [*outputs, Posting(PostingKind(rest.kind.value), ASSET, rest.units)]
    return Transaction(CHAIN, tx["id"], block, 0, tuple(postings), "e" * 64)
