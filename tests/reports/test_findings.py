"""The findings: what a transaction did, what was claimed, which share lies where, what others say."""

from __future__ import annotations

from dataclasses import replace

from tests import notation
from tests.reports.dossiers import dossier, draft, owner, tag, txid
from tests.strategies import Case

from cryptotrace.model.verdict import LinkClass
from cryptotrace.reports.dossier import Dossier
from cryptotrace.reports.draft import Pen
from cryptotrace.reports.findings import write_findings
from cryptotrace.reports.model import Heading, Paragraph
from cryptotrace.tracing.result import Collision

PEEL = notation.chain("t1: A 700, X 300 -> B 600, C 390, fee 10\nt2: B 600 -> D 600\nAnna claims A 500 from 100").case
WIDE = "t1: A 900 -> " + ", ".join(f"o{n} 100" for n in range(9))


def _written(made: Dossier, language: str = "en") -> list[Paragraph]:
    pen = Pen(draft(made, language), 5, "findings")
    write_findings(pen)
    return [block for block in pen.blocks if isinstance(block, Paragraph)]


def _of(case: Case, rule: str = "fifo") -> list[str]:
    return [paragraph.text for paragraph in _written(dossier(case, rule))]


def test_a_transaction_is_told_by_its_place_its_sums_and_its_outputs_on_the_path() -> None:
    _, told, *_ = _of(PEEL)
    assert told.startswith("By transaction T-0002 (block 1, place in the block 0): outputs spent: 2, total 0.00001000")
    assert "outputs created: 2, total 0.00000990\u00a0TST (990); network fee 0.00000010\u00a0TST (10)." in told
    assert f"T-0002:0, 0.00000600\u00a0TST (600), address {_row(PEEL, 't1', 0)}, spent by T-0003" in told
    assert "T-0002:1" not in told


def _row(case: Case, name: str, vout: int) -> str:
    return draft(dossier(case)).rows.id_of[owner(f"{txid(name)}:{vout}")]


def test_a_claim_is_told_with_what_was_given_and_by_whom_and_is_not_examined() -> None:
    made = dossier(PEEL)
    claims = tuple(replace(claim, basis="complaint", author="An analyst") for claim in made.trace.claims)
    stated = _written(replace(made, trace=replace(made.trace, claims=claims)))
    told = next(p for p in stated if p.text.startswith("Anna claims"))
    assert "Anna claims 0.00000500\u00a0TST (500) of output T-0001:0." in told.text
    assert "was given, not examined. Basis stated: complaint. Entered by: An analyst." in told.text
    assert (told.label, told.cites) == (LinkClass.L5, ("T-0001",))
    assert any("No basis was stated." in text for text in _of(PEEL))


def test_an_earlier_claim_stands_and_the_later_one_is_told_what_it_lost() -> None:
    case = notation.chain("t1: A 10 -> B 10\nAnna claims A 6\nBoris claims A 8").case
    assert Collision(f"{txid('fund')}:0", "Boris", 6) in dossier(case).trace.collisions
    assert any(
        "0.00000006\u00a0TST (6) claimed by Boris in output T-0001:0 are already claimed" in t for t in _of(case)
    )


def test_more_outputs_than_can_be_read_are_counted_and_summed() -> None:
    told = next(text for text in _of(notation.chain(f"{WIDE}\nAnna claims A").case) if "T-0002 (" in text)
    assert "and further outputs: 3, total 0.00000300" in told
    assert told.count(", address ") == 6


def test_each_end_has_its_share_under_the_named_rule_and_fees_are_told_together() -> None:
    told = _of(PEEL)
    assert any("under the rule FIFO (first in, first out), output T-0003:0 (amount 0.00000600" in t for t in told)
    fees = [
        t
        for t in _of(notation.chain("t1: A 9 -> B 5, fee 4\nt2: B 5 -> fee 5\nAnna claims A").case)
        if "fees took" in t
    ]
    assert len(fees) == 1
    assert "Anna: 0.00000009\u00a0TST (9). [H-0001, H-0002]" in fees[0]


def test_under_poison_an_output_is_reached_and_no_amount_is_claimed_of_it() -> None:
    pen = Pen(draft(dossier(PEEL, "poison")), 5, "findings")
    write_findings(pen)
    heads = [block.text for block in pen.blocks if isinstance(block, Heading)]
    assert "What is reached under the rule poison" in heads
    ends = [b.text for b in pen.blocks if isinstance(b, Paragraph) and "is reached from the claims of" in b.text]
    assert ends
    assert all("“Anna”" in text and "Anna:" not in text for text in ends)


def test_tags_are_what_others_say_and_their_absence_shows_nothing() -> None:
    made = dossier(PEEL)
    where = owner(f"{txid('t1')}:1")
    two = (tag(where, "One"), tag(where, "Two", confidence="", lastmod="2026-03-02"))
    written = _written(replace(made, tags={where: two}))
    said = [p for p in written if p.text.startswith("Address ")]
    assert [p.label for p in said] == [LinkClass.L5, LinkClass.L5]
    assert "confidence: not stated; grade C (supported by one source); date of the tag: 2026-03-02." in said[1].text
    assert any("different names" in p.text for p in written)
    assert "does not show that no service controls it" in written[-1].text
    assert written[-1].label is None
