"""Files of an explorer's JSON: each documented shape, what follows from it and what does not, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sources.chain import REGTEST, Chain, Explorer
from tests.training_chain import story

from cryptotrace.chains.bitcoin.script import account_of_script
from cryptotrace.chains.bitcoin.wire import encode
from cryptotrace.errors import ConfigurationError, CryptotraceError, DataNotFound, MalformedBytes, SourceLied
from cryptotrace.evidence.recorder import MemoryRecorder
from cryptotrace.model.source import Spend, SpendUnknown, Unspent
from cryptotrace.model.transaction import Outpoint
from cryptotrace.sources import open_source
from cryptotrace.sources.jsonfile import JsonSource, json_files

CHAIN = Chain()
EXPLORER = Explorer(CHAIN)
CLAIMED = Outpoint.parse(story()["claims"][0]["outpoint"])
SPENDER, VIN = CHAIN.spenders[CLAIMED]
CREATING = EXPLORER.transaction(CLAIMED.txid)
SPENDING = EXPLORER.transaction(SPENDER)
REST = Outpoint(SPENDER, 0)


def opened(*documents: Any, recorder: MemoryRecorder | None = None) -> JsonSource:
    files = [
        (f"{number}.json", each if isinstance(each, bytes) else json.dumps(each).encode())
        for number, each in enumerate(documents)
    ]
    return JsonSource(REGTEST, files, recorder or MemoryRecorder(), "json:files")


def outspends(txid: str, *entries: dict[str, Any]) -> dict[str, Any]:
    return {"txid": txid, "outspends": list(entries)}


@pytest.mark.parametrize(
    "documents",
    [
        [CREATING, SPENDING],
        [[CREATING, SPENDING]],
        [{"txs": [CREATING, SPENDING]}],
        [{"transactions": [CREATING], "tx": SPENDING}],
        [{"tx": CREATING}, [[SPENDING]]],
    ],
    ids=["a file each", "a list", "txs", "transactions and tx", "nested"],
)
def test_every_documented_shape_gives_the_same_transactions(documents: list[Any]) -> None:
    recorder = MemoryRecorder()
    source = opened(*documents, recorder=recorder)
    first, second = source.transactions([CLAIMED.txid, SPENDER])
    (spend,) = source.spends([CLAIMED])

    assert (first.raw, second.raw) == (encode(CHAIN.txs[CLAIMED.txid]), encode(CHAIN.txs[SPENDER]))
    assert second.block is not None
    assert (second.block.height, second.index) == (CHAIN.places[SPENDER][0], -1)
    assert SPENDER.encode() in recorder.read(second.evidence)
    assert isinstance(spend, Spend)
    assert (spend.txid, spend.vin) == (SPENDER, VIN)
    assert source.tip().height == CHAIN.places[SPENDER][0]
    assert list(source.history(account_of_script(CHAIN.output(CLAIMED).script, REGTEST))) == [CLAIMED.txid, SPENDER]


def test_what_the_files_do_not_say_is_unknown_or_not_found() -> None:
    source = opened(SPENDING)
    (answer,) = source.spends([REST])

    assert isinstance(answer, SpendUnknown)
    assert "a node, an Electrum server or an explorer does" in answer.reason
    with pytest.raises(DataNotFound):
        list(source.transactions([CLAIMED.txid]))


def test_an_outspends_file_says_spent_or_unspent() -> None:
    told = EXPLORER.outspend(CLAIMED)
    (spent,) = opened(CREATING, SPENDING | {"txid": SPENDER}, outspends(CLAIMED.txid, told)).spends([CLAIMED])
    (by_hearsay,) = opened(CREATING, outspends(CLAIMED.txid, *[told] * (CLAIMED.vout + 1))).spends([CLAIMED])
    (unspent,) = opened(SPENDING, outspends(SPENDER, {"spent": False})).spends([REST])

    assert isinstance(spent, Spend)
    assert isinstance(by_hearsay, Spend)
    assert (by_hearsay.txid, by_hearsay.vin) == (SPENDER, VIN)
    assert isinstance(unspent, Unspent)


def test_unspent_in_one_file_is_contradicted_by_the_spender_in_another() -> None:
    unspent = outspends(CLAIMED.txid, *[{"spent": False}] * (CLAIMED.vout + 1))
    (answer,) = opened(CREATING, unspent, SPENDING).spends([CLAIMED])

    assert isinstance(answer, Spend)
    assert answer.txid == SPENDER


def test_a_spender_that_is_in_the_files_and_does_not_spend_is_a_lie() -> None:
    told = {"spent": True, "txid": CLAIMED.txid, "vin": 0, "status": {"confirmed": False}}
    source = opened(CREATING, SPENDING, outspends(SPENDER, told))

    with pytest.raises(SourceLied, match=f"outspends is spends {REST} in its answer and not among its inputs"):
        list(source.spends([REST]))


def stats(script: bytes, **changes: int) -> dict[str, Any]:
    txids = CHAIN.by_script[script]
    funded = sum(o.script == script for t in txids for o in CHAIN.txs[t].outputs)
    spent = sum(
        CHAIN.output(i.outpoint).script == script
        for t in txids
        if not CHAIN.txs[t].is_coinbase
        for i in CHAIN.txs[t].inputs
    )
    counts = {"tx_count": len(txids), "funded_txo_count": funded, "spent_txo_count": spent} | changes
    return {"address": CHAIN.address(script), "chain_stats": counts, "mempool_stats": {"tx_count": 0}}


LAST = next(
    Outpoint(txid, n)
    for txid, tx in CHAIN.txs.items()
    for n, output in enumerate(tx.outputs)
    if Outpoint(txid, n) not in CHAIN.spenders and CHAIN.address(output.script).startswith("bcrt1")
)
OWNER = CHAIN.output(LAST).script
OWNED = [EXPLORER.transaction(txid) for txid in CHAIN.by_script[OWNER]]


def test_statistics_that_count_exactly_what_is_there_settle_that_an_output_is_unspent() -> None:
    (unspent,) = opened(OWNED, stats(OWNER)).spends([LAST])

    assert isinstance(unspent, Unspent)


@pytest.mark.parametrize(
    "changes", [{"tx_count": 99}, {"funded_txo_count": 99}, {"spent_txo_count": 99}, {"tx_count": 0}]
)
def test_statistics_that_count_something_else_settle_nothing(changes: dict[str, int]) -> None:
    (answer,) = opened(OWNED, stats(OWNER, **changes)).spends([LAST])

    assert isinstance(answer, SpendUnknown)


def test_statistics_with_something_under_way_settle_nothing() -> None:
    (answer,) = opened(OWNED, stats(OWNER) | {"mempool_stats": {"tx_count": 1}}).spends([LAST])

    assert isinstance(answer, SpendUnknown)


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "named"),
    [
        (b"<html>", r"0\.json is not JSON"),
        (b"", r"0\.json is not JSON"),
        ({}, r"0\.json: expected a transaction, a list of them, outspends"),
        ("text", "expected a transaction"),
        ([SPENDING, 5], r"expected a transaction.*field \[1\]"),
        ([SPENDING | {"fee": 0.5}], r"field \[0\]\.fee"),
        (SPENDING | {"vout": [{"value": 1.5, "scriptpubkey": "51"}]}, r"field vout\[0\]\.value"),
        (SPENDING | {"vin": "none"}, "field vin"),
        ({"txid": SPENDER, "outspends": [{}]}, r"field outspends\[0\]\.spent"),
        ({"txid": SPENDER, "outspends": [{"spent": True}]}, r"field outspends\[0\]\.txid"),
        ({"address": "two words", "chain_stats": stats(OWNER)["chain_stats"]}, "expected an address.*field address"),
        ({"address": 5, "chain_stats": stats(OWNER)["chain_stats"]}, "field address"),
        (stats(OWNER, tx_count=-1), r"field chain_stats\.tx_count"),
        (b'{"tx":' * 450 + b"[" * 450 + b"]" * 450 + b"}" * 450, "deeper than"),
        (b'{"tx":' * 700 + b"5" + b"}" * 700, "expected a transaction"),
    ],
)
def test_a_document_that_is_none_of_these_is_refused_with_file_and_field(document: Any, named: str) -> None:
    with pytest.raises(MalformedBytes, match=named):
        opened(document)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"txid": "ab" * 32}, rf"gives transaction {'ab' * 32}, but its txid by the rebuilt bytes is {SPENDER}"),
        ({"locktime": 7}, "its txid by the rebuilt bytes is"),
        ({"fee": 1}, "fee is 1 in its answer and"),
        ({"weight": 1}, "weight is 1"),
    ],
)
def test_a_figure_that_contradicts_the_bytes_is_a_lie_with_its_file(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(SourceLied, match=rf"json:files \(1\.json\).*{named}"):
        opened(CREATING, SPENDING | changes)


def test_two_files_that_put_a_transaction_into_two_blocks_are_refused() -> None:
    other = SPENDING | {"status": EXPLORER.status(CHAIN.blocks[3].transactions[0].txid)}

    with pytest.raises(SourceLied, match=f"puts transaction {SPENDER} into block .* another file into"):
        opened(SPENDING, other)


def test_an_unconfirmed_copy_does_not_take_the_place_of_a_confirmed_one() -> None:
    early = SPENDING | {"status": {"confirmed": False}}

    for documents in ([early, SPENDING], [SPENDING, early]):
        (found,) = opened(*documents).transactions([SPENDER])
        assert found.block is not None


def test_a_folder_is_read_in_order_of_name_and_nothing_else_in_it(tmp_path: Path) -> None:
    for name, content in (("b.json", "[2]"), ("a.json", "[1]"), ("c.txt", "x")):
        (tmp_path / name).write_text(content, encoding="utf-8")

    assert json_files(tmp_path) == [("a.json", b"[1]"), ("b.json", b"[2]")]
    assert json_files(tmp_path / "a.json") == [("a.json", b"[1]")]
    for nothing in (tmp_path / "nowhere", tmp_path / "empty"):
        (tmp_path / "empty").mkdir(exist_ok=True)
        with pytest.raises(ConfigurationError, match=r"no \*\.json file in it"):
            json_files(nothing)


def test_a_folder_is_a_source(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps([CREATING, SPENDING]), encoding="utf-8")
    source = open_source(f"json:{tmp_path}", REGTEST, MemoryRecorder())

    assert source.name == f"json:{tmp_path.name}"
    assert source.tip().height == CHAIN.places[SPENDER][0]


_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2**40) | st.text(max_size=3) | st.just(SPENDER) | st.just(SPENDING),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["tx", "txs", "vin", "txid", "outspends", "spent", "chain_stats", "address", "mempool_stats"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@given(st.one_of(st.binary(), _values))
def test_any_document_is_read_or_refused_by_name(document: Any) -> None:
    try:
        source = opened(document, CREATING)
        list(source.spends([CLAIMED, REST]))
    except CryptotraceError:
        return
