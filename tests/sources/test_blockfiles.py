"""Finding blocks in files as nodes leave them behind: hidden, padded, cut off, mixed with other things."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.chains.blockmaker import GENESIS_TRANSACTION
from tests.sources.blockfolder import entry, hide, write
from tests.sources.chain import REGTEST
from tests.training_chain import blocks

from cryptotrace.chains.bitcoin.network import BITCOIN_NETWORKS
from cryptotrace.chains.networks import bitcoin_network
from cryptotrace.errors import ConfigurationError, CryptotraceError, DataNotFound, MalformedBytes, UnsupportedChain
from cryptotrace.sources.blockfiles import BlockFiles

RAW = blocks()[:6]
KEY = bytes.fromhex("a1b2c3d4e5f60718")
PADDING = bytes(1000)


def found(path: Path) -> tuple[list[bytes], list[str]]:
    files = BlockFiles(path, REGTEST)
    return [files.read(place) for place in files.places()], files.problems


@pytest.mark.parametrize("key", [None, bytes(8), KEY, b"\0\0\0\0\0\0\0\x01"])
def test_blocks_are_found_plain_and_under_a_key(tmp_path: Path, key: bytes | None) -> None:
    folder = write(tmp_path, b"".join(map(entry, RAW[:3])), b"".join(map(entry, RAW[3:])), key=key)

    assert found(folder) == (RAW, [])


def test_a_single_file_a_folder_and_its_parent_are_the_same(tmp_path: Path) -> None:
    folder = write(tmp_path / "node" / "blocks", b"".join(map(entry, RAW)), key=KEY)

    assert found(folder / "blk00000.dat") == found(folder) == found(tmp_path / "node") == (RAW, [])


def test_one_raw_block_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "block.bin"
    path.write_bytes(RAW[3])

    assert found(path) == ([RAW[3]], [])


@pytest.mark.parametrize("key", [None, KEY])
def test_padding_is_passed_over_whether_or_not_it_is_hidden(tmp_path: Path, key: bytes | None) -> None:
    data = PADDING + entry(RAW[0]) + PADDING + entry(RAW[1]) + PADDING
    assert found(write(tmp_path / "a", data, key=key)) == (RAW[:2], [])

    if key is not None:  # padding that was never written over is plain zeros
        folder = write(tmp_path / "b", data, key=key)
        raw = bytearray(hide(data, key))
        raw[:1000] = PADDING
        raw[-1000:] = PADDING
        (folder / "blk00000.dat").write_bytes(bytes(raw))
        assert found(folder) == (RAW[:2], [])


@pytest.mark.parametrize("left", [9, 60, 88, 150, 255])
@pytest.mark.parametrize("key", [None, KEY])
def test_a_half_written_tail_is_reported_with_file_and_offset_and_nothing_before_it_is_lost(
    tmp_path: Path, left: int, key: bytes | None
) -> None:
    whole = b"".join(map(entry, RAW[:2]))
    read, problems = found(write(tmp_path, whole + entry(RAW[2])[:left], key=key))

    assert read == RAW[:2]
    assert problems == [f"blk00000.dat, offset {len(whole)}: half-written, {left - 8} of {len(RAW[2])} bytes are there"]


@pytest.mark.parametrize("key", [None, KEY])
@pytest.mark.parametrize("left", [89, 150, 240])
def test_a_block_behind_a_half_written_one_is_not_swallowed_by_it(tmp_path: Path, left: int, key: bytes | None) -> None:
    before = entry(RAW[0])
    data = before + entry(RAW[1])[: 8 + left] + entry(RAW[2]) + entry(RAW[3])
    read, problems = found(write(tmp_path, data, key=key))

    assert read == [RAW[0], RAW[2], RAW[3]]
    assert problems == [f"blk00000.dat, offset {len(before)}: half-written, {left} of {len(RAW[1])} bytes are there"]


def test_the_magic_inside_a_block_is_no_block(tmp_path: Path) -> None:
    from tests.sources.blockfolder import block_at

    from cryptotrace.chains.bitcoin.wire import encode_block

    odd = encode_block(block_at(1, "ab" * 32, tag=REGTEST.magic))
    read, _ = found(write(tmp_path, entry(RAW[0]) + entry(odd) + b"junk" * 9 + entry(RAW[1])))

    assert REGTEST.magic in odd
    assert read == [RAW[0], odd, RAW[1]]


def test_what_is_no_block_is_named_with_its_place_and_size(tmp_path: Path) -> None:
    read, problems = found(write(tmp_path, entry(RAW[0]) + b"not a block" * 3 + entry(RAW[1])))

    assert read == RAW[:2]
    assert problems == [f"blk00000.dat, offset {len(entry(RAW[0]))}: 33 bytes that are not a block"]


def test_a_length_that_cannot_be_is_passed_over(tmp_path: Path) -> None:
    impossible = REGTEST.magic + b"\xff\xff\xff\xff"
    tiny = REGTEST.magic + b"\x01\0\0\0"
    read, problems = found(write(tmp_path, entry(RAW[0]) + impossible + tiny + entry(RAW[1])))

    assert read == RAW[:2]
    assert sum("not a block" in line for line in problems) == len(problems) > 0


def test_a_magic_across_the_edge_of_a_reading_window_is_found(tmp_path: Path) -> None:
    for shift in range(1, 5):
        gap = b"\x55" * ((1 << 20) - len(entry(RAW[0])) - shift)
        read, _ = found(write(tmp_path / str(shift), entry(RAW[0]) + gap + entry(RAW[1])))
        assert read == RAW[:2], shift


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("other", [each for each in BITCOIN_NETWORKS if each.magic != REGTEST.magic])
def test_a_file_of_another_network_is_refused_by_name(tmp_path: Path, other: object) -> None:
    magic, name = other.magic, other.name  # type: ignore[attr-defined]

    with pytest.raises(ConfigurationError, match=f"holds blocks of .*{name}.*, not of bitcoin-regtest"):
        found(write(tmp_path, entry(RAW[0], magic)))


def test_a_file_of_a_chain_that_is_not_read_is_refused_by_its_magic(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedChain, match=r"blk00000\.dat begins with the magic f9beb4fe of Namecoin"):
        found(write(tmp_path, entry(RAW[0], bytes.fromhex("f9beb4fe")), entry(RAW[1])))


def test_a_file_that_is_no_block_is_refused_with_a_guess(tmp_path: Path) -> None:
    path = tmp_path / "blk00000.dat"
    path.write_bytes(b"\x1f\x8b" + bytes(range(1, 255)))

    with pytest.raises(MalformedBytes, match=r"neither a run of blocks .* is it of another chain, or compressed\?"):
        found(path)


def test_a_key_of_the_wrong_length_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path, entry(RAW[0]))
    (folder / "xor.dat").write_bytes(b"1234")

    with pytest.raises(ConfigurationError, match=r"xor\.dat holds 4 bytes; the key .* has 8"):
        BlockFiles(folder, REGTEST)


@pytest.mark.parametrize("name", ["nowhere", "nowhere/blk00000.dat", "."])
def test_a_place_without_block_files_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "notes.txt").write_bytes(b"")

    with pytest.raises(ConfigurationError, match=r"no blk\*\.dat in it; name the folder blocks of a node"):
        BlockFiles(tmp_path / name, REGTEST)


def test_a_file_that_became_shorter_is_not_read_silently(tmp_path: Path) -> None:
    folder = write(tmp_path, entry(RAW[0]) + entry(RAW[1]))
    files = BlockFiles(folder, REGTEST)
    places = list(files.places())
    (folder / "blk00000.dat").write_bytes(entry(RAW[0]))

    with pytest.raises(DataNotFound, match="was cut off at offset"):
        files.read(places[1])
    (folder / "blk00000.dat").unlink()
    with pytest.raises(DataNotFound, match="cannot be read"):
        files.read(places[0])


# --- any bytes --------------------------------------------------------------------------------------------------------

_pieces = st.lists(
    st.one_of(
        st.sampled_from([entry(raw) for raw in RAW[:3]]),
        st.sampled_from([REGTEST.magic, bitcoin_network("bitcoin").magic, bytes(50), GENESIS_TRANSACTION]),
        st.binary(max_size=40),
        st.builds(lambda raw, at: entry(raw)[:at], st.sampled_from(RAW[:3]), st.integers(0, 250)),
    ),
    max_size=6,
).map(b"".join)


@settings(deadline=None, max_examples=150)
@given(_pieces, st.sampled_from([None, KEY]), st.booleans())
def test_any_file_gives_blocks_and_problems_or_a_typed_error(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, key: bytes | None, several: bool
) -> None:
    folder = write(tmp_path_factory.mktemp("any"), data, *([entry(RAW[4])] if several else []), key=key)
    try:
        read, _ = found(folder)
    except CryptotraceError:
        return
    assert not several or read[-1] == RAW[4]


@given(st.permutations([b"before" * 7, entry(RAW[0]), b"\x01" * 9, entry(RAW[1])]))
def test_no_block_is_lost_between_things_that_are_none(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes]
) -> None:
    read, _ = found(write(tmp_path_factory.mktemp("mixed"), b"".join(pieces), entry(RAW[5])))

    assert sorted(read) == sorted([RAW[0], RAW[1], RAW[5]])
