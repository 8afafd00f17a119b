"""The custody log of a case: every action with its settings and its result, and the evidence that it vouches for."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.training_chain import story

from cryptotrace.case import Case
from cryptotrace.case.custody import digest
from cryptotrace.case.tracing import digest_of
from cryptotrace.errors import CaseError, EvidenceError

CLAIM = story()["claims"][0]


def last(case: Case) -> tuple[str, dict[str, Any], str]:
    entry = list(case.custody.entries())[-1]
    parameters = {key: value for key, value in entry.parameters.items() if key != "evidence"}
    return entry.action, parameters, entry.result


def test_each_action_is_logged_with_all_its_settings_and_the_digest_of_its_result(case: Case, material: Path) -> None:
    action, parameters, result = last(case)
    assert (action, parameters["title"], parameters["own_nodes_only"]) == ("create", "A case", True)
    assert len(result) == 64

    case.connect("bitcoin-regtest", f"blocks:{material / 'blk00000.dat'}?height=0")
    action, parameters, _ = last(case)
    assert (action, parameters["source"], parameters["options"]) == ("connect", "blocks:blk00000.dat", ["height=0"])
    assert parameters["tip"]["height"] == 125
    assert str(material) not in str(parameters), "where a person keeps a file is nobody else's business"

    pack = case.tag(material / "exchange.yaml")
    assert last(case) == ("tag", {"file": "exchange.yaml", "tags": 1, "refused": 0}, pack.tags[0].evidence)

    claim = case.claim(
        "A", "bitcoin-regtest", outpoint=CLAIM["outpoint"], amount="1.5", offset=7, basis="b", author="c"
    )
    action, parameters, result = last(case)
    assert (action, result) == ("claim", digest(parameters))
    assert parameters == claim.to_dict() | {"chain": "bip122:0f9188f13cb7b2c71f2a335e3a4fc328"}

    case.name_coinjoin(story()["coinjoin"]["txid"], "equal outputs")
    action, parameters, result = last(case)
    assert (action, parameters["basis"], result) == ("name-coinjoin", "equal outputs", digest(parameters))

    txid = story()["coinjoin"]["txid"]
    case.fetch("bitcoin-regtest", txid=txid)
    action, parameters, result = last(case)
    assert (action, parameters["txid"], parameters["new"], result) == ("fetch", txid, 1, digest([txid]))

    until = datetime(2026, 12, 1, tzinfo=UTC)
    view = case.trace(rule="libr", reason="asked for", exact=True, dust=5, max_hops=3, until=until)
    rule, trace = list(case.custody.entries())[-2:]
    for entry in (rule, trace):
        asked = {
            key: entry.parameters[key] for key in ("rule", "reason", "exact", "dust", "max_hops", "until", "claims")
        }
        assert asked == {
            "rule": "libr",
            "reason": "asked for",
            "exact": True,
            "dust": "5",
            "max_hops": 3,
            "until": int(until.timestamp()),
            "claims": [CLAIM["outpoint"]],
        }
    assert (rule.action, rule.result) == ("rule", "")
    assert (trace.action, trace.result) == ("trace", digest_of(view.trace))

    case.report(view, language="ru", formats=("json",))
    action, parameters, result = last(case)
    assert (action, parameters["languages"], parameters["trace"]) == ("report", ["ru"], digest_of(view.trace))
    assert parameters["file"] == "tracing-report.ru.json"


def test_an_index_that_lost_its_end_is_caught_by_the_log(claimed: Case) -> None:
    claimed.trace()
    claimed.close()
    path = claimed.folder / "evidence" / "index.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    assert len(lines) > 3
    path.write_bytes(b"".join(lines[:2]))

    with pytest.raises(EvidenceError, match="the index does not hold them"):
        Case.open(claimed.folder)


def test_an_index_whose_last_line_was_altered_is_caught_by_the_log(claimed: Case) -> None:
    claimed.trace()
    claimed.close()
    path = claimed.folder / "evidence" / "index.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    changed = lines[-1].replace(b"blk00000", b"blk00001")
    assert changed != lines[-1]
    path.write_bytes(b"".join([*lines[:-1], changed]))

    with pytest.raises(EvidenceError):
        Case.open(claimed.folder)


def test_own_nodes_only_cannot_be_switched_off_by_editing_the_case_file(case: Case) -> None:
    case.close()
    path = case.folder / "case.toml"
    text = path.read_text(encoding="utf-8")
    assert "own_nodes_only = true" in text
    path.write_text(text.replace("own_nodes_only = true\n", ""), encoding="utf-8")

    with pytest.raises(CaseError, match="was made for own nodes only"):
        Case.open(case.folder)
