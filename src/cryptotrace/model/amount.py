"""Money: an integer number of base units of one asset. No float enters, nothing is rounded."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cryptotrace.errors import InvalidAmount
from cryptotrace.model.identity import Asset

#: Characters of a decimal number that are read. No real amount comes near; Python itself stops at 4300 digits.
_LONGEST = 1000
_DECIMAL_FORM = re.compile(r"(?P<whole>[0-9]+)(?:\.(?P<part>[0-9]+))?", re.ASCII)


def base_units(value: object, what: str = "amount", *, signed: bool = False) -> int:
    """``value`` if it is an int of base units; below zero only where ``signed`` says that the sign is a direction.

    Raises:
        InvalidAmount: it is a float, a bool, text, or negative.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidAmount(
            f"{what} must be an int of base units, got {type(value).__name__} {value!r}; "
            "parse decimal text with parse_units"
        )
    if value < 0 and not signed:
        raise InvalidAmount(f"{what} must not be negative, got {value}")
    return value


def parse_units(text: str, decimals: int) -> int:
    """Base units of the decimal number ``text``, e.g. ``parse_units("12.5", 8) == 1250000000``.

    Digits below one base unit are refused even when they are zeros: ``"1.000"`` with two decimals is refused, because
    whoever wrote it may have meant another asset.

    Raises:
        InvalidAmount: not text, a sign, an exponent, grouping, more digits after the point than ``decimals``, or
            ``decimals`` is not a non-negative int.
    """
    _check_decimals(decimals)
    if not isinstance(text, str):
        raise InvalidAmount(f"expected decimal text, got {type(text).__name__} {text!r}; write it as a string")
    match = _DECIMAL_FORM.fullmatch(text)
    if match is None:
        raise InvalidAmount(f"{text!r} is not a plain decimal number; write digits with '.', no sign or grouping")
    if len(text) > _LONGEST:
        raise InvalidAmount(f"a number of {len(text)} characters is no amount; at most {_LONGEST} are read")
    part = match["part"] or ""
    if len(part) > decimals:
        raise InvalidAmount(f"{text!r} has digits below one base unit: the asset has {decimals} decimals")
    return int(match["whole"] + part.ljust(decimals, "0"))


def format_units(units: int, decimals: int) -> str:
    """Decimal text of ``units`` with all ``decimals`` digits, e.g. ``format_units(1250000000, 8) == "12.50000000"``.

    Raises:
        InvalidAmount: ``units`` is not an int (a float, a fraction, text), or ``decimals`` not a non-negative int.
    """
    base_units(units, signed=True)
    _check_decimals(decimals)
    sign, digits = ("-", str(-units)) if units < 0 else ("", str(units))
    if decimals == 0:
        return sign + digits
    digits = digits.rjust(decimals + 1, "0")
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}"


def _check_decimals(decimals: object) -> None:
    if isinstance(decimals, bool) or not isinstance(decimals, int) or decimals < 0:
        raise InvalidAmount(f"decimals must be 0, 1, 2 ... digits after the point, got {decimals!r}")


@dataclass(frozen=True, slots=True)
class Amount:
    """So many base units of one asset.

    Adding or comparing amounts of two assets, and subtracting more than there is, are errors. An amount has no truth
    value: compare ``base_units`` with 0.

    Raises:
        InvalidAmount: ``base_units`` is not a non-negative int.
    """

    base_units: int
    """Satoshi, wei, sun ...: the smallest unit of the asset; never negative."""

    asset: Asset
    """What it is an amount of."""

    def __post_init__(self) -> None:
        base_units(self.base_units)

    @classmethod
    def parse(cls, text: str, asset: Asset, decimals: int) -> Amount:
        """The amount that the decimal ``text`` names; see ``parse_units``."""
        return cls(parse_units(text, decimals), asset)

    def format(self, decimals: int) -> str:
        """Decimal text with all ``decimals`` digits."""
        return format_units(self.base_units, decimals)

    def _same(self, other: Amount) -> int:
        if not isinstance(other, Amount):
            raise InvalidAmount(f"an Amount can only be combined with an Amount, not {type(other).__name__}")
        if other.asset != self.asset:
            raise InvalidAmount(f"two assets in one sum: {self.asset} and {other.asset}")
        return other.base_units

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.base_units + self._same(other), self.asset)

    def __sub__(self, other: Amount) -> Amount:
        return Amount(self.base_units - self._same(other), self.asset)

    def __lt__(self, other: Amount) -> bool:
        return self.base_units < self._same(other)

    def __le__(self, other: Amount) -> bool:
        return self.base_units <= self._same(other)

    def __bool__(self) -> bool:
        raise InvalidAmount("an Amount has no truth value; compare .base_units with 0")
