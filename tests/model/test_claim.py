"""What somebody lost, as it was stated."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from cryptotrace.errors import InvalidAmount, ModelError
from cryptotrace.model.claim import Claim
from cryptotrace.model.identity import Asset

BTC = Asset("bip122:000000000019d6689c085ae165831e93/slip44:0")


@pytest.mark.parametrize("name", ["", " ", "\t\n", 5, None, b"Anna"])
def test_a_claim_needs_a_name(name: Any) -> None:
    with pytest.raises(ModelError, match="needs the claimant's name as text, got"):
        Claim(name, "a:0", BTC, 1)


@pytest.mark.parametrize("wrong", [-1, 1.0, True, "1", None])
def test_a_claim_is_in_whole_base_units(wrong: Any) -> None:
    with pytest.raises(InvalidAmount, match="claim of Anna"):
        Claim("Anna", "a:0", BTC, wrong)
    with pytest.raises(InvalidAmount, match="offset of the claim of Anna"):
        Claim("Anna", "a:0", BTC, 1, wrong)


def test_a_claim_of_nothing_is_an_ordinary_claim_and_says_nothing_of_its_basis() -> None:
    claim = Claim("Anna", "a:0", BTC, 0)
    assert (claim.units, claim.offset, claim.basis, claim.author) == (0, 0, "", "")


def test_a_claim_cannot_be_changed() -> None:
    claim = Claim("Anna", "a:0", BTC, 5)
    with pytest.raises(FrozenInstanceError):
        claim.units = 6  # type: ignore[misc]
