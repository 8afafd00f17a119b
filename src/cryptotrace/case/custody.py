"""What a case writes into its custody log: each action with its settings, its result, and the evidence held by then."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from cryptotrace.case.file import CaseFile
from cryptotrace.errors import CaseError, EvidenceError
from cryptotrace.evidence.archive import Archive
from cryptotrace.evidence.canonical import canonical_json
from cryptotrace.evidence.custody import CustodyLog, Entry
from cryptotrace.model.source import Source
from cryptotrace.sources import parse_spec

#: Options of a specification that name a file.
_PLACES = frozenset({"cookie", "ca"})


def digest(value: object) -> str:
    """SHA-256 of a value as canonical JSON."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def write(log: CustodyLog, archive: Archive, action: str, parameters: Mapping[str, Any], result: str) -> None:
    """Log an action. The entry vouches for the evidence: it holds the number of answers and the head of their index."""
    evidence = {"answers": len(archive), "head": archive.head}
    log.append(action, {**parameters, "evidence": evidence}, result)


def of_source(source: Source, spec: str) -> dict[str, Any]:
    """A source as the log names it: without secrets and without places on somebody's disk."""
    options = [f"{key}={value}" for key, value in parse_spec(spec).options if key not in _PLACES]
    tip = source.tip()
    return {"source": source.name, "options": options, "tip": {"height": tip.height, "hash": tip.hash}}


def check(log: CustodyLog, archive: Archive, settings: CaseFile) -> None:
    """See that the log is whole, that the evidence is what it vouches for, and that the case is as careful as it began.

    Raises:
        EvidenceError: the log was altered, or answers are gone that it knows of.
        CaseError: the case was made for own nodes only, and ``case.toml`` does not say so any more.
    """
    log.check()
    entries = list(log.entries())
    for entry in entries[-1:]:  # none while the case is being made
        known = entry.parameters.get("evidence", {"answers": 0, "head": archive.head_at(0)})
        if len(archive) < known["answers"] or archive.head_at(known["answers"]) != known["head"]:
            raise EvidenceError(
                f"{archive.folder}: entry {entry.number} of the custody log knows {known['answers']} answers up to "
                f"{known['head']}, and the index does not hold them; restore the folder from a copy"
            )
    for entry in entries[:1]:
        if entry.parameters.get("own_nodes_only") and not settings.own_nodes_only:
            raise CaseError(
                "the case was made for own nodes only, and case.toml does not say so any more; write "
                "own_nodes_only = true into it, or make a new case"
            )


def entry_of_trace(log: CustodyLog, trace: str) -> Entry:
    """The newest entry whose result is the trace of that digest.

    Raises:
        CaseError: no such trace was made in this case.
    """
    found = [entry for entry in log.entries() if (entry.action, entry.result) == ("trace", trace)]
    if not found:
        raise CaseError(
            "this trace was not made in this case, so nothing says what it rests on; make it with case.trace"
        )
    return found[-1]
