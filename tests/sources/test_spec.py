"""Source specifications: what is read, what is refused, and that no key passes through them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptotrace.errors import ConfigurationError
from cryptotrace.sources.spec import (
    OPTIONS,
    URL_KINDS,
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


_IN_URLS = (
    "0123456789abcdef0123456789abcdef",
    "A1b2C3d4E5f6G7h8I9j0",
    "dGhpcy1pcy1hLXNlY3JldC1rZXk",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "12345678901234567890",
    "0123abcd-1234-5678-9abc-def012345678",
    "AB12-CD34-EF56-GH78-IJ90",
    "x_y9Zq-Lm2Np_Rt4Vw6Xa",
)
_HTTP_KINDS = sorted(URL_KINDS)


@pytest.mark.parametrize("kind", _HTTP_KINDS)
@pytest.mark.parametrize("key", _IN_URLS)
def test_a_key_in_the_path_of_a_url_is_refused_with_the_right_way_and_is_not_repeated(kind: str, key: str) -> None:
    right = {"rpc": "path=env:NAME", "etherscan": "key=env:NAME", "blockscout": "key=env:NAME"}.get(
        kind, "token=env:NAME"
    )
    encoded = "".join(f"%{ord(each):02x}" for each in key)
    for path in (
        f"/v3/{key}",
        f"/{key}/rpc",
        f"/v2/{key}/",
        f"/a;k={key}",
        f"/{encoded}",
        f"/{encoded.replace('%', '%25')}",
    ):
        with pytest.raises(ConfigurationError, match="looks like a key") as refused:
            parse_spec(f"{kind}:https://node.example{path}?retries=1")
        assert right in str(refused.value)
        assert key not in str(refused.value)


@pytest.mark.parametrize("kind", _HTTP_KINDS)
@pytest.mark.parametrize("key", _IN_URLS)
def test_a_key_as_the_value_of_an_option_is_refused_and_is_not_repeated(kind: str, key: str) -> None:
    options = [f"{option}={key}" for option in sorted(OPTIONS[kind] - {"cookie", "proxy"})]
    options += [f"header=X-Api-Key:{key}"] if "header" in OPTIONS[kind] else []
    for option in (*options, f"proxy=http://127.0.0.1:1/{key}", f"proxy=http://127.0.0.1:1/?k={key}"):
        with pytest.raises(ConfigurationError) as refused:
            parse_spec(f"{kind}:https://node.example/api?{option}")
        assert key not in str(refused.value)


@pytest.mark.parametrize("kind", _HTTP_KINDS)
@pytest.mark.parametrize(
    "path",
    [
        "",
        "/jsonrpc",
        "/api/v1",
        "/v2/api",
        "/ext/bc/C/rpc",
        "/rpc/v1/mainnet-archive",
        "/binance-smart-chain-mainnet/v2/json_rpc",
        "/eth_mainnet_full_archive/getBlockByNumberArchive",
        "/archive.node.example.internal/2024-10-12",
    ],
)
def test_an_ordinary_path_is_no_key(kind: str, path: str) -> None:
    assert parse_spec(f"{kind}:https://node.example{path}?retries=1").location == f"https://node.example{path}"


def test_files_and_names_of_variables_may_look_like_anything() -> None:
    long = "A1b2C3d4E5f6G7h8I9j0"
    for text in (
        f"rpc:http://127.0.0.1?cookie=/home/{long}/.cookie",
        f"rpc:http://127.0.0.1?path=env:{long}",
        f"esplora:https://x.example?header=X-Api-Key:env:{long}",
        f"json:/cases/{long}.json",
    ):
        assert parse_spec(text).option("none") is None


@pytest.mark.parametrize("key", _IN_URLS)
def test_a_key_behind_what_is_no_source_is_not_repeated(key: str) -> None:
    for text in (
        f"https://node.example/v3/{key}",
        f"node:https://node.example/{key}",
        f"rpc:https://x.example/{key}?x",
    ):
        with pytest.raises(ConfigurationError) as refused:
            parse_spec(text)
        assert key not in str(refused.value)


def test_a_literal_key_in_a_header_is_refused_before_it_is_used_and_not_repeated() -> None:
    for key, right in ((KEY, "header=Name:env:NAME"), ("s3cr3t", "header=env:NAME")):
        with pytest.raises(ConfigurationError, match=right) as refused:
            http_headers(parse_spec(f"esplora:https://x.example?header=X-Api-Key:{key}"))
        assert key not in str(refused.value)


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
    with pytest.raises(ConfigurationError, match=r"whole number from 1|looks like a key"):
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
