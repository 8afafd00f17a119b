"""The fields of a foreign JSON object: each is read as what it must be, and what is wrong is said with its place.

A refusal reads like ``entries[0]: the field 't' is missing``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptotrace.errors import LedgerFileError

#: Digits of a number in a file. Python itself stops at 4300, and would cost the whole file.
_LONGEST = 4000
#: Characters of a wrong value that a message repeats.
_SHOWN = 40


class OtherNumber:
    """A number that is no int of base units, as it stands in the file: neither a float nor text."""

    def __init__(self, written: str) -> None:
        self.written = written


def whole_or_other(digits: str) -> int | OtherNumber:
    """An int, or what is kept of one with thousands of digits; for ``json.loads(parse_int=...)``."""
    return int(digits) if len(digits) <= _LONGEST else OtherNumber(digits)


def shown(value: object) -> str:
    """A value of the file as a message names it: short, on one line, in the words of JSON."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case list():
            return "a list"
        case dict():
            return "an object"
        case OtherNumber():
            return _short(value.written)
        case str():
            return f"the text {_short(value)!r}"
        case _:
            return _short(str(value))


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


@dataclass(frozen=True, slots=True)
class Fields:
    """One object of a file. Every method that reads a field raises ``LedgerFileError`` if it is not what it must be."""

    found: Mapping[str, Any]
    """The object as it stands in the file."""
    place: str = ""
    """Where it stands, e.g. ``entries[0]``; empty for the case itself."""

    def error(self, what: str) -> LedgerFileError:
        """What is wrong, with the place."""
        return LedgerFileError(f"{self.place}: {what}" if self.place else what)

    def __contains__(self, key: str) -> bool:
        return key in self.found

    def whole(self, key: str, default: int | None = None, *, signed: bool = False) -> int:
        """A whole number; below zero only if ``signed``. Without a ``default`` the field must be there.

        Raises:
            LedgerFileError: it is missing, no whole number, or negative.
        """
        if default is not None and key not in self.found:
            return default
        return self._whole(key, self._needed(key), signed=signed)

    def wholes(self, key: str) -> list[int]:
        """A list of whole numbers that are not negative; it must be there.

        Raises:
            LedgerFileError: it is not that.
        """
        return [self._whole(f"{key}[{n}]", each, signed=False) for n, each in enumerate(self._list(key, needed=True))]

    def text(self, key: str) -> str:
        """Text that must be there.

        Raises:
            LedgerFileError: it is missing, or no text.
        """
        return self._text(key, self._needed(key))

    def text_or_null(self, key: str) -> str | None:
        """Text or null; it must be there.

        Raises:
            LedgerFileError: it is missing, or neither.
        """
        found = self._needed(key)
        return None if found is None else self._text(key, found, "text or null")

    def texts(self, key: str, *, needed: bool = False) -> list[str]:
        """A list of texts; empty if it is not there and need not be.

        Raises:
            LedgerFileError: it is not that.
        """
        return [self._text(f"{key}[{n}]", each) for n, each in enumerate(self._list(key, needed=needed))]

    def flag(self, key: str) -> bool:
        """True or false; false if it is not there.

        Raises:
            LedgerFileError: it is something else.
        """
        found = self.found.get(key, False)
        if not isinstance(found, bool):
            raise self._wrong(key, "true or false", found)
        return found

    def inner(self, key: str) -> Fields:
        """An object; an empty one if it is not there.

        Raises:
            LedgerFileError: it is something else.
        """
        return self._object(key, self.found.get(key, {}))

    def objects(self, key: str, *, needed: bool = False) -> list[Fields]:
        """A list of objects; empty if it is not there and need not be.

        Raises:
            LedgerFileError: it is not that.
        """
        return [self._object(f"{key}[{n}]", each) for n, each in enumerate(self._list(key, needed=needed))]

    def _needed(self, key: str) -> Any:
        if key not in self.found:
            raise self.error(f"the field {key!r} is missing")
        return self.found[key]

    def _whole(self, name: str, found: object, *, signed: bool) -> int:
        if isinstance(found, bool) or not isinstance(found, int):
            raise self._wrong(name, "a whole number", found)
        if found < 0 and not signed:
            raise self.error(f"the field {name!r} must not be negative, and is {shown(found)}")
        return found

    def _text(self, name: str, found: object, wanted: str = "text") -> str:
        if not isinstance(found, str):
            raise self._wrong(name, wanted, found)
        return found

    def _list(self, key: str, *, needed: bool) -> list[Any]:
        found = self._needed(key) if needed else self.found.get(key, [])
        if not isinstance(found, list):
            raise self._wrong(key, "a list", found)
        return found

    def _object(self, name: str, found: object) -> Fields:
        if not isinstance(found, dict):
            raise self._wrong(name, "an object", found)
        return Fields(found, f"{self.place}.{name}" if self.place else name)

    def _wrong(self, name: str, wanted: str, found: object) -> LedgerFileError:
        return self.error(f"the field {name!r} must be {wanted}, not {shown(found)}")
