"""Every hash and root that the recorded data of Ethereum lets be checked."""

from __future__ import annotations

import pytest
from tests.chains.evm_blocks import (
    ACCOUNT_PROOFS,
    CODE,
    PARTS,
    PORTAL_BLOCKS,
    RECEIPT_PROOFS,
    RPC_BLOCK_OF_HASHES,
    RPC_BLOCKS,
    RPC_RECEIPTS,
    UNPROVABLE,
    WholeBlock,
    portal_block,
    rpc_answer,
    rpc_block,
    rpc_receipts,
    whole_blocks,
)
from tests.shared_data import manifest_paths, read_json, read_vectors

from cryptotrace.chains.evm import proof, trie
from cryptotrace.chains.evm.hashes import keccak256
from cryptotrace.chains.evm.header import decode_header, encode_header, ommers_hash, requests_hash
from cryptotrace.chains.evm.proof import AccountProof, AccountState, StorageProof
from cryptotrace.chains.evm.receipt import decode_receipt, encode_receipt, log_from_rpc
from cryptotrace.chains.evm.receipt import from_rpc as receipt_from_rpc
from cryptotrace.chains.evm.told import Told
from cryptotrace.chains.evm.transaction import decode_transaction
from cryptotrace.chains.evm.transaction import from_rpc as transaction_from_rpc
from cryptotrace.model.verdict import Standing

pytestmark = pytest.mark.shared


def test_every_recorded_file_of_ethereum_is_listed_once() -> None:
    listed = [
        *RPC_BLOCKS,
        RPC_BLOCK_OF_HASHES,
        *PORTAL_BLOCKS,
        *RPC_RECEIPTS,
        *ACCOUNT_PROOFS,
        *RECEIPT_PROOFS,
        *PARTS,
        *CODE,
        *UNPROVABLE,
    ]
    there = manifest_paths("eth-blocks/") + manifest_paths("eth-rpc/")
    assert sorted(listed) == sorted(there)


def _block(path: str) -> WholeBlock:
    return portal_block(path) if path in PORTAL_BLOCKS else rpc_block(path)


@pytest.mark.parametrize("path", [*RPC_BLOCKS, RPC_BLOCK_OF_HASHES, *PORTAL_BLOCKS])
def test_the_header_hashes_to_its_name_and_is_written_back(path: str) -> None:
    head = _block(path).header
    assert head.is_recomputed
    assert head.unknown == head.absent == ()
    raw = encode_header(head)
    assert keccak256(raw).hex() == head.hash
    assert decode_header(raw) == head


@pytest.mark.parametrize("path", [*RPC_BLOCKS, *PORTAL_BLOCKS])
def test_the_transactions_have_the_root_of_the_header(path: str) -> None:
    block = _block(path)
    assert block.transactions
    assert trie.transactions_root(block.transactions) == block.header.transactions_root


def test_the_blocks_hold_the_types_0_to_3() -> None:
    """Type 4 occurs in none of them: it is held against another library in test_evm_transaction."""
    whole = [each for _, block in whole_blocks() for each in block.transactions]
    assert len(whole) == 1560
    assert {each.type for each in whole} == {0, 1, 2, 3}
    assert {each.chain_id for each in whole if each.type == 0} == {None, 1}


@pytest.mark.parametrize("path", [*RPC_BLOCKS, *PORTAL_BLOCKS])
def test_every_transaction_is_written_back_and_read_again(path: str) -> None:
    for each in _block(path).transactions:
        assert each.raw is not None
        read = decode_transaction(each.raw)
        assert read == each
        assert read.standing is Standing.RECOMPUTED


def test_block_22431083_is_the_same_from_both_sources() -> None:
    told = rpc_block("eth-blocks/nimbus-eth1__22431083.json")
    raw = portal_block("eth-blocks/portal-spec-tests__block-data-22431083.yaml")
    assert told.header == raw.header
    assert told.transactions == raw.transactions
    assert told.withdrawals == raw.withdrawals


@pytest.mark.parametrize("path", PORTAL_BLOCKS)
def test_the_slim_receipts_have_the_root_of_the_header(path: str) -> None:
    block = portal_block(path)
    assert len(block.receipts) == len(block.transactions)
    assert trie.receipts_root(block.receipts) == block.header.receipts_root
    for each in block.receipts:
        assert decode_receipt(encode_receipt(each)) == each


@pytest.mark.parametrize("path", list(RPC_RECEIPTS))
def test_the_told_receipts_have_the_root_of_the_header(path: str) -> None:
    head, receipts = rpc_block(RPC_RECEIPTS[path]).header, rpc_receipts(path)
    assert trie.receipts_root(receipts) == head.receipts_root
    assert [each.index for each in receipts] == list(range(len(receipts)))
    assert sum(each.gas_used or 0 for each in receipts) == head.gas_used
    assert {each.block for each in receipts} == {head.hash}
    firsts = [each.first_log for each in receipts if each.logs]
    assert firsts == sorted(set(firsts))  # type: ignore[type-var]
    assert all(each.extra == () for each in receipts)


def test_the_block_of_hashes_lists_the_transactions_of_its_receipts() -> None:
    listed = [each[2:] for each in rpc_answer(RPC_BLOCK_OF_HASHES)["transactions"]]
    assert listed == [each.transaction for each in rpc_receipts("eth-rpc/helios__receipts.json")]


def test_all_withdrawals_have_the_root_of_their_header() -> None:
    found = 0
    for path in (*RPC_BLOCKS, RPC_BLOCK_OF_HASHES, *PORTAL_BLOCKS):
        block = _block(path)
        if block.header.withdrawals_root is not None:
            found += 1
            assert trie.withdrawals_root(block.withdrawals) == block.header.withdrawals_root
    assert found == 12


def test_the_ommers_hash_is_that_of_the_listed_ommers() -> None:
    counts = []
    for path in PORTAL_BLOCKS:
        block = portal_block(path)
        assert ommers_hash(block.ommers) == block.header.ommers_hash
        counts.append(len(block.ommers))
    assert counts == [1, 0, 0, 0, 0, 0, 0]


def _without_state(told: dict[str, object]) -> AccountProof:
    """The shape of another light client: the account stands apart from its proof."""
    fields = Told(told["account"], "account")
    state = AccountState(
        fields.quantity("nonce"), fields.quantity("balance"), fields.hash("storageRoot"), fields.hash("codeHash")
    )
    whole = Told(told, "answer")
    slots = [
        StorageProof(each.quantity("key").to_bytes(32, "big"), each.quantity("value"), tuple(each.texts("proof")))
        for each in whole.objects("storageProof")
    ]
    return AccountProof(str(told["address"]), state, tuple(whole.texts("accountProof")), tuple(slots))


def _account_proofs() -> list[tuple[str, AccountProof, str]]:
    """Name, proof and state root."""
    head = rpc_block(RPC_BLOCK_OF_HASHES).header
    root, miner = str(head.state_root), str(head.beneficiary)
    deposit = read_json("eth-rpc/helios__proof.json")["address"]
    whole = ("eth-rpc/helios__proof.json", "eth-rpc/helios__block_miner_proof.json")
    found = [(path, proof.account_proof_from_rpc(read_json(path)), root) for path in whole]
    apart = {"eth-rpc/helios__account.json": deposit, "eth-rpc/helios__block_miner_account.json": miner}
    found += [(path, _without_state(read_json(path) | {"address": who}), root) for path, who in apart.items()]
    path = "eth-rpc/helios__verifiable_api__access_list.json"
    found += [
        (path, _without_state(told | {"address": address}), root)
        for address, told in read_json(path)["accounts"].items()
    ]
    return found


def test_every_account_proof_of_the_block_holds_with_its_slots() -> None:
    proofs = _account_proofs()
    assert {name for name, _, _ in proofs} == {path for path in ACCOUNT_PROOFS if path.startswith("eth-rpc")}
    for _, told, root in proofs:
        proof.check_account(root, told)
    assert sum(len(told.slots) for _, told, _ in proofs) >= 3


def test_the_code_beside_a_proof_is_that_of_the_account() -> None:
    for path in ("eth-rpc/helios__account.json", "eth-rpc/helios__block_miner_account.json"):
        told = read_json(path)
        state = _without_state(told | {"address": "0x" + "00" * 20}).state
        proof.check_code(state, bytes.fromhex(told["code"][2:]))
        assert state.has_code == (told["code"] != "0x")


def test_account_and_code_of_weth_hold_under_the_root_that_its_proof_begins_with() -> None:
    """The header of that state is not in the data: the first node names the root."""
    told = proof.account_proof_from_rpc(read_json("eth-blocks/nimbus-eth1__storage_proof.json"))
    root = keccak256(told.nodes[0]).hex()
    proof.check_account(root, told)
    (code,) = CODE
    assert CODE[code] == "eth-blocks/nimbus-eth1__storage_proof.json"
    proof.check_code(told.state, bytes.fromhex(read_json(code)[2:]))
    known = {_block(path).header.state_root for path in (*RPC_BLOCKS, *PORTAL_BLOCKS)}
    assert root not in known
    assert told.slots[0].value > 0


def test_receipts_are_proved_in_the_block() -> None:
    root = str(rpc_block(RPC_BLOCK_OF_HASHES).header.receipts_root)
    whole = rpc_receipts("eth-rpc/helios__receipts.json")
    answers = [read_json("eth-rpc/helios__verifiable_api__receipt.json")]
    answers += read_json("eth-rpc/helios__verifiable_api__logs.json")["receiptProofs"].values()
    for answer in answers:
        told = receipt_from_rpc(answer["receipt"])
        nodes = Told(answer, "answer").texts("receiptProof")
        assert told.index is not None
        assert proof.verify_index(root, told.index, nodes) == encode_receipt(told)
        assert told == whole[told.index]


def test_the_single_answers_belong_to_the_block() -> None:
    whole = rpc_receipts("eth-rpc/helios__receipts.json")
    told = receipt_from_rpc(read_json("eth-rpc/helios__receipt.json"))
    assert told.index is not None
    assert told == whole[told.index]
    logs = read_json("eth-rpc/helios__logs.json")
    assert [log_from_rpc(each) for each in logs] == list(told.logs)
    assert read_json("eth-rpc/helios__block_hashes.json") == [f"0x{told.block}"]


def test_a_transaction_of_goerli_is_recomputed() -> None:
    read = transaction_from_rpc(read_json("eth-rpc/helios__transaction.json"))
    assert read.standing is Standing.RECOMPUTED
    assert read.chain_id == 5
    assert read_json("eth-rpc/helios__tx_hashes.json") == [f"0x{read.hash}"]


def test_the_records_of_the_earlier_checks_agree() -> None:
    paths = {path.partition("/")[2]: path for path in (*RPC_BLOCKS, RPC_BLOCK_OF_HASHES, *PORTAL_BLOCKS)}
    rows = read_json("derived/eth_roots.json")
    for row in rows:
        if row["file"] in paths:
            block = _block(paths[row["file"]])
            assert block.header.number == row["number"]
            assert row.get("hash", block.header.hash) == block.header.hash
            assert row["txs"] == len(block.transactions) or row["tx_root"] is None
        else:
            (path,) = [each for each in RPC_RECEIPTS if each.endswith(row["file"])]
            assert len(rpc_receipts(path)) == row["receipts"]
    assert len(rows) == 22
    slim = read_json("derived/portal_receipts.json")
    assert [row["receipts"] for row in slim] == [len(portal_block(paths[row["file"]]).receipts) for row in slim]
    assert len(slim) == 7


def test_the_vectors_of_proofs() -> None:
    vectors = {each["name"]: each for each in read_vectors("proofs.json")["ethereum"]}
    genesis = vectors["mainnet_genesis_header"]
    assert decode_header(bytes.fromhex(genesis["rlp"])).hash == genesis["hash"]
    assert vectors["empty_trie_root"]["root"] == trie.EMPTY_ROOT == trie.list_root([])
    assert vectors["empty_requests_hash_EIP7685"]["hash"] == requests_hash([]) == requests_hash([b"\x00", b"\x01"])
    assert len(vectors) == 3


def test_each_transaction_of_a_block_is_proved_and_the_next_place_is_empty() -> None:
    block = portal_block("eth-blocks/portal-spec-tests__block-data-22431084.yaml")
    values = [each.raw or b"" for each in block.transactions]
    root = str(block.header.transactions_root)
    for index in (0, 1, 15, 16, 94):
        assert proof.verify_index(root, index, trie.prove_index(values, index)) == values[index]
    proof.verify_no_index(root, 95, trie.prove_index(values, 95))
