"""The token legs of the built-in case: what was recorded, that the script records it again, and what the story comes to.

Every figure was worked out by hand from the steps (``tests/nodes/evmstory.py``, ``tests/nodes/tronsteps.py``).
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from tests.nodes.parts import anvil_program, solidity_compiler

from cryptotrace.case import Case, TraceView
from cryptotrace.case.demo import TOKEN_LEGS, enter_tokens
from cryptotrace.chains.tron.address import address_of
from cryptotrace.chains.tron.signature import signers
from cryptotrace.chains.tron.wire import transaction_of_raw_data
from cryptotrace.errors import EvidenceError
from cryptotrace.evidence.archive import Archive
from cryptotrace.model.verdict import LinkClass
from cryptotrace.seizure.freeze import FreezeStatus
from cryptotrace.tracing.result import EndReason
from cryptotrace.tracing.rules import RULES

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(str(resources.files("cryptotrace.training")))
NAMES = {"evm": "rpc:http://127.0.0.1:8545", "tron": "trongrid:http://127.0.0.1:8090"}
M = 10**6
SERVICE, UNSPENT, BURN = EndReason.SERVICE, EndReason.UNSPENT, EndReason.BURN


def story(leg: str) -> dict[str, Any]:
    """What the recorder noted."""
    return dict(json.loads((FOLDER / leg / "story.json").read_text(encoding="utf-8")))


class Told:
    """A leg in a case of its own, traced offline under fifo."""

    def __init__(self, case: Case, material: Path) -> None:
        self.story = story(material.name)
        self.case = case
        self.chain = enter_tokens(case, material)
        self.view: TraceView = case.trace(case.claims_on(self.chain), rule="fifo", reason="a test")
        self.names = {address: name for name, address in self.story["accounts"].items()}

    def shares(self) -> dict[tuple[EndReason, str], Any]:
        """Base units by how and with whom the trace ends; what was destroyed stands with nobody."""
        (claimant,) = {claim.claimant for claim in self.case.claims}
        found = {}
        for end in self.view.trace.ends:
            where = "" if end.account is None else self.names[end.account.address]
            found[end.reason, where] = end.claimed[claimant]
        assert len(found) == len(self.view.trace.ends)
        return found

    def transfer(self, name: str) -> str:
        """The id of the token transfer in a transaction of the story."""
        return f"{self.story['transactions'][name]}#log.0"

    def status(self, name: str) -> FreezeStatus:
        """Whether that account is frozen."""
        return self.case.freeze_status(self.chain, self.story["accounts"][name], self.story["token"]["contract"])

    def issuer_rows(self) -> dict[str, tuple[int, Any, str]]:
        """Of each holding that the issuer could freeze: the whole balance, the claimed share, and the status."""
        return {
            self.names[row.account.address]: (
                -1 if row.balance is None else row.balance.units,
                sum(row.claimed.values()),
                row.freeze.state.value,
            )
            for row in self.view.issuers().rows
        }


@contextmanager
def _told(leg: str, folder: Path) -> Iterator[Told]:
    """A leg over a copy of its recording; nothing in it may open a connection."""

    def refuse(*arguments: Any, **more: Any) -> None:
        raise AssertionError("a recorded run opens a connection")

    material = Path(shutil.copytree(FOLDER / leg, folder / leg))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        with Case.create(folder / "case", title="Tokens", own_nodes_only=True) as case:
            yield Told(case, material)


@pytest.fixture(scope="module")
def evm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """What was recorded from a real EVM node."""
    with _told("evm", tmp_path_factory.mktemp("evm")) as made:
        yield made


@pytest.fixture(scope="module")
def tron(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """What was recorded from the test server for TRON."""
    with _told("tron", tmp_path_factory.mktemp("tron")) as made:
        yield made


@pytest.fixture(params=TOKEN_LEGS)
def told(request: pytest.FixtureRequest) -> Told:
    """Each leg."""
    made: Told = request.getfixturevalue(request.param)
    return made


def _entered_and_traced(case: Case, material: Path) -> None:
    case.trace(case.claims_on(enter_tokens(case, material)))


def _files(folder: Path) -> dict[str, bytes]:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


# --- the recordings ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("leg", TOKEN_LEGS)
def test_a_recording_is_a_whole_archive_small_enough_to_ship(leg: str, tmp_path: Path) -> None:
    files = _files(FOLDER / leg)
    assert sum(map(len, files.values())) < 400_000
    answers = {name for name in files if re.fullmatch("[0-9a-f]{2}/[0-9a-f]{64}", name)}
    assert set(files) - answers == {"exchange.yaml", "index.jsonl", "story.json"}
    archive = Archive(Path(shutil.copytree(FOLDER / leg, tmp_path / leg)))
    assert archive.verify() == []
    assert {record.digest for record in archive.records()} == {name[3:] for name in answers}


@pytest.mark.parametrize("leg", TOKEN_LEGS)
def test_it_names_the_source_by_a_fixed_name_and_nothing_of_the_machine(leg: str, tmp_path: Path) -> None:
    archive = Archive(Path(shutil.copytree(FOLDER / leg, tmp_path / leg)))
    records = list(archive.records())
    assert {record.source for record in records} == {NAMES[leg]}
    assert {(record.received, record.latency_ms) for record in records} == {("2026-03-02T09:00:00.000000Z", None)}
    assert len({record.request for record in records}) == len(records)
    everything = b"\n".join(_files(FOLDER / leg).values())
    ports = {NAMES[leg].rpartition(":")[2].encode()}
    assert set(re.findall(rb"(?:127\.0\.0\.1|localhost):(\d+)", everything)) == ports
    assert not re.search(rb"/(?:tmp|home|shm|root|Users)/", everything)


@pytest.mark.parametrize("leg", ["tron", pytest.param("evm", marks=pytest.mark.node)])
def test_the_script_records_the_same_bytes_again(leg: str, tmp_path: Path) -> None:
    if leg == "evm":
        (program, _) = anvil_program(), solidity_compiler()
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
        if (version := story(leg)["node"].partition("/v")[2]) not in said:
            pytest.skip(f"ANOTHER EVM NODE: recorded from anvil {version}, here is {said!r}; was NOT recorded again")
    script = ROOT / "tools" / "record_token_legs.py"
    subprocess.run([sys.executable, str(script), leg, "--to", str(tmp_path)], check=True, capture_output=True)
    again, shipped = _files(tmp_path / leg), _files(FOLDER / leg)
    differ = sorted(name for name in again.keys() | shipped.keys() if again.get(name) != shipped.get(name))
    assert differ == [], "the library asks other questions than when this was recorded: record it again"


def test_the_evm_leg_is_what_a_real_node_answered(evm: Told) -> None:
    """The adapter recomputes hashes of headers and transactions and refuses what does not fit; a changed byte shows."""
    assert evm.story["node"].startswith("anvil/")
    assert evm.story["node"] in evm.story["recorded"]
    theft = evm.case.store.placed(evm.view.trace.claims[0].asset.chain, evm.story["transactions"]["claimed payment"])
    assert theft is not None
    assert theft.block is not None
    assert (theft.block.height, theft.block.time) == (8, 1_772_355_600 + 7 * 600)


def test_the_tron_leg_says_that_no_node_made_it(tron: Told) -> None:
    assert tron.story["node"] == "none: the server of the tests"
    assert "not of a TRON node" in tron.story["recorded"]


def test_the_tron_transactions_are_validly_signed_by_their_owners() -> None:
    found = {}
    for name, raw in _files(FOLDER / "tron").items():
        if not re.fullmatch("[0-9a-f]{2}/[0-9a-f]{64}", name):
            continue
        answer = json.loads(raw)
        for each in answer.get("transactions", []) if "block_header" in answer else []:
            found[each["txID"]] = each
    signed = set()
    for txid, each in found.items():
        read = transaction_of_raw_data(bytes.fromhex(each["raw_data_hex"]), [*map(bytes.fromhex, each["signature"])])
        assert read.txid == txid == hashlib.sha256(bytes.fromhex(each["raw_data_hex"])).hexdigest()
        owner = each["raw_data"]["contract"][0]["parameter"]["value"]["owner_address"]
        assert signers(read) == (address_of(bytes.fromhex(owner)[1:]),)
        signed.add(txid)
    wanted = story("tron")["transactions"]
    assert {wanted[name] for name in ("claimed payment", "peel 1", "peel 2", "branch", "kept", "sweep")} <= signed


@pytest.mark.parametrize("leg", TOKEN_LEGS)
def test_an_answer_that_was_altered_is_refused(leg: str, tmp_path: Path) -> None:
    material = Path(shutil.copytree(FOLDER / leg, tmp_path / leg))
    largest = max(material.glob("??/*"), key=lambda path: path.stat().st_size)
    raw = bytearray(largest.read_bytes())
    raw[len(raw) // 2] ^= 1
    largest.write_bytes(raw)
    assert [problem.path.name for problem in Archive(material).verify()] == [largest.name]
    case = Case.create(tmp_path / "case", title="Altered", own_nodes_only=True)
    with case, pytest.raises(EvidenceError, match="was damaged or altered"):
        _entered_and_traced(case, material)


# --- the story --------------------------------------------------------------------------------------------------------


def test_who_has_the_claimed_tokens_on_the_evm_chain(evm: Told) -> None:
    """The taker gets 400 000 and pays 250 000 to the first account, which held 120 000, and 150 000 to the second.

    Out of the first account 180 000 go first: 120 000 that nobody claims and 60 000 of the claim. The next 130 000 are
    of the claim, and so are the 60 000 that stay. The second account pays 40 000 away, which are destroyed, and keeps
    110 000. Of the 130 000 the next account keeps 5 000.
    """
    assert evm.shares() == {
        (SERVICE, "exchange hot wallet"): 60_000 * M,
        (UNSPENT, "first account"): 60_000 * M,
        (UNSPENT, "second account"): 110_000 * M,
        (BURN, ""): 40_000 * M,
        (UNSPENT, "runaway"): 5_000 * M,
        (UNSPENT, "last seen"): 125_000 * M,
    }


def test_who_has_the_claimed_tokens_on_tron(tron: Told) -> None:
    """The first account held 1 200, gets 40 000 of the claim and pays 30 000, 8 000 and 1 500: it keeps 1 700.

    The 30 000 are 1 200 of nobody and 28 800 of the claim. The second account held 3 000 and pays 25 000 into the deposit
    address: 3 000 + 1 200 of nobody and 20 800 of the claim. It pays 5 000 more and keeps 3 000. The 8 000 are
    destroyed where they lie; the 1 500 come after that.
    """
    assert tron.shares() == {
        (SERVICE, "hot"): 20_800 * M,
        (UNSPENT, "account a"): 1_700 * M,
        (UNSPENT, "account b"): 3_000 * M,
        (UNSPENT, "own wallet"): 5_000 * M,
        (UNSPENT, "frozen"): 1_500 * M,
        (BURN, ""): 8_000 * M,
    }


def test_the_touch_point_is_the_transfer_into_the_deposit_address_and_not_the_sweep(told: Told) -> None:
    (point,) = told.view.touch_points().rows
    deposit, sweep, account, units, memo = {
        "evm-local": ("deposit", "deposit: sweep", "deposit address", 60_000 * M, ""),
        "tron-local": ("peel 2", "sweep", "deposit", 20_800 * M, "ref 4711"),
    }[told.chain]
    assert (point.transfer.id, point.transfer.units) == (
        told.transfer(deposit),
        {"evm-local": 180_000 * M, "tron-local": 25_000 * M}[told.chain],
    )
    assert (told.names[point.account.address], point.direct, point.service) == (account, False, told.story["label"])
    assert sum(point.claimed.values()) == units
    assert point.memo == memo
    assert point.link_class is LinkClass.L4
    assert point.deposit is not None
    assert [each.flow.id for each in point.deposit.sweeps] == [told.transfer(sweep)]
    assert told.names[point.deposit.sweeps[0].to.address] in ("exchange hot wallet", "hot")


def test_what_the_issuer_of_the_evm_token_could_freeze_and_has_frozen(evm: Told) -> None:
    """The whole balances are those that the story ends with; the exchange's holds other customers' money."""
    assert evm.issuer_rows() == {
        "exchange hot wallet": ((20_000_000 + 30_000 + 180_000) * M, 60_000 * M, "not frozen"),
        "first account": (60_000 * M, 60_000 * M, "not frozen"),
        "second account": (110_000 * M, 110_000 * M, "frozen"),
        "runaway": (5_000 * M, 5_000 * M, "not frozen"),
        "last seen": (125_000 * M, 125_000 * M, "not frozen"),
    }


def test_what_the_issuer_of_the_tron_token_could_freeze_and_has_frozen(tron: Told) -> None:
    """The hot wallet got 2 000 000, paid 50 000 and 20 000, and swept 25 000 and 100 to 111 of twelve customers."""
    swept = 25_000 + sum(range(100, 112))
    assert tron.issuer_rows() == {
        "hot": ((2_000_000 - 70_000 + swept) * M, 20_800 * M, "not frozen"),
        "account a": (1_700 * M, 1_700 * M, "not frozen"),
        "account b": (3_000 * M, 3_000 * M, "not frozen"),
        "own wallet": (5_000 * M, 5_000 * M, "not frozen"),
        "frozen": (1_500 * M, 1_500 * M, "frozen"),
    }


@pytest.mark.parametrize(
    ("leg", "account", "state", "destroyed", "acts"),
    [
        ("evm", "second account", "frozen", 0, ["freeze"]),
        ("evm", "stash", "frozen", 40_000 * M, ["freeze", "destroy"]),
        ("evm", "last seen", "not frozen", 0, []),
        ("tron", "frozen", "frozen", 8_000 * M, ["freeze", "destroy"]),
        ("tron", "own wallet", "not frozen", 0, []),
    ],
)
def test_freezes_are_read_from_the_contract_and_its_events(
    request: pytest.FixtureRequest, leg: str, account: str, state: str, destroyed: int, acts: list[str]
) -> None:
    status = request.getfixturevalue(leg).status(account)
    assert (status.state.value, status.destroyed, status.contradiction) == (state, destroyed, "")
    assert status.history is not None
    assert [record.act.value for record in status.history.records] == acts


def test_what_got_away_is_not_frozen_and_rests_with_no_service(told: Told) -> None:
    away = {"evm-local": {"runaway", "last seen"}, "tron-local": {"own wallet"}}[told.chain]
    held = {told.names[h.account.address]: h for h in told.view.holdings() if h.account is not None}
    for name in away:
        assert (held[name].reason, held[name].tags) == (UNSPENT, ())
        assert told.status(name).state.value == "not frozen"
    assert (
        sum(held[name].claimed_total for name in away)
        == {"evm-local": 130_000 * M, "tron-local": 5_000 * M}[told.chain]
    )


def test_every_share_rests_on_a_checked_history_and_spam_carries_none(told: Told) -> None:
    assert [text for text in told.view.caveats if "zero-value transfer" not in text] == []
    (asset,) = {traced.flow.asset for traced in told.view.trace.flows}
    assert asset.reference.lower() == told.story["token"]["contract"].lower()
    spam = {name for name in told.story["accounts"] if "look" in name or "spammer" in name}
    for traced in told.view.trace.flows:
        if traced.flow.owner is not None and told.names[traced.flow.owner.address] in spam:
            assert (traced.flow.units, traced.claimed) == (0, {})
    assert not spam & {told.names[check.account.address] for check in told.view.trace.pots}
    assert not spam & {told.names[h.account.address] for h in told.view.holdings() if h.account is not None}


@pytest.mark.parametrize("name", RULES)
def test_every_rule_can_be_tried_offline_and_loses_nothing(told: Told, name: str) -> None:
    view = told.case.trace(told.case.claims_on(told.chain), rule=name)
    assert EndReason.UNKNOWN not in {end.reason for end in view.trace.ends}
    assert [text for text in view.caveats if "zero-value transfer" not in text] == []
    assert len(view.touch_points()) == 1
    if RULES[name].conserves:
        assert [row.difference for row in view.reconcile()] == [0]
