"""The common graph: pots where value meets, flows that carry it from pot to pot, conversions between assets.

On a UTXO chain a pot is a transaction and a flow is an output, from the transaction that creates it to the one that
spends it. On an account chain a pot is an (account, asset) holding and a flow is a transfer. Fees, issuance and burns
are flows from or to pots of their own, so value is never lost and never appears from nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType, Protocol

from cryptotrace.errors import ModelError
from cryptotrace.model.amount import base_units
from cryptotrace.model.block import Position
from cryptotrace.model.identity import Account, Asset, Chain
from cryptotrace.model.verdict import LinkClass

#: Names a pot: ``<chain>/tx/<txid>`` for a UTXO transaction, ``<account>|<asset>`` for a holding, and the pots
#: ``<chain>/fee``, ``<chain>/issuance``, ``<chain>/burn``, ``<chain>/outside`` that close the books. A conversion
#: has a pot of its own, ``<chain>/conversion/<id>``: one asset goes in, another one comes out.
Pot = NewType("Pot", str)


def transaction_pot(chain: Chain, txid: str) -> Pot:
    """The pot of a UTXO transaction."""
    return Pot(f"{chain}/tx/{txid}")


def holding_pot(account: Account, asset: Asset) -> Pot:
    """The pot of an account's holding of one asset."""
    return Pot(f"{account}|{asset}")


def conversion_pot(chain: Chain, conversion: str) -> Pot:
    """The pot of a conversion: what is given goes in, what is received comes out."""
    return Pot(f"{chain}/conversion/{conversion}")


def is_conversion_pot(pot: Pot) -> bool:
    """True if it is the pot of a conversion."""
    return "/conversion/" in pot


def boundary_pot(chain: Chain, name: str) -> Pot:
    """A pot that closes the books of a chain: ``fee``, ``issuance``, ``burn`` or ``outside``."""
    return Pot(f"{chain}/{name}")


class FlowKind(StrEnum):
    """What a flow is."""

    OUTPUT = "output"
    """An output of a UTXO transaction."""
    TRANSFER = "transfer"
    """A payment from account to account."""
    FEE = "fee"
    """What the network takes."""
    ISSUANCE = "issuance"
    """New value: coinbase or mint."""
    BURN = "burn"
    """Value that is destroyed."""


@dataclass(frozen=True, slots=True)
class Flow:
    """One movement of value: an output, a transfer, a fee.

    Raises:
        InvalidAmount: ``units`` is not a non-negative int.
    """

    id: str
    """``txid:vout`` for an output, ``txid:fee`` for its transaction's fee, ``txid#place`` for a movement on an account
    chain (see ``cryptotrace.model.movement``)."""
    kind: FlowKind
    """What it is."""
    asset: Asset
    """Of what."""
    units: int
    """Base units; never negative."""
    source: Pot
    """The pot it leaves."""
    departs: Position
    """When it leaves that pot."""
    owner: Account | None
    """Whose it is while it lasts (UTXO) or who receives it (account chain); None if nobody does."""
    txid: str
    """The transaction that makes it."""

    def __post_init__(self) -> None:
        base_units(self.units, f"flow {self.id}")


@dataclass(frozen=True, slots=True)
class Arrival:
    """A flow has arrived in a pot."""

    pot: Pot
    """The pot it arrives in: the spending transaction, or the receiver's holding."""
    at: Position
    """When."""
    time: int
    """Block time of the arrival, seconds since 1970 UTC, as the producer states it (only for time stops)."""
    txid: str
    """The transaction in which it arrives."""


@dataclass(frozen=True, slots=True)
class Resting:
    """A flow has not moved on, as far as the source knew at its tip."""

    as_of_height: int
    """Height of that tip."""
    unconfirmed_spend: str | None = None
    """Txid of an unconfirmed transaction that would spend it, or None."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Where a flow went cannot be told from what is held."""

    reason: str
    """Why, and what would tell."""


@dataclass(frozen=True, slots=True)
class Crowded:
    """The account that receives a flow has so many transfers that it is no customer's: the branch stops there."""

    reason: str
    """How many were met, and the limit."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A flow leaves the books for good: the network's fee, a burn, or an account outside the ledger."""

    reason: str
    """``fee``, ``burn`` or ``outside``."""


@dataclass(frozen=True, slots=True)
class Instant:
    """What happens to one pot at one instant: first what arrives, then what leaves."""

    at: Position
    """When."""
    pot: Pot
    """Which pot."""
    arrivals: tuple[Flow, ...]
    """What is put in, in order."""
    departures: tuple[Flow, ...]
    """What is taken out, in the chain's order; a rule may serve it in another order."""
    txid: str = ""
    """The transaction behind it."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """Outflows of one asset joined to inflows of another: a swap, a wrap, or a bridge between chains."""

    id: str
    """Names it within the case."""
    outflows: tuple[str, ...]
    """Ids of the flows that were given."""
    inflows: tuple[str, ...]
    """Ids of the flows that were received."""
    link_class: LinkClass
    """L2 when proved by protocol, L4 when matched by amount and time."""
    basis: str
    """What joins them: the protocol and its message id, or the matching rule and its parameters."""

    def __post_init__(self) -> None:
        if not self.outflows or not self.inflows:
            raise ModelError(f"conversion {self.id} needs at least one outflow and one inflow")


class FlowGraph(Protocol):
    """What the tracing engine asks; the ledger answers from what is held and fetches the rest."""

    def flow(self, flow_id: str) -> Flow:
        """The flow of that id.

        Raises:
            DataNotFound: nobody has it.
        """
        ...

    def arrival(self, flow: Flow) -> Arrival | Resting | Unknown | Crowded | Ended:
        """Where the flow arrives."""
        ...

    def instants(self, pot: Pot, since: Position) -> tuple[Instant, ...]:
        """What happens to the pot at and after ``since``, in chain order. One instant for a UTXO transaction."""
        ...

    def opening(self, pot: Pot, before: Position) -> int:
        """Base units in the pot just before ``before``; 0 for a UTXO transaction."""
        ...
