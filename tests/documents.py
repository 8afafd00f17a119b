"""The examples of the documents, found and run as a reader would run them.

A page is run from top to bottom in one empty folder. ``python`` blocks share their names, ``pycon`` blocks are
doctests over the same names, ``console`` blocks are commands after ``$`` with the output they must give; ``...``
stands for any text in an output. What stands in an HTML comment before a block steers it::

    <!-- not run: reason -->      the block is shown only
    <!-- exit: 2 -->              the last command of the block ends with this exit code
    <!-- file: name -->           the block is written to that file first
    <!-- setup: demo -->          the training case is in the folder demo from here on
    <!-- needs: Colonial -->      the recorded data beside the repository is in the folder colonial from here on
"""

from __future__ import annotations

import doctest
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
#: Languages whose blocks are run, and those that are only shown.
RUN = {"python", "pycon", "console"}
SHOWN = {"text", "json", "toml", "yaml", "sql", "powershell", "{eval-rst}", "{toctree}", "{glossary}"}

_BLOCK = re.compile(
    r"^(?P<steer>(?:<!--[^\n]*-->\n+)*)(?P<fence>`{3,})(?P<language>[^\n`]*)\n(?P<body>.*?)^(?P=fence)$",
    re.MULTILINE | re.DOTALL,
)
_STEER = re.compile(r"<!-- (?P<key>[a-z ]+): (?P<value>.*?) -->")


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block of a page."""

    page: Path
    line: int
    language: str
    body: str
    steer: dict[str, str] = field(default_factory=dict)

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT).as_posix()}:{self.line}"

    @property
    def is_run(self) -> bool:
        return self.language in RUN and "not run" not in self.steer


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a console block and the output that the page shows for it."""

    words: list[str]
    output: str


def pages() -> list[Path]:
    """Every Markdown page of the project."""
    top = sorted(ROOT.glob("*.md"))
    return top + sorted(p for p in (ROOT / "docs").rglob("*.md") if "_build" not in p.parts)


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    for match in _BLOCK.finditer(text):
        line = text.count("\n", 0, match.start("fence")) + 1
        steer = {m["key"]: m["value"] for m in _STEER.finditer(match["steer"])}
        yield Block(page, line, match["language"].strip(), match["body"], steer)


def commands(block: Block) -> Iterator[Command]:
    """The commands of a console block; a backslash at the end of a line goes on with the next."""
    body = re.sub(r"\\\n\s*", "", block.body)
    for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
        first, _, output = part.partition("\n")
        yield Command(shlex.split(first), output)


def same_output(expected: str, got: str) -> bool:
    """Whether an output is the one that the page shows; line ends and spaces before them do not count."""
    want, have = (
        "".join(f"{line.rstrip()}\n" for line in text.strip().replace("\\", "/").splitlines())
        for text in (expected, got)
    )
    return doctest.OutputChecker().check_output(want, have, doctest.ELLIPSIS)
