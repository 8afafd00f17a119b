"""Ethereum's bytes under fire: transactions, headers, receipts, proofs, logs, answers of contracts and of nodes.

Starts from recorded blocks where they are at hand, and from made ones everywhere.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from functools import cache
from random import Random
from typing import Any

from tests.chains.evm_blocks import PORTAL_BLOCKS, portal_block, rpc_answer
from tests.fuzz.mutate import mutate_bytes, mutate_text
from tests.shared_data import find_shared

from cryptotrace.chains.evm import abi, header, proof, receipt, topics, transaction, trie
from cryptotrace.chains.evm.address import address_of
from cryptotrace.chains.evm.hashes import keccak256
from cryptotrace.chains.evm.receipt import Log, Receipt, bloom_of
from cryptotrace.chains.evm.signature import ORDER
from cryptotrace.chains.evm.transaction import AccessEntry, Authorization, WireTransaction
from cryptotrace.errors import ChainError, ProofRefused
from cryptotrace.model.verdict import Standing

_A, _B = address_of(b"\x11" * 20), address_of(b"\x22" * 20)
_TRANSFER = Log(_A, (topics.topic_of(topics.TRANSFER), bytes(12) + b"\x11" * 20, bytes(32)), b"\x01".rjust(32, b"\0"))


def _made_transactions() -> list[bytes]:
    """One of each type; any small r and s are a signature of somebody."""
    common: dict[str, Any] = {"hash": "", "sender": None, "to": _A, "value": 5, "nonce": 1, "gas_limit": 21000}
    fees: dict[str, Any] = {"max_fee_per_gas": 9, "max_priority_fee_per_gas": 1, "chain_id": 1}
    lists: dict[str, Any] = {"access_list": (AccessEntry(_B, (bytes(32),)),), "data": b"\x01\x02"}
    drafts = [
        WireTransaction(type=0, gas_price=7, v=27, r=1, s=1, **common),
        WireTransaction(type=0, gas_price=7, v=37, r=1, s=ORDER // 2, **common),
        WireTransaction(type=1, gas_price=7, chain_id=1, v=0, r=1, s=1, **common, **lists),
        WireTransaction(type=2, v=1, r=1, s=1, **common, **fees, **lists),
        WireTransaction(type=3, v=1, r=1, s=1, max_fee_per_blob_gas=1, blob_hashes=("01" * 32,), **common, **fees),
        WireTransaction(type=4, v=1, r=1, s=1, authorizations=(Authorization(1, _B, 0, 1, 1, 1),), **common, **fees),
    ]
    return [transaction.encode(each) for each in drafts]


@cache
def _transactions() -> list[bytes]:
    found = _made_transactions()
    if find_shared() is not None:
        found += [each.raw or b"" for path in PORTAL_BLOCKS for each in portal_block(path).transactions]
    return [each for each in found if len(each) < 3_000]


@cache
def _receipts() -> list[bytes]:
    logs = (_TRANSFER, _TRANSFER)
    made = Receipt(type=2, succeeded=True, cumulative_gas=21000, bloom=bloom_of(logs), logs=logs)
    found = [made, replace(made, type=0, succeeded=None, state_root="ab" * 32)]
    if find_shared() is not None:
        found += [each for path in PORTAL_BLOCKS for each in portal_block(path).receipts if len(each.logs) < 9]
    return [receipt.encode_receipt(each) for each in found]


@cache
def _headers() -> list[bytes]:
    base = header.Header(
        hash="",
        parent="11" * 32,
        number=5,
        timestamp=6,
        ommers_hash="22" * 32,
        beneficiary=_A,
        state_root="33" * 32,
        transactions_root="44" * 32,
        receipts_root="55" * 32,
        bloom=bytes(256),
        difficulty=0,
        gas_limit=1,
        gas_used=1,
        extra_data=b"x",
        mix_hash="66" * 32,
        nonce=bytes(8),
    )
    later = replace(base, base_fee=7, withdrawals_root="77" * 32, blob_gas_used=1, excess_blob_gas=0)
    return [header.encode_header(each) for each in (base, replace(later, parent_beacon_root="88" * 32))]


def fuzz_transaction(random: Random) -> None:
    """A damaged transaction is refused, or written back to exactly the bytes that were read."""
    raw = mutate_bytes(random.choice(_transactions()), random)
    try:
        read = transaction.decode_transaction(raw)
    except ChainError:
        return
    assert transaction.encode(read) == raw == read.raw
    assert all(each.authority is None or len(each.authority) == 42 for each in read.authorizations)


def fuzz_header_and_receipt(random: Random) -> None:
    """A damaged header or receipt is refused, or written back to exactly the bytes that were read."""
    raw = mutate_bytes(random.choice(_headers()), random)
    with suppress(ChainError):
        assert header.encode_header(header.decode_header(raw)) == raw
    raw = mutate_bytes(random.choice(_receipts()), random)
    try:
        assert receipt.encode_receipt(receipt.decode_receipt(raw)) == raw
    except ChainError:
        return


def fuzz_proof(random: Random) -> None:
    """A damaged proof is refused, or proves what is so."""
    pairs = {
        random.randbytes(random.choice((1, 2, 2, 32))): random.randbytes(random.choice((1, 30, 90))) for _ in range(9)
    }
    key = random.choice(list(pairs))
    nodes = list(trie.prove_key(pairs, key))
    root = keccak256(nodes[0]).hex()
    kind = random.randrange(4)
    if kind == 0:
        at = random.randrange(len(nodes))
        nodes[at] = mutate_bytes(nodes[at], random)
    elif kind == 1:
        nodes.insert(random.randrange(len(nodes) + 1), random.choice(nodes))
    elif kind == 2:
        del nodes[random.randrange(len(nodes))]
    else:
        key = mutate_bytes(key, random)
    if random.randrange(3) == 0 and nodes:  # a root of the prover's choosing, so that the damage is read
        root = keccak256(nodes[0]).hex()
        pairs = {}
    try:
        found = proof.verify_key(root, key, nodes)
    except ProofRefused:
        return
    assert not pairs or found == pairs.get(key)


def fuzz_abi(random: Random) -> None:
    """Any log and any answer gives a typed result or a refusal."""
    topic = topics.topic_of(random.choice(topics.READ))
    rest = tuple(
        mutate_bytes(bytes(12) + b"\x11" * 20, random)[:32].ljust(32, b"\0") for _ in range(random.randrange(4))
    )
    words = b"".join(random.choice((0, 1, 32, 64, 2**255)).to_bytes(32, "big") for _ in range(random.randrange(8)))
    data = mutate_bytes(words, random)
    for read in (abi.read_decimals, abi.read_address, abi.read_truth, abi.read_text, abi.decode_call):
        try:
            read(data)
        except ChainError:
            continue
    try:
        abi.read_log(Log(_A, (topic, *rest), data))
    except ChainError:
        return


@cache
def _told() -> list[tuple[str, str]]:
    """JSON objects of nodes by what they are; made ones are near enough to be read."""
    raw = transaction.decode_transaction(_made_transactions()[0])
    made = {"hash": "0x" + raw.hash, "nonce": "0x1", "gasPrice": "0x7", "gas": "0x5208", "to": _A, "value": "0x5"}
    found = [("transaction", json.dumps(made | {"input": "0x", "v": "0x1b", "r": "0x1", "s": "0x1"}))]
    log = {"address": _A, "topics": ["0x" + "00" * 32], "data": "0x", "logIndex": "0x0"}
    found += [("receipt", json.dumps({"status": "0x1", "cumulativeGasUsed": "0x1", "logs": [log]}))]
    slot = {"key": "0x1", "value": "0x0", "proof": ["0x80"]}
    state = {"nonce": "0x0", "balance": "0x0", "codeHash": "0x" + "00" * 32, "storageHash": "0x" + "00" * 32}
    found += [("proof", json.dumps(state | {"address": _A, "accountProof": [], "storageProof": [slot]}))]
    found += [
        (
            "block",
            json.dumps({"hash": "0x" + "11" * 32, "parentHash": "0x" + "22" * 32, "number": "0x1", "timestamp": "0x1"}),
        )
    ]
    if find_shared() is not None:
        block = rpc_answer("eth-blocks/nimbus-eth1__DAO.json")
        found += [("transaction", json.dumps(each)) for each in block["transactions"]]
        found += [("block", json.dumps(block | {"transactions": []}))]
    return found


def fuzz_told(random: Random) -> None:
    """Damaged JSON of a node is refused; what is read as recomputed hashes to what it says."""
    kind, text = random.choice(_told())
    try:
        told = json.loads(mutate_text(text, random))
    except ValueError:
        told = json.loads(text)
        told[random.choice(list(told))] = random.choice((None, 5, "0x", "0xff", [], {}, [None], "0x" + "f" * 65, True))
    try:
        if kind == "transaction":
            read = transaction.from_rpc(told)
            assert read.standing is Standing.REPORTED or keccak256(read.raw or b"").hex() == read.hash
        elif kind == "receipt":
            receipt.from_rpc(told)
        elif kind == "block":
            head = header.from_rpc(told)
            assert not head.is_recomputed or keccak256(header.encode_header(head)).hex() == head.hash
        else:
            proof.check_account("ab" * 32, proof.account_proof_from_rpc(told))
    except ChainError:
        return
