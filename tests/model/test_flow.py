"""The common graph: names of pots, flows in whole units, conversions with two sides."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from cryptotrace.errors import InvalidAmount, ModelError
from cryptotrace.ledger.ledgerfile import LedgerCase
from cryptotrace.model.block import Position
from cryptotrace.model.flow import (
    Conversion,
    Flow,
    FlowGraph,
    FlowKind,
    boundary_pot,
    holding_pot,
    transaction_pot,
)
from cryptotrace.model.identity import Account, Asset, Chain
from cryptotrace.model.verdict import LinkClass

CHAIN = Chain("bip122:000000000019d6689c085ae165831e93")
BTC = Asset(f"{CHAIN}/slip44:0")
TXID = "a" * 64


def _flow(units: Any) -> Flow:
    return Flow(f"{TXID}:0", FlowKind.OUTPUT, BTC, units, transaction_pot(CHAIN, TXID), Position(0, 0), None, TXID)


def test_pots_of_different_kinds_never_share_a_name() -> None:
    account = Account.of(CHAIN, "128Lkh3S7CkDTBZ8W7BbpsN3YYizJMp8p6")
    names = [transaction_pot(CHAIN, TXID), holding_pot(account, BTC)]
    names += [boundary_pot(CHAIN, name) for name in ("fee", "issuance", "burn", "outside")]
    assert names[0] == f"{CHAIN}/tx/{TXID}"
    assert names[1] == f"{account}|{BTC}"
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("wrong", [-1, 1.0, True, "1", None])
def test_a_flow_is_in_whole_base_units(wrong: Any) -> None:
    with pytest.raises(InvalidAmount, match=f"flow {TXID}:0"):
        _flow(wrong)


def test_a_flow_of_nothing_at_height_0_is_an_ordinary_flow_and_cannot_be_changed() -> None:
    flow = _flow(0)
    assert (flow.units, flow.departs, flow.id) == (0, (0, 0, 0), f"{TXID}:0")
    with pytest.raises(FrozenInstanceError):
        flow.units = 1  # type: ignore[misc]


@pytest.mark.parametrize(("gives", "takes"), [((), ("b",)), (("a",), ()), ((), ())])
def test_a_conversion_has_two_sides(gives: tuple[str, ...], takes: tuple[str, ...]) -> None:
    with pytest.raises(ModelError, match="at least one outflow and one inflow"):
        Conversion("c1", gives, takes, LinkClass.L2, "a swap")


def test_a_conversion_states_its_class_and_basis() -> None:
    made = Conversion("c1", ("a:0",), ("b#1",), LinkClass.L4, "amount and time")
    assert (made.link_class, made.basis) == (LinkClass.L4, "amount and time")


def test_a_ledger_of_ones_own_answers_as_a_flow_graph() -> None:
    graph: FlowGraph = LedgerCase("own", "utxo", (), {})
    assert graph.instants(transaction_pot(CHAIN, TXID), Position(0, 0)) == ()
