"""Refusals of nodes, sorted by what they mean; words as they are in use."""

from __future__ import annotations

import pytest
from tests.sources.evmchain import Node as Told
from tests.sources.evmchain import Refusal, Wire

from cryptotrace.errors import DataNotFound, MalformedBytes, NotSupported, SourceUnavailable
from cryptotrace.sources.evm.rpcread import (
    Node,
    data,
    fields_of,
    hash_of,
    is_busy,
    is_no_method,
    is_pruned,
    is_reverted,
    listed,
    quantity,
    tag,
)
from cryptotrace.sources.foreignjson import Field
from cryptotrace.sources.jsonrpc import BatchChannel, Reply


def refused(code: int, words: str) -> Reply:
    return Reply(Field(None, "answer", ""), words, code, "digest")


NO_METHOD = [
    (-32601, "Method not found"),
    (-32601, "the method debug_traceTransaction does not exist/is not available"),
    (-32004, "Method not supported"),
    (-32600, "Unsupported method: trace_filter. See available methods"),
    (403, "method not whitelisted: debug_traceTransaction"),
]
PRUNED = [
    (-32000, "missing trie node 19ca7 (path ) state 0x19 is not available"),
    (-32000, "required historical state unavailable (reexec=128)"),
    (-32002, "No state available for block 12 0x34; pruned"),
    (4444, "pruned history unavailable"),
    (-32000, "distance to target block exceeds maximum proof window"),
    (-32614, "this request requires an archive node"),
]
REVERTED = [
    (3, "execution reverted: not yours"),
    (-32015, "VM execution error."),
    (-32000, "execution reverted"),
    (-32000, "invalid opcode: INVALID"),
]
BUSY = [
    (429, "Your app has exceeded its compute units per second capacity"),
    (-32005, "daily request count exceeded, request rate limited"),
    (-32029, "Too Many Requests"),
]
OTHER = [(-32602, "invalid argument 0: hex string has length 3"), (-32005, "query returned more than 10000 results")]


@pytest.mark.parametrize(("code", "words"), [*NO_METHOD, *PRUNED, *REVERTED, *BUSY, *OTHER])
def test_each_refusal_means_one_thing(code: int, words: str) -> None:
    told = refused(code, words)
    found = [check(told) for check in (is_no_method, is_pruned, is_reverted, is_busy)]

    assert found == [(code, words) in group for group in (NO_METHOD, PRUNED, REVERTED, BUSY)]


def test_an_answer_is_no_refusal() -> None:
    told = Reply(Field("pruned, reverted, rate limit", "answer", ""), "", 0, "digest")

    assert not any(check(told) for check in (is_no_method, is_pruned, is_reverted, is_busy))


def node(told: Told) -> Node:
    return Node(BatchChannel(Wire(told), "rpc:x", version="2.0", target=""))


def refusing(code: int, words: str) -> Node:
    def refuse(*_: object) -> None:
        raise Refusal(code, words)

    return node(Told(instead={"eth_x": refuse}))


def test_a_refusal_becomes_the_error_that_says_what_to_do() -> None:
    for code, words, error, hint in (
        (-32601, "Method not found", NotSupported, "an explorer can"),
        (-32000, "missing trie node", NotSupported, "archive node has it"),
        (-32602, "invalid argument", SourceUnavailable, "refuses to tell it"),
    ):
        asked = refusing(code, words)
        with pytest.raises(error, match=hint):
            asked.found(asked.one("eth_x"), "it", "an explorer")
    with pytest.raises(SourceUnavailable, match="batch="):
        refusing(429, "slow down").many("eth_x", [()])


def test_null_is_an_answer_or_an_absence() -> None:
    asked = node(Told(instead={"eth_x": lambda: None}))

    assert asked.result(asked.one("eth_x"), "it").is_null
    with pytest.raises(DataNotFound, match="does not know it"):
        asked.found(asked.one("eth_x"), "it")
    assert asked.calls([]) == []


def field(value: object) -> Field:
    return Field(value, "answer", "x")


def test_numbers_and_bytes_are_read_strictly() -> None:
    assert quantity(field("0x0")) == 0
    assert quantity(field("0x" + "f" * 64)) == 2**256 - 1
    assert data(field("0x")) == b""
    assert data(field("0xAb"), 1) == b"\xab"
    assert hash_of(field("0x" + "AB" * 32)) == "ab" * 32
    assert tag(16) == "0x10"
    assert fields_of(field({"a": 1})) == {"a": 1}
    assert [each.value for each in listed(field([1, 2]))] == [1, 2]
    for read, value in (
        (quantity, "0x"),
        (quantity, "10"),
        (quantity, 16),
        (quantity, "0x" + "f" * 65),
        (quantity, "0x-1"),
        (data, "0xabc"),
        (data, "ab"),
        (hash_of, "0xab"),
        (fields_of, []),
        (listed, {}),
    ):
        with pytest.raises(MalformedBytes, match="x"):
            read(field(value))
    with pytest.raises(MalformedBytes, match="64 bits"):
        quantity(field("0x10000000000000000"), 64)
