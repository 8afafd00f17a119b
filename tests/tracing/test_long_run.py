from __future__ import annotations

from typing import Any

import pytest
from tests.tracing import checks, long_run


def test_a_sample_of_the_long_run_holds() -> None:
    tally = long_run.run(60, seed=7)
    assert (tally.chains, tally.ledgers) == (60, 60)
    assert not tally.failures


def test_a_failing_case_is_printed_with_its_number_and_its_seed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def breaks(case: Any) -> None:
        raise AssertionError("on purpose")

    monkeypatch.setattr(checks, "holds", breaks)
    assert long_run.main(["--cases", "1", "--seed", "3", "--first", "41"]) == 1
    printed = capsys.readouterr().out
    assert "seed 3" in printed
    assert 'case 41: AssertionError: on purpose\n{"kind": "utxo"' in printed
