"""From a case to its report: where files go, what is logged, and what the report rests on."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from cryptotrace.case import Case
from cryptotrace.case.reporting import dossier
from cryptotrace.errors import CaseError, EvidenceError, ReportError, SourceUnavailable, TracingError


def test_a_named_file_gets_the_one_language_in_the_format_of_its_suffix(claimed: Case, tmp_path: Path) -> None:
    claimed.trace()

    assert claimed.report(language="ru", path=tmp_path / "appendix.json") == (tmp_path / "appendix.json",)
    assert json.loads((tmp_path / "appendix.json").read_text(encoding="utf-8"))["language"] == "ru"


def test_a_named_file_in_two_languages_becomes_two_files(claimed: Case, tmp_path: Path) -> None:
    written = claimed.report(claimed.trace(), language=("ru", "en"), path=tmp_path / "appendix {1}.json")

    assert written == (tmp_path / "appendix {1}.ru.json", tmp_path / "appendix {1}.en.json")
    assert {path.name for path in tmp_path.glob("*.json")} == {path.name for path in written}


def test_without_a_place_the_report_goes_into_the_case_and_its_digest_into_the_custody_log(claimed: Case) -> None:
    claimed.trace()
    (path,) = claimed.report(language="en", formats=("json",))

    assert path.parent == claimed.folder / "reports"
    entry = list(claimed.custody.entries())[-1]
    assert (entry.action, entry.result) == ("report", hashlib.sha256(path.read_bytes()).hexdigest())


def test_an_earlier_document_is_not_written_over_unless_that_is_said(claimed: Case, tmp_path: Path) -> None:
    (tmp_path / "tracing-report.en.json").write_text("signed", encoding="utf-8")
    (tmp_path / "mine.json").write_text("mine", encoding="utf-8")
    view = claimed.trace()

    for place in (tmp_path, tmp_path / "mine.json"):
        with pytest.raises(ReportError, match="already and is another document"):
            claimed.report(view, language="en", path=place, formats=("json",))
    assert claimed.report(view, language="en", path=tmp_path / "new.json") == (tmp_path / "new.json",)
    assert (tmp_path / "tracing-report.en.json").read_text(encoding="utf-8") == "signed"
    assert (tmp_path / "mine.json").read_text(encoding="utf-8") == "mine"

    claimed.report(view, language="en", path=tmp_path / "mine.json", replace_files=True)
    again = claimed.report(view, language="en", path=tmp_path / "mine.json")
    assert again == (tmp_path / "mine.json",), "the same bytes are no other document"


@pytest.mark.parametrize(
    ("name", "formats", "message"),
    [("x.pdf", ("docx",), "names a format, but docx"), ("x.odt", None, "no report format 'odt'")],
)
def test_a_name_that_contradicts_what_is_asked_for_is_refused(
    claimed: Case, tmp_path: Path, name: str, formats: tuple[str, ...] | None, message: str
) -> None:
    view = claimed.trace()
    with pytest.raises(ReportError, match=message):
        claimed.report(view, language="en", path=tmp_path / "new" / name, formats=formats)
    assert not (tmp_path / "new").exists()


def test_a_place_that_cannot_be_written_is_a_typed_error(claimed: Case, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    view = claimed.trace()
    with pytest.raises(ReportError, match="choose another place"):
        claimed.report(view, language="en", formats=("json",), path=tmp_path / "file" / "folder")


def test_a_source_that_never_answered_is_not_named_among_those_that_did(claimed: Case) -> None:
    with pytest.raises(SourceUnavailable):
        claimed.connect("bitcoin-regtest", "rpc:http://127.0.0.1:1?retries=0")
    made = dossier(claimed, claimed.trace().trace)

    assert "rpc:http://127.0.0.1:1" in {record.source for record in claimed.archive.records()}
    (source,) = made.sources
    assert (source.name, source.tip.height) == ("blocks:blk00000.dat", 125)


def test_an_unknown_kind_of_report_names_the_one_there_is(claimed: Case) -> None:
    claimed.trace()
    with pytest.raises(ReportError, match="no report 'mla-appendix'; there is: tracing-report"):
        claimed.report(kind="mla-appendix")


def test_the_dossier_names_the_answers_the_figures_rest_on_and_nothing_of_the_machine(claimed: Case) -> None:
    made = dossier(claimed, claimed.trace(rule="libr", dust=5000).trace)

    held = {answer.digest for answer in made.answers}
    assert {transaction.evidence for transaction in made.transactions.values()} <= held
    for answer in made.answers:
        assert hashlib.sha256(claimed.archive.read(answer.digest)).hexdigest() == answer.digest
    assert str(claimed.folder) not in repr(made)
    assert made.settings["dust limit, base units"] == "5000"
    assert made.settings["reason for the rule"] == "none"
    assert made.outputs_only == ()


def test_a_report_written_again_is_the_same_to_the_byte_whatever_was_logged_or_loaded_since(
    claimed: Case, material: Path, tmp_path: Path
) -> None:
    view = claimed.trace(rule="haircut", reason="asked for", dust=5000)
    first = claimed.report(view, path=tmp_path / "first")
    claimed.tag(material / "exchange.yaml")
    claimed.fetch("bitcoin-regtest", txid=claimed.claims[0].flow.partition(":")[0])
    second = claimed.report(view, path=tmp_path / "second")

    assert len(first) == 8
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_a_report_is_refused_where_an_answer_it_rests_on_was_altered(claimed: Case) -> None:
    view = claimed.trace()
    answer = next(a for a in dossier(claimed, view.trace).answers)
    path = claimed.archive.folder / answer.digest[:2] / answer.digest
    path.write_bytes(path.read_bytes() + b"x")

    with pytest.raises(EvidenceError, match="damaged or altered"):
        claimed.report(view)
    assert not (claimed.folder / "reports").exists()


def test_a_trace_of_another_case_is_not_reported(claimed: Case) -> None:
    foreign = replace(claimed.trace().trace, tips=())

    with pytest.raises(CaseError, match="not made in this case"):
        claimed.report(foreign)


def test_what_is_known_by_its_outputs_only_is_named(claimed: Case) -> None:
    view = claimed.trace()
    flow = view.trace.claims[0].flow
    claimed.store.db.execute("DELETE FROM transactions WHERE txid = ?", [flow.partition(":")[0]])

    assert dossier(claimed, view.trace).outputs_only == (flow.partition(":")[0],)


def test_reach_is_never_summed_and_a_rule_that_is_not_for_findings_says_so(claimed: Case) -> None:
    poison = claimed.trace(rule="poison")

    for holding in poison.holdings():
        assert not holding.is_share
        with pytest.raises(TracingError, match="never summed"):
            _ = holding.claimed_total
    shown = repr(poison) + poison._repr_html_()
    assert "8.00000000" not in shown, "both claimants reach the same 4 coins of the first deposit"
    assert "reached" in shown
    assert "(research: not a basis for findings)" in shown
    assert "(comparison only: not a basis for findings)" in repr(claimed.trace(rule="lifo"))
    assert "not a basis" not in repr(claimed.trace(rule="fifo"))


def test_a_document_is_written_whole_or_the_earlier_one_stays(
    claimed: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = claimed.trace()
    (path,) = claimed.report(view, language="en", path=tmp_path / "a.json")
    before = path.read_bytes()

    def full(self: Path, data: bytes) -> int:
        with self.open("wb") as file:
            file.write(data[:10])
        raise OSError("no space left")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(ReportError, match="no space left"):
        claimed.report(claimed.trace(rule="libr"), language="en", path=path, replace_files=True)
    assert path.read_bytes() == before
