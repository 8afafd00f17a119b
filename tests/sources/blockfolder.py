"""Folders of block files as a node writes them, made for a test."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.chains.blockmaker import coinbase, mine, spend
from tests.sources.chain import REGTEST

from cryptotrace.chains.bitcoin.wire import WireBlock, WireTransaction, encode_block
from cryptotrace.model.transaction import Outpoint


def entry(raw: bytes, magic: bytes = REGTEST.magic) -> bytes:
    """A block as it stands in a file."""
    return magic + len(raw).to_bytes(4, "little") + raw


def hide(data: bytes, key: bytes) -> bytes:
    """The bytes under a repeating key, as newer nodes write them."""
    return bytes(byte ^ key[at % len(key)] for at, byte in enumerate(data)) if key else data


def write(folder: Path, *files: bytes, key: bytes | None = None) -> Path:
    """Write blk00000.dat, blk00001.dat ... and ``xor.dat`` if there is a key."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(files):
        (folder / f"blk{number:05d}.dat").write_bytes(hide(data, key or b""))
    if key is not None:
        (folder / "xor.dat").write_bytes(key)
    return folder


def run(
    blocks: Sequence[bytes] = (), *, previous: str, heights: Sequence[int], tag: bytes = b"", told: bool = True
) -> list[bytes]:
    """More blocks on top of ``previous``; their coinbases say their height if ``told`` (BIP 34)."""
    made: list[bytes] = list(blocks)
    for height in heights:
        block = block_at(height, previous, tag=tag, told=told)
        made.append(encode_block(block))
        previous = block.header.hash
    return made


def block_at(height: int, previous: str, *others: WireTransaction, tag: bytes = b"", told: bool = True) -> WireBlock:
    """One block with a coinbase of 50 coins and what else it holds."""
    script = b"\x02" + height.to_bytes(2, "little") if told else b"\x00\x00"
    block = mine([coinbase(50 * 10**8, script + b"\x00" + tag), *others], previous)
    return _version_two(block, previous) if told else block


def _version_two(block: WireBlock, previous: str) -> WireBlock:
    from dataclasses import replace

    from cryptotrace.chains.bitcoin.hashes import target_of_bits
    from cryptotrace.chains.bitcoin.wire import decode_header, encode_header

    for nonce in range(10_000):
        header = decode_header(encode_header(replace(block.header, version=4, nonce=nonce)))
        if int(header.hash, 16) <= target_of_bits(header.bits):
            return WireBlock(header, block.transactions)
    raise AssertionError("no nonce found")


def payment(outpoint: Outpoint, *units: int) -> WireTransaction:
    """A transaction that spends an outpoint."""
    return spend(outpoint, pays=units)
