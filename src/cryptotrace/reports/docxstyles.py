"""How a Word document looks: faces that are on every machine, the language of proofing, A4, head and foot."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cryptotrace.reports.docxparts import element, page_runs, paragraph, text_run, value
from cryptotrace.reports.model import Document

if TYPE_CHECKING:
    from docx.document import Document as WordDocument
    from docx.oxml.xmlchemy import BaseOxmlElement as Element
    from docx.section import Section

SERIF, FIXED = "Times New Roman", "Courier New"
LANGUAGES = {"en": "en-US", "ru": "ru-RU"}
#: A4 in twentieths of a point, and the margins: left, right, foot.
SHORT_SIDE, LONG_SIDE = 11906, 16838
_LEFT, _RIGHT, _FOOT = 1134, 907, 1020
#: Between the top of the page and the text: the running text, and more for the mark and the warning.
_HEAD, _MARK, _WARNING = 1020, 400, 640


class _Look(NamedTuple):
    """How a style is set: half-points of size, twentieths of a point of space."""

    size: int
    is_bold: bool = False
    before: int = 0
    after: int = 0
    keeps_next: bool = False
    align: str = "left"
    hanging: int = 0


_PARAGRAPHS = {
    "Normal": _Look(21, after=80),
    "Title": _Look(34, is_bold=True, before=120, after=200),
    "Heading 1": _Look(27, is_bold=True, before=360, after=140, keeps_next=True),
    "Heading 2": _Look(22, is_bold=True, before=220, after=80, keeps_next=True),
    "Header": _Look(16, after=40),
    "Footer": _Look(16, align="right"),
    "Kind": _Look(22, after=0),
    "Mark": _Look(17, is_bold=True, after=60, align="center"),
    "Warning": _Look(17, is_bold=True, after=60, align="center"),
    "Numbered": _Look(21, before=60, after=60, hanging=1250),
    "TableTitle": _Look(21, is_bold=True, before=200, after=80, keeps_next=True),
    "TableText": _Look(16, after=10),
    "FormText": _Look(20, before=20, after=20),
    "Sheet": _Look(21, before=60, after=60, align="center"),
    "FigureCaption": _Look(17, after=80, keeps_next=True),
}
#: Where the class of a numbered paragraph stands, and its text.
_TABS = (620, 1250)


def set_styles(made: WordDocument, language: str) -> None:
    """Give every style its face; the language holds for spelling and for screen readers."""
    from docx.enum.style import WD_STYLE_TYPE

    defaults = made.styles.element.xpath("w:docDefaults/w:rPrDefault/w:rPr")[0]
    for old in list(defaults):
        defaults.remove(old)
    tag = LANGUAGES[language]
    defaults.extend([*_face(SERIF, 21), element("w:lang", {"w:val": tag, "w:eastAsia": tag, "w:bidi": "ar-SA"})])
    known = {style.name for style in made.styles}
    for name, look in _PARAGRAPHS.items():
        style = made.styles[name] if name in known else made.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        _set_paragraph_style(style.element, look, has_tabs=name == "Numbered", has_frame=name in {"Mark", "Warning"})
    _add_character_styles(made)
    mode = made.settings.element.xpath("w:compat/w:compatSetting[@w:name='compatibilityMode']")[0]
    mode.set(_qualified("w:val"), "15")  # Word 2013 and later: else it opens as an old file


def _set_paragraph_style(style: Element, look: _Look, *, has_tabs: bool, has_frame: bool) -> None:
    for old in style.xpath("w:pPr | w:rPr"):
        style.remove(old)
    properties: list[Element] = [element("w:keepNext")] if look.keeps_next else []
    properties.append(element("w:widowControl"))
    if has_frame:
        frame = {"w:val": "single", "w:sz": "8", "w:space": "2", "w:color": "000000"}
        sides = (element(f"w:{side}", frame) for side in ("top", "left", "bottom", "right"))
        properties.append(element("w:pBdr", None, *sides))
    if has_tabs:
        stops = (element("w:tab", {"w:val": "left", "w:pos": str(at)}) for at in _TABS)
        properties.append(element("w:tabs", None, *stops))
    spacing = {"w:before": str(look.before), "w:after": str(look.after), "w:line": "240", "w:lineRule": "auto"}
    properties.append(element("w:spacing", spacing))
    if look.hanging:
        properties.append(element("w:ind", {"w:left": str(look.hanging), "w:hanging": str(look.hanging)}))
    properties.append(value("w:jc", look.align))
    level = {"Heading1": "0", "Heading2": "1"}.get(style.get(_qualified("w:styleId"), ""))
    if level:
        properties.append(value("w:outlineLvl", level))
    style.append(element("w:pPr", None, *properties))
    style.append(element("w:rPr", None, *_face(SERIF, look.size, is_bold=look.is_bold)))


def _add_character_styles(made: WordDocument) -> None:
    from docx.enum.style import WD_STYLE_TYPE

    frame = element("w:bdr", {"w:val": "single", "w:sz": "4", "w:space": "0", "w:color": "000000"})
    looks = {
        "Digest": [*_face(FIXED, 15), element("w:noProof")],
        "Note": _face(SERIF, 15, color="333333"),
        "LinkClass": [*_face(SERIF, 15, is_bold=True), frame],
        "RowLink": [value("w:u", "dotted")],
    }
    order = ("rFonts", "b", "noProof", "color", "sz", "szCs", "u", "bdr")  # as the schema wants it
    for name, properties in looks.items():
        style = made.styles.add_style(name, WD_STYLE_TYPE.CHARACTER).element
        properties.sort(key=lambda e: order.index(e.tag.rpartition("}")[2]))
        style.append(element("w:rPr", None, *properties))


def _face(name: str, size: int, *, is_bold: bool = False, color: str = "000000") -> list[Element]:
    fonts = {f"w:{script}": name for script in ("ascii", "hAnsi", "eastAsia", "cs")}
    bold = [element("w:b")] if is_bold else []
    sizes = [value("w:sz", str(size)), value("w:szCs", str(size))]
    return [element("w:rFonts", fonts), *bold, value("w:color", color), *sizes]


def set_page(section: Section, document: Document, *, is_wide: bool) -> None:
    """A4, upright or across, with room for what stands in the head."""
    from docx.enum.section import WD_ORIENT
    from docx.shared import Twips

    sides = (LONG_SIDE, SHORT_SIDE) if is_wide else (SHORT_SIDE, LONG_SIDE)
    section.orientation = WD_ORIENT.LANDSCAPE if is_wide else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = Twips(sides[0]), Twips(sides[1])
    section.left_margin, section.right_margin = Twips(_LEFT), Twips(_RIGHT)
    section.top_margin, section.bottom_margin = Twips(head_height(document)), Twips(_FOOT)
    section.header_distance = section.footer_distance = Twips(480)


def head_height(document: Document) -> int:
    """From the top of the page to the text, in twentieths of a point."""
    return _HEAD + (_MARK if document.mark else 0) + (_WARNING if document.warning else 0)


def text_size(document: Document, *, is_wide: bool) -> tuple[int, int]:
    """Width and height of the text on a page, in twentieths of a point."""
    width, height = (LONG_SIDE, SHORT_SIDE) if is_wide else (SHORT_SIDE, LONG_SIDE)
    return width - _LEFT - _RIGHT, height - head_height(document) - _FOOT


def set_head_and_foot(section: Section, document: Document) -> None:
    """On every page: the mark, the warning, case and report; below, page x of y."""
    lines = [paragraph("Mark", [text_run(document.mark)])] if document.mark else []
    lines += [paragraph("Warning", [text_run(document.warning)])] if document.warning else []
    lines.append(paragraph("Header", [text_run(document.running)]))
    for place, content in (
        (section.header, lines),
        (section.footer, [paragraph("Footer", page_runs(document.page_of))]),
    ):
        place.is_linked_to_previous = False
        root = place.part.element
        for old in list(root):
            root.remove(old)
        root.extend(content)


def _qualified(name: str) -> str:
    from docx.oxml.ns import qn

    return qn(name)
