"""Reading a node's blocks one after the other: each once, and no further than needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from tests.sources.chain import REGTEST, Chain
from tests.training_chain import story

from cryptotrace.chains.networks import bitcoin_network
from cryptotrace.errors import MalformedBytes, ProofRefused
from cryptotrace.model.source import RawBlock
from cryptotrace.model.transaction import Outpoint
from cryptotrace.sources.rpcscan import BlockScan

CHAIN = Chain()
CLAIMED = Outpoint.parse(story()["claims"][0]["outpoint"])
SPENDER, VIN = CHAIN.spenders[CLAIMED]


class Node:
    """Gives blocks and notes which."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.scan = BlockScan(self.fetch, REGTEST)

    def fetch(self, heights: Sequence[int]) -> list[RawBlock]:
        self.asked += heights
        return [RawBlock(BlockScan.ref(CHAIN.raw[h], h, REGTEST.chain), CHAIN.raw[h], f"block {h}") for h in heights]


def test_a_transaction_is_found_from_the_newest_block_down_and_reading_stops_there() -> None:
    node = Node()
    height, index = CHAIN.places[SPENDER]

    found = node.scan.find_transaction(SPENDER, 125)

    assert found is not None
    assert found.height == height
    assert node.scan.place(SPENDER) == (found, index)
    assert max(node.asked) == 125
    assert height - 8 < min(node.asked) <= height


def test_a_spender_is_found_from_the_creating_block_up_with_input_and_evidence() -> None:
    node = Node()
    since = CHAIN.places[CLAIMED.txid][0]

    found = node.scan.find_spender(CLAIMED, since, 125)

    assert found is not None
    assert (found.txid, found.vin, found.block.height) == (SPENDER, VIN, CHAIN.places[SPENDER][0])
    assert found.evidence == f"block {found.block.height}"
    assert min(node.asked) == since
    assert node.scan.spender(CLAIMED) == found


def test_what_is_nowhere_is_none_and_no_block_is_read_twice() -> None:
    node = Node()

    assert node.scan.find_transaction("ab" * 32, 125) is None
    assert node.scan.find_spender(Outpoint("ab" * 32, 0), 0, 125) is None
    assert sorted(node.asked) == list(range(126))
    assert node.scan.read == set(range(126))


def test_what_touches_a_script_is_told_in_chain_order() -> None:
    node = Node()
    node.scan.find_transaction("ab" * 32, 125)

    for script, txids in CHAIN.by_script.items():
        touching, owned = node.scan.touching(script)
        assert touching == txids
        assert owned == {
            Outpoint(t, n) for t in txids for n, o in enumerate(CHAIN.txs[t].outputs) if o.script == script
        }


def test_a_block_that_does_not_prove_itself_teaches_nothing() -> None:
    node = Node()
    (block,) = node.fetch([CHAIN.places[SPENDER][0]])
    raw = bytearray(block.raw)
    raw[-5] ^= 1

    with pytest.raises((ProofRefused, MalformedBytes)):
        node.scan.learn([replace(block, raw=bytes(raw))])
    assert node.scan.read == set()
    assert node.scan.place(SPENDER) is None


def test_a_block_that_is_too_easy_for_the_network_teaches_nothing() -> None:
    scan = BlockScan(Node().fetch, bitcoin_network("bitcoin"))

    with pytest.raises(ProofRefused, match="easier than this network allows"):
        scan.find_transaction(SPENDER, 125)
    assert scan.place(SPENDER) is None
