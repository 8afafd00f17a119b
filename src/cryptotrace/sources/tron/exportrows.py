"""The rows of exported tables on TRON, form by form: what their columns mean, in exact numbers and UTC.

===========================  =========================================================================================
form                         how it is known
===========================  =========================================================================================
TronScan, token transfers    ``Tx Hash, blockHeight, blockTime(UTC...), from, to, value, symbol, tokenAddress``
TronScan, transactions       ``Tx Hash, blockHeight, blockTime(UTC...), from, to, value, symbol, contractType, status``
Arkham                       ``transactionHash, fromAddress, toAddress, tokenAddress, blockTimestamp, unitValue, chain``
===========================  =========================================================================================

Nothing is guessed: a time without its zone, a number with a comma, an unknown column or an unknown status is refused
with its line.

Source: exports of tronscan.org (2026) and of Arkham's transfer search (2026).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from cryptotrace.chains.bitcoin.hashes import is_hash_text
from cryptotrace.chains.networks import account
from cryptotrace.chains.tron.network import TronNetwork
from cryptotrace.errors import InvalidAddress, MalformedBytes
from cryptotrace.model.identity import Account

_NUMBER = re.compile(r"[0-9]{1,80}(?:\.[0-9]{1,80})?(?:[eE][+-]?[0-9]{1,2})?", re.ASCII)
_ZONED = re.compile(r"blockTime\(UTC(?P<hours>[+-](?:[0-9]|1[0-4]))?\)", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIMES = ("%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M:%S")
#: A double holds so many digits of any decimal number; where more stand, and fewer than the token has, it was one.
_EXACT_DIGITS = 15
_TRONSCAN = frozenset({"Tx Hash", "blockHeight", "from", "to", "value", "symbol"})
_TRANSFERS = _TRONSCAN | {"tokenAddress"}
_TRANSACTIONS = _TRONSCAN | {"contractType", "status"}
_OPTIONAL = frozenset({"isConfirm", "fee"})
_ARKHAM_READ = frozenset(
    {
        "transactionHash",
        "fromAddress",
        "toAddress",
        "tokenAddress",
        "blockTimestamp",
        "blockNumber",
        "blockHash",
        "tokenSymbol",
        "tokenDecimals",
        "unitValue",
        "chain",
    }
)
_ARKHAM_LEFT = frozenset(
    {
        "fromLabel",
        "fromIsContract",
        "toLabel",
        "toIsContract",
        "type",
        "tokenName",
        "tokenId",
        "historicalUSD",
    }
)
_CONFIRMED = {"true": True, "1": True, "confirmed": True, "false": False, "0": False, "unconfirmed": False}
_STATUS = {"SUCCESS": True, "CONFIRMED": True, "SUCESS": True}
_FAILED = frozenset({"FAIL", "FAILED", "REVERT", "OUT_OF_ENERGY", "OUT_OF_TIME", "OUT OF ENERGY", "OUT OF TIME"})
#: Kinds of transactions whose ``value`` is TRX that moves from one account to the other.
_TRX_KINDS = frozenset({"TransferContract", "TriggerSmartContract"})


@dataclass(frozen=True, slots=True)
class ExportRow:
    """One row of an export."""

    line: int
    """Where it stands in the file, from 1."""
    txid: str
    """The transaction that it belongs to."""
    height: int
    """Height of its block."""
    block_hash: str
    """Id of its block; empty where the export does not tell it."""
    time: int
    """Time of its block, seconds since 1970 UTC."""
    payer: Account | None
    """Who pays."""
    payee: Account | None
    """Who is paid; None where nobody is (a stake, a vote)."""
    value: Decimal
    """Whole coins or tokens, exact as it stands there."""
    contract: str
    """The token's contract, base58check; empty for what is no TRC-20 token."""
    is_trx: bool
    """True: the value is TRX that moves from payer to payee."""
    symbol: str
    """As the export calls it."""
    decimals: int | None
    """Digits after the point of the token, if the export tells them."""
    is_confirmed: bool
    """False: the export calls the block unconfirmed."""
    succeeded: bool
    """False: the export calls it failed."""
    kind: str
    """Contract type of the transaction, if the export tells it."""

    @property
    def may_be_rounded(self) -> bool:
        """True if the value has as many digits as a double that was printed: the exact one may differ."""
        digits = self.value.as_tuple().digits
        return len(digits) > _EXACT_DIGITS


@dataclass(slots=True)
class ExportTable:
    """Reads the rows of one exported table.

    Raises:
        MalformedBytes: a form, a column, a time, a number or a status that is not known; the message names the line.
    """

    network: TronNetwork
    """The chain whose rows are wanted."""
    filename: str
    """The file's name, for messages."""
    form: str = ""
    """Which form it turned out to be."""
    others: dict[str, int] | None = None
    """How many rows are of other chains, by the export's names of them."""

    def read(self, raw: bytes) -> list[ExportRow]:
        """The rows of that chain, in the file's order."""
        self.others = {}
        return [row for line, cells in self._rows(raw) if (row := self._row(line, cells)) is not None]

    def _rows(self, raw: bytes) -> Iterator[tuple[int, Mapping[str, str]]]:
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise MalformedBytes(f"{self.filename} is not UTF-8", offset=error.start, field="text") from error
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        try:
            header = [cell.strip() for cell in next(reader, [])]
            self.form = self._form(header)
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    if len(cells) != len(header):
                        raise self._refuse(reader.line_num, "line", f"{len(cells)} cells under {len(header)} columns")
                    yield reader.line_num, dict(zip(header, map(str.strip, cells), strict=True))
        except csv.Error as error:
            raise self._refuse(reader.line_num, "line", str(error)) from error

    def _form(self, header: Sequence[str]) -> str:
        columns = set(header)
        if len(columns) != len(header):
            raise self._refuse(1, "header", "a column stands twice")
        zoned = {each for each in columns if _ZONED.fullmatch(each)}
        if columns >= _ARKHAM_READ:
            unknown, form = columns - _ARKHAM_READ - _ARKHAM_LEFT, "arkham"
        elif columns >= _TRANSFERS:
            unknown, form = columns - _TRANSFERS - _OPTIONAL - zoned, "transfers"
        elif columns >= _TRANSACTIONS:
            unknown, form = columns - _TRANSACTIONS - _OPTIONAL - zoned, "transactions"
        else:
            raise self._refuse(
                1,
                "header",
                f"{', '.join(header)[:200]} is not the header of a known export (TronScan transfers or transactions, "
                "Arkham transfers)",
            )
        if unknown:
            raise self._refuse(1, "header", f"unknown columns: {', '.join(sorted(unknown))[:200]}")
        if form != "arkham" and not zoned:
            raise self._refuse(1, "header", "the times have no zone: expected a column such as blockTime(UTC)")
        return form

    def _row(self, line: int, cells: Mapping[str, str]) -> ExportRow | None:
        if self.form == "arkham":
            return self._arkham(line, cells)
        kind = cells.get("contractType", "")
        succeeded = self._succeeded(line, cells.get("status", ""))
        contract = cells.get("tokenAddress", "")
        is_trx = kind in _TRX_KINDS and cells["symbol"].upper() in ("TRX", "")
        if self.form == "transfers" and contract in ("", "_", "TRX"):
            contract, is_trx = "", cells["symbol"].upper() == "TRX"
        return ExportRow(
            line,
            self._txid(line, cells["Tx Hash"]),
            self._whole(line, "blockHeight", cells["blockHeight"]),
            "",
            self._time(line, cells),
            self._account(line, "from", cells["from"]),
            self._account(line, "to", cells["to"]),
            self._value(line, "value", cells["value"]),
            self._contract(line, contract),
            is_trx,
            cells["symbol"],
            None,
            self._flag(line, cells["isConfirm"]) if "isConfirm" in cells else True,
            succeeded,
            kind,
        )

    def _arkham(self, line: int, cells: Mapping[str, str]) -> ExportRow | None:
        if cells["chain"] != "tron":
            others = self.others if self.others is not None else {}
            others[cells["chain"]] = others.get(cells["chain"], 0) + 1
            return None
        try:
            when = datetime.strptime(cells["blockTimestamp"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        except ValueError:
            raise self._refuse(line, "blockTimestamp", f"{cells['blockTimestamp'][:40]!r} is no time in UTC") from None
        block_hash = cells["blockHash"]
        if not is_hash_text(block_hash):
            raise self._refuse(line, "blockHash", "expected 64 lower-case hex digits")
        contract = self._contract(line, cells["tokenAddress"])
        return ExportRow(
            line,
            self._txid(line, cells["transactionHash"]),
            self._whole(line, "blockNumber", cells["blockNumber"]),
            block_hash,
            int(when.timestamp()),
            self._account(line, "fromAddress", cells["fromAddress"]),
            self._account(line, "toAddress", cells["toAddress"]),
            self._value(line, "unitValue", cells["unitValue"]),
            contract,
            not contract and cells["tokenSymbol"] == "TRX",
            cells["tokenSymbol"],
            self._whole(line, "tokenDecimals", cells["tokenDecimals"]),
            True,
            True,
            "",
        )

    # --- cells --------------------------------------------------------------------------------------------------------

    def _txid(self, line: int, text: str) -> str:
        if not is_hash_text(text):
            raise self._refuse(line, "transaction", f"{text[:80]!r} is no txid: expected 64 lower-case hex digits")
        return text

    def _whole(self, line: int, column: str, text: str) -> int:
        if not (text.isascii() and text.isdigit()) or len(text) > 10:
            raise self._refuse(line, column, f"expected a whole number, got {text[:40]!r}")
        return int(text)

    def _value(self, line: int, column: str, text: str) -> Decimal:
        if not _NUMBER.fullmatch(text):
            raise self._refuse(
                line,
                column,
                f"{text[:40]!r} is no number with a point and without separators: whether a comma parts thousands or "
                "decimals is not guessed; export again, or write the numbers plainly",
            )
        return Decimal(text)

    def _account(self, line: int, column: str, text: str) -> Account | None:
        if text in ("", "-", "_"):
            return None
        try:
            return account(text, str(self.network.chain))
        except InvalidAddress as error:
            raise self._refuse(line, column, str(error)) from error

    def _contract(self, line: int, text: str) -> str:
        found = self._account(line, "tokenAddress", text)
        return "" if found is None else found.address

    def _flag(self, line: int, text: str) -> bool:
        if text.lower() not in _CONFIRMED:
            raise self._refuse(line, "isConfirm", f"{text[:40]!r} is neither true nor false")
        return _CONFIRMED[text.lower()]

    def _succeeded(self, line: int, text: str) -> bool:
        if self.form != "transactions":
            return True
        if text.upper() in _STATUS:
            return True
        if text.upper() not in _FAILED:
            raise self._refuse(line, "status", f"the status {text[:40]!r} is not known here")
        return False

    def _time(self, line: int, cells: Mapping[str, str]) -> int:
        """Seconds since 1970 UTC; all columns of time must say the same."""
        found = set()
        for column, text in cells.items():
            match = _ZONED.fullmatch(column)
            if match is not None:
                zone = timezone(timedelta(hours=int(match["hours"] or 0)))
                found.add(int((self._local(line, column, text).replace(tzinfo=zone) - _EPOCH).total_seconds()))
        if len(found) != 1:
            raise self._refuse(line, "blockTime", "its columns of time are not the same instant")
        return found.pop()

    def _local(self, line: int, column: str, text: str) -> datetime:
        for form in _TIMES:
            try:
                return datetime.strptime(text, form).replace(tzinfo=UTC)
            except ValueError:
                continue
        raise self._refuse(line, column, f"{text[:40]!r} is no time such as 2026/06/28 16:12:09")

    def _refuse(self, line: int, column: str, message: str) -> MalformedBytes:
        return MalformedBytes(f"{self.filename}, line {line}: {message}", offset=0, field=column)
