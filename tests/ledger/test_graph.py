"""The lazy graph: what is asked is fetched once, stored, and answered from the store afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.training_chain import REGTEST, blocks, source, story

from cryptotrace.errors import DataNotFound, SourceLied, UnbalancedTransaction
from cryptotrace.ledger.graph import LedgerGraph
from cryptotrace.ledger.store import Store
from cryptotrace.model.block import Position
from cryptotrace.model.flow import Arrival, Ended, FlowKind, Resting, Unknown, transaction_pot
from cryptotrace.model.source import RawTransaction, Spend, SpendUnknown, SpentOutput, Unspent
from cryptotrace.model.transaction import Outpoint
from cryptotrace.model.verdict import Standing
from cryptotrace.sources.memory import MemorySource

CLAIMED = story()["claims"][0]["outpoint"]


@pytest.fixture
def store(tmp_path: Path):  # type: ignore[no-untyped-def]
    with Store(tmp_path / "ledger.duckdb") as opened:
        yield opened


class Asked:
    """A source that counts questions and may have answers changed."""

    def __init__(self, inner: MemorySource, change: Any = None) -> None:
        self.inner = inner
        self.chain, self.name = inner.chain, "asked:"
        self.change = change or (lambda raw: raw)
        self.asked: list[str] = []

    def tip(self) -> Any:
        return self.inner.tip()

    def close(self) -> None:
        self.inner.close()

    def transactions(self, txids: Sequence[str]) -> Iterator[RawTransaction]:
        self.asked += txids
        return map(self.change, self.inner.transactions(txids))

    def spends(self, outpoints: Sequence[Outpoint]) -> Iterator[Spend | Unspent | SpendUnknown]:
        self.asked += map(str, outpoints)
        return self.inner.spends(outpoints)


def test_a_claimed_output_is_fetched_with_the_values_of_its_transactions_inputs(store: Store) -> None:
    graph = LedgerGraph(store, REGTEST.chain, [source()])

    flow = graph.flow(CLAIMED)

    assert flow.units == 1_250_000_000
    paying = store.transaction(REGTEST.chain, flow.txid)
    assert paying is not None
    assert {p.standing for p in paying.postings} == {Standing.RECOMPUTED}
    assert paying.block is not None
    assert flow.departs[:2] == (paying.block.height, paying.index)


def test_the_spending_transaction_is_one_instant_that_balances(store: Store) -> None:
    graph = LedgerGraph(store, REGTEST.chain, [source()])
    arrival = graph.arrival(graph.flow(CLAIMED))

    assert isinstance(arrival, Arrival)
    (instant,) = graph.instants(arrival.pot, arrival.at)

    assert arrival.pot == transaction_pot(REGTEST.chain, arrival.txid)
    assert CLAIMED in [flow.id for flow in instant.arrivals]
    assert sum(f.units for f in instant.arrivals) == sum(f.units for f in instant.departures)
    assert [f.kind for f in instant.departures] == [FlowKind.OUTPUT, FlowKind.FEE]
    assert graph.arrival(instant.departures[-1]) == Ended("fee")
    assert graph.opening(arrival.pot, arrival.at) == 0


def test_what_is_held_is_not_asked_for_again(store: Store) -> None:
    asked = Asked(source())
    first = LedgerGraph(store, REGTEST.chain, [asked])
    arrival = first.arrival(first.flow(CLAIMED))
    asked.asked.clear()

    again = LedgerGraph(store, REGTEST.chain, [asked])

    assert again.arrival(again.flow(CLAIMED)) == arrival
    assert asked.asked == []


def test_without_a_source_everything_held_is_answered_and_the_rest_is_unknown(store: Store) -> None:
    flow = LedgerGraph(store, REGTEST.chain, [source()]).flow(CLAIMED)
    held = LedgerGraph(store, REGTEST.chain)

    assert held.flow(CLAIMED) == flow
    assert isinstance(held.arrival(flow), Unknown)
    with pytest.raises(DataNotFound, match="connect"):
        held.flow("ab" * 32 + ":0")


def test_an_unspent_output_rests_as_of_the_tip_and_is_asked_again_at_a_newer_one(store: Store) -> None:
    short = len(blocks()) - 7  # before the exchange's sweep
    graph = LedgerGraph(store, REGTEST.chain, [source(short)])
    sweep = blocks()[short]
    swept = _first_input_of_last_transaction(sweep)
    flow = graph.flow(swept)

    assert graph.arrival(flow) == Resting(short - 1)

    later = LedgerGraph(store, REGTEST.chain, [source()])
    assert isinstance(later.arrival(flow), Arrival)


def _first_input_of_last_transaction(block: bytes) -> str:
    from cryptotrace.chains.bitcoin.wire import decode_block

    return str(decode_block(block).transactions[-1].inputs[0].outpoint)


def test_an_input_value_that_nobody_can_recompute_is_marked_as_reported(store: Store) -> None:
    txid = CLAIMED.partition(":")[0]
    raw = next(source().transactions([txid]))
    alone = MemorySource(REGTEST, transactions=[raw])
    with_report = Asked(alone, lambda r: replace(r, spent=raw.spent))

    paying = LedgerGraph(store, REGTEST.chain, [with_report]).ensure(txid)

    assert raw.spent, "the whole chain knows what is spent"
    assert {p.standing for p in paying.inputs} == {Standing.REPORTED}


def test_an_input_value_that_is_neither_held_nor_reported_makes_the_transaction_not_found(store: Store) -> None:
    txid = CLAIMED.partition(":")[0]
    raw = replace(next(source().transactions([txid])), spent={})

    with pytest.raises(DataNotFound, match="spends"):
        LedgerGraph(store, REGTEST.chain, [MemorySource(REGTEST, transactions=[raw])]).ensure(txid)


def test_a_source_whose_figure_for_an_input_contradicts_the_bytes_is_named(store: Store) -> None:
    txid = CLAIMED.partition(":")[0]

    def lie(raw: RawTransaction) -> RawTransaction:
        spent = {o: SpentOutput(s.units + 1, s.script) for o, s in raw.spent.items()} if raw.txid == txid else raw.spent
        return replace(raw, spent=spent)

    with pytest.raises(SourceLied, match=txid):
        LedgerGraph(store, REGTEST.chain, [Asked(source(), lie)]).ensure(txid)


def test_bytes_of_another_transaction_are_caught(store: Store) -> None:
    txid = CLAIMED.partition(":")[0]
    other = next(source().transactions([story()["coinjoin"]["txid"]]))

    with pytest.raises((SourceLied, UnbalancedTransaction)):
        LedgerGraph(store, REGTEST.chain, [Asked(source(), lambda raw: replace(raw, raw=other.raw))]).ensure(txid)

    assert store.transaction(REGTEST.chain, txid) is None


def test_a_transaction_that_does_not_spend_what_it_is_said_to_spend_is_a_lie(store: Store) -> None:
    class Liar(Asked):
        def spends(self, outpoints: Sequence[Outpoint]) -> Iterator[Spend | Unspent | SpendUnknown]:
            coinjoin = next(self.inner.transactions([story()["coinjoin"]["txid"]]))
            return iter([Spend(outpoints[0], coinjoin.txid, 0, coinjoin.block, "")])

    graph = LedgerGraph(store, REGTEST.chain, [Liar(source())])

    with pytest.raises(SourceLied, match=CLAIMED):
        graph.arrival(graph.flow(CLAIMED))


def test_an_output_that_does_not_exist_is_not_found(store: Store) -> None:
    txid = CLAIMED.partition(":")[0]

    with pytest.raises(DataNotFound, match="no output 99"):
        LedgerGraph(store, REGTEST.chain, [source()]).flow(f"{txid}:99")


def test_positions_come_from_the_chain_and_not_from_block_time(store: Store) -> None:
    graph = LedgerGraph(store, REGTEST.chain, [source()])
    graph.flow(CLAIMED)

    for transaction in store.transactions(REGTEST.chain):
        assert transaction.block is not None
        created = [f for f in store.flows(REGTEST.chain) if f.txid == transaction.txid and f.kind is FlowKind.OUTPUT]
        assert [f.departs for f in created] == [
            Position(transaction.block.height, transaction.index, n) for n in range(len(created))
        ]
