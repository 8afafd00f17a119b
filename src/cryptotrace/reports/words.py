"""How things are said in one language: messages by id, numbers, amounts and times."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptotrace.errors import ReportError
from cryptotrace.model.amount import format_units
from cryptotrace.reports.dossier import AssetFacts
from cryptotrace.reports.foreign import visible
from cryptotrace.reports.text import en, en_accounts, ru, ru_accounts
from cryptotrace.tracing.fragments import Units

CATALOGUES: Mapping[str, Mapping[str, str]] = {"en": en.MESSAGES, "ru": ru.MESSAGES}
#: What takes the place of messages, or is added to them, in a report on an account chain.
ACCOUNTS: Mapping[str, Mapping[str, str]] = {"en": en_accounts.MESSAGES, "ru": ru_accounts.MESSAGES}
#: A fraction with a denominator of more digits is not written out in a document; the data holds it in full.
_LONG = 10**30
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
#: Seconds since 1970 with more digits are no time.
_LONGEST_TIME = 12
_ISO = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|\+00:00)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Words:
    """One language. No locale of the machine is used."""

    language: str
    """``en`` or ``ru``."""
    messages: Mapping[str, str]
    """Message id -> text with ``{names}``."""
    point: str
    """Decimal mark."""
    group: str
    """Between groups of three digits."""
    clock: str
    """Form of date and time, always in UTC."""

    def say(self, key: str, **values: object) -> str:
        """The message ``key``; every value is foreign text until it is made visible."""
        text = self.messages[key]
        return text.format_map({name: visible(str(value)) for name, value in values.items()}) if values else text

    def has(self, key: str) -> bool:
        """True if there is such a message."""
        return key in self.messages

    def number(self, value: Units) -> str:
        """A whole number in groups of three; a fraction as numerator/denominator, or ≈ whole units if it is long."""
        if value.denominator == 1:
            return f"{value.numerator:,}".replace(",", self.group)
        if value.denominator >= _LONG:
            return f"≈{self.number(value.numerator // value.denominator)}"
        return f"{self.number(value.numerator)}/{self.number(value.denominator)}"

    def place(self, index: int) -> str:
        """Place of a transaction in its block, as far as the source tells it."""
        return self.say("place.unknown") if index < 0 else str(index)

    def decimal(self, units: Units, decimals: int | None) -> str:
        """``units`` with the asset's decimals; a fraction of a base unit is cut off and marked with ≈.

        Base units as they are where the decimals are not known.
        """
        if decimals is None:
            return self.number(units)
        whole = int(units) if units >= 0 else -int(-units)
        front, _, back = format_units(abs(whole), decimals).partition(".")
        sign = ("≈" if whole != units else "") + ("−" if whole < 0 else "")
        return f"{sign}{self.number(int(front))}" + (f"{self.point}{back}" if back else "")

    def amount(self, units: Units, asset: AssetFacts) -> str:
        """Decimal with symbol, then the base units in parentheses; base units alone where decimals are not known."""
        if asset.decimals is None:
            return self.say("amount.no_decimals", number=self.number(units), symbol=asset.label)
        return f"{self.decimal(units, asset.decimals)}\u00a0{visible(asset.label)} ({self.number(units)})"

    def time(self, seconds: int) -> str:
        """Date and time in UTC of so many seconds since 1970."""
        return datetime.fromtimestamp(seconds, UTC).strftime(self.clock)

    def moment(self, text: str) -> str:
        """An ISO 8601 time in UTC in this language's form; anything else as it stands."""
        match = _ISO.fullmatch(text)
        if match is None:
            return visible(text)
        return datetime.fromisoformat(match[1]).replace(tzinfo=UTC).strftime(self.clock)

    def day(self, text: str) -> str:
        """A date, ISO 8601 or seconds since 1970, in this language's form; anything else as it stands."""
        form = self.clock.partition(" ")[0]
        if text.isascii() and text.isdigit() and len(text) < _LONGEST_TIME:
            return datetime.fromtimestamp(int(text), UTC).strftime(form)
        match = _DAY.fullmatch(text)
        try:
            return visible(text) if match is None else datetime.fromisoformat(text).strftime(form)
        except ValueError:
            return visible(text)

    def movement(self, name: str) -> str:
        """Which movement of a transaction, as it is printed (``fee burnt``, ``log 3``), in this language."""
        if self.has(f"move.{name}"):
            return self.say(f"move.{name}")
        first, space, rest = name.partition(" ")
        return f"{self.say(f'move.{first}')}{space}{rest}" if self.has(f"move.{first}") else name

    def quoted(self, text: str) -> str:
        """Foreign text in this language's quotation marks."""
        return self.say("quoted", text=text)

    def cite(self, ids: Iterable[str]) -> str:
        """Row ids in brackets, each once."""
        return "[" + ", ".join(dict.fromkeys(i for i in ids if i)) + "]"


def words(language: str, *, accounts: bool = False) -> Words:
    """The words of a language; with ``accounts`` those of a report that speaks of transfers, not of outputs.

    Raises:
        ReportError: there is no such language.
    """
    if language in CATALOGUES:
        messages = CATALOGUES[language]
        if accounts:
            messages = {**messages, **ACCOUNTS[language]}
        if language == "en":
            return Words("en", messages, ".", ",", "%Y-%m-%d %H:%M:%S UTC")
        return Words("ru", messages, ",", "\u202f", "%d.%m.%Y %H:%M:%S UTC")
    raise ReportError(f"no report language {language!r}; there are: {', '.join(CATALOGUES)}")
