"""What the sender of a transaction wrote with it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.chains.evm_trees import BOB, ETHEREUM, block, header, receipt, transaction

from cryptotrace.chains.evm.calls import call_data, selector
from cryptotrace.chains.evm.memo import LONGEST, memo_of
from cryptotrace.chains.evm.movements import account_transaction


@pytest.mark.parametrize(
    "text",
    [
        "invoice 4711",
        "Привет, это выкуп",
        "支付",
        "line one\nline two\ttab",
        "می\u200cخواهم",
        "12345",
        "x" * LONGEST,
    ],
)
def test_readable_text_is_what_the_sender_wrote(text: str) -> None:
    assert memo_of(transaction(data=text.encode()), receipt()) == text
    assert memo_of(transaction(data=text.encode()), None) == text


def test_a_long_text_is_cut_and_that_is_shown() -> None:
    memo = memo_of(transaction(data=("ж" * 5_000).encode()), receipt())
    assert memo == "ж" * (LONGEST - 1) + "…"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        call_data("transfer(address,uint256)", BOB, 5),
        call_data("deposit()"),
        selector("withdraw(uint256)") + b"\0" * 32,
    ],
)
def test_nothing_and_a_known_call_is_nothing_written(data: bytes) -> None:
    assert memo_of(transaction(data=data), receipt()) == ""


def test_the_code_of_a_new_contract_is_nothing_written() -> None:
    assert memo_of(transaction(to=None, data=b"readable text"), receipt()) == ""


@pytest.mark.parametrize(
    "data",
    [
        b"\x00",
        b"\xff\xfe",
        b"text\x00",
        b"\x1b[31mred",
        "turned \u202e round".encode(),
        b"   \n",
        b"\x12\x34\x56\x78" + bytes(32),
        selector("transfer(address,uint256)"),
    ],
)
def test_what_is_neither_text_nor_a_known_call_is_not_known(data: bytes) -> None:
    assert memo_of(transaction(data=data), receipt()) is None


@pytest.mark.parametrize(
    ("gas", "memo"), [(21_064, "mule"), (21_272, "mule"), (21_160, "mule"), (30_000, None), (None, None)]
)
def test_four_letters_may_name_a_function_unless_nothing_ran(gas: int | None, memo: str | None) -> None:
    """16 gas a byte since Istanbul, 68 before it, at least 40 since Prague."""
    assert memo_of(transaction(data=b"mule"), receipt(gas_used=gas)) == memo
    assert memo_of(transaction(data=b"mule"), None) is None


def test_the_memo_stands_in_the_transaction_also_if_it_failed() -> None:
    for succeeded in (True, False):
        made = account_transaction(
            transaction(data=b"for the goods"),
            receipt(succeeded=succeeded),
            None,
            network=ETHEREUM,
            header=header(),
            block=block(),
            index=0,
            evidence="",
        )
        assert made.memo == "for the goods"


@given(st.binary(max_size=300))
def test_whatever_stands_in_the_data_gives_text_nothing_or_unknown(data: bytes) -> None:
    memo = memo_of(transaction(data=data), receipt())
    assert memo is None or len(memo) <= LONGEST
    assert (memo == "") <= (not data or data[:4] in {selector("deposit()")} or len(data) >= 4)
