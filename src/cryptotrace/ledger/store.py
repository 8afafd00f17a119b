"""The case's store: one DuckDB file with transactions, flows and where they arrive.

Both families of chains fill the same tables. On a UTXO chain a flow is an output and its pot is a transaction; on an
account chain a flow is a transfer and its pots are holdings. Amounts are HUGEINT (128 bits): whatever is larger is
refused by name and stays in the evidence. Every sum of money is made of Python ints.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from cryptotrace.errors import LedgerError, StoreLocked
from cryptotrace.ledger.tables import FORMAT, TABLES, check_size
from cryptotrace.model.block import BlockRef, Position, Tip
from cryptotrace.model.flow import (
    Arrival,
    Conversion,
    Ended,
    Flow,
    FlowKind,
    Pot,
    Resting,
    Unknown,
    boundary_pot,
    transaction_pot,
)
from cryptotrace.model.identity import Account, Asset, Chain
from cryptotrace.model.transaction import Outpoint, Posting, PostingKind, Transaction
from cryptotrace.model.verdict import LinkClass, Standing

if TYPE_CHECKING:
    import duckdb


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
        """Store a UTXO transaction with the flows it creates and those it ends. Storing it again changes nothing.

        Raises:
            AmountNotRepresented: an amount has more than 38 digits.
        """
        for posting in transaction.postings:
            check_size(posting.units, posting.asset, transaction.txid)
        self._db.execute("BEGIN")
        try:
            self._replace(transaction)
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def _replace(self, transaction: Transaction) -> None:
        chain, txid, block = transaction.chain, transaction.txid, transaction.block
        self._forget(chain, txid)
        self._db.execute(
            "INSERT INTO transactions VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                chain,
                txid,
                block and block.hash,
                None if block is None else block.height,
                None if block is None else block.time,
                transaction.index,
                transaction.evidence,
                "\n".join(transaction.notices),
            ],
        )
        for vin, spent in enumerate(transaction.inputs):
            flow = str(spent.outpoint)
            self._db.execute(
                "INSERT INTO inputs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [chain, txid, vin, flow, spent.asset, -spent.units, spent.account, spent.script, spent.standing.value],
            )
            if block is not None:
                arrival = Arrival(
                    transaction_pot(chain, txid), Position(block.height, transaction.index), block.time, txid
                )
                self.set_arrival(chain, flow, arrival, transaction.evidence)
        for created, script in _flows_of(transaction):
            self.add_flow(chain, created, script, transaction.evidence)

    def add_flow(self, chain: Chain, flow: Flow, script: bytes = b"", evidence: str = "") -> None:
        """Store one flow of either family, with the digest of the answer it was read from.

        Raises:
            AmountNotRepresented: the amount has more than 38 digits.
        """
        check_size(flow.units, flow.asset, flow.txid)
        self._db.execute(
            "INSERT OR REPLACE INTO flows VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                chain,
                flow.id,
                flow.kind.value,
                flow.asset,
                flow.units,
                flow.source,
                *flow.departs,
                flow.owner,
                flow.txid,
                script,
                evidence,
            ],
        )

    def set_arrival(
        self, chain: Chain, flow_id: str, arrival: Arrival | Resting | Unknown | Ended, evidence: str = ""
    ) -> None:
        """Store where a flow arrives, that it rests as of a height, or why nobody could tell."""
        row: list[Any]
        if isinstance(arrival, Arrival):
            row = ["arrived", arrival.pot, *arrival.at, arrival.time, arrival.txid, None]
        elif isinstance(arrival, Resting):
            row = ["resting", None, arrival.as_of_height, None, None, None, arrival.unconfirmed_spend, None]
        else:
            state = "unknown" if isinstance(arrival, Unknown) else "ended"
            row = [state, None, None, None, None, None, None, arrival.reason]
        self._db.execute(
            "INSERT OR REPLACE INTO arrivals VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", [chain, flow_id, *row, evidence]
        )

    def add_conversion(self, conversion: Conversion) -> None:
        """Store a conversion."""
        self._db.execute(
            "INSERT OR REPLACE INTO conversions VALUES (?, ?, ?)",
            [conversion.id, conversion.link_class.value, conversion.basis],
        )
        self._db.execute("DELETE FROM conversion_legs WHERE conversion = ?", [conversion.id])
        for side, legs in (("out", conversion.outflows), ("in", conversion.inflows)):
            for place, flow in enumerate(legs):
                self._db.execute("INSERT INTO conversion_legs VALUES (?, ?, ?, ?)", [conversion.id, flow, side, place])

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
        return txids

    def _forget(self, chain: Chain, txid: str) -> None:
        self._db.execute("DELETE FROM arrivals WHERE chain = ? AND txid = ? AND state = 'arrived'", [chain, txid])
        for table in ("transactions", "inputs", "flows"):
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
        row = self._db.execute(
            "SELECT block_hash, height, block_time, idx, evidence, notices FROM transactions "
            "WHERE chain = ? AND txid = ?",
            [chain, txid],
        ).fetchone()
        if row is None:
            return None
        block_hash, height, time, index, evidence, notices = row
        block = None if height is None else BlockRef(chain, height, block_hash, time)
        return Transaction(
            chain,
            txid,
            block,
            index,
            self._postings(chain, txid),
            evidence,
            tuple(notices.split("\n")) if notices else (),
        )

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
            yield Posting(PostingKind.INPUT, Asset(asset), -units, owner, outpoint, script, Standing(standing))

    def _created(self, chain: Chain, txid: str) -> Iterator[Posting]:
        rows = self._db.execute(
            "SELECT id, kind, asset, units, owner, script FROM flows WHERE chain = ? AND txid = ? ORDER BY part",
            [chain, txid],
        ).fetchall()
        for flow, kind, asset, units, account, script in rows:
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
        found = list(self._flows("chain = ? AND id = ?", [chain, flow_id]))
        return found[0] if found else None

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
        return self._flows("chain = ?", [chain])

    def leaving(self, chain: Chain, pot: Pot) -> tuple[Flow, ...]:
        """The flows that leave a pot, in chain order."""
        return tuple(self._flows("chain = ? AND source = ?", [chain, pot]))

    def _flows(self, where: str, values: list[Any]) -> Iterator[Flow]:
        rows = self._db.execute(
            "SELECT id, kind, asset, units, source, height, idx, part, owner, txid FROM flows "  # noqa: S608 - fixed text
            f"WHERE {where} ORDER BY height, idx, part, id",
            values,
        ).fetchall()
        for flow_id, kind, asset, units, source, height, index, part, owner, txid in rows:
            account = None if owner is None else Account(owner)
            at = Position(height, index, part)
            yield Flow(flow_id, FlowKind(kind), Asset(asset), units, Pot(source), at, account, txid)

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

    def conversions(self) -> Iterator[Conversion]:
        """Every stored conversion."""
        for key, link_class, basis in self._db.execute("SELECT * FROM conversions ORDER BY id").fetchall():
            legs: dict[str, list[str]] = {"out": [], "in": []}
            for flow, side in self._db.execute(
                "SELECT flow, side FROM conversion_legs WHERE conversion = ? ORDER BY side, place", [key]
            ).fetchall():
                legs[side].append(flow)
            yield Conversion(key, tuple(legs["out"]), tuple(legs["in"]), LinkClass(link_class), basis)

    def newest_block(self, chain: Chain) -> BlockRef | None:
        """The highest block that a stored transaction is in, or None."""
        row = self._db.execute(
            "SELECT height, block_hash, block_time FROM transactions WHERE chain = ? AND height IS NOT NULL "
            "ORDER BY height DESC LIMIT 1",
            [chain],
        ).fetchone()
        return None if row is None else BlockRef(chain, row[0], row[1], row[2])

    def total(self, flows: Iterable[Flow]) -> int:
        """Exact sum of base units."""
        return sum(flow.units for flow in flows)


def _flows_of(transaction: Transaction) -> Iterator[tuple[Flow, bytes]]:
    """The flows that a UTXO transaction creates: outputs in order, then its fee or, for a coinbase, its issuance."""
    pot = transaction_pot(transaction.chain, transaction.txid)
    height = -1 if transaction.block is None else transaction.block.height
    part = 0
    for posting in transaction.postings:
        if posting.kind is PostingKind.INPUT:
            continue
        name = str(posting.outpoint) if posting.outpoint is not None else f"{transaction.txid}:{posting.kind.value}"
        at = Position(height, transaction.index, part)
        kind = FlowKind(posting.kind.value)
        source = boundary_pot(transaction.chain, kind.value) if kind is FlowKind.ISSUANCE else pot
        flow = Flow(name, kind, posting.asset, abs(posting.units), source, at, posting.account, transaction.txid)
        yield flow, posting.script
        part += 1
