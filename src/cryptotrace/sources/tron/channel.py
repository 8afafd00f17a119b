"""JSON-RPC as TRON's gateways take it: one question in one request, to the address itself."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from cryptotrace.errors import SourceLied, SourceUnavailable
from cryptotrace.evidence.canonical import canonical_json
from cryptotrace.model.block import Tip
from cryptotrace.sources.foreignjson import parse_json
from cryptotrace.sources.jsonrpc import Call, Reply, read_reply
from cryptotrace.sources.transport import Request, Transport, blame


class SingleChannel:
    """JSON-RPC over HTTP, one question in one request: not every gateway of TRON takes several.

    Args:
        transport: HTTP, or a recording.
        name: how the source is called in evidence.

    Source: JSON-RPC 2.0.
    """

    def __init__(self, transport: Transport, name: str) -> None:
        self.name = name
        self._transport = transport

    @property
    def tip(self) -> Tip | None:
        """The tip that the run belongs to."""
        return self._transport.tip

    @tip.setter
    def tip(self, tip: Tip | None) -> None:
        """From now on the evidence names this tip."""
        self._transport.tip = tip

    def call(self, calls: Sequence[Call], about: str = "") -> list[Reply]:
        """One reply for each call, in order.

        Args:
            calls: the questions.
            about: makes the request differ from the same question about something else, so that a recording keeps an
                answer for each.

        Raises:
            SourceUnavailable: no answer after every retry, or one that refuses the request.
            SourceLied: an answer that is not JSON-RPC.
        """
        return [self._one(each, about) for each in calls]

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()

    def _one(self, call: Call, about: str) -> Reply:
        number = 1 if not about else int.from_bytes(hashlib.sha256(about.encode("utf-8")).digest()[:4], "big") + 2
        body = {"jsonrpc": "2.0", "id": number, "method": call.method, "params": list(call.parameters)}
        answer = self._transport.ask(Request("POST", "", canonical_json(body)))
        if answer.status != 200:
            raise SourceUnavailable(
                f"{self.name} answers HTTP {answer.status} to {call.text[:100]}; is this the address of a node's "
                "JSON-RPC (on TRON it ends in /jsonrpc), and is a key missing?"
            )
        with blame(self.name):
            document = parse_json(answer.body, f"the answer of {self.name}")
        if document.is_object and document["id"].value not in (number, None):
            raise SourceLied(f"{self.name} answers question {document['id'].value!s:.40} when asked question {number}")
        return read_reply(document, self.name, answer.evidence)
