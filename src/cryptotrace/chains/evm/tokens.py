"""Events of token contracts as movements of tokens.

The contract that wrote the event is the token, also where its code is another contract's (proxies, EIP-7702). Nothing
is asked of the contract: an event says what its contract wants to say, and whether balances follow it is checked
elsewhere. What has the name of such an event and cannot be read gives a notice.

=======================================  =============================================================================
event                                    movement
=======================================  =============================================================================
Transfer of ERC-20 and ERC-721,          from payer to payee; from the zero address a mint, to it a burn; of nothing
TransferSingle, TransferBatch            and to oneself too, since an investigator must see them
Deposit, Withdrawal                      mint and burn, of a wrapper of the native coin that works as WETH9 only
DestroyedBlackFunds                      burn, unless a Transfer to the zero address just before it says the same
Issue, Redeem                            mint and burn of the contract's owner (USDT), whom the caller must know
UserOperationEvent                       none; a notice of who acted and who was charged
=======================================  =============================================================================

Source: ERC-20, ERC-721, ERC-1155, ERC-4337; WETH9 and TetherToken, verified sources on the explorer of Ethereum.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cryptotrace.chains.evm.abi import (
    Change,
    Event,
    Freeze,
    Standard,
    Supply,
    TokenTransfer,
    UserOperation,
    Wrapping,
    read_log,
)
from cryptotrace.chains.evm.network import EvmNetwork
from cryptotrace.chains.evm.receipt import Log
from cryptotrace.errors import MalformedBytes

_ZERO = "0x" + "0" * 40


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFacts:
    """What a caller knows of tokens beside the tables of the network."""

    wrappers: frozenset[str] = frozenset()
    """Further contracts (EIP-55) that wrap the native coin as WETH9 does."""
    owners: Mapping[str, str] | None = None
    """Who owns a token contract that issues to its owner (USDT): contract -> owner, both EIP-55, as of this block."""


@dataclass(frozen=True, slots=True)
class TokenMove:
    """One movement of a token, as an event says it."""

    log: int
    """Place of the event among the transaction's, from 0."""
    place: str
    """``log.3``, or ``log.3.1`` for the second token of a batch."""
    event: str
    """Name of the event."""
    contract: str
    """Who wrote it, with the checksum of EIP-55."""
    standard: str
    """``erc20``, ``erc721`` or ``erc1155``."""
    token_id: int | None
    """Which token, where they are told apart."""
    units: int
    """Base units; 1 of an ERC-721."""
    payer: str | None
    """Whose it was; None for a mint."""
    payee: str | None
    """Whose it is; None for a burn. Not both are None."""


@dataclass(slots=True)
class TokenReading:
    """What the events of a transaction say."""

    moves: list[TokenMove] = field(default_factory=list)
    """The movements in the order of the events."""
    notes: dict[str, list[str]] = field(default_factory=dict)
    """What could not be read or needs attention: kind -> places, in order."""
    missing: list[str] = field(default_factory=list)
    """What cannot be told without asking the contract."""

    def note(self, kind: str, place: str) -> None:
        """Remember a place under a kind of notice."""
        self.notes.setdefault(kind, []).append(place)

    @property
    def notices(self) -> tuple[str, ...]:
        """One line per kind, with its places."""
        return tuple(f"{kind} {' '.join(places)}" for kind, places in self.notes.items())


def wraps_as_weth9(contract: str, network: EvmNetwork, facts: TokenFacts) -> bool:
    """True for a wrapper of the native coin that writes Deposit and Withdrawal without a Transfer."""
    known = (each.contract for each in network.wrappers if not each.writes_transfers)
    return contract in facts.wrappers or contract in known


def wrapper_contracts(network: EvmNetwork, facts: TokenFacts) -> frozenset[str]:
    """All wrappers of the native coin that are known."""
    return facts.wrappers | {each.contract for each in network.wrappers}


class _Reader:
    """Takes the events of one transaction, one after another."""

    def __init__(self, network: EvmNetwork, facts: TokenFacts) -> None:
        self.network = network
        self.facts = facts
        self.reading = TokenReading()

    def take(self, at: int, event: Event, place: str, name: str) -> None:
        if isinstance(event, TokenTransfer):
            self._transfer(at, event, place, name)
        elif isinstance(event, Wrapping):
            if wraps_as_weth9(event.contract, self.network, self.facts):
                self._change(at, place, name, event.contract, event.units, event.account, is_mint=event.is_deposit)
        elif isinstance(event, Freeze):
            self._destroyed(at, event, place, name)
        elif isinstance(event, Supply):
            self._supply(at, event, place, name)
        elif isinstance(event, UserOperation):
            outcome = "" if event.succeeded else " failed"
            charged = event.paymaster or event.sender
            kind = f"user-operation{outcome} of {event.sender} cost {event.cost} charged to {charged}"
            self.reading.note(f"{kind} by {event.contract}", place)

    def _add(self, move: TokenMove) -> None:
        if move.payer is None and move.payee is None:
            self.reading.note("zero-to-zero", move.place)
        else:
            self.reading.moves.append(move)

    def _transfer(self, at: int, event: TokenTransfer, place: str, name: str) -> None:
        if event.contract in self.network.mirrors:
            self.reading.note("native-coin-event", place)
            return
        standard, token_id, units = event.standard, event.token_id, event.units
        if standard is Standard.UNCLEAR:
            if event.contract not in self.network.unindexed_nfts:
                self.reading.note("unclear-transfer", place)
                return
            standard, token_id, units = Standard.ERC721, units, 1
        payer, payee = (None if each == _ZERO else each for each in (event.payer, event.payee))
        self._add(TokenMove(at, place, name, event.contract, standard.value, token_id, units, payer, payee))

    def _change(self, at: int, place: str, name: str, contract: str, units: int, holder: str, *, is_mint: bool) -> None:
        who = None if holder == _ZERO else holder
        payer, payee = (None, who) if is_mint else (who, None)
        self._add(TokenMove(at, place, name, contract, Standard.ERC20.value, None, units, payer, payee))

    def _destroyed(self, at: int, event: Freeze, place: str, name: str) -> None:
        if event.change is not Change.DESTROYED or event.units is None:
            return  # Paxos tells no amount and writes a Transfer to the zero address
        self.reading.note(f"destroyed {event.units} of {event.account} by {event.contract}", place)
        said = (event.contract, event.account, None, event.units)
        before = (each for each in self.reading.moves if each.log == at - 1 and each.event == "Transfer")
        if said not in {(each.contract, each.payer, each.payee, each.units) for each in before}:
            self._change(at, place, name, event.contract, event.units, event.account, is_mint=False)

    def _supply(self, at: int, event: Supply, place: str, name: str) -> None:
        owners = self.facts.owners or {}
        if event.contract in owners:
            is_mint = event.change is Change.ISSUED
            self._change(at, place, name, event.contract, event.units, owners[event.contract], is_mint=is_mint)
        elif event.contract in self.network.owner_issued:
            self.reading.note(f"{event.change.value}-of-unknown-owner", place)
            self.reading.missing.append(f"owner of {event.contract}")


def read_tokens(logs: Sequence[Log], network: EvmNetwork, facts: TokenFacts | None = None) -> TokenReading:
    """What the events of a transaction say of tokens; nothing in them raises an error.

    Args:
        logs: the events of the receipt, in order.
        network: on which chain.
        facts: what the caller knows beside the tables of the network.
    """
    from cryptotrace.chains.evm.topics import signature_of

    reader = _Reader(network, facts or TokenFacts())
    for at, log in enumerate(logs):
        place = f"log.{at}"
        try:
            events = read_log(log)
        except MalformedBytes:
            reader.reading.note("unreadable-token-event", place)
            continue
        name = (signature_of(log.topics[0]) or "").partition("(")[0] if events else ""
        for number, event in enumerate(events):
            reader.take(at, event, f"{place}.{number}" if name == "TransferBatch" else place, name)
    return reader.reading
