"""Call trees from the answers of tracers: geth's call tracer and flat call tracer, and Parity's trace module.

Not recognisable, and so to be avoided by who asks: geth's ``onlyTopCall`` (the calls inside are simply not there), and
its flat tracer without ``includePrecompiles`` (calls *with* value to a precompiled contract are hidden too).

Source: go-ethereum documentation, "Built-in tracers" (``position`` of a log: the number of calls made before it in its
frame; ``error`` on a call that was undone); OpenEthereum documentation, "JSONRPC trace module" (``traceAddress``,
``subtraces``; rewards stand among the rows of a block).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from cryptotrace.chains.evm.calltree import KIND_BY_NAME, CallFrame, CallKind, PlacedLog
from cryptotrace.chains.evm.receipt import log_from_rpc
from cryptotrace.chains.evm.told import Told
from cryptotrace.errors import MalformedBytes

#: 0x01 to 0x11 (through Prague) and 0x100 (RIP-7212).
_PRECOMPILES = {f"0x{number:040x}" for number in (*range(1, 0x12), 0x100)}
_NEVER_BEGAN = {"insufficient balance for transfer", "max call depth exceeded"}
#: Parity's names of fields -> as some writers of files spell them.
_SNAKE = {
    "traceAddress": "trace_address",
    "transactionHash": "transaction_hash",
    "callType": "call_type",
    "refundAddress": "refund_address",
    "rewardType": "reward_type",
}


@dataclass(slots=True)
class _Node:
    """A call that is being read."""

    kind: CallKind
    caller: str
    callee: str | None
    value: int | None
    error: str
    logs: list[PlacedLog] | None = None
    children: list[_Node] = field(default_factory=list)

    @property
    def is_left_out(self) -> bool:
        """True for an entry that tracers do not agree on: see ``cryptotrace.chains.evm.calltree``."""
        if self.children or self.logs:
            return False
        if self.error in _NEVER_BEGAN:
            return True
        is_plain = self.kind in {CallKind.CALL, CallKind.STATICCALL} and not self.value
        return is_plain and str(self.callee).lower() in _PRECOMPILES

    @property
    def runs_as(self) -> str | None:
        """Whose balance and storage its code works on."""
        return self.caller if self.kind in {CallKind.CALLCODE, CallKind.DELEGATECALL} else self.callee


def _kept_logs(node: _Node) -> tuple[PlacedLog, ...] | None:
    """The logs with positions among the children that are kept."""
    if node.logs is None:
        return None
    kept = [0]
    for child in node.children:
        kept.append(kept[-1] + (not child.is_left_out))
    return tuple(PlacedLog(kept[min(log.position, len(node.children))], log.log) for log in node.logs)


def _sealed(root: _Node) -> CallFrame:
    """The frozen tree, without the entries that are left out, addresses counted anew."""
    order: list[tuple[_Node, tuple[int, ...], int]] = [(root, (), -1)]
    for at, (node, address, _) in enumerate(order):
        kept = [child for child in node.children if not child.is_left_out]
        order += [(child, (*address, number), at) for number, child in enumerate(kept)]
    inside: list[list[CallFrame]] = [[] for _ in order]
    for at in range(len(order) - 1, -1, -1):
        node, address, parent = order[at]
        frame = CallFrame(
            node.kind,
            node.caller,
            node.callee,
            node.value,
            bool(node.error),
            address,
            _kept_logs(node),
            tuple(reversed(inside[at])),
        )
        if parent < 0:
            return frame
        inside[parent].append(frame)
    raise AssertionError("a tree has a root")  # pragma: no cover


def _text(told: Told, name: str) -> str:
    value = told.fields.get(name)
    if value is not None and not isinstance(value, str):
        raise told.refusal(f"text expected, got {type(value).__name__}", name)
    return value or ""


def _error(told: Told) -> str:
    """Why it failed; empty if it did not."""
    value = told.fields.get("error")
    if value is None or value == "":
        return ""
    return value if isinstance(value, str) else "failed"


def _kind(told: Told, name: str) -> CallKind:
    kind = KIND_BY_NAME.get(_text(told, name).lower())
    if kind is None:
        raise told.refusal(
            f"a kind of call expected, one of {', '.join(KIND_BY_NAME)}, got {told.fields.get(name)!r}", name
        )
    return kind


# --- geth's call tracer -----------------------------------------------------------------------------------------------


def _geth_logs(told: Told) -> list[PlacedLog] | None:
    """The logs of a frame; None if one of them has no position."""
    logs = []
    for each in told.objects("logs"):
        position = each.quantity_or_none("position", 32)
        if position is None:
            return None
        logs.append(PlacedLog(position, log_from_rpc(each.fields, each.what)))
    if any(a.position > b.position for a, b in pairwise(logs)):
        raise told.refusal("the logs of a call do not stand in the order of their positions", "logs")
    return logs


def _geth_node(told: Told, above: _Node | None) -> _Node:
    kind = _kind(told, "type")
    if kind is CallKind.SELFDESTRUCT and above is not None and "from" not in told:
        # old tracers tell no more than that it happened
        return _Node(kind, above.runs_as or above.caller, None, None, _error(told))
    may_lack_callee = kind is CallKind.CREATE or (kind is CallKind.SELFDESTRUCT and "to" not in told)
    callee = told.address_or_none("to") if may_lack_callee else told.address("to")
    return _Node(kind, told.address("from"), callee, told.quantity_or_none("value"), _error(told))


def read_call_tracer(answer: Mapping[str, object], *, with_log: bool = False) -> CallFrame:
    """The tree in an answer of geth's ``callTracer``.

    Args:
        answer: ``result`` of ``debug_traceTransaction``, or of one item of ``debug_traceBlockByNumber``.
        with_log: True if the tracer was asked ``withLog``. Events in the answer say so by themselves; this tells that
            there were none from that they were not asked for.

    Raises:
        MalformedBytes: not such an answer; the error names the field.
    """
    top = Told(answer, "trace")
    root = _geth_node(top, None)
    reading = [(top, root)]
    told_logs: list[tuple[_Node, list[PlacedLog] | None]] = []
    has_logs = with_log
    for told, node in reading:
        has_logs = has_logs or "logs" in told
        told_logs.append((node, _geth_logs(told)))
        for each in told.objects("calls"):
            child = _geth_node(each, node)
            node.children.append(child)
            reading.append((each, child))
    if has_logs and all(logs is not None for _, logs in told_logs):
        for node, logs in told_logs:
            node.logs = logs
    return _sealed(root)


# --- Parity and geth's flat tracer ------------------------------------------------------------------------------------


def _camel(told: Told) -> Told:
    """A row with the field names of the trace module."""
    snake = {camel: told.fields[name] for camel, name in _SNAKE.items() if name in told.fields}
    return Told({**told.fields, **snake}, told.what) if snake else told


def _address(row: Told) -> tuple[int, ...]:
    items = row.items("traceAddress")
    if not all(isinstance(each, int) and not isinstance(each, bool) and each >= 0 for each in items):
        raise row.refusal("a list of numbers expected", "traceAddress")
    return tuple(items)  # type: ignore[arg-type]


def _parity_node(row: Told) -> _Node:
    told = _camel(Told(row.fields.get("action"), f"{row.what}.action"))
    kind = _kind(row, "type")
    error = _error(row)
    if kind is CallKind.SELFDESTRUCT:
        value = told.quantity("balance")
        return _Node(kind, told.address("address"), told.address("refundAddress"), value, error)
    if kind is CallKind.CREATE:
        result = Told(row.fields.get("result") or {}, f"{row.what}.result")
        return _Node(kind, told.address("from"), result.address_or_none("address"), told.quantity("value"), error)
    kind = _kind(told, "callType") if "callType" in told else kind
    return _Node(kind, told.address("from"), told.address("to"), told.quantity_or_none("value"), error)


def _check_children(row: Told, node: _Node, numbers: list[int]) -> None:
    told = row.fields.get("subtraces", len(numbers))
    if told != len(numbers) or numbers != list(range(len(numbers))):
        raise row.refusal(
            f"{told!r} calls inside are announced and those numbered {numbers[:10]} are there: rows are missing; "
            "ask again for all traces of the transaction",
            "subtraces",
        )


def _tree(rows: Sequence[Told]) -> CallFrame:
    nodes: dict[tuple[int, ...], _Node] = {}
    numbers: dict[tuple[int, ...], list[int]] = {}
    for row in sorted(rows, key=_address):
        address = _address(row)
        if address in nodes:
            raise row.refusal(f"two rows of one transaction have the trace address {list(address)}", "traceAddress")
        nodes[address] = _parity_node(row)
        numbers[address] = []
        if address:
            above = nodes.get(address[:-1])
            if above is None:
                raise row.refusal(f"no row is the call around {list(address)}: rows are missing", "traceAddress")
            above.children.append(nodes[address])
            numbers[address[:-1]].append(address[-1])
    for row in rows:
        _check_children(row, nodes[_address(row)], numbers[_address(row)])
    if () not in nodes:
        raise MalformedBytes("no row is the transaction itself (an empty traceAddress)", offset=0, field="trace")
    return _sealed(nodes[()])


def read_parity_trace(rows: Sequence[object]) -> CallFrame:
    """The tree of one transaction: ``trace_transaction``, ``trace`` of ``trace_replayTransaction``, ``flatCallTracer``.

    Raises:
        MalformedBytes: not such rows, or not all rows of one transaction; the error names the row and the field.
    """
    return _tree([_camel(Told(row, f"trace[{number}]")) for number, row in enumerate(rows)])


@dataclass(frozen=True, slots=True)
class RewardRow:
    """New coins for the producer of a block or of an uncle, as the trace module tells it."""

    is_uncle: bool
    """True for the reward of an uncle."""
    account: str
    """Who gets it, with the checksum of EIP-55."""
    units: int
    """Wei. That of the block includes what it gets for the uncles it names."""


def read_parity_block(rows: Sequence[object]) -> tuple[dict[str, CallFrame], tuple[RewardRow, ...]]:
    """The trees of ``trace_block`` by txid (64 hex digits), in the order of the block, and its rewards.

    Field names in snake case, as some writers of files spell them, are read too.

    Raises:
        MalformedBytes: not such rows, or rows are missing; the error names the row and the field.
    """
    by_txid: dict[str, list[Told]] = {}
    rewards = []
    for number, each in enumerate(rows):
        row = _camel(Told(each, f"trace[{number}]"))
        if _text(row, "type") == "reward":
            rewards.append(_reward(row))
        else:
            by_txid.setdefault(row.hash("transactionHash"), []).append(row)
    return {txid: _tree(each) for txid, each in by_txid.items()}, tuple(rewards)


def _reward(row: Told) -> RewardRow:
    told = _camel(Told(row.fields.get("action"), f"{row.what}.action"))
    kind = _text(told, "rewardType")
    if kind not in {"block", "uncle"}:
        raise told.refusal(f"a reward of a block or an uncle expected, got {kind!r}", "rewardType")
    return RewardRow(kind == "uncle", told.address("author"), told.quantity("value"))
