"""A case from an empty folder to holdings, and what happens when something is wrong."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.training_chain import story

from cryptotrace.case import Case
from cryptotrace.case.demo import CHAIN
from cryptotrace.case.tracing import digest_of
from cryptotrace.errors import (
    CaseError,
    ConfigurationError,
    DataNotFound,
    EvidenceError,
    InvalidAmount,
    InvalidIdentifier,
    PublicSourceRefused,
    UnknownRule,
    UnsupportedChain,
)
from cryptotrace.tracing.result import EndReason

FIRST, SECOND = (claim["outpoint"] for claim in story()["claims"])


def _shares(view: Any) -> list[tuple[str, dict[str, int]]]:
    return [(end.reason.value, end.claimed) for end in view.trace.ends]


def test_the_training_case_under_fifo_is_what_a_hand_gets(claimed: Case) -> None:
    """Inputs in the order own 2, first 12.5, second 3.75 (each in BTC); outputs in index order, the fee is last.

    merge   own 2 | first 12.5 | second 3.75          -> 18.2499: own 2, first 12.5, second 3.7499; fee second 0.0001
    peel 1  takes 4 = own 2 + first 2                 -> rest first 10.5, second 3.7498; fee second 0.0001
    peel 2  takes 0.5 of first                        -> rest first 10, second 3.7497; fee second 0.0001
    peel 3  takes 5.0001 of first (into the CoinJoin) -> rest first 4.9999, second 3.7496; fee second 0.0001
    rest    takes 1.25 of first, 0.00002 of first     -> rest first 3.74988, second 3.7495; fee second 0.0001
    """
    one, two = "Claimant 1", "Claimant 2"

    assert _shares(claimed.trace(rule="fifo", dust=5000)) == [
        ("fee", {two: 10_000}),
        ("service", {one: 200_000_000}),
        ("fee", {two: 10_000}),
        ("unspent", {one: 50_000_000}),
        ("fee", {two: 10_000}),
        ("coinjoin", {one: 500_010_000}),
        ("fee", {two: 10_000}),
        ("service", {one: 125_000_000}),
        ("dust", {one: 2_000}),
        ("unspent", {one: 374_988_000, two: 374_950_000}),
        ("fee", {two: 10_000}),
    ]


@pytest.mark.parametrize("rule", ["fifo", "lifo", "haircut", "libr", "taint_first", "seniority", "tiho"])
@pytest.mark.parametrize("exact", [False, True])
def test_every_rule_reconciles_to_the_unit(claimed: Case, rule: str, exact: bool) -> None:
    rows = claimed.trace(rule=rule, exact=exact).reconcile()

    assert {(row.claimant, row.claimed) for row in rows} == {("Claimant 1", 1_250_000_000), ("Claimant 2", 375_000_000)}
    assert [row.difference for row in rows] == [0, 0]


def test_a_closed_case_opens_again_with_everything_and_shows_its_trace_without_asking(
    claimed: Case, material: Path
) -> None:
    before = claimed.trace(rule="haircut", dust=5000)
    claimed.close()
    shutil.rmtree(material)  # nothing but the case folder is needed

    with Case.open(claimed.folder) as again:
        assert again.last_trace().trace == before.trace
        assert again.settings == claimed.settings
        assert len(again.tags) == 1


def test_a_case_folder_can_be_moved(tmp_path: Path, material: Path) -> None:
    with Case.create(tmp_path / "here", title="A case") as case:
        shutil.copytree(material, case.folder / "training")
        case.connect(CHAIN, f"blocks:{case.folder / 'training' / 'blk00000.dat'}")
        claim = case.claim("A", CHAIN, outpoint=FIRST)

    shutil.move(tmp_path / "here", tmp_path / "there")
    with Case.open(tmp_path / "there") as moved:
        assert moved.trace(claim).reconcile()[0].difference == 0


def test_every_action_is_in_the_custody_log_and_the_rule_comes_before_the_result(claimed: Case) -> None:
    claimed.trace(rule="fifo", reason="the court's usual rule")

    entries = list(claimed.custody.entries())

    assert [e.action for e in entries] == [
        "create", "connect", "tag", "claim", "claim", "name-coinjoin", "rule", "trace",
    ]  # fmt: skip
    assert entries[6].parameters["reason"] == "the court's usual rule"
    assert {e.actor for e in entries} == {"An analyst"}
    assert entries[-1].result == claimed.settings.trace.digest  # type: ignore[union-attr]


def test_every_transaction_leads_to_recorded_bytes_that_hash_to_it(claimed: Case) -> None:
    from cryptotrace.chains.bitcoin.wire import decode_block, decode_transaction
    from cryptotrace.chains.networks import network

    view = claimed.trace(rule="fifo")

    for txid in {traced.flow.txid for traced in view.trace.flows}:
        transaction = claimed.store.transaction(network(CHAIN).chain, txid)
        assert transaction is not None
        raw = claimed.archive.read(transaction.evidence)
        try:
            found = {decode_transaction(raw).txid}
        except ValueError:
            found = {each.txid for each in decode_block(raw).transactions}
        assert txid in found


@pytest.mark.parametrize(
    ("settings", "reason"),
    [({"max_hops": 1}, EndReason.HOPS), ({"until": datetime(2026, 3, 1, 1, tzinfo=UTC)}, EndReason.TIME)],
)
def test_limits_end_branches_with_their_amount(claimed: Case, settings: dict[str, Any], reason: EndReason) -> None:
    view = claimed.trace(rule="fifo", **settings)

    assert reason in {end.reason for end in view.trace.ends}
    assert [row.difference for row in view.reconcile()] == [0, 0]


def test_a_time_limit_without_a_zone_is_refused(claimed: Case) -> None:
    with pytest.raises(CaseError, match="time zone"):
        claimed.trace(until=datetime(2026, 3, 1))  # noqa: DTZ001 - that is the point


def test_part_of_an_output_can_be_claimed_in_decimal_text_or_base_units(claimed: Case) -> None:
    assert claimed.claim("B", CHAIN, outpoint=FIRST, amount="2.5").units == 250_000_000
    assert claimed.claim("B", CHAIN, outpoint=FIRST, amount=7, offset=3).units == 7


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"amount": 2.5}, InvalidAmount),
        ({"amount": "2.123456789"}, InvalidAmount),
        ({"amount": "12.50000001"}, CaseError),
        ({"amount": 1, "offset": -1}, InvalidAmount),
        ({"outpoint": "ab:0"}, InvalidIdentifier),
        ({"outpoint": "ab" * 32 + ":0"}, DataNotFound),
        ({"outpoint": FIRST.partition(":")[0] + ":77"}, DataNotFound),
        ({"claimant": " "}, ValueError),
        ({"chain": "monero"}, UnsupportedChain),
    ],
)
def test_a_claim_that_cannot_be_is_refused_and_leaves_nothing(
    claimed: Case, changes: dict[str, Any], error: type[Exception]
) -> None:
    before = claimed.settings
    arguments: dict[str, Any] = {"claimant": "X", "chain": CHAIN, "outpoint": FIRST, **changes}

    with pytest.raises(error):
        claimed.claim(arguments.pop("claimant"), arguments.pop("chain"), **arguments)

    assert claimed.settings == before


def test_a_claim_needs_a_source_and_the_error_says_so(case: Case) -> None:
    with pytest.raises(DataNotFound, match="connect"):
        case.claim("A", CHAIN, outpoint=FIRST)


@pytest.mark.parametrize(
    "settings", [{"dust": 0.5}, {"dust": -5}, {"max_hops": -3}, {"max_hops": 1.5}, {"dust": True}], ids=str
)
def test_a_limit_that_cannot_be_is_refused_before_anything_is_logged(claimed: Case, settings: dict[str, Any]) -> None:
    entries = len(claimed.custody)
    with pytest.raises(InvalidAmount):
        claimed.trace(**settings)
    assert len(claimed.custody) == entries


def test_nothing_to_fetch_or_two_things_are_refused(claimed: Case) -> None:
    both: dict[str, Any] = {"txid": "ab" * 32, "account": "x"}
    for which in ({}, both):
        with pytest.raises(CaseError, match="a txid, or an address, and not both"):
            claimed.fetch(CHAIN, **which)


def test_a_claim_of_nothing_is_refused(claimed: Case) -> None:
    with pytest.raises(CaseError, match="takes base units 0 to 0"):
        claimed.claim("A", CHAIN, outpoint=story()["claims"][0]["outpoint"], amount=0)


def test_everything_held_of_a_chain_goes_to_other_tools_with_exact_amounts(claimed: Case, tmp_path: Path) -> None:
    claimed.trace()
    flows = claimed.flows(CHAIN)
    frame, graph = flows.to_pandas(), flows.to_networkx()

    assert {type(units) for units in frame["base_units"]} == {int}
    assert graph.number_of_edges() == len(frame) > 20
    assert flows.to_graphml(tmp_path / "f.graphml").stat().st_size > 1000
    assert flows.to_parquet(tmp_path / "f.parquet").stat().st_size > 1000
    assert "base_units" in flows._repr_html_()


def test_a_reconciliation_shows_itself_in_every_form(claimed: Case) -> None:
    rows = claimed.trace(dust=5000).reconcile()

    assert rows.to_dict()["rule"] == "fifo"
    frame = rows.to_pandas()
    assert sum(frame[frame["claimant"] == "Claimant 1"]["base_units"]) == 1_250_000_000
    assert "Reconciliation under fifo" in rows._repr_html_()
    assert "difference  0" in repr(rows)


def test_a_source_that_is_gone_can_be_taken_out_and_what_was_read_stays(claimed: Case, tmp_path: Path) -> None:
    digest = digest_of(claimed.trace(dust=5000).trace)
    (spec,) = (entry.spec for entry in claimed.settings.sources)
    claimed.close()
    Path(spec.removeprefix("blocks:")).unlink()
    with Case.open(claimed.folder) as again:
        with pytest.raises(ConfigurationError, match="take it out: cryptotrace disconnect bitcoin-regtest 'blocks:"):
            again.trace(dust=5000)
        with pytest.raises(CaseError, match="it has: blocks:"):
            again.disconnect(CHAIN, "csv:other")
        again.disconnect(CHAIN, spec)
        again.connect(CHAIN, f"recorded:{again.folder / 'evidence'}")
        assert digest_of(again.trace(dust=5000).trace) == digest


def test_the_same_tagpack_or_source_is_held_once(claimed: Case, material: Path) -> None:
    before = (claimed.settings.tags, claimed.settings.sources, len(claimed.tags))
    claimed.tag(material / "exchange.yaml")
    claimed.connect(CHAIN, claimed.settings.sources[0].spec)
    assert (claimed.settings.tags, claimed.settings.sources, len(claimed.tags)) == before


def test_a_claim_that_meets_another_is_told_at_once(
    case: Case, material: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case.connect(CHAIN, f"blocks:{material / 'blk00000.dat'}")
    outpoint = story()["claims"][0]["outpoint"]
    case.claim("A", CHAIN, outpoint=outpoint, amount=100)
    case.claim("B", CHAIN, outpoint=outpoint, amount=100, offset=100)
    assert capsys.readouterr().err == ""
    case.claim("C", CHAIN, outpoint=outpoint, amount=100, offset=150)
    assert f"{outpoint} is claimed for B too: the earlier claim stands" in capsys.readouterr().err


def test_a_trace_without_claims_says_what_to_do(case: Case) -> None:
    with pytest.raises(CaseError, match="cryptotrace claim"):
        case.trace()
    with pytest.raises(CaseError, match="cryptotrace trace"):
        case.last_trace()


def test_an_unknown_rule_is_refused_before_anything_is_logged(claimed: Case) -> None:
    before = len(claimed.custody)

    with pytest.raises(UnknownRule, match="fifo"):
        claimed.trace(rule="best")

    assert len(claimed.custody) == before


def test_a_coinjoin_needs_a_basis(case: Case) -> None:
    with pytest.raises(CaseError, match="basis"):
        case.name_coinjoin("ab" * 32, " ")


def test_own_nodes_only_refuses_a_public_source_before_it_is_asked(case: Case) -> None:
    with pytest.raises(PublicSourceRefused, match="own nodes only"):
        case.connect("bitcoin", "esplora:https://explorer.example/api")

    assert case.settings.sources == ()
    assert len(case.archive) == 0


def test_a_case_is_made_only_in_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("something", encoding="utf-8")

    with pytest.raises(CaseError, match="not an empty folder"):
        Case.create(tmp_path, title="A case")

    assert [path.name for path in tmp_path.iterdir()] == ["x"]


@pytest.mark.parametrize("name", ["CON", "lpt1", "aux.txt", "a.", "a ", "what?", "a:b", "x|y"])
def test_a_name_that_windows_cannot_have_is_refused_everywhere(tmp_path: Path, name: str) -> None:
    with pytest.raises(CaseError, match="Windows"):
        Case.create(tmp_path / name, title="A case")

    assert list(tmp_path.iterdir()) == []


def test_a_path_too_long_for_windows_is_refused_there(tmp_path: Path) -> None:
    from cryptotrace.case.file import check_folder_name

    check_folder_name(tmp_path / ("x" * 200), windows=False)
    with pytest.raises(CaseError, match="too deep"):
        check_folder_name(tmp_path / ("x" * 200), windows=True)


def test_a_folder_that_is_no_case_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="cryptotrace new"):
        Case.open(tmp_path)


@pytest.mark.parametrize(
    "text", ["", "not toml [", "format = 2\n", "format = 1\nid = 'x'\n", "format = 1\nsurprise = 3\n"]
)
def test_a_damaged_case_file_is_a_typed_error(case: Case, text: str) -> None:
    case.close()
    (case.folder / "case.toml").write_text(text, encoding="utf-8")

    with pytest.raises(ConfigurationError, match=r"case\.toml"):
        Case.open(case.folder)


def test_an_altered_custody_log_keeps_the_case_from_opening_and_frees_the_lock(claimed: Case) -> None:
    claimed.close()
    path = claimed.folder / "custody.jsonl"
    intact = path.read_bytes()
    path.write_bytes(intact.replace(b"An analyst", b"Somebody X", 1))

    for _ in range(2):  # the second time it must be the same error, not a lock that was left behind
        with pytest.raises(EvidenceError):
            Case.open(claimed.folder)

    path.write_bytes(intact)
    Case.open(claimed.folder).close()


def test_an_altered_tagpack_in_the_evidence_is_caught(claimed: Case) -> None:
    digest = claimed.settings.tags[0].digest
    claimed.close()
    (stored,) = (p for p in (claimed.folder / "evidence").rglob("*") if p.name.startswith(digest))
    stored.write_bytes(stored.read_bytes().replace(b"Training", b"Trailing"))

    with pytest.raises(EvidenceError, match=digest[:8]):
        Case.open(claimed.folder)


def test_what_is_held_cannot_change_under_a_trace_unnoticed(claimed: Case) -> None:
    flow = claimed.trace().trace.ends[3].flow
    assert flow is not None
    claimed.store.db.execute("UPDATE flows SET units = units + 1 WHERE id = ?", [flow.id])

    with pytest.raises((CaseError, ValueError)):
        claimed.last_trace()


def test_fetch_takes_up_where_it_was_stopped(claimed: Case) -> None:
    from cryptotrace.model.transaction import Outpoint

    txid = Outpoint.parse(FIRST).txid
    coinjoin = story()["coinjoin"]["txid"]

    assert claimed.fetch(CHAIN, txid=txid) == 0, "the claim has fetched it already"
    assert claimed.fetch(CHAIN, txid=coinjoin) == 1
    assert claimed.fetch(CHAIN, txid=coinjoin) == 0
    assert claimed.fetch(CHAIN, account=story()["deposit"]) == 3  # two deposits and the sweep


def test_a_reorganisation_forgets_what_is_no_longer_in_the_chain(claimed: Case) -> None:
    from tests.training_chain import source

    from cryptotrace.case.connections import forget_reorganised
    from cryptotrace.chains.networks import network

    claimed.trace()
    chain = network(CHAIN).chain
    newest = claimed.store.newest_block(chain)
    assert newest is not None
    newest_height = newest.height
    honest = source()

    class Other:
        """The same chain, but its newest used block is another one."""

        def __getattr__(self, name: str) -> Any:
            return getattr(honest, name)

        def block(self, height: int) -> Any:
            found = honest.block(height)
            return replace(found, ref=replace(found.ref, hash="00" * 32)) if height == newest_height else found

        def block_by_hash(self, block_hash: str) -> Any:
            return honest.block_by_hash(block_hash)

    ((height, txids),) = forget_reorganised(claimed.store, chain, [Other()])
    assert height == newest.height
    assert all(claimed.store.transaction(chain, txid) is None for txid in txids)
    assert claimed.store.newest_block(chain) != newest


def test_results_show_themselves_with_exact_amounts(claimed: Case) -> None:
    view = claimed.trace(rule="haircut")
    frame = view.to_pandas()
    held = view.holdings().to_pandas()

    assert {type(units) for units in frame["claimed_base_units"]} == {int}
    ends = sum(sum(end.claimed.values()) for end in view.trace.ends if end.reason not in {EndReason.FEE})
    assert sum(held["claimed_base_units"]) == ends
    assert "Training Exchange" in view.holdings()._repr_html_()
    assert "Claimant 1" in view._repr_html_()
    assert json.loads(json.dumps(view.to_dict()))["rule"] == "haircut"


def test_a_hostile_label_is_shown_as_text(claimed: Case, tmp_path: Path) -> None:
    pack = tmp_path / "hostile.yaml"
    pack.write_text(
        "title: x\ncreator: x\nsource: s\nnetwork: bitcoin-regtest\ncategory: exchange\nconfidence: ownership\n"
        f"tags:\n- address: {story()['deposit']}\n  label: '<script>alert(1)</script>'\n",
        encoding="utf-8",
    )
    claimed.tag(pack)

    page = claimed.trace().holdings()._repr_html_()

    assert "<script>" not in page
    assert "&lt;script&gt;" in page
