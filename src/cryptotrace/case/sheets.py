"""The sheets that an exchange or an issuer can act on: one file per addressee, CSV and XLSX from the same rows."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from cryptotrace.case.seizing import head_of, issuers_of, points_of
from cryptotrace.errors import ReportError
from cryptotrace.reports.issuersheet import issuer_csv, issuer_xlsx
from cryptotrace.reports.touchpointsheet import touch_point_csv, touch_point_xlsx
from cryptotrace.tracing.result import Trace

if TYPE_CHECKING:
    from cryptotrace.case.case import Case

FORMATS = ("csv", "xlsx")
_LONGEST_NAME = 40


def touch_point_sheets(case: Case, trace: Trace, formats: Sequence[str]) -> dict[tuple[str, str], bytes]:
    """(Service, format) -> the sheet of the transfers by which claimed value came into its hands.

    Raises:
        ReportError: the trace touches no service that a loaded tag names.
    """
    points = points_of(case, trace)
    if not points.rows:
        raise ReportError(
            _nothing("the trace touches no service that a tag names", [e.reason for e in points.examined])
        )
    head = head_of(case, trace)
    made = {}
    for service, rows in points.services().items():
        assets = {row.transfer.asset: case.assets.shown(row.transfer.asset) for row in rows}
        makers = {"csv": touch_point_csv, "xlsx": touch_point_xlsx}
        for each in formats:
            made[service, each] = makers[each](rows, assets, head, points.parameters)
    return made


def issuer_sheets(case: Case, trace: Trace, formats: Sequence[str]) -> dict[tuple[str, str], bytes]:
    """(Issuer, format) -> the sheet of the holdings that it could freeze. The case's sources are asked for them now.

    Raises:
        ReportError: no holding of the trace is of a token with a known issuer.
    """
    found = issuers_of(case, trace)
    if not found.rows:
        raise ReportError(
            _nothing("no holding of the trace can be frozen by a known issuer", [r.reason for r in found.left_out])
        )
    head = head_of(case, trace, now=True)
    made = {}
    for issuer, rows in found.issuers().items():
        assets = {row.facts.asset: case.assets.shown(row.facts.asset) for row in rows}
        makers = {"csv": issuer_csv, "xlsx": issuer_xlsx}
        for each in formats:
            made[issuer, each] = makers[each](rows, assets, head)
    return made


SHEETS: Mapping[str, Callable[[Case, Trace, Sequence[str]], dict[tuple[str, str], bytes]]] = {
    "touch-point-sheet": touch_point_sheets,
    "issuer-sheet": issuer_sheets,
}


def file_name(kind: str, addressee: str, taken: set[str]) -> str:
    """Name of a sheet's file, without suffix: the kind and the addressee in letters that every system takes."""
    plain = unicodedata.normalize("NFKD", addressee).encode("ascii", "ignore").decode("ascii").lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_LONGEST_NAME] or "addressee"
    names = (f"{kind}.{slug}" if n == 1 else f"{kind}.{slug}-{n}" for n in range(1, len(taken) + 2))
    found = next(name for name in names if name not in taken)
    taken.add(found)
    return found


def _nothing(what: str, reasons: Sequence[str]) -> str:
    listed = "; ".join(dict.fromkeys(reasons))
    return f"{what}, so there is no sheet to write{f': {listed}' if listed else '; load tags with case.tag'}"
