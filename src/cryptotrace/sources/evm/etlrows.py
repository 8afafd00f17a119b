"""The rows of ethereum-etl, as CSV or as JSON lines: six kinds of tables, told apart by their columns.

A cell is a text, a number, a list or nothing, as the writer had it; here it is read strictly and every refusal names
file, line and column. Numbers are whole: one with a point or an exponent went through a double and is refused.

Source: ethereum-etl documentation, "Schema" (blocks, transactions, receipts, logs, token_transfers, traces).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from cryptotrace.chains.evm.address import canonical_address
from cryptotrace.errors import InvalidAddress, MalformedBytes
from cryptotrace.sources.foreignjson import parse_json

_DIGITS = re.compile(r"[0-9]{1,78}", re.ASCII)
_HASH = re.compile(r"0x[0-9a-fA-F]{64}", re.ASCII)
_HEX = re.compile(r"0x([0-9a-fA-F]{2})*", re.ASCII)
_LONGEST_CELL = 64 * 1024 * 1024


class Table(StrEnum):
    """What the rows of a table are."""

    BLOCKS = "blocks"
    """Blocks."""
    TRANSACTIONS = "transactions"
    """Transactions; with columns ``receipt_*`` their receipts too."""
    RECEIPTS = "receipts"
    """Receipts, without logs."""
    LOGS = "logs"
    """Events."""
    TRANSFERS = "token transfers"
    """Transfers of tokens, as the writer read them from events."""
    TRACES = "traces"
    """Calls, creations, self-destructs and rewards."""
    CONTRACTS = "contracts"
    """Code of contracts: not read."""
    TOKENS = "tokens"
    """Names of tokens: not read."""


#: By which columns each kind of table is known; the first that fits counts.
_MARKS = (
    (Table.TRACES, {"trace_type", "trace_address"}),
    (Table.TRANSFERS, {"token_address", "from_address", "to_address", "value", "log_index"}),
    (Table.LOGS, {"log_index", "topics", "data", "address"}),
    (Table.BLOCKS, {"parent_hash", "miner", "number"}),
    (Table.TRANSACTIONS, {"nonce", "from_address", "to_address", "value", "input"}),
    (Table.RECEIPTS, {"transaction_hash", "cumulative_gas_used", "gas_used"}),
    (Table.CONTRACTS, {"bytecode", "address"}),
    (Table.TOKENS, {"symbol", "decimals", "address"}),
)


@dataclass(frozen=True, slots=True)
class EtlRow:
    """One row, with its place in the files."""

    table: Table
    """Of which kind of table."""
    file: str
    """In which file."""
    line: int
    """On which line."""
    cells: Mapping[str, object]
    """What stands in it; None for an empty cell."""

    def __contains__(self, name: str) -> bool:
        return self.cells.get(name) is not None

    def refuse(self, name: str, expected: str) -> MalformedBytes:
        """The error that says what was expected in a column; the caller raises it."""
        shown = repr(self.cells.get(name))
        shown = shown if len(shown) <= 80 else f"{shown[:77]}..."
        message = f"{self.file}, line {self.line}: expected {expected}, got {shown}"
        return MalformedBytes(message, offset=0, field=name)

    def integer(self, name: str, bits: int = 256) -> int:
        """A whole number of at most so many bits.

        Raises:
            MalformedBytes: absent or something else.
        """
        value = self.cells.get(name)
        if isinstance(value, str) and _DIGITS.fullmatch(value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0 or value >> bits:
            raise self.refuse(name, f"a whole number of at most {bits} bits")
        return value

    def integer_or_none(self, name: str, bits: int = 256) -> int | None:
        """The same, or None where the cell is empty.

        Raises:
            MalformedBytes: there, and not such a number.
        """
        return self.integer(name, bits) if name in self else None

    def text(self, name: str, form: re.Pattern[str], expected: str) -> str:
        """Text of a form.

        Raises:
            MalformedBytes: absent or of another form.
        """
        value = self.cells.get(name)
        if not isinstance(value, str) or not form.fullmatch(value):
            raise self.refuse(name, expected)
        return value

    def hash(self, name: str) -> str:
        """Thirty-two bytes as 64 lower-case hex digits without ``0x``.

        Raises:
            MalformedBytes: absent or something else.
        """
        return self.text(name, _HASH, "0x and 64 hex digits")[2:].lower()

    def data(self, name: str) -> bytes:
        """Bytes of hex text with ``0x``.

        Raises:
            MalformedBytes: absent or something else.
        """
        return bytes.fromhex(self.text(name, _HEX, "0x and pairs of hex digits")[2:])

    def address(self, name: str) -> str:
        """An address with its checksum.

        Raises:
            MalformedBytes: absent or something else.
        """
        try:
            return canonical_address(str(self.cells.get(name)))
        except InvalidAddress:
            raise self.refuse(name, "an address") from None

    def address_or_none(self, name: str) -> str | None:
        """The same, or None where the cell is empty.

        Raises:
            MalformedBytes: there, and no address.
        """
        return self.address(name) if name in self else None

    def items(self, name: str) -> list[object]:
        """The items of a list, which CSV writes with commas between; an empty one where the cell is empty.

        Raises:
            MalformedBytes: something else.
        """
        value = self.cells.get(name)
        if value is None:
            return []
        if isinstance(value, str):
            return list(value.split(",")) if value else []
        if isinstance(value, int) and not isinstance(value, bool):
            return [value]
        if not isinstance(value, list):
            raise self.refuse(name, "a list")
        return list(value)

    def objects(self, name: str) -> list[EtlRow]:
        """The objects of a list, which CSV writes one after the other; empty where the cell is.

        Raises:
            MalformedBytes: something else.
        """
        value = self.cells.get(name)
        if isinstance(value, str):
            value = parse_json(f"[{value}]".encode(), f"{self.file}, line {self.line}, {name}").value
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise self.refuse(name, "a list of objects")
        return [EtlRow(self.table, self.file, self.line, each) for each in value]

    def rpc(self, name: str) -> object:
        """A number as a node would tell it, or None where the cell is empty.

        Raises:
            MalformedBytes: there, and no whole number.
        """
        value = self.integer_or_none(name)
        return None if value is None else hex(value)


def read_rows(raw: bytes, file: str) -> Iterator[EtlRow]:
    """The rows of a file, CSV or JSON lines.

    Raises:
        MalformedBytes: it cannot be read, or is no table of ethereum-etl; the message names file and line.
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MalformedBytes(f"{file} is not UTF-8", offset=error.start, field="text") from error
    rows = _json_lines(text, file) if text.lstrip()[:1] == "{" else _csv_lines(text, file)
    for line, cells in rows:
        yield EtlRow(_table(cells, file, line), file, line, cells)


def _json_lines(text: str, file: str) -> Iterator[tuple[int, dict[str, object]]]:
    for line, each in enumerate(text.split("\n"), 1):
        if not each.strip():
            continue
        value = parse_json(each.encode(), f"{file}, line {line}").value
        if not isinstance(value, dict):
            raise MalformedBytes(f"{file}, line {line}: an object expected", offset=0, field="line")
        for name, cell in value.items():
            if isinstance(cell, Decimal):
                raise MalformedBytes(
                    f"{file}, line {line}: {cell} is no whole number; whoever wrote it lost digits",
                    offset=0,
                    field=name,
                )
        yield line, value


def _csv_lines(text: str, file: str) -> Iterator[tuple[int, dict[str, object]]]:
    before = csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [cell.strip() for cell in next(reader, [])]
        if len(set(header)) != len(header):
            raise MalformedBytes(f"{file}, line 1: a column stands twice", offset=0, field="line")
        for cells in reader:
            if any(cells):
                if len(cells) != len(header):
                    raise MalformedBytes(
                        f"{file}, line {reader.line_num}: {len(cells)} cells under {len(header)} columns",
                        offset=0,
                        field="line",
                    )
                yield reader.line_num, {name: cell or None for name, cell in zip(header, cells, strict=True)}
    except csv.Error as error:
        raise MalformedBytes(f"{file}, line {reader.line_num}: {error}", offset=0, field="line") from error
    finally:
        csv.field_size_limit(before)


def _table(cells: Mapping[str, object], file: str, line: int) -> Table:
    for table, marks in _MARKS:
        if marks <= cells.keys():
            return table
    raise MalformedBytes(
        f"{file}, line {line}: is no row of ethereum-etl (blocks, transactions, receipts, logs, token_transfers, "
        "traces)",
        offset=0,
        field="line",
    )
