"""The tables: each cell holds its figure once for readers and once, the same in every language, for checking."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests import notation
from tests.reports.dossiers import dossier, draft, owner, tag, txid

from cryptotrace.model.transaction import Posting, PostingKind
from cryptotrace.model.verdict import LinkClass, Standing
from cryptotrace.reports.dossier import Dossier
from cryptotrace.reports.draft import Draft, Pen, hash_cell, iso_time, line, text_cell
from cryptotrace.reports.limits import write_limits, write_method
from cryptotrace.reports.model import Cell, CellKind, Paragraph, RowRole, Table
from cryptotrace.reports.reconciliation import reconciliation_table, summary_table
from cryptotrace.reports.tables import (
    address_table,
    block_time,
    claims_table,
    ends_table,
    evidence_table,
    transaction_table,
)
from cryptotrace.tracing.result import EndReason, Stops
from cryptotrace.tracing.rules import RULES, Purpose

CASE = notation.chain(
    """
    t1: A 700, B 300, X 100 -> C 600, D 490, fee 10
    t2: C 600 -> E 600
    Anna claims A
    Boris claims B 200
    Anna claims B 150 from 100
    """
).case


def _text(cell: Cell) -> str:
    return "\n".join("".join(run.text for run in line) for line in cell.lines)


def _values(table: Table) -> list[list[str]]:
    return [[cell.value for cell in row.cells] for row in table.rows]


def test_a_transaction_stands_with_its_block_its_sides_and_its_check() -> None:
    rows = transaction_table(draft(dossier(CASE))).rows
    start = next(n for n, row in enumerate(rows) if row.id == "T-0002")
    head, *sides, check = rows[start : start + 8]
    for part in (txid("t1"), txid("block 1"), "place in the block 0", "evidence E-0001", "statement of the block"):
        assert part in _text(head.cells[0])
    assert [_text(row.cells[0]) for row in sides] == [
        "input\u00a00",
        "input\u00a01",
        "input\u00a02",
        "output\u00a00",
        "output\u00a01",
        "fee",
    ]
    assert [row.cells[2].value for row in sides] == ["700", "300", "100", "600", "490", "10"]
    assert (check.role, check.cells[1].value) == (RowRole.TOTAL, "1100=1100")
    assert "in: 0.00000950" in _text(check.cells[3])
    assert "out: 0.00000950" in _text(check.cells[3])


def test_a_figure_that_was_only_reported_says_so_beside_itself() -> None:
    made = dossier(CASE)
    told = made.transactions[txid("t1")]
    postings = (replace(told.postings[0], standing=Standing.REPORTED), *told.postings[1:])
    made = replace(made, transactions={**made.transactions, told.txid: replace(told, postings=postings)})
    said = [_text(row.cells[1]) for row in transaction_table(draft(made)).rows if len(row.cells) > 1]
    assert len([text for text in said if "amount as reported by the source" in text]) == 1


def test_an_unconfirmed_transaction_has_no_block_and_no_time() -> None:
    made = dossier(CASE)
    told = replace(made.transactions[txid("t2")], block=None, index=-1, evidence="gone")
    made = replace(made, transactions={**made.transactions, told.txid: told})
    row = draft(made).rows.transactions[-1]
    assert block_time(row) == ""
    text = next(_text(r.cells[0]) for r in transaction_table(draft(made)).rows if r.id == row.id)
    assert "not confirmed by a block" in text
    assert "not in the list of section 11" in text
    assert block_time(draft(made).rows.transactions[0]) == "2023-11-14T22:13:20Z"


def test_a_spent_output_of_a_transaction_without_a_row_is_given_in_full() -> None:
    made = dossier(CASE)
    kept = {name: tx for name, tx in made.transactions.items() if name != txid("fund")}
    said = "\n".join(
        _text(r.cells[1]) for r in transaction_table(draft(replace(made, transactions=kept))).rows if len(r.cells) > 1
    )
    assert f"spends output 0 of {txid('fund')}" in said


def test_two_assets_of_one_transaction_are_never_added() -> None:
    made = dossier(CASE)
    (facts,) = made.assets.values()
    other = type(facts.asset)("ledger:file/erc20:0x1")
    told = made.transactions[txid("t2")]
    moves = (
        Posting(PostingKind.TRANSFER, other, -5, owner("x:0")),
        Posting(PostingKind.TRANSFER, other, 5, owner("y:0")),
    )
    made = replace(
        made,
        assets={**made.assets, other: replace(facts, asset=other, symbol="OTH")},
        transactions={**made.transactions, told.txid: replace(told, postings=(*told.postings, *moves))},
    )
    written = draft(made)
    row = next(row for row in written.rows.transactions if row.transaction.txid == told.txid)
    claimed = tuple(replace(p, claimed={"Anna": 4}) if p.asset == other else p for p in row.postings)
    rows = replace(written.rows, transactions=(replace(row, postings=claimed),))
    check = transaction_table(replace(written, rows=rows)).rows[-1]
    assert check.cells[1].value == "600=600; 5=5"
    sums = _text(check.cells[3])
    assert "in: 0.00000600\u00a0TST (600)" in sums
    assert "out: 0.00000004\u00a0OTH (4)" in sums


def test_an_address_is_given_in_full_with_what_it_got_and_what_others_call_it() -> None:
    where = owner(f"{txid('t1')}:0")
    made = dossier(CASE, tags={where: (tag(where, "A service"),)})
    row = next(r for r in address_table(draft(made)).rows if r.cells[1].value == where)
    assert row.cells[2].value == "+600-600"
    assert "Attributed to “A service”, category exchange" in _text(row.cells[3])
    other = next(r for r in address_table(draft(made)).rows if r.cells[1].value != where)
    assert _text(other.cells[3]) == "No tag among 3 loaded."


def test_ends_that_somebody_holds_and_ends_that_nobody_does_are_two_tables() -> None:
    made = draft(dossier(notation.chain("t1: A 9 -> B 5, fee 4\nAnna claims A").case))
    held, gone = ends_table(made, is_gone=False), ends_table(made, is_gone=True)
    assert ([r.id for r in held.rows], [r.id for r in gone.rows]) == (["H-0001", ""], ["H-0002", ""])
    assert [row.cells[3].value for row in (*held.rows, *gone.rows)] == ["Anna=5", "Anna=5", "Anna=4", "Anna=4"]
    assert [column.label for column in held.columns[2:4]] == [LinkClass.L1, LinkClass.L3]


def test_claims_stand_as_they_were_entered_with_their_units() -> None:
    first, _, third = claims_table(draft(dossier(CASE))).rows
    assert [cell.value for cell in first.cells] == ["Anna", f"{txid('fund')}:0", "700", "0\n700"]
    assert third.cells[3].value == "100\n250"


def test_an_answer_stands_with_its_digest_in_full_and_zero_bytes_are_a_size() -> None:
    (row,) = evidence_table(draft(dossier(CASE))).rows
    assert row.cells[1].value == "e" * 64
    assert (row.cells[3].kind, row.cells[3].value) == (CellKind.TIME, "2026-03-01T00:00:05Z")
    assert "0 bytes" in _text(row.cells[3])


def test_the_reconciliation_takes_off_what_was_claimed_before() -> None:
    rows = _values(reconciliation_table(draft(dossier(CASE))))
    at = rows.index(["Anna"])
    assert rows[at + 1 : at + 3] == [["Claimed, as entered", "", "850"], [rows[at + 2][0], "", "-100"]]
    assert rows[at + 2][0] == "Already claimed by an earlier claim (deducted)"
    assert ["Difference", "", "0"] in rows[at:]


def test_the_summary_names_every_row_and_a_long_list_by_its_ends() -> None:
    text = "t1: A 140 -> " + ", ".join(f"o{n} 10" for n in range(14)) + "\nAnna claims A"
    row, total = _values(summary_table(draft(dossier(notation.chain(text).case))))
    assert row == ["Unspent", "14", "H-0001 to H-0014, rows: 14", "140"]
    assert total[-1] == "140"


# --- method and limits ------------------------------------------------------------------------------------------------


def _said(made: Dossier, write: object, language: str = "en") -> str:
    pen = Pen(draft(made, language), 4, "method")
    write(pen)  # type: ignore[operator]
    return "\n".join(block.text for block in pen.blocks if isinstance(block, Paragraph))


@pytest.mark.parametrize("name", RULES)
def test_the_method_names_the_rule_its_purpose_and_its_arithmetic(name: str) -> None:
    made = draft(dossier(CASE, name))
    whole, exact = (_said(dossier(CASE, name, exact=exact), write_method) for exact in (False, True))
    assert made.rule_name in whole
    assert made.words.say(f"method.purpose.{made.rule.purpose.name.lower()}", rule=made.rule_name) in whole
    assert (made.warning in whole) is (made.rule.purpose is not Purpose.FINDINGS) or made.warning == ""
    if made.rule.conserves:
        assert "whole base units" in whole
        assert "exact fractions" in exact
    else:
        assert "Nothing is summed" in whole
    assert "does not record which input pays which output" in whole


def test_the_number_of_roundings_is_the_largest_of_all_ends() -> None:
    case = notation.chain("t1: A 1, X 2 -> B 2, C 1\nt2: B 2, Y 1 -> D 2, E 1\nAnna claims A").case
    made = draft(dossier(case, "haircut"))
    most = max(row.roundings for row in made.rows.ends)
    assert most > 0
    assert f"the largest is {most}." in _said(dossier(case, "haircut"), write_method)


def test_what_was_not_followed_is_told_with_amount_reason_and_rows() -> None:
    made = dossier(CASE, stops=Stops(max_hops=1))
    said = _said(made, write_limits)
    (end,) = [row for row in draft(made).rows.ends if row.end.reason is EndReason.HOPS]
    total = sum(end.end.claimed.values())
    assert f"Limit of hops: ends: 1, claimed share 0.{int(total):08d}\u00a0TST ({int(total)})." in said
    assert f"[{end.id}]" in said
    poison = _said(dossier(CASE, "poison", stops=Stops(max_hops=1)), write_limits)
    assert "Limit of hops: ends: 1; their amounts are not summed." in poison


def test_what_lives_on_top_of_a_transaction_is_named_and_what_is_not_known_is_quoted() -> None:
    made = dossier(CASE)
    notices = ((txid("t1"), "runes"), (txid("t1"), "new thing"), ("a" * 64, "omni"))
    said = _said(replace(made, trace=replace(made.trace, notices=notices)), write_limits)
    assert "Transaction T-0002 carries data of the Runes protocol." in said
    assert "carries “new thing”" in said
    assert f"Transaction {'a' * 64} carries data of the Omni layer" in said
    assert "No Omni, Runes or inscription data were noticed" in _said(made, write_limits)


# --- cells ------------------------------------------------------------------------------------------------------------


def test_cells_hold_text_lines_hashes_and_times_as_they_are() -> None:
    assert text_cell("a", "b\u202e").value == "a\nb⟨U+202E⟩"
    assert text_cell().lines == (line(""),)
    assert hash_cell("ab").kind is CellKind.HASH
    assert iso_time(0) == "1970-01-01T00:00:00Z"


def test_money_is_shown_in_both_ways_and_held_in_base_units() -> None:
    made: Draft = draft(dossier(CASE))
    (asset,) = made.dossier.assets
    cell = made.money(0, asset)
    assert (cell.value, _text(cell)) == ("0", "0.00000000\u00a0TST\n0")
    assert made.shares([], asset).value == ""
    assert made.claimants == ("Anna", "Boris")
