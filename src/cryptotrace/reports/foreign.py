"""Text that others wrote, made harmless without hiding anything: what cannot be seen is shown by its code point."""

from __future__ import annotations

import unicodedata

#: Categories of characters that are not letters to be read: controls, formats (bidirectional marks, zero width),
#: surrogates, private use, unassigned, line and paragraph separators.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_MARKS = frozenset({"Mn", "Me"})
_MOST_MARKS = 2
_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "GEORGIAN")


def code_point(char: str) -> str:
    """How a character is named in print, e.g. ``⟨U+202E⟩``."""
    return f"⟨U+{ord(char):04X}⟩"


def visible(text: str) -> str:
    """``text`` with every control, bidirectional or zero-width character shown as its code point.

    In a word that mixes scripts (``Binаnce`` with a Cyrillic letter) the letters of the rarer script are shown by their
    code points too. Plain text in any one script is unchanged, and a second pass changes nothing.
    """
    out: list[str] = []
    word: list[str] = []
    marks = 0
    for char in text:
        category = unicodedata.category(char)
        marks = marks + 1 if category in _MARKS else 0
        if category[0] in "LM" and marks <= _MOST_MARKS:
            word.append(char)
            continue
        out.append(_one_script(word))
        word = []
        is_seen = category not in _UNSEEN and marks == 0 and (category != "Zs" or char in " \u00a0\u202f")
        out.append(char if is_seen else code_point(char))
    out.append(_one_script(word))
    return "".join(out)


def one_line(text: str) -> str:
    """``visible`` for text that may rightly have several lines (a question): line breaks and tabs become spaces."""
    return visible(" ".join(text.split()))


def _one_script(word: list[str]) -> str:
    scripts = [_script(char) for char in word]
    present = {script for script in scripts if script}
    if len(present) <= 1:
        return "".join(word)
    main = max(sorted(present, reverse=True), key=scripts.count)
    return "".join(code_point(c) if s and s != main else c for c, s in zip(word, scripts, strict=True))


def _script(char: str) -> str:
    name = unicodedata.name(char, "")
    return next((script for script in _SCRIPTS if name.startswith(script)), "")
