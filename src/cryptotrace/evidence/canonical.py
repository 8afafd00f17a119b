"""One spelling for everything that is hashed, and the last line of defence against keys in a record."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from cryptotrace.errors import EvidenceError

#: What stands where a key stood.
REDACTED = "[redacted]"
_URL_CREDENTIALS = re.compile(r"(?<=://)[^/@\s\"']*@")


def utc_now() -> datetime:
    """The wall clock, in UTC."""
    return datetime.now(UTC)


def timestamp(clock: Callable[[], datetime]) -> str:
    """The clock's time as ISO 8601 text in UTC with microseconds, e.g. ``2026-11-24T18:00:00.000000Z``."""
    return clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def canonical_json(value: object) -> bytes:
    """``value`` as JSON with sorted keys, no spaces and UTF-8: equal values have equal bytes.

    Raises:
        EvidenceError: a float (money is text or int), a key that is not text, or something JSON does not have.
    """
    _refuse_inexact(value, "$")
    try:
        text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return text.encode("utf-8")
    except (UnicodeEncodeError, RecursionError, ValueError) as error:
        raise EvidenceError(f"a value cannot be written as JSON: {error}") from error


def _refuse_inexact(value: object, where: str) -> None:
    if value is None or isinstance(value, str | int):
        return
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise EvidenceError(f"{where} has a key that is not text: {key!r}")
            _refuse_inexact(item, f"{where}.{key}")
        return
    if isinstance(value, list | tuple):
        for number, item in enumerate(value):
            _refuse_inexact(item, f"{where}[{number}]")
        return
    kind = type(value).__name__
    raise EvidenceError(f"{where} is a {kind} ({value!r}); write amounts as text or as an int of base units")


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """``text`` without any of ``secrets`` and without credentials written into a URL.

    Longer secrets go first, so that one which contains another leaves nothing behind.
    """
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, REDACTED)
    return _URL_CREDENTIALS.sub(f"{REDACTED}@", text)


_ESCAPED = re.compile(rb"\\.", re.DOTALL)
_OPENS, _CLOSES = b"[{", b"]}"
_ALL_BUT_STRUCTURE = bytes(set(range(256)) - set(b'[]{}"'))


def check_depth(raw: bytes, deepest: int = 100) -> None:
    """See that JSON is not nested too deeply, before it is parsed.

    The parser recurses, and a library of another chain (web3) raises the interpreter's limit of recursion so far that
    hostile bytes would end the process.

    Raises:
        ValueError: it is nested deeper than ``deepest`` levels.
    """
    if raw.count(b"[") + raw.count(b"{") <= deepest:
        return
    plain = _ESCAPED.sub(b"", raw) if b"\\" in raw else raw
    outside = b"".join(plain.translate(None, _ALL_BUT_STRUCTURE).split(b'"')[::2])
    depth = 0
    for letter in outside:
        depth += (letter in _OPENS) - (letter in _CLOSES)
        if depth > deepest:
            raise ValueError(f"it is nested deeper than {deepest} levels")
