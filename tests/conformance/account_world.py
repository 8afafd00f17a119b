"""Two worlds of accounts that sources are asked about: a real EVM node with a life on it, and the built TRON world.

What is so is worked out here without the library's readers. On the node: from its own blocks, receipts and flat traces
(no source reads those of a transaction), held against its balances in a test. On TRON: from the steps of the story.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from tests.nodes import tronsteps
from tests.nodes.anvil import GENESIS_UNITS, Anvil
from tests.nodes.evmkeys import Key
from tests.nodes.evmstory import ONE, Story, play
from tests.nodes.solidity import contracts
from tests.nodes.tronworld import TronWorld, tron_world

from cryptotrace.chains.evm.address import canonical_address
from cryptotrace.chains.evm.hashes import keccak256
from cryptotrace.chains.family import Network
from cryptotrace.chains.networks import network
from cryptotrace.model.block import BlockRef
from cryptotrace.model.flow import FlowKind, Pot, holding_pot
from cryptotrace.model.identity import Account, Asset
from cryptotrace.model.movement import AccountTransaction, Movement

LARGEST = 2**256 - 1
_NOBODY = "0x" + "00" * 20
Json = dict[str, Any]
Holding = tuple[Account, Asset]


@dataclass(frozen=True)
class Asking:
    """A question to a contract, and what it answers at the end of a block; None for a revert."""

    contract: Account
    data: bytes
    height: int
    returned: bytes | None


@dataclass(frozen=True)
class Event:
    """An event as it stands in a receipt."""

    contract: Account
    topics: tuple[bytes, ...]
    data: bytes
    txid: str
    height: int
    index: int
    """Place of the transaction in the block."""
    place: int
    """Place in the receipt."""


@dataclass
class AccountWorld:
    """A chain of accounts, and what of it is asked for."""

    network: Network
    other: Network
    """Another chain of the family, which no source of this world may pass for."""
    refs: dict[int, BlockRef]
    """Every block."""
    transactions: dict[str, AccountTransaction]
    """Every transaction and what it moved, in chain order."""
    events: list[Event]
    """Every event, in chain order."""
    tokens: list[Holding]
    """Holdings of fungible tokens that are asked for."""
    native: list[Holding]
    """Holdings of the chain's coin."""
    signers: list[Account]
    """Accounts with keys, of those that hold coins."""
    numbered: list[Holding]
    """Holdings of what is named by a number: ERC-721, TRC-10."""
    unused: Account
    """An account that nothing touches."""
    asked: list[Asking]
    """Questions to contracts at the tip."""
    asked_earlier: list[Asking]
    """The same before the tip."""
    claimed: str
    """The transaction in which the claimed tokens moved."""
    busy: Holding
    """A holding of tokens that many transactions touch."""
    opening: dict[Pot, int] = field(default_factory=dict)
    """What was there before the first block."""
    producer: Account | None = None
    """Who is paid the producer's part of fees; None where nobody is."""
    digests: dict[str, str] = field(default_factory=dict)
    """What the claim becomes over the truth, one digest a rule."""
    digests_of_transfers: dict[str, str] = field(default_factory=dict)
    """The same of transfers only, without what was burnt or destroyed."""

    @property
    def tip(self) -> BlockRef:
        """The newest block."""
        return self.refs[max(self.refs)]

    def balance(self, account: Account, asset: Asset, height: int | None = None) -> int:
        """Base units at the end of a block."""
        raise NotImplementedError

    def nonce(self, account: Account, height: int | None = None) -> int | None:
        """Transactions sent up to the end of a block; None where the chain does not count them."""
        return None

    def touching(self, account: Account, asset: Asset, first: int = 0, last: int = 10**9) -> list[str]:
        """Txids of what touched a holding between two heights, in chain order."""
        return [
            each.txid
            for each in self.transactions.values()
            if first <= height_of(each) <= last
            and any(m.asset == asset and account in (m.payer, m.payee) for m in each.movements)
        ]

    def first_touched(self, holding: Holding) -> int:
        """Height of the block in which something first touched a holding; that of the claim if that is later."""
        first = self.touching(*holding)[0]
        return max(self.place(first)[0], self.place(self.claimed)[0])

    def place(self, txid: str) -> tuple[int, int]:
        """Height and place in the block."""
        return height_of(self.transactions[txid]), self.transactions[txid].index

    @property
    def issues(self) -> list[str]:
        """Txids of what a contract issued without a Transfer."""
        return [each.txid for each in self.events if each.topics[0] == keccak256(b"Issue(uint256)")]

    @property
    def claim_movement(self) -> Movement:
        """What is claimed: the token transfer of that transaction."""
        found = [m for m in self.transactions[self.claimed].movements if m.place.startswith("log.")]
        return found[0]


def height_of(transaction: AccountTransaction) -> int:
    """Height of a transaction that is in a block."""
    assert transaction.block is not None
    return transaction.block.height


def _in_order(movements: Sequence[Movement]) -> tuple[Movement, ...]:
    return tuple(replace(each, part=part) for part, each in enumerate(movements))


# --- a real EVM node --------------------------------------------------------------------------------------------------


@dataclass
class EvmLife(AccountWorld):
    """What a node's chain holds, by the node."""

    node: Anvil = field(kw_only=True)
    story: Story = field(kw_only=True)
    blocks: list[Json] = field(kw_only=True)
    """Whole blocks as the node tells them."""
    receipts: dict[str, Json] = field(kw_only=True)
    """By txid with 0x."""
    traces: dict[str, list[Json]] = field(kw_only=True)
    """Flat traces by txid with 0x."""
    decimals: dict[str, int] = field(kw_only=True)
    """Decimals of the tokens, by contract."""
    exporters: list[str] = field(kw_only=True)
    """Accounts whose exports are at hand."""

    def balance(self, account: Account, asset: Asset, height: int | None = None) -> int:
        """What the node says."""
        at = self.tip.height if height is None else height
        if asset == self.network.asset:
            return int(self.node("eth_getBalance", account.address, hex(at)), 16)
        token = canonical_address(asset.reference)
        if asset.token_id is not None:
            owner = self.node.read(token, contracts()["Unique"].call("ownerOf", int(asset.token_id)), at)
            return int(canonical_address("0x" + owner[-20:].hex()) == account.address)
        return int.from_bytes(self.node.read(token, contracts()["Token"].call("balanceOf", account.address), at), "big")

    def nonce(self, account: Account, height: int | None = None) -> int | None:
        """What the node says."""
        at = self.tip.height if height is None else height
        return int(self.node("eth_getTransactionCount", account.address, hex(at)), 16)


class _Acts:
    """What happens after the story: the largest amounts, calls with value, numbered tokens, failures."""

    def __init__(self, node: Anvil) -> None:
        self.node = node
        self.people = node.accounts[1:6]
        a, b, c, d, _ = self.people
        kinds = contracts()
        self.large = node.deploy(a, kinds["Token"], "Large", "LRG", 18)
        self.splitter = node.deploy(a, kinds["Splitter"])
        self.unique = node.deploy(a, kinds["Unique"])
        self.mortal = node.deploy(a, kinds["Mortal"], value=5 * 10**15)
        token, split = kinds["Token"], kinds["Splitter"]
        node.do(a, self.large, token.call("mint", a, LARGEST))
        node.do(a, self.large, token.call("transfer", b, LARGEST))
        node.do(b, self.large, token.call("transfer", c, 2**255))
        node.do(b, self.large, token.call("burn", 2**254))
        for payer, payee, wei in ((a, b, 7), (b, c, 10**18), (c, c, 5), (a, d, 0)):
            node.submit(payer, payee, value=wei, gas=hex(21_000))
        node.submit(d, a, value=3, gas=hex(21_000), gasPrice=hex(20 * 10**9))
        node.mine()
        node.submit(a, self.splitter, split.call("split", [b, c, d]), 3 * 10**12)
        node.submit(b, self.splitter, split.call("tryPay", d, 10**9, False), 10**9)
        node.submit(b, self.splitter, split.call("tryPay", d, 10**9, True), 10**9)
        node.mine()
        node.do(c, self.splitter, split.call("dig", d, 3, 9), 10**6)
        node.do(c, self.splitter, split.call("refuse", d), 10**15)
        node.do(d, self.mortal, kinds["Mortal"].call("end", c))
        node.do(a, self.unique, kinds["Unique"].call("mint", a, 2**255 + 7))
        node.do(a, self.unique, kinds["Unique"].call("transferFrom", a, b, 2**255 + 7))
        node.mine()


def live(node: Anvil) -> EvmLife:
    """Play the story and more on a fresh node, and read what the node has of it."""
    producer = Key("producer").address
    node("anvil_setCoinbase", producer)
    story = play(node)
    acts = _Acts(node)
    found = network("evm-local")
    reader = _NodeReader(node, found)
    wei, names = found.asset, story.accounts
    tether, large = found.token("erc20", story.token), found.token("erc20", acts.large)  # type: ignore[attr-defined]
    nft = found.token("erc721", acts.unique, 2**255 + 7)  # type: ignore[attr-defined]

    def of(address: str) -> Account:
        return Account.of(found.chain, canonical_address(address))

    holders: tuple[str, ...] = (
        "victim",
        "thief",
        "first mule",
        "second mule",
        "deposit address",
        "exchange hot wallet",
        "stash",
    )
    holders += ("runaway", "last seen", "trader")
    coins = ("thief", "exchange gas station", "deposit address", "spammer", "second mule")
    return EvmLife(
        network=found,
        other=network("ethereum"),
        refs=reader.refs,
        transactions=reader.transactions(),
        events=reader.events,
        tokens=[(of(names[name]), tether) for name in holders] + [(of(each), large) for each in acts.people[:3]],
        native=[(of(names[name]), wei) for name in coins]
        + [(of(each), wei) for each in (*acts.people[:4], acts.splitter, acts.mortal, producer)],
        signers=[of(each) for each in (*(names[name] for name in coins), *acts.people[:4], producer)],
        numbered=[(of(each), nft) for each in acts.people[:2]],
        unused=of("0x" + "5a" * 20),
        asked=_asked_of(node, story, reader, node.height()),
        asked_earlier=_asked_of(node, story, reader, story.heights["theft"]),
        claimed=story.txids["theft"],
        busy=(of(names["first mule"]), tether),
        producer=of(producer),
        opening={holding_pot(of(each), wei): GENESIS_UNITS for each in node.accounts},
        node=node,
        story=story,
        blocks=reader.blocks,
        receipts=reader.receipts,
        traces=reader.traces,
        decimals={story.token: 6, story.fake_token: 6, acts.large: 18},
        exporters=[*map(canonical_address, names.values()), *node.accounts, acts.splitter, acts.mortal],
    )


def _asked_of(node: Anvil, story: Story, reader: _NodeReader, height: int) -> list[Asking]:
    tether, contract = contracts()["Tether"], reader.account(story.token)
    known = [tether.call("balanceOf", story.accounts[name]) for name in ("thief", "exchange hot wallet")]
    known += [tether.call("isBlackListed", story.accounts["second mule"]), tether.call("symbol")]
    answered = [Asking(contract, data, height, node.read(story.token, data, height)) for data in known]
    refused = Asking(contract, tether.call("issue", ONE), height, None)  # who asks is not the owner
    return [*answered, refused]


class _NodeReader:
    """What a node's blocks, receipts and flat traces say, read for the truth."""

    def __init__(self, node: Anvil, chain: Network) -> None:
        self.network = chain
        heights = range(node.height() + 1)
        self.blocks = node.many([("eth_getBlockByNumber", [hex(h), True]) for h in heights])
        hashes = [tx["hash"] for block in self.blocks for tx in block["transactions"]]
        told = node.many([("eth_getTransactionReceipt", [each]) for each in hashes])
        self.receipts: dict[str, Json] = dict(zip(hashes, told, strict=True))
        self.traces: dict[str, list[Json]] = {each: [] for each in hashes}
        for rows in node.many([("trace_block", [hex(h)]) for h in heights[1:]]):
            for row in rows:
                if row.get("transactionHash") in self.traces:
                    self.traces[row["transactionHash"]].append(row)
        self.refs = {h: self._ref(self.blocks[h]) for h in heights}
        self.events = [e for each in hashes for e in self._events(self.receipts[each])]

    def account(self, address: str) -> Account:
        return Account.of(self.network.chain, canonical_address(address))

    def _ref(self, block: Json) -> BlockRef:
        return BlockRef(self.network.chain, int(block["number"], 16), block["hash"][2:], int(block["timestamp"], 16))

    def transactions(self) -> dict[str, AccountTransaction]:
        """Every transaction."""
        return {tx["hash"][2:]: self._transaction(block, tx) for block in self.blocks for tx in block["transactions"]}

    def _transaction(self, block: Json, tx: Json) -> AccountTransaction:
        receipt = self.receipts[tx["hash"]]
        succeeded = receipt["status"] == "0x1"
        movements = self._fees(block, tx, receipt)
        if succeeded:
            movements += self._values(tx["hash"])
            movements += [m for event in self._events(receipt) for m in self._token_moves(event)]
        return AccountTransaction(
            chain=self.network.chain,
            txid=tx["hash"][2:],
            block=self._ref(block),
            index=int(tx["transactionIndex"], 16),
            sender=self.account(tx["from"]),
            nonce=int(tx["nonce"], 16),
            succeeded=succeeded,
            movements=_in_order(movements),
        )

    def _fees(self, block: Json, tx: Json, receipt: Json) -> list[Movement]:
        payer, coin = self.account(tx["from"]), self.network.asset
        gas, base = int(receipt["gasUsed"], 16), int(block["baseFeePerGas"], 16)
        paid = gas * (int(receipt["effectiveGasPrice"], 16) - base)
        return [
            Movement("fee.burnt", FlowKind.FEE, coin, gas * base, payer, None, 0),
            Movement("fee.paid", FlowKind.FEE, coin, paid, payer, self.account(block["miner"]), 0),
        ]

    def _values(self, txid: str) -> list[Movement]:
        """Value that moved by the transaction itself and by the calls inside it that were not undone."""
        rows = self.traces[txid]
        failed = [tuple(row["traceAddress"]) for row in rows if row.get("error")]
        found = []
        for row in sorted(rows, key=lambda row: tuple(row["traceAddress"])):
            at, parties = tuple(row["traceAddress"]), parties_of(row)
            if parties is None or any(at[: len(above)] == above for above in failed):
                continue
            payer, payee, units = parties
            if units:
                place = "value" if not at else "call." + ".".join(map(str, at))
                who = self.account(payer), self.account(payee)
                found.append(Movement(place, FlowKind.TRANSFER, self.network.asset, units, *who, 0))
        return found

    def _events(self, receipt: Json) -> list[Event]:
        return [
            Event(
                self.account(log["address"]),
                tuple(bytes.fromhex(each[2:]) for each in log["topics"]),
                bytes.fromhex(log["data"][2:]),
                receipt["transactionHash"][2:],
                int(receipt["blockNumber"], 16),
                int(receipt["transactionIndex"], 16),
                place,
            )
            for place, log in enumerate(receipt["logs"])
        ]

    def _token_moves(self, event: Event) -> list[Movement]:
        kind, *words = event.topics
        contract = event.contract.address
        if kind == keccak256(b"DestroyedBlackFunds(address,uint256)"):
            payer = self.account("0x" + event.data[12:32].hex())
            asset = self.network.token("erc20", contract)  # type: ignore[attr-defined]
            units = int.from_bytes(event.data[32:64], "big")
            return [Movement(f"log.{event.place}", FlowKind.BURN, asset, units, payer, None, 0)]
        if kind != keccak256(b"Transfer(address,address,uint256)"):
            return []
        numbers = [int.from_bytes(word, "big") for word in words[2:]]
        asset = self.network.token("erc721" if numbers else "erc20", contract, *numbers)  # type: ignore[attr-defined]
        payer_, payee_ = (None if not any(word[12:]) else self.account("0x" + word[12:].hex()) for word in words[:2])
        units = 1 if numbers else int.from_bytes(event.data, "big")
        flow = FlowKind.ISSUANCE if payer_ is None else FlowKind.BURN if payee_ is None else FlowKind.TRANSFER
        return [Movement(f"log.{event.place}", flow, asset, units, payer_, payee_, 0)]


def parties_of(row: Json) -> tuple[str, str, int] | None:
    """Payer, payee and wei of a flat trace; None for a call that carries none."""
    action, kind = row["action"], row["type"]
    if kind == "suicide":
        return action["address"], action["refundAddress"], int(action["balance"], 16)
    if kind == "create":
        return action["from"], (row.get("result") or {}).get("address") or _NOBODY, int(action["value"], 16)
    if kind != "call" or action.get("callType", "call") != "call":
        return None
    return action["from"], action["to"], int(action["value"], 16)


# --- TRON -------------------------------------------------------------------------------------------------------------


@dataclass
class TronLife(AccountWorld):
    """The built TRON world, by its steps."""

    held: TronWorld = field(kw_only=True)

    def balance(self, account: Account, asset: Asset, height: int | None = None) -> int:
        """What the steps give."""
        name = next(name for name, address in self.held.addresses.items() if address == account.address)
        of = {self.held.asset(each): each for each in ("trx", "usdt", "fake", tronsteps.TRC10)}
        return self.held.balance(name, of[asset], height)


@cache
def tron_life() -> TronLife:
    """The world as a made-up main network."""
    held = tron_world("tron")
    refs = {height: held.ref(height) for height in range(held.height + 1)}
    reader = _StepReader(held)
    usdt, trx, trc10 = held.asset("usdt"), held.asset("trx"), held.asset(tronsteps.TRC10)
    holders: tuple[str, ...] = (
        "victim",
        "mule_a",
        "mule_b",
        "deposit",
        "hot",
        "frozen",
        "bystander",
        "own_wallet",
        "whale",
        "issuer",
    )
    coins = ("mule_b", "own_wallet", "deposit", "fresh", "splitter", "staker", "victim")
    return TronLife(
        network=held.network,
        other=network("tron-nile"),
        refs=refs,
        transactions=reader.transactions,
        events=reader.events(),
        tokens=[(held.account(name), usdt) for name in holders],
        native=[(held.account(name), trx) for name in coins],
        signers=[held.account(name) for name in coins if name != "splitter"],
        numbered=[(held.account(name), trc10) for name in ("splitter", "own_wallet", "victim")],
        unused=held.account("producer_3"),
        asked=_asked_on_tron(held),
        asked_earlier=[replace(each, height=10) for each in _asked_on_tron(held)],
        claimed=held.txids["theft"],
        busy=(held.account("hot"), usdt),
        opening={
            holding_pot(held.account("faucet"), trx): held.balance("faucet", "trx", 0),
            holding_pot(held.account("faucet"), trc10): held.balance("faucet", tronsteps.TRC10, 0),
        },
        held=held,
    )


def _asked_on_tron(held: TronWorld) -> list[Asking]:
    usdt, height = held.account("usdt"), held.height
    words = {name: bytes.fromhex(held_hex(held, name)).rjust(32, b"\0") for name in ("mule_a", "frozen")}
    balance, listed = (keccak256(each)[:4] for each in (b"balanceOf(address)", b"isBlackListed(address)"))
    return [
        Asking(usdt, balance + words["mule_a"], height, held.balance("mule_a", "usdt").to_bytes(32, "big")),
        Asking(usdt, listed + words["frozen"], height, int(held.is_frozen("frozen")).to_bytes(32, "big")),
        Asking(usdt, keccak256(b"isBlacklisted(address)")[:4] + words["frozen"], height, None),
    ]


def held_hex(held: TronWorld, name: str) -> str:
    """The 20 bytes of an account in hex."""
    import base58

    return str(base58.b58decode_check(held.addresses[name])[1:].hex())


class _StepReader:
    """What each step of the story moves."""

    def __init__(self, held: TronWorld) -> None:
        self._held = held
        self.transactions: dict[str, AccountTransaction] = {}
        for height, steps in enumerate(tronsteps.blocks(), 1):
            for index, step in enumerate(steps):
                txid = held.txids[step.name]
                succeeded = step.result == "SUCCESS"
                moves = [*self._fee(step), *(self._moves(step, height) if succeeded else [])]
                self.transactions[txid] = AccountTransaction(
                    chain=held.network.chain,
                    txid=txid,
                    block=held.ref(height),
                    index=index,
                    sender=held.account(step.by),
                    nonce=None,
                    succeeded=succeeded,
                    movements=_in_order(moves),
                    memo=step.memo,
                )

    def _move(self, place: str, asset: Asset | str, payer: str | None, payee: str | None, units: int) -> Movement:
        kind = FlowKind.TRANSFER if payer and payee else FlowKind.BURN if payer else FlowKind.ISSUANCE
        by, to = (None if each is None else self._held.account(each) for each in (payer, payee))
        of = asset if isinstance(asset, Asset) else self._held.asset(asset)
        return Movement(place, kind, of, units, by, to, 0)

    def _fee(self, step: tronsteps.Step) -> list[Movement]:
        units = step.energy_fee + step.net_fee + step.other_fee
        payer = self._held.account(step.by)
        return [Movement("fee", FlowKind.FEE, self._held.asset("trx"), units, payer, None, 0)] if units else []

    def _moves(self, step: tronsteps.Step, height: int) -> list[Movement]:
        args = step.args
        if step.kind == "trx":
            return [self._move("value", "trx", step.by, args["to"], args["sun"])]
        if step.kind == "trc10":
            return [self._move("value", args["token"], step.by, args["to"], args["units"])]
        if step.kind == "freeze":  # what is staked stays the owner's, as another asset
            staked = Asset(f"{self._held.network.chain}/staked:{self._held.network.coin_type}")
            return [
                self._move("value", "trx", step.by, None, args["sun"]),
                self._move("value.staked", staked, None, step.by, args["sun"]),
            ]
        return self._call(step, height) if step.kind == "call" else []

    def _call(self, step: tronsteps.Step, height: int) -> list[Movement]:
        contract, method, values = step.args["contract"], step.args["method"], step.args["values"]
        found = [self._move("value", "trx", step.by, contract, step.args["sun"])] if step.args["sun"] else []
        for number, inner in enumerate(step.inner):
            if not inner.rejected:
                place = f"call.{number}" + (f".{inner.token}" if inner.token else "")
                found.append(self._move(place, inner.token or "trx", contract, inner.to, inner.units))
        if method in ("transfer", "transferFrom"):
            payer, payee, units = (step.by, *values) if method == "transfer" else values
            found.append(self._move("log.0", contract, payer, payee, units))
        elif method == "issue":
            found.append(self._move("log.0", contract, None, step.by, values[0]))
        elif method == "destroyBlackFunds":
            held = self._held.balance(values[0], contract, height - 1)
            found.append(self._move("log.0", contract, values[0], None, held))
        return found

    def events(self) -> list[Event]:
        """Every event, as the reports of execution have it."""
        found = []
        for txid, (_, height, index) in self._held.transactions.items():
            for place, log in enumerate(self._held.infos[txid].get("log", [])):
                name = next(n for n, a in self._held.addresses.items() if held_hex(self._held, n) == log["address"])
                topics = tuple(bytes.fromhex(each) for each in log["topics"])
                data = bytes.fromhex(log.get("data", ""))
                found.append(Event(self._held.account(name), topics, data, txid, height, index, place))
        return found


def sums(transactions: Mapping[str, AccountTransaction], opening: Mapping[Pot, int]) -> dict[Pot, int]:
    """Every holding at the end, by opening and movements."""
    held = dict(opening)
    for each in transactions.values():
        for m in each.movements:
            for account, change in ((m.payer, -m.units), (m.payee, m.units)):
                if account is not None:
                    pot = holding_pot(account, m.asset)
                    held[pot] = held.get(pot, 0) + change
    return held
