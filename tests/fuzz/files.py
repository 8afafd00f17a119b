"""Files that people hand over, under fire: ledger files, TagPacks, case.toml, tables, recorded answers, block files, logs.

Each ends in a result or in an error of the library, and what was loaded before is still there.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import resources
from pathlib import Path
from random import Random

from tests.fuzz.mutate import mutate_bytes, mutate_text
from tests.sources.chain import Chain, Explorer
from tests.strategies import seeded
from tests.training_chain import REGTEST, blocks, story

from cryptotrace.attribution.tagpack import read_tagpack
from cryptotrace.case import file as casefile
from cryptotrace.chains.bitcoin.wire import decode_block, encode
from cryptotrace.errors import CryptotraceError, EvidenceError
from cryptotrace.evidence.archive import Archive
from cryptotrace.evidence.custody import CustodyLog
from cryptotrace.evidence.recorder import MemoryRecorder
from cryptotrace.ledger import ledgerfile as files
from cryptotrace.model.transaction import Outpoint
from cryptotrace.sources import open_source, parse_spec
from cryptotrace.tracing.ledgerfile import solve


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _damaged(text: str, random: Random) -> bytes:
    """A text file after changes of its letters, its bytes, or both."""
    changed = mutate_text(text, random) if random.randrange(2) else text
    raw = changed.encode("utf-8", "surrogatepass")
    return mutate_bytes(raw, random) if random.randrange(2) else raw


def fuzz_ledger_file(random: Random) -> None:
    """A damaged ledger file is refused, or each of its cases is solved or refused by name."""
    case = seeded(random.randrange(1000), 0)[random.randrange(2)]
    text = json.dumps({"schema": "cryptotrace-taint-vectors/1", "cases": [case]})
    with _folder() as folder:
        path = folder / "ledger.json"
        path.write_bytes(_damaged(text, random))
        try:
            read = files.read(path)
        except CryptotraceError:
            return
        answer = solve(read, exact=bool(random.randrange(2)))
        json.dumps(answer)


@cache
def _tagpack() -> str:
    return (resources.files("cryptotrace.training") / "exchange.yaml").read_text(encoding="utf-8")


def fuzz_tagpack(random: Random) -> None:
    """A damaged TagPack is refused, or each of its tags is read or refused by name."""
    try:
        read_tagpack(_damaged(_tagpack(), random), evidence="00")
    except CryptotraceError:
        return


def fuzz_case_file(random: Random) -> None:
    """A damaged ``case.toml`` is refused, or read; what is read can be written and read again."""
    entry = casefile.ClaimEntry("A", "bip122:x", "ab:0", "bip122:x/slip44:0", "5")
    with _folder() as folder:
        path = folder / "case.toml"
        casefile.write(path, casefile.CaseFile("id", "A title", claims=(entry,), trace=casefile.TraceEntry("fifo")))
        path.write_bytes(_damaged(path.read_text(encoding="utf-8"), random))
        try:
            read = casefile.read(path)
        except CryptotraceError:
            return
        casefile.write(path, read)
        assert casefile.read(path) == read


@cache
def _transactions() -> list[bytes]:
    return [encode(t) for raw in blocks()[100:] for t in decode_block(raw).transactions]


def _ask(spec: str) -> None:
    """Open the source and ask it the questions of a trace."""
    source = open_source(spec, REGTEST, MemoryRecorder())
    try:
        outpoint = Outpoint.parse(story()["claims"][0]["outpoint"])
        list(source.spends([outpoint]))  # type: ignore[attr-defined]
        list(source.transactions([outpoint.txid]))  # type: ignore[attr-defined]
    finally:
        source.close()


def _try(spec: str) -> None:
    try:
        _ask(spec)
    except CryptotraceError:
        return


def fuzz_csv(random: Random) -> None:
    """A damaged table of transactions."""
    rows = "".join(f"{raw.hex()},{n}\n" for n, raw in enumerate(random.sample(_transactions(), 5)))
    with _folder() as folder:
        (folder / "t.csv").write_bytes(_damaged(f"raw,index\n{rows}", random))
        _try(f"csv:{folder / 't.csv'}")


@cache
def _answers() -> list[bytes]:
    chain = Chain()
    explorer = Explorer(chain)
    return [json.dumps(explorer.tell(["tx", txid])).encode() for txid in list(chain.txs)[-12:]]


def fuzz_json(random: Random) -> None:
    """Damaged answers of an explorer in files."""
    with _folder() as folder:
        for n, raw in enumerate(random.sample(_answers(), 3)):
            (folder / f"{n}.json").write_bytes(mutate_bytes(raw, random) if random.randrange(2) else raw)
        _try(f"json:{folder}")


@cache
def _block_file() -> bytes:
    return (resources.files("cryptotrace.training") / "blk00000.dat").read_bytes()


def fuzz_block_file(random: Random) -> None:
    """A damaged block file, sometimes with a key."""
    with _folder() as folder:
        (folder / "blk00000.dat").write_bytes(mutate_bytes(_block_file(), random))
        if random.randrange(3) == 0:
            (folder / "xor.dat").write_bytes(random.randbytes(random.choice((0, 7, 8, 8, 9))))
        _try(f"blocks:{folder}")


def fuzz_evidence(random: Random) -> None:
    """A damaged index or custody log is an error that says so; the answers themselves stay readable or are refused."""
    with _folder() as folder:
        archive = Archive(folder / "evidence")
        digests = [archive.add(bytes([n]) * n, source="s", request=f"r{n}", tip=None) for n in range(1, 5)]
        log = CustodyLog(folder / "custody.jsonl")
        for n in range(4):
            log.append("fetch", {"n": n})
        for path in (folder / "evidence" / "index.jsonl", folder / "custody.jsonl"):
            path.write_bytes(mutate_bytes(path.read_bytes(), random))
        try:
            CustodyLog(folder / "custody.jsonl").check()
            again = Archive(folder / "evidence")
            list(again.records())
        except EvidenceError:
            return
        for digest in digests:
            try:
                again.read(digest)
            except EvidenceError:
                continue


def fuzz_specification(random: Random) -> None:
    """A damaged source specification never opens anything but what it names, and never fails untyped."""
    text = random.choice(
        ("rpc:http://127.0.0.1:1?auth=env:A", "esplora:https://e.example/api", "electrum:h:1", "csv:x")
    )
    try:
        parse_spec(mutate_text(text, random))
    except CryptotraceError:
        return
