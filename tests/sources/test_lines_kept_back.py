"""Electrum servers that keep short answers back until a long one takes them along, as ElectrumX does from 1.20 on."""

from __future__ import annotations

import json
import time
from typing import Any

from tests.sources.servers import line_server

from cryptotrace.evidence.recorder import MemoryRecorder
from cryptotrace.sources.jsonrpc import Call
from cryptotrace.sources.lines import LineChannel

LONG = Call("long")
CALLS = [Call("short", (n,)) for n in range(6)]


def _channel(address: tuple[str, int], recorder: MemoryRecorder, nudge: Call | None = LONG) -> LineChannel:
    return LineChannel(address, "electrum:test:1", recorder, timeout_s=5, retries=0, nudge=nudge)


def test_answers_that_are_kept_back_are_fetched_with_a_long_one() -> None:
    held: list[bytes] = []

    def keeps_back(asked: dict[str, Any]) -> list[bytes]:
        held.append(json.dumps({"id": asked["id"], "result": asked["params"]}).encode() + b"\n")
        if asked["method"] != "long":
            return []
        sent, held[:] = held[:], []
        return sent

    recorder = MemoryRecorder()
    with line_server(keeps_back) as server:
        made = _channel(server.address, recorder)
        started = time.monotonic()
        found = [made.call([each])[0].result.value for each in CALLS]
        took = time.monotonic() - started
        made.close()

    assert found == [[n] for n in range(6)]
    assert took < 1, "only the first question waits before it is known how the server is"
    assert len([r for r in recorder.records() if r.request.startswith("CALL long")]) >= 5, "what came is recorded"


def test_a_server_that_answers_at_once_is_never_asked_for_a_long_answer() -> None:
    with line_server(lambda asked: [json.dumps({"id": asked["id"], "result": 1}).encode() + b"\n"]) as server:
        made = _channel(server.address, MemoryRecorder())
        assert [reply.result.value for reply in made.call(CALLS)] == [1] * 6
        made.close()

    assert set(server.methods()) == {"short"}


def test_a_long_answer_that_comes_late_is_no_answer_to_the_next_question() -> None:
    def slow_once(asked: dict[str, Any]) -> list[bytes]:
        if asked == {"jsonrpc": "2.0", "id": 0, "method": "short", "params": [0]}:
            time.sleep(0.4)  # the long question is asked meanwhile and answered after this one
        return [json.dumps({"id": asked["id"], "result": asked["method"]}).encode() + b"\n"]

    with line_server(slow_once) as server:
        made = _channel(server.address, MemoryRecorder())
        assert [made.call([each])[0].result.value for each in CALLS] == ["short"] * 6
        made.close()
