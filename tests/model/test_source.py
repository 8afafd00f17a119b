"""What a source can answer is its type: what it has not, it is not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import FrozenInstanceError, fields

import pytest
from tests.training_chain import source

from cryptotrace.model import source as model
from cryptotrace.model.block import Tip
from cryptotrace.model.identity import Chain
from cryptotrace.model.transaction import Outpoint

CHAIN = Chain("bip122:0f9188f13cb7b2c71f2a335e3a4fc328")
TIP = Tip(CHAIN, 0, "0" * 64)
OUTPOINT = Outpoint("a" * 64, 0)
ABILITIES = (model.Blocks, model.Transactions, model.Spends, model.Histories, model.Balances, model.Proofs)


class SpendsOnly:
    """A source that can tell one thing."""

    chain = CHAIN
    name = "test:"

    def tip(self) -> Tip:
        return TIP

    def close(self) -> None:
        pass

    def spends(self, outpoints: Sequence[Outpoint]) -> Iterator[model.Spend | model.Unspent | model.SpendUnknown]:
        return iter(model.SpendUnknown(each, "not indexed") for each in outpoints)


def test_a_source_has_the_abilities_whose_questions_it_answers_and_no_other() -> None:
    asked = SpendsOnly()
    assert isinstance(asked, model.Source)
    assert [ability for ability in ABILITIES if isinstance(asked, ability)] == [model.Spends]


def test_the_whole_chain_in_memory_has_every_ability() -> None:
    held = source()
    assert isinstance(held, model.Source)
    assert all(isinstance(held, ability) for ability in ABILITIES)


def test_not_spent_and_not_known_are_two_types_so_that_neither_reads_as_the_other() -> None:
    unspent, unknown = model.Unspent(OUTPOINT, TIP, ""), model.SpendUnknown(OUTPOINT, "not indexed")
    assert not isinstance(unspent, model.SpendUnknown)
    assert not isinstance(unknown, model.Unspent)
    assert "as_of" not in {field.name for field in fields(unknown)}


def test_an_answer_cannot_be_changed_and_two_transactions_share_no_reports() -> None:
    first, second = (model.RawTransaction(CHAIN, "a" * 64, b"", None, -1, "") for _ in range(2))
    assert first.spent == {}
    assert first.spent is not second.spent
    with pytest.raises(FrozenInstanceError):
        first.raw = b"\0"  # type: ignore[misc]
    assert model.SpentOutput(0, b"") == model.SpentOutput(0, b"")
