"""The recorded blocks of Ethereum, by what can be checked of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from tests.shared_data import read_data, read_json

from cryptotrace.chains.evm import rlpcode
from cryptotrace.chains.evm.header import Header, decode_header
from cryptotrace.chains.evm.header import from_rpc as header_from_rpc
from cryptotrace.chains.evm.receipt import Log, Receipt, bloom_of
from cryptotrace.chains.evm.receipt import from_rpc as receipt_from_rpc
from cryptotrace.chains.evm.rlpcode import Item
from cryptotrace.chains.evm.transaction import WireTransaction, decode_transaction
from cryptotrace.chains.evm.transaction import from_rpc as transaction_from_rpc
from cryptotrace.chains.evm.trie import Withdrawal, decode_withdrawal, withdrawal_from_rpc

#: Blocks as JSON-RPC tells them, with all transactions.
RPC_BLOCKS = (
    "eth-blocks/nimbus-eth1__22431080.json",
    "eth-blocks/nimbus-eth1__22431081.json",
    "eth-blocks/nimbus-eth1__22431082.json",
    "eth-blocks/nimbus-eth1__22431083.json",
    "eth-blocks/nimbus-eth1__22431084.json",
    "eth-blocks/nimbus-eth1__22431085.json",
    "eth-blocks/nimbus-eth1__Byzantium.json",
    "eth-blocks/nimbus-eth1__DAO.json",
    "eth-blocks/nimbus-eth1__Homestead.json",
    "eth-blocks/nimbus-eth1__Istanbul.json",
    "eth-blocks/nimbus-eth1__SpuriousDragon.json",
    "eth-blocks/trin__block_19433902_value.json",
)
#: A block that lists only the hashes of its transactions.
RPC_BLOCK_OF_HASHES = "eth-rpc/helios__block.json"
#: Header, body and slim receipts as RLP.
PORTAL_BLOCKS = (
    "eth-blocks/portal-spec-tests__block-data-14764013.yaml",
    "eth-blocks/portal-spec-tests__block-data-15537393.yaml",
    "eth-blocks/portal-spec-tests__block-data-17034869.yaml",
    "eth-blocks/portal-spec-tests__block-data-17034870.yaml",
    "eth-blocks/portal-spec-tests__block-data-19426587.yaml",
    "eth-blocks/portal-spec-tests__block-data-22431083.yaml",
    "eth-blocks/portal-spec-tests__block-data-22431084.yaml",
)
#: Receipts of a whole block -> the block.
RPC_RECEIPTS = {
    "eth-blocks/trin__receipts-19433902.json": "eth-blocks/trin__block_19433902_value.json",
    "eth-rpc/helios__receipts.json": RPC_BLOCK_OF_HASHES,
}
#: Answers with a proof of an account; all those of eth-rpc are of block 21925176.
ACCOUNT_PROOFS = (
    "eth-blocks/nimbus-eth1__storage_proof.json",
    "eth-rpc/helios__account.json",
    "eth-rpc/helios__proof.json",
    "eth-rpc/helios__block_miner_account.json",
    "eth-rpc/helios__block_miner_proof.json",
    "eth-rpc/helios__verifiable_api__access_list.json",
)
#: Answers with a proof of a receipt in block 21925176.
RECEIPT_PROOFS = ("eth-rpc/helios__verifiable_api__receipt.json", "eth-rpc/helios__verifiable_api__logs.json")
#: Parts of block 21925176, and a transaction of another chain.
PARTS = (
    "eth-rpc/helios__receipt.json",
    "eth-rpc/helios__logs.json",
    "eth-rpc/helios__tx_hashes.json",
    "eth-rpc/helios__block_hashes.json",
    "eth-rpc/helios__transaction.json",
)
#: Code -> the proof of its account.
CODE = {"eth-blocks/nimbus-eth1__code.json": "eth-blocks/nimbus-eth1__storage_proof.json"}
#: Questions, filters and fees: nothing in them can be held against a hash.
UNPROVABLE = (
    "eth-rpc/helios__access_list.json",
    "eth-rpc/helios__chain_id.txt",
    "eth-rpc/helios__fee_history.json",
    "eth-rpc/helios__filter_id_blocks.txt",
    "eth-rpc/helios__filter_id_logs.txt",
    "eth-rpc/helios__filter_id_txs.txt",
)


@dataclass(frozen=True)
class WholeBlock:
    """A block with what the file holds of it."""

    header: Header
    transactions: list[WireTransaction]
    withdrawals: list[Withdrawal]
    ommers: list[Header]
    receipts: list[Receipt]


def rpc_answer(path: str) -> Any:
    """The JSON of that file, out of its envelope."""
    answer = read_json(path)
    return answer["result"] if isinstance(answer, dict) and "result" in answer else answer


@cache
def rpc_block(path: str) -> WholeBlock:
    """A block of JSON-RPC."""
    told = rpc_answer(path)
    return WholeBlock(
        header_from_rpc(told),
        [transaction_from_rpc(each) for each in told["transactions"] if isinstance(each, dict)],
        [withdrawal_from_rpc(each) for each in told.get("withdrawals", [])],
        [],
        [],
    )


@cache
def rpc_receipts(path: str) -> list[Receipt]:
    """The receipts of a block of JSON-RPC."""
    return [receipt_from_rpc(each) for each in rpc_answer(path)]


def _log(item: Item) -> Log:
    address, topics, data = item.items()
    return Log(address.address(), tuple(each.data(32) for each in topics.items()), data.data())


def _slim(item: Item) -> Receipt:
    kind, status, gas, logged = item.items()
    logs = tuple(_log(each) for each in logged.items())
    return Receipt(
        type=kind.integer(4),
        succeeded=status.integer(1) == 1,
        cumulative_gas=gas.integer(),
        bloom=bloom_of(logs),
        logs=logs,
    )


def _written(item: Item) -> bytes:
    """A transaction stands as bytes, or in older forms as the list itself."""
    return rlpcode.encode(_plain(item)) if item.is_list else item.data()


def _plain(item: Item) -> Any:
    return [_plain(each) for each in item.items()] if item.is_list else item.data()


@cache
def portal_block(path: str) -> WholeBlock:
    """A block of RLP in YAML; the values are too long for a YAML number, so the lines are read as text."""
    lines = dict(line.split(": ", 1) for line in read_data(path).decode("ascii").splitlines() if ": " in line)
    raw = {name: bytes.fromhex(value.strip().strip("'\"")[2:]) for name, value in lines.items()}
    transactions, ommers, *withdrawals = rlpcode.decode(raw["body"], "body").items()
    return WholeBlock(
        decode_header(raw["header"]),
        [decode_transaction(_written(each)) for each in transactions.items()],
        [decode_withdrawal(_written(each)) for each in (withdrawals[0].items() if withdrawals else [])],
        [decode_header(_written(each)) for each in ommers_of(ommers)],
        [_slim(each) for each in rlpcode.decode(raw["receipts"], "receipts").items()],
    )


def ommers_of(item: Item) -> list[Item]:
    """The headers of the list, which the portal's body holds as bytes."""
    return item.items() if item.is_list else rlpcode.decode(item.data(), "ommers").items()


def whole_blocks() -> list[tuple[str, WholeBlock]]:
    """All blocks with full transactions."""
    return [(path, rpc_block(path)) for path in RPC_BLOCKS] + [(path, portal_block(path)) for path in PORTAL_BLOCKS]
