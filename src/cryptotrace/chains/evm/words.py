"""Words of 32 bytes, in which contracts take and give their arguments; read strictly.

Source: Solidity documentation, contract ABI specification.
"""

from __future__ import annotations

from cryptotrace.chains.evm.address import address_of
from cryptotrace.errors import MalformedBytes

#: More elements than a block's gas can pay to write.
_MOST_ELEMENTS = 200_000


class Words:
    """Bytes as words of 32 bytes, with what they are in errors.

    Args:
        raw: the bytes.
        what: names them in errors, e.g. ``Transfer``.
    """

    __slots__ = ("raw", "what")

    def __init__(self, raw: bytes, what: str) -> None:
        self.raw = raw
        self.what = what

    def refusal(self, message: str, number: int) -> MalformedBytes:
        """The error that names a word; the caller raises it."""
        return MalformedBytes(message, offset=32 * number, field=f"{self.what}.word[{number}]")

    def exactly(self, count: int) -> None:
        """Refuse another number of words.

        Raises:
            MalformedBytes: it is another one.
        """
        if len(self.raw) != 32 * count:
            message = f"{32 * count} bytes expected, {len(self.raw)} found"
            raise MalformedBytes(message, offset=0, field=self.what)

    def word(self, number: int) -> bytes:
        """The word at that place, from 0.

        Raises:
            MalformedBytes: there are not so many.
        """
        found = self.raw[32 * number : 32 * number + 32]
        if len(found) != 32:
            raise self.refusal(f"a word of 32 bytes expected, {len(found)} bytes left", number)
        return found

    def integer(self, number: int) -> int:
        """A uint256.

        Raises:
            MalformedBytes: there is no such word.
        """
        return int.from_bytes(self.word(number), "big")

    def address(self, number: int) -> str:
        """An address, with the checksum of EIP-55.

        Raises:
            MalformedBytes: there is no such word, or more than 20 bytes are set in it.
        """
        found = self.word(number)
        if any(found[:12]):
            raise self.refusal(f"{found.hex()} is no address: its first twelve bytes are not zero", number)
        return address_of(found[12:])

    def truth(self, number: int) -> bool:
        """True or false.

        Raises:
            MalformedBytes: there is no such word, or it is neither 0 nor 1.
        """
        value = self.integer(number)
        if value > 1:
            raise self.refusal(f"0 or 1 expected, got {value:#x}", number)
        return value == 1

    def _start(self, number: int) -> int:
        """The byte to which the offset in that word leads."""
        offset = self.integer(number)
        if offset > len(self.raw) - 32:
            raise self.refusal(f"the offset {offset:#x} leads beyond the {len(self.raw)} bytes", number)
        return offset

    def integers(self, number: int) -> list[int]:
        """A uint256[] whose offset stands in that word.

        Raises:
            MalformedBytes: the offset leads away, or the elements do not stand in the bytes.
        """
        start = self._start(number)
        count = int.from_bytes(self.raw[start : start + 32], "big")
        if count > _MOST_ELEMENTS or start + 32 + 32 * count > len(self.raw):
            raise self.refusal(f"{count} elements cannot stand in the {len(self.raw)} bytes", number)
        places = range(start + 32, start + 32 + 32 * count, 32)
        return [int.from_bytes(self.raw[at : at + 32], "big") for at in places]

    def data(self, number: int) -> bytes:
        """Bytes or text whose offset stands in that word.

        Raises:
            MalformedBytes: the offset leads away, or the bytes are not there.
        """
        start = self._start(number)
        size = int.from_bytes(self.raw[start : start + 32], "big")
        if size > len(self.raw) - start - 32:
            raise self.refusal(f"{size} bytes cannot stand in the {len(self.raw)} bytes", number)
        return self.raw[start + 32 : start + 32 + size]
