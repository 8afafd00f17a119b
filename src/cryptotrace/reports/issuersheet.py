"""The issuer sheet: what an issuer needs to decide on a freeze, one row per address and token.

The whole balance and the claimed share stand beside each other under heads of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cryptotrace.chains.tokens import FreezeAct
from cryptotrace.model.identity import Asset
from cryptotrace.model.verdict import LinkClass
from cryptotrace.reports.sheetasset import NOT_KNOWN, AssetShown, chain_shown, txid_shown
from cryptotrace.reports.sheetfile import (
    CONSTANTS,
    SheetHead,
    class_shown,
    csv_bytes,
    table,
    time_shown,
    workbook_bytes,
)
from cryptotrace.reports.sheets import Sheet
from cryptotrace.reports.touchpointsheet import carried_text, tag_text, unchecked_text
from cryptotrace.seizure.freeze import FreezeStatus
from cryptotrace.seizure.freezehistory import FreezeRecord
from cryptotrace.seizure.issuers import IssuerRow

_SYMBOL, _ASK = "Token (symbol)", "Whom to ask first"
_SHARE = "Share class (what kind of statement the claimed share is)"
_CHECKED = "Does the share rest on an account history that is not shown to be complete"
_ARRIVALS = "Transfers by which claimed value came into the address (transaction hash, date, whole amount)"
_CLAIMS = "Claimed transfers (transaction hash, date, amount: where the claimed value was taken)"
_RULE, _EVENTS = "Issuer's rule (what it is said to ask for)", "Freeze events (freeze, unfreeze, destroy)"
_BEFORE = (
    *("Row", "Issuer", _ASK, "Network", "Chain id (CAIP-2, names the network for software)", _SYMBOL, "Contract"),
    *("Address", "Whole balance, base units", "Whole balance, decimal", "Balance at block", "Balance at time (UTC)"),
    *("Balance not read because", "Decimals (digits after the point)", "Symbol and decimals from"),
)
_AFTER = (
    *(_SHARE, "Freeze status", "Freeze status at block", "Freeze status at time (UTC)"),
    *("Freeze status rests on", "Contract asked at block and time (UTC)", "Contradiction of contract and events"),
    *("What could not be asked", _EVENTS, "Destroyed at this address, base units", "WARNING"),
    *("Tags (who says what of the address)", _RULE, "Issuer's rule from", _CHECKED, _ARRIVALS, _CLAIMS),
    *("Rows of the tracing report", "Evidence (SHA-256 of the recorded answers)", *CONSTANTS),
)
#: What comes first on paper; the shares of the claimants stand behind the balance.
_FIRST = (
    *("WARNING", _ASK, "Issuer", "Address", "Network", "Contract", _SYMBOL),
    *("Whole balance, decimal", "Whole balance, base units", "Balance at time (UTC)", "Balance not read because"),
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
    first = (*_FIRST, *head.share_heads(), "Freeze status", "Freeze status at time (UTC)", _ARRIVALS, _CLAIMS)
    return workbook_bytes([issuer_sheet(rows, assets, head), about], head, f"Issuer sheet: {issuers}", first)


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
        _ASK: f"{row.service}: ask the service, see the touch-point sheet" if row.service else "the issuer",
        "Network": chain_shown(token.chain),
        "Chain id (CAIP-2, names the network for software)": str(token.chain),
        _SYMBOL: asset.symbol,
        "Contract": row.facts.contract.address,
        "Address": row.account.address,
        "Whole balance, base units": "not read" if balance is None else str(balance.units),
        "Whole balance, decimal": "not read" if balance is None else asset.decimal(balance.units),
        "Balance at block": height,
        "Balance at time (UTC)": time,
        "Balance not read because": row.balance_problem,
        "Decimals (digits after the point)": NOT_KNOWN if asset.decimals is None else str(asset.decimals),
        "Symbol and decimals from": asset.basis,
        **head.shares(row.claimed, asset),
        _SHARE: class_shown(LinkClass.L3),
        **_freeze(row.freeze),
        "WARNING": "; ".join(_warnings(row, head)) or "none",
        "Tags (who says what of the address)": "; ".join(map(tag_text, row.tags)) or "none found",
        _RULE: NOT_KNOWN if row.rule is None else row.rule.text,
        "Issuer's rule from": NOT_KNOWN if row.rule is None else _rule_source(row),
        _CHECKED: unchecked_text(row.unchecked, head),
        _ARRIVALS: carried_text(row.arrivals, asset),
        _CLAIMS: carried_text(row.claims, asset, is_fact=True),
        "Rows of the tracing report": ", ".join(row.holdings),
        "Evidence (SHA-256 of the recorded answers)": ", ".join(_evidence(row)),
        **head.constants(),
    }


def _warnings(row: IssuerRow, head: SheetHead) -> tuple[str, ...]:
    """What speaks against a freeze of this address; that no history was looked at is known of the whole sheet only."""
    if head.are_pots_checked or row.unchecked:
        return row.warnings
    return (*row.warnings, "whether the claimed share rests on complete histories was not looked at")


def _freeze(status: FreezeStatus) -> dict[str, str]:
    height, time = time_shown(status.at)
    if status.at is None and status.height is not None:
        height = str(status.height)
    history, read = status.history, time_shown(status.call.at)
    events = "not read" if history is None else "; ".join(map(record_text, history.records)) or "none"
    if history is not None:
        whole = "complete as the source says" if history.is_complete else "NOT complete"
        events += f" (blocks {history.first} to {history.last}, {whole})"
    return {
        "Freeze status": status.state.value,
        "Freeze status at block": height,
        "Freeze status at time (UTC)": time,
        "Freeze status rests on": f"{status.basis.value}: {status.call.function}".rstrip(": "),
        "Contract asked at block and time (UTC)": " ".join(read) if status.call.at is not None else "not read",
        "Contradiction of contract and events": status.contradiction or "none seen",
        "What could not be asked": "; ".join(status.reasons) or "nothing",
        _EVENTS: events,
        "Destroyed at this address, base units": NOT_KNOWN if status.destroyed is None else str(status.destroyed),
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
