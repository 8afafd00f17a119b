"""The catalogues: the same keys and names in each language, each used, none left in the other language."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

import cryptotrace.reports
from cryptotrace.model.tag import Grade
from cryptotrace.model.verdict import LinkClass
from cryptotrace.reports.content import SECTIONS
from cryptotrace.reports.text import en, en_accounts, en_tables, ru, ru_accounts, ru_tables
from cryptotrace.reports.words import ACCOUNTS, CATALOGUES
from cryptotrace.tracing.result import EndReason
from cryptotrace.tracing.rules import RULES, Purpose

#: All messages of a language; where a report on an account chain says something else, both.
EVERY = {
    "en": [*en.MESSAGES.items(), *en_accounts.MESSAGES.items()],
    "ru": [*ru.MESSAGES.items(), *ru_accounts.MESSAGES.items()],
}
#: Each message once, as it is said of outputs where there are two.
ENGLISH = {**en_accounts.MESSAGES, **en.MESSAGES}
FOLDER = Path(cryptotrace.reports.__path__[0])
#: Calls that take a message id first.
SPEAKERS = {"say", "head", "has"}
#: Russian messages without a Russian word: names that are not translated.
NAMES = {"column.sha256", "reason.coinjoin"}
#: Measures that must never be confused: what each is called in a text, by its stem.
MEASURES = {
    "preservation": (r"\bpreserv", r"\bсохранност"),
    "hold": (r"\bwithh[oe]ld|\bsuspen", r"\bудержа|\bприостан"),
    "freezing": (r"\bfr[eo]+z", r"\bзаморож|\bзаморажив"),
    "seizure": (r"\bseiz|\battach", r"\bарест"),
    "physical seizure": (r"\btaken into custody", r"\bизъя|\bизыма|\bвыемк"),
    "confiscation": (r"\bconfiscat|\bforfeit", r"\bконфиск"),
}


def _names(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def _keys_of(node: ast.expr) -> Iterator[str]:
    """Regular expressions for the message ids that an expression can be."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield re.escape(node.value)
    elif isinstance(node, ast.IfExp):
        yield from _keys_of(node.body)
        yield from _keys_of(node.orelse)
    elif isinstance(node, ast.JoinedStr):
        yield "".join(re.escape(str(p.value)) if isinstance(p, ast.Constant) else r"[^.]+" for p in node.values)


def _calls() -> Iterator[tuple[str, list[str], set[str] | None]]:
    """Place, what the id can be, and the names that are given (None where they are passed on)."""
    for path in sorted(FOLDER.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in SPEAKERS and (keys := list(_keys_of(node.args[0]))):
                given = {k.arg for k in node.keywords if k.arg is not None}
                passed_on = name == "has" or any(k.arg is None for k in node.keywords)
                yield f"{path.name}:{node.lineno}", keys, None if passed_on else given


def _possible() -> set[str]:
    """Every text in the package that could be an id, the parts that vary left open."""
    found: set[str] = set()
    for path in sorted(FOLDER.glob("*.py")):
        if path.stem == "sheetwords":  # words of its own
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(re.escape(node.value))
            elif isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                head = str(node.values[0].value)
                found |= set(_keys_of(node)) if re.fullmatch(r"[a-z_]+\.[a-z_.]*", head) else set()
    return found


def test_both_languages_have_the_same_messages() -> None:
    assert set(en.MESSAGES) == set(ru.MESSAGES)
    assert set(en_accounts.MESSAGES) == set(ru_accounts.MESSAGES)
    assert list(CATALOGUES) == ["en", "ru"]


def test_no_message_is_written_twice() -> None:
    for path in sorted((FOLDER / "text").glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        keys = [key.value for node in ast.walk(tree) if isinstance(node, ast.Dict) for key in node.keys if key]  # type: ignore[attr-defined]
        assert len(keys) == len(set(keys)), path.name
    for prose, tables in ((en, en_tables), (ru, ru_tables)):
        assert tables.MESSAGES.items() <= prose.MESSAGES.items()


def test_a_message_has_the_same_names_in_each_language() -> None:
    for key, text in en.MESSAGES.items():
        assert _names(text) == _names(ru.MESSAGES[key]), key
    for key, text in en_accounts.MESSAGES.items():
        assert _names(text) == _names(ru_accounts.MESSAGES[key]), key


def test_what_is_said_of_accounts_instead_needs_no_more_than_what_it_takes_the_place_of() -> None:
    shared = set(en.MESSAGES) & set(en_accounts.MESSAGES)
    assert len(shared) > 60
    for key in shared:
        assert _names(en_accounts.MESSAGES[key]) <= _names(en.MESSAGES[key]), key


def _letters(text: str) -> bool:
    return bool(re.search(r"[A-Za-z]", re.sub(r"\{\w+\}", "", text)))


def test_a_russian_message_is_in_russian() -> None:
    for key, text in EVERY["ru"]:
        if key not in NAMES and (_letters(text) or _letters(ENGLISH[key])):
            assert re.search(r"[а-яё]", text, re.IGNORECASE), f"{key}: nothing in it is Russian"
            assert text != ENGLISH[key], key


def test_an_english_message_holds_no_cyrillic_letter() -> None:
    assert [key for key, text in EVERY["en"] if re.search(r"[\u0400-\u04ff]", text)] == []


def test_no_russian_word_holds_a_latin_letter_that_looks_like_its_own() -> None:
    for key, text in EVERY["ru"]:
        assert not re.search(r"[а-яё][a-z]|[a-z][а-яё]", text, re.IGNORECASE), key


def test_every_message_that_is_said_exists_in_both_languages() -> None:
    calls = list(_calls())
    assert len(calls) > 150
    for place, keys, _ in calls:
        for key in keys:
            for language, messages in CATALOGUES.items():
                messages = {**messages, **ACCOUNTS[language]}  # noqa: PLW2901
                assert any(re.fullmatch(key, known) for known in messages), f"{place}: no {key} in {language}"


def test_a_message_is_given_exactly_the_names_that_it_has() -> None:
    for place, keys, given in _calls():
        for key in keys:
            for known in filter(re.compile(key).fullmatch, ENGLISH):
                assert given is None or given == _names(ENGLISH[known]) or "[^.]+" in key, f"{place}: {known}"


def test_every_message_is_used() -> None:
    possible = re.compile("|".join(f"(?:{each})" for each in sorted(_possible())))
    assert [key for key in ENGLISH if not possible.fullmatch(key)] == []


def test_whatever_can_occur_has_its_words() -> None:
    needed = {f"section.{key}" for key in SECTIONS}
    needed |= {f"rule.{name}.{part}" for name in RULES for part in ("name", "text")}
    needed |= {f"{part}.{reason.value}" for reason in EndReason for part in ("reason", "end")}
    needed |= {f"grade.{grade.value}" for grade in Grade}
    needed |= {f"class.{c.value}{use}" for c in LinkClass for use in ("", ".use")}
    needed |= {f"purpose.{purpose.name.lower()}" for purpose in Purpose}
    needed |= {f"method.purpose.{purpose.name.lower()}" for purpose in Purpose}
    needed |= {f"warning.{purpose.name.lower()}" for purpose in Purpose if purpose is not Purpose.FINDINGS}
    needed |= {f"kind.{kind}" for kind in ("in", "out", "fee", "issuance", "burn")}
    assert needed <= set(en.MESSAGES)


def _measures(text: str, language: int) -> set[str]:
    return {name for name, stems in MEASURES.items() if re.search(stems[language], text, re.IGNORECASE)}


def test_a_measure_is_never_translated_as_another_one() -> None:
    for (key, text), (other, russian) in zip(sorted(EVERY["en"]), sorted(EVERY["ru"]), strict=True):
        assert key == other
        if (key in en.MESSAGES) != (key in en_accounts.MESSAGES):  # where there are two, their order is not told
            assert _measures(text, 0) == _measures(russian, 1), key
    for key in set(en.MESSAGES) & set(en_accounts.MESSAGES):
        for english, others in ((en, ru), (en_accounts, ru_accounts)):
            assert _measures(english.MESSAGES[key], 0) == _measures(others.MESSAGES[key], 1), key


def test_a_measure_that_is_translated_as_another_one_would_be_noticed() -> None:
    assert _measures("The account was frozen, then seized.", 0) == {"freezing", "seizure"}
    assert _measures("Счёт заморожен, затем арестован.", 1) == {"freezing", "seizure"}
    assert _measures("Средства конфискованы.", 1) != _measures("The funds were seized.", 0)


@pytest.mark.parametrize("language", CATALOGUES)
def test_no_message_claims_more_than_a_trace_can_show(language: str) -> None:
    too_much = {
        "en": r"\bprove[sdn]?\b|\bproof\b|\bcriminal\b|\bstolen\b|\bguilt|\bowner of\b|\bsuspect\b|\bdefinitely|\blaunder",
        "ru": r"доказан|доказыва|преступ|похищен|виновн|владелец адреса|подозреваем|несомненно|отмыва|легализац",
    }[language]
    for key, text in EVERY[language]:
        assert not re.search(too_much, text, re.IGNORECASE), key
