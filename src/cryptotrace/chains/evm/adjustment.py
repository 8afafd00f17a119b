"""What a token did to a holding beside its transfers: a tax on transfers, a rebase, interest.

Such a token changes balances without an event. Two balances and the movements between them show by how much; when
within the blocks it happened is not known, and so it is put at their end and flagged.

Source: ERC-20 (a Transfer is wanted where tokens are transferred, and of nothing else); d-xo/weird-erc20, README, "Fee
on Transfer" and "Balance Modifications Outside of Transfers", with contracts that do so.
"""

from __future__ import annotations

from collections.abc import Iterable

from cryptotrace.chains.evm.hashes import keccak256
from cryptotrace.errors import ModelError
from cryptotrace.model.accountsource import PotBalance
from cryptotrace.model.flow import FlowKind
from cryptotrace.model.identity import Account, Asset
from cryptotrace.model.movement import AccountTransaction, Movement

#: Notice of every adjustment.
ADJUSTED = "token-adjusts-balances"


def net_units(account: Account, asset: Asset, transactions: Iterable[AccountTransaction]) -> int:
    """What movements added to a holding: in less out, fees it paid or got included; negative if more went out."""
    moved = (each for tx in transactions for each in tx.movements if each.asset == asset)
    return sum(each.units * ((each.payee == account) - (each.payer == account)) for each in moved)


def adjustment(
    before: PotBalance, after: PotBalance, transactions: Iterable[AccountTransaction], *, index: int
) -> AccountTransaction | None:
    """The difference between two balances that the movements between them leave open; None if they leave none.

    It is no transaction of the chain: its txid is the hash of holding, blocks and balances, and it stands at the end
    of the later block. More than the movements say is an ISSUANCE, less is a BURN; its place is ``adjustment``.

    Args:
        before: the balance at the end of a block.
        after: the balance of the same holding at the end of a later block.
        transactions: all that moved the holding after the first block, up to and with the second one.
        index: its place in the later block: after all that the block has.

    Raises:
        ModelError: two holdings, or blocks that are not one after the other.
    """
    if (before.account, before.asset) != (after.account, after.asset) or before.at.height > after.at.height:
        raise ModelError(f"no two balances of one holding, one after the other: {before} and {after}")
    account, asset = after.account, after.asset
    difference = after.units - before.units - net_units(account, asset, transactions)
    if not difference:
        return None
    name = "|".join([account, asset, before.at.hash, after.at.hash, str(before.units), str(after.units)])
    movement = Movement(
        "adjustment",
        FlowKind.ISSUANCE if difference > 0 else FlowKind.BURN,
        asset,
        abs(difference),
        None if difference > 0 else account,
        account if difference > 0 else None,
        0,
    )
    return AccountTransaction(
        chain=account.chain,
        txid=keccak256(f"adjustment|{name}".encode()).hex(),
        block=after.at,
        index=index,
        sender=None,
        nonce=None,
        succeeded=True,
        movements=(movement,),
        notices=(ADJUSTED, f"between blocks {before.at.height} and {after.at.height}, balance {before.evidence}"),
        evidence=after.evidence,
    )
