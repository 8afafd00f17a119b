"""CAIP identifiers: what is one, what is not, and that its parts make it up again."""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.shared_data import read_data

from cryptotrace.errors import InvalidIdentifier
from cryptotrace.model.identity import SCRIPT_DIGEST_PREFIX, Account, Asset, Chain

BTC = "bip122:000000000019d6689c085ae165831e93"
_WORD = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
namespaces = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=3, max_size=8)
references = st.text(_WORD + "-_", min_size=1, max_size=32)
addresses = st.text(_WORD + "-.%", min_size=1, max_size=128)
tokens = st.none() | st.text(_WORD + "-.%", min_size=1, max_size=78)


def _cases(number: int) -> Iterator[str]:
    """The test cases that the text of a CAIP lists."""
    text = read_data(f"vectors/CAIPs__caip-{number}.md").decode()
    block = re.search(r"## Test Cases.*?```\n(.*?)```", text, re.DOTALL)
    assert block is not None
    yield from (line for line in block[1].splitlines() if line and not line.startswith("#"))


@pytest.mark.shared
@pytest.mark.parametrize(("number", "kind", "least"), [(2, Chain, 10), (10, Account, 7), (19, Asset, 11)])
def test_every_test_case_of_the_caip_is_read_and_written_back(number: int, kind: type[str], least: int) -> None:
    cases = list(_cases(number))
    assert len(cases) >= least
    for text in cases:
        assert str(kind(text)) == text


@given(namespaces, references)
def test_a_chain_is_made_up_of_its_parts(namespace: str, reference: str) -> None:
    chain = Chain(f"{namespace}:{reference}")
    assert (chain.namespace, chain.reference) == (namespace, reference)


@given(namespaces, references, addresses)
def test_an_account_is_made_up_of_its_parts(namespace: str, reference: str, address: str) -> None:
    chain = Chain(f"{namespace}:{reference}")
    account = Account.of(chain, address)
    assert (account.chain, account.address) == (chain, address)
    assert type(account.chain) is Chain
    assert Account(str(account)) == account


@given(namespaces, references, namespaces, addresses, tokens)
def test_an_asset_is_made_up_of_its_parts(
    namespace: str, reference: str, kind: str, of_kind: str, token: str | None
) -> None:
    chain = Chain(f"{namespace}:{reference}")
    asset = Asset(f"{chain}/{kind}:{of_kind}" + ("" if token is None else f"/{token}"))
    assert (asset.chain, asset.namespace, asset.reference, asset.token_id) == (chain, kind, of_kind, token)


@pytest.mark.parametrize(
    "text",
    [
        *("", "bip122", "bip122:", ":1", "bi:1", "BIP122:1", f"{BTC}:", f"{BTC}\n", f" {BTC}", "bip122:" + "0" * 33),
        *("eip155:1/slip44:60", "eip155:\u0661", "eip155:1\u200b"),
    ],
)
def test_what_is_no_chain_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidIdentifier, match=re.escape(f"{text!r} is not a CAIP-2")) as caught:
        Chain(text)
    assert "e.g. bip122:" in str(caught.value)


@pytest.mark.parametrize(
    "text", ["", BTC, f"{BTC}:", f"{BTC}:a:b", f"{BTC}:a/b", f"{BTC}:\u0430", f"{BTC}:" + "a" * 129, f"{BTC}:a\n"]
)
def test_what_is_no_account_is_refused(text: str) -> None:
    with pytest.raises(InvalidIdentifier, match="is not a CAIP-10"):
        Account(text)


@pytest.mark.parametrize("text", ["", BTC, f"{BTC}/slip44", f"{BTC}/slip44:0/", f"{BTC}/slip44:0/1/2", f"{BTC}:a"])
def test_what_is_no_asset_is_refused(text: str) -> None:
    with pytest.raises(InvalidIdentifier, match="is not a CAIP-19"):
        Asset(text)


@pytest.mark.parametrize("kind", [Chain, Account, Asset])
@pytest.mark.parametrize("value", [5, None, 1.5, b"bip122:1", ["bip122:1"], True])
def test_what_is_no_text_is_no_identifier(kind: Any, value: Any) -> None:
    with pytest.raises(InvalidIdentifier, match=re.escape(f"{value!r} is not a CAIP-")):
        kind(value)


def test_a_script_without_an_address_says_so() -> None:
    chain = Chain(BTC)
    assert Account.of(chain, SCRIPT_DIGEST_PREFIX + "0" * 64).is_script_digest
    assert not Account.of(chain, "128Lkh3S7CkDTBZ8W7BbpsN3YYizJMp8p6").is_script_digest


def test_identifiers_are_text_that_cannot_be_changed_and_travels() -> None:
    chain = Chain(BTC)
    assert {chain: 1}[BTC] == 1  # type: ignore[index]
    with pytest.raises(AttributeError):
        chain.reference = "x"  # type: ignore[misc]
    again = pickle.loads(pickle.dumps(chain))
    assert type(again) is Chain
    assert again == chain
