"""The report as PDF/A-3 by Typst, with the machine-readable data attached.

Fonts are those inside Typst, so a page is the same on every machine.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from importlib import resources
from typing import Literal

from cryptotrace.errors import ReportError
from cryptotrace.reports.jsonfile import json_bytes
from cryptotrace.reports.model import Blanks, Block, Document, Figure, Heading, Paragraph, Row, Table
from cryptotrace.reports.office import is_digest, made_at
from cryptotrace.reports.svg import size_of

#: PDF/A-3a (ISO 19005-3, level A): tagged, and files may be attached.
_STANDARD: Literal["a-3a"] = "a-3a"
#: An upright page has so many points between its margins; a wider drawing gets a page across.
_UPRIGHT_WIDTH = 493


def pdf_bytes(document: Document) -> bytes:
    """The document as PDF: the same document gives the same bytes.

    Raises:
        ReportError: Typst refuses it; that is a mistake of this library.
    """
    import typst

    with resources.as_file(resources.files("cryptotrace.reports") / "report.typ") as template:
        try:
            made = typst.compile(
                template,
                root=template.parent,
                sys_inputs={"document": json.dumps(_document(document), ensure_ascii=False)},
                pdf_standards=[_STANDARD],
                ignore_system_fonts=True,
            )
        except typst.TypstError as error:
            raise ReportError(f"the PDF cannot be set: {error}; write docx or json instead and report this") from error
    if not isinstance(made, bytes):
        raise ReportError("Typst gave no single document; write docx or json instead and report this")
    return made


def _document(document: Document) -> dict[str, object]:
    """What ``report.typ`` reads."""
    return {
        "language": document.language,
        "kind": document.kind,
        "title": document.title,
        "author": document.author,
        "date": _date(made_at(document)),
        "mark": document.mark,
        "warning": document.warning,
        "running": document.running,
        "page_of": document.page_of,
        "front": [(name, {"text": value, "mono": is_digest(value)}) for name, value in document.front],
        "ids": [row.id for table in document.tables() for row in table.rows if row.id],
        "sections": [
            {
                "number": s.number,
                "title": s.title,
                "whole": any(isinstance(block, Blanks) for block in s.blocks),  # what is signed stands on one page
                "blocks": [_block(block) for block in s.blocks],
            }
            for s in document.sections
        ],
        "attached": json_bytes(document).decode(),
        "attached_as": document.running,
    }


def _date(when: datetime) -> dict[str, int]:
    return {part: getattr(when, part) for part in ("year", "month", "day", "hour", "minute", "second")}


def _block(block: Block) -> dict[str, object]:
    writers: dict[type, Callable[..., dict[str, object]]] = {
        Heading: lambda b: {"kind": "heading", "text": b.text},
        Paragraph: _paragraph,
        Table: _table,
        Figure: _figure,
        Blanks: lambda b: {"kind": "blanks", "lines": b.lines},
    }
    return writers[type(block)](block)


def _paragraph(paragraph: Paragraph) -> dict[str, object]:
    """The text without the cited ids at its end, which the template sets as links to their rows."""
    return {
        "kind": "paragraph",
        "number": paragraph.number,
        "label": paragraph.label,
        "text": paragraph.text.removesuffix(f" [{', '.join(paragraph.cites)}]"),
        "cites": paragraph.cites,
    }


def _table(table: Table) -> dict[str, object]:
    return {
        "kind": "table",
        "title": table.title,
        "label": table.label,
        "columns": [{"title": c.title, "width": c.width, "label": c.label, "right": c.is_right} for c in table.columns],
        "rows": [_row(row) for row in table.rows],
    }


def _row(row: Row) -> dict[str, object]:
    return {"id": row.id, "role": row.role, "cells": [cell.lines for cell in row.cells]}


def _figure(figure: Figure) -> dict[str, object]:
    return {
        "kind": "figure",
        "title": figure.title,
        "caption": figure.caption,
        "alt": f"{figure.title}. {figure.caption}",
        "sheets": [_sheet(svg) for svg in figure.sheets],
    }


def _sheet(svg: str) -> dict[str, object]:
    width, height = size_of(svg)
    return {"svg": svg, "wide": width > _UPRIGHT_WIDTH, "ratio": height / width}
