"""An EVM node behind a provider of web3.py: a socket file on this machine (``ipc:PATH``), or a provider of one's own.

web3.py hands out answers that it has decoded already. So the evidence of such a source is that answer written as
canonical JSON, one record for each question; over ``rpc:`` it is the bytes as they came.

Source: web3.py documentation, "Providers" (``make_request``, ``make_batch_request``).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cryptotrace.errors import ConfigurationError, MalformedBytes, SourceLied, SourceUnavailable
from cryptotrace.evidence.canonical import canonical_json
from cryptotrace.evidence.recorder import Recorder
from cryptotrace.model.block import Tip
from cryptotrace.sources.foreignjson import parse_json
from cryptotrace.sources.jsonrpc import Call, Reply, read_reply

#: Kinds under which the answers of a provider may stand in the evidence.
PROVIDER_KINDS = ("ipc", "web3")


class Web3Channel:
    """JSON-RPC through a provider of web3.py.

    Args:
        provider: anything with ``make_request(method, params)``; ``make_batch_request`` is used where it works. It is
            asked as it is: middleware of a ``Web3`` object around it plays no part.
        recorder: takes every answer before it is read.
        name: how the source is called in evidence; it begins with ``web3:`` or ``ipc:``, which is how a recording
            finds the adapter again.
        largest_batch: how many questions go into one request at most.

    Raises:
        ConfigurationError: another name, or a provider that is asynchronous or has no ``make_request``.
    """

    def __init__(self, provider: Any, recorder: Recorder, name: str = "web3:provider", largest_batch: int = 50) -> None:
        if name.partition(":")[0] not in PROVIDER_KINDS:
            raise ConfigurationError(f"{name!r} does not name a provider in the evidence; write web3: and a name")
        if not callable(getattr(provider, "make_request", None)) or getattr(provider, "is_async", False):
            raise ConfigurationError(f"{name}: a provider of web3.py that answers at once is needed, not {provider!r}")
        self.name = name
        self.tip: Tip | None = None
        self._provider = provider
        self._recorder = recorder
        self._largest_batch = largest_batch
        self._has_batches = callable(getattr(provider, "make_batch_request", None))

    def call(self, calls: Sequence[Call]) -> list[Reply]:
        """One reply for each call, in order.

        Raises:
            SourceUnavailable: the provider failed, whatever it raised.
            SourceLied: an answer that is not JSON-RPC or that does not belong to the questions.
        """
        replies: list[Reply] = []
        for start in range(0, len(calls), self._largest_batch):
            some = calls[start : start + self._largest_batch]
            began = time.monotonic()
            answers = self._answers(some)
            took = int((time.monotonic() - began) * 1000)
            replies += [self._reply(call, answer, took) for call, answer in zip(some, answers, strict=True)]
        return replies

    def close(self) -> None:
        """Let go of the connection, if the provider can."""
        socket = getattr(self._provider, "_socket", None)
        for each in (self._provider, getattr(socket, "sock", None)):
            if callable(close := getattr(each, "close", None)):
                close()

    def _answers(self, calls: Sequence[Call]) -> list[Any]:
        if self._has_batches and len(calls) > 1:
            try:
                return self._batch(calls)
            except NotImplementedError:
                self._has_batches = False
        return [self._guarded(self._provider.make_request, each.method, list(each.parameters)) for each in calls]

    def _batch(self, calls: Sequence[Call]) -> list[Any]:
        asked = [(each.method, list(each.parameters)) for each in calls]
        answers = self._guarded(self._provider.make_batch_request, asked)
        if isinstance(answers, Mapping):
            raise SourceUnavailable(f"{self.name} refuses the request: {answers.get('error')!s:.200}")
        ids = [each.get("id") for each in answers if isinstance(each, Mapping)]
        if len(ids) != len(calls) or len(set(ids)) != len(calls):
            raise SourceLied(f"{self.name} answered {len(set(ids))} of {len(calls)} questions of one batch")
        return list(answers)

    def _guarded(self, ask: Any, *asked: Any) -> Any:
        """What the provider answers; whatever it raises means that there was no answer."""
        try:
            return ask(*asked)
        except NotImplementedError:
            raise
        except Exception as error:
            self._recorder.record(
                b"", source=self.name, request=f"CALL {asked[0]!s:.200}", tip=self.tip, status="no answer"
            )
            raise SourceUnavailable(
                f"{self.name} did not answer: {type(error).__name__}: {error!s:.200}. What was fetched is kept: try "
                "again later and the run goes on from there"
            ) from error

    def _reply(self, call: Call, answer: Any, took_ms: int) -> Reply:
        raw = canonical_json(_plain(answer))
        evidence = self._recorder.record(raw, source=self.name, request=call.text, tip=self.tip, latency_ms=took_ms)
        try:
            return read_reply(parse_json(raw, f"{self.name} {call.method}"), self.name, evidence)
        except MalformedBytes as error:
            raise SourceLied(f"{self.name} does not answer in JSON-RPC: {error}") from error


def ipc_channel(path: Path, recorder: Recorder, name: str, timeout_s: int = 120) -> Web3Channel:
    """A channel to a node's socket file on this machine.

    Raises:
        ConfigurationError: web3.py is not installed, or there is no such file.
    """
    try:
        from web3.providers.ipc import IPCProvider
    except ImportError as error:
        raise ConfigurationError(f"{name}: needs web3.py; install cryptotrace[evm], or use rpc:URL") from error
    if not path.exists():
        raise ConfigurationError(f"{name}: there is no such socket; write ipc:PATH with the path of the node's *.ipc")
    return Web3Channel(IPCProvider(path, timeout=timeout_s), recorder, name)


def _plain(value: Any) -> Any:
    """The answer as JSON has it: bytes as hex text, and no float."""
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, bytes | bytearray):
        return "0x" + bytes(value).hex()
    return value if value is None or isinstance(value, str | int) else str(value)
