"""The worlds of accounts as the files that people have of them: exports of explorers, tables of ethereum-etl."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.conformance.account_world import AccountWorld, EvmLife, Json, TronLife, parties_of

from cryptotrace.model.movement import AccountTransaction, Movement

_NORMAL = (
    "Txhash,Blockno,UnixTimestamp,DateTime (UTC),From,To,ContractAddress,Value_IN({0}),Value_OUT({0}),"
    "CurrentValue @ $1/Eth,TxnFee({0}),TxnFee(USD),Historical $Price/Eth,Status,ErrCode,Method"
)
_INTERNAL = (
    "Transaction Hash,Blockno,UnixTimestamp,DateTime (UTC),ParentTxFrom,ParentTxTo,ParentTx{0}_Value,From,TxTo,"
    "ContractAddress,Value_IN({0}),Value_OUT({0}),CurrentValue @ $1/Eth,Historical $Price/Eth,Status,ErrCode,Type"
)
_TOKENS = (
    "Transaction Hash,Blockno,UnixTimestamp,DateTime (UTC),From,To,TokenValue,USDValueDayOfTx,ContractAddress,"
    "TokenName,TokenSymbol"
)
_TRONSCAN = "Tx Hash,blockHeight,blockTime(UTC+8),blockTime(UTC),from,to,value,symbol,tokenAddress,isConfirm"
_TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"


def _written(head: str, rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(head.split(","))
    table.writerows(rows)
    return text.getvalue()


def _decimal(units: int, decimals: int) -> str:
    """Base units as a decimal, without a rounding anywhere."""
    whole, rest = divmod(units, 10**decimals)
    return f"{whole}.{rest:0{decimals}}" if decimals else str(whole)


# --- Etherscan --------------------------------------------------------------------------------------------------------


def write_etherscan(life: EvmLife, folder: Path) -> str:
    """An export of each account of the world, three tables each; gives the decimals as an option."""
    folder.mkdir()
    for address in dict.fromkeys(each.lower() for each in life.exporters):
        tables = {
            "normal": (_NORMAL.format(life.network.symbol), _normal(life, address)),
            "internal": (_INTERNAL.format(life.network.symbol), _internal(life, address)),
            "erc20": (_TOKENS, _erc20(life, address)),
        }
        for kind, (head, rows) in tables.items():
            (folder / f"{kind}-{address}.csv").write_text(_written(head, rows), encoding="utf-8", newline="")
    return "decimals=" + ",".join(f"{contract}:{digits}" for contract, digits in life.decimals.items())


def _each(life: EvmLife) -> Iterable[tuple[Json, Json, Json, list[object]]]:
    """Block, transaction, receipt, and the first cells of every row about it."""
    for block in life.blocks:
        time = int(block["timestamp"], 16)
        at = [int(block["number"], 16), time, datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M:%S")]
        for tx in block["transactions"]:
            yield block, tx, life.receipts[tx["hash"]], [tx["hash"], *at]


def _normal(life: EvmLife, address: str) -> Iterable[Sequence[object]]:
    for _, tx, receipt, first in _each(life):
        created = receipt.get("contractAddress") or ""
        if address not in (tx["from"], tx["to"] or "", created.lower()):
            continue
        value, fee = int(tx["value"], 16), int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
        is_out = tx["from"] == address
        moved = ["0", _decimal(value, 18)] if is_out else [_decimal(value, 18), "0"]
        failed = receipt["status"] != "0x1"
        paid = [_decimal(fee, 18), "1"] if is_out else ["0", "0"]
        more = ["1", *(["Error(0)", "reverted"] if failed else ["", ""]), "Call"]
        yield [*first, tx["from"], tx["to"] or "", created, *moved, "1", *paid, *more]


def _internal(life: EvmLife, address: str) -> Iterable[Sequence[object]]:
    for _, tx, receipt, first in _each(life):
        rows = life.traces[tx["hash"]]
        failed = [row["traceAddress"] for row in rows if row.get("error")]
        for row in rows:
            parties = parties_of(row)
            if not row["traceAddress"] or parties is None or not parties[2] or address not in parties[:2]:
                continue
            payer, payee, value = parties
            undone = receipt["status"] != "0x1" or any(row["traceAddress"][: len(f)] == f for f in failed)
            created = payee if row["type"] == "create" else ""
            moved = ["0", _decimal(value, 18)] if payer == address else [_decimal(value, 18), "0"]
            parent = [tx["from"], tx["to"] or "", _decimal(int(tx["value"], 16), 18)]
            more = ["1", "1", "1" if undone else "0", "", row["type"]]
            yield [*first, *parent, payer, "" if created else payee, created, *moved, *more]


def _erc20(life: EvmLife, address: str) -> Iterable[Sequence[object]]:
    decimals = {contract.lower(): digits for contract, digits in life.decimals.items()}
    for _, _, receipt, first in _each(life):
        for log in receipt["logs"]:
            if log["topics"][0] != _TRANSFER or len(log["topics"]) != 3:
                continue
            parties = ["0x" + topic[-40:] for topic in log["topics"][1:]]
            if address in parties:
                value = _decimal(int(log["data"], 16), decimals[log["address"]])
                yield [*first, *parties, value, "", log["address"], "Test", "T"]


# --- ethereum-etl -----------------------------------------------------------------------------------------------------


def write_etl(life: EvmLife, folder: Path) -> None:
    """Blocks, transactions with receipts, logs and traces, as lines of JSON."""
    folder.mkdir()
    tables: dict[str, list[Json]] = {"blocks": [], "transactions": [], "logs": [], "traces": []}
    for block in life.blocks:
        tables["blocks"].append(_etl_block(block))
        for tx in block["transactions"]:
            receipt = life.receipts[tx["hash"]]
            tables["transactions"].append(_etl_transaction(block, tx, receipt))
            tables["logs"] += [_etl_log(log) for log in receipt["logs"]]
            tables["traces"] += [_etl_trace(tx, row) for row in life.traces[tx["hash"]]]
    for name, rows in tables.items():
        (folder / f"{name}.json").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")


def _number(told: Any) -> int | None:
    return None if told is None else int(told, 16)


def _etl_block(block: Json) -> Json:
    hashes = {"parent_hash": "parentHash", "receipts_root": "receiptsRoot", "transactions_root": "transactionsRoot"}
    hashes |= {"hash": "hash", "miner": "miner", "withdrawals_root": "withdrawalsRoot", "state_root": "stateRoot"}
    numbers = {"number": "number", "timestamp": "timestamp", "base_fee_per_gas": "baseFeePerGas"}
    numbers |= {"gas_used": "gasUsed", "gas_limit": "gasLimit", "difficulty": "difficulty"}
    numbers |= {"blob_gas_used": "blobGasUsed", "excess_blob_gas": "excessBlobGas"}
    row: Json = {name: block.get(told) for name, told in hashes.items()}
    row |= {name: _number(block.get(told)) for name, told in numbers.items()}
    return row | {"transaction_count": len(block["transactions"]), "withdrawals": []}


def _etl_transaction(block: Json, tx: Json, receipt: Json) -> Json:
    numbers = {"nonce": "nonce", "block_number": "blockNumber", "transaction_index": "transactionIndex"}
    numbers |= {"value": "value", "gas": "gas", "gas_price": "gasPrice", "transaction_type": "type"}
    numbers |= {"max_fee_per_gas": "maxFeePerGas", "max_priority_fee_per_gas": "maxPriorityFeePerGas"}
    row: Json = {name: _number(tx.get(told)) for name, told in numbers.items()}
    row |= {"hash": tx["hash"], "block_hash": tx["blockHash"], "from_address": tx["from"], "to_address": tx["to"]}
    row |= {"input": tx["input"], "block_timestamp": _number(block["timestamp"])}
    done = {"cumulative_gas_used": "cumulativeGasUsed", "gas_used": "gasUsed", "status": "status"}
    done |= {"effective_gas_price": "effectiveGasPrice"}
    row |= {f"receipt_{name}": _number(receipt[told]) for name, told in done.items()}
    return row | {"receipt_contract_address": receipt.get("contractAddress")}


def _etl_log(log: Json) -> Json:
    numbers = {"log_index": "logIndex", "transaction_index": "transactionIndex", "block_number": "blockNumber"}
    row: Json = {name: _number(log[told]) for name, told in numbers.items()}
    row |= {"transaction_hash": log["transactionHash"], "block_hash": log["blockHash"]}
    return row | {"address": log["address"], "data": log["data"], "topics": log["topics"]}


def _etl_trace(tx: Json, trace: Json) -> Json:
    action, result, kind = trace["action"], trace.get("result") or {}, trace["type"]
    parties = action.get("from", action.get("address")), action.get("to", action.get("refundAddress"))
    return {
        "transaction_hash": tx["hash"],
        "transaction_index": _number(tx["transactionIndex"]),
        "from_address": parties[0],
        "to_address": result.get("address") if kind == "create" else parties[1],
        "value": _number(action.get("value", action.get("balance"))),
        "trace_type": kind,
        "call_type": action.get("callType"),
        "subtraces": trace["subtraces"],
        "trace_address": trace["traceAddress"],
        "error": trace.get("error"),
        "status": 0 if trace.get("error") else 1,
        "block_number": _number(tx["blockNumber"]),
    }


# --- TronScan ---------------------------------------------------------------------------------------------------------


def write_tronscan(life: TronLife, file: Path) -> str:
    """Every transfer of tokens and of the coin in one export; gives the decimals as an option."""
    rows = []
    for tx in life.transactions.values():
        assert tx.block is not None
        utc, china = (datetime.fromtimestamp(tx.block.time + hours * 3600, UTC) for hours in (0, 8))
        times = [each.strftime("%Y/%m/%d %H:%M:%S") for each in (china, utc)]
        for m in tx.movements:
            if not _is_row(m, life):
                continue
            is_coin = m.asset == life.network.asset
            token = ["TRX", ""] if is_coin else ["USDT", m.asset.reference]
            parties = [each.address for each in (m.payer, m.payee) if each is not None]
            rows.append([tx.txid, tx.block.height, *times, *parties, _decimal(m.units, 6), *token, "true"])
    file.write_text(_written(_TRONSCAN, rows), encoding="utf-8", newline="")
    return f"decimals={life.held.addresses['fake']}:6"


def _is_row(movement: Movement, world: AccountWorld) -> bool:
    """True if TronScan's list of transfers has it: a transfer of TRC-20 or of the coin, not inside a contract."""
    is_inside = movement.place.startswith(("call", "fee"))
    listed = movement.asset == world.network.asset or movement.asset.namespace == "trc20"
    return listed and not is_inside and movement.payer is not None and movement.payee is not None


def is_in_tronscan(transaction: AccountTransaction, world: AccountWorld) -> bool:
    """True if the export has a row of that transaction."""
    return any(_is_row(each, world) for each in transaction.movements)
