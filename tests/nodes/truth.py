"""What is really on a chain, read without the library: from a node's own JSON, or by another parser from raw blocks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from bitcoin.core import CBlock, CTransaction, b2lx
from tests.nodes.bitcoind import Bitcoind

from cryptotrace.chains.bitcoin.script import account_of_script
from cryptotrace.chains.networks import bitcoin_network
from cryptotrace.model.block import BlockRef, Tip
from cryptotrace.model.identity import SCRIPT_DIGEST_PREFIX, Account
from cryptotrace.model.transaction import Outpoint

REGTEST = bitcoin_network("bitcoin-regtest")


@dataclass(frozen=True, slots=True)
class SeenInput:
    """An input."""

    outpoint: Outpoint
    script: bytes
    sequence: int
    witness: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class SeenOutput:
    """An output, with the account that the other reader names where it can."""

    units: int
    script: bytes
    account: Account

    @property
    def is_data(self) -> bool:
        """True if nobody can ever spend it."""
        return self.script[:1] == b"\x6a"


@dataclass(frozen=True, slots=True)
class SeenTransaction:
    """A transaction and its place; ``block`` is None while it is in the mempool only."""

    txid: str
    raw: bytes
    version: int
    locktime: int
    inputs: tuple[SeenInput, ...]
    outputs: tuple[SeenOutput, ...]
    weight: int
    block: BlockRef | None
    index: int

    @property
    def is_coinbase(self) -> bool:
        """True if it creates new value."""
        return self.inputs[0].outpoint.txid == "0" * 64


@dataclass(frozen=True, slots=True)
class SeenSpend:
    """Who spends an output."""

    txid: str
    vin: int
    block: BlockRef | None


@dataclass(frozen=True)
class Truth:
    """A chain at one moment."""

    blocks: tuple[tuple[BlockRef, bytes], ...]
    """Every block of the active chain from genesis, with its bytes."""
    transactions: dict[str, SeenTransaction]
    """Every transaction in chain order, then those of the mempool, parents first."""
    stale: tuple[str, ...] = ()
    """Hashes of blocks that were left behind."""

    @property
    def tip(self) -> Tip:
        """The newest block."""
        ref = self.blocks[-1][0]
        return Tip(REGTEST.chain, ref.height, ref.hash)

    @cached_property
    def spenders(self) -> dict[Outpoint, SeenSpend]:
        """Every outpoint that is spent."""
        return {
            each.outpoint: SeenSpend(tx.txid, vin, tx.block)
            for tx in self.transactions.values()
            if not tx.is_coinbase
            for vin, each in enumerate(tx.inputs)
        }

    def spent_output(self, outpoint: Outpoint) -> SeenOutput:
        """The output of that outpoint."""
        return self.transactions[outpoint.txid].outputs[outpoint.vout]

    @cached_property
    def histories(self) -> dict[Account, list[str]]:
        """Txids that touch each account, in chain order."""
        found: dict[Account, dict[str, None]] = {}
        for tx in self.transactions.values():
            spent = [] if tx.is_coinbase else [self.spent_output(each.outpoint) for each in tx.inputs]
            for output in (*spent, *tx.outputs):
                found.setdefault(output.account, {})[tx.txid] = None
        return {account: list(txids) for account, txids in found.items()}

    def confirmed_history(self, account: Account) -> list[str]:
        """What touches the account in blocks."""
        return [txid for txid in self.histories[account] if self.transactions[txid].block is not None]

    def balance(self, account: Account) -> int:
        """Confirmed units of the account."""
        total = 0
        for tx in self.transactions.values():
            if tx.block is None:
                continue
            for vout, output in enumerate(tx.outputs):
                spend = self.spenders.get(Outpoint(tx.txid, vout))
                if output.account == account and (spend is None or spend.block is None):
                    total += output.units
        return total

    def txids_of_block(self, block_hash: str) -> list[str]:
        """Txids of a block in order."""
        return [t.txid for t in self.transactions.values() if t.block is not None and t.block.hash == block_hash]

    def branch(self, txid: str) -> list[str]:
        """Sibling hashes from the leaf up."""
        block = self.transactions[txid].block
        assert block is not None
        index = self.transactions[txid].index
        row = [bytes.fromhex(each)[::-1] for each in self.txids_of_block(block.hash)]
        found = []
        while len(row) > 1:
            row += row[-1:] if len(row) % 2 else []
            found.append(row[index ^ 1][::-1].hex())
            row = [double_sha256(row[n] + row[n + 1]) for n in range(0, len(row), 2)]
            index //= 2
        return found


def double_sha256(raw: bytes) -> bytes:
    """Bitcoin's hash."""
    return hashlib.sha256(hashlib.sha256(raw).digest()).digest()


# --- from a node's JSON -----------------------------------------------------------------------------------------------


@dataclass
class NodeReader:
    """Reads a node's chain again and again; blocks that were read before are not asked for."""

    node: Bitcoind
    _blocks: dict[str, tuple[bytes, dict[str, Any]]] = field(default_factory=dict)

    def read(self) -> Truth:
        """The chain as the node has it now."""
        node = self.node
        heights = range(int(node("getblockcount")) + 1)
        hashes = node.many("getblockhash", [(height,) for height in heights])
        new = [block_hash for block_hash in hashes if block_hash not in self._blocks]
        raws = node.many("getblock", [(block_hash, 0) for block_hash in new])
        described = node.many("getblock", [(block_hash, 2) for block_hash in new])
        for block_hash, raw, said in zip(new, raws, described, strict=True):
            self._blocks[block_hash] = (bytes.fromhex(raw), said)
        blocks, transactions = [], {}
        for height, block_hash in enumerate(hashes):
            raw, said = self._blocks[block_hash]
            ref = BlockRef(REGTEST.chain, height, block_hash, said["time"])
            blocks.append((ref, raw))
            for index, tx in enumerate(said["tx"]):
                transactions[tx["txid"]] = _from_json(tx, ref, index)
        for tx in self._pool():
            transactions[tx["txid"]] = _from_json(tx, None, -1)
        stale = [t["hash"] for t in node("getchaintips") if t["status"] != "active"]
        return Truth(tuple(blocks), transactions, tuple(stale))

    def _pool(self) -> list[dict[str, Any]]:
        pool = self.node("getrawmempool", True)
        order = sorted(pool, key=lambda txid: (pool[txid]["ancestorcount"], txid))
        return [tx for tx in self.node.many("getrawtransaction", [(txid, 2) for txid in order]) if tx is not None]


def _from_json(tx: dict[str, Any], block: BlockRef | None, index: int) -> SeenTransaction:
    inputs, outputs = [], []
    for vin in tx["vin"]:
        script = bytes.fromhex(vin["coinbase"] if "coinbase" in vin else vin["scriptSig"]["hex"])
        outpoint = Outpoint(vin.get("txid", "0" * 64), vin.get("vout", 0xFFFFFFFF))
        witness = tuple(bytes.fromhex(item) for item in vin.get("txinwitness", ()))
        inputs.append(SeenInput(outpoint, script, vin["sequence"], witness))
    for vout in tx["vout"]:
        script = bytes.fromhex(vout["scriptPubKey"]["hex"])
        digest = SCRIPT_DIGEST_PREFIX + hashlib.sha256(script).hexdigest()
        account = Account.of(REGTEST.chain, vout["scriptPubKey"].get("address", digest))
        outputs.append(SeenOutput(int(vout["value"] * Decimal(10**8)), script, account))
    raw = bytes.fromhex(tx["hex"])
    where = (tx["weight"], block, index)
    return SeenTransaction(tx["txid"], raw, tx["version"], tx["locktime"], tuple(inputs), tuple(outputs), *where)


# --- from raw blocks, by python-bitcoinlib ----------------------------------------------------------------------------


def read_blocks(raws: Sequence[bytes], pool: Sequence[bytes] = ()) -> Truth:
    """A chain of raw blocks in order and unconfirmed transactions, read by python-bitcoinlib."""
    blocks, transactions = [], {}
    for height, raw in enumerate(raws):
        block = CBlock.deserialize(raw)
        ref = BlockRef(REGTEST.chain, height, b2lx(block.GetHash()), block.nTime)
        blocks.append((ref, raw))
        for index, tx in enumerate(block.vtx):
            seen = _from_parser(tx, ref, index)
            transactions[seen.txid] = seen
    for raw in pool:
        seen = _from_parser(CTransaction.deserialize(raw), None, -1)
        transactions[seen.txid] = seen
    return Truth(tuple(blocks), transactions)


def _from_parser(tx: CTransaction, block: BlockRef | None, index: int) -> SeenTransaction:
    witnesses = [tuple(w.scriptWitness.stack) for w in tx.wit.vtxinwit] or [()] * len(tx.vin)
    inputs = tuple(
        SeenInput(Outpoint(b2lx(vin.prevout.hash), vin.prevout.n), bytes(vin.scriptSig), vin.nSequence, witness)
        for vin, witness in zip(tx.vin, witnesses, strict=True)
    )
    outputs = tuple(
        # this parser knows no Taproot addresses: the account is the library's, which has tests of its own
        SeenOutput(vout.nValue, bytes(vout.scriptPubKey), account_of_script(bytes(vout.scriptPubKey), REGTEST))
        for vout in tx.vout
    )
    raw = tx.serialize()
    plain = len(tx.serialize({"include_witness": False}))
    where = (3 * plain + len(raw), block, index)
    return SeenTransaction(b2lx(tx.GetTxid()), raw, tx.nVersion, tx.nLockTime, inputs, outputs, *where)


def outpoints(truth: Truth) -> Iterator[Outpoint]:
    """Every outpoint that was ever created."""
    for tx in truth.transactions.values():
        for vout in range(len(tx.outputs)):
            yield Outpoint(tx.txid, vout)
