"""The JSON: canonical, exact, and the same rows in every language."""

from __future__ import annotations

import json
from typing import Any

from tests.reports.made import training_document

from cryptotrace.reports.jsonfile import SCHEMA, json_bytes


def read(rule: str = "fifo", language: str = "en") -> dict[str, Any]:
    made: dict[str, Any] = json.loads(json_bytes(training_document(rule, language)))
    return made


def test_it_is_canonical_json_in_utf8() -> None:
    raw = json_bytes(training_document("fifo", "ru"))
    again = json.dumps(json.loads(raw), sort_keys=True, ensure_ascii=False, separators=(",", ":"))

    assert raw == again.encode()
    assert json.loads(raw)["schema"] == SCHEMA


def test_the_rows_and_the_report_id_are_the_same_in_every_language_and_the_words_are_not() -> None:
    english, russian = read(language="en"), read(language="ru")

    assert english["report"] == russian["report"]
    assert english["report_id"] == russian["report_id"]
    assert [p["number"] for p in english["paragraphs"]] == [p["number"] for p in russian["paragraphs"]]
    assert [p["rows"] for p in english["paragraphs"]] == [p["rows"] for p in russian["paragraphs"]]
    assert english["paragraphs"] != russian["paragraphs"]


def test_no_amount_is_a_number_that_a_program_could_round() -> None:
    def numbers(value: object, key: str = "") -> list[str]:
        if isinstance(value, dict):
            return [found for k, v in value.items() for found in numbers(v, k)]
        if isinstance(value, list):
            return [found for v in value for found in numbers(v, key)]
        return [key] if isinstance(value, int | float) and not isinstance(value, bool) else []

    assert set(numbers(read())) <= {
        "decimals", "height", "index", "time", "place", "hop", "roundings", "answers", "tags_loaded"
    }  # fmt: skip


def test_the_ends_of_each_claimant_add_up_to_the_claim() -> None:
    report = read(rule="haircut")["report"]
    claimed = {claim["claimant"]: int(claim["units"]) for claim in report["claims"]}
    ended = dict.fromkeys(claimed, 0)
    for end in report["ends"]:
        for claimant, units in end["claimed"].items():
            ended[claimant] += int(units)

    assert ended == claimed == {"Claimant 1": 1_250_000_000, "Claimant 2": 375_000_000}


def test_the_warning_of_a_rule_that_is_not_for_findings_is_there() -> None:
    assert read()["warning"] == ""
    assert "COMPARISON ONLY" in read(rule="lifo")["warning"]
