"""TRON sources over the small server, impatient, with sleep that only notes how long it would have been."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.nodes.trongrid import Manners, TronGrid, trongrid
from tests.nodes.tronworld import TronWorld, tron_world
from tests.sources.opened import PATIENCE, Waits

from cryptotrace.evidence.recorder import MemoryRecorder
from cryptotrace.model.identity import Account, Asset
from cryptotrace.model.movement import AccountTransaction
from cryptotrace.sources.http import HttpTransport
from cryptotrace.sources.spec import parse_spec
from cryptotrace.sources.tron.channel import SingleChannel
from cryptotrace.sources.tron.node import TronNode
from cryptotrace.sources.tron.rpc import TronRpcSource
from cryptotrace.sources.tron.trongrid import TronGridSource

WORLD = tron_world()
USDT, TRX = WORLD.asset("usdt"), WORLD.asset("trx")
TOP = WORLD.height


@contextmanager
def grid(
    manners: Manners | None = None,
    world: TronWorld = WORLD,
    notices: list[str] | None = None,
    recorder: MemoryRecorder | None = None,
) -> Iterator[tuple[TronGridSource, TronGrid]]:
    """A source over a server of that world."""
    with trongrid(world, manners) as server:
        spec = parse_spec(f"trongrid:{server.url}")
        transport = HttpTransport(spec, recorder or MemoryRecorder(), PATIENCE, sleep=Waits())
        say = (notices if notices is not None else []).append
        try:
            made = TronGridSource(world.network, transport, spec.name, check_every_s=0, notice=say)
            yield made, server
        finally:
            transport.close()


@contextmanager
def node(manners: Manners | None = None, *, keeps_internals: bool = False) -> Iterator[TronNode]:
    """A plain node without the v1 interface."""
    with trongrid(WORLD, manners or Manners(has_index=False)) as server:
        spec = parse_spec(f"fullnode:{server.url}")
        transport = HttpTransport(spec, MemoryRecorder(), PATIENCE, sleep=Waits())
        try:
            yield TronNode(WORLD.network, transport, spec.name, check_every_s=0, keeps_internals=keeps_internals)
        finally:
            transport.close()


@contextmanager
def rpc(manners: Manners | None = None, world: TronWorld = WORLD) -> Iterator[tuple[TronRpcSource, TronGrid]]:
    """The eth-style interface of the same server."""
    with trongrid(world, manners) as server:
        spec = parse_spec(f"rpc:{server.url}/jsonrpc")
        transport = HttpTransport(spec, MemoryRecorder(), PATIENCE, sleep=Waits())
        try:
            channel = SingleChannel(transport, spec.name)
            yield TronRpcSource(world.network, channel, check_every_s=0), server
        finally:
            transport.close()


def changed(path: str, change: Callable[[Any], Any]) -> Callable[[str, bytes], bytes]:
    """A lie: the JSON of answers whose path begins so, changed."""

    def lie(target: str, raw: bytes) -> bytes:
        return json.dumps(change(json.loads(raw))).encode() if target.startswith(path) else raw

    return lie


def touching(world: TronWorld, asset: str, name: str, first: int = 0, last: int = TOP) -> list[str]:
    """Txids whose logs or values touch a holding, from what the server's world says, in chain order."""
    hexed = world.addresses[name]
    found = []
    for txid, (transaction, height, _) in world.transactions.items():
        text = json.dumps([transaction["raw_data"]["contract"], world.infos[txid]])
        if first <= height <= last and _mentions(text, hexed, asset, world):
            found.append(txid)
    return found


def _mentions(text: str, address: str, asset: str, world: TronWorld) -> bool:
    import base58

    plain = base58.b58decode_check(address).hex()[2:]
    contract = base58.b58decode_check(world.addresses["usdt"]).hex()[2:]
    if asset == "usdt":
        return f'"address": "{contract}"' in text and plain in text.partition('"log"')[2].partition("receipt")[0]
    return f"41{plain}" in text


def net(found: list[AccountTransaction], account: Account, asset: Asset) -> int:
    """What the movements add to a holding."""
    total = 0
    for transaction in found:
        for each in transaction.movements:
            if each.asset == asset:
                total += each.units * ((each.payee == account) - (each.payer == account))
    return total
