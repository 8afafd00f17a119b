from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.chains.trontransactions import wire
from tests.shared_data import read_json, read_vectors

from cryptotrace.chains.tron.block import (
    EMPTY_ROOT,
    Header,
    decode_header,
    header_of_parts,
    header_of_raw_data,
    merkle_branch,
    merkle_leaf,
    merkle_root,
    signer,
    verify_branch,
)
from cryptotrace.chains.tron.protowire import write_bytes, write_number
from cryptotrace.chains.tron.wire import encode_transaction, transaction_of_raw_data
from cryptotrace.errors import InvalidAddress, MalformedBytes, ProofRefused

#: Headers of real blocks as answers of ``wallet/getblock`` and its relatives are printed in the documentation of
#: tron-docker, TronWeb, java-tron, GetBlock and dRPC. 33801077 and 33801078 are of a test network.
HEADERS: list[dict[str, Any]] = [
    {
        "id": "0000000000000a611841e6cd79f99249d7e974e41c0f5b016eb3c64e43fcb01c",
        "number": 2657,
        "merkle_root": "00" * 32,
        "witness": "411661f25387370c9cd3a9a5d97e60ca90f4844e7e",
        "parent": "0000000000000a6023d563b1a2e1e0eb49cb40226eb553e6dc006e723395d588",
        "timestamp": 1529899509000,
        "version": 0,
        "signature": "1710dc914cb846f595455d2b6ace7470b26cb29c8b3b9424156b1bd8c6fc6488"
        "337cb12b5a2e72e4e8d70838e927e0fb4f2c787dc6ad2d6eaf28314c2f75b73300",
    },
    {
        "id": "00000000000d429759175a43cb3e112d0761ecabf06ef0c253affe1420977651",
        "number": 869015,
        "merkle_root": "3a51b325df4783649723a8c5d6f09bdfddd2c186a3586f242989c464ae534490",
        "witness": "41e40de6895c142ade8b86194063bcdbaa6c9360b6",
        "parent": "00000000000d429679bea6d12e9ea903189094d68d7ccd106304d518c08968ef",
        "timestamp": 1532499960000,
        "version": 0,
        "signature": "e590d4dffc4fd41400d144ed84d1e12c53c9d6e022f1fa8bb29e600ad7256b67"
        "401cecbb6ad375529d77b5b844b6b87c1a46927888d26bd189ac3f911cb504d001",
    },
    {
        "id": "0000000001d6f4a09f60c27befccff6fe3cc593b2d6c46cdc79d3fd4f55db859",
        "number": 30864544,
        "merkle_root": "cc12586dc14ca32175ff230931dfad4e2f57b71850948edae7ef1c7a7de08881",
        "witness": "41c81107148e5fa4b4a2edf3d5354db6c6be5b5549",
        "parent": "0000000001d6f49f615231bdeeddd8b563c746188d5e270a58afc87b059f29de",
        "timestamp": 1623055923000,
        "version": 21,
        "signature": "766ac978829f9c7d280e5de624162b12a8405e6e69b3955a2eac352c01ba48e2"
        "0c7bcc31fa97f124a07fa68019ebcb3a93ee2f48493c5586a54bfaf978f786a601",
    },
    {
        "id": "000000000203c375c7521ef953106e9a112e1902664a91becc5f40371a7397d7",
        "number": 33801077,
        "merkle_root": "30fe6502e11e110fa389d5c17e1cf53fa8df93f26297d9f27cd8c07d3558d722",
        "witness": "41e71c365c9dbf284ca8c1eed2d7877638941b9011",
        "parent": "000000000203c3741f9a08f594934bd26df95cc6c49b475d118e3a87aed5a4a4",
        "timestamp": 1684509309000,
        "version": 27,
        "signature": "cb4845bbd745f620852a1a54a955cee0d1aecc209f2f96e9b4ea53bf3d2ceb0f"
        "665fa07a5e870fcf9c6b98110a33d5bba5f35b588cc4123394b7e9f439fe265301",
    },
    {
        "id": "000000000203c376d3d45ca88309982517d69ff0ec4d9a9f9f25536cebcdd76b",
        "number": 33801078,
        "merkle_root": "00" * 32,
        "witness": "41e61626ef01662b320a8ba38372e9db9cca940a3b",
        "parent": "000000000203c375c7521ef953106e9a112e1902664a91becc5f40371a7397d7",
        "timestamp": 1684509312000,
        "version": 27,
        "signature": "f38e08044df52f0bd3314a0dc73431290c323e20a67297da8be939041a8eae48"
        "4e1094ba455c78b71f198bfaf80aee68bb5e9d40f9146158e88ed776d2034e9800",
    },
    {
        "id": "00000000051014e80dbf5923643f955ca7b09253e84c13b59f19e347fb9ea95e",
        "number": 84940008,
        "merkle_root": "5360b488069bf1f3643c8d0504052aea2e5f7a71a51901cf69ebe57e950336fa",
        "witness": "4114f2c09d3de3fe82a71960da65d4935a30b24e1f",
        "parent": "00000000051014e793a715af1fa52f8e4dfd1bed8aea07f41e11c9e831ef5022",
        "timestamp": 1785490773000,
        "version": 36,
        "signature": "0949ffe081195961539746102b3d3a2faf6eeca51eb9a46f6bec6256514f7106"
        "2cbfee9759885ed06aaf99caacb62940ec9d188dac0f036bb8679d841399f7fc01",
    },
]
#: The only transaction of block 33801077, as the same page prints it.
ONLY_RAW_DATA = (
    "0a02c36222084ddf60f936a910d940f0add4a483315a8e01081f1289010a31747970652e676f6f676c65617069732e636f6d2f70726f74"
    "6f636f6c2e54726967676572536d617274436f6e747261637412540a1541fcf7ab2a2fb29362babd41647a22b223f7fbedec121541c3c5"
    "115bd3f5cfe5559c634eeb250f339ae3e29c222437383d0e00000000000000000000000000000000000000000000000000000188349354"
    "c970b8e0d0a48331900180a3c347"
)
ONLY_SIGNATURE = (
    "95874b4774ba56125dfd7bf2a99a0652d4abda98c6977e3f417852b7ea6f2b81"
    "ff2f260df473d186be9586b6bbeb74b5382d7f058593fd72fb60da5d0f77f77100"
)


def _header(told: dict[str, Any]) -> Header:
    return header_of_parts(
        number=told["number"],
        parent=told["parent"],
        merkle_root=bytes.fromhex(told["merkle_root"]),
        timestamp=told["timestamp"],
        witness=told["witness"],
        version=told["version"],
        signature=bytes.fromhex(told["signature"]),
    )


@pytest.mark.parametrize("told", HEADERS, ids=[str(each["number"]) for each in HEADERS])
def test_the_id_of_a_real_block_is_recomputed_and_its_producer_signed_it(told: dict[str, Any]) -> None:
    header = _header(told)
    assert header.id == told["id"]
    assert signer(header) == header.witness
    whole = write_bytes(1, header.raw_data) + write_bytes(2, header.signature)
    assert decode_header(whole) == header


def test_real_blocks_are_linked() -> None:
    below, above = (_header(each) for each in HEADERS[3:5])
    assert above.parent == below.id


def test_the_root_of_a_real_block_with_one_transaction_is_its_leaf() -> None:
    raw_data, signature = bytes.fromhex(ONLY_RAW_DATA), bytes.fromhex(ONLY_SIGNATURE)
    assert transaction_of_raw_data(raw_data).txid == "31370141e3345421bdb92eff72f0d69aba8d04e636317ed52745d3f97e9faabb"
    leaf = merkle_leaf(encode_transaction(raw_data, [signature], ["SUCCESS"]))
    root = bytes.fromhex(HEADERS[3]["merkle_root"])
    assert merkle_root([leaf]) == leaf == root
    verify_branch(leaf, 0, [], root, 1)


def test_a_changed_header_has_another_id_and_another_signer() -> None:
    changed = _header({**HEADERS[0], "timestamp": HEADERS[0]["timestamp"] + 3000})
    assert changed.id != HEADERS[0]["id"]
    assert changed.id[:16] == HEADERS[0]["id"][:16]
    assert signer(changed) != changed.witness


def test_a_first_block_with_a_sentence_for_a_witness_is_read() -> None:
    raw_data = write_bytes(2, bytes(32)) + write_bytes(3, b"\x01" * 32) + write_bytes(9, b"A new system must allow ...")
    header = header_of_raw_data(raw_data)
    assert (header.number, header.witness, header.signature) == (0, None, b"")
    with pytest.raises(ProofRefused):
        signer(header)


def test_unknown_fields_of_a_header_are_named() -> None:
    raw_data = _header(HEADERS[0]).raw_data + write_bytes(12, b"chain")
    header = decode_header(write_bytes(1, raw_data) + write_number(2, 5) + write_bytes(7, b"x"))
    assert set(header.notices) == {
        "unknown-field block_header.2",
        "unknown-field block_header.7",
        "unknown-field block_header.raw_data.12",
    }
    assert header.id[16:] == hashlib.sha256(raw_data).hexdigest()[16:]


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (b"", "block_header.raw_data"),
        (write_bytes(1, b"\x08\x01") * 2, "block_header.raw_data"),
        (write_bytes(1, write_number(7, -1) or b"\x00"), "number"),
        (write_bytes(1, write_bytes(3, b"\x01")), "parentHash"),
        (write_bytes(1, write_bytes(3, b"\x01" * 32)), "txTrieRoot"),
        (b"\x0a\x7f", "block_header"),
    ],
)
def test_bytes_that_are_no_header_are_refused(raw: bytes, field: str) -> None:
    with pytest.raises(MalformedBytes, match=field):
        decode_header(raw)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"number": -1}, MalformedBytes),
        ({"timestamp": 1 << 63}, MalformedBytes),
        ({"parent": "zz"}, MalformedBytes),
        ({"parent": "00"}, MalformedBytes),
        ({"merkle_root": "00"}, MalformedBytes),
        ({"witness": "41"}, InvalidAddress),
    ],
)
def test_parts_that_cannot_stand_in_a_header_are_refused(wrong: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        _header({**HEADERS[0], **wrong})


@pytest.mark.shared
@pytest.mark.parametrize("name", ["merkle_1_leaves", "merkle_2_leaves", "merkle_3_leaves", "merkle_5_leaves"])
def test_the_vectors_of_the_merkle_tree(name: str) -> None:
    (vector,) = [each for each in read_vectors("proofs.json")["tron"] if each["name"] == name]
    _check_vector(vector)


@pytest.mark.shared
def test_every_vector_of_the_merkle_tree() -> None:
    vectors = read_vectors("proofs.json")["tron"]
    assert len(vectors) == 5
    for vector in vectors:
        _check_vector(vector)


def _check_vector(vector: dict[str, Any]) -> None:
    leaves = [bytes.fromhex(each) for each in vector["leaves"]]
    root = bytes.fromhex(vector["root"])
    assert merkle_root(leaves) == root
    for index, leaf in enumerate(leaves):
        verify_branch(leaf, index, merkle_branch(leaves, index), root, len(leaves))


def _naive_root(nodes: list[bytes]) -> bytes:
    """The same tree, written down as it is described: halves of the next power of two below."""
    if len(nodes) == 1:
        return nodes[0]
    half = 1 << (len(nodes) - 1).bit_length() - 1
    return hashlib.sha256(_naive_root(nodes[:half]) + _naive_root(nodes[half:])).digest()


LEAVES = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=40, unique=True)


@given(LEAVES, st.data())
def test_every_place_is_proved_and_no_other(leaves: list[bytes], data: st.DataObject) -> None:
    root = merkle_root(leaves)
    assert root == _naive_root(leaves)
    index = data.draw(st.integers(0, len(leaves) - 1))
    branch = merkle_branch(leaves, index)
    verify_branch(leaves[index], index, branch, root, len(leaves))
    other = data.draw(st.integers(0, len(leaves) - 1).filter(lambda n: n != index or len(leaves) == 1))
    if other != index:
        with pytest.raises(ProofRefused):
            verify_branch(leaves[index], other, branch, root, len(leaves))
    for wrong in (branch[:-1] if branch else (bytes(32),), (*branch, bytes(32))):
        with pytest.raises(ProofRefused):
            verify_branch(leaves[index], index, wrong, root, len(leaves))
    with pytest.raises(ProofRefused, match="the header says"):
        verify_branch(leaves[index], index, branch, hashlib.sha256(root).digest(), len(leaves))


def test_an_odd_node_is_carried_up_unchanged() -> None:
    leaves = [hashlib.sha256(bytes([n])).digest() for n in range(3)]
    pair = hashlib.sha256(leaves[0] + leaves[1]).digest()
    assert merkle_root(leaves) == hashlib.sha256(pair + leaves[2]).digest()
    assert merkle_branch(leaves, 2) == (pair,)
    doubled = hashlib.sha256(pair + hashlib.sha256(leaves[2] * 2).digest()).digest()
    assert merkle_root(leaves) != doubled


def test_an_empty_block_and_what_is_no_leaf() -> None:
    assert merkle_root([]) == EMPTY_ROOT == bytes(32)
    with pytest.raises(ProofRefused, match="no transaction at place 0 of 0"):
        merkle_branch([], 0)
    with pytest.raises(ProofRefused, match="no place 0 in a tree of 0"):
        verify_branch(bytes(32), 0, [], bytes(32), 0)
    with pytest.raises(ProofRefused, match="32 bytes, not 3"):
        merkle_root([b"abc"])
    with pytest.raises(ProofRefused, match="32 bytes, not 3"):
        verify_branch(bytes(32), 0, [b"abc"], bytes(32), 2)


def test_the_leaf_covers_signatures_and_result_where_the_txid_does_not() -> None:
    read = wire("trx")
    other = encode_transaction(read.raw_data, read.signatures, ["REVERT"])
    assert merkle_leaf(other) != merkle_leaf(read.raw)
    assert transaction_of_raw_data(read.raw_data).txid == read.txid


@pytest.mark.shared
def test_the_ids_of_recorded_blocks_begin_with_their_height() -> None:
    main = read_json("multi-rpc/blockbook__tron.json")
    assert int(main["blockHash"][:16], 16) == main["blockHeight"] == 10_000_000
    nile = read_json("multi-rpc/blockbook__tron_testnet_nile.json")["connectBlocks"]["blocks"]
    assert [int(each["hash"][2:18], 16) for each in nile.values()] == [int(height) for height in nile]
