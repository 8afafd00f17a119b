"""A transaction on an account chain as movements of value, and the names of those movements.

A movement is named by its place in the transaction, so that every source gives it the same name whatever else it knows:

=====================  ===============================================================================================
place                  what
=====================  ===============================================================================================
``value``              the value of the transaction itself (on TRON: of its contract); ``value.trc10`` a TRC-10 token
                       that goes with a call, ``value.second`` the second token of a built-in exchange
``value.staked``       TRON: the staked side where ``value`` is staked or released; ``call.3.staked`` in a contract
``call.0.2``           an internal call with value, by its trace address: third call of the first call (TRON:
                       ``call.3``, its place in the list of internal transactions; its TRC-10 ``call.3.1002000``)
``log.3``              a token transfer, by the place of its log in the receipt, from 0; ``log.3.1`` in a batch
``call.0.2.burnt``     what was left in a contract that destroyed itself to itself
``fee.burnt``          the part of the fee that nobody gets; ``fee.blob`` that of blobs
``fee.paid``           the part of the fee that the block's producer gets; ``fee.base`` the base fee where an account
                       gets it, ``fee.l1`` and ``fee.operator`` a rollup's
``fee``                the whole fee where its parts are not told apart
``mint``               what a rollup creates for the sender of a deposit
``withdrawal.5``       a staking withdrawal, by its place in the block; the transaction is then the block (its hash)
``reward``             what the block's producer gets as new coins, ``reward.uncle.0`` that of an uncle; the
                       transaction is then the block. TRON: what a transaction withdraws for votes and blocks
``row.7``              a row of an export that says no place: the seventh of its transaction
``adjustment``         what a token did beside its transfers (tax, rebase), found by comparing with balances
=====================  ===============================================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cryptotrace.errors import ModelError
from cryptotrace.model.amount import base_units
from cryptotrace.model.block import BlockRef
from cryptotrace.model.flow import FlowKind
from cryptotrace.model.identity import Account, Asset, Chain
from cryptotrace.model.transaction import Posting, PostingKind, Transaction, txid_text
from cryptotrace.model.verdict import Standing


class Order(StrEnum):
    """Whether the order of a transaction's movements is known."""

    EXACT = "exact"
    """The source carries it, or no other order could change a share (at most one movement per asset)."""
    ASSUMED = "assumed"
    """The source does not tell the order of the movements; the one used is stated, and the other one is tried."""


@dataclass(frozen=True, slots=True)
class Movement:
    """One movement of value in a transaction of an account chain.

    Raises:
        InvalidAmount: ``units`` is not a non-negative int.
        ModelError: payer and payee do not fit the kind.
    """

    place: str
    """Which movement of the transaction; see the table above. ``txid#place`` names its flow."""
    kind: FlowKind
    """``TRANSFER`` has a payer and a payee, ``FEE`` and ``BURN`` a payer, ``ISSUANCE`` (mint, reward) a payee."""
    asset: Asset
    """Of what; the token id of ERC-721 and ERC-1155 is part of it."""
    units: int
    """Base units, any size (tokens go to 2**256 - 1)."""
    payer: Account | None
    """Whose holding it leaves; None for an issuance."""
    payee: Account | None
    """Whose holding it enters; None for a burn. Of a fee: who gets it, None where nobody does or it is not told."""
    part: int
    """Order in the transaction, from 0."""
    standing: Standing = Standing.REPORTED
    """``RECOMPUTED`` only where it was read from bytes that hash to the txid; results of execution are reported."""

    def __post_init__(self) -> None:
        base_units(self.units, f"movement {self.place}")
        has_payer, has_payee = self.payer is not None, self.payee is not None
        fits = {
            FlowKind.TRANSFER: has_payer and has_payee,
            FlowKind.FEE: has_payer,
            FlowKind.BURN: has_payer and not has_payee,
            FlowKind.ISSUANCE: has_payee and not has_payer,
        }
        if not fits.get(self.kind, False):
            raise ModelError(f"movement {self.place}: a {self.kind.value} from {self.payer} to {self.payee}")


@dataclass(frozen=True, slots=True)
class Wrap:
    """Two movements of one transaction that are one conversion, unit for unit: ether into WETH, or back."""

    outflow: str
    """Place of the movement that was given."""
    inflow: str
    """Place of the movement that was received."""
    basis: str
    """What joins them, e.g. ``WETH Deposit(address,uint256), log 3``."""


@dataclass(frozen=True, slots=True)
class AccountTransaction:
    """A transaction of an account chain, read from bytes or from a source's answer.

    Raises:
        InvalidIdentifier: the txid has another form.
        ModelError: two movements have one place, or they are not in the order of ``part``.
    """

    chain: Chain
    """The chain it is on."""
    txid: str
    """64 lower-case hex digits without ``0x``; for what a block does by itself, the block's hash."""
    block: BlockRef | None
    """The block that confirms it; None while unconfirmed."""
    index: int
    """Place in that block, from 0; -1 where the source does not tell it or while unconfirmed."""
    sender: Account | None
    """Who signed it; None for what a block does by itself and where the source does not tell."""
    nonce: int | None
    """The sender's count of earlier transactions (EVM); None where there is none or it is not told."""
    succeeded: bool
    """False: it was reverted, and only its fee moved."""
    movements: tuple[Movement, ...]
    """What moved, in order."""
    order: Order = Order.EXACT
    """Whether that order is known."""
    missing: tuple[str, ...] = ()
    """What the source could not tell of it, e.g. ``internal calls``, ``fee``; empty if nothing is missing."""
    wraps: tuple[Wrap, ...] = ()
    """Conversions inside it."""
    memo: str | None = None
    """What the sender wrote with it; empty if nothing, None where that is not told. Foreign text."""
    notices: tuple[str, ...] = ()
    """What else happened that an investigator must see, e.g. ``permission-change``, ``unknown-type 0x7e``."""
    evidence: str = ""
    """Digest of the raw answer it was read from."""

    def __post_init__(self) -> None:
        txid_text(self.txid)
        places = [m.place for m in self.movements]
        if len(set(places)) != len(places):
            raise ModelError(f"transaction {self.txid}: two movements have the same place among {places[:20]}")
        if sorted(m.part for m in self.movements) != [m.part for m in self.movements]:
            raise ModelError(f"transaction {self.txid}: movements are not in their order")

    def flow_id(self, movement: Movement) -> str:
        """The name of a movement in the graph: ``txid#place``."""
        return f"{self.txid}#{movement.place}"

    def transaction(self) -> Transaction:
        """As balanced postings: each movement leaves one account and enters another one, or closes the books."""
        postings = [posting for movement in self.movements for posting in self._postings(movement)]
        return Transaction(self.chain, self.txid, self.block, self.index, tuple(postings), self.evidence, self.notices)

    def _postings(self, movement: Movement) -> tuple[Posting, Posting]:
        flow, kind = self.flow_id(movement), PostingKind(movement.kind.value)
        out = Posting(kind, movement.asset, -movement.units, movement.payer, standing=movement.standing, flow=flow)
        into = Posting(kind, movement.asset, movement.units, movement.payee, standing=movement.standing, flow=flow)
        return out, into
