"""The kinds of source of TRON, and how each is opened."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cryptotrace.chains.tron.network import TronNetwork
from cryptotrace.errors import ConfigurationError, DataNotFound
from cryptotrace.evidence.canonical import canonical_json
from cryptotrace.evidence.recorder import Recorder
from cryptotrace.model.source import Source
from cryptotrace.sources.policy import Policy
from cryptotrace.sources.spec import EVM_NODE, Spec, basic_auth, http_headers, refuse_options

Opener = Callable[[Spec, TronNetwork, Recorder, Policy], Source]


def _open_trongrid(spec: Spec, network: TronNetwork, recorder: Recorder, policy: Policy) -> Source:
    from cryptotrace.sources.bitcoin import opened
    from cryptotrace.sources.http import HttpTransport, settings_of
    from cryptotrace.sources.tron.trongrid import TronGridSource

    transport = HttpTransport(spec, recorder, settings_of(spec), headers=http_headers(spec))
    return opened(
        transport,
        lambda: TronGridSource(network, transport, spec.name, notice=policy.notice),
    )


def _open_fullnode(spec: Spec, network: TronNetwork, recorder: Recorder, policy: Policy) -> Source:
    from cryptotrace.sources.bitcoin import opened
    from cryptotrace.sources.http import HttpTransport, settings_of
    from cryptotrace.sources.tron.node import TronNode

    internals = spec.option("internals")
    if internals not in (None, "kept"):
        raise ConfigurationError(
            f"{spec.name}: internals={internals!r} is not known; write internals=kept if the node runs with "
            "vm.saveInternalTx = true, and leave the option out if not"
        )
    transport = HttpTransport(spec, recorder, settings_of(spec), headers=http_headers(spec))
    keeps = internals == "kept"
    if keeps:
        recorder.record(canonical_json({"internals": "kept"}), source=spec.name, request="settings", status="derived")
    return opened(
        transport,
        lambda: TronNode(network, transport, spec.name, keeps_internals=keeps, notice=policy.notice),
    )


def _open_rpc(spec: Spec, network: TronNetwork, recorder: Recorder, policy: Policy) -> Source:
    from cryptotrace.sources.bitcoin import opened
    from cryptotrace.sources.http import HttpTransport, settings_of
    from cryptotrace.sources.tron.channel import SingleChannel
    from cryptotrace.sources.tron.rpc import TronRpcSource

    refuse_options(spec, EVM_NODE | {"batch", "path"}, "TRON")
    transport = HttpTransport(spec, recorder, settings_of(spec), headers=http_headers(spec), auth=basic_auth(spec))
    channel = SingleChannel(transport, spec.name)
    return opened(channel, lambda: TronRpcSource(network, channel))


def _open_csv(spec: Spec, network: TronNetwork, recorder: Recorder, policy: Policy) -> Source:
    from cryptotrace.sources.tron.exports import ExportSource, stated_decimals

    path = Path(spec.location)
    if not path.is_file():
        raise ConfigurationError(f"{spec.name}: there is no such file; write csv:PATH with the path of the export")
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataNotFound(f"{spec.name} cannot be read: {error}") from error
    decimals = stated_decimals(spec.option("decimals"), network, spec.name)
    return ExportSource(network, path.name, raw, recorder, spec.name, decimals=decimals, notice=policy.notice)


def _open_recorded(spec: Spec, network: TronNetwork, recorder: Recorder, policy: Policy) -> Source:
    from cryptotrace.sources.recorded import open_folder

    return open_folder(spec, network, recorder)


#: Every kind of source that a specification can name.
KINDS: dict[str, Opener] = {
    "trongrid": _open_trongrid,
    "fullnode": _open_fullnode,
    "rpc": _open_rpc,
    "csv": _open_csv,
    "recorded": _open_recorded,
}
