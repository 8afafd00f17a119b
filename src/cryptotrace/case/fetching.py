"""Transactions and histories into a case. What is held is not asked for again: a stopped run goes on where it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cryptotrace.case.custody import digest
from cryptotrace.chains.family import Network
from cryptotrace.chains.networks import account as canonical_account
from cryptotrace.errors import CaseError, NotSupported
from cryptotrace.ledger.accountgraph import AccountGraph
from cryptotrace.model.flow import Crowded, Unknown
from cryptotrace.model.identity import Account, Asset
from cryptotrace.model.source import Histories
from cryptotrace.model.transaction import txid_text

if TYPE_CHECKING:
    from cryptotrace.case.case import Case


def fetch(
    case: Case, net: Network, txid: str | None, account: str | None, progress: Callable[[int, int], None] | None
) -> int:
    """See ``Case.fetch``."""
    if (txid is None) == (account is None):
        raise CaseError("say what to fetch: a txid, or an address, and not both")
    graph = case.graph(net.chain, progress=progress)
    if isinstance(graph, AccountGraph):
        return _fetch_account(case, graph, net, txid, account)
    txids = [txid_text(txid)] if txid is not None else []
    if account is not None:
        txids += _history(case, net, Account(canonical_account(account, net.chain)))
    new = [t for t in dict.fromkeys(txids) if case.store.transaction(net.chain, t) is None]
    for done, wanted in enumerate(new, start=1):
        graph.ensure(wanted)
        if progress is not None:
            progress(done, len(new) - done)
    case.log("fetch", {"chain": net.chain, "txid": txid or "", "account": account or "", "new": len(new)}, digest(new))
    return len(new)


def _fetch_account(case: Case, graph: AccountGraph, net: Network, txid: str | None, account: str | None) -> int:
    """A transaction, or the whole history of an account: of the chain's coin and of each token that the case knows."""
    before = case.store.count(net.chain)
    if txid is not None:
        graph.ensure(txid_text(txid.lower().removeprefix("0x")))
    else:
        whose = Account(canonical_account(account or "", net.chain))
        assets = dict.fromkeys((net.asset, *(Asset(entry.asset) for entry in case.settings.claims)))
        for asset in (a for a in assets if a.chain == net.chain):
            answer = graph.history(whose, asset, 0)
            if isinstance(answer, Unknown | Crowded):
                raise NotSupported(f"the history of {whose.address} in {asset} cannot be fetched: {answer.reason}")
    new = case.store.count(net.chain) - before
    said = {"chain": net.chain, "txid": txid or "", "account": account or "", "new": new}
    case.log("fetch", said, digest(new))
    return new


def _history(case: Case, net: Network, account: Account) -> list[str]:
    for source in case.sources(net):
        if isinstance(source, Histories):
            try:
                return list(source.history(account))
            except NotSupported:
                continue
    raise NotSupported(
        f"no connected source keeps the history of accounts on {net.name}; connect esplora: or electrum:, or "
        "fetch by txid"
    )
