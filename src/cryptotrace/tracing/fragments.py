"""Value with labels: what a flow or a pot is made of, in order.

A fragment is ``(label, units)``: the label names a claimant, None is value that nobody claims. Units are ints, or
fractions in exact mode.

Source: ordered lists of labelled amounts that are cut and joined are how TaintChain keeps FIFO taint (Anderson,
Shumailov, Ahmed, "Making Bitcoin Legal"; README of RustyTaintChain).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from cryptotrace.errors import TracingError

Units = int | Fraction
Fragment = tuple[str | None, Units]
_PIECE_DIGITS = 4000
_PIECE = 10**_PIECE_DIGITS


def merged(fragments: Iterable[Fragment]) -> tuple[Fragment, ...]:
    """The fragments without empty ones and with neighbours of one label joined."""
    out: list[Fragment] = []
    for label, units in fragments:
        if units == 0:
            continue
        if out and out[-1][0] == label:
            out[-1] = (label, out[-1][1] + units)
        else:
            out.append((label, units))
    return tuple(out)


def split_at(fragments: Sequence[Fragment], units: Units) -> tuple[tuple[Fragment, ...], tuple[Fragment, ...]]:
    """The first ``units`` and the rest.

    Raises:
        TracingError: there are fewer.
    """
    front: list[Fragment] = []
    back: list[Fragment] = []
    need = units
    for label, have in fragments:
        first = min(have, need)
        if first:
            front.append((label, first))
            need -= first
        if have != first:
            back.append((label, have - first))
    if need != 0:
        raise TracingError(f"cannot cut {units} units from fragments that hold {units - need}")
    return tuple(front), tuple(back)


def claimed(fragments: Iterable[Fragment]) -> dict[str, Units]:
    """Units per claimant, in order of first appearance."""
    sums: dict[str, Units] = {}
    for label, units in fragments:
        if label is not None and units != 0:
            sums[label] = sums.get(label, 0) + units
    return sums


def as_text(units: Units) -> str:
    """``"25"`` or ``"75/4"``, of any length: a fraction grows with each pot, and ``str`` refuses above 4300 digits."""
    if units.denominator != 1:
        return f"{_digits(units.numerator)}/{_digits(units.denominator)}"
    return _digits(units.numerator)


def as_texts(shares: Mapping[str, Units]) -> dict[str, str]:
    """Units per claimant as text, claimants in alphabetical order, without those who have nothing."""
    return {claimant: as_text(shares[claimant]) for claimant in sorted(shares) if shares[claimant] != 0}


def _digits(number: int) -> str:
    pieces: list[str] = []
    rest = abs(number)
    while rest >= _PIECE:
        rest, low = divmod(rest, _PIECE)
        pieces.append(str(low).rjust(_PIECE_DIGITS, "0"))
    return "-" * (number < 0) + str(rest) + "".join(reversed(pieces))


def total(fragments: Iterable[Fragment]) -> Units:
    """All units, claimed or not."""
    return sum((units for _, units in fragments), 0)
