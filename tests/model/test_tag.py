"""A tag is somebody's statement, kept with who made it."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from cryptotrace.model.identity import Account
from cryptotrace.model.tag import Grade, Tag

ACCOUNT = Account("bip122:000000000019d6689c085ae165831e93:128Lkh3S7CkDTBZ8W7BbpsN3YYizJMp8p6")


def test_a_tag_cannot_be_changed_and_hostile_text_in_it_is_kept_as_it_was() -> None:
    label = "<b>\u202eexchange"
    tag = Tag(ACCOUNT, label, "exchange", "", Grade.E, "https://tags.example", "")
    assert tag.label == label
    assert (tag.lastmod, tag.title, tag.evidence) == ("", "", "")
    with pytest.raises(FrozenInstanceError):
        tag.grade = Grade.A  # type: ignore[misc]


def test_grades_fall_from_a_to_e() -> None:
    assert [grade.value for grade in Grade] == ["A", "B", "C", "D", "E"]
