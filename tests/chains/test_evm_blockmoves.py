from __future__ import annotations

from typing import Any

import pytest
from tests.chains.evm_trees import ALICE, BOB, BY_NAME, ETHEREUM, EVIDENCE, MINER, block, header
from tests.shared_data import read_json

from cryptotrace.chains.evm import header as headers
from cryptotrace.chains.evm.blockmoves import block_rewards, block_transaction
from cryptotrace.chains.evm.fees import BlockFacts
from cryptotrace.chains.evm.tracers import RewardRow, read_parity_block
from cryptotrace.chains.evm.trie import withdrawal_from_rpc
from cryptotrace.model.block import BlockRef
from cryptotrace.model.flow import FlowKind
from cryptotrace.model.movement import AccountTransaction

_ETHER = 10**18


def _own(height: int = 20_000_000, network: str = "ethereum", **more: Any) -> AccountTransaction | None:
    chain = BY_NAME[network]
    facts = more.pop("header", None) or header(height=height)
    given: dict[str, Any] = {"withdrawals": None, "index": 9, "evidence": EVIDENCE}
    return block_transaction(network=chain, header=facts, block=block(chain, height), **{**given, **more})


def _rows(found: AccountTransaction | None) -> list[tuple[str, int, str | None]]:
    assert found is not None
    assert all(each.kind is FlowKind.ISSUANCE for each in found.movements)
    return [(each.place, each.units, each.payee and each.payee.address) for each in found.movements]


def test_withdrawals_are_new_wei_in_the_order_of_the_block() -> None:
    found = _own(withdrawals=[(ALICE, 5), (BOB, 0), (ALICE, 2**64 - 1)])
    assert _rows(found) == [("withdrawal.0", 5 * 10**9, ALICE), ("withdrawal.2", (2**64 - 1) * 10**9, ALICE)]
    assert found is not None
    assert (found.txid, found.index, found.sender, found.nonce, found.missing) == ("bb" * 32, 9, None, None, ())
    found.transaction()


def test_a_block_that_does_nothing_by_itself_is_none() -> None:
    assert _own() is None
    assert _own(withdrawals=()) is None
    assert _own(has_difficulty=True, network="bnb") is None
    assert _own(has_difficulty=True, network="evm-local") is None


def test_withdrawals_that_a_header_has_and_nobody_tells_are_missing() -> None:
    found = _own(header=header(has_withdrawals=True))
    assert found is not None
    assert (found.movements, found.missing) == ((), ("withdrawals",))


@pytest.mark.parametrize(
    ("height", "units"),
    [(1, 5), (4_369_999, 5), (4_370_000, 3), (7_279_999, 3), (7_280_000, 2), (15_537_393, 2)],
)
def test_the_reward_of_each_time(height: int, units: int) -> None:
    assert _rows(_own(height, has_difficulty=True)) == [("reward", units * _ETHER, MINER)]


def test_uncles_are_paid_by_their_depth_and_who_names_them_gets_a_part() -> None:
    found = _own(10, has_difficulty=True, uncles=[(ALICE, 9), (BOB, 4)])
    assert _rows(found) == [
        ("reward", 5 * _ETHER + 2 * (5 * _ETHER // 32), MINER),
        ("reward.uncle.0", 5 * _ETHER * 7 // 8, ALICE),
        ("reward.uncle.1", 5 * _ETHER * 2 // 8, BOB),
    ]


@pytest.mark.parametrize("uncles", [None, [(ALICE, 10)], [(ALICE, 3)]])
def test_rewards_that_cannot_be_reckoned_are_missing(uncles: Any) -> None:
    found = _own(10, has_difficulty=True, uncles=uncles)
    assert found is not None
    assert (found.movements, found.missing) == ((), ("rewards",))


def test_told_rewards_are_taken_as_told() -> None:
    assert _rows(_own(rewards=[RewardRow(False, MINER, 7), RewardRow(True, ALICE, 3)])) == [
        ("reward", 7, MINER),
        ("reward.uncle.0", 3, ALICE),
    ]


@pytest.mark.parametrize(("height", "words"), [(0, "genesis allocation"), (1_920_000, "DAO fork")])
def test_heights_at_which_balances_changed_by_decree_are_named(height: int, words: str) -> None:
    found = _own(height)
    assert found is not None
    assert words in found.missing[0]


@pytest.mark.shared
@pytest.mark.parametrize("height", ["0x203aea", "0x7c0ce", "0xf4240", "0xf44f2", "0xf45bf", "0xf7105"])
def test_rewards_by_rule_are_those_that_a_node_tells(height: str) -> None:
    rows = read_json(f"eth-etl/ethereum-etl__web3_response.trace_block_{height}.json")["result"]
    _, told = read_parity_block(rows)
    number = int(height, 16)
    uncles = {6: [(told[-1].account, number - 2)], 5: []}[5 + (len(told) - 1)]
    assert block_rewards(ETHEREUM, number, told[0].account, uncles) == told


@pytest.mark.shared
@pytest.mark.parametrize("height", range(22431080, 22431086))
def test_withdrawals_of_recorded_blocks_add_up(height: int) -> None:
    told = read_json(f"eth-blocks/nimbus-eth1__{height}.json")
    told = told.get("result", told)
    head = headers.from_rpc(told)
    paid = [withdrawal_from_rpc(each) for each in told["withdrawals"]]
    found = block_transaction(
        network=ETHEREUM,
        header=BlockFacts.of(head),
        block=BlockRef(ETHEREUM.chain, head.number, head.hash, head.timestamp),
        index=len(told["transactions"]),
        evidence=EVIDENCE,
        withdrawals=[(each.address, each.gwei) for each in paid],
    )
    assert found is not None
    assert len(found.movements) == 16
    assert sum(each.units for each in found.movements) == sum(int(w["amount"], 16) for w in told["withdrawals"]) * 10**9
    assert found.txid == told["hash"][2:]
