"""What an EVM node says, sorted: an answer, a refusal that means "not here", and one that means "not now".

Nodes share the code of a refusal for few things, so their words are looked at too.

Source: Ethereum JSON-RPC specification (execution-apis); EIP-1474 (error codes); JSON-RPC 2.0 (-32601).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from cryptotrace.errors import DataNotFound, NotSupported, SourceUnavailable
from cryptotrace.sources.foreignjson import Field
from cryptotrace.sources.jsonrpc import Call, Channel, Parameter, Reply

_NO_METHOD_CODES = frozenset({-32601, -32004})
_NO_METHOD = re.compile(
    r"method not found|method .{0,60}(not (supported|available|allowed|found|enabled)|does not exist|disabled)"
    r"|unsupported method|unknown method|not whitelisted",
    re.IGNORECASE,
)
_PRUNED = re.compile(
    r"missing trie node|pruned|archive|state .{0,80}(not available|unavailable|not found|missing)|historical state"
    r"|history .{0,40}(not available|unavailable)|no state|header not found|proof window|distance to target block",
    re.IGNORECASE,
)
_REVERTED_CODES = frozenset({3, -32015})
_REVERTED = re.compile(r"revert|invalid opcode|invalid jump|bad instruction|vm execution error", re.IGNORECASE)
_BUSY_CODES = frozenset({429, -32029})
_BUSY = re.compile(r"rate limit|rate-limit|too many requests|request limit|capacity|compute units|quota", re.IGNORECASE)


def is_no_method(reply: Reply) -> bool:
    """True if the node does not have the method, or does not give it to us."""
    return bool(reply.code) and (reply.code in _NO_METHOD_CODES or bool(_NO_METHOD.search(reply.error)))


def is_pruned(reply: Reply) -> bool:
    """True if the node has dropped the state that the question is about."""
    return bool(reply.code) and bool(_PRUNED.search(reply.error))


def is_reverted(reply: Reply) -> bool:
    """True if a call ran and was taken back."""
    return bool(reply.code) and (reply.code in _REVERTED_CODES or bool(_REVERTED.search(reply.error)))


def is_busy(reply: Reply) -> bool:
    """True if we ask too much, not the wrong thing."""
    return bool(reply.code) and (reply.code in _BUSY_CODES or bool(_BUSY.search(reply.error)))


class Node:
    """Asks an EVM node and tells its refusals apart.

    Args:
        channel: HTTP, a provider, or a recording.
    """

    def __init__(self, channel: Channel) -> None:
        self.name = channel.name
        self.channel = channel

    def many(self, method: str, rows: Sequence[Sequence[Parameter]]) -> list[Reply]:
        """One reply for each row of parameters, in order.

        Raises:
            SourceUnavailable: the node says that we ask too much.
        """
        return self.calls([Call(method, tuple(row)) for row in rows])

    def one(self, method: str, *parameters: Parameter) -> Reply:
        """The reply to one question.

        Raises:
            SourceUnavailable: the node says that we ask too much.
        """
        return self.calls([Call(method, parameters)])[0]

    def calls(self, calls: Sequence[Call]) -> list[Reply]:
        """One reply for each call, in order.

        Raises:
            SourceUnavailable: the node says that we ask too much.
        """
        replies = self.channel.call(calls) if calls else []
        for reply in replies:
            if is_busy(reply):
                raise SourceUnavailable(
                    f"{self.name} limits how much it is asked ({reply.error:.120}); set options rate= (requests a "
                    "minute) and batch= (questions in one request) lower. What was fetched is kept"
                )
        return replies

    def result(self, reply: Reply, what: str, who: str = "another node") -> Field:
        """The result of a reply about ``what``; null is an answer here.

        Raises:
            NotSupported: the node has no such method, or has dropped the state; ``who`` can answer.
            SourceUnavailable: it refuses for another reason.
        """
        if not reply.code:
            return reply.result
        if is_no_method(reply):
            raise NotSupported(f"{self.name} cannot tell {what}: {reply.error:.120}; {who} can")
        if is_pruned(reply):
            raise NotSupported(
                f"{self.name} has dropped the state that {what} needs ({reply.error:.120}); an archive node has it"
            )
        raise SourceUnavailable(f"{self.name} refuses to tell {what}: {reply.error:.200} (code {reply.code})")

    def found(self, reply: Reply, what: str, who: str = "another node") -> Field:
        """The result of a reply about ``what``; null means that the node does not have it.

        Raises:
            DataNotFound: null.
            NotSupported: the node has no such method, or has dropped the state; ``who`` can answer.
            SourceUnavailable: it refuses for another reason.
        """
        result = self.result(reply, what, who)
        if result.is_null:
            raise DataNotFound(f"{self.name} does not know {what}")
        return result


def quantity(field: Field, bits: int = 256) -> int:
    """A number of at most so many bits, as hex text with ``0x``.

    Raises:
        MalformedBytes: something else; the error names the field.
    """
    text = field.text()
    if not re.fullmatch(r"0[xX][0-9a-fA-F]{1,64}", text, re.ASCII) or int(text, 16).bit_length() > bits:
        raise field.refuse(f"hex text of a number of at most {bits} bits")
    return int(text, 16)


def data(field: Field, size: int | None = None) -> bytes:
    """Bytes as hex text with ``0x``, exactly ``size`` of them if that is given.

    Raises:
        MalformedBytes: something else; the error names the field.
    """
    text = field.text()
    if not re.fullmatch(r"0[xX]([0-9a-fA-F]{2})*", text, re.ASCII) or size not in (None, len(text) // 2 - 1):
        raise field.refuse("hex text of bytes" if size is None else f"hex text of {size} bytes")
    return bytes.fromhex(text[2:])


def hash_of(field: Field) -> str:
    """Thirty-two bytes as 64 lower-case hex digits without ``0x``.

    Raises:
        MalformedBytes: something else; the error names the field.
    """
    return data(field, 32).hex()


def fields_of(field: Field) -> dict[str, object]:
    """An object as a plain dictionary, for the readers of ``cryptotrace.chains.evm``.

    Raises:
        MalformedBytes: not an object; the error names the field.
    """
    if not isinstance(field.value, dict):
        raise field.refuse("an object")
    return field.value


def listed(field: Field) -> list[Field]:
    """The items of a list.

    Raises:
        MalformedBytes: not a list; the error names the field.
    """
    return list(field.items())


def tag(height: int) -> str:
    """A height as a node wants it."""
    return hex(height)
