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
from cryptotrace.reports.sheetfile import SheetHead, csv_bytes, table, time_shown, workbook_bytes
from cryptotrace.reports.sheets import Sheet
from cryptotrace.seizure.deposits import DepositParameters, Sweep
from cryptotrace.seizure.touchpoints import TouchPoint

_BEFORE = (
    *("Row", "Service", "Kind of touch point", "Network", "Chain id (CAIP-2)"),
    *("Transaction hash", "Block height", "Block time (UTC)", "From address", "Deposit address"),
    *("Tagged address of the service", "Memo", "Asset", "Contract", "Amount, base units", "Amount, decimal"),
    *("Decimals", "Symbol and decimals from"),
)
_AFTER = (
    *("Link class", "Link basis", "Share class", "Attribution class", "Tag", "Tag grade", "Sweep after this transfer"),
    *("All known sweeps", "Share of outflows to the service", "Other accounts paid", "Not tested"),
    *("Hops from the claim", "Rests on an unchecked holding", "Depends on an assumed order", "Flow id"),
    *("Case", "Draft", "Training"),
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
    return workbook_bytes([rows, about], head, f"Touch-point sheet: {services}")


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
        "Chain id (CAIP-2)": str(flow.asset.chain),
        "Transaction hash": txid_shown(flow.asset.chain, flow.txid),
        "Block height": height,
        "Block time (UTC)": time,
        "From address": NOT_KNOWN if point.sender is None else point.sender.address,
        "Deposit address": NOT_KNOWN if point.direct else point.account.address,
        "Tagged address of the service": point.account.address if point.direct else "",
        "Memo": NOT_KNOWN if point.memo is None else point.memo or "none",
        "Asset": asset.symbol,
        "Contract": asset.contract,
        "Amount, base units": str(flow.units),
        "Amount, decimal": asset.decimal(flow.units),
        "Decimals": NOT_KNOWN if asset.decimals is None else str(asset.decimals),
        "Symbol and decimals from": asset.basis,
        **head.shares(point.claimed, asset),
        **_basis(point, parameters),
        "Hops from the claim": str(point.hop),
        "Rests on an unchecked holding": unchecked_text(point.unchecked, head, is_fact=point.hop == 0),
        "Depends on an assumed order": _order(point.is_order_sensitive),
        "Flow id": flow.id,
        **head.constants(),
    }


def _basis(point: TouchPoint, parameters: DepositParameters) -> dict[str, str]:
    deposit = point.deposit
    best = point.tags[0].grade if point.tags else None
    weak = best in {Grade.D, Grade.E}
    told = "" if deposit is None else f"deposit reuse: {parameters.sentence()}"
    return {
        "Link class": point.link_class.value,
        "Link basis": told or "the transfer itself",
        "Share class": point.share_class.value,
        "Attribution class": point.attribution_class.value,
        "Tag": "; ".join(map(tag_text, point.tags)) or NOT_KNOWN,
        "Tag grade": (NOT_KNOWN if best is None else best.value)
        + (" (below C: no measure rests on it)" if weak else ""),
        "Sweep after this transfer": "" if deposit is None else _next_sweep(point),
        "All known sweeps": "" if deposit is None else "; ".join(map(sweep_text, deposit.sweeps)),
        "Share of outflows to the service": "" if deposit is None else str(deposit.share),
        "Other accounts paid": "" if deposit is None else str(deposit.others),
        "Not tested": "" if deposit is None else "; ".join(deposit.unchecked) or "none",
    }


def _next_sweep(point: TouchPoint) -> str:
    if point.sweep is None:
        return "not swept yet as far as is known; earlier sweeps show whose the address is"
    if point.at is None or point.sweep.at is None:
        return f"{sweep_text(point.sweep)}; delay {NOT_KNOWN}"
    return f"{sweep_text(point.sweep)}; {point.sweep.at.time - point.at.time} s after the transfer"


def sweep_text(sweep: Sweep) -> str:
    """A sweep in one line: hash, height, time, amount, where to."""
    height, time = time_shown(sweep.at)
    shown = txid_shown(sweep.flow.asset.chain, sweep.flow.txid)
    return f"{shown} (block {height}, {time}, {sweep.flow.units} base units to {sweep.to.address})"


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
