"""The issuer sheet: balance and share apart, status with block, warnings, rule with its date; harmless, same bytes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.reports.tokensheets import HOSTILE, PAYMENTS, head, issuers, read_csv, read_xlsx, rows_of, shown
from tests.seizure.tokenworld import EVM, TRON, Contract, World, block, digest

from cryptotrace.chains.networks import network
from cryptotrace.chains.tokens import IssuerRule, TokenReading
from cryptotrace.model.identity import Asset
from cryptotrace.reports.issuersheet import issuer_csv, issuer_sheet, issuer_xlsx
from cryptotrace.reports.sheetasset import assets_shown
from cryptotrace.reports.sheetfile import DRAFT

SHARE = "Claimed share of Victim 1 (rule FIFO (first in, first out))"


def table(world: World, contract: Contract | None) -> dict[str, dict[str, str]]:
    found = issuers(world, contract)
    rows = read_csv(issuer_csv(found.rows, shown(world.token), head()))
    return {row["Address"]: row for row in rows}


@pytest.mark.parametrize("token", [EVM, TRON])
def test_a_row_has_what_an_issuer_needs(token: Asset) -> None:
    world, contract = World(PAYMENTS, token), Contract(token)
    contract.freeze(50, "shop")
    contract.destroy(60, "shop", 7)
    row = table(world, contract)[world.who("shop").address]
    assert (row["Issuer"], row["Contract"], row["Token"]) == ("Tether", row["Contract"], "USDT")
    assert row["Contract"].lower() == token.reference.lower()
    assert (row["Whole balance, base units"], row["Whole balance, decimal"]) == ("50000000", "50.000000")
    assert (row["Balance at block"], row["Balance at time (UTC)"]) == ("100000", "2023-11-28T19:33:20Z")
    assert (row[f"{SHARE}, base units"], row[f"{SHARE}, decimal"]) == ("50000000", "50.000000")
    assert (row["Freeze status"], row["Freeze status at block"]) == ("frozen", "100")
    assert row["Freeze status rests on"] == "asked of the contract: isBlackListed(address)"
    assert row["Contract asked at block and time"] == "100 2023-11-14T22:33:20Z"
    first, second = row["Freeze events"].split("; ")
    txid = network(str(token.chain)).shown
    assert first == f"freeze {txid(digest('act 0'))} (block 50, 2023-11-14T22:23:20Z)"
    assert second.startswith(f"destroy {txid(digest('act 1'))} (block 60")
    assert "7 base units) (blocks 0 to 100, complete as the source says)" in second
    assert row["Destroyed at this address, base units"] == "7"
    assert "ALREADY FROZEN" in row["WARNING"]
    assert row["Issuer's rule from"].endswith("TO BE CHECKED AGAIN")
    assert "does not freeze wallets of exchanges" in row["Issuer's rule"]
    assert (row["Draft"], row["Case"]) == (DRAFT, "case-117")
    assert digest("isBlackListed(address) 100") in row["Evidence (SHA-256 of the recorded answers)"]


def test_an_address_of_a_service_is_warned_of_on_the_sheet() -> None:
    world = World(PAYMENTS)
    row = table(world, Contract())[world.who("hot").address]
    assert row["WARNING"].startswith("TAGGED as Exchange A (exchange, grade B")
    assert "by A maker, dated 2026-01-02" in row["Tags"]


def test_balance_that_is_not_read_and_status_that_is_not_determined_say_so() -> None:
    world = World(PAYMENTS)
    found = issuers(world).rows
    silent = [replace(row, balance=None, balance_problem="not read: 503", rule=None) for row in found]
    for row in read_csv(issuer_csv(silent, shown(EVM), head(are_pots_checked=False))):
        assert row["Whole balance, base units"] == row["Whole balance, decimal"] == "not read"
        assert (row["Balance at block"], row["Balance not read because"]) == ("not known", "not read: 503")
        assert row["Freeze status"] == "could not be determined"
        assert (row["Freeze status at block"], row["Contract asked at block and time"]) == ("not known", "not read")
        assert "the contract was not asked" in row["What could not be asked"]
        assert (row["Freeze events"], row["Destroyed at this address, base units"]) == ("not read", "not known")
        assert (row["Issuer's rule"], row["Issuer's rule from"]) == ("not known", "not known")
        assert row["Does the share rest on an account history that is not shown to be complete"] == "not known"


def test_events_that_are_not_all_there_say_so() -> None:
    from cryptotrace.errors import SourceUnavailable

    world = World(PAYMENTS)
    row = table(world, Contract(broken={"logs": SourceUnavailable("page 2")}))[world.who("shop").address]
    assert row["Freeze status"] == "not frozen"
    assert row["Freeze events"] == "none (blocks 0 to 100, NOT complete)"
    assert row["Destroyed at this address, base units"] == "not known"
    assert "page 2" in row["What could not be asked"]


def test_decimals_are_the_contracts_where_it_was_read() -> None:
    world = World(PAYMENTS)
    reading = TokenReading(EVM, "USDT", 2, block(77), ("e" * 64,))
    assets = assets_shown([EVM], {}, [reading])
    row = read_csv(issuer_csv(issuers(world).rows, assets, head()))[0]
    assert row["Symbol and decimals from"] == "read from the contract at block 77"
    assert row["Decimals"] == "2"
    listed = read_csv(issuer_csv(issuers(world).rows, shown(EVM), head()))[0]
    assert listed["Symbol and decimals from"] == "as listed by a list, read 2026-11-25; not read from the contract"


def test_the_workbook_has_the_same_rows_as_text() -> None:
    found = issuers(World(PAYMENTS), Contract()).rows
    made = issuer_sheet(found, shown(EVM), head())
    book = read_xlsx(issuer_xlsx(found, shown(EVM), head(authority="order 5 of 2026", expiry="2027-01-01")))
    page = book["Issuer sheet"]
    assert [tuple(cell.value or "" for cell in row) for row in page.iter_rows()] == [made.head, *made.rows]
    assert {cell.data_type for row in page.iter_rows() for cell in row if cell.value} == {"s"}
    about = {row["Item"]: row["Value"] for row in rows_of(book["About"])}
    assert (about["Issuer"], about["Legal authority"]) == ("Tether", "order 5 of 2026")
    assert about["Review or expiry date"] == "2027-01-01"
    assert "reaches value that this case does not claim" in about["Balance and share"]


@pytest.mark.parametrize("text", HOSTILE)
def test_foreign_text_is_harmless(text: str) -> None:
    rule = IssuerRule(text, text, text, text)
    found = [
        replace(row, facts=replace(row.facts, issuer=text), rule=rule, warnings=(text,), balance_problem=text)
        for row in issuers(World(PAYMENTS), Contract()).rows
    ]
    for row in read_csv(issuer_csv(found, shown(EVM), head())):
        for value in row.values():
            assert not value.lstrip(" \u3000").startswith(("=", "+", "-", "@", "|", "%", "＝", "\t", "\r"))
    for page in read_xlsx(issuer_xlsx(found, shown(EVM), head())):
        for cells in page.iter_rows():
            assert all(cell.data_type == "s" for cell in cells if cell.value is not None)


def test_the_same_rows_give_the_same_bytes() -> None:
    for make in (issuer_csv, issuer_xlsx):
        first, second = (make(issuers(World(PAYMENTS), Contract()).rows, shown(EVM), head()) for _ in range(2))
        assert first == second


def test_without_rows_the_heads_stand_alone() -> None:
    assert len(issuer_csv((), {}, head()).splitlines()) == 1
    assert read_xlsx(issuer_xlsx((), {}, head())).sheetnames == ["Issuer sheet", "To print", "About"]


def test_the_transfers_that_brought_it_and_those_that_are_claimed_stand_in_the_row() -> None:
    world = World(PAYMENTS)
    row = table(world, Contract())[world.who("shop").address]
    came = f"0x{digest('payment 4')} (2023-11-14T22:21:32Z, block 41, 50000000 base units = 50.000000 USDT)"
    assert row["Transfers by which claimed value came into the address"] == came
    assert row["Claimed transfers"].startswith(f"0x{digest('payment 0')} (2023-11-14T22:15:20Z, block 10, ")
    assert row["Data as of"] == "2026-11-25T10:00:00Z"
    silent = [replace(each, arrivals=None, claims=None) for each in issuers(world).rows]
    for each in read_csv(issuer_csv(silent, shown(EVM), head())):
        assert each["Claimed transfers"] == "not known"


def test_services_come_last_and_say_whom_to_ask() -> None:
    rows = list(table(World(PAYMENTS), Contract()).values())
    assert rows[-1]["Whom to ask first"] == "Exchange A: ask the service, see the touch-point sheet"
    assert {row["Whom to ask first"] for row in rows[:-1]} == {"the issuer"}


def test_a_warning_is_never_none_where_something_is_not_known() -> None:
    world = World(PAYMENTS)
    shop = world.who("shop").address
    assert table(world, Contract())[shop]["WARNING"] == "none"
    more = World([*PAYMENTS, (50, "other", "shop", 7)])
    assert table(more, Contract())[shop]["WARNING"].startswith("7 base units more than the claimed share belong to")
    assert "could not be determined" in table(world, None)[shop]["WARNING"]
    found = issuers(world, Contract()).rows
    for row in read_csv(issuer_csv(found, shown(EVM), head(are_pots_checked=False))):
        assert "complete histories was not looked at" in row["WARNING"]


def test_contracts_are_written_alike_on_both_sheets() -> None:
    row = table(World(PAYMENTS), Contract())[World(PAYMENTS).who("shop").address]
    assert row["Contract"] == shown(EVM)[EVM].contract == "0xdAC17F958D2ee523a2206206994597C13D831ec7"
    strange = Asset("eip155:1/erc20:not-an-address")
    assert assets_shown([strange], {})[strange].contract == "not-an-address"
