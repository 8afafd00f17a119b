"""Asking an explorer with Etherscan's interface, and telling its answers apart.

Such a server answers HTTP 200 to everything: rows, "nothing found", "you ask too much" and "that costs money" differ by
their words only. Here an error is never taken for an empty answer, nor an empty answer for an error.

Source: Etherscan API documentation, V2 ("Common Error Messages", modules account, proxy, logs, block); Blockscout API
documentation ("RPC endpoints", "ETH RPC": it has no proxy module and takes JSON-RPC at ``/eth-rpc``).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlencode

from cryptotrace.errors import MalformedBytes, NotSupported, SourceLied, SourceUnavailable
from cryptotrace.evidence.canonical import canonical_json
from cryptotrace.model.block import Tip
from cryptotrace.sources.foreignjson import Field, parse_json
from cryptotrace.sources.jsonrpc import Call, Parameter, Reply, read_reply
from cryptotrace.sources.transport import Request, Transport

_EMPTY = re.compile(r"no [a-z0-9 '/()-]{1,60} found\.?", re.IGNORECASE)
_BUSY = re.compile(r"rate limit|too many (invalid )?|throttl|max calls per sec|please try again later", re.IGNORECASE)
_NOT_OFFERED = re.compile(
    r"\bpro\b.{0,40}(endpoint|api|plan|tier)|api ?pro|upgrade|(missing|invalid).{0,10}(action|module)"
    r"|unknown (action|module)|not (supported|available|found on this chain)|no longer supported|deprecated",
    re.IGNORECASE,
)
_KEY = re.compile(r"api ?key", re.IGNORECASE)
_LONGEST_WAIT_S = 30.0


class Flavour(StrEnum):
    """Whose interface it is."""

    ETHERSCAN = "etherscan"
    """Etherscan V2 and those that copy it: one address for all chains, JSON-RPC by the module ``proxy``."""
    BLOCKSCOUT = "blockscout"
    """Blockscout: a server per chain, JSON-RPC at ``/eth-rpc``."""


#: Names of the parameters of JSON-RPC methods in Etherscan's module ``proxy``, by position.
_PROXY: Mapping[str, tuple[str, ...]] = {
    "eth_blockNumber": (),
    "eth_getBlockByNumber": ("tag", "boolean"),
    "eth_getTransactionByHash": ("txhash",),
    "eth_getTransactionReceipt": ("txhash",),
    "eth_getTransactionCount": ("address", "tag"),
    "eth_call": ("to", "data", "tag"),
}


@dataclass(frozen=True, slots=True)
class Said:
    """What a server answered."""

    result: Field
    """The result; an empty list where it found nothing."""
    evidence: str
    """Digest of the recorded answer."""
    problem: str = ""
    """Why it is not the whole answer, as the server says; empty if it does not."""

    def rows(self) -> list[Field]:
        """The rows.

        Raises:
            MalformedBytes: no list.
        """
        return list(self.result.items())


class Explorer:
    """Asks one server.

    Args:
        transport: HTTP with the key in it, or a recording.
        name: how the source is called.
        chain_id: stands in every question to Etherscan.
        flavour: whose interface it is.
        patience: how often a question is asked again that the server has no time for.
        sleep: replaced in tests and replays.
    """

    def __init__(
        self,
        transport: Transport,
        name: str,
        chain_id: int,
        flavour: Flavour,
        *,
        patience: int = 6,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = name
        self._transport = transport
        self.flavour = flavour
        self._chain_id = chain_id
        self._patience = patience
        self._sleep = sleep

    def ask(self, module: str, action: str, **parameters: str | int) -> Said:
        """The answer of a module other than ``proxy``.

        Raises:
            NotSupported: the server does not offer that.
            SourceUnavailable: it refuses for another reason.
            SourceLied: it contradicts itself, or does not answer in JSON.
        """
        document, evidence = self._document(self._get({"module": module, "action": action, **parameters}))
        status, message = document["status"].value, _text(document["message"])
        if status == "1" and "result" in document:
            return Said(document["result"], evidence)
        if status == "2" and document["result"].is_list:  # Blockscout: not all of it has been looked at
            return Said(document["result"], evidence, message or "the server says that it has not read all of it yet")
        if _is_empty(document, message):
            return Said(Field([], document.what, "result"), evidence)
        if document["result"].is_list and document["result"].value:
            raise SourceLied(f"{self.name} answers {action} with rows and with the error {message:.120}")
        raise self._refusal(action, _refused(document))

    # --- JSON-RPC: satisfies ``cryptotrace.sources.jsonrpc.Channel`` --------------------------------------------------

    @property
    def tip(self) -> Tip | None:
        """The tip that the run belongs to."""
        return self._transport.tip

    @tip.setter
    def tip(self, tip: Tip | None) -> None:
        """From now on the evidence names this tip."""
        self._transport.tip = tip

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()

    def call(self, calls: Sequence[Call]) -> list[Reply]:
        """One reply for each call, in order; one question each, since these servers take no batches.

        Raises:
            NotSupported: the server does not have that method.
            SourceUnavailable: it refuses the question as a whole.
            SourceLied: it does not answer in JSON-RPC.
        """
        return [self._called(each) for each in calls]

    def _called(self, call: Call) -> Reply:
        if self.flavour is Flavour.BLOCKSCOUT:
            question = {"jsonrpc": "2.0", "id": 1, "method": call.method, "params": list(call.parameters)}
            request = Request("POST", "/eth-rpc", canonical_json(question))
        else:
            request = self._get({"module": "proxy", "action": call.method, **_proxied(call, self.name)})
        document, evidence = self._document(request)
        if "jsonrpc" not in document and "status" in document:
            raise self._refusal(call.method, _refused(document))
        return read_reply(document, self.name, evidence)

    def _get(self, parameters: Mapping[str, str | int]) -> Request:
        chain = {"chainid": self._chain_id} if self.flavour is Flavour.ETHERSCAN else {}
        return Request("GET", f"?{urlencode({**chain, **parameters})}")

    def _document(self, request: Request) -> tuple[Field, str]:
        """The answer, once the server has time for the question."""
        said = ""
        for attempt in range(self._patience + 1):
            if attempt:
                self._sleep(min(2.0 ** (attempt - 1), _LONGEST_WAIT_S))
            answer = self._transport.ask(request)
            try:
                document = parse_json(answer.body, f"{self.name}, answer to {request.text[:160]}")
                if not document.is_object:
                    raise document.refuse("an object")
            except MalformedBytes as error:
                if answer.status != 200:
                    raise SourceUnavailable(
                        f"{self.name} answers HTTP {answer.status} to {request.text[:160]}: {answer.body[:120]!r}"
                    ) from error
                raise SourceLied(f"{self.name} does not answer in JSON: {error}") from error
            said = _refused(document)
            if not _BUSY.search(said):
                return document, answer.evidence
        raise SourceUnavailable(
            f"{self.name} limits how much it is asked, also after {self._patience} waits ({said:.160}); set rate= "
            "(requests a minute) lower, or use a key with a higher limit. What was fetched is kept"
        )

    def _refusal(self, action: str, said: str) -> NotSupported | SourceUnavailable:
        if _NOT_OFFERED.search(said):
            return NotSupported(f"{self.name} does not offer {action}: {said:.200}; a node (rpc:) may")
        if _KEY.search(said):
            return SourceUnavailable(
                f"{self.name} refuses the key ({said:.160}); write key=env:NAME and put a valid key into that variable"
            )
        return SourceUnavailable(f"{self.name} refuses {action}: {said or 'an answer without a word':.200}")


def _proxied(call: Call, name: str) -> dict[str, str]:
    """The parameters of a call as the module ``proxy`` names them."""
    names = _PROXY.get(call.method)
    if names is None:
        raise NotSupported(f"{name} has no {call.method}; a node (rpc:) has")
    values: list[Parameter] = []
    for each in call.parameters:
        values += [each["to"], each["data"]] if isinstance(each, dict) else [each]
    return {n: str(v).lower() if isinstance(v, bool) else str(v) for n, v in zip(names, values, strict=True)}


def _text(field: Field) -> str:
    return field.value if isinstance(field.value, str) else ""


def _is_empty(document: Field, message: str) -> bool:
    """True if the server says that there is nothing, and gives nothing."""
    if document["status"].value != "0":
        return False
    result = document["result"]
    gives_nothing = result.is_null or result.value in ([], "") or _EMPTY.fullmatch(_text(result)) is not None
    return gives_nothing and _EMPTY.fullmatch(message.strip()) is not None


def _refused(document: Field) -> str:
    """What the server says instead of an answer; empty if it answers."""
    if "status" in document and document["status"].value != "0":
        return ""
    if "jsonrpc" in document or "status" not in document:
        error = document["error"]
        return str(error.value)[:300] if not error.is_null else ""
    if _is_empty(document, _text(document["message"])):
        return ""
    parts = [part for part in (_text(document["message"]), _text(document["result"])) if part]
    return ": ".join(parts)[:300] or "an error without a word"


# --- reading rows -----------------------------------------------------------------------------------------------------


def number(field: Field, bits: int = 256) -> int:
    """A whole number that stands as decimal text, as these servers write them.

    Raises:
        MalformedBytes: something else; the error names the field.
    """
    value = field.value
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{1,78}", value, re.ASCII) or int(value) >> bits:
        raise field.refuse(f"a whole number of at most {bits} bits as decimal text")
    return int(value)


def hex_number(field: Field, bits: int = 64) -> int:
    """A whole number that stands as hex text; the log rows write zero as ``0x``.

    Raises:
        MalformedBytes: something else; the error names the field.
    """
    text = field.text()
    if text == "0x":
        return 0
    if not re.fullmatch(r"0x[0-9a-fA-F]{1,64}", text, re.ASCII) or int(text, 16) >> bits:
        raise field.refuse(f"a whole number of at most {bits} bits as hex text")
    return int(text, 16)


def hash_of(field: Field) -> str:
    """Thirty-two bytes as 64 lower-case hex digits without ``0x``.

    Raises:
        MalformedBytes: something else; the error names the field.
    """
    text = field.text()
    if not re.fullmatch(r"0x[0-9a-fA-F]{64}", text, re.ASCII):
        raise field.refuse("0x and 64 hex digits")
    return text[2:].lower()
