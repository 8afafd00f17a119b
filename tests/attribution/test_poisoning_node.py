"""The signs over a story on a real EVM node: a spammer's entries in the victim's history, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from tests.nodes.anvil import anvil
from tests.nodes.evmstory import play

from cryptotrace.attribution.poisoning import KnownToken, SignKind, recognise
from cryptotrace.chains.networks import network
from cryptotrace.evidence.recorder import MemoryRecorder
from cryptotrace.sources import Policy, open_source

LOCAL: Any = network("evm-local")


@pytest.mark.node
def test_the_spammers_entries_in_the_victims_history_are_recognised() -> None:
    with anvil() as node:
        story = play(node)
        source: Any = open_source(node.spec, LOCAL, MemoryRecorder(), Policy(own_nodes_only=True))
        try:
            history = list(source.account_transactions(list(story.txids.values())))
        finally:
            source.close()
    victim, thief = (LOCAL.account(story.accounts[name]) for name in ("victim", "thief"))
    alike = LOCAL.account(story.accounts["look-alike of the thief"])
    token, fake = LOCAL.token("erc20", story.token), LOCAL.token("erc20", story.fake_token)

    found = recognise(victim, history, [KnownToken(token, "USDT")], {fake: "USDT"})

    (zero,) = found.of(SignKind.UNSIGNED_ZERO)
    (look,) = found.of(SignKind.LOOK_ALIKE)
    (named,) = found.of(SignKind.FAKE_TOKEN)
    assert len(found.signs) == 3
    spam = story.txids["zero-value transfer to the look-alike"], story.txids["fake transfer to the look-alike"]
    assert zero.transactions == (spam[0],)
    assert (look.about, look.imitates, look.transactions) == (alike, thief, spam)
    assert "THE ACCOUNT PAID IT" not in look.detail
    assert (named.about, named.imitates, named.transactions) == (fake, token, (spam[1],))
    assert {sign.kind: bool(sign.kept_out) for sign in found.signs} == {
        SignKind.UNSIGNED_ZERO: True,
        SignKind.LOOK_ALIKE: False,
        SignKind.FAKE_TOKEN: True,
    }
    for name in ("trader", "exchange hot wallet", "deposit address"):
        assert (
            recognise(LOCAL.account(story.accounts[name]), history, [KnownToken(token, "USDT")], {fake: "USDT"}).signs
            == ()
        )
