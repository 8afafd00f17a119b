"""Proofs under a root: what holds, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
import rlp
from hypothesis import given, settings
from hypothesis import strategies as st
from trie.hexary import HexaryTrie

from cryptotrace.chains.evm import proof, rlpcode
from cryptotrace.chains.evm.hashes import keccak256
from cryptotrace.chains.evm.proof import (
    EMPTY_CODE,
    AccountState,
    account_proof_from_rpc,
    check_account,
    check_code,
    solidity_slot,
    verify_account,
    verify_index,
    verify_key,
    verify_no_index,
    verify_storage,
    vyper_slot,
)
from cryptotrace.chains.evm.trie import EMPTY_ROOT, list_root, prove_index, prove_key
from cryptotrace.errors import InvalidAddress, MalformedBytes, ProofRefused

_KEYS = st.binary(min_size=1, max_size=3)
_PAIRS = st.dictionaries(_KEYS, st.binary(min_size=1, max_size=40), min_size=1, max_size=30)


def _root(pairs: dict[bytes, bytes]) -> str:
    made: Any = HexaryTrie({})
    for key, value in pairs.items():
        made.set(key, value)
    return str(made.root_hash.hex())


@settings(max_examples=200)
@given(_PAIRS, _KEYS)
def test_every_key_of_a_random_trie_is_proved_there_or_not_there(pairs: dict[bytes, bytes], stranger: bytes) -> None:
    root = _root(pairs)
    for key in (*pairs, stranger):
        assert verify_key(root, key, prove_key(pairs, key)) == pairs.get(key)


@settings(max_examples=200)
@given(_PAIRS, st.data())
def test_an_altered_byte_is_refused(pairs: dict[bytes, bytes], data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(sorted(pairs)))
    nodes = [bytearray(each) for each in prove_key(pairs, key)]
    node = data.draw(st.sampled_from(nodes))
    node[data.draw(st.integers(0, len(node) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ProofRefused, match="hashes to"):
        verify_key(_root(pairs), key, [bytes(each) for each in nodes])


@settings(max_examples=100)
@given(_PAIRS, _KEYS, st.data())
def test_a_proof_of_one_key_proves_nothing_false_of_another(
    pairs: dict[bytes, bytes], other: bytes, data: st.DataObject
) -> None:
    nodes = prove_key(pairs, data.draw(st.sampled_from(sorted(pairs))))
    try:
        found = verify_key(_root(pairs), other, nodes)
    except ProofRefused:
        return
    assert found == pairs.get(other)


@settings(max_examples=100)
@given(_PAIRS, st.data())
def test_nodes_left_out_put_in_or_moved_are_refused(pairs: dict[bytes, bytes], data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(sorted(pairs)))
    nodes, root = list(prove_key(pairs, key)), _root(pairs)
    with pytest.raises(ProofRefused):
        verify_key(root, key, nodes[:-1])
    with pytest.raises(ProofRefused, match="left over"):
        verify_key(root, key, [*nodes, nodes[-1]])
    if len(nodes) > 1:
        with pytest.raises(ProofRefused, match="hashes to"):
            verify_key(root, key, nodes[::-1])


@given(st.lists(st.binary(min_size=1, max_size=300), max_size=140), st.integers(0, 300))
@settings(max_examples=50, deadline=None)
def test_places_of_a_list_are_proved_filled_or_empty(values: list[bytes], index: int) -> None:
    root, nodes = list_root(values), prove_index(values, index)
    if index < len(values):
        assert verify_index(root, index, nodes) == values[index]
        with pytest.raises(ProofRefused, match="something stands"):
            verify_no_index(root, index, nodes)
    else:
        verify_no_index(root, index, nodes)
        with pytest.raises(ProofRefused, match="nothing stands"):
            verify_index(root, index, nodes)


@given(st.lists(st.binary(max_size=120), max_size=6), st.binary(max_size=5))
def test_any_bytes_are_refused_as_a_proof(nodes: list[bytes], key: bytes) -> None:
    with pytest.raises(ProofRefused):
        verify_key("ab" * 32, key, nodes)


def _hash_of(*parts: Any) -> tuple[str, bytes]:
    raw = rlp.encode(list(parts))
    return keccak256(raw).hex(), raw


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ([b"\x20", b"v", b"x"], "3 parts"),
        ([b"\x40", b"v"], "no hex prefix"),
        ([b"\x2f", b"v"], "no hex prefix"),
        ([b"", b"v"], "no hex prefix"),
        ([b"\x00", b"h" * 32], "leads nowhere"),
        ([b"\x11", b""], "leads nowhere"),
        ([b"\x11", b"short"], "by 5 bytes"),
        ([b"\x11", b"h" * 32], "ends after 1 nodes"),
        ([[b"x"], b"v"], "bytes expected"),
        ([b"\x20\x12", b""], "empty value"),
        ([b"\x11"] + [b""] * 16, "by 1 bytes"),
    ],
)
def test_nodes_that_are_none_are_refused_with_their_reason(parts: list[Any], reason: str) -> None:
    if len(parts) == 17:
        parts = [b"", b"x", *[b""] * 15]
    root, raw = _hash_of(*parts)
    with pytest.raises(ProofRefused, match=reason):
        verify_key(root, b"\x12", [raw])


def test_a_key_must_be_used_to_its_end() -> None:
    root, raw = _hash_of(b"\x20\x12", b"value")
    assert verify_key(root, b"\x12", [raw]) == b"value"
    assert verify_key(root, b"\x12\x34", [raw]) is None  # the leaf is of a shorter key
    assert verify_key(root, b"", [raw]) is None
    branch_root, branch = _hash_of(*[b""] * 16, b"at the end")
    assert verify_key(branch_root, b"", [branch]) == b"at the end"
    assert verify_key(branch_root, b"\x12", [branch]) is None


def test_hostile_proofs_are_bounded() -> None:
    with pytest.raises(ProofRefused, match="at most 65"):
        verify_key("ab" * 32, bytes(32), [b"x"] * 66)
    with pytest.raises(ProofRefused, match="no node has more"):
        verify_key("ab" * 32, bytes(32), [bytes(proof.MOST_NODE_BYTES + 1)])
    inner: Any = [b"\x20", b"v"]
    for _ in range(30):
        inner = [b"\x11", inner]
    root, raw = _hash_of(*inner)
    with pytest.raises(ProofRefused, match="deeper"):
        verify_key(root, bytes(32), [raw])
    wide = rlp.encode([b""] * 600_000)
    with pytest.raises(ProofRefused, match="more than 500000 items"):
        verify_key(keccak256(wide).hex(), b"\x12", [wide])


def test_an_empty_trie_holds_nothing() -> None:
    assert verify_key(EMPTY_ROOT, b"any", []) is None
    assert verify_key(EMPTY_ROOT, b"any", [b"\x80"]) is None
    with pytest.raises(ProofRefused):
        verify_key("ab" * 32, b"any", [])


_HOLDER = "0x00000000219ab540356cBB839Cbe05303d7705Fa"


def _state() -> tuple[dict[str, Any], str]:
    """An answer to eth_getProof of a made state, and its root."""
    slots = {keccak256(n.to_bytes(32, "big")): rlp.encode(n * n) for n in range(1, 50)}
    storage = _root(slots)
    leaf = rlp.encode([7, 2**255, bytes.fromhex(storage), keccak256(b"code")])
    accounts = {keccak256(n.to_bytes(20, "big")): rlp.encode([1, n, b"\1" * 32, b"\2" * 32]) for n in range(90)}
    key = keccak256(bytes.fromhex(_HOLDER[2:]))
    accounts[key] = leaf
    told = [
        {
            "key": hex(n),
            "value": hex(n * n if n < 50 else 0),
            "proof": ["0x" + each.hex() for each in prove_key(slots, keccak256(n.to_bytes(32, "big")))],
        }
        for n in (1, 49, 1000)
    ]
    answer = {
        "address": _HOLDER,
        "nonce": "0x7",
        "balance": hex(2**255),
        "storageHash": "0x" + storage,
        "codeHash": "0x" + keccak256(b"code").hex(),
        "accountProof": ["0x" + each.hex() for each in prove_key(accounts, key)],
        "storageProof": told,
    }
    return answer, _root(accounts)


def test_an_answer_to_eth_get_proof_is_checked_whole() -> None:
    answer, root = _state()
    told = account_proof_from_rpc(answer)
    check_account(root, told)
    check_code(told.state, b"code")
    assert told.state.has_code
    assert [slot.value for slot in told.slots] == [1, 49 * 49, 0]
    with pytest.raises(ProofRefused, match="the code hashes to"):
        check_code(told.state, b"other")
    for name, value in {"nonce": "0x8", "balance": "0x0", "codeHash": "0x" + "11" * 32}.items():
        with pytest.raises(ProofRefused, match="is proved to be"):
            check_account(root, account_proof_from_rpc(answer | {name: value}))
    with pytest.raises(ProofRefused, match="is proved to be"):
        check_account(root, account_proof_from_rpc(answer | {"storageHash": "0x" + "11" * 32}))
    lie = [answer["storageProof"][0] | {"value": "0x2"}]
    with pytest.raises(ProofRefused, match="is proved to hold 1, not 2"):
        check_account(root, account_proof_from_rpc(answer | {"storageProof": lie}))
    with pytest.raises(MalformedBytes, match=r"proof\.balance"):
        account_proof_from_rpc(answer | {"balance": None})


def test_an_account_that_is_not_there_is_proved_to_hold_nothing() -> None:
    _, root = _state()
    accounts = {keccak256(n.to_bytes(20, "big")): rlp.encode([1, n, b"\1" * 32, b"\2" * 32]) for n in range(90)}
    nobody = "0x" + "99" * 20
    root = _root(accounts)
    nodes = prove_key(accounts, keccak256(b"\x99" * 20))
    assert verify_account(root, nobody, nodes) is None
    zeros = {
        "address": nobody,
        "nonce": "0x0",
        "balance": "0x0",
        "storageHash": "0x" + "00" * 32,
        "codeHash": "0x" + "00" * 32,
        "accountProof": ["0x" + each.hex() for each in nodes],
        "storageProof": [{"key": "0x1", "value": "0x0", "proof": []}],
    }
    check_account(root, account_proof_from_rpc(zeros))
    assert account_proof_from_rpc(zeros).state == AccountState(0, 0, EMPTY_ROOT, EMPTY_CODE)
    with pytest.raises(ProofRefused, match=r"balance of .* is proved to be 0"):
        check_account(root, account_proof_from_rpc(zeros | {"balance": "0x1"}))


def test_what_is_no_account_or_value_is_refused() -> None:
    key = keccak256(bytes.fromhex(_HOLDER[2:]))
    pairs = {key: b"\x01\x02"}
    with pytest.raises(ProofRefused, match="no account"):
        verify_account(_root(pairs), _HOLDER, prove_key(pairs, key))
    slot = keccak256(bytes(32))
    for bad in (b"\x82\x00\x01", b"\xc0", rlpcode.encode(2**256)):
        pairs = {slot: bad}
        with pytest.raises(ProofRefused, match="no value of a slot"):
            verify_storage(_root(pairs), bytes(32), prove_key(pairs, slot))
    pairs = {slot: rlpcode.encode(2**256 - 1)}
    assert verify_storage(_root(pairs), bytes(32), prove_key(pairs, slot)) == 2**256 - 1


def test_slots_of_balances_in_both_layouts() -> None:
    holder = bytes.fromhex(_HOLDER[2:]).rjust(32, b"\0")
    assert solidity_slot(_HOLDER, 2) == keccak256(holder + (2).to_bytes(32, "big"))
    assert vyper_slot(_HOLDER.lower(), 2) == keccak256((2).to_bytes(32, "big") + holder)
    assert solidity_slot(_HOLDER, 2) != vyper_slot(_HOLDER, 2)
    for slot in (solidity_slot, vyper_slot):
        with pytest.raises(InvalidAddress):
            slot("0x12", 0)
