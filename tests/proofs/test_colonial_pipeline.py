"""The Colonial Pipeline ransom of May 2021, from recorded explorer answers whose middle hops are missing.

What the data holds must come out to the satoshi; what it lacks must come out as unknown, with its amount.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.shared_data import read_data

from cryptotrace.case import Case
from cryptotrace.chains.networks import account, network
from cryptotrace.model.transaction import PostingKind
from cryptotrace.tracing.result import EndReason

BITCOIN = network("bitcoin")
RANSOM = "6a798026d44af27dbacd28ea21462808df8deca51794cec80c1b59e07ef924a2:3"
WALLET = "bc1qq2euq8pw950klpjcawuy4uj39ym43hs6cfsegq"
SEIZED = "bc1qpx7vyv5tp7dm0g475ev527krg764t73dh77gls"

pytestmark = pytest.mark.shared


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    folder = tmp_path / "files"
    folder.mkdir()
    for part in ("ransom", "anchor", "fbi"):
        name = f"Blockchain_Investigation_Hub__colonial_{part}_txs.json"
        (folder / name).write_bytes(read_data(f"cases-bih/{name}"))
    with Case.create(tmp_path / "case", title="Colonial Pipeline") as made:
        made.connect("bitcoin", f"json:{folder}")
        yield made


def test_the_ransom_is_the_published_75_0003_bitcoin_and_its_trace_ends_where_the_data_ends(case: Case) -> None:
    claim = case.claim("Colonial Pipeline", "bitcoin", outpoint=RANSOM, basis="published affidavit")
    view = case.trace(claim, rule="fifo")

    assert claim.units == 7_500_030_000
    # 915fb4 spends 20000 + 7500030000 and pays 1693 + 7500034246 + fee 14061. First in, first out: the 20000 come
    # first and fill the 1693; 18307 of them and 7500015939 claimed units make the second output; the fee is claimed.
    assert [(end.reason, end.claimed) for end in view.trace.ends] == [
        (EndReason.UNKNOWN, {"Colonial Pipeline": 7_500_015_939}),
        (EndReason.FEE, {"Colonial Pipeline": 14_061}),
    ]
    assert view.reconcile()[0].difference == 0
    assert "do not say whether it is spent" in view.trace.ends[0].detail


def test_the_wallet_received_and_the_seizure_address_got_the_published_amounts(case: Case) -> None:
    case.fetch("bitcoin", account=WALLET)
    case.fetch("bitcoin", account=SEIZED)

    def received(address: str) -> set[int]:
        wanted = account(address, BITCOIN.chain)
        return {
            posting.units
            for transaction in case.store.transactions(BITCOIN.chain)
            for posting in transaction.of_kind(PostingKind.OUTPUT)
            if posting.account == wanted
        }

    assert 6_960_422_177 in received(WALLET)
    assert 6_369_996_546 in received(SEIZED)


def test_what_the_wallet_received_is_followed_to_the_seizure_address(case: Case) -> None:
    case.fetch("bitcoin", account=WALLET)
    (outpoint,) = (
        str(posting.outpoint)
        for transaction in case.store.transactions(BITCOIN.chain)
        for posting in transaction.outputs
        if posting.units == 6_960_422_177
    )
    view = case.trace(case.claim("X", "bitcoin", outpoint=outpoint), rule="fifo")

    moved = {traced.flow.owner for traced in view.trace.flows}
    assert account(SEIZED, BITCOIN.chain) in moved
    assert view.reconcile()[0].difference == 0
    assert sum(end.claimed["X"] for end in view.trace.ends) == 6_960_422_177
