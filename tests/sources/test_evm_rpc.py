"""The source over a node of Ethereum's family: what it says, what it refuses, and whom it blames."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.sources.evmchain import (
    ALICE,
    BOB,
    CAROL,
    NAME,
    PRODUCER,
    TOKEN,
    Node,
    Refusal,
    Wire,
    chain,
    local,
    matches,
    source,
)

from cryptotrace.chains.evm import rlpcode
from cryptotrace.chains.evm.address import canonical_address
from cryptotrace.chains.evm.hashes import keccak256
from cryptotrace.chains.evm.header import encode_header
from cryptotrace.errors import ChainReorganised, DataNotFound, NotSupported, SourceError, SourceLied, SourceUnavailable
from cryptotrace.evidence.recorder import MemoryRecorder
from cryptotrace.model import accountsource
from cryptotrace.model.identity import Account, Asset
from cryptotrace.model.source import Headers, Source
from cryptotrace.model.verdict import Standing
from cryptotrace.sources.evm.rpc import EvmRpcSource
from cryptotrace.sources.evm.rpcpots import SCAN_BLOCKS
from cryptotrace.sources.evm.rpcstate import token_number
from cryptotrace.sources.evm.rpctransactions import TransactionReader

ETHER = local().asset
USD = Asset(f"{local().chain}/erc20:{TOKEN}")


def account(address: str) -> Account:
    return local().account(canonical_address(address))


def moves(tx: Any) -> list[tuple[str, int]]:
    return [(each.place, each.units) for each in tx.movements if not each.place.startswith("fee")]


# --- opening ----------------------------------------------------------------------------------------------------------


def test_it_satisfies_the_protocols_of_an_account_source() -> None:
    with source() as opened:
        for protocol in (
            Source,
            Headers,
            accountsource.AccountTransactions,
            accountsource.PotHistories,
            accountsource.PotBalances,
            accountsource.ContractCalls,
            accountsource.Logs,
            accountsource.Nonces,
        ):
            assert isinstance(opened, protocol), protocol


def test_a_node_of_another_chain_is_refused() -> None:
    with (
        pytest.raises(SourceLied, match="chain 1, not of evm-local"),
        source(Node(instead={"eth_chainId": lambda: "0x1"})),
    ):
        pass


@pytest.mark.parametrize("tip", ["finalized", "safe", "latest"])
def test_the_tip_is_that_of_its_tag(tip: str) -> None:
    node = Node()
    with source(node, tip=tip) as opened:
        assert opened.tip().height == 4
        assert opened.tip().hash == chain().blocks[4].header.hash
        assert ("eth_getBlockByNumber", [tip, False]) in node.asked


def test_a_node_that_does_not_know_the_tag_says_which_others_there_are() -> None:
    def refuse(tag: str, full: bool) -> Any:
        if tag == "finalized":
            raise Refusal(-39001, "unknown block")
        return Node().eth_getBlockByNumber(tag, full)

    node = Node(instead={"eth_getBlockByNumber": refuse})
    with pytest.raises(NotSupported, match="tip= to one of safe, latest"), source(node):
        pass
    with source(node, tip="latest") as opened:
        assert opened.tip().height == 4


# --- transactions -----------------------------------------------------------------------------------------------------


def test_transactions_with_what_they_moved() -> None:
    txids = [chain().txid(1), chain().txid(2, 0), chain().txid(2, 1), chain().txid(3), chain().blocks[3].header.hash]
    with source() as opened:
        plain, token, split, failed, block = opened.account_transactions(txids)

    assert moves(plain) == [("value", 5)]
    assert moves(token) == [("log.0", 2**200)]
    assert moves(split) == [("value", 10), ("call.0", 4), ("call.1", 6)]
    assert (failed.succeeded, moves(failed)) == (False, [])
    assert moves(block) == [("withdrawal.0", 3 * 10**9)]
    assert [tx.missing for tx in (plain, token, split, failed, block)] == [()] * 5
    assert plain.movements[-1].standing is Standing.RECOMPUTED
    assert token.movements[-1].standing is Standing.REPORTED
    assert [tx.index for tx in (plain, token, split)] == [0, 0, 1]


def test_every_answer_is_evidence() -> None:
    wire = Wire(Node())
    with source(wire=wire) as opened:
        (tx,) = opened.account_transactions([chain().txid(1)])
        raw = wire.recorder.read(tx.evidence)

    assert chain().txid(1) in raw.decode()
    tips = {record.tip for record in wire.recorder.records()}
    assert tips == {None, opened.tip()}


def test_an_unknown_transaction_is_not_found() -> None:
    with source() as opened, pytest.raises(DataNotFound, match="does not wait"):
        list(opened.account_transactions(["ab" * 32]))


def test_a_block_that_moves_nothing_itself_is_not_found_as_a_transaction() -> None:
    with source() as opened, pytest.raises(DataNotFound, match="moves nothing itself"):
        list(opened.account_transactions([chain().blocks[2].header.hash]))


def test_a_transaction_above_the_tip_or_in_no_block_is_unconfirmed() -> None:
    waiting = {"blockHash": None, "blockNumber": None, "transactionIndex": None}
    for instead in (waiting, {"blockNumber": "0x99"}):
        told = Node().eth_getTransactionByHash("0x" + chain().txid(1)) | instead
        with source(Node(instead={"eth_getTransactionByHash": lambda _, told=told: told})) as opened:
            (tx,) = opened.account_transactions([chain().txid(1)])
        assert (tx.block, tx.index) == (None, -1)


def test_a_missing_receipt_is_not_taken_for_a_transaction_that_did_nothing() -> None:
    node = Node(instead={"eth_getTransactionReceipt": lambda _: None})
    with source(node) as opened, pytest.raises(DataNotFound, match="receipt"):
        list(opened.account_transactions([chain().txid(1)]))


# --- lies -------------------------------------------------------------------------------------------------------------


def altered(method: str, **fields: Any) -> Node:
    honest = Node()
    return Node(instead={method: lambda *asked: getattr(honest, method)(*asked) | fields})


LIES: dict[str, tuple[Callable[[], Node], str]] = {
    "another value": (lambda: altered("eth_getTransactionByHash", value="0x6"), "hash to"),
    "another receiver": (lambda: altered("eth_getTransactionByHash", to=CAROL.address.lower()), "hash to"),
    "another sender": (lambda: altered("eth_getTransactionByHash", **{"from": BOB.address.lower()}), "signed by"),
    "another place": (lambda: altered("eth_getTransactionByHash", transactionIndex="0x1"), "its place in the block"),
    "another block": (lambda: altered("eth_getTransactionByHash", blockNumber="0x2"), "is in block"),
    "another transaction": (
        lambda: Node(instead={"eth_getTransactionByHash": lambda _: Node().eth_getTransactionByHash("0x" + chain().txid(3))}),
        "when asked for",
    ),
    "receipt of another one": (
        lambda: Node(instead={"eth_getTransactionReceipt": lambda _: Node().eth_getTransactionReceipt("0x" + chain().txid(3))}),
        "receipt.transactionHash",
    ),
    "receipt of another block": (lambda: altered("eth_getTransactionReceipt", blockHash="0x" + "ee" * 32), "receipt.blockHash"),
    "receipt of another type": (lambda: altered("eth_getTransactionReceipt", type="0x0"), "receipt.type"),
    "receipt with a bloom of its own": (lambda: altered("eth_getTransactionReceipt", logsBloom="0x" + "ff" * 256), "bloom"),
    "another base fee": (lambda: altered("eth_getBlockByNumber", baseFeePerGas="0x8"), "hashes to"),
    "another producer": (lambda: altered("eth_getBlockByNumber", miner=TOKEN), "hashes to"),
    "another withdrawal": (
        lambda: altered("eth_getBlockByNumber", withdrawals=[
            {"index": "0x7", "validatorIndex": "0x9", "address": CAROL.address, "amount": "0x4"}
        ]),
        "withdrawals root",
    ),
    "another value and no signature": (lambda: altered("eth_getTransactionByHash", value="0x6", r="0x0", s="0x0"), "no signature"),
    "another value and a field of another chain": (
        lambda: altered("eth_getTransactionByHash", value="0x6", queueOrigin="l1"),
        "hash to",
    ),
    "another value and a type of another chain": (
        lambda: Node(instead={
            "eth_getTransactionByHash": lambda t: Node().eth_getTransactionByHash(t) | {"value": "0x6", "type": "0x7e"},
            "eth_getTransactionReceipt": lambda t: Node().eth_getTransactionReceipt(t) | {"type": "0x7e"},
        }),
        "has no type 0x7e",
    ),
    "another producer and an unknown field": (
        lambda: altered("eth_getBlockByNumber", miner=TOKEN, newRoot="0x" + "77" * 32),
        "hashes to",
    ),
    "a header without a field": (lambda: altered("eth_getBlockByNumber", mixHash=None, miner=TOKEN), "without mixHash"),
    "a value that is no number": (lambda: altered("eth_getTransactionByHash", value="many"), "value"),
    "a status of its own": (lambda: altered("eth_getTransactionReceipt", status="0x7"), "status"),
}  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_refused_and_named(lie: str) -> None:
    make, words = LIES[lie]
    with pytest.raises(SourceLied, match=words), source(make()) as opened:
        list(opened.account_transactions([chain().txid(1)]))


def test_a_type_that_no_chain_has_is_kept_and_never_silent() -> None:
    def told(method: str) -> Callable[[str], Any]:
        return lambda txid: getattr(Node(), method)(txid) | {"type": "0x1f"}

    both = ("eth_getTransactionByHash", "eth_getTransactionReceipt")
    with source(Node(instead={each: told(each) for each in both})) as opened:
        (tx,) = opened.account_transactions([chain().txid(1)])
    assert tx.notices == ("unknown-type 0x1f", "not-recomputed type 0x1f is not known to this version")
    assert "meaning of type 0x1f" in tx.missing
    assert {each.standing for each in tx.movements} == {Standing.REPORTED}


def test_a_block_of_a_newer_fork_is_kept_and_never_silent() -> None:
    """Its bytes end in a field that this version does not know."""
    old, new = chain().blocks[1].header.hash, "0x" + "77" * 32
    parts = [each.data() for each in rlpcode.decode(encode_header(chain().blocks[1].header), "header").items()]
    made = keccak256(rlpcode.encode([*parts, bytes.fromhex(new[2:])])).hex()

    def renamed(method: str, **more: Any) -> Callable[..., Any]:
        def tell(*asked: Any) -> Any:
            told = json.loads(json.dumps(getattr(Node(), method)(*asked)).replace(old, made))
            return told | more if told.get("number", told.get("blockNumber")) == "0x1" else told

        return tell

    names = ("eth_getTransactionByHash", "eth_getTransactionReceipt")
    instead = {each: renamed(each) for each in names} | {
        "eth_getBlockByNumber": renamed("eth_getBlockByNumber", newRoot=new)
    }
    notices: list[str] = []
    with source(Node(instead=instead), notices=notices) as opened:
        (tx,) = opened.account_transactions([chain().txid(1)])
    why = "its bytes hold newRoot, which this version does not read"
    assert tx.block is not None
    assert tx.block.hash == made
    assert tx.notices == (f"not-recomputed header of block 1: {why}",)
    assert any(why in each for each in notices)


def test_a_call_tree_of_another_transaction_is_refused() -> None:
    node = Node(instead={"debug_traceTransaction": lambda *_: chain().blocks[1].trees[0]})
    with source(node) as opened, pytest.raises(SourceLied, match="call tree"):
        list(opened.account_transactions([chain().txid(2, 1)]))


def test_an_altered_receipt_is_found_out_where_its_root_is_asked_for() -> None:
    """Alone it fits everything; only the root of the block's receipts tells."""
    node = altered("eth_getTransactionReceipt", gasUsed="0x5300", cumulativeGasUsed="0x5300")
    with source(node) as opened:
        list(opened.account_transactions([chain().txid(1)]))
    with source(node, proves_receipts=True) as opened, pytest.raises(SourceLied, match="two receipts"):
        list(opened.account_transactions([chain().txid(1)]))
    forged = Node().eth_getBlockReceipts("0x1")
    forged[0] |= {"gasUsed": "0x5300", "cumulativeGasUsed": "0x5300"}
    node.instead["eth_getBlockReceipts"] = lambda _: forged
    with source(node, proves_receipts=True) as opened, pytest.raises(SourceLied, match="receipts root"):
        list(opened.account_transactions([chain().txid(1)]))
    with source(proves_receipts=True) as opened:
        assert len(list(opened.account_transactions([chain().txid(1), chain().txid(2), chain().txid(2, 1)]))) == 3


def test_a_missing_row_of_a_batch_is_refused() -> None:
    wire = Wire(Node())
    with source(wire=wire) as opened:
        wire.alter = lambda body: json.dumps(json.loads(body)[:-1]).encode()
        with pytest.raises(SourceLied, match="of one batch"):
            list(opened.account_transactions([chain().txid(1), chain().txid(3)]))


@pytest.mark.parametrize("cut", [1, 10, 100])
def test_a_truncated_answer_is_refused(cut: int) -> None:
    wire = Wire(Node())
    with source(wire=wire) as opened:
        wire.alter = lambda body: body[:-cut]
        with pytest.raises(SourceLied, match="JSON"):
            opened.block_ref(2)


def test_a_node_that_is_asked_too_much_is_unavailable_and_says_what_to_set() -> None:
    def refuse(*_: Any) -> Any:
        raise Refusal(-32005, "request rate limit exceeded")

    node = Node(instead={"eth_getTransactionReceipt": refuse})
    with source(node) as opened, pytest.raises(SourceUnavailable, match="rate="):
        list(opened.account_transactions([chain().txid(1)]))


@pytest.mark.parametrize("seed", range(150))
def test_whatever_a_node_says_is_an_answer_or_an_error_of_the_tree(seed: int) -> None:
    """Fields of an honest answer are dropped, emptied or replaced at random."""
    import random

    draw = random.Random(seed)
    values: list[Any] = [
        None,
        "",
        "0x",
        "0x1",
        "0x" + "ff" * 32,
        "ff",
        -1,
        2**70,
        True,
        [],
        {},
        "0x" + "0" * 63,
        ["0x1"],
        1.5,
    ]

    def spoil(value: Any) -> Any:
        if isinstance(value, dict) and value:
            key = draw.choice(list(value))
            return {**value, key: spoil(value[key]) if draw.random() < 0.7 else draw.choice(values)}
        if isinstance(value, list) and value and draw.random() < 0.8:
            at = draw.randrange(len(value))
            return [spoil(each) if n == at else each for n, each in enumerate(value)]
        return draw.choice(values)

    wire = Wire(Node())
    with source(wire=wire) as opened:
        wire.alter = lambda body: json.dumps(
            [{**e, "result": spoil(e.get("result"))} for e in json.loads(body)]
        ).encode()
        for ask in (
            lambda: list(opened.account_transactions([chain().txid(2, 1)])),
            lambda: opened.block_transactions(3),
            lambda: opened.logs(account(TOKEN), [], 0, 4).entries,
            lambda: opened.pot_history(account(BOB.address), USD, 0, 4, 10),
            lambda: opened.pot_balance(account(BOB.address), ETHER),
            lambda: opened.state_proof(account(BOB.address), []),
        ):
            try:
                ask()
            except SourceError:
                continue


# --- blocks, reorganisation -------------------------------------------------------------------------------------------


def test_a_block_is_referred_to_by_its_recomputed_hash() -> None:
    with source() as opened:
        ref = opened.block_ref(2)
        assert (ref.hash, ref.time) == (chain().blocks[2].header.hash, chain().blocks[2].header.timestamp)
        with pytest.raises(DataNotFound, match="tip of this run is 4"):
            opened.block_ref(5)


def test_a_whole_block_has_its_transactions_and_what_it_does_itself() -> None:
    with source() as opened:
        assert [moves(tx) for tx in opened.block_transactions(3)] == [[], [("withdrawal.0", 3 * 10**9)]]
        block = opened.block_transaction(3)
        assert block is not None
        assert block.txid == chain().blocks[3].header.hash
        assert opened.block_transaction(2) is None


def test_receipts_one_by_one_where_the_node_has_no_other_way() -> None:
    with source() as opened, source(Node(lacks={"eth_getBlockReceipts"})) as other:
        told = [[moves(tx) for tx in each.block_transactions(2)] for each in (opened, other)]

    assert told[0] == told[1]


def test_a_tip_that_left_the_chain_ends_the_run() -> None:
    node = Node()
    with source(node) as opened:
        node.chain = chain(1)
        for ask in (
            lambda: list(opened.account_transactions([chain().txid(1)])),
            lambda: list(opened.account_transactions([chain().txid(3)])),
            lambda: opened.block_transactions(3),
            lambda: opened.pot_balance(account(ALICE.address), ETHER),
            lambda: opened.nonce(account(ALICE.address)),
        ):
            with pytest.raises(ChainReorganised, match="open the source again"):
                ask()
    with source(node) as again:
        (tx,) = again.account_transactions([chain(1).txid(3)])
        assert tx.block is not None


# --- state ------------------------------------------------------------------------------------------------------------


def test_balances_at_a_height() -> None:
    node = Node(held={(ALICE.address, "ether"): 2**200, (BOB.address, TOKEN): 2**256 - 1})
    with source(node) as opened:
        assert opened.pot_balance(account(ALICE.address), ETHER, 2).units == 2**200
        found = opened.pot_balance(account(BOB.address), USD)
        assert (found.units, found.at.height) == (2**256 - 1, 4)
        assert opened.nonce(account(ALICE.address))[0] == 3


@pytest.mark.parametrize(
    "words", ["missing trie node 5fd1", "state at block #2 is pruned", "historical state unavailable"]
)
def test_a_state_that_was_dropped_is_not_supported_and_never_nothing(words: str) -> None:
    def refuse(*_: Any) -> Any:
        raise Refusal(-32000, words)

    node = Node(
        instead=dict.fromkeys(("eth_getBalance", "eth_call", "eth_getTransactionCount", "eth_getProof"), refuse)
    )
    with source(node) as opened:
        for ask in (
            lambda: opened.pot_balance(account(ALICE.address), ETHER, 1),
            lambda: opened.pot_balance(account(ALICE.address), USD, 1),
            lambda: opened.contract_call(account(TOKEN), b"\0" * 4, 1),
            lambda: opened.nonce(account(ALICE.address), 1),
            lambda: opened.state_proof(account(ALICE.address), [], 1),
        ):
            with pytest.raises(NotSupported, match="archive"):
                ask()


def test_a_count_of_transactions_that_cannot_be_is_refused() -> None:
    """EIP-2681: an account's nonce has 64 bits."""
    for told, fits in ((2**64 - 1, True), (2**64, False), (2**255, False)):
        with source(Node(instead={"eth_getTransactionCount": lambda *_, told=told: hex(told)})) as opened:
            if fits:
                assert opened.nonce(account(ALICE.address))[0] == told
            else:
                with pytest.raises(SourceLied, match="at most 64 bits"):
                    opened.nonce(account(ALICE.address))


def test_a_contract_without_balances_has_none_and_not_nothing() -> None:
    assert token_number(Asset(f"{local().chain}/erc721:{TOKEN}/{2**256 - 1}")) == 2**256 - 1
    with source() as opened:
        with pytest.raises(NotSupported, match="does not answer balanceOf"):
            opened.pot_balance(account(BOB.address), USD)
        with pytest.raises(NotSupported, match="neither the native coin nor a token"):
            opened.pot_balance(account(BOB.address), Asset("eip155:1/slip44:60"))
        with pytest.raises(NotSupported, match="by its number"):
            opened.pot_balance(account(BOB.address), Asset(f"{local().chain}/erc721:{TOKEN}/x"))


def test_a_call_that_is_taken_back_answers_nothing() -> None:
    with source() as opened:
        assert opened.contract_call(account(TOKEN), b"\1\2\3\4").returned is None
    with source(Node(instead={"eth_call": lambda *_: "0x"})) as opened:
        assert opened.contract_call(account(TOKEN), b"\1\2\3\4").returned is None


def test_a_proof_that_does_not_lead_to_the_state_root_is_refused() -> None:
    proof = {
        "address": ALICE.address.lower(),
        "accountProof": [],
        "balance": "0x5",
        "nonce": "0x0",
        "codeHash": "0x" + "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470",
        "storageHash": "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421",
        "storageProof": [],
    }
    with source(Node(instead={"eth_getProof": lambda *_: proof})) as opened:
        with pytest.raises(SourceLied, match="proved to be 0, not 5"):
            opened.state_proof(account(ALICE.address), [])
        with pytest.raises(SourceLied, match="not asked for"):
            opened.state_proof(account(BOB.address), [])
    with source(Node(instead={"eth_getProof": lambda *_: proof | {"balance": "0x0"}})) as opened:
        assert opened.state_proof(account(ALICE.address), [])[0].state.balance == 0


# --- events and histories ---------------------------------------------------------------------------------------------


def test_events_with_their_place() -> None:
    with source() as opened:
        (entry,) = opened.logs(account(TOKEN), [], 0, 99).entries

    assert (entry.txid, entry.place, entry.index, entry.block.height) == (chain().txid(2), 0, 0, 2)
    assert int.from_bytes(entry.data, "big") == 2**200


def test_a_listing_without_events_names_the_answers_that_say_so() -> None:
    wire = Wire(Node())
    with source(wire=wire) as opened:
        listed = opened.logs(account(TOKEN), [bytes(32)], 0, 99)
        assert listed.entries == ()
        assert [json.loads(wire.recorder.read(each))[0]["result"] for each in listed.evidence] == [[]]
        one = opened.logs(account(TOKEN), [], 0, 99)
        assert one.evidence
        assert {each.evidence for each in one.entries} <= set(one.evidence)


def test_an_event_that_is_not_in_its_receipt_is_refused() -> None:
    (honest,) = Node().eth_getLogs({"fromBlock": "0x0", "toBlock": "0x4", "address": TOKEN, "topics": []})
    for forged in (honest | {"data": "0x" + "11" * 32}, honest | {"logIndex": "0x7"}):
        with source(
            Node(instead={"eth_getLogs": lambda asked, forged=forged: [forged] if matches(forged, asked) else []})
        ) as opened:
            with pytest.raises(SourceLied, match="not in the receipt"):
                opened.logs(account(TOKEN), [], 0, 4)
            if forged["logIndex"] == "0x7":
                continue
            history = opened.pot_history(account(BOB.address), USD, 0, 4, 10)
            with pytest.raises(SourceLied, match="not in the receipt"):
                list(opened.account_transactions(history.txids))


def test_the_history_of_a_token_holding() -> None:
    with source() as opened:
        for address in (ALICE.address, BOB.address):
            history = opened.pot_history(account(address), USD, 0, 99, 10)
            assert (history.txids, history.last, history.problem) == ((chain().txid(2),), 4, "")
        assert opened.pot_history(account(CAROL.address), USD, 0, 4, 10).txids == ()


def test_the_history_of_a_native_holding_by_reading_blocks() -> None:
    with source(Node(lacks={"trace_"})) as opened:
        carol = opened.pot_history(account(CAROL.address), ETHER, 0, 4, 10)
        producer = opened.pot_history(account(PRODUCER), ETHER, 0, 4, 10)
        crowded = opened.pot_history(account(ALICE.address), ETHER, 0, 4, 2)

    assert carol.txids == (chain().txid(2, 1), chain().blocks[3].header.hash)
    assert len(producer.txids) == 4
    assert (len(crowded.txids), crowded.is_crowded) == (2, True)


def test_without_call_trees_a_history_says_that_it_lacks_what_is_inside() -> None:
    notices: list[str] = []
    with source(Node(lacks={"trace_", "debug_"}), notices=notices) as opened:
        history = opened.pot_history(account(CAROL.address), ETHER, 0, 4, 10)
        (split,) = opened.account_transactions([chain().txid(2, 1)])

    assert history.txids == (chain().blocks[3].header.hash,)
    assert "no call trees" in history.problem
    assert split.missing == ("internal calls",)
    assert moves(split) == [("value", 10)]
    assert sum("neither debug_traceTransaction nor trace_transaction" in each for each in notices) == 1


def test_too_many_blocks_to_read_are_not_read() -> None:
    assert SCAN_BLOCKS >= 1_000
    with source(Node(lacks={"trace_"}), scan=3) as opened, pytest.raises(NotSupported, match="5 blocks are too many"):
        opened.pot_history(account(CAROL.address), ETHER, 0, 4, 10)


def test_calls_of_other_blocks_are_refused() -> None:
    row = {
        "blockNumber": 77,
        "blockHash": "0x" + "00" * 32,
        "transactionHash": "0x" + "11" * 32,
        "transactionPosition": 0,
    }
    with (
        source(Node(instead={"trace_filter": lambda _: [row]})) as opened,
        pytest.raises(SourceLied, match="not asked for"),
    ):
        opened.pot_history(account(CAROL.address), ETHER, 0, 4, 10)


def test_a_trace_index_over_many_blocks_says_what_it_leaves_out() -> None:
    row = {
        "blockNumber": 2,
        "blockHash": "0x" + "00" * 32,
        "transactionHash": "0x" + chain().txid(2, 1),
        "transactionPosition": 1,
    }
    node = Node(instead={"trace_filter": lambda _: [row]})
    with source(node, scan=2) as opened:
        history = opened.pot_history(account(CAROL.address), ETHER, 0, 4, 10)
        assert history.txids == (chain().txid(2, 1),)
        assert "staking withdrawals" in history.problem
    with source(node) as opened:
        history = opened.pot_history(account(CAROL.address), ETHER, 0, 4, 10)
        assert (history.txids, history.problem) == ((chain().txid(2, 1), chain().blocks[3].header.hash), "")


def test_the_reader_of_transactions_knows_tokens_that_the_network_does_not_name() -> None:
    with source(wrappers=frozenset([TOKEN]), owner_issued=frozenset([account(TOKEN).address])) as opened:
        reader = opened._reader
        assert isinstance(reader, TransactionReader)
        assert reader.tokens.wrappers == {TOKEN}
        assert reader.owner(account(TOKEN).address, 2) == ALICE.address
        assert reader.owner(account(PRODUCER).address, 2) is None


def test_closing_closes_the_channel() -> None:
    class Closing(Wire):
        closed = False

        def close(self) -> None:
            self.closed = True

    wire = Closing(Node(), MemoryRecorder())
    with source(wire=wire) as opened:
        assert isinstance(opened, EvmRpcSource)
        assert opened.name == NAME
        opened.close()
    assert wire.closed
