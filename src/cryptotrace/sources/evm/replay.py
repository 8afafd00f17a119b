"""Recorded runs over a source of Ethereum's family, once more and offline."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cryptotrace.chains.evm.network import EvmNetwork
from cryptotrace.evidence.recorder import Recording
from cryptotrace.model.source import Source
from cryptotrace.sources.evm.etherscanopen import replay_explorer
from cryptotrace.sources.evm.filesopen import replay_csv, replay_etl
from cryptotrace.sources.evm.opening import SETTINGS
from cryptotrace.sources.evm.rpc import TIPS, EvmRpcSource
from cryptotrace.sources.foreignjson import parse_json
from cryptotrace.sources.jsonrpc import Call, ReplayChannel


def replay_rpc(recording: Recording, network: EvmNetwork, name: str) -> Source:
    """A run over JSON-RPC, with the settings that it had.

    Raises:
        DataNotFound: how it was opened was not recorded.
        SourceLied: it is of another chain.
        EvidenceError: the recording is damaged.
    """
    channel = ReplayChannel(recording, name)
    return EvmRpcSource(network, channel, lambda _: None, **_settings(recording, channel, name))


def _settings(recording: Recording, channel: ReplayChannel, name: str) -> dict[str, Any]:
    """The newest settings; of a source that was made in code at least what its tip was."""
    told = [each for each in recording.records() if each.source == name and each.request == SETTINGS]
    if not told:
        known = [tip for tip in TIPS if channel.knows(Call("eth_getBlockByNumber", (tip, False)))]
        return {"tip": known[0]} if known else {}
    said = parse_json(recording.read(told[-1].digest), f"the settings of {name}")
    return {
        "tip": said["tip"].text(),
        "scan": said["scan"].integer(),
        "proves_receipts": said["proves_receipts"].truth(),
    }


#: How the answers of each kind of source are given back.
REPLAYS: dict[str, Callable[[Recording, EvmNetwork, str], Source]] = {
    "rpc": replay_rpc,
    "ipc": replay_rpc,
    "web3": replay_rpc,
    "etherscan": replay_explorer,
    "blockscout": replay_explorer,
    "csv": replay_csv,
    "etl": replay_etl,
}
