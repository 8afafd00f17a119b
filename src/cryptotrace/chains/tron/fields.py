"""The fields of a protobuf message by name, with what could not be named.

Source: Protocol Buffers documentation, "Encoding": of a single field that stands twice the last one counts, a field
with another wire type than its own counts as unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from cryptotrace.chains.tron.address import address_of
from cryptotrace.chains.tron.protowire import BYTES, VARINT, Occurrence, Reader, signed
from cryptotrace.errors import InvalidAddress, MalformedBytes


class Kind(StrEnum):
    """How a field's content is read."""

    INT64 = "int64"
    """A signed number."""
    INT32 = "int32"
    """A signed number of 32 bits."""
    BOOL = "bool"
    """True or false."""
    NAME = "name"
    """One of the field's ``names``, by its number."""
    DATA = "data"
    """Bytes as they are."""
    TEXT = "text"
    """UTF-8."""
    ADDRESS = "address"
    """21 bytes, given as base58check; empty bytes count as absent."""
    MESSAGE = "message"
    """Another message."""


_NUMBERS = frozenset({Kind.INT64, Kind.INT32, Kind.BOOL, Kind.NAME})


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a message."""

    name: str
    """Its name in the protocol."""
    kind: Kind
    """How its content is read."""
    names: tuple[str, ...] = ()
    """The names of 0, 1, 2 ... of a ``NAME``."""
    schema: Schema | None = None
    """The message inside, of a ``MESSAGE``."""
    is_repeated: bool = False
    """True: it may stand any number of times."""


@dataclass(frozen=True, slots=True)
class Schema:
    """What may stand in a message."""

    name: str
    """The message's name in the protocol."""
    fields: Mapping[int, Field]
    """Its fields by number."""


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of a message by the names of TRON's protocol. What is absent has protobuf's default.

    The names are those of the HTTP interface's JSON, too (``owner_address``, ``call_value`` ...).
    """

    values: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    """What stands there: int, bool, bytes, text, base58check address, ``Fields``, or a tuple of those."""
    unknown: tuple[tuple[int, bytes], ...] = ()
    """Fields that have no name here: (number, content as it stands)."""

    def number(self, name: str) -> int:
        """An integer; 0 if absent."""
        value = self.values.get(name)
        return value if isinstance(value, int) else 0

    def address(self, name: str) -> str | None:
        """A base58check address; None if absent or empty."""
        value = self.values.get(name)
        return value if isinstance(value, str) and value else None

    def data(self, name: str) -> bytes:
        """Bytes; empty if absent."""
        value = self.values.get(name)
        return value if isinstance(value, bytes) else b""

    def text(self, name: str) -> str:
        """Text or the name of an enumerated value; empty if absent."""
        value = self.values.get(name)
        return value if isinstance(value, str) else ""

    def message(self, name: str) -> Fields | None:
        """A message inside; None if absent."""
        value = self.values.get(name)
        return value if isinstance(value, Fields) else None

    def messages(self, name: str) -> tuple[Fields, ...]:
        """Repeated messages; empty if there are none."""
        value = self.values.get(name)
        return tuple(each for each in value if isinstance(each, Fields)) if isinstance(value, tuple) else ()

    def all_data(self, name: str) -> tuple[bytes, ...]:
        """Repeated bytes; empty if there are none."""
        value = self.values.get(name)
        return tuple(each for each in value if isinstance(each, bytes)) if isinstance(value, tuple) else ()


def read_fields(
    schema: Schema,
    raw: bytes,
    *,
    start: int = 0,
    stop: int | None = None,
    path: str = "",
    notices: list[str] | None = None,
) -> Fields:
    """Read a message.

    Args:
        schema: what may stand in it.
        raw: the bytes.
        start: where it begins in them.
        stop: where it ends; the end of the bytes if None.
        path: what it is called in refusals and notices; the schema's name if empty.
        notices: where ``unknown-field M.9`` and ``duplicated-field M.amount`` are added.

    Raises:
        MalformedBytes: no protobuf, text that is no UTF-8, or an address that is none.
    """
    path = path or schema.name
    found: dict[int, list[Occurrence]] = {}
    unknown: list[tuple[int, bytes]] = []
    notes = [] if notices is None else notices
    for each in Reader(raw, path, start, stop).fields():
        wanted = schema.fields.get(each.number)
        if wanted is None or each.wire != (VARINT if wanted.kind in _NUMBERS else BYTES):
            unknown.append((each.number, raw[each.start : each.stop]))
            _note(notes, f"unknown-field {path}.{each.number}")
            continue
        found.setdefault(each.number, []).append(each)
    values: dict[str, object] = {}
    for number, wanted in schema.fields.items():
        there, below = found.get(number, []), f"{path}.{wanted.name}"
        if wanted.is_repeated:
            values[wanted.name] = tuple(_value(wanted, each, raw, below, notes) for each in there)
        elif there:
            if len(there) > 1:
                _note(notes, f"duplicated-field {below}")
            values[wanted.name] = _single(wanted, there, raw, below, notes)
        elif wanted.kind is Kind.NAME:
            values[wanted.name] = wanted.names[0]
    return Fields(MappingProxyType(values), tuple(unknown))


def _note(notes: list[str], text: str) -> None:
    if text not in notes:
        notes.append(text)


def _single(wanted: Field, there: list[Occurrence], raw: bytes, path: str, notes: list[str]) -> object:
    if wanted.schema is None or len(there) == 1:
        return _value(wanted, there[-1], raw, path, notes)
    # protobuf merges messages that stand twice, which is to read their bytes one after the other
    merged = b"".join(raw[each.start : each.stop] for each in there)
    return read_fields(wanted.schema, merged, path=path, notices=notes)


def _value(wanted: Field, each: Occurrence, raw: bytes, path: str, notes: list[str]) -> object:
    if wanted.kind in _NUMBERS:
        return _number(wanted, each.value)
    if wanted.schema is not None:
        return read_fields(wanted.schema, raw, start=each.start, stop=each.stop, path=path, notices=notes)
    content = raw[each.start : each.stop]
    if wanted.kind is Kind.DATA:
        return content
    try:
        if wanted.kind is Kind.TEXT:
            return content.decode("utf-8")
        if not content:
            return ""
        if len(content) == 20:
            raise InvalidAddress(f"an address in a transaction has 21 bytes, not {content.hex()}")
        return address_of(content)
    except (UnicodeDecodeError, InvalidAddress) as problem:
        raise MalformedBytes(str(problem), offset=each.start, field=path) from None


def _number(wanted: Field, value: int) -> object:
    if wanted.kind is Kind.BOOL:
        return value != 0
    if wanted.kind is Kind.INT64:
        return signed(value)
    number = signed(value, 32)
    if wanted.kind is Kind.NAME:
        return wanted.names[number] if 0 <= number < len(wanted.names) and wanted.names[number] else str(number)
    return number
