"""Outlines of bands, and how wide a text is: what the drawing of the figure reckons without knowing what it draws."""

from __future__ import annotations


def band_path(
    start: float,
    bend: float,
    stop: float,
    y_from: float,
    y_to: float,
    thickness: float,
    *,
    is_open: tuple[bool, bool] = (False, False),
) -> str:
    """A band: straight to the bend, then curved to the stop; open where another piece of it begins or ends."""
    if stop <= bend:
        return f"M{start:.2f},{y_from:.2f} H{stop:.2f} V{y_from + thickness:.2f} H{start:.2f} Z"
    middle = (bend + stop) / 2
    a, b = y_from + thickness, y_to + thickness
    right = f"M{stop:.2f},{b:.2f}" if is_open[1] else f"V{b:.2f}"
    left = "" if is_open[0] else f" V{y_from:.2f}"
    return (
        f"M{start:.2f},{y_from:.2f} H{bend:.2f} "
        f"C{middle:.2f},{y_from:.2f} {middle:.2f},{y_to:.2f} {stop:.2f},{y_to:.2f} "
        f"{right} C{middle:.2f},{b:.2f} {middle:.2f},{a:.2f} {bend:.2f},{a:.2f} H{start:.2f}{left}"
    )


def text_width(text: str, size: float) -> float:
    """An upper estimate of the width of a text in points."""
    narrow = sum(1 for c in text if c in " .,:;il|·!'()[]\u202f")
    wide = sum(1 for c in text if c.isupper() or ord(c) > 0x3FF)
    rest = len(text) - narrow - wide
    return size * (0.3 * narrow + 0.62 * wide + 0.52 * rest)
