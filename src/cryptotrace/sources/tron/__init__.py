"""The kinds of source of TRON, and how each is opened."""

from __future__ import annotations

from collections.abc import Callable

from cryptotrace.chains.tron.network import TronNetwork
from cryptotrace.evidence.recorder import Recorder
from cryptotrace.model.source import Source
from cryptotrace.sources.policy import Policy
from cryptotrace.sources.spec import Spec

Opener = Callable[[Spec, TronNetwork, Recorder, Policy], Source]

KINDS: dict[str, Opener] = {}
