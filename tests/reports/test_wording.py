"""Why a branch ends, in words: from the reason and its figures."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests import notation
from tests.reports.dossiers import dossier, draft, owner, tag, txid

from cryptotrace.reports.dossier import Dossier
from cryptotrace.reports.schedules import EndRow
from cryptotrace.reports.wording import reason_sentence, reason_word, sources_at
from cryptotrace.tracing.result import EndReason, Stops

CASE = notation.chain("t1: A 900 -> C 500, D 400\nt2: C 500 -> E 500\nAnna claims A").case
NEXT = txid("t2")
DETAILS = {
    EndReason.UNSPENT: "as reported at height 99",
    EndReason.UNCONFIRMED: f"transaction {NEXT} would spend it",
    EndReason.SERVICE: "a service",
    EndReason.COINJOIN: f"transaction {NEXT}: five equal outputs",
    EndReason.DUST: "below 546 base units",
    EndReason.HOPS: f"moved on in transaction {NEXT}, beyond 3 hops",
    EndReason.TIME: f"moved on in transaction {NEXT}, after the period",
    EndReason.CROWDED: "12,345 transfers were met, the limit is 5,000",
    EndReason.UNKNOWN: f"spent by transaction {NEXT}, which cannot be laid out",
}
EXPECTED = {
    EndReason.UNSPENT: "Unspent as reported by memory: at block 99.",
    EndReason.UNCONFIRMED: f"transaction T-0003 ({NEXT}), not confirmed, would spend it.",
    EndReason.SERVICE: "the trace stops. Attributed to “A service”, category exchange;",
    EndReason.COINJOIN: f"T-0003 ({NEXT}), named a CoinJoin by the case. Basis: “five equal outputs”.",
    EndReason.DUST: "below the limit of 0.00000546\u00a0TST (546).",
    EndReason.HOPS: f"T-0003 ({NEXT}), beyond the limit of hops (3).",
    EndReason.TIME: f"T-0003 ({NEXT}), after 1970-01-02 00:00:00 UTC.",
    EndReason.CROWDED: "not followed. As recorded: “12,345 transfers were met, the limit is 5,000”.",
    EndReason.UNKNOWN: "could not be resolved from what is held. As recorded: “spent by transaction",
    EndReason.FEE: "goes to the producer of the block",
    EndReason.BURN: "No one can spend it.",
    EndReason.OUTSIDE: "It left the ledger that was given.",
}
STOPS = Stops({}, {NEXT: "five equal outputs"}, 546, 3, 86400)


def _ending(reason: EndReason, detail: str | None = None, **changes: object) -> tuple[Dossier, EndRow]:
    """A dossier whose first end has this reason."""
    made = dossier(CASE, **changes)  # type: ignore[arg-type]
    end = replace(made.trace.ends[0], reason=reason, detail=DETAILS.get(reason, "") if detail is None else detail)
    tags = {end.account: (tag(end.account),)} if end.account is not None else {}
    made = replace(made, tags=tags, trace=replace(made.trace, stops=STOPS, ends=(end,)))
    return made, draft(made).rows.ends[0]


@pytest.mark.parametrize("reason", EndReason)
def test_each_reason_is_said_with_the_figures_it_rests_on(reason: EndReason) -> None:
    made, row = _ending(reason)
    assert EXPECTED[reason] in reason_sentence(draft(made), row)


@pytest.mark.parametrize("reason", EndReason)
def test_no_english_of_the_engine_stands_in_a_russian_sentence_except_as_recorded(reason: EndReason) -> None:
    made, row = _ending(reason)
    sentence = reason_sentence(draft(made, "ru"), row)
    assert sentence != reason_sentence(draft(made), row)
    if reason not in {EndReason.UNKNOWN, EndReason.CROWDED}:
        for word in ("moved on", "would spend", "beyond", "as reported", "height"):
            assert word not in sentence
    assert reason_word(draft(made, "ru"), reason) in draft(made, "ru").words.messages.values()


def test_the_next_transaction_is_read_only_where_the_engine_names_one() -> None:
    _, row = _ending(EndReason.UNKNOWN, f"transaction {'x' * 64} is gone")
    assert row.next == ""
    _, row = _ending(EndReason.SERVICE, f"transaction {NEXT}")
    assert row.next == ""
    _, row = _ending(EndReason.HOPS)
    assert row.next == NEXT


def test_a_height_names_the_source_that_had_it_and_all_where_none_had() -> None:
    made = dossier(CASE)
    other = replace(made.sources[0], name="other:", tip=replace(made.sources[0].tip, height=5))
    two = draft(replace(made, sources=(*made.sources, other)))
    assert sources_at(two, 5) == "other:"
    assert sources_at(two, 7) == "memory:, other:"
    assert sources_at(draft(replace(made, sources=())), 5) == "the connected source"


def test_block_0_is_an_ordinary_height() -> None:
    made, row = _ending(EndReason.UNSPENT, "as reported at height 0")
    assert "at block 0." in reason_sentence(draft(made), row)


def test_a_service_without_a_tag_is_said_as_the_case_gave_it() -> None:
    made, row = _ending(EndReason.SERVICE, "a \u202eservice")
    bare = replace(made, tags={})
    assert "“a ⟨U+202E⟩service”" in reason_sentence(draft(bare), draft(bare).rows.ends[0])
    assert row.end.account in {owner(f"{txid('t1')}:{n}") for n in (0, 1)}
