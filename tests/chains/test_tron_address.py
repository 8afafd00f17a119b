from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.shared_data import read_data, read_json

from cryptotrace.chains import account, candidates
from cryptotrace.chains.tron.address import address_of, bytes_of, canonical_address
from cryptotrace.errors import InvalidAddress

USDT = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"
USDT_HEX = "41a614f803b6fd780986a42c78ec9c7f77e6ded13c"


@pytest.mark.parametrize("text", [USDT, USDT_HEX, USDT_HEX.upper(), f"0x{USDT_HEX}", f"0x{USDT_HEX[2:]}"])
def test_every_writing_leads_to_base58check(text: str) -> None:
    assert canonical_address(text) == USDT
    if text.startswith("0x"):
        with pytest.raises(InvalidAddress):
            account(text, "tron")  # what a person writes so is an address of an EVM chain
    else:
        assert account(text, "tron") == f"tron:0x2b6653dc:{USDT}"


@given(st.binary(min_size=20, max_size=20))
def test_any_twenty_bytes_come_back(raw: bytes) -> None:
    address = address_of(raw)
    assert address.startswith("T")
    assert len(address) == 34
    assert bytes_of(address) == raw
    assert canonical_address(address) == canonical_address("41" + raw.hex()) == address_of(b"\x41" + raw) == address


@pytest.mark.parametrize("raw", [b"", b"\x41", b"\x42" + bytes(20), b"\xa0" + bytes(20), bytes(19), bytes(22)])
def test_bytes_of_another_length_or_prefix_are_no_address(raw: bytes) -> None:
    with pytest.raises(InvalidAddress, match="20 bytes"):
        address_of(raw)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "T",
        USDT[:-1],
        USDT + "t",
        USDT.replace("R7", "r7"),
        USDT.lower(),
        "\u0422" + USDT[1:],
        " " + USDT,
        "41" + "zz" * 20,
        "0x" + "00" * 19,
        "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH",
        "T" + "0" * 33,
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidAddress):
        canonical_address(text)


@pytest.mark.parametrize("text", ["", "T", "0" * 34, "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH", USDT[:-1] + "u"])
def test_only_base58check_has_bytes(text: str) -> None:
    with pytest.raises(InvalidAddress):
        bytes_of(text)


def test_an_address_is_found_on_every_tron_chain() -> None:
    assert [each.chain.namespace for each in candidates(USDT)] == ["tron"] * 4


@pytest.mark.shared
def test_every_recorded_address_is_read_in_both_writings() -> None:
    addresses = read_json("derived/tron/tron_vectors.json")["addresses"]
    assert len(addresses) == 103
    for each in addresses:
        assert canonical_address(each["base58"]) == each["base58"]
        assert canonical_address(each["hex"]) == each["base58"]
        assert "41" + bytes_of(each["base58"]).hex() == each["hex"]
    assert sum(each["hex_appears_in_source"] for each in addresses) == 35


@pytest.mark.shared
def test_every_recorded_wrong_checksum_is_refused() -> None:
    wrong = read_json("derived/tron/tron_vectors.json")["invalid_checksum_strings"]
    assert len(wrong) == 6
    for text in wrong:
        with pytest.raises(InvalidAddress):
            canonical_address(text)


def _addresses(tree: Any) -> set[str]:
    if isinstance(tree, dict):
        return set().union(*map(_addresses, tree.values()), *map(_addresses, tree))
    if isinstance(tree, list):
        return set().union(*map(_addresses, tree))
    return {tree} if isinstance(tree, str) and len(tree) == 34 and tree.startswith("T") else set()


@pytest.mark.shared
@pytest.mark.parametrize(("name", "count"), [("blockbook__tron.json", 22), ("blockbook__tron_testnet_nile.json", 9)])
def test_every_address_of_a_block_explorers_tests_is_read(name: str, count: int) -> None:
    assert read_data(f"multi-rpc/{name}")
    found = _addresses(read_json(f"multi-rpc/{name}"))
    assert len(found) == count
    assert {canonical_address(each) for each in found} == found
