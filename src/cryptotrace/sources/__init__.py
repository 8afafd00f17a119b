"""The only room that speaks to the outside: one file per kind of server or file.

How a source is added: write its file, name it in ``KINDS`` below and in ``spec.OPTIONS``, and let it into the
conformance suite (``tests/conformance``); what it cannot do is marked there with a reason.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from cryptotrace.chains.networks import Network
from cryptotrace.errors import ConfigurationError, DataNotFound, NotSupported
from cryptotrace.evidence.recorder import Recorder
from cryptotrace.model.source import Source
from cryptotrace.sources.policy import Policy
from cryptotrace.sources.spec import Spec, host_of, parse_spec

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
    """
    parsed = parse_spec(spec)
    policy = Policy() if policy is None else policy
    host = host_of(parsed)
    if host is not None:
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
        raise ConfigurationError(f"{spec.name}: there is no such file")
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataNotFound(f"{spec.name} cannot be read: {error}") from error
    return CsvSource(network, path.name, raw, recorder, spec.name)


def _open_recorded(spec: Spec, network: Network, recorder: Recorder, policy: Policy) -> Source:
    from cryptotrace.evidence.archive import Archive
    from cryptotrace.sources.recorded import open_recorded

    folder = Path(spec.location)
    if not (folder / "index.jsonl").is_file():
        raise ConfigurationError(
            f"{spec.name}: no recording there; expected a folder with index.jsonl, a case's evidence/"
        )
    return open_recorded(Archive(folder), network, spec.option("source"))


def _open_memory(spec: Spec, network: Network, recorder: Recorder, policy: Policy) -> Source:
    raise ConfigurationError(
        "memory: is built in code from blocks and transactions that are at hand: "
        "cryptotrace.sources.memory.MemorySource(network, blocks=..., transactions=...)"
    )


#: Every kind of source that a specification can name.
KINDS: dict[str, Opener] = {
    "json": _open_json,
    "csv": _open_csv,
    "recorded": _open_recorded,
    "memory": _open_memory,
}
