"""Events: what a log says."""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st
from tests.chains.evm_blocks import RPC_RECEIPTS, rpc_receipts

from cryptotrace.chains.evm import topics
from cryptotrace.chains.evm.abi import (
    Approval,
    Change,
    Freeze,
    Standard,
    Supply,
    TokenTransfer,
    UserOperation,
    Wrapping,
    read_log,
)
from cryptotrace.chains.evm.address import address_of
from cryptotrace.chains.evm.receipt import Log
from cryptotrace.chains.evm.topics import topic_of
from cryptotrace.errors import MalformedBytes

_CONTRACT, _A, _B, _C = (address_of(bytes([n]) * 20) for n in (1, 2, 3, 4))
_MOST = 2**256 - 1


def _log(signature: str, indexed: int, *arguments: Any) -> Log:
    types = signature.partition("(")[2].removesuffix(")").split(",")
    first = [encode([kind], [value]) for kind, value in zip(types[:indexed], arguments[:indexed], strict=True)]
    return Log(_CONTRACT, (topic_of(signature), *first), encode(types[indexed:], arguments[indexed:]))


def test_a_transfer_is_read_by_its_number_of_topics() -> None:
    erc20 = TokenTransfer(_CONTRACT, Standard.ERC20, _A, _B, _MOST)
    assert read_log(_log(topics.TRANSFER, 2, _A, _B, _MOST)) == (erc20,)
    erc721 = TokenTransfer(_CONTRACT, Standard.ERC721, _A, _B, 1, _MOST)
    assert read_log(_log(topics.TRANSFER, 3, _A, _B, _MOST)) == (erc721,)


@pytest.mark.parametrize("indexed", [0, 1])
def test_an_odd_transfer_says_what_is_assumed(indexed: int) -> None:
    (read,) = read_log(_log(topics.TRANSFER, indexed, _A, _B, 5))
    assert isinstance(read, TokenTransfer)
    assert (read.standard, read.payer, read.payee, read.units) == (Standard.UNCLEAR, _A, _B, 5)
    assert "amount or the id" in read.assumed
    assert ("payee instead of the payer" in read.assumed) == (indexed == 1)


def test_a_batch_says_several_things() -> None:
    single = read_log(_log(topics.TRANSFER_SINGLE, 3, _C, _A, _B, 7, 9))
    assert single == (TokenTransfer(_CONTRACT, Standard.ERC1155, _A, _B, 9, 7, _C),)
    batch = read_log(_log(topics.TRANSFER_BATCH, 3, _C, _A, _B, [7, _MOST], [9, 0]))
    assert [(each.token_id, each.units, each.operator) for each in batch if isinstance(each, TokenTransfer)] == [
        (7, 9, _C),
        (_MOST, 0, _C),
    ]
    with pytest.raises(MalformedBytes, match="2 ids and 1 amounts"):
        read_log(_log(topics.TRANSFER_BATCH, 3, _C, _A, _B, [7, 8], [9]))
    with pytest.raises(MalformedBytes, match="3 indexed arguments expected, found 2"):
        read_log(_log(topics.TRANSFER_BATCH, 2, _C, _A, _B, [7], [9]))


def test_wrapping_approval_and_supply() -> None:
    assert read_log(_log(topics.DEPOSIT, 1, _A, 5)) == (Wrapping(_CONTRACT, _A, 5, is_deposit=True),)
    assert read_log(_log(topics.WITHDRAWAL, 1, _A, 5)) == (Wrapping(_CONTRACT, _A, 5, is_deposit=False),)
    assert read_log(_log(topics.APPROVAL, 2, _A, _B, _MOST)) == (Approval(_CONTRACT, _A, _B, _MOST, Standard.ERC20),)
    assert read_log(_log(topics.APPROVAL, 3, _A, _B, 4)) == (Approval(_CONTRACT, _A, _B, 4, Standard.ERC721),)
    assert read_log(_log(topics.ISSUE, 0, 5)) == (Supply(_CONTRACT, 5, Change.ISSUED),)
    assert read_log(_log(topics.REDEEM, 0, 5)) == (Supply(_CONTRACT, 5, Change.REDEEMED),)


@pytest.mark.parametrize("indexed", [0, 1])
@pytest.mark.parametrize("signature", [*topics.FROZEN, *topics.UNFROZEN, *topics.DESTROYED])
def test_freezing_is_read_whether_the_account_is_indexed_or_not(signature: str, indexed: int) -> None:
    """Tether's contracts on Ethereum and on TRON differ in that."""
    has_units = signature.endswith("uint256)")
    (read,) = read_log(_log(signature, indexed, _A, *([8] if has_units else [])))
    assert isinstance(read, Freeze)
    assert (read.contract, read.account, read.units) == (_CONTRACT, _A, 8 if has_units else None)
    lists = {Change.FROZEN: topics.FROZEN, Change.UNFROZEN: topics.UNFROZEN, Change.DESTROYED: topics.DESTROYED}
    assert signature in lists[read.change]


def test_a_user_operation_tells_who_pays() -> None:
    (read,) = read_log(_log(topics.USER_OPERATION, 3, b"\x09" * 32, _A, _B, 2**200, False, 10**15, 9999))
    assert read == UserOperation(_CONTRACT, b"\x09" * 32, _A, _B, 2**200, False, 10**15, 9999)
    (own,) = read_log(_log(topics.USER_OPERATION, 3, b"\x09" * 32, _A, "0x" + "00" * 20, 1, True, 1, 1))
    assert isinstance(own, UserOperation)
    assert own.paymaster is None
    with pytest.raises(MalformedBytes, match="3 indexed arguments expected"):
        read_log(_log(topics.USER_OPERATION, 2, b"\x09" * 32, _A, _B, 1, True, 1, 1))


def test_what_is_not_read_says_nothing() -> None:
    assert read_log(Log(_CONTRACT, (), b"abc")) == ()
    assert read_log(Log(_CONTRACT, (b"\x07" * 32,), b"")) == ()
    assert read_log(Log(_CONTRACT, (topic_of(topics.SWAPS[0]),), b"")) == ()


@pytest.mark.parametrize(
    ("log", "reason"),
    [
        (Log(_CONTRACT, (topic_of(topics.TRANSFER), bytes(32), bytes(32)), b""), "96 bytes expected, 64 found"),
        (Log(_CONTRACT, (topic_of(topics.TRANSFER), bytes(32), bytes(32)), bytes(64)), "96 bytes expected, 128"),
        (Log(_CONTRACT, (topic_of(topics.TRANSFER), b"\x01" * 32, bytes(32)), bytes(32)), "is no address"),
        (Log(_CONTRACT, (topic_of(topics.DEPOSIT), bytes(32), bytes(32), bytes(32)), b""), "at most 2 indexed"),
        (Log(_CONTRACT, (topic_of(topics.TRANSFER_BATCH), *[bytes(32)] * 3), b"\xff" * 64), "leads beyond"),
        (Log(_CONTRACT, (topic_of(topics.TRANSFER_BATCH), *[bytes(32)] * 3), b""), "a word of 32 bytes"),
    ],
)
def test_a_known_topic_with_a_rest_that_does_not_fit_is_refused(log: Log, reason: str) -> None:
    with pytest.raises(MalformedBytes, match=reason):
        read_log(log)


@given(st.sampled_from(topics.READ), st.lists(st.binary(min_size=32, max_size=32), max_size=3), st.binary(max_size=300))
def test_any_log_is_read_or_refused(signature: str, indexed: list[bytes], data: bytes) -> None:
    log = Log(_CONTRACT, (topic_of(signature), *indexed), data)
    try:
        read_log(log)
    except MalformedBytes:
        return


@pytest.mark.shared
def test_the_recorded_logs_are_all_read() -> None:
    """Two whole blocks: no log of a known event has a form that is not read."""
    counts: dict[str, int] = {}
    for path in RPC_RECEIPTS:
        for receipt in rpc_receipts(path):
            for log in receipt.logs:
                for event in read_log(log):
                    name = type(event).__name__
                    counts[name] = counts.get(name, 0) + 1
    assert counts["TokenTransfer"] == 365
    assert {"Wrapping", "Approval"} <= counts.keys()
