"""Who signed: TRON's recoverable signatures over SHA-256.

Source: java-tron, ``ECKey.signatureToAddress``: secp256k1 recovery, then the last 20 bytes of Keccak-256 over the
public key; signatures are r, s and a recovery byte of 0 to 3 or 27 to 30.
"""

from __future__ import annotations

from cryptotrace.chains.evm.hashes import keccak256
from cryptotrace.chains.tron.address import address_of
from cryptotrace.chains.tron.wire import WireTransaction
from cryptotrace.errors import ProofRefused

_SIZE = 65


def recover_address(digest: bytes, signature: bytes) -> str:
    """The address whose key made the signature over a 32-byte digest, base58check.

    Raises:
        ProofRefused: not 65 bytes, or no key can have made it.
    """
    import coincurve

    if len(digest) != 32 or len(signature) != _SIZE:
        raise ProofRefused(
            f"a signature has {_SIZE} bytes over a digest of 32, not {len(signature)} over {len(digest)}"
        )
    recovery = signature[64] - 27 if signature[64] >= 27 else signature[64]
    if not 0 <= recovery <= 3:
        raise ProofRefused(f"the signature's last byte is {signature[64]}; expected 0 to 3 or 27 to 30")
    try:
        key = coincurve.PublicKey.from_signature_and_message(signature[:64] + bytes([recovery]), digest, hasher=None)
    except Exception as problem:  # coincurve raises bare exceptions of several kinds for impossible points
        raise ProofRefused(f"no key can have made the signature {signature.hex()}: {problem}") from None
    return address_of(keccak256(key.format(compressed=False)[1:])[12:])


def signers(transaction: WireTransaction) -> tuple[str, ...]:
    """Who signed a transaction, in the order of the signatures, base58check.

    They need not be its owner: a permission (multi-sign, or one that was given to a thief) lets other keys sign.

    Raises:
        ProofRefused: a signature that no key can have made.
    """
    digest = bytes.fromhex(transaction.txid)
    return tuple(recover_address(digest, each) for each in transaction.signatures)
