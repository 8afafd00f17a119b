"""Tables of ethereum-etl: what is put together from which of them, what is recomputed, and what is named as missing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.shared_data import read_data

from cryptotrace.chains.evm.address import canonical_address
from cryptotrace.chains.networks import network
from cryptotrace.errors import ConfigurationError, CryptotraceError, DataNotFound, MalformedBytes, SourceLied
from cryptotrace.evidence.archive import Archive
from cryptotrace.evidence.recorder import ArchiveRecorder, MemoryRecorder
from cryptotrace.model.flow import FlowKind
from cryptotrace.model.movement import AccountTransaction, Order
from cryptotrace.model.verdict import Standing
from cryptotrace.sources import Policy, open_source
from cryptotrace.sources.evm.etl import EtlSource
from cryptotrace.sources.evm.replay import REPLAYS

ETHEREUM: Any = network("ethereum")
_PREFIX = "eth-etl/ethereum-etl__"
WHOLE = [f"blocks_17173049_17173050__expected_{what}.json" for what in ("blocks", "transactions", "logs")]


def files(*names: str) -> list[tuple[str, bytes]]:
    return [(name, read_data(_PREFIX + name)) for name in names]


def source(given: list[tuple[str, bytes]], notices: list[str] | None = None) -> EtlSource:
    return EtlSource(ETHEREUM, given, MemoryRecorder(), "etl:tables", (notices if notices is not None else []).append)


def everything(found: EtlSource) -> list[AccountTransaction]:
    return list(found.account_transactions(found.txids()))


def changed(given: list[tuple[str, bytes]], name: str, change: Callable[[list[dict[str, Any]]], Any]) -> list[Any]:
    """The files with the rows of one of them changed."""
    found = []
    for filename, raw in given:
        rows = [json.loads(line) for line in raw.splitlines() if line.strip()]
        if filename.endswith(f"expected_{name}.json"):
            change(rows)
            raw = b"\n".join(json.dumps(row).encode() for row in rows)  # noqa: PLW2901
        found.append((filename, raw))
    return found


# --- two whole blocks of mainnet --------------------------------------------------------------------------------------


@pytest.mark.shared
def test_two_whole_blocks_have_the_receipts_roots_of_their_rows_and_every_transfer_the_writer_read() -> None:
    notices: list[str] = []
    found = source(files(*WHOLE), notices)
    moved = everything(found)
    transactions = [tx for tx in moved if tx.sender is not None]
    assert (len(moved), len(transactions), notices) == (300, 298, [])
    assert {gap for tx in moved for gap in tx.missing} == {"internal calls"}
    assert {tx.nonce is None for tx in transactions} == {False}

    logs: dict[str, list[int]] = {}
    for line in read_data(_PREFIX + WHOLE[2]).splitlines():
        row = json.loads(line)
        logs.setdefault(row["transaction_hash"][2:], []).append(row["log_index"])
    by_place = {
        (tx.txid, min(logs[tx.txid]) + int(m.place.split(".")[1])): m
        for tx in moved
        for m in tx.movements
        if m.place.startswith("log.")
    }
    rows = [json.loads(line) for line in read_data(_PREFIX + "expected_token_transfers.json").splitlines()]
    assert len(rows) == 291
    for row in rows:
        move = by_place[row["transaction_hash"][2:], row["log_index"]]
        assert move.asset.reference == row["token_address"]
        parties = [None if party is None else party.address.lower() for party in (move.payer, move.payee)]
        zero = "0x" + "00" * 20
        assert [party or zero for party in parties] == [row["from_address"], row["to_address"]]
        if move.asset.namespace == "erc20":
            assert move.units == row["value"]


@pytest.mark.shared
def test_fees_of_a_block_are_its_gas_at_its_price_and_what_is_burnt_is_its_base_fee() -> None:
    found = source(files(*WHOLE))
    blocks = [json.loads(line) for line in read_data(_PREFIX + WHOLE[0]).splitlines()]
    rows = [json.loads(line) for line in read_data(_PREFIX + WHOLE[1]).splitlines()]
    for block in blocks:
        fees = [
            m
            for tx in everything(found)
            for m in tx.movements
            if m.kind is FlowKind.FEE and tx.block is not None and tx.block.height == block["number"]
        ]
        own = [row for row in rows if row["block_number"] == block["number"]]
        assert sum(m.units for m in fees if m.place == "fee.burnt") == block["gas_used"] * block["base_fee_per_gas"]
        assert sum(m.units for m in fees) == sum(r["receipt_gas_used"] * r["receipt_effective_gas_price"] for r in own)
        paid = {m.payee for m in fees if m.place == "fee.paid"}
        assert paid == {ETHEREUM.account(canonical_address(block["miner"]))}


@pytest.mark.shared
def test_withdrawals_are_what_the_block_does_and_block_hashes_are_told() -> None:
    found = source(files(*WHOLE))
    for line in read_data(_PREFIX + WHOLE[0]).splitlines():
        row = json.loads(line)
        (own,) = found.account_transactions([row["hash"][2:]])
        assert [m.units for m in own.movements] == [each["amount"] * 10**9 for each in row["withdrawals"]]
        assert len(own.movements) == 16
        assert found.block_ref(row["number"]).hash == row["hash"][2:]
    assert found.tip().height == 17173050
    with pytest.raises(DataNotFound, match="does not tell the hash"):
        found.block_ref(1)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        ("logs", lambda rows: rows[0].update(data="0x" + "00" * 32), "receipts root of block 17173049"),
        ("logs", lambda rows: rows[0].update(address="0x" + "11" * 20), "receipts root of block 17173049"),
        ("transactions", lambda rows: rows[5].update(receipt_status=0), "receipts root of block 17173049"),
        ("transactions", lambda rows: rows[5].update(receipt_cumulative_gas_used=1), "receipts root"),
        ("blocks", lambda rows: rows[0]["withdrawals"][3].update(amount=1), "withdrawals root"),
        ("blocks", lambda rows: rows[0]["withdrawals"].pop(), "withdrawals root"),
        ("transactions", lambda rows: rows.append(rows[0] | {"value": 7}), "of the same transactions row"),
        ("transactions", lambda rows: rows[0].update(block_hash="0x" + "12" * 32), "differ in block hash"),
    ],
)
def test_an_altered_row_is_found_by_the_roots(name: str, change: Callable[[Any], Any], says: str) -> None:
    with pytest.raises(SourceLied, match=says):
        source(changed(files(*WHOLE), name, change))


@pytest.mark.shared
def test_logs_that_are_missing_are_not_taken_for_all() -> None:
    notices: list[str] = []
    given = changed(files(*WHOLE), "logs", lambda rows: rows.__delitem__(slice(3, 5)))
    found = source(given, notices)
    assert any("logs of block 17173049 are missing" in line for line in notices)
    (first,) = found.account_transactions([json.loads(given[2][1].splitlines()[0])["transaction_hash"][2:]])
    assert any("logs" in gap for gap in first.missing)


@pytest.mark.shared
def test_csv_and_json_of_the_same_rows_say_the_same() -> None:
    as_json = source(files("expected_receipts.json", "expected_logs.json"))
    as_csv = source(files("expected_receipts.csv", "expected_logs.csv"))

    def said(found: EtlSource) -> list[Any]:
        return [(tx.txid, tx.block, tx.index, tx.movements, tx.missing) for tx in everything(found)]

    assert said(as_csv) == said(as_json)
    assert [(m.place, m.units) for tx in everything(as_csv) for m in tx.movements] == [
        ("log.0", 100_000),
        ("log.0", 200_000),
    ]


@pytest.mark.shared
def test_transactions_without_receipts_have_their_value_and_say_what_is_missing() -> None:
    found = source(files("expected_blocks.csv", "expected_transactions.csv"))
    rows = {tx.txid: tx for tx in everything(found)}
    tx = rows["ec7cc4df1ff542793053335700f18d59c3f870e1e4820a42d558c76db832bd14"]
    assert [(m.place, m.units, m.standing) for m in tx.movements] == [
        ("value", 7_400_000_000_000_000_000, Standing.REPORTED)
    ]
    assert {"fee", "status", "logs", "internal calls"} <= set(tx.missing)
    sender = ETHEREUM.account(canonical_address("0x64a018b23b4d7a077dffa6723462bc722861c5ad"))
    assert (tx.sender, tx.nonce, tx.index) == (sender, 93, 1)


# --- traces -----------------------------------------------------------------------------------------------------------


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("block_with_error__expected_traces.csv", [("value", 1_100_000_000_000_000_000)]),
        (
            "block_with_subtraces__expected_traces.csv",
            [("value", 100_000_000_000_000_000_000), ("value", 437_194_980_000_000_000)],
        ),
        ("expected_traces.csv", [("value", 64_655_529_900_000_002_048)]),
    ],
)
def test_traces_alone_give_value_and_calls(name: str, expected: list[tuple[str, int]]) -> None:
    moved = everything(source(files(name)))
    assert [(m.place, m.units) for tx in moved for m in tx.movements] == expected
    assert all("fee" in tx.missing for tx in moved)
    assert all(tx.nonce is None for tx in moved)


@pytest.mark.shared
def test_a_self_destruct_and_rewards_are_read() -> None:
    (ended,) = everything(source(files("block_with_suicide__expected_traces.csv")))
    assert [m.place for m in ended.movements] == ["call.0"]
    mined = [tx for tx in everything(source(files("blocks_508110_508110__expected_traces.json"))) if tx.sender is None]
    assert [m.units for m in mined[0].movements] == [5_156_250_000_000_000_000, 3_750_000_000_000_000_000]
    assert {m.kind for m in mined[0].movements} == {FlowKind.ISSUANCE}


@pytest.mark.shared
@pytest.mark.parametrize(
    "name",
    [
        "block_without_transactions__expected_traces.csv",
        "expected_contracts.json",
        "test_extract_geth_traces_job__block_with_subtraces__expected_traces.csv",
    ],
)
def test_files_without_a_transaction_are_refused_and_what_was_left_out_is_said(name: str) -> None:
    notices: list[str] = []
    with pytest.raises(DataNotFound, match="holds no transaction"):
        source(files(name), notices)
    assert bool(notices) is ("without_transactions" not in name)


# --- small tables -----------------------------------------------------------------------------------------------------

TXID = "0x" + "ab" * 32
BLOCK = "0x" + "cd" * 32
A, B, T = ("0x" + digit * 40 for digit in "123")
TX: dict[str, Any] = {
    "hash": TXID,
    "nonce": 1,
    "block_hash": BLOCK,
    "block_number": 9,
    "transaction_index": 0,
    "from_address": A,
    "to_address": B,
    "value": 2**255,
    "gas": 21000,
    "gas_price": 7,
    "input": "0x",
    "block_timestamp": 5,
}
TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"


def lines(*rows: dict[str, Any]) -> list[tuple[str, bytes]]:
    return [("rows.json", b"\n".join(json.dumps(row).encode() for row in rows))]


def log(place: int, txid: str = TXID, units: int = 1) -> dict[str, Any]:
    word = f"0x{units:064x}"
    parties = [f"0x{party[2:].rjust(64, '0')}" for party in (A, B)]
    return {
        "log_index": place,
        "transaction_hash": txid,
        "transaction_index": 0,
        "block_hash": BLOCK,
        "block_number": 9,
        "address": T,
        "data": word,
        "topics": [TRANSFER, *parties],
    }


def transfer(place: int, units: int) -> dict[str, Any]:
    return {
        "token_address": T,
        "from_address": A,
        "to_address": B,
        "value": units,
        "transaction_hash": TXID,
        "log_index": place,
        "block_number": 9,
    }


def test_any_size_passes_and_none_is_rounded() -> None:
    (tx,) = everything(source(lines(TX, log(0, units=2**256 - 1))))
    assert [(m.place, m.units) for m in tx.movements] == [("value", 2**255), ("log.0", 2**256 - 1)]
    assert "whether these are all its logs" in tx.missing


def test_a_log_whose_place_in_the_receipt_is_not_known_is_called_by_its_row() -> None:
    (tx,) = everything(source(lines(TX, log(4), log(6))))
    assert [m.place for m in tx.movements] == ["value", "row.1", "row.2"]
    assert "places of logs in the receipt" in tx.missing


WETH = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"
WITHDRAWAL = "0x7fcf532c15f0a6db0bd6d0e038bea71d30d808c7d98cb3bf7268a95bf5081b65"


def withdrawal(place: int) -> dict[str, Any]:
    return log(place) | {"address": WETH.lower(), "topics": [WITHDRAWAL, f"0x{A[2:].rjust(64, '0')}"]}


@pytest.mark.parametrize("rows", [[withdrawal(0)], [TX, withdrawal(0)]])
def test_an_unwrap_without_its_coin_is_named(rows: list[dict[str, Any]]) -> None:
    (tx,) = everything(source(lines(*rows)))
    assert [m.kind for m in tx.movements if m.place == "log.0"] == [FlowKind.BURN]
    assert "unjoined-conversion log.0" in tx.notices
    assert "internal calls" in tx.missing


@pytest.mark.parametrize("rows", [[withdrawal(4), log(6)], [TX, withdrawal(4), log(6)]])
def test_an_unwrap_that_is_called_by_its_row_is_named_so(rows: list[dict[str, Any]]) -> None:
    (tx,) = everything(source(lines(*rows)))
    assert [m.place for m in tx.movements if m.kind is FlowKind.BURN] == ["row.1"]
    assert [each for each in tx.notices if "unjoined" in each] == ["unjoined-conversion row.1"]


def test_tokens_of_a_wrapper_that_a_table_says_were_destroyed_are_named() -> None:
    (tx,) = everything(source(lines(transfer(3, 5) | {"token_address": WETH.lower(), "to_address": "0x" + "00" * 20})))
    assert [each for each in tx.notices if "unjoined" in each] == ["unjoined-conversion row.1"]


def test_a_table_without_signatures_says_that_no_hash_was_recomputed() -> None:
    (tx,) = everything(source(lines(TX)))
    assert "not-recomputed its signature is not told" in tx.notices
    assert {each.standing for each in tx.movements} == {Standing.REPORTED}


def test_a_transaction_that_the_chain_cannot_have_is_refused() -> None:
    for more, why in (
        ({"transaction_type": 0x7E}, "has no type 0x7e"),
        ({"v": 0, "r": 0, "s": 0}, "no signature"),
    ):
        with pytest.raises(SourceLied, match=why):
            source(lines(TX | more))


def test_what_was_written_is_told_where_the_table_has_the_data() -> None:
    text = {"input": f"0x{b'for the goods'.hex()}"}
    bare = TX | {"input": None}
    for row, memo in ((TX, ""), (TX | text, "for the goods"), (bare, None)):
        assert [tx.memo for tx in everything(source(lines(row)))] == [memo]


def test_token_transfers_alone_are_rows_in_the_order_of_their_logs() -> None:
    (tx,) = everything(source(lines(transfer(7, 2), transfer(3, 2**256 - 1))))
    assert [(m.place, m.units) for m in tx.movements] == [("row.1", 2**256 - 1), ("row.2", 2)]
    assert tx.order is Order.EXACT
    assert (tx.sender, tx.nonce) == (None, None)
    assert {"sender", "fee", "value", "internal calls", "status"} <= set(tx.missing)
    assert any("token-standard-assumed" in notice for notice in tx.notices)


def test_calls_without_a_txid_are_given_to_the_transaction_at_their_place() -> None:
    call: dict[str, Any] = {
        "block_number": 9,
        "transaction_hash": None,
        "transaction_index": 0,
        "from_address": A,
        "to_address": B,
        "value": 2**255,
        "trace_type": "call",
        "call_type": "call",
        "subtraces": 1,
        "trace_address": [],
    }
    inside = call | {"from_address": B, "to_address": T, "value": 3, "subtraces": 0, "trace_address": [0]}
    (tx,) = everything(source(lines(TX, call, inside)))
    assert [(m.place, m.units) for m in tx.movements] == [("value", 2**255), ("call.0", 3)]
    assert "internal calls" not in tx.missing


@pytest.mark.parametrize(
    ("row", "field"),
    [
        (TX | {"value": "1.5e18"}, "value"),
        (TX | {"value": 1.5}, "value"),
        (TX | {"value": -1}, "value"),
        (TX | {"value": 2**256}, "value"),
        (TX | {"hash": "0x12"}, "hash"),
        (TX | {"from_address": "nobody"}, "from_address"),
        (TX | {"block_number": None}, "block_number"),
        (TX | {"input": "0x1"}, "input"),
        (log(0) | {"topics": ["0x12"]}, "topics"),
        (log(0) | {"topics": {"a": 1}}, "topics"),
        (log(0) | {"data": 5}, "data"),
        ({"a": 1}, "line"),
    ],
)
def test_a_cell_that_cannot_be_read_is_refused_by_file_line_and_column(row: dict[str, Any], field: str) -> None:
    with pytest.raises(MalformedBytes, match=r"rows\.json, line 1") as refused:
        source(lines(row))
    assert refused.value.field == field


@pytest.mark.parametrize("raw", [b"\xff", b"{", b'{"a":1}\n[1]', b"a,a\n1,2\n", b"hash,nonce\n1\n", b'a\n"x'])
def test_a_file_that_is_no_table_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedBytes, match=r"rows\.csv"):
        source([("rows.csv", raw)])


def test_traces_with_rows_missing_are_refused() -> None:
    row = {"block_number": 9, "transaction_hash": TXID, "from_address": A, "to_address": B, "value": 1}
    row |= {"trace_type": "call", "call_type": "call", "subtraces": 2, "trace_address": []}
    with pytest.raises(MalformedBytes, match=r"rows\.json, line 1 and others .*rows are missing"):
        source(lines(row))


def test_a_folder_of_tables_is_one_source_and_a_recording_gives_it_back(tmp_path: Path) -> None:
    folder = tmp_path / "tables"
    folder.mkdir()
    (folder / "transactions.json").write_bytes(lines(TX)[0][1])
    (folder / "logs.jsonl").write_bytes(lines(log(0))[0][1])
    (folder / "notes.txt").write_text("not a table")
    archive = Archive(tmp_path / "evidence")
    live: Any = open_source(f"etl:{folder}", ETHEREUM, ArchiveRecorder(archive), Policy(own_nodes_only=True))
    assert live.name == "etl:tables"
    again: Any = REPLAYS["etl"](archive, ETHEREUM, live.name)
    assert everything(again) == everything(live)
    account = ETHEREUM.account(canonical_address(A))
    history = live.pot_history(account, ETHEREUM.token("erc20", canonical_address(T)), 0, 10, 10)
    assert (history.txids, history.problem) == (
        (TXID[2:],),
        "an export tells what it holds, and not whether that is all",
    )
    assert live.pot_history(account, ETHEREUM.asset, 10, 20, 10).txids == ()
    assert live.pot_history(account, ETHEREUM.asset, 0, 20, 0).is_crowded
    with pytest.raises(DataNotFound, match="has no row of transaction"):
        live.account_transactions(["ef" * 32])
    with pytest.raises(ConfigurationError, match="there is no such file"):
        open_source(f"etl:{tmp_path / 'nowhere'}", ETHEREUM, MemoryRecorder(), Policy())


def test_bad_bytes_raise_only_errors_of_the_library() -> None:
    good = lines(TX, log(0))[0][1]
    for at in range(0, len(good), 7):
        for byte in (b"\x00", b'"', b"9", b"}", b"\n"):
            try:
                everything(source([("rows.json", good[:at] + byte + good[at + 1 :])]))
            except CryptotraceError:
                continue
