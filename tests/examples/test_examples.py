"""The examples run as a reader would run them, and end with the figures that they promise."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbclient
import nbformat
import pytest
from tests.shared_data import shared_folder

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
NOTEBOOK = EXAMPLES / "from_claim_to_report.ipynb"


def run_script(name: str, *arguments: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLES / name), *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONUTF8": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def colonial(tmp_path: Path) -> Path:
    """The recorded answers, under the names of the example."""
    folder = tmp_path / "colonial"
    folder.mkdir()
    for path in (shared_folder() / "data" / "cases-bih").glob("*colonial_*_txs.json"):
        (folder / path.name.partition("__")[2]).write_bytes(path.read_bytes())
    return folder


def test_the_script_of_the_training_case_compares_the_rules_and_writes_the_report(tmp_path: Path) -> None:
    said = run_script("training_case.py", tmp_path / "case")

    assert "fifo         for findings     at a service:   3.25000000 BTC" in said
    assert "poison" not in said
    assert {path.name for path in (tmp_path / "case" / "reports").iterdir()} == {
        f"tracing-report.{language}.{suffix}" for language in ("en", "ru") for suffix in ("pdf", "docx", "xlsx", "json")
    }


@pytest.mark.shared
def test_the_colonial_script_reports_the_published_figures_and_the_gap_with_its_amount(
    tmp_path: Path, colonial: Path
) -> None:
    said = run_script("colonial_pipeline.py", colonial, tmp_path / "case")

    assert "ransom: 75.00030000 BTC" in said
    assert "received by the wallet of the affidavit: 69.60422177 BTC" in said
    assert "to the seizure address: 63.69996546 BTC" in said
    assert "gap of 75.00015939 BTC: the files of json:colonial do not say whether it is spent" in said
    assert (tmp_path / "case" / "reports" / "tracing-report.en.pdf").is_file()


def run_notebook(monkeypatch: pytest.MonkeyPatch, folder: Path, **environment: Path) -> list[str]:
    """Run every cell in a real kernel; the text of every output."""
    monkeypatch.setenv("CRYPTOTRACE_EXAMPLES", str(folder / "cases"))
    for name, value in environment.items():
        monkeypatch.setenv(name, str(value))
    notebook = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    return [str(output.get("text", "")) + str(output.get("data", "")) for output in outputs]


@pytest.mark.filterwarnings("default")  # the kernel's own sockets, on some systems
def test_the_notebook_shows_trace_table_and_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CRYPTOTRACE_COLONIAL", raising=False)
    shown = run_notebook(monkeypatch, tmp_path)

    assert any("text/html" in output and "Reconciliation under fifo" in output for output in shown)
    assert any("image/svg+xml" in output for output in shown)
    assert any("claimed_base_units" in output and "500010000" in output for output in shown)
    assert any("this part is left out" in output for output in shown)


@pytest.mark.shared
@pytest.mark.filterwarnings("default")
def test_the_notebook_follows_the_colonial_files_where_they_are_at_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, colonial: Path
) -> None:
    shown = "".join(run_notebook(monkeypatch, tmp_path, CRYPTOTRACE_COLONIAL=colonial))

    assert "ransom: 75.00030000 BTC" in shown
    assert "unknown 75.00015939 BTC" in shown
    assert "difference: 0" in shown


def test_the_notebook_is_kept_without_outputs() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    for cell in notebook.cells:
        assert not cell.get("outputs"), "clear the outputs: they are made again in each test"


def test_the_first_hour_of_a_claim_on_usdt_ends_with_the_two_sheets(tmp_path: Path) -> None:
    said = run_script("first_hour_usdt.py", tmp_path / "case")

    assert "claimed 40000.000000 USDT" in said
    assert "difference  0" in said
    assert said.count(": complete between blocks 0 and 54") == 5
    assert "into a customer's deposit address (L4) of Training Exchange T" in said
    assert ": frozen; ALREADY FROZEN" in said
    assert {path.suffix for path in (tmp_path / "case" / "reports").iterdir()} == {".csv", ".xlsx"}
