"""How a transaction lies in the graph: every unit that leaves or appears is a flow from a pot."""

from __future__ import annotations

from cryptotrace.ledger.layout import flows_of
from cryptotrace.model.block import BlockRef, Position
from cryptotrace.model.flow import FlowKind, boundary_pot, transaction_pot
from cryptotrace.model.identity import Asset, Chain
from cryptotrace.model.transaction import Outpoint, Posting, PostingKind, Transaction

CHAIN = Chain("bip122:000000000019d6689c085ae165831e93")
BTC = Asset(f"{CHAIN}/slip44:0")
TXID = "ab" * 32
BLOCK = BlockRef(CHAIN, 7, "cd" * 32, 0)


def posting(kind: PostingKind, units: int, vout: int | None = None, script: bytes = b"") -> Posting:
    return Posting(kind, BTC, units, outpoint=None if vout is None else Outpoint(TXID, vout), script=script)


def test_outputs_come_in_order_then_the_fee_and_inputs_make_no_flow() -> None:
    spent = Posting(PostingKind.INPUT, BTC, -10, outpoint=Outpoint("ef" * 32, 0))
    made = (posting(PostingKind.OUTPUT, 6, 0, b"\x51"), posting(PostingKind.OUTPUT, 3, 1), posting(PostingKind.FEE, 1))
    laid = list(flows_of(Transaction(CHAIN, TXID, BLOCK, 2, (spent, *made))))

    assert [(flow.id, flow.kind, flow.units) for flow, _ in laid] == [
        (f"{TXID}:0", FlowKind.OUTPUT, 6),
        (f"{TXID}:1", FlowKind.OUTPUT, 3),
        (f"{TXID}:fee", FlowKind.FEE, 1),
    ]
    assert [flow.departs for flow, _ in laid] == [Position(7, 2, 0), Position(7, 2, 1), Position(7, 2, 2)]
    assert {flow.source for flow, _ in laid} == {transaction_pot(CHAIN, TXID)}
    assert [script for _, script in laid] == [b"\x51", b"", b""]


def test_new_value_comes_from_a_pot_of_its_own() -> None:
    coinbase = (posting(PostingKind.ISSUANCE, -50), posting(PostingKind.OUTPUT, 50, 0))
    issued, paid = (flow for flow, _ in flows_of(Transaction(CHAIN, TXID, BLOCK, 0, coinbase)))

    assert (issued.source, issued.units) == (boundary_pot(CHAIN, "issuance"), 50)
    assert (paid.source, paid.units) == (transaction_pot(CHAIN, TXID), 50)


def test_an_unconfirmed_transaction_has_no_height() -> None:
    spent = Posting(PostingKind.INPUT, BTC, -5, outpoint=Outpoint("ef" * 32, 0))
    transaction = Transaction(CHAIN, TXID, None, -1, (spent, posting(PostingKind.OUTPUT, 5, 0)))

    assert [flow.departs for flow, _ in flows_of(transaction)] == [Position(-1, -1, 0)]
