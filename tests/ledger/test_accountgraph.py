"""An account chain of a case as a flow graph: histories, openings, completeness, order, wraps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.account_world import COIN, NET, OTHER, TOKEN, World, block, digest, pot, who

from cryptotrace.errors import DataNotFound
from cryptotrace.ledger import accounts
from cryptotrace.ledger.accountgraph import AccountGraph
from cryptotrace.ledger.store import Store
from cryptotrace.model.accountsource import PotBalance
from cryptotrace.model.claim import Claim
from cryptotrace.model.flow import Arrival, Crowded, Ended, FlowKind, Unknown
from cryptotrace.model.identity import Account, Asset
from cryptotrace.model.movement import Order, Wrap
from cryptotrace.model.pot import Completeness, OpeningBasis
from cryptotrace.sources.accountmemory import AccountMemorySource
from cryptotrace.tracing.engine import trace
from cryptotrace.tracing.result import EndReason, Trace
from cryptotrace.tracing.rules import rule


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "ledger.duckdb") as opened:
        yield opened


def _peel() -> World:
    """The victim's 100 go to A, which held 40; A pays 60 to B and 30 to C; B passes all of it on to D."""
    world = World(opening={pot("victim"): 100})
    world.tx("clean", 1, (None, "A", 40, TOKEN))
    world.tx("theft", 5, ("victim", "A", 100, TOKEN))
    world.tx("a-b", 6, ("A", "B", 60, TOKEN))
    world.tx("a-c", 7, ("A", "C", 30, TOKEN))
    world.tx("b-d", 8, ("B", "D", 60, TOKEN))
    return world


def _claim(name: str = "theft", units: int = 100, place: str = "log.0", asset: Asset = TOKEN) -> Claim:
    return Claim("victim", f"{digest(name)}#{place}", asset, units)


def _traced(graph: AccountGraph, rule_name: str = "fifo", *claims: Claim) -> Trace:
    return trace(graph, claims or (_claim(),), rule(rule_name))


def _held(result: Trace) -> dict[str, object]:
    names = {pot(name): name for name in ("A", "B", "C", "D", "E", "wrapper")}
    return {names.get(end.pot, end.reason.value): end.claimed.get("victim") for end in result.ends if end.pot}


@pytest.mark.parametrize(
    ("rule_name", "rests"),
    [
        ("fifo", {"A": 50, "C": 30, "D": 20}),
        ("lifo", {"A": 10, "C": 30, "D": 60}),
        ("libr", {"A": 50, "C": 30, "D": 20}),
    ],
)
def test_a_trace_runs_over_holdings_that_live_on(store: Store, rule_name: str, rests: dict[str, int]) -> None:
    graph = AccountGraph(store, NET.chain, [_peel().source()])
    result = _traced(graph, rule_name)
    assert _held(result) == rests
    assert all(row.difference == 0 for row in result.reconcile())


def test_what_was_held_before_is_the_first_fragment_and_the_result_says_how_it_is_known(store: Store) -> None:
    graph = AccountGraph(store, NET.chain, [_peel().source()])
    _traced(graph)
    checks = {check.pot: check for check in graph.checks()}
    assert (checks[pot("A")].opening, checks[pot("A")].basis) == (40, OpeningBasis.BALANCE)
    assert {check.completeness for check in checks.values()} == {Completeness.COMPLETE}
    assert checks[pot("A")].sentence() == "complete between blocks 5 and 100"


def test_where_only_the_newest_balance_is_told_the_whole_history_is_listed(store: Store) -> None:
    graph = AccountGraph(store, NET.chain, [_peel().source(newest_only=True)])
    result = _traced(graph)
    check = {check.pot: check for check in graph.checks()}[pot("A")]
    assert (check.first, check.opening, check.basis) == (0, 0, OpeningBasis.HISTORY)
    assert check.completeness is Completeness.COMPLETE
    assert _held(result) == {"A": 50, "C": 30, "D": 20}


def test_where_the_whole_history_is_too_long_the_opening_is_computed_backwards_and_checks_nothing(store: Store) -> None:
    world = _peel()
    for n in range(20):
        world.tx(f"early {n}", 2, (None, "A", 1, TOKEN), index=n)
        world.tx(f"spent {n}", 3, ("A", "elsewhere", 1, TOKEN), index=n)
    graph = AccountGraph(store, NET.chain, [world.source(newest_only=True)], most_transfers=10)
    result = _traced(graph)
    check = {check.pot: check for check in graph.checks()}[pot("A")]
    assert (check.first, check.opening, check.basis) == (5, 40, OpeningBasis.BACKWARDS)
    assert check.completeness is Completeness.NOT_CHECKED
    assert _held(result) == {"A": 50, "C": 30, "D": 20}
    rests_on = replace(result, pots=graph.checks()).unchecked()
    assert {c.pot for c in rests_on[pot("D")]} == {pot("A")}


def test_an_omitted_transfer_is_a_difference_that_is_named(store: Store) -> None:
    world = _peel()
    whole = world.source()
    world.transactions = [t for t in world.transactions if t.txid != digest("a-c")]
    lying = world.source()
    lying.pot_balance = whole.pot_balance  # type: ignore[method-assign] # it hides a transfer, not its balance
    graph = AccountGraph(store, NET.chain, [lying])
    _traced(graph)
    check = {check.pot: check for check in graph.checks()}[pot("A")]
    assert check.completeness is Completeness.DIFFERENCE
    assert check.difference == -30
    assert check.sentence() == "difference of -30 base units between blocks 5 and 100"


def test_an_account_that_pays_more_than_it_is_known_to_hold_ends_the_branch_with_the_reason(store: Store) -> None:
    world = World(opening={pot("victim"): 100})
    world.tx("theft", 5, ("victim", "A", 100, TOKEN))
    world.tx("more", 6, ("A", "B", 170, TOKEN))
    graph = AccountGraph(store, NET.chain, [world.source()])
    (end,) = _traced(graph).ends
    assert end.reason is EndReason.UNKNOWN
    assert "does not add up: at block 6" in end.detail


def test_a_crowded_account_stops_the_branch(store: Store) -> None:
    world = _peel()
    for n in range(12):
        world.tx(f"busy {n}", 7, (f"user {n}", "B", 1, TOKEN), index=n)
        world.opening[pot(f"user {n}")] = 1
    graph = AccountGraph(store, NET.chain, [world.source(newest_only=True)], most_transfers=10)
    result = _traced(graph, "lifo")
    (crowded,) = [end for end in result.ends if end.reason is EndReason.CROWDED]
    assert crowded.account == who("B")
    assert crowded.claimed == {"victim": 60}
    assert isinstance(graph.arrival(graph.flow(f"{digest('a-b')}#log.0")), Crowded)


def test_the_trace_can_be_repeated_from_what_is_held(store: Store) -> None:
    first = _traced(AccountGraph(store, NET.chain, [_peel().source()]))
    again = _traced(AccountGraph(store, NET.chain))
    assert again == first


def test_without_a_source_a_history_that_is_not_held_is_unknown(store: Store) -> None:
    accounts.add(store, _peel().transactions[1])
    (end,) = _traced(AccountGraph(store, NET.chain)).ends
    assert end.reason is EndReason.UNKNOWN
    assert "connect a source" in end.detail


def test_a_transaction_nobody_has_says_what_to_do(store: Store) -> None:
    with pytest.raises(DataNotFound, match=r"connect one with case\.connect"):
        AccountGraph(store, NET.chain).flow("ab" * 32 + "#value")
    graph = AccountGraph(store, NET.chain, [_peel().source()])
    with pytest.raises(DataNotFound, match=r"no movement 'log.7'; it has: #log\.0"):
        graph.flow(f"{digest('theft')}#log.7")


def test_the_fee_is_a_flow_of_its_own_from_the_coin_of_who_pays_it(store: Store) -> None:
    """The token goes on undiminished; the paymaster, not the sender, loses the fee."""
    world = World(opening={pot("victim"): 100, pot("paymaster", COIN): 10})
    world.tx(
        "theft",
        5,
        ("paymaster", "producer", 7, COIN),
        ("victim", "A", 100, TOKEN),
        sender="bundler",
        places=("fee.paid", "log.0"),
    )
    graph = AccountGraph(store, NET.chain, [world.source()])
    result = _traced(graph)
    assert _held(result) == {"A": 100}
    fee = graph.flow(f"{digest('theft')}#fee.paid")
    assert (fee.kind, fee.source, fee.asset) == (FlowKind.FEE, pot("paymaster", COIN), COIN)
    assert graph.arrival(fee) == Ended("fee")


def test_who_pays_himself_moves_nothing(store: Store) -> None:
    world = _peel()
    world.tx("self", 5, ("A", "A", 100, TOKEN), index=1)
    graph = AccountGraph(store, NET.chain, [world.source()])
    assert _held(_traced(graph)) == {"A": 50, "C": 30, "D": 20}
    assert isinstance(graph.arrival(graph.flow(f"{digest('self')}#log.0")), Unknown)


@pytest.mark.parametrize("log_last", [True, False])
def test_a_wrap_is_followed_into_the_other_asset_and_the_reconciliation_closes_for_both(
    store: Store, *, log_last: bool
) -> None:
    wrapped = Asset(f"{NET.chain}/erc20:{who('wrapper').address.lower()}")
    world = World(opening={pot("victim", COIN): 90, pot("wrapper", COIN): 1000, pot("E", wrapped): 5})
    world.tx("theft", 5, ("victim", "A", 90, COIN), places=("value",))
    wrap = Wrap("value", "log.0", "Deposit(address,uint256), log 0")
    world.tx("wrap", 6, ("A", "wrapper", 80, COIN), (None, "A", 80, wrapped), places=("value", "log.0"), wraps=(wrap,))
    world.tx("pay", 7, ("A", "E", 70, wrapped))
    back = Wrap("log.0", "call.0", "Withdrawal(address,uint256), log 0")
    lines = [("wrapper", "E", 75, COIN), ("E", None, 75, wrapped)]
    places = ["call.0", "log.0"]
    if not log_last:
        lines.reverse()
        places.reverse()
    world.tx("unwrap", 8, *lines, places=places, wraps=(back,), sender="E")
    world.tx("on", 9, ("E", "D", 30, COIN))
    graph = AccountGraph(store, NET.chain, [world.source()])

    result = _traced(graph, "lifo", _claim(units=90, place="value", asset=COIN))

    rests = {(str(end.pot), end.claimed["victim"]) for end in result.ends}
    assert rests == {(pot("A", COIN), 10), (pot("A", wrapped), 10), (pot("E", COIN), 40), (pot("D", COIN), 30)}
    coin, token = result.reconcile()
    assert (coin.claimed, coin.converted_out, coin.converted_in, coin.difference) == (90, 80, 70, 0)
    assert (token.claimed, token.converted_in, token.converted_out, token.difference) == (0, 80, 70, 0)


def test_the_wrapper_itself_is_no_pot_of_the_claim(store: Store) -> None:
    """Somebody else's unwrapping is not served from the claimed ether that lies with the contract."""
    wrapped = Asset(f"{NET.chain}/erc20:{who('wrapper').address.lower()}")
    world = World(opening={pot("victim", COIN): 50, pot("wrapper", COIN): 100, pot("X", wrapped): 60})
    wrap = Wrap("value", "log.0", "Deposit")
    world.tx("theft", 4, ("victim", "A", 50, COIN), places=("value",))
    world.tx("wrap", 5, ("A", "wrapper", 50, COIN), (None, "A", 50, wrapped), places=("value", "log.0"), wraps=(wrap,))
    back = Wrap("log.0", "call.0", "Withdrawal")
    world.tx(
        "other", 6, ("wrapper", "X", 60, COIN), ("X", None, 60, wrapped), places=("call.0", "log.0"), wraps=(back,)
    )
    graph = AccountGraph(store, NET.chain, [world.source()])
    result = _traced(graph, "fifo", _claim(units=50, place="value", asset=COIN))
    assert [(end.pot, end.claimed) for end in result.ends] == [(pot("A", wrapped), {"victim": 50})]


def test_amounts_of_256_bits_pass_the_store_and_the_trace(store: Store) -> None:
    most = 2**256 - 1
    world = World(opening={pot("victim"): most})
    world.tx("theft", 5, ("victim", "A", most, TOKEN))
    world.tx("on", 6, ("A", "B", most - 1, TOKEN))
    graph = AccountGraph(store, NET.chain, [world.source()])
    assert _held(_traced(graph, "haircut", _claim(units=most))) == {"A": 1, "B": most - 1}


def test_an_assumed_order_is_served_the_other_way_round_on_request(store: Store) -> None:
    """In one transaction A receives 10 and pays 10: whether it pays the claimed ones depends on the order."""
    world = World(opening={pot("victim"): 10, pot("A"): 10})
    world.tx(
        "both",
        5,
        ("victim", "A", 10, TOKEN),
        ("A", "B", 10, TOKEN),
        order=Order.ASSUMED,
        sender="router",
        places=("row.0", "row.1"),
    )
    claim = _claim("both", 10, "row.0")
    straight = AccountGraph(store, NET.chain, [world.source()])
    turned = AccountGraph(store, NET.chain, [world.source()], other_order=True)
    assert _held(_traced(straight, "lifo", claim)) == {"B": 10}
    assert _held(_traced(turned, "lifo", claim)) == {"A": 10}
    assert straight.has_assumed_order


def test_without_a_place_in_the_block_both_orders_can_be_tried(store: Store) -> None:
    world = World(opening={pot("victim"): 10, pot("A"): 10})
    world.tx("theft", 5, ("victim", "A", 10, TOKEN), index=-1)
    world.tx("on", 5, ("A", "B", 10, TOKEN), index=-1)
    straight = AccountGraph(store, NET.chain, [world.source()])
    turned = AccountGraph(store, NET.chain, [world.source()], other_order=True)
    claim = _claim("theft", 10)
    assert _held(_traced(straight, "lifo", claim)) == {"B": 10}
    assert _held(_traced(turned, "lifo", claim)) == {"A": 10}


def test_a_gap_in_the_nonces_of_the_sender_is_named(store: Store) -> None:
    world = World(opening={pot("victim", COIN): 10, pot("A", COIN): 50})
    world.tx("theft", 4, ("victim", "A", 10, COIN), places=("value",))
    for n in range(3):
        world.tx(f"pay {n}", 5 + n, ("A", "B", 1, COIN), places=("value",))
    whole = world.source()
    world.transactions = [t for t in world.transactions if t.txid != digest("pay 1")]
    lying = world.source()
    lying.nonce = whole.nonce  # type: ignore[method-assign]
    graph = AccountGraph(store, NET.chain, [lying])
    _traced(graph, "fifo", _claim(units=10, place="value", asset=COIN))
    check = {check.pot: check for check in graph.checks()}[pot("A", COIN)]
    assert check.nonces == "of the transactions from nonce 0 to 3 these are not held: 1"
    assert (check.difference, check.completeness) == (0, Completeness.NOT_CHECKED)


def test_a_numbered_token_is_followed_whole(store: Store) -> None:
    nft = Asset(f"{NET.chain}/erc721:0x{'cc' * 20}/{2**256 - 1}")
    other = Asset(f"{NET.chain}/erc721:0x{'cc' * 20}/7")
    world = World(opening={pot("victim", nft): 1, pot("A", other): 1})
    world.tx("theft", 5, ("victim", "A", 1, nft))
    world.tx("other", 6, ("A", "C", 1, other))
    world.tx("sold", 7, ("A", "B", 1, nft))
    graph = AccountGraph(store, NET.chain, [world.source()])
    result = _traced(graph, "haircut", _claim(units=1, asset=nft))
    assert [(end.pot, end.claimed) for end in result.ends] == [(pot("B", nft), {"victim": 1})]


def test_units_of_one_number_are_not_mixed(store: Store) -> None:
    """Of ERC-1155 there may be several of one number: where claimed and unclaimed ones meet, the branch ends."""
    kind = Asset(f"{NET.chain}/erc1155:0x{'cc' * 20}/7")
    world = World(opening={pot("victim", kind): 3, pot("A", kind): 2})
    world.tx("theft", 5, ("victim", "A", 3, kind))
    world.tx("on", 6, ("A", "B", 4, kind))
    (end,) = _traced(AccountGraph(store, NET.chain, [world.source()]), "fifo", _claim(units=3, asset=kind)).ends
    assert end.reason is EndReason.UNKNOWN
    assert "cannot be told apart" in end.detail


_steps = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(1, 30), st.integers(0, 2), st.booleans()),
    min_size=1,
    max_size=25,
)


@settings(deadline=None, max_examples=40)
@given(_steps, st.sampled_from(["fifo", "lifo", "haircut", "libr", "taint_first"]), st.booleans())
def test_any_world_reconciles_and_its_pots_are_complete(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, int, int, int, bool]], name: str, newest: bool
) -> None:
    world = World(opening={pot("victim"): 500})
    held = dict.fromkeys("ABCDE", 0)
    world.tx("theft", 1, ("victim", "A", 100, TOKEN))
    held["A"] = 100
    for n, (by, to, units, gap, token) in enumerate(steps):
        payer, payee = "ABCDE"[by], "ABCDE"[to]
        if not token:
            world.tx(f"t{n}", 2 + n // 3, ("X", payee, units, OTHER), index=n % 3)
            world.opening[pot("X", OTHER)] = 10**6
        elif held[payer] >= units:
            world.tx(f"t{n}", 2 + n // 3, (payer, payee, units, TOKEN), index=n % 3)
            if payer != payee:
                held[payer] -= units
                held[payee] += units
        else:
            world.tx(f"t{n}", 2 + n // 3, ("victim", payee, units + gap, TOKEN), index=n % 3)
            held[payee] += units + gap
    world.opening[pot("victim")] = 10**6
    with Store(tmp_path_factory.mktemp("case") / "ledger.duckdb") as store:
        graph = AccountGraph(store, NET.chain, [world.source(newest_only=newest)])
        result = _traced(graph, name)
        (row,) = result.reconcile()
        assert row.difference == 0
        for check in graph.checks():
            assert check.completeness is not Completeness.DIFFERENCE or check.account == who("victim")
        for end in result.ends:
            if end.pot is not None and end.account is not None:
                mine = next(n for n in held if who(n) == end.account)
                assert sum(units for _, units in end.fragments) == held[mine]


def test_an_arrival_carries_its_block_time(store: Store) -> None:
    graph = AccountGraph(store, NET.chain, [_peel().source()])
    found = graph.arrival(graph.flow(f"{digest('theft')}#log.0"))
    assert isinstance(found, Arrival)
    assert found.time == 1_700_000_060
    assert found.pot == pot("A")


class Taxed(AccountMemorySource):
    """A token that burns a tenth of what A receives, and pays B interest of 7 at block 7, both without an event."""

    def pot_balance(self, account: Account, asset: Asset, height: int | None = None) -> PotBalance:
        said = super().pot_balance(account, asset, height)
        taken = 10 if account == who("A") and said.at.height >= 5 else 0
        paid = 7 if account == who("B") and said.at.height >= 7 else 0
        return replace(said, units=said.units - taken + paid)


def test_a_token_that_changes_balances_beside_its_transfers_goes_through_an_adjustment(store: Store) -> None:
    world = World(opening={pot("victim"): 100})
    world.tx("theft", 5, ("victim", "A", 100, TOKEN))
    world.tx("on", 6, ("A", "B", 60, TOKEN))
    world.tx("off", 9, ("B", "C", 67, TOKEN))
    taxed = Taxed(NET, world.transactions, world.recorder, opening=world.opening, tip=block(100))
    graph = AccountGraph(store, NET.chain, [taxed], adjusting=frozenset({TOKEN}))
    result = replace(_traced(graph), pots=graph.checks())
    checks = {check.account: check for check in result.pots}
    assert (checks[who("A")].adjusted, checks[who("B")].adjusted) == (-10, 7)
    assert {check.completeness for check in result.pots} == {Completeness.COMPLETE}
    assert {(end.reason, end.account): end.claimed["victim"] for end in result.ends} == {
        (EndReason.BURN, None): 10,
        (EndReason.UNSPENT, who("A")): 30,
        (EndReason.UNSPENT, who("C")): 60,
    }
    assert checks[who("A")].sentence().endswith("with -10 base units that the token itself changed")
    (tax,) = [t for t in result.flows if t.flow.kind is FlowKind.BURN]
    assert tax.flow.id.endswith("#adjustment")
    notices = accounts.transaction(store, NET.chain, tax.flow.txid)
    assert notices is not None
    assert "token-adjusts-balances" in notices.notices


def test_where_balances_are_told_for_the_newest_block_only_the_difference_stays_and_is_named(store: Store) -> None:
    world = World(opening={})
    world.tx("mint", 3, (None, "victim", 100, TOKEN))
    world.tx("theft", 5, ("victim", "A", 100, TOKEN))
    taxed = Taxed(NET, world.transactions, world.recorder, tip=block(100), newest_only=True)
    graph = AccountGraph(store, NET.chain, [taxed], adjusting=frozenset({TOKEN}))
    _traced(graph)
    (check,) = graph.checks()
    assert check.difference == -10
    assert "block by block" in check.problem


def test_a_gap_in_the_nonces_is_no_complete_history_though_the_balance_agrees(store: Store) -> None:
    """What came in and went out by the omitted transactions cancels: only the count of transactions shows it."""
    world = World(opening={pot("victim", COIN): 10, pot("A", COIN): 50, pot("X", COIN): 7})
    world.tx("theft", 4, ("victim", "A", 10, COIN), places=("value",))
    world.tx("in", 5, ("X", "A", 7, COIN), places=("value",))
    world.tx("out", 6, ("A", "Y", 7, COIN), places=("value",))
    world.tx("pay", 7, ("A", "B", 1, COIN), places=("value",))
    whole = world.source()
    world.transactions = [t for t in world.transactions if t.txid not in {digest("in"), digest("out")}]
    lying = world.source()
    lying.nonce = whole.nonce  # type: ignore[method-assign]
    graph = AccountGraph(store, NET.chain, [lying])
    result = replace(_traced(graph, "fifo", _claim(units=10, place="value", asset=COIN)), pots=graph.checks())
    check = {check.pot: check for check in result.pots}[pot("A", COIN)]
    assert (check.difference, check.completeness) == (0, Completeness.NOT_CHECKED)
    assert check.sentence().endswith("these are not held: 0")
    assert pot("A", COIN) in {c.pot for c in result.unchecked()[pot("A", COIN)]}


def test_a_nonce_that_cannot_be_meant_costs_no_memory(store: Store) -> None:
    world = World(opening={pot("victim", COIN): 10})
    world.tx("theft", 4, ("victim", "A", 10, COIN), places=("value",))
    lying = world.source()
    lying.nonce = lambda account, height=None: (0 if height is not None else 2**40, block(4), "")  # type: ignore[method-assign]
    graph = AccountGraph(store, NET.chain, [lying])
    _traced(graph, "fifo", _claim(units=10, place="value", asset=COIN))
    assert "too many to compare" in graph.checks()[0].nonces


def test_a_payment_without_a_share_carries_the_doubt_too(store: Store) -> None:
    """A is not checked and pays B, of the clean units; with one transfer more in A they might be claimed ones."""
    world = World(opening={pot("victim"): 200, pot("A"): 50})
    world.tx("theft", 5, ("victim", "A", 100, TOKEN))
    world.tx("other", 5, ("victim", "B", 10, TOKEN), index=1)
    world.tx("a-b", 6, ("A", "B", 50, TOKEN))
    world.tx("b-c", 7, ("B", "C", 60, TOKEN))
    for n in range(12):
        world.tx(f"early {n}", 2, (None, "A", 1, TOKEN), index=n)
        world.tx(f"gone {n}", 3, ("A", "X", 1, TOKEN), index=n)
    graph = AccountGraph(store, NET.chain, [world.source(newest_only=True)], most_transfers=10)
    claims = (_claim(), Claim("victim", f"{digest('other')}#log.0", TOKEN, 10))
    result = _traced(graph, "fifo", *claims)
    rests_on = replace(result, pots=graph.checks()).unchecked()
    assert pot("A") in {check.pot for check in rests_on[pot("C")]}
