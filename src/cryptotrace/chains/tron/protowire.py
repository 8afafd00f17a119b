"""Protobuf's wire format, read strictly: every refusal names the field and the offset.

Own code: a refusal must name its offset, what cannot be named must stay in sight, a field that stands twice must be
seen, and what is hashed are the bytes as they were given; protobuf's generated readers hide all of that.

Source: Protocol Buffers documentation, "Encoding".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from cryptotrace.errors import MalformedBytes

VARINT, FIXED64, BYTES, GROUP, END_GROUP, FIXED32 = range(6)
_MOST_NUMBER = (1 << 29) - 1
#: How deep groups may stand in groups; nobody uses them, but a reader must be able to pass them over.
_MOST_DEPTH = 32


class Occurrence(NamedTuple):
    """A field as it stands in the bytes."""

    number: int
    """The field's number."""
    wire: int
    """The wire type, 0 to 5."""
    value: int
    """The number of a ``VARINT`` (unsigned, 64 bits); otherwise 0."""
    start: int
    """Where its content begins."""
    stop: int
    """Where its content ends."""


class Reader:
    """Reads the fields of one message between two offsets.

    Args:
        raw: the bytes.
        path: what is being read, for refusals.
        start: where the message begins.
        stop: where it ends; the end of the bytes if None.
    """

    __slots__ = ("at", "path", "raw", "stop")

    def __init__(self, raw: bytes, path: str, start: int = 0, stop: int | None = None) -> None:
        self.raw = raw
        self.path = path
        self.at = start
        self.stop = len(raw) if stop is None else stop

    def refusal(self, message: str, offset: int | None = None) -> MalformedBytes:
        """The error that names where it went wrong; the caller raises it."""
        return MalformedBytes(message, offset=self.at if offset is None else offset, field=self.path)

    def fields(self) -> Iterator[Occurrence]:
        """The fields in the order of the bytes.

        Raises:
            MalformedBytes: truncated, a number too long, a field number 0, an unknown wire type, a group without end.
        """
        while self.at < self.stop:
            yield self._field(0)

    def _field(self, depth: int) -> Occurrence:
        begin = self.at
        tag = self._varint()
        number, wire = tag >> 3, tag & 7
        if not 1 <= number <= _MOST_NUMBER:
            raise self.refusal(f"{number} is no field number", begin)
        start = self.at
        if wire == VARINT:
            return Occurrence(number, wire, self._varint(), start, self.at)
        if wire == GROUP:
            self._pass_group(number, depth)
            return Occurrence(number, wire, 0, start, self.at)
        if wire == END_GROUP or wire > FIXED32:
            raise self.refusal(f"wire type {wire} of field {number} means nothing here", begin)
        size = {FIXED64: 8, FIXED32: 4}.get(wire)
        if size is None:
            size = self._varint()
            start = self.at
        if size > self.stop - start:
            raise self.refusal(f"truncated: field {number} wants {size} bytes, {self.stop - start} left", start)
        self.at = start + size
        return Occurrence(number, wire, 0, start, self.at)

    def _pass_group(self, number: int, depth: int) -> None:
        begin = self.at
        if depth >= _MOST_DEPTH:
            raise self.refusal(f"groups stand more than {_MOST_DEPTH} deep")
        while self.at < self.stop:
            at = self.at
            tag = self._varint()
            if tag & 7 == END_GROUP:
                if tag >> 3 != number:
                    raise self.refusal(f"group {number} is ended as group {tag >> 3}", at)
                return
            self.at = at
            self._field(depth + 1)
        raise self.refusal(f"group {number} has no end", begin)

    def _varint(self) -> int:
        begin = self.at
        value = 0
        for shift in range(0, 70, 7):
            if self.at >= self.stop:
                raise self.refusal("truncated: a number wanted, nothing left", begin)
            byte = self.raw[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value & 0xFFFFFFFFFFFFFFFF
        raise self.refusal("a number is longer than ten bytes", begin)


def signed(value: int, bits: int = 64) -> int:
    """The number that protobuf's int64 (or int32) means by an unsigned varint."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def varint(value: int) -> bytes:
    """A number of 0 to 2**64 - 1 as a varint in its shortest form."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def write_number(number: int, value: int) -> bytes:
    """A field of type int64, as protobuf's writers do it: nothing at all for 0."""
    return varint(number << 3) + varint(value & 0xFFFFFFFFFFFFFFFF) if value else b""


def write_bytes(number: int, value: bytes) -> bytes:
    """A field of type bytes or message, as protobuf's writers do it: nothing at all if empty."""
    return varint(number << 3 | BYTES) + varint(len(value)) + value if value else b""
