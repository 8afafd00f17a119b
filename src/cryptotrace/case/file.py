"""``case.toml``: who and what a case is about, which sources it asks and what was entered by hand.

Keys stand there only as ``env:NAME``. The file is written whole or not at all.
"""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from cryptotrace.errors import CaseError, ConfigurationError
from cryptotrace.ledger.accountgraph import MOST_TRANSFERS
from cryptotrace.model.claim import Claim
from cryptotrace.model.identity import Asset

if TYPE_CHECKING:
    from cryptotrace.chains.tokens import TokenFacts

FORMAT = 1


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """A source the case asks."""

    chain: str
    """CAIP-2 identifier."""
    spec: str
    """Its specification, without secrets."""


@dataclass(frozen=True, slots=True)
class TagEntry:
    """A TagPack the case has loaded."""

    digest: str
    """SHA-256 of the file, whose bytes are in the evidence."""
    name: str
    """Its file name when it was loaded."""


@dataclass(frozen=True, slots=True)
class ClaimEntry:
    """A claim as it was entered."""

    claimant: str
    """Who claims."""
    chain: str
    """CAIP-2 identifier."""
    flow: str
    """Outpoint or transfer."""
    asset: str
    """CAIP-19 identifier."""
    units: str
    """Base units, as text: TOML integers end at 64 bits."""
    offset: str = "0"
    """Units of the flow before the claimed ones, as text."""
    basis: str = ""
    """On what it rests."""
    author: str = ""
    """Who entered it."""

    def meets(self, other: ClaimEntry) -> bool:
        """True if both claim some of the same units."""
        start, end = int(self.offset), int(self.offset) + int(self.units)
        return self.flow == other.flow and start < int(other.offset) + int(other.units) and int(other.offset) < end

    def repeats(self, other: ClaimEntry) -> bool:
        """True if both claim the same units for the same claimant."""
        mine, others = ((each.claimant, each.chain, each.flow, each.units, each.offset) for each in (self, other))
        return mine == others

    def claim(self) -> Claim:
        """The claim that was entered."""
        return Claim(
            self.claimant, self.flow, Asset(self.asset), int(self.units), int(self.offset), self.basis, self.author
        )


@dataclass(frozen=True, slots=True)
class CoinJoinEntry:
    """A transaction that the case names a CoinJoin."""

    txid: str
    """Which."""
    basis: str
    """Why."""


@dataclass(frozen=True, slots=True)
class TokenEntry:
    """A token that the case describes itself, because the table of known tokens does not have it."""

    asset: str
    """CAIP-19 identifier."""
    symbol: str
    """Its symbol."""
    name: str
    """Its name."""
    decimals: int
    """Digits after the point."""
    issuer: str
    """Who issues it; empty if nobody can freeze it."""
    freeze: str
    """Which contract's way to freeze it has, one of ``FREEZES``; empty if none is known."""
    basis: str
    """On what this rests."""
    as_of: str
    """When it was entered, ISO date."""
    adjusts: bool = False
    """True: it changes balances beside its transfers (a tax, a rebase)."""

    def facts(self) -> TokenFacts:
        """As an entry of the table of tokens."""
        from cryptotrace.chains.tokens import TokenFacts
        from cryptotrace.chains.tokentable import FREEZES

        freeze = FREEZES[self.freeze] if self.freeze else None
        named = (Asset(self.asset), self.symbol, self.name, self.decimals, self.issuer)
        return TokenFacts(*named, freeze, "described by the case", self.basis, self.as_of, self.adjusts)


@dataclass(frozen=True, slots=True)
class TraceEntry:
    """The settings of the newest trace, so that it can be shown again from what is held."""

    rule: str
    """The rule."""
    reason: str = ""
    """Why this rule."""
    exact: bool = False
    """Fractions instead of whole base units."""
    claims: tuple[int, ...] = ()
    """Which claims, by their place in the list."""
    dust: str = "0"
    """Limit in base units, as text."""
    max_hops: int = -1
    """Limit of hops; -1 for none."""
    until: int = -1
    """Limit of block time, seconds since 1970 UTC; -1 for none."""
    most_transfers: int = MOST_TRANSFERS
    """On an account chain: an account with more transfers is not followed."""
    digest: str = ""
    """SHA-256 of the result."""


@dataclass(frozen=True, slots=True)
class CaseFile:
    """What ``case.toml`` holds."""

    id: str
    """Name of the case folder when it was made."""
    title: str
    """Title."""
    question: str = ""
    """The question put to the analyst."""
    author: str = ""
    """Who works on it."""
    own_nodes_only: bool = False
    """True: a public source is refused before it is asked."""
    own_hosts: tuple[str, ...] = ()
    """Hosts that count as own, beside local and private addresses."""
    sources: tuple[SourceEntry, ...] = ()
    """Sources, asked in this order."""
    tags: tuple[TagEntry, ...] = ()
    """TagPacks, in the order of loading."""
    claims: tuple[ClaimEntry, ...] = ()
    """Claims, in order of precedence."""
    coinjoins: tuple[CoinJoinEntry, ...] = ()
    """Transactions named as CoinJoins."""
    tokens: tuple[TokenEntry, ...] = ()
    """Tokens that the case describes itself."""
    trace: TraceEntry | None = field(default=None)
    """The newest trace."""


_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
#: What a case folder's path may have on Windows, where a path ends at 260: the rest is for evidence/ and a digest.
LONGEST_ON_WINDOWS = 160
_ON_WINDOWS = os.name == "nt"


def check_folder_name(folder: Path, *, windows: bool = _ON_WINDOWS) -> None:
    """Refuse a name that a folder cannot have on Windows, on every system: a case must be able to travel.

    Raises:
        CaseError: a reserved name or character, a dot or blank at the end, or (on Windows) a path that is too long.
    """
    name = folder.resolve().name
    if _RESERVED.fullmatch(name) or name != name.rstrip(". ") or re.search(r'[<>:"|?*\x00-\x1f\\]', name):
        raise CaseError(
            f"a folder cannot be called {name!r} on Windows, and a case must be able to travel; choose another"
        )
    if windows and len(str(folder.resolve())) > LONGEST_ON_WINDOWS:
        raise CaseError(
            f"{folder} is too deep: its path has {len(str(folder.resolve()))} characters, Windows allows "
            f"{LONGEST_ON_WINDOWS} for a case folder; choose one nearer to the drive's root"
        )


def make_folder(folder: Path) -> Path:
    """Make the folder of a new case, or take an empty one.

    Raises:
        CaseError: it is not empty, cannot be made, or its name cannot travel.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CaseError(f"{folder} exists and is not an empty folder; choose another name, or open it if it is a case")
    check_folder_name(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CaseError(f"{folder} cannot be made: {error.strerror}; choose another place") from error
    return folder


def write(path: Path, case: CaseFile) -> None:
    """Write the file whole or not at all."""
    import tomli_w

    document = {"format": FORMAT, **{k: v for k, v in asdict(case).items() if v is not None}}
    temporary = path.with_suffix(".new")
    with temporary.open("wb") as out:
        tomli_w.dump(document, out, multiline_strings=False)
        out.flush()
        os.fsync(out.fileno())
    temporary.replace(path)


def read(path: Path) -> CaseFile:
    """Read the file.

    Raises:
        CaseError: there is none.
        ConfigurationError: it is not TOML, of another format, or a field is missing, unknown or of a wrong type.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CaseError(
            f"{path.parent} is not a case: it has no case.toml; name one with --case DIR, or make one with: "
            "cryptotrace new DIR"
        ) from None
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}") from error
    found = document.pop("format", None)
    if found != FORMAT:
        raise ConfigurationError(f"{path} has format {found!r}, this version reads {FORMAT}")
    parts: dict[str, Any] = {
        "sources": SourceEntry,
        "tags": TagEntry,
        "claims": ClaimEntry,
        "coinjoins": CoinJoinEntry,
        "tokens": TokenEntry,
    }
    try:
        for key, kind in parts.items():
            document[key] = tuple(_checked(kind(**entry)) for entry in document.get(key, ()))
        if "trace" in document:
            entry = {**document["trace"], "claims": tuple(document["trace"].get("claims", ()))}
            document["trace"] = _checked(TraceEntry(**entry))
        document["own_hosts"] = tuple(document.get("own_hosts", ()))
        case = _checked(CaseFile(**document))
    except (TypeError, ValueError) as error:
        known = ", ".join(f.name for f in fields(CaseFile))
        raise ConfigurationError(
            f"{path}: a field is missing, unknown or of the wrong type ({error}); known: {known}"
        ) from error
    if case.trace is not None and not all(0 <= place < len(case.claims) for place in case.trace.claims):
        raise ConfigurationError(f"{path}: the newest trace names a claim that is not there; trace again")
    return case


#: Fields that hold a whole number as text.
_NUMBERS = frozenset({"units", "offset", "dust"})
#: Type of a field, or of each member of it, as the classes above write it.
_TYPES: dict[str, type] = {"str": str, "bool": bool, "int": int, "tuple[str, ...]": str, "tuple[int, ...]": int}
_Entry = TypeVar("_Entry")


def _checked(entry: _Entry) -> _Entry:
    """The entry, if each field is of its type: TOML knows types, and a text is no answer to yes or no.

    Raises:
        TypeError: a field is not.
        ValueError: a whole number as text is none.
    """
    for each in fields(entry):  # type: ignore[arg-type]
        value = getattr(entry, each.name)
        wanted = _TYPES.get(str(each.type))
        parts = value if isinstance(value, tuple) else (value,)
        if wanted is not None and any(type(part) is not wanted for part in parts):
            raise TypeError(f"{each.name} = {value!r}")
        if each.name in _NUMBERS and not (value.isascii() and value.isdigit()):
            raise ValueError(f"{each.name} = {value!r}")
    return entry
