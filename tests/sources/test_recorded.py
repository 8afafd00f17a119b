"""A recorded run once more: the same answers offline, nothing that was not asked, and no altered byte."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.sources import opened
from tests.sources.blockfolder import entry, write
from tests.sources.chain import REGTEST, Chain, Electrum, Explorer, line_script, rpc_script
from tests.sources.node import Node
from tests.sources.servers import http_server, line_server
from tests.sources.test_csvfile import BOTH
from tests.training_chain import blocks, story

from cryptotrace.chains.networks import account
from cryptotrace.errors import ConfigurationError, DataNotFound, EvidenceError, SourceError
from cryptotrace.evidence.archive import Archive
from cryptotrace.evidence.recorder import ArchiveRecorder, MemoryRecorder, Recorder
from cryptotrace.model.source import Balances, Blocks, Histories, Proofs, Source, Spends, Transactions, Unspent
from cryptotrace.model.transaction import Outpoint
from cryptotrace.sources import open_source
from cryptotrace.sources.memory import MemorySource
from cryptotrace.sources.recorded import open_recorded

CHAIN = Chain()
CLAIMED = Outpoint.parse(story()["claims"][0]["outpoint"])
SPENDER, _ = CHAIN.spenders[CLAIMED]
UNSPENT = next(Outpoint(t, 0) for t in CHAIN.txs if Outpoint(t, 0) not in CHAIN.spenders)
DEPOSIT = account(story()["deposit"], "bitcoin-regtest")
Open = Callable[[Recorder, Path], Source]


def ask(source: Source) -> dict[str, Any]:
    """Everything that the source can answer about a few things."""
    told: dict[str, Any] = {"tip": source.tip(), "name": source.name}
    if isinstance(source, Transactions):
        found = list(source.transactions([SPENDER]))
        told["transactions"] = [(t.raw, t.block, t.index, t.evidence) for t in found]
        if not source.name.startswith(("blocks:", "memory:")):  # those look it up in whatever they hold
            told["spent"] = [t.spent for t in found]
    if isinstance(source, Spends):
        told["spends"] = list(source.spends([CLAIMED, UNSPENT]))
    for kind, question in (
        (Histories, lambda s: list(s.history(DEPOSIT))),
        (Balances, lambda s: s.balance(DEPOSIT)),
        (Blocks, lambda s: s.block(110)),
        (Proofs, lambda s: s.merkle_branch(SPENDER)),
    ):
        if isinstance(source, kind):
            try:
                told[kind.__name__] = question(source)
            except SourceError as error:
                told[kind.__name__] = type(error)
    return told


def same(again: dict[str, Any], live: dict[str, Any]) -> bool:
    """A replay says what was said then; what it could be asked besides does not count."""
    return {key: again[key] for key in live} == live


@contextmanager
def _server(kind: str, recorder: Recorder, folder: Path) -> Iterator[Source]:
    with ExitStack() as stack:
        if kind == "esplora":
            server = stack.enter_context(http_server(Explorer(CHAIN)))
            yield stack.enter_context(opened.esplora(server, recorder))  # type: ignore[arg-type]
        elif kind == "rpc":
            server = stack.enter_context(http_server(rpc_script(Node(CHAIN))))
            yield stack.enter_context(opened.rpc(server, recorder))  # type: ignore[arg-type]
        elif kind == "electrum":
            lines = stack.enter_context(line_server(line_script(Electrum(CHAIN))))
            yield stack.enter_context(opened.electrum(lines, recorder))  # type: ignore[arg-type]
        elif kind == "memory":
            yield MemorySource.from_raw(REGTEST, blocks(), recorder=recorder)
        else:
            yield _files(kind, recorder, folder)


def _files(kind: str, recorder: Recorder, folder: Path) -> Source:
    if kind == "blocks":
        return open_source(f"blocks:{write(folder / 'b', b''.join(map(entry, blocks())))}", REGTEST, recorder)
    if kind == "csv":
        (folder / "t.csv").write_text(BOTH, encoding="utf-8")
        return open_source(f"csv:{folder / 't.csv'}", REGTEST, recorder)
    (folder / "j").mkdir()
    for txid in (SPENDER, CLAIMED.txid):
        told = json.dumps(Explorer(CHAIN).transaction(txid))
        (folder / "j" / f"{txid[:8]}.json").write_text(told, encoding="utf-8")
    return open_source(f"json:{folder / 'j'}", REGTEST, recorder)


KINDS = ["esplora", "rpc", "electrum", "blocks", "memory", "json", "csv"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_recorded_run_gives_the_same_answers_offline(kind: str, tmp_path: Path) -> None:
    recorder = MemoryRecorder()
    with _server(kind, recorder, tmp_path) as source:
        live = ask(source)

    assert same(ask(open_recorded(recorder, REGTEST)), live)  # the server is gone by now


@pytest.mark.parametrize("kind", KINDS)
def test_a_question_that_was_not_recorded_is_not_answered(kind: str, tmp_path: Path) -> None:
    recorder = MemoryRecorder()
    with _server(kind, recorder, tmp_path) as source:
        ask(source)
    replay = open_recorded(recorder, REGTEST)
    other = CHAIN.blocks[7].transactions[0].txid

    assert isinstance(replay, Transactions)
    with pytest.raises(DataNotFound, match=r"not recorded|does not hold|connect"):
        list(replay.transactions([other]))
    assert isinstance(replay, Spends)
    try:
        (answer,) = replay.spends([Outpoint(other, 0)])
    except DataNotFound:
        return
    assert not isinstance(answer, Unspent), "what was not asked is not known to be unspent"


@pytest.mark.parametrize("kind", KINDS)
def test_an_altered_recording_is_refused(kind: str, tmp_path: Path) -> None:
    """Each file of the recording is altered in turn; whatever the replay uses of it, it refuses."""
    folder = tmp_path / "evidence"
    with _server(kind, ArchiveRecorder(Archive(folder)), tmp_path) as source:
        live = ask(source)
    files = sorted(path for path in folder.glob("??/*") if path.is_file())
    refused = []
    for path in files:
        raw = path.read_bytes()
        path.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]) if raw else b"x")
        try:
            assert same(ask(open_recorded(Archive(folder), REGTEST)), live)
        except EvidenceError as error:
            refused.append((path.name, str(error)))
        path.write_bytes(raw)

    assert refused
    assert all(name in message for name, message in refused)
    assert same(ask(open_recorded(Archive(folder), REGTEST)), live)


def test_an_altered_statement_that_nobody_spends_an_output_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    source = MemorySource.from_raw(REGTEST, blocks(), recorder=ArchiveRecorder(Archive(folder)))
    (unspent,) = source.spends([UNSPENT])
    assert isinstance(unspent, Unspent)
    list(source.transactions([UNSPENT.txid]))
    path = folder / unspent.evidence[:2] / unspent.evidence
    path.write_bytes(path.read_bytes().replace(b"null", b"true"))

    with pytest.raises(EvidenceError, match="damaged or altered"):
        list(open_recorded(Archive(folder), REGTEST).spends([UNSPENT]))  # type: ignore[attr-defined]


def test_an_altered_index_is_refused_when_the_recording_is_opened(tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    list(MemorySource.from_raw(REGTEST, blocks(), recorder=ArchiveRecorder(Archive(folder))).transactions([SPENDER]))
    index = folder / "index.jsonl"
    index.write_text(index.read_text(encoding="utf-8").replace("height", "weight", 1), encoding="utf-8")

    with pytest.raises(EvidenceError):
        open_source(f"recorded:{folder}", REGTEST, MemoryRecorder())


def test_of_several_sources_one_must_be_named(tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    for name in ("blocks:a", "blocks:b"):
        recorder = ArchiveRecorder(Archive(folder))
        source = MemorySource.from_raw(REGTEST, blocks(), recorder=recorder)
        raw = source.block(5).raw
        recorder.record(raw, source=name, request=f"block {CHAIN.blocks[5].header.hash} height 5", tip=source.tip())

    with pytest.raises(ConfigurationError, match=r"holds blocks:a, blocks:b, memory:; choose one with recorded:FOLDER"):
        open_source(f"recorded:{folder}", REGTEST, MemoryRecorder())
    assert open_source(f"recorded:{folder}?source=blocks:b", REGTEST, MemoryRecorder()).name == "blocks:b"


def test_a_recording_of_another_chain_or_of_nothing_is_refused(tmp_path: Path) -> None:
    from cryptotrace.chains.networks import bitcoin_network

    recorder = MemoryRecorder()
    list(MemorySource.from_raw(REGTEST, blocks(), recorder=recorder).transactions([SPENDER]))

    with pytest.raises(DataNotFound, match="no answer about bitcoin was recorded"):
        open_recorded(recorder, bitcoin_network("bitcoin"))
    with pytest.raises(ConfigurationError, match="no answers of a source"):
        open_recorded(MemoryRecorder(), REGTEST)
    with pytest.raises(ConfigurationError, match="no recording there"):
        open_source(f"recorded:{tmp_path}", REGTEST, MemoryRecorder())


@pytest.mark.parametrize(
    "request_text", ["block", "block x height 5", f"block {CHAIN.blocks[5].header.hash} height ²", "block a b c d"]
)
def test_a_record_that_does_not_fit_its_bytes_is_refused(request_text: str) -> None:
    recorder = MemoryRecorder()
    tip = MemorySource.from_raw(REGTEST, blocks()).tip()
    recorder.record(blocks()[5], source="blocks:x", request=f"{request_text} ", tip=tip)

    with pytest.raises(EvidenceError, match="does not fit the bytes of block"):
        open_recorded(recorder, REGTEST)


@pytest.mark.parametrize("names", [[], ["a.csv", "b.csv"]])
def test_a_table_is_replayed_from_one_file_only(names: list[str]) -> None:
    recorder = MemoryRecorder()
    recorder.record(b"x", source="csv:t.csv", request="something else")
    for name in names:
        recorder.record(BOTH.encode(), source="csv:t.csv", request=f"file {name}")

    with pytest.raises(EvidenceError, match="one table under this name"):
        open_recorded(recorder, REGTEST)
