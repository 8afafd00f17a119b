"""Source specifications: what is read, what is refused, and that no key passes through them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptotrace.errors import ConfigurationError
from cryptotrace.sources.spec import (
    OPTIONS,
    basic_auth,
    host_and_port,
    hosts_of,
    http_headers,
    parse_spec,
)

KEY = "s3cr3t-k3y-of-the-unit"


def test_a_specification_is_taken_apart_and_its_name_tells_neither_options_nor_folders() -> None:
    spec = parse_spec(" blocks:/home/analyst/secret case/blk00000.dat?height=7 ")

    assert (spec.kind, spec.location) == ("blocks", "/home/analyst/secret case/blk00000.dat")
    assert spec.number("height", 0) == 7
    assert spec.name == "blocks:blk00000.dat"
    assert parse_spec("esplora:https://x.example/api?token=env:T").name == "esplora:https://x.example/api"


@pytest.mark.parametrize("text", ["", "blocks", "blocks:", "rpc:", "ESPLORA:http://x", "gopher:x", "esplora:x.example"])
def test_what_is_no_source_is_refused_with_what_would_be(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"expected|needs a path"):
        parse_spec(text)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        (f"esplora:https://x.example?token={KEY}", "token=env:NAME"),
        (f"rpc:http://127.0.0.1?auth=user:{KEY}", "auth=env:NAME"),
        (f"rpc:http://user:{KEY}@127.0.0.1:8332", "auth=env:NAME"),
        (f"esplora:https://{KEY}@x.example", "token=env:NAME"),
        (f"esplora:https://x.example?apikey={KEY}", "token=env:NAME"),
        (f"rpc:http://127.0.0.1?password={KEY}", "auth=env:NAME"),
        (f"esplora:https://x.example?proxy=socks5h://user:{KEY}@127.0.0.1:9050", "proxy without"),
        (f"esplorer:https://user:{KEY}@x.example?token={KEY}", "is not a source"),
        (f"esplora:https://x.example?{KEY}", "name=value"),
    ],
)
def test_a_literal_key_is_refused_with_the_right_way_and_is_not_repeated(text: str, right: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse_spec(text)

    assert right in str(refused.value)
    assert KEY not in str(refused.value)


def test_a_literal_key_in_a_header_is_refused_before_it_is_used_and_not_repeated() -> None:
    with pytest.raises(ConfigurationError, match="header=env:NAME") as refused:
        http_headers(parse_spec(f"esplora:https://x.example?header=X-Api-Key:{KEY}"))

    assert KEY not in str(refused.value)


def test_keys_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNIT_KEY", f" {KEY}\n")

    assert http_headers(parse_spec("esplora:https://x.example?token=env:UNIT_KEY")) == {
        "Authorization": f"Bearer {KEY}"
    }
    assert http_headers(parse_spec("esplora:https://x.example?header=X-Api-Key:env:UNIT_KEY")) == {"X-Api-Key": KEY}
    monkeypatch.setenv("UNIT_KEY", "user:pass:word")
    assert basic_auth(parse_spec("rpc:http://127.0.0.1?auth=env:UNIT_KEY")) == ("user", "pass:word")


def test_a_cookie_file_is_read_and_a_missing_or_odd_one_is_refused(tmp_path: Path) -> None:
    cookie = tmp_path / ".cookie"
    spec = parse_spec(f"rpc:http://127.0.0.1?cookie={cookie}")

    with pytest.raises(ConfigurationError, match=r"\.cookie cannot be read"):
        basic_auth(spec)
    cookie.write_text("__cookie__:abc\n", encoding="utf-8")
    assert basic_auth(spec) == ("__cookie__", "abc")
    cookie.write_text("abc", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="expected user:password"):
        basic_auth(spec)
    cookie.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        basic_auth(spec)


@pytest.mark.parametrize("value", [f"{KEY}\nX-Evil: 1", f"{KEY}\x00", f"{KEY}é"])
def test_a_key_that_cannot_be_sent_is_refused_and_not_repeated(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setattr("os.environ", {"UNIT_KEY": value})

    with pytest.raises(ConfigurationError, match="printable ASCII") as refused:
        http_headers(parse_spec("esplora:https://x.example?token=env:UNIT_KEY"))
    assert KEY not in str(refused.value)


def test_a_variable_that_is_not_set_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UNIT_KEY", raising=False)

    with pytest.raises(ConfigurationError, match="UNIT_KEY is not set"):
        basic_auth(parse_spec("rpc:http://127.0.0.1?auth=env:UNIT_KEY"))


@pytest.mark.parametrize("value", ["-1", "0", "1.5", "٣", "1" * 20, ""])
def test_a_number_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(ConfigurationError, match="whole number from 1"):
        parse_spec(f"esplora:https://x.example?timeout={value}").number("timeout", 30, 1)


@pytest.mark.parametrize("location", ["host", "host:", "host:0", "host:65536", ":1", "host:1x", "host:" + "9" * 5000])
def test_an_electrum_source_needs_host_and_port(location: str) -> None:
    with pytest.raises(ConfigurationError, match="HOST:PORT"):
        host_and_port(parse_spec(f"electrum:{location}"))


def test_an_unknown_option_is_refused_with_those_that_are_known() -> None:
    for kind, known in OPTIONS.items():
        with pytest.raises(ConfigurationError, match=", ".join(sorted(known)) or "none"):
            parse_spec(f"{kind}:http://127.0.0.1?colour=red")


@given(
    st.one_of(
        st.text(),
        st.builds(
            lambda kind, rest: f"{kind}:{rest}",
            st.sampled_from(list(OPTIONS)),
            st.text(st.sampled_from("http://[]@:%?#&=.\\env:NAME127localhost\u0660é\n")),
        ),
    )
)
def test_any_text_is_a_specification_or_a_configuration_error(text: str) -> None:
    try:
        hosts_of(parse_spec(text))
    except ConfigurationError:
        return
