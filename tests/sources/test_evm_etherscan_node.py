"""An explorer over a real node's chain: what it tells is what the node itself tells, and balances come out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from tests.nodes.anvil import anvil
from tests.nodes.etherscanserver import ExplorerWorld, etherscan_server
from tests.nodes.evmworld import World
from tests.nodes.explorerworld import world_of

from cryptotrace.chains.evm.address import canonical_address
from cryptotrace.chains.networks import asset, network
from cryptotrace.evidence.recorder import MemoryRecorder
from cryptotrace.model.flow import FlowKind
from cryptotrace.model.identity import Asset
from cryptotrace.model.movement import AccountTransaction, Order
from cryptotrace.sources import Policy, open_source

pytestmark = pytest.mark.node
LOCAL: Any = network("evm-local")
OWN = Policy(own_nodes_only=True)


@dataclass
class Lived:
    """A node that has lived, what an explorer would know of it, and its own answers through the node's adapter."""

    world: World
    index: ExplorerWorld
    by_node: dict[str, AccountTransaction]


@pytest.fixture(scope="module")
def lived() -> Iterator[Lived]:
    with anvil() as node:
        world = World(node, seed=20_261_125)
        world.live(150)
        node.mine()
        index = world_of(node)
        confirmed = [tx["hash"][2:] for _, tx, _ in index.transactions()]
        source: Any = open_source(node.spec, LOCAL, MemoryRecorder(), OWN)
        try:
            yield Lived(world, index, {tx.txid: tx for tx in source.account_transactions(confirmed)})
        finally:
            source.close()


def shape(tx: AccountTransaction) -> list[tuple[Any, ...]]:
    return [(m.place, m.kind, m.asset, m.units, m.payer, m.payee) for m in tx.movements]


def test_every_transaction_moves_what_it_moves_by_the_node(lived: Lived) -> None:
    with etherscan_server(lived.index) as server:
        source: Any = open_source(server.spec, LOCAL, MemoryRecorder(), OWN)
        found = {tx.txid: tx for tx in source.account_transactions(list(lived.by_node))}
        source.close()

    calls = 0
    for txid, by_node in lived.by_node.items():
        mine = found[txid]
        assert sorted(shape(mine), key=str) == sorted(shape(by_node), key=str), txid
        assert (mine.block, mine.index, mine.sender, mine.nonce) == (
            by_node.block,
            by_node.index,
            by_node.sender,
            by_node.nonce,
        )
        assert mine.succeeded == by_node.succeeded
        for each in {m.asset for m in mine.movements}:
            in_order = [m.place for m in mine.movements if m.asset == each]
            assert in_order == [m.place for m in by_node.movements if m.asset == each], txid
        calls += sum(m.place.startswith("call.") for m in mine.movements)
    assert calls > 30
    assert len(found) > 150


def test_blockscout_tells_the_same_value_without_places(lived: Lived) -> None:
    def value(tx: AccountTransaction) -> list[str]:
        return sorted(str((m.kind, m.asset, m.units, m.payer, m.payee)) for m in tx.movements)

    unsure = 0
    with etherscan_server(lived.index, "blockscout") as server:
        source: Any = open_source(server.spec, LOCAL, MemoryRecorder(), OWN)
        for tx in source.account_transactions(list(lived.by_node)):
            if any("undone" in each for each in tx.missing):
                unsure += 1  # which of the calls were undone with a failed one is not told, and that is said
                continue
            assert value(tx) == value(lived.by_node[tx.txid])
            assert tx.order is Order.EXACT
        source.close()
    assert unsure < 20


def test_opening_and_all_that_the_lists_name_is_the_balance_of_the_node(lived: Lived) -> None:
    holders = [*lived.world.people, *lived.world.forwarders, *lived.world.mortals, *lived.world.at.values()]
    complete = 0
    with etherscan_server(lived.index) as server:
        source: Any = open_source(server.spec, LOCAL, MemoryRecorder(), OWN)
        for holder in dict.fromkeys(map(canonical_address, holders)):
            account = LOCAL.account(holder)
            history = source.pot_history(account, LOCAL.asset, 1, 10**9, 10**6)
            if "it produced blocks" in history.problem:
                continue  # fees of a producer stand in no list, and the history says so
            assert history.problem == ""
            opening = int(str(lived.world.node("eth_getBalance", holder, "0x0")), 16)
            gained = _gained(source, account, LOCAL.asset, history.txids)
            assert opening + gained == source.pot_balance(account, LOCAL.asset).units, holder
            complete += 1
        source.close()
    assert complete > 10


def test_a_token_that_conserves_is_complete_too(lived: Lived) -> None:
    checked = 0
    with etherscan_server(lived.index) as server:
        source: Any = open_source(server.spec, LOCAL, MemoryRecorder(), OWN)
        for name in ("tether", "token"):
            token = asset(f"eip155:31337/erc20:{lived.world.at[name].lower()}")
            for holder in [*lived.world.people, lived.world.issuer]:
                account = LOCAL.account(holder)
                history = source.pot_history(account, token, 0, 10**9, 10**6)
                if "owner of the contract" in history.problem:
                    continue
                gained = _gained(source, account, token, history.txids)
                assert gained == source.pot_balance(account, token).units, (name, holder)
                checked += 1
        source.close()
    assert checked >= 16


def _gained(source: Any, account: Any, of: Asset, txids: tuple[str, ...]) -> int:
    units = 0
    for tx in source.account_transactions(txids):
        for m in tx.movements:
            if m.asset == of and not (m.kind is FlowKind.FEE and m.payer is None):
                units += m.units * ((m.payee == account) - (m.payer == account))
    return units
