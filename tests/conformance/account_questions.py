"""What every source of an account chain is asked. A question compares the answer with the truth and fails where they
differ; those further down say what is expected instead of a source that cannot tell all of it.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.conformance.account_world import LARGEST, AccountWorld, Asking, Holding, height_of
from tests.nodes.parts import fast_folder

from cryptotrace.chains.family import Network
from cryptotrace.errors import CryptotraceError, DataNotFound, NotSupported
from cryptotrace.evidence.recorder import Recording
from cryptotrace.ledger.accountgraph import AccountGraph
from cryptotrace.ledger.accounts import History
from cryptotrace.ledger.store import Store
from cryptotrace.model.accountsource import (
    AccountTransactions,
    ContractCalls,
    Logs,
    Nonces,
    PotBalances,
    PotHistories,
    PotHistory,
)
from cryptotrace.model.block import Position
from cryptotrace.model.claim import Claim
from cryptotrace.model.flow import Flow, FlowKind, holding_pot
from cryptotrace.model.movement import AccountTransaction, Movement, Order
from cryptotrace.model.pot import Completeness, PotCheck
from cryptotrace.model.source import Headers, Source
from cryptotrace.sources import require
from cryptotrace.tracing.engine import trace
from cryptotrace.tracing.fragments import as_texts
from cryptotrace.tracing.result import Trace
from cryptotrace.tracing.rules import LEDGER_RULES, rule

_NOTHING = "ab" * 32
_ALL = 10**6
#: A trace, and how complete the histories are that it went through.
Run = tuple[Trace, tuple[PotCheck, ...]]
#: A movement without its place: kind, asset, base units, payer, payee.
Bare = tuple[FlowKind, str, int, str | None, str | None]


@dataclass
class Asked:
    """Whom, about what, and where the raw answers are kept."""

    kind: str
    source: Source
    world: AccountWorld
    recording: Recording
    open_as: Callable[[Network], Source]
    """Opens the same server or file as another chain."""
    txids: tuple[str, ...]
    """The transactions that are asked for: all, but of a file those of which it has rows."""
    _told: list[tuple[AccountTransaction, AccountTransaction]] = field(default_factory=list)
    _runs: dict[str, Run] = field(default_factory=dict)

    @property
    def headers(self) -> Headers:
        """The source as one that gives headers; the other properties likewise."""
        return require(self.source, Headers)  # type: ignore[type-abstract]

    @property
    def transactions(self) -> AccountTransactions:
        return require(self.source, AccountTransactions)  # type: ignore[type-abstract]

    @property
    def histories(self) -> PotHistories:
        return require(self.source, PotHistories)  # type: ignore[type-abstract]

    @property
    def balances(self) -> PotBalances:
        return require(self.source, PotBalances)  # type: ignore[type-abstract]

    @property
    def calls(self) -> ContractCalls:
        return require(self.source, ContractCalls)  # type: ignore[type-abstract]

    @property
    def logs(self) -> Logs:
        return require(self.source, Logs)  # type: ignore[type-abstract]

    @property
    def nonces(self) -> Nonces:
        return require(self.source, Nonces)  # type: ignore[type-abstract]

    @property
    def top(self) -> int:
        """Height of the newest block that there is."""
        return self.world.tip.height

    def check_evidence(self, digest: str) -> None:
        """The recorded bytes have that digest."""
        assert hashlib.sha256(self.recording.read(digest)).hexdigest() == digest

    def all(self) -> list[tuple[AccountTransaction, AccountTransaction]]:
        """Every transaction as the source tells it, and as it is; asked for once."""
        if not self._told:
            truth = {txid: self.world.transactions[txid] for txid in self.txids}
            found = {each.txid: each for each in self.transactions.account_transactions(list(truth))}
            assert found.keys() == truth.keys()
            self._told = [(found[txid], truth[txid]) for txid in truth]
        return self._told

    def runs(self) -> dict[str, Run]:
        """The claim traced over this source alone, under every rule; asked for once."""
        if not self._runs:
            with graph_over(self) as graph:
                self._runs = {name: (_traced(self, graph, name), graph.checks()) for name in LEDGER_RULES}
        return self._runs


# --- Source, Headers --------------------------------------------------------------------------------------------------


def tip(asked: Asked) -> None:
    """It is of the chain that was asked for and has fixed its newest block, with height and hash."""
    assert isinstance(asked.source, Source)
    said, is_so = asked.source.tip(), asked.world.tip
    assert (asked.source.chain, said.chain) == (asked.world.network.chain, asked.world.network.chain)
    assert (said.height, said.hash) == (is_so.height, is_so.hash)
    assert asked.source.tip() == said


def another_chain(asked: Asked) -> None:
    """Asked for another chain of the family it is refused: nothing of one chain passes for another one."""
    with pytest.raises(CryptotraceError):
        asked.open_as(asked.world.other)


def block_refs(asked: Asked) -> None:
    """It tells hash and time of every block in which something happened, and knows none above the tip."""
    for height in sorted({height_of(each) for each in asked.world.transactions.values()}):
        assert asked.headers.block_ref(height) == asked.world.refs[height]
    with pytest.raises(DataNotFound):
        asked.headers.block_ref(asked.top + 1)


def empty_block_refs(asked: Asked) -> None:
    """It tells hash and time of blocks in which nothing happened."""
    busy = {height_of(each) for each in asked.world.transactions.values()}
    empty = [ref for height, ref in asked.world.refs.items() if height not in busy]
    assert len(empty) > 1
    assert [asked.headers.block_ref(ref.height) for ref in empty] == empty


# --- AccountTransactions ----------------------------------------------------------------------------------------------


def bare(movement: Movement) -> Bare:
    """What a movement is, without its place."""
    payer, payee = (None if each is None else str(each) for each in (movement.payer, movement.payee))
    return movement.kind, str(movement.asset), movement.units, payer, payee


def tokens_of(asked: Asked, transaction: AccountTransaction) -> list[Bare]:
    """The movements of other assets than the chain's coin, without their places, in order."""
    return [bare(m) for m in transaction.movements if m.asset.namespace in ("erc20", "trc20")]


def values_of(transaction: AccountTransaction) -> list[Bare]:
    """The value of the transactions themselves; one of nothing moves nothing."""
    return [bare(m) for m in transaction.movements if m.place.partition(".")[0] == "value" and m.units]


def fee_of(transaction: AccountTransaction) -> tuple[str | None, int]:
    """Who pays the fee, and all of it."""
    parts = [m for m in transaction.movements if m.kind is FlowKind.FEE]
    payers = {str(m.payer) for m in parts}
    assert len(payers) < 2
    return next(iter(payers), None), sum(m.units for m in parts)


def movements(asked: Asked) -> None:
    """Every movement of every transaction has its place, its units, payer and payee, and all stand in their order."""
    for found, truth in asked.all():
        said = [(m.place, *bare(m)) for m in found.movements]
        assert said == [(m.place, *bare(m)) for m in truth.movements], truth.txid
        assert (found.order, found.missing) == (Order.EXACT, ()), truth.txid


def token_movements(asked: Asked) -> None:
    """Transfers, mints, burns and destructions of fungible tokens are what they are, in their order."""
    counted = 0
    for found, truth in asked.all():
        assert tokens_of(asked, found) == tokens_of(asked, truth), truth.txid
        counted += len(tokens_of(asked, truth))
    assert counted > 20


def values(asked: Asked) -> None:
    """The value of each transaction itself goes from its sender to whom it names."""
    for found, truth in asked.all():
        assert values_of(found) == values_of(truth), truth.txid


def internal_calls(asked: Asked) -> None:
    """Value moved by calls inside contracts is there, whatever its place is called; what was undone is not."""
    inside = 0
    for found, truth in asked.all():
        calls = Counter(bare(m) for m in truth.movements if m.place.startswith("call."))
        mine = Counter(bare(m) for m in found.movements if m.place.startswith(("call.", "row.")))
        others = Counter(bare(m) for m in truth.movements if m.place.startswith(("log.", "value")))
        assert mine >= calls, truth.txid
        assert not mine - calls - others, truth.txid
        inside += calls.total()
    assert inside >= 3


def fees(asked: Asked) -> None:
    """The fee is a movement of its own in the chain's coin, from who paid it, to the unit."""
    for found, truth in asked.all():
        assert fee_of(found) == fee_of(truth), truth.txid
        assert {m.asset for m in found.movements if m.kind is FlowKind.FEE} <= {asked.world.network.asset}


def failed_transactions(asked: Asked) -> None:
    """A failed transaction is said to be one and has moved nothing but its fee."""
    failed = [(found, truth) for found, truth in asked.all() if not truth.succeeded]
    assert len(failed) > 1
    for found, truth in asked.all():
        assert found.succeeded == truth.succeeded, truth.txid
    for found, truth in failed:
        assert {m.kind for m in found.movements} <= {FlowKind.FEE}, truth.txid


def positions(asked: Asked) -> None:
    """Each transaction has its block and its place in it."""
    for found, truth in asked.all():
        assert (found.block, found.index) == (truth.block, truth.index), truth.txid


def senders(asked: Asked) -> None:
    """Each transaction has its signer, and his nonce where the chain has nonces."""
    for found, truth in asked.all():
        assert (found.sender, found.nonce) == (truth.sender, truth.nonce), truth.txid


def memos(asked: Asked) -> None:
    """What a sender wrote with a transaction is there word for word."""
    written = {truth.txid: truth.memo for truth in asked.world.transactions.values() if truth.memo}
    found = {found.txid: found.memo for found, _ in asked.all() if found.memo}
    assert found == written


def unknown_transactions(asked: Asked) -> None:
    """A transaction that never was is not found, alone and among others."""
    for txids in ([_NOTHING], [*asked.txids[:2], _NOTHING]):
        with pytest.raises(DataNotFound):
            list(asked.transactions.account_transactions(txids))


def largest_amounts(asked: Asked) -> None:
    """2**256 - 1 base units pass as they are."""
    moved = [m.units for found, _ in asked.all() for m in found.movements]
    wanted = [m.units for _, truth in asked.all() for m in truth.movements]
    assert max(wanted) == LARGEST
    assert moved.count(LARGEST) == wanted.count(LARGEST)
    assert {type(units) for units in moved} == {int}


# --- PotHistories -----------------------------------------------------------------------------------------------------


def history_of(asked: Asked, holding: Holding, first: int, last: int) -> tuple[PotHistory, list[str]]:
    """What the source lists of a holding, in chain order, and what touched it."""
    history = asked.histories.pot_history(*holding, first, last, _ALL)
    assert (history.account, history.asset, history.first, history.last) == (*holding, first, last)
    places = [asked.world.place(txid) for txid in history.txids]
    assert len(set(history.txids)) == len(history.txids)
    assert all(first <= height <= last for height, _ in places)
    assert [height for height, _ in places] == sorted(height for height, _ in places)
    assert not history.is_crowded
    return history, asked.world.touching(*holding, first, last)


def all_listed(asked: Asked, holdings: Sequence[Holding], *, most_open: int = 0) -> None:
    """Each is complete; ``most_open`` may say that something is missing instead."""
    problems = 0
    for holding in holdings:
        history, truth = history_of(asked, holding, 0, asked.top)
        assert truth, holding
        assert set(truth) <= set(history.txids) or history.problem, holding
        problems += bool(history.problem)
    assert problems <= most_open


def token_histories(asked: Asked) -> None:
    """The history of a token's holding is all that touched it, mints, burns and destructions too."""
    all_listed(asked, asked.world.tokens)


def native_histories(asked: Asked) -> None:
    """The history of a holding of the coin is all that touched it: value, calls and fees."""
    all_listed(asked, asked.world.native)


def numbered_histories(asked: Asked) -> None:
    """The history of what a number names: ERC-721, TRC-10."""
    all_listed(asked, asked.world.numbered)


def histories_between(asked: Asked) -> None:
    """Between two heights it lists what happened between them, both ends included."""
    heights = [asked.world.place(txid)[0] for txid in asked.world.touching(*asked.world.busy)]
    assert len(heights) > 3
    for first, last in ((heights[1], heights[2]), (heights[2], heights[-1]), (heights[1], heights[1])):
        history, truth = history_of(asked, asked.world.busy, first, last)
        assert set(history.txids) >= set(truth), (first, last)
        assert truth


def crowded_histories(asked: Asked) -> None:
    """More than were asked for: it says so, and gives no more than that."""
    history = asked.histories.pot_history(*asked.world.busy, 0, asked.top, 2)
    assert history.is_crowded
    assert history.problem
    assert len(history.txids) <= 2


def empty_histories(asked: Asked) -> None:
    """Nothing touched an account that was never used."""
    for asset in {asset for _, asset in asked.world.tokens}:
        history = asked.histories.pot_history(asked.world.unused, asset, 0, asked.top, _ALL)
        assert (history.txids, history.is_crowded) == ((), False)


# --- PotBalances ------------------------------------------------------------------------------------------------------


def _balances(asked: Asked, holdings: Sequence[Holding], height: int | None = None) -> None:
    for account, asset in holdings:
        said = asked.balances.pot_balance(account, asset, height)
        assert (said.account, said.asset) == (account, asset)
        assert said.units == asked.world.balance(account, asset, height), (account, asset)
        assert said.at == asked.world.refs[asked.top if height is None else height]


def token_balances(asked: Asked) -> None:
    """What a holding of a token has at the tip, and at which block that is."""
    _balances(asked, asked.world.tokens)


def native_balances(asked: Asked) -> None:
    """What a holding of the coin has at the tip."""
    _balances(asked, asked.world.native)


def numbered_balances(asked: Asked) -> None:
    """What a holding of ERC-721 or TRC-10 has at the tip."""
    _balances(asked, asked.world.numbered)


def earlier_balances(asked: Asked) -> None:
    """What holdings had at the end of an earlier block."""
    height = height_of(asked.world.transactions[asked.world.claimed])
    of_the_claim = asked.world.claim_movement.asset
    tokens = [each for each in asked.world.tokens if each[1] == of_the_claim]
    for at in (height - 1, height):
        _balances(asked, [*tokens, *asked.world.native], at)


def empty_balances(asked: Asked) -> None:
    """An account that was never used has nothing."""
    for asset in {asset for _, asset in (*asked.world.tokens, *asked.world.native)}:
        assert asked.balances.pot_balance(asked.world.unused, asset).units == 0


# --- the graph over it ------------------------------------------------------------------------------------------------


@contextmanager
def graph_over(asked: Asked) -> Iterator[AccountGraph]:
    """The graph of a case that has this source and no other."""
    with fast_folder() as folder, Store(Path(folder) / "ledger.duckdb") as store:
        yield AccountGraph(store, asked.world.network.chain, [asked.source])


def checked(asked: Asked, holdings: Sequence[Holding]) -> dict[Holding, PotCheck]:
    """The check of each holding from where it was first touched, or from the claim on."""
    with graph_over(asked) as graph:
        for account, asset in holdings:
            first = asked.world.first_touched((account, asset))
            held = graph.history(account, asset, first)
            assert isinstance(held, History), held
            graph.instants(holding_pot(account, asset), Position(first, -1))
        checks = {(check.account, check.asset): check for check in graph.checks()}
    assert checks.keys() == set(holdings)
    return checks


def _all_complete(asked: Asked, holdings: Sequence[Holding]) -> None:
    for holding, check in checked(asked, holdings).items():
        is_so = asked.world.balance(*holding)
        assert (check.expected, check.read, check.problem) == (is_so, is_so, ""), holding
        # the count of a contract is that of what it created, one more than none (EIP-161): no gap of its transactions
        is_contract = holding[0] not in asked.world.signers
        assert check.completeness is Completeness.COMPLETE or (is_contract and check.has_nonce_gap), check


def token_checks(asked: Asked) -> None:
    """Opening + received - paid is the balance at the tip, to the unit, for holdings of tokens."""
    _all_complete(asked, asked.world.tokens)


def native_checks(asked: Asked) -> None:
    """The same for the chain's coin, whose fees count and whose nonces have no gap."""
    _all_complete(asked, asked.world.native)


def _traced(asked: Asked, graph: AccountGraph, name: str) -> Trace:
    moved = asked.world.claim_movement
    (found,) = graph.sources[0].account_transactions([asked.world.claimed])  # type: ignore[attr-defined]
    place = next(m.place for m in found.movements if bare(m) == bare(moved))
    claim = Claim("victim", f"{asked.world.claimed}#{place}", moved.asset, moved.units)
    return trace(graph, [claim], rule(name))


def _of_flow(flow: Flow) -> str:
    return f"{flow.txid} {flow.kind.value} {flow.asset} {flow.units} {flow.source} {flow.owner}"


def _summary(run: Trace, but: FlowKind | None) -> list[object]:
    """Flows, ends and shares, without the places that a source may not know."""
    flows = [
        [_of_flow(t.flow), t.hop, [[label, str(units)] for label, units in t.fragments]]
        for t in run.flows
        if t.flow.kind is not but
    ]
    ends = [
        [e.reason.value, "" if e.flow is None else _of_flow(e.flow), e.pot or "", as_texts(e.claimed)] for e in run.ends
    ]
    return [run.rule, flows, ends if but is None else []]


def digests(asked: Asked, but: FlowKind | None = None) -> dict[str, str]:
    """One digest a rule of what the claim became, from this source alone; without ends if one kind is left out."""
    said = {name: json.dumps(_summary(run, but)).encode() for name, (run, _) in asked.runs().items()}
    return {name: hashlib.sha256(each).hexdigest() for name, each in said.items()}


def one_trace(asked: Asked) -> None:
    """The claim is traced to the same flows, ends and shares as over the truth, under every rule."""
    assert digests(asked) == asked.world.digests
    run, checks = asked.runs()["fifo"]
    assert len(run.flows) > 5
    assert {check.completeness for check in checks} == {Completeness.COMPLETE}
    assert all(row.difference == 0 for row in run.reconcile())


# --- ContractCalls, Logs, Nonces --------------------------------------------------------------------------------------


def _calls(asked: Asked, questions: Sequence[Asking], *, at_tip: bool) -> None:
    for each in questions:
        answer = asked.calls.contract_call(each.contract, each.data, None if at_tip else each.height)
        assert answer.returned == each.returned, each
        assert answer.at == asked.world.refs[each.height]


def contract_calls(asked: Asked) -> None:
    """What a contract answers at the tip, and at which block that is."""
    known = [each for each in asked.world.asked if each.returned is not None]
    assert len(known) > 1
    _calls(asked, known, at_tip=True)


def earlier_contract_calls(asked: Asked) -> None:
    """What it answered at the end of an earlier block."""
    _calls(asked, [each for each in asked.world.asked_earlier if each.returned is not None], at_tip=False)


def reverting_calls(asked: Asked) -> None:
    """A call that the contract reverts, or that it does not have, gives no answer; that is no error."""
    refused = [each for each in asked.world.asked if each.returned is None]
    assert refused
    _calls(asked, refused, at_tip=True)


def logs(asked: Asked) -> None:
    """Events by topics, all of them, in chain order: by kind, by party, and between two heights."""
    moved = asked.world.claim_movement
    mine = next(e for e in asked.world.events if e.txid == asked.world.claimed)
    for topics in ([mine.topics[0]], [mine.topics[0], mine.topics[1]], [mine.topics[0], None, mine.topics[2]]):
        for first, last in ((0, asked.top), (mine.height, asked.top), (mine.height, mine.height)):
            wanted = [
                e
                for e in asked.world.events
                if (e.contract == mine.contract and first <= e.height <= last)
                and all(t is None or e.topics[n : n + 1] == (t,) for n, t in enumerate(topics))
            ]
            found = asked.logs.logs(mine.contract, topics, first, last).entries
            assert [(e.txid, e.topics, e.data, e.block.height) for e in found] == [
                (e.txid, e.topics, e.data, e.height) for e in wanted
            ]
            assert all(e.index in (-1, asked.world.place(e.txid)[1]) for e in found)
            assert all(e.place in (-1, w.place) for e, w in zip(found, wanted, strict=True))
            assert len(wanted) > 0
    assert moved.asset.reference.lower() == mine.contract.address.lower()


def nonces(asked: Asked) -> None:
    """How many transactions an account has sent up to the tip."""
    for account in asked.world.signers:
        count, at, _ = asked.nonces.nonce(account)
        assert (count, at) == (asked.world.nonce(account), asked.world.tip), account


def earlier_nonces(asked: Asked) -> None:
    """The same at the end of an earlier block."""
    height = height_of(asked.world.transactions[asked.world.claimed])
    for account in asked.world.signers:
        count, at, _ = asked.nonces.nonce(account, height)
        assert (count, at) == (asked.world.nonce(account, height), asked.world.refs[height]), account


def evidence(asked: Asked) -> None:
    """Every answer names recorded bytes, and they hash to that digest."""
    found = [each.evidence for each, _ in asked.all()]
    source, (account, asset) = asked.source, asked.world.busy
    if isinstance(source, PotHistories):
        found += _digests(lambda: source.pot_history(account, asset, 0, asked.top, _ALL).evidence)
    if isinstance(source, PotBalances):
        found += _digests(lambda: [source.pot_balance(account, asset).evidence])
    if isinstance(source, ContractCalls):
        call = asked.world.asked[0]
        found += _digests(lambda: [source.contract_call(call.contract, call.data).evidence])
    if isinstance(source, Logs):
        event = asked.world.events[0]
        found += _digests(
            lambda: [e.evidence for e in source.logs(event.contract, event.topics[:1], 0, asked.top).entries]
        )
        found += _digests(lambda: source.logs(event.contract, event.topics[:1], 0, asked.top).evidence)
        found += _digests(lambda: source.logs(event.contract, [bytes(32)], 0, asked.top).evidence)
    if isinstance(source, Nonces):
        found += _digests(lambda: [source.nonce(account)[2]])
    assert len(found) > 1
    for digest in set(found):
        asked.check_evidence(digest)


def _digests(ask: Callable[[], Sequence[str]]) -> list[str]:
    """What an answer names; nothing where the source refuses the question."""
    try:
        return list(ask())
    except NotSupported:
        return []


QUESTIONS: dict[str, Callable[[Asked], None]] = {
    ask.__name__: ask
    for ask in (
        tip,
        another_chain,
        block_refs,
        empty_block_refs,
        movements,
        token_movements,
        values,
        internal_calls,
        fees,
        failed_transactions,
        positions,
        senders,
        memos,
        unknown_transactions,
        largest_amounts,
        token_histories,
        native_histories,
        numbered_histories,
        histories_between,
        crowded_histories,
        empty_histories,
        token_balances,
        native_balances,
        numbered_balances,
        earlier_balances,
        empty_balances,
        token_checks,
        native_checks,
        one_trace,
        contract_calls,
        earlier_contract_calls,
        reverting_calls,
        logs,
        nonces,
        earlier_nonces,
        evidence,
    )
}
