"""Opening an explorer from its specification, and giving back a recorded run over one.

The key is a parameter of every request (``apikey``). It is given to the connection and not to the questions, so that
neither the evidence nor a message nor the case holds it, and a replay needs none.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

from cryptotrace.chains.evm.network import EvmNetwork
from cryptotrace.errors import ConfigurationError
from cryptotrace.evidence.recorder import Recorder, Recording
from cryptotrace.model.source import Source
from cryptotrace.sources.evm.etherscan import EtherscanSource
from cryptotrace.sources.evm.etherscanread import Explorer, Flavour
from cryptotrace.sources.http import HttpTransport, settings_of
from cryptotrace.sources.policy import Policy
from cryptotrace.sources.spec import Spec, secret
from cryptotrace.sources.transport import ReplayTransport

if TYPE_CHECKING:
    import requests

#: Requests a minute that the free plans of these servers bear: three a second.
_PER_MINUTE = 180
#: A shorter text cannot be told from data, so it could not be kept out of an answer that repeats it.
_SHORTEST_KEY = 8


class KeyedTransport(HttpTransport):
    """HTTP whose connection adds a key to every request. No question and no text holds it."""

    def __init__(self, spec: Spec, recorder: Recorder, key: str, **settings: Callable[..., object]) -> None:
        keys = [key, quote_plus(key)] if key else []
        super().__init__(spec, recorder, settings_of(spec, per_minute=_PER_MINUTE), keys=keys, **settings)  # type: ignore[arg-type]
        self._key = key

    def _open(self) -> requests.Session:
        session = super()._open()
        if self._key:
            session.params = {"apikey": self._key}
        return session


def open_explorer(spec: Spec, network: EvmNetwork, recorder: Recorder, policy: Policy) -> Source:
    """The explorer at a URL.

    Raises:
        ConfigurationError: another chain id than the network's, or a key that cannot be used.
        SourceUnavailable, SourceLied: see ``EtherscanSource``.
    """
    if spec.number("chainid", network.chain_id) != network.chain_id:
        raise ConfigurationError(
            f"{spec.name}: chainid={spec.option('chainid')} is not {network.name}, whose chain id is "
            f"{network.chain_id}; leave it out, or choose the other chain"
        )
    reference = spec.option("key")
    key = "" if reference is None else secret(reference, spec, "key")
    if key and len(key) < _SHORTEST_KEY:
        raise ConfigurationError(f"{spec.name}: the key is shorter than {_SHORTEST_KEY} characters; no key of these is")
    transport = KeyedTransport(spec, recorder, key)
    explorer = Explorer(transport, spec.name, network.chain_id, Flavour(spec.kind))
    try:
        return EtherscanSource(network, explorer, notice=policy.notice)
    except BaseException:
        explorer.close()
        raise


def replay_explorer(recording: Recording, network: EvmNetwork, name: str) -> Source:
    """A recorded run over an explorer, offline.

    Raises:
        DataNotFound: what opening needs was not recorded.
        SourceLied: it is of another chain.
        EvidenceError: the recording is damaged.
    """
    flavour = Flavour(name.partition(":")[0])
    explorer = Explorer(
        ReplayTransport(recording, name), name, network.chain_id, flavour, patience=0, sleep=lambda _: None
    )
    # the active chain of a recording does not change: the tip is not looked at again
    return EtherscanSource(network, explorer, check_every_s=math.inf)
