from __future__ import annotations

from dataclasses import replace

from tests.chains.evm_trees import ALICE, BOB, CAROL, ETHEREUM, TOKEN, WETH

from cryptotrace.chains.evm.ether import EtherMove
from cryptotrace.chains.evm.tokens import TokenMove
from cryptotrace.chains.evm.wraps import Join, burns_first, find_joins, merged, unjoined, unjoined_rows
from cryptotrace.model.flow import FlowKind
from cryptotrace.model.movement import Movement, Wrap

_WRAPPERS = frozenset({WETH})


def _ether(payer: str, payee: str, units: int, place: str = "value") -> EtherMove:
    return EtherMove(place, units, payer, payee)


def _token(at: int, payer: str | None, payee: str | None, units: int, contract: str = WETH) -> TokenMove:
    return TokenMove(at, f"log.{at}", "Transfer", contract, "erc20", None, units, payer, payee)


def test_the_account_on_both_sides_is_joined_before_another_one() -> None:
    others, own = _ether(BOB, WETH, 5, "call.0"), _ether(ALICE, WETH, 5, "call.1")
    mint = _token(0, None, ALICE, 5)
    assert find_joins([others, own], [mint], _WRAPPERS, _WRAPPERS) == [Join(own, mint)]
    assert find_joins([others], [mint], _WRAPPERS, _WRAPPERS) == [Join(others, mint)]


def test_weth9_never_pays_another_account() -> None:
    back, burn = _ether(WETH, BOB, 5), _token(0, ALICE, None, 5)
    assert find_joins([back], [burn], _WRAPPERS, frozenset()) == []
    assert find_joins([back], [burn], _WRAPPERS, _WRAPPERS) == [Join(back, burn)]


def test_amount_wrapper_and_direction_must_fit() -> None:
    mint, burn = _token(0, None, ALICE, 5), _token(1, ALICE, None, 5)
    for ether in (_ether(ALICE, WETH, 4), _ether(ALICE, CAROL, 5)):
        assert find_joins([ether], [mint, burn], _WRAPPERS, _WRAPPERS) == []
    assert find_joins([_ether(WETH, ALICE, 5)], [mint], _WRAPPERS, _WRAPPERS) == []
    assert find_joins([_ether(ALICE, TOKEN, 5)], [_token(0, None, ALICE, 5, TOKEN)], _WRAPPERS, _WRAPPERS) == []
    assert find_joins([_ether(ALICE, WETH, 5)], [_token(0, BOB, ALICE, 5)], _WRAPPERS, _WRAPPERS) == []


def test_a_movement_is_of_one_wrap_at_most() -> None:
    ether = _ether(ALICE, WETH, 5)
    assert len(find_joins([ether], [_token(0, None, ALICE, 5), _token(1, None, ALICE, 5)], _WRAPPERS, _WRAPPERS)) == 1


def test_tokens_wait_until_a_wrap_ties_them_to_a_call() -> None:
    before, burn, after = _token(0, BOB, ALICE, 2), _token(1, ALICE, None, 5), _token(2, BOB, ALICE, 3)
    first, back = _ether(BOB, CAROL, 1, "call.0"), _ether(WETH, ALICE, 5, "call.1")
    joins = find_joins([first, back], [before, burn, after], _WRAPPERS, frozenset())
    found = merged([first, back], [before, burn, after], joins)
    assert [each.place for each in found] == ["call.0", "log.0", "log.1", "call.1", "log.2"]


def test_a_burn_whose_event_comes_late_is_put_before_its_coin() -> None:
    burn, back, other = _token(0, ALICE, None, 5), _ether(WETH, ALICE, 5, "call.0"), _ether(ALICE, BOB, 5, "call.1")
    joins = [Join(back, burn)]
    assert burns_first([back, other, burn], joins) == [burn, back, other]
    assert burns_first([burn, back, other], joins) == [burn, back, other]


def test_what_was_not_joined_is_named_one_by_one() -> None:
    made = [_token(0, ALICE, None, 5), _token(1, None, ALICE, 5), _token(2, ALICE, None, 5), _token(3, None, ALICE, 5)]
    sides = [replace(each, event="Withdrawal") for each in made]
    others = [
        _token(4, ALICE, None, 5),
        _token(5, ALICE, BOB, 5),
        _token(6, ALICE, None, 5, TOKEN),
        replace(sides[0], units=0),
    ]
    wraps = [Wrap("log.0", "call.1", "")]
    assert unjoined([*sides, *others], wraps, _WRAPPERS, frozenset()) == tuple(
        f"unjoined-conversion log.{n}" for n in (1, 2, 3)
    )
    assert unjoined(others, wraps, _WRAPPERS, _WRAPPERS) == ("unjoined-conversion log.4",)


def test_mint_and_burn_of_a_wrapper_in_a_table_are_not_joined() -> None:
    weth, token = ETHEREUM.token("erc20", WETH), ETHEREUM.token("erc20", TOKEN)
    alice, bob = ETHEREUM.account(ALICE), ETHEREUM.account(BOB)
    rows = [
        Movement("row.1", FlowKind.BURN, weth, 5, alice, None, 0),
        Movement("row.2", FlowKind.ISSUANCE, weth, 5, None, alice, 1),
        Movement("row.3", FlowKind.TRANSFER, weth, 5, alice, bob, 2),
        Movement("row.4", FlowKind.BURN, token, 5, alice, None, 3),
        Movement("row.5", FlowKind.BURN, weth, 0, alice, None, 4),
    ]
    assert unjoined_rows(rows, ETHEREUM) == ("unjoined-conversion row.1", "unjoined-conversion row.2")
