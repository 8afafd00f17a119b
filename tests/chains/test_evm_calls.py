"""Calls to contracts and what comes back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from cryptotrace.chains.evm import calls
from cryptotrace.chains.evm.address import address_of
from cryptotrace.chains.evm.calls import (
    Call,
    call_data,
    decode_call,
    read_address,
    read_decimals,
    read_integer,
    read_text,
    read_truth,
    selector,
)
from cryptotrace.errors import MalformedBytes

_A, _B = (address_of(bytes([n]) * 20) for n in (2, 3))


def test_selectors_are_those_that_everybody_knows() -> None:
    """Values as the contract ABI tools of Ethereum print them."""
    known = {
        "transfer(address,uint256)": "a9059cbb",
        "transferFrom(address,address,uint256)": "23b872dd",
        "approve(address,uint256)": "095ea7b3",
        calls.BALANCE_OF: "70a08231",
        calls.DECIMALS: "313ce567",
        calls.SYMBOL: "95d89b41",
        calls.NAME: "06fdde03",
        calls.TOTAL_SUPPLY: "18160ddd",
        calls.OWNER: "8da5cb5b",
        calls.SUPPORTS_INTERFACE: "01ffc9a7",
        "isBlackListed(address)": "e47d6060",
        "getBlackListStatus(address)": "59bf1abe",
        "isBlacklisted(address)": "fe575a87",
        "isFrozen(address)": "e5839836",
    }
    assert {signature: selector(signature).hex() for signature in known} == known


def test_a_call_is_written_as_it_is_read() -> None:
    raw = call_data("transferFrom(address,address,uint256)", _A, _B, 2**256 - 1)
    assert len(raw) == 4 + 96
    assert decode_call(raw) == Call("transferFrom(address,address,uint256)", (_A, _B, 2**256 - 1))
    assert decode_call(raw + b"more") == decode_call(raw)
    assert call_data(calls.DECIMALS) == selector(calls.DECIMALS)
    assert decode_call(call_data("deposit()")) == Call("deposit()", ())
    assert call_data(calls.SUPPORTS_INTERFACE, b"\x80\xac\x58\xcd")[4:8] == b"\x80\xac\x58\xcd"
    assert decode_call(b"") is decode_call(b"\x12\x34\x56\x78" + bytes(64)) is None
    with pytest.raises(MalformedBytes, match="a word of 32 bytes"):
        decode_call(raw[:-1])


@pytest.mark.parametrize("arguments", [(), ("0x12",), (2**256,), (_A, _A), (True,)])
def test_an_argument_that_is_none_is_refused(arguments: tuple[str | int, ...]) -> None:
    with pytest.raises(MalformedBytes, match="cannot call balanceOf"):
        call_data(calls.BALANCE_OF, *arguments)


@pytest.mark.parametrize("read", [read_integer, read_decimals, read_address, read_truth, read_text])
def test_nothing_returned_is_no_answer(read: Callable[[bytes], object]) -> None:
    with pytest.raises(MalformedBytes, match="returned nothing"):
        read(b"")
    with pytest.raises(MalformedBytes):
        read(b"\x01")


def test_answers_of_one_word() -> None:
    word = (6).to_bytes(32, "big")
    assert read_integer(word) == read_decimals(word) == 6
    assert read_integer(b"\xff" * 32) == 2**256 - 1
    with pytest.raises(MalformedBytes, match="at most 8 bits"):
        read_decimals((256).to_bytes(32, "big"))
    assert read_address(bytes(12) + b"\x02" * 20) == _A
    with pytest.raises(MalformedBytes, match="no address"):
        read_address(b"\xff" * 32)


def test_only_a_clear_yes_or_no_is_one() -> None:
    assert read_truth((1).to_bytes(32, "big")) is True
    assert read_truth(bytes(32)) is False
    for bad in (b"\xff" * 32, (2).to_bytes(32, "big"), bytes(31), bytes(64)):
        with pytest.raises(MalformedBytes):
            read_truth(bad)


@given(st.text(max_size=100))
def test_a_string_is_read_as_it_was_written(text: str) -> None:
    assert read_text(encode(["string"], [text])) == text


def test_a_symbol_of_32_bytes_is_read() -> None:
    assert read_text(b"MKR".ljust(32, b"\0")) == "MKR"
    assert read_text(bytes(32)) == ""


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ((64).to_bytes(32, "big") + bytes(32), "leads beyond"),
        (b"\xff" * 64, "leads beyond"),
        ((32).to_bytes(32, "big") + (2**255).to_bytes(32, "big"), "cannot stand"),
        ((32).to_bytes(32, "big") + (5).to_bytes(32, "big") + b"abc", "cannot stand"),
        (b"\xff\xfe" + bytes(30), "not UTF-8"),
        (encode(["string"], ["x" * 5000]), "at most 4096"),
    ],
)
def test_foreign_text_is_refused_with_its_reason(raw: bytes, reason: str) -> None:
    with pytest.raises(MalformedBytes, match=reason):
        read_text(raw)


@given(st.binary(max_size=200))
def test_any_bytes_give_a_typed_result_or_a_refusal(raw: bytes) -> None:
    for read in (read_integer, read_decimals, read_address, read_truth, read_text, decode_call):
        try:
            read(raw)
        except MalformedBytes:
            continue
