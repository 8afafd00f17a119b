"""Does a part of a URL look like a key? Providers of nodes put keys into paths, where every log would keep them.

What counts as one, in a segment of a path or the value of an option, percent-encoding undone:

- 20 or more characters of hex, or a UUID;
- 20 or more characters of letters, digits and ``_ - . + = ~`` that are not words: between the separators a word is up
  to 19 letters (``mainnet``, ``ERC``, ``getBlock``) and at most 4 digits behind them, or 1 to 8 digits; and no more
  than two of the words have digits.

So ``/ext/bc/C/rpc`` and ``/rpc/v1/mainnet-archive`` are none, and ``/v3/0123456789abcdef0123456789abcdef`` is. A long
identifier that is no secret (of a blockchain of Avalanche) is taken for one too; it can be put into the environment.
The reverse happens too: of random keys of 20 letters and digits about 1 in 3,000 reads like words, of 32 about 1 in
100,000.

Source: RFC 3986 §2.3 (characters of a segment), RFC 4648 §5 (base64url), RFC 9562 (UUID).
"""

from __future__ import annotations

import re
from urllib.parse import unquote

#: From so many characters on something may be a key.
SHORTEST = 20
_PART = re.compile(r"[A-Za-z0-9_.+=~-]+", re.ASCII)
_HEX = re.compile(r"(0[xX])?[0-9a-fA-F]{20,}", re.ASCII)
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
_WORD = re.compile(r"([a-z]{1,19}|[A-Z]{1,19}|[A-Z]?[a-z]{2,}([A-Z][a-z]+)+|[A-Z][a-z]{1,18})[0-9]{0,4}", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,8}", re.ASCII)
#: Words with digits behind them; a licence key has more such groups.
_MOST_MIXED = 2
_MOST_ENCODINGS = 3


def _is_key(part: str) -> bool:
    if len(part) < SHORTEST:
        return False
    if _HEX.fullmatch(part) or _UUID.fullmatch(part):
        return True
    words = [each for each in re.split(r"[_.+=~-]+", part) if each]
    mixed = sum(not (each.isalpha() or each.isdigit()) for each in words)
    return mixed > _MOST_MIXED or not all(_WORD.fullmatch(each) or _NUMBER.fullmatch(each) for each in words)


def _decoded(text: str) -> str:
    for _ in range(_MOST_ENCODINGS):
        text = unquote(text)
    return text


def looks_like_key(text: str) -> bool:
    """True if something in a segment of a path, or in the value of an option, looks like a key."""
    return any(_is_key(part) for part in _PART.findall(_decoded(text)))


def without_keys(text: str) -> str:
    """The text with everything that looks like a key replaced by an ellipsis, for messages."""
    shown = _PART.sub(lambda found: "…" if _is_key(found[0]) else found[0], text)
    return shown if not looks_like_key(shown) else "…"
