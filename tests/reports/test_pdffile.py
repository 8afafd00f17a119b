"""The PDF: everything of the document is in it, as text that can be copied, and the same document gives the same bytes."""

from __future__ import annotations

import io
import itertools
import os
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from pypdf import PdfReader
from tests.reports.made import training_document

from cryptotrace.errors import ReportError
from cryptotrace.reports.jsonfile import json_bytes
from cryptotrace.reports.model import Document, Figure
from cryptotrace.reports.pdffile import pdf_bytes


def read(document: Document) -> PdfReader:
    return PdfReader(io.BytesIO(pdf_bytes(document)))


def text_of(reader: PdfReader) -> str:
    return "\n".join(page.extract_text() for page in reader.pages)


def packed(text: str) -> str:
    """Without spaces and line ends: where lines break is not what is tested."""
    return "".join(text.split())


@pytest.fixture(scope="module", params=["en", "ru"])
def document(request: pytest.FixtureRequest) -> Document:
    return training_document("fifo", request.param)


@pytest.fixture(scope="module")
def reader(document: Document) -> PdfReader:
    return read(document)


def test_every_paragraph_cell_and_row_id_is_in_the_text_in_full(document: Document, reader: PdfReader) -> None:
    shown = packed(text_of(reader))

    for paragraph in document.paragraphs():
        assert packed(paragraph.number) in shown
        assert packed(paragraph.text) in shown or _without_page_ends(paragraph.text, reader), paragraph.number
    for table in document.tables():
        for row in table.rows:
            for cell in row.cells:
                for line in cell.lines:
                    for run in line:
                        assert packed(run.text) in shown, (table.key, row.id, run.text)


def _without_page_ends(text: str, reader: PdfReader) -> bool:
    """Whether a paragraph that goes over a page is there: its words, in order, in two pages' text."""
    pages = [packed(page.extract_text()) for page in reader.pages]
    wanted = packed(text)
    return any(
        first.rfind(wanted[:cut]) >= 0 and wanted[cut:] in second
        for first, second in itertools.pairwise(pages)
        for cut in range(1, len(wanted))
    )


def test_a_txid_can_be_copied_with_nothing_between_its_digits(document: Document, reader: PdfReader) -> None:
    txids = [row["txid"] for row in document.data["transactions"]]  # type: ignore[attr-defined]
    lines = text_of(reader).splitlines()

    for txid in txids:
        assert any(txid in line for line in lines), txid


def test_the_training_mark_and_the_page_number_stand_on_every_page(document: Document, reader: PdfReader) -> None:
    for number, page in enumerate(reader.pages, start=1):
        shown = packed(page.extract_text())
        assert packed(document.mark) in shown
        assert packed(document.page_of.format(page=number, pages=len(reader.pages))) in shown
        assert packed(document.running) in shown


@pytest.mark.parametrize("rule", ["lifo", "poison"])
def test_the_warning_of_a_rule_that_is_not_for_findings_stands_on_every_page(rule: str) -> None:
    document = training_document(rule, "en")

    assert document.warning
    for page in read(document).pages:
        assert packed(document.warning) in packed(page.extract_text())


def test_a_cited_row_id_is_a_link_to_its_row(document: Document, reader: PdfReader) -> None:
    links = [
        annotation.get_object()
        for page in reader.pages
        for annotation in page.get("/Annots", ())
        if annotation.get_object()["/Subtype"] == "/Link"
    ]
    cited = sum(len(paragraph.cites) for paragraph in document.paragraphs())

    assert len(links) >= cited  # one that is broken over two lines is two areas
    assert all("/URI" not in str(link.get("/A", "")) for link in links), "nothing in a report leads outside"


def test_the_data_for_a_machine_is_attached_and_is_the_json_file(document: Document, reader: PdfReader) -> None:
    assert reader.attachments == {"report.json": [json_bytes(document)]}


def test_it_says_that_it_is_pdf_a_with_tags_language_title_and_the_cut_off_as_its_date(
    document: Document, reader: PdfReader
) -> None:
    root = reader.trailer["/Root"]
    metadata = root["/Metadata"].get_data().decode()  # type: ignore[index]

    assert "<pdfaid:part>3</pdfaid:part>" in metadata
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in metadata
    assert root["/Lang"] == document.language  # type: ignore[index]
    assert root["/MarkInfo"]["/Marked"]  # type: ignore[index]
    assert reader.metadata is not None
    assert reader.metadata.title == document.title
    assert reader.metadata.creation_date is not None
    assert reader.metadata.creation_date.strftime("%Y-%m-%dT%H:%M:%S") == document.date[:19]


def test_only_fonts_of_the_typesetter_are_used_and_each_is_embedded(reader: PdfReader) -> None:
    fonts: set[str] = set()
    for page in reader.pages:
        for font in page["/Resources"].get("/Font", {}).values():  # type: ignore[attr-defined]
            (inside,) = font.get_object()["/DescendantFonts"]
            descriptor = inside.get_object()["/FontDescriptor"]
            assert any(key in descriptor for key in ("/FontFile2", "/FontFile3"))
            fonts.add(descriptor["/FontName"].partition("+")[2])

    assert fonts
    assert all(name.startswith(("LibertinusSerif", "DejaVuSansMono", "NewCM")) for name in fonts), fonts


HOSTILE = "#panic() $x^2$ *b* _i_ `r` <T-0001> @T-0001 \\ #[x] // c /* c */ = h"


def test_foreign_text_is_set_as_text_and_never_read_as_markup() -> None:
    document = replace(training_document("fifo", "en"), title=HOSTILE, author=HOSTILE, running=HOSTILE)

    reader = read(document)

    assert packed(HOSTILE) in packed(reader.pages[0].extract_text())
    assert reader.metadata is not None
    assert reader.metadata.title == HOSTILE


def test_a_word_longer_than_the_page_is_broken_and_not_cut() -> None:
    word = "Ab9" * 100
    document = replace(training_document("fifo", "en"), title=word)

    assert word in packed(read(document).pages[0].extract_text())


def test_the_same_document_gives_the_same_bytes_in_another_process_place_and_time_zone(tmp_path: Path) -> None:
    document = training_document("fifo", "ru")
    (tmp_path / "document").write_bytes(pickle.dumps(document))
    code = (
        "import pickle, sys, pathlib; from cryptotrace.reports.pdffile import pdf_bytes; "
        "made = pickle.loads(pathlib.Path('document').read_bytes()); sys.stdout.buffer.write(pdf_bytes(made))"
    )
    environment = os.environ | {"TZ": "Asia/Tashkent", "PYTHONHASHSEED": "7", "LC_ALL": "C", "SOURCE_DATE_EPOCH": "9"}
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, check=True)

    assert run.stdout == pdf_bytes(document)


def test_a_document_without_a_cut_off_gets_a_fixed_date_instead_of_the_wall_clock() -> None:
    reader = read(replace(training_document("fifo", "en"), date=""))

    assert reader.metadata is not None
    assert reader.metadata.creation_date is not None
    assert reader.metadata.creation_date.year == 1980


def test_a_drawing_that_does_not_say_its_size_is_refused_by_name() -> None:
    document = training_document("fifo", "en")
    section = replace(document.sections[0], blocks=(Figure("f", ("<svg/>",), "c"),))

    with pytest.raises(ReportError, match="does not say its size"):
        pdf_bytes(replace(document, sections=(section,)))


def test_what_the_typesetter_refuses_is_a_typed_error_that_names_a_way_out() -> None:
    document = training_document("fifo", "en")
    broken = Figure("f", ('<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><rect',), "c")
    section = replace(document.sections[0], blocks=(broken,))

    with pytest.raises(ReportError, match="write docx or json instead"):
        pdf_bytes(replace(document, sections=(section,)))
