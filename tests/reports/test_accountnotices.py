"""What the software recorded in English is said in words where it has a form; the rest is quoted and said to be so."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from tests.reports.accountdossiers import USDT, account, account_dossier, account_draft, txid
from tests.reports.test_accounts import cells, paragraphs, saying, table

from cryptotrace.attribution.poisoning import KEPT_OUT, SignKind
from cryptotrace.reports.accountnotices import basis_words, notice_words, sign_words
from cryptotrace.reports.content import content
from cryptotrace.reports.dossier import Dossier
from cryptotrace.reports.words import words

LANGUAGES = ("en", "ru")
MULE = account("mule").address


def noticed(notice: str) -> Dossier:
    """The story with that notice in the transaction of the cashing out."""
    base = account_dossier()
    return replace(base, trace=replace(base.trace, notices=((txid("cashing out"), notice),)))


@pytest.mark.parametrize("comma", [",", ""])
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_was_destroyed_is_said_with_its_decimal_amount_and_its_base_units(language: str, comma: str) -> None:
    notice = f"destroyed 8000000000 of {MULE} by {USDT.reference}{comma} log.0"
    amount = {
        "en": "8,000.000000\u00a0USDT (8,000,000,000)",
        "ru": "8\u202f000,000000\u00a0USDT (8\u202f000\u202f000\u202f000)",
    }
    word = {"en": "destroyed", "ru": "уничтожил"}[language]
    found = saying(content(noticed(notice), language), amount[language], word)
    assert MULE in found.text
    assert re.search(r"A-\d{4}", found.text)
    assert "destroyed 8000000000" not in found.text
    assert {"en": "(log 0)", "ru": "(событие 0)"}[language] in found.text


def test_an_unknown_token_keeps_its_base_units_and_other_acts_have_words_too() -> None:
    draft = account_draft(account_dossier(), "ru")
    other = account("someone else's token").address
    assert "которого здесь нет в перечне: 7" in notice_words(draft, f"destroyed 7 of {MULE} by {other}, log.2")
    assert "заморожен контрактом" in notice_words(draft, f"frozen {MULE} by {other}, log.2")
    assert "снято" in notice_words(draft, f"unfrozen {MULE} by {other}, log.2")
    for strange in ("destroyed much of it", "destroyed 7 of", "", "x" * 5000, "destroyed 7 of a b by c, log.0"):
        assert notice_words(draft, strange) == ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_notice_without_a_known_form_is_quoted_and_said_to_be_english(language: str) -> None:
    found = saying(content(noticed("built-in-market of somebody"), language), "built-in-market of somebody")
    said = {"en": "As recorded: “built-in", "ru": "Сообщение программы (на английском языке): «built-in"}[language]
    assert said in found.text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", SignKind)
def test_each_sign_has_its_words_and_says_if_it_is_kept_out(kind: SignKind, language: str) -> None:
    said = sign_words(account_draft(account_dossier(), language), f"{kind.value} (L4), seen in the history of x: y.")
    front = said[: said.index("“" if language == "en" else "«")]
    assert kind.value not in front or language == "en"
    out = {"en": "Kept out of the trace", "ru": "не включён"}[language]
    assert (out in front) is bool(KEPT_OUT[kind])
    assert kind.value in said
    unknown = sign_words(account_draft(account_dossier(), language), "something new: y")
    assert unknown.startswith({"en": "As recorded", "ru": "Сообщение программы"}[language])


def test_where_decimals_are_from_is_said_in_words() -> None:
    draft = account_draft(account_dossier(), "ru")
    assert basis_words(draft, "read from the contract at block 30") == "прочитано из контракта на блоке 30"
    assert basis_words(draft, "as listed").startswith("Сообщение программы (на английском языке): «as listed")


def test_movements_and_dates_are_in_one_form() -> None:
    russian, english = words("ru", accounts=True), words("en", accounts=True)
    assert russian.movement("fee burnt") == "сожжённая комиссия"
    assert [russian.movement(name) for name in ("log 3", "call 0.2", "value")] == [
        "событие 3",
        "вызов 0.2",
        "сумма транзакции",
    ]
    assert [english.movement(name) for name in ("log 3", "fee burnt", "odd 1")] == ["log 3", "fee burnt", "odd 1"]
    assert [russian.day(text) for text in ("2026-03-02", "1700000000", "", "2026-13-99", "soon", "9" * 30)] == [
        *("02.03.2026", "14.11.2023", "", "2026-13-99", "soon", "9" * 30)
    ]
    assert english.day("2026-03-02") == "2026-03-02"


def test_the_russian_report_has_no_raw_english_names_of_movements_and_no_other_dates() -> None:
    base = account_dossier()
    tags = {who: tuple(replace(tag, lastmod="2026-03-02") for tag in told) for who, told in base.tags.items()}
    settings = {**base.settings, "block time limit": "2026-04-01T00:00:00Z"}
    document = content(replace(base, tags=tags, settings=settings), "ru")
    texts = [p.text for p in paragraphs(document)]
    for each in document.tables():
        texts += cells(each) if each.key not in {"claims", "evidence"} else []
    for text in texts:
        assert not re.search(r"\b(fee burnt|fee paid|log \d|value\b)", re.sub(r"«[^»]*»", "", text)), text
        assert not re.search(r"\b20\d\d-\d\d-\d\d", text), text
    assert any("01.04.2026 00:00:00 UTC" in text for text in cells(table(document, "settings")))
