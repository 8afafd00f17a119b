"""Which of the blocks in some files are the chain: headers linked by their previous hash, most work wins."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from cryptotrace.chains.bitcoin.foreign import refuse_foreign_header
from cryptotrace.chains.bitcoin.network import BitcoinNetwork
from cryptotrace.chains.bitcoin.proof import block_work, check_work
from cryptotrace.chains.bitcoin.wire import decode_block, encode_header
from cryptotrace.errors import ChainError, ConfigurationError, ProofRefused, UnsupportedChain
from cryptotrace.sources.blockfiles import BlockPlace


@dataclass(frozen=True, slots=True)
class LinkedBlocks:
    """The active chain among some blocks, as far as they show it."""

    active: dict[int, tuple[BlockPlace, ...]]
    """Height to where the block's bytes are; more than one place if it was written repeatedly."""
    stale: tuple[str, ...]
    """Hashes of blocks on branches with less work."""
    first_of_run: int
    """Every block from this height to the highest is there."""
    refused: tuple[str, ...] = ()
    """Blocks whose work does not verify, with file and offset; they are no part of any chain."""


@dataclass(slots=True)
class _Fragment:
    """Blocks that build on each other and on nothing else that is there."""

    hashes: list[str]
    """The branch with the most work, lowest first."""
    work: int
    """Work of that branch."""
    stale: list[str]
    """The other blocks."""
    height: int = 0
    """Height of the first."""


def link(
    places: Iterable[BlockPlace], network: BitcoinNetwork, read: Callable[[BlockPlace], bytes], first_height: int | None
) -> LinkedBlocks:
    """Link blocks into the active chain. Parts that do not connect are kept where their heights do not overlap.

    Args:
        places: the blocks, in any order.
        network: the chain.
        read: gives a block's bytes; asked only where a height must be read from a coinbase.
        first_height: height of the first block of a part whose height does not follow from its blocks.

    Raises:
        ConfigurationError: no blocks, a height that cannot be told, or a chain with the same genesis block.
        UnsupportedChain: no block of that chain, and the first that is there is of one that is known and not read.
    """
    held: dict[str, list[BlockPlace]] = defaultdict(list)
    refused: list[str] = []
    first: BlockPlace | None = None
    for place in places:
        try:
            check_work(place.header, network)
        except ProofRefused as error:
            first = place if first is None else first
            refused.append(f"{place.file.name}: block at byte {place.offset} left out: {error}")
            continue
        held[place.header.hash].append(place)
    if not held:
        raise _nothing_left(first, network)
    fragments = _fragments(held)
    _set_heights(fragments, held, network, read, first_height)
    chosen: list[_Fragment] = []
    stale = [block_hash for fragment in fragments for block_hash in fragment.stale]
    for fragment in sorted(fragments, key=lambda f: (f.work, f.hashes[0]), reverse=True):
        if any(_overlap(fragment, other) for other in chosen):
            stale += fragment.hashes
        else:
            chosen.append(fragment)
    active = {f.height + n: tuple(held[block_hash]) for f in chosen for n, block_hash in enumerate(f.hashes)}
    _check_landmark(active, network)
    top = max(chosen, key=lambda f: f.height)
    return LinkedBlocks(dict(sorted(active.items())), tuple(sorted(stale)), top.height, tuple(refused))


def _check_landmark(active: dict[int, tuple[BlockPlace, ...]], network: BitcoinNetwork) -> None:
    """Refuse the blocks of a chain with the same genesis block, where a block that tells them apart is there."""
    if network.landmark is None:
        return
    height, expected = network.landmark
    for place in active.get(height, ()):
        if place.header.hash != expected:
            raise ConfigurationError(
                f"{place.file}, offset {place.offset}: at height {height} stands {place.header.hash}; {network.name} "
                f"has {expected} there: the files are of a chain that shares its genesis block"
            )


def _nothing_left(first: BlockPlace | None, network: BitcoinNetwork) -> ConfigurationError | UnsupportedChain:
    """The error for files without a block of the network; ``first`` is the first block that was refused."""
    if first is None:
        return ConfigurationError(f"there is no block of {network.name} in the files")
    where = f"{first.file}, offset {first.offset}"
    try:
        refuse_foreign_header(encode_header(first.header), network)
    except UnsupportedChain as error:
        return UnsupportedChain(f"{where}: {error}")
    return ConfigurationError(
        f"there is no block of {network.name} in the files: the work of none verifies, see {where}; "
        "are they of another chain, or damaged?"
    )


def _overlap(one: _Fragment, other: _Fragment) -> bool:
    return one.height < other.height + len(other.hashes) and other.height < one.height + len(one.hashes)


def _fragments(held: dict[str, list[BlockPlace]]) -> list[_Fragment]:
    children: dict[str, list[str]] = defaultdict(list)
    roots = []
    for block_hash, (place, *_) in held.items():
        if place.header.previous in held:
            children[place.header.previous].append(block_hash)
        else:
            roots.append(block_hash)
    return [_best_branch(root, children, held) for root in roots]


def _best_branch(root: str, children: dict[str, list[str]], held: dict[str, list[BlockPlace]]) -> _Fragment:
    work = {root: block_work(held[root][0].header.bits)}
    order = [root]
    for block_hash in order:  # grows while it is walked
        for child in children.get(block_hash, ()):
            work[child] = work[block_hash] + block_work(held[child][0].header.bits)
            order.append(child)
    best = max(order, key=lambda h: work[h])  # of equal work the one that was written first, as a node does
    branch = [best]
    while branch[-1] != root:
        branch.append(held[branch[-1]][0].header.previous)
    on_branch = set(branch)
    return _Fragment(branch[::-1], work[best], [h for h in order if h not in on_branch])


def _set_heights(
    fragments: list[_Fragment],
    held: dict[str, list[BlockPlace]],
    network: BitcoinNetwork,
    read: Callable[[BlockPlace], bytes],
    first_height: int | None,
) -> None:
    """Give each part its height: by genesis, by its coinbases, and ``first_height`` to the one that says none.

    A part that stands alone takes ``first_height`` even if its coinbases say another.
    """
    untold = []
    for fragment in fragments:
        told: int | None = None
        if fragment.hashes[0] == network.genesis_hash:
            told = 0
        elif first_height is None or len(fragments) > 1:
            told = _told_height(fragment, held, network, read)
        if told is None:
            untold.append(fragment)
        else:
            fragment.height = told
    for number, fragment in enumerate(untold):
        if first_height is None or number > 0:
            place = held[fragment.hashes[0]][0]
            raise ConfigurationError(
                f"{place.file}, offset {place.offset}: block {place.header.hash} builds on {place.header.previous}, "
                "which is not there, and says no height; write blocks:PATH?height=N with the height of the first "
                "block, and one PATH for each part of the chain"
            )
        fragment.height = first_height


def _told_height(
    fragment: _Fragment,
    held: dict[str, list[BlockPlace]],
    network: BitcoinNetwork,
    read: Callable[[BlockPlace], bytes],
) -> int | None:
    """The height of the first block of a part, as a coinbase in it says; None if none does."""
    for depth, block_hash in enumerate(fragment.hashes):
        place = held[block_hash][0]
        if (
            place.header.version >= 2
            and (height := _coinbase_height(read(place), network)) is not None
            and height >= depth
        ):
            return height - depth
    return None


def _coinbase_height(raw: bytes, network: BitcoinNetwork) -> int | None:
    """The height that a coinbase begins with (BIP 34), or None."""
    try:
        script = decode_block(raw, network).transactions[0].inputs[0].script_sig
    except ChainError:
        return None
    if script and 0x51 <= script[0] <= 0x60:
        return script[0] - 0x50
    size = script[0] if script else 0
    if not 1 <= size <= 4 or len(script) <= size or script[size] & 0x80:
        return None
    return int.from_bytes(script[1 : 1 + size], "little")
