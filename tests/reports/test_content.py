"""The content of a report: one model in two languages, in which every figure leads to a row and every sum closes."""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests import notation
from tests.reports.dossiers import dossier, draft, owner, tag, txid
from tests.strategies import Case, chains

from cryptotrace.model.verdict import LinkClass
from cryptotrace.reports.content import SECTIONS, content
from cryptotrace.reports.dossier import AssetFacts, Dossier
from cryptotrace.reports.model import CellKind, Document, Figure, Paragraph, Row, RowRole, Section, Table
from cryptotrace.reports.words import words
from cryptotrace.tracing.result import EndReason, Stops
from cryptotrace.tracing.rules import RULES, Purpose

LANGUAGES = ("en", "ru")
rules = st.sampled_from(sorted(RULES))
conserving = st.sampled_from(sorted(name for name, rule in RULES.items() if rule.conserves))
few = settings(deadline=None, max_examples=25)
ID = re.compile(r"\b[TAHE]-\d{4,}\b")

CASE = notation.chain(
    """
    t1: A 5000, B 3000, X 1000 -> C 6000, D 2900, fee 100
    t2: C 6000 -> E 4000, F 1990, fee 10
    t3: E 4000, Y 500 -> G 4400, H 90, fee 10
    Anna claims A
    Boris claims B
    Clara claims B 1000
    """
).case
SERVICE = owner(f"{txid('t2')}:1")
HOSTILE = '<b>&amp;"\u202e\x00 #panic() $x$ =1+1 \u200bBin\u0430nce {claims}'


def _tagged(rule: str = "fifo", **changes: Any) -> Dossier:
    stops = Stops(services={SERVICE: "a service"})
    tags = {SERVICE: (tag(SERVICE, "First"), tag(SERVICE, "Second", creator=""))}
    return dossier(CASE, rule, stops=stops, **{"tags": tags, **changes})


def _table(document: Document, key: str) -> Table:
    return next(table for table in document.tables() if table.key == key)


def _section(document: Document, key: str) -> Section:
    return next(section for section in document.sections if section.key == key)


def _texts(section: Section) -> list[str]:
    return [block.text for block in section.blocks if isinstance(block, Paragraph)]


def _strings(value: Any) -> Iterator[str]:
    """Every text in a document, whatever it is in."""
    if isinstance(value, str):
        yield value
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from _strings(getattr(value, field.name))
    elif isinstance(value, dict):
        yield from _strings(list(value.items()))
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _strings(part)


def _all_ids(document: Document) -> set[str]:
    data: Any = document.data
    return {row["id"] for key in ("transactions", "addresses", "ends", "evidence") for row in data[key]}


# --- two languages, one content ---------------------------------------------------------------------------------------


def _shape(document: Document) -> list[Any]:
    """Everything that must not depend on the language."""
    found: list[Any] = [document.report_id, document.case_id, document.data, len(document.front), document.date]
    for section in document.sections:
        found.append((section.number, section.key, [type(block).__name__ for block in section.blocks]))
        for block in section.blocks:
            if isinstance(block, Paragraph):
                found.append((block.number, block.label, block.cites))
            elif isinstance(block, Table):
                columns = [(column.width, column.label, column.is_right) for column in block.columns]
                found.append((block.key, block.label, columns, [_row_shape(row) for row in block.rows]))
            elif isinstance(block, Figure):
                found.append([sheet.count("<path") for sheet in block.sheets])
    return found


def _row_shape(row: Row) -> Any:
    values = [cell.value for cell in row.cells if cell.kind is not CellKind.TEXT]
    return row.id, row.role, [(cell.kind, len(cell.lines)) for cell in row.cells], values


@few
@given(chains(), rules, st.booleans())
def test_ids_numbers_tables_and_figures_are_the_same_in_both_languages(case: Case, rule: str, exact: bool) -> None:
    english, russian = (content(dossier(case, rule, exact=exact), language) for language in LANGUAGES)
    assert _shape(english) == _shape(russian)
    assert (english.language, russian.language) == LANGUAGES


@few
@given(chains(), rules)
def test_every_figure_in_a_sentence_is_the_same_in_both_languages(case: Case, rule: str) -> None:
    english, russian = (content(dossier(case, rule), language) for language in LANGUAGES)
    for one, other in zip(english.paragraphs(), russian.paragraphs(), strict=True):
        if not one.text.startswith(words("en").say("evidence.empty")) and "UTC" not in one.text:
            digits = [re.findall(r"\d+", re.sub(r"(?<=\d)[,.\u202f](?=\d)", "", each.text)) for each in (one, other)]
            assert digits[0] == digits[1], (one.text, other.text)


def test_paragraphs_are_numbered_within_their_sections() -> None:
    document = content(_tagged(), "en")
    assert [section.key for section in document.sections] == list(SECTIONS)
    for section in document.sections:
        numbers = [block.number for block in section.blocks if isinstance(block, Paragraph)]
        assert numbers == [f"{section.number}.{n}" for n in range(1, len(numbers) + 1)]


def test_the_same_dossier_gives_the_same_document_and_another_figure_another_id() -> None:
    assert content(_tagged(), "en") == content(_tagged(), "en")
    assert content(_tagged(), "en").report_id != content(_tagged(title="Another"), "en").report_id


# --- every figure leads to a row --------------------------------------------------------------------------------------


@few
@given(chains(), rules, st.booleans())
def test_whatever_is_cited_exists_and_each_row_of_a_schedule_is_there_once(case: Case, rule: str, exact: bool) -> None:
    document = content(dossier(case, rule, exact=exact), "en")
    known = _all_ids(document)
    for text in _strings([document.sections]):
        assert set(ID.findall(text)) <= known
    for paragraph in document.paragraphs():
        assert set(paragraph.cites) <= known
        assert len(set(paragraph.cites)) == len(paragraph.cites)
    shown = [row.id for table in document.tables() for row in table.rows if row.id]
    assert sorted(shown) == sorted(known)


@few
@given(chains(), rules)
def test_every_finding_about_the_chain_or_a_share_cites_a_row(case: Case, rule: str) -> None:
    document = content(dossier(case, rule), "en")
    warning, poison = document.warning, words("en").say("finding.poison")
    for block in _section(document, "findings").blocks:
        if isinstance(block, Paragraph) and block.label is not None and block.text not in (warning, poison):
            assert block.cites, block.text


def test_facts_come_first_then_claims_then_shares_then_what_others_say() -> None:
    blocks = _section(content(_tagged(), "en"), "findings").blocks
    labels = [block.label for block in blocks if isinstance(block, Paragraph) and block.label is not None]
    first = {label: labels.index(label) for label in (LinkClass.L1, LinkClass.L5, LinkClass.L3)}
    assert first[LinkClass.L1] < first[LinkClass.L5] < first[LinkClass.L3]
    assert LinkClass.L1 not in labels[labels.index(LinkClass.L5) :]
    assert labels[-1] is LinkClass.L5


def test_a_fact_names_no_claimant_and_no_share() -> None:
    for paragraph in content(_tagged(), "en").paragraphs():
        if paragraph.label is LinkClass.L1:
            assert not re.search(r"Anna|Boris|Clara|share", paragraph.text), paragraph.text


def test_a_coinbase_spends_no_output() -> None:
    case = notation.chain("cb: subsidy 50 -> M 50\nt1: M 50 -> N 50\nAnna claims M").case
    first = next(t for t in _texts(_section(content(dossier(case), "en"), "findings")) if "T-0001" in t)
    assert "outputs spent: 0, total 0.00000000" in first
    assert "new units and collected fees 0.00000050" in first


def test_all_names_of_a_service_are_given_and_none_is_preferred() -> None:
    document = content(_tagged(), "en")
    summary = " ".join(_texts(_section(document, "summary")))
    findings = " ".join(_texts(_section(document, "findings")))
    for text in (summary, findings):
        assert "“First”" in text
        assert "“Second”" in text
        assert "creator of the tag: not stated" in text
    assert "All are reproduced; none is preferred." in findings


def test_that_an_output_is_unspent_is_what_a_source_says_and_no_fact_of_the_chain() -> None:
    said = words("en").say("summary.unhosted", height="{}").partition("{}")[0]
    (found,) = [p for p in content(_tagged(), "en").paragraphs() if p.text.startswith(said)]
    assert found.label is LinkClass.L5


# --- sums -------------------------------------------------------------------------------------------------------------


def _shares(value: str) -> dict[str, Fraction]:
    parts = (part.rpartition("=") for part in value.split("; ") if part)
    return {name: Fraction(units) for name, _, units in parts}


@few
@given(chains(), conserving, st.booleans())
def test_the_reconciliation_closes_for_every_claimant(case: Case, rule: str, exact: bool) -> None:
    document = content(dossier(case, rule, exact=exact), "en")
    claimant: list[Fraction] = []
    for row in _table(document, "reconciliation").rows:
        if row.role is RowRole.GROUP:
            claimant = []
            continue
        value = Fraction(row.cells[-1].value)
        label = row.cells[0].value
        if label == "Sum of the ends":
            entered, ends = claimant[0], claimant[1:]
            cut = sum(each for each in ends if each < 0)
            assert value == sum(each for each in ends if each > 0) == entered + cut
        elif label == "Difference":
            assert value == 0
        claimant.append(value)
    assert words("en").say("reconciliation.closed") in _texts(_section(document, "reconciliation"))


@few
@given(chains(), conserving, st.booleans())
def test_the_tables_of_ends_add_up_to_what_the_summary_says(case: Case, rule: str, exact: bool) -> None:
    document = content(dossier(case, rule, exact=exact), "en")
    total = Fraction(0)
    for key in ("holdings", "gone"):
        rows = next((t.rows for t in document.tables() if t.key == key), ())
        listed = sum((sum(_shares(r.cells[3].value).values()) for r in rows if r.id), Fraction(0))
        stated = sum((sum(_shares(r.cells[3].value).values()) for r in rows if r.role is RowRole.TOTAL), Fraction(0))
        assert listed == stated
        total += listed
    summary = _table(document, "summary").rows
    assert total == sum((Fraction(r.cells[3].value) for r in summary if r.role is RowRole.ROW), Fraction(0))
    assert total == sum((Fraction(r.cells[3].value) for r in summary if r.role is RowRole.TOTAL), Fraction(0))


@few
@given(chains(), rules)
def test_the_check_below_each_transaction_holds(case: Case, rule: str) -> None:
    for row in _table(content(dossier(case, rule), "en"), "transactions").rows:
        if row.role is RowRole.TOTAL:
            into, _, out = row.cells[1].value.partition("=")
            assert int(into) == int(out) == int(row.cells[2].value)


def test_a_difference_is_said_and_not_hidden() -> None:
    made = dossier(CASE)
    broken = replace(made, trace=replace(made.trace, ends=made.trace.ends[1:]))
    text = " ".join(_texts(_section(content(broken, "en"), "reconciliation")))
    assert "must not be used until it is explained" in text
    assert "Every difference is 0" not in text


# --- poison, research and comparison ----------------------------------------------------------------------------------


@few
@given(chains())
def test_poison_shows_reach_and_never_a_sum(case: Case) -> None:
    document = content(dossier(case, "poison"), "en")
    assert [table.key for table in document.tables() if table.key == "reconciliation"] == []
    assert document.data["reconciliation"] is None
    assert len(_table(document, "summary").columns) == 3
    for key, place in (("transactions", 3), ("holdings", 3), ("gone", 3)):
        rows = next((t.rows for t in document.tables() if t.key == key), ())
        for row in rows:
            assert row.role is not RowRole.TOTAL or key == "transactions"
            if row.role is not RowRole.GROUP:
                assert re.fullmatch(r"|—|(V\d=reached(; )?)+", row.cells[place].value)
    for section in document.sections:
        for text in _texts(section):
            assert "claimed share" not in text
    for sheet in document.sections[4].blocks[-1].sheets:  # type: ignore[union-attr]
        assert "share" not in sheet


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", [name for name, rule in RULES.items() if rule.purpose is not Purpose.FINDINGS])
def test_a_rule_that_is_not_for_findings_says_so_beside_every_share(name: str, language: str) -> None:
    document = content(_tagged(name), language)
    made = draft(_tagged(name), language)
    assert document.warning == made.warning != ""
    assert any(made.purpose_short in value for _, value in document.front)
    for section in document.sections:
        shares = [b for b in section.blocks if isinstance(b, (Paragraph, Table)) and b.label is LinkClass.L3]
        if shares:
            assert document.warning in _texts(section), section.key
        for block in section.blocks:
            if isinstance(block, Figure):
                assert block.caption.startswith(document.warning)
            if isinstance(block, Table):
                for column in block.columns:
                    if column.label is LinkClass.L3 and column.title != made.words.say("column.roundings"):
                        assert made.purpose_short in column.title


@pytest.mark.parametrize("name", [name for name, rule in RULES.items() if rule.purpose is Purpose.FINDINGS])
def test_a_rule_for_findings_carries_no_warning(name: str) -> None:
    document = content(_tagged(name), "en")
    assert document.warning == ""
    assert not re.search("COMPARISON ONLY|RESEARCH RULE", " ".join(_strings(list(document.sections))))


# --- foreign text -----------------------------------------------------------------------------------------------------


def _poisoned(rule: str) -> Dossier:
    claimants = {"Anna": HOSTILE, "Boris": f"{HOSTILE} 2", "Clara": f"{HOSTILE} 3"}
    case = {**CASE, "sources": [{**s, "claim": claimants[s["claim"]]} for s in CASE["sources"]]}
    made = dossier(case, rule, stops=Stops(services={SERVICE: HOSTILE}))
    hostile = tag(SERVICE, HOSTILE, source=HOSTILE, creator=HOSTILE, confidence=HOSTILE, category=HOSTILE)
    claims = tuple(replace(claim, basis=HOSTILE, author=HOSTILE) for claim in made.trace.claims)
    first = next(iter(made.transactions))
    facts = {asset: replace(each, symbol=HOSTILE, chain_name=HOSTILE) for asset, each in made.assets.items()}
    return replace(
        made,
        trace=replace(made.trace, claims=claims, notices=((first, HOSTILE),)),
        title=HOSTILE,
        question=HOSTILE,
        author=HOSTILE,
        case_id=HOSTILE,
        software=HOSTILE,
        custody_head=HOSTILE,
        tags={SERVICE: (hostile,)},
        assets=facts,
        settings={HOSTILE: HOSTILE},
        sources=tuple(replace(source, name=HOSTILE, first=HOSTILE) for source in made.sources),
        answers=tuple(replace(answer, request=HOSTILE, source=HOSTILE) for answer in made.answers),
        outputs_only=(HOSTILE,),
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("rule", ["fifo", "poison"])
def test_hostile_text_comes_out_visible_and_harmless_everywhere(rule: str, language: str) -> None:
    document = content(_poisoned(rule), language)
    unseen = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    seen = 0
    for text in _strings(document):
        assert not [char for char in text if unicodedata.category(char) in unseen and char != "\n"], text
        assert "Bin\u0430nce" not in text
        seen += "⟨U+202E⟩" in text and "Bin⟨U+0430⟩nce" in text
    assert seen > 40
    for shown in (document.title, document.case_id, document.author, document.mark, document.running):
        assert "⟨U+202E⟩" in shown
        assert "{claims}" in shown
    for sheet in document.sections[4].blocks[-1].sheets:  # type: ignore[union-attr]
        assert "<b>" not in sheet


def test_line_breaks_in_a_cell_are_lines_and_never_part_of_a_foreign_text() -> None:
    document = content(_poisoned("fifo"), "en")
    for table in document.tables():
        for row in table.rows:
            for cell in row.cells:
                assert "\n" not in "".join(run.text for line in cell.lines for run in line)


def test_training_material_is_marked_and_real_money_is_not() -> None:
    made = dossier(CASE)
    assert content(made, "en").mark == "TRAINING MATERIAL – ledger, no value"
    assert content(made, "ru").mark.startswith("УЧЕБНЫЙ МАТЕРИАЛ")
    (facts,) = made.assets.values()
    real: dict[Any, AssetFacts] = {facts.asset: replace(facts, is_training=False)}
    assert content(replace(made, assets=real), "en").mark == ""


def test_every_end_that_was_not_followed_is_a_line_with_its_amount_among_the_limits() -> None:
    made = dossier(CASE, stops=Stops({SERVICE: "a service"}, {}, dust=100, max_hops=2))
    reasons = {end.reason for end in made.trace.ends} - {EndReason.UNSPENT, EndReason.FEE}
    assert reasons >= {EndReason.SERVICE, EndReason.HOPS}
    text = " ".join(_texts(_section(content(made, "en"), "limits")))
    for end in made.trace.ends:
        if end.reason in reasons:
            assert draft(made).words.say(f"limits.why.{end.reason.value}") in text
    assert draft(made).words.say("limits.none_stopped") not in text


def test_problems_and_what_is_only_reported_are_said() -> None:
    made = dossier(CASE, outputs_only=("ab" * 32,), answers=(), custody_head="")
    document = content(made, "en")
    assert f"Transaction {'ab' * 32} is known by its outputs only" in _texts(_section(document, "limits"))[-1]
    assert words("en").say("evidence.empty") in _texts(_section(document, "evidence"))
    assert dict(document.front)["Custody log, entry of this trace"] == "not stated"
