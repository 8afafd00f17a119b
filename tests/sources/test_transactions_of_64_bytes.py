"""Transactions of the size of an inner node of a Merkle tree: no branch proves them, so the whole block is asked for."""

from __future__ import annotations

from typing import Any

import pytest
from tests.sources.blockfolder import block_at
from tests.sources.chain import Chain, Electrum, Explorer, as_json, line_script, rpc_script
from tests.sources.node import Node
from tests.sources.opened import electrum, esplora, rpc
from tests.sources.servers import http_server, line_server

from cryptotrace.chains.bitcoin.wire import WireInput, WireOutput, WireTransaction, encode, encode_block
from cryptotrace.errors import NotSupported, SourceLied
from cryptotrace.model.transaction import Outpoint

_BELOW = Chain()
_SPENT = next(Outpoint(t, 0) for t in _BELOW.txs if Outpoint(t, 0) not in _BELOW.spenders)
SMALL = WireTransaction.build([WireInput(_SPENT, b"", 0)], [WireOutput(1, b"\x51\x51\x51\x51")])
CHAIN = Chain(more=[encode_block(block_at(126, _BELOW.tip, SMALL))])


def test_the_transaction_has_the_size_of_an_inner_node() -> None:
    assert len(encode(SMALL)) == 64
    assert CHAIN.places[SMALL.txid] == (126, 1)


def check(source: Any) -> None:
    (found,) = source.transactions([SMALL.txid])
    assert (found.raw, found.block.height, found.index) == (encode(SMALL), 126, 1)
    assert source.merkle_branch(SMALL.txid) == (found.block, *CHAIN.branch(SMALL.txid))


def test_an_explorer_is_asked_for_the_whole_block_and_not_for_a_branch() -> None:
    with http_server(Explorer(CHAIN)) as server:
        with esplora(server) as source:
            check(source)
        assert f"/block/{CHAIN.tip}/raw" in server.paths()
        assert f"/tx/{SMALL.txid}/merkle-proof" not in server.paths()


def test_an_explorer_that_puts_it_into_another_block_is_caught() -> None:
    explorer = Explorer(CHAIN)
    told, header = explorer.transaction(SMALL.txid), CHAIN.blocks[125].header
    told["status"] |= {"block_height": 125, "block_hash": header.hash, "block_time": header.time}
    explorer.instead[f"/tx/{SMALL.txid}"] = as_json(told)
    with (
        http_server(explorer) as server,
        esplora(server) as source,
        pytest.raises(SourceLied, match="in no such block"),
    ):
        source.transactions([SMALL.txid])


@pytest.mark.parametrize("txindex", [True, False])
def test_a_node_is_asked_for_the_whole_block_and_not_for_a_branch(txindex: bool) -> None:
    node = Node(CHAIN, txindex=txindex)
    node.instead["gettxoutproof"] = lambda _: pytest.fail("a branch was asked for")
    with http_server(rpc_script(node)) as server, rpc(server) as source:
        check(source)


def test_an_electrum_server_has_no_whole_blocks_so_it_cannot_prove_it() -> None:
    with line_server(line_script(Electrum(CHAIN))) as server, electrum(server) as source:
        for ask in (lambda: source.transactions([SMALL.txid]), lambda: source.merkle_branch(SMALL.txid)):
            with pytest.raises(NotSupported, match=r"64 bytes without witness.* esplora: and blocks: can"):
                ask()
