"""Foreign text: what cannot be seen is shown, what can be seen is left alone."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptotrace.reports.foreign import code_point, one_line, visible

PLAIN = [
    "",
    "Anna Schmidt",
    "Анна Ёлкина – ООО «Ромашка», № 5",
    "Ελληνικά",
    "Հայերեն",
    "ქართული",
    "қазақша әіңғүұқөһ",
    "<b>&amp;</b> $x$ #set page() =1+1",
    "naïve café",
    "cafe\u0301",
    "日本語 1 000,00 €",
    "Anna и Boris",
]


@pytest.mark.parametrize("text", PLAIN)
def test_text_in_one_script_is_unchanged(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u202eb", "a⟨U+202E⟩b"),
        ("a\u200bb", "a⟨U+200B⟩b"),
        ("a\x00b", "a⟨U+0000⟩b"),
        ("a\nb", "a⟨U+000A⟩b"),
        ("\ufeffa", "⟨U+FEFF⟩a"),
        ("a\u2028b", "a⟨U+2028⟩b"),
        ("a\u2029b", "a⟨U+2029⟩b"),
        ("a\ue000", "a⟨U+E000⟩"),
        ("\U000e0041", "⟨U+E0041⟩"),
        ("a\u2003b", "a⟨U+2003⟩b"),
        ("Bin\u0430nce", "Bin⟨U+0430⟩nce"),
        ("\u0421bank", "⟨U+0421⟩bank"),
        ("Сбе\u0070банк", "Сбе⟨U+0070⟩банк"),
        ("\u03bfwner", "⟨U+03BF⟩wner"),
    ],
)
def test_what_cannot_be_seen_or_looks_like_another_letter_is_shown_by_its_code_point(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_a_tower_of_marks_is_cut_down_to_its_code_points() -> None:
    shown = visible("a" + "\u0301" * 6)
    assert shown == "a\u0301\u0301" + code_point("\u0301") * 4


@given(st.text())
def test_nothing_unseen_is_left_nothing_is_hidden_and_a_second_pass_changes_nothing(text: str) -> None:
    shown = visible(text)
    assert visible(shown) == shown
    unseen = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert not [char for char in shown if unicodedata.category(char) in unseen]
    back = shown
    for char in set(text):
        back = back.replace(code_point(char), char)
    original = text
    for char in set(text):
        original = original.replace(code_point(char), char)
    assert back == original


def test_lines_of_a_question_become_one_line() -> None:
    assert one_line(" Where\n\tdid\r\nit  go? \u202e") == "Where did it go? ⟨U+202E⟩"
