"""A theft of USDT-like tokens on a real EVM node, told from beginning to end with names.

A victim pays 400 000 to a thief. He splits them over two accounts, the first of which held 120 000 of its own. From
there a part goes to a customer's deposit address at an exchange and is swept into its hot wallet, a part is frozen by
the issuer where it lies, a part is frozen and destroyed, and a part gets away. Around it there is spam: transfers of
zero units to an address that looks like a known one, and a fake token that bears the real symbol.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.nodes.anvil import Anvil, anvil
from tests.nodes.evmkeys import Key
from tests.nodes.solidity import contracts

from cryptotrace.chains.evm.address import canonical_address

#: Base units of one token.
ONE = 10**6
_NAMES = (
    "issuer",
    "victim",
    "thief",
    "first mule",
    "second mule",
    "trader",
    "stash",
    "runaway",
    "last seen",
    "exchange gas station",
    "exchange hot wallet",
    "deposit address",
    "other customer",
    "other deposit address",
    "spammer",
)


@dataclass
class Story:
    """What happened, by name. Addresses have their checksum; txids are 64 hex digits without ``0x``."""

    chain_id: int
    """EIP-155 chain id."""
    token: str = ""
    """The USDT-like token."""
    fake_token: str = ""
    """The token that only bears its symbol."""
    accounts: dict[str, str] = field(default_factory=dict)
    """Addresses by name."""
    txids: dict[str, str] = field(default_factory=dict)
    """Transactions by what they are."""
    heights: dict[str, int] = field(default_factory=dict)
    """The heights of these transactions."""
    holdings: dict[str, int] = field(default_factory=dict)
    """Base units of the token that each account holds in the end, as the node says."""
    tip: int = 0
    """Height of the last block."""


class _Teller:
    """Plays the steps on a node and notes them."""

    def __init__(self, node: Anvil) -> None:
        self.node = node
        self.keys = {name: Key(name) for name in _NAMES}
        self.story = Story(int(node("eth_chainId"), 16))
        self.story.accounts = {name: key.address for name, key in self.keys.items()}
        self.tether = contracts()["Tether"]

    def address(self, name: str) -> str:
        """Where that account is."""
        return self.story.accounts[name]

    def note(self, step: str, receipt: dict[str, Any], succeeds: bool = True) -> None:
        """Keep the name of a transaction."""
        assert receipt["status"] == ("0x1" if succeeds else "0x0"), f"{step}: {receipt}"
        self.story.txids[step] = receipt["transactionHash"][2:]
        self.story.heights[step] = int(receipt["blockNumber"], 16)

    def token(self, step: str, who: str, function: str, *arguments: Any, succeeds: bool = True) -> None:
        """A call of the token."""
        data = self.tether.call(function, *arguments)
        self.note(step, self.keys[who].do(self.node, self.story.token, data, gas=100_000), succeeds)

    def pay(self, step: str, payer: str, payee: str, tokens: int, *, succeeds: bool = True) -> None:
        """A transfer of whole tokens."""
        self.token(step, payer, "transfer", self.address(payee), tokens * ONE, succeeds=succeeds)

    def fund(self, step: str, payer: str, payee: str, wei: int) -> None:
        """A payment in the native coin."""
        self.note(step, self.keys[payer].do(self.node, self.address(payee), value=wei, gas=21_000))

    def end(self) -> Story:
        """The story, with what is held in the end."""
        for name, address in self.story.accounts.items():
            held = self.node.read(self.story.token, self.tether.call("balanceOf", address))
            self.story.holdings[name] = int.from_bytes(held, "big")
        self.story.tip = self.node.height()
        return self.story


def _begin(tell: _Teller) -> None:
    """Coins for fees, the token, and what everybody held before."""
    node, faucet = tell.node, tell.node.accounts[0]
    without = {"deposit address", "other deposit address", "last seen"}  # the exchange funds its own before a sweep
    for name in _NAMES:
        if name not in without:
            node.submit(faucet, tell.address(name), value=10**18, gas=hex(21_000))
    node.mine()
    created = tell.keys["issuer"].do(node, None, tell.tether.creation(50_000_000 * ONE))
    tell.story.token = canonical_address(str(created["contractAddress"]))
    tell.note("token created", created)
    tell.pay("exchange buys", "issuer", "exchange hot wallet", 20_000_000)
    tell.pay("trader buys", "issuer", "trader", 500_000)
    tell.pay("customer buys", "issuer", "other customer", 90_000)
    tell.pay("victim buys", "issuer", "victim", 430_000)
    tell.pay("clean tokens of the first mule", "trader", "first mule", 120_000)


def _sweep(tell: _Teller, label: str, customer: str, deposit: str, tokens: int) -> None:
    """A customer pays in; the exchange pays the fee of the sweep and moves all to its hot wallet."""
    tell.pay(label, customer, deposit, tokens)
    tell.fund(f"{label}: gas", "exchange gas station", deposit, 2 * 10**15)
    tell.pay(f"{label}: sweep", deposit, "exchange hot wallet", tokens)


def _poison(tell: _Teller) -> None:
    """What a victim's wallet shows and what is not a payment of hers."""
    node, spammer = tell.node, tell.keys["spammer"]
    known = tell.address("thief")
    alike = known[:6].lower() + tell.address("spammer")[6:38].lower() + known[38:].lower()
    tell.story.accounts["look-alike of the thief"] = alike = canonical_address(alike)
    tell.token("zero-value transfer to the look-alike", "spammer", "transferFrom", tell.address("victim"), alike, 0)
    fake = contracts()["FakeToken"]
    created = spammer.do(node, None, fake.creation())
    tell.story.fake_token = canonical_address(str(created["contractAddress"]))
    tell.note("fake token created", created)
    for step, payer, payee in (
        ("fake transfer to the look-alike", tell.address("victim"), alike),
        ("fake transfer to the first mule", tell.address("spammer"), tell.address("first mule")),
    ):
        tell.note(step, spammer.do(node, tell.story.fake_token, fake.call("say", payer, payee, 400_000 * ONE)))


def play(node: Anvil) -> Story:
    """Play the story on a fresh node."""
    tell = _Teller(node)
    _begin(tell)
    tell.pay("theft", "victim", "thief", 400_000)
    _poison(tell)
    tell.pay("to the first mule", "thief", "first mule", 250_000)
    tell.pay("to the second mule", "thief", "second mule", 150_000)
    _sweep(tell, "deposit of another customer", "other customer", "other deposit address", 30_000)
    _sweep(tell, "deposit", "first mule", "deposit address", 180_000)
    tell.pay("first mule pays on", "first mule", "runaway", 130_000)
    tell.pay("second mule hides a part", "second mule", "stash", 40_000)
    tell.pay("runaway pays on", "runaway", "last seen", 125_000)
    tell.token("freeze of the second mule", "issuer", "addBlackList", tell.address("second mule"))
    tell.pay("refused to the frozen one", "second mule", "runaway", 110_000, succeeds=False)
    tell.token("freeze of the stash", "issuer", "addBlackList", tell.address("stash"))
    tell.token("destruction of the stash", "issuer", "destroyBlackFunds", tell.address("stash"))
    node.mine(3)
    return tell.end()


if __name__ == "__main__":
    with anvil() as running:
        json.dump(asdict(play(running)), sys.stdout, indent=2)
