"""From a transaction's bytes and the outputs it spends to balanced postings."""

from __future__ import annotations

from collections.abc import Mapping

from cryptotrace.chains.bitcoin.network import BitcoinNetwork
from cryptotrace.chains.bitcoin.notices import notices
from cryptotrace.chains.bitcoin.script import account_of_script
from cryptotrace.chains.bitcoin.wire import WireTransaction, decode_transaction
from cryptotrace.chains.networks import bitcoin_network
from cryptotrace.errors import DataNotFound, SourceLied, UnbalancedTransaction
from cryptotrace.model.block import Position
from cryptotrace.model.flow import Flow, FlowKind, transaction_pot
from cryptotrace.model.source import RawTransaction, SpentOutput
from cryptotrace.model.transaction import Outpoint, Posting, PostingKind, Transaction
from cryptotrace.model.verdict import Standing

_WEAKNESS = (Standing.VERIFIED, Standing.RECOMPUTED, Standing.AGREED, Standing.REPORTED)


def spent_outputs(transaction: WireTransaction) -> dict[int, SpentOutput]:
    """What its outputs will be to the transactions that spend them, by output index."""
    return {vout: SpentOutput(each.units, each.script) for vout, each in enumerate(transaction.outputs)}


def output_flows(raw: RawTransaction) -> tuple[tuple[Flow, bytes], ...]:
    """Its outputs as flows, with their scripts, from its own bytes alone: what it spends need not be known.

    Raises:
        SourceLied: the bytes hash to another txid.
        MalformedBytes: the bytes are not a transaction.
    """
    where = bitcoin_network(raw.chain)
    wire = decoded(raw)
    pot = transaction_pot(raw.chain, raw.txid)
    height = -1 if raw.block is None else raw.block.height
    return tuple(
        (
            Flow(
                str(each.outpoint),
                FlowKind.OUTPUT,
                each.asset,
                each.units,
                pot,
                Position(height, raw.index, vout),
                each.account,
                raw.txid,
            ),
            each.script,
        )
        for vout, each in enumerate(_output_postings(wire, where))
    )


def transaction(
    raw: RawTransaction,
    outputs_spent: Mapping[Outpoint, SpentOutput],
    standing: Mapping[Outpoint, Standing] | None = None,
) -> Transaction:
    """The transaction as balanced postings: inputs, outputs, then the fee, or a coinbase's issuance.

    Args:
        raw: its bytes and its place in the chain.
        outputs_spent: value and script of each output it spends; more than those is no harm.
        standing: how far each spent output's value was checked. What is not named counts as reported only. The
            fee stands as the least checked of them.

    Raises:
        SourceLied: the bytes hash to another txid.
        UnbalancedTransaction: the outputs it spends are said to be worth less than those it creates.
        DataNotFound: a spent output is not given; the message names those that are missing.
        MalformedBytes: the bytes are not a transaction.
        UnsupportedChain: the chain is not known.
    """
    where = bitcoin_network(raw.chain)
    wire = decoded(raw)
    outputs = _output_postings(wire, where)
    created = sum(each.units for each in outputs)
    if wire.is_coinbase:
        postings = (*outputs, Posting(PostingKind.ISSUANCE, where.asset, -created))
    else:
        inputs = _input_postings(wire, where, outputs_spent, standing or {})
        fee = -sum(each.units for each in inputs) - created
        _refuse_negative_fee(raw, fee)
        # the fee is a difference: it has been checked no further than the least checked input
        fee_standing = max(*(each.standing for each in inputs), Standing.RECOMPUTED, key=_WEAKNESS.index)
        postings = (*inputs, *outputs, Posting(PostingKind.FEE, where.asset, fee, standing=fee_standing))
    return Transaction(raw.chain, raw.txid, raw.block, raw.index, postings, raw.evidence, notices(wire, where))


def decoded(raw: RawTransaction) -> WireTransaction:
    """The transaction as its bytes say, read in the form of its chain.

    Raises:
        SourceLied: the bytes hash to another txid.
        MalformedBytes: the bytes are not a transaction.
        UnsupportedChain: the chain is not known.
    """
    wire = decode_transaction(raw.raw, bitcoin_network(raw.chain))
    if wire.txid != raw.txid:
        raise SourceLied(
            f"the bytes given for transaction {raw.txid} hash to {wire.txid} (evidence {raw.evidence or 'none'}); "
            "ask another source"
        )
    return wire


def _refuse_negative_fee(raw: RawTransaction, fee: int) -> None:
    if fee < 0:
        raise UnbalancedTransaction(
            f"transaction {raw.txid} creates {-fee} satoshi more than it spends (evidence {raw.evidence or 'none'}): "
            "the value of a spent output was misreported; fetch the spent transactions themselves"
        )


def _input_postings(
    wire: WireTransaction,
    where: BitcoinNetwork,
    outputs_spent: Mapping[Outpoint, SpentOutput],
    standing: Mapping[Outpoint, Standing],
) -> tuple[Posting, ...]:
    missing = [str(each.outpoint) for each in wire.inputs if each.outpoint not in outputs_spent]
    if missing:
        raise DataNotFound(
            f"transaction {wire.txid} spends {len(missing)} outputs that are not at hand: "
            f"{', '.join(missing[:10])}{' ...' if len(missing) > 10 else ''}; fetch those transactions first"
        )
    postings = []
    for each in wire.inputs:
        spent = outputs_spent[each.outpoint]
        postings.append(
            Posting(
                PostingKind.INPUT,
                where.asset,
                -spent.units,
                account_of_script(spent.script, where),
                each.outpoint,
                spent.script,
                standing.get(each.outpoint, Standing.REPORTED),
            )
        )
    return tuple(postings)


def _output_postings(wire: WireTransaction, where: BitcoinNetwork) -> tuple[Posting, ...]:
    return tuple(
        Posting(
            PostingKind.OUTPUT,
            where.asset,
            each.units,
            account_of_script(each.script, where),
            Outpoint(wire.txid, vout),
            each.script,
        )
        for vout, each in enumerate(wire.outputs)
    )
