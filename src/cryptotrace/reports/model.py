"""The content of a document, without any format: sections, numbered paragraphs, tables with typed cells, figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from cryptotrace.model.verdict import LinkClass


class Style(StrEnum):
    """How a run of text is set."""

    PLAIN = "plain"
    STRONG = "strong"
    MONO = "mono"
    SMALL = "small"


class Run(NamedTuple):
    """A piece of text in one style."""

    text: str
    """What it says; foreign text in it is visible and harmless."""
    style: Style = Style.PLAIN
    """How it is set."""


Line = tuple[Run, ...]


class CellKind(StrEnum):
    """What a cell holds."""

    TEXT = "text"
    HASH = "hash"
    AMOUNT = "amount"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table."""

    kind: CellKind
    """What it holds."""
    lines: tuple[Line, ...]
    """How it is shown."""
    value: str
    """What it holds, the same in every language: base units as text, full hash, ISO 8601 time, or text."""


class RowRole(StrEnum):
    """What a row is in its table."""

    ROW = "row"
    GROUP = "group"
    """One cell over the whole width: what the rows below it belong to."""
    SUB = "sub"
    """Belongs to the group above."""
    TOTAL = "total"
    """A sum or a check of the rows above."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table."""

    id: str
    """``T-0001``, ``A-0001``, ``H-0001``, ``E-0001``; empty if the row is not cited by an id."""
    cells: tuple[Cell, ...]
    """One per column; one alone in a group row."""
    role: RowRole = RowRole.ROW
    """What it is."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    title: str
    """Its head."""
    width: float
    """Share of the table's width, relative to the other columns."""
    label: LinkClass | None = None
    """Class of what stands in it, where it differs from the table's."""
    is_right: bool = False
    """True for numbers: set to the right."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table."""

    key: str
    """Names it in every language, e.g. ``transactions``."""
    title: str
    """Its title."""
    label: LinkClass | None
    """Class of what it states."""
    columns: tuple[Column, ...]
    """Columns."""
    rows: tuple[Row, ...]
    """Rows, in chain order where they have a place in the chain."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading inside a section."""

    text: str
    """What it says."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A numbered paragraph."""

    number: str
    """E.g. ``5.3``, the same in every language."""
    text: str
    """What it says."""
    label: LinkClass | None
    """Class of what it states; None for explanations."""
    cites: tuple[str, ...] = ()
    """Ids of the rows it rests on, in the order of citation."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing, as SVG sheets."""

    title: str
    """Its title."""
    sheets: tuple[str, ...]
    """One SVG text per sheet, left to right."""
    caption: str
    """What is drawn, and what was folded."""


@dataclass(frozen=True, slots=True)
class Blanks:
    """Lines that people complete by hand."""

    lines: tuple[str, ...]
    """What stands before each line."""


Block = Heading | Paragraph | Table | Figure | Blanks


@dataclass(frozen=True, slots=True)
class Section:
    """A numbered section."""

    number: int
    """From 1, the same in every language."""
    key: str
    """Names it in every language, e.g. ``findings``."""
    title: str
    """Its title."""
    blocks: tuple[Block, ...]
    """What is in it."""


@dataclass(frozen=True, slots=True)
class Document:
    """A whole document in one language."""

    language: str
    """``en`` or ``ru``."""
    case_id: str
    """The case."""
    report_id: str
    """Derived from the digest of ``data``: the same in every language and format."""
    kind: str
    """What kind of document it is, in words."""
    title: str
    """Title of the case."""
    mark: str
    """Stands on every page of training material; empty otherwise."""
    warning: str
    """Stands in the title area if the rule is not for findings; empty otherwise."""
    page_of: str
    """How ``page x of y`` is said, with ``{page}`` and ``{pages}``."""
    running: str
    """Stands in the head of every page: case and report."""
    front: tuple[tuple[str, str], ...]
    """Name and value pairs of the title area."""
    sections: tuple[Section, ...]
    """The body."""
    date: str
    """Cut-off, ISO 8601 UTC, or empty."""
    author: str
    """Who made it, or empty."""
    data: Mapping[str, object] = field(repr=False)
    """Everything for a machine, the same in every language: text, lists and dicts only."""

    def tables(self) -> tuple[Table, ...]:
        """Every table, in order."""
        return tuple(b for s in self.sections for b in s.blocks if isinstance(b, Table))

    def paragraphs(self) -> tuple[Paragraph, ...]:
        """Every numbered paragraph, in order."""
        return tuple(b for s in self.sections for b in s.blocks if isinstance(b, Paragraph))
