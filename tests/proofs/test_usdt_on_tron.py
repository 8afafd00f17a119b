"""USDT on TRON from end to end: source, history, freeze status, trace, sheets, report - over a server of documented shapes.

The transactions are built and signed with TRON's own library; blocks and results of execution are made up
(``tests/nodes/tronworld.py``). Balances were worked out from the story, not from the bytes.

By hand, under FIFO: mule_a held clean tokens before the victim's 40,000 came, and pays those first.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.nodes.trongrid import Manners, TronGrid, trongrid
from tests.nodes.tronworld import tron_world

from cryptotrace.case import Case, TraceView
from cryptotrace.errors import SourceLied
from cryptotrace.model.pot import Completeness
from cryptotrace.seizure.freezehistory import Frozen
from cryptotrace.tracing.result import EndReason

WORLD = tron_world("tron")
TOKEN = WORLD.addresses["usdt"]


def _tags(case: Case) -> None:
    path = case.folder / "exchange.yaml"
    path.write_text(
        "title: Exchange\ncreator: a test\nnetwork: TRX\nlabel: Some Exchange\ncategory: exchange\n"
        f"confidence: service_api\nsource: https://exchange.example\ntags:\n- address: {WORLD.addresses['hot']}\n",
        encoding="utf-8",
    )
    assert len(case.tag(path).tags) == 1


@contextmanager
def _case(folder: Path, manners: Manners | None = None, spec: str = "{0.spec}") -> Iterator[tuple[Case, TronGrid]]:
    with (
        trongrid(WORLD, manners) as server,
        Case.create(folder / "case", title="USDT", author="An analyst", own_nodes_only=True) as case,
    ):
        case.connect("tron", spec.format(server))
        _tags(case)
        yield case, server


def _trace(case: Case, rule: str = "fifo", **more: Any) -> TraceView:
    case.claim("victim", "tron", transfer=WORLD.txids["theft"], basis="complaint of 1 March 2026")
    return case.trace(rule=rule, **more)


def _named(view: TraceView) -> dict[tuple[str, str], object]:
    names = {address: name for name, address in WORLD.addresses.items()}
    return {
        (end.reason.value, "" if end.account is None else names[end.account.address]): end.claimed["victim"]
        for end in view.trace.ends
    }


def test_the_trace_is_what_a_hand_gets_and_rests_on_complete_histories(tmp_path: Path) -> None:
    with _case(tmp_path) as (case, _):
        view = _trace(case)
        assert case.claims[0].units == 40_000_000_000
        assert _named(view) == {
            ("service", "hot"): 20_800_000_000,
            ("burn", ""): 8_000_000_000,
            ("unspent", "mule_a"): 1_700_000_000,
            ("unspent", "frozen"): 1_500_000_000,
            ("unspent", "mule_b"): 3_000_000_000,
            ("unspent", "own_wallet"): 5_000_000_000,
        }
        assert {check.completeness for check in view.trace.pots} == {Completeness.COMPLETE}
        for check in view.trace.pots:
            name = next(n for n, address in WORLD.addresses.items() if address == check.account.address)
            assert check.read == WORLD.balance(name, "usdt")
        assert all(row.difference == 0 for row in view.reconcile())
        assert [text for text in view.caveats if "zero-value transfer" not in text] == []


@pytest.mark.parametrize("rule", ["fifo", "lifo", "haircut", "libr", "taint_first", "seniority", "tiho"])
def test_every_rule_of_value_closes_to_the_unit(tmp_path: Path, rule: str) -> None:
    with _case(tmp_path) as (case, _):
        view = _trace(case, rule)
        (row,) = view.trace.reconcile()
        assert (row.claimed, row.difference) == (40_000_000_000, 0)


def test_the_touch_point_is_the_transfer_into_the_deposit_address_not_the_sweep(tmp_path: Path) -> None:
    with _case(tmp_path) as (case, _):
        (point,) = _trace(case).touch_points().rows
        assert point.transfer.txid == WORLD.txids["peel_2"]
        assert point.account == WORLD.account("deposit")
        assert (point.service, point.direct, point.claimed) == ("Some Exchange", False, {"victim": 20_800_000_000})
        assert point.sweep is not None
        assert point.sweep.flow.txid == WORLD.txids["sweep"]


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("frozen", Frozen.FROZEN),
        ("mule_a", Frozen.NOT_FROZEN),
        ("bystander", Frozen.NOT_FROZEN),
        ("hot", Frozen.NOT_FROZEN),
    ],
)
def test_whether_it_is_frozen_is_asked_of_the_contract_with_its_block(tmp_path: Path, name: str, state: Frozen) -> None:
    with _case(tmp_path) as (case, _):
        status = case.freeze_status("tron", WORLD.addresses[name], TOKEN)
        assert (status.state, status.height) == (state, WORLD.height)
        assert status.evidence
        assert all(case.archive.read(digest) for digest in status.evidence)


@pytest.mark.parametrize("before", ["freeze", "destroy", "unfreeze_bystander"])
def test_an_earlier_state_comes_from_the_events(tmp_path: Path, before: str) -> None:
    """TRON's public interfaces answer only for the newest block; the events tell what was before."""
    height = WORLD.height_of(before)
    with _case(tmp_path) as (case, _):
        for name in ("frozen", "bystander"):
            for at in (height - 1, height):
                status = case.freeze_status("tron", WORLD.addresses[name], TOKEN, height=at)
                expected = Frozen.FROZEN if WORLD.is_frozen(name, at) else Frozen.NOT_FROZEN
                assert (status.state, status.height) == (expected, at), (name, at)
                assert status.call.at is not None
                assert status.call.at.height == WORLD.height


def test_the_two_sheets_fall_out_of_the_case(tmp_path: Path) -> None:
    with _case(tmp_path) as (case, _):
        view = _trace(case)
        touched = case.report(view, "touch-point-sheet")
        frozen = case.report(view, "issuer-sheet")
        (row,) = csv.DictReader(io.StringIO(touched[0].read_text(encoding="utf-8")))
        assert row["Transaction hash"] == WORLD.txids["peel_2"]
        assert row["Deposit address"] == WORLD.addresses["deposit"]
        assert row["Contract"] == TOKEN
        assert row["Amount of the whole transfer, base units (smallest units)"] == "25000000000"
        assert row["Amount of the whole transfer, decimal"] == "25000.000000"
        assert row["Memo (text that the payer wrote)"] == "ref 4711"
        rows = {r["Address"]: r for r in csv.DictReader(io.StringIO(frozen[0].read_text(encoding="utf-8")))}
        mine = rows[WORLD.addresses["frozen"]]
        assert mine["Whole balance, base units"] == str(WORLD.balance("frozen", "usdt"))
        assert mine["Freeze status"] == "frozen"
        assert mine["Destroyed at this address, base units"] == "8000000000"
        assert "service" in rows[WORLD.addresses["hot"]]["WARNING"]


def test_the_report_says_the_same_in_both_languages(tmp_path: Path) -> None:
    with _case(tmp_path) as (case, _):
        view = _trace(case)
        written = case.report(view, formats=["json"])
        english, russian = (path.read_text(encoding="utf-8") for path in written)
        for text in (english, russian):
            assert WORLD.txids["theft"] in text
            assert WORLD.addresses["own_wallet"] in text
        assert case.last_trace().trace == view.trace


def test_the_same_trace_from_a_recording_without_a_server(tmp_path: Path) -> None:
    with _case(tmp_path) as (case, server):
        first = _trace(case).trace
        name = next(record.source for record in case.archive.records() if record.source.startswith("trongrid:"))
        assert server.asked
    with Case.create(tmp_path / "again", title="Again", own_nodes_only=True) as again:
        again.connect("tron", f"recorded:{tmp_path / 'case' / 'evidence'}?source={name}")
        _tags(again)
        second = _trace(again).trace
        assert (second.flows, second.ends, second.pots, second.tips) == (
            first.flows,
            first.ends,
            first.pots,
            first.tips,
        )


def test_the_same_trace_from_the_eth_style_interface(tmp_path: Path) -> None:
    """It tells logs and receipts, so the movements of the token are the same; what it cannot tell is named."""
    with _case(tmp_path / "a") as (case, _):
        first = _trace(case)
        shares = {t.flow.id: t.claimed for t in first.trace.flows}
    with _case(tmp_path / "b", spec="rpc:{0.url}/jsonrpc") as (case, _):
        second = _trace(case)
        assert {t.flow.id: t.claimed for t in second.trace.flows} == shares
        assert second.trace.missing


def test_an_omitted_transfer_is_seen_at_the_balance(tmp_path: Path) -> None:
    with _case(tmp_path, Manners(omit={WORLD.txids["kept"]})) as (case, _):
        view = _trace(case)
        wrong = [check for check in view.trace.pots if check.completeness is Completeness.DIFFERENCE]
        assert wrong
        assert any("difference of" in text for text in view.caveats)
        resting = [row for row in view.holdings() if row.unchecked]
        assert resting, "every share that rests on it says so"


def test_a_server_that_changes_an_amount_is_caught(tmp_path: Path) -> None:
    def lie(target: str, raw: bytes) -> bytes:
        return raw.replace(b"a9059cbb", b"a9059cbc") if "getblock" in target else raw

    with _case(tmp_path, Manners(change=lie)) as (case, _), pytest.raises(SourceLied):
        case.claim("victim", "tron", transfer=WORLD.txids["theft"])


def test_spam_is_kept_out_by_what_it_is(tmp_path: Path) -> None:
    """Nothing of value zero and nothing of another contract carries a share; both are in the histories as facts."""
    with _case(tmp_path) as (case, _):
        view = _trace(case)
        met = {t.flow.txid for t in view.trace.flows if t.claimed}
        assert not met & {WORLD.txids[name] for name in ("poison", "poison_again", "fake_transfer")}


def test_a_limit_of_transfers_stops_at_the_exchange_even_without_a_tag(tmp_path: Path) -> None:
    with trongrid(WORLD) as server, Case.create(tmp_path / "case", title="USDT") as case:
        case.connect("tron", server.spec)
        view = _trace(case, most_transfers=5)
        assert (EndReason.CROWDED.value, "hot") in _named(view)
