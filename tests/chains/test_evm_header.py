"""Headers: bytes, hash, and the forms of several chains."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptotrace.chains.evm import rlpcode
from cryptotrace.chains.evm.hashes import keccak256
from cryptotrace.chains.evm.header import (
    Header,
    decode_header,
    encode_header,
    from_rpc,
    ommers_hash,
    requests_hash,
)
from cryptotrace.chains.evm.network import EVM_NETWORKS
from cryptotrace.errors import ChainError, MalformedBytes, ProofRefused

_BY_NAME = {each.name: each for each in EVM_NETWORKS}
_NO_OMMERS = "1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347"
_EMPTY = "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"
_ZERO = "0x" + "00" * 32
_COMMON = {"sha3Uncles": "0x" + _NO_OMMERS, "nonce": "0x" + "00" * 8, "uncles": []}
_ARBITRUM_BLOOM = (
    "0x"
    "0808000400200000c0040000000000840000000100040200400000000000000c01000200000000000620400001200008"
    "000000800010000000004000000000000010202100000000800000680000000000000000000201001000400104800400"
    "000000000300000000010020000008000000000080008000000020100400000000000000000080000000000000000808"
    "800200040000200000000040080000000200000100800000000800000000008000002002000000400002000000100000"
    "0000800200000800060820000081000209000c0000840204000101000080200100000014004000020000000800004000"
    "40001024016004000000000000000000"
)
#: Real headers of other chains, as documentation of their nodes prints them.
_REAL: dict[str, dict[str, Any]] = {
    # GetBlock documentation, eth_getBlockByNumber (BNB Smart Chain): block 26803.
    "bnb": _COMMON
    | {
        "difficulty": "0x2",
        "extraData": (
            "0xd883010002846765746888676f312e31332e34856c696e7578000000000000003a296bf3aaac8eb5a96709d4666dd9f3825bec9e"
            "a51e3a4ae3bf6666d5e0dece192acc00999b6c9afb361ef8b81f416f54260816a6660dcaaff77f472e812f7a01"
        ),
        "gasLimit": "0x1c9c380",
        "gasUsed": "0x0",
        "hash": "0xf962d3908e00ce08da5fba7f49fc58e2739e41fc6e029562aa7197feb8ad01ec",
        "logsBloom": "0x" + "00" * 256,
        "miner": "0x685b1ded8013785d6623cc18d214320b6bb64759",
        "mixHash": _ZERO,
        "number": "0x68b3",
        "parentHash": "0x033272e654c39553fb220e86c73c0bfbf2e11905b6848cdd0ab348622577b55f",
        "receiptsRoot": _EMPTY,
        "stateRoot": "0x90b43bf5f1c6f69fdcc6d90900077f76065f7052c02bdc85e701b20328de7a27",
        "timestamp": "0x5f4b05bd",
        "transactionsRoot": _EMPTY,
    },
    # GetBlock documentation, eth_getBlockByNumber (Arbitrum One): block 96223351.
    "arbitrum": _COMMON
    | {
        "baseFeePerGas": "0x5f5e100",
        "difficulty": "0x1",
        "extraData": "0xd79c44e4c3397b74b78db0ea2d34c1106d8bae0752d6e352a859ae27185dec62",
        "gasLimit": "0x4000000000000",
        "gasUsed": "0x9b0c67",
        "hash": "0x9a682d3983aa3c86a32cc87ca21ae5f5eb7b5d175155ed941238e60b681ad280",
        "l1BlockNumber": "0x10924a4",
        "logsBloom": _ARBITRUM_BLOOM,
        "miner": "0xa4b000000000000000000073657175656e636572",
        "mixHash": "0x000000000001310800000000010924a4000000000000000a0000000000000000",
        "nonce": "0x00000000000d7b9a",
        "number": "0x5bc4077",
        "parentHash": "0x6becdeda3dd59cbd1d5a459407ba3ffc298a1c64c7af27756f43d0db21144a92",
        "receiptsRoot": "0x18dd23ed85557f5ddf1075d35012611580401daf7ecb8a906915ef2036e9425c",
        "sendCount": "0x13108",
        "sendRoot": "0xd79c44e4c3397b74b78db0ea2d34c1106d8bae0752d6e352a859ae27185dec62",
        "stateRoot": "0xb7845bcebb2a06b61b66e468c4f28ffa73e281101113b32bb49f1fb445d6eb8f",
        "timestamp": "0x6476c9df",
        "transactionsRoot": "0x7989d9339de2ea4c5434ab01c0d5aff3853d6a0d746f306562ebe7ecb49e2c74",
    },
    # Avalanche documentation, Ortelius API, "Get C-Chain block": block 10.
    "avalanche": _COMMON
    | {
        "parentHash": "0xbd9c3e357b29f403a2b5ba455960e17f595f82eb84e5e9a1c7f7bdaf4784d0e6",
        "miner": "0x0100000000000000000000000000000000000000",
        "stateRoot": "0x22e2b78756f092431f28ccc906cacc1a1c58d9b341b87fa86ba3af4141517f3d",
        "transactionsRoot": "0x237cc8fb9965f0f7477bd6c06583aecb0b17af8cc8915d6990894c00762f0e4a",
        "receiptsRoot": "0x056b23fbba480696b65fe5a59b8f2148a1299103c4f57df839233af2cf4ca2d2",
        "logsBloom": "0x" + "00" * 256,
        "difficulty": "0x1",
        "number": "0xa",
        "gasLimit": "0x5e70b15",
        "gasUsed": "0x5208",
        "timestamp": "0x5f6dfb2a",
        "extraData": (
            "0xd683010916846765746886676f312e3133856c696e75786573c7769a0f720e36aef6bd06a29f56131b901d1e57392d2663e67fce"
            "32e7c4"
        ),
        "mixHash": _ZERO,
        "extDataHash": _ZERO,
        "hash": "0x0af6d14cf36b0d52e0b49747460859804fcd7a6f8518fe374fba05c96c27d35a",
    },
}


@pytest.mark.parametrize("chain", list(_REAL))
def test_a_real_header_of_another_chain_is_recomputed(chain: str) -> None:
    read = from_rpc(_REAL[chain], _BY_NAME[chain])
    assert read.is_recomputed
    assert read.not_recomputed == ""
    assert read.absent == ()
    assert read.unknown == (("l1BlockNumber", "sendCount", "sendRoot") if chain == "arbitrum" else ())
    assert keccak256(encode_header(read)).hex() == read.hash == _REAL[chain]["hash"][2:]
    assert read.others[:1] == ((("ext_data_hash", "00" * 32),) if chain == "avalanche" else ())


@pytest.mark.parametrize("chain", list(_REAL))
@pytest.mark.parametrize("name", ["number", "timestamp", "gasUsed", "difficulty"])
def test_an_altered_header_is_refused_whatever_stands_beside_it(chain: str, name: str) -> None:
    for beside in ({}, {"somethingNew": "0x1"}, {"l1BlockNumber": "0x5", "newHash": "0x" + "77" * 32}):
        with pytest.raises(ProofRefused, match="hashes to"):
            from_rpc(_REAL[chain] | {name: "0x7654321"} | beside, _BY_NAME[chain])


def test_a_field_that_every_header_has_cannot_be_left_out() -> None:
    short = {name: value for name, value in _REAL["bnb"].items() if name not in {"mixHash", "nonce"}}
    with pytest.raises(ProofRefused, match="without mixHash, nonce"):
        from_rpc(short, _BY_NAME["bnb"])


def test_an_unknown_field_beside_those_that_hash_right_is_only_named() -> None:
    read = from_rpc(_REAL["bnb"] | {"milliTimestamp": "0x1", "none": None})
    assert (read.is_recomputed, read.unknown, read.not_recomputed) == (True, ("milliTimestamp",), "")


def test_the_layout_of_avalanche_is_that_of_avalanche_only() -> None:
    assert not from_rpc(_REAL["avalanche"]).is_recomputed  # its mark stands in the bytes, as a newer fork's would
    with pytest.raises(ProofRefused, match="hashes to"):
        from_rpc(_REAL["avalanche"] | {"gasUsed": "0x1"})


_NEWER = {"alpha": "0x" + "99" * 32, "beta": "0x0", "gamma": "0x" + "98" * 20}


@pytest.mark.parametrize("order", [("alpha",), ("beta", "alpha"), ("gamma", "beta", "alpha")])
@pytest.mark.parametrize("chain", list(_REAL))
def test_what_a_newer_fork_appends_is_found_kept_and_said(chain: str, order: tuple[str, ...]) -> None:
    known = from_rpc(_REAL[chain], _BY_NAME[chain])
    parts: list[Any] = _plain(encode_header(known))
    parts += [int(text, 16) if len(text) < 40 else bytes.fromhex(text[2:]) for text in (_NEWER[each] for each in order)]
    told = _REAL[chain] | _NEWER | {"hash": "0x" + keccak256(rlpcode.encode(parts)).hex(), "odd": ["0x1"], "text": "x"}
    read = from_rpc(told, _BY_NAME[chain])
    assert (read.is_recomputed, read.hash) == (False, told["hash"][2:])
    assert read.not_recomputed == f"its bytes hold {', '.join(order)}, which this version does not read"
    assert set(_NEWER) < set(read.unknown)
    for name in ("stateRoot", order[0]):
        with pytest.raises(ProofRefused, match="hashes to"):
            from_rpc(told | {name: "0x" + "97" * 32}, _BY_NAME[chain])


def test_the_hash_of_a_classic_block_of_arbitrum_is_taken_as_told_and_that_is_said() -> None:
    told = _REAL["arbitrum"] | {"number": hex(22_207_816)}
    read = from_rpc(told, _BY_NAME["arbitrum"])
    assert not read.is_recomputed
    assert "before block 22207817" in read.not_recomputed
    short = {name: value for name, value in told.items() if name != "mixHash"}
    assert from_rpc(short, _BY_NAME["arbitrum"]).absent == ("mixHash",)
    with pytest.raises(ProofRefused, match="hashes to"):
        from_rpc(told | {"number": hex(22_207_817)}, _BY_NAME["arbitrum"])


@pytest.mark.parametrize("name", ["hash", "parentHash", "number", "timestamp"])
def test_without_these_it_is_no_block(name: str) -> None:
    with pytest.raises(MalformedBytes, match=rf"block\.{name}"):
        from_rpc({key: value for key, value in _REAL["bnb"].items() if key != name})


_APPENDED: list[tuple[str, Any]] = [
    ("base_fee", 2**256 - 1),
    ("withdrawals_root", "11" * 32),
    ("blob_gas_used", 131072),
    ("excess_blob_gas", 0),
    ("parent_beacon_root", "22" * 32),
    ("requests_hash", "33" * 32),
    ("block_access_list_hash", "44" * 32),
    ("slot_number", 2**63),
]


def _through(count: int) -> Header:
    """A header with so many appended fields."""
    base = replace(from_rpc(_REAL["bnb"]), is_recomputed=False)
    return replace(base, **dict(_APPENDED[:count]))


@pytest.mark.parametrize("count", [0, 1, 2, 5, 6, 7, 8])
def test_headers_of_every_fork_are_written_and_read(count: int) -> None:
    raw = encode_header(_through(count))
    read = decode_header(raw)
    assert read.hash == keccak256(raw).hex()
    assert replace(read, hash="") == replace(_through(count), hash="", is_recomputed=True)
    assert len(rlpcode.decode(raw, "header").items()) == 15 + count


@pytest.mark.parametrize("count", [3, 4])
def test_the_fields_of_one_fork_come_together(count: int) -> None:
    with pytest.raises(MalformedBytes, match=f"not {15 + count}"):
        decode_header(encode_header(_through(count)))


def test_fields_that_are_left_out_are_written_as_nothing_before_later_ones() -> None:
    """As go-ethereum writes optional fields: only those after the last that is there are left away."""
    raw = encode_header(replace(_through(1), blob_gas_used=5))
    assert raw.endswith(b"\x80\x05")


def test_all_fields_of_avalanche_are_written_in_their_order() -> None:
    """The order of coreth's optional fields; only block 10 is real data."""
    later = {"baseFeePerGas": "0x1", "extDataGasUsed": "0x2", "blockGasCost": "0x3", "blobGasUsed": "0x4"}
    told = _REAL["avalanche"] | later | {"excessBlobGas": "0x5", "parentBeaconBlockRoot": "0x" + "06" * 32}
    told |= {"timestampMilliseconds": "0x7", "minDelayExcess": "0x8", "blockExtraData": "0x"}
    parts = [*_plain(encode_header(from_rpc(_REAL["avalanche"], _BY_NAME["avalanche"])))]
    raw = rlpcode.encode([*parts, 1, 2, 3, 4, 5, b"\x06" * 32, 7, 8])
    read = from_rpc(told | {"hash": "0x" + keccak256(raw).hex()}, _BY_NAME["avalanche"])
    assert read.is_recomputed
    assert encode_header(read) == raw


@given(st.data())
def test_a_changed_byte_is_refused_or_another_header(data: st.DataObject) -> None:
    raw = bytearray(encode_header(_through(6)))
    honest = decode_header(bytes(raw))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        read = decode_header(bytes(raw))
    except ChainError:
        return
    assert read.hash != honest.hash
    assert encode_header(read) == bytes(raw)


def test_hashes_of_lists() -> None:
    assert ommers_hash([]) == _NO_OMMERS
    one = _through(0)
    assert ommers_hash([one]) == keccak256(rlpcode.encode([_plain(encode_header(one))])).hex()
    assert requests_hash([b"\x00", b"\x01"]) == requests_hash([])
    assert requests_hash([b"\x00a"]) != requests_hash([b"\x01a"])
    for bad in ([b"\x01a", b"\x00b"], [b"\x01a", b"\x01b"], [b""]):
        with pytest.raises(MalformedBytes, match="each type once, ascending"):
            requests_hash(bad)


def _plain(raw: bytes) -> list[bytes]:
    return [each.data() for each in rlpcode.decode(raw, "header").items()]
