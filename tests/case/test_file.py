"""``case.toml`` is a file that anybody can edit: what cannot be is refused by name."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
import tomli_w

from cryptotrace.case import file as casefile
from cryptotrace.errors import ConfigurationError

CLAIM = {"claimant": "A", "chain": "c:1", "flow": "t:0", "asset": "c:1/slip44:0", "units": "5"}


def written(folder: Path, **changes: object) -> Path:
    """A good file with some values replaced; None leaves one out."""
    path = folder / "case.toml"
    casefile.write(path, casefile.CaseFile("id", "A title"))
    document = {**tomllib.loads(path.read_text(encoding="utf-8")), **changes}
    path.write_bytes(tomli_w.dumps({k: v for k, v in document.items() if v is not None}).encode())
    return path


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    case = casefile.CaseFile(
        "id",
        "Заголовок",
        own_nodes_only=True,
        own_hosts=("node.example",),
        sources=(casefile.SourceEntry("c:1", "json:x"),),
        tags=(casefile.TagEntry("ab", "x.yaml"),),
        claims=(casefile.ClaimEntry(**CLAIM),),
        coinjoins=(casefile.CoinJoinEntry("ab", "why"),),
        trace=casefile.TraceEntry("fifo", claims=(0,), exact=True),
    )
    casefile.write(tmp_path / "case.toml", case)

    assert casefile.read(tmp_path / "case.toml") == case


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"title": 5}, "title = 5"),
        ({"title": None}, "title"),
        ({"own_nodes_only": "yes"}, "own_nodes_only = 'yes'"),
        ({"own_nodes_only": ""}, "own_nodes_only = ''"),
        ({"own_nodes_only": 1}, "own_nodes_only = 1"),
        ({"own_hosts": [1]}, "own_hosts"),
        ({"unknown": 1}, "unknown"),
        ({"format": 2}, "has format 2, this version reads 1"),
        ({"claims": [CLAIM | {"units": "abc"}]}, "units = 'abc'"),
        ({"claims": [CLAIM | {"units": "-5"}]}, "units = '-5'"),
        ({"claims": [CLAIM | {"units": 5}]}, "units = 5"),
        ({"claims": [CLAIM | {"offset": "1.5"}]}, "offset = '1.5'"),
        ({"claims": [{"claimant": "A"}]}, "missing"),
        ({"claims": "x"}, "case.toml"),
        ({"trace": {"rule": "fifo", "claims": [99]}}, "names a claim that is not there"),
        ({"trace": {"rule": "fifo", "claims": [-1]}}, "names a claim that is not there"),
        ({"trace": {"rule": "fifo", "claims": ["0"]}}, "claims"),
        ({"trace": {"rule": "fifo", "dust": "x"}}, "dust = 'x'"),
        ({"trace": {"rule": "fifo", "exact": "no"}}, "exact = 'no'"),
        ({"trace": 7}, "case.toml"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_name(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        casefile.read(written(tmp_path, **changes))


def test_writing_leaves_the_old_file_whole_if_it_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path)
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="no space left"):
        casefile.write(path, casefile.CaseFile("id", "Another"))
    assert path.read_bytes() == before
