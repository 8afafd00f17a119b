"""From a dossier to documents: one per language, each in every format that was asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from cryptotrace.errors import ReportError
from cryptotrace.reports.content import content
from cryptotrace.reports.docxfile import docx_bytes
from cryptotrace.reports.dossier import Dossier
from cryptotrace.reports.jsonfile import json_bytes
from cryptotrace.reports.model import Document
from cryptotrace.reports.pdffile import pdf_bytes
from cryptotrace.reports.xlsxfile import xlsx_bytes

#: Suffix of a format -> how a document becomes bytes of it.
RENDERERS: Mapping[str, Callable[[Document], bytes]] = {
    "pdf": pdf_bytes,
    "docx": docx_bytes,
    "xlsx": xlsx_bytes,
    "json": json_bytes,
}


def render(
    dossier: Dossier,
    *,
    formats: Sequence[str],
    languages: Sequence[str],
    progress: Callable[[int, int], None] | None = None,
) -> dict[tuple[str, str], bytes]:
    """The bytes of the document in each language and format; nothing is written.

    Args:
        dossier: what is reported.
        formats: any of ``RENDERERS``.
        languages: any of ``en``, ``ru``.
        progress: called with (documents made, documents to make).

    Returns:
        (language, format) -> bytes, by language, then by format, in the order in which they were asked for.

    Raises:
        ReportError: no such format or language, or none was asked for.
    """
    unknown = [name for name in formats if name not in RENDERERS]
    if unknown or not formats or not languages:
        what = f"no report format {unknown[0]!r}" if unknown else "no format or no language was asked for"
        raise ReportError(f"{what}; formats are {', '.join(RENDERERS)}, languages are en, ru")
    documents = [content(dossier, language) for language in dict.fromkeys(languages)]
    wanted = [(document, name) for document in documents for name in dict.fromkeys(formats)]
    made: dict[tuple[str, str], bytes] = {}
    for document, name in wanted:
        made[document.language, name] = RENDERERS[name](document)
        if progress is not None:
            progress(len(made), len(wanted) - len(made))
    return made
