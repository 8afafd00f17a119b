"""Exported tables on TRON: exact amounts, UTC, and nothing guessed."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.nodes.tronworld import tron_world
from tests.shared_data import read_data

from cryptotrace.chains.networks import account, network
from cryptotrace.chains.tron.network import TronNetwork
from cryptotrace.errors import ConfigurationError, DataNotFound, MalformedBytes, SourceLied
from cryptotrace.evidence.archive import Archive
from cryptotrace.evidence.recorder import ArchiveRecorder, MemoryRecorder
from cryptotrace.model.accountsource import AccountTransactions, PotBalances, PotHistories
from cryptotrace.model.identity import Account, Asset
from cryptotrace.model.movement import Order
from cryptotrace.model.verdict import Standing
from cryptotrace.sources import Policy, open_source
from cryptotrace.sources.tron.exportrows import ExportTable
from cryptotrace.sources.tron.exports import ExportSource, stated_decimals

WORLD = tron_world("tron")
A, B, C = (WORLD.addresses[name] for name in ("mule_a", "mule_b", "deposit"))
USDT, FAKE = WORLD.addresses["usdt"], WORLD.addresses["fake"]
T1, T2, T3 = "11" * 32, "22" * 32, "33" * 32
TRANSFERS = "Tx Hash,blockHeight,blockTime(UTC+8),blockTime(UTC),from,to,value,symbol,tokenAddress,isConfirm"
TRANSACTIONS = "Tx Hash,blockHeight,blockTime(UTC+8),blockTime(UTC),from,to,value,symbol,contractType,status"
WHEN = "2026/03/01 20:00:00,2026/03/01 12:00:00"
NOON = 1_772_366_400
ROW = f"{T1},100,{WHEN},{A},{B},30000.5,USDT,{USDT},true"


def _source(text: str, decimals: str = "", notices: list[str] | None = None, chain: str = "tron") -> ExportSource:
    where = network(chain)
    assert isinstance(where, TronNetwork)
    say = (notices if notices is not None else []).append
    stated = stated_decimals(decimals, where, "csv:x.csv")
    return ExportSource(where, "x.csv", text.encode(), MemoryRecorder(), "csv:x.csv", decimals=stated, notice=say)


def _of(address: str) -> Account:
    return account(address, "tron")


def test_it_gives_transactions_and_histories_and_no_balances() -> None:
    source = _source(f"{TRANSFERS}\n{ROW}\n")
    for ability in (AccountTransactions, PotHistories):
        assert isinstance(source, ability)
    assert not isinstance(source, PotBalances)


def test_a_transfer_is_reported_with_what_is_missing() -> None:
    source = _source(f"{TRANSFERS}\n{ROW}\n")
    (found,) = source.account_transactions([T1])
    (moved,) = found.movements
    assert (moved.place, moved.units, moved.payer, moved.payee) == ("row.1", 30_000_500_000, _of(A), _of(B))
    assert (moved.asset, moved.standing) == (WORLD.asset("usdt"), Standing.REPORTED)
    assert found.block is not None
    assert (found.block.height, found.block.time, found.block.hash, found.index) == (100, NOON, "", -1)
    assert found.missing == ("fee", "internal transactions", "place in the block", "block hash")
    assert found.notices == (f"listed-decimals {USDT}: 6, as a list says",)
    assert (found.order, found.sender, found.succeeded) == (Order.EXACT, None, True)
    assert (source.tip().height, source.tip().hash) == (100, "")


def test_rows_of_one_transaction_have_an_assumed_order() -> None:
    rows = [f"{T1},100,{WHEN},{A},{B},1,USDT,{USDT},true", f"{T1},100,{WHEN},{B},{C},2,USDT,{USDT},true"]
    source = _source("\n".join([TRANSFERS, *rows]))
    (found,) = source.account_transactions([T1])
    assert ([each.place for each in found.movements], found.order) == (["row.1", "row.2"], Order.ASSUMED)


def test_an_amount_without_decimals_is_left_out_and_named() -> None:
    row = f"{T1},100,{WHEN},{A},{B},12.5,USDT,{FAKE},true"
    (found,) = _source(f"{TRANSFERS}\n{row}").account_transactions([T1])
    assert found.movements == ()
    assert f"add decimals={FAKE}:N" in found.missing[-1]
    (found,) = _source(f"{TRANSFERS}\n{row}", decimals=f"{FAKE}:18").account_transactions([T1])
    assert [each.units for each in found.movements] == [12_500_000_000_000_000_000]


def test_trx_and_what_is_neither() -> None:
    rows = [
        f"{T1},100,{WHEN},{A},{B},1.5,TRX,,true",
        f"{T2},101,{WHEN.replace(':00:00', ':00:03')},{A},{B},7,BL,_,true",
    ]
    source = _source("\n".join([TRANSFERS, *rows]))
    (trx, token) = source.account_transactions([T1, T2])
    assert [(each.asset, each.units) for each in trx.movements] == [(WORLD.asset("trx"), 1_500_000)]
    assert token.movements == ()
    assert "of which asset 7 BL in row 1 is" in token.missing


def test_transactions_of_tronscan() -> None:
    rows = [
        f"{T1},100,{WHEN},{A},{B},2.000001,TRX,TransferContract,SUCCESS",
        f"{T2},100,{WHEN},{A},{USDT},0,TRX,TriggerSmartContract,REVERT",
        f"{T3},100,{WHEN},{A},-,500,TRX,FreezeBalanceV2Contract,SUCCESS",
    ]
    source = _source("\n".join([TRANSACTIONS, *rows]))
    paid, failed, staked = source.account_transactions([T1, T2, T3])
    assert [(each.units, each.payee) for each in paid.movements] == [(2_000_001, _of(B))]
    assert paid.sender == _of(A)
    assert (failed.succeeded, failed.movements) == (False, ())
    assert failed.notices == ("contract-type TriggerSmartContract",)
    assert staked.movements == ()
    assert "who was paid 500 TRX in row 1" in staked.missing


def test_histories_are_of_what_the_file_holds() -> None:
    later = ROW.replace(T1, T2).replace(",100,", ",105,").replace("00:00,", "00:03,").replace("12:00:00", "12:00:03")
    source = _source(f"{TRANSFERS}\n{later}\n{ROW}")
    history = source.pot_history(_of(A), WORLD.asset("usdt"), 0, 200, 10)
    assert history.txids == (T1, T2)
    assert "not whether that is all" in history.problem
    assert source.pot_history(_of(A), WORLD.asset("usdt"), 101, 200, 10).txids == (T2,)
    assert source.pot_history(_of(A), WORLD.asset("usdt"), 0, 200, 1).is_crowded
    assert source.pot_history(_of(C), WORLD.asset("usdt"), 0, 200, 10).txids == ()
    assert source.pot_history(_of(A), WORLD.asset("trx"), 0, 200, 10).txids == ()
    assert source.pot_history(_of(A), Asset(f"{WORLD.network.chain}/trc10:1000001"), 0, 200, 10).txids == ()
    with pytest.raises(DataNotFound, match="has no row of transaction"):
        source.account_transactions([T3])


def test_what_is_not_confirmed_is_in_no_block() -> None:
    (found,) = _source(f"{TRANSFERS}\n{ROW.replace('true', 'false')}").account_transactions([T1])
    assert found.block is None


def test_the_largest_amount_passes_and_a_larger_one_does_not() -> None:
    largest = str(2**256 - 1)
    row = f"{T1},100,{WHEN},{A},{B},{largest},X,{FAKE},true"
    (found,) = _source(f"{TRANSFERS}\n{row}", decimals=f"{FAKE}:0").account_transactions([T1])
    assert [each.units for each in found.movements] == [2**256 - 1]
    assert found.notices == (f"rounded-amount row.1: {largest} may have been rounded by the exporter",)
    with pytest.raises(MalformedBytes, match="cannot be an amount"):
        _source(f"{TRANSFERS}\n{row}", decimals=f"{FAKE}:1").account_transactions([T1])


def test_one_zone_is_enough_if_it_is_named() -> None:
    header = TRANSFERS.replace("blockTime(UTC+8),blockTime(UTC)", "blockTime(UTC-3)")
    row = ROW.replace(WHEN, "2026-03-01 09:00:00")
    (found,) = _source(f"{header}\n{row}").account_transactions([T1])
    assert found.block is not None
    assert found.block.time == NOON


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (TRANSFERS.replace("blockTime(UTC+8),blockTime(UTC)", "blockTime") + f"\n{ROW}", "unknown columns: blockTime"),
        (TRANSFERS.replace("blockTime(UTC+8),blockTime(UTC),", "") + f"\n{ROW}", "have no zone"),
        (f"{TRANSFERS},riskLabel\n{ROW},none", "unknown columns: riskLabel"),
        (f"{TRANSFERS},from\n{ROW},{A}", "a column stands twice"),
        (f"hash,amount\n{T1},5", "not the header of a known export"),
        ("", "not the header of a known export"),
        (f"{TRANSFERS}\n{ROW},more", "11 cells under 10 columns"),
        (f"{TRANSFERS}\n{ROW.replace('30000.5', chr(34) + '30,000.5' + chr(34))}", "whether a comma parts thousands"),
        (f"{TRANSFERS}\n{ROW.replace('30000.5', chr(34) + '30000,5' + chr(34))}", "whether a comma parts thousands"),
        (f"{TRANSFERS}\n{ROW.replace('30000.5', '-1')}", "is no number"),
        (f"{TRANSFERS}\n{ROW.replace('30000.5', 'NaN')}", "is no number"),
        (f"{TRANSFERS}\n{ROW.replace('20:00:00', '21:00:00')}", "not the same instant"),
        (f"{TRANSFERS}\n{ROW.replace('2026/03/01 20', '01/03/2026 20')}", "is no time such as"),
        (f"{TRANSFERS}\n{ROW.replace(A, A[:-1] + 'x')}", "line 2"),
        (f"{TRANSFERS}\n{ROW.replace(',100,', ',1e2,')}", "expected a whole number"),
        (f"{TRANSFERS}\n{ROW.replace(T1, 'XYZ')}", "is no txid"),
        (f"{TRANSFERS}\n{ROW.replace('true', 'maybe')}", "neither true nor false"),
        (f"{TRANSACTIONS}\n{T1},100,{WHEN},{A},{B},1,TRX,TransferContract,PENDING?", "status 'PENDING\\?'"),
        (f'{TRANSFERS}\n"{ROW}', "line"),
    ],
)
def test_what_is_not_known_is_refused_with_its_line(text: str, said: str) -> None:
    with pytest.raises(MalformedBytes, match=said):
        _source(text)


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(MalformedBytes, match="not UTF-8"):
        ExportSource(WORLD.network, "x.csv", b"\xff\xfe", MemoryRecorder(), "csv:x.csv")


def test_digits_below_one_base_unit_are_refused() -> None:
    source = _source(f"{TRANSFERS}\n{ROW.replace('30000.5', '0.0000001')}")
    with pytest.raises(MalformedBytes, match="6 digits after the point"):
        source.account_transactions([T1])


def test_numbers_of_programs_are_exact() -> None:
    (found,) = _source(f"{TRANSFERS}\n{ROW.replace('30000.5', '1.5E-5')}").account_transactions([T1])
    assert [each.units for each in found.movements] == [15]


@pytest.mark.parametrize(
    "other",
    [ROW.replace(",100,", ",101,"), ROW.replace("12:00:00", "12:00:03").replace("20:00:00", "20:00:03")],
)
def test_rows_that_contradict_each_other_are_refused(other: str) -> None:
    with pytest.raises(SourceLied, match="in another row"):
        _source(f"{TRANSFERS}\n{ROW}\n{other}")


@pytest.mark.parametrize("text", ["T", f"{USDT}", f"{USDT}:x", f"{USDT}:99", "nobody:6", ","])
def test_decimals_are_stated_in_one_form(text: str) -> None:
    with pytest.raises(ConfigurationError, match="decimals"):
        stated_decimals(text, WORLD.network, "csv:x.csv")


# --- Arkham -----------------------------------------------------------------------------------------------------------


@pytest.mark.shared
def test_an_export_of_several_chains() -> None:
    raw = read_data("import-formats/Blockchain_Investigation_Hub__arkham_multichain_tron.csv")
    notices: list[str] = []
    source = ExportSource(WORLD.network, "arkham.csv", raw, MemoryRecorder(), "csv:arkham.csv", notice=notices.append)
    assert notices == ["csv:arkham.csv: 7 rows are of other chains and were left out here: base 1, bsc 2, ethereum 4"]
    assert source.tip().height == 83_997_822
    assert source.tip().hash == "000000000501b47e1a98e0e5471136bb531f84d15e0042a864d48a82e8089c21"
    table = ExportTable(WORLD.network, "arkham.csv")
    rows = table.read(raw)
    assert (table.form, len(rows)) == ("arkham", 9)
    found = {each.txid: each for each in source.account_transactions([row.txid for row in rows])}
    one = found["c6a0e3aa8b20f2a2f55ac54d44fbe9a92e3878e9e3bfe27f5f796fa74e9012bb"]
    assert [(each.units, each.asset) for each in one.movements] == [(29_563_000, WORLD.asset("usdt"))]
    trx = found["fb95dcdcdeb4f865de090d6a208f935b79c716ff4c4c084fe7b4b307648fa12c"]
    assert [(each.units, each.asset) for each in trx.movements] == [(48_500_000, WORLD.asset("trx"))]
    assert one.block is not None
    assert one.block.when.isoformat() == "2026-06-28T16:12:09+00:00"
    assert one.missing == ("fee", "internal transactions", "place in the block")
    other = raw.replace(b",6,198,", b",7,198,")
    changed = ExportSource(WORLD.network, "arkham.csv", other, MemoryRecorder(), "csv:arkham.csv", decimals={USDT: 6})
    with pytest.raises(SourceLied, match="are stated"):
        changed.account_transactions([row.txid for row in rows])


@pytest.mark.shared
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b"09Z,83997822", b"09+02:00,83997822", "is no time in UTC"),
        (b"000000000501b47e", b"0x0000000501b47e", "64 lower-case hex digits"),
        (b"historicalUSD", b"historicalEUR", "unknown columns: historicalEUR"),
    ],
)
def test_a_changed_export_is_refused(old: bytes, new: bytes, said: str) -> None:
    raw = read_data("import-formats/Blockchain_Investigation_Hub__arkham_multichain_tron.csv").replace(old, new)
    with pytest.raises(MalformedBytes, match=said):
        ExportSource(WORLD.network, "arkham.csv", raw, MemoryRecorder(), "csv:arkham.csv")


@pytest.mark.shared
def test_a_file_without_a_row_of_the_chain_says_so() -> None:
    raw = read_data("import-formats/Blockchain_Investigation_Hub__arkham_satoshi.csv")
    with pytest.raises(DataNotFound, match="no row of"):
        ExportSource(WORLD.network, "arkham.csv", raw, MemoryRecorder(), "csv:arkham.csv")


# --- opened by its specification --------------------------------------------------------------------------------------


def test_it_is_opened_and_replayed(tmp_path: Path) -> None:
    row = f"{T1},100,{WHEN},{A},{B},12.5,USDT,{FAKE},true"
    (tmp_path / "x.csv").write_text(f"{TRANSFERS}\n{row}\n", encoding="utf-8")
    recorder = ArchiveRecorder(Archive(tmp_path / "evidence"))
    source = open_source(f"csv:{tmp_path / 'x.csv'}?decimals={FAKE}:18", WORLD.network, recorder, Policy())
    assert isinstance(source, ExportSource)
    live = list(source.account_transactions([T1]))
    source.close()
    replay = open_source(f"recorded:{tmp_path / 'evidence'}", WORLD.network, MemoryRecorder())
    assert isinstance(replay, ExportSource)
    assert (list(replay.account_transactions([T1])), replay.tip(), replay.name) == (live, source.tip(), "csv:x.csv")
    assert live[0].movements[0].units == 12_500_000_000_000_000_000
    with pytest.raises(ConfigurationError, match="no such file"):
        open_source(f"csv:{tmp_path / 'y.csv'}", WORLD.network, MemoryRecorder())
