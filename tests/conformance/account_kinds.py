"""Every kind of source of an account chain, how it is opened over its world, and what it cannot do, with the reason."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.conformance.account_gaps import GAPS
from tests.conformance.account_questions import QUESTIONS, Asked, digests
from tests.conformance.account_tables import is_in_tronscan, write_etherscan, write_etl, write_tronscan
from tests.conformance.account_world import AccountWorld, EvmLife, TronLife, live, tron_life
from tests.nodes.anvil import anvil
from tests.nodes.etherscanserver import etherscan_server
from tests.nodes.explorerworld import world_of
from tests.nodes.parts import fast_folder
from tests.nodes.trongrid import Manners, trongrid
from tests.sources.servers import Asked as Request
from tests.sources.servers import Reply, http_server

from cryptotrace.chains.evm.network import EvmNetwork
from cryptotrace.chains.family import Network
from cryptotrace.errors import CryptotraceError
from cryptotrace.evidence.archive import Archive
from cryptotrace.evidence.canonical import canonical_json
from cryptotrace.evidence.recorder import ArchiveRecorder, MemoryRecorder, Recorder, Recording
from cryptotrace.model.flow import FlowKind
from cryptotrace.model.source import Source
from cryptotrace.sources import Policy, open_source
from cryptotrace.sources.accountmemory import AccountMemorySource

OWN = Policy(own_nodes_only=True)
Opener = Callable[[Network, Recorder], Source]
FAMILIES = {"evm": "eip155", "tron": "tron"}
#: What a node without tracers does not have.
_TRACERS = ("debug_", "trace_")


@dataclass
class LiveRun:
    """How a live source is opened, where its answers are recorded, and which questions it was asked."""

    opener: Opener
    archive: Archive
    asked: set[str] = field(default_factory=set)


@dataclass
class Worlds:
    """The two worlds with their servers, each started when it is first needed and shared by all kinds."""

    stack: ExitStack = field(default_factory=ExitStack)
    _made: dict[str, Any] = field(default_factory=dict)

    def _once(self, name: str, make: Callable[[], Any]) -> Any:
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]

    def _entered(self, name: str, context: Callable[[], Any]) -> Any:
        return self._once(name, lambda: self.stack.enter_context(context()))

    def world(self, kind: str) -> AccountWorld:
        """The world of a kind's family, with what the claim becomes in it."""
        family = kind.removeprefix("recorded ").partition(" ")[0]
        found: AccountWorld = self.evm if family == "evm" else self.tron
        if not found.digests:
            source = _memory(found)(found.network, MemoryRecorder())
            truth = Asked("truth", source, found, MemoryRecorder(), lambda _: source, tuple(found.transactions))
            found.digests, found.digests_of_transfers = digests(truth), digests(truth, but=FlowKind.BURN)
        return found

    @property
    def evm(self) -> EvmLife:
        """A node that has lived."""
        made: EvmLife = self._once("evm", lambda: live(self._entered("anvil", anvil)))
        return made

    @property
    def tron(self) -> TronLife:
        """The built world."""
        return tron_life()

    def run(self, kind: str) -> LiveRun:
        """The run over a live kind, one for all that asks it."""

        def made() -> LiveRun:
            folder = Path(self.stack.enter_context(fast_folder()))
            return LiveRun(self._opener(kind, folder), Archive(folder / "evidence"))

        found: LiveRun = self._once(f"run {kind}", made)
        return found

    def _opener(self, kind: str, folder: Path) -> Opener:
        if kind.endswith(" memory"):
            return _memory(self.world(kind))
        if kind == "evm web3":
            return self._web3()
        spec = self._evm_spec(kind, folder) if kind.startswith("evm ") else self._tron_spec(kind, folder)
        return lambda network, recorder: open_source(spec, network, recorder, OWN)

    def _evm_spec(self, kind: str, folder: Path) -> str:
        node = self.evm.node
        if kind == "evm rpc":
            return node.spec
        if kind == "evm ipc":
            return f"ipc:{node.socket}?tip=latest"
        if kind == "evm rpc without tracers":
            url = self._entered(kind, lambda: http_server(_without_tracers(node.url))).url
            return f"rpc:{url}?retries=1&tip=latest"
        if kind in ("evm etherscan", "evm blockscout"):
            index = self._once("index", lambda: world_of(node))
            return str(self._entered(kind, lambda: etherscan_server(index, kind.removeprefix("evm "))).spec)
        if kind == "evm csv":
            return f"csv:{folder / 'exports'}?{write_etherscan(self.evm, folder / 'exports')}"
        assert kind == "evm etl", kind
        write_etl(self.evm, folder / "tables")
        return f"etl:{folder / 'tables'}"

    def _web3(self) -> Opener:
        from web3 import HTTPProvider

        from cryptotrace.sources.evm.provider import Web3Channel
        from cryptotrace.sources.evm.rpc import EvmRpcSource

        def opened(network: Network, recorder: Recorder) -> Source:
            assert isinstance(network, EvmNetwork)
            channel = Web3Channel(HTTPProvider(self.evm.node.url), recorder, "web3:own")
            return EvmRpcSource(network, channel, lambda _: None, tip="latest")

        return opened

    def _tron_spec(self, kind: str, folder: Path) -> str:
        if kind == "tron csv":
            decimals = write_tronscan(self.tron, folder / "transfers.csv")
            return f"csv:{folder / 'transfers.csv'}?{decimals}"
        has_index = kind == "tron trongrid"
        name = f"tron index {has_index}"
        server = self._entered(name, lambda: trongrid(self.tron.held, Manners(has_index=has_index)))
        if kind == "tron rpc":
            return f"rpc:{server.url}/jsonrpc?retries=1"
        return str(server.spec) + ("&internals=kept" if kind == "tron fullnode that keeps internals" else "")


def _memory(world: AccountWorld) -> Opener:
    """The truth itself, as a source."""

    def opened(network: Network, recorder: Recorder) -> Source:
        def kept(txid: str) -> str:
            return recorder.record(canonical_json({"txid": txid}), source="memory:", request=f"transaction {txid}")

        told = [replace(each, evidence=kept(each.txid)) for each in world.transactions.values()]
        return AccountMemorySource(network, told, recorder, opening=world.opening, tip=world.tip)

    return opened


def _without_tracers(url: str) -> Callable[[Request], Reply]:
    """A gateway to a node that does not let tracers through."""

    def script(asked: Request) -> Reply:
        rows = json.loads(asked.body)
        passed = [row for row in rows if not row["method"].startswith(_TRACERS)]
        answers = _forwarded(url, passed) if passed else []
        error = {"code": -32601, "message": "the method does not exist/is not available"}
        answers += [{"jsonrpc": "2.0", "id": row["id"], "error": error} for row in rows if row not in passed]
        return Reply(json.dumps(answers).encode(), headers={"Content-Type": "application/json"})

    return script


def _forwarded(url: str, rows: list[Any]) -> list[Any]:
    request = urllib.request.Request(url, json.dumps(rows).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        found: list[Any] = json.loads(answer.read())
        return found


@contextmanager
def opened(kind: str, worlds: Worlds) -> Iterator[Asked]:
    """A source of that kind over its world, ready to be asked. What a live one is asked is recorded."""
    alive = kind.removeprefix("recorded ")
    world, run = worlds.world(kind), worlds.run(alive)
    if kind == alive:
        asked = _asked(kind, run.opener, world, ArchiveRecorder(run.archive), run.archive)
    else:
        _complete(run, alive, world)
        copy = MemoryRecorder()  # what is used of a recording becomes evidence of the case that uses it
        asked = _asked(kind, _replaying(run.archive), world, copy, copy)
    with closing(asked.source):
        yield asked


def _asked(kind: str, opener: Opener, world: AccountWorld, recorder: Recorder, recording: Recording) -> Asked:
    source = opener(world.network, recorder)
    has_all = not kind.endswith("tron csv")
    txids = tuple(txid for txid, tx in world.transactions.items() if has_all or is_in_tronscan(tx, world))
    return Asked(kind, source, world, recording, lambda other: opener(other, MemoryRecorder()), txids)


def _replaying(archive: Archive) -> Opener:
    return lambda network, recorder: open_source(f"recorded:{archive.folder}", network, recorder, OWN)


def _complete(run: LiveRun, kind: str, world: AccountWorld) -> None:
    """Ask the live source what it was not asked yet; what it cannot do is no matter here."""
    left = [question for question in QUESTIONS if question not in run.asked]
    if not left:
        return
    asked = _asked(kind, run.opener, world, ArchiveRecorder(run.archive), run.archive)
    with closing(asked.source):
        for question in left:
            run.asked.add(question)
            with suppress(CryptotraceError):
                ask_or_gap(asked, question)


def ask_or_gap(asked: Asked, question: str) -> None:
    """Ask the question, or what is expected instead where there is a gap."""
    gap = GAPS[asked.kind].get(question)
    ask = QUESTIONS[question] if gap is None or gap.instead is None else gap.instead
    ask(asked)
