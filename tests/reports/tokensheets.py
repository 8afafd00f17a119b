"""Rows, heads and hostile words for the tests of the two sheets."""

from __future__ import annotations

import csv
import io
from typing import Any

import openpyxl
from tests.seizure.tokenworld import Contract, World, block, facts_of
from tests.seizure.traced import book, traced

from cryptotrace.model.block import Tip
from cryptotrace.model.identity import Asset
from cryptotrace.reports.sheetasset import AssetShown, assets_shown
from cryptotrace.reports.sheetfile import SheetHead
from cryptotrace.seizure.holdings import holdings
from cryptotrace.seizure.issuers import IssuerRows, issuer_rows
from cryptotrace.seizure.touchpoints import TouchPoints, touch_points

PAYMENTS = [
    (10, "victim", "thief", 1_000_000_000),
    (20, "thief", "deposit", 900_000_001),
    (30, "deposit", "hot", 900_000_001),
    (40, "thief", "hot", 5),
    (41, "thief", "shop", 50_000_000),
]
#: Texts that a spreadsheet could act upon, that break a file, or that hide something.
HOSTILE = [
    '=HYPERLINK("http://x.example","click")',
    "+1+1",
    "-2",
    "@SUM(A1)",
    " =1+1",
    "\t=1+1",
    "\r\n=1+1",
    "＝1+1",
    "%0A=1",
    "|cmd",
    "a\x00b\u202ec",
    "https://x.example/y",
    "0123456789012345678901234567890",
    "'quoted",
]


def head(rule: str = "fifo", *claimants: str, **more: Any) -> SheetHead:
    """What holds for all rows."""
    settings: dict[str, Any] = {
        "case_id": "case-117",
        "title": "Theft of tokens",
        "rule": rule,
        "exact": False,
        "claimants": claimants or ("Victim 1",),
        "trace": "ab" * 32,
        "software": "cryptotrace 0.1.0",
        "cut_off": "2026-11-25T10:00:00Z",
        "is_training": False,
        "are_pots_checked": True,
        "tips": (Tip(block(0).chain, 100_000, block(100_000).hash),),
    }
    return SheetHead(**(settings | more))


def points(world: World, label: str = "Exchange A", rule: str = "fifo") -> TouchPoints:
    """The touch points of a world."""
    tags = book(world, ("hot", label))
    return touch_points(traced(world, tags, rule=rule), tags, world)


def issuers(world: World, contract: Contract | None = None, rule: str = "fifo") -> IssuerRows:
    """The issuer rows of a world."""
    tags = book(world, ("hot", "Exchange A"))
    made = traced(world, tags, rule=rule)
    tokens = {world.token: facts_of(world.token)}
    found = touch_points(made, tags, world)
    return issuer_rows(holdings(made, tags), tokens, found, balances=world, calls=contract, logs=contract)


def shown(*assets: Asset) -> dict[Asset, AssetShown]:
    """How tokens are written, as listed."""
    return assets_shown(assets, {asset: facts_of(asset) for asset in assets})


class Named(dict[str, str]):
    """A row by its heads; what a head says in brackets need not be named."""

    def __missing__(self, name: str) -> str:
        found = [head for head in self if head.startswith(f"{name} (")]
        assert len(found) == 1, (name, found)
        return self[found[0]]


def read_csv(data: bytes) -> list[dict[str, str]]:
    """The rows of a CSV file by their heads."""
    return [Named(row) for row in csv.DictReader(io.StringIO(data.decode("utf-8"), newline=""))]


def read_xlsx(data: bytes) -> Any:
    """The workbook."""
    return openpyxl.load_workbook(io.BytesIO(data))


def rows_of(page: Any) -> list[dict[str, str]]:
    """The rows of a sheet by their heads; an empty cell is empty text."""
    heads, *rows = page.iter_rows(values_only=True)
    return [Named(zip(heads, (value or "" for value in row), strict=True)) for row in rows]
