"""The touch-point sheet: complete, loadable, harmless, the same bytes each time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.reports.tokensheets import HOSTILE, PAYMENTS, head, points, read_csv, read_xlsx, rows_of, shown
from tests.seizure.tokenworld import EVM, TRON, World, block, digest

from cryptotrace.chains.networks import network
from cryptotrace.chains.tokens import contract_of
from cryptotrace.model.block import Position
from cryptotrace.model.flow import holding_pot
from cryptotrace.model.identity import Asset
from cryptotrace.model.pot import OpeningBasis, PotCheck
from cryptotrace.model.tag import Grade
from cryptotrace.reports.sheetasset import asset_shown
from cryptotrace.reports.sheetfile import DRAFT, TRAINING
from cryptotrace.reports.touchpointsheet import touch_point_csv, touch_point_sheet, touch_point_xlsx
from cryptotrace.seizure.deposits import DepositParameters

USUAL = DepositParameters()


def table(world: World, rule: str = "fifo", **more: object) -> list[dict[str, str]]:
    found = points(world, rule=rule)
    return read_csv(touch_point_csv(found.rows, shown(world.token), head(rule, **more), USUAL))


@pytest.mark.parametrize("token", [EVM, TRON])
def test_a_row_has_what_an_exchange_needs(token: Asset) -> None:
    world = World(PAYMENTS, token, memos={1: "invoice 7", 3: None})
    deposit, direct = table(world)
    assert deposit["Row"] == "P-0001"
    assert deposit["Transaction hash"] == network(str(token.chain)).shown(digest("payment 1"))
    assert len(deposit["Transaction hash"].removeprefix("0x")) == 64
    assert (deposit["Block height"], deposit["Block time (UTC)"]) == ("20", "2023-11-14T22:17:20Z")
    assert deposit["From address"] == world.who("thief").address
    assert deposit["Deposit address"] == world.who("deposit").address
    assert (deposit["Memo"], direct["Memo"]) == ("invoice 7", "not known")
    assert (deposit["Asset"], deposit["Contract"]) == ("USDT", contract_of(token).address)
    assert (deposit["Amount of the whole transfer, base units"], deposit["Amount of the whole transfer, decimal"]) == (
        "900000001",
        "900.000001",
    )
    classes = [deposit[f"{name} class"] for name in ("Link", "Share", "Attribution")]
    assert [each[:5] for each in classes] == ["L4 - ", "L3 - ", "L5 - "]
    assert classes[0] == "L4 - inference from behaviour under stated parameters: to be confirmed from your own records"
    assert "share to one service >= 9/10" in deposit["What the link rests on"]
    assert digest("payment 2") in deposit["All known sweeps of the deposit address"]
    assert world.who("hot").address in deposit["Sweep after this transfer"]
    assert "120 s (2 minutes) after the transfer" in deposit["Sweep after this transfer"]
    assert deposit["Chain id (CAIP-2, names the network for software)"] == str(token.chain)
    assert "grade B" in deposit["Tag"]
    assert deposit["Transfer id"] == world.number(1).id

    assert (direct["Deposit address"], direct["Link class"][:5]) == ("not known", "L1 - ")
    assert direct["Tagged address of the service"] == world.who("hot").address
    assert direct["All known sweeps of the deposit address"] == ""


def test_the_hot_wallet_stands_in_no_column_of_the_customer() -> None:
    world = World(PAYMENTS)
    for row in table(world):
        assert row["Deposit address"] != world.who("hot").address
    assert table(world)[0]["Tagged address of the service"] == ""


def test_the_rule_stands_in_the_head_and_case_and_draft_in_every_row() -> None:
    rows = table(World(PAYMENTS))
    share = "Claimed share of Victim 1 (rule FIFO (first in, first out))"
    assert [row[f"{share}, base units"] for row in rows] == ["900000001", "5"]
    assert [row[f"{share}, decimal"] for row in rows] == ["900.000001", "0.000005"]
    assert {(row["Case"], row["Draft"], row["Training"]) for row in rows} == {("case-117", DRAFT, "no")}
    (training, _) = table(World(PAYMENTS), is_training=True)
    assert training["Training"] == TRAINING


def test_a_rule_that_is_not_for_findings_says_so_in_the_head() -> None:
    (heads, *_) = touch_point_csv((), {}, head("lifo"), USUAL).decode().splitlines()
    assert "LIFO (last in, first out) - COMPARISON ONLY" in heads


def test_reach_under_poison_is_no_amount() -> None:
    row = table(World(PAYMENTS), "poison")[0]
    assert (
        row["Reached from Victim 1 (rule poison - RESEARCH RULE, not a basis for findings: reach, no share)"]
        == "reached"
    )
    assert not any("Claimed share" in name for name in row)


def test_each_claimant_has_columns() -> None:
    rows = touch_point_csv(points(World(PAYMENTS)).rows, shown(EVM), head("fifo", "Victim 1", "Anna"), USUAL)
    row = read_csv(rows)[0]
    assert row["Claimed share of Anna (rule FIFO (first in, first out)), base units"] == "0"


def test_decimals_that_are_not_known_are_not_guessed() -> None:
    world = World(PAYMENTS)
    unknown = {EVM: asset_shown(EVM, {})}
    row = read_csv(touch_point_csv(points(world).rows, unknown, head(), USUAL))[0]
    assert (row["Amount of the whole transfer, decimal"], row["Decimals"], row["Asset"]) == ("not known",) * 3
    assert row["Amount of the whole transfer, base units"] == "900000001"
    assert row["Claimed share of Victim 1 (rule FIFO (first in, first out)), decimal"] == "not known"


def test_what_is_not_known_says_so() -> None:
    world = World(PAYMENTS, unplaced=frozenset({1, 2}), are_holdings_known=False)
    row = table(world, are_pots_checked=False)[0]
    assert (row["Block height"], row["Block time (UTC)"]) == ("not known", "not known")
    assert row["Does the share rest on an account history that is not shown to be complete"] == "not known"
    assert row["Parameters that could not be tested"] == "what was left after a sweep is not known"
    assert "delay not known" in row["Sweep after this transfer"]


def test_a_share_on_an_unchecked_holding_says_so() -> None:
    world = World(PAYMENTS)
    thief = world.who("thief")
    check = PotCheck(holding_pot(thief, EVM), thief, EVM, 10, 99, 0, OpeningBasis.HISTORY, 9, 3, 5)
    deposit, direct = points(world).rows
    rows = (replace(deposit, unchecked=(check,), is_order_sensitive=True), replace(direct, is_order_sensitive=None))
    first, second = read_csv(touch_point_csv(rows, shown(EVM), head(), USUAL))
    said = f"YES: {thief.address}: difference of -1 base units between blocks 10 and 99"
    assert first["Does the share rest on an account history that is not shown to be complete"] == said
    assert first["Does the share depend on an order of transfers that no source tells"].startswith("YES")
    assert second["Does the share rest on an account history that is not shown to be complete"] == "no"
    assert second["Does the share depend on an order of transfers that no source tells"].endswith("is impossible")
    claimed = replace(deposit, hop=0)
    (row,) = read_csv(touch_point_csv((claimed,), shown(EVM), head(are_pots_checked=False), USUAL))
    assert (
        row["Does the share rest on an account history that is not shown to be complete"]
        == "no: it is the claimed transfer itself"
    )


def test_the_workbook_has_the_same_rows_as_text_and_says_what_they_are() -> None:
    world = World(PAYMENTS)
    found = points(world)
    made = touch_point_sheet(found.rows, shown(EVM), head(), USUAL)
    book = read_xlsx(touch_point_xlsx(found.rows, shown(EVM), head(), USUAL))
    assert book.sheetnames == ["Touch points", "To print", "About"]
    page = book["Touch points"]
    assert [tuple(cell.value or "" for cell in row) for row in page.iter_rows()] == [made.head, *made.rows]
    assert {cell.data_type for row in page.iter_rows() for cell in row if cell.value} == {"s"}
    about = {row["Item"]: row["Value"] for row in rows_of(book["About"])}
    assert about["Tracing rule"] == "FIFO (first in, first out)"
    assert about["Mark"] == DRAFT
    assert about["Service"] == "Exchange A"
    assert about["Newest block of ethereum"] == f"100000 {block(100_000).hash}"
    assert about["Legal authority"].startswith("not stated")
    assert about["Parameters of deposit addresses (L4)"] == USUAL.sentence()
    assert DRAFT in page.oddHeader.right.text


@pytest.mark.parametrize("text", HOSTILE)
def test_foreign_text_is_harmless_in_both_files(text: str) -> None:
    world = World(PAYMENTS, memos={1: text})
    found = points(world, text)
    assets = {EVM: replace(shown(EVM)[EVM], symbol=text)}
    front = head(title=text, author=text, case_id=text)
    plain = touch_point_csv(found.rows, assets, front, USUAL).decode("utf-8")
    for row in read_csv(plain.encode()):
        for value in row.values():
            assert not value.lstrip(" \u3000").startswith(("=", "+", "-", "@", "|", "%", "＝", "\t", "\r"))
            assert "\x00" not in value
            assert "\u202e" not in value
    assert plain.count("\r\n") == len(found.rows) + 1
    book = read_xlsx(touch_point_xlsx(found.rows, assets, front, USUAL))
    for page in book:
        for cells in page.iter_rows():
            for cell in cells:
                assert cell.data_type in {"s", "n"}
                assert cell.data_type == "s" or cell.value is None
                assert cell.hyperlink is None


def test_the_same_rows_give_the_same_bytes() -> None:
    for make in (touch_point_csv, touch_point_xlsx):
        first, second = (make(points(World(PAYMENTS)).rows, shown(EVM), head(), USUAL) for _ in range(2))
        assert first == second


def test_amounts_of_any_size_are_exact() -> None:
    units = 2**256 - 1
    found = points(World(PAYMENTS)).rows[0]
    flow = replace(found.transfer, units=units, departs=Position(1, 0))
    row = replace(found, transfer=flow, claimed={"Victim 1": units})
    (read,) = read_csv(touch_point_csv((row,), shown(EVM), head(), USUAL))
    assert read["Amount of the whole transfer, base units"] == str(units)
    assert read["Amount of the whole transfer, decimal"] == f"{str(units)[:-6]}.{str(units)[-6:]}"
    page = read_xlsx(touch_point_xlsx((row,), shown(EVM), head(), USUAL))["Touch points"]
    assert rows_of(page)[0]["Amount of the whole transfer, base units"] == str(units)


def test_without_rows_the_heads_stand_alone() -> None:
    assert len(touch_point_csv((), {}, head(), USUAL).splitlines()) == 1
    assert read_xlsx(touch_point_xlsx((), {}, head(), USUAL)).sheetnames == ["Touch points", "To print", "About"]


@pytest.mark.parametrize(
    ("lastmod", "shown_as"), [("1700000000", "2023-11-14"), ("2026-01-02", "2026-01-02"), ("", "not known")]
)
def test_the_date_and_a_weak_grade_of_a_tag_are_shown(lastmod: str, shown_as: str) -> None:
    found = points(World(PAYMENTS)).rows[0]
    weak = replace(found, tags=tuple(replace(tag, grade=Grade.D, lastmod=lastmod, creator="") for tag in found.tags))
    (row,) = read_csv(touch_point_csv((weak,), shown(EVM), head(), USUAL))
    assert f"by not known, dated {shown_as})" in row["Tag"]
    assert row["Tag grade"] == "D (below C: no measure rests on it)"
    (bare,) = read_csv(touch_point_csv((replace(found, tags=()),), shown(EVM), head(), USUAL))
    assert (bare["Tag"], bare["Tag grade"]) == ("not known", "not known")


def test_what_is_not_swept_yet_says_so() -> None:
    found = points(World(PAYMENTS)).rows[0]
    (row,) = read_csv(touch_point_csv((replace(found, sweep=None),), shown(EVM), head(), USUAL))
    assert row["Sweep after this transfer"].startswith("not swept yet")


def test_the_claimed_transfer_stands_in_each_row_with_its_hash_and_its_date() -> None:
    world = World(PAYMENTS)
    for row in table(world):
        said = row["Claimed transfers"]
        assert said.startswith(f"0x{digest('payment 0')} (2023-11-14T22:15:20Z, block 10, 1000000000 base units")
        assert said.endswith("= 1000.000000 USDT; Victim 1 claims 1000000000)")
        assert row["Data as of"] == "2026-11-25T10:00:00Z"
        assert row["Newest block used"] == "ethereum block 100000"


def test_the_classes_are_explained_for_somebody_who_has_read_nothing_else() -> None:
    about = {row["Item"]: row["Value"] for row in rows_of(read_xlsx(touch_point_xlsx((), {}, head(), USUAL))["About"])}
    assert [about[f"Class {name}"] != "" for name in ("L1", "L2", "L3", "L4", "L5")] == [True] * 5
    assert "604800 s (7 days)" in about["Parameters of deposit addresses (L4)"]
