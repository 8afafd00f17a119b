"""``recorded:`` - a run once more, offline: the same adapters over the answers that were recorded.

What was not asked then is not known now, and the error says so. Which adapters there are, each family of chains says
itself: ``REPLAYS`` here for Bitcoin's, ``sources/<family>/replay.py`` for the others.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from cryptotrace.chains.bitcoin.network import BitcoinNetwork
from cryptotrace.chains.bitcoin.wire import decode_block, decode_transaction
from cryptotrace.chains.family import Network
from cryptotrace.errors import ConfigurationError, DataNotFound, EvidenceError
from cryptotrace.evidence.archive import Archive, Record
from cryptotrace.evidence.recorder import ArchiveRecorder, MemoryRecorder, Recorder, Recording
from cryptotrace.model.block import BlockRef, Tip
from cryptotrace.model.identity import Account
from cryptotrace.model.source import RawBlock, RawTransaction, Source, Spend, SpendUnknown, Unspent
from cryptotrace.model.transaction import Outpoint
from cryptotrace.sources.csvfile import CsvSource
from cryptotrace.sources.electrum import ElectrumSource
from cryptotrace.sources.esplora import EsploraSource
from cryptotrace.sources.foreignjson import parse_json
from cryptotrace.sources.jsonfile import JsonSource
from cryptotrace.sources.jsonrpc import ReplayChannel
from cryptotrace.sources.memory import MemorySource
from cryptotrace.sources.rpc import RpcSource
from cryptotrace.sources.spec import Spec
from cryptotrace.sources.transport import ReplayTransport

#: Gives back the recorded answers of one source.
Replay = Callable[[Recording, Any, str], Source]
#: Where a family of chains (CAIP-2 namespace) keeps its sources.
_FOLDERS = {"eip155": "evm", "tron": "tron"}


def open_recorded(recording: Recording, network: Network, source: str | None = None) -> Source:
    """The source whose answers were recorded.

    Args:
        recording: an archive, or the recorder of a run.
        network: the chain; sources of other chains in the recording are passed over.
        source: the name of the source, if several were recorded.

    Raises:
        ConfigurationError: nothing was recorded, or several sources were and none is named.
        EvidenceError: the recording is damaged.
    """
    replays = _replays(network)
    elsewhere = {r.source for r in recording.records() if r.tip is not None and r.tip.chain != network.chain}
    known = {record.source for record in recording.records() if _kind(record.source) in replays}
    names = sorted(known - elsewhere or known)
    if source is None and len(names) == 1:
        source = names[0]
    if source not in names:
        raise ConfigurationError(
            f"the recording holds {', '.join(names) or 'no answers of a source'}; "
            "choose one with recorded:FOLDER?source=NAME"
        )
    return replays[_kind(source)](recording, network, source)


def open_folder(spec: Spec, network: Network, recorder: Recorder) -> Source:
    """The source whose answers lie in the folder of a specification; what is read becomes evidence of ``recorder``.

    Raises:
        ConfigurationError: no recording there, or several sources in it and none is named.
        EvidenceError: the recording is damaged.
    """
    folder = Path(spec.location)
    if not (folder / "index.jsonl").is_file():
        raise ConfigurationError(
            f"{spec.name}: no recording there; expected a folder with index.jsonl, a case's evidence/"
        )
    return open_recorded(CopiedRecording(Archive(folder), recorder), network, spec.option("source"))


def _replays(network: Network) -> Mapping[str, Replay]:
    """How each kind of source of that chain's family is replayed."""
    family = network.chain.namespace
    if family == "bip122":
        return REPLAYS
    found: Mapping[str, Replay] = import_module(f"cryptotrace.sources.{_FOLDERS[family]}.replay").REPLAYS
    return found


class CopiedRecording:
    """A recording whose answers become evidence of the case that uses them, each when it is first read.

    They keep source, request, status and tip; the time is that of the copy, the first one stands in the recording.

    Args:
        recording: what was recorded.
        recorder: takes what is read, unless it holds it already.
    """

    def __init__(self, recording: Recording, recorder: Recorder) -> None:
        self._recording = recording
        self._recorder = recorder
        held = recorder.archive.records() if isinstance(recorder, ArchiveRecorder) else iter(())
        self._known = {(record.source, record.request, record.digest) for record in held}
        self._missing: dict[str, list[Record]] = {}
        for record in recording.records():
            if (record.source, record.request, record.digest) not in self._known:
                self._missing.setdefault(record.digest, []).append(record)

    def records(self) -> Iterator[Record]:
        """What was seen, in the order in which it arrived."""
        return self._recording.records()

    def read(self, digest: str) -> bytes:
        """The bytes of that digest; every answer that has them is kept.

        Raises:
            EvidenceError: they were altered or are not there.
        """
        raw = self._recording.read(digest)
        for record in self._missing.pop(digest, ()):
            about = {"tip": record.tip, "latency_ms": record.latency_ms, "status": record.status}
            self.record(raw, source=record.source, request=record.request, **about)
        return raw

    def record(self, raw: bytes, *, source: str, request: str, **about: Any) -> str:
        """Keep what the replay itself concludes, as the recorded run did, unless it is held."""
        digest = hashlib.sha256(raw).hexdigest()
        if (source, request, digest) not in self._known:
            self._known.add((source, request, digest))
            self._recorder.record(raw, source=source, request=request, **about)
        return digest


def _recorder_of(recording: Recording) -> Recorder:
    return recording if isinstance(recording, CopiedRecording) else MemoryRecorder()


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 11


def _kind(name: str) -> str:
    return name.partition(":")[0]


class RecordedChain:
    """A recorded run over blocks: what was used is held, what followed from the rest stands as a statement.

    Args:
        recording: an archive, or the recorder of a run.
        network: the chain.
        name: the name of the source in the recording.

    Raises:
        DataNotFound: no answer about that chain was recorded.
        EvidenceError: the recording is damaged.
    """

    def __init__(self, recording: Recording, network: BitcoinNetwork, name: str) -> None:
        self._network = network
        self.chain = network.chain
        self.name = name
        self._recording = recording
        records = [record for record in recording.records() if record.source == name and record.tip is not None]
        tip = records[-1].tip if records else None
        if tip is None or tip.chain != network.chain:
            raise DataNotFound(f"{name}: no answer about {network.name} was recorded")
        self._tip = tip
        self._statements = {r.request: r for r in records if r.status == "derived" and r.tip == tip}
        blocks = [self._block(r) for r in records if r.request.startswith("block ")]
        loose = [self._transaction(r) for r in records if r.request.startswith("transaction ")]
        self._held = MemorySource(
            network, blocks=blocks, transactions=loose, tip=tip, recorder=_recorder_of(recording), name=name
        )

    def tip(self) -> Tip:
        """The tip of the newest recorded run."""
        return self._tip

    def close(self) -> None:
        """Nothing to let go of."""

    def block(self, height: int) -> RawBlock:
        """The block at that height, if it was used in the recorded run.

        Raises:
            DataNotFound: it was not used in the recorded run.
        """
        return self._held.block(height)

    def block_by_hash(self, block_hash: str) -> RawBlock:
        """The block of that hash, if it was used in the recorded run.

        Raises:
            DataNotFound: it was not used in the recorded run.
        """
        return self._held.block_by_hash(block_hash)

    def transactions(self, txids: Sequence[str]) -> Iterator[RawTransaction]:
        """The transactions of those txids, if they were used in the recorded run.

        Raises:
            DataNotFound: one of them was not used in the recorded run.
        """
        return self._held.transactions(txids)

    def spends(self, outpoints: Sequence[Outpoint]) -> Iterator[Spend | Unspent | SpendUnknown]:
        """For each outpoint what the recorded run found.

        Raises:
            EvidenceError: the recorded bytes were altered.
        """
        for outpoint in outpoints:
            (answer,) = self._held.spends([outpoint])
            statement = self._statements.get(f"spend {outpoint}")
            if isinstance(answer, SpendUnknown) and statement is not None:
                self._recording.read(statement.digest)  # an altered one is refused here
                yield Unspent(outpoint, self._tip, statement.digest)
            else:
                yield answer

    def history(self, account: Account) -> Iterator[str]:
        """What the recorded run found for the account.

        Raises:
            DataNotFound: it did not ask.
        """
        answer = parse_json(self._statement(f"history {account}"), f"history {account}")["answer"]
        return iter([item.hash() for item in answer.items()])

    def balance(self, account: Account) -> tuple[int, Tip]:
        """What the recorded run found for the account.

        Raises:
            DataNotFound: it did not ask.
        """
        return parse_json(self._statement(f"balance {account}"), f"balance {account}")["answer"].units(
            self._network.max_supply
        ), self._tip

    def merkle_branch(self, txid: str) -> tuple[BlockRef, int, tuple[str, ...]]:
        """Block, place and sibling hashes from the leaf up, if the block was used in the recorded run.

        Raises:
            DataNotFound: it was not used in the recorded run.
        """
        return self._held.merkle_branch(txid)

    def _statement(self, request: str) -> bytes:
        if request not in self._statements:
            raise DataNotFound(f"{self.name}: {request} was not recorded; connect the source itself")
        return self._recording.read(self._statements[request].digest)

    def _block(self, record: Record) -> RawBlock:
        raw = self._recording.read(record.digest)
        header = decode_block(raw, self._network).header
        words = record.request.split()
        if len(words) < 4 or words[1] != header.hash or words[2] != "height" or not _is_number(words[3]):
            raise EvidenceError(
                f"record {record.number}: {record.request!r} does not fit the bytes of block {header.hash}"
            )
        return RawBlock(BlockRef(self.chain, int(words[3]), header.hash, header.time), raw, record.digest)

    def _transaction(self, record: Record) -> RawTransaction:
        raw = self._recording.read(record.digest)
        return RawTransaction(self.chain, decode_transaction(raw, self._network).txid, raw, None, -1, record.digest)


def _recorded_files(recording: Recording, name: str) -> list[tuple[str, bytes]]:
    newest = {r.request: r for r in recording.records() if r.source == name and r.request.startswith("file ")}
    return [(request.removeprefix("file "), recording.read(r.digest)) for request, r in newest.items()]


def _replay_json(recording: Recording, network: BitcoinNetwork, name: str) -> Source:
    return JsonSource(network, _recorded_files(recording, name), _recorder_of(recording), name)


def _replay_csv(recording: Recording, network: BitcoinNetwork, name: str) -> Source:
    files = _recorded_files(recording, name)
    if len(files) != 1:
        raise EvidenceError(f"{name}: the recording must hold one table under this name, it holds {len(files)}")
    ((filename, raw),) = files
    return CsvSource(network, filename, raw, _recorder_of(recording), name)


def _replay_rpc(recording: Recording, network: BitcoinNetwork, name: str) -> Source:
    return RpcSource(network, ReplayChannel(recording, name), lambda _: None)


def _replay_esplora(recording: Recording, network: BitcoinNetwork, name: str) -> Source:
    # the active chain of a recording does not change: the tip is not looked at again
    return EsploraSource(network, ReplayTransport(recording, name), name, check_every_s=math.inf)


def _replay_electrum(recording: Recording, network: BitcoinNetwork, name: str) -> Source:
    return ElectrumSource(network, ReplayChannel(recording, name))


#: How the answers of each kind of source of the Bitcoin family are given back.
REPLAYS: dict[str, Callable[[Recording, BitcoinNetwork, str], Source]] = {
    "memory": RecordedChain,
    "blocks": RecordedChain,
    "json": _replay_json,
    "csv": _replay_csv,
    "rpc": _replay_rpc,
    "esplora": _replay_esplora,
    "electrum": _replay_electrum,
    "electrum+tls": _replay_electrum,
}
