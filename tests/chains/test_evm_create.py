"""Addresses of contracts that are to be made."""

from __future__ import annotations

import pytest
from tests.shared_data import read_json

from cryptotrace.chains.evm.create import create2_address, created_address
from cryptotrace.chains.evm.hashes import keccak256
from cryptotrace.errors import InvalidAddress, MalformedBytes


@pytest.mark.shared
def test_create2_gives_the_addresses_of_the_vectors() -> None:
    count = 0
    for group in read_json("vectors/ethers.js__create2.json.gz"):
        for each in group["creates"]:
            code_hash = keccak256(bytes.fromhex(each["initCode"][2:]))
            assert code_hash.hex() == each["initCodeHash"][2:]
            made = create2_address(group["sender"], bytes.fromhex(each["salt"][2:]), code_hash)
            assert made == each["address"]
            count += 1
    assert count == 128


def test_the_first_example_of_eip_1014() -> None:
    """EIP-1014, examples 0 and 1."""
    code_hash = keccak256(b"\0")
    assert create2_address("0x" + "00" * 20, bytes(32), code_hash) == "0x4D1A2e2bB4F88F0250f26Ffff098B0b30B26BF38"
    deployer = "0xdeadbeef00000000000000000000000000000000"
    assert create2_address(deployer, bytes(32), code_hash) == "0xB928f69Bb1D91Cd65274e3c79d8986362984fDA3"


def test_create_counts_the_nonce() -> None:
    """The first contracts of the account 0x6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0, an example in wide use."""
    creator = "0x6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0"
    assert created_address(creator, 0).lower() == "0xcd234a471b72ba2f1ccf0a70fcaba648a5eecd8d"
    assert created_address(creator, 1).lower() == "0x343c43a37d37dff08ae8c4a11544c718abb4fcf8"
    assert created_address(creator, 2**64 - 1) != created_address(creator, 0)


def test_what_cannot_be_is_refused() -> None:
    creator = "0x" + "11" * 20
    for nonce in (-1, 2**64):
        with pytest.raises(MalformedBytes, match="64 bits"):
            created_address(creator, nonce)
    with pytest.raises(MalformedBytes, match="salt"):
        create2_address(creator, bytes(31), bytes(32))
    with pytest.raises(MalformedBytes, match="code_hash"):
        create2_address(creator, bytes(32), bytes(33))
    with pytest.raises(InvalidAddress):
        created_address("0x11", 0)
