"""JSON-RPC in batches, and its replay."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptotrace.errors import CryptotraceError, DataNotFound, SourceLied, SourceUnavailable
from cryptotrace.evidence.recorder import MemoryRecorder
from cryptotrace.model.block import Tip
from cryptotrace.sources.jsonrpc import BatchChannel, Call, ReplayChannel, read_batch
from cryptotrace.sources.transport import Answer, Request

CALLS = [Call("getblockhash", (n,)) for n in range(3)]


class Wire:
    """A transport that gives one answer to everything and notes what it was asked."""

    def __init__(self, body: bytes, status: int = 200) -> None:
        self.tip: Tip | None = None
        self.asked: list[Request] = []
        self._answer = Answer(status, body, "digest")

    def ask(self, request: Request) -> Answer:
        self.asked.append(request)
        return self._answer

    def close(self) -> None:
        """Nothing to let go of."""


def batch(*items: dict[str, Any]) -> bytes:
    return json.dumps(items).encode()


def call(body: bytes, status: int = 200, calls: list[Call] | None = None) -> list[object]:
    return [reply.result.value for reply in BatchChannel(Wire(body, status), "rpc:x").call(calls or CALLS)]


def test_replies_are_matched_by_id_whatever_their_order() -> None:
    body = batch(*({"id": n, "result": f"hash {n}", "error": None} for n in (2, 0, 1)))

    assert call(body) == ["hash 0", "hash 1", "hash 2"]


def test_a_batch_is_cut_into_pieces_of_the_largest_size() -> None:
    wire = Wire(batch({"id": 0, "result": 1}))
    BatchChannel(wire, "rpc:x", largest_batch=1).call(CALLS)

    assert [json.loads(each.body)[0]["params"] for each in wire.asked] == [[0], [1], [2]]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (batch({"id": 0, "result": 1}, {"id": 1, "result": 1}), "answered 2 of 3"),
        (batch(*({"id": n, "result": 1} for n in (0, 1, 1))), "question 1 of one batch twice"),
        (batch(*({"id": n, "result": 1} for n in (0, 1, 7))), "answered 3 of 3"),
        (batch(*({"id": n} for n in range(3))), "not JSON-RPC"),
        (b"[1, 2, 3]", "does not answer in JSON-RPC"),
        (b"<html>", "does not answer in JSON-RPC"),
        (b"{}", "does not answer in JSON-RPC"),
        (b'[{"id": 0, "result": 1, "id": 1}]', "twice"),
    ],
)
def test_answers_that_do_not_belong_to_the_questions_are_refused(body: bytes, reason: str) -> None:
    with pytest.raises(SourceLied, match=reason):
        call(body)


@pytest.mark.parametrize(
    ("status", "advice"), [(401, "check what auth or cookie names"), (403, "credentials"), (404, "address of a node")]
)
def test_a_refusal_by_status_says_what_to_check(status: int, advice: str) -> None:
    with pytest.raises(SourceUnavailable, match=advice):
        call(b"", status)


def test_an_error_for_the_whole_batch_is_told() -> None:
    with pytest.raises(SourceUnavailable, match=r"refuses the request: .*Work queue depth exceeded"):
        call(b'{"id": null, "error": {"code": -32600, "message": "Work queue depth exceeded"}, "result": null}')


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        ({"code": -5, "message": "No such"}, -5, "No such"),
        ({"code": 0, "message": "odd"}, -1, "odd"),
        ({"code": True, "message": ""}, -1, "unnamed error"),
        ({}, -1, "None"),
        ("plain", -1, "plain"),
    ],
)
def test_an_error_is_never_taken_for_a_result(error: object, code: int, text: str) -> None:
    (reply,) = read_batch(batch({"id": 0, "result": 5, "error": error}), "rpc:x", "").values()

    assert (reply.code, reply.error) == (code, text)


# --- replay -----------------------------------------------------------------------------------------------------------


def recorded(*entries: tuple[str, bytes, str]) -> ReplayChannel:
    recorder = MemoryRecorder()
    for request, raw, status in entries:
        recorder.record(raw, source="rpc:x", request=request, status=status)
    recorder.record(b'{"result": "of another source"}', source="rpc:y", request="CALL getblockhash [0]")
    return ReplayChannel(recorder, "rpc:x")


def test_a_replay_answers_each_question_however_it_was_batched() -> None:
    wire = Wire(b"")
    with pytest.raises(SourceLied):
        BatchChannel(wire, "rpc:x").call(CALLS)  # only to have the request as it is sent
    body = batch(*({"id": n, "result": f"hash {n}"} for n in range(3)))
    replay = recorded((wire.asked[0].text, body, "ok"))

    assert [reply.result.value for reply in replay.call(CALLS[::-1])] == ["hash 2", "hash 1", "hash 0"]
    assert replay.call([CALLS[1]])[0].result.value == "hash 1"


def test_the_newest_answer_counts_and_a_refused_one_is_none() -> None:
    replay = recorded(
        ("CALL getblockhash [0]", b'{"result": "old"}', "ok"),
        ("CALL getblockhash [0]", b'{"result": "new"}', "ok"),
        ("CALL getblockhash [0]", b"<html>", "ok"),
        ("CALL getblockhash [0]", b'{"result": "half', "cut off"),
        ("CALL getblockhash [1]", b'{"result": "half', "cut off"),
    )

    assert replay.call([CALLS[0]])[0].result.value == "new"
    with pytest.raises(DataNotFound, match=r"getblockhash \[1\] was not recorded, so it cannot be answered offline"):
        replay.call([CALLS[1]])


@given(st.text(max_size=60), st.binary(max_size=60))
def test_any_recorded_bytes_are_read_or_passed_over(request: str, raw: bytes) -> None:
    for verb in ("POST / ", "CALL m ", ""):
        recorded((f"{verb}{request}", raw, "ok"))


_item = st.dictionaries(
    st.sampled_from(["id", "result", "error"]), st.none() | st.integers(-1, 4) | st.text(max_size=3), max_size=3
)


@given(st.one_of(st.binary(), st.lists(_item, max_size=4).map(lambda items: json.dumps(items).encode())))
def test_any_batch_is_read_or_refused_by_name(raw: bytes) -> None:
    try:
        call(raw)
    except CryptotraceError:
        return
