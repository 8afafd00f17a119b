"""Reading the JSON objects of an Ethereum node that are already plain dictionaries: strict, by name, exact.

Source: Ethereum JSON-RPC specification (execution-apis): quantities and data are hex text with ``0x``. Leading zeros
of a quantity are let pass, since nodes of several chains write them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from cryptotrace.chains.evm.address import address_of
from cryptotrace.errors import MalformedBytes

_HEX = re.compile(r"0[xX][0-9a-fA-F]*", re.ASCII)
#: More digits than any quantity has, leading zeros included.
_LONGEST_QUANTITY = 2 + 64


class Told:
    """An object as a node told it, with its place in the answer.

    Args:
        fields: the object.
        what: names it in errors, e.g. ``transaction`` or ``receipt.logs[3]``.

    Raises:
        MalformedBytes: not an object.
    """

    __slots__ = ("fields", "what")

    def __init__(self, fields: object, what: str) -> None:
        if not isinstance(fields, Mapping):
            raise MalformedBytes(f"an object expected, got {type(fields).__name__}", offset=0, field=what)
        self.fields: Mapping[str, object] = fields
        self.what = what

    def refusal(self, message: str, name: str) -> MalformedBytes:
        """The error that names a field; the caller raises it."""
        return MalformedBytes(message, offset=0, field=f"{self.what}.{name}")

    def __contains__(self, name: str) -> bool:
        return self.fields.get(name) is not None

    def _hex(self, name: str) -> str:
        text = self.fields.get(name)
        if not isinstance(text, str) or not _HEX.fullmatch(text):
            shown = repr(text)
            raise self.refusal(
                f"hex text with 0x expected, got {shown[:77] + '...' if len(shown) > 80 else shown}", name
            )
        return text

    def quantity(self, name: str, bits: int = 256) -> int:
        """A whole number of at most so many bits.

        Raises:
            MalformedBytes: absent, not hex, or larger.
        """
        text = self._hex(name)
        if not 2 < len(text) <= _LONGEST_QUANTITY:
            raise self.refusal(f"a number of 1 to 64 hex digits expected, got {len(text) - 2}", name)
        value = int(text, 16)
        if value.bit_length() > bits:
            raise self.refusal(f"a number of at most {bits} bits expected, got {value.bit_length()} bits", name)
        return value

    def quantity_or_none(self, name: str, bits: int = 256) -> int | None:
        """The same, or None where the field is absent or null.

        Raises:
            MalformedBytes: there, and not such a number.
        """
        return self.quantity(name, bits) if name in self else None

    def data(self, name: str, size: int | None = None) -> bytes:
        """Bytes, exactly ``size`` of them if that is given.

        Raises:
            MalformedBytes: absent, not hex, half a byte, or another size.
        """
        text = self._hex(name)
        if len(text) % 2:
            raise self.refusal("an even number of hex digits expected", name)
        raw = bytes.fromhex(text[2:])
        if size is not None and len(raw) != size:
            raise self.refusal(f"{size} bytes expected, got {len(raw)}", name)
        return raw

    def data_or_none(self, name: str, size: int | None = None) -> bytes | None:
        """The same, or None where the field is absent or null.

        Raises:
            MalformedBytes: there, and not such bytes.
        """
        return self.data(name, size) if name in self else None

    def hash(self, name: str) -> str:
        """Thirty-two bytes as 64 lower-case hex digits.

        Raises:
            MalformedBytes: absent or something else.
        """
        return self.data(name, 32).hex()

    def hash_or_none(self, name: str) -> str | None:
        """The same, or None where the field is absent or null.

        Raises:
            MalformedBytes: there, and not 32 bytes.
        """
        return self.hash(name) if name in self else None

    def address(self, name: str) -> str:
        """An address with its checksum.

        Raises:
            MalformedBytes: absent, or not 20 bytes.
        """
        return address_of(self.data(name, 20))

    def address_or_none(self, name: str) -> str | None:
        """The same, or None where the field is absent or null.

        Raises:
            MalformedBytes: there, and not 20 bytes.
        """
        return self.address(name) if name in self else None

    def truth_or_none(self, name: str) -> bool | None:
        """True, false, or None where the field is absent or null.

        Raises:
            MalformedBytes: there, and neither of them.
        """
        value = self.fields.get(name)
        if value is not None and not isinstance(value, bool):
            raise self.refusal("true or false expected", name)
        return value

    def items(self, name: str) -> list[object]:
        """The items of a list; an empty one where the field is absent or null.

        Raises:
            MalformedBytes: there, and not a list.
        """
        value = self.fields.get(name)
        if value is None:
            return []
        if not isinstance(value, list | tuple):
            raise self.refusal("a list expected", name)
        return list(value)

    def objects(self, name: str) -> list[Told]:
        """The objects of a list; none where the field is absent or null.

        Raises:
            MalformedBytes: not a list of objects.
        """
        return [Told(each, f"{self.what}.{name}[{n}]") for n, each in enumerate(self.items(name))]

    def texts(self, name: str, size: int | None = None) -> list[bytes]:
        """The bytes of a list of hex texts, each of exactly ``size`` if that is given.

        Raises:
            MalformedBytes: not a list of such.
        """
        listed = self.items(name)
        return [Told({f"{name}[{n}]": each}, self.what).data(f"{name}[{n}]", size) for n, each in enumerate(listed)]

    def unread(self, read: Iterable[str]) -> tuple[str, ...]:
        """Names of the fields that hold something and are not among ``read``, sorted."""
        known = set(read)
        return tuple(
            sorted(str(name) for name, value in self.fields.items() if value is not None and name not in known)
        )
