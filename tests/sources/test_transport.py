"""What lies between an adapter and a server, and a recording in the server's place."""

from __future__ import annotations

import pytest

from cryptotrace.errors import (
    ChainReorganised,
    DataNotFound,
    EvidenceError,
    MalformedBytes,
    ProofRefused,
    SourceLied,
    UnsupportedChain,
)
from cryptotrace.evidence.recorder import MemoryRecorder
from cryptotrace.sources.transport import ReplayTransport, Request, at_tip, blame

SOURCE = "esplora:https://x.example"


def test_a_request_stands_in_the_evidence_with_its_body() -> None:
    assert Request("GET", "/tx/ab").text == "GET /tx/ab"
    assert Request("POST", "/", b"[1]").text == "POST / [1]"
    assert Request("POST", "/", b"\xff").text == "POST / \ufffd"


def test_a_replay_gives_the_newest_final_answer_of_its_source_with_its_status() -> None:
    recorder = MemoryRecorder()
    for source, request, raw, status in [
        (SOURCE, "GET /a", b"old", "ok"),
        (SOURCE, "GET /a", b"new", "ok"),
        (SOURCE, "GET /a", b"busy", "http 503"),
        (SOURCE, "GET /a", b"ne", "cut off after 200"),
        (SOURCE, "GET /a", b"", "no answer"),
        ("esplora:https://y.example", "GET /a", b"other", "ok"),
        (SOURCE, "GET /b", b"gone", "http 404"),
    ]:
        recorder.record(raw, source=source, request=request, status=status)
    replay = ReplayTransport(recorder, SOURCE)

    assert replay.ask(Request("GET", "/a")).body == b"new"
    assert replay.ask(Request("GET", "/b")).status == 404
    with pytest.raises(DataNotFound, match=r"GET /c was not recorded, .*connect the source itself"):
        replay.ask(Request("GET", "/c"))


def test_a_request_that_was_redacted_is_found_again() -> None:
    recorder = MemoryRecorder()
    recorder.record(b"x", source=SOURCE, request="GET /http://user:key@y")

    assert ReplayTransport(recorder, SOURCE).ask(Request("GET", "/http://user:key@y")).body == b"x"


@pytest.mark.parametrize(
    "error", [MalformedBytes("bad", offset=3, field="vin"), UnsupportedChain("dogecoin"), ProofRefused("no work")]
)
def test_what_cannot_be_used_is_blamed_on_the_source_by_name(error: Exception) -> None:
    with (
        pytest.raises(
            SourceLied, match=r"esplora:https://x\.example gave an answer that cannot be used.*ask"
        ) as blamed,
        blame(SOURCE),
    ):
        raise error

    assert str(error) in str(blamed.value)


def test_an_error_that_is_no_fault_of_the_answer_is_left_as_it_is() -> None:
    with pytest.raises(EvidenceError, match="disk"), blame(SOURCE):
        raise EvidenceError("disk")


def _moved() -> None:
    raise ChainReorganised("the tip moved")


def _not_recorded() -> None:
    raise DataNotFound("the tip was not recorded")


def test_an_answer_counts_only_if_the_tip_still_stands_behind_it() -> None:
    looked: list[str] = []
    with at_tip(SOURCE, lambda: looked.append("after")):
        looked.append("answer")
    assert looked == ["answer", "after"]

    with pytest.raises(ChainReorganised), at_tip(SOURCE, _moved):
        pass


@pytest.mark.parametrize("error", [DataNotFound("x"), SourceLied("x")])
def test_behind_a_wrong_answer_it_is_looked_first_whether_the_chain_moved(error: Exception) -> None:
    with pytest.raises(ChainReorganised), at_tip(SOURCE, lambda: None, _moved):
        raise error
    with pytest.raises((DataNotFound, SourceLied), match="x"), at_tip(SOURCE, _not_recorded):
        raise error
