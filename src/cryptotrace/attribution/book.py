"""All tags of a case, by account. Two tags that differ are both kept; a tag that is loaded twice is one tag."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from cryptotrace.attribution.tagpack import SERVICES
from cryptotrace.model.identity import Account
from cryptotrace.model.tag import Grade, Tag

_ORDER = tuple(Grade)


class TagBook:
    """The tags that a case has loaded.

    A tag speaks about its own address only, never about a cluster. Equal tags (every field, also the digest of the
    file) are held once, so loading a TagPack again changes nothing.
    """

    def __init__(self, tags: Iterable[Tag] = ()) -> None:
        self._of: dict[Account, dict[Tag, None]] = defaultdict(dict)  # a set that keeps the order of loading
        for tag in tags:
            self._of[tag.account][tag] = None

    def __len__(self) -> int:
        return sum(map(len, self._of.values()))

    def __iter__(self) -> Iterator[Tag]:
        return (tag for tags in self._of.values() for tag in tags)

    def of(self, account: Account) -> tuple[Tag, ...]:
        """The tags of one account: best grade first, then in the order of loading."""
        return tuple(sorted(self._of.get(account, ()), key=lambda tag: _ORDER.index(tag.grade)))

    def services(self, least: Grade = Grade.D) -> dict[Account, str]:
        """The accounts at which a trace stops, with what they are tagged as, how well and by whom.

        They are tagged, with grade ``least`` or better, as a party that holds the value of others.
        """
        stops = {}
        for account in self._of:
            for tag in self.of(account):
                if tag.category in SERVICES and _ORDER.index(tag.grade) <= _ORDER.index(least):
                    stops[account] = f"{tag.label} ({tag.category}, grade {tag.grade.value}, {tag.source})"
                    break
        return stops
