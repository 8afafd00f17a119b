"""How a Word document looks: every style that is used exists, faces are stated for every script, the page has room."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import docx
import pytest
from docx.oxml.ns import qn
from tests.reports.made import training_document

from cryptotrace.reports.docxfile import docx_bytes
from cryptotrace.reports.docxstyles import FIXED, LONG_SIDE, SERIF, SHORT_SIDE, head_height, text_size


def used_styles(root: Any) -> set[str]:
    return {e.get(qn("w:val")) for e in root.iter(qn("w:pStyle"), qn("w:rStyle"))}


def test_every_style_that_is_used_is_there_and_has_its_face_for_every_script() -> None:
    made = docx.Document(io.BytesIO(docx_bytes(training_document("lifo"))))
    section = made.sections[0]
    used = set().union(
        *(used_styles(root) for root in (made.element, section.header.part.element, section.footer.part.element))
    )
    by_id = {style.style_id: style.element for style in made.styles}

    assert used <= by_id.keys()
    for style_id in used - {"Strong", "RowLink"}:  # which change no face
        fonts = by_id[style_id].find(f"{qn('w:rPr')}/{qn('w:rFonts')}")
        assert {fonts.get(qn(f"w:{script}")) for script in ("ascii", "hAnsi", "eastAsia", "cs")} <= {SERIF, FIXED}
        assert not any("Theme" in name for name in fonts.attrib)


def test_pages_are_a4_and_the_head_has_room_for_what_stands_in_it() -> None:
    plain = replace(training_document(), mark="", warning="")
    marked = replace(plain, mark="TRAINING", warning="COMPARISON ONLY")

    assert (round(210 / 25.4 * 1440), round(297 / 25.4 * 1440)) == (SHORT_SIDE, LONG_SIDE)
    assert head_height(plain) < head_height(marked)
    for document in (plain, marked):
        upright, across = (text_size(document, is_wide=w) for w in (False, True))
        assert upright[0] + (LONG_SIDE - SHORT_SIDE) == across[0]
        assert upright[1] - (LONG_SIDE - SHORT_SIDE) == across[1]
        section = docx.Document(io.BytesIO(docx_bytes(document))).sections[0]
        assert section.top_margin is not None
        assert section.top_margin.pt == pytest.approx(head_height(document) / 20)
