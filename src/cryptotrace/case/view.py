"""What the user holds after ``case.trace(...)``: a thin view that asks the other rooms when it is shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptotrace.case.text import claimed_text, decimal_text
from cryptotrace.seizure.holdings import Holding, holdings
from cryptotrace.tracing.fragments import as_text
from cryptotrace.tracing.result import Reconciliation, Trace
from cryptotrace.tracing.rules import Purpose, rule

if TYPE_CHECKING:
    import pandas

    from cryptotrace.case.case import Case


class HoldingsView:
    """Where it rests: iterate over it, or show it."""

    def __init__(self, rows: tuple[Holding, ...]) -> None:
        self.rows = rows

    def __iter__(self) -> Iterator[Holding]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, place: int) -> Holding:
        return self.rows[place]

    def to_dicts(self) -> list[dict[str, object]]:
        """One dict per holding; base units as text."""
        return [
            {
                "id": row.id,
                "account": row.account,
                "flow": row.flow,
                "asset": row.asset,
                "base_units": str(row.units),
                "claimed": {claimant: as_text(units) for claimant, units in row.claimed.items()},
                "is_share": row.is_share,
                "reason": row.reason.value,
                "detail": row.detail,
                "tags": [f"{t.label} (grade {t.grade.value}, {t.source})" for t in row.tags],
            }
            for row in self.rows
        ]

    def to_pandas(self) -> pandas.DataFrame:
        """One row per holding and claimant.

        The ``base_units`` columns hold Python ints (fractions in exact mode), with the decimal text beside them. Where
        ``is_share`` is False (poison) the claimed amounts are reach: do not sum them.
        """
        rows: list[dict[str, Any]] = [
            {
                "holding": row.id,
                "claimant": claimant,
                "claimed_base_units": units,
                "claimed": decimal_text(units, row.asset),
                "is_share": row.is_share,
                "address": "" if row.account is None else row.account.address,
                "tag": "; ".join(t.label for t in row.tags),
                "reason": row.reason.value,
                "outpoint": row.flow,
                "full_base_units": row.units,
                "asset": str(row.asset),
            }
            for row in self.rows
            for claimant, units in row.claimed.items()
        ]
        return _frame(rows, ("claimed_base_units", "full_base_units"))

    def _repr_html_(self) -> str:
        from cryptotrace.case.html import holdings_html

        return holdings_html(self.rows)

    def __repr__(self) -> str:
        lines = [
            f"{row.id}  {claimed_text(row):>20}  {row.reason.value:<11} "
            f"{'' if row.account is None else row.account.address}"
            for row in self.rows
        ]
        return "\n".join(lines) or "no holdings"


class TraceView:
    """A trace of a case: ``.trace`` is the frozen result, the methods show it."""

    def __init__(self, case: Case, trace: Trace) -> None:
        self._case = case
        self.trace = trace

    def holdings(self) -> HoldingsView:
        """Where the claimed value is, and what sources say about the accounts."""
        return HoldingsView(holdings(self.trace, self._case.tags))

    def reconcile(self) -> tuple[Reconciliation, ...]:
        """In = out + stopped, per claimant; see ``Trace.reconcile``."""
        return self.trace.reconcile()

    def to_dict(self) -> dict[str, object]:
        """The frozen result as text, lists and dicts."""
        return self.trace.to_dict()

    def to_pandas(self) -> pandas.DataFrame:
        """One row per traced flow and claimant, in chain order; ``base_units`` are Python ints (or fractions)."""
        rows: list[dict[str, Any]] = [
            {
                "flow": traced.flow.id,
                "kind": traced.flow.kind.value,
                "height": traced.flow.departs.height,
                "index": traced.flow.departs.index,
                "hop": traced.hop,
                "address": "" if traced.flow.owner is None else traced.flow.owner.address,
                "full_base_units": traced.flow.units,
                "claimant": claimant,
                "claimed_base_units": units,
                "claimed": decimal_text(units, traced.flow.asset),
                "spent_in": "" if traced.arrival is None else traced.arrival.txid,
                "end": "" if traced.end is None else traced.end.value,
            }
            for traced in self.trace.flows
            for claimant, units in traced.claimed.items()
        ]
        return _frame(rows, ("full_base_units", "claimed_base_units"))

    def plot(self, language: str = "en") -> Figure:
        """Money flow from left to right; widths are amounts, the filled part is the claimed share."""
        from cryptotrace.case.reporting import dossier
        from cryptotrace.reports.content import content
        from cryptotrace.reports.figure import flow_svg

        return Figure(flow_svg(content(dossier(self._case, self.trace), language)))

    def _repr_html_(self) -> str:
        from cryptotrace.case.html import trace_html

        return trace_html(self)

    def __repr__(self) -> str:
        purpose = rule(self.trace.rule).purpose
        note = "" if purpose is Purpose.FINDINGS else f" ({purpose.value}: not a basis for findings)"
        head = f"trace under {self.trace.rule}{note}: {len(self.trace.flows)} flows, {len(self.trace.ends)} ends"
        return f"{head}\n{self.holdings()!r}"


class Figure:
    """A picture that Jupyter shows and that can be saved."""

    def __init__(self, svg: str) -> None:
        self.svg = svg

    def save(self, path: str | Path) -> Path:
        """Write the SVG."""
        path = Path(path)
        path.write_text(self.svg, encoding="utf-8")
        return path

    def _repr_svg_(self) -> str:
        return self.svg


def _frame(rows: list[dict[str, Any]], money: tuple[str, ...]) -> pandas.DataFrame:
    """A frame whose money columns keep Python ints: 64 bits end at 9.2 ETH in wei."""
    import pandas

    frame = pandas.DataFrame(rows)
    for column in money:
        if rows:
            frame[column] = pandas.Series([row[column] for row in rows], dtype=object)
    return frame
