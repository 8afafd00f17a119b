"""Addresses of Ethereum's family."""

from __future__ import annotations

import pytest
from tests.shared_data import read_json

from cryptotrace.chains.evm.address import address_of, bytes_of, canonical_address
from cryptotrace.errors import InvalidAddress


@pytest.mark.shared
def test_the_addresses_of_keys_are_those_of_the_vectors() -> None:
    from coincurve import PrivateKey

    from cryptotrace.chains.evm.hashes import keccak256

    accounts = read_json("vectors/ethers.js__accounts.json.gz")
    for each in accounts:
        key = PrivateKey(bytes.fromhex(each["privateKey"][2:])).public_key.format(compressed=False)
        address = address_of(keccak256(key[1:])[12:])
        assert address == each["address"]
        assert canonical_address(address.lower()) == canonical_address("0x" + address[2:].upper()) == address
        assert address_of(bytes_of(address)) == address
    assert len(accounts) == 259


def test_one_letter_in_the_other_case_is_refused() -> None:
    address = address_of(bytes(range(20)))
    at = next(n for n in range(2, 42) if address[n].isalpha())
    with pytest.raises(InvalidAddress, match="checksum"):
        canonical_address(address[:at] + address[at].swapcase() + address[at + 1 :])


@pytest.mark.parametrize("raw", [b"", bytes(19), bytes(21), bytes(32)])
def test_another_size_is_no_address(raw: bytes) -> None:
    with pytest.raises(InvalidAddress, match="20 bytes"):
        address_of(raw)
