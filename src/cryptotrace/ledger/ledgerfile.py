"""A ledger of one's own: files of the schema ``cryptotrace-taint-vectors/1``, as a flow graph.

A file holds one case object or ``{"schema": ..., "kind": ..., "cases": [...]}``. Amounts are integers in base units.

UTXO case
    ``txs`` in chain order: ``{id, inputs: ["txid:n"], outputs: [int], fee?, coinbase?, subsidy?, collects?: [id]}``; a
    transaction without inputs that is no coinbase brings value from outside. ``sources``: ``{outpoint, claim, offset?,
    amount?}``. ``options.follow_fees``: fees flow into the coinbase that ``collects`` them, after its subsidy.
Account ledger
    ``opening {account: int}``; ``entries``: ``{t, seq?, from, to, value, fee, fee_payer?}``, ordered by (t, seq, place
    in the list); value moves before the fee; ``from`` null comes from outside, ``to`` null leaves; fees go to
    ``@fees``; a transfer to oneself moves nothing and costs its fee. ``sources``: ``{entry, claim, amount?}`` claims
    the first units of that transfer; ``opening_sources``: ``{account, claim, amount?}``.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptotrace.errors import CryptotraceError, DataNotFound, InsufficientBalance, LedgerFileError
from cryptotrace.model.amount import base_units
from cryptotrace.model.block import Position
from cryptotrace.model.claim import Claim
from cryptotrace.model.flow import Arrival, Ended, Flow, FlowKind, Instant, Pot, Resting, Unknown
from cryptotrace.model.identity import Asset

SCHEMA = "cryptotrace-taint-vectors/1"
#: Everything in such a file is in one unnamed asset.
ASSET = Asset("ledger:file/slip44:0")
FEES = "@fees"
#: Digits of a number in a file. Python itself stops at 4300, and would cost the whole file.
_LONGEST = 4000
_OPENING = Position(-1, 0)


@dataclass(slots=True)
class LedgerCase:
    """One case of the file as a flow graph (satisfies ``cryptotrace.model.flow.FlowGraph``)."""

    name: str
    """The case's name in the file."""
    kind: str
    """``utxo`` or ``ledger``."""
    claims: tuple[Claim, ...]
    """What is claimed, in the file's order."""
    raw: Mapping[str, Any]
    """The case object as it stands in the file."""
    flows: dict[str, Flow] = field(default_factory=dict)
    """Every flow by its id."""
    arrivals: dict[str, Arrival | Ended] = field(default_factory=dict)
    """Where each flow arrives; a flow that is not here rests."""
    timeline: dict[Pot, list[Instant]] = field(default_factory=lambda: defaultdict(list))
    """What happens to each pot, in order."""
    last: int = 0
    """The newest instant of the ledger."""

    def flow(self, flow_id: str) -> Flow:
        """The flow of that id.

        Raises:
            DataNotFound: the file has none.
        """
        if flow_id not in self.flows:
            raise DataNotFound(f"case {self.name}: nothing is called {flow_id!r}; a claim must name a flow of the file")
        return self.flows[flow_id]

    def arrival(self, flow: Flow) -> Arrival | Resting | Unknown | Ended:
        """Where the flow arrives."""
        return self.arrivals.get(flow.id, Resting(self.last))

    def instants(self, pot: Pot, since: Position) -> tuple[Instant, ...]:
        """What happens to the pot at and after ``since``."""
        return tuple(instant for instant in self.timeline.get(pot, ()) if instant.at >= since)

    def opening(self, pot: Pot, before: Position) -> int:
        """Base units in the pot just before ``before``."""
        held = 0
        events = self.timeline.get(pot, [])
        for instant in events[: bisect_left([i.at for i in events], before)]:
            held += sum(flow.units for flow in instant.arrivals) - sum(flow.units for flow in instant.departures)
        return held

    def balances(self) -> dict[str, int]:
        """The final balance of every account that ever had a movement or an opening balance (account ledgers)."""
        end = Position(self.last + 1, 0)
        return {str(pot): self.opening(pot, end) for pot in sorted(self.timeline)}

    def _flow(self, flow_id: str, kind: FlowKind, units: int, source: str, departs: Position) -> Flow:
        if flow_id in self.flows:
            raise LedgerFileError(f"case {self.name}: {flow_id!r} stands for two things; each needs a name of its own")
        flow = Flow(flow_id, kind, ASSET, units, Pot(source), departs, None, flow_id)
        self.flows[flow_id] = flow
        return flow


def read(path: Path) -> list[LedgerCase | tuple[str, Exception]]:
    """The cases of a file, in its order; for a case that is refused its name and the reason.

    A number with a point, or of thousands of digits, is refused where it is used, so it costs its own case only. A file
    in which a key stands twice in one object is refused: one of the two would be lost.

    Raises:
        LedgerFileError: the file cannot be read, or is not of the schema.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")  # some editors put a mark before the first letter
        document = json.loads(
            text,
            parse_int=_whole,
            parse_float=_OtherNumber,
            parse_constant=_OtherNumber,
            object_pairs_hook=_unique,
        )
    except OSError as error:
        raise LedgerFileError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise LedgerFileError(f"{path}: not JSON of the schema {SCHEMA}: {error}") from error
    return [_attempt(case, kind) for case, kind in _cases(document, path)]


class _OtherNumber:
    """A number that is no int of base units, as it stands in the file: neither a float nor text."""

    def __init__(self, written: str) -> None:
        self.written = written

    def __repr__(self) -> str:
        return self.written


def _whole(digits: str) -> int | _OtherNumber:
    return int(digits) if len(digits) <= _LONGEST else _OtherNumber(digits)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {max(keys, key=keys.count)!r} stands twice in one object")
    return found


def _cases(document: Any, path: Path) -> Iterator[tuple[Any, str]]:
    wrong = LedgerFileError(
        f"{path}: not of the schema {SCHEMA}: expected a case object with 'txs' or 'entries', or 'schema' and 'cases'"
    )
    if not isinstance(document, dict) or document.get("schema", SCHEMA) != SCHEMA:
        raise wrong
    if "cases" not in document:
        if not _kind(document, None):
            raise wrong
        yield document, _kind(document, None)
        return
    if not isinstance(document["cases"], list) or ("schema" not in document and not all(map(_kind, document["cases"]))):
        raise wrong
    for case in document["cases"]:
        yield case, _kind(case, document.get("kind"))


def _kind(case: Any, stated: Any = None) -> str:
    """``utxo`` or ``ledger``, as stated or by what the case holds; empty if neither fits."""
    if not isinstance(case, dict):
        return ""
    for kind, wanted in (("utxo", "txs"), ("ledger", "entries")):
        if case.get("kind", stated) in (kind, None) and isinstance(case.get(wanted), list):
            return kind
    return ""


def _attempt(case: Any, kind: str) -> LedgerCase | tuple[str, Exception]:
    name = ""
    try:
        name = str(case.get("name", "")) if isinstance(case, dict) else ""
        if not kind:
            raise LedgerFileError(f"case {name}: neither a list of 'txs' nor one of 'entries' that fits its kind")
        return _utxo(case, name) if kind == "utxo" else _ledger(case, name)
    except CryptotraceError as error:
        return name, error
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        return name, LedgerFileError(f"case {name}: a field is missing or of the wrong type: {error!r}")


def _list(holder: Mapping[str, Any], key: str, *, needed: bool = False) -> list[Any]:
    found = holder[key] if needed else holder.get(key, [])
    if not isinstance(found, list):
        raise LedgerFileError(f"{key} must be a list, not {found!r}: a field is of the wrong type")
    return found


def _flag(holder: Mapping[str, Any], key: str) -> bool:
    found = holder.get(key, False)
    if not isinstance(found, bool):
        raise LedgerFileError(f"{key} must be true or false, not {found!r}: a field is of the wrong type")
    return found


# --- UTXO -------------------------------------------------------------------------------------------------------------


def _utxo(case: dict[str, Any], name: str) -> LedgerCase:
    graph = LedgerCase(name, "utxo", (), case)
    follow = _flag(case.get("options", {}), "follow_fees")
    graph.last = len(case["txs"])
    for n, tx in enumerate(case["txs"]):
        _utxo_transaction(graph, tx, Position(n, 0), follow=follow)
    graph.claims = tuple(_outpoint_claim(graph, source) for source in _list(case, "sources"))
    return graph


def _utxo_transaction(graph: LedgerCase, tx: dict[str, Any], at: Position, *, follow: bool) -> None:
    txid = tx["id"]
    if not isinstance(txid, str):
        raise LedgerFileError(f"case {graph.name}: a transaction's id is text, not {txid!r}")
    if f"{txid}:fee" in graph.flows:
        raise LedgerFileError(f"case {graph.name}: two transactions are called {txid!r}")
    coming = _incoming(graph, tx, at, follow=follow)
    pot = Pot(txid)
    for flow in coming:
        if isinstance(graph.arrivals.get(flow.id), Arrival):
            raise LedgerFileError(f"case {graph.name}: {flow.id} is spent twice, the second time by {txid}")
        graph.arrivals[flow.id] = Arrival(pot, at, at.height, txid)
    outputs = [
        graph._flow(f"{txid}:{n}", FlowKind.OUTPUT, units, txid, at)  # noqa: SLF001 - this module builds the graph
        for n, units in enumerate(_list(tx, "outputs", needed=True))
    ]
    fee = sum(f.units for f in coming) - sum(f.units for f in outputs)
    if fee < 0 or base_units(tx.get("fee", fee), f"fee of {txid}") != fee:
        raise LedgerFileError(
            f"case {graph.name}: transaction {txid} does not balance: its inputs leave {fee} for the fee, "
            f"the file says {tx.get('fee', 'nothing')}"
        )
    kind = FlowKind.BURN if _flag(tx, "coinbase") else FlowKind.FEE
    rest = graph._flow(f"{txid}:fee", kind, fee, txid, at)  # noqa: SLF001
    graph.arrivals[rest.id] = Ended(kind.value)
    graph.timeline[pot].append(Instant(at, pot, tuple(coming), (*outputs, rest), txid))


def _incoming(graph: LedgerCase, tx: dict[str, Any], at: Position, *, follow: bool) -> list[Flow]:
    inputs = _list(tx, "inputs", needed=True)
    if _flag(tx, "coinbase"):
        if inputs:
            raise LedgerFileError(f"case {graph.name}: coinbase {tx['id']} has inputs; it can only collect fees")
        subsidy = graph._flow(f"{tx['id']}:subsidy", FlowKind.ISSUANCE, tx["subsidy"], "~issuance", at)  # noqa: SLF001
        fees = [_flow_of_kind(graph, f"{txid}:fee", FlowKind.FEE) for txid in _list(tx, "collects")]
        if not follow:  # the fees ended where they were paid; the same amount enters here unclaimed, once
            fees = [
                graph._flow(f"{fee.id}:collected", FlowKind.ISSUANCE, fee.units, "~issuance", at)  # noqa: SLF001
                for fee in fees
            ]
        return [subsidy, *fees]
    if inputs:
        return [_flow_of_kind(graph, outpoint, FlowKind.OUTPUT) for outpoint in inputs]
    funding = sum(base_units(units, f"output of {tx['id']}") for units in _list(tx, "outputs", needed=True))
    return [graph._flow(f"{tx['id']}:funding", FlowKind.ISSUANCE, funding, "~outside", at)]  # noqa: SLF001


def _flow_of_kind(graph: LedgerCase, flow_id: str, kind: FlowKind) -> Flow:
    flow = graph.flow(flow_id)
    if flow.kind is not kind:
        raise LedgerFileError(f"case {graph.name}: {flow_id} is no {kind.value}, but stands where one is wanted")
    return flow


def _outpoint_claim(graph: LedgerCase, source: Mapping[str, Any]) -> Claim:
    flow = _flow_of_kind(graph, source["outpoint"], FlowKind.OUTPUT)
    offset = source.get("offset", 0)
    return _claim(graph, flow, source["claim"], source.get("amount", flow.units - offset), offset)


def _claim(graph: LedgerCase, flow: Flow, claimant: str, units: int, offset: int = 0) -> Claim:
    claim = Claim(claimant, flow.id, ASSET, units, offset)
    if offset + units > flow.units:
        raise LedgerFileError(
            f"case {graph.name}: the claim of {claimant} takes more units of {flow.id} than the {flow.units} it has"
        )
    return claim


# --- account ledger ---------------------------------------------------------------------------------------------------


def _ledger(case: dict[str, Any], name: str) -> LedgerCase:
    graph = LedgerCase(name, "ledger", (), case)
    for key in ("pari_passu_accounts", "libr_closed_form"):
        if not all(isinstance(account, str) for account in _list(case, key)):
            raise LedgerFileError(f"case {name}: {key} must be a list of account names")
    held: dict[str, int] = {}
    for account, units in case.get("opening", {}).items():
        held[account] = units
        _move(graph, f"opening:{account}", FlowKind.ISSUANCE, None, account, units, _OPENING)
    entries: Sequence[Mapping[str, Any]] = case["entries"]
    order = sorted(range(len(entries)), key=lambda i: _when(entries[i], i))
    for place, i in enumerate(order):
        _entry(graph, held, i, entries[i], place)
    graph.last = len(order)
    graph.claims = (
        *(
            _claim(graph, graph.flow(f"opening:{s['account']}"), s["claim"], s.get("amount", held_at_opening(case, s)))
            for s in _list(case, "opening_sources")
        ),
        *(_entry_claim(graph, source, entries) for source in _list(case, "sources")),
    )
    return graph


def held_at_opening(case: Mapping[str, Any], source: Mapping[str, Any]) -> int:
    """The whole opening balance of the account that an opening source names."""
    return int(case["opening"][source["account"]])


def _when(entry: Mapping[str, Any], i: int) -> tuple[int, int, int]:
    """The place of an entry in the order. Text is refused: as text, 10 would come before 9."""
    time = base_units(entry["t"], f"t of entry {i}", signed=True)
    return time, base_units(entry.get("seq", 0), f"seq of entry {i}", signed=True), i


def _entry_claim(graph: LedgerCase, source: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]) -> Claim:
    entry = base_units(source["entry"], "entry of a source")
    name = f"#{entry}"
    if name not in graph.flows:
        if entry >= len(entries) or entries[entry]["value"] != 0:
            raise LedgerFileError(f"case {graph.name}: entry {entry} moves nothing, so nothing of it can be claimed")
        graph._flow(name, FlowKind.TRANSFER, 0, "~outside", _OPENING)  # noqa: SLF001 - a claim on zero carries nothing
        graph.arrivals[name] = Ended("outside")
    flow = graph.flow(name)
    return _claim(graph, flow, source["claim"], source.get("amount", flow.units))


def _entry(graph: LedgerCase, held: dict[str, int], i: int, entry: Mapping[str, Any], place: int) -> None:
    sender, recipient = entry["from"], entry["to"]
    for name in (sender, recipient, entry.get("fee_payer")):
        if name is not None and not isinstance(name, str):
            raise LedgerFileError(f"case {graph.name}, entry {i}: an account is named by text, not by {name!r}")
    value = base_units(entry["value"], f"value of entry {i} of case {graph.name}")
    fee = base_units(entry.get("fee", 0), f"fee of entry {i} of case {graph.name}")
    movements = []
    if value and sender != recipient:
        movements.append((f"#{i}", FlowKind.TRANSFER, sender, recipient, value))
    if fee:
        movements.append((f"#{i}:fee", FlowKind.FEE, entry.get("fee_payer", sender), FEES, fee))
    for part, (flow_id, kind, payer, payee, units) in enumerate(movements):
        if payer is not None:
            if held.get(payer, 0) < units:
                raise InsufficientBalance(f"entry {i}: {payer} has {held.get(payer, 0)}, needs {units}")
            held[payer] -= units
        if payee is not None:
            held[payee] = held.get(payee, 0) + units
        _move(graph, flow_id, kind, payer, payee, units, Position(place, 0, part))


def _move(
    graph: LedgerCase, flow_id: str, kind: FlowKind, payer: str | None, payee: str | None, units: int, at: Position
) -> None:
    flow = graph._flow(flow_id, kind, units, "~outside" if payer is None else payer, at)  # noqa: SLF001
    if payer is not None:
        graph.timeline[flow.source].append(Instant(at, flow.source, (), (flow,), flow_id))
    if payee is None:
        graph.arrivals[flow_id] = Ended("outside")
        return
    pot = Pot(payee)
    graph.arrivals[flow_id] = Arrival(pot, at, at.height, flow_id)
    graph.timeline[pot].append(Instant(at, pot, (flow,), (), flow_id))
