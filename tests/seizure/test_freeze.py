"""Is it frozen: three answers, none of them a default; events and contract are compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.seizure.tokenworld import EVM, TRON, Contract, block, digest, facts_of, raw, who

from cryptotrace.chains.networks import address_bytes
from cryptotrace.chains.tokens import FreezeAct
from cryptotrace.chains.tokentable import PAXOS, TETHER_EITHER
from cryptotrace.errors import (
    ChainReorganised,
    ModelError,
    NotSupported,
    SourceLied,
    SourceUnavailable,
    UnsupportedChain,
)
from cryptotrace.model.accountsource import CallAnswer, LogEntry, LogListing
from cryptotrace.model.block import BlockRef
from cryptotrace.model.identity import Account, Asset
from cryptotrace.seizure.freeze import Basis, FreezeStatus, freeze_status
from cryptotrace.seizure.freezehistory import FreezeHistory, Frozen, read_freeze_history

BOTH = pytest.mark.parametrize("token", [EVM, TRON])


def ask(contract: Contract, name: str = "thief", height: int | None = None, **more: object) -> FreezeStatus:
    tokens = {contract.token: facts_of(contract.token)}
    account = who(name, contract.token.chain)
    return freeze_status(contract, contract, contract.token, account, height, tokens=tokens, **more)  # type: ignore[arg-type]


@BOTH
@pytest.mark.parametrize("is_indexed", [True, False])
def test_frozen_with_block_evidence_function_and_history(token: Asset, is_indexed: bool) -> None:
    contract = Contract(token, is_indexed=is_indexed)
    contract.freeze(10, "thief")
    contract.freeze(20, "somebody else")
    contract.destroy(30, "thief", 2**256 - 1)
    status = ask(contract)
    assert (status.state, status.basis, status.at) == (Frozen.FROZEN, Basis.CALL, block(100, token.chain))
    assert (status.call.function, status.contradiction, status.reasons) == ("isBlackListed(address)", "", ())
    assert status.history is not None
    assert [(r.act, r.account, r.units, r.block.height, r.txid) for r in status.history.records] == [
        (FreezeAct.FREEZE, who("thief", token.chain), None, 10, digest("act 0")),
        (FreezeAct.DESTROY, who("thief", token.chain), 2**256 - 1, 30, digest("act 2")),
    ]
    assert status.destroyed == 2**256 - 1
    assert status.evidence == (
        digest("isBlackListed(address) 100"),
        *status.history.evidence,
        digest("log 0"),
        digest("log 2"),
    )
    assert len(status.history.evidence) == 3
    assert contract.listed == [(0, 100)] * 3


@BOTH
def test_that_there_was_no_event_has_its_evidence(token: Asset) -> None:
    contract = Contract(token)
    contract.freeze(10, "somebody else")
    nobody = ask(contract, "nobody")
    assert nobody.history is not None
    assert nobody.history.records == ()
    asked = tuple(digest(f"listing of {each.topic!r} 0 100") for each in facts_of(token).freeze.events)  # type: ignore[union-attr]
    assert nobody.history.evidence == asked
    assert nobody.history.up_to(50).evidence == asked
    assert nobody.evidence == (digest("isBlackListed(address) 100"), *asked)
    assert nobody.to_dict()["evidence"] == list(nobody.evidence)


@BOTH
def test_not_frozen_and_set_free(token: Asset) -> None:
    contract = Contract(token)
    contract.freeze(10, "thief")
    contract.unfreeze(50, "thief")
    assert (ask(contract).state, ask(contract, "nobody").state) == (Frozen.NOT_FROZEN, Frozen.NOT_FROZEN)
    then = ask(contract, height=40)
    assert (then.state, then.basis, then.height, then.reasons) == (Frozen.FROZEN, Basis.CALL, 40, ())
    assert ask(contract, "nobody").destroyed == 0


def test_the_answer_has_no_truth_value() -> None:
    for state in Frozen:
        with pytest.raises(TypeError, match=r"Frozen\.FROZEN"):
            bool(state)


@pytest.mark.parametrize(
    ("returned", "reason"),
    [
        (None, "reverted"),
        (b"", "returned nothing"),
        (b"\x01", "32 bytes expected, 1 found"),
        (bytes(64), "32 bytes expected, 64 found"),
        ((2).to_bytes(32, "big"), "0 or 1 expected, got 0x2"),
        (b"\xff" * 32, "0 or 1 expected"),
    ],
)
def test_any_other_answer_of_the_contract_is_no_answer(returned: bytes | None, reason: str) -> None:
    contract = Contract(answers={"isBlackListed(address)": returned, "getBlackListStatus(address)": returned})
    status = ask(contract)
    assert (status.state, status.basis, status.at) == (Frozen.UNDETERMINED, Basis.NONE, None)
    assert sum(reason in each for each in status.reasons) == 2
    assert any("no event for this account" in each for each in status.reasons)
    assert status.call.at == block(100)
    assert len(status.call.evidence) == 2


def test_the_second_function_is_asked_where_the_first_does_not_answer() -> None:
    contract = Contract(answers={"isBlackListed(address)": None}, function="getBlackListStatus(address)")
    contract.freeze(3, "thief")
    status = ask(contract)
    assert (status.state, status.call.function) == (Frozen.FROZEN, "getBlackListStatus(address)")
    assert status.reasons == ("isBlackListed(address): reverted, or there is no such function or no contract",)
    assert contract.asked == ["isBlackListed(address)", "getBlackListStatus(address)"]


def test_a_token_whose_interface_is_not_known_is_not_asked() -> None:
    contract = Contract()
    for tokens in ({}, {EVM: replace(facts_of(EVM), freeze=None, note="nobody knows how")}):
        status = freeze_status(contract, contract, EVM, who("thief"), tokens=tokens)
        assert (status.state, status.basis, status.history) == (Frozen.UNDETERMINED, Basis.NONE, None)
        assert "how the contract is asked is not known" in status.reasons[0]
    assert not contract.asked


@pytest.mark.parametrize("error", [SourceUnavailable("503"), SourceLied("two answers"), NotSupported("no calls")])
def test_a_source_that_fails_is_no_answer_and_says_why(error: SourceUnavailable) -> None:
    contract = Contract(broken={"isBlackListed(address)": error, "getBlackListStatus(address)": error})
    status = ask(contract)
    assert status.state is Frozen.UNDETERMINED
    assert any(str(error) in each for each in status.reasons)


def test_a_chain_that_was_reorganised_stops_the_run() -> None:
    error = ChainReorganised("the tip is gone")
    for broken in ({"isBlackListed(address)": error}, {"logs": error}):
        with pytest.raises(ChainReorganised):
            ask(Contract(broken=dict(broken)))


def test_without_sources_nothing_is_determined() -> None:
    status = freeze_status(None, None, EVM, who("thief"), tokens={EVM: facts_of(EVM)})
    assert status.state is Frozen.UNDETERMINED
    assert [each.split(":")[0] for each in status.reasons] == [
        "the contract was not asked",
        "the contract's events were not read",
    ]
    assert status.destroyed is None


def test_events_alone_tell_where_they_lead_but_their_absence_tells_nothing() -> None:
    contract = Contract()
    contract.freeze(10, "thief")
    contract.freeze(10, "freed")
    contract.unfreeze(11, "freed")
    tokens = {EVM: facts_of(EVM)}
    found = {
        name: freeze_status(None, contract, EVM, who(name), tokens=tokens) for name in ("thief", "freed", "nobody")
    }
    assert [(status.state, status.basis) for status in found.values()] == [
        (Frozen.FROZEN, Basis.EVENTS),
        (Frozen.NOT_FROZEN, Basis.EVENTS),
        (Frozen.UNDETERMINED, Basis.NONE),
    ]
    assert found["thief"].at == block(100)


def test_a_source_that_asks_no_contract_at_all_is_asked_twice_and_then_named() -> None:
    class Deaf(Contract):
        def contract_call(self, contract: Account, data: bytes, height: int | None = None) -> CallAnswer:
            self.asked.append(str(height))
            raise NotSupported("this source asks no contracts")

    deaf = Deaf()
    deaf.freeze(10, "thief")
    status = ask(deaf, height=50)
    assert deaf.asked == ["50", "None"]
    assert status.reasons[0] == "the contract was not asked: this source asks no contracts"
    assert (status.state, status.basis) == (Frozen.FROZEN, Basis.EVENTS)


def test_an_earlier_block_whose_reference_is_not_to_be_had_is_named_by_its_height() -> None:
    class NoHeaders(Contract):
        def block_ref(self, height: int) -> BlockRef:
            raise SourceUnavailable("no headers")

    class Gone(Contract):
        def block_ref(self, height: int) -> BlockRef:
            raise ChainReorganised("gone")

    status = ask(NoHeaders(only_newest=True), height=50)
    assert (status.state, status.at, status.height) == (Frozen.NOT_FROZEN, None, 50)
    with pytest.raises(ChainReorganised):
        ask(Gone(only_newest=True), height=50)


# --- earlier blocks where only the newest is answered -----------------------------------------------------------------


@BOTH
def test_an_earlier_state_comes_from_the_events_and_says_at_which_tip_the_contract_was_read(token: Asset) -> None:
    contract = Contract(token, only_newest=True)
    contract.freeze(10, "thief")
    contract.unfreeze(50, "thief")
    states = {height: ask(contract, height=height) for height in (9, 10, 49, 50, 99)}
    assert {height: status.state for height, status in states.items()} == {
        9: Frozen.NOT_FROZEN,
        10: Frozen.FROZEN,
        49: Frozen.FROZEN,
        50: Frozen.NOT_FROZEN,
        99: Frozen.NOT_FROZEN,
    }
    for height, status in states.items():
        assert (status.basis, status.at, status.height) == (Basis.EVENTS, block(height, token.chain), height)
        assert (status.call.at, status.call.only_newest) == (block(100, token.chain), True)
        assert "does not answer as of block" in status.reasons[0]
        assert status.history is not None
        assert all(record.block.height <= height for record in status.history.records)


def test_events_that_contradict_the_contract_do_not_tell_the_earlier_state() -> None:
    contract = Contract(only_newest=True, answers={"isBlackListed(address)": (1).to_bytes(32, "big")})
    status = ask(contract, height=50)
    assert status.contradiction == "at block 100 the contract says frozen, its events lead to not frozen"
    assert (status.state, status.basis) == (Frozen.UNDETERMINED, Basis.NONE)
    now = ask(contract)
    assert (now.state, now.basis) == (Frozen.FROZEN, Basis.CALL)
    assert now.contradiction == status.contradiction


def test_events_that_are_not_all_there_tell_nothing_and_contradict_nothing() -> None:
    contract = Contract(only_newest=True, broken={"logs": SourceUnavailable("page 3 failed")})
    contract.freeze(10, "thief")
    status = ask(contract, height=50)
    assert (status.state, status.contradiction, status.destroyed) == (Frozen.UNDETERMINED, "", None)
    assert any("page 3 failed" in each for each in status.reasons)
    assert ask(contract).state is Frozen.FROZEN


def test_a_history_that_ends_too_early_does_not_tell_a_later_state() -> None:
    contract = Contract(only_newest=True)
    contract.freeze(10, "thief")
    early = read_freeze_history(contract, facts_of(EVM), 0, 20)
    status = ask(contract, height=50, history=early)
    assert status.state is Frozen.UNDETERMINED
    assert status.reasons[-1] == "the events were read to block 20 only"
    assert ask(contract, height=15, history=early).state is Frozen.FROZEN
    absent = ask(contract, "nobody", height=15, history=early)
    assert absent.state is Frozen.UNDETERMINED
    with pytest.raises(ModelError, match="history"):
        ask(contract, history=replace(early, token=TRON))


def test_an_answer_for_another_block_is_none() -> None:
    class Drifting(Contract):
        def contract_call(self, contract: Account, data: bytes, height: int | None = None) -> CallAnswer:
            return replace(super().contract_call(contract, data, height), at=block(77))

    status = ask(Drifting(), height=50)
    assert status.state is Frozen.UNDETERMINED
    assert "asked for block 50, answered for 77" in status.reasons[0]


def test_an_account_of_another_chain_is_refused() -> None:
    with pytest.raises(ModelError, match="is not of"):
        freeze_status(Contract(), None, EVM, who("thief", TRON.chain))
    with pytest.raises(UnsupportedChain, match="no chain that has contracts"):
        address_bytes(Account("bip122:000000000019d6689c085ae165831e93:1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"))
    assert address_bytes(who("thief")) == address_bytes(who("thief", TRON.chain)) == raw("thief")


# --- the history ------------------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.integers(1, 60), st.sampled_from("ABC"), st.booleans()), max_size=12), st.integers(0, 70))
def test_where_events_lead_is_what_the_contract_says_at_every_block(
    acts: list[tuple[int, str, bool]], height: int
) -> None:
    contract = Contract(only_newest=True)
    for at, name, is_freeze in sorted(acts, key=lambda act: act[0]):
        (contract.freeze if is_freeze else contract.unfreeze)(at, name)
    for name in "ABC":
        truth = Frozen.FROZEN if contract.is_frozen(raw(name), height) else Frozen.NOT_FROZEN
        assert ask(contract, name, height=height).state is truth


def test_two_acts_in_one_block_without_a_known_order_are_not_put_in_one() -> None:
    class Placeless(Contract):
        def logs(self, contract: Account, topics: Sequence[bytes | None], first: int, last: int) -> LogListing:
            listed = super().logs(contract, topics, first, last)
            return replace(listed, entries=tuple(replace(entry, index=-1) for entry in listed.entries))

    contract = Placeless()
    contract.freeze(10, "thief")
    contract.unfreeze(10, "thief")
    contract.freeze(20, "other")
    history = read_freeze_history(contract, facts_of(EVM), 0, 100)
    assert history.of(who("thief")).implied is Frozen.UNDETERMINED
    assert history.of(who("other")).implied is Frozen.FROZEN


LOG = LogEntry(
    Account("eip155:1:0xdAC17F958D2ee523a2206206994597C13D831ec7"), (), b"", "ab" * 32, block(5), 0, 0, "e" * 64
)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"topics": ()}, "another contract or event"),
        ({"contract": who("other")}, "another contract or event"),
        ({"block": block(999)}, "outside 0 to 100"),
        ({"data": b""}, "0 arguments where 1"),
        ({"data": bytes(33)}, "2 arguments where 1"),
        ({"data": b"\x01" + bytes(31)}, "is no account"),
    ],
)
def test_a_log_that_cannot_be_read_makes_the_history_incomplete(change: dict[str, object], problem: str) -> None:
    class Strange:
        def logs(self, contract: Account, topics: list[bytes], first: int, last: int) -> LogListing:
            strange = replace(LOG, **{"topics": tuple(topics), "data": bytes(32), **change})  # type: ignore[arg-type]
            return LogListing((strange,), ("e" * 64,))

    history = read_freeze_history(Strange(), facts_of(EVM), 0, 100)  # type: ignore[arg-type]
    assert not history.records or "data" in change
    assert any(problem in each for each in history.problems)
    assert not history.is_complete
    assert history.implied is Frozen.UNDETERMINED


def test_a_wipe_that_names_no_amount_has_none() -> None:
    contract = Contract()
    contract.act(5, "FreezeAddress(address)", "thief")
    contract.act(6, "FrozenAddressWiped(address)", "thief")
    history = read_freeze_history(contract, facts_of(EVM, PAXOS), 0, 100).of(who("thief"))
    assert [record.units for record in history.records] == [None, None]
    assert (history.destroyed, history.implied) == (None, Frozen.FROZEN)


def test_a_contract_that_was_replaced_tells_of_both_kinds_of_events() -> None:
    contract = Contract()
    contract.freeze(5, "thief")
    contract.act(50, "BlockReleased(address)", "thief")
    history = read_freeze_history(contract, facts_of(EVM, TETHER_EITHER), 0, 100).of(who("thief"))
    assert [record.signature for record in history.records] == ["AddedBlackList(address)", "BlockReleased(address)"]
    assert history.implied is Frozen.NOT_FROZEN
    assert history.up_to(49).implied is Frozen.FROZEN


def test_a_part_of_the_history_does_not_lead_anywhere_without_an_event() -> None:
    part = FreezeHistory(EVM, 50, 100, ())
    assert (part.implied, part.is_complete) == (Frozen.UNDETERMINED, False)
    assert read_freeze_history(Contract(), facts_of(EVM, None), 0, 9).problems
