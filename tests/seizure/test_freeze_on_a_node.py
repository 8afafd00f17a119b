"""Freeze status of real contracts on a real EVM node, read through the library's own source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from tests.nodes.anvil import Anvil, anvil
from tests.nodes.solidity import contracts

from cryptotrace.chains.evm.network import EvmNetwork
from cryptotrace.chains.networks import account, asset, network
from cryptotrace.chains.tokens import FreezeAct, TokenFacts, read_token
from cryptotrace.chains.tokentable import CIRCLE, TETHER_LEGACY
from cryptotrace.errors import NotSupported
from cryptotrace.evidence.recorder import MemoryRecorder
from cryptotrace.model.accountsource import CallAnswer
from cryptotrace.model.identity import Account, Asset
from cryptotrace.seizure.freeze import Basis, FreezeStatus, freeze_status
from cryptotrace.seizure.freezehistory import Frozen
from cryptotrace.sources.evm.rpc import EvmRpcSource
from cryptotrace.sources.http import HttpTransport
from cryptotrace.sources.jsonrpc import BatchChannel
from cryptotrace.sources.spec import parse_spec

pytestmark = pytest.mark.node
LOCAL = network("evm-local")


@dataclass
class Story:
    """A token of which one account was frozen, freed, frozen again and emptied."""

    node: Anvil
    token: Asset
    thief: Account
    heights: dict[str, int]
    states: dict[int, bool]
    txids: dict[str, str]
    plain: Asset


@pytest.fixture(scope="module")
def story() -> Iterator[Story]:
    with anvil() as node:
        tether = contracts()["Tether"]
        owner, thief = node.accounts[:2]
        at = node.deploy(owner, tether, 10**12)
        plain = node.deploy(owner, contracts()["Token"], "Plain", "PLN", 18)
        heights, txids = {}, {}
        for name, data in (
            ("paid", tether.call("transfer", thief, 12_345_678)),
            ("frozen", tether.call("addBlackList", thief)),
            ("freed", tether.call("removeBlackList", thief)),
            ("other", tether.call("addBlackList", node.accounts[5])),
            ("again", tether.call("addBlackList", thief)),
            ("destroyed", tether.call("destroyBlackFunds", thief)),
        ):
            receipt = node.do(owner, at, data)
            assert receipt["status"] == "0x1"
            heights[name], txids[name] = int(receipt["blockNumber"], 16), receipt["transactionHash"][2:]
        node.mine(3)
        asked = tether.call("isBlackListed", thief)
        truth = {h: bool(int.from_bytes(node.read(at, asked, h), "big")) for h in range(1, node.height() + 1)}
        tokens = [asset(f"{LOCAL.chain}/erc20:{each}") for each in (at, plain)]
        yield Story(node, tokens[0], account(thief, "evm-local"), heights, truth, txids, tokens[1])


@pytest.fixture
def source(story: Story) -> Iterator[EvmRpcSource]:
    spec = parse_spec(story.node.spec)
    transport = HttpTransport(spec, MemoryRecorder())
    assert isinstance(LOCAL, EvmNetwork)
    try:
        channel = BatchChannel(transport, spec.name, 50, version="2.0", target="")
        yield EvmRpcSource(LOCAL, channel, lambda _: None, tip="latest")
    finally:
        transport.close()


def known(token: Asset, freeze: object = TETHER_LEGACY) -> dict[Asset, TokenFacts]:
    facts = TokenFacts(token, "USDT", "Test Tether USD", 6, "Test", freeze, "", "the test", "2026-11-25")  # type: ignore[arg-type]
    return {token: facts}


def ask(story: Story, calls: object, logs: object, height: int | None = None) -> FreezeStatus:
    return freeze_status(calls, logs, story.token, story.thief, height, tokens=known(story.token))  # type: ignore[arg-type]


def test_status_and_history_are_the_nodes_at_every_block(story: Story, source: EvmRpcSource) -> None:
    for height, is_frozen in story.states.items():
        if height < story.heights["paid"]:
            continue
        status = ask(story, source, source, height)
        assert status.state is (Frozen.FROZEN if is_frozen else Frozen.NOT_FROZEN), height
        assert (status.basis, status.contradiction, status.reasons) == (Basis.CALL, "", ())
        assert status.at is not None
        assert status.at.height == height
    status = ask(story, source, source)
    assert status.history is not None
    assert [(r.act, r.txid, r.units, r.block.height) for r in status.history.records] == [
        (FreezeAct.FREEZE, story.txids["frozen"], None, story.heights["frozen"]),
        (FreezeAct.UNFREEZE, story.txids["freed"], None, story.heights["freed"]),
        (FreezeAct.FREEZE, story.txids["again"], None, story.heights["again"]),
        (FreezeAct.DESTROY, story.txids["destroyed"], 12_345_678, story.heights["destroyed"]),
    ]
    assert status.destroyed == 12_345_678
    assert all(len(digest) == 64 for digest in status.evidence)


def test_where_only_the_newest_block_is_answered_the_events_give_the_same_states(
    story: Story, source: EvmRpcSource
) -> None:
    class NewestOnly:
        def contract_call(self, contract: Account, data: bytes, height: int | None = None) -> CallAnswer:
            if height is not None:
                raise NotSupported("only the newest block")
            return source.contract_call(contract, data)

    for height, is_frozen in story.states.items():
        status = ask(story, NewestOnly(), source, height)
        assert status.state is (Frozen.FROZEN if is_frozen else Frozen.NOT_FROZEN), height
        assert (status.basis, status.call.only_newest) == (Basis.EVENTS, True)


def test_a_contract_without_such_a_function_and_an_account_without_code_are_not_determined(
    story: Story, source: EvmRpcSource
) -> None:
    empty = asset(f"{LOCAL.chain}/erc20:{story.node.accounts[9]}")
    for token in (story.plain, empty):
        status = freeze_status(source, source, token, story.thief, tokens=known(token))
        assert status.state is Frozen.UNDETERMINED
        assert "there is no such function or no contract" in status.reasons[0]
    wrong = freeze_status(source, source, story.token, story.thief, tokens=known(story.token, CIRCLE))
    assert wrong.state is Frozen.UNDETERMINED


def test_symbol_and_decimals_are_the_contracts_as_of_a_block(story: Story, source: EvmRpcSource) -> None:
    read = read_token(source, story.token)
    assert (read.symbol, read.decimals, read.problems) == ("USDT", 6, ())
    assert read.at is not None
    assert read.at.height == story.node.height()
    empty = asset(f"{LOCAL.chain}/erc20:{story.node.accounts[9]}")
    nothing = read_token(source, empty, story.heights["paid"])
    assert (nothing.symbol, nothing.decimals, len(nothing.problems)) == (None, None, 2)
