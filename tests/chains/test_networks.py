from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.chains.blockmaker import GENESIS_TRANSACTION
from tests.shared_data import read_data

from cryptotrace.chains import NETWORKS, account, asset, bitcoin_network, candidates, network
from cryptotrace.chains.bitcoin.header import check_work
from cryptotrace.chains.bitcoin.network import BITCOIN_NETWORKS
from cryptotrace.chains.bitcoin.wire import Header, decode_header, decode_transaction, encode_header
from cryptotrace.errors import InvalidAddress, InvalidIdentifier, UnsupportedChain
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


_FIRST_LITECOIN_ROOT = "97ddfbbae6be97fd6cdf3e7ca13232a3afff2353e29badfab7f73011edd4ced9"
_FIRST_DOGECOIN_ROOT = "5b2a3f53f605d62c53e62932dac6925e3d74afa5a4b459745c36d42d0ed26a69"
_GENESIS |= {
    "bitcoin-cash": _GENESIS["bitcoin"],
    "litecoin": (_FIRST_LITECOIN_ROOT, 1317972665, 0x1E0FFFF0, 2084524493),
    "litecoin-testnet": (_FIRST_LITECOIN_ROOT, 1486949366, 0x1E0FFFF0, 293345),
    "litecoin-regtest": (_FIRST_LITECOIN_ROOT, 1296688602, 0x207FFFFF, 0),
    "dogecoin": (_FIRST_DOGECOIN_ROOT, 1386325540, 0x1E0FFFF0, 99943),
    "dogecoin-testnet": (_FIRST_DOGECOIN_ROOT, 1391503289, 0x1E0FFFF0, 997879),
    "dogecoin-regtest": (_FIRST_DOGECOIN_ROOT, 1296688602, 0x207FFFFF, 2),
}


def test_every_network_of_the_family_has_its_genesis_block_here() -> None:
    assert set(_GENESIS) == {each.name for each in BITCOIN_NETWORKS}


@pytest.mark.parametrize("name", sorted(_GENESIS))
def test_each_genesis_hash_is_that_of_its_rebuilt_header_and_meets_its_work(name: str) -> None:
    root, time, bits, nonce = _GENESIS[name]
    header = decode_header(encode_header(Header(1, "0" * 64, root, time, bits, nonce, "")))
    assert header.hash == bitcoin_network(name).genesis_hash
    check_work(header, bitcoin_network(name))


def test_the_first_merkle_root_is_the_first_transaction() -> None:
    assert decode_transaction(GENESIS_TRANSACTION).txid == _FIRST_ROOT


def test_friendly_names_and_caip2_name_the_same_chain() -> None:
    for chain, each in NETWORKS.items():
        assert network(each.name) is network(chain) is each
        assert each.chain == chain
    for each in BITCOIN_NETWORKS:
        assert bitcoin_network(each.name) is each


def test_identifiers_are_those_of_the_caip_profiles() -> None:
    main = bitcoin_network("bitcoin")
    assert main.chain == Chain("bip122:000000000019d6689c085ae165831e93")
    assert main.asset == Asset("bip122:000000000019d6689c085ae165831e93/slip44:0")
    assert {each.asset.reference for each in NETWORKS.values() if each.is_training} == {"1"}
    coins = {each.name: each.asset.reference for each in BITCOIN_NETWORKS if not each.is_training}
    assert coins == {"bitcoin": "0", "litecoin": "2", "dogecoin": "3", "bitcoin-cash": "145"}


def test_a_fork_is_named_by_its_first_own_block_and_shares_the_genesis_block() -> None:
    main, cash = bitcoin_network("bitcoin"), bitcoin_network("bitcoin-cash")
    assert main.genesis_hash == cash.genesis_hash
    assert cash.chain == Chain("bip122:000000000000000000651ef99cb9fcbe")
    assert main.landmark is not None
    assert cash.landmark is not None
    assert main.landmark[0] == cash.landmark[0] == 478_559
    assert main.landmark[1] != cash.landmark[1]
    assert bitcoin_network("litecoin").landmark is None


def test_an_unknown_chain_is_refused_with_the_known_ones_named() -> None:
    with pytest.raises(UnsupportedChain, match="bitcoin-testnet4") as caught:
        bitcoin_network("feathercoin")
    assert "'feathercoin'" in str(caught.value)


@pytest.mark.parametrize(
    ("address", "names"),
    [
        ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", ["bitcoin"]),
        ("1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH", ["bitcoin", "bitcoin-cash"]),
        ("3LRW7jeCvQCRdPF8S3yUCfRAx4eqXFmdcr", ["bitcoin", "litecoin", "bitcoin-cash"]),
        ("MSdeRd4AsX3rRtX2Xvxp2JfaGmFHUYVk9A", ["litecoin"]),
        ("DD4KSSuBJqcjuTcvUg1CgUKeurPUFeEZkE", ["dogecoin"]),
        ("A7HRQk3GFCW2QasvdZxXuYj8kkQK5QrYLs", ["dogecoin"]),
        ("bitcoincash:qr6m7j9njldwwzlg9v7v53unlr4jkmx6eylep8ekg2", ["bitcoin-cash"]),
        ("qr6m7j9njldwwzlg9v7v53unlr4jkmx6eylep8ekg2", ["bitcoin-cash"]),
        ("nhRsrUaxZou6sewjqaS37cJrMRJRgwVXdk", ["dogecoin-testnet"]),
    ],
)
def test_an_address_that_several_chains_share_names_them_all(address: str, names: list[str]) -> None:
    found = candidates(address)
    assert [NETWORKS[each.chain].name for each in found] == names
    assert all(account(each, each.chain) == each for each in found)


def test_the_old_spelling_of_an_address_is_the_same_account_as_the_new_one() -> None:
    assert account("3LRW7jeCvQCRdPF8S3yUCfRAx4eqXFmdcr", "litecoin") == account(
        "MSdeRd4AsX3rRtX2Xvxp2JfaGmFHUYVk9A", "litecoin"
    )
    cash = Account("bip122:000000000000000000651ef99cb9fcbe:qp63uahgrxged4z5jswyt5dn5v3lzsem6cy4spdc2h")
    assert account("1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH", "bitcoin-cash") == cash
    assert account("BITCOINCASH:QP63UAHGRXGED4Z5JSWYT5DN5V3LZSEM6CY4SPDC2H", "bitcoin-cash") == cash


def test_a_test_address_is_valid_on_every_test_network_that_shares_its_format() -> None:
    witness = candidates("tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx")
    assert [NETWORKS[each.chain].name for each in witness] == ["bitcoin-testnet3", "bitcoin-testnet4", "bitcoin-signet"]
    legacy = candidates("mrCDrCybB6J1vRfbwM5hemdJz73FwDBC8r")
    assert {NETWORKS[each.chain].name for each in legacy} == {
        "bitcoin-testnet3",
        "bitcoin-testnet4",
        "bitcoin-signet",
        "bitcoin-regtest",
        "litecoin-testnet",
        "litecoin-regtest",
        "dogecoin-regtest",
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


@pytest.mark.parametrize("value", [5, None, b"1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH", ["x"], 1.5])
def test_what_is_no_text_is_no_address_and_names_no_chain(value: Any) -> None:
    with pytest.raises(InvalidAddress, match="an address is text, not"):
        account(value, "bitcoin")
    with pytest.raises(InvalidAddress, match="an address is text, not"):
        candidates(value)
    with pytest.raises(UnsupportedChain, match="is not a chain"):
        bitcoin_network(value)
    with pytest.raises(InvalidIdentifier, match="is not a CAIP-19"):
        asset(value)


# --- assets -----------------------------------------------------------------------------------------------------------

BTC = "bip122:000000000019d6689c085ae165831e93"
DAI = "0x6B175474E89094C44Da98b954EedeAC495271d0F"
USDT = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        (f"{BTC}/slip44:0", f"{BTC}/slip44:0"),
        (f"{BTC}/slip44:00", f"{BTC}/slip44:0"),
        ("eip155:1/slip44:0060", "eip155:1/slip44:60"),
        ("bip122:12a765e31ffd4059bada1e25190f6e98/slip44:02", "bip122:12a765e31ffd4059bada1e25190f6e98/slip44:2"),
        (f"eip155:1/erc20:{DAI}", f"eip155:1/erc20:{DAI.lower()}"),
        (f"eip155:1/erc721:{DAI}/00771769", f"eip155:1/erc721:{DAI.lower()}/771769"),
        (f"eip155:1/erc1155:{DAI}/0", f"eip155:1/erc1155:{DAI.lower()}/0"),
        (f"eip155:1/erc721:{DAI}/Ab", f"eip155:1/erc721:{DAI.lower()}/Ab"),
        (f"tron:0x2b6653dc/trc20:{USDT}", f"tron:0x2b6653dc/trc20:{USDT}"),
        ("hedera:mainnet/nft:0.0.55492/012", "hedera:mainnet/nft:0.0.55492/012"),
        ("starknet:SN_MAIN/erc20:0xAB", "starknet:SN_MAIN/erc20:0xAB"),
    ],
)
def test_an_asset_has_one_spelling(written: str, canonical: str) -> None:
    found = asset(written)
    assert type(found) is Asset
    assert found == canonical
    assert asset(canonical) == canonical


def test_a_chain_by_name_or_identifier_stands_for_its_native_asset() -> None:
    for chain, each in NETWORKS.items():
        assert asset(each.name) == asset(chain) == asset(each.asset) == each.asset


@pytest.mark.parametrize(
    ("written", "words"),
    [
        (f"{BTC}/slip44:1", "coin type 1 is not that of bitcoin; its asset is .*/slip44:0"),
        (f"{bitcoin_network('bitcoin-signet').chain}/slip44:00", "coin type 0 is not that of bitcoin-signet"),
        (f"{BTC}/slip44:BTC", "coin type in decimal digits"),
        ("eip155:1/slip44:0x3c", "coin type in decimal digits"),
        (f"{BTC}/slip44:0/7", "a coin has no tokens"),
        ("eip155:1/erc20:0xA0b8", "0x and 40 hex digits"),
        (f"eip155:1/erc20:{DAI[2:]}", "0x and 40 hex digits"),
        (f"eip155:1/erc20:0X{DAI[2:]}", "0x and 40 hex digits"),
        (f"eip155:1/erc721:{DAI[:-1]}g/1", "0x and 40 hex digits"),
        ("feathercoin", "is not a CAIP-19"),
        (BTC + "0", "is not a CAIP-19"),
    ],
)
def test_an_asset_that_cannot_be_one_is_refused(written: str, words: str) -> None:
    with pytest.raises(InvalidIdentifier, match=words):
        asset(written)


contracts = st.text("0123456789abcdefABCDEF", min_size=40, max_size=40).map("0x{}".format)
anything = st.text("abcXYZ0189.%-", min_size=1, max_size=20)
written_assets = st.one_of(
    st.builds(
        "{}/slip44:{}{}".format, st.sampled_from([BTC, "eip155:1"]), st.text("0", max_size=4), st.integers(0, 99)
    ),
    st.builds("eip155:{}/{}:{}".format, st.integers(1, 9), st.sampled_from(["erc20", "erc721", "erc1155"]), contracts),
    st.builds("eip155:1/erc721:{}/{}".format, contracts, anything),
    st.builds(
        "{}:x/{}:{}".format, st.sampled_from(["tron", "hedera"]), st.sampled_from(["trc20", "nft", "erc20"]), anything
    ),
)


@given(written_assets)
def test_an_asset_once_canonical_stays_as_it_is(written: str) -> None:
    try:
        once = asset(written)
    except InvalidIdentifier:
        assert written.startswith((f"{BTC}/slip44:", "eip155:1/slip44:")), written  # only a coin type of another chain
        return
    assert asset(once) == once == Asset(str(once))
    assert (once.chain, once.namespace) == (Asset(written).chain, Asset(written).namespace)
    assert once.lower().replace("0", "") == written.lower().replace("0", ""), "nothing but case and noughts may change"


@given(contracts, st.data())
def test_two_spellings_of_one_contract_are_one_asset(contract: str, data: st.DataObject) -> None:
    other = "0x" + "".join(data.draw(st.sampled_from([digit.lower(), digit.upper()])) for digit in contract[2:])
    assert asset(f"eip155:1/erc20:{contract}") == asset(f"eip155:1/erc20:{other}")


@pytest.mark.shared
def test_every_test_case_of_the_caip_is_an_asset_and_differs_from_it_in_case_only() -> None:
    text = read_data("vectors/CAIPs__caip-19.md").decode()
    block = re.search(r"## Test Cases.*?```\n(.*?)```", text, re.DOTALL)
    assert block is not None
    cases = [line for line in block[1].splitlines() if line and not line.startswith("#")]
    assert len(cases) >= 11
    for case in cases:
        assert asset(case).lower() == case.lower()


def test_an_address_of_another_network_is_named_by_its_network() -> None:
    with pytest.raises(InvalidAddress, match="is an address of bitcoin, not of bitcoin-regtest"):
        account("bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", "bitcoin-regtest")
    with pytest.raises(InvalidAddress, match="is an address of bitcoin-testnet3 or bitcoin-testnet4 or"):
        account("tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx", "bitcoin")
