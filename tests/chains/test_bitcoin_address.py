from __future__ import annotations

import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.shared_data import read_data, read_json

from cryptotrace.chains import bitcoin_network
from cryptotrace.chains.bitcoin import bech32
from cryptotrace.chains.bitcoin.address import address_of_script, script_of_address
from cryptotrace.chains.bitcoin.network import BITCOIN_NETWORKS, BitcoinNetwork
from cryptotrace.errors import InvalidAddress

_CORE_NAMES = {
    "main": "bitcoin",
    "test": "bitcoin-testnet3",
    "testnet4": "bitcoin-testnet4",
    "signet": "bitcoin-signet",
    "regtest": "bitcoin-regtest",
}
# One address per script type, each with its script, so that a fresh clone tests every direction.
_KNOWN = [
    ("bitcoin", "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH", "76a914751e76e8199196d454941c45d1b3a323f1433bd688ac"),
    ("bitcoin", "3LRW7jeCvQCRdPF8S3yUCfRAx4eqXFmdcr", "a914cd7b44d0b03f2d026d1e586d7ae18903b0d385f687"),
    ("bitcoin", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "0014751e76e8199196d454941c45d1b3a323f1433bd6"),
    (
        "bitcoin-signet",
        "tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7",
        "00201863143c14c5166804bd19203356da136c985678cd4d27a1b8c6329604903262",
    ),
    (
        "bitcoin",
        "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
        "512079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
    ),
    ("bitcoin", "bc1pfeessrawgf", "51024e73"),  # pay-to-anchor
    ("bitcoin-regtest", "bcrt1pfeesnyr2tx", "51024e73"),
]


@pytest.mark.parametrize(("name", "address", "script"), _KNOWN)
def test_address_and_script_lead_to_each_other(name: str, address: str, script: str) -> None:
    assert address_of_script(bytes.fromhex(script), bitcoin_network(name)) == address
    assert script_of_address(address, bitcoin_network(name)).hex() == script


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd", "checksum BECH32;"),
        ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kemeawh", "checksum BECH32M;"),
        ("BC130XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ7ZWS8R", "witness version 17"),
        ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", "wrong checksum"),
        ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3T4", "mixes upper and lower case"),
        ("tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx", "not an address of bitcoin"),
        ("1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMh", "base58check checksum"),
        ("mrCDrCybB6J1vRfbwM5hemdJz73FwDBC8r", "version byte 111"),
        ("0BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH", "character 1 is '0'"),
        ("bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v07qwwzcrf", "padding of at most four zero bits"),
        ("bc1gmk9yu", "not a witness address"),
        ("bc1pw5dgrnzv", "program of 1 bytes"),
        ("BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P", "program of 16 bytes"),
        ("bc1" + "q" * 88, "longest has 90"),
        ("1" * 34, "checksum"),
        ("1" * 100, "longest has 90"),
        ("5KJvsngHeMpm884wtkJNzQGaCErckhHJBGFsvd3VyK5qMZXj3hS", "version byte 128"),
    ],
)
def test_what_is_no_address_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(InvalidAddress, match=re.escape(reason)):
        script_of_address(text, bitcoin_network("bitcoin"))


@pytest.mark.parametrize("script", ["", "6a", "51", "0015" + "00" * 21, "5101ff", "5129" + "00" * 41, "6102" + "0000"])
def test_scripts_without_an_address_have_none(script: str) -> None:
    assert address_of_script(bytes.fromhex(script), bitcoin_network("bitcoin")) is None


def test_a_public_key_script_has_no_address_of_its_own() -> None:
    key = bytes.fromhex("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")
    assert address_of_script(b"\x21" + key + b"\xac", bitcoin_network("bitcoin")) is None


_programs = st.one_of(
    st.tuples(st.just(b"\x00"), st.binary(min_size=20, max_size=20) | st.binary(min_size=32, max_size=32)),
    st.tuples(st.integers(0x51, 0x60).map(lambda op: bytes([op])), st.binary(min_size=2, max_size=40)),
).map(lambda parts: parts[0] + bytes([len(parts[1])]) + parts[1])
_hashes = st.binary(min_size=20, max_size=20)
_scripts = st.one_of(
    _programs,
    _hashes.map(lambda h: b"\x76\xa9\x14" + h + b"\x88\xac"),
    _hashes.map(lambda h: b"\xa9\x14" + h + b"\x87"),
)


@given(_scripts, st.sampled_from(list(BITCOIN_NETWORKS)))
def test_every_script_with_an_address_survives_the_round_trip(script: bytes, where: BitcoinNetwork) -> None:
    address = address_of_script(script, where)
    if address is None:
        assert not where.has_witness
        assert script[0] not in (0x76, 0xA9)
        return
    assert script_of_address(address, where) == script


@given(_scripts, st.data())
def test_one_changed_character_is_always_noticed(script: bytes, data: st.DataObject) -> None:
    # four substitutions are the guarantee of Bech32; one is what people do
    where = bitcoin_network("bitcoin")
    address = address_of_script(script, where)
    assert address is not None
    at = data.draw(st.integers(0, len(address) - 1))
    letter = data.draw(st.characters(min_codepoint=33, max_codepoint=126).filter(lambda c: c != address[at]))
    changed = address[:at] + letter + address[at + 1 :]
    if changed.lower() == address:  # one upper-case letter in a lower-case address is refused for mixing
        assert changed != changed.lower()
    with pytest.raises(InvalidAddress):
        script_of_address(changed, where)


def test_only_text_is_an_address() -> None:
    for wrong in (b"1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH", None, 5):
        with pytest.raises(InvalidAddress, match="an address is text"):
            script_of_address(wrong, bitcoin_network("bitcoin"))  # type: ignore[arg-type]


@given(st.text(max_size=100))
def test_any_text_is_an_address_or_refused_as_none(text: str) -> None:
    for where in BITCOIN_NETWORKS:
        try:
            script = script_of_address(text, where)
        except InvalidAddress:
            continue
        assert address_of_script(script, where) is not None


def test_values_and_bytes_of_bech32_lead_to_each_other() -> None:
    for size in range(41):
        data = bytes(range(size))
        assert bech32.to_bytes(bech32.to_values(data)) == data


# --- official vectors -------------------------------------------------------------------------------------------


def _section(text: str, start: str, end: str) -> list[str]:
    """The bullet lines between two phrases of a BIP's text."""
    part = text[text.index(start) :]
    part = part[: part.index(end)]
    return [line for line in part.splitlines() if line.startswith("* ")]


def _quoted(line: str) -> str:
    """The vector in a bullet line: ``<tt>`` text with characters given in hex before or after it."""
    before, text, after = re.fullmatch(r"\* (?:0x(\w\w) \+ )?<tt>(.*?)</tt>(?: \+ 0x(\w\w))?.*", line).groups()  # type: ignore[union-attr]
    return (chr(int(before, 16)) if before else "") + str(text) + (chr(int(after, 16)) if after else "")


@pytest.mark.shared
@pytest.mark.parametrize(("bip", "encoding"), [("0173", bech32.Encoding.BECH32), ("0350", bech32.Encoding.BECH32M)])
def test_bip_checksum_vectors(bip: str, encoding: bech32.Encoding) -> None:
    text = read_data(f"vectors/bips__bip-{bip}.mediawiki").decode()
    valid = _section(text, "strings are valid Bech32", "not valid Bech32")
    invalid = _section(text, "not valid Bech32", "translate to in hex")
    assert (len(valid), len(invalid)) == ((7, 12) if bip == "0173" else (7, 14))
    for line in valid:
        assert bech32.decode(_quoted(line))[2] is encoding
        prefix, values, _ = bech32.decode(_quoted(line))
        assert bech32.encode(prefix, values, encoding) == _quoted(line).lower()
    for line in invalid:
        with pytest.raises(InvalidAddress):
            bech32.decode(_quoted(line))


@pytest.mark.shared
def test_bip350_address_vectors() -> None:
    text = read_data("vectors/bips__bip-0350.mediawiki").decode()
    valid = _section(text, "gives valid segwit addresses", "gives invalid segwit addresses")
    invalid = _section(text, "gives invalid segwit addresses", "==Appendix")
    assert (len(valid), len(invalid)) == (8, 15)
    for line in valid:
        address, script = re.findall(r"<tt>(.*?)</tt>", line)
        where = bitcoin_network("bitcoin" if address.lower().startswith("bc") else "bitcoin-testnet3")
        assert script_of_address(address, where).hex() == script
        assert address_of_script(bytes.fromhex(script), where) == address.lower()
    for line, where in product(invalid, BITCOIN_NETWORKS):
        with pytest.raises(InvalidAddress):
            script_of_address(_quoted(line), where)


@pytest.mark.shared
def test_bip173_invalid_addresses_stay_invalid() -> None:
    text = read_data("vectors/bips__bip-0173.mediawiki").decode()
    invalid = _section(text, "gives invalid segwit addresses", "===Checksum design")
    assert len(invalid) == 10
    for line, where in product(invalid, BITCOIN_NETWORKS):
        with pytest.raises(InvalidAddress):
            script_of_address(_quoted(line), where)


@pytest.mark.shared
def test_core_key_vectors_in_both_directions() -> None:
    rows = [row for row in read_json("vectors/Floresta__key_io_valid.json") if not row[2]["isPrivkey"]]
    assert len(rows) > 40
    for address, script, about in rows:
        where = bitcoin_network(_CORE_NAMES[about["chain"]])
        assert script_of_address(address, where).hex() == script
        canonical = address.lower() if about.get("tryCaseFlip") else address
        assert address_of_script(bytes.fromhex(script), where) == canonical
        if about.get("tryCaseFlip"):
            assert script_of_address(address.swapcase(), where).hex() == script


@pytest.mark.shared
@pytest.mark.parametrize(
    "path", ["vectors/Floresta__key_io_invalid.json", "vectors/NBitcoin__base58_keys_invalid.json"]
)
def test_core_invalid_keys_are_no_addresses_on_any_network(path: str) -> None:
    rows = read_json(path)
    assert len(rows) > 40
    for (text,), where in product(rows, BITCOIN_NETWORKS):
        with pytest.raises(InvalidAddress):
            script_of_address(text, where)


@pytest.mark.shared
def test_private_keys_are_not_addresses() -> None:
    rows = [row for row in read_json("vectors/Floresta__key_io_valid.json") if row[2]["isPrivkey"]]
    assert rows
    for text, _, about in rows:
        with pytest.raises(InvalidAddress):
            script_of_address(text, bitcoin_network(_CORE_NAMES[about["chain"]]))


@pytest.mark.shared
def test_base58_key_vectors() -> None:
    rows = [row for row in read_json("vectors/NBitcoin__base58_keys_valid.json") if not row[2]["isPrivkey"]]
    assert len(rows) > 20
    for address, digest, about in rows:
        where = bitcoin_network("bitcoin-testnet3" if about["isTestnet"] else "bitcoin")
        head, tail = ("76a914", "88ac") if about["addrType"] == "pubkey" else ("a914", "87")
        assert script_of_address(address, where).hex() == head + digest + tail


@pytest.mark.shared
def test_bip341_taproot_addresses() -> None:
    rows = read_json("vectors/Floresta__bip341_wallet_vectors.json")["scriptPubKey"]
    assert len(rows) == 7
    for row in rows:
        script = bytes.fromhex(row["expected"]["scriptPubKey"])
        assert address_of_script(script, bitcoin_network("bitcoin")) == row["expected"]["bip350Address"]
