"""Events that are told by name become the topics and the data that they were."""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from cryptotrace.chains.evm.hashes import keccak256
from cryptotrace.errors import MalformedBytes
from cryptotrace.sources.foreignjson import Field
from cryptotrace.sources.tron.events import name_of, rebuilt


def _row(event: str, *values: Any) -> Field:
    result = {str(number): value for number, value in enumerate(values)}
    return Field({"event": event, "result": result}, "the row", "")


@given(
    st.binary(min_size=20, max_size=20), st.integers(0, 2**256 - 1), st.integers(-(2**255), 2**255 - 1), st.booleans()
)
def test_what_it_makes_is_the_abi_encoding(address: bytes, big: int, signed: int, flag: bool) -> None:
    event = "E(address indexed who, uint256 units, int256 indexed change, bool flag, bytes4 kind)"
    made = rebuilt(_row(event, f"0x{address.hex()}", str(big), str(signed), str(flag).lower(), "0xa9059cbb"))
    assert made is not None
    topics, data = made
    assert topics == (
        keccak256(b"E(address,uint256,int256,bool,bytes4)"),
        bytes(12) + address,
        encode(["int256"], [signed]),
    )
    assert data == encode(["uint256", "bool", "bytes4"], [big, flag, bytes.fromhex("a9059cbb")])


def test_short_names_of_types_are_hashed_in_full() -> None:
    made = rebuilt(_row("Issue(uint amount)", "5"))
    assert made == ((keccak256(b"Issue(uint256)"),), (5).to_bytes(32, "big"))
    assert rebuilt(_row("Pause()")) == ((keccak256(b"Pause()"),), b"")


@pytest.mark.parametrize(
    "row",
    [
        _row("Named(string name)", "x"),
        _row("Many(uint256[] units)", "1"),
        _row("Bytes(bytes raw)", "0x11"),
        _row("Short(bytes4 kind)", "0x11"),
        _row("Flag(bool flag)", "perhaps"),
        _row("Gone(uint256 units)"),
        _row("no form", "1"),
        Field({"result": {}}, "the row", ""),
    ],
)
def test_what_its_arguments_do_not_tell_is_not_made_up(row: Field) -> None:
    assert rebuilt(row) is None


@pytest.mark.parametrize(
    "row",
    [
        _row("E(uint256 a)", "-1"),
        _row("E(uint256 a)", str(2**256)),
        _row("E(uint256 a)", "x"),
        _row("E(address a)", "T"),
    ],
)
def test_values_that_their_type_cannot_have_are_refused(row: Field) -> None:
    with pytest.raises(MalformedBytes):
        rebuilt(row)


def test_names_by_which_events_are_asked_for() -> None:
    assert name_of(keccak256(b"AddedBlackList(address)")) == "AddedBlackList"
    assert name_of(keccak256(b"Other(address)")) is None
    assert name_of(None) is None
