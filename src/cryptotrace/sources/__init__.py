"""The only room that speaks to the outside: one file per kind of server or file.

How a source is added: write its file, name it in ``KINDS`` of its family (``bitcoin.py``, ``evm/``, ``tron/``) and in
``spec.OPTIONS``, and let it into the conformance suite (``tests/conformance``); what it cannot do is marked there with
a reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from cryptotrace.chains.family import Network
from cryptotrace.errors import ConfigurationError, NotSupported
from cryptotrace.evidence.recorder import Recorder
from cryptotrace.model.source import Source
from cryptotrace.sources import bitcoin, evm, tron
from cryptotrace.sources.policy import Policy
from cryptotrace.sources.spec import Spec, hosts_of, parse_spec

__all__ = ["KINDS", "Policy", "Spec", "open_source", "parse_spec", "require"]

Opener = Callable[[Spec, Any, Recorder, Policy], Source]
Ability = TypeVar("Ability")

#: Every kind of source that a specification can name, by the family of the chain (CAIP-2 namespace).
KINDS: dict[str, Mapping[str, Opener]] = {"bip122": bitcoin.KINDS, "eip155": evm.KINDS, "tron": tron.KINDS}

#: Which kinds of source have which ability, for messages.
_WHO_HAS = {
    "Blocks": "blocks:, rpc:, esplora: of a chain of the Bitcoin family",
    "Transactions": "every source of a chain of the Bitcoin family",
    "Spends": "every source of a chain of the Bitcoin family",
    "Histories": "electrum:, esplora:, blocks:, and rpc: with -blockfilterindex=1",
    "Balances": "rpc:, electrum:, esplora:",
    "Proofs": "blocks:, rpc:, electrum:, esplora:",
    "AccountTransactions": "every source of an account chain",
    "PotHistories": "trongrid:, etherscan:, rpc:, and exports for what they hold",
    "PotBalances": "trongrid:, fullnode:, etherscan:, rpc:",
    "ContractCalls": "trongrid:, fullnode:, etherscan:, rpc:",
    "Logs": "trongrid:, etherscan:, rpc:",
    "Nonces": "rpc:, etherscan: of Ethereum's family",
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
    kinds = KINDS[network.chain.namespace]
    if parsed.kind not in kinds:
        known = ", ".join(f"{kind}:" for kind in kinds)
        raise ConfigurationError(f"{parsed.kind}: is no kind of source for {network.name}; choose one of: {known}")
    return kinds[parsed.kind](parsed, network, recorder, policy)


def require(source: Source, ability: type[Ability]) -> Ability:
    """``source`` as something that has that ability (a protocol of ``cryptotrace.model.source``).

    Raises:
        NotSupported: it does not; the message names the kinds of source that have it.
    """
    if isinstance(source, ability):
        return source
    name = ability.__name__
    raise NotSupported(f"{source.name} cannot answer {name.lower()}; {_WHO_HAS.get(name, 'other sources')} can")
