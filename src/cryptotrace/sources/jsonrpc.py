"""JSON-RPC: questions with a method and parameters, over HTTP in batches, over lines, or from a recording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from cryptotrace.errors import DataNotFound, MalformedBytes, SourceError, SourceLied, SourceUnavailable
from cryptotrace.evidence.canonical import canonical_json
from cryptotrace.evidence.recorder import Recording
from cryptotrace.model.block import Tip
from cryptotrace.sources.foreignjson import Field, parse_json
from cryptotrace.sources.transport import Request, Transport

Parameter = str | int | bool | None | Sequence["Parameter"] | dict[str, "Parameter"]


@dataclass(frozen=True, slots=True)
class Call:
    """One question."""

    method: str
    """Name of the method."""
    parameters: tuple[Parameter, ...] = ()
    """Its parameters, by position."""

    @property
    def key(self) -> bytes:
        """The same bytes for the same question."""
        return canonical_json([self.method, list(self.parameters)])

    @property
    def text(self) -> str:
        """How it stands in the evidence where it is asked by itself."""
        return Request("CALL", self.method, canonical_json(list(self.parameters))).text


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer."""

    result: Field
    """The result; null if there is an error."""
    error: str
    """What the server said went wrong; empty if nothing did."""
    code: int
    """The server's error code; 0 if there is no error."""
    evidence: str
    """Digest of the recorded bytes."""


class Channel(Protocol):
    """Asks questions of one server."""

    name: str
    """The source's specification without secrets."""
    tip: Tip | None
    """The tip that the run belongs to, for the evidence; None until it is known."""

    def call(self, calls: Sequence[Call]) -> list[Reply]:
        """One reply for each call, in order.

        Raises:
            SourceUnavailable: no answer after every retry.
            SourceLied: an answer that is not JSON-RPC or that does not belong to the questions.
        """
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...


class BatchChannel:
    """JSON-RPC over HTTP, many questions in one request. Bitcoin Core and EVM nodes answer so.

    Args:
        transport: HTTP.
        name: how the source is called in evidence.
        largest_batch: how many questions go into one request at most.
        version: what each question states as ``jsonrpc``; EVM nodes want ``2.0``.
        target: what follows the source's address in the request.

    Source: JSON-RPC 2.0, batch; Bitcoin Core's JSON-RPC interface.
    """

    def __init__(
        self, transport: Transport, name: str, largest_batch: int = 64, *, version: str = "1.0", target: str = "/"
    ) -> None:
        self.name = name
        self._transport = transport
        self._largest_batch = largest_batch
        self._version = version
        self._target = target

    @property
    def tip(self) -> Tip | None:
        """The tip that the run belongs to."""
        return self._transport.tip

    @tip.setter
    def tip(self, tip: Tip | None) -> None:
        """From now on the evidence names this tip."""
        self._transport.tip = tip

    def call(self, calls: Sequence[Call]) -> list[Reply]:
        """One reply for each call, in order.

        Raises:
            SourceUnavailable: no answer after every retry, or one that refuses the request or its credentials.
            SourceLied: an answer that is not JSON-RPC or that does not belong to the questions.
        """
        replies: list[Reply] = []
        for start in range(0, len(calls), self._largest_batch):
            replies += self._batch(calls[start : start + self._largest_batch])
        return replies

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()

    def _batch(self, calls: Sequence[Call]) -> list[Reply]:
        body = canonical_json(
            [
                {"jsonrpc": self._version, "id": number, "method": each.method, "params": list(each.parameters)}
                for number, each in enumerate(calls)
            ]
        )
        answer = self._transport.ask(Request("POST", self._target, body))
        if answer.status in (401, 403):
            raise SourceUnavailable(
                f"{self.name} refuses the credentials (HTTP {answer.status}); check what auth or cookie names"
            )
        if answer.status != 200:
            raise SourceUnavailable(f"{self.name} answers HTTP {answer.status}; is this the address of a node?")
        replies = read_batch(answer.body, self.name, answer.evidence)
        if sorted(replies) != list(range(len(calls))):
            raise SourceLied(f"{self.name} answered {len(replies)} of {len(calls)} questions of one batch")
        return [replies[number] for number in range(len(calls))]


class ReplayChannel:
    """JSON-RPC answers out of a recording, question by question, however they were batched."""

    def __init__(self, recording: Recording, name: str) -> None:
        self.name = name
        self.tip: Tip | None = None
        self._replies: dict[bytes, Reply] = {}
        for record in recording.records():
            if record.source != name or record.status != "ok":
                continue
            verb, _, rest = record.request.partition(" ")
            raw = recording.read(record.digest)
            if verb == "POST":
                self._learn_batch(rest.partition(" ")[2], raw, record.digest)
            elif verb == "CALL":
                method, _, parameters = rest.partition(" ")
                self._learn_line(method, parameters, raw, record.digest)

    def call(self, calls: Sequence[Call]) -> list[Reply]:
        """One recorded reply for each call, in order.

        Raises:
            DataNotFound: one of them was not recorded.
        """
        return [self._reply(each) for each in calls]

    def knows(self, call: Call) -> bool:
        """True if that question was recorded."""
        return call.key in self._replies

    def close(self) -> None:
        """Nothing to let go of."""

    def _reply(self, call: Call) -> Reply:
        if call.key not in self._replies:
            raise DataNotFound(
                f"{self.name}: {call.method} {list(call.parameters)!s:.120} was not recorded, so it cannot be answered "
                "offline; connect the source itself"
            )
        return self._replies[call.key]

    def _learn_batch(self, request: str, raw: bytes, digest: str) -> None:
        try:
            replies = read_batch(raw, self.name, digest)
            for each in parse_json(request.encode("utf-8"), "recorded request").items():
                key = canonical_json([each["method"].text(), each["params"].value])
                if (number := each["id"].integer()) in replies:
                    self._replies[key] = replies[number]
        except (SourceError, MalformedBytes):
            return  # an answer that was refused then is not an answer now

    def _learn_line(self, method: str, parameters: str, raw: bytes, digest: str) -> None:
        try:
            reply = read_reply(parse_json(raw, f"{self.name} {method}"), self.name, digest)
            key = canonical_json([method, parse_json(parameters.encode("utf-8"), "recorded request").value])
        except (SourceError, MalformedBytes):
            return
        self._replies[key] = reply


def read_batch(raw: bytes, name: str, evidence: str) -> dict[int, Reply]:
    """The replies of a batch by the id of their question.

    Raises:
        SourceLied: not a list of JSON-RPC answers, or an id twice.
        SourceUnavailable: the server refuses the request as a whole.
    """
    replies: dict[int, Reply] = {}
    try:
        document = parse_json(raw, f"the answer of {name}")
        for item in document.items() if document.is_list else iter([document]):
            if item["id"].is_null and not item["error"].is_null:
                raise SourceUnavailable(f"{name} refuses the request: {item['error'].value!s:.200}")
            number = item["id"].integer()
            if number in replies:
                raise SourceLied(f"{name} answers question {number} of one batch twice")
            replies[number] = read_reply(item, name, evidence)
    except MalformedBytes as error:
        raise SourceLied(f"{name} does not answer in JSON-RPC: {error}") from error
    return replies


def read_reply(item: Field, name: str, evidence: str) -> Reply:
    """The result or the error in one JSON-RPC answer.

    Raises:
        SourceLied: it is not one.
    """
    if not item.is_object or ("result" not in item and "error" not in item):
        raise SourceLied(f"{name} gives an answer that is not JSON-RPC: {item.value!s:.120}")
    error = item["error"]
    if error.is_null:
        return Reply(item["result"], "", 0, evidence)
    code = error.value.get("code") if error.is_object else None
    message = error.value.get("message") if error.is_object else error.value
    return Reply(item["result"], str(message) or "unnamed error", code if type(code) is int and code else -1, evidence)
