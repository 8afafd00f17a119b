"""First topics of events."""

from __future__ import annotations

import pytest
from tests.shared_data import read_vectors

from cryptotrace.chains.evm import topics


@pytest.mark.shared
def test_every_listed_signature_has_its_listed_hash() -> None:
    listed = read_vectors("proofs.json")["keccak_topics"]
    assert len(listed) == 63
    for signature, topic in listed.items():
        assert topics.topic_of(signature).hex() == topic[2:]
        assert topics.signature_of(bytes.fromhex(topic[2:])) == signature


def test_the_known_events_have_different_topics() -> None:
    known = (*topics.READ, *topics.SWAPS, *topics.MIXERS, *topics.BRIDGES)
    assert len(topics.topics()) == len(set(known)) == len(known)
    assert topics.signature_of(bytes(32)) is None


def test_hashes_that_are_published_elsewhere() -> None:
    """ERC-1155's from its text; Tether's newer contracts as the bindings made from their ABI show it."""
    hashes = {
        topics.TRANSFER_SINGLE: "c3d58168c5ae7397731d063d5bbf3d657854427343f4c083240f7aacaa2d0f62",
        topics.TRANSFER_BATCH: "4a39dc06d4c0dbc64b70af90fd698a233a518aa5d07e595d983b8c0526c8f7fb",
        "BlockPlaced(address)": "406bbf2d8d145125adf1198d2cf8a67c66cc4bb0ab01c37dccd4f7c0aae1e7c7",
        "BlockReleased(address)": "665918c9e02eb2fd85acca3969cb054fc84c138e60ec4af22ab6ef2fd4c93c27",
        "DestroyedBlockedFunds(address,uint256)": "6a2859ae7902313752498feb80a014e6e7275fe964c79aa965db815db1c7f1e9",
    }
    for signature, topic in hashes.items():
        assert topics.topic_of(signature).hex() == topic
