"""The TRON world of the tests: accounts by name, transactions by name, and who holds what at every height.

It is read from ``tronworld.json``, which ``tronbuilder`` wrote from ``tronsteps`` (the story is told there). Balances were
worked out from the steps, not from the bytes, so they can stand against what the library finds.

The same transactions serve as a private chain (``tron-local``) or, for what knows a token by its address on the main
network, as a made-up main network (``tron``): only the id of the first block differs.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from cryptotrace.chains.networks import account, network
from cryptotrace.chains.tron.network import TronNetwork
from cryptotrace.model.block import BlockRef
from cryptotrace.model.identity import Account, Asset

_FILE = Path(__file__).parent / "tronworld.json"
#: Ids of the first blocks of the public chains; their last four bytes are the chain id. Source: the chains themselves.
GENESIS = {
    "tron": "00000000000000001ebf88508a03865c71d452e25f4d51194196a1d22b6653dc",
    "tron-nile": "0000000000000000d698d4192c56cb6be724a558448e2684802de4d6cd8690dc",
}


class TronWorld:
    """Blocks 0 to ``height``, what they did, and names for all of it."""

    def __init__(self, held: dict[str, Any], chain: str = "tron-local") -> None:
        found = network(chain)
        assert isinstance(found, TronNetwork)
        self.network = found
        self.addresses: dict[str, str] = held["addresses"]
        """Every name (see ``tronsteps.ROLES``) and its address."""
        self.txids: dict[str, str] = held["names"]
        """Every step's name and its txid."""
        self.blocks: list[dict[str, Any]] = list(held["blocks"])
        self.infos: dict[str, dict[str, Any]] = held["infos"]
        if chain in GENESIS:
            self.blocks[0] = self.blocks[0] | {"blockID": GENESIS[chain]}
        self._changes: list[dict[str, str]] = held["balances"]
        self._frozen: list[dict[str, Any]] = held["frozen"]
        self.transactions: dict[str, tuple[dict[str, Any], int, int]] = {
            each["txID"]: (each, height, index)
            for height, block in enumerate(self.blocks)
            for index, each in enumerate(block.get("transactions", []))
        }
        """By txid: what a node shows, height, and place in the block."""

    @property
    def height(self) -> int:
        """Of the newest block."""
        return len(self.blocks) - 1

    def account(self, name: str) -> Account:
        """The account of a name."""
        return account(self.addresses[name], str(self.network.chain))

    def asset(self, name: str) -> Asset:
        """``trx``, ``usdt``, ``fake``, or the number of a TRC-10 token."""
        if name == "trx":
            return self.network.asset
        kind = f"trc10:{name}" if name.isdigit() else f"trc20:{self.addresses[name]}"
        return Asset(f"{self.network.chain}/{kind}")

    def ref(self, height: int) -> BlockRef:
        """The block at a height."""
        block = self.blocks[height]
        time = block["block_header"]["raw_data"]["timestamp"] // 1000
        return BlockRef(self.network.chain, height, block["blockID"], time)

    def height_of(self, name: str) -> int:
        """The height of a step's block."""
        return self.transactions[self.txids[name]][1]

    def balance(self, name: str, asset: str, height: int | None = None) -> int:
        """Base units at the end of a block; the newest one if None."""
        last = self.height if height is None else height
        key = f"{name} {asset}"
        return next((int(each[key]) for each in reversed(self._changes[: last + 1]) if key in each), 0)

    def is_frozen(self, name: str, height: int | None = None) -> bool:
        """Whether the issuer has the account on its list at the end of a block."""
        last = self.height if height is None else height
        known = [each["frozen"] for each in self._frozen if self.height_of(each["step"]) <= last]
        return bool(known) and name in known[-1]


@cache
def _held() -> dict[str, Any]:
    return dict(json.loads(_FILE.read_text(encoding="utf-8")))


def tron_world(chain: str = "tron-local") -> TronWorld:
    """The world, as a private chain or as a made-up main network."""
    return TronWorld(_held(), chain)
