"""Every kind of source, how it is opened over each world, and what it cannot do, with the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.conformance.questions import (
    QUESTIONS,
    Asked,
    genesis_transaction_without_place,
    histories_without_pool,
    places_untold,
    spends_without_pool,
)
from tests.conformance.world import World, planted_world, training_world, write_blocks, write_csv, write_json
from tests.nodes.parts import fast_folder
from tests.nodes.truth import REGTEST

from cryptotrace.errors import CryptotraceError, DataNotFound, NotSupported
from cryptotrace.evidence.archive import Archive
from cryptotrace.evidence.recorder import ArchiveRecorder, MemoryRecorder, Recorder
from cryptotrace.model.source import Source
from cryptotrace.sources import Policy, open_source
from cryptotrace.sources.memory import MemorySource

OWN = Policy(own_nodes_only=True)
Opener = Callable[[Recorder], Source]


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that a kind of source cannot do."""

    error: type[CryptotraceError] | None
    """The error with which it refuses; None if it answers."""
    reason: str
    """Why it cannot."""
    instead: Callable[[Asked], None] | None = None
    """What it answers instead, as a question that expects just that: any other answer fails. None if it refuses."""


_NO_BLOCKS = Gap(NotSupported, "holds single transactions, not whole blocks")
_NO_BALANCES = Gap(NotSupported, "tells no balance: what it holds may be a part")
_NO_PROOFS = Gap(NotSupported, "a branch needs all txids of a block")
_SCRIPT_UNKNOWN = Gap(NotSupported, "a node looks for scripts, and a digest does not tell the script")
_NO_FILTERS = Gap(NotSupported, "needs -blockfilterindex=1")
_NOT_IN_PROTOCOL = Gap(NotSupported, "the Electrum protocol gives no whole blocks")
_GENESIS = Gap(DataNotFound, "a node does not give the coinbase of genesis as a transaction: nobody can spend it")
_NO_PLACE = "Esplora's shape does not tell the place in a block"
_NO_POOL = "block files hold what is confirmed"

_ALL_BLOCKS = ("blocks_by_height", "blocks_by_hash", "blocks_that_are_not_there", "stale_blocks")
_ALL_HISTORIES = ("histories", "unconfirmed_histories", "nameless_histories", "empty_histories")
_BALANCES = ("balances", "nameless_balances")
_PROOFS = ("proofs", "proofs_that_cannot_be")

_OF_BLOCKS = {
    "unconfirmed_transactions": Gap(DataNotFound, _NO_POOL),
    "unconfirmed_spends": Gap(None, _NO_POOL, spends_without_pool),
    "unconfirmed_histories": Gap(None, _NO_POOL, histories_without_pool),
    **dict.fromkeys(_BALANCES, _NO_BALANCES),
}
_OF_TABLES = {
    **dict.fromkeys((*_ALL_BLOCKS, "block_hashes"), _NO_BLOCKS),
    **dict.fromkeys(_BALANCES, _NO_BALANCES),
    **dict.fromkeys(_PROOFS, _NO_PROOFS),
}
_OF_JSON = {
    **_OF_TABLES,
    "places": Gap(None, _NO_PLACE, places_untold),
    "genesis_transaction": Gap(None, _NO_PLACE, genesis_transaction_without_place),
}
_OF_RPC = {"genesis_transaction": _GENESIS, "nameless_histories": _SCRIPT_UNKNOWN, "nameless_balances": _SCRIPT_UNKNOWN}
_OF_ELECTRUM = {"genesis_transaction": _GENESIS, **dict.fromkeys(_ALL_BLOCKS, _NOT_IN_PROTOCOL)}

#: Kind of source -> question -> why it cannot answer. A kind that learns must lose its mark: the test fails else.
GAPS: dict[str, dict[str, Gap]] = {
    "blocks": _OF_BLOCKS,
    "rpc": _OF_RPC,
    "rpc without indexes": {**_OF_RPC, **dict.fromkeys(_ALL_HISTORIES, _NO_FILTERS)},
    "esplora": {},
    "electrum": _OF_ELECTRUM,
    "electrum+tls": _OF_ELECTRUM,
    "json": _OF_JSON,
    "csv": _OF_TABLES,
    "memory": {},
    "recorded blocks": {**_OF_BLOCKS, **dict.fromkeys(_BALANCES, Gap(DataNotFound, "was not asked then"))},
    "recorded rpc": _OF_RPC,
    "recorded rpc without indexes": {**_OF_RPC, **dict.fromkeys(_ALL_HISTORIES, _NO_FILTERS)},
    "recorded esplora": {},
    "recorded electrum": _OF_ELECTRUM,
    "recorded json": _OF_JSON,
    "recorded csv": _OF_TABLES,
    "recorded memory": {},
}
#: Kinds that can be had without a node.
OFFLINE = ("blocks", "json", "csv", "memory", "recorded blocks", "recorded json", "recorded csv", "recorded memory")
#: What the training chain has none of.
ONLY_PLANTED = ("stale_blocks",)


@contextmanager
def opened(kind: str, world: str, request: pytest.FixtureRequest) -> Iterator[Asked]:
    """A source of that kind over that world, ready to be asked."""
    about = training_world() if world == "training" else planted_world(request.getfixturevalue("planted"))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(fast_folder()))
        live = kind.removeprefix("recorded ")
        opener = _opener(live, world, about, folder, request)
        if live == kind:
            recorder = MemoryRecorder()
            asked = Asked(kind, opener(recorder), about, recorder)
        else:
            archive = Archive(folder / "evidence")
            _record_run(Asked(live, opener(ArchiveRecorder(archive)), about, archive))
            copy = MemoryRecorder()  # what is used of a recording becomes evidence of the case that uses it
            asked = Asked(kind, open_source(f"recorded:{archive.folder}", REGTEST, copy, OWN), about, copy)
        stack.callback(asked.source.close)
        yield asked


def _record_run(asked: Asked) -> None:
    """Ask everything once, as it is asked of a live source; what it cannot do is no matter here."""
    try:
        for question in QUESTIONS:
            with suppress(CryptotraceError):
                ask_or_gap(asked, question)
    finally:
        asked.source.close()


def ask_or_gap(asked: Asked, question: str) -> None:
    """Ask the question, or what is expected instead where there is a gap."""
    gap = GAPS[asked.kind].get(question)
    ask = QUESTIONS[question] if gap is None or gap.instead is None else gap.instead
    ask(asked)


def _opener(kind: str, world: str, about: World, folder: Path, request: pytest.FixtureRequest) -> Opener:
    truth = about.truth
    if kind == "memory":
        pool = [truth.transactions[txid].raw for txid in about.unconfirmed]
        raws = [raw for _, raw in truth.blocks]
        return lambda recorder: MemorySource.from_raw(REGTEST, raws, unconfirmed=pool, recorder=recorder)
    if kind == "json":
        write_json(truth, folder / "export")
        spec = f"json:{folder / 'export'}"
    elif kind == "csv":
        write_csv(truth, folder / "export.csv")
        spec = f"csv:{folder / 'export.csv'}"
    elif kind == "blocks" and world == "training":
        write_blocks(truth, folder / "blk00000.dat")
        spec = f"blocks:{folder / 'blk00000.dat'}"
    else:
        spec = _server_spec(kind, request)
    return lambda recorder: open_source(spec, REGTEST, recorder, OWN)


def _server_spec(kind: str, request: pytest.FixtureRequest) -> str:
    if kind == "blocks":
        return f"blocks:{request.getfixturevalue('planted').node.blocks}"
    fixtures = {
        "rpc without indexes": "planted_without_indexes",
        "esplora": "planted_esplora",
        "electrum": "planted_electrumx",
        "electrum+tls": "planted_electrumx_tls",
    }
    if kind == "rpc":
        return str(request.getfixturevalue("planted").node.spec)
    server = request.getfixturevalue(fixtures[kind])
    return str(server.tls_spec if kind == "electrum+tls" else server.spec)
