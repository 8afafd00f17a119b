"""Two worlds that sources are asked about: the planted chain of a real node, and the recorded training chain.

The second needs no node, so what can be asked without one is asked on every machine.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests import training_chain
from tests.conftest import PlantedNode
from tests.nodes.esploraserver import explorer_json, outspends_json
from tests.nodes.truth import REGTEST, Truth, read_blocks

from cryptotrace.model.identity import Account
from cryptotrace.model.transaction import Outpoint

_UNUSED = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"  # BIP 173's example key: nobody is paid there


@dataclass(frozen=True)
class World:
    """A chain, and which of it is asked for."""

    truth: Truth
    """All that is so."""
    replaced: tuple[str, ...] = ()
    """Txids of transactions that were replaced before they were confirmed."""

    @property
    def txids(self) -> list[str]:
        """Confirmed transactions above genesis: all, but of the blocks that hold a coinbase only every tenth."""
        return [
            tx.txid
            for tx in self.truth.transactions.values()
            if tx.block is not None and (not tx.is_coinbase or tx.block.height % 10 == 1)
        ]

    @property
    def unconfirmed(self) -> list[str]:
        """Transactions of the mempool."""
        return [tx.txid for tx in self.truth.transactions.values() if tx.block is None]

    @property
    def outpoints(self) -> list[Outpoint]:
        """Confirmed outputs that are asked for."""
        return [Outpoint(t, n) for t in self.txids for n in range(len(self.truth.transactions[t].outputs))]

    @property
    def accounts(self) -> list[Account]:
        """Accounts with an address that are asked for: one of each kind and the busiest, at rest."""
        at_rest = [a for a in self._by_interest if not a.is_script_digest and self._is_at_rest(a)]
        return [*{a.address[:5]: a for a in at_rest}.values(), *at_rest[:6]]

    @property
    def moving(self) -> list[Account]:
        """Accounts with an address that the mempool touches."""
        return [a for a in self._by_interest if not a.is_script_digest and not self._is_at_rest(a)]

    @property
    def nameless(self) -> list[Account]:
        """Accounts without an address."""
        genesis = next(iter(self.truth.transactions.values())).outputs[0].account  # is asked for by itself
        found = [a for a in self._by_interest if a.is_script_digest and self._is_at_rest(a) and a != genesis]
        return [a for a in found if not self._is_data(a)][:6]

    @property
    def unused(self) -> Account:
        """An account that nothing touches."""
        account = Account.of(REGTEST.chain, _UNUSED)
        assert account not in self.truth.histories
        return account

    @property
    def _by_interest(self) -> list[Account]:
        return sorted(self.truth.histories, key=lambda a: (-len(self.truth.histories[a]), a))

    def _is_at_rest(self, account: Account) -> bool:
        return self.truth.confirmed_history(account) == self.truth.histories[account]

    def _is_data(self, account: Account) -> bool:
        tx = self.truth.transactions[self.truth.histories[account][0]]
        return any(output.account == account and output.is_data for output in tx.outputs)


def planted_world(planted: PlantedNode) -> World:
    """The planted chain of a real node."""
    return World(planted.truth, (planted.planted.replaced,))


@cache
def training_world() -> World:
    """The training chain up to the block before its last payment, which is unconfirmed here."""
    whole = read_blocks(training_chain.blocks())
    last = [tx for tx in whole.transactions.values() if not tx.is_coinbase][-1]
    assert last.block is not None
    return World(read_blocks([raw for _, raw in whole.blocks[: last.block.height]], [last.raw]))


# --- the same as files ------------------------------------------------------------------------------------------------


def write_json(truth: Truth, folder: Path) -> None:
    """Every transaction and every ``outspends`` answer in Esplora's shapes."""
    folder.mkdir()
    seen = truth.transactions.values()
    outspends = [{"txid": tx.txid, "outspends": outspends_json(tx, truth)} for tx in seen]
    (folder / "txs.json").write_text(json.dumps([explorer_json(tx, truth) for tx in seen]), encoding="utf-8")
    (folder / "outspends.json").write_text(json.dumps(outspends), encoding="utf-8")


def write_csv(truth: Truth, file: Path) -> None:
    """Every transaction in a table, with the row that states completeness since genesis."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(["chain", "txid", "raw", "height", "block_hash", "time", "index"])
    for tx in truth.transactions.values():
        where = ["", "", "", ""] if tx.block is None else [tx.block.height, tx.block.hash, tx.block.time, tx.index]
        table.writerow([REGTEST.name, tx.txid, tx.raw.hex(), *where])
    table.writerow([REGTEST.name, "", "tip", truth.tip.height, truth.tip.hash, "", 0])
    file.write_text(text.getvalue(), encoding="utf-8", newline="")


def write_blocks(truth: Truth, file: Path) -> None:
    """Every block as a node keeps them, without a key."""
    file.write_bytes(b"".join(REGTEST.magic + len(raw).to_bytes(4, "little") + raw for _, raw in truth.blocks))
