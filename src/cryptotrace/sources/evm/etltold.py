"""The rows of ethereum-etl's tables sorted by what they are about, and read as transactions, receipts and calls.

Source: ethereum-etl documentation, "Schema"; see ``cryptotrace.sources.evm.etlrows``.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from cryptotrace.chains.evm import receipt as receipts
from cryptotrace.chains.evm import transaction as transactions
from cryptotrace.chains.evm.calltree import CallFrame, CallKind
from cryptotrace.chains.evm.network import EvmNetwork
from cryptotrace.chains.evm.receipt import Log, Receipt
from cryptotrace.chains.evm.tracers import read_parity_trace
from cryptotrace.chains.evm.transaction import WireTransaction
from cryptotrace.errors import SourceLied
from cryptotrace.sources.evm.etlrows import EtlRow, Table


@dataclass(slots=True)
class Told:
    """All rows, sorted by what they are about."""

    blocks: dict[int, EtlRow] = field(default_factory=dict)
    """Blocks by height."""
    transactions: dict[str, EtlRow] = field(default_factory=dict)
    """Transactions by txid."""
    receipts: dict[str, EtlRow] = field(default_factory=dict)
    """Receipts by txid."""
    logs: dict[str, dict[int, EtlRow]] = field(default_factory=lambda: defaultdict(dict))
    """Events by txid and place in the block."""
    transfers: dict[str, dict[int, EtlRow]] = field(default_factory=lambda: defaultdict(dict))
    """Transfers of tokens by txid and place of their event in the block."""
    traces: dict[str, list[EtlRow]] = field(default_factory=lambda: defaultdict(list))
    """Calls by txid."""
    rewards: dict[int, list[EtlRow]] = field(default_factory=lambda: defaultdict(list))
    """Rewards by height."""
    log_places: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    """Places of events in the block, by height."""
    nameless: list[EtlRow] = field(default_factory=list)
    """Calls whose transaction is told by its place in the block only, as geth's tracer has them."""
    left_out: Counter[str] = field(default_factory=Counter)
    """How many rows are about nothing that is read here, by kind of table."""
    evidence: dict[str, str] = field(default_factory=dict)
    """Digest of each file."""

    def take(self, row: EtlRow) -> None:
        """Sort a row in; one that stands twice must be the same."""
        if row.table is Table.BLOCKS:
            _once(self.blocks, row.integer("number", 63), row)
        elif row.table is Table.TRANSACTIONS:
            _once(self.transactions, row.hash("hash"), row)
        elif row.table is Table.RECEIPTS:
            _once(self.receipts, row.hash("transaction_hash"), row)
        elif row.table in (Table.LOGS, Table.TRANSFERS):
            place = row.integer("log_index", 31)
            by_txid = self.logs if row.table is Table.LOGS else self.transfers
            _once(by_txid[row.hash("transaction_hash")], place, row)
            if row.table is Table.LOGS:
                self.log_places[row.integer("block_number", 63)].add(place)
        elif row.table is Table.TRACES and "transaction_hash" in row:
            self.traces[row.hash("transaction_hash")].append(row)
        elif row.table is Table.TRACES and row.cells.get("trace_type") == "reward":
            self.rewards[row.integer("block_number", 63)].append(row)
        elif row.table is Table.TRACES:
            self.nameless.append(row)
        else:
            self.left_out[row.table.value] += 1

    def name_traces(self) -> None:
        """Give calls without a txid to the transaction at their place in the block, where its row is there.

        Raises:
            MalformedBytes: a cell that cannot be read.
        """
        places = {
            (row.integer("block_number", 63), row.integer_or_none("transaction_index", 31)): txid
            for txid, row in self.transactions.items()
        }
        for row in self.nameless:
            txid = places.get((row.integer("block_number", 63), row.integer_or_none("transaction_index", 31)))
            if txid is None:
                self.left_out[row.table.value] += 1
            else:
                self.traces[txid].append(row)
        self.nameless.clear()

    def log_list(self, txid: str) -> list[Log]:
        """The events of a transaction in their order.

        Raises:
            MalformedBytes: a cell that cannot be read.
        """
        found = []
        for _, row in sorted(self.logs.get(txid, {}).items()):
            topics = [self._topic(each, row) for each in row.items("topics")]
            found.append(Log(row.address("address"), tuple(topics), row.data("data")))
        return found

    def _topic(self, text: object, row: EtlRow) -> bytes:
        return bytes.fromhex(EtlRow(row.table, row.file, row.line, {"topics": text}).hash("topics"))

    def receipt(self, txid: str) -> Receipt | None:
        """The receipt of a transaction, with the logs that are there; None if no row tells it.

        Raises:
            MalformedBytes: a cell that cannot be read.
        """
        row, prefix = self.receipts.get(txid), ""
        if row is None:
            row, prefix = self.transactions.get(txid), "receipt_"
        if row is None or f"{prefix}cumulative_gas_used" not in row:
            return None
        own = self.transactions.get(txid)
        status = row.integer_or_none(f"{prefix}status", 1)
        created = row.address_or_none(f"{prefix}contract_address")
        logs = tuple(self.log_list(txid))
        return Receipt(
            type=0 if own is None else own.integer_or_none("transaction_type", 8) or 0,
            succeeded=None if status is None else bool(status),
            state_root=row.hash(f"{prefix}root") if f"{prefix}root" in row and status is None else None,
            cumulative_gas=row.integer(f"{prefix}cumulative_gas_used", 64),
            gas_used=row.integer_or_none(f"{prefix}gas_used", 64),
            effective_gas_price=row.integer_or_none(f"{prefix}effective_gas_price"),
            bloom=receipts.bloom_of(logs),
            logs=logs,
            contract_address=created,
            l1_fee=row.integer_or_none(f"{prefix}l1_fee"),
            transaction=txid,
        )

    def wire(self, txid: str, tree: CallFrame | None, network: EvmNetwork) -> WireTransaction | None:
        """The transaction as its row tells it, or what its trace shows of it; None if neither is there.

        Raises:
            MalformedBytes: a cell that cannot be read.
            ProofRefused: its bytes hash to something else, or its chain has no such transaction.
        """
        row = self.transactions.get(txid)
        if row is not None:
            fields: dict[str, object] = {
                "type": row.rpc("transaction_type"),
                "hash": f"0x{row.hash('hash')}",
                "blockNumber": row.rpc("block_number"),
                "blockHash": f"0x{row.hash('block_hash')}" if "block_hash" in row else None,
                "from": row.address("from_address"),
                "to": row.address_or_none("to_address"),
                "value": row.rpc("value"),
                "nonce": row.rpc("nonce"),
                "gas": row.rpc("gas"),
                "gasPrice": row.rpc("gas_price"),
                "maxFeePerGas": row.rpc("max_fee_per_gas"),
                "maxPriorityFeePerGas": row.rpc("max_priority_fee_per_gas"),
                "maxFeePerBlobGas": row.rpc("max_fee_per_blob_gas"),
                "blobVersionedHashes": row.items("blob_versioned_hashes"),
                "input": f"0x{row.data('input').hex()}" if "input" in row else "0x",
                **{name: row.rpc(name) for name in ("v", "r", "s") if name in row},
            }
            told = {name: value for name, value in fields.items() if value is not None}
            return transactions.from_rpc(told, network, may_lack_signature=True)
        if tree is None or tree.value is None:
            return None
        is_new = tree.kind is CallKind.CREATE
        to = None if is_new else tree.callee
        return WireTransaction(
            type=0,
            hash=txid,
            sender=tree.caller,
            to=to,
            value=tree.value,
            nonce=0,
            gas_limit=0,
            data=b"\0",
            not_recomputed="only its calls are told",
        )

    def tree(self, txid: str) -> CallFrame | None:
        """The tree of a transaction's calls; None if no row tells one.

        Raises:
            MalformedBytes: rows are missing or cannot be read.
        """
        rows = self.traces.get(txid)
        return read_parity_trace([_parity(row) for row in rows]) if rows else None


def _once(held: dict[object, EtlRow] | dict[int, EtlRow] | dict[str, EtlRow], key: object, row: EtlRow) -> None:
    known = held.setdefault(key, row)  # type: ignore[arg-type]
    changed = [n for n in known.cells.keys() & row.cells.keys() if str(known.cells[n]) != str(row.cells[n])]
    if changed:
        raise SourceLied(
            f"{row.file}, line {row.line}: {changed[0]} of the same {row.table.value} row is "
            f"{row.cells[changed[0]]!s:.80} here and {known.cells[changed[0]]!s:.80} in {known.file}, line {known.line}"
        )


def _parity(row: EtlRow) -> dict[str, object]:
    """A row of traces as the trace module tells it."""
    kind, value = str(row.cells.get("trace_type")), row.rpc("value")
    payer, payee = row.cells.get("from_address"), row.cells.get("to_address")
    action: dict[str, object] = {"from": payer, "to": payee, "value": value, "callType": row.cells.get("call_type")}
    if kind == "suicide":
        action = {"address": payer, "refundAddress": payee, "balance": value}
    address = [EtlRow(row.table, row.file, row.line, {"trace_address": n}) for n in row.items("trace_address")]
    undone = row.integer_or_none("status", 1) == 0
    return {
        "type": kind,
        "action": {name: each for name, each in action.items() if each is not None},
        "result": {"address": payee} if kind == "create" and payee is not None else {},
        "traceAddress": [each.integer("trace_address", 31) for each in address],
        "subtraces": row.integer_or_none("subtraces", 31) or 0,
        "error": row.cells.get("error") or ("undone" if undone else None),
    }
