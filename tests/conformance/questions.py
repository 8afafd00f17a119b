"""What every source is asked. A question compares the answer with the truth and fails where they differ."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from tests.conformance.world import World
from tests.nodes.truth import REGTEST, double_sha256

from cryptotrace.errors import DataNotFound
from cryptotrace.evidence.recorder import Recording
from cryptotrace.model.source import (
    Balances,
    Blocks,
    Headers,
    Histories,
    Proofs,
    Source,
    Spend,
    Spends,
    SpendUnknown,
    Transactions,
    Unspent,
)
from cryptotrace.model.transaction import Outpoint
from cryptotrace.sources import require

_NOBODY = "ab" * 32


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom, about what, and where the raw answers are kept."""

    kind: str
    source: Source
    world: World
    recording: Recording

    @property
    def blocks(self) -> Blocks:
        """The source as one that gives blocks; the other properties likewise."""
        return require(self.source, Blocks)  # type: ignore[type-abstract]

    @property
    def transactions(self) -> Transactions:
        return require(self.source, Transactions)  # type: ignore[type-abstract]

    @property
    def spends(self) -> Spends:
        return require(self.source, Spends)  # type: ignore[type-abstract]

    @property
    def histories(self) -> Histories:
        return require(self.source, Histories)  # type: ignore[type-abstract]

    @property
    def balances(self) -> Balances:
        return require(self.source, Balances)  # type: ignore[type-abstract]

    @property
    def proofs(self) -> Proofs:
        return require(self.source, Proofs)  # type: ignore[type-abstract]

    def check_evidence(self, digest: str) -> None:
        """The recorded bytes have that digest."""
        assert hashlib.sha256(self.recording.read(digest)).hexdigest() == digest


def tip(asked: Asked) -> None:
    """It is of the chain that was asked for and has fixed its newest block."""
    assert isinstance(asked.source, Source)
    assert asked.source.chain == REGTEST.chain
    assert asked.source.tip() == asked.world.truth.tip


# --- Blocks -----------------------------------------------------------------------------------------------------------


def blocks_by_height(asked: Asked) -> None:
    """Every block has the node's bytes and hash, and the digest of its evidence."""
    blocks = asked.blocks
    for ref, raw in asked.world.truth.blocks:
        found = blocks.block(ref.height)
        assert (found.ref, found.raw) == (ref, raw)
        asked.check_evidence(found.evidence)


def block_hashes(asked: Asked) -> None:
    """It tells which block is at a height, by its header or by the block, and knows none above the tip."""
    source = asked.source
    for ref, _ in asked.world.truth.blocks[::7]:
        found = source.block_ref(ref.height) if isinstance(source, Headers) else asked.blocks.block(ref.height).ref
        assert found == ref
    if isinstance(source, Headers):
        with pytest.raises(DataNotFound):
            source.block_ref(asked.world.truth.tip.height + 1)


def blocks_by_hash(asked: Asked) -> None:
    """A block is found by its hash."""
    blocks = asked.blocks
    for ref, raw in asked.world.truth.blocks[::10]:
        assert (blocks.block_by_hash(ref.hash).ref, blocks.block_by_hash(ref.hash).raw) == (ref, raw)


def blocks_that_are_not_there(asked: Asked) -> None:
    """There is no block above the tip and none of a hash that nobody mined."""
    blocks = asked.blocks
    with pytest.raises(DataNotFound):
        blocks.block(asked.world.truth.tip.height + 1)
    with pytest.raises(DataNotFound):
        blocks.block_by_hash(_NOBODY)


def stale_blocks(asked: Asked) -> None:
    """A block of a branch that was left behind is no block of the chain."""
    blocks = asked.blocks
    for block_hash in asked.world.truth.stale:
        with pytest.raises(DataNotFound):
            blocks.block_by_hash(block_hash)


# --- Transactions -----------------------------------------------------------------------------------------------------


def transactions(asked: Asked) -> None:
    """The bytes and the block are the node's, and what is said about spent outputs is so."""
    truth = asked.world.truth
    found = {raw.txid: raw for raw in asked.transactions.transactions(asked.world.txids)}
    assert found.keys() == set(asked.world.txids)
    for txid, raw in found.items():
        assert (raw.chain, raw.raw, raw.block) == (
            REGTEST.chain,
            truth.transactions[txid].raw,
            truth.transactions[txid].block,
        )
        for outpoint, said in raw.spent.items():
            spent = truth.spent_output(outpoint)
            assert (said.units, said.script) == (spent.units, spent.script)
        asked.check_evidence(raw.evidence)


def genesis_transaction(asked: Asked) -> None:
    """The coinbase of the first block is a transaction like another."""
    first = next(iter(asked.world.truth.transactions.values()))
    (found,) = asked.transactions.transactions([first.txid])
    assert (found.raw, found.block, found.index) == (first.raw, first.block, 0)


def genesis_transaction_without_place(asked: Asked) -> None:
    """The coinbase of the first block, with its block and no place in it."""
    first = next(iter(asked.world.truth.transactions.values()))
    (found,) = asked.transactions.transactions([first.txid])
    assert (found.raw, found.block, found.index) == (first.raw, first.block, -1)


def places_untold(asked: Asked) -> None:
    """Each transaction has no place in its block, not a wrong one."""
    found = asked.transactions.transactions(asked.world.txids)
    assert {raw.txid: raw.index for raw in found} == dict.fromkeys(asked.world.txids, -1)


def places(asked: Asked) -> None:
    """Each transaction has its place in its block."""
    found = asked.transactions.transactions(asked.world.txids)
    assert {raw.txid: raw.index for raw in found} == {
        t: asked.world.truth.transactions[t].index for t in asked.world.txids
    }


def unconfirmed_transactions(asked: Asked) -> None:
    """A transaction of the mempool has its bytes and no block."""
    txids = asked.world.unconfirmed
    assert txids
    for raw in asked.transactions.transactions(txids):
        assert (raw.raw, raw.block, raw.index) == (asked.world.truth.transactions[raw.txid].raw, None, -1)
        asked.check_evidence(raw.evidence)


def unknown_transactions(asked: Asked) -> None:
    """A transaction that never was, or that was replaced, is not found."""
    for txid in (_NOBODY, *asked.world.replaced):
        with pytest.raises(DataNotFound):
            list(asked.transactions.transactions([txid]))


# --- Spends -----------------------------------------------------------------------------------------------------------


def spends(asked: Asked) -> None:
    """Each output that is spent in a block is spent by that input of that transaction."""
    spenders = asked.world.truth.spenders
    wanted = {o: s for o in asked.world.outpoints if (s := spenders.get(o)) is not None and s.block is not None}
    found = {answer.outpoint: answer for answer in asked.spends.spends(list(wanted))}
    assert found.keys() == wanted.keys()
    for outpoint, spend in wanted.items():
        answer = found[outpoint]
        assert isinstance(answer, Spend), answer
        assert (answer.txid, answer.vin, answer.block) == (spend.txid, spend.vin, spend.block)
        asked.check_evidence(answer.evidence)


def unspent_outputs(asked: Asked) -> None:
    """Each output that nobody spends is unspent as of the tip."""
    wanted = [o for o in asked.world.outpoints if o not in asked.world.truth.spenders]
    found = list(asked.spends.spends(wanted))
    assert len(found) == len(wanted) > 10
    assert {answer.outpoint for answer in found} == set(wanted)
    for answer in found:
        assert isinstance(answer, Unspent), answer
        assert answer.as_of == asked.source.tip()
        if answer.evidence:
            asked.check_evidence(answer.evidence)


def unconfirmed_spends(asked: Asked) -> None:
    """An output that a transaction of the mempool spends is spent by it, in no block; of two the one that counts."""
    spenders = asked.world.truth.spenders
    wanted = {o: s for o, s in spenders.items() if s.block is None}
    assert wanted
    for answer in asked.spends.spends(list(wanted)):
        assert isinstance(answer, Spend), answer
        assert (answer.txid, answer.vin, answer.block) == (
            wanted[answer.outpoint].txid,
            wanted[answer.outpoint].vin,
            None,
        )
        asked.check_evidence(answer.evidence)


def spends_without_pool(asked: Asked) -> None:
    """An output that only the mempool spends is unspent as of the tip; of one that it creates nothing is known."""
    truth = asked.world.truth
    wanted = [o for o, s in truth.spenders.items() if s.block is None]
    assert wanted
    found = {answer.outpoint: answer for answer in asked.spends.spends(wanted)}
    assert found.keys() == set(wanted)
    for outpoint, answer in found.items():
        is_confirmed = truth.transactions[outpoint.txid].block is not None
        assert isinstance(answer, Unspent if is_confirmed else SpendUnknown), answer
        if isinstance(answer, Unspent):
            assert answer.as_of == asked.source.tip()
            asked.check_evidence(answer.evidence)


def outputs_that_are_not_there(asked: Asked) -> None:
    """Nothing is said about an output that does not exist."""
    wanted = [Outpoint(asked.world.txids[-1], 9_999), Outpoint(_NOBODY, 0)]
    assert [type(answer) for answer in asked.spends.spends(wanted)] == [SpendUnknown, SpendUnknown]


# --- Histories --------------------------------------------------------------------------------------------------------


def histories(asked: Asked) -> None:
    """What touched an address, in the order of the chain, however many pages that takes."""
    assert len(asked.world.accounts) > 3
    for account in asked.world.accounts:
        found = list(asked.histories.history(account))
        assert found == asked.world.truth.histories[account], account


def unconfirmed_histories(asked: Asked) -> None:
    """What touches an address in the mempool comes behind what is confirmed."""
    assert asked.world.moving
    for account in asked.world.moving:
        found = list(asked.histories.history(account))
        confirmed = asked.world.truth.confirmed_history(account)
        assert found[: len(confirmed)] == confirmed
        assert sorted(found) == sorted(asked.world.truth.histories[account])


def histories_without_pool(asked: Asked) -> None:
    """What touches an address in blocks, and nothing of what touches it in the mempool."""
    assert asked.world.moving
    for account in asked.world.moving:
        found = list(asked.histories.history(account))
        assert found == asked.world.truth.confirmed_history(account), account
        assert found != asked.world.truth.histories[account]


def nameless_histories(asked: Asked) -> None:
    """What touched an output without an address."""
    assert asked.world.nameless
    for account in asked.world.nameless:
        found = list(asked.histories.history(account))
        assert found == asked.world.truth.histories[account], account


def empty_histories(asked: Asked) -> None:
    """Nothing touched an address that was never used."""
    assert list(asked.histories.history(asked.world.unused)) == []


# --- Balances ---------------------------------------------------------------------------------------------------------


def balances(asked: Asked) -> None:
    """The confirmed balance of an address, and the tip at which it was read."""
    source = asked.balances
    for account in (*asked.world.accounts, *asked.world.moving, asked.world.unused):
        assert source.balance(account) == (asked.world.truth.balance(account), asked.world.truth.tip), account


def nameless_balances(asked: Asked) -> None:
    """The confirmed balance of an output without an address."""
    source = asked.balances
    for account in asked.world.nameless:
        assert source.balance(account) == (asked.world.truth.balance(account), asked.world.truth.tip), account


# --- Proofs -----------------------------------------------------------------------------------------------------------


def proofs(asked: Asked) -> None:
    """A Merkle branch leads from the txid to the root in its block's header."""
    raws = {ref.hash: raw for ref, raw in asked.world.truth.blocks}
    for txid in asked.world.txids[::3]:
        block, index, branch = asked.proofs.merkle_branch(txid)
        seen = asked.world.truth.transactions[txid]
        assert (block, index) == (seen.block, seen.index)
        node = bytes.fromhex(txid)[::-1]
        for sibling in branch:
            other = bytes.fromhex(sibling)[::-1]
            node = double_sha256(other + node if index & 1 else node + other)
            index >>= 1
        assert node == raws[block.hash][36:68]


def proofs_that_cannot_be(asked: Asked) -> None:
    """There is no proof of what is not in a block."""
    for txid in (asked.world.unconfirmed[0], _NOBODY):
        with pytest.raises(DataNotFound):
            asked.proofs.merkle_branch(txid)


QUESTIONS: dict[str, Callable[[Asked], None]] = {
    ask.__name__: ask
    for ask in (
        tip,
        blocks_by_height,
        block_hashes,
        blocks_by_hash,
        blocks_that_are_not_there,
        stale_blocks,
        transactions,
        genesis_transaction,
        places,
        unconfirmed_transactions,
        unknown_transactions,
        spends,
        unspent_outputs,
        unconfirmed_spends,
        outputs_that_are_not_there,
        histories,
        unconfirmed_histories,
        nameless_histories,
        empty_histories,
        balances,
        nameless_balances,
        proofs,
        proofs_that_cannot_be,
    )
}
