from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests import notation, strategies

from cryptotrace.errors import CryptotraceError, DataNotFound, InsufficientBalance, LedgerFileError
from cryptotrace.ledger.ledgerfile import SCHEMA, LedgerCase, Refused, read
from cryptotrace.model.block import Position
from cryptotrace.model.flow import Arrival, Ended, Pot, Resting
from cryptotrace.tracing.ledgerfile import solve


def _read(folder: Path, document: Any) -> list[LedgerCase | Refused]:
    file = folder / "ledger.json"
    file.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return read(file)


def _graph(folder: Path, case: Any) -> LedgerCase:
    (graph,) = _read(folder, case)
    assert isinstance(graph, LedgerCase), graph
    return graph


def _refusal(folder: Path, case: Any) -> Exception:
    (refused,) = _read(folder, case)
    assert isinstance(refused, Refused), refused
    return refused.error


def test_a_case_alone_and_a_file_of_cases_are_both_read(tmp_path: Path) -> None:
    case = notation.chain("t1: A 5 -> B 5").case
    assert len(_read(tmp_path, case)) == 1
    assert len(_read(tmp_path, {"schema": SCHEMA, "kind": "utxo", "cases": [case, case]})) == 2


@pytest.mark.parametrize(
    "document",
    [
        "",
        "[",
        "[]",
        "5",
        '{"cases": 5}',
        '{"cases": [5]}',
        '{"kind": "utxo"}',
        '{"kind": "utxo", "txs": {}}',
        '{"kind": "bank", "entries": []}',
        '{"schema": "other/1", "kind": "utxo", "txs": []}',
        '{"kind": ["utxo"], "txs": []}',
        "[" * 100_000,
    ],
)
def test_a_file_of_another_form_is_refused_and_named(tmp_path: Path, document: str) -> None:
    with pytest.raises(LedgerFileError):
        _read(tmp_path, document)


def test_bytes_that_are_not_text_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe{}")
    for name in ("bytes.json", "missing.json"):
        with pytest.raises(LedgerFileError, match=name):
            read(tmp_path / name)


def _with(case: Any, **more: Any) -> Any:
    return case | more


CHAIN = notation.chain("t1: A 5, B 3 -> C 4, D 3, fee 1\nV claims A").case
LEDGER = notation.ledger("opening M 9\n1: M -> X 5 fee 1\nV claims #0")


@pytest.mark.parametrize(
    ("case", "words"),
    [
        (_with(CHAIN, txs=[*CHAIN["txs"], CHAIN["txs"][1]]), "two transactions are called 't1'"),
        (_with(CHAIN, txs=[*CHAIN["txs"], CHAIN["txs"][1] | {"id": "t2"}]), "fund:0 is spent twice"),
        (_with(CHAIN, txs=[CHAIN["txs"][0], CHAIN["txs"][1] | {"fee": 2}]), "leave 1 for the fee, the file says 2"),
        (_with(CHAIN, txs=[CHAIN["txs"][0], CHAIN["txs"][1] | {"outputs": [9]}]), "does not balance"),
        (_with(CHAIN, txs=[CHAIN["txs"][1]]), "nothing is called 'fund:0'"),
        (
            _with(CHAIN, txs=[{"id": "t", "inputs": [], "outputs": [True]}]),
            "txs[0]: the field 'outputs[0]' must be a whole number, not true",
        ),
        (_with(CHAIN, txs=[{"id": "t", "inputs": [], "outputs": ["5"]}]), "must be a whole number, not the text '5'"),
        (_with(CHAIN, txs=[{"id": "t", "inputs": [], "outputs": [-5]}]), "negative"),
        (_with(CHAIN, txs=[5]), "the field 'txs[0]' must be an object, not 5"),
        (_with(CHAIN, sources=[{"outpoint": "fund:0", "claim": "V", "amount": 6}]), "more units"),
        (_with(CHAIN, sources=[{"outpoint": "fund:0", "claim": "V", "offset": 5, "amount": 1}]), "more units"),
        (_with(CHAIN, sources=[{"outpoint": "fund:0", "claim": "V", "offset": 6}]), "more units"),
        (_with(CHAIN, sources=[{"outpoint": "fund:7", "claim": "V"}]), "nothing is called 'fund:7'"),
        (
            _with(CHAIN, sources=[{"outpoint": "fund:0", "claim": " "}]),
            "sources[0]: the field 'claim' must be the claimant's name",
        ),
        (_with(CHAIN, sources=[{"outpoint": "fund:0"}]), "sources[0]: the field 'claim' is missing"),
        (_with(CHAIN, sources=[{"outpoint": "t1:fee", "claim": "V"}]), "is no output"),
        (_with(CHAIN, sources={}), "the field 'sources' must be a list, not an object"),
        (_with(CHAIN, options={"follow_fees": "no"}), "options: the field 'follow_fees' must be true or false"),
        (_with(CHAIN, options=None), "the field 'options' must be an object, not null"),
        (_with(CHAIN, txs=[*CHAIN["txs"], {"id": "t2", "inputs": ["t1:fee"], "outputs": [1]}]), "is no output"),
        (
            _with(CHAIN, txs=[*CHAIN["txs"], {"id": "t2", "inputs": {}, "outputs": [1]}]),
            "txs[2]: the field 'inputs' must be a list",
        ),
        (
            _with(CHAIN, txs=[CHAIN["txs"][0], CHAIN["txs"][1] | {"fee": True}]),
            "txs[1]: the field 'fee' must be a whole number",
        ),
        (_with(CHAIN, txs=[CHAIN["txs"][0] | {"coinbase": 1, "subsidy": 8}]), "true or false"),
        (_with(CHAIN, txs=[CHAIN["txs"][0], CHAIN["txs"][1] | {"coinbase": True, "subsidy": 8}]), "has inputs"),
        (
            _with(
                CHAIN,
                txs=[
                    *CHAIN["txs"],
                    *(
                        {"id": name, "inputs": [], "outputs": [1], "coinbase": True, "subsidy": 0, "collects": ["t1"]}
                        for name in ("c1", "c2")
                    ),
                ],
            ),
            "stands for two things",  # one fee cannot be collected twice
        ),
        (
            _with(LEDGER, entries=[LEDGER["entries"][0] | {"t": "10"}]),
            "entries[0]: the field 't' must be a whole number",
        ),
        (
            _with(LEDGER, entries=[LEDGER["entries"][0] | {"seq": True}]),
            "entries[0]: the field 'seq' must be a whole number",
        ),
        (
            _with(LEDGER, entries=[LEDGER["entries"][0] | {"to": 5, "value": 0}]),
            "the field 'to' must be text or null, not 5",
        ),
        (
            _with(LEDGER, sources=[{"entry": "0:fee", "claim": "V"}]),
            "sources[0]: the field 'entry' must be a whole number",
        ),
        (_with(LEDGER, sources=[{"entry": 0, "claim": "V", "amount": 6}]), "more units"),
        (_with(LEDGER, sources=[{"entry": 7, "claim": "V"}]), "moves nothing"),
        (_with(LEDGER, opening_sources=[{"account": "M", "claim": "V", "amount": 10}]), "more units"),
        (_with(LEDGER, opening_sources=[{"account": "Q", "claim": "V", "amount": 1}]), "nothing is called"),
        (
            _with(LEDGER, entries=[{"t": 1, "from": "M", "to": "X", "value": None, "fee": 0}]),
            "must be a whole number, not null",
        ),
        (_with(LEDGER, entries=[{"t": 1, "from": "M", "to": "X", "value": 1, "fee": -1}]), "negative"),
        (_with(LEDGER, entries=[{"t": 1, "to": "X", "value": 1}]), "entries[0]: the field 'from' is missing"),
        (_with(LEDGER, opening={"M": -1}), "opening: the field 'M' must not be negative, and is -1"),
        (_with(LEDGER, entries=[{"from": "M", "to": "X", "value": 1}]), "entries[0]: the field 't' is missing"),
        (_with(LEDGER, entries=[{**LEDGER["entries"][0], "fee_payer": 5}]), "'fee_payer' must be text or null"),
        (_with(LEDGER, pari_passu_accounts=["M", 5]), "the field 'pari_passu_accounts[1]' must be text, not 5"),
        (_with(CHAIN, txs=[{"id": 7, "inputs": [], "outputs": []}]), "txs[0]: the field 'id' must be text, not 7"),
        (_with(CHAIN, txs=[{"id": "c", "inputs": [], "outputs": [1], "coinbase": True}]), "'subsidy' is missing"),
    ],
)
def test_a_case_that_contradicts_itself_is_refused_and_says_what(tmp_path: Path, case: Any, words: str) -> None:
    error = _refusal(tmp_path, case)
    assert isinstance(error, CryptotraceError)
    assert words in str(error)


def test_an_account_that_pays_more_than_it_holds_is_refused_not_filled(tmp_path: Path) -> None:
    error = _refusal(tmp_path, notation.ledger("opening M 5\n1: outside -> M 10\n2: M -> X 16"))
    assert isinstance(error, InsufficientBalance)
    assert str(error) == "entry 1: M has 15, needs 16"


def test_the_fee_is_paid_after_the_value_and_may_be_what_overdraws(tmp_path: Path) -> None:
    assert str(_refusal(tmp_path, notation.ledger("opening M 5\n1: M -> X 5 fee 1"))) == "entry 0: M has 0, needs 1"
    # X can pay the fee out of what it has just received
    assert _graph(tmp_path, notation.ledger("opening M 5\n1: M -> X 5 fee 1 by X")).balances() == {
        "@fees": 1,
        "M": 0,
        "X": 4,
    }


def test_entries_are_ordered_by_time_sequence_and_place(tmp_path: Path) -> None:
    graph = _graph(tmp_path, notation.ledger("2: M -> X 1\n1.2: Y -> M 1\n1.1: outside -> Y 1\n1: outside -> M 5"))
    order = sorted((f for f in graph.flows if f.startswith("#")), key=lambda f: graph.flows[f].departs)
    assert order == ["#3", "#2", "#1", "#0"]  # no sequence counts as 0


def test_a_transfer_to_oneself_and_a_zero_move_nothing_but_cost_their_fee(tmp_path: Path) -> None:
    graph = _graph(tmp_path, notation.ledger("opening M 9\n1: M -> M 9 fee 2\n2: M -> X 0 fee 3"))
    assert graph.balances() == {"@fees": 5, "M": 4}
    assert [f for f in graph.flows if f.startswith("#")] == ["#0:fee", "#1:fee"]


def test_the_balance_just_before_an_instant_leaves_that_instant_out(tmp_path: Path) -> None:
    graph = _graph(tmp_path, notation.ledger("opening M 9\n1: M -> X 5\n2: outside -> M 7"))
    assert [graph.opening(Pot("M"), Position(n, 0)) for n in range(3)] == [9, 4, 11]
    assert graph.opening(Pot("nobody"), Position(9, 0)) == 0


def test_every_flow_arrives_ends_or_rests(tmp_path: Path) -> None:
    graph = _graph(tmp_path, notation.chain("t1: A 5, B 3 -> C 4, D 3, fee 1\nt2: C 4 -> E 4").case)
    assert graph.arrival(graph.flow("fund:1")) == Arrival(Pot("t1"), Position(1, 0), 1, "t1")
    assert graph.arrival(graph.flow("t1:fee")) == Ended("fee")
    assert isinstance(graph.arrival(graph.flow("t1:1")), Resting)
    with pytest.raises(DataNotFound, match="t9:0"):
        graph.flow("t9:0")


def test_fees_reach_the_coinbase_only_if_the_case_follows_them(tmp_path: Path) -> None:
    text = "t1: A 5 -> B 4, fee 1\ncb: subsidy 50, fees t1 -> M 49, fee 2"
    followed = _graph(tmp_path, notation.chain(text, follow_fees=True).case)
    assert isinstance(followed.arrival(followed.flow("t1:fee")), Arrival)
    assert followed.arrival(followed.flow("cb:fee")) == Ended("burn")  # 50 + 1 - 49: nobody took it
    left = _graph(tmp_path, notation.chain(text, follow_fees=False).case)
    assert left.arrival(left.flow("t1:fee")) == Ended("fee")
    assert [f.units for f in left.instants(Pot("cb"), Position(0, 0))[0].arrivals] == [50, 1]


@given(strategies.ledgers(), strategies.chains())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_is_made_or_lost_by_reading(tmp_path: Path, ledger: Any, chain: Any) -> None:
    """What came from outside is in the accounts or has left; each transaction's pot is empty after its instant."""
    graph = _graph(tmp_path, ledger)
    came = sum(f.units for f in graph.flows.values() if f.source == "~outside")
    left = sum(f.units for f in graph.flows.values() if isinstance(graph.arrivals.get(f.id), Ended))
    assert sum(graph.balances().values()) == came - left
    graph = _graph(tmp_path, chain)
    assert all(graph.opening(pot, Position(99, 0)) == 0 for pot in graph.timeline)


junk = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 60) | st.text(max_size=3) | st.sampled_from(["fund:0", "t1:0", "A"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "t", "claim"]), inner, max_size=3)
    ),
    max_leaves=5,
)


def _places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(place for key, child in children for place in _places(child, (*at, key)))]


@given(st.data(), st.one_of(strategies.chains(), strategies.ledgers()), st.lists(junk, min_size=1, max_size=3))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_stands_in_a_field_the_answer_is_a_result_or_a_named_refusal(
    tmp_path: Path, data: st.DataObject, case: Any, values: list[Any]
) -> None:
    for value in values:
        *way, last = data.draw(st.sampled_from(_places(case)[1:]))
        inside = case
        for key in way:
            inside = inside[key]
        inside[last] = value
    try:
        cases = _read(tmp_path, case)
    except LedgerFileError:
        return
    (solved,) = solve(cases, exact=True)["cases"]
    assert "error" in solved["result"] or "fifo" in solved["result"]
    detail = solved["result"].get("detail", "")
    assert not re.search(r"Error|NoneType|__|OtherNumber|\bdict\b|\bbool\b|<", detail), "plain words, not Python's"


@pytest.mark.parametrize("number", ["1.5", "1e3", "NaN", "-Infinity", "9" * 5000])
@pytest.mark.parametrize("place", ['"value": 5', '"t": 1', '"to": "X"'])
def test_a_number_that_is_no_whole_number_costs_its_own_case_only(tmp_path: Path, number: str, place: str) -> None:
    text = json.dumps(LEDGER)
    bad = text.replace(place, f"{place.partition(' ')[0]} {number}")
    assert bad != text
    refused, good = _read(tmp_path, f'{{"schema": "{SCHEMA}", "cases": [{bad}, {text}]}}')
    assert isinstance(refused, Refused)
    assert (refused.name, refused.kind) == (LEDGER["name"], "ledger")
    assert len(str(refused.error)) < 150, "a number of thousands of digits is not repeated in full"
    assert isinstance(good, LedgerCase)


def test_times_written_as_numbers_with_a_point_are_refused_not_ordered_as_text(tmp_path: Path) -> None:
    text = json.dumps(notation.ledger("9: outside -> M 5\n10: M -> X 5"))
    (refused,) = _read(tmp_path, text.replace('"t": 9', '"t": 9.5').replace('"t": 10', '"t": 10.5'))
    assert isinstance(refused, Refused)
    assert str(refused.error) == "entries[0]: the field 't' must be a whole number, not 9.5"


def test_a_claim_on_a_payment_of_zero_carries_nothing_and_keeps_its_place(tmp_path: Path) -> None:
    case = notation.ledger("opening M 5\n1: M -> X 0\n2: M -> X 5")
    case["sources"] = [{"entry": 0, "claim": "W"}, {"entry": 1, "claim": "V"}]
    graph = _graph(tmp_path, case)
    assert [(claim.claimant, claim.units) for claim in graph.claims] == [("W", 0), ("V", 5)]
    result = solve([graph], exact=True)["cases"][0]["result"]
    assert result["poison"]["reached"] == {"V": ["X"]}
    assert result["fifo"]["transfers"] == {"1": {"V": "5"}}


def test_an_account_may_have_any_name_and_keeps_its_balance(tmp_path: Path) -> None:
    graph = _graph(tmp_path, LEDGER | {"opening": {"M": 9, "~outside": 4, "": 1}})
    assert graph.balances() == {"": 1, "@fees": 1, "M": 3, "X": 5, "~outside": 4}


def test_a_key_that_stands_twice_is_refused_and_named(tmp_path: Path) -> None:
    text = json.dumps(LEDGER).replace('"M": 9', '"M": 1, "M": 9')
    with pytest.raises(LedgerFileError, match="'M' stands twice"):
        _read(tmp_path, text)


def test_a_byte_order_mark_before_the_text_is_passed_over(tmp_path: Path) -> None:
    assert _graph(tmp_path, "\ufeff" + json.dumps(LEDGER)).name == LEDGER["name"]
