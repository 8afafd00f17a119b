"""The history of freezes of a token: the events of its contract, read once, and where they lead for one account."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from cryptotrace.chains.evm import address as evm_address
from cryptotrace.chains.tokens import FreezeAct, FreezeEvent, TokenFacts, contract_of
from cryptotrace.chains.tron import address as tron_address
from cryptotrace.errors import ChainReorganised, SourceError
from cryptotrace.model.accountsource import LogEntry, Logs
from cryptotrace.model.block import BlockRef
from cryptotrace.model.identity import Account, Asset, Chain

_WORD = 32


class Frozen(StrEnum):
    """Whether a holding is frozen. It has no truth value, so that *could not be determined* never reads as *no*."""

    FROZEN = "frozen"
    """The contract refuses to move it."""
    NOT_FROZEN = "not frozen"
    """The contract's list does not name the account."""
    UNDETERMINED = "could not be determined"
    """No answer; the reasons stand beside it."""

    def __bool__(self) -> bool:
        raise TypeError("Frozen has no truth value; compare it with Frozen.FROZEN")


@dataclass(frozen=True, slots=True)
class FreezeRecord:
    """One act of an issuer, as the contract's event tells it."""

    act: FreezeAct
    """What was done."""
    account: Account
    """To whose holding."""
    units: int | None
    """Base units that were destroyed; None where the event names none."""
    signature: str
    """The event."""
    txid: str
    """In which transaction."""
    block: BlockRef
    """In which block."""
    index: int
    """Place of the transaction in the block; -1 where the source does not tell it."""
    place: int
    """Place of the log in its receipt; -1 where the source does not tell it."""
    evidence: str
    """Digest of the answer."""


@dataclass(frozen=True, slots=True)
class FreezeHistory:
    """The freeze events of a contract between two blocks: of all accounts, or of one."""

    token: Asset
    """Which token."""
    first: int
    """From this height; 0 is the beginning of the chain."""
    last: int
    """To the end of the block at this height."""
    records: tuple[FreezeRecord, ...]
    """In chain order."""
    problems: tuple[str, ...] = ()
    """Why they may not be all: a source that failed, a log that could not be read."""
    evidence: tuple[str, ...] = ()
    """Digests of all answers to the question for events, each once. One without an event is what shows that there was
    none."""

    @property
    def is_complete(self) -> bool:
        """True if they are all events from the beginning of the chain, as the source says."""
        return self.first == 0 and not self.problems

    @property
    def decides(self) -> FreezeRecord | None:
        """The last freeze or unfreeze; meaningful for one account only."""
        return next((r for r in reversed(self.records) if r.act is not FreezeAct.DESTROY), None)

    @property
    def implied(self) -> Frozen:
        """Where the events of one account lead. Without an event: not frozen, if the history is complete.

        What rests on the absence of events is believed only where the contract itself agrees; see ``freeze_status``.
        """
        if self.problems:
            return Frozen.UNDETERMINED
        last = self.decides
        if last is None:
            return Frozen.NOT_FROZEN if self.first == 0 else Frozen.UNDETERMINED
        if any(_is_unordered(last, other) for other in self.records):
            return Frozen.UNDETERMINED
        return Frozen.FROZEN if last.act is FreezeAct.FREEZE else Frozen.NOT_FROZEN

    @property
    def destroyed(self) -> int | None:
        """Base units destroyed in all; None if an event names no amount."""
        units = [record.units for record in self.records if record.act is FreezeAct.DESTROY]
        return None if None in units else sum(u for u in units if u is not None)

    def of(self, account: Account) -> FreezeHistory:
        """The events of one account."""
        return replace(self, records=tuple(r for r in self.records if r.account == account))

    def up_to(self, height: int) -> FreezeHistory:
        """The events up to the end of the block at ``height``; the whole history if it does not reach further."""
        if height >= self.last:
            return self
        kept = tuple(r for r in self.records if r.block.height <= height)
        return replace(self, last=height, records=kept)


def read_freeze_history(logs: Logs, facts: TokenFacts, first: int, last: int) -> FreezeHistory:
    """All freeze events of a token's contract from ``first`` to ``last``, of every account.

    They are asked for by the event's topic only: whether a contract indexes the account differs from one to the next,
    and a filter on it would lose events without a sign.

    Raises:
        ChainReorganised: the source's tip has left the active chain.
        ModelError: not a token with a contract.
    """
    if facts.freeze is None:
        return FreezeHistory(facts.asset, first, last, (), ("the contract's freeze events are not known",))
    contract = contract_of(facts.asset)
    records: list[FreezeRecord] = []
    problems: list[str] = []
    evidence: dict[str, None] = {}
    for event in facts.freeze.events:
        try:
            listed = logs.logs(contract, [event.topic], first, last)
            evidence |= dict.fromkeys(listed.evidence)
            for entry in listed.entries:
                found = _record(entry, event, contract, first, last)
                if isinstance(found, str):
                    problems.append(found)
                else:
                    records.append(found)
        except ChainReorganised:
            raise
        except SourceError as error:
            problems.append(f"{event.signature}: {error}")
    records.sort(key=lambda r: (r.block.height, r.index, r.place))
    return FreezeHistory(facts.asset, first, last, tuple(records), tuple(problems), tuple(evidence))


def _record(entry: LogEntry, event: FreezeEvent, contract: Account, first: int, last: int) -> FreezeRecord | str:
    """What the log tells, or what is wrong with it."""
    where = f"{event.signature} in transaction {entry.txid}, log {entry.place}"
    if entry.contract != contract or not entry.topics or entry.topics[0] != event.topic:
        return f"{where}: the source gave a log of another contract or event"
    if not first <= entry.block.height <= last:
        return f"{where}: the source gave a log of block {entry.block.height}, outside {first} to {last}"
    words = [*entry.topics[1:], *(entry.data[n : n + _WORD] for n in range(0, len(entry.data), _WORD))]
    wanted = 2 if event.has_units else 1
    if len(words) != wanted or any(len(word) != _WORD for word in words):
        return f"{where}: {len(words)} arguments where {wanted} are expected, or not of 32 bytes"
    if any(words[0][:12]):
        return f"{where}: its first argument is no account"
    units = int.from_bytes(words[1], "big") if event.has_units else None
    account = _account(contract.chain, words[0][12:])
    return FreezeRecord(
        event.act, account, units, event.signature, entry.txid, entry.block, entry.index, entry.place, entry.evidence
    )


def _account(chain: Chain, raw: bytes) -> Account:
    return Account.of(chain, (tron_address if chain.namespace == "tron" else evm_address).address_of(raw))


def _is_unordered(last: FreezeRecord, other: FreezeRecord) -> bool:
    """True if another act that leads elsewhere is in the same block, and the source does not tell which was first."""
    if other.block.height != last.block.height or other.act in {last.act, FreezeAct.DESTROY}:
        return False
    if min(other.index, last.index) < 0:
        return other.txid != last.txid or min(other.place, last.place) < 0
    return other.index == last.index and min(other.place, last.place) < 0
