"""What lives on top of bitcoin and is not followed: recognised so that a trace can say that it met it.

Source: Omni Layer specification (transaction classes A, B, C); Runes specification; Ordinals inscription envelopes.
"""

from __future__ import annotations

from functools import cache

from cryptotrace.chains.bitcoin.script import operations
from cryptotrace.chains.bitcoin.wire import WireTransaction

_EXODUS_ADDRESS = "1EXoDusjGwvnjZUyKkxZ4UHEf77z6A5S4P"
_OP_RETURN, _OP_13, _OP_IF = 0x6A, 0x5D, 0x63
_ANNEX = 0x50

OMNI = "omni"
RUNES = "runes"
INSCRIPTION = "inscription"
UNKNOWN_OP_RETURN = "unknown-op-return"


def notices(transaction: WireTransaction) -> tuple[str, ...]:
    """What is recognised on top of the transaction, in a fixed order.

    ``omni``: an OP_RETURN that begins with the marker (class C), or a payment to the Exodus address (classes A and B;
    a plain payment to it reads the same, so this says "may carry"). ``runes``: OP_RETURN OP_13. ``inscription``: an
    Ordinals envelope in a revealed script. ``unknown-op-return``: other data. Data in a coinbase is the miner's and
    is passed over.

    Source: Omni Layer specification; Runes specification; Ordinals inscription envelopes.
    """
    if transaction.is_coinbase:
        return ()
    found = {_op_return_notice(each.script) for each in transaction.outputs if each.script[:1] == b"\x6a"}
    if any(each.script == _exodus_script() for each in transaction.outputs):
        found.add(OMNI)
    if any(_holds_inscription(each.witness) for each in transaction.inputs):
        found.add(INSCRIPTION)
    return tuple(name for name in (OMNI, RUNES, INSCRIPTION, UNKNOWN_OP_RETURN) if name in found)


@cache
def _exodus_script() -> bytes:
    from cryptotrace.chains.bitcoin.address import script_of_address
    from cryptotrace.chains.networks import bitcoin_network

    return script_of_address(_EXODUS_ADDRESS, bitcoin_network("bitcoin"))


def _op_return_notice(script: bytes) -> str:
    parts = operations(script)[1:]
    if parts and parts[0][0] == _OP_13:
        return RUNES
    if parts and parts[0][1].startswith(b"omni"):
        return OMNI
    return UNKNOWN_OP_RETURN


def _holds_inscription(witness: tuple[bytes, ...]) -> bool:
    """True if the script that a Taproot script path reveals holds OP_FALSE OP_IF "ord"."""
    stack = witness[:-1] if len(witness) >= 2 and witness[-1][:1] == bytes([_ANNEX]) else witness
    if len(stack) < 2 or b"\x00\x63\x03ord" not in stack[-2]:
        return False
    parts = operations(stack[-2])
    envelope = [(0, b""), (_OP_IF, b""), (3, b"ord")]
    return any(parts[i : i + 3] == envelope for i in range(len(parts) - 2))
