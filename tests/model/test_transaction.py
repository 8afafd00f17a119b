"""Transactions balance per asset, and outpoints have one form."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptotrace.errors import InvalidAmount, InvalidIdentifier, UnbalancedTransaction
from cryptotrace.model.identity import Account, Asset, Chain
from cryptotrace.model.transaction import Outpoint, Posting, PostingKind, Transaction, txid_text

CHAIN = Chain("eip155:1")
ETH, USDT = Asset("eip155:1/slip44:60"), Asset("eip155:1/erc20:0xdac17f958d2ee523a2206206994597c13d831ec7")
A, B = Account.of(CHAIN, "0xa"), Account.of(CHAIN, "0xb")
TXID = "ab" * 32
units = st.integers(min_value=0, max_value=2**256)


def _made(*postings: Posting) -> Transaction:
    return Transaction(CHAIN, TXID, None, -1, postings)


def _moves(asset: Asset, *amounts: int) -> tuple[Posting, ...]:
    return tuple(Posting(PostingKind.TRANSFER, asset, each, A if each < 0 else B) for each in amounts)


@given(st.lists(units, max_size=4), st.lists(units, max_size=4), st.integers(min_value=-3, max_value=3))
def test_a_transaction_balances_for_every_asset_by_itself(eth: list[int], usdt: list[int], off: int) -> None:
    postings = [*_moves(ETH, *(-u for u in eth), sum(eth)), *_moves(USDT, *(-u for u in usdt), sum(usdt))]
    assert _made(*postings).postings == tuple(postings)
    if off:
        with pytest.raises(UnbalancedTransaction, match=f"{ETH} differs by {off} base units"):
            _made(*postings, *_moves(ETH, off), *_moves(USDT, -off), *_moves(USDT, off))


def test_a_surplus_of_one_asset_never_pays_for_another() -> None:
    with pytest.raises(UnbalancedTransaction):
        _made(*_moves(ETH, -5), *_moves(USDT, 5))


@pytest.mark.parametrize("wrong", [0.0, 1.5, True, False, "1", None])
def test_a_posting_is_in_whole_base_units(wrong: Any) -> None:
    with pytest.raises(InvalidAmount, match=f"posting of {TXID}"):
        _made(Posting(PostingKind.FEE, ETH, wrong))


@pytest.mark.parametrize("text", ["", "ab" * 31, "AB" * 32, "ab" * 33, "zz" * 32, "ab" * 32 + "\n", "\u0661" * 64])
def test_a_txid_is_64_lower_case_hex_digits(text: str) -> None:
    with pytest.raises(InvalidIdentifier, match="64 lower-case hex digits"):
        txid_text(text)
    with pytest.raises(InvalidIdentifier):
        Transaction(CHAIN, text, None, -1, ())


@given(st.integers(min_value=0, max_value=2**32 - 1))
def test_an_outpoint_is_read_back_as_it_is_written(vout: int) -> None:
    outpoint = Outpoint(TXID, vout)
    assert Outpoint.parse(str(outpoint)) == outpoint


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            TXID,
            f"{TXID}:",
            f"{TXID}:-1",
            f"{TXID}:+1",
            f"{TXID}: 1",
            f"{TXID}:1.0",
            f"{TXID}:\u0661",
            f"{TXID}:\u00b2",
        ),
        *(f"{TXID}:4294967296", f"{TXID}:99999999999", "ab:0", f"{TXID.upper()}:0", f"{TXID}:0\n", f"{TXID}:0:0"),
    ],
)
def test_what_is_no_outpoint_is_refused(text: str) -> None:
    with pytest.raises(InvalidIdentifier):
        Outpoint.parse(text)


def test_output_0_worth_nothing_is_an_ordinary_output() -> None:
    spent = Posting(PostingKind.INPUT, ETH, 0, A, Outpoint(TXID, 0))
    created = Posting(PostingKind.OUTPUT, ETH, 0, B, Outpoint(TXID, 0))
    made = _made(spent, created, Posting(PostingKind.FEE, ETH, 0))
    assert (made.inputs, made.outputs, made.fee, made.is_coinbase) == ((spent,), (created,), 0, False)


def test_a_coinbase_spends_nothing_and_creates_what_it_issues() -> None:
    issued = Posting(PostingKind.ISSUANCE, ETH, -50)
    made = _made(Posting(PostingKind.OUTPUT, ETH, 50, A, Outpoint(TXID, 0)), issued)
    assert made.is_coinbase
    assert made.fee == 0
    assert made.of_kind(PostingKind.ISSUANCE) == (issued,)


def test_a_transaction_cannot_be_changed() -> None:
    made = _made()
    with pytest.raises(FrozenInstanceError):
        made.txid = "0" * 64  # type: ignore[misc]
