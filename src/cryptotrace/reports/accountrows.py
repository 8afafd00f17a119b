"""What only an account chain has: the histories of the holdings that shares rest on, and names of movements."""

from __future__ import annotations

from dataclasses import dataclass

from cryptotrace.model.flow import Pot
from cryptotrace.model.pot import PotCheck
from cryptotrace.reports.dossier import Dossier
from cryptotrace.tracing.result import Trace


@dataclass(frozen=True, slots=True)
class CheckRow:
    """The history of a holding that claimed value entered, and whether its arithmetic closes."""

    id: str
    """``C-0001`` and so on, in the order in which the trace opened the holdings."""
    check: PotCheck
    """The history and its check."""
    evidence: tuple[str, ...] = ()
    """Ids of the recorded answers that the balance was read from."""


def check_rows(dossier: Dossier) -> tuple[CheckRow, ...]:
    """The histories of the trace with their ids."""
    numbers = {answer.digest: f"E-{n:04d}" for n, answer in enumerate(dossier.answers, start=1)}
    found = ((check, tuple(numbers[d] for d in check.evidence if d in numbers)) for check in dossier.trace.pots)
    return tuple(CheckRow(f"C-{n:04d}", *each) for n, each in enumerate(found, start=1))


def rests_on(trace: Trace, checks: tuple[CheckRow, ...]) -> dict[str, tuple[str, ...]]:
    """Flow id or pot -> ids of the histories on the way there that are not shown to be complete."""
    id_of: dict[Pot, str] = {row.check.pot: row.id for row in checks}
    return {name: tuple(id_of[check.pot] for check in pots) for name, pots in trace.unchecked().items()}


def place_name(place: str) -> str:
    """The place of a movement as it is printed: ``log 3`` for ``log.3``."""
    return place.replace(".", " ", 1)
