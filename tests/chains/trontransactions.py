"""The signed transactions that ``tools/make_tron_transactions.mjs`` made, and reports of their execution."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from cryptotrace.chains.networks import network
from cryptotrace.chains.tron.execution import Execution
from cryptotrace.chains.tron.movements import account_transaction
from cryptotrace.chains.tron.network import TronNetwork
from cryptotrace.chains.tron.wire import WireTransaction, decode_transaction
from cryptotrace.model.block import BlockRef
from cryptotrace.model.identity import Account, Asset
from cryptotrace.model.movement import AccountTransaction

_tron = network("tron")
assert isinstance(_tron, TronNetwork)
TRON: TronNetwork = _tron
TRX = TRON.asset
BLOCK = BlockRef(TRON.chain, 7, "00" * 7 + "07" + "ab" * 24, 1_750_000_003)


@cache
def _file() -> Any:
    return json.loads((Path(__file__).parent / "tron_transactions.json").read_text(encoding="utf-8"))


def rows() -> list[dict[str, Any]]:
    """Every transaction as its row of the file."""
    found: list[dict[str, Any]] = _file()["transactions"]
    return found


def address(who: str) -> str:
    """``owner``, ``friend``, ``third`` or ``token``, base58check."""
    return str(_file()["addresses"][who])


def who(name: str) -> Account:
    """The same as an account."""
    return Account.of(TRON.chain, address(name))


def row(name: str) -> dict[str, Any]:
    return next(each for each in rows() if each["name"] == name)


def wire(name: str) -> WireTransaction:
    return decode_transaction(bytes.fromhex(row(name)["raw"]))


def report(name: str, **told: Any) -> Execution:
    """A report of the transaction's execution, in ``BLOCK``."""
    return Execution(row(name)["txID"], BLOCK.height, BLOCK.time * 1000, **told)


def moved(name: str, **told: Any) -> AccountTransaction:
    """The transaction with a report that tells that."""
    return account_transaction(wire(name), report(name, **told), network=TRON, block=BLOCK, index=3, evidence="ev")


def short(transaction: AccountTransaction) -> list[tuple[str, str, int, str | None, str | None]]:
    """Place, kind, units, payer and payee of every movement of TRX; other assets with their name before the kind."""
    return [
        (
            m.place,
            m.kind.value if m.asset == TRX else f"{m.asset.partition('/')[2]} {m.kind.value}",
            m.units,
            None if m.payer is None else m.payer.address,
            None if m.payee is None else m.payee.address,
        )
        for m in transaction.movements
    ]


def sums(transaction: AccountTransaction) -> dict[tuple[Account, Asset], int]:
    """By how much each holding changes."""
    change: dict[tuple[Account, Asset], int] = {}
    for m in transaction.movements:
        if m.payer is not None:
            change[m.payer, m.asset] = change.get((m.payer, m.asset), 0) - m.units
        if m.payee is not None:
            change[m.payee, m.asset] = change.get((m.payee, m.asset), 0) + m.units
    return change
