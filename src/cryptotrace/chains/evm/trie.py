"""Merkle-Patricia tries of a block: their roots from lists, and proofs made from them.

The trie itself is the library ``trie``. A block of 200 transactions takes some 30 ms.

Source: Ethereum Yellow Paper, appendix D; keys are the RLP of the index; EIP-4895 (withdrawals).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptotrace.chains.evm import rlpcode
from cryptotrace.chains.evm.address import bytes_of
from cryptotrace.chains.evm.hashes import keccak256
from cryptotrace.chains.evm.receipt import Receipt, encode_receipt
from cryptotrace.chains.evm.told import Told
from cryptotrace.chains.evm.transaction import WireTransaction
from cryptotrace.errors import UnsupportedChain

if TYPE_CHECKING:
    from trie.hexary import HexaryTrie

#: Root of a trie that holds nothing: keccak256 of the RLP of no bytes.
EMPTY_ROOT = "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"
_U64 = 2**64 - 1


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A withdrawal of stake, as the block pays it out (EIP-4895)."""

    index: int
    """Count of earlier withdrawals on the chain."""
    validator: int
    """The validator that stake is taken from."""
    address: str
    """Who gets it, with the checksum of EIP-55."""
    gwei: int
    """Amount in gwei: 10**9 wei."""

    @property
    def wei(self) -> int:
        """Amount in wei."""
        return self.gwei * 10**9


def withdrawal_from_rpc(fields: Mapping[str, object]) -> Withdrawal:
    """The withdrawal in a JSON object of a node.

    Raises:
        MalformedBytes: a field is absent or has another form.
    """
    told = Told(fields, "withdrawal")
    return Withdrawal(
        told.quantity("index", 64),
        told.quantity("validatorIndex", 64),
        told.address("address"),
        told.quantity("amount", 64),
    )


def encode_withdrawal(withdrawal: Withdrawal) -> bytes:
    """The bytes of a withdrawal as they stand in the withdrawals trie."""
    return rlpcode.encode([withdrawal.index, withdrawal.validator, bytes_of(withdrawal.address), withdrawal.gwei])


def decode_withdrawal(raw: bytes) -> Withdrawal:
    """The withdrawal in ``raw``.

    Raises:
        MalformedBytes: not one.
    """
    named = rlpcode.decode(raw, "withdrawal").named(("index", "validator", "address", "gwei"))
    return Withdrawal(
        named["index"].integer(_U64),
        named["validator"].integer(_U64),
        named["address"].address(),
        named["gwei"].integer(_U64),
    )


def _filled(pairs: Mapping[bytes, bytes]) -> HexaryTrie:
    from trie.hexary import HexaryTrie

    made = HexaryTrie({})
    for key, value in pairs.items():
        made.set(key, value)  # type: ignore[no-untyped-call]
    return made


def index_key(index: int) -> bytes:
    """The key of a transaction or receipt in its trie: the RLP of its place in the block."""
    return rlpcode.encode(index)


def list_root(values: Sequence[bytes]) -> str:
    """Root of the trie that holds values at their places; 64 hex digits."""
    return _filled({index_key(index): value for index, value in enumerate(values)}).root_hash.hex()


def transactions_root(transactions: Sequence[WireTransaction]) -> str:
    """Root of the transactions trie of a block; 64 hex digits.

    Raises:
        UnsupportedChain: the bytes of a transaction are not known, so there is no root to compute.
    """
    values = []
    for index, each in enumerate(transactions):
        if each.raw is None:
            raise UnsupportedChain(
                f"transaction {index} ({each.hash}) of type {each.type:#x} is kept as told, without its bytes; "
                "the transactions root of its block cannot be computed by this version"
            )
        values.append(each.raw)
    return list_root(values)


def receipts_root(receipts: Sequence[Receipt]) -> str:
    """Root of the receipts trie of a block; 64 hex digits.

    Raises:
        UnsupportedChain: a receipt has the layout of another chain.
    """
    return list_root([encode_receipt(each) for each in receipts])


def withdrawals_root(withdrawals: Sequence[Withdrawal]) -> str:
    """Root of the withdrawals trie of a block; 64 hex digits."""
    return list_root([encode_withdrawal(each) for each in withdrawals])


def prove_key(pairs: Mapping[bytes, bytes], key: bytes) -> tuple[bytes, ...]:
    """The nodes from the root towards ``key``: the proof of what is there, or of nothing being there.

    Args:
        pairs: everything in the trie; no value is empty.
        key: the key, whole bytes.
    """
    import rlp

    nodes = _filled(pairs).get_proof(key)  # type: ignore[no-untyped-call]
    written = [rlp.encode(node) for node in nodes if node]
    # a node below 32 bytes stands inside the one above it; as a node of its own it would be a stranger in the proof
    return tuple(each for place, each in enumerate(written) if place == 0 or len(each) >= 32)


def prove_index(values: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The proof of the value at ``index`` of a list, or of nothing being there; for ``proof.verify_index``."""
    return prove_key({index_key(place): value for place, value in enumerate(values)}, index_key(index))


def hashed_key(raw: bytes) -> bytes:
    """The key of an account or a slot in the tries of state, which are keyed by hashes."""
    return keccak256(raw)
