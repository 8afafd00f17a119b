"""``csv:`` on TRON - exported tables of TronScan and Arkham: what somebody else listed, as reported transactions.

A row becomes a movement with the place ``row.N`` of its transaction; in which order the rows of one transaction moved,
an export does not say (``Order.ASSUMED`` where it could matter). What it leaves out - fees, internal transactions, the
place in the block, with TronScan the block's id - stands in ``missing``. An amount needs the token's decimals: they are
taken from the export, from ``decimals=CONTRACT:N`` in the specification, or from the list of known tokens, which is
said; without them the movement is left out and named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from cryptotrace.chains.networks import account
from cryptotrace.chains.tokens import known_tokens
from cryptotrace.chains.tron.movements import trc20_asset
from cryptotrace.chains.tron.network import TronNetwork
from cryptotrace.errors import ConfigurationError, DataNotFound, InvalidAddress, MalformedBytes, SourceLied
from cryptotrace.evidence.canonical import canonical_json
from cryptotrace.evidence.recorder import Recorder
from cryptotrace.model.accountsource import PotHistory
from cryptotrace.model.block import BlockRef, Tip
from cryptotrace.model.flow import FlowKind
from cryptotrace.model.identity import Account, Asset
from cryptotrace.model.movement import AccountTransaction, Movement, Order
from cryptotrace.sources.tron.exportrows import ExportRow, ExportTable

#: Under which request the stated decimals stand in the evidence: a replay needs the same.
SETTINGS = "settings"
_MOST = 2**256 - 1


def stated_decimals(text: str | None, network: TronNetwork, name: str) -> dict[str, int]:
    """Decimals by contract from ``CONTRACT:N,CONTRACT:N``.

    Raises:
        ConfigurationError: not of that form.
    """
    found = {}
    for part in (text or "").split(",") if text else ():
        contract, _, digits = part.strip().partition(":")
        try:
            address = account(contract, str(network.chain)).address
        except InvalidAddress as error:
            raise ConfigurationError(f"{name}: write decimals=CONTRACT:N; {error}") from error
        if not (digits.isascii() and digits.isdigit()) or len(digits) > 3 or int(digits) > 77:
            raise ConfigurationError(f"{name}: decimals of {contract} must be a whole number up to 77, not {digits!r}")
        found[address] = int(digits)
    return found


class ExportSource:
    """An exported table. Satisfies ``AccountTransactions`` and ``PotHistories``.

    Args:
        network: the chain; rows of other chains are counted, said and left out.
        filename: the file's name, for messages and evidence.
        raw: its bytes.
        recorder: takes the bytes before they are read.
        name: how the source is called in evidence.
        decimals: by contract, as somebody states them.
        notice: takes lines about what was left out.

    Raises:
        MalformedBytes: the table cannot be read; the message names line and column.
        SourceLied: two rows contradict each other about a transaction or a block.
        DataNotFound: no row of that chain.
    """

    def __init__(
        self,
        network: TronNetwork,
        filename: str,
        raw: bytes,
        recorder: Recorder,
        name: str,
        *,
        decimals: Mapping[str, int] | None = None,
        notice: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.chain = network.chain
        self.name = name
        self._network = network
        self._stated = dict(decimals or {})
        self._listed = {asset: facts.decimals for asset, facts in known_tokens().items()}
        self._evidence = recorder.record(raw, source=name, request=f"file {filename}")
        if self._stated:
            recorder.record(canonical_json(self._stated), source=name, request=SETTINGS, status="derived")
        table = ExportTable(network, filename)
        self._rows = table.read(raw)
        if not self._rows:
            raise DataNotFound(f"{name}: no row of {filename} is of {network.name}")
        self._by_txid: dict[str, list[ExportRow]] = {}
        for row in self._rows:
            self._by_txid.setdefault(row.txid, []).append(row)
        self._check_blocks()
        newest = max(self._rows, key=lambda row: row.height)
        self._tip = Tip(network.chain, newest.height, self._hashes.get(newest.height, ""))
        if table.others:
            said = ", ".join(f"{chain} {count}" for chain, count in sorted(table.others.items()))
            notice(f"{name}: {sum(table.others.values())} rows are of other chains and were left out here: {said}")

    # --- Source -------------------------------------------------------------------------------------------------------

    def tip(self) -> Tip:
        """The newest block that a row names; its hash is empty where the export does not tell it."""
        return self._tip

    def close(self) -> None:
        """Nothing to let go of."""

    def _check_blocks(self) -> None:
        self._hashes: dict[int, str] = {}
        times: dict[int, str] = {}
        for row in self._rows:
            for held, said in ((self._hashes, row.block_hash), (times, str(row.time))):
                if said and held.setdefault(row.height, said) != said:
                    raise SourceLied(
                        f"{self.name}, line {row.line}: block {row.height} is {said} here and {held[row.height]} in "
                        "another row"
                    )
            if row.height != self._by_txid[row.txid][0].height:
                raise SourceLied(
                    f"{self.name}, line {row.line}: transaction {row.txid} is in block {row.height} here and in "
                    f"{self._by_txid[row.txid][0].height} in another row"
                )

    # --- AccountTransactions ------------------------------------------------------------------------------------------

    def account_transactions(self, txids: Sequence[str]) -> Iterator[AccountTransaction]:
        """The transactions of those txids, in their order, as far as the rows tell them.

        Raises:
            DataNotFound: one of them is not in the file.
        """
        return iter([self._transaction(txid) for txid in dict.fromkeys(txids)])

    def _transaction(self, txid: str) -> AccountTransaction:
        rows = self._by_txid.get(txid)
        if rows is None:
            raise DataNotFound(f"{self.name} has no row of transaction {txid}")
        missing = ["fee", "internal transactions", "place in the block"]
        missing += [] if rows[0].block_hash else ["block hash"]
        notices: list[str] = []
        movements: list[Movement] = []
        for place, row in enumerate(rows, 1):
            moved = self._movement(row, f"row.{place}", len(movements), missing, notices)
            movements += [] if moved is None else [moved]
        first = rows[0]
        at = BlockRef(self.chain, first.height, first.block_hash, first.time)
        assets = [each.asset for each in movements]
        return AccountTransaction(
            chain=self.chain,
            txid=txid,
            block=at if first.is_confirmed else None,
            index=-1,
            sender=first.payer if first.kind else None,
            nonce=None,
            succeeded=all(row.succeeded for row in rows),
            movements=tuple(movements),
            order=Order.EXACT if len(set(assets)) == len(assets) else Order.ASSUMED,
            missing=tuple(missing),
            notices=tuple(dict.fromkeys(notices)),
            evidence=self._evidence,
        )

    def _movement(
        self, row: ExportRow, place: str, part: int, missing: list[str], notices: list[str]
    ) -> Movement | None:
        """What a row moved; where that is not told, it says so in ``missing`` or ``notices``."""
        if row.kind and row.kind != "TransferContract":
            notices.append(f"contract-type {row.kind}")
        if not row.succeeded or (row.value == 0 and not row.contract):
            return None
        if row.payer is None or row.payee is None:
            missing.append(f"who was paid {row.value} {row.symbol} in row {place[4:]}")
            return None
        if not row.contract and not row.is_trx:
            missing.append(f"of which asset {row.value} {row.symbol} in row {place[4:]} is")
            return None
        asset, decimals = self._asset(row, notices)
        if decimals is None:
            missing.append(
                f"amount of row {place[4:]}: {row.value} {row.symbol} of {row.contract}, whose decimals are not told; "
                f"add decimals={row.contract}:N"
            )
            return None
        if row.may_be_rounded:
            notices.append(f"rounded-amount {place}: {row.value} may have been rounded by the exporter")
        units = self._units(row, decimals)
        return Movement(place, FlowKind.TRANSFER, asset, units, row.payer, row.payee, part)

    def _asset(self, row: ExportRow, notices: list[str]) -> tuple[Asset, int | None]:
        if not row.contract:
            return self._network.asset, self._network.decimals
        asset = trc20_asset(self._network, row.contract)
        stated = self._stated.get(row.contract)
        if row.decimals is not None and stated is not None and stated != row.decimals:
            raise SourceLied(
                f"{self.name}, line {row.line}: {row.contract} has {row.decimals} decimals in the export, and {stated} "
                "are stated"
            )
        if row.decimals is not None or stated is not None:
            return asset, row.decimals if stated is None else stated
        if asset in self._listed:
            notices.append(f"listed-decimals {row.contract}: {self._listed[asset]}, as a list says")
        return asset, self._listed.get(asset)

    def _units(self, row: ExportRow, decimals: int) -> int:
        _, digits, exponent = row.value.as_tuple()
        shift = int(exponent) + decimals
        whole = int("".join(map(str, digits)))
        units, rest = (whole * int(10**shift), 0) if shift >= 0 else divmod(whole, int(10 ** (-shift)))
        if rest or units > _MOST:
            raise MalformedBytes(
                f"{self.name}, line {row.line}: {row.value} cannot be an amount with {decimals} digits after the point",
                offset=0,
                field="value",
            )
        return units

    # --- PotHistories -------------------------------------------------------------------------------------------------

    def pot_history(self, account: Account, asset: Asset, first: int, last: int, most: int) -> PotHistory:
        """The transactions of the file that name the account and the asset; the file may not have all of them."""
        found: dict[str, int] = {}
        for row in self._rows:
            is_asset = asset == self._network.asset if row.is_trx else asset.reference == row.contract
            if is_asset and account in (row.payer, row.payee) and first <= row.height <= last:
                found.setdefault(row.txid, row.height)
        txids = sorted(found, key=found.__getitem__)
        problem = "an export tells what it holds, and not whether that is all"
        return PotHistory(
            account, asset, first, last, tuple(txids[:most]), problem, len(txids) > most, (self._evidence,)
        )
