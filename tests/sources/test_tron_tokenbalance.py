"""The balance of a TRC-20 token: what the contract is asked, and which answers are none."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from cryptotrace.chains.networks import account, asset
from cryptotrace.chains.tron.address import address_of
from cryptotrace.errors import DataNotFound
from cryptotrace.model.accountsource import CallAnswer
from cryptotrace.model.block import BlockRef
from cryptotrace.model.identity import Account
from cryptotrace.sources.tron.tokenbalance import token_balance

HOLDER = account(address_of(bytes(range(20))), "tron")
USDT = asset(f"{HOLDER.chain}/trc20:TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t")
AT = BlockRef(HOLDER.chain, 54, "ab" * 32, 1_700_000_000)


@dataclass
class Contract:
    returned: bytes | None
    asked: list[tuple[Account, bytes]] = field(default_factory=list)

    def contract_call(self, contract: Account, data: bytes, height: int | None = None) -> CallAnswer:
        assert height is None
        self.asked.append((contract, data))
        return CallAnswer(self.returned, AT, "cd" * 32)


@pytest.mark.parametrize("units", [0, 1, 2**64, 2**256 - 1])
def test_the_contract_is_asked_by_the_published_selector_and_its_answer_is_exact(units: int) -> None:
    contract = Contract(units.to_bytes(32, "big"))
    found = token_balance(contract, "node", HOLDER, USDT)
    assert (found.account, found.asset, found.units, found.at, found.evidence) == (HOLDER, USDT, units, AT, "cd" * 32)
    ((asked, data),) = contract.asked
    assert asked.address == USDT.reference
    assert data.hex() == "70a08231" + "00" * 12 + bytes(range(20)).hex()  # ERC-20 and TIP-20: balanceOf(address)


@pytest.mark.parametrize("returned", [None, b"", bytes(31), bytes(33), bytes(64)])
def test_an_answer_that_is_no_number_is_no_balance_of_zero(returned: bytes | None) -> None:
    with pytest.raises(DataNotFound, match=rf"node: the contract {USDT.reference} does not answer balanceOf"):
        token_balance(Contract(returned), "node", HOLDER, USDT)
