"""The history of a holding: listed by a source, its transactions fetched, its opening found, its end checked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from cryptotrace.chains.evm.adjustment import adjustment
from cryptotrace.errors import DataNotFound, NotSupported
from cryptotrace.ledger import accounts
from cryptotrace.ledger.accounts import History, Moved
from cryptotrace.ledger.store import Store
from cryptotrace.model.accountsource import Nonces, PotBalance, PotBalances, PotHistories, PotHistory
from cryptotrace.model.flow import Crowded, Pot, Unknown, holding_pot
from cryptotrace.model.identity import Account, Asset, Chain
from cryptotrace.model.pot import OpeningBasis, PotCheck
from cryptotrace.model.source import Source

#: Balances that are read at most to find where a token changed a holding beside its transfers.
_MOST_READINGS = 200
#: Transactions of one account that are compared one by one.
_MOST_NONCES = 1_000_000
#: How a gap is said.
_GAP = "are not held"
#: An adjustment stands behind everything that its block has.
_AFTER_ALL = 2**31


@dataclass(frozen=True, slots=True)
class _Listed:
    """A history as it was listed, and what it opens with."""

    history: PotHistory
    opening: int | None
    basis: OpeningBasis


class HistoryKeeper:
    """Fills and keeps the histories of holdings.

    Args:
        store: the case's store.
        chain: the account chain.
        sources: who is asked, in order.
        most: a holding with more transactions is crowded.
        fetch: stores transactions by txid.
        adjusting: tokens that change balances beside their transfers. Of any other token a difference between balances
            and transfers stays what it is: a transfer may be missing, and nothing may hide that.
    """

    def __init__(
        self,
        store: Store,
        chain: Chain,
        sources: Sequence[Source],
        most: int,
        fetch: Callable[[Iterable[str]], None],
        adjusting: frozenset[Asset] = frozenset(),
    ) -> None:
        self._store = store
        self._chain = chain
        self._sources = tuple(sources)
        self._most = most
        self._fetch = fetch
        self._adjusting = adjusting
        self._held: dict[Pot, History] = {}

    def ensure(self, account: Account, asset: Asset, height: int) -> History | Unknown | Crowded:
        """The history of a holding from ``height`` to the tip, fetched if it is not held; or why it cannot be had."""
        pot = holding_pot(account, asset)
        held = self._held.get(pot) or accounts.history(self._store, self._chain, pot)
        if held is None or (self._sources and self._is_stale(held, height)):
            if not self._sources:
                return Unknown(f"the history of {account.address} is not held from block {height} on; connect a source")
            tip = self._sources[0].tip().height
            found = self._ask(account, asset, height, tip)
            if isinstance(found, Unknown):
                found = History(pot, height, tip, 0, OpeningBasis.BACKWARDS, None, refused=found.reason)
            held = replace(found, most=self._most)
            accounts.set_history(self._store, self._chain, held)
        self._held[pot] = held
        if held.first > height:
            return Unknown(f"the history of {account.address} is not held from block {height} on; connect a source")
        if held.refused:
            return Unknown(held.refused)
        crowd = held.crowded or self._crowd(held, height)
        return Crowded(crowd) if crowd else held

    def _is_stale(self, held: History, height: int) -> bool:
        """True if a source may know more than is held: of earlier or newer blocks, or under a wider limit."""
        is_new = held.last != self._sources[0].tip().height
        return held.first > height or is_new or bool(held.refused) or bool(held.crowded and held.most != self._most)

    def _crowd(self, held: History, height: int) -> str:
        """Too many transactions from the height on for the limit of this run, though they were listed once."""
        met = {flow.txid for flow, *_ in self._moved(held.pot, height)}
        return self._too_many(height) if len(met) > self._most else ""

    def _too_many(self, height: int) -> str:
        return f"more than {self._most} transfers from block {height} on"

    def check(self, pot: Pot) -> PotCheck | None:
        """Opening + received - paid against the balance that was read; None if no history is held."""
        held = accounts.history(self._store, self._chain, pot)
        if held is None:
            return None
        account, _, asset = pot.partition("|")
        received, paid, adjusted = self._sums(pot, held.first)
        return PotCheck(
            pot=pot,
            account=Account(account),
            asset=Asset(asset),
            first=held.first,
            last=held.last,
            opening=held.opening,
            basis=held.basis,
            received=received,
            paid=paid,
            read=held.closing,
            problem=held.problem,
            adjusted=adjusted,
            nonces=held.nonces,
            has_nonce_gap=_GAP in held.nonces,
            evidence=tuple(held.evidence.split()),
        )

    def _sums(self, pot: Pot, first: int) -> tuple[int, int, int]:
        received = paid = adjusted = 0
        for flow, *_ in self._moved(pot, first):
            signed = -flow.units if flow.source == pot else flow.units
            received, paid = (received + signed, paid) if signed > 0 else (received, paid - signed)
            adjusted += signed if flow.id.partition("#")[2].startswith("adjustment") else 0
        return received, paid, adjusted

    # --- asking -------------------------------------------------------------------------------------------------------

    def _ask(self, account: Account, asset: Asset, height: int, tip: int) -> History | Unknown:
        pot = holding_pot(account, asset)
        closing, why = self._balance(account, asset, tip)
        listed = self._list(account, asset, height, tip)
        if isinstance(listed, Unknown):
            return listed
        history = listed.history
        if history.is_crowded:
            said = self._too_many(height)
            return History(pot, history.first, tip, 0, listed.basis, None, history.problem, said)
        try:
            self._fetch(history.txids)
        except (DataNotFound, NotSupported) as error:
            return Unknown(f"the history of {account.address} names a transaction that is not to be had: {error}")
        opening = listed.opening
        if opening is None:
            if closing is None:
                return Unknown(f"what {account.address} held before is not known: {why}")
            received, paid, _ = self._sums(pot, history.first)
            opening = closing.units - received + paid
        adjusted = ""
        if asset in self._adjusting and closing is not None and listed.opening is not None and not history.problem:
            adjusted = self._adjust(account, asset, (history.first, opening), closing)
        early = f"the listing ends at block {history.last}" if history.last < tip else ""
        problem = "; ".join(text for text in (history.problem, early, "" if closing else why, adjusted) if text)
        return History(
            pot,
            history.first,
            tip,
            opening,
            listed.basis,
            None if closing is None else closing.units,
            problem,
            nonces=self._nonces(account, asset, history.first, tip),
            evidence="" if closing is None else closing.evidence,
        )

    def _adjust(self, account: Account, asset: Asset, opening: tuple[int, int], closing: PotBalance) -> str:
        """Where balances and transfers of a token differ: what it did beside them, block by block, stored and flagged.

        Returns:
            What stays open; empty if nothing does.
        """
        pot, (first, units) = holding_pot(account, asset), opening
        moves = [(f.departs.height, -f.units if f.source == pot else f.units) for f, *_ in self._moved(pot, first)]
        if units + sum(change for _, change in moves) == closing.units:
            return ""
        heights = {height for height, _ in moves if first <= height <= closing.at.height}
        points = sorted({first - 1, closing.at.height, *heights, *(h - 1 for h in heights if h > first)})
        if first == 0 or len(points) > _MOST_READINGS:
            return "what the token did beside its transfers cannot be told block by block: too many blocks"
        balances = []
        for height in points:
            said, why = self._balance(account, asset, height)
            if said is None:
                return f"what the token did beside its transfers cannot be told block by block: {why}"
            balances.append(said)
        held = {txid: accounts.transaction(self._store, self._chain, txid) for txid in self._txids(pot, first)}
        between = [t for t in held.values() if t is not None and t.block is not None]
        for before, after in pairwise(balances):
            mine = [t for t in between if t.block and before.at.height < t.block.height <= after.at.height]
            found = adjustment(before, after, mine, index=_AFTER_ALL)
            if found is not None:
                accounts.add(self._store, found)
        return ""

    def _moved(self, pot: Pot, first: int) -> list[Moved]:
        return accounts.moved(self._store, self._chain, pot, first)

    def _txids(self, pot: Pot, first: int) -> dict[str, None]:
        return dict.fromkeys(flow.txid for flow, *_ in self._moved(pot, first))

    def _list(self, account: Account, asset: Asset, height: int, tip: int) -> _Listed | Unknown:
        """The shortest listing whose opening is known by itself; else one that is computed backwards."""
        before, _ = self._balance(account, asset, height - 1) if height > 0 else (None, "")
        if before is not None:
            history = self._history(account, asset, height, tip)
            return history if isinstance(history, Unknown) else _Listed(history, before.units, OpeningBasis.BALANCE)
        whole = self._history(account, asset, 0, tip)
        if isinstance(whole, Unknown):
            return whole
        if not whole.is_crowded:
            return _Listed(whole, 0, OpeningBasis.HISTORY)
        since = self._history(account, asset, height, tip)
        return since if isinstance(since, Unknown) else _Listed(since, None, OpeningBasis.BACKWARDS)

    def _history(self, account: Account, asset: Asset, first: int, last: int) -> PotHistory | Unknown:
        reasons = []
        for source in self._sources:
            if isinstance(source, PotHistories):
                try:
                    return source.pot_history(account, asset, first, last, self._most)
                except (NotSupported, DataNotFound) as error:
                    reasons.append(str(error))
        return Unknown("; ".join(reasons) or "no connected source lists what touched an account")

    def _balance(self, account: Account, asset: Asset, height: int) -> tuple[PotBalance | None, str]:
        """The balance at the end of a block, or why it is not to be had."""
        reasons = []
        for source in self._sources:
            if isinstance(source, PotBalances):
                try:
                    said = source.pot_balance(account, asset, None if height == source.tip().height else height)
                except (NotSupported, DataNotFound) as error:
                    reasons.append(str(error))
                    continue
                if said.at.height == height or self._rested(account, asset, height, said.at.height):
                    return said, ""
                reasons.append(f"the balance was read at block {said.at.height}, not at {height}")
        return None, "; ".join(reasons) or "no connected source tells balances"

    def _rested(self, account: Account, asset: Asset, height: int, read_at: int) -> bool:
        """True if nothing touched the holding between the tip and the later block at which its balance was read."""
        if read_at < height:
            return False
        since = self._history(account, asset, height + 1, read_at)
        return isinstance(since, PotHistory) and not (since.txids or since.problem or since.is_crowded)

    def _nonces(self, account: Account, asset: Asset, first: int, last: int) -> str:
        """Whether each transaction that the account sent is among those held; only for the coin that pays its fees."""
        if asset.namespace != "slip44":
            return ""
        for source in self._sources:
            if not isinstance(source, Nonces):
                continue
            try:
                start = source.nonce(account, first - 1)[0] if first > 0 else 0
                end = source.nonce(account, None)[0]
            except (NotSupported, DataNotFound):
                continue
            if end - start > _MOST_NONCES:
                return f"{end - start} transactions {_GAP}: too many to compare"
            held = set(accounts.sent(self._store, account, first, last))
            gaps = [nonce for nonce in range(start, end) if nonce not in held]
            if (first, end, held) == (0, 1, set()):  # a contract begins at 1 (EIP-161)
                return "no transaction was sent, if it is a contract"
            if not gaps:
                return f"transactions {start} to {end}, none is missing" if end > start else "no transaction was sent"
            named = ", ".join(map(str, gaps[:10])) + (" ..." if len(gaps) > 10 else "")
            return f"of the transactions from nonce {start} to {end} these {_GAP}: {named}"
        return ""
