from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.chains.evm_trees import BY_NAME, ETHEREUM, MINER, header, receipt, transaction

from cryptotrace.chains.evm.fees import BlockFacts, FeePart, FeeReading, RollupFacts, effective_price, read_fee
from cryptotrace.chains.evm.header import Header
from cryptotrace.errors import MalformedBytes

_BNB_SYSTEM = "0xffffFFFfFFffffffffffffffFfFFFfffFFFfFFfE"
_BASE_VAULT, _SEQUENCER = "0x4200000000000000000000000000000000000019", "0x4200000000000000000000000000000000000011"
_L1_VAULT, _OPERATOR = "0x420000000000000000000000000000000000001A", "0x420000000000000000000000000000000000001b"
_L1_POOL = "0xa4B00000000000000000000000000000000000F6"


def _fee(chain: str = "ethereum", *, facts: BlockFacts | None = None, rollup: Any = None, **told: Any) -> FeeReading:
    tx = {name: told.pop(name) for name in ("type", "blob_hashes", "gas_price", "max_fee_per_gas") if name in told}
    return read_fee(transaction(**tx), receipt(**told), facts or header(), BY_NAME[chain], rollup)


def test_the_base_fee_is_burnt_and_the_rest_is_the_producers() -> None:
    assert _fee().parts == [FeePart("fee.burnt", 500_000, None), FeePart("fee.paid", 150_000, MINER)]


def test_before_london_all_is_the_producers() -> None:
    assert _fee(facts=header(base_fee=None)).parts == [FeePart("fee.paid", 650_000, MINER)]


def test_without_a_header_the_parts_are_not_told_apart() -> None:
    found = read_fee(transaction(), receipt(), None, ETHEREUM)
    assert found.parts == [FeePart("fee", 650_000, None)]
    avalanche = read_fee(transaction(), receipt(), None, BY_NAME["avalanche"])
    assert avalanche.parts == [FeePart("fee.burnt", 650_000, None)]


def test_without_a_price_or_gas_the_fee_is_missing() -> None:
    untold: list[dict[str, Any]] = [{"effective_gas_price": None, "max_fee_per_gas": None}, {"gas_used": None}]
    for told in untold:
        assert (_fee(**told).parts, _fee(**told).missing) == ([], ["fee"])
    assert read_fee(transaction(), None, header(), ETHEREUM).missing == ["fee"]


def test_a_price_that_is_not_told_follows_from_the_bids() -> None:
    untold = receipt(effective_gas_price=None)
    assert effective_price(transaction(), untold, 10) == 13
    assert effective_price(transaction(max_fee_per_gas=12), untold, 10) == 12
    assert effective_price(transaction(), untold, None) is None
    assert effective_price(transaction(gas_price=9), untold, None) == 9


def test_blobs_are_burnt_by_the_told_price() -> None:
    blobs = ("00" * 32, "11" * 32)
    told = _fee(type=3, blob_hashes=blobs, blob_gas_price=7).parts
    assert told[-1] == FeePart("fee.blob", 2 * 131072 * 7, None)
    assert _fee(type=3, blob_hashes=blobs, blob_gas_used=1, blob_gas_price=7).parts[-1].units == 7
    assert _fee(type=3, blob_hashes=blobs).missing == ["fee.blob"]


def test_on_bnb_everything_goes_to_the_system_address() -> None:
    blobs = ("00" * 32,)
    found = _fee("bnb", facts=header(base_fee=0), type=3, blob_hashes=blobs, blob_gas_price=1).parts
    assert found == [FeePart("fee.paid", 650_000, _BNB_SYSTEM), FeePart("fee.blob", 131072, _BNB_SYSTEM)]


def test_on_polygon_an_account_gets_the_base_fee_and_the_header_does_not_tell_the_signer() -> None:
    found = _fee("polygon", facts=header(height=60_000_000)).parts
    assert found == [
        FeePart("fee.base", 500_000, "0x7A8ed27F4C30512326878652d20fC85727401854"),
        FeePart("fee.paid", 150_000, None),
    ]


def test_on_avalanche_all_is_burnt() -> None:
    assert _fee("avalanche").parts == [FeePart("fee.burnt", 650_000, None)]


@pytest.mark.parametrize("chain", ["optimism", "base"])
def test_on_the_op_stack_vaults_get_the_parts(chain: str) -> None:
    found = _fee(chain, facts=header(height=120_000_000), l1_fee=77).parts
    assert found == [
        FeePart("fee.base", 500_000, _BASE_VAULT),
        FeePart("fee.paid", 150_000, _SEQUENCER),
        FeePart("fee.l1", 77, _L1_VAULT),
    ]


def test_an_l1_fee_that_is_not_told_is_missing() -> None:
    assert _fee("base").missing == ["fee.l1"]
    assert _fee("ethereum").missing == []


def test_before_bedrock_the_sequencers_vault_gets_the_l1_fee() -> None:
    found = _fee("optimism", facts=header(height=100_000_000, base_fee=None), l1_fee=77).parts
    assert found == [FeePart("fee.paid", 650_000, _SEQUENCER), FeePart("fee.l1", 77, _SEQUENCER)]


@pytest.mark.parametrize(("time", "units"), [(1_764_691_200, 50_000 * 4 // 10**6 + 9), (1_764_691_201, 20_000_009)])
def test_the_operator_fee_by_isthmus_and_by_jovian(time: int, units: int) -> None:
    rollup = RollupFacts(operator_scalar=4, operator_constant=9)
    found = _fee("base", facts=header(time=time), l1_fee=0, rollup=rollup).parts
    assert found[-1] == FeePart("fee.operator", units, _OPERATOR)


def test_an_operator_fee_that_is_only_named_is_missing_and_none_is_none() -> None:
    named = ("operatorFeeConstant", "operatorFeeScalar")
    assert _fee("base", l1_fee=0, extra=named).missing == ["fee.operator"]
    rollup = RollupFacts(operator_scalar=0, operator_constant=0)
    assert _fee("base", l1_fee=0, extra=named, rollup=rollup).missing == []


def test_on_arbitrum_a_part_of_the_gas_pays_the_chain_below() -> None:
    found = _fee("arbitrum", effective_gas_price=10, rollup=RollupFacts(l1_gas=20_000)).parts
    assert found == [FeePart("fee.base", 300_000, None), FeePart("fee.l1", 200_000, _L1_POOL)]
    assert _fee("arbitrum", effective_gas_price=10).parts == [FeePart("fee", 500_000, None)]


def test_a_deposit_pays_no_fee() -> None:
    found = _fee("base", type=0x7E)
    assert (found.parts, found.missing) == ([], [])


def test_a_price_below_the_base_fee_is_named() -> None:
    found = _fee(effective_gas_price=4)
    assert found.parts == [FeePart("fee", 200_000, None)]
    assert found.notices == ["gas price 4 is below the base fee 10"]
    assert (_fee(effective_gas_price=0).parts, _fee(effective_gas_price=0).notices) == ([], [])


@given(
    st.sampled_from(sorted(BY_NAME)),
    st.integers(0, 2**64 - 1),
    st.integers(0, 2**200),
    st.one_of(st.none(), st.integers(0, 2**200)),
    st.integers(0, 2**64 - 1),
)
def test_the_parts_of_the_gas_add_up(chain: str, gas: int, price: int, base: int | None, l1_gas: int) -> None:
    told = {"gas_used": gas, "effective_gas_price": price, "l1_fee": 0}
    found = _fee(chain, facts=header(base_fee=base), rollup=RollupFacts(l1_gas=l1_gas), **told)
    assert sum(each.units for each in found.parts) == gas * price
    assert all(each.units > 0 for each in found.parts)
    assert len({each.place for each in found.parts}) == len(found.parts)


def test_facts_of_a_header_and_of_a_rollups_receipt() -> None:
    told = Header(hash="00" * 32, parent="11" * 32, number=5, timestamp=6, base_fee=7, blob_gas_used=0)
    assert BlockFacts.of(told) == BlockFacts(height=5, time=6, beneficiary=None, base_fee=7, has_blob_fields=True)
    assert RollupFacts.from_rpc({"gasUsedForL1": "0x5", "operatorFeeScalar": None}) == RollupFacts(l1_gas=5)
    with pytest.raises(MalformedBytes):
        RollupFacts.from_rpc({"gasUsedForL1": 5})
