"""Explorers with Etherscan's interface over a small world: what they answer, and what is asked of whom."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.nodes.etherscanserver import EtherscanServer, Internal, Json, Manners, etherscan_server
from tests.nodes.explorerworld import FIRST, NFT, PRODUCER, RICH, USDT, WETH, Small, small_world, who

from cryptotrace.chains.evm.address import canonical_address
from cryptotrace.chains.networks import account, asset, network
from cryptotrace.errors import (
    ChainReorganised,
    ConfigurationError,
    CryptotraceError,
    DataNotFound,
    NotSupported,
    PublicSourceRefused,
    SourceLied,
    SourceUnavailable,
)
from cryptotrace.evidence.recorder import MemoryRecorder
from cryptotrace.model import accountsource, source
from cryptotrace.model.flow import FlowKind
from cryptotrace.model.identity import Account, Asset
from cryptotrace.model.movement import AccountTransaction, Order
from cryptotrace.model.verdict import Standing
from cryptotrace.sources.evm.etherscan import EtherscanSource
from cryptotrace.sources.evm.etherscanopen import KeyedTransport, open_explorer, replay_explorer
from cryptotrace.sources.evm.etherscanread import Explorer, Flavour
from cryptotrace.sources.policy import Policy
from cryptotrace.sources.spec import hosts_of, parse_spec

ETHEREUM: Any = network("ethereum")
ETHER = ETHEREUM.asset
TETHER = asset(f"eip155:1/erc20:{USDT}")
FLAVOURS = ("etherscan", "blockscout")
WHOLE = (0, 10**8, 1000)


def acc(name: str) -> Account:
    return account(name if name.startswith("0x") else who(name), "ethereum")


@pytest.fixture(scope="module")
def small() -> Small:
    return small_world()


@contextmanager
def opened(
    small: Small, flavour: str = "etherscan", recorder: MemoryRecorder | None = None, **manners: Any
) -> Iterator[tuple[EtherscanSource, EtherscanServer]]:
    """A source over the small world; nothing waits, and the tip is looked at with every question."""
    with etherscan_server(small.world, flavour, Manners(**manners)) as server:
        spec = parse_spec(server.spec)
        transport = KeyedTransport(spec, recorder or MemoryRecorder(), manners.get("key", ""), sleep=lambda _: None)
        explorer = Explorer(transport, spec.name, 1, Flavour(flavour), patience=2, sleep=lambda _: None)
        try:
            yield EtherscanSource(ETHEREUM, explorer, check_every_s=0), server
        finally:
            transport.close()


def one(found: EtherscanSource, txid: str) -> AccountTransaction:
    (each,) = found.account_transactions([txid])
    return each


def places(tx: AccountTransaction) -> list[tuple[str, int]]:
    return [(m.place, m.units) for m in tx.movements if m.kind is not FlowKind.FEE]


# --- what it is -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_it_has_every_ability_of_an_account_source(small: Small, flavour: str) -> None:
    with opened(small, flavour) as (found, _):
        for ability in (
            source.Source,
            source.Headers,
            accountsource.AccountTransactions,
            accountsource.PotHistories,
            accountsource.PotBalances,
            accountsource.ContractCalls,
            accountsource.Logs,
            accountsource.Nonces,
        ):
            assert isinstance(found, ability)
        assert (found.tip().height, found.chain) == (small.world.top, ETHEREUM.chain)
        ref = found.block_ref(FIRST)
        assert (f"0x{ref.hash}", ref.time) == (small.world.blocks[FIRST]["hash"], 1_700_000_000)
        with pytest.raises(DataNotFound, match="no block at height"):
            found.block_ref(small.world.top + 1)


# --- transactions -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_value_fee_and_sender_are_those_of_the_signed_bytes(small: Small, flavour: str) -> None:
    with opened(small, flavour) as (found, _):
        plain = one(found, small.txid("plain"))
        legacy = one(found, small.txid("plain", 1))

    assert (plain.sender, plain.nonce, plain.index, plain.succeeded) == (acc("a"), 0, 0, True)
    assert (legacy.sender, legacy.index) == (acc("b"), 1)
    assert plain.block is not None
    assert plain.block.height == small.heights["plain"]
    assert places(plain) == [("value", 10**18)]
    value = plain.movements[-1]
    assert (value.payer, value.payee, value.standing) == (acc("a"), acc("b"), Standing.RECOMPUTED)
    fees = {m.place: m.units for m in plain.movements if m.kind is FlowKind.FEE}
    assert fees == {"fee.burnt": 21_000 * 10**9, "fee.paid": 42_000 * 10**9}
    assert plain.missing == ()


def test_internal_calls_have_their_trace_addresses_though_the_list_of_a_transaction_has_none(small: Small) -> None:
    with opened(small) as (found, server):
        inside = one(found, small.txid("inside"))

    assert places(inside) == [
        ("value", 3 * 10**18),
        ("call.0", 10**18),
        ("call.1.0", 5),
        ("call.3", 10**18 // 2),
        ("call.11", 10**18),
    ]
    assert inside.order is Order.EXACT
    assert inside.missing == ()
    asked = [path for path in server.received if "txlistinternal" in path]
    assert ["txhash" in path for path in asked] == [True, *[False] * (len(asked) - 1)]
    assert len(asked) > 1


def test_blockscout_tells_the_order_of_calls_and_no_places(small: Small) -> None:
    with opened(small, "blockscout") as (found, _):
        inside = one(found, small.txid("inside"))

    assert [place for place, _ in places(inside)] == ["value", "row.1", "row.2", "row.3", "row.4", "row.5"]
    assert "trace addresses of internal calls" in inside.missing
    assert "which internal calls were undone with a failed one that called them" in inside.missing


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_tokens_stand_at_the_place_of_their_log_and_may_be_as_large_as_they_like(small: Small, flavour: str) -> None:
    with opened(small, flavour) as (found, _):
        tokens, nfts = found.account_transactions([small.txid("tokens"), small.txid("tokens", 1)])

    assert places(tokens) == [("log.0", 2**256 - 1), ("log.1", 5)]
    assert {m.asset for m in tokens.movements[2:]} == {TETHER}
    assert [(m.place, m.asset.token_id) for m in nfts.movements[2:]] == [("log.0", "7"), ("log.1", "8")]


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_failed_transaction_has_its_fee_only(small: Small, flavour: str) -> None:
    with opened(small, flavour) as (found, server):
        failed = one(found, small.txid("failed"))
    assert not failed.succeeded
    assert {m.kind for m in failed.movements} == {FlowKind.FEE}
    assert not any("txlistinternal" in path for path in server.received)


def test_wrapping_is_a_conversion_and_creation_pays_the_new_contract(small: Small) -> None:
    with opened(small) as (found, _):
        wrapped, created = found.account_transactions([small.txid("wrapped"), small.txid("created")])
    (wrap,) = wrapped.wraps
    assert (wrap.outflow, wrap.inflow) == ("value", "log.0")
    assert created.movements[-1].payee == acc("0x" + "99" * 20)


def test_what_the_server_does_not_have_is_not_found(small: Small) -> None:
    with opened(small) as (found, _), pytest.raises(DataNotFound, match="does not know transaction"):
        one(found, "ab" * 32)


# --- histories, completeness ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*"abcdef", "0x" + "99" * 20, "0x" + "77" * 20])
def test_what_the_history_lists_moves_exactly_what_the_balance_says(small: Small, name: str) -> None:
    """Opening plus all that moved, as the adapter reads it, is the balance of an independent ledger."""
    who_ = acc(name)
    with opened(small) as (found, _):
        history = found.pot_history(who_, ETHER, *WHOLE)
        moved = list(found.account_transactions(history.txids))
        balance = found.pot_balance(who_, ETHER)

    assert history.problem == ""
    assert [t.block.height for t in moved if t.block] == sorted(t.block.height for t in moved if t.block)
    units = RICH
    for tx in moved:
        for m in tx.movements:
            if m.asset == ETHER:
                units += m.units * ((m.payee == who_) - (m.payer == who_))
    assert units == balance.units
    assert balance.at.height == small.world.top


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("name", "abd")
def test_a_token_is_complete_with_what_an_issuer_destroyed(small: Small, name: str, flavour: str) -> None:
    who_ = acc(name)
    with opened(small, flavour) as (found, _):
        history = found.pot_history(who_, TETHER, *WHOLE)
        moved = list(found.account_transactions(history.txids))
    units = sum(
        m.units * ((m.payee == who_) - (m.payer == who_)) for t in moved for m in t.movements if m.asset == TETHER
    )
    assert units == small.world.token_balance(USDT, who_.address.lower(), small.world.top)
    assert (small.txid("destroyed") in history.txids) is (name == "d")
    assert history.problem == ""


def test_a_wrapper_moves_without_transfers_and_is_found_by_its_events(small: Small) -> None:
    weth = asset(f"eip155:1/erc20:{WETH}")
    with opened(small) as (found, _):
        assert found.pot_history(acc("a"), weth, *WHOLE).txids == (small.txid("wrapped"),)
        assert found.pot_history(acc("b"), weth, *WHOLE).txids == ()


def test_a_numbered_token_has_a_history_of_its_own(small: Small) -> None:
    with opened(small) as (found, _):
        for number, expected in (("7", 1), ("9", 0)):
            history = found.pot_history(acc("a"), Asset(f"eip155:1/erc721:{NFT}/{number}"), *WHOLE)
            assert len(history.txids) == expected


def test_withdrawals_of_stake_are_found_and_read_as_what_the_block_does(small: Small) -> None:
    with opened(small) as (found, _):
        history = found.pot_history(acc("a"), ETHER, small.heights["withdrawn"], small.heights["withdrawn"], 10)
        (block,) = found.account_transactions(history.txids)
    assert history.txids == (small.world.blocks[small.heights["withdrawn"]]["hash"][2:],)
    assert places(block) == [("withdrawal.0", 32 * 10**18), ("withdrawal.1", 5 * 10**9)]


def test_what_no_list_shows_is_said(small: Small) -> None:
    with opened(small) as (found, _):
        producer = found.pot_history(acc(PRODUCER), ETHER, *WHOLE)
    with opened(small, "blockscout") as (found, _):
        blockscout = found.pot_history(acc("b"), ETHER, *WHOLE)
    with opened(small, no_actions=frozenset({"txsBeaconWithdrawal", "getminedblocks"})) as (found, _):
        cheap = found.pot_history(acc("b"), ETHER, *WHOLE)
    assert "it produced blocks" in producer.problem
    assert "withdrawals to it are not listed" in blockscout.problem
    assert "withdrawals to it are not listed" in cheap.problem
    assert "as the producer of blocks is not told" in cheap.problem


def test_more_than_were_asked_for_is_crowded(small: Small) -> None:
    with opened(small) as (found, _):
        history = found.pot_history(acc("a"), ETHER, 0, 10**8, 2)
    assert history.is_crowded
    assert len(history.txids) == 2
    assert "more than 2" in history.problem


def test_a_range_is_kept_on_both_ends_and_never_reaches_above_the_tip(small: Small) -> None:
    first, last = small.heights["inside"], small.heights["tokens"]
    with opened(small) as (found, _):
        history = found.pot_history(acc("a"), ETHER, first, last, 10)
        assert history.txids == (small.txid("inside"), small.txid("tokens"))
        assert found.pot_history(acc("a"), ETHER, 0, 10**9, 100).last == small.world.top


# --- balances, calls, nonces, logs, times -----------------------------------------------------------------------------


def test_an_earlier_balance_only_where_it_is_offered(small: Small) -> None:
    with opened(small) as (found, _):
        earlier = found.pot_balance(acc("a"), ETHER, FIRST)
        token = found.pot_balance(acc("b"), TETHER, small.heights["plain"])
    assert earlier.units == RICH + small.builder.held("wei", who("a"), FIRST)
    assert (earlier.at.height, token.units) == (FIRST, 0)
    paid = frozenset({"balancehistory", "tokenbalancehistory"})
    with opened(small, no_actions=paid) as (found, _), pytest.raises(NotSupported, match="API Pro"):
        found.pot_balance(acc("a"), ETHER, FIRST)
    with opened(small, "blockscout") as (found, _):
        assert found.pot_balance(acc("a"), ETHER, FIRST).units == earlier.units


def test_a_balance_of_the_newest_block_is_that_of_the_tip_only_if_nothing_moved_since(small: Small) -> None:
    with opened(small, tip=small.heights["destroyed"]) as (found, server):
        server.answers.manners.tip = small.world.top
        still = found.pot_balance(acc("a"), ETHER)
        with pytest.raises(SourceUnavailable, match=r"moved in .* after the tip of this run"):
            found.pot_balance(acc("e"), ETHER)
        with pytest.raises(SourceUnavailable, match="moved in"):
            found.nonce(acc("e"))
    assert still.at.height == small.heights["destroyed"]
    with opened(small, tip=small.heights["created"]) as (found, server):
        server.answers.manners.tip = small.heights["destroyed"]
        with pytest.raises(SourceUnavailable, match="withdrawal of stake"):
            found.pot_balance(acc("e"), ETHER)
        with pytest.raises(SourceUnavailable, match="moved in"):
            found.pot_balance(acc("d"), TETHER)  # destroyed by the issuer, which is no transfer
        assert found.pot_balance(acc("b"), TETHER).at.height == small.heights["created"]


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_contract_is_asked_and_the_block_of_its_answer_told(small: Small, flavour: str) -> None:
    answers: dict[str, str | None] = {"0x01": "0x" + "00" * 31 + "07", "0x02": None, "0x03": "0x"}
    before = small.world.call
    small.world.call = lambda to, data, tag: answers[data]
    try:
        with opened(small, flavour) as (found, _):
            said = [found.contract_call(acc(USDT), bytes.fromhex(f"0{n}")) for n in (1, 2, 3)]
            assert [each.returned for each in said] == [(7).to_bytes(32, "big"), None, None]
            assert {each.at.height for each in said} == {small.world.top}
            if flavour == "etherscan":
                with pytest.raises(NotSupported, match="newest block only"):
                    found.contract_call(acc(USDT), b"\1", FIRST)
    finally:
        small.world.call = before


def test_a_call_without_a_block_of_its_own_is_refused(small: Small) -> None:
    with opened(small, tip=FIRST) as (found, server):
        server.answers.manners.grows = 1
        with pytest.raises(SourceUnavailable, match="at which block it answers is not known"):
            found.contract_call(acc(USDT), b"\1")


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_events_come_in_chain_order_with_their_transaction(small: Small, flavour: str) -> None:
    moved = bytes.fromhex("ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef")
    payer = bytes.fromhex(who("b")[2:]).rjust(32, b"\0")
    with opened(small, flavour) as (found, _):
        every = found.logs(acc(USDT), [], 0, 10**8).entries
        of_b = found.logs(acc(USDT), [moved, payer], 0, 10**8).entries
        of_d = found.logs(acc(USDT), [None, None, bytes.fromhex(who("d")[2:]).rjust(32, b"\0")], 0, 10**8).entries

    assert [e.txid for e in every] == [small.txid("tokens")] * 2 + [small.txid("destroyed")]
    assert [e.block.height for e in every] == sorted(e.block.height for e in every)
    assert all(f"0x{e.block.hash}" == small.world.blocks[e.block.height]["hash"] for e in every)
    assert [int.from_bytes(e.data, "big") for e in of_b] == [5]
    assert of_b == of_d or of_b[0].data == of_d[0].data
    assert (of_b[0].place, of_b[0].index, len(of_b[0].topics)) == (-1, 0, 3)


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_nonces_and_heights_of_times(small: Small, flavour: str) -> None:
    with opened(small, flavour) as (found, _):
        assert found.nonce(acc("a"))[0] == 5
        assert found.nonce(acc("f"))[0] == 0
        assert found.height_at(1_700_000_000 + 25) == FIRST + 2
        with pytest.raises(CryptotraceError):
            found.height_at(5)
        with pytest.raises(NotSupported, match="newest block only"):
            found.nonce(acc("a"), FIRST)


# --- keys, rates, words -----------------------------------------------------------------------------------------------

KEY = "SECRETKEY+with/odd=chars&34567890"


def test_the_key_is_sent_and_stands_nowhere(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLORER_KEY", KEY)
    recorder = MemoryRecorder()
    with etherscan_server(small.world, "etherscan", Manners(key=KEY)) as server:
        spec = parse_spec(f"{server.spec}&key=env:EXPLORER_KEY&chainid=1")
        found = open_explorer(spec, ETHEREUM, recorder, Policy(own_nodes_only=True))
        assert found.tip().height == small.world.top
        server.answers.manners.key = "another one"  # the server now repeats the key that it refuses
        with pytest.raises(SourceUnavailable, match="refuses the key") as refused:
            found.block_ref(FIRST)  # type: ignore[attr-defined]
        found.close()
    assert all("apikey=SECRETKEY%2Bwith%2Fodd%3Dchars%2634567890" in path for path in server.received)
    texts = [str(refused.value), spec.name, str(recorder.records())]
    for record in recorder.records():
        texts += [record.request, record.source, record.status, recorder.read(record.digest).decode()]
    assert not any("SECRETKEY" in text for text in texts)
    assert any("[redacted]" in text for text in texts)


def test_a_server_that_is_gone_does_not_bring_the_key_into_the_message() -> None:
    spec = parse_spec("etherscan:http://127.0.0.1:9/api?retries=0")
    transport = KeyedTransport(spec, MemoryRecorder(), KEY, sleep=lambda _: None)
    with pytest.raises(SourceUnavailable) as refused:
        EtherscanSource(ETHEREUM, Explorer(transport, spec.name, 1, Flavour.ETHERSCAN))
    assert "SECRET" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("etherscan:http://127.0.0.1/api?key=SECRETKEY1234", "must name an environment variable"),
        ("etherscan:http://127.0.0.1/api?apikey=SECRETKEY1234", "would write a key into the case"),
        ("etherscan:http://me:pass@127.0.0.1/api", "credentials do not belong into the URL"),
        ("etherscan:nowhere", "expected a URL"),
        ("blockscout:http://127.0.0.1/api?chainid=1", "has no option chainid"),
    ],
)
def test_a_specification_that_would_hold_a_key_is_refused(text: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says) as refused:
        parse_spec(text)
    assert "SECRETKEY1234" not in str(refused.value)


def test_another_chain_a_short_key_and_a_public_host_are_refused_before_anything_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("EXPLORER_KEY", "short")
    public = parse_spec("etherscan:https://api.etherscan.io/v2/api?chainid=1")
    for options, says in (("chainid=10", "is not ethereum"), ("key=env:EXPLORER_KEY", "shorter than 8")):
        spec = parse_spec(f"etherscan:http://127.0.0.1:9/api?{options}")
        with pytest.raises(ConfigurationError, match=says):
            open_explorer(spec, ETHEREUM, MemoryRecorder(), Policy())
    assert hosts_of(public) == ("api.etherscan.io",)
    with pytest.raises(PublicSourceRefused):
        Policy(own_nodes_only=True).admit(hosts_of(public)[0], public.name)


def test_a_busy_server_is_asked_again_and_then_given_up(small: Small) -> None:
    with opened(small) as (found, server):
        server.answers.manners.busy = 2
        assert one(found, small.txid("plain")).succeeded
        server.answers.manners.busy = 10**6
        with pytest.raises(SourceUnavailable, match="limits how much it is asked, also after 2 waits"):
            found.pot_history(acc("a"), ETHER, *WHOLE)


@pytest.mark.parametrize(
    "answer",
    [
        {"status": "0", "message": "NOTOK", "result": "Query Timeout occured. Please select a smaller result dataset"},
        {"status": "0", "message": "NOTOK", "result": []},
        {"status": "0", "message": "NOTOK", "result": None},
        {"status": "0", "message": "No transactions found", "result": "Unexpected error"},
        {"status": "1"},
        {"message": "No transactions found"},
        {},
    ],
)
def test_an_error_is_never_an_empty_answer(small: Small, answer: Json) -> None:
    def change(action: str, told: Json) -> Json:
        return answer if action == "txlist" else told

    with opened(small, change=change) as (found, _), pytest.raises((SourceUnavailable, SourceLied)):
        found.pot_history(acc("a"), ETHER, *WHOLE)


def test_nothing_found_is_an_answer(small: Small) -> None:
    nobody = acc("0x" + "ab" * 20)
    for flavour in FLAVOURS:
        with opened(small, flavour) as (found, _):
            history = found.pot_history(nobody, TETHER, *WHOLE)
            assert (history.txids, history.problem, history.is_crowded) == ((), "", False)


def test_blockscout_that_has_not_indexed_all_says_so(small: Small) -> None:
    with opened(small, "blockscout", still_indexing=True) as (found, _):
        assert "have not yet been processed" in found.pot_history(acc("d"), ETHER, *WHOLE).problem
        with pytest.raises(SourceUnavailable, match="cannot tell the internal calls"):
            one(found, small.txid("inside"))


# --- lies -------------------------------------------------------------------------------------------------------------


def deep(change: Any) -> Any:
    """Takes a copy of the answer, so that a lie does not change the world."""
    return lambda action, told: change(action, json.loads(json.dumps(told)))


def lie(action_: str, **fields: Any) -> Any:
    def change(action: str, told: Json) -> Json:
        if action == action_ and isinstance(told.get("result"), dict):
            told["result"] |= fields
        elif action == action_ and told.get("result"):
            told["result"][0] |= fields
        return told

    return deep(change)


@pytest.mark.parametrize(
    "change",
    [
        lie("eth_getTransactionByHash", value="0x1"),
        lie("eth_getTransactionByHash", nonce="0x9"),
        lie("eth_getTransactionByHash", value="0x1", r="0x0", s="0x0"),
        lie("eth_getTransactionByHash", value="0x1", queueOrigin="l1"),
        lie("eth_getTransactionByHash", value="0x1", type="0x7e"),
        lie("eth_getBlockByNumber", miner="0x" + "11" * 20, newRoot="0x" + "22" * 32),
        lie("eth_getTransactionByHash", blockNumber=hex(FIRST + 2)),
        lie("eth_getTransactionByHash", transactionIndex="0x1"),
        lie("eth_getTransactionReceipt", transactionHash="0x" + "ab" * 32),
        lie("eth_getTransactionReceipt", blockHash="0x" + "ab" * 32),
        lie("eth_getTransactionReceipt", status="0x2"),
        lie("eth_getBlockByNumber", timestamp="0x1"),
        lie("eth_getBlockByNumber", miner="0x" + "11" * 20),
        lie("txlistinternal", value="-1", isError="0"),
        lie("txlistinternal", **{"from": "nobody"}),
    ],
)
def test_a_lie_about_a_transaction_is_caught(small: Small, change: Any) -> None:
    with opened(small) as (found, server):
        found._blocks._heads.clear()  # the headers are asked for again
        server.answers.manners.change = change
        with pytest.raises(SourceLied, match=r"etherscan:http://127\.0\.0\.1|header|transaction"):
            one(found, small.txid("inside"))


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("told", [2**64, 2**256 - 1])
def test_a_count_of_transactions_that_cannot_be_is_a_lie(small: Small, flavour: str, told: int) -> None:
    """EIP-2681: an account's nonce has 64 bits."""

    def change(action: str, answer: Json) -> Json:
        return answer | {"result": hex(told)} if action == "eth_getTransactionCount" else answer

    with opened(small, flavour, change=deep(change)) as (found, _), pytest.raises(SourceLied, match="at most 64 bits"):
        found.nonce(acc("a"))


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_listing_without_events_names_the_answers_that_say_so(small: Small, flavour: str) -> None:
    recorder = MemoryRecorder()
    with opened(small, flavour, recorder) as (found, _):
        nothing = found.logs(acc(USDT), [bytes(32)], 0, 10**8)
        some = found.logs(acc(USDT), [], 0, 10**8)
    assert nothing.entries == ()
    assert nothing.evidence
    assert all(json.loads(recorder.read(each))["result"] == [] for each in nothing.evidence)
    assert {each.evidence for each in some.entries} <= set(some.evidence)


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("txlist", {"from": "0x" + "11" * 20, "to": "0x" + "12" * 20}),
        ("txlist", {"blockNumber": "1"}),
        ("txlist", {"blockNumber": "99999999"}),
        ("txlist", {"hash": "0x12"}),
        ("txlistinternal", {"blockNumber": "x"}),
        ("txlistinternal", {"blockNumber": str(FIRST + 8)}),
    ],
)
def test_rows_that_were_not_asked_for_are_a_lie(small: Small, action: str, fields: Json) -> None:
    with opened(small, change=lie(action, **fields)) as (found, _), pytest.raises(SourceLied):
        found.pot_history(acc("d"), ETHER, FIRST, 10**8, 1000)


def test_an_event_of_another_contract_or_topic_is_a_lie(small: Small) -> None:
    moved = bytes.fromhex("ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef")
    for fields in ({"address": WETH}, {"topics": ["0x" + "12" * 32]}):
        with (
            opened(small, change=lie("getLogs", **fields)) as (found, _),
            pytest.raises(SourceLied, match="was not asked for"),
        ):
            found.logs(acc(USDT), [moved], 0, 10**8)


def test_a_server_of_another_chain_is_refused(small: Small) -> None:
    polygon: Any = network("polygon")
    with etherscan_server(small.world) as server:
        small.world.chain_id = 137  # the server says that it is, and its transactions are signed for another one
        try:
            spec = parse_spec(server.spec)
            transport = KeyedTransport(spec, MemoryRecorder(), "", sleep=lambda _: None)
            with pytest.raises(SourceLied, match="of chain 1; polygon is 137"):
                EtherscanSource(polygon, Explorer(transport, spec.name, 137, Flavour.ETHERSCAN))
            transport.close()
        finally:
            small.world.chain_id = 1


def test_a_tip_that_left_the_chain_ends_the_run(small: Small) -> None:
    with opened(small) as (found, server):
        server.answers.manners.change = lie("eth_getBlockByNumber", hash="0x" + "ab" * 32)
        with pytest.raises(ChainReorganised, match="open the source again"):
            found.pot_history(acc("a"), TETHER, *WHOLE)


def test_calls_whose_places_are_not_told_are_rows_of_assumed_order(small: Small) -> None:
    def without_places(action: str, told: Json) -> Json:
        for row in told["result"] if action == "txlistinternal" else ():
            row.pop("traceId", None)
        return told

    with opened(small, change=deep(without_places)) as (found, _):
        inside = one(found, small.txid("inside"))
    assert [place for place, _ in places(inside)] == ["value", *(f"row.{n}" for n in range(1, 6))]
    assert inside.order is Order.ASSUMED
    assert "trace addresses of internal calls" in inside.missing


def test_a_call_of_an_unknown_kind_is_named(small: Small) -> None:
    strange = Internal(f"0x{small.txid('last')}", small.heights["last"], who("f"), who("a"), 3, "teleport", (0,))
    small.world.internals.append(strange)
    try:
        with opened(small) as (found, _):
            last = one(found, small.txid("last"))
    finally:
        small.world.internals.remove(strange)
    assert "internal calls of an unknown kind with 3 wei" in last.missing


# --- offline ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_recorded_run_gives_the_same_answers_without_a_server(small: Small, flavour: str) -> None:
    recorder = MemoryRecorder()

    def ask(found: Any) -> list[Any]:
        history = found.pot_history(acc("d"), TETHER, *WHOLE)
        ether = found.pot_history(acc("a"), ETHER, *WHOLE)
        return [
            found.tip(),
            history,
            ether,
            list(found.account_transactions([*history.txids, *ether.txids])),
            found.pot_balance(acc("a"), ETHER),
            found.logs(acc(USDT), [], 0, 10**8).entries,
        ]

    with opened(small, flavour, recorder, key="LONGENOUGHKEY") as (found, server):
        server.answers.manners.busy = 1
        live = ask(found)
    replayed = replay_explorer(recorder, ETHEREUM, found.name)
    assert ask(replayed) == live
    with pytest.raises(DataNotFound, match="was not recorded"):
        replayed.pot_history(acc("f"), TETHER, *WHOLE)  # type: ignore[attr-defined]


def test_addresses_are_written_one_way(small: Small) -> None:
    assert canonical_address(who("a")) == acc("a").address
