"""Small account chains for tests, written as short lines: who paid whom how much of what, in which block and place."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptotrace.chains import network
from cryptotrace.evidence.recorder import MemoryRecorder
from cryptotrace.model.block import BlockRef
from cryptotrace.model.flow import FlowKind, Pot, holding_pot
from cryptotrace.model.identity import Account, Asset
from cryptotrace.model.movement import AccountTransaction, Movement, Order, Wrap
from cryptotrace.sources.accountmemory import AccountMemorySource

NET = network("evm-local")
COIN = NET.asset
TOKEN = Asset(f"{NET.chain}/erc20:0x{'aa' * 20}")
OTHER = Asset(f"{NET.chain}/erc20:0x{'bb' * 20}")
#: What is moved: payer, payee, units, asset; None for nobody.
Line = tuple[str | None, str | None, int, Asset]


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def who(name: str) -> Account:
    """An account by a name: the first 20 bytes of its digest, in canonical writing."""
    from cryptotrace.chains import account

    return Account(account("0x" + digest(name)[:40], NET.chain))


def pot(name: str, asset: Asset = TOKEN) -> Pot:
    return holding_pot(who(name), asset)


def block(height: int) -> BlockRef:
    return BlockRef(NET.chain, height, digest(f"block {height}"), 1_700_000_000 + 12 * height)


@dataclass
class World:
    """Transactions by name; ``tx`` adds one."""

    transactions: list[AccountTransaction] = field(default_factory=list)
    opening: dict[Pot, int] = field(default_factory=dict)
    recorder: MemoryRecorder = field(default_factory=MemoryRecorder)
    nonces: dict[str, int] = field(default_factory=dict)

    def tx(
        self,
        name: str,
        height: int,
        *lines: Line,
        index: int = 0,
        sender: str | None = None,
        order: Order = Order.EXACT,
        wraps: Sequence[Wrap] = (),
        missing: Sequence[str] = (),
        succeeded: bool = True,
        places: Sequence[str] = (),
    ) -> str:
        movements = []
        for part, (payer, payee, units, asset) in enumerate(lines):
            kind = FlowKind.TRANSFER if payer and payee else FlowKind.ISSUANCE if payee else FlowKind.BURN
            place = places[part] if places else f"log.{part}"
            if place.startswith("fee"):
                kind = FlowKind.FEE
            by, to = (None if each is None else who(each) for each in (payer, payee))
            movements.append(Movement(place, kind, asset, units, by, to, part))
        signer = sender or next((payer for payer, *_ in lines if payer), None)
        nonce = None
        if signer is not None:
            nonce = self.nonces[signer] = self.nonces.get(signer, -1) + 1
        self.transactions.append(
            AccountTransaction(
                NET.chain,
                digest(name),
                block(height),
                index,
                None if signer is None else who(signer),
                nonce,
                succeeded,
                tuple(movements),
                order,
                tuple(missing),
                tuple(wraps),
                evidence=self.recorder.record(name.encode(), source="world", request=f"transaction {name}"),
            )
        )
        return digest(name)

    def source(self, *, tip: int = 100, newest_only: bool = False) -> AccountMemorySource:
        return AccountMemorySource(
            NET,
            self.transactions,
            self.recorder,
            opening=self.opening,
            tip=block(tip),
            newest_only=newest_only,
        )
