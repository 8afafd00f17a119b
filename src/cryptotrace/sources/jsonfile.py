"""``json:`` - transactions in files of Esplora's JSON shape: one file, or a folder of them.

A file holds a transaction, a list of transactions, an object with ``tx`` or ``txs``, the answer of
``/tx/:txid/outspends`` as ``{"txid": ..., "outspends": [...]}``, or an address with its ``chain_stats``. The bytes of
each transaction are rebuilt and its txid is recomputed. What the files do not say is not guessed:

- an output is spent if a transaction in the files spends it, or an ``outspends`` entry says so;
- it is unspent only if an ``outspends`` entry says so, or if the ``chain_stats`` of its address count exactly the
  transactions of the address that are in the files, and these leave the output unspent;
- otherwise the answer is ``SpendUnknown``.

The shape does not tell the place of a transaction in its block: ``index`` is -1 for those.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptotrace.chains.bitcoin.network import BitcoinNetwork
from cryptotrace.chains.bitcoin.script import account_of_script
from cryptotrace.chains.bitcoin.wire import decode_transaction
from cryptotrace.errors import ConfigurationError, DataNotFound, InvalidIdentifier, SourceLied
from cryptotrace.evidence.recorder import Recorder
from cryptotrace.model.identity import Account
from cryptotrace.model.source import RawTransaction, Spend, SpendUnknown, Unspent
from cryptotrace.model.transaction import Outpoint
from cryptotrace.sources.esplorajson import check_explorer_figures, lied, read_explorer_transaction, read_status
from cryptotrace.sources.foreignjson import Field, parse_json
from cryptotrace.sources.memory import HeldTransactions, MemorySource


@dataclass(slots=True)
class _Contents:
    """What the files say."""

    network: BitcoinNetwork
    """The chain."""
    name: str
    """How the source is called."""
    transactions: dict[str, RawTransaction] = field(default_factory=dict)
    """By txid, as the files name them."""
    outspends: dict[Outpoint, tuple[Field, str]] = field(default_factory=dict)
    """Entry and digest of its file."""
    stats: dict[str, tuple[tuple[int, int, int], str]] = field(default_factory=dict)
    """By address: number of transactions, of outputs received, of outputs spent; digest of the file."""

    def read(self, document: Field, digest: str) -> None:
        pending = [document]  # not a recursion: a file may be nested as deep as the parser goes
        while pending:
            entry = pending.pop()
            if entry.is_list:
                pending += reversed(list(entry.items()))
            elif "vin" in entry:
                self._read_transaction(entry, digest)
            elif "outspends" in entry:
                self._read_outspends(entry, digest)
            elif "chain_stats" in entry:
                self._read_stats(entry, digest)
            elif keys := [key for key in ("transactions", "txs", "tx") if key in entry]:
                pending += [entry[key] for key in keys]
            else:
                raise entry.refuse("a transaction, a list of them, outspends, or an address with chain_stats")

    def _read_outspends(self, document: Field, digest: str) -> None:
        txid = document["txid"].hash()
        for vout, entry in enumerate(document["outspends"].items()):
            if entry["spent"].truth():
                entry["txid"].hash()
                entry["vin"].integer(0, 2**32 - 1)
                read_status(entry["status"], self.network)
            self.outspends[Outpoint(txid, vout)] = (entry, digest)

    def _read_stats(self, document: Field, digest: str) -> None:
        pool = document["mempool_stats"]
        if not pool.is_null and pool["tx_count"].integer() > 0:
            return  # something is under way: the statistics settle nothing
        stats = document["chain_stats"]
        counts = (
            stats["tx_count"].integer(),
            stats["funded_txo_count"].integer(),
            stats["spent_txo_count"].integer(),
        )
        address = document["address"].text()
        try:
            Account.of(self.network.chain, address)
        except InvalidIdentifier:
            raise document["address"].refuse("an address") from None
        self.stats[address] = (counts, digest)

    def _read_transaction(self, tx: Field, digest: str) -> None:
        said = read_explorer_transaction(tx, self.network)
        where = f"{self.name} ({tx.what})"
        if said.wire.txid != said.txid:
            raise SourceLied(
                f"{where} gives transaction {said.txid}, but its txid by the rebuilt bytes is {said.wire.txid}: "
                "a value, script, outpoint or version in it was altered; fetch it from another source"
            )
        check_explorer_figures(said, said.wire, self.network, where)
        held = RawTransaction(self.network.chain, said.txid, said.raw, said.block, -1, digest, said.spent)
        before = self.transactions.get(said.txid)
        if before is not None and before.block is not None and said.block is not None and before.block != said.block:
            raise SourceLied(
                f"{where} puts transaction {said.txid} into block {said.block.hash}, "
                f"another file into {before.block.hash}"
            )
        if before is None or before.block is None:
            self.transactions[said.txid] = held


class JsonSource(HeldTransactions):
    """Transactions from JSON files. Satisfies ``Transactions``, ``Spends`` and ``Histories``.

    Args:
        network: the chain.
        files: name and bytes of each file.
        recorder: takes the bytes of each file before it is read.
        name: how the source is called in evidence.

    Raises:
        MalformedBytes: a file is not JSON of these shapes; the message names file and field.
        SourceLied: a figure contradicts the transaction's bytes, or two files each other.
    """

    def __init__(
        self, network: BitcoinNetwork, files: Iterable[tuple[str, bytes]], recorder: Recorder, name: str
    ) -> None:
        self._network = network
        self._contents = _Contents(network, name)
        for filename, raw in files:
            digest = recorder.record(raw, source=name, request=f"file {filename}")
            self._contents.read(parse_json(raw, filename), digest)
        held = self._contents.transactions.values()
        super().__init__(MemorySource(network, transactions=held, recorder=recorder, name=name))
        self._settled = self._settled_accounts()

    def spends(self, outpoints: Sequence[Outpoint]) -> Iterator[Spend | Unspent | SpendUnknown]:
        """For each outpoint who spends it, as far as transactions, ``outspends`` and statistics in the files say.

        Raises:
            SourceLied: an ``outspends`` entry names a transaction in the files that does not spend it.
        """
        for outpoint in outpoints:
            yield self._spend(outpoint)

    def _spend(self, outpoint: Outpoint) -> Spend | Unspent | SpendUnknown:
        (answer,) = self._held.spends([outpoint])
        said = self._contents.outspends.get(outpoint)
        if not isinstance(answer, SpendUnknown):
            return answer
        if said is not None:
            entry, digest = said
            if not entry["spent"].truth():
                return Unspent(outpoint, self.tip(), digest)
            block = read_status(entry["status"], self._network)
            if block is not None and block.height > self.tip().height:
                block = None
            txid = entry["txid"].hash()
            if txid in self._contents.transactions:
                raise lied(self.name, txid, "outspends", f"spends {outpoint}", "not among its inputs")
            return Spend(outpoint, txid, entry["vin"].integer(0, 2**32 - 1), block, digest)
        creating = self._contents.transactions.get(outpoint.txid)
        if creating is not None:
            outputs = decode_transaction(creating.raw, self._network).outputs
            if outpoint.vout < len(outputs):
                account = account_of_script(outputs[outpoint.vout].script, self._network)
                if account in self._settled:
                    return Unspent(outpoint, self.tip(), self._settled[account])
        return SpendUnknown(
            outpoint,
            f"the files of {self.name} do not say whether it is spent; a node, an Electrum server or an explorer does",
        )

    def _settled_accounts(self) -> dict[Account, str]:
        """Accounts all of whose transactions are in the files, by the statistics in the files."""
        settled = {}
        for address, (expected, digest) in self._contents.stats.items():
            account = Account.of(self.chain, address)
            txids = list(self._held.history(account))
            wires = [decode_transaction(self._contents.transactions[txid].raw, self._network) for txid in txids]
            confirmed = sum(self._contents.transactions[txid].block is not None for txid in txids)
            funded = sum(self._owns(o.script, account) for wire in wires for o in wire.outputs)
            spent = sum(self._owns(s.script, account) for t in self._held.transactions(txids) for s in t.spent.values())
            if expected == (confirmed, funded, spent) and confirmed == len(txids):
                settled[account] = digest
        return settled

    def _owns(self, script: bytes, account: Account) -> bool:
        return account_of_script(script, self._network) == account


def json_files(path: Path) -> list[tuple[str, bytes]]:
    """Name and bytes of a JSON file, or of every ``*.json`` in a folder, in order of name.

    Raises:
        ConfigurationError: there is no such file, or the folder has none.
        DataNotFound: a file cannot be read.
    """
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    if not files or not path.exists():
        raise ConfigurationError(
            f"json:{path}: there is no such file, and no *.json file in it; name one JSON file or a folder of them"
        )
    try:
        return [(file.name, file.read_bytes()) for file in files]
    except OSError as error:
        raise DataNotFound(f"json:{path} cannot be read: {error}") from error
