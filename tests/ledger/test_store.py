"""The case's store."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests.training_chain import REGTEST, source, story

from cryptotrace.errors import LedgerError, StoreLocked
from cryptotrace.ledger import conversions
from cryptotrace.ledger.graph import LedgerGraph
from cryptotrace.ledger.store import Store
from cryptotrace.model.block import Position, Tip
from cryptotrace.model.flow import (
    Arrival,
    Conversion,
    Flow,
    FlowKind,
    Pot,
    Resting,
    Unknown,
    boundary_pot,
    holding_pot,
)
from cryptotrace.model.identity import Account, Asset, Chain
from cryptotrace.model.transaction import PostingKind, Transaction
from cryptotrace.model.verdict import LinkClass, Standing

ETHEREUM = Chain("eip155:1")
USDT = Asset("eip155:1/erc20:0xdac17f958d2ee523a2206206994597c13d831ec7")
#: The largest amount that a token can move.
LARGEST = 2**256 - 1


@pytest.fixture
def store(tmp_path: Path):  # type: ignore[no-untyped-def]
    with Store(tmp_path / "ledger.duckdb") as opened:
        yield opened


def _claimed_transaction(store: Store) -> Transaction:
    txid = story()["claims"][0]["outpoint"].partition(":")[0]
    return LedgerGraph(store, REGTEST.chain, [source()]).ensure(txid)


def test_a_stored_transaction_comes_back_equal(store: Store) -> None:
    stored = _claimed_transaction(store)

    assert store.transaction(REGTEST.chain, stored.txid) == stored
    assert list(store.transactions(REGTEST.chain)) == [stored]


def test_a_store_keeps_everything_when_it_is_closed_and_opened_again(tmp_path: Path) -> None:
    with Store(tmp_path / "ledger.duckdb") as first:
        stored = _claimed_transaction(first)
        first.set_tip(Tip(REGTEST.chain, 7, "ab"))

    with Store(tmp_path / "ledger.duckdb") as second:
        assert second.transaction(REGTEST.chain, stored.txid) == stored
        assert second.tip(REGTEST.chain) == Tip(REGTEST.chain, 7, "ab")


def test_storing_a_transaction_twice_changes_nothing(store: Store) -> None:
    stored = _claimed_transaction(store)
    before = store.db.execute("SELECT count(*) FROM flows").fetchone()

    store.add(stored)

    assert store.db.execute("SELECT count(*) FROM flows").fetchone() == before
    assert store.transaction(REGTEST.chain, stored.txid) == stored


def test_a_reported_input_stays_marked_and_so_does_the_fee(store: Store) -> None:
    stored = _claimed_transaction(store)
    reported = replace(
        stored,
        postings=tuple(
            replace(p, standing=Standing.REPORTED) if p.kind in {PostingKind.INPUT, PostingKind.FEE} else p
            for p in stored.postings
        ),
    )

    store.add(reported)

    assert store.transaction(REGTEST.chain, stored.txid) == reported


def test_an_account_chain_and_a_conversion_fit_the_same_tables(store: Store) -> None:
    payer, payee = (Account.of(ETHEREUM, f"0x{n:040x}") for n in (1, 2))
    at = Position(19_000_000, 3, 1)
    transfer = Flow("0x9#1", FlowKind.TRANSFER, USDT, LARGEST, holding_pot(payer, USDT), at, payee, "0x9")
    minted = Flow("0x9#2", FlowKind.ISSUANCE, USDT, 0, boundary_pot(ETHEREUM, "issuance"), at, payee, "0x9")
    swap = Conversion("swap-1", ("0x9#1",), ("0x9#2",), LinkClass.L2, "one asset given, one received")
    arrival = Arrival(holding_pot(payee, USDT), at, 1_700_000_000, "0x9")

    store.add_flow(ETHEREUM, transfer)
    store.add_flow(ETHEREUM, minted)
    store.set_arrival(ETHEREUM, transfer.id, arrival)
    conversions.add(store, ETHEREUM, swap)

    assert list(store.flows(ETHEREUM)) == [transfer, minted]
    assert store.leaving(ETHEREUM, transfer.source) == (transfer,)
    assert store.arrival(ETHEREUM, transfer.id) == arrival
    assert list(conversions.of_chain(store, ETHEREUM)) == [swap]


def test_sums_beyond_64_and_128_bits_are_exact(store: Store) -> None:
    payer = Account.of(ETHEREUM, f"0x{1:040x}")
    for n in range(5):
        at = Position(1, n)
        store.add_flow(
            ETHEREUM, Flow(f"#{n}", FlowKind.TRANSFER, USDT, LARGEST, holding_pot(payer, USDT), at, None, "t")
        )

    assert sum(flow.units for flow in store.flows(ETHEREUM)) == 5 * LARGEST


@pytest.mark.parametrize("arrival", [Resting(7), Resting(7, "ab" * 32), Unknown("nobody tells")])
def test_where_a_flow_stands_comes_back(store: Store, arrival: Resting | Unknown) -> None:
    store.set_arrival(REGTEST.chain, "x:0", arrival)

    assert store.arrival(REGTEST.chain, "x:0") == arrival


def test_a_reorganisation_removes_what_was_read_above_and_names_it(store: Store) -> None:
    stored = _claimed_transaction(store)
    assert stored.block is not None

    removed = store.forget_from(REGTEST.chain, stored.block.height)

    assert removed == (stored.txid,)
    assert store.transaction(REGTEST.chain, stored.txid) is None
    assert all(store.arrival(REGTEST.chain, str(p.outpoint)) is None for p in stored.inputs)


def test_a_second_process_gets_a_clear_error_and_does_no_damage(tmp_path: Path) -> None:
    path = tmp_path / "ledger.duckdb"
    program = (
        "import sys; from pathlib import Path; from cryptotrace.ledger.store import Store\n"
        "from cryptotrace.errors import StoreLocked\n"
        "try: Store(Path(sys.argv[1]))\n"
        "except StoreLocked as error: print('locked:', error)\n"
    )
    with Store(path) as held:
        stored = _claimed_transaction(held)
        second = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
        assert second.stdout.startswith("locked:")
        assert "another process" in second.stdout
        assert held.transaction(REGTEST.chain, stored.txid) == stored


def test_the_same_process_cannot_open_it_twice_either(store: Store) -> None:
    with pytest.raises(StoreLocked):
        Store(store.path)


@pytest.mark.parametrize("damage", [b"", b"not a database", b"\0" * 20_000])
def test_a_damaged_file_is_a_typed_error_and_can_be_replaced(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "ledger.duckdb"
    path.write_bytes(damage)

    with pytest.raises(LedgerError, match="evidence"):
        Store(path)

    path.unlink()
    Store(path).close()


def test_a_store_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.duckdb"
    with Store(path) as store:
        store.db.execute("UPDATE meta SET value = '99' WHERE key = 'format'")

    with pytest.raises(LedgerError, match="99"):
        Store(path)


def test_an_issuance_comes_from_its_own_pot(store: Store) -> None:
    graph = LedgerGraph(store, REGTEST.chain, [source()])
    coinbase = graph.ensure(next(iter(_claimed_transaction(store).inputs)).outpoint.txid)  # type: ignore[union-attr]

    assert coinbase.is_coinbase
    issued = [f for f in store.flows(REGTEST.chain) if f.kind is FlowKind.ISSUANCE]
    assert [f.source for f in issued] == [Pot(f"{REGTEST.chain}/issuance")]


@pytest.mark.parametrize("units", [0, 10**38 - 1, 10**38, 2**127, 2**255, LARGEST])
def test_an_amount_of_any_size_comes_back_to_the_unit(store: Store, units: int) -> None:
    flow = Flow(
        "0xaa#0", FlowKind.TRANSFER, USDT, units, boundary_pot(ETHEREUM, "outside"), Position(1, 0), None, "0xaa"
    )
    store.add_flow(ETHEREUM, flow)
    assert list(store.flows(ETHEREUM)) == [flow]
    row = store.db.execute("SELECT typeof(units), CAST(sum(units) AS VARCHAR) FROM flows GROUP BY 1").fetchone()
    assert row == ("BIGNUM", str(units))


def test_a_place_that_cannot_be_written_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")

    with pytest.raises(LedgerError, match="copy the case to a place where you can write"):
        Store(tmp_path / "file" / "ledger.duckdb")
