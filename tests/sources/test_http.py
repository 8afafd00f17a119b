"""The HTTP client against a server that fails in every way: retried, recorded, and then an error that says what to do."""

from __future__ import annotations

import gzip
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.sources.opened import Waits
from tests.sources.servers import Asked, HttpScript, Reply, closed_port, http_server, turns

from cryptotrace.errors import ConfigurationError, SourceUnavailable
from cryptotrace.evidence.recorder import MemoryRecorder
from cryptotrace.sources.http import HttpSettings, HttpTransport, settings_of
from cryptotrace.sources.spec import parse_spec
from cryptotrace.sources.transport import Answer, Request

GOOD = Reply(b'{"height": 7}')
ASK = Request("GET", "/tx/ab")
IMPATIENT = HttpSettings(timeout_s=1, retries=2, first_wait_s=0.5)


class Run:
    """What one question led to."""

    def __init__(self, url: str, settings: HttpSettings = IMPATIENT, request: Request = ASK) -> None:
        self.recorder = MemoryRecorder()
        self.waits = Waits()
        self.answer: Answer | None = None
        self.error = ""
        transport = HttpTransport(
            parse_spec(f"esplora:{url}"), self.recorder, settings, sleep=self.waits, jitter=lambda: 0.5
        )
        try:
            self.answer = transport.ask(request)
        except SourceUnavailable as error:
            self.error = str(error)
        finally:
            transport.close()

    @property
    def labels(self) -> list[str]:
        return [record.status for record in self.recorder.records()]

    @property
    def bodies(self) -> list[bytes]:
        return [self.recorder.read(record.digest) for record in self.recorder.records()]


def ask(script: HttpScript, settings: HttpSettings = IMPATIENT, request: Request = ASK) -> Run:
    with http_server(script) as server:
        return Run(server.url, settings, request)


def test_an_answer_is_recorded_as_it_came_with_what_was_asked() -> None:
    run = ask(turns(GOOD))

    (record,) = run.recorder.records()
    assert run.answer == Answer(200, GOOD.body, record.digest)
    assert (record.request, record.status, record.size) == ("GET /tx/ab", "ok", len(GOOD.body))
    assert record.latency_ms is not None


def test_a_body_is_sent_and_stands_in_the_record() -> None:
    with http_server(turns(GOOD)) as server:
        run = Run(server.url, request=Request("POST", "/", b'{"a":1}'))

    assert (server.asked[0].method, server.asked[0].body) == ("POST", b'{"a":1}')
    assert next(run.recorder.records()).request == 'POST / {"a":1}'


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_failure_that_passes_is_retried_and_every_attempt_is_recorded(status: int) -> None:
    run = ask(turns(Reply(b"busy", status), Reply(b"still", status), GOOD))

    assert run.answer is not None
    assert run.answer.body == GOOD.body
    assert run.labels == [f"http {status}", f"http {status}", "ok"]
    assert run.bodies == [b"busy", b"still", GOOD.body]
    assert run.waits == [0.5, 1.0]


@pytest.mark.parametrize("status", [429, 503])
def test_a_failure_that_stays_ends_in_an_error_that_says_what_to_do(status: int) -> None:
    run = ask(turns(Reply(b"busy", status)))

    assert f"HTTP {status} (tried 3 times). What was fetched is kept: try again later" in run.error
    assert "esplora:http://127.0.0.1" in run.error
    assert run.labels == [f"http {status}"] * 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_refusal_is_an_answer_and_is_not_asked_for_again(status: int) -> None:
    run = ask(turns(Reply(b"no", status), GOOD))

    assert run.answer is not None
    assert run.answer.status == status
    assert run.labels == [f"http {status}"]


@pytest.mark.parametrize(
    ("asked", "waited"),
    [("7", 7.0), ("0", 0.5), ("86400", 60.0), ("9" * 400, 60.0), ("soon", 0.5), ("-5", 0.5), ("٣", 0.5)],
)
def test_retry_after_is_honoured_up_to_the_longest_wait(asked: str, waited: float) -> None:
    headers = {"Retry-After": asked} if asked.isascii() else {"Retry-After": asked.encode().decode("latin-1")}
    run = ask(turns(Reply(b"", 429, headers), GOOD))

    assert run.answer is not None
    assert run.waits == [waited]


def test_retry_after_may_be_a_date() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    run = ask(turns(Reply(b"", 503, {"Retry-After": later}), GOOD))

    assert 25 < run.waits[0] <= 30


def test_waits_double_with_jitter_and_have_an_upper_limit() -> None:
    patient = replace(IMPATIENT, retries=9)

    assert ask(turns(Reply(b"", 503)), patient).waits == [0.5, 1, 2, 4, 8, 16, 32, 60, 60]


def test_a_server_that_hangs_is_given_up_and_named() -> None:
    hasty = replace(IMPATIENT, timeout_s=1, retries=1)
    started = time.monotonic()
    with http_server(turns(Reply(b"late", wait_s=1.5))) as server:
        run = Run(server.url, hasty)

    assert time.monotonic() - started < 5
    assert "timed out" in run.error
    assert run.labels == ["no answer", "no answer"]


@pytest.mark.parametrize("how", ["Content-Length: 100000", "Transfer-Encoding: chunked"])
def test_a_server_that_drips_for_ever_is_cut_off_at_the_deadline(how: str) -> None:
    head = f"HTTP/1.1 200 OK\r\n{how}\r\n\r\n".encode()
    started = time.monotonic()
    with http_server(turns(Reply(raw=head + b"1\r\nx\r\n" * 1000, drip_s=0.01))) as server:
        run = Run(server.url, replace(IMPATIENT, retries=0, deadline_s=1))

    assert time.monotonic() - started < 5
    assert "longer than 1 seconds" in run.error
    assert run.labels == ["cut off after 200"]
    assert run.bodies[0], "what came before is kept"


def test_a_server_that_is_not_there_is_retried_recorded_and_named() -> None:
    run = Run(f"http://127.0.0.1:{closed_port()}")

    assert "refused" in run.error
    assert run.labels == ["no answer"] * 3
    assert run.bodies == [b""] * 3


BROKEN: dict[str, tuple[Reply, str]] = {
    "closed without an answer": (Reply(raw=b""), "no answer"),
    "closed in the headers": (Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Le"), ""),
    "not HTTP": (Reply(raw=b"SSH-2.0-OpenSSH_9.6\r\n"), "no answer"),
    "shorter than it says": (Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{}"), "cut off after 200"),
    "chunks that end early": (
        Reply(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"),
        "cut off after 200",
    ),
    "chunks that are none": (
        Reply(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n"),
        "cut off after 200",
    ),
    "not the gzip it says": (
        Reply(b"plain text", headers={"Content-Encoding": "gzip"}),
        "cut off after 200",
    ),
    "packed in another way": (
        Reply(b"\x0b\x02\x80hello\x03", headers={"Content-Encoding": "br"}),
        "cut off after 200",
    ),
    "half a gzip": (
        Reply(gzip.compress(b"x" * 5000)[:20], headers={"Content-Encoding": "gzip"}),
        "cut off after 200",
    ),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_answer_is_retried_recorded_and_never_taken_for_whole(how: str) -> None:
    broken, label = BROKEN[how]
    run = ask(turns(broken, GOOD))

    if label:
        assert run.labels == [label, "ok"]
    assert run.answer is not None
    assert run.answer.body == GOOD.body or not label
    assert how == "closed in the headers" or ask(turns(broken)).error


def test_what_came_before_the_cut_is_kept() -> None:
    run = ask(turns(Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n[1,2"), GOOD))

    assert run.bodies == [b"[1,2", GOOD.body]


def test_an_answer_beyond_the_limit_is_refused_though_it_was_sent_small() -> None:
    bomb = Reply(gzip.compress(bytes(50_000_000)), headers={"Content-Encoding": "gzip"})
    run = ask(turns(bomb), replace(IMPATIENT, max_answer_bytes=1_000_000, retries=0))

    assert "longer than 1000000 bytes" in run.error
    assert run.bodies == [bomb.body], "it is kept as it came"


def test_a_packed_answer_is_unpacked_though_it_was_not_asked_for() -> None:
    run = ask(turns(Reply(gzip.compress(GOOD.body), headers={"Content-Encoding": "gzip"})))

    assert run.answer is not None
    assert run.answer.body == GOOD.body


def test_a_redirect_is_not_followed_to_another_host() -> None:
    with http_server(turns(GOOD)) as elsewhere:
        run = ask(turns(Reply(b"", 302, {"Location": f"{elsewhere.url}/tx/ab"})))

    assert elsewhere.connections == 0
    assert run.answer is not None
    assert run.answer.status == 302


def test_the_machines_proxies_and_netrc_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with http_server(turns(GOOD)) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        run = ask(turns(GOOD))

    assert run.answer is not None
    assert proxy.connections == 0


def test_a_proxy_that_is_named_gets_the_question() -> None:
    with http_server(turns(GOOD)) as proxy:
        run = Run("http://explorer.example", replace(IMPATIENT, proxy=proxy.url))

    assert run.answer is not None
    assert proxy.paths() == ["http://explorer.example/tx/ab"]


def test_a_rate_limit_spaces_the_questions() -> None:
    waits = Waits()
    with http_server(turns(GOOD)) as server:
        transport = HttpTransport(
            parse_spec(f"esplora:{server.url}"),
            MemoryRecorder(),
            replace(IMPATIENT, per_minute=30),
            sleep=waits,
            clock=lambda: 100.0,
        )
        for _ in range(3):
            transport.ask(ASK)
        transport.close()

    assert waits == [2.0, 4.0]


def test_the_options_of_a_specification_become_settings() -> None:
    spec = parse_spec("esplora:https://x.example?timeout=3&retries=0&rate=60&proxy=socks5h://127.0.0.1:9050")

    assert settings_of(spec) == HttpSettings(timeout_s=3, retries=0, per_minute=60, proxy="socks5h://127.0.0.1:9050")
    with pytest.raises(ConfigurationError, match="retries"):
        settings_of(parse_spec("esplora:https://x.example?retries=many"))


# --- keys -------------------------------------------------------------------------------------------------------------

KEY = "s3cr3t-k3y-of-the-unit"


def test_keys_are_sent_and_stand_in_no_record_and_no_error_even_if_the_server_repeats_them() -> None:
    def repeat(asked: Asked) -> Reply:
        return Reply(f"you sent {asked.headers['Authorization']}, {asked.headers['X-Key']}".encode(), 503)

    recorder = MemoryRecorder()
    headers = {"Authorization": f"Bearer {KEY}", "X-Key": f"{KEY}-2"}
    with http_server(repeat) as server:
        transport = HttpTransport(
            parse_spec(f"esplora:{server.url}"), recorder, IMPATIENT, headers=headers, sleep=Waits()
        )
        with pytest.raises(SourceUnavailable) as refused:
            transport.ask(Request("GET", f"/tx/{KEY}"))
        transport.close()

    assert server.asked[0].headers["Authorization"] == f"Bearer {KEY}"
    kept = [(r.request, r.source, recorder.read(r.digest)) for r in recorder.records()]
    assert KEY not in repr(kept)
    assert KEY not in str(refused.value)
    assert kept[0][2].startswith(b"you sent ")


def test_a_short_password_or_a_user_name_does_not_spoil_the_record_of_what_was_asked() -> None:
    recorder = MemoryRecorder()
    question = Request("POST", "/", b'[{"method":"gettxout","params":["00ab12"]}]')
    with http_server(turns(GOOD)) as server:
        transport = HttpTransport(parse_spec(f"rpc:{server.url}"), recorder, IMPATIENT, auth=("gettxout", "ab"))
        transport.ask(question)
        transport.close()

    assert next(recorder.records()).request == question.text


# --- any bytes --------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.one_of(
        st.binary(max_size=200),
        st.binary(max_size=200).map(lambda raw: b"HTTP/1.1 200 OK\r\n" + raw),
        st.builds(
            lambda name, value: b"HTTP/1.1 200 OK\r\n" + name + b": " + value + b"\r\n\r\nbody",
            st.sampled_from(
                [b"Content-Length", b"Transfer-Encoding", b"Content-Encoding", b"Retry-After", b"Set-Cookie"]
            ),
            st.binary(max_size=20),
        ),
    )
)
@example(b"HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nhello")
@example(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nhello")
@example(b"HTTP/1.1 99999 OK\r\n\r\n")
@example(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 300 + b"\r\n")
@example(b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70_000 + b"\r\n\r\n")
def test_any_bytes_of_a_server_are_an_answer_or_a_typed_error(raw: bytes) -> None:
    run = ask(turns(Reply(raw=raw)), replace(IMPATIENT, retries=0))

    assert (run.answer is None) == bool(run.error)
    assert len(run.labels) == 1


def test_a_refused_connection_is_told_in_the_systems_own_words() -> None:
    spec = parse_spec(f"esplora:http://127.0.0.1:{closed_port()}/api?retries=0")
    transport = HttpTransport(spec, MemoryRecorder(), settings_of(spec))

    with pytest.raises(SourceUnavailable) as told:
        transport.ask(Request("GET", "/x"))
    transport.close()
    assert "refused" in str(told.value)
    assert "Pool" not in str(told.value)
