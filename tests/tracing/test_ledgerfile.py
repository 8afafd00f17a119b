"""Every number of the shared vectors, in fractions, from the file to the printed structure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests import notation
from tests.shared_data import read_vectors, shared_folder
from tests.tracing import checks

from cryptotrace.errors import LedgerFileError, UnknownRule
from cryptotrace.ledger.ledgerfile import Refused, read
from cryptotrace.tracing import ledgerfile, oracle
from cryptotrace.tracing.rules import LEDGER_RULES, UTXO_RULES

#: Not of this direction: ``origins`` is backward tracing.
NOT_FORWARD = {"origins"}
CASES = [("utxo", n) for n in range(18)] + [("ledger", n) for n in range(20)]


def _wanted(case: Any) -> dict[str, Any]:
    wanted = {key: value for key, value in case["expected"].items() if key not in NOT_FORWARD}
    if "balances" in wanted:
        wanted["balances"] = {account: str(units) for account, units in wanted["balances"].items()}
    return wanted


@pytest.mark.shared
@pytest.mark.parametrize(("kind", "n"), CASES)
def test_the_engine_reproduces_every_number_of_the_vectors(kind: str, n: int) -> None:
    vectors = read_vectors(f"{kind}.json")
    case = vectors["cases"][n]
    solved = ledgerfile.solve(read(shared_folder() / "vectors" / f"{kind}.json")[n : n + 1], exact=True)["cases"][0]
    assert solved["name"] == case["name"]
    wanted = _wanted(case)
    assert solved["result"] == wanted  # and nothing that the file does not have


@pytest.mark.shared
@pytest.mark.parametrize(("kind", "n"), CASES)
def test_the_oracle_reproduces_every_number_of_the_vectors(kind: str, n: int) -> None:
    case = read_vectors(f"{kind}.json")["cases"][n]
    wanted = _wanted(case)
    if case["name"] == "a16_wei_scale":  # too many units to lay out coin by coin
        del wanted["fifo"], wanted["lifo"]
        found = oracle.solve(case, ("poison", "haircut", "libr", "taint_first"))
    else:
        found = oracle.solve(case)
    assert {key: found.get(key) for key in wanted} == wanted


@pytest.mark.shared
def test_all_cases_of_the_vectors_are_visited() -> None:
    counts = {kind: len(read_vectors(f"{kind}.json")["cases"]) for kind in ("utxo", "ledger")}
    assert counts == {kind: sum(each == kind for each, _ in CASES) for kind in counts}


LEDGER = """
    opening M 20
    1: outside -> M 30
    2: M -> X 25 fee 5
    3: X -> outside 10
    V claims #0
"""


def _solved(case: Any, which: str = "all", *, exact: bool = True) -> Any:
    return ledgerfile.solve([checks.graph(case)], which, exact=exact)["cases"][0]["result"]


def test_all_on_a_ledger_has_balances_and_pari_passu_and_the_closed_form() -> None:
    result = _solved(notation.ledger(LEDGER, pari_passu_accounts=["M"], libr_closed_form=["M"]))
    assert result["balances"] == {"@fees": "5", "M": "20", "X": "15"}
    # M got 30 of V and 20 clean, and has 20 left: 20 * 30/50 and 20 * 20/50.
    assert result["pari_passu"] == {
        "M": {"contributions": {"V": "30", "~clean": "20"}, "shares": {"V": "12", "~clean": "8"}}
    }
    assert result["libr_closed_form"] == {"M": "20"}  # 30 claimed, balances since then 50, 25, 20
    assert result["conserved"] == {"V": "30"}


def test_one_rule_prints_only_that_rule() -> None:
    assert set(_solved(notation.ledger(LEDGER), "libr")) == {"libr"}


def test_a_rule_that_no_case_of_the_file_can_have_is_refused_by_name() -> None:
    with pytest.raises(UnknownRule, match="seniority"):
        _solved(notation.ledger(LEDGER), "seniority")
    with pytest.raises(UnknownRule, match="libr"):
        _solved(notation.chain("t1: A 1 -> B 1").case, "libr")


def _file(folder: Path, *cases: Any) -> Path:
    path = folder / "cases.json"
    path.write_text(json.dumps({"schema": "cryptotrace-taint-vectors/1", "cases": cases}), encoding="utf-8")
    return path


def test_a_case_whose_kind_lacks_the_rule_is_refused_alone_and_the_others_run(tmp_path: Path) -> None:
    coins = notation.chain("t1: A 1 -> B 1\nV claims A").case | {"name": "coins"}
    accounts = notation.ledger(LEDGER) | {"name": "accounts"}
    one, two, three = ledgerfile.solve(read(_file(tmp_path, accounts, coins, accounts)), "libr")["cases"]
    assert two == {
        "name": "coins",
        "result": {
            "error": "invalid_case",
            "detail": "rule libr is not one for utxo cases; choose one of: poison, haircut, fifo, lifo, tiho, seniority",
        },
    }
    assert one == three
    assert one["result"]["libr"]["accounts"]["M"] == {"V": "20"}


def test_a_refused_case_of_a_kind_that_has_the_rule_is_enough_for_the_file_to_be_read(tmp_path: Path) -> None:
    coins = notation.chain("t1: A 1 -> B 1").case | {"name": "coins"}
    overdrawn = notation.ledger("1: M -> X 16\nopening M 15") | {"name": "overdrawn"}
    found = ledgerfile.solve(read(_file(tmp_path, coins, overdrawn)), "libr")["cases"]
    assert [each["result"]["error"] for each in found] == ["invalid_case", "insufficient_balance"]


def test_whole_units_have_the_same_structure_as_fractions() -> None:
    case = notation.ledger(LEDGER, pari_passu_accounts=["M"])
    exact, whole = _solved(case), _solved(case, exact=False)
    assert exact.keys() == whole.keys()
    assert all(exact[rule].keys() == whole[rule].keys() for rule in exact if isinstance(exact[rule], dict))


def test_solving_twice_gives_the_same() -> None:
    """Asking for an account that the ledger does not have must not create it."""
    graph = checks.graph(notation.ledger(LEDGER, pari_passu_accounts=["nobody"], libr_closed_form=["nobody"]))
    first, second = ledgerfile.solve([graph], exact=True), ledgerfile.solve([graph], exact=True)
    assert first == second


def test_a_refused_case_says_why_and_the_others_still_run(tmp_path: Path) -> None:
    good = notation.ledger(LEDGER) | {"name": "good"}
    bad = notation.ledger("1: M -> X 16\nopening M 15") | {"name": "bad"}
    file = tmp_path / "cases.json"
    file.write_text(json.dumps({"schema": "cryptotrace-taint-vectors/1", "kind": "ledger", "cases": [bad, good]}))
    first, second = ledgerfile.solve(read(file), exact=True)["cases"]
    assert first == {
        "name": "bad",
        "result": {"error": "insufficient_balance", "detail": "entry 0: M has 15, needs 16"},
    }
    assert second["result"]["fifo"]["accounts"]["M"] == {"V": "20"}


def test_an_unknown_rule_is_refused_even_where_no_case_would_meet_it() -> None:
    for cases in ([], [Refused("bad", "", LedgerFileError("refused before"))]):
        with pytest.raises(UnknownRule, match="nonsense"):
            ledgerfile.solve(cases, "nonsense")
        for each in (*UTXO_RULES, *LEDGER_RULES):
            assert len(ledgerfile.solve(cases, each)["cases"]) == len(cases)


def test_totals_are_called_conserved_on_a_ledger_and_a_note_says_where_they_differ() -> None:
    once = notation.chain("t1: A 5, B 5 -> C 10\nV claims A").case
    assert not {"conserved", "note_totals_differ"} & set(_solved(once))
    twice = once | {"sources": [*once["sources"], {"outpoint": "t1:0", "claim": "W", "amount": 5}]}
    assert "note_totals_differ" in _solved(twice)  # under FIFO W meets V's units, under haircut the clean rest


def test_pari_passu_in_whole_units_is_the_balance_floors_first_then_the_largest_remainder() -> None:
    text = """
        1: outside -> P 10
        2: outside -> P 10
        3: outside -> P 10
        4: P -> outside 20
        V claims #0
        W claims #1
    """
    case = notation.ledger(text, pari_passu_accounts=["P"])
    assert _solved(case)["pari_passu"]["P"]["shares"] == {"V": "10/3", "W": "10/3", "~clean": "10/3"}
    # three remainders of a third: the missing unit goes to the first claim, never to the clean rest
    assert _solved(case, exact=False)["pari_passu"]["P"]["shares"] == {"V": "4", "W": "3", "~clean": "3"}


def test_fractions_of_any_length_are_printed() -> None:
    """Each transaction brings its own sum into the denominator; ``str`` refuses more than 4300 digits."""
    clean = [10**60 + n * n + 1 for n in range(100)]
    txs: list[dict[str, Any]] = [{"id": "f", "inputs": [], "outputs": [10**60, *clean]}]
    coin, held = "f:0", 10**60
    for n, units in enumerate(clean):
        keeps, held = held // 3, held + units - held // 3
        txs.append({"id": f"t{n}", "inputs": [coin, f"f:{n + 1}"], "outputs": [keeps, held]})
        coin = f"t{n}:1"
    case = {"kind": "utxo", "name": "deep", "txs": txs, "sources": [{"outpoint": "f:0", "claim": "V"}]}
    share, _, of = _solved(case, "haircut")["haircut"]["txos"][coin]["V"].partition("/")
    assert min(len(share), len(of)) > 4300
