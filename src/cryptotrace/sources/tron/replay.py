"""Recorded runs of TRON sources once more, offline, with the same adapters."""

from __future__ import annotations

import math
from collections.abc import Callable

from cryptotrace.chains.tron.network import TronNetwork
from cryptotrace.errors import EvidenceError
from cryptotrace.evidence.recorder import MemoryRecorder, Recorder, Recording
from cryptotrace.model.source import Source
from cryptotrace.sources.foreignjson import Field, parse_json
from cryptotrace.sources.recorded import CopiedRecording
from cryptotrace.sources.transport import ReplayTransport
from cryptotrace.sources.tron.channel import SingleChannel
from cryptotrace.sources.tron.exports import SETTINGS, ExportSource
from cryptotrace.sources.tron.node import TronNode
from cryptotrace.sources.tron.rpc import TronRpcSource
from cryptotrace.sources.tron.trongrid import TronGridSource


def _replay_trongrid(recording: Recording, network: TronNetwork, name: str) -> Source:
    # the active chain of a recording does not change: the tip is not looked at again
    return TronGridSource(network, ReplayTransport(recording, name), name, check_every_s=math.inf)


def _replay_fullnode(recording: Recording, network: TronNetwork, name: str) -> Source:
    keeps = "internals" in _settings(recording, name)
    transport = ReplayTransport(recording, name)
    return TronNode(network, transport, name, keeps_internals=keeps, check_every_s=math.inf)


def _settings(recording: Recording, name: str) -> Field:
    """What the run was told when it was opened; an empty object if nothing."""
    told = [each for each in recording.records() if each.source == name and each.request == SETTINGS]
    return parse_json(recording.read(told[-1].digest) if told else b"{}", f"the settings of {name}")


def _replay_rpc(recording: Recording, network: TronNetwork, name: str) -> Source:
    return TronRpcSource(network, SingleChannel(ReplayTransport(recording, name), name), check_every_s=math.inf)


def _replay_csv(recording: Recording, network: TronNetwork, name: str) -> Source:
    files = {r.request: r for r in recording.records() if r.source == name and r.request.startswith("file ")}
    if len(files) != 1:
        raise EvidenceError(f"{name}: the recording must hold one export under this name, it holds {len(files)}")
    ((request, record),) = files.items()
    settings = _settings(recording, name)
    recorder: Recorder = recording if isinstance(recording, CopiedRecording) else MemoryRecorder()
    return ExportSource(
        network,
        request.removeprefix("file "),
        recording.read(record.digest),
        recorder,
        name,
        decimals={contract: settings[contract].integer(0, 77) for contract in settings.value},
    )


#: How the answers of each kind of source are replayed.
REPLAYS: dict[str, Callable[[Recording, TronNetwork, str], Source]] = {
    "trongrid": _replay_trongrid,
    "fullnode": _replay_fullnode,
    "rpc": _replay_rpc,
    "csv": _replay_csv,
}
