"""``trongrid:`` - TronGrid, or a server with its v1 interface: what a node tells, and histories and events besides.

What touched a holding is put together from several listings, because none has all of it:

- TRX: the account's transactions, and the internal transactions that name it;
- TRC-10: the same, without the kinds that move no token;
- TRC-20: its transfers; the contract's events that move tokens without a transfer (``DestroyedBlackFunds``, and for the
  contract's owner ``Issue`` and ``Redeem``); and for wrapped TRX the account's own calls.

Source: TronGrid API document.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from cryptotrace.chains.evm.hashes import keccak256
from cryptotrace.chains.tron.address import bytes_of
from cryptotrace.chains.tron.network import TronNetwork
from cryptotrace.errors import DataNotFound, NotSupported, SourceLied
from cryptotrace.model.accountsource import LogEntry, LogListing, PotHistory
from cryptotrace.model.block import BlockRef
from cryptotrace.model.identity import Account, Asset
from cryptotrace.sources.foreignjson import Field
from cryptotrace.sources.transport import Answer, Request, Transport
from cryptotrace.sources.tron.events import name_of, rebuilt
from cryptotrace.sources.tron.node import TronNode
from cryptotrace.sources.tron.nodebase import post
from cryptotrace.sources.tron.nodejson import read_address, read_log
from cryptotrace.sources.tron.pages import Listing, Row

#: So many events are read from the receipts of their transactions; of more, the topics are rebuilt from the rows.
FEW_EVENTS = 200
_OWNER = keccak256(b"owner()")[:4]
#: Kinds of transactions that never move a TRC-10 token.
_WITHOUT_TOKENS = frozenset(
    {
        "TransferContract",
        "VoteWitnessContract",
        "FreezeBalanceContract",
        "FreezeBalanceV2Contract",
        "UnfreezeBalanceContract",
        "UnfreezeBalanceV2Contract",
        "WithdrawBalanceContract",
        "WithdrawExpireUnfreezeContract",
        "CancelAllUnfreezeV2Contract",
        "DelegateResourceContract",
        "UnDelegateResourceContract",
        "AccountPermissionUpdateContract",
        "AccountCreateContract",
        "AccountUpdateContract",
        "WitnessCreateContract",
        "WitnessUpdateContract",
    }
)


@dataclass(slots=True)
class _Gathered:
    """A history while it is put together."""

    times: dict[str, int] = field(default_factory=dict)
    """Txid -> time of its block, milliseconds."""
    evidence: dict[str, None] = field(default_factory=dict)
    """Digests, each once."""
    problems: list[str] = field(default_factory=list)
    """Why it is not all."""

    @property
    def txids(self) -> tuple[str, ...]:
        """Oldest first; those of one block in the order in which they were listed."""
        return tuple(sorted(self.times, key=self.times.__getitem__))


@dataclass(frozen=True, slots=True)
class _Event:
    """An event as a row tells it."""

    txid: str
    height: int
    time_ms: int
    place: int
    topics: tuple[bytes, ...]
    data: bytes
    evidence: str
    is_rebuilt: bool
    """False: the row does not tell topics and data."""


class TronGridSource(TronNode):
    """A server with TronGrid's v1 interface. Satisfies every protocol of account sources but ``Nonces``.

    Args:
        network: the chain.
        transport: HTTP, or a recording.
        name: how the source is called in evidence.
        check_every_s: how long the tip is trusted to be in the active chain before it is looked at again.
        notice: takes a line about what was left out.

    Raises:
        SourceLied: a server of another chain.
        SourceUnavailable: it does not answer.
    """

    def __init__(
        self,
        network: TronNetwork,
        transport: Transport,
        name: str,
        *,
        check_every_s: float = 30.0,
        notice: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._silent: dict[tuple[Account, str], tuple[list[Row], str]] = {}
        self._owners: dict[Account, bytes] = {}
        super().__init__(network, transport, name, keeps_internals=True, check_every_s=check_every_s, notice=notice)

    # --- PotHistories -------------------------------------------------------------------------------------------------

    def pot_history(self, account: Account, asset: Asset, first: int, last: int, most: int) -> PotHistory:
        """Every page of what touched the holding, between the times of the two blocks.

        Raises:
            NotSupported: an asset that is not listed by account, or a server without the v1 interface.
            SourceLied: rows of other times or heights than were asked for.
        """
        with self._watch.answering():
            times = self._times(first, last)
            gathered = _Gathered()
            for listing in self._listings(account, asset, times):
                if self._gather(listing, gathered, account, asset, (first, last), most):
                    break
            else:
                self._gather_silent(account, asset, times, gathered)
            is_crowded = len(gathered.times) > most
        if is_crowded:
            gathered.problems.insert(0, f"more than {most} transactions; the listing was stopped")
        return PotHistory(
            account,
            asset,
            first,
            last,
            gathered.txids[:most],
            "; ".join(dict.fromkeys(gathered.problems)),
            is_crowded,
            tuple(gathered.evidence),
        )

    def _times(self, first: int, last: int) -> tuple[int, int]:
        """Times of two blocks, milliseconds: block times rise strictly, so they bound the same rows as the heights."""
        if not 0 <= first <= last <= self._tip.height:
            raise DataNotFound(f"{self.name}: blocks {first} to {last} are not all up to its tip {self._tip.height}")
        return self._block(first).time_ms, self._block(last).time_ms

    def _listings(self, account: Account, asset: Asset, times: tuple[int, int]) -> list[Listing]:
        base = f"/v1/accounts/{account.address}"
        own = self._listing(f"{base}/transactions", times, {"search_internal": "false"})
        inner = self._listing(f"{base}/internal-transactions", times, {})
        if asset == self._network.asset or asset.namespace == "trc10":
            return [own, inner]
        if asset.namespace != "trc20":
            raise NotSupported(f"{self.name} lists histories of TRX, TRC-20 and TRC-10, not of {asset}")
        transfers = self._listing(f"{base}/transactions/trc20", times, {"contract_address": asset.reference})
        return [transfers, own, inner] if asset.reference in self._network.wrapped else [transfers]

    def _listing(self, path: str, times: tuple[int, int], filters: Mapping[str, str]) -> Listing:
        return Listing(self._ask_index, self.name, path, times, filters)

    def _ask_index(self, request: Request) -> Answer:
        """An answer of the v1 interface; a refusal with a status of 400 is the listing's business."""
        answer = self._transport.ask(request)
        if answer.status == 404:
            raise NotSupported(
                f"{self.name} has no v1 interface (HTTP 404), so it cannot list histories or events; is it a plain "
                "node? Name it fullnode:, and take histories from TronGrid or from exported files"
            )
        if answer.status not in (200, 400):
            raise self._refusal(request, answer)
        return answer

    def _gather(
        self,
        listing: Listing,
        gathered: _Gathered,
        account: Account,
        asset: Asset,
        heights: tuple[int, int],
        most: int,
    ) -> bool:
        """Read one listing; gives whether there are more than ``most``."""
        for row in listing:
            gathered.evidence[row.evidence] = None
            txid = self._txid(row, account, asset, heights)
            if txid is not None:
                gathered.times.setdefault(txid, row.time_ms)
            if len(gathered.times) > most:
                return True
        if listing.problem:
            gathered.problems.append(listing.problem)
        return False

    def _txid(self, row: Row, account: Account, asset: Asset, heights: tuple[int, int]) -> str | None:
        """The transaction of a row; None if it moves nothing of that asset."""
        told = row.json
        if "transaction_id" in told:
            return self._transfer(told, account, asset)
        if "internal_tx_id" in told:
            return told["tx_id"].hash()
        txid, height = told["txID"].hash(), told["blockNumber"].integer()
        if not heights[0] <= height <= heights[1]:
            raise SourceLied(
                f"{self.name} lists transaction {txid} of block {height} when asked for {heights[0]} to {heights[1]}"
            )
        self._heights[txid] = height
        kind = next((each["type"].text() for each in told["raw_data"]["contract"].items()), "")
        return None if asset.namespace == "trc10" and kind in _WITHOUT_TOKENS else txid

    def _transfer(self, told: Field, account: Account, asset: Asset) -> str | None:
        """The transaction of a row of token transfers; None for an approval, which moves nothing."""
        token = told["token_info"]["address"]  # left out for a contract that tells nothing of itself
        parties = {read_address(told["from"]), read_address(told["to"])}
        is_other = not token.is_null and read_address(token) != asset.reference
        if account.address not in parties or is_other:
            raise SourceLied(f"{self.name} lists a transfer that is not of {account.address} in {asset.reference}")
        return None if told["type"].value == "Approval" else told["transaction_id"].hash()

    # --- what moves tokens without a transfer -------------------------------------------------------------------------

    def _gather_silent(self, account: Account, asset: Asset, times: tuple[int, int], gathered: _Gathered) -> None:
        if asset.namespace != "trc20":
            return
        contract = Account.of(self.chain, asset.reference)
        for name, is_owners in (("DestroyedBlackFunds", False), ("Issue", True), ("Redeem", True)):
            rows, problem = self._all_events(contract, name)
            gathered.evidence |= dict.fromkeys(row.evidence for row in rows)
            if problem:
                gathered.problems.append(problem)
            for row in rows:
                if times[0] <= row.time_ms <= times[1] and (
                    self._owns(contract, account) if is_owners else self._names(row.json, account)
                ):
                    gathered.times.setdefault(row.json["transaction_id"].hash(), row.time_ms)

    def _all_events(self, contract: Account, name: str) -> tuple[list[Row], str]:
        """Every event of that name up to the tip, and why they are not all: read once, they are few and serve all."""
        if (contract, name) not in self._silent:
            path, times = f"/v1/contracts/{contract.address}/events", (0, self._block(self._tip.height).time_ms)
            listing = self._listing(path, times, {"event_name": name})
            self._silent[contract, name] = list(listing), listing.problem
        return self._silent[contract, name]

    def _names(self, row: Field, account: Account) -> bool:
        return not row["result"]["0"].is_null and read_address(row["result"]["0"]) == account.address

    def _owns(self, contract: Account, account: Account) -> bool:
        """Whether the account owns the contract today: what is issued and redeemed is its owner's."""
        if contract not in self._owners:
            try:
                self._owners[contract] = self.contract_call(contract, _OWNER).returned or b""
            except DataNotFound:
                self._owners[contract] = b""
        return self._owners[contract][-20:] == bytes_of(account.address)

    # --- Logs ---------------------------------------------------------------------------------------------------------

    def logs(self, contract: Account, topics: Sequence[bytes | None], first: int, last: int) -> LogListing:
        """The contract's events whose topics match, in chain order.

        Up to ``FEW_EVENTS`` of them are read from the receipts of their transactions. Of more, topics and data are
        rebuilt from the rows; their blocks' hashes and their transactions' places are then not told.

        Raises:
            NotSupported: a server without the v1 interface, or one that does not give all events.
            SourceLied: a receipt that does not have the event.
        """
        with self._watch.answering():
            events, evidence = self._events(contract, topics, first, last)
            if len(events) > FEW_EVENTS and all(each.is_rebuilt for each in events):
                found = [self._reported(contract, each) for each in events]
            else:
                found = self._from_receipts(contract, events, topics)
        return LogListing(tuple(found), evidence)

    def _events(
        self, contract: Account, topics: Sequence[bytes | None], first: int, last: int
    ) -> tuple[list[_Event], tuple[str, ...]]:
        """The events whose topics match or are not told, and the digests of the pages."""
        name = name_of(topics[0]) if topics else None
        listing = self._listing(
            f"/v1/contracts/{contract.address}/events",
            self._times(first, last),
            {"event_name": name} if name else {},
        )
        events = [self._event(row, contract) for row in listing]
        if listing.problem:
            raise NotSupported(f"{listing.problem}; the events are not all there, ask rpc: of a node")
        for event in events:
            if not first <= event.height <= last:
                raise SourceLied(f"{self.name} lists an event of block {event.height}, outside of {first} to {last}")
        wanted = [each for each in events if not each.is_rebuilt or _matches(each.topics, topics)]
        return wanted, tuple(dict.fromkeys(listing.evidence))

    def _event(self, row: Row, contract: Account) -> _Event:
        told = row.json
        if (said := read_address(told["contract_address"])) != contract.address:
            raise SourceLied(f"{self.name} lists an event of {said} when asked for {contract.address}")
        made = rebuilt(told)
        return _Event(
            told["transaction_id"].hash(),
            told["block_number"].integer(),
            row.time_ms,
            _place(told["event_index"]),
            *((), b"") if made is None else made,
            row.evidence,
            made is not None,
        )

    def _reported(self, contract: Account, event: _Event) -> LogEntry:
        at = BlockRef(self.chain, event.height, "", event.time_ms // 1000)
        return LogEntry(contract, event.topics, event.data, event.txid, at, -1, event.place, event.evidence)

    def _from_receipts(
        self, contract: Account, events: Sequence[_Event], topics: Sequence[bytes | None]
    ) -> list[LogEntry]:
        told = {event.txid: event.height for event in events}
        shared = {height for height, count in Counter(told.values()).items() if count > 1}
        places = {height: self._places(height) for height in shared}
        found = []
        for txid, height in told.items():
            at = self._ref(self._block(height))
            matching = self._receipt_logs(txid, height, contract, topics)
            rebuilt_here = {(each.topics, each.data) for each in events if each.txid == txid and each.is_rebuilt}
            if rebuilt_here - {(logged, data) for logged, data, _, _ in matching}:
                raise SourceLied(
                    f"{self.name} lists an event of transaction {txid} that the transaction's receipt does not have"
                )
            index = places[height].get(txid, -1) if height in places else -1
            found += [LogEntry(contract, *each[:2], txid, at, index, *each[2:]) for each in matching]
        return sorted(found, key=lambda each: (each.block.height, each.index, each.place))

    def _places(self, height: int) -> dict[str, int]:
        block, _ = self._object(post("/wallet/getblockbynum", num=height))
        return {each["txID"].hash(): index for index, each in enumerate(block["transactions"].items())}

    def _receipt_logs(
        self, txid: str, height: int, contract: Account, topics: Sequence[bytes | None]
    ) -> list[tuple[tuple[bytes, ...], bytes, int, str]]:
        """Topics, data, place and digest of the matching events of a receipt."""
        info, evidence = self._object(post("/wallet/gettransactioninfobyid", value=txid))
        if not info.value or info["blockNumber"].integer() != height:
            raise SourceLied(f"{self.name} lists an event of {txid} in block {height} and does not report that")
        logs = [] if info["log"].is_null else [read_log(each) for each in info["log"].items()]
        return [
            (log.topics, log.data, place, evidence)
            for place, log in enumerate(logs)
            if log.contract == contract.address and _matches(log.topics, topics)
        ]


def _place(told: Field) -> int:
    """A number that the server writes as a number or as text; -1 where it is neither."""
    text = str(told.value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else -1


def _matches(found: Sequence[bytes], wanted: Sequence[bytes | None]) -> bool:
    return len(found) >= len(wanted) and all(
        want is None or want == have for want, have in zip(wanted, found, strict=False)
    )
