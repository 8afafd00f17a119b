"""Transactions and histories of account chains in the case's store.

A movement becomes a flow out of its payer's holding into its payee's. What nobody holds (burnt, newly issued) leaves or
comes from the pots that close the books. A wrap is kept as a conversion: what is given comes directly before what is
received.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from cryptotrace.chains.tokens import TokenReading
from cryptotrace.errors import LedgerError
from cryptotrace.ledger import conversions
from cryptotrace.ledger.store import Placed, Store
from cryptotrace.ledger.tables import arrival_row, flow_row
from cryptotrace.model.block import BlockRef, Position
from cryptotrace.model.flow import Arrival, Conversion, Ended, Flow, FlowKind, Pot, boundary_pot, holding_pot
from cryptotrace.model.identity import Account, Asset, Chain
from cryptotrace.model.movement import AccountTransaction, Movement, Order, Wrap
from cryptotrace.model.pot import OpeningBasis
from cryptotrace.model.verdict import LinkClass, Standing


class Moved(NamedTuple):
    """A flow into or out of a holding, and how its place in the chain is known."""

    flow: Flow
    """The movement as a flow."""
    order: Order
    """Whether the order inside its transaction is known."""
    time: int
    """Block time, seconds since 1970 UTC."""


@dataclass(frozen=True, slots=True)
class History:
    """How far the history of a holding is held."""

    pot: Pot
    """The holding."""
    first: int
    """Height from which it is covered."""
    last: int
    """Height to which it is covered: the tip of the run."""
    opening: int
    """Base units before ``first``."""
    basis: OpeningBasis
    """How that is known."""
    closing: int | None
    """Balance at the end of ``last`` as a source said; None if none was to be had."""
    problem: str = ""
    """What is missing of it, as the source says."""
    crowded: str = ""
    """Not empty: there are too many transfers, and the listing was stopped; nothing of it may be used."""
    most: int = 0
    """How many transactions were listed at most."""
    refused: str = ""
    """Not empty: why no source could give the history, as of ``last``; nothing of it may be used."""
    nonces: str = ""
    """Whether the sender's count of transactions has a gap."""
    evidence: str = ""
    """Digest of the answer with the balance."""


def add(store: Store, *transactions: AccountTransaction) -> None:
    """Store transactions of an account chain with their flows, all or none. Storing one again changes nothing."""
    rows: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for each in transactions:
        chain, txid = each.chain, each.txid
        said = (each.succeeded, each.order.value, "\n".join(each.missing), each.memo)
        rows["account_transactions"].append((chain, txid, each.sender, each.nonce, *said))
        for movement in in_order(each):
            flow = flow_of(each, movement)
            rows["flows"].append(flow_row(chain, flow, b"", each.evidence))
            rows["movements"].append((chain, flow.id, movement.payer, movement.standing.value))
            if each.block is not None:
                rows["arrivals"].append(arrival_row(chain, flow.id, _arrival(flow, each.block), each.evidence))
    with store.whole():
        store.place([(t.chain, t.txid, t.block, t.index, t.evidence, t.notices) for t in transactions])
        for table, values in rows.items():
            store.insert(table, values)
        for each in transactions:
            for wrap in each.wraps:
                conversions.add(store, each.chain, conversion_of(each, wrap))


def in_order(transaction: AccountTransaction) -> tuple[Movement, ...]:
    """The movements with the outflow of each wrap before its inflow, since nothing is received before it is given.

    (A wrapper's contract writes its log behind the call that pays out, though it lowers the balance before it.)
    """
    order = list(transaction.movements)
    for wrap in transaction.wraps:
        out = next(n for n, m in enumerate(order) if m.place == wrap.outflow)
        into = next(n for n, m in enumerate(order) if m.place == wrap.inflow)
        if out > into:
            order.insert(into, order.pop(out))
    parts = [movement.part for movement in transaction.movements]
    return tuple(replace(m, part=part) for m, part in zip(order, parts, strict=True))


def flow_of(transaction: AccountTransaction, movement: Movement) -> Flow:
    """A movement as a flow."""
    height = -1 if transaction.block is None else transaction.block.height
    if movement.payer is None:
        source = boundary_pot(transaction.chain, FlowKind.ISSUANCE.value)
    else:
        source = holding_pot(movement.payer, movement.asset)
    at = Position(height, transaction.index, movement.part)
    name = transaction.flow_id(movement)
    return Flow(name, movement.kind, movement.asset, movement.units, source, at, movement.payee, transaction.txid)


def conversion_of(transaction: AccountTransaction, wrap: Wrap) -> Conversion:
    """A wrap as a conversion; it is proved by the contract's own event (L2)."""
    name = f"{transaction.txid}#{wrap.outflow}>{wrap.inflow}"
    legs = (f"{transaction.txid}#{wrap.outflow}",), (f"{transaction.txid}#{wrap.inflow}",)
    return Conversion(name, *legs, LinkClass.L2, wrap.basis)


def _arrival(flow: Flow, block: BlockRef) -> Arrival | Ended:
    if flow.owner is None:
        return Ended(flow.kind.value)
    return Arrival(holding_pot(flow.owner, flow.asset), flow.departs, block.time, flow.txid)


def read(store: Store, chain: Chain, txid: str, placed: Placed) -> AccountTransaction:
    """The stored transaction, its movements in the order in which they are served."""
    row = store.db.execute(
        "SELECT sender, nonce, succeeded, ordering, missing, memo FROM account_transactions "
        "WHERE chain = ? AND txid = ?",
        [chain, txid],
    ).fetchone()
    if row is None:
        raise LedgerError(f"transaction {txid} is not stored as one of an account chain; fetch it again")
    sender, nonce, succeeded, order, missing, memo = row
    return AccountTransaction(
        chain=chain,
        txid=txid,
        block=placed.block,
        index=placed.index,
        sender=None if sender is None else Account(sender),
        nonce=nonce,
        succeeded=succeeded,
        movements=tuple(_movements(store, chain, txid)),
        order=Order(order),
        missing=tuple(missing.split("\n")) if missing else (),
        wraps=tuple(_wraps(store, chain, txid)),
        memo=memo,
        notices=placed.notices,
        evidence=placed.evidence,
    )


def transaction(store: Store, chain: Chain, txid: str) -> AccountTransaction | None:
    """The stored transaction, or None."""
    placed = store.placed(chain, txid)
    return None if placed is None else read(store, chain, txid, placed)


def _movements(store: Store, chain: Chain, txid: str) -> Iterator[Movement]:
    rows = store.db.execute(
        "SELECT f.id, f.kind, f.asset, f.units, f.owner, f.part, m.payer, m.standing FROM flows f "
        "JOIN movements m ON m.chain = f.chain AND m.flow = f.id WHERE f.chain = ? AND f.txid = ? ORDER BY f.part",
        [chain, txid],
    ).fetchall()
    for name, kind, asset, units, owner, part, payer, standing in rows:
        place = name.partition("#")[2]
        by, to = (None if account is None else Account(account) for account in (payer, owner))
        yield Movement(place, FlowKind(kind), Asset(asset), int(units), by, to, part, Standing(standing))


def _wraps(store: Store, chain: Chain, txid: str) -> Iterator[Wrap]:
    rows = store.db.execute(
        "SELECT id, basis FROM conversions WHERE chain = ? AND starts_with(id, ?) ORDER BY id", [chain, f"{txid}#"]
    ).fetchall()
    for name, basis in rows:
        outflow, _, inflow = name.partition("#")[2].partition(">")
        yield Wrap(outflow, inflow, basis)


def conversions_by_leg(store: Store, chain: Chain) -> dict[str, Conversion]:
    """Flow id -> the conversion that it is a leg of."""
    return {leg: each for each in conversions.of_chain(store, chain) for leg in (*each.outflows, *each.inflows)}


def moved(store: Store, chain: Chain, pot: Pot, first: int = 0) -> list[Moved]:
    """What came into a holding and went out of it from a height on, in chain order.

    A transfer of nothing and one to oneself are left out: they are facts of their transactions and move nothing.
    """
    rows = store.db.execute(
        "SELECT f.id, t.ordering, p.block_time FROM flows f "
        "LEFT JOIN arrivals a ON a.chain = f.chain AND a.flow = f.id AND a.state = 'arrived' "
        "LEFT JOIN account_transactions t ON t.chain = f.chain AND t.txid = f.txid "
        "LEFT JOIN transactions p ON p.chain = f.chain AND p.txid = f.txid "
        "WHERE f.chain = ? AND f.height >= ? AND (f.source = ? OR a.pot = ?) AND f.source IS DISTINCT FROM a.pot "
        "AND CAST(f.units AS VARCHAR) <> '0'",
        [chain, first, pot, pot],
    ).fetchall()
    said = {name: (order, time) for name, order, time in rows}
    flows = store.flows_where("chain = ? AND id IN (SELECT unnest(?))", [chain, list(said)])
    return [Moved(flow, Order(said[flow.id][0]), said[flow.id][1] or 0) for flow in flows]


def touching(store: Store, account: Account) -> list[AccountTransaction]:
    """The stored transactions in which something left the account or came to it, in chain order."""
    rows = store.db.execute(
        "SELECT DISTINCT f.txid, f.height, f.idx FROM flows f "
        "JOIN movements m ON m.chain = f.chain AND m.flow = f.id "
        "WHERE f.chain = ? AND (f.owner = ? OR m.payer = ?) ORDER BY f.height, f.idx, f.txid",
        [account.chain, account, account],
    ).fetchall()
    found = (transaction(store, account.chain, txid) for txid, *_ in rows)
    return [each for each in found if each is not None]


def history(store: Store, chain: Chain, pot: Pot) -> History | None:
    """How far the history of a holding is held, or None."""
    row = store.db.execute(
        "SELECT first, last, opening, basis, closing, problem, crowded, most, refused, nonces, evidence FROM histories "
        "WHERE chain = ? AND pot = ?",
        [chain, pot],
    ).fetchone()
    if row is None:
        return None
    first, last, opening, basis, closing, *texts = row
    return History(
        pot, first, last, int(opening), OpeningBasis(basis), None if closing is None else int(closing), *texts
    )


def set_history(store: Store, chain: Chain, held: History) -> None:
    """Store how far the history of a holding is held."""
    closing = None if held.closing is None else str(held.closing)
    known = (held.first, held.last, str(held.opening), held.basis.value, closing)
    row = (chain, held.pot, *known, held.problem, held.crowded, held.most, held.refused, held.nonces, held.evidence)
    store.insert("histories", [row], "pot")


def sent(store: Store, account: Account, first: int, last: int) -> list[int]:
    """Nonces of the stored transactions that an account signed between two heights, in order."""
    rows = store.db.execute(
        "SELECT a.nonce FROM account_transactions a JOIN transactions t ON t.chain = a.chain AND t.txid = a.txid "
        "WHERE a.chain = ? AND a.sender = ? AND a.nonce IS NOT NULL AND t.height BETWEEN ? AND ? ORDER BY a.nonce",
        [account.chain, account, first, last],
    ).fetchall()
    return [nonce for (nonce,) in rows]


def token(store: Store, asset: Asset) -> TokenReading | None:
    """What a token's contract said of itself, as it was read; None if it was not."""
    row = store.db.execute(
        "SELECT symbol, decimals, height, block_hash, block_time, evidence, problems FROM tokens "
        "WHERE chain = ? AND asset = ?",
        [asset.chain, asset],
    ).fetchone()
    if row is None:
        return None
    symbol, decimals, height, block_hash, time, evidence, problems = row
    at = None if height is None else BlockRef(asset.chain, height, block_hash, time)
    texts = (tuple(text.split("\n")) if text else () for text in (evidence, problems))
    return TokenReading(asset, symbol, decimals, at, *texts)


def set_token(store: Store, said: TokenReading) -> None:
    """Store what a token's contract said of itself."""
    at = (None, None, None) if said.at is None else (said.at.height, said.at.hash, said.at.time)
    texts = ("\n".join(said.evidence), "\n".join(said.problems))
    store.insert("tokens", [(said.asset.chain, said.asset, said.symbol, said.decimals, *at, *texts)], "asset")
