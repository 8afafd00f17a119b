from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from tests import notation, strategies
from tests.tracing import checks

from cryptotrace.errors import TracingError
from cryptotrace.tracing import oracle


@settings(max_examples=150, deadline=None)
@given(strategies.chains())
def test_engine_and_oracle_agree_on_every_rule_of_a_chain(case: Any) -> None:
    checks.agrees_with_oracle(case)


@settings(max_examples=150, deadline=None)
@given(strategies.ledgers())
def test_engine_and_oracle_agree_on_every_rule_of_a_ledger(case: Any) -> None:
    checks.agrees_with_oracle(case)


def test_the_oracle_shares_no_code_with_what_it_checks() -> None:
    """Nothing of the oracle's modules comes from the engine, the rules, the fragments or the file reader."""
    import ast
    from pathlib import Path

    folder = Path(oracle.__file__).parent
    imported = {
        node.module
        for file in folder.glob("oracle*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module is not None and node.module.startswith("cryptotrace")
    }
    assert imported == {
        "cryptotrace.errors",
        "cryptotrace.tracing.oracle_ledger",
        "cryptotrace.tracing.oracle_values",
    }


def test_more_units_than_can_be_laid_out_are_refused_for_the_rules_that_need_them() -> None:
    case = notation.chain(f"t1: A {oracle.UNIT_LIMIT} -> B {oracle.UNIT_LIMIT}\nV claims A").case
    for rule in ("fifo", "lifo"):
        with pytest.raises(TracingError, match="coin by coin"):
            oracle.solve(case, [rule])
    assert oracle.solve(case, ["haircut"])["haircut"]["txos"]["t1:0"] == {"V": str(oracle.UNIT_LIMIT)}


def test_an_overdrawn_account_is_the_schema_s_refusal() -> None:
    case = notation.ledger("opening M 5\n1: outside -> M 10\n2: M -> X 16")
    assert oracle.solve(case) == {"error": "insufficient_balance", "detail": "entry 1: M has 15, needs 16"}
    assert checks.engine_result(case) == oracle.solve(case)
