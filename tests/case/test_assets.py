"""How assets are written: what the contract says, what a list says, or base units."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest
from tests.account_world import COIN, NET, TOKEN, block, digest

from cryptotrace.case.assets import AssetBook
from cryptotrace.chains.evm.hashes import keccak256
from cryptotrace.chains.networks import network
from cryptotrace.chains.tokens import TokenFacts
from cryptotrace.ledger.store import Store
from cryptotrace.model.accountsource import CallAnswer
from cryptotrace.model.block import Tip
from cryptotrace.model.identity import Account, Asset

USDT = Asset("eip155:1/erc20:0xdac17f958d2ee523a2206206994597c13d831ec7")


class Contract:
    """A source that answers ``symbol()`` and ``decimals()``."""

    chain = NET.chain
    name = "contract"

    def __init__(self, symbol: str, decimals: int | None) -> None:
        self.said = {b"symbol()": symbol.encode().ljust(32, b"\0")}
        self.said[b"decimals()"] = b"" if decimals is None else decimals.to_bytes(32, "big")
        self.calls = 0

    def tip(self) -> Tip:
        return Tip(NET.chain, 7, digest("block 7"))

    def close(self) -> None:
        pass

    def contract_call(self, contract: Account, data: bytes, height: int | None = None) -> CallAnswer:
        self.calls += 1
        answer = next(value for text, value in self.said.items() if keccak256(text)[:4] == data[:4])
        return CallAnswer(answer, block(7), digest("answer"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "ledger.duckdb") as opened:
        yield opened


def test_the_chains_own_coin(store: Store) -> None:
    book = AssetBook(store)
    bitcoin = network("bitcoin").asset
    assert book.decimal(0, bitcoin) == "0.00000000 BTC"
    assert book.decimal(Fraction(250_000_000), bitcoin) == "2.50000000 BTC"
    assert book.decimal(Fraction(1, 3), bitcoin) == "1/3 base units of BTC"
    assert book.decimal(10**18 + 1, COIN) == "1.000000000000000001 tETH"


def test_a_token_is_written_as_its_contract_says_and_the_contract_is_asked_once(store: Store) -> None:
    contract = Contract("TUSD", 6)
    AssetBook(store).read(TOKEN, [contract])
    asked = contract.calls
    book = AssetBook(store)
    book.read(TOKEN, [contract])
    assert contract.calls == asked
    assert book.decimal(1_500_000, TOKEN) == "1.500000 TUSD"
    assert book.shown(TOKEN).basis == "read from the contract at block 7"


def test_a_list_is_believed_only_where_the_contract_was_not_read(store: Store) -> None:
    book = AssetBook(store)
    assert "as listed by" in book.shown(USDT).basis
    assert book.decimal(1, USDT) == "0.000001 USDT"


def test_a_token_that_the_case_describes(store: Store) -> None:
    own = TokenFacts(TOKEN, "TRAIN", "Training dollar", 2, "Issuer", None, "", "a test", "2026-01-01")
    assert AssetBook(store, [own]).decimal(123, TOKEN) == "1.23 TRAIN"


@pytest.mark.parametrize("decimals", [None, 2**200])
def test_without_decimals_amounts_stay_in_base_units(store: Store, decimals: int | None) -> None:
    book = AssetBook(store)
    book.read(TOKEN, [Contract("ODD", decimals)])
    assert book.decimal(5, TOKEN) == f"5 base units of {TOKEN.reference}"
    assert book.shown(TOKEN).decimals is None


def test_a_numbered_token_is_written_by_its_number(store: Store) -> None:
    nft = Asset(f"{NET.chain}/erc721:0x{'cc' * 20}/7")
    assert AssetBook(store).decimal(1, nft) == f"1 base units of 0x{'cc' * 20} no. 7"
