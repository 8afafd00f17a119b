"""The training case as a dossier and as documents, made once per rule and language."""

from __future__ import annotations

import shutil
import tempfile
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from pathlib import Path

from cryptotrace.case import Case
from cryptotrace.case.demo import enter
from cryptotrace.case.reporting import dossier
from cryptotrace.reports.content import content
from cryptotrace.reports.dossier import Dossier
from cryptotrace.reports.model import Document

MOMENT = datetime(2026, 3, 9, 12, tzinfo=UTC)


@cache
def training_dossier(rule: str = "fifo", *, exact: bool = False) -> Dossier:
    """The training case under a rule; its clock stands still."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        material = Path(folder) / "material"
        shutil.copytree(str(resources.files("cryptotrace.training")), material)
        with Case.create(
            Path(folder) / "case", title="Training case", author="An analyst", own_nodes_only=True, clock=lambda: MOMENT
        ) as case:
            enter(case, material)
            view = case.trace(rule=rule, reason="a test", dust=5000, exact=exact)
            return dossier(case, view.trace)


@cache
def training_document(rule: str = "fifo", language: str = "en") -> Document:
    """The report on it in one language."""
    return content(training_dossier(rule), language)
