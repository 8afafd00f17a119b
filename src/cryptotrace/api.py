"""Every public name, in one place. What is not here may change without notice."""

from cryptotrace import errors
from cryptotrace.case import Case, HoldingsView, TraceView
from cryptotrace.chains.networks import account, asset, candidates, network
from cryptotrace.model.amount import Amount, format_units, parse_units
from cryptotrace.model.block import BlockRef, Position, Tip
from cryptotrace.model.claim import Claim
from cryptotrace.model.flow import Arrival, Conversion, Ended, Flow, FlowGraph, FlowKind, Instant, Pot, Resting, Unknown
from cryptotrace.model.identity import Account, Asset, Chain
from cryptotrace.model.tag import Grade, Tag
from cryptotrace.model.transaction import Outpoint, Posting, PostingKind, Transaction
from cryptotrace.model.verdict import LinkClass, Standing, Verdict
from cryptotrace.seizure.holdings import Holding
from cryptotrace.tracing.engine import trace
from cryptotrace.tracing.result import EndReason, Reconciliation, Stops, Trace, TracedFlow
from cryptotrace.tracing.rules import RULES, Purpose, Rule, rule

__all__ = [
    "RULES",
    "Account",
    "Amount",
    "Arrival",
    "Asset",
    "BlockRef",
    "Case",
    "Chain",
    "Claim",
    "Conversion",
    "EndReason",
    "Ended",
    "Flow",
    "FlowGraph",
    "FlowKind",
    "Grade",
    "Holding",
    "HoldingsView",
    "Instant",
    "LinkClass",
    "Outpoint",
    "Position",
    "Posting",
    "PostingKind",
    "Pot",
    "Purpose",
    "Reconciliation",
    "Resting",
    "Rule",
    "Standing",
    "Stops",
    "Tag",
    "Tip",
    "Trace",
    "TraceView",
    "TracedFlow",
    "Transaction",
    "Unknown",
    "Verdict",
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
