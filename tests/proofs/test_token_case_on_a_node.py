"""A case on a real EVM node, from claim to trace, through a reorganisation."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.nodes.anvil import anvil
from tests.nodes.evmkeys import Key
from tests.nodes.solidity import contracts

from cryptotrace.case import Case
from cryptotrace.model.pot import Completeness
from cryptotrace.seizure.freezehistory import Frozen

pytestmark = pytest.mark.node

ONE = 10**6


def _resting(view: object) -> dict[str, int]:
    return {end.account.address: end.claimed["victim"] for end in view.trace.ends if end.account is not None}  # type: ignore[attr-defined]


def test_a_reorganisation_between_two_traces_leads_to_the_new_truth(tmp_path: Path) -> None:
    """The thief's payment to his first account is undone; in the new chain he pays another one."""
    with anvil() as node:
        issuer, victim, thief, first, second = (Key(n) for n in ("issuer", "victim", "thief", "first", "second"))
        for key in (issuer, victim, thief):
            node.do(node.accounts[0], key.address, value=10**18)
        tether = contracts()["Tether"]
        token = str(issuer.do(node, None, tether.creation(1_000 * ONE))["contractAddress"])

        def pay(payer: Key, payee: Key, tokens: int) -> str:
            data = tether.call("transfer", payee.address, tokens * ONE)
            receipt = payer.do(node, token, data, gas=100_000)
            assert receipt["status"] == "0x1"
            return str(receipt["transactionHash"])

        pay(issuer, victim, 100)
        taken = pay(victim, thief, 100)
        pay(thief, first, 60)
        node.mine()
        with Case.create(tmp_path / "case", title="Reorganisation", own_nodes_only=True) as case:
            case.connect("evm-local", node.spec)
            claim = case.claim("victim", "evm-local", transfer=taken)
            assert claim.units == 100 * ONE
            view = case.trace(rule="fifo")
            assert _resting(view) == {thief.address: 40 * ONE, first.address: 60 * ONE}
            assert {check.completeness for check in view.trace.pots} == {Completeness.COMPLETE}
        node.reorganise(2)  # the payment and the empty block behind it
        waiting = node("txpool_content")["pending"]
        assert not waiting or node("anvil_dropAllTransactions") is None
        pay(thief, second, 25)
        issuer.do(node, token, tether.call("addBlackList", second.address), gas=100_000)
        node.mine()
        with Case.open(tmp_path / "case") as case:
            view = case.trace(rule="fifo")
            held = {
                key.address: int.from_bytes(node.read(token, tether.call("balanceOf", key.address)), "big")
                for key in (thief, first, second)
            }
            assert held[first.address] == 0
            assert _resting(view) == {address: units for address, units in held.items() if units}
            assert {check.completeness for check in view.trace.pots} == {Completeness.COMPLETE}
            (entry,) = [each for each in case.custody.entries() if each.action == "reorganisation"]
            assert len(entry.parameters["removed"]) == 1
            case.describe_token(
                "evm-local", token, symbol="USDT", decimals=6, issuer="I", freeze="tether", basis="a test"
            )
            assert case.freeze_status("evm-local", second.address, token).state is Frozen.FROZEN
            assert case.freeze_status("evm-local", thief.address, token).state is Frozen.NOT_FROZEN
