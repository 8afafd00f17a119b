"""Transactions, histories and tokens of account chains in the store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.account_world import COIN, NET, OTHER, TOKEN, World, block, digest, pot, who

from cryptotrace.chains.tokens import TokenReading
from cryptotrace.ledger import accounts, conversions
from cryptotrace.ledger.store import Store
from cryptotrace.model.flow import FlowKind
from cryptotrace.model.movement import AccountTransaction, Movement, Order, Wrap
from cryptotrace.model.pot import OpeningBasis


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "ledger.duckdb") as opened:
        yield opened


def _wrapping() -> AccountTransaction:
    world = World()
    lines = (("A", "wrapper", 5, COIN), (None, "A", 5, TOKEN))
    world.tx("wrap", 3, *lines, places=("value", "log.0"), wraps=(Wrap("value", "log.0", "Deposit, log 0"),))
    return world.transactions[0]


def test_a_transaction_comes_back_equal_and_storing_it_again_changes_nothing(store: Store) -> None:
    stored = _wrapping()
    for _ in range(2):
        accounts.add(store, stored)
        assert accounts.transaction(store, NET.chain, stored.txid) == stored
        assert store.count(NET.chain) == 1
    assert store.transaction(NET.chain, stored.txid) == stored.transaction()
    assert len(list(conversions.of_chain(store, NET.chain))) == 1


_names = st.sampled_from(["A", "B", "C"])
_movements = st.lists(
    st.tuples(
        st.one_of(st.none(), _names),
        st.one_of(st.none(), _names),
        st.integers(0, 2**256 - 1),
        st.sampled_from([TOKEN, COIN]),
    ).filter(lambda line: line[0] is not None or line[1] is not None),
    max_size=6,
)


@settings(deadline=None, max_examples=40)
@given(
    lines=_movements,
    succeeded=st.booleans(),
    order=st.sampled_from(Order),
    memo=st.one_of(st.none(), st.text(max_size=30)),
    missing=st.lists(st.sampled_from(["fee", "internal calls"]), unique=True, max_size=2),
)
def test_any_transaction_comes_back_equal(
    tmp_path_factory: pytest.TempPathFactory,
    lines: list[tuple[str | None, str | None, int, str]],
    succeeded: bool,
    order: Order,
    memo: str | None,
    missing: list[str],
) -> None:
    movements = tuple(
        Movement(
            f"log.{n}",
            FlowKind.TRANSFER if by and to else FlowKind.BURN if by else FlowKind.ISSUANCE,
            asset,  # type: ignore[arg-type]
            units,
            None if by is None else who(by),
            None if to is None else who(to),
            n,
        )
        for n, (by, to, units, asset) in enumerate(lines)
    )
    stored = AccountTransaction(
        NET.chain, digest("t"), block(7), 2, who("A"), 9, succeeded, movements, order, tuple(missing), memo=memo
    )
    with Store(tmp_path_factory.mktemp("s") / "ledger.duckdb") as store:
        accounts.add(store, stored)
        assert accounts.transaction(store, NET.chain, stored.txid) == stored


def test_what_is_received_for_something_never_stands_before_it(store: Store) -> None:
    """A wrapper writes its log behind the payment; what is given comes first all the same."""
    world = World()
    lines = (("X", "Y", 1, OTHER), ("wrapper", "A", 5, COIN), ("A", None, 5, TOKEN))
    wraps = (Wrap("log.1", "call.0", "Withdrawal, log 1"),)
    world.tx("unwrap", 3, *lines, places=("log.0", "call.0", "log.1"), wraps=wraps)
    accounts.add(store, world.transactions[0])
    found = accounts.transaction(store, NET.chain, digest("unwrap"))
    assert found is not None
    assert [(m.place, m.part) for m in found.movements] == [("log.0", 0), ("log.1", 1), ("call.0", 2)]


def test_a_reorganisation_removes_transactions_histories_and_what_tokens_said(store: Store) -> None:
    stored = _wrapping()
    accounts.add(store, stored)
    accounts.set_history(store, NET.chain, accounts.History(pot("A"), 0, 3, 0, OpeningBasis.HISTORY, 5))
    accounts.set_token(store, TokenReading(TOKEN, "T", 2, block(3), (digest("e"),)))
    assert store.forget_from(NET.chain, 3) == (stored.txid,)
    assert accounts.transaction(store, NET.chain, stored.txid) is None
    assert accounts.history(store, NET.chain, pot("A")) is None
    assert accounts.token(store, TOKEN) is None
    assert not list(store.flows(NET.chain))
    assert not list(conversions.of_chain(store, NET.chain))
    for table in ("account_transactions", "movements", "arrivals", "conversion_legs"):
        assert store.db.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


def test_histories_and_tokens_come_back_equal(store: Store) -> None:
    held = accounts.History(
        pot("A"),
        4,
        9,
        2**255,
        OpeningBasis.BACKWARDS,
        2**256 - 1,
        "a page failed",
        "",
        7,
        "why not",
        "no gap",
        digest("e"),
    )
    accounts.set_history(store, NET.chain, held)
    assert accounts.history(store, NET.chain, pot("A")) == held
    said = TokenReading(TOKEN, None, None, None, (), ("symbol(): reverted",))
    accounts.set_token(store, said)
    assert accounts.token(store, TOKEN) == said


def test_the_nonces_that_an_account_has_sent(store: Store) -> None:
    world = World()
    for n in range(4):
        world.tx(f"t{n}", n, ("A", "B", 1, COIN))
        accounts.add(store, world.transactions[-1])
    assert accounts.sent(store, who("A"), 1, 2) == [1, 2]
    assert accounts.sent(store, who("B"), 0, 9) == []
