"""Answers that no honest server gives: whatever stands in them, only errors of the library come out."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any

import pytest
from tests.nodes.trongrid import Manners
from tests.sources.tronopened import TOP, TRX, USDT, WORLD, grid, rpc

from cryptotrace.chains.evm.hashes import keccak256
from cryptotrace.errors import CryptotraceError
from cryptotrace.evidence.recorder import MemoryRecorder
from cryptotrace.sources.tron.exports import ExportSource

_JUNK: tuple[Any, ...] = (
    None,
    True,
    -1,
    2**63,
    2**300,
    0.5,
    "",
    "²",
    "zz",
    "0x",
    "9" * 5000,
    "41" + "00" * 20,
    "ff" * 32,
    [],
    {},
    [[]],
    {"a": {"b": []}},
)
ADDED = keccak256(b"AddedBlackList(address)")


def _spoilt(value: Any, random: Random) -> Any:
    """The document with one value replaced by junk, or a key or an item taken away or doubled."""
    if not isinstance(value, dict | list) or not value or random.random() < 0.1:
        return random.choice(_JUNK)
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    key = random.choice(keys)
    if random.random() < 0.1:
        if isinstance(value, list):
            return random.choice((value[:key], [*value, value[key]]))
        return {name: each for name, each in value.items() if name != key}
    changed = dict(value) if isinstance(value, dict) else list(value)
    changed[key] = _spoilt(value[key], random)
    return changed


def _lie(seed: int) -> Callable[[str, bytes], bytes]:
    random = Random(seed)

    def lie(target: str, raw: bytes) -> bytes:
        return json.dumps(_spoilt(json.loads(raw), random)).encode() if random.random() < 0.4 else raw

    return lie


def _ask(source: Any) -> None:
    questions: tuple[Callable[[], Any], ...] = (
        lambda: source.block_ref(7),
        lambda: list(source.account_transactions([WORLD.txids[name] for name in ("split", "new_owner", "sweep")])),
        lambda: source.pot_history(WORLD.account("mule_b"), USDT, 0, TOP, 50),
        lambda: source.pot_history(WORLD.account("mule_b"), TRX, 0, TOP, 50),
        lambda: source.pot_balance(WORLD.account("mule_b"), USDT),
        lambda: source.pot_balance(WORLD.account("mule_b"), TRX),
        lambda: source.pot_balance(WORLD.account("mule_b"), WORLD.asset("1000001")),
        lambda: source.logs(WORLD.account("usdt"), [ADDED], 0, TOP).entries,
    )
    for question in questions:
        with suppress(CryptotraceError):  # anything else fails the test
            question()


@pytest.mark.parametrize("seed", range(60))
def test_a_server_that_says_anything(seed: int) -> None:
    manners = Manners()
    with grid(manners) as (source, _):
        manners.change = _lie(seed)
        _ask(source)


@pytest.mark.parametrize("seed", range(60))
def test_a_node_that_says_anything(seed: int) -> None:
    manners = Manners()
    with rpc(manners) as (source, _):
        manners.change = _lie(seed)
        _ask(source)


@pytest.mark.parametrize("seed", range(200))
def test_a_table_that_says_anything(seed: int) -> None:
    random = Random(seed)
    header = "Tx Hash,blockHeight,blockTime(UTC),from,to,value,symbol,tokenAddress,isConfirm"
    account, usdt = WORLD.addresses["mule_a"], WORLD.addresses["usdt"]
    good = ["11" * 32, "100", "2026/03/01 12:00:00", account, account, "1.5", "USDT", usdt, "true"]
    junk = [
        *(str(each) for each in _JUNK),
        "1e99",
        "1e-99",
        "0001-01-01 00:00:00",
        "9999-12-31 23:59:59",
        '"',
        ",",
        "\n",
    ]
    rows = [",".join(random.choice(junk) if random.random() < 0.03 else cell for cell in good) for _ in range(3)]
    raw = bytearray("\n".join([header, *rows]).encode())
    if random.random() < 0.3:
        raw[random.randrange(len(raw))] = random.randrange(256)
    with suppress(CryptotraceError):  # anything else fails the test
        source = ExportSource(
            WORLD.network,
            "x.csv",
            bytes(raw),
            MemoryRecorder(),
            "csv:x.csv",
            decimals={usdt: random.choice((0, 6, 77))},
        )
        list(source.account_transactions(["11" * 32]))
        source.pot_history(WORLD.account("mule_a"), USDT, 0, 2**40, 5)
