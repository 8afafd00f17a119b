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
from collections.abc import Iterator, Mapping, Sequence

from cryptotrace.chains.bitcoin.wire import decode_transaction
from cryptotrace.chains.networks import Network, network
from cryptotrace.errors import MalformedBytes, SourceLied, UnsupportedChain
from cryptotrace.evidence.recorder import Recorder
from cryptotrace.model.block import BlockRef, Tip
from cryptotrace.model.identity import Account
from cryptotrace.model.source import RawTransaction, Spend, SpendUnknown, Unspent
from cryptotrace.model.transaction import Outpoint
from cryptotrace.sources.memory import MemorySource

#: Names of the columns that are read; others are left alone.
COLUMNS = ("chain", "txid", "raw", "height", "block_hash", "time", "index")
_LONGEST_FIELD = 2 * 4_000_000 + 1
_HEX = set("0123456789abcdefABCDEF")


class CsvSource:
    """Transactions from a table. Satisfies ``Transactions``, ``Spends`` and ``Histories``.

    Raises:
        MalformedBytes: the table or a transaction cannot be read; the message names file, line and column.
        SourceLied: a txid does not match its bytes, or two rows contradict each other about a block.
    """

    def __init__(self, network: Network, filename: str, raw: bytes, recorder: Recorder, name: str) -> None:
        self.chain = network.chain
        self.name = name
        self._network = network
        self._file = filename
        self._tip_row: tuple[Tip, int] | None = None
        digest = recorder.record(raw, source=name, request=f"file {filename}")
        rows = [self._row(cells, line, digest) for line, cells in self._rows(raw)]
        held = [row for row in rows if row is not None]
        tip, since = self._completeness()
        self._held = MemorySource(
            network, transactions=held, tip=tip, complete_since=since, recorder=recorder, name=name
        )

    def tip(self) -> Tip:
        """The tip that the file states, or the highest block in it."""
        return self._held.tip()

    def close(self) -> None:
        """Nothing to let go of."""

    def transactions(self, txids: Sequence[str]) -> Iterator[RawTransaction]:
        """The transactions of those txids.

        Raises:
            DataNotFound: one of them is not in the file.
        """
        return self._held.transactions(txids)

    def spends(self, outpoints: Sequence[Outpoint]) -> Iterator[Spend | Unspent | SpendUnknown]:
        """For each outpoint who spends it, as far as the file says."""
        return self._held.spends(outpoints)

    def history(self, account: Account) -> Iterator[str]:
        """Txids in the file that touch the account. There may be others that the file does not hold."""
        return self._held.history(account)

    def _completeness(self) -> tuple[Tip | None, int | None]:
        """The tip and since when the file is complete, as its tip row states them."""
        return (None, None) if self._tip_row is None else self._tip_row

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

    def _row(self, cells: Mapping[str, str], line: int, digest: str) -> RawTransaction | None:
        if cells.get("chain") and not self._is_own_chain(cells["chain"]):
            raise self._refuse(
                line, "chain", f"{cells['chain'][:80]} is not the chain {self._network.name} that was asked for"
            )
        block = self._block(cells, line)
        text = cells.get("raw", "")
        if text.lower() == "tip":
            if block is None or self._tip_row is not None:
                raise self._refuse(line, "height", "one tip row, with height and block_hash, is what a file may have")
            self._tip_row = (Tip(self.chain, block.height, block.hash), self._number(cells, "index", line, 2**31) or 0)
            return None
        if len(text) % 2 or not set(text) <= _HEX:
            raise self._refuse(line, "raw", "expected an even number of hex digits")
        raw = bytes.fromhex(text)
        try:
            wire = decode_transaction(raw)
        except MalformedBytes as error:
            raise MalformedBytes(f"{self._file}, line {line}: {error}", offset=error.offset, field="raw") from error
        if cells.get("txid") and cells["txid"] != wire.txid:
            raise SourceLied(
                f"{self.name} ({self._file}, line {line}): txid is {cells['txid'][:80]} in the table and "
                f"{wire.txid} by the transaction's bytes; get the row from another source"
            )
        index = self._number(cells, "index", line, 2**31)
        place = -1 if block is None or index is None else index
        return RawTransaction(self.chain, wire.txid, raw, block, place, digest)

    def _is_own_chain(self, name: str) -> bool:
        try:
            return network(name).chain == self.chain
        except UnsupportedChain:
            return False

    def _block(self, cells: Mapping[str, str], line: int) -> BlockRef | None:
        height = self._number(cells, "height", line, 2**31)
        if height is None:
            return None
        block_hash = cells.get("block_hash", "")
        if len(block_hash) != 64 or not set(block_hash) <= set("0123456789abcdef"):
            raise self._refuse(
                line, "block_hash", "a row with a height needs its block's hash, 64 lower-case hex digits"
            )
        return BlockRef(self.chain, height, block_hash, self._number(cells, "time", line, 2**32) or 0)

    def _number(self, cells: Mapping[str, str], column: str, line: int, most: int) -> int | None:
        text = cells.get(column, "")
        if not text:
            return None
        if not (text.isascii() and text.isdigit()) or len(text) > 10 or int(text) > most:
            raise self._refuse(line, column, f"expected a whole number, got {text[:40]!r}")
        return int(text)

    def _refuse(self, line: int, column: str, message: str) -> MalformedBytes:
        return MalformedBytes(f"{self._file}, line {line}: {message}", offset=0, field=column)
