"""Pieces of a Word document: runs, paragraphs, fields, links and bookmarks, as elements of WordprocessingML.

Built directly because python-docx finds a cell by counting all cells before it, which takes minutes in a long schedule.

Source: ECMA-376, part 1, chapter 17.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from cryptotrace.reports.model import Run, Style
from cryptotrace.reports.office import legal

if TYPE_CHECKING:
    from docx.oxml.xmlchemy import BaseOxmlElement as Element

#: Character styles of the runs that are not plain; `docxstyles` says how they look.
RUN_STYLES = {Style.STRONG: "Strong", Style.MONO: "Digest", Style.SMALL: "Note"}
LABEL_STYLE = "LinkClass"
_PAGE_FIELDS = {"{page}": "PAGE", "{pages}": "NUMPAGES"}
_ROW_ID = re.compile(r"[A-Z]-[0-9]+", re.ASCII)


def element(tag: str, attributes: dict[str, str] | None = None, *children: Element) -> Element:
    """One element; tag and attributes with their prefix, e.g. ``w:p``."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    made = OxmlElement(tag)
    for name, value in (attributes or {}).items():
        made.set(qn(name), value)
    made.extend(children)
    return made


def value(tag: str, text: str) -> Element:
    """An element whose only attribute is ``w:val``."""
    return element(tag, {"w:val": text})


def text_run(text: str, style: str = "") -> Element:
    """A run of text in a character style."""
    words = element("w:t")
    words.text = legal(text)
    words.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    return _run(style, words)


def tab() -> Element:
    """A tabulator."""
    return _run("", element("w:tab"))


def _run(style: str, *content: Element) -> Element:
    properties = [element("w:rPr", None, value("w:rStyle", style))] if style else []
    return element("w:r", None, *properties, *content)


def label_run(label: str) -> Element:
    """The class of a statement, in its frame."""
    return text_run(f"\u00a0{label}\u00a0", LABEL_STYLE)


def model_runs(line: Iterable[Run]) -> list[Element]:
    """The runs of a line of the model."""
    return [text_run(run.text, RUN_STYLES.get(run.style, "")) for run in line if run.text]


def paragraph(style: str, content: Iterable[Element], *properties: Element) -> Element:
    """A paragraph in a paragraph style; ``properties`` in the order of the schema."""
    head = element("w:pPr", None, value("w:pStyle", style), *properties)
    return element("w:p", None, head, *content)


def page_runs(page_of: str) -> list[Element]:
    """``page x of y``, both counted by the program that shows the document."""
    parts = re.split(r"(\{pages?\})", page_of)
    return [run for part in parts if part for run in _page_part(part)]


def _page_part(part: str) -> list[Element]:
    if part not in _PAGE_FIELDS:
        return [text_run(part)]
    code = element("w:instrText")
    code.text = f" {_PAGE_FIELDS[part]} "
    marks = [_run("", element("w:fldChar", {"w:fldCharType": kind})) for kind in ("begin", "separate", "end")]
    return [marks[0], _run("", code), marks[1], text_run("1"), marks[2]]


def linked_runs(text: str, ids: Collection[str]) -> list[Element]:
    """``text`` with each of the row ids in it as a link to its row."""
    runs, at = [], 0
    for found in _ROW_ID.finditer(text):
        if found[0] in ids:
            runs += [text_run(text[at : found.start()])] if found.start() > at else []
            link = element("w:hyperlink", {"w:anchor": bookmark_name(found[0])}, text_run(found[0], "RowLink"))
            runs.append(link)
            at = found.end()
    return runs + ([text_run(text[at:])] if at < len(text) else [])


def bookmark_name(row_id: str) -> str:
    """Name of the bookmark at a row: Word allows letters, digits and underscores."""
    return "row_" + row_id.replace("-", "_")


def bookmark(row_id: str, number: int) -> tuple[Element, Element]:
    """Begin and end of a bookmark; ``number`` is another one for each bookmark of the document."""
    begin = element("w:bookmarkStart", {"w:id": str(number), "w:name": bookmark_name(row_id)})
    return begin, element("w:bookmarkEnd", {"w:id": str(number)})
