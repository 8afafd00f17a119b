"""From a dossier to files: what was asked for is written, or nothing is."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.reports.made import training_dossier

from cryptotrace.errors import ReportError
from cryptotrace.reports.render import RENDERERS, render


def test_each_language_and_format_is_one_file_in_the_order_asked_for(tmp_path: Path) -> None:
    written = render(training_dossier(), tmp_path / "new" / "folder", formats=("json", "pdf"), languages=("ru", "en"))

    assert [path.name for path in written] == [
        "tracing-report.ru.json",
        "tracing-report.ru.pdf",
        "tracing-report.en.json",
        "tracing-report.en.pdf",
    ]
    assert sorted(written) == sorted((tmp_path / "new" / "folder").iterdir())


def test_the_same_dossier_gives_the_same_bytes_in_every_format(tmp_path: Path) -> None:
    first, second = (
        render(training_dossier(), tmp_path / name, formats=tuple(RENDERERS), languages=("en", "ru"))
        for name in ("first", "second")
    )

    assert len(first) == 8
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name


def test_what_is_asked_for_twice_is_written_once(tmp_path: Path) -> None:
    assert len(render(training_dossier(), tmp_path, formats=("json", "json"), languages=("en", "en"))) == 1


@pytest.mark.parametrize(
    ("formats", "languages", "message"),
    [
        (("odt",), ("en",), "no report format 'odt'; formats are pdf, docx, xlsx, json"),
        ((), ("en",), "no format or no language"),
        (("pdf",), (), "no format or no language"),
        (("json",), ("en", "de"), "no report language 'de'"),
    ],
)
def test_what_cannot_be_made_is_refused_and_nothing_is_written(
    tmp_path: Path, formats: tuple[str, ...], languages: tuple[str, ...], message: str
) -> None:
    with pytest.raises(ReportError, match=message):
        render(training_dossier(), tmp_path, formats=formats, languages=languages)

    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_a_typed_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")

    with pytest.raises(ReportError, match="choose another place"):
        render(training_dossier(), tmp_path / "file" / "folder", formats=("json",), languages=("en",))
