"""The training case's recorded chain, for tests that want real blocks without a node."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

from cryptotrace.chains.networks import bitcoin_network
from cryptotrace.sources.memory import MemorySource

REGTEST = bitcoin_network("bitcoin-regtest")


def blocks() -> list[bytes]:
    """Every block, from genesis up."""
    data = (resources.files("cryptotrace.training") / "blk00000.dat").read_bytes()
    found, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        found.append(data[at + 8 : at + 8 + size])
        at += 8 + size
    return found


def story() -> dict[str, Any]:
    """What the recorder noted: claims, the CoinJoin, the deposit address."""
    text = (resources.files("cryptotrace.training") / "story.json").read_text(encoding="utf-8")
    told: dict[str, Any] = json.loads(text)
    return told


def source(up_to: int | None = None) -> MemorySource:
    """The chain as a source, whole or up to a number of blocks."""
    return MemorySource.from_raw(REGTEST, blocks()[:up_to])
