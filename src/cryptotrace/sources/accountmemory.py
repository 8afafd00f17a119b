"""An account chain that is at hand in code: transactions and opening balances. The same questions, the same graph.

It answers from what it was given and records what it says as statements, since there are no raw answers of a server.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from cryptotrace.chains.family import Network
from cryptotrace.errors import DataNotFound, NotSupported, SourceLied
from cryptotrace.evidence.recorder import Recorder
from cryptotrace.model.accountsource import PotBalance, PotHistory
from cryptotrace.model.block import BlockRef, Tip
from cryptotrace.model.flow import Pot, holding_pot
from cryptotrace.model.identity import Account, Asset
from cryptotrace.model.movement import AccountTransaction, Movement
from cryptotrace.sources.used import Used


class AccountMemorySource:
    """An account chain held in memory. Satisfies AccountTransactions, PotHistories, PotBalances, Nonces and Headers.

    Args:
        network: the chain.
        transactions: what happened, in any order.
        recorder: takes what it says.
        opening: base units in a holding before the first block; those not named hold nothing.
        tip: the newest block; that of the newest transaction if None.
        newest_only: answer balances and nonces only for the tip, as public interfaces of TRON do.
        name: how the source is called in evidence.

    Raises:
        SourceLied: a transaction of another chain.
        DataNotFound: no confirmed transaction, and no tip.
    """

    def __init__(
        self,
        network: Network,
        transactions: Iterable[AccountTransaction],
        recorder: Recorder,
        *,
        opening: Mapping[Pot, int] | None = None,
        tip: BlockRef | None = None,
        newest_only: bool = False,
        name: str = "memory:",
    ) -> None:
        self.chain = network.chain
        self.name = name
        placed = [each for each in transactions if each.block is not None]
        if foreign := next((each for each in placed if each.chain != network.chain), None):
            raise SourceLied(f"{name} was given transaction {foreign.txid} of another chain, {foreign.chain}")
        self._transactions = {each.txid: each for each in sorted(placed, key=_place)}
        self._blocks = {each.block.height: each.block for each in placed if each.block is not None}
        newest = tip or (self._blocks[max(self._blocks)] if self._blocks else None)
        if newest is None:
            raise DataNotFound(f"{name} was given no confirmed transaction and no tip")
        self._blocks[newest.height] = newest
        self._newest = newest
        self._opening = dict(opening or {})
        self._newest_only = newest_only
        self._used = Used(recorder, name, self.tip())

    def tip(self) -> Tip:
        """The newest block that it was given."""
        return Tip(self.chain, self._newest.height, self._newest.hash)

    def close(self) -> None:
        """Nothing to let go of."""

    def block_ref(self, height: int) -> BlockRef:
        """The block at that height.

        Raises:
            DataNotFound: nothing that it was given is in such a block.
        """
        if height not in self._blocks:
            raise DataNotFound(f"{self.name} was given nothing at height {height}")
        return self._blocks[height]

    def account_transactions(self, txids: Sequence[str]) -> Iterator[AccountTransaction]:
        """The transactions of those txids.

        Raises:
            DataNotFound: it was not given one of them.
        """
        for txid in txids:
            if txid not in self._transactions:
                raise DataNotFound(f"{self.name} was given no transaction {txid}")
        return iter([self._transactions[txid] for txid in txids])

    def pot_history(self, account: Account, asset: Asset, first: int, last: int, most: int) -> PotHistory:
        """The transactions that touched the holding."""
        pot = holding_pot(account, asset)
        found = [t.txid for t in self._between(first, last) if any(pot in _pots(m) for m in t.movements)]
        said = self._used.statement(f"history {pot} {first} {last}", found[:most])
        crowded = len(found) > most
        problem = f"stopped after {most}" if crowded else ""
        return PotHistory(account, asset, first, last, tuple(found[:most]), problem, crowded, (said,))

    def pot_balance(self, account: Account, asset: Asset, height: int | None = None) -> PotBalance:
        """Base units at the end of a block.

        Raises:
            NotSupported: it is set to answer for the tip only.
        """
        at = self._at(height)
        pot = holding_pot(account, asset)
        units = self._opening.get(pot, 0)
        for each in self._between(0, at.height):
            for movement in each.movements:
                payer, payee = _pots(movement)
                units += movement.units * ((payee == pot) - (payer == pot))
        said = self._used.statement(f"balance {pot} {at.height}", str(units))
        return PotBalance(account, asset, units, at, said)

    def nonce(self, account: Account, height: int | None = None) -> tuple[int, BlockRef, str]:
        """Transactions that the account has sent, as their own nonces tell.

        Raises:
            NotSupported: it is set to answer for the tip only, or was given no nonces.
        """
        at = self._at(height)
        if all(each.nonce is None for each in self._transactions.values()):
            raise NotSupported(f"{self.name} was given no nonces")
        sent = [t.nonce for t in self._between(0, at.height) if t.sender == account and t.nonce is not None]
        count = max(sent) + 1 if sent else 0
        return count, at, self._used.statement(f"nonce {account} {at.height}", count)

    def _between(self, first: int, last: int) -> list[AccountTransaction]:
        return [t for t in self._transactions.values() if t.block is not None and first <= t.block.height <= last]

    def _at(self, height: int | None) -> BlockRef:
        if height is None or height == self._newest.height:
            return self._newest
        if self._newest_only:
            raise NotSupported(f"{self.name} answers only for its newest block, {self._newest.height}")
        return self._blocks.get(height) or BlockRef(self.chain, height, "", 0)


def _place(transaction: AccountTransaction) -> tuple[int, int, str]:
    height = -1 if transaction.block is None else transaction.block.height
    return height, transaction.index, transaction.txid


def _pots(movement: Movement) -> tuple[Pot | None, Pot | None]:
    """The holdings that a movement leaves and enters."""
    payer, payee = (
        None if account is None else holding_pot(account, movement.asset)
        for account in (movement.payer, movement.payee)
    )
    return payer, payee
