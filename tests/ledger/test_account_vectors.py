"""The rules for accounts on the published vectors, through the real graph: store, histories, openings, engine.

A case's ledger becomes transactions of an account chain: one asset, one transaction an entry, entries of one time in one
block. Opening balances are read from the source; one that is claimed is issued before the first entry, since a claim
names a movement. A fee is laid out twice: as the end that it is on a chain, and, where the vectors tell what the account
``@fees`` holds, as a transfer to an account of that name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.account_world import NET, TOKEN, block, digest, pot, who
from tests.shared_data import read_vectors
from tests.strategies import ledgers
from tests.tracing import checks

from cryptotrace.evidence.recorder import MemoryRecorder
from cryptotrace.ledger.accountgraph import AccountGraph
from cryptotrace.ledger.accounts import History
from cryptotrace.ledger.ledgerfile import FEES, LedgerCase
from cryptotrace.ledger.store import Store
from cryptotrace.model.block import Position
from cryptotrace.model.claim import Claim
from cryptotrace.model.flow import Flow, FlowKind, Instant, Pot, boundary_pot
from cryptotrace.model.identity import Account
from cryptotrace.model.movement import AccountTransaction, Movement
from cryptotrace.model.pot import Completeness
from cryptotrace.sources.accountmemory import AccountMemorySource
from cryptotrace.tracing import ledgerfile
from cryptotrace.tracing.engine import trace
from cryptotrace.tracing.fragments import Units, as_text, as_texts
from cryptotrace.tracing.result import EndReason, Trace
from cryptotrace.tracing.rules import LEDGER_RULES, RULES, rule

Case = dict[str, Any]
CASES = range(20)
#: Of this case the vectors publish a refusal: an account pays what it does not hold.
OVERDRAWN = 18


# --- a case as an account chain ---------------------------------------------------------------------------------------


@dataclass
class Laid:
    """A case as transactions of an account chain. Names are those of the plain graph: ``#3``, ``#3:fee``, ``opening:M``."""

    case: Case
    fees_are_held: bool
    all_is_issued: bool = False
    """True: every opening balance is issued; False: those that nobody claims are there before the first block."""
    transactions: list[AccountTransaction] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    """Flow id on the chain -> its name in the plain graph."""
    opening: dict[Pot, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        claimed = {source["account"] for source in self.case.get("opening_sources", [])}
        for account, units in self.case["opening"].items():
            if account in claimed or self.all_is_issued:
                at = (1, len(self.transactions))
                self._add(f"opening:{account}", at, [("log.0", None, account, units)])
            else:
                self.opening[pot(account)] = units
        entries = self.case["entries"]
        height, index, time = 1, 0, None
        for i in sorted(range(len(entries)), key=lambda i: (entries[i]["t"], entries[i].get("seq", 0), i)):
            height, index = (height, index + 1) if entries[i]["t"] == time else (height + 1, 0)
            time = entries[i]["t"]
            self._entry(i, entries[i], (height, index))

    def _entry(self, i: int, entry: Case, at: tuple[int, int]) -> None:
        payer, payee = entry["from"], entry["to"]
        moves = [] if payer is payee is None else [("log.0", payer, payee, entry["value"])]
        if entry["fee"]:
            moves.append(("fee", entry.get("fee_payer", payer), FEES, entry["fee"]))
        self._add(f"#{i}", at, moves)

    def _add(self, name: str, at: tuple[int, int], moves: Sequence[tuple[str, str | None, str | None, int]]) -> None:
        txid = digest(name)
        made = [self._movement(*move, part) for part, move in enumerate(moves)]
        self.names |= {f"{txid}#{m.place}": name + (":fee" if m.place == "fee" else "") for m in made}
        self.transactions.append(
            AccountTransaction(NET.chain, txid, block(at[0]), at[1], None, None, True, tuple(made))
        )

    def _movement(self, place: str, payer: str | None, payee: str | None, units: int, part: int) -> Movement:
        kind = FlowKind.TRANSFER if payer and payee else FlowKind.ISSUANCE if payee else FlowKind.BURN
        by, to = (None if each is None else who(each) for each in (payer, payee))
        if place == "fee" and not self.fees_are_held:
            return Movement(place, FlowKind.FEE, TOKEN, units, by, None, part)
        return Movement(place, kind, TOKEN, units, by, to, part)

    @property
    def accounts(self) -> dict[Account, str]:
        """Every account by its name in the case."""
        entries = self.case["entries"]
        parties = [each.get(side) for each in entries for side in ("from", "to", "fee_payer")]
        return {who(name): name for name in [*self.case["opening"], *parties, FEES] if name is not None}

    @property
    def claims(self) -> tuple[Claim, ...]:
        """What the case claims, of the flows on the chain."""
        ids = {name: flow for flow, name in self.names.items()}
        openings = [
            (f"opening:{s['account']}", s, self.case["opening"][s["account"]]) for s in self._sources("opening_")
        ]
        entries = [(f"#{s['entry']}", s, self.case["entries"][s["entry"]]["value"]) for s in self._sources("")]
        return tuple(
            Claim(source["claim"], ids[name], TOKEN, source.get("amount", whole))
            for name, source, whole in openings + entries
        )

    def _sources(self, prefix: str) -> list[Case]:
        return list(self.case.get(f"{prefix}sources") or ())

    def source(self, *, newest_only: bool = False) -> AccountMemorySource:
        """The chain."""
        more: dict[str, Any] = {"opening": self.opening, "tip": block(1000), "newest_only": newest_only}
        return AccountMemorySource(NET, self.transactions, MemoryRecorder(), **more)


@contextmanager
def _graph(laid: Laid, folder: Path, *, newest_only: bool = False) -> Iterator[AccountGraph]:
    with Store(folder / "ledger.duckdb") as store:
        yield AccountGraph(store, NET.chain, [laid.source(newest_only=newest_only)])


# --- the published results --------------------------------------------------------------------------------------------


def _shown(run: Trace, laid: Laid) -> dict[str, Any]:
    """A trace over the chain in the structure of the vectors."""
    accounts = laid.accounts
    held = {accounts[end.account]: end for end in run.ends if end.flow is None and end.account is not None}
    of = {t.flow.id: as_texts(t.claimed) for t in run.flows if t.claimed}
    named = {laid.names[flow]: shares for flow, shares in of.items()}
    entries = {name[1:]: shares for name, shares in named.items() if name.startswith("#")}
    shown: dict[str, Any] = {
        "accounts": {account: as_texts(end.claimed) for account, end in held.items()},
        "transfers": {name: shares for name, shares in entries.items() if not name.endswith(":fee")},
        "fees": {name.removesuffix(":fee"): shares for name, shares in entries.items() if name.endswith(":fee")},
    }
    if run.rule in {"fifo", "lifo"}:
        shown["lots"] = {
            account: [[label, as_text(units)] for label, units in end.fragments] for account, end in held.items()
        }
    if run.conserves:
        totals: dict[str, Units] = defaultdict(int)
        for end in run.ends:
            for claimant, units in end.claimed.items():
                totals[claimant] += units
        shown["totals"] = as_texts(totals)
    else:
        shown["reached"] = _reached(run, accounts)
    return shown


def _reached(run: Trace, accounts: dict[Account, str]) -> dict[str, list[str]]:
    reached: dict[str, set[str]] = defaultdict(set)
    for traced in run.flows:
        for claimant in traced.claimed if traced.arrival is not None else ():
            assert traced.flow.owner is not None
            reached[claimant].add(accounts[traced.flow.owner])
    return {claimant: sorted(names) for claimant, names in reached.items()}


def _without_fees(told: dict[str, Any]) -> dict[str, Any]:
    """A published result without the account that holds all fees, which no chain has."""
    left: dict[str, Any] = dict(told)
    for part in ("accounts", "lots"):
        if part in left:
            left[part] = {account: shares for account, shares in left[part].items() if account != FEES}
    if "reached" in left:
        left["reached"] = {name: [each for each in found if each != FEES] for name, found in left["reached"].items()}
    return left


def _case(n: int) -> Case:
    case: Case = read_vectors("ledger.json")["cases"][n]
    return case


def _closed_case(graph: AccountGraph, laid: Laid) -> LedgerCase:
    """What the real graph knows of every account, for the closed forms: they look at whole accounts, not at paths."""
    made = LedgerCase("closed", "ledger", laid.claims, laid.case)
    for account, name in laid.accounts.items():
        assert isinstance(graph.history(account, TOKEN, 1), History)
        mine, before = pot(name), Position(-1, 0)
        units = graph.opening(mine, Position(0, 0))
        outside = boundary_pot(NET.chain, FlowKind.ISSUANCE.value)
        held = Flow(f"before {name}", FlowKind.ISSUANCE, TOKEN, units, outside, before, account, "before")
        made.timeline[Pot(name)] = [
            Instant(before, mine, (held,), (), "before"),
            *graph.instants(mine, Position(0, 0)),
        ]
    return made


@pytest.mark.shared
@pytest.mark.parametrize("fees_are_held", [True, False], ids=["fees-to-an-account", "fees-that-end"])
@pytest.mark.parametrize("n", [n for n in CASES if n != OVERDRAWN])
def test_every_published_share_is_reproduced_to_the_unit(tmp_path: Path, n: int, fees_are_held: bool) -> None:
    case = _case(n)
    laid = Laid(case, fees_are_held)
    with _graph(laid, tmp_path) as graph:
        for name in LEDGER_RULES:
            run = trace(graph, laid.claims, rule(name), exact=True)
            wanted = case["expected"][name]
            assert _shown(run, laid) == (wanted if fees_are_held else _without_fees(wanted)), name
            if run.conserves:
                assert all(row.difference == 0 for row in run.reconcile())
                assert as_texts({row.claimant: row.claimed for row in run.reconcile()}) == case["expected"]["conserved"]


@pytest.mark.shared
@pytest.mark.parametrize("n", [n for n in CASES if n != OVERDRAWN])
def test_every_published_balance_is_opening_and_received_and_paid_of_a_complete_history(tmp_path: Path, n: int) -> None:
    case = _case(n)
    laid = Laid(case, fees_are_held=True)
    with _graph(laid, tmp_path) as graph:
        _closed_case(graph, laid)  # opens every account
        found = {laid.accounts[check.account]: check for check in graph.checks()}
        assert {name: found[name].expected for name in case["expected"]["balances"]} == case["expected"]["balances"]
        assert {check.completeness for check in found.values()} == {Completeness.COMPLETE}


@pytest.mark.shared
@pytest.mark.parametrize("n", [n for n in CASES if n != OVERDRAWN])
def test_the_published_closed_forms_hold_over_what_the_graph_knows(tmp_path: Path, n: int) -> None:
    case = _case(n)
    asked = {key: case.get(key, []) for key in ("libr_closed_form", "pari_passu_accounts")}
    laid = Laid(case, fees_are_held=True)
    with _graph(laid, tmp_path) as graph:
        closed = _closed_case(graph, laid)
    libr = {a: as_text(ledgerfile.lowest_intermediate_balance(closed, Pot(a))) for a in asked["libr_closed_form"]}
    pari = {a: ledgerfile.pari_passu(closed, Pot(a), exact=True) for a in asked["pari_passu_accounts"]}
    assert libr == case["expected"].get("libr_closed_form", {})
    assert pari == case["expected"].get("pari_passu", {})


@pytest.mark.shared
def test_an_account_that_pays_what_it_does_not_hold_is_not_filled_up(tmp_path: Path) -> None:
    """The vectors refuse the case. A chain's history may be incomplete, so here the branch ends with the reason."""
    case = _case(OVERDRAWN)
    assert case["expected"]["error"] == "insufficient_balance"
    laid = Laid(case, fees_are_held=True)
    with _graph(laid, tmp_path) as graph:
        for name in LEDGER_RULES:
            run = trace(graph, laid.claims, rule(name), exact=True)
            (end,) = run.ends
            assert (end.reason, end.claimed) == (EndReason.UNKNOWN, {"V1": 10})
            assert "pays out more than it is known to hold" in end.detail
            assert [laid.names[t.flow.id] for t in run.flows] == ["#0"]


@pytest.mark.shared
def test_all_account_cases_of_the_vectors_are_visited() -> None:
    cases = read_vectors("ledger.json")["cases"]
    assert len(cases) == len(CASES)
    rules = {name for case in cases for name in case["expected"] if name in RULES}
    assert rules == set(LEDGER_RULES)
    assert [n for n in CASES if "error" in cases[n]["expected"]] == [OVERDRAWN]


# --- any ledger -------------------------------------------------------------------------------------------------------


def _common(run: Trace, names: dict[str, str], accounts: dict[Account, str], *, fees_are_held: bool) -> dict[str, Any]:
    """What two traces of one ledger must have in common, whatever graph they ran over."""

    def owner(of: Account | None, of_pot: Pot | None) -> str:
        return str(of_pot) if of is None else accounts[of]

    flows = {names[t.flow.id]: (t.flow.units, t.fragments, t.hop, t.rounded, t.link_class) for t in run.flows}
    resting = {owner(e.account, e.pot): (e.fragments, e.hop) for e in run.ends if e.flow is None}
    left = {names[e.flow.id]: (e.fragments, e.hop) for e in run.ends if e.flow is not None}
    if not fees_are_held:
        resting.pop(FEES, None)
        left = {name: end for name, end in left.items() if not name.endswith(":fee")}
    cut = [(names[c.flow], c.claimant, c.units) for c in run.collisions]
    return {"flows": flows, "resting": resting, "left": left, "collisions": cut}


@settings(deadline=None, max_examples=40)
@given(ledgers(), st.booleans(), st.booleans())
def test_any_ledger_gives_over_the_real_graph_what_it_gives_over_the_plain_one(
    tmp_path_factory: pytest.TempPathFactory, case: Case, fees_are_held: bool, newest_only: bool
) -> None:
    """Every rule, in whole units and in fractions; with openings that are read, and that are added up from the start."""
    laid = Laid(case, fees_are_held, all_is_issued=newest_only)  # a history from the beginning opens with nothing
    plain = checks.graph(case)
    plain_names = {flow: flow for flow in plain.flows}
    with _graph(laid, tmp_path_factory.mktemp("case"), newest_only=newest_only) as graph:
        for name in LEDGER_RULES:
            for exact in (False, True):
                real = trace(graph, laid.claims, rule(name), exact=exact)
                wanted = trace(plain, plain.claims, rule(name), exact=exact)
                found = _common(real, laid.names, laid.accounts, fees_are_held=fees_are_held)
                assert found == _common(wanted, plain_names, {}, fees_are_held=fees_are_held), (name, exact)
                if real.conserves:
                    assert all(row.difference == 0 for row in real.reconcile())
        assert {check.completeness for check in graph.checks()} <= {Completeness.COMPLETE}
