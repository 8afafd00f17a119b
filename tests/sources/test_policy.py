"""Which hosts are one's own, and what becomes of the others."""

from __future__ import annotations

import pytest
from tests.sources.chain import REGTEST
from tests.sources.servers import listening

from cryptotrace.errors import ConfigurationError, PublicSourceRefused, SourceError
from cryptotrace.evidence.recorder import MemoryRecorder
from cryptotrace.sources import open_source
from cryptotrace.sources.policy import Policy
from cryptotrace.sources.spec import hosts_of, parse_spec

OWN = [
    "127.0.0.1", "127.255.3.4", "localhost", "LOCALHOST", "localhost.", "10.0.0.1", "172.16.0.1", "172.31.255.255",
    "192.168.1.1", "169.254.1.1", "::1", "[::1]", "fe80::1", "fe80::1%eth0", "fd00::1", "::ffff:127.0.0.1",
    "::ffff:192.168.0.9",
]  # fmt: skip
PUBLIC = [
    "explorer.example", "127.0.0.1.evil.example", "localhost.evil.example", "evillocalhost", "0x7f.1", "0x7f000001",
    "2130706433", "127.1", "0177.0.0.1", "10.0.0.1.", "8.8.8.8", "172.32.0.1", "192.0.2.1", "198.18.0.1", "0.0.0.0",
    "::", "2001:db8::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "2002:7f00:1::1",
    "127.0.0.1%2eevil.example", "127.0.0.1%evil.example", "１２７.0.0.1", "127。0。0。1", "evil@127.0.0.1",
    "ol4ve3ovbkrjzyhr6hrctlfrjcxxmyezi3ze4gxa3tfkg2yhpzdz2uqd.onion", "", " ", "...",
]  # fmt: skip


@pytest.mark.parametrize("host", OWN)
def test_loopback_private_and_link_local_hosts_are_own(host: str) -> None:
    assert Policy(own_nodes_only=True).is_own(host)


@pytest.mark.parametrize("host", PUBLIC)
def test_whatever_only_looks_local_is_public(host: str) -> None:
    policy = Policy(own_nodes_only=True)

    assert not policy.is_own(host)
    with pytest.raises(PublicSourceRefused, match="own nodes only; use an own node, or add"):
        policy.admit(host, "a source")


def test_a_listed_host_is_own_and_nothing_that_ends_or_begins_like_it() -> None:
    policy = Policy(own_nodes_only=True, own_hosts=("Node.unit.example.", "2001:db8::7"))

    assert all(map(policy.is_own, ("node.unit.example", "NODE.UNIT.EXAMPLE", "node.unit.example.", "[2001:db8::7]")))
    assert not any(map(policy.is_own, ("evilnode.unit.example", "node.unit.example.evil", "unit.example")))


def test_a_public_host_is_announced_once_with_what_it_learns() -> None:
    said: list[str] = []
    policy = Policy(notice=said.append)

    for host in ("explorer.example", "127.0.0.1", "explorer.example", "other.example"):
        policy.admit(host, f"esplora:https://{host}")

    assert [line.partition(" ")[0] for line in said] == [
        "esplora:https://explorer.example",
        "esplora:https://other.example",
    ]
    assert all("learns which addresses and transactions are asked for" in line for line in said)


# --- nothing is sent before it is admitted ----------------------------------------------------------------------------

SPECS = [
    "esplora:http://{host}:{port}",
    "rpc:http://{host}:{port}",
    "electrum:{host}:{port}",
    "electrum+tls:{host}:{port}",
]


@pytest.mark.parametrize("spec", SPECS)
def test_a_public_source_is_refused_before_any_byte_is_sent(spec: str) -> None:
    with listening() as (port, seen):
        # to the policy 127.1 is a name that anybody could hold; to the system it is this machine
        asked = spec.format(host="127.1", port=port)
        with pytest.raises(PublicSourceRefused):
            open_source(asked, REGTEST, MemoryRecorder(), Policy(own_nodes_only=True))
        assert seen == []

        said: list[str] = []
        with pytest.raises(SourceError):
            open_source(f"{asked}?retries=0&timeout=2", REGTEST, MemoryRecorder(), Policy(notice=said.append))
        assert seen, "the same host is reached when public sources are allowed, so the refusal above proves something"
        assert len(said) == 1


def test_a_public_proxy_of_an_own_node_is_refused_since_it_would_see_every_question() -> None:
    with listening() as (port, seen):
        spec = f"rpc:http://127.0.0.1:1?retries=0&timeout=2&proxy=http://127.1:{port}"
        with pytest.raises(PublicSourceRefused, match="127\\.1"):
            open_source(spec, REGTEST, MemoryRecorder(), Policy(own_nodes_only=True))
        assert seen == []


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1@evil.example/",
        "http://evil.example\\@127.0.0.1/",
        "http://127.0.0.1\\.evil.example/",
        "http://127.0.0.1#@evil.example/",
        "http://[::1].evil.example/",
        "http://[::1]evil.example/",
        "http://127.0.0.1%2eevil.example/",
        "http://127.0.0.1\t.evil.example/",
        "http://127.0.0.1:80:evil.example/",
        "http://user:password@127.0.0.1/",
        "ftp://127.0.0.1/",
        "http:///api",
        "//127.0.0.1/",
    ],
)
def test_a_url_whose_host_readers_could_disagree_about_is_refused(location: str) -> None:
    with pytest.raises(ConfigurationError):
        parse_spec(f"esplora:{location}")


@pytest.mark.parametrize(
    ("spec", "hosts"),
    [
        ("esplora:http://[::1]:3000/api", ("::1",)),
        ("esplora:https://EXPLORER.example:443", ("explorer.example",)),
        ("electrum:[fd00::1]:50001", ("fd00::1",)),
        ("electrum:::1:50001", ("::1",)),
        ("electrum:evil@127.0.0.1:50001", ("evil@127.0.0.1",)),
        ("rpc:http://10.0.0.1?proxy=socks5h://127.0.0.1:9050", ("10.0.0.1", "127.0.0.1")),
        ("blocks:/data/blocks", ()),
        ("memory:", ()),
    ],
)
def test_the_hosts_that_see_the_questions_are_named(spec: str, hosts: tuple[str, ...]) -> None:
    assert hosts_of(parse_spec(spec)) == hosts
