"""Listing all rows of a range of blocks from a server that gives at most so many for one question.

Etherscan gives at most ``WINDOW`` rows of one question, in pages; what lies beyond is cut without a word. So a question
that was read to there is asked again from the height of its last row on: rows that come twice are taken once, and those
of that block must come again. A first page that is shorter than was asked for is the end only if a second page of that
same length is empty: else the server makes no longer pages, and the rest is read in pages of that length.

Source: Etherscan API documentation (page, offset, sort; "maximum of 10000 records"; from July 2026 1,000 in the free
plan); Blockscout API documentation (the same parameters).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from cryptotrace.errors import SourceLied
from cryptotrace.evidence.canonical import canonical_json
from cryptotrace.sources.evm.etherscanread import Said
from cryptotrace.sources.foreignjson import Field

#: Rows that are asked for at once.
PAGE = 1000
#: Rows of one question that can be reached by pages: page times offset is at most this.
WINDOW = 10_000
#: Fields of a row that change while nothing happens.
_CHANGING = frozenset({"confirmations"})
#: Blocks with too many rows after which a listing is given up.
_MOST_PROBLEMS = 20


@dataclass(slots=True)
class Listed:
    """Rows of a range, each once, in chain order."""

    rows: list[Field] = field(default_factory=list)
    """The rows."""
    evidence: list[str] = field(default_factory=list)
    """Digests of the answers."""
    problems: list[str] = field(default_factory=list)
    """Why these are not all rows; empty if they are."""
    is_stopped: bool = False
    """True: there are more, and the listing was stopped because that was enough."""


class Lister:
    """Reads one listing.

    Args:
        name: of the source.
        what: what is listed, for messages.
        ask: gives the rows from a height on, of one page (from 1) of so many rows.
        height_of: the height of a row.
        is_enough: looked at after each page; True stops the listing.
        page: rows that are asked for at once.
        window: rows of one question that can be reached by pages; as many as a page where there are no pages.
    """

    def __init__(
        self,
        name: str,
        what: str,
        ask: Callable[[int, int, int], Said],
        height_of: Callable[[Field], int],
        is_enough: Callable[[Listed], bool] = lambda _: False,
        *,
        page: int = PAGE,
        window: int = WINDOW,
    ) -> None:
        self._name = name
        self._what = what
        self._ask = ask
        self._height_of = height_of
        self._is_enough = is_enough
        self._size = page
        self._window = window
        self._is_size_known = window == page  # else the server may make shorter pages than are asked for
        self._found = Listed()
        self._keys: dict[bytes, int] = {}

    def read(self, first: int, last: int) -> Listed:
        """Every row of the blocks ``first`` to ``last``, both included.

        Raises:
            SourceLied: rows outside of that, out of order, or gone when they are asked for again.
        """
        start = first
        while start <= last:
            highest, is_full = self._question(start, last)
            if self._found.is_stopped or not is_full:
                break
            if highest > start:
                start = highest
                continue
            if len(self._found.problems) >= _MOST_PROBLEMS:
                self._found.problems.append(f"the listing was stopped at block {start}")
                break
            self._found.problems.append(
                f"block {start} has more {self._what} than the {self._window} that {self._name} gives of one block; "
                "a node (rpc:) gives all of them"
            )
            start += 1
        return self._found

    def _question(self, start: int, last: int) -> tuple[int, bool]:
        """Read what one question reaches: the height of its last row, and whether there may be more behind."""
        missing = {key for key, height in self._keys.items() if height == start}
        highest, page = start, 1
        while page * self._size <= self._window:
            rows = self._page(start, page)
            for row in rows:
                highest = self._take(row, highest, last, missing)
            if self._is_enough(self._found):
                self._found.is_stopped = True
                return highest, True
            if len(rows) >= self._size:
                self._is_size_known = True
            elif not rows or page > 1 or self._is_size_known:
                self._check_overlap(missing, start)
                return highest, False
            else:
                self._size = len(rows)  # perhaps the server makes no longer ones: is there a second one of this length?
            page += 1
        self._check_overlap(missing, start)
        return highest, True

    def _page(self, start: int, page: int) -> list[Field]:
        said = self._ask(start, page, self._size)
        self._found.evidence.append(said.evidence)
        if said.problem and said.problem not in self._found.problems:
            self._found.problems.append(said.problem)
        return said.rows()

    def _take(self, row: Field, highest: int, last: int, expected: set[bytes]) -> int:
        height = self._height_of(row)
        if not highest <= height <= last:
            raise SourceLied(
                f"{self._name}: a row of {self._what} is of block {height}, where blocks {highest} to {last} in order "
                "were asked for: a page was reordered or invented; ask another source"
            )
        key = _key(row)
        expected.discard(key)
        if key not in self._keys:
            self._keys[key] = height
            self._found.rows.append(row)
        return height

    def _check_overlap(self, missing: set[bytes], height: int) -> None:
        if missing:
            raise SourceLied(
                f"{self._name} gave {len(missing)} {self._what} of block {height} before and leaves them out now; "
                "ask another source"
            )


def _key(row: Field) -> bytes:
    """The same bytes for the same row."""
    if not isinstance(row.value, dict):
        raise row.refuse("an object")
    return canonical_json(
        {
            name: value if isinstance(value, list) else str(value)
            for name, value in row.value.items()
            if name not in _CHANGING
        }
    )
