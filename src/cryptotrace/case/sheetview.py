"""Rows of a sheet as the user holds them: in a terminal, in a notebook, as pandas."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Generic, TypeVar

from cryptotrace.errors import ConfigurationError

if TYPE_CHECKING:
    import pandas

    from cryptotrace.reports.sheets import Sheet

_Listed = TypeVar("_Listed")


def pandas_or_say() -> ModuleType:
    """The library pandas.

    Raises:
        ConfigurationError: it is not installed; the message says how to get it.
    """
    try:
        import pandas
    except ModuleNotFoundError:
        raise ConfigurationError(
            "tables for notebooks need pandas, which is an extra: install it with: python -m pip install '.[notebook]'"
        ) from None
    return pandas


class SheetView(Generic[_Listed]):
    """Rows as a sheet shows them, with the results behind them in ``.rows``, and what is not on it in ``.left_out``."""

    def __init__(self, sheet: Sheet, rows: Sequence[_Listed], left_out: Sequence[str]) -> None:
        self._sheet = sheet
        self.rows: tuple[_Listed, ...] = tuple(rows)
        self.left_out = tuple(left_out)

    def __len__(self) -> int:
        return len(self.rows)

    def to_dict(self) -> dict[str, object]:
        """The rows as text by the heads of their columns, and what was left out with the reason."""
        rows = [dict(zip(self._sheet.head, row, strict=True)) for row in self._sheet.rows]
        return {"sheet": self._sheet.name, "rows": rows, "left_out": list(self.left_out)}

    def to_pandas(self) -> pandas.DataFrame:
        """One row per row of the sheet; every cell is text."""
        frame: pandas.DataFrame = pandas_or_say().DataFrame(list(self._sheet.rows), columns=list(self._sheet.head))
        return frame

    def _repr_html_(self) -> str:
        from cryptotrace.case.html import sheet_html

        return sheet_html(self._sheet, self.left_out)

    def __repr__(self) -> str:
        lines = []
        for row in self._sheet.rows:
            lines += [f"{head}: {value}" for head, value in zip(self._sheet.head, row, strict=True) if value]
            lines.append("")
        lines += [f"not listed: {text}" for text in self.left_out]
        return "\n".join(lines) or "nothing to list"
