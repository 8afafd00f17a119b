"""What the user holds: thin views of a case's results that ask the other rooms when they are shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from cryptotrace.case.assets import AssetBook, unchecked_text
from cryptotrace.case.sheetview import SheetView, pandas_or_say
from cryptotrace.chains.networks import network
from cryptotrace.ledger import export
from cryptotrace.ledger.store import Store
from cryptotrace.model.identity import Asset, Chain
from cryptotrace.model.pot import Completeness
from cryptotrace.seizure.holdings import Holding, holdings
from cryptotrace.tracing.fragments import as_text
from cryptotrace.tracing.result import EndReason, Reconciliation, Trace
from cryptotrace.tracing.rules import Purpose, rule

if TYPE_CHECKING:
    import networkx
    import pandas

    from cryptotrace.attribution.poisoning import Sign
    from cryptotrace.case.case import Case
    from cryptotrace.seizure.deposits import DepositParameters
    from cryptotrace.seizure.issuers import IssuerRow
    from cryptotrace.seizure.touchpoints import TouchPoint


_Row = TypeVar("_Row", Holding, Reconciliation)


class Rows(Generic[_Row]):
    """Rows that are shown as a whole and can be taken one by one."""

    rows: tuple[_Row, ...]

    def __iter__(self) -> Iterator[_Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, place: int) -> _Row:
        return self.rows[place]


class HoldingsView(Rows[Holding]):
    """Where it rests: iterate over it, or show it."""

    def __init__(self, trace: TraceView, rows: tuple[Holding, ...]) -> None:
        self._trace = trace
        self.rows = rows

    def to_dict(self) -> dict[str, object]:
        """The rule and, under ``holdings``, one dict per place; base units as text."""
        return {"rule": self._trace.trace.rule, "holdings": [self._row(row) for row in self.rows]}

    @staticmethod
    def _row(row: Holding) -> dict[str, object]:
        return {
            "id": row.id,
            "account": row.account,
            "flow": row.flow,
            "asset": row.asset,
            "base_units": str(row.units),
            "claimed": {claimant: as_text(units) for claimant, units in row.claimed.items()},
            "is_share": row.is_share,
            "reason": row.reason.value,
            "detail": row.detail,
            "unchecked": [check.to_dict() for check in row.unchecked],
            "tags": [f"{t.label} (grade {t.grade.value}, {t.source})" for t in row.tags],
        }

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
                "claimed": self._trace.assets.decimal(units, row.asset),
                "is_share": row.is_share,
                "address": "" if row.account is None else row.account.address,
                "tag": "; ".join(t.label for t in row.tags),
                "reason": row.reason.value,
                "outpoint": row.flow,
                "full_base_units": row.units,
                "asset": str(row.asset),
                "rests_on_unchecked": unchecked_text(row),
            }
            for row in self.rows
            for claimant, units in row.claimed.items()
        ]
        return _frame(rows, ("claimed_base_units", "full_base_units"))

    def plot(self, language: str = "en") -> Figure:
        """How the claimed value came to these places; see ``TraceView.plot``."""
        return self._trace.plot(language)

    def _repr_html_(self) -> str:
        from cryptotrace.case.html import holdings_html

        return holdings_html(self.rows, self._trace.assets)

    def __repr__(self) -> str:
        lines = []
        for row in self.rows:
            where = "" if row.account is None else row.account.address
            lines.append(f"{row.id}  {self._trace.assets.claimed(row):>20}  {row.reason.value:<11} {where}")
            if row.reason in {EndReason.UNKNOWN, EndReason.CROWDED}:
                lines.append(f"        because: {row.detail}")
            if row.unchecked:
                lines.append(f"        rests on histories that are not shown to be complete: {unchecked_text(row)}")
        return "\n".join(lines) or "no holdings"


class ReconciliationView(Rows[Reconciliation]):
    """In = out + stopped, per claimant: iterate over it, or show it."""

    def __init__(
        self,
        rule_name: str,
        rows: tuple[Reconciliation, ...],
        entered: Mapping[tuple[str, Asset], int],
        assets: AssetBook,
        *,
        is_unchecked: bool = False,
    ) -> None:
        self._rule = rule_name
        self.rows = rows
        self._entered = entered
        self._assets = assets
        self._is_unchecked = is_unchecked

    def to_dict(self) -> dict[str, object]:
        """The rule and, under ``reconciliation``, one dict per claimant and asset; base units as text."""
        return {"rule": self._rule, "reconciliation": [row.to_dict() for row in self.rows]}

    def to_pandas(self) -> pandas.DataFrame:
        """One row per claimant and kind of end; ``base_units`` are Python ints (or fractions)."""
        rows: list[dict[str, Any]] = [
            {
                "claimant": row.claimant,
                "end": reason.value,
                "base_units": units,
                "amount": self._assets.decimal(units, row.asset),
                "asset": str(row.asset),
                "rests_on_unchecked": self._is_unchecked,
            }
            for row in self.rows
            for reason, units in row.ends.items()
        ]
        return _frame(rows, ("base_units",))

    def _repr_html_(self) -> str:
        from cryptotrace.case.html import reconciliation_html

        return reconciliation_html(self._rule, self.rows, self._assets)

    def __repr__(self) -> str:
        lines: list[str] = []
        for row in self.rows:
            lines.append(f"reconciliation for {row.claimant}: claimed {self._assets.decimal(row.claimed, row.asset)}")
            if cut := self._entered[row.claimant, row.asset] - row.claimed:
                lines.append(f"  less {self._assets.decimal(cut, row.asset)} that an earlier claim has already")
            lines += [
                f"  {r.value:<11} {self._assets.decimal(units, row.asset):>22}" for r, units in sorted(row.ends.items())
            ]
            if row.converted_in or row.converted_out:
                into, out = (self._assets.decimal(u, row.asset) for u in (row.converted_in, row.converted_out))
                lines.append(f"  received for another asset {into}, given for another asset {out}")
            lines.append(f"  difference  {as_text(row.difference)}")
            lines.append("")
        if self._is_unchecked:
            lines[-1:] = ["shares rest on histories that are not shown to be complete: see the holdings", ""]
        return "\n".join(lines[:-1]) or "nothing was claimed"


class FlowsView:
    """Everything a case holds of one chain, in chain order, for other tools; columns: ``cryptotrace.ledger.export``."""

    def __init__(self, store: Store, chain: Chain) -> None:
        self._store = store
        self.chain = chain

    def to_pandas(self) -> pandas.DataFrame:
        """One row per flow; ``base_units`` are Python ints."""
        return export.flows_to_pandas(self._store, self.chain)

    def to_networkx(self) -> networkx.MultiDiGraph:
        """Pots as nodes, flows as edges."""
        return export.flows_to_networkx(self._store, self.chain)

    def to_graphml(self, path: str | Path) -> Path:
        """Write the graph as GraphML; ``base_units`` are text."""
        return export.flows_to_graphml(self._store, self.chain, path)

    def to_parquet(self, path: str | Path) -> Path:
        """Write the flows as Parquet; ``base_units`` are DECIMAL(38, 0)."""
        return export.flows_to_parquet(self._store, self.chain, path)

    def _repr_html_(self) -> str:
        return str(self.to_pandas().to_html(max_rows=20))


class TraceView:
    """A trace of a case: ``.trace`` is the frozen result, the methods show it."""

    def __init__(self, case: Case, trace: Trace) -> None:
        self._case = case
        self.trace = trace
        self.assets = case.assets

    def holdings(self) -> HoldingsView:
        """Where the claimed value is, and what sources say about the accounts."""
        return HoldingsView(self, holdings(self.trace, self._case.tags))

    def reconcile(self) -> ReconciliationView:
        """In = out + stopped, per claimant; see ``Trace.reconcile``.

        Raises:
            TracingError: the rule is poison, which is never summed.
        """
        entered: Counter[tuple[str, Asset]] = Counter()
        for claim in self.trace.claims:
            entered[claim.claimant, claim.asset] += claim.units
        unchecked = bool(self.trace.unchecked())
        return ReconciliationView(self.trace.rule, self.trace.reconcile(), entered, self.assets, is_unchecked=unchecked)

    def touch_points(self, parameters: DepositParameters | None = None) -> SheetView[TouchPoint]:
        """The transfers by which claimed value came into a service's hands.

        Into a customer's deposit address, recognised under the parameters (L4), or straight to a tagged account. From
        what is held; no source is asked.
        """
        from cryptotrace.case.seizing import head_of, points_of
        from cryptotrace.reports.touchpointsheet import touch_point_sheet

        found = points_of(self._case, self.trace, parameters)
        shown = {row.transfer.asset: self.assets.shown(row.transfer.asset) for row in found.rows}
        sheet = touch_point_sheet(found.rows, shown, head_of(self._case, self.trace), found.parameters)
        return SheetView(sheet, found.rows, [f"{e.account.address}: {e.reason}" for e in found.examined])

    def signs(self) -> tuple[Sign, ...]:
        """Signs of spam and address poisoning in the histories that the trace opened (L4), from what is held."""
        from cryptotrace.case.signs import signs_of

        return signs_of(self._case, dict.fromkeys(check.account for check in self.trace.pots))

    def issuers(self) -> SheetView[IssuerRow]:
        """The holdings that an issuer could freeze, with balance and freeze status; sources are asked for them now."""
        from cryptotrace.case.seizing import head_of, issuers_of
        from cryptotrace.reports.issuersheet import issuer_sheet

        found = issuers_of(self._case, self.trace)
        shown = {row.facts.asset: self.assets.shown(row.facts.asset) for row in found.rows}
        sheet = issuer_sheet(found.rows, shown, head_of(self._case, self.trace, now=True))
        return SheetView(sheet, found.rows, [f"{each.holding}: {each.reason}" for each in found.left_out])

    @property
    def notices(self) -> tuple[str, ...]:
        """What lives on top of these transactions, or happened beside their transfers; one sentence each."""
        if network(self.trace.claims[0].asset.chain).is_account_chain:
            return tuple(f"transaction {txid}: {what}" for txid, what in self.trace.notices)
        return tuple(f"transaction {txid} carries {what}, which is not followed" for txid, what in self.trace.notices)

    @property
    def caveats(self) -> tuple[str, ...]:
        """What the shares rest on and is not shown, and signs of spam in the histories; one sentence each."""
        said = [
            f"the history of {check.account.address} in {self.assets.shown(check.asset).symbol} is {check.sentence()}"
            + (f": {check.problem}" if check.problem else "")
            for check in self.trace.pots
            if check.completeness is not Completeness.COMPLETE
        ]
        said += [f"of transaction {txid} no source tells: {what}" for txid, what in self.trace.missing]
        said += [f"transaction {txid}: {what}" for txid, what in self.trace.signs]
        if self.trace.has_assumed_order:
            said.append(_order_sentence(self.trace.order_sensitive))
        return tuple(said)

    def to_dict(self) -> dict[str, object]:
        """The frozen result as text, lists and dicts."""
        return self.trace.to_dict()

    def to_pandas(self) -> pandas.DataFrame:
        """One row per traced flow and claimant, in chain order; ``base_units`` are Python ints (or fractions)."""
        unchecked = self.trace.unchecked()
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
                "claimed": self.assets.decimal(units, traced.flow.asset),
                "is_share": self.trace.conserves,
                "spent_in": "" if traced.arrival is None else traced.arrival.txid,
                "end": "" if traced.end is None else traced.end.value,
                "rests_on_unchecked": ", ".join(c.account.address for c in unchecked.get(traced.flow.id, ())),
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
        return "\n".join((head, repr(self.holdings()), *self.notices, *self.caveats))


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
    frame: pandas.DataFrame = pandas_or_say().DataFrame(rows)
    for column in money:
        if rows:
            frame[column] = pandas_or_say().Series([row[column] for row in rows], dtype=object)
    return frame


def _order_sentence(sensitive: tuple[str, ...] | None) -> str:
    if sensitive is None:
        return "the order of some movements is assumed; the other order is impossible, an account could not have paid"
    if not sensitive:
        return "the order of some movements is assumed; in the other order every share is the same"
    return f"the order of some movements is assumed; in the other order these shares differ: {', '.join(sensitive)}"
