"""Who is said to be behind an address: tags, with their provenance."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cryptotrace.model.identity import Account


class Grade(StrEnum):
    """How well an attribution is supported; the TagPack confidence id behind it is kept beside it."""

    A = "A"
    """Confirmed by the holder's or provider's own record."""
    B = "B"
    """Well founded."""
    C = "C"
    """Supported by one source."""
    D = "D"
    """An indication."""
    E = "E"
    """A lead only."""


@dataclass(frozen=True, slots=True)
class Tag:
    """A statement by a named source that an account is attributed to somebody. Not a finding of ours."""

    account: Account
    """The account that is tagged."""
    label: str
    """What the source calls it. Foreign text: never trusted as markup."""
    category: str
    """INTERPOL's entity category, e.g. ``exchange``; empty if the source gives none."""
    confidence: str
    """The TagPack confidence id, e.g. ``service_api``; empty if the source gives none."""
    grade: Grade
    """The grade that the confidence id maps to."""
    source: str
    """Where the source says it found it (usually a URL)."""
    creator: str
    """Who made the TagPack."""
    lastmod: str = ""
    """The source's own date of the tag, ISO 8601, or empty."""
    title: str = ""
    """Title of the TagPack."""
    evidence: str = ""
    """Digest of the file the tag was read from."""
