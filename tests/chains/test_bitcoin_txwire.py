"""The forms of a transaction that differ from chain to chain: witnesses, the flag of a HogEx, the largest amount."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from tests.chains.blockmaker import P2PKH, coinbase, mine_on, spend, transactions

from cryptotrace.chains import bitcoin_network
from cryptotrace.chains.bitcoin import wire
from cryptotrace.chains.bitcoin.notices import is_hogex, is_in_extension, notices
from cryptotrace.chains.bitcoin.proof import check_block
from cryptotrace.chains.bitcoin.txwire import (
    WireInput,
    WireOutput,
    WireTransaction,
    compact_size,
    decode_transaction,
    encode,
)
from cryptotrace.errors import MalformedBytes, UnsupportedChain
from cryptotrace.model.transaction import Outpoint

LITECOIN = bitcoin_network("litecoin-regtest")
DOGECOIN, CASH = bitcoin_network("dogecoin"), bitcoin_network("bitcoin-cash")
FIRST = Outpoint("11" * 32, 0)
PLAIN = WireTransaction.build([WireInput(FIRST, b"", 5)], [WireOutput(9, b"\x58\x20" + bytes(32))])
WITNESSED = spend(FIRST, witness=[b"\x01\x02"])


def _hogex(of: WireTransaction) -> bytes:
    return encode(replace(of, is_hogex=True))


@pytest.mark.parametrize("of", [PLAIN, WITNESSED])
def test_a_hogex_is_read_back_to_its_bytes_and_its_ids_do_not_depend_on_the_flag(of: WireTransaction) -> None:
    raw = _hogex(of)
    read = decode_transaction(raw, LITECOIN)
    assert read.is_hogex
    assert encode(read) == raw
    assert (read.txid, read.wtxid) == (of.txid, of.wtxid)
    assert read.size == len(raw) == of.size + (1 if of.has_witness else 3)
    assert read.stripped_size == of.stripped_size
    with pytest.raises(UnsupportedChain, match="name the chain litecoin"):
        decode_transaction(raw)


def test_a_transaction_with_a_part_of_the_extension_block_is_refused_by_name() -> None:
    raw = bytearray(_hogex(PLAIN))
    raw[-5] = 1
    with pytest.raises(UnsupportedChain, match="MimbleWimble part at byte offset"):
        decode_transaction(bytes(raw), LITECOIN)
    with pytest.raises(MalformedBytes, match="unknown transaction flag 18"):
        decode_transaction(bytes(raw[:5]) + b"\x12" + bytes(raw[6:]), LITECOIN)


def test_a_hogex_is_known_by_its_output_where_a_source_left_out_the_flag() -> None:
    assert is_hogex(PLAIN, LITECOIN)
    assert not is_hogex(PLAIN, bitcoin_network("bitcoin"))
    assert notices(PLAIN, LITECOIN) == ("mweb",)
    pays_in = WireTransaction.build([WireInput(FIRST, b"", 5)], [WireOutput(9, b"\x59\x20" + bytes(32))])
    assert not is_hogex(pays_in, LITECOIN)
    assert notices(pays_in, LITECOIN) == ("mweb",)
    assert notices(pays_in) == ()
    assert is_in_extension(pays_in.outputs[0].script, LITECOIN)
    assert is_in_extension(PLAIN.outputs[0].script, LITECOIN)
    assert not is_in_extension(PLAIN.outputs[0].script[:-1], LITECOIN)
    assert not is_in_extension(pays_in.outputs[0].script, DOGECOIN)


@pytest.mark.parametrize("where", [DOGECOIN, CASH])
def test_a_chain_without_witnesses_reads_none(where: object) -> None:
    assert decode_transaction(encode(WITNESSED, witness=False), where).txid == WITNESSED.txid  # type: ignore[arg-type]
    with pytest.raises(MalformedBytes, match="at least one input"):
        decode_transaction(encode(WITNESSED), where)  # type: ignore[arg-type]


def test_the_largest_amount_is_the_chains_own() -> None:
    for name, most in (("bitcoin", 21 * 10**14), ("litecoin", 84 * 10**14), ("dogecoin", 10**18)):
        where = bitcoin_network(name)
        pays = [WireInput(FIRST, b"", 0)], [WireOutput(most, P2PKH)]
        assert WireTransaction.build(*pays, network=where).outputs[0].units == most
        with pytest.raises(MalformedBytes, match=f"more than the {most} there can be"):
            WireTransaction.build(pays[0], [WireOutput(most, P2PKH), WireOutput(1, P2PKH)], network=where)


def test_only_a_last_hogex_is_followed_by_an_extension_block() -> None:
    hogex = replace(PLAIN, is_hogex=True, size=PLAIN.size + 3)
    for extension in (b"\0", b"\1" + b"not read" * 9):
        block = mine_on(LITECOIN, [coinbase(1), hogex], extension=extension)
        raw = wire.encode_block(block)
        read = wire.decode_block(raw, LITECOIN)
        assert read.extension == extension
        assert wire.encode_block(read) == raw
        check_block(read, LITECOIN)
    with pytest.raises(MalformedBytes, match="expected 0 or 1 before the extension block"):
        wire.decode_block(wire.encode_block(mine_on(LITECOIN, [coinbase(1), hogex], extension=b"\x02")), LITECOIN)
    with pytest.raises(MalformedBytes, match="end of block"):
        wire.decode_block(wire.encode_block(mine_on(LITECOIN, [coinbase(1), hogex], extension=b"\0\0")), LITECOIN)
    with pytest.raises(MalformedBytes, match="truncated"):
        wire.decode_block(wire.encode_block(mine_on(LITECOIN, [coinbase(1), hogex])), LITECOIN)
    first = [coinbase(1), hogex, spend(Outpoint("22" * 32, 0))]
    with pytest.raises(MalformedBytes, match="end of block"):
        wire.decode_block(wire.encode_block(mine_on(LITECOIN, first, extension=b"\0")), LITECOIN)


@given(transactions)
def test_what_bitcoin_reads_litecoin_reads_alike(transaction: WireTransaction) -> None:
    assert decode_transaction(encode(transaction), LITECOIN) == transaction


def test_a_count_is_written_in_its_shortest_form() -> None:
    assert [compact_size(n).hex() for n in (0, 252, 253, 65_536)] == ["00", "fc", "fdfd00", "fe00000100"]
