"""The training case, step by step."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path

import pytest

from cryptotrace.case import Case
from cryptotrace.case.demo import enter


class Clock:
    """A second passes at each look."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 9, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture
def material(tmp_path: Path) -> Path:
    """The recorded files, outside of any case."""
    folder = tmp_path / "material"
    shutil.copytree(str(resources.files("cryptotrace.training")), folder)
    return folder


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    """A new case that knows nothing yet."""
    with Case.create(
        tmp_path / "case", title="A case", author="An analyst", own_nodes_only=True, clock=Clock()
    ) as made:
        yield made


@pytest.fixture
def claimed(case: Case, material: Path) -> Case:
    """The training case, entered but not traced."""
    enter(case, material)
    return case
