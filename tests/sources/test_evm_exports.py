"""Exports of Etherscan and of Arkham: amounts, places, what is missing, and what is refused by file and line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.shared_data import read_data

from cryptotrace.chains.evm.address import canonical_address
from cryptotrace.chains.networks import network
from cryptotrace.errors import ConfigurationError, CryptotraceError, DataNotFound, MalformedBytes, SourceLied
from cryptotrace.evidence.archive import Archive
from cryptotrace.evidence.recorder import ArchiveRecorder, MemoryRecorder
from cryptotrace.model.flow import FlowKind
from cryptotrace.model.movement import AccountTransaction, Order
from cryptotrace.sources import Policy, open_source
from cryptotrace.sources.evm.exports import ExportSource, stated_decimals
from cryptotrace.sources.evm.replay import REPLAYS

ETHEREUM: Any = network("ethereum")
BNB: Any = network("bnb")
_FIXTURES = "import-formats/Blockchain_Investigation_Hub__"
TXID = "0x" + "ab" * 32
OTHER = "0x" + "cd" * 32
A, B, C = (canonical_address("0x" + digit * 40) for digit in "123")
TOKEN = "0x" + "77" * 20
USDT = "0xdAC17F958D2ee523a2206206994597C13D831ec7"
NORMAL = [
    "Txhash",
    "Blockno",
    "UnixTimestamp",
    "DateTime (UTC)",
    "From",
    "To",
    "ContractAddress",
    "Value_IN(ETH)",
    "Value_OUT(ETH)",
    "CurrentValue @ $2,500.12/Eth",
    "TxnFee(ETH)",
    "TxnFee(USD)",
    "Historical $Price/Eth",
    "Status",
    "ErrCode",
    "Method",
]
INTERNAL = [
    "Transaction Hash",
    "Blockno",
    "UnixTimestamp",
    "DateTime",
    "ParentTxFrom",
    "ParentTxTo",
    "ParentTxETH_Value",
    "From",
    "TxTo",
    "ContractAddress",
    "Value_IN(ETH)",
    "Value_OUT(ETH)",
    "CurrentValue @ $1/Eth",
    "Historical $Price/Eth",
    "Status",
    "ErrCode",
    "Type",
]
TOKENS = [
    "Transaction Hash",
    "Blockno",
    "UnixTimestamp",
    "DateTime (UTC)",
    "From",
    "To",
    "TokenValue",
    "USDValueDayOfTx",
    "ContractAddress",
    "TokenName",
    "TokenSymbol",
]


def table(heads: list[str], *rows: list[str]) -> bytes:
    return "\n".join(",".join(f'"{cell}"' for cell in row) for row in [heads, *rows]).encode()


def normal(
    out: str = "1.5", *, txid: str = TXID, into: str = "0", fee: str = "0.00021", to: str = B, **more: str
) -> list[str]:
    cells = [txid, "100", "1700000000", "2023-11-14 22:13:20", A, to, more.get("created", ""), into, out]
    return [*cells, "3,750.18", fee, "0.5", "2,000.00", more.get("status", ""), "", "Transfer"]


def internal(value: str, *, payer: str = B, payee: str = C, status: str = "0", parent: str = "1.5") -> list[str]:
    cells = [TXID, "100", "1700000000", "2023-11-14 22:13:20", A, B, parent, payer, payee, ""]
    return [*cells, value, "0", "9", "9", status, "", "call"]


def token(value: str, *, payer: str = A, payee: str = B, contract: str = USDT) -> list[str]:
    return [TXID, "100", "1700000000", "2023-11-14 22:13:20", payer, payee, value, "$1,234.50", contract, "x", "USDT"]


def source(*files: bytes, network: Any = ETHEREUM, **more: Any) -> ExportSource:
    named = [(f"export-{number}.csv", raw) for number, raw in enumerate(files)]
    return ExportSource(network, named, MemoryRecorder(), "csv:exports", **more)


def one(*files: bytes, **more: Any) -> AccountTransaction:
    (found,) = source(*files, **more).account_transactions([TXID[2:]])
    return found


def places(tx: AccountTransaction) -> list[tuple[str, int]]:
    return [(m.place, m.units) for m in tx.movements]


# --- Etherscan --------------------------------------------------------------------------------------------------------


@pytest.mark.shared
def test_the_recorded_export_of_transactions_is_read_to_the_wei() -> None:
    raw = read_data(f"{_FIXTURES}etherscan_export.csv")
    found = source(raw)
    moved = list(found.account_transactions(found.txids()))
    assert [places(tx) for tx in moved] == [
        [("fee", 2_100_000_000_000_000), ("value", 500_000_000_000_000_000)],
        [("value", 1_250_000_000_000_000_000)],
        [("fee", 3_000_000_000_000_000)],
        [("fee", 1_500_000_000_000_000)],
        [("fee", 2_000_000_000_000_000), ("value", 99_000_000_000_000_000)],
    ]
    assert [tx.succeeded for tx in moved] == [True, True, False, True, True]
    assert [tx.block.height for tx in moved if tx.block] == [18_000_000 + 50 * n for n in range(5)]
    assert moved[0].sender == ETHEREUM.account("0x52908400098527886E0F7030069857D2E4169EE7")
    assert "fee" in moved[1].missing
    assert {"place in the block", "internal calls", "token transfers", "block hash"} <= set(moved[0].missing)
    assert (found.tip().height, found.tip().hash) == (18_000_200, "")


def test_old_and_new_heads_and_grouped_digits_are_read() -> None:
    renamed = ["Transaction Hash" if head == "Txhash" else head for head in NORMAL]
    for heads in (NORMAL, renamed):
        tx = one(table(heads, normal("1,234,567.000000000000000001")))
        assert places(tx)[1] == ("value", 1_234_567 * 10**18 + 1)


def test_value_calls_and_tokens_of_one_transaction_come_together() -> None:
    tx = one(
        table(NORMAL, normal()),
        table(INTERNAL, internal("0.5"), internal("0.25", payee=A)),
        table(TOKENS, token("1,000,000.000001")),
    )
    assert places(tx) == [
        ("fee", 210_000_000_000_000),
        ("value", 1_500_000_000_000_000_000),
        ("row.1", 500_000_000_000_000_000),
        ("row.2", 250_000_000_000_000_000),
        ("row.3", 1_000_000_000_001),
    ]
    assert [m.part for m in tx.movements] == list(range(5))
    assert tx.order is Order.ASSUMED
    assert "internal calls of other accounts" in tx.missing
    assert any("listed-decimals" in notice for notice in tx.notices)


def test_one_row_of_an_asset_has_no_order_to_assume() -> None:
    assert one(table(NORMAL, normal()), table(INTERNAL, internal("0.5"))).order is Order.EXACT


def test_an_internal_export_tells_the_transaction_around_it() -> None:
    tx = one(table(INTERNAL, internal("0.5")))
    assert places(tx) == [("value", 1_500_000_000_000_000_000), ("row.1", 500_000_000_000_000_000)]
    assert (tx.sender, tx.movements[0].payee) == (ETHEREUM.account(A), ETHEREUM.account(B))
    assert "fee" in tx.missing
    assert places(one(table(INTERNAL, internal("0.5", status="1", parent="0")))) == []


def test_a_row_that_stands_in_the_exports_of_both_parties_counts_once() -> None:
    mine = table(TOKENS, token("5"), token("5"), token("7"))
    theirs = table(TOKENS, token("5"), token("5"), token("9", payer=B, payee=C))
    tx = one(mine, theirs, table(NORMAL, normal()), table(NORMAL, normal()))
    assert [units for place, units in places(tx) if place.startswith("row.")] == [
        5_000_000,
        5_000_000,
        7_000_000,
        9_000_000,
    ]
    assert [place for place, _ in places(tx)][:2] == ["fee", "value"]


def test_a_failed_transaction_has_its_fee_only_whatever_else_is_listed() -> None:
    tx = one(table(NORMAL, normal(status="Error(0)")), table(TOKENS, token("5")))
    assert places(tx) == [("fee", 210_000_000_000_000)]
    assert not tx.succeeded


def test_a_created_contract_is_paid_and_a_token_from_nobody_is_issued() -> None:
    created = one(table(NORMAL, normal(to="", created=C)))
    assert created.movements[1].payee == ETHEREUM.account(C)
    zero = "0x" + "00" * 20
    issued = one(table(TOKENS, token("1", payer=zero), token("2", payee=zero)))
    assert [m.kind for m in issued.movements] == [FlowKind.ISSUANCE, FlowKind.BURN]
    assert not any("unjoined" in each for each in issued.notices)


def test_tokens_of_a_wrapper_that_go_to_nobody_are_not_said_to_be_destroyed() -> None:
    weth = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"
    tx = one(table(TOKENS, token("2", payee="0x" + "00" * 20, contract=weth)), decimals={weth: 18})
    assert tx.notices[-1:] == ("unjoined-conversion row.1",)


def test_decimals_are_told_or_the_movement_is_named_and_never_guessed() -> None:
    raw = table(TOKENS, token("1.5", contract=TOKEN), token("2"))
    tx = one(raw)
    assert [m.units for m in tx.movements] == [2_000_000]
    gap = next(gap for gap in tx.missing if "decimals" in gap)
    assert "1.5 'USDT'" in gap
    assert f"decimals={canonical_address(TOKEN)}:N" in gap
    assert "export-0.csv, line 2" in gap

    told = one(raw, decimals=stated_decimals(f"{TOKEN}:2", "csv:x"))
    assert [m.units for m in told.movements] == [150, 2_000_000]
    with pytest.raises(MalformedBytes, match="cannot be an amount with 0 digits"):
        one(raw, decimals={canonical_address(TOKEN): 0})
    for text in (f"{TOKEN}:x", f"{TOKEN}:78", "nobody:6", TOKEN):
        with pytest.raises(ConfigurationError, match="decimals"):
            stated_decimals(text, "csv:x")


def test_the_largest_amount_passes_and_one_more_does_not() -> None:
    most = 2**256 - 1
    stated = {canonical_address(TOKEN): 0}
    assert places(one(table(TOKENS, token(str(most), contract=TOKEN)), decimals=stated)) == [("row.1", most)]
    with pytest.raises(MalformedBytes, match="cannot be an amount"):
        one(table(TOKENS, token(str(most + 1), contract=TOKEN)), decimals=stated)


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (table(NORMAL, normal("1,23.5")), "Value_OUT"),
        (table(NORMAL, normal("-1")), "Value_OUT"),
        (table(NORMAL, normal("1e3")), "Value_OUT"),
        (table(NORMAL, normal("٣")), "Value_OUT"),
        (table(NORMAL, normal("1", into="2")), "Value_OUT"),
        (table(NORMAL, normal("0.0000000000000000001")), "value"),
        (table(NORMAL, normal(status="maybe")), "Status"),
        (table(NORMAL, normal(txid="0x12")), "Transaction Hash"),
        (table(NORMAL, normal(to="0x" + "1" * 39)), "To"),
        (table(NORMAL, normal(to="")), "ContractAddress"),
        (table(NORMAL, normal()[:-1]), "line"),
        (table([*NORMAL[:-1], "From"], normal()), "line"),
        (table([head.replace("(ETH)", "(BNB)") for head in NORMAL], normal()), "Value_IN(BNB)"),
        (table([head for head in TOKENS if head != "Blockno"]), "Blockno"),
        (table(["a", "b"]), "line"),
        (b"", "line"),
        (b"\xff", "text"),
    ],
)
def test_what_cannot_be_read_is_refused_by_file_line_and_column(raw: bytes, field: str) -> None:
    with pytest.raises(MalformedBytes, match=r"export-0\.csv") as refused:
        source(raw)
    assert refused.value.field == field


def test_rows_that_contradict_each_other_are_a_lie() -> None:
    other = normal()
    other[1] = "101"
    with pytest.raises(SourceLied, match="is in block 101 here and in 100"):
        source(table(NORMAL, normal()), table(NORMAL, other))
    with pytest.raises(SourceLied, match="differ from another row"):
        source(table(NORMAL, normal("1")), table(NORMAL, normal("2")))
    late = normal(txid=OTHER)
    late[2] = "1700000001"
    with pytest.raises(SourceLied, match="the time of block 100"):
        source(table(NORMAL, normal(), late))


# --- Arkham -----------------------------------------------------------------------------------------------------------


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "chain", "transactions", "movements", "rounded", "others"),
    [
        ("arkham_txns", "ethereum", 1, 1, 0, ""),
        ("arkham_multichain_tron", "ethereum", 4, 4, 0, "12 rows are of other chains"),
        ("arkham_multichain_tron", "bnb", 2, 2, 2, "14 rows are of other chains"),
        ("arkham_multichain_tron", "base", 1, 1, 0, "15 rows are of other chains"),
        ("arkham_bsc_native_multitx", "bnb", 13, 16, 11, ""),
    ],
)
def test_recorded_exports_of_arkham(
    name: str, chain: str, transactions: int, movements: int, rounded: int, others: str
) -> None:
    notices: list[str] = []
    found = source(read_data(f"{_FIXTURES}{name}.csv"), network=network(chain), notice=notices.append)
    moved = list(found.account_transactions(found.txids()))
    assert (len(moved), sum(len(tx.movements) for tx in moved)) == (transactions, movements)
    assert sum("rounded-amount" in notice for tx in moved for notice in tx.notices) >= rounded
    assert all(tx.block is not None and len(tx.block.hash) == 64 for tx in moved)
    assert others in "".join(notices)
    assert all({"fee", "sender"} <= set(tx.missing) for tx in moved)
    if rounded == 0:
        assert not any(tx.notices for tx in moved)


@pytest.mark.shared
def test_an_export_of_other_chains_only_is_not_found() -> None:
    with pytest.raises(DataNotFound, match="holds no transaction"):
        source(read_data(f"{_FIXTURES}arkham_satoshi.csv"))


ARKHAM = (
    "transactionHash,fromAddress,toAddress,tokenAddress,blockTimestamp,blockNumber,blockHash,tokenSymbol,tokenDecimals,"
    "unitValue,historicalUSD,chain\n"
)


def arkham(**changes: str) -> bytes:
    cells = {
        "txid": TXID,
        "payer": A,
        "payee": B,
        "token": USDT,
        "time": "2026-06-28T16:03:21Z",
        "height": "100",
        "hash": "0x" + "12" * 32,
        "symbol": "USDT",
        "decimals": "6",
        "value": "14.42",
        "usd": "14.42",
        "chain": "ethereum",
    }
    return (ARKHAM + ",".join({**cells, **changes}.values()) + "\n").encode()


def test_a_printed_double_is_said_to_be_one() -> None:
    exact, rounded = one(arkham()), one(arkham(token="", decimals="18", symbol="ETH", value="0.06531824972817167"))
    assert (places(exact), exact.notices) == ([("row.1", 14_420_000)], ())
    assert places(rounded) == [("row.1", 65_318_249_728_171_670)]
    assert "may have been rounded" in rounded.notices[0]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"decimals": "78"}, "tokenDecimals"),
        ({"decimals": "6.5"}, "tokenDecimals"),
        ({"token": "", "decimals": "8"}, "tokenDecimals"),
        ({"value": "1.0000001"}, "value"),
        ({"value": "NaN"}, "unitValue"),
        ({"time": "yesterday"}, "blockTimestamp"),
        ({"hash": "0x12"}, "blockHash"),
        ({"payer": "0x12"}, "fromAddress"),
        ({"height": "1.5"}, "blockNumber"),
    ],
)
def test_a_cell_of_arkham_that_cannot_be_read_is_refused(changes: dict[str, str], field: str) -> None:
    with pytest.raises(MalformedBytes, match=r"export-0\.csv, line 2") as refused:
        source(arkham(**changes))
    assert refused.value.field == field


def test_a_party_that_is_not_told_is_named() -> None:
    tx = one(arkham(payer=""))
    assert tx.movements == ()
    assert any("who paid or was paid 14.42" in gap for gap in tx.missing)


def test_arkham_and_an_explorer_about_one_transaction_are_two_sources() -> None:
    with pytest.raises(ConfigurationError, match="read them as two sources"):
        source(arkham(time="2023-11-14T22:13:20Z"), table(NORMAL, normal()))
    with pytest.raises(SourceLied, match="6 decimals in the table, and 9 are stated"):
        one(arkham(), decimals={USDT: 9})


# --- opened, recorded, hostile ----------------------------------------------------------------------------------------


def test_a_folder_is_one_source_and_a_recording_gives_it_back(tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "normal.csv").write_bytes(table(NORMAL, normal()))
    (folder / "tokens.csv").write_bytes(table(TOKENS, token("1.5", contract=TOKEN)))
    archive = Archive(tmp_path / "evidence")
    spec = f"csv:{folder}?decimals={TOKEN}:2"
    live: Any = open_source(spec, ETHEREUM, ArchiveRecorder(archive), Policy(own_nodes_only=True))
    again: Any = REPLAYS["csv"](archive, ETHEREUM, "csv:exports")
    assert list(again.account_transactions(again.txids())) == list(live.account_transactions(live.txids()))
    assert [units for _, units in places(next(live.account_transactions([TXID[2:]])))][-1] == 150
    single: Any = open_source(f"csv:{folder / 'normal.csv'}", ETHEREUM, MemoryRecorder(), Policy())
    assert single.txids() == (TXID[2:],)
    with pytest.raises(ConfigurationError, match="there is no such file"):
        open_source(f"csv:{tmp_path / 'nowhere'}", ETHEREUM, MemoryRecorder(), Policy())


@given(st.binary(max_size=300), st.integers(0, 2000))
def test_bad_bytes_raise_only_errors_of_the_library(noise: bytes, at: int) -> None:
    good = table(NORMAL, normal())
    for raw in (noise, good[:at] + noise + good[at:], table(TOKENS) + b"\n" + noise):
        try:
            source(raw)
        except CryptotraceError:
            continue
