"""CashTokens: what stands before a locking script is a token and never part of whose the output is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.chains.blockmaker import P2PKH

from cryptotrace.chains import bitcoin_network
from cryptotrace.chains.bitcoin.cashtokens import holds_token, locking_script
from cryptotrace.chains.bitcoin.notices import notices
from cryptotrace.chains.bitcoin.script import account_of_script
from cryptotrace.chains.bitcoin.wire import WireInput, WireOutput, WireTransaction
from cryptotrace.model.transaction import Outpoint

CASH, MAIN = bitcoin_network("bitcoin-cash"), bitcoin_network("bitcoin")
CATEGORY = bytes([0xEF]) + b"\xbb" * 32

# Source: the encodings of CHIP-2022-02 CashTokens: bitfield, then a commitment, then an amount
TOKENS = {
    "one fungible": "1001",
    "252": "10fc",
    "253": "10fdfd00",
    "65536": "10fe00000100",
    "the most": "10ffffffffffffffff7f",
    "an NFT": "20",
    "a mutable NFT": "21",
    "a minting NFT": "22",
    "an NFT with a commitment": "6001cc",
    "with 40 bytes": "6028" + "cc" * 40,
    "with 128 bytes": "6080" + "cc" * 128,
    "a minting NFT with both": "720bcccccccccccccccccccccc" + "fd0302",
    "an NFT with an amount": "3001",
}
NO_TOKENS = {
    "nothing": "00",
    "reserved": "90" + "01",
    "a capability without an NFT": "1101",
    "a commitment without an NFT": "5001cc01",
    "capability 3": "23",
    "an empty commitment": "6000",
    "an amount of zero": "1000",
    "a long form of 1": "10fd0100",
    "too large an amount": "10ffffffffffffffffff",
    "a commitment that is cut": "60ff",
    "no amount": "10",
}


@pytest.mark.parametrize("name", TOKENS)
def test_the_script_behind_a_token_is_whose_the_output_is(name: str) -> None:
    script = CATEGORY + bytes.fromhex(TOKENS[name]) + P2PKH
    assert locking_script(script, CASH) == P2PKH
    assert holds_token(script, CASH)
    assert account_of_script(script, CASH) == account_of_script(P2PKH, CASH)
    assert not account_of_script(script, CASH).is_script_digest


@pytest.mark.parametrize("name", NO_TOKENS)
def test_what_is_no_token_stays_part_of_the_script(name: str) -> None:
    script = CATEGORY + bytes.fromhex(NO_TOKENS[name])
    assert locking_script(script, CASH) == script
    assert not holds_token(script, CASH)
    assert account_of_script(script, CASH).is_script_digest


def test_other_chains_have_no_tokens() -> None:
    script = CATEGORY + bytes.fromhex("1001") + P2PKH
    assert locking_script(script, MAIN) == script
    assert account_of_script(script, MAIN).is_script_digest


@given(st.binary(max_size=80))
def test_any_bytes_behind_the_mark_are_read_or_left_as_they_are(rest: bytes) -> None:
    script = b"\xef" + rest
    locking = locking_script(script, CASH)
    assert script.endswith(locking)
    assert holds_token(script, CASH) == (locking != script)


def test_a_transaction_that_moves_tokens_says_so() -> None:
    spends = [WireInput(Outpoint("11" * 32, 0), b"", 0)]
    token = WireOutput(1_000, CATEGORY + bytes.fromhex("1001") + P2PKH)
    carries = WireTransaction.build(spends, [token, WireOutput(5, b"\x6a\x04SLP\0")], network=CASH)
    assert notices(carries, CASH) == ("unknown-op-return", "cashtokens")
    assert notices(WireTransaction.build(spends, [WireOutput(1, P2PKH)], network=CASH), CASH) == ()
