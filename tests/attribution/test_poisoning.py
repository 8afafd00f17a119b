"""Spam and address poisoning: each sign over a history as victims have it, and what is kept out of a trace."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptotrace.attribution.poisoning import (
    KEPT_OUT,
    KnownToken,
    Parameters,
    SignKind,
    Signs,
    carries_nothing,
    looks_alike,
    recognise,
)
from cryptotrace.attribution.writing import foreign_letters, invisible, looks_same, scripts, skeleton
from cryptotrace.chains.evm.address import address_of
from cryptotrace.errors import AttributionError
from cryptotrace.model.block import BlockRef
from cryptotrace.model.flow import FlowKind
from cryptotrace.model.identity import Account, Asset, Chain
from cryptotrace.model.movement import AccountTransaction, Movement
from cryptotrace.model.verdict import LinkClass

ETHEREUM = Chain("eip155:1")
TRON = Chain("tron:0x2b6653dc")
ETHER = Asset("eip155:1/slip44:60")
USDT = Asset("eip155:1/erc20:0xdac17f958d2ee523a2206206994597c13d831ec7")
FAKE = Asset("eip155:1/erc20:0x1111111111111111111111111111111111111111")
KNOWN = (KnownToken(USDT, "USDT", "list of the house"), KnownToken(ETHER, "ETH"))


def who(digits: str) -> Account:
    return Account.of(ETHEREUM, address_of(bytes.fromhex(digits)))


VICTIM = who("aa" * 20)
EXCHANGE = who("d9a1" + "00" * 16 + "3a91")
IMITATOR = who("d9a1" + "ff" * 16 + "3a91")
SHOP = who("1234" + "77" * 16 + "5678")
SPAMMER = who("99" * 20)


class History:
    """Transactions one after the other, each with one transfer, signed by its payer unless somebody is named."""

    def __init__(self) -> None:
        self.transactions: list[AccountTransaction] = []

    def add(
        self,
        payer: Account,
        payee: Account,
        units: int,
        asset: Asset = USDT,
        *,
        signer: Account | None = None,
        unknown_signer: bool = False,
    ) -> str:
        number = len(self.transactions) + 1
        txid = f"{number:064x}"
        moved = Movement("log.0", FlowKind.TRANSFER, asset, units, payer, payee, 0)
        block = BlockRef(payer.chain, 100 + number, f"{number:064x}", 1_700_000_000 + number)
        sender = None if unknown_signer else signer or payer
        self.transactions.append(AccountTransaction(payer.chain, txid, block, 0, sender, None, True, (moved,)))
        return f"{txid}#log.0"


def signs(history: History, **more: object) -> Signs:
    return recognise(VICTIM, history.transactions, KNOWN, **more)  # type: ignore[arg-type]


# --- the story of a victim --------------------------------------------------------------------------------------------


def test_the_whole_story_of_a_poisoned_account() -> None:
    history = History()
    history.add(VICTIM, EXCHANGE, 5_000_000_000)
    zero = history.add(VICTIM, IMITATOR, 0, signer=SPAMMER)
    dust = history.add(IMITATOR, VICTIM, 10_000)
    loss = history.add(VICTIM, IMITATOR, 4_990_000_000)
    history.add(VICTIM, SHOP, 1_000_000)
    found = signs(history)

    (unsigned,) = found.of(SignKind.UNSIGNED_ZERO)
    (alike,) = found.of(SignKind.LOOK_ALIKE)
    (dusted,) = found.of(SignKind.LOOK_ALIKE_DUST)
    assert len(found.signs) == 3
    assert (unsigned.flows, unsigned.about) == ((zero,), IMITATOR)
    assert (alike.about, alike.imitates, alike.flows) == (IMITATOR, EXCHANGE, (zero, dust, loss))
    assert alike.transactions == tuple(flow[:64] for flow in (zero, dust, loss))
    assert f"THE ACCOUNT PAID IT in {loss}" in alike.detail
    assert dict(alike.parameters) | {"first": "4", "last": "4", "counterparties": "3"} == dict(alike.parameters)
    assert dict(alike.parameters)["one pair by chance in so many such histories"] == str(16**8 // 3)
    assert (dusted.flows, dict(dusted.parameters)["largest with the imitated"]) == ((dust,), "5000000000")
    assert {sign.link_class for sign in found.signs} == {LinkClass.L4}
    assert found.undetermined == ()


def test_what_was_lost_to_a_look_alike_is_never_kept_out() -> None:
    assert set(KEPT_OUT) == set(SignKind)
    kept_out = {kind for kind, rule in KEPT_OUT.items() if rule}
    assert kept_out == {SignKind.ZERO_VALUE, SignKind.UNSIGNED_ZERO, SignKind.FAKE_TOKEN}

    history = History()
    history.add(VICTIM, EXCHANGE, 100)
    history.add(VICTIM, IMITATOR, 100)
    (sign,) = signs(history).signs
    assert (sign.kind, sign.kept_out) == (SignKind.LOOK_ALIKE, "")
    moved = [m for t in history.transactions for m in t.movements]
    assert [carries_nothing(m) for m in moved] == [False, False]


def test_an_ordinary_history_shows_nothing() -> None:
    history = History()
    for number in range(1, 40):
        party = who(f"{number * 7919:040x}")
        history.add(VICTIM, party, number)
        history.add(party, VICTIM, number * 1000, ETHER)
    assert signs(history).signs == ()


# --- transfers of nothing ---------------------------------------------------------------------------------------------


def test_a_zero_value_is_told_by_who_signed_it() -> None:
    history = History()
    own = history.add(VICTIM, SHOP, 0)
    others = history.add(VICTIM, SHOP, 0, signer=SPAMMER)
    untold = history.add(VICTIM, SHOP, 0, unknown_signer=True)
    incoming = history.add(SPAMMER, VICTIM, 0)
    found = signs(history)

    assert [s.flows for s in found.of(SignKind.UNSIGNED_ZERO)] == [(others,)]
    assert [s.flows for s in found.of(SignKind.ZERO_VALUE)] == [(own,), (untold,), (incoming,)]
    assert found.undetermined == (f"who signed {untold}: the source does not tell the sender of that transaction",)
    assert all("carries nothing" in s.kept_out for s in found.signs)


def test_a_positive_transfer_that_the_payer_did_not_sign_is_no_spam() -> None:
    history = History()
    history.add(VICTIM, SPAMMER, 500, signer=SPAMMER)  # an allowance was used: a real loss
    assert signs(history).signs == ()


# --- look-alikes ------------------------------------------------------------------------------------------------------


def test_who_was_met_first_is_imitated_unless_the_right_one_is_given() -> None:
    history = History()
    history.add(IMITATOR, VICTIM, 1)
    history.add(VICTIM, EXCHANGE, 1_000_000)

    (by_order,) = signs(history).of(SignKind.LOOK_ALIKE)
    (given_right,) = signs(history, genuine=[EXCHANGE]).of(SignKind.LOOK_ALIKE)
    assert (by_order.about, by_order.imitates) == (EXCHANGE, IMITATOR)
    assert "was met first in this history" in by_order.detail
    assert (given_right.about, given_right.imitates) == (IMITATOR, EXCHANGE)
    assert "is given as genuine" in given_right.detail
    assert signs(history, genuine=[EXCHANGE, IMITATOR]).of(SignKind.LOOK_ALIKE) == ()


def test_a_genuine_account_that_never_stood_in_the_history_is_imitated_too() -> None:
    history = History()
    history.add(IMITATOR, VICTIM, 1)
    (sign,) = signs(history, genuine=[EXCHANGE]).of(SignKind.LOOK_ALIKE)
    assert (sign.about, sign.imitates) == (IMITATOR, EXCHANGE)


def test_how_many_characters_must_be_equal_is_a_parameter() -> None:
    near = who("d9a1" + "ee" * 16 + "3a9f")
    history = History()
    history.add(VICTIM, EXCHANGE, 100)
    history.add(near, VICTIM, 100)

    assert signs(history).of(SignKind.LOOK_ALIKE) == ()
    (sign,) = signs(history, parameters=Parameters(first=4, last=0)).of(SignKind.LOOK_ALIKE)
    assert dict(sign.parameters)["last"] == "0"
    for first, last, parts in ((1, 2, 1000), (-1, 9, 1000), (4, 4, 1)):
        with pytest.raises(AttributionError, match="look-alikes need"):
            Parameters(first=first, last=last, dust_parts=parts)


def test_dust_is_measured_in_the_same_asset_or_by_a_given_limit_or_not_at_all() -> None:
    history = History()
    history.add(VICTIM, EXCHANGE, 5_000)
    history.add(IMITATOR, VICTIM, 6)  # more than one thousandth of 5,000
    ether = history.add(IMITATOR, VICTIM, 10**12, ETHER)
    found = signs(history)
    limited = signs(history, parameters=Parameters(dust_units={ETHER: 10**13, USDT: 6}))

    assert found.of(SignKind.LOOK_ALIKE_DUST) == ()
    assert [text for text in found.undetermined if ether in text]
    assert len(limited.of(SignKind.LOOK_ALIKE_DUST)) == 2
    assert limited.undetermined == ()


def test_case_counts_in_base58_and_not_in_hex() -> None:
    lower, upper = (Account.of(TRON, f"TAbcd{'1' * 25}{end}") for end in ("wxyZ", "wxyz"))
    assert not looks_alike(lower, upper)
    assert looks_alike(Account.of(TRON, f"TAbcd{'1' * 25}wxyz"), Account.of(TRON, f"TAbcd{'2' * 25}wxyz"))
    assert looks_alike(EXCHANGE, IMITATOR)
    assert (EXCHANGE.address[2:6], IMITATOR.address[2:6]) == ("d9a1", "D9A1")  # the checksum differs
    assert not looks_alike(EXCHANGE, EXCHANGE)
    assert not looks_alike(Account.of(ETHEREUM, "0xAbc"), Account.of(TRON, "TAbc"))


def test_one_tron_account_is_imitated() -> None:
    victim = Account.of(TRON, "TVictim1111111111111111111111111111"[:34])
    right, wrong = (Account.of(TRON, f"TQrst{fill * 25}9abc") for fill in "AB")
    token = Asset("tron:0x2b6653dc/trc20:TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t")
    history = History()
    history.add(victim, right, 10**9, token)
    history.add(victim, wrong, 0, token, signer=wrong)
    found = recognise(victim, history.transactions)
    assert [s.kind for s in found.signs] == [SignKind.UNSIGNED_ZERO, SignKind.LOOK_ALIKE]
    assert dict(found.signs[1].parameters)["one pair by chance in so many such histories"] == str(58**8)


# --- tokens -----------------------------------------------------------------------------------------------------------


def test_a_token_with_a_known_symbol_and_another_contract_is_another_asset() -> None:
    history = History()
    history.add(VICTIM, EXCHANGE, 5_000_000_000)
    event = history.add(VICTIM, IMITATOR, 5_000_000_000, FAKE, signer=SPAMMER)
    found = signs(history, symbols={FAKE: "USDT", USDT: "USDT"})

    (sign,) = found.of(SignKind.FAKE_TOKEN)
    assert (sign.about, sign.imitates, sign.flows) == (FAKE, USDT, (event,))
    assert "another contract is another asset" in sign.kept_out
    assert "may be a token of its own" in sign.detail
    assert "list of the house" in sign.detail
    assert found.of(SignKind.DISGUISED_SYMBOL) == ()


@pytest.mark.parametrize(
    ("symbol", "says"),
    [
        ("USD\u0422", "mixes the scripts CYRILLIC, LATIN"),
        ("USDT\u200b", "U+200B ZERO WIDTH SPACE"),
        ("U\u3164SDT", "U+3164 HANGUL FILLER"),
        ("\u0405DT\u200d", "that show nothing"),
        ("ＵＳＤＴ", "letters that only look Latin"),
        ("US\u00a0DT", "NO-BREAK SPACE"),
        ("\u0395\u03a4\u041d", "mixes the scripts CYRILLIC, GREEK"),
    ],
)
def test_a_disguised_symbol_is_described_by_its_characters(symbol: str, says: str) -> None:
    history = History()
    history.add(SPAMMER, VICTIM, 1, FAKE)
    found = signs(history, symbols={FAKE: symbol})
    (sign,) = found.of(SignKind.DISGUISED_SYMBOL)
    assert says in sign.detail
    assert sign.detail.isascii()


@pytest.mark.parametrize("symbol", ["USDC", "РУБ", "円TOKEN", "USDTX", "", "wETH", "🚀"])
def test_an_honest_symbol_of_its_own_shows_nothing(symbol: str) -> None:
    history = History()
    history.add(SPAMMER, VICTIM, 1, FAKE)
    assert signs(history, symbols={FAKE: symbol}).signs == ()


@pytest.mark.parametrize("symbol", ["usdt", "USDT ", "ＵＳＤＴ", "USDТ", "U\u200bSDT", "ÙSDT", "USD\u03a4"])
def test_what_a_reader_takes_for_usdt_is_a_fake(symbol: str) -> None:
    history = History()
    history.add(SPAMMER, VICTIM, 1, FAKE)
    (sign,) = signs(history, symbols={FAKE: symbol}).of(SignKind.FAKE_TOKEN)
    assert sign.imitates == USDT


def test_a_collection_is_one_token_whatever_the_number() -> None:
    collection = Asset("eip155:1/erc1155:0x2222222222222222222222222222222222222222")
    history = History()
    flows = [history.add(SPAMMER, VICTIM, 1, Asset(f"{collection}/{number}")) for number in (1, 2)]
    (sign,) = signs(history, symbols={collection: "ETH"}).of(SignKind.FAKE_TOKEN)
    assert (sign.flows, sign.imitates) == (tuple(flows), ETHER)


def test_the_same_symbol_on_another_chain_is_no_fake() -> None:
    other = Account.of(Chain("eip155:137"), SPAMMER.address)
    victim = Account.of(Chain("eip155:137"), VICTIM.address)
    polygon = Asset("eip155:137/erc20:0xc2132d05d31c914a87c6611c10748aeb04b58e8f")
    history = History()
    history.add(other, victim, 1, polygon)
    assert recognise(victim, history.transactions, KNOWN, {polygon: "USDT"}).signs == ()


# --- how names are written --------------------------------------------------------------------------------------------


def test_capital_l_stays_apart_from_what_looks_like_capital_i() -> None:
    assert looks_same("USDI", "USDl")
    assert looks_same("USDI", "USD1")
    assert looks_same("LINK", "link")
    assert looks_same("0RACLE", "ORACLE")
    assert not looks_same("USDI", "USDL")
    assert not looks_same("USDT", "USDC")
    assert scripts("USDT日本") == ("LATIN",)
    assert foreign_letters("USDT") == ()
    assert invisible("US DT") == ()


@given(st.text(max_size=40))
def test_any_text_has_a_skeleton_that_is_its_own(text: str) -> None:
    once = skeleton(text)
    assert looks_same(text, text)
    assert isinstance(once, str)
    assert not invisible(once)
    for each in (*invisible(text), *foreign_letters(text)):
        assert each.startswith("U+")


# --- properties -------------------------------------------------------------------------------------------------------

PARTIES = [EXCHANGE, IMITATOR, SHOP, SPAMMER]


@given(
    st.lists(
        st.tuples(st.sampled_from(PARTIES), st.booleans(), st.sampled_from([0, 1, 10**6, 2**256 - 1]), st.booleans()),
        max_size=12,
    )
)
def test_every_zero_is_shown_once_and_nothing_is_changed(rows: list[tuple[Account, bool, int, bool]]) -> None:
    history = History()
    for party, incoming, units, foreign in rows:
        pair = (party, VICTIM) if incoming else (VICTIM, party)
        history.add(*pair, units, signer=SPAMMER if foreign else None)
    before = [dataclasses.replace(each) for each in history.transactions]
    found = signs(history)

    zero = [s.flows[0] for k in (SignKind.ZERO_VALUE, SignKind.UNSIGNED_ZERO) for s in found.of(k)]
    expected = [t.flow_id(m) for t in history.transactions for m in t.movements if m.units == 0]
    assert sorted(zero) == sorted(expected)
    met = {party for party, *_ in rows}
    assert bool(found.of(SignKind.LOOK_ALIKE)) is ({EXCHANGE, IMITATOR} <= met)
    assert history.transactions == before
    assert recognise(VICTIM, reversed(history.transactions), KNOWN) == found
