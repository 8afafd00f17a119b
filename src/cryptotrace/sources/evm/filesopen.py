"""Opening exported tables of EVM chains: one file, or every table in a folder."""

from __future__ import annotations

from pathlib import Path

from cryptotrace.chains.evm.network import EvmNetwork
from cryptotrace.errors import ConfigurationError, DataNotFound
from cryptotrace.evidence.recorder import MemoryRecorder, Recorder, Recording
from cryptotrace.model.source import Source
from cryptotrace.sources.evm.etl import EtlSource
from cryptotrace.sources.evm.exports import SETTINGS, ExportSource, stated_decimals
from cryptotrace.sources.foreignjson import parse_json
from cryptotrace.sources.policy import Policy
from cryptotrace.sources.recorded import CopiedRecording
from cryptotrace.sources.spec import Spec

_ETL_ENDINGS = (".csv", ".json", ".jsonl", ".ndjson")


def open_csv(spec: Spec, network: EvmNetwork, recorder: Recorder, policy: Policy) -> Source:
    """Exports of explorers.

    Raises:
        ConfigurationError: no such file or folder, or decimals of another form.
        DataNotFound: a file that cannot be read.
        MalformedBytes, SourceLied: see ``ExportSource``.
    """
    files = _files(spec, (".csv",))
    decimals = stated_decimals(spec.option("decimals"), spec.name)
    return ExportSource(network, files, recorder, spec.name, decimals=decimals, notice=policy.notice)


def open_etl(spec: Spec, network: EvmNetwork, recorder: Recorder, policy: Policy) -> Source:
    """Tables of ethereum-etl.

    Raises:
        ConfigurationError: no such file or folder.
        DataNotFound: a file that cannot be read.
        MalformedBytes, SourceLied: see ``EtlSource``.
    """
    return EtlSource(network, _files(spec, _ETL_ENDINGS), recorder, spec.name, policy.notice)


def replay_csv(recording: Recording, network: EvmNetwork, name: str) -> Source:
    """Recorded exports of explorers, with the decimals that were stated.

    Raises:
        EvidenceError: the recording is damaged.
    """
    told = [each for each in recording.records() if each.source == name and each.request == SETTINGS]
    said = parse_json(recording.read(told[-1].digest), f"the settings of {name}") if told else None
    decimals = {key: said[key].integer(0, 77) for key in said.value} if said is not None else {}
    return ExportSource(network, _recorded(recording, name), _recorder(recording), name, decimals=decimals)


def replay_etl(recording: Recording, network: EvmNetwork, name: str) -> Source:
    """Recorded tables of ethereum-etl.

    Raises:
        EvidenceError: the recording is damaged.
    """
    return EtlSource(network, _recorded(recording, name), _recorder(recording), name)


def _recorder(recording: Recording) -> Recorder:
    return recording if isinstance(recording, CopiedRecording) else MemoryRecorder()


def _recorded(recording: Recording, name: str) -> list[tuple[str, bytes]]:
    newest = {r.request: r for r in recording.records() if r.source == name and r.request.startswith("file ")}
    return [(request.removeprefix("file "), recording.read(r.digest)) for request, r in newest.items()]


def _files(spec: Spec, endings: tuple[str, ...]) -> list[tuple[str, bytes]]:
    path = Path(spec.location)
    if path.is_dir():
        paths = sorted(each for each in path.iterdir() if each.suffix.lower() in endings and each.is_file())
    else:
        paths = [path] if path.is_file() else []
    if not paths:
        raise ConfigurationError(
            f"{spec.name}: there is no such file, and no folder with files that end in {', '.join(endings)}; write "
            f"{spec.kind}:PATH"
        )
    try:
        return [(each.name, each.read_bytes()) for each in paths]
    except OSError as error:
        raise DataNotFound(f"{spec.name} cannot be read: {error}") from error
