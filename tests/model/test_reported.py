"""What somebody reports: an estimate is no amount, and an edge never claims to be more than a report."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cryptotrace.errors import InvalidIdentifier, ModelError
from cryptotrace.model.identity import Account, Chain
from cryptotrace.model.reported import Estimate, ReportedEdge
from cryptotrace.model.verdict import Standing

ETHEREUM = Chain("eip155:1")
A, B = (Account.of(ETHEREUM, name) for name in "AB")


def test_an_estimate_is_a_decimal_and_shows_that_it_is_an_estimate() -> None:
    assert str(Estimate(Decimal("347.55300000000005"), "USD", "LIFI.csv")) == (
        "about 347.55300000000005 USD (estimate of LIFI.csv)"
    )
    assert "E" not in str(Estimate(Decimal("1E+9"), "USD", "x"))
    for value in (1.5, Decimal("NaN"), Decimal("Infinity"), Decimal(-1), 3, "3"):
        with pytest.raises(ModelError, match="an estimate is"):
            Estimate(value, "USD", "x")  # type: ignore[arg-type]


def test_a_reported_edge_cannot_claim_to_be_more() -> None:
    edge = ReportedEdge(ETHEREUM, "ab" * 32, 1, 1, A, B, None)
    assert (edge.standing, edge.estimate) == (Standing.REPORTED, None)
    for standing in set(Standing) - {Standing.REPORTED}:
        with pytest.raises(ModelError, match="a reported edge cannot be"):
            ReportedEdge(ETHEREUM, "ab" * 32, 1, 1, A, B, None, standing=standing)
    with pytest.raises(ModelError, match="not negative"):
        ReportedEdge(ETHEREUM, "ab" * 32, -1, 1, A, B, None)
    with pytest.raises(InvalidIdentifier):
        ReportedEdge(ETHEREUM, "0x12", 1, 1, A, B, None)
