"""Transactions rebuilt from an explorer's JSON, and each figure held against the bytes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sources.chain import REGTEST, Chain, Explorer, as_json

from cryptotrace.chains.bitcoin.wire import encode
from cryptotrace.errors import CryptotraceError, MalformedBytes, SourceLied
from cryptotrace.model.block import BlockRef
from cryptotrace.sources.esplorajson import (
    ExplorerTransaction,
    check_explorer_figures,
    read_explorer_transaction,
    read_status,
)
from cryptotrace.sources.foreignjson import parse_json

CHAIN = Chain()
EXPLORER = Explorer(CHAIN)
PAYMENT = next(txid for txid, tx in CHAIN.txs.items() if not tx.is_coinbase)
COINBASE = CHAIN.blocks[5].transactions[0].txid


def read(told: object) -> ExplorerTransaction:
    said = read_explorer_transaction(parse_json(as_json(told), "tx.json"), REGTEST)
    check_explorer_figures(said, said.wire, REGTEST, "tx.json")
    return said


@pytest.mark.parametrize("txid", CHAIN.txs)
def test_every_transaction_of_the_chain_is_rebuilt_to_its_bytes(txid: str) -> None:
    said = read(EXPLORER.transaction(txid))

    assert said.raw == encode(CHAIN.txs[txid])
    assert said.wire.txid == txid
    assert said.block is not None
    assert said.block.height == CHAIN.places[txid][0]


def test_a_coinbase_may_come_without_outpoint_and_figures_may_be_left_out() -> None:
    told = EXPLORER.transaction(COINBASE)
    told["vin"][0] |= {"txid": None, "vout": None, "prevout": None}
    for key in ("fee", "size", "weight"):
        del told[key]
    for output in told["vout"]:
        output.pop("scriptpubkey_address", None)

    assert read(told).wire.txid == COINBASE


MISSING = ["txid", "vin", "vout", "version", "locktime"]


@pytest.mark.parametrize("key", MISSING)
def test_a_missing_part_is_named(key: str) -> None:
    told = EXPLORER.transaction(PAYMENT)
    del told[key]

    with pytest.raises(MalformedBytes, match=rf"tx\.json: expected .* \(field {key}"):
        read(told)


WRONG: dict[str, tuple[tuple[Any, ...], Any, str]] = {
    "a value as text": (("vout", 0, "value"), "5", r"vout\[0\]\.value"),
    "a value with a point": (("vout", 0, "value"), 5.0, r"vout\[0\]\.value"),
    "a value above all coins": (("vout", 0, "value"), 21 * 10**14 + 1, r"vout\[0\]\.value"),
    "a value below zero": (("vout", 0, "value"), -1, r"vout\[0\]\.value"),
    "a spent value with a point": (("vin", 0, "prevout", "value"), 0.5, r"vin\[0\]\.prevout\.value"),
    "a script that is no hex": (("vout", 0, "scriptpubkey"), "zz", r"vout\[0\]\.scriptpubkey"),
    "a witness that is no list": (("vin", 0, "witness"), "00", r"vin\[0\]\.witness"),
    "an input without place": (("vin", 0, "vout"), None, r"vin\[0\]\.vout"),
    "an index out of range": (("vin", 0, "vout"), 2**32, r"vin\[0\]\.vout"),
    "a sequence out of range": (("vin", 0, "sequence"), -1, r"vin\[0\]\.sequence"),
    "a txid in capitals": (("txid",), "AB" * 32, r"txid"),
    "no inputs": (("vin",), [], "does not make a transaction"),
    "no outputs": (("vout",), [], "does not make a transaction"),
    "a fee as text": (("fee",), "1", "fee"),
    "a status that is no truth": (("status", "confirmed"), 1, r"status\.confirmed"),
    "a height below zero": (("status", "block_height"), -1, r"status\.block_height"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_part_of_the_wrong_kind_is_refused_by_name(what: str) -> None:
    path, value, named = WRONG[what]
    told: Any = EXPLORER.transaction(PAYMENT)
    place = told
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value

    with pytest.raises(MalformedBytes, match=named):
        read(told)


def test_the_same_outpoint_twice_is_no_transaction() -> None:
    told = EXPLORER.transaction(PAYMENT)
    told["vin"] = [told["vin"][0]] * 2

    with pytest.raises((MalformedBytes, SourceLied)):
        read(told)


def test_a_status_is_a_block_or_nothing() -> None:
    told = EXPLORER.status(PAYMENT)

    assert read_status(parse_json(as_json(told), "x"), REGTEST) == BlockRef(
        REGTEST.chain, told["block_height"], told["block_hash"], told["block_time"]
    )
    for nothing in (None, {"confirmed": False}):
        assert read_status(parse_json(as_json(nothing), "x"), REGTEST) is None


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, item in inner for found in _places(item, (*path, key)))]


_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**65), 2**65) | st.text(max_size=4) | st.sampled_from(["ab" * 32, "00"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from([path for path in _places(EXPLORER.transaction(PAYMENT)) if path]), _values)
def test_any_value_in_any_place_is_read_or_refused(path: tuple[Any, ...], value: Any) -> None:
    told = json.loads(json.dumps(EXPLORER.transaction(PAYMENT)))
    place = told
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    try:
        read(told)
    except CryptotraceError:
        return
