"""What looks like a key, and what does not."""

from __future__ import annotations

import secrets
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptotrace.sources.speckeys import SHORTEST, looks_like_key, without_keys


@pytest.mark.parametrize("size", [15, 16, 20, 24, 32, 48])
def test_random_keys_of_every_kind_are_found(size: int) -> None:
    for _ in range(300):
        for key in (
            secrets.token_hex(size),
            secrets.token_hex(size).upper(),
            secrets.token_urlsafe(size),
            uuid.uuid4().hex,
        ):
            assert looks_like_key(key), key
            assert key not in without_keys(f"node.example/v3/{key}/x")
        assert looks_like_key(str(uuid.uuid4()))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "jsonrpc",
        "mainnet-archive",
        "mainnet-archive-node-2024",
        "binance-smart-chain-mainnet",
        "eth_getBlockTransactionCountByNumber",
        "ETHEREUM-MAINNET-ARCHIVE",
        "archive.node.example.internal",
        "0123456789abcdef012",
    ],
)
def test_words_are_none(text: str) -> None:
    assert not looks_like_key(text)
    assert without_keys(text) == text


@given(st.text())
def test_any_text_is_judged_and_shown_without_what_looks_like_a_key(text: str) -> None:
    assert looks_like_key(text) or without_keys(text) == text
    assert not looks_like_key(without_keys(text))
    assert len(text) >= SHORTEST or not looks_like_key(text)
