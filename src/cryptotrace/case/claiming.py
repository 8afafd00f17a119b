"""A claim as it is entered: units of an output or of a transfer that is there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from cryptotrace.case.file import ClaimEntry, TokenEntry
from cryptotrace.chains.family import Network
from cryptotrace.chains.networks import account as canonical_account
from cryptotrace.chains.networks import asset as canonical_asset
from cryptotrace.chains.tokens import known_tokens
from cryptotrace.errors import CaseError, InvalidAddress, InvalidIdentifier
from cryptotrace.ledger.accountgraph import AccountGraph
from cryptotrace.model.amount import parse_units
from cryptotrace.model.claim import Claim
from cryptotrace.model.flow import Flow, FlowKind
from cryptotrace.model.identity import Account, Asset
from cryptotrace.model.movement import Movement
from cryptotrace.model.transaction import Outpoint, txid_text

if TYPE_CHECKING:
    from cryptotrace.case.case import Case


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken, as somebody wrote it."""

    outpoint: str
    """``txid:vout``; empty on an account chain."""
    transfer: str
    """Txid or ``txid#place``; empty on a UTXO chain."""
    asset: str | None
    """With a txid alone: of which asset."""
    amount: str | int | None
    """Decimal text, base units, or None for all."""
    offset: int
    """Base units before the claimed ones."""


def enter_claim(case: Case, claimant: str, net: Network, taken: Taken, basis: str, author: str) -> ClaimEntry:
    """See ``Case.claim``."""
    flow = _flow(case, net, taken)
    units = _units(case, flow, taken)
    claim = Claim(claimant, flow.id, flow.asset, units, taken.offset, basis, author or case.settings.author)
    if flow.asset.token_id is not None and units != flow.units:
        raise CaseError(f"{flow.id} moves {flow.units} of a numbered token: it is claimed as a whole or not at all")
    if units == 0 or taken.offset + units > flow.units:
        raise CaseError(
            f"{flow.id} has {case.assets.decimal(flow.units, flow.asset)}; the claim takes base units {taken.offset} "
            f"to {taken.offset + units} of {flow.units}"
        )
    return ClaimEntry(claimant, net.chain, flow.id, flow.asset, str(units), str(taken.offset), basis, claim.author)


def _flow(case: Case, net: Network, taken: Taken) -> Flow:
    graph = case.graph(net.chain)
    if not isinstance(graph, AccountGraph):
        if taken.transfer or not taken.outpoint:
            raise CaseError(f"on {net.name} an output is claimed: name it with outpoint, txid:vout (--outpoint)")
        return graph.flow(str(Outpoint.parse(taken.outpoint)))
    if taken.outpoint or not taken.transfer:
        raise CaseError(f"on {net.name} a transfer is claimed: name it with transfer, txid or txid#place (--transfer)")
    flow = graph.flow(_transfer(case, graph, net, taken))
    if flow.owner is None or flow.kind is FlowKind.FEE:
        raise CaseError(f"{flow.id} is no transfer to anybody: {flow.kind.value}")
    case.assets.read(flow.asset, graph.sources)
    return flow


def _transfer(case: Case, graph: AccountGraph, net: Network, taken: Taken) -> str:
    """The one transfer that is meant."""
    text, sharp, place = taken.transfer.partition("#")
    txid = txid_text(text.lower().removeprefix("0x"))
    if sharp:
        return f"{txid}#{place}"
    transaction = graph.ensure(txid)
    wanted = None if taken.asset is None else token_of(net, taken.asset)
    found = [
        m
        for m in transaction.movements
        if m.kind in {FlowKind.TRANSFER, FlowKind.ISSUANCE} and m.units and wanted in (None, m.asset)
    ]
    if len(found) == 1:
        return transaction.flow_id(found[0])
    if not transaction.succeeded:
        raise CaseError(f"transaction {net.shown(txid)} failed: nothing but its fee moved")
    others = found or [m for m in transaction.movements if m.kind is not FlowKind.FEE]
    listed = "; ".join(_said(case, m) for m in others) or "nothing but a fee"
    what = "of that asset" if wanted else "of value"
    raise CaseError(
        f"transaction {net.shown(txid)} has {len(found) or 'no'} transfers {what}; name one with txid#place. It has: "
        f"{listed}"
    )


def _said(case: Case, movement: Movement) -> str:
    to = "" if movement.payee is None else movement.payee.address
    return f"#{movement.place} {case.assets.decimal(movement.units, movement.asset)} to {to}"


def token_of(net: Network, text: str) -> Asset:
    """The asset that is meant: CAIP-19, or the address of a token's contract."""
    if "/" in text:
        return canonical_asset(text)
    known = [asset for asset, facts in known_tokens().items() if facts.symbol == text and asset.chain == net.chain]
    if known:
        raise InvalidIdentifier(
            f"{text!r} is a symbol, which any contract can have; if the known one is meant, write {known[0].reference}"
        )
    try:
        contract = Account(canonical_account(text, net.chain)).address
    except InvalidAddress as error:
        raise InvalidIdentifier(f"{text!r} is neither an asset (CAIP-19) nor a contract's address: {error}") from error
    return canonical_asset(f"{net.chain}/{net.token_namespace}:{contract}")


def _units(case: Case, flow: Flow, taken: Taken) -> int:
    if taken.amount is None:
        return flow.units - taken.offset
    if not isinstance(taken.amount, str):
        return taken.amount
    decimals = case.assets.shown(flow.asset).decimals
    if decimals is None:
        raise CaseError(
            f"the decimals of {flow.asset} are not known, so {taken.amount!r} cannot be read; give an int of base units"
        )
    return parse_units(taken.amount, decimals)


def describe_token(
    net: Network, contract: str, texts: tuple[str, str, str, str, str], decimals: int, now: datetime, *, adjusts: bool
) -> TokenEntry:
    """See ``Case.describe_token``; the texts are symbol, name, issuer, way to freeze and basis."""
    from cryptotrace.chains.tokentable import FREEZES

    symbol, name, issuer, freeze, basis = texts
    if not basis.strip():
        raise CaseError("say on what the description of the token rests; documents print it")
    if freeze and freeze not in FREEZES:
        raise CaseError(f"no way to freeze is called {freeze!r}; there are: {', '.join(FREEZES)}")
    asset = token_of(net, contract)
    entry = TokenEntry(asset, symbol, name or symbol, decimals, issuer, freeze, basis, now.date().isoformat(), adjusts)
    entry.facts()  # refuses decimals that cannot be
    listed = known_tokens().get(asset)
    if listed is not None and listed.decimals != decimals:
        raise CaseError(
            f"{asset} is in the table of known tokens with {listed.decimals} decimals ({listed.source}), not {decimals}"
        )
    return entry
