"""Contracts of the tests, compiled from their sources beside this file by the Solidity compiler."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from eth_abi.abi import decode, encode
from tests.nodes.parts import solidity_compiler

from cryptotrace.chains.evm.hashes import keccak256

_SOURCES = Path(__file__).with_name("contracts")


@dataclass(frozen=True)
class Contract:
    """A compiled contract."""

    name: str
    """Its name in the source."""
    code: bytes
    """What creates it, without the arguments of its constructor."""
    functions: dict[str, tuple[str, ...]]
    """Its functions by name, with the types of their results."""
    signatures: dict[str, tuple[str, ...]]
    """Its functions by name, with the types of their arguments; the constructor has an empty name."""

    def creation(self, *arguments: Any) -> bytes:
        """What a transaction carries that creates it."""
        return self.code + encode(self.signatures.get("", ()), arguments)

    def call(self, function: str, *arguments: Any) -> bytes:
        """What a transaction carries that calls a function."""
        types = self.signatures[function]
        return keccak256(f"{function}({','.join(types)})".encode())[:4] + encode(types, arguments)

    def result(self, function: str, returned: bytes) -> Any:
        """What a function answered; its one value, or all of them."""
        values = decode(self.functions[function], returned)
        return values[0] if len(values) == 1 else values


@cache
def contracts() -> dict[str, Contract]:
    """Every contract by name. What was compiled is kept in the temporary folder and used again for the same sources."""
    program = solidity_compiler()
    sources = {path.name: path.read_text(encoding="utf-8") for path in sorted(_SOURCES.glob("*.sol"))}
    settings = {"optimizer": {"enabled": True}, "outputSelection": {"*": {"*": ["abi", "evm.bytecode.object"]}}}
    asked = json.dumps(
        {
            "language": "Solidity",
            "sources": {name: {"content": text} for name, text in sources.items()},
            "settings": settings,
        }
    )
    return {
        name: _contract(name, found)
        for file in _compiled(program, asked)["contracts"].values()
        for name, found in file.items()
    }


def _compiled(program: str, asked: str) -> dict[str, Any]:
    digest = hashlib.sha256(f"{Path(program).resolve()}\n{asked}".encode()).hexdigest()
    kept = Path(tempfile.gettempdir(), f"cryptotrace-contracts-{digest[:32]}.json")
    if kept.is_file():
        held: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
        return held
    with tempfile.TemporaryFile("w+", encoding="utf-8") as out:  # into a pipe it writes only the beginning
        subprocess.run([program, "--standard-json"], input=asked, stdout=out, text=True, timeout=120, check=True)
        out.seek(0)
        said = out.read()
    answer: dict[str, Any] = json.loads(said[said.index("{") :])
    wrong = [each["formattedMessage"] for each in answer.get("errors", ()) if each["severity"] == "error"]
    assert not wrong, "\n".join(wrong)
    half = kept.with_suffix(f".{os.getpid()}")
    half.write_text(json.dumps(answer), encoding="utf-8")
    half.replace(kept)
    return answer


def _contract(name: str, found: dict[str, Any]) -> Contract:
    functions, signatures = {}, {}
    for each in found["abi"]:
        if each["type"] == "constructor":
            signatures[""] = _types(each["inputs"])
        elif each["type"] == "function":
            signatures[each["name"]], functions[each["name"]] = _types(each["inputs"]), _types(each["outputs"])
    return Contract(name, bytes.fromhex(found["evm"]["bytecode"]["object"]), functions, signatures)


def _types(arguments: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    return tuple(each["type"] for each in arguments)
