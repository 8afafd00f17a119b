"""Objects as nodes tell them."""

from __future__ import annotations

import pytest

from cryptotrace.chains.evm.told import Told
from cryptotrace.errors import MalformedBytes


def test_quantities_pass_to_256_bits() -> None:
    told = Told({"a": "0x0", "b": "0x" + "f" * 64, "c": "0x0001", "d": None}, "it")
    assert told.quantity("a") == 0
    assert told.quantity("b") == 2**256 - 1
    assert told.quantity("c") == 1
    assert told.quantity_or_none("d") is None
    assert "d" not in told
    with pytest.raises(MalformedBytes, match="at most 64 bits"):
        told.quantity("b", 64)


@pytest.mark.parametrize(
    "bad", ["0x", "", "12", 12, 1.5, True, "0xg", "0x1" + "0" * 64, "0x１", ["0x1"], {"a": 1}, "0x1 "]
)
def test_what_is_no_quantity_is_refused_by_name(bad: object) -> None:
    with pytest.raises(MalformedBytes, match=r"it\.value"):
        Told({"value": bad}, "it").quantity("value")


@pytest.mark.parametrize("bad", ["0x1", "aa", None, 5, "0xzz"])
def test_what_are_no_bytes_is_refused(bad: object) -> None:
    with pytest.raises(MalformedBytes, match=r"it\.data"):
        Told({"data": bad}, "it").data("data")


def test_sizes_lists_and_objects() -> None:
    told = Told({"list": ["0xaa", "0xbb"], "objects": [{"x": "0x1"}], "bad": [1], "text": "abc", "yes": True}, "it")
    assert told.texts("list", 1) == [b"\xaa", b"\xbb"]
    with pytest.raises(MalformedBytes, match=r"it\.list\[0\]"):
        told.texts("list", 2)
    assert told.objects("objects")[0].quantity("x") == 1
    with pytest.raises(MalformedBytes, match=r"it\.bad\[0\]"):
        told.objects("bad")
    assert told.items("none") == []
    with pytest.raises(MalformedBytes, match="a list expected"):
        told.items("text")
    assert told.truth_or_none("yes") is True
    assert told.truth_or_none("no") is None
    with pytest.raises(MalformedBytes, match="true or false"):
        told.truth_or_none("text")
    assert told.unread({"list", "text"}) == ("bad", "objects", "yes")
    with pytest.raises(MalformedBytes, match="an object expected"):
        Told([1], "it")
    with pytest.raises(MalformedBytes, match="20 bytes expected"):
        Told({"a": "0x11"}, "it").address("a")
