"""Several sources asked as one: in the order in which they were connected, each for what it can answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cryptotrace.errors import DataNotFound, NotSupported, SourceUnavailable
from cryptotrace.model.accountsource import CallAnswer, ContractCalls, Logs, PotBalance, PotBalances
from cryptotrace.model.block import BlockRef, Tip
from cryptotrace.model.identity import Account, Asset
from cryptotrace.model.source import Headers, Source


class _Asked:
    """What every such source has: its tip is that of the first, which is the tip of the run."""

    def __init__(self, sources: Sequence[Any]) -> None:
        self._sources = tuple(sources)
        self.chain = sources[0].chain
        self.name = ", ".join(source.name for source in sources)

    def tip(self) -> Tip:
        """The newest block of the first source."""
        found: Tip = self._sources[0].tip()
        return found

    def close(self) -> None:
        """They belong to the case, which closes them."""

    def block_ref(self, height: int) -> BlockRef:
        """The block at that height, from the first that tells.

        Raises:
            DataNotFound: none does.
        """
        able = [source for source in self._sources if isinstance(source, Headers)]
        found: BlockRef = _first_of(able, lambda source: source.block_ref(height))
        return found

    def _ask(self, question: Callable[[Any], Any]) -> Any:
        return _first_of(self._sources, question)


def _first_of(sources: Sequence[Any], question: Callable[[Any], Any]) -> Any:
    reasons: list[Exception] = []
    for source in sources:
        try:
            return question(source)
        except (NotSupported, DataNotFound, SourceUnavailable) as error:
            reasons.append(error)
    if len(reasons) == 1:
        raise reasons[0]
    raise NotSupported("; ".join(map(str, reasons)) or "no connected source can answer this")


class AskedCalls(_Asked):
    """Contracts asked through the first source that can."""

    def contract_call(self, contract: Account, data: bytes, height: int | None = None) -> CallAnswer:
        """See ``cryptotrace.model.accountsource.ContractCalls``."""
        found: CallAnswer = self._ask(lambda source: source.contract_call(contract, data, height))
        return found


class AskedLogs(_Asked):
    """Events listed by the first source that can."""

    def logs(self, contract: Account, topics: Sequence[bytes | None], first: int, last: int) -> Any:
        """See ``cryptotrace.model.accountsource.Logs``."""
        return self._ask(lambda source: source.logs(contract, topics, first, last))


class AskedBalances(_Asked):
    """Balances told by the first source that can."""

    def pot_balance(self, account: Account, asset: Asset, height: int | None = None) -> PotBalance:
        """See ``cryptotrace.model.accountsource.PotBalances``."""
        found: PotBalance = self._ask(lambda source: source.pot_balance(account, asset, height))
        return found


def abilities(sources: Sequence[Source]) -> tuple[ContractCalls | None, Logs | None, PotBalances | None]:
    """Those that ask contracts, list events and tell balances, each as one; None where no source can."""
    calls = [source for source in sources if isinstance(source, ContractCalls)]
    logs = [source for source in sources if isinstance(source, Logs)]
    balances = [source for source in sources if isinstance(source, PotBalances)]
    return (
        AskedCalls(calls) if calls else None,
        AskedLogs(logs) if logs else None,
        AskedBalances(balances) if balances else None,
    )
