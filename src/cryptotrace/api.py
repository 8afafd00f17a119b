"""Every public name, in one place. What is not here may change without notice."""

from cryptotrace import errors
from cryptotrace.case import Case, HoldingsView, TraceView
from cryptotrace.case.sheetview import SheetView
from cryptotrace.chains.networks import account, asset, candidates, network
from cryptotrace.chains.tokens import TokenFacts, TokenReading
from cryptotrace.model.amount import Amount, format_units, parse_units
from cryptotrace.model.block import BlockRef, Position, Tip
from cryptotrace.model.claim import Claim
from cryptotrace.model.flow import (
    Arrival,
    Conversion,
    Crowded,
    Ended,
    Flow,
    FlowGraph,
    FlowKind,
    Instant,
    Pot,
    Resting,
    Unknown,
)
from cryptotrace.model.identity import Account, Asset, Chain
from cryptotrace.model.movement import AccountTransaction, Movement, Order, Wrap
from cryptotrace.model.pot import Completeness, OpeningBasis, PotCheck
from cryptotrace.model.tag import Grade, Tag
from cryptotrace.model.transaction import Outpoint, Posting, PostingKind, Transaction
from cryptotrace.model.verdict import LinkClass, Standing, Verdict
from cryptotrace.seizure.deposits import Deposit, DepositParameters
from cryptotrace.seizure.freeze import FreezeStatus
from cryptotrace.seizure.freezehistory import Frozen
from cryptotrace.seizure.holdings import Holding
from cryptotrace.seizure.issuers import IssuerRow
from cryptotrace.seizure.touchpoints import TouchPoint
from cryptotrace.tracing.engine import trace
from cryptotrace.tracing.result import EndReason, Reconciliation, Stops, Trace, TracedFlow
from cryptotrace.tracing.rules import RULES, Purpose, Rule, rule

__all__ = [
    "RULES",
    "Account",
    "AccountTransaction",
    "Amount",
    "Arrival",
    "Asset",
    "BlockRef",
    "Case",
    "Chain",
    "Claim",
    "Completeness",
    "Conversion",
    "Crowded",
    "Deposit",
    "DepositParameters",
    "EndReason",
    "Ended",
    "Flow",
    "FlowGraph",
    "FlowKind",
    "FreezeStatus",
    "Frozen",
    "Grade",
    "Holding",
    "HoldingsView",
    "Instant",
    "IssuerRow",
    "LinkClass",
    "Movement",
    "OpeningBasis",
    "Order",
    "Outpoint",
    "Position",
    "Posting",
    "PostingKind",
    "Pot",
    "PotCheck",
    "Purpose",
    "Reconciliation",
    "Resting",
    "Rule",
    "SheetView",
    "Standing",
    "Stops",
    "Tag",
    "Tip",
    "TokenFacts",
    "TokenReading",
    "TouchPoint",
    "Trace",
    "TraceView",
    "TracedFlow",
    "Transaction",
    "Unknown",
    "Verdict",
    "Wrap",
    "account",
    "asset",
    "candidates",
    "errors",
    "format_units",
    "network",
    "parse_units",
    "rule",
    "trace",
]
