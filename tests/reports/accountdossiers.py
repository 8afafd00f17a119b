"""A dossier on an account chain, written by hand: USDT on TRON, its coin, a wrapped coin and a token nobody knows."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import base58

from cryptotrace.chains import network
from cryptotrace.errors import DataNotFound
from cryptotrace.model.block import BlockRef, Position, Tip
from cryptotrace.model.claim import Claim
from cryptotrace.model.flow import (
    Arrival,
    Crowded,
    Ended,
    Flow,
    FlowKind,
    Instant,
    Pot,
    boundary_pot,
    conversion_pot,
    holding_pot,
)
from cryptotrace.model.identity import Account, Asset, Chain
from cryptotrace.model.movement import AccountTransaction, Movement, Order, Wrap
from cryptotrace.model.pot import OpeningBasis, PotCheck
from cryptotrace.model.tag import Grade, Tag
from cryptotrace.reports.dossier import Answer, AssetFacts, Dossier, SourceFacts
from cryptotrace.reports.draft import Draft
from cryptotrace.reports.schedules import schedules
from cryptotrace.reports.words import words
from cryptotrace.tracing.engine import trace
from cryptotrace.tracing.result import Stops
from cryptotrace.tracing.rules import RULES

TRON = network("tron")
CHAIN = TRON.chain
TIP = Tip(CHAIN, 70_000_100, "00" * 4 + "f" * 56)
TRX = TRON.asset
USDT = Asset(f"{CHAIN}/trc20:TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t")
#: As much as a token can have.
MOST = 2**256 - 1


def address(name: str) -> str:
    """An address of TRON's form for a name."""
    return base58.b58encode_check(b"\x41" + hashlib.sha256(name.encode()).digest()[:20]).decode()


def account(name: str) -> Account:
    """The account of a name."""
    return Account.of(CHAIN, address(name))


def txid(name: str) -> str:
    """The txid of a name."""
    return hashlib.sha256(name.encode()).hexdigest()


WTRX = Asset(f"{CHAIN}/trc20:{address('the wrapped coin')}")
ODD = Asset(f"{CHAIN}/trc20:{address('a token nobody knows')}")


def move(place: str, asset: Asset, units: int, payer: str, payee: str = "", kind: str = "transfer") -> Movement:
    """A movement between names; without a payee a fee or a burn."""
    to = account(payee) if payee else None
    return Movement(place, FlowKind(kind), asset, units, account(payer), to, 0)


def transaction(name: str, height: int, *movements: Movement, chain: Chain = CHAIN, **more: Any) -> AccountTransaction:
    """A transaction of those movements in that order, at place 3 of its block."""
    block = BlockRef(
        chain, height, hashlib.sha256(f"block {height}".encode()).hexdigest(), 1_750_000_000 + height % 1000
    )
    parts = tuple(replace(movement, part=n) for n, movement in enumerate(movements))
    sender = next(m.payer for m in movements if m.kind is not FlowKind.FEE or len(movements) == 1)
    made = AccountTransaction(chain, txid(name), block, 3, sender, None, True, parts, evidence="e" * 64)
    return replace(made, **more)


@dataclass(frozen=True)
class Book:
    """Transactions as a graph, with what the accounts held before."""

    transactions: Sequence[AccountTransaction]
    before: dict[tuple[str, Asset], int]
    crowded: tuple[str, ...] = ()

    def flows(self) -> list[Flow]:
        """Every movement, in order."""
        found = []
        for each in self.transactions:
            assert each.block is not None
            for m in each.movements:
                at = Position(each.block.height, each.index, m.part)
                source = boundary_pot(each.chain, "issuance") if m.payer is None else holding_pot(m.payer, m.asset)
                found.append(Flow(each.flow_id(m), m.kind, m.asset, m.units, source, at, m.payee, each.txid))
        return found

    def _wraps(self) -> dict[str, tuple[str, str]]:
        """Flow id that is given or received -> the two flows of the wrap."""
        pairs = [
            (f"{each.txid}#{wrap.outflow}", f"{each.txid}#{wrap.inflow}")
            for each in self.transactions
            for wrap in each.wraps
        ]
        return {flow: pair for pair in pairs for flow in pair}

    def flow(self, flow_id: str) -> Flow:
        """See ``FlowGraph``."""
        for flow in self.flows():
            if flow.id == flow_id:
                return flow
        raise DataNotFound(flow_id)

    def arrival(self, flow: Flow) -> Arrival | Crowded | Ended:
        """See ``FlowGraph``."""
        pair = self._wraps().get(flow.id)
        if pair is not None and pair[0] == flow.id:
            return Arrival(conversion_pot(CHAIN, pair[0]), flow.departs, 0, flow.txid)
        if flow.owner is None or flow.kind is FlowKind.FEE:
            return Ended(flow.kind.value)
        if flow.owner in {account(name) for name in self.crowded}:
            return Crowded("12,345 transfers were met, the limit is 5,000")
        return Arrival(holding_pot(flow.owner, flow.asset), flow.departs, 0, flow.txid)

    def instants(self, pot: Pot, since: Position) -> tuple[Instant, ...]:
        """See ``FlowGraph``."""
        wraps = self._wraps()
        for given, received in set(wraps.values()):
            if pot == conversion_pot(CHAIN, given):
                out = replace(self.flow(received), source=pot)
                return (Instant(self.flow(given).departs, pot, (self.flow(given),), (out,), out.txid),)
        found = []
        for flow in self.flows():
            into = None if flow.owner is None or flow.kind is FlowKind.FEE else holding_pot(flow.owner, flow.asset)
            comes, goes = into == pot, flow.source == pot
            if (comes or goes) and flow.departs >= since:
                arrives = (flow,) if comes else ()
                if comes and wraps.get(flow.id, ("", ""))[1] == flow.id:
                    arrives = (replace(flow, source=conversion_pot(CHAIN, wraps[flow.id][0])),)
                found.append(Instant(flow.departs, pot, arrives, (flow,) if goes else (), flow.txid))
        return tuple(found)

    def opening(self, pot: Pot, before: Position) -> int:
        """See ``FlowGraph``."""
        named = {holding_pot(account(name), asset): units for (name, asset), units in self.before.items()}
        units = named.get(pot, 0)
        for flow in self.flows():
            if flow.departs < before:
                into = None if flow.owner is None or flow.kind is FlowKind.FEE else holding_pot(flow.owner, flow.asset)
                units += flow.units * ((into == pot) - (flow.source == pot))
        return units


def story() -> tuple[AccountTransaction, ...]:
    """Ann's and Ben's units go to a thief, through one more account, to a service, to a crowd, and into a wrap."""
    fee = ("fee.burnt", TRX)
    return (
        transaction(
            "theft", 70_000_001, move(*fee, 13_844_850, "Ann", kind="fee"), move("log.0", USDT, 10**9, "Ann", "thief")
        ),
        transaction(
            "second theft",
            70_000_002,
            move("value", TRX, 100_000_000, "Ben", "thief"),
            move("log.0", ODD, MOST, "Ben", "thief"),
        ),
        transaction("own money", 70_000_003, move("log.0", USDT, 5 * 10**8, "somebody", "thief")),
        transaction(
            "onward",
            70_000_004,
            move(*fee, 345_000, "energy seller", kind="fee"),
            move("log.0", USDT, 6 * 10**8, "thief", "mule"),
            missing=("internal calls",),
        ),
        transaction("to the crowd", 70_000_005, move("log.0", USDT, 3 * 10**8, "thief", "crowd")),
        transaction("failed", 70_000_006, move(*fee, 1_000_000, "thief", kind="fee"), succeeded=False),
        transaction(
            "cashing out",
            70_000_007,
            move("log.0", USDT, 4 * 10**8, "mule", "deposit address"),
            move("log.1", USDT, 5 * 10**7, "mule", "thief"),
            order=Order.ASSUMED,
            notices=("permission-change of the mule: owner needs 1 of somebody (weight 1)",),
        ),
        transaction(
            "wrapping",
            70_000_008,
            move("value", TRX, 40_000_000, "thief", "the wrapped coin"),
            Movement("log.0", FlowKind.ISSUANCE, WTRX, 40_000_000, None, account("thief"), 0),
            wraps=(Wrap("value", "log.0", "WTRX Deposit(address,uint256), log 0"),),
        ),
        transaction("odd token", 70_000_009, move("log.0", ODD, MOST // 3, "thief", "mule")),
    )


def claims() -> tuple[Claim, ...]:
    """What Ann and Ben claim."""
    return (
        Claim("Ann", f"{txid('theft')}#log.0", USDT, 10**9, basis="statement of 3 June"),
        Claim("Ben", f"{txid('second theft')}#value", TRX, 10**8),
        Claim("Ben", f"{txid('second theft')}#log.0", ODD, MOST),
    )


def checks() -> tuple[PotCheck, ...]:
    """One complete history, one computed backwards, one that does not add up."""
    thief, mule = account("thief"), account("mule")

    def check(who: Account, asset: Asset, basis: OpeningBasis, *figures: int, **more: Any) -> PotCheck:
        opening, received, paid, read = figures
        pot = holding_pot(who, asset)
        return PotCheck(
            pot, who, asset, 70_000_001, TIP.height, opening, basis, received, paid, None if read < 0 else read, **more
        )

    return (
        check(thief, USDT, OpeningBasis.BALANCE, 2 * 10**8, 155 * 10**7, 9 * 10**8, 85 * 10**7),
        check(thief, TRX, OpeningBasis.HISTORY, 0, 10**8, 41 * 10**6, 58_999_000, problem="one page failed"),
        check(thief, ODD, OpeningBasis.HISTORY, 0, MOST, MOST // 3, -1, problem="no balance was to be had"),
        check(mule, USDT, OpeningBasis.BACKWARDS, 0, 6 * 10**8, 45 * 10**7, 15 * 10**7),
        check(mule, ODD, OpeningBasis.HISTORY, 0, MOST // 3, 0, MOST // 3),
        check(thief, WTRX, OpeningBasis.HISTORY, 0, 4 * 10**7, 0, 4 * 10**7),
    )


def account_dossier(rule: str = "fifo", *, exact: bool = False, **changes: Any) -> Dossier:
    """Everything a report says about the story under a rule."""
    told = story()
    book = Book(told, {("thief", USDT): 2 * 10**8}, ("crowd",))
    service = account("deposit address")
    stops = Stops(services={service: "An exchange"})
    result = replace(
        trace(book, claims(), RULES[rule], exact=exact, stops=stops),
        tips=(TIP,),
        notices=tuple((t.txid, notice) for t in told for notice in t.notices),
        missing=tuple((t.txid, what) for t in told for what in t.missing),
        pots=checks(),
        has_assumed_order=True,
        order_sensitive=(f"{txid('cashing out')}#log.1",),
    )
    used = {t.flow.txid for t in result.flows}
    tag = Tag(service, "An exchange", "exchange", "service_data", Grade.C, "https://tags.example", "somebody")
    made = Dossier(
        case_id="case-2",
        title="Tokens",
        question="",
        author="An analyst",
        trace=result,
        assets={
            TRX: AssetFacts(TRX, "tron", "TRX", 6, is_training=False, basis="the chain's own coin"),
            USDT: AssetFacts(
                USDT, "tron", "USDT", 6, is_training=False, basis="read from the contract at block 70000001"
            ),
            WTRX: AssetFacts(WTRX, "tron", "WTRX", 6, is_training=False, basis="as listed"),
            ODD: AssetFacts(ODD, "tron", "", None, is_training=False, basis="decimals not known"),
        },
        transactions={t.txid: t.transaction() for t in told if t.txid in used},
        tags={service: (tag,)},
        tags_loaded=7,
        sources=(SourceFacts("trongrid:https://api.example", TIP, 9, "2026-03-01T00:00:00Z", "2026-03-01T00:00:05Z"),),
        answers=(Answer("e" * 64, "trongrid:https://api.example", "POST /wallet", "2026-03-01T00:00:05Z", 900),),
        settings={"rule": rule, "hop limit": "none", "limit of transfers of an account": "5000"},
        software="cryptotrace test",
        cut_off="2026-03-01T00:00:05Z",
        custody_head="c" * 64,
        account_transactions={t.txid: t for t in told if t.txid in used},
    )
    return replace(made, **changes)


def account_draft(made: Dossier, language: str = "en") -> Draft:
    """The draft of a dossier's report."""
    return Draft(made, schedules(made), words(language, accounts=made.is_on_accounts), RULES[made.trace.rule])
