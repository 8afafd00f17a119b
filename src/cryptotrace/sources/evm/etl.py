"""``etl:`` - tables of ethereum-etl, one file or a folder of them, put together into what each transaction moved.

Which tables there are decides what is known: transactions and receipts give sender, value and fee, blocks who gets
which part of it, logs the tokens, traces the internal calls; what no table tells is in ``missing``. Rows of blocks have
no mix hash, and rows of transactions mostly no signature, so their hashes cannot be recomputed; where there is one they
are. Where a block is whole - all its transactions, receipts and logs - the root of its receipts is recomputed and
must be that of the block's row; the root of its withdrawals always.

Source: ethereum-etl documentation, "Schema"; see ``cryptotrace.sources.evm.etlrows``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from cryptotrace.chains.evm.movements import BlockFacts, block_transaction
from cryptotrace.chains.evm.network import EvmNetwork
from cryptotrace.chains.evm.receipt import Receipt
from cryptotrace.chains.evm.tracers import RewardRow
from cryptotrace.chains.evm.trie import Withdrawal, receipts_root, withdrawals_root
from cryptotrace.errors import SourceLied, UnsupportedChain
from cryptotrace.evidence.recorder import Recorder
from cryptotrace.model.block import BlockRef
from cryptotrace.model.movement import AccountTransaction
from cryptotrace.sources.evm.etlassemble import Assembler
from cryptotrace.sources.evm.etlrows import EtlRow, Table, read_rows
from cryptotrace.sources.evm.etltold import Told
from cryptotrace.sources.evm.held import HeldMovements


class EtlSource(HeldMovements):
    """Tables of ethereum-etl; see the module.

    Args:
        network: the chain; the tables do not say which one they are of.
        files: name and bytes of each.
        recorder: takes the bytes before they are read.
        name: how the source is called in evidence.
        notice: takes lines about what was left out or could not be checked.

    Raises:
        MalformedBytes: a table cannot be read; the message names file, line and column.
        SourceLied: rows contradict each other or a root.
        DataNotFound: no transaction.
    """

    def __init__(
        self,
        network: EvmNetwork,
        files: Sequence[tuple[str, bytes]],
        recorder: Recorder,
        name: str,
        notice: Callable[[str], None] = lambda _: None,
    ) -> None:
        told = Told()
        for filename, raw in files:
            told.evidence[filename] = recorder.record(raw, source=name, request=f"file {filename}")
            for row in read_rows(raw, filename):
                told.take(row)
        told.name_traces()
        for table, count in sorted(told.left_out.items()):
            why = "name no transaction" if table == Table.TRACES.value else "say nothing about value"
            notice(f"{name}: {count} rows of {table} {why} and were left out")
        made = _Blocks(network, told, name)
        super().__init__(network.chain, name, made.all(), [*told.evidence.values()])
        for line in made.notices:
            notice(line)


class _Blocks:
    """Puts blocks together from rows, and checks what can be checked of them."""

    def __init__(self, network: EvmNetwork, told: Told, name: str) -> None:
        self.notices: list[str] = []
        """What could not be checked."""
        self._network = network
        self._told = told
        self._name = name
        self._made = Assembler(network, told, name)

    def all(self) -> dict[str, AccountTransaction]:
        """Every transaction of which a row tells something, and what blocks do by themselves."""
        told = self._told
        txids = dict.fromkeys([*told.transactions, *told.traces, *told.logs, *told.transfers, *told.receipts])
        read = {txid: told.receipt(txid) for txid in txids}
        whole = {height for height in told.blocks if self._check_roots(height, read)}
        found = {txid: self._made.transaction(txid, read[txid], whole) for txid in txids}
        for height in {*told.blocks, *told.rewards}:
            own = self._block_itself(height)
            if own is not None:
                found[own.txid] = own
        return found

    def _check_roots(self, height: int, read: Mapping[str, Receipt | None]) -> bool:
        """True if all receipts of a block are there and have the root of the block's row."""
        row = self._told.blocks[height]
        self._check_withdrawals(row)
        own = {
            each.integer("transaction_index", 31): each.hash("hash")
            for each in self._told.transactions.values()
            if each.integer("block_number", 63) == height
        }
        count = row.integer_or_none("transaction_count", 31)
        held = [read[own[index]] for index in sorted(own)]
        if "receipts_root" not in row or count != len(own) or sorted(own) != list(range(len(own))):
            return False
        known = [each for each in held if each is not None]
        if not own or len(known) != len(own) or not self._told.logs:
            return False
        try:
            found = receipts_root(known)
        except UnsupportedChain as error:
            self.notices.append(f"{self._name}: receipts of block {height} are not recomputed: {error}")
            return False
        if found != row.hash("receipts_root"):
            places = self._told.log_places.get(height, set())
            if places != set(range(len(places))):
                self.notices.append(
                    f"{self._name}: logs of block {height} are missing, so its receipts are not checked"
                )
                return False
            raise SourceLied(
                f"{self._name} ({row.file}, line {row.line}): the receipts root of block {height} is "
                f"{row.hash('receipts_root')} in its row and {found} by its receipts and logs: a row is missing or was "
                "altered; export the block again"
            )
        return True

    def _check_withdrawals(self, row: EtlRow) -> None:
        if "withdrawals_root" in row:
            found = withdrawals_root(_withdrawals(row))
            if found != row.hash("withdrawals_root"):
                said = row.hash("withdrawals_root")
                raise SourceLied(
                    f"{self._name} ({row.file}, line {row.line}): the withdrawals root is {said} in the row and "
                    f"{found} by its withdrawals"
                )

    def _block_itself(self, height: int) -> AccountTransaction | None:
        row, paid = self._told.blocks.get(height), self._told.rewards.get(height, [])
        anywhere = [*([row] if row is not None else []), *paid]
        block_hash = row.hash("hash") if row is not None else None
        block_hash = block_hash or next((each.hash("block_hash") for each in paid if "block_hash" in each), None)
        if block_hash is None:
            self.notices.append(f"{self._name}: rewards of block {height} have no block hash and were left out")
            return None
        facts = self._made.facts(height) or BlockFacts(height=height, time=0, beneficiary=None, base_fee=None)
        times = [r.integer("block_timestamp", 40) for r in paid if "block_timestamp" in r]
        rewards = [
            RewardRow(each.cells.get("reward_type") == "uncle", each.address("to_address"), each.integer("value"))
            for each in paid
        ]
        return block_transaction(
            network=self._network,
            header=facts,
            block=BlockRef(self._network.chain, height, block_hash, facts.time or next(iter(times), 0)),
            index=0 if row is None else row.integer_or_none("transaction_count", 31) or 0,
            evidence=self._told.evidence[anywhere[0].file],
            withdrawals=None if row is None else [(each.address, each.gwei) for each in _withdrawals(row)],
            uncles=None,
            has_difficulty=bool(row is not None and row.integer_or_none("difficulty")),
            rewards=rewards or None,
        )


def _withdrawals(row: EtlRow) -> list[Withdrawal]:
    return [
        Withdrawal(
            index=each.integer("index", 64),
            validator=each.integer("validator_index", 64),
            address=each.address("address"),
            gwei=each.integer("amount", 64),
        )
        for each in row.objects("withdrawals")
    ]
