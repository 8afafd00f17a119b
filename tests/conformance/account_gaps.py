"""What each kind of source of an account chain cannot do, with the reason, and what it answers instead."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
from tests.conformance.account_questions import (
    Asked,
    all_listed,
    bare,
    checked,
    digests,
    graph_over,
    history_of,
    tokens_of,
    values_of,
)
from tests.conformance.account_world import Holding

from cryptotrace.errors import CryptotraceError, DataNotFound, NotSupported
from cryptotrace.model.flow import FlowKind, Unknown
from cryptotrace.model.movement import AccountTransaction
from cryptotrace.model.pot import Completeness
from cryptotrace.tracing.result import EndReason


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that a kind of source cannot do."""

    error: type[CryptotraceError] | None
    """The error with which it refuses; None if it answers."""
    reason: str
    """Why it cannot."""
    instead: Callable[[Asked], None] | None = None
    """What it answers instead, as a question that expects just that: any other answer fails. None if it refuses."""


# --- what is expected instead -----------------------------------------------------------------------------------------


def chain_untold(asked: Asked) -> None:
    """Nothing in it says of which chain it is: it opens as another one, and is of that one by name."""
    source = asked.open_as(asked.world.other)
    assert source.tip().chain == asked.world.other.chain != asked.world.network.chain


def tip_without_hash(asked: Asked) -> None:
    """Its newest block is the newest that a row names, without a hash that no row tells."""
    newest = max(asked.world.place(txid)[0] for txid in asked.txids)
    assert (asked.source.tip().height, asked.source.tip().hash) == (newest, "")


def tip_of_newest_row(asked: Asked) -> None:
    """Its newest block is the newest in which a row has something, with its hash."""
    newest = asked.world.refs[max(asked.world.place(txid)[0] for txid in asked.txids)]
    assert (asked.source.tip().height, asked.source.tip().hash) == (newest.height, newest.hash)


def _bares(found: AccountTransaction) -> list[str]:
    return sorted(str(bare(m)) for m in found.movements)


def all_but_calls(asked: Asked) -> None:
    """Every movement but those inside contracts, with its place and in order; ``missing`` says what may be missing."""
    for found, truth in asked.all():
        outside = [(m.place, *bare(m)) for m in truth.movements if not m.place.startswith("call.")]
        assert [(m.place, *bare(m)) for m in found.movements] == outside, truth.txid
        assert set(found.missing) <= {"internal calls"}
        assert found.missing or len(outside) == len(truth.movements), truth.txid


def calls_are_missing(asked: Asked) -> None:
    """No movement inside a contract, and where there was one, ``missing`` names them."""
    inside = 0
    for found, truth in asked.all():
        assert not any(m.place.startswith(("call.", "row.")) for m in found.movements)
        if any(m.place.startswith("call.") for m in truth.movements):
            assert any("internal" in each for each in found.missing), truth.txid
            inside += 1
    assert inside


def all_and_may_be_missing(asked: Asked) -> None:
    """Every movement that is reported, in order; whether that is all inside contracts is not told, and said."""
    said = 0
    for found, truth in asked.all():
        assert [(m.place, *bare(m)) for m in found.movements] == [(m.place, *bare(m)) for m in truth.movements]
        assert set(found.missing) <= {"internal transactions"}
        said += bool(found.missing)
    assert said


def rows_for_calls(asked: Asked) -> None:
    """Calls inside contracts have no place and are called by their row; all others have theirs."""
    named = 0
    for found, truth in asked.all():
        placed = [(m.place, *bare(m)) for m in truth.movements if not m.place.startswith("call.")]
        assert [(m.place, *bare(m)) for m in found.movements if not m.place.startswith("row.")] == placed, truth.txid
        rows = [m for m in found.movements if m.place.startswith("row.")]
        assert not rows or "trace addresses of internal calls" in found.missing
        named += len(rows)
    assert named > 3


def calls_that_may_be_undone(asked: Asked) -> None:
    """Calls are there; where one that was undone stands among them, ``missing`` says that it may be so."""
    unsure = 0
    for found, truth in asked.all():
        mine, is_so = _bares(found), _bares(truth)
        assert not set(is_so) - set(mine), truth.txid
        if mine != is_so:
            assert any("undone" in each for each in found.missing), truth.txid
            unsure += 1
    assert unsure


def rows_for_all(asked: Asked) -> None:
    """Tokens and calls have no place and are called by their row, and ``missing`` says what no row tells."""
    for found, truth in asked.all():
        wanted = [m for m in truth.movements if m.kind is FlowKind.TRANSFER or m.place.startswith("log.")]
        told = {str(bare(m)) for m in found.movements if m.kind is not FlowKind.FEE and m.units}
        assert told <= {str(bare(m)) for m in wanted}, truth.txid
        assert all(m.place in ("fee", "value") or m.place.startswith("row.") for m in found.movements)
        assert "place in the block" in found.missing


def tokens_of_transfers(asked: Asked) -> None:
    """Transfers are there, and mints and burns that are transfers; what a contract says in other events is not."""
    others = 0
    for found, truth in asked.all():
        silent = {str(bare(m)) for m in truth.movements if _is_silent(asked, m.place, truth)}
        told = [each for each in tokens_of(asked, truth) if str(each) not in silent]
        assert tokens_of(asked, found) == told, truth.txid
        others += len(silent)
    assert others or "tron" in asked.kind


def _is_silent(asked: Asked, place: str, truth: AccountTransaction) -> bool:
    """True for a movement of a token whose event is no Transfer."""
    events = [e for e in asked.world.events if e.txid == truth.txid and place == f"log.{e.place}"]
    transfer = next(e for e in asked.world.events if e.txid == asked.world.claimed).topics[0]
    return any(e.topics[0] != transfer for e in events)


def tokens_but_issues(asked: Asked) -> None:
    """All but what was issued: whose balance that changed is not told, and ``missing`` says so."""
    issued = 0
    for found, truth in asked.all():
        told = [each for each in tokens_of(asked, truth) if each[0] is not FlowKind.ISSUANCE]
        assert tokens_of(asked, found) == told, truth.txid
        if told != tokens_of(asked, truth):
            assert any("whose balance Issue" in each for each in found.missing)
            issued += 1
    assert issued


def values_of_what(asked: Asked) -> None:
    """The value only where a contract ran; elsewhere it is not told of what it is, and ``missing`` has the number."""
    untold = 0
    for found, truth in asked.all():
        assert set(values_of(found)) <= set(values_of(truth)), truth.txid
        if values_of(found) != values_of(truth):
            units = next(m.units for m in truth.movements if m.place == "value")
            assert any(each.startswith(f"value: {units} ") for each in found.missing), truth.txid
            untold += 1
    assert untold > 3


def values_of_the_coin(asked: Asked) -> None:
    """The coin's value is there, as a row: what else is in the transaction the rows do not tell apart."""
    coin = str(asked.world.network.asset)
    for found, truth in asked.all():
        wanted = [bare(m) for m in truth.movements if m.place == "value" and m.asset == asked.world.network.asset]
        assert [bare(m) for m in found.movements if bare(m)[1] == coin] == wanted, truth.txid


def fees_are_missing(asked: Asked) -> None:
    """No fee, and ``missing`` says so of each transaction."""
    for found, truth in asked.all():
        assert not any(m.kind is FlowKind.FEE for m in found.movements), truth.txid
        assert "fee" in found.missing


def heights_only(asked: Asked) -> None:
    """Height and time of the block; its hash and the place in it are not told, and said to be missing."""
    for found, truth in asked.all():
        assert found.block is not None
        assert truth.block is not None
        assert (found.block.height, found.block.time, found.block.hash) == (truth.block.height, truth.block.time, "")
        assert found.index == -1
        assert {"place in the block", "block hash"} <= set(found.missing)


def senders_without_nonces(asked: Asked) -> None:
    """Who signed is told; how many transactions he had sent is not."""
    assert [(f.sender, f.nonce) for f, _ in asked.all()] == [(t.sender, None) for _, t in asked.all()]


def senders_untold(asked: Asked) -> None:
    """Who signed is not told: the payer of tokens is not taken for him."""
    assert {(found.sender, found.nonce) for found, _ in asked.all()} == {(None, None)}


def memos_untold(asked: Asked) -> None:
    """That there was no memo is not said where nothing is told of it."""
    assert {found.memo for found, _ in asked.all()} == {None}
    assert any(truth.memo for _, truth in asked.all())


def _with_problem(asked: Asked, holdings: Sequence[Holding], *, may_lack: bool) -> None:
    """Each history says that it may not be all of it."""
    for holding in holdings:
        history, truth = history_of(asked, holding, 0, asked.top)
        assert history.problem, holding
        assert may_lack or set(truth) <= set(history.txids), holding
        assert set(truth) & set(history.txids) or may_lack


def tokens_with_problem(asked: Asked) -> None:
    """What the rows have of a token's holding, and the word that it may not be all."""
    _with_problem(asked, asked.world.tokens, may_lack=True)


def native_with_problem(asked: Asked) -> None:
    """What is known of a holding of the coin, and the word on what may be missing."""
    _with_problem(asked, asked.world.native, may_lack=True)


def numbered_with_problem(asked: Asked) -> None:
    """What the rows have of a numbered holding, and the word that it may not be all."""
    _with_problem(asked, asked.world.numbered, may_lack=True)


def native_but_of_producers(asked: Asked) -> None:
    """All but fees that a producer of blocks got, of which it says that they are not listed."""
    producer = (asked.world.producer, asked.world.network.asset)
    all_listed(asked, [each for each in asked.world.native if each != producer])
    history, _ = history_of(asked, next(each for each in asked.world.native if each == producer), 0, asked.top)
    assert "produced blocks" in history.problem


def tokens_but_the_issuers(asked: Asked) -> None:
    """All, and of the contract's owner the word that not all of it can be counted."""
    all_listed(asked, asked.world.tokens, most_open=1)
    for holding in asked.world.tokens:
        history, truth = history_of(asked, holding, 0, asked.top)
        assert set(truth) <= set(history.txids), holding
        is_issuer = any(asked.world.transactions[txid].sender == holding[0] for txid in asked.world.issues)
        assert ("owns the contract" in history.problem) == is_issuer


def _by_balances(asked: Asked, holdings: Sequence[Holding], least: int) -> None:
    """A check says *complete* only where it is; at least so many are found to differ, by as much as is wrong."""
    different = 0
    for holding, check in checked(asked, holdings).items():
        is_so = asked.world.balance(*holding)
        assert check.read == is_so
        assert check.difference == is_so - check.expected
        is_different = check.completeness is Completeness.DIFFERENCE
        assert is_different == (check.expected != is_so), holding
        different += is_different
    assert least <= different < len(holdings)


def native_by_balances(asked: Asked) -> None:
    """The balances show which holdings of the coin are not complete."""
    _by_balances(asked, asked.world.native, 1)


def tokens_by_balances(asked: Asked) -> None:
    """The balances show which holdings of tokens are not complete."""
    _by_balances(asked, asked.world.tokens, 1)


def _unchecked(asked: Asked, holdings: Sequence[Holding]) -> None:
    for holding, check in checked(asked, holdings).items():
        assert (check.read, check.completeness) == (None, Completeness.NOT_CHECKED), holding
        assert check.problem


def tokens_unchecked(asked: Asked) -> None:
    """Without balances nothing is checked, and that is said."""
    _unchecked(asked, asked.world.tokens)


def native_unchecked(asked: Asked) -> None:
    """The same for the coin."""
    _unchecked(asked, asked.world.native)


def same_trace_unchecked(asked: Asked) -> None:
    """The same flows, ends and shares; that the histories are complete is not checked, and said."""
    assert digests(asked) == asked.world.digests
    _, checks = asked.runs()["fifo"]
    assert {check.completeness for check in checks} == {Completeness.NOT_CHECKED}


def trace_without_destruction(asked: Asked) -> None:
    """The same transfers with the same shares; what an issuer destroyed is not seen, and the histories are unchecked."""
    assert digests(asked, but=FlowKind.BURN) == asked.world.digests_of_transfers
    assert digests(asked) != asked.world.digests
    _, checks = asked.runs()["fifo"]
    assert {check.completeness for check in checks} == {Completeness.NOT_CHECKED}
    assert all(check.problem for check in checks)


def trace_ends_at_once(asked: Asked) -> None:
    """Without histories the claim ends where it arrived, as unknown, with the reason."""
    run, _ = asked.runs()["fifo"]
    (end,) = run.ends
    assert end.reason is EndReason.UNKNOWN
    assert "index of accounts" in end.detail
    assert end.claimed == {"victim": asked.world.claim_movement.units}


def _unknown(asked: Asked, holdings: Sequence[Holding]) -> None:
    with graph_over(asked) as graph:
        for account, asset in holdings:
            held = graph.history(account, asset, asked.world.first_touched((account, asset)))
            assert isinstance(held, Unknown)
            assert "cannot list what touched" in held.reason
        assert graph.checks() == ()


def tokens_unknown(asked: Asked) -> None:
    """No history is no history: the graph says that it is unknown, and why."""
    _unknown(asked, asked.world.tokens)


def native_unknown(asked: Asked) -> None:
    """The same for the coin."""
    _unknown(asked, asked.world.native)


def calls_in_no_row(asked: Asked) -> None:
    """No row is a payment inside a contract, and each transaction says that there may be some."""
    for found, truth in asked.all():
        inside = {str(bare(m)) for m in truth.movements if m.place.startswith("call.")}
        assert not inside & {str(bare(m)) for m in found.movements}, truth.txid
        assert "internal transactions" in found.missing


def failures_in_no_row(asked: Asked) -> None:
    """A failed transaction transfers nothing, so no row has it: what is there succeeded."""
    failed = [txid for txid, truth in asked.world.transactions.items() if not truth.succeeded]
    assert len(failed) > 1
    for txid in failed:
        with pytest.raises(DataNotFound):
            asked.transactions.account_transactions([txid])
    assert all(found.succeeded and truth.succeeded for found, truth in asked.all())


def earlier_balances_by_height(asked: Asked) -> None:
    """Balances of an earlier block that it was not given: the height is told, the hash is not."""
    height = asked.world.place(asked.world.claimed)[0] - 1
    for account, asset in asked.world.tokens:
        said = asked.source.pot_balance(account, asset, height)  # type: ignore[attr-defined]
        assert said.units == asked.world.balance(account, asset, height)
        assert (said.at.height, said.at.hash) == (height, "")


# --- kinds ------------------------------------------------------------------------------------------------------------

_NO_STATE = "tells what moved, and nothing of a state"
_NEWEST = "answers for its newest block only"
_NO_INDEX = "a node keeps no index of accounts and events"
_NO_BALANCES = Gap(NotSupported, _NO_STATE)
_BALANCES = ("token_balances", "native_balances", "numbered_balances", "earlier_balances", "empty_balances")
_CALLS = ("contract_calls", "earlier_contract_calls", "reverting_calls")
_NONCES = ("nonces", "earlier_nonces")
_HISTORIES = ("token_histories", "native_histories", "numbered_histories", "histories_between", "crowded_histories")

_OF_MEMORY = {
    "empty_block_refs": Gap(DataNotFound, "it knows the blocks of what it was given"),
    **dict.fromkeys((*_CALLS, "logs"), Gap(NotSupported, "it has movements, and no contracts")),
}
_OF_EXPLORERS = {
    "native_histories": Gap(None, "fees of a producer of blocks stand in no list", native_but_of_producers),
    "native_checks": Gap(None, "fees of a producer of blocks stand in no list", native_by_balances),
    "numbered_balances": Gap(NotSupported, "explorers tell no balance of one numbered token"),
    "earlier_nonces": Gap(NotSupported, _NEWEST),
}
_OF_FILES = {
    "native_histories": Gap(None, "a file does not say whether it is all", native_with_problem),
    "token_histories": Gap(None, "a file does not say whether it is all", tokens_with_problem),
    "numbered_histories": Gap(None, "a file does not say whether it is all", numbered_with_problem),
    "token_checks": Gap(None, _NO_STATE, tokens_unchecked),
    "native_checks": Gap(None, _NO_STATE, native_unchecked),
    **dict.fromkeys((*_BALANCES, *_CALLS, *_NONCES, "logs"), _NO_BALANCES),
}
_OF_EXPORTS = {
    **_OF_FILES,
    "tip": Gap(None, "the tables do not tell block hashes", tip_without_hash),
    "block_refs": Gap(DataNotFound, "the tables do not tell block hashes"),
    "empty_block_refs": Gap(DataNotFound, "the tables do not tell block hashes"),
    "movements": Gap(None, "the tables do not tell places", rows_for_all),
    "positions": Gap(None, "the tables tell the height", heights_only),
    "one_trace": Gap(None, "a destruction is no row of transfers", trace_without_destruction),
}
_OF_TRON = {
    "earlier_balances": Gap(NotSupported, _NEWEST),
    "earlier_contract_calls": Gap(NotSupported, _NEWEST),
    **dict.fromkeys(_NONCES, Gap(NotSupported, "transactions of TRON have no nonces")),
}
_OF_FULLNODE = {
    **_OF_TRON,
    **dict.fromkeys((*_HISTORIES, "empty_histories", "logs"), Gap(NotSupported, _NO_INDEX)),
    "token_checks": Gap(None, _NO_INDEX, tokens_unknown),
    "native_checks": Gap(None, _NO_INDEX, native_unknown),
    "one_trace": Gap(None, _NO_INDEX, trace_ends_at_once),
}

_LIVE: dict[str, dict[str, Gap]] = {
    "evm memory": _OF_MEMORY,
    "evm rpc": {},
    "evm rpc without tracers": {
        "movements": Gap(None, "only a tracer tells calls", all_but_calls),
        "internal_calls": Gap(None, "only a tracer tells calls", calls_are_missing),
        "native_histories": Gap(None, "only a tracer tells calls", native_with_problem),
        "native_checks": Gap(None, "only a tracer tells calls", native_by_balances),
    },
    "evm ipc": {},
    "evm web3": {},
    "evm etherscan": {**_OF_EXPLORERS, "earlier_contract_calls": Gap(NotSupported, _NEWEST)},
    "evm blockscout": {
        **_OF_EXPLORERS,
        "movements": Gap(None, "calls are listed without trace addresses", rows_for_calls),
        "internal_calls": Gap(None, "which calls were undone with their caller is not told", calls_that_may_be_undone),
    },
    "evm csv": {
        **_OF_EXPORTS,
        "token_movements": Gap(None, "a destruction is no row of transfers", tokens_of_transfers),
        "senders": Gap(None, "the tables tell no nonces", senders_without_nonces),
    },
    "evm etl": {
        **_OF_FILES,
        "tip": Gap(None, "it ends with its newest row", tip_of_newest_row),
        "another_chain": Gap(None, "the tables do not say of which chain they are", chain_untold),
        "empty_block_refs": Gap(DataNotFound, "it keeps blocks in which something moved"),
        "one_trace": Gap(None, _NO_STATE, same_trace_unchecked),
    },
    "tron memory": {
        **_OF_MEMORY,
        "earlier_balances": Gap(None, "it knows the blocks of what it was given", earlier_balances_by_height),
        **dict.fromkeys(_NONCES, Gap(NotSupported, "transactions of TRON have no nonces")),
    },
    "tron trongrid": _OF_TRON,
    "tron fullnode": {
        **_OF_FULLNODE,
        "movements": Gap(None, "whether it keeps internal transactions is not told", all_and_may_be_missing),
    },
    "tron fullnode that keeps internals": _OF_FULLNODE,
    "tron rpc": {
        **_OF_TRON,
        "movements": Gap(None, "fees, calls and TRC-10 are not told", calls_are_missing),
        "internal_calls": Gap(None, "internal transactions are not told", calls_are_missing),
        "token_movements": Gap(None, "whose balance an issue changed is not told", tokens_but_issues),
        "values": Gap(None, "of what a value is, is not told", values_of_what),
        "fees": Gap(None, "fees are not told", fees_are_missing),
        "memos": Gap(None, "memos are not told", memos_untold),
        "token_histories": Gap(None, "whose balance an issue changed is not told", tokens_but_the_issuers),
        "token_checks": Gap(None, "whose balance an issue changed is not told", tokens_by_balances),
        "native_histories": Gap(NotSupported, "transfers of TRX are not listed"),
        "native_checks": Gap(None, "transfers of TRX are not listed", native_unknown),
        "numbered_histories": Gap(NotSupported, "transfers of TRC-10 are not listed"),
        "numbered_balances": Gap(NotSupported, "balances of TRC-10 are not told"),
    },
    "tron csv": {
        **_OF_EXPORTS,
        "another_chain": Gap(None, "the table does not say of which chain it is", chain_untold),
        "block_refs": Gap(NotSupported, "the table does not tell block hashes"),
        "empty_block_refs": Gap(NotSupported, "the table does not tell block hashes"),
        "internal_calls": Gap(None, "calls are no rows of transfers", calls_in_no_row),
        "failed_transactions": Gap(None, "what failed transferred nothing", failures_in_no_row),
        "values": Gap(None, "a value is a row like any other", values_of_the_coin),
        "fees": Gap(None, "fees are not told", fees_are_missing),
        "senders": Gap(None, "who signed is not told", senders_untold),
        "memos": Gap(None, "memos are not told", memos_untold),
    },
}
#: Kind of source -> question -> why it cannot answer. A kind that learns must lose its mark: the test fails else.
GAPS: dict[str, dict[str, Gap]] = {
    prefix + kind: gaps
    for kind, gaps in _LIVE.items()
    for prefix in ("", "recorded ")
    if not (prefix and kind.endswith(" memory"))
}
