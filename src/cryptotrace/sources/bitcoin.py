"""The kinds of source of the Bitcoin family, and how each is opened."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cryptotrace.chains.bitcoin.network import BitcoinNetwork
from cryptotrace.errors import ConfigurationError, DataNotFound
from cryptotrace.evidence.recorder import Recorder
from cryptotrace.model.source import Source
from cryptotrace.sources.policy import Policy
from cryptotrace.sources.spec import EVM_HTTP, EVM_NODE, Spec, basic_auth, host_and_port, http_headers, refuse_options

if TYPE_CHECKING:
    from cryptotrace.sources.jsonrpc import Channel
    from cryptotrace.sources.transport import Transport

Opener = Callable[[Spec, BitcoinNetwork, Recorder, Policy], Source]


def _open_json(spec: Spec, network: BitcoinNetwork, recorder: Recorder, policy: Policy) -> Source:
    from cryptotrace.sources.jsonfile import JsonSource, json_files

    return JsonSource(network, json_files(Path(spec.location)), recorder, spec.name)


def _open_csv(spec: Spec, network: BitcoinNetwork, recorder: Recorder, policy: Policy) -> Source:
    from cryptotrace.sources.csvfile import CsvSource

    refuse_options(spec, frozenset({"decimals"}), "chains of the Bitcoin family")
    path = Path(spec.location)
    if not path.is_file():
        raise ConfigurationError(f"{spec.name}: there is no such file; write csv:PATH with the path of the table")
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataNotFound(f"{spec.name} cannot be read: {error}") from error
    return CsvSource(network, path.name, raw, recorder, spec.name)


def _open_recorded(spec: Spec, network: BitcoinNetwork, recorder: Recorder, policy: Policy) -> Source:
    from cryptotrace.sources.recorded import open_folder

    return open_folder(spec, network, recorder)


def _open_memory(spec: Spec, network: BitcoinNetwork, recorder: Recorder, policy: Policy) -> Source:
    raise ConfigurationError(
        "memory: is built in code from blocks and transactions that are at hand: "
        "cryptotrace.sources.memory.MemorySource(network, blocks=..., transactions=...)"
    )


def _open_blocks(spec: Spec, network: BitcoinNetwork, recorder: Recorder, policy: Policy) -> Source:
    from cryptotrace.sources.blocks import BlocksSource

    first = None if spec.option("height") is None else spec.number("height", 0)
    source = BlocksSource(network, Path(spec.location), recorder, spec.name, first, policy.progress)
    for problem in source.problems:
        policy.notice(f"{spec.name}: {problem}")
    return source


def opened(connection: Channel | Transport, make: Callable[[], Source]) -> Source:
    """The source over a connection; the connection is closed if the source cannot be opened."""
    try:
        return make()
    except BaseException:
        connection.close()
        raise


def _open_rpc(spec: Spec, network: BitcoinNetwork, recorder: Recorder, policy: Policy) -> Source:
    from cryptotrace.sources.http import HttpTransport, settings_of
    from cryptotrace.sources.jsonrpc import BatchChannel
    from cryptotrace.sources.rpc import RpcSource

    refuse_options(spec, EVM_HTTP | EVM_NODE, network.name)
    # a scan of the unspent outputs or of the filters takes minutes before its first byte
    settings = settings_of(spec, timeout_s=900, deadline_s=3600)
    transport = HttpTransport(spec, recorder, settings, auth=basic_auth(spec))
    channel = BatchChannel(transport, spec.name)
    return opened(channel, lambda: RpcSource(network, channel, policy.notice))


def _open_esplora(spec: Spec, network: BitcoinNetwork, recorder: Recorder, policy: Policy) -> Source:
    from cryptotrace.sources.esplora import EsploraSource
    from cryptotrace.sources.http import HttpTransport, settings_of

    transport = HttpTransport(spec, recorder, settings_of(spec), headers=http_headers(spec))
    return opened(transport, lambda: EsploraSource(network, transport, spec.name, notice=policy.notice))


def _open_electrum(spec: Spec, network: BitcoinNetwork, recorder: Recorder, policy: Policy) -> Source:
    import ssl

    from cryptotrace.sources.electrum import GREETING, NUDGE, ElectrumSource
    from cryptotrace.sources.lines import LineChannel

    tls = None
    if spec.kind == "electrum+tls":
        try:
            tls = ssl.create_default_context(cafile=spec.option("ca"))
        except OSError as error:
            raise ConfigurationError(
                f"{spec.name}: the certificate file of option ca cannot be read: {error}"
            ) from error
    timeout_s, retries = spec.number("timeout", 30, 1), spec.number("retries", 4)
    channel = LineChannel(
        host_and_port(spec),
        spec.name,
        recorder,
        tls=tls,
        timeout_s=timeout_s,
        retries=retries,
        greeting=GREETING,
        nudge=NUDGE,
    )
    return opened(channel, lambda: ElectrumSource(network, channel))


#: Every kind of source that a specification can name.
KINDS: dict[str, Opener] = {
    "blocks": _open_blocks,
    "rpc": _open_rpc,
    "esplora": _open_esplora,
    "electrum": _open_electrum,
    "electrum+tls": _open_electrum,
    "json": _open_json,
    "csv": _open_csv,
    "recorded": _open_recorded,
    "memory": _open_memory,
}
