"""Small chains of Litecoin's, Dogecoin's and Bitcoin Cash's form, each with what only it has."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from tests.chains.blockmaker import P2PKH, coinbase, mine_on, spend
from tests.sources.chain import Chain
from tests.training_chain import blocks

from cryptotrace.chains import bitcoin_network
from cryptotrace.chains.bitcoin.network import BitcoinNetwork
from cryptotrace.chains.bitcoin.wire import (
    Header,
    WireBlock,
    WireInput,
    WireOutput,
    WireTransaction,
    decode_block,
    decode_header,
    encode_block,
    encode_header,
)
from cryptotrace.model.transaction import Outpoint

LITECOIN = bitcoin_network("litecoin-regtest")
DOGECOIN = bitcoin_network("dogecoin-regtest")
#: The key that the first blocks of Litecoin and Dogecoin pay to, and the headlines in their coinbases.
_FIRST_KEY = bytes.fromhex(
    "040184710fa689ad5023690c80f3a49c8f13f8d45b8c857fbcbc8bc4a8e4d3eb4b10f4d4604fa08dce601aaf0f470216fe1b51850b4acf21b1"
    "79c45070ac7b03a9"
)
_LITECOIN_HEADLINE = "NY Times 05/Oct/2011 Steve Jobs, Apple\u2019s Visionary, Dies at 56"
_DOGECOIN_HEADLINE = "Nintondo"
#: More than all bitcoin there can ever be, in base units.
FORTUNE = 5_000_000_000 * 100_000_000
PEGIN, HOGADDR = b"\x59\x20" + b"\x0a" * 32, b"\x58\x20" + b"\x0b" * 32
TOKEN = bytes([0xEF]) + b"\xbb" * 32 + bytes.fromhex("10fdfd00")
EXTENSION = b"\x01" + b"what this version does not read" * 4


def _genesis(network: BitcoinNetwork, headline: str, units: int, nonce: int) -> WireBlock:
    """The first block of a regtest chain, rebuilt; its hash says whether it is that.

    Source: ``CreateGenesisBlock`` in the chain parameters of Litecoin Core and Dogecoin Core.
    """
    text = headline.encode()
    says = bytes.fromhex("04ffff001d0104") + bytes([len(text)]) + text
    spends = [WireInput(Outpoint("0" * 64, 0xFFFFFFFF), says, 0xFFFFFFFF)]
    first = WireTransaction.build(
        spends, [WireOutput(units, b"\x41" + _FIRST_KEY + b"\xac")], version=1, network=network
    )
    draft = Header(1, "0" * 64, first.txid, 1296688602, 0x207FFFFF, nonce, "")
    header = decode_header(encode_header(draft), network)
    assert header.hash == network.genesis_hash
    return WireBlock(header, (first,))


@cache
def litecoin() -> Chain:
    """The training chain's transactions under scrypt work, and a block on top with a payment into MWEB and a HogEx."""
    made = [_genesis(LITECOIN, _LITECOIN_HEADLINE, 50 * 10**8, 0)]
    for raw in blocks()[1:]:
        old = decode_block(raw)
        made.append(mine_on(LITECOIN, old.transactions, made[-1].header.hash, version=old.header.version))
    claimed = Outpoint(made[1].transactions[0].txid, 0)
    pays_in = WireTransaction.build([WireInput(claimed, b"", 0)], [WireOutput(900, PEGIN), WireOutput(7, P2PKH)])
    hogex = WireTransaction.build(
        [WireInput(Outpoint(pays_in.txid, 0), b"", 0)], [WireOutput(600, HOGADDR), WireOutput(200, P2PKH)]
    )
    top = [coinbase(5_000, b"\x02\x7e\x00"), pays_in, replace(hogex, is_hogex=True, size=hogex.size + 3)]
    made.append(mine_on(LITECOIN, top, made[-1].header.hash, version=4, extension=EXTENSION))
    return Chain(network=LITECOIN, raw=[encode_block(block) for block in made])


@cache
def dogecoin() -> Chain:
    """A chain that becomes merge-mined, with amounts beyond all bitcoin."""
    made = [_genesis(DOGECOIN, _DOGECOIN_HEADLINE, 88 * 10**8, 2)]
    rich = WireTransaction.build(
        [WireInput(Outpoint("0" * 64, 0xFFFFFFFF), b"\x01\x01", 0)], [WireOutput(FORTUNE, P2PKH)], network=DOGECOIN
    )
    made.append(mine_on(DOGECOIN, [rich], made[-1].header.hash))
    moved = WireTransaction.build(
        [WireInput(Outpoint(rich.txid, 0), b"", 0)], [WireOutput(FORTUNE - 100, P2PKH)], network=DOGECOIN
    )
    for transactions in ([coinbase(1, b"\x02\x02\x00"), moved], [coinbase(1, b"\x02\x03\x00")]):
        made.append(mine_on(DOGECOIN, transactions, made[-1].header.hash, version=0x00620104))
    return Chain(network=DOGECOIN, raw=[encode_block(block) for block in made])


@cache
def bitcoin_cash() -> tuple[BitcoinNetwork, Chain]:
    """A chain that leaves regtest at height 2, as Bitcoin Cash left bitcoin, and moves a token."""
    regtest = bitcoin_network("bitcoin-regtest")
    cash = replace(
        bitcoin_network("bitcoin-cash"), genesis_hash=regtest.genesis_hash, max_target=regtest.max_target, fork=(0, "")
    )
    made = [decode_block(raw) for raw in blocks()[:1]]
    made.append(mine_on(cash, [coinbase(5_000, b"\x01\x01")], made[-1].header.hash))
    first = Outpoint(made[1].transactions[0].txid, 0)
    carries = WireTransaction.build(
        [WireInput(first, b"", 0)], [WireOutput(3_000, TOKEN + P2PKH), WireOutput(1_900, P2PKH)], network=cash
    )
    made.append(mine_on(cash, [coinbase(5_000, b"\x01\x02"), carries], made[-1].header.hash))
    later = spend(Outpoint(carries.txid, 0), pays=[2_900])
    made.append(mine_on(cash, [coinbase(5_000, b"\x01\x03"), later], made[-1].header.hash))
    cash = replace(cash, fork=(2, made[2].header.hash))
    return cash, Chain(network=cash, raw=[encode_block(block) for block in made])
