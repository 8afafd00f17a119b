"""The only room that speaks to the outside: one file per kind of server or file.

How a source is added: write its file, name it in ``KINDS`` below and in ``spec.OPTIONS``, and let it into the
conformance suite (``tests/conformance``); what it cannot do is marked there with a reason.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from cryptotrace.chains.networks import Network
from cryptotrace.errors import ConfigurationError, DataNotFound, NotSupported
from cryptotrace.evidence.recorder import Recorder
from cryptotrace.model.source import Source
from cryptotrace.sources.policy import Policy
from cryptotrace.sources.spec import Spec, basic_auth, host_and_port, hosts_of, http_headers, parse_spec

if TYPE_CHECKING:
    from cryptotrace.sources.jsonrpc import Channel
    from cryptotrace.sources.transport import Transport

__all__ = ["KINDS", "Policy", "Spec", "open_source", "parse_spec", "require"]

Opener = Callable[[Spec, Network, Recorder, Policy], Source]
Ability = TypeVar("Ability")

#: Which kinds of source have which ability, for messages.
_WHO_HAS = {
    "Blocks": "blocks:, rpc:, esplora:",
    "Transactions": "every source",
    "Spends": "every source",
    "Histories": "electrum:, esplora:, blocks:, and rpc: with -blockfilterindex=1",
    "Balances": "rpc:, electrum:, esplora:",
    "Proofs": "blocks:, rpc:, electrum:, esplora:",
}


def open_source(spec: str, network: Network, recorder: Recorder, policy: Policy | None = None) -> Source:
    """Open the source that a specification names and fix its tip. A public host is refused or announced first.

    Raises:
        ConfigurationError: the specification cannot be used.
        PublicSourceRefused: the case is set to own nodes only.
        SourceUnavailable: the source does not answer.
        MalformedBytes: a file cannot be read as what it should be.
        UnsupportedChain: block files of a chain that is known and not read, by name.
        DataNotFound: a file cannot be read, or a server or a recording lacks what opening needs.
        SourceLied: it is of another chain than ``network``, or contradicts itself.
    """
    parsed = parse_spec(spec)
    policy = Policy() if policy is None else policy
    for host in hosts_of(parsed):
        policy.admit(host, parsed.name)
    return KINDS[parsed.kind](parsed, network, recorder, policy)


def require(source: Source, ability: type[Ability]) -> Ability:
    """``source`` as something that has that ability (a protocol of ``cryptotrace.model.source``).

    Raises:
        NotSupported: it does not; the message names the kinds of source that have it.
    """
    if isinstance(source, ability):
        return source
    name = ability.__name__
    raise NotSupported(f"{source.name} cannot answer {name.lower()}; {_WHO_HAS.get(name, 'other sources')} can")


def _open_json(spec: Spec, network: Network, recorder: Recorder, policy: Policy) -> Source:
    from cryptotrace.sources.jsonfile import JsonSource, json_files

    return JsonSource(network, json_files(Path(spec.location)), recorder, spec.name)


def _open_csv(spec: Spec, network: Network, recorder: Recorder, policy: Policy) -> Source:
    from cryptotrace.sources.csvfile import CsvSource

    path = Path(spec.location)
    if not path.is_file():
        raise ConfigurationError(f"{spec.name}: there is no such file; write csv:PATH with the path of the table")
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataNotFound(f"{spec.name} cannot be read: {error}") from error
    return CsvSource(network, path.name, raw, recorder, spec.name)


def _open_recorded(spec: Spec, network: Network, recorder: Recorder, policy: Policy) -> Source:
    from cryptotrace.evidence.archive import Archive
    from cryptotrace.sources.recorded import CopiedRecording, open_recorded

    folder = Path(spec.location)
    if not (folder / "index.jsonl").is_file():
        raise ConfigurationError(
            f"{spec.name}: no recording there; expected a folder with index.jsonl, a case's evidence/"
        )
    return open_recorded(CopiedRecording(Archive(folder), recorder), network, spec.option("source"))


def _open_memory(spec: Spec, network: Network, recorder: Recorder, policy: Policy) -> Source:
    raise ConfigurationError(
        "memory: is built in code from blocks and transactions that are at hand: "
        "cryptotrace.sources.memory.MemorySource(network, blocks=..., transactions=...)"
    )


def _open_blocks(spec: Spec, network: Network, recorder: Recorder, policy: Policy) -> Source:
    from cryptotrace.sources.blocks import BlocksSource

    first = None if spec.option("height") is None else spec.number("height", 0)
    source = BlocksSource(network, Path(spec.location), recorder, spec.name, first, policy.progress)
    for problem in source.problems:
        policy.notice(f"{spec.name}: {problem}")
    return source


def _opened(connection: Channel | Transport, make: Callable[[], Source]) -> Source:
    """The source over a connection; the connection is closed if the source cannot be opened."""
    try:
        return make()
    except BaseException:
        connection.close()
        raise


def _open_rpc(spec: Spec, network: Network, recorder: Recorder, policy: Policy) -> Source:
    from cryptotrace.sources.http import HttpTransport, settings_of
    from cryptotrace.sources.jsonrpc import BatchChannel
    from cryptotrace.sources.rpc import RpcSource

    # a scan of the unspent outputs or of the filters takes minutes before its first byte
    settings = settings_of(spec, timeout_s=900, deadline_s=3600)
    transport = HttpTransport(spec, recorder, settings, auth=basic_auth(spec))
    channel = BatchChannel(transport, spec.name)
    return _opened(channel, lambda: RpcSource(network, channel, policy.notice))


def _open_esplora(spec: Spec, network: Network, recorder: Recorder, policy: Policy) -> Source:
    from cryptotrace.sources.esplora import EsploraSource
    from cryptotrace.sources.http import HttpTransport, settings_of

    transport = HttpTransport(spec, recorder, settings_of(spec), headers=http_headers(spec))
    return _opened(transport, lambda: EsploraSource(network, transport, spec.name, notice=policy.notice))


def _open_electrum(spec: Spec, network: Network, recorder: Recorder, policy: Policy) -> Source:
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
    return _opened(channel, lambda: ElectrumSource(network, channel))


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
