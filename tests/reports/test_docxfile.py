"""The DOCX: everything of the document is in it, a program opens it, nothing foreign acts in it, the same bytes each time."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.oxml.ns import qn
from docx.text.paragraph import Paragraph as TextParagraph
from tests.reports.made import training_document
from tests.reports.packages import HOSTILE, digest, digests_elsewhere, hostile_document

from cryptotrace.errors import ReportError
from cryptotrace.reports.docxfile import docx_bytes, png
from cryptotrace.reports.model import Blanks, Document, Figure, Heading, RowRole, Table
from cryptotrace.reports.office import legal

LANGUAGES = pytest.mark.parametrize("language", ["en", "ru"])


def opened(document: Document) -> Any:
    return docx.Document(io.BytesIO(docx_bytes(document)))


def text_of(element: Any) -> str:
    """All text in an element, links included; a paragraph is a line."""
    return "\n".join("".join(t.text or "" for t in p.iter(qn("w:t"))) for p in element.iter(qn("w:p")))


def word_tables(made: Any) -> dict[str, Any]:
    """The tables of the model, by title."""
    found = {}
    for table in made.element.body.iter(qn("w:tbl")):
        caption = table.find(f"{qn('w:tblPr')}/{qn('w:tblCaption')}")
        if caption is not None:
            found[caption.get(qn("w:val"))] = table
    return found


@LANGUAGES
@pytest.mark.parametrize("rule", ["fifo", "poison"])
def test_every_cell_of_every_table_stands_in_its_place_in_full(rule: str, language: str) -> None:
    document = training_document(rule, language)
    tables = word_tables(opened(document))

    assert list(tables) == [table.title for table in document.tables()]
    for table in document.tables():
        shown = [[text_of(cell) for cell in row.iter(qn("w:tc"))] for row in tables[table.title].iter(qn("w:tr"))]
        meant = [
            ["\n".join("".join(r.text for r in line) for line in c.lines) for c in row.cells] for row in table.rows
        ]
        assert shown[1:] == meant
        assert [title.split(" \u00a0L")[0] for title in shown[0]] == [column.title for column in table.columns]


@LANGUAGES
def test_every_paragraph_has_its_number_its_class_and_its_text(language: str) -> None:
    document = training_document("fifo", language)
    lines = [text_of(p) for p in opened(document).element.body.iterchildren(qn("w:p"))]

    for paragraph in document.paragraphs():
        label = f"\u00a0{paragraph.label}\u00a0" if paragraph.label else ""
        assert f"{paragraph.number}{label}{paragraph.text}" in lines


@LANGUAGES
def test_sections_and_their_parts_are_real_headings(language: str) -> None:
    document = training_document("fifo", language)
    made = opened(document)
    headings = [(p.style.name, p.text) for p in made.paragraphs if p.style.name.startswith("Heading")]
    meant = []
    for section in document.sections:
        meant.append(("Heading 1", f"{section.number}. {section.title}"))
        meant += [("Heading 2", block.text) for block in section.blocks if isinstance(block, Heading)]

    assert headings == meant


def test_full_hashes_are_one_unbroken_run_in_a_fixed_face() -> None:
    document = training_document()
    made = opened(document)
    mono = {r.text for p in made.element.body.iter(qn("w:p")) for r in TextParagraph(p, made).runs
            if r.style.name == "Digest"}  # fmt: skip
    transactions = document.data["transactions"]
    assert isinstance(transactions, list)

    assert {row["txid"] for row in transactions} <= mono
    assert {row["block"]["hash"] for row in transactions} <= mono
    face = made.styles["Digest"].element.find(f"{qn('w:rPr')}/{qn('w:rFonts')}")
    assert {face.get(qn(f"w:{script}")) for script in ("ascii", "hAnsi", "cs", "eastAsia")} == {"Courier New"}


def test_a_cited_row_id_is_a_link_to_the_row_that_bears_it() -> None:
    document = training_document()
    body = opened(document).element.body
    marks = {b.get(qn("w:name")): b for b in body.iter(qn("w:bookmarkStart"))}
    links = list(body.iter(qn("w:hyperlink")))
    ids = {row.id for table in document.tables() for row in table.rows if row.id}

    assert set(marks) == {"row_" + row_id.replace("-", "_") for row_id in ids}
    assert len({b.get(qn("w:id")) for b in marks.values()}) == len(marks)
    for link in links:
        shown = "".join(t.text for t in link.iter(qn("w:t")))
        assert text_of(marks[link.get(qn("w:anchor"))].getparent()).startswith(shown)
    cited = {i for p in document.paragraphs() for i in p.cites}
    assert {"".join(t.text for t in link.iter(qn("w:t"))) for link in links} == cited


def test_tables_repeat_their_head_and_rows_stay_whole() -> None:
    for table in word_tables(opened(training_document())).values():
        rows = list(table.iter(qn("w:tr")))
        assert rows[0].find(f"{qn('w:trPr')}/{qn('w:tblHeader')}") is not None
        assert all(row.find(f"{qn('w:trPr')}/{qn('w:cantSplit')}") is not None for row in rows)


def test_groups_and_totals_differ_from_plain_rows_without_colour() -> None:
    document = training_document()
    table = next(t for t in document.tables() if t.key == "transactions")
    shades = set()
    for row, drawn in zip(
        table.rows, list(word_tables(opened(document))[table.title].iter(qn("w:tr")))[1:], strict=True
    ):
        shade = drawn.find(f"{qn('w:tc')}/{qn('w:tcPr')}/{qn('w:shd')}")
        fill = "" if shade is None else shade.get(qn("w:fill"))
        assert fill == "" or re.fullmatch(r"(..)\1\1", fill)
        shades.add((row.role, fill))
        span = drawn.find(f"{qn('w:tc')}/{qn('w:tcPr')}/{qn('w:gridSpan')}")
        assert (span is not None) == (row.role is RowRole.GROUP)
    assert len({fill for _, fill in shades}) == len(shades) == 3


def test_numbers_stand_on_the_right() -> None:
    document = training_document()
    table = next(t for t in document.tables() if t.key == "holdings")
    drawn = list(word_tables(opened(document))[table.title].iter(qn("w:tr")))[1]
    for cell, column in zip(drawn.iter(qn("w:tc")), table.columns, strict=True):
        sides = {j.get(qn("w:val")) for j in cell.iter(qn("w:jc"))}
        assert sides == ({"right"} if column.is_right else set())


@LANGUAGES
def test_every_page_carries_the_mark_the_running_text_and_counted_pages(language: str) -> None:
    document = training_document("lifo", language)
    made = opened(document)

    assert document.mark
    assert document.warning
    for section in made.sections:
        assert {document.mark, document.warning, document.running} <= set(
            text_of(section.header.part.element).split("\n")
        )
        fields = [i.text.strip() for i in section.footer.part.element.iter(qn("w:instrText"))]
        assert fields == ["PAGE", "NUMPAGES"]
        assert text_of(section.footer.part.element) == document.page_of.format(page=1, pages=1)


@pytest.mark.parametrize("rule", ["lifo", "poison", "tiho"])
def test_a_rule_that_is_not_for_findings_is_named_so_in_the_title_area(rule: str) -> None:
    document = training_document(rule)
    first = [p.text for p in opened(document).paragraphs]
    assert document.warning
    assert document.warning in first[: first.index("1. Question")]


@LANGUAGES
def test_the_language_of_proofing_is_that_of_the_document(language: str) -> None:
    made = opened(training_document("fifo", language))
    tag = made.styles.element.xpath("w:docDefaults/w:rPrDefault/w:rPr/w:lang")[0]
    assert tag.get(qn("w:val")) == {"en": "en-US", "ru": "ru-RU"}[language]
    assert made.core_properties.language == {"en": "en-US", "ru": "ru-RU"}[language]


def test_the_figure_is_a_picture_of_each_sheet_with_words_for_who_cannot_see_it() -> None:
    document = training_document()
    figure = next(b for s in document.sections for b in s.blocks if isinstance(b, Figure))
    made = opened(document)

    assert len(made.inline_shapes) == len(figure.sheets)
    for shape, svg in zip(made.inline_shapes, figure.sheets, strict=True):
        properties = next(shape._inline.iter(qn("wp:docPr")))
        assert figure.title in properties.get("descr")
        assert figure.caption in properties.get("descr")
        width, height = (int(n) for n in re.findall(r'(?:width|height)="([0-9]+)"', svg)[:2])
        assert shape.width / shape.height == pytest.approx(width / height, rel=0.01)
    pictures = [made.part.related_parts[i.graphic.graphicData.pic.blipFill.blip.embed] for i in
                (s._inline for s in made.inline_shapes)]  # fmt: skip
    assert [p.blob for p in pictures] == [png(svg) for svg in figure.sheets]


def test_a_picture_has_two_hundred_dots_to_an_inch() -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="144" height="72" viewBox="0 0 144 72"><rect width="9" height="9"/></svg>'
    assert struct.unpack(">II", png(svg)[16:24]) == (400, 200)


def test_a_drawing_fits_on_its_page_and_a_wide_one_lies_across() -> None:
    made = opened(training_document())
    wide = [s for s in made.sections if s.page_width > s.page_height]
    shape = made.inline_shapes[0]

    assert len(wide) == 1
    assert len(made.sections) == 3
    room = wide[0]
    assert shape.width <= room.page_width - room.left_margin - room.right_margin
    assert shape.height <= room.page_height - room.top_margin - room.bottom_margin
    assert {shape._inline.get(side) for side in ("distT", "distB", "distL", "distR")} == {"0"}


def test_a_narrow_drawing_stays_on_an_upright_page_and_a_wide_one_may_follow_a_table() -> None:
    document = training_document()
    table = document.tables()[0]
    for width, sections in ((400, 1), (800, 3)):
        svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="90"><rect width="9" height="9"/></svg>'
        section = replace(document.sections[0], blocks=(table, Figure("Figure", (svg,), "caption"), table))
        made = opened(replace(document, sections=(section,)))
        assert len(made.sections) == sections
        assert len(word_tables(made)) == 1
        assert len(made.tables) == 3  # the title area and the table twice
        assert made.inline_shapes[0].width.pt <= width


def test_a_sheet_without_a_size_and_one_that_is_no_drawing_are_refused() -> None:
    document = training_document()
    broken = replace(document, sections=(replace(document.sections[0], blocks=(Figure("Figure", ("<svg/>",), ""),)),))
    with pytest.raises(ReportError, match="does not say its size"):
        docx_bytes(broken)
    with pytest.raises(ReportError, match="cannot be drawn"):
        png('<svg width="9" height="9">no drawing')


def test_there_is_a_line_for_everything_that_people_complete() -> None:
    document = training_document()
    blanks = next(b for s in document.sections for b in s.blocks if isinstance(b, Blanks))
    form = opened(document).tables[-1]
    assert [row.cells[0].text for row in form.rows] == list(blanks.lines)
    for row in form.rows:
        assert row.cells[1].text == ""
        assert all(cell.paragraphs[0].paragraph_format.keep_with_next for cell in row.cells)
        assert row.cells[1]._tc.tcPr.find(f"{qn('w:tcBorders')}/{qn('w:bottom')}") is not None


def test_properties_come_from_the_document_and_from_no_clock() -> None:
    document = training_document()
    properties = opened(document).core_properties
    when = datetime.fromisoformat(document.date).replace(tzinfo=UTC, microsecond=0)

    assert (properties.title, properties.author) == (document.title, document.author)
    assert properties.identifier == document.report_id
    assert properties.created == properties.modified == when
    assert opened(replace(document, date="")).core_properties.created == datetime(1980, 1, 1, tzinfo=UTC)


def test_hostile_text_is_shown_and_does_nothing() -> None:
    document = hostile_document()
    made = opened(document)
    lines = text_of(made.element.body).split("\n")

    for n, text in enumerate(HOSTILE, start=1):
        assert f"1.{n}\u00a0L5\u00a0{legal(text)}" in lines
        assert lines.count(legal(text)) >= 2  # the title area and the table
    assert not list(made.element.body.iter(qn("w:instrText")))
    assert "⟨U+0000⟩" in text_of(made.element.body)
    assert "⟨U+D800⟩" in text_of(made.element.body)


def test_no_part_leads_outside_the_file() -> None:
    for document in (training_document(), hostile_document()):
        with zipfile.ZipFile(io.BytesIO(docx_bytes(document))) as package:
            relations = [package.read(n) for n in package.namelist() if n.endswith(".rels")]
        assert relations
        assert not any(b'TargetMode="External"' in part for part in relations)


@LANGUAGES
def test_the_same_document_gives_the_same_bytes_in_every_process(language: str, tmp_path: Path) -> None:
    document = training_document("fifo", language)
    assert digests_elsewhere(document, tmp_path, "docx_bytes") == {digest(docx_bytes(document))}


def test_the_zip_says_neither_when_nor_where_it_was_made() -> None:
    with zipfile.ZipFile(io.BytesIO(docx_bytes(training_document()))) as package:
        names = package.namelist()
        assert {(e.date_time, e.create_system) for e in package.infolist()} == {((1980, 1, 1, 0, 0, 0), 3)}
    assert names == ["[Content_Types].xml", *sorted(set(names) - {"[Content_Types].xml"})]
    assert not any("thumbnail" in name for name in names)


def test_a_long_schedule_takes_time_in_proportion_to_its_rows() -> None:
    document = training_document()
    table = next(t for t in document.tables() if t.key == "evidence")
    long = Table(table.key, table.title, table.label, table.columns, table.rows * 500)
    section = replace(document.sections[0], blocks=(long,))
    made = opened(replace(document, sections=(section,)))
    assert len(list(word_tables(made)[table.title].iter(qn("w:tr")))) == 1 + len(long.rows) > 3000
