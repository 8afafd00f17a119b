"""Spam and address poisoning in the histories that a case holds: recognised, shown, kept out only by a stated rule."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from cryptotrace.attribution.poisoning import KnownToken, Sign, recognise
from cryptotrace.chains.networks import network
from cryptotrace.ledger import accounts
from cryptotrace.model.identity import Account, Asset, Chain
from cryptotrace.model.movement import AccountTransaction

if TYPE_CHECKING:
    from cryptotrace.case.case import Case


def signs_of(case: Case, whose: Iterable[Account]) -> tuple[Sign, ...]:
    """The signs in what is held of these accounts' histories; symbols are those that were read from contracts."""
    found: list[Sign] = []
    for account in whose:
        history = accounts.touching(case.store, account)
        symbols = {asset: case.assets.shown(asset).symbol for asset in _tokens(history)}
        tagged = [tag.account for tag in case.tags if tag.account.chain == account.chain]
        found += recognise(account, history, _known(case, account.chain), symbols, genuine=tagged).signs
    return tuple(found)


def sentence(sign: Sign) -> str:
    """A sign in one line, with its class and the rule by which it is kept out of a trace, if it is."""
    rule = f" Kept out of the trace: {sign.kept_out}." if sign.kept_out else " Not kept out of the trace."
    chain = sign.account.chain  # of one chain: it need not be said with every account and asset
    detail = sign.detail.replace(f"{chain}:", "").replace(f"{chain}/", "")
    where = f"seen in the history of {sign.account.address}"
    return f"{sign.kind.value} ({sign.link_class.value}), {where}: {detail}.{rule}"


def _known(case: Case, chain: Chain) -> list[KnownToken]:
    coin = network(chain)
    tokens = [facts for asset, facts in case.assets.tokens.items() if asset.chain == chain]
    return [KnownToken(coin.asset, coin.symbol, coin.name), *(KnownToken(t.asset, t.symbol, t.source) for t in tokens)]


def _tokens(history: Iterable[AccountTransaction]) -> dict[Asset, None]:
    return dict.fromkeys(movement.asset for transaction in history for movement in transaction.movements)
