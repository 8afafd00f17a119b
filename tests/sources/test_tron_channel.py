"""One question in one request, to the address itself."""

from __future__ import annotations

import json

import pytest
from tests.sources.opened import PATIENCE, Waits
from tests.sources.servers import Asked, Reply, http_server

from cryptotrace.errors import SourceLied, SourceUnavailable
from cryptotrace.evidence.recorder import MemoryRecorder
from cryptotrace.model.block import Tip
from cryptotrace.model.identity import Chain
from cryptotrace.sources.http import HttpTransport
from cryptotrace.sources.jsonrpc import Call
from cryptotrace.sources.spec import parse_spec
from cryptotrace.sources.transport import ReplayTransport
from cryptotrace.sources.tron.channel import SingleChannel


def _echo(asked: Asked) -> Reply:
    said = json.loads(asked.body)
    return Reply(json.dumps({"jsonrpc": "2.0", "id": said["id"], "result": [said["method"], asked.path]}).encode())


def test_each_question_is_a_request_of_its_own_and_can_be_replayed() -> None:
    recorder = MemoryRecorder()
    with http_server(_echo) as server:
        spec = parse_spec(f"rpc:{server.url}/jsonrpc")
        channel = SingleChannel(HttpTransport(spec, recorder, PATIENCE, sleep=Waits()), spec.name)
        tip = Tip(Chain("tron:0x2b6653dc"), 5, "ab" * 32)
        channel.tip = tip
        assert channel.tip == tip
        calls = [Call("eth_chainId"), Call("eth_getBalance", ("0x11", "latest"))]
        live = [reply.result.value for reply in channel.call(calls)]
        about = [channel.call([Call("eth_blockNumber")], about)[0].evidence for about in ("a", "b")]
        channel.close()
        assert live == [["eth_chainId", "/jsonrpc"], ["eth_getBalance", "/jsonrpc"]]
        assert len(server.asked) == 4
        assert len({each.body for each in server.asked}) == 4
    assert {record.tip for record in recorder.records()} == {tip}
    again = SingleChannel(ReplayTransport(recorder, spec.name), spec.name)
    assert [reply.result.value for reply in again.call(calls)] == live
    assert [again.call([Call("eth_blockNumber")], each)[0].evidence for each in ("a", "b")] == about


@pytest.mark.parametrize(
    ("reply", "error", "said"),
    [
        (Reply(b"{}", 401), SourceUnavailable, "is a key missing"),
        (Reply(b"{}", 404), SourceUnavailable, "ends in /jsonrpc"),
        (Reply(b"{}"), SourceLied, "not JSON-RPC"),
        (Reply(b"[]"), SourceLied, "not JSON-RPC"),
        (Reply(b'{"id": 2, "result": 1}'), SourceLied, "question 2 when asked question 1"),
        (Reply(b"<html>"), SourceLied, "not JSON"),
    ],
)
def test_what_is_no_answer_is_none(reply: Reply, error: type[Exception], said: str) -> None:
    with http_server(lambda _: reply) as server:
        spec = parse_spec(f"rpc:{server.url}/jsonrpc")
        transport = HttpTransport(spec, MemoryRecorder(), PATIENCE, sleep=Waits())
        with pytest.raises(error, match=said):
            SingleChannel(transport, spec.name).call([Call("eth_chainId")])
        transport.close()
