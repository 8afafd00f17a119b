"""Real servers over one planted chain, started when a test first needs them and shared by all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from tests.nodes.bitcoind import Bitcoind, bitcoind, copy_chain
from tests.nodes.electrumx import ElectrumX, electrumx
from tests.nodes.esploraserver import EsploraServer, esplora_server
from tests.nodes.planted import Planted, plant
from tests.nodes.truth import NodeReader, Truth


@dataclass(frozen=True, slots=True)
class PlantedNode:
    """A node with the planted chain, which no test changes."""

    node: Bitcoind
    """With ``-txindex=1`` and ``-blockfilterindex=1``."""
    planted: Planted
    """Where the special things are."""
    truth: Truth
    """All of it, as the node itself tells it."""


@pytest.fixture(scope="session")
def planted() -> Iterator[PlantedNode]:
    """The node with the planted chain."""
    with bitcoind("-txindex=1", "-blockfilterindex=1") as node:
        where = plant(node)
        yield PlantedNode(node, where, NodeReader(node).read())


@pytest.fixture(scope="session")
def planted_without_indexes(planted: PlantedNode) -> Iterator[Bitcoind]:
    """A second node with the same chain and mempool, and no index."""
    with bitcoind() as node:
        copy_chain(planted.node, node)
        yield node


@pytest.fixture(scope="session")
def planted_electrumx(planted: PlantedNode) -> Iterator[ElectrumX]:
    """An Electrum server beside the planted node."""
    with electrumx(planted.node) as server:
        yield server


@pytest.fixture(scope="session")
def planted_electrumx_tls(planted: PlantedNode) -> Iterator[ElectrumX]:
    """An Electrum server with an encrypted port beside the planted node."""
    with electrumx(planted.node, encrypted=True) as server:
        yield server


@pytest.fixture(scope="session")
def planted_esplora(planted: PlantedNode) -> Iterator[EsploraServer]:
    """An Esplora server that answers from the planted node."""
    with esplora_server(planted.node) as server:
        yield server


@dataclass(frozen=True, slots=True)
class LiveServers:
    """A node of one test's own, with an Electrum and an Esplora server beside it."""

    node: Bitcoind
    electrumx: ElectrumX
    esplora: EsploraServer

    @property
    def specs(self) -> dict[str, str]:
        """How each is named to the library."""
        return {"rpc": self.node.spec, "electrum": self.electrumx.spec, "esplora": self.esplora.spec}


@pytest.fixture
def live() -> Iterator[LiveServers]:
    """Servers whose chain a test may change; a wallet ``payer`` has fifty coins twice."""
    with ExitStack() as stack:
        node = stack.enter_context(bitcoind("-txindex=1", "-blockfilterindex=1"))
        node("createwallet", "payer")
        node.mine(2, node.address("payer"))
        node.mine(100)
        servers = stack.enter_context(electrumx(node)), stack.enter_context(esplora_server(node))
        yield LiveServers(node, *servers)
