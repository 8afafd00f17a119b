"""Opening a node of Ethereum's family from its specification."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptotrace.chains.evm.network import EvmNetwork
from cryptotrace.errors import ConfigurationError
from cryptotrace.evidence.canonical import canonical_json
from cryptotrace.evidence.recorder import Recorder
from cryptotrace.model.source import Source
from cryptotrace.sources.policy import Policy
from cryptotrace.sources.spec import Spec, basic_auth, http_headers, secret

if TYPE_CHECKING:
    from cryptotrace.sources.jsonrpc import Channel

#: Under which request the settings of a run stand in the evidence: a replay needs the same.
SETTINGS = "settings"
#: A call tree of a large transaction takes its time.
_TIMEOUT_S, _DEADLINE_S = 120, 900
_BATCH = 50


def open_rpc(spec: Spec, network: EvmNetwork, recorder: Recorder, policy: Policy) -> Source:
    """The node at a URL. ``path=env:NAME`` puts a key behind it that never stands in the evidence.

    Raises:
        ConfigurationError: an option that cannot be used, or a variable that is not set.
        SourceUnavailable, SourceLied, NotSupported: see ``EvmRpcSource``.
    """
    from cryptotrace.sources.http import HttpTransport, settings_of
    from cryptotrace.sources.jsonrpc import BatchChannel

    reference = spec.option("path")
    key = "" if reference is None else secret(reference, spec, "path").strip("/")
    transport = HttpTransport(
        spec,
        recorder,
        settings_of(spec, timeout_s=_TIMEOUT_S, deadline_s=_DEADLINE_S),
        headers=http_headers(spec),
        auth=basic_auth(spec),
        keys=[key] if key else [],
    )
    size = spec.number("batch", _BATCH, 1)
    channel = BatchChannel(transport, spec.name, size, version="2.0", target=f"/{key}" if key else "")
    return _opened(spec, network, recorder, policy, channel)


def open_ipc(spec: Spec, network: EvmNetwork, recorder: Recorder, policy: Policy) -> Source:
    """The node behind a socket file on this machine, through web3.py.

    Raises:
        ConfigurationError: web3.py or the socket is not there, or an option that cannot be used.
        SourceUnavailable, SourceLied, NotSupported: see ``EvmRpcSource``.
    """
    from cryptotrace.sources.evm.provider import ipc_channel

    channel = ipc_channel(Path(spec.location), recorder, spec.name, spec.number("timeout", _TIMEOUT_S, 1))
    return _opened(spec, network, recorder, policy, channel)


def settings_from(spec: Spec) -> dict[str, Any]:
    """What ``tip``, ``scan`` and ``proof`` say, as arguments of ``EvmRpcSource``.

    Raises:
        ConfigurationError: one of them is not what it can be.
    """
    from cryptotrace.sources.evm.rpc import TIPS
    from cryptotrace.sources.evm.rpcpots import SCAN_BLOCKS

    tip, proof = spec.option("tip") or TIPS[0], spec.option("proof")
    if tip not in TIPS:
        raise ConfigurationError(f"{spec.name}: option tip={tip!r} must be one of {', '.join(TIPS)}")
    if proof not in (None, "block"):
        raise ConfigurationError(f"{spec.name}: option proof={proof!r} can only be block; leave it out for none")
    return {"tip": tip, "scan": spec.number("scan", SCAN_BLOCKS), "proves_receipts": proof is not None}


def _opened(spec: Spec, network: EvmNetwork, recorder: Recorder, policy: Policy, channel: Channel) -> Source:
    from cryptotrace.sources.evm.rpc import EvmRpcSource

    try:
        settings = settings_from(spec)
        recorder.record(canonical_json(settings), source=spec.name, request=SETTINGS, status="derived")
        return EvmRpcSource(network, channel, policy.notice, **settings)
    except BaseException:
        channel.close()
        raise
