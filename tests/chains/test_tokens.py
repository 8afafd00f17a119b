"""Token facts: a table with sources, and what a contract answers, however hostile."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptotrace.chains.evm import topics
from cryptotrace.chains.evm.address import canonical_address as evm_canonical
from cryptotrace.chains.evm.calls import FREEZE_QUESTIONS, selector
from cryptotrace.chains.networks import asset
from cryptotrace.chains.tokens import FreezeAct, TokenFacts, contract_of, known_tokens, read_token
from cryptotrace.chains.tokentable import ISSUER_RULES, TOKENS
from cryptotrace.chains.tron.address import canonical_address as tron_canonical
from cryptotrace.errors import InvalidAddress, ModelError, NotSupported
from cryptotrace.model.accountsource import CallAnswer
from cryptotrace.model.block import BlockRef
from cryptotrace.model.identity import Account, Asset, Chain

USDT = Asset("eip155:1/erc20:0xdac17f958d2ee523a2206206994597c13d831ec7")
USDT_TRON = Asset("tron:0x2b6653dc/trc20:TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t")
BLOCK = BlockRef(USDT.chain, 100, "ab" * 32, 1_700_000_000)
WORD = 32


def number(value: int) -> bytes:
    return value.to_bytes(WORD, "big")


def string(raw: bytes) -> bytes:
    return number(WORD) + number(len(raw)) + raw.ljust(-(-len(raw) // WORD) * WORD, b"\0")


@dataclass
class Contract:
    """Answers two questions with the bytes it was given."""

    symbol: bytes | None
    decimals: bytes | None
    asked: list[tuple[Account, int | None]] = field(default_factory=list)
    later: int = 0

    def contract_call(self, contract: Account, data: bytes, height: int | None = None) -> CallAnswer:
        self.asked.append((contract, height))
        is_symbol = data == selector("symbol()")
        assert is_symbol or data == selector("decimals()")
        at = BLOCK if is_symbol else replace(BLOCK, height=BLOCK.height + self.later)
        return CallAnswer(self.symbol if is_symbol else self.decimals, at, "s" * 64 if is_symbol else "d" * 64)


# --- the table --------------------------------------------------------------------------------------------------------


def test_every_known_token_stands_once_in_its_one_spelling_with_source_and_date() -> None:
    assert len({facts.asset for facts in TOKENS}) == len(TOKENS) == len(known_tokens())
    for facts in TOKENS:
        assert asset(facts.asset) == facts.asset
        assert facts.source
        assert len(facts.as_of) == len("2026-01-01")
        assert facts.freeze is None or (facts.issuer and facts.freeze.source and facts.freeze.as_of)
        assert facts.freeze is not None or facts.note, f"{facts.symbol}: why nobody is known to freeze it"


def test_the_contracts_as_they_are_written_in_the_table_have_right_checksums() -> None:
    import inspect
    import re

    from cryptotrace.chains import tokentable

    text = inspect.getsource(tokentable)
    evm, tron = re.findall(r'"(0x[0-9a-fA-F]{40})"', text), re.findall(r'"(T[1-9A-HJ-NP-Za-km-z]{33})"', text)
    assert len(evm) + len(tron) == len(TOKENS)
    assert [evm_canonical(each) for each in evm] == evm
    assert [tron_canonical(each) for each in tron] == tron


def test_tokens_of_one_symbol_that_are_not_the_issuers_own_say_so() -> None:
    tokens = known_tokens()
    peg = tokens[Asset("eip155:56/erc20:0x55d398326f99059ff775485246999027b3197955")]
    assert (peg.symbol, peg.decimals, peg.issuer, peg.freeze) == ("USDT", 18, "Binance", None)
    assert "Tether cannot freeze it" in peg.note
    arbitrum = [facts for facts in TOKENS if facts.asset.chain == "eip155:42161" and facts.symbol.startswith("USDC")]
    assert [(facts.symbol, facts.issuer, facts.freeze is None) for facts in arbitrum] == [
        ("USDC", "Circle", False),
        ("USDC.e", "", True),
    ]
    for facts in TOKENS:
        if facts.symbol.startswith("USDT") and facts.issuer != "Tether":
            assert "not issued by Tether" in facts.note


def test_freeze_functions_and_events_are_those_that_the_abi_reads() -> None:
    acts = {
        FreezeAct.FREEZE: topics.FROZEN,
        FreezeAct.UNFREEZE: topics.UNFROZEN,
        FreezeAct.DESTROY: topics.DESTROYED,
    }
    interfaces = {id(facts.freeze): facts.freeze for facts in TOKENS if facts.freeze is not None}
    assert len(interfaces) == 5
    for interface in interfaces.values():
        assert set(interface.functions) <= set(FREEZE_QUESTIONS)
        for event in interface.events:
            assert event.signature in acts[event.act]
            assert event.topic == topics.topic_of(event.signature)
        assert {FreezeAct.FREEZE, FreezeAct.UNFREEZE} <= {event.act for event in interface.events}
    seen = {function for interface in interfaces.values() for function in interface.functions}
    assert seen == set(FREEZE_QUESTIONS)


def test_topics_of_the_first_tether_contract_are_the_published_ones() -> None:
    """Source: the topics as block explorers show them."""
    freeze = known_tokens()[USDT].freeze
    assert freeze is not None
    assert [event.topic.hex() for event in freeze.events] == [
        "42e160154868087d6bfdc0ca23d96a1c1cfa32f1b72ba9ba27b69b98a0d819dc",
        "d7e9ec6e6ecd65492dce6bf513cd6867560d49544421d0783ddf06e76c24470c",
        "61e6e66b0d6339b2980aecc6ccc0039736791f0ccde9ed512e789a7fbdd698c6",
    ]
    assert [event.has_units for event in freeze.events] == [False, False, True]


def test_rules_of_issuers_have_source_and_date_and_are_to_be_checked() -> None:
    for name, rule in ISSUER_RULES.items():
        assert name == rule.issuer
        assert rule.text
        assert rule.source
        assert rule.as_of
        assert rule.needs_check
    assert set(ISSUER_RULES) <= {facts.issuer for facts in TOKENS}


def test_a_case_adds_its_own_token_and_its_own_comes_first() -> None:
    training = Asset("eip155:31337/erc20:0x5fbdb2315678afecb367f032d93f642f64180aa3")
    own = TokenFacts(training, "tUSD", "Training dollar", 6, "Training", None, "", "the case", "2026-11-01")
    other = replace(known_tokens()[USDT], issuer="Somebody")
    tokens = known_tokens([own, other])
    assert tokens[training] is own
    assert tokens[USDT] is other
    assert own.contract == Account("eip155:31337:0x5FbDB2315678afecb367f032d93F642f64180aa3")
    with pytest.raises(ModelError, match="one spelling"):
        known_tokens([replace(own, asset=Asset("eip155:31337/erc20:0x5FBDB2315678afecb367f032d93f642f64180aa3"))])


@pytest.mark.parametrize("decimals", [-1, 256, True, 6.0, "6"])
def test_decimals_that_no_contract_can_have_are_refused(decimals: object) -> None:
    with pytest.raises(ModelError, match="decimals"):
        replace(known_tokens()[USDT], decimals=decimals)  # type: ignore[arg-type]


def test_only_a_token_has_a_contract() -> None:
    assert contract_of(USDT) == Account("eip155:1:0xdAC17F958D2ee523a2206206994597C13D831ec7")
    assert contract_of(USDT_TRON) == Account("tron:0x2b6653dc:TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t")
    for other in ("eip155:1/slip44:60", "tron:0x2b6653dc/trc10:1002000"):
        with pytest.raises(ModelError, match="no fungible token"):
            contract_of(Asset(other))
    with pytest.raises(InvalidAddress):
        contract_of(Asset("tron:0x2b6653dc/trc20:TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6u"))


# --- reading ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("height", [None, 100])
@pytest.mark.parametrize("token", [USDT, USDT_TRON])
def test_symbol_and_decimals_are_read_as_of_a_block(token: Asset, height: int | None) -> None:
    contract = Contract(string(b"USDT"), number(6))
    read = read_token(contract, token, height)
    assert (read.symbol, read.decimals, read.at, read.problems) == ("USDT", 6, BLOCK, ())
    assert read.evidence == ("s" * 64, "d" * 64)
    assert contract.asked == [(contract_of(token), height)] * 2


@pytest.mark.parametrize(
    ("returned", "symbol", "problem"),
    [
        (b"MKR".ljust(32, b"\0"), "MKR", ""),
        (string("USD₮0".encode()), "USD₮0", ""),
        (None, None, "reverted"),
        (b"", None, "0 bytes are neither"),
        (b"\0" * 31, None, "31 bytes are neither"),
        (number(32) + number(5), None, "5 bytes at 64"),
        (number(2**256 - 1) + number(4), None, "in an answer of 64"),
        (number(32) + number(2**255) + b"x" * 32, None, "in an answer of 96"),
        (string(b""), "", "empty"),
        (b"\0" * 32, "", "empty"),
        (string("US\u202eDT".encode()), "US⟨U+202E⟩DT", "cannot be seen"),
        (string(b"US\0DT\n\x1b[31m"), "US⟨U+0000⟩DT⟨U+000A⟩⟨U+001B⟩[31m", "cannot be seen"),
        (string("USDT\u200b".encode()), "USDT⟨U+200B⟩", "cannot be seen"),
        (string(b"US\xffDT"), "US⟨0xFF⟩DT", "not UTF-8"),
        (string(b"X" * 10_240), "X" * 64, "10240 bytes long"),
        (string(b"X" * 65), "X" * 64, "65 characters long"),
        (string("𝟜".encode() * 100), "𝟜" * 64, "400 bytes long"),
    ],
)
def test_any_symbol_is_read_without_harm(returned: bytes | None, symbol: str | None, problem: str) -> None:
    read = read_token(Contract(returned, number(6)), USDT)
    assert (read.symbol, read.decimals) == (symbol, 6)
    assert (problem in read.problems[0]) if problem else not read.problems


@pytest.mark.parametrize("returned", [None, b"", b"\x06", number(256), number(2**256 - 1), b"\0" * 31])
def test_decimals_that_are_none_are_not_guessed(returned: bytes | None) -> None:
    read = read_token(Contract(string(b"USDT"), returned), USDT)
    assert (read.symbol, read.decimals) == ("USDT", None)
    assert read.problems[0].startswith("decimals(): ")


@given(st.none() | st.binary(max_size=300), st.none() | st.binary(max_size=100))
def test_foreign_bytes_give_a_reading_and_never_an_error(symbol: bytes | None, decimals: bytes | None) -> None:
    read = read_token(Contract(symbol, decimals), USDT)
    assert read.decimals is None or 0 <= read.decimals <= 255
    assert read.symbol is None or read.symbol.isprintable()
    assert (read.symbol is None) <= bool(read.problems)
    assert (read.decimals is None) <= bool(read.problems)


def test_answers_as_of_two_blocks_are_named() -> None:
    read = read_token(Contract(string(b"USDT"), number(6), later=1), USDT)
    assert read.problems == ("the two answers are as of two blocks, 100 and 101",)


def test_a_source_that_cannot_ask_says_so() -> None:
    class Mute:
        def contract_call(self, contract: Account, data: bytes, height: int | None = None) -> CallAnswer:
            raise NotSupported("only the newest block")

    with pytest.raises(NotSupported):
        read_token(Mute(), USDT, 5)


def test_chains_that_this_version_does_not_read_are_in_the_table_too() -> None:
    assert {Chain("eip155:56"), Chain("eip155:43114")} <= {facts.asset.chain for facts in TOKENS}
