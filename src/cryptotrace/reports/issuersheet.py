"""The issuer sheet: what an issuer needs to decide on a freeze, one row per address and token.

The whole balance and the claimed share stand beside each other under heads of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cryptotrace.chains.tokens import FreezeAct
from cryptotrace.model.identity import Asset
from cryptotrace.reports.sheetasset import NOT_KNOWN, AssetShown, chain_shown, txid_shown
from cryptotrace.reports.sheetfile import SheetHead, csv_bytes, table, time_shown, workbook_bytes
from cryptotrace.reports.sheets import Sheet
from cryptotrace.reports.touchpointsheet import tag_text, unchecked_text
from cryptotrace.seizure.freeze import FreezeStatus
from cryptotrace.seizure.freezehistory import FreezeRecord
from cryptotrace.seizure.issuers import IssuerRow

_BEFORE = (
    *("Row", "Issuer", "Network", "Chain id (CAIP-2)", "Token", "Contract", "Address"),
    *("Whole balance, base units", "Whole balance, decimal", "Balance at block", "Balance at time (UTC)"),
    *("Balance not read because", "Decimals", "Symbol and decimals from"),
)
_AFTER = (
    *("Share class", "Freeze status", "Freeze status at block", "Freeze status at time (UTC)"),
    *("Freeze status rests on", "Contract read at block", "Contradiction", "What could not be asked", "Freeze events"),
    *("Destroyed, base units", "WARNING", "Tags", "Issuer's rule", "Rule from", "Rests on an unchecked holding"),
    *("Holdings", "Evidence (SHA-256)", "Case", "Draft", "Training"),
)


def issuer_sheet(rows: Sequence[IssuerRow], assets: Mapping[Asset, AssetShown], head: SheetHead) -> Sheet:
    """The rows of one issuer, each cell as text.

    Args:
        rows: the rows.
        assets: how each of their tokens is written, see ``assets_shown``.
        head: what holds for all rows.
    """
    made = [_row(row, assets[row.facts.asset], head) for row in rows]
    return table("Issuer sheet", made, (*_BEFORE, *head.share_heads(), *_AFTER))


def issuer_csv(rows: Sequence[IssuerRow], assets: Mapping[Asset, AssetShown], head: SheetHead) -> bytes:
    """The issuer sheet of one issuer as CSV."""
    return csv_bytes(issuer_sheet(rows, assets, head))


def issuer_xlsx(rows: Sequence[IssuerRow], assets: Mapping[Asset, AssetShown], head: SheetHead) -> bytes:
    """The issuer sheet of one issuer as XLSX, with a sheet on what it is about."""
    issuers = ", ".join(sorted({row.facts.issuer for row in rows})) or NOT_KNOWN
    about = head.about("Issuer sheet", ("Issuer", issuers), ("Balance and share", _EXPLAINED))
    return workbook_bytes([issuer_sheet(rows, assets, head), about], head, f"Issuer sheet: {issuers}")


_EXPLAINED = (
    "The whole balance is everything that the address holds of the token now, whoever it belongs to. The claimed share "
    "is what this case claims of it under its rule, as of the trace. A measure over the whole balance reaches value "
    "that this case does not claim."
)


def _row(row: IssuerRow, asset: AssetShown, head: SheetHead) -> dict[str, str]:
    token = row.facts.asset
    balance = row.balance
    height, time = time_shown(None if balance is None else balance.at)
    return {
        "Row": row.id,
        "Issuer": row.facts.issuer,
        "Network": chain_shown(token.chain),
        "Chain id (CAIP-2)": str(token.chain),
        "Token": asset.symbol,
        "Contract": row.facts.contract.address,
        "Address": row.account.address,
        "Whole balance, base units": "not read" if balance is None else str(balance.units),
        "Whole balance, decimal": "not read" if balance is None else asset.decimal(balance.units),
        "Balance at block": height,
        "Balance at time (UTC)": time,
        "Balance not read because": row.balance_problem,
        "Decimals": NOT_KNOWN if asset.decimals is None else str(asset.decimals),
        "Symbol and decimals from": asset.basis,
        **head.shares(row.claimed, asset),
        "Share class": "L3",
        **_freeze(row.freeze),
        "WARNING": "; ".join(row.warnings) or "none",
        "Tags": "; ".join(map(tag_text, row.tags)) or "none found",
        "Issuer's rule": NOT_KNOWN if row.rule is None else row.rule.text,
        "Rule from": NOT_KNOWN if row.rule is None else _rule_source(row),
        "Rests on an unchecked holding": unchecked_text(row.unchecked, head),
        "Holdings": ", ".join(row.holdings),
        "Evidence (SHA-256)": ", ".join(_evidence(row)),
        **head.constants(),
    }


def _freeze(status: FreezeStatus) -> dict[str, str]:
    height, time = time_shown(status.at)
    if status.at is None and status.height is not None:
        height = str(status.height)
    history, read = status.history, time_shown(status.call.at)
    events = "not read" if history is None else "; ".join(map(record_text, history.records)) or "none"
    if history is not None:
        whole = "complete as the source says" if history.is_complete else "NOT complete"
        events += f" (blocks {history.first} to {history.last}, {whole})"
    has_destroyed = history is not None and any(r.act is FreezeAct.DESTROY for r in history.records)
    destroyed = NOT_KNOWN if status.destroyed is None else str(status.destroyed)
    return {
        "Freeze status": status.state.value,
        "Freeze status at block": height,
        "Freeze status at time (UTC)": time,
        "Freeze status rests on": f"{status.basis.value}: {status.call.function}".rstrip(": "),
        "Contract read at block": " ".join(read) if status.call.at is not None else "not read",
        "Contradiction": status.contradiction or "none seen",
        "What could not be asked": "; ".join(status.reasons) or "nothing",
        "Freeze events": events,
        "Destroyed, base units": destroyed if has_destroyed or status.destroyed is not None else NOT_KNOWN,
    }


def record_text(record: FreezeRecord) -> str:
    """An act of the issuer in one line: what, when, in which transaction, how much."""
    height, time = time_shown(record.block)
    units = ""
    if record.act is FreezeAct.DESTROY:
        units = f", {NOT_KNOWN if record.units is None else record.units} base units"
    return f"{record.act.value} {txid_shown(record.block.chain, record.txid)} (block {height}, {time}{units})"


def _rule_source(row: IssuerRow) -> str:
    assert row.rule is not None  # noqa: S101 - the caller has looked
    check = "; TO BE CHECKED AGAIN" if row.rule.needs_check else ""
    return f"{row.rule.source}, {row.rule.as_of}{check}"


def _evidence(row: IssuerRow) -> tuple[str, ...]:
    balance = () if row.balance is None else (row.balance.evidence,)
    return tuple(dict.fromkeys(digest for digest in (*balance, *row.freeze.evidence) if digest))
