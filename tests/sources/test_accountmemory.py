"""An account chain that is at hand in code."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.account_world import TOKEN, World, block, digest, pot, who

from cryptotrace.errors import DataNotFound, NotSupported, SourceLied
from cryptotrace.model.accountsource import AccountTransactions, ContractCalls, Logs, Nonces, PotBalances, PotHistories
from cryptotrace.model.identity import Chain
from cryptotrace.model.source import Headers, Source


def _world() -> World:
    world = World(opening={pot("A"): 10})
    for n in range(5):
        world.tx(f"t{n}", n + 1, ("A", "B", n, TOKEN))
    return world


def test_it_says_what_it_can_answer() -> None:
    source = _world().source()
    for ability in (Source, Headers, AccountTransactions, PotHistories, PotBalances, Nonces):
        assert isinstance(source, ability)
    assert not isinstance(source, ContractCalls | Logs)


def test_balances_follow_from_the_opening_and_what_moved() -> None:
    source = _world().source()
    assert [source.pot_balance(who("A"), TOKEN, height).units for height in range(6)] == [10, 10, 9, 7, 4, 0]
    assert source.pot_balance(who("B"), TOKEN).at.height == 100
    with pytest.raises(NotSupported, match="newest block, 100"):
        _world().source(newest_only=True).pot_balance(who("A"), TOKEN, 3)


def test_a_history_is_cut_at_the_limit_and_says_so() -> None:
    source = _world().source()
    whole = source.pot_history(who("A"), TOKEN, 2, 4, 10)
    assert (whole.txids, whole.is_crowded, whole.problem) == (tuple(digest(f"t{n}") for n in (1, 2, 3)), False, "")
    cut = source.pot_history(who("A"), TOKEN, 0, 100, 2)
    assert (len(cut.txids), cut.is_crowded) == (2, True)
    assert "stopped after 2" in cut.problem


def test_what_it_was_not_given_it_does_not_have() -> None:
    source = _world().source()
    with pytest.raises(DataNotFound, match=digest("other")):
        source.account_transactions([digest("other")])
    with pytest.raises(DataNotFound, match="height 77"):
        source.block_ref(77)
    assert source.block_ref(100) == block(100)
    assert source.nonce(who("A"), 3)[0] == 3


def test_what_it_says_is_recorded() -> None:
    world = _world()
    before = len(list(world.recorder.records()))
    world.source().pot_balance(who("A"), TOKEN)
    (said,) = list(world.recorder.records())[before:]
    assert (said.status, said.source) == ("derived", "memory:")


def test_a_transaction_of_another_chain_is_refused() -> None:
    world = _world()
    world.transactions[0] = replace(world.transactions[0], chain=Chain("eip155:1"))
    with pytest.raises(SourceLied, match="of another chain"):
        world.source()


def test_without_nonces_it_tells_none() -> None:
    world = _world()
    world.transactions = [replace(each, nonce=None) for each in world.transactions]
    with pytest.raises(NotSupported, match="no nonces"):
        world.source().nonce(who("A"))
