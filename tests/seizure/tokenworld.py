"""A token contract with a blacklist on a chain of its own, and accounts that pay each other: what tests hand in.

The contract keeps its state per block, as a chain does; its events stand in the log. Nothing here is shared with what
is tested: the state is a set, the history a list.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from cryptotrace.chains.evm import address as evm_address
from cryptotrace.chains.evm.calls import selector
from cryptotrace.chains.evm.topics import topic_of
from cryptotrace.chains.tokens import FreezeInterface, TokenFacts, contract_of
from cryptotrace.chains.tokentable import TETHER_LEGACY
from cryptotrace.chains.tron import address as tron_address
from cryptotrace.errors import NotSupported, SourceError
from cryptotrace.model.accountsource import CallAnswer, LogEntry, LogListing, PotBalance
from cryptotrace.model.block import BlockRef, Position, Tip
from cryptotrace.model.flow import Arrival, Ended, Flow, FlowKind, Instant, Pot, Resting, Unknown, holding_pot
from cryptotrace.model.identity import Account, Asset, Chain

EVM = Asset("eip155:1/erc20:0xdac17f958d2ee523a2206206994597c13d831ec7")
TRON = Asset("tron:0x2b6653dc/trc20:TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t")
START = 1_700_000_000


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def raw(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()[:20]


def who(name: str, chain: Chain = EVM.chain) -> Account:
    family = tron_address if chain.namespace == "tron" else evm_address
    return Account.of(chain, family.address_of(raw(name)))


def block(height: int, chain: Chain = EVM.chain) -> BlockRef:
    return BlockRef(chain, height, digest(f"block {height}"), START + 12 * height)


def facts_of(token: Asset, freeze: FreezeInterface | None = TETHER_LEGACY) -> TokenFacts:
    return TokenFacts(token, "USDT", "Tether USD", 6, "Tether", freeze, "", "a list", "2026-11-25")


@dataclass
class Contract:
    """A contract with a blacklist, and a source that asks it: satisfies ContractCalls, Logs, Source and Headers."""

    token: Asset = EVM
    height: int = 100
    acts: list[tuple[int, str, bytes, int | None]] = field(default_factory=list)
    is_indexed: bool = False
    only_newest: bool = False
    answers: dict[str, bytes | None] = field(default_factory=dict)
    broken: dict[str, SourceError] = field(default_factory=dict)
    function: str = "isBlackListed(address)"
    asked: list[str] = field(default_factory=list)
    listed: list[tuple[int, int]] = field(default_factory=list)
    name: str = "a source"

    @property
    def chain(self) -> Chain:
        return self.token.chain

    def act(self, height: int, signature: str, name: str, units: int | None = None) -> None:
        self.acts.append((height, signature, raw(name), units))

    def freeze(self, height: int, name: str) -> None:
        self.act(height, "AddedBlackList(address)", name)

    def unfreeze(self, height: int, name: str) -> None:
        self.act(height, "RemovedBlackList(address)", name)

    def destroy(self, height: int, name: str, units: int) -> None:
        self.act(height, "DestroyedBlackFunds(address,uint256)", name, units)

    def is_frozen(self, address: bytes, height: int) -> bool:
        state = False
        for at, signature, whom, _ in sorted(self.acts, key=lambda act: act[0]):
            if at <= height and whom == address and not signature.startswith("Destroyed"):
                state = signature.startswith("Added")
        return state

    # --- the source ---------------------------------------------------------------------------------------------------

    def tip(self) -> Tip:
        return Tip(self.chain, self.height, block(self.height).hash)

    def close(self) -> None:
        """Nothing is open."""

    def block_ref(self, height: int) -> BlockRef:
        return block(height, self.chain)

    def contract_call(self, contract: Account, data: bytes, height: int | None = None) -> CallAnswer:
        assert contract == contract_of(self.token)
        functions = ("isBlackListed(address)", "getBlackListStatus(address)", "isBlocked(address)")
        called = next(name for name in functions if selector(name) == data[:4])
        assert (len(data), data[4:16]) == (36, bytes(12))
        self.asked.append(called)
        if called in self.broken:
            raise self.broken[called]
        if self.only_newest and height is not None:
            raise NotSupported("it answers only for its newest block")
        at = self.height if height is None else height
        returned = self.answers.get(called)
        if called not in self.answers and called == self.function:
            returned = int(self.is_frozen(data[16:], at)).to_bytes(32, "big")
        return CallAnswer(returned, block(at, self.chain), digest(f"{called} {at}"))

    def logs(self, contract: Account, topics: Sequence[bytes | None], first: int, last: int) -> LogListing:
        assert contract == contract_of(self.token)
        self.listed.append((first, last))
        if "logs" in self.broken:
            raise self.broken["logs"]
        found = tuple(self._logged(contract, topics, first, last))
        return LogListing(found, (digest(f"listing of {topics[0]!r} {first} {last}"),))

    def _logged(self, contract: Account, topics: Sequence[bytes | None], first: int, last: int) -> Iterator[LogEntry]:
        for number, (height, signature, whom, units) in enumerate(self.acts):
            if topics[0] != topic_of(signature) or not first <= height <= last:
                continue
            words = [whom.rjust(32, b"\0"), *([] if units is None else [units.to_bytes(32, "big")])]
            inside, data = (words[:1], words[1:]) if self.is_indexed else ([], words)
            yield LogEntry(
                *(contract, (topic_of(signature), *inside), b"".join(data), digest(f"act {number}")),
                *(block(height, self.chain), number, 0, digest(f"log {number}")),
            )


@dataclass
class World:
    """Accounts that pay each other a token: satisfies FlowGraph, AccountFacts and PotBalances.

    Payments are (height, from, to, units); each is a transaction of its own, ``flow(n)`` is its flow.
    """

    payments: Sequence[tuple[int, str, str, int]]
    token: Asset = EVM
    height: int = 100_000
    are_holdings_known: bool = True
    memos: dict[int, str | None] = field(default_factory=dict)
    unplaced: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        self.flows = {flow.id: flow for flow in map(self._flow, range(len(self.payments)))}

    def _flow(self, number: int) -> Flow:
        height, sender, to, units = self.payments[number]
        source, txid = holding_pot(self.who(sender), self.token), digest(f"payment {number}")
        at = Position(height, number)
        return Flow(f"{txid}#log.0", FlowKind.TRANSFER, self.token, units, source, at, self.who(to), txid)

    def who(self, name: str) -> Account:
        return who(name, self.token.chain)

    def number(self, number: int) -> Flow:
        return self._flow(number)

    # --- FlowGraph ----------------------------------------------------------------------------------------------------

    def flow(self, flow_id: str) -> Flow:
        return self.flows[flow_id]

    def arrival(self, flow: Flow) -> Arrival | Resting | Unknown | Ended:
        assert flow.owner is not None
        time = block(flow.departs.height).time
        return Arrival(holding_pot(flow.owner, flow.asset), flow.departs, time, flow.txid)

    def _moves(self, pot: Pot) -> list[tuple[Flow, int]]:
        found = []
        for flow in sorted(self.flows.values(), key=lambda f: f.departs):
            comes = flow.owner is not None and holding_pot(flow.owner, flow.asset) == pot
            if comes or flow.source == pot:
                found.append((flow, flow.units * (comes - (flow.source == pot))))
        return found

    def instants(self, pot: Pot, since: Position) -> tuple[Instant, ...]:
        return tuple(
            Instant(flow.departs, pot, (flow,) if flow.source != pot else (), (flow,) if flow.source == pot else ())
            for flow, _ in self._moves(pot)
            if flow.departs >= since
        )

    def opening(self, pot: Pot, before: Position) -> int:
        start = 10**30 if str(self.who("victim")) in pot or str(self.who("other")) in pot else 0
        return start + sum(change for flow, change in self._moves(pot) if flow.departs < before)

    # --- AccountFacts -------------------------------------------------------------------------------------------------

    def outflows(self, account: Account, asset: Asset, since: Position) -> Sequence[Flow]:
        pot = holding_pot(account, asset)
        return [flow for flow, _ in self._moves(pot) if flow.source == pot and flow.departs >= since]

    def held_after(self, account: Account, asset: Asset, at: Position) -> int | None:
        if not self.are_holdings_known:
            return None
        return self.opening(holding_pot(account, asset), replace_part(at))

    def block_of(self, chain: Chain, txid: str) -> BlockRef | None:
        number = next(n for n in range(len(self.payments)) if digest(f"payment {n}") == txid)
        return None if number in self.unplaced else block(self.payments[number][0], chain)

    def memo_of(self, chain: Chain, txid: str) -> str | None:
        number = next(n for n in range(len(self.payments)) if digest(f"payment {n}") == txid)
        return self.memos.get(number, "")

    # --- PotBalances --------------------------------------------------------------------------------------------------

    def pot_balance(self, account: Account, asset: Asset, height: int | None = None) -> PotBalance:
        units = self.opening(holding_pot(account, asset), Position(self.height + 1, 0))
        return PotBalance(account, asset, units, block(self.height, asset.chain), digest(f"balance {account}"))


def replace_part(at: Position) -> Position:
    return at._replace(part=at.part + 1)


def renumbered(facts: TokenFacts, token: Asset) -> TokenFacts:
    return replace(facts, asset=token)
