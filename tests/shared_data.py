"""The recorded data beside the repository: found, opened by the path its manifest names, unpacked in memory.

It is looked for at ``CRYPTOTRACE_SHARED``, else in ``../shared`` beside the repository. Where it is absent the tests
that need it are skipped and say why. Nothing of it is ever copied into the repository.
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

_VARIABLE = "CRYPTOTRACE_SHARED"


@cache
def find_shared() -> Path | None:
    """The folder of shared material, or None where there is none."""
    named = os.environ.get(_VARIABLE)
    folder = Path(named) if named else Path(__file__).resolve().parents[2] / "shared"
    return folder if (folder / "data" / "MANIFEST.json").is_file() else None


def shared_folder() -> Path:
    """The folder of shared material; skips the test, loudly, where there is none."""
    folder = find_shared()
    if folder is None:
        pytest.skip(
            f"RECORDED DATA ABSENT: set {_VARIABLE} to the folder that holds data/MANIFEST.json, "
            "or put it at ../shared beside the repository; this proof on real data was NOT made"
        )
    return folder


@cache
def _digests() -> dict[str, str]:
    rows = json.loads((shared_folder() / "data" / "MANIFEST.json").read_text(encoding="utf-8"))
    return {row["path"]: row["sha256"] for row in rows}


@cache
def read_data(path: str) -> bytes:
    """The file of that manifest path, unpacked if it is ``.bz2``, ``.gz`` or ``.zst``; its digest is checked."""
    packed = (shared_folder() / "data" / path).read_bytes()
    assert hashlib.sha256(packed).hexdigest() == _digests()[path], f"{path} is not the file that the manifest names"
    if path.endswith(".bz2"):
        return bz2.decompress(packed)
    if path.endswith(".gz"):
        return gzip.decompress(packed)
    if path.endswith(".zst"):
        import zstandard

        return zstandard.ZstdDecompressor().decompressobj().decompress(packed)
    return packed


def read_json(path: str) -> Any:
    """The JSON file of that manifest path, unpacked."""
    return json.loads(read_data(path))


def manifest_paths(prefix: str) -> list[str]:
    """Manifest paths that begin with ``prefix``, sorted."""
    return sorted(path for path in _digests() if path.startswith(prefix))


@cache
def read_vectors(name: str) -> Any:
    """The JSON file of that name in the folder of vectors, e.g. ``proofs.json``."""
    return json.loads((shared_folder() / "vectors" / name).read_text(encoding="utf-8"))
