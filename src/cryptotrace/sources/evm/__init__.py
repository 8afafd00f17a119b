"""The kinds of source of Ethereum's family, and how each is opened."""

from __future__ import annotations

from collections.abc import Callable

from cryptotrace.chains.evm.network import EvmNetwork
from cryptotrace.evidence.recorder import Recorder
from cryptotrace.model.source import Source
from cryptotrace.sources.policy import Policy
from cryptotrace.sources.spec import Spec

Opener = Callable[[Spec, EvmNetwork, Recorder, Policy], Source]


def _open_rpc(spec: Spec, network: EvmNetwork, recorder: Recorder, policy: Policy) -> Source:
    from cryptotrace.sources.evm.opening import open_rpc

    return open_rpc(spec, network, recorder, policy)


def _open_ipc(spec: Spec, network: EvmNetwork, recorder: Recorder, policy: Policy) -> Source:
    from cryptotrace.sources.evm.opening import open_ipc

    return open_ipc(spec, network, recorder, policy)


def _open_explorer(spec: Spec, network: EvmNetwork, recorder: Recorder, policy: Policy) -> Source:
    from cryptotrace.sources.evm.etherscanopen import open_explorer

    return open_explorer(spec, network, recorder, policy)


def _open_csv(spec: Spec, network: EvmNetwork, recorder: Recorder, policy: Policy) -> Source:
    from cryptotrace.sources.evm.filesopen import open_csv

    return open_csv(spec, network, recorder, policy)


def _open_etl(spec: Spec, network: EvmNetwork, recorder: Recorder, policy: Policy) -> Source:
    from cryptotrace.sources.evm.filesopen import open_etl

    return open_etl(spec, network, recorder, policy)


def _open_recorded(spec: Spec, network: EvmNetwork, recorder: Recorder, policy: Policy) -> Source:
    from cryptotrace.sources.recorded import open_folder

    return open_folder(spec, network, recorder)


#: Every kind of source that a specification can name.
KINDS: dict[str, Opener] = {
    "rpc": _open_rpc,
    "ipc": _open_ipc,
    "etherscan": _open_explorer,
    "blockscout": _open_explorer,
    "csv": _open_csv,
    "etl": _open_etl,
    "recorded": _open_recorded,
}
