from __future__ import annotations

import pytest
from tests.chains.blockmaker import NULL, P2PKH

from cryptotrace.chains import bitcoin_network
from cryptotrace.chains.bitcoin.address import script_of_address
from cryptotrace.chains.bitcoin.notices import notices
from cryptotrace.chains.bitcoin.wire import WireInput, WireOutput, WireTransaction
from cryptotrace.model.transaction import Outpoint


def _transaction(*scripts: bytes, witness: tuple[bytes, ...] = ()) -> WireTransaction:
    spent = WireInput(Outpoint("11" * 32, 0), b"", 0xFFFFFFFF, witness)
    return WireTransaction.build([spent], [WireOutput(0, each) for each in (P2PKH, *scripts)])


def _inscribed() -> bytes:
    push = b"\x03ord\x01\x01\x0atext/plain\x00\x02hi"
    return b"\x20" + b"\x11" * 32 + b"\xac\x00\x63" + push + b"\x68"


def test_a_plain_payment_has_no_notice() -> None:
    assert notices(_transaction()) == ()


@pytest.mark.parametrize(
    ("script", "notice"),
    [
        (b"\x6a\x14omni" + bytes(16), "omni"),
        (bytes.fromhex("6a5d0714c0a23314"), "runes"),
        (b"\x6a\x05hello", "unknown-op-return"),
        (b"\x6a", "unknown-op-return"),
        (b"\x6a\x05omn", "unknown-op-return"),  # the push is cut off
    ],
)
def test_data_outputs_are_told_apart(script: bytes, notice: str) -> None:
    assert notices(_transaction(script)) == (notice,)


def test_a_payment_to_the_exodus_address_may_carry_omni() -> None:
    exodus = script_of_address("1EXoDusjGwvnjZUyKkxZ4UHEf77z6A5S4P", bitcoin_network("bitcoin"))
    assert notices(_transaction(exodus)) == ("omni",)


def test_an_inscription_in_a_revealed_script_is_seen_with_and_without_annex() -> None:
    assert notices(_transaction(witness=(b"\x01" * 64, _inscribed(), b"\xc0" + bytes(32)))) == ("inscription",)
    annexed = (b"\x01" * 64, _inscribed(), b"\xc0" + bytes(32), b"\x50annex")
    assert notices(_transaction(witness=annexed)) == ("inscription",)


def test_the_letters_of_an_envelope_inside_a_push_are_no_inscription() -> None:
    inner = b"\x00\x63\x03ord"
    script = bytes([len(inner)]) + inner + b"\x75\x51"
    assert notices(_transaction(witness=(script, b"\xc0" + bytes(32)))) == ()


def test_an_envelope_in_the_wrong_place_of_the_witness_is_no_inscription() -> None:
    assert notices(_transaction(witness=(_inscribed(), b"\x51", b"\xc0" + bytes(32)))) == ()


def test_several_notices_come_in_a_fixed_order() -> None:
    both = _transaction(b"\x6a\x01x", bytes.fromhex("6a5d00"), witness=(_inscribed(), b"\xc0" + bytes(32)))
    assert notices(both) == ("runes", "inscription", "unknown-op-return")


def test_the_miners_data_in_a_coinbase_is_passed_over() -> None:
    coinbase = WireTransaction.build([WireInput(NULL, b"\x01\x01", 0)], [WireOutput(0, b"\x6a\x05hello")])
    assert notices(coinbase) == ()
