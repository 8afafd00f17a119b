"""Sources over the small servers, impatient, with sleep that only notes how long it would have been."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.sources.chain import REGTEST
from tests.sources.servers import HttpServer, LineServer

from cryptotrace.chains.bitcoin.network import BitcoinNetwork
from cryptotrace.evidence.recorder import MemoryRecorder
from cryptotrace.sources.electrum import GREETING, ElectrumSource
from cryptotrace.sources.esplora import EsploraSource
from cryptotrace.sources.http import HttpSettings, HttpTransport
from cryptotrace.sources.jsonrpc import BatchChannel
from cryptotrace.sources.lines import LineChannel
from cryptotrace.sources.rpc import RpcSource
from cryptotrace.sources.spec import parse_spec

PATIENCE = HttpSettings(timeout_s=5, retries=2)


class Waits(list[float]):
    """Takes the place of sleep."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@contextmanager
def esplora(
    server: HttpServer, recorder: MemoryRecorder | None = None, network: BitcoinNetwork = REGTEST
) -> Iterator[EsploraSource]:
    spec = parse_spec(f"esplora:{server.url}")
    transport = HttpTransport(spec, recorder or MemoryRecorder(), PATIENCE, sleep=Waits())
    try:
        # the tip is looked at with every question, so that a test sees what the server was asked
        yield EsploraSource(network, transport, spec.name, check_every_s=0)
    finally:
        transport.close()


@contextmanager
def rpc(
    server: HttpServer,
    recorder: MemoryRecorder | None = None,
    notices: list[str] | None = None,
    network: BitcoinNetwork = REGTEST,
) -> Iterator[RpcSource]:
    spec = parse_spec(f"rpc:{server.url}")
    transport = HttpTransport(spec, recorder or MemoryRecorder(), PATIENCE, sleep=Waits())
    try:
        yield RpcSource(network, BatchChannel(transport, spec.name), (notices if notices is not None else []).append)
    finally:
        transport.close()


@contextmanager
def electrum(
    server: LineServer, recorder: MemoryRecorder | None = None, network: BitcoinNetwork = REGTEST
) -> Iterator[ElectrumSource]:
    name = "electrum:{}:{}".format(*server.address)
    channel = LineChannel(
        server.address, name, recorder or MemoryRecorder(), timeout_s=5, retries=2, greeting=GREETING, sleep=Waits()
    )
    try:
        yield ElectrumSource(network, channel)
    finally:
        channel.close()
