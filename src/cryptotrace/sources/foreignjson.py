"""Reading JSON that somebody else wrote: strict, by name, with exact numbers.

Nothing becomes a float: numbers with a point are ``Decimal``. Every refusal names the field, as ``vin[0].txid``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NoReturn

from cryptotrace.chains.bitcoin.hashes import is_hash_text
from cryptotrace.chains.bitcoin.wire import MAX_UNITS
from cryptotrace.errors import MalformedBytes
from cryptotrace.evidence.canonical import check_depth

#: Levels of nesting that are read. A call tree has two for each call; the parser itself ends below a thousand.
_DEEPEST = 800


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a JSON number")


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object, so readers would not agree on its value")
    return found


def _check_values(value: Any) -> None:
    level = [value]
    for _ in range(_DEEPEST):
        if not level:
            return
        deeper: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                deeper += each
                deeper += each.values()
            elif isinstance(each, list):
                deeper += each
            elif isinstance(each, str) and not each.isascii():
                each.encode("utf-8")  # half of a surrogate pair is no text
        level = deeper
    if level:
        raise ValueError(f"it is nested deeper than {_DEEPEST} levels")


def parse_json(raw: bytes, what: str) -> Field:
    """The JSON document in ``raw``; ``what`` names it in errors, e.g. a file or a request.

    Raises:
        MalformedBytes: not UTF-8, not JSON, nested too deeply, with numbers too long to be meant, or a key twice.
    """
    try:
        check_depth(raw, _DEEPEST)
        value = json.loads(
            raw.decode("utf-8-sig"),
            parse_float=Decimal,
            parse_constant=_refuse_constant,
            object_pairs_hook=_without_repeats,
        )
        _check_values(value)
    except UnicodeDecodeError as error:
        raise MalformedBytes(f"{what} is not UTF-8", offset=error.start, field="text") from error
    except json.JSONDecodeError as error:
        raise MalformedBytes(f"{what} is not JSON: {error.msg}", offset=error.pos, field="text") from error
    except (ValueError, RecursionError, ArithmeticError) as error:
        raise MalformedBytes(f"{what} is not JSON that can be read: {error}", offset=0, field="text") from error
    return Field(value, what, "")


class Field:
    """A value in a JSON document, with its place in it.

    Args:
        value: what ``json`` made of it.
        what: names the document in errors.
        path: its place in the document, as ``vin[0].txid``; empty for the document itself.
    """

    __slots__ = ("path", "value", "what")

    def __init__(self, value: Any, what: str, path: str) -> None:
        self.value = value
        self.what = what
        self.path = path

    def refuse(self, expected: str) -> MalformedBytes:
        """The error that says what was expected here."""
        shown = repr(self.value)
        return MalformedBytes(
            f"{self.what}: expected {expected}, got {shown if len(shown) <= 80 else shown[:77] + '...'}",
            offset=0,
            field=self.path or "document",
        )

    @property
    def is_null(self) -> bool:
        """True for null and for a key that is absent."""
        return self.value is None

    @property
    def is_object(self) -> bool:
        """True for a JSON object."""
        return isinstance(self.value, dict)

    @property
    def is_list(self) -> bool:
        """True for a JSON array."""
        return isinstance(self.value, list)

    def __contains__(self, key: str) -> bool:
        return isinstance(self.value, dict) and key in self.value

    def __getitem__(self, key: str) -> Field:
        """The value under ``key`` of an object; null if it has none.

        Raises:
            MalformedBytes: not an object; the error names the field.
        """
        if not isinstance(self.value, dict):
            raise self.refuse("an object")
        return Field(self.value.get(key), self.what, f"{self.path}.{key}" if self.path else key)

    def items(self) -> Iterator[Field]:
        """The items of an array.

        Raises:
            MalformedBytes: not an array; the error names the field.
        """
        if not isinstance(self.value, list):
            raise self.refuse("a list")
        for number, item in enumerate(self.value):
            yield Field(item, self.what, f"{self.path}[{number}]")

    def integer(self, least: int = 0, most: int = 2**63 - 1) -> int:
        """A whole number between ``least`` and ``most``.

        Raises:
            MalformedBytes: not a whole number, or outside of that; the error names the field.
        """
        if isinstance(self.value, bool) or not isinstance(self.value, int) or not least <= self.value <= most:
            raise self.refuse(f"a whole number from {least} to {most}")
        return self.value

    def units(self, most: int = MAX_UNITS) -> int:
        """Satoshi: a whole number from 0 to ``most``, which is all that bitcoin can have unless another is given.

        Raises:
            MalformedBytes: not such a number; the error names the field.
        """
        return self.integer(0, most)

    def coins_as_units(self, most: int = MAX_UNITS) -> int:
        """Satoshi of a number of whole coins such as 0.1, exactly; at most ``most``.

        Raises:
            MalformedBytes: not such a number, or digits below one satoshi; the error names the field.
        """
        value = Decimal(self.value) if type(self.value) is int else self.value
        if not isinstance(value, Decimal) or not value.is_finite() or value.adjusted() > 12 or value < 0:
            raise self.refuse("a number of coins")
        _, digits, exponent = value.as_tuple()
        shift = int(exponent) + 8
        whole = int("".join(map(str, digits)) or "0")
        units, rest = (whole * 10**shift, 0) if shift >= 0 else divmod(whole, 10 ** min(-shift, len(digits) + 1))
        if rest or units > most:
            raise self.refuse("a number of coins with at most 8 digits after the point")
        return int(units)

    def truth(self) -> bool:
        """True or false.

        Raises:
            MalformedBytes: neither of them; the error names the field.
        """
        if not isinstance(self.value, bool):
            raise self.refuse("true or false")
        return self.value

    def text(self) -> str:
        """Text.

        Raises:
            MalformedBytes: not text; the error names the field.
        """
        if not isinstance(self.value, str):
            raise self.refuse("text")
        return self.value

    def raw_hex(self) -> bytes:
        """The bytes of a text of hex digits.

        Raises:
            MalformedBytes: not text, or not an even number of hex digits; the error names the field.
        """
        text = self.text()
        try:
            if not text.isascii() or len(text) % 2 or any(c.isspace() for c in text):
                raise ValueError
            return bytes.fromhex(text)
        except ValueError:
            raise self.refuse("an even number of hex digits") from None

    def hash(self) -> str:
        """A txid or block hash: 64 lower-case hex digits.

        Raises:
            MalformedBytes: not text of that form; the error names the field.
        """
        text = self.text()
        if not is_hash_text(text):
            raise self.refuse("64 lower-case hex digits")
        return text
