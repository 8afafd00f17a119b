"""What every command of the command line reads and prints: a case, a time, JSON, a progress bar."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cryptotrace.case import Case, TraceView


def opened(parsed: argparse.Namespace) -> Case:
    """The case that ``--case`` names."""
    from cryptotrace.case import Case

    return Case.open(parsed.case)


def words(text: str) -> tuple[str, ...]:
    """Words separated by commas, in small letters."""
    return tuple(word.strip().lower() for word in text.split(","))


def moment(text: str | None) -> Any:
    """A time with its zone, or None.

    Raises:
        CaseError: not ISO 8601, or without a time zone.
    """
    from datetime import datetime

    from cryptotrace.errors import CaseError

    if text is None:
        return None
    try:
        when = datetime.fromisoformat(text)
    except ValueError as error:
        raise CaseError(f"--until {text}: not ISO 8601, e.g. 2026-03-01T00:00:00+00:00") from error
    if when.tzinfo is None:
        raise CaseError(f"--until {text}: name the time zone, e.g. {when.isoformat()}+00:00 for UTC")
    return when


def show_trace(view: TraceView, *, as_json: bool) -> None:
    """Print a trace and its reconciliation."""
    if as_json:
        print_json(view.to_dict())
        return
    print(f"{view!r}\n")
    print(repr(view.reconcile()) if view.trace.conserves else "poison is a set of what was touched; nothing is summed")


def print_json(document: object) -> None:
    """Print a document as JSON and nothing else."""
    json.dump(document, sys.stdout, ensure_ascii=False, indent=1)
    print()


@contextlib.contextmanager
def progress_bar(text: str) -> Iterator[Callable[[int, int], None] | None]:
    """A progress bar on stderr when it is a terminal, else nothing."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(text, total=None)
        yield lambda done, waiting: bar.update(task, completed=done, total=done + waiting)
