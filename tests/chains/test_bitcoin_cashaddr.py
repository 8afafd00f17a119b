"""CashAddr, by the vectors of its specification, and as the one spelling of a Bitcoin Cash account."""

from __future__ import annotations

import base58
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptotrace.chains import account, bitcoin_network
from cryptotrace.chains.bitcoin import cashaddr
from cryptotrace.chains.bitcoin.address import address_of_script, canonical_address, script_of_address
from cryptotrace.errors import InvalidAddress

CASH = bitcoin_network("bitcoin-cash")
KEY_HASH = "f5bf48b397dae70be82b3cca4793f8eb2b6cdac9"
# Source: the table "Larger Test Vectors" of the CashAddr specification: type, address and hash
VECTORS = [
    (0, "bitcoincash:qr6m7j9njldwwzlg9v7v53unlr4jkmx6eylep8ekg2", KEY_HASH),
    (1, "bchtest:pr6m7j9njldwwzlg9v7v53unlr4jkmx6eyvwc0uz5t", KEY_HASH),
    (1, "pref:pr6m7j9njldwwzlg9v7v53unlr4jkmx6ey65nvtks5", KEY_HASH),
    (15, "prefix:0r6m7j9njldwwzlg9v7v53unlr4jkmx6ey3qnjwsrf", KEY_HASH),
    (
        0,
        "bitcoincash:q9adhakpwzztepkpwp5z0dq62m6u5v5xtyj7j3h2ws4mr9g0",
        "7adbf6c17084bc86c1706827b41a56f5ca32865925e946ea",
    ),
    (
        1,
        "bchtest:pgagf7w02x4wnz3mkwnchut2vxphjzccwxgjvvjmlsxqwkcvs7md7wt",
        "3a84f9cf51aae98a3bb3a78bf16a6183790b18719126325bfc0c075b",
    ),
    (
        0,
        "bitcoincash:qvch8mmxy0rtfrlarg7ucrxxfzds5pamg73h7370aa87d80gyhqxq5nlegake",
        "3173ef6623c6b48ffd1a3dcc0cc6489b0a07bb47a37f47cfef4fe69de825c060",
    ),
    (
        15,
        "prefix:0nq8zwpj8cq05n7pytfmskuk9r4gzzel8qtsvwz79zdskftrzxtar994cgutavfklvwsvctzqy",
        "c07138323e00fa4fc122d3b85b9628ea810b3f381706385e289b0b25631197d194b5c238beb136fb",
    ),
    (
        1,
        "pref:ph3krj5607v3qlqh5c3wq3lrw3wnuxw0sp8dv0zugrrt5a3kj6ucysfz8kxwv2k53krr7n933jfsunqjntdfcwg",
        "e361ca9a7f99107c17a622e047e3745d3e19cf804ed63c5c40c6ba763696b98241223d8ce62ad48d863f4cb18c930e4c",
    ),
    (
        1,
        "bchtest:pmvl5lzvdm6km38lgga64ek5jhdl7e3aqd9895wu04fvhlnare5937w4ywkq57juxsrhvw8ym5d8qx7sz7zz0zvcypqs6kgdsg2g",
        "d9fa7c4c6ef56dc4ff423baae6d495dbff663d034a72d1dc7d52cbfe7d1e6858f9d523ac0a7a5c34077638e4dd1a701bd017842789982041",
    ),
]


@pytest.mark.parametrize(("kind", "text", "digest"), VECTORS)
def test_the_vectors_of_the_specification_in_both_directions(kind: int, text: str, digest: str) -> None:
    prefix, _, payload = text.partition(":")
    assert cashaddr.decode(text, prefix) == (kind, bytes.fromhex(digest))
    assert cashaddr.decode(payload, prefix) == cashaddr.decode(text.upper(), prefix) == (kind, bytes.fromhex(digest))
    assert cashaddr.encode(prefix, kind, bytes.fromhex(digest)) == payload


# Source: the table "Examples of address translation" of the CashAddr specification
@pytest.mark.parametrize(
    ("legacy", "cash"),
    [
        ("1BpEi6DfDAUFd7GtittLSdBeYJvcoaVggu", "bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a"),
        ("1KXrWXciRDZUpQwQmuM1DbwsKDLYAYsVLR", "bitcoincash:qr95sy3j9xwd2ap32xkykttr4cvcu7as4y0qverfuy"),
        ("16w1D5WRVKJuZUsSRzdLp9w3YGcgoxDXb", "bitcoincash:qqq3728yw0y47sqn6l2na30mcw6zm78dzqre909m2r"),
        ("3CWFddi6m4ndiGyKqzYvsFYagqDLPVMTzC", "bitcoincash:ppm2qsznhks23z7629mms6s4cwef74vcwvn0h829pq"),
        ("3LDsS579y7sruadqu11beEJoTjdFiFCdX4", "bitcoincash:pr95sy3j9xwd2ap32xkykttr4cvcu7as4yc93ky28e"),
        ("31nwvkZwyPdgzjBJZXfDmSWsC4ZLKpYyUw", "bitcoincash:pqq3728yw0y47sqn6l2na30mcw6zm78dzq5ucqzc37"),
    ],
)
def test_the_old_spelling_is_the_same_script(legacy: str, cash: str) -> None:
    assert script_of_address(legacy, CASH) == script_of_address(cash, CASH)
    bare = cash.removeprefix("bitcoincash:")
    assert (
        canonical_address(legacy, CASH)
        == canonical_address(cash.upper(), CASH)
        == canonical_address(bare, CASH)
        == bare
    )
    assert address_of_script(script_of_address(cash, CASH), CASH) == bare
    assert account(cash, "bitcoin-cash") == account(legacy, "bitcoin-cash")


# Source: CHIP-2022-02 CashTokens, token-aware addresses; CHIP-2022-05 (P2SH32)
@pytest.mark.parametrize(
    ("aware", "plain"),
    [
        ("zr6m7j9njldwwzlg9v7v53unlr4jkmx6eycnjehshe", "qr6m7j9njldwwzlg9v7v53unlr4jkmx6eylep8ekg2"),
        ("rpawqn2h74a4t50phuza84kdp3794pq3cct3k50p0y", "ppawqn2h74a4t50phuza84kdp3794pq3ccvm92p8sh"),
        (
            "rvqqqqqqqqqqqqqqqqqqqqqqzg69v7ysqqqqqqqqqqqqqqqqqqqqqn9alsp2y",
            "pvqqqqqqqqqqqqqqqqqqqqqqzg69v7ysqqqqqqqqqqqqqqqqqqqqqpkp7fqn0",
        ),
    ],
)
def test_a_token_aware_address_is_the_plain_account(aware: str, plain: str) -> None:
    assert canonical_address(f"bitcoincash:{aware}", CASH) == canonical_address(aware, CASH) == plain


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("bitcoincash:qr6m7j9njldwwzlg9v7v53unlr4jkmx6eylep8ekg3", "wrong checksum"),
        ("bchtest:qr6m7j9njldwwzlg9v7v53unlr4jkmx6eylep8ekg2", "has the prefix 'bchtest'"),
        ("bitcoincash:Qr6m7j9njldwwzlg9v7v53unlr4jkmx6eylep8ekg2", "mixes upper and lower case"),
        ("bitcoincash:qr6m7j9njldwwzlg9v7v53unlr4jkmx6eylep8ekgb", "character 54 is 'b'"),
        ("bitcoincash:", "wrong checksum"),
        ("qr6m7j9", "wrong checksum"),
        (f"bitcoincash:{cashaddr.encode('bitcoincash', 4, bytes(20))}", r"a type \(4\) that no script has"),
        (f"bitcoincash:{cashaddr.encode('bitcoincash', 0, bytes(32))}", "a type .* that no script has"),
        ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "character 1 is 'b'"),
        ("", "empty"),
    ],
)
def test_what_is_no_address_of_bitcoin_cash_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(InvalidAddress, match=reason):
        canonical_address(text, CASH)


def test_an_announced_size_that_is_not_there_is_refused() -> None:
    from cryptotrace.chains.bitcoin.bech32 import to_values

    payload = to_values(bytes([1]) + bytes(20))  # says 24 bytes
    checksum = cashaddr._polymod([*cashaddr._expand("bitcoincash"), *payload, *[0] * 8])
    values = [*payload, *(checksum >> 5 * (7 - i) & 31 for i in range(8))]
    text = "".join("qpzry9x8gf2tvdw0s3jn54khce6mua7l"[value] for value in values)
    with pytest.raises(InvalidAddress, match="no hash of the size that it announces"):
        cashaddr.decode(text, "bitcoincash")


def test_a_type_beyond_the_version_byte_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="type 16"):
        cashaddr.encode("bitcoincash", 16, bytes(20))


@given(st.integers(0, 1), st.binary(min_size=20, max_size=20))
def test_every_hash_survives_the_round_trip_in_both_spellings(kind: int, digest: bytes) -> None:
    script = b"\xa9\x14" + digest + b"\x87" if kind else b"\x76\xa9\x14" + digest + b"\x88\xac"
    address = address_of_script(script, CASH)
    assert address is not None
    assert script_of_address(address, CASH) == script
    legacy = base58.b58encode_check(bytes([5 * kind]) + digest).decode("ascii")
    assert script_of_address(legacy, CASH) == script


@given(st.binary(min_size=20, max_size=20), st.data())
def test_one_changed_character_is_always_noticed(digest: bytes, data: st.DataObject) -> None:
    address = cashaddr.encode("bitcoincash", 0, digest)
    at = data.draw(st.integers(0, len(address) - 1))
    letter = data.draw(st.sampled_from("qpzry9x8gf2tvdw0s3jn54khce6mua7l").filter(lambda c: c != address[at]))
    with pytest.raises(InvalidAddress):
        cashaddr.decode(address[:at] + letter + address[at + 1 :], "bitcoincash")
