"""The rows of exported tables on EVM chains, form by form: what their columns mean, in exact numbers.

====================  ================================================================================================
form                  how it is known (a first column may be called ``Txhash`` or ``Transaction Hash``)
====================  ================================================================================================
transactions          ``Blockno, From, To, ContractAddress, Value_IN(ETH), Value_OUT(ETH), TxnFee(ETH)``
internal calls        ``Blockno, ParentTxFrom, ParentTxTo, ParentTxETH_Value, From, TxTo, Value_IN(ETH), Value_OUT(..)``
token transfers       ``Blockno, From, To, TokenValue, ContractAddress, TokenName, TokenSymbol``
Arkham                ``transactionHash, fromAddress, toAddress, tokenAddress, tokenDecimals, unitValue, chain``
====================  ================================================================================================

The unit in a head (ETH, BNB, POL) must be the chain's own. Columns in dollars are not read: they are no amounts. A
form, a number or a status that is not known is refused with its line.

Source: CSV exports of etherscan.io and its sister explorers (heads of 2021 to 2026); Arkham's transfer search (2026).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum

from cryptotrace.chains.evm.address import canonical_address
from cryptotrace.chains.evm.network import EvmNetwork
from cryptotrace.errors import InvalidAddress, MalformedBytes

_NUMBER = re.compile(r"(?:[0-9]{1,80}|[0-9]{1,3}(?:,[0-9]{3}){1,25})(?:\.[0-9]{1,80})?", re.ASCII)
_PRINTED_DOUBLE = re.compile(r"[0-9]{1,80}(?:\.[0-9]{1,80})?(?:[eE][+-]?[0-9]{1,2})?", re.ASCII)
_TXID = re.compile(r"0x[0-9a-fA-F]{64}", re.ASCII)
_WHOLE = re.compile(r"[0-9]{1,12}", re.ASCII)
#: How the two kinds of explorers call the same chain.
_ARKHAM_CHAINS = {
    "ethereum": "ethereum",
    "bsc": "bnb",
    "polygon": "polygon",
    "arbitrum_one": "arbitrum",
    "arbitrum": "arbitrum",
    "optimism": "optimism",
    "base": "base",
    "avalanche": "avalanche",
}
#: Symbols that the chain's explorer once wrote, or writes without what this library puts in front.
_OTHER_SYMBOLS = {"polygon": ("MATIC",), "ethereum-sepolia": ("ETH",)}
_FORMS = "the CSV exports of Etherscan (transactions, internal, ERC-20) and of Arkham"


class Form(StrEnum):
    """What the rows of a table are."""

    NORMAL = "transactions"
    """Transactions with their own value and fee."""
    INTERNAL = "internal calls"
    """Internal calls with value."""
    TOKENS = "token transfers"
    """Transfers of ERC-20 tokens."""
    ARKHAM = "Arkham"
    """Movements of any kind."""


@dataclass(frozen=True, slots=True)
class ExportRow:
    """What one row says."""

    form: Form
    """Out of which form."""
    file: str
    """Out of which file."""
    line: int
    """On which line."""
    txid: str
    """Its transaction."""
    height: int
    """Height of its block."""
    time: int
    """The block's time, seconds since 1970 UTC."""
    block_hash: str
    """Hash of the block; empty if it is not told."""
    payer: str | None
    """Who pays, with the checksum of EIP-55; None if it is not told."""
    payee: str | None
    """Who is paid; None if it is not told."""
    value: Decimal
    """How much, in whole coins or tokens, as it stands there."""
    contract: str | None
    """The token's contract; None for the native coin."""
    decimals: int | None
    """Decimals of the token as the table tells them; None if it does not."""
    symbol: str
    """What the table calls the asset. Foreign text."""
    fee: Decimal | None
    """What the sender paid in fees, in whole coins; None if it is not told."""
    succeeded: bool
    """False: it was undone."""
    parent: tuple[str, str | None, Decimal] | None = None
    """Of an internal call: sender, receiver and value of the transaction itself."""

    @property
    def may_be_rounded(self) -> bool:
        """True if the value has as many digits as a double that was printed: the exact one may differ."""
        return self.form is Form.ARKHAM and len(self.value.normalize().as_tuple().digits) > _EXACT_DIGITS

    @property
    def likeness(self) -> tuple[object, ...]:
        """What two rows about the same movement in two files have in common."""
        return self.form, self.payer, self.payee, self.value, self.contract, self.succeeded


#: A double holds so many digits of any decimal number.
_EXACT_DIGITS = 15


@dataclass(slots=True)
class ExportTable:
    """Reads one exported table."""

    network: EvmNetwork
    """The chain whose rows are read."""
    file: str
    """The file's name, for messages."""
    others: dict[str, int] = field(default_factory=dict)
    """Rows of other chains, by chain; they are left out."""

    def read(self, raw: bytes) -> list[ExportRow]:
        """The rows of the chain.

        Raises:
            MalformedBytes: a form, a column or a cell that is not known; the message names file, line and column.
        """
        found = []
        for line, form, cells in self._rows(raw):
            row = self._arkham(cells, line) if form is Form.ARKHAM else self._etherscan(form, cells, line)
            found += [] if row is None else [row]
        return found

    def _rows(self, raw: bytes) -> Iterator[tuple[int, Form, Mapping[str, str]]]:
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise MalformedBytes(f"{self.file} is not UTF-8", offset=error.start, field="text") from error
        # Arkham writes names with quotes in them as they are: so quotes are not read strictly, and cells are counted
        reader = csv.reader(io.StringIO(text, newline=""))
        try:
            header = self._header(next(reader, []))
            form = self._form(header)
            for cells in reader:
                if not any(cell.strip() for cell in cells):
                    continue
                if len(cells) != len(header) or any("\n" in cell for cell in cells):
                    raise self.refuse(reader.line_num, "line", f"{len(cells)} cells under {len(header)} columns")
                yield reader.line_num, form, dict(zip(header, map(str.strip, cells), strict=True))
        except csv.Error as error:
            raise self.refuse(reader.line_num, "line", str(error)) from error

    def _header(self, cells: list[str]) -> list[str]:
        """The heads, with one name for what has several; the unit is checked and taken off."""
        symbols = {self.network.symbol, *_OTHER_SYMBOLS.get(self.network.name, ())}
        heads = []
        for cell in cells:
            head = {"Txhash": "Transaction Hash", "DateTime": "DateTime (UTC)"}.get(cell.strip(), cell.strip())
            unit = re.fullmatch(r"(Value_IN|Value_OUT|TxnFee|ParentTx)(?:\((\w+)\)|(\w+)_Value)", head)
            if unit is not None and (symbol := unit[2] or unit[3]) != "USD":
                if symbol not in symbols:
                    raise self.refuse(1, head, f"values are in {symbol}, and the coin of {self.network.name} is not it")
                head = unit[1]
            heads.append(head)
        if len(set(heads)) != len(heads):
            raise self.refuse(1, "line", "a column stands twice")
        return heads

    def _form(self, header: list[str]) -> Form:
        has = set(header)
        if {"transactionHash", "fromAddress", "toAddress", "unitValue", "chain", "blockNumber"} <= has:
            return Form.ARKHAM
        if "Transaction Hash" in has and "Blockno" not in has:
            raise self.refuse(1, "Blockno", "this export does not tell the blocks; export it again from the explorer")
        if {"Transaction Hash", "From", "To", "TokenValue", "ContractAddress"} <= has:
            return Form.TOKENS
        if {"Transaction Hash", "ParentTxFrom", "From", "TxTo", "Value_IN", "Value_OUT"} <= has:
            return Form.INTERNAL
        if {"Transaction Hash", "From", "To", "Value_IN", "Value_OUT", "TxnFee"} <= has:
            return Form.NORMAL
        raise self.refuse(1, "line", f"is no form of table that is read; known are {_FORMS}")

    def _etherscan(self, form: Form, cells: Mapping[str, str], line: int) -> ExportRow:
        to = cells.get("TxTo" if form is Form.INTERNAL else "To", "")
        contract = cells.get("ContractAddress", "")
        is_token = form is Form.TOKENS
        parent = None
        if form is Form.INTERNAL:
            value = self._number(cells, "ParentTx", line, default="0")
            parent = self.address(cells, "ParentTxFrom", line), self._address_or_none(cells, "ParentTxTo", line), value
        fee = self._number(cells, "TxnFee", line, default="0") if form is Form.NORMAL else None
        return ExportRow(
            form=form,
            file=self.file,
            line=line,
            txid=self._txid(cells, "Transaction Hash", line),
            height=self._whole(cells, "Blockno", line),
            time=self._whole(cells, "UnixTimestamp", line),
            block_hash="",
            payer=self.address(cells, "From", line),
            payee=self.address(cells, "TxTo" if form is Form.INTERNAL else "To", line)
            if to or is_token
            else self.address({"ContractAddress": contract}, "ContractAddress", line),
            value=self._number(cells, "TokenValue", line) if is_token else self._value(cells, line),
            contract=self.address(cells, "ContractAddress", line) if is_token else None,
            decimals=None,
            symbol=cells.get("TokenSymbol", "") if is_token else self.network.symbol,
            fee=fee or None,  # of a payment that came in the explorer writes 0, which nobody can have paid
            succeeded=self._succeeded(form, cells.get("Status", ""), line),
            parent=parent,
        )

    def _value(self, cells: Mapping[str, str], line: int) -> Decimal:
        into, out = (self._number(cells, column, line, default="0") for column in ("Value_IN", "Value_OUT"))
        if into and out and into != out:
            raise self.refuse(line, "Value_OUT", f"{into} came in and {out} went out in one movement")
        return into or out

    def _succeeded(self, form: Form, status: str, line: int) -> bool:
        if status in ("", "0") or (form is Form.NORMAL and status == "1"):
            return True
        if status.startswith("Error") or (form is Form.INTERNAL and status == "1"):
            return False
        raise self.refuse(line, "Status", f"expected nothing, 0, 1 or Error(...), got {status[:40]!r}")

    def _arkham(self, cells: Mapping[str, str], line: int) -> ExportRow | None:
        chain = cells["chain"]
        if _ARKHAM_CHAINS.get(chain, chain) != self.network.name:
            self.others[chain] = self.others.get(chain, 0) + 1
            return None
        token = cells.get("tokenAddress", "")
        decimals = cells.get("tokenDecimals", "")
        if decimals and (not _WHOLE.fullmatch(decimals) or int(decimals) > 77):
            raise self.refuse(line, "tokenDecimals", f"expected a whole number up to 77, got {decimals[:40]!r}")
        if not token and decimals and int(decimals) != self.network.decimals:
            raise self.refuse(line, "tokenDecimals", f"the native coin has {self.network.decimals} decimals")
        block_hash = cells.get("blockHash", "").removeprefix("0x").lower()
        if block_hash and not re.fullmatch(r"[0-9a-f]{64}", block_hash):
            raise self.refuse(line, "blockHash", f"expected 0x and 64 hex digits, got {block_hash[:80]!r}")
        return ExportRow(
            form=Form.ARKHAM,
            file=self.file,
            line=line,
            txid=self._txid(cells, "transactionHash", line),
            height=self._whole(cells, "blockNumber", line),
            time=self._time(cells.get("blockTimestamp", ""), line),
            block_hash=block_hash,
            payer=self._address_or_none(cells, "fromAddress", line),
            payee=self._address_or_none(cells, "toAddress", line),
            value=self._printed(cells.get("unitValue", ""), line),
            contract=self.address(cells, "tokenAddress", line) if token else None,
            decimals=int(decimals) if decimals else None,
            symbol=cells.get("tokenSymbol", ""),
            fee=None,
            succeeded=True,
        )

    # --- cells --------------------------------------------------------------------------------------------------------

    def _txid(self, cells: Mapping[str, str], column: str, line: int) -> str:
        text = cells.get(column, "")
        if not _TXID.fullmatch(text):
            raise self.refuse(line, column, f"expected 0x and 64 hex digits, got {text[:80]!r}")
        return text[2:].lower()

    def address(self, cells: Mapping[str, str], column: str, line: int) -> str:
        """The address in a cell.

        Raises:
            MalformedBytes: none, or one with a wrong checksum.
        """
        try:
            return canonical_address(cells.get(column, ""))
        except InvalidAddress as error:
            raise self.refuse(line, column, str(error)) from error

    def _address_or_none(self, cells: Mapping[str, str], column: str, line: int) -> str | None:
        return self.address(cells, column, line) if cells.get(column) else None

    def _whole(self, cells: Mapping[str, str], column: str, line: int) -> int:
        text = cells.get(column, "")
        if not _WHOLE.fullmatch(text):
            raise self.refuse(line, column, f"expected a whole number, got {text[:40]!r}")
        return int(text)

    def _number(self, cells: Mapping[str, str], column: str, line: int, default: str = "") -> Decimal:
        text = cells.get(column, "") or default
        if not _NUMBER.fullmatch(text):
            raise self.refuse(line, column, f"expected a number such as 1,234.5, got {text[:40]!r}")
        return Decimal(text.replace(",", ""))

    def _printed(self, text: str, line: int) -> Decimal:
        if not _PRINTED_DOUBLE.fullmatch(text):
            raise self.refuse(line, "unitValue", f"expected a number, got {text[:40]!r}")
        return Decimal(text)

    def _time(self, text: str, line: int) -> int:
        try:
            when = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        except ValueError:
            raise self.refuse(line, "blockTimestamp", f"expected 2026-06-28T16:03:21Z, got {text[:40]!r}") from None
        return int(when.timestamp())

    def refuse(self, line: int, column: str, message: str) -> MalformedBytes:
        """The error that names file, line and column; the caller raises it."""
        return MalformedBytes(f"{self.file}, line {line}: {message}", offset=0, field=column)
