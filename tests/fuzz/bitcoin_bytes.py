"""Bitcoin's bytes under fire: transactions, blocks, scripts, addresses, proofs.

Starts from real blocks where the recorded data is at hand, and from made ones everywhere.
"""

from __future__ import annotations

from functools import cache
from random import Random

from tests.chains.blockmaker import coinbase, commitment, mine, spend
from tests.chains.real_blocks import BLOCKS, FOREIGN_BLOCKS, block_bytes
from tests.fuzz.mutate import mutate_bytes, mutate_text
from tests.shared_data import find_shared

from cryptotrace.chains import bitcoin_network, candidates, network
from cryptotrace.chains.bitcoin import assemble, hashes, proof, wire
from cryptotrace.chains.bitcoin.address import address_of_script, script_of_address
from cryptotrace.chains.bitcoin.cashtokens import locking_script
from cryptotrace.chains.bitcoin.network import BITCOIN_NETWORKS, BitcoinNetwork
from cryptotrace.chains.bitcoin.notices import notices
from cryptotrace.chains.bitcoin.script import account_of_script, operations, script_type
from cryptotrace.errors import ChainError
from cryptotrace.model.source import RawTransaction, SpentOutput
from cryptotrace.model.transaction import Outpoint

_EASIEST = bitcoin_network("bitcoin-regtest")


@cache
def _blocks() -> list[bytes]:
    payments = [spend(Outpoint(f"{n:064x}", n), pays=[n, 5], witness=(b"\x01" * n,)) for n in range(1, 6)]
    made = mine([coinbase(5000, outputs=[commitment(payments)]), *payments])
    blocks = [wire.encode_block(made)]
    if find_shared() is not None:
        blocks += [block_bytes(path) for path in (*BLOCKS, *FOREIGN_BLOCKS)]
    return [each for each in blocks if len(each) < 300_000]


@cache
def _transactions() -> list[bytes]:
    found = []
    for raw in _blocks():
        try:
            found += [wire.encode(each) for each in wire.decode_block(raw).transactions]
        except ChainError:  # another chain's block
            continue
    return [each for each in found if len(each) < 5_000]


@cache
def _scripts() -> list[bytes]:
    return [each.script for raw in _transactions() for each in wire.decode_transaction(raw).outputs]


def fuzz_transaction(random: Random) -> None:
    """A damaged transaction is refused, or written back to exactly the bytes that were read."""
    raw = mutate_bytes(random.choice(_transactions()), random)
    where = random.choice(BITCOIN_NETWORKS)
    try:
        read = wire.decode_transaction(raw, where)
    except ChainError:
        return
    assert wire.encode(read) == raw
    assert read.size == len(raw)
    notices(read, where)
    spent = {each.outpoint: SpentOutput(where.max_units, b"") for each in read.inputs}
    made = assemble.transaction(RawTransaction(where.chain, read.txid, raw, None, -1, ""), spent)
    assert sum(each.units for each in made.postings) == 0


def fuzz_block(random: Random) -> None:
    """A damaged block is refused or written back to its bytes, and does not pass its checks if it was changed."""
    whole = random.choice(_blocks())
    raw = mutate_bytes(whole, random)
    try:
        block = wire.decode_block(raw)
        assert wire.encode_block(block) == raw
        proof.check_block(block, _EASIEST)
    except ChainError:
        return
    # What passes is either the block itself, or so easy that damage could be mined by chance.
    assert raw == whole or block.header.bits >> 24 >= 0x1F or not block.transactions[0].has_witness


def fuzz_script(random: Random) -> None:
    """Any script has operations, a kind and an account; what has an address is found again from it."""
    script = mutate_bytes(random.choice(_scripts()), random)
    operations(script)
    script_type(script)
    for where in BITCOIN_NETWORKS:
        account_of_script(script, where)
        address = address_of_script(script, where)
        assert address is None or script_of_address(address, where) == locking_script(script, where)


def fuzz_address(random: Random) -> None:
    """Damaged text is no address, or one that leads back to itself."""
    where = random.choice(list(BITCOIN_NETWORKS))
    address = address_of_script(random.choice(_scripts()), where)
    text = mutate_text(address or "bc1", random)
    for account in candidates(text):
        found = network(account.chain)
        if isinstance(found, BitcoinNetwork):
            script_of_address(account.address, found)
            assert account.address in (text, text.lower()) or found.cashaddr_prefix or found.p2sh_old_version
    try:
        script_of_address(text, where)
    except ChainError:
        return


def fuzz_merkle_proof(random: Random) -> None:
    """A damaged proof is refused, or proves only what is in the block."""
    txids = [f"{n:064x}" for n in range(1, random.randrange(2, 12))]
    root, index = proof.merkle_root(txids), random.randrange(len(txids))
    branch = b"".join(map(bytes.fromhex, proof.merkle_branch(txids, index)))
    damaged = mutate_bytes(branch, random)
    siblings = [damaged[at : at + 32].hex() for at in range(0, len(damaged), 32)]
    place, count = random.choice((index, random.randrange(-1, 20))), random.choice((len(txids), random.randrange(20)))
    try:
        proof.verify_branch(txids[index], place, siblings, root, count)
    except ChainError:
        return
    assert (damaged, place) == (branch, index)


@cache
def _merkle_block() -> bytes:
    block = mine([coinbase(1), spend(Outpoint("11" * 32, 0)), spend(Outpoint("22" * 32, 0))])
    first, second, third = (hashes.hash_bytes(each.txid) for each in block.transactions)
    tree = b"\x03\0\0\0" + b"\x03" + first + second + third + b"\x01" + bytes([0b110111])
    raw = wire.encode_header(block.header) + tree
    assert len(proof.parse_merkle_block(raw, _EASIEST).matched) == 2
    return raw


@cache
def _merkle_nodes() -> set[str]:
    """Leaves, inner nodes and root of the honest tree."""
    level = [_merkle_block()[at : at + 32] for at in range(85, 85 + 96, 32)]
    left, right = hashes.double_sha256(level[0] + level[1]), hashes.double_sha256(level[2] + level[2])
    return {hashes.hash_text(each) for each in (*level, left, right, hashes.double_sha256(left + right))}


def fuzz_merkle_block(random: Random) -> None:
    """A damaged partial tree is refused, or proves nodes that the honest one holds."""
    raw = mutate_bytes(_merkle_block(), random)
    if random.randrange(2):  # keep the header, so that the damage is in the tree
        raw = _merkle_block()[:80] + mutate_bytes(_merkle_block()[80:], random)
    try:
        read = proof.parse_merkle_block(raw, _EASIEST)
    except ChainError:
        return
    if raw[:80] == _merkle_block()[:80]:
        # the count is the prover's word: a node may pass for a leaf, which is why the transaction itself is wanted too
        assert {txid for _, txid in read.matched} <= _merkle_nodes()
