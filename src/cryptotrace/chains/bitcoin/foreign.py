"""Blocks of one chain that were handed in as another's: refused by name, not misread.

Source: Namecoin's merged mining (AuxPoW) version field; LIP-2 and LIP-3 (MWEB); scrypt as Litecoin uses it
(N=1024, r=1, p=1); the message start bytes in the chain parameters of Namecoin.
"""

from __future__ import annotations

from cryptotrace.chains.bitcoin.hashes import double_sha256, hash_text, scrypt_work, target_of_bits
from cryptotrace.chains.bitcoin.network import BitcoinNetwork, Work
from cryptotrace.errors import ProofRefused, UnsupportedChain

_AUXPOW_BIT = 0x100
_AUXPOW_CHAINS = {
    1: "Namecoin, which is not read by this version",
    98: "Dogecoin; name the chain dogecoin",
}
_MWEB_FLAG = 0x08
#: The four bytes before each block in the block files of chains that are not read.
_MAGIC = {bytes.fromhex("f9beb4fe"): "Namecoin"}
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


def refuse_foreign_transaction_flag(flag: int, offset: int, network: BitcoinNetwork) -> None:
    """Refuse a transaction whose flag says MWEB on a chain that has no extension blocks.

    Raises:
        UnsupportedChain: it does.
    """
    if flag & _MWEB_FLAG and not network.has_mweb:
        raise UnsupportedChain(
            f"transaction flag {flag:#04x} at byte offset {offset} is Litecoin's MWEB form, and {network.name} was "
            "asked for; name the chain litecoin if the data is Litecoin's"
        )


def _scrypt_meets(header: bytes, target: int) -> bool:
    """True if the header's scrypt work meets a target of Litecoin's; a Python without scrypt cannot tell: False."""
    if target > _SCRYPT_MAX_TARGET:
        return False
    work = scrypt_work(header)
    return work is not None and work <= target


def refuse_foreign_header(header: bytes, network: BitcoinNetwork) -> None:
    """Refuse a header whose work is not Bitcoin's and is recognised as another chain's, where Bitcoin's is asked for.

    A header that fails its work and is nobody's we know passes: saying so is the business of ``proof.check_work``.

    Args:
        header: the 80 bytes.
        network: the chain that was asked for; one of scrypt work is not looked at.

    Raises:
        UnsupportedChain: merge-mined (the version names the chain), or the scrypt work of Litecoin.
    """
    if network.work is not Work.DOUBLE_SHA256:
        return
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
            f"block {hash_text(digest)} is merge-mined (AuxPoW, chain id {chain_id}, version {version:#010x}) and not "
            f"{network.name}'s: its work stands in a parent block. It is of {_AUXPOW_CHAINS[chain_id]}"
        )
    if _scrypt_meets(header, target):
        raise UnsupportedChain(
            f"block {hash_text(digest)} is proved by scrypt, not by double SHA-256, and is not {network.name}'s: it "
            "looks like Litecoin (or Dogecoin before merged mining); name the chain litecoin or dogecoin"
        )
