"""JSON of TRON nodes, read strictly and held against the bytes; real transactions of other projects among it."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.nodes.tronworld import tron_world
from tests.shared_data import read_data

from cryptotrace.errors import CryptotraceError, MalformedBytes, SourceLied
from cryptotrace.sources.foreignjson import Field
from cryptotrace.sources.tron import nodejson

WORLD = tron_world()


def _field(value: Any) -> Field:
    return Field(value, "the node", "")


@pytest.mark.parametrize("name", WORLD.txids)
def test_every_transaction_is_its_own_bytes(name: str) -> None:
    told, height, index = WORLD.transactions[WORLD.txids[name]]
    assert nodejson.read_transaction(_field(told), "node").txid == told["txID"]
    block = _field(WORLD.blocks[height])
    assert nodejson.root_is_rebuilt(block, nodejson.read_block(block, "node"))
    assert nodejson.listed(block, "node", [told["txID"]])[told["txID"]].index == index


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, each in items for found in ((*path, key), *_paths(each, (*path, key)))]


@pytest.mark.parametrize(
    "name", ["sweep", "gas_for_sweep", "rent_energy", "new_owner", "vote", "trc10_to_victim", "split"]
)
def test_no_figure_of_the_raw_data_can_be_changed_unseen(name: str) -> None:
    """Every leaf of ``raw_data``: changed, it contradicts the bytes; the parameter's type URL is not compared."""
    whole, _, _ = WORLD.transactions[WORLD.txids[name]]
    seen = 0
    for path in _paths(whole["raw_data"]):
        told = copy.deepcopy(whole)
        at = told["raw_data"]
        for key in path[:-1]:
            at = at[key]
        value = at[path[-1]]
        if isinstance(value, dict | list) or path[-1] in ("type_url", "ref_block_bytes", "ref_block_hash"):
            continue
        at[path[-1]] = value + 1 if isinstance(value, int) else ("00" if value != "00" else "11")
        with pytest.raises((SourceLied, MalformedBytes)):
            nodejson.read_transaction(_field(told), "node")
        seen += 1
    assert seen > 4


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "id",
                        "blockNumber",
                        "receipt",
                        "log",
                        "blockID",
                        "block_header",
                        "raw_data",
                        "txID",
                        "raw_data_hex",
                        "signature",
                        "ret",
                    ]
                ),
                inner,
                max_size=5,
            )
        ),
        max_leaves=12,
    )
)
def test_foreign_json_raises_nothing_of_its_own(value: Any) -> None:
    for read in (
        lambda told: nodejson.read_execution(told, has_internals=True),
        lambda told: nodejson.read_block(told, "node"),
        lambda told: nodejson.read_transaction(told, "node"),
        lambda told: nodejson.listed(told, "node", ["ab" * 32]),
    ):
        try:
            read(_field(value))
        except CryptotraceError:
            continue


def test_maps_are_read_in_both_spellings() -> None:
    as_list = {"assetV2": [{"key": "1000001", "value": 5}, {"key": "7", "value": 9}]}
    as_object = {"assetV2": {"1000001": 5, "7": 9}}
    assert [nodejson.asset_balance(_field(each), "1000001") for each in (as_list, as_object, {})] == [5, 5, 0]


def test_addresses_are_read_in_every_spelling() -> None:
    address = WORLD.addresses["deposit"]
    from cryptotrace.chains.tron.address import bytes_of

    plain = bytes_of(address).hex()
    for text in (address, f"41{plain}", plain, f"0x{plain}", f"0x41{plain}"):
        assert nodejson.read_address(_field(text)) == address
    for wrong in (None, 5, "", "zz" * 20, "T", f"42{plain}"):
        with pytest.raises(MalformedBytes):
            nodejson.read_address(_field(wrong))


def test_an_id_of_another_height_is_refused() -> None:
    block = copy.deepcopy(WORLD.blocks[5])
    block["block_header"]["raw_data"]["number"] = 6
    with pytest.raises(SourceLied, match="not one of a block at height 6"):
        nodejson.read_block(_field(block), "node")


@pytest.mark.shared
def test_real_transactions_of_other_projects() -> None:
    vectors = json.loads(read_data("derived/tron/tron_vectors.json"))
    pairs = next(
        value for value in vectors.values() if value and isinstance(value[0], dict) and "raw_data_hex" in value[0]
    )
    for each in pairs:
        txid = next(value for key, value in each.items() if key.lower() in ("txid", "tx_id"))
        told = {"txID": txid, "raw_data_hex": each["raw_data_hex"], "signature": []}
        assert nodejson.read_transaction(_field(told), "node").txid == txid
        with pytest.raises((SourceLied, MalformedBytes)):
            nodejson.read_transaction(_field(told | {"txID": "ab" * 32}), "node")
    assert len(pairs) == 10


def test_the_world_of_the_tests_holds_together() -> None:
    """Blocks are linked, and each is signed by the producer that it names."""
    from cryptotrace.chains.tron.block import header_of_parts, signer

    for height in range(1, WORLD.height + 1):
        raw = WORLD.blocks[height]["block_header"]["raw_data"]
        assert raw["parentHash"] == WORLD.blocks[height - 1]["blockID"]
        header = header_of_parts(
            number=height,
            parent=raw["parentHash"],
            merkle_root=bytes.fromhex(raw["txTrieRoot"]),
            timestamp=raw["timestamp"],
            witness=nodejson.read_address(_field(raw["witness_address"])),
            version=raw["version"],
            signature=bytes.fromhex(WORLD.blocks[height]["block_header"]["witness_signature"]),
        )
        assert header.id == WORLD.blocks[height]["blockID"]
        assert signer(header) == header.witness == WORLD.addresses[f"producer_{height % 3 + 1}"]
