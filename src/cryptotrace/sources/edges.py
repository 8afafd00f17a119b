"""Tables of a case's edges as a researcher publishes them: who paid whom, when, worth so many dollars.

``Timestamp,Block,Tx_hash,From,From_label,To,To_label,Value_in_USD``, one edge a row, and lists of addresses, one a
line. The rows name no asset and no base units, so they become ``ReportedEdge`` with an ``Estimate`` and never a
movement: see ``cryptotrace.tracing.reachability`` for what can be shown with them and what cannot.

Source: readme of the ground truth that belongs to "Shedding Light on Shadows: Automatically Tracing Illicit Money Flows
on Ethereum" (columns, unit of the values, hand-made verification).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from cryptotrace.chains.networks import account
from cryptotrace.errors import ChainError, MalformedBytes
from cryptotrace.evidence.recorder import Recorder
from cryptotrace.model.identity import Account, Chain
from cryptotrace.model.reported import Estimate, ReportedEdge

#: Columns that a table of edges must have; the two labels may be absent.
COLUMNS = ("timestamp", "block", "tx_hash", "from", "to", "value_in_usd")
_DIGITS = set("0123456789")
_LONGEST_VALUE = 60


def read_edges(raw: bytes, chain: Chain, name: str, recorder: Recorder) -> tuple[ReportedEdge, ...]:
    """The edges of a table, in its order; the file is recorded before it is read.

    Args:
        raw: the bytes of the file.
        chain: the chain that the addresses are on; the table does not say.
        name: how the file is called, for messages and evidence.
        recorder: takes the bytes.

    Raises:
        MalformedBytes: the table cannot be read; the message names file, line and column.
    """
    digest = recorder.record(raw, source=f"edges:{name}", request=f"file {name}")
    return tuple(_edge(cells, line, row, chain, name, digest) for row, (line, cells) in enumerate(_rows(raw, name), 1))


def read_addresses(raw: bytes, chain: Chain, name: str, recorder: Recorder) -> tuple[Account, ...]:
    """The accounts of a list of addresses, one a line, each once, in the list's order.

    Raises:
        MalformedBytes: not text, or a line that is no address of the chain.
    """
    recorder.record(raw, source=f"edges:{name}", request=f"file {name}")
    found: dict[Account, None] = {}
    for line, text in enumerate(_decoded(raw, name).splitlines(), 1):
        if text.strip():
            found[_account(text.strip(), chain, name, line, "address")] = None
    return tuple(found)


def _decoded(raw: bytes, name: str) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MalformedBytes(f"{name} is not UTF-8", offset=error.start, field="text") from error


def _rows(raw: bytes, name: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    reader = csv.reader(io.StringIO(_decoded(raw, name), newline=""), strict=True)
    try:
        header = [cell.strip().lower() for cell in next(reader, [])]
        missing = [column for column in COLUMNS if column not in header]
        if missing or len(set(header)) != len(header):
            raise _refuse(name, 1, missing[0] if missing else "line", "the header line lacks it, or has a column twice")
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                raise _refuse(name, reader.line_num, "line", f"{len(cells)} cells under {len(header)} columns")
            yield reader.line_num, dict(zip(header, map(str.strip, cells), strict=True))
    except csv.Error as error:
        raise _refuse(name, reader.line_num, "line", str(error)) from error


def _edge(cells: Mapping[str, str], line: int, row: int, chain: Chain, name: str, digest: str) -> ReportedEdge:
    txid = cells["tx_hash"].removeprefix("0x").lower()
    if len(txid) != 64 or not set(txid) <= _DIGITS | set("abcdef"):
        raise _refuse(name, line, "tx_hash", f"expected 0x and 64 hex digits, got {cells['tx_hash'][:80]!r}")
    return ReportedEdge(
        chain=chain,
        txid=txid,
        height=_number(cells["block"], name, line, "block"),
        time=_time(cells["timestamp"], name, line),
        payer=_account(cells["from"], chain, name, line, "from"),
        payee=_account(cells["to"], chain, name, line, "to"),
        estimate=_estimate(cells["value_in_usd"], name, line),
        payer_label=cells.get("from_label", ""),
        payee_label=cells.get("to_label", ""),
        row=row,
        evidence=digest,
    )


def _account(text: str, chain: Chain, name: str, line: int, column: str) -> Account:
    try:
        return Account(account(text, chain))
    except ChainError as error:
        raise _refuse(name, line, column, str(error)) from error


def _number(text: str, name: str, line: int, column: str) -> int:
    if not text or not set(text) <= _DIGITS or len(text) > 10:
        raise _refuse(name, line, column, f"expected a whole number, got {text[:40]!r}")
    return int(text)


def _time(text: str, name: str, line: int) -> int:
    try:
        return int(datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp())
    except ValueError:
        raise _refuse(name, line, "timestamp", f"expected 2024-07-16 12:04:47 (UTC), got {text[:40]!r}") from None


def _estimate(text: str, name: str, line: int) -> Estimate | None:
    if not text:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal(-1)
    if len(text) > _LONGEST_VALUE or not value.is_finite() or value < 0 or abs(value.adjusted()) > _LONGEST_VALUE:
        raise _refuse(name, line, "value_in_usd", f"expected a number of dollars from 0, got {text[:40]!r}")
    return Estimate(value, "USD", name)


def _refuse(name: str, line: int, column: str, message: str) -> MalformedBytes:
    return MalformedBytes(f"{name}, line {line}: {message}", offset=0, field=column)
