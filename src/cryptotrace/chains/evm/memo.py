"""What the sender of a transaction wrote with it, as far as its call data are text.

A payment can carry any bytes. Four cases are told apart:

========================================  ============================================================================
call data                                 memo
========================================  ============================================================================
none; code that creates a contract; a     empty: nothing was written
call of a known function
readable UTF-8 text                       that text, at most 200 characters; the rest is cut and shown by an ellipsis
four bytes or fewer of such text          the same only if not one instruction was run: else it may name a function
anything else                             None: whether something was written is not known
========================================  ============================================================================

The text is foreign: anybody can write anything into a payment.

Source: Ethereum Yellow Paper §6.2 and appendix G, EIP-2028 and EIP-7623 (gas of call data, so that what is left for
instructions is known); Solidity documentation, contract ABI specification (a function is named by four bytes).
"""

from __future__ import annotations

from cryptotrace.chains.evm.calls import decode_call
from cryptotrace.chains.evm.receipt import Receipt
from cryptotrace.chains.evm.transaction import WireTransaction
from cryptotrace.errors import MalformedBytes

#: Characters of a memo that are kept.
LONGEST = 200
_SELECTOR = 4
_BASE, _ZERO_BYTE = 21_000, 4
#: Gas of a byte of call data that is not zero: since Istanbul (EIP-2028), and before.
_BYTE = (16, 68)
#: Least gas of a byte of call data since Prague (EIP-7623): of a zero byte, and of another one.
_FLOOR = (10, 40)
#: Line breaks, and the joiners that several scripts need.
_ALSO_READABLE = frozenset("\n\r\t\u200c\u200d")


def _text(data: bytes) -> str | None:
    """The bytes as text a person can read; None if they are none."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    is_readable = all(each.isprintable() or each in _ALSO_READABLE for each in text)
    return text if is_readable and text.strip() else None


def _ran_nothing(tx: WireTransaction, receipt: Receipt | None) -> bool:
    """True if the gas used is that of the call data alone."""
    zeros = tx.data.count(0)
    others = len(tx.data) - zeros
    plain = {_BASE + _ZERO_BYTE * zeros + each * others for each in _BYTE}
    floor = _BASE + _FLOOR[0] * zeros + _FLOOR[1] * others
    return receipt is not None and receipt.gas_used in {*plain, floor}


def _is_known_call(data: bytes) -> bool:
    try:
        return decode_call(data) is not None
    except MalformedBytes:
        return False  # the four bytes of a known function, without its arguments


def memo_of(tx: WireTransaction, receipt: Receipt | None) -> str | None:
    """What was written with a transaction; empty if nothing, None if that is not known.

    Args:
        tx: the transaction.
        receipt: what it did; None where the source does not tell.
    """
    if not tx.data or tx.to is None or _is_known_call(tx.data):
        return ""
    text = _text(tx.data)
    if text is None or (len(tx.data) <= _SELECTOR and not _ran_nothing(tx, receipt)):
        return None
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
