"""The real blocks of the recorded data, by what they are."""

from __future__ import annotations

import json

from tests.shared_data import read_data

#: Manifest path -> (network, height or None where the file does not tell).
BLOCKS: dict[str, tuple[str, int | None]] = {
    "btc-blocks/bitcoinj__block169482.dat": ("bitcoin", 169482),
    "btc-blocks/bitcoinj__block227835.dat": ("bitcoin", 227835),
    "btc-blocks/bitcoinj__block227836.dat": ("bitcoin", 227836),
    "btc-blocks/btcd__277647.dat.bz2": ("bitcoin", 277647),
    "btc-blocks/bcoin__block300025.raw": ("bitcoin", 300025),
    "btc-blocks/electrs__00000000000000001203c1ea455e38612bdf36e9967fdead11935c8e22283ecc": ("bitcoin", 333961),
    "btc-blocks/Floresta__block_367891__raw.zst": ("bitcoin", 367891),
    "btc-blocks/Microcurrency__block413567.raw": ("bitcoin", 413567),
    "btc-blocks/bitcoinj__block481815.dat": ("bitcoin", 481815),
    "btc-blocks/bcoin__block482683.raw": ("bitcoin", 482683),
    "btc-blocks/electrumx__bitcoin_mainnet_951658.json": ("bitcoin", 951658),
    "btc-blocks/rust-bitcoin__testnet_block_000000000000045e0b1660b6445b5e5c5ab63c9a4f956be7e1e69be04fa4497b.raw": (
        "bitcoin-testnet3",
        924634,
    ),
    "btc-blocks/bcoin__block1087400.raw": ("bitcoin-testnet3", 1087400),
    "btc-blocks/electrumx__bitcoin_testnet4_40000.json": ("bitcoin-testnet4", 40000),
    "btc-blocks/electrumx__bitcoin_signet_31500.json": ("bitcoin-signet", 31500),
}
#: Manifest path -> (first height, number of blocks) of runs: magic and length before each block.
RUNS = {"btc-blocks/bitcoinj__first-100k-blocks.dat": (0, 439), "btc-blocks/btcd__blocks1-256.bz2": (1, 255)}
#: Manifest path -> what the refusal must name.
FOREIGN_BLOCKS = {
    "btc-blocks/electrumx__dogecoin_mainnet_371337.json": "Dogecoin",
    "btc-blocks/electrumx__litecoin_mainnet_900000.json": "Litecoin",
    "btc-blocks/electrumx__litecoin_mainnet_2265985.json": "Litecoin",
}
#: Manifest path of a block -> that of all the outputs it spends.
SPENT = {
    "btc-blocks/btcd__277647.dat.bz2": "derived/btc-prevouts/prevouts_main_277647.json.gz",
    "btc-blocks/bcoin__block300025.raw": "derived/btc-prevouts/prevouts_main_300025.json.gz",
    "btc-blocks/Floresta__block_367891__raw.zst": "derived/btc-prevouts/prevouts_main_367891.json.gz",
    "btc-blocks/bcoin__block1087400.raw": "derived/btc-prevouts/prevouts_test_1087400.json.gz",
}
_MAGIC = bytes.fromhex("f9beb4d9")


def framed(data: bytes) -> list[bytes]:
    """The blocks of a file that has magic and length before each."""
    blocks, at = [], 0
    while at < len(data):
        assert data[at : at + 4] == _MAGIC
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        blocks.append(data[at + 8 : at + 8 + size])
        at += 8 + size
    return blocks


def block_bytes(path: str) -> bytes:
    """The bytes of the one block in that file, whatever its wrapping."""
    data = read_data(path)
    if path.endswith(".json"):
        return bytes.fromhex(json.loads(data)["block"])
    if data.startswith(_MAGIC):
        (block,) = framed(data)
        return block
    return data
