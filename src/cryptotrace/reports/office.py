"""What the file formats share: text that XML can hold, the document's date, a zip without the time of its making."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, datetime

from cryptotrace.reports.foreign import code_point
from cryptotrace.reports.model import Document

#: Characters that XML 1.0 cannot hold, and controls that an office program would act upon.
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_UNSAFE_IN_LINES = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_DIGEST = re.compile(r"[0-9a-f]{40,64}", re.ASCII)
#: The first moment that a zip can hold; stands where a document has no date.
_NO_DATE = datetime(1980, 1, 1, tzinfo=UTC)
_FIRST_PART = "[Content_Types].xml"


def legal(text: str, *, has_lines: bool = False) -> str:
    """``text`` with each character that would break the file shown by its code point.

    The content model holds no such character; a document that did not come from it must not make a broken file.
    ``has_lines`` keeps line feeds.
    """
    unsafe = _UNSAFE_IN_LINES if has_lines else _UNSAFE
    return unsafe.sub(lambda found: code_point(found[0]), text)


def is_digest(text: str) -> bool:
    """True if the text is a digest, which is set in a fixed width."""
    return _DIGEST.fullmatch(text) is not None


def made_at(document: Document) -> datetime:
    """When the document counts as made: its cut-off in UTC, no wall clock; the start of 1980 if it has none."""
    if not document.date:
        return _NO_DATE
    when = datetime.fromisoformat(document.date)
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)


def without_times(package: bytes) -> bytes:
    """The same zip with its parts in one order and no time, system or user of its making."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as old, zipfile.ZipFile(made, "w") as new:
        for name in sorted(old.namelist(), key=lambda n: (n != _FIRST_PART, n)):
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3  # else it would name the system it was written on
            entry.external_attr = 0o600 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, old.read(name), compresslevel=6)
    return made.getvalue()
