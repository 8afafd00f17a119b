from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.chains.blockmaker import NULL, coinbase, commitment, mine, spend
from tests.shared_data import read_json, read_vectors

from cryptotrace.chains.bitcoin import hashes, proof, wire
from cryptotrace.chains.bitcoin.hashes import hash_bytes, hash_text
from cryptotrace.chains.bitcoin.merkle import pair
from cryptotrace.chains.bitcoin.wire import Header, WireBlock
from cryptotrace.chains.networks import bitcoin_network
from cryptotrace.errors import ChainError, MalformedBytes, ProofRefused
from cryptotrace.model.transaction import Outpoint

#: Regtest's easiest target, under which the tests mine; the main network's.
EASIEST = bitcoin_network("bitcoin-regtest")
MAIN = bitcoin_network("bitcoin")
_leaves = st.lists(st.binary(min_size=32, max_size=32).map(bytes.hex), min_size=1, max_size=40, unique=True)


def _partial_tree(txids: Sequence[str], wanted: set[int]) -> bytes:
    """The proof that a node would give for the wanted places, made by the plain reading of BIP 37."""
    hashes: list[bytes] = []
    bits: list[bool] = []

    def node(places: list[int], width: int) -> bytes:
        """Root of the subtree over those places: an odd end is paired with itself."""
        level = [hash_bytes(txids[each]) for each in places]
        while width > 1:
            if len(level) % 2:
                level.append(level[-1])
            level = [pair(level[i], level[i + 1]) for i in range(0, len(level), 2)]
            width //= 2
        return level[0]

    def walk(first: int, width: int) -> None:
        places = list(range(first, min(first + width, len(txids))))
        holds = any(each in wanted for each in places)
        bits.append(holds)
        if width == 1 or not holds:
            hashes.append(node(places, width))
            return
        walk(first, width // 2)
        if first + width // 2 < len(txids):
            walk(first + width // 2, width // 2)

    walk(0, 1 << (len(txids) - 1).bit_length())
    flags = bytearray((len(bits) + 7) // 8)
    for at, bit in enumerate(bits):
        flags[at // 8] |= bit << at % 8
    return (
        len(txids).to_bytes(4, "little") + bytes([len(hashes)]) + b"".join(hashes) + bytes([len(flags)]) + bytes(flags)
    )


def _header(root: str) -> Header:
    """A header with work over that root."""
    draft = Header(1, "0" * 64, root, 0, 0x207FFFFF, 0, "")
    tries = (wire.decode_header(wire.encode_header(replace(draft, nonce=nonce))) for nonce in range(1000))
    return next(each for each in tries if int(each.hash, 16) <= proof.target_of_bits(each.bits))


# --- work -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bits", "target"),
    [(0x1D00FFFF, 0xFFFF << 208), (0x1B0404CB, 0x404CB << 192), (0x03123456, 0x123456), (0x02123456, 0x1234)],
)
def test_targets_are_read_from_their_compact_form(bits: int, target: int) -> None:
    assert proof.target_of_bits(bits) == target


@pytest.mark.parametrize("bits", [0, 0x01003456, 0x1D000000, 0x1D800001, 0x04923456, 0xFF123456, 0x23000100])
def test_a_target_that_is_none_is_refused(bits: int) -> None:
    with pytest.raises(ProofRefused):
        proof.target_of_bits(bits)


def test_difficulty_one_takes_four_billion_hashes() -> None:
    assert proof.block_work(0x1D00FFFF) == 0x100010001


def test_an_altered_header_does_not_meet_its_work() -> None:
    header = mine([coinbase(1)], bits=0x1F7FFFFF).header
    proof.check_work(header, EASIEST)
    altered = wire.decode_header(wire.encode_header(replace(header, time=header.time + 1)))
    with pytest.raises(ProofRefused, match="does not meet its bits"):
        proof.check_work(altered, EASIEST)


def test_work_that_is_too_easy_for_the_network_is_refused() -> None:
    header = mine([coinbase(1)]).header
    with pytest.raises(ProofRefused, match="easier than this network allows"):
        proof.check_work(header, replace(EASIEST, max_target=0xFFFF << 208))


def test_headers_must_build_on_each_other() -> None:
    first = mine([coinbase(1)])
    second = mine([coinbase(2)], previous=first.header.hash)
    assert proof.check_headers([first.header, second.header], EASIEST) == 2 * proof.block_work(0x207FFFFF)
    with pytest.raises(ProofRefused, match="header 1"):
        proof.check_headers([second.header, first.header], EASIEST)


# --- Merkle trees -----------------------------------------------------------------------------------------------


@given(_leaves)
def test_every_leaf_is_proved_by_its_branch_and_at_no_other_place(txids: list[str]) -> None:
    root = proof.merkle_root(txids)
    for index, txid in enumerate(txids):
        branch = proof.merkle_branch(txids, index)
        proof.verify_branch(txid, index, branch, root, len(txids))
        for wrong in range(-1, len(txids) + 1):
            if wrong != index:
                with pytest.raises(ProofRefused):
                    proof.verify_branch(txid, wrong, branch, root, len(txids))


@given(_leaves, st.integers(-2, 70))
def test_a_number_of_transactions_that_changes_the_path_is_refused(txids: list[str], claimed: int) -> None:
    # the count is bound by the depth, and by the odd end of each level that the path touches
    root, last = proof.merkle_root(txids), len(txids) - 1
    branch = proof.merkle_branch(txids, last)
    if claimed != len(txids):
        try:
            proof.verify_branch(txids[last], last, branch, root, claimed)
        except ProofRefused:
            return
        assert len(branch) == (claimed - 1).bit_length()


@given(_leaves, st.data())
def test_a_changed_sibling_is_refused(txids: list[str], data: st.DataObject) -> None:
    if len(txids) == 1:
        return
    index = data.draw(st.integers(0, len(txids) - 1))
    branch = list(proof.merkle_branch(txids, index))
    at = data.draw(st.integers(0, len(branch) - 1))
    branch[at] = data.draw(st.binary(min_size=32, max_size=32).map(bytes.hex).filter(lambda h: h != branch[at]))
    with pytest.raises(ProofRefused):
        proof.verify_branch(txids[index], index, branch, proof.merkle_root(txids), len(txids))


@given(_leaves)
def test_python_bitcoinlib_gives_the_same_root(txids: list[str]) -> None:
    from bitcoin.core import CBlock, b2lx

    class _Leaf:
        def __init__(self, txid: str) -> None:
            self.txid = hash_bytes(txid)

        def GetTxid(self) -> bytes:
            return self.txid

    tree = CBlock.build_merkle_tree_from_txs([_Leaf(each) for each in txids])
    assert b2lx(tree[-1]) == proof.merkle_root(txids)


def test_a_list_lengthened_under_the_same_root_is_refused_at_every_level() -> None:
    txids = [f"{n:064x}" for n in range(1, 7)]
    for honest, lengthened in ((txids[:3], [*txids[:3], txids[2]]), (txids, [*txids, *txids[4:]])):
        proof.merkle_root(honest)
        with pytest.raises(ProofRefused, match="CVE-2012-2459"):
            proof.merkle_root(lengthened)


def test_a_second_place_for_the_last_leaf_of_an_odd_level_is_refused() -> None:
    txids = [f"{n:064x}" for n in range(1, 4)]
    branch = proof.merkle_branch(txids, 2)
    assert branch[0] == txids[2]
    proof.verify_branch(txids[2], 2, branch, proof.merkle_root(txids), 3)
    with pytest.raises(ProofRefused, match="CVE-2012-2459"):
        proof.verify_branch(txids[2], 3, branch, proof.merkle_root(txids), 4)


def test_a_leaf_is_not_called_the_last_of_an_odd_level_to_hide_its_neighbour() -> None:
    txids = [f"{n:064x}" for n in range(1, 5)]
    branch = proof.merkle_branch(txids, 2)
    proof.verify_branch(txids[2], 2, branch, proof.merkle_root(txids), 4)
    with pytest.raises(ProofRefused, match="not equal to the running hash"):
        proof.verify_branch(txids[2], 2, branch, proof.merkle_root(txids), 3)


def test_no_transactions_have_no_root_and_no_branch() -> None:
    with pytest.raises(ProofRefused):
        proof.merkle_root([])
    with pytest.raises(ProofRefused):
        proof.merkle_branch(["00" * 32], 1)


@pytest.mark.parametrize("sibling", ["", "zz" * 32, "00" * 31, "é" * 64])
def test_a_sibling_that_is_no_hash_is_refused(sibling: str) -> None:
    with pytest.raises(ProofRefused, match="not a hash"):
        proof.verify_branch("00" * 32, 0, [sibling], "00" * 32, 2)


# --- a transaction under a header -------------------------------------------------------------------------------


def test_a_transaction_is_proved_under_its_header() -> None:
    payment = spend(Outpoint("11" * 32, 0), witness=(b"\x01",))
    block = mine([coinbase(5000), payment])
    branch = proof.merkle_branch([each.txid for each in block.transactions], 1)
    for raw in (wire.encode(payment), wire.encode(payment, witness=False)):
        assert proof.verify_inclusion(raw, 1, branch, block.header, EASIEST, 2) == payment.txid
    with pytest.raises(ProofRefused):
        proof.verify_inclusion(wire.encode(payment), 0, branch, block.header, EASIEST, 2)


def test_a_transaction_of_64_bytes_is_refused_with_and_without_witness() -> None:
    outputs = [wire.WireOutput(1, b"\x51\x51\x51\x51")]
    bare = wire.WireTransaction.build([wire.WireInput(Outpoint("11" * 32, 0), b"", 0)], outputs)
    signed = wire.WireTransaction.build([wire.WireInput(Outpoint("11" * 32, 0), b"", 0, (b"\x01",))], outputs)
    assert bare.size == signed.stripped_size == 64
    for each in (bare, signed):
        with pytest.raises(ProofRefused, match="64 bytes"):
            proof.verify_inclusion(wire.encode(each), 0, (), mine([each]).header, EASIEST, 1)


@pytest.mark.parametrize("n_transactions", [2, None])
def test_a_branch_to_another_root_or_from_another_place_proves_nothing(n_transactions: int | None) -> None:
    payment = spend(Outpoint("11" * 32, 0))
    block = mine([coinbase(5000), payment])
    raw, branch = wire.encode(payment), proof.merkle_branch([each.txid for each in block.transactions], 1)
    assert proof.verify_inclusion(raw, 1, branch, block.header, EASIEST, n_transactions) == payment.txid
    for place, siblings in ((0, branch), (1, ["22" * 32]), (3, branch), (1, [])):
        with pytest.raises(ProofRefused):
            proof.verify_inclusion(raw, place, siblings, block.header, EASIEST, n_transactions)


def test_a_header_that_is_too_easy_for_the_network_proves_nothing_in_any_form() -> None:
    """Anybody mines a header of these bits within a moment, over whatever they like to prove."""
    payment = spend(Outpoint("11" * 32, 0))
    block = mine([coinbase(5000), payment], bits=0x207FFFFF)
    txids = [each.txid for each in block.transactions]
    branch = proof.merkle_branch(txids, 1)
    partial = wire.encode_header(block.header) + _partial_tree(txids, {1})
    proof.check_headers([block.header], EASIEST)
    assert proof.parse_merkle_block(partial, EASIEST).matched == ((1, payment.txid),)

    refused: list[Callable[[], object]] = [
        lambda: proof.verify_inclusion(wire.encode(payment), 1, branch, block.header, MAIN, 2),
        lambda: proof.verify_inclusion(wire.encode(payment), 1, branch, block.header, MAIN),
        lambda: proof.parse_merkle_block(partial, MAIN),
        lambda: proof.check_block(block, MAIN),
        lambda: proof.check_headers([block.header], MAIN),
    ]
    for check in refused:
        with pytest.raises(ProofRefused, match="easier than this network allows"):
            check()


# --- whole blocks -----------------------------------------------------------------------------------------------


def _block_with_witness() -> WireBlock:
    payment = spend(Outpoint("11" * 32, 0), witness=(b"\x01", b"\x02"))
    return mine([coinbase(5000, outputs=[commitment([payment])]), payment])


def test_a_block_shows_its_work_its_root_and_its_witnesses() -> None:
    block = _block_with_witness()
    proof.check_block(block, EASIEST)
    assert proof.verify_witness_commitment(block) == block.transactions[0].outputs[1].script[6:].hex()
    assert proof.verify_witness_commitment(mine([coinbase(1)])) is None


def test_an_exchanged_witness_is_caught_though_the_root_still_holds() -> None:
    block = _block_with_witness()
    forged = spend(Outpoint("11" * 32, 0), witness=(b"\x01", b"\x03"))
    assert forged.txid == block.transactions[1].txid
    with pytest.raises(ProofRefused, match="its witnesses give"):
        proof.check_block(replace(block, transactions=(block.transactions[0], forged)), EASIEST)


def test_witnesses_without_a_commitment_are_refused() -> None:
    with pytest.raises(ProofRefused, match="does not commit"):
        proof.check_block(mine([coinbase(5000), spend(Outpoint("11" * 32, 0), witness=(b"\x01",))]), EASIEST)


@pytest.mark.parametrize("reserved", [(), (bytes(31),), (bytes(33),), (bytes(32), b"")])
def test_the_reserved_value_is_one_of_32_bytes(reserved: tuple[bytes, ...]) -> None:
    payment = spend(Outpoint("11" * 32, 0), witness=(b"\x01",))
    root = proof.merkle_root(["0" * 64, payment.wtxid])
    digest = hashes.double_sha256(hash_bytes(root) + b"".join(reserved))  # right for what is reserved, were it allowed
    first = wire.WireTransaction.build(
        [wire.WireInput(NULL, b"\x01\x01", 0, reserved)],
        [wire.WireOutput(0, bytes.fromhex("6a24aa21a9ed") + digest)],
    )
    with pytest.raises(ProofRefused, match="one value of 32 bytes"):
        proof.check_block(mine([first, payment]), EASIEST)


def test_data_of_the_commitments_form_means_nothing_in_a_block_without_witnesses() -> None:
    marked = wire.WireOutput(0, bytes.fromhex("6a24aa21a9ed") + bytes(32))
    first = wire.WireTransaction.build([wire.WireInput(NULL, b"\x01\x01", 0)], [marked])
    assert proof.verify_witness_commitment(mine([first])) is None


def test_the_last_of_several_commitments_counts() -> None:
    payment = spend(Outpoint("11" * 32, 0), witness=(b"\x01",))
    false = wire.WireOutput(0, bytes.fromhex("6a24aa21a9ed") + bytes(32))
    proof.check_block(mine([coinbase(5000, outputs=[false, commitment([payment])]), payment]), EASIEST)
    with pytest.raises(ProofRefused):
        proof.check_block(mine([coinbase(5000, outputs=[commitment([payment]), false]), payment]), EASIEST)


def test_a_changed_missing_or_misplaced_transaction_is_caught() -> None:
    block = mine([coinbase(5000), spend(Outpoint("11" * 32, 0)), spend(Outpoint("22" * 32, 0))])
    first, second, third = block.transactions
    changed = spend(Outpoint("11" * 32, 0), pays=[999])
    for forged in ((first, changed, third), (first, second), (first, third, second), (first, second, third, third)):
        with pytest.raises(ProofRefused):
            proof.check_block(replace(block, transactions=forged), EASIEST)
    for misplaced in ([second], [first, coinbase(1)]):
        with pytest.raises(ProofRefused, match="coinbase"):
            proof.check_block(mine(misplaced), EASIEST)


# --- partial Merkle trees ---------------------------------------------------------------------------------------


@given(_leaves, st.data())
def test_a_partial_tree_proves_exactly_what_was_asked(txids: list[str], data: st.DataObject) -> None:
    wanted = data.draw(st.sets(st.integers(0, len(txids) - 1), min_size=1))
    header = _header(proof.merkle_root(txids))
    read = proof.parse_merkle_block(wire.encode_header(header) + _partial_tree(txids, wanted), EASIEST)
    assert read.matched == tuple((at, txids[at]) for at in sorted(wanted))
    assert (read.n_transactions, read.header) == (len(txids), header)


def test_a_partial_tree_with_anything_left_over_is_refused() -> None:
    txids = [f"{n:064x}" for n in range(1, 6)]
    head = wire.encode_header(_header(proof.merkle_root(txids)))
    tree = _partial_tree(txids, {1})
    n_hashes, at = tree[4], 5 + 32 * tree[4]
    forged = {
        "hashes are not used": tree[:4] + bytes([n_hashes + 1]) + tree[5:at] + bytes(32) + tree[at:],
        "flag bits are left over": tree[:at] + bytes([tree[at] + 1]) + tree[at + 1 :] + b"\0",
        "more hashes than it has": tree[:4] + bytes([n_hashes - 1]) + tree[5 : at - 32] + tree[at:],
        "more flag bits than it has": tree[:at] + b"\0",
        "it leads to": tree[:5] + bytes([tree[5] ^ 1]) + tree[6:],
        "0 transactions": bytes(4) + tree[4:],
        "cannot be in one block": b"\xff\xff\xff\x7f" + tree[4:],
        "hashes for": b"\x01\0\0\0" + tree[4:],
    }
    proof.parse_merkle_block(head + tree, EASIEST)
    for reason, each in forged.items():
        with pytest.raises(ProofRefused, match=reason):
            proof.parse_merkle_block(head + each, EASIEST)
    with pytest.raises(ProofRefused, match="flag bits are left over"):
        proof.parse_merkle_block(head + tree[:-1] + bytes([tree[-1] | 0x80]), EASIEST)
    for cut in range(len(tree)):
        with pytest.raises((MalformedBytes, ProofRefused)):
            proof.parse_merkle_block(head + tree[:cut], EASIEST)
    with pytest.raises(MalformedBytes, match="after the end of the proof"):
        proof.parse_merkle_block(head + tree + b"\0", EASIEST)


def test_a_partial_tree_under_a_header_without_work_is_refused() -> None:
    txids = [f"{n:064x}" for n in range(1, 4)]
    header = replace(_header(proof.merkle_root(txids)), bits=0x1D00FFFF)
    with pytest.raises(ProofRefused, match="does not meet its bits"):
        proof.parse_merkle_block(wire.encode_header(header) + _partial_tree(txids, {1}), EASIEST)


def test_a_partial_tree_with_equal_neighbours_is_refused() -> None:
    txids = [f"{n:064x}" for n in range(1, 4)]
    head = wire.encode_header(_header(proof.merkle_root(txids)))
    with pytest.raises(ProofRefused, match="CVE-2012-2459"):
        proof.parse_merkle_block(head + _partial_tree([*txids, txids[2]], {2, 3}), EASIEST)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_proof_or_a_chain_error(tail: bytes) -> None:
    head = wire.encode_header(_header("00" * 32))
    for raw in (tail, head + tail):
        with pytest.raises(ChainError):
            proof.parse_merkle_block(raw, EASIEST)


# --- vectors ----------------------------------------------------------------------------------------------------


@pytest.mark.shared
def test_proof_vectors_of_block_100000() -> None:
    block = read_vectors("proofs.json")["bitcoin"][0]
    header = wire.decode_header(bytes.fromhex(block["header_hex"]))
    assert header.hash == block["hash"]
    assert f"{header.bits:08x}" == block["bits"]
    proof.check_work(header, EASIEST)
    assert proof.merkle_root(block["txids"]) == header.merkle_root
    for txid, row in block["branches"].items():
        proof.verify_branch(txid, row["index"], row["branch"], header.merkle_root, 4)
        assert list(proof.merkle_branch(block["txids"], row["index"])) == row["branch"]


@pytest.mark.shared
def test_negative_proof_vectors_are_refused() -> None:
    block, duplicated, inner, wrong = read_vectors("proofs.json")["bitcoin"]
    assert proof.merkle_root(duplicated["txids_a"]) == duplicated["root_both"]
    with pytest.raises(ProofRefused):
        proof.merkle_root(duplicated["txids_b"])
    with pytest.raises(ProofRefused):
        proof.verify_branch(wrong["txid"], wrong["index"], wrong["branch"], wrong["root"], 4)
    # the inner node over the first two leaves, offered as a transaction beside its sibling
    raw = bytes.fromhex(inner["bytes64"])
    assert hash_text(hashes.double_sha256(raw)) == inner["its_txid_if_read_as_tx"]
    header = wire.decode_header(bytes.fromhex(block["header_hex"]))
    sibling = block["branches"][block["txids"][0]]["branch"][1]
    for count in (2, 4):
        with pytest.raises(ProofRefused, match="64 bytes"):
            proof.verify_inclusion(raw, 0, [sibling], header, EASIEST, count)
    with pytest.raises(ProofRefused, match="siblings"):
        proof.verify_branch(inner["its_txid_if_read_as_tx"], 0, [sibling], header.merkle_root, 4)


@pytest.mark.shared
def test_target_vectors() -> None:
    rows = read_json("vectors/bitcoinjs-lib__block.json")["targets"]
    assert rows
    for row in rows:
        bits = int(row["bits"], 16)
        if bits & 0x800000:  # that library passes over the sign bit; in consensus such a target is negative
            with pytest.raises(ProofRefused, match="negative"):
                proof.target_of_bits(bits)
        else:
            assert f"{proof.target_of_bits(bits):064x}" == row["expected"]
