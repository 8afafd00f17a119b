"""Receipts: bytes, bloom filters, and what nodes tell."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptotrace.chains.evm.address import address_of
from cryptotrace.chains.evm.receipt import (
    Log,
    Receipt,
    bloom_of,
    decode_receipt,
    encode_receipt,
    from_rpc,
    log_from_rpc,
)
from cryptotrace.errors import ChainError, MalformedBytes, UnsupportedChain

_LOGS = st.builds(
    Log,
    st.binary(min_size=20, max_size=20).map(address_of),
    st.lists(st.binary(min_size=32, max_size=32), max_size=4).map(tuple),
    st.binary(max_size=80),
)


def _receipt(logs: tuple[Log, ...], **changes: Any) -> Receipt:
    made = Receipt(type=2, succeeded=True, cumulative_gas=21000, bloom=bloom_of(logs), logs=logs)
    return replace(made, **changes)


_LOG = Log(address_of(b"\x11" * 20), (b"\x01" * 32, b"\x02" * 32), b"\xff")


@given(st.lists(_LOGS, max_size=4).map(tuple), st.integers(0, 4), st.integers(0, 2**64 - 1), st.booleans())
def test_what_is_written_is_read(logs: tuple[Log, ...], kind: int, gas: int, ok: bool) -> None:
    made = _receipt(logs, type=kind, cumulative_gas=gas, succeeded=ok)
    assert decode_receipt(encode_receipt(made)) == made


def test_before_byzantium_a_state_root_stands_for_the_outcome() -> None:
    made = _receipt((_LOG,), type=0, succeeded=None, state_root="ab" * 32)
    read = decode_receipt(encode_receipt(made))
    assert read == made
    assert read.succeeded is None
    with pytest.raises(MalformedBytes, match="legacy receipts only"):
        decode_receipt(b"\x02" + encode_receipt(made))


@given(st.data())
def test_a_changed_byte_never_gives_the_same_receipt(data: st.DataObject) -> None:
    raw = bytearray(encode_receipt(_receipt((_LOG,))))
    honest = decode_receipt(bytes(raw))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        read = decode_receipt(bytes(raw))
    except ChainError:
        return
    assert read != honest
    assert encode_receipt(read) == bytes(raw)


def test_a_bloom_filter_that_is_not_of_the_logs_is_refused() -> None:
    with pytest.raises(MalformedBytes, match=r"bloom.*\(field receipt\.bloom"):
        decode_receipt(encode_receipt(_receipt((_LOG,), bloom=bytes(256))))


def test_types_and_topics_beyond_what_there_is_are_refused() -> None:
    with pytest.raises(UnsupportedChain, match="0x7e"):
        encode_receipt(_receipt((), type=0x7E))
    with pytest.raises(UnsupportedChain, match="0x7e"):
        decode_receipt(b"\x7e\xc0")
    with pytest.raises(MalformedBytes, match="no byte of a type"):
        decode_receipt(b"\x00" + encode_receipt(_receipt((), type=0)))
    five = Log(_LOG.address, (b"\x01" * 32,) * 5, b"")
    with pytest.raises(MalformedBytes, match="at most 4 topics"):
        decode_receipt(encode_receipt(_receipt((five,))))
    with pytest.raises(MalformedBytes, match="status of 0 or 1"):
        decode_receipt(encode_receipt(_receipt((), type=0, succeeded=None, state_root="02")))
    with pytest.raises(MalformedBytes):
        decode_receipt(b"")


def _told(**changes: Any) -> dict[str, Any]:
    log = {"address": "0x" + "11" * 20, "topics": ["0x" + "01" * 32, "0x" + "02" * 32], "data": "0xff"}
    return {
        "type": "0x2",
        "status": "0x1",
        "cumulativeGasUsed": "0x5208",
        "gasUsed": "0x5208",
        "effectiveGasPrice": "0x7",
        "logsBloom": "0x" + bloom_of([_LOG]).hex(),
        "logs": [log | {"logIndex": "0x4"}],
        "transactionHash": "0x" + "cc" * 32,
        "transactionIndex": "0x3",
        "contractAddress": None,
    } | changes


def test_a_told_receipt_keeps_what_the_bytes_do_not_have() -> None:
    read = from_rpc(_told(l1Fee="0x9", l1FeeScalar="0.684", blobGasUsed="0x20000", blobGasPrice="0x1"))
    assert (read.gas_used, read.effective_gas_price, read.l1_fee) == (21000, 7, 9)
    assert (read.blob_gas_used, read.blob_gas_price) == (0x20000, 1)
    assert (read.index, read.first_log, read.transaction) == (3, 4, "cc" * 32)
    assert read.extra == ("l1FeeScalar",)
    assert read.logs == (_LOG,)
    assert decode_receipt(encode_receipt(read)).logs == read.logs


def test_a_told_receipt_of_another_type_is_kept() -> None:
    read = from_rpc(_told(type="0x7e", depositNonce="0x1"))
    assert read.type == 0x7E
    assert read.extra == ("depositNonce",)


def test_an_unknown_outcome_stays_unknown() -> None:
    assert from_rpc(_told(status=None)).succeeded is None
    old = from_rpc(_told(status=None, root="0x" + "dd" * 32))
    assert (old.succeeded, old.state_root) == (None, "dd" * 32)
    assert from_rpc(_told(status="0x0")).succeeded is False
    with pytest.raises(MalformedBytes, match="status of 0 or 1"):
        from_rpc(_told(status="0x2"))


def test_a_told_bloom_filter_is_held_against_the_logs() -> None:
    with pytest.raises(MalformedBytes, match="logsBloom"):
        from_rpc(_told(logsBloom="0x" + "01" * 256))
    empty = from_rpc(_told(logsBloom="0x" + "00" * 256))
    assert empty.extra == ("logsBloom",)
    assert empty.bloom == bloom_of([_LOG])


def test_logs_stand_in_their_order() -> None:
    first, second = ({**_told()["logs"][0], "logIndex": hex(n)} for n in (4, 5))
    double = {"logsBloom": None}
    assert from_rpc(_told(logs=[first, second], **double)).first_log == 4
    with pytest.raises(MalformedBytes, match="order of their logIndex"):
        from_rpc(_told(logs=[second, first], **double))
    with pytest.raises(MalformedBytes, match=r"receipt\.logs\[0\]\.address"):
        from_rpc(_told(logs=[{**first, "address": "0x11"}]))
    with pytest.raises(MalformedBytes, match="list of logs"):
        from_rpc(_told(logs=None))


def test_a_log_alone_is_read() -> None:
    assert log_from_rpc(_told()["logs"][0]) == _LOG
    with pytest.raises(MalformedBytes, match="at most 4 topics"):
        log_from_rpc({**_told()["logs"][0], "topics": ["0x" + "00" * 32] * 5})
