"""Proofs against the roots of a header: transactions, receipts, accounts and storage; that something is there or not.

A proof is a list of trie nodes from the root down. Every node must hash to what the node above says, every nibble of
the key must be used, and no node may be left over. What this shows hangs on the root: whose root it is, an anchor has
to say.

Own code, because a refusal must say what is wrong and hostile proofs must stay bounded; the tests hold it against the
library ``trie``.

Source: Ethereum Yellow Paper, appendix D (hex prefix, node composition); EIP-1186 (eth_getProof).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cryptotrace.chains.evm import rlpcode
from cryptotrace.chains.evm.address import bytes_of, canonical_address
from cryptotrace.chains.evm.hashes import keccak256
from cryptotrace.chains.evm.rlpcode import Item
from cryptotrace.chains.evm.told import Told
from cryptotrace.chains.evm.trie import EMPTY_ROOT, hashed_key, index_key
from cryptotrace.errors import MalformedBytes, ProofRefused

#: Hash of no code: keccak256 of nothing.
EMPTY_CODE = "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
#: A key of 32 bytes has 64 nibbles, so no path has more nodes than these.
MOST_NODES = 65
#: The largest value in a trie is a receipt; a block's gas pays for at most some 8 MB of log data (8 gas per byte).
MOST_NODE_BYTES = 10_000_000
_U64 = 2**64 - 1


@dataclass(frozen=True, slots=True)
class AccountState:
    """What the state trie holds of an account."""

    nonce: int
    """Count of its transactions; of a contract, of what it created."""
    balance: int
    """Wei."""
    storage_root: str
    """Root of its storage trie, 64 hex digits."""
    code_hash: str
    """Keccak-256 of its code, 64 hex digits."""

    @property
    def has_code(self) -> bool:
        """True for a contract, and for an account that lends itself code (EIP-7702)."""
        return self.code_hash != EMPTY_CODE


@dataclass(frozen=True, slots=True)
class StorageProof:
    """A slot as a node tells it, with its proof."""

    key: bytes
    """The slot, 32 bytes."""
    value: int
    """What is said to be in it; 0 for nothing."""
    nodes: tuple[bytes, ...]
    """Nodes from the storage root down."""


@dataclass(frozen=True, slots=True)
class AccountProof:
    """An account as a node tells it, with its proof (the answer to eth_getProof). ``check_account`` checks it."""

    address: str
    """The account, with the checksum of EIP-55."""
    state: AccountState
    """What is said of it."""
    nodes: tuple[bytes, ...]
    """Nodes from the state root down."""
    slots: tuple[StorageProof, ...]
    """Slots that were asked for."""


def _nibbles(raw: bytes) -> list[int]:
    return [nibble for byte in raw for nibble in (byte >> 4, byte & 15)]


def _path(item: Item, where: str) -> tuple[list[int], bool]:
    """The nibbles of a leaf or extension, and whether it is a leaf."""
    raw = item.data()
    flag = raw[0] >> 4 if raw else 4
    if flag > 3 or (not flag & 1 and raw[0] & 15):
        raise ProofRefused(f"{where}: {raw[:4].hex() or 'nothing'} is no hex prefix")
    nibbles = _nibbles(raw)[1 if flag & 1 else 2 :]
    return nibbles, flag >= 2


def _node(raw: bytes, wanted: str, where: str) -> list[Item]:
    """The parts of a node, which must hash to ``wanted``."""
    if len(raw) > MOST_NODE_BYTES:
        raise ProofRefused(f"{where} has {len(raw)} bytes; no node has more than {MOST_NODE_BYTES}")
    digest = keccak256(raw).hex()
    if digest != wanted:
        raise ProofRefused(f"{where} hashes to {digest}, not to {wanted} as the root or the node above says")
    return _parts(rlpcode.decode(raw, where), where)


def _parts(item: Item, where: str) -> list[Item]:
    parts = item.items()
    if len(parts) not in (2, 17):
        raise ProofRefused(f"{where} has {len(parts)} parts; a node has 2 or 17")
    return parts


class _Walk:
    """The way from the root along a key, one node after another."""

    def __init__(self, root: str, key: bytes, nodes: Sequence[bytes]) -> None:
        self.root = root
        self.left = _nibbles(key)
        self.nodes = nodes
        self.used = 0

    def where(self) -> str:
        return f"proof node {self.used}"

    def fetch(self, wanted: str) -> list[Item]:
        if self.used == len(self.nodes):
            raise ProofRefused(f"the proof ends after {self.used} nodes, where a node with hash {wanted} should follow")
        parts = _node(self.nodes[self.used], wanted, self.where())
        self.used += 1
        return parts

    def below(self, item: Item) -> list[Item] | None:
        """The node that a reference names: inside this one, or the next of the proof; None for nothing."""
        if item.is_list:
            return _parts(item, f"proof node {self.used - 1}, inside")
        reference = item.data()
        if not reference:
            return None
        if len(reference) != 32:
            raise ProofRefused(f"proof node {self.used - 1} refers to a node by {len(reference)} bytes; a hash has 32")
        return self.fetch(reference.hex())

    def step(self, parts: list[Item]) -> tuple[list[Item] | None, bytes | None]:
        """The next node, or the value where the way ends; (None, None) where nothing is there."""
        if len(parts) == 17:
            if not self.left:
                return None, parts[16].data() or None
            return self.below(parts[self.left.pop(0)]), None
        nibbles, is_leaf = _path(parts[0], f"proof node {self.used - 1}")
        if is_leaf:
            return None, parts[1].data() if nibbles == self.left else None
        if not nibbles or parts[1].value == b"":
            raise ProofRefused(f"proof node {self.used - 1} is an extension that leads nowhere")
        if self.left[: len(nibbles)] != nibbles:
            return None, None
        self.left = self.left[len(nibbles) :]
        return self.below(parts[1]), None


def _walk(root: str, key: bytes, nodes: Sequence[bytes]) -> bytes | None:
    if len(nodes) > MOST_NODES:
        raise ProofRefused(f"the proof has {len(nodes)} nodes; a key of 32 bytes needs at most {MOST_NODES}")
    walk = _Walk(root, key, nodes)
    # an empty trie has no nodes; some nodes of the network send its one byte 0x80 along
    if root == EMPTY_ROOT and list(nodes) in ([], [b"\x80"]):
        return None
    parts: list[Item] | None = walk.fetch(root)
    value = None
    while parts is not None:
        parts, value = walk.step(parts)
    if walk.used != len(nodes):
        raise ProofRefused(
            f"the way along the key ends after {walk.used} nodes; {len(nodes) - walk.used} are left over"
        )
    return value


def verify_key(root: str, key: bytes, nodes: Sequence[bytes]) -> bytes | None:
    """The value at ``key`` of the trie with that root, proved by ``nodes``; None if nothing is there, which they prove.

    Args:
        root: root of the trie, 64 hex digits.
        key: the key as the trie has it (of state and storage it is a hash).
        nodes: nodes from the root down.

    Raises:
        ProofRefused: it proves neither, and why.
    """
    try:
        value = _walk(root, key, nodes)
    except MalformedBytes as error:
        raise ProofRefused(f"a node of the proof cannot be read: {error}") from error
    if value == b"":
        raise ProofRefused("the proof ends in an empty value, which no trie holds")
    return value


def verify_index(root: str, index: int, nodes: Sequence[bytes]) -> bytes:
    """The bytes of the transaction or receipt at ``index``, proved to be in the trie with that root.

    Raises:
        ProofRefused: it does not prove that, and why.
    """
    value = verify_key(root, index_key(index), nodes)
    if value is None:
        raise ProofRefused(f"the proof shows that nothing stands at place {index}")
    return value


def verify_no_index(root: str, index: int, nodes: Sequence[bytes]) -> None:
    """That nothing stands at ``index``: with a proof of the one before, that the block has no more transactions.

    Raises:
        ProofRefused: it does not prove that, and why.
    """
    if verify_key(root, index_key(index), nodes) is not None:
        raise ProofRefused(f"the proof shows that something stands at place {index}")


def verify_account(state_root: str, address: str, nodes: Sequence[bytes]) -> AccountState | None:
    """What the state holds of an account, proved by ``nodes``; None if it holds nothing of it, which they prove.

    Raises:
        ProofRefused: it proves neither, and why.
    """
    raw = verify_key(state_root, hashed_key(bytes_of(address)), nodes)
    if raw is None:
        return None
    try:
        named = rlpcode.decode(raw, "account").named(("nonce", "balance", "storage_root", "code_hash"))
        return AccountState(
            named["nonce"].integer(_U64),
            named["balance"].integer(),
            named["storage_root"].hash(),
            named["code_hash"].hash(),
        )
    except MalformedBytes as error:
        raise ProofRefused(f"the proof leads to what is no account: {error}") from error


def verify_storage(storage_root: str, key: bytes, nodes: Sequence[bytes]) -> int:
    """What a slot of a contract holds, proved by ``nodes``; 0 if nothing is in it, which they prove.

    Args:
        storage_root: root of the contract's storage, 64 hex digits, from its proved account.
        key: the slot, 32 bytes.
        nodes: nodes from the storage root down.

    Raises:
        ProofRefused: it does not prove anything, and why.
    """
    raw = verify_key(storage_root, hashed_key(key), nodes)
    if raw is None:
        return 0
    try:
        return rlpcode.decode(raw, "slot").integer()
    except MalformedBytes as error:
        raise ProofRefused(f"the proof leads to what is no value of a slot: {error}") from error


def check_account(state_root: str, told: AccountProof) -> None:
    """That everything in an answer to eth_getProof is so: the account and each slot.

    Raises:
        ProofRefused: something is not proved, or is another than told.
    """
    proved = verify_account(state_root, told.address, told.nodes) or AccountState(0, 0, EMPTY_ROOT, EMPTY_CODE)
    for name in ("nonce", "balance", "storage_root", "code_hash"):
        is_so, is_told = getattr(proved, name), getattr(told.state, name)
        if is_so != is_told:
            raise ProofRefused(f"{name} of {told.address} is proved to be {is_so}, not {is_told} as told")
    for slot in told.slots:
        value = verify_storage(proved.storage_root, slot.key, slot.nodes)
        if value != slot.value:
            raise ProofRefused(
                f"slot {slot.key.hex()} of {told.address} is proved to hold {value}, not {slot.value} as told"
            )


def check_code(state: AccountState, code: bytes) -> None:
    """That this is the code of a proved account.

    Raises:
        ProofRefused: it is not.
    """
    digest = keccak256(code).hex()
    if digest != state.code_hash:
        raise ProofRefused(f"the code hashes to {digest}, not to {state.code_hash} as the account says")


def _told_state(told: Told) -> AccountState:
    root, code = told.hash("storageHash"), told.hash("codeHash")
    return AccountState(
        told.quantity("nonce", 64),
        told.quantity("balance"),
        EMPTY_ROOT if set(root) == {"0"} else root,
        EMPTY_CODE if set(code) == {"0"} else code,
    )


def account_proof_from_rpc(fields: Mapping[str, object]) -> AccountProof:
    """The answer to eth_getProof, not yet checked.

    For an account that is not there some nodes tell hashes of zeros; they are read as those of nothing.

    Raises:
        MalformedBytes: a field is absent or has another form.

    Source: EIP-1186.
    """
    told = Told(fields, "proof")
    slots = []
    for each in told.objects("storageProof"):
        key = each.quantity("key").to_bytes(32, "big")
        slots.append(StorageProof(key, each.quantity("value"), tuple(each.texts("proof"))))
    return AccountProof(told.address("address"), _told_state(told), tuple(told.texts("accountProof")), tuple(slots))


def solidity_slot(holder: str, position: int) -> bytes:
    """The slot of ``mapping(address => uint256)`` at ``position`` in Solidity's layout, 32 bytes.

    Raises:
        InvalidAddress: ``holder`` is no address.

    Source: Solidity documentation, layout of state variables in storage.
    """
    raw = bytes_of(canonical_address(holder))
    return keccak256(raw.rjust(32, b"\0") + position.to_bytes(32, "big"))


def vyper_slot(holder: str, position: int) -> bytes:
    """The slot of ``HashMap[address, uint256]`` at ``position`` in Vyper's layout, 32 bytes.

    Raises:
        InvalidAddress: ``holder`` is no address.

    Source: Vyper compiler, storage of HashMap: keccak256(slot || key).
    """
    raw = bytes_of(canonical_address(holder))
    return keccak256(position.to_bytes(32, "big") + raw.rjust(32, b"\0"))
