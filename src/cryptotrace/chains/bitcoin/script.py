"""What an output's script is, and whose account it is.

Source: Bitcoin Core's output templates; BIP 16, 141, 341.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import TYPE_CHECKING

from cryptotrace.chains.bitcoin.address import address_of_script, is_p2pkh, is_p2sh, script_of_address, witness_program
from cryptotrace.chains.bitcoin.cashtokens import locking_script
from cryptotrace.model.identity import SCRIPT_DIGEST_PREFIX, Account

if TYPE_CHECKING:
    from cryptotrace.chains.bitcoin.network import BitcoinNetwork

__all__ = [
    "ScriptType",
    "account_of_script",
    "address_of_script",
    "operations",
    "script_of_address",
    "script_type",
]

_OP_1, _OP_RETURN, _OP_CHECKSIG, _OP_CHECKMULTISIG = 0x51, 0x6A, 0xAC, 0xAE


class ScriptType(StrEnum):
    """The kind of an output's script."""

    P2PK = "p2pk"
    """Pay to a public key written out."""
    BARE_MULTISIG = "bare-multisig"
    """Pay to m of n public keys written out."""
    P2PKH = "p2pkh"
    """Pay to the hash of a public key."""
    P2SH = "p2sh"
    """Pay to the hash of a script."""
    P2WPKH = "p2wpkh"
    """Witness version 0, hash of a public key."""
    P2WSH = "p2wsh"
    """Witness version 0, hash of a script."""
    P2TR = "p2tr"
    """Witness version 1, Taproot output key."""
    WITNESS_FUTURE = "witness-future"
    """A witness program without rules of its own yet (also pay-to-anchor): spendable by whoever mines."""
    OP_RETURN = "op-return"
    """Data; can never be spent."""
    NON_STANDARD = "non-standard"
    """Anything else."""


def operations(script: bytes) -> list[tuple[int, bytes]]:
    """Opcode and pushed bytes of each operation. Stops before a push that runs beyond the script's end."""
    from bitcoin.core.script import CScript, CScriptInvalidError

    found = []
    try:
        for opcode, data, _ in CScript(script).raw_iter():
            found.append((int(opcode), data or b""))
    except CScriptInvalidError:
        pass
    return found


def _is_public_key(data: bytes) -> bool:
    return (len(data) == 33 and data[0] in (2, 3)) or (len(data) == 65 and data[0] in (4, 6, 7))


def _is_bare_multisig(script: bytes) -> bool:
    if script[-1] != _OP_CHECKMULTISIG:
        return False
    parts = operations(script)
    if len(parts) < 4 or parts[-1][0] != _OP_CHECKMULTISIG:
        return False
    required, total = parts[0][0] - _OP_1 + 1, parts[-2][0] - _OP_1 + 1
    return 1 <= required <= total <= 16 and total == len(parts) - 3 and all(_is_public_key(p[1]) for p in parts[1:-2])


def _is_p2pk(script: bytes) -> bool:
    key = script[1:-1]
    return len(script) == script[0] + 2 and script[-1] == _OP_CHECKSIG and _is_public_key(key)


_TEMPLATES = (
    (ScriptType.P2PKH, is_p2pkh),
    (ScriptType.P2SH, is_p2sh),
    (ScriptType.P2PK, _is_p2pk),
    (ScriptType.BARE_MULTISIG, _is_bare_multisig),
)


def script_type(script: bytes) -> ScriptType:
    """The kind of an output's script.

    Bare multisig is recognised up to 16 keys; a longer one is non-standard, its account is the same either way.

    Source: Bitcoin Core, ``Solver``; BIP 16, BIP 141, BIP 341.
    """
    if not script:
        return ScriptType.NON_STANDARD
    if script[0] == _OP_RETURN:
        return ScriptType.OP_RETURN
    witness = witness_program(script)
    if witness is not None:
        return _witness_type(*witness)
    return next((kind for kind, matches in _TEMPLATES if matches(script)), ScriptType.NON_STANDARD)


def _witness_type(version: int, program: bytes) -> ScriptType:
    if version == 0:
        return {20: ScriptType.P2WPKH, 32: ScriptType.P2WSH}.get(len(program), ScriptType.NON_STANDARD)
    if version == 1 and len(program) == 32:
        return ScriptType.P2TR
    return ScriptType.WITNESS_FUTURE


def account_of_script(script: bytes, network: BitcoinNetwork) -> Account:
    """Whose an output is: its address, or the SHA-256 of its script where it has none.

    On Bitcoin Cash the script is the locking script behind a token.

    Two scripts of one key (P2PK and P2PKH, say) are two accounts; joining them is a heuristic's business.
    """
    address = address_of_script(script, network)
    if address is None:
        address = SCRIPT_DIGEST_PREFIX + hashlib.sha256(locking_script(script, network)).hexdigest()
    return Account.of(network.chain, address)
