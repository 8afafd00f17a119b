"""Litecoin, Dogecoin and Bitcoin Cash over every kind of source that has no quirk of bitcoin's alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from tests.chains.blockmaker import P2PKH
from tests.chains.real_blocks import block_bytes
from tests.sources.blockfolder import entry
from tests.sources.chain import Chain, Electrum, Explorer, line_script, rpc_script
from tests.sources.node import Node
from tests.sources.opened import electrum, esplora, rpc
from tests.sources.other_chains import DOGECOIN, EXTENSION, FORTUNE, LITECOIN, TOKEN, bitcoin_cash, dogecoin, litecoin
from tests.sources.servers import http_server, line_server

from cryptotrace.chains import bitcoin_network
from cryptotrace.chains.bitcoin import assemble
from cryptotrace.chains.bitcoin.network import BitcoinNetwork
from cryptotrace.chains.bitcoin.script import account_of_script
from cryptotrace.errors import ConfigurationError, DataNotFound, SourceLied
from cryptotrace.evidence.recorder import MemoryRecorder
from cryptotrace.model.source import RawTransaction, Spend, SpentOutput, Unspent
from cryptotrace.model.transaction import Outpoint
from cryptotrace.sources import open_source
from cryptotrace.sources.blocks import BlocksSource
from cryptotrace.sources.electrum import ElectrumSource
from cryptotrace.sources.esplora import EsploraSource
from cryptotrace.sources.memory import MemorySource
from cryptotrace.sources.rpc import RpcSource

Opened = EsploraSource | ElectrumSource | RpcSource | BlocksSource | MemorySource
Opener = Callable[[Chain, Path], AbstractContextManager[Opened]]


@contextmanager
def _esplora(chain: Chain, folder: Path) -> Iterator[EsploraSource]:
    with http_server(Explorer(chain)) as running, esplora(running, network=chain.network) as source:
        yield source


@contextmanager
def _electrum(chain: Chain, folder: Path) -> Iterator[ElectrumSource]:
    with line_server(line_script(Electrum(chain))) as running, electrum(running, network=chain.network) as source:
        yield source


@contextmanager
def _rpc(chain: Chain, folder: Path) -> Iterator[RpcSource]:
    with http_server(rpc_script(Node(chain))) as running, rpc(running, network=chain.network) as source:
        yield source


@contextmanager
def _blocks(chain: Chain, folder: Path) -> Iterator[BlocksSource]:
    file = folder / "blk00000.dat"
    file.write_bytes(b"".join(entry(raw, chain.network.magic) for raw in chain.raw))
    yield BlocksSource(chain.network, folder, MemoryRecorder(), f"blocks:{folder}")


@contextmanager
def _memory(chain: Chain, folder: Path) -> Iterator[MemorySource]:
    yield MemorySource.from_raw(chain.network, chain.raw)


OPENERS: dict[str, Opener] = {
    "esplora": _esplora,
    "electrum": _electrum,
    "rpc": _rpc,
    "blocks": _blocks,
    "memory": _memory,
}
CHAINS: dict[str, Callable[[], Chain]] = {
    "litecoin": litecoin,
    "dogecoin": dogecoin,
    "bitcoin-cash": lambda: bitcoin_cash()[1],
}


@pytest.mark.parametrize("kind", OPENERS)
@pytest.mark.parametrize("name", CHAINS)
def test_transactions_places_and_spends_are_those_of_the_chain(name: str, kind: str, tmp_path: Path) -> None:
    chain = CHAINS[name]()
    txids = [each.txid for block in chain.blocks[1:] for each in block.transactions][-40:]
    with OPENERS[kind](chain, tmp_path) as source:
        assert source.tip().hash == chain.tip
        for found in source.transactions(txids):
            assert found.block is not None
            assert (found.block.height, found.index) == chain.places[found.txid]
            assert assemble.decoded(_known(found, chain)).txid == found.txid
        outpoints = [Outpoint(txid, n) for txid in txids for n in range(len(chain.txs[txid].outputs))]
        spendable = [each for each in outpoints if chain.output(each).script[:1] != b"\x6a"]
        for said in source.spends(spendable):
            spender = chain.spenders.get(said.outpoint)
            if spender is None:
                assert isinstance(said, Unspent)
            else:
                assert isinstance(said, Spend)
                assert (said.txid, said.vin) == spender
        ref, index, branch = source.merkle_branch(txids[-1])
        assert (index, branch) == chain.branch(txids[-1])
        assert ref.hash == chain.tip


@pytest.mark.parametrize("kind", ["esplora", "electrum", "rpc", "memory"])
@pytest.mark.parametrize("name", CHAINS)
def test_balances_and_histories_of_an_address_of_the_chain(name: str, kind: str, tmp_path: Path) -> None:
    chain = CHAINS[name]()
    account = account_of_script(P2PKH, chain.network)
    with OPENERS[kind](chain, tmp_path) as source:
        history = list(source.history(account))
        assert set(history) >= set(chain.by_script[P2PKH])
        if kind != "memory":
            assert not isinstance(source, BlocksSource)
            assert source.balance(account)[0] == chain.unspent(P2PKH)


@pytest.mark.parametrize("kind", OPENERS)
def test_amounts_beyond_all_bitcoin_are_read_on_dogecoin(kind: str, tmp_path: Path) -> None:
    chain = dogecoin()
    moved = chain.blocks[2].transactions[1]
    with OPENERS[kind](chain, tmp_path) as source:
        (found,) = source.transactions([moved.txid])
    spent = {moved.inputs[0].outpoint: SpentOutput(FORTUNE, P2PKH)}
    made = assemble.transaction(found, spent)
    assert made.fee == 100
    assert made.outputs[0].units == FORTUNE - 100
    assert found.spent in ({}, spent)


@pytest.mark.parametrize("kind", OPENERS)
def test_what_goes_into_mweb_and_comes_out_says_so_on_litecoin(kind: str, tmp_path: Path) -> None:
    chain = litecoin()
    _, pays_in, hogex = chain.blocks[-1].transactions
    with OPENERS[kind](chain, tmp_path) as source:
        found = list(source.transactions([pays_in.txid, hogex.txid]))
    spent = {each.outpoint: SpentOutput(*_of(chain, each.outpoint)) for t in (pays_in, hogex) for each in t.inputs}
    made = [assemble.transaction(each, spent) for each in found]
    assert [each.notices for each in made] == [("mweb",), ("mweb",)]
    assert made[1].fee == 100, "what the payments inside of the extension block cost"
    assert made[1].outputs[1].account == account_of_script(P2PKH, LITECOIN)


def _known(found: RawTransaction, chain: Chain) -> RawTransaction:
    """The fork of the tests is of no chain that the library knows; its form is that of the real one."""
    is_real = chain.network.fork is None
    return found if is_real else replace(found, chain=bitcoin_network("bitcoin-cash").chain)


def _of(chain: Chain, outpoint: Outpoint) -> tuple[int, bytes]:
    output = chain.output(outpoint)
    return output.units, output.script


def test_a_block_with_an_extension_is_given_with_every_byte(tmp_path: Path) -> None:
    for kind in ("esplora", "rpc", "blocks", "memory"):
        (tmp_path / kind).mkdir()
        with OPENERS[kind](litecoin(), tmp_path / kind) as source:
            assert isinstance(source, EsploraSource | RpcSource | BlocksSource | MemorySource)
            assert source.block(source.tip().height).raw.endswith(EXTENSION)


@pytest.mark.parametrize("kind", ["esplora", "electrum", "rpc", "blocks", "memory"])
def test_the_account_behind_a_token_is_found_on_bitcoin_cash(kind: str, tmp_path: Path) -> None:
    cash, chain = bitcoin_cash()
    carries = chain.blocks[2].transactions[1]
    with OPENERS[kind](chain, tmp_path) as source:
        (found,) = source.transactions([carries.txid])
        if kind != "esplora":  # no server of that kind is known that indexes tokens
            assert carries.txid in set(source.history(account_of_script(P2PKH, cash)))
    made = assemble.transaction(_known(found, chain), {carries.inputs[0].outpoint: SpentOutput(5_000, P2PKH)})
    assert made.notices == ("cashtokens",)
    real = account_of_script(P2PKH, bitcoin_network("bitcoin-cash"))
    assert made.outputs[0].account == made.outputs[1].account == real
    assert made.outputs[0].script == TOKEN + P2PKH


@pytest.mark.parametrize("kind", ["esplora", "electrum", "rpc"])
def test_a_server_of_another_chain_is_refused(kind: str, tmp_path: Path) -> None:
    cash, chain = bitcoin_cash()
    other = Chain(network=DOGECOIN, raw=litecoin().raw[:1])
    with pytest.raises(SourceLied, match=r"another chain|not a server"), OPENERS[kind](other, tmp_path):
        pass
    young = Chain(network=cash, raw=chain.raw[:2])
    with pytest.raises(DataNotFound, match="cannot be told"), OPENERS[kind](young, tmp_path):
        pass
    sibling = bitcoin_network("bitcoin-regtest")
    wrong = Chain(network=_with_sibling(sibling, 2, "ab" * 32), raw=chain.raw)
    with pytest.raises(SourceLied, match="share a genesis block"), OPENERS[kind](wrong, tmp_path):
        pass


def _with_sibling(network: BitcoinNetwork, height: int, block_hash: str) -> BitcoinNetwork:
    return replace(network, sibling=(height, block_hash))


def test_block_files_of_the_sibling_are_refused(tmp_path: Path) -> None:
    _, chain = bitcoin_cash()
    wrong = Chain(network=_with_sibling(bitcoin_network("bitcoin-regtest"), 2, "ab" * 32), raw=chain.raw)
    with pytest.raises(ConfigurationError, match="shares its genesis block"), _blocks(wrong, tmp_path):
        pass


def test_merge_mined_blocks_are_found_in_files_and_a_damaged_proof_is_named(tmp_path: Path) -> None:
    chain = dogecoin()
    raw = [bytearray(each) for each in chain.raw]
    raw[3][80 + 4] = 0xFE  # the number of inputs of the parent's coinbase
    file = tmp_path / "blk00000.dat"
    file.write_bytes(b"".join(entry(bytes(each), DOGECOIN.magic) for each in raw))
    source = BlocksSource(DOGECOIN, tmp_path, MemoryRecorder(), "blocks:here")
    assert source.tip().height == 2
    assert ["the proof behind a header cannot be read" in problem for problem in source.problems] == [True]
    single = tmp_path / "one.dat"
    single.write_bytes(chain.raw[3])
    one = open_source(f"blocks:{single}?height=3", DOGECOIN, MemoryRecorder())
    assert one.tip().hash == chain.tip


def test_a_merge_mined_header_without_its_proof_is_not_believed(tmp_path: Path) -> None:
    chain = dogecoin()
    served = Electrum(chain)
    served.instead["blockchain.block.header"] = lambda asked: chain.header(asked[0])
    with line_server(line_script(served)) as running, electrum(running, network=DOGECOIN) as source:
        moved = chain.blocks[2].transactions[1].txid
        with pytest.raises(SourceLied, match="its work cannot be checked from 80 bytes"):
            list(source.transactions([moved]))


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "height", "magic"),
    [("dogecoin", 371_337, "c0c0c0c0"), ("litecoin", 900_000, "fbc0b6db"), ("litecoin", 2_265_985, "fbc0b6db")],
)
def test_recorded_blocks_are_read_from_files(name: str, height: int, magic: str, tmp_path: Path) -> None:
    raw = block_bytes(f"btc-blocks/electrumx__{name}_mainnet_{height}.json")
    where = bitcoin_network(name)
    (tmp_path / "blk00000.dat").write_bytes(entry(raw, bytes.fromhex(magic)))
    source = BlocksSource(where, tmp_path, MemoryRecorder(), "blocks:here", height)
    assert source.tip().height == height
    assert source.block(height).raw == raw
    (tmp_path / "one").write_bytes(raw)
    assert BlocksSource(where, tmp_path / "one", MemoryRecorder(), "blocks:one").tip().height == height, (
        "its coinbase says it"
    )
