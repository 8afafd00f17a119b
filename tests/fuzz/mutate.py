"""Ways to damage bytes and text."""

from __future__ import annotations

from random import Random

_NUMBERS = (b"\x00", b"\xff", b"\xfd\xff\xff", b"\xfe\xff\xff\xff\xff", b"\xff" * 9, b"\x7f\xff\xff\xff", b"\x00" * 8)
_LETTERS = "0OIl1qpz \u0430\u0441\u200b\u00e9\U0001f600\ud800\x00\u0130"


def mutate_bytes(raw: bytes, random: Random) -> bytes:
    """``raw`` after a few changes: flipped bits, lengths that lie, cuts, repeats, pieces moved about."""
    data = bytearray(raw)
    for _ in range(random.choice((1, 1, 2, 5, 20))):
        at = random.randrange(len(data) + 1)
        kind = random.randrange(6)
        if kind == 0 and data:
            data[at % len(data)] ^= 1 << random.randrange(8)
        elif kind == 1:
            number = random.choice(_NUMBERS)
            data[at : at + len(number)] = number
        elif kind == 2:
            del data[at : at + random.choice((1, 2, 8, 32, 300))]
        elif kind == 3:
            data[at:at] = random.randbytes(random.choice((1, 4, 32)))
        elif kind == 4:
            start = random.randrange(len(data) + 1)
            data[at:at] = data[start : start + random.choice((1, 36, 80, 200))]
        elif random.randrange(4) == 0:
            del data[at:]
    return bytes(data)


def mutate_text(text: str, random: Random) -> str:
    """``text`` after a few changes, look-alike letters and unpaired surrogates among them."""
    letters = list(text)
    for _ in range(random.choice((1, 1, 2, 4))):
        at = random.randrange(len(letters) + 1)
        kind = random.randrange(4)
        if kind == 0:
            letters[at : at + 1] = random.choice(_LETTERS)
        elif kind == 1:
            letters[at:at] = letters[: random.randrange(len(letters) + 1)]
        elif kind == 2:
            del letters[at : at + random.choice((1, 2, 50))]
        elif at < len(letters):
            letters[at] = letters[at].swapcase()
    return "".join(letters)
