"""Listings of TronGrid's v1 interface, read to the end: every page, and what stands in the way of that is named.

A listing goes forward in time. Where the server will not go on (its result window is used up, a page repeats, a
fingerprint leads in a circle), it is asked again from the time of the last row; where that leads nowhere either, the
listing says so and stops. A full page that names no next one is not taken for the end: it is asked once more from the
time of its last row, and if it is full of rows of one time only, the rest of that time cannot be had, and it goes on
behind it.

Source: TronGrid API document, "Accounts" and "Contracts": at most 200 rows a page, ``meta.fingerprint`` names the next.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import urlencode

from cryptotrace.errors import SourceLied
from cryptotrace.sources.foreignjson import Field, parse_json
from cryptotrace.sources.transport import Answer, Request

#: Most rows that the server gives at once.
PAGE = 200
_MOST_PAGES = 50_000


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a listing."""

    json: Field
    """What it says."""
    time_ms: int
    """Time of its block, milliseconds since 1970 UTC."""
    evidence: str
    """Digest of its page."""


class Listing:
    """Reads one listing between two times; iterate it once, then look at ``problem``.

    Args:
        ask: sends a question; a refusal is an answer with its status.
        name: how the source is called in messages.
        path: which listing, e.g. ``/v1/accounts/T.../transactions``.
        times_ms: times of the first and the last block that are wanted.
        filters: further parameters of the question.

    Raises:
        SourceLied: a row outside of the times that were asked for, or an answer that is no listing.
    """

    def __init__(
        self,
        ask: Callable[[Request], Answer],
        name: str,
        path: str,
        times_ms: tuple[int, int],
        filters: Mapping[str, str],
    ) -> None:
        self.problem = ""
        """Why it is not all; empty once it was read to the end."""
        self.evidence: list[str] = []
        """Digests of the pages so far, those without rows too."""
        self._ask = ask
        self._name = name
        self._path = path
        self._since, self._until = times_ms
        self._filters = filters
        self._at = -1
        self._rows_at: list[str] = []
        self._held: Counter[str] = Counter()
        self._used: set[str] = set()
        self._page_before: list[str] = []
        self._known: set[str] = set()
        self._lost = ""

    def __iter__(self) -> Iterator[Row]:
        """The rows, oldest first."""
        mark = ""
        for _ in range(_MOST_PAGES):
            rows, mark, trouble = self._page(mark)
            fresh = [row for row in rows if self._is_new(row)]
            for row in fresh:
                self._note(row)
                yield row
            if mark and not trouble:
                continue
            if trouble and not self._resumes():
                self.problem = trouble
                return
            if not trouble and self._is_end(rows):
                self.problem = self._lost
                return
            mark = ""
        self.problem = f"{self._name} gives more than {_MOST_PAGES} pages of {self._path}"

    def _page(self, mark: str) -> tuple[list[Row], str, str]:
        """Rows, the fingerprint of the next page, and why there is no going on from here."""
        parameters = {"only_confirmed": "true", "order_by": "block_timestamp,asc", "limit": str(PAGE), **self._filters}
        parameters |= {"min_timestamp": str(self._since), "max_timestamp": str(self._until)}
        parameters |= {"fingerprint": mark} if mark else {}
        answer = self._ask(Request("GET", f"{self._path}?{urlencode(parameters)}"))
        self.evidence.append(answer.evidence)
        document = parse_json(answer.body, f"{self._name} {self._path}")
        if answer.status != 200 or document["success"].value is not True:
            said = document["error"].value or document["Error"].value or f"HTTP {answer.status}"
            return [], "", f"{self._name} does not go on with {self._path} from {self._since} ms: {said!s:.200}"
        rows = [self._row(each, answer.evidence) for each in document["data"].items()]
        if mark and not self._follows(rows):
            trouble = f"{self._name} gives a page of {self._path} that repeats or is not in order of time"
            if any(row.time_ms < self._at and repr(row.json.value) not in self._known for row in rows):
                self._lost = trouble  # asked for again from the time of the last row, they will not come
            return [], "", trouble
        self._page_before = [repr(row.json.value) for row in rows]
        following = document["meta"]["fingerprint"]
        next_mark = "" if following.is_null else following.text()
        if next_mark and (next_mark in self._used or not rows):
            return rows, "", f"{self._name} leads in a circle through the pages of {self._path}"
        self._used.add(next_mark)
        return rows, next_mark, ""

    def _follows(self, rows: list[Row]) -> bool:
        times = [self._at, *(row.time_ms for row in rows)]
        is_repeated = bool(rows) and [repr(row.json.value) for row in rows] == self._page_before
        return not is_repeated and all(earlier <= later for earlier, later in pairwise(times))

    def _row(self, row: Field, evidence: str) -> Row:
        time_ms = row["block_timestamp"].integer()
        if not self._since <= time_ms <= self._until:
            raise SourceLied(
                f"{self._name} lists a row of {time_ms} ms in {self._path} when asked for {self._since} to "
                f"{self._until}; ask another source"
            )
        return Row(row, time_ms, evidence)

    def _is_new(self, row: Row) -> bool:
        """False for a row that was read before the listing was asked for again from its time on."""
        key = repr(row.json.value)
        if row.time_ms != self._since or not self._held[key]:
            return True
        self._held[key] -= 1
        return False

    def _note(self, row: Row) -> None:
        if row.time_ms != self._at:
            self._at, self._rows_at = row.time_ms, []
        self._rows_at.append(key := repr(row.json.value))
        self._known.add(key)

    def _is_end(self, rows: list[Row]) -> bool:
        """Whether a page that names no next one is the last; if it may not be, the next question is made ready."""
        if len(rows) < PAGE:
            if +self._held:
                self._lost = f"{self._name} leaves out rows of {self._path} that it gave before, at {self._since} ms"
            return True
        if self._resumes():
            return False
        self._lost = (
            f"{self._name} gives {PAGE} rows of {self._path} at {self._since} ms and no way to more of that time; "
            "whether there are more is not known"
        )
        self._start(self._since + 1, [])
        return self._since > self._until

    def _resumes(self) -> bool:
        """Go on from the time of the last row, unless that was tried."""
        if self._at <= self._since:
            return False
        self._start(self._at, self._rows_at)
        return True

    def _start(self, since: int, held: list[str]) -> None:
        """Make a question from a time on ready; ``held`` are rows of that time that were read."""
        self._since = since
        self._held = Counter(held)
        self._used.clear()
        self._page_before = []
