from __future__ import annotations

import pytest
from tests.chains.blockmaker import P2PKH, coinbase, spend

from cryptotrace.chains import network
from cryptotrace.chains.bitcoin import assemble, wire
from cryptotrace.chains.bitcoin.wire import WireTransaction
from cryptotrace.errors import DataNotFound, SourceLied, UnbalancedTransaction, UnsupportedChain
from cryptotrace.model.identity import Chain
from cryptotrace.model.source import RawTransaction, SpentOutput
from cryptotrace.model.transaction import Outpoint, PostingKind
from cryptotrace.model.verdict import Standing

_CHAIN = network("bitcoin").chain
_A, _B = Outpoint("11" * 32, 0), Outpoint("22" * 32, 7)
_BARE = b"\x51"


def _raw(transaction: WireTransaction, txid: str | None = None, chain: Chain = _CHAIN) -> RawTransaction:
    return RawTransaction(chain, txid or transaction.txid, wire.encode(transaction), None, -1, "digest-1")


def test_inputs_outputs_and_fee_balance() -> None:
    payment = spend(_A, _B, pays=[600, 300])
    spent = {_A: SpentOutput(500, P2PKH), _B: SpentOutput(450, _BARE)}
    made = assemble.transaction(_raw(payment), spent, {_A: Standing.VERIFIED, _B: Standing.RECOMPUTED})
    assert [(p.kind, p.units, p.outpoint) for p in made.postings] == [
        (PostingKind.INPUT, -500, _A),
        (PostingKind.INPUT, -450, _B),
        (PostingKind.OUTPUT, 600, Outpoint(payment.txid, 0)),
        (PostingKind.OUTPUT, 300, Outpoint(payment.txid, 1)),
        (PostingKind.FEE, 50, None),
    ]
    assert made.fee == 50
    assert [p.account is None for p in made.postings] == [False, False, False, False, True]
    assert made.inputs[0].account == made.outputs[0].account
    assert made.inputs[1].account is not None
    assert made.inputs[1].account.is_script_digest
    assert made.evidence == "digest-1"


@pytest.mark.parametrize(
    ("standings", "fee"),
    [
        ({}, Standing.REPORTED),
        ({_A: Standing.VERIFIED}, Standing.REPORTED),
        ({_A: Standing.VERIFIED, _B: Standing.AGREED}, Standing.AGREED),
        ({_A: Standing.VERIFIED, _B: Standing.VERIFIED}, Standing.RECOMPUTED),
    ],
)
def test_the_fee_has_been_checked_no_further_than_the_least_checked_input(
    standings: dict[Outpoint, Standing], fee: Standing
) -> None:
    spent = {_A: SpentOutput(500, P2PKH), _B: SpentOutput(500, P2PKH)}
    made = assemble.transaction(_raw(spend(_A, _B)), spent, standings)
    assert made.postings[-1].standing is fee
    assert made.inputs[0].standing is standings.get(_A, Standing.REPORTED)
    assert made.outputs[0].standing is Standing.RECOMPUTED


def test_a_coinbase_is_issuance_and_has_no_fee() -> None:
    made = assemble.transaction(_raw(coinbase(5000)), {})
    assert made.is_coinbase
    assert [(p.kind, p.units) for p in made.postings] == [(PostingKind.OUTPUT, 5000), (PostingKind.ISSUANCE, -5000)]
    assert made.fee == 0


def test_bytes_that_hash_to_another_txid_are_a_lie() -> None:
    payment = spend(_A)
    with pytest.raises(SourceLied, match=payment.txid):
        assemble.transaction(_raw(payment, "ab" * 32), {_A: SpentOutput(1000, P2PKH)})


def test_a_missing_spent_output_is_named_and_never_guessed() -> None:
    with pytest.raises(DataNotFound, match=f"1 outputs .*{'22' * 32}:7"):
        assemble.transaction(_raw(spend(_A, _B)), {_A: SpentOutput(10**9, P2PKH)})


def test_outputs_worth_more_than_what_is_spent_are_refused() -> None:
    with pytest.raises(UnbalancedTransaction, match="1 satoshi more"):
        assemble.transaction(_raw(spend(_A, pays=[1000])), {_A: SpentOutput(999, P2PKH)})


def test_an_unknown_chain_is_refused() -> None:
    with pytest.raises(UnsupportedChain):
        assemble.transaction(_raw(spend(_A), chain=Chain("bip122:fdbe99b90c90bae7505796461471d89a")), {})


def test_spent_outputs_of_a_transaction_feed_the_next() -> None:
    first = spend(_A, pays=[700, 300])
    outputs = {Outpoint(first.txid, vout): each for vout, each in assemble.spent_outputs(first).items()}
    second = spend(*outputs, pays=[990])
    assert assemble.transaction(_raw(second), outputs).fee == 10


def test_output_flows_need_the_transactions_own_bytes_and_nothing_else() -> None:
    payment = spend(_A, pays=[700, 300])
    flows = assemble.output_flows(_raw(payment))
    assert [(flow.id, flow.units, script) for flow, script in flows] == [
        (f"{payment.txid}:0", 700, P2PKH),
        (f"{payment.txid}:1", 300, P2PKH),
    ]
    with pytest.raises(SourceLied):
        assemble.output_flows(_raw(payment, "ab" * 32))
