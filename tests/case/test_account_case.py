"""A case on an account chain: claims on transfers, traces, what they rest on, touch points, issuers, sheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.account_world import COIN, NET, OTHER, TOKEN, World, block, digest, pot, who

from cryptotrace.case import Case
from cryptotrace.chains.evm.hashes import keccak256
from cryptotrace.errors import CaseError, DataNotFound, InvalidAmount, NotSupported, ReportError
from cryptotrace.model.accountsource import CallAnswer, LogEntry, LogListing
from cryptotrace.model.identity import Account
from cryptotrace.model.movement import Order
from cryptotrace.sources.accountmemory import AccountMemorySource
from cryptotrace.tracing.result import EndReason

CONTRACT = TOKEN.reference
EXCHANGE = f"""
title: Exchange
creator: a test
tags:
- address: "{who("hot").address}"
  network: evm-local
  label: Some Exchange
  category: exchange
  confidence: service_api
  source: https://exchange.example/addresses
  lastmod: 2026-01-01
"""


class Chain(AccountMemorySource):
    """A world whose token also answers symbol, decimals and whether an account is frozen, and lists its events."""

    frozen: tuple[str, ...] = ()

    def contract_call(self, contract: Account, data: bytes, height: int | None = None) -> CallAnswer:
        asked = {keccak256(text.encode())[:4]: text for text in ("symbol()", "decimals()", "isBlackListed(address)")}
        text = asked.get(data[:4])
        said = None
        if contract.address.lower() == CONTRACT and text == "symbol()":
            said = b"TUSD".ljust(32, b"\0")
        elif contract.address.lower() == CONTRACT and text == "decimals()":
            said = (2).to_bytes(32, "big")
        elif text is not None and contract.address.lower() == CONTRACT:
            said = (data[-20:].hex() in {who(name).address[2:].lower() for name in self.frozen}).to_bytes(32, "big")
        return CallAnswer(said, block(self.tip().height), digest(f"{contract} {data.hex()}"))

    def logs(self, contract: Account, topics: Any, first: int, last: int) -> LogListing:
        topic = keccak256(b"AddedBlackList(address)")
        names = self.frozen if topics and topics[0] in (None, topic) else ()
        words = [bytes.fromhex(who(name).address[2:]).rjust(32, b"\0") for name in names]
        found = (LogEntry(contract, (topic,), data, digest("freeze"), block(50), 0, 0, digest("log")) for data in words)
        return LogListing(tuple(found), (digest(f"listing {topics}"),))


def _world() -> World:
    """The victim's 100.00 go to A (which held 40.00); 60.00 on to a deposit address, 30.00 to a wallet, rest stays."""
    world = World(opening={pot("victim"): 100_00, pot("victim", COIN): 10})
    world.tx("clean", 1, (None, "A", 40_00, TOKEN))
    world.tx(
        "theft",
        5,
        ("victim", None, 7, COIN),
        ("victim", "A", 100_00, TOKEN),
        places=("fee.burnt", "log.0"),
    )
    world.tx("spam", 5, ("A", "look-alike", 0, TOKEN), (None, "A", 500, OTHER), index=1, sender="spammer")
    world.tx("a-deposit", 6, ("A", "deposit", 60_00, TOKEN))
    world.tx("a-wallet", 7, ("A", "wallet", 30_00, TOKEN))
    world.tx("sweep", 8, ("deposit", "hot", 60_00, TOKEN))
    for n in range(5):
        world.tx(f"busy {n}", 9 + n, (None, "hot", 1, TOKEN))
    return world


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    with Case.create(tmp_path / "case", title="Tokens", author="An analyst") as made:
        yield made


def _connected(case: Case, world: World | None = None, *, newest_only: bool = False, **more: Any) -> Chain:
    world = world or _world()
    chain = Chain(
        NET, world.transactions, case.recorder, opening=world.opening, tip=block(100), newest_only=newest_only, **more
    )
    case.use(chain)
    return chain


def _tagged(case: Case) -> None:
    path = case.folder / "exchange.yaml"
    path.write_text(EXCHANGE, encoding="utf-8")
    assert len(case.tag(path).tags) == 1


def test_a_claim_names_a_transfer_by_its_txid_and_place(case: Case) -> None:
    _connected(case)
    claim = case.claim("victim", "evm-local", transfer=f"0x{digest('theft')}", amount="75.5", basis="complaint")
    assert (claim.flow, claim.units, claim.asset) == (f"{digest('theft')}#log.0", 75_50, TOKEN)
    by_place = case.claim("victim", "evm-local", transfer=f"{digest('a-wallet')}#log.0")
    assert by_place.units == 30_00


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"transfer": ""}, CaseError, "a transfer is claimed"),
        ({"transfer": "", "outpoint": "ab" * 32 + ":0"}, CaseError, "a transfer is claimed"),
        ({"transfer": digest("nothing")}, DataNotFound, "was given no transaction"),
        ({"transfer": digest("theft") + "#log.9"}, DataNotFound, r"it has: #fee\.burnt, #log\.0"),
        ({"transfer": digest("theft") + "#fee.burnt"}, CaseError, "no transfer to anybody"),
        ({"asset": OTHER.reference}, CaseError, r"no transfers of that asset.*#log\.0 100\.00 TUSD"),
        ({"amount": "1.234"}, InvalidAmount, "below one base unit"),
        ({"amount": "100.01"}, CaseError, "has 100.00 TUSD; the claim takes base units 0 to 10001"),
        ({"amount": 0}, CaseError, "takes base units 0 to 0"),
        ({"transfer": digest("failed")}, CaseError, "failed: nothing but its fee moved"),
        ({"transfer": digest("two")}, CaseError, r"2 transfers.*#log\.0 1\.00 TUSD to .*; #log\.1 2\.00 TUSD"),
    ],
)
def test_a_claim_that_cannot_be_is_refused_and_leaves_nothing(
    case: Case, changes: dict[str, Any], error: type[Exception], words: str
) -> None:
    world = _world()
    world.tx("failed", 20, ("A", None, 1, COIN), places=("fee",), succeeded=False)
    world.tx("two", 21, (None, "A", 1_00, TOKEN), (None, "B", 2_00, TOKEN))
    _connected(case, world)
    case.assets.read(TOKEN, case.ready_sources(NET.chain))
    with pytest.raises(error, match=words):
        case.claim("victim", "evm-local", **{"transfer": digest("theft"), **changes})
    assert not case.claims


def test_decimal_text_needs_known_decimals(case: Case) -> None:
    _connected(case)
    with pytest.raises(CaseError, match=r"decimals of .* are not known"):
        case.claim("victim", "evm-local", transfer=digest("spam"), asset=str(OTHER), amount="1.5")
    assert case.claim("victim", "evm-local", transfer=digest("spam"), asset=str(OTHER), amount=5).units == 5


def test_the_trace_stops_at_the_service_and_says_what_it_rests_on(case: Case) -> None:
    _connected(case)
    _tagged(case)
    case.claim("victim", "evm-local", transfer=digest("theft"))
    view = case.trace(rule="lifo", reason="a test")
    ends = {(end.reason, end.account): end.claimed["victim"] for end in view.trace.ends}
    assert ends == {
        (EndReason.SERVICE, who("hot")): 60_00,
        (EndReason.UNSPENT, who("A")): 10_00,
        (EndReason.UNSPENT, who("wallet")): 30_00,
    }
    assert {check.account for check in view.trace.pots} == {who("A"), who("deposit"), who("wallet")}
    assert [text for text in view.caveats if "zero-value transfer" not in text] == []
    assert all(row.difference == 0 for row in view.reconcile())


def test_the_trace_is_the_same_again_from_what_is_held(case: Case, tmp_path: Path) -> None:
    _connected(case, newest_only=True)
    _tagged(case)
    case.claim("victim", "evm-local", transfer=digest("theft"))
    first = case.trace().trace
    case.close()
    with Case.open(case.folder) as again:
        assert again.last_trace().trace == first


def test_the_touch_point_is_the_transfer_into_the_deposit_address(case: Case) -> None:
    _connected(case)
    _tagged(case)
    case.claim("victim", "evm-local", transfer=digest("theft"))
    found = case.trace(rule="lifo").touch_points()
    (point,) = found.rows
    assert point.transfer.id == f"{digest('a-deposit')}#log.0"
    assert (point.account, point.service, point.direct) == (who("deposit"), "Some Exchange", False)
    assert point.claimed == {"victim": 60_00}
    assert [sweep.flow.id for sweep in (point.deposit.sweeps if point.deposit else ())] == [f"{digest('sweep')}#log.0"]


def test_the_trace_looks_one_sweep_past_an_end_that_it_does_not_follow(case: Case) -> None:
    """With a limit of one hop the sweep is beyond the trace; the deposit address is found all the same."""
    _connected(case)
    _tagged(case)
    case.claim("victim", "evm-local", transfer=digest("theft"))
    view = case.trace(rule="lifo", max_hops=1)
    assert (EndReason.HOPS, who("deposit")) in {(end.reason, end.account) for end in view.trace.ends}
    (point,) = view.touch_points().rows
    assert (point.account, point.service) == (who("deposit"), "Some Exchange")


def test_sheets_are_written_per_addressee_and_logged(case: Case) -> None:
    chain = _connected(case)
    chain.frozen = ("wallet",)
    _tagged(case)
    case.describe_token(
        "evm-local", CONTRACT, symbol="TUSD", decimals=2, issuer="Issuer Ltd", freeze="tether", basis="a test"
    )
    case.claim("victim", "evm-local", transfer=digest("theft"))
    view = case.trace(rule="lifo")
    written = [*case.report(view, "touch-point-sheet"), *case.report(view, "issuer-sheet")]
    assert [path.name for path in written] == [
        "touch-point-sheet.some-exchange.csv",
        "touch-point-sheet.some-exchange.xlsx",
        "issuer-sheet.issuer-ltd.csv",
        "issuer-sheet.issuer-ltd.xlsx",
    ]
    (touched,) = csv.DictReader(io.StringIO(written[0].read_text(encoding="utf-8")))
    assert f"0x{digest('a-deposit')}" in touched.values()
    rows = list(csv.DictReader(io.StringIO(written[2].read_text(encoding="utf-8"))))
    status = {row["Address"]: (row["Freeze status"], "TAGGED" in row["WARNING"]) for row in rows}
    assert status == {
        who("A").address: ("not frozen", False),
        who("wallet").address: ("frozen", False),
        who("hot").address: ("not frozen", True),
    }
    assert case.freeze_status("evm-local", who("wallet").address, CONTRACT).state.value == "frozen"
    assert case.freeze_status("evm-local", who("A").address, CONTRACT).state.value == "not frozen"
    assert [entry.action for entry in case.custody.entries()].count("report") == 4
    assert case.report(view, "touch-point-sheet")[0].read_bytes() == written[0].read_bytes()


def test_where_there_is_nothing_for_a_sheet_it_says_why(case: Case) -> None:
    _connected(case)
    case.claim("victim", "evm-local", transfer=digest("theft"))
    view = case.trace(rule="lifo")
    with pytest.raises(ReportError, match="touches no service"):
        case.report(view, "touch-point-sheet")
    with pytest.raises(ReportError, match="is not a known token"):
        case.report(view, "issuer-sheet")
    with pytest.raises(ReportError, match="name a folder"):
        case.report(view, "issuer-sheet", path=case.folder / "sheet.csv")
    with pytest.raises(ReportError, match="cannot be written as pdf"):
        case.report(view, "issuer-sheet", formats=["pdf"])


def test_a_freeze_status_without_a_source_is_not_determined(case: Case) -> None:
    status = case.freeze_status("ethereum", who("A").address, "0xdAC17F958D2ee523a2206206994597C13D831ec7")
    assert status.state.value == "could not be determined"
    assert status.reasons
    assert "could not be determined. " in status.sentence()
    assert (status.to_dict()["events"], status.to_dict()["height"]) == ([], None)


def test_an_order_that_no_source_tells_is_tried_the_other_way_round(case: Case) -> None:
    world = World(opening={pot("victim"): 10, pot("A"): 10})
    lines = (("victim", "A", 10, TOKEN), ("A", "B", 10, TOKEN))
    world.tx("both", 5, *lines, order=Order.ASSUMED, sender="router", places=("row.0", "row.1"))
    _connected(case, world)
    case.claim("victim", "evm-local", transfer=f"{digest('both')}#row.0")
    view = case.trace(rule="lifo")
    assert view.trace.has_assumed_order
    assert view.trace.order_sensitive == (f"{digest('both')}#row.1",)
    assert "these shares differ" in repr(view)
    assert case.trace(rule="haircut").trace.order_sensitive == (f"{digest('both')}#row.1",)


def test_an_order_that_is_impossible_says_so(case: Case) -> None:
    world = World(opening={pot("victim"): 10})
    lines = (("victim", "A", 10, TOKEN), ("A", "B", 10, TOKEN))
    world.tx("both", 5, *lines, order=Order.ASSUMED, sender="router", places=("row.0", "row.1"))
    _connected(case, world)
    case.claim("victim", "evm-local", transfer=f"{digest('both')}#row.0")
    view = case.trace(rule="fifo")
    assert view.trace.order_sensitive is None
    assert {end.account: end.claimed for end in view.trace.ends} == {who("B"): {"victim": 10}}


def test_what_no_source_tells_of_a_transaction_is_said(case: Case) -> None:
    world = _world()
    world.tx("half", 30, ("A", "B", 1_00, TOKEN), missing=("internal calls",))
    _connected(case, world)
    case.claim("victim", "evm-local", transfer=digest("theft"))
    view = case.trace(rule="lifo")
    assert (digest("half"), "internal calls") in view.trace.missing
    assert any("internal calls" in text for text in view.caveats)


def test_an_unchecked_history_is_said_with_the_share(case: Case) -> None:
    world = _world()
    for n in range(30):
        world.tx(f"early {n}", 2, (None, "A", 1, TOKEN), index=n)
        world.tx(f"gone {n}", 3, ("A", "X", 1, TOKEN), index=n)
    _connected(case, world, newest_only=True)
    case.claim("victim", "evm-local", transfer=digest("theft"))
    view = case.trace(rule="lifo", most_transfers=20)
    assert any("not checked between blocks 5 and 100" in text for text in view.caveats)
    wallet = next(row for row in view.holdings() if row.account == who("wallet"))
    assert [check.account for check in wallet.unchecked] == [who("A")]


def test_a_history_is_fetched_by_address(case: Case) -> None:
    _connected(case)
    assert case.fetch("evm-local", txid=f"0x{digest('theft')}") == 1
    assert case.fetch("evm-local", account=who("victim").address) == 0
    case.claim("victim", "evm-local", transfer=digest("theft"))
    assert case.fetch("evm-local", account=who("A").address) == 4
    with pytest.raises(NotSupported, match=r"no connected source|is not held"):
        case.fetch("ethereum", account=who("A").address)


def test_spam_in_the_histories_is_shown_and_carries_no_share(case: Case) -> None:
    """Somebody else has A transfer nothing to a look-alike: a sign with its rule, and no movement of the trace."""
    _connected(case)
    case.claim("victim", "evm-local", transfer=digest("theft"))
    view = case.trace(rule="lifo")
    assert digest("spam") not in {t.flow.txid for t in view.trace.flows}
    (sign,) = [s for s in view.signs() if s.account == who("A")]
    assert (sign.kind.value, sign.transactions) == (
        "zero-value transfer that its payer did not sign",
        (digest("spam"),),
    )
    (notice,) = [text for txid, text in view.trace.signs if txid == digest("spam")]
    assert "Kept out of the trace: a transfer of nothing carries nothing" in notice
    assert notice in repr(view)


def test_a_reorganisation_removes_what_was_read_from_blocks_that_are_gone(case: Case) -> None:
    """Block 8 with the sweep is replaced: the deposit address keeps what it received, and the log says what went."""
    from dataclasses import replace

    chain = _connected(case)
    _tagged(case)
    case.claim("victim", "evm-local", transfer=digest("theft"))
    assert case.trace(rule="lifo").touch_points().rows
    world = _world()
    gone = {digest("sweep"), *(digest(f"busy {n}") for n in range(5))}
    other = [each for each in world.transactions if each.txid not in gone]
    case.close()
    with Case.open(case.folder) as again:
        after = Chain(NET, other, again.recorder, opening=world.opening, tip=block(101))
        known = after.block_ref

        def block_ref(height: int) -> Any:
            return known(height) if height < 8 else replace(block(height), hash=digest(f"other {height}"))

        after.block_ref = block_ref  # type: ignore[method-assign]
        again.use(after)
        view = again.trace(rule="lifo")
        resting = {end.account: end.claimed["victim"] for end in view.trace.ends}
        assert resting == {who("A"): 10_00, who("deposit"): 60_00, who("wallet"): 30_00}
        assert not view.touch_points().rows
        (entry,) = [e for e in again.custody.entries() if e.action == "reorganisation"]
        assert digest("sweep") in entry.parameters["removed"]
    assert chain.tip().height == 100


def test_the_limit_of_transfers_is_that_of_each_trace(case: Case) -> None:
    """A first trace under a narrow limit leaves nothing behind that binds the next one, and the other way round."""
    _connected(case)
    case.claim("victim", "evm-local", transfer=digest("theft"))
    narrow = case.trace(rule="lifo", most_transfers=2).trace
    assert [end.reason for end in narrow.ends] == [EndReason.CROWDED]
    wide = case.trace(rule="lifo").trace
    assert EndReason.CROWDED not in {end.reason for end in wide.ends}
    assert case.trace(rule="lifo", most_transfers=2).trace == narrow
    assert case.last_trace().trace == narrow


@pytest.mark.parametrize("height", [-1, 101, 10**8])
def test_a_block_that_is_not_there_is_not_asked_about(case: Case, height: int) -> None:
    _connected(case)
    with pytest.raises(
        CaseError, match=f"no block {height} to ask about; the newest block that the sources know is 100"
    ):
        case.freeze_status("evm-local", who("A").address, CONTRACT, height=height)


def test_a_claim_on_a_token_that_bears_a_known_symbol_is_said_at_once(tmp_path: Path) -> None:
    said: list[str] = []
    with Case.create(tmp_path / "case", title="Fake", notice=said.append) as case:
        _connected(case)
        case.describe_token("evm-local", "0x" + "dd" * 20, symbol="TUSD", decimals=2, basis="the real one")
        case.claim("victim", "evm-local", transfer=digest("theft"))
        assert any("calls itself TUSD, and is not the known TUSD" in text for text in said)
        assert "(NOT the known TUSD: contract 0xaaaa" in case.assets.decimal(1, TOKEN)


def test_a_limit_of_time_tells_where_value_was_then(case: Case) -> None:
    from datetime import UTC, datetime

    _connected(case)
    case.claim("victim", "evm-local", transfer=digest("theft"))
    until = datetime.fromtimestamp(block(6).time, UTC)
    ends = {end.account: end.claimed["victim"] for end in case.trace(rule="lifo", until=until).trace.ends}
    assert ends == {who("A"): 40_00, who("deposit"): 60_00}


def test_the_same_claim_is_entered_once(case: Case) -> None:
    _connected(case)
    case.claim("victim", "evm-local", transfer=digest("theft"))
    with pytest.raises(CaseError, match="is entered for victim already"):
        case.claim("victim", "evm-local", transfer=digest("theft"))
    assert len(case.claims) == 1


def test_what_is_above_the_tip_of_the_run_is_not_part_of_the_trace(case: Case) -> None:
    """The chain is shorter than it was: block 7 and 8 are not there (yet) for this run's source."""
    _connected(case)
    case.claim("victim", "evm-local", transfer=digest("theft"))
    case.trace(rule="lifo")
    case.close()
    with Case.open(case.folder) as again:
        world = _world()
        short = [t for t in world.transactions if t.block is not None and t.block.height <= 6]
        again.use(Chain(NET, short, again.recorder, opening=world.opening, tip=block(6)))
        view = again.trace(rule="lifo")
        assert {end.account: end.claimed["victim"] for end in view.trace.ends} == {
            who("A"): 40_00,
            who("deposit"): 60_00,
        }
        assert again.last_trace().trace == view.trace


def test_stale_blocks_below_a_lower_tip_are_forgotten(case: Case) -> None:
    from dataclasses import replace

    _connected(case)
    case.claim("victim", "evm-local", transfer=digest("theft"))
    case.trace(rule="lifo")
    case.close()
    with Case.open(case.folder) as again:
        world = _world()
        kept = [t for t in world.transactions if t.block is not None and t.block.height <= 5]
        chain = Chain(NET, kept, again.recorder, opening=world.opening, tip=replace(block(7), hash=digest("other 7")))
        known = chain.block_ref

        def block_ref(height: int) -> Any:
            return known(height) if height < 6 else replace(block(height), hash=digest(f"other {height}"))

        chain.block_ref = block_ref  # type: ignore[method-assign]
        again.use(chain)
        assert {e.account: e.claimed["victim"] for e in again.trace(rule="lifo").trace.ends} == {who("A"): 100_00}


def test_the_next_source_is_asked_where_the_first_cannot(case: Case) -> None:
    """A source that answers no calls stands first; the freeze status comes from the second one."""
    world = _world()
    case.use(AccountMemorySource(NET, world.transactions, case.recorder, opening=world.opening, tip=block(100)))

    class Unable(Chain):
        def contract_call(self, contract: Account, data: bytes, height: int | None = None) -> CallAnswer:
            raise NotSupported("this node answers no calls")

        def logs(self, contract: Account, topics: Any, first: int, last: int) -> Any:
            raise NotSupported("this node lists no events")

    case.use(Unable(NET, world.transactions, case.recorder, opening=world.opening, tip=block(100)))
    assert case.freeze_status("evm-local", who("A").address, CONTRACT).state.value == "could not be determined"
    chain = _connected(case)
    chain.frozen = ("A",)
    case.describe_token("evm-local", CONTRACT, symbol="TUSD", decimals=2, issuer="I", freeze="tether", basis="a test")
    assert case.freeze_status("evm-local", who("A").address, CONTRACT).state.value == "frozen"


def test_an_unwrap_of_which_nobody_tells_the_coin_is_unknown_and_not_burnt(case: Case) -> None:
    from dataclasses import replace

    world = World(opening={pot("victim"): 10})
    world.tx("theft", 5, ("victim", "A", 10, TOKEN))
    world.tx("unwrap", 6, ("A", None, 10, TOKEN))
    world.transactions[-1] = replace(world.transactions[-1], notices=("unjoined-conversion log.0",))
    _connected(case, world)
    case.claim("victim", "evm-local", transfer=digest("theft"))
    (end,) = case.trace(rule="fifo").trace.ends
    assert end.reason is EndReason.UNKNOWN
    assert "no source tells where the coin went" in end.detail


def test_a_part_of_a_numbered_token_is_not_claimed(case: Case) -> None:
    from cryptotrace.model.identity import Asset

    kind = Asset(f"{NET.chain}/erc1155:0x{'cc' * 20}/7")
    world = World(opening={pot("victim", kind): 5})
    world.tx("theft", 5, ("victim", "A", 5, kind))
    _connected(case, world)
    with pytest.raises(CaseError, match="claimed as a whole or not at all"):
        case.claim("victim", "evm-local", transfer=digest("theft"), amount=3)
    case.claim("victim", "evm-local", transfer=digest("theft"))
    (end,) = case.trace(rule="haircut").trace.ends
    assert (end.reason, "cannot be told apart" in end.detail) == (EndReason.UNKNOWN, True)


def test_a_fee_that_nobody_tells_is_not_0_in_the_report(case: Case) -> None:
    import json

    world = _world()
    world.tx("export", 30, ("A", "B", 1_00, TOKEN), missing=("fee",))
    chain = _connected(case, world)
    case.claim("victim", "evm-local", transfer=digest("theft"))
    for each in world.transactions:
        raw = world.recorder.read(each.evidence)
        case.recorder.record(raw, source="memory:", request=f"transaction {each.txid}", tip=chain.tip())
    (path,) = case.report(case.trace(rule="lifo"), language="en", formats=["json"])
    fees = {row["txid"]: row["fee"] for row in json.loads(path.read_text(encoding="utf-8"))["report"]["transactions"]}
    assert (fees[digest("export")], fees[digest("theft")]) == (None, "7")
