"""Is an account's holding of a token frozen: asked of the contract, and checked against the contract's own events.

The answer is one of three, and *could not be determined* is never replaced by a guess. A call that was reverted, an
empty answer, a value that is neither 0 nor 1, a contract whose functions are not known, a source that fails: each is
that answer, with its reason.

The state of an earlier block comes from the contract where the source answers for it. Where it answers only for its
newest block (TRON's public interfaces do), it comes from the events up to that block, if these are all there and do not
contradict what the contract says now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from cryptotrace.chains.evm import address as evm_address
from cryptotrace.chains.evm.calls import call_data, read_truth
from cryptotrace.chains.networks import address_bytes
from cryptotrace.chains.tokens import TokenFacts, contract_of, known_tokens
from cryptotrace.errors import ChainReorganised, MalformedBytes, ModelError, NotSupported, SourceError
from cryptotrace.model.accountsource import ContractCalls, Logs
from cryptotrace.model.block import BlockRef
from cryptotrace.model.identity import Account, Asset
from cryptotrace.model.source import Headers, Source
from cryptotrace.seizure.freezehistory import FreezeHistory, FreezeRecord, Frozen, read_freeze_history


class Basis(StrEnum):
    """What an answer rests on."""

    CALL = "asked of the contract"
    """The contract answered for the block in question."""
    EVENTS = "from the contract's events"
    """Its events up to that block lead there."""
    NONE = "nothing"
    """There is no answer."""


@dataclass(frozen=True, slots=True)
class FreezeCall:
    """What the contract said when it was asked."""

    state: Frozen
    """Its answer, or that there is none."""
    at: BlockRef | None
    """On the state at the end of this block; None if nothing was answered."""
    function: str
    """The function that answered; empty if none did."""
    evidence: tuple[str, ...]
    """Digests of all answers, also of those that were of no use."""
    problems: tuple[str, ...]
    """What was wrong, function by function."""
    only_newest: bool = False
    """True if an earlier block was asked for, and the source answers only for its newest."""


@dataclass(frozen=True, slots=True)
class FreezeStatus:
    """Whether an account's holding of a token is frozen, and on what that rests."""

    token: Asset
    """Of what."""
    account: Account
    """Whose."""
    state: Frozen
    """The answer."""
    at: BlockRef | None
    """As of the end of this block; None if not determined as of any. For an earlier block whose reference the source
    does not give, ``height`` says it."""
    height: int | None
    """Height of that block."""
    basis: Basis
    """What it rests on."""
    call: FreezeCall
    """What the contract said, and at which block it was read."""
    history: FreezeHistory | None
    """The account's events up to the block; None if they were not read, and ``reasons`` says why."""
    reasons: tuple[str, ...]
    """What went wrong, or could not be asked."""
    contradiction: str = ""
    """Where the contract and its events do not agree: how; empty if they do, or if it could not be compared."""

    @property
    def evidence(self) -> tuple[str, ...]:
        """Digests of everything it rests on, each once."""
        listed = () if self.history is None else self.history.evidence
        events = () if self.history is None else tuple(record.evidence for record in self.history.records)
        return tuple(dict.fromkeys(digest for digest in (*self.call.evidence, *listed, *events) if digest))

    @property
    def destroyed(self) -> int | None:
        """Base units that were destroyed at this account; None if the events are not all known or name no amount."""
        if self.history is None or not self.history.is_complete:
            return None
        return self.history.destroyed

    def to_dict(self) -> dict[str, object]:
        """Everything as text, numbers, lists and dicts; amounts as text."""
        records = () if self.history is None else self.history.records
        return {
            "token": self.token,
            "account": self.account,
            "state": self.state.value,
            "height": self.height,
            "block": None if self.at is None else self.at.hash,
            "time": None if self.at is None else self.at.time,
            "basis": self.basis.value,
            "function": self.call.function,
            "contract_read_at": None if self.call.at is None else self.call.at.height,
            "events": [
                {
                    "act": record.act.value,
                    "txid": record.txid,
                    "height": record.block.height,
                    "time": record.block.time,
                    "base_units": None if record.units is None else str(record.units),
                }
                for record in records
            ],
            "destroyed": None if self.destroyed is None else str(self.destroyed),
            "reasons": list(self.reasons),
            "contradiction": self.contradiction,
            "evidence": list(self.evidence),
        }

    def sentence(self) -> str:
        """The answer in one line: block, what it rests on, the events of the account, what could not be asked."""
        where = "" if self.height is None else f" at block {self.height}"
        how = f" ({self.basis.value}: {self.call.function})" if self.basis is Basis.CALL else ""
        how = f" ({self.basis.value})" if self.basis is Basis.EVENTS else how
        records = () if self.history is None else self.history.records
        told = [_told(record) for record in records] + list(self.reasons)
        more = "; ".join(text for text in (*told, self.contradiction) if text)
        return f"{self.account.address}: {self.state.value}{where}{how}{f'. {more}' if more else ''}"


def _told(record: FreezeRecord) -> str:
    units = "" if record.units is None else f" of {record.units} base units"
    return f"{record.act.value}{units} in block {record.block.height}, transaction {record.txid}"


def freeze_status(
    calls: ContractCalls | None,
    logs: Logs | None,
    token: Asset,
    account: Account,
    height: int | None = None,
    *,
    tokens: Mapping[Asset, TokenFacts] | None = None,
    history: FreezeHistory | None = None,
) -> FreezeStatus:
    """Whether the account's holding is frozen at the end of the block at ``height``, or at the source's tip.

    Args:
        calls: who asks the contract; None if the case has no such source.
        logs: who lists its events; None if nobody does.
        token: which token.
        account: whose holding.
        height: as of which block; None for the tip.
        tokens: known tokens; by default the table of ``known_tokens``.
        history: the contract's events, read once for many accounts by ``read_freeze_history``; read here if None.

    Raises:
        ChainReorganised: the source's tip has left the active chain: nothing of this run holds.
        ModelError: the account is on another chain than the token, or the history is of another token.
    """
    if account.chain != token.chain or (history is not None and history.token != token):
        raise ModelError(f"{account} or the history that was given is not of {token}")
    facts = (known_tokens() if tokens is None else tokens).get(token)
    if facts is None or facts.freeze is None:
        note = "not a known token" if facts is None else facts.note or "no freeze function of it is known"
        return _undetermined(token, account, height, f"how the contract is asked is not known: {note}")
    call = _ask(calls, facts, account, height)
    reasons = list(call.problems)
    wanted = _wanted_height(calls, logs, call, height)
    if history is None and logs is not None and wanted is not None:
        last = wanted if call.at is None else max(wanted, call.at.height)
        history = read_freeze_history(logs, facts, 0, last)
    if history is None:
        reasons.append("the contract's events were not read: " + ("no source" if logs is None else "no block is known"))
        mine = None
    else:
        mine = history.of(account)
        reasons += [f"events: {problem}" for problem in mine.problems]
    contradiction = _contradiction(call, mine)
    state, basis, why = _conclude(call, mine, wanted, contradiction)
    reasons += [why] if why else []
    at, at_height = _block_of_answer(calls, logs, call, basis, wanted)
    upto = mine if mine is None or at_height is None else mine.up_to(at_height)
    return FreezeStatus(token, account, state, at, at_height, basis, call, upto, tuple(reasons), contradiction)


def _undetermined(token: Asset, account: Account, height: int | None, reason: str) -> FreezeStatus:
    call = FreezeCall(Frozen.UNDETERMINED, None, "", (), ())
    return FreezeStatus(token, account, Frozen.UNDETERMINED, None, height, Basis.NONE, call, None, (reason,))


def _ask(calls: ContractCalls | None, facts: TokenFacts, account: Account, height: int | None) -> FreezeCall:
    """Each function in turn until one answers 0 or 1; at the newest block if the source answers for no other."""
    if calls is None:
        return FreezeCall(Frozen.UNDETERMINED, None, "", (), ("the contract was not asked: no source that can",))
    try:
        return _ask_at(calls, facts, account, height)
    except NotSupported as error:
        if height is None:
            return FreezeCall(Frozen.UNDETERMINED, None, "", (), (f"the contract was not asked: {error}",))
        try:
            newest = _ask_at(calls, facts, account, None)
        except NotSupported:
            return FreezeCall(Frozen.UNDETERMINED, None, "", (), (f"the contract was not asked: {error}",))
        told = (f"the source does not answer as of block {height}: {error}", *newest.problems)
        return FreezeCall(newest.state, newest.at, newest.function, newest.evidence, told, only_newest=True)


def _ask_at(calls: ContractCalls, facts: TokenFacts, account: Account, height: int | None) -> FreezeCall:
    assert facts.freeze is not None  # noqa: S101 - the caller has looked
    contract, asked = contract_of(facts.asset), evm_address.address_of(address_bytes(account))
    evidence: list[str] = []
    problems: list[str] = []
    at: BlockRef | None = None
    for function in facts.freeze.functions:
        try:
            answer = calls.contract_call(contract, call_data(function, asked), height)
        except (ChainReorganised, NotSupported):
            raise
        except SourceError as error:
            problems.append(f"{function}: the source failed: {error}")
            continue
        at = answer.at
        evidence += [answer.evidence] if answer.evidence else []
        state, problem = _read(answer.returned)
        if height is not None and answer.at.height != height:
            problem, state = f"asked for block {height}, answered for {answer.at.height}", Frozen.UNDETERMINED
        if state is not Frozen.UNDETERMINED:
            return FreezeCall(state, answer.at, function, tuple(evidence), tuple(problems))
        problems.append(f"{function}: {problem}")
    return FreezeCall(Frozen.UNDETERMINED, at, "", tuple(evidence), tuple(problems))


def _read(returned: bytes | None) -> tuple[Frozen, str]:
    """A bool as the ABI writes it: 32 bytes, the number 0 or 1."""
    if returned is None:
        return Frozen.UNDETERMINED, "reverted, or there is no such function or no contract"
    try:
        return (Frozen.FROZEN if read_truth(returned) else Frozen.NOT_FROZEN), ""
    except MalformedBytes as error:
        return Frozen.UNDETERMINED, str(error)


def _contradiction(call: FreezeCall, mine: FreezeHistory | None) -> str:
    if mine is None or call.at is None or not _is_compared(call, mine):
        return ""
    implied = mine.up_to(call.at.height).implied
    if implied is Frozen.UNDETERMINED or implied is call.state:
        return ""
    return f"at block {call.at.height} the contract says {call.state.value}, its events lead to {implied.value}"


def _conclude(
    call: FreezeCall, mine: FreezeHistory | None, wanted: int | None, contradiction: str
) -> tuple[Frozen, Basis, str]:
    """The answer as of the block at ``wanted``, what it rests on, and why there is none."""
    if call.state is not Frozen.UNDETERMINED and not call.only_newest:
        return call.state, Basis.CALL, ""
    if mine is None or wanted is None:
        return Frozen.UNDETERMINED, Basis.NONE, ""
    why = contradiction and "the contract and its events do not agree now, so the events do not tell the state then"
    then = mine.up_to(wanted)
    if not why and mine.last < wanted:
        why = f"the events were read to block {mine.last} only"
    if not why and then.implied is Frozen.UNDETERMINED:
        why = "the events do not tell the state: they are not all there, or their order in a block is not known"
    if not why and then.decides is None and not _is_compared(call, mine):
        why = "there is no event for this account, and that is no proof where the contract does not answer"
    return (Frozen.UNDETERMINED, Basis.NONE, why) if why else (then.implied, Basis.EVENTS, "")


def _is_compared(call: FreezeCall, mine: FreezeHistory) -> bool:
    """True if the events reach to a block for which the contract has answered."""
    return call.state is not Frozen.UNDETERMINED and call.at is not None and mine.last >= call.at.height


def _wanted_height(calls: ContractCalls | None, logs: Logs | None, call: FreezeCall, height: int | None) -> int | None:
    if height is not None:
        return height
    if call.at is not None:
        return call.at.height
    sources: tuple[object, ...] = (logs, calls)
    return next((source.tip().height for source in sources if isinstance(source, Source)), None)


def _block_of_answer(
    calls: ContractCalls | None, logs: Logs | None, call: FreezeCall, basis: Basis, wanted: int | None
) -> tuple[BlockRef | None, int | None]:
    """Which block the answer is as of. Its time and hash are asked for only where the call did not bring them."""
    if basis is Basis.NONE or wanted is None:
        return None, wanted
    if call.at is not None and call.at.height == wanted:
        return call.at, wanted
    for source in (logs, calls):
        if isinstance(source, Headers):
            try:
                return source.block_ref(wanted), wanted
            except ChainReorganised:
                raise
            except SourceError:
                continue
    return None, wanted
