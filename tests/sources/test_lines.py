"""The line channel against servers that mix up, stop, drip and never end."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.sources.opened import Waits
from tests.sources.servers import LineScript, LineServer, closed_port, line_server

from cryptotrace.errors import CryptotraceError, EvidenceError, SourceLied, SourceUnavailable
from cryptotrace.evidence.recorder import MemoryRecorder
from cryptotrace.sources.jsonrpc import Call
from cryptotrace.sources.lines import LineChannel

CALLS = [Call("double", (n,)) for n in range(3)]


def good(asked: dict[str, Any]) -> list[bytes]:
    result = "a test" if asked["method"] == "hello" else 2 * asked["params"][0]
    return [json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": result}).encode() + b"\n"]


@contextmanager
def channel(
    script: LineScript, recorder: MemoryRecorder | None = None, **options: Any
) -> Iterator[tuple[LineChannel, LineServer]]:
    impatient: dict[str, Any] = {"timeout_s": 2, "retries": 2, "sleep": Waits(), "jitter": lambda: 0.5}
    with line_server(script) as server:
        made = LineChannel(
            server.address,
            "electrum:test:1",
            recorder or MemoryRecorder(),
            **(impatient | options),
        )
        try:
            yield made, server
        finally:
            made.close()


def results(made: LineChannel, calls: list[Call] | None = None) -> list[object]:
    return [reply.result.value for reply in made.call(CALLS if calls is None else calls)]


def test_replies_come_in_the_order_of_the_questions_and_each_line_is_recorded() -> None:
    recorder = MemoryRecorder()
    with channel(good, recorder) as (made, _):
        assert results(made) == [0, 2, 4]

    assert [(r.request, r.status) for r in recorder.records()] == [(f"CALL double [{n}]", "ok") for n in range(3)]


def test_replies_out_of_order_are_put_in_order() -> None:
    held: list[bytes] = []

    def backwards(asked: dict[str, Any]) -> list[bytes]:
        held.extend(good(asked))
        return held[::-1] if len(held) == 3 else []

    with channel(backwards) as (made, _):
        assert results(made) == [0, 2, 4]


def test_many_questions_are_sent_in_rounds() -> None:
    with channel(good) as (made, _):
        assert results(made, [Call("double", (n,)) for n in range(120)]) == [2 * n for n in range(120)]


def test_notifications_between_the_answers_are_passed_over() -> None:
    notice = b'{"jsonrpc": "2.0", "method": "blockchain.headers.subscribe", "params": [{"height": 1}]}\n'
    with channel(lambda asked: [notice, *good(asked), notice]) as (made, _):
        assert results(made) == [0, 2, 4]


def test_notifications_without_end_do_not_hold_the_run_for_ever() -> None:
    notice = b'{"jsonrpc": "2.0", "method": "news", "params": []}\n'

    def chatter(asked: dict[str, Any]) -> Iterator[bytes]:
        for _ in range(1000):
            yield notice
            time.sleep(0.01)

    with (
        channel(chatter, deadline_s=0.3, retries=0) as (made, _),  # type: ignore[arg-type]
        pytest.raises(SourceUnavailable, match=r"no whole answer in 0.3 seconds"),
    ):
        made.call(CALLS)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"jsonrpc": "2.0", "id": 99, "result": 1}\n', "question 99 that was not asked"),
        (b'{"jsonrpc": "2.0", "id": null, "result": 1}\n', "does not answer in JSON-RPC"),
        (b'{"jsonrpc": "2.0", "id": 0}\n', "not JSON-RPC"),
        (b"<html>502 Bad Gateway</html>\n", "does not answer in JSON-RPC"),
        (b'{"id": 0, "result": 1, "result": 2}\n', "twice"),
        (b"[1, 2]\n", "does not answer in JSON-RPC"),
        (b"\n", "does not answer in JSON-RPC"),
    ],
)
def test_a_line_that_answers_nothing_is_blamed_on_the_server_and_is_kept(line: bytes, reason: str) -> None:
    recorder = MemoryRecorder()
    with channel(lambda _: [line], recorder) as (made, server), pytest.raises(SourceLied, match=reason) as refused:
        made.call([CALLS[0]])

    assert "electrum:test:1" in str(refused.value)
    assert server.connections == 1, "a lie is not asked for again"
    if "question 99" not in reason:
        assert recorder.read(next(recorder.records()).digest) == line.rstrip(b"\n")


def test_an_answer_given_twice_is_refused() -> None:
    with channel(lambda asked: good(asked) * 2) as (made, _), pytest.raises(SourceLied, match="was not asked"):
        made.call(CALLS)


def test_an_error_object_is_an_answer_and_keeps_its_code() -> None:
    def refuse(asked: dict[str, Any]) -> list[bytes]:
        return [
            json.dumps({"id": asked["id"], "error": {"code": asked["params"][0], "message": "no"}}).encode() + b"\n"
        ]

    with channel(refuse) as (made, _):
        replies = made.call(CALLS)

    assert [(reply.code, reply.error) for reply in replies] == [(-1, "no"), (1, "no"), (2, "no")]


def test_a_broken_connection_is_opened_again_and_the_cut_line_is_kept() -> None:
    recorder = MemoryRecorder()
    turns = iter([[b'{"id": 0, "res'], None])

    def breaks(asked: dict[str, Any]) -> list[bytes] | None:
        return next(turns, good(asked))

    waits = Waits()
    with channel(breaks, recorder, timeout_s=0.3, sleep=waits) as (made, server):
        assert results(made, CALLS[1:2]) == [2]

    assert server.connections == 3
    assert waits == [0.5, 1.0]
    assert [(r.status, recorder.read(r.digest)) for r in recorder.records()][:2] == [
        ("cut off", b'{"id": 0, "res'),
        ("no answer", b""),
    ]


def test_a_server_that_stays_away_ends_in_an_error_that_says_what_to_do() -> None:
    recorder = MemoryRecorder()
    made = LineChannel(("127.0.0.1", closed_port()), "electrum:test:1", recorder, retries=1, sleep=Waits())

    with pytest.raises(SourceUnavailable, match=r"double: ConnectionRefusedError.*tried 2 times.*try again later"):
        made.call(CALLS)
    assert [(r.request, r.status) for r in recorder.records()] == [("CALL double [0]", "no answer")] * 2


@pytest.mark.parametrize("host", ["a..b", "x" * 300, "\x00"])
def test_a_host_that_cannot_be_is_unavailable_and_no_other_error(host: str) -> None:
    made = LineChannel((host, 1), "electrum:test:1", MemoryRecorder(), retries=0, timeout_s=2)

    with pytest.raises(SourceUnavailable):
        made.call(CALLS)


def test_a_line_that_never_ends_is_cut_off_and_refused() -> None:
    recorder = MemoryRecorder()
    with (
        channel(lambda _: [b"x" * 300_000], recorder, longest_line=100_000) as (made, _),
        pytest.raises(SourceLied, match="a line longer than 100000 bytes"),
    ):
        made.call(CALLS)

    assert [record.status for record in recorder.records()] == ["cut off"]


def test_a_server_without_tls_where_tls_is_wanted_is_unavailable() -> None:
    import ssl

    with (
        channel(lambda _: [b"hello\n"], tls=ssl.create_default_context(), retries=0, timeout_s=1) as (made, _),
        pytest.raises(SourceUnavailable),
    ):
        made.call(CALLS)


def test_each_connection_begins_with_the_greeting_and_a_version_that_is_refused_is_named() -> None:
    turns = iter([None])

    def once(asked: dict[str, Any]) -> list[bytes] | None:
        return good(asked) if asked["method"] == "hello" else next(turns, good(asked))

    with channel(once, greeting=Call("hello")) as (made, server):
        assert results(made, CALLS[:1]) == [0]
    assert [m for m in server.methods() if m == "hello"] == ["hello"] * 2

    def old(asked: dict[str, Any]) -> list[bytes]:
        return [json.dumps({"id": asked["id"], "error": {"code": 1, "message": "too new"}}).encode() + b"\n"]

    with (
        channel(old, greeting=Call("hello")) as (made, _),
        pytest.raises(SourceLied, match=r"protocol version.*too new"),
    ):
        made.call(CALLS)


def test_a_run_that_was_interrupted_does_not_take_old_answers_for_new_ones() -> None:
    class Full(MemoryRecorder):
        full = True

        def record(self, raw: bytes, **about: Any) -> str:
            if self.full:
                raise EvidenceError("no space")
            return super().record(raw, **about)

    recorder = Full()
    with channel(good, recorder) as (made, _):
        with pytest.raises(EvidenceError):
            made.call(CALLS)
        recorder.full = False
        assert results(made) == [0, 2, 4]


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 3) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "result", "error", "method", "code", "message"]), inner, max_size=4)
    ),
    max_leaves=10,
).map(lambda value: json.dumps(value).encode())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(st.binary(max_size=60), _json))
def test_any_line_is_an_answer_or_a_typed_error(line: bytes) -> None:
    with channel(lambda _: [line + b"\n", *([b'{"id": 0, "result": 1}\n'] * 2)], retries=0) as (made, _):
        try:
            made.call([CALLS[0]])
        except CryptotraceError:
            return
