"""Recorded runs of TRON sources once more, offline: the same answers, and nothing that was not asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.nodes.trongrid import Manners, trongrid
from tests.sources.tronopened import TOP, TRX, USDT, WORLD

from cryptotrace.chains.evm.hashes import keccak256
from cryptotrace.chains.networks import network
from cryptotrace.errors import ConfigurationError, DataNotFound, EvidenceError, NotSupported
from cryptotrace.evidence.archive import Archive
from cryptotrace.evidence.recorder import ArchiveRecorder, MemoryRecorder
from cryptotrace.sources import Policy, open_source
from cryptotrace.sources.recorded import open_recorded
from cryptotrace.sources.tron import KINDS, replay

ADDED = keccak256(b"AddedBlackList(address)")
NAMES = ("theft", "peel_1", "split", "destroy", "refused", "fake_transfer", "new_owner")


def _ask(source: Any) -> dict[str, Any]:
    """Everything that the source can answer about a few things."""
    told: dict[str, Any] = {"tip": source.tip(), "name": source.name, "block": source.block_ref(7)}
    told["transactions"] = list(source.account_transactions([WORLD.txids[name] for name in NAMES]))
    for name in ("mule_b", "frozen"):
        account = WORLD.account(name)
        told[f"{name} balances"] = [source.pot_balance(account, asset) for asset in (USDT, TRX)]
        for asset in (USDT, TRX):
            try:
                told[f"{name} {asset}"] = source.pot_history(account, asset, 0, source.tip().height, 100)
            except NotSupported as error:
                told[f"{name} {asset}"] = str(error)
    told["symbol"] = source.contract_call(WORLD.account("usdt"), keccak256(b"symbol()")[:4])
    try:
        told["logs"] = source.logs(WORLD.account("usdt"), [ADDED], 0, source.tip().height).entries
    except NotSupported as error:
        told["logs"] = str(error)
    return told


@pytest.mark.parametrize("kind", ["trongrid", "fullnode", "fullnode kept", "rpc"])
def test_a_run_once_more(kind: str, tmp_path: Path) -> None:
    recorder = ArchiveRecorder(Archive(tmp_path / "evidence"))
    manners = Manners(has_index=kind == "trongrid")
    with trongrid(WORLD, manners) as server:
        path, options = "/jsonrpc" if kind == "rpc" else "", "&internals=kept" if kind.endswith("kept") else ""
        spec = f"{kind.partition(' ')[0]}:{server.url}{path}?retries=1{options}"
        source = open_source(spec, WORLD.network, recorder, Policy(own_nodes_only=True))
        live = _ask(source)
        source.close()
        asked = len(server.asked)
        copied = MemoryRecorder()
        once_more = open_source(f"recorded:{tmp_path / 'evidence'}", WORLD.network, copied)
        assert _ask(once_more) == live
        assert len(server.asked) == asked
        assert {each.source for each in copied.records()} == {live["name"]}
        with pytest.raises(DataNotFound, match="was not recorded"):
            list(once_more.account_transactions([WORLD.txids["kept"]]))  # type: ignore[attr-defined]
        once_more.close()


def test_each_balance_keeps_the_block_that_it_was_read_at() -> None:
    """The newest block is asked for again and again; a replay must not take the last one for all."""
    recorder, manners = MemoryRecorder(), Manners(tip=12)
    with trongrid(WORLD, manners) as server:
        source: Any = open_source(server.spec, WORLD.network, recorder)
        live = []
        for name in ("mule_a", "mule_b", "frozen"):
            live.append(source.pot_balance(WORLD.account(name), USDT))
            manners.tip = (manners.tip or 0) + 3
        source.close()
    once_more: Any = open_recorded(recorder, WORLD.network)
    assert [once_more.pot_balance(WORLD.account(name), USDT) for name in ("mule_a", "mule_b", "frozen")] == live
    assert [each.at.height for each in live] == [12, 15, 18]
    assert once_more.tip().height == 12


def test_every_kind_can_be_replayed() -> None:
    assert set(replay.REPLAYS) == set(KINDS) - {"recorded"}


def test_a_recording_of_another_family_has_nothing_for_this_one(tmp_path: Path) -> None:
    recorder = MemoryRecorder()
    with trongrid(WORLD, Manners()) as server:
        open_source(server.spec, WORLD.network, recorder).close()
    with pytest.raises(ConfigurationError, match="no answers of a source"):
        open_recorded(recorder, network("bitcoin"))
    with pytest.raises(ConfigurationError, match="no recording there"):
        open_source(f"recorded:{tmp_path}", WORLD.network, MemoryRecorder())


def test_two_tables_under_one_name_are_refused() -> None:
    recorder = MemoryRecorder()
    for name in ("a.csv", "b.csv"):
        recorder.record(b"", source="csv:x.csv", request=f"file {name}")
    with pytest.raises(EvidenceError, match="one export under this name"):
        open_recorded(recorder, WORLD.network)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("fullnode:http://127.0.0.1:1?internals=perhaps", "internals='perhaps' is not known"),
        ("rpc:http://127.0.0.1:1/jsonrpc?tip=latest", "means nothing for TRON"),
        ("trongrid:http://127.0.0.1:1?internals=kept", "has no option internals"),
        ("trongrid:http://key@127.0.0.1:1", "credentials do not belong into the URL"),
        ("trongrid:ftp://127.0.0.1", "expected a URL"),
        ("trongrid:http://127.0.0.1:1?token=abc", "environment variable"),
        ("esplora:http://127.0.0.1:1", "is no kind of source for tron-local"),
    ],
)
def test_specifications_that_cannot_be_used(spec: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        open_source(spec, WORLD.network, MemoryRecorder())


def test_the_last_answer_of_the_archive_is_whole() -> None:
    assert WORLD.ref(TOP).height == TOP
