"""The flow graph of one chain of a case: answers from the store, and fetches what is not there yet.

Lazy and bulk are one path: whatever is fetched for a question is stored, and the next question finds it. The values of
inputs are read from the transactions that created them, so every sum rests on bytes that match a txid; where such a
transaction cannot be had, the source's own figure is used and marked *as reported*.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cryptotrace.chains.bitcoin.assemble import decoded, output_flows, spent_outputs, transaction
from cryptotrace.chains.bitcoin.notices import is_in_extension
from cryptotrace.chains.bitcoin.script import ScriptType, script_type
from cryptotrace.chains.networks import bitcoin_network
from cryptotrace.errors import DataNotFound, NotSupported, SourceLied
from cryptotrace.ledger.layout import flows_of
from cryptotrace.ledger.store import Store
from cryptotrace.model.block import Position
from cryptotrace.model.flow import Arrival, Ended, Flow, FlowKind, Instant, Pot, Resting, Unknown, transaction_pot
from cryptotrace.model.identity import Chain
from cryptotrace.model.source import (
    RawTransaction,
    Source,
    Spend,
    Spends,
    SpendUnknown,
    SpentOutput,
    Transactions,
    Unspent,
)
from cryptotrace.model.transaction import Outpoint, Posting, Transaction
from cryptotrace.model.verdict import Standing


class LedgerGraph:
    """A UTXO chain of a case as a flow graph (satisfies ``cryptotrace.model.flow.FlowGraph``).

    Args:
        store: the case's store.
        chain: which chain.
        sources: where to fetch what is not stored; asked in order, each for what it can answer. May be empty: then
            only what is stored is known, and the rest is unknown.
    """

    def __init__(self, store: Store, chain: Chain, sources: Sequence[Source] = ()) -> None:
        self.store = store
        self.chain = chain
        self.sources = tuple(sources)
        self._spent: dict[Outpoint, SpentOutput] = {}
        self._laid_out: dict[str, Transaction] = {}
        self._flows: dict[str, Flow] = {}

    # --- FlowGraph ----------------------------------------------------------------------------------------------------

    def flow(self, flow_id: str) -> Flow:
        """The output of that outpoint.

        Raises:
            DataNotFound: its transaction is not held and no source has it, or it has no such output.
        """
        outpoint = Outpoint.parse(flow_id)
        found = self.store.flow(self.chain, flow_id)
        if found is not None:
            return found
        self._lay_out_or_outputs(outpoint.txid)
        found = self.store.flow(self.chain, flow_id)
        if found is None:
            raise DataNotFound(f"transaction {outpoint.txid} has no output {outpoint.vout}")
        return found

    def _lay_out_or_outputs(self, txid: str) -> None:
        """Lay out the transaction; where the values of its inputs cannot be had, keep its outputs alone."""
        raw = next(iter(self._fetch([txid])))
        try:
            self.store.add(self._assemble(raw))
        except DataNotFound:
            for flow, script in output_flows(raw):
                self.store.add_flow(self.chain, flow, script, raw.evidence)

    def arrival(self, flow: Flow) -> Arrival | Resting | Unknown | Ended:
        """The transaction that spends an output, or that it rests, or why that cannot be told."""
        if flow.kind is not FlowKind.OUTPUT:
            return Ended(flow.kind.value)
        script = self.store.script(self.chain, flow.id)
        if script_type(script) is ScriptType.OP_RETURN:
            return Ended("burn")
        if is_in_extension(script, bitcoin_network(self.chain)):
            return Unknown("it is paid into Litecoin's extension block (MWEB), inside of which nothing can be seen")
        held = self.store.arrival(self.chain, flow.id)
        if held is not None and not self._is_stale(held):
            return held
        answer = self._ask_spend(Outpoint.parse(flow.id))
        if isinstance(answer, Unknown):
            self.store.set_arrival(self.chain, flow.id, answer)
        return answer

    def instants(self, pot: Pot, since: Position) -> tuple[Instant, ...]:
        """The one instant of a transaction: its inputs arrive, its outputs and its fee leave."""
        spending = self.ensure(pot.rpartition("/")[2])
        arrivals = tuple(self._input_flow(posting) for posting in spending.inputs)
        block = spending.block
        at = Position(-1 if block is None else block.height, spending.index)
        departures = tuple(flow for flow, _ in flows_of(spending) if flow.source == pot)
        return (Instant(at, pot, arrivals, departures, spending.txid),)

    def opening(self, pot: Pot, before: Position) -> int:
        """0: a transaction holds nothing before it happens."""
        return 0

    # --- filling ------------------------------------------------------------------------------------------------------

    def ensure(self, txid: str) -> Transaction:
        """The transaction, fetched with the values of its inputs if it is not stored yet.

        Raises:
            DataNotFound: no source has it, or the value of one of its inputs cannot be had.
            SourceLied: a source contradicts the bytes.
        """
        if txid in self._laid_out:
            return self._laid_out[txid]
        held = self.store.transaction(self.chain, txid)
        if held is None or held.block is None:
            held = self._assemble(next(iter(self._fetch([txid]))))
            self.store.add(held)
        if held.block is not None:  # what is confirmed does not change while this graph is in use
            self._laid_out[txid] = held
            self._flows |= {flow.id: flow for flow, _ in flows_of(held)}
        return held

    def add(self, raws: Iterable[RawTransaction]) -> int:
        """Store transactions that a source gives in bulk; how many were new."""
        new = 0
        for raw in raws:
            if self.store.transaction(self.chain, raw.txid) is None:
                self.store.add(self._assemble(raw))
                new += 1
        return new

    def _assemble(self, raw: RawTransaction) -> Transaction:
        wanted = [] if (wire := decoded(raw)).is_coinbase else [i.outpoint for i in wire.inputs]
        known = {outpoint: spent for outpoint in wanted if (spent := self._known(outpoint)) is not None}
        for parent in self._parents({o.txid for o in wanted if o not in known}):
            created = spent_outputs(decoded(parent))
            self._spent |= {Outpoint(parent.txid, vout): spent for vout, spent in created.items()}
        known |= {o: self._spent[o] for o in wanted if o in self._spent}
        for outpoint, reported in raw.spent.items():
            if outpoint in known and known[outpoint] != reported:
                raise SourceLied(
                    f"about transaction {raw.txid}: a source says that input {outpoint} is worth {reported.units}, "
                    f"the transaction that created it says {known[outpoint].units}; ask another source"
                )
        standing = dict.fromkeys(known, Standing.RECOMPUTED)
        for outpoint in wanted:
            if outpoint not in known and outpoint in raw.spent:
                known[outpoint] = raw.spent[outpoint]
                standing[outpoint] = Standing.REPORTED
        return transaction(raw, known, standing)

    def _known(self, outpoint: Outpoint) -> SpentOutput | None:
        if outpoint in self._spent:
            return self._spent[outpoint]
        flow = self.store.flow(self.chain, str(outpoint))
        return None if flow is None else SpentOutput(flow.units, self.store.script(self.chain, flow.id))

    def _parents(self, txids: set[str]) -> list[RawTransaction]:
        found = []
        for txid in sorted(txids):
            try:
                found += self._fetch([txid])
            except (DataNotFound, NotSupported):
                continue  # the source's own figure is used instead, and marked as reported
        return found

    def _fetch(self, txids: list[str]) -> list[RawTransaction]:
        missing: DataNotFound | None = None
        for source in self.sources:
            if isinstance(source, Transactions):
                try:
                    return list(source.transactions(txids))
                except DataNotFound as error:
                    missing = error
        raise missing or DataNotFound(
            f"transaction {', '.join(txids)} is not held in the case and no connected source gives transactions; "
            "connect one with case.connect"
        )

    def _ask_spend(self, outpoint: Outpoint) -> Arrival | Resting | Unknown:
        reasons = []
        for source in self.sources:
            if not isinstance(source, Spends):
                continue
            answer = next(iter(source.spends([outpoint])))
            if isinstance(answer, SpendUnknown):
                reasons.append(answer.reason)
                continue
            return self._store_spend(answer)
        return Unknown("; ".join(reasons) or "no connected source tells who spends an output")

    def _store_spend(self, answer: Spend | Unspent) -> Arrival | Resting | Unknown:
        if isinstance(answer, Unspent):
            resting = Resting(answer.as_of.height)
        elif answer.block is None:
            resting = Resting(self.sources[0].tip().height, answer.txid)
        else:
            try:
                spending = self.ensure(answer.txid)
            except DataNotFound as error:
                return Unknown(f"spent by transaction {answer.txid}, which cannot be laid out: {error}")
            if answer.outpoint not in {posting.outpoint for posting in spending.inputs}:
                raise SourceLied(f"a source says that {answer.txid} spends {answer.outpoint}; its bytes do not")
            at = Position(answer.block.height, spending.index)
            return Arrival(transaction_pot(self.chain, answer.txid), at, answer.block.time, answer.txid)
        self.store.set_arrival(self.chain, str(answer.outpoint), resting, answer.evidence)
        return resting

    def _is_stale(self, held: Arrival | Resting | Unknown | Ended) -> bool:
        if isinstance(held, Resting):
            return any(isinstance(s, Spends) and s.tip().height != held.as_of_height for s in self.sources)
        return isinstance(held, Unknown) and bool(self.sources)

    def _input_flow(self, spent: Posting) -> Flow:
        name = str(spent.outpoint)
        flow = self._flows.get(name) or self.store.flow(self.chain, name)
        if flow is not None:
            return flow
        # An input whose own transaction is not laid out here: only its amount matters, and it is unclaimed.
        txid = "" if spent.outpoint is None else spent.outpoint.txid
        source = transaction_pot(self.chain, txid)
        nowhere = Position(-1, 0)
        return Flow(
            str(spent.outpoint), FlowKind.OUTPUT, spent.asset, -spent.units, source, nowhere, spent.account, txid
        )
