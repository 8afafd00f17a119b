"""CashTokens on Bitcoin Cash: recognised and not followed, so that the script behind them is not misread.

A token stands before the locking script of an output, inside of what is otherwise the script.

Source: CHIP-2022-02 CashTokens, token prefix.
"""

from __future__ import annotations

from cryptotrace.chains.bitcoin.cursor import Cursor
from cryptotrace.chains.bitcoin.network import BitcoinNetwork
from cryptotrace.errors import MalformedBytes

_PREFIX = 0xEF
_HAS_AMOUNT, _HAS_NFT, _HAS_COMMITMENT, _RESERVED = 0x10, 0x20, 0x40, 0x80
_MOST_CAPABILITY = 2
_MOST_AMOUNT = (1 << 63) - 1


def locking_script(script: bytes, network: BitcoinNetwork) -> bytes:
    """The script that locks an output, without the token that may stand before it.

    Where the bytes behind the mark are no token, they are what they were before tokens: part of a script.
    """
    size = _prefix_size(script, network)
    return script[size:] if size else script


def holds_token(script: bytes, network: BitcoinNetwork) -> bool:
    """True if the output carries a token beside its coins."""
    return _prefix_size(script, network) > 0


def _prefix_size(script: bytes, network: BitcoinNetwork) -> int:
    if not network.cashaddr_prefix or script[:1] != bytes([_PREFIX]):
        return 0
    try:
        return _read_token(Cursor(script, 1))
    except MalformedBytes:
        return 0


def _read_token(cursor: Cursor) -> int:
    """Where the token ends.

    Raises:
        MalformedBytes: there is none.
    """
    cursor.take(32, "token category")
    bits = cursor.take(1, "token bitfield")[0]
    capability = bits & 0x0F
    is_nft = bool(bits & _HAS_NFT)
    if bits & _RESERVED or not bits & (_HAS_AMOUNT | _HAS_NFT):
        raise cursor.refusal("no token is said to be there", "token bitfield")
    if capability > _MOST_CAPABILITY or (not is_nft and (capability or bits & _HAS_COMMITMENT)):
        raise cursor.refusal("what only an NFT has, and there is none", "token bitfield")
    if bits & _HAS_COMMITMENT and not cursor.text("token commitment"):
        raise cursor.refusal("an announced commitment is empty", "token commitment")
    if bits & _HAS_AMOUNT and not 0 < cursor.compact("token amount") <= _MOST_AMOUNT:
        raise cursor.refusal("an amount that cannot be", "token amount")
    return cursor.at
