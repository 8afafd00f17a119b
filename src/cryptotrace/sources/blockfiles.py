"""Finding blocks in files: Bitcoin Core's ``blk*.dat``, runs of ``magic length block``, or one raw block.

Blocks stand in the order in which they arrived. Between them may be zero padding, behind them a half-written tail;
newer versions hide the bytes under a repeating 8-byte key (``xor.dat``), which padding is not hidden under.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cryptotrace.chains.bitcoin.auxpow import is_merge_mined
from cryptotrace.chains.bitcoin.cursor import Cursor
from cryptotrace.chains.bitcoin.foreign import refuse_foreign_header, refuse_foreign_magic
from cryptotrace.chains.bitcoin.network import BITCOIN_NETWORKS, BitcoinNetwork
from cryptotrace.chains.bitcoin.proof import check_work
from cryptotrace.chains.bitcoin.wire import HEADER_SIZE, Header, decode_header, read_header
from cryptotrace.errors import ConfigurationError, DataNotFound, MalformedBytes, ProofRefused

_LEAST_BLOCK = HEADER_SIZE + 1 + 60
_WINDOW = 1 << 20
_KEY_SIZE = 8
#: So many zeros in a row are padding and no part of a block.
_ZEROS = 128


@dataclass(frozen=True, slots=True)
class BlockPlace:
    """Where the bytes of a block are."""

    file: Path
    """The file."""
    offset: int
    """Of the first byte of the block's header in the file."""
    size: int
    """Bytes of the block."""
    header: Header
    """Its header."""


class BlockFiles:
    """Blocks in a folder of ``blk*.dat`` or in one file.

    ``problems`` holds, as text with file and offset, what was found between the blocks that is not one.

    Raises:
        ConfigurationError: no such file, no block files in the folder, or no key in ``xor.dat``.
        DataNotFound: ``xor.dat`` cannot be read.

    Source: Bitcoin Core (``SaveBlockToDisk``, ``LoadExternalBlockFile``; ``xor.dat`` since version 28).
    """

    def __init__(self, path: Path, network: BitcoinNetwork) -> None:
        self.problems: list[str] = []
        self._magic = network.magic
        self._network = network
        if path.is_dir() and not any(path.glob("blk*.dat")) and (path / "blocks").is_dir():
            path /= "blocks"
        self.files = sorted(path.glob("blk*.dat")) if path.is_dir() else [path]
        if not self.files or not path.exists():
            raise ConfigurationError(
                f"blocks:{path}: there is no such file, and no blk*.dat in it; name the folder blocks of a node's data "
                "folder, that data folder itself, or one file of blocks"
            )
        self._key = self._read_key(path / "xor.dat" if path.is_dir() else path.with_name("xor.dat"))

    def places(self, progress: Callable[[int, int], None] | None = None) -> Iterator[BlockPlace]:
        """Every block in the files, in the order of the files. Reads headers only.

        ``progress`` is called with (files read, files to read).

        Raises:
            ConfigurationError: a file holds blocks of another network, by name.
            UnsupportedChain: a file holds blocks of a chain that is known and not read, by name.
            MalformedBytes: the one file that there is holds no block.
            DataNotFound: a file cannot be read.
        """
        for done, file in enumerate(self.files, start=1):
            try:
                with file.open("rb") as stream:
                    yield from self._places_in(file, stream)
            except OSError as error:
                raise DataNotFound(f"{file} cannot be read: {error}") from error
            if progress is not None:
                progress(done, len(self.files) - done)

    def read(self, place: BlockPlace) -> bytes:
        """The bytes of a block.

        Raises:
            DataNotFound: the file cannot be read or has become shorter.
        """
        try:
            with place.file.open("rb") as stream:
                raw = self._take(stream, place.offset, place.size)
        except OSError as error:
            raise DataNotFound(f"{place.file} cannot be read: {error}") from error
        if len(raw) != place.size:
            raise DataNotFound(f"{place.file} was cut off at offset {place.offset + len(raw)} since it was opened")
        return raw

    def _places_in(self, file: Path, stream: BinaryIO) -> Iterator[BlockPlace]:
        end = stream.seek(0, 2)
        at = 0
        while at + 8 <= end:
            head = self._take(stream, at, 8)
            size = int.from_bytes(head[4:], "little")
            if head[:4] != self._magic or not _LEAST_BLOCK <= size <= self._network.max_block_size:
                if at == 0 and (whole := self._single(file, stream, end, head)) is not None:
                    yield whole
                    return
                at = self._skip(file, stream, at, end)
                continue
            there = self._bytes_there(stream, at + 8, size, end)
            if there < size:
                self.problems.append(f"{file.name}, offset {at}: half-written, {there} of {size} bytes are there")
                at = self._skip(file, stream, at, end, silent=True)
                continue
            try:
                place = BlockPlace(file, at + 8, size, self._header(stream, at + 8, size))
            except MalformedBytes as error:
                self.problems.append(f"{file.name}, offset {at}: the proof behind a header cannot be read: {error}")
            else:
                yield place
            at += 8 + size

    def _bytes_there(self, stream: BinaryIO, start: int, size: int, end: int) -> int:
        """How many bytes of a block are there: less than ``size`` if the file ends or another block begins inside."""
        if start + size > end:
            return end - start
        stream.seek(start + size)
        raw = stream.read(_ZEROS)
        plain = self._reveal(raw, start + size)
        if plain[:4] == self._magic or not plain.strip(b"\0") or not raw.strip(b"\0"):
            return size
        inside = self._take(stream, start, size)
        hit = inside.find(self._magic)
        while hit >= 0:
            if self._has_work(stream, start + hit):
                return hit
            hit = inside.find(self._magic, hit + 1)
        return size

    def _header(self, stream: BinaryIO, at: int, size: int) -> Header:
        """The header of the block at ``at``; behind a merge-mined one stands its proof.

        Raises:
            MalformedBytes: that cannot be read.
        """
        raw = self._take(stream, at, HEADER_SIZE)
        if not is_merge_mined(int.from_bytes(raw[:4], "little"), self._network):
            return decode_header(raw)
        return read_header(Cursor(self._take(stream, at, size)), self._network)

    def _has_work(self, stream: BinaryIO, at: int) -> bool:
        size = min(int.from_bytes(self._take(stream, at + 4, 4), "little"), self._network.max_block_size)
        try:
            check_work(self._header(stream, at + 8, size), self._network)
        except (MalformedBytes, ProofRefused):
            return False
        return True

    def _single(self, file: Path, stream: BinaryIO, end: int, head: bytes) -> BlockPlace | None:
        """The one raw block that a file consists of, or None if it is no such file."""
        others = [other.name for other in BITCOIN_NETWORKS if head[:4] == other.magic != self._magic]
        if others:
            raise ConfigurationError(f"{file} holds blocks of {' or '.join(others)}, not of {self._network.name}")
        refuse_foreign_magic(head[:4], str(file))
        if len(self.files) > 1 or not _LEAST_BLOCK <= end <= self._network.max_block_size or head[:4] == self._magic:
            return None
        raw = self._take(stream, 0, HEADER_SIZE)
        try:
            header = self._header(stream, 0, end)
            check_work(header, self._network)
        except (MalformedBytes, ProofRefused) as error:
            if self._magic in self._take(stream, 0, end):
                return None  # a run of blocks behind padding, or behind a first one that is damaged
            refuse_foreign_header(raw, self._network)
            raise MalformedBytes(
                f"{file} is neither a run of blocks of {self._network.name} (magic {self._magic.hex()}) nor one block "
                "of it; is it of another chain, or compressed?",
                offset=0,
                field="header",
            ) from error
        return BlockPlace(file, 0, end, header)

    def _skip(self, file: Path, stream: BinaryIO, at: int, end: int, *, silent: bool = False) -> int:
        """Offset of the next block's magic behind ``at``, or the end; what is skipped is named unless it is padding."""
        start = at
        only_padding = True
        while at < end:
            stream.seek(at)
            raw = stream.read(_WINDOW)
            plain = self._reveal(raw, at)
            hit = plain.find(self._magic, 1 if at == start else 0)
            stretch = len(raw) if hit < 0 else hit
            only_padding &= not raw[:stretch].strip(b"\0") or not plain[:stretch].strip(b"\0")
            if hit >= 0:
                at += hit
                break
            at += len(raw) - (3 if len(raw) == _WINDOW else 0)
        if not only_padding and not silent:
            self.problems.append(f"{file.name}, offset {start}: {min(at, end) - start} bytes that are not a block")
        return at

    def _take(self, stream: BinaryIO, at: int, size: int) -> bytes:
        stream.seek(at)
        return self._reveal(stream.read(size), at)

    def _reveal(self, raw: bytes, at: int) -> bytes:
        if self._key is None:
            return raw
        shift = at % _KEY_SIZE
        key = self._key[shift:] + self._key[:shift]
        mask = (key * (len(raw) // _KEY_SIZE + 1))[: len(raw)]
        return (int.from_bytes(raw, "little") ^ int.from_bytes(mask, "little")).to_bytes(len(raw), "little")

    def _read_key(self, path: Path) -> bytes | None:
        if not path.is_file():
            return None
        try:
            key = path.read_bytes()
        except OSError as error:
            raise DataNotFound(f"{path} cannot be read: {error}") from error
        if len(key) != _KEY_SIZE:
            raise ConfigurationError(
                f"{path} holds {len(key)} bytes; the key that blocks are hidden under has {_KEY_SIZE}"
            )
        return key if any(key) else None
