"""The sheets of the workbook as rows of plain values, before anything is known of a file format.

A table of the document becomes a sheet. The schedules have one value in a cell, so that filters work; they are made
from the document's machine data, and words that only the document has are looked up in its tables by row id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from cryptotrace.model.amount import format_units
from cryptotrace.model.verdict import LinkClass, Standing
from cryptotrace.reports.draft import iso_time
from cryptotrace.reports.model import Cell, Document, Paragraph, Row, RowRole, Table
from cryptotrace.reports.sheetwords import SHEET_WORDS
from cryptotrace.reports.words import words

#: A number stands only where it counts (heights, places, hops); an amount is always text.
Value = str | int | None
Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet."""

    name: str
    """Its name, in the document's language; not yet made to fit the rules of a file format."""
    head: tuple[str, ...]
    """Heads of the columns."""
    rows: tuple[tuple[Value, ...], ...]
    """One value per column."""
    totals: frozenset[int] = frozenset()
    """Which rows, from 0, are sums or checks of the others."""


def sheets(document: Document) -> tuple[Sheet, ...]:
    """All sheets: what the report is, its text, then each table in order."""
    from cryptotrace.reports.accountsheets import AccountSheets  # which is made of what stands here

    made = AccountSheets(document) if document.data.get("ledger") == "accounts" else Sheets(document)
    found = [made.report(), made.paragraphs()]
    for table in document.tables():
        found += made.of_table(table)
    return tuple(found)


class Sheets:
    """Makes the sheets of one document."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.say: Mapping[str, str] = SHEET_WORDS[document.language]
        self.words = words(document.language)
        self.data: dict[str, Any] = dict(document.data)
        self.assets: dict[str, Record] = {asset["asset"]: asset for asset in self.data["assets"]}
        self.claimants = tuple(dict.fromkeys(claim["claimant"] for claim in self.data["claims"]))
        self.conserves = bool(self.data["rule"]["conserves"])
        self.address_row = {row["account"]: row["id"] for row in self.data["addresses"]}

    def _sheet(self, key: str, head: Iterable[str], rows: Iterable[tuple[Value, ...]], title: str = "") -> Sheet:
        return Sheet(self.say.get(f"sheet.{key}", title), tuple(head), tuple(rows))

    # --- the document -------------------------------------------------------------------------------------------------

    def report(self) -> Sheet:
        """What stands in the title area, the mark, the warning, and how to read the rest."""
        document, say = self.document, self.say
        pairs = [(say["document"], document.kind), (say["title"], document.title)]
        pairs += [(say["mark"], document.mark)] if document.mark else []
        pairs += [(say["warning"], document.warning)] if document.warning else []
        pairs += [*document.front, (say["notes"], say["notes.text"])]
        return self._sheet("report", (say["item"], say["value"]), pairs)

    def paragraphs(self) -> Sheet:
        """Every numbered paragraph with its class and the rows it rests on."""
        rows = [
            (p.number, p.label or "", p.text, ", ".join(p.cites), f"{section.number}. {section.title}")
            for section in self.document.sections
            for p in section.blocks
            if isinstance(p, Paragraph)
        ]
        heads = ("number", "class", "text", "cites", "section")
        return self._sheet("paragraphs", (self.say[h] for h in heads), rows)

    def of_table(self, table: Table) -> list[Sheet]:
        """The sheet of a table; the transaction schedule gives two: transactions, and what goes in and out."""
        if table.key == "transactions":
            return [self._transactions(), self._postings(table)]
        if table.key == "addresses":
            return [self._addresses(table)]
        if table.key in {"holdings", "gone"}:
            return [self._ends(table)]
        return [self._evidence() if table.key == "evidence" else self._plain(table)]

    # --- schedules ----------------------------------------------------------------------------------------------------

    def _transactions(self) -> Sheet:
        heads = ("row", "txid", "chain", "height", "block_time", "index", "block_hash", "fee", "evidence", "notices")
        rows = []
        for row in self.data["transactions"]:
            block = row["block"]
            index = row["index"] if row["index"] >= 0 else None
            place = (*self._block(block), index, block["hash"] if block else None)
            rows.append(
                (*_at(row, "id", "txid", "chain"), *place, *_at(row, "fee", "evidence"), ", ".join(row["notices"]))
            )
        return self._sheet("transactions", (self.say[h] for h in heads), rows)

    def _block(self, block: Record | None) -> tuple[Value, Value]:
        """Height and time; what says that there is none in place of the height."""
        if block is None:
            return self.words.say("unconfirmed"), None
        return block["height"], iso_time(block["time"])

    def _postings(self, table: Table) -> Sheet:
        before = ("transaction", "txid", "height", "block_time", "side", "place", "flow", "address_row", "address")
        amounts = ("units", "decimal", "symbol")
        after = ("standing", "other", "end", "asset")
        heads = [*(self.say[h] for h in (*before, *amounts)), *self._share_heads(table), *(self.say[h] for h in after)]
        rows = []
        for row in self.data["transactions"]:
            for posting in row["postings"]:
                account, asset = posting["account"], posting["asset"]
                rows.append(
                    (
                        *(row["id"], row["txid"], *self._block(row["block"])),
                        *(self._side(posting), posting["place"], posting["flow"]),
                        *(self.address_row.get(account, ""), bare(account)),
                        *self._amount(posting["units"], asset),
                        *self._shares(posting["claimed"], asset),
                        *(self._standing(posting["standing"]), posting["other"], posting["end"], asset),
                    )
                )
        return self._sheet("postings", heads, rows)

    def _side(self, posting: Record) -> str:
        return self.words.say(f"kind.{posting['kind'] if posting['place'] is None else posting['side']}")

    def _standing(self, standing: str) -> str:
        return self.words.say("standing.reported") if standing == Standing.REPORTED.value else ""

    def _addresses(self, table: Table) -> Sheet:
        own = "end_address" if "end_address" in self.say else "address"  # on an account chain ``address`` is the payee
        heads = (
            *("row", own, "received", "received_decimal", "spent", "spent_decimal", "symbol"),
            *("attribution", "transactions", "asset"),
        )
        told = {row.id: _shown(row.cells[-1]) for row in table.rows}
        rows = []
        for row in self.data["addresses"]:
            for asset in dict.fromkeys((*row["received"], *row["spent"])) or [""]:
                received, spent = row["received"].get(asset, "0"), row["spent"].get(asset, "0")
                amounts = (*self._amount(received, asset)[:2], *self._amount(spent, asset)) if asset else ("",) * 5
                places = ", ".join(row["transactions"])
                rows.append((row["id"], bare(row["account"]), *amounts, told.get(row["id"], ""), places, asset))
        return self._sheet("addresses", (self.say[h] for h in heads), rows)

    def _ends(self, table: Table) -> Sheet:
        before = ("row", "reason", "flow", "address_row", "address", "units", "decimal", "symbol")
        after = ("roundings", "hop", "transaction", "next", "detail", "asset")
        heads = [*(self.say[h] for h in before), *self._share_heads(table), *(self.say[h] for h in after)]
        told = {row.id: line_text(row.cells[1].lines[-1]) for row in table.rows if row.id}
        rows = [
            (
                *(
                    end["id"],
                    self.words.say(f"reason.{end['reason']}"),
                    end["flow"],
                    end["address"],
                    bare(end["account"]),
                ),
                *self._amount(end["units"], end["asset"]),
                *self._shares(end["claimed"], end["asset"]),
                *(end["roundings"] if self.conserves else None, end["hop"], end["transaction"], end["next"]),
                *(told[end["id"]], end["asset"]),
            )
            for end in self.data["ends"]
            if end["id"] in told
        ]
        return self._sheet(table.key, heads, rows)

    def _evidence(self) -> Sheet:
        heads = ("row", "sha256", "source", "request", "received_at", "size")
        rows = [_at(row, "id", "sha256", "source", "request", "received", "size") for row in self.data["evidence"]]
        return self._sheet("evidence", (self.say[h] for h in heads), rows)

    # --- amounts ------------------------------------------------------------------------------------------------------

    def _amount(self, units: str, asset: str) -> tuple[str, str, str]:
        """Base units, decimal, symbol; a fraction of a base unit is cut off in the decimal and marked."""
        exact, facts = Fraction(units), self.assets[asset]
        if facts["decimals"] is None:
            return units, self.say["no_decimals"], facts["symbol"]
        whole = int(exact)
        sign = "" if whole == exact else "≈"
        return units, sign + format_units(whole, facts["decimals"]), facts["symbol"]

    def _share_heads(self, table: Table) -> list[str]:
        """One or two columns per claimant; the title names the rule and, where there is one, the warning."""
        title = next(column.title for column in table.columns if column.label is LinkClass.L3)
        heads = []
        for claimant in self.claimants:
            heads.append(self.say["share_units"].format(title=title, claimant=claimant))
            if self.conserves:
                heads.append(self.say["share_decimal"].format(claimant=claimant))
        return heads

    def _shares(self, claimed: Record, asset: str) -> list[str]:
        cells: list[str] = []
        for claimant in self.claimants:
            if not self.conserves:
                cells.append(self.words.say("reached") if claimant in claimed else "")
            else:
                cells += self._amount(claimed[claimant], asset)[:2] if claimant in claimed else ("", "")
        return cells

    # --- other tables -------------------------------------------------------------------------------------------------

    def _plain(self, table: Table) -> Sheet:
        """Any table: its group and its row id in front, then each column, twice where value and print differ."""
        rows = [row for row in table.rows if row.role is not RowRole.GROUP]
        groups = _groups(table.rows)
        heads, columns = [], []
        if any(row.id for row in rows):
            heads, columns = [self.say["row"]], [[row.id for row in rows]]
        if any(groups):
            heads.append(self.say.get(f"group.{table.key}", self.say["group"]))
            columns.append(groups)
        for place, column in enumerate(table.columns):
            label = column.label or table.label
            title = f"{column.title} ({label})" if label else column.title
            values, shown = ([of(row.cells[place]) for row in rows] for of in (_value, _shown))
            heads.append(title)
            columns.append(values)
            if values != shown:
                heads.append(self.say["shown"].format(title=title))
                columns.append(shown)
        totals = frozenset(n for n, row in enumerate(rows) if row.role is RowRole.TOTAL)
        made = self._sheet(table.key, heads, zip(*columns, strict=True), table.title)
        return Sheet(made.name, made.head, made.rows, totals)


def _at(row: Record, *keys: str) -> tuple[Any, ...]:
    return tuple(row[key] for key in keys)


def _groups(rows: Sequence[Row]) -> list[str]:
    """For each row that is not a group: the group it stands under."""
    found, group = [], ""
    for row in rows:
        if row.role is RowRole.GROUP:
            group = row.cells[0].value
        else:
            found.append(group)
    return found


def line_text(line: Iterable[tuple[str, object]]) -> str:
    """The text of a line of a cell."""
    return "".join(text for text, _ in line)


def _shown(cell: Cell) -> str:
    return "\n".join(line_text(line) for line in cell.lines)


def _value(cell: Cell) -> str:
    return cell.value


def bare(account: str | None) -> str:
    """The address of a CAIP-10 account."""
    return "" if account is None else account.split(":", 2)[-1]
