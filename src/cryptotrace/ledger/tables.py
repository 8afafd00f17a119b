"""The tables of a case's store, and the largest amount that they hold."""

from __future__ import annotations

from cryptotrace.errors import AmountNotRepresented
from cryptotrace.model.identity import Asset

#: Version of the tables below. A store of another version is refused, not converted silently.
FORMAT = "1"
#: Largest amount that HUGEINT holds with a margin for sums: 38 decimal digits.
LARGEST = 10**38 - 1

#: Every table of a new store.
TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE transactions (
    chain TEXT NOT NULL, txid TEXT NOT NULL, block_hash TEXT, height BIGINT, block_time BIGINT, idx BIGINT NOT NULL,
    evidence TEXT NOT NULL, notices TEXT NOT NULL, PRIMARY KEY (chain, txid));
CREATE TABLE inputs (
    chain TEXT NOT NULL, txid TEXT NOT NULL, vin BIGINT NOT NULL, flow TEXT NOT NULL, asset TEXT NOT NULL,
    units HUGEINT NOT NULL, account TEXT, script BLOB NOT NULL, standing TEXT NOT NULL, PRIMARY KEY (chain, txid, vin));
CREATE TABLE flows (
    chain TEXT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL, asset TEXT NOT NULL, units HUGEINT NOT NULL,
    source TEXT NOT NULL, height BIGINT NOT NULL, idx BIGINT NOT NULL, part BIGINT NOT NULL, owner TEXT,
    txid TEXT NOT NULL, script BLOB NOT NULL, evidence TEXT NOT NULL, PRIMARY KEY (chain, id));
CREATE TABLE arrivals (
    chain TEXT NOT NULL, flow TEXT NOT NULL, state TEXT NOT NULL, pot TEXT, height BIGINT, idx BIGINT, part BIGINT,
    block_time BIGINT, txid TEXT, reason TEXT, evidence TEXT NOT NULL, PRIMARY KEY (chain, flow));
CREATE TABLE conversions (id TEXT PRIMARY KEY, link_class TEXT NOT NULL, basis TEXT NOT NULL);
CREATE TABLE conversion_legs (conversion TEXT NOT NULL, flow TEXT NOT NULL, side TEXT NOT NULL, place BIGINT NOT NULL);
"""


def check_size(units: int, asset: Asset, txid: str) -> None:
    """Refuse an amount that the tables cannot hold.

    Raises:
        AmountNotRepresented: it has more than 38 digits.
    """
    if abs(units) > LARGEST:
        raise AmountNotRepresented(
            f"transaction {txid} moves {units} base units of {asset}: more than the 38 digits that the store holds. It "
            "stays in the evidence and is not traced"
        )
