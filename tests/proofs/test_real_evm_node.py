"""A real EVM node: what the ledger says is what the node holds, for every account, at every block."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from tests.nodes.anvil import Anvil, anvil
from tests.nodes.evmkeys import EMPTY_BLOB, Key
from tests.nodes.evmstory import ONE, play
from tests.nodes.evmworld import World
from tests.nodes.solidity import contracts
from tests.proofs.evmledger import (
    ETHER,
    LOCAL,
    Ledger,
    Proof,
    Truth,
    account_of,
    source_over,
    token_of,
)

from cryptotrace.chains.evm.address import canonical_address
from cryptotrace.chains.evm.adjustment import adjustment, net_units
from cryptotrace.chains.evm.proof import solidity_slot
from cryptotrace.errors import ChainReorganised, DataNotFound, NotSupported, SourceLied
from cryptotrace.evidence.recorder import MemoryRecorder
from cryptotrace.model.block import BlockRef, Tip
from cryptotrace.model.flow import FlowKind
from cryptotrace.model.identity import Asset
from cryptotrace.model.movement import AccountTransaction, Order
from cryptotrace.model.verdict import Standing
from cryptotrace.sources import open_source
from cryptotrace.sources.evm.provider import Web3Channel
from cryptotrace.sources.evm.replay import replay_rpc
from cryptotrace.sources.evm.rpc import EvmRpcSource
from cryptotrace.sources.foreignjson import Field
from cryptotrace.sources.jsonrpc import Call, Channel, Reply

pytestmark = pytest.mark.node
SEED = 20_261_125


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """A world that has lived; tests that change the chain make their own."""
    with anvil() as node:
        made = World(node, SEED)
        made.live(320)
        yield made


@pytest.fixture
def fresh() -> Iterator[Anvil]:
    """A node on which nothing has happened."""
    with anvil() as node:
        yield node


@pytest.fixture(scope="module")
def source(world: World) -> Iterator[EvmRpcSource]:
    with source_over(world) as opened:
        yield opened


@pytest.fixture(scope="module")
def transactions(source: EvmRpcSource) -> list[AccountTransaction]:
    """Everything that happened, in order."""
    return all_transactions(source)


class Without:
    """A channel to a node that lacks some methods."""

    def __init__(self, channel: Channel, *methods: str) -> None:
        self.name = channel.name
        self._channel = channel
        self._methods = methods

    @property
    def tip(self) -> Tip | None:
        return self._channel.tip

    @tip.setter
    def tip(self, tip: Tip | None) -> None:
        self._channel.tip = tip

    def call(self, calls: Sequence[Call]) -> list[Reply]:
        refusal = Reply(Field(None, "answer", ""), "the method does not exist/is not available", -32601, "none")
        asked = [each for each in calls if not each.method.startswith(self._methods)]
        answers = iter(self._channel.call(asked))
        return [refusal if each.method.startswith(self._methods) else next(answers) for each in calls]

    def close(self) -> None:
        self._channel.close()


def all_transactions(source: EvmRpcSource, first: int = 1) -> list[AccountTransaction]:
    return [tx for height in range(first, source.tip().height + 1) for tx in source.block_transactions(height)]


def since(transactions: Sequence[AccountTransaction], height: int) -> list[AccountTransaction]:
    return [tx for tx in transactions if tx.block is not None and tx.block.height >= height]


# --- balances ---------------------------------------------------------------------------------------------------------


def test_the_ledger_holds_what_the_node_says_for_every_account_at_every_block(world: World) -> None:
    proof = Proof(world)
    with source_over(world) as source:
        tally = proof.follow(source)

    assert not tally.missing
    assert tally.transactions >= 320
    assert tally.failed > 20
    assert {"transfer value", "transfer call", "transfer log", "issuance log", "burn log", "fee fee"} <= set(
        tally.movements
    )
    assert set(world.done) == set(world._actions()), "something was never tried"
    assert tally.compared > 10_000


def test_all_that_is_summed_is_an_int_up_to_the_largest(transactions: list[AccountTransaction]) -> None:
    moved = [each.units for tx in transactions for each in tx.movements]

    assert {type(units) for units in moved} == {int}
    assert max(moved) == 2**256 - 1


def test_a_token_that_taxes_or_rebases_is_off_by_just_that(
    world: World, source: EvmRpcSource, transactions: list[AccountTransaction]
) -> None:
    ledger, tip = Ledger(), source.tip().height
    for tx in transactions:
        ledger.take(tx)
    tax, collector = token_of(world.at["tax"]), world.people[7]
    expected = dict(ledger.held[tax])
    for each in (m for tx in transactions for m in tx.movements if m.asset == tax and m.kind is FlowKind.TRANSFER):
        assert each.payee is not None
        expected[each.payee.address] -= each.units // 10
        expected[collector] = expected.get(collector, 0) + each.units // 10
    truth = Truth(world)
    told = truth.tokens(world.at["tax"], list(expected), tip)

    assert told == expected
    assert told != dict(ledger.held[tax]), "nothing was taxed"
    shares = ledger.held[token_of(world.at["rebase"])]
    percent = int.from_bytes(world.node.read(world.at["rebase"], contracts()["RebasingToken"].call("percent")), "big")
    assert truth.tokens(world.at["rebase"], list(shares), tip) == {a: n * percent // 100 for a, n in shares.items()}


def test_adjustments_close_the_books_of_tokens_that_tax_or_rebase(
    world: World, source: EvmRpcSource, transactions: list[AccountTransaction]
) -> None:
    first, last, adjusted = world.settled, source.tip().height, 0
    later = since(transactions, first + 1)
    for name in ("tax", "rebase"):
        asset = token_of(world.at[name])
        for address in (*world.people, world.at["splitter"]):
            before = source.pot_balance(account_of(address), asset, first)
            after = source.pot_balance(account_of(address), asset, last)
            found = adjustment(before, after, later, index=2**20)
            books = later if found is None else [*later, found]
            assert before.units + net_units(account_of(address), asset, books) == after.units
            adjusted += found is not None
    assert adjusted > 4


# --- bytes ------------------------------------------------------------------------------------------------------------


def test_every_header_root_and_transaction_is_recomputed(world: World, source: EvmRpcSource) -> None:
    types = set()
    for height in range(source.tip().height + 1):
        block = source._blocks.whole(height)  # refuses a root that is not the header's
        assert block.head.header.is_recomputed
        assert not block.unchecked
        assert all(each.transaction.standing is Standing.RECOMPUTED for each in block.entries)
        types |= {each.transaction.type for each in block.entries}

    assert types == {0, 1, 2, 4}


def test_a_blob_transaction_pays_a_blob_fee_that_nobody_gets(fresh: Anvil) -> None:
    sender = Key("blobs")
    fresh.do(fresh.accounts[0], sender.address, value=10**18)
    blob: dict[str, Any] = {"maxFeePerBlobGas": 10**9, "blobVersionedHashes": [EMPTY_BLOB], "type": 3}
    receipt = sender.do(fresh, fresh.accounts[1], value=7, gas=21_000, **blob)
    with closing(open_evm(fresh)) as source:
        (tx,) = source.account_transactions([receipt["transactionHash"][2:]])
        fee = {each.place: each for each in tx.movements if each.kind is FlowKind.FEE}

        assert fee["fee.blob"].units == 131_072 * int(receipt["blobGasPrice"], 16)
        assert fee["fee.blob"].payee is None
        before = source.pot_balance(account_of(sender.address), ETHER, 1).units
        assert source.pot_balance(account_of(sender.address), ETHER, 2).units == before - 7 - sum(
            f.units for f in fee.values()
        )


def open_evm(node: Anvil, recorder: MemoryRecorder | None = None) -> EvmRpcSource:
    source = open_source(node.spec, LOCAL, recorder or MemoryRecorder())
    assert isinstance(source, EvmRpcSource)
    return source


def test_state_is_proved_under_the_header_of_its_block(fresh: Anvil) -> None:
    """No cheat codes here: they change the state behind the node's back."""
    story = play(fresh)
    source, token = open_evm(fresh), account_of(story.token)
    asset = token_of(story.token)
    slots = {name: solidity_slot(address, 5) for name, address in story.accounts.items()}
    heights = sorted({1, story.heights["theft"], story.heights["destruction of the stash"], story.tip})
    for height in heights:
        for name in ("victim", "thief", "issuer"):
            account = account_of(story.accounts[name])
            proof, ref, _ = source.state_proof(account, [], height)
            assert (proof.state.balance, ref.height) == (source.pot_balance(account, ETHER, height).units, height)
            assert proof.state.nonce == source.nonce(account, height)[0]
        if height > 1:
            proof, _, _ = source.state_proof(token, list(slots.values()), height)
            held = [source.pot_balance(account_of(story.accounts[name]), asset, height).units for name in slots]
            assert [slot.value for slot in proof.slots] == held
            assert any(held)
    # the genesis header of this node names an empty state beside the accounts that it gives
    with pytest.raises(SourceLied, match="as the root"):
        source.state_proof(account_of(fresh.accounts[0]), [], 0)
    source.close()


# --- one answer, many ways --------------------------------------------------------------------------------------------


def shape(tx: AccountTransaction) -> AccountTransaction:
    """A transaction without what depends on who was asked."""
    return replace(tx, evidence="", notices=tuple(n for n in tx.notices if not n.startswith("self-destruct")))


def test_a_transaction_alone_is_what_it_is_in_its_block(
    world: World, source: EvmRpcSource, transactions: list[AccountTransaction]
) -> None:
    whole = {tx.txid: shape(tx) for tx in transactions}
    alone = {tx.txid: shape(tx) for tx in source.account_transactions(list(whole))}

    assert alone == whole
    assert {tx.order for tx in whole.values()} == {Order.EXACT}
    assert sum(bool(tx.wraps) for tx in whole.values()) > 5


def test_the_trace_module_tells_the_same_movements(
    world: World, source: EvmRpcSource, transactions: list[AccountTransaction]
) -> None:
    with source_over(world, lambda channel: Without(channel, "debug_")) as other:
        for expected, found in zip(transactions, all_transactions(other), strict=True):
            assert {m.place: (m.units, m.payer, m.payee) for m in found.movements} == {
                m.place: (m.units, m.payer, m.payee) for m in expected.movements
            }
            assert found.missing == ()
    assert other.lacks == ("debug_traceBlockByNumber",)


def test_a_node_without_traces_says_what_is_missing(
    world: World, source: EvmRpcSource, transactions: list[AccountTransaction]
) -> None:
    with source_over(world, lambda channel: Without(channel, "debug_", "trace_")) as other:
        for expected, found in zip(transactions, all_transactions(other), strict=True):
            inner = [m for m in expected.movements if m.place.startswith("call.")]
            places = [m.place for m in expected.movements if m not in inner]
            assert sorted(m.place for m in found.movements) == sorted(places)
            assert not inner or "internal calls" in found.missing
        assert set(other.lacks) >= {"debug_traceTransaction", "trace_transaction"}


def test_a_run_is_replayed_offline(world: World) -> None:
    recorder = MemoryRecorder()
    source = open_evm(world.node, recorder)
    account, tether = account_of(world.people[1]), token_of(world.at["tether"])
    height = source.tip().height

    def run(asked: EvmRpcSource) -> list[object]:
        history = asked.pot_history(account, tether, 1, height, 1_000)
        ether = asked.pot_history(account, ETHER, height - 20, height, 1_000)
        return [
            asked.tip(),
            history,
            ether,
            list(asked.account_transactions([*history.txids, *ether.txids])),
            asked.pot_balance(account, tether),
            asked.nonce(account),
            asked.logs(account_of(world.at["tether"]), [], height - 30, height).entries,
            asked.state_proof(account, [bytes(32)]),
        ]

    live = run(source)
    source.close()
    again = replay_rpc(recorder, LOCAL, source.name)
    assert isinstance(again, EvmRpcSource)

    assert run(again) == live
    with pytest.raises(DataNotFound, match="offline"):
        again.pot_balance(account_of(world.people[2]), tether)


def test_a_provider_of_web3_and_a_socket_say_what_the_url_says(world: World, source: EvmRpcSource) -> None:
    from web3 import HTTPProvider

    recorder = MemoryRecorder()
    channel = Web3Channel(HTTPProvider(world.node.url), recorder, "web3:own")
    provided = EvmRpcSource(LOCAL, channel, lambda _: None, tip="latest")
    socket = open_source(f"ipc:{world.node.socket}?tip=latest", LOCAL, recorder)
    assert isinstance(socket, EvmRpcSource)
    txids = world.txids[:40]
    expected = [shape(tx) for tx in open_evm(world.node).account_transactions(txids)]

    for other in (provided, socket):
        assert [shape(tx) for tx in other.account_transactions(txids)] == expected
        assert other.pot_balance(account_of(world.people[0]), ETHER).units > 0
        other.close()
    again = replay_rpc(recorder, LOCAL, "web3:own")
    assert isinstance(again, EvmRpcSource)
    assert [shape(tx) for tx in again.account_transactions(txids)] == expected


# --- histories --------------------------------------------------------------------------------------------------------


def touched(transactions: Sequence[AccountTransaction]) -> dict[tuple[str, Asset], list[str]]:
    """Which transactions touched each holding, from all movements."""
    found: dict[tuple[str, Asset], list[str]] = {}
    for tx in transactions:
        pots = {(a.address, m.asset) for m in tx.movements for a in (m.payer, m.payee) if a is not None}
        for pot in pots:
            found.setdefault(pot, []).append(tx.txid)
    return found


def test_the_history_of_every_holding_is_whole(
    world: World, source: EvmRpcSource, transactions: list[AccountTransaction]
) -> None:
    pots = touched(transactions)
    tip = source.tip().height
    for (address, asset), txids in pots.items():
        if asset == ETHER:
            continue
        history = source.pot_history(account_of(address), asset, 0, tip, 10_000)
        assert list(history.txids) == txids, f"{asset} of {address}"
        assert (history.problem, history.is_crowded) == ("", False)
    assert len(pots) > 100


def test_the_history_of_ether_is_the_same_by_trace_filter_and_by_blocks(
    world: World, source: EvmRpcSource, transactions: list[AccountTransaction]
) -> None:
    pots = touched(since(transactions, world.settled))
    tip = source.tip().height
    everybody = [world.people[1], world.at["splitter"], world.at["weth"], world.forwarders[0], world.mortals[0]]
    with source_over(world, lambda channel: Without(channel, "trace_filter")) as scanning:
        for address in map(canonical_address, (*everybody, *world.producers, world.borrower.address)):
            expected = set(pots.get((address, ETHER), ()))
            listed = source.pot_history(account_of(address), ETHER, world.settled, tip, 10_000)
            scanned = scanning.pot_history(account_of(address), ETHER, world.settled, tip, 10_000)
            assert set(scanned.txids) == expected, address
            # a trace index lists calls of nothing and failed calls too
            assert set(listed.txids) >= expected, address
            assert (listed.problem, scanned.problem) == ("", "")


def test_a_crowded_history_is_stopped_and_says_so(world: World, source: EvmRpcSource) -> None:
    history = source.pot_history(account_of(world.issuer), token_of(world.at["tether"]), 0, source.tip().height, 3)

    assert history.is_crowded
    assert len(history.txids) == 3
    assert "more than 3" in history.problem


def test_too_many_blocks_for_reading_one_by_one_is_not_supported(world: World) -> None:
    with (
        source_over(world, lambda channel: Without(channel, "trace_"), scan=5) as short,
        pytest.raises(NotSupported, match="etherscan:"),
    ):
        short.pot_history(account_of(world.people[0]), ETHER, 0, short.tip().height, 10)


def test_events_are_those_of_the_receipts(world: World, source: EvmRpcSource) -> None:
    tip = source.tip().height
    for name in ("tether", "weth", "multi"):
        listed = source.logs(account_of(world.at[name]), [], 0, tip).entries
        expected = [
            (each.transaction.hash, place, log.topics, log.data)
            for height in range(tip + 1)
            for each in source._blocks.whole(height).entries
            for place, log in enumerate(each.receipt.logs)
            if log.address == account_of(world.at[name]).address
        ]
        assert [(e.txid, e.place, e.topics, e.data) for e in listed] == expected


def test_nonces_count_what_was_sent(world: World, source: EvmRpcSource, transactions: list[AccountTransaction]) -> None:
    sent = [tx for tx in transactions if tx.sender is not None]
    for address in (*world.people, world.borrower.address):
        account = account_of(address)
        nonces = [tx.nonce for tx in sent if tx.sender == account]
        lent = 5 if address == world.borrower.address else 0  # each permission of its own counts too (EIP-7702)
        assert nonces == sorted(nonces, key=lambda n: n or 0)
        if not lent:
            assert nonces == list(range(source.nonce(account)[0]))


# --- an issuer, a reorganisation --------------------------------------------------------------------------------------


def test_the_story_of_a_theft_is_told_to_the_end(fresh: Anvil) -> None:
    story = play(fresh)
    source, asset = open_evm(fresh), token_of(story.token)
    told = {name: next(iter(source.account_transactions([txid]))) for name, txid in story.txids.items()}

    def moved(step: str) -> list[tuple[str, int, str | None, str | None]]:
        names = {account_of(address): name for name, address in story.accounts.items()}
        found = [m for m in told[step].movements if m.asset == asset]
        return [(m.kind.value, m.units, m.payer and names[m.payer], m.payee and names[m.payee]) for m in found]

    assert moved("theft") == [("transfer", 400_000 * ONE, "victim", "thief")]
    assert moved("deposit: sweep") == [("transfer", 180_000 * ONE, "deposit address", "exchange hot wallet")]
    assert moved("destruction of the stash") == [("burn", 40_000 * ONE, "stash", None)]
    assert moved("zero-value transfer to the look-alike") == [("transfer", 0, "victim", "look-alike of the thief")]
    assert moved("fake transfer to the look-alike") == []
    refused = told["refused to the frozen one"]
    assert (refused.succeeded, {m.kind for m in refused.movements}) == (False, {FlowKind.FEE})
    fee = [m for m in told["deposit: gas"].movements if m.kind is not FlowKind.FEE]
    assert [(m.units, m.payee) for m in fee] == [(2 * 10**15, account_of(story.accounts["deposit address"]))]
    for name, address in story.accounts.items():
        assert source.pot_balance(account_of(address), asset).units == story.holdings[name]
    frozen = source.contract_call(
        account_of(story.token), contracts()["Tether"].call("isBlackListed", story.accounts["second mule"])
    )
    assert frozen.returned == (1).to_bytes(32, "big")
    source.close()


def test_a_reorganisation_ends_the_run_and_the_next_one_tells_the_new_truth() -> None:
    with anvil() as node:
        world = World(node, SEED + 1)
        world.live(60)
        person, tether = account_of(world.people[0]), account_of(world.at["tether"])
        with source_over(world) as before:
            old = before.tip()
            lost = {tx.txid: tx.block for tx in all_transactions(before, old.height - 3)}
            node.reorganise(4)
            for ask in (
                lambda: before.block_transactions(old.height),
                lambda: before.pot_balance(person, ETHER),
                lambda: list(before.account_transactions([world.txids[-1]])),
                lambda: before.logs(tether, [], 0, old.height).entries,
                lambda: before.pot_history(person, ETHER, old.height - 3, old.height, 100),
            ):
                with pytest.raises(ChainReorganised, match="open the source again"):
                    ask()
        assert lost
        with source_over(world) as now:
            assert now.tip().height == old.height
            assert now.tip().hash != old.hash
            for txid, block in lost.items():
                assert block_of(now, txid) != block
        world.live(40)
        with source_over(world) as after:
            assert Proof(world).follow(after).compared > 1_000


def block_of(source: EvmRpcSource, txid: str) -> BlockRef | None:
    """Where a transaction is; None if it waits or is gone."""
    try:
        (found,) = source.account_transactions([txid])
    except DataNotFound:
        return None
    return found.block
