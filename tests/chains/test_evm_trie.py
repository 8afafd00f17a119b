"""Roots of lists, and proofs made from them."""

from __future__ import annotations

import time
from random import Random

import pytest

from cryptotrace.chains.evm import trie
from cryptotrace.chains.evm.transaction import WireTransaction
from cryptotrace.chains.evm.trie import Withdrawal
from cryptotrace.errors import MalformedBytes, UnsupportedChain


def test_the_trie_of_an_example_has_its_root() -> None:
    """The words example of the public trie tests of Ethereum ("dogs" in trieanyorder.json)."""
    pairs = {b"doe": b"reindeer", b"dog": b"puppy", b"dogglesworth": b"cat"}
    nodes = trie.prove_key(pairs, b"dog")
    from cryptotrace.chains.evm.hashes import keccak256

    assert keccak256(nodes[0]).hex() == "8aad789dff2f538bca5d8ea56e8abe10f4c7ba3a5dea95fea4cd6e7c3a1168d3"


def test_a_block_of_200_transactions_takes_well_under_a_second() -> None:
    random = Random(7)
    values = [random.randbytes(random.randrange(100, 3000)) for _ in range(200)]
    start = time.perf_counter()
    root = trie.list_root(values)
    assert time.perf_counter() - start < 1
    assert root != trie.list_root(values[:-1])
    assert root != trie.list_root([values[1], values[0], *values[2:]])


def test_a_transaction_without_bytes_has_no_root() -> None:
    deposit = WireTransaction(type=0x7E, hash="ab" * 32, sender=None, to=None, value=0, nonce=0, gas_limit=0)
    with pytest.raises(UnsupportedChain, match=r"transaction 0 .* of type 0x7e"):
        trie.transactions_root([deposit])


def test_a_withdrawal_is_written_and_read() -> None:
    paid = Withdrawal(2**64 - 1, 5, "0x" + "00" * 19 + "01", 32 * 10**9)
    assert trie.decode_withdrawal(trie.encode_withdrawal(paid)) == paid
    assert paid.wei == 32 * 10**18
    told = {"index": hex(2**64 - 1), "validatorIndex": "0x5", "address": paid.address, "amount": hex(32 * 10**9)}
    assert trie.withdrawal_from_rpc(told) == paid
    with pytest.raises(MalformedBytes, match=r"withdrawal\.amount"):
        trie.withdrawal_from_rpc(told | {"amount": hex(2**64)})
    with pytest.raises(MalformedBytes, match="4 items expected"):
        trie.decode_withdrawal(b"\xc0")
