"""TagPacks: what is read, what is refused by name, and what a tag does to a trace."""

from __future__ import annotations

import pytest
from tests.shared_data import manifest_paths, read_data

from cryptotrace.attribution.book import TagBook
from cryptotrace.attribution.tagpack import GRADES, read_tagpack
from cryptotrace.chains.networks import network
from cryptotrace.errors import AttributionError
from cryptotrace.model.tag import Grade

GENESIS = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"
PACK = f"""
title: A pack
creator: somebody
source: https://pack.example
currency: BTC
category: exchange
confidence: service_api
tags:
  - address: {GENESIS}
    label: First
  - address: {GENESIS}
    label: Second
    category: user
    confidence: web_crawl
    source: https://other.example
"""


def test_header_fields_hold_for_tags_that_do_not_set_them() -> None:
    first, second = read_tagpack(PACK.encode(), evidence="d").tags

    assert (first.label, first.category, first.grade, first.source) == (
        "First",
        "exchange",
        Grade.B,
        "https://pack.example",
    )
    assert (second.category, second.grade, second.source) == ("user", Grade.D, "https://other.example")
    assert first.creator == "somebody"
    assert first.evidence == "d"
    assert first.account == f"{network('bitcoin').chain}:{GENESIS}"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("address: 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", "checksum"),
        ("currency: ETH", "not of ethereum"),
        ("currency: XMR", "XMR"),
        ("label: ''", "label"),
        ("source: ''", "source"),
    ],
)
def test_a_tag_that_cannot_be_used_is_left_out_by_name_and_the_others_stay(line: str, reason: str) -> None:
    body = {"address": GENESIS, "label": "X", "source": "s", "currency": "BTC"}
    key, _, value = line.partition(": ")
    body[key] = value.strip("'")
    fields = "\n    ".join(f"{k}: '{v}'" for k, v in body.items())
    pack = read_tagpack(f"{PACK}  - {fields}\n".encode(), evidence="d")

    assert len(pack.tags) == 2
    (refused,) = pack.refused
    assert refused.startswith("tag 3:")
    assert reason in refused


@pytest.mark.parametrize(
    "raw", [b"", b"[1, 2]", b"tags: 3", b"a: b: c", b"\xff\xfe\x00", b"!!python/object:os.system {}", b"- " * 9]
)
def test_what_is_not_a_tagpack_is_a_typed_error(raw: bytes) -> None:
    with pytest.raises(AttributionError):
        read_tagpack(raw, evidence="d")


def test_two_tags_of_one_address_are_both_kept_best_grade_first() -> None:
    pack = read_tagpack(PACK.encode(), evidence="d")
    book = TagBook(reversed(pack.tags))

    assert [tag.label for tag in book.of(pack.tags[0].account)] == ["First", "Second"]
    assert len(book) == 2


def test_a_tagpack_that_is_loaded_twice_changes_nothing() -> None:
    once = read_tagpack(PACK.encode(), evidence="d").tags
    again = read_tagpack(PACK.encode(), evidence="d").tags
    book = TagBook((*once, *again))

    assert len(book) == 2
    assert list(book) == list(once)
    assert book.of(once[0].account) == TagBook(once).of(once[0].account)
    assert book.services() == TagBook(once).services()


def test_the_same_words_from_another_file_are_another_tag() -> None:
    once = read_tagpack(PACK.encode(), evidence="d").tags
    other = read_tagpack(PACK.encode(), evidence="e").tags

    assert len(TagBook((*once, *other))) == 4


def test_a_trace_stops_at_a_service_that_is_well_enough_supported_and_only_there() -> None:
    pack = read_tagpack(PACK.encode(), evidence="d")
    account = pack.tags[0].account

    assert "First (exchange, grade B, https://pack.example)" in TagBook(pack.tags).services()[account]
    assert TagBook(pack.tags).services(Grade.A) == {}
    assert TagBook(pack.tags[1:]).services() == {}, "a user is no service"


def test_every_confidence_id_has_a_grade_and_an_unknown_one_is_a_lead_only() -> None:
    assert set(GRADES.values()) == set(Grade)
    (tag,) = read_tagpack(
        f"tags:\n- {{address: {GENESIS}, label: X, source: s, currency: BTC, confidence: hearsay}}".encode(),
        evidence="d",
    ).tags
    assert tag.grade is Grade.E


@pytest.mark.shared
def test_every_published_tagpack_loads_or_names_what_it_leaves_out() -> None:
    paths = [
        p for p in manifest_paths("attribution-tagpacks/") if p.endswith((".yaml", ".yml")) and "actorpack" not in p
    ]
    packs = {path: read_tagpack(read_data(path), evidence="d") for path in paths}

    assert len(packs) >= 67
    for name, pack in packs.items():
        assert len(pack.tags) + len(pack.refused) > 0, name
    assert sum(len(pack.tags) for pack in packs.values()) > 10_000


@pytest.mark.parametrize(
    "title",
    ["!!timestamp foo", '!!int ""', '!!float ""', "!!bool foo", "1:" * 3000 + "1", "[a]", "{a: b}", "9" * 5000],
)
def test_yaml_that_the_loader_itself_stumbles_over_is_a_typed_error(title: str) -> None:
    with pytest.raises(AttributionError):
        read_tagpack(f"title: {title}\ntags: []".encode(), evidence="d")


def test_aliases_that_would_fill_the_memory_are_not_written_out() -> None:
    nested = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 60))]  # 2**60 letters
    tag = f"tags: [{{address: {GENESIS}, label: *a59, source: s, currency: BTC}}]"
    pack = read_tagpack("\n".join([*nested, tag]).encode(), evidence="d")
    assert pack.tags == ()
    assert "a list or a mapping" in pack.refused[0]
