"""What the user holds after a trace: it shows itself, exactly, and says what a share is."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from cryptotrace.case import Case, TraceView
from cryptotrace.case.html import holdings_html, trace_html
from cryptotrace.case.view import Figure
from cryptotrace.tracing.result import EndReason


@pytest.fixture
def traced(claimed: Case) -> TraceView:
    return claimed.trace(rule="haircut", dust=5000)


def _texts(svg: str) -> str:
    return " ".join(text.text or "" for text in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text"))


def test_a_trace_plots_itself_with_the_mark_of_training_and_the_named_rule(traced: TraceView, tmp_path: Path) -> None:
    figure = traced.plot()
    said = _texts(figure.svg)
    assert "TRAINING MATERIAL – bitcoin-regtest, no value" in said
    assert "under the rule pro rata (haircut) (convention, L3)" in said
    assert {f"T-000{n}" for n in range(1, 8)} <= set(said.split())
    assert figure._repr_svg_() == figure.svg
    saved = figure.save(tmp_path / "flow.svg")
    assert saved.read_text(encoding="utf-8") == figure.svg


def test_the_plot_speaks_the_language_that_was_asked_for(traced: TraceView) -> None:
    assert "Схема движения заявленных единиц" in _texts(traced.plot("ru").svg)
    assert isinstance(traced.plot("ru"), Figure)


def test_a_plot_of_a_rule_that_is_not_for_findings_carries_its_warning(claimed: Case) -> None:
    view = claimed.trace(rule="poison", reason="to see reach")
    said = _texts(view.plot().svg)
    assert "RESEARCH RULE." in said
    assert "share 1" not in said


def test_frames_hold_whole_numbers_and_every_claimed_unit(traced: TraceView) -> None:
    pytest.importorskip("pandas")
    frame = traced.holdings().to_pandas()
    gone = sum(sum(end.claimed.values()) for end in traced.trace.ends if end.reason in {EndReason.FEE, EndReason.BURN})
    claimed = sum(claim.units for claim in traced.trace.claims)
    assert sum(frame["claimed_base_units"]) + gone == claimed
    assert {type(units) for units in frame["claimed_base_units"]} == {int}
    flows = traced.to_pandas()
    assert {type(units) for units in flows["full_base_units"]} == {int}
    assert list(flows["height"]) == sorted(flows["height"])


def test_holdings_are_a_sequence_of_rows_and_dicts_of_text(traced: TraceView) -> None:
    rows = traced.holdings()
    told: dict[str, Any] = rows.to_dict()
    assert told["rule"] == "haircut"
    assert len(rows) == len(list(rows)) == len(told["holdings"])
    first: dict[str, Any] = told["holdings"][0]
    assert (rows[0].id, str(rows[0].units)) == (first["id"], first["base_units"])
    assert all(isinstance(units, str) for units in first["claimed"].values())
    assert rows[0].id in repr(rows)
    assert "trace under haircut" in repr(traced)


def test_what_a_notebook_shows_escapes_foreign_text_and_calls_a_share_a_convention(traced: TraceView) -> None:
    shown = trace_html(traced)
    assert shown == traced._repr_html_()
    assert "a convention, not a fact" in shown
    assert "Reconciliation under haircut" in shown
    assert "<script>" not in holdings_html(traced.holdings().rows, traced.assets)


def test_without_pandas_a_table_says_how_to_get_it(traced: TraceView, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from cryptotrace.errors import ConfigurationError

    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ConfigurationError, match=r"pip install '\.\[notebook\]'"):
        traced.holdings().to_pandas()
