"""What lives on top of a chain and is not followed: recognised so that a trace can say that it met it.

Source: Omni Layer specification (transaction classes A, B, C); Runes specification; Ordinals inscription envelopes;
Litecoin Core (``IsMWEBPegin``, ``IsMWEBHogAddr``); CHIP-2022-02 CashTokens.
"""

from __future__ import annotations

from functools import cache

from cryptotrace.chains.bitcoin.cashtokens import holds_token
from cryptotrace.chains.bitcoin.network import BITCOIN, BitcoinNetwork
from cryptotrace.chains.bitcoin.script import operations
from cryptotrace.chains.bitcoin.wire import WireTransaction

_EXODUS_ADDRESS = "1EXoDusjGwvnjZUyKkxZ4UHEf77z6A5S4P"
_OP_RETURN, _OP_8, _OP_13, _OP_IF = 0x6A, 0x58, 0x5D, 0x63
_ANNEX = 0x50
#: Witness versions 8 and 9 with 32 bytes: the coins of the whole extension block, and a payment into it.
_MWEB_HEADS = (b"\x58\x20", b"\x59\x20")
_MWEB_SCRIPT_SIZE = 34

OMNI = "omni"
RUNES = "runes"
INSCRIPTION = "inscription"
UNKNOWN_OP_RETURN = "unknown-op-return"
MWEB = "mweb"
CASHTOKENS = "cashtokens"
_ORDER = (OMNI, RUNES, INSCRIPTION, UNKNOWN_OP_RETURN, MWEB, CASHTOKENS)


def notices(transaction: WireTransaction, network: BitcoinNetwork = BITCOIN) -> tuple[str, ...]:
    """What is recognised on top of the transaction, in a fixed order.

    ``omni``: an OP_RETURN that begins with the marker (class C), or a payment to the Exodus address (classes A and B;
    a plain payment to it reads the same, so this says "may carry"). ``runes``: OP_RETURN OP_13. ``inscription``: an
    Ordinals envelope in a revealed script. These three are looked for on bitcoin and its test networks only.
    ``unknown-op-return``: other data. ``mweb``: on Litecoin, value goes into the extension block or comes out of it,
    and cannot be seen in between. ``cashtokens``: on Bitcoin Cash, an output carries a token beside its coins. Data in
    a coinbase is the miner's and is passed over.

    Source: Omni Layer specification; Runes specification; Ordinals inscription envelopes; Litecoin Core; CHIP-2022-02.
    """
    if transaction.is_coinbase:
        return ()
    scripts = [each.script for each in transaction.outputs]
    found = {_op_return_notice(script, network) for script in scripts if script[:1] == b"\x6a"}
    if is_hogex(transaction, network) or any(is_in_extension(script, network) for script in scripts):
        found.add(MWEB)
    if any(holds_token(script, network) for script in scripts):
        found.add(CASHTOKENS)
    if network.carries_overlays:
        found |= _overlays(transaction)
    return tuple(name for name in _ORDER if name in found)


def is_hogex(transaction: WireTransaction, network: BitcoinNetwork) -> bool:
    """True if it is Litecoin's integrating transaction: by its flag, or, where a source left that out, by its output.

    Source: LIP-2, LIP-3; Litecoin Core (``IsMWEBHogAddr``).
    """
    first = transaction.outputs[0].script
    return network.has_mweb and (transaction.is_hogex or (is_in_extension(first, network) and first[0] == _OP_8))


def _overlays(transaction: WireTransaction) -> set[str]:
    found = set()
    if any(each.script == _exodus_script() for each in transaction.outputs):
        found.add(OMNI)
    if any(_holds_inscription(each.witness) for each in transaction.inputs):
        found.add(INSCRIPTION)
    return found


def is_in_extension(script: bytes, network: BitcoinNetwork) -> bool:
    """True if an output belongs to Litecoin's extension block: a payment into it, or the coins of all of it.

    Every later block spends it together with everything that is in there, so nothing can be followed behind it.

    Source: Litecoin Core (``IsMWEBPegin``, ``IsMWEBHogAddr``).
    """
    return network.has_mweb and len(script) == _MWEB_SCRIPT_SIZE and script.startswith(_MWEB_HEADS)


@cache
def _exodus_script() -> bytes:
    from cryptotrace.chains.bitcoin.address import script_of_address

    return script_of_address(_EXODUS_ADDRESS, BITCOIN)


def _op_return_notice(script: bytes, network: BitcoinNetwork) -> str:
    if not network.carries_overlays:
        return UNKNOWN_OP_RETURN
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
