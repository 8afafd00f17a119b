"""What every question to a TRON node's HTTP interface rests on: asking, the chain's identity, the tip, block headers.

Source: TRON documentation, "HTTP API" (``/wallet/getblock``, ``/walletsolidity/getnowblock``).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import quote

from cryptotrace.chains.tron.network import TRON_NETWORKS, TronNetwork
from cryptotrace.errors import DataNotFound, SourceLied, SourceUnavailable
from cryptotrace.evidence.canonical import canonical_json
from cryptotrace.model.block import BlockRef, Tip
from cryptotrace.sources.foreignjson import Field, parse_json
from cryptotrace.sources.tipwatch import NOTHING, TipWatch
from cryptotrace.sources.transport import Answer, Request, Transport, blame
from cryptotrace.sources.tron.nodejson import ToldBlock, read_block

#: The chain id of a private chain, which is none of the public ones.
PRIVATE = "0x00000000"
_PUBLIC = {network.chain_id: network.name for network in TRON_NETWORKS if network.chain_id != PRIVATE}
_SETTLING_ATTEMPTS = 5
_HEADERS = 65536


class TronHttp:
    """A TRON node over HTTP, as far as its chain and its blocks' headers go. Satisfies ``Source`` and ``Headers``.

    Args:
        network: the chain.
        transport: HTTP, or a recording.
        name: how the source is called in evidence.
        check_every_s: how long the tip is trusted to be in the active chain before it is looked at again.
        notice: takes a line about what was left out.

    Raises:
        SourceLied: a server of another chain.
        SourceUnavailable: it does not answer.
    """

    def __init__(
        self,
        network: TronNetwork,
        transport: Transport,
        name: str,
        *,
        check_every_s: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
        notice: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.chain = network.chain
        self.name = name
        self._network = network
        self._transport = transport
        self._notice = notice
        self._blocks: dict[int, ToldBlock] = {}
        self._tip = self._find_tip()
        transport.tip = self._tip
        self._watch = TipWatch(self.name, self._tip, self._hash_now, check_every_s, clock)

    # --- Source -------------------------------------------------------------------------------------------------------

    def tip(self) -> Tip:
        """The newest solidified block when the source was opened: one that no reorganisation takes back."""
        return self._tip

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()

    def _find_tip(self) -> Tip:
        with blame(self.name):
            genesis = self._told(self._header_request(0)).id
            check_chain_id(f"0x{genesis[-8:]}", self._network, self.name)  # the last four bytes of the first block's id
            told = self._told(Request("GET", "/walletsolidity/getnowblock"))
        self._blocks[told.height] = told
        return Tip(self.chain, told.height, told.id)

    def _hash_now(self, height: int) -> str:
        try:
            return self._told(self._header_request(height)).id
        except DataNotFound:
            return NOTHING

    # --- Headers ------------------------------------------------------------------------------------------------------

    def block_ref(self, height: int) -> BlockRef:
        """The block at that height; its id is computed from its header.

        Raises:
            DataNotFound: it is above the tip.
        """
        self._watch.require(height)
        with self._watch.answering():
            return self._ref(self._block(height))

    def _ref(self, told: ToldBlock) -> BlockRef:
        return BlockRef(self.chain, told.height, told.id, told.time_ms // 1000)

    def _block(self, height: int) -> ToldBlock:
        if height not in self._blocks:
            if len(self._blocks) >= _HEADERS:
                self._blocks.clear()
            self._blocks[height] = self._told(self._header_request(height), height)
        return self._blocks[height]

    def _header_request(self, height: int) -> Request:
        return post("/wallet/getblock", id_or_num=str(height), detail=False)

    def _told(self, request: Request, height: int | None = None) -> ToldBlock:
        block, _ = self._object(request)
        if not block.value:
            raise DataNotFound(f"{self.name} has no block for {request.text[:100]}")
        told = read_block(block, self.name)
        if height is not None and told.height != height:
            raise SourceLied(f"{self.name} gives block {told.height} when asked for block {height}")
        return told

    # --- asking -------------------------------------------------------------------------------------------------------

    def _json(self, request: Request) -> tuple[Field, str]:
        """The document in an answer, and its digest.

        Raises:
            MalformedBytes: it is not JSON.
            SourceUnavailable: the server refuses.
        """
        answer = self._transport.ask(request)
        if answer.status != 200:
            raise self._refusal(request, answer)
        document = parse_json(answer.body, f"{self.name} {request.text[:100]}")
        if document.is_object and not document["Error"].is_null:
            raise SourceUnavailable(
                f"{self.name} refuses {request.text[:100]}: {document['Error'].value!s:.200}; see its documents or ask "
                "another source"
            )
        return document, answer.evidence

    def _object(self, request: Request) -> tuple[Field, str]:
        """``_json`` where an object is expected; an empty one means that there is no such thing.

        Raises:
            MalformedBytes: it is none.
            SourceUnavailable: the server refuses.
        """
        document, evidence = self._json(request)
        if not document.is_object:
            raise document.refuse("an object")
        return document, evidence

    def _refusal(self, request: Request, answer: Answer) -> SourceUnavailable:
        said = answer.body[:200].decode("utf-8", errors="replace")
        hints = {
            401: "; a key may be missing: header=TRON-PRO-API-KEY:env:NAME",
            403: "; a key may be missing or used up: header=TRON-PRO-API-KEY:env:NAME",
            404: "; is this the address of a node's HTTP interface?",
        }
        return SourceUnavailable(
            f"{self.name} answers HTTP {answer.status} to {request.text[:100]}{hints.get(answer.status, '')}: {said}"
        )

    def _settled(self, about: str, ask: Callable[[], tuple[Field, str]]) -> tuple[tuple[Field, str], BlockRef]:
        """An answer about the newest state, and the block that was the newest before it and after it."""
        # named in the question, so that a recording keeps a block for each answer
        request = Request("GET", f"/walletsolidity/getblock?detail=false&for={quote(about, safe='')}")
        with blame(self.name):
            before = self._told(request)
            for _ in range(_SETTLING_ATTEMPTS):
                answer = ask()
                after = self._told(request)
                if after.id == before.id:
                    return answer, self._ref(after)
                before = after
        raise SourceUnavailable(
            f"{self.name}: its newest block moved on with each of {_SETTLING_ATTEMPTS} attempts, last to "
            f"{before.height}, so it cannot be said of which block the answer is; try again"
        )


def check_chain_id(chain_id: str, network: TronNetwork, name: str) -> None:
    """See that a chain id (``0x`` and eight hex digits) is that of the chain; a private chain may have any of its own.

    Raises:
        SourceLied: it is another chain's.
    """
    if chain_id == network.chain_id or (network.chain_id == PRIVATE and chain_id not in _PUBLIC):
        return
    other = _PUBLIC.get(chain_id, "a chain that is not known here")
    raise SourceLied(f"{name} is not a server of {network.name}: its chain id {chain_id} is that of {other}")


def post(path: str, **body: str | int | bool) -> Request:
    """A question with a JSON body."""
    return Request("POST", path, canonical_json(body))
