"""``csv:`` on EVM chains - exported tables of Etherscan and its sisters and of Arkham, one file or a folder of them.

A transaction is put together from all rows about it, in whatever file they stand: its own value and fee from an export
of transactions, internal calls and tokens from theirs. A row that says no place becomes ``row.N``; in which order the
rows of one transaction moved, an export does not say (``Order.ASSUMED`` where it could matter). A row that stands in
the exports of both parties is one row. What no row tells is in ``missing``.

An amount needs the token's decimals: they are taken from the table, from ``decimals=CONTRACT:N,...`` in the
specification, or from the table of known tokens, which is said; without them the movement is left out and named. Sums
in dollars are not read.

Source: CSV exports of etherscan.io and its sister explorers, and of Arkham's transfer search; see
``cryptotrace.sources.evm.exportrows``. ERC-20 (a Transfer from the zero address is a mint).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from cryptotrace.chains.evm.address import canonical_address
from cryptotrace.chains.evm.network import EvmNetwork
from cryptotrace.chains.evm.wraps import unjoined_rows
from cryptotrace.chains.tokens import known_tokens
from cryptotrace.errors import ConfigurationError, InvalidAddress, SourceLied
from cryptotrace.evidence.canonical import canonical_json
from cryptotrace.evidence.recorder import Recorder
from cryptotrace.model.block import BlockRef
from cryptotrace.model.flow import FlowKind
from cryptotrace.model.identity import Account, Asset
from cryptotrace.model.movement import AccountTransaction, Movement, Order
from cryptotrace.sources.evm.exportrows import ExportRow, ExportTable, Form
from cryptotrace.sources.evm.held import HeldMovements

#: Under which request the stated decimals stand in the evidence: a replay needs the same.
SETTINGS = "settings"
_MOST = 2**256 - 1
_NOBODY = "0x0000000000000000000000000000000000000000"


def stated_decimals(text: str | None, name: str) -> dict[str, int]:
    """Decimals by contract from ``CONTRACT:N,CONTRACT:N``.

    Raises:
        ConfigurationError: not of that form.
    """
    found = {}
    for part in (text or "").split(",") if text else ():
        contract, _, digits = part.strip().partition(":")
        try:
            address = canonical_address(contract)
        except InvalidAddress as error:
            raise ConfigurationError(f"{name}: write decimals=CONTRACT:N; {error}") from error
        if not (digits.isascii() and digits.isdigit()) or len(digits) > 3 or int(digits) > 77:
            raise ConfigurationError(f"{name}: decimals of {contract} must be a whole number up to 77, not {digits!r}")
        found[address] = int(digits)
    return found


class ExportSource(HeldMovements):
    """Exported tables; see the module.

    Args:
        network: the chain; rows of other chains are counted, said and left out.
        files: name and bytes of each.
        recorder: takes the bytes before they are read.
        name: how the source is called in evidence.
        decimals: by contract, as somebody states them.
        notice: takes lines about what was left out.

    Raises:
        MalformedBytes: a table cannot be read; the message names file, line and column.
        SourceLied: two rows contradict each other about a transaction or a block.
        DataNotFound: no row of that chain.
        ConfigurationError: tables of Arkham and of an explorer about the same transaction.
    """

    def __init__(
        self,
        network: EvmNetwork,
        files: Sequence[tuple[str, bytes]],
        recorder: Recorder,
        name: str,
        *,
        decimals: Mapping[str, int] | None = None,
        notice: Callable[[str], None] = lambda _: None,
    ) -> None:
        evidence: dict[str, str] = {}
        rows: list[ExportRow] = []
        others: Counter[str] = Counter()
        for filename, raw in files:
            evidence[filename] = recorder.record(raw, source=name, request=f"file {filename}")
            table = ExportTable(network, filename)
            rows += table.read(raw)
            others.update(table.others)
        if decimals:
            recorder.record(canonical_json(dict(decimals)), source=name, request=SETTINGS, status="derived")
        if others:
            said = ", ".join(f"{chain} {count}" for chain, count in sorted(others.items()))
            notice(f"{name}: {others.total()} rows are of other chains and were left out here: {said}")
        by_txid: dict[str, list[ExportRow]] = {}
        for row in rows:
            by_txid.setdefault(row.txid, []).append(row)
        _check_blocks(rows, by_txid, name)
        made = _Assembler(network, name, dict(decimals or {}), evidence)
        super().__init__(
            network.chain, name, {txid: made.transaction(each) for txid, each in by_txid.items()}, [*evidence.values()]
        )


def _check_blocks(rows: Sequence[ExportRow], by_txid: Mapping[str, list[ExportRow]], name: str) -> None:
    told: dict[tuple[str, int], str] = {}
    for row in rows:
        first = by_txid[row.txid][0]
        facts = {("hash", row.height): row.block_hash, ("time", row.height): str(row.time)}
        for (what, height), said in facts.items():
            if said and told.setdefault((what, height), said) != said:
                raise SourceLied(
                    f"{name} ({row.file}, line {row.line}): the {what} of block {height} is {said} here and "
                    f"{told[what, height]} in another row"
                )
        if row.height != first.height:
            raise SourceLied(
                f"{name} ({row.file}, line {row.line}): transaction {row.txid} is in block {row.height} here and in "
                f"{first.height} in {first.file}, line {first.line}"
            )


class _Assembler:
    """Puts transactions together from rows."""

    def __init__(self, network: EvmNetwork, name: str, stated: Mapping[str, int], evidence: Mapping[str, str]) -> None:
        self._network = network
        self._name = name
        self._stated = stated
        self._evidence = evidence
        self._listed = {asset: facts.decimals for asset, facts in known_tokens().items()}

    def transaction(self, rows: Sequence[ExportRow]) -> AccountTransaction:
        """The transaction that the rows are about."""
        first, own = rows[0], self._own(rows)
        if len({row.form is Form.ARKHAM for row in rows}) > 1:
            raise ConfigurationError(
                f"{self._name}: tables of Arkham and of an explorer both list transaction {first.txid}, and which of "
                "their rows are the same movement is not told; read them as two sources"
            )
        missing, notices = self._gaps(rows, own), list[str]()
        sender = None if own is None else own[0]
        succeeded = all(row.succeeded for row in rows if row.form is Form.NORMAL)
        fee = next((row.fee for row in rows if row.fee is not None), None)
        movements: list[Movement] = []
        if fee is not None and sender is not None:
            units = self._units(fee, self._network.decimals, first)
            movements.append(Movement("fee", FlowKind.FEE, self._network.asset, units, self._account(sender), None, 0))
        if own is not None and own[1] is not None and own[2] and succeeded:
            units = self._units(own[2], self._network.decimals, first)
            payer, payee = self._account(own[0]), self._account(own[1])
            movements.append(
                Movement("value", FlowKind.TRANSFER, self._network.asset, units, payer, payee, len(movements))
            )
        for number, row in enumerate(_joined(rows), 1):
            moved = self._movement(row, f"row.{number}", len(movements), missing, notices) if succeeded else None
            movements += [] if moved is None else [moved]
        placeless = [m.asset for m in movements if m.place.startswith("row.")]
        hashes = {row.block_hash for row in rows} - {""}
        return AccountTransaction(
            chain=self._network.chain,
            txid=first.txid,
            block=BlockRef(self._network.chain, first.height, next(iter(hashes), ""), first.time),
            index=-1,
            sender=None if sender is None else self._account(sender),
            nonce=None,
            succeeded=succeeded,
            movements=tuple(movements),
            order=Order.EXACT if len(set(placeless)) == len(placeless) else Order.ASSUMED,
            missing=(*missing, *([] if hashes else ["block hash"])),
            notices=(*dict.fromkeys(notices), *unjoined_rows(movements, self._network)),
            evidence=self._evidence[first.file],
        )

    def _own(self, rows: Sequence[ExportRow]) -> tuple[str, str | None, Decimal] | None:
        """Sender, receiver and value of the transaction itself; None if no row tells them."""
        told = {(r.payer or "", r.payee, r.value): r for r in rows if r.form is Form.NORMAL}
        told |= {r.parent: r for r in rows if r.parent is not None and not told}
        if len(told) > 1:
            row = list(told.values())[1]
            raise SourceLied(
                f"{self._name} ({row.file}, line {row.line}): sender, receiver or value of transaction {row.txid} "
                "differ from another row"
            )
        return next(iter(told), None)

    def _gaps(self, rows: Sequence[ExportRow], own: object) -> list[str]:
        forms = {row.form for row in rows}
        gaps = ["place in the block"]
        gaps += [] if any(row.fee is not None for row in rows) else ["fee"]
        gaps += [] if own is not None else ["sender", "value of the transaction itself as such"]
        # an export holds what touches one account: what else happened in the transaction stands in no row
        gaps += ["internal calls" if Form.INTERNAL not in forms else "internal calls of other accounts"]
        gaps += ["token transfers" if Form.TOKENS not in forms else "token transfers of other accounts"]
        return gaps

    def _movement(
        self, row: ExportRow, place: str, part: int, missing: list[str], notices: list[str]
    ) -> Movement | None:
        where = f"{row.file}, line {row.line}"
        if not row.succeeded or (not row.value and row.contract is None):
            return None
        if row.payer is None or row.payee is None:
            missing.append(f"who paid or was paid {row.value:f} {row.symbol!a} in {where}")
            return None
        asset, decimals = self._asset(row, notices)
        if decimals is None:
            missing.append(
                f"amount in {where}: {row.value:f} {row.symbol!a} of {row.contract}, whose decimals are not told; add "
                f"decimals={row.contract}:N"
            )
            return None
        if row.may_be_rounded:
            notices.append(f"rounded-amount {place}: {row.value:f} may have been rounded by the exporter")
        units = self._units(row.value, decimals, row)
        kind, payer, payee = self._parties(row)
        return Movement(place, kind, asset, units, payer, payee, part)

    def _parties(self, row: ExportRow) -> tuple[FlowKind, Account | None, Account | None]:
        """A token transfer from or to nobody is its mint or burn."""
        payer, payee = self._account(row.payer or _NOBODY), self._account(row.payee or _NOBODY)
        if row.contract is None or _NOBODY not in (row.payer, row.payee) or row.payer == row.payee:
            return FlowKind.TRANSFER, payer, payee
        return (FlowKind.ISSUANCE, None, payee) if row.payer == _NOBODY else (FlowKind.BURN, payer, None)

    def _asset(self, row: ExportRow, notices: list[str]) -> tuple[Asset, int | None]:
        if row.contract is None:
            return self._network.asset, self._network.decimals
        asset, stated = self._network.token("erc20", row.contract), self._stated.get(row.contract)
        if row.decimals is not None and stated is not None and stated != row.decimals:
            raise SourceLied(
                f"{self._name} ({row.file}, line {row.line}): {row.contract} has {row.decimals} decimals in the table, "
                f"and {stated} are stated"
            )
        if row.decimals is not None or stated is not None:
            return asset, row.decimals if stated is None else stated
        if asset in self._listed:
            notices.append(f"listed-decimals {row.contract}: {self._listed[asset]}, as a list says")
        return asset, self._listed.get(asset)

    def _units(self, value: Decimal, decimals: int, row: ExportRow) -> int:
        _, digits, exponent = value.as_tuple()
        shift = int(exponent) + decimals
        whole = int("".join(map(str, digits)))
        units, rest = (whole * int(10**shift), 0) if shift >= 0 else divmod(whole, int(10 ** (-shift)))
        if rest or units > _MOST:
            raise ExportTable(self._network, row.file).refuse(
                row.line, "value", f"{value:f} cannot be an amount with {decimals} digits after the point"
            )
        return int(units)

    def _account(self, address: str) -> Account:
        return self._network.account(address)


def _joined(rows: Sequence[ExportRow]) -> list[ExportRow]:
    """The rows without a place of their own; one that stands in the files of both parties counts once.

    Equal rows of one file are as many movements as there are rows.
    """
    taken: Counter[tuple[object, ...]] = Counter()
    found = []
    for file in dict.fromkeys(row.file for row in rows):
        seen: Counter[tuple[object, ...]] = Counter()
        for row in rows:
            if row.file == file and row.form is not Form.NORMAL:
                seen[row.likeness] += 1
                if seen[row.likeness] > taken[row.likeness]:
                    found.append(row)
        taken |= seen
    return found
