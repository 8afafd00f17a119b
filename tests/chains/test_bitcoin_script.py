from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.shared_data import read_json

from cryptotrace.chains import bitcoin_network
from cryptotrace.chains.bitcoin.address import address_of_script
from cryptotrace.chains.bitcoin.network import BITCOIN_NETWORKS
from cryptotrace.chains.bitcoin.script import ScriptType, account_of_script, operations, script_type

_KEY = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
_LONG_KEY = "04" + _KEY[2:] + "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8"
_SCRIPTS = [
    ("p2pk", f"21{_KEY}ac"),
    ("p2pk", f"41{_LONG_KEY}ac"),
    ("non-standard", f"21{'05' + _KEY[2:]}ac"),
    ("bare-multisig", f"5121{_KEY}51ae"),
    ("bare-multisig", f"5221{_KEY}41{_LONG_KEY}21{_KEY}53ae"),
    ("non-standard", f"5321{_KEY}21{_KEY}52ae"),  # three of two
    ("non-standard", f"5121{_KEY}52ae"),  # says two keys, has one
    ("non-standard", "5103aabbcc51ae"),  # what stands in place of the key is none
    ("p2pkh", "76a914" + "11" * 20 + "88ac"),
    ("p2sh", "a914" + "11" * 20 + "87"),
    ("p2wpkh", "0014" + "11" * 20),
    ("p2wsh", "0020" + "11" * 32),
    ("non-standard", "0015" + "11" * 21),  # version 0 knows two lengths only
    ("p2tr", "5120" + "11" * 32),
    ("witness-future", "5121" + "11" * 33),
    ("witness-future", "51024e73"),  # pay-to-anchor
    ("witness-future", "6002751e"),
    ("non-standard", "5101ff"),
    ("op-return", "6a"),
    ("op-return", "6a4c05" + "ff"),  # a push that is cut off is data none the less
    ("non-standard", ""),
    ("non-standard", "51"),
    ("non-standard", "ae"),
    ("non-standard", "76a914" + "11" * 20 + "88ad"),
]


@pytest.mark.parametrize(("kind", "script"), _SCRIPTS)
def test_each_kind_of_script_is_told(kind: str, script: str) -> None:
    assert script_type(bytes.fromhex(script)) == kind


def test_every_kind_of_script_is_among_the_examples() -> None:
    assert {kind for kind, _ in _SCRIPTS} == {str(kind) for kind in ScriptType}


def test_an_output_without_address_is_its_scripts_digest_and_says_so() -> None:
    script = bytes.fromhex(f"21{_KEY}ac")
    account = account_of_script(script, bitcoin_network("bitcoin"))
    assert account.address == "script-sha256." + hashlib.sha256(script).hexdigest()
    assert account.is_script_digest


def test_two_encodings_of_one_key_stay_two_accounts() -> None:
    digest = hashlib.new("ripemd160", hashlib.sha256(bytes.fromhex(_KEY)).digest()).hexdigest()
    scripts = [f"21{_KEY}ac", f"41{_LONG_KEY}ac", f"76a914{digest}88ac", f"0014{digest}"]
    accounts = {account_of_script(bytes.fromhex(each), bitcoin_network("bitcoin")) for each in scripts}
    assert len(accounts) == 4


@given(st.binary(max_size=120))
def test_any_script_has_a_kind_and_an_account(script: bytes) -> None:
    kind = script_type(script)
    with_address = {ScriptType.P2PKH, ScriptType.P2SH}
    witnesses = {ScriptType.P2WPKH, ScriptType.P2WSH, ScriptType.P2TR, ScriptType.WITNESS_FUTURE}
    for where in BITCOIN_NETWORKS:
        if not where.cashaddr_prefix:  # there a token may stand before the script
            has_address = kind in with_address or (where.has_witness and kind in witnesses)
            assert (address_of_script(script, where) is not None) == has_address
        assert account_of_script(script, where).chain == where.chain


@given(st.lists(st.binary(min_size=1, max_size=75), max_size=5))
def test_operations_give_back_what_was_pushed(pushed: list[bytes]) -> None:
    script = b"".join(bytes([len(each)]) + each for each in pushed)
    assert operations(script) == [(len(each), each) for each in pushed]


def test_operations_stop_before_a_push_that_is_cut_off() -> None:
    assert operations(bytes.fromhex("5102aabb4d0500aa")) == [(0x51, b""), (2, b"\xaa\xbb")]


@pytest.mark.shared
def test_kinds_and_addresses_agree_with_a_recorded_explorer() -> None:
    # the explorer prints its own names, and gives P2PK no address either
    names = {
        "p2pk": "p2pk",
        "multisig": "bare-multisig",
        "p2pkh": "p2pkh",
        "p2sh": "p2sh",
        "v0_p2wpkh": "p2wpkh",
        "v0_p2wsh": "p2wsh",
        "v1_p2tr": "p2tr",
        "op_return": "op-return",
    }
    seen = set()
    for name in (
        "bare-multisig",
        "taproot-op-return",
        "taproot-script-path",
        "whirlpool-coinjoin",
        "wabisabi-coinjoin",
        "satoshi-genesis-txs",
    ):
        recorded = read_json(f"btc-tx-heuristics/am-i-exposed__{name}.json")
        for transaction in recorded if isinstance(recorded, list) else [recorded]:
            outputs = transaction["vout"] + [each["prevout"] for each in transaction["vin"] if each.get("prevout")]
            for output in outputs:
                script = bytes.fromhex(output["scriptpubkey"])
                assert script_type(script) == names[output["scriptpubkey_type"]]
                assert address_of_script(script, bitcoin_network("bitcoin")) == output.get("scriptpubkey_address")
                seen.add(output["scriptpubkey_type"])
    assert len(seen) >= 6
