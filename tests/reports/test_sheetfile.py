"""What the sheets share: harmless text, marks, and how assets are written."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.reports.tokensheets import head, read_csv, read_xlsx
from tests.seizure.tokenworld import EVM, block, facts_of

from cryptotrace.chains.tokens import TokenReading
from cryptotrace.errors import ReportError
from cryptotrace.model.identity import Asset, Chain
from cryptotrace.reports import sheetfile
from cryptotrace.reports.sheetasset import asset_shown, chain_shown, txid_shown
from cryptotrace.reports.sheetfile import DRAFT, TRAINING, csv_bytes, harmless, table, time_shown, workbook_bytes


@pytest.mark.parametrize("text", ["", "plain", "0xabc", "1e5", "≈1.5", "'=1", "a=b", "not known"])
def test_text_that_cannot_act_is_left_as_it_is(text: str) -> None:
    assert harmless(text) == text


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "|x", "%x", "＝1", "  =1", "\u3000=1", "－1", "＠x"])
def test_text_that_could_act_gets_an_apostrophe(text: str) -> None:
    assert harmless(text) == f"'{text}"


@given(st.text(max_size=40))
def test_any_text_comes_back_from_the_csv_as_one_cell_that_does_not_act(text: str) -> None:
    made = table("T", [{"A": text, "B": "b"}], ("A", "B"))
    (row,) = read_csv(csv_bytes(made))
    assert row["B"] == "b"
    assert row["A"].removeprefix("'") == made.rows[0][0].removeprefix("'")  # type: ignore[union-attr]
    assert not row["A"].strip().startswith(("=", "+", "-", "@"))


def test_a_text_too_long_for_a_cell_is_split_and_nothing_is_lost() -> None:
    made = table("T", [{"A": "r1", "B": "x" * 40_000}], ("A", "B"))
    page = read_xlsx(workbook_bytes([made], head(), "t"))["T"]
    rows = list(page.iter_rows(values_only=True))[1:]
    assert "".join(row[1] for row in rows) == "x" * 40_000
    assert {row[0] for row in rows} == {"r1"}


def test_more_rows_than_a_sheet_holds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheetfile, "_MOST_ROWS", 1)
    made = table("T", [{"A": "1"}, {"A": "2"}], ("A",))
    with pytest.raises(ReportError, match="use CSV"):
        workbook_bytes([made], head(), "t")


def test_marks() -> None:
    assert head().mark == DRAFT
    assert head(is_training=True).mark == f"{DRAFT}; {TRAINING}"
    assert time_shown(None) == ("not known", "not known")
    assert workbook_bytes([], head(cut_off=""), "t") != workbook_bytes([], head(), "t")


def test_an_asset_is_written_as_its_contract_says_before_any_list() -> None:
    listed = asset_shown(EVM, {EVM: facts_of(EVM)})
    assert (listed.symbol, listed.decimals) == ("USDT", 6)
    read = asset_shown(EVM, {EVM: facts_of(EVM)}, TokenReading(EVM, "USDX", 8, block(5), ()))
    assert (read.symbol, read.decimals, read.basis) == ("USDX", 8, "read from the contract at block 5")
    half = asset_shown(EVM, {}, TokenReading(EVM, "USDX", None, block(5), (), ("decimals(): reverted",)))
    assert (half.symbol, half.decimals, half.decimal(5)) == ("USDX", None, "not known")
    nameless = asset_shown(EVM, {}, TokenReading(EVM, None, 6, None, ()))
    assert (nameless.symbol, nameless.basis) == ("not known", "read from the contract at block not known")
    coin = asset_shown(Asset("eip155:1/slip44:60"), {})
    assert (coin.symbol, coin.decimals, coin.contract) == ("ETH", 18, "none (slip44)")


def test_a_fraction_is_cut_off_and_marked() -> None:
    shown = asset_shown(EVM, {EVM: facts_of(EVM)})
    assert (shown.decimal(Fraction(5, 2)), shown.decimal(2)) == ("≈0.000002", "0.000002")


def test_hashes_are_shown_as_the_explorers_of_the_chain_do() -> None:
    assert txid_shown(EVM.chain, "ab" * 32) == "0x" + "ab" * 32
    assert txid_shown(Chain("tron:0x2b6653dc"), "ab" * 32) == "ab" * 32
    assert txid_shown(Chain("eip155:99999"), "ab" * 32) == "0x" + "ab" * 32
    assert txid_shown(Chain("cosmos:hub"), "ab" * 32) == "ab" * 32
    assert (chain_shown(EVM.chain), chain_shown(Chain("eip155:99999"))) == ("ethereum", "eip155:99999")
