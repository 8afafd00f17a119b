"""Tables of reported edges: what becomes of a row, and what is refused by name."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cryptotrace.errors import MalformedBytes
from cryptotrace.evidence.recorder import MemoryRecorder
from cryptotrace.model.identity import Chain
from cryptotrace.model.verdict import Standing
from cryptotrace.sources.edges import read_addresses, read_edges

ETHEREUM = Chain("eip155:1")
HEAD = "Timestamp,Block,Tx_hash,From,From_label,To,To_label,Value_in_USD\n"
TXID = "c870a6237488b8335570170af36db965c883c786dbcbe82ec7b2faffdded8a51"
GOOD = {
    "timestamp": "2024-07-16 12:04:47",
    "block": "20318954",
    "tx_hash": f"0x{TXID}",
    "from": "0x8b3cb6bf982798fba233bca56749e22eec42dcf3",
    "from_label": '"=cmd|, a label"',
    "to": "0x0606a235a4e4f230d1e8968083d1b61b335ff878",
    "to_label": "",
    "value": "335.65300000000002",
}


def table(**changes: str) -> bytes:
    return (HEAD + ",".join({**GOOD, **changes}.values()) + "\n").encode()


def test_a_row_becomes_a_reported_edge_with_an_estimate_and_no_asset() -> None:
    recorder = MemoryRecorder()
    (edge,) = read_edges(table(), ETHEREUM, "case.csv", recorder)

    assert (edge.txid, edge.height, edge.time, edge.row) == (TXID, 20318954, 1721131487, 1)
    assert edge.payer == "eip155:1:0x8B3Cb6Bf982798fba233Bca56749e22EEc42DcF3"
    assert edge.payee == "eip155:1:0x0606A235a4e4F230D1e8968083D1B61B335Ff878"
    assert edge.payer_label == "=cmd|, a label"
    assert edge.standing is Standing.REPORTED
    assert edge.estimate is not None
    assert edge.estimate.value == Decimal("335.65300000000002")
    assert (edge.estimate.currency, edge.estimate.by) == ("USD", "case.csv")
    assert not {"asset", "units", "amount"} & set(edge.__slots__)
    assert recorder.read(edge.evidence) == table()


def test_an_empty_value_is_no_estimate_and_not_zero() -> None:
    (edge,) = read_edges(table(value=""), ETHEREUM, "case.csv", MemoryRecorder())
    assert edge.estimate is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"timestamp": "16.07.2024"}, "timestamp"),
        ({"block": "-1"}, "block"),
        ({"block": "٣"}, "block"),
        ({"tx_hash": "0xabc"}, "tx_hash"),
        ({"from": "0x8b3cb6bf982798fba233bca56749e22eec42dcf"}, "from"),
        ({"to": "0x0606A235a4e4f230d1e8968083d1b61b335ff878"}, "to"),
        ({"value": "NaN"}, "value_in_usd"),
        ({"value": "-5"}, "value_in_usd"),
        ({"value": "1e999999"}, "value_in_usd"),
        ({"value": "1,5"}, "line"),
    ],
)
def test_a_row_that_cannot_be_read_is_refused_by_line_and_column(changes: dict[str, str], field: str) -> None:
    with pytest.raises(MalformedBytes, match=r"case\.csv, line 2: ") as refused:
        read_edges(table(**changes), ETHEREUM, "case.csv", MemoryRecorder())
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (b"", "timestamp"),
        (b"Timestamp,Block,Tx_hash,From,To\n", "value_in_usd"),
        (HEAD.replace("To_label", "To").encode(), "line"),
        (b"\xff\xfe", "text"),
        (HEAD.encode() + b'"open', "line"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused(raw: bytes, field: str) -> None:
    with pytest.raises(MalformedBytes, match=r"case\.csv") as refused:
        read_edges(raw, ETHEREUM, "case.csv", MemoryRecorder())
    assert refused.value.field == field


def test_a_list_of_addresses_gives_each_account_once() -> None:
    raw = b"0x8b3cb6bf982798fba233bca56749e22eec42dcf3\n\n0x8B3CB6BF982798FBA233BCA56749E22EEC42DCF3\r\n"
    (found,) = read_addresses(raw, ETHEREUM, "sources", MemoryRecorder())
    assert found.address == "0x8B3Cb6Bf982798fba233Bca56749e22EEc42DcF3"
    with pytest.raises(MalformedBytes, match="sources, line 2"):
        read_addresses(raw.splitlines()[0] + b"\nnobody\n", ETHEREUM, "sources", MemoryRecorder())
