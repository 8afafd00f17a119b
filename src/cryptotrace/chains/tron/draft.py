"""A transaction's movements while they are being collected.

Source: TIP-20 (tokens come from the zero address when they are created); TIP-467 (what is staked stays the account's
own until its release was waited for and is withdrawn).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptotrace.chains.tron.assets import staked_asset
from cryptotrace.chains.tron.network import TronNetwork
from cryptotrace.chains.tron.wraps import Wrapping
from cryptotrace.errors import MalformedBytes
from cryptotrace.model.flow import FlowKind
from cryptotrace.model.identity import Account, Asset
from cryptotrace.model.movement import Movement, Order, Wrap
from cryptotrace.model.verdict import Standing

#: Twenty zero bytes: where tokens are minted from and burnt to.
ZERO_ADDRESS = "T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb"


@dataclass(slots=True)
class Draft:
    """Collects what a transaction moved, in order."""

    network: TronNetwork
    """On which chain."""
    movements: list[Movement] = field(default_factory=list)
    """What moved."""
    wraps: list[Wrap] = field(default_factory=list)
    """Conversions inside it."""
    wrappings: list[Wrapping] = field(default_factory=list)
    """Events that wrapped or unwrapped TRX, in order; ``join_wraps`` finds the TRX."""
    order: Order = Order.EXACT
    """Whether the order of the movements is known."""
    notices: list[str] = field(default_factory=list)
    """What else happened."""
    missing: list[str] = field(default_factory=list)
    """What could not be told."""

    def account(self, address: str) -> Account:
        """The account of a base58check address."""
        return Account.of(self.network.chain, address)

    def note(self, text: str) -> None:
        """Add a notice, once."""
        if text not in self.notices:
            self.notices.append(text)

    def lack(self, text: str) -> None:
        """Add something that could not be told, once."""
        if text not in self.missing:
            self.missing.append(text)

    def move(
        self,
        place: str,
        asset: Asset,
        units: int,
        payer: str | None,
        payee: str | None,
        *,
        kind: FlowKind | None = None,
        standing: Standing = Standing.REPORTED,
    ) -> None:
        """Add a movement; without a payer it is an issuance, without a payee a burn.

        Raises:
            MalformedBytes: a negative amount, which no node accepts.
        """
        if units < 0:
            raise MalformedBytes(f"the amount {units} is negative, which no node accepts", offset=0, field=place)
        if kind is None:
            kind = FlowKind.ISSUANCE if payer is None else FlowKind.BURN if payee is None else FlowKind.TRANSFER
        self.movements.append(
            Movement(
                place=place,
                kind=kind,
                asset=asset,
                units=units,
                payer=None if payer is None else self.account(payer),
                payee=None if payee is None else self.account(payee),
                part=len(self.movements),
                standing=standing,
            )
        )

    def stake(self, place: str, owner: str, units: int, basis: str, standing: Standing = Standing.REPORTED) -> None:
        """TRX becomes staked TRX of the same account, one for one."""
        if units:
            staked = f"{place}.staked"
            self.move(place, self.network.asset, units, owner, None, standing=standing)
            self.move(staked, staked_asset(self.network), units, None, owner, standing=standing)
            self.wraps.append(Wrap(place, staked, basis))
            self.note(f"staked {units} sun of {owner}: they stay its own, as the asset {staked_asset(self.network)}")

    def release(self, place: str, owner: str, units: int, basis: str) -> None:
        """Staked TRX of an account becomes spendable again, one for one."""
        if units:
            staked = f"{place}.staked"
            self.move(staked, staked_asset(self.network), units, owner, None)
            self.move(place, self.network.asset, units, None, owner)
            self.wraps.append(Wrap(staked, place, basis))
            self.note(f"unstaked {units} sun of {owner}: they can be spent again")
