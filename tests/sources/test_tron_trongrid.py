"""TronGrid: every page is read, what cannot be listed is named, and a figure that contradicts the bytes is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.nodes.trongrid import Manners
from tests.nodes.tronsteps import CUSTOMERS, LARGEST, TOKEN
from tests.nodes.tronworld import tron_world
from tests.sources.tronopened import TOP, TRX, USDT, WORLD, changed, grid, net, node, touching

from cryptotrace.chains.evm.hashes import keccak256
from cryptotrace.errors import (
    ChainReorganised,
    DataNotFound,
    NotSupported,
    PublicSourceRefused,
    SourceLied,
    SourceUnavailable,
)
from cryptotrace.evidence.recorder import MemoryRecorder
from cryptotrace.model.accountsource import (
    AccountTransactions,
    ContractCalls,
    Logs,
    Nonces,
    PotBalances,
    PotHistories,
)
from cryptotrace.model.source import Headers, Source
from cryptotrace.model.verdict import Standing
from cryptotrace.sources import Policy, open_source
from cryptotrace.sources.tron import pages
from cryptotrace.sources.tron import trongrid as adapter

HOT = WORLD.account("hot")
OPENING = {("faucet", "trx"): 10**15, ("faucet", "1000001"): 10**6}
ADDED, REMOVED = keccak256(b"AddedBlackList(address)"), keccak256(b"RemovedBlackList(address)")
DESTROYED = keccak256(b"DestroyedBlackFunds(address,uint256)")


def test_it_has_every_ability_but_nonces() -> None:
    with grid() as (source, _):
        for ability in (Source, Headers, AccountTransactions, PotHistories, PotBalances, ContractCalls, Logs):
            assert isinstance(source, ability), ability
        assert not isinstance(source, Nonces)


# --- which chain, which tip -------------------------------------------------------------------------------------------


def test_the_tip_is_the_newest_solidified_block_and_stays() -> None:
    manners = Manners(tip=20)
    with grid(manners) as (source, _):
        assert (source.tip().height, source.tip().hash) == (20, WORLD.blocks[20]["blockID"])
        manners.tip = 30
        assert source.tip().height == 20


@pytest.mark.parametrize(
    ("served", "asked", "said"),
    [("tron-nile", "tron", "tron-nile"), ("tron-local", "tron", "not known here"), ("tron", "tron-local", "of tron")],
)
def test_a_server_of_another_chain_is_refused(served: str, asked: str, said: str) -> None:
    world = tron_world(served)
    world.network = tron_world(asked).network
    with pytest.raises(SourceLied, match=said), grid(world=world):
        pass


def test_the_made_up_main_network_is_taken_for_the_main_network() -> None:
    world = tron_world("tron")
    with grid(world=world) as (source, _):
        assert source.chain == "tron:0x2b6653dc"
        assert source.pot_balance(world.account("frozen"), world.asset("usdt")).units == 1_500 * TOKEN


def test_a_tip_that_left_the_chain_stops_the_run() -> None:
    manners = Manners()
    with grid(manners) as (source, _):
        manners.change = changed("/wallet/getblock", lambda block: WORLD.blocks[TOP - 1])
        with pytest.raises(ChainReorganised, match="open the source again"):
            source.pot_history(HOT, USDT, 0, TOP, 10)


def test_blocks_are_known_by_their_headers() -> None:
    with grid() as (source, _):
        assert [source.block_ref(height) for height in (0, 1, TOP)] == [WORLD.ref(height) for height in (0, 1, TOP)]
        with pytest.raises(DataNotFound, match="the tip of this run is"):
            source.block_ref(TOP + 1)


@pytest.mark.parametrize("field", ["timestamp", "txTrieRoot", "parentHash", "witness_address", "version"])
def test_a_header_that_does_not_give_its_id_is_refused(field: str) -> None:
    def lie(block: Any) -> Any:
        raw = block["block_header"]["raw_data"]
        changes = {"timestamp": raw["timestamp"] + 3000, "version": 31, "witness_address": "41" + "11" * 20}
        raw[field] = changes.get(field, "ab" * 32)
        return block

    manners = Manners()
    with grid(manners) as (source, _):
        manners.change = changed("/wallet/getblock", lie)
        with pytest.raises((SourceLied, ChainReorganised)):
            source.block_ref(7)


def test_a_header_with_a_field_of_a_later_version_is_taken_as_it_is_told() -> None:
    def later(block: Any) -> Any:
        block["block_header"]["raw_data"]["next_year"] = 1
        return block

    with grid(Manners(change=changed("/wallet", later))) as (source, _):
        assert source.block_ref(7) == WORLD.ref(7)


# --- histories and balances -------------------------------------------------------------------------------------------


def test_every_holding_is_what_its_history_adds_up_to() -> None:
    with grid() as (source, _):
        for name in WORLD.addresses.keys() - {"usdt", "lookalike"}:
            for asset in ("trx", "usdt", "1000001", "fake"):
                account, what = WORLD.account(name), WORLD.asset(asset)
                history = source.pot_history(account, what, 0, TOP, 1000)
                assert (history.problem, history.is_crowded, history.first, history.last) == ("", False, 0, TOP)
                moved = net(list(source.account_transactions(history.txids)), account, what)
                held = OPENING.get((name, asset), 0) + moved
                assert held == WORLD.balance(name, asset), (name, asset)
                if asset != "fake":
                    assert source.pot_balance(account, what).units == held


def test_a_token_history_has_what_the_issuer_destroyed_and_nothing_twice() -> None:
    with grid() as (source, _):
        history = source.pot_history(WORLD.account("frozen"), USDT, 0, TOP, 100)
        names = ("branch", "destroy", "branch_later")
        assert history.txids == tuple(WORLD.txids[name] for name in names)
        assert history.evidence
        issuer = source.pot_history(WORLD.account("issuer"), USDT, 0, TOP, 100)
        assert WORLD.txids["issue"] in issuer.txids
        assert WORLD.txids["destroy"] not in issuer.txids


def test_a_history_is_bounded_by_heights() -> None:
    with grid() as (source, server):
        for asset, name, first, last in (("usdt", "mule_a", 11, 14), ("trx", "mule_b", 12, 25), ("usdt", "hot", 5, 5)):
            found = source.pot_history(WORLD.account(name), WORLD.asset(asset), first, last, 100)
            assert list(found.txids) == touching(WORLD, asset, name, first, last)
        assert "min_timestamp=1772365800000&max_timestamp=1772367600000" in "".join(server.asked)
        with pytest.raises(DataNotFound, match="up to its tip"):
            source.pot_history(HOT, USDT, 5, TOP + 1, 10)


def test_a_history_of_too_many_stops() -> None:
    with grid(Manners(page=5)) as (source, server):
        history = source.pot_history(HOT, USDT, 0, TOP, 7)
        assert (history.is_crowded, len(history.txids)) == (True, 7)
        assert "more than 7 transactions" in history.problem
        assert history.txids == source.pot_history(HOT, USDT, 0, TOP, 1000).txids[:7]
        assert sum("fingerprint" in each for each in server.asked[: server.asked.index(server.asked[-1])]) >= 1


@pytest.mark.parametrize("page", [1, 2, 7, 200])
def test_every_page_is_read(page: int) -> None:
    with grid() as (source, server):
        whole = source.pot_history(HOT, USDT, 0, TOP, 1000)
        assert all("limit=200" in each for each in server.asked if "/v1/accounts" in each)
    with grid(Manners(page=page)) as (source, _):
        assert source.pot_history(HOT, USDT, 0, TOP, 1000).txids == whole.txids
    assert len(whole.txids) == len(CUSTOMERS) + 4


def test_beyond_the_result_window_it_goes_on_from_the_last_time() -> None:
    with grid(Manners(page=4, window=8)) as (source, _):
        history = source.pot_history(HOT, USDT, 0, TOP, 1000)
        assert list(history.txids) == touching(WORLD, "usdt", "hot")
        assert history.problem == ""


@pytest.mark.parametrize(("name", "asset"), [("hot", "usdt"), ("mule_b", "trx")])
def test_a_full_page_that_names_no_next_one_is_not_the_end(
    name: str, asset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "PAGE", 4)
    with grid(Manners(page=4, forgetful=True)) as (source, server):
        history = source.pot_history(WORLD.account(name), WORLD.asset(asset), 0, TOP, 1000)
        assert list(history.txids) == touching(WORLD, asset, name)
        assert len(history.txids) > 4
        assert history.problem == ""
        assert not any("fingerprint" in each for each in server.asked)


def test_a_full_page_of_one_block_that_names_no_next_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """What else that block has is not to be had; what comes after it is read."""
    monkeypatch.setattr(pages, "PAGE", 2)
    with grid(Manners(page=2, forgetful=True)) as (source, _):
        history = source.pot_history(WORLD.account("faucet"), TRX, 0, TOP, 1000)
        whole = touching(WORLD, "trx", "faucet")
        assert "whether there are more is not known" in history.problem
        assert set(history.txids) < set(whole)
        assert history.txids[-1] == whole[-1]


def test_a_circle_of_fingerprints_is_left_behind() -> None:
    with grid(Manners(page=4, loop=True)) as (source, _):
        history = source.pot_history(HOT, USDT, 0, TOP, 1000)
        assert list(history.txids) == touching(WORLD, "usdt", "hot")


def test_a_page_that_repeats_is_left_behind() -> None:
    first: dict[str, bytes] = {}

    def lie(target: str, raw: bytes) -> bytes:
        window = target.partition("&fingerprint=")[0]
        return first.setdefault(window, raw) if "/trc20" in target else raw

    with grid(Manners(page=4, change=lie)) as (source, _):
        history = source.pot_history(HOT, USDT, 0, TOP, 1000)
        assert list(history.txids) == touching(WORLD, "usdt", "hot")


def test_where_no_way_leads_on_the_history_says_so() -> None:
    """A block with more rows than can be reached: the rest of it, and all after it, is not to be had."""
    with grid(Manners(page=2, window=2)) as (source, _):
        history = source.pot_history(WORLD.account("faucet"), TRX, 0, TOP, 1000)
        assert "beyond the result window" in history.problem
        assert not history.is_crowded
        assert len(history.txids) < len(touching(WORLD, "trx", "faucet"))


def test_an_omitted_row_shows_in_the_balance_only() -> None:
    manners = Manners(omit={WORLD.txids["kept"]})
    with grid(manners) as (source, _):
        account = WORLD.account("mule_b")
        history = source.pot_history(account, USDT, 0, TOP, 100)
        assert history.problem == ""
        moved = net(list(source.account_transactions(history.txids)), account, USDT)
        assert moved - source.pot_balance(account, USDT).units == 5_000 * TOKEN


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("transactions/trc20", {"block_timestamp": 1}),
        ("transactions/trc20", {"from": WORLD.addresses["victim"], "to": WORLD.addresses["spammer"]}),
        ("transactions/trc20", {"token_info": {"address": WORLD.addresses["fake"]}}),
        ("transactions/trc20", {"transaction_id": "nothing"}),
        ("transactions?", {"blockNumber": TOP + 9}),
        ("internal-transactions", {"tx_id": 7}),
        ("events", {"contract_address": "T"}),
    ],
)
def test_a_row_that_was_not_asked_for_is_refused(path: str, change: dict[str, Any]) -> None:
    def lie(target: str, raw: bytes) -> bytes:
        said = json.loads(raw)
        if path in target:
            said["data"] = [row | change for row in said["data"]]
        return json.dumps(said).encode()

    with grid(Manners(change=lie)) as (source, _):
        if path == "events":
            with pytest.raises(SourceLied):
                source.logs(WORLD.account("usdt"), [ADDED], 0, TOP)
            return
        with pytest.raises(SourceLied):
            source.pot_history(WORLD.account("own_wallet"), USDT if "trc20" in path else TRX, 0, TOP, 100)


@pytest.mark.parametrize(("change", "count"), [({"type": "Approval"}, 0), ({"token_info": {}}, 5), ({"type": None}, 5)])
def test_approvals_move_nothing_and_a_token_may_be_nameless(change: dict[str, Any], count: int) -> None:
    def lie(target: str, raw: bytes) -> bytes:
        said = json.loads(raw)
        if "trc20" in target:
            said["data"] = [row | change for row in said["data"]]
        return json.dumps(said).encode()

    with grid(Manners(change=lie)) as (source, _):
        assert len(source.pot_history(WORLD.account("mule_b"), USDT, 0, TOP, 100).txids) == count


def test_other_assets_are_refused_with_the_reason() -> None:
    from cryptotrace.model.identity import Asset

    with grid() as (source, _):
        nft = Asset(f"{WORLD.network.chain}/trc721:{WORLD.addresses['fake']}/1")
        with pytest.raises(NotSupported, match="TRX, TRC-20 and TRC-10"):
            source.pot_history(HOT, nft, 0, TOP, 10)
        with pytest.raises(NotSupported, match="TRX, TRC-20 and TRC-10"):
            source.pot_balance(HOT, nft)


def test_a_balance_of_an_earlier_block_is_refused() -> None:
    with grid() as (source, _):
        with pytest.raises(NotSupported, match="newest block only"):
            source.pot_balance(HOT, USDT, 5)
        with pytest.raises(NotSupported, match="newest block only"):
            source.contract_call(WORLD.account("usdt"), bytes(4), 5)


def test_a_balance_names_the_block_that_it_was_read_at() -> None:
    manners = Manners(tip=20)
    with grid(manners) as (source, _):
        manners.tip = 22
        read = source.pot_balance(WORLD.account("frozen"), USDT)
        assert (read.units, read.at) == (WORLD.balance("frozen", "usdt", 22), WORLD.ref(22))
        assert source.tip().height == 20


def test_a_tip_that_never_rests_gives_no_balance() -> None:
    with grid(Manners(tip=10, moves=1)) as (source, _), pytest.raises(SourceUnavailable, match="moved on"):
        source.pot_balance(HOT, USDT)


# --- transactions -----------------------------------------------------------------------------------------------------


def test_a_transaction_is_read_from_its_bytes() -> None:
    notices: list[str] = []
    with grid(notices=notices) as (source, _):
        for name, txid in WORLD.txids.items():
            (found,) = source.account_transactions([txid])
            _, height, index = WORLD.transactions[txid]
            assert (found.txid, found.block, found.index) == (txid, WORLD.ref(height), index), name
            assert found.missing == ()
            assert found.succeeded is (name not in ("refused", "out_of_energy"))
        assert notices == []  # every block's Merkle root was rebuilt


def test_what_stands_in_the_bytes_is_recomputed_and_what_was_executed_is_reported() -> None:
    with grid() as (source, _):
        (split,) = source.account_transactions([WORLD.txids["split"]])
        standings = {each.place: each.standing for each in split.movements}
        assert standings["value"] is Standing.RECOMPUTED
        assert standings["call.0"] is Standing.REPORTED
        places = [each.place for each in split.movements]
        assert places[:4] == ["fee", "value", "call.0", "call.2"]
        assert places[4].startswith("call.3")  # what was rejected did not move
        assert len(places) == 5


def test_the_largest_amount_passes() -> None:
    with grid() as (source, _):
        (found,) = source.account_transactions([WORLD.txids["fake_transfer"]])
        assert [each.units for each in found.movements if each.place == "log.0"] == [LARGEST]


def test_a_failed_transaction_has_its_fee_only() -> None:
    with grid() as (source, _):
        (found,) = source.account_transactions([WORLD.txids["refused"]])
        assert [each.place for each in found.movements] == ["fee"]


def test_blocks_are_asked_for_once() -> None:
    with grid() as (source, server):
        block = [each["txID"] for each in WORLD.blocks[1]["transactions"]]
        source.pot_history(WORLD.account("faucet"), TRX, 1, 1, 100)  # tells the heights
        assert [each.txid for each in source.account_transactions([*block, block[0]])] == block
        asked = [each for each in server.asked if each.startswith("POST /wallet/get") and "getblock " not in each]
        assert asked == [
            'POST /wallet/gettransactioninfobyblocknum {"num":1}',
            'POST /wallet/getblockbynum {"num":1}',
        ]
        list(source.account_transactions(block))
        assert len(server.asked) - len(asked) < 12


def test_what_lies_above_the_tip_is_not_confirmed() -> None:
    with grid(Manners(tip=10)) as (source, _):
        (found,) = source.account_transactions([WORLD.txids["sweep"]])
        assert (found.block, found.index) == (None, -1)
        assert "fee" in found.missing


def test_an_unknown_transaction_is_not_found() -> None:
    with grid() as (source, _), pytest.raises(DataNotFound, match="does not know transaction"):
        source.account_transactions(["ab" * 32])


def _of_block(change: Any) -> Any:
    """Change the gas payment in whatever block has it."""

    def lie(block: Any) -> Any:
        for each in block.get("transactions", []):
            if each["txID"] == WORLD.txids["gas_for_sweep"]:
                change(each)
        return block

    return changed("/wallet/getblockbynum", lie)


def _value(each: Any) -> Any:
    return each["raw_data"]["contract"][0]["parameter"]["value"]


@pytest.mark.parametrize(
    ("lie", "said"),
    [
        (lambda each: _value(each).update(amount=31_000_000), "value.amount is 31000000; its bytes say 30000000"),
        (lambda each: _value(each).pop("amount"), "value.amount is nothing; its bytes say 30000000"),
        (lambda each: _value(each).update(to_address="41" + "22" * 20), "value.to_address is 412222"),
        (lambda each: _value(each).update(token="00"), "value.token is 00; its bytes say nothing"),
        (lambda each: each["raw_data"]["contract"][0].update(type="VoteWitnessContract"), "type is VoteWitness"),
        (lambda each: each["raw_data"].update(contract=[]), "of 0 contracts; its bytes say 1"),
        (lambda each: each["raw_data"].update(timestamp=5), "raw_data.timestamp is 5"),
        (lambda each: each["raw_data"].update(data="00"), "raw_data.data is 00"),
        (lambda each: each.update(raw_data_hex=each["raw_data_hex"][:-2] + "00"), "txID is"),
        (lambda each: each.update(raw_data_hex="zz"), "raw_data_hex"),
        (lambda each: each.update(raw_data_hex="ff" * 9), "cannot be used"),
        (lambda each: each.update(txID="ab" * 32), "block's list does not have it"),
    ],
)
def test_json_that_contradicts_the_bytes_is_refused(lie: Any, said: str) -> None:
    with grid(Manners(change=_of_block(lie))) as (source, _), pytest.raises(SourceLied, match=said):
        source.account_transactions([WORLD.txids["gas_for_sweep"]])


def test_a_list_that_does_not_give_the_merkle_root_is_said() -> None:
    def lie(block: Any) -> Any:
        block["transactions"].reverse()
        return block

    notices: list[str] = []
    with grid(Manners(change=changed("/wallet/getblockbynum", lie)), notices=notices) as (source, _):
        list(source.account_transactions([WORLD.txids["peel_1"], WORLD.txids["branch"]]))
    (notice,) = notices
    assert "block 13 does not give the block's Merkle root" in notice


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"id": "ab" * 32}, "when asked for transaction"),
        ({"blockNumber": 3}, "the block's list does not have it"),
        ({"blockTimeStamp": 3000}, "is dated 3000 ms"),
        ({"receipt": {"result": "REVERT"}, "result": "FAILED"}, "told differently"),
        ({"fee": -1}, "fee"),
        ({"fee": 10.5}, "fee"),
        ({"log": [{"address": "zz"}]}, "a TRON address"),
        ({"internal_transactions": 5}, "a list"),
    ],
)
def test_a_report_that_contradicts_the_block_is_refused(change: dict[str, Any], said: str) -> None:
    lie = changed("/wallet/gettransactioninfobyid", lambda info: info | change)
    with grid(Manners(change=lie)) as (source, _), pytest.raises(SourceLied, match=said):
        source.account_transactions([WORLD.txids["sweep"]])


# --- calls and events -------------------------------------------------------------------------------------------------


def _word(name: str) -> bytes:
    from cryptotrace.chains.tron.address import bytes_of

    return bytes(12) + bytes_of(WORLD.addresses[name])


def test_a_contract_is_asked() -> None:
    listed = keccak256(b"isBlackListed(address)")[:4]
    with grid() as (source, _):
        answer = source.contract_call(WORLD.account("usdt"), listed + _word("frozen"))
        assert (answer.returned, answer.at) == ((1).to_bytes(32, "big"), WORLD.ref(TOP))
        assert source.contract_call(WORLD.account("usdt"), listed + _word("deposit")).returned == bytes(32)
        assert source.contract_call(WORLD.account("fake"), listed + _word("frozen")).returned is None
        with pytest.raises(DataNotFound, match="no contract at"):
            source.contract_call(WORLD.account("victim"), listed + _word("frozen"))
        with pytest.raises(DataNotFound, match="does not answer balanceOf"):
            source.pot_balance(HOT, WORLD.asset("splitter"))


def _freezes(source: Any, topics: list[bytes | None], first: int = 0, last: int = TOP) -> list[Any]:
    return list(source.logs(WORLD.account("usdt"), topics, first, last).entries)


def test_events_are_given_as_they_stand_in_the_receipts() -> None:
    with grid() as (source, _):
        added = _freezes(source, [ADDED])
        assert [each.txid for each in added] == [WORLD.txids["freeze"], WORLD.txids["freeze_bystander"]]
        assert [each.topics for each in added] == [(ADDED, _word("frozen")), (ADDED, _word("bystander"))]
        assert [(each.index, each.place, each.data) for each in added] == [(0, 0, b""), (1, 0, b"")]
        assert added[0].block == WORLD.ref(WORLD.height_of("freeze"))
        (destroyed,) = _freezes(source, [DESTROYED, _word("frozen")])
        assert int.from_bytes(destroyed.data, "big") == 8_000 * TOKEN
        assert _freezes(source, [DESTROYED, _word("victim")]) == []
        assert _freezes(source, [REMOVED], 0, 20) == []
        transfers = _freezes(source, [None, _word("mule_b")], 10, TOP)
        assert [each.txid for each in transfers] == [WORLD.txids[name] for name in ("peel_2", "kept", "poison_again")]


def test_a_listing_without_events_names_the_pages_that_say_so() -> None:
    recorder = MemoryRecorder()
    with grid(recorder=recorder) as (source, _):
        listed = source.logs(WORLD.account("usdt"), [REMOVED], 0, 20)
        assert listed.entries == ()
        assert len(listed.evidence) == 1
        assert b'"data"' in recorder.read(listed.evidence[0])


def test_of_many_events_the_topics_are_rebuilt(monkeypatch: pytest.MonkeyPatch) -> None:
    with grid(Manners(page=3)) as (source, _):
        exact = _freezes(source, [None])
        monkeypatch.setattr(adapter, "FEW_EVENTS", 5)
        rebuilt = _freezes(source, [None])
    assert len(exact) > 30
    key = [(each.txid, each.place, each.topics, each.data) for each in exact]
    assert [(each.txid, each.place, each.topics, each.data) for each in rebuilt] == key
    assert {(each.block.hash, each.index) for each in rebuilt} == {("", -1)}


@pytest.mark.parametrize(
    "change",
    [
        {"result": {"0": "0x" + "11" * 20}},
        {"transaction_id": WORLD.txids["theft"]},
        {"block_number": 3},
        {"block_number": TOP + 1},
        {"event_index": 0, "result": {"0": "no address"}},
    ],
)
def test_an_event_that_its_receipt_does_not_have_is_refused(change: dict[str, Any]) -> None:
    def lie(said: Any) -> Any:
        return said | {"data": [row | change for row in said["data"]]}

    with grid(Manners(change=changed("/v1/contracts", lie))) as (source, _), pytest.raises(SourceLied):
        _freezes(source, [ADDED])


def test_events_that_are_not_all_to_be_had_are_refused() -> None:
    with grid(Manners(page=1, window=1)) as (source, _), pytest.raises(NotSupported, match="not all there"):
        _freezes(source, [ADDED])


# --- the server's moods -----------------------------------------------------------------------------------------------


def test_a_busy_server_is_waited_for() -> None:
    manners = Manners()
    with grid(manners) as (source, _):
        manners.busy = 2
        assert source.pot_balance(HOT, USDT).units == WORLD.balance("hot", "usdt")
        manners.busy = 9
        with pytest.raises(SourceUnavailable, match="429"):
            source.pot_balance(HOT, USDT)


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (b'{"Error": "class java.lang.NullPointerException : null"}', SourceUnavailable, "NullPointer"),
        (b"<html><body>502 Bad Gateway</body></html>", SourceLied, "not JSON"),
        (b'{"block_header": {"raw_data"', SourceLied, "not JSON"),
        (b"[]", SourceLied, "expected an object"),
        (b"7", SourceLied, "expected an object"),
        (b"{}", DataNotFound, "no block"),
        (b"", SourceLied, "not JSON"),
        (b'{"blockID": "5", "block_header": {"raw_data": {}}}', SourceLied, "64 lower-case hex digits"),
    ],
)
def test_what_is_no_answer_of_a_node_is_none(answer: bytes, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said), grid(Manners(change=lambda target, raw: answer)):
        pass


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"<html><body>502 Bad Gateway</body></html>", "not JSON"),
        (b'{"data": [{"transaction_id"', "not JSON"),
        (b"[]", "expected an object"),
        (b'{"success": true, "data": {}, "meta": {}}', "expected a list"),
        (b'{"success": true, "data": [5], "meta": {}}', "expected an object"),
        (b'{"success": true, "data": [{}], "meta": {}}', "whole number"),
        (b'{"success": true, "data": [], "meta": {"fingerprint": 5}}', "expected text"),
    ],
)
def test_what_is_no_listing_is_none(answer: bytes, said: str) -> None:
    with grid(Manners(change=lambda target, raw: answer if "/v1/" in target else raw)) as (source, _):
        with pytest.raises(SourceLied, match=said):
            source.pot_history(HOT, USDT, 0, TOP, 10)
        with pytest.raises(SourceLied, match=said):
            _freezes(source, [ADDED])


def test_a_listing_that_is_refused_from_the_start_is_a_problem() -> None:
    def lie(target: str, raw: bytes) -> bytes:
        return b'{"success": false, "error": "try later", "statusCode": 400}' if "/v1/" in target else raw

    with grid(Manners(change=lie)) as (source, _):
        history = source.pot_history(HOT, USDT, 0, TOP, 10)
        assert (history.txids, "try later" in history.problem) == ((), True)


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        (401, SourceUnavailable, "TRON-PRO-API-KEY"),
        (403, SourceUnavailable, "TRON-PRO-API-KEY"),
        (413, SourceUnavailable, "HTTP 413"),
        (503, SourceUnavailable, "HTTP 503"),
        (404, SourceUnavailable, "HTTP 404"),
    ],
)
def test_a_refusal_says_what_may_be_missing(status: int, error: type[Exception], said: str) -> None:
    manners = Manners()
    with grid(manners) as (source, _):
        manners.refuse = status
        with pytest.raises(error, match=said):
            source.contract_call(WORLD.account("usdt"), bytes(4))
        with pytest.raises((error, NotSupported), match=said):
            source.pot_history(HOT, USDT, 0, TOP, 5)


def test_events_that_move_tokens_are_read_once_for_all_accounts() -> None:
    with grid() as (source, server):
        for name in ("frozen", "mule_a", "issuer", "hot"):
            source.pot_history(WORLD.account(name), USDT, 10, TOP, 100)
        assert sum("event_name=DestroyedBlackFunds" in each for each in server.asked) == 1
        assert WORLD.txids["destroy"] not in source.pot_history(WORLD.account("frozen"), USDT, 0, 19, 100).txids


# --- nodes without an index, policy -----------------------------------------------------------------------------------


def test_a_plain_node_says_what_it_cannot_and_who_can() -> None:
    with grid(Manners(has_index=False)) as (source, _):
        with pytest.raises(NotSupported, match="Name it fullnode:"):
            source.pot_history(HOT, USDT, 0, TOP, 10)
        with pytest.raises(NotSupported, match="Name it fullnode:"):
            source.logs(WORLD.account("usdt"), [ADDED], 0, TOP)
    with node() as plain:
        with pytest.raises(NotSupported, match="trongrid: can"):
            plain.pot_history(HOT, USDT, 0, TOP, 10)
        with pytest.raises(NotSupported, match="rpc: does"):
            plain.logs(WORLD.account("usdt"), [ADDED], 0, TOP)
        assert plain.pot_balance(HOT, USDT).units == WORLD.balance("hot", "usdt")
        (theft,) = plain.account_transactions([WORLD.txids["theft"]])
        assert theft.missing == ("internal transactions",)
        (split,) = plain.account_transactions([WORLD.txids["split"]])
        assert split.missing == ()  # it names some, so it keeps them
    with node(keeps_internals=True) as plain:
        (theft,) = plain.account_transactions([WORLD.txids["theft"]])
        assert theft.missing == ()


@pytest.mark.parametrize("kind", ["trongrid", "fullnode", "rpc"])
def test_a_case_with_own_nodes_only_asks_no_public_server(kind: str) -> None:
    with pytest.raises(PublicSourceRefused, match="own nodes only"):
        open_source(f"{kind}:https://api.trongrid.io", WORLD.network, MemoryRecorder(), Policy(own_nodes_only=True))
