"""What looks like a key, and what does not."""

from __future__ import annotations

import base64
import random
import secrets
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptotrace.sources.speckeys import SHORTEST, looks_like_key, without_keys


@pytest.mark.parametrize("size", [15, 16, 20, 24, 32, 48])
def test_random_keys_of_hex_are_found(size: int) -> None:
    for _ in range(300):
        for key in (secrets.token_hex(size), secrets.token_hex(size).upper(), uuid.uuid4().hex, str(uuid.uuid4())):
            assert looks_like_key(key), key
            assert key not in without_keys(f"node.example/v3/{key}/x")


@pytest.mark.parametrize(("size", "most"), [(15, 10), (16, 8), (20, 1), (24, 0), (32, 0), (48, 0)])
def test_of_random_keys_in_base64_as_few_pass_for_words_as_the_module_says(size: int, most: int) -> None:
    dice = random.Random(size)
    keys = [base64.urlsafe_b64encode(dice.randbytes(size)).decode().rstrip("=") for _ in range(20_000)]
    missed = [key for key in keys if not looks_like_key(key)]
    assert len(missed) <= most, missed


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
