"""What each transaction moved, put together from the rows about it.

The place of a log in its receipt follows from its place in the block where the file has all logs before it; else the
movement is called by its row.

Source: ethereum-etl documentation, "Schema" (``log_index`` is the place in the block, and ``token_transfers`` do not
tell ERC-721 from ERC-20); Ethereum JSON-RPC specification (execution-apis), ``logIndex``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cryptotrace.chains.evm.movements import BlockFacts, RollupFacts, account_transaction
from cryptotrace.chains.evm.network import EvmNetwork
from cryptotrace.chains.evm.receipt import Receipt
from cryptotrace.chains.evm.tokens import read_tokens
from cryptotrace.chains.evm.wraps import UNJOINED, unjoined_rows
from cryptotrace.errors import MalformedBytes, ProofRefused, SourceLied
from cryptotrace.model.block import BlockRef
from cryptotrace.model.flow import FlowKind
from cryptotrace.model.movement import AccountTransaction, Movement, Wrap
from cryptotrace.sources.evm.etlrows import EtlRow
from cryptotrace.sources.evm.etltold import Told

_NOBODY = "0x0000000000000000000000000000000000000000"


class Assembler:
    """Puts transactions together from rows.

    Args:
        network: the chain.
        told: all rows.
        name: of the source.
    """

    def __init__(self, network: EvmNetwork, told: Told, name: str) -> None:
        self._network = network
        self._told = told
        self._name = name

    def transaction(self, txid: str, receipt: Receipt | None, whole: set[int]) -> AccountTransaction:
        """The transaction; ``whole`` are the heights of blocks whose receipts were recomputed.

        Raises:
            MalformedBytes: a cell that cannot be read.
            SourceLied: rows that contradict each other.
        """
        rows = self._rows(txid)
        try:
            tree = self._told.tree(txid)
            tx = self._told.wire(txid, tree, self._network)
        except ProofRefused as error:
            raise SourceLied(f"{self._name}: transaction {txid} ({rows[0].file}): {error}") from error
        except MalformedBytes as error:
            if str(error).startswith(tuple(self._told.evidence)):  # it names the file already
                raise
            message = f"{rows[0].file}, line {rows[0].line} and others about transaction {txid}: {error}"
            raise MalformedBytes(message, offset=error.offset, field=error.field) from error
        block, gaps = self._block(rows)
        index = next((row.integer("transaction_index", 31) for row in rows if "transaction_index" in row), -1)
        evidence = self._told.evidence[rows[0].file]
        facts = self.facts(block.height)
        if tx is None:
            found = self._bare(txid, block, index, evidence)
        else:
            found = account_transaction(
                tx,
                receipt,
                tree,
                network=self._network,
                header=facts,
                block=block,
                index=index,
                evidence=evidence,
                rollup=RollupFacts(),
            )
        if txid not in self._told.transactions:
            found = replace(found, nonce=None)
        if "input" not in self._told.transactions.get(txid, ()):
            found = replace(found, memo=None)
        if receipt is None or tx is None:
            found = self._with_logs(found, txid)
        if txid not in self._told.logs and txid in self._told.transfers:
            found = self._with_transfers(found, txid)
        return self._judged(found, txid, block.height in whole, [*gaps, *self._lacks(txid, receipt)])

    def _rows(self, txid: str) -> list[EtlRow]:
        told = self._told
        single = [rows[txid] for rows in (told.transactions, told.receipts) if txid in rows]
        return [
            *single,
            *told.traces.get(txid, ()),
            *told.logs.get(txid, {}).values(),
            *told.transfers.get(txid, {}).values(),
        ]

    def _block(self, rows: Sequence[EtlRow]) -> tuple[BlockRef, list[str]]:
        heights = {row.integer("block_number", 63) for row in rows}
        hashes = {row.hash("block_hash") for row in rows if "block_hash" in row}
        times = {row.integer("block_timestamp", 40) for row in rows if "block_timestamp" in row}
        known = self._told.blocks.get(next(iter(heights)))
        if known is not None:
            hashes.add(known.hash("hash"))
            times.add(known.integer("timestamp", 40))
        for what, said in (("height", heights), ("block hash", hashes), ("block time", times)):
            if len(said) > 1:
                raise SourceLied(f"{self._name}: rows about one transaction differ in {what}: {sorted(map(str, said))}")
        gaps = [what for what, said in (("block hash", hashes), ("block time", times)) if not said]
        ref = BlockRef(self._network.chain, heights.pop(), next(iter(hashes), ""), next(iter(times), 0))
        return ref, gaps

    def facts(self, height: int) -> BlockFacts | None:
        """What the row of a block says of fees; None if there is none.

        Raises:
            MalformedBytes: a cell that cannot be read.
        """
        row = self._told.blocks.get(height)
        if row is None:
            return None
        return BlockFacts(
            height=height,
            time=row.integer("timestamp", 40),
            beneficiary=row.address("miner"),
            base_fee=row.integer_or_none("base_fee_per_gas"),
            has_blob_fields="blob_gas_used" in row,
        )

    def _bare(self, txid: str, block: BlockRef, index: int, evidence: str) -> AccountTransaction:
        """A transaction of which only events are known."""
        missing = ("sender", "fee", "value", "internal calls", "status")
        return AccountTransaction(
            self._network.chain, txid, block, index, None, None, True, (), missing=missing, evidence=evidence
        )

    def _with_logs(self, found: AccountTransaction, txid: str) -> AccountTransaction:
        """With the tokens of logs that no receipt holds."""
        logs = self._told.log_list(txid)
        if not logs or not found.succeeded:
            return found
        tokens = read_tokens(logs, self._network)
        moves = [
            self._moved(m.place, m.standard, m.contract, m.token_id, m.units, m.payer, m.payee) for m in tokens.moves
        ]
        missing = [each for each in found.missing if each != "logs"]
        loose = unjoined_rows(moves, self._network)
        return replace(self._added(found, moves), missing=(*missing, *tokens.missing), notices=(*found.notices, *loose))

    def _with_transfers(self, found: AccountTransaction, txid: str) -> AccountTransaction:
        """With the transfers that the writer of the tables read; it does not tell ERC-721 from ERC-20."""
        moves = []
        for number, (_, row) in enumerate(sorted(self._told.transfers[txid].items()), 1):
            payer, payee = (
                None if party == _NOBODY else party
                for party in (row.address("from_address"), row.address("to_address"))
            )
            token, units = row.address("token_address"), row.integer("value")
            if payer is not None or payee is not None:
                moves.append(self._moved(f"row.{number}", "erc20", token, None, units, payer, payee))
        noticed = "token-standard-assumed erc20: the table does not tell numbered tokens apart"
        loose = unjoined_rows(moves, self._network)
        return replace(self._added(found, moves), notices=(*found.notices, noticed, *loose))

    def _moved(
        self,
        place: str,
        standard: str,
        contract: str,
        token_id: int | None,
        units: int,
        payer: str | None,
        payee: str | None,
    ) -> Movement:
        kind = FlowKind.TRANSFER if payer and payee else FlowKind.BURN if payer else FlowKind.ISSUANCE
        asset = self._network.token(standard, contract, token_id)
        accounts = [None if party is None else self._network.account(party) for party in (payer, payee)]
        return Movement(place, kind, asset, units, accounts[0], accounts[1], 0)

    def _added(self, found: AccountTransaction, moves: Sequence[Movement]) -> AccountTransaction:
        first = len(found.movements)
        placed = tuple(replace(move, part=first + number) for number, move in enumerate(moves))
        return replace(found, movements=(*found.movements, *placed))

    def _lacks(self, txid: str, receipt: Receipt | None) -> list[str]:
        told = self._told
        if txid in told.logs:
            return []
        if txid in told.transfers:
            return ["logs beside token transfers", "places of logs in the receipt"]
        return [] if receipt is None and txid not in told.transactions else ["logs"] if not told.log_places else []

    def _judged(self, found: AccountTransaction, txid: str, is_whole: bool, gaps: list[str]) -> AccountTransaction:
        """With what is not known of its logs said, and their places called by row where they are not known."""
        own = sorted(self._told.logs.get(txid, ()))
        height = found.block.height if found.block is not None else -1
        there = self._told.log_places.get(height, set())
        is_run = own == list(range(own[0], own[0] + len(own))) if own else True
        starts = not own or own[0] == 0 or own[0] - 1 in there
        goes_on = is_whole or (bool(own) and there == set(range(len(there))) and own[-1] + 1 in there)
        if own and not goes_on:
            gaps.append("whether these are all its logs")
        if own and not is_whole and not (is_run and starts):
            gaps.append("places of logs in the receipt")
            found = _renamed(found)
        if not own and is_whole:
            gaps = [gap for gap in gaps if gap != "logs"]
        return replace(found, missing=tuple(dict.fromkeys([*found.missing, *gaps])))


def _renamed(found: AccountTransaction) -> AccountTransaction:
    """The movements of logs called by their row, since their place in the receipt is not known."""
    names = {}
    for each in found.movements:
        if each.place.startswith("log."):
            number, _, rest = each.place.removeprefix("log.").partition(".")
            names[each.place] = f"row.{int(number) + 1}" + (f".{rest}" if rest else "")
    movements = tuple(replace(each, place=names.get(each.place, each.place)) for each in found.movements)
    wraps = tuple(Wrap(names.get(w.outflow, w.outflow), names.get(w.inflow, w.inflow), w.basis) for w in found.wraps)
    places = {f"{UNJOINED} {place}": f"{UNJOINED} {row}" for place, row in names.items()}
    notices = tuple(places.get(each, each) for each in found.notices)
    return replace(found, movements=movements, wraps=wraps, notices=notices)
