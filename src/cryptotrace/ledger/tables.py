"""The tables of a case's store."""

from __future__ import annotations

from typing import Any

from cryptotrace.model.flow import Arrival, Ended, Flow, Resting, Unknown
from cryptotrace.model.identity import Chain

#: Version of the tables below. A store of another version is refused, not converted silently.
FORMAT = "2"

#: Every table of a new store. Amounts are BIGNUM, whole numbers of any size: a token goes to 2**256 - 1.
TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE transactions (
    chain TEXT NOT NULL, txid TEXT NOT NULL, block_hash TEXT, height BIGINT, block_time BIGINT, idx BIGINT NOT NULL,
    evidence TEXT NOT NULL, notices TEXT NOT NULL, PRIMARY KEY (chain, txid));
CREATE TABLE inputs (
    chain TEXT NOT NULL, txid TEXT NOT NULL, vin BIGINT NOT NULL, flow TEXT NOT NULL, asset TEXT NOT NULL,
    units BIGNUM NOT NULL, account TEXT, script BLOB NOT NULL, standing TEXT NOT NULL, PRIMARY KEY (chain, txid, vin));
CREATE TABLE flows (
    chain TEXT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL, asset TEXT NOT NULL, units BIGNUM NOT NULL,
    source TEXT NOT NULL, height BIGINT NOT NULL, idx BIGINT NOT NULL, part BIGINT NOT NULL, owner TEXT,
    txid TEXT NOT NULL, script BLOB NOT NULL, evidence TEXT NOT NULL, PRIMARY KEY (chain, id));
CREATE TABLE arrivals (
    chain TEXT NOT NULL, flow TEXT NOT NULL, state TEXT NOT NULL, pot TEXT, height BIGINT, idx BIGINT, part BIGINT,
    block_time BIGINT, txid TEXT, reason TEXT, evidence TEXT NOT NULL, PRIMARY KEY (chain, flow));
CREATE TABLE conversions (
    chain TEXT NOT NULL, id TEXT NOT NULL, link_class TEXT NOT NULL, basis TEXT NOT NULL, PRIMARY KEY (chain, id));
CREATE TABLE conversion_legs (
    chain TEXT NOT NULL, conversion TEXT NOT NULL, flow TEXT NOT NULL, side TEXT NOT NULL, place BIGINT NOT NULL);
CREATE TABLE account_transactions (
    chain TEXT NOT NULL, txid TEXT NOT NULL, sender TEXT, nonce BIGINT, succeeded BOOLEAN NOT NULL,
    ordering TEXT NOT NULL, missing TEXT NOT NULL, memo TEXT, PRIMARY KEY (chain, txid));
CREATE TABLE movements (
    chain TEXT NOT NULL, flow TEXT NOT NULL, payer TEXT, standing TEXT NOT NULL, PRIMARY KEY (chain, flow));
CREATE TABLE histories (
    chain TEXT NOT NULL, pot TEXT NOT NULL, first BIGINT NOT NULL, last BIGINT NOT NULL, opening BIGNUM NOT NULL,
    basis TEXT NOT NULL, closing BIGNUM, problem TEXT NOT NULL, crowded TEXT NOT NULL, most BIGINT NOT NULL,
    refused TEXT NOT NULL, nonces TEXT NOT NULL, evidence TEXT NOT NULL, PRIMARY KEY (chain, pot));
CREATE TABLE tokens (
    chain TEXT NOT NULL, asset TEXT NOT NULL, symbol TEXT, decimals BIGINT, height BIGINT,
    block_hash TEXT, block_time BIGINT, evidence TEXT NOT NULL, problems TEXT NOT NULL, PRIMARY KEY (chain, asset));
"""


def flow_row(chain: Chain, flow: Flow, script: bytes, evidence: str) -> tuple[Any, ...]:
    """A row of ``flows``."""
    what = (flow.id, flow.kind.value, flow.asset, str(flow.units), flow.source)
    return (chain, *what, *flow.departs, flow.owner, flow.txid, script, evidence)


def arrival_row(
    chain: Chain, flow_id: str, arrival: Arrival | Resting | Unknown | Ended, evidence: str
) -> tuple[Any, ...]:
    """A row of ``arrivals``."""
    row: tuple[Any, ...]
    if isinstance(arrival, Arrival):
        row = ("arrived", arrival.pot, *arrival.at, arrival.time, arrival.txid, None)
    elif isinstance(arrival, Resting):
        row = ("resting", None, arrival.as_of_height, None, None, None, arrival.unconfirmed_spend, None)
    else:
        state = "unknown" if isinstance(arrival, Unknown) else "ended"
        row = (state, None, None, None, None, None, None, arrival.reason)
    return (chain, flow_id, *row, evidence)
