"""Recursive length prefix, read strictly: every refusal names the field and the offset.

Reading is own code, because a refusal must name its offset, which the library ``rlp`` does not know; writing is that
library's, and the tests hold the two against each other.

Source: Ethereum Yellow Paper, appendix B (RLP); only the shortest form of a length and of a number is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from cryptotrace.chains.evm.address import address_of
from cryptotrace.errors import MalformedBytes

#: What can be written: bytes, a number in its shortest form, or a list of such.
Writable: TypeAlias = "bytes | int | Sequence[Writable]"
#: Nothing in a block or a transaction is nested deeper than this.
_DEEPEST = 8
#: More items than a block's gas can pay for in one transaction or receipt.
_MOST_ITEMS = 500_000
_MOST_256 = 2**256 - 1


class Item:
    """One item of RLP with its place: bytes, or a list of items.

    Args:
        value: the bytes, or the items.
        offset: where it begins in the bytes that were given.
        field: its name in errors, as ``transaction.access_list[0]``.
    """

    __slots__ = ("field", "offset", "value")

    def __init__(self, value: bytes | list[Item], offset: int, field: str = "") -> None:
        self.value = value
        self.offset = offset
        self.field = field

    def refusal(self, message: str) -> MalformedBytes:
        """The error that names this item; the caller raises it."""
        return MalformedBytes(message, offset=self.offset, field=self.field)

    @property
    def is_list(self) -> bool:
        """True for a list."""
        return isinstance(self.value, list)

    def data(self, *sizes: int) -> bytes:
        """The bytes, of one of ``sizes`` if any are given.

        Raises:
            MalformedBytes: a list, or another size.
        """
        if not isinstance(self.value, bytes):
            raise self.refusal("bytes expected, a list found")
        if sizes and len(self.value) not in sizes:
            wanted = " or ".join(map(str, sizes))
            raise self.refusal(f"{wanted} bytes expected, {len(self.value)} found")
        return self.value

    def integer(self, most: int = _MOST_256) -> int:
        """A whole number in its shortest form, at most ``most``.

        Raises:
            MalformedBytes: a list, a leading zero byte, or a larger number.
        """
        raw = self.data()
        if raw[:1] == b"\0":
            raise self.refusal("a number is written without leading zero bytes")
        value = int.from_bytes(raw, "big")
        if value > most:
            raise self.refusal(f"a number of at most {most.bit_length()} bits expected, {value.bit_length()} found")
        return value

    def hash(self) -> str:
        """Thirty-two bytes as 64 hex digits.

        Raises:
            MalformedBytes: something else.
        """
        return self.data(32).hex()

    def address(self) -> str:
        """Twenty bytes as an address with its checksum.

        Raises:
            MalformedBytes: something else.
        """
        return address_of(self.data(20))

    def address_or_none(self) -> str | None:
        """An address, or None for no bytes (a contract is created).

        Raises:
            MalformedBytes: neither.
        """
        return address_of(self.value) if self.data(0, 20) else None  # type: ignore[arg-type]

    def items(self) -> list[Item]:
        """The items of a list, each with its number in its name.

        Raises:
            MalformedBytes: bytes.
        """
        if not isinstance(self.value, list):
            raise self.refusal("a list expected, bytes found")
        for number, each in enumerate(self.value):
            each.field = f"{self.field}[{number}]"
        return self.value

    def named(self, names: Sequence[str]) -> dict[str, Item]:
        """The items of a list by name, exactly as many as names.

        Raises:
            MalformedBytes: bytes, or another number of items.
        """
        items = self.items()
        if len(items) != len(names):
            raise self.refusal(f"{len(names)} items expected, {len(items)} found")
        for name, each in zip(names, items, strict=True):
            each.field = f"{self.field}.{name}"
        return dict(zip(names, items, strict=True))


def _long_size(raw: bytes, at: int, width: int, end: int, field: str) -> int:
    if at + 1 + width > end:
        raise MalformedBytes(f"truncated: a length of {width} bytes wanted", offset=at, field=field)
    size = int.from_bytes(raw[at + 1 : at + 1 + width], "big")
    if raw[at + 1] == 0 or size < 56:
        raise MalformedBytes("a length is not in its shortest form", offset=at, field=field)
    return size


def _head(raw: bytes, at: int, end: int, field: str) -> tuple[bool, int, int]:
    """Is it a list, where its content begins and where it ends."""
    first = raw[at]
    if first < 0x80:
        return False, at, at + 1
    is_list = first >= 0xC0
    short = first - (0xC0 if is_list else 0x80)
    if short < 56:
        start, size = at + 1, short
    else:
        size = _long_size(raw, at, short - 55, end, field)
        start = at + 1 + short - 55
    if size > end - start:
        raise MalformedBytes(f"truncated: {size} bytes wanted, {end - start} left", offset=at, field=field)
    if not is_list and size == 1 and raw[start] < 0x80:
        raise MalformedBytes("a single byte below 0x80 stands for itself", offset=at, field=field)
    return is_list, start, start + size


class _Reader:
    """Reads items one after another; how many there are is bounded, because each costs more than its bytes."""

    def __init__(self, raw: bytes, field: str) -> None:
        self.raw = raw
        self.field = field
        self.left = _MOST_ITEMS

    def read(self, at: int, end: int, level: int) -> tuple[Item, int]:
        """The item at ``at``, and where it ends."""
        is_list, start, stop = _head(self.raw, at, end, self.field)
        if not is_list:
            return Item(self.raw[start:stop], at, self.field), stop
        if level >= _DEEPEST:
            raise MalformedBytes(f"lists are nested deeper than {_DEEPEST} levels", offset=at, field=self.field)
        items = []
        inner = start
        while inner < stop:
            item, inner = self.read(inner, stop, level + 1)
            items.append(item)
        self.left -= len(items)
        if self.left < 0:
            raise MalformedBytes(f"more than {_MOST_ITEMS} items", offset=at, field=self.field)
        return Item(items, at, self.field), stop


def decode(raw: bytes, field: str, start: int = 0) -> Item:
    """The one item that fills ``raw`` from ``start`` to its end.

    Args:
        raw: the bytes.
        field: what they are, for errors.
        start: where it begins, e.g. 1 after the byte of a type.

    Raises:
        MalformedBytes: truncated, not in the shortest form, too deep or too many items, or bytes after it.
    """
    if start >= len(raw):
        raise MalformedBytes("truncated: nothing there", offset=start, field=field)
    item, stop = _Reader(raw, field).read(start, len(raw), 0)
    if stop != len(raw):
        raise MalformedBytes(f"{len(raw) - stop} bytes after the end", offset=stop, field=field)
    return item


def encode(value: Writable) -> bytes:
    """The bytes of a value: bytes, a number that is not negative, or a list of such."""
    import rlp

    return bytes(rlp.encode(value))
