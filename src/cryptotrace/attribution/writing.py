"""How a name is written: invisible characters, letters of several scripts, letters that only look like others.

A token's symbol is whatever its maker typed. Two symbols that a reader takes for the same have the same *skeleton*:
compatibility forms are resolved, invisible characters and marks are left out, and letters that look like Latin ones are
read as those. The table holds the letters that look like those of which symbols of tokens are made; it is no full list.

Source: Unicode Technical Standard #39 (skeletons, mixed scripts, confusables); Unicode Standard Annex #15 (NFKC).
"""

from __future__ import annotations

import unicodedata

#: Letters of other scripts (after NFKC and case folding) that look like the Latin letter or digit they stand under.
_LOOKS_LIKE = {
    "a": "аαɑ",
    "b": "ьʙвβᏼ",
    "c": "сϲᴄ",
    "d": "ԁꓒ",
    "e": "еєҽε",
    "f": "ꞙϝ",
    "g": "ɡց",
    "h": "һнհ",
    "i": "іıιɪӏ",
    "j": "јϳ",
    "k": "кκᴋ",
    "m": "мᴍμ",
    "n": "ոпηɴ",
    "o": "оοօσᴏ",
    "p": "рρ",
    "q": "ԛգ",
    "r": "гᴦʀ",
    "s": "ѕꜱ",
    "t": "тτᴛ",
    "u": "υսцᴜ",
    "v": "ѵνᴠ",
    "w": "ԝѡᴡω",
    "x": "хχ",
    "y": "уүγყ",
    "z": "ᴢζ",
    "$": "＄﹩",
}
_AS_LATIN = str.maketrans({other: latin for latin, others in _LOOKS_LIKE.items() for other in others})
#: Small l is read as capital I before capitals are folded, so that L stays apart from both.
_BY_SIGHT = str.maketrans({"l": "I", "1": "I", "|": "I", "0": "O"})
#: Scripts that are written together in one word, with Latin letters too (UTS #39, "highly restrictive").
_WRITTEN_TOGETHER = frozenset({"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "IDEOGRAPHIC"})
#: Characters that are letters or symbols by their category and show nothing.
_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0\u2800\u00ad\u034f\u17b4\u17b5")
#: Categories of characters that show nothing of their own: formats, controls, private use, unassigned.
_UNSEEN = frozenset({"Cf", "Cc", "Co", "Cn", "Cs"})


def invisible(text: str) -> tuple[str, ...]:
    """Names of the characters in ``text`` that show nothing, e.g. ``U+200B ZERO WIDTH SPACE``; empty if none does.

    Spaces around the text and between words count only if they are not the plain space.
    """
    return tuple(_named(each) for each in text if _is_unseen(each))


def scripts(text: str) -> tuple[str, ...]:
    """The scripts of the letters in ``text``, sorted, e.g. ``("CYRILLIC", "LATIN")``: the first word of their names.

    Those of East Asia, which are written together and beside Latin letters, are left out.
    """
    found = set()
    for each in unicodedata.normalize("NFKC", text):
        if each.isalpha() and not _is_unseen(each):
            found.add(unicodedata.name(each, "UNKNOWN").split()[0])
    return tuple(sorted(found - _WRITTEN_TOGETHER))


def foreign_letters(text: str) -> tuple[str, ...]:
    """Names of the letters in ``text`` that look like Latin ones and are none."""
    folded = [each for each in text if not each.isascii()]
    return tuple(_named(each) for each in folded if skeleton(each).isascii() and skeleton(each))


def skeleton(text: str, *, by_sight: bool = False) -> str:
    """What a reader takes ``text`` for. It is for comparing only and is never shown or stored in the place of the text.

    Args:
        text: as it was written.
        by_sight: also take ``I``, ``l``, ``1`` and ``|`` for one letter, and ``0`` for ``O``.
    """
    text = unicodedata.normalize("NFKC", text)
    folded = (text.translate(_BY_SIGHT) if by_sight else text).casefold()
    plain = unicodedata.normalize("NFKD", folded)
    kept = (each for each in plain if not (_is_unseen(each) or unicodedata.category(each) in ("Mn", "Me")))
    return "".join(kept).translate(_AS_LATIN).replace(" ", "")


def looks_same(one: str, other: str) -> bool:
    """True if a reader takes the two for the same: equal but for case, or equal by sight."""
    return any(skeleton(one, by_sight=sight) == skeleton(other, by_sight=sight) for sight in (False, True))


def _is_unseen(each: str) -> bool:
    category = unicodedata.category(each)
    return each in _BLANK_LETTERS or category in _UNSEEN or (category in ("Zs", "Zl", "Zp") and each != " ")


def _named(each: str) -> str:
    return f"U+{ord(each):04X} {unicodedata.name(each, 'without a name')}"
