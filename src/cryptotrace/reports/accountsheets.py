"""The sheets of a workbook on an account chain: movements from payer to payee, and what shares rest on."""

from __future__ import annotations

from cryptotrace.model.identity import Chain
from cryptotrace.reports.accountsheetwords import ACCOUNT_SHEET_WORDS
from cryptotrace.reports.model import Document, Table
from cryptotrace.reports.sheetasset import txid_shown
from cryptotrace.reports.sheets import Record, Sheet, Sheets, bare, line_text
from cryptotrace.reports.words import words


class AccountSheets(Sheets):
    """Makes the sheets of a document on an account chain."""

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self.say = {**self.say, **ACCOUNT_SHEET_WORDS[document.language]}
        self.words = words(document.language, accounts=True)

    def of_table(self, table: Table) -> list[Sheet]:
        """The sheet of a table; of the histories one with a value per column."""
        return [self._histories()] if table.key == "histories" else super().of_table(table)

    def _hash(self, chain: str, digest: str) -> str:
        return txid_shown(Chain(chain), digest) if digest else ""

    def _flow(self, flow: str | None) -> str:
        if not flow:
            return ""
        txid, mark, place = flow.partition("#")
        return self._hash(self.chain, txid) + mark + place

    @property
    def chain(self) -> str:
        """The chain of the claims."""
        return str(self.data["claims"][0]["asset"]).partition("/")[0]

    def _transactions(self) -> Sheet:
        heads = (
            *("row", "txid", "chain", "height", "block_time", "index", "block_hash", "outcome", "sender", "fee"),
            *("order", "missing", "evidence", "notices"),
        )
        rows = []
        for row in self.data["transactions"]:
            block, chain = row["block"], row["chain"]
            index = row["index"] if row["index"] >= 0 else None
            place = (*self._block(block), index, self._hash(chain, block["hash"]) if block else None)
            rows.append(
                (
                    *(row["id"], self._hash(chain, row["txid"]), chain, *place),
                    *(self._outcome(row), bare(row.get("sender")), row["fee"], row.get("order", "")),
                    *("; ".join(row.get("missing", ())), row["evidence"], ", ".join(row["notices"])),
                )
            )
        return self._sheet("transactions", (self.say[h] for h in heads), rows)

    def _outcome(self, row: Record) -> str:
        told = "unknown" if "succeeded" not in row else "succeeded" if row["succeeded"] else "failed"
        return self.words.say(f"outcome.{told}")

    def _postings(self, table: Table) -> Sheet:
        before = (
            *("transaction", "txid", "height", "block_time", "side", "place", "flow"),
            *("payer_row", "payer", "address_row", "address"),
        )
        amounts, after = ("units", "decimal", "symbol"), ("rests_on", "standing", "end", "asset")
        heads = [*(self.say[h] for h in (*before, *amounts)), *self._share_heads(table), *(self.say[h] for h in after)]
        rows = []
        for row in self.data["transactions"]:
            for posting in row["postings"]:
                payer, payee, asset = posting.get("payer"), posting["account"], posting["asset"]
                rows.append(
                    (
                        *(row["id"], self._hash(row["chain"], row["txid"]), *self._block(row["block"])),
                        *(self.words.say(f"kind.{posting['kind']}"), posting.get("name", "")),
                        *(self._flow(posting["flow"]), self.address_row.get(payer, ""), bare(payer)),
                        *(self.address_row.get(payee, ""), bare(payee), *self._amount(posting["units"], asset)),
                        *self._shares(posting["claimed"], asset),
                        *(", ".join(posting.get("rests_on", ())), self._standing(posting["standing"])),
                        *(posting["end"], asset),
                    )
                )
        return self._sheet("postings", heads, rows)

    def _ends(self, table: Table) -> Sheet:
        before = ("row", "reason", "flow", "end_address_row", "end_address", "units", "decimal", "symbol")
        after = ("rests_on", "roundings", "hop", "transaction", "next", "detail", "asset")
        heads = [*(self.say[h] for h in before), *self._share_heads(table), *(self.say[h] for h in after)]
        told = {row.id: line_text(row.cells[1].lines[-1]) for row in table.rows if row.id}
        rows = [
            (
                *(end["id"], self.words.say(f"reason.{end['reason']}"), self._flow(end["flow"])),
                *(end["address"], bare(end["account"]), *self._amount(end["units"], end["asset"])),
                *self._shares(end["claimed"], end["asset"]),
                *(", ".join(end.get("rests_on", ())), end["roundings"] if self.conserves else None, end["hop"]),
                *(end["transaction"], self._hash(self.chain, end["next"]), told[end["id"]], end["asset"]),
            )
            for end in self.data["ends"]
            if end["id"] in told
        ]
        return self._sheet(table.key, heads, rows)

    def _histories(self) -> Sheet:
        heads = (
            *("row", "address_row", "holding", "symbol", "first", "last", "opening", "basis", "in", "out"),
            *("expected", "read", "difference", "adjusted", "completeness", "problem", "balance_evidence", "asset"),
        )
        said = {**self.say, "address_row": self.say["end_address_row"]}
        rows = []
        for row in self.data["histories"]:
            account, asset = row["account"], row["asset"]
            expected = int(row["opening"]) + int(row["received"]) - int(row["paid"])
            grade = self.words.say(f"grade.{row['completeness']}", **self._graded(row))
            rows.append(
                (
                    *(row["id"], self.address_row.get(account, ""), bare(account), self.assets[asset]["symbol"]),
                    *(row["first"], row["last"], row["opening"], self.words.say(f"basis.{row['basis']}")),
                    *(row["received"], row["paid"], str(expected), row["read"] or "", row["difference"] or ""),
                    *(row["adjusted"], grade, "; ".join(filter(None, (row["problem"], row["nonces"])))),
                    *(", ".join(row["evidence"]), asset),
                )
            )
        return self._sheet("histories", (said[h] for h in heads), rows)

    @staticmethod
    def _graded(row: Record) -> dict[str, object]:
        said: dict[str, object] = {"first": row["first"], "last": row["last"]}
        return said | ({"units": row["difference"]} if row["completeness"] == "difference" else {})
