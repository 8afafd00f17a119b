"""A small sample of the long run, and proof that it sees a loss."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.kills.run import run


def test_a_killed_process_loses_nothing_that_it_had_acknowledged(tmp_path: Path) -> None:
    assert run(tmp_path, kills=4, seed=1, report=lambda _: None) > 0


def test_a_loss_would_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.kills.run._written_until_killed", lambda *_: [("answer", "0" * 64)])

    with pytest.raises(AssertionError):
        run(tmp_path, kills=1, seed=1, report=lambda _: None)
