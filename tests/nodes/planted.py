"""A regtest chain with a bit of everything, planted through a real node's wallets."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from decimal import Decimal

import base58
from tests.nodes.bitcoind import Bitcoind

PAYER, PAYEE, ODD = "payer", "payee", "odd"
_ADDRESS_KINDS = ("legacy", "p2sh-segwit", "bech32", "bech32m")


@dataclass(frozen=True, slots=True)
class Planted:
    """Where the special things are; all else can be read off the chain."""

    busy: str
    """An address with three pages of confirmed transactions."""
    page: str
    """An address with exactly one full page."""
    unused: str
    """A valid address that nothing ever touched."""
    wide: str
    """Txid of a payment to two hundred addresses."""
    data: str
    """Txid of a transaction with an OP_RETURN output."""
    peel: tuple[tuple[str, int], ...]
    """Outpoints of a peel chain; the last one is unspent."""
    stale: str
    """Hash of a block on a branch that was left behind."""
    pool: tuple[str, ...]
    """Txids in the mempool: a payment, and one that spends its output."""
    replaced: str
    """Txid of an unconfirmed transaction that another one has replaced."""
    replacing: str
    """Txid of the one that replaced it."""
    contested: tuple[str, int]
    """The confirmed output that both spend."""


def plant(node: Bitcoind) -> Planted:
    """Fill a new node's chain; the mempool is not empty afterwards."""
    for wallet in (PAYER, PAYEE, ODD):
        node("createwallet", wallet)
    node.mine(20, node.address(PAYER))
    odd = [_coinbase_of(node, descriptor) for descriptor in _odd_descriptors(node)]
    node.mine(100)
    stale = _leave_a_branch_behind(node)
    _spend_every_kind(node, odd)
    busy, page = _fill_pages(node)
    data = _spend_one_coin(node, [("data", "43525950544f5452414345")])
    wide = _pay_many(node)
    peel = _peel(node)
    node.mine(6)
    pool = _leave_unconfirmed(node)
    replaced, replacing, contested = _replace(node)
    return Planted(
        busy, page, node.address(ODD, "bech32m"), wide, data, peel, stale, pool, replaced, replacing, contested
    )


def _odd_descriptors(node: Bitcoind) -> list[str]:
    """P2PK, bare multisig, P2SH and P2WSH of keys that the wallet gets to know."""
    keys = [_wif(name) for name in ("one", "two", "three", "four", "five")]
    forms = (f"pk({keys[0]})", f"multi(1,{keys[1]},{keys[2]})", f"sh(multi(1,{keys[3]}))", f"wsh(multi(1,{keys[4]}))")
    checked = [f"{form}#{node('getdescriptorinfo', form)['checksum']}" for form in forms]
    said = node("importdescriptors", [{"desc": each, "timestamp": "now"} for each in checked], wallet=ODD)
    assert all(each["success"] for each in said), said
    return checked


def _wif(name: str) -> str:
    secret = hashlib.sha256(f"cryptotrace tests {name}".encode()).digest()
    return base58.b58encode_check(b"\xef" + secret + b"\x01").decode()


def _coinbase_of(node: Bitcoind, descriptor: str) -> tuple[str, int]:
    (block_hash,) = node.mine(1, descriptor)
    return node("getblock", block_hash, 1)["tx"][0], 0


def _leave_a_branch_behind(node: Bitcoind) -> str:
    left = node.mine(2)
    node("invalidateblock", left[0])
    node.mine(3, "raw(5151)")
    node("reconsiderblock", left[0])  # it is valid, and has less work
    return left[1]


def _spend_every_kind(node: Bitcoind, odd: list[tuple[str, int]]) -> None:
    addresses = [node.address(PAYEE, kind) for kind in _ADDRESS_KINDS]
    txid = node("sendmany", "", dict.fromkeys(addresses, "1.5"), wallet=PAYER)
    node.mine()
    outputs = node("getrawtransaction", txid, 2)["vout"]
    paid = [(txid, o["n"]) for o in outputs if o["scriptPubKey"].get("address") in addresses]
    node.send(PAYEE, paid, [(node.address(PAYEE, "bech32m"), "5.999")])
    total = sum(node("gettxout", *outpoint)["value"] for outpoint in odd)
    node.send(ODD, odd, [(node.address(PAYER), str(total - Decimal("0.001")))])
    node.mine()


def _fill_pages(node: Bitcoind) -> tuple[str, str]:
    busy, page = node.address(PAYEE), node.address(PAYEE, "legacy")
    for number in range(60):
        paid = {busy: "0.01", page: "0.02"} if number < 25 else {busy: "0.01"}
        node("sendmany", "", paid, wallet=PAYER)
        if number % 10 == 9:
            node.mine()
    coins = node("listunspent", 1, 9999, [busy], wallet=PAYEE)[:3]
    node.send(PAYEE, [(c["txid"], c["vout"]) for c in coins], [(node.address(PAYEE), "0.0299")])
    node.mine()
    return busy, page


def _coin(node: Bitcoind) -> tuple[tuple[str, int], Decimal]:
    """A confirmed output of the payer that is worth more than one coin."""
    coin = next(c for c in node("listunspent", 1, wallet=PAYER) if c["amount"] > 1)
    return (coin["txid"], coin["vout"]), coin["amount"]


def _spend_one_coin(node: Bitcoind, more: list[tuple[str, str]]) -> str:
    outpoint, amount = _coin(node)
    txid = node.send(PAYER, [outpoint], [*more, (node.address(PAYER), str(amount - Decimal("0.0005")))])
    node.mine()
    return txid


def _pay_many(node: Bitcoind) -> str:
    known = node("listdescriptors", wallet=PAYEE)["descriptors"]
    descriptor = next(each["desc"] for each in known if each["desc"].startswith("wpkh(") and not each["internal"])
    addresses = node("deriveaddresses", descriptor, [1000, 1199])
    txid = str(node("sendmany", "", dict.fromkeys(addresses, "0.001"), wallet=PAYER))
    node.mine()
    return txid


def _peel(node: Bitcoind) -> tuple[tuple[str, int], ...]:
    at, left = node.pay(PAYER, node.address(PAYEE), "10"), Decimal(10)
    node.mine()
    found = [at]
    for hop in range(6):
        left -= Decimal("0.5001")
        txid = node.send(PAYEE, [at], [(node.address(PAYER), "0.5"), (node.address(PAYEE), str(left))])
        at = (txid, 1)
        found.append(at)
        if hop % 2:
            node.mine()  # two hops in each block
    return tuple(found)


def _leave_unconfirmed(node: Bitcoind) -> tuple[str, str]:
    first = node.pay(PAYER, node.address(PAYEE), "0.75")
    return first[0], node.send(PAYEE, [first], [(node.address(PAYER), "0.749")])


def _replace(node: Bitcoind) -> tuple[str, str, tuple[str, int]]:
    coin, amount = _coin(node)
    sent = [
        node.send(PAYER, [coin], [(node.address(PAYEE), str(amount - Decimal(fee)))]) for fee in ("0.0001", "0.001")
    ]
    return sent[0], sent[1], coin
