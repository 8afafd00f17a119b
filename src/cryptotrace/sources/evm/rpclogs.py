"""Events of an EVM node: every row held against the question, ranges halved where the node limits them.

Source: Ethereum JSON-RPC specification (execution-apis), ``eth_getLogs``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from cryptotrace.chains.evm.address import address_of
from cryptotrace.chains.evm.receipt import Log, log_from_rpc
from cryptotrace.chains.evm.told import Told
from cryptotrace.errors import SourceLied
from cryptotrace.sources.evm.ranges import RangeReader
from cryptotrace.sources.evm.rpcread import Node, fields_of, tag
from cryptotrace.sources.foreignjson import Field
from cryptotrace.sources.jsonrpc import Call, Parameter

#: A topic that must match: one value, one of several, or None for any.
TopicFilter: TypeAlias = "bytes | Sequence[bytes] | None"
_WHO = "a full node, an explorer's API or an export"


@dataclass(frozen=True, slots=True)
class LogRow:
    """An event as a node lists it."""

    log: Log
    """The event."""
    txid: str
    """Its transaction."""
    block_hash: str
    """Its block."""
    height: int
    """Height of the block."""
    index: int
    """Place of the transaction in the block."""
    log_index: int
    """Place of the event in the block."""
    evidence: str
    """Digest of the answer."""


def padded(address: str) -> bytes:
    """An address as a topic has it: 32 bytes."""
    return bytes.fromhex(address[2:]).rjust(32, b"\0")


class LogReader:
    """Lists events of a node.

    Args:
        node: who is asked.
    """

    def __init__(self, node: Node) -> None:
        self._node = node

    def rows(
        self, contract: str, topics: Sequence[TopicFilter], first: int, last: int, evidence: list[str] | None = None
    ) -> Iterator[LogRow]:
        """The contract's events between two heights whose topics match, in chain order; all of them.

        Args:
            contract: whose events.
            topics: what each topic must be.
            first: first height.
            last: last height.
            evidence: takes the digests of all answers, those without rows too.

        Raises:
            NotSupported: the node cannot list events, or not that far back.
            SourceLied: a row that does not match the question, or rows out of order.
            SourceUnavailable: it refuses even a single block.
            MalformedBytes: an answer that cannot be read.
        """

        def question(since: int, until: int) -> Call:
            asked: dict[str, Parameter] = {"fromBlock": tag(since), "toBlock": tag(until), "address": contract.lower()}
            asked["topics"] = [_asked(each) for each in topics]
            return Call("eth_getLogs", (asked,))

        reader = RangeReader(self._node, "events", question, _WHO)
        if evidence is not None:
            reader.evidence = evidence
        before = (-1, -1)
        for field in reader.rows(first, last):
            row = self._row(field, reader.evidence[-1])
            self._check(row, contract, topics, first, last)
            if (row.height, row.log_index) <= before:
                raise SourceLied(
                    f"{self._node.name} lists events out of order or twice, at block {row.height}, place "
                    f"{row.log_index}; ask another source"
                )
            before = row.height, row.log_index
            yield row

    def _row(self, field: Field, evidence: str) -> LogRow:
        told = Told(fields_of(field), "log")
        if told.truth_or_none("removed"):
            raise SourceLied(f"{self._node.name} lists an event that a reorganisation has removed; open it again")
        return LogRow(
            log_from_rpc(told.fields),
            told.hash("transactionHash"),
            told.hash("blockHash"),
            told.quantity("blockNumber", 63),
            told.quantity("transactionIndex", 31),
            told.quantity("logIndex", 31),
            evidence,
        )

    def _check(self, row: LogRow, contract: str, topics: Sequence[TopicFilter], first: int, last: int) -> None:
        fits = row.log.address.lower() == contract.lower() and first <= row.height <= last
        for place, wanted in enumerate(topics):
            if wanted is None or not fits:
                continue
            allowed = [wanted] if isinstance(wanted, bytes) else list(wanted)
            fits = place < len(row.log.topics) and row.log.topics[place] in allowed
        if not fits:
            raise SourceLied(
                f"{self._node.name} lists an event of {row.log.address} in block {row.height} (transaction {row.txid}) "
                f"that was not asked for; do not use this source, ask another one"
            )


def _asked(topic: TopicFilter) -> Parameter:
    if topic is None:
        return None
    if isinstance(topic, bytes):
        return f"0x{topic.hex()}"
    return [f"0x{each.hex()}" for each in topic]


def address_in(word: bytes) -> str | None:
    """The address in a word of 32 bytes; None if it holds something else."""
    return address_of(word[12:]) if len(word) == 32 and not any(word[:12]) else None
