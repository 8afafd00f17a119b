"""Opening a node by its specification, and a recorded run of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.sources.evmchain import CAROL, Node, Refusal, chain, local
from tests.sources.servers import Asked, HttpServer, Reply, http_server

from cryptotrace.errors import ConfigurationError, DataNotFound, PublicSourceRefused, SourceUnavailable
from cryptotrace.evidence.archive import Archive
from cryptotrace.evidence.recorder import ArchiveRecorder, MemoryRecorder
from cryptotrace.sources import Policy, evm, open_source
from cryptotrace.sources.evm.opening import open_ipc, open_rpc, settings_from
from cryptotrace.sources.evm.replay import REPLAYS, replay_rpc
from cryptotrace.sources.evm.rpc import EvmRpcSource
from cryptotrace.sources.spec import parse_spec, refuse_options

KEY = "0123456789abcdef-key"


@contextmanager
def serving(node: Node | None = None) -> Iterator[HttpServer]:
    """A server that speaks for a node."""
    told = node or Node()

    def script(asked: Asked) -> Reply:
        answers = []
        for each in json.loads(asked.body):
            assert each["jsonrpc"] == "2.0"
            try:
                answers.append({"jsonrpc": "2.0", "id": each["id"], "result": told(each["method"], each["params"])})
            except Refusal as refusal:
                answers.append({"id": each["id"], "error": {"code": refusal.code, "message": str(refusal)}})
        return Reply(json.dumps(answers).encode())

    with http_server(script) as server:
        yield server


def opened(
    spec: str, recorder: MemoryRecorder | ArchiveRecorder | None = None, policy: Policy | None = None
) -> EvmRpcSource:
    source = open_source(spec, local(), recorder or MemoryRecorder(), policy)
    assert isinstance(source, EvmRpcSource)
    return source


def test_a_node_is_opened_and_asked_in_batches() -> None:
    with serving() as server:
        source = opened(f"rpc:{server.url}")
        found = list(source.account_transactions([chain().txid(1), chain().txid(2, 1), chain().txid(3)]))
        source.close()

    assert len(found) == 3
    assert set(server.paths()) == {"/"}
    assert len(server.asked) < 8


def test_the_size_of_a_batch_can_be_set() -> None:
    with serving() as server:
        list(opened(f"rpc:{server.url}?batch=1").account_transactions([chain().txid(1)]))
        sizes = {len(json.loads(asked.body)) for asked in server.asked}

    assert sizes == {1}


def test_a_key_behind_the_address_never_stands_in_the_evidence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NODE_KEY", KEY)
    archive = Archive(tmp_path / "evidence")
    with serving() as server:
        source = opened(f"rpc:{server.url}/v3?path=env:NODE_KEY", ArchiveRecorder(archive))
        live = list(source.account_transactions([chain().txid(2, 1)]))

    assert set(server.paths()) == {f"/v3/{KEY}"}
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or KEY.encode() not in path.read_bytes()
    again = replay_rpc(archive, local(), source.name)
    assert isinstance(again, EvmRpcSource)
    assert list(again.account_transactions([chain().txid(2, 1)])) == live


def test_a_key_is_not_told_by_an_error_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NODE_KEY", KEY)
    with http_server(lambda _: Reply(status=503)) as server, pytest.raises(SourceUnavailable) as caught:
        opened(f"rpc:{server.url}?path=env:NODE_KEY&retries=0")

    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("rpc:http://127.0.0.1:1?tip=newest", "tip='newest'"),
        ("rpc:http://127.0.0.1:1?proof=all", "proof='all'"),
        ("rpc:http://127.0.0.1:1?scan=many", "scan='many'"),
        ("rpc:http://127.0.0.1:1?batch=0", "batch='0'"),
        ("rpc:http://127.0.0.1:1?path=abc", "path=env:NAME"),
        ("ipc:/nowhere/geth.ipc", "no such socket"),
        ("ipc:/nowhere/geth.ipc?tip=now", "no such socket"),
    ],
)
def test_options_that_cannot_be_used_are_named(spec: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        opened(spec)


def test_settings_and_options_of_one_family_only() -> None:
    spec = parse_spec("rpc:http://127.0.0.1:1?tip=safe&scan=7&proof=block")

    assert settings_from(spec) == {"tip": "safe", "scan": 7, "proves_receipts": True}
    with pytest.raises(ConfigurationError, match="option tip means nothing for bitcoin"):
        refuse_options(spec, frozenset({"tip"}), "bitcoin")
    refuse_options(spec, frozenset({"token"}), "bitcoin")


def test_a_public_node_is_refused_where_only_own_ones_may_be_asked() -> None:
    with pytest.raises(PublicSourceRefused):
        opened("rpc:https://node.example/v3", policy=Policy(own_nodes_only=True))


def test_a_run_is_replayed_with_its_settings() -> None:
    recorder = MemoryRecorder()
    with serving(Node(lacks={"trace_"})) as server:
        source = opened(f"rpc:{server.url}?tip=safe&scan=4000&proof=block", recorder)
        account = local().account(CAROL.address)
        live = source.pot_history(account, local().asset, 0, 4, 10)
        proved = list(source.account_transactions([chain().txid(2, 1)]))
    again = REPLAYS["rpc"](recorder, local(), source.name)
    assert isinstance(again, EvmRpcSource)

    assert again.tip() == source.tip()
    assert again.pot_history(account, local().asset, 0, 4, 10) == live
    assert list(again.account_transactions([chain().txid(2, 1)])) == proved
    with pytest.raises(DataNotFound, match="offline"):
        again.nonce(account)


def test_a_case_opens_the_evidence_of_another_run(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "first")
    with serving() as server:
        live = list(opened(f"rpc:{server.url}", ArchiveRecorder(archive)).account_transactions([chain().txid(2, 1)]))
    copied = MemoryRecorder()
    again = opened(f"recorded:{tmp_path / 'first'}", copied)

    assert list(again.account_transactions([chain().txid(2, 1)])) == live
    assert live[0].evidence in {record.digest for record in copied.records()}
    assert set(evm.KINDS) >= {"rpc", "ipc", "recorded"}


def test_an_empty_recording_is_not_a_run() -> None:
    with pytest.raises(DataNotFound):
        replay_rpc(MemoryRecorder(), local(), "rpc:x")


def test_the_openers_are_those_of_the_kinds(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no such socket"):
        open_ipc(parse_spec(f"ipc:{tmp_path}/x.ipc"), local(), MemoryRecorder(), Policy())
    with serving() as server:
        source = open_rpc(parse_spec(f"rpc:{server.url}"), local(), MemoryRecorder(), Policy())
    assert source.tip().height == 4
