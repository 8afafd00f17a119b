"""Chains that grew out of Bitcoin and look like it at first: refused by name, not misread.

Source: Namecoin's merged mining (AuxPoW) version field; LIP-2 and LIP-3 (MWEB); scrypt as Litecoin uses it
(N=1024, r=1, p=1); the message start bytes in the chain parameters of Dogecoin, Litecoin and Namecoin.
"""

from __future__ import annotations

import hashlib

from cryptotrace.chains.bitcoin.hashes import double_sha256, hash_text, target_of_bits
from cryptotrace.errors import ProofRefused, UnsupportedChain

_AUXPOW_BIT = 0x100
_AUXPOW_CHAINS = {1: "Namecoin", 98: "Dogecoin"}
_MWEB_FLAG = 0x08
#: The four bytes before each block in the block files of other chains.
_MAGIC = {
    bytes.fromhex("c0c0c0c0"): "Dogecoin",
    bytes.fromhex("fbc0b6db"): "Litecoin",
    bytes.fromhex("f9beb4fe"): "Namecoin",
}
#: Litecoin's easiest target. Above it (regtest) any header may meet scrypt by chance, and nothing can be told.
_SCRYPT_MAX_TARGET = (1 << 236) - 1


def refuse_foreign_magic(magic: bytes, where: str) -> None:
    """Refuse a file that begins with the magic of a chain that is known and not read.

    Args:
        magic: the first four bytes.
        where: the file, for the message.

    Raises:
        UnsupportedChain: they are such a chain's.
    """
    if magic in _MAGIC:
        name = _MAGIC[magic]
        raise UnsupportedChain(
            f"{where} begins with the magic {magic.hex()} of {name}; this version does not read {name}"
        )


def refuse_foreign_transaction_flag(flag: int, offset: int) -> None:
    """Refuse a transaction whose flag says MWEB.

    Raises:
        UnsupportedChain: it does.
    """
    if flag & _MWEB_FLAG:
        raise UnsupportedChain(
            f"transaction flag {flag:#04x} at byte offset {offset} is Litecoin's MWEB form; "
            "Litecoin is not read by this version"
        )


def _scrypt_meets(header: bytes, target: int) -> bool:
    """True if the header's scrypt work meets a target of Litecoin's; a Python without scrypt cannot tell: False."""
    scrypt = getattr(hashlib, "scrypt", None)
    if scrypt is None or target > _SCRYPT_MAX_TARGET:
        return False
    work = scrypt(header, salt=header, n=1024, r=1, p=1, dklen=32)
    return int.from_bytes(work, "little") <= target


def refuse_foreign_header(header: bytes) -> None:
    """Refuse a header whose work is not Bitcoin's and is recognised as another chain's.

    A header that fails its work and is nobody's we know passes: saying so is the business of ``proof.check_work``.

    Args:
        header: the 80 bytes.

    Raises:
        UnsupportedChain: merge-mined (the version names the chain), or the scrypt work of Litecoin.
    """
    digest = double_sha256(header)
    try:
        target = target_of_bits(int.from_bytes(header[72:76], "little"))
    except ProofRefused:
        target = 0  # no work meets it; the version may still name the chain
    if int.from_bytes(digest, "little") <= target:
        return
    version = int.from_bytes(header[:4], "little")
    chain_id = version >> 16
    if version & _AUXPOW_BIT and chain_id in _AUXPOW_CHAINS:
        raise UnsupportedChain(
            f"block {hash_text(digest)} is merge-mined {_AUXPOW_CHAINS[chain_id]} (AuxPoW, chain id {chain_id}, "
            f"version {version:#010x}): its work stands in a parent block; {_AUXPOW_CHAINS[chain_id]} is not read "
            "by this version"
        )
    if _scrypt_meets(header, target):
        raise UnsupportedChain(
            f"block {hash_text(digest)} is proved by scrypt, not by double SHA-256: it looks like Litecoin "
            "(or Dogecoin before merged mining), which is not read by this version"
        )
