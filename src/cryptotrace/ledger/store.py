"""The case's store: one DuckDB file with transactions, flows and where they arrive.

Both families of chains fill the same tables. On a UTXO chain a flow is an output and its pot is a transaction; on an
account chain a flow is a transfer and its pots are holdings (``cryptotrace.ledger.accounts``). Amounts are BIGNUM,
whole numbers of any size. Every sum of money is made of Python ints.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from cryptotrace.errors import LedgerError, StoreLocked
from cryptotrace.ledger.layout import flows_of
from cryptotrace.ledger.tables import FORMAT, TABLES, arrival_row, flow_row
from cryptotrace.model.block import BlockRef, Position, Tip
from cryptotrace.model.flow import (
    Arrival,
    Ended,
    Flow,
    FlowKind,
    Pot,
    Resting,
    Unknown,
    transaction_pot,
)
from cryptotrace.model.identity import Account, Asset, Chain
from cryptotrace.model.transaction import Outpoint, Posting, PostingKind, Transaction
from cryptotrace.model.verdict import Standing

if TYPE_CHECKING:
    import duckdb

_FEW = 4


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a stored transaction is."""

    block: BlockRef | None
    """Its block; None while unconfirmed."""
    index: int
    """Place in it."""
    evidence: str
    """Digest of the answer it was read from."""
    notices: tuple[str, ...]
    """What lives on top of it."""


class Store:
    """An open store. One process at a time: a second one gets ``StoreLocked``, not damage.

    Args:
        path: the DuckDB file; made if it does not exist.

    Raises:
        StoreLocked: another process has it open.
        LedgerError: the file is not a store, is damaged, or is of another version.
    """

    def __init__(self, path: Path) -> None:
        import duckdb
        from filelock import FileLock, Timeout

        self.path = path
        self._lock = FileLock(path.with_suffix(".lock"))
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise StoreLocked(
                f"{path.parent} is open in another process; close that notebook or command, or copy the folder"
            ) from None
        except OSError as error:
            raise LedgerError(
                f"{path.parent} cannot be written: {error.strerror}; copy the case to a place where you can write"
            ) from error
        self._columns: dict[str, tuple[str, ...]] = {}
        try:
            fresh = not path.exists()
            self._db: duckdb.DuckDBPyConnection = duckdb.connect(str(path))
            if fresh:
                self._create()
            self._check_format()
        except duckdb.Error as error:
            self._lock.release()
            raise LedgerError(
                f"{path} cannot be opened: {error}. The raw answers in evidence/ are not affected: move this file away "
                "and fetch again"
            ) from error
        except LedgerError:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Write everything and let go of the file."""
        self._db.close()
        self._lock.release()

    @property
    def db(self) -> duckdb.DuckDBPyConnection:
        """The DuckDB connection, for the curious."""
        return self._db

    def _create(self) -> None:
        self._db.execute("BEGIN")
        self._db.execute(TABLES)
        self._db.execute("INSERT INTO meta VALUES ('format', ?)", [FORMAT])
        self._db.execute("COMMIT")

    def _check_format(self) -> None:
        row = self._db.execute("SELECT value FROM meta WHERE key = 'format'").fetchone()
        if row is None or row[0] != FORMAT:
            raise LedgerError(f"{self.path} has store format {row and row[0]}, this version reads {FORMAT}")

    # --- writing ------------------------------------------------------------------------------------------------------

    def add(self, transaction: Transaction) -> None:
        """Store a UTXO transaction with the flows it creates and those it ends. Storing it again changes nothing."""
        with self.whole():
            self._replace(transaction)

    @contextmanager
    def whole(self) -> Iterator[None]:
        """Within it, everything is written or nothing."""
        self._db.execute("BEGIN")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def place(self, places: Sequence[tuple[Chain, str, BlockRef | None, int, str, Sequence[str]]]) -> None:
        """Store where transactions of one chain are: (chain, txid, block, index, evidence, notices).

        What was stored of them before is removed.
        """
        rows = []
        held = {(each[0], txid) for each in places[:1] for txid in self.among(each[0], [p[1] for p in places])}
        for chain, txid, block, index, evidence, notices in places:
            if (chain, txid) in held:
                self._forget(chain, txid)
            where = (None, None, None) if block is None else (block.hash, block.height, block.time)
            rows.append((chain, txid, *where, index, evidence, "\n".join(notices)))
        self.insert("transactions", rows)

    def _replace(self, transaction: Transaction) -> None:
        chain, txid, block = transaction.chain, transaction.txid, transaction.block
        self.place([(chain, txid, block, transaction.index, transaction.evidence, transaction.notices)])
        spent = [(vin, str(each.outpoint), each) for vin, each in enumerate(transaction.inputs)]
        self.insert(
            "inputs",
            [
                (chain, txid, vin, flow, p.asset, str(-p.units), p.account, p.script, p.standing.value)
                for vin, flow, p in spent
            ],
        )
        if block is not None:
            at = Position(block.height, transaction.index)
            arrival = Arrival(transaction_pot(chain, txid), at, block.time, txid)
            rows = [arrival_row(chain, flow, arrival, transaction.evidence) for _, flow, _ in spent]
            self.insert("arrivals", rows, "flow")
        created = [flow_row(chain, flow, script, transaction.evidence) for flow, script in flows_of(transaction)]
        self.insert("flows", created, "id")

    def _holds(self, table: str, key: str, chain: Chain, name: str) -> bool:
        question = f"SELECT 1 FROM {table} WHERE chain = ? AND {key} = ?"  # noqa: S608 - fixed names
        return self._db.execute(question, [chain, name]).fetchone() is not None

    def insert(self, table: str, rows: Sequence[Sequence[Any]], key: str = "") -> None:
        """Many rows in one statement, column by column, since each parameter costs more than its value.

        With ``key``, the name of the second column, rows that are there already are replaced; to look for a few of them
        first is cheaper than to let DuckDB replace.
        """
        if not rows:
            return
        replaces = bool(key) and (len(rows) > _FEW or any(self._holds(table, key, row[0], row[1]) for row in rows))
        verb = "INSERT OR REPLACE" if replaces else "INSERT"
        columns = ", ".join(f"unnest(?::{kind}[])" for kind in self._kinds(table))
        self._db.execute(f"{verb} INTO {table} SELECT {columns}", [list(column) for column in zip(*rows, strict=True)])

    def _kinds(self, table: str) -> tuple[str, ...]:
        """Types of a table's columns as parameters take them: a BIGNUM comes as text."""
        if table not in self._columns:
            found = self._db.execute(
                "SELECT data_type FROM duckdb_columns() WHERE table_name = ? ORDER BY column_index", [table]
            ).fetchall()
            self._columns[table] = tuple("VARCHAR" if kind == "BIGNUM" else kind for (kind,) in found)
        return self._columns[table]

    def add_flow(self, chain: Chain, flow: Flow, script: bytes = b"", evidence: str = "") -> None:
        """Store one flow of either family, with the digest of the answer it was read from."""
        self.insert("flows", [flow_row(chain, flow, script, evidence)], "id")

    def set_arrival(
        self, chain: Chain, flow_id: str, arrival: Arrival | Resting | Unknown | Ended, evidence: str = ""
    ) -> None:
        """Store where a flow arrives, that it rests as of a height, or why nobody could tell."""
        self.insert("arrivals", [arrival_row(chain, flow_id, arrival, evidence)], "flow")

    def forget_from(self, chain: Chain, height: int) -> tuple[str, ...]:
        """Remove what was read from blocks at and above ``height`` (a reorganisation); the evidence stays.

        Returns:
            The txids that were removed.
        """
        rows = self._db.execute(
            "SELECT txid FROM transactions WHERE chain = ? AND (height >= ? OR height IS NULL) ORDER BY height, idx",
            [chain, height],
        ).fetchall()
        txids = tuple(row[0] for row in rows)
        for txid in txids:
            self._forget(chain, txid)
        self._db.execute("DELETE FROM arrivals WHERE chain = ? AND state IN ('resting', 'unknown')", [chain])
        self._db.execute("DELETE FROM histories WHERE chain = ? AND last >= ?", [chain, height])
        self._db.execute("DELETE FROM tokens WHERE chain = ? AND height >= ?", [chain, height])
        return txids

    def _forget(self, chain: Chain, txid: str) -> None:
        self._db.execute("DELETE FROM arrivals WHERE chain = ? AND txid = ? AND state = 'arrived'", [chain, txid])
        mine = "SELECT id FROM flows WHERE chain = ? AND txid = ?"
        ended = f"DELETE FROM arrivals WHERE chain = ? AND state = 'ended' AND flow IN ({mine})"  # noqa: S608 - fixed names
        self._db.execute(ended, [chain, chain, txid])
        self._db.execute(f"DELETE FROM movements WHERE chain = ? AND flow IN ({mine})", [chain, chain, txid])  # noqa: S608 - fixed names
        self._db.execute("DELETE FROM conversions WHERE chain = ? AND starts_with(id, ?)", [chain, txid])
        self._db.execute("DELETE FROM conversion_legs WHERE chain = ? AND starts_with(conversion, ?)", [chain, txid])
        for table in ("transactions", "account_transactions", "inputs", "flows"):
            self._db.execute(f"DELETE FROM {table} WHERE chain = ? AND txid = ?", [chain, txid])  # noqa: S608 - fixed names

    def set_tip(self, tip: Tip) -> None:
        """Remember the tip to which the newest answers about a chain belong."""
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", [f"tip {tip.chain}", f"{tip.height} {tip.hash}"])

    def tip(self, chain: Chain) -> Tip | None:
        """The tip to which the newest answers about a chain belong, or None."""
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", [f"tip {chain}"]).fetchone()
        if row is None:
            return None
        height, _, block_hash = row[0].partition(" ")
        return Tip(chain, int(height), block_hash)

    # --- reading ------------------------------------------------------------------------------------------------------

    def transaction(self, chain: Chain, txid: str) -> Transaction | None:
        """The stored transaction, or None."""
        found = self.placed(chain, txid)
        if found is None:
            return None
        if self._holds("account_transactions", "txid", chain, txid):
            from cryptotrace.ledger.accounts import read

            return read(self, chain, txid, found).transaction()
        return Transaction(
            chain, txid, found.block, found.index, self._postings(chain, txid), found.evidence, found.notices
        )

    def among(self, chain: Chain, txids: Sequence[str], *, confirmed: bool = False) -> set[str]:
        """Which of the transactions are stored; with ``confirmed`` only those in a block."""
        where = " AND height IS NOT NULL" if confirmed else ""
        rows = self._db.execute(
            f"SELECT txid FROM transactions WHERE chain = ? AND txid IN (SELECT unnest(?)){where}",  # noqa: S608 - fixed text
            [chain, list(txids)],
        ).fetchall()
        return {txid for (txid,) in rows}

    def placed(self, chain: Chain, txid: str) -> Placed | None:
        """Where a stored transaction is, or None."""
        row = self._db.execute(
            "SELECT block_hash, height, block_time, idx, evidence, notices FROM transactions "
            "WHERE chain = ? AND txid = ?",
            [chain, txid],
        ).fetchone()
        if row is None:
            return None
        block_hash, height, time, index, evidence, notices = row
        block = None if height is None else BlockRef(chain, height, block_hash, time)
        return Placed(block, index, evidence, tuple(notices.split("\n")) if notices else ())

    def _postings(self, chain: Chain, txid: str) -> tuple[Posting, ...]:
        inputs = tuple(self._inputs(chain, txid))
        reported = any(p.standing is Standing.REPORTED for p in inputs)  # then so is the fee: it is their difference
        created = (
            replace(p, standing=Standing.REPORTED) if reported and p.kind is PostingKind.FEE else p
            for p in self._created(chain, txid)
        )
        return (*inputs, *created)

    def _inputs(self, chain: Chain, txid: str) -> Iterator[Posting]:
        rows = self._db.execute(
            "SELECT asset, units, account, flow, script, standing FROM inputs "
            "WHERE chain = ? AND txid = ? ORDER BY vin",
            [chain, txid],
        ).fetchall()
        for asset, units, account, flow, script, standing in rows:
            owner = None if account is None else Account(account)
            outpoint = Outpoint.parse(flow)
            yield Posting(PostingKind.INPUT, Asset(asset), -int(units), owner, outpoint, script, Standing(standing))

    def _created(self, chain: Chain, txid: str) -> Iterator[Posting]:
        rows = self._db.execute(
            "SELECT id, kind, asset, units, owner, script FROM flows WHERE chain = ? AND txid = ? ORDER BY part",
            [chain, txid],
        ).fetchall()
        for flow, kind, asset, digits, account, script in rows:
            units = int(digits)
            if kind == FlowKind.OUTPUT:
                owner = None if account is None else Account(account)
                yield Posting(PostingKind.OUTPUT, Asset(asset), units, owner, Outpoint.parse(flow), script)
            else:
                yield Posting(PostingKind(kind), Asset(asset), -units if kind == FlowKind.ISSUANCE else units)

    def transactions(self, chain: Chain) -> Iterator[Transaction]:
        """Every stored transaction of a chain, in chain order; unconfirmed ones last."""
        rows = self._db.execute(
            "SELECT txid FROM transactions WHERE chain = ? ORDER BY height NULLS LAST, idx, txid", [chain]
        ).fetchall()
        for (txid,) in rows:
            found = self.transaction(chain, txid)
            if found is not None:
                yield found

    def flow(self, chain: Chain, flow_id: str) -> Flow | None:
        """The stored flow, or None."""
        return next(self.flows_where("chain = ? AND id = ?", [chain, flow_id]), None)

    def script(self, chain: Chain, flow_id: str) -> bytes:
        """The script of a stored output; empty if it has none or is not stored."""
        row = self._db.execute("SELECT script FROM flows WHERE chain = ? AND id = ?", [chain, flow_id]).fetchone()
        return b"" if row is None else bytes(row[0])

    def evidence(self, chain: Chain, flow_id: str) -> str:
        """Digest of the answer that a stored flow was read from; empty if it is not stored."""
        row = self._db.execute("SELECT evidence FROM flows WHERE chain = ? AND id = ?", [chain, flow_id]).fetchone()
        return "" if row is None else str(row[0])

    def flows(self, chain: Chain) -> Iterator[Flow]:
        """Every stored flow of a chain, in chain order."""
        return self.flows_where("chain = ?", [chain])

    def leaving(self, chain: Chain, pot: Pot) -> tuple[Flow, ...]:
        """The flows that leave a pot, in chain order."""
        return tuple(self.flows_where("chain = ? AND source = ?", [chain, pot]))

    def flows_where(self, where: str, values: Sequence[object]) -> Iterator[Flow]:
        """The flows that a condition in SQL names, in chain order."""
        rows = self._db.execute(
            "SELECT id, kind, asset, units, source, height, idx, part, owner, txid FROM flows "  # noqa: S608 - fixed text
            f"WHERE {where} ORDER BY height, idx, part, id",
            values,
        ).fetchall()
        for flow_id, kind, asset, units, source, height, index, part, owner, txid in rows:
            account = None if owner is None else Account(owner)
            at = Position(height, index, part)
            yield Flow(flow_id, FlowKind(kind), Asset(asset), int(units), Pot(source), at, account, txid)

    def arrival(self, chain: Chain, flow_id: str) -> Arrival | Resting | Unknown | Ended | None:
        """Where a flow arrives as far as it is stored, or None."""
        row = self._db.execute(
            "SELECT state, pot, height, idx, part, block_time, txid, reason FROM arrivals WHERE chain = ? AND flow = ?",
            [chain, flow_id],
        ).fetchone()
        if row is None:
            return None
        state, pot, height, index, part, time, txid, reason = row
        if state == "arrived":
            return Arrival(Pot(pot), Position(height, index, part), time, txid)
        if state == "resting":
            return Resting(height, txid)
        return Unknown(reason) if state == "unknown" else Ended(reason)

    def notices(self, chain: Chain) -> dict[str, tuple[str, ...]]:
        """Txid -> what lives on top of the transaction, for those stored transactions that carry something."""
        rows = self._db.execute("SELECT txid, notices FROM transactions WHERE chain = ? AND notices <> ''", [chain])
        return {txid: tuple(notices.split("\n")) for txid, notices in rows.fetchall()}

    def count(self, chain: Chain) -> int:
        """How many transactions of a chain are stored."""
        row = self._db.execute("SELECT count(*) FROM transactions WHERE chain = ?", [chain]).fetchone()
        return 0 if row is None else int(row[0])

    def newest_block(self, chain: Chain, at_most: int = 2**62) -> BlockRef | None:
        """The highest block, up to a height, that a stored transaction is in; or None."""
        row = self._db.execute(
            "SELECT height, block_hash, block_time FROM transactions "
            "WHERE chain = ? AND height <= ? AND block_hash <> '' ORDER BY height DESC LIMIT 1",
            [chain, at_most],
        ).fetchone()
        return None if row is None else BlockRef(chain, row[0], row[1], row[2])
