"""Rows over a range of blocks from a node that limits them: nothing is cut, the range is.

A node refuses a range that is too wide or has too many rows, or stops at a round number and says nothing. In both
cases the range is halved and asked again, down to one block; a block that is refused too is an error.

Source: Ethereum JSON-RPC specification (execution-apis), ``eth_getLogs``; EIP-1474 (-32005, limit exceeded);
documentation of QuickNode (5 to 10,000 blocks) and Ankr (200,000 events an answer), ``eth_getLogs``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cryptotrace.errors import NotSupported, SourceUnavailable
from cryptotrace.sources.evm.rpcread import Node, is_no_method, is_pruned, listed
from cryptotrace.sources.foreignjson import Field
from cryptotrace.sources.jsonrpc import Call, Reply

#: Blocks in the first question; more or fewer follow, as the answers are short or long.
_FIRST_WIDTH = 5_000
#: With fewer rows than this the next range is wider.
_FEW_ROWS = 500
#: With more rows than this the next range is narrower.
_MANY_ROWS = 5_000
#: Numbers of rows at which services are known to stop.
_SUSPECT = frozenset({1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000})


class RangeReader:
    """Asks for rows range by range and learns how wide a range may be.

    Args:
        node: who is asked.
        what: names the rows in errors, e.g. ``events``.
        question: makes the question about the blocks from one height to another.
        who: who can answer if this node cannot.
    """

    def __init__(self, node: Node, what: str, question: Callable[[int, int], Call], who: str) -> None:
        self.evidence: list[str] = []
        """Digests of the answers that were used."""
        self._node = node
        self._what = what
        self._question = question
        self._who = who
        self._width = _FIRST_WIDTH
        self._widest: int | None = None

    def rows(self, first: int, last: int) -> Iterator[Field]:
        """All rows of the blocks between two heights, in the order of the blocks.

        Raises:
            NotSupported: the node has no such method.
            SourceUnavailable: it refuses even a single block.
            MalformedBytes: an answer that is no list.
        """
        at = first
        while at <= last:
            until = min(at + self._width - 1, last)
            reply = self._node.calls([self._question(at, until)])[0]
            rows = None if reply.code else listed(reply.result)
            if rows is None or (len(rows) in _SUSPECT and until > at):
                self._refused(reply, until - at + 1)
                continue
            self.evidence.append(reply.evidence)
            yield from rows
            self._learn(len(rows))
            at = until + 1

    def _learn(self, rows: int) -> None:
        if rows < _FEW_ROWS:
            self._width *= 4
        elif rows > _MANY_ROWS:
            self._width = max(1, self._width // 2)
        if self._widest is not None:
            self._width = min(self._width, self._widest)

    def _refused(self, reply: Reply, width: int) -> None:
        """Narrow the range, or give up."""
        if is_no_method(reply) or is_pruned(reply):
            raise NotSupported(f"{self._node.name} cannot list {self._what}: {reply.error:.160}; {self._who} can")
        if width == 1:
            raise SourceUnavailable(
                f"{self._node.name} refuses to list the {self._what} of a single block: {reply.error:.160} (code "
                f"{reply.code}); nothing was left out silently, ask {self._who}"
            )
        self._width = width // 2
        if reply.code:  # not for one full answer: elsewhere there may be fewer rows
            self._widest = self._width
