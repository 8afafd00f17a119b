from __future__ import annotations

import pytest

from cryptotrace.chains import NETWORKS, asset, network
from cryptotrace.chains.evm.address import canonical_address
from cryptotrace.chains.evm.feeshare import BURNT, TO_PRODUCER, UNTOLD, FeeShare, fixed
from cryptotrace.chains.evm.network import EVM_NETWORKS, SYSTEM_TYPES, EvmNetwork, L1Fee
from cryptotrace.chains.evm.ownforms import UnsignedForm, UnsignedHash
from cryptotrace.chains.evm.transaction import LAYOUTS

_SOMEBODY = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"
_EACH = pytest.mark.parametrize("chain", EVM_NETWORKS, ids=lambda each: each.name)


def _shares(chain: EvmNetwork) -> list[FeeShare]:
    rule = chain.fees
    return [rule.base, rule.priority, rule.blob, rule.l1, rule.operator]


def _addresses(chain: EvmNetwork) -> list[str]:
    paid = [account for share in _shares(chain) for _, account in share.accounts]
    wrappers = [each.contract for each in chain.wrappers]
    return [*paid, *wrappers, *chain.mirrors, *chain.owner_issued, *chain.unindexed_nfts]


def test_the_chains_are_those_that_the_documents_name() -> None:
    assert {each.name: (each.chain_id, each.symbol, each.coin_type) for each in EVM_NETWORKS} == {
        "ethereum": (1, "ETH", 60),
        "bnb": (56, "BNB", 9006),
        "polygon": (137, "POL", 966),
        "arbitrum": (42161, "ETH", 60),
        "optimism": (10, "ETH", 60),
        "base": (8453, "ETH", 60),
        "avalanche": (43114, "AVAX", 9005),
        "ethereum-sepolia": (11155111, "tETH", 1),
        "evm-local": (31337, "tETH", 1),
    }


def test_no_name_and_no_chain_id_is_there_twice() -> None:
    assert len({each.name for each in EVM_NETWORKS}) == len({each.chain_id for each in EVM_NETWORKS})
    assert all(NETWORKS[each.chain] is each and network(each.name) is each for each in EVM_NETWORKS)


@_EACH
def test_every_address_in_the_table_has_its_checksum(chain: EvmNetwork) -> None:
    for address in _addresses(chain):
        assert canonical_address(address) == address


@_EACH
def test_every_rule_and_wrapper_names_its_source(chain: EvmNetwork) -> None:
    assert chain.fees.source
    assert all(each.source for each in chain.wrappers)


@_EACH
def test_coins_of_training_chains_are_marked_and_have_coin_type_1(chain: EvmNetwork) -> None:
    assert chain.is_training == chain.symbol.startswith("t") == (chain.coin_type == 1)
    assert chain.decimals == 18


@_EACH
def test_a_main_chain_has_a_wrapper_and_each_its_start_is_named(chain: EvmNetwork) -> None:
    assert chain.is_training or chain.wrappers
    assert "genesis" in chain.irregular[0]


@_EACH
def test_system_types_are_none_that_all_chains_have(chain: EvmNetwork) -> None:
    assert not set(chain.system_types) & set(LAYOUTS)
    assert all(not each.pays_fee or each.moves_value for each in chain.system_types.values())


def test_only_two_chains_had_transactions_that_nobody_signed_and_both_within_bounds() -> None:
    forms = {each.name: each.unsigned for each in EVM_NETWORKS if each.unsigned is not None}
    assert set(forms) == {"polygon", "optimism"}
    for form in forms.values():
        assert isinstance(form, UnsignedForm)
        assert form.source
        assert form.hash is UnsignedHash.OF_BLOCK or form.below is not None


@_EACH
def test_types_of_a_chain_are_listed_with_those_that_have_them(chain: EvmNetwork) -> None:
    assert {kind for kind, names in SYSTEM_TYPES.items() if chain.name in names} == set(chain.system_types)


@_EACH
def test_a_rollup_and_only_a_rollup_takes_an_l1_fee_and_says_who_gets_it(chain: EvmNetwork) -> None:
    is_rollup = chain.name in {"arbitrum", "optimism", "base"}
    assert (chain.fees.l1_fee is not L1Fee.NONE) == is_rollup
    assert (chain.fees.l1 != UNTOLD) == is_rollup


@_EACH
def test_heights_of_shares_and_rewards_ascend(chain: EvmNetwork) -> None:
    for share in _shares(chain):
        heights = [since for since, _ in share.accounts]
        assert heights == sorted(set(heights))
    rewards = [since for since, _ in chain.block_rewards]
    assert rewards == sorted(set(rewards))


@_EACH
def test_a_network_serves_as_a_key(chain: EvmNetwork) -> None:
    assert {chain: chain.name}[chain] == chain.name


def test_who_gets_a_share() -> None:
    assert BURNT.payee(5, _SOMEBODY) is None
    assert TO_PRODUCER.payee(5, _SOMEBODY) == _SOMEBODY
    assert TO_PRODUCER.payee(5, None) is None
    assert UNTOLD.payee(5, _SOMEBODY) is None
    assert fixed(_SOMEBODY).payee(None, None) == _SOMEBODY


def test_accounts_that_changed_are_those_of_the_height() -> None:
    polygon = network("polygon")
    assert isinstance(polygon, EvmNetwork)
    base = polygon.fees.base
    assert base.payee(23_849_999, None) is None
    assert base.payee(23_850_000, None) == "0x70bcA57F4579f58670aB2d18Ef16e02C17553C38"
    assert base.payee(50_522_999, None) == "0x70bcA57F4579f58670aB2d18Ef16e02C17553C38"
    assert base.payee(50_523_000, None) == "0x7A8ed27F4C30512326878652d20fC85727401854"
    assert base.payee(None, None) is None


def test_before_rio_the_zero_address_in_polygons_header_gets_nothing() -> None:
    polygon = network("polygon")
    assert isinstance(polygon, EvmNetwork)
    assert polygon.fees.priority.payee(70_000_000, "0x" + "0" * 40) is None
    assert polygon.fees.priority.payee(77_414_656, "0x" + "0" * 40) == "0x7Ee41D8A25641000661B1EF5E6AE8A00400466B0"


def test_tokens_have_the_one_spelling_of_assets() -> None:
    chain = EVM_NETWORKS[0]
    for built in (
        chain.token("erc20", _SOMEBODY),
        chain.token("erc721", _SOMEBODY, 2**256 - 1),
        chain.token("erc1155", _SOMEBODY, 0),
    ):
        assert asset(built) == built
    assert chain.account(_SOMEBODY) == f"eip155:1:{_SOMEBODY}"
    assert chain.shown("ab") == "0xab"
