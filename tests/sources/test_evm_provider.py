"""A node behind a provider of web3.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.sources.evmchain import Node, Refusal, chain, local

from cryptotrace.errors import ConfigurationError, SourceLied, SourceUnavailable
from cryptotrace.evidence.recorder import MemoryRecorder
from cryptotrace.sources.evm.provider import Web3Channel, ipc_channel
from cryptotrace.sources.evm.replay import replay_rpc
from cryptotrace.sources.evm.rpc import EvmRpcSource
from cryptotrace.sources.jsonrpc import Call


class Provider:
    """What web3.py calls a provider, over a node that a test made."""

    def __init__(self, node: Node | None = None) -> None:
        self.node = node or Node()
        self.count = 0

    def make_request(self, method: str, params: Any) -> Any:
        self.count += 1
        try:
            return {"jsonrpc": "2.0", "id": self.count, "result": self.node(method, params)}
        except Refusal as refusal:
            return {"jsonrpc": "2.0", "id": self.count, "error": {"code": refusal.code, "message": str(refusal)}}


class Batching(Provider):
    def make_batch_request(self, asked: list[tuple[str, Any]]) -> Any:
        return [self.make_request(*each) for each in asked]


class Promising(Provider):
    """Says that it has batches, and has not."""

    def make_batch_request(self, asked: list[tuple[str, Any]]) -> Any:
        raise NotImplementedError


@pytest.mark.parametrize("kind", [Provider, Batching, Promising])
def test_the_source_is_the_same_whoever_asks(kind: type[Provider]) -> None:
    recorder = MemoryRecorder()
    source = EvmRpcSource(local(), Web3Channel(kind(), recorder, "web3:own"), lambda _: None)
    txids = [chain().txid(1), chain().txid(2, 1)]
    found = list(source.account_transactions(txids))

    assert [len(tx.movements) for tx in found] == [3, 5]
    assert json.loads(recorder.read(found[0].evidence))["result"]["transactionHash"] == f"0x{txids[0]}"
    again = replay_rpc(recorder, local(), "web3:own")
    assert isinstance(again, EvmRpcSource)
    assert list(again.account_transactions(txids)) == found
    source.close()


def test_bytes_are_written_as_hex_and_no_float_is_kept() -> None:
    class Odd(Provider):
        def make_request(self, method: str, params: Any) -> Any:
            return {"id": 1, "result": {"a": b"\x01\xff", "b": (1.5, None, True), "c": 2**255}}

    (reply,) = Web3Channel(Odd(), MemoryRecorder()).call([Call("x")])
    assert reply.result.value == {"a": "0x01ff", "b": ["1.5", None, True], "c": 2**255}


def test_whatever_a_provider_raises_means_that_there_was_no_answer() -> None:
    class Broken(Batching):
        def make_request(self, method: str, params: Any) -> Any:
            raise ConnectionResetError("gone")

    recorder = MemoryRecorder()
    for calls in ([Call("x")], [Call("x"), Call("y")]):
        with pytest.raises(SourceUnavailable, match="ConnectionResetError: gone"):
            Web3Channel(Broken(), recorder).call(calls)
    assert [record.status for record in recorder.records()] == ["no answer", "no answer"]


def test_a_batch_that_is_not_whole_is_refused() -> None:
    class Short(Batching):
        def make_batch_request(self, asked: list[tuple[str, Any]]) -> Any:
            return super().make_batch_request(asked)[:-1]

    class Refusing(Batching):
        def make_batch_request(self, asked: list[tuple[str, Any]]) -> Any:
            return {"error": {"message": "batch too large"}}

    class Talking(Provider):
        def make_request(self, method: str, params: Any) -> Any:
            return {"id": 1, "says": "hello"}

    calls = [Call("eth_chainId"), Call("eth_chainId")]
    with pytest.raises(SourceLied, match="1 of 2"):
        Web3Channel(Short(), MemoryRecorder()).call(calls)
    with pytest.raises(SourceUnavailable, match="batch too large"):
        Web3Channel(Refusing(), MemoryRecorder()).call(calls)
    with pytest.raises(SourceLied, match="not JSON-RPC"):
        Web3Channel(Talking(), MemoryRecorder()).call(calls[:1])


def test_a_provider_must_answer_at_once_and_be_named_as_one() -> None:
    class Later(Provider):
        is_async = True

    for provider in (Later(), object()):
        with pytest.raises(ConfigurationError, match="that answers at once"):
            Web3Channel(provider, MemoryRecorder())
    with pytest.raises(ConfigurationError, match="write web3:"):
        Web3Channel(Provider(), MemoryRecorder(), "rpc:x")


def test_closing_closes_what_can_be_closed() -> None:
    class Socket:
        closed = 0

        def close(self) -> None:
            self.closed += 1

    class Held(Provider):
        def __init__(self) -> None:
            super().__init__()
            self._socket = type("Holder", (), {"sock": Socket()})()

    held = Held()
    Web3Channel(held, MemoryRecorder()).close()
    assert held._socket.sock.closed == 1
    Web3Channel(Provider(), MemoryRecorder()).close()


def test_a_socket_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no such socket"):
        ipc_channel(tmp_path / "geth.ipc", MemoryRecorder(), "ipc:geth.ipc")
