"""From a dossier to documents: what was asked for is made, or nothing is."""

from __future__ import annotations

import pytest
from tests.reports.made import training_dossier

from cryptotrace.errors import ReportError
from cryptotrace.reports.render import RENDERERS, render


def test_each_language_and_format_is_one_document_in_the_order_asked_for() -> None:
    told: list[tuple[int, int]] = []
    made = render(
        training_dossier(),
        formats=("json", "pdf"),
        languages=("ru", "en"),
        progress=lambda done, left: told.append((done, left)),
    )

    assert list(made) == [("ru", "json"), ("ru", "pdf"), ("en", "json"), ("en", "pdf")]
    assert told == [(1, 3), (2, 2), (3, 1), (4, 0)]
    assert made["en", "pdf"].startswith(b"%PDF-1.7")


def test_the_same_dossier_gives_the_same_bytes_in_every_format() -> None:
    first, second = (render(training_dossier(), formats=tuple(RENDERERS), languages=("en", "ru")) for _ in range(2))

    assert len(first) == 8
    assert first == second


def test_what_is_asked_for_twice_is_made_once() -> None:
    assert len(render(training_dossier(), formats=("json", "json"), languages=("en", "en"))) == 1


@pytest.mark.parametrize(
    ("formats", "languages", "message"),
    [
        (("odt",), ("en",), "no report format 'odt'; formats are pdf, docx, xlsx, json"),
        ((), ("en",), "no format or no language"),
        (("pdf",), (), "no format or no language"),
        (("json",), ("en", "de"), "no report language 'de'"),
    ],
)
def test_what_cannot_be_made_is_refused(formats: tuple[str, ...], languages: tuple[str, ...], message: str) -> None:
    with pytest.raises(ReportError, match=message):
        render(training_dossier(), formats=formats, languages=languages)
