"""``csv:`` - raw transactions in a table, with a header line.

==============  ========  ===============================================================================
column          needed    meaning
==============  ========  ===============================================================================
``raw``         yes       the transaction's bytes in hex
``txid``        no        compared with the bytes
``chain``       no        friendly name or CAIP-2; a row of another chain is refused
``height``      no        height of the block that confirms it; empty while unconfirmed
``block_hash``  with      hash of that block, needed with ``height``
``time``        no        the block's time: seconds since 1970-01-01 UTC; without it 0
``index``       no        place in the block, from 0; without it -1
==============  ========  ===============================================================================

One further row may state completeness: ``raw`` is the word ``tip``, ``height`` and ``block_hash`` name the tip, and
``index`` the height since which *every transaction that spends an output in this file* is in the file. Without such a
row an output that no row spends is ``SpendUnknown``; with it, one created at that height or later is unspent.
Separator: comma or semicolon. UTF-8, with or without a byte order mark.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping

from cryptotrace.chains.bitcoin.hashes import is_hash_text
from cryptotrace.chains.bitcoin.network import BitcoinNetwork
from cryptotrace.chains.bitcoin.wire import decode_transaction
from cryptotrace.chains.networks import network
from cryptotrace.errors import MalformedBytes, SourceLied, UnsupportedChain
from cryptotrace.evidence.recorder import Recorder
from cryptotrace.model.block import BlockRef, Tip
from cryptotrace.model.source import RawTransaction
from cryptotrace.sources.memory import HeldTransactions, MemorySource

#: Names of the columns that are read; others are left alone.
COLUMNS = ("chain", "txid", "raw", "height", "block_hash", "time", "index")
_LONGEST_FIELD = 2 * 4_000_000 + 1
_HEX = set("0123456789abcdefABCDEF")


class CsvSource(HeldTransactions):
    """Transactions from a table. Satisfies ``Transactions``, ``Spends`` and ``Histories``.

    Args:
        network: the chain.
        filename: the file's name, for messages and evidence.
        raw: its bytes.
        recorder: takes the bytes before they are read.
        name: how the source is called in evidence.

    Raises:
        MalformedBytes: the table or a transaction cannot be read; the message names file, line and column.
        SourceLied: a txid does not match its bytes, or two rows contradict each other about a block.
    """

    def __init__(self, network: BitcoinNetwork, filename: str, raw: bytes, recorder: Recorder, name: str) -> None:
        table = _Table(network, filename, name, recorder.record(raw, source=name, request=f"file {filename}"))
        rows = table.read(raw)
        tip, since = (None, None) if table.tip_row is None else table.tip_row
        super().__init__(
            MemorySource(network, transactions=rows, tip=tip, complete_since=since, recorder=recorder, name=name)
        )


class _Table:
    """Reads the rows of one table."""

    def __init__(self, network: BitcoinNetwork, filename: str, name: str, digest: str) -> None:
        self.tip_row: tuple[Tip, int] | None = None
        """The tip, and since which height the file is complete, if a row states it."""
        self._network = network
        self._file = filename
        self._name = name
        self._digest = digest

    def read(self, raw: bytes) -> list[RawTransaction]:
        rows = [self._row(cells, line) for line, cells in self._rows(raw)]
        return [row for row in rows if row is not None]

    def _rows(self, raw: bytes) -> Iterator[tuple[int, Mapping[str, str]]]:
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise MalformedBytes(f"{self._file} is not UTF-8", offset=error.start, field="text") from error
        first = text.partition("\n")[0]
        before = csv.field_size_limit(_LONGEST_FIELD)
        reader = csv.reader(
            io.StringIO(text, newline=""), delimiter=";" if first.count(";") > first.count(",") else ",", strict=True
        )
        try:
            header = [cell.strip().lower() for cell in next(reader, [])]
            if "raw" not in header or len(set(header)) != len(header):
                raise self._refuse(
                    1, "raw", f"the header line needs a column raw and no column twice, got {first[:80]!r}"
                )
            for cells in reader:
                if len(cells) > len(header):
                    raise self._refuse(reader.line_num, "line", f"{len(cells)} cells under {len(header)} columns")
                if any(cell.strip() for cell in cells):
                    yield reader.line_num, dict(zip(header, map(str.strip, cells), strict=False))
        except csv.Error as error:
            raise self._refuse(reader.line_num, "line", str(error)) from error
        finally:
            csv.field_size_limit(before)

    def _row(self, cells: Mapping[str, str], line: int) -> RawTransaction | None:
        if cells.get("chain") and not self._is_own_chain(cells["chain"]):
            raise self._refuse(
                line, "chain", f"{cells['chain'][:80]} is not the chain {self._network.name} that was asked for"
            )
        block = self._block(cells, line)
        text = cells.get("raw", "")
        if text.lower() == "tip":
            if block is None or self.tip_row is not None:
                raise self._refuse(line, "height", "one tip row, with height and block_hash, is what a file may have")
            self.tip_row = (
                Tip(self._network.chain, block.height, block.hash),
                self._number(cells, "index", line, 2**31) or 0,
            )
            return None
        if len(text) % 2 or not set(text) <= _HEX:
            raise self._refuse(line, "raw", "expected an even number of hex digits")
        raw = bytes.fromhex(text)
        try:
            wire = decode_transaction(raw, self._network)
        except MalformedBytes as error:
            raise MalformedBytes(f"{self._file}, line {line}: {error}", offset=error.offset, field="raw") from error
        if cells.get("txid") and cells["txid"] != wire.txid:
            raise SourceLied(
                f"{self._name} ({self._file}, line {line}): txid is {cells['txid'][:80]} in the table and "
                f"{wire.txid} by the transaction's bytes; get the row from another source"
            )
        index = self._number(cells, "index", line, 2**31)
        place = -1 if block is None or index is None else index
        return RawTransaction(self._network.chain, wire.txid, raw, block, place, self._digest)

    def _is_own_chain(self, name: str) -> bool:
        try:
            return network(name).chain == self._network.chain
        except UnsupportedChain:
            return False

    def _block(self, cells: Mapping[str, str], line: int) -> BlockRef | None:
        height = self._number(cells, "height", line, 2**31)
        if height is None:
            return None
        block_hash = cells.get("block_hash", "")
        if not is_hash_text(block_hash):
            raise self._refuse(
                line, "block_hash", "a row with a height needs its block's hash, 64 lower-case hex digits"
            )
        return BlockRef(self._network.chain, height, block_hash, self._number(cells, "time", line, 2**32) or 0)

    def _number(self, cells: Mapping[str, str], column: str, line: int, most: int) -> int | None:
        text = cells.get(column, "")
        if not text:
            return None
        if not (text.isascii() and text.isdigit()) or len(text) > 10 or int(text) > most:
            raise self._refuse(line, column, f"expected a whole number, got {text[:40]!r}")
        return int(text)

    def _refuse(self, line: int, column: str, message: str) -> MalformedBytes:
        return MalformedBytes(f"{self._file}, line {line}: {message}", offset=0, field=column)
