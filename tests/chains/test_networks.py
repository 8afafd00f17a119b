from __future__ import annotations

import pytest
from tests.chains.blockmaker import GENESIS_TRANSACTION

from cryptotrace.chains import NETWORKS, account, candidates, network
from cryptotrace.chains.bitcoin.header import check_work
from cryptotrace.chains.bitcoin.wire import Header, decode_header, decode_transaction, encode_header
from cryptotrace.errors import InvalidAddress, UnsupportedChain
from cryptotrace.model.identity import Account, Asset, Chain

_FIRST_ROOT = "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"
# time, bits and nonce of each network's first block, and testnet4's own Merkle root: enough to rebuild the header
_GENESIS = {
    "bitcoin": (_FIRST_ROOT, 1231006505, 0x1D00FFFF, 2083236893),
    "bitcoin-testnet3": (_FIRST_ROOT, 1296688602, 0x1D00FFFF, 414098458),
    "bitcoin-testnet4": (
        "7aa0a7ae1e223414cb807e40cd57e667b718e42aaf9306db9102fe28912b7b4e",
        1714777860,
        0x1D00FFFF,
        393743547,
    ),
    "bitcoin-signet": (_FIRST_ROOT, 1598918400, 0x1E0377AE, 52613770),
    "bitcoin-regtest": (_FIRST_ROOT, 1296688602, 0x207FFFFF, 2),
}


@pytest.mark.parametrize("name", sorted(_GENESIS))
def test_each_genesis_hash_is_that_of_its_rebuilt_header_and_meets_its_work(name: str) -> None:
    root, time, bits, nonce = _GENESIS[name]
    header = decode_header(encode_header(Header(1, "0" * 64, root, time, bits, nonce, "")))
    assert header.hash == network(name).genesis_hash
    check_work(header, network(name).max_target)


def test_the_first_merkle_root_is_the_first_transaction() -> None:
    assert decode_transaction(GENESIS_TRANSACTION).txid == _FIRST_ROOT


def test_friendly_names_and_caip2_name_the_same_chain() -> None:
    for chain, each in NETWORKS.items():
        assert network(each.name) is network(chain) is each
        assert each.chain == chain


def test_identifiers_are_those_of_the_caip_profiles() -> None:
    main = network("bitcoin")
    assert main.chain == Chain("bip122:000000000019d6689c085ae165831e93")
    assert main.asset == Asset("bip122:000000000019d6689c085ae165831e93/slip44:0")
    assert {each.asset.reference for each in NETWORKS.values() if each.is_training} == {"1"}
    assert [each.name for each in NETWORKS.values() if not each.is_training] == ["bitcoin"]


def test_an_unknown_chain_is_refused_with_the_known_ones_named() -> None:
    with pytest.raises(UnsupportedChain, match="bitcoin-testnet4") as caught:
        network("dogecoin")
    assert "'dogecoin'" in str(caught.value)


def test_a_main_network_address_has_one_candidate() -> None:
    address = "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH"
    assert candidates(address) == (Account(f"bip122:000000000019d6689c085ae165831e93:{address}"),)


def test_a_test_address_is_valid_on_every_test_network_that_shares_its_format() -> None:
    witness = candidates("tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx")
    assert [NETWORKS[each.chain].name for each in witness] == ["bitcoin-testnet3", "bitcoin-testnet4", "bitcoin-signet"]
    legacy = candidates("mrCDrCybB6J1vRfbwM5hemdJz73FwDBC8r")
    assert {NETWORKS[each.chain].name for each in legacy} == {
        "bitcoin-testnet3",
        "bitcoin-testnet4",
        "bitcoin-signet",
        "bitcoin-regtest",
    }


def test_no_candidate_for_what_is_no_address() -> None:
    assert candidates("1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMh") == ()
    assert candidates("") == ()


def test_an_account_has_one_spelling() -> None:
    upper = account("BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", "bitcoin")
    assert upper == account("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "bitcoin")
    assert account(upper, "bitcoin") == upper


def test_an_account_of_another_chain_is_refused() -> None:
    main = account("1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH", "bitcoin")
    with pytest.raises(InvalidAddress):
        account(main, "bitcoin-regtest")


def test_a_script_digest_is_an_account_only_in_its_exact_form() -> None:
    digest = "script-sha256." + "ab" * 32
    assert account(digest, "bitcoin").is_script_digest
    for wrong in (digest.upper(), digest[:-1], digest + "0"):
        with pytest.raises(InvalidAddress):
            account(wrong, "bitcoin")


@pytest.mark.parametrize(
    ("text", "position", "name"),
    [
        ("1BgGZ9tсN4rm9KBzDn7KprQz87SZ26SAMH", 8, "CYRILLIC SMALL LETTER ES"),
        ("bс1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", 2, "CYRILLIC SMALL LETTER ES"),
        ("3LRW7jeCvQCRdPF8S3yUCfRAx4eqXFmdcrΑ", 35, "GREEK CAPITAL LETTER ALPHA"),
        ("1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH\u200b", 35, "ZERO WIDTH SPACE"),
        (" 1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH", 1, "SPACE"),
    ],
)
def test_look_alike_letters_are_refused_by_name_and_position(text: str, position: int, name: str) -> None:
    with pytest.raises(InvalidAddress, match=f"character {position} .*{name}"):
        account(text, "bitcoin")
