"""The report as DOCX: what a prosecutor completes, edits and files."""

from __future__ import annotations

import io
from copy import deepcopy
from typing import TYPE_CHECKING

from cryptotrace.errors import ReportError
from cryptotrace.reports.docxparts import label_run, linked_runs, paragraph, tab, text_run
from cryptotrace.reports.docxstyles import LANGUAGES, set_head_and_foot, set_page, set_styles, text_size
from cryptotrace.reports.docxtable import form_element, pairs_element, table_element
from cryptotrace.reports.model import Blanks, Block, Document, Figure, Heading, Paragraph, Run, Style, Table
from cryptotrace.reports.office import is_digest, legal, made_at, without_times
from cryptotrace.reports.svg import size_of

if TYPE_CHECKING:
    from docx.oxml.xmlchemy import BaseOxmlElement as Element

#: Word needs a picture of dots: so many to an inch of the drawing as it was laid out.
_DOTS_PER_INCH = 200
_SHEET = b"""#set page(width: auto, height: auto, margin: 0pt, fill: white)
#image(bytes(sys.inputs.sheet), format: "svg", width: int(sys.inputs.width) * 1pt)"""
#: Height of the title above a drawing and of a line of its caption, and width of a letter there, at most; in points.
_TITLE_HEIGHT, _LINE_HEIGHT, _LETTER_WIDTH = 40, 11, 4.8


def docx_bytes(document: Document) -> bytes:
    """The document as DOCX: the same document gives the same bytes.

    The figure is set as a picture of 200 dots per inch, because Word shows no SVG without one.

    Raises:
        ReportError: a sheet of the figure cannot be drawn.
    """
    return _Word(document).package()


class _Word:
    """One Word document in the making."""

    def __init__(self, document: Document) -> None:
        import docx

        self.document = document
        self.made = docx.Document()
        self.body = self.made.element.body
        cited = dict.fromkeys(row.id for table in document.tables() for row in table.rows if row.id)
        self.bookmarks = {row_id: number for number, row_id in enumerate(cited, start=1)}
        self.width = text_size(document, is_wide=False)[0]

    def package(self) -> bytes:
        """The whole file."""
        self._write_properties()
        set_styles(self.made, self.document.language)
        section = self.made.sections[0]
        set_page(section, self.document, is_wide=False)
        set_head_and_foot(section, self.document)
        self._write_title_area()
        for part in self.document.sections:
            self._add(paragraph("Heading1", [text_run(f"{part.number}. {part.title}")]))
            for block in part.blocks:
                self._write(block)
        self._add(paragraph("Normal", []))  # Word wants a paragraph after the last table
        written = io.BytesIO()
        self.made.save(written)
        return without_times(written.getvalue())

    def _add(self, *elements: Element) -> None:
        """Append to the body, before the properties of its last section."""
        for one in elements:
            self.body[-1].addprevious(one)

    def _write_properties(self) -> None:
        document, properties = self.document, self.made.core_properties
        when = made_at(document)
        properties.created = properties.modified = when
        properties.title = legal(document.title)[:255]  # the most that python-docx takes; the title area has it whole
        properties.author = properties.last_modified_by = legal(document.author)[:255]
        properties.subject = legal(document.kind)[:255]
        properties.identifier = legal(document.report_id)[:255]
        properties.language = LANGUAGES[document.language]
        properties.comments = properties.keywords = ""
        properties.revision = 1
        relations = self.made.part.package.rels
        for name in [name for name, relation in relations.items() if relation.reltype.endswith("/thumbnail")]:
            del relations[name]  # a picture of python-docx's own template

    def _write_title_area(self) -> None:
        document = self.document
        self._add(paragraph("Kind", [text_run(document.kind)]), paragraph("Title", [text_run(document.title)]))
        pairs = tuple((name, (Run(value, _face_of(value)),)) for name, value in document.front)
        self._add(pairs_element(pairs, self.width))
        if document.warning:
            self._add(paragraph("Normal", []), paragraph("Warning", [text_run(document.warning)]))

    def _write(self, block: Block) -> None:
        if isinstance(block, Heading):
            self._add(paragraph("Heading2", [text_run(block.text)]))
        elif isinstance(block, Paragraph):
            self._write_paragraph(block)
        elif isinstance(block, Table):
            label = [text_run(" "), label_run(block.label)] if block.label else []
            self._add(paragraph("TableTitle", [text_run(block.title), *label]))
            self._add(table_element(block, self.width, self.bookmarks))
        elif isinstance(block, Figure):
            self._write_figure(block)
        elif isinstance(block, Blanks):
            self._add(form_element(block.lines, self.width))

    def _write_paragraph(self, block: Paragraph) -> None:
        label = [label_run(block.label)] if block.label else []
        cited = self.bookmarks.keys() & set(block.cites)
        text = linked_runs(block.text, cited)
        self._add(paragraph("Numbered", [text_run(block.number), tab(), *label, tab(), *text]))

    def _write_figure(self, figure: Figure) -> None:
        """The sheets, on pages across if one of them is wider than an upright page."""
        sizes = [size_of(svg) for svg in figure.sheets]
        is_wide = any(width * 20 > self.width for width, _ in sizes)
        if is_wide:
            self._end_section(is_next_wide=True)
        self._add(paragraph("TableTitle", [text_run(figure.title)]))
        self._add(paragraph("FigureCaption", [text_run(figure.caption)]))
        width, height = (points / 20 for points in text_size(self.document, is_wide=is_wide))
        height -= _TITLE_HEIGHT + _LINE_HEIGHT * (1 + int(len(figure.caption) * _LETTER_WIDTH / width))
        for number, (svg, size) in enumerate(zip(figure.sheets, sizes, strict=True), start=1):
            scale = min(1.0, width / size[0], height / size[1])
            name = f"{figure.title} {number}/{len(sizes)}"
            self._add(self._sheet(svg, (size[0] * scale, size[1] * scale), name, figure.caption))
        if is_wide:
            self._end_section(is_next_wide=False)

    def _sheet(self, svg: str, points: tuple[float, float], name: str, caption: str) -> Element:
        from docx.shared import Pt

        picture = paragraph("Sheet", [])
        inline = self.made.part.new_pic_inline(io.BytesIO(png(svg)), Pt(points[0]), Pt(points[1]))
        for side in ("distT", "distB", "distL", "distR"):
            inline.set(side, "0")  # without it some programs keep text away and the drawing leaves the margin
        inline.docPr.set("name", legal(name))
        inline.docPr.set("descr", legal(f"{name}. {caption}"))
        run = text_run("")
        run.remove(run[0])
        drawing = run.makeelement(run.tag.replace("}r", "}drawing"))
        drawing.append(inline)
        run.append(drawing)
        picture.append(run)
        return picture

    def _end_section(self, *, is_next_wide: bool) -> None:
        """End the section with the last paragraph; what follows begins on a new page."""
        last = self.body[-2]
        if not last.tag.endswith("}p"):
            self._add(last := paragraph("Normal", []))
        last.get_or_add_pPr().append(deepcopy(self.body[-1]))
        set_page(self.made.sections[-1], self.document, is_wide=is_next_wide)


def _face_of(value: str) -> Style:
    return Style.MONO if is_digest(value) else Style.PLAIN


def png(svg: str) -> bytes:
    """A sheet as a picture of dots, drawn with the fonts inside Typst: the same on every machine.

    Raises:
        ReportError: it does not say its size, or Typst refuses it; that is a mistake of this library.
    """
    import typst

    try:
        made = typst.compile(
            _SHEET,
            format="png",
            ppi=_DOTS_PER_INCH,
            sys_inputs={"sheet": svg, "width": str(size_of(svg)[0])},
            ignore_system_fonts=True,
        )
    except typst.TypstError as error:
        raise ReportError(f"the figure cannot be drawn: {error}; write json instead and report this") from error
    if not isinstance(made, bytes):
        raise ReportError("Typst gave no single picture; write json instead and report this")
    return made
