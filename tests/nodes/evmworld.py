"""A seeded life of a real EVM node: every way in which value moves, fails to move, or moves without saying so."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.nodes.anvil import Anvil
from tests.nodes.evmkeys import Key
from tests.nodes.solidity import Contract, contracts

ETHER = 10**18
_MOST = 2**256 - 1
_NOBODY = "0x" + "00" * 20
_GAS = hex(400_000)


@dataclass
class World:
    """A node with contracts on it and people who use them."""

    node: Anvil
    """The node."""
    seed: int
    """What its life is drawn from."""
    at: dict[str, str] = field(default_factory=dict)
    """Where the contracts are, by the names that they have here."""
    kinds: dict[str, Contract] = field(default_factory=dict)
    """What they are."""
    forwarders: list[str] = field(default_factory=list)
    """Deposit addresses, with code or not yet."""
    mortals: list[str] = field(default_factory=list)
    """Contracts that can end themselves."""
    uniques: dict[int, str] = field(default_factory=dict)
    """Who was last given which unique token."""
    done: dict[str, int] = field(default_factory=dict)
    """How often each thing was tried."""
    txids: list[str] = field(default_factory=list)
    """Every transaction that was handed in after the contracts were there, 64 hex digits."""

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.people = self.node.accounts[:8]
        self.issuer = self.node.accounts[8]
        self.producers = [self.node.accounts[9], Key("producer").address, self.people[0]]
        self.borrower = Key("borrower")
        self.strangers = ["0x" + self.random.randbytes(20).hex() for _ in range(40)]
        self._frozen: set[str] = set()
        self._salts = 0
        self._settle()
        self.settled = self.node.height()
        """From this height on all contracts are there."""

    # --- contracts ----------------------------------------------------------------------------------------------------

    def _settle(self) -> None:
        known = contracts()

        def put(name: str, kind: str, *arguments: Any) -> None:
            self.at[name] = self.node.deploy(self.issuer, known[kind], *arguments)
            self.kinds[name] = known[kind]

        put("lens", "Lens")
        put("tether", "Tether", 10**15)
        put("token", "Token", "Test Token", "TOK", 18)
        put("tax", "TaxToken", self.people[7])
        put("rebase", "RebasingToken")
        put("weth", "Weth")
        put("behind", "Token", "Test Behind", "BHD", 18)
        put("proxy", "Proxy", self.at["behind"])
        self.kinds["proxy"] = known["Token"]
        put("splitter", "Splitter")
        put("refuser", "Refuser")
        put("factory", "Factory", self.issuer)
        put("undertaker", "Undertaker")
        put("unique", "Unique")
        put("multi", "Multi")
        put("router", "Router")
        for _ in range(4):
            self._salts += 1
            where = self.node.read(self.at["factory"], self._data("factory", "where", self._salt(self._salts)))
            self.forwarders.append(str(self.kinds["factory"].result("where", where)))
        for person in self.people:
            self.node.submit(self.issuer, self.at["tether"], self._data("tether", "transfer", person, 10**12))
            for name in ("token", "tax", "rebase", "proxy"):
                self.node.submit(person, self.at[name], self._data(name, "mint", person, 10**21))
            self.node.submit(person, self.at["weth"], value=3 * ETHER)
        # as much as there can be, and back: later some of it stays
        self.node.submit(self.people[0], self.at["behind"], self._data("behind", "mint", self.people[0], _MOST))
        self.node.submit(self.people[0], self.at["behind"], self._data("behind", "transfer", self.people[1], _MOST))
        self.node.submit(self.people[1], self.at["behind"], self._data("behind", "burn", _MOST - 2**254))
        self.node.submit(self.issuer, self.borrower.address, value=ETHER)
        self.node.mine()

    @staticmethod
    def _salt(number: int) -> bytes:
        return number.to_bytes(32, "big")

    def _data(self, name: str, function: str, *arguments: Any) -> bytes:
        return self.kinds[name].call(function, *arguments)

    # --- drawing ------------------------------------------------------------------------------------------------------

    def person(self) -> str:
        """One of the people."""
        return self.random.choice(self.people)

    def anybody(self) -> str:
        """A person, a contract, a deposit address, the producer or a stranger."""
        stranger = self.random.choice(self.strangers) if self.random.random() < 0.05 else None
        known = [*self.people, *self.forwarders, *self.mortals[-3:], self.borrower.address, *self.producers]
        known += [self.at[name] for name in ("splitter", "refuser", "router")]
        return stranger or self.random.choice(known)

    def units(self, most: int = ETHER) -> int:
        """An amount: mostly something, sometimes nothing or one unit."""
        return self.random.choice([0, 1, self.random.randrange(most), self.random.randrange(most), most // 7])

    # --- living -------------------------------------------------------------------------------------------------------

    def live(self, transactions: int) -> None:
        """Hand in so many transactions, a few to a block."""
        actions = self._actions()
        names = list(actions)
        weights = [actions[name][0] for name in names]
        made = 0
        while made < transactions:
            self.node("anvil_setCoinbase", self.random.choice(self.producers))
            for _ in range(self.random.choice([1, 1, 2, 3, 5, 8])):
                (name,) = self.random.choices(names, weights)
                self.done[name] = self.done.get(name, 0) + 1
                actions[name][1]()
                made += 1
            self.node.mine()
        self.node.mine()

    def _send(self, sender: str, to: str | None, data: bytes = b"", value: int = 0, **more: Any) -> None:
        self.txids.append(self.node.submit(sender, to, data, value, **({"gas": _GAS} | more))[2:])

    def _on(
        self, name: str, function: str, *arguments: Any, by: str | None = None, value: int = 0, **more: Any
    ) -> None:
        self._send(by or self.person(), self.at[name], self._data(name, function, *arguments), value, **more)

    def _actions(self) -> dict[str, tuple[int, Callable[[], None]]]:
        return {
            "ether": (12, self._ether),
            "old transaction": (4, self._old),
            "tether": (10, self._tether),
            "issuer": (6, self._issuer),
            "token": (8, lambda: self._any_token("token")),
            "largest amount": (3, self._largest),
            "tax": (4, lambda: self._any_token("tax")),
            "rebase": (4, self._rebase),
            "proxy": (4, lambda: self._any_token("proxy")),
            "weth": (8, self._weth),
            "split": (8, self._split),
            "tried": (6, self._tried),
            "dig": (5, self._dig),
            "tip": (4, self._tip),
            "forward": (8, self._forward),
            "end": (8, self._end),
            "unique": (5, self._unique),
            "multi": (5, self._multi),
            "mix": (6, self._mix),
            "failing": (5, self._failing),
            "borrowed code": (3, self._borrow),
        }

    def _ether(self) -> None:
        self._send(self.person(), self.anybody(), value=self.units())

    def _old(self) -> None:
        more: dict[str, Any] = {"gasPrice": hex(20 * 10**9)}
        if self.random.random() < 0.5:
            keys = ["0x" + self._salt(n).hex() for n in range(2)]
            more["accessList"] = [{"address": self.at["tether"], "storageKeys": keys}]
        self._send(self.person(), self.anybody(), value=self.units(), **more)

    def _tether(self) -> None:
        if self.random.random() < 0.7:
            self._on("tether", "transfer", self.anybody(), self.units(10**11))
        else:
            owner, spender = self.person(), self.person()
            self._on("tether", "approve", spender, 10**11, by=owner)
            self._on("tether", "transferFrom", owner, self.anybody(), self.units(10**10), by=spender)

    def _issuer(self) -> None:
        who = self.person()
        frozen = sorted(self._frozen)
        what = self.random.choice(["issue", "redeem", "freeze", "thaw", "destroy", "fee"])
        if what in ("issue", "redeem"):
            self._on("tether", what, self.units(10**12), by=self.issuer)
        elif what == "freeze" and len(frozen) < 3:
            self._frozen.add(who)
            self._on("tether", "addBlackList", who, by=self.issuer)
        elif what == "thaw" and frozen:
            self._frozen.discard(frozen[0])
            self._on("tether", "removeBlackList", frozen[0], by=self.issuer)
        elif what == "destroy":
            self._on("tether", "destroyBlackFunds", frozen[0] if frozen else who, by=self.issuer)
        else:
            self._on("tether", "setParams", self.random.choice([0, 10]), by=self.issuer)

    def _any_token(self, name: str) -> None:
        what = self.random.choice(["transfer", "transfer", "transfer", "mint", "burn"])
        if what == "burn":
            self._on(name, what, self.units(10**20))
        else:
            self._on(name, what, self.anybody(), self.units(10**20))

    def _largest(self) -> None:
        """More than fits into 128 bits, and as much as fits at all; what is too much fails."""
        who = self.person()
        self._on("behind", "mint", who, self.random.choice([_MOST, _MOST - 1, 2**200, 2**128]), by=who)
        self._on("behind", "transfer", self.person(), self.random.choice([_MOST, 2**199, 2**127]), by=who)
        if self.random.random() < 0.7:
            self._on("behind", "burn", self.random.choice([_MOST, 2**199]), by=who)

    def _rebase(self) -> None:
        if self.random.random() < 0.2:
            self._on("rebase", "rebase", self.random.choice([50, 100, 101, 250]))
        else:
            self._on("rebase", "transfer", self.anybody(), self.units(10**19))

    def _weth(self) -> None:
        what = self.random.choice(["deposit", "receive", "withdraw", "withdraw", "transfer"])
        if what == "deposit":
            self._on("weth", what, value=self.units())
        elif what == "receive":
            self._send(self.person(), self.at["weth"], value=self.units())
        elif what == "withdraw":
            self._on("weth", what, self.units())
        else:
            self._on("weth", what, self.anybody(), self.units())

    def _split(self) -> None:
        to = [self.anybody() for _ in range(self.random.randrange(1, 6))]
        self._on("splitter", "split", to, value=self.units(), gas=hex(2_000_000))

    def _tried(self) -> None:
        fails = self.random.random() < 0.5
        self._on("splitter", "tryPay", self.anybody(), self.units(10**9), fails, value=self.units(10**9))

    def _dig(self) -> None:
        depth = self.random.randrange(6)
        self._on("splitter", "dig", self.person(), depth, self.random.randrange(8), value=ETHER // 100)

    def _tip(self) -> None:
        self._on("splitter", "tip", value=self.units(ETHER // 100))

    def _forward(self) -> None:
        where = self.random.choice(self.forwarders)
        salt = self._salt(self.forwarders.index(where) + 1)
        what = self.random.randrange(5)
        if what == 0:
            self._send(self.person(), where, value=self.units())
        elif what == 1:
            self._on("token", "transfer", where, self.units(10**19))
        elif what == 2:
            self._on("factory", "make", salt)
        elif what == 3:
            self._send(self.person(), where, contracts()["Forwarder"].call("sweep"))
        else:
            self._send(self.person(), where, contracts()["Forwarder"].call("sweepToken", self.at["token"]))

    def _end(self) -> None:
        mortal = contracts()["Mortal"]
        what = self.random.randrange(5)
        if what == 0 or not self.mortals:
            who = self.person()
            nonce = int(self.node("eth_getTransactionCount", who, "pending"), 16)
            self._send(who, None, mortal.creation(), self.units())
            self.mortals.append(created(who, nonce))
        elif what == 1:
            self._send(self.person(), self.random.choice(self.mortals), value=self.units())
        elif what == 2:
            who = self.random.choice(self.mortals)
            to = self.random.choice([who, self.person(), self.random.choice(self.strangers)])
            self._send(self.person(), who, mortal.call("end", to), self.units(10**9))
        elif what == 3:
            self._on("undertaker", "makeAndEnd", self.random.choice([_NOBODY, self.person()]), value=self.units())
        else:
            self._on("undertaker", "makeEndAndPay", self.person(), value=self.units())

    def _unique(self) -> None:
        if not self.uniques or self.random.random() < 0.4:
            number, who = self.random.randrange(2**256), self.person()
            self.uniques[number] = who
            self._on("unique", "mint", who, number)
            return
        number, payee = self.random.choice(list(self.uniques)), self.person()
        owner = self.uniques[number]
        if self.random.random() < 0.15:
            self._on("unique", "burn", number, by=owner)
            del self.uniques[number]
        else:
            self._on("unique", "transferFrom", owner, payee, number, by=owner)
            self.uniques[number] = payee

    def _multi(self) -> None:
        what = self.random.randrange(4)
        who = self.person()
        if what == 0:
            self._on("multi", "mint", who, self.random.randrange(3), self.units(_MOST // 1000), by=who)
        elif what == 1:
            self._on(
                "multi", "safeTransferFrom", who, self.person(), self.random.randrange(3), self.units(9), b"", by=who
            )
        elif what == 2:
            ids = [self.random.randrange(3) for _ in range(self.random.randrange(4))]
            amounts = [self.random.randrange(3) for _ in ids]
            self._on("multi", "safeBatchTransferFrom", who, self.person(), ids, amounts, b"", by=who)
        else:
            self._on("multi", "burn", self.random.randrange(3), self.units(9), by=who)

    def _mix(self) -> None:
        self._on("router", "mix", self.at["weth"], self.at["token"], self.person(), value=self.units() // 4 * 4)

    def _failing(self) -> None:
        what = self.random.randrange(4)
        if what == 0:
            self._on("splitter", "refuse", self.person(), value=self.units())
        elif what == 1:  # runs out of gas
            self._on("splitter", "split", [self.person()] * 5, value=self.units(), gas=hex(30_000))
        elif what == 2:  # a constructor that takes no value
            self._send(self.person(), None, contracts()["Refuser"].creation(), value=1 + self.units())
        else:
            self._on("tether", "transfer", self.person(), _MOST)

    def _borrow(self) -> None:
        """An account of a person runs the splitter's code (EIP-7702)."""
        nonce = int(self.node("eth_getTransactionCount", self.borrower.address, "pending"), 16)
        permission = self.borrower.authorize(self.node, self.at["splitter"], nonce + 1)
        data = self._data("splitter", "split", [self.person(), self.person()])
        txid = self.borrower.submit(
            self.node, self.borrower.address, data, 10**6, gas=400_000, authorizationList=[permission]
        )
        self.txids.append(txid[2:])


def created(sender: str, nonce: int) -> str:
    """The address of a contract that a transaction creates."""
    from cryptotrace.chains.evm.create import created_address

    return created_address(sender, nonce)
