"""Reading bytes forward, strictly: every refusal names the field and the offset.

Source: the compact size of Bitcoin's serialisation.
"""

from __future__ import annotations

from cryptotrace.errors import MalformedBytes


class Cursor:
    """A place in bytes. Reads forward, and knows what it was reading when it fails.

    ``transaction`` and ``item`` say in which transaction of a block and in which input or output it is.

    Args:
        raw: the bytes.
        at: where to begin.
    """

    __slots__ = ("at", "end", "item", "raw", "transaction")

    def __init__(self, raw: bytes, at: int = 0) -> None:
        self.raw = raw
        self.at = at
        self.end = len(raw)
        self.transaction = -1
        self.item: tuple[str, int] | None = None

    def refusal(self, message: str, field: str, offset: int | None = None) -> MalformedBytes:
        """The error that names where it went wrong; the caller raises it."""
        path = [f"transactions[{self.transaction}]"] if self.transaction >= 0 else []
        if self.item is not None:
            path.append(f"{self.item[0]}[{self.item[1]}]")
        return MalformedBytes(
            message, offset=self.at if offset is None else offset, field=".".join([*path, field] if field else path)
        )

    def take(self, size: int, field: str) -> bytes:
        """The next ``size`` bytes.

        Raises:
            MalformedBytes: fewer are left.
        """
        stop = self.at + size
        if stop > self.end:
            raise self.refusal(f"truncated: {size} bytes wanted, {self.end - self.at} left", field)
        taken = self.raw[self.at : stop]
        self.at = stop
        return taken

    def u32(self, field: str) -> int:
        """The next four bytes as a number, little-endian.

        Raises:
            MalformedBytes: fewer are left.
        """
        return int.from_bytes(self.take(4, field), "little")

    def compact(self, field: str) -> int:
        """A compact size, which must be written in its shortest form.

        Raises:
            MalformedBytes: truncated, or written longer than needed.

        Source: Bitcoin Core, ``ReadCompactSize``.
        """
        start = self.at
        if start >= self.end:
            raise self.refusal("truncated: a compact size wanted, nothing left", field)
        first = self.raw[start]
        self.at = start + 1
        if first < 0xFD:
            return first
        width = 1 << (first - 0xFC)
        value = int.from_bytes(self.take(width, field), "little")
        if value < (0xFD, 0x10000, 0x100000000)[first - 0xFD]:
            raise self.refusal(f"compact size {value} is not in its shortest form", field, start)
        return value

    def count(self, least: int, field: str) -> int:
        """How many things follow, each of at least ``least`` bytes.

        Raises:
            MalformedBytes: no compact size, or so many cannot stand in the bytes that are left.
        """
        start = self.at
        count = self.compact(field)
        if count * least > self.end - self.at:
            raise self.refusal(f"{count} of them cannot stand in the {self.end - self.at} bytes left", field, start)
        return count

    def text(self, field: str) -> bytes:
        """Bytes with their length in front.

        Raises:
            MalformedBytes: the length is no compact size, or fewer bytes are left.
        """
        return self.take(self.compact(field), field)

    def finish(self, what: str) -> None:
        """Refuse bytes that are left.

        Raises:
            MalformedBytes: there are some; the field is the end of ``what``.
        """
        if self.at != self.end:
            raise self.refusal(f"{self.end - self.at} bytes after the end of the {what}", f"end of {what}")
