"""Transactions of an account chain that files gave. Files say what they hold, and not whether that is all.

Source: ethereum-etl documentation, "Schema", and the heads of explorers' exports that are named in
``cryptotrace.sources.evm.exportrows``: no column of theirs says how many rows there should be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cryptotrace.errors import DataNotFound
from cryptotrace.model.accountsource import PotHistory
from cryptotrace.model.block import BlockRef, Tip
from cryptotrace.model.identity import Account, Asset, Chain
from cryptotrace.model.movement import AccountTransaction

#: What every history out of a file says.
PROBLEM = "an export tells what it holds, and not whether that is all"


class HeldMovements:
    """Transactions out of files. Satisfies ``Source``, ``Headers``, ``AccountTransactions`` and ``PotHistories``.

    Args:
        chain: the chain.
        name: how the source is called in evidence.
        transactions: by txid.
        evidence: digests of the files.

    Raises:
        DataNotFound: there is no transaction.
    """

    def __init__(
        self, chain: Chain, name: str, transactions: Mapping[str, AccountTransaction], evidence: Sequence[str]
    ) -> None:
        self.chain = chain
        self.name = name
        self._held = dict(sorted(transactions.items(), key=lambda item: _place(item[1])))
        self._evidence = tuple(evidence)
        self._blocks: dict[int, BlockRef] = {}
        for each in self._held.values():
            if each.block is not None:
                known = self._blocks.get(each.block.height)
                self._blocks[each.block.height] = known if known is not None and known.hash else each.block
        if not self._blocks:
            raise DataNotFound(f"{name} holds no transaction of {chain} with its block")
        newest = self._blocks[max(self._blocks)]
        self._tip = Tip(chain, newest.height, newest.hash)

    def tip(self) -> Tip:
        """The newest block that is named; its hash is empty where no row tells it."""
        return self._tip

    def close(self) -> None:
        """Nothing to let go of."""

    def block_ref(self, height: int) -> BlockRef:
        """The block at that height, if a row names it with its hash.

        Raises:
            DataNotFound: none does.
        """
        found = self._blocks.get(height)
        if found is None or not found.hash:
            raise DataNotFound(f"{self.name} does not tell the hash of block {height}; a node (rpc:) does")
        return found

    def txids(self) -> tuple[str, ...]:
        """Every transaction that is held, in chain order as far as it is known."""
        return tuple(self._held)

    def account_transactions(self, txids: Sequence[str]) -> Iterator[AccountTransaction]:
        """The transactions of those txids, in their order, as far as the rows tell them.

        Raises:
            DataNotFound: one of them is not held.
        """
        for txid in txids:
            if txid not in self._held:
                raise DataNotFound(f"{self.name} has no row of transaction {txid}")
        return iter([self._held[txid] for txid in txids])

    def pot_history(self, account: Account, asset: Asset, first: int, last: int, most: int) -> PotHistory:
        """The transactions that name the account and the asset; there may be more that the files do not have."""
        found = [
            each.txid
            for each in self._held.values()
            if each.block is not None
            and first <= each.block.height <= last
            and any(m.asset == asset and account in (m.payer, m.payee) for m in each.movements)
        ]
        return PotHistory(account, asset, first, last, tuple(found[:most]), PROBLEM, len(found) > most, self._evidence)


def _place(transaction: AccountTransaction) -> tuple[int, int]:
    block = transaction.block
    return (2**63, 0) if block is None else (block.height, transaction.index)
