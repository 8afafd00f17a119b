"""The touch-point sheet: what a custodial service needs to find its customer's deposit, one row per transfer.

One file per service, and only the rows of that service: a service is told the way to itself and no other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from cryptotrace.model.identity import Asset
from cryptotrace.model.pot import PotCheck
from cryptotrace.model.tag import Grade, Tag
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
from cryptotrace.seizure.deposits import DepositParameters, Sweep, span
from cryptotrace.seizure.touchpoints import Carried, TouchPoint
from cryptotrace.tracing.fragments import as_text

_LINK = "Link class (how sure it is that the transfer reached the service's customer)"
_SHARE = "Share class (what kind of statement the claimed share is)"
_OWNER = "Attribution class (what kind of statement it is that the tagged account is the service's)"
_SWEEP = "Sweep after this transfer (payment from the deposit address to the service's own account)"
_SWEEPS = "All known sweeps of the deposit address"
_PART = "Part of all known payments out of the deposit address that went to the service (1 = all)"
_CHECKED = "Does the share rest on an account history that is not shown to be complete"
_SYMBOL, _MEMO = "Asset (symbol)", "Memo (text that the payer wrote)"
_UNITS, _DECIMAL = "Amount of the whole transfer, base units (smallest units)", "Amount of the whole transfer, decimal"
_CLAIMS = "Claimed transfers (transaction hash, date, amount: where the claimed value was taken)"
_BEFORE = (
    *("Row", "Service", "Kind of touch point", "Network", "Chain id (CAIP-2, names the network for software)"),
    *("Transaction hash", "Block height", "Block time (UTC)", "From address", "Deposit address"),
    *("Tagged address of the service", _MEMO, _SYMBOL, "Contract", _UNITS, _DECIMAL),
    *("Decimals (digits after the point)", "Symbol and decimals from"),
)
_AFTER = (
    *(_LINK, "What the link rests on", _SHARE, _OWNER, "Tag (who says that the account is the service's)"),
    *("Tag grade (A best, E weakest)", _SWEEP, _SWEEPS, _PART),
    *("Other accounts that the deposit address paid (number)", "Parameters that could not be tested"),
    *("Accounts between the claimed transfer and this one (number)", _CHECKED),
    *("Does the share depend on an order of transfers that no source tells", _CLAIMS),
    *("Transfer id (transaction hash # place in it)", *CONSTANTS),
)
#: What comes first on paper; the shares of the claimants stand behind the amount.
_FIRST = (
    *("Service", "Kind of touch point", "Deposit address", "Tagged address of the service", "Transaction hash"),
    *("Block time (UTC)", "Network", _DECIMAL, _SYMBOL, _MEMO, "From address", "Contract"),
)
_DIRECT = "direct transfer to a tagged account of the service"
_DEPOSIT = "transfer into a customer's deposit address"


def touch_point_sheet(
    points: Sequence[TouchPoint], assets: Mapping[Asset, AssetShown], head: SheetHead, parameters: DepositParameters
) -> Sheet:
    """The rows of one service, each cell as text.

    Args:
        points: the rows.
        assets: how each of their assets is written, see ``assets_shown``.
        head: what holds for all rows.
        parameters: under which deposit addresses were recognised.
    """
    rows = [_row(point, assets[point.transfer.asset], head, parameters) for point in points]
    return table("Touch points", rows, (*_BEFORE, *head.share_heads(), *_AFTER))


def touch_point_csv(
    points: Sequence[TouchPoint], assets: Mapping[Asset, AssetShown], head: SheetHead, parameters: DepositParameters
) -> bytes:
    """The touch-point sheet of one service as CSV."""
    return csv_bytes(touch_point_sheet(points, assets, head, parameters))


def touch_point_xlsx(
    points: Sequence[TouchPoint], assets: Mapping[Asset, AssetShown], head: SheetHead, parameters: DepositParameters
) -> bytes:
    """The touch-point sheet of one service as XLSX, with a sheet on what it is about."""
    services = ", ".join(sorted({point.service for point in points})) or NOT_KNOWN
    about = head.about(
        "Touch-point sheet",
        ("Service", services),
        ("Deposit address", _EXPLAINED),
        ("Parameters of deposit addresses (L4)", parameters.sentence()),
    )
    rows = touch_point_sheet(points, assets, head, parameters)
    first = (*_FIRST, *head.share_heads(), _LINK, "What the link rests on", _SWEEP)
    return workbook_bytes([rows, about], head, f"Touch-point sheet: {services}", first)


_EXPLAINED = (
    "An address without a tag whose payments out go to tagged accounts of the service. That it is a customer's is "
    "inferred (L4), not known: please confirm it from your records. The sweeps and the accounts that they go to are "
    "what the inference rests on; they are not named as the customer's."
)


def _row(point: TouchPoint, asset: AssetShown, head: SheetHead, parameters: DepositParameters) -> dict[str, str]:
    flow = point.transfer
    height, time = time_shown(point.at)
    return {
        "Row": point.id,
        "Service": point.service,
        "Kind of touch point": _DIRECT if point.direct else _DEPOSIT,
        "Network": chain_shown(flow.asset.chain),
        "Chain id (CAIP-2, names the network for software)": str(flow.asset.chain),
        "Transaction hash": txid_shown(flow.asset.chain, flow.txid),
        "Block height": height,
        "Block time (UTC)": time,
        "From address": NOT_KNOWN if point.sender is None else point.sender.address,
        "Deposit address": NOT_KNOWN if point.direct else point.account.address,
        "Tagged address of the service": point.account.address if point.direct else "",
        _MEMO: NOT_KNOWN if point.memo is None else point.memo or "none",
        _SYMBOL: asset.symbol,
        "Contract": asset.contract,
        _UNITS: str(flow.units),
        _DECIMAL: asset.decimal(flow.units),
        "Decimals (digits after the point)": NOT_KNOWN if asset.decimals is None else str(asset.decimals),
        "Symbol and decimals from": asset.basis,
        **head.shares(point.claimed, asset),
        **_basis(point, parameters),
        "Accounts between the claimed transfer and this one (number)": str(point.hop),
        _CHECKED: unchecked_text(point.unchecked, head, is_fact=point.hop == 0),
        "Does the share depend on an order of transfers that no source tells": _order(point.is_order_sensitive),
        _CLAIMS: carried_text(point.claims, asset, is_fact=True),
        "Transfer id (transaction hash # place in it)": flow.id,
        **head.constants(),
    }


def _basis(point: TouchPoint, parameters: DepositParameters) -> dict[str, str]:
    deposit = point.deposit
    best = point.tags[0].grade if point.tags else None
    weak = best in {Grade.D, Grade.E}
    told = "" if deposit is None else f"deposit reuse: {parameters.sentence()}"
    return {
        _LINK: class_shown(point.link_class),
        "What the link rests on": told or "the transfer itself",
        _SHARE: class_shown(point.share_class),
        _OWNER: class_shown(point.attribution_class),
        "Tag (who says that the account is the service's)": "; ".join(map(tag_text, point.tags)) or NOT_KNOWN,
        "Tag grade (A best, E weakest)": (NOT_KNOWN if best is None else best.value)
        + (" (below C: no measure rests on it)" if weak else ""),
        _SWEEP: "" if deposit is None else _next_sweep(point),
        _SWEEPS: "" if deposit is None else "; ".join(map(sweep_text, deposit.sweeps)),
        _PART: "" if deposit is None else str(deposit.share),
        "Other accounts that the deposit address paid (number)": "" if deposit is None else str(deposit.others),
        "Parameters that could not be tested": "" if deposit is None else "; ".join(deposit.unchecked) or "none",
    }


def _next_sweep(point: TouchPoint) -> str:
    if point.sweep is None:
        return "not swept yet as far as is known; earlier sweeps show whose the address is"
    if point.at is None or point.sweep.at is None:
        return f"{sweep_text(point.sweep)}; delay {NOT_KNOWN}"
    delay = point.sweep.at.time - point.at.time
    return f"{sweep_text(point.sweep)}; {delay} s ({span(delay)}) after the transfer"


def sweep_text(sweep: Sweep) -> str:
    """A sweep in one line: hash, height, time, amount, where to."""
    height, time = time_shown(sweep.at)
    shown = txid_shown(sweep.flow.asset.chain, sweep.flow.txid)
    return f"{shown} (block {height}, {time}, {sweep.flow.units} base units to {sweep.to.address})"


def carried_text(carried: Sequence[Carried] | None, asset: AssetShown, *, is_fact: bool = False) -> str:
    """Transfers of claimed value in one line: hash in full, block, time, amount, how much of it is claimed.

    ``is_fact``: they are the claimed transfers themselves, so what is claimed of them is no share under a rule.
    """
    if carried is None:
        return NOT_KNOWN
    told = []
    for each in carried:
        height, time = time_shown(each.at)
        flow, decimal = each.flow, ""
        if flow.asset == asset.asset and asset.decimals is not None:
            decimal = f" = {asset.decimal(flow.units)} {asset.symbol}"
        other = "" if flow.asset == asset.asset else f" of {flow.asset}"
        shown = txid_shown(flow.asset.chain, flow.txid)
        text = f"{shown} ({time}, block {height}, {flow.units} base units{other}{decimal}"
        said = (f"{who} claims {as_text(units)}" for who, units in each.claimed.items())
        told.append(f"{text}{'; ' + ', '.join(said) if is_fact else ''})")
    return "; ".join(told) or "none"


def tag_text(tag: Tag) -> str:
    """A tag in one line: what it says of which address, who says it, how well supported, of when."""
    said = [f"category {tag.category or NOT_KNOWN}", f"grade {tag.grade.value}", f"source {tag.source or NOT_KNOWN}"]
    said += [f"by {tag.creator or NOT_KNOWN}", f"dated {_date(tag.lastmod)}"]
    return f"{tag.account.address} is tagged “{tag.label}” ({', '.join(said)})"


def _date(lastmod: str) -> str:
    if lastmod.isascii() and lastmod.isdigit() and len(lastmod) < 12:
        return datetime.fromtimestamp(int(lastmod), UTC).strftime("%Y-%m-%d")
    return lastmod or NOT_KNOWN


def unchecked_text(unchecked: Sequence[PotCheck], head: SheetHead, *, is_fact: bool = False) -> str:
    """Whether a share rests on a holding whose history is not shown to be complete."""
    if is_fact:
        return "no: it is the claimed transfer itself"
    if unchecked:
        return "YES: " + "; ".join(f"{check.account.address}: {check.sentence()}" for check in unchecked)
    return "no" if head.are_pots_checked else NOT_KNOWN


def _order(sensitive: bool | None) -> str:
    if sensitive is None:
        return "the order used is assumed; the other one is impossible"
    return "YES: under the other order the share would be another one" if sensitive else "no"
