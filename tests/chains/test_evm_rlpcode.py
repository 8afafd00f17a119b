"""RLP: the library writes, own code reads, and they agree."""

from __future__ import annotations

import json
from typing import Any

import pytest
import rlp
from hypothesis import given
from hypothesis import strategies as st

from cryptotrace.chains.evm import rlpcode
from cryptotrace.chains.evm.rlpcode import Item
from cryptotrace.errors import MalformedBytes

_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.binary(max_size=70), lambda inner: st.lists(inner, max_size=5), max_leaves=30
)


def _plain(item: Item) -> Any:
    return [_plain(each) for each in item.items()] if item.is_list else item.data()


def _depth(value: Any) -> int:
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list) else 0


@given(_VALUES)
def test_what_is_written_is_read(value: Any) -> None:
    raw = rlpcode.encode(value)
    if _depth(value) > 8:
        with pytest.raises(MalformedBytes, match="deeper"):
            rlpcode.decode(raw, "it")
    else:
        assert _plain(rlpcode.decode(raw, "it")) == value


@given(st.binary(max_size=8))
def test_any_few_bytes_are_read_as_the_library_reads_them_or_refused_by_both(raw: bytes) -> None:
    try:
        theirs = json.dumps(rlp.decode(raw, strict=True), default=bytes.hex)
    except rlp.exceptions.DecodingError:
        with pytest.raises(MalformedBytes):
            rlpcode.decode(raw, "it")
        return
    ours = _plain(rlpcode.decode(raw, "it"))  # eight bytes are not nested deeper than eight
    assert json.dumps(ours, default=bytes.hex) == theirs
    assert rlpcode.encode(ours) == raw


@pytest.mark.parametrize(
    ("raw", "reason", "offset"),
    [
        ("", "truncated", 0),
        ("8100", "stands for itself", 0),
        ("b838", "truncated", 0),
        ("b80161", "shortest form", 0),
        ("b90038" + "61" * 56, "shortest form", 0),
        ("c28100", "stands for itself", 1),
        ("c2820161", "bytes", 1),
        ("c161ff", "1 bytes after the end", 2),
        ("bfffffffffffffffff", "truncated", 0),
        ("ffffffffffffffffffff", "truncated", 0),
        ("c1" * 3000 + "c0", "truncated", 0),
    ],
)
def test_a_refusal_names_the_reason_and_the_offset(raw: str, reason: str, offset: int) -> None:
    with pytest.raises(MalformedBytes, match=reason) as caught:
        rlpcode.decode(bytes.fromhex(raw), "it")
    assert caught.value.field == "it"
    assert caught.value.offset >= offset


def test_nesting_and_number_of_items_are_bounded() -> None:
    deep: Any = b""
    for _ in range(2000):
        deep = bytes([0xC0 + len(deep)]) + deep if len(deep) < 56 else b"\xf9" + len(deep).to_bytes(2, "big") + deep
        if 56 <= len(deep) < 256:
            deep = b"\xf8" + bytes([len(deep)]) + deep
    with pytest.raises(MalformedBytes, match=r"deeper|shortest"):
        rlpcode.decode(deep, "it")
    wide = b"\xc0" * 600_000
    with pytest.raises(MalformedBytes, match="more than 500000 items"):
        rlpcode.decode(b"\xfa" + len(wide).to_bytes(3, "big") + wide, "it")


def test_numbers_pass_to_256_bits_and_are_written_shortest() -> None:
    for number in (0, 1, 127, 128, 2**64, 2**256 - 1):
        assert rlpcode.decode(rlpcode.encode(number), "n").integer() == number
    with pytest.raises(MalformedBytes, match="256 bits expected, 257"):
        rlpcode.decode(rlpcode.encode(2**256), "n").integer()
    with pytest.raises(MalformedBytes, match="leading zero"):
        rlpcode.decode(b"\x82\x00\x01", "n").integer()
    with pytest.raises(MalformedBytes, match="a list found"):
        rlpcode.decode(b"\xc0", "n").integer()


def test_fields_are_named_in_refusals() -> None:
    item = rlpcode.decode(rlpcode.encode([b"a", [b"b", b"cc"]]), "whole")
    inner = item.named(("first", "rest"))["rest"].items()[1]
    with pytest.raises(MalformedBytes, match=r"whole\.rest\[1\]") as caught:
        inner.data(20)
    assert caught.value.offset == 4
    with pytest.raises(MalformedBytes, match="3 items expected, 2 found"):
        item.named(("a", "b", "c"))
    with pytest.raises(MalformedBytes, match="a list expected"):
        rlpcode.decode(b"a", "it").items()
    assert rlpcode.decode(b"\x80", "to").address_or_none() is None
    with pytest.raises(MalformedBytes, match="20 bytes expected, 1 found"):
        rlpcode.decode(b"a", "to").address()
