"""Pieces of a Word document: text comes out as it went in, links only where there is a row, fields that count."""

from __future__ import annotations

from typing import Any

from docx.oxml.ns import qn
from docx.oxml.parser import parse_xml
from hypothesis import given
from hypothesis import strategies as st

from cryptotrace.reports.docxparts import bookmark_name, linked_runs, page_runs, paragraph, text_run
from cryptotrace.reports.office import legal


def text_of(runs: list[Any]) -> str:
    return "".join(t.text or "" for run in runs for t in run.iter(qn("w:t")))


@given(st.text(), st.lists(st.sampled_from(["T-0001", "A-0002", " ", "[", "T-00011", "x"])))
def test_links_change_no_character_of_the_text(text: str, pieces: list[str]) -> None:
    whole = text + "".join(pieces)
    assert text_of(linked_runs(whole, {"T-0001", "A-0002"})) == legal(whole)


def test_only_a_whole_id_that_has_a_row_is_a_link() -> None:
    runs = linked_runs("T-0001, T-00011, H-0009 and T-0002:1", {"T-0001", "T-0002"})
    links = [(run.get(qn("w:anchor")), text_of([run])) for run in runs if run.tag == qn("w:hyperlink")]
    assert links == [("row_T_0001", "T-0001"), ("row_T_0002", "T-0002")]
    assert bookmark_name("T-0001") == "row_T_0001"


@given(st.text(alphabet=st.characters(codec=None)))
def test_no_text_breaks_the_xml(text: str) -> None:
    made = paragraph("Normal", [text_run(text)])
    again = parse_xml(made.xml)
    assert text_of([again]) == legal(text)


def test_pages_are_counted_where_the_language_wants_them() -> None:
    made = paragraph("Footer", page_runs("{pages} pages, this is {page}"))
    told = [e.text for e in made.iter(qn("w:t"), qn("w:instrText"))]
    assert told == [" NUMPAGES ", "1", " pages, this is ", " PAGE ", "1"]
