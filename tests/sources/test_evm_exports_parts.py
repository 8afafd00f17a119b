"""The parts of the readers of exported tables by themselves."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cryptotrace.chains.evm.address import canonical_address
from cryptotrace.chains.networks import network
from cryptotrace.errors import ConfigurationError, DataNotFound, MalformedBytes, SourceLied
from cryptotrace.evidence.recorder import MemoryRecorder
from cryptotrace.model.block import BlockRef
from cryptotrace.model.flow import FlowKind
from cryptotrace.model.movement import AccountTransaction, Movement
from cryptotrace.sources.evm.etlassemble import Assembler
from cryptotrace.sources.evm.etlrows import EtlRow, Table, read_rows
from cryptotrace.sources.evm.etltold import Told
from cryptotrace.sources.evm.exportrows import ExportTable, Form
from cryptotrace.sources.evm.filesopen import open_csv, open_etl
from cryptotrace.sources.evm.held import PROBLEM, HeldMovements
from cryptotrace.sources.policy import Policy
from cryptotrace.sources.spec import parse_spec

ETHEREUM: Any = network("ethereum")
A, B = (ETHEREUM.account(canonical_address("0x" + digit * 40)) for digit in "12")


# --- what is held -----------------------------------------------------------------------------------------------------


def held(number: int, height: int | None, index: int = -1, block_hash: str = "") -> AccountTransaction:
    block = None if height is None else BlockRef(ETHEREUM.chain, height, block_hash, 5)
    moved = (Movement("value", FlowKind.TRANSFER, ETHEREUM.asset, number, A, B, 0),)
    return AccountTransaction(ETHEREUM.chain, f"{number:064x}", block, index, A, None, True, moved)


def test_what_is_held_stands_in_chain_order_and_says_that_it_may_not_be_all() -> None:
    given = [held(3, 9, 1), held(1, 9, 0, "ab" * 32), held(2, 7), held(4, None)]
    found = HeldMovements(ETHEREUM.chain, "etl:x", {each.txid: each for each in given}, ["digest"])
    assert [int(txid, 16) for txid in found.txids()] == [2, 1, 3, 4]
    assert (found.tip().height, found.tip().hash) == (9, "ab" * 32)
    assert found.block_ref(9).hash == "ab" * 32
    for height in (7, 8):
        with pytest.raises(DataNotFound, match="does not tell the hash"):
            found.block_ref(height)
    history = found.pot_history(A, ETHEREUM.asset, 8, 9, 1)
    assert (history.txids, history.is_crowded, history.problem) == ((f"{1:064x}",), True, PROBLEM)
    assert history.evidence == ("digest",)
    with pytest.raises(DataNotFound, match="holds no transaction"):
        HeldMovements(ETHEREUM.chain, "etl:x", {"x": held(4, None)}, [])


# --- rows of ethereum-etl ---------------------------------------------------------------------------------------------


def test_csv_and_json_cells_are_read_alike() -> None:
    as_csv = b'log_index,topics,data,address,transaction_hash\n5,"0x1,0x2",0x12,0xA,0xb\n'
    as_json = b'{"log_index":5,"topics":["0x1","0x2"],"data":"0x12","address":"0xA","transaction_hash":"0xb"}\n'
    (csv_row,), (json_row,) = list(read_rows(as_csv, "a.csv")), list(read_rows(as_json, "a.json"))
    for row in (csv_row, json_row):
        assert (row.table, row.integer("log_index"), row.items("topics")) == (Table.LOGS, 5, ["0x1", "0x2"])
        assert (row.data("data"), row.integer_or_none("block_number")) == (b"\x12", None)
    assert (csv_row.line, json_row.line) == (2, 1)
    assert list(read_rows(b"", "empty.csv")) == []


def test_each_table_is_known_by_its_columns() -> None:
    heads = {
        Table.BLOCKS: "number,hash,parent_hash,miner",
        Table.TRANSACTIONS: "hash,nonce,from_address,to_address,value,input",
        Table.RECEIPTS: "transaction_hash,cumulative_gas_used,gas_used",
        Table.TRANSFERS: "token_address,from_address,to_address,value,log_index",
        Table.TRACES: "trace_type,trace_address,from_address,to_address,value,input",
        Table.CONTRACTS: "address,bytecode",
        Table.TOKENS: "address,symbol,name,decimals",
    }
    for table, head in heads.items():
        (row,) = read_rows(f"{head}\n{','.join('1' for _ in head.split(','))}\n".encode(), "x.csv")
        assert row.table is table


@pytest.mark.parametrize(("cells", "ask"), [({"a": True}, "integer"), ({"a": {}}, "items"), ({"a": "[1"}, "objects")])
def test_a_cell_of_another_kind_is_refused(cells: dict[str, Any], ask: str) -> None:
    with pytest.raises(MalformedBytes):
        getattr(EtlRow(Table.BLOCKS, "x", 1, cells), ask)("a")


def test_a_row_that_stands_twice_must_be_the_same() -> None:
    told = Told()
    cells = {"number": 1, "hash": "0x" + "ab" * 32, "parent_hash": "0x", "miner": "0x"}
    told.take(EtlRow(Table.BLOCKS, "x.csv", 2, cells))
    told.take(EtlRow(Table.BLOCKS, "y.json", 9, cells | {"number": "1", "size": 5}))
    with pytest.raises(SourceLied, match=r"y\.json, line 3: miner of the same blocks row"):
        told.take(EtlRow(Table.BLOCKS, "y.json", 3, cells | {"miner": "0x12"}))


def test_without_a_row_of_the_block_nobody_is_said_to_get_the_fee() -> None:
    told = Told()
    told.evidence["x"] = "digest"
    txid = "ab" * 32
    cells: dict[str, Any] = {"hash": f"0x{txid}", "nonce": 1, "from_address": A.address, "to_address": B.address}
    cells |= {"value": 5, "gas": 21000, "gas_price": 7, "input": "0x", "block_number": 3, "transaction_index": 0}
    cells |= {"receipt_status": 1, "receipt_gas_used": 21000, "receipt_cumulative_gas_used": 21000}
    told.take(EtlRow(Table.TRANSACTIONS, "x", 1, cells))
    made = Assembler(ETHEREUM, told, "etl:x")
    assert made.facts(3) is None
    tx = made.transaction(txid, told.receipt(txid), set())
    assert [(m.place, m.units, m.payee) for m in tx.movements] == [("fee", 147_000, None), ("value", 5, B)]
    assert {"block hash", "block time", "logs"} <= set(tx.missing)


# --- rows of explorers ------------------------------------------------------------------------------------------------


def test_the_unit_of_a_head_is_the_chains_own_or_what_it_once_was() -> None:
    head = (
        "Txhash,Blockno,UnixTimestamp,DateTime,From,To,ContractAddress,Value_IN({0}),Value_OUT({0}),TxnFee({0}),Status"
    )
    row = f"0x{'ab' * 32},5,6,x,{A.address},{B.address},,0,1.5,0.1,"
    for chain, symbol in (("polygon", "POL"), ("polygon", "MATIC"), ("bnb", "BNB"), ("avalanche", "AVAX")):
        (found,) = ExportTable(network(chain), "x.csv").read(f"{head.format(symbol)}\n{row}\n".encode())  # type: ignore[arg-type]
        assert (found.form, found.value, found.fee) == (Form.NORMAL, Decimal("1.5"), Decimal("0.1"))
    with pytest.raises(MalformedBytes, match="values are in BNB, and the coin of ethereum is not it"):
        ExportTable(ETHEREUM, "x.csv").read(f"{head.format('BNB')}\n{row}\n".encode())


def test_files_are_opened_by_their_ending_and_absent_ones_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    for opener, kind in ((open_csv, "csv"), (open_etl, "etl")):
        for path in (tmp_path, tmp_path / "nowhere"):
            with pytest.raises(ConfigurationError, match="there is no such file, and no folder with files"):
                opener(parse_spec(f"{kind}:{path}"), ETHEREUM, MemoryRecorder(), Policy())
