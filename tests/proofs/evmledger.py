"""The proof on a real EVM node: balances computed from movements are the node's, for every account, at every block."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from eth_abi.abi import decode, encode
from tests.nodes.anvil import GENESIS_UNITS, Anvil
from tests.nodes.evmworld import World

from cryptotrace.chains.evm.address import canonical_address
from cryptotrace.chains.evm.calls import selector
from cryptotrace.chains.evm.network import EvmNetwork
from cryptotrace.chains.networks import network
from cryptotrace.evidence.recorder import MemoryRecorder
from cryptotrace.model.flow import FlowKind
from cryptotrace.model.identity import Account, Asset
from cryptotrace.model.movement import AccountTransaction
from cryptotrace.sources.evm.rpc import EvmRpcSource
from cryptotrace.sources.http import HttpTransport
from cryptotrace.sources.jsonrpc import BatchChannel, Channel
from cryptotrace.sources.spec import parse_spec


def _local() -> EvmNetwork:
    found = network("evm-local")
    assert isinstance(found, EvmNetwork)
    return found


LOCAL = _local()
ETHER = LOCAL.asset
#: Tokens whose events tell all that their balances do.
PLAIN_TOKENS = ("tether", "token", "weth", "proxy", "behind")


@contextmanager
def source_over(
    world: World,
    around: Callable[[Channel], Channel] | None = None,
    recorder: MemoryRecorder | None = None,
    **more: int,
) -> Iterator[EvmRpcSource]:
    """The source over a world's node; ``around`` may put something between them."""
    spec = parse_spec(world.node.spec)
    transport = HttpTransport(spec, recorder or MemoryRecorder())
    channel: Channel = BatchChannel(transport, spec.name, 50, version="2.0", target="")
    known = {"wrappers": frozenset([world.at["weth"]]), "owner_issued": frozenset([world.at["tether"]])}
    try:
        channel = channel if around is None else around(channel)
        yield EvmRpcSource(LOCAL, channel, lambda _: None, tip="latest", **known, **more)  # type: ignore[arg-type]
    finally:
        transport.close()


def token_of(contract: str, token_id: int | None = None, kind: str = "erc20") -> Asset:
    """The asset of a contract."""
    return Asset(f"{LOCAL.chain}/{kind}:{contract.lower()}" + ("" if token_id is None else f"/{token_id}"))


def account_of(address: str) -> Account:
    """The account of an address."""
    return Account.of(LOCAL.chain, canonical_address(address))


@dataclass
class Ledger:
    """Holdings by asset and address, from movements."""

    held: dict[Asset, dict[str, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))
    """Base units; what was never touched is not in it."""
    burnt: int = 0
    """Wei that left the world: fees that nobody got, and burns."""
    seen: Counter[str] = field(default_factory=Counter)
    """How many movements of each kind of place there were."""

    def take(self, tx: AccountTransaction) -> None:
        """Apply a transaction."""
        for each in tx.movements:
            self.seen[f"{each.kind.value} {each.place.partition('.')[0]}"] += 1
            held = self.held[each.asset]
            if each.payer is not None:
                held[each.payer.address] -= each.units
            if each.payee is not None:
                held[each.payee.address] += each.units
            if each.asset == ETHER and each.payee is None:
                assert each.kind in (FlowKind.FEE, FlowKind.BURN)
                self.burnt += each.units
            assert each.kind is not FlowKind.ISSUANCE or each.asset != ETHER, "nothing mints ether here"


@dataclass
class Tally:
    """What a proof saw."""

    blocks: int = 0
    transactions: int = 0
    failed: int = 0
    compared: int = 0
    """Holdings that were compared with the node's, each at each block."""
    movements: Counter[str] = field(default_factory=Counter)
    missing: Counter[str] = field(default_factory=Counter)
    notices: Counter[str] = field(default_factory=Counter)


class Truth:
    """What the node says of balances, many in one question."""

    def __init__(self, world: World) -> None:
        self.node: Anvil = world.node
        self._lens = world.at["lens"]

    def ether(self, accounts: Sequence[str], height: int) -> dict[str, int]:
        """Wei of each account at the end of a block."""
        told = self.node.many([("eth_getBalance", (account, hex(height))) for account in accounts])
        return {account: int(units, 16) for account, units in zip(accounts, told, strict=True)}

    def tokens(self, contract: str, accounts: Sequence[str], height: int) -> dict[str, int]:
        """Base units of a token that each account holds at the end of a block."""
        data = selector("tokens(address,address[])") + encode(["address", "address[]"], [contract, accounts])
        (units,) = decode(["uint256[]"], self.node.read(self._lens, data, height))
        return dict(zip(accounts, units, strict=True))

    def unique(self, contract: str, numbers: Sequence[int], height: int) -> dict[int, str]:
        """Who holds each token of an ERC-721 contract."""
        asked = [
            {"to": contract, "data": "0x" + (selector("ownerOf(uint256)") + encode(["uint256"], [n])).hex()}
            for n in numbers
        ]
        told = self.node.many([("eth_call", (each, hex(height))) for each in asked])
        return {number: canonical_address("0x" + word[-40:]) for number, word in zip(numbers, told, strict=True)}

    def multi(self, contract: str, pairs: Sequence[tuple[str, int]], height: int) -> dict[tuple[str, int], int]:
        """Units of a token of an ERC-1155 contract by account and token."""
        call = selector("balanceOf(address,uint256)")
        asked = [{"to": contract, "data": "0x" + (call + encode(["address", "uint256"], pair)).hex()} for pair in pairs]
        told = self.node.many([("eth_call", (each, hex(height))) for each in asked])
        return {pair: int(word, 16) for pair, word in zip(pairs, told, strict=True)}


class Proof:
    """Follows a world's chain from genesis and compares every holding with the node's at the end of every block.

    A node keeps the states of some hundred blocks at hand; ``follow`` every now and then on a long chain.
    """

    def __init__(self, world: World) -> None:
        self.tally = Tally()
        self.ledger = Ledger()
        self._world = world
        self._truth = Truth(world)
        self._height = 0
        for account in world.node.accounts:
            self.ledger.held[ETHER][account] = GENESIS_UNITS
        self._total = GENESIS_UNITS * len(world.node.accounts)

    def follow(self, source: EvmRpcSource) -> Tally:
        """Read the blocks that are new, up to the source's tip."""
        for height in range(self._height + 1, source.tip().height + 1):
            for tx in source.block_transactions(height):
                self._take(tx, height)
            self._compare_ether(height)
            if height >= self._world.settled:
                self.tally.compared += _compare_tokens(self._world, self.ledger, self._truth, height)
            self.tally.blocks += 1
            self._height = height
        self.tally.movements = self.ledger.seen
        return self.tally

    def _take(self, tx: AccountTransaction, height: int) -> None:
        assert tx.block is not None
        assert tx.block.height == height
        assert tx.succeeded or {each.kind for each in tx.movements} == {FlowKind.FEE}, tx
        self.ledger.take(tx)
        self.tally.transactions += 1
        self.tally.failed += not tx.succeeded
        self.tally.missing.update(tx.missing)
        self.tally.notices.update(each.split()[0] for each in tx.notices)

    def _compare_ether(self, height: int) -> None:
        held = self.ledger.held[ETHER]
        is_so = self._truth.ether(list(held), height)
        assert dict(held) == is_so, difference(held, is_so, f"ether at block {height}")
        # nobody that the movements do not name got any
        assert sum(is_so.values()) + self.ledger.burnt == self._total, f"ether at block {height} is not whole"
        self.tally.compared += len(is_so)


def _compare_tokens(world: World, ledger: Ledger, truth: Truth, height: int) -> int:
    everybody = list(ledger.held[ETHER])
    count = 0
    for name in PLAIN_TOKENS:
        held = ledger.held[token_of(world.at[name])]
        accounts = list({*everybody, *held})
        is_so = truth.tokens(world.at[name], accounts, height)
        assert {a: held.get(a, 0) for a in accounts} == is_so, difference(held, is_so, f"{name} at block {height}")
        count += len(accounts)
    unique = {asset.token_id: held for asset, held in ledger.held.items() if asset.namespace == "erc721"}
    owners = truth.unique(world.at["unique"], [int(number or 0) for number in unique], height)
    for number, owner in owners.items():
        holders = [a for a, units in unique[str(number)].items() if units]
        assert holders == ([owner] if int(owner, 16) else []), f"unique {number} at block {height}: {holders}, {owner}"
    multi = {asset.token_id: held for asset, held in ledger.held.items() if asset.namespace == "erc1155"}
    pairs = list(itertools.product(world.people, [int(number or 0) for number in multi]))
    for (account, number), units in truth.multi(world.at["multi"], pairs, height).items():
        assert multi[str(number)].get(account, 0) == units, f"multi {number} of {account} at block {height}"
    return count + len(owners) + len(pairs)


def difference(held: dict[str, int], is_so: dict[str, int], what: str) -> str:
    """Where a ledger and the node differ."""
    wrong = {a: is_so.get(a, 0) - held.get(a, 0) for a in {*held, *is_so} if held.get(a, 0) != is_so.get(a, 0)}
    return f"{what}: the node has more (or less) by {wrong}"
