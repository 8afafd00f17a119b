"""Real servers that tests start themselves: where their programs are. Where one is absent the tests skip and say so.

``.ci/get-bitcoind.sh``, ``.ci/get-electrumx.sh`` and ``.ci/get-anvil.sh`` put them into ``.parts/`` on a Debian machine.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

_PARTS = Path(__file__).resolve().parents[2] / ".parts"


def _find(variable: str, place: str, name: str) -> str | None:
    named = os.environ.get(variable)
    if named:
        return named if Path(named).is_file() else None
    fetched = _PARTS / place
    return str(fetched) if fetched.is_file() else shutil.which(name)


def bitcoind_program() -> str:
    """Path of a Bitcoin node; skips the test, loudly, where there is none."""
    found = _find("CRYPTOTRACE_BITCOIND", "bitcoind/bitcoind", "bitcoind")
    if found is None:
        pytest.skip(
            "BITCOIN NODE ABSENT: run .ci/get-bitcoind.sh .parts/bitcoind, put bitcoind on the PATH, or let "
            "CRYPTOTRACE_BITCOIND name it; what a real node answers was NOT tried"
        )
    return found


def electrumx_program() -> str:
    """Path of ``electrumx_server``; skips the test, loudly, where there is none."""
    found = _find("CRYPTOTRACE_ELECTRUMX", "electrumx/bin/electrumx_server", "electrumx_server")
    if found is None:
        pytest.skip(
            "ELECTRUM SERVER ABSENT: run .ci/get-electrumx.sh .parts/electrumx, or let CRYPTOTRACE_ELECTRUMX name "
            "electrumx_server; what a real Electrum server answers was NOT tried"
        )
    return found


def anvil_program() -> str:
    """Path of ``anvil``; skips the test, loudly, where there is none."""
    found = _find("CRYPTOTRACE_ANVIL", "anvil/anvil", "anvil")
    if found is None:
        pytest.skip(
            "EVM NODE ABSENT: run .ci/get-anvil.sh .parts/anvil, put anvil on the PATH, or let CRYPTOTRACE_ANVIL name "
            "it; what a real EVM node answers was NOT tried"
        )
    return found


def solidity_compiler() -> str:
    """Path of ``solcjs``; skips the test, loudly, where there is none."""
    found = _find("CRYPTOTRACE_SOLCJS", "anvil/solcjs", "solcjs")
    if found is None:
        pytest.skip(
            "SOLIDITY COMPILER ABSENT: run .ci/get-anvil.sh .parts/anvil, put solcjs on the PATH, or let "
            "CRYPTOTRACE_SOLCJS name it; what real contracts do was NOT tried"
        )
    return found


def openssl_program() -> str:
    """Path of the openssl program; skips the test, loudly, where there is none."""
    found = shutil.which("openssl")
    if found is None:
        pytest.skip("OPENSSL ABSENT: no certificate can be made; an encrypted Electrum server was NOT tried")
    return found


def fast_folder() -> tempfile.TemporaryDirectory[str]:
    """A temporary folder in memory where the system has such, since nodes write to disk and wait for it."""
    memory = Path("/dev/shm")
    return tempfile.TemporaryDirectory(
        prefix="cryptotrace-", dir=memory if os.access(memory, os.W_OK) else None, ignore_cleanup_errors=True
    )
