"""A case: one investigation in one folder; ties the rooms together."""

from cryptotrace.case.case import Case
from cryptotrace.case.view import HoldingsView, TraceView

__all__ = ["Case", "HoldingsView", "TraceView"]
