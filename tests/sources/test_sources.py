"""The door of the room: opening by specification, closing what could not be opened, and who has which ability."""

from __future__ import annotations

import gc
import warnings
from pathlib import Path

import pytest
from tests.sources.chain import REGTEST, Chain, Electrum, Explorer, line_script, rpc_script
from tests.sources.node import Node
from tests.sources.servers import Asked, Reply, http_server, line_server, turns
from tests.training_chain import blocks, story

from cryptotrace.errors import ConfigurationError, NotSupported, SourceError, SourceLied, SourceUnavailable
from cryptotrace.evidence.recorder import MemoryRecorder
from cryptotrace.model.source import Balances, Blocks, Histories, Proofs, Source, Spends, Transactions
from cryptotrace.model.transaction import Outpoint
from cryptotrace.sources import KINDS, open_source, require
from cryptotrace.sources.memory import MemorySource
from cryptotrace.sources.policy import Policy
from cryptotrace.sources.spec import OPTIONS

CHAIN = Chain()
SPENDER, _ = CHAIN.spenders[Outpoint.parse(story()["claims"][0]["outpoint"])]
OWN = Policy(own_nodes_only=True)


def test_every_kind_that_can_be_written_can_be_opened() -> None:
    assert {kind for kinds in KINDS.values() for kind in kinds} == set(OPTIONS)


def test_sources_are_opened_by_what_is_written() -> None:
    recorder = MemoryRecorder()
    with (
        http_server(Explorer(CHAIN)) as explorer,
        http_server(rpc_script(Node(CHAIN))) as node,
        line_server(line_script(Electrum(CHAIN))) as server,
    ):
        host, port = server.address
        for spec in (f"esplora:{explorer.url}", f"rpc:{node.url}", f"electrum:{host}:{port}?timeout=5"):
            source = open_source(spec, REGTEST, recorder, OWN)
            (found,) = require(source, Transactions).transactions([SPENDER])  # type: ignore[type-abstract]
            source.close()
            assert found.block is not None
            assert (found.block.height, found.index) == CHAIN.places[SPENDER]
            assert source.name == spec.partition("?")[0]
            assert isinstance(source, Source)


def test_memory_is_opened_in_code() -> None:
    with pytest.raises(ConfigurationError, match="MemorySource"):
        open_source("memory:", REGTEST, MemoryRecorder())


def test_a_certificate_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="certificate file of option ca"):
        open_source(f"electrum+tls:127.0.0.1:1?ca={tmp_path / 'ca.pem'}", REGTEST, MemoryRecorder(), OWN)


def test_a_source_that_cannot_be_opened_leaves_no_connection_open() -> None:
    lying = Explorer(CHAIN)
    lying.instead["/block-height/0"] = "ab" * 32
    keeps_open = {"Connection": "keep-alive"}

    def kept(asked: Asked) -> Reply:
        found = lying(asked)
        return Reply(found.body, found.status, keeps_open)

    liar = Electrum(CHAIN)
    liar.instead["blockchain.block.header"] = lambda _: "00"
    with http_server(kept) as explorer, line_server(line_script(liar)) as server:
        host, port = server.address
        with warnings.catch_warnings():
            warnings.simplefilter("error", ResourceWarning)
            for spec in (f"esplora:{explorer.url}", f"rpc:{explorer.url}", f"electrum:{host}:{port}"):
                with pytest.raises(SourceError):
                    open_source(spec, REGTEST, MemoryRecorder(), OWN)
            gc.collect()


def test_retries_and_time_limit_of_a_specification_are_used() -> None:
    with http_server(turns(Reply(b"busy", 503))) as server:
        with pytest.raises(SourceUnavailable, match="tried 1 times"):
            open_source(f"esplora:{server.url}?retries=0", REGTEST, MemoryRecorder(), OWN)
        with pytest.raises(SourceUnavailable, match="tried 1 times"):
            open_source(f"rpc:{server.url}?retries=0", REGTEST, MemoryRecorder(), OWN)


def test_a_server_that_is_of_another_kind_is_refused() -> None:
    with http_server(rpc_script(Node(CHAIN))) as node, pytest.raises(SourceError):
        open_source(f"esplora:{node.url}?retries=0", REGTEST, MemoryRecorder(), OWN)
    with (
        http_server(Explorer(CHAIN)) as explorer,
        pytest.raises(SourceUnavailable, match="is this the address of a node"),
    ):
        open_source(f"rpc:{explorer.url}?retries=0", REGTEST, MemoryRecorder(), OWN)
    with http_server(Explorer(CHAIN)) as explorer, pytest.raises((SourceLied, SourceUnavailable)):
        open_source(f"electrum:127.0.0.1:{explorer.port}?retries=0&timeout=2", REGTEST, MemoryRecorder(), OWN)


@pytest.mark.parametrize("ability", [Blocks, Transactions, Spends, Histories, Balances, Proofs])
def test_an_ability_that_a_source_lacks_is_named_with_those_who_have_it(ability: type) -> None:
    class Bare:
        name = "bare:"

    with pytest.raises(NotSupported, match=rf"bare: cannot answer {ability.__name__.lower()}; .+ can"):
        require(Bare(), ability)  # type: ignore[arg-type]
    source = MemorySource.from_raw(REGTEST, blocks()[:2])
    assert require(source, ability) is source
