from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.chains.blockmaker import GENESIS_TRANSACTION, NULL, P2PKH, coinbase, mine, spend, transactions
from tests.shared_data import manifest_paths, read_data, read_json

from cryptotrace.chains.bitcoin import wire
from cryptotrace.chains.bitcoin.wire import WireInput, WireOutput, WireTransaction
from cryptotrace.errors import ChainError, MalformedBytes, UnsupportedChain
from cryptotrace.model.transaction import Outpoint

_OUTPOINT = Outpoint("11" * 32, 3)
# version 1, one input (outpoint, empty script, sequence), one output (one satoshi, empty script), lock time 0
_INPUT = "11" * 32 + "03000000" + "00" + "ffffffff"
_OUTPUT = "0100000000000000" + "00"
_SMALL = f"01000000 01 {_INPUT} 01 {_OUTPUT} 00000000"


def _read(text: str) -> WireTransaction:
    return wire.decode_transaction(bytes.fromhex(text))


def test_the_first_transaction_is_read_field_by_field() -> None:
    first = wire.decode_transaction(GENESIS_TRANSACTION)
    assert first.is_coinbase
    assert first.outputs[0].units == 50 * 10**8
    assert b"Chancellor on brink" in first.inputs[0].script_sig
    assert (first.version, first.locktime, first.size, first.weight) == (1, 0, 204, 816)
    assert first.txid == first.wtxid == "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"


def test_a_witness_counts_a_quarter_and_does_not_change_the_txid() -> None:
    bare = spend(_OUTPOINT)
    signed = spend(_OUTPOINT, witness=(b"\x30" * 71, b"\x02" * 33))
    assert signed.txid == bare.txid
    assert signed.wtxid != signed.txid
    assert signed.stripped_size == bare.size
    assert signed.weight == 3 * bare.size + signed.size
    assert wire.encode(signed, witness=False) == wire.encode(bare)


@given(transactions)
def test_a_transaction_survives_the_round_trip(transaction: WireTransaction) -> None:
    raw = wire.encode(transaction)
    assert wire.decode_transaction(raw) == transaction
    assert len(raw) == transaction.size
    stripped = wire.encode(transaction, witness=False)
    assert len(stripped) == transaction.stripped_size
    assert wire.decode_transaction(stripped).txid == transaction.txid


@given(transactions)
def test_python_bitcoinlib_reads_the_same(transaction: WireTransaction) -> None:
    from bitcoin.core import CTransaction, b2lx

    second = CTransaction.deserialize(wire.encode(transaction))
    assert b2lx(second.GetTxid()) == transaction.txid
    assert b2lx(second.GetHash()) == transaction.wtxid
    assert [(b2lx(i.prevout.hash), i.prevout.n, bytes(i.scriptSig), i.nSequence) for i in second.vin] == [
        (*i.outpoint, i.script_sig, i.sequence) for i in transaction.inputs
    ]
    assert [(o.nValue, bytes(o.scriptPubKey)) for o in second.vout] == [
        (o.units, o.script) for o in transaction.outputs
    ]


@given(transactions, st.data())
@settings(max_examples=50)
def test_every_truncation_is_refused_with_an_offset_inside_the_bytes(
    transaction: WireTransaction, data: st.DataObject
) -> None:
    raw = wire.encode(transaction)
    cut = data.draw(st.integers(0, len(raw) - 1))
    with pytest.raises(MalformedBytes) as caught:
        wire.decode_transaction(raw[:cut])
    assert 0 <= caught.value.offset <= cut
    assert caught.value.field


@given(transactions, st.binary(min_size=1, max_size=5))
def test_bytes_after_the_end_are_refused_at_the_end(transaction: WireTransaction, more: bytes) -> None:
    raw = wire.encode(transaction)
    with pytest.raises(MalformedBytes, match="after the end of the transaction") as caught:
        wire.decode_transaction(raw + more)
    assert caught.value.offset == len(raw)


@given(st.binary(max_size=400))
def test_any_bytes_are_a_transaction_or_a_chain_error(raw: bytes) -> None:
    for read in (wire.decode_transaction, wire.decode_block, wire.decode_header):
        try:
            read(raw)
        except ChainError:
            continue


@given(transactions, st.data())
def test_a_changed_byte_is_read_back_as_written_or_refused(transaction: WireTransaction, data: st.DataObject) -> None:
    raw = bytearray(wire.encode(transaction))
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        read = wire.decode_transaction(bytes(raw))
    except ChainError:
        return
    assert wire.encode(read) == bytes(raw)


@pytest.mark.parametrize(
    ("text", "offset", "field", "reason"),
    [
        ("", 0, "version", "truncated"),
        ("010000", 0, "version", "truncated"),
        ("01000000", 4, "input count", "truncated"),
        ("01000000 00 00 00000000", 4, "input count", "at least one input"),
        (f"01000000 01 {_INPUT} 00 00000000", 46, "output count", "at least one output"),
        ("01000000 fd0100" + _INPUT, 4, "input count", "not in its shortest form"),
        ("01000000 fe01000000" + _INPUT, 4, "input count", "not in its shortest form"),
        ("01000000 ff0100000000000000" + _INPUT, 4, "input count", "not in its shortest form"),
        ("01000000 ffffffffffffffffff" + _INPUT, 4, "input count", "cannot stand"),
        ("01000000 02" + _INPUT, 4, "input count", "cannot stand"),
        (f"01000000 01 {'11' * 36} feffffff7f {'00' * 10}", 46, "inputs[0].script_sig", "truncated"),
        (f"01000000 01 {_INPUT} 01 0140075af0750700 00 00000000", 47, "outputs[0].value", "more than"),
        (f"01000000 01 {_INPUT} 01 ffffffffffffffff 00 00000000", 47, "outputs[0].value", "more than"),
        (f"01000000 01 {_INPUT} 02 0040075af0750700 00 {_OUTPUT} 00000000", 56, "outputs[1].value", "more than"),
        (f"01000000 02 {_INPUT}{_INPUT} 01 {_OUTPUT} 00000000", 4, "inputs", "spent twice"),
        (
            f"01000000 02 {_INPUT}{'00' * 32}ffffffff 00 ffffffff 01 {_OUTPUT} 00000000",
            4,
            "inputs",
            "coinbase input",
        ),
        (f"01000000 0001 01 {_INPUT} 01 {_OUTPUT} 00 00000000", 58, "witness", "superfluous witness"),
        (f"01000000 0001 01 {_INPUT} 01 {_OUTPUT} fd0100 01 00 00000000", 58, "inputs[0].witness count", "shortest"),
        (f"01000000 0001 01 {_INPUT} 01 {_OUTPUT} 01 ff", 60, "inputs[0].witness", "truncated"),
        (f"01000000 0002 01 {_INPUT} 01 {_OUTPUT} 00000000", 5, "flag", "unknown transaction flag 2"),
        ("01000000 0001 00 00 00000000", 6, "input count", "at least one input"),
    ],
)
def test_each_malformation_is_named_with_field_and_offset(text: str, offset: int, field: str, reason: str) -> None:
    assert _read(_SMALL).outputs[0].units == 1
    with pytest.raises(MalformedBytes, match=re.escape(reason)) as caught:
        _read(text)
    assert (caught.value.offset, caught.value.field) == (offset, field)


def test_all_coins_in_one_output_are_read_and_one_more_is_not() -> None:
    assert spend(_OUTPOINT, pays=[21 * 10**14]).outputs[0].units == 21 * 10**14
    with pytest.raises(MalformedBytes):
        spend(_OUTPOINT, pays=[21 * 10**14 + 1])


def test_a_header_has_eighty_bytes() -> None:
    raw = wire.encode_header(mine([coinbase(1)]).header)
    assert wire.encode_header(wire.decode_header(raw)) == raw
    for wrong in (raw[:-1], raw + b"\0", b""):
        with pytest.raises(MalformedBytes, match="80 bytes"):
            wire.decode_header(wrong)


def test_a_block_survives_the_round_trip_and_names_where_it_is_broken() -> None:
    block = mine([coinbase(5000), spend(_OUTPOINT, witness=(b"\x01",)), spend(Outpoint("22" * 32, 0))])
    raw = wire.encode_block(block)
    assert wire.decode_block(raw) == block
    with pytest.raises(MalformedBytes, match=re.escape("transactions[2].outputs[0].script")):
        wire.decode_block(raw[:-10])
    with pytest.raises(MalformedBytes, match="after the end of the block"):
        wire.decode_block(raw + b"\0")
    with pytest.raises(MalformedBytes, match="transaction count"):
        wire.decode_block(raw[:80] + b"\xfe\xff\xff\xff\xff" + raw[81:])
    with pytest.raises(MalformedBytes, match="at least one transaction"):
        wire.decode_block(raw[:80] + b"\0")


def test_a_litecoin_transaction_flag_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedChain, match="Litecoin"):
        _read(f"01000000 0008 01 {_INPUT} 01 {_OUTPUT} 00 00000000")


def test_a_merge_mined_version_is_refused_only_where_the_work_is_missing() -> None:
    block = mine([coinbase(1)])
    hard = replace(block.header, version=0x00620104, bits=0x1A01AA3D)
    with pytest.raises(UnsupportedChain, match="Dogecoin"):
        wire.decode_block(wire.encode_block(replace(block, header=hard)))
    for version in (0x20000000, 0x00620004):  # neither says that it is merge-mined
        unknown = replace(block, header=replace(hard, version=version))
        assert wire.decode_block(wire.encode_block(unknown)).header.version == version
    bip9 = replace(block.header, version=0x00620104)  # an easy target that the hash meets: nothing to suspect
    while int(wire.decode_header(wire.encode_header(bip9)).hash, 16) >> 255:
        bip9 = replace(bip9, nonce=bip9.nonce + 1)
    assert wire.decode_block(wire.encode_block(replace(block, header=bip9))).transactions == block.transactions


def test_a_header_with_scrypt_work_is_refused_as_litecoins() -> None:
    root = "97ddfbbae6be97fd6cdf3e7ca13232a3afff2353e29badfab7f73011edd4ced9"
    first = wire.Header(1, "0" * 64, root, 1317972665, 0x1E0FFFF0, 2084524493, "")
    assert wire.decode_header(wire.encode_header(first)).hash.startswith("12a765e31ffd4059bada1e25190f6e98")
    block = mine([coinbase(1)])
    with pytest.raises(UnsupportedChain, match="Litecoin"):
        wire.decode_block(wire.encode_block(replace(block, header=first)))
    altered = replace(first, nonce=first.nonce + 1)
    assert wire.decode_block(wire.encode_block(replace(block, header=altered))).transactions == block.transactions


def test_a_regtest_header_without_work_is_never_taken_for_another_chain() -> None:
    block = mine([coinbase(1)])
    for nonce in range(40):
        raw = wire.encode_block(replace(block, header=replace(block.header, nonce=nonce)))
        assert wire.decode_block(raw).header.nonce == nonce


def test_counts_and_lengths_of_every_width_survive_the_round_trip() -> None:
    many = spend(*(Outpoint("11" * 32, n) for n in range(300)), pays=[1] * 253)
    long = WireTransaction.build([WireInput(_OUTPOINT, bytes(253), 0)], [WireOutput(1, bytes(70_000))])
    for each in (many, long):
        assert wire.decode_transaction(wire.encode(each)) == each
    assert (len(many.inputs), len(many.outputs), len(long.outputs[0].script)) == (300, 253, 70_000)


def test_building_checks_the_parts_as_if_they_had_been_read() -> None:
    with pytest.raises(MalformedBytes):
        WireTransaction.build([], [WireOutput(1, P2PKH)])
    with pytest.raises(MalformedBytes):
        WireTransaction.build([WireInput(NULL, b"", 0), WireInput(_OUTPOINT, b"", 0)], [WireOutput(1, P2PKH)])


@pytest.mark.shared
def test_core_transaction_vectors_survive_the_round_trip() -> None:
    from bitcoin.core import CTransaction, b2lx

    rows = [row for row in read_json("vectors/Floresta__tx_valid.json") if len(row) > 1]
    assert len(rows) > 90
    for spent, text, _ in rows:
        raw = bytes.fromhex(text)
        read = wire.decode_transaction(raw)
        assert wire.encode(read) == raw
        assert read.txid == b2lx(CTransaction.deserialize(raw).GetTxid())
        assert {(row[0], row[1] % 2**32) for row in spent} >= {tuple(each.outpoint) for each in read.inputs}


@pytest.mark.shared
def test_bitcoinjs_transaction_vectors_give_their_ids() -> None:
    rows = read_json("vectors/bitcoinjs-lib__transaction.json")["valid"]
    assert rows
    for row in rows:
        for text in {row["hex"], row.get("whex") or row["hex"]}:
            read = wire.decode_transaction(bytes.fromhex(text))
            assert read.txid == row["id"]
            assert wire.encode(read).hex() == text
            if text == row.get("whex") and "weight" in row:
                assert read.weight == row["weight"]


@pytest.mark.shared
def test_recorded_single_transactions_survive_the_round_trip() -> None:
    paths = [path for path in manifest_paths("btc-blocks/bcoin__tx") if not path.endswith("-undo.raw")]
    assert len(paths) == 10
    for path in paths:
        raw = read_data(path)
        assert wire.encode(wire.decode_transaction(raw)) == raw
