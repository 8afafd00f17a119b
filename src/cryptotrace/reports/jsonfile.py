"""The report as canonical JSON (sorted keys, no spaces, UTF-8): rows for a machine, and the text of one language."""

from __future__ import annotations

from cryptotrace.evidence.canonical import canonical_json
from cryptotrace.reports.model import Document

SCHEMA = "cryptotrace-tracing-report/1"


def json_bytes(document: Document) -> bytes:
    """The document as JSON: ``report`` is the same in every language, ``paragraphs`` is what it says in this one."""
    return canonical_json(
        {
            "schema": SCHEMA,
            "report_id": document.report_id,
            "language": document.language,
            "mark": document.mark,
            "warning": document.warning,
            "report": document.data,
            "paragraphs": [
                {
                    "number": p.number,
                    "class": None if p.label is None else p.label.value,
                    "text": p.text,
                    "rows": list(p.cites),
                }
                for p in document.paragraphs()
            ],
        }
    )
