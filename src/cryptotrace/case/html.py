"""What Jupyter shows. Every foreign text is escaped; amounts are exact."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

from cryptotrace.case.assets import AssetBook, unchecked_text
from cryptotrace.seizure.holdings import Holding
from cryptotrace.tracing.fragments import as_text
from cryptotrace.tracing.result import Reconciliation

if TYPE_CHECKING:
    from cryptotrace.case.view import TraceView
    from cryptotrace.reports.sheets import Sheet


def _table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th style='text-align:left'>{escape(text)}</th>" for text in heads)
    body = "".join(
        "<tr>" + "".join(f"<td style='text-align:left'>{escape(text)}</td>" for text in row) + "</tr>" for row in rows
    )
    return f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def holdings_html(rows: Sequence[Holding], assets: AssetBook) -> str:
    """Where it rests, as a table."""
    return _table(
        "Where it rests (shares are a convention, not a fact)",
        (
            "id",
            "claimed",
            "by claimant",
            "why it ends here",
            "address",
            "attributed to",
            "rests on unchecked histories",
        ),
        (
            (
                row.id,
                assets.claimed(row),
                "; ".join(f"{name}: {assets.decimal(units, row.asset)}" for name, units in row.claimed.items()),
                row.reason.value,
                "" if row.account is None else row.account.address,
                "; ".join(f"{t.label} (grade {t.grade.value}, according to {t.source})" for t in row.tags),
                unchecked_text(row),
            )
            for row in rows
        ),
    )


def reconciliation_html(rule: str, rows: Sequence[Reconciliation], assets: AssetBook) -> str:
    """What came in and where it went, as a table."""
    return _table(
        f"Reconciliation under {rule}",
        ("claimant", "claimed", "where it ended", "difference"),
        (
            (
                row.claimant,
                assets.decimal(row.claimed, row.asset),
                "; ".join(f"{reason.value}: {assets.decimal(units, row.asset)}" for reason, units in row.ends.items()),
                as_text(row.difference),
            )
            for row in rows
        ),
    )


def trace_html(view: TraceView) -> str:
    """A trace: rule, reconciliation where the rule has one, holdings."""
    trace = view.trace
    notices = "".join(f"<p>{escape(notice)}</p>" for notice in (*view.notices, *view.caveats))
    if not trace.conserves:
        return (
            f"<p>{escape(trace.rule)}: a set of what was touched, not a share; nothing is summed.</p>"
            + holdings_html(view.holdings().rows, view.assets)
            + notices
        )
    return (
        reconciliation_html(trace.rule, view.reconcile().rows, view.assets)
        + holdings_html(view.holdings().rows, view.assets)
        + notices
    )


def sheet_html(sheet: Sheet, left_out: Sequence[str]) -> str:
    """A sheet as a table, and what is not on it."""
    rows = ([str(value or "") for value in row] for row in sheet.rows)
    return _table(sheet.name, sheet.head, rows) + "".join(f"<p>not listed: {escape(text)}</p>" for text in left_out)
