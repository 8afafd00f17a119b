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
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptotrace.errors import CryptotraceError, DataNotFound, InsufficientBalance, LedgerFileError
from cryptotrace.evidence.canonical import check_depth
from cryptotrace.ledger.fields import Fields, OtherNumber, shown, whole_or_other
from cryptotrace.model.block import Position
from cryptotrace.model.claim import Claim
from cryptotrace.model.flow import Arrival, Ended, Flow, FlowKind, Instant, Pot, Resting, Unknown
from cryptotrace.model.identity import Asset

SCHEMA = "cryptotrace-taint-vectors/1"
#: Everything in such a file is in one unnamed asset.
ASSET = Asset("ledger:file/slip44:0")
FEES = "@fees"
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

    def add_flow(self, flow_id: str, kind: FlowKind, units: int, source: str, departs: Position) -> Flow:
        """One more flow, which rests until ``arrivals`` says more; its owner is not known.

        Raises:
            LedgerFileError: there is one of that id already.
        """
        if flow_id in self.flows:
            raise LedgerFileError(f"{flow_id!r} stands for two things; each needs a name of its own")
        flow = Flow(flow_id, kind, ASSET, units, Pot(source), departs, None, flow_id)
        self.flows[flow_id] = flow
        return flow


@dataclass(frozen=True, slots=True)
class Refused:
    """A case of the file that cannot be traced."""

    name: str
    """The case's name in the file."""
    kind: str
    """``utxo`` or ``ledger``; empty if it is neither."""
    error: CryptotraceError
    """Why."""


def read(path: Path) -> list[LedgerCase | Refused]:
    """The cases of a file, in its order; for a case that is refused its name, its kind and the reason.

    A number with a point, or of thousands of digits, is refused where it is used, so it costs its own case only. A file
    in which a key stands twice in one object is refused: one of the two would be lost.

    Raises:
        LedgerFileError: the file cannot be read, or is not of the schema.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")  # some editors put a mark before the first letter
        check_depth(text.encode("utf-8"))
        document = json.loads(
            text,
            parse_int=whole_or_other,
            parse_float=OtherNumber,
            parse_constant=OtherNumber,
            object_pairs_hook=_unique,
        )
    except OSError as error:
        raise LedgerFileError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise LedgerFileError(f"{path}: not JSON of the schema {SCHEMA}: {error}") from error
    return [_attempt(case, kind) for case, kind in _cases(document, path)]


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


def _attempt(case: Any, kind: str) -> LedgerCase | Refused:
    named = case.get("name", "") if isinstance(case, dict) else ""
    name = named if isinstance(named, str) else shown(named)
    try:
        if not kind:
            raise LedgerFileError("the case has neither a list of 'txs' nor one of 'entries' that fits its kind")
        return _utxo(Fields(case), name) if kind == "utxo" else _ledger(Fields(case), name)
    except CryptotraceError as error:
        return Refused(name, kind, error)


# --- UTXO -------------------------------------------------------------------------------------------------------------


def _utxo(case: Fields, name: str) -> LedgerCase:
    graph = LedgerCase(name, "utxo", (), case.found)
    follow = case.inner("options").flag("follow_fees")
    txs = case.objects("txs", needed=True)
    graph.last = len(txs)
    for n, tx in enumerate(txs):
        _utxo_transaction(graph, tx, Position(n, 0), follow=follow)
    graph.claims = tuple(_outpoint_claim(graph, source) for source in case.objects("sources"))
    return graph


def _utxo_transaction(graph: LedgerCase, tx: Fields, at: Position, *, follow: bool) -> None:
    txid = tx.text("id")
    if f"{txid}:fee" in graph.flows:
        raise tx.error(f"two transactions are called {txid!r}")
    coming = _incoming(graph, tx, at, follow=follow)
    pot = Pot(txid)
    for flow in coming:
        if isinstance(graph.arrivals.get(flow.id), Arrival):
            raise tx.error(f"{flow.id} is spent twice, the second time by {txid}")
        graph.arrivals[flow.id] = Arrival(pot, at, at.height, txid)
    outputs = [
        graph.add_flow(f"{txid}:{n}", FlowKind.OUTPUT, units, txid, at) for n, units in enumerate(tx.wholes("outputs"))
    ]
    fee = sum(f.units for f in coming) - sum(f.units for f in outputs)
    if fee < 0 or tx.whole("fee", fee) != fee:
        stated = tx.whole("fee") if "fee" in tx else "nothing"
        raise tx.error(
            f"transaction {txid} does not balance: its inputs leave {fee} for the fee, the file says {stated}"
        )
    kind = FlowKind.BURN if tx.flag("coinbase") else FlowKind.FEE
    rest = graph.add_flow(f"{txid}:fee", kind, fee, txid, at)
    graph.arrivals[rest.id] = Ended(kind.value)
    graph.timeline[pot].append(Instant(at, pot, tuple(coming), (*outputs, rest), txid))


def _incoming(graph: LedgerCase, tx: Fields, at: Position, *, follow: bool) -> list[Flow]:
    txid, inputs = tx.text("id"), tx.texts("inputs", needed=True)
    if tx.flag("coinbase"):
        if inputs:
            raise tx.error(f"coinbase {txid} has inputs; it can only collect fees")
        subsidy = graph.add_flow(f"{txid}:subsidy", FlowKind.ISSUANCE, tx.whole("subsidy"), "~issuance", at)
        fees = [_flow_of_kind(graph, tx, f"{payer}:fee", FlowKind.FEE) for payer in tx.texts("collects")]
        if not follow:  # the fees ended where they were paid; the same amount enters here unclaimed, once
            fees = [
                graph.add_flow(f"{fee.id}:collected", FlowKind.ISSUANCE, fee.units, "~issuance", at) for fee in fees
            ]
        return [subsidy, *fees]
    if inputs:
        return [_flow_of_kind(graph, tx, outpoint, FlowKind.OUTPUT) for outpoint in inputs]
    return [graph.add_flow(f"{txid}:funding", FlowKind.ISSUANCE, sum(tx.wholes("outputs")), "~outside", at)]


def _flow_of_kind(graph: LedgerCase, named_by: Fields, flow_id: str, kind: FlowKind) -> Flow:
    flow = _named(graph, named_by, flow_id)
    if flow.kind is not kind:
        raise named_by.error(f"{flow_id} is no {kind.value}, but stands where one is wanted")
    return flow


def _named(graph: LedgerCase, named_by: Fields, flow_id: str) -> Flow:
    if flow_id not in graph.flows:
        raise named_by.error(
            f"nothing is called {flow_id!r} here or before; each name must stand for a flow of the file"
        )
    return graph.flows[flow_id]


def _outpoint_claim(graph: LedgerCase, source: Fields) -> Claim:
    return _claim(
        _flow_of_kind(graph, source, source.text("outpoint"), FlowKind.OUTPUT), source, source.whole("offset", 0)
    )


def _claim(flow: Flow, source: Fields, offset: int = 0) -> Claim:
    claimant = source.text("claim")
    if not claimant.strip():
        raise source.error("the field 'claim' must be the claimant's name, and is empty")
    units = source.whole("amount", max(0, flow.units - offset))
    if offset + units > flow.units:
        raise source.error(f"the claim of {claimant} takes more units of {flow.id} than the {flow.units} it has")
    return Claim(claimant, flow.id, ASSET, units, offset)


# --- account ledger ---------------------------------------------------------------------------------------------------


def _ledger(case: Fields, name: str) -> LedgerCase:
    graph = LedgerCase(name, "ledger", (), case.found)
    for key in ("pari_passu_accounts", "libr_closed_form"):
        case.texts(key)
    opening = case.inner("opening")
    held = {account: opening.whole(account) for account in opening.found}
    for account, units in held.items():
        _move(graph, f"opening:{account}", FlowKind.ISSUANCE, None, account, units, _OPENING)
    entries = case.objects("entries", needed=True)
    order = sorted(range(len(entries)), key=lambda i: (*_when(entries[i]), i))
    for place, i in enumerate(order):
        _entry(graph, held, i, entries[i], place)
    graph.last = len(order)
    graph.claims = (
        *(
            _claim(_named(graph, source, f"opening:{source.text('account')}"), source)
            for source in case.objects("opening_sources")
        ),
        *(_entry_claim(graph, source, entries) for source in case.objects("sources")),
    )
    return graph


def _when(entry: Fields) -> tuple[int, int]:
    """Time and sequence. Text is refused: as text, 10 would come before 9."""
    return entry.whole("t", signed=True), entry.whole("seq", 0, signed=True)


def _entry_claim(graph: LedgerCase, source: Fields, entries: list[Fields]) -> Claim:
    entry = source.whole("entry")
    name = f"#{entry}"
    if name not in graph.flows:
        if entry >= len(entries) or entries[entry].whole("value") != 0:
            raise source.error(f"entry {shown(entry)} moves nothing, so nothing of it can be claimed")
        graph.add_flow(name, FlowKind.TRANSFER, 0, "~outside", _OPENING)  # a claim on zero carries nothing
        graph.arrivals[name] = Ended("outside")
    return _claim(graph.flows[name], source)


def _entry(graph: LedgerCase, held: dict[str, int], i: int, entry: Fields, place: int) -> None:
    sender, recipient = entry.text_or_null("from"), entry.text_or_null("to")
    fee_payer = entry.text_or_null("fee_payer") if "fee_payer" in entry else sender
    value, fee = entry.whole("value"), entry.whole("fee", 0)
    movements = []
    if value and sender != recipient:
        movements.append((f"#{i}", FlowKind.TRANSFER, sender, recipient, value))
    if fee:
        movements.append((f"#{i}:fee", FlowKind.FEE, fee_payer, FEES, fee))
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
    flow = graph.add_flow(flow_id, kind, units, "~outside" if payer is None else payer, at)
    if payer is not None:
        graph.timeline[flow.source].append(Instant(at, flow.source, (), (flow,), flow_id))
    if payee is None:
        graph.arrivals[flow_id] = Ended("outside")
        return
    pot = Pot(payee)
    graph.arrivals[flow_id] = Arrival(pot, at, at.height, flow_id)
    graph.timeline[pot].append(Instant(at, pot, (flow,), (), flow_id))
