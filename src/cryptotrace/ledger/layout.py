"""How a transaction lies in the graph: the flows it creates, each from its pot."""

from __future__ import annotations

from collections.abc import Iterator

from cryptotrace.model.block import Position
from cryptotrace.model.flow import Flow, FlowKind, boundary_pot, transaction_pot
from cryptotrace.model.transaction import PostingKind, Transaction


def flows_of(transaction: Transaction) -> Iterator[tuple[Flow, bytes]]:
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
