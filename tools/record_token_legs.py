"""Record the token legs of the built-in training case: ``evm`` from a real EVM node, ``tron`` from a test server.

    python tools/record_token_legs.py evm tron [--to FOLDER]

Writes ``src/cryptotrace/training/evm`` and ``.../tron``: the recorded answers as the archive of a case keeps them
(``index.jsonl`` and files that are named by their digest), ``story.json`` and ``exchange.yaml``.

``evm`` needs anvil and solcjs (``.ci/get-anvil.sh``). The story is played on the node (``tests/nodes/evmstory.py``)
with keys that come from names, and blocks at fixed times. ``tron`` needs nothing: its transactions were built and
signed with tronweb (``tests/nodes/tronbuilder.py``), and *the blocks, what the execution gave and every answer come
from a server of the tests* (``tests/nodes/trongrid.py``), not from a TRON node.

Two runs write the same bytes. So the answers carry one time, ``RECEIVED``, instead of that at which they came, no time
from question to answer, and the name of the source has the port that such a server listens on by default instead of the
free one that it was given. Of equal questions one answer is kept; all must have been the same.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.nodes.anvil import anvil  # noqa: E402 - the tests are not installed
from tests.nodes.evmstory import play  # noqa: E402
from tests.nodes.trongrid import trongrid  # noqa: E402
from tests.nodes.tronworld import tron_world  # noqa: E402

from cryptotrace.case import Case  # noqa: E402
from cryptotrace.case.demo import enter_tokens  # noqa: E402
from cryptotrace.evidence.archive import Archive, Record  # noqa: E402
from cryptotrace.tracing.rules import RULES  # noqa: E402

TARGET = ROOT / "src" / "cryptotrace" / "training"
START = 1_772_355_600  # 2026-03-01 09:00 UTC: the first block after the genesis block
SPACING = 600
RECEIVED = datetime(2026, 3, 2, 9, tzinfo=UTC)
#: The names of the tests say more than a case may: nobody here has been found guilty.
NEUTRAL = (("theft", "claimed payment"), ("thief", "taker"), ("mule", "account"))
TAGS = """\
title: Training tags
creator: cryptotrace training case
description: One invented exchange. Training material, nothing real.
lastmod: 2026-03-02
source: https://exchange.example/training-{leg}
confidence: service_data
category: exchange
label: {label}
network: {chain}
tags:
  - address: "{address}"
"""


def neutral(names: dict[str, str]) -> dict[str, str]:
    """The same table with names that accuse nobody."""
    told = {}
    for name, value in names.items():
        said = name.replace("_", " ")
        for word, other in NEUTRAL:
            said = said.replace(word, other)
        told[said] = value
    return told


@contextmanager
def evm() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The story on a node: how it is opened, how it is called in the evidence, and what is to be known of it."""
    with anvil() as node:
        node("anvil_setBlockTimestampInterval", SPACING)
        node("evm_setNextBlockTimestamp", START)
        told = play(node)
        version = str(node("web3_clientVersion"))
        story = {
            "chain": "evm-local",
            "recorded": f"answers of {version}, an EVM node, on a development chain of its own",
            "node": version,
            "token": token(told.token, "tokens on a development chain, which the story's issuer created (training)"),
            "exchange": told.accounts["exchange hot wallet"],
            "label": "Training Exchange E",
            "claims": [claim("Claimant 3", told.txids["theft"], "complaint of 2 March 2026, sheet 5 (training)")],
            "accounts": neutral(told.accounts),
            "transactions": neutral(told.txids),
        }
        yield node.spec, "rpc:http://127.0.0.1:8545", story


@contextmanager
def tron() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The TRON world of the tests behind their server; the same three things."""
    world = tron_world("tron-local")
    with trongrid(world) as server:
        story = {
            "chain": "tron-local",
            "recorded": "transactions built and signed with tronweb; blocks, execution results and answers are those "
            "of a test server with the shapes of TronGrid, not of a TRON node",
            "node": "none: the server of the tests",
            "token": token(
                world.addresses["usdt"],
                "a token on a made-up chain; its contract bears the address that Tether USD has on the main network "
                "(training)",
            ),
            "exchange": world.addresses["hot"],
            "label": "Training Exchange T",
            "claims": [claim("Claimant 4", world.txids["theft"], "complaint of 2 March 2026, sheet 9 (training)")],
            "accounts": neutral(world.addresses),
            "transactions": neutral(world.txids),
        }
        yield server.spec, "trongrid:http://127.0.0.1:8090", story


LEGS = {"evm": evm, "tron": tron}


def token(contract: str, basis: str) -> dict[str, Any]:
    """How the token is described to the case."""
    return {
        "contract": contract,
        "symbol": "USDT",
        "name": "Training Tether USD",
        "decimals": 6,
        "issuer": "Training Issuer",
        "freeze": "tether",
        "basis": basis,
    }


def claim(claimant: str, transfer: str, basis: str) -> dict[str, str]:
    """A claim on a whole transfer."""
    return {"claimant": claimant, "transfer": transfer, "basis": basis}


def ask(case: Case, material: Path, source: str) -> tuple[str, str, list[str]]:
    """Ask all that the training case asks, and what a learner may ask next.

    That is every rule instead of one, and whether each account that is met is frozen.

    Returns:
        The chain, the token's contract, and the addresses that were met.
    """
    chain = enter_tokens(case, material, source)
    contract = json.loads((material / "story.json").read_text(encoding="utf-8"))["token"]["contract"]
    met = {}
    for rule in RULES:
        view = case.trace(case.claims_on(chain), rule=rule)
        view.touch_points()
        view.issuers()
        met |= {traced.flow.owner.address: None for traced in view.trace.flows if traced.flow.owner is not None}
    for address in met:
        case.freeze_status(chain, address, contract)
    return chain, contract, list(met)


def ask_afresh(folder: Path, chain: str, contract: str, met: list[str]) -> None:
    """Ask again in a case opened anew: sources remember answers, so a new session asks more than an old one."""
    with Case.open(folder, clock=lambda: RECEIVED) as case:
        case.last_trace().issuers()
    heights: dict[int | None, None] = {None: None}
    for address in met:
        with Case.open(folder, clock=lambda: RECEIVED) as case:
            status = case.freeze_status(chain, address, contract)
            events = () if status.history is None else status.history.records
            heights |= {height: None for event in events for height in (event.block.height - 1, event.block.height)}
    for height in heights:
        with Case.open(folder, clock=lambda: RECEIVED) as case:
            for address in met:
                case.freeze_status(chain, address, contract, height=height)


def kept(archive: Archive, source: str) -> list[Record]:
    """The newest answer to each question that was asked of the source: what a replay gives back."""
    newest: dict[str, Record] = {}
    for record in archive.records():
        if record.source != source:
            continue
        before = newest.setdefault(record.request, record)
        if (before.digest, before.status) != (record.digest, record.status):
            raise RuntimeError(f"the source changed its answer to {record.request:.200}; nothing may change in a story")
    return list(newest.values())


def record(leg: str, target: Path) -> None:
    """Play, ask, and keep the answers in ``target``."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    with LEGS[leg]() as (spec, name, story), tempfile.TemporaryDirectory() as folder:
        write(target / "story.json", json.dumps(story, indent=1) + "\n")
        tags = TAGS.format(leg=leg, chain=story["chain"], address=story["exchange"], label=story["label"])
        write(target / "exchange.yaml", tags)
        place = Path(folder, "case")
        with Case.create(place, title="Recording", clock=lambda: RECEIVED) as case:
            met = ask(case, target, spec)
        ask_afresh(place, *met)
        with Case.open(place, clock=lambda: RECEIVED) as case:
            archive = Archive(target, clock=lambda: RECEIVED)
            for each in kept(case.archive, spec.partition("?")[0]):
                raw = case.archive.read(each.digest)
                archive.add(raw, source=name, request=each.request, status=each.status, tip=each.tip)
    (target / "incoming").rmdir()


def write(path: Path, text: str) -> None:
    """A text file, the same on every system."""
    path.write_text(text, encoding="utf-8", newline="\n")


def main() -> None:
    """Record the legs that are named."""
    parser = argparse.ArgumentParser(description="Record the token legs of the built-in training case.")
    parser.add_argument("legs", nargs="+", choices=LEGS)
    parser.add_argument("--to", type=Path, default=TARGET, help="where the folders of the legs are made")
    parsed = parser.parse_args()
    for leg in parsed.legs:
        record(leg, parsed.to / leg)
        files = [path for path in (parsed.to / leg).rglob("*") if path.is_file()]
        print(f"{parsed.to / leg}: {len(files)} files, {sum(path.stat().st_size for path in files)} bytes")


if __name__ == "__main__":
    main()
