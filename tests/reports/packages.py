"""What the tests of the office formats share: a hostile document, and rendering in another process."""

from __future__ import annotations

import hashlib
import os
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from tests.reports.made import training_document

from cryptotrace.model.verdict import LinkClass
from cryptotrace.reports.model import Cell, CellKind, Column, Document, Paragraph, Row, Run, Section, Table

#: Formulas, a DDE call, markup, a link, escapes of the spreadsheet format, controls, half of a surrogate pair.
HOSTILE = (
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1:A9)",
    "\t=1+1",
    "</w:t></w:r><w:r><w:t>x",
    '"]]><!--&amp;&lt;',
    "https://example.com/?a=b&c=d",
    "_x0041_",
    "nul \x00 bell \x07 tab \x0b",
    "half \ud800 pair",
    "007",
    "9007199254740993",
    "{=1}",
    "&R&Z&F",
)


def hostile_document() -> Document:
    """A document that no content model would make: every text in it is foreign."""
    rows = [Row(f"X-{n:04d}", (_cell(f"X-{n:04d}"), _cell(text))) for n, text in enumerate(HOSTILE, start=1)]
    columns = (Column("=A1", 10), Column("<b>&", 20, LinkClass.L5))
    table = Table("settings", "[a]:*?/\\ 'b' and a title that is much too long", None, columns, tuple(rows))
    twin = Table("unknown", table.title, LinkClass.L5, columns, tuple(rows[:2]))
    paragraphs = tuple(Paragraph(f"1.{n}", text, LinkClass.L5, ("X-0001",)) for n, text in enumerate(HOSTILE, start=1))
    section = Section(1, "question", HOSTILE[5], (*paragraphs, table, twin, replace(twin, title=twin.title.upper())))
    return replace(
        training_document(),
        title='=HYPERLINK("https://example.com") \x01',
        author="\x00&",
        running="&C&D " * 60,
        mark=HOSTILE[6],
        front=tuple((text, text) for text in HOSTILE),
        sections=(section,),
    )


def _cell(text: str) -> Cell:
    return Cell(CellKind.TEXT, ((Run(text),),), text)


def digests_elsewhere(document: Document, folder: Path, function: str) -> set[str]:
    """SHA-256 of the document rendered in two processes with other clocks' zones, hash seeds and locales."""
    kept = folder / "document.pickle"
    kept.write_bytes(pickle.dumps(document))
    module = f"cryptotrace.reports.{function.removesuffix('_bytes')}file"
    code = (
        "import hashlib, pathlib, pickle, sys\n"
        f"from {module} import {function} as rendered\n"
        "document = pickle.loads(pathlib.Path(sys.argv[1]).read_bytes())\n"
        "print(hashlib.sha256(rendered(document)).hexdigest())\n"
    )
    found = set()
    for seed, zone, locale in (("1", "Pacific/Kiritimati", "C"), ("77", "America/Adak", "ru_RU.UTF-8")):
        env = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": locale}
        done = subprocess.run(
            [sys.executable, "-c", code, str(kept)],
            env=env,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=True,
        )
        found.add(done.stdout.strip())
    return found


def digest(data: bytes) -> str:
    """SHA-256, hex."""
    return hashlib.sha256(data).hexdigest()
